//! The value of an expression.

use std::cmp::Ordering;

use num_traits::{Signed, Zero};

use crate::base::{Date, Duration};
use crate::model::{
    Arithmetic, Comparison, Expr, ExprKind, LocalIx, MemberIx, ParameterId, RegisterId, ScheduleId,
    ScheduleValue, Type,
};
use crate::rows::Reason;

use super::error::{Stop, dangling, entry, mistyped};
use super::number::{self, Number};
use super::registers::key_cells;
use super::scene::{Scene, Scope};
use super::value::{Value, compare, constant, in_force};

impl Scene<'_> {
    /// Works an expression out. Names it binds are bound in `scope`.
    pub fn value(&self, expr: &Expr, scope: &mut Scope) -> Result<Value, Stop> {
        match &expr.kind {
            ExprKind::Constant(value) => constant(value),
            ExprKind::List(values) => Ok(Value::List(self.values(values, scope)?)),
            ExprKind::Field(field) => self.field(*field),
            ExprKind::Own { field, at } => {
                let row = scope.own.clone().ok_or(dangling("row"))?;
                let day = self.day_asked(at.as_deref(), scope)?;
                self.row_field(&row, *field, day)
            }
            ExprKind::EffectiveDate => Ok(Value::Date(self.day)),
            ExprKind::Local(local) => scope.local(*local).cloned(),
            ExprKind::RowField { row, field, at } => {
                let row = self.value(row, scope)?.row()?;
                let day = self.day_asked(at.as_deref(), scope)?;
                self.row_field(&row, *field, day)
            }
            ExprKind::Reading(reading) => entry(self.readings, reading.index(), "reading")
                .map(|option| Value::Choice(*option)),
            ExprKind::Parameter { parameter, keys, at } => {
                let keys = self.members(keys, scope)?;
                let day = self.value(at, scope)?.date()?;
                self.parameter(*parameter, keys, day)
            }
            ExprKind::Schedule { schedule, what, of, at, .. } => {
                let of = self.value(of, scope)?.number()?;
                let day = self.value(at, scope)?.date()?;
                self.schedule(*schedule, *what, &of, day).map(Value::Number)
            }
            ExprKind::Lookup { register, keys } => {
                let keys = self.values(keys, scope)?;
                self.lookup(*register, &keys)
            }
            ExprKind::Total { tally, with_this, keys, as_of } => {
                let asked = self.asked(*tally, keys, scope)?;
                let before = match as_of {
                    Some(day) => Some(self.value(day, scope)?.date()?),
                    None => None,
                };
                self.total(*tally, &asked, *with_this, before).map(Value::Number)
            }
            ExprKind::Carried { carry, keys } => {
                let declared = entry(&self.rules.carries, carry.index(), "carry")?;
                let key = self.key(keys, &declared.keys, scope)?;
                match self.books.carried(*carry, &key) {
                    Some(value) => Ok(value),
                    None => self.value(&declared.starts, &mut Scope::of(&[])),
                }
            }
            ExprKind::Closed { account, keys } => {
                let types = &entry(&self.rules.accounts, account.index(), "account")?.keys;
                let key = self.key(keys, types, scope)?;
                self.closed(&key).map(Value::Number)
            }
            ExprKind::Balance { account, keys } => {
                let types = &entry(&self.rules.accounts, account.index(), "account")?.keys;
                let key = self.key(keys, types, scope)?;
                Ok(Value::Number(self.books.balance(*account, &key)))
            }
            _ => self.combined(expr, scope),
        }
    }

    /// Expressions made of expressions.
    fn combined(&self, expr: &Expr, scope: &mut Scope) -> Result<Value, Stop> {
        match &expr.kind {
            ExprKind::Negate(inner) => negated(self.value(inner, scope)?),
            ExprKind::Not(inner) => Ok(Value::Bool(!self.value(inner, scope)?.bool()?)),
            ExprKind::And(conditions) => self.first_that_is(false, conditions, scope),
            ExprKind::Or(conditions) => self.first_that_is(true, conditions, scope),
            ExprKind::Arithmetic(operation, left, right) => {
                let left = self.value(left, scope)?;
                let right = self.value(right, scope)?;
                calculated(*operation, left, right, &expr.ty)
            }
            ExprKind::Compare(comparison, left, right) => {
                let left = self.value(left, scope)?;
                let right = self.value(right, scope)?;
                compared(*comparison, &left, &right).map(Value::Bool)
            }
            ExprKind::InSet(value, set) => {
                let value = self.value(value, scope)?;
                for other in set {
                    if self.value(other, scope)? == value {
                        return Ok(Value::Bool(true));
                    }
                }
                Ok(Value::Bool(false))
            }
            ExprKind::InTree(inner, outer) => {
                let ty = &outer.ty;
                let inner = self.value(inner, scope)?.member()?;
                let outer = self.value(outer, scope)?.member()?;
                self.lies_in(ty, inner, outer).map(Value::Bool)
            }
            ExprKind::InRange { value, from, to, closed } => {
                let value = self.value(value, scope)?;
                let from = self.value(from, scope)?;
                let to = self.value(to, scope)?;
                let below = if *closed { Comparison::LessEqual } else { Comparison::Less };
                let inside = compared(Comparison::LessEqual, &from, &value)?
                    && compared(below, &value, &to)?;
                Ok(Value::Bool(inside))
            }
            ExprKind::InPeriod(date, period) => {
                let date = self.value(date, scope)?.date()?;
                let period = self.value(period, scope)?.period()?;
                Ok(Value::Bool(period.start() <= date && date <= period.end()))
            }
            ExprKind::Bind(optional, local) => self.bound(optional, *local, scope),
            ExprKind::If(condition, yes, no) => {
                let chosen = if self.value(condition, scope)?.bool()? { yes } else { no };
                self.value(chosen, scope)
            }
            ExprKind::Otherwise(optional, other) => match self.value(optional, scope)? {
                Value::Missing => self.value(other, scope),
                value => Ok(value),
            },
            ExprKind::Rounded(inner, way, unit) => {
                let inner = self.value(inner, scope)?.number()?;
                number::rounded(&inner, *way, &number::from_exact(unit)?).map(Value::Number)
            }
            ExprKind::Aggregate { function, value, selection } => {
                self.aggregate(*function, value.as_deref(), selection, scope)
            }
            ExprKind::AggregateList(function, list) => {
                let values = self.value(list, scope)?.list()?;
                super::function::aggregate(*function, values)
            }
            ExprKind::Share(local) => scope.share(*local).map(Value::Number),
            ExprKind::Call(function, arguments) => {
                let arguments = self.values(arguments, scope)?;
                super::function::call(*function, &arguments)
            }
            _ => Err(dangling("kind of expression")),
        }
    }

    fn values(&self, exprs: &[Expr], scope: &mut Scope) -> Result<Vec<Value>, Stop> {
        exprs.iter().map(|expr| self.value(expr, scope)).collect()
    }

    fn members(&self, exprs: &[Expr], scope: &mut Scope) -> Result<Vec<u32>, Stop> {
        exprs.iter().map(|expr| self.value(expr, scope)?.member()).collect()
    }

    fn day_asked(&self, at: Option<&Expr>, scope: &mut Scope) -> Result<Date, Stop> {
        at.map_or(Ok(self.day), |at| self.value(at, scope)?.date())
    }

    /// `and` is false with its first false condition, `or` true with its first true one; what stands
    /// behind is not looked at.
    fn first_that_is(
        &self,
        wanted: bool,
        conditions: &[Expr],
        scope: &mut Scope,
    ) -> Result<Value, Stop> {
        for condition in conditions {
            if self.value(condition, scope)?.bool()? == wanted {
                return Ok(Value::Bool(wanted));
            }
        }
        Ok(Value::Bool(!wanted))
    }

    fn bound(&self, optional: &Expr, local: LocalIx, scope: &mut Scope) -> Result<Value, Stop> {
        let value = self.value(optional, scope)?;
        let there = !value.is_missing();
        scope.bind(local, value)?;
        Ok(Value::Bool(there))
    }

    /// A register's row by its whole key, or `Missing`.
    pub fn lookup(&self, register: RegisterId, keys: &[Value]) -> Result<Value, Stop> {
        let rows = self.registers.starting_with(self.rules, register, keys)?;
        let mut rows = rows.into_iter();
        match (rows.next(), rows.next()) {
            (None, _) => Ok(Value::Missing),
            (Some(row), None) => Ok(Value::Row(row)),
            (Some(_), Some(_)) => {
                let key = key_cells(self.rules, register, keys)?;
                Err(Reason::ManyRows { register: register.0, key }.into())
            }
        }
    }

    fn parameter(&self, id: ParameterId, key: Vec<u32>, day: Date) -> Result<Value, Stop> {
        let declared = entry(&self.rules.parameters, id.index(), "parameter")?;
        let members: Vec<MemberIx> = key.iter().map(|member| MemberIx(*member)).collect();
        let timeline = declared.timelines.get(&members);
        let mut timeline = timeline.into_iter().flatten();
        match timeline.find(|version| in_force(version.from, version.until, day)) {
            Some(version) => constant(&version.value),
            None => Err(Reason::NoParameter { parameter: id.0, key, day }.into()),
        }
    }

    fn schedule(
        &self,
        id: ScheduleId,
        what: ScheduleValue,
        of: &Number,
        day: Date,
    ) -> Result<Number, Stop> {
        let declared = entry(&self.rules.schedules, id.index(), "schedule")?;
        let mut versions = declared.versions.iter();
        let version = versions.find(|version| in_force(version.from, version.until, day));
        let version = version.ok_or(Reason::NoSchedule { schedule: id.0, day })?;
        let size = of.abs();
        let mut amount = Number::zero();
        let mut rate = None;
        let mut below = Number::zero();
        for bracket in &version.value {
            let of_bracket = number::from_exact(&bracket.rate)?;
            let above = match &bracket.up_to {
                Some(bound) => Some(number::from_exact(bound)?),
                None => None,
            };
            let holds = above.as_ref().is_none_or(|above| size <= *above);
            let end = if holds { &size } else { above.as_ref().unwrap_or(&size) };
            amount = number::sum(&amount, &number::product(&of_bracket, &(end - &below))?)?;
            if holds {
                rate = Some(of_bracket);
                break;
            }
            below = end.clone();
        }
        let rate = rate.ok_or(dangling("bracket"))?;
        let value = match what {
            ScheduleValue::Rate => return Ok(rate),
            ScheduleValue::Amount => amount,
            ScheduleValue::Quick => number::difference(&number::product(&size, &rate)?, &amount)?,
        };
        Ok(if of.is_negative() { -value } else { value })
    }
}

fn negated(value: Value) -> Result<Value, Stop> {
    match value {
        Value::Number(number) => Ok(Value::Number(-number)),
        Value::Duration(length) => {
            Ok(Value::Duration(length.checked_neg().ok_or(Stop::Aside(Reason::DateOutOfRange))?))
        }
        _ => Err(mistyped("number")),
    }
}

fn calculated(operation: Arithmetic, left: Value, right: Value, ty: &Type) -> Result<Value, Stop> {
    let back = operation == Arithmetic::Subtract;
    let moved: Option<Value> = match (operation, left, right) {
        (Arithmetic::Add, Value::Number(left), Value::Number(right)) => {
            return number::sum(&left, &right).map(Value::Number);
        }
        (Arithmetic::Subtract, Value::Number(left), Value::Number(right)) => {
            return number::difference(&left, &right).map(Value::Number);
        }
        (Arithmetic::Multiply, Value::Number(left), Value::Number(right)) => {
            return number::product(&left, &right).map(Value::Number);
        }
        (Arithmetic::Divide, Value::Number(left), Value::Number(right)) => {
            return number::quotient(&left, &right).map(Value::Number);
        }
        (Arithmetic::Multiply, Value::Duration(length), Value::Number(count))
        | (Arithmetic::Multiply, Value::Number(count), Value::Duration(length)) => {
            times(length, number::to_i32(&count)?).map(Value::Duration)
        }
        (Arithmetic::Subtract, Value::Date(later), Value::Date(earlier)) => {
            let days = earlier.days_until(later);
            return Ok(match ty.required() {
                Type::Duration => Value::Duration(Duration::days(days)),
                _ => Value::Number(number::whole(i128::from(days))),
            });
        }
        (Arithmetic::Add | Arithmetic::Subtract, Value::Date(date), Value::Duration(length)) => {
            let moved = if back { date.checked_sub(length) } else { date.checked_add(length) };
            moved.map(Value::Date)
        }
        (Arithmetic::Add | Arithmetic::Subtract, Value::Duration(left), Value::Duration(right)) => {
            let right = if back { right.checked_neg() } else { Some(right) };
            right.and_then(|right| left.checked_add(right)).map(Value::Duration)
        }
        (Arithmetic::Add | Arithmetic::Subtract, Value::Period(period), Value::Number(count)) => {
            let count = number::to_i32(&if back { -count } else { count })?;
            period.checked_add(count).map(Value::Period)
        }
        (Arithmetic::Subtract, Value::Period(later), Value::Period(earlier)) => {
            let apart = i128::from(later.index()) - i128::from(earlier.index());
            return Ok(Value::Number(number::whole(apart)));
        }
        _ => return Err(mistyped("number")),
    };
    moved.ok_or(Stop::Aside(Reason::DateOutOfRange))
}

fn times(length: Duration, count: i32) -> Option<Duration> {
    Some(Duration {
        months: length.months.checked_mul(count)?,
        days: length.days.checked_mul(count)?,
    })
}

/// How two values stand to each other. What has no order is equal or not.
pub(super) fn compared(comparison: Comparison, left: &Value, right: &Value) -> Result<bool, Stop> {
    Ok(match comparison {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Less => compare(left, right)? == Ordering::Less,
        Comparison::LessEqual => compare(left, right)? != Ordering::Greater,
        Comparison::Greater => compare(left, right)? == Ordering::Greater,
        Comparison::GreaterEqual => compare(left, right)? != Ordering::Less,
    })
}
