//! Whether two events say the same, though they were read by different editions.

use std::sync::Arc;

use crate::book::entry::{Event, Field, Kind, Schema};
use crate::rows::Cell;

/// What an event says, by name: a pair for each field that is there, in the order of the names.
pub(super) fn content(event: &Event, schema: &Schema) -> Cell {
    let at = usize::try_from(event.kind).ok();
    let fields = at.and_then(|at| schema.events.get(at)).map(|table| table.fields.as_slice());
    record(&event.fields, fields.unwrap_or_default(), schema)
}

fn record(cells: &[Cell], fields: &[Field], schema: &Schema) -> Cell {
    let there = cells.iter().zip(fields).filter(|(cell, _)| **cell != Cell::Missing);
    let mut pairs: Vec<(&str, Cell)> = there
        .map(|(cell, field)| (field.name.as_str(), named(cell, &field.kind, schema)))
        .collect();
    pairs.sort_by_key(|(name, _)| *name);
    let pair = |(name, cell): (&str, Cell)| Cell::Record(vec![Cell::Text(Arc::from(name)), cell]);
    Cell::Record(pairs.into_iter().map(pair).collect())
}

/// A value with names in the place of positions.
fn named(cell: &Cell, kind: &Kind, schema: &Schema) -> Cell {
    match (cell, kind) {
        (Cell::Member(member), Kind::Member { of }) => {
            let of = usize::try_from(*of).ok().and_then(|of| schema.enumerations.get(of));
            let member = usize::try_from(*member).ok();
            let name = of.zip(member).and_then(|(of, member)| of.members.get(member));
            name.map_or_else(|| cell.clone(), |name| Cell::Text(Arc::from(name.as_str())))
        }
        (Cell::List(items), Kind::List { of }) => {
            Cell::List(items.iter().map(|item| named(item, of, schema)).collect())
        }
        (Cell::Record(cells), Kind::Record { of }) => {
            let shape = usize::try_from(*of).ok().and_then(|of| schema.shapes.get(of));
            let fields = shape.map(|shape| shape.fields.as_slice());
            record(cells, fields.unwrap_or_default(), schema)
        }
        _ => cell.clone(),
    }
}
