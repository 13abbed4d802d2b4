//! From the cell a search found to an event one can imagine.

use crate::base::{Date, Exact, Span};
use crate::check::show::Show;
use crate::model::{Constant, EventId, Expr, ExprKind, Function, LocalIx, Type};

use super::condition::Space;
use super::search::{Values, expr_of};
use super::term::{Making, TermIx, TermKey};
use super::value::{Known, evaluate};

/// A case: a value for each term that plays a part.
#[derive(Debug, Clone)]
pub(in crate::check) struct Witness {
    values: Values,
    /// There are fields, rows and state that make it so.
    proven: bool,
}

/// How many days after the start of a cell are tried for a month or weekday that was asked for: one
/// turn of the leap years.
const DAYS_TRIED: i32 = 1_470;

impl Witness {
    pub(super) fn proven(values: Values) -> Witness {
        Witness { values, proven: true }
    }

    /// Cells only; whether any event lies in all of them at once is not known.
    pub(super) fn unproven(values: Values) -> Witness {
        Witness { values, proven: false }
    }

    /// Whether the case was shown to be one.
    pub(in crate::check) fn is_proven(&self) -> bool {
        self.proven
    }
}

impl Space<'_> {
    /// The case as `field value` pairs, the day first; nothing of a case that may be none.
    pub(in crate::check) fn pairs(
        &self,
        event: Option<EventId>,
        witness: &Witness,
    ) -> Vec<(String, String)> {
        let show = Show::new(self.rules, event);
        let mut pairs = Vec::new();
        if !witness.proven {
            return pairs;
        }
        for (term, value) in self.terms.iter().zip(&witness.values) {
            let (Some(expr), Some(value)) = (expr_of(&term.key), value) else { continue };
            let (name, value) = pair(show, expr, value);
            if matches!(expr.kind, ExprKind::EffectiveDate) {
                pairs.insert(0, (name, value));
            } else if !is_day_part(expr) && matches!(term.making, Making::Given) {
                pairs.push((name, value));
            }
        }
        pairs
    }

    /// An expression ready to be worked out in a witness, if its values are few.
    pub(in crate::check) fn worth(&mut self, expr: &Expr) -> Option<Expr> {
        self.step(expr)
    }

    /// What an expression made ready is worth in a case.
    pub(in crate::check) fn value_in(&self, worth: &Expr, witness: &Witness) -> Option<Constant> {
        let value = |local: LocalIx| witness.values.get(local.index()).cloned().flatten();
        match evaluate(self.rules, worth, &value) {
            Known::Value(value) => Some(value),
            Known::Open | Known::Never => None,
        }
    }

    /// Where the rules ask what only a register, the state or several fields together can say.
    pub(in crate::check) fn leaning_on(&self, witness: &Witness) -> Vec<Span> {
        let assigned = self.terms.iter().zip(&witness.values).filter(|(_, value)| value.is_some());
        let mut spans: Vec<Span> = assigned
            .filter(|(term, _)| {
                term.soft
                    || expr_of(&term.key).is_none()
                    || (!witness.proven && !matches!(term.making, Making::Given))
            })
            .map(|(term, _)| term.span)
            .collect();
        spans.dedup();
        spans
    }

    /// Whether the calendar has a day for each day that is assigned, with the month or weekday that
    /// was asked of it.
    pub(super) fn calendar_allows(&self, candidates: &[Vec<Constant>], values: &Values) -> bool {
        let mut values = values.clone();
        self.fit_days(candidates, &mut values).is_some()
    }

    /// Moves each day inside its cell until its parts are as asked.
    fn fit_days(&self, candidates: &[Vec<Constant>], values: &mut Values) -> Option<()> {
        for (at, term) in self.terms.iter().enumerate() {
            let Some(expr) = expr_of(&term.key).filter(|expr| is_day_part(expr)) else { continue };
            if values.get(at).is_none_or(Option::is_none) {
                continue;
            }
            let ExprKind::Call(_, arguments) = &expr.kind else { continue };
            let day = self.terms.iter().position(|other| {
                expr_of(&other.key).zip(arguments.first()).is_some_and(|(one, two)| one == two)
            });
            // Of a day that is asked nothing else, every month and weekday can be had.
            let Some(day) = day else { continue };
            let fitting = self.fitting_day(TermIx(day), candidates, values)?;
            if let Some(place) = values.get_mut(day) {
                *place = Some(Constant::Date(fitting));
            }
        }
        Some(())
    }

    fn fitting_day(
        &self,
        day: TermIx,
        candidates: &[Vec<Constant>],
        values: &Values,
    ) -> Option<Date> {
        let starts = candidates.get(day.0)?;
        let first = match values.get(day.0)? {
            Some(Constant::Date(first)) => *first,
            Some(_) | None => Date::from_days(0)?,
        };
        let next = starts.iter().filter_map(as_date).filter(|start| first < *start).min();
        let end = next.map_or(Date::MAX.days(), |next| next.days().saturating_sub(1));
        let last = end.min(first.days().saturating_add(DAYS_TRIED));
        (first.days()..=last).filter_map(Date::from_days).find(|candidate| {
            self.parts_of(day).into_iter().all(|(part, expr)| {
                let Some(Some(wanted)) = values.get(part) else { return true };
                let ExprKind::Call(function, _) = &expr.kind else { return true };
                let argument = Expr {
                    kind: ExprKind::Constant(Constant::Date(*candidate)),
                    ty: Type::Date,
                    span: expr.span,
                };
                let kind = ExprKind::Call(*function, vec![argument]);
                let call = Expr { kind, ..expr.clone() };
                evaluate(self.rules, &call, &|_| None) == Known::Value(wanted.clone())
            })
        })
    }

    /// The month, weekday and day of the month asked of a day.
    fn parts_of(&self, day: TermIx) -> Vec<(usize, &Expr)> {
        let Some(of) = self.terms.get(day.0).and_then(|term| expr_of(&term.key)) else {
            return Vec::new();
        };
        let parts = self.terms.iter().enumerate().filter_map(|(at, term)| {
            let expr = expr_of(&term.key).filter(|expr| is_day_part(expr))?;
            let ExprKind::Call(_, arguments) = &expr.kind else { return None };
            (arguments.first() == Some(of)).then_some((at, expr))
        });
        parts.collect()
    }

    fn part(&self, term: TermIx) -> Option<&super::term::Term> {
        self.terms.get(term.0)
    }
}

/// Values of single fields that give the sums and orders asked for; then those sums and orders as
/// they really are.
pub(super) fn realise(
    space: &Space<'_>,
    candidates: &[Vec<Constant>],
    values: &Values,
) -> Option<Values> {
    let mut real = values.clone();
    space.fit_days(candidates, &mut real)?;
    for at in 0..space.terms.len() {
        let Some(wanted) = values.get(at).cloned().flatten() else { continue };
        let Some(term) = space.part(TermIx(at)) else { continue };
        match &term.key {
            TermKey::Expr(_) => {}
            TermKey::Linear(parts) => {
                let sum = make_sum(space, &mut real, parts, &wanted)?;
                *real.get_mut(at)? = Some(Constant::Number(sum));
            }
            TermKey::Order { left, right, shift } => {
                let order = make_order(&mut real, *left, *right, *shift, &wanted)?;
                *real.get_mut(at)? = Some(Constant::Number(Exact::from_int(order)));
            }
        }
    }
    Some(real)
}

/// Gives the fields of a sum values so that it comes to what is wanted, as far as they are free.
fn make_sum(
    space: &Space<'_>,
    real: &mut Values,
    parts: &[(TermIx, Exact)],
    wanted: &Constant,
) -> Option<Exact> {
    let Constant::Number(wanted) = wanted else { return None };
    let free = parts.iter().rev().find(|(term, _)| real.get(term.0).is_some_and(Option::is_none));
    let free = free.map(|(term, factor)| (*term, factor.clone()));
    let mut others = Exact::ZERO;
    for (term, factor) in parts {
        if free.as_ref().is_some_and(|(free, _)| free == term) {
            continue;
        }
        let place = real.get_mut(term.0)?;
        let value = place.get_or_insert(Constant::Number(Exact::ZERO));
        let Constant::Number(value) = value else { return None };
        others = others.add(&value.mul(factor).ok()?).ok()?;
    }
    let Some((free, factor)) = free else { return Some(others) };
    let value = wanted.sub(&others).ok()?.div(&factor).ok()?;
    if !space.part(free)?.domain.has_number(&value) {
        return None;
    }
    *real.get_mut(free.0)? = Some(Constant::Number(value));
    Some(wanted.clone())
}

/// Gives two days values that stand to each other as wanted, as far as they are free.
fn make_order(
    real: &mut Values,
    left: TermIx,
    right: TermIx,
    shift: crate::base::Duration,
    wanted: &Constant,
) -> Option<i128> {
    let Constant::Number(wanted) = wanted else { return None };
    let wanted = i32::try_from(wanted.to_int()?).ok()?;
    let known = |real: &Values, term: TermIx| real.get(term.0).cloned().flatten();
    let (left_day, right_day) = match (known(real, left), known(real, right)) {
        (Some(left), Some(right)) => (as_date(&left)?, as_date(&right)?),
        (Some(left), None) => {
            let left = as_date(&left)?;
            let near = left.checked_sub(shift)?;
            (left, Date::from_days(near.days().checked_sub(wanted)?)?)
        }
        (None, right_known) => {
            let right = right_known.as_ref().and_then(as_date).or_else(|| Date::new(2020, 1, 1))?;
            let near = right.checked_add(shift)?;
            (Date::from_days(near.days().checked_add(wanted)?)?, right)
        }
    };
    *real.get_mut(left.0)? = Some(Constant::Date(left_day));
    *real.get_mut(right.0)? = Some(Constant::Date(right_day));
    order_of(real, left, right, shift)
}

/// What a sum of terms comes to.
pub(super) fn sum_of(values: &Values, parts: &[(TermIx, Exact)]) -> Option<Exact> {
    parts.iter().try_fold(Exact::ZERO, |sum, (term, factor)| {
        let Some(Some(Constant::Number(value))) = values.get(term.0) else { return None };
        sum.add(&value.mul(factor).ok()?).ok()
    })
}

/// How a day stands to another moved by a length.
pub(super) fn order_of(
    values: &Values,
    left: TermIx,
    right: TermIx,
    shift: crate::base::Duration,
) -> Option<i128> {
    let day = |term: TermIx| values.get(term.0)?.as_ref().and_then(as_date);
    Some(match day(left)?.cmp(&day(right)?.checked_add(shift)?) {
        std::cmp::Ordering::Less => -1,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
    })
}

fn as_date(value: &Constant) -> Option<Date> {
    match value {
        Constant::Date(day) => Some(*day),
        _ => None,
    }
}

/// The month, weekday or day of the month of a day.
pub(super) fn is_day_part(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Call(Function::MonthOfYear | Function::DayOfMonth | Function::Weekday, _)
    )
}

fn pair(show: Show<'_>, expr: &Expr, value: &Constant) -> (String, String) {
    (show.expr(expr), show.constant(value, &expr.ty))
}
