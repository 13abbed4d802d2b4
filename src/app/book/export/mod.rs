//! What of a book goes out: a journal for hledger, tables, tiles of a transparency log.

mod journal;
mod standing;
mod tables;

use std::path::Path;

use crate::book::{Book, Correction, Entry, Event, Leaf, Moment, Note, Outcome};
use crate::diagnostics::Language;
use crate::formats::Output;
use crate::report::book::leg_name;
use crate::report::names::Names;
use crate::report::values::account_text;

use super::translate::get;
use super::{BookTrouble, Reader, walk};

pub use journal::journal;
pub use tables::{mapped, mapped_files, tables};

/// Writes a book as the files of a tiled log, under a checkpoint.
///
/// # Errors
/// The checkpoint is not of this book; a file cannot be written.
pub fn tiles(book: &mut Book, checkpoint: &Note, folder: &Path) -> Result<(), BookTrouble> {
    book.tiles(checkpoint, |path, bytes| write(&folder.join(path), bytes))
}

/// Writes a file, and the folders it is in.
fn write(path: &Path, bytes: &[u8]) -> Result<(), BookTrouble> {
    let mut output = create(path)?;
    output.write(bytes)?;
    Ok(output.finish()?)
}

fn create(path: &Path) -> Result<Output, BookTrouble> {
    let name = path.display().to_string();
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| crate::formats::FormatsError::writing(&name, error))?;
    }
    Ok(Output::create(&name)?)
}

/// What an entry moves between accounts.
struct Moved<'e> {
    number: u64,
    event: &'e Event,
    /// The correction, if it is one.
    correction: Option<&'e Correction>,
    /// What is taken back, and what is given: each by the rules that gave it.
    reversed: Given<'e>,
    given: Given<'e>,
    /// Those of the rules by which the event was sent.
    names: &'e Names,
}

/// Amounts that were given, and the names that they speak of.
#[derive(Clone, Copy)]
struct Given<'e> {
    leaves: &'e [Leaf],
    names: &'e Names,
}

/// An amount that an entry moves.
struct Amount<'e> {
    leaf: &'e Leaf,
    names: &'e Names,
    taken_back: bool,
}

impl Amount<'_> {
    fn units(&self) -> i128 {
        let units = self.leaf.amount.minor();
        if self.taken_back { -units } else { units }
    }

    fn account(&self) -> String {
        match &self.leaf.account {
            None => "undetermined".to_owned(),
            Some(account) => get(&self.names.accounts, account.family)
                .map_or_else(String::new, |it| account_text(it, &account.key, self.names)),
        }
    }

    /// Rule, leg and clause.
    fn leg(&self) -> (&str, &str, &str) {
        leg_name(self.leaf.leg, self.names)
    }
}

impl Moved<'_> {
    fn scale(&self) -> u8 {
        get(&self.names.events, self.event.kind).map_or(2, |table| table.currency.scale)
    }

    fn currency(&self) -> &str {
        get(&self.names.events, self.event.kind).map_or("", |table| &table.currency.code)
    }

    fn kind(&self) -> &str {
        get(&self.names.events, self.event.kind).map_or("", |table| &table.name.text)
    }

    /// The amounts it moves: first those it takes back.
    fn amounts(&self) -> impl Iterator<Item = Amount<'_>> {
        [(self.reversed, true), (self.given, false)].into_iter().flat_map(|(of, taken_back)| {
            of.leaves.iter().map(move |leaf| Amount { leaf, names: of.names, taken_back })
        })
    }
}

/// Hands every entry that moves money to a function, in order.
fn moves(
    book: &mut Book,
    mut each: impl FnMut(&Moved<'_>) -> Result<(), BookTrouble>,
) -> Result<(), BookTrouble> {
    let mut reader = Reader::new(Language::English);
    let size = book.size()?;
    let mut numbers: Vec<u64> = Vec::new();
    walk(book, 0..size, |number, entry| {
        let allocated = |outcome: &Outcome| matches!(outcome, Outcome::Allocated { .. });
        match &entry {
            Entry::Event(event) if allocated(&event.outcome) => numbers.push(number),
            Entry::Correction(_) => numbers.push(number),
            _ => {}
        }
        Ok(())
    })?;
    for number in numbers {
        let entry = book.entry(number)?;
        let named = reader.named(book, &entry)?;
        let names = named.names().names;
        match &entry {
            Entry::Event(event) => each(&Moved {
                number,
                event,
                correction: None,
                reversed: Given { leaves: &[], names },
                given: Given { leaves: leaves(Some(&event.outcome)), names },
                names,
            })?,
            Entry::Correction(correction) => {
                let before = book.entry(correction.of)?;
                let reversed = match &before {
                    Entry::Event(event) => leaves(Some(&event.outcome)),
                    Entry::Correction(earlier) => leaves(earlier.outcome.as_ref()),
                    _ => &[],
                };
                let gave = reader.named(book, &before)?;
                let event = Entry::Event(event_of(book, correction.of)?);
                let sent = reader.named(book, &event)?;
                let Entry::Event(event) = &event else { continue };
                each(&Moved {
                    number,
                    event,
                    correction: Some(correction),
                    reversed: Given { leaves: reversed, names: gave.names().names },
                    given: Given { leaves: leaves(correction.outcome.as_ref()), names },
                    names: sent.names().names,
                })?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn leaves(outcome: Option<&Outcome>) -> &[Leaf] {
    match outcome {
        Some(Outcome::Allocated { leaves, .. }) => leaves,
        Some(Outcome::SetAside { .. }) | None => &[],
    }
}

/// The event that a correction is of.
fn event_of(book: &mut Book, number: u64) -> Result<Event, BookTrouble> {
    match book.entry(number)? {
        Entry::Event(event) => Ok(event),
        Entry::Correction(correction) if correction.of < number => event_of(book, correction.of),
        _ => Err(crate::book::BookError::NotCorrectable { of: number }.into()),
    }
}

/// When an export was made, and of which state of the book.
fn head(book: &mut Book, made: Moment) -> Result<String, BookTrouble> {
    let size = book.size()?;
    let (origin, root) = (book.opening().origin.clone(), book.root(size)?);
    Ok(format!("{origin}, {size} entries, root {root}, exported {made}"))
}
