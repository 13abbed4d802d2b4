//! The end of an event in its lane: its leaves, what it changes, and what is kept of it.

use crate::base::{Exact, Money};
use crate::plan::{Done, KeyPart, LaneFeed, Leaf, Sum, WayOfSettling, at};
use crate::rows::{Allocation, Cell, Origin, Payee};

use super::whole::{Whole, beyond};
use super::{Event, WorkedOut};
use crate::engine::identity::Identity;
use crate::engine::originals::{Original, OriginalFeed, OriginalLeaf, Plain};
use crate::engine::state::Settling;
use crate::engine::value::Part;

impl<'a, W: Whole> Event<'a, W> {
    /// What the event changes, worked out so far that making the changes cannot fail.
    pub(super) fn collect(&mut self, done: &'a Done, out: &mut Vec<Allocation>) -> Option<()> {
        let program = self.program;
        for (place, add) in program.adds.iter().enumerate() {
            let amount = self.own_add(place)?;
            self.change(&add.sums, amount)?;
            if let Some(key) = add.asked.as_ref().filter(|_| amount == W::ZERO)
                && self.truth(&add.when)?
            {
                self.parts(key, false)?;
            }
        }
        for feed in &done.feeds {
            let leaves = feed.leaves.iter().filter_map(|leaf| done.leaves.get(*leaf));
            let slots = leaves.map(|leaf| leaf.units).chain(feed.pooled.iter().copied());
            let amount = slots.map(|slot| self.slot(slot)).try_fold(W::ZERO, W::plus)?;
            self.change(&feed.sums, amount)?;
            if self.lane.kept_under.is_some() {
                self.parts(&feed.key, false)?;
            }
        }
        for becomes in &program.becomes {
            if self.truth(&becomes.when)? {
                let value = self.cell_of(&becomes.value)?;
                let key = self.key(becomes.to.key)?;
                self.work.becoming.push((becomes.to.carry, key, value));
            }
        }
        for place in 0..self.work.shutting.len() {
            let key = self.work.shutting.get(place)?.1.key;
            self.key(key)?;
        }
        let mut leaves = done.leaves.as_slice();
        while let Some((leaf, others)) = leaves.split_first() {
            if leaf.each.is_none() {
                self.leaf(leaf, out)?;
                leaves = others;
                continue;
            }
            let same = leaves.iter().take_while(|other| other.each == leaf.each).count();
            let (division, others) = leaves.split_at_checked(same)?;
            self.leaves_of_rows(division, |event, leaf| event.leaf(leaf, out))?;
            leaves = others;
        }
        Some(())
    }

    #[inline]
    fn leaf(&mut self, leaf: &Leaf, out: &mut Vec<Allocation>) -> Option<()> {
        let units = self.slot(leaf.units);
        let (slot, by, den) = leaf.share;
        let share = self.slot(slot);
        if share == W::ZERO && units == W::ZERO {
            return Some(());
        }
        let payee = match &leaf.payee {
            None => Payee::Undetermined,
            Some((account, key)) => Payee::Account(self.payee(leaf, *account, key)?),
        };
        let mut den = W::of(den)?;
        if let Some(under) = leaf.under {
            den = den.times(self.slot(under))?;
        }
        let share = if by == 1 { share } else { share.times(W::of(by)?)? };
        let more = beyond(units, den, share)?;
        if let Payee::Account(account) = payee
            && more != 0
        {
            self.work.drifts.push((account, more, den.wide()?));
        }
        if units != W::ZERO {
            let amount = Money::from_minor(units.wide()?);
            out.push(Allocation { payee, amount, leg: leaf.leg });
        }
        Some(())
    }

    fn change(&mut self, sums: &[Sum], amount: W) -> Option<()> {
        if amount == W::ZERO {
            return Some(());
        }
        for sum in sums {
            let key = self.key(sum.key)?;
            self.work.changes.push((*sum, key, amount.wide()?));
        }
        Some(())
    }

    /// Makes the changes. Whatever fails here was tried before: it would be a mistake of ours.
    pub(super) fn commit(
        &mut self,
        worked_out: &WorkedOut,
        done: &Done,
    ) -> Result<(), &'static str> {
        const HALF: &str = "an event's changes failed half way";
        if let Some(field) = self.lane.kept_under {
            self.keep(field, worked_out, done).ok_or(HALF)?;
        }
        let (state, work) = (&mut *self.state, &mut *self.work);
        for (sum, key, amount) in &work.changes {
            let totals = state.totals.get_mut(at(sum.tally));
            let totals = totals.and_then(|it| it.get_mut(at(sum.projection))).ok_or(HALF)?;
            totals.add_whole(*key, *amount, self.date).map_err(|_| HALF)?;
        }
        for (carry, key, value) in work.becoming.drain(..) {
            state.carried.get_mut(at(carry)).ok_or(HALF)?.put(key, value);
        }
        let of = match work.drifts.is_empty() {
            true => (0, 0),
            false => (self.lane.currency, self.date.year()),
        };
        for (account, more, den) in &work.drifts {
            state.drift.add_over(*account, of, *more, *den).map_err(|_| HALF)?;
        }
        for place in 0..self.work.watched.len() {
            let Some((leg, bound, sum)) = self.work.watched.get(place).copied() else { break };
            if self.sum(sum).ok_or(HALF)? >= bound {
                self.work.shutting.push((leg, sum));
            }
        }
        for place in 0..self.work.shutting.len() {
            let Some((leg, sum)) = self.work.shutting.get(place).copied() else { break };
            let key = self.key(sum.key).ok_or(HALF)?;
            self.state.shut_at(leg, key);
        }
        Ok(())
    }

    /// Keeps what the event gave, for a refund that may undo it.
    fn keep(&mut self, field: u32, worked_out: &WorkedOut, done: &Done) -> Option<()> {
        let column = self.batch.columns.get(at(field))?;
        let identity = Identity::in_column(column, self.row, &mut self.state.names)?;
        match self.plain(worked_out, done) {
            Some(plain) => self.keep_plain(identity, plain, done),
            None => self.keep_any(identity, worked_out, done),
        }
    }

    /// What is kept of the event besides its leaves and feeds, if all of it is narrow.
    fn plain(&self, worked_out: &WorkedOut, done: &Done) -> Option<Plain> {
        let is_narrow = |leaf: &Leaf| self.slot(leaf.units).small().is_some();
        let narrow = done.leaves.iter().all(is_narrow)
            && done.feeds.iter().all(|feed| self.pooled(feed).is_some());
        Some(Plain {
            origin: self.batch.origins.get(self.row).copied().unwrap_or(Origin::MADE),
            date: self.date,
            inflow: i64::try_from(worked_out.inflow.minor()).ok().filter(|_| narrow)?,
            in_order: done.by == WayOfSettling::InOrder,
        })
    }

    fn pooled(&self, feed: &LaneFeed) -> Option<i64> {
        let mut slots = feed.pooled.iter().map(|slot| self.slot(*slot).small());
        slots.try_fold(0_i64, |sum, units| sum.checked_add(units?))
    }

    fn keep_plain(&mut self, identity: Identity, plain: Plain, done: &Done) -> Option<()> {
        self.state.originals.begin(self.batch.event, identity, plain);
        self.work.places.clear();
        let mut kept = 0;
        for leaf in &done.leaves {
            let units = self.slot(leaf.units).small()?;
            // What gave nothing takes nothing back.
            if units == 0 {
                self.work.places.push(None);
                continue;
            }
            let account = self.paid(leaf)?;
            self.work.places.push(Some(kept));
            kept += 1;
            self.state.originals.add_leaf(account, leaf.leg, units);
        }
        for feed in &done.feeds {
            self.parts(&feed.key, true)?;
            let pooled = self.pooled(feed)?;
            let (key, places) = (&self.work.parts, &self.work.places);
            let own = feed.leaves.iter().filter_map(|leaf| places.get(*leaf).copied().flatten());
            self.state.originals.add_feed(feed.tally, key, own, pooled);
        }
        Some(())
    }

    fn keep_any(&mut self, identity: Identity, worked_out: &WorkedOut, done: &Done) -> Option<()> {
        let mut original = std::mem::replace(&mut self.work.original, Original::empty());
        original.leaves.clear();
        original.feeds.clear();
        self.work.places.clear();
        for leaf in &done.leaves {
            let units = self.slot(leaf.units).wide()?;
            // What gave nothing takes nothing back.
            if units == 0 {
                self.work.places.push(None);
                continue;
            }
            let account = self.paid(leaf)?;
            self.work.places.push(u32::try_from(original.leaves.len()).ok());
            let leg = leaf.leg;
            original.leaves.push(OriginalLeaf { account, leg, units, given_back: 0 });
        }
        for feed in &done.feeds {
            self.parts(&feed.key, true)?;
            let key = self.work.parts.as_slice().into();
            let places = &self.work.places;
            let own = feed.leaves.iter().filter_map(|leaf| places.get(*leaf).copied().flatten());
            let leaves = own.collect();
            let pooled = feed.pooled.iter().map(|slot| self.slot(*slot).wide());
            let pooled = Exact::from_int(pooled.sum::<Option<i128>>()?);
            original.feeds.push(OriginalFeed { tally: feed.tally, key, leaves, pooled });
        }
        original.settling = match done.by {
            WayOfSettling::LargestRemainder => Settling::LargestRemainder,
            WayOfSettling::InOrder => Settling::InOrder,
        };
        original.inflow = worked_out.inflow.minor();
        original.origin = self.batch.origins.get(self.row).copied().unwrap_or(Origin::MADE);
        original.date = self.date;
        self.state.originals.keep(self.batch.event, identity, original.clone());
        self.work.original = original;
        Some(())
    }

    /// The position of the account that a leaf gives to; nothing inside where no rule gives it to anybody.
    fn paid(&mut self, leaf: &Leaf) -> Option<Option<u32>> {
        match &leaf.payee {
            Some((account, key)) => Some(Some(self.payee(leaf, *account, key)?)),
            None => Some(None),
        }
    }

    /// The position of a leaf's account.
    #[inline]
    fn payee(&mut self, leaf: &Leaf, account: u32, key: &[KeyPart]) -> Option<u32> {
        let Some(fixed) = leaf.fixed.map(at) else { return self.account(account, key) };
        if let Some(Some(position)) = self.positions.get(fixed) {
            return Some(*position);
        }
        let position = self.account(account, key)?;
        if let Some(place) = self.positions.get_mut(fixed) {
            *place = Some(position);
        }
        Some(position)
    }

    /// The position of an account.
    fn account(&mut self, account: u32, key: &[KeyPart]) -> Option<u32> {
        // Nearly all accounts have no key or one member: those need no list of parts.
        let known = match key {
            [] => self.state.accounts.known(account, &[]),
            [KeyPart::Member(entity)] => {
                let member = self.entity(entity)?;
                self.state.accounts.known(account, &[Part::Member(member)])
            }
            _ => None,
        };
        if known.is_some() {
            return known;
        }
        self.parts(key, true)?;
        let parts = std::mem::take(&mut self.work.parts);
        let position = match self.state.accounts.known(account, &parts) {
            Some(position) => Some(position),
            None => {
                self.cells(key).map(|cells| self.state.accounts.position(account, &parts, || cells))
            }
        };
        self.work.parts = parts;
        position
    }

    fn cells(&mut self, key: &[KeyPart]) -> Option<Vec<Cell>> {
        key.iter().map(|part| self.cell(part)).collect()
    }
}
