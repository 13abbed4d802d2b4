//! Trees of any type, and how they are put together.

use crate::base::{Duration, PeriodKind};
use crate::model::{Arithmetic, Comparison};

use super::super::{Constant, Kind};
use super::rational::{Rational, common};
use super::{Day, Entity, Number, Span, Text, Truth};

/// A tree of any type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Typed {
    Number(Rational),
    Truth(Truth),
    Day(Day),
    Span(Span),
    Entity(Entity),
    Text(Text),
    Length(Duration),
    /// A register's row, by its place among the lane's.
    Row(u32),
}

/// The period of a kind in which a day lies.
pub(super) fn span(kind: PeriodKind, day: Day) -> Typed {
    Typed::Span(Span::Of(kind, day))
}

pub(super) fn constant_of(constant: &Constant) -> Option<Typed> {
    Some(match constant {
        Constant::Bool(value) => Typed::Truth(Truth::Constant(*value)),
        Constant::Number(value) => Typed::Number(Rational::of(value)?),
        Constant::Date(day) => Typed::Day(Day::Constant(day.days())),
        Constant::Period(period) => Typed::Span(Span::Constant(*period)),
        Constant::Duration(length) => Typed::Length(*length),
        Constant::Member(member) | Constant::Option(member) => {
            Typed::Entity(Entity::Constant(*member))
        }
        Constant::Text(text) => Typed::Text(Text::Constant(text.clone())),
    })
}

/// A computed field of a row that has one value for the run; its formula as a tree, if it has one,
/// says of which fractions it may be made.
pub(super) fn steady(kind: &Kind, field: u32, row: u32, formula: Option<&Typed>) -> Option<Typed> {
    let made_of = match formula {
        Some(Typed::Number(number)) if number.under.is_empty() => number.den,
        _ => 1,
    };
    let number = |den| {
        let den = common(den, made_of)?;
        Rational::new(Number::RowSteady(row, field, den), den).map(Typed::Number)
    };
    match kind {
        Kind::Money { scale, .. } => number(10_i128.checked_pow(u32::from(*scale))?),
        Kind::Integer => number(1),
        Kind::Number if made_of > 1 => number(made_of),
        Kind::Bool | Kind::Date | Kind::Period | Kind::Member(_) | Kind::Option(_) | Kind::Text => {
            stored(kind, field, Some(row))
        }
        _ => None,
    }
}

/// Stored rates are taken as so many parts: nearly all are whole hundredths of a percent. Those that
/// are not are the evaluator's.
const RATES: i128 = 10_000;

/// A stored field, of the event or of a row.
pub(super) fn stored(kind: &Kind, field: u32, row: Option<u32>) -> Option<Typed> {
    let number = |den| {
        let number = row.map_or(Number::Field(field), |row| Number::RowField(row, field));
        Rational::new(number, den).map(Typed::Number)
    };
    match kind {
        Kind::Money { scale, .. } => number(10_i128.checked_pow(u32::from(*scale))?),
        Kind::Integer => number(1),
        Kind::Bool => {
            Some(Typed::Truth(row.map_or(Truth::Field(field), |row| Truth::RowField(row, field))))
        }
        Kind::Date => {
            Some(Typed::Day(row.map_or(Day::Field(field), |row| Day::RowField(row, field))))
        }
        Kind::Member(_) | Kind::Option(_) => Some(Typed::Entity(
            row.map_or(Entity::Field(field), |row| Entity::RowField(row, field)),
        )),
        Kind::Text => {
            Some(Typed::Text(row.map_or(Text::Field(field), |row| Text::RowField(row, field))))
        }
        Kind::Number => Rational::new(Number::Rate(row, field, RATES), RATES).map(Typed::Number),
        Kind::Period => {
            Some(Typed::Span(row.map_or(Span::Field(field), |row| Span::RowField(row, field))))
        }
        Kind::Duration | Kind::Row(_) | Kind::List(_) => None,
    }
}

pub(super) fn arithmetic(operation: Arithmetic, left: Typed, right: Typed) -> Option<Typed> {
    use Arithmetic::{Add, Divide, Multiply, Subtract};
    Some(match (operation, left, right) {
        (Add, Typed::Number(a), Typed::Number(b)) => Typed::Number(a.add(b)?),
        (Subtract, Typed::Number(a), Typed::Number(b)) => Typed::Number(a.subtract(b)?),
        (Multiply, Typed::Number(a), Typed::Number(b)) => Typed::Number(a.multiply(b)?),
        (Divide, Typed::Number(a), Typed::Number(b)) => Typed::Number(a.divide(b)?),
        (Add, Typed::Day(day), Typed::Length(by)) => Typed::Day(Day::Plus(Box::new(day), by)),
        (Subtract, Typed::Day(day), Typed::Length(by)) => Typed::Day(Day::Minus(Box::new(day), by)),
        (Subtract, Typed::Day(later), Typed::Day(earlier)) => {
            let days = Number::DaysBetween(Box::new(earlier), Box::new(later));
            Typed::Number(Rational::new(days, 1)?)
        }
        (Add, Typed::Span(span), Typed::Number(by)) => moved(span, by)?,
        (Subtract, Typed::Span(span), Typed::Number(by)) => moved(span, by.negate()?)?,
        (Add, Typed::Span(span), Typed::Length(by)) => {
            Typed::Span(Span::Months(Box::new(span), by.months))
        }
        (Subtract, Typed::Span(span), Typed::Length(by)) => {
            Typed::Span(Span::Months(Box::new(span), by.months.checked_neg()?))
        }
        (Subtract, Typed::Span(later), Typed::Span(earlier)) => {
            let periods = Number::PeriodsBetween(Box::new(earlier), Box::new(later));
            Typed::Number(Rational::new(periods, 1)?)
        }
        (Add, Typed::Length(a), Typed::Length(b)) => Typed::Length(a.checked_add(b)?),
        (Subtract, Typed::Length(a), Typed::Length(b)) => {
            Typed::Length(a.checked_add(b.checked_neg()?)?)
        }
        _ => return None,
    })
}

/// A period so many periods later.
fn moved(span: Span, by: Rational) -> Option<Typed> {
    let known = by.constant().and_then(|by| i32::try_from(by.to_int()?).ok());
    Some(Typed::Span(match (known, span) {
        (Some(by), Span::Plus(inner, own)) => match own.checked_add(by) {
            // Both lead the same way, or one comes back: only the whole has to stay in the calendar.
            Some(both) if own.signum() == by.signum() => Span::Plus(inner, both),
            _ => Span::Plus(Box::new(Span::Plus(inner, own)), by),
        },
        (Some(by), span) => Span::Plus(Box::new(span), by),
        (None, span) => Span::Later(Box::new(span), Box::new(by.over(1)?)),
    }))
}

/// One or the other. What has no tree is left to the evaluator where it is the one.
pub(super) fn choose(condition: Truth, yes: Option<Typed>, no: Option<Typed>) -> Option<Typed> {
    if let Truth::Constant(holds) = condition {
        return if holds { yes } else { no };
    }
    let (yes, no) = match (yes, no) {
        (Some(yes), Some(no)) => (yes, no),
        (Some(yes), None) => (yes.clone(), unknown_like(&yes)?),
        (None, Some(no)) => (unknown_like(&no)?, no),
        (None, None) => return None,
    };
    Some(match (yes, no) {
        (Typed::Number(yes), Typed::Number(no)) => {
            Typed::Number(Rational::choose(condition, yes, no)?)
        }
        (Typed::Day(yes), Typed::Day(no)) => {
            Typed::Day(Day::Choose(Box::new(condition), Box::new(yes), Box::new(no)))
        }
        (Typed::Entity(yes), Typed::Entity(no)) => {
            Typed::Entity(Entity::Choose(Box::new(condition), Box::new(yes), Box::new(no)))
        }
        (Typed::Span(yes), Typed::Span(no)) => {
            Typed::Span(Span::Choose(Box::new(condition), Box::new(yes), Box::new(no)))
        }
        (Typed::Text(yes), Typed::Text(no)) => {
            Typed::Text(Text::Choose(Box::new(condition), Box::new(yes), Box::new(no)))
        }
        (Typed::Truth(yes), Typed::Truth(no)) => Typed::Truth(any(vec![
            all(vec![condition.clone(), yes]),
            all(vec![Truth::Not(Box::new(condition)), no]),
        ])),
        _ => return None,
    })
}

/// A tree of the same type that has no answer.
fn unknown_like(typed: &Typed) -> Option<Typed> {
    Some(match typed {
        Typed::Number(_) => Typed::Number(Rational::new(Number::Unknown, 1)?),
        Typed::Truth(_) => Typed::Truth(Truth::Unknown),
        Typed::Day(_) => Typed::Day(Day::Unknown),
        Typed::Entity(_) => Typed::Entity(Entity::Unknown),
        Typed::Span(_) => Typed::Span(Span::Unknown),
        Typed::Text(_) => Typed::Text(Text::Unknown),
        Typed::Length(_) | Typed::Row(_) => return None,
    })
}

pub(super) fn compare(how: Comparison, left: Typed, right: Typed) -> Option<Truth> {
    Some(match (left, right) {
        (Typed::Number(a), Typed::Number(b)) => a.compare(how, b)?,
        (Typed::Day(a), Typed::Day(b)) => Truth::Days(how, Box::new(a), Box::new(b)),
        (Typed::Span(a), Typed::Span(b)) => Truth::Spans(how, Box::new(a), Box::new(b)),
        (Typed::Text(a), Typed::Text(b)) => Truth::Texts(how, Box::new(a), Box::new(b)),
        (Typed::Entity(a), Typed::Entity(b)) => {
            let equal = match how {
                Comparison::Equal => true,
                Comparison::NotEqual => false,
                _ => return None,
            };
            match (a, b) {
                (Entity::Constant(a), Entity::Constant(b)) => Truth::Constant((a == b) == equal),
                (a, b) => Truth::Same(equal, Box::new(a), Box::new(b)),
            }
        }
        (Typed::Truth(a), Typed::Truth(b)) if how == Comparison::Equal => match (a, b) {
            (Truth::Constant(true), other) | (other, Truth::Constant(true)) => other,
            (Truth::Constant(false), other) | (other, Truth::Constant(false)) => {
                Truth::Not(Box::new(other))
            }
            _ => return None,
        },
        _ => return None,
    })
}

/// All of these, without those that always hold.
pub(super) fn all(parts: Vec<Truth>) -> Truth {
    let mut open: Vec<Truth> =
        parts.into_iter().filter(|part| *part != Truth::Constant(true)).collect();
    match open.as_slice() {
        [] => Truth::Constant(true),
        [Truth::Constant(false), ..] => Truth::Constant(false),
        [_] => open.pop().unwrap_or(Truth::Constant(true)),
        _ => Truth::All(open),
    }
}

/// Any of these, without those that never hold.
pub(super) fn any(parts: Vec<Truth>) -> Truth {
    let mut open: Vec<Truth> =
        parts.into_iter().filter(|part| *part != Truth::Constant(false)).collect();
    match open.as_slice() {
        [] => Truth::Constant(false),
        [Truth::Constant(true), ..] => Truth::Constant(true),
        [_] => open.pop().unwrap_or(Truth::Constant(false)),
        _ => Truth::Any(open),
    }
}
