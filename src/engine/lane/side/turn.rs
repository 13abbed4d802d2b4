//! Which events may be worked out side by side, and where they end up.
//!
//! Events that neither read nor change totals may always. Whether one does is often seen only when it is
//! worked out, so those whose program may ask for a total are tried by themselves first, as long as most
//! of them come out of it. Others may if no two of them have a key in common: then each finds the totals
//! it would have found in its turn, and their changes are made in whatever order. So events are taken turn
//! by turn: the first of each key, then the second, and so on. An event that is lost to its group is taken
//! alone, and so is every event after it that has a key in common with it; that is possible because
//! whatever such an event reads and changes stands under its keys
//! ([`Program::whole`](crate::plan::Program)).

use std::borrow::Cow;

use crate::base::Date;
use crate::plan::{Day, at};
use crate::rows::{Batch, Column};

use super::super::Lanes;
use super::super::ahead::Ahead;
use super::super::asking::{Answers, Ready};
use super::super::programs::{Members, Programs};
use super::keys::{Events, KeysOf, not_undone, parts_of};
use super::running::run_through;
use super::{Group, Of, Side, date, has_columns, only, work_out};
use crate::engine::registers::Registers;
use crate::engine::state::State;

/// Fewer events are worked out one by one.
const GROUP_MIN: usize = 8;
/// The same of a turn, in which events go through many programs.
const TURN_MIN: usize = 64;

/// What is remembered of events that are worked out in their order.
#[derive(Debug, Default)]
pub(in crate::engine::lane) struct Turns {
    /// By space and number of a key.
    asked: Vec<Vec<Asked>>,
    now: u32,
    /// Whether any event is taken alone now.
    any_alone: bool,
}

/// Who has asked for a key.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    /// When, and in which turn, it was asked for last; while no two events are known to have a key in
    /// common, by which event.
    at: u32,
    turn: u32,
    /// When it was last asked for by an event that is taken alone.
    alone_at: u32,
}

impl Lanes {
    /// Whether events of a kind are to be worked out in their turn, since they read or change totals.
    pub fn have_turns(&self, event: u32) -> bool {
        let programs = self.lanes.get(at(event)).and_then(Option::as_ref);
        programs.is_some_and(Programs::have_turns)
    }

    /// The days of all events of a batch, if each has all that a lane needs; then their situations
    /// are noted as well.
    pub fn days_of(
        &self,
        answers: &mut Answers,
        batch: &Batch,
        registers: &Registers<'_>,
        state: &State,
    ) -> Option<Vec<(u32, Date)>> {
        let days = self.days(answers.ready, batch, registers, state)?;
        self.askers.situate(answers, batch, &days);
        Some(days)
    }

    /// The days of all events of a batch, if each has all that a lane needs.
    pub fn days(
        &self,
        ready: Ready,
        batch: &Batch,
        registers: &Registers<'_>,
        state: &State,
    ) -> Option<Vec<(u32, Date)>> {
        let programs = self.lanes.get(at(batch.event))?.as_ref()?;
        if ready != Ready::All {
            return None;
        }
        let lane = &programs.lane;
        if let Day::Field(field) = &lane.date {
            let Column::Date(days) = batch.columns.get(at(*field))? else { return None };
            let numbered = |(row, day): (u32, &Date)| (row, *day);
            return Some((0..).zip(days.all()?).map(numbered).collect());
        }
        let rows: Vec<u32> = (0..u32::try_from(batch.len()).ok()?).collect();
        let (program, ahead) = (programs.general(), &Ahead::default());
        let of = Of { lane, program, batch, ahead, registers };
        let mut group = Group::new(of, state, (rows, Vec::new()), Vec::new());
        group.slots.clear();
        let days = group.day(&lane.date);
        if group.lost.contains(&true) {
            return None;
        }
        let days = days.spread(batch.len());
        (0..).zip(days.iter()).map(|(row, day)| Some((row, date(*day)?))).collect()
    }

    /// Works out events of a batch that wait for no other, as far as that can be done side by side.
    ///
    /// # Errors
    /// A mistake of ours.
    pub fn side_by_side(
        &mut self,
        (batch, answers): (&Batch, &Answers),
        events: &[(u32, Date)],
        registers: &Registers<'_>,
        state: &mut State,
    ) -> Result<(), &'static str> {
        let side = &mut self.side;
        let Some(Some(programs)) = self.lanes.get_mut(at(batch.event)) else { return Ok(()) };
        if answers.ready != Ready::All || events.len() < GROUP_MIN {
            return Ok(());
        }
        for (place, members) in programs.groups(answers, events) {
            let (lane, own) = programs.own(place);
            let tried = members.rows.len();
            if tried < GROUP_MIN || !has_columns(&own.program) || !own.worth.is_worth_it(tried) {
                continue;
            }
            let program = &own.program;
            let of = Of { lane, program, batch, ahead: &answers.ahead, registers };
            let (mut finished, keys) = (Vec::new(), vec![None; lane.keys.len()]);
            work_out(of, state, (members.rows, members.days), keys, &mut finished);
            let mut done = 0;
            for group in finished {
                let (all, lost) = group.lost();
                done += all - lost;
                group.commit(state, side)?;
            }
            own.worth.note(tried, tried - done);
        }
        Ok(())
    }

    /// Works out those of some events of a batch that ask for no key of a total: nothing that others do
    /// matters to them, and nothing that they do to others, unless one of all that are taken now undoes
    /// them.
    fn by_themselves(
        &mut self,
        of: (&Batch, &Answers),
        (all, events): (Events<'_>, Events<'_>),
        registers: &Registers<'_>,
        state: &mut State,
    ) -> Result<(), &'static str> {
        let Some(Some(programs)) = self.lanes.get(at(of.0.event)) else { return Ok(()) };
        match not_undone(&programs.lane, of.0, (all, events), state) {
            Some(others) => self.side_by_side(of, &others, registers, state),
            None => self.side_by_side(of, events, registers, state),
        }
    }

    /// Works out events of a batch that follow one another, as far as that can be done side by side;
    /// the others are to be taken alone in their order. Says how many events at the front that is
    /// settled of.
    ///
    /// # Errors
    /// A mistake of ours.
    pub fn in_turn(
        &mut self,
        of: (&Batch, &Answers),
        events: &[(u32, Date)],
        registers: &Registers<'_>,
        state: &mut State,
    ) -> Result<usize, &'static str> {
        let kind = at(of.0.event);
        let Some(Some(programs)) = self.lanes.get_mut(kind) else { return Ok(events.len()) };
        let mut waiting = programs.waiting(of, events);
        let (all, count) = (waiting.len(), waiting.len().min(programs.apart.trial()));
        if count > 0 || all < events.len() {
            let mut ahead = waiting.iter().copied().peekable();
            let mut left = count;
            let mut tried: Vec<(u32, Date)> = Vec::new();
            for (place, event) in events.iter().enumerate() {
                let waits = ahead.next_if_eq(&place).is_some();
                if self.side.is_left(event) && (!waits || left > 0) {
                    left -= usize::from(waits);
                    tried.push(*event);
                }
            }
            self.by_themselves(of, (events, &tried), registers, state)?;
        }
        if self.side.has_any() {
            let is_left =
                |place: &usize| events.get(*place).is_some_and(|it| self.side.is_left(it));
            waiting.retain(is_left);
        }
        if let Some(Some(programs)) = self.lanes.get_mut(kind) {
            programs.apart.note(count, count.saturating_sub(all - waiting.len()));
        }
        let own: Cow<'_, [(u32, Date)]> = match waiting.len() == events.len() {
            true => Cow::Borrowed(events),
            false => Cow::Owned(only(events, &waiting)),
        };
        match self.turn_by_turn(of, &own, registers, state)? {
            Some(settled) => Ok(waiting.get(settled).copied().unwrap_or(events.len())),
            None => {
                if count < all {
                    self.by_themselves(of, (events, &own), registers, state)?;
                }
                Ok(events.len())
            }
        }
    }

    /// The same of events that may need what stands under keys; nothing, if they are not enough for that or
    /// have no columns.
    fn turn_by_turn(
        &mut self,
        (batch, answers): (&Batch, &Answers),
        events: &[(u32, Date)],
        registers: &Registers<'_>,
        state: &mut State,
    ) -> Result<Option<usize>, &'static str> {
        let side = &mut self.side;
        let Some(Some(programs)) = self.lanes.get_mut(at(batch.event)) else { return Ok(None) };
        let general = programs.general();
        let may = answers.ready == Ready::All && general.whole && has_columns(general);
        let enough = events.len() >= TURN_MIN && programs.are_enough(events.len());
        if !may || !enough || !programs.in_turn.is_worth_it(events.len()) {
            return Ok(None);
        }
        let (lane, general) = (&programs.lane, programs.general());
        let of = Of { lane, program: general, batch, ahead: &answers.ahead, registers };
        let parts = parts_of(of, state, events);
        let mut keys = KeysOf::new(of, &parts, events, state);
        keys.note_undone(of, events, state);
        let through = events.get(..keys.events).unwrap_or_default();
        let shared = programs.turns.are_shared(&keys);
        if shared
            && programs.up_to_bounds((batch, answers), (through, &keys), registers, state, side)?
        {
            return Ok(Some(keys.events.max(1)));
        }
        let mut done = 0;
        for turn in programs.turns.turns(&keys, shared) {
            let own = programs.turns.not_after_alone(&keys, turn);
            if own.len() < TURN_MIN || !programs.are_enough(own.len()) {
                break;
            }
            let all = own.len() == events.len();
            let of_turn: Cow<'_, [(u32, Date)]> = match all {
                true => Cow::Borrowed(events),
                false => Cow::Owned(only(events, &own)),
            };
            let mut finished = Vec::new();
            for (program, members) in programs.groups_of_turn(answers, &of_turn) {
                let (lane, program) = (&programs.lane, programs.program_at(program));
                let of = Of { lane, program, batch, ahead: &answers.ahead, registers };
                let numbers = match &members.places {
                    None if all => keys.all(),
                    None => keys.of(&own),
                    Some(places) => keys.of(&only(&own, places)),
                };
                work_out(of, state, (members.rows, members.days), numbers, &mut finished);
            }
            for group in finished {
                group.commit(state, side)?;
            }
            let lost = |(_, (row, _)): &(&usize, &(u32, Date))| side.of(at(*row)).is_none();
            let lost = own.iter().zip(of_turn.iter()).filter(lost);
            let lost: Vec<usize> = lost.map(|(place, _)| *place).collect();
            done += own.len() - lost.len();
            programs.turns.are_alone(&keys, &lost);
        }
        programs.in_turn.note(events.len(), events.len() - done);
        // Nobody knows what an event changes whose keys are not known.
        Ok(Some(keys.events.max(1)))
    }
}

impl Programs {
    /// Goes through events that share keys up to bounds and on from there, if all that one finds of another
    /// is the total of a bound. Says whether it is so.
    fn up_to_bounds(
        &mut self,
        (batch, answers): (&Batch, &Answers),
        (events, keys): (&[(u32, Date)], &KeysOf),
        registers: &Registers<'_>,
        state: &mut State,
        side: &mut Side,
    ) -> Result<bool, &'static str> {
        // What is carried is put down event by event.
        let carries = !self.general().becomes.is_empty();
        if carries || self.lane.keys.len() != 1 || !self.up_to_bounds.is_worth_it(events.len()) {
            return Ok(false);
        }
        let groups = self.groups_of_turn(answers, events);
        let mut running = std::mem::take(&mut self.running);
        let group = |(program, members): (Option<u32>, Members)| {
            let (lane, program) = (&self.lane, self.program_at(program));
            let of = Of { lane, program, batch, ahead: &answers.ahead, registers };
            let numbers = match &members.places {
                None => keys.all(),
                Some(places) => keys.of(places),
            };
            Group::new(of, &*state, (members.rows, members.days), numbers)
        };
        let groups = groups.into_iter().map(group).collect();
        let made = run_through(groups, (events, keys), state, &mut running);
        let goes = made.is_some();
        let mut done = 0;
        for group in made.into_iter().flatten() {
            let (all, lost) = group.lost();
            done += all - lost;
            group.commit(state, side)?;
        }
        self.running = running;
        self.up_to_bounds.note(events.len(), events.len() - done);
        Ok(goes)
    }
}

impl Turns {
    /// Begins with events, and says whether some have a key in common.
    fn are_shared(&mut self, keys: &KeysOf) -> bool {
        self.make_room(keys);
        self.now = self.now.saturating_add(1);
        !self.are_apart(keys)
    }

    /// The events by turns, if some share keys: each in the first in which no event before it has a key in
    /// common with it that is in the same turn or a later one.
    fn turns(&mut self, keys: &KeysOf, shared: bool) -> Vec<Vec<usize>> {
        self.any_alone = false;
        if !shared {
            return vec![(0..keys.events).collect()];
        }
        self.now = self.now.saturating_add(1);
        let mut turns: Vec<Vec<usize>> = Vec::new();
        for place in 0..keys.events {
            let mut turn = 0;
            for (space, number) in keys.at(place) {
                if let Some(asked) = self.asked(space, number).filter(|it| it.at == self.now) {
                    turn = turn.max(asked.turn + 1);
                }
            }
            let now = self.now;
            for (space, number) in keys.at(place) {
                if let Some(asked) = self.asked_mut(space, number) {
                    (asked.at, asked.turn) = (now, turn);
                }
            }
            if turns.len() <= at(turn) {
                turns.resize_with(at(turn) + 1, Vec::new);
            }
            if let Some(turn) = turns.get_mut(at(turn)) {
                turn.push(place);
            }
        }
        turns
    }

    fn make_room(&mut self, keys: &KeysOf) {
        for (space, greatest) in keys.greatest() {
            if self.asked.len() <= space {
                self.asked.resize_with(space + 1, Vec::new);
            }
            if let Some(asked) = self.asked.get_mut(space) {
                asked.resize(asked.len().max(greatest + 1), Asked::default());
            }
        }
    }

    /// Whether no two events have a key in common: then all are in one turn.
    fn are_apart(&mut self, keys: &KeysOf) -> bool {
        let now = self.now;
        let Some(all) = keys.all_are_own() else { return false };
        for (space, numbers) in all {
            let Some(asked) = self.asked.get_mut(*space) else { return false };
            for (by, number) in (0_u32..).zip(numbers.iter()) {
                let own = usize::try_from(*number).ok().and_then(|it| asked.get_mut(it));
                // Two keys of one event may be the same.
                let Some(own) = own.filter(|own| own.at != now || own.turn == by) else {
                    return false;
                };
                (own.at, own.turn) = (now, by);
            }
        }
        true
    }

    /// Those of a turn before which no event with a key in common is taken alone; the others are taken
    /// alone themselves.
    fn not_after_alone(&mut self, keys: &KeysOf, turn: Vec<usize>) -> Vec<usize> {
        if !self.any_alone {
            return turn;
        }
        let now = self.now;
        let is_alone = |turns: &Turns, place: &usize| {
            let asked = |(space, number)| turns.asked(space, number);
            keys.at(*place).filter_map(asked).any(|asked| asked.alone_at == now)
        };
        let (alone, others): (Vec<usize>, Vec<usize>) =
            turn.into_iter().partition(|place| is_alone(self, place));
        self.are_alone(keys, &alone);
        others
    }

    /// Notes that events are taken alone.
    fn are_alone(&mut self, keys: &KeysOf, places: &[usize]) {
        self.any_alone |= !places.is_empty();
        let now = self.now;
        for (space, number) in places.iter().flat_map(|place| keys.at(*place)) {
            if let Some(asked) = self.asked_mut(space, number) {
                asked.alone_at = now;
            }
        }
    }

    fn asked(&self, space: usize, number: usize) -> Option<&Asked> {
        self.asked.get(space)?.get(number)
    }

    fn asked_mut(&mut self, space: usize, number: usize) -> Option<&mut Asked> {
        self.asked.get_mut(space)?.get_mut(number)
    }
}
