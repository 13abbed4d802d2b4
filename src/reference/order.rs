//! In which order events are taken: section 1.2 of the page.

use std::cmp::Ordering;

use crate::base::Date;
use crate::model::{
    Body, Event, EventId, EventSource, Expr, ExprKind, FieldIx, Leg, RowSource, RuleSet, Selection,
    Settlement, Split, Step, Target,
};

use super::error::Stop;
use super::value::{Value, compare};

/// Where an event stands in the declared order.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub day: Date,
    /// Nobody sent it: it comes after what was sent on its day.
    pub of_calendar: bool,
    /// The fields of `order by`.
    pub fields: Vec<Value>,
    pub kind: EventId,
}

/// The fields an event kind is ordered by, after its effective date.
pub(super) fn fields(event: &Event) -> &[FieldIx] {
    match event.order_by.split_first() {
        Some((first, others)) if *first == event.effective => others,
        _ => &event.order_by,
    }
}

pub(super) fn compare_places(left: &Place, right: &Place) -> Result<Ordering, Stop> {
    let mut order = left.day.cmp(&right.day).then(left.of_calendar.cmp(&right.of_calendar));
    for (left, right) in left.fields.iter().zip(&right.fields) {
        if order == Ordering::Equal {
            // Fields of different types at one place, of different kinds, have no order between them.
            order = compare(left, right).unwrap_or_else(|_| type_rank(left).cmp(&type_rank(right)));
        }
    }
    Ok(order.then(left.kind.cmp(&right.kind)))
}

fn type_rank(value: &Value) -> u8 {
    match value {
        Value::Missing => 0,
        Value::Number(_) => 1,
        Value::Date(_) => 2,
        Value::Period(_) => 3,
        Value::Text(_) => 4,
        Value::Member(_) | Value::Choice(_) => 5,
        Value::Bool(_) | Value::Duration(_) | Value::Row(_) | Value::List(_) => 6,
    }
}

/// Whether the result of any event that is sent, or made by the calendar, depends on earlier ones.
pub(super) fn is_ordered(rules: &RuleSet) -> bool {
    let is_stage = |event: &EventId| {
        let event = rules.events.get(event.index());
        event.is_some_and(|event| matches!(event.source, EventSource::Stage { .. }))
    };
    let of_rules = rules.rules.iter().flat_map(|rule| &rule.cases);
    let mut of_rules = of_rules.filter(|case| !is_stage(&case.event));
    let of_levies = rules.levies.iter().flat_map(|levy| &levy.cases);
    let mut of_levies = of_levies.filter(|case| !is_stage(&case.event));
    let mut of_figures = rules.figures.iter().filter(|figure| !is_stage(&figure.event));
    let of_tallies = rules.tallies.iter().flat_map(|tally| &tally.feeders);
    let of_carries = rules.carries.iter().flat_map(|carry| &carry.changes);
    let mut changes = of_tallies.chain(of_carries).filter(|change| !is_stage(&change.event));
    let of_events = rules.events.iter().flat_map(|event| &event.fields);
    let of_rows = rules.shapes.iter().flat_map(|shape| &shape.fields);
    let mut formulas = of_events.chain(of_rows).filter_map(|field| field.computed.as_ref());

    rules.accounts.iter().any(|account| account.holds)
        || rules.events.iter().any(|event| event.reverses.is_some())
        || of_rules.any(|case| {
            settles_by_state(case.settlement.as_ref())
                || case.steps.iter().any(step)
                || match &case.body {
                    Body::Split(split) => split_reads(split),
                    Body::Transfers(transfers) => transfers.iter().any(|transfer| {
                        transfer.from.len() > 1
                            || transfer.amount.as_ref().is_some_and(reads)
                            || transfer.for_each.as_ref().is_some_and(selection)
                            || transfer.from.iter().any(|place| place.keys.iter().any(reads))
                            || target(&transfer.to)
                            || transfer.feed.iter().any(|feed| feed.keys.iter().any(reads))
                    }),
                }
        })
        || of_levies.any(|case| {
            case.steps.iter().any(step)
                || reads(&case.due)
                || case.feed.iter().any(|feed| feed.keys.iter().any(reads))
                || target(&case.into)
        })
        || of_figures.any(|figure| {
            reads(&figure.value)
                || figure.when.as_ref().is_some_and(reads)
                || figure.for_each.as_ref().is_some_and(selection)
        })
        || changes.any(|change| {
            reads(&change.value)
                || change.when.as_ref().is_some_and(reads)
                || change.keys.iter().any(reads)
        })
        || formulas.any(|formula| reads(&formula.expr))
}

fn settles_by_state(settlement: Option<&Settlement>) -> bool {
    matches!(settlement, Some(Settlement::CarriedPer(_)))
}

fn step(step: &Step) -> bool {
    match step {
        Step::With(_, expr) | Step::Let(_, expr) | Step::When(expr) => reads(expr),
    }
}

fn split_reads(split: &Split) -> bool {
    settles_by_state(split.settled.as_ref()) || target(&split.target)
}

fn target(at: &Target) -> bool {
    match at {
        Target::Account(place) => place.keys.iter().any(reads),
        Target::Pool { row, .. } => row.as_ref().is_some_and(reads),
        Target::Undetermined { .. } => false,
        Target::Block(block) => block.legs.iter().any(leg),
        // What flows back is taken down to each leg's total.
        Target::InOrder(legs) => legs.iter().any(|each| each.feed.is_some() || leg(each)),
        Target::Graded(graded) => {
            graded.from.as_ref().is_some_and(reads)
                || graded
                    .slices
                    .iter()
                    .any(|slice| slice.up_to.as_ref().is_some_and(reads) || leg(&slice.leg))
        }
        Target::Among(among) => {
            selection(&among.selection)
                || leg(&among.leg)
                || among.if_none.as_ref().is_some_and(leg)
        }
    }
}

fn leg(at: &Leg) -> bool {
    use crate::model::{Bound, Portion};
    let portion = match &at.portion {
        Portion::Rest | Portion::All => false,
        Portion::Rate(expr) | Portion::Amount(expr) => reads(expr),
    };
    let bounded = at.bounds.iter().any(|bound| match bound {
        Bound::UpTo { amount, in_total, closed_once_reached } => {
            *in_total || *closed_once_reached || reads(amount)
        }
        Bound::AtLeast { amount } => reads(amount),
    });
    let fed = at.feed.iter().any(|feed| feed.keys.iter().any(reads));
    portion || bounded || fed || target(&at.target)
}

fn selection(at: &Selection) -> bool {
    let source = match &at.source {
        RowSource::Register { keys, .. } => keys.iter().any(reads),
        RowSource::List { list, .. } => reads(list),
        RowSource::Members(_) => false,
    };
    source
        || at.condition.as_ref().is_some_and(reads)
        || at.shares.iter().any(|factor| reads(&factor.value))
}

/// Whether an expression reads a total, a carried value or a balance.
fn reads(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Total { .. } | ExprKind::Carried { .. } | ExprKind::Balance { .. } => true,
        ExprKind::Constant(_)
        | ExprKind::Field(_)
        | ExprKind::EffectiveDate
        | ExprKind::Local(_)
        | ExprKind::Reading(_)
        | ExprKind::Share(_) => false,
        ExprKind::Own { at, .. } => at.as_deref().is_some_and(reads),
        ExprKind::RowField { row, at, .. } => reads(row) || at.as_deref().is_some_and(reads),
        ExprKind::Parameter { keys, at, .. } => keys.iter().any(reads) || reads(at),
        ExprKind::Schedule { keys, of, at, .. } => keys.iter().any(reads) || reads(of) || reads(at),
        ExprKind::Closed { keys, .. } | ExprKind::Lookup { keys, .. } => keys.iter().any(reads),
        ExprKind::Negate(inner)
        | ExprKind::Not(inner)
        | ExprKind::Bind(inner, _)
        | ExprKind::Rounded(inner, ..)
        | ExprKind::AggregateList(_, inner) => reads(inner),
        ExprKind::And(list)
        | ExprKind::Or(list)
        | ExprKind::List(list)
        | ExprKind::Call(_, list) => list.iter().any(reads),
        ExprKind::Arithmetic(_, left, right)
        | ExprKind::Compare(_, left, right)
        | ExprKind::InTree(left, right)
        | ExprKind::InPeriod(left, right)
        | ExprKind::Otherwise(left, right) => reads(left) || reads(right),
        ExprKind::InSet(value, set) => reads(value) || set.iter().any(reads),
        ExprKind::InRange { value, from, to, .. } => reads(value) || reads(from) || reads(to),
        ExprKind::If(condition, yes, no) => reads(condition) || reads(yes) || reads(no),
        ExprKind::Aggregate { value, selection: of, .. } => {
            value.as_deref().is_some_and(reads) || selection(of)
        }
    }
}
