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
mod apostrophes;
mod blocks;
mod built;
mod by;
mod by_payee;
mod cells;
#[cfg(feature = "columns")]
mod column_file;
#[cfg(not(feature = "columns"))]
#[path = "no_column_file.rs"]
mod column_file;
mod columns;
mod csv;
mod cuts;
mod encoding;
mod error;
mod event_reader;
mod events;
mod exchange;
mod figures;
mod foreign;
mod heads;
mod held;
mod input;
mod json;
mod lines;
mod lookalikes;
mod mapping;
mod named;
mod nested;
mod no_text;
mod output;
mod packed;
mod parse;
mod parts;
mod project;
mod quotes;
mod raw;
mod record_reader;
mod records;
mod refused;
mod registers;
mod room;
mod seen;
mod set_asides;
mod sheet;
mod shelf;
mod sources;
mod spellings;
mod steps;
mod summary;
mod table_reader;
mod together;
mod totals;
mod units;
mod workbook;

pub use allocations::{AllocationOptions, Allocations};
pub use by::By;
pub use encoding::Encoding;
pub use error::{Doing, FormatsError, STANDARD_INPUT, STANDARD_OUTPUT, stream_in_chinese};
pub use event_reader::{EventReader, Parsed, Unread};
pub use events::{EventBlock, Events, event_hint, event_named};
pub use exchange::{Exchange, ExchangeFile, ExchangeWriter};
pub use figures::Figures;
pub use foreign::{ForeignRow, ForeignTable};
pub use heads::encoding_words;
pub use input::{Input, InputOptions, Layout, Pieces};
pub use lookalikes::Lookalikes;
pub use mapping::{Mapping, template};
pub use named::file_of;
pub use output::Output;
pub use packed::unpacked_name;
pub use parse::cell_of_text;
pub use parts::{Part, part_text};
pub use project::Project;
pub use raw::raw_rows;
pub use records::{Holds, Records, ResultColumn, ResultLayout};
pub use registers::{RegisterRows, read_register};
pub use room::Room;
pub use set_asides::{SetAside, SetAsides, repeated};
pub use shelf::FileShelf;
pub use sources::{is_rules, matching_files, read_bytes, read_text, rule_files, write_text};
pub use spellings::remedy;
pub use summary::Summary;
pub use table_reader::column_of;
pub use together::{Beside, Together, left_behind};
pub use units::Unit;
pub use workbook::is_told;

/// The names of a file's columns.
///
/// # Errors
/// The file cannot be read, or its head is none.
pub fn column_names(input: &Input) -> Result<Vec<String>, FormatsError> {
    raw::column_names(input)
}
