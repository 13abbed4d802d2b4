//! One event, from its fields to its figures: section 2 of the page.

use std::rc::Rc;

use num_traits::{Signed, Zero};

use crate::base::{Date, Money};
use crate::model::{AccountId, EventSource, FieldIx, Settlement, TallyId, Type};
use crate::rows::{Cell, Reason};

use super::error::{ReferenceError, Stop, entry};
use super::number::{self, Number};
use super::outcome::{Figure, Leaf, Payee};
use super::pool::empty_all;
use super::refund::{self, Record, RecordLeaf, Records};
use super::scene::{EventAtHand, Scene, Scope};
use super::sheet::{Destination, Part, Sheet};
use super::state::{Books, Changes, Key};
use super::transfer::{make_transfers, raise_levies};
use super::value::{RowPlace, Value, row_fields, scale, to_cell};

/// A finished event.
pub(super) struct Finished {
    pub leaves: Vec<Leaf>,
    pub figures: Vec<Figure>,
    pub open_items: Vec<u32>,
    pub inflow: Money,
    pub changes: Changes,
    /// What a refund of this event has to know; absent for one that is a refund of another.
    pub record: Option<Record>,
}

/// Works an event out, entirely or not at all.
pub(super) fn evaluate(
    scene: &Scene<'_>,
    event: &Rc<EventAtHand>,
    records: &mut Records,
) -> Result<Finished, Stop> {
    require_fields(scene)?;
    let scale = scale_of(scene)?;
    if let Some(refund) = refund::named(scene)? {
        return refund::evaluate(scene, records, &refund, scale);
    }
    let mut sheet = Sheet::new(number::unit(scale));
    take_out(scene, &mut sheet)?;
    let dues = raise_levies(scene, &mut sheet)?;
    make_transfers(scene, &mut sheet)?;
    let field = inflow_field(scene)?;
    let settling = empty_all(scene, &mut sheet, &field)?;
    let settlement = settling.and_then(|case| case.settlement.clone());
    settle(scene, &mut sheet, settlement.as_ref())?;
    // A stage brings nothing: it has taken out what it divides.
    let closed = scene.event()?.closed.iter().map(|(_, amount)| amount).sum::<Number>();
    let brought = number::sum(&dues, &field)? - closed;
    conserves(&sheet, &brought)?;

    let record = record(scene, event, &sheet, settlement, &brought)?;
    let changes = changes(scene, &mut sheet)?;
    let figures = figures(scene, &changes)?;
    Ok(Finished {
        leaves: leaves(&sheet, scale)?,
        figures,
        open_items: sheet.open_items,
        inflow: money(&brought, scale)?,
        changes,
        record: Some(record),
    })
}

fn require_fields(scene: &Scene<'_>) -> Result<(), Stop> {
    for ((field, value), at) in scene.kind()?.fields.iter().zip(&scene.event()?.stored).zip(0..) {
        let is_optional = matches!(field.ty, Type::Optional(_));
        if field.computed.is_none() && !is_optional && value.is_missing() {
            return Err(Reason::FieldMissing { field: at }.into());
        }
    }
    Ok(())
}

/// The decimals of the event's money: of its inflow, else of a levy's due, else of a transfer.
pub(super) fn scale_of(scene: &Scene<'_>) -> Result<u8, Stop> {
    let kind = scene.event()?.kind;
    let declared = scene.kind()?;
    let inflow = declared.inflow.and_then(|field| declared.fields.get(field.index()));
    let cases = scene.rules.levies.iter().flat_map(|levy| &levy.cases);
    let mut dues = cases.filter(|case| case.event == kind).map(|case| &case.due.ty);
    let mut moved = super::pool::cases(scene.rules, kind).flat_map(|(_, case)| match &case.body {
        crate::model::Body::Transfers(transfers) => transfers.as_slice(),
        crate::model::Body::Split(_) => &[],
    });
    let moved = moved.find_map(|transfer| transfer.amount.as_ref().map(|amount| &amount.ty));
    let ty = inflow.map(|field| &field.ty).or_else(|| dues.next()).or(moved);
    match ty.map(Type::required) {
        Some(Type::Money(currency)) => scale(scene.rules, *currency),
        _ => scale(scene.rules, crate::model::CurrencyId(0)),
    }
}

/// What the inflow field says; nothing where there is none.
pub(super) fn inflow_field(scene: &Scene<'_>) -> Result<Number, Stop> {
    let Some(field) = scene.kind()?.inflow else { return Ok(Number::zero()) };
    let inflow = match scene.field(field)? {
        Value::Missing => Number::zero(),
        value => value.number()?,
    };
    let scale = scale_of(scene)?;
    if !(&inflow / number::unit(scale)).is_integer() {
        return Err(Reason::InflowNotWhole.into());
    }
    money(&inflow, scale).map(|_| inflow)
}

/// A stage takes the balances it closes out of their accounts.
fn take_out(scene: &Scene<'_>, sheet: &mut Sheet) -> Result<(), Stop> {
    let EventSource::Stage { closes, .. } = &scene.kind()?.source else { return Ok(()) };
    for (key, amount) in &scene.event()?.closed {
        if !amount.is_zero() {
            let payee = Payee::Account(closes.0, key.clone());
            let part = sheet.add_fixed(Destination::Payee(payee), None, -amount, &[]);
            sheet.head.push(part);
        }
    }
    Ok(())
}

/// Settles what no split has settled yet.
fn settle(
    scene: &Scene<'_>,
    sheet: &mut Sheet,
    settlement: Option<&Settlement>,
) -> Result<(), Stop> {
    let Some(settlement) = settlement else { return Ok(()) };
    let mut members = Vec::new();
    let mut total = Number::zero();
    for at in sheet.leaves()? {
        let part = sheet.part(at)?;
        if !part.fixed {
            members.push(at);
            total += &part.amount;
        }
    }
    let units = (total / &sheet.unit).trunc().to_integer();
    let own = sheet.settle(scene, settlement, &members, &units, units.is_negative())?;
    sheet.head.extend(own);
    Ok(())
}

fn conserves(sheet: &Sheet, brought: &Number) -> Result<(), Stop> {
    let mut total = Number::zero();
    for at in sheet.leaves()? {
        total += &sheet.part(at)?.amount;
    }
    if total == *brought { Ok(()) } else { Err(Stop::Broken(ReferenceError::NotConserved)) }
}

fn leaves(sheet: &Sheet, scale: u8) -> Result<Vec<Leaf>, Stop> {
    let mut leaves = Vec::new();
    for at in sheet.leaves()? {
        let Part { to, leg, amount, .. } = sheet.part(at)?;
        if let (Destination::Payee(payee), false) = (to, amount.is_zero()) {
            let payee = payee.clone();
            leaves.push(Leaf { payee, amount: money(amount, scale)?, leg: leg.map(|leg| leg.0) });
        }
    }
    Ok(leaves)
}

/// An amount that is whole by now.
pub(super) fn money(amount: &Number, scale: u8) -> Result<Money, Stop> {
    let units = number::minor(amount, scale).ok_or(Stop::Aside(Reason::TooWide))?;
    Ok(Money::from_minor(units))
}

/// What the finished event changes: totals, carried values, latches, balances.
fn changes(scene: &Scene<'_>, sheet: &mut Sheet) -> Result<Changes, Stop> {
    let mut changes = additions(scene)?;
    for (at, taken) in sheet.uses.iter().enumerate() {
        if let Some((tally, key)) = &taken.feed {
            changes.adds.push((*tally, key.clone(), sheet.taken(at)));
        }
    }
    for (carry, declared) in scene.rules.carries.iter().enumerate() {
        for change in &declared.changes {
            if let Some((key, value)) = scene.change(change, &declared.keys)? {
                changes.carried.push((crate::model::CarryId::next(carry), key, value));
            }
        }
    }
    for at in sheet.leaves()? {
        let part = sheet.part(at)?;
        if let Destination::Payee(Payee::Account(account, key)) = &part.to
            && !part.amount.is_zero()
        {
            changes.moves.push((AccountId(*account), key.clone(), part.amount.clone()));
        }
    }
    changes.owed.append(&mut sheet.owed);
    changes.closed.append(&mut sheet.closed);
    for latch in &sheet.latches {
        let books = Books { state: scene.books.state, changes: Some((&changes, scene.day)) };
        let total = books.total(latch.tally, &super::sheet::asked(&latch.key), None);
        if total >= latch.bound {
            changes.closed.push((latch.leg, latch.key.clone()));
        }
    }
    check_balances(scene, &changes)?;
    Ok(changes)
}

/// What the event adds to tallies by their own feeders.
pub(super) fn additions(scene: &Scene<'_>) -> Result<Changes, Stop> {
    let mut changes = Changes::default();
    for (at, _) in scene.rules.tallies.iter().enumerate() {
        let tally = TallyId::next(at);
        for (key, amount) in scene.additions(tally)? {
            changes.adds.push((tally, key, amount));
        }
    }
    Ok(changes)
}

/// Refuses an event that would draw an account that holds below zero, or one whose balance counts
/// beyond the range of amounts.
pub(super) fn check_balances(scene: &Scene<'_>, changes: &Changes) -> Result<(), Stop> {
    let scale = scale_of(scene)?;
    let books = Books { state: scene.books.state, changes: Some((changes, scene.day)) };
    for (account, key, _) in &changes.moves {
        let declared = entry(&scene.rules.accounts, account.index(), "account")?;
        let balance = books.balance(*account, key);
        if declared.holds || is_closed(scene, *account) {
            money(&balance, scale)?;
        }
        if declared.holds && balance.is_negative() {
            let key = key.clone();
            return Err(Reason::BalanceBelowZero { account: account.0, key }.into());
        }
    }
    Ok(())
}

fn is_closed(scene: &Scene<'_>, account: AccountId) -> bool {
    scene
        .rules
        .events
        .iter()
        .any(|event| matches!(event.source, EventSource::Stage { closes, .. } if closes == account))
}

/// Works the figures out, as things stand after the event.
fn figures(scene: &Scene<'_>, changes: &Changes) -> Result<Vec<Figure>, Stop> {
    let books = Books { state: scene.books.state, changes: Some((changes, scene.day)) };
    let after = Scene { books, ..*scene };
    let kind = scene.event()?.kind;
    let mut figures = Vec::new();
    for declared in scene.rules.figures.iter().filter(|figure| figure.event == kind) {
        let scope = Scope::of(&declared.locals);
        let rows = match &declared.for_each {
            Some(selection) => after.selected(selection, &scope)?,
            None => vec![scope],
        };
        for mut row in rows {
            let wanted = match &declared.when {
                Some(when) => after.value(when, &mut row)?.bool()?,
                None => true,
            };
            if !wanted {
                continue;
            }
            let value = after.value(&declared.value, &mut row)?;
            let value = to_cell(scene.rules, &declared.value.ty, &value)?;
            let key = match &declared.for_each {
                Some(selection) => {
                    let ty = entry(&declared.locals, selection.binding.index(), "local name")?;
                    row_key(scene, &ty.ty, row.local(selection.binding)?)?
                }
                None => Vec::new(),
            };
            figures.push(Figure { figure: declared.id.0, key, value });
        }
    }
    Ok(figures)
}

/// The key a row is known by outside.
fn row_key(scene: &Scene<'_>, ty: &Type, row: &Value) -> Result<Key, Stop> {
    if let (EventSource::Stage { closes, .. }, Value::Row(row)) = (&scene.kind()?.source, row)
        && matches!(row.place, RowPlace::Record(_))
    {
        let parts = &entry(&scene.rules.accounts, closes.index(), "account")?.keys;
        let fields: Vec<FieldIx> = (0..parts.len()).map(FieldIx::next).collect();
        return row_fields(scene.rules, row, &fields);
    }
    match to_cell(scene.rules, ty, row)? {
        Cell::Record(parts) => Ok(parts),
        cell => Ok(vec![cell]),
    }
}

/// Notes down what a refund of this event would need.
fn record(
    scene: &Scene<'_>,
    event: &Rc<EventAtHand>,
    sheet: &Sheet,
    settlement: Option<Settlement>,
    inflow: &Number,
) -> Result<Record, Stop> {
    let feeds = |uses: &[usize]| {
        let uses = uses.iter().filter_map(|at| sheet.uses.get(*at));
        uses.filter_map(|taken| taken.feed.clone()).collect::<Vec<_>>()
    };
    let mut leaves = Vec::new();
    for at in sheet.leaves()? {
        let part = sheet.part(at)?;
        if let (Destination::Payee(payee), false) = (&part.to, part.amount.is_zero()) {
            leaves.push(RecordLeaf {
                payee: payee.clone(),
                leg: part.leg.map(|leg| leg.0),
                amount: part.amount.clone(),
                feeds: feeds(&part.uses),
                given_back: Number::zero(),
            });
        }
    }
    let into_pools = sheet.parts.iter().filter(|part| matches!(part.to, Destination::Pool(..)));
    let pool_feeds = into_pools.flat_map(|part| {
        feeds(&part.uses).into_iter().map(|(tally, key)| (tally, key, part.amount.clone()))
    });
    Ok(Record {
        event: Rc::clone(event),
        day: scene.day,
        inflow: inflow.clone(),
        settlement,
        leaves,
        pool_feeds: pool_feeds.collect(),
        reversed: Number::zero(),
    })
}

/// The day an event takes effect.
pub(super) fn effective_date(scene: &Scene<'_>) -> Result<Date, Stop> {
    let field = scene.kind()?.effective;
    match scene.field(field)? {
        Value::Missing => Err(Reason::FieldMissing { field: field.0 }.into()),
        value => value.date(),
    }
}
