//! Events of a batch that stand in order, taken many at a time where that can be done.

use std::sync::Arc;

use crate::base::Date;
use crate::plan::{Event, at};
use crate::rows::{Batch, Sink, Taken};

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
        let Together { event, batch, answers, events, new, turns } = together;
        self.lanes.side.begin(batch.len());
        let (registers, of) = (evaluator.registers, (&**batch, answers));
        // Where each may be for its lane or not, each is asked when its turn comes.
        let all_in_lane = answers.ready == Ready::All;
        let is_new = match (new, all_in_lane) {
            (true, _) => vec![Key::New; events.len()],
            (false, false) => vec![Key::Unasked; events.len()],
            (false, true) => keys(evaluator, together),
        };
        let all_new = is_new.iter().all(|key| *key == Key::New);
        let firsts = || events.iter().zip(&is_new).filter(|(_, key)| **key == Key::New);
        let firsts: Vec<(u32, Date)> = match all_new {
            true => events.to_vec(),
            false => firsts().map(|(event, _)| *event).collect(),
        };
        if !turns {
            let state = &mut *evaluator.state;
            let made = self.lanes.side_by_side(of, &firsts, registers, state);
            made.map_err(Stop::Internal)?;
            self.desk.count(batch.event, &self.lanes.side.brought())?;
        }
        let (mut rest, mut at_once) = (firsts.as_slice(), if turns { 0 } else { firsts.len() });
        for ((row, date), key) in events.iter().zip(is_new) {
            if key == Key::New {
                if at_once == 0 {
                    let state = &mut *evaluator.state;
                    let settled = self.lanes.in_turn(of, rest, registers, state);
                    at_once = settled.map_err(Stop::Internal)?;
                    self.desk.count(batch.event, &self.lanes.side.brought())?;
                }
                at_once = at_once.saturating_sub(1);
                rest = rest.get(1..).unwrap_or_default();
            }
            let (row, date) = (at(*row), *date);
            match self.lanes.side.of(row) {
                Some(ended) => {
                    self.desk.ended(Taken { batch, row, date, booked: date }, ended);
                }
                None => {
                    let place = Place { event, batch, answers, row };
                    self.take(evaluator, place, Known { date, tied: false, key })?;
                }
            }
            self.desk.hand_on_much(&evaluator.state.accounts)?;
        }
        Ok(())
    }
}

/// Notes the keys of events; says which have been there before.
fn keys<T: Trace>(
    evaluator: &mut Evaluator<'_, '_, T>,
    Together { event, batch, events, .. }: Together<'_>,
) -> Vec<Key> {
    let Some(seen) = evaluator.state.seen.get_mut(at(batch.event)) else {
        return vec![Key::New; events.len()];
    };
    let rows = events.iter().map(|(row, _)| at(*row));
    let key = |row| match seen.insert(batch, row, &event.unique) {
        true => Key::New,
        false => Key::Repeated,
    };
    rows.map(key).collect()
}
