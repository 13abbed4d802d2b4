//! Expressions with every name replaced by what it stands for, so that the same thing said in two
//! rules is the same expression.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::model::{
    EventId, Expr, ExprKind, Factor, FieldIx, Formula, LocalIx, RowSource, RuleSet, Selection,
    Step, TotalKey, Type,
};

/// The row of a pool that is one per row, whatever a rule calls it.
pub(in crate::check) const ROW: LocalIx = LocalIx(u32::MAX);

/// Names for the rows of selections inside an expression, by depth.
const BOUND: u32 = 1 << 20;

/// How many nodes one rule may unfold to; beyond, computed fields stay names of their own.
const NODES_MAX: u32 = 20_000;

/// The names known at one place of a rule.
#[derive(Clone)]
pub(in crate::check) struct Names<'a> {
    rules: &'a RuleSet,
    event: Option<EventId>,
    locals: BTreeMap<LocalIx, Rc<Expr>>,
    depth: u32,
    nodes: u32,
}

impl<'a> Names<'a> {
    pub(in crate::check) fn new(rules: &'a RuleSet, event: Option<EventId>) -> Names<'a> {
        Names { rules, event, locals: BTreeMap::new(), depth: 0, nodes: 0 }
    }

    /// Makes a name stand for an expression that is already unfolded.
    pub(in crate::check) fn bind(&mut self, local: LocalIx, meaning: Expr) {
        self.locals.insert(local, Rc::new(meaning));
    }

    /// Takes in what a step names, and gives the condition it poses, unfolded.
    pub(in crate::check) fn step(&mut self, step: &Step) -> Option<Expr> {
        match step {
            Step::With(local, expr) | Step::Let(local, expr) => {
                let meaning = self.unfold(expr);
                self.bind(*local, meaning);
                None
            }
            Step::When(expr) => Some(self.unfold(expr)),
        }
    }

    /// The expression in terms of the event, the registers and the state alone. A name bound inside
    /// (`relocation[enterprise] as r`) is known afterwards too.
    pub(in crate::check) fn unfold(&mut self, expr: &Expr) -> Expr {
        self.nodes = self.nodes.saturating_add(1);
        match &expr.kind {
            ExprKind::Local(local) => match self.locals.get(local) {
                Some(meaning) => Expr { ty: expr.ty.clone(), ..(**meaning).clone() },
                None => expr.clone(),
            },
            ExprKind::Field(_) => self.event_field(expr),
            ExprKind::RowField { .. } => self.row_field(expr),
            ExprKind::Bind(inner, local) => {
                let meaning = self.unfold(inner);
                self.bind(*local, required(&meaning));
                with_kind(expr, ExprKind::Bind(Box::new(meaning), LocalIx(0)))
            }
            ExprKind::Aggregate { function, value, selection } => {
                let mut inner = self.clone();
                let selection = inner.selection(selection);
                let value = value.as_ref().map(|value| Box::new(inner.unfold(value)));
                self.nodes = inner.nodes;
                let kind = ExprKind::Aggregate {
                    function: *function,
                    value,
                    selection: Box::new(selection),
                };
                with_kind(expr, kind)
            }
            _ => map_children(expr, &mut |child| self.unfold(child)),
        }
    }

    /// The rows a leg runs over, their name known from here on under a number of its own.
    pub(in crate::check) fn selection(&mut self, selection: &Selection) -> Selection {
        let source = match &selection.source {
            RowSource::Register { register, keys } => RowSource::Register {
                register: *register,
                keys: keys.iter().map(|key| self.unfold(key)).collect(),
            },
            RowSource::List { list, shape } => {
                RowSource::List { list: self.unfold(list), shape: *shape }
            }
            RowSource::Members(enumeration) => RowSource::Members(*enumeration),
        };
        let binding = LocalIx(BOUND.saturating_add(self.depth));
        self.depth = self.depth.saturating_add(1);
        let row = Expr { kind: ExprKind::Local(binding), ty: Type::Bool, span: selection.span };
        self.bind(selection.binding, row);
        let condition = selection.condition.as_ref().map(|condition| self.unfold(condition));
        let shares = selection
            .shares
            .iter()
            .map(|factor| Factor {
                weight: factor.weight.clone(),
                value: self.unfold(&factor.value),
            })
            .collect();
        Selection { source, binding, condition, shares, span: selection.span }
    }

    fn event_field(&mut self, expr: &Expr) -> Expr {
        let ExprKind::Field(field) = expr.kind else { return expr.clone() };
        let Some(event) = self.event.and_then(|event| self.rules.events.get(event.index())) else {
            return expr.clone();
        };
        if event.effective == field {
            return with_kind(expr, ExprKind::EffectiveDate);
        }
        let computed = event.fields.get(field.index()).and_then(|field| field.computed.as_ref());
        match computed {
            Some(formula) if self.nodes < NODES_MAX => {
                let mut inner = Names { locals: BTreeMap::new(), ..self.clone() };
                let unfolded = inner.unfold(&formula.expr);
                self.nodes = inner.nodes;
                Expr { ty: expr.ty.clone(), ..unfolded }
            }
            Some(_) | None => expr.clone(),
        }
    }

    fn row_field(&mut self, expr: &Expr) -> Expr {
        let ExprKind::RowField { row, field, at } = &expr.kind else { return expr.clone() };
        let at = at.as_ref().map(|day| Box::new(self.unfold(day)));
        let row_unfolded = self.unfold(row);
        let computed = match row.ty.required() {
            Type::Row(shape) => self
                .rules
                .shapes
                .get(shape.index())
                .and_then(|shape| shape.fields.get(field.index()))
                .and_then(|field| field.computed.as_ref()),
            _ => None,
        };
        match computed {
            Some(formula) if self.nodes < NODES_MAX => {
                let typed = Expr { ty: row.ty.required().clone(), ..row_unfolded };
                let inlined = self.computed(formula, &typed);
                Expr { ty: expr.ty.clone(), ..inlined }
            }
            Some(_) | None => {
                let row = Box::new(Expr { ty: row.ty.required().clone(), ..row_unfolded });
                with_kind(expr, ExprKind::RowField { row, field: *field, at })
            }
        }
    }

    /// A computed field of a row, in terms of that row.
    fn computed(&mut self, formula: &Formula, row: &Expr) -> Expr {
        let own = own_to_row(&formula.expr, row);
        let mut inner = Names { locals: BTreeMap::new(), ..self.clone() };
        // The row is unfolded already; its own free names mean what they meant outside.
        let unfolded = inner.unfold(&own);
        self.nodes = inner.nodes;
        unfolded
    }
}

/// A value known to be there.
pub(super) fn required(expr: &Expr) -> Expr {
    Expr { ty: expr.ty.required().clone(), ..expr.clone() }
}

fn with_kind(expr: &Expr, kind: ExprKind) -> Expr {
    Expr { kind, ty: expr.ty.clone(), span: expr.span }
}

fn own_to_row(expr: &Expr, row: &Expr) -> Expr {
    match &expr.kind {
        ExprKind::Own { field, at } => {
            let at = at.as_ref().map(|day| Box::new(own_to_row(day, row)));
            let kind = ExprKind::RowField { row: Box::new(row.clone()), field: *field, at };
            with_kind(expr, kind)
        }
        ExprKind::Aggregate { function, value, selection } => {
            let value = value.as_ref().map(|value| Box::new(own_to_row(value, row)));
            let selection = Box::new(map_selection(selection, &mut |inner| own_to_row(inner, row)));
            with_kind(expr, ExprKind::Aggregate { function: *function, value, selection })
        }
        _ => map_children(expr, &mut |child| own_to_row(child, row)),
    }
}

fn map_selection(selection: &Selection, map: &mut dyn FnMut(&Expr) -> Expr) -> Selection {
    let source = match &selection.source {
        RowSource::Register { register, keys } => {
            RowSource::Register { register: *register, keys: keys.iter().map(&mut *map).collect() }
        }
        RowSource::List { list, shape } => RowSource::List { list: map(list), shape: *shape },
        RowSource::Members(enumeration) => RowSource::Members(*enumeration),
    };
    let factors = selection.shares.iter();
    let shares = factors
        .map(|factor| Factor { weight: factor.weight.clone(), value: map(&factor.value) })
        .collect();
    let condition = selection.condition.as_ref().map(&mut *map);
    Selection { source, binding: selection.binding, condition, shares, span: selection.span }
}

/// The expression with each direct part replaced. Selections are left to the caller.
pub(super) fn map_children(expr: &Expr, map: &mut dyn FnMut(&Expr) -> Expr) -> Expr {
    let kind = match &expr.kind {
        ExprKind::Constant(_)
        | ExprKind::Field(_)
        | ExprKind::EffectiveDate
        | ExprKind::Local(_)
        | ExprKind::Reading(_)
        | ExprKind::Aggregate { .. }
        | ExprKind::Share(_) => expr.kind.clone(),
        ExprKind::List(items) => ExprKind::List(many(items, map)),
        ExprKind::And(items) => ExprKind::And(many(items, map)),
        ExprKind::Or(items) => ExprKind::Or(many(items, map)),
        ExprKind::Own { field, at } => ExprKind::Own { field: *field, at: maybe(at, map) },
        ExprKind::RowField { row, field, at } => {
            ExprKind::RowField { row: one(row, map), field: *field, at: maybe(at, map) }
        }
        ExprKind::Parameter { parameter, keys, at } => {
            ExprKind::Parameter { parameter: *parameter, keys: many(keys, map), at: one(at, map) }
        }
        ExprKind::Schedule { schedule, keys, what, of, at } => ExprKind::Schedule {
            schedule: *schedule,
            keys: many(keys, map),
            what: *what,
            of: one(of, map),
            at: one(at, map),
        },
        ExprKind::Lookup { register, keys } => {
            ExprKind::Lookup { register: *register, keys: many(keys, map) }
        }
        ExprKind::Total { tally, with_this, keys, as_of } => ExprKind::Total {
            tally: *tally,
            with_this: *with_this,
            keys: keys.iter().map(|key| map_key(key, map)).collect(),
            as_of: maybe(as_of, map),
        },
        ExprKind::Carried { carry, keys } => {
            ExprKind::Carried { carry: *carry, keys: many(keys, map) }
        }
        ExprKind::Closed { account, keys } => {
            ExprKind::Closed { account: *account, keys: many(keys, map) }
        }
        ExprKind::Balance { account, keys } => {
            ExprKind::Balance { account: *account, keys: many(keys, map) }
        }
        ExprKind::Negate(inner) => ExprKind::Negate(one(inner, map)),
        ExprKind::Not(inner) => ExprKind::Not(one(inner, map)),
        ExprKind::Bind(inner, local) => ExprKind::Bind(one(inner, map), *local),
        ExprKind::Rounded(inner, rounding, unit) => {
            ExprKind::Rounded(one(inner, map), *rounding, unit.clone())
        }
        ExprKind::AggregateList(function, inner) => {
            ExprKind::AggregateList(*function, one(inner, map))
        }
        ExprKind::Arithmetic(operation, left, right) => {
            ExprKind::Arithmetic(*operation, one(left, map), one(right, map))
        }
        ExprKind::Compare(comparison, left, right) => {
            ExprKind::Compare(*comparison, one(left, map), one(right, map))
        }
        ExprKind::InTree(left, right) => ExprKind::InTree(one(left, map), one(right, map)),
        ExprKind::InPeriod(left, right) => ExprKind::InPeriod(one(left, map), one(right, map)),
        ExprKind::Otherwise(left, right) => ExprKind::Otherwise(one(left, map), one(right, map)),
        ExprKind::InSet(value, members) => ExprKind::InSet(one(value, map), many(members, map)),
        ExprKind::InRange { value, from, to, closed } => ExprKind::InRange {
            value: one(value, map),
            from: one(from, map),
            to: one(to, map),
            closed: *closed,
        },
        ExprKind::If(condition, then, otherwise) => {
            ExprKind::If(one(condition, map), one(then, map), one(otherwise, map))
        }
        ExprKind::Call(function, arguments) => ExprKind::Call(*function, many(arguments, map)),
    };
    with_kind(expr, kind)
}

fn one(expr: &Expr, map: &mut dyn FnMut(&Expr) -> Expr) -> Box<Expr> {
    Box::new(map(expr))
}

fn many(items: &[Expr], map: &mut dyn FnMut(&Expr) -> Expr) -> Vec<Expr> {
    items.iter().map(map).collect()
}

fn maybe(expr: &Option<Box<Expr>>, map: &mut dyn FnMut(&Expr) -> Expr) -> Option<Box<Expr>> {
    expr.as_ref().map(|expr| one(expr, map))
}

fn map_key(key: &TotalKey, map: &mut dyn FnMut(&Expr) -> Expr) -> TotalKey {
    match key {
        TotalKey::All => TotalKey::All,
        TotalKey::Key(expr) => TotalKey::Key(map(expr)),
    }
}

/// The expression with every field of the event replaced.
pub(in crate::check) fn map_fields(expr: &Expr, map: &mut dyn FnMut(FieldIx) -> FieldIx) -> Expr {
    match &expr.kind {
        ExprKind::Field(field) => with_kind(expr, ExprKind::Field(map(*field))),
        ExprKind::Aggregate { function, value, selection } => {
            let value = value.as_ref().map(|value| Box::new(map_fields(value, map)));
            let selection = Box::new(map_selection(selection, &mut |inner| map_fields(inner, map)));
            with_kind(expr, ExprKind::Aggregate { function: *function, value, selection })
        }
        _ => map_children(expr, &mut |child| map_fields(child, map)),
    }
}
