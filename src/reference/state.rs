//! What a run remembers from event to event.

use std::collections::{HashMap, HashSet};

use num_traits::Zero;

use crate::base::Date;
use crate::model::{AccountId, CarryId, LegId, TallyId};
use crate::rows::Cell;

use super::number::Number;
use super::value::Value;

pub(super) type Key = Vec<Cell>;

/// Totals, carried values, balances, latches and entitlements.
#[derive(Debug, Default)]
pub(super) struct State {
    tallies: HashMap<TallyId, Sums>,
    balances: HashMap<AccountId, Sums>,
    carried: HashMap<(CarryId, Key), Value>,
    closed: HashSet<(LegId, Key)>,
    /// By leg, and by payee and key joined.
    owed: HashMap<(Option<u32>, Key), Number>,
}

/// What was added under each key, entry by entry.
#[derive(Debug, Default)]
struct Sums {
    /// In the order in which the keys first occurred.
    sums: Vec<Sum>,
    places: HashMap<Key, usize>,
}

/// What was added under one key.
#[derive(Debug)]
struct Sum {
    key: Key,
    entries: Vec<(Date, Number)>,
    total: Number,
}

/// What one event changes, all at once, when it is finished.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub adds: Vec<(TallyId, Key, Number)>,
    pub moves: Vec<(AccountId, Key, Number)>,
    pub carried: Vec<(CarryId, Key, Value)>,
    pub closed: Vec<(LegId, Key)>,
    /// By how much the entitlement of a leg and payee that is not settled yet grows.
    pub owed: Vec<(Option<u32>, Key, Number)>,
}

/// A key part, or all of them.
pub(super) type Asked = Vec<Option<Cell>>;

fn matches(asked: &[Option<Cell>], key: &[Cell]) -> bool {
    asked.len() == key.len()
        && asked.iter().zip(key).all(|(asked, part)| asked.as_ref().is_none_or(|ask| ask == part))
}

impl Sums {
    fn add(&mut self, key: Key, date: Date, amount: Number) {
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None => {
                self.places.insert(key.clone(), self.sums.len());
                self.sums.push(Sum { key, entries: Vec::new(), total: Number::zero() });
                self.sums.len() - 1
            }
        };
        if let Some(sum) = self.sums.get_mut(place) {
            sum.total += &amount;
            sum.entries.push((date, amount));
        }
    }

    fn sum(&self, asked: &[Option<Cell>], before: Option<Date>) -> Number {
        let whole: Option<Key> = asked.iter().cloned().collect();
        let found: Vec<&Sum> = match whole {
            Some(key) => {
                self.places.get(&key).and_then(|place| self.sums.get(*place)).into_iter().collect()
            }
            None => self.sums.iter().filter(|sum| matches(asked, &sum.key)).collect(),
        };
        let one = |sum: &Sum| match before {
            None => sum.total.clone(),
            Some(day) => {
                let earlier = sum.entries.iter().filter(|(date, _)| *date < day);
                earlier.map(|(_, amount)| amount).sum()
            }
        };
        found.into_iter().map(one).sum()
    }
}

/// The state as an expression sees it: before the event, or with its changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Books<'a> {
    pub state: &'a State,
    /// The changes to be seen, and their day.
    pub changes: Option<(&'a Changes, Date)>,
}

impl Books<'_> {
    /// A total over the keys asked for; only of what is dated before a day, if one is given.
    pub fn total(&self, tally: TallyId, asked: &[Option<Cell>], before: Option<Date>) -> Number {
        let old = self.state.tallies.get(&tally);
        let old = old.map_or_else(Number::zero, |sums| sums.sum(asked, before));
        let Some((changes, date)) = self.changes else { return old };
        if before.is_some_and(|day| day <= date) {
            return old;
        }
        let new = changes.adds.iter().filter(|(of, key, _)| *of == tally && matches(asked, key));
        old + new.map(|(.., amount)| amount).sum::<Number>()
    }

    pub fn balance(&self, account: AccountId, key: &[Cell]) -> Number {
        let old = self.state.balances.get(&account);
        let asked: Asked = key.iter().cloned().map(Some).collect();
        let old = old.map_or_else(Number::zero, |sums| sums.sum(&asked, None));
        let moves = self.changes.map_or(&[][..], |(changes, _)| &changes.moves);
        let new = moves.iter().filter(|(of, at, _)| *of == account && at == key);
        old + new.map(|(.., amount)| amount).sum::<Number>()
    }

    pub fn carried(&self, carry: CarryId, key: &[Cell]) -> Option<Value> {
        let changes = self.changes.map_or(&[][..], |(changes, _)| &changes.carried);
        let new = changes.iter().rev().find(|(of, at, _)| *of == carry && at == key);
        match new {
            Some((.., value)) => Some(value.clone()),
            None => self.state.carried.get(&(carry, key.to_vec())).cloned(),
        }
    }
}

impl State {
    pub fn is_closed(&self, leg: LegId, key: &[Cell]) -> bool {
        self.closed.contains(&(leg, key.to_vec()))
    }

    /// What a leg owes under a key, which names the payee: entitled less settled.
    pub fn owed(&self, leg: Option<u32>, key: &[Cell]) -> Number {
        self.owed.get(&(leg, key.to_vec())).cloned().unwrap_or_else(Number::zero)
    }

    /// The keys of an account that something was moved to or from in a span of days, both ends
    /// inside, and by how much they gained in it; in the order in which they first occurred.
    pub fn gains(&self, account: AccountId, first: Date, last: Date) -> Vec<(Key, Number)> {
        let mut gains = Vec::new();
        for sum in self.balances.get(&account).map_or(&[][..], |sums| &sums.sums) {
            let within = sum.entries.iter().filter(|(date, _)| first <= *date && *date <= last);
            let amounts: Vec<&Number> = within.map(|(_, amount)| amount).collect();
            if !amounts.is_empty() {
                gains.push((sum.key.clone(), amounts.into_iter().sum()));
            }
        }
        gains
    }

    /// The days on which anything was moved to or from an account, in no order.
    pub fn days(&self, account: AccountId) -> Vec<Date> {
        let sums = self.balances.get(&account).map_or(&[][..], |sums| &sums.sums);
        sums.iter().flat_map(|sum| sum.entries.iter().map(|(date, _)| *date)).collect()
    }

    /// Takes the changes of a finished event over.
    pub fn apply(&mut self, changes: Changes, date: Date) {
        for (tally, key, amount) in changes.adds {
            self.tallies.entry(tally).or_default().add(key, date, amount);
        }
        for (account, key, amount) in changes.moves {
            self.balances.entry(account).or_default().add(key, date, amount);
        }
        for (carry, key, value) in changes.carried {
            self.carried.insert((carry, key), value);
        }
        self.closed.extend(changes.closed);
        for (leg, key, amount) in changes.owed {
            *self.owed.entry((leg, key)).or_insert_with(Number::zero) += amount;
        }
    }
}
