//! What a run says of itself: counts, control totals, drift.

use std::collections::BTreeMap;

use crate::base::{Exact, ExactError, Money};
use crate::plan::{Plan, at};
use crate::rows::{Accounts, Allocation, Cell, Origin, Payee, Reason};

use super::drift::Of;
use super::standing::{Noted, Unsure};
use super::state::State;

/// The control figures of a run.
///
/// For every currency what came in is what was allocated, what is undetermined and what was set
/// aside; the engine has checked it event by event.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// Events taken, sent or not.
    pub events: u64,
    /// Of these, those nobody sent: of the calendar, and stages.
    pub made: u64,
    /// Events allocated.
    pub allocated: u64,
    /// Of these, those worked out in plain integers (see [`crate::plan::Lane`]): how many changes no
    /// result, only how long it takes.
    pub in_lane: u64,
    /// Events set aside.
    pub set_aside: u64,
    /// Of these, those of which it is not known what they would have brought.
    pub set_aside_unknown: u64,
    /// Money by currency, those that occurred, in order of declaration.
    pub currencies: Vec<CurrencyTotals>,
    /// Units given or withheld by settlements.
    pub residue_units: u64,
    /// Open items without amount.
    pub open_items: u64,
    /// How far each account's money is from what it was owed, by year; where it is not zero.
    pub drift: Vec<Drift>,
    /// For each condition of the plan's `checks`, whether it holds when all is over.
    pub checks: Vec<Result<bool, Reason>>,
    /// The registers without any row in which events looked for one.
    pub asked_in_vain: Vec<u32>,
    /// Events that stand whatever the rules give, of which nobody can say what they add to totals.
    pub unsure: BTreeMap<Origin, Unsure>,
    /// Of events of which that was wanted and that are allocated, what they add to totals.
    pub noted: BTreeMap<Origin, Noted>,
}

/// The money of one currency, in minor units (whole numbers, of any size).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CurrencyTotals {
    /// Which currency.
    pub currency: u32,
    /// What events brought, those set aside included.
    pub inflow: Exact,
    /// What accounts got.
    pub allocated: Exact,
    /// What nobody got yet.
    pub undetermined: Exact,
    /// What events set aside would have brought, where that is known.
    pub set_aside: Exact,
}

/// Settled minus entitled, summed exactly.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// The declared account.
    pub account: u32,
    /// Its key.
    pub key: Vec<Cell>,
    /// In which currency.
    pub currency: u32,
    /// The year, by the day events are booked.
    pub year: i32,
    /// In minor units.
    pub amount: Exact,
}

/// Control figures in the making.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub summary: Summary,
    currencies: Vec<(u32, Sums)>,
    /// The event kind asked for last, and where its sums are.
    last: Option<(u32, usize)>,
}

const RANGE: &str = "a control total out of range";

/// The money of one currency so far.
#[derive(Debug, Default)]
struct Sums {
    /// Whether money of it is known to have come.
    any: bool,
    inflow: Tally,
    allocated: Tally,
    undetermined: Tally,
    set_aside: Tally,
}

impl Sums {
    /// Adds allocated events.
    fn add(&mut self, more: &Brought) -> Result<(), ExactError> {
        self.any |= more.events > 0;
        self.inflow.add(more.inflow)?;
        self.allocated.add(more.given)?;
        self.undetermined.add(more.undetermined)
    }

    /// Adds an event set aside.
    fn set_aside(&mut self, inflow: Money) -> Result<(), ExactError> {
        self.any = true;
        self.inflow.add(inflow.minor())?;
        self.set_aside.add(inflow.minor())
    }
}

/// What allocated events brought and gave, in minor units.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Brought {
    pub events: u64,
    /// Units given beyond rounding down.
    pub residue: u64,
    pub inflow: i128,
    pub given: i128,
    pub undetermined: i128,
}

impl Brought {
    /// That of one event, if its sums are in range.
    #[inline]
    fn of(inflow: Money, residue: u64, allocations: &[Allocation]) -> Option<Brought> {
        let inflow = inflow.minor();
        let mut own = Brought { events: 1, residue, inflow, ..Brought::default() };
        for allocation in allocations {
            let sum = match allocation.payee {
                Payee::Account(_) => &mut own.given,
                Payee::Undetermined => &mut own.undetermined,
            };
            *sum = sum.checked_add(allocation.amount.minor())?;
        }
        Some(own)
    }

    /// Both together, if the sums are in range.
    pub fn with(&self, other: &Brought) -> Option<Brought> {
        Some(Brought {
            events: self.events.checked_add(other.events)?,
            residue: self.residue.checked_add(other.residue)?,
            inflow: self.inflow.checked_add(other.inflow)?,
            given: self.given.checked_add(other.given)?,
            undetermined: self.undetermined.checked_add(other.undetermined)?,
        })
    }
}

/// A sum that is narrow while that is enough.
#[derive(Debug, Default)]
struct Tally {
    narrow: i128,
    wide: Exact,
}

impl Tally {
    fn add(&mut self, units: i128) -> Result<(), ExactError> {
        match self.narrow.checked_add(units) {
            Some(sum) => self.narrow = sum,
            None => {
                self.wide = self.sum()?;
                self.narrow = units;
            }
        }
        Ok(())
    }

    fn sum(&self) -> Result<Exact, ExactError> {
        self.wide.add(&Exact::from_int(self.narrow))
    }
}

impl Totals {
    /// Counts an event that is allocated, and makes sure that its amounts sum to what it brought.
    pub fn allocated(
        &mut self,
        (plan, kind): (&Plan, u32),
        (inflow, residue): (Money, u64),
        allocations: &[Allocation],
    ) -> Result<(), &'static str> {
        let own = Brought::of(inflow, residue, allocations).ok_or(RANGE)?;
        if own.given.checked_add(own.undetermined) != Some(own.inflow) {
            return Err("allocations do not sum to the inflow");
        }
        self.brought((plan, kind), &own)
    }

    /// Counts allocated events of a kind, of each of which that is certain.
    pub fn brought(&mut self, of: (&Plan, u32), more: &Brought) -> Result<(), &'static str> {
        let summary = &mut self.summary;
        summary.events = summary.events.saturating_add(more.events);
        summary.allocated = summary.allocated.saturating_add(more.events);
        summary.residue_units = summary.residue_units.saturating_add(more.residue);
        self.sums(of)?.add(more).map_err(|_| RANGE)
    }

    /// Counts an event that is set aside.
    pub fn set_aside(
        &mut self,
        of: (&Plan, u32),
        inflow: Option<Money>,
    ) -> Result<(), &'static str> {
        self.summary.events += 1;
        self.summary.set_aside += 1;
        self.summary.set_aside_unknown += u64::from(inflow.is_none());
        let sums = self.sums(of)?;
        inflow.map_or(Ok(()), |inflow| sums.set_aside(inflow)).map_err(|_| RANGE)
    }

    /// The sums of an event kind, which is nearly always that of the event before.
    #[inline]
    fn sums(&mut self, (plan, kind): (&Plan, u32)) -> Result<&mut Sums, &'static str> {
        let place = match self.last {
            Some((of, place)) if of == kind => place,
            _ => self.place(plan, kind),
        };
        self.last = Some((kind, place));
        self.currencies.get_mut(place).map(|(_, sums)| sums).ok_or("an event of no currency")
    }

    /// Where the sums of the currency of an event kind are.
    fn place(&mut self, plan: &Plan, kind: u32) -> usize {
        let currency = plan.events.get(at(kind)).map_or(0, |event| event.currency);
        let known = self.currencies.iter().position(|(of, _)| *of == currency);
        known.unwrap_or_else(|| {
            self.currencies.push((currency, Sums::default()));
            self.currencies.len() - 1
        })
    }

    /// The figures when all is over.
    pub fn finish(self, state: &State) -> Result<Summary, ExactError> {
        let drift = |(position, (currency, year), amount): (u32, Of, Exact)| {
            let (account, key) = state.accounts.account(position)?;
            Some(Drift { account, key: key.to_vec(), currency, year, amount })
        };
        let mut drift: Vec<Drift> = state.drift.all()?.into_iter().filter_map(drift).collect();
        // Not in the order in which accounts occurred first, which is that of taking.
        drift.sort_by(|one, other| {
            let accounts = one.account.cmp(&other.account);
            let keys = accounts.then_with(|| Cell::order_all(&one.key, &other.key));
            keys.then_with(|| (one.currency, one.year).cmp(&(other.currency, other.year)))
        });
        let mut currencies = Vec::with_capacity(self.currencies.len());
        for (currency, sums) in self.currencies.iter().filter(|(_, sums)| sums.any) {
            currencies.push(CurrencyTotals {
                currency: *currency,
                inflow: sums.inflow.sum()?,
                allocated: sums.allocated.sum()?,
                undetermined: sums.undetermined.sum()?,
                set_aside: sums.set_aside.sum()?,
            });
        }
        currencies.sort_by_key(|totals| totals.currency);
        Ok(Summary { currencies, drift, ..self.summary })
    }
}
