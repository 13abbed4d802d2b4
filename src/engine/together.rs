//! Events of a batch that stand in order, taken many at a time where that can be done.

use std::borrow::Cow;
use std::sync::Arc;

use crate::base::Date;
use crate::plan::{Event, at};
use crate::rows::{Batch, Sink};

use super::evaluator::Evaluator;
use super::hands::{Hands, Key, Known, Place};
use super::lane::{Answers, Ready};
use super::outcome::Stop;
use super::trace::Trace;

/// Events of a batch, each on its day.
#[derive(Clone, Copy)]
pub(super) struct Together<'a> {
    pub event: &'a Event,
    pub batch: &'a Arc<Batch>,
    pub answers: &'a Answers,
    /// Rows, ascending, with their days.
    pub events: &'a [(u32, Date)],
    /// Whether all are known to have keys that no other event has.
    pub new: bool,
    /// Whether what one comes to may depend on another.
    pub turns: bool,
}

impl<S: Sink> Hands<'_, '_, S> {
    /// Takes the events, one after the other as far as anybody can tell.
    pub fn take_together<'a, T: Trace>(
        &mut self,
        evaluator: &mut Evaluator<'a, '_, T>,
        together: Together<'a>,
    ) -> Result<(), Stop<S::Error>> {
        let Together { batch, answers, events, new, turns, .. } = together;
        self.lanes.side.begin(batch.len());
        let (registers, of) = (evaluator.registers, (&**batch, answers));
        // Where each may be for its lane or not, each is asked when its turn comes.
        let all_in_lane = answers.ready == Ready::All;
        let is_new = match (new, all_in_lane) {
            (true, _) => vec![Key::New; events.len()],
            (false, false) => vec![Key::Unasked; events.len()],
            (false, true) => seen_before(evaluator, together),
        };
        let all_new = is_new.iter().all(|key| *key == Key::New);
        let firsts = || events.iter().zip(&is_new).filter(|(_, key)| **key == Key::New);
        let firsts: Cow<'_, [(u32, Date)]> = match all_new {
            true => Cow::Borrowed(events),
            false => firsts().map(|(event, _)| *event).collect(),
        };
        if !turns {
            let state = &mut *evaluator.state;
            let made = self.lanes.side_by_side(of, &firsts, registers, state);
            made.map_err(Stop::Internal)?;
            self.desk.count(batch.event, &self.lanes.side.brought())?;
        }
        let (mut rest, mut keys) = (events, is_new.as_slice());
        let mut new = &*firsts;
        while !rest.is_empty() {
            let mut settled = rest.len();
            if turns && !new.is_empty() {
                let state = &mut *evaluator.state;
                let made = self.lanes.in_turn(of, new, registers, state);
                let made = made.map_err(Stop::Internal)?;
                self.desk.count(batch.event, &self.lanes.side.brought())?;
                new = new.get(made..).unwrap_or_default();
                // Up to the next that is new.
                let next = new.first().and_then(|next| rest.iter().position(|it| it == next));
                settled = next.unwrap_or(rest.len());
            }
            let (now, later) = rest.split_at_checked(settled).unwrap_or((rest, &[]));
            self.tell(evaluator, together, now, keys)?;
            (rest, keys) = (later, keys.get(settled..).unwrap_or_default());
        }
        Ok(())
    }

    /// Tells of events that were worked out together, and takes those between them alone.
    fn tell<'a, T: Trace>(
        &mut self,
        evaluator: &mut Evaluator<'a, '_, T>,
        Together { event, batch, answers, .. }: Together<'a>,
        events: &[(u32, Date)],
        keys: &[Key],
    ) -> Result<(), Stop<S::Error>> {
        let (mut rest, mut keys) = (events, keys.iter());
        loop {
            let side = &self.lanes.side;
            let ended = rest.iter().take_while(|(row, _)| side.of(at(*row)).is_some()).count();
            let (together, alone) = rest.split_at_checked(ended).unwrap_or((rest, &[]));
            self.desk.ended(batch, together, side, &evaluator.state.accounts)?;
            let Some(((row, date), others)) = alone.split_first() else { return Ok(()) };
            let key = keys.nth(ended).copied().unwrap_or(Key::Unasked);
            let place = Place { event, batch, answers, row: at(*row) };
            self.take(evaluator, place, Known { date: *date, tied: false, key })?;
            self.desk.hand_on_much(&evaluator.state.accounts)?;
            rest = others;
        }
    }
}

/// Notes the keys of events; says which have been there before.
fn seen_before<T: Trace>(
    evaluator: &mut Evaluator<'_, '_, T>,
    Together { event, batch, events, .. }: Together<'_>,
) -> Vec<Key> {
    let Some(seen) = evaluator.state.seen.get_mut(at(batch.event)) else {
        return vec![Key::New; events.len()];
    };
    let mut keys = Vec::with_capacity(events.len());
    if events.len() == batch.len() {
        keys.resize(seen.insert_all(batch, &event.unique), Key::New);
        // The one behind them has been asked.
        keys.extend((keys.len() < events.len()).then_some(Key::Repeated));
    }
    let others = events.get(keys.len()..).unwrap_or_default().iter();
    keys.extend(others.map(|(row, _)| match seen.insert(batch, at(*row), &event.unique) {
        true => Key::New,
        false => Key::Repeated,
    }));
    keys
}
