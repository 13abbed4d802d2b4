//! Expressions: names to slots, numbers folded.

use crate::base::{Exact, ExactError};
use crate::model::{self, Constant as Known, ExprKind, LocalIx, TotalKey, Type};

use super::super::{Arithmetic, Constant, Expr, Factor, Formula, RowSource, Selection};
use super::{Compiler, Context, Item, Touch};

/// The slots of a frame: the model's names first, then what the plan adds.
#[derive(Debug, Default)]
pub(super) struct Slots {
    pub count: u32,
    /// For a name bound by a selection with weights, the slot of its share.
    shares: Vec<(LocalIx, u32)>,
}

impl Slots {
    pub fn of(locals: &[model::Local]) -> Slots {
        Slots { count: u32::try_from(locals.len()).unwrap_or(u32::MAX), shares: Vec::new() }
    }

    fn share_of(&mut self, local: LocalIx) -> u32 {
        if let Some((_, slot)) = self.shares.iter().rev().find(|(name, _)| *name == local) {
            return *slot;
        }
        let slot = self.count;
        self.count += 1;
        self.shares.push((local, slot));
        slot
    }
}

pub(super) fn constant(known: &Known) -> Constant {
    match known {
        Known::Bool(value) => Constant::Bool(*value),
        Known::Number(value) => Constant::Number(value.clone()),
        Known::Date(value) => Constant::Date(*value),
        Known::Period(value) => Constant::Period(*value),
        Known::Duration(value) => Constant::Duration(*value),
        Known::Text(value) => Constant::Text(value.as_str().into()),
        Known::Member(_, member) => Constant::Member(member.0),
        Known::Option(_, option) => Constant::Option(*option),
    }
}

impl Compiler<'_> {
    pub(super) fn formula(&mut self, formula: &model::Formula, context: Context<'_>) -> Formula {
        let mut slots = Slots::of(&formula.locals);
        let expr = self.expr(&formula.expr, context, &mut slots);
        Formula { locals: slots.count, expr }
    }

    pub(super) fn exprs(
        &mut self,
        exprs: &[model::Expr],
        context: Context<'_>,
        slots: &mut Slots,
    ) -> Vec<Expr> {
        exprs.iter().map(|expr| self.expr(expr, context, slots)).collect()
    }

    fn boxed(&mut self, expr: &model::Expr, context: Context<'_>, slots: &mut Slots) -> Box<Expr> {
        Box::new(self.expr(expr, context, slots))
    }

    fn day(
        &mut self,
        day: &Option<Box<model::Expr>>,
        context: Context<'_>,
        slots: &mut Slots,
    ) -> Option<Box<Expr>> {
        let day = self.boxed(day.as_deref()?, context, slots);
        // The event's own day is what an absent one means.
        (*day != Expr::EffectiveDate).then_some(day)
    }

    pub(super) fn expr(
        &mut self,
        expr: &model::Expr,
        context: Context<'_>,
        slots: &mut Slots,
    ) -> Expr {
        let mut one = |inner: &model::Expr| Box::new(self.expr(inner, context, slots));
        match &expr.kind {
            ExprKind::Constant(known) => Expr::Constant(constant(known)),
            ExprKind::List(values) => Expr::List(self.exprs(values, context, slots)),
            ExprKind::Field(field) => Expr::Field(field.0),
            ExprKind::EffectiveDate => Expr::EffectiveDate,
            ExprKind::Local(local) => Expr::Local(local.0),
            ExprKind::Share(local) => Expr::Share(slots.share_of(*local)),
            ExprKind::Reading(reading) => {
                Expr::Reading { reading: reading.0, option: self.chosen(*reading) }
            }
            ExprKind::Negate(inner) => negated(*one(inner)),
            ExprKind::Not(inner) => Expr::Not(one(inner)),
            ExprKind::And(parts) => Expr::And(self.exprs(parts, context, slots)),
            ExprKind::Or(parts) => Expr::Or(self.exprs(parts, context, slots)),
            ExprKind::Arithmetic(operation, left, right) => {
                let (a, b) = (one(left), one(right));
                let between =
                    *left.ty.required() == Type::Date && *right.ty.required() == Type::Date;
                let result = arithmetic(*operation, a, b);
                if between && *expr.ty.required() == Type::Duration {
                    Expr::AsDuration(Box::new(result))
                } else {
                    result
                }
            }
            ExprKind::Compare(how, left, right) => Expr::Compare(*how, one(left), one(right)),
            ExprKind::InSet(value, set) => {
                let value = one(value);
                in_set(value, self.exprs(set, context, slots))
            }
            ExprKind::InTree(inner, outer) => {
                let enumeration = match inner.ty.required() {
                    Type::Member(enumeration) => enumeration.0,
                    _ => u32::MAX,
                };
                Expr::InTree { enumeration, inner: one(inner), outer: one(outer) }
            }
            ExprKind::InRange { value, from, to, closed } => {
                Expr::InRange { value: one(value), from: one(from), to: one(to), closed: *closed }
            }
            ExprKind::InPeriod(date, period) => Expr::InPeriod(one(date), one(period)),
            ExprKind::Bind(value, local) => Expr::Bind(one(value), local.0),
            ExprKind::If(condition, yes, no) => Expr::If(one(condition), one(yes), one(no)),
            ExprKind::Otherwise(value, other) => Expr::Otherwise(one(value), one(other)),
            ExprKind::Rounded(value, how, unit) => Expr::Rounded(one(value), *how, unit.clone()),
            ExprKind::AggregateList(function, list) => Expr::AggregateList(*function, one(list)),
            ExprKind::Aggregate { function, value, selection } => {
                let selection = Box::new(self.selection(selection, context, slots));
                let value = value.as_ref().map(|value| self.boxed(value, context, slots));
                self.once_a_run(Expr::Aggregate { function: *function, value, selection })
            }
            ExprKind::Call(function, arguments) => {
                Expr::Call(*function, self.exprs(arguments, context, slots))
            }
            ExprKind::Own { .. }
            | ExprKind::RowField { .. }
            | ExprKind::Parameter { .. }
            | ExprKind::Schedule { .. }
            | ExprKind::Lookup { .. } => self.looked_up(&expr.kind, context, slots),
            ExprKind::Total { .. }
            | ExprKind::Carried { .. }
            | ExprKind::Closed { .. }
            | ExprKind::Balance { .. } => self.remembered(&expr.kind, context, slots),
        }
    }

    /// What is read off rows and tables.
    fn looked_up(&mut self, kind: &ExprKind, context: Context<'_>, slots: &mut Slots) -> Expr {
        match kind {
            ExprKind::Own { field, at } => {
                Expr::Own { field: field.0, at: self.day(at, context, slots) }
            }
            ExprKind::RowField { row, field, at } => {
                let shape = match row.ty.required() {
                    Type::Row(shape) => shape.0,
                    _ => u32::MAX,
                };
                let row = self.boxed(row, context, slots);
                Expr::RowField { row, shape, field: field.0, at: self.day(at, context, slots) }
            }
            ExprKind::Parameter { parameter, keys, at } => Expr::Parameter {
                parameter: parameter.0,
                keys: self.exprs(keys, context, slots),
                at: self.boxed(at, context, slots),
            },
            // A schedule's tables are the same for every key.
            ExprKind::Schedule { schedule, keys: _, what, of, at } => Expr::Schedule {
                schedule: schedule.0,
                what: *what,
                of: self.boxed(of, context, slots),
                at: self.boxed(at, context, slots),
            },
            ExprKind::Lookup { register, keys } => {
                self.asked(register.0, keys.len());
                Expr::Lookup { register: register.0, keys: self.exprs(keys, context, slots) }
            }
            _ => Expr::EffectiveDate,
        }
    }

    /// What is read off state.
    fn remembered(&mut self, kind: &ExprKind, context: Context<'_>, slots: &mut Slots) -> Expr {
        match kind {
            ExprKind::Total { tally, with_this, keys, as_of } => {
                let as_of = as_of.as_ref().map(|day| self.boxed(day, context, slots));
                let given: Vec<Option<Expr>> = keys
                    .iter()
                    .map(|key| match key {
                        TotalKey::All => None,
                        TotalKey::Key(key) => Some(self.expr(key, context, slots)),
                    })
                    .collect();
                let parts =
                    (0..given.len()).filter(|part| given.get(*part).is_some_and(Option::is_some));
                let projection = self.projection(tally.0, parts.collect(), as_of.is_some());
                self.touch(context, Item::Tally(tally.0), given.clone(), true);
                let keys = given.into_iter().flatten().collect();
                Expr::Total { tally: tally.0, projection, with_this: *with_this, keys, as_of }
            }
            ExprKind::Carried { carry, keys } => {
                let keys = self.exprs(keys, context, slots);
                self.touch_whole(context, Item::Carry(carry.0), &keys, true);
                Expr::Carried { carry: carry.0, keys }
            }
            ExprKind::Closed { account, keys } => {
                Expr::Closed { account: account.0, keys: self.exprs(keys, context, slots) }
            }
            ExprKind::Balance { account, keys } => {
                let keys = self.exprs(keys, context, slots);
                self.count(account.0);
                self.touch_whole(context, Item::Balance(account.0), &keys, true);
                Expr::Balance { account: account.0, keys }
            }
            _ => Expr::EffectiveDate,
        }
    }

    pub(super) fn selection(
        &mut self,
        selection: &model::Selection,
        context: Context<'_>,
        slots: &mut Slots,
    ) -> Selection {
        let source = match &selection.source {
            model::RowSource::Register { register, keys } => {
                self.asked(register.0, keys.len());
                let keys = self.exprs(keys, context, slots);
                RowSource::Register { register: register.0, keys }
            }
            model::RowSource::List { list, shape: _ } => {
                RowSource::List(self.expr(list, context, slots))
            }
            model::RowSource::Members(enumeration) => {
                let members = self.rules.enumerations.get(enumeration.index());
                let count = members.map_or(0, |it| it.members.len());
                RowSource::Members(u32::try_from(count).unwrap_or(u32::MAX))
            }
        };
        let weighed = !selection.shares.is_empty();
        let share = weighed.then(|| slots.share_of(selection.binding));
        let condition = selection.condition.as_ref();
        let condition = condition.map(|condition| self.expr(condition, context, slots));
        let factors = selection.shares.iter().map(|factor| Factor {
            weight: factor.weight.clone(),
            value: self.expr(&factor.value, context, slots),
        });
        let factors = factors.collect();
        Selection { source, binding: selection.binding.0, condition, factors, share }
    }

    /// Notes that a register is asked with so many key parts.
    fn asked(&mut self, register: u32, parts: usize) {
        if let Some(prefixes) = self.prefixes.get_mut(super::super::at(register)) {
            prefixes.insert(parts);
        }
    }

    /// Notes that the balance of an account is asked for.
    pub(super) fn count(&mut self, account: u32) {
        if let Some(counted) = self.counted.get_mut(super::super::at(account)) {
            *counted = true;
        }
    }

    pub(super) fn touch(
        &mut self,
        context: Context<'_>,
        item: Item,
        keys: Vec<Option<Expr>>,
        reads: bool,
    ) {
        let who = context.who.to_owned();
        self.touches.push(Touch { event: context.event, item, keys, reads, who });
    }

    pub(super) fn touch_whole(
        &mut self,
        context: Context<'_>,
        item: Item,
        keys: &[Expr],
        reads: bool,
    ) {
        self.touch(context, item, keys.iter().cloned().map(Some).collect(), reads);
    }
}

fn negated(inner: Expr) -> Expr {
    match inner {
        Expr::Constant(Constant::Number(value)) => Expr::Constant(Constant::Number(value.neg())),
        other => Expr::Negate(Box::new(other)),
    }
}

/// Two numbers known from the text are one; what has no answer is left to the run, which says so.
fn arithmetic(operation: Arithmetic, left: Box<Expr>, right: Box<Expr>) -> Expr {
    if let (Expr::Constant(Constant::Number(a)), Expr::Constant(Constant::Number(b))) =
        (left.as_ref(), right.as_ref())
    {
        let result: Result<Exact, ExactError> = match operation {
            Arithmetic::Add => a.add(b),
            Arithmetic::Subtract => a.sub(b),
            Arithmetic::Multiply => a.mul(b),
            Arithmetic::Divide => a.div(b),
        };
        if let Ok(value) = result {
            return Expr::Constant(Constant::Number(value));
        }
    }
    Expr::Arithmetic(operation, left, right)
}

/// Known members become a table, since `tax in {vat, cit}` is asked of every event.
fn in_set(value: Box<Expr>, set: Vec<Expr>) -> Expr {
    let mut table = Vec::new();
    for member in &set {
        let Expr::Constant(Constant::Member(member)) = member else {
            return Expr::InSet(value, set);
        };
        let place = super::super::at(*member);
        if table.len() <= place {
            table.resize(place + 1, false);
        }
        if let Some(known) = table.get_mut(place) {
            *known = true;
        }
    }
    Expr::MemberIn(value, table)
}
