//! Days and periods: cut by the days that rules name.

use std::collections::BTreeSet;

use crate::base::{Duration, Exact, PeriodKind, Span};
use crate::check::walk;
use crate::model::{Arithmetic, Comparison, Constant, Expr, ExprKind, Function, Type};

use super::condition::{Formula, Space, local};
use super::term::{Domain, TermIx, TermKey, ends, position};
use super::value::{Known, constant, evaluate};

impl Space<'_> {
    /// Days: compared with constants, cut; with another day, an order of its own.
    pub(super) fn compare_days(
        &mut self,
        comparison: Comparison,
        left: &Expr,
        right: &Expr,
        span: Span,
    ) -> Formula {
        let (Some(left_day), Some(right_day)) = (self.day(left), self.day(right)) else {
            return self.opaque(comparison, left, right, span);
        };
        let fixed = (self.thresholds(&left_day), self.thresholds(&right_day));
        match fixed {
            (Some(_), Some(_)) => {}
            (None, Some(values)) => {
                values.iter().for_each(|value| self.cut_line(&left_day, comparison, value));
            }
            (Some(values), None) => {
                values.iter().for_each(|value| self.cut_line(&right_day, comparison, value));
            }
            (None, None) => return self.order(comparison, &left_day, &right_day, span),
        }
        let kind = ExprKind::Compare(comparison, Box::new(left_day), Box::new(right_day));
        self.test(Expr { kind, ty: Type::Bool, span })
    }

    /// Cuts the term of a growing function of it where the function passes a value.
    pub(super) fn cut_line(&mut self, expr: &Expr, comparison: Comparison, at: &Constant) {
        let Some((term, kind)) = self.only_term(expr) else { return };
        let at =
            Expr { kind: ExprKind::Constant(at.clone()), ty: expr.ty.clone(), span: expr.span };
        let both = [Comparison::GreaterEqual, Comparison::Greater];
        for wanted in both.into_iter().filter(|wanted| matters(comparison, *wanted)) {
            if let Some(day) = own_day(expr, &at).filter(|_| kind.is_none()) {
                // The term itself comes to a day on that day, and passes it on the next.
                let passed = i32::from(wanted == Comparison::Greater);
                self.domain(term, |domain| domain.cut_line(day.saturating_add(passed)));
                continue;
            }
            let sides = (Box::new(expr.clone()), Box::new(at.clone()));
            let test = ExprKind::Compare(wanted, sides.0, sides.1);
            let test = Expr { kind: test, ty: Type::Bool, span: expr.span };
            let cut = self.first_reached(kind, &test);
            self.domain(term, |domain| domain.cut_line(cut));
        }
    }

    /// The first day or period of which a test holds that, once it holds, holds of all later ones.
    fn first_reached(&self, kind: Option<PeriodKind>, test: &Expr) -> i32 {
        let (first, last) = ends(kind);
        let (mut low, mut high) = (first, last.saturating_add(1));
        while low < high {
            // Rounded down, also below zero: the search must come closer with every step.
            let middle = low.saturating_add(high.saturating_sub(low).div_euclid(2));
            let value = position(kind, middle);
            // Beyond the calendar: moved forward it is later than anything.
            let reached = evaluate(self.rules, test, &|_| value.clone())
                != Known::Value(Constant::Bool(false));
            if reached {
                high = middle;
            } else {
                low = middle.saturating_add(1);
            }
        }
        low
    }

    /// The one term of a growing function.
    fn only_term(&self, expr: &Expr) -> Option<(TermIx, Option<PeriodKind>)> {
        let mut found = None;
        walk::each(expr, &mut |part| {
            if let ExprKind::Local(local) = part.kind {
                found = Some(TermIx(local.index()));
            }
        });
        let term = found?;
        match self.terms.get(term.0)?.domain {
            Domain::Line { kind, .. } => Some((term, kind)),
            _ => None,
        }
    }

    /// A date or period that grows with one date term: that term moved by lengths and read as a period.
    pub(super) fn day(&mut self, expr: &Expr) -> Option<Expr> {
        if let Some(step) = self.constant_or_parameter(expr) {
            return Some(step);
        }
        let rebuilt = |kind| Some(Expr { kind, ty: expr.ty.clone(), span: expr.span });
        match &expr.kind {
            ExprKind::Arithmetic(
                operation @ (Arithmetic::Add | Arithmetic::Subtract),
                left,
                right,
            ) if matches!(left.ty.required(), Type::Date | Type::Period(_)) => {
                let Some(length) = constant(self.rules, right) else {
                    return self.day_term(expr);
                };
                let left = Box::new(self.day(left)?);
                let kind = ExprKind::Constant(length);
                let right = Box::new(Expr { kind, ..right.as_ref().clone() });
                rebuilt(ExprKind::Arithmetic(*operation, left, right))
            }
            ExprKind::Call(
                function @ (Function::Month
                | Function::Quarter
                | Function::Year
                | Function::Start
                | Function::End),
                arguments,
            ) => {
                let [argument] = arguments.as_slice() else { return self.day_term(expr) };
                let argument = self.day(argument)?;
                rebuilt(ExprKind::Call(*function, vec![argument]))
            }
            ExprKind::Call(function @ (Function::Min | Function::Max), arguments) => {
                let days: Option<Vec<Expr>> =
                    arguments.iter().map(|argument| self.day(argument)).collect();
                let days = days?;
                // The later of a day and a constant still grows with that day alone.
                let varying: Vec<&Expr> =
                    days.iter().filter(|day| constant(self.rules, day).is_none()).collect();
                match varying.as_slice() {
                    [one] if self.only_term(one).is_some() => {
                        rebuilt(ExprKind::Call(*function, days))
                    }
                    _ => self.day_term(expr),
                }
            }
            _ => self.day_term(expr),
        }
    }

    fn constant_or_parameter(&mut self, expr: &Expr) -> Option<Expr> {
        if let Some(value) = constant(self.rules, expr) {
            return Some(Expr { kind: ExprKind::Constant(value), ..expr.clone() });
        }
        matches!(expr.kind, ExprKind::Parameter { .. }).then(|| self.step(expr)).flatten()
    }

    fn day_term(&mut self, expr: &Expr) -> Option<Expr> {
        let kind = match expr.ty.required() {
            Type::Date => None,
            Type::Period(kind) => Some(*kind),
            _ => return None,
        };
        let term = self.term(expr, Domain::Line { kind, cuts: BTreeSet::new() });
        Some(local(term, expr.ty.clone(), expr.span))
    }

    /// How one day stands to another: a term with three values.
    fn order(&mut self, comparison: Comparison, left: &Expr, right: &Expr, span: Span) -> Formula {
        let (left_moved, right_moved) = (moved(left), moved(right));
        let oriented = match (left_moved, right_moved) {
            (Some((left, Duration::ZERO)), Some((right, shift)))
                if shift != Duration::ZERO || left <= right =>
            {
                Some((left, right, shift, comparison))
            }
            (Some((left, shift)), Some((right, Duration::ZERO))) => {
                Some((right, left, shift, mirrored(comparison)))
            }
            _ => None,
        };
        let Some((left_term, right_term, shift, comparison)) = oriented else {
            return self.opaque(comparison, left, right, span);
        };
        let key = TermKey::Order { left: left_term, right: right_term, shift };
        let soft = self.is_soft(left_term) || self.is_soft(right_term);
        let mut domain = Domain::numbers(None, None);
        [-1, 0, 1].iter().for_each(|at| domain.cut_number(&Exact::from_int(*at)));
        let term = self.term_of(key, domain, soft, span);
        let zero = Constant::Number(Exact::ZERO);
        let zero = Expr { kind: ExprKind::Constant(zero), ty: Type::Integer, span };
        let term = Box::new(local(term, Type::Integer, span));
        let kind = ExprKind::Compare(comparison, term, Box::new(zero));
        self.test(Expr { kind, ty: Type::Bool, span })
    }
}

/// The number of a constant day that is compared with a date term as it stands.
fn own_day(expr: &Expr, at: &Expr) -> Option<i32> {
    match (&expr.kind, &at.kind) {
        (ExprKind::Local(_), ExprKind::Constant(Constant::Date(day))) => Some(day.days()),
        _ => None,
    }
}

/// A date term moved by a length that is known.
fn moved(expr: &Expr) -> Option<(TermIx, Duration)> {
    match &expr.kind {
        ExprKind::Local(term) => Some((TermIx(term.index()), Duration::ZERO)),
        ExprKind::Arithmetic(operation, left, right) => {
            let (ExprKind::Local(term), ExprKind::Constant(Constant::Duration(length))) =
                (&left.kind, &right.kind)
            else {
                return None;
            };
            let length = match operation {
                Arithmetic::Add => Some(*length),
                Arithmetic::Subtract => length.checked_neg(),
                Arithmetic::Multiply | Arithmetic::Divide => None,
            };
            Some((TermIx(term.index()), length?))
        }
        _ => None,
    }
}

/// The comparison with its sides exchanged.
pub(super) fn mirrored(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Equal => Comparison::Equal,
        Comparison::NotEqual => Comparison::NotEqual,
        Comparison::Less => Comparison::Greater,
        Comparison::LessEqual => Comparison::GreaterEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterEqual => Comparison::LessEqual,
    }
}

/// Whether a comparison changes its answer where a value is reached, or passed.
fn matters(comparison: Comparison, threshold: Comparison) -> bool {
    match comparison {
        Comparison::Equal | Comparison::NotEqual => true,
        Comparison::Less | Comparison::GreaterEqual => threshold == Comparison::GreaterEqual,
        Comparison::LessEqual | Comparison::Greater => threshold == Comparison::Greater,
    }
}
