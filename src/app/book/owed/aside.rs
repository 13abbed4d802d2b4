//! What a book has set aside and other rules may allocate.

use std::collections::{BTreeMap, BTreeSet};

use crate::book::{Book, BookError, Entry, Event, Identity, Outcome, Unread};
use crate::diagnostics::Language;
use crate::report::book::{OutcomeTold, outcome_told};
use crate::report::names::Names;
use crate::rows::{self, Origin};

use super::super::BookTrouble;
use super::super::history::History;
use super::super::look::Reader;
use super::super::places::{Places, is_copy};
use super::super::standing::{identity, to_batches, walk};
use super::super::translate::get;
use super::NotHeld;

/// An event that is set aside in the book.
#[derive(Debug, Clone)]
pub(super) struct Aside {
    /// The entry of the event.
    pub(super) entry: u64,
    /// The entry by which it is set aside: its own, or that of a correction.
    pub(super) by: u64,
    /// The event, in the positions of the other rules, with the outcome that stands.
    pub(super) event: Event,
    /// Why it is set aside, in the words of the rules it was posted by.
    pub(super) said: OutcomeTold,
}

/// A row that is set aside, and what it is known by, if its key is whole; or an event that stands, of which
/// something was set aside too.
enum Row {
    Aside(Aside, Option<Identity>),
    Stands(Event, Identity),
}

/// Everything that is set aside before an entry.
#[derive(Debug, Default)]
pub(super) struct Asides {
    /// Events, by their entries.
    pub(super) events: BTreeMap<u64, Aside>,
    /// Rows that have the key of another event, which is in the book: so they have by any rules.
    pub(super) copies: BTreeMap<u64, Aside>,
    /// Rows that could not be read, and events for which the other rules have no place.
    pub(super) not_held: Vec<NotHeld>,
}

impl Asides {
    /// Reads what is set aside where a history ends. What was posted again and stands, or was set aside
    /// once more, is not counted a second time.
    pub(super) fn read(
        book: &mut Book,
        history: &History<'_>,
        language: Language,
    ) -> Result<Asides, BookTrouble> {
        let mut asides = Asides::default();
        let mut kept: BTreeMap<u64, (u64, Outcome)> = BTreeMap::new();
        let mut unread: Vec<(u64, Unread)> = Vec::new();
        // Any correction may be the one that sets an event aside: its event is found through it.
        let mut origin: BTreeMap<u64, u64> = BTreeMap::new();
        walk(book, 0..history.end(), |number, entry| {
            match entry {
                Entry::Event(event) if is_aside(Some(&event.outcome)) => {
                    kept.insert(number, (number, event.outcome));
                }
                Entry::Correction(it) => {
                    let of = origin.get(&it.of).copied().unwrap_or(it.of);
                    origin.insert(number, of);
                    match it.outcome {
                        Some(outcome) if is_aside(Some(&outcome)) => {
                            kept.insert(of, (number, outcome));
                        }
                        _ => drop(kept.remove(&of)),
                    }
                }
                Entry::Unread(row) => unread.push((number, row)),
                _ => {}
            }
            Ok(())
        })?;
        let mut reader = Telling { reader: Reader::new(language), language };
        for (entry, row) in unread {
            asides.not_held.push(reader.unread(book, entry, row)?);
        }
        let mut rows: BTreeMap<u64, Row> = BTreeMap::new();
        let mut known: BTreeSet<Identity> = BTreeSet::new();
        for (entry, (by, outcome)) in kept {
            let stored = book.entry(by)?;
            let posted = book.entry(entry)?;
            let Entry::Event(event) = &posted else {
                return Err(BookError::Damaged { entry }.into());
            };
            let said = reader.said(book, &stored, (Some(event.kind), &outcome))?;
            let Some(event) = history.in_positions(entry, event)? else {
                let place = reader.place(book, &posted, event.origin)?;
                asides.not_held.push(NotHeld { entry, place, said: said.text });
                continue;
            };
            let event = Event { outcome, ..event };
            // One whose key is not whole is known by nothing.
            let identity = identity(&event, history.schema()).ok();
            known.extend(identity.clone());
            rows.insert(entry, Row::Aside(Aside { entry, by, event, said }, identity));
        }
        if !known.is_empty() {
            walk(book, 0..history.end(), |number, entry| {
                if let Entry::Event(event) = entry
                    && let Some(stood) = history.stood(number, &event)?
                {
                    let identity = identity(&stood.event, history.schema())?;
                    if known.contains(&identity) {
                        let event = Event { batch: event.batch, ..stood.event };
                        rows.insert(number, Row::Stands(event, identity));
                    }
                }
                Ok(())
            })?;
        }
        asides.part(rows, history);
        Ok(asides)
    }

    /// Leaves out what another row took the place of, and tells copies of what stands from the others.
    fn part(&mut self, rows: BTreeMap<u64, Row>, history: &History<'_>) {
        let mut places: BTreeMap<Identity, Places> = BTreeMap::new();
        let mut stand: BTreeSet<Identity> = BTreeSet::new();
        for (entry, row) in rows {
            let (event, identity) = match &row {
                Row::Aside(aside, identity) => (&aside.event, identity.as_ref()),
                Row::Stands(event, identity) => (event, Some(identity)),
            };
            let taken =
                identity.and_then(|it| places.entry(it.clone()).or_default().posted(entry, event));
            if let Some(taken) = taken {
                self.events.remove(&taken);
                self.copies.remove(&taken);
            }
            match row {
                Row::Aside(aside, _) if is_copy(&aside.event.outcome) => {
                    self.copies.insert(entry, aside);
                }
                Row::Aside(aside, _) => drop(self.events.insert(entry, aside)),
                Row::Stands(_, identity) => drop(stand.insert(identity)),
            }
        }
        let is_beside = |aside: &Aside| {
            let identity = identity(&aside.event, history.schema());
            identity.is_ok_and(|identity| stand.contains(&identity))
        };
        self.copies.extend(self.events.extract_if(.., |_, aside| is_beside(aside)));
    }

    /// The events that were sent, as batches to run; the line of each is its entry.
    pub(super) fn batches(&self, names: &Names, file: u32) -> Vec<rows::Batch> {
        let sent = self.events.values().filter(|it| it.event.origin != Origin::MADE);
        let sent = sent.map(|it| (&it.event, Origin { file, line: it.entry }));
        to_batches(sent, names)
    }
}

/// Tells what is set aside in the words of the rules it was posted by.
struct Telling {
    reader: Reader,
    language: Language,
}

impl Telling {
    fn unread(&mut self, book: &mut Book, entry: u64, row: Unread) -> Result<NotHeld, BookTrouble> {
        let (kind, origin) = (row.kind, row.origin);
        let outcome = Outcome::SetAside { inflow: row.inflow, reason: row.reason.clone() };
        let row = Entry::Unread(row);
        let said = self.said(book, &row, (kind, &outcome))?.text;
        Ok(NotHeld { entry, place: self.place(book, &row, origin)?, said })
    }

    fn said(
        &mut self,
        book: &mut Book,
        entry: &Entry,
        (kind, outcome): (Option<u32>, &Outcome),
    ) -> Result<OutcomeTold, BookTrouble> {
        let named = self.reader.named(book, entry)?;
        Ok(outcome_told(outcome, kind, 2, named.names().names, self.language))
    }

    fn place(
        &mut self,
        book: &mut Book,
        entry: &Entry,
        origin: Origin,
    ) -> Result<Option<(String, u64)>, BookTrouble> {
        let named = self.reader.named(book, entry)?;
        let batch = named.names().batch;
        let source = batch.and_then(|batch| get(&batch.sources, origin.file));
        Ok(source.map(|source| (source.name.clone(), origin.line)))
    }
}

fn is_aside(outcome: Option<&Outcome>) -> bool {
    matches!(outcome, Some(Outcome::SetAside { .. }))
}
