//! The entry of an event that somebody knows by its key.

use crate::book::{Book, Entry, Outcome};
use crate::diagnostics::Words;

use super::BookTrouble;
use super::dispute::latest;
use super::maker::key_text;
use super::standing::walk;

/// The entry by which the event with a key stands: its own, or that of its latest correction. Where it is
/// allocated, copies of it that are set aside do not count.
///
/// # Errors
/// No event has that key, or several have; the book cannot be read.
pub fn entry_of_event(book: &mut Book, key: &str) -> Result<u64, BookTrouble> {
    let (mut allocated, mut aside) = (Vec::new(), Vec::new());
    let size = book.size()?;
    walk(book, 0..size, |number, entry| {
        if let Entry::Event(event) = entry
            && key_text(&event) == key
        {
            let of = match event.outcome {
                Outcome::Allocated { .. } => &mut allocated,
                Outcome::SetAside { .. } => &mut aside,
            };
            of.push(number);
        }
        Ok(())
    })?;
    let mut found = Vec::new();
    for number in if allocated.is_empty() { aside } else { allocated } {
        found.push(latest(book, number)?);
    }
    if found.len() > 1 {
        // What was withdrawn and is there anew stands by the later entry.
        let mut standing = Vec::new();
        for number in &found {
            let withdrawn =
                matches!(book.entry(*number)?, Entry::Correction(it) if it.outcome.is_none());
            standing.extend((!withdrawn).then_some(*number));
        }
        if !standing.is_empty() {
            found = standing;
        }
    }
    match found.as_slice() {
        [only] => Ok(*only),
        [] => Err(none_of(key)),
        several => Err(several_of(key, several)),
    }
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
