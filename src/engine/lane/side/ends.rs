//! The end of a group: what its events give and change; compare [`super::super::ends`].

use crate::base::Date;
use crate::plan::{Done, KeyPart, Leaf, Sum, at};
use crate::rows::Cell;

use super::numbers::Numbers;
use super::steps::Watched;
use super::{Finished, Given, Group, Side, date};
use crate::engine::state::State;
use crate::engine::value::Part;

const HALF: &str = "the changes of a group of events failed half way";

/// What a leaf gets from each event, and what of that is more than it is owed: a numerator, and its
/// denominator.
pub(super) struct LeafOf {
    units: Numbers,
    more: Numbers,
    den: Numbers,
    to: To,
}

/// Whom a leaf pays.
enum To {
    Undetermined,
    /// An account without key, or with one member.
    Account(u32, Option<Numbers>),
}

/// What is added to a sum of a tally for each event.
pub(super) struct Change {
    sum: Sum,
    amounts: Numbers,
}

impl<'a> Group<'a, '_> {
    /// Works out what the events give and change, so far that making the changes cannot fail.
    pub(super) fn finish(mut self, done: &'a Done) -> Finished<'a> {
        let leaves = done.leaves.iter().map(|leaf| self.leaf(leaf)).collect();
        let mut changes = Vec::new();
        let program = self.of.program;
        for (place, add) in program.adds.iter().enumerate() {
            let amounts = self.own_add(place);
            self.change(&add.sums, &amounts, &mut changes);
        }
        for feed in &done.feeds {
            let leaves = feed.leaves.iter().filter_map(|leaf| done.leaves.get(*leaf));
            let slots = leaves.map(|leaf| leaf.units).chain(feed.pooled.iter().copied());
            let amounts = slots.fold(Numbers::All(0), |sum, slot| {
                sum.with(self.slot(slot), &mut self.lost, i64::checked_add)
            });
            self.change(&feed.sums, &amounts, &mut changes);
        }
        let Group { of, rows, days, watched, keys, residues, inflow, lost, .. } = self;
        let lane = of.lane;
        Finished { lane, done, rows, days, leaves, changes, watched, keys, residues, inflow, lost }
    }

    fn leaf(&mut self, leaf: &Leaf) -> LeafOf {
        let (slot, by, den) = leaf.share;
        let (by, den) = (i64::try_from(by).ok(), i64::try_from(den).ok());
        let units = self.slot(leaf.units);
        let share = self.slot(slot).map(&mut self.lost, |it| it.checked_mul(by?));
        let mut den = self.constant(den);
        if let Some(under) = leaf.under {
            den = den.with(self.slot(under), &mut self.lost, i64::checked_mul);
        }
        let owed = units.clone().with(den.clone(), &mut self.lost, i64::checked_mul);
        let more = owed.with(share, &mut self.lost, i64::checked_sub);
        let to = match &leaf.payee {
            _ if leaf.each.is_some() => None,
            None => Some(To::Undetermined),
            Some((account, key)) => match key.as_slice() {
                [] => Some(To::Account(*account, None)),
                [KeyPart::Member(entity)] => Some(To::Account(*account, Some(self.entity(entity)))),
                _ => None,
            },
        };
        if to.is_none() {
            self.lost.fill(true);
        }
        LeafOf { units, more, den, to: to.unwrap_or(To::Undetermined) }
    }

    fn change(&mut self, sums: &[Sum], amounts: &Numbers, changes: &mut Vec<Change>) {
        for sum in sums {
            if self.keys.get(at(sum.key)).is_none_or(Option::is_none) {
                self.lost.fill(true);
            }
            changes.push(Change { sum: *sum, amounts: amounts.clone() });
        }
    }
}

impl Finished<'_> {
    /// How many events there are, and how many of them are somebody else's.
    pub fn lost(&self) -> (usize, usize) {
        (self.rows.len(), self.lost.iter().filter(|lost| **lost).count())
    }

    /// The rows of those that are not.
    pub fn kept(&self) -> impl Iterator<Item = u32> + '_ {
        self.taken().map(|(_, row)| row)
    }

    /// Makes the changes of all events that stand before a row.
    ///
    /// # Errors
    /// A mistake of ours.
    pub fn commit(
        mut self,
        before: u32,
        state: &mut State,
        side: &mut Side,
    ) -> Result<(), &'static str> {
        for (row, lost) in self.rows.iter().zip(&mut self.lost) {
            *lost |= *row >= before;
        }
        self.change(state)?;
        let mut legs = Vec::with_capacity(self.leaves.len());
        let mut years = None;
        for (leaf, LeafOf { units, more, den, to }) in
            self.done.leaves.iter().zip(std::mem::take(&mut self.leaves))
        {
            let positions = match to {
                To::Undetermined => None,
                To::Account(account, key) => {
                    let given = |place| units.at(place) != 0 || more.at(place) != 0;
                    let positions = self.positions(account, key.as_ref(), given, state);
                    self.drift((&positions, &more, &den), &mut years, state)?;
                    Some(positions)
                }
            };
            legs.push((leaf.leg, positions, units));
        }
        let number = u32::try_from(side.groups.len() + 1).map_err(|_| HALF)?;
        for (place, row) in self.taken() {
            let place = u32::try_from(place).map_err(|_| HALF)?;
            *side.ended.get_mut(at(row)).ok_or(HALF)? = (number, place);
        }
        let Finished { inflow, residues, .. } = self;
        side.groups.push(Given { legs, inflow, residues });
        Ok(())
    }

    /// The places of events whose changes are made.
    fn taken(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        let places = self.rows.iter().zip(&self.lost).enumerate();
        places.filter(|(_, (_, lost))| !**lost).map(|(place, (row, _))| (place, *row))
    }

    /// The positions of the accounts of a leaf, so far as anything comes to them.
    fn positions(
        &self,
        account: u32,
        key: Option<&Numbers>,
        given: impl Fn(usize) -> bool,
        state: &mut State,
    ) -> Numbers {
        let mut position = |member: Option<i64>| {
            let member = member.and_then(|it| u32::try_from(it).ok());
            let parts = member.map(Part::Member);
            let cells = || member.into_iter().map(Cell::Member).collect();
            i64::from(state.accounts.position(account, parts.as_slice(), cells))
        };
        match key {
            None | Some(Numbers::All(_)) => {
                let any = self.taken().any(|(place, _)| given(place));
                Numbers::All(if any { position(key.map(|key| key.at(0))) } else { 0 })
            }
            Some(key) => {
                let mut positions = vec![0; self.rows.len()];
                for (place, _) in self.taken().filter(|(place, _)| given(*place)) {
                    if let Some(own) = positions.get_mut(place) {
                        *own = position(Some(key.at(place)));
                    }
                }
                Numbers::each(positions)
            }
        }
    }

    /// Adds what a leaf got beyond what it is owed to the drift of its account, year by year.
    fn drift(
        &self,
        (positions, more, den): (&Numbers, &Numbers, &Numbers),
        years: &mut Option<Years>,
        state: &mut State,
    ) -> Result<(), &'static str> {
        if let Numbers::All(0) = more {
            return Ok(());
        }
        let years = match years {
            Some(years) => years,
            None => years.insert(Years::of(&self.days, self.rows.len()).ok_or(HALF)?),
        };
        let mut add = |position, year: i32, more: i128, den: i64| {
            let position = u32::try_from(position).map_err(|_| HALF)?;
            let of = (self.lane.currency, year);
            state.drift.add_over(position, of, more, den.into()).map_err(|_| HALF)
        };
        let (Numbers::All(position), Numbers::All(den), true) = (positions, den, years.are_few())
        else {
            for (place, _) in self.taken().filter(|(place, _)| more.at(*place) != 0) {
                let (position, more) = (positions.at(place), more.at(place).into());
                add(position, years.at(place).ok_or(HALF)?, more, den.at(place))?;
            }
            return Ok(());
        };
        let mut sums = vec![0_i128; years.count()];
        let all = more.iter(self.rows.len()).zip(&years.each).zip(&self.lost);
        for ((more, year), lost) in all {
            let sum = sums.get_mut(at(*year)).filter(|_| !*lost);
            if let Some(sum) = sum {
                *sum = sum.checked_add(more.into()).ok_or(HALF)?;
            }
        }
        for (year, sum) in (years.first..).zip(sums).filter(|(_, sum)| *sum != 0) {
            add(*position, year, sum, *den)?;
        }
        Ok(())
    }

    /// Changes totals and latches.
    fn change(&self, state: &mut State) -> Result<(), &'static str> {
        let keys = |sum: Sum| self.keys.get(at(sum.key)).and_then(Option::as_ref).ok_or(HALF);
        for Change { sum, amounts } in &self.changes {
            let totals = state.totals.get_mut(at(sum.tally));
            let totals = totals.and_then(|it| it.get_mut(at(sum.projection))).ok_or(HALF)?;
            let keys = keys(*sum)?;
            for (place, _) in self.taken() {
                let amount = amounts.at(place);
                if amount != 0 {
                    let day = date(self.days.at(place)).ok_or(HALF)?;
                    let key = u32::try_from(keys.at(place)).map_err(|_| HALF)?;
                    totals.add_whole(key, amount.into(), day).map_err(|_| HALF)?;
                }
            }
        }
        for Watched { leg, sum, shuts, open, bound } in &self.watched {
            let keys = keys(*sum)?;
            for (place, _) in self.taken() {
                let (shuts, open) = (shuts.at(place), open.at(place));
                if !shuts && !open {
                    continue;
                }
                let key = u32::try_from(keys.at(place)).map_err(|_| HALF)?;
                let totals = state.totals.get(at(sum.tally));
                let totals = totals.and_then(|it| it.get(at(sum.projection))).ok_or(HALF)?;
                let total = totals.whole(key).ok_or(HALF)?;
                if shuts || total >= i128::from(bound.at(place)) {
                    state.shut_at(*leg, key);
                }
            }
        }
        Ok(())
    }
}

/// The years of events.
struct Years {
    first: i32,
    last: i32,
    /// Since the first.
    each: Vec<u32>,
}

/// Of so many years each has a place of its own.
const YEARS_MAX: usize = 256;

impl Years {
    fn of(days: &Numbers, events: usize) -> Option<Years> {
        let mut last = (i64::MIN, None);
        let year = |day| {
            if last.0 != day {
                last = (day, date(day).map(Date::year));
            }
            last.1
        };
        let years: Option<Vec<i32>> = days.iter(events).map(year).collect();
        let years = years?;
        let (first, last) = (*years.iter().min()?, *years.iter().max()?);
        let each = years.iter().map(|year| year.abs_diff(first)).collect();
        Some(Years { first, last, each })
    }

    fn at(&self, place: usize) -> Option<i32> {
        self.first.checked_add_unsigned(*self.each.get(place)?)
    }

    fn count(&self) -> usize {
        at(self.last.abs_diff(self.first)) + 1
    }

    fn are_few(&self) -> bool {
        self.count() <= YEARS_MAX
    }
}
