//! What took the place of what: corrections, and events posted again after they had been set aside.

use std::collections::{BTreeMap, HashSet};

use crate::book::{Book, BookError, Entry, Event, Identity, Outcome};

use super::super::BookTrouble;
use super::super::standing::{Batches, identity, walk};

/// The entries of events, of corrections and of rows that could not be read, and how they take each
/// other's places.
#[derive(Debug, Default)]
pub(super) struct Links {
    pub(super) entries: Vec<u64>,
    /// By entry, what it took the place of; and the other way round.
    corrects: BTreeMap<u64, u64>,
    corrected_by: BTreeMap<u64, u64>,
}

/// An entry that may take the place of another.
#[derive(Debug)]
enum Step {
    /// An event that is or once was set aside: its batch, and whether it is by this entry.
    Event { identity: Identity, batch: u64, aside: bool },
    /// A correction, and the event that it sets aside or withdraws, if it does.
    Correction { of: u64, aside: Option<Identity> },
}

/// Entries read at a time.
const ENTRIES_A_CHUNK: usize = 4096;

impl Links {
    /// Reads them all.
    pub(super) fn read(book: &mut Book) -> Result<Links, BookTrouble> {
        let mut links = Links::default();
        let (mut asides, mut corrections) = (Vec::new(), Vec::new());
        let size = book.size()?;
        walk(book, 0..size, |number, entry| {
            match entry {
                Entry::Event(event) if is_aside(&event.outcome) => asides.push(event),
                Entry::Correction(it) => {
                    corrections.push((number, it.of, it.outcome.as_ref().is_none_or(is_aside)));
                }
                Entry::Event(_) | Entry::Unread(_) => {}
                _ => return Ok(()),
            }
            links.entries.push(number);
            Ok(())
        })?;
        let mut batches = Batches::default();
        let mut steps = BTreeMap::new();
        let mut once: HashSet<Identity> = HashSet::new();
        for event in &asides {
            once.extend(known_by(book, &mut batches, event)?);
        }
        for (number, of, aside) in corrections {
            let aside = if aside {
                let event = super::event_of(book, of)?;
                known_by(book, &mut batches, &event)?
            } else {
                None
            };
            once.extend(aside.clone());
            steps.insert(number, Step::Correction { of, aside });
        }
        events(book, &mut batches, &once, &mut steps)?;
        links.follow(steps);
        Ok(links)
    }

    fn follow(&mut self, steps: BTreeMap<u64, Step>) {
        // By event, the entry that sets it aside and the batch of that entry, if an event's.
        let mut aside_by: BTreeMap<Identity, (u64, Option<u64>)> = BTreeMap::new();
        for (number, step) in steps {
            match step {
                Step::Correction { of, aside } => {
                    aside_by.retain(|_, (entry, _)| *entry != of);
                    self.link(number, of);
                    aside.and_then(|identity| aside_by.insert(identity, (number, None)));
                }
                Step::Event { identity, batch, aside } => {
                    let earlier = aside_by.get(&identity).copied();
                    // A second row of one batch with the same key is a copy, and mends nothing.
                    if earlier.is_some_and(|(_, of)| of == Some(batch)) {
                        continue;
                    }
                    if let Some((entry, _)) = earlier {
                        self.link(number, entry);
                        aside_by.remove(&identity);
                    }
                    if aside {
                        aside_by.insert(identity, (number, Some(batch)));
                    }
                }
            }
        }
    }

    fn link(&mut self, number: u64, of: u64) {
        self.corrects.insert(number, of);
        self.corrected_by.insert(of, number);
    }

    /// What an entry took the place of.
    pub(super) fn corrects(&self, entry: u64) -> Option<u64> {
        self.corrects.get(&entry).copied()
    }

    /// What took the place of an entry.
    pub(super) fn corrected_by(&self, entry: u64) -> Option<u64> {
        self.corrected_by.get(&entry).copied()
    }
}

fn is_aside(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::SetAside { .. })
}

/// What an event is known by; nothing, if its key is not whole.
fn known_by(
    book: &mut Book,
    batches: &mut Batches,
    event: &Event,
) -> Result<Option<Identity>, BookTrouble> {
    let edition = batches.get(book, event.batch)?.edition;
    Ok(identity(event, &edition.schema).ok())
}

/// Finds the events that were set aside at some time, by every entry they have.
fn events(
    book: &mut Book,
    batches: &mut Batches,
    once: &HashSet<Identity>,
    steps: &mut BTreeMap<u64, Step>,
) -> Result<(), BookTrouble> {
    let (mut next, size) = (0, book.size()?);
    while next < size && !once.is_empty() {
        let entries = book.entries(next, ENTRIES_A_CHUNK)?;
        let last = entries.last().map(|(number, _)| *number);
        next = last.ok_or(BookError::Damaged { entry: next })? + 1;
        for (number, entry) in entries {
            let Entry::Event(event) = entry else { continue };
            let identity = known_by(book, batches, &event)?.filter(|it| once.contains(it));
            if let Some(identity) = identity {
                let (batch, aside) = (event.batch, is_aside(&event.outcome));
                steps.insert(number, Step::Event { identity, batch, aside });
            }
        }
    }
    Ok(())
}
