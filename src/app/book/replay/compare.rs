//! One event worked out again, held against its entry.

use std::sync::Arc;

use crate::base::Money;
use crate::book::{Correction, Entry, Event, Outcome};
use crate::diagnostics::Language;
use crate::engine::Wanted;
use crate::report::book::outcome_text;
use crate::report::names::Names;
use crate::report::values::account_text;
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
    /// The key of the event.
    pub key: String,
    /// What is stored.
    pub stored: String,
    /// What comes out.
    pub now: String,
    /// Account, what is stored, what comes out; where the amounts differ.
    pub accounts: Vec<(String, String, String)>,
    /// Why it comes out so; of the first difference alone, with the rules it was worked out by.
    pub(in crate::app::book) story: Option<(Box<Explanation>, Arc<Rules>)>,
    pub(super) wanted: Option<Wanted>,
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
        if !self.is_asked(entry, stored, &now.outcome) {
            return;
        }
        found.compared += 1;
        let now =
            Event { batch: stored.batch, origin: stored.origin, late: stored.late, ..now.clone() };
        let body = |event: &Event| Entry::Event(event.clone()).body();
        if body(stored) != body(&now) {
            let texts = self.texts(stored, &now);
            self.add(Some(entry), stored, Some(&now.outcome), texts, found);
        }
    }

    /// A correction of an event that stood before.
    pub(super) fn correction(
        &self,
        entry: u64,
        correction: &Correction,
        stood: &Stood,
        now: &Event,
        found: &mut Replayed,
    ) {
        let stored = Event {
            outcome: correction.outcome.clone().unwrap_or(stood.event.outcome.clone()),
            ..stood.event.clone()
        };
        if !self.is_asked(entry, &stored, &now.outcome) {
            return;
        }
        found.compared += 1;
        if correction.outcome.as_ref() != Some(&now.outcome) {
            let withdrawn = correction.outcome.is_none();
            let was = if withdrawn { "withdrawn".to_owned() } else { self.text(&stored) };
            let texts = (was, self.text(now));
            self.add(Some(entry), &stored, Some(&now.outcome), texts, found);
        }
    }

    /// An event that stood before comes out otherwise, and was not corrected.
    pub(super) fn stood(&self, stood: &Stood, now: Option<&Event>, found: &mut Replayed) {
        let outcome = now.map(|it| &it.outcome).unwrap_or(&stood.event.outcome);
        if self.is_asked(stood.by, &stood.event, outcome) {
            let now = now.map_or_else(String::new, |now| self.text(now));
            let texts = (self.text(&stood.event), now);
            self.add(Some(stood.by), &stood.event, Some(outcome), texts, found);
        }
    }

    /// An event comes out that the book does not have.
    pub(super) fn surplus(&self, now: &Event, found: &mut Replayed) {
        if self.asked.of.is_of(&key_text(now)) {
            let texts = (String::new(), self.text(now));
            self.add(None, now, Some(&now.outcome), texts, found);
        }
    }

    /// An event of the book does not come out.
    pub(super) fn missing(&self, entry: u64, stored: &Event, found: &mut Replayed) {
        if self.is_asked(entry, stored, &stored.outcome) {
            found.compared += 1;
            let texts = (self.text(stored), String::new());
            self.add(Some(entry), stored, None, texts, found);
        }
    }

    /// A correction of something that does not come out.
    pub(super) fn unfounded(&self, entry: u64, correction: &Correction, found: &mut Replayed) {
        if self.asked.of.range.contains(&entry) && self.asked.of.events.is_empty() {
            let outcome = correction.outcome.as_ref();
            let text = |it| outcome_text(it, None, 2, self.names, self.asked.language);
            let stored = outcome.map_or_else(String::new, text);
            found.differences.push(Difference {
                entry: Some(entry),
                key: String::new(),
                stored,
                now: String::new(),
                accounts: Vec::new(),
                story: None,
                wanted: None,
            });
        }
    }

    fn is_asked(&self, entry: u64, stored: &Event, now: &Outcome) -> bool {
        let gives = |account: &String| {
            let of =
                |outcome| amounts(outcome).into_iter().any(|it| self.account(&it.0) == *account);
            of(&stored.outcome) || of(now)
        };
        self.asked.of.range.contains(&entry)
            && self.asked.of.is_of(&key_text(stored))
            && self.asked.of.account.as_ref().is_none_or(gives)
    }

    fn account(&self, account: &Option<crate::book::Account>) -> String {
        match account {
            None => "undetermined".to_owned(),
            Some(account) => get(&self.names.accounts, account.family)
                .map_or_else(String::new, |it| account_text(it, &account.key, self.names)),
        }
    }

    fn scale(&self, event: &Event) -> u8 {
        get(&self.names.events, event.kind).map_or(2, |table| table.currency.scale)
    }

    fn text(&self, event: &Event) -> String {
        let (kind, scale) = (Some(event.kind), self.scale(event));
        outcome_text(&event.outcome, kind, scale, self.names, self.asked.language)
    }

    /// What tells two events apart, in words.
    fn texts(&self, stored: &Event, now: &Event) -> (String, String) {
        if stored.outcome != now.outcome {
            let (one, two) = (self.text(stored), self.text(now));
            if one != two {
                return (one, two);
            }
        }
        let parts = |it: &Event| {
            [
                ("outcome", format!("{:?}", it.outcome)),
                ("figures", format!("{:?}", it.figures)),
                ("open_items", format!("{:?}", it.open_items)),
                ("date", format!("{} {:?}", it.date, it.booked)),
                ("key", format!("{:?}", it.key)),
                ("lane", format!("{:?} {:?}", it.lane, it.rank)),
                ("fields", format!("{:?}", it.fields)),
            ]
        };
        let differing = parts(stored).into_iter().zip(parts(now)).find(|(one, two)| one != two);
        match differing {
            Some(((name, one), (_, two))) => (format!("{name} {one}"), format!("{name} {two}")),
            None => (self.text(stored), self.text(now)),
        }
    }

    fn add(
        &self,
        entry: Option<u64>,
        event: &Event,
        now: Option<&Outcome>,
        (stored, became): (String, String),
        found: &mut Replayed,
    ) {
        let before = if entry.is_some() { amounts(&event.outcome) } else { Vec::new() };
        let after = now.map(amounts).unwrap_or_default();
        let of = |side: &[(Option<crate::book::Account>, i128)], account| {
            side.iter().find(|(it, _)| it == account).map_or(0, |(_, sum)| *sum)
        };
        let money = |minor: i128| Money::from_minor(minor).format(self.scale(event));
        let mut accounts = Vec::new();
        for (account, _) in before.iter().chain(&after) {
            let (had, has) = (of(&before, account), of(&after, account));
            let row = (self.account(account), money(had), money(has));
            if had != has && !accounts.contains(&row) {
                accounts.push(row);
            }
        }
        found.differences.push(Difference {
            entry,
            key: key_text(event),
            stored,
            now: became,
            accounts,
            story: None,
            wanted: explain::wanted(event, self.names),
        });
    }
}
