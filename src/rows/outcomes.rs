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
    batch: u32,
    row: u32,
    date: Date,
    booked: Date,
    /// In which of the lists of groups its own is, and one; nothing if it ended alone.
    list: u32,
    group: u32,
    /// Which of those that ended so it is.
    place: u32,
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

impl Finished {
    /// The event, a row of its batch.
    #[inline]
    fn at(self, batch: &Batch) -> EventAt<'_> {
        let Finished { row, date, booked, .. } = self;
        EventAt { batch, row: at(row), date, booked }
    }
}

/// What is known of an event that ended alone.
#[derive(Debug, Clone, Copy)]
struct Alone {
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

impl GivenTogether {
    /// Adds what an event gave.
    #[inline]
    fn of(&self, place: usize, out: &mut Vec<Allocation>) {
        for leg in &self.legs {
            let units = leg.units.get(place).copied().unwrap_or(0);
            if units != 0 {
                let amount = Money::from_minor(units.into());
                out.push(Allocation { payee: leg.payee(place), amount, leg: leg.leg });
            }
        }
    }
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
    finished: &'o Finished,
    batch: &'o Batch,
    allocations: &'o [Allocation],
}

impl<'o> Told<'o> {
    /// The event.
    #[inline]
    pub fn event(&self) -> EventAt<'o> {
        self.finished.at(self.batch)
    }

    /// What became of it.
    #[inline]
    pub fn outcome(&self) -> Outcome<'o> {
        if let [(inflow, reason), ..] = self.outcomes.asides.of(self.place) {
            return Outcome::SetAside { inflow: *inflow, reason };
        }
        let (inflow, residue_units) = self.outcomes.brought(*self.finished);
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
    place: usize,
    given: Vec<Allocation>,
}

impl Telling<'_> {
    /// The next event.
    #[inline]
    pub fn next_event(&mut self) -> Option<Told<'_>> {
        let Telling { outcomes, place, .. } = *self;
        let finished = outcomes.events.get(place)?;
        self.place += 1;
        let batch = outcomes.batches.get(at(finished.batch))?;
        let allocations = match finished.list {
            0 => outcomes.given_alone(at(finished.place))?,
            _ => {
                self.given.clear();
                outcomes.group(finished)?.of(at(finished.place), &mut self.given);
                &self.given
            }
        };
        Some(Told { outcomes, place, finished, batch, allocations })
    }
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
            let finished = self.events.get(*place)?;
            let batch = self.batches.get(at(finished.batch))?;
            Some((finished.at(batch), reason))
        })
    }

    /// The events in the order taken.
    pub fn telling(&self) -> Telling<'_> {
        Telling { outcomes: self, place: 0, given: Vec::new() }
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

    /// The group with which an event ended.
    #[inline]
    fn group(&self, finished: &Finished) -> Option<&GivenTogether> {
        let groups = self.together.get(at(finished.list.checked_sub(1)?))?;
        groups.get(at(finished.group)).map(|group| &**group)
    }

    fn brought(&self, finished: Finished) -> (Money, u64) {
        let place = at(finished.place);
        match self.group(&finished) {
            Some(given) => {
                let inflow = given.inflow.get(place).copied().unwrap_or(0);
                let residue = given.residue_units.get(place).copied().unwrap_or(0);
                (Money::from_minor(inflow.into()), residue)
            }
            None => {
                let alone = self.alone.get(place);
                alone.map_or((Money::ZERO, 0), |alone| (alone.inflow, alone.residue_units))
            }
        }
    }

    /// Ends an event that is allocated.
    #[inline]
    pub fn allocated(&mut self, taken: Taken<'_>, inflow: Money, residue_units: u64) {
        let batch = self.number(taken.batch);
        let Taken { row, date, booked, .. } = taken;
        let (row, place) = (numbered(row), numbered(self.alone.len()));
        self.events.push(Finished { batch, row, date, booked, list: 0, group: 0, place });
        let end = numbered(self.allocations.len());
        self.alone.push(Alone { inflow, residue_units, end });
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
            Finished { batch, row, date, booked: date, list, group, place }
        }));
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
        let last = self.events.last().map_or(0, |last| last.batch);
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
mod tests {
    use super::super::{Origin, Payee};
    use super::*;

    fn batch(event: u32) -> Arc<Batch> {
        let origins = (1..4).map(|line| Origin { file: 0, line }).collect();
        Arc::new(Batch { event, columns: Vec::new(), origins })
    }

    #[test]
    fn each_event_is_told_with_what_is_its_own() {
        let (one, two) = (batch(0), batch(1));
        let mut outcomes = Outcomes::default();
        let money = |minor: i128| Money::from_minor(minor);
        for _ in 0..2 {
            let of = |batch, row| Taken { batch, row, date: Date::MIN, booked: Date::MIN };
            let given = |amount: i128| {
                let (payee, amount) = (Payee::Account(0), money(amount));
                Allocation { payee, amount, leg: 0 }
            };
            outcomes.allocations().extend([given(1), given(2)]);
            outcomes.allocated(of(&one, 0), money(3), 1);
            outcomes.figure(FigureValue { figure: 5, key: Vec::new(), value: Cell::Missing });
            outcomes.allocations().push(given(9));
            outcomes.set_aside(of(&two, 1), Some(money(9)), Reason::NoShares);
            outcomes.allocated(of(&one, 2), money(0), 0);
            outcomes.open_item(7);
            outcomes.open_item(8);
            outcomes.allocations().push(given(4));
            outcomes.allocated(of(&two, 0), money(4), 0);
            assert_eq!(outcomes.last_allocations(), [given(4)]);
            let leg = |leg, payee, units: [i64; 2]| LegGiven { leg, payee, units: units.into() };
            let legs = vec![
                leg(0, Payees::One(Payee::Undetermined), [0, 5]),
                leg(1, Payees::Each(vec![3, 4]), [7, 1]),
            ];
            let (inflow, residue_units) = (vec![7, 6], vec![0, 2]);
            let together = Arc::new(GivenTogether { legs, inflow, residue_units });
            let ended = |row, place| Ended { event: (row, Date::MIN), of: (0, place) };
            let ended = [ended(2, 1), ended(1, 0)];
            outcomes.allocated_together(&two, &Arc::new(vec![together]), ended.into_iter());
            let (mut rows, mut sizes, mut brought) = (Vec::new(), Vec::new(), Vec::new());
            let mut asides = 0;
            let mut telling = outcomes.telling();
            while let Some(told) = telling.next_event() {
                rows.push((told.event().batch.event, told.event().row));
                let size =
                    (told.allocations().len(), told.figures().len(), told.open_items().len());
                sizes.push(size);
                match told.outcome() {
                    Outcome::SetAside { .. } => asides += 1,
                    Outcome::Allocated { inflow, residue_units, .. } => {
                        brought.push((inflow.minor(), residue_units));
                    }
                }
            }
            assert_eq!(rows, [(0, 0), (1, 1), (0, 2), (1, 0), (1, 2), (1, 1)]);
            assert_eq!(sizes, [(2, 1, 0), (0, 0, 0), (0, 0, 2), (1, 0, 0), (2, 0, 0), (1, 0, 0)]);
            assert_eq!(brought, [(3, 1), (0, 0), (4, 0), (6, 2), (7, 0)]);
            assert_eq!(asides, 1);
            let asides = |outcomes: &Outcomes| {
                let all = outcomes.set_asides().map(|(event, reason)| (event.row, reason.clone()));
                all.collect::<Vec<(usize, Reason)>>()
            };
            assert_eq!(asides(&outcomes), [(1, Reason::NoShares)]);
            outcomes.clear();
            assert!(outcomes.is_empty() && asides(&outcomes).is_empty());
        }
    }
}
