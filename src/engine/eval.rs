//! Expressions.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::base::{Date, Duration, Exact};
use crate::plan::{
    Aggregate, Bracket, Comparison, Expr, Function, ScheduleValue, Selection, Version, at,
};
use crate::rows::{Reason, ScheduleUsed};

use super::evaluator::{Evaluator, Scope, nothing_there};
use super::fault::Fault;
use super::function::{arithmetic, built_in, out_of_range};
use super::trace::Trace;
use super::value::{List, Value};

/// What a well-typed rule set never asks.
pub(crate) const MISTYPED: Fault = Fault::Internal("a value is not of the type its place wants");

impl<'a, T: Trace> Evaluator<'a, '_, T> {
    /// Works out an expression.
    pub fn eval(&mut self, expr: &'a Expr, scope: Scope<'a>) -> Result<Value<'a>, Fault> {
        Ok(match expr {
            Expr::Constant(constant) => Value::of_constant(constant),
            Expr::Field(field) => self.field(*field)?,
            Expr::Local(slot) => {
                let value = self.frame.locals.get(scope.base + at(*slot));
                value.cloned().ok_or(Fault::Internal("a slot outside its frame"))?
            }
            Expr::Share(slot) => match self.frame.locals.get(scope.base + at(*slot)) {
                Some(Value::Missing) | None => return Err(Reason::NoShares.into()),
                Some(share) => share.clone(),
            },
            Expr::EffectiveDate => Value::Date(self.date),
            Expr::Reading { reading, option } => {
                self.tell_reading(*reading, *option);
                Value::Option(*option)
            }
            Expr::Parameter { parameter, keys, at } => {
                let day = self.date_of(at, scope)?;
                self.parameter(*parameter, keys, day, scope)?
            }
            Expr::Compare(how, left, right) => {
                let (left, right) = (self.eval(left, scope)?, self.eval(right, scope)?);
                Value::Bool(compare(*how, &left, &right)?)
            }
            Expr::MemberIn(value, table) => match self.eval(value, scope)? {
                Value::Member(member) => {
                    Value::Bool(table.get(at(member)).copied().unwrap_or(false))
                }
                Value::Missing => return Err(nothing_there()),
                _ => return Err(MISTYPED),
            },
            Expr::And(parts) => self.all(parts, scope, false)?,
            Expr::Or(parts) => self.all(parts, scope, true)?,
            Expr::Not(inner) => Value::Bool(!self.holds(inner, scope)?),
            Expr::Arithmetic(operation, left, right) => {
                let (left, right) = (self.eval(left, scope)?, self.eval(right, scope)?);
                arithmetic(*operation, left, right)?
            }
            Expr::Negate(inner) => match self.eval(inner, scope)? {
                Value::Number(value) => Value::Number(value.neg()),
                Value::Duration(value) => {
                    Value::Duration(value.checked_neg().ok_or_else(out_of_range)?)
                }
                _ => return Err(MISTYPED),
            },
            Expr::If(condition, yes, no) => {
                let chosen = if self.holds(condition, scope)? { yes } else { no };
                self.eval(chosen, scope)?
            }
            Expr::Bind(value, slot) => {
                let value = self.eval(value, scope)?;
                let there = !value.is_missing();
                self.bind(scope, *slot, value);
                Value::Bool(there)
            }
            Expr::Otherwise(value, other) => match self.eval(value, scope)? {
                Value::Missing => self.eval(other, scope)?,
                value => value,
            },
            Expr::Rounded(value, how, unit) => {
                Value::Number(self.number(value, scope)?.rounded(*how, unit)?)
            }
            Expr::Own { .. }
            | Expr::RowField { .. }
            | Expr::Lookup { .. }
            | Expr::Schedule { .. }
            | Expr::Total { .. }
            | Expr::Carried { .. }
            | Expr::Closed { .. }
            | Expr::Balance { .. } => self.looked_up(expr, scope)?,
            Expr::List(_)
            | Expr::AsDuration(_)
            | Expr::InSet(..)
            | Expr::InTree { .. }
            | Expr::InRange { .. }
            | Expr::InPeriod(..)
            | Expr::Aggregate { .. }
            | Expr::Steady(..)
            | Expr::AggregateList(..)
            | Expr::Call(..) => self.rarer(expr, scope)?,
        })
    }

    fn looked_up(&mut self, expr: &'a Expr, scope: Scope<'a>) -> Result<Value<'a>, Fault> {
        match expr {
            Expr::Own { field, at } => {
                let Some((row, shape)) = scope.own else {
                    return Err(Fault::Internal("an own field outside a row"));
                };
                let day = self.day_or_date(at.as_deref(), scope)?;
                self.row_field(row, shape, *field, day)
            }
            Expr::RowField { row, shape, field, at } => {
                let day = self.day_or_date(at.as_deref(), scope)?;
                match self.eval(row, scope)? {
                    Value::Row(row) => self.row_field(row, *shape, *field, day),
                    Value::Missing => Err(nothing_there()),
                    _ => Err(MISTYPED),
                }
            }
            Expr::Lookup { register, keys } => self.lookup(*register, keys, scope),
            Expr::Schedule { schedule, what, of, at } => {
                let day = self.date_of(at, scope)?;
                let value = self.number(of, scope)?;
                self.schedule(*schedule, *what, &value, day).map(Value::Number)
            }
            Expr::Total { tally, projection, with_this, keys, as_of } => {
                let as_of = match as_of {
                    Some(day) => Some(self.date_of(day, scope)?),
                    None => None,
                };
                self.total(*tally, *projection, *with_this, keys, as_of, scope)
            }
            Expr::Carried { carry, keys } => self.carried(*carry, keys, scope),
            Expr::Closed { account, keys } => self.closed(*account, keys, scope),
            Expr::Balance { account, keys } => self.balance(*account, keys, scope),
            _ => Err(MISTYPED),
        }
    }

    fn rarer(&mut self, expr: &'a Expr, scope: Scope<'a>) -> Result<Value<'a>, Fault> {
        Ok(match expr {
            Expr::List(parts) => {
                let values: Result<Rc<[Value<'a>]>, Fault> =
                    parts.iter().map(|part| self.eval(part, scope)).collect();
                Value::List(List::Values(values?))
            }
            Expr::AsDuration(days) => match self.number(days, scope)?.to_int().map(i32::try_from) {
                Some(Ok(days)) => Value::Duration(Duration::days(days)),
                _ => return Err(out_of_range()),
            },
            Expr::InSet(value, set) => {
                let value = self.eval(value, scope)?;
                for member in set {
                    if self.eval(member, scope)? == value {
                        return Ok(Value::Bool(true));
                    }
                }
                Value::Bool(false)
            }
            Expr::InTree { enumeration, inner, outer } => {
                let (inner, outer) = (self.eval(inner, scope)?, self.eval(outer, scope)?);
                let (Value::Member(inner), Value::Member(outer)) = (inner, outer) else {
                    return Err(MISTYPED);
                };
                let tree = self.plan.enumerations.get(at(*enumeration));
                Value::Bool(tree.is_some_and(|tree| tree.lies_in(inner, outer)))
            }
            Expr::InRange { value, from, to, closed } => {
                let value = self.eval(value, scope)?;
                let from = self.eval(from, scope)?;
                if !compare(Comparison::GreaterEqual, &value, &from)? {
                    return Ok(Value::Bool(false));
                }
                let to = self.eval(to, scope)?;
                let below = if *closed { Comparison::LessEqual } else { Comparison::Less };
                Value::Bool(compare(below, &value, &to)?)
            }
            Expr::InPeriod(date, period) => {
                let (inner, outer) = (self.eval(date, scope)?, self.eval(period, scope)?);
                match (inner, outer) {
                    (Value::Date(day), Value::Period(period)) => Value::Bool(period.contains(day)),
                    (Value::Period(inner), Value::Period(outer)) => {
                        Value::Bool(outer.contains(inner.start()) && outer.contains(inner.end()))
                    }
                    _ => return Err(MISTYPED),
                }
            }
            Expr::Aggregate { function, value, selection } => {
                self.aggregate(*function, value.as_deref(), selection, scope)?
            }
            Expr::Steady(place, inner) => match self.registers.known(*place) {
                Some(known) if !T::ON => Value::of_constant(known),
                _ => self.eval(inner, scope)?,
            },
            Expr::AggregateList(function, list) => {
                let Value::List(list) = self.eval(list, scope)? else {
                    return Err(MISTYPED);
                };
                let mut sum = Gathered::new(*function);
                for place in 0..list.len() {
                    sum.take(list.get(place).unwrap_or(Value::Missing))?;
                }
                sum.finish()?
            }
            Expr::Call(function, arguments) => self.call(*function, arguments, scope)?,
            _ => return Err(MISTYPED),
        })
    }

    /// Works out a condition.
    pub fn holds(&mut self, expr: &'a Expr, scope: Scope<'a>) -> Result<bool, Fault> {
        match self.eval(expr, scope)? {
            Value::Bool(value) => Ok(value),
            Value::Missing => Err(nothing_there()),
            _ => Err(MISTYPED),
        }
    }

    /// Works out a number.
    pub fn number(&mut self, expr: &'a Expr, scope: Scope<'a>) -> Result<Exact, Fault> {
        match self.eval(expr, scope)? {
            Value::Number(value) => Ok(value),
            Value::Missing => Err(nothing_there()),
            _ => Err(MISTYPED),
        }
    }

    /// Works out a day.
    pub fn date_of(&mut self, expr: &'a Expr, scope: Scope<'a>) -> Result<Date, Fault> {
        match self.eval(expr, scope)? {
            Value::Date(day) => Ok(day),
            Value::Missing => Err(nothing_there()),
            _ => Err(MISTYPED),
        }
    }

    fn day_or_date(&mut self, day: Option<&'a Expr>, scope: Scope<'a>) -> Result<Date, Fault> {
        day.map_or(Ok(self.date), |day| self.date_of(day, scope))
    }

    /// All hold, or (`any`) one of them does.
    fn all(&mut self, parts: &'a [Expr], scope: Scope<'a>, any: bool) -> Result<Value<'a>, Fault> {
        for part in parts {
            if self.holds(part, scope)? == any {
                return Ok(Value::Bool(any));
            }
        }
        Ok(Value::Bool(!any))
    }

    fn parameter(
        &mut self,
        parameter: u32,
        keys: &'a [Expr],
        day: Date,
        scope: Scope<'a>,
    ) -> Result<Value<'a>, Fault> {
        let plan = self.plan;
        let declared = plan.parameters.get(at(parameter)).ok_or(MISTYPED)?;
        let mut place = 0;
        for (key, size) in keys.iter().zip(&declared.sizes) {
            match self.eval(key, scope)? {
                Value::Member(member) => place = place * at(*size) + at(member),
                Value::Missing => return Err(nothing_there()),
                _ => return Err(MISTYPED),
            }
        }
        let timeline = declared.timelines.get(place).ok_or(MISTYPED)?;
        match Version::on(timeline, day) {
            Some(version) => {
                self.tell_parameter(parameter, place, day, version.from, &version.value);
                Ok(Value::of_constant(&version.value))
            }
            None => {
                let mut members = Vec::with_capacity(keys.len());
                for key in keys {
                    if let Value::Member(member) = self.eval(key, scope)? {
                        members.push(member);
                    }
                }
                Err(Reason::NoParameter { parameter, key: members, day }.into())
            }
        }
    }

    /// A negative value gives the mirror of its amount and quick deduction, and the rate of its size.
    fn schedule(
        &mut self,
        schedule: u32,
        what: ScheduleValue,
        value: &Exact,
        day: Date,
    ) -> Result<Exact, Fault> {
        let plan = self.plan;
        let declared = plan.schedules.get(at(schedule)).ok_or(MISTYPED)?;
        let version = Version::on(&declared.versions, day);
        let version = version.ok_or(Reason::NoSchedule { schedule, day })?;
        let size = value.abs();
        let bracket = Bracket::holding(&version.value, &size);
        let bracket = bracket.ok_or(Fault::Internal("a schedule without a last bracket"))?;
        self.tell_schedule(|| ScheduleUsed {
            schedule,
            day,
            from: version.from,
            amount: value.clone(),
            rate: bracket.rate.clone(),
            quick: bracket.quick.clone(),
        });
        let read = bracket.reads(what, &size)?;
        let mirrored = value.is_negative() && what != ScheduleValue::Rate;
        Ok(if mirrored { read.neg() } else { read })
    }

    fn aggregate(
        &mut self,
        function: Aggregate,
        value: Option<&'a Expr>,
        selection: &'a Selection,
        scope: Scope<'a>,
    ) -> Result<Value<'a>, Fault> {
        let mut gathered = Gathered::new(function);
        if selection.factors.is_empty() {
            let mut rows = self.rows(selection, scope)?;
            while let Some(row) = self.next_row(&mut rows)? {
                self.bind(scope, selection.binding, row);
                if let Some(condition) = &selection.condition
                    && !self.holds(condition, scope)?
                {
                    continue;
                }
                let one = value.map_or(Ok(Value::Bool(true)), |value| self.eval(value, scope))?;
                gathered.take(one)?;
            }
            return gathered.finish();
        }
        let (rows, shares) = self.weighed(selection, scope)?;
        let mut shares = shares.map(Vec::into_iter);
        for row in rows {
            let share = shares.as_mut().and_then(Iterator::next);
            self.bind_row(selection, row, share, scope);
            let one = value.map_or(Ok(Value::Bool(true)), |value| self.eval(value, scope))?;
            gathered.take(one)?;
        }
        gathered.finish()
    }

    fn call(
        &mut self,
        function: Function,
        arguments: &'a [Expr],
        scope: Scope<'a>,
    ) -> Result<Value<'a>, Fault> {
        let mut values = arguments.iter();
        let first = match values.next() {
            Some(first) => self.eval(first, scope)?,
            None => return Err(MISTYPED),
        };
        if function == Function::Present {
            return Ok(Value::Bool(!first.is_missing()));
        }
        if matches!(function, Function::Min | Function::Max) {
            let aggregate = if function == Function::Min { Aggregate::Min } else { Aggregate::Max };
            let mut gathered = Gathered::new(aggregate);
            gathered.take(first)?;
            for value in values {
                let value = self.eval(value, scope)?;
                gathered.take(value)?;
            }
            return gathered.finish();
        }
        let mut next = || values.next().map_or(Ok(Value::Missing), |value| self.eval(value, scope));
        let (second, third) = (next()?, next()?);
        built_in(function, first, second, third)
    }
}

/// A sum, count, least or greatest in the making.
struct Gathered<'a> {
    function: Aggregate,
    sum: Exact,
    count: i128,
    best: Option<Value<'a>>,
}

impl<'a> Gathered<'a> {
    fn new(function: Aggregate) -> Gathered<'a> {
        Gathered { function, sum: Exact::ZERO, count: 0, best: None }
    }

    fn take(&mut self, value: Value<'a>) -> Result<(), Fault> {
        match self.function {
            Aggregate::Count => self.count += 1,
            Aggregate::Sum => match value {
                Value::Number(number) => self.sum = self.sum.add(&number)?,
                Value::Missing => return Err(nothing_there()),
                _ => return Err(MISTYPED),
            },
            Aggregate::Min | Aggregate::Max => {
                let better = if self.function == Aggregate::Min {
                    Ordering::Less
                } else {
                    Ordering::Greater
                };
                let best = self.best.as_ref();
                let replaces = match best {
                    None if value.is_missing() => return Err(nothing_there()),
                    None => true,
                    Some(best) => value.order(best).ok_or(MISTYPED)? == better,
                };
                if replaces {
                    self.best = Some(value);
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Value<'a>, Fault> {
        match self.function {
            Aggregate::Count => Ok(Value::Number(Exact::from_int(self.count))),
            Aggregate::Sum => Ok(Value::Number(self.sum)),
            Aggregate::Min | Aggregate::Max => {
                self.best.ok_or_else(|| Reason::EmptySelection.into())
            }
        }
    }
}

pub(crate) fn compare(how: Comparison, left: &Value<'_>, right: &Value<'_>) -> Result<bool, Fault> {
    match how {
        Comparison::Equal => return Ok(left == right),
        Comparison::NotEqual => return Ok(left != right),
        _ => {}
    }
    let order = match left.order(right) {
        Some(order) => order,
        None if left.is_missing() || right.is_missing() => return Err(nothing_there()),
        None => return Err(MISTYPED),
    };
    Ok(match how {
        Comparison::Less => order.is_lt(),
        Comparison::LessEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterEqual => order.is_ge(),
        Comparison::Equal | Comparison::NotEqual => order.is_eq(),
    })
}
