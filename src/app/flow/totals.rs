//! What each leg gave in a run.

use std::collections::BTreeMap;

use crate::base::Money;
use crate::formats::{FormatsError, compare_cells};
use crate::model::{EventId, LegId};
use crate::rows::{Accounts, Allocation, Cell, EventAt, Outcome, Payee, Sink};

use super::super::run::{Job, RunReport, listen};
use super::{At, Way};

/// Net amounts by event kind, leg and account, as a run gave them.
#[derive(Debug, Default)]
pub struct LegTotals {
    /// The last is the place in `accounts`, for a member of a family.
    sums: BTreeMap<(u32, u32, Option<usize>), Money>,
    /// What settlements gave beside all legs, by event kind and account.
    settled: BTreeMap<(u32, u32, Option<usize>), Money>,
    /// Members of families that got something, in order.
    pub(super) accounts: Vec<(u32, Vec<Cell>)>,
}

/// A family with more members than these is one box: nobody reads so many.
const MEMBERS_MAX: usize = 40;

/// What each leg gave in a run, by event kind.
///
/// # Errors
/// A file cannot be read, or the engine found itself at fault.
pub fn leg_totals(job: &Job<'_>) -> Result<(LegTotals, RunReport), FormatsError> {
    let mut sums = LegSums::default();
    let report = listen(job, &mut sums)?;
    Ok((sums.totals()?, report))
}

#[derive(Default)]
struct LegSums {
    /// The last is an account's position in the run.
    sums: BTreeMap<(u32, u32, Option<u32>), Money>,
    accounts: BTreeMap<u32, (u32, Vec<Cell>)>,
}

impl LegSums {
    fn totals(self) -> Result<LegTotals, FormatsError> {
        let mut of_family: BTreeMap<u32, usize> = BTreeMap::new();
        for (account, _) in self.accounts.values() {
            *of_family.entry(*account).or_default() += 1;
        }
        let few = |account: &u32| of_family.get(account).is_some_and(|it| *it <= MEMBERS_MAX);
        let members =
            self.accounts.values().filter(|(account, key)| !key.is_empty() && few(account));
        let mut accounts: Vec<(u32, Vec<Cell>)> = members.cloned().collect();
        accounts.sort_by(|(one, key), (other, other_key)| {
            one.cmp(other).then_with(|| compare_cells(key, other_key))
        });
        let mut totals = LegTotals { accounts, ..LegTotals::default() };
        for ((event, leg, position), amount) in self.sums {
            let account = position.and_then(|position| self.accounts.get(&position));
            let place = account.and_then(|it| totals.accounts.iter().position(|known| known == it));
            let sum = match (leg, account) {
                (Allocation::BY_SETTLEMENT, Some((account, _))) => {
                    totals.settled.entry((event, *account, place))
                }
                _ => totals.sums.entry((event, leg, place)),
            };
            let sum = sum.or_insert(Money::ZERO);
            *sum = sum.checked_add(amount).ok_or(FormatsError::TotalTooLarge)?;
        }
        Ok(totals)
    }
}

impl LegTotals {
    pub(super) fn of(&self, way: &Way) -> Option<Money> {
        let place = match way.to {
            At::Account(account, place) if way.leg.0 == Allocation::BY_SETTLEMENT => {
                return self.settled.get(&(way.event.0, account, place)).copied();
            }
            At::Account(_, place) => place,
            At::Event(_) | At::Levy(_) | At::Pool(_) | At::Undetermined => None,
        };
        self.sums.get(&(way.event.0, way.leg.0, place)).copied()
    }

    /// A way for what settlements gave each account beside all legs.
    pub(super) fn by_settlement(&self, label: &str) -> Vec<Way> {
        let way = |(event, account, place): &(u32, u32, Option<usize>)| Way {
            event: EventId(*event),
            from: At::Event(EventId(*event)),
            to: At::Account(*account, *place),
            leg: LegId(Allocation::BY_SETTLEMENT),
            label: label.to_owned(),
        };
        self.settled.keys().map(way).collect()
    }

    /// A way for each member of a family that got something by it.
    pub(super) fn to_members(&self, way: Way) -> Vec<Way> {
        let At::Account(account, None) = way.to else { return vec![way] };
        let mut ways: Vec<Way> = Vec::new();
        for (place, (of, _)) in self.accounts.iter().enumerate() {
            let key = (way.event.0, way.leg.0, Some(place));
            if *of == account && self.sums.contains_key(&key) {
                ways.push(Way { to: At::Account(account, Some(place)), ..way.clone() });
            }
        }
        if ways.is_empty() { vec![way] } else { ways }
    }
}

impl Sink for LegSums {
    type Error = FormatsError;

    fn event(
        &mut self,
        event: EventAt<'_>,
        outcome: Outcome<'_>,
        accounts: &dyn Accounts,
    ) -> Result<(), FormatsError> {
        let Outcome::Allocated { allocations, .. } = outcome else { return Ok(()) };
        for allocation in allocations {
            let position = match allocation.payee {
                Payee::Account(position) => Some(position),
                Payee::Undetermined => None,
            };
            if let Some(position) = position
                && !self.accounts.contains_key(&position)
                && let Some((account, key)) = accounts.account(position)
            {
                self.accounts.insert(position, (account, key.to_vec()));
            }
            let key = (event.batch.event, allocation.leg, position);
            let sum = self.sums.entry(key).or_insert(Money::ZERO);
            *sum = sum.checked_add(allocation.amount).ok_or(FormatsError::TotalTooLarge)?;
        }
        Ok(())
    }
}
