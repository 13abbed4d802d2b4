//! The entry of an event that somebody knows by its key.

use std::collections::BTreeMap;

use crate::book::{Book, Entry, Event, Identity, Outcome};
use crate::diagnostics::Words;

use super::BookTrouble;
use super::maker::key_text;
use super::places::Places;
use super::standing::{Batches, identity, walk};

/// The entry by which the event with a key stands: its own, or that of its latest correction. Where it was
/// set aside and is posted again, the later entry takes the place of the earlier.
///
/// # Errors
/// No event has that key, or several have; the book cannot be read.
pub fn entry_of_event(book: &mut Book, key: &str) -> Result<u64, BookTrouble> {
    let mut found: Vec<(u64, Event)> = Vec::new();
    let size = book.size()?;
    walk(book, 0..size, |number, entry| {
        if let Entry::Event(event) = entry
            && key_text(&event) == key
        {
            found.push((number, event));
        }
        Ok(())
    })?;
    let mut batches = Batches::default();
    // By identity; what has none is known by nothing, and takes the place of none.
    let mut events: BTreeMap<Result<Identity, u64>, Vec<(u64, Event)>> = BTreeMap::new();
    for (number, event) in found {
        let edition = batches.get(book, event.batch)?.edition;
        let identity = identity(&event, &edition.schema).map_err(|_| number);
        events.entry(identity).or_default().push((number, event));
    }
    let mut stand = Vec::with_capacity(events.len());
    for entries in events.into_values() {
        stand.extend(standing(book, entries)?);
    }
    match stand.as_slice() {
        [only] => Ok(*only),
        [] => Err(none_of(key)),
        several => Err(several_of(key, several)),
    }
}

/// What happened to an event: it was posted, or this event was corrected.
enum Step {
    Posted(Event),
    Corrected(u64, Option<Outcome>),
}

/// The entries by which an event stands that has several.
fn standing(book: &mut Book, entries: Vec<(u64, Event)>) -> Result<Vec<u64>, BookTrouble> {
    let mut steps = BTreeMap::new();
    for (entry, event) in entries {
        let mut last = entry;
        while let Some(by) = book.settled_by(last)?.filter(|by| *by > last) {
            let Entry::Correction(it) = book.entry(by)? else { break };
            steps.insert(by, Step::Corrected(entry, it.outcome));
            last = by;
        }
        steps.insert(entry, Step::Posted(event));
    }
    let mut places = Places::default();
    for (entry, step) in &steps {
        match step {
            Step::Posted(event) => drop(places.posted(*entry, event)),
            Step::Corrected(event, outcome) => places.corrected(*event, *entry, outcome.as_ref()),
        }
    }
    Ok(places.standing())
}

fn none_of(key: &str) -> BookTrouble {
    BookTrouble::said(
        Words::new(
            format!("no event of the book has the key `{key}`"),
            format!("账簿中没有键为「{key}」的事项"),
        ),
        Some(Words::new(
            "`fenshui book log` lists the entries with the keys of their events; a row that could \
             not be read has none",
            "用 fenshui book log 查看各条及其事项的键；不可读的行没有键",
        )),
    )
}

fn several_of(key: &str, entries: &[u64]) -> BookTrouble {
    let entries: Vec<String> = entries.iter().map(u64::to_string).collect();
    BookTrouble::said(
        Words::new(
            format!("several events have the key `{key}`: entries {}", entries.join(", ")),
            format!("键为「{key}」的事项不止一个：第 {} 条", entries.join("、")),
        ),
        Some(Words::new("name one by the number of its entry", "请用条号指定其中之一")),
    )
}
