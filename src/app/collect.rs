//! A run whose outcomes are kept, for examples, explanations and comparisons of few events.

use std::convert::Infallible;

use crate::base::{Date, Money};
use crate::rows::{
    Accounts, Allocation, Cell, FigureValue, Origin, Outcome, Payee, Reason, Sink, Told,
};

/// What became of every event of a run.
#[derive(Debug, Default)]
pub struct Collected {
    /// In the order taken.
    pub events: Vec<EventResult>,
}

/// What became of one event.
#[derive(Debug)]
pub struct EventResult {
    /// The event kind.
    pub event: u32,
    /// Where it was sent.
    pub origin: Origin,
    /// The day it is booked on.
    pub booked: Date,
    /// Its fields.
    pub cells: Vec<Cell>,
    /// Allocated, or set aside with the reason.
    pub outcome: Result<Allocated, Reason>,
    /// Figures, each with the key of its row.
    pub figures: Vec<(u32, Vec<Cell>, Cell)>,
    /// Legs of transfers without amount.
    pub open_items: Vec<u32>,
}

/// A declared account and its key; none: undetermined.
pub type Account = Option<(u32, Vec<Cell>)>;

/// What an allocated event gave.
#[derive(Debug, Default)]
pub struct Allocated {
    /// Leaf by leaf: who, how much, by which leg.
    pub leaves: Vec<(Account, Money, u32)>,
    /// By account, zeros left out, in the order of the first leaf.
    pub sums: Vec<(Account, Money)>,
}

impl Sink for Collected {
    type Error = Infallible;

    fn told(&mut self, told: Told<'_>, accounts: &dyn Accounts) -> Result<(), Infallible> {
        self.events.push(EventResult::new(told, accounts));
        Ok(())
    }
}

impl EventResult {
    fn new(told: Told<'_>, accounts: &dyn Accounts) -> EventResult {
        let event = told.event();
        let outcome = match told.outcome() {
            Outcome::Allocated { allocations, .. } => Ok(Allocated::new(allocations, accounts)),
            Outcome::SetAside { reason, .. } => Err(reason.clone()),
        };
        let figure = |told: &FigureValue| (told.figure, told.key.clone(), told.value.clone());
        EventResult {
            event: event.batch.event,
            origin: event.batch.origins.get(event.row).copied().unwrap_or(Origin::MADE),
            booked: event.booked,
            cells: event.batch.columns.iter().map(|column| column.cell(event.row)).collect(),
            outcome,
            figures: told.figures().iter().map(figure).collect(),
            open_items: told.open_items().to_vec(),
        }
    }
}

impl Allocated {
    fn new(allocations: &[Allocation], accounts: &dyn Accounts) -> Allocated {
        let mut by_payee: Vec<(Payee, Money)> = Vec::new();
        for allocation in allocations {
            match by_payee.iter_mut().find(|(payee, _)| *payee == allocation.payee) {
                // The engine has summed these amounts already, so the sum is in range.
                Some((_, sum)) => *sum = sum.checked_add(allocation.amount).unwrap_or(*sum),
                None => by_payee.push((allocation.payee, allocation.amount)),
            }
        }
        let named = |payee| match payee {
            Payee::Account(position) => {
                accounts.account(position).map(|(declared, key)| (declared, key.to_vec()))
            }
            Payee::Undetermined => None,
        };
        let leaf = |given: &Allocation| (named(given.payee), given.amount, given.leg);
        let leaves = allocations.iter().map(leaf).collect();
        let sums = by_payee.into_iter().filter(|(_, sum)| !sum.is_zero());
        Allocated { leaves, sums: sums.map(|(payee, sum)| (named(payee), sum)).collect() }
    }
}
