//! What stands held against what other rules give, event by event, and added up.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Date, Money};
use crate::book::{Account, Event, Outcome, Said};
use crate::report::book::{Apart, OutcomeTold, Side, TellingApart, outcome_told};
use crate::report::names::Currency;

use super::super::called::called;
use super::super::history::History;
use super::super::maker::key_text;
use super::super::post::{amounts, differs};
use super::super::standing::Stood;
use super::super::translate::get;
use super::aside::Aside;
use super::{Asked, NotHeld, Other, Owed, OwedChange, OwedLine, OwedMade, Shift};

type LineKey = (Option<String>, i32, String);

pub(super) struct Weighing<'o, 'r> {
    other: &'o Other<'r>,
    asked: &'o Asked,
    history: &'o History<'o>,
    /// Whether a dispute of an event is being settled by these rules.
    is_disputed: &'o dyn Fn(u64) -> bool,
    lines: BTreeMap<LineKey, OwedLine>,
    changes: Vec<OwedChange>,
    made: Vec<OwedMade>,
    compared: u64,
    met: BTreeSet<String>,
    aside: (u64, u64),
    aside_unknown: (u64, u64),
}

impl<'o, 'r> Weighing<'o, 'r> {
    pub(super) fn new(
        other: &'o Other<'r>,
        asked: &'o Asked,
        history: &'o History<'o>,
        is_disputed: &'o dyn Fn(u64) -> bool,
    ) -> Weighing<'o, 'r> {
        Weighing {
            other,
            asked,
            history,
            is_disputed,
            lines: BTreeMap::new(),
            changes: Vec::new(),
            made: Vec::new(),
            compared: 0,
            met: BTreeSet::new(),
            aside: (0, 0),
            aside_unknown: (0, 0),
        }
    }

    /// An event that stands, and as it comes out; nothing if it would not be made.
    pub(super) fn both(&mut self, stood: &Stood, now: Option<&Event>) {
        let event = &stood.event;
        if !self.is_asked((stood.entry, stood.by), event, now) {
            return;
        }
        self.compared += 1;
        let dispute = self.history.dispute(stood.entry);
        // What a dispute settled stays, whatever these rules give; later events are worked out from it.
        let stays = dispute.is_some() && !(self.is_disputed)(stood.entry);
        self.sides(event, if stays { Some(event) } else { now });
        let said = now.map(Event::said).filter(|said| !stays && stood.says_otherwise(said));
        if said.is_some() || now.is_none_or(|now| differs(stood, &now.outcome)) {
            let before = self.told(event);
            let shift = match now.map(|now| &now.outcome) {
                Some(Outcome::SetAside { .. }) => Shift::ToAside,
                _ => Shift::None,
            };
            let besides = said.map(|said| self.said_apart(stood, &said));
            let said = now.and_then(|now| stood.said_anew(&now.said()));
            let of = (stood.entry, stood.by);
            let mut change = self.change(of, event, (before, shift, dispute), (now, said));
            change.besides.extend(besides.into_iter().flatten());
            self.changes.push(change);
        }
    }

    /// An event that is set aside, and as it comes out.
    pub(super) fn aside(&mut self, aside: &Aside, now: Option<&Event>) {
        let event = &aside.event;
        if !self.is_asked((aside.entry, aside.by), event, now) {
            return;
        }
        self.compared += 1;
        self.sides(event, now);
        if let Some(now) = now.filter(|now| matches!(now.outcome, Outcome::Allocated { .. })) {
            // What is set aside gives nothing that could stand as a dispute was settled.
            let before = (aside.said.clone(), Shift::FromAside, None);
            let change = self.change((aside.entry, aside.by), event, before, (Some(now), None));
            self.changes.push(change);
        }
    }

    /// An event that only the other rules make: of their calendar, or their stages; or one that is known to
    /// be set aside.
    pub(super) fn made(&mut self, now: &Event, known: bool) {
        let asked = self.asked;
        let of = asked.range == Asked::ALL.range && asked.is_of(&key_text(now), &mut self.met);
        if of && (asked.account.is_none() || self.gives(now)) {
            self.add(now, now.booked.unwrap_or(now.date), &now.outcome, true);
            if known {
                return;
            }
            let table = get(&self.other.names.events, now.kind);
            let kind = table.map_or_else(String::new, |table| table.name.text.clone());
            let (key, after) = (key_text(now), self.told(now));
            self.made.push(OwedMade { kind, key, after, event: now.clone() });
        }
    }

    fn is_asked(&mut self, (entry, by): (u64, u64), event: &Event, now: Option<&Event>) -> bool {
        let asked = self.asked;
        (asked.range.contains(&entry) || asked.range.contains(&by))
            && asked.is_of(&key_text(event), &mut self.met)
            && (asked.account.is_none()
                || self.gives(event)
                || now.is_some_and(|now| self.gives(now)))
    }

    /// Whether it gives to the account that is asked about.
    fn gives(&self, event: &Event) -> bool {
        let is = |account: Option<&Account>| self.asked.is_account(account, self.other.names);
        amounts(&event.outcome).iter().any(|(account, _)| is(account.as_ref()))
    }

    /// Adds up what an event gives in the book, and by the other rules.
    fn sides(&mut self, event: &Event, now: Option<&Event>) {
        self.add(event, event.booked.unwrap_or(event.date), &event.outcome, false);
        if let Some(now) = now {
            self.add(event, now.booked.unwrap_or(now.date), &now.outcome, true);
        }
    }

    fn change(
        &self,
        (entry, by): (u64, u64),
        event: &Event,
        (before, shift, dispute): (OutcomeTold, Shift, Option<u64>),
        (now, said): (Option<&Event>, Option<Said>),
    ) -> OwedChange {
        let after = now.map(|now| self.told(now));
        let reads_alike = before.text == after.as_ref().map_or("", |after| &after.text);
        let besides = now.filter(|_| reads_alike).map(|now| self.apart(event, now));
        OwedChange {
            entry: by,
            event: entry,
            key: key_text(event),
            before,
            after,
            besides: besides.unwrap_or_default(),
            shift,
            dispute,
            booked: event.booked.unwrap_or(event.date),
            outcome: now.map(|now| now.outcome.clone()),
            said,
        }
    }

    /// In what it says something else besides amounts.
    fn said_apart(&self, stood: &Stood, said: &Said) -> Vec<Apart> {
        let Other { names, language, .. } = *self.other;
        let (stands, now) = stood.with_said(said);
        TellingApart { names, kind: Some(stands.kind), language }.events(&stands, &now)
    }

    /// In what outcomes differ that give the same amounts: units moved, or the legs that give them.
    fn apart(&self, stood: &Event, now: &Event) -> Vec<Apart> {
        let Other { names, language, .. } = *self.other;
        let telling = TellingApart { names, kind: Some(stood.kind), language };
        telling.outcomes(Side::Outcome(&stood.outcome), Side::Outcome(&now.outcome))
    }

    fn told(&self, event: &Event) -> OutcomeTold {
        let (kind, scale) = (event.kind, self.currency(event.kind).scale);
        let Other { names, language, .. } = *self.other;
        outcome_told(&event.outcome, Some(kind), scale, names, language)
    }

    fn currency(&self, kind: u32) -> Currency {
        let table = get(&self.other.names.events, kind);
        table.map_or(Currency { code: String::new(), scale: 2 }, |table| table.currency.clone())
    }

    fn add(&mut self, event: &Event, booked: Date, outcome: &Outcome, after: bool) {
        match outcome {
            Outcome::Allocated { .. } => {
                for (account, minor) in amounts(outcome) {
                    let Other { names, language, .. } = self.other;
                    let names = called(account.as_ref(), names, *language);
                    self.add_to(event, Some(names), booked, minor, after);
                }
            }
            Outcome::SetAside { inflow, .. } => {
                let pick = |sides: &mut (u64, u64)| match after {
                    true => sides.1 += 1,
                    false => sides.0 += 1,
                };
                pick(&mut self.aside);
                match inflow {
                    Some(inflow) => self.add_to(event, None, booked, inflow.minor(), after),
                    None => pick(&mut self.aside_unknown),
                }
            }
        }
    }

    fn add_to(
        &mut self,
        event: &Event,
        names: Option<(String, String)>,
        booked: Date,
        minor: i128,
        after: bool,
    ) {
        let (currency, year) = (self.currency(event.kind), booked.year());
        let (account, label) = names.unzip();
        let key = (account.clone(), year, currency.code.clone());
        let (before, nothing) = (Money::default(), Money::default());
        let line = OwedLine { account, label, year, currency, before, after: nothing };
        let line = self.lines.entry(key).or_insert(line);
        let side = if after { &mut line.after } else { &mut line.before };
        *side = Money::from_minor(side.minor().saturating_add(minor));
    }

    pub(super) fn finish(self, mut not_held: Vec<NotHeld>) -> Owed {
        let lines = self.lines.into_values().filter(|line| line.before != line.after);
        let (mut lines, set_aside): (Vec<_>, Vec<_>) = lines.partition(|it| it.account.is_some());
        lines.extend(set_aside);
        let mut changes = self.changes;
        changes.sort_by_key(|change| change.entry);
        // What nothing is known of is asked about by its entry alone.
        let asked = self.asked;
        let by_entry = asked.events.is_empty() && asked.account.is_none();
        not_held.retain(|it| by_entry && asked.range.contains(&it.entry));
        Owed {
            lines,
            changes,
            made: self.made,
            compared: self.compared,
            met: self.met,
            aside: self.aside,
            aside_unknown: self.aside_unknown,
            not_held,
            unsure: Vec::new(),
            noted: BTreeMap::new(),
        }
    }
}
