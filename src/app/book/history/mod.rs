//! What stands before an entry: known by its corrections and by the rules of its batches, read from the
//! book as often as it is needed, and never held whole.
//!
//! `entries` reads what was sent, ahead of a run; `held` knows what was read last and what a run has not
//! told of yet, so that what comes out can be held against what is stored.

mod entries;
mod held;
mod put_away;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::base::Date;
use crate::book::{
    Aside, Book, BookError, Correction, Counted, Entry, Event, Identity, Leaf, Outcome, Resolution,
    Row, Said, Schema, Verdict, read_sent,
};
use crate::engine::{
    MadeEvent, NotedEvents, Reach, StandingEvents, StandingLeaf, Stands, has_calendar,
};
use crate::model::RuleSet;
use crate::plan::{Plan, at};
use crate::rows::{Cell, Origin};

use super::BookTrouble;
use super::post::BOOK_FILE;
use super::replay::{Span, furthest};
use super::standing::{Stood, unfit, walk, walk_rows};
use super::totals::Totals;
use super::translate::{Shared, Translated, Translator, get};

pub(super) use entries::{Entries, Of, Piece, WAITING_BYTES, Wanted, reading};
pub(super) use held::{Held, event_of};
pub(super) use put_away::PutAway;

/// What stands before an entry, in the positions of the rules at hand.
pub(super) struct History<'h> {
    schema: &'h Schema,
    totals: Totals<'h>,
    /// The entry that it ends before.
    end: u64,
    /// For each batch, which translator speaks its positions.
    batches: BTreeMap<u64, usize>,
    translators: Vec<Translator<'h>>,
    /// Events that do not stand as they were posted, by their entries.
    corrected: HashMap<u64, Corrected>,
    /// For each correction the event that it is of in the end.
    events: HashMap<u64, u64>,
    /// For each event that stands as a dispute was settled, the entry of the dispute.
    disputes: BTreeMap<u64, u64>,
    /// What these add to running totals, as their settlement says it.
    counted: HashMap<u64, Counted>,
    /// What stands of these.
    stands: BTreeMap<u64, Stands>,
}

/// What an event came to be.
struct Corrected {
    /// The entry by which it stands.
    by: u64,
    /// What became of it; nothing, if it stands no more.
    outcome: Option<Outcome>,
    /// What it says besides amounts, if a correction says it, and what of that the rules at hand say too.
    said: Option<(Said, Option<Arc<Shared>>)>,
    own_rules: bool,
    own_legs: bool,
    /// What the rules of the correction say besides amounts and the rules at hand too.
    shared: Option<Arc<Shared>>,
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
        (schema, rules): (&'h Schema, &'h RuleSet),
    ) -> Result<History<'h>, BookTrouble> {
        let mut history = History {
            schema,
            totals: Totals::of(rules),
            end,
            batches: BTreeMap::new(),
            translators: Vec::new(),
            corrected: HashMap::new(),
            events: HashMap::new(),
            disputes: BTreeMap::new(),
            counted: HashMap::new(),
            stands: BTreeMap::new(),
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
        for (number, resolution) in resolutions(book, spans, end)? {
            history.resolve(book, number, resolution)?;
        }
        history.settle(book)?;
        Ok(history)
    }

    fn correct(&mut self, by: u64, correction: &Correction) -> Result<(), BookTrouble> {
        let event = self.event(correction.of);
        let translator = self.translator(by, correction.batch)?;
        let (own_rules, shared) = (translator.is_same(), translator.shared());
        let (own_legs, outcome) = match &correction.outcome {
            Some(outcome @ Outcome::Allocated { .. }) => {
                (translator.has_legs_of(outcome), Some(translator.outcome(outcome)))
            }
            Some(Outcome::SetAside { .. }) | None => (own_rules, None),
        };
        let said = correction.said.as_ref().map(|said| (translator.said(said), shared.clone()));
        let said = said.or_else(|| self.corrected.remove(&event)?.said);
        self.events.insert(by, event);
        let corrected = Corrected { by, outcome, said, own_rules, own_legs, shared };
        self.corrected.insert(event, corrected);
        Ok(())
    }

    /// Notes what a settlement says of how events stand.
    fn resolve(
        &mut self,
        book: &mut Book,
        number: u64,
        resolution: Resolution,
    ) -> Result<(), BookTrouble> {
        let entry = resolution.dispute;
        let Entry::Dispute(dispute) = book.entry(entry)? else {
            return Err(BookError::Damaged { entry: number }.into());
        };
        if resolution.verdict == Verdict::Withdrawn {
            return Ok(());
        }
        // What was left as it was is what stood then: it may have been corrected since it was disputed.
        let events = dispute.against.iter().map(|against| self.event(*against));
        let stand: Vec<u64> = events.filter(|event| self.by(*event) < number).collect();
        for event in stand {
            self.disputes.insert(event, entry);
            self.counted.remove(&event);
        }
        self.counted.extend(resolution.counted.into_iter().map(|it| (it.entry, it)));
        Ok(())
    }

    /// Reads what stands as disputes were settled.
    fn settle(&mut self, book: &mut Book) -> Result<(), BookTrouble> {
        let settled: Vec<u64> = self.disputes.keys().copied().collect();
        for entry in settled {
            let Entry::Event(event) = book.entry(entry)? else {
                return Err(BookError::Damaged { entry }.into());
            };
            if let Some(stood) = self.stood(entry, &event)? {
                let counted = self.counted.get(&entry).map(|it| self.totals.heard(it));
                let (tallies, feeds) = counted.unwrap_or_default();
                let own = stands(&stood.event);
                self.stands.extend(own.map(|it| (entry, Stands { tallies, feeds, ..it })));
            }
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

    /// The dispute by which an event stands as it does, whatever the rules say.
    pub(super) fn dispute(&self, entry: u64) -> Option<u64> {
        self.disputes.get(&entry).copied()
    }

    /// Events that stand as disputes were settled, by their entries, each with the dispute.
    pub(super) fn disputes(&self) -> impl Iterator<Item = (u64, u64)> {
        self.disputes.iter().map(|(entry, dispute)| (*entry, *dispute))
    }

    /// What stands as disputes were settled, but for some events, which are worked out as the rules give
    /// them.
    pub(super) fn stands(&self, but: impl Fn(u64) -> bool) -> StandingEvents {
        let others = self.stands.iter().filter(|(entry, _)| !but(**entry));
        let origin = |entry: u64| Origin { file: BOOK_FILE, line: entry };
        others.map(|(entry, stands)| (origin(*entry), stands.clone())).collect()
    }

    /// Of events that are named by their entries, or by those by which they stand, what they are known by
    /// in a run that is to note what they add to running totals.
    ///
    /// # Errors
    /// The book cannot be read.
    pub(super) fn to_note(
        &self,
        book: &mut Book,
        named: &[u64],
    ) -> Result<NotedEvents, BookTrouble> {
        let mut noted = NotedEvents::new();
        for entry in named.iter().map(|entry| self.event(*entry)) {
            if let Entry::Event(event) = book.entry(entry)?
                && let Some(stood) = self.stood(entry, &event)?
            {
                let origin = Origin { file: BOOK_FILE, line: entry };
                noted.insert(origin, made_event(&stood.event));
            }
        }
        Ok(noted)
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

    /// What an event that a dispute settled adds to running totals, as its settlement says it.
    pub(super) fn counted(&self, entry: u64) -> Option<&Counted> {
        self.counted.get(&entry)
    }

    /// Whether an event was corrected so that it stands no more.
    pub(super) fn is_withdrawn(&self, entry: u64) -> bool {
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
        let own_legs = translator.has_legs_of(&event.outcome);
        let event = match translator.event(event) {
            Translated::Whole(event) => event,
            // Rules that know no such events cannot depend on them.
            Translated::Unknown => return Ok(None),
            Translated::Unfit(field) => return Err(unfit(entry, event, &field, self.schema)),
        };
        let (own_rules, shared) = (translator.is_same(), translator.shared());
        let (by, settled) = (entry, self.disputes.contains_key(&entry));
        let mut stood = Stood { entry, by, event, own_rules, own_legs, shared, settled };
        if let Some(it) = self.corrected.get(&entry) {
            stood.by = it.by;
            (stood.own_rules, stood.own_legs) = (it.own_rules, it.own_legs);
            stood.event.outcome = it.outcome.clone().unwrap_or(stood.event.outcome);
            stood.shared = match &it.said {
                Some((said, shared)) => {
                    let Said { figures, open_items } = said.clone();
                    (stood.event.figures, stood.event.open_items) = (figures, open_items);
                    shared.clone()
                }
                None if stood.event.said() == Said::default() => it.shared.clone(),
                // A correction that does not say what it should.
                None => Some(Arc::default()),
            };
        }
        Ok(Some(stood))
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

    /// The first and the last day of events that were sent and do not stand, since they were set aside or
    /// are so since: among those that come, they count for how far the calendar goes.
    ///
    /// # Errors
    /// The book cannot be read.
    pub(super) fn days_besides(
        &self,
        book: &mut Book,
        spans: &[Span],
        plan: &Plan,
    ) -> Result<Reach, BookTrouble> {
        let mut reach = Reach::default();
        if !has_calendar(plan) {
            return Ok(reach);
        }
        reach.at_least = furthest(spans.iter().filter(|span| span.end <= self.end));
        let mut take = |entry: u64, event: &Event| -> Result<(), BookTrouble> {
            self.day_in_place(entry, event, plan)?.into_iter().for_each(|day| reach.take(day));
            Ok(())
        };
        for span in spans.iter().filter(|span| span.end <= self.end && span.sets_aside) {
            walk_rows(book, span.begun.number..span.end, Entry::EVENT, |rows| {
                let mut fields = Vec::new();
                for row in rows {
                    if read_sent(row.body, &mut fields).is_some_and(|sent| !sent.allocated) {
                        take(row.number, &event_of(&row)?)?;
                    }
                }
                Ok(())
            })?;
        }
        let withdrawn = self.corrected.iter().filter(|(_, it)| it.outcome.is_none());
        for entry in withdrawn.map(|(entry, _)| *entry) {
            let Entry::Event(event) = book.entry(entry)? else {
                return Err(BookError::Damaged { entry }.into());
            };
            take(entry, &event)?;
        }
        Ok(reach)
    }

    /// The day of an event that was sent, if it has all that tells its place among others.
    fn day_in_place(
        &self,
        entry: u64,
        event: &Event,
        plan: &Plan,
    ) -> Result<Option<Date>, BookTrouble> {
        if event.origin == Origin::MADE || event.date == Date::MIN {
            return Ok(None);
        }
        let Some(event) = self.in_positions(entry, event)? else { return Ok(None) };
        let Some(declared) = plan.events.get(at(event.kind)) else { return Ok(None) };
        // What is worked out stands in no entry.
        let there = |field: &u32| {
            let computed = declared.fields.get(at(*field)).is_some_and(|it| it.computed.is_some());
            computed || event.fields.get(at(*field)).is_some_and(|it| *it != Cell::Missing)
        };
        let placed = !plan.ordered || declared.order_by.iter().all(there);
        Ok(placed.then_some(event.date))
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

    /// Whether an event that is set aside was so before: when it last said the same, for the same reason.
    /// Then it is not posted again.
    ///
    /// # Errors
    /// The book cannot be read.
    pub(super) fn has_set_aside(
        &self,
        book: &mut Book,
        (identity, now): (&Identity, &Event),
    ) -> Result<bool, BookTrouble> {
        if !matches!(now.outcome, Outcome::SetAside { .. }) {
            return Ok(false);
        }
        let said = |event: &Event| event.fields.iter().filter(|it| **it != Cell::Missing).count();
        let before = book.set_aside(identity)?.into_iter().filter(|it| it.by < self.end);
        for Aside { entry, outcome, .. } in before.rev() {
            let Entry::Event(event) = book.entry(entry)? else {
                return Err(BookError::Damaged { entry }.into());
            };
            let fields = self.in_positions(entry, &event)?.map(|it| it.fields);
            // A field that these rules do not have says something else.
            if fields.is_some_and(|it| it == now.fields) && said(&event) == said(now) {
                return Ok(*outcome.as_ref().unwrap_or(&event.outcome) == now.outcome);
            }
        }
        Ok(false)
    }
}

/// The settlements of disputes before an entry: they stand between batches.
///
/// # Errors
/// The book cannot be read.
pub(super) fn resolutions(
    book: &mut Book,
    spans: &[Span],
    end: u64,
) -> Result<Vec<(u64, Resolution)>, BookTrouble> {
    let (mut resolutions, mut from) = (Vec::new(), 0);
    let batches = spans.iter().map(|span| (span.begun.number, span.end));
    for (begins, ends) in batches.take_while(|(begins, _)| *begins < end).chain([(end, end)]) {
        walk(book, from..begins, |number, entry| {
            if let Entry::Resolution(resolution) = entry {
                resolutions.push((number, resolution));
            }
            Ok(())
        })?;
        from = ends;
    }
    Ok(resolutions)
}

/// What an event is known by that nobody sent.
pub(super) fn made_event(event: &Event) -> Option<MadeEvent> {
    (event.origin == Origin::MADE).then(|| MadeEvent {
        kind: event.kind,
        date: event.date,
        row: get(&event.fields, MadeEvent::ROW).cloned().unwrap_or(Cell::Missing),
    })
}

/// What an event gives, as the engine is told it.
pub(super) fn stands(event: &Event) -> Option<Stands> {
    let Outcome::Allocated { inflow, leaves, .. } = &event.outcome else { return None };
    let made = made_event(event);
    let leaf = |leaf: &Leaf| StandingLeaf {
        account: leaf.account.as_ref().map(|it| (it.family, it.key.clone())),
        leg: leaf.leg,
        amount: leaf.amount,
    };
    let leaves = leaves.iter().map(leaf).collect();
    let (tallies, feeds) = (BTreeSet::new(), Vec::new());
    Some(Stands { made, inflow: *inflow, leaves, tallies, feeds })
}
