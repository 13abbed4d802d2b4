//! One event worked out again, held against its entry.

use std::sync::Arc;

use crate::base::Date;
use crate::book::{Because, Correction, Counted, Entry, Event, Leaf, Outcome, Said};
use crate::diagnostics::Language;
use crate::engine::Wanted;
use crate::report::book::{Apart, Side, TellingApart};
use crate::report::names::Names;
use crate::rows::Explanation;

use super::super::edition::Rules;
use super::super::explain;
use super::super::maker::key_text;
use super::super::post::amounts;
use super::super::standing::Stood;
use super::super::translate::get;
use super::{Replay, Replayed};

/// An entry that comes out otherwise when it is worked out again.
#[derive(Debug)]
pub struct Difference {
    /// The entry; none for an event that the book does not have.
    pub entry: Option<u64>,
    /// The batch that the entry belongs to.
    pub batch: Option<u64>,
    /// The kind of the event, by its label.
    pub event: String,
    /// The same as the rules write it.
    pub kind: String,
    /// Its key.
    pub key: String,
    /// Its effective date.
    pub date: Date,
    /// The day by which summaries assign its year, where that is another.
    pub booked: Option<Date>,
    /// What is stored, in a line.
    pub stored: String,
    /// What comes out, in a line.
    pub now: String,
    /// In what they differ.
    pub apart: Vec<Apart>,
    /// Why it comes out so; of the first differences alone, with the rules it was worked out by.
    pub(in crate::app::book) story: Option<(Box<Explanation>, Arc<Rules>)>,
    /// The event to be explained, and its entry, where it has one.
    pub(super) wanted: Option<Wanted>,
    pub(super) of: Option<u64>,
}

impl Difference {
    /// Why it comes out so, if that was asked.
    pub fn story(&self, language: Language) -> Option<String> {
        let (story, rules) = self.story.as_ref()?;
        Some(explain::Told { story, rules }.text(language))
    }
}

pub(super) struct Comparing<'r> {
    pub(super) names: &'r Names,
    pub(super) asked: &'r Replay,
}

impl Comparing<'_> {
    /// An event of the batches replayed: its entry must be the same, byte for byte.
    pub(super) fn event(&self, entry: u64, stored: &Event, now: &Event, found: &mut Replayed) {
        if !self.is_asked(entry, stored, &now.outcome, found) {
            return;
        }
        found.count(stored.batch);
        let now =
            Event { batch: stored.batch, origin: stored.origin, late: stored.late, ..now.clone() };
        let body = |event: &Event| Entry::Event(event.clone()).body();
        if body(stored) != body(&now) {
            let sides = (Side::Outcome(&stored.outcome), Side::Outcome(&now.outcome));
            let apart = self.telling(Some(stored.kind)).events(stored, &now);
            let at = (Some(entry), Some(stored.batch));
            found.differences.push(Difference { apart, ..self.difference(at, stored, sides) });
        }
    }

    /// A correction of an event that stood before.
    pub(super) fn correction(
        &self,
        (entry, correction): (u64, &Correction),
        cause: Option<u64>,
        stood: &Stood,
        now: &Event,
        found: &mut Replayed,
    ) {
        let Said { figures, open_items } = match &correction.said {
            Some(said) => said.clone(),
            None => stood.event.said(),
        };
        let stored = Event {
            outcome: correction.outcome.clone().unwrap_or(stood.event.outcome.clone()),
            booked: Some(correction.booked),
            figures,
            open_items,
            ..stood.event.clone()
        };
        if !self.is_asked(entry, &stored, &now.outcome, found) {
            return;
        }
        found.count(correction.batch);
        let anew = stood.said_anew(&now.said());
        let booked = booked_by(&stood.event);
        let said = correction.said == anew && correction.booked == booked;
        let other_cause = other_cause(correction, cause);
        if correction.outcome.as_ref() != Some(&now.outcome) || !said || other_cause.is_some() {
            let was = correction.outcome.as_ref().map_or(Side::Withdrawn, Side::Outcome);
            let sides = (was, Side::Outcome(&now.outcome));
            let at = (Some(entry), Some(correction.batch));
            let mut differs = self.difference(at, &stored, sides);
            let Said { figures, open_items } = now.said();
            let booked = Some(booked);
            let now = Event { booked, figures, open_items, ..stored.clone() };
            let telling = self.telling(Some(stored.kind));
            differs.apart.extend(telling.events(&stored, &now));
            differs.apart.extend(other_cause.map(|(told, cause)| telling.cause(told, cause)));
            found.differences.push(Difference { of: Some(stood.entry), ..differs });
        }
    }

    /// An event that stood before comes out otherwise, and was not corrected.
    pub(super) fn stood(&self, stood: &Stood, now: Option<&Event>, found: &mut Replayed) {
        let (outcome, said) = (now.map(|it| &it.outcome), now.map(Event::said));
        let either = outcome.unwrap_or(&stood.event.outcome);
        if self.is_asked(stood.by, &stood.event, either, found) {
            let now = outcome.map_or(Side::Absent, Side::Outcome);
            let sides = (Side::Outcome(&stood.event.outcome), now);
            let mut differs = self.difference((Some(stood.by), None), &stood.event, sides);
            for (stands, now) in said.iter().map(|said| stood.with_said(said)) {
                differs.apart.extend(self.telling(Some(stands.kind)).events(&stands, &now));
            }
            found.differences.push(Difference { of: Some(stood.entry), ..differs });
        }
    }

    /// An event comes out that the book does not have.
    pub(super) fn surplus(&self, now: &Event, found: &mut Replayed) {
        if self.asked.of.is_of(&key_text(now), &mut found.met) {
            let sides = (Side::Absent, Side::Outcome(&now.outcome));
            found.differences.push(self.difference((None, None), now, sides));
        }
    }

    /// An event of the book does not come out.
    pub(super) fn missing(&self, entry: u64, stored: &Event, found: &mut Replayed) {
        if self.is_asked(entry, stored, &stored.outcome, found) {
            found.count(stored.batch);
            let sides = (Side::Outcome(&stored.outcome), Side::Absent);
            let at = (Some(entry), Some(stored.batch));
            found.differences.push(self.difference(at, stored, sides));
        }
    }

    /// A correction of something that does not come out, which holds if it says so: of this event, whose
    /// kind these rules may not know.
    pub(super) fn unfounded(
        &self,
        (entry, correction): (u64, &Correction),
        cause: Option<u64>,
        (event, kind): (&Event, Option<u32>),
        found: &mut Replayed,
    ) {
        let outcome = correction.outcome.as_ref().unwrap_or(&event.outcome);
        if !self.is_asked(entry, event, outcome, found) {
            return;
        }
        found.count(correction.batch);
        let at = (Some(entry), Some(correction.batch));
        if let Some(outcome) = &correction.outcome {
            let sides = (Side::Outcome(outcome), Side::Absent);
            found.differences.push(self.difference_of(kind, at, event, sides));
            return;
        }
        let stored = Event { booked: Some(correction.booked), ..event.clone() };
        let now = Event { booked: Some(booked_by(event)), ..event.clone() };
        let telling = self.telling(kind);
        let mut apart = telling.events(&stored, &now);
        let other_cause = other_cause(correction, cause);
        apart.extend(other_cause.map(|(told, cause)| telling.cause(told, cause)));
        if !apart.is_empty() {
            let sides = (Side::Withdrawn, Side::Withdrawn);
            let differs = self.difference_of(kind, at, event, sides);
            found.differences.push(Difference { apart, ..differs });
        }
    }

    /// An event adds something else to running totals than the resolution says that settled it.
    pub(super) fn counted(
        &self,
        (number, entry): (u64, u64),
        event: &Event,
        (stored, now): (Option<&Counted>, Option<&Counted>),
        leaves: &[Leaf],
        found: &mut Replayed,
    ) {
        let apart = self.telling(Some(event.kind)).counted(stored, now, leaves);
        let sides = (Side::Outcome(&event.outcome), Side::Outcome(&event.outcome));
        let differs = self.difference((Some(number), None), event, sides);
        found.differences.push(Difference { apart, of: Some(entry), ..differs });
    }

    fn is_asked(&self, entry: u64, stored: &Event, now: &Outcome, found: &mut Replayed) -> bool {
        let gives = |outcome| {
            let own = |account: &Option<_>| self.asked.of.is_account(account.as_ref(), self.names);
            amounts(outcome).iter().any(|(account, _)| own(account))
        };
        self.asked.of.range.contains(&entry)
            && self.asked.of.is_of(&key_text(stored), &mut found.met)
            && (self.asked.of.account.is_none() || gives(&stored.outcome) || gives(now))
    }

    fn telling(&self, kind: Option<u32>) -> TellingApart<'_> {
        TellingApart { names: self.names, kind, language: self.asked.language }
    }

    /// What became of an event differs.
    fn difference(
        &self,
        at: (Option<u64>, Option<u64>),
        event: &Event,
        sides: (Side<'_>, Side<'_>),
    ) -> Difference {
        self.difference_of(Some(event.kind), at, event, sides)
    }

    fn difference_of(
        &self,
        kind: Option<u32>,
        (entry, batch): (Option<u64>, Option<u64>),
        event: &Event,
        (stored, now): (Side<'_>, Side<'_>),
    ) -> Difference {
        let telling = self.telling(kind);
        let table = kind.and_then(|kind| get(&self.names.events, kind));
        let name = table.map_or("", |table| table.name.in_language(self.asked.language));
        Difference {
            entry,
            batch,
            event: name.to_owned(),
            kind: table.map_or_else(String::new, |table| table.name.text.clone()),
            key: key_text(event),
            date: event.date,
            booked: event.booked.filter(|day| *day != event.date),
            stored: telling.line(stored),
            now: telling.line(now),
            apart: telling.outcomes(stored, now),
            story: None,
            of: entry,
            wanted: kind.and_then(|_| explain::wanted(event, self.names)),
        }
    }
}

/// The day by which a correction of an event is booked.
fn booked_by(event: &Event) -> Date {
    event.booked.unwrap_or(event.date)
}

/// The late event that a correction says is behind it, and the one that is, if that is another.
fn other_cause(correction: &Correction, cause: Option<u64>) -> Option<(u64, u64)> {
    let Because::Late { entry } = correction.because else { return None };
    cause.filter(|cause| *cause != entry).map(|cause| (entry, cause))
}
