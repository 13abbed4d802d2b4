//! Working out a test for one value of each of its terms.

use std::cmp::Ordering;

use crate::base::{Date, Exact, Period, PeriodKind};
use crate::model::{
    Arithmetic, Comparison, Constant, Expr, ExprKind, Function, LocalIx, MemberIx, RuleSet, Type,
};

/// What a test comes to.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::check) enum Known {
    /// A value.
    Value(Constant),
    /// Some term has no value yet.
    Open,
    /// There is no such value: the event would be set aside.
    Never,
}

/// Works out an expression over terms, which stand as locals.
pub(in crate::check) fn evaluate(
    rules: &RuleSet,
    expr: &Expr,
    term: &dyn Fn(LocalIx) -> Option<Constant>,
) -> Known {
    Evaluation { rules, term }.value(expr)
}

/// Works out an expression without terms.
pub(in crate::check) fn constant(rules: &RuleSet, expr: &Expr) -> Option<Constant> {
    match evaluate(rules, expr, &|_| None) {
        Known::Value(value) => Some(value),
        Known::Open | Known::Never => None,
    }
}

/// Whether two values stand as a comparison says; members and options know only (in)equality.
pub(in crate::check) fn holds(comparison: Comparison, ordering: Ordering) -> bool {
    match comparison {
        Comparison::Equal => ordering == Ordering::Equal,
        Comparison::NotEqual => ordering != Ordering::Equal,
        Comparison::Less => ordering == Ordering::Less,
        Comparison::LessEqual => ordering != Ordering::Greater,
        Comparison::Greater => ordering == Ordering::Greater,
        Comparison::GreaterEqual => ordering != Ordering::Less,
    }
}

/// Whether a region is another or lies in it.
pub(in crate::check) fn lies_in(
    rules: &RuleSet,
    (enumeration, inner): (crate::model::EnumerationId, MemberIx),
    outer: MemberIx,
) -> bool {
    let Some(enumeration) = rules.enumerations.get(enumeration.index()) else { return false };
    // A parent stands before its children, so the walk ends.
    let mut at = Some(inner);
    for _ in 0..=enumeration.members.len() {
        if at == Some(outer) {
            return true;
        }
        at = at.and_then(|at| enumeration.members.get(at.index())).and_then(|it| it.parent);
    }
    false
}

struct Evaluation<'a> {
    rules: &'a RuleSet,
    term: &'a dyn Fn(LocalIx) -> Option<Constant>,
}

impl Evaluation<'_> {
    fn value(&self, expr: &Expr) -> Known {
        match &expr.kind {
            ExprKind::Constant(value) => Known::Value(value.clone()),
            ExprKind::Local(local) => (self.term)(*local).map_or(Known::Open, Known::Value),
            ExprKind::Parameter { parameter, keys, at } => match self.values(keys) {
                Ok(keys) => self.parameter(*parameter, &keys, self.value(at)),
                Err(known) => known,
            },
            ExprKind::Arithmetic(operation, left, right) => {
                self.pair(left, right, |left, right| arithmetic(*operation, left, right))
            }
            ExprKind::Compare(comparison, left, right) => self.pair(left, right, |left, right| {
                order(&left, &right).map(|it| Constant::Bool(holds(*comparison, it)))
            }),
            ExprKind::InTree(left, right) => self.pair(left, right, |left, right| {
                let (Constant::Member(tree, inner), Constant::Member(_, outer)) = (left, right)
                else {
                    return None;
                };
                Some(Constant::Bool(lies_in(self.rules, (tree, inner), outer)))
            }),
            ExprKind::Negate(inner) => self.map(inner, |value| match value {
                Constant::Number(number) => Some(Constant::Number(number.neg())),
                Constant::Duration(length) => length.checked_neg().map(Constant::Duration),
                _ => None,
            }),
            ExprKind::Rounded(inner, rounding, unit) => self.map(inner, |value| match value {
                Constant::Number(number) => {
                    number.rounded(*rounding, unit).ok().map(Constant::Number)
                }
                _ => None,
            }),
            ExprKind::If(condition, then, otherwise) => match self.value(condition) {
                Known::Value(Constant::Bool(true)) => self.value(then),
                Known::Value(_) => self.value(otherwise),
                open => open,
            },
            ExprKind::And(items) => self.joined(items, false),
            ExprKind::Or(items) => self.joined(items, true),
            ExprKind::Not(inner) => self.map(inner, |value| match value {
                Constant::Bool(value) => Some(Constant::Bool(!value)),
                _ => None,
            }),
            ExprKind::InSet(value, members) => match (self.value(value), self.values(members)) {
                (Known::Value(value), Ok(members)) => {
                    Known::Value(Constant::Bool(members.contains(&value)))
                }
                (Known::Never, _) | (_, Err(Known::Never)) => Known::Never,
                (_, _) => Known::Open,
            },
            ExprKind::Call(Function::Present, arguments) => match self.values(arguments) {
                Ok(_) => Known::Value(Constant::Bool(true)),
                Err(Known::Never) => Known::Value(Constant::Bool(false)),
                Err(open) => open,
            },
            ExprKind::Call(function, arguments) => match self.values(arguments) {
                Ok(values) => call(*function, &values, &expr.ty).map_or(Known::Never, Known::Value),
                Err(known) => known,
            },
            _ => Known::Open,
        }
    }

    /// Items in turn, until one of them settles the whole.
    fn joined(&self, items: &[Expr], settles: bool) -> Known {
        for item in items {
            match self.value(item) {
                Known::Value(Constant::Bool(value)) if value == settles => {
                    return Known::Value(Constant::Bool(settles));
                }
                Known::Value(_) => {}
                other => return other,
            }
        }
        Known::Value(Constant::Bool(!settles))
    }

    fn values(&self, exprs: &[Expr]) -> Result<Vec<Constant>, Known> {
        exprs
            .iter()
            .map(|expr| match self.value(expr) {
                Known::Value(value) => Ok(value),
                other => Err(other),
            })
            .collect()
    }

    fn map(&self, expr: &Expr, apply: impl Fn(Constant) -> Option<Constant>) -> Known {
        match self.value(expr) {
            Known::Value(value) => apply(value).map_or(Known::Never, Known::Value),
            other => other,
        }
    }

    fn pair(
        &self,
        left: &Expr,
        right: &Expr,
        apply: impl Fn(Constant, Constant) -> Option<Constant>,
    ) -> Known {
        match (self.value(left), self.value(right)) {
            (Known::Value(left), Known::Value(right)) => {
                apply(left, right).map_or(Known::Never, Known::Value)
            }
            (Known::Never, _) | (_, Known::Never) => Known::Never,
            (Known::Open, _) | (_, Known::Open) => Known::Open,
        }
    }

    fn parameter(
        &self,
        parameter: crate::model::ParameterId,
        keys: &[Constant],
        at: Known,
    ) -> Known {
        let Known::Value(Constant::Date(day)) = at else {
            return if at == Known::Never { Known::Never } else { Known::Open };
        };
        let members: Option<Vec<MemberIx>> = keys
            .iter()
            .map(|key| if let Constant::Member(_, member) = key { Some(*member) } else { None })
            .collect();
        let timeline = self
            .rules
            .parameters
            .get(parameter.index())
            .zip(members)
            .and_then(|(parameter, members)| parameter.timelines.get(&members));
        let version = timeline.into_iter().flatten().find(|version| {
            version.from.is_none_or(|from| from <= day)
                && version.until.is_none_or(|until| day < until)
        });
        version.map_or(Known::Never, |version| Known::Value(version.value.clone()))
    }
}

fn order(left: &Constant, right: &Constant) -> Option<Ordering> {
    match (left, right) {
        (Constant::Number(left), Constant::Number(right)) => Some(left.cmp(right)),
        (Constant::Date(left), Constant::Date(right)) => Some(left.cmp(right)),
        (Constant::Period(left), Constant::Period(right)) => Some(left.index().cmp(&right.index())),
        (Constant::Duration(left), Constant::Duration(right)) => Some(left.cmp(right)),
        (Constant::Text(left), Constant::Text(right)) => Some(left.cmp(right)),
        (Constant::Bool(left), Constant::Bool(right)) => Some(left.cmp(right)),
        (Constant::Member(_, left), Constant::Member(_, right)) => Some(left.cmp(right)),
        (Constant::Option(_, left), Constant::Option(_, right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn arithmetic(operation: Arithmetic, left: Constant, right: Constant) -> Option<Constant> {
    match (left, right) {
        (Constant::Number(left), Constant::Number(right)) => match operation {
            Arithmetic::Add => left.add(&right),
            Arithmetic::Subtract => left.sub(&right),
            Arithmetic::Multiply => left.mul(&right),
            Arithmetic::Divide => left.div(&right),
        }
        .ok()
        .map(Constant::Number),
        (Constant::Date(day), Constant::Duration(length)) => match operation {
            Arithmetic::Add => day.checked_add(length).map(Constant::Date),
            Arithmetic::Subtract => day.checked_sub(length).map(Constant::Date),
            Arithmetic::Multiply | Arithmetic::Divide => None,
        },
        (Constant::Date(left), Constant::Date(right)) => {
            (operation == Arithmetic::Subtract).then(|| number(right.days_until(left)))
        }
        (Constant::Period(period), Constant::Number(count)) => {
            let count = i32::try_from(count.to_int()?).ok()?;
            match operation {
                Arithmetic::Add => period.checked_add(count).map(Constant::Period),
                Arithmetic::Subtract => {
                    period.checked_add(count.checked_neg()?).map(Constant::Period)
                }
                Arithmetic::Multiply | Arithmetic::Divide => None,
            }
        }
        _ => None,
    }
}

fn number(value: i32) -> Constant {
    Constant::Number(Exact::from(i64::from(value)))
}

fn call(function: Function, arguments: &[Constant], ty: &Type) -> Option<Constant> {
    match function {
        Function::Min | Function::Max => extreme(function, arguments),
        Function::MakeDate => {
            let [year, month, day] = arguments else { return None };
            Date::new(whole(year)?, whole(month)?, whole(day)?).map(Constant::Date)
        }
        Function::Remainder => {
            let [Constant::Number(left), Constant::Number(right)] = arguments else { return None };
            let quotient = left.div(right).ok()?;
            let floor = quotient.floor();
            // Truncated toward zero, so that the remainder has the sign of what is divided.
            let times = if quotient.is_negative() && !quotient.is_integer() {
                floor.add(&Exact::ONE).ok()?
            } else {
                floor
            };
            left.sub(&times.mul(right).ok()?).ok().map(Constant::Number)
        }
        Function::Days => match arguments {
            [Constant::Date(from), Constant::Date(to)] => Some(number(from.days_until(*to))),
            [Constant::Period(period)] => {
                let days = period.start().days_until(period.end()).checked_add(1)?;
                Some(number(days))
            }
            _ => None,
        },
        Function::MonthsBetween | Function::Present => None,
        Function::Abs
        | Function::Month
        | Function::Quarter
        | Function::Year
        | Function::MonthOfYear
        | Function::DayOfMonth
        | Function::YearNumber
        | Function::Weekday
        | Function::Start
        | Function::End => {
            let [argument] = arguments else { return None };
            of_one(function, argument, ty)
        }
    }
}

fn extreme(function: Function, arguments: &[Constant]) -> Option<Constant> {
    let (first, others) = arguments.split_first()?;
    let wanted = if function == Function::Min { Ordering::Less } else { Ordering::Greater };
    others.iter().try_fold(first.clone(), |best, next| {
        Some(if order(next, &best)? == wanted { next.clone() } else { best })
    })
}

fn whole(value: &Constant) -> Option<i32> {
    match value {
        Constant::Number(number) => i32::try_from(number.to_int()?).ok(),
        Constant::Period(period) => Some(period.year()),
        _ => None,
    }
}

fn of_one(function: Function, argument: &Constant, ty: &Type) -> Option<Constant> {
    match (function, argument) {
        (Function::Abs, Constant::Number(value)) => Some(Constant::Number(value.abs())),
        (Function::Month | Function::Quarter | Function::Year, Constant::Date(day)) => {
            let Type::Period(kind) = ty.required() else { return None };
            Some(Constant::Period(Period::of(*kind, *day)))
        }
        (Function::Month | Function::Quarter | Function::Year, Constant::Period(period)) => {
            let Type::Period(kind) = ty.required() else { return None };
            Some(Constant::Period(Period::of(*kind, period.start())))
        }
        (Function::MonthOfYear, Constant::Date(day)) => Some(number(day.month())),
        (Function::MonthOfYear, Constant::Period(period)) => {
            (period.kind() == PeriodKind::Month).then(|| number(period.number()))
        }
        (Function::DayOfMonth, Constant::Date(day)) => Some(number(day.day())),
        (Function::YearNumber, Constant::Date(day)) => Some(number(day.year())),
        (Function::YearNumber, Constant::Period(period)) => Some(number(period.year())),
        (Function::Weekday, Constant::Date(day)) => {
            Some(number(i32::from(day.weekday().to_monday_one_offset())))
        }
        (Function::Start, Constant::Period(period)) => Some(Constant::Date(period.start())),
        (Function::End, Constant::Period(period)) => Some(Constant::Date(period.end())),
        _ => None,
    }
}
