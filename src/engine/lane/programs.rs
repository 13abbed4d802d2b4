//! Which program an event goes through: that of its situation once the situation has come a few
//! times, else that of all.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::base::Date;
use crate::plan::{Day, Lane, Next, Program, Way, at};
use crate::rows::{Batch, Column};

use super::asking::{Answers, Asker};
use super::at_most;
use super::side::{Running, Turns, Worth};

/// The programs of an event kind.
pub(crate) struct Programs {
    pub lane: Arc<Lane>,
    pub asker: Arc<Asker>,
    /// By situation.
    made: Table<Made>,
    programs: Vec<Own>,
    /// The program of all situations.
    general: Own,
    /// The width that was enough, of lanes with shares of rows.
    pub width: Enough,
    /// Whether the program of all situations asks for many cases.
    asks_much: bool,
    /// The day of the event before, if days are worked out from fields alone.
    day: Option<LastDay>,
    /// By situation, whether an event in it waits for others, once that has been asked.
    waits: Table<Option<bool>>,
    /// Whether it is worth to work out by themselves events that may need what stands under keys.
    pub apart: Worth,
    /// Of events that are worked out side by side in their order.
    pub turns: Turns,
    pub in_turn: Worth,
    /// The same of those that are gone through up to a bound.
    pub running: Running,
    pub up_to_bounds: Worth,
}

/// What is known of situations: of each, or if there are very many of those that have come.
enum Table<T> {
    All(Vec<T>),
    Some(HashMap<u32, T, FixedState>),
}

/// Of more situations than these only those are noted that come.
const ALL_MAX: u32 = 1 << 16;
/// And not more of them than these.
const SOME_MAX: usize = 1 << 16;

impl<T: Copy> Table<T> {
    fn new(situations: u32, first: T) -> Table<T> {
        match situations {
            0 | 1 => Table::All(Vec::new()),
            2..=ALL_MAX => Table::All(vec![first; at(situations)]),
            _ => Table::Some(HashMap::default()),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Table::All(all) if all.is_empty())
    }

    #[inline]
    fn get_mut(&mut self, situation: u32, first: T) -> Option<&mut T> {
        match self {
            Table::All(all) => all.get_mut(at(situation)),
            Table::Some(some) => match some.len() < SOME_MAX {
                true => Some(some.entry(situation).or_insert(first)),
                false => some.get_mut(&situation),
            },
        }
    }
}

/// Events that follow one another are mostly of one day.
struct LastDay {
    fields: Vec<u32>,
    of: Vec<i64>,
    day: Option<Date>,
}

/// A program, and the positions of accounts that are always the same, once they have occurred.
pub(super) struct Own {
    pub program: Program,
    positions: Vec<Option<u32>>,
    /// Whether it is worth to take events through it side by side.
    pub worth: Worth,
}

impl Members {
    fn with_room(count: usize) -> Members {
        Members {
            places: Some(Vec::with_capacity(count)),
            rows: Vec::with_capacity(count),
            days: Vec::with_capacity(count),
        }
    }
}

/// Events that go through the same program: their places among those asked about, unless that is all
/// of them, their rows, and their days.
#[derive(Debug, Default)]
pub(super) struct Members {
    pub places: Option<Vec<usize>>,
    pub rows: Vec<u32>,
    pub days: Vec<i64>,
}

impl Own {
    fn new(program: Program) -> Own {
        let positions = vec![None; at(program.fixed)];
        Own { program, positions, worth: Worth::default() }
    }
}

#[derive(Debug, Clone, Copy)]
enum Made {
    /// Not yet, having come so many times.
    NotYet(u8),
    /// The program at this place.
    At(u32),
}

/// How wide numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Width {
    #[default]
    Narrow,
    Wide,
    Widest,
}

impl Width {
    pub fn next(self) -> Width {
        match self {
            Width::Narrow => Width::Wide,
            Width::Wide | Width::Widest => Width::Widest,
        }
    }

    fn before(self) -> Width {
        match self {
            Width::Narrow | Width::Wide => Width::Narrow,
            Width::Widest => Width::Wide,
        }
    }
}

/// The width that was enough for the event before. What comes out is the same in every width that is
/// enough; to begin with the right one saves the others.
#[derive(Debug, Default)]
pub(super) struct Enough {
    width: Width,
    /// How often in a row.
    times: u8,
}

/// After so many events less width is tried again.
const TIMES_MAX: u8 = 64;

impl Enough {
    pub fn first(&self) -> Width {
        self.width
    }

    pub fn note(&mut self, width: Width) {
        self.times = if width == self.width { self.times.saturating_add(1) } else { 0 };
        self.width = width;
        if self.times >= TIMES_MAX {
            self.width = width.before();
            self.times = 0;
        }
    }
}

/// Fewer events than these for each program go through that of all situations together, …
const GROUP_FEW: usize = 16;
/// … unless that asks for more cases than these: then they are not taken in turns, and those that ask for a
/// total one by one.
const CASES_FEW: usize = 8;

/// How many cases are asked for on a way, at most.
fn most_cases(way: &Way) -> usize {
    let Next::Choice(choice) = &way.next else { return 0 };
    let ways = choice.cases.iter().filter_map(|case| case.way.as_ref());
    choice.cases.len() + ways.map(most_cases).max().unwrap_or(0)
}

fn together(events: &[(u32, Date)]) -> Members {
    let rows = events.iter().map(|(row, _)| *row).collect();
    let days = events.iter().map(|(_, day)| day.days().into()).collect();
    Members { places: None, rows, days }
}

/// To make a program costs about as much as it saves so many events.
const WARM: u8 = 16;
/// More programs than these are not made.
const PROGRAMS_MAX: usize = 1 << 12;

impl Programs {
    pub fn new(lane: Lane) -> Programs {
        let situations = lane.questions.situations().unwrap_or(0);
        let made = Table::new(situations, Made::NotYet(0));
        let general = Own::new(lane.program.clone());
        let waits = match lane.always_waits() {
            true => Table::All(Vec::new()),
            false => Table::new(situations, None),
        };
        let day = match &lane.date {
            Day::Field(_) => None,
            day => day.fields().map(|fields| LastDay { fields, of: Vec::new(), day: None }),
        };
        let width = Enough::default();
        let asks_much = most_cases(&lane.program.way) > CASES_FEW;
        let lane = Arc::new(lane);
        Programs {
            asks_much,
            asker: Arc::new(Asker::new(&lane)),
            lane,
            made,
            programs: Vec::new(),
            general,
            width,
            day,
            waits,
            apart: Worth::default(),
            turns: Turns::default(),
            in_turn: Worth::default(),
            running: Running::default(),
            up_to_bounds: Worth::default(),
        }
    }

    /// Whether events may read or change what outlives them.
    pub fn have_turns(&self) -> bool {
        self.general.program.waits || self.lane.always_waits()
    }

    /// The program of all situations.
    pub fn general(&self) -> &Program {
        &self.general.program
    }

    /// Whether so many events that follow one another are enough to be worked out side by side.
    pub fn are_enough(&self, events: usize) -> bool {
        !self.asks_much || events >= GROUP_FEW.saturating_mul(self.programs.len())
    }

    /// The places of those events that may read or change totals, or undo what another has changed.
    pub fn waiting(
        &mut self,
        (batch, answers): (&Batch, &Answers),
        events: &[(u32, Date)],
    ) -> Vec<usize> {
        let all = self.programs.iter().all(|own| own.program.waits);
        if all || !self.lane.has_plain_keys() {
            return (0..events.len()).collect();
        }
        let undoes = self.lane.undoes.and_then(|(field, _)| batch.columns.get(at(field)));
        let mut waits = |row: usize, day: Date| {
            let situation = self.asker.situation(answers, row, day);
            let made = situation.and_then(|it| self.made.get_mut(it, Made::NotYet(0)));
            let own = match made {
                Some(Made::At(place)) => self.programs.get(at(*place)),
                Some(Made::NotYet(_)) | None => None,
            };
            own.is_none_or(|own| own.program.waits)
                || undoes.is_some_and(|column| !column.is_missing(row))
        };
        let all = events.iter().enumerate();
        let waiting = all.filter(|(_, (row, day))| waits(at(*row), *day)).map(|(place, _)| place);
        at_most(events.len(), waiting)
    }

    /// Events of a turn by their program; through that of all situations if they are few.
    pub fn groups_of_turn(
        &mut self,
        answers: &Answers,
        events: &[(u32, Date)],
    ) -> Vec<(Option<u32>, Members)> {
        let few = events.len() < GROUP_FEW.saturating_mul(self.programs.len());
        if few || self.made.is_empty() {
            vec![(None, together(events))]
        } else {
            self.groups(answers, events)
        }
    }

    /// Some events by the program that they go through.
    pub fn groups(
        &mut self,
        answers: &Answers,
        events: &[(u32, Date)],
    ) -> Vec<(Option<u32>, Members)> {
        if self.made.is_empty() {
            return vec![(None, together(events))];
        }
        let number = |(row, day): &(u32, Date)| {
            let situation = self.asker.situation(answers, at(*row), *day);
            let program = situation.and_then(|situation| self.of_situation(situation));
            program.map_or(0, |program| at(program) + 1)
        };
        let numbers: Vec<usize> = events.iter().map(number).collect();
        if let Some((first, others)) = numbers.split_first()
            && others.iter().all(|number| number == first)
        {
            let program = first.checked_sub(1).and_then(|place| u32::try_from(place).ok());
            return vec![(program, together(events))];
        }
        let mut sizes = vec![0; self.programs.len() + 1];
        for number in &numbers {
            if let Some(size) = sizes.get_mut(*number) {
                *size += 1;
            }
        }
        let mut of_programs: Vec<Members> = sizes.into_iter().map(Members::with_room).collect();
        for (place, ((row, day), number)) in events.iter().zip(&numbers).enumerate() {
            if let Some(members) = of_programs.get_mut(*number) {
                members.places.iter_mut().for_each(|places| places.push(place));
                members.rows.push(*row);
                members.days.push(day.days().into());
            }
        }
        let numbers = std::iter::once(None).chain((0..).map(Some));
        let groups = numbers.zip(of_programs);
        groups.filter(|(_, members)| !members.rows.is_empty()).collect()
    }

    /// A program.
    pub fn program_at(&self, place: Option<u32>) -> &Program {
        let made = place.and_then(|place| self.programs.get(at(place)));
        &made.unwrap_or(&self.general).program
    }

    /// A program: one that was made for a situation, or that of all.
    pub fn own(&mut self, place: Option<u32>) -> (&Lane, &mut Own) {
        let made = place.and_then(|place| self.programs.get_mut(at(place)));
        (&self.lane, made.unwrap_or(&mut self.general))
    }

    /// The day of an event, if it has the fields of the one before.
    pub fn same_day(&mut self, batch: &Batch, row: usize) -> Option<Date> {
        let LastDay { fields, of, day } = self.day.as_mut()?;
        let mut same = of.len() == fields.len();
        of.resize(fields.len(), 0);
        for (field, before) in fields.iter().zip(of.iter_mut()) {
            let value = match batch.columns.get(at(*field)) {
                Some(Column::Integer(values)) if values.are_narrow() => values.narrow(row),
                Some(Column::Date(days)) => days.get(row).map(|day| day.days().into()),
                _ => None,
            };
            let Some(value) = value else {
                of.clear();
                *day = None;
                return None;
            };
            same &= std::mem::replace(before, value) == value;
        }
        if !same {
            *day = None;
        }
        *day
    }

    /// Notes the day of the event that was asked about last.
    pub fn note_day(&mut self, found: Option<Date>) {
        if let Some(LastDay { day, .. }) = &mut self.day {
            *day = found;
        }
    }

    /// Whether what an event comes to may depend on others, or theirs on it. That is a matter of the
    /// event alone: not of how many have come before.
    #[inline]
    pub fn waits(&mut self, answers: &Answers, row: usize, date: Date) -> bool {
        if !self.general.program.waits && !self.lane.always_waits() {
            return false;
        }
        let Some(situation) = self.asker.situation(answers, row, date) else { return true };
        let Some(known) = self.waits.get_mut(situation, None) else { return true };
        let lane = &self.lane;
        let ask = || lane.questions.answered(&lane.program, situation).waits;
        *known.get_or_insert_with(ask)
    }

    /// The program for an event on its day, and the positions that it keeps.
    #[inline]
    pub fn program(
        &mut self,
        answers: &Answers,
        row: usize,
        date: Date,
    ) -> (&Lane, &Program, &mut [Option<u32>]) {
        let made = self.asker.situation(answers, row, date).and_then(|it| self.of_situation(it));
        let made = made.and_then(|place| self.programs.get_mut(at(place)));
        let Own { program, positions, .. } = made.unwrap_or(&mut self.general);
        (&self.lane, program, positions)
    }

    #[inline]
    fn of_situation(&mut self, situation: u32) -> Option<u32> {
        match self.made.get_mut(situation, Made::NotYet(0))? {
            Made::At(place) => Some(*place),
            Made::NotYet(_) => self.come_again(situation),
        }
    }

    /// Makes the program of a situation once it has come often.
    #[cold]
    fn come_again(&mut self, situation: u32) -> Option<u32> {
        let made = self.made.get_mut(situation, Made::NotYet(0))?;
        let Made::NotYet(times) = made else { return None };
        if *times < WARM {
            *times += 1;
            return None;
        }
        if self.programs.len() >= PROGRAMS_MAX {
            return None;
        }
        let lane = &self.lane;
        let program = lane.questions.answered(&lane.program, situation);
        // Many situations come to the same.
        let known = self.programs.iter().position(|own| own.program == program);
        let place = u32::try_from(known.unwrap_or(self.programs.len())).ok()?;
        if known.is_none() {
            self.programs.push(Own::new(program));
        }
        *made = Made::At(place);
        Some(place)
    }
}
