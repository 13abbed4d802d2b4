//! Refunds that undo an event by name: its own allocation, whatever the rules say today.

use crate::base::Exact;
use crate::plan::at;
use crate::rows::{Allocation, Reason};

use super::commit::Delta;
use super::evaluator::Evaluator;
use super::fault::Fault;
use super::settle::{Bounds, Way, settle};
use super::state::{Original, OriginalFeed, OriginalLeaf, Settling};
use super::trace::Trace;
use super::tree::{Content, Fed};
use super::value::Part;

/// Units by leaf, and those of an account beside them.
type Targets = (Vec<i128>, Option<(u32, i128)>);

impl<'a, T: Trace> Evaluator<'a, '_, T> {
    /// Undoes a part of an earlier event, as large as this one's inflow.
    pub fn reverse(&mut self, kind: u32, key: Part, inflow: i128) -> Result<(), Fault> {
        let original = self.state.originals.get(&(kind, key)).cloned();
        let mut original = original.ok_or(Reason::NothingToReverse)?;
        let refunded = inflow.checked_neg().ok_or(Reason::TooWide)?;
        let reversed = original.reversed.checked_add(refunded).ok_or(Reason::TooWide)?;
        let against = original.inflow.signum() * inflow.signum() < 0;
        if !against || reversed.unsigned_abs() > original.inflow.unsigned_abs() {
            return Err(Reason::ReversesTooMuch.into());
        }
        original.reversed = reversed;
        let part = Exact::from_ratio(reversed, original.inflow)?;
        let now = Exact::from_ratio(refunded, original.inflow)?;
        let (targets, own) = self.targets(&original, &part)?;
        for feed in &mut original.feeds {
            self.take_back(feed, &targets, &part)?;
        }
        for (leaf, target) in original.leaves.iter_mut().zip(&targets) {
            let content = leaf.account.map_or(Content::Undetermined, Content::Account);
            let owed = Exact::from_int(leaf.units).mul(&now)?.neg();
            self.give_back(leaf.leg, content, leaf.given_back - target, owed)?;
            leaf.given_back = *target;
        }
        if let Some((account, target)) = own {
            let (leg, back) = (Allocation::BY_SETTLEMENT, original.own_given_back - target);
            self.give_back(leg, Content::Account(account), back, Exact::ZERO)?;
            original.own_given_back = target;
        }
        self.collect_moves();
        self.collect_own_adds()?;
        self.check_range()?;
        self.frame.settling = Some(original.settling.clone());
        self.frame.reversing = Some((kind, key, original));
        Ok(())
    }

    /// What of each leaf is undone when that part of the whole is, in whole units; and of the account
    /// where the settlement keeps units apart.
    fn targets(&mut self, original: &Original, part: &Exact) -> Result<Targets, Fault> {
        let shares: Result<Vec<Exact>, _> =
            original.leaves.iter().map(|leaf| Exact::from_int(leaf.units).mul(part)).collect();
        let (way, apart) = match &original.settling {
            Settling::LargestRemainder | Settling::Carried(_) => (Way::LargestRemainder, None),
            Settling::InOrder => (Way::InOrder, None),
            Settling::KeptApartIn(account) => (Way::AllTo(None), Some(*account)),
            Settling::RemainderTo(account) => {
                let first = original.leaves.iter().position(|it| it.account == Some(*account));
                (Way::AllTo(first), Some(*account))
            }
        };
        let mut units = Vec::with_capacity(original.leaves.len());
        let (bounds, work) = (Bounds::default(), &mut self.frame.work);
        let given = settle(original.reversed, &shares?, way, &bounds, work, &mut units)?;
        self.frame.residue = self.frame.residue.saturating_add(given.moved);
        Ok((units, apart.map(|account| (account, given.left))))
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
        feed: &mut OriginalFeed,
        targets: &[i128],
        part: &Exact,
    ) -> Result<(), Fault> {
        let target = match &feed.leaves {
            None => feed.amount.mul(part)?,
            Some(of) => {
                let target = |leaf: &u32| targets.get(at(*leaf)).copied().unwrap_or(0);
                Exact::from_int(of.iter().map(target).sum())
            }
        };
        let amount = feed.taken_back.sub(&target)?;
        feed.taken_back = target;
        let start = self.frame.keys.len();
        self.frame.keys.extend_from_slice(&feed.key);
        let key = (start, feed.key.len());
        let fed = Some(self.frame.feeds.len());
        let node = u32::MAX;
        self.frame.feeds.push(Fed { tally: feed.tally, key, node, amount: amount.clone() });
        self.frame.deltas.push(Delta { tally: feed.tally, key, amount, fed });
        Ok(())
    }

    /// Keeps what the event gave, for a refund that may undo it.
    pub fn keep_original(&mut self, unique: Part, inflow: i128) -> Result<(), Fault> {
        let mut leaves = Vec::new();
        let mut places: Vec<(u32, u32)> = Vec::new();
        for (node, place) in self.written_leaves() {
            let Some(leaf) = self.frame.nodes.get(at(node)) else { continue };
            let account = match leaf.content {
                Content::Account(account) => Some(account),
                _ => None,
            };
            places.push((node, place));
            let (leg, units) = (leaf.leg, leaf.units);
            leaves.push(OriginalLeaf { account, leg, units, given_back: 0 });
        }
        let mut feeds = Vec::new();
        for delta in &self.frame.deltas {
            let Some(fed) = delta.fed.and_then(|fed| self.frame.feeds.get(fed)) else { continue };
            let leaves = self.leaves_of_feed(fed.node, &places);
            feeds.push(OriginalFeed {
                tally: delta.tally,
                key: self.key_at(delta.key).into(),
                leaves,
                amount: delta.amount.clone(),
                taken_back: Exact::ZERO,
            });
        }
        let kind = self.at_hand.as_ref().map_or(u32::MAX, |at_hand| at_hand.kind);
        let settling = self.frame.settling.clone().unwrap_or_default();
        let original = Original { inflow, reversed: 0, own_given_back: 0, leaves, settling, feeds };
        self.state.originals.insert((kind, unique), original);
        Ok(())
    }

    /// All leaves in written order, each with its place.
    fn written_leaves(&self) -> Vec<(u32, u32)> {
        let mut nodes = Vec::new();
        self.walk(self.frame.roots.first, &mut nodes);
        nodes.into_iter().zip(0..).collect()
    }

    /// The leaves whose sum a feed added; nothing where it added what a leg put into a shared pool.
    fn leaves_of_feed(&self, node: u32, places: &[(u32, u32)]) -> Option<Vec<u32>> {
        let first = self.frame.nodes.get(at(node))?;
        let mut below = Vec::new();
        match &first.content {
            Content::Account(_) | Content::Undetermined => below.push(node),
            Content::Group => {
                if self.shares_a_pool(first.inside.first) {
                    return None;
                }
                self.walk(first.inside.first, &mut below);
            }
            Content::Pool { filled, .. } => {
                let filled = filled.and_then(|(pool, _)| self.frame.pools.get(at(pool)))?;
                if filled.fills != 1 || self.shares_a_pool(filled.inside.first) {
                    return None;
                }
                self.walk(filled.inside.first, &mut below);
            }
        }
        let place = |leaf: &u32| places.iter().find(|(node, _)| node == leaf).map(|(_, it)| *it);
        Some(below.iter().filter_map(place).collect())
    }

    fn shares_a_pool(&self, first: Option<u32>) -> bool {
        let mut next = first;
        while let Some(place) = next {
            let Some(node) = self.frame.nodes.get(at(place)) else { break };
            next = node.next;
            let inside = match &node.content {
                Content::Pool { filled, .. } => {
                    let filled = filled.and_then(|(pool, _)| self.frame.pools.get(at(pool)));
                    match filled {
                        Some(filled) if filled.fills == 1 => filled.inside.first,
                        _ => return true,
                    }
                }
                Content::Group => node.inside.first,
                Content::Account(_) | Content::Undetermined => continue,
            };
            if self.shares_a_pool(inside) {
                return true;
            }
        }
        false
    }
}
