//! Expressions, in the signs of the language as far as it has any.

use std::fmt;

use super::super::{
    Arithmetic, Comparison, Constant, Event, Expr, Plan, RowSource, ScheduleValue, at,
};

/// An expression to be shown.
pub(super) struct Shown<'e> {
    pub plan: &'e Plan,
    pub event: Option<&'e Event>,
    pub expr: &'e Expr,
}

pub(super) fn constant(constant: &Constant) -> String {
    match constant {
        Constant::Bool(value) => value.to_string(),
        Constant::Number(value) => value.to_string(),
        Constant::Date(value) => value.to_string(),
        Constant::Period(value) => value.to_string(),
        Constant::Duration(value) => value.to_string(),
        Constant::Text(value) => format!("{value:?}"),
        Constant::Member(value) => format!("member {value}"),
        Constant::Option(value) => format!("option {value}"),
    }
}

pub(super) fn listed(plan: &Plan, event: Option<&Event>, exprs: &[Expr]) -> String {
    let shown = |expr| Shown { plan, event, expr }.to_string();
    exprs.iter().map(shown).collect::<Vec<_>>().join(", ")
}

impl Shown<'_> {
    fn of(&self, expr: &Expr) -> String {
        Shown { plan: self.plan, event: self.event, expr }.to_string()
    }

    fn list(&self, exprs: &[Expr]) -> String {
        listed(self.plan, self.event, exprs)
    }

    fn under(&self, name: Option<&String>, keys: &[Expr]) -> String {
        let name = name.map_or("?", String::as_str);
        if keys.is_empty() { name.to_owned() } else { format!("{name}[{}]", self.list(keys)) }
    }

    fn field(&self, field: u32) -> String {
        let declared = self.event.and_then(|event| event.fields.get(at(field)));
        declared.map_or_else(|| format!("field {field}"), |declared| declared.name.clone())
    }

    fn day(&self, day: Option<&Expr>) -> String {
        match day {
            None | Some(Expr::EffectiveDate) => String::new(),
            Some(day) => format!(" at {}", self.of(day)),
        }
    }

    fn read(&self) -> String {
        let plan = self.plan;
        match self.expr {
            Expr::Own { field, at } => format!("own {field}{}", self.day(at.as_deref())),
            Expr::RowField { row, shape, field, at: day } => {
                let shape = plan.shapes.get(at(*shape));
                let field = shape.and_then(|shape| shape.fields.get(at(*field)));
                let name = field.map_or("?", |field| field.name.as_str());
                format!("{}.{name}{}", self.of(row), self.day(day.as_deref()))
            }
            Expr::Parameter { parameter, keys, at: day } => {
                let name = plan.parameters.get(at(*parameter)).map(|it| &it.name);
                format!("{}{}", self.under(name, keys), self.day(Some(day)))
            }
            Expr::Schedule { schedule, what, of, at: day } => {
                let name = plan.schedules.get(at(*schedule)).map_or("?", |it| it.name.as_str());
                let what = match what {
                    ScheduleValue::Amount => "",
                    ScheduleValue::Rate => ".rate",
                    ScheduleValue::Quick => ".quick",
                };
                format!("{name}{what}({}){}", self.of(of), self.day(Some(day)))
            }
            Expr::Lookup { register, keys } => {
                self.under(plan.registers.get(at(*register)).map(|it| &it.name), keys)
            }
            Expr::Total { tally, projection, with_this, keys, as_of } => {
                let name = plan.tallies.get(at(*tally)).map_or("?", |it| it.name.as_str());
                let with_this = if *with_this { " with this" } else { "" };
                let as_of = as_of.as_ref().map(|day| format!(" as of {}", self.of(day)));
                let (keys, as_of) = (self.list(keys), as_of.unwrap_or_default());
                format!("total({name}/{projection}){with_this} for ({keys}){as_of}")
            }
            Expr::Carried { carry, keys } => {
                self.under(plan.carries.get(at(*carry)).map(|it| &it.name), keys)
            }
            Expr::Closed { account, keys } => {
                let name = plan.accounts.get(at(*account)).map(|it| &it.name);
                format!("closed({})", self.under(name, keys))
            }
            Expr::Balance { account, keys } => {
                let name = plan.accounts.get(at(*account)).map(|it| &it.name);
                format!("balance({})", self.under(name, keys))
            }
            _ => String::new(),
        }
    }

    fn worked_out(&self) -> String {
        match self.expr {
            Expr::List(values) => format!("[{}]", self.list(values)),
            Expr::Negate(inner) => format!("-{}", self.of(inner)),
            Expr::Not(inner) => format!("not {}", self.of(inner)),
            Expr::And(parts) => format!("all({})", self.list(parts)),
            Expr::Or(parts) => format!("any({})", self.list(parts)),
            Expr::Arithmetic(how, a, b) => {
                let sign = match how {
                    Arithmetic::Add => "+",
                    Arithmetic::Subtract => "-",
                    Arithmetic::Multiply => "*",
                    Arithmetic::Divide => "/",
                };
                format!("({} {sign} {})", self.of(a), self.of(b))
            }
            Expr::Compare(how, a, b) => {
                let sign = match how {
                    Comparison::Equal => "=",
                    Comparison::NotEqual => "!=",
                    Comparison::Less => "<",
                    Comparison::LessEqual => "<=",
                    Comparison::Greater => ">",
                    Comparison::GreaterEqual => ">=",
                };
                format!("({} {sign} {})", self.of(a), self.of(b))
            }
            Expr::AsDuration(days) => format!("days({})", self.of(days)),
            Expr::InSet(value, set) => format!("({} in {{{}}})", self.of(value), self.list(set)),
            Expr::MemberIn(value, table) => {
                let members = (0..).zip(table).filter(|(_, inside)| **inside);
                let members: Vec<String> =
                    members.map(|(it, _): (u32, _)| it.to_string()).collect();
                format!("({} in members {})", self.of(value), members.join(" "))
            }
            Expr::InTree { inner, outer, .. } => {
                format!("({} in {})", self.of(inner), self.of(outer))
            }
            Expr::InRange { value, from, to, closed } => {
                let dots = if *closed { "..=" } else { ".." };
                format!("({} in {} {dots} {})", self.of(value), self.of(from), self.of(to))
            }
            Expr::InPeriod(date, period) => format!("({} in {})", self.of(date), self.of(period)),
            Expr::Bind(value, slot) => format!("({} as ${slot})", self.of(value)),
            Expr::If(condition, yes, no) => {
                format!("(if {} then {} else {})", self.of(condition), self.of(yes), self.of(no))
            }
            Expr::Otherwise(value, other) => {
                format!("({} otherwise {})", self.of(value), self.of(other))
            }
            Expr::Rounded(value, how, unit) => {
                format!("({} rounded {how:?} to {unit})", self.of(value))
            }
            Expr::Steady(_, inner) => self.of(inner),
            Expr::AggregateList(function, list) => format!("{function:?}({})", self.of(list)),
            Expr::Call(function, arguments) => format!("{function:?}({})", self.list(arguments)),
            Expr::Aggregate { function, value, selection } => {
                let value = value.as_ref().map(|value| self.of(value)).unwrap_or_default();
                let source = match &selection.source {
                    RowSource::Register { register, keys } => {
                        self.under(self.plan.registers.get(at(*register)).map(|it| &it.name), keys)
                    }
                    RowSource::List(list) => self.of(list),
                    RowSource::Members(count) => format!("{count} members"),
                };
                let condition = selection.condition.as_ref();
                let condition = condition.map(|it| format!(" where {}", self.of(it)));
                let weights = if selection.factors.is_empty() { "" } else { " weighed" };
                let (slot, condition) = (selection.binding, condition.unwrap_or_default());
                format!("{function:?}({value} for {source} as ${slot}{condition}{weights})")
            }
            _ => String::new(),
        }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.expr {
            Expr::Constant(value) => f.write_str(&constant(value)),
            Expr::Field(field) => f.write_str(&self.field(*field)),
            Expr::EffectiveDate => f.write_str("the date"),
            Expr::Local(slot) => write!(f, "${slot}"),
            Expr::Share(slot) => write!(f, "share ${slot}"),
            Expr::Reading { reading, option } => write!(f, "reading {reading} (option {option})"),
            Expr::Own { .. }
            | Expr::RowField { .. }
            | Expr::Parameter { .. }
            | Expr::Schedule { .. }
            | Expr::Lookup { .. }
            | Expr::Total { .. }
            | Expr::Carried { .. }
            | Expr::Closed { .. }
            | Expr::Balance { .. } => f.write_str(&self.read()),
            _ => f.write_str(&self.worked_out()),
        }
    }
}
