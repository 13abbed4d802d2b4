//! Events that nobody sends: period ends, and days of registers' rows.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::{Date, Period};
use crate::plan::{Event, EventSource, Expr, Plan, Selection, at};
use crate::rows::{Batch, Cell, Column, Origin, Sink};

use super::evaluator::{AtHand, Evaluator, Scope};
use super::fault::Fault;
use super::outcome::{Desk, Stop};
use super::registers::Registers;
use super::run::Reach;
use super::trace::Trace;
use super::value::{Row, Value};

/// Days on which calendar events are made, and which; listed as far as they are known to be due.
pub(crate) struct Calendar {
    /// Ascending; on one day kinds as declared, then rows in the order of their selection.
    days: Vec<Due>,
    next: usize,
    /// Own days of rows that are not listed yet; ascending.
    own: VecDeque<Due>,
    /// The first day that is not listed; none behind the last of all days.
    from: Option<Date>,
    /// The last day there is.
    through: Option<Date>,
}

#[derive(Debug, Clone, Copy)]
struct Due {
    date: Date,
    kind: u32,
    /// The row of a register or member whose own day it is, by its place in the selection.
    row: Option<u32>,
}

/// A row for which an event is due; a fault where it cannot be made.
type Wanted<'a> = (Option<Value<'a>>, Option<Fault>);

impl Calendar {
    /// The calendar of events of which these are the first and the last day.
    pub fn new<T: Trace, S: Sink>(
        evaluator: &mut Evaluator<'_, '_, T>,
        desk: &mut Desk<'_, S>,
        reach: Reach,
        through: Option<Date>,
    ) -> Result<Calendar, Stop<S::Error>> {
        let Some((first, last)) = reach.ends else {
            return Ok(Calendar::empty(Date::MIN, through));
        };
        let mut calendar = Calendar::begun(evaluator, desk, first, through)?;
        calendar.list(reach.up_to(last), evaluator.plan);
        Ok(calendar)
    }

    fn empty(from: Date, through: Option<Date>) -> Calendar {
        Calendar { days: Vec::new(), next: 0, own: VecDeque::new(), from: Some(from), through }
    }

    /// A calendar from the first day on. Conditions of selections are weighed when a day has come; a
    /// row whose day cannot be worked out is set aside at once.
    pub fn begun<T: Trace, S: Sink>(
        evaluator: &mut Evaluator<'_, '_, T>,
        desk: &mut Desk<'_, S>,
        first: Date,
        through: Option<Date>,
    ) -> Result<Calendar, Stop<S::Error>> {
        let mut own = Vec::new();
        for (kind, event) in (0_u32..).zip(&evaluator.plan.events) {
            let EventSource::OnDate { date, for_each, locals } = &event.source else { continue };
            evaluator.date = first;
            let base = evaluator.open(*locals);
            let scope = Scope { base, own: None };
            let dates = own_days(evaluator, for_each, date, scope);
            evaluator.close(base);
            for ((row, date), place) in dates.map_err(internal)?.into_iter().zip(0_u32..) {
                match date {
                    Ok(date) if first <= date && event.is_made_on(date) => {
                        own.push(Due { date, kind, row: Some(place) })
                    }
                    Ok(_) => {}
                    Err(fault) => {
                        let made_for = vec![(row, Some(fault))];
                        make(kind, event, None, made_for, evaluator, desk)?;
                    }
                }
            }
        }
        own.sort_by_key(|due| (due.date, due.kind, due.row));
        Ok(Calendar { own: own.into(), ..Calendar::empty(first, through) })
    }

    /// Lists what is due up to a day that is known to be no later than the last, or to the last day
    /// there is if that is known.
    pub fn list(&mut self, day: Date, plan: &Plan) {
        let last = self.through.unwrap_or(day);
        let Some(from) = self.from.filter(|from| *from <= last) else { return };
        let listed = self.days.len();
        for (kind, event) in (0_u32..).zip(&plan.events) {
            if let EventSource::Periodic { kind: length, .. } = &event.source {
                let pieces = Period::split_by(from, last, *length);
                let ends = pieces.map(|piece| piece.period.end());
                let ends = ends.filter(|end| *end <= last && event.is_made_on(*end));
                self.days.extend(ends.map(|date| Due { date, kind, row: None }));
            }
        }
        while let Some(due) = self.own.pop_front_if(|due| due.date <= last) {
            self.days.push(due);
        }
        if let Some(days) = self.days.get_mut(listed..) {
            days.sort_by_key(|due| (due.date, due.kind, due.row));
        }
        self.from = Date::from_days(last.days() + 1);
    }

    /// Whether nothing that is listed is due any more.
    pub fn is_over(&self) -> bool {
        self.next >= self.days.len()
    }

    /// The next day that is listed.
    pub fn next_day(&self) -> Option<Date> {
        self.days.get(self.next).map(|due| due.date)
    }

    /// Takes what is due before a day on which there is an event.
    pub fn take_before<T: Trace, S: Sink>(
        &mut self,
        day: Date,
        evaluator: &mut Evaluator<'_, '_, T>,
        desk: &mut Desk<'_, S>,
    ) -> Result<(), Stop<S::Error>> {
        if self.from.is_some_and(|from| from <= day) {
            self.list(day, evaluator.plan);
        }
        while let Some(due) = self.days.get(self.next).copied() {
            if due.date >= day {
                break;
            }
            self.next += 1;
            take(due, evaluator, desk)?;
        }
        Ok(())
    }

    /// Takes all that is still due.
    pub fn take_rest<T: Trace, S: Sink>(
        &mut self,
        evaluator: &mut Evaluator<'_, '_, T>,
        desk: &mut Desk<'_, S>,
    ) -> Result<(), Stop<S::Error>> {
        while let Some(due) = self.days.get(self.next).copied() {
            self.next += 1;
            take(due, evaluator, desk)?;
            desk.hand_on_much(&evaluator.state.accounts)?;
        }
        desk.hand_on(&evaluator.state.accounts)
    }
}

fn internal<E>(fault: Fault) -> Stop<E> {
    match fault {
        Fault::Internal(what) => Stop::Internal(what),
        Fault::Aside(_) => Stop::Internal("the rows of a calendar event cannot be listed"),
    }
}

/// The own day of each row of a selection.
#[expect(clippy::type_complexity, reason = "a row, and its day or why it has none")]
fn own_days<'a, T: Trace>(
    evaluator: &mut Evaluator<'a, '_, T>,
    selection: &'a Selection,
    date: &'a Expr,
    scope: Scope<'a>,
) -> Result<Vec<(Option<Value<'a>>, Result<Date, Fault>)>, Fault> {
    let mut days = Vec::new();
    let mut rows = evaluator.rows(selection, scope)?;
    loop {
        match evaluator.next_row(&mut rows) {
            Ok(None) => return Ok(days),
            Ok(Some(row)) => {
                evaluator.bind(scope, selection.binding, row.clone());
                days.push((Some(row), evaluator.date_of(date, scope)));
            }
            Err(fault) => days.push((None, Err(fault))),
        }
    }
}

/// Makes the events due on a day and takes them.
fn take<T: Trace, S: Sink>(
    due: Due,
    outer: &mut Evaluator<'_, '_, T>,
    desk: &mut Desk<'_, S>,
) -> Result<(), Stop<S::Error>> {
    let (plan, registers) = (outer.plan, outer.registers);
    let Some(event) = plan.events.get(at(due.kind)) else { return Ok(()) };
    let today = Arc::new(batch(due.kind, event, Some(due.date), Vec::new()));
    let rows = {
        let mut evaluator = Evaluator::new(plan, registers, outer.state, outer.trace);
        evaluator.take_up(made(due.kind, event, &today, 0, None));
        evaluator.date = due.date;
        match rows_of(&mut evaluator, event, due) {
            Ok(rows) => rows,
            Err(fault) => vec![(None, Some(fault))],
        }
    };
    make(due.kind, event, Some(due.date), rows, outer, desk)
}

/// Takes one event for each row.
fn make<T: Trace, S: Sink>(
    kind: u32,
    event: &Event,
    date: Option<Date>,
    rows: Vec<Wanted<'_>>,
    outer: &mut Evaluator<'_, '_, T>,
    desk: &mut Desk<'_, S>,
) -> Result<(), Stop<S::Error>> {
    let (plan, registers) = (outer.plan, outer.registers);
    let cells = rows.iter().map(|(row, _)| cell_of(row.as_ref(), registers)).collect();
    let batch = Arc::new(batch(kind, event, date, cells));
    let mut evaluator = Evaluator::new(plan, registers, outer.state, outer.trace);
    for (place, (row, fault)) in rows.into_iter().enumerate() {
        evaluator.take_up(made(kind, event, &batch, place, row));
        evaluator.date = date.unwrap_or(Date::MIN);
        evaluator.booked = evaluator.date;
        desk.totals.summary.made += 1;
        desk.take(&mut evaluator, fault)?;
    }
    Ok(())
}

fn made<'a>(
    kind: u32,
    event: &'a Event,
    batch: &'a Arc<Batch>,
    row: usize,
    made_for: Option<Value<'a>>,
) -> AtHand<'a> {
    AtHand { kind, event, batch, row, made_for, closed: &[] }
}

/// The rows for which events are due; one nothing, where there is one event for the day.
fn rows_of<'a, T: Trace>(
    evaluator: &mut Evaluator<'a, '_, T>,
    event: &'a Event,
    due: Due,
) -> Result<Vec<Wanted<'a>>, Fault> {
    let (selection, locals) = match &event.source {
        EventSource::Periodic { for_each: Some(selection), locals, .. }
        | EventSource::OnDate { for_each: selection, locals, .. } => (selection, *locals),
        EventSource::Periodic { for_each: None, .. }
        | EventSource::Sent
        | EventSource::Stage { .. } => return Ok(vec![(None, None)]),
    };
    let base = evaluator.open(locals);
    let scope = Scope { base, own: None };
    let mut made_for = Vec::new();
    let mut rows = evaluator.rows(selection, scope)?;
    rows.skip(due.row.unwrap_or(0));
    loop {
        let row = match evaluator.next_row(&mut rows) {
            Ok(None) => break,
            row => row,
        };
        match row {
            Err(fault) => made_for.push((None, Some(fault))),
            Ok(row) => {
                let counts = counts(evaluator, selection, row.clone(), scope);
                if !matches!(counts, Ok(false)) {
                    made_for.push((row, counts.err()));
                }
            }
        }
        if due.row.is_some() {
            break;
        }
    }
    evaluator.close(base);
    Ok(made_for)
}

fn counts<'a, T: Trace>(
    evaluator: &mut Evaluator<'a, '_, T>,
    selection: &'a Selection,
    row: Option<Value<'a>>,
    scope: Scope<'a>,
) -> Result<bool, Fault> {
    evaluator.bind(scope, selection.binding, row.unwrap_or(Value::Missing));
    selection.condition.as_ref().map_or(Ok(true), |condition| evaluator.holds(condition, scope))
}

/// The day, and for each event its row.
fn batch(kind: u32, event: &Event, date: Option<Date>, rows: Vec<Cell>) -> Batch {
    let count = rows.len().max(1);
    let mut columns = vec![Column::Date((0..count).map(|_| date).collect())];
    if rows.iter().any(|row| *row != Cell::Missing) {
        columns.push(Column::Cells(rows));
    }
    columns.resize(event.fields.len().max(columns.len()), Column::Absent);
    Batch { event: kind, columns, origins: vec![Origin::MADE; count] }
}

/// A row as those see it who hear of the event: its stored fields, dated ones as first given.
fn cell_of(row: Option<&Value<'_>>, registers: &Registers<'_>) -> Cell {
    match row {
        None => Cell::Missing,
        Some(Value::Row(Row::Register(register, place))) => {
            let cells = registers.record(*register, *place);
            cells.map_or(Cell::Missing, Cell::Record)
        }
        Some(other) => other.to_cell(),
    }
}
