//! Events that wait their turn out of memory.
//!
//! Once those that wait take too much of it, they are put in order among themselves and put away, some
//! at a time. When all have been read, those put away are merged: of each such run the first that are
//! left are in memory, and whatever is certain to come before all that is not is taken.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::plan::{Event, EventSource, Plan, at};
use crate::rows::{Batch, Cell, Column, Origin, Packed, Shelf, Sink};

use super::calendar::Calendar;
use super::fault::RunError;
use super::hands::Firsts;
use super::order::{Kept, Seat, Slot, order};
use super::run::Run;
use super::sorted::{Sorted, sort};
use super::turns::Waiting;
use super::windows::{Ordered, WINDOW, by_kind};

/// How much memory events that wait may take, and where they are put when they take more.
pub struct Memory<'m, E> {
    /// About so many bytes.
    pub bytes: usize,
    /// Where they are put.
    pub shelf: &'m mut dyn Shelf<Error = E>,
}

/// Events in their order, by the numbers under which they are had again.
pub(super) type PutAway = VecDeque<u64>;

impl<E> Memory<'_, E> {
    /// Puts away what waits, if it takes too much memory.
    pub(super) fn relieve(&mut self, waiting: &mut Waiting<'_>, plan: &Plan) -> Result<(), E> {
        if waiting.size + waiting.slots.size() <= self.bytes {
            return Ok(());
        }
        self.put_away(waiting, plan)
    }

    /// Puts away all that waits.
    pub(super) fn put_away(&mut self, waiting: &mut Waiting<'_>, plan: &Plan) -> Result<(), E> {
        let slots = std::mem::take(&mut waiting.slots).sorted(&waiting.kept, &plan.events);
        let mut put_away = PutAway::new();
        for start in (0..slots.len()).step_by(WINDOW) {
            let seats = slots.window(start, WINDOW);
            put_away.push_back(self.shelf.put(&batches(plan, &seats, &waiting.kept))?);
        }
        waiting.put_away.push(put_away);
        waiting.kept.clear();
        waiting.size = 0;
        Ok(())
    }
}

/// Events as batches: first a row for each that says of which kind it is, then those of each kind.
/// Behind the fields of a row stand its day and what else was worked out to order it.
fn batches(plan: &Plan, seats: &[Seat], kept: &[Kept<Packed>]) -> Vec<Batch> {
    let kinds = seats.iter().map(|seat| kept.get(at(seat.batch)).map(Kept::event));
    let columns = vec![Column::Member(kinds.collect())];
    let mut batches =
        vec![Batch { event: u32::MAX, columns, origins: vec![Origin::MADE; seats.len()] }];
    for (kind, seats) in (0..).zip(by_kind(plan, seats, kept)) {
        let Some(event) = plan.events.get(at(kind)).filter(|_| !seats.is_empty()) else { continue };
        let rows: Vec<(&Packed, usize)> =
            seats.iter().map(|(held, seat)| (&held.rows, at(seat.row))).collect();
        let mut batch = Packed::unpacked(kind, &rows);
        let days = seats.iter().map(|(_, seat)| Some(seat.date));
        batch.columns.push(Column::Date(days.collect()));
        for field in event.computed_order() {
            let cell = |(held, seat): &(&Kept<Packed>, Seat)| held.column(field).cell(at(seat.row));
            batch.columns.push(Column::Cells(seats.iter().map(cell).collect()));
        }
        batches.push(batch);
    }
    batches
}

/// Events put away, on their way back.
struct Returning {
    put_away: PutAway,
    /// Those that are in memory, in their order.
    slots: Vec<Slot>,
    /// Where their rows are.
    places: Vec<u32>,
}

/// The rows of events that are in memory again.
#[derive(Default)]
struct Rows {
    kept: Vec<Kept<Packed>>,
    free: Vec<u32>,
}

impl Rows {
    fn free_place(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.kept.push(Kept::nothing());
            u32::try_from(self.kept.len() - 1).unwrap_or(u32::MAX)
        })
    }

    /// Forgets all rows but those at some places.
    fn keep_only(&mut self, needed: impl Iterator<Item = u32>) {
        let mut used = vec![false; self.kept.len()];
        for place in needed {
            if let Some(used) = used.get_mut(at(place)) {
                *used = true;
            }
        }
        self.free.clear();
        for ((place, held), used) in (0..).zip(&mut self.kept).zip(used) {
            if !used {
                *held = Kept::nothing();
                self.free.push(place);
            }
        }
    }
}

impl Returning {
    /// Takes the next events into memory, if there are none.
    fn fill<E>(
        &mut self,
        plan: &Plan,
        rows: &mut Rows,
        shelf: &mut dyn Shelf<Error = E>,
    ) -> Result<(), E> {
        if !self.slots.is_empty() {
            return Ok(());
        }
        self.places.clear();
        let Some(number) = self.put_away.pop_front() else { return Ok(()) };
        let mut batches = shelf.take(number)?.into_iter();
        let kinds = batches.next();
        let only_kind = only_kind(plan);
        let mut of_kind: Vec<VecDeque<Slot>> = vec![VecDeque::new(); plan.events.len()];
        for mut batch in batches {
            let kind = at(batch.event);
            let Some(event) = plan.events.get(kind) else { continue };
            let computed: Vec<u32> = event.computed_order().collect();
            let own = batch.columns.len().saturating_sub(computed.len());
            let beside = computed.into_iter().zip(batch.columns.split_off(own)).collect();
            let days = batch.columns.pop();
            let held = Kept::new(Arc::new(batch), beside);
            let place = rows.free_place();
            self.places.push(place);
            let slot = |(row, day)| match day {
                Cell::Date(day) => Some(held.slot(event, day, place, row)),
                _ => None,
            };
            let days = (0..held.rows.len()).filter_map(|row| Some(days.as_ref()?.cell(row)));
            let slots = (0..).zip(days).filter_map(slot).collect();
            if let Some(own) = of_kind.get_mut(kind) {
                *own = slots;
            }
            let like = rows.kept.iter().find(|it| it.event() == held.event());
            let held = held.packed(event, only_kind, like);
            if let Some(to) = rows.kept.get_mut(at(place)) {
                *to = held;
            }
        }
        let kinds = kinds.as_ref().and_then(|batch| batch.columns.first());
        if let Some(Column::Member(kinds)) = kinds {
            let next = |row| of_kind.get_mut(at(kinds.get(row)?))?.pop_front();
            self.slots.extend((0..kinds.len()).filter_map(next));
        }
        Ok(())
    }
}

/// Whether all events that are sent are of one kind.
pub(super) fn only_kind(plan: &Plan) -> bool {
    plan.events.iter().filter(|event| event.source == EventSource::Sent).count() == 1
}

impl<S: Sink> Run<'_, S> {
    /// Takes events that were put away, all in their order.
    pub fn take_put_away<I>(
        &mut self,
        put_away: Vec<PutAway>,
        shelf: &mut dyn Shelf<Error = I>,
        firsts: &Firsts<'_>,
        calendar: &mut Calendar,
    ) -> Result<(), RunError<I, S::Error>>
    where
        I: std::error::Error + 'static,
        S::Error: std::error::Error + 'static,
    {
        let plan = self.plan;
        let begun = |put_away| Returning { put_away, slots: Vec::new(), places: Vec::new() };
        let mut all: Vec<Returning> = put_away.into_iter().map(begun).collect();
        let mut rows = Rows::default();
        // Of events at one place, those that came when it was not known whether there are more.
        let mut held_back: Vec<Slot> = Vec::new();
        loop {
            for returning in &mut all {
                returning.fill(plan, &mut rows, shelf).map_err(RunError::Input)?;
            }
            let mut slots = std::mem::take(&mut held_back);
            let more_to_come = take_certain(&mut all, &rows.kept, &plan.events, &mut slots);
            if slots.is_empty() {
                return Ok(());
            }
            sort(&mut slots, &rows.kept, &plan.events);
            if more_to_come {
                let last = at_last_place(&slots, &rows.kept, &plan.events);
                held_back = slots.split_off(slots.len() - last);
            }
            let ordered = Ordered { kept: &rows.kept, firsts };
            self.take_sorted(&Sorted::Slots(slots), ordered, calendar)?;
            let under_way = all.iter().filter(|it| !it.slots.is_empty());
            let places = under_way.flat_map(|it| it.places.iter().copied());
            rows.keep_only(places.chain(held_back.iter().map(|slot| slot.batch)));
        }
    }
}

/// Takes the events that come before all that are not in memory; says whether there are such. Those
/// at one place come in the order in which they were put away.
fn take_certain(
    all: &mut [Returning],
    kept: &[Kept<Packed>],
    events: &[Event],
    slots: &mut Vec<Slot>,
) -> bool {
    let lasts = all.iter().enumerate().filter(|(_, it)| !it.put_away.is_empty());
    let lasts = lasts.filter_map(|(own, it)| Some((*it.slots.last()?, own)));
    // The first of those that are alike.
    let limit = lasts.min_by(|(one, _), (other, _)| order(one, other, kept, events));
    for (own, returning) in all.iter_mut().enumerate() {
        let certain = |slot: &Slot| match &limit {
            None => true,
            Some((limit, of)) => match order(slot, limit, kept, events) {
                std::cmp::Ordering::Less => true,
                std::cmp::Ordering::Equal => own <= *of,
                std::cmp::Ordering::Greater => false,
            },
        };
        let count = returning.slots.partition_point(certain);
        slots.extend(returning.slots.drain(..count));
    }
    limit.is_some()
}

/// How many stand at the last place, if it matters that they stand there together.
fn at_last_place(slots: &[Slot], kept: &[Kept<Packed>], events: &[Event]) -> usize {
    let Some(last) = slots.last() else { return 0 };
    let event = kept.get(at(last.batch)).and_then(|held| events.get(at(held.event())));
    if !event.is_some_and(|event| event.order_matters) {
        return 0;
    }
    slots.iter().rev().take_while(|slot| order(slot, last, kept, events).is_eq()).count()
}
