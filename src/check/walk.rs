//! Going over every expression of a rule set, or of one part of it.

use crate::model::{
    Among, Body, Bound, Change, EventSource, Expr, ExprKind, Feed, Formula, Leg, LevyCase, Place,
    Portion, RowSource, RuleCase, RuleSet, Selection, Settlement, Split, Step, Target, TotalKey,
    Transfer,
};

/// The expressions an expression is made of, those of its selections among them.
pub(super) fn children(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Constant(_)
        | ExprKind::Field(_)
        | ExprKind::EffectiveDate
        | ExprKind::Local(_)
        | ExprKind::Reading(_)
        | ExprKind::Share(_) => Vec::new(),
        ExprKind::List(items) | ExprKind::And(items) | ExprKind::Or(items) => {
            items.iter().collect()
        }
        ExprKind::Own { field: _, at } => at.iter().map(AsRef::as_ref).collect(),
        ExprKind::RowField { row, field: _, at } => {
            std::iter::once(row.as_ref()).chain(at.iter().map(AsRef::as_ref)).collect()
        }
        ExprKind::Parameter { parameter: _, keys, at } => {
            keys.iter().chain(std::iter::once(at.as_ref())).collect()
        }
        ExprKind::Schedule { schedule: _, keys, what: _, of, at } => {
            keys.iter().chain([of.as_ref(), at.as_ref()]).collect()
        }
        ExprKind::Lookup { register: _, keys }
        | ExprKind::Carried { carry: _, keys }
        | ExprKind::Closed { account: _, keys }
        | ExprKind::Balance { account: _, keys }
        | ExprKind::Call(_, keys) => keys.iter().collect(),
        ExprKind::Total { tally: _, with_this: _, keys, as_of } => {
            total_keys(keys).chain(as_of.iter().map(AsRef::as_ref)).collect()
        }
        ExprKind::Negate(inner)
        | ExprKind::Not(inner)
        | ExprKind::Bind(inner, _)
        | ExprKind::Rounded(inner, _, _)
        | ExprKind::AggregateList(_, inner) => vec![inner],
        ExprKind::Arithmetic(_, left, right)
        | ExprKind::Compare(_, left, right)
        | ExprKind::InTree(left, right)
        | ExprKind::InPeriod(left, right)
        | ExprKind::Otherwise(left, right) => vec![left, right],
        ExprKind::InSet(value, members) => std::iter::once(value.as_ref()).chain(members).collect(),
        ExprKind::InRange { value, from, to, closed: _ } => vec![value, from, to],
        ExprKind::If(condition, then, otherwise) => vec![condition, then, otherwise],
        ExprKind::Aggregate { function: _, value, selection } => {
            value.iter().map(AsRef::as_ref).chain(in_selection(selection)).collect()
        }
    }
}

fn total_keys(keys: &[TotalKey]) -> impl Iterator<Item = &Expr> {
    keys.iter().filter_map(|key| match key {
        TotalKey::All => None,
        TotalKey::Key(expr) => Some(expr),
    })
}

/// The expressions of a selection.
pub(super) fn in_selection(selection: &Selection) -> Vec<&Expr> {
    let source: Vec<&Expr> = match &selection.source {
        RowSource::Register { register: _, keys } => keys.iter().collect(),
        RowSource::List { list, shape: _ } => vec![list],
        RowSource::Members(_) => Vec::new(),
    };
    let factors = selection.shares.iter().map(|factor| &factor.value);
    source.into_iter().chain(&selection.condition).chain(factors).collect()
}

/// Calls `visit` for an expression and everything in it, parents first.
pub(super) fn each<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    visit(expr);
    for child in children(expr) {
        each(child, visit);
    }
}

/// Whether any part of an expression meets a condition.
pub(super) fn any(expr: &Expr, condition: &dyn Fn(&Expr) -> bool) -> bool {
    condition(expr) || children(expr).into_iter().any(|child| any(child, condition))
}

/// The outermost expressions of a rule for one event kind.
pub(super) fn in_case(case: &RuleCase) -> Vec<&Expr> {
    let mut found: Vec<&Expr> = case.steps.iter().map(in_step).collect();
    found.extend(case.settlement.iter().flat_map(in_settlement));
    match &case.body {
        Body::Split(split) => found.extend(in_split(split)),
        Body::Transfers(transfers) => found.extend(transfers.iter().flat_map(in_transfer)),
    }
    found
}

/// The outermost expressions of a levy for one event kind.
pub(super) fn in_levy(case: &LevyCase) -> Vec<&Expr> {
    let mut found: Vec<&Expr> = case.steps.iter().map(in_step).collect();
    found.push(&case.due);
    found.extend(case.feed.iter().flat_map(in_feed));
    found.extend(in_target(&case.into));
    found
}

/// What a step asks or names.
pub(super) fn in_step(step: &Step) -> &Expr {
    match step {
        Step::With(_, expr) | Step::Let(_, expr) | Step::When(expr) => expr,
    }
}

fn in_settlement(settlement: &Settlement) -> Vec<&Expr> {
    match settlement {
        Settlement::LargestRemainder | Settlement::InOrder => Vec::new(),
        Settlement::RemainderTo(place) | Settlement::KeptApartIn(place) => in_place(place),
        Settlement::CarriedPer(keys) => keys.iter().collect(),
    }
}

fn in_split(split: &Split) -> Vec<&Expr> {
    let mut found: Vec<&Expr> = split.settled.iter().flat_map(in_settlement).collect();
    found.extend(in_target(&split.target));
    found
}

fn in_place(place: &Place) -> Vec<&Expr> {
    place.keys.iter().collect()
}

fn in_feed(feed: &Feed) -> Vec<&Expr> {
    feed.keys.iter().collect()
}

/// The outermost expressions of one leg, its target's among them.
pub(super) fn in_leg(leg: &Leg) -> Vec<&Expr> {
    let mut found = Vec::new();
    match &leg.portion {
        Portion::Rest | Portion::All => {}
        Portion::Rate(expr) | Portion::Amount(expr) => found.push(expr),
    }
    for bound in &leg.bounds {
        match bound {
            Bound::UpTo { amount, .. } | Bound::AtLeast { amount } => found.push(amount),
        }
    }
    found.extend(in_target(&leg.target));
    found.extend(leg.feed.iter().flat_map(in_feed));
    found
}

fn in_target(target: &Target) -> Vec<&Expr> {
    match target {
        Target::Account(place) => in_place(place),
        Target::Pool { pool: _, row } => row.iter().collect(),
        Target::Undetermined { what: _ } => Vec::new(),
        Target::Block(block) => block.legs.iter().flat_map(in_leg).collect(),
        Target::InOrder(legs) => legs.iter().flat_map(in_leg).collect(),
        Target::Graded(graded) => {
            let slices =
                graded.slices.iter().flat_map(|slice| slice.up_to.iter().chain(in_leg(&slice.leg)));
            graded.from.iter().chain(slices).collect()
        }
        Target::Among(among) => in_among(among),
    }
}

fn in_among(among: &Among) -> Vec<&Expr> {
    let mut found = in_selection(&among.selection);
    found.extend(in_leg(&among.leg));
    found.extend(among.if_none.iter().flat_map(in_leg));
    found
}

fn in_transfer(transfer: &Transfer) -> Vec<&Expr> {
    let mut found: Vec<&Expr> = transfer.amount.iter().collect();
    found.extend(transfer.from.iter().flat_map(in_place));
    found.extend(in_target(&transfer.to));
    found.extend(transfer.for_each.iter().flat_map(in_selection));
    found.extend(transfer.feed.iter().flat_map(in_feed));
    found
}

/// The outermost expressions of what an event does to a tally or a carry.
pub(super) fn in_change(change: &Change) -> Vec<&Expr> {
    change.when.iter().chain(&change.keys).chain([&change.value]).collect()
}

/// The outermost expressions of a whole rule set.
pub(super) fn in_rules(rules: &RuleSet) -> Vec<&Expr> {
    let mut found = Vec::new();
    let fields = rules.shapes.iter().map(|shape| &shape.fields);
    for field in fields.chain(rules.events.iter().map(|event| &event.fields)).flatten() {
        found.extend(in_formula(field.computed.as_ref()));
    }
    for event in &rules.events {
        found.extend(in_event(&event.source));
    }
    for tally in &rules.tallies {
        found.extend(tally.feeders.iter().flat_map(in_change));
    }
    for carry in &rules.carries {
        found.push(&carry.starts);
        found.extend(carry.changes.iter().flat_map(in_change));
    }
    for rule in &rules.rules {
        found.extend(rule.cases.iter().flat_map(in_case));
    }
    for levy in &rules.levies {
        found.extend(levy.cases.iter().flat_map(in_levy));
    }
    for figure in &rules.figures {
        found.extend(figure.for_each.iter().flat_map(in_selection));
        found.extend(figure.when.iter().chain([&figure.value]));
    }
    for delegation in &rules.delegations {
        found.extend(in_formula(delegation.when.as_ref()));
    }
    found
}

fn in_formula(formula: Option<&Formula>) -> Option<&Expr> {
    formula.map(|formula| &formula.expr)
}

/// The outermost expressions of how an event comes about.
fn in_event(source: &EventSource) -> Vec<&Expr> {
    match source {
        EventSource::Sent => Vec::new(),
        EventSource::Periodic { kind: _, for_each, locals: _ } => {
            for_each.iter().flat_map(in_selection).collect()
        }
        EventSource::OnDate { date, for_each, locals: _ } => {
            std::iter::once(date).chain(in_selection(for_each)).collect()
        }
        EventSource::Stage { closes: _, kind: _, condition, booked } => {
            in_formula(condition.as_ref()).into_iter().chain(in_formula(booked.as_ref())).collect()
        }
    }
}

/// Calls `visit` for every target of a split, leg or transfer, the outer ones first.
pub(super) fn each_target<'a>(target: &'a Target, visit: &mut dyn FnMut(&'a Target)) {
    visit(target);
    for leg in legs_of(target) {
        each_target(&leg.target, visit);
    }
}

/// The legs directly under a target.
pub(super) fn legs_of(target: &Target) -> Vec<&Leg> {
    match target {
        Target::Account(_) | Target::Pool { .. } | Target::Undetermined { .. } => Vec::new(),
        Target::Block(block) => block.legs.iter().collect(),
        Target::InOrder(legs) => legs.iter().collect(),
        Target::Graded(graded) => graded.slices.iter().map(|slice| &slice.leg).collect(),
        Target::Among(among) => std::iter::once(&among.leg).chain(&among.if_none).collect(),
    }
}
