//! Events worked out side by side: column by column instead of event by event.
//!
//! Events of a batch that go through the same program make a [`Group`]. Whatever the program says is
//! done for all of them before the next thing is, so that finding out what to do costs once a group,
//! and numbers of 64 bits stand end to end. That is what all columnar engines do (P. Boncz and others,
//! *MonetDB/X100: Hyper-Pipelining Query Execution*, CIDR 2005).
//!
//! An event with a number that does not fit, a value that is missing, or anything else that has no
//! columns is *lost* to its group: it is worked out alone, as if it had never been in one. So
//! what comes out never depends on who was in a group with whom. Events that read or change totals
//! are in one group only as long as no two of them have a key in common ([`turn`]).

mod ends;
mod keys;
mod numbers;
mod rows;
mod running;
mod some;
mod spans;
mod steps;
mod trees;
mod turn;
mod values;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use crate::base::Date;
use crate::plan::{Day, Done, Lane, LaneStep, Next, Program, Span, Way, at};
use crate::rows::{Batch, Groups};

use super::ahead::Ahead;
use super::at_most;
use crate::engine::registers::Registers;
use crate::engine::state::State;
use crate::engine::summary::Brought;
use numbers::Numbers;
use running::Paused;
pub(super) use running::Running;
use steps::Watched;
pub(super) use turn::Turns;

/// What became of events of a batch that were worked out side by side.
#[derive(Debug, Default)]
pub(crate) struct Side {
    groups: Arc<Groups>,
    /// By row of the batch: the number of its group and one, and its place there.
    ended: Vec<(u32, u32)>,
    /// What they brought, until somebody counts it.
    brought: Brought,
}

impl Side {
    /// Begins a batch of so many events.
    pub fn begin(&mut self, rows: usize) {
        self.groups = Arc::default();
        self.ended.clear();
        self.ended.resize(rows, (0, 0));
    }

    /// What has been brought since this was asked last.
    pub fn brought(&mut self) -> Brought {
        std::mem::take(&mut self.brought)
    }

    /// Whether any event of the batch has been worked out.
    fn has_any(&self) -> bool {
        !self.groups.is_empty()
    }

    /// Whether one has not.
    fn is_left(&self, (row, _): &(u32, Date)) -> bool {
        self.of(at(*row)).is_none()
    }

    /// What groups of events gave.
    pub fn groups(&self) -> &Arc<Groups> {
        &self.groups
    }

    /// In which group an event ended, and its place there, if it was worked out with others.
    #[inline]
    pub fn of(&self, row: usize) -> Option<(u32, u32)> {
        let (group, place) = *self.ended.get(row)?;
        Some((group.checked_sub(1)?, place))
    }
}

/// What the events of a group have in common.
#[derive(Clone, Copy)]
struct Of<'a> {
    lane: &'a Lane,
    program: &'a Program,
    batch: &'a Batch,
    ahead: &'a Ahead,
    registers: &'a Registers<'a>,
}

/// Events that go through the same program, none of which depends on another.
struct Group<'a, 's> {
    of: Of<'a>,
    state: &'s State,
    /// Set where anything is asked for that outlives an event, in this group or one made of it.
    asked: Rc<Cell<bool>>,
    /// Where they stand in the batch.
    rows: Vec<u32>,
    days: Numbers,
    slots: Vec<Numbers>,
    /// The numbers of their keys of totals, if they are known.
    keys: Vec<Option<Numbers>>,
    /// Rows of registers that have been looked up.
    found: Vec<Option<Numbers>>,
    /// By source, the row at hand.
    items: Vec<Option<Numbers>>,
    /// What was made of fields.
    dates: spans::Made<Day>,
    spans: spans::Made<Span>,
    /// Numbers that are worked out once, and for which events they have no answer, if there are any.
    kept: Vec<Option<(Numbers, Option<Vec<bool>>)>>,
    adds: Vec<Numbers>,
    watched: Vec<Watched>,
    /// Units given beyond rounding down.
    residues: Vec<u64>,
    inflow: Numbers,
    /// Which of them are somebody else's.
    lost: Vec<bool>,
}

/// A group that has come to its end; nothing has been changed yet.
struct Finished<'p> {
    of: Of<'p>,
    done: &'p Done,
    rows: Vec<u32>,
    days: Numbers,
    leaves: Vec<ends::LeafOf>,
    changes: Vec<ends::Change>,
    kept_feeds: Vec<ends::KeptFeed>,
    becoming: Vec<values::Becoming>,
    watched: Vec<Watched>,
    keys: Vec<Option<Numbers>>,
    residues: Vec<u64>,
    inflow: Numbers,
    lost: Vec<bool>,
}

/// Whether a program is one to take events through together. There are constructs that have no
/// columns, and there are values that nobody has worked out yet: where few come out of a group, none is
/// begun again for a while.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::engine::lane) struct Worth {
    tried: u32,
    lost: u32,
    /// How many were left to others since, and how often it has been tried anew.
    left: u32,
    again: u32,
}

/// After so many events it is known.
const TRIED_MIN: u32 = 512;
/// Where few may come out no more are tried at first.
const TRIAL: usize = 2048;
/// After so many that were left it is tried anew; each time after four times as many.
const LEFT_MAX: u32 = 1 << 12;

impl Worth {
    /// Whether it is worth to take so many events together; if not, they are left to others.
    pub fn is_worth_it(&mut self, events: usize) -> bool {
        if self.came_out() {
            return true;
        }
        self.left = added(self.left, events);
        if self.left < LEFT_MAX.saturating_mul(4_u32.saturating_pow(self.again)) {
            return false;
        }
        *self = Worth { again: self.again.saturating_add(1), ..Worth::default() };
        true
    }

    fn came_out(self) -> bool {
        self.tried < TRIED_MIN || self.lost < self.tried / 2
    }

    /// How many events it is worth to try.
    pub fn trial(self) -> usize {
        match (self.tried < TRIED_MIN, self.came_out()) {
            (true, _) => TRIAL,
            (false, true) => usize::MAX,
            (false, false) => 0,
        }
    }

    pub fn note(&mut self, tried: usize, lost: usize) {
        (self.tried, self.lost) = (added(self.tried, tried), added(self.lost, lost));
        if self.tried > 1 << 20 {
            (self.tried, self.lost) = (self.tried / 2, self.lost / 2);
        }
    }
}

fn added(sum: u32, more: usize) -> u32 {
    sum.saturating_add(u32::try_from(more).unwrap_or(u32::MAX))
}

/// Whether anything can be worked out in columns, as far as is seen at a glance.
fn has_columns(program: &Program) -> bool {
    let plain = program.adds.iter().all(|add| add.asked.is_none());
    program.shares.is_empty() && program.figures.is_empty() && plain
}

/// Works events of one program out, each on its day.
fn work_out<'a>(
    of: Of<'a>,
    state: &State,
    events: (Vec<u32>, Vec<i64>),
    keys: Vec<Option<Numbers>>,
    finished: &mut Vec<Finished<'a>>,
) {
    let mut group = Group::new(of, state, events, keys);
    group.begin();
    group.follow(&of.program.way, finished);
}

impl<'a, 's> Group<'a, 's> {
    fn new(
        of: Of<'a>,
        state: &'s State,
        (rows, days): (Vec<u32>, Vec<i64>),
        keys: Vec<Option<Numbers>>,
    ) -> Group<'a, 's> {
        let Of { lane, program, .. } = of;
        let zero = Numbers::All(0);
        Group {
            of,
            state,
            asked: Rc::default(),
            days: Numbers::each(days),
            slots: vec![zero.clone(); at(lane.slots)],
            keys,
            found: vec![None; lane.rows.len()],
            items: vec![None; lane.sources.len()],
            dates: Vec::new(),
            spans: Vec::new(),
            kept: vec![None; program.kept.len()],
            adds: Vec::with_capacity(program.adds.len()),
            watched: Vec::new(),
            residues: vec![0; rows.len()],
            inflow: zero,
            lost: vec![false; rows.len()],
            rows,
        }
    }

    /// What comes before the first pool.
    fn begin(&mut self) {
        let Of { lane, program, batch, .. } = self.of;
        if let Some((undoes, _)) = lane.undoes {
            let column = batch.columns.get(at(undoes));
            for (row, lost) in self.rows.iter().zip(&mut self.lost) {
                *lost |= column.is_none_or(|column| !column.is_missing(at(*row)));
            }
        }
        if let Some((field, slot)) = lane.inflow {
            self.inflow = self.whole(field);
            self.put(slot, self.inflow.clone());
        }
        for place in 0..program.adds.len() {
            let amount = self.own_add(place);
            self.adds.push(amount);
        }
        for levy in &program.levies {
            let raised = self.truth(&levy.when);
            let none = |_: &mut Self| Numbers::All(0);
            let due = |group: &mut Self| {
                let due = group.number(&levy.due);
                let allowed = |due: i64| (due >= 0 || levy.may_refund).then_some(due);
                due.map(&mut group.lost, allowed)
            };
            let due = self.choose(&raised, due, none);
            let inflow = std::mem::replace(&mut self.inflow, Numbers::All(0));
            self.inflow = inflow.plus(due.clone(), &mut self.lost);
            self.put(levy.to, due);
        }
    }

    /// What outlives an event.
    fn outlives(&self) -> &'s State {
        self.asked.set(true);
        self.state
    }

    fn follow(self, way: &'a Way, finished: &mut Vec<Finished<'a>>) {
        self.go_on((way, 0), finished, None);
    }

    /// Goes on with a step of a way; up to the first bound, if there is one and it is to stop there.
    fn go_on(
        mut self,
        (mut way, mut next): (&'a Way, usize),
        finished: &mut Vec<Finished<'a>>,
        mut paused: Option<&mut Vec<Paused<'a, 's>>>,
    ) {
        loop {
            for (place, step) in way.steps.iter().enumerate().skip(next) {
                match (step, paused.as_deref_mut()) {
                    (LaneStep::Bound(limit), Some(paused)) => {
                        paused.push(self.pause(limit, (way, place + 1)));
                        return;
                    }
                    _ => self.step(step),
                }
            }
            next = 0;
            let choice = match &way.next {
                Next::Done(done) => {
                    finished.push(self.finish(done));
                    return;
                }
                Next::Choice(choice) => choice,
            };
            let cases = self.cases(choice);
            let way_of = |case: usize| choice.cases.get(case).and_then(|it| it.way.as_ref());
            match cases.as_slice() {
                // Those that are lost go along: nobody looks at them.
                [(case, _)] => match way_of(*case) {
                    Some(next) => way = next,
                    None => return,
                },
                _ => {
                    for (case, places) in cases {
                        if let Some(way) = way_of(case) {
                            let own = self.only(&Rc::new(places));
                            own.go_on((way, 0), finished, paused.as_deref_mut());
                        }
                    }
                    return;
                }
            }
        }
    }

    /// Some of the events as a group of their own.
    fn only(&self, places: &Rc<Vec<usize>>) -> Group<'a, 's> {
        let all = |list: &[Numbers]| list.iter().map(|it| it.only(places)).collect();
        let known = |list: &[Option<Numbers>]| {
            list.iter().map(|it| it.as_ref().map(|it| it.only(places))).collect()
        };
        let kept = |(of, lost): &(Numbers, Option<Vec<bool>>)| {
            (of.only(places), lost.as_ref().map(|lost| only(lost, places)))
        };
        Group {
            of: self.of,
            state: self.state,
            asked: Rc::clone(&self.asked),
            rows: only(&self.rows, places),
            days: self.days.only(places),
            slots: all(&self.slots),
            keys: known(&self.keys),
            found: known(&self.found),
            items: known(&self.items),
            dates: self.dates.iter().map(|(of, it)| (Rc::clone(of), it.only(places))).collect(),
            spans: self.spans.iter().map(|(of, it)| (Rc::clone(of), it.only(places))).collect(),
            kept: self.kept.iter().map(|it| Some(kept(it.as_ref()?))).collect(),
            adds: all(&self.adds),
            watched: self.watched.iter().map(|it| it.only(places)).collect(),
            residues: only(&self.residues, places),
            inflow: self.inflow.only(places),
            lost: vec![false; places.len()],
        }
    }
}

fn only<T: Copy>(list: &[T], places: &[usize]) -> Vec<T> {
    // INVARIANT: places are those of the list, so that the first stands for none.
    let Some(first) = list.first() else { return Vec::new() };
    places.iter().map(|place| *list.get(*place).unwrap_or(first)).collect()
}

impl Watched {
    fn only(&self, places: &Rc<Vec<usize>>) -> Watched {
        Watched {
            leg: self.leg,
            sum: self.sum,
            shuts: self.shuts.only(places),
            open: self.open.only(places),
            bound: self.bound.only(places),
        }
    }
}

/// The day of an event, from how it is held in columns.
fn date(day: i64) -> Option<Date> {
    Date::from_days(i32::try_from(day).ok()?)
}
