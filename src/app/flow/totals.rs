//! What each leg gave in a run.

use std::collections::BTreeMap;

use crate::base::Money;
use crate::formats::FormatsError;
use crate::model::{EventId, LegId};
use crate::rows::{self, Accounts, Allocation, Cell, Payee, Sink};

use super::super::run::{Job, RunReport, listen};
use super::{At, Told, Way};

/// Net amounts by event kind, leg and account, as a run gave them.
#[derive(Debug, Default)]
pub struct LegTotals {
    /// To nobody, or to an account.
    sums: BTreeMap<(u32, u32, Option<Member>), Money>,
    /// What settlements gave beside all legs, by event kind and account.
    settled: BTreeMap<(u32, u32, Option<usize>), Money>,
    /// Members of families that got something, in order.
    pub(super) accounts: Vec<(u32, Vec<Cell>)>,
}

/// An account, with its place in `accounts` for a member of a family.
type Member = (u32, Option<usize>);

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
            one.cmp(other).then_with(|| Cell::order_all(key, other_key))
        });
        let mut totals = LegTotals { accounts, ..LegTotals::default() };
        for ((event, leg, position), amount) in self.sums {
            let account = position.and_then(|position| self.accounts.get(&position));
            let place = account.and_then(|it| totals.accounts.iter().position(|known| known == it));
            let at = account.map(|(account, _)| (*account, place));
            let sum = match (leg, at) {
                (Allocation::BY_SETTLEMENT, Some((account, place))) => {
                    totals.settled.entry((event, account, place)).or_insert(Money::ZERO)
                }
                _ => totals.sums.entry((event, leg, at)).or_insert(Money::ZERO),
            };
            *sum = sum.checked_add(amount).ok_or(FormatsError::TotalTooLarge)?;
        }
        Ok(totals)
    }
}

impl LegTotals {
    /// What went along a way, where its legs tell.
    pub(super) fn of(&self, way: &Way) -> Option<Money> {
        let sum = |at| self.sums.get(&(way.event.0, way.leg.0, at)).copied();
        match (way.told, way.from, way.to) {
            (Told::To, _, At::Account(account, place)) => {
                if way.leg.0 == Allocation::BY_SETTLEMENT {
                    return self.settled.get(&(way.event.0, account, place)).copied();
                }
                sum(Some((account, place)))
            }
            (Told::To, _, At::Undetermined) => sum(None),
            (Told::From, At::Account(account, place) | At::Giver(account, place), _) => {
                sum(Some((account, place)))?.checked_neg()
            }
            (Told::To | Told::From, ..) => None,
        }
    }

    /// A way for what settlements gave each account beside all legs.
    pub(super) fn by_settlement(&self, label: &str) -> Vec<Way> {
        let way = |(event, account, place): &(u32, u32, Option<usize>)| Way {
            event: EventId(*event),
            from: At::Event(EventId(*event)),
            to: At::Account(*account, *place),
            leg: LegId(Allocation::BY_SETTLEMENT),
            label: label.to_owned(),
            told: Told::To,
        };
        self.settled.keys().map(way).collect()
    }

    /// A way for each member of a family that got something by it, or gave.
    pub(super) fn to_members(&self, way: Way) -> Vec<Way> {
        let end = match way.told {
            Told::From => way.from,
            Told::To => way.to,
        };
        let At::Account(account, None) = end else { return vec![way] };
        let mut ways: Vec<Way> = Vec::new();
        for (place, (of, _)) in self.accounts.iter().enumerate() {
            let key = (way.event.0, way.leg.0, Some((account, Some(place))));
            if *of == account && self.sums.contains_key(&key) {
                let member = At::Account(account, Some(place));
                ways.push(match way.told {
                    Told::From => Way { from: member, ..way.clone() },
                    Told::To => Way { to: member, ..way.clone() },
                });
            }
        }
        if ways.is_empty() { vec![way] } else { ways }
    }
}

impl Sink for LegSums {
    type Error = FormatsError;

    fn told(&mut self, told: rows::Told<'_>, accounts: &dyn Accounts) -> Result<(), FormatsError> {
        let event = told.event().batch.event;
        told.allocations().iter().try_for_each(|given| self.add(event, given, accounts))
    }
}

impl LegSums {
    fn add(
        &mut self,
        event: u32,
        allocation: &Allocation,
        accounts: &dyn Accounts,
    ) -> Result<(), FormatsError> {
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
        let sum = self.sums.entry((event, allocation.leg, position)).or_insert(Money::ZERO);
        *sum = sum.checked_add(allocation.amount).ok_or(FormatsError::TotalTooLarge)?;
        Ok(())
    }
}
