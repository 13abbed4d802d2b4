//! Pools: in which order they are emptied, and by which rule.

use std::collections::BTreeSet;

use num_traits::Zero;

use crate::model::{
    Body, EventId, Leg, PoolId, Rule, RuleCase, RuleId, RuleSet, Source, Split, Step, Target,
};
use crate::model::{Expr, ExprKind};
use crate::rows::Reason;

use super::error::{Stop, entry};
use super::leg::{Division, Way};
use super::number::{self, Number};
use super::registers::key_cells;
use super::scene::{Scene, Scope};
use super::sheet::Sheet;
use super::value::{Value, in_force};

/// Empties the inflow, then every pool that has something in it. Gives the rule case by whose module
/// the event settles: the one that divided the inflow, else the first that divided a pool.
pub(super) fn empty_all<'a>(
    scene: &Scene<'a>,
    sheet: &mut Sheet,
    inflow: &Number,
) -> Result<Option<&'a RuleCase>, Stop> {
    let mut settling = None;
    if !inflow.is_zero() {
        let (case, parts) = empty(scene, sheet, Source::Inflow, None, inflow)?;
        settling = Some(case);
        sheet.fill(&parts)?;
        sheet.head.extend(parts);
    }
    for pool in flow_order(scene.rules, scene.event()?.kind) {
        // Nothing flows back into a pool once it is its turn, so the rows it has now are all.
        let waiting: Vec<(usize, Option<Value>, Number)> = sheet
            .pools
            .iter()
            .enumerate()
            .filter(|(_, filled)| filled.pool == pool && !filled.amount.is_zero())
            .map(|(at, filled)| (at, filled.row.clone(), filled.amount.clone()))
            .collect();
        for (at, row, amount) in waiting {
            let (case, parts) = empty(scene, sheet, Source::Pool(pool), row, &amount)?;
            settling = settling.or(Some(case));
            sheet.fill(&parts)?;
            if let Some(filled) = sheet.pools.get_mut(at) {
                filled.parts = parts;
            }
        }
    }
    Ok(settling)
}

/// Divides what is in a pool by the one rule that applies.
fn empty<'a>(
    scene: &Scene<'a>,
    sheet: &mut Sheet,
    source: Source,
    row: Option<Value>,
    amount: &Number,
) -> Result<(&'a RuleCase, Vec<usize>), Stop> {
    let mut applying = Vec::new();
    for (rule, case) in cases(scene.rules, scene.event()?.kind) {
        let Body::Split(split) = &case.body else { continue };
        if split.source != source || !in_force(rule.from, rule.until, scene.day) {
            continue;
        }
        let mut scope = Scope::of(&case.locals);
        if let (Some(local), Some(row)) = (split.row, &row) {
            scope.bind(local, row.clone())?;
        }
        if holds(scene, &case.steps, &mut scope)? {
            applying.push((rule.id, (case, split, scope)));
        }
    }
    let remaining = not_overridden(scene.rules, applying)?;
    let pool = match source {
        Source::Inflow => None,
        Source::Pool(pool) => Some(pool.0),
    };
    let mut remaining = remaining.into_iter();
    match (remaining.next(), remaining.next()) {
        (None, _) => Err(Reason::NoRule { pool, amount: number::to_exact(amount)? }.into()),
        (Some((first, _)), Some((second, _))) => {
            Err(Reason::RulesClash { pool, first: first.0, second: second.0 }.into())
        }
        (Some((_, (case, split, mut scope))), None) => {
            Ok((case, divide(scene, sheet, split, amount, &mut scope)?))
        }
    }
}

fn divide(
    scene: &Scene<'_>,
    sheet: &mut Sheet,
    split: &Split,
    amount: &Number,
    scope: &mut Scope,
) -> Result<Vec<usize>, Stop> {
    let uses_before = sheet.uses.len();
    let mut division = Division { scene: *scene, sheet };
    let mut parts = division.target(&split.target, amount, &Way::default(), scope)?;
    let Some(settlement) = &split.settled else { return Ok(parts) };
    let content = amount / &sheet.unit;
    let units = content.trunc();
    let fraction = (content - &units) * &sheet.unit;
    let mut with_fraction = None;
    for at in &parts {
        if !(&sheet.part(*at)?.amount / &sheet.unit).is_integer() {
            with_fraction = Some(*at);
        }
    }
    let mirrored = *amount < Number::zero();
    let apart = sheet.settle(scene, settlement, &parts, &units.to_integer(), mirrored)?;
    for at in &parts {
        sheet.fix(*at);
    }
    for taken in sheet.uses.iter_mut().skip(uses_before) {
        taken.settled = true;
    }
    if let Some(part) = with_fraction.and_then(|at| sheet.parts.get_mut(at))
        && !fraction.is_zero()
    {
        part.amount += fraction;
        part.fixed = false;
    }
    parts.extend(apart);
    Ok(parts)
}

/// All rules with their case for an event kind, in the order of declaration.
pub(super) fn cases(rules: &RuleSet, kind: EventId) -> impl Iterator<Item = (&Rule, &RuleCase)> {
    rules.rules.iter().flat_map(move |rule| {
        rule.cases.iter().filter(move |case| case.event == kind).map(move |case| (rule, case))
    })
}

/// Goes through the steps of a head until one fails.
pub(super) fn holds(scene: &Scene<'_>, steps: &[Step], scope: &mut Scope) -> Result<bool, Stop> {
    for step in steps {
        match step {
            Step::With(local, expr) => {
                let value = scene.value(expr, scope)?;
                if value.is_missing() {
                    return Err(lacking(scene, expr, scope)?.into());
                }
                scope.bind(*local, value)?;
            }
            Step::Let(local, expr) => {
                let value = scene.value(expr, scope)?;
                scope.bind(*local, value)?;
            }
            Step::When(condition) => {
                if !scene.value(condition, scope)?.bool()? {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// What an optional value that a rule needs was missing from.
fn lacking(scene: &Scene<'_>, expr: &Expr, scope: &mut Scope) -> Result<Reason, Stop> {
    Ok(match &expr.kind {
        ExprKind::Lookup { register, keys } => {
            let keys = keys.iter().map(|key| scene.value(key, scope));
            let keys: Vec<Value> = keys.collect::<Result<_, _>>()?;
            let key = key_cells(scene.rules, *register, &keys)?;
            Reason::NoRow { register: register.0, key }
        }
        ExprKind::Field(field) => Reason::FieldMissing { field: field.0 },
        ExprKind::RowField { row, field, .. } => {
            let row = scene.value(row, scope)?.row()?;
            Reason::RowFieldMissing { shape: row.shape.0, field: field.0 }
        }
        _ => Reason::ValueMissing,
    })
}

/// Those of the applying rules that no other one overrides, directly or through a chain.
pub(super) fn not_overridden<T>(
    rules: &RuleSet,
    applying: Vec<(RuleId, T)>,
) -> Result<Vec<(RuleId, T)>, Stop> {
    let mut overridden = BTreeSet::new();
    for (rule, _) in &applying {
        let mut open = vec![*rule];
        let mut seen = BTreeSet::new();
        while let Some(next) = open.pop() {
            for below in &entry(&rules.rules, next.index(), "rule")?.overrides {
                if seen.insert(*below) {
                    open.push(*below);
                }
            }
        }
        overridden.extend(seen);
    }
    Ok(applying.into_iter().filter(|(rule, _)| !overridden.contains(rule)).collect())
}

/// The pools in the order in which an event kind empties them: each when all that can fill it has
/// been emptied, ties in the order of declaration.
fn flow_order(rules: &RuleSet, kind: EventId) -> Vec<PoolId> {
    let mut flows: Vec<(PoolId, PoolId)> = Vec::new();
    for (_, case) in cases(rules, kind) {
        let Body::Split(split) = &case.body else { continue };
        let Source::Pool(from) = split.source else { continue };
        let mut filled = Vec::new();
        pools_of(&split.target, &mut filled);
        flows.extend(filled.into_iter().map(|into| (from, into)));
    }
    let mut waiting: Vec<PoolId> =
        rules.pools.iter().enumerate().map(|(at, _)| PoolId::next(at)).collect();
    let mut order = Vec::new();
    while !waiting.is_empty() {
        let is_full = |pool: &PoolId| {
            flows.iter().all(|(from, into)| into != pool || from == pool || !waiting.contains(from))
        };
        // In a circle, which check refuses, somebody has to begin.
        let next = waiting.iter().position(is_full).unwrap_or(0);
        order.push(waiting.remove(next));
    }
    order
}

fn pools_of(target: &Target, found: &mut Vec<PoolId>) {
    let mut of_legs = |legs: &mut dyn Iterator<Item = &Leg>| {
        for leg in legs {
            pools_of(&leg.target, found);
        }
    };
    match target {
        Target::Pool { pool, .. } => found.push(*pool),
        Target::Account(_) | Target::Undetermined { .. } => {}
        Target::Block(block) => of_legs(&mut block.legs.iter()),
        Target::InOrder(legs) => of_legs(&mut legs.iter()),
        Target::Graded(graded) => of_legs(&mut graded.slices.iter().map(|slice| &slice.leg)),
        Target::Among(among) => {
            of_legs(&mut std::iter::once(&among.leg).chain(among.if_none.as_ref()));
        }
    }
}
