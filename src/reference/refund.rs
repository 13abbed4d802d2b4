//! Refunds that name the event they reverse: section 5 of the page.

use std::collections::HashMap;
use std::rc::Rc;

use num_traits::{Signed, Zero};

use crate::base::{Date, Money};
use crate::model::{EventId, Settlement, TallyId};
use crate::rows::Reason;

use super::error::{Stop, entry};
use super::event::{Finished, additions, check_balances, inflow_field, money};
use super::number::{self, Number};
use super::outcome::{Leaf, Payee};
use super::scene::{EventAtHand, Scene};
use super::sheet::{Destination, Sheet};
use super::state::{Changes, Key};
use super::value::{Value, to_cell};

/// The allocated events that a refund may name, by kind and key.
pub(super) type Records = HashMap<(EventId, Key), Record>;

/// An allocated event, as far as a refund has to know it.
pub(super) struct Record {
    pub event: Rc<EventAtHand>,
    pub day: Date,
    pub inflow: Number,
    /// Absent where nothing was split.
    pub settlement: Option<Settlement>,
    pub leaves: Vec<RecordLeaf>,
    /// What legs into pools added to tallies.
    pub pool_feeds: Vec<(TallyId, Key, Number)>,
    /// How much of the inflow was reversed so far, with the sign of the inflow.
    pub reversed: Number,
}

pub(super) struct RecordLeaf {
    pub payee: Payee,
    pub leg: Option<u32>,
    pub amount: Number,
    pub feeds: Vec<(TallyId, Key)>,
    pub given_back: Number,
}

/// What a refund says of itself.
pub(super) struct Refund {
    /// The event it reverses.
    pub original: (EventId, Key),
    /// What is paid back of it.
    pub amount: Number,
}

/// The event that the one at hand says it reverses, if it says so.
pub(super) fn named(scene: &Scene<'_>) -> Result<Option<Refund>, Stop> {
    let Some((field, kind)) = scene.kind()?.reverses else { return Ok(None) };
    let name = scene.field(field)?;
    if name.is_missing() {
        return Ok(None);
    }
    let original = entry(&scene.rules.events, kind.index(), "event kind")?;
    let key = match original.unique.as_slice() {
        [field] => {
            let field = entry(&original.fields, field.index(), "field")?;
            vec![to_cell(scene.rules, &field.ty, &name)?]
        }
        _ => return Err(Reason::NothingToReverse.into()),
    };
    Ok(Some(Refund { original: (kind, key), amount: -inflow_field(scene)? }))
}

/// Gives back, of each leaf of the original, its share in all that was reversed by now, less what was
/// given back before.
pub(super) fn evaluate(
    scene: &Scene<'_>,
    records: &mut Records,
    refund: &Refund,
    scale: u8,
) -> Result<Finished, Stop> {
    let Refund { original, amount: refund } = refund;
    let record = records.get_mut(original).ok_or(Stop::Aside(Reason::NothingToReverse))?;
    let all = number::sum(&record.reversed, refund)?;
    let same_side = (refund.is_positive() && record.inflow.is_positive())
        || (refund.is_negative() && record.inflow.is_negative());
    if !same_side || all.abs() > record.inflow.abs() {
        return Err(Reason::ReversesTooMuch.into());
    }
    let part = number::quotient(&all, &record.inflow)?;
    let targets = targets(scene, record, &part, &all, scale)?;
    let mut changes = additions(scene)?;
    let mut leaves = Vec::new();
    for (leaf, target) in record.leaves.iter().zip(&targets) {
        let back = target - &leaf.given_back;
        if back.is_zero() {
            continue;
        }
        for (tally, key) in &leaf.feeds {
            changes.adds.push((*tally, key.clone(), -&back));
        }
        if let Payee::Account(account, key) = &leaf.payee {
            changes.moves.push((crate::model::AccountId(*account), key.clone(), -&back));
        }
        let amount = money(&-back, scale)?;
        leaves.push(Leaf { payee: leaf.payee.clone(), amount, leg: leaf.leg });
    }
    let this = number::quotient(refund, &record.inflow)?;
    for (tally, key, amount) in &record.pool_feeds {
        changes.adds.push((*tally, key.clone(), -number::product(amount, &this)?));
    }
    check_balances(scene, &changes)?;
    for (leaf, target) in record.leaves.iter_mut().zip(targets) {
        leaf.given_back = target;
    }
    record.reversed = all;
    finished(leaves, changes, &-refund, scale)
}

fn finished(
    leaves: Vec<Leaf>,
    changes: Changes,
    inflow: &Number,
    scale: u8,
) -> Result<Finished, Stop> {
    let inflow: Money = money(inflow, scale)?;
    let (figures, open_items) = (Vec::new(), Vec::new());
    Ok(Finished { leaves, figures, open_items, inflow, changes, record: None })
}

/// What of each leaf has to be given back by now: a part of it, settled like the original.
fn targets(
    scene: &Scene<'_>,
    record: &mut Record,
    part: &Number,
    all: &Number,
    scale: u8,
) -> Result<Vec<Number>, Stop> {
    let mut sheet = Sheet::new(number::unit(scale));
    let mut members = Vec::new();
    for leaf in &record.leaves {
        let to = Destination::Payee(leaf.payee.clone());
        let amount = number::product(&leaf.amount, part)?;
        members.push(sheet.add_part(to, None, amount, &[]));
    }
    let settlement = match &record.settlement {
        // The running entitlement is of what comes in; a refund takes back what was given of it.
        None | Some(Settlement::CarriedPer(_)) => &Settlement::LargestRemainder,
        Some(settlement) => settlement,
    };
    let units = (all / &sheet.unit).trunc().to_integer();
    let as_then = Scene { event: Some(&record.event), day: record.day, ..*scene };
    let own = sheet.settle(&as_then, settlement, &members, &units, all.is_negative())?;
    let mut targets = Vec::new();
    for at in &members {
        targets.push(sheet.part(*at)?.amount.clone());
    }
    if let Some(own) = own {
        let part = sheet.part(own)?.clone();
        let Destination::Payee(payee) = part.to else { return Ok(targets) };
        let known = |leaf: &RecordLeaf| leaf.leg.is_none() && leaf.payee == payee;
        match record.leaves.iter().position(known).and_then(|at| targets.get_mut(at)) {
            Some(target) => *target += part.amount,
            None => {
                record.leaves.push(RecordLeaf {
                    payee,
                    leg: None,
                    amount: Number::zero(),
                    feeds: Vec::new(),
                    given_back: Number::zero(),
                });
                targets.push(part.amount);
            }
        }
    }
    Ok(targets)
}

/// Whether a refund may name events of a kind.
pub(super) fn may_be_named(scene: &Scene<'_>, kind: EventId) -> bool {
    let mut events = scene.rules.events.iter();
    events.any(|event| event.reverses.is_some_and(|(_, original)| original == kind))
}

/// The key of an event, by which it is told from others of its kind.
pub(super) fn key_of(scene: &Scene<'_>) -> Result<Key, Stop> {
    let declared = scene.kind()?;
    let part = |field: &crate::model::FieldIx| {
        let ty = &entry(&declared.fields, field.index(), "field")?.ty;
        let value: Value = scene.field(*field)?;
        to_cell(scene.rules, ty, &value)
    };
    declared.unique.iter().map(part).collect()
}
