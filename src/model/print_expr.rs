//! Expressions, legs and targets as stable text.

use std::fmt::Write;

use super::{
    AccountId, Bound, Constant, EnumerationId, EventId, Expr, ExprKind, Feed, Formula, Leg,
    MemberIx, ModuleId, Place, Portion, RowSource, RuleSet, Selection, Settlement, Source, Split,
    Target, TotalKey, Transfer, Type,
};

/// Names the things of one rule set.
pub(super) struct Printer<'a> {
    pub set: &'a RuleSet,
}

impl Printer<'_> {
    pub fn account(&self, id: AccountId) -> String {
        self.set.accounts.get(id.index()).map_or(String::new(), |entry| entry.name.text.clone())
    }

    pub fn event(&self, id: EventId) -> String {
        self.set.events.get(id.index()).map_or(String::new(), |entry| entry.name.text.clone())
    }

    pub fn module(&self, id: ModuleId) -> String {
        self.set.modules.get(id.index()).map_or(String::new(), |entry| entry.name.text.clone())
    }

    fn member(&self, id: EnumerationId, member: MemberIx) -> String {
        let enumeration = self.set.enumerations.get(id.index());
        let entry = enumeration.and_then(|entry| Some((entry, entry.members.get(member.index())?)));
        entry.map_or(String::new(), |(of, member)| format!("{}.{}", of.name.text, member.name.text))
    }

    pub fn regions(&self, regions: &[(EnumerationId, MemberIx)]) -> String {
        let names: Vec<String> = regions.iter().map(|(id, ix)| self.member(*id, *ix)).collect();
        names.join(", ")
    }

    pub fn ty(&self, ty: &Type) -> String {
        match ty {
            Type::Money(id) => {
                let currency = self.set.currencies.get(id.index());
                format!("money {}", currency.map_or("", |currency| currency.name.as_str()))
            }
            Type::Member(id) => {
                let entry = self.set.enumerations.get(id.index());
                entry.map_or(String::new(), |entry| entry.name.text.clone())
            }
            Type::Option(id) => {
                let entry = self.set.readings.get(id.index());
                entry.map_or(String::new(), |entry| entry.name.text.clone())
            }
            Type::Row(id) => {
                let entry = self.set.shapes.get(id.index());
                format!("row of {}", entry.map_or("", |entry| entry.name.as_str()))
            }
            Type::List(inner) => format!("list of {}", self.ty(inner)),
            Type::Optional(inner) => format!("{}?", self.ty(inner)),
            Type::Rate
            | Type::Number
            | Type::Integer
            | Type::Date
            | Type::Period(_)
            | Type::Duration
            | Type::Bool
            | Type::Text => format!("{ty:?}").to_lowercase(),
        }
    }

    pub fn constant(&self, constant: &Constant) -> String {
        match constant {
            Constant::Bool(value) => value.to_string(),
            Constant::Number(value) => value.to_string(),
            Constant::Date(value) => value.to_string(),
            Constant::Period(value) => value.to_string(),
            Constant::Duration(value) => format!("{} months {} days", value.months, value.days),
            Constant::Text(value) => format!("{value:?}"),
            Constant::Member(id, member) => self.member(*id, *member),
            Constant::Option(id, option) => {
                let reading = self.set.readings.get(id.index());
                let name = reading.map_or("", |reading| reading.name.text.as_str());
                format!("{name}:{option}")
            }
        }
    }

    pub fn formula(&self, formula: &Formula) -> String {
        self.expr(&formula.expr)
    }

    pub fn exprs(&self, exprs: &[Expr]) -> String {
        let exprs: Vec<String> = exprs.iter().map(|expr| self.expr(expr)).collect();
        exprs.join(", ")
    }

    fn at(&self, at: Option<&Expr>) -> String {
        at.map(|at| format!(" at {}", self.expr(at))).unwrap_or_default()
    }

    pub fn expr(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Constant(constant) => self.constant(constant),
            ExprKind::List(values) => format!("[{}]", self.exprs(values)),
            ExprKind::Field(field) => format!("field {}", field.0),
            ExprKind::Own { field, at } => format!("own {}{}", field.0, self.at(at.as_deref())),
            ExprKind::EffectiveDate => "date".to_owned(),
            ExprKind::Local(local) => format!("#{}", local.0),
            ExprKind::RowField { row, field, at } => {
                format!("{}.{}{}", self.expr(row), field.0, self.at(at.as_deref()))
            }
            ExprKind::Reading(id) => format!("reading {}", id.0),
            ExprKind::Parameter { .. }
            | ExprKind::Schedule { .. }
            | ExprKind::Lookup { .. }
            | ExprKind::Total { .. }
            | ExprKind::Carried { .. }
            | ExprKind::Closed { .. }
            | ExprKind::Balance { .. } => self.read(&expr.kind),
            ExprKind::Negate(inner) => format!("-({})", self.expr(inner)),
            ExprKind::Not(inner) => format!("not ({})", self.expr(inner)),
            ExprKind::And(parts) => format!("all of {{ {} }}", self.exprs(parts)),
            ExprKind::Or(parts) => format!("any of {{ {} }}", self.exprs(parts)),
            ExprKind::Arithmetic(operator, left, right) => {
                format!("({} {operator:?} {})", self.expr(left), self.expr(right))
            }
            ExprKind::Compare(comparison, left, right) => {
                format!("({} {comparison:?} {})", self.expr(left), self.expr(right))
            }
            ExprKind::InSet(value, set) => {
                format!("({} in {{ {} }})", self.expr(value), self.exprs(set))
            }
            ExprKind::InTree(value, region) | ExprKind::InPeriod(value, region) => {
                format!("({} in {})", self.expr(value), self.expr(region))
            }
            ExprKind::InRange { value, from, to, closed } => {
                let dots = if *closed { "..=" } else { ".." };
                let (value, from, to) = (self.expr(value), self.expr(from), self.expr(to));
                format!("({value} in {from} {dots} {to})")
            }
            ExprKind::Bind(value, local) => format!("({} as #{})", self.expr(value), local.0),
            ExprKind::If(condition, then, otherwise) => {
                let condition = self.expr(condition);
                format!("if {condition} then {} else {}", self.expr(then), self.expr(otherwise))
            }
            ExprKind::Otherwise(value, fallback) => {
                format!("({} otherwise {})", self.expr(value), self.expr(fallback))
            }
            ExprKind::Rounded(value, mode, unit) => {
                format!("({} rounded {mode:?} to {unit})", self.expr(value))
            }
            ExprKind::Aggregate { function, value, selection } => {
                let value = value.as_ref().map(|value| self.expr(value)).unwrap_or_default();
                format!("{function:?}({value} for {})", self.selection(selection))
            }
            ExprKind::AggregateList(function, list) => format!("{function:?}({})", self.expr(list)),
            ExprKind::Share(local) => format!("share(#{})", local.0),
            ExprKind::Call(function, arguments) => {
                format!("{function:?}({})", self.exprs(arguments))
            }
        }
    }

    /// What is read from parameters, registers and state.
    fn read(&self, kind: &ExprKind) -> String {
        match kind {
            ExprKind::Parameter { parameter, keys, at } => {
                let name = self.set.parameters.get(parameter.index());
                let name = name.map_or("", |entry| entry.name.text.as_str());
                format!("{name}[{}]{}", self.exprs(keys), self.at(Some(at)))
            }
            ExprKind::Schedule { schedule, keys, what, of, at } => {
                let name = self.set.schedules.get(schedule.index());
                let name = name.map_or("", |entry| entry.name.text.as_str());
                let (keys, of, at) = (self.exprs(keys), self.expr(of), self.at(Some(at)));
                format!("{name}[{keys}].{what:?}({of}){at}")
            }
            ExprKind::Lookup { register, keys } => {
                let name = self.set.registers.get(register.index());
                let name = name.map_or("", |entry| entry.name.text.as_str());
                format!("{name}[{}]", self.exprs(keys))
            }
            ExprKind::Total { tally, with_this, keys, as_of } => {
                let name = self.set.tallies.get(tally.index());
                let name = name.map_or("", |entry| entry.name.text.as_str());
                let keys: Vec<String> = keys
                    .iter()
                    .map(|key| match key {
                        TotalKey::All => "all".to_owned(),
                        TotalKey::Key(key) => self.expr(key),
                    })
                    .collect();
                let as_of = as_of.as_ref().map(|day| self.expr(day)).unwrap_or_default();
                let keys = keys.join(", ");
                format!("total({name}) with this {with_this} for {keys} as of {as_of}")
            }
            ExprKind::Carried { carry, keys } => {
                let name = self.set.carries.get(carry.index());
                let name = name.map_or("", |entry| entry.name.text.as_str());
                format!("carried {name}[{}]", self.exprs(keys))
            }
            ExprKind::Closed { account, keys } => {
                format!("closed({}[{}])", self.account(*account), self.exprs(keys))
            }
            ExprKind::Balance { account, keys } => {
                format!("balance({}[{}])", self.account(*account), self.exprs(keys))
            }
            _ => String::new(),
        }
    }

    pub fn selection(&self, selection: &Selection) -> String {
        let source = match &selection.source {
            RowSource::Register { register, keys } => {
                let name = self.set.registers.get(register.index());
                let name = name.map_or("", |entry| entry.name.text.as_str());
                format!("{name}[{}]", self.exprs(keys))
            }
            RowSource::List { list, .. } => self.expr(list),
            RowSource::Members(id) => self.ty(&Type::Member(*id)),
        };
        let mut text = format!("{source} as #{}", selection.binding.0);
        if let Some(condition) = &selection.condition {
            let _ = write!(text, " where {}", self.expr(condition));
        }
        for factor in &selection.shares {
            let _ = write!(text, " by {} {}", factor.weight, self.expr(&factor.value));
        }
        text
    }

    fn place(&self, place: &Place) -> String {
        format!("{}[{}]", self.account(place.account), self.exprs(&place.keys))
    }

    pub fn settlement(&self, settlement: &Settlement) -> String {
        match settlement {
            Settlement::LargestRemainder => "largest remainder".to_owned(),
            Settlement::InOrder => "in order".to_owned(),
            Settlement::RemainderTo(place) => format!("remainder to {}", self.place(place)),
            Settlement::KeptApartIn(place) => format!("kept apart in {}", self.place(place)),
            Settlement::CarriedPer(keys) => format!("carried per {}", self.exprs(keys)),
        }
    }

    pub fn feed(&self, feed: &Feed) -> String {
        let name = self.set.tallies.get(feed.tally.index());
        let name = name.map_or("", |entry| entry.name.text.as_str());
        format!(" as {name} per {}", self.exprs(&feed.keys))
    }

    /// A target on one line: a place; divisions are written by [`Printer::split`].
    pub fn target(&self, target: &Target) -> String {
        match target {
            Target::Account(place) => self.place(place),
            Target::Pool { pool, row } => {
                let name = self.set.pools.get(pool.index());
                let name = name.map_or("", |entry| entry.name.text.as_str());
                let row = row.as_ref().map(|row| self.expr(row)).unwrap_or_default();
                format!("pool {name}[{row}]")
            }
            Target::Undetermined { what } => format!("undetermined {what:?}"),
            Target::Block(_) => "block".to_owned(),
            Target::InOrder(_) => "in order".to_owned(),
            Target::Graded(graded) => {
                let from = graded.from.as_ref().map(|from| self.expr(from)).unwrap_or_default();
                format!("graded from {from}")
            }
            Target::Among(among) => format!("among {}", self.selection(&among.selection)),
        }
    }

    pub fn split(&self, split: &Split, out: &mut String) {
        let source = match split.source {
            Source::Inflow => "inflow".to_owned(),
            Source::Pool(pool) => {
                let name = self.set.pools.get(pool.index());
                name.map_or(String::new(), |entry| entry.name.text.clone())
            }
        };
        let settled = split.settled.as_ref().map(|kind| self.settlement(kind)).unwrap_or_default();
        let target = self.target(&split.target);
        let _ = writeln!(out, "    split {source} settled {settled} {target}");
        self.below(&split.target, 3, out);
    }

    fn below(&self, target: &Target, depth: usize, out: &mut String) {
        match target {
            Target::Account(_) | Target::Pool { .. } | Target::Undetermined { .. } => {}
            Target::Block(block) => self.legs(&block.legs, depth, out),
            Target::InOrder(legs) => self.legs(legs, depth, out),
            Target::Graded(graded) => {
                for slice in &graded.slices {
                    let bound = slice.up_to.as_ref().map(|bound| self.expr(bound));
                    let indent = "  ".repeat(depth);
                    let _ = writeln!(out, "{indent}slice up to {}", bound.unwrap_or_default());
                    self.leg(&slice.leg, depth + 1, out);
                }
            }
            Target::Among(among) => {
                self.leg(&among.leg, depth, out);
                if let Some(leg) = &among.if_none {
                    let _ = writeln!(out, "{}if none", "  ".repeat(depth));
                    self.leg(leg, depth + 1, out);
                }
            }
        }
    }

    fn legs(&self, legs: &[Leg], depth: usize, out: &mut String) {
        for leg in legs {
            self.leg(leg, depth, out);
        }
    }

    fn leg(&self, leg: &Leg, depth: usize, out: &mut String) {
        let portion = match &leg.portion {
            Portion::Rest => "rest".to_owned(),
            Portion::All => "all".to_owned(),
            Portion::Rate(rate) => format!("rate {}", self.expr(rate)),
            Portion::Amount(amount) => format!("amount {}", self.expr(amount)),
        };
        let mut bounds = String::new();
        for bound in &leg.bounds {
            let _ = match bound {
                Bound::UpTo { amount, in_total, closed_once_reached } => {
                    let amount = self.expr(amount);
                    write!(bounds, " up to {amount} {in_total} {closed_once_reached}")
                }
                Bound::AtLeast { amount } => write!(bounds, " at least {}", self.expr(amount)),
            };
        }
        let feed = leg.feed.as_ref().map(|feed| self.feed(feed)).unwrap_or_default();
        let target = self.target(&leg.target);
        let _ = writeln!(out, "{}{portion}{bounds} to {target}{feed}", "  ".repeat(depth));
        self.below(&leg.target, depth + 1, out);
    }

    pub fn transfer(&self, transfer: &Transfer, out: &mut String) {
        let amount = transfer.amount.as_ref().map(|amount| self.expr(amount));
        let from: Vec<String> = transfer.from.iter().map(|place| self.place(place)).collect();
        let rows = transfer.for_each.as_ref().map(|rows| self.selection(rows)).unwrap_or_default();
        let feed = transfer.feed.as_ref().map(|feed| self.feed(feed)).unwrap_or_default();
        let _ = writeln!(
            out,
            "    transfer {} {:?} from {} to {} for each {rows}{feed}",
            amount.unwrap_or_default(),
            transfer.undetermined,
            from.join(" then "),
            self.target(&transfer.to)
        );
    }
}
