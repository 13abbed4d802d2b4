//! Two ledgers side by side: before, after, difference, and the events that moved most.

use std::collections::{BTreeSet, HashMap};

use crate::base::{Date, Money};
use crate::rows::Cell;

use super::ledger::{Key, Ledger, Payee, Taken};

/// What differs between two runs over the same events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// By account and year, in the order accounts first occurred; those that are zero in both are
    /// left out.
    pub lines: Vec<Line>,
    /// Events that moved most, the largest first; events that moved alike in the order taken.
    pub movers: Vec<Mover>,
    /// How many events gave something else than before.
    pub events_changed: u64,
    /// How much money changed hands in all: what accounts gained, event by event.
    pub moved: Money,
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
    /// How much moved.
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

/// Holds two runs over the same events against each other, with at most `movers_max` movers.
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
        moved: Money::ZERO,
        set_aside: (before.set_aside, after.set_aside),
        whole: true,
    };
    for (old, new) in pairs.chain(only_after.map(|taken| (None, Some(taken)))) {
        let Some(mover) = mover((before, old), (after, new)) else { continue };
        comparison.events_changed += 1;
        match comparison.moved.checked_add(mover.moved) {
            Some(moved) => comparison.moved = moved,
            None => whole = false,
        }
        let place = comparison.movers.partition_point(|other| other.moved >= mover.moved);
        comparison.movers.insert(place, mover);
        comparison.movers.truncate(movers_max);
    }
    comparison.whole = whole;
    comparison
}

fn lines(before: &Ledger, after: &Ledger) -> Vec<Line> {
    let new = after.payees.iter().filter(|payee| !before.payees.contains(payee));
    let payees: Vec<&Payee> = before.payees.iter().chain(new).collect();
    let years: BTreeSet<i32> =
        before.sums.keys().chain(after.sums.keys()).map(|(_, year)| *year).collect();
    let sum = |ledger: &Ledger, payee: &Payee, year: i32| {
        let position = ledger.payees.iter().position(|known| known == payee);
        position.and_then(|at| ledger.sums.get(&(at, year)).copied()).unwrap_or(Money::ZERO)
    };
    let mut lines = Vec::new();
    for payee in payees {
        for year in &years {
            let (old, new) = (sum(before, payee, *year), sum(after, payee, *year));
            if !old.is_zero() || !new.is_zero() {
                lines.push(Line { payee: payee.clone(), year: *year, before: old, after: new });
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
    let mut moved = Money::ZERO;
    let only_new = new_amounts
        .iter()
        .filter(|(payee, _)| !old_amounts.iter().any(|(known, _)| known == payee));
    for (payee, _) in old_amounts.iter().chain(only_new) {
        let (was, is) = (of(&old_amounts, payee), of(&new_amounts, payee));
        if was != is {
            let gain = is.checked_sub(was).unwrap_or(Money::ZERO).max(Money::ZERO);
            moved = moved.checked_add(gain).unwrap_or(moved);
            changes.push(Change { payee: payee.clone(), before: was, after: is });
        }
    }
    let taken = old.or(new)?;
    (!changes.is_empty()).then(|| Mover {
        event: taken.key.0,
        key: taken.key.1.clone(),
        date: taken.date,
        moved,
        changes,
    })
}
