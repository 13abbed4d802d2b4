//! Events that stand in their order: unpacked many at a time, and taken one after the other.

use std::sync::Arc;

use crate::base::Date;
use crate::plan::{Plan, at};
use crate::rows::{Batch, Beside, Meeting, Packed, Sink};

use super::calendar::Calendar;
use super::evaluator::Evaluator;
use super::fetching::Fetching;
use super::hands::{Firsts, Hands, Key, Known, Place};
use super::lane::{Answers, Askers};
use super::order::{Kept, Seat, Ties};
use super::outcome::Stop;
use super::run::{Run, sent};
use super::sorted::Sorted;
use super::together::Together;
use super::trace::Off;

/// So many events are unpacked together.
pub(super) const WINDOW: usize = 1 << 13;
/// At first fewer, so that whoever takes them has something soon.
const WINDOW_FIRST: usize = 1 << 12;
/// So many times as many may be unpacked before they are taken.
const AHEAD: usize = 3;

/// Some events that follow one another, and what is known of them before they are taken.
struct Window {
    seats: Vec<Seat>,
    /// If all are of one kind, their rows and days.
    events: Vec<(u32, Date)>,
    /// Which of them are tied.
    tied: Vec<bool>,
    /// Those of each kind in a batch, and what has been asked of them.
    of_kinds: Vec<Option<(Arc<Batch>, Answers)>>,
}

/// What is known of events that stand in their order.
#[derive(Clone, Copy)]
pub(super) struct Ordered<'k> {
    /// Their rows.
    pub kept: &'k [Kept<Packed>],
    /// Which keys are there once.
    pub firsts: &'k Firsts<'k>,
}

impl<S: Sink> Run<'_, S> {
    /// Takes events that stand in their order. If there is a second thread, it fetches rows ahead and
    /// what registers have for them: that is a walk through memory. Where none are ready the first
    /// fetches some itself.
    pub fn take_sorted(
        &mut self,
        sorted: &Sorted,
        ordered: Ordered<'_>,
        calendar: &mut Calendar,
    ) -> Result<(), Stop<S::Error>> {
        let (plan, kept, registers) = (self.plan, ordered.kept, self.registers);
        let askers = Arc::clone(&self.lanes.askers);
        let mut ties = Ties::new(sorted, kept, &plan.events);
        let next = |(start, count): &(usize, usize)| {
            let start = start + count;
            (start < sorted.len()).then_some((start, (2 * count).min(WINDOW)))
        };
        let first = Some((0, WINDOW_FIRST)).filter(|_| sorted.len() > 0);
        let mut starts = std::iter::successors(first, next).map(|(start, count)| {
            // They are asked in their order, each once.
            let tied = (start..sorted.len()).take(count).map(|place| ties.tied(place)).collect();
            (sorted.window(start, count), tied)
        });
        let fetch = |(seats, tied)| Window::new(seats, tied, (plan, kept, &askers));
        if self.threads < 2 || sorted.len() <= WINDOW {
            return starts.try_for_each(|it| self.window(fetch(it), ordered, calendar));
        }
        let looked_up = |begun| {
            let mut window: Window = fetch(begun);
            for (batch, answers) in window.of_kinds.iter_mut().flatten() {
                askers.look_up_rows(answers, batch, registers);
            }
            window
        };
        let meeting = Meeting::default();
        let beside = self.beside.unwrap_or(Beside::nothing(&meeting));
        let fetching = Fetching::new(|| starts.next(), looked_up, AHEAD, beside);
        std::thread::scope(|scope| {
            scope.spawn(|| fetching.make_ahead());
            fetching.take().try_for_each(|window| self.window(window, ordered, calendar))
        })
    }

    /// Takes events that follow one another.
    fn window(
        &mut self,
        window: Window,
        Ordered { kept, firsts }: Ordered<'_>,
        calendar: &mut Calendar,
    ) -> Result<(), Stop<S::Error>> {
        let plan = self.plan;
        let Window { seats, events, tied, mut of_kinds } = window;
        for (batch, answers) in of_kinds.iter_mut().flatten() {
            self.lanes.askers.look_up(answers, batch, self.registers, &self.state.names);
        }
        // How many of each kind have been taken.
        let mut taken = vec![0; of_kinds.len()];
        let mut off = Off;
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        let mut kinds = of_kinds.iter().flatten();
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
        for (seat, tied) in seats.iter().zip(tied) {
            calendar.take_before(seat.date, &mut evaluator, &mut self.desk)?;
            let kind = kept.get(at(seat.batch)).map_or(u32::MAX, Kept::event);
            let of_kind = of_kinds.get(at(kind)).and_then(Option::as_ref);
            let Some(((batch, answers), next)) = of_kind.zip(taken.get_mut(at(kind))) else {
                continue;
            };
            let row = std::mem::replace(next, *next + 1);
            let Some(event) = sent(plan, batch) else { continue };
            let event = Place { event, batch, answers, row };
            let date = seat.date;
            let key = if firsts.all_new(kind) { Key::New } else { Key::Unasked };
            let known = Known { date, tied, key };
            let mut hands = Hands { lanes: &mut self.lanes, desk: &mut self.desk };
            hands.take(&mut evaluator, event, known)?;
            self.desk.hand_on_much(&evaluator.state.accounts)?;
        }
        self.desk.hand_on(&self.state.accounts)
    }
}

impl Window {
    fn new(
        seats: Vec<Seat>,
        tied: Vec<bool>,
        (plan, kept, askers): (&Plan, &[Kept<Packed>], &Askers),
    ) -> Window {
        let events: Vec<(u32, Date)> =
            (0..).zip(&seats).map(|(row, seat)| (row, seat.date)).collect();
        let of_kind = |(kind, seats): (u32, Vec<(&Kept<Packed>, Seat)>)| {
            let rows: Vec<(&Packed, usize)> =
                seats.iter().map(|(held, seat)| (&held.rows, at(seat.row))).collect();
            (!rows.is_empty()).then(|| {
                let batch = Packed::unpacked(kind, &rows);
                let mut answers = askers.ask(&batch);
                askers.situate(&mut answers, &batch, &events);
                (Arc::new(batch), answers)
            })
        };
        let of_kinds = (0..).zip(by_kind(plan, &seats, kept)).map(of_kind).collect();
        Window { seats, events, tied, of_kinds }
    }
}

/// Events by their kind, each with what holds its row.
pub(super) fn by_kind<'k>(
    plan: &Plan,
    seats: &[Seat],
    kept: &'k [Kept<Packed>],
) -> Vec<Vec<(&'k Kept<Packed>, Seat)>> {
    let mut counts = vec![0; plan.events.len()];
    let kinds = seats.iter().filter_map(|seat| kept.get(at(seat.batch))).map(Kept::event);
    kinds.for_each(|kind| counts.get_mut(at(kind)).into_iter().for_each(|count| *count += 1));
    let mut by_kind: Vec<Vec<_>> = counts.into_iter().map(Vec::with_capacity).collect();
    for seat in seats {
        let held = kept.get(at(seat.batch));
        if let Some((held, own)) =
            held.and_then(|held| Some((held, by_kind.get_mut(at(held.event()))?)))
        {
            own.push((held, *seat));
        }
    }
    by_kind
}
