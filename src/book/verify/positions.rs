//! Positions: events and corrections speak of kinds, members, accounts, legs and figures by where these
//! stand in an edition, which has to have them.

use crate::book::entry::{Batch, Event, FigureValue, Kind, Outcome, Schema};
use crate::rows::{Allocation, Cell};

/// Whether an edition has all that an event speaks of, in fields of their kinds.
pub(super) fn event(event: &Event, schema: &Schema) -> bool {
    let Some(table) = at(&schema.events, event.kind) else { return false };
    let mut fields = event.fields.iter().zip(&table.fields);
    event.fields.len() == table.fields.len()
        && fields.all(|(cell, field)| fits(cell, &field.kind, schema))
        && outcome(&event.outcome, schema)
        && said(&event.figures, &event.open_items, schema)
}

/// The same of an outcome.
pub(super) fn outcome(outcome: &Outcome, schema: &Schema) -> bool {
    let Outcome::Allocated { leaves, .. } = outcome else { return true };
    leaves.iter().all(|leaf| {
        let account = leaf.account.as_ref().is_none_or(|account| {
            let family = at(&schema.accounts, account.family);
            family.is_some_and(|family| {
                let mut key = account.key.iter().zip(&family.keys);
                account.key.len() == family.keys.len()
                    && key.all(|(cell, kind)| *cell != Cell::Missing && fits(cell, kind, schema))
            })
        });
        account && has_leg(leaf.leg, schema)
    })
}

/// The same of what is said besides amounts.
pub(super) fn said(figures: &[FigureValue], open_items: &[u32], schema: &Schema) -> bool {
    let figure = |it: &FigureValue| {
        at(&schema.figures, it.figure).is_some_and(|named| fits(&it.value, &named.kind, schema))
    };
    figures.iter().all(figure) && open_items.iter().all(|leg| has_leg(*leg, schema))
}

/// The same of the registers and readings of a batch.
pub(super) fn batch(batch: &Batch, schema: &Schema) -> bool {
    let mut readings = batch.readings.iter();
    readings.all(|chosen| {
        let reading = at(&schema.readings, chosen.reading);
        reading.is_some_and(|reading| at(&reading.members, chosen.option).is_some())
    }) && batch.registers.iter().all(|used| at(&schema.registers, used.register).is_some())
}

fn has_leg(leg: u32, schema: &Schema) -> bool {
    [Allocation::BY_SETTLEMENT, Allocation::BY_CLOSING, Allocation::BY_RULING].contains(&leg)
        || at(&schema.legs, leg).is_some()
}

/// Whether a cell can stand in a field of a kind; nothing can stand in any.
fn fits(cell: &Cell, kind: &Kind, schema: &Schema) -> bool {
    match (cell, kind) {
        (Cell::Missing, _)
        | (Cell::Bool(_), Kind::Bool)
        | (Cell::Integer(_), Kind::Integer | Kind::Number | Kind::Rate)
        | (Cell::Number(_), Kind::Rate | Kind::Number | Kind::Money { .. })
        | (Cell::Money(_), Kind::Money { .. })
        | (Cell::Date(_), Kind::Date)
        | (Cell::Duration(_), Kind::Duration)
        | (Cell::Text(_), Kind::Text) => true,
        (Cell::Period(value), Kind::Period { period }) => value.kind() == *period,
        (Cell::Member(member), Kind::Member { of }) => {
            at(&schema.enumerations, *of).is_some_and(|it| at(&it.members, *member).is_some())
        }
        (Cell::List(items), Kind::List { of }) => items.iter().all(|it| fits(it, of, schema)),
        (Cell::Record(cells), Kind::Record { of }) => {
            at(&schema.shapes, *of).is_some_and(|shape| {
                let mut fields = cells.iter().zip(&shape.fields);
                cells.len() == shape.fields.len()
                    && fields.all(|(cell, field)| fits(cell, &field.kind, schema))
            })
        }
        _ => false,
    }
}

fn at<T>(list: &[T], position: u32) -> Option<&T> {
    usize::try_from(position).ok().and_then(|position| list.get(position))
}
