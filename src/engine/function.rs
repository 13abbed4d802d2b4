//! Operations and built-in functions of values.

use crate::base::{Date, Duration, Exact, Period, PeriodKind};
use crate::plan::{Arithmetic, Function};
use crate::rows::Reason;

use super::eval::MISTYPED;
use super::evaluator::nothing_there;
use super::fault::Fault;
use super::value::Value;

pub(crate) fn out_of_range() -> Fault {
    Fault::from(Reason::DateOutOfRange)
}

fn small(number: &Exact) -> Result<i32, Fault> {
    match number.to_int().map(i32::try_from) {
        Some(Ok(value)) => Ok(value),
        _ => Err(out_of_range()),
    }
}

pub(crate) fn arithmetic<'a>(
    operation: Arithmetic,
    left: Value<'a>,
    right: Value<'a>,
) -> Result<Value<'a>, Fault> {
    use Arithmetic::{Add, Divide, Multiply, Subtract};
    let date = |day: Option<Date>| day.map(Value::Date).ok_or_else(out_of_range);
    let period = |it: Option<Period>| it.map(Value::Period).ok_or_else(out_of_range);
    let length = |it: Option<Duration>| it.map(Value::Duration).ok_or_else(out_of_range);
    match (operation, left, right) {
        (Add, Value::Number(a), Value::Number(b)) => Ok(Value::Number(a.add(&b)?)),
        (Subtract, Value::Number(a), Value::Number(b)) => Ok(Value::Number(a.sub(&b)?)),
        (Multiply, Value::Number(a), Value::Number(b)) => Ok(Value::Number(a.mul(&b)?)),
        (Divide, Value::Number(a), Value::Number(b)) => Ok(Value::Number(a.div(&b)?)),
        (Add, Value::Date(day), Value::Duration(by)) => date(day.checked_add(by)),
        (Subtract, Value::Date(day), Value::Duration(by)) => date(day.checked_sub(by)),
        (Add, Value::Date(day), Value::Number(by)) => {
            date(day.checked_add(Duration::days(small(&by)?)))
        }
        (Subtract, Value::Date(day), Value::Number(by)) => {
            date(day.checked_sub(Duration::days(small(&by)?)))
        }
        (Subtract, Value::Date(later), Value::Date(earlier)) => {
            Ok(Value::Number(Exact::from_int(earlier.days_until(later).into())))
        }
        (Add, Value::Period(it), Value::Number(by)) => period(it.checked_add(small(&by)?)),
        (Subtract, Value::Period(it), Value::Number(by)) => {
            period(small(&by)?.checked_neg().and_then(|by| it.checked_add(by)))
        }
        (Subtract, Value::Period(later), Value::Period(earlier)) => {
            Ok(Value::Number(Exact::from_int((later.index() - earlier.index()).into())))
        }
        (Add, Value::Period(it), Value::Duration(by)) => period(moved(it, by.months)),
        (Subtract, Value::Period(it), Value::Duration(by)) => {
            period(by.months.checked_neg().and_then(|months| moved(it, months)))
        }
        (Add, Value::Duration(a), Value::Duration(b)) => length(a.checked_add(b)),
        (Subtract, Value::Duration(a), Value::Duration(b)) => {
            length(b.checked_neg().and_then(|b| a.checked_add(b)))
        }
        (Multiply, Value::Duration(it), Value::Number(by))
        | (Multiply, Value::Number(by), Value::Duration(it)) => length(times(it, small(&by)?)),
        (_, Value::Missing, _) | (_, _, Value::Missing) => Err(nothing_there()),
        _ => Err(MISTYPED),
    }
}

/// A period moved by months, where they are a whole number of such periods.
fn moved(period: Period, months: i32) -> Option<Period> {
    let each = period.kind().months();
    if months % each == 0 { period.checked_add(months / each) } else { None }
}

fn times(duration: Duration, by: i32) -> Option<Duration> {
    let months = duration.months.checked_mul(by)?;
    Some(Duration { months, days: duration.days.checked_mul(by)? })
}

pub(crate) fn built_in<'a>(
    function: Function,
    first: Value<'a>,
    second: Value<'a>,
    third: Value<'a>,
) -> Result<Value<'a>, Fault> {
    let whole = |number: i32| Ok(Value::Number(Exact::from_int(number.into())));
    match (function, first, second) {
        (Function::Abs, Value::Number(value), _) => Ok(Value::Number(value.abs())),
        (Function::MakeDate, Value::Number(year), Value::Number(month)) => {
            made(small(&year)?, &month, third)
        }
        (Function::MakeDate, Value::Period(year), Value::Number(month)) => {
            made(year.year(), &month, third)
        }
        (Function::Month, value, _) => period_of(PeriodKind::Month, &value),
        (Function::Quarter, value, _) => period_of(PeriodKind::Quarter, &value),
        (Function::Year, value, _) => period_of(PeriodKind::Year, &value),
        (Function::MonthOfYear, Value::Date(day), _) => whole(day.month()),
        (Function::MonthOfYear, Value::Period(period), _) => whole(period.start().month()),
        (Function::DayOfMonth, Value::Date(day), _) => whole(day.day()),
        (Function::YearNumber, Value::Date(day), _) => whole(day.year()),
        (Function::YearNumber, Value::Period(period), _) => whole(period.year()),
        (Function::Weekday, Value::Date(day), _) => {
            // The count since Monday, since 1970-01-05 was one.
            whole((day.days() - 4).rem_euclid(7) + 1)
        }
        (Function::Start, Value::Period(period), _) => Ok(Value::Date(period.start())),
        (Function::End, Value::Period(period), _) => Ok(Value::Date(period.end())),
        (Function::Days, Value::Period(period), _) => {
            whole(period.start().days_until(period.end()) + 1)
        }
        (Function::Days, Value::Date(from), Value::Date(to)) => whole(from.days_until(to)),
        (Function::MonthsBetween, Value::Date(from), Value::Date(to)) => {
            whole(months_between(from, to))
        }
        (Function::Remainder, Value::Number(a), Value::Number(b)) => {
            let quotient = a.div(&b)?.rounded(crate::base::Rounding::Down, &Exact::ONE)?;
            Ok(Value::Number(a.sub(&b.mul(&quotient)?)?))
        }
        (_, Value::Missing, _) | (_, _, Value::Missing) => Err(nothing_there()),
        _ => Err(MISTYPED),
    }
}

fn made<'a>(year: i32, month: &Exact, day: Value<'a>) -> Result<Value<'a>, Fault> {
    let Value::Number(day) = day else { return Err(MISTYPED) };
    let made = Date::new(year, small(month)?, small(&day)?);
    made.map(Value::Date).ok_or_else(out_of_range)
}

fn period_of<'a>(kind: PeriodKind, value: &Value<'a>) -> Result<Value<'a>, Fault> {
    match value {
        Value::Date(day) => Ok(Value::Period(Period::of(kind, *day))),
        Value::Period(period) if kind.months() % period.kind().months() == 0 => {
            Ok(Value::Period(Period::of(kind, period.start())))
        }
        Value::Missing => Err(nothing_there()),
        _ => Err(MISTYPED),
    }
}

/// The greatest number of months that, added to the earlier day, does not pass the later one;
/// negative where the second day is the earlier.
pub(crate) fn months_between(from: Date, to: Date) -> i32 {
    if to < from {
        return -months_between(to, from);
    }
    let apart = (to.year() - from.year()) * 12 + to.month() - from.month();
    let reached = from.checked_add(Duration::months(apart));
    if reached.is_some_and(|reached| reached <= to) { apart } else { apart - 1 }
}
