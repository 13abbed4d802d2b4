//! What outlives an event: totals, carried values, latches, balances, what settlements owe, and the
//! allocations that a later refund may undo.
//!
//! An event reads state as it was before it; its own changes are collected in the frame and made all
//! together when it is finished ([`super::commit`]), so an event that is set aside leaves no trace.

use std::collections::{BTreeMap, HashMap};

use crate::base::{Date, Exact, ExactError, Period, PeriodKind};
use crate::plan::{Event, EventSource, Plan, at};
use crate::rows::{Accounts, Cell};

use super::carried::CarriedValues;
use super::drift::Drifts;
use super::duplicates::Seen;
pub(crate) use super::keys::Key;
use super::keys::Keys;
use super::names::Names;
use super::originals::Originals;
use super::standing::Standing;
use super::sums::Totals;
use super::value::Part;

/// All state of a run.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub names: Names,
    pub accounts: AccountTable,
    /// Keys of totals, by key space.
    pub keys: Vec<Keys>,
    /// By tally, by projection.
    pub totals: Vec<Vec<Totals>>,
    /// The same: which parts of the whole key theirs has.
    projected: Vec<Vec<Vec<usize>>>,
    /// By carry.
    pub carried: Vec<CarriedValues>,
    /// Shut latches: by leg, and by the key's number in the space of its tally's projection.
    shut: Vec<Vec<bool>>,
    /// By account position, in minor units.
    pub balances: Vec<i128>,
    /// By settlement key and leaf: entitled − settled.
    pub owed: HashMap<Key, HashMap<LeafKey, Exact>>,
    /// What may still be undone.
    pub originals: Originals,
    /// Settled − entitled, in minor units.
    pub drift: Drifts,
    /// By event kind.
    pub seen: Vec<Seen>,
    /// Events that stand whatever the rules give.
    pub standing: Standing,
    /// What accounts gained that a stage closes, by stage.
    pub gained: Vec<Gains>,
    /// By declared account: whether its movements matter to anybody.
    watched: Vec<bool>,
}

/// What a leaf is known by from event to event: its leg, its account or pool, and the key of the row
/// where the pool is one per row.
pub(crate) type LeafKey = (u32, u32, Vec<Cell>);

/// What the accounts of a family gained, period by period.
#[derive(Debug)]
pub(crate) struct Gains {
    /// The stage that closes the family.
    pub stage: u32,
    /// The family.
    pub closes: u32,
    /// The length of a period.
    pub kind: PeriodKind,
    /// By period and account position, in minor units.
    pub by_period: BTreeMap<Period, BTreeMap<u32, i128>>,
}

impl State {
    pub fn new(plan: &Plan, names: Names) -> State {
        let projection = |it: &crate::plan::Projection| Totals::new(it.space, it.by_day);
        let totals =
            |tally: &crate::plan::Tally| tally.projections.iter().map(projection).collect();
        let projected = |tally: &crate::plan::Tally| {
            tally.projections.iter().map(|it| it.parts.clone()).collect()
        };
        State {
            names,
            accounts: AccountTable::new(plan),
            keys: (0..plan.spaces).map(|_| Keys::default()).collect(),
            totals: plan.tallies.iter().map(totals).collect(),
            projected: plan.tallies.iter().map(projected).collect(),
            shut: vec![Vec::new(); at(plan.legs)],
            carried: plan.carries.iter().map(|carry| CarriedValues::new(carry.space)).collect(),
            seen: plan.events.iter().map(|_| Seen::default()).collect(),
            watched: watched(plan),
            gained: gains(plan),
            ..State::default()
        }
    }

    /// The spaces and numbers of all keys under which what is added to a tally stands.
    pub fn numbers(&mut self, tally: u32, key: &[Part]) -> Vec<(usize, usize)> {
        let totals = self.totals.get(at(tally)).into_iter().flatten();
        let projected = self.projected.get(at(tally)).into_iter().flatten();
        let number = |(totals, parts): (&Totals, &Vec<usize>)| {
            let own: Vec<Part> = parts.iter().filter_map(|part| key.get(*part).copied()).collect();
            let number = self.keys.get_mut(at(totals.space))?.number(&own);
            Some((at(totals.space), at(number)))
        };
        totals.zip(projected).filter_map(number).collect()
    }

    /// Whether movements of an account matter beyond the event.
    pub fn is_watched(&self, position: u32) -> bool {
        let declared = self.accounts.declared(position);
        declared.and_then(|declared| self.watched.get(at(declared))).copied().unwrap_or(false)
    }

    /// A sum under a key, in what the tally keeps (minor units for money).
    pub fn total(&self, tally: u32, projection: u32, key: &[Part], as_of: Option<Date>) -> Exact {
        let totals = self.projection(tally, projection);
        let number = totals.and_then(|it| self.keys.get(at(it.space))?.known(key));
        totals.zip(number).map_or(Exact::ZERO, |(totals, number)| totals.sum(number, as_of))
    }

    fn projection(&self, tally: u32, projection: u32) -> Option<&Totals> {
        self.totals.get(at(tally))?.get(at(projection))
    }

    /// Adds to a sum on a day. Stages add to days that are past.
    pub fn add(
        &mut self,
        (tally, projection): (u32, u32),
        key: &[Part],
        amount: &Exact,
        day: Date,
    ) -> Result<(), ExactError> {
        let totals = self.totals.get_mut(at(tally)).and_then(|it| it.get_mut(at(projection)));
        let Some(totals) = totals else { return Ok(()) };
        let Some(keys) = self.keys.get_mut(at(totals.space)) else { return Ok(()) };
        totals.add(keys.number(key), amount, day)
    }

    /// Whether a sum would stay within the range of numbers.
    pub fn would_hold(
        &self,
        (tally, projection): (u32, u32),
        key: &[Part],
        amount: &Exact,
    ) -> Result<(), ExactError> {
        self.total(tally, projection, key, None).add(amount).map(|_| ())
    }

    /// What a carry holds under a key, once something was put there.
    pub fn carried(&self, carry: u32, key: &[Part]) -> Option<Cell> {
        let carried = self.carried.get(at(carry))?;
        carried.cell(self.keys.get(at(carried.space))?.known(key)?)
    }

    /// Puts a value there.
    pub fn carry(&mut self, carry: u32, key: &[Part], value: Cell) {
        if let Some(carried) = self.carried.get_mut(at(carry))
            && let Some(keys) = self.keys.get_mut(at(carried.space))
        {
            carried.put(keys.number(key), value);
        }
    }

    /// Whether the latch of a leg is shut under a key of its tally's projection.
    pub fn is_shut(&self, leg: u32, tally: u32, projection: u32, key: &[Part]) -> bool {
        let space = self.projection(tally, projection).map(|totals| totals.space);
        let keys = space.and_then(|space| self.keys.get(at(space)));
        let number = keys.and_then(|keys| keys.known(key));
        number.is_some_and(|number| self.is_shut_at(leg, number))
    }

    /// The same, of a key's number.
    pub fn is_shut_at(&self, leg: u32, number: u32) -> bool {
        self.shut.get(at(leg)).and_then(|keys| keys.get(at(number))).copied().unwrap_or(false)
    }

    /// Shuts a latch.
    pub fn shut(&mut self, leg: u32, tally: u32, projection: u32, key: &[Part]) {
        let space = self.projection(tally, projection).map(|totals| totals.space);
        let keys = space.and_then(|space| self.keys.get_mut(at(space)));
        if let Some(number) = keys.map(|keys| keys.number(key)) {
            self.shut_at(leg, number);
        }
    }

    /// The same, of a key's number.
    pub fn shut_at(&mut self, leg: u32, number: u32) {
        let Some(keys) = self.shut.get_mut(at(leg)) else { return };
        if keys.len() <= at(number) {
            keys.resize(at(number) + 1, false);
        }
        if let Some(shut) = keys.get_mut(at(number)) {
            *shut = true;
        }
    }
}

fn gains(plan: &Plan) -> Vec<Gains> {
    let gains = |(stage, event): (u32, &Event)| match &event.source {
        EventSource::Stage { closes, kind, .. } => {
            Some(Gains { stage, closes: *closes, kind: *kind, by_period: BTreeMap::new() })
        }
        EventSource::Sent | EventSource::Periodic { .. } | EventSource::OnDate { .. } => None,
    };
    (0..).zip(&plan.events).filter_map(gains).collect()
}

fn watched(plan: &Plan) -> Vec<bool> {
    let closed: Vec<u32> = gains(plan).iter().map(|gains| gains.closes).collect();
    let accounts = (0..).zip(&plan.accounts);
    accounts.map(|(place, account)| account.counted || closed.contains(&place)).collect()
}

/// A settlement with its accounts and keys known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Settling {
    #[default]
    LargestRemainder,
    InOrder,
    RemainderTo(u32),
    KeptApartIn(u32),
    Carried(Key),
}

/// The single accounts of a run, in the order in which they first occur.
#[derive(Debug, Default)]
pub(crate) struct AccountTable {
    list: Vec<(u32, Vec<Cell>)>,
    /// By declared account: its position, if it has no key.
    single: Vec<Option<u32>>,
    /// By declared account and member: its position, if it has one key and that is a member.
    by_member: Vec<Vec<Option<u32>>>,
    /// All others.
    by_key: Vec<HashMap<Key, u32>>,
}

impl AccountTable {
    fn new(plan: &Plan) -> AccountTable {
        AccountTable {
            single: vec![None; plan.accounts.len()],
            by_member: vec![Vec::new(); plan.accounts.len()],
            by_key: plan.accounts.iter().map(|_| HashMap::new()).collect(),
            list: Vec::new(),
        }
    }

    /// The position of an account that may never have occurred.
    pub fn known(&self, account: u32, key: &[Part]) -> Option<u32> {
        match key {
            [] => self.single.get(at(account)).copied().flatten(),
            [Part::Member(member)] => {
                self.by_member.get(at(account))?.get(at(*member)).copied().flatten()
            }
            _ => self.by_key.get(at(account))?.get(key).copied(),
        }
    }

    /// The position of an account; its key as cells is asked for only when it is new.
    pub fn position(
        &mut self,
        account: u32,
        key: &[Part],
        cells: impl FnOnce() -> Vec<Cell>,
    ) -> u32 {
        if let Some(position) = self.known(account, key) {
            return position;
        }
        let position = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push((account, cells()));
        match key {
            [] => {
                if let Some(place) = self.single.get_mut(at(account)) {
                    *place = Some(position);
                }
            }
            [Part::Member(member)] => {
                if let Some(places) = self.by_member.get_mut(at(account)) {
                    if places.len() <= at(*member) {
                        places.resize(at(*member) + 1, None);
                    }
                    if let Some(place) = places.get_mut(at(*member)) {
                        *place = Some(position);
                    }
                }
            }
            _ => {
                if let Some(places) = self.by_key.get_mut(at(account)) {
                    places.insert(Key::from(key), position);
                }
            }
        }
        position
    }

    /// The declared account of a position.
    pub fn declared(&self, position: u32) -> Option<u32> {
        self.list.get(at(position)).map(|(account, _)| *account)
    }
}

impl Accounts for AccountTable {
    fn account(&self, position: u32) -> Option<(u32, &[Cell])> {
        self.list.get(at(position)).map(|(account, key)| (*account, key.as_slice()))
    }
}
