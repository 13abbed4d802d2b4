//! The working sheet of one event: the parts its money was cut into, and the legs that cut it.

use num_bigint::BigInt;
use num_traits::Zero;

use crate::model::{AccountId, Expr, LegId, PoolId, Settlement, TallyId};
use crate::rows::Cell;

use super::error::{Stop, entry};
use super::number::{self, Number};
use super::outcome::Payee;
use super::scene::{Scene, Scope};
use super::settlement::{self, Kind};
use super::state::{Asked, Key};
use super::value::{Value, to_cell};

/// What is written down while an event is worked out.
pub(super) struct Sheet {
    /// The smallest amount of the event's currency.
    pub unit: Number,
    pub parts: Vec<Part>,
    pub uses: Vec<LegUse>,
    /// What waits in each pool (and row of one), in the order in which they first received money.
    pub pools: Vec<Filled>,
    /// The parts in the order written; those of a pool stand apart until the end.
    pub head: Vec<usize>,
    pub latches: Vec<Latch>,
    pub closed: Vec<(LegId, Key)>,
    pub owed: Vec<(Option<u32>, Key, Number)>,
    pub open_items: Vec<u32>,
}

/// An amount on its way to an account, a pool, or nobody yet.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub to: Destination,
    pub leg: Option<LegId>,
    /// In major units; exact until it is settled.
    pub amount: Number,
    /// It is not settled with the event: it is whole by itself, or was settled with its split.
    pub fixed: bool,
    /// The legs it came by, the outermost first; of one split.
    pub uses: Vec<usize>,
    /// The first to fill its pool.
    pub fills_first: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Destination {
    Payee(Payee),
    /// A pool, and the row where there is one for each.
    Pool(PoolId, Option<Value>),
}

/// A leg as it was taken once: with one row of those it is spread over.
#[derive(Debug, Clone)]
pub(super) struct LegUse {
    pub feed: Option<(TallyId, Key)>,
    pub limits: Vec<Limit>,
    /// What it took before settlement.
    pub amount: Number,
    /// Whether its parts are settled.
    pub settled: bool,
}

/// A bound that settlement must respect.
#[derive(Debug, Clone)]
pub(super) enum Limit {
    /// Of the leg's amount, in the direction in which units are given.
    Each(Number),
    /// Of the total of the leg's tally, which stood so before the event.
    InTotal(Number, Number),
}

/// A leg that closes for good once its total reaches a bound.
pub(super) struct Latch {
    pub leg: LegId,
    pub tally: TallyId,
    pub key: Key,
    pub bound: Number,
}

/// Money in a pool.
pub(super) struct Filled {
    pub pool: PoolId,
    pub row: Option<Value>,
    pub amount: Number,
    /// The parts it was divided into, in the order written.
    pub parts: Vec<usize>,
}

impl Sheet {
    pub fn new(unit: Number) -> Sheet {
        Sheet {
            unit,
            parts: Vec::new(),
            uses: Vec::new(),
            pools: Vec::new(),
            head: Vec::new(),
            latches: Vec::new(),
            closed: Vec::new(),
            owed: Vec::new(),
            open_items: Vec::new(),
        }
    }

    pub fn add_part(
        &mut self,
        to: Destination,
        leg: Option<LegId>,
        amount: Number,
        uses: &[usize],
    ) -> usize {
        let uses = uses.to_vec();
        self.parts.push(Part { to, leg, amount, fixed: false, uses, fills_first: false });
        self.parts.len() - 1
    }

    /// A part that is whole by itself: of a levy, a transfer, or a stage.
    pub fn add_fixed(
        &mut self,
        to: Destination,
        leg: Option<LegId>,
        amount: Number,
        uses: &[usize],
    ) -> usize {
        let at = self.add_part(to, leg, amount, uses);
        self.fix(at);
        at
    }

    pub fn part(&self, at: usize) -> Result<&Part, Stop> {
        entry(&self.parts, at, "part")
    }

    pub fn fix(&mut self, at: usize) {
        if let Some(part) = self.parts.get_mut(at) {
            part.fixed = true;
        }
    }

    fn set(&mut self, at: usize, amount: Number) {
        if let Some(part) = self.parts.get_mut(at) {
            part.amount = amount;
        }
    }

    /// Puts those of the parts that go to pools into them, in written order.
    pub fn fill(&mut self, parts: &[usize]) -> Result<(), Stop> {
        for at in parts {
            let part = self.part(*at)?.clone();
            let Destination::Pool(pool, row) = part.to else { continue };
            // What its split has rounded to nothing fills nothing.
            if part.amount.is_zero() {
                continue;
            }
            let filled = self.pools.iter_mut();
            match filled.into_iter().find(|filled| filled.pool == pool && filled.row == row) {
                Some(filled) => filled.amount = number::sum(&filled.amount, &part.amount)?,
                None => {
                    self.pools.push(Filled { pool, row, amount: part.amount, parts: Vec::new() });
                    if let Some(part) = self.parts.get_mut(*at) {
                        part.fills_first = true;
                    }
                }
            }
        }
        Ok(())
    }

    /// All leaves in the order written, depth first: a pool's parts stand where it was first filled.
    pub fn leaves(&self) -> Result<Vec<usize>, Stop> {
        let mut leaves = Vec::new();
        self.collect(&self.head, &mut leaves)?;
        Ok(leaves)
    }

    fn collect(&self, parts: &[usize], leaves: &mut Vec<usize>) -> Result<(), Stop> {
        for at in parts {
            let part = self.part(*at)?;
            match &part.to {
                Destination::Payee(_) => leaves.push(*at),
                Destination::Pool(pool, row) if part.fills_first => {
                    let mut pools = self.pools.iter();
                    let filled = pools.find(|filled| filled.pool == *pool && filled.row == *row);
                    self.collect(filled.map_or(&[][..], |filled| &filled.parts), leaves)?;
                }
                Destination::Pool(..) => {}
            }
        }
        Ok(())
    }

    /// What a use of a leg amounts to: the sum of its parts.
    pub fn taken(&self, leg_use: usize) -> Number {
        let parts = self.parts.iter().filter(|part| part.uses.contains(&leg_use));
        parts.map(|part| &part.amount).sum()
    }

    /// What the legs taken so far add to a tally under a key; exact where they are not settled yet.
    pub fn added(&self, tally: TallyId, key: &Key) -> Number {
        let uses = self.uses.iter().enumerate();
        let feeding = uses.filter(|(_, taken)| {
            taken.feed.as_ref().is_some_and(|(of, under)| *of == tally && under == key)
        });
        feeding
            .map(|(at, taken)| if taken.settled { self.taken(at) } else { taken.amount.clone() })
            .sum()
    }

    /// Settles parts together to a whole number of units, `total`. What is kept apart becomes a part
    /// of its own, which is given back.
    pub fn settle(
        &mut self,
        scene: &Scene<'_>,
        settlement: &Settlement,
        members: &[usize],
        total: &BigInt,
        mirrored: bool,
    ) -> Result<Option<usize>, Stop> {
        let mut shares = Vec::new();
        for at in members {
            shares.push(&self.part(*at)?.amount / &self.unit);
        }
        let is_whole = shares.iter().all(Number::is_integer);
        let carried = matches!(settlement, Settlement::CarriedPer(_));
        if is_whole && !carried && shares.iter().sum::<Number>() == total.clone().into() {
            return Ok(None);
        }
        let entitled = shares.clone();
        let mut own_place = None;
        let kind = match settlement {
            Settlement::LargestRemainder => Kind::LargestRemainder,
            Settlement::InOrder => Kind::InOrder,
            Settlement::RemainderTo(place) => {
                let payee = Destination::Payee(account(scene, place.account, &place.keys)?);
                let of_account = members
                    .iter()
                    .enumerate()
                    .filter(|(_, at)| self.parts.get(**at).is_some_and(|part| part.to == payee));
                let places = of_account.map(|(place, _)| place).collect();
                own_place = Some(payee);
                Kind::To(places)
            }
            Settlement::KeptApartIn(place) => {
                own_place = Some(Destination::Payee(account(scene, place.account, &place.keys)?));
                Kind::To(Vec::new())
            }
            Settlement::CarriedPer(keys) => {
                let key = carried_key(scene, keys)?;
                let mut seen = Vec::new();
                for (at, share) in members.iter().zip(&mut shares) {
                    let place = self.owed_place(scene, *at, &key)?;
                    // Of several leaves of one leg and payee the first bears what is owed.
                    if !seen.contains(&place) {
                        *share += self.owed_so_far(scene, &place) / &self.unit;
                        seen.push(place);
                    }
                }
                Kind::LargestRemainder
            }
        };
        let allows = |units: &[BigInt], at: usize| self.allows(members, units, at, mirrored);
        let mut settled = settlement::settle(&kind, &shares, total, mirrored, &allows);
        if carried && !settled.apart.is_zero() {
            // No part is owed anything in all: the event's own shares tell.
            settled = settlement::settle(&kind, &entitled, total, mirrored, &allows);
        }
        for ((at, units), entitled) in members.iter().zip(settled.units).zip(entitled) {
            let units: Number = units.into();
            if let Settlement::CarriedPer(keys) = settlement {
                let (leg, place) = self.owed_place(scene, *at, &carried_key(scene, keys)?)?;
                self.owed.push((leg, place, (entitled - &units) * &self.unit));
            }
            self.set(*at, units * &self.unit);
        }
        let own = own_place.filter(|_| !settled.apart.is_zero());
        Ok(own.map(|to| {
            let amount = Number::from(settled.apart) * &self.unit;
            self.add_fixed(to, None, amount, &[])
        }))
    }

    /// Where the running entitlement of a part is kept: under its leg, its destination and the key.
    fn owed_place(
        &self,
        scene: &Scene<'_>,
        at: usize,
        key: &[Cell],
    ) -> Result<(Option<u32>, Key), Stop> {
        let part = self.part(at)?;
        let mut place = match &part.to {
            Destination::Payee(Payee::Account(account, key)) => {
                let mut place = vec![Cell::Integer(0), Cell::Integer(i128::from(*account))];
                place.extend(key.iter().cloned());
                place
            }
            Destination::Payee(Payee::Undetermined) => vec![Cell::Integer(1)],
            Destination::Pool(pool, row) => {
                let row = match row {
                    Some(Value::Row(row)) => {
                        let ty = crate::model::Type::Row(row.shape);
                        to_cell(scene.rules, &ty, &Value::Row(row.clone()))?
                    }
                    _ => Cell::Missing,
                };
                vec![Cell::Integer(2), Cell::Integer(i128::from(pool.0)), row]
            }
        };
        place.extend(key.iter().cloned());
        Ok((part.leg.map(|leg| leg.0), place))
    }

    /// What was owed before the event, and by what was settled of it so far.
    fn owed_so_far(&self, scene: &Scene<'_>, (leg, place): &(Option<u32>, Key)) -> Number {
        let here = self.owed.iter().filter(|(of, at, _)| of == leg && at == place);
        scene.books.state.owed(*leg, place) + here.map(|(.., amount)| amount).sum::<Number>()
    }

    /// Whether the bounds of the legs a member came by let the members have these units.
    fn allows(&self, members: &[usize], units: &[BigInt], at: usize, mirrored: bool) -> bool {
        let Some(part) = members.get(at).and_then(|at| self.parts.get(*at)) else { return true };
        let amount_of = |(place, part): (usize, &Part)| {
            let units = members.iter().position(|at| *at == place).and_then(|at| units.get(at));
            units.map_or(part.amount.clone(), |units| Number::from(units.clone()) * &self.unit)
        };
        let taken = |leg_use: usize| -> Number {
            let parts = self.parts.iter().enumerate();
            parts.filter(|(_, part)| part.uses.contains(&leg_use)).map(amount_of).sum()
        };
        part.uses.iter().all(|leg_use| {
            let Some(this) = self.uses.get(*leg_use) else { return true };
            this.limits.iter().all(|limit| match limit {
                Limit::Each(bound) => {
                    let taken = taken(*leg_use);
                    // A unit that brings a leg back toward its bound is not one that pushes it over.
                    (if mirrored { -taken } else { taken }) <= *bound
                }
                Limit::InTotal(bound, before) => {
                    let until_this = self.uses.iter().enumerate().take(leg_use + 1);
                    let feeding = until_this.filter(|(_, other)| other.feed == this.feed);
                    let added: Number = feeding.map(|(other, _)| taken(other)).sum();
                    mirrored || before + added <= *bound
                }
            })
        })
    }
}

fn carried_key(scene: &Scene<'_>, keys: &[Expr]) -> Result<Key, Stop> {
    let mut scope = Scope::of(&[]);
    let part = |key: &Expr| to_cell(scene.rules, &key.ty, &scene.value(key, &mut scope)?);
    keys.iter().map(part).collect()
}

/// An account with its key, outside any rule's names.
fn account(scene: &Scene<'_>, account: AccountId, keys: &[Expr]) -> Result<Payee, Stop> {
    let types = &entry(&scene.rules.accounts, account.index(), "account")?.keys;
    Ok(Payee::Account(account.0, scene.key(keys, types, &mut Scope::of(&[]))?))
}

/// A key with every part asked for.
pub(super) fn asked(key: &Key) -> Asked {
    key.iter().cloned().map(Some).collect()
}
