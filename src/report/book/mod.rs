//! What a book says, for people and for programs: its errors in both languages, its entries as
//! tables and as JSON.

mod apart;
mod damage;
mod entry_json;
mod log;
mod names;
mod words;

pub use apart::{Apart, LegNames, Side, TellingApart};
pub use damage::damage_words;
pub use entry_json::{entry_json, leg_name};
pub use log::{
    Called, CorrectedEvent, EntryNames, LogLine, OutcomeTold, entry_page, log_line, log_table,
    outcome_text, outcome_told, readings_text,
};
pub use names::names_of;
pub use words::{book_words, key_hint, key_words, note_words, store_words};
