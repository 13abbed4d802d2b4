//! Events that nobody sends: period ends, and days of registers' rows.

use crate::base::{Date, Period};
use crate::plan::{Event, EventSource, Selection, at};
use crate::rows::{Batch, Cell, Column, Origin, Sink};

use super::evaluator::{AtHand, Evaluator, Scope};
use super::fault::Fault;
use super::run::{Desk, Span, Stop};
use super::trace::Trace;
use super::value::{Row, Value};

/// Days on which calendar events are made, and which.
pub(crate) struct Calendar {
    /// Ascending; on one day kinds as declared, then rows in the order of their selection.
    days: Vec<Due>,
    next: usize,
}

#[derive(Debug, Clone, Copy)]
struct Due {
    date: Date,
    kind: u32,
    /// The row of a register or member whose own day it is, by its place in the selection.
    row: Option<u32>,
}

impl Calendar {
    /// Lists the days. Conditions of selections are weighed when a day has come.
    pub fn new<T: Trace, E>(
        evaluator: &mut Evaluator<'_, '_, T>,
        span: Span,
        through: Option<Date>,
    ) -> Result<Calendar, Stop<E>> {
        let Some((first, last)) = span.ends else {
            return Ok(Calendar { days: Vec::new(), next: 0 });
        };
        let last = through.unwrap_or(last);
        let plan = evaluator.plan;
        let mut days = Vec::new();
        for (kind, event) in (0_u32..).zip(&plan.events) {
            match &event.source {
                EventSource::Sent | EventSource::Stage { .. } => {}
                EventSource::Periodic { kind: length, .. } => {
                    let pieces = Period::split_by(first, last, *length);
                    let ends = pieces.map(|piece| piece.period.end()).filter(|end| *end <= last);
                    days.extend(ends.map(|date| Due { date, kind, row: None }));
                }
                EventSource::OnDate { date, for_each, locals } => {
                    evaluator.date = first;
                    let base = evaluator.open(*locals);
                    let scope = Scope { base, own: None };
                    let dates = own_days(evaluator, for_each, date, scope);
                    evaluator.close(base);
                    let dates = dates.map_err(internal)?.into_iter().zip(0_u32..);
                    let inside = dates
                        .filter(|(date, _)| date.is_some_and(|date| first <= date && date <= last));
                    days.extend(
                        inside.filter_map(|(date, row)| {
                            Some(Due { date: date?, kind, row: Some(row) })
                        }),
                    );
                }
            }
        }
        days.sort_by_key(|due| (due.date, due.kind, due.row));
        Ok(Calendar { days, next: 0 })
    }

    /// Takes what is due before a day.
    pub fn take_before<T: Trace, S: Sink>(
        &mut self,
        day: Date,
        evaluator: &mut Evaluator<'_, '_, T>,
        desk: &mut Desk<'_, S>,
    ) -> Result<(), Stop<S::Error>> {
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
        }
        Ok(())
    }
}

fn internal<E>(fault: Fault) -> Stop<E> {
    match fault {
        Fault::Internal(what) => Stop::Internal(what),
        Fault::Aside(_) => Stop::Internal("the rows of a calendar event cannot be listed"),
    }
}

/// The own day of each row of a selection; nothing where it cannot be worked out, for then no event
/// is due.
fn own_days<'a, T: Trace>(
    evaluator: &mut Evaluator<'a, '_, T>,
    selection: &'a Selection,
    date: &'a crate::plan::Expr,
    scope: Scope<'a>,
) -> Result<Vec<Option<Date>>, Fault> {
    let mut days = Vec::new();
    let mut rows = evaluator.rows(selection, scope)?;
    loop {
        let row = match evaluator.next_row(&mut rows) {
            Ok(Some(row)) => row,
            Ok(None) => return Ok(days),
            Err(Fault::Aside(_)) => {
                days.push(None);
                continue;
            }
            Err(fault) => return Err(fault),
        };
        evaluator.bind(scope, selection.binding, row);
        match evaluator.date_of(date, scope) {
            Ok(day) => days.push(Some(day)),
            Err(Fault::Aside(_)) => days.push(None),
            Err(fault) => return Err(fault),
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
    let today = batch(due, event, Vec::new());
    let rows: Vec<Option<Value<'_>>> = {
        let mut evaluator = Evaluator::new(plan, registers, outer.state, outer.trace);
        evaluator.take_up(made(due, event, &today, 0, None));
        evaluator.date = due.date;
        rows_of(&mut evaluator, event, due).map_err(internal)?
    };
    let cells: Vec<Cell> = rows.iter().flatten().map(|row| cell_of(row, registers)).collect();
    let batch = batch(due, event, cells);
    let mut evaluator = Evaluator::new(plan, registers, outer.state, outer.trace);
    for (place, row) in rows.into_iter().enumerate() {
        evaluator.take_up(made(due, event, &batch, place, row));
        evaluator.date = due.date;
        evaluator.booked = due.date;
        desk.totals.summary.made += 1;
        desk.take(&mut evaluator, None)?;
    }
    Ok(())
}

fn made<'a>(
    due: Due,
    event: &'a Event,
    batch: &'a Batch,
    row: usize,
    made_for: Option<Value<'a>>,
) -> AtHand<'a> {
    AtHand { kind: due.kind, event, batch, row, made_for, closed: &[] }
}

/// The rows for which events are due; one nothing, where there is one event for the day.
fn rows_of<'a, T: Trace>(
    evaluator: &mut Evaluator<'a, '_, T>,
    event: &'a Event,
    due: Due,
) -> Result<Vec<Option<Value<'a>>>, Fault> {
    let (selection, locals) = match &event.source {
        EventSource::Periodic { for_each: Some(selection), locals, .. }
        | EventSource::OnDate { for_each: selection, locals, .. } => (selection, *locals),
        EventSource::Periodic { for_each: None, .. }
        | EventSource::Sent
        | EventSource::Stage { .. } => return Ok(vec![None]),
    };
    let base = evaluator.open(locals);
    let scope = Scope { base, own: None };
    let mut made_for = Vec::new();
    let mut rows = evaluator.rows(selection, scope)?;
    let mut place: u32 = 0;
    loop {
        let row = match evaluator.next_row(&mut rows) {
            Ok(Some(row)) => row,
            Ok(None) => break,
            // A row that two claim is nobody's.
            Err(Fault::Aside(_)) => {
                place += 1;
                continue;
            }
            Err(fault) => return Err(fault),
        };
        let wanted = due.row.is_none_or(|wanted| wanted == place);
        place += 1;
        if !wanted {
            continue;
        }
        evaluator.bind(scope, selection.binding, row.clone());
        let counts = match &selection.condition {
            None => true,
            Some(condition) => match evaluator.holds(condition, scope) {
                Ok(counts) => counts,
                Err(Fault::Aside(_)) => false,
                Err(fault) => return Err(fault),
            },
        };
        if counts {
            made_for.push(Some(row));
        }
    }
    evaluator.close(base);
    Ok(made_for)
}

/// The day, and for each event its row.
fn batch(due: Due, event: &Event, rows: Vec<Cell>) -> Batch {
    let count = rows.len().max(1);
    let mut columns = vec![Column::Date(vec![Some(due.date); count])];
    if !rows.is_empty() {
        columns.push(Column::Cells(rows));
    }
    columns.resize(event.fields.len().max(columns.len()), Column::Absent);
    Batch { event: due.kind, columns, origins: vec![Origin::MADE; count] }
}

/// A row as those see it who hear of the event: its stored fields, dated ones as first given.
fn cell_of(row: &Value<'_>, registers: &super::registers::Registers) -> Cell {
    match row {
        Value::Row(Row::Register(register, place)) => {
            let entry = registers.entry(*register, *place).and_then(|entry| entry.first());
            entry.map_or(Cell::Missing, |row| Cell::Record(row.cells.clone()))
        }
        other => other.to_cell(),
    }
}
