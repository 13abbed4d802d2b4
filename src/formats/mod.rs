//! Files in and out: events and registers from CSV, JSON and NDJSON; allocations, summaries and rows
//! set aside to the same.
//!
//! A reader turns text into cells of the kinds the rules declare, strictly: what is not plainly such
//! a value is handed over as unreadable, with its file, line, column, value and reason, and never
//! guessed at. Memory does not grow with a CSV or NDJSON file. It knows nothing of rules: which
//! fields a table has is told by [`crate::report::names::Names`].
//!
//! Start reading at [`Events`].

mod allocation_lines;
mod allocations;
mod blocks;
mod by;
mod cells;
mod columns;
mod csv;
mod encoding;
mod error;
mod event_reader;
mod events;
mod figures;
mod foreign;
mod input;
mod json;
mod lines;
mod mapping;
mod output;
mod parse;
mod parts;
mod project;
mod raw;
mod records;
mod registers;
mod set_asides;
mod sources;
mod steps;
mod summary;
mod table_reader;

pub use allocation_lines::AllocationLines;
pub use allocations::{AllocationOptions, Allocations};
pub use by::By;
pub use encoding::Encoding;
pub use error::{Doing, FormatsError};
pub use event_reader::{EventReader, Parsed, Unread};
pub use events::{EventBlock, Events, event_hint, event_named};
pub use figures::Figures;
pub use foreign::{ForeignRow, ForeignTable};
pub use input::{Input, InputOptions, Layout};
pub use mapping::{Mapping, template};
pub use output::Output;
pub use parse::cell_of_text;
pub use parts::{Part, compare_cells, part_text};
pub use project::Project;
pub use raw::raw_rows;
pub use records::{Records, ResultColumn, ResultLayout};
pub use registers::{RegisterRows, read_register};
pub use set_asides::{SetAside, SetAsides};
pub use sources::{is_rules, read_bytes, read_text, rule_files, write_text};
pub use summary::Summary;
pub use table_reader::column_of;

/// The names of a file's columns.
///
/// # Errors
/// The file cannot be read, or its head is none.
pub fn column_names(input: &Input) -> Result<Vec<String>, FormatsError> {
    raw::column_names(input)
}
