//! What a run gave to whom, kept for comparing.

use std::collections::HashMap;
use std::convert::Infallible;

use crate::base::{Date, Money};
use crate::rows::{Accounts, Cell, EventAt, Outcome, Payee as Paid, Sink};

/// An account with its key; absent: undetermined.
pub type Payee = Option<(u32, Vec<Cell>)>;

/// What identifies an event in both runs: its kind and its key.
pub(super) type Key = (u32, Vec<Cell>);

/// What a run gave: sums by account and year, and amounts event by event.
#[derive(Debug)]
pub struct Ledger {
    /// For each event kind, the fields of its key.
    keys: Vec<Vec<usize>>,
    /// In the order they first occurred.
    pub(super) payees: Vec<Payee>,
    positions: HashMap<Payee, usize>,
    /// By payee and year.
    pub(super) sums: HashMap<(usize, i32), Money>,
    /// In the order taken.
    pub(super) events: Vec<Taken>,
    /// How many events were set aside.
    pub set_aside: u64,
    /// Set where a sum left the range; the comparison then says so.
    pub(super) overflow: bool,
}

/// What one event gave.
#[derive(Debug)]
pub(super) struct Taken {
    pub key: Key,
    pub date: Date,
    /// By payee, net.
    pub amounts: Vec<(usize, Money)>,
}

impl Ledger {
    /// An empty ledger; `keys` are the fields of each event kind's key.
    pub fn new(keys: Vec<Vec<usize>>) -> Ledger {
        Ledger {
            keys,
            payees: Vec::new(),
            positions: HashMap::new(),
            sums: HashMap::new(),
            events: Vec::new(),
            set_aside: 0,
            overflow: false,
        }
    }

    fn position(&mut self, payee: Payee) -> usize {
        if let Some(known) = self.positions.get(&payee) {
            return *known;
        }
        let position = self.payees.len();
        self.payees.push(payee.clone());
        self.positions.insert(payee, position);
        position
    }

    fn key(&self, event: EventAt<'_>) -> Key {
        let kind = event.batch.event;
        let fields = usize::try_from(kind).ok().and_then(|kind| self.keys.get(kind));
        let mut cells: Vec<Cell> = fields
            .into_iter()
            .flatten()
            .filter_map(|field| event.batch.columns.get(*field))
            .map(|column| column.cell(event.row))
            .collect();
        // A computed date is in no column, and tells the events of a calendar apart.
        cells.push(Cell::Date(event.date));
        (kind, cells)
    }

    fn add(&mut self, payee: usize, year: i32, amount: Money) {
        let sum = self.sums.entry((payee, year)).or_insert(Money::ZERO);
        match sum.checked_add(amount) {
            Some(more) => *sum = more,
            None => self.overflow = true,
        }
    }
}

impl Sink for Ledger {
    type Error = Infallible;

    fn event(
        &mut self,
        event: EventAt<'_>,
        outcome: Outcome<'_>,
        accounts: &dyn Accounts,
    ) -> Result<(), Infallible> {
        let Outcome::Allocated { allocations, .. } = outcome else {
            self.set_aside += 1;
            return Ok(());
        };
        let mut amounts: Vec<(usize, Money)> = Vec::new();
        for allocation in allocations {
            let payee = match allocation.payee {
                Paid::Account(position) => {
                    accounts.account(position).map(|(account, key)| (account, key.to_vec()))
                }
                Paid::Undetermined => None,
            };
            let payee = self.position(payee);
            self.add(payee, event.booked.year(), allocation.amount);
            match amounts.iter_mut().find(|(known, _)| *known == payee) {
                Some((_, sum)) => *sum = sum.checked_add(allocation.amount).unwrap_or(*sum),
                None => amounts.push((payee, allocation.amount)),
            }
        }
        let taken = Taken { key: self.key(event), date: event.date, amounts };
        self.events.push(taken);
        Ok(())
    }

    fn figure(
        &mut self,
        _event: EventAt<'_>,
        _figure: u32,
        _key: &[Cell],
        _value: &Cell,
    ) -> Result<(), Infallible> {
        Ok(())
    }

    fn open_item(&mut self, _event: EventAt<'_>, _leg: u32) -> Result<(), Infallible> {
        Ok(())
    }
}
