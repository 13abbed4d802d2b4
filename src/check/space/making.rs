//! What is worked out of other terms: kept as an expression over them, so that a case found in cells can
//! be shown to be one by finding fields that make it.

use std::collections::BTreeSet;

use crate::base::{Exact, Span};
use crate::check::walk;
use crate::model::{Constant, Expr, ExprKind, Function, LocalIx, Type};

use super::condition::{Formula, Space, local};
use super::names::map_children;
use super::search::{Values, expr_of};
use super::step;
use super::term::{Domain, Making, TermIx, TermKey};
use super::value::{Known, constant, evaluate};
use super::witness::{is_day_part, order_of, sum_of};

/// How many combinations of fields are tried for one case.
const FITS_MAX: usize = 600;

/// How many values of one field are tried, at most.
const VALUES_MAX: usize = 24;

impl Space<'_> {
    /// Where the value of an expression comes from that is to be a term.
    pub(super) fn making(&mut self, expr: &Expr) -> Making {
        if is_given(expr) || is_day_part(expr) {
            return Making::Given;
        }
        self.made(expr).map_or(Making::Unknown, Making::Of)
    }

    /// The expression over the terms it is made of.
    fn made(&mut self, expr: &Expr) -> Option<Expr> {
        if let Some(value) = constant(self.rules, expr) {
            return Some(Expr { kind: ExprKind::Constant(value), ..expr.clone() });
        }
        if is_given(expr) {
            let domain = self.given_domain(expr)?;
            let term = self.term(expr, domain);
            return Some(local(term, expr.ty.clone(), expr.span));
        }
        let followed = matches!(
            expr.kind,
            ExprKind::Arithmetic(..)
                | ExprKind::Compare(..)
                | ExprKind::Negate(_)
                | ExprKind::Rounded(..)
                | ExprKind::If(..)
                | ExprKind::Call(..)
                | ExprKind::InTree(..)
                | ExprKind::And(_)
                | ExprKind::Or(_)
                | ExprKind::Not(_)
                | ExprKind::InSet(..)
                | ExprKind::Parameter { .. }
        );
        if !followed {
            return None;
        }
        let mut whole = true;
        let made = map_children(expr, &mut |child| match self.made(child) {
            Some(made) => made,
            None => {
                whole = false;
                child.clone()
            }
        });
        whole.then_some(made)
    }

    fn given_domain(&self, expr: &Expr) -> Option<Domain> {
        match expr.ty.required() {
            Type::Bool => Some(Domain::Bool),
            Type::Date => Some(Domain::Line { kind: None, cuts: BTreeSet::new() }),
            Type::Period(kind) => Some(Domain::Line { kind: Some(*kind), cuts: BTreeSet::new() }),
            Type::Money(_) | Type::Rate | Type::Number | Type::Integer => {
                Some(self.numeric_domain(expr))
            }
            Type::Member(_) | Type::Option(_) | Type::Text => step::plain_domain(self.rules, expr),
            Type::Duration | Type::Row(_) | Type::List(_) | Type::Optional(_) => None,
        }
    }

    /// Values of the fields for which the formula really holds, what is made of them worked out anew.
    pub(super) fn fitting(
        &self,
        formula: &Formula,
        candidates: &[Vec<Constant>],
        values: Values,
    ) -> Option<Values> {
        if self.settled(&values).is_some_and(|it| self.verdict(formula, &it) == Some(true)) {
            return self.settled(&values);
        }
        let free = self.free_terms(&values)?;
        let constants = self.constants();
        let choices: Vec<(TermIx, Vec<Constant>)> = free
            .into_iter()
            .map(|term| (term, self.choices_of(term, candidates, &constants, &values)))
            .collect();
        for row in 0..FITS_MAX {
            let mut left = row;
            let mut tried = values.clone();
            for (term, choices) in &choices {
                let at = left.checked_rem(choices.len())?;
                left = left.checked_div(choices.len())?;
                *tried.get_mut(term.0)? = choices.get(at).cloned();
            }
            if left > 0 {
                return None;
            }
            let Some(settled) = self.settled(&tried) else { continue };
            if self.verdict(formula, &settled) == Some(true) {
                return Some(settled);
            }
        }
        None
    }

    /// The terms that what is asked for is made of; `None` if something is made in a way not followed.
    fn free_terms(&self, values: &Values) -> Option<BTreeSet<TermIx>> {
        let mut found = BTreeSet::new();
        for (term, value) in self.terms.iter().zip(values) {
            match &term.making {
                Making::Unknown if value.is_some() => return None,
                Making::Of(made) if value.is_some() => walk::each(made, &mut |part| {
                    if let ExprKind::Local(local) = part.kind {
                        found.insert(TermIx(local.index()));
                    }
                }),
                Making::Given | Making::Of(_) | Making::Unknown => {}
            }
        }
        Some(found)
    }

    /// What is made of other terms, as their values make it; `None` if something cannot be.
    fn settled(&self, values: &Values) -> Option<Values> {
        let mut settled = values.clone();
        for (at, term) in self.terms.iter().enumerate() {
            if values.get(at).is_none_or(Option::is_none) {
                continue;
            }
            let value = match &term.making {
                Making::Given => continue,
                Making::Unknown => return None,
                Making::Of(made) => self.worked_out(made, &settled)?,
            };
            *settled.get_mut(at)? = Some(value);
        }
        for (at, term) in self.terms.iter().enumerate() {
            if values.get(at).is_none_or(Option::is_none) {
                continue;
            }
            let value = match &term.key {
                TermKey::Linear(parts) => sum_of(&settled, parts).map(Constant::Number),
                TermKey::Order { left, right, shift } => {
                    let order = order_of(&settled, *left, *right, *shift);
                    order.map(|order| Constant::Number(Exact::from_int(order)))
                }
                TermKey::Expr(expr) if is_day_part(expr) => self.part_of_day(expr, &settled),
                TermKey::Expr(_) => None,
            };
            if let Some(value) = value {
                *settled.get_mut(at)? = Some(value);
            }
        }
        Some(settled)
    }

    fn worked_out(&self, made: &Expr, values: &Values) -> Option<Constant> {
        let value = |local: LocalIx| values.get(local.index()).cloned().flatten();
        match evaluate(self.rules, made, &value) {
            Known::Value(value) => Some(value),
            Known::Open | Known::Never => None,
        }
    }

    /// The month, weekday or day of the month of a day that has a value.
    fn part_of_day(&self, expr: &Expr, values: &Values) -> Option<Constant> {
        let ExprKind::Call(_, arguments) = &expr.kind else { return None };
        let day = self.terms.iter().position(|term| expr_of(&term.key) == arguments.first())?;
        let value = values.get(day)?.clone()?;
        let kind = ExprKind::Constant(value);
        let day = Expr { kind, ty: Type::Date, span: Span::default() };
        let call = map_children(expr, &mut |_| day.clone());
        constant(self.rules, &call)
    }

    /// The constants that rules compare with.
    fn constants(&self) -> Vec<Constant> {
        let mut found: Vec<Constant> = Vec::new();
        let made = self.terms.iter().filter_map(|term| match &term.making {
            Making::Of(made) => Some(made),
            Making::Given | Making::Unknown => None,
        });
        for expr in self.tests.iter().map(|test| &test.expr).chain(made) {
            walk::each(expr, &mut |part| {
                if let ExprKind::Constant(value) = &part.kind
                    && !found.contains(value)
                {
                    found.push(value.clone());
                }
            });
        }
        found
    }

    /// The values to try for a term: the one it has, one out of each cell, and those that rules name.
    fn choices_of(
        &self,
        term: TermIx,
        candidates: &[Vec<Constant>],
        constants: &[Constant],
        values: &Values,
    ) -> Vec<Constant> {
        let Some(domain) = self.terms.get(term.0).map(|term| &term.domain) else {
            return Vec::new();
        };
        let own = values.get(term.0).cloned().flatten();
        let cells = candidates.get(term.0).into_iter().flatten().cloned();
        let named = constants.iter().flat_map(|value| match (domain, value) {
            (Domain::Numbers { .. }, Constant::Number(number)) => {
                let one = [Exact::ZERO, Exact::ONE, Exact::from_int(-1)];
                let near = one.into_iter().filter_map(|one| number.add(&one).ok());
                let near = near.flat_map(|near| [near.neg(), near]);
                near.filter(|it| domain.has_number(it)).map(Constant::Number).collect()
            }
            (Domain::Line { kind: None, .. }, Constant::Date(_)) => vec![value.clone()],
            (Domain::Texts { .. }, Constant::Text(text)) => {
                vec![value.clone(), Constant::Text(format!("{text}z"))]
            }
            _ => Vec::new(),
        });
        let mut found: Vec<Constant> = Vec::new();
        for value in own.into_iter().chain(cells).chain(named) {
            if !found.contains(&value) && found.len() < VALUES_MAX {
                found.push(value);
            }
        }
        found
    }
}

/// Whether an expression's value follows from no other: a field, a reading, what a register or the state
/// holds.
fn is_given(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Field(_)
            | ExprKind::EffectiveDate
            | ExprKind::Local(_)
            | ExprKind::Reading(_)
            | ExprKind::Own { .. }
            | ExprKind::RowField { .. }
            | ExprKind::Lookup { .. }
            | ExprKind::Total { .. }
            | ExprKind::Carried { .. }
            | ExprKind::Closed { .. }
            | ExprKind::Balance { .. }
            | ExprKind::Share(_)
            | ExprKind::Aggregate { .. }
            | ExprKind::AggregateList(..)
            | ExprKind::Call(Function::Present, _)
    )
}
