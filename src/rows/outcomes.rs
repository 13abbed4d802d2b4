//! Outcomes of events that follow one another, in columns.

use std::sync::Arc;

use crate::base::{Date, Money};

use super::{Allocation, Batch, Cell, EventAt, Outcome, Payee, Reason};

/// What became of some events, in the order taken. It owns all that is to be known of them but the
/// names of accounts, so that it can be handed to another thread; emptied, it serves again.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// What the events are rows of. Whoever has worked a batch out may hold it still.
    batches: Vec<Arc<Batch>>,
    events: Vec<Finished>,
    runs: Vec<Run>,
    /// Those that ended alone, and what they gave, end to end.
    alone: Vec<Alone>,
    allocations: Vec<Allocation>,
    /// What the others gave, group by group.
    together: Vec<Arc<Groups>>,
    asides: Beside<(Option<Money>, Reason)>,
    figures: Beside<FigureValue>,
    /// The leg of each.
    open_items: Beside<u32>,
}

/// An event of which the outcome is known. Small, because there are many: there are never so many
/// together that 32 bits do not number them.
#[derive(Debug, Clone, Copy)]
struct Finished {
    row: u32,
    date: Date,
    /// Its group in the list of its run.
    group: u32,
    /// Which of those that ended so it is.
    place: u32,
}

/// Events of a batch that follow one another, and ended in the same way.
#[derive(Debug, Clone, Copy)]
struct Run {
    batch: u32,
    /// In which of the lists of groups theirs are, and one; nothing if each ended alone.
    list: u32,
    /// Where the next begins.
    end: usize,
}

/// What groups of events gave.
pub type Groups = Vec<Arc<GivenTogether>>;

/// An event that was worked out with others.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    /// Its row, and its day.
    pub event: (u32, Date),
    /// Its group, and its place there.
    pub of: (u32, u32),
}

/// What is known of an event that ended alone.
#[derive(Debug, Clone, Copy)]
struct Alone {
    booked: Date,
    inflow: Money,
    residue_units: u64,
    /// Where its allocations end.
    end: u32,
}

/// What events that were worked out together gave, column by column: small enough to be handed from
/// one thread to another.
#[derive(Debug)]
pub struct GivenTogether {
    /// The legs, in written order.
    pub legs: Vec<LegGiven>,
    /// What each event brought, in minor units.
    pub inflow: Vec<i64>,
    /// For each event the absolute sum of the units given or withheld by settlement.
    pub residue_units: Vec<u64>,
}

/// What a leg gives: to whom, and for each event how many minor units.
#[derive(Debug)]
pub struct LegGiven {
    /// Which leg.
    pub leg: u32,
    /// To whom.
    pub payee: Payees,
    /// How much.
    pub units: Vec<i64>,
}

/// Whom a leg pays.
#[derive(Debug)]
pub enum Payees {
    /// The same for all events.
    One(Payee),
    /// By the positions of their accounts.
    Each(Vec<u32>),
}

impl LegGiven {
    /// The payee of an event.
    #[inline]
    pub fn payee(&self, place: usize) -> Payee {
        match &self.payee {
            Payees::One(payee) => *payee,
            Payees::Each(positions) => {
                Payee::Account(positions.get(place).copied().unwrap_or(u32::MAX))
            }
        }
    }
}

impl Finished {
    /// The event, one of those of a batch that ended in these groups.
    #[inline]
    fn among<'o>(self, batch: &'o Batch, groups: &'o Groups) -> Option<OneOf<'o>> {
        let Finished { row, date, group, place } = self;
        let event = EventAt { batch, row: at(row), date, booked: date };
        Some(OneOf { event, given: groups.get(at(group))?, place: at(place) })
    }
}

/// An event that was worked out with others, and what it gave.
#[derive(Debug, Clone, Copy)]
pub struct OneOf<'o> {
    /// The event.
    pub event: EventAt<'o>,
    given: &'o GivenTogether,
    place: usize,
}

impl<'o> OneOf<'o> {
    /// What each leg gave, also where that is nothing.
    #[inline]
    pub fn legs(&self) -> impl Iterator<Item = Allocation> + use<'o> {
        let OneOf { given, place, .. } = *self;
        given.legs.iter().map(move |leg| {
            let units = leg.units.get(place).copied().unwrap_or(0);
            let amount = Money::from_minor(units.into());
            Allocation { payee: leg.payee(place), amount, leg: leg.leg }
        })
    }

    /// What it gave.
    #[inline]
    pub fn allocations(&self) -> impl Iterator<Item = Allocation> + use<'o> {
        self.legs().filter(|it| !it.amount.is_zero())
    }

    fn brought(&self) -> (Money, u64) {
        let inflow = self.given.inflow.get(self.place).copied().unwrap_or(0);
        let residue = self.given.residue_units.get(self.place).copied().unwrap_or(0);
        (Money::from_minor(inflow.into()), residue)
    }
}

/// Events of a batch that were worked out together and follow one another.
#[derive(Debug, Clone, Copy)]
pub struct EndedTogether<'o> {
    batch: &'o Batch,
    groups: &'o Groups,
    events: &'o [Finished],
}

impl<'o> EndedTogether<'o> {
    /// The batch whose rows they are.
    pub fn batch(&self) -> &'o Batch {
        self.batch
    }

    /// The events in the order taken.
    #[inline]
    pub fn events(&self) -> impl Iterator<Item = OneOf<'o>> + use<'o> {
        let EndedTogether { batch, groups, events } = *self;
        // INVARIANT: each ended in a group of the list (`allocated_together`), so that none is passed over.
        events.iter().filter_map(move |finished| finished.among(batch, groups))
    }
}

/// Some of the events, that follow one another.
#[derive(Debug, Clone, Copy)]
pub enum Stretch<'o> {
    /// One that was worked out by itself.
    Alone(Told<'o>),
    /// Some that were worked out together.
    Together(EndedTogether<'o>),
}

/// A figure worked out for an event.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureValue {
    /// Which figure.
    pub figure: u32,
    /// Of one that is worked out row by row, the key of the row: the key of a register row, the key
    /// parts of a stage's row, the first field of a list's record, or a member itself.
    pub key: Vec<Cell>,
    /// The value. Money that is no whole number of units is an exact number of major units.
    pub value: Cell,
}

/// One of the events, and what became of it.
#[derive(Debug, Clone, Copy)]
pub struct Told<'o> {
    outcomes: &'o Outcomes,
    place: usize,
    event: EventAt<'o>,
    brought: (Money, u64),
    allocations: &'o [Allocation],
}

impl<'o> Told<'o> {
    /// The event.
    #[inline]
    pub fn event(&self) -> EventAt<'o> {
        self.event
    }

    /// What became of it.
    #[inline]
    pub fn outcome(&self) -> Outcome<'o> {
        if let [(inflow, reason), ..] = self.outcomes.asides.of(self.place) {
            return Outcome::SetAside { inflow: *inflow, reason };
        }
        let (inflow, residue_units) = self.brought;
        Outcome::Allocated { allocations: self.allocations, inflow, residue_units }
    }

    /// What it gave; nothing if it was set aside.
    #[inline]
    pub fn allocations(&self) -> &'o [Allocation] {
        self.allocations
    }

    /// The figures that were worked out for it.
    pub fn figures(&self) -> &'o [FigureValue] {
        self.outcomes.figures.of(self.place)
    }

    /// The legs of its transfers that recorded an open item without amount.
    pub fn open_items(&self) -> &'o [u32] {
        self.outcomes.open_items.of(self.place)
    }
}

/// The events of some outcomes, one after the other: what one gave is put together when its turn comes,
/// in the memory of the one before.
#[derive(Debug)]
pub struct Telling<'o> {
    outcomes: &'o Outcomes,
    runs: &'o [Run],
    place: usize,
    given: Vec<Allocation>,
}

impl Telling<'_> {
    /// The next event.
    #[inline]
    pub fn next_event(&mut self) -> Option<Told<'_>> {
        let Telling { outcomes, place, .. } = *self;
        let run = next_run(&mut self.runs, place)?;
        self.place += 1;
        if run.list == 0 {
            return outcomes.alone(run, place);
        }
        let finished = *outcomes.events.get(place)?;
        let batch = outcomes.batches.get(at(run.batch))?;
        let one = finished.among(batch, outcomes.groups(run)?)?;
        self.given.clear();
        self.given.extend(one.allocations());
        let (event, brought) = (one.event, one.brought());
        Some(Told { outcomes, place, event, brought, allocations: &self.given })
    }
}

/// The events of some outcomes, those that were worked out together side by side.
#[derive(Debug)]
pub struct Stretches<'o> {
    outcomes: &'o Outcomes,
    runs: &'o [Run],
    place: usize,
}

impl<'o> Iterator for Stretches<'o> {
    type Item = Stretch<'o>;

    fn next(&mut self) -> Option<Stretch<'o>> {
        let Stretches { outcomes, place, .. } = *self;
        let run = next_run(&mut self.runs, place)?;
        if run.list == 0 {
            self.place += 1;
            return outcomes.alone(run, place).map(Stretch::Alone);
        }
        self.place = run.end;
        let batch = outcomes.batches.get(at(run.batch))?;
        let events = outcomes.events.get(place..run.end)?;
        Some(Stretch::Together(EndedTogether { batch, groups: outcomes.groups(run)?, events }))
    }
}

/// The run of the event at a place; those before it are left behind.
#[inline]
fn next_run(runs: &mut &[Run], place: usize) -> Option<Run> {
    while let [run, others @ ..] = *runs {
        if place < run.end {
            return Some(*run);
        }
        *runs = others;
    }
    None
}

fn at(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn numbered(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

impl Outcomes {
    /// How many events.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The events that are set aside, in the order taken, and why.
    pub fn set_asides(&self) -> impl Iterator<Item = (EventAt<'_>, &Reason)> {
        let asides = self.asides.of.iter().zip(&self.asides.values);
        asides.filter_map(|((place, _), (_, reason))| {
            let run = self.runs.get(self.runs.partition_point(|run| run.end <= *place))?;
            Some((self.alone(*run, *place)?.event, reason))
        })
    }

    /// The events in the order taken.
    pub fn telling(&self) -> Telling<'_> {
        Telling { outcomes: self, runs: &self.runs, place: 0, given: Vec::new() }
    }

    /// The same for whoever takes those that were worked out together as they are.
    pub fn stretches(&self) -> Stretches<'_> {
        Stretches { outcomes: self, runs: &self.runs, place: 0 }
    }

    /// Where the allocations of the next event go. What is left there when an event is set aside is
    /// forgotten.
    pub fn allocations(&mut self) -> &mut Vec<Allocation> {
        &mut self.allocations
    }

    /// The allocations of the last event that ended alone.
    pub fn last_allocations(&self) -> &[Allocation] {
        let last = self.alone.len().checked_sub(1);
        last.and_then(|last| self.given_alone(last)).unwrap_or(&[])
    }

    #[inline]
    fn given_alone(&self, place: usize) -> Option<&[Allocation]> {
        let end = at(self.alone.get(place)?.end);
        let before = place.checked_sub(1).and_then(|before| self.alone.get(before));
        self.allocations.get(before.map_or(0, |before| at(before.end))..end)
    }

    /// The groups with which the events of a run ended.
    #[inline]
    fn groups(&self, run: Run) -> Option<&Groups> {
        self.together.get(at(run.list.checked_sub(1)?)).map(|groups| &**groups)
    }

    /// An event of a run of those that ended alone.
    fn alone(&self, run: Run, place: usize) -> Option<Told<'_>> {
        let finished = self.events.get(place)?;
        let batch = self.batches.get(at(run.batch))?;
        let own = at(finished.place);
        let Alone { booked, inflow, residue_units, .. } = *self.alone.get(own)?;
        let event = EventAt { batch, row: at(finished.row), date: finished.date, booked };
        let (brought, allocations) = ((inflow, residue_units), self.given_alone(own)?);
        Some(Told { outcomes: self, place, event, brought, allocations })
    }

    /// Adds to the last run, or begins one.
    #[inline]
    fn run_on(&mut self, batch: u32, list: u32) {
        let end = self.events.len();
        match self.runs.last_mut() {
            Some(run) if (run.batch, run.list) == (batch, list) => run.end = end,
            _ => self.runs.push(Run { batch, list, end }),
        }
    }

    /// Ends an event that is allocated.
    #[inline]
    pub fn allocated(&mut self, taken: Taken<'_>, inflow: Money, residue_units: u64) {
        let batch = self.number(taken.batch);
        let Taken { row, date, booked, .. } = taken;
        let (row, place) = (numbered(row), numbered(self.alone.len()));
        self.events.push(Finished { row, date, group: 0, place });
        self.run_on(batch, 0);
        let end = numbered(self.allocations.len());
        self.alone.push(Alone { booked, inflow, residue_units, end });
    }

    /// Ends events of a batch that were worked out with others, in groups that gave this.
    pub fn allocated_together(
        &mut self,
        batch: &Arc<Batch>,
        groups: &Arc<Groups>,
        ended: impl Iterator<Item = Ended>,
    ) {
        let batch = self.number(batch);
        if self.together.last().is_none_or(|last| !Arc::ptr_eq(last, groups)) {
            self.together.push(groups.clone());
        }
        let list = numbered(self.together.len());
        self.events.extend(ended.map(|Ended { event: (row, date), of: (group, place) }| {
            Finished { row, date, group, place }
        }));
        self.run_on(batch, list);
    }

    /// Ends an event that is set aside: what it would have brought, where that is known, and why.
    pub fn set_aside(&mut self, taken: Taken<'_>, inflow: Option<Money>, reason: Reason) {
        let end = self.alone.last().map_or(0, |last| at(last.end));
        self.allocations.truncate(end);
        self.allocated(taken, Money::ZERO, 0);
        self.asides.push(self.events.len() - 1, (inflow, reason));
    }

    /// Adds a figure of the event that was ended last.
    pub fn figure(&mut self, figure: FigureValue) {
        self.figures.push(self.events.len().saturating_sub(1), figure);
    }

    /// Adds an open item of the event that was ended last.
    pub fn open_item(&mut self, leg: u32) {
        self.open_items.push(self.events.len().saturating_sub(1), leg);
    }

    /// Forgets all events.
    pub fn clear(&mut self) {
        self.batches.clear();
        self.events.clear();
        self.runs.clear();
        self.alone.clear();
        self.allocations.clear();
        self.together.clear();
        self.asides.clear();
        self.figures.clear();
        self.open_items.clear();
    }

    /// The number of a batch, which is mostly that of the event before.
    #[inline]
    fn number(&mut self, batch: &Arc<Batch>) -> u32 {
        let last = self.runs.last().map_or(0, |run| run.batch);
        match self.batches.get(at(last)) {
            Some(known) if Arc::ptr_eq(known, batch) => last,
            _ => self.other_number(batch),
        }
    }

    fn other_number(&mut self, batch: &Arc<Batch>) -> u32 {
        let known = self.batches.iter().position(|known| Arc::ptr_eq(known, batch));
        numbered(known.unwrap_or_else(|| {
            self.batches.push(batch.clone());
            self.batches.len() - 1
        }))
    }
}

/// Which event is ended: a row of a batch, its day, and the day by which summaries assign the year.
#[derive(Debug, Clone, Copy)]
pub struct Taken<'a> {
    /// The batch.
    pub batch: &'a Arc<Batch>,
    /// The row.
    pub row: usize,
    /// Its effective date.
    pub date: Date,
    /// The date by which it is booked.
    pub booked: Date,
}

/// Values that some events have.
#[derive(Debug)]
struct Beside<T> {
    /// Events that have any, ascending, and where their values end.
    of: Vec<(usize, usize)>,
    values: Vec<T>,
}

impl<T> Default for Beside<T> {
    fn default() -> Beside<T> {
        Beside { of: Vec::new(), values: Vec::new() }
    }
}

impl<T> Beside<T> {
    fn push(&mut self, event: usize, value: T) {
        self.values.push(value);
        let end = self.values.len();
        match self.of.last_mut() {
            Some((last, own)) if *last == event => *own = end,
            _ => self.of.push((event, end)),
        }
    }

    #[inline]
    fn of(&self, event: usize) -> &[T] {
        if self.of.is_empty() { &[] } else { self.search(event) }
    }

    fn search(&self, event: usize) -> &[T] {
        let Ok(place) = self.of.binary_search_by_key(&event, |(of, _)| *of) else { return &[] };
        let end = |place: usize| self.of.get(place).map_or(0, |(_, end)| *end);
        let from = place.checked_sub(1).map_or(0, end);
        self.values.get(from..end(place)).unwrap_or(&[])
    }

    fn clear(&mut self) {
        self.of.clear();
        self.values.clear();
    }
}

#[cfg(test)]
mod tests;
