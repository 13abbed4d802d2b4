//! What took the place of what: corrections, and events posted again after they had been set aside.

use std::collections::{BTreeMap, HashSet};

use crate::book::{Book, BookError, Entry, Event, Identity, Outcome};

use super::super::BookTrouble;
use super::super::explain::event_behind;
use super::super::places::Places;
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
    /// An event that is or once was set aside.
    Event { identity: Identity, event: Box<Event> },
    /// A correction of an entry; and the event that it sets aside or withdraws, if it does, with the entry
    /// of that.
    Correction { of: u64, aside: Option<Aside> },
}

/// An event that a correction sets aside or withdraws.
#[derive(Debug)]
struct Aside {
    identity: Identity,
    entry: u64,
    outcome: Option<Outcome>,
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
                Entry::Correction(it) => corrections.push((number, it.of, it.outcome)),
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
        for (number, of, outcome) in corrections {
            let mut aside = None;
            if outcome.as_ref().is_none_or(is_aside) {
                let (_, entry, event) = event_behind(book, of)?;
                let identity = known_by(book, &mut batches, &event)?;
                once.extend(identity.clone());
                aside = identity.map(|identity| Aside { identity, entry, outcome });
            }
            steps.insert(number, Step::Correction { of, aside });
        }
        events(book, &mut batches, &once, &mut steps)?;
        links.follow(steps);
        Ok(links)
    }

    fn follow(&mut self, steps: BTreeMap<u64, Step>) {
        let mut places: BTreeMap<Identity, Places> = BTreeMap::new();
        for (number, step) in steps {
            match step {
                Step::Correction { of, aside } => {
                    self.link(number, of);
                    if let Some(Aside { identity, entry, outcome }) = aside {
                        let places = places.entry(identity).or_default();
                        places.corrected(entry, number, outcome.as_ref());
                    }
                }
                Step::Event { identity, event } => {
                    let taken = places.entry(identity).or_default().posted(number, &event);
                    taken.into_iter().for_each(|entry| self.link(number, entry));
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
                steps.insert(number, Step::Event { identity, event: Box::new(event) });
            }
        }
    }
    Ok(())
}
