//! Refunds that undo an event by name: its own allocation, whatever the rules say today.

use std::collections::BTreeMap;

use crate::base::{Exact, Money};
use crate::plan::at;
use crate::rows::{Allocation, Origin, Reason, ReversalStory};

use super::commit::Delta;
use super::evaluator::Evaluator;
use super::fault::Fault;
use super::identity::Identity;
use super::originals::{Original, OriginalFeed, OriginalLeaf};
use super::settle::{Bounds, Way, settle};
use super::standing::{Stood, Unsure};
use super::state::Settling;
use super::trace::Trace;
use super::tree::Content;
use super::value::Part;

impl<'a, T: Trace> Evaluator<'a, '_, T> {
    /// Undoes a part of an earlier event, as large as this one's inflow.
    pub fn reverse(
        &mut self,
        kind: u32,
        identity: Identity,
        inflow: i128,
        stood: Option<&Stood>,
    ) -> Result<(), Fault> {
        let original = self.state.originals.get(kind, identity);
        let mut original = original.ok_or(Reason::NothingToReverse)?;
        let refunded = inflow.checked_neg().ok_or(Reason::TooWide)?;
        let reversed = original.reversed.checked_add(refunded).ok_or(Reason::TooWide)?;
        if let Some(notes) = self.trace.recorder() {
            notes.reversal = Some(ReversalStory {
                origin: original.origin,
                date: original.date,
                inflow: Money::from_minor(original.inflow),
                before: Money::from_minor(original.reversed),
                legs: Vec::new(),
            });
        }
        let against = original.inflow.signum() * inflow.signum() < 0;
        if !against || reversed.unsigned_abs() > original.inflow.unsigned_abs() {
            return Err(Reason::ReversesTooMuch.into());
        }
        original.reversed = reversed;
        let part = Exact::from_ratio(reversed, original.inflow)?;
        let now = Exact::from_ratio(refunded, original.inflow)?;
        let mut targets = self.targets(&mut original, &part)?;
        for (leaf, target) in original.leaves.iter().zip(&targets) {
            let content = leaf.account.map_or(Content::Undetermined, Content::Account);
            let owed = Exact::from_int(leaf.units).mul(&now)?.neg();
            self.give_back(leaf.leg, content, leaf.given_back - target, owed)?;
        }
        // What an earlier refund took of a leaf is known by what stands of it alone.
        let counts = original.feeds.iter().any(|feed| self.is_read(feed.tally));
        let unclear = original.unclear.filter(|_| counts && stood.is_none());
        self.state.standing.unsure.extend(unclear.map(|refund| (refund, Unsure::Undoes)));
        let fed = original.feeds.iter().map(|feed| feed.tally);
        let comes_out = stood.is_none_or(|stood| self.comes_out(stood, fed));
        for feed in original.feeds.iter().filter(|_| comes_out) {
            if stood.is_none_or(|stood| !stood.knows(feed.tally)) {
                self.take_back(feed, &original.leaves, &targets, &now)?;
            }
        }
        if let Some(stood) = stood {
            self.collect_noted(stood)?;
            let clear = self.stand_back(stood, &mut original, &mut targets);
            if !clear || !self.takes_as_noted(stood, (&original, &targets), &now)? {
                original.unclear = self.origin();
            }
        }
        for (leaf, target) in original.leaves.iter_mut().zip(&targets) {
            leaf.given_back = *target;
        }
        self.collect_moves(stood);
        self.collect_own_adds()?;
        self.check_range()?;
        self.frame.reversal = true;
        self.frame.reversing = Some((kind, identity, original));
        Ok(())
    }

    /// What of each leaf is undone when that part of the whole is, in whole units. Where the
    /// settlement keeps units apart, they are a leaf too.
    fn targets(&mut self, original: &mut Original, part: &Exact) -> Result<Vec<i128>, Fault> {
        let shares: Result<Vec<Exact>, _> =
            original.leaves.iter().map(|leaf| Exact::from_int(leaf.units).mul(part)).collect();
        let of_account: Vec<usize>;
        let (way, apart) = match &original.settling {
            Settling::LargestRemainder | Settling::Carried(_) => (Way::LargestRemainder, None),
            Settling::InOrder => (Way::InOrder, None),
            Settling::KeptApartIn(account) => (Way::AllTo(&[]), Some(*account)),
            Settling::RemainderTo(account) => {
                let leaves = original.leaves.iter().enumerate();
                let of = leaves.filter(|(_, leaf)| leaf.account == Some(*account));
                of_account = of.map(|(place, _)| place).collect();
                (Way::AllTo(&of_account), Some(*account))
            }
        };
        let mut units = Vec::with_capacity(original.leaves.len());
        let (bounds, work) = (Bounds::default(), &mut self.frame.work);
        let given = settle(original.reversed, &shares?, way, &bounds, work, &mut units)?;
        self.frame.residue = self.frame.residue.saturating_add(given.moved);
        if given.left != 0 {
            let leg = Allocation::BY_SETTLEMENT;
            let known = original.leaves.iter().position(|it| it.leg == leg && it.account == apart);
            match known.and_then(|known| units.get_mut(known)) {
                Some(target) => *target += given.left,
                None => {
                    original.leaves.push(OriginalLeaf {
                        account: apart,
                        leg,
                        ..Default::default()
                    });
                    units.push(given.left);
                }
            }
        }
        Ok(units)
    }

    fn give_back(
        &mut self,
        leg: u32,
        content: Content<'a>,
        units: i128,
        owed: Exact,
    ) -> Result<(), Fault> {
        let node = self.make_whole(leg, content, units)?;
        if let Some(node) = self.frame.nodes.get_mut(at(node)) {
            node.entitled = owed;
        }
        Ok(())
    }

    /// A tally falls by what its legs give back, under the key of then.
    fn take_back(
        &mut self,
        feed: &OriginalFeed,
        leaves: &[OriginalLeaf],
        targets: &[i128],
        now: &Exact,
    ) -> Result<(), Fault> {
        let amount = taken_back(feed, (leaves, targets), now)?;
        let start = self.frame.keys.len();
        self.frame.keys.extend_from_slice(&feed.key);
        let key = (start, feed.key.len());
        self.frame.deltas.push(Delta { tally: feed.tally, key, amount, fed: None });
        Ok(())
    }

    /// Whether what was noted of a refund that stands is what its original's legs take back: then those of
    /// later refunds can be told.
    fn takes_as_noted(
        &self,
        stood: &Stood,
        (original, targets): (&Original, &[i128]),
        now: &Exact,
    ) -> Result<bool, Fault> {
        let mut apart: BTreeMap<(u32, &[Part]), Exact> = BTreeMap::new();
        let matters = |feed: &&OriginalFeed| self.is_read(feed.tally) && stood.knows(feed.tally);
        for feed in original.feeds.iter().filter(matters) {
            let amount = taken_back(feed, (&original.leaves, targets), now)?;
            let own = apart.entry((feed.tally, &feed.key)).or_default();
            *own = own.add(&amount)?;
        }
        for feed in stood.feeds.iter().filter(matters) {
            let own = apart.entry((feed.tally, &feed.key)).or_default();
            *own = own.sub(&stood.adds(feed)?)?;
        }
        Ok(apart.values().all(Exact::is_zero))
    }

    /// Keeps what the event gave, for a refund that may undo it.
    pub fn keep_original(
        &mut self,
        identity: Identity,
        inflow: i128,
        stood: Option<&Stood>,
    ) -> Result<(), Fault> {
        let (mut leaves, mut feeds, mut inflow) =
            (self.leaves_given(), self.feeds_given()?, inflow);
        if let Some(stood) = stood {
            inflow = stood.inflow;
            leaves.clone_from(&stood.leaves);
            feeds.extend_from_slice(&stood.feeds);
        }
        let kind = self.at_hand.as_ref().map_or(u32::MAX, |at_hand| at_hand.kind);
        let origin = self.at_hand.as_ref().and_then(|it| it.batch.origins.get(it.row).copied());
        let (origin, date) = (origin.unwrap_or(Origin::MADE), self.date);
        let settling = self.frame.settling.clone().unwrap_or_default();
        let (reversed, unclear) = (0, None);
        let original =
            Original { origin, date, inflow, reversed, leaves, settling, feeds, unclear };
        self.state.originals.keep(kind, identity, original);
        Ok(())
    }

    /// What the event gives, leaf by leaf in written order.
    pub fn leaves_given(&self) -> Vec<OriginalLeaf> {
        let leaf = |leaf: u32| {
            let node = self.frame.nodes.get(at(leaf))?;
            let account = match node.content {
                Content::Account(account) => Some(account),
                _ => None,
            };
            Some(OriginalLeaf { account, leg: node.leg, units: node.units, given_back: 0 })
        };
        self.places_given().into_iter().filter_map(leaf).collect()
    }

    /// What the event adds to tallies by its legs, each by the places of its leaves.
    pub fn feeds_given(&self) -> Result<Vec<OriginalFeed>, Fault> {
        let written = self.places_given();
        let mut feeds = Vec::new();
        for delta in &self.frame.deltas {
            let Some(fed) = delta.fed.and_then(|fed| self.frame.feeds.get(fed)) else { continue };
            let key = self.key_at(delta.key).into();
            let mut feed =
                OriginalFeed { tally: delta.tally, key, leaves: Vec::new(), pooled: Exact::ZERO };
            self.below(fed.node, &written, &mut feed)?;
            feeds.push(feed);
        }
        Ok(feeds)
    }

    /// The leaves that gave something: the others take nothing back, and are nobody's first leaf.
    fn places_given(&self) -> Vec<u32> {
        let mut written = Vec::new();
        self.walk(self.frame.roots.first, &mut written);
        written.retain(|leaf| self.frame.nodes.get(at(*leaf)).is_some_and(|it| it.units != 0));
        written
    }

    /// The leaves below a leg, and what it put into pools.
    fn below(&self, node: u32, written: &[u32], feed: &mut OriginalFeed) -> Result<(), Fault> {
        let Some(found) = self.frame.nodes.get(at(node)) else { return Ok(()) };
        match &found.content {
            Content::Account(_) | Content::Undetermined => {
                let place = written.iter().position(|leaf| *leaf == node);
                feed.leaves.extend(place.and_then(|place| u32::try_from(place).ok()));
            }
            Content::Pool { .. } => feed.pooled = feed.pooled.add(&found.share)?,
            Content::Group => {
                let mut next = found.inside.first;
                while let Some(place) = next {
                    self.below(place, written, feed)?;
                    next = self.frame.nodes.get(at(place)).and_then(|node| node.next);
                }
            }
        }
        Ok(())
    }
}

/// What a leg gives back of these leaves, some of which had given back before.
fn taken_back(
    feed: &OriginalFeed,
    (leaves, targets): (&[OriginalLeaf], &[i128]),
    now: &Exact,
) -> Result<Exact, Fault> {
    let back = |leaf: &u32| {
        let pair = leaves.get(at(*leaf)).zip(targets.get(at(*leaf)));
        pair.map_or(0, |(leaf, target)| leaf.given_back - target)
    };
    let of_leaves = Exact::from_int(feed.leaves.iter().map(back).sum());
    Ok(of_leaves.sub(&feed.pooled.mul(now)?)?)
}
