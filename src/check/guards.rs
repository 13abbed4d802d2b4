//! When a rule applies, and when there is anything in a pool: the formulas the checks ask about.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Date, Exact, Span};
use crate::model::{
    Arithmetic, Body, Comparison, Constant, Event, EventId, Expr, ExprKind, Field, FieldIx,
    Function, Leg, LevyCase, LocalIx, PoolId, Portion, Rule, RuleCase, RuleId, RuleSet, Selection,
    Source, Split, Step, Target, Type,
};

use super::covered::Covered;
use super::space::{Formula, Names, ROW, Space};

/// A rule that may empty what a question is about.
pub(super) struct Candidate<'a> {
    /// The rule.
    pub(super) rule: &'a Rule,
    /// Its dates and steps hold.
    pub(super) applies: Formula,
    /// It applies, and no rule that overrides it does.
    pub(super) prevails: Formula,
}

/// One event kind, and the cases that its rules tell apart.
pub(super) struct Guards<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) event: EventId,
    pub(super) space: Space<'a>,
    filled: BTreeMap<PoolId, Formula>,
    rows: BTreeMap<PoolId, Expr>,
    asked: BTreeSet<PoolId>,
}

/// A row of a register that fills a pool per row; the rules cannot say what it holds.
const REGISTER_ROW: LocalIx = LocalIx(u32::MAX - 1);

impl<'a> Guards<'a> {
    pub(super) fn new(rules: &'a RuleSet, event: EventId) -> Guards<'a> {
        Guards {
            rules,
            event,
            space: Space::new(rules),
            filled: BTreeMap::new(),
            rows: BTreeMap::new(),
            asked: BTreeSet::new(),
        }
    }

    /// The names of the event, before any step.
    pub(super) fn names(&self) -> Names<'a> {
        Names::new(self.rules, Some(self.event))
    }

    /// The effective date lies among these days, and among those on which the event is made.
    pub(super) fn on_days(&mut self, days: Covered) -> Formula {
        let days = days.and(self.made_on());
        let from = days.from.map(|day| self.dated(Comparison::GreaterEqual, day));
        let until = days.until.map(|day| self.dated(Comparison::Less, day));
        Formula::all(from.into_iter().chain(until))
    }

    /// The days on which the event can be, where nobody sends it.
    fn made_on(&self) -> Covered {
        let event = self.rules.events.get(self.event.index());
        event.map_or_else(Covered::default, |it| Covered { from: it.from, until: it.until })
    }

    fn dated(&mut self, comparison: Comparison, day: Date) -> Formula {
        let date = |kind| Expr { kind, ty: Type::Date, span: Span::default() };
        let day = date(ExprKind::Constant(Constant::Date(day)));
        self.space.compare(comparison, &date(ExprKind::EffectiveDate), &day, Span::default())
    }

    /// When the steps of a head hold, and the names known after them.
    pub(super) fn steps(&mut self, steps: &[Step], mut names: Names<'a>) -> (Formula, Names<'a>) {
        let mut parts = Vec::new();
        for step in steps {
            if let Some(condition) = names.step(step) {
                parts.push(self.space.condition(&condition));
            }
        }
        (Formula::all(parts), names)
    }

    /// When a rule applies on the event kind, and the names known in its body.
    pub(super) fn rule(&mut self, rule: &Rule, case: &RuleCase) -> (Formula, Names<'a>) {
        let mut names = self.names();
        if let Body::Split(Split { source: Source::Pool(pool), row: Some(row), .. }) = &case.body {
            let meaning = self.row_of(*pool);
            names.bind(*row, meaning);
        }
        let days = self.on_days(Covered { from: rule.from, until: rule.until });
        let (steps, names) = self.steps(&case.steps, names);
        (Formula::all([days, steps]), names)
    }

    /// When a levy is raised, and the names known in it.
    pub(super) fn levy(&mut self, days: Covered, case: &LevyCase) -> (Formula, Names<'a>) {
        let days = self.on_days(days);
        let (steps, names) = self.steps(&case.steps, self.names());
        (Formula::all([days, steps]), names)
    }

    /// The rules that may empty a source on the event kind, in order of declaration.
    pub(super) fn candidates(&mut self, source: Source) -> Vec<Candidate<'a>> {
        let rules = self.rules;
        let cases: Vec<(&Rule, &RuleCase)> = splitting(rules, self.event, source).collect();
        let applies: Vec<Formula> =
            cases.iter().map(|(rule, case)| self.rule(rule, case).0).collect();
        let found = cases.iter().zip(&applies).map(|((rule, _), formula)| {
            let above = cases.iter().zip(&applies);
            let above = above.filter(|((other, _), _)| overrides(rules, other.id, rule.id));
            let not_overridden = above.map(|(_, formula)| formula.clone().not());
            Candidate {
                rule,
                applies: formula.clone(),
                prevails: Formula::all(std::iter::once(formula.clone()).chain(not_overridden)),
            }
        });
        found.collect()
    }

    /// When there is money in a source on the event kind.
    pub(super) fn filled(&mut self, source: Source) -> Formula {
        match source {
            Source::Inflow => self.inflow(),
            Source::Pool(pool) => self.pool_filled(pool),
        }
    }

    /// The inflow is not zero, for nothing need divide a receipt of nothing; and the event names none
    /// that it reverses, for then no rule is asked.
    fn inflow(&mut self) -> Formula {
        let Some(event) = self.rules.events.get(self.event.index()) else {
            return Formula::Decided(false);
        };
        let Some((field, amount)) = event.inflow.and_then(|field| field_of(event, field)) else {
            return Formula::Decided(false);
        };
        let amount = self.names().unfold(&amount);
        let span = field.name.span;
        let zero = number(Exact::ZERO, span);
        let nonzero = self.space.compare(Comparison::NotEqual, &amount, &zero, span);
        let reverses = event.reverses.and_then(|(field, _)| field_of(event, field));
        let plain = reverses.map(|(field, reversed)| {
            if !matches!(field.ty, Type::Optional(_)) {
                return Formula::Decided(false);
            }
            let span = reversed.span;
            let kind = ExprKind::Call(Function::Present, vec![reversed]);
            self.space.condition(&Expr { kind, ty: Type::Bool, span }).not()
        });
        Formula::all(std::iter::once(nonzero).chain(plain))
    }

    fn pool_filled(&mut self, pool: PoolId) -> Formula {
        if let Some(known) = self.filled.get(&pool) {
            return known.clone();
        }
        if !self.asked.insert(pool) {
            // A circle of pools: another check says so.
            return Formula::Decided(true);
        }
        let mut ways = Vec::new();
        let mut rows = Vec::new();
        for (source, rule, case) in self.fillers(pool) {
            let prevails = match source {
                Some(source) => {
                    let filled = self.filled(source);
                    let prevails = self.candidates(source).into_iter();
                    let prevails = prevails
                        .filter(|candidate| candidate.rule.id == rule.id)
                        .map(|candidate| candidate.prevails);
                    Formula::all(std::iter::once(filled).chain(prevails))
                }
                None => self.rule(rule, case).0,
            };
            let names = self.rule(rule, case).1;
            let mut paths = Vec::new();
            let mut walk = Paths { guards: self, pool, found: &mut paths, rows: &mut rows };
            walk.body(&case.body, &names);
            ways.push(Formula::all([prevails, Formula::Any(paths)]));
        }
        let (rules, event) = (self.rules, self.event);
        for levy in &rules.levies {
            for case in levy.cases.iter().filter(|case| case.event == event) {
                if matches!(case.into, Target::Pool { pool: into, .. } if into == pool) {
                    let days = Covered { from: levy.from, until: levy.until };
                    ways.push(self.levy(days, case).0);
                }
            }
        }
        self.rows.insert(pool, self.common_row(pool, &rows));
        let filled = Formula::Any(ways);
        self.filled.insert(pool, filled.clone());
        filled
    }

    /// The rules that put something into a pool, with what they divide.
    fn fillers(&self, pool: PoolId) -> Vec<(Option<Source>, &'a Rule, &'a RuleCase)> {
        let mut found = Vec::new();
        for rule in &self.rules.rules {
            for case in rule.cases.iter().filter(|case| case.event == self.event) {
                if fills(&case.body).contains(&pool) {
                    let source = match &case.body {
                        Body::Split(split) => Some(split.source),
                        Body::Transfers(_) => None,
                    };
                    found.push((source, rule, case));
                }
            }
        }
        found
    }

    /// What the row of a pool per row stands for: the one row that fills it, where that is one.
    fn row_of(&mut self, pool: PoolId) -> Expr {
        self.pool_filled(pool);
        self.rows.get(&pool).cloned().unwrap_or_else(|| self.common_row(pool, &[]))
    }

    fn common_row(&self, pool: PoolId, rows: &[Expr]) -> Expr {
        let alike = rows.first().filter(|first| {
            rows.iter().all(|row| row == *first) && !matches!(first.kind, ExprKind::Local(_))
        });
        if let Some(row) = alike {
            return row.clone();
        }
        let shape = self.rules.pools.get(pool.index()).and_then(|pool| pool.per);
        let of_register = self.rules.registers.iter().any(|register| Some(register.shape) == shape);
        let local = if of_register { REGISTER_ROW } else { ROW };
        let ty = shape.map_or(Type::Bool, Type::Row);
        Expr { kind: ExprKind::Local(local), ty, span: Span::default() }
    }
}

/// A field of an event, as a declaration and as an expression.
fn field_of(event: &Event, field: FieldIx) -> Option<(&Field, Expr)> {
    let declared = event.fields.get(field.index())?;
    let span = declared.name.span;
    Some((declared, Expr { kind: ExprKind::Field(field), ty: declared.ty.clone(), span }))
}

/// The ways through a body into one pool.
struct Paths<'g, 'a> {
    guards: &'g mut Guards<'a>,
    pool: PoolId,
    found: &'g mut Vec<Formula>,
    rows: &'g mut Vec<Expr>,
}

impl<'a> Paths<'_, 'a> {
    fn body(&mut self, body: &Body, names: &Names<'a>) {
        match body {
            Body::Split(split) => self.target(&split.target, names, &[]),
            Body::Transfers(transfers) => {
                for transfer in transfers {
                    self.target(&transfer.to, names, &[]);
                }
            }
        }
    }

    fn target(&mut self, target: &Target, names: &Names<'a>, so_far: &[Formula]) {
        match target {
            Target::Account(_) | Target::Undetermined { .. } => {}
            Target::Pool { pool, row } => {
                if *pool == self.pool {
                    self.found.push(Formula::all(so_far.iter().cloned()));
                    self.rows.extend(row.as_ref().map(|row| names.clone().unfold(row)));
                }
            }
            Target::Block(block) => {
                for leg in &block.legs {
                    let taken = self.takes(leg, &block.legs, names);
                    let path: Vec<Formula> = so_far.iter().cloned().chain([taken]).collect();
                    self.target(&leg.target, names, &path);
                }
            }
            Target::InOrder(legs) => {
                for leg in legs {
                    self.target(&leg.target, names, so_far);
                }
            }
            Target::Graded(graded) => {
                for slice in &graded.slices {
                    self.target(&slice.leg.target, names, so_far);
                }
            }
            Target::Among(among) => {
                let mut inner = names.clone();
                let row = self.row(&among.selection, &among.leg.target);
                match row {
                    Some(row) => inner.bind(among.selection.binding, row),
                    None => drop(inner.selection(&among.selection)),
                }
                let condition = among.selection.condition.as_ref().map(|condition| {
                    let condition = inner.unfold(condition);
                    self.guards.space.condition(&condition)
                });
                let path: Vec<Formula> = so_far.iter().cloned().chain(condition).collect();
                self.target(&among.leg.target, &inner, &path);
                if let Some(leg) = &among.if_none {
                    self.target(&leg.target, names, so_far);
                }
            }
        }
    }

    /// The row a selection binds, where it is the row of the pool it fills.
    fn row(&self, selection: &Selection, target: &Target) -> Option<Expr> {
        let Target::Pool { pool, row: Some(row) } = target else { return None };
        let own = *pool == self.pool
            && matches!(row.kind, ExprKind::Local(local) if local == selection.binding);
        own.then(|| self.guards.common_row(*pool, &[]))
    }

    /// When a leg of a block takes anything, as far as its rate says so.
    fn takes(&mut self, leg: &Leg, legs: &[Leg], names: &Names<'a>) -> Formula {
        let nonzero = |guards: &mut Guards<'a>, rate: &Expr| {
            let zero = number(Exact::ZERO, rate.span);
            guards.space.compare(Comparison::NotEqual, rate, &zero, rate.span)
        };
        match &leg.portion {
            Portion::Rate(rate) => {
                let rate = names.clone().unfold(rate);
                if self.guards.space.is_stepwise(&rate) {
                    nonzero(self.guards, &rate)
                } else {
                    Formula::Decided(true)
                }
            }
            Portion::Rest => match others_sum(legs, names) {
                Some(sum) if self.guards.space.is_stepwise(&sum) => {
                    let one = number(Exact::ONE, sum.span);
                    self.guards.space.compare(Comparison::NotEqual, &sum, &one, sum.span)
                }
                Some(_) | None => Formula::Decided(true),
            },
            Portion::All | Portion::Amount(_) => Formula::Decided(true),
        }
    }
}

/// The sum of the rates beside a `rest`, if they are plain rates without bounds.
fn others_sum(legs: &[Leg], names: &Names<'_>) -> Option<Expr> {
    let mut sum = number(Exact::ZERO, Span::default());
    for leg in legs {
        match &leg.portion {
            Portion::Rest => {}
            Portion::Rate(rate) if leg.bounds.is_empty() => {
                let rate = names.clone().unfold(rate);
                let span = rate.span;
                let kind = ExprKind::Arithmetic(Arithmetic::Add, Box::new(sum), Box::new(rate));
                sum = Expr { kind, ty: Type::Rate, span };
            }
            Portion::Rate(_) | Portion::All | Portion::Amount(_) => return None,
        }
    }
    Some(sum)
}

pub(super) fn number(value: Exact, span: Span) -> Expr {
    Expr { kind: ExprKind::Constant(Constant::Number(value)), ty: Type::Number, span }
}

/// The rules that divide a source on an event kind.
pub(super) fn splitting(
    rules: &RuleSet,
    event: EventId,
    source: Source,
) -> impl Iterator<Item = (&Rule, &RuleCase)> {
    rules.rules.iter().flat_map(move |rule| {
        let cases = rule.cases.iter().filter(move |case| {
            case.event == event
                && matches!(&case.body, Body::Split(split) if split.source == source)
        });
        cases.map(move |case| (rule, case))
    })
}

/// Whether a rule overrides another, directly or through others.
pub(super) fn overrides(rules: &RuleSet, above: RuleId, below: RuleId) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![above];
    while let Some(next) = open.pop() {
        let Some(rule) = rules.rules.get(next.index()) else { continue };
        for overridden in &rule.overrides {
            if *overridden == below {
                return true;
            }
            if seen.insert(*overridden) {
                open.push(*overridden);
            }
        }
    }
    false
}

/// The pools a body puts something into.
pub(super) fn fills(body: &Body) -> BTreeSet<PoolId> {
    let mut found = BTreeSet::new();
    let mut visit = |target: &Target| {
        if let Target::Pool { pool, row: _ } = target {
            found.insert(*pool);
        }
    };
    each_target(body, &mut visit);
    found
}

/// Visits everything a body pays to.
pub(super) fn each_target<'a>(body: &'a Body, visit: &mut dyn FnMut(&'a Target)) {
    match body {
        Body::Split(split) => super::walk::each_target(&split.target, visit),
        Body::Transfers(transfers) => {
            for transfer in transfers {
                super::walk::each_target(&transfer.to, visit);
            }
        }
    }
}
