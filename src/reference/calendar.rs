//! Events that nobody sends: of the calendar, and of stages.

use std::rc::Rc;

use num_traits::Zero;

use crate::base::{Date, Period, PeriodKind};
use crate::model::{
    AccountId, Event, EventId, EventSource, Formula, MemberIx, RuleSet, Selection, Type,
};
use crate::rows::Cell;

use super::error::{Stop, entry, mistyped};
use super::number::Number;
use super::registers::compare_keys;
use super::scene::{EventAtHand, Scene, Scope};
use super::state::{Key, State};
use super::value::{Row, RowPiece, RowPlace, Value, from_cell, in_force};

/// An event that was made, or the reason why it could not be.
pub(super) struct Made {
    pub kind: EventId,
    pub day: Option<Date>,
    pub event: Result<EventAtHand, Stop>,
}

/// A day on which events of a kind are due: for the rows that are selected then, or for one row whose
/// own day it is.
pub(super) struct Due {
    pub kind: EventId,
    pub day: Date,
    row: Option<Value>,
}

/// All that is due between two days, both inside: by day, then as declared, then in the order of
/// rows; and what is set aside, since its day cannot be worked out.
pub(super) fn due(scene: &Scene<'_>, last: Date) -> Result<(Vec<Due>, Vec<Made>), Stop> {
    let first = scene.day;
    let (mut due, mut undated) = (Vec::new(), Vec::new());
    for (at, event) in scene.rules.events.iter().enumerate() {
        let kind = EventId::next(at);
        match &event.source {
            EventSource::Sent | EventSource::Stage { .. } => {}
            EventSource::Periodic { kind: length, .. } => {
                let days = period_ends(*length, first, last);
                let days = days.filter(|day| in_force(event.from, event.until, *day));
                due.extend(days.map(|day| Due { kind, day, row: None }));
            }
            EventSource::OnDate { date, for_each, locals } => {
                let scope = Scope::of(locals);
                let rows = match scene.rows(&for_each.source, &scope) {
                    Ok(rows) => rows,
                    Err(stop) => {
                        undated.push(Made { kind, day: None, event: Err(stop) });
                        continue;
                    }
                };
                for row in rows {
                    let mut scope = scope.clone();
                    scope.bind(for_each.binding, row.clone())?;
                    match scene.value(date, &mut scope).and_then(Value::date) {
                        Ok(day)
                            if first <= day
                                && day <= last
                                && in_force(event.from, event.until, day) =>
                        {
                            due.push(Due { kind, day, row: Some(row) });
                        }
                        Ok(_) => {}
                        Err(stop) => undated.push(Made { kind, day: None, event: Err(stop) }),
                    }
                }
            }
        }
    }
    due.sort_by_key(|due| due.day);
    Ok((due, undated))
}

fn period_ends(kind: PeriodKind, first: Date, last: Date) -> impl Iterator<Item = Date> {
    let periods = std::iter::successors(Some(Period::of(kind, first)), |period| period.next());
    periods.map(Period::end).take_while(move |day| *day <= last)
}

/// The events that are due, as things stand on their day.
pub(super) fn calendar_events(scene: &Scene<'_>, due: &Due) -> Result<Vec<Made>, Stop> {
    let Due { kind, day, row } = due;
    let event = entry(&scene.rules.events, kind.index(), "event kind")?;
    let (selection, locals) = match &event.source {
        EventSource::Sent | EventSource::Stage { .. } => return Ok(Vec::new()),
        EventSource::Periodic { for_each, locals, .. } => (for_each.as_ref(), locals),
        EventSource::OnDate { for_each, locals, .. } => (Some(for_each), locals),
    };
    let scope = Scope::of(locals);
    let rows = match (selection, row) {
        (None, _) => Ok(vec![None]),
        (Some(selection), None) => selected(scene, selection, &scope),
        (Some(selection), Some(row)) => match counts(scene, selection, row, scope) {
            Ok(true) => Ok(vec![Some(row.clone())]),
            Ok(false) => Ok(Vec::new()),
            Err(stop) => Err(stop),
        },
    };
    let (kind, day) = (*kind, Some(*day));
    let rows = match rows {
        Ok(rows) => rows,
        Err(stop) => return Ok(vec![Made { kind, day, event: Err(stop) }]),
    };
    let made = |row: Option<Value>| {
        let mut stored = vec![Value::Date(due.day)];
        stored.extend(row);
        Made { kind, day, event: Ok(EventAtHand::new(kind, stored)) }
    };
    Ok(rows.into_iter().map(made).collect())
}

fn selected(
    scene: &Scene<'_>,
    selection: &Selection,
    scope: &Scope,
) -> Result<Vec<Option<Value>>, Stop> {
    let row = |scope: &Scope| Ok(Some(scope.local(selection.binding)?.clone()));
    scene.selected(selection, scope)?.iter().map(row).collect()
}

fn counts(
    scene: &Scene<'_>,
    selection: &Selection,
    row: &Value,
    mut scope: Scope,
) -> Result<bool, Stop> {
    scope.bind(selection.binding, row.clone())?;
    match &selection.condition {
        Some(condition) => scene.value(condition, &mut scope)?.bool(),
        None => Ok(true),
    }
}

/// The events of a stage: one for every period in which anything was moved to or from the family.
pub(super) fn stage_events(scene: &Scene<'_>, kind: EventId) -> Result<Vec<Made>, Stop> {
    let event = entry(&scene.rules.events, kind.index(), "event kind")?;
    let EventSource::Stage { closes, kind: length, condition, .. } = &event.source else {
        return Ok(Vec::new());
    };
    let days = scene.books.state.days(*closes);
    let mut periods: Vec<Period> = days.into_iter().map(|day| Period::of(*length, day)).collect();
    periods.sort();
    periods.dedup();
    periods.retain(|period| in_force(event.from, event.until, period.end()));
    let of_period = |period: Period| {
        let here = Scene { event: None, day: period.end(), ..*scene };
        let event = taken_out(&here, event, kind, *closes, condition.as_ref(), period);
        Made { kind, day: Some(period.end()), event }
    };
    Ok(periods.into_iter().map(of_period).collect())
}

/// The event that takes out what the accounts of a family gained in a period.
fn taken_out(
    scene: &Scene<'_>,
    event: &Event,
    kind: EventId,
    family: AccountId,
    condition: Option<&Formula>,
    period: Period,
) -> Result<EventAtHand, Stop> {
    let shape = match event.fields.get(2).map(|field| &field.ty) {
        Some(Type::List(inner)) => match inner.required() {
            Type::Row(shape) => *shape,
            _ => return Err(mistyped("list of rows")),
        },
        _ => return Err(mistyped("list of rows")),
    };
    let mut closed = Vec::new();
    let mut rows = Vec::new();
    let mut sum = Number::zero();
    for (key, values, amount) in gains_by_key(scene.rules, scene.books.state, family, period)? {
        let mut values = values;
        values.push(Value::Number(amount.clone()));
        let pieces = vec![RowPiece { from: None, until: None, values }];
        let row = Row { shape, place: RowPlace::Record(rows.len()), pieces };
        let row = Value::Row(Rc::new(row));
        if let Some(formula) = condition {
            let before = EventAtHand::new(kind, vec![Value::Date(scene.day)]);
            let here = Scene { event: Some(&before), ..*scene };
            let mut scope = Scope::of(&formula.locals);
            scope.bind(crate::model::LocalIx(0), row.clone())?;
            if !here.value(&formula.expr, &mut scope)?.bool()? {
                continue;
            }
        }
        sum += &amount;
        rows.push(row);
        closed.push((key, amount));
    }
    let stored = vec![Value::Date(scene.day), Value::Number(sum), Value::List(rows)];
    let mut event = EventAtHand::new(kind, stored);
    event.closed = closed;
    Ok(event)
}

/// A key, its parts as values, and the gain under it.
type Gain = (Key, Vec<Value>, Number);

/// All members where every part of the key is one (of regions with parts those that have no part, and
/// any other with a balance), else the keys that occur, in their order.
fn gains_by_key(
    rules: &RuleSet,
    state: &State,
    family: AccountId,
    period: Period,
) -> Result<Vec<Gain>, Stop> {
    let types = &entry(&rules.accounts, family.index(), "account")?.keys;
    let mut gains = Vec::new();
    for (key, amount) in state.gains(family, period.start(), period.end()) {
        let values = types.iter().zip(&key).map(|(ty, cell)| from_cell(rules, ty, cell));
        gains.push((key.clone(), values.collect::<Result<Vec<_>, _>>()?, amount));
    }
    let enumerations: Option<Vec<_>> = types.iter().map(enumeration_of).collect();
    if let Some(enumerations) = enumerations {
        gains.retain(|(.., amount)| !amount.is_zero());
        let mut keys: Vec<Vec<u32>> = vec![Vec::new()];
        for enumeration in enumerations {
            let leaves = undivided(rules, enumeration)?;
            keys = keys
                .iter()
                .flat_map(|front| {
                    leaves.iter().map(|member| [front.as_slice(), &[*member]].concat())
                })
                .collect();
        }
        for key in keys {
            let cells: Key = key.iter().map(|member| Cell::Member(*member)).collect();
            if !gains.iter().any(|(occurs, ..)| *occurs == cells) {
                let values = key.into_iter().map(Value::Member).collect();
                gains.push((cells, values, Number::zero()));
            }
        }
    }
    let mut failure = Ok(());
    gains.sort_by(|(_, left, _), (_, right, _)| {
        compare_keys(left, right).unwrap_or_else(|stop| {
            failure = Err(stop);
            std::cmp::Ordering::Equal
        })
    });
    failure.map(|()| gains)
}

fn enumeration_of(ty: &Type) -> Option<crate::model::EnumerationId> {
    match ty.required() {
        Type::Member(enumeration) => Some(*enumeration),
        _ => None,
    }
}

/// The members that no other one lies in.
fn undivided(rules: &RuleSet, enumeration: crate::model::EnumerationId) -> Result<Vec<u32>, Stop> {
    let members = &entry(&rules.enumerations, enumeration.index(), "enumeration")?.members;
    let at = members.iter().enumerate().map(|(at, _)| MemberIx::next(at));
    let is_parent = |at: &MemberIx| members.iter().any(|member| member.parent == Some(*at));
    Ok(at.filter(|at| !is_parent(at)).map(|at| at.0).collect())
}
