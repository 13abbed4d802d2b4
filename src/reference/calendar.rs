//! Events that nobody sends: of the calendar, and of stages.

use std::rc::Rc;

use num_traits::Zero;

use crate::base::{Date, Period, PeriodKind};
use crate::model::{
    AccountId, Event, EventId, EventSource, Expr, Formula, MemberIx, RuleSet, Selection, Type,
};
use crate::rows::Cell;

use super::error::{Stop, entry, mistyped};
use super::number::Number;
use super::registers::compare_keys;
use super::scene::{EventAtHand, Scene, Scope};
use super::state::{Key, State};
use super::value::{Row, RowPiece, RowPlace, Value, from_cell};

/// An event that was made, or the reason why it could not be.
pub(super) struct Made {
    pub kind: EventId,
    pub day: Option<Date>,
    pub event: Result<EventAtHand, Stop>,
}

/// All calendar events between two days, both inside; a kind's in order of date, then of their rows.
pub(super) fn calendar_events(scene: &Scene<'_>, first: Date, last: Date) -> Vec<Made> {
    let mut made = Vec::new();
    for (at, event) in scene.rules.events.iter().enumerate() {
        let kind = EventId::next(at);
        match &event.source {
            EventSource::Sent | EventSource::Stage { .. } => {}
            EventSource::Periodic { kind: length, for_each, locals } => {
                for day in period_ends(*length, first, last) {
                    let here = Scene { event: None, day, ..*scene };
                    let rows = match for_each {
                        Some(selection) => rows(&here, selection, &Scope::of(locals)),
                        None => Ok(vec![(None, Scope::of(locals))]),
                    };
                    made.extend(of_rows(kind, rows, &|_| Ok(day)));
                }
            }
            EventSource::OnDate { date, for_each, locals } => {
                let here = Scene { event: None, day: last, ..*scene };
                let rows = rows(&here, for_each, &Scope::of(locals));
                let mut dated = of_rows(kind, rows, &|row| day_of(&here, date, row));
                dated.retain(|made| made.day.is_none_or(|day| first <= day && day <= last));
                dated.sort_by_key(|made| made.day);
                made.extend(dated);
            }
        }
    }
    made
}

fn day_of(scene: &Scene<'_>, date: &Expr, row: &Scope) -> Result<Date, Stop> {
    scene.value(date, &mut row.clone())?.date()
}

fn period_ends(kind: PeriodKind, first: Date, last: Date) -> impl Iterator<Item = Date> {
    let periods = std::iter::successors(Some(Period::of(kind, first)), |period| period.next());
    periods.map(Period::end).take_while(move |day| *day <= last)
}

type BoundRow = (Option<Value>, Scope);

fn rows(scene: &Scene<'_>, selection: &Selection, scope: &Scope) -> Result<Vec<BoundRow>, Stop> {
    let row = |scope: Scope| Ok((Some(scope.local(selection.binding)?.clone()), scope));
    scene.selected(selection, scope)?.into_iter().map(row).collect()
}

/// One event a row: its fields are the day and, if there is one, the row.
fn of_rows(
    kind: EventId,
    rows: Result<Vec<BoundRow>, Stop>,
    day_of: &dyn Fn(&Scope) -> Result<Date, Stop>,
) -> Vec<Made> {
    let rows = match rows {
        Ok(rows) => rows,
        Err(stop) => return vec![Made { kind, day: None, event: Err(stop) }],
    };
    let made = rows.into_iter().map(|(row, scope)| match day_of(&scope) {
        Err(stop) => Made { kind, day: None, event: Err(stop) },
        Ok(day) => {
            let mut stored = vec![Value::Date(day)];
            stored.extend(row);
            Made { kind, day: Some(day), event: Ok(EventAtHand::new(kind, stored)) }
        }
    });
    made.collect()
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
