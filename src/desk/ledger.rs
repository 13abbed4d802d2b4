//! What a run gave to whom, kept for comparing.

use std::collections::HashMap;
use std::convert::Infallible;

use crate::base::{Date, Money};
use crate::rows::{Accounts, Allocation, Cell, EventAt, Outcome, Payee as Paid, Sink, Told};

/// An account with its key; absent: undetermined.
pub type Payee = Option<(u32, Vec<Cell>)>;

/// What identifies an event in both runs: its kind and its key.
pub(super) type Key = (u32, Vec<Cell>);

/// What a ledger needs to know of an event kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventKind {
    /// The fields of its key.
    pub key: Vec<usize>,
    /// What its money is counted in; equal numbers, equal currencies.
    pub currency: u32,
}

/// What a run gave: sums by account, currency and year, and amounts event by event.
#[derive(Debug)]
pub struct Ledger {
    kinds: Vec<EventKind>,
    /// In the order they first occurred.
    pub(super) payees: Vec<Payee>,
    positions: HashMap<Payee, usize>,
    /// By payee, currency and year.
    pub(super) sums: HashMap<(usize, u32, i32), Money>,
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
    /// What its amounts are counted in.
    pub currency: u32,
    /// By payee, net.
    pub amounts: Vec<(usize, Money)>,
}

impl Ledger {
    /// An empty ledger for these event kinds.
    pub fn new(kinds: Vec<EventKind>) -> Ledger {
        Ledger {
            kinds,
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

    fn kind(&self, event: EventAt<'_>) -> Option<&EventKind> {
        usize::try_from(event.batch.event).ok().and_then(|kind| self.kinds.get(kind))
    }

    fn key(&self, event: EventAt<'_>) -> Key {
        let fields = self.kind(event).map(|kind| &kind.key);
        let mut cells: Vec<Cell> = fields
            .into_iter()
            .flatten()
            .filter_map(|field| event.batch.columns.get(*field))
            .map(|column| column.cell(event.row))
            .collect();
        // A computed date is in no column, and tells the events of a calendar apart.
        cells.push(Cell::Date(event.date));
        (event.batch.event, cells)
    }

    fn add(&mut self, of: (usize, u32, i32), amount: Money) {
        let sum = self.sums.entry(of).or_insert(Money::ZERO);
        match sum.checked_add(amount) {
            Some(more) => *sum = more,
            None => self.overflow = true,
        }
    }
}

impl Sink for Ledger {
    type Error = Infallible;

    fn told(&mut self, told: Told<'_>, accounts: &dyn Accounts) -> Result<(), Infallible> {
        match told.outcome() {
            Outcome::Allocated { allocations, .. } => {
                self.take(told.event(), allocations, accounts);
            }
            Outcome::SetAside { .. } => self.set_aside += 1,
        }
        Ok(())
    }
}

impl Ledger {
    fn take(&mut self, event: EventAt<'_>, allocations: &[Allocation], accounts: &dyn Accounts) {
        let currency = self.kind(event).map_or(0, |kind| kind.currency);
        let mut amounts: Vec<(usize, Money)> = Vec::new();
        for allocation in allocations {
            let payee = match allocation.payee {
                Paid::Account(position) => {
                    accounts.account(position).map(|(account, key)| (account, key.to_vec()))
                }
                Paid::Undetermined => None,
            };
            let payee = self.position(payee);
            self.add((payee, currency, event.booked.year()), allocation.amount);
            match amounts.iter_mut().find(|(known, _)| *known == payee) {
                Some((_, sum)) => match sum.checked_add(allocation.amount) {
                    Some(more) => *sum = more,
                    None => self.overflow = true,
                },
                None => amounts.push((payee, allocation.amount)),
            }
        }
        let taken = Taken { key: self.key(event), date: event.date, currency, amounts };
        self.events.push(taken);
    }
}
