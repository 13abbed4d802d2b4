//! Outcomes of events that follow one another, in columns.

use std::sync::Arc;

use crate::base::{Date, Money};

use super::{Allocation, Batch, Cell, EventAt, Outcome, Reason};

/// What became of some events, in the order taken. It owns all that is to be known of them but the
/// names of accounts, so that it can be handed to another thread; emptied, it serves again.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// What the events are rows of. Whoever has worked a batch out may hold it still.
    batches: Vec<Arc<Batch>>,
    events: Vec<Finished>,
    allocations: Vec<Allocation>,
    asides: Beside<(Option<Money>, Reason)>,
    figures: Beside<FigureValue>,
    /// The leg of each.
    open_items: Beside<u32>,
}

/// An event of which the outcome is known. Small, because there are many: there are never so many
/// together that 32 bits do not number them.
#[derive(Debug, Clone, Copy)]
struct Finished {
    inflow: Money,
    residue_units: u64,
    batch: u32,
    row: u32,
    date: Date,
    booked: Date,
    /// Where its allocations end.
    end: u32,
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
        let Finished { row, date, booked, .. } = *self.finished;
        EventAt { batch: self.batch, row: at(row), date, booked }
    }

    /// What became of it.
    #[inline]
    pub fn outcome(&self) -> Outcome<'o> {
        let Finished { inflow, residue_units, .. } = *self.finished;
        match self.outcomes.asides.of(self.place) {
            [(inflow, reason), ..] => Outcome::SetAside { inflow: *inflow, reason },
            [] => Outcome::Allocated { allocations: self.allocations, inflow, residue_units },
        }
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

/// The events of some outcomes, one after the other.
#[derive(Debug, Clone)]
pub struct Telling<'o> {
    outcomes: &'o Outcomes,
    place: usize,
    /// Where the allocations of the next one begin.
    from: usize,
}

impl<'o> Iterator for Telling<'o> {
    type Item = Told<'o>;

    #[inline]
    fn next(&mut self) -> Option<Told<'o>> {
        let Telling { outcomes, place, from } = *self;
        let finished = outcomes.events.get(place)?;
        self.place += 1;
        self.from = at(finished.end);
        let allocations = outcomes.allocations.get(from..self.from)?;
        let batch = outcomes.batches.get(at(finished.batch))?;
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

    /// Whether any event is set aside.
    pub fn any_set_aside(&self) -> bool {
        !self.asides.values.is_empty()
    }

    /// The events in the order taken.
    pub fn iter(&self) -> Telling<'_> {
        Telling { outcomes: self, place: 0, from: 0 }
    }

    /// Where the allocations of the next event go. What is left there when an event is set aside is
    /// forgotten.
    pub fn allocations(&mut self) -> &mut Vec<Allocation> {
        &mut self.allocations
    }

    /// The allocations of the last event.
    pub fn last_allocations(&self) -> &[Allocation] {
        let last = self.events.len().saturating_sub(1);
        let before = last.checked_sub(1).and_then(|before| self.events.get(before));
        self.allocations.get(before.map_or(0, |before| at(before.end))..).unwrap_or(&[])
    }

    /// Ends an event that is allocated.
    #[inline]
    pub fn allocated(&mut self, taken: Taken<'_>, inflow: Money, residue_units: u64) {
        let batch = self.number(taken.batch);
        let Taken { row, date, booked, .. } = taken;
        let (row, end) = (numbered(row), numbered(self.allocations.len()));
        self.events.push(Finished { batch, row, date, booked, inflow, residue_units, end });
    }

    /// Ends an event that is allocated: a row of a batch that has a number here, on its day.
    #[inline]
    pub fn allocated_of(
        &mut self,
        batch: u32,
        (row, date): (u32, Date),
        inflow: Money,
        residue_units: u64,
    ) {
        let end = numbered(self.allocations.len());
        self.events.push(Finished { batch, row, date, booked: date, inflow, residue_units, end });
    }

    /// Ends an event that is set aside: what it would have brought, where that is known, and why.
    pub fn set_aside(&mut self, taken: Taken<'_>, inflow: Option<Money>, reason: Reason) {
        let end = self.events.last().map_or(0, |last| at(last.end));
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
        self.allocations.clear();
        self.asides.clear();
        self.figures.clear();
        self.open_items.clear();
    }

    /// The number of a batch, which is mostly that of the event before.
    #[inline]
    pub fn number(&mut self, batch: &Arc<Batch>) -> u32 {
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
            let told: Vec<Told<'_>> = outcomes.iter().collect();
            let rows: Vec<(u32, usize)> =
                told.iter().map(|told| (told.event().batch.event, told.event().row)).collect();
            assert_eq!(rows, [(0, 0), (1, 1), (0, 2), (1, 0)]);
            let sizes = told.iter().map(|told| {
                (told.allocations().len(), told.figures().len(), told.open_items().len())
            });
            assert_eq!(sizes.collect::<Vec<_>>(), [(2, 1, 0), (0, 0, 0), (0, 0, 2), (1, 0, 0)]);
            let aside = told.iter().map(|told| matches!(told.outcome(), Outcome::SetAside { .. }));
            assert_eq!(aside.collect::<Vec<_>>(), [false, true, false, false]);
            assert!(outcomes.any_set_aside());
            outcomes.clear();
            assert!(outcomes.is_empty() && !outcomes.any_set_aside());
        }
    }
}
