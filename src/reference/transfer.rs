//! Levies and transfers: money that comes in by a rule, and money that changes accounts.

use num_traits::{Signed, Zero};

use crate::model::{AccountId, Body, Levy, Transfer};
use crate::rows::Reason;

use super::error::Stop;
use super::leg::{destination, feed_key, payee};
use super::number::{self, Number};
use super::outcome::Payee;
use super::pool::{cases, holds, not_overridden};
use super::scene::{Scene, Scope};
use super::sheet::{Destination, LegUse, Sheet};
use super::value::in_force;

/// Raises every levy that holds, in the order of declaration. Gives the sum of the dues.
pub(super) fn raise_levies(scene: &Scene<'_>, sheet: &mut Sheet) -> Result<Number, Stop> {
    let kind = scene.event()?.kind;
    let mut dues = Number::zero();
    for levy in scene.rules.levies.iter().filter(|levy| in_force(levy.from, levy.until, scene.day))
    {
        for case in levy.cases.iter().filter(|case| case.event == kind) {
            let mut scope = Scope::of(&case.locals);
            if !holds(scene, &case.steps, &mut scope)? {
                continue;
            }
            let due = scene.value(&case.due, &mut scope)?.number()?;
            refuse_negative(levy, &due)?;
            if due.is_zero() {
                continue;
            }
            let feed = match &case.feed {
                Some(feed) => Some(feed_key(scene, feed, &mut scope)?),
                None => None,
            };
            let to = destination(scene, &case.into, &mut scope)?;
            let amount = due.clone();
            sheet.uses.push(LegUse { feed, limits: Vec::new(), amount, settled: true });
            let uses = [sheet.uses.len() - 1];
            let part = sheet.add_fixed(to, Some(levy.leg), due.clone(), &uses);
            sheet.fill(&[part])?;
            sheet.head.push(part);
            dues = number::sum(&dues, &due)?;
        }
    }
    Ok(dues)
}

fn refuse_negative(levy: &Levy, due: &Number) -> Result<(), Stop> {
    if due.is_negative() && !levy.may_refund {
        let due = number::to_exact(due)?;
        return Err(Reason::NegativeLevy { levy: levy.id.0, due }.into());
    }
    Ok(())
}

/// Makes the transfers of every rule that applies, in the order of declaration.
pub(super) fn make_transfers(scene: &Scene<'_>, sheet: &mut Sheet) -> Result<(), Stop> {
    let mut applying = Vec::new();
    for (rule, case) in cases(scene.rules, scene.event()?.kind) {
        let Body::Transfers(transfers) = &case.body else { continue };
        if !in_force(rule.from, rule.until, scene.day) {
            continue;
        }
        let mut scope = Scope::of(&case.locals);
        if holds(scene, &case.steps, &mut scope)? {
            applying.push((rule.id, (transfers, scope)));
        }
    }
    for (_, (transfers, scope)) in not_overridden(scene.rules, applying)? {
        for transfer in transfers {
            let rows = match &transfer.for_each {
                Some(selection) => scene.selected(selection, &scope)?,
                None => vec![scope.clone()],
            };
            for mut row in rows {
                make(scene, sheet, transfer, &mut row)?;
            }
        }
    }
    Ok(())
}

fn make(
    scene: &Scene<'_>,
    sheet: &mut Sheet,
    transfer: &Transfer,
    scope: &mut Scope,
) -> Result<(), Stop> {
    let Some(amount) = &transfer.amount else {
        sheet.open_items.push(transfer.leg.0);
        return Ok(());
    };
    let amount = scene.value(amount, scope)?.number()?;
    if !(&amount / &sheet.unit).is_integer() {
        return Err(Reason::TransferNotWhole { leg: transfer.leg.0 }.into());
    }
    if amount.is_zero() {
        return Ok(());
    }
    let feed = match &transfer.feed {
        Some(feed) => Some(feed_key(scene, feed, scope)?),
        None => None,
    };
    sheet.uses.push(LegUse { feed, limits: Vec::new(), amount: amount.clone(), settled: true });
    let uses = [sheet.uses.len() - 1];
    let mut parts = Vec::new();
    let mut left = amount.clone();
    for (at, place) in transfer.from.iter().enumerate() {
        let from = payee(scene, place, scope)?;
        let is_last = at + 1 == transfer.from.len();
        let drawn = if is_last {
            left.clone()
        } else if amount.is_negative() {
            Number::zero()
        } else {
            balance(scene, sheet, &from)?.max(Number::zero()).min(left.clone())
        };
        left -= &drawn;
        if !drawn.is_zero() {
            let from = Destination::Payee(from);
            parts.push(sheet.add_fixed(from, Some(transfer.leg), -drawn, &[]));
        }
    }
    let to = destination(scene, &transfer.to, scope)?;
    // What the transfer's tally counts is what arrives.
    parts.push(sheet.add_fixed(to, Some(transfer.leg), amount, &uses));
    sheet.fill(&parts)?;
    sheet.head.extend(parts);
    Ok(())
}

/// What is in an account, with the levies and transfers of this event so far.
fn balance(scene: &Scene<'_>, sheet: &Sheet, payee: &Payee) -> Result<Number, Stop> {
    let Payee::Account(account, key) = payee else { return Ok(Number::zero()) };
    let before = scene.books.balance(AccountId(*account), key);
    let here = sheet.parts.iter().filter(|part| match &part.to {
        Destination::Payee(other) => other == payee,
        Destination::Pool(..) => false,
    });
    Ok(before + here.map(|part| &part.amount).sum::<Number>())
}
