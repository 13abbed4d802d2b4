//! The place of an event in the order: section 1.2 of the page.

use std::cmp::Ordering;

use crate::base::Date;
use crate::model::{Event, EventId, FieldIx};

use super::error::Stop;
use super::value::{Value, compare};

/// Where a sent event stands in the declared order.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub day: Date,
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
    let mut order = left.day.cmp(&right.day);
    for (left, right) in left.fields.iter().zip(&right.fields) {
        if order == Ordering::Equal {
            // Fields of different types at one place, of different kinds, have no order between them.
            order = match type_rank(left).cmp(&type_rank(right)) {
                Ordering::Equal => compare(left, right)?,
                other => other,
            };
        }
    }
    let shorter = left.fields.len().cmp(&right.fields.len());
    Ok(order.then(shorter).then(left.kind.cmp(&right.kind)))
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
