//! Built-in functions, of single values and of many.

use std::cmp::Ordering;

use num_traits::{One, Signed, Zero};

use crate::base::{Date, Duration, Period, PeriodKind};
use crate::model::{Aggregate, Function};
use crate::rows::Reason;

use super::error::{Stop, mistyped};
use super::number::{self, Number};
use super::value::{Value, compare};

pub(super) fn call(function: Function, arguments: &[Value]) -> Result<Value, Stop> {
    let at = |place: usize| arguments.get(place).cloned().ok_or(mistyped("further argument"));
    let counted = |count: i32| Ok(Value::Number(number::whole(i128::from(count))));
    match function {
        Function::Min => outermost(Ordering::Less, arguments.iter().cloned()),
        Function::Max => outermost(Ordering::Greater, arguments.iter().cloned()),
        Function::Abs => Ok(Value::Number(at(0)?.number()?.abs())),
        Function::MakeDate => {
            let part = |place| number::to_i32(&at(place)?.number()?);
            let year = match at(0)? {
                Value::Period(year) => year.year(),
                _ => part(0)?,
            };
            let date = Date::new(year, part(1)?, part(2)?);
            date.map(Value::Date).ok_or(Stop::Aside(Reason::DateOutOfRange))
        }
        Function::Month => Ok(Value::Period(Period::of(PeriodKind::Month, at(0)?.date()?))),
        Function::Quarter => Ok(Value::Period(Period::of(PeriodKind::Quarter, first_day(at(0)?)?))),
        Function::Year => Ok(Value::Period(Period::of(PeriodKind::Year, first_day(at(0)?)?))),
        Function::MonthOfYear => counted(first_day(at(0)?)?.month()),
        Function::DayOfMonth => counted(at(0)?.date()?.day()),
        Function::YearNumber => counted(first_day(at(0)?)?.year()),
        Function::Weekday => counted(weekday(at(0)?.date()?)),
        Function::Start => Ok(Value::Date(at(0)?.period()?.start())),
        Function::End => Ok(Value::Date(at(0)?.period()?.end())),
        Function::Days => match at(0)? {
            Value::Date(from) => counted(from.days_until(at(1)?.date()?)),
            other => {
                let period = other.period()?;
                counted(period.start().days_until(period.end()) + 1)
            }
        },
        Function::MonthsBetween => counted(months_between(at(0)?.date()?, at(1)?.date()?)),
        Function::Remainder => {
            number::remainder(&at(0)?.number()?, &at(1)?.number()?).map(Value::Number)
        }
        Function::Present => Ok(Value::Bool(!at(0)?.is_missing())),
    }
}

/// A day, or the first one of a period.
fn first_day(value: Value) -> Result<Date, Stop> {
    match value {
        Value::Date(date) => Ok(date),
        other => Ok(other.period()?.start()),
    }
}

/// Of the values of a selection, or of a list.
pub(super) fn aggregate(function: Aggregate, values: Vec<Value>) -> Result<Value, Stop> {
    match function {
        Aggregate::Count => {
            let count = values.iter().fold(Number::zero(), |count, _| count + Number::one());
            Ok(Value::Number(count))
        }
        Aggregate::Sum => {
            let mut total = Number::zero();
            for value in values {
                total = number::sum(&total, &value.number()?)?;
            }
            Ok(Value::Number(total))
        }
        Aggregate::Min => outermost(Ordering::Less, values.into_iter()),
        Aggregate::Max => outermost(Ordering::Greater, values.into_iter()),
    }
}

/// The first value that no other one stands before (or behind).
fn outermost(wanted: Ordering, mut values: impl Iterator<Item = Value>) -> Result<Value, Stop> {
    let mut found = values.next().ok_or(Stop::Aside(Reason::EmptySelection))?;
    for value in values {
        if compare(&value, &found)? == wanted {
            found = value;
        }
    }
    Ok(found)
}

/// 1970-01-01 was a Thursday, the fourth day.
fn weekday(date: Date) -> i32 {
    (date.days() + 3).rem_euclid(7) + 1
}

/// Whole months from a day to another: one is completed when the same day of the month is reached.
/// Backward it is the mirror.
fn months_between(from: Date, to: Date) -> i32 {
    if to < from {
        return -months_between(to, from);
    }
    let months = (to.year() - from.year()) * 12 + to.month() - from.month();
    match from.checked_add(Duration::months(months)) {
        Some(completed) if completed <= to => months,
        _ => months - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_completed_on_their_day() {
        let day = |text| Date::parse(text).unwrap();
        for (from, to, months) in [
            ("2024-01-15", "2024-02-14", 0),
            ("2024-01-15", "2024-02-15", 1),
            ("2024-02-15", "2024-01-15", -1),
            ("2023-11-30", "2024-11-30", 12),
            ("2024-01-31", "2024-02-29", 1),
            ("2024-02-29", "2024-03-28", 0),
        ] {
            assert_eq!(months_between(day(from), day(to)), months, "{from} to {to}");
        }
    }

    #[test]
    fn days_of_the_week() {
        for (text, number) in [("1970-01-01", 4), ("2026-01-01", 4), ("1930-09-14", 7)] {
            assert_eq!(weekday(Date::parse(text).unwrap()), number, "{text}");
        }
    }
}
