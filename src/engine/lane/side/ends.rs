//! The end of a group: what its events give and change; compare [`super::super::ends`].

use std::rc::Rc;
use std::sync::Arc;

use crate::base::Date;
use crate::plan::{Done, KeyPart, Leaf, Slot, Sum, WayOfSettling, at};
use crate::rows::{Cell, GivenTogether, LegGiven, Origin, Payee, Payees};

use super::keys::{PartOf, Texts};
use super::numbers::Numbers;
use super::steps::Watched;
use super::{Finished, Group, Of, Side, at_most, date, only};
use crate::engine::drift::is_common;
use crate::engine::identity::Identity;
use crate::engine::originals::Plain;
use crate::engine::state::State;
use crate::engine::summary::Brought;
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

/// What an event that may be undone added to a tally.
pub(super) struct KeptFeed {
    tally: u32,
    key: Vec<PartOf>,
    /// By the places of the leaves of its end.
    leaves: Vec<usize>,
    pooled: Numbers,
}

/// What is added to a sum of a tally for each event.
pub(super) struct Change {
    sum: Sum,
    amounts: Numbers,
}

impl<'a> Group<'a, '_> {
    /// Works out what the events give and change, so far that making the changes cannot fail.
    pub(super) fn finish(mut self, done: &'a Done) -> Finished<'a> {
        let leaves: Vec<LeafOf> = done.leaves.iter().map(|leaf| self.leaf(leaf)).collect();
        let mut changes = Vec::new();
        let program = self.of.program;
        for (place, add) in program.adds.iter().enumerate() {
            let amounts = self.own_add(place);
            self.change(&add.sums, &amounts, &mut changes);
        }
        let mut kept_feeds = Vec::new();
        for feed in &done.feeds {
            let leaves = feed.leaves.iter().filter_map(|leaf| done.leaves.get(*leaf));
            let leaves = leaves.map(|leaf| leaf.units);
            let pooled = self.sum_of(Numbers::All(0), feed.pooled.iter().copied());
            let amounts = self.sum_of(pooled.clone(), leaves);
            self.change(&feed.sums, &amounts, &mut changes);
            if self.of.lane.kept_under.is_some() {
                let key = feed.key.iter().map(|part| self.kept_part(part)).collect();
                let leaves = feed.leaves.clone();
                kept_feeds.push(KeptFeed { tally: feed.tally, key, leaves, pooled });
            }
        }
        // What does not give what there was is the evaluator's to say.
        let left = leaves.iter().fold(self.inflow.clone(), |left, leaf: &LeafOf| {
            left.minus(leaf.units.clone(), &mut self.lost)
        });
        self.lose_unless(&left.test(|left| left == 0));
        let becoming = program.becomes.iter().map(|becomes| self.becoming(becomes)).collect();
        let Group { of, rows, days, watched, keys, residues, inflow, lost, .. } = self;
        Finished {
            of,
            done,
            rows,
            days,
            leaves,
            changes,
            kept_feeds,
            becoming,
            watched,
            keys,
            residues,
            inflow,
            lost,
        }
    }

    pub(super) fn sum_of(&mut self, first: Numbers, slots: impl Iterator<Item = Slot>) -> Numbers {
        slots.fold(first, |sum, slot| sum.plus(self.slot(slot), &mut self.lost))
    }

    fn leaf(&mut self, leaf: &Leaf) -> LeafOf {
        let (slot, by, den) = leaf.share;
        let by = self.constant(i64::try_from(by).ok());
        let mut den = self.constant(i64::try_from(den).ok());
        if let Some(under) = leaf.under {
            den = den.times(self.slot(under), &mut self.lost);
        }
        let units = self.slot(leaf.units);
        let share = self.slot(slot).times(by, &mut self.lost);
        let owed = units.clone().times(den.clone(), &mut self.lost);
        let more = owed.minus(share, &mut self.lost);
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

    /// What the events add to a sum, if they add anything; nothing, if that does not fit.
    pub fn added(&self, sum: Sum) -> Option<Option<Rc<Vec<i64>>>> {
        let mut all: Option<Rc<Vec<i64>>> = None;
        for change in self.changes.iter().filter(|it| it.sum == sum) {
            let own = change.amounts.spread(self.rows.len());
            all = Some(match all {
                None => own,
                Some(all) => {
                    let both = all.iter().zip(own.iter());
                    let sums = both.map(|(one, other)| one.checked_add(*other));
                    Rc::new(sums.collect::<Option<_>>()?)
                }
            });
        }
        Some(all)
    }

    /// The events that are not lost.
    fn kept(self) -> Self {
        if !self.lost.contains(&true) {
            return self;
        }
        let kept = self.lost.iter().enumerate().filter(|(_, lost)| !**lost);
        let kept = at_most(self.lost.len(), kept.map(|(place, _)| place));
        let places: Rc<Vec<usize>> = Rc::new(kept);
        let leaf = |LeafOf { units, more, den, to }: LeafOf| LeafOf {
            units: units.only(&places),
            more: more.only(&places),
            den: den.only(&places),
            to: match to {
                To::Account(account, Some(key)) => To::Account(account, Some(key.only(&places))),
                others => others,
            },
        };
        let change =
            |Change { sum, amounts }: Change| Change { sum, amounts: amounts.only(&places) };
        let kept_feed = |KeptFeed { tally, key, leaves, pooled }: KeptFeed| KeptFeed {
            tally,
            key: key.iter().map(|part| part.only(&places)).collect(),
            leaves,
            pooled: pooled.only(&places),
        };
        Finished {
            of: self.of,
            done: self.done,
            rows: only(&self.rows, &places),
            days: self.days.only(&places),
            leaves: self.leaves.into_iter().map(leaf).collect(),
            changes: self.changes.into_iter().map(change).collect(),
            kept_feeds: self.kept_feeds.into_iter().map(kept_feed).collect(),
            becoming: self.becoming.into_iter().map(|it| it.only(&places)).collect(),
            watched: self.watched.iter().map(|it| it.only(&places)).collect(),
            keys: self.keys.iter().map(|it| it.as_ref().map(|it| it.only(&places))).collect(),
            residues: only(&self.residues, &places),
            inflow: self.inflow.only(&places),
            lost: vec![false; places.len()],
        }
    }

    /// Fetches what is asked for more than once.
    fn fetch(&mut self) {
        self.keys.iter_mut().flatten().for_each(Numbers::fetch);
        self.days.fetch();
    }

    /// Makes the changes of all events that are not lost.
    ///
    /// # Errors
    /// A mistake of ours.
    pub fn commit(self, state: &mut State, side: &mut Side) -> Result<(), &'static str> {
        let mut group = self.kept();
        if group.rows.is_empty() {
            return Ok(());
        }
        group.fetch();
        group.change(state)?;
        // What has been added is often what is given, which then need not be copied.
        group.changes = Vec::new();
        let count = group.rows.len();
        let mut legs = Vec::with_capacity(group.leaves.len());
        let mut years = None;
        let inflow = std::mem::replace(&mut group.inflow, Numbers::All(0)).listed(count);
        let mut brought = Brought {
            events: u64::try_from(count).map_err(|_| HALF)?,
            residue: group.residues.iter().fold(0, |sum, it| sum.saturating_add(*it)),
            inflow: sum(&inflow),
            ..Brought::default()
        };
        let leaves = std::mem::take(&mut group.leaves);
        for (leaf, LeafOf { units, more, den, to }) in group.done.leaves.iter().zip(leaves) {
            let units = units.listed(count);
            let payee = match to {
                To::Undetermined => {
                    brought.undetermined += sum(&units);
                    Payees::One(Payee::Undetermined)
                }
                To::Account(account, key) => {
                    brought.given += sum(&units);
                    let positions = group.positions(account, key.as_ref(), (&units, &more), state);
                    group.drift((&positions, &more, &den), &mut years, state)?;
                    payees(&positions, count).ok_or(HALF)?
                }
            };
            legs.push(LegGiven { leg: leaf.leg, payee, units });
        }
        if let Some(field) = group.of.lane.kept_under {
            group.keep(field, &legs, &inflow, state).ok_or(HALF)?;
        }
        let number = u32::try_from(side.groups.len() + 1).map_err(|_| HALF)?;
        for (place, row) in (0_u32..).zip(&group.rows) {
            *side.ended.get_mut(at(*row)).ok_or(HALF)? = (number, place);
        }
        let residue_units = group.residues;
        let given = GivenTogether { legs, inflow, residue_units };
        Arc::make_mut(&mut side.groups).push(Arc::new(given));
        side.brought = side.brought.with(&brought).ok_or(HALF)?;
        Ok(())
    }

    /// Keeps what the events gave, for refunds that may undo them.
    fn keep(&self, field: u32, legs: &[LegGiven], inflow: &[i64], state: &mut State) -> Option<()> {
        let Of { batch, .. } = self.of;
        let column = batch.columns.get(at(field))?;
        let mut texts = Texts::default();
        for part in self.kept_feeds.iter().flat_map(|feed| &feed.key) {
            texts.note(part, self.of, &self.rows, &mut state.names);
        }
        let in_order = self.done.by == WayOfSettling::InOrder;
        let mut key = Vec::new();
        for (place, row) in self.rows.iter().enumerate() {
            let identity = Identity::in_column(column, at(*row), &mut state.names)?;
            let origin = batch.origins.get(at(*row)).copied().unwrap_or(Origin::MADE);
            let (date, inflow) = (date(self.days.at(place))?, *inflow.get(place)?);
            let plain = Plain { origin, date, inflow, in_order };
            let kept = &mut state.originals;
            kept.begin(batch.event, identity, plain);
            // What gave nothing takes nothing back.
            let gave = |leg: &&LegGiven| leg.units.get(place).is_some_and(|units| *units != 0);
            for leg in legs.iter().filter(gave) {
                let account = match leg.payee(place) {
                    Payee::Account(position) => Some(position),
                    Payee::Undetermined => None,
                };
                kept.add_leaf(account, leg.leg, *leg.units.get(place)?);
            }
            for feed in &self.kept_feeds {
                key.clear();
                key.extend(feed.key.iter().map_while(|part| part.at(place, &texts)));
                if key.len() != feed.key.len() {
                    return None;
                }
                let own =
                    feed.leaves.iter().filter(|leaf| legs.get(**leaf).is_some_and(|it| gave(&it)));
                let number = |leaf: &usize| legs.iter().take(*leaf).filter(gave).count();
                let own = own.filter_map(|leaf| u32::try_from(number(leaf)).ok());
                kept.add_feed(feed.tally, &key, own, feed.pooled.at(place));
            }
        }
        Some(())
    }

    /// The positions of the accounts of a leaf, so far as anything comes to them.
    fn positions(
        &self,
        account: u32,
        key: Option<&Numbers>,
        (units, more): (&[i64], &Numbers),
        state: &mut State,
    ) -> Numbers {
        let mut position = |member: Option<i64>| {
            let member = member.and_then(|it| u32::try_from(it).ok());
            let parts = member.map(Part::Member);
            let cells = || member.into_iter().map(Cell::Member).collect();
            i64::from(state.accounts.position(account, parts.as_slice(), cells))
        };
        let units = units.iter().enumerate();
        let mut given = units.map(|(place, units)| *units != 0 || more.at(place) != 0);
        match key {
            None | Some(Numbers::All(_)) => {
                let any = given.any(|given| given);
                Numbers::All(if any { position(key.map(|key| key.at(0))) } else { 0 })
            }
            Some(key) => {
                let key = key.spread(self.rows.len());
                // By member, the position and one.
                let mut known: Vec<i64> = Vec::new();
                let mut own = |(given, key): (bool, &i64)| {
                    let member = usize::try_from(*key).unwrap_or(0);
                    match known.get(member) {
                        _ if !given => 0,
                        Some(known) if *known != 0 => known - 1,
                        _ => {
                            let position = position(Some(*key));
                            known.resize(known.len().max(member + 1), 0);
                            known.get_mut(member).into_iter().for_each(|it| *it = position + 1);
                            position
                        }
                    }
                };
                Numbers::each(given.zip(key.iter()).map(&mut own).collect())
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
        let more = match more {
            Numbers::All(0) => return Ok(()),
            more => more.spread(self.rows.len()),
        };
        if more.iter().all(|more| *more == 0) {
            return Ok(());
        }
        let years = match years {
            Some(years) => years,
            None => years.insert(Years::of(&self.days, self.rows.len()).ok_or(HALF)?),
        };
        let mut add = |position, year: i32, more: i128, den: i64| {
            let position = u32::try_from(position).map_err(|_| HALF)?;
            let of = (self.of.lane.currency, year);
            state.drift.add_over(position, of, more, den.into()).map_err(|_| HALF)
        };
        let all = || {
            let all = more.iter().zip(&years.each).enumerate();
            all.filter(|(_, (more, _))| **more != 0)
        };
        // What goes to few accounts in few years is added up before: it is exact all the same.
        let ends = |(least, greatest): (i64, i64), it: i64| (least.min(it), greatest.max(it));
        let (least, greatest) = match positions {
            Numbers::All(position) => (*position, *position),
            _ => all().map(|(place, _)| positions.at(place)).fold((i64::MAX, 0), ends),
        };
        let accounts = usize::try_from(greatest - least).unwrap_or(SUMS_MAX) + 1;
        let size = accounts.saturating_mul(years.count());
        if let Numbers::All(den) = den
            && is_common((*den).into())
            && size <= SUMS_MAX
        {
            let mut sums = vec![0_i128; size];
            for (place, (more, year)) in all() {
                let account = usize::try_from(positions.at(place) - least).map_err(|_| HALF)?;
                let sum = sums.get_mut(account * years.count() + at(*year)).ok_or(HALF)?;
                *sum += i128::from(*more);
            }
            for (position, sums) in (least..).zip(sums.chunks(years.count())) {
                for (year, sum) in (years.first..).zip(sums).filter(|(_, sum)| **sum != 0) {
                    add(position, year, *sum, *den)?;
                }
            }
            return Ok(());
        }
        for (place, (more, year)) in all() {
            let year = years.first.checked_add_unsigned(*year).ok_or(HALF)?;
            add(positions.at(place), year, (*more).into(), den.at(place))?;
        }
        Ok(())
    }

    /// Changes totals and latches.
    fn change(&self, state: &mut State) -> Result<(), &'static str> {
        let keys = |sum: Sum| self.keys.get(at(sum.key)).and_then(Option::as_ref).ok_or(HALF);
        let count = self.rows.len();
        let days = self.days.spread(count);
        for Change { sum, amounts } in &self.changes {
            let totals = state.totals.get_mut(at(sum.tally));
            let totals = totals.and_then(|it| it.get_mut(at(sum.projection))).ok_or(HALF)?;
            let (keys, amounts) = (keys(*sum)?.spread(count), amounts.spread(count));
            let changes = keys.iter().zip(amounts.iter()).zip(days.iter());
            for ((key, amount), day) in changes.filter(|((_, amount), _)| **amount != 0) {
                let key = u32::try_from(*key).map_err(|_| HALF)?;
                if !totals.add_narrow(key, *amount) {
                    let day = date(*day).ok_or(HALF)?;
                    totals.add_whole(key, (*amount).into(), day).map_err(|_| HALF)?;
                }
            }
        }
        for becoming in &self.becoming {
            let keys = self.keys.get(at(becoming.to.key)).and_then(Option::as_ref).ok_or(HALF)?;
            let held = state.carried.get_mut(at(becoming.to.carry)).ok_or(HALF)?;
            for place in (0..count).filter(|place| becoming.when.at(*place)) {
                let key = u32::try_from(keys.at(place)).map_err(|_| HALF)?;
                becoming.put(place, held, key).ok_or(HALF)?;
            }
        }
        for Watched { leg, sum, shuts, open, bound } in &self.watched {
            let keys = keys(*sum)?;
            for place in 0..count {
                let (shuts, open) = (shuts.at(place), open.at(place));
                if !shuts && !open {
                    continue;
                }
                let key = u32::try_from(keys.at(place)).map_err(|_| HALF)?;
                let reached = || {
                    let totals = state.totals.get(at(sum.tally))?.get(at(sum.projection))?;
                    Some(totals.whole(key, None)? >= i128::from(bound.at(place)))
                };
                // Where it shuts whatever the total is, nobody goes to memory for that.
                if shuts || reached().ok_or(HALF)? {
                    state.shut_at(*leg, key);
                }
            }
        }
        Ok(())
    }
}

/// Whom a leg pays, by the positions of accounts.
fn payees(positions: &Numbers, events: usize) -> Option<Payees> {
    let position = |position: &i64| u32::try_from(*position).ok();
    Some(match positions {
        Numbers::All(all) => Payees::One(Payee::Account(position(all)?)),
        each => {
            let each = each.spread(events);
            if !each.iter().all(|it| position(it).is_some()) {
                return None;
            }
            // Asked before, so that a list of known length is made.
            Payees::Each(each.iter().map(|it| position(it).unwrap_or(u32::MAX)).collect())
        }
    })
}

/// The sum of numbers of 64 bits, halves added apart: of so few as there are events neither leaves 64, so
/// nothing has to be asked at each.
fn sum(values: &[i64]) -> i128 {
    let halves = |(high, low): (i64, u64), value: &i64| {
        let low_half = value.cast_unsigned() & u64::from(u32::MAX);
        (high.wrapping_add(value >> 32), low.wrapping_add(low_half))
    };
    let (high, low) = values.iter().fold((0, 0), halves);
    (i128::from(high) << 32) + i128::from(low)
}

/// The years of events.
struct Years {
    first: i32,
    last: i32,
    /// Since the first.
    each: Vec<u32>,
}

/// So many sums are kept at once.
const SUMS_MAX: usize = 1 << 10;

impl Years {
    fn of(days: &Numbers, events: usize) -> Option<Years> {
        let mut last = (i64::MIN, None);
        let year = |day: &i64| {
            if last.0 != *day {
                last = (*day, date(*day).map(Date::year));
            }
            last.1
        };
        let years: Option<Vec<i32>> = days.spread(events).iter().map(year).collect();
        let years = years?;
        let (first, last) = (*years.iter().min()?, *years.iter().max()?);
        let each = years.iter().map(|year| year.abs_diff(first)).collect();
        Some(Years { first, last, each })
    }

    fn count(&self) -> usize {
        at(self.last.abs_diff(self.first)) + 1
    }
}
