//! Events in their lane: plain integers, no tree of legs, no memory of an event's own.
//!
//! An event is worked out in 64 bits where they are enough, else in 128 ([`whole`]).
//!
//! [`Lanes`] holds the programs of a plan, [`Lanes::work_out`] takes one event through its own. It
//! answers with the outcome and the changes of state made, or with nothing: then nothing has
//! changed, and the event is the evaluator's. See [`crate::plan::Lane`] for what a lane may know.

mod ahead;
mod asking;
mod ends;
mod programs;
mod rows;
mod settle;
mod side;
mod tree;
mod values;
mod whole;

use std::sync::Arc;

use ethnum::I256;

use crate::base::{Date, Money};
use crate::plan::{
    CaseBits, CaseOf, Choice, Day, Done, Event as EventKind, Lane, LaneStep, Limit, Next, Plan,
    Program, Slot, Sum, Way, at, lane, standing_case,
};
use crate::rows::{Allocation, Batch, Cell, Column, FigureValue, Origin};

use super::originals::Original;
use super::registers::Registers;
use super::state::State;
use super::value::Part;
use ahead::{Ahead, Found};
pub(crate) use asking::{Answers, Askers, Ready};
use programs::{Programs, Width};
use rows::RowWork;
pub(crate) use side::Side;
use whole::Whole;

/// The lanes of a plan, by event kind, and the memory to work in.
pub(crate) struct Lanes {
    lanes: Vec<Option<Programs>>,
    /// For events whose numbers fit 64 bits, and for the others.
    narrow: Work<i64>,
    wide: Work<i128>,
    /// For shares of rows, whose denominators are sums of an event's own numbers.
    widest: Work<I256>,
    /// What became of those events of a batch that were worked out together.
    pub side: Side,
    /// What the event taken last lacked.
    wanted: Option<Wanted>,
    /// Who asks many events at a time.
    pub askers: Arc<Askers>,
}

/// What holds of a register's row for the run, and has not been worked out yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub register: u32,
    pub entry: u32,
    pub field: u32,
}

/// What an event gives, besides its changes.
pub(crate) struct Given<'o> {
    pub allocations: &'o mut Vec<Allocation>,
    /// Its figures, if anybody hears them.
    pub figures: Option<&'o mut Vec<FigureValue>>,
}

/// What an event came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WorkedOut {
    /// What it brought.
    pub inflow: Money,
    /// Units given beyond rounding down.
    pub residue: u64,
}

/// Memory used anew for every event.
#[derive(Debug)]
struct Work<W> {
    slots: Vec<W>,
    /// The number of the event: what was noted with it was found for this one.
    turn: u64,
    /// Rows looked up, keys found and additions worked out, each with its turn.
    rows: Vec<(u64, Option<u32>)>,
    keys: Vec<(u64, u32)>,
    adds: Vec<(u64, W)>,
    parts: Vec<Part>,
    /// The last text of the event that was looked for: its field, and what it is.
    text: Option<(u32, Part)>,
    /// Legs whose latch is open, with their bound and sum.
    watched: Vec<(u32, W, Sum)>,
    /// Legs whose latch shuts.
    shutting: Vec<(u32, Sum)>,
    /// Numerators of shares, and what they are in units.
    shares: Vec<W>,
    units: Vec<W>,
    /// The same where they fit 64 bits.
    narrow: Vec<i64>,
    /// What they have beyond whole units.
    fractions: Vec<(W, usize)>,
    /// The same where they fit 128 bits.
    shorter: Shorter,
    /// Of parts that are known, what each has beyond whole units.
    rests: Vec<u64>,
    /// Changes of totals: the sum, the number of its key, by how much.
    changes: Vec<(Sum, u32, i128)>,
    /// New values of carries: which, the number of the key, the value.
    becoming: Vec<(u32, u32, Cell)>,
    /// Settled minus entitled: the account, a numerator and its denominator.
    drifts: Vec<(u32, i128, i128)>,
    of_rows: RowWork<W>,
    /// What is kept of an event for a refund, and where its leaves are in it.
    original: Original,
    places: Vec<Option<u32>>,
    /// Without this the event cannot go on.
    wanted: Option<Wanted>,
}

/// Shares being settled in 128 bits of an event that is wider.
#[derive(Debug, Default)]
struct Shorter {
    shares: Vec<i128>,
    fractions: Vec<(i128, usize)>,
    units: Vec<i128>,
}

/// One event under way.
struct Event<'a, W> {
    lane: &'a Lane,
    program: &'a Program,
    /// Of accounts that are the same for all events of the program.
    positions: &'a mut [Option<u32>],
    batch: &'a Batch,
    row: usize,
    /// What was looked up before.
    ahead: &'a Ahead,
    date: Date,
    registers: &'a Registers<'a>,
    state: &'a mut State,
    work: &'a mut Work<W>,
    residue: u64,
}

impl Lanes {
    /// The lanes of a plan.
    pub fn new(plan: &Plan, registers: &Registers<'_>) -> Lanes {
        let known = |place| registers.known(place).cloned();
        let programs = |event| lane(plan, event, &known).map(Programs::new);
        Lanes::made_of(plan.events.iter().map(programs).collect())
    }

    /// No lanes: every event is the evaluator's.
    pub fn none() -> Lanes {
        Lanes::made_of(Vec::new())
    }

    fn made_of(lanes: Vec<Option<Programs>>) -> Lanes {
        let (narrow, wide) = (Work::new().prepared(&lanes), Work::new().prepared(&lanes));
        let widest = Work::new().prepared(&lanes);
        let asker = |programs: &Option<Programs>| Some(Arc::clone(&programs.as_ref()?.asker));
        let askers = Arc::new(Askers::new(lanes.iter().map(asker).collect()));
        Lanes { lanes, narrow, wide, widest, side: Side::default(), wanted: None, askers }
    }

    /// What the event that was taken last lacked, if it was that: with it, it may be taken again.
    pub fn wanted(&mut self) -> Option<Wanted> {
        self.wanted.take()
    }

    /// Leaves events to the evaluator, and those that stand in a batch with them.
    pub fn leave(&mut self, events: impl Iterator<Item = Origin>) {
        Arc::make_mut(&mut self.askers).leave(events);
    }

    /// Whether an event has all that its lane needs.
    pub fn may_take(&self, ready: Ready, batch: &Batch, row: usize) -> bool {
        match ready {
            Ready::All => true,
            Ready::None => false,
            Ready::Some => {
                let programs = self.lanes.get(at(batch.event)).and_then(Option::as_ref);
                let there = |field: &u32| {
                    batch.columns.get(at(*field)).is_some_and(|column| !column.is_missing(row))
                };
                programs.is_some_and(|programs| programs.lane.required.iter().all(there))
            }
        }
    }

    /// Whether what an event comes to on its day may depend on others, or theirs on it.
    pub fn waits(&mut self, answers: &Answers, batch: &Batch, row: usize, date: Date) -> bool {
        let programs = self.lanes.get_mut(at(batch.event)).and_then(Option::as_mut);
        programs.is_none_or(|programs| programs.waits(answers, row, date))
    }

    /// Parts events of a batch, each on its day: those that are taken at once, and the rows of those that
    /// wait.
    pub fn part(
        &mut self,
        answers: &Answers,
        batch: &Batch,
        events: &[(u32, Date)],
    ) -> (Vec<(u32, Date)>, Vec<usize>) {
        let Some(Some(programs)) = self.lanes.get_mut(at(batch.event)) else {
            return (Vec::new(), events.iter().map(|(row, _)| at(*row)).collect());
        };
        // Each is put down in both lists, and counts in one: nobody can guess in which.
        let (mut at_once, mut others) = (vec![(0, Date::MIN); events.len()], vec![0; events.len()]);
        let (mut taken, mut waiting) = (0, 0);
        for event @ (row, date) in events {
            let waits = programs.waits(answers, at(*row), *date);
            at_once.get_mut(taken).into_iter().for_each(|it| *it = *event);
            others.get_mut(waiting).into_iter().for_each(|it| *it = at(*row));
            taken += usize::from(!waits);
            waiting += usize::from(waits);
        }
        at_once.truncate(taken);
        others.truncate(waiting);
        (at_once, others)
    }

    /// Whether the place of an event in the order of its kind is told by its key, so that different
    /// places are those of different keys.
    pub fn keys_tell_places(&self, declared: &EventKind, event: u32) -> bool {
        let of_key = |field: &u32| declared.unique.contains(field);
        let programs = self.lanes.get(at(event)).and_then(Option::as_ref);
        let made_of = programs.and_then(|programs| programs.lane.date.fields());
        let date =
            of_key(&declared.effective) || made_of.is_some_and(|fields| fields.iter().all(of_key));
        let told = |field: &u32| of_key(field) || (date && *field == declared.effective);
        declared.order_matters && date && declared.order_by.iter().all(told)
    }

    /// The day of an event, if its kind has a lane and it has all that a lane needs.
    pub fn date(
        &mut self,
        ready: Ready,
        batch: &Batch,
        row: usize,
        registers: &Registers<'_>,
        state: &mut State,
    ) -> Option<Date> {
        if !self.may_take(ready, batch, row) {
            return None;
        }
        let programs = self.lanes.get_mut(at(batch.event))?.as_mut()?;
        if let Day::Field(field) = &programs.lane.date {
            return match batch.columns.get(at(*field))? {
                Column::Date(days) => days.get(row),
                _ => None,
            };
        }
        if let Some(day) = programs.same_day(batch, row) {
            return Some(day);
        }
        let lane = &programs.lane;
        let (date, program, ahead) = (Date::MIN, &lane.program, &Ahead::default());
        let place = At { lane, program, batch, row, ahead, date, registers };
        let mut event = place.event(&mut [], state, &mut self.narrow);
        let day = Date::from_days(event.day(&lane.date)?)?;
        programs.note_day(Some(day));
        Some(day)
    }

    /// Works an event out on its day and makes its changes; the allocations are added to `out`.
    /// Gives nothing, and has changed nothing, where that is the evaluator's to do.
    ///
    /// # Errors
    /// A mistake of ours.
    pub fn work_out(
        &mut self,
        (batch, row, answers): (&Batch, usize, &Answers),
        date: Date,
        registers: &Registers<'_>,
        state: &mut State,
        out: &mut Given<'_>,
    ) -> Result<Option<WorkedOut>, &'static str> {
        let Some(Some(programs)) = self.lanes.get_mut(at(batch.event)) else { return Ok(None) };
        let before = (out.allocations.len(), out.figures.as_ref().map_or(0, |it| it.len()));
        let mut width = programs.width.first();
        let (lane, program, positions) = programs.program(answers, row, date);
        let ahead = &answers.ahead;
        let place = At { lane, program, batch, row, ahead, date, registers };
        let last = if lane.sources.is_empty() { Width::Wide } else { Width::Widest };
        let taken = loop {
            let taken = match width {
                Width::Narrow => self.narrow.take(place, positions, state, out)?,
                Width::Wide => self.wide.take(place, positions, state, out)?,
                Width::Widest => self.widest.take(place, positions, state, out)?,
            };
            if taken.is_none() {
                out.allocations.truncate(before.0);
                out.figures.iter_mut().for_each(|figures| figures.truncate(before.1));
                let lacking = match width {
                    Width::Narrow => &mut self.narrow.wanted,
                    Width::Wide => &mut self.wide.wanted,
                    Width::Widest => &mut self.widest.wanted,
                };
                self.wanted = lacking.take();
            }
            if taken.is_some() || self.wanted.is_some() || width >= last {
                break taken;
            }
            width = width.next();
        };
        // An event that is not the lane's says nothing of widths.
        if last == Width::Widest && taken.is_some() {
            programs.width.note(width);
        }
        Ok(taken)
    }
}

/// Which event, and what it goes through.
#[derive(Clone, Copy)]
struct At<'a> {
    lane: &'a Lane,
    program: &'a Program,
    batch: &'a Batch,
    row: usize,
    ahead: &'a Ahead,
    date: Date,
    registers: &'a Registers<'a>,
}

impl<'a> At<'a> {
    /// The event, nothing of which is worked out yet.
    fn event<W: Whole>(
        self,
        positions: &'a mut [Option<u32>],
        state: &'a mut State,
        work: &'a mut Work<W>,
    ) -> Event<'a, W> {
        let At { lane, program, batch, row, ahead, date, registers } = self;
        work.begin(batch.event);
        Event {
            lane,
            program,
            positions,
            batch,
            row,
            ahead,
            date,
            registers,
            state,
            work,
            residue: 0,
        }
    }
}

/// A list of so many at most, with room for them from the start: one that grows is copied again and again.
fn at_most<T>(most: usize, all: impl Iterator<Item = T>) -> Vec<T> {
    let mut list = Vec::with_capacity(most);
    list.extend(all);
    list
}

/// Makes room for so many.
#[inline]
fn room<T: Clone>(list: &mut Vec<T>, count: usize, value: T) {
    if list.len() < count {
        list.resize(count, value);
    }
}

impl<W: Whole> Work<W> {
    fn new() -> Work<W> {
        Work {
            slots: Vec::new(),
            turn: 0,
            rows: Vec::new(),
            keys: Vec::new(),
            adds: Vec::new(),
            parts: Vec::new(),
            text: None,
            watched: Vec::new(),
            shutting: Vec::new(),
            shares: Vec::new(),
            units: Vec::new(),
            narrow: Vec::new(),
            fractions: Vec::new(),
            shorter: Shorter::default(),
            rests: Vec::new(),
            changes: Vec::new(),
            becoming: Vec::new(),
            drifts: Vec::new(),
            of_rows: RowWork::new(),
            original: Original::empty(),
            places: Vec::new(),
            wanted: None,
        }
    }

    /// Takes an event, if all its numbers fit.
    fn take(
        &mut self,
        place: At<'_>,
        positions: &mut [Option<u32>],
        state: &mut State,
        out: &mut Given<'_>,
    ) -> Result<Option<WorkedOut>, &'static str> {
        let mut event = place.event(positions, state, self);
        let Some((worked_out, done)) = event.work_out(out) else { return Ok(None) };
        event.commit(&worked_out, done)?;
        Ok(Some(worked_out))
    }

    /// Makes room for the largest lane.
    fn prepared(mut self, lanes: &[Option<Programs>]) -> Work<W> {
        for Programs { lane, .. } in lanes.iter().flatten() {
            room(&mut self.slots, at(lane.slots), W::ZERO);
            room(&mut self.rows, lane.rows.len(), (0, None));
            room(&mut self.keys, lane.keys.len(), (0, 0));
            room(&mut self.adds, lane.program.adds.len(), (0, W::ZERO));
            self.of_rows.prepare(lane);
        }
        self
    }

    fn begin(&mut self, kind: u32) {
        self.turn += 1;
        self.of_rows.begin(kind);
        // What stands in slots from the event before is written over before it is read.
        self.text = None;
        self.wanted = None;
        self.watched.clear();
        self.shutting.clear();
        self.changes.clear();
        self.becoming.clear();
        self.drifts.clear();
    }
}

impl<'a, W: Whole> Event<'a, W> {
    fn work_out(&mut self, out: &mut Given<'_>) -> Option<(WorkedOut, &'a Done)> {
        let lane = self.lane;
        if let Some((undoes, _)) = lane.undoes
            && !self.batch.columns.get(at(undoes))?.is_missing(self.row)
        {
            return None;
        }
        let mut inflow = W::ZERO;
        if let Some((field, slot)) = lane.inflow {
            inflow = self.whole(field)?;
            self.put(slot, inflow);
        }
        let program = self.program;
        for levy in &program.levies {
            let mut due = W::ZERO;
            if self.truth(&levy.when)? {
                due = self.number(&levy.due)?;
                if due < W::ZERO && !levy.may_refund {
                    return None;
                }
                inflow = inflow.plus(due)?;
            }
            self.put(levy.to, due);
        }
        let mut way = &program.way;
        let done = loop {
            for step in &way.steps {
                self.step(step)?;
            }
            match &way.next {
                Next::Done(done) => break done,
                Next::Choice(choice) => way = self.choose(choice)?,
            }
        };
        self.collect(done, out.allocations)?;
        if !program.figures.is_empty() {
            self.figures(out.figures.as_deref_mut())?;
        }
        let inflow = Money::from_minor(inflow.wide()?);
        Some((WorkedOut { inflow, residue: self.residue }, done))
    }

    fn slot(&self, slot: Slot) -> W {
        self.work.slots.get(at(slot.0)).copied().unwrap_or(W::ZERO)
    }

    fn put(&mut self, slot: Slot, value: W) {
        if let Some(place) = self.work.slots.get_mut(at(slot.0)) {
            *place = value;
        }
    }

    /// The way of the one rule that empties a pool.
    fn choose<'l>(&mut self, choice: &'l Choice) -> Option<&'l Way> {
        let case = if self.slot(choice.content) == W::ZERO {
            // Nothing to divide: any way comes to nothing.
            choice.cases.iter().find(|case| case.way.is_some())?
        } else {
            self.applying(&choice.cases)?
        };
        case.way.as_ref()
    }

    fn applying<'l>(&mut self, cases: &'l [CaseOf]) -> Option<&'l CaseOf> {
        let mut applying: CaseBits = 0;
        for (place, case) in cases.iter().enumerate() {
            if self.truth(&case.when)? {
                applying |= 1 << place;
            }
        }
        cases.get(standing_case(cases, applying)?)
    }

    fn step(&mut self, step: &'a LaneStep) -> Option<()> {
        match step {
            LaneStep::Put(slot, number) => {
                let value = self.number(number)?;
                self.put(*slot, value);
            }
            LaneStep::Check(condition) => {
                if !self.truth(condition)? {
                    return None;
                }
            }
            LaneStep::Bound(limit) => self.bound(limit)?,
            LaneStep::Settle(settle) => self.settle(settle)?,
            LaneStep::Divide(divide) => self.divide(divide)?,
            LaneStep::Spread(spread) => self.spread(spread)?,
            LaneStep::Rows(of_rows) => self.of_rows(of_rows)?,
            LaneStep::SettleRows(settle) => self.settle_rows(settle)?,
        }
        Some(())
    }

    fn bound(&mut self, limit: &Limit) -> Option<()> {
        let share = self.number(&limit.share)?;
        if self.slot(limit.content) == W::ZERO {
            self.put(limit.to, share);
            return Some(());
        }
        let bound = self.number(&limit.bound)?;
        let total = self.sum(limit.sum)?;
        if let Some(leg) = limit.latch {
            let key = self.key(limit.sum.key)?;
            if self.state.is_shut_at(leg, key) || total >= bound {
                self.work.shutting.push((leg, limit.sum));
                self.put(limit.to, W::ZERO);
                return Some(());
            }
            self.work.watched.push((leg, bound, limit.sum));
        }
        let room = bound.minus(total)?.max(W::ZERO).times(W::of(limit.den)?)?;
        self.put(limit.to, if share > W::ZERO { share.min(room) } else { share });
        Some(())
    }
}
