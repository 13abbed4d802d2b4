//! Two ledgers side by side: before, after, difference, and the events that moved most.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::base::{Date, Money};
use crate::rows::Cell;

use super::ledger::{Key, Ledger, Payee, Taken};

/// What differs between two runs over the same events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// By account, currency and year, in the order accounts first occurred; those that are zero in
    /// both are left out.
    pub lines: Vec<Line>,
    /// Events that moved most, currency by currency, the largest first; events that moved alike in
    /// the order taken.
    pub movers: Vec<Mover>,
    /// How many events gave something else than before.
    pub events_changed: u64,
    /// How much money changed hands in each currency: what accounts gained, event by event.
    pub moved: BTreeMap<u32, Money>,
    /// Events set aside before and after.
    pub set_aside: (u64, u64),
    /// Whether every sum stayed in range.
    pub whole: bool,
}

/// An account in a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Whose.
    pub payee: Payee,
    /// In which currency.
    pub currency: u32,
    /// Which year.
    pub year: i32,
    /// What it got in the first run.
    pub before: Money,
    /// What it got in the second.
    pub after: Money,
}

/// An event that gave something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mover {
    /// Its kind.
    pub event: u32,
    /// Its key, and its date.
    pub key: Vec<Cell>,
    /// Its date.
    pub date: Date,
    /// In which currency.
    pub currency: u32,
    /// How much moved: what accounts gained or lost by it, whichever is more.
    pub moved: Money,
    /// Between whom.
    pub changes: Vec<Change>,
}

/// What an account got of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Whose.
    pub payee: Payee,
    /// In the first run.
    pub before: Money,
    /// In the second.
    pub after: Money,
}

/// Holds two runs over the same events against each other, with at most `movers_max` movers in each currency.
pub fn compare(before: &Ledger, after: &Ledger, movers_max: usize) -> Comparison {
    let mut whole = !before.overflow && !after.overflow;
    let later: HashMap<&Key, &Taken> =
        after.events.iter().map(|taken| (&taken.key, taken)).collect();
    let earlier: HashMap<&Key, ()> = before.events.iter().map(|taken| (&taken.key, ())).collect();
    let pairs = before.events.iter().map(|taken| (Some(taken), later.get(&taken.key).copied()));
    let only_after = after.events.iter().filter(|taken| !earlier.contains_key(&taken.key));
    let mut comparison = Comparison {
        lines: lines(before, after),
        movers: Vec::new(),
        events_changed: 0,
        moved: BTreeMap::new(),
        set_aside: (before.set_aside, after.set_aside),
        whole: true,
    };
    for (old, new) in pairs.chain(only_after.map(|taken| (None, Some(taken)))) {
        let Some(mover) = mover((before, old), (after, new)) else { continue };
        comparison.events_changed += 1;
        let moved = comparison.moved.entry(mover.currency).or_insert(Money::ZERO);
        match moved.checked_add(mover.moved) {
            Some(more) => *moved = more,
            None => whole = false,
        }
        take_in(&mut comparison.movers, mover, movers_max);
    }
    comparison.whole = whole;
    comparison
}

/// Puts a mover in its place, and leaves out what is beyond the most of its currency.
fn take_in(movers: &mut Vec<Mover>, mover: Mover, movers_max: usize) {
    let currency = mover.currency;
    let place = movers.partition_point(|other| {
        (other.currency, Reverse(other.moved)) <= (currency, Reverse(mover.moved))
    });
    movers.insert(place, mover);
    let end = movers.partition_point(|other| other.currency <= currency);
    let start = movers.partition_point(|other| other.currency < currency);
    if end - start > movers_max {
        movers.remove(end - 1);
    }
}

fn lines(before: &Ledger, after: &Ledger) -> Vec<Line> {
    let new = after.payees.iter().filter(|payee| !before.payees.contains(payee));
    let payees: Vec<&Payee> = before.payees.iter().chain(new).collect();
    let periods: BTreeSet<(u32, i32)> =
        before.sums.keys().chain(after.sums.keys()).map(|(_, of, year)| (*of, *year)).collect();
    let sum = |ledger: &Ledger, payee: &Payee, (of, year): (u32, i32)| {
        let position = ledger.payees.iter().position(|known| known == payee);
        let sum = position.and_then(|at| ledger.sums.get(&(at, of, year)));
        sum.copied().unwrap_or(Money::ZERO)
    };
    let mut lines = Vec::new();
    for payee in payees {
        for period in &periods {
            let (currency, year) = *period;
            let (old, new) = (sum(before, payee, *period), sum(after, payee, *period));
            if !old.is_zero() || !new.is_zero() {
                let payee = payee.clone();
                lines.push(Line { payee, currency, year, before: old, after: new });
            }
        }
    }
    lines
}

/// What an event gave in each run, if that differs.
fn mover(
    (before, old): (&Ledger, Option<&Taken>),
    (after, new): (&Ledger, Option<&Taken>),
) -> Option<Mover> {
    let named = |ledger: &Ledger, taken: Option<&Taken>| -> Vec<(Payee, Money)> {
        let amounts = taken.map_or(&[][..], |taken| &taken.amounts);
        amounts
            .iter()
            .filter_map(|(payee, amount)| Some((ledger.payees.get(*payee)?.clone(), *amount)))
            .collect()
    };
    let (old_amounts, new_amounts) = (named(before, old), named(after, new));
    let of = |amounts: &[(Payee, Money)], payee: &Payee| {
        let found = amounts.iter().find(|(known, _)| known == payee);
        found.map_or(Money::ZERO, |(_, amount)| *amount)
    };
    let mut changes = Vec::new();
    let (mut gained, mut lost) = (Money::ZERO, Money::ZERO);
    let only_new = new_amounts
        .iter()
        .filter(|(payee, _)| !old_amounts.iter().any(|(known, _)| known == payee));
    for (payee, _) in old_amounts.iter().chain(only_new) {
        let (was, is) = (of(&old_amounts, payee), of(&new_amounts, payee));
        if was != is {
            let gain = is.checked_sub(was).unwrap_or(Money::ZERO);
            let loss = was.checked_sub(is).unwrap_or(Money::ZERO);
            gained = gained.checked_add(gain.max(Money::ZERO)).unwrap_or(gained);
            lost = lost.checked_add(loss.max(Money::ZERO)).unwrap_or(lost);
            changes.push(Change { payee: payee.clone(), before: was, after: is });
        }
    }
    let taken = old.or(new)?;
    (!changes.is_empty()).then(|| Mover {
        event: taken.key.0,
        key: taken.key.1.clone(),
        date: taken.date,
        currency: taken.currency,
        // Where a levy is lower one loses and nobody gains.
        moved: gained.max(lost),
        changes,
    })
}
