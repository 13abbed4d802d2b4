//! Values and expressions as the rules write them, for messages.

use crate::base::Exact;
use crate::model::{
    Aggregate, Arithmetic, Comparison, Constant, EnumerationId, EventId, Expr, ExprKind, Field,
    FieldIx, Function, MemberIx, RowSource, RuleSet, ScheduleValue, Selection, TotalKey, Type,
};

/// Writes expressions of one rule set, with the names of one event's fields.
#[derive(Clone, Copy)]
pub(super) struct Show<'a> {
    rules: &'a RuleSet,
    event: Option<EventId>,
}

/// A name that stands for something resolving could not name.
const NAMELESS: &str = "…";

impl<'a> Show<'a> {
    pub(super) fn new(rules: &'a RuleSet, event: Option<EventId>) -> Show<'a> {
        Show { rules, event }
    }

    /// A member by the name the rules give it.
    pub(super) fn member(&self, enumeration: EnumerationId, member: MemberIx) -> &'a str {
        self.rules
            .enumerations
            .get(enumeration.index())
            .and_then(|enumeration| enumeration.members.get(member.index()))
            .map_or(NAMELESS, |member| member.name.text.as_str())
    }

    /// A constant of a type.
    pub(super) fn constant(&self, value: &Constant, ty: &Type) -> String {
        match value {
            Constant::Bool(value) => value.to_string(),
            Constant::Number(number) => self.number(number, ty.required()),
            Constant::Date(date) => date.to_string(),
            Constant::Period(period) => period.to_string(),
            Constant::Duration(duration) => duration.to_string(),
            Constant::Text(text) => text.clone(),
            Constant::Member(enumeration, member) => self.member(*enumeration, *member).to_owned(),
            Constant::Option(reading, option) => self
                .rules
                .readings
                .get(reading.index())
                .and_then(|reading| reading.options.get(usize::try_from(*option).ok()?))
                .map_or_else(|| NAMELESS.to_owned(), |option| option.text.clone()),
        }
    }

    fn number(&self, number: &Exact, ty: &Type) -> String {
        match ty {
            Type::Rate => rate(number),
            Type::Money(currency) => {
                let scale = self.rules.currencies.get(currency.index()).map_or(2, |one| one.scale);
                number.to_decimal_string(scale).unwrap_or_else(|| number.to_string())
            }
            Type::Number
            | Type::Integer
            | Type::Date
            | Type::Period(_)
            | Type::Duration
            | Type::Bool
            | Type::Text
            | Type::Member(_)
            | Type::Option(_)
            | Type::Row(_)
            | Type::List(_)
            | Type::Optional(_) => number.to_string(),
        }
    }

    /// The name of a field of the event.
    fn event_field(&self, field: FieldIx) -> &'a str {
        self.event
            .and_then(|event| self.rules.events.get(event.index()))
            .and_then(|event| event.fields.get(field.index()))
            .map_or(NAMELESS, |field| field.name.text.as_str())
    }

    /// The name of the event's effective date.
    pub(super) fn effective_date(&self) -> &'a str {
        self.event
            .and_then(|event| self.rules.events.get(event.index()))
            .map_or("date", |event| self.event_field(event.effective))
    }

    fn row_field(&self, row: &Expr, field: FieldIx) -> &'a str {
        let Type::Row(shape) = row.ty.required() else { return NAMELESS };
        self.rules
            .shapes
            .get(shape.index())
            .and_then(|shape| shape.fields.get(field.index()))
            .map_or(NAMELESS, |field: &Field| field.name.text.as_str())
    }

    /// An expression, close to how a rule would write it.
    pub(super) fn expr(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Constant(value) => self.constant(value, &expr.ty),
            ExprKind::List(items) => format!("[{}]", self.list(items)),
            ExprKind::Field(field) => self.event_field(*field).to_owned(),
            ExprKind::EffectiveDate => self.effective_date().to_owned(),
            ExprKind::Own { .. } | ExprKind::Local(_) => NAMELESS.to_owned(),
            ExprKind::RowField { row, field, at: _ } => match row.kind {
                ExprKind::Local(_) => self.row_field(row, *field).to_owned(),
                _ => format!("{}.{}", self.expr(row), self.row_field(row, *field)),
            },
            ExprKind::Reading(reading) => {
                name_of(self.rules.readings.get(reading.index()).map(|it| &it.name.text))
            }
            ExprKind::Parameter { parameter, keys, at: _ } => {
                let parameter = self.rules.parameters.get(parameter.index());
                self.keyed(parameter.map(|it| &it.name.text), keys)
            }
            ExprKind::Lookup { register, keys } => {
                let register = self.rules.registers.get(register.index());
                self.keyed(register.map(|it| &it.name.text), keys)
            }
            ExprKind::Schedule { schedule, keys, what, of, at: _ } => {
                let schedule = self.rules.schedules.get(schedule.index());
                let what = match what {
                    ScheduleValue::Amount => "",
                    ScheduleValue::Rate => ".rate",
                    ScheduleValue::Quick => ".quick",
                };
                let name = self.keyed(schedule.map(|it| &it.name.text), keys);
                format!("{name}{what}({})", self.expr(of))
            }
            ExprKind::Total { tally, with_this, keys, as_of } => {
                let tally = self.rules.tallies.get(tally.index()).map(|it| &it.name.text);
                self.total(&name_of(tally), *with_this, keys, as_of.as_deref())
            }
            ExprKind::Carried { carry, keys: _ } => {
                name_of(self.rules.carries.get(carry.index()).map(|it| &it.name.text))
            }
            ExprKind::Closed { account, keys } => {
                let account = self.rules.accounts.get(account.index());
                format!("closed({})", self.keyed(account.map(|it| &it.name.text), keys))
            }
            ExprKind::Balance { account, keys } => {
                let account = self.rules.accounts.get(account.index());
                format!("balance({})", self.keyed(account.map(|it| &it.name.text), keys))
            }
            ExprKind::Negate(_)
            | ExprKind::Not(_)
            | ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Arithmetic(..)
            | ExprKind::Compare(..)
            | ExprKind::InSet(..)
            | ExprKind::InTree(..)
            | ExprKind::InRange { .. }
            | ExprKind::InPeriod(..)
            | ExprKind::Bind(..)
            | ExprKind::If(..)
            | ExprKind::Otherwise(..)
            | ExprKind::Rounded(..)
            | ExprKind::Aggregate { .. }
            | ExprKind::AggregateList(..)
            | ExprKind::Share(_)
            | ExprKind::Call(..) => self.compound(expr),
        }
    }

    fn compound(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Negate(inner) => format!("-{}", self.operand(inner)),
            ExprKind::Not(inner) => format!("not {}", self.operand(inner)),
            ExprKind::And(items) => self.joined(items, " and "),
            ExprKind::Or(items) => self.joined(items, " or "),
            ExprKind::Arithmetic(operation, left, right) => {
                let sign = match operation {
                    Arithmetic::Add => "+",
                    Arithmetic::Subtract => "-",
                    Arithmetic::Multiply => "*",
                    Arithmetic::Divide => "/",
                };
                format!("{} {sign} {}", self.operand(left), self.operand(right))
            }
            ExprKind::Compare(comparison, left, right) => {
                format!("{} {} {}", self.operand(left), sign(*comparison), self.operand(right))
            }
            ExprKind::InSet(value, members) => {
                format!("{} in {{{}}}", self.operand(value), self.list(members))
            }
            ExprKind::InTree(inner, outer) | ExprKind::InPeriod(inner, outer) => {
                format!("{} in {}", self.operand(inner), self.operand(outer))
            }
            ExprKind::InRange { value, from, to, closed } => {
                let dots = if *closed { "..=" } else { ".." };
                let (value, from, to) = (self.operand(value), self.expr(from), self.expr(to));
                format!("{value} in {from} {dots} {to}")
            }
            ExprKind::Bind(inner, _) | ExprKind::Rounded(inner, _, _) => self.expr(inner),
            ExprKind::If(condition, then, otherwise) => format!(
                "if {} then {} else {}",
                self.expr(condition),
                self.expr(then),
                self.expr(otherwise)
            ),
            ExprKind::Otherwise(value, default) => {
                format!("{} otherwise {}", self.operand(value), self.operand(default))
            }
            ExprKind::Aggregate { function, value, selection } => {
                let over = self.selection(selection);
                match value {
                    Some(value) => {
                        format!("{}({} for {over})", aggregate(*function), self.expr(value))
                    }
                    None => format!("{}({over})", aggregate(*function)),
                }
            }
            ExprKind::AggregateList(function, list) => {
                format!("{}({})", aggregate(*function), self.expr(list))
            }
            ExprKind::Call(function, arguments) => {
                format!("{}({})", function_name(*function), self.list(arguments))
            }
            ExprKind::Share(_) => format!("share({NAMELESS})"),
            _ => self.expr(expr),
        }
    }

    fn selection(&self, selection: &Selection) -> String {
        let rows = match &selection.source {
            RowSource::Register { register, keys } => {
                let register = self.rules.registers.get(register.index());
                self.keyed(register.map(|it| &it.name.text), keys)
            }
            RowSource::List { list, shape: _ } => self.expr(list),
            RowSource::Members(enumeration) => {
                name_of(self.rules.enumerations.get(enumeration.index()).map(|it| &it.name.text))
            }
        };
        match &selection.condition {
            Some(condition) => format!("{rows} where {}", self.expr(condition)),
            None => rows,
        }
    }

    fn total(
        &self,
        tally: &str,
        with_this: bool,
        keys: &[TotalKey],
        as_of: Option<&Expr>,
    ) -> String {
        let keys: Vec<String> = keys
            .iter()
            .map(|key| match key {
                TotalKey::All => "all".to_owned(),
                TotalKey::Key(expr) => self.expr(expr),
            })
            .collect();
        let with_this = if with_this { " with this" } else { "" };
        let as_of = as_of.map_or_else(String::new, |day| format!(" as of {}", self.expr(day)));
        format!("total({tally}){with_this} for {}{as_of}", keys.join(", "))
    }

    fn keyed(&self, name: Option<&String>, keys: &[Expr]) -> String {
        let name = name_of(name);
        if keys.is_empty() { name } else { format!("{name}[{}]", self.list(keys)) }
    }

    fn list(&self, items: &[Expr]) -> String {
        self.joined(items, ", ")
    }

    fn joined(&self, items: &[Expr], between: &str) -> String {
        items.iter().map(|item| self.operand(item)).collect::<Vec<_>>().join(between)
    }

    fn operand(&self, expr: &Expr) -> String {
        let text = self.expr(expr);
        match &expr.kind {
            ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Arithmetic(..) | ExprKind::If(..) => {
                format!("({text})")
            }
            _ => text,
        }
    }
}

fn name_of(name: Option<&String>) -> String {
    name.map_or_else(|| NAMELESS.to_owned(), Clone::clone)
}

/// A ratio in per cent.
pub(super) fn rate(ratio: &Exact) -> String {
    match ratio.mul(&Exact::from_int(100)) {
        Ok(percent) if percent.to_decimal_string(0).is_some() => format!("{percent}%"),
        _ => ratio.to_string(),
    }
}

fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::NotEqual => "!=",
        Comparison::Less => "<",
        Comparison::LessEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterEqual => ">=",
    }
}

fn aggregate(function: Aggregate) -> &'static str {
    match function {
        Aggregate::Sum => "sum",
        Aggregate::Count => "count",
        Aggregate::Min => "min",
        Aggregate::Max => "max",
    }
}

fn function_name(function: Function) -> &'static str {
    match function {
        Function::Min => "min",
        Function::Max => "max",
        Function::Abs => "abs",
        Function::MakeDate => "date",
        Function::Month => "month",
        Function::Quarter => "quarter",
        Function::Year => "year",
        Function::MonthOfYear => "month_of_year",
        Function::DayOfMonth => "day_of_month",
        Function::YearNumber => "year_number",
        Function::Weekday => "weekday",
        Function::Start => "start",
        Function::End => "end",
        Function::Days => "days",
        Function::MonthsBetween => "months_between",
        Function::Remainder => "remainder",
        Function::Present => "present",
    }
}
