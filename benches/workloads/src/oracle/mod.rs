//! What every row of the three workloads comes to, worked out slowly and plainly.
//!
//! Shares are exact fractions until they are made whole, dates are compared as they are written,
//! and every step stands in the order in which the workloads' page tells it. Nothing is shared
//! with the yardstick, so that a mistake would have to be made twice.

pub mod read;
mod receipts;
mod salaries;
mod whole;

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

pub use receipts::receipts;
pub use salaries::salaries;

/// A hundredth of a yuan.
pub type Fen = i128;

/// What tells events apart: the number of a receipt and nothing, or a month and a person.
pub type Key = (i64, i64);

/// What a file of events comes to, for `N` accounts.
pub struct Expected<const N: usize> {
    /// The names of the accounts.
    pub accounts: [&'static str; N],
    /// What each event gives to each account, by ascending key.
    pub rows: Vec<(Key, [Fen; N])>,
    /// Totals by year or month.
    pub totals: BTreeMap<i64, [Fen; N]>,
}

impl<const N: usize> Expected<N> {
    fn new(accounts: [&'static str; N]) -> Expected<N> {
        Expected { accounts, rows: Vec::new(), totals: BTreeMap::new() }
    }

    fn record(&mut self, key: Key, period: i64, amounts: [Fen; N]) {
        self.rows.push((key, amounts));
        let totals = self.totals.entry(period).or_insert([0; N]);
        for (total, amount) in totals.iter_mut().zip(amounts) {
            *total += amount;
        }
    }

    fn in_order(mut self) -> Result<Expected<N>> {
        self.rows.sort_unstable_by_key(|(key, _)| *key);
        for pair in self.rows.windows(2) {
            ensure!(pair[0].0 != pair[1].0, "the key {:?} occurs twice in the events", pair[0].0);
        }
        Ok(self)
    }
}
