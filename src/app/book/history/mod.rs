//! What stands before an entry: known by its corrections and by the rules of its batches, read from the
//! book as often as it is needed, and never held whole.
//!
//! `entries` reads what was sent, ahead of a run; `held` knows what was read last and what a run has not
//! told of yet, so that what comes out can be held against what is stored.

mod entries;
mod held;
mod put_away;

use std::collections::{BTreeMap, HashMap};

use crate::book::{
    Because, Book, BookError, Correction, Entry, Event, Identity, Outcome, Row, Said, Schema,
};
use crate::plan::Plan;

use super::BookTrouble;
use super::post::bears_on;
use super::replay::Span;
use super::standing::{Stood, unfit, walk};
use super::translate::{Translated, Translator};

pub(super) use entries::{Entries, Of, Piece, WAITING_BYTES, Wanted, reading};
pub(super) use held::{Held, event_of};
pub(super) use put_away::PutAway;

/// What stands before an entry, in the positions of the rules at hand.
pub(super) struct History<'h> {
    schema: &'h Schema,
    plan: &'h Plan,
    /// The entry that it ends before.
    end: u64,
    /// For each batch, which translator speaks its positions.
    batches: BTreeMap<u64, usize>,
    translators: Vec<Translator<'h>>,
    /// Events that do not stand as they were posted, by their entries.
    corrected: HashMap<u64, Corrected>,
    /// For each correction the event that it is of in the end.
    events: HashMap<u64, u64>,
    /// Events that stand as disputes were settled.
    settled: Vec<Stood>,
}

/// What an event came to be.
struct Corrected {
    /// The entry by which it stands.
    by: u64,
    /// What became of it; nothing, if it stands no more.
    outcome: Option<Outcome>,
    /// What it says besides amounts, if a correction says it, and whether by the rules at hand.
    said: Option<(Said, bool)>,
    own_rules: bool,
    settled: bool,
}

impl<'h> History<'h> {
    /// That of a book before an entry.
    ///
    /// # Errors
    /// The book cannot be read.
    pub(super) fn read(
        book: &mut Book,
        spans: &'h [Span],
        end: u64,
        (schema, plan): (&'h Schema, &'h Plan),
    ) -> Result<History<'h>, BookTrouble> {
        let mut history = History {
            schema,
            plan,
            end,
            batches: BTreeMap::new(),
            translators: Vec::new(),
            corrected: HashMap::new(),
            events: HashMap::new(),
            settled: Vec::new(),
        };
        let mut editions = BTreeMap::new();
        for span in spans.iter().filter(|span| span.end <= end) {
            let at = *editions.entry(span.begun.batch.edition_entry).or_insert_with(|| {
                let translator = Translator::new(&span.begun.edition.schema, schema);
                history.translators.push(translator);
                history.translators.len() - 1
            });
            history.batches.insert(span.begun.number, at);
        }
        for span in spans.iter().filter(|span| span.end <= end && span.corrects) {
            walk(book, span.begun.number..span.end, |number, entry| {
                if let Entry::Correction(correction) = entry {
                    history.correct(number, &correction)?;
                }
                Ok(())
            })?;
        }
        history.settle(book)?;
        Ok(history)
    }

    fn correct(&mut self, by: u64, correction: &Correction) -> Result<(), BookTrouble> {
        let event = self.event(correction.of);
        let translator = self.translator(by, correction.batch)?;
        let (own_rules, settled) =
            (translator.is_same(), matches!(correction.because, Because::Dispute { .. }));
        let outcome = match &correction.outcome {
            Some(outcome @ Outcome::Allocated { .. }) => Some(translator.outcome(outcome)),
            Some(Outcome::SetAside { .. }) | None => None,
        };
        let said = correction.said.clone().map(|said| (said, own_rules));
        let said = said.or_else(|| self.corrected.remove(&event)?.said);
        self.events.insert(by, event);
        self.corrected.insert(event, Corrected { by, outcome, said, own_rules, settled });
        Ok(())
    }

    /// Reads the events that stand as disputes were settled.
    fn settle(&mut self, book: &mut Book) -> Result<(), BookTrouble> {
        let of = |it: &Corrected| it.settled && it.outcome.is_some();
        let settled = self.corrected.iter().filter(|(_, it)| of(it));
        let mut settled: Vec<u64> = settled.map(|(entry, _)| *entry).collect();
        settled.sort_unstable();
        for entry in settled {
            let Entry::Event(event) = book.entry(entry)? else {
                return Err(BookError::Damaged { entry }.into());
            };
            let stood = self.stood(entry, &event)?;
            self.settled.extend(stood);
        }
        Ok(())
    }

    /// Says in the positions at hand what an entry of a batch says.
    fn translator(&self, entry: u64, batch: u64) -> Result<&Translator<'h>, BookError> {
        let translator = self.batches.get(&batch).and_then(|at| self.translators.get(*at));
        translator.ok_or(BookError::Damaged { entry })
    }

    /// The names of the rules at hand.
    pub(super) fn schema(&self) -> &'h Schema {
        self.schema
    }

    /// Whether nothing was posted before.
    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// The entry that it ends before.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// The entry of the event that stands by an entry.
    pub(super) fn event(&self, by: u64) -> u64 {
        self.events.get(&by).copied().unwrap_or(by)
    }

    /// Whether events stand as disputes were settled.
    pub(super) fn has_settled(&self) -> bool {
        !self.settled.is_empty()
    }

    /// The entry by which an event stands that was posted by another.
    pub(super) fn by(&self, entry: u64) -> u64 {
        self.corrected.get(&entry).map_or(entry, |it| it.by)
    }

    /// Whether an event stands as it was posted, by the rules at hand.
    pub(super) fn stands_as_posted(&self, entry: u64, batch: u64) -> bool {
        let same = self.translator(entry, batch).is_ok_and(Translator::is_same);
        same && !self.corrected.contains_key(&entry)
    }

    /// Whether an event was corrected so that it stands no more.
    fn is_withdrawn(&self, entry: u64) -> bool {
        self.corrected.get(&entry).is_some_and(|it| it.outcome.is_none())
    }

    /// How an event stands; nothing, if it does not, or the rules at hand know no such events.
    ///
    /// # Errors
    /// It says something that has no place in the rules at hand.
    pub(super) fn stood(&self, entry: u64, event: &Event) -> Result<Option<Stood>, BookTrouble> {
        let allocated = matches!(event.outcome, Outcome::Allocated { .. });
        if !allocated || self.is_withdrawn(entry) {
            return Ok(None);
        }
        let translator = self.translator(entry, event.batch)?;
        let event = match translator.event(event) {
            Translated::Whole(event) => event,
            // Rules that know no such events cannot depend on them.
            Translated::Unknown => return Ok(None),
            Translated::Unfit(field) => return Err(unfit(entry, event, &field, self.schema)),
        };
        let own_rules = translator.is_same();
        let (by, said_by_own_rules, settled) = (entry, own_rules, false);
        let mut stood = Stood { entry, by, event, own_rules, said_by_own_rules, settled };
        if let Some(it) = self.corrected.get(&entry) {
            stood.by = it.by;
            stood.own_rules = it.own_rules;
            stood.settled = it.settled;
            stood.event.outcome = it.outcome.clone().unwrap_or(stood.event.outcome);
            stood.said_by_own_rules = match &it.said {
                Some((said, by_own_rules)) => {
                    let Said { figures, open_items } = said.clone();
                    (stood.event.figures, stood.event.open_items) = (figures, open_items);
                    *by_own_rules
                }
                None => it.own_rules && own_rules && stood.event.said() == Said::default(),
            };
        }
        // A refund that was posted of what a dispute had settled undoes what stands.
        stood.settled = stood.settled || self.followed(&stood).next().is_some();
        Ok(Some(stood))
    }

    /// What a dispute had settled before an event was posted that undoes it.
    pub(super) fn followed<'s>(&'s self, stood: &'s Stood) -> impl Iterator<Item = &'s Stood> {
        let before = self.settled.iter().filter(|it| it.by < stood.by);
        before.filter(|it| bears_on(self.plan, &stood.event, &it.event))
    }

    /// What an event says in the positions of the rules at hand, if they have a place for it.
    ///
    /// # Errors
    /// The batch that it names is none.
    pub(super) fn in_positions(
        &self,
        entry: u64,
        event: &Event,
    ) -> Result<Option<Event>, BookError> {
        Ok(match self.translator(entry, event.batch)?.event(event) {
            Translated::Whole(event) => Some(event),
            Translated::Unknown | Translated::Unfit(_) => None,
        })
    }

    /// How the event in a row stands.
    ///
    /// # Errors
    /// As [`stood`](Self::stood); the row holds none.
    pub(super) fn stood_in(&self, row: &Row<'_>) -> Result<Option<Stood>, BookTrouble> {
        self.stood(row.number, &event_of(row)?)
    }

    /// The entry of the event of an identity, if one stands.
    ///
    /// # Errors
    /// The book cannot be read.
    pub(super) fn find(
        &self,
        book: &mut Book,
        identity: Identity,
    ) -> Result<Option<u64>, BookTrouble> {
        let found = book.standing(&[identity])?.first().copied().flatten();
        Ok(found.map(|by| self.event(by)).filter(|entry| *entry < self.end))
    }
}
