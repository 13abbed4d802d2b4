//! Which entries are meant: by their numbers, or by the keys of their events.

use std::ops::Range;

use clap::Args;

use crate::app::book;
use crate::book::Book;
use crate::diagnostics::{Words, pictured};

use super::super::console::Console;
use super::super::exit::Stop;
use super::Failed;

/// Entries from one to another.
#[derive(Debug, Args)]
pub(super) struct StretchArgs {
    /// The first entry
    #[arg(long, value_name = "ENTRY", default_value_t = 0)]
    from: u64,
    /// The first entry that is left out [default: none]
    #[arg(long, value_name = "ENTRY")]
    to: Option<u64>,
}

impl StretchArgs {
    /// Their numbers.
    pub(super) fn range(&self) -> Result<Range<u64>, Stop> {
        let (from, to) = (self.from, self.to.unwrap_or(u64::MAX));
        if from < to {
            return Ok(from..to);
        }
        Err(Stop::error(
            Words::new(
                format!("from entry {from} to entry {to} there is none"),
                format!("第 {from} 条起、第 {to} 条之前，没有条目"),
            ),
            Some(Words::new(
                "`--from` is the first entry, and `--to` the first that is left out: it is the larger",
                "--from 为第一条，--to 为不再包括的第一条，应大于 --from",
            )),
        ))
    }
}

/// Entries of events and others.
#[derive(Debug, Args)]
pub(super) struct EntriesArgs {
    /// Entries by their numbers; what is no number is the key of an event
    #[arg(value_name = "ENTRY")]
    entries: Vec<String>,
    /// The event with this key, by the entry by which it stands; may be given again
    #[arg(long, value_name = "KEY")]
    event: Vec<String>,
}

impl EntriesArgs {
    /// Their numbers, in the order in which they were named.
    pub(super) fn numbers(&self, console: &Console, open: &mut Book) -> Result<Vec<u64>, Failed> {
        let mut numbers = Vec::new();
        for named in &self.entries {
            numbers.push(match named.parse() {
                Ok(number) => number,
                Err(_) => by_key(console, open, named)?,
            });
        }
        for key in &self.event {
            numbers.push(by_key(console, open, key)?);
        }
        if numbers.is_empty() {
            let hint = Words::new(
                "name entries by their numbers, or events by `--event KEY`",
                "请用条号指定，或用 --event 键 指定事项",
            );
            return Err(Stop::error(Words::new("which entries?", "哪些条目？"), Some(hint)).into());
        }
        Ok(numbers)
    }
}

fn by_key(console: &Console, open: &mut Book, key: &str) -> Result<u64, Failed> {
    let entry = book::entry_of_event(open, key)?;
    let key = pictured(key);
    console.note(&Words::new(
        format!("event `{key}` stands by entry {entry}"),
        format!("事项「{key}」现由第 {entry} 条确定"),
    ));
    Ok(entry)
}
