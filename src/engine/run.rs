//! A run: every event taken in its turn, each outcome handed on.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use crate::base::Date;
use crate::plan::{Constant, Event, EventSource, Plan, at};
use crate::rows::{Batch, Beside, Explanation, Origin, Reason, RegisterTable, Sink};

use super::calendar::Calendar;
use super::evaluator::{AtHand, Evaluator};
use super::explain::{Asked, Wanted};
use super::fault::{Fault, RunError};
use super::hands::{Hands, Key, Known, Place};
use super::lane::Lanes;
use super::names::Names;
use super::outcome::{Desk, Stop};
use super::registers::Registers;
use super::shelved::Memory;
use super::standing::{Noted, NotedEvents, Standing, StandingEvents};
use super::state::State;
use super::summary::Summary;
use super::together::Together;
use super::trace::{Off, Trace};

/// What a run is asked for besides its data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The last day for which calendar events are made; the last event's unless said.
    pub through: Option<Date>,
    /// The days of events that were sent and are not here, since they were set aside before: calendar events
    /// are made from the first to the last of them too.
    pub besides: Reach,
}

/// Runs a plan over events.
///
/// Each event is told to `sink` once, in the order taken. Where no result depends on another event
/// batches are worked out as they come and then dropped, so that memory does not grow with their
/// number; else they are kept and put in order first.
///
/// # Errors
/// [`RunError::Input`] and [`RunError::Sink`] pass on what reader and listener say;
/// [`RunError::Internal`] is a mistake of ours. Rows that cannot be worked out are no errors: they
/// are set aside.
pub fn run<I, S>(
    plan: &Plan,
    registers: &[(u32, RegisterTable)],
    batches: impl IntoIterator<Item = Result<Batch, I>>,
    options: &Options,
    sink: &mut S,
) -> Result<Summary, RunError<I, S::Error>>
where
    I: std::error::Error + 'static,
    S: Sink<Error: std::error::Error + 'static>,
{
    let input = Input::of(registers, batches);
    let taken = all(plan, input, options, Turn::Sorted, None, sink)?;
    taken.map(|(summary, _)| summary).ok_or(RunError::Internal("a run that was not made"))
}

/// Runs a plan over events that are expected to come in their order, so that memory does not grow
/// with their number where order matters.
///
/// Gives nothing once an event comes out of its order, or has no place, when others have been handed
/// on: whoever asked throws that away, and begins again with [`run`]. Where nothing has been handed
/// on yet, as with files in no order at all, all are put in order first, but for events that depend
/// on no other, which are handed on as they come; a key that is there twice ends that as well.
///
/// # Errors
/// As [`run`].
pub fn run_in_turn<I, S>(
    plan: &Plan,
    registers: &[(u32, RegisterTable)],
    batches: impl IntoIterator<Item = Result<Batch, I>>,
    options: &Options,
    sink: &mut S,
) -> Result<Option<Summary>, RunError<I, S::Error>>
where
    I: std::error::Error + 'static,
    S: Sink<Error: std::error::Error + 'static>,
{
    let input = Input::of(registers, batches);
    run_over(plan, input, options, Turn::AsTheyCome, sink)
}

/// Runs a plan over events, as [`run`] does or as [`run_in_turn`] does, within some memory.
///
/// # Errors
/// As [`run`]; what the shelf says is passed on as [`RunError::Input`].
pub fn run_over<I, S>(
    plan: &Plan,
    input: Input<'_, impl IntoIterator<Item = Result<Batch, I>>, I>,
    options: &Options,
    turn: Turn,
    sink: &mut S,
) -> Result<Option<Summary>, RunError<I, S::Error>>
where
    I: std::error::Error + 'static,
    S: Sink<Error: std::error::Error + 'static>,
{
    let taken = all(plan, input, options, turn, None, sink)?;
    Ok(taken.map(|(summary, _)| summary))
}

/// The data of a run.
pub struct Input<'i, B, E> {
    /// Rows of registers.
    pub registers: &'i [(u32, RegisterTable)],
    /// Events.
    pub batches: B,
    /// How much memory events that wait their turn may take; nothing: as much as they need.
    pub memory: Option<Memory<'i, E>>,
    /// How many threads may work; no outcome depends on it.
    pub threads: usize,
    /// What is to be done beside, by a second thread that the run would leave idle.
    pub beside: Option<Beside<'i>>,
    /// What stands of some events, whatever the rules give: they are told as the rules give them, and
    /// others find what stands.
    pub stands: StandingEvents,
    /// Events of which it is to be noted what they add to running totals.
    pub noted: NotedEvents,
}

impl<'i, B, E> Input<'i, B, E> {
    /// Rows and events, and nothing else.
    pub fn of(registers: &'i [(u32, RegisterTable)], batches: B) -> Input<'i, B, E> {
        let (stands, noted) = (StandingEvents::new(), NotedEvents::new());
        Input { registers, batches, memory: None, threads: 1, beside: None, stands, noted }
    }
}

/// What a run was, and the explanations of the events asked for.
type Made = (Summary, Vec<Explanation>);

/// In which order events are taken where order matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// In that of the plan, whatever the order they come in.
    Sorted,
    /// As they come, which must be that of the plan.
    AsTheyCome,
    /// As they come too, but none before its turn: where nothing has been handed on before an event
    /// comes out of its order, those that depend on no other wait like the rest.
    EachInPlace,
}

/// Runs a plan over events to explain some of them: those that have one of the keys, in the order taken;
/// of each key at most one is allocated.
///
/// # Errors
/// As [`run`].
pub fn explain<I>(
    plan: &Plan,
    input: Input<'_, impl IntoIterator<Item = Result<Batch, I>>, I>,
    options: &Options,
    wanted: &[Wanted],
) -> Result<Vec<Explanation>, RunError<I, Infallible>>
where
    I: std::error::Error + 'static,
{
    let asked = Some(Asked::For(wanted));
    let told = all(plan, input, options, Turn::Sorted, asked, &mut Unheard)?;
    Ok(told.map_or_else(Vec::new, |(_, explanations)| explanations))
}

/// Runs a plan over events to explain every one of them, in the order taken.
///
/// # Errors
/// As [`run`].
pub fn explain_all<I>(
    plan: &Plan,
    registers: &[(u32, RegisterTable)],
    batches: impl IntoIterator<Item = Result<Batch, I>>,
    options: &Options,
) -> Result<Vec<Explanation>, RunError<I, Infallible>>
where
    I: std::error::Error + 'static,
{
    let input = Input::of(registers, batches);
    let told = all(plan, input, options, Turn::Sorted, Some(Asked::All), &mut Unheard)?;
    Ok(told.map_or_else(Vec::new, |(_, explanations)| explanations))
}

/// Runs a plan over events to note what some of them, those that the input names, add to running totals.
///
/// # Errors
/// As [`run`].
pub fn note<I>(
    plan: &Plan,
    input: Input<'_, impl IntoIterator<Item = Result<Batch, I>>, I>,
    options: &Options,
) -> Result<BTreeMap<Origin, Noted>, RunError<I, Infallible>>
where
    I: std::error::Error + 'static,
{
    let told = all(plan, input, options, Turn::Sorted, None, &mut Unheard)?;
    Ok(told.map_or_else(BTreeMap::new, |(summary, _)| summary.noted))
}

fn all<I, S>(
    plan: &Plan,
    input: Input<'_, impl IntoIterator<Item = Result<Batch, I>>, I>,
    options: &Options,
    turn: Turn,
    wanted: Option<Asked<'_>>,
    sink: &mut S,
) -> Result<Option<Made>, RunError<I, S::Error>>
where
    I: std::error::Error + 'static,
    S: Sink<Error: std::error::Error + 'static>,
{
    let Input { registers, batches, memory, threads, beside, stands, noted } = input;
    let mut names = Names::default();
    let mut registers = Registers::new(plan, registers, &mut names);
    if plan.ordered && threads > 1 {
        registers.keep_names(&names);
    }
    let mut state = State::new(plan, names);
    let known = steady(plan, &registers, &mut state);
    registers.know(known);
    let desk = Desk::new(plan, sink, wanted);
    // Whoever is to be told how an event came about is told by the evaluator.
    let mut lanes = if wanted.is_some() { Lanes::none() } else { Lanes::new(plan, &registers) };
    lanes.leave(stands.keys().chain(noted.keys()).copied());
    state.standing = Standing::new(stands, noted, plan);
    let mut run =
        Run { plan, registers: &registers, state: &mut state, lanes, desk, threads, beside };
    let reach = match (plan.ordered, turn) {
        (true, Turn::AsTheyCome | Turn::EachInPlace) => {
            let some_at_once = turn == Turn::AsTheyCome;
            match run.in_turn(&mut batches.into_iter(), options, some_at_once, memory)? {
                Some(reach) => reach,
                None => return Ok(None),
            }
        }
        (true, Turn::Sorted) => match run.in_order(batches, options, false, memory)? {
            Some(reach) => reach,
            None => return Err(RunError::Internal("a run in order that took none in order")),
        },
        (false, _) => run.as_they_come(batches, options)?,
    };
    if !plan.ordered {
        run.calendar_alone(reach, options).map_err(RunError::from)?;
    }
    run.stages().map_err(RunError::from)?;
    let checks = run.checks().map_err(RunError::from)?;
    let Desk { totals, explanations, .. } = run.desk;
    let summary = totals.finish(&state);
    let summary = summary.map_err(|_| RunError::Internal("a drift out of range"))?;
    let asked_in_vain = registers.asked_in_vain();
    let unsure = state.standing.unsure(plan);
    let noted = state.standing.noted;
    Ok(Some((Summary { checks, asked_in_vain, unsure, noted, ..summary }, explanations)))
}

/// What has one value for the run. What has no answer is left to the events that ask.
fn steady(plan: &Plan, registers: &Registers<'_>, state: &mut State) -> Vec<Option<Constant>> {
    let mut off = Off;
    let mut evaluator = Evaluator::new(plan, registers, state, &mut off);
    let mut known = Vec::with_capacity(plan.steady.len());
    for formula in &plan.steady {
        let base = evaluator.open(formula.locals);
        let value = evaluator.eval(&formula.expr, super::evaluator::Scope { base, own: None });
        evaluator.close(base);
        known.push(value.ok().and_then(|value| value.to_constant()));
    }
    known
}

/// From which day to which events go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    /// The first and the last day, if there is one.
    pub ends: Option<(Date, Date)>,
    /// If there is one, they are taken to go at least to this day.
    pub at_least: Option<Date>,
    /// If there is one, they are taken to go no further than this day.
    pub at_most: Option<Date>,
}

impl Reach {
    /// The day to which they go whose last is of this day.
    pub fn up_to(&self, last: Date) -> Date {
        let day = self.at_least.map_or(last, |day| day.max(last));
        self.at_most.map_or(day, |most| most.min(day))
    }

    /// An event of this day is there too.
    pub fn take(&mut self, date: Date) {
        self.ends = Some(match self.ends {
            None => (date, date),
            Some((first, last)) => (first.min(date), last.max(date)),
        });
    }
}

/// A run under way.
pub(crate) struct Run<'r, S> {
    pub plan: &'r Plan,
    pub registers: &'r Registers<'r>,
    pub state: &'r mut State,
    pub lanes: Lanes,
    pub desk: Desk<'r, S>,
    pub threads: usize,
    pub beside: Option<Beside<'r>>,
}

/// Nobody hears the outcomes of a run that explains.
struct Unheard;

impl Sink for Unheard {
    type Error = Infallible;
}

impl<'r, S: Sink> Run<'r, S> {
    fn as_they_come<I>(
        &mut self,
        batches: impl IntoIterator<Item = Result<Batch, I>>,
        options: &Options,
    ) -> Result<Reach, RunError<I, S::Error>>
    where
        I: std::error::Error + 'static,
        S::Error: std::error::Error + 'static,
    {
        let mut reach = options.besides;
        for batch in batches {
            let batch = Arc::new(batch.map_err(RunError::Input)?);
            self.batch(&batch, &mut reach)?;
        }
        Ok(reach)
    }

    fn batch(&mut self, batch: &Arc<Batch>, reach: &mut Reach) -> Result<(), Stop<S::Error>> {
        let plan = self.plan;
        let event = sent(plan, batch).ok_or(Stop::Internal("a batch of an unknown event kind"))?;
        let mut off = Off;
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        let mut answers = self.lanes.askers.ask(batch);
        let (lanes, ready) = (&mut self.lanes, answers.ready);
        let days = lanes.days_of(&mut answers, batch, self.registers, evaluator.state);
        let turns = lanes.have_turns(batch.event);
        let mut hands = Hands { lanes, desk: &mut self.desk };
        if let Some(events) = days {
            events.iter().for_each(|(_, date)| reach.take(*date));
            let (answers, events) = (&answers, events.as_slice());
            let together = Together { event, batch, answers, events, new: false, turns };
            hands.take_together(&mut evaluator, together)?;
            return self.desk.hand_on(&self.state.accounts);
        }
        for row in 0..batch.len() {
            let known = hands.lanes.date(ready, batch, row, self.registers, evaluator.state);
            let place = Place { event, batch, answers: &answers, row };
            if let Some(date) = known {
                reach.take(date);
                let known = Known { date, tied: false, key: Key::Unasked };
                hands.take(&mut evaluator, place, known)?;
            } else {
                evaluator.take_up(place.at_hand());
                let dated = dated(&mut evaluator);
                if let Ok(date) = dated {
                    reach.take(date);
                }
                let aside = dated.err().or_else(|| duplicate(&mut evaluator));
                hands.desk.take(&mut evaluator, aside)?;
            }
            hands.desk.hand_on_much(&evaluator.state.accounts)?;
        }
        self.desk.hand_on(&self.state.accounts)
    }

    /// Calendar events after all others, where order plays no part.
    fn calendar_alone(&mut self, reach: Reach, options: &Options) -> Result<(), Stop<S::Error>> {
        let mut off = Off;
        let mut evaluator = Evaluator::new(self.plan, self.registers, self.state, &mut off);
        let mut calendar = Calendar::new(&mut evaluator, &mut self.desk, reach, options.through)?;
        calendar.take_rest(&mut evaluator, &mut self.desk)
    }

    /// Weighs the conditions of the plan that stand outside any event.
    fn checks(&mut self) -> Result<Vec<Result<bool, Reason>>, Stop<S::Error>> {
        let plan = self.plan;
        let mut off = Off;
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        let mut checks = Vec::with_capacity(plan.checks.len());
        for (formula, day) in &plan.checks {
            evaluator.date = *day;
            let base = evaluator.open(formula.locals);
            let scope = super::evaluator::Scope { base, own: None };
            let held = evaluator.holds(&formula.expr, scope);
            evaluator.close(base);
            checks.push(match held {
                Ok(held) => Ok(held),
                Err(Fault::Aside(reason)) => Err(*reason),
                Err(Fault::Internal(what)) => return Err(Stop::Internal(what)),
            });
        }
        Ok(checks)
    }
}

/// Whether there are events that nobody sends, which stand between those that come.
pub fn has_calendar(plan: &Plan) -> bool {
    let calendar = |event: &Event| {
        matches!(event.source, EventSource::Periodic { .. } | EventSource::OnDate { .. })
    };
    plan.events.iter().any(calendar)
}

pub(super) fn sent<'p>(plan: &'p Plan, batch: &Batch) -> Option<&'p Event> {
    plan.events.get(at(batch.event)).filter(|event| event.source == EventSource::Sent)
}

pub(super) fn at_hand<'a>(event: &'a Event, batch: &'a Arc<Batch>, row: usize) -> AtHand<'a> {
    AtHand { kind: batch.event, event, batch, row, made_for: None, closed: &[] }
}

/// Finds the day of the event at hand and makes it "today".
pub(super) fn dated<T: Trace>(evaluator: &mut Evaluator<'_, '_, T>) -> Result<Date, Fault> {
    evaluator.date = Date::MIN;
    evaluator.booked = Date::MIN;
    let date = evaluator.effective_date()?;
    evaluator.date = date;
    evaluator.booked = date;
    Ok(date)
}

/// Notes the key of the event at hand; a reason if it was there before or is not whole.
pub(super) fn duplicate<T: Trace>(evaluator: &mut Evaluator<'_, '_, T>) -> Option<Fault> {
    match is_new(evaluator) {
        Ok(true) => None,
        Ok(false) => Some(Reason::DuplicateKey.into()),
        Err(fault) => Some(fault),
    }
}

fn is_new<T: Trace>(evaluator: &mut Evaluator<'_, '_, T>) -> Result<bool, Fault> {
    let Some(at_hand) = &evaluator.at_hand else { return Ok(true) };
    let (kind, event, batch, row) = (at_hand.kind, at_hand.event, at_hand.batch, at_hand.row);
    let declared = |field: &u32| event.fields.get(at(*field));
    let computed = |field| declared(field).is_some_and(|it| it.computed.is_some());
    if event.unique.iter().any(computed) {
        let mut key = Vec::with_capacity(event.unique.len());
        for field in &event.unique {
            key.push(evaluator.field(*field)?.to_cell());
        }
        let seen = evaluator.state.seen.get_mut(at(kind));
        return Ok(seen.is_none_or(|seen| seen.insert_cells(&key)));
    }
    for field in event.unique.iter().filter(|it| declared(it).is_some_and(|it| !it.optional)) {
        if at_hand.column(*field).is_missing(row) {
            return Err(Reason::FieldMissing { field: *field }.into());
        }
    }
    let seen = evaluator.state.seen.get_mut(at(kind));
    Ok(seen.is_none_or(|seen| seen.insert(batch, row, &event.unique)))
}
