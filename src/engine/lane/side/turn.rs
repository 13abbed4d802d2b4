//! Which events may be worked out side by side, and where they end up.
//!
//! Events that neither read nor change totals may always. Others may as long as no two of them have a
//! key in common: then each finds the totals it would have found in its turn, and their changes are
//! made in whatever order. The first event that is lost to its group ends what is taken together,
//! since nobody knows what it changes.

use crate::base::{Date, Period};
use crate::plan::{Day, KeyPart, Lane, at};
use crate::rows::{Batch, Column};

use super::super::Lanes;
use super::super::ahead::Ahead;
use super::super::programs::{Answers, Programs, Ready};
use super::numbers::Numbers;
use super::{Finished, Group, Of, date, has_columns, work_out};
use crate::engine::registers::Registers;
use crate::engine::state::State;
use crate::engine::value::{Names, Part};

/// Fewer events are worked out one by one.
const GROUP_MIN: usize = 8;
const TURN_MIN: usize = 32;
const TURN_MAX: usize = 1 << 13;

/// How many events at the front were worked out, and how many after them are to be taken alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub together: usize,
    pub alone: usize,
}

/// What is remembered of events that are worked out in their order.
#[derive(Debug)]
pub(in crate::engine::lane) struct Turns {
    /// By space and number of a key, when it was asked for last and by which event.
    asked: Vec<Vec<(u32, u32)>>,
    now: u32,
    /// How many events are tried together.
    room: usize,
}

impl Default for Turns {
    fn default() -> Turns {
        Turns { asked: Vec::new(), now: 0, room: TURN_MAX }
    }
}

impl Lanes {
    /// Whether events of a kind are to be worked out in their turn, since they read or change totals.
    pub fn have_turns(&self, event: u32) -> bool {
        let programs = self.lanes.get(at(event)).and_then(Option::as_ref);
        programs.is_some_and(Programs::have_turns)
    }

    /// The days of all events of a batch, if each has all that a lane needs.
    pub fn days(
        &mut self,
        ready: Ready,
        batch: &Batch,
        registers: &Registers,
        state: &State,
    ) -> Option<Vec<(u32, Date)>> {
        let programs = self.lanes.get(at(batch.event))?.as_ref()?;
        if ready != Ready::All {
            return None;
        }
        let lane = &programs.lane;
        if let Day::Field(field) = &lane.date {
            let Column::Date(days) = batch.columns.get(at(*field))? else { return None };
            return Some((0..).zip(days.all()?.iter().copied()).collect());
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
        let days = days.iter(batch.len()).map(date);
        (0..).zip(days).map(|(row, day)| Some((row, day?))).collect()
    }

    /// Works out events of a batch that wait for no other, as far as that can be done side by side.
    ///
    /// # Errors
    /// A mistake of ours.
    pub fn side_by_side(
        &mut self,
        (batch, answers): (&Batch, &Answers),
        events: &[(u32, Date)],
        registers: &Registers,
        state: &mut State,
    ) -> Result<(), &'static str> {
        let side = &mut self.side;
        let Some(Some(programs)) = self.lanes.get_mut(at(batch.event)) else { return Ok(()) };
        if answers.ready != Ready::All || events.len() < GROUP_MIN {
            return Ok(());
        }
        for (place, members) in programs.groups(answers, events) {
            let (lane, own) = programs.own(place);
            let program = &own.program;
            let (tried, worth) = (members.rows.len(), own.worth);
            if tried < GROUP_MIN || !worth.is_worth_it() || !has_columns(lane, program) {
                continue;
            }
            let of = Of { lane, program, batch, ahead: &answers.ahead, registers };
            let (mut finished, keys) = (Vec::new(), vec![None; lane.keys.len()]);
            work_out(of, state, (members.rows, members.days), keys, &mut finished);
            let mut done = 0;
            for group in finished {
                let (all, lost) = group.lost();
                done += all - lost;
                group.commit(u32::MAX, state, side)?;
            }
            own.worth.note(tried, tried - done);
        }
        Ok(())
    }

    /// Works out events of a batch that follow one another, as many as can be together.
    ///
    /// # Errors
    /// A mistake of ours.
    pub fn in_turn(
        &mut self,
        (batch, answers): (&Batch, &Answers),
        events: &[(u32, Date)],
        registers: &Registers,
        state: &mut State,
    ) -> Result<Taken, &'static str> {
        let side = &mut self.side;
        let all_alone = Taken { together: 0, alone: events.len() };
        let Some(Some(programs)) = self.lanes.get_mut(at(batch.event)) else {
            return Ok(all_alone);
        };
        let worth =
            programs.in_turn.is_worth_it() && has_columns(&programs.lane, programs.general());
        if answers.ready != Ready::All || !worth {
            return Ok(all_alone);
        }
        let room = programs.turns.room;
        let tried = events.get(..room).unwrap_or(events);
        let lane = &programs.lane;
        let of = Of { lane, program: programs.general(), batch, ahead: &answers.ahead, registers };
        let parts = parts_of(of, state, tried);
        let (count, keys) = programs.turns.number(lane, &parts, (batch, tried), state);
        let apart = tried.get(..count).unwrap_or_default();
        if count < TURN_MIN {
            programs.note_turn(tried.len(), 0);
            return Ok(Taken { together: 0, alone: count.max(1) });
        }
        let mut finished: Vec<Finished<'_>> = Vec::new();
        let groups = programs.groups(answers, apart);
        let lane = &programs.lane;
        for (place, members) in groups {
            let program = programs.program_at(place);
            let of = Of { lane, program, batch, ahead: &answers.ahead, registers };
            let keys = keys.iter().map(|it| it.as_ref().map(|it| it.only(&members.places)));
            work_out(of, state, (members.rows, members.days), keys.collect(), &mut finished);
        }
        let together = first_lost(apart, &finished);
        let before = apart.get(together).map_or(u32::MAX, |(row, _)| *row);
        for group in finished {
            group.commit(before, state, side)?;
        }
        programs.note_turn(tried.len(), together);
        Ok(Taken { together, alone: usize::from(together < count) })
    }
}

/// How many events stand before the first that is lost.
fn first_lost(events: &[(u32, Date)], finished: &[Finished<'_>]) -> usize {
    let mut rows: Vec<u32> = finished.iter().flat_map(Finished::kept).collect();
    rows.sort_unstable();
    let same = events.iter().zip(rows).take_while(|((row, _), kept)| row == kept);
    same.count()
}

/// A part of keys, for each of some events.
enum PartOf {
    Whole(Numbers),
    Member(Numbers),
    Day(Numbers),
    Bool(Numbers),
    Period(Vec<Option<Period>>),
    Text(u32),
}

/// The parts of all keys of totals, and for which events they are not to be had.
struct PartsOf {
    keys: Vec<Vec<PartOf>>,
    lost: Vec<bool>,
}

/// Works out the parts of keys of some events.
fn parts_of(of: Of<'_>, state: &State, events: &[(u32, Date)]) -> PartsOf {
    let days = events.iter().map(|(_, day)| day.days().into()).collect();
    let rows = events.iter().map(|(row, _)| *row).collect();
    let mut group = Group::new(of, state, (rows, days), Vec::new());
    // What is put down for an event is not there yet: no key is made of it.
    group.slots.clear();
    let keys = of.lane.keys.iter();
    let keys = keys.map(|key| key.parts.iter().map(|part| group.part(part)).collect()).collect();
    PartsOf { keys, lost: group.lost }
}

impl Group<'_, '_> {
    fn part(&mut self, part: &KeyPart) -> PartOf {
        match part {
            KeyPart::Whole(number) => PartOf::Whole(self.number(number)),
            KeyPart::Member(entity) => PartOf::Member(self.entity(entity)),
            KeyPart::Day(day) => PartOf::Day(self.day(day)),
            KeyPart::Bool(truth) => {
                let truths = self.truth(truth);
                PartOf::Bool(truths.choose(Numbers::All(1), &Numbers::All(0)))
            }
            KeyPart::Period(span) if span.more.is_none() => {
                let days = self.day(&span.day);
                let period = |day| Period::of(span.kind, date(day)?).checked_add(span.plus);
                PartOf::Period(days.iter(self.rows.len()).map(period).collect())
            }
            KeyPart::Text(field) => PartOf::Text(*field),
            KeyPart::Period(_) | KeyPart::RowText(..) => {
                self.lost.fill(true);
                PartOf::Text(0)
            }
        }
    }
}

impl PartOf {
    /// That of one event.
    fn at(&self, place: usize, (batch, row): (&Batch, u32), names: &mut Names) -> Option<Part> {
        Some(match self {
            PartOf::Whole(numbers) => Part::Integer(numbers.at(place)),
            PartOf::Member(members) => Part::Member(u32::try_from(members.at(place)).ok()?),
            PartOf::Day(days) => Part::Date(date(days.at(place))?),
            PartOf::Bool(truths) => Part::Bool(truths.at(place) == 1),
            PartOf::Period(periods) => Part::Period((*periods.get(place)?)?),
            PartOf::Text(field) => match batch.columns.get(at(*field))? {
                Column::Text(texts) => names.text_part(texts.get(at(row))?, true),
                _ => return None,
            },
        })
    }
}

impl Turns {
    /// Gives the keys of events their numbers, up to the first that has one in common with an event
    /// before it; says how many events that are.
    fn number(
        &mut self,
        lane: &Lane,
        parts: &PartsOf,
        (batch, events): (&Batch, &[(u32, Date)]),
        state: &mut State,
    ) -> (usize, Vec<Option<Numbers>>) {
        self.now = self.now.saturating_add(1);
        let mut count = parts.lost.iter().take_while(|lost| !**lost).count();
        let mut all = Vec::with_capacity(lane.keys.len());
        for (declared, parts) in lane.keys.iter().zip(&parts.keys) {
            let Some(space) = state.keys.get_mut(at(declared.space)) else {
                return (0, Vec::new());
            };
            let own = events.iter().take(count).enumerate();
            let numbers: Vec<i64> = match parts.as_slice() {
                [PartOf::Whole(values)] => {
                    let values = values.iter(count);
                    values.map(|value| space.number(&[Part::Integer(value)]).into()).collect()
                }
                parts => {
                    let mut key = Vec::with_capacity(parts.len());
                    let number = |(place, (row, _)): (usize, &(u32, Date))| {
                        key.clear();
                        let names = &mut state.names;
                        let part = |part: &PartOf| part.at(place, (batch, *row), names);
                        key.extend(parts.iter().map_while(part));
                        (key.len() == parts.len()).then(|| space.number(&key).into())
                    };
                    own.map_while(number).collect()
                }
            };
            count = self.apart(at(declared.space), &numbers);
            all.push(numbers);
        }
        let cut = |mut numbers: Vec<i64>| {
            numbers.truncate(count);
            Some(Numbers::each(numbers))
        };
        (count, all.into_iter().map(cut).collect())
    }

    /// How many keys stand before the first that an event before has asked for. From now on all of
    /// those are asked for.
    fn apart(&mut self, space: usize, numbers: &[i64]) -> usize {
        if self.asked.len() <= space {
            self.asked.resize_with(space + 1, Vec::new);
        }
        let Some(asked) = self.asked.get_mut(space) else { return 0 };
        let greatest = numbers.iter().max().and_then(|it| usize::try_from(*it).ok()).unwrap_or(0);
        if asked.len() <= greatest {
            asked.resize(greatest + 1, (0, 0));
        }
        let new = |(event, number): (u32, &i64)| {
            let asked = usize::try_from(*number).ok().and_then(|number| asked.get_mut(number));
            asked.is_some_and(|asked| {
                let before = std::mem::replace(asked, (self.now, event));
                before.0 != self.now || before.1 == event
            })
        };
        (0_u32..).zip(numbers).map(new).take_while(|new| *new).count()
    }

    /// So many were tried, and so many taken together.
    pub fn note(&mut self, tried: usize, together: usize) {
        self.room = match together < tried {
            true => together.saturating_mul(2).clamp(2 * TURN_MIN, TURN_MAX),
            false => self.room.saturating_mul(2).min(TURN_MAX),
        };
    }
}
