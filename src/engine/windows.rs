//! Events that stand in their order: unpacked many at a time, and taken one after the other.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use crate::base::Date;
use crate::plan::{Plan, at};
use crate::rows::{Batch, Packed, Sink};

use super::calendar::Calendar;
use super::evaluator::Evaluator;
use super::hands::{Firsts, Hands, Key, Known, Place};
use super::lane::Answers;
use super::order::{Kept, Slot, Ties};
use super::outcome::Stop;
use super::run::{Run, sent};
use super::sorted::Sorted;
use super::together::Together;
use super::trace::Off;

/// So many events are unpacked together.
pub(super) const WINDOW: usize = 1 << 15;
/// So many times as many may be unpacked before they are taken.
const AHEAD: usize = 2;

/// Some events, those of each kind in a batch.
type Unpacked = Vec<Option<Batch>>;

/// What is known of events that stand in their order.
#[derive(Clone, Copy)]
pub(super) struct Ordered<'k> {
    /// Their rows.
    pub kept: &'k [Kept<Packed>],
    /// Which keys are there once.
    pub firsts: &'k Firsts<'k>,
}

impl<S: Sink> Run<'_, S> {
    /// Takes events that stand in their order. If there is a second thread, it fetches rows ahead: that
    /// is a walk through memory.
    pub fn take_sorted(
        &mut self,
        sorted: &Sorted,
        ordered: Ordered<'_>,
        calendar: &mut Calendar,
    ) -> Result<(), Stop<S::Error>> {
        let (plan, kept) = (self.plan, ordered.kept);
        let mut ties = Ties::new(sorted, kept, &plan.events);
        let mut windows = (0..sorted.len()).step_by(WINDOW).map(|start| {
            let slots = sorted.window(start, WINDOW);
            let unpacked = unpacked(plan, &slots, kept);
            (slots, start, unpacked)
        });
        if self.threads < 2 || sorted.len() <= WINDOW {
            return windows.try_for_each(|(slots, start, unpacked)| {
                self.window((&slots, start), unpacked, ordered, &mut ties, calendar)
            });
        }
        std::thread::scope(|scope| {
            let (fetched, ahead) = sync_channel(AHEAD);
            scope.spawn(move || {
                // Whoever asks no more has gone away.
                let _ = windows.try_for_each(|window| fetched.send(window));
            });
            ahead.into_iter().try_for_each(|(slots, start, unpacked)| {
                self.window((&slots, start), unpacked, ordered, &mut ties, calendar)
            })
        })
    }

    /// Takes events that follow one another.
    fn window(
        &mut self,
        (slots, start): (&[Slot], usize),
        unpacked: Unpacked,
        Ordered { kept, firsts }: Ordered<'_>,
        ties: &mut Ties<'_>,
        calendar: &mut Calendar,
    ) -> Result<(), Stop<S::Error>> {
        let plan = self.plan;
        let events: Vec<(u32, Date)> =
            (0..).zip(slots).map(|(row, slot)| (row, slot.date)).collect();
        let asked = |batch| {
            let mut answers = self.lanes.ask_ahead(&batch, self.registers, &self.state.names);
            // If all are of one kind, these are their days.
            self.lanes.situate(&mut answers, &batch, &events);
            (Arc::new(batch), answers)
        };
        let unpacked: Vec<Option<(Arc<Batch>, Answers)>> =
            unpacked.into_iter().map(|batch| batch.map(asked)).collect();
        // How many of each kind have been taken.
        let mut taken = vec![0; unpacked.len()];
        let mut off = Off;
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        // They are asked in their order, each once.
        let tied: Vec<bool> = (start..).take(slots.len()).map(|place| ties.tied(place)).collect();
        let mut kinds = unpacked.iter().flatten();
        if let (Some((batch, answers)), None) = (kinds.next(), kinds.next())
            && let Some(event) = sent(plan, batch)
            && calendar.is_over()
            && !tied.contains(&true)
        {
            let (events, new) = (events.as_slice(), firsts.all_new(batch.event));
            let turns = self.lanes.have_turns(batch.event);
            let together = Together { event, batch, answers, events, new, turns };
            let mut hands = Hands { lanes: &mut self.lanes, desk: &mut self.desk };
            hands.take_together(&mut evaluator, together)?;
            return self.desk.hand_on(&self.state.accounts);
        }
        for (slot, tied) in slots.iter().zip(tied) {
            calendar.take_before(slot.date, &mut evaluator, &mut self.desk)?;
            let kind = kept.get(at(slot.batch)).map_or(u32::MAX, Kept::event);
            let of_kind = unpacked.get(at(kind)).and_then(Option::as_ref);
            let Some(((batch, answers), next)) = of_kind.zip(taken.get_mut(at(kind))) else {
                continue;
            };
            let row = std::mem::replace(next, *next + 1);
            let Some(event) = sent(plan, batch) else { continue };
            let event = Place { event, batch, answers, row };
            let date = slot.date;
            let key = if firsts.all_new(kind) { Key::New } else { Key::Unasked };
            let known = Known { date, tied, key };
            let mut hands = Hands { lanes: &mut self.lanes, desk: &mut self.desk };
            hands.take(&mut evaluator, event, known)?;
            self.desk.hand_on_much(&evaluator.state.accounts)?;
        }
        self.desk.hand_on(&self.state.accounts)
    }
}

fn unpacked(plan: &Plan, slots: &[Slot], kept: &[Kept<Packed>]) -> Unpacked {
    let of_kind = |(kind, slots): (u32, Vec<(&Kept<Packed>, Slot)>)| {
        let rows: Vec<(&Packed, usize)> =
            slots.iter().map(|(held, slot)| (&held.rows, at(slot.row))).collect();
        (!rows.is_empty()).then(|| Packed::unpacked(kind, &rows))
    };
    (0..).zip(by_kind(plan, slots, kept)).map(of_kind).collect()
}

/// Events by their kind, each with what holds its row.
pub(super) fn by_kind<'k>(
    plan: &Plan,
    slots: &[Slot],
    kept: &'k [Kept<Packed>],
) -> Vec<Vec<(&'k Kept<Packed>, Slot)>> {
    let mut by_kind = vec![Vec::new(); plan.events.len()];
    for slot in slots {
        let held = kept.get(at(slot.batch));
        if let Some((held, own)) =
            held.and_then(|held| Some((held, by_kind.get_mut(at(held.event()))?)))
        {
            own.push((held, *slot));
        }
    }
    by_kind
}
