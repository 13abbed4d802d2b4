//! A run: every event taken in its turn, each outcome handed on.

use std::cmp::Ordering;
use std::convert::Infallible;

use crate::base::Date;
use crate::plan::{Event, EventSource, Plan, at};
use crate::rows::{
    Accounts, Batch, Column, EventAt, Explanation, Outcome, Reason, RegisterRow, Sink,
};

use super::calendar::Calendar;
use super::evaluator::{AtHand, Evaluator};
use super::explain::{Asked, Wanted};
use super::fault::{Fault, RunError};
use super::hands::{Firsts, GATHERED_MIN, Hands, Known, Place, same_kind};
use super::lane::{Lanes, Ready};
use super::order::{Kept, Slot, Ties, order};
use super::outcome::{Desk, Stop};
use super::registers::Registers;
use super::state::State;
use super::summary::Summary;
use super::trace::{Off, Trace};
use super::value::Names;

/// What a run is asked for besides its data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The last day for which calendar events are made; the last event's unless said.
    pub through: Option<Date>,
}

/// Runs a plan over events.
///
/// Each event is handed to `sink` once, in the order taken. Where no result depends on another event
/// batches are worked out as they come and then dropped, so that memory does not grow with their
/// number; else they are kept and put in order first.
///
/// # Errors
/// [`RunError::Input`] and [`RunError::Sink`] pass on what reader and listener say;
/// [`RunError::Internal`] is a mistake of ours. Rows that cannot be worked out are no errors: they
/// are set aside.
pub fn run<I, S>(
    plan: &Plan,
    registers: Vec<(u32, Vec<RegisterRow>)>,
    batches: impl IntoIterator<Item = Result<Batch, I>>,
    options: &Options,
    sink: &mut S,
) -> Result<Summary, RunError<I, S::Error>>
where
    I: std::error::Error + 'static,
    S: Sink<Error: std::error::Error + 'static>,
{
    let taken = all(plan, (registers, batches), options, Turn::Sorted, None, sink)?;
    taken.map(|(summary, _)| summary).ok_or(RunError::Internal("a run that was not made"))
}

/// Runs a plan over events that are expected to come in their order, so that memory does not grow
/// with their number where order matters.
///
/// Gives nothing once an event comes out of its order, has no place, or where events that nobody
/// sends stand between those that come: whoever asked throws away what was handed on, and begins
/// again with [`run`].
///
/// # Errors
/// As [`run`].
pub fn run_in_turn<I, S>(
    plan: &Plan,
    registers: Vec<(u32, Vec<RegisterRow>)>,
    batches: impl IntoIterator<Item = Result<Batch, I>>,
    options: &Options,
    sink: &mut S,
) -> Result<Option<Summary>, RunError<I, S::Error>>
where
    I: std::error::Error + 'static,
    S: Sink<Error: std::error::Error + 'static>,
{
    let taken = all(plan, (registers, batches), options, Turn::AsTheyCome, None, sink)?;
    Ok(taken.map(|(summary, _)| summary))
}

/// What a run was, and the explanations of the events asked for.
type Made = (Summary, Vec<Explanation>);

/// In which order events are taken where order matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// In that of the plan, whatever the order they come in.
    Sorted,
    /// As they come, which must be that of the plan.
    AsTheyCome,
}

/// Runs a plan over events to explain one of them: those that have its key, in the order taken, of
/// which at most one is allocated.
///
/// # Errors
/// As [`run`].
pub fn explain<I>(
    plan: &Plan,
    registers: Vec<(u32, Vec<RegisterRow>)>,
    batches: impl IntoIterator<Item = Result<Batch, I>>,
    options: &Options,
    wanted: &Wanted,
) -> Result<Vec<Explanation>, RunError<I, Infallible>>
where
    I: std::error::Error + 'static,
{
    let input = (registers, batches);
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
    registers: Vec<(u32, Vec<RegisterRow>)>,
    batches: impl IntoIterator<Item = Result<Batch, I>>,
    options: &Options,
) -> Result<Vec<Explanation>, RunError<I, Infallible>>
where
    I: std::error::Error + 'static,
{
    let input = (registers, batches);
    let told = all(plan, input, options, Turn::Sorted, Some(Asked::All), &mut Unheard)?;
    Ok(told.map_or_else(Vec::new, |(_, explanations)| explanations))
}

fn all<I, S>(
    plan: &Plan,
    (registers, batches): (
        Vec<(u32, Vec<RegisterRow>)>,
        impl IntoIterator<Item = Result<Batch, I>>,
    ),
    options: &Options,
    turn: Turn,
    wanted: Option<Asked<'_>>,
    sink: &mut S,
) -> Result<Option<Made>, RunError<I, S::Error>>
where
    I: std::error::Error + 'static,
    S: Sink<Error: std::error::Error + 'static>,
{
    let mut names = Names::default();
    let registers = Registers::new(plan, registers, &mut names);
    let mut state = State::new(plan, names);
    let desk = Desk::new(sink, wanted);
    // Whoever is to be told how an event came about is told by the evaluator.
    let lanes = if wanted.is_some() { Lanes::none() } else { Lanes::new(plan) };
    let mut run = Run { plan, registers: &registers, state: &mut state, lanes, desk };
    let span = match (plan.ordered, turn) {
        (true, Turn::AsTheyCome) if has_calendar(plan) => return Ok(None),
        (true, Turn::AsTheyCome) => match run.in_turn(batches)? {
            Some(span) => span,
            None => return Ok(None),
        },
        (true, Turn::Sorted) => run.in_order(batches, options)?,
        (false, _) => run.as_they_come(batches)?,
    };
    if !plan.ordered {
        run.calendar_alone(span, options).map_err(RunError::from)?;
    }
    run.stages().map_err(RunError::from)?;
    let checks = run.checks().map_err(RunError::from)?;
    let Desk { totals, explanations, .. } = run.desk;
    let summary = totals.finish(&state);
    let summary = summary.map_err(|_| RunError::Internal("a drift out of range"))?;
    Ok(Some((Summary { checks, ..summary }, explanations)))
}

/// The first and the last day of sent events.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    pub ends: Option<(Date, Date)>,
}

impl Span {
    fn take(&mut self, date: Date) {
        self.ends = Some(match self.ends {
            None => (date, date),
            Some((first, last)) => (first.min(date), last.max(date)),
        });
    }
}

/// A run under way.
pub(crate) struct Run<'r, S> {
    pub plan: &'r Plan,
    pub registers: &'r Registers,
    pub state: &'r mut State,
    pub lanes: Lanes,
    pub desk: Desk<'r, S>,
}

/// Nobody hears the outcomes of a run that explains.
struct Unheard;

impl Sink for Unheard {
    type Error = Infallible;

    fn event(
        &mut self,
        _: EventAt<'_>,
        _: Outcome<'_>,
        _: &dyn Accounts,
    ) -> Result<(), Infallible> {
        Ok(())
    }
}

impl<'r, S: Sink> Run<'r, S> {
    fn as_they_come<I>(
        &mut self,
        batches: impl IntoIterator<Item = Result<Batch, I>>,
    ) -> Result<Span, RunError<I, S::Error>>
    where
        I: std::error::Error + 'static,
        S::Error: std::error::Error + 'static,
    {
        let mut span = Span::default();
        for batch in batches {
            let batch = batch.map_err(RunError::Input)?;
            self.batch(&batch, &mut span)?;
        }
        Ok(span)
    }

    fn batch(&mut self, batch: &Batch, span: &mut Span) -> Result<(), Stop<S::Error>> {
        let plan = self.plan;
        let event = sent(plan, batch).ok_or(Stop::Internal("a batch of an unknown event kind"))?;
        let mut off = Off;
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        let ready = self.lanes.of(batch);
        let mut hands = Hands { lanes: &mut self.lanes, desk: &mut self.desk };
        for row in 0..batch.len() {
            let known = hands.lanes.date(ready, batch, row, self.registers, evaluator.state);
            let place = Place { event, batch, row };
            if let Some(date) = known {
                span.take(date);
                let known = Known { date, tied: false, new: false, ready };
                hands.take(&mut evaluator, place, known)?;
                continue;
            }
            evaluator.take_up(place.at_hand());
            let dated = dated(&mut evaluator);
            if let Ok(date) = dated {
                span.take(date);
            }
            let aside = dated.err().or_else(|| duplicate(&mut evaluator));
            hands.desk.take(&mut evaluator, aside)?;
        }
        Ok(())
    }

    /// Takes events as they come, as long as they come in their order; nothing once one does not.
    fn in_turn<I>(
        &mut self,
        batches: impl IntoIterator<Item = Result<Batch, I>>,
    ) -> Result<Option<Span>, RunError<I, S::Error>>
    where
        I: std::error::Error + 'static,
        S::Error: std::error::Error + 'static,
    {
        let plan = self.plan;
        let mut span = Span::default();
        // The last event of the batch before, alone in a batch of its own.
        let mut before: Option<Kept> = None;
        for batch in batches {
            let batch = batch.map_err(RunError::Input)?;
            let computed = self.ordering_columns(&batch)?;
            let held = [before.take(), Some(Kept { batch, computed })];
            let kept: Vec<Kept> = held.into_iter().flatten().collect();
            let Some(slots) = self.slots_in_order(&kept, &mut span) else { return Ok(None) };
            let Some(current) = kept.last() else { continue };
            let own = slots.len().saturating_sub(current.batch.len());
            let own = slots.get(own..).unwrap_or_default();
            let mut off = Off;
            let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
            let Some(event) = sent(plan, &current.batch) else { continue };
            let ready = self.lanes.of(&current.batch);
            let mut hands = Hands { lanes: &mut self.lanes, desk: &mut self.desk };
            for slot in own {
                let place = Place { event, batch: &current.batch, row: at(slot.row) };
                let known = Known { date: slot.date, tied: false, new: false, ready };
                hands.take(&mut evaluator, place, known)?;
            }
            before = own.last().map(|slot| current.alone(at(slot.row)));
        }
        Ok(Some(span))
    }

    /// The places of all events if they stand in order, each behind the one before, and none is
    /// without a place.
    fn slots_in_order(&mut self, kept: &[Kept], span: &mut Span) -> Option<Vec<Slot>> {
        let plan = self.plan;
        let mut off = Off;
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        let mut slots: Vec<Slot> = Vec::new();
        for (place, held) in (0_u32..).zip(kept) {
            let event = sent(plan, &held.batch)?;
            let ready = self.lanes.of(&held.batch);
            for row in 0..held.batch.len() {
                let batch = &held.batch;
                let known = self.lanes.date(ready, batch, row, self.registers, evaluator.state);
                let date = match known {
                    Some(date) => date,
                    None => {
                        evaluator.take_up(Place { event, batch, row }.at_hand());
                        placed(&mut evaluator, held).ok()?
                    }
                };
                let slot = held.slot(event, date, place, u32::try_from(row).ok()?);
                let order = slots.last().map(|last| order(last, &slot, kept, &plan.events));
                match order {
                    Some(Ordering::Greater) => return None,
                    Some(Ordering::Equal) if event.order_matters => return None,
                    _ => {}
                }
                span.take(date);
                slots.push(slot);
            }
        }
        Some(slots)
    }

    fn in_order<I>(
        &mut self,
        batches: impl IntoIterator<Item = Result<Batch, I>>,
        options: &Options,
    ) -> Result<Span, RunError<I, S::Error>>
    where
        I: std::error::Error + 'static,
        S::Error: std::error::Error + 'static,
    {
        let mut kept: Vec<Kept> = Vec::new();
        for batch in batches {
            let batch = batch.map_err(RunError::Input)?;
            let computed = self.ordering_columns(&batch)?;
            kept.push(Kept { batch, computed });
        }
        Ok(self.kept(&kept, options)?)
    }

    /// Works out ordering fields that are computed, so that sorting need not.
    fn ordering_columns(&mut self, batch: &Batch) -> Result<Vec<(u32, Column)>, Stop<S::Error>> {
        let plan = self.plan;
        let event = sent(plan, batch).ok_or(Stop::Internal("a batch of an unknown event kind"))?;
        let computed = |field: &&u32| {
            let declared = event.fields.get(at(**field));
            **field != event.effective && declared.is_some_and(|it| it.computed.is_some())
        };
        let mut off = Off;
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        let mut columns = Vec::new();
        for field in event.order_by.iter().filter(computed) {
            let cells = (0..batch.len()).map(|row| {
                evaluator.take_up(at_hand(event, batch, row));
                let value = dated(&mut evaluator).and_then(|_| evaluator.field(*field));
                value.map_or(crate::rows::Cell::Missing, |value| value.to_cell())
            });
            columns.push((*field, Column::Cells(cells.collect())));
        }
        Ok(columns)
    }

    fn kept(&mut self, kept: &[Kept], options: &Options) -> Result<Span, Stop<S::Error>> {
        let plan = self.plan;
        let (slots, span) = self.slots(kept)?;
        let firsts = Firsts::new(plan, kept);
        let mut ties = Ties::new(&slots, kept, &plan.events);
        let mut calendar = {
            let mut off = Off;
            let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
            Calendar::new(&mut evaluator, &mut self.desk, span, options.through)?
        };
        let mut place = 0;
        while let Some(run) = slots.get(place..).and_then(|rest| same_kind(rest, kept)) {
            self.run_of_kind((run, place), kept, &firsts, &mut ties, &mut calendar)?;
            place += run.len();
        }
        let mut off = Off;
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        calendar.take_rest(&mut evaluator, &mut self.desk)?;
        Ok(span)
    }

    /// The places of all events in their order; those that have none are set aside.
    fn slots(&mut self, kept: &[Kept]) -> Result<(Vec<Slot>, Span), Stop<S::Error>> {
        let plan = self.plan;
        let mut off = Off;
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        let (mut slots, mut span) = (Vec::new(), Span::default());
        for (place, held) in (0_u32..).zip(kept) {
            let unknown = Stop::Internal("a batch of an unknown event kind");
            let event = sent(plan, &held.batch).ok_or(unknown)?;
            let ready = self.lanes.of(&held.batch);
            for row in 0..held.batch.len() {
                let batch = &held.batch;
                let known = self.lanes.date(ready, batch, row, self.registers, evaluator.state);
                let dated = known.map_or_else(
                    || {
                        evaluator.take_up(Place { event, batch, row }.at_hand());
                        placed(&mut evaluator, held)
                    },
                    Ok,
                );
                match dated {
                    Ok(date) => {
                        span.take(date);
                        let row = u32::try_from(row).unwrap_or(u32::MAX);
                        slots.push(held.slot(event, date, place, row));
                    }
                    // Without its day and ordering fields it has no place: it is set aside at once.
                    Err(fault) => self.desk.take(&mut evaluator, Some(fault))?,
                }
            }
        }
        // Files are mostly in order, and a stable sort finds that out at once.
        slots.sort_by(|a, b| order(a, b, kept, &plan.events));
        Ok((slots, span))
    }

    /// Takes events of one kind that follow one another.
    fn run_of_kind(
        &mut self,
        (run, start): (&[Slot], usize),
        kept: &[Kept],
        firsts: &Firsts,
        ties: &mut Ties<'_>,
        calendar: &mut Calendar,
    ) -> Result<(), Stop<S::Error>> {
        let plan = self.plan;
        let rows: Vec<(&Batch, usize)> = run
            .iter()
            .filter_map(|slot| kept.get(at(slot.batch)).map(|held| (&held.batch, at(slot.row))))
            .collect();
        let Some((first, _)) = rows.first() else { return Ok(()) };
        let Some(event) = sent(plan, first) else { return Ok(()) };
        let gathered = (rows.len() >= GATHERED_MIN).then(|| Batch::gathered(first.event, &rows));
        let ready = match (&gathered, self.lanes.of(first)) {
            (_, Ready::None) => Ready::None,
            (Some(gathered), _) => self.lanes.of(gathered),
            (None, _) => Ready::Some,
        };
        let new = firsts.all_new(first.event);
        let mut off = Off;
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        for (row, (slot, (batch, own_row))) in run.iter().zip(&rows).enumerate() {
            calendar.take_before(slot.date, &mut evaluator, &mut self.desk)?;
            let tied = ties.tied(start + row);
            let taken = match &gathered {
                Some(gathered) => Place { event, batch: gathered, row },
                None => Place { event, batch, row: *own_row },
            };
            let known = Known { date: slot.date, tied, new, ready };
            let mut hands = Hands { lanes: &mut self.lanes, desk: &mut self.desk };
            hands.take(&mut evaluator, taken, known)?;
        }
        Ok(())
    }

    /// Calendar events after all others, where order plays no part.
    fn calendar_alone(&mut self, span: Span, options: &Options) -> Result<(), Stop<S::Error>> {
        let mut off = Off;
        let mut evaluator = Evaluator::new(self.plan, self.registers, self.state, &mut off);
        let mut calendar = Calendar::new(&mut evaluator, &mut self.desk, span, options.through)?;
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
fn has_calendar(plan: &Plan) -> bool {
    let calendar = |event: &Event| {
        matches!(event.source, EventSource::Periodic { .. } | EventSource::OnDate { .. })
    };
    plan.events.iter().any(calendar)
}

fn sent<'p>(plan: &'p Plan, batch: &Batch) -> Option<&'p Event> {
    plan.events.get(at(batch.event)).filter(|event| event.source == EventSource::Sent)
}

fn at_hand<'a>(event: &'a Event, batch: &'a Batch, row: usize) -> AtHand<'a> {
    AtHand { kind: batch.event, event, batch, row, made_for: None, closed: &[] }
}

/// Finds the day of the event at hand and makes it "today".
fn dated<T: Trace>(evaluator: &mut Evaluator<'_, '_, T>) -> Result<Date, Fault> {
    evaluator.date = Date::MIN;
    evaluator.booked = Date::MIN;
    let date = evaluator.effective_date()?;
    evaluator.date = date;
    evaluator.booked = date;
    Ok(date)
}

/// The day of the event at hand, if every field that orders it is there as well.
fn placed<T: Trace>(evaluator: &mut Evaluator<'_, '_, T>, held: &Kept) -> Result<Date, Fault> {
    let date = dated(evaluator)?;
    for field in &evaluator.event()?.order_by {
        if !held.has(*field, evaluator.at_hand.as_ref().map_or(0, |at_hand| at_hand.row)) {
            evaluator.field(*field)?;
        }
    }
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
