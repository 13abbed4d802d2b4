//! An event by its key, as people write it.

use crate::report::names::Names;
use crate::report::values::file_text;
use crate::rows::{Cell, EventAt};

/// The key of an event: its parts, joined by `/`.
pub fn key_text(event: EventAt<'_>, names: &Names) -> String {
    key_parts(event, names).join("/")
}

/// The parts of an event's key, as files write them.
pub fn key_parts(event: EventAt<'_>, names: &Names) -> Vec<String> {
    let at = usize::try_from(event.batch.event).ok();
    let Some(table) = at.and_then(|at| names.events.get(at)) else { return Vec::new() };
    let part = |at: &usize| {
        let field = table.fields.get(*at)?;
        let column = event.batch.columns.get(*at)?;
        let cell = column.cell(event.row);
        // A computed effective date is not in the columns.
        Some(match cell {
            Cell::Missing if table.effective == Some(*at) => event.date.to_string(),
            cell => file_text(&cell, &field.kind, names),
        })
    };
    table.key.iter().filter_map(part).collect()
}
