//! Runs in which order matters: events taken as they come while that is their order, or kept, packed,
//! and put in order first.

use std::sync::Arc;

use crate::base::Date;
use crate::plan::at;
use crate::rows::{Batch, Column, Packed, Sink};

use super::calendar::Calendar;
use super::evaluator::Evaluator;
use super::fault::{Fault, RunError};
use super::hands::{Firsts, Hands};
use super::order::{Kept, Slot, follows, order};
use super::outcome::Stop;
use super::run::{Options, Reach, Run, at_hand, dated, has_calendar, sent};
use super::shelved::{Memory, PutAway, only_kind};
use super::sorted::Slots;
use super::together::Together;
use super::trace::{Off, Trace};
use super::windows::Ordered;

/// Events kept until all have been read.
pub(super) struct Waiting<'p> {
    pub kept: Vec<Kept<Packed>>,
    pub slots: Slots,
    /// About how many bytes of memory the rows take.
    pub size: usize,
    /// Those that memory had no room for.
    pub put_away: Vec<PutAway>,
    reach: Reach,
    firsts: Firsts<'p>,
    /// Events that have no place.
    unplaced: Vec<(Arc<Batch>, Fault)>,
    /// Events that depend on no other do not wait.
    some_at_once: bool,
    /// Whether any has been handed on.
    begun: bool,
}

impl<S: Sink> Run<'_, S> {
    /// Takes events as they come, as long as they come in their order; nothing once one does not. If
    /// none has been taken by then, all are put in order; those that depend on no other are taken at
    /// once then, if that is asked for.
    pub fn in_turn<I>(
        &mut self,
        batches: &mut impl Iterator<Item = Result<Batch, I>>,
        options: &Options,
        some_at_once: bool,
        memory: Option<Memory<'_, I>>,
    ) -> Result<Option<Reach>, RunError<I, S::Error>>
    where
        I: std::error::Error + 'static,
        S::Error: std::error::Error + 'static,
    {
        let plan = self.plan;
        let mut reach = options.besides;
        // The last event of the batch before, alone in a batch of its own.
        let mut before: Option<Kept<Arc<Batch>>> = None;
        let mut calendar: Option<Calendar> = None;
        while let Some(batch) = batches.next() {
            let batch = Arc::new(batch.map_err(RunError::Input)?);
            if batch.is_empty() {
                continue;
            }
            let computed = self.ordering_columns(&batch)?;
            let held = [before.take(), Some(Kept::new(batch, computed))];
            let mut kept: Vec<Kept<Arc<Batch>>> = held.into_iter().flatten().collect();
            let Some(events) = self.days_in_order(&kept, &mut reach) else {
                return match (kept.pop(), kept.is_empty()) {
                    (Some(first), true) => {
                        let first = Arc::unwrap_or_clone(first.rows);
                        let all = std::iter::once(Ok(first)).chain(batches);
                        let some_at_once = some_at_once && !has_calendar(plan);
                        self.in_order(all, options, some_at_once, memory)
                    }
                    _ => Ok(None),
                };
            };
            let Some(current) = kept.last() else { continue };
            self.take_own(&current.rows, &events, &mut calendar, options)?;
            before = events.last().map(|(row, _)| current.alone(at(*row)));
        }
        if let Some((_, last)) = reach.ends {
            let mut off = Off;
            let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
            let desk = &mut self.desk;
            let mut calendar = match calendar {
                Some(calendar) => calendar,
                None => Calendar::new(&mut evaluator, desk, reach, options.through)?,
            };
            calendar.list(reach.up_to(last), plan);
            calendar.take_rest(&mut evaluator, &mut self.desk)?;
        }
        Ok(Some(reach))
    }

    /// Takes the events of a batch, which stand in order, and those of the calendar between them.
    fn take_own(
        &mut self,
        batch: &Arc<Batch>,
        events: &[(u32, Date)],
        calendar: &mut Option<Calendar>,
        options: &Options,
    ) -> Result<(), Stop<S::Error>> {
        let plan = self.plan;
        let unknown = Stop::Internal("a batch of an unknown event kind");
        let event = sent(plan, batch).ok_or(unknown)?;
        let (&[(_, first), ..], &[.., (_, last)]) = (events, events) else { return Ok(()) };
        let mut off = Off;
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        let (askers, registers) = (Arc::clone(&self.lanes.askers), self.registers);
        let mut answers = askers.ask(batch);
        askers.look_up(&mut answers, batch, registers, &evaluator.state.names);
        let turns = self.lanes.have_turns(batch.event);
        // Events of which each stands behind the one before have no key twice if their places are
        // told by their keys.
        let new = only_kind(plan) && self.lanes.keys_tell_places(event, batch.event);
        askers.situate(&mut answers, batch, events);
        let calendar = match calendar {
            Some(calendar) => calendar,
            none => {
                let first = options.besides.ends.map_or(first, |(before, _)| before.min(first));
                let (desk, through) = (&mut self.desk, options.through);
                none.insert(Calendar::begun(&mut evaluator, desk, first, through)?)
            }
        };
        calendar.list(last, plan);
        let (answers, mut left) = (&answers, events);
        while let Some((_, date)) = left.first() {
            calendar.take_before(*date, &mut evaluator, &mut self.desk)?;
            // Up to the next day of the calendar nothing stands between them.
            let next = calendar.next_day();
            let count = next.map(|next| left.partition_point(|(_, date)| *date <= next));
            let count = count.unwrap_or(left.len()).max(1);
            let Some((events, others)) = left.split_at_checked(count) else { break };
            let mut hands = Hands { lanes: &mut self.lanes, desk: &mut self.desk };
            let together = Together { event, batch, answers, events, new, turns };
            hands.take_together(&mut evaluator, together)?;
            left = others;
        }
        self.desk.hand_on(&self.state.accounts)
    }

    /// The events of the last of these batches with their days, if all stand in order, each behind the one
    /// before, and none is without a place.
    fn days_in_order(
        &mut self,
        kept: &[Kept<Arc<Batch>>],
        reach: &mut Reach,
    ) -> Option<Vec<(u32, Date)>> {
        let plan = self.plan;
        let mut off = Off;
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        let (mut events, mut before): (Vec<(u32, Date)>, Option<Slot>) = (Vec::new(), None);
        for (place, held) in (0_u32..).zip(kept) {
            let event = sent(plan, &held.rows)?;
            let ready = self.lanes.askers.ready(&held.rows);
            let days = self.lanes.days(ready, &held.rows, self.registers, evaluator.state);
            events = match days {
                Some(days) => days,
                None => {
                    let rows = (0_u32..).zip(0..held.rows.len());
                    let day = |(number, row)| {
                        evaluator.take_up(at_hand(event, &held.rows, row));
                        Some((number, placed(&mut evaluator, held).ok()?))
                    };
                    rows.map(day).collect::<Option<Vec<(u32, Date)>>>()?
                }
            };
            let (Some(first), Some(last)) = (events.first(), events.last()) else { continue };
            let [first, last] = [first, last].map(|(row, day)| held.slot(event, *day, place, *row));
            let behind = |it: Slot| follows(event, order(&it, &first, kept, &plan.events));
            if !before.is_none_or(behind) || !held.is_in_order(event, &events) {
                return None;
            }
            reach.take(first.date);
            reach.take(last.date);
            before = Some(last);
        }
        Some(events)
    }

    /// Takes events in their order, whatever the order they come in; those that depend on no other at
    /// once, if that is asked for. Gives nothing if some have been taken so when a key comes again.
    pub fn in_order<I>(
        &mut self,
        batches: impl IntoIterator<Item = Result<Batch, I>>,
        options: &Options,
        some_at_once: bool,
        mut memory: Option<Memory<'_, I>>,
    ) -> Result<Option<Reach>, RunError<I, S::Error>>
    where
        I: std::error::Error + 'static,
        S::Error: std::error::Error + 'static,
    {
        let mut waiting = Waiting {
            kept: Vec::new(),
            slots: Slots::default(),
            size: 0,
            put_away: Vec::new(),
            reach: options.besides,
            firsts: Firsts::new(self.plan),
            unplaced: Vec::new(),
            some_at_once,
            begun: false,
        };
        for batch in batches {
            let batch = batch.map_err(RunError::Input)?;
            waiting.firsts.take(&batch);
            if !waiting.firsts.none_repeated() {
                if waiting.begun {
                    return Ok(None);
                }
                waiting.some_at_once = false;
            }
            if let Some(batch) = self.take_at_once(Arc::new(batch), &mut waiting)? {
                self.keep(batch, &mut waiting)?;
            }
            if let Some(memory) = &mut memory {
                memory.relieve(&mut waiting, self.plan).map_err(RunError::Input)?;
            }
        }
        if let (Some(memory), false) = (&mut memory, waiting.put_away.is_empty()) {
            memory.put_away(&mut waiting, self.plan).map_err(RunError::Input)?;
        }
        let reach = waiting.reach;
        self.take_waiting(waiting, options, memory)?;
        Ok(Some(reach))
    }

    /// Takes the events of a batch that depend on no other, and gives those that wait.
    fn take_at_once(
        &mut self,
        batch: Arc<Batch>,
        waiting: &mut Waiting<'_>,
    ) -> Result<Option<Arc<Batch>>, Stop<S::Error>> {
        let plan = self.plan;
        let unknown = Stop::Internal("a batch of an unknown event kind");
        let event = sent(plan, &batch).ok_or(unknown)?;
        // Where two events may stand at one place all must be seen side by side.
        let told_apart = event.unique.iter().all(|field| event.order_by.contains(field));
        let told_apart = told_apart && !event.unique.is_empty();
        if !waiting.some_at_once || (event.order_matters && !told_apart) {
            return Ok(Some(batch));
        }
        let mut off = Off;
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        let mut answers = self.lanes.askers.ask(&batch);
        let mut hands = Hands { lanes: &mut self.lanes, desk: &mut self.desk };
        let days = hands.lanes.days_of(&mut answers, &batch, self.registers, evaluator.state);
        let (at_once, others) = match days {
            Some(days) => hands.lanes.part(&answers, &batch, &days),
            None => {
                let (mut at_once, mut others) = (Vec::with_capacity(batch.len()), Vec::new());
                for (row, number) in (0..batch.len()).zip(0_u32..) {
                    let (ready, state) = (answers.ready, &mut *evaluator.state);
                    let date = hands.lanes.date(ready, &batch, row, self.registers, state);
                    match date.filter(|it| !hands.lanes.waits(&answers, &batch, row, *it)) {
                        Some(date) => at_once.push((number, date)),
                        None => others.push(row),
                    }
                }
                (at_once, others)
            }
        };
        at_once.iter().for_each(|(_, date)| waiting.reach.take(*date));
        let (batch_of, answers, events) = (&batch, &answers, at_once.as_slice());
        let together =
            Together { event, batch: batch_of, answers, events, new: true, turns: false };
        hands.take_together(&mut evaluator, together)?;
        self.desk.hand_on(&self.state.accounts)?;
        waiting.begun |= others.len() < batch.len();
        Ok(match others.len() {
            0 => None,
            all if all == batch.len() => Some(batch),
            _ => Some(Arc::new(batch.only(&others))),
        })
    }

    /// Works out ordering fields that are computed, so that sorting need not.
    fn ordering_columns(
        &mut self,
        batch: &Arc<Batch>,
    ) -> Result<Vec<(u32, Column)>, Stop<S::Error>> {
        let plan = self.plan;
        let event = sent(plan, batch).ok_or(Stop::Internal("a batch of an unknown event kind"))?;
        let mut off = Off;
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        let mut columns = Vec::new();
        for field in event.computed_order() {
            let cells = (0..batch.len()).map(|row| {
                evaluator.take_up(at_hand(event, batch, row));
                let value = dated(&mut evaluator).and_then(|_| evaluator.field(field));
                value.map_or(crate::rows::Cell::Missing, |value| value.to_cell())
            });
            columns.push((field, Column::Cells(cells.collect())));
        }
        Ok(columns)
    }

    /// Keeps a batch, and notes the places of its events.
    fn keep(&mut self, batch: Arc<Batch>, waiting: &mut Waiting<'_>) -> Result<(), Stop<S::Error>> {
        let plan = self.plan;
        let unknown = Stop::Internal("a batch of an unknown event kind");
        let event = sent(plan, &batch).ok_or(unknown)?;
        let computed = self.ordering_columns(&batch)?;
        let held = Kept::new(batch, computed);
        let (place, batch) = (u32::try_from(waiting.kept.len()).unwrap_or(u32::MAX), &held.rows);
        let ready = self.lanes.askers.ready(batch);
        let mut off = Off;
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        let days = self.lanes.days(ready, batch, self.registers, evaluator.state);
        let slots = match &days {
            Some(days) => {
                days.iter().for_each(|(_, date)| waiting.reach.take(*date));
                held.slots(event, days, place)
            }
            None => {
                let mut slots = Vec::with_capacity(batch.len());
                for (row, number) in (0..batch.len()).zip(0_u32..) {
                    let known = self.lanes.date(ready, batch, row, self.registers, evaluator.state);
                    let dated = known.map_or_else(
                        || {
                            evaluator.take_up(at_hand(event, batch, row));
                            placed(&mut evaluator, &held)
                        },
                        Ok,
                    );
                    match dated {
                        Ok(date) => {
                            waiting.reach.take(date);
                            slots.push(held.slot(event, date, place, number));
                        }
                        // Without its day and ordering fields it has no place.
                        Err(fault) => waiting.unplaced.push((Arc::new(batch.alone(row)), fault)),
                    }
                }
                slots
            }
        };
        waiting.slots.add(&slots);
        let like = waiting.kept.iter().rev().find(|it| it.event() == held.event());
        let held = held.packed(event, only_kind(plan), like);
        waiting.size += held.size();
        waiting.kept.push(held);
        Ok(())
    }

    fn take_waiting<I>(
        &mut self,
        waiting: Waiting<'_>,
        options: &Options,
        memory: Option<Memory<'_, I>>,
    ) -> Result<(), RunError<I, S::Error>>
    where
        I: std::error::Error + 'static,
        S::Error: std::error::Error + 'static,
    {
        let plan = self.plan;
        let Waiting { kept, slots, reach, firsts, unplaced, put_away, .. } = waiting;
        for (batch, fault) in unplaced {
            let mut off = Off;
            let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
            let Some(event) = sent(plan, &batch) else { continue };
            evaluator.take_up(at_hand(event, &batch, 0));
            // As far as it is known.
            let _ = dated(&mut evaluator);
            self.desk.take(&mut evaluator, Some(fault))?;
            self.desk.hand_on_much(&self.state.accounts)?;
        }
        let mut calendar = {
            let mut off = Off;
            let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
            Calendar::new(&mut evaluator, &mut self.desk, reach, options.through)?
        };
        match memory {
            Some(Memory { shelf, .. }) if !put_away.is_empty() => {
                self.take_put_away(put_away, shelf, &firsts, &mut calendar)?;
            }
            _ => {
                let slots = slots.sorted(&kept, &plan.events);
                let ordered = Ordered { kept: &kept, firsts: &firsts };
                self.take_sorted(&slots, ordered, &mut calendar)?;
            }
        }
        let mut off = Off;
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        Ok(calendar.take_rest(&mut evaluator, &mut self.desk)?)
    }
}

/// The day of the event at hand, if every field that orders it is there as well.
fn placed<T: Trace>(
    evaluator: &mut Evaluator<'_, '_, T>,
    held: &Kept<Arc<Batch>>,
) -> Result<Date, Fault> {
    let date = dated(evaluator)?;
    for field in &evaluator.event()?.order_by {
        if !held.has(*field, evaluator.at_hand.as_ref().map_or(0, |at_hand| at_hand.row)) {
            evaluator.field(*field)?;
        }
    }
    Ok(date)
}
