//! From exact shares to whole units: which leaves settle together, and under which bounds.

use crate::base::{Exact, ExactError, Rounding};
use crate::plan::at;
use crate::rows::{Allocation, Reason};

use super::evaluator::{Evaluator, Frame};
use super::fault::Fault;
use super::settle::{Given, Member, Way, settle, sum_to};
use super::state::{Key, LeafKey, Settling};
use super::trace::Trace;
use super::tree::{Chain, Content, Fed, Room};
use super::value::Value;

impl<'a, T: Trace> Evaluator<'a, '_, T> {
    /// Settles the event over all its leaves, so that together they give what it brought.
    pub fn settle_event(&mut self, inflow: i128) -> Result<(), Fault> {
        let roots = self.frame.roots;
        self.frame.leaves.clear();
        let mut whole: i128 = 0;
        self.collect(roots, Across::Pools, &mut whole)?;
        let units = inflow.checked_sub(whole).ok_or(Reason::TooWide)?;
        let settling = self.frame.settling.take().unwrap_or_default();
        let own = self.settle_leaves(units, &Exact::from_int(units), &settling)?;
        self.tell_settlement(&settling, own, false);
        if let Some((account, units)) = own {
            let node = self.make_apart(account, units)?;
            let roots = self.frame.roots;
            self.frame.roots = self.joined(roots, Chain { first: Some(node), last: Some(node) });
        }
        self.frame.settling = Some(settling);
        Ok(())
    }

    /// Settles a split that settles when it is made: its leaves are whole from there, and so is what
    /// goes into pools. A fraction of the content itself stays on the last leaf that had one, which
    /// settles again with the event.
    pub fn settle_split(
        &mut self,
        mut chain: Chain,
        content: &Exact,
        settling: &Settling,
        first_fed: usize,
    ) -> Result<Chain, Fault> {
        self.frame.leaves.clear();
        let mut whole: i128 = 0;
        self.collect(chain, Across::Nothing, &mut whole)?;
        let down = content.rounded(Rounding::Down, &Exact::ONE)?;
        let units = down.to_int().ok_or(Reason::TooWide)?;
        let own = self.settle_leaves(units, content, settling)?;
        self.tell_settlement(settling, own, true);
        let mut last = None;
        for leaf in &self.frame.leaves {
            let Some(node) = self.frame.nodes.get_mut(at(*leaf)) else { continue };
            if !node.share.is_integer() {
                last = Some(*leaf);
            }
            node.share = Exact::from_int(node.units);
            node.whole = true;
        }
        let fraction = content.sub(&down)?;
        if let Some(node) = last.and_then(|last| self.frame.nodes.get_mut(at(last)))
            && !fraction.is_zero()
        {
            node.share = node.share.add(&fraction)?;
            node.whole = false;
        }
        if let Some((account, units)) = own {
            let node = self.make_apart(account, units)?;
            chain = self.joined(chain, Chain { first: Some(node), last: Some(node) });
        }
        // From here on an earlier leg's addition to a total is what it really gets.
        for place in first_fed..self.frame.feeds.len() {
            let Some(node) = self.frame.feeds.get(place).map(|fed| fed.node) else { break };
            let amount = self.share_below(node)?;
            if let Some(fed) = self.frame.feeds.get_mut(place) {
                fed.amount = amount;
            }
        }
        Ok(chain)
    }

    /// A leaf of its own for units that no leg gets; nobody was owed them.
    fn make_apart(&mut self, account: u32, units: i128) -> Result<u32, Fault> {
        let leg = Allocation::BY_SETTLEMENT;
        let node = self.make(leg, Content::Account(account), Exact::from_int(units), None)?;
        if let Some(node) = self.frame.nodes.get_mut(at(node)) {
            node.whole = true;
            node.units = units;
            node.entitled = Exact::ZERO;
        }
        Ok(node)
    }

    /// The sum of the shares of a leg's leaves, pools among them.
    fn share_below(&self, node: u32) -> Result<Exact, Fault> {
        let Some(node) = self.frame.nodes.get(at(node)) else { return Ok(Exact::ZERO) };
        if !matches!(node.content, Content::Group) {
            return Ok(node.share.clone());
        }
        let mut sum = Exact::ZERO;
        let mut next = node.inside.first;
        while let Some(place) = next {
            sum = sum.add(&self.share_below(place)?)?;
            next = self.frame.nodes.get(at(place)).and_then(|node| node.next);
        }
        Ok(sum)
    }

    /// Lists the leaves that take part in a settlement, in written order, and sums the others.
    fn collect(&mut self, chain: Chain, across: Across, whole: &mut i128) -> Result<(), Fault> {
        let mut next = chain.first;
        while let Some(place) = next {
            let Some(node) = self.frame.nodes.get(at(place)) else { break };
            next = node.next;
            match (&node.content, across) {
                (Content::Account(_) | Content::Undetermined, _) if node.whole => {
                    *whole = whole.checked_add(node.units).ok_or(Reason::TooWide)?;
                }
                // Of an event that stands otherwise than the rules give it.
                (Content::Pool { .. }, Across::Nothing) if node.share.is_zero() => {}
                (Content::Account(_) | Content::Undetermined, _)
                | (Content::Pool { .. }, Across::Nothing) => self.frame.leaves.push(place),
                (Content::Group, _) => {
                    let inside = node.inside;
                    self.collect(inside, across, whole)?;
                }
                (Content::Pool { filled, .. }, Across::Pools) => {
                    if let Some((pool, true)) = filled {
                        let filled = self.frame.pools.get(at(*pool));
                        let inside = filled.map(|filled| filled.inside).unwrap_or_default();
                        self.collect(inside, across, whole)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Settles the leaves listed and gives the account and units of a leaf of its own, if the way of
    /// giving asks for one.
    fn settle_leaves(
        &mut self,
        units: i128,
        whole: &Exact,
        settling: &Settling,
    ) -> Result<Option<(u32, i128)>, Fault> {
        self.list_shares();
        if !sum_to(&self.frame.shares, whole)? {
            return Err(Fault::Internal("the legs of an event do not sum to what it brought"));
        }
        let of_account: Vec<usize>;
        let (way, apart) = match settling {
            Settling::LargestRemainder => (Way::LargestRemainder, None),
            Settling::InOrder => (Way::InOrder, None),
            Settling::Carried(key) => {
                self.add_owed(key)?;
                (Way::LargestRemainder, None)
            }
            Settling::KeptApartIn(account) => (Way::AllTo(&[]), Some(*account)),
            Settling::RemainderTo(account) => {
                of_account = self.leaves_of(*account);
                (Way::AllTo(&of_account), Some(*account))
            }
        };
        self.fill_bounds(units < 0 || whole.is_negative())?;
        let mut given = self.frame.settle(units, way)?;
        if given.left != 0 && matches!(settling, Settling::Carried(_)) {
            // In all no leaf is owed anything, and still there is something to give.
            self.list_shares();
            given = self.frame.settle(units, way)?;
        }
        let frame = &mut self.frame;
        frame.residue = frame.residue.saturating_add(given.moved);
        for (leaf, units) in frame.leaves.iter().zip(&frame.units) {
            if let Some(node) = frame.nodes.get_mut(at(*leaf)) {
                node.units = *units;
            }
        }
        if let Settling::Carried(key) = settling {
            self.note_owed(key)?;
        }
        match (given.left, apart) {
            (0, _) => Ok(None),
            (left, Some(account)) => Ok(Some((account, left))),
            (_, None) => Err(Fault::Internal("units that nobody can take")),
        }
    }

    /// The shares of the leaves listed.
    fn list_shares(&mut self) {
        let frame = &mut self.frame;
        frame.shares.clear();
        let nodes = frame.leaves.iter().filter_map(|leaf| frame.nodes.get(at(*leaf)));
        frame.shares.extend(nodes.map(|node| node.share.clone()));
    }

    fn leaves_of(&self, account: u32) -> Vec<usize> {
        let of_account = |leaf: &u32| {
            let node = self.frame.nodes.get(at(*leaf));
            node.is_some_and(|node| matches!(node.content, Content::Account(of) if of == account))
        };
        let leaves = self.frame.leaves.iter().enumerate();
        leaves.filter(|(_, leaf)| of_account(leaf)).map(|(place, _)| place).collect()
    }

    /// Adds to each share what the leaf was owed so far, splits of this event that settled before
    /// included; of leaves alike the first gets it.
    fn add_owed(&mut self, key: &Key) -> Result<(), Fault> {
        let known: Vec<Option<LeafKey>> =
            self.frame.leaves.iter().map(|leaf| self.leaf_key(*leaf)).collect();
        let owed = self.state.owed.get(key);
        let frame = &mut self.frame;
        for (place, leaf) in known.iter().enumerate() {
            let Some(leaf_key) = leaf else { continue };
            if known.iter().take(place).any(|other| other == leaf) {
                continue;
            }
            let Some(share) = frame.shares.get_mut(place) else { continue };
            if let Some(owed) = owed.and_then(|owed| owed.get(leaf_key)) {
                *share = share.add(owed)?;
            }
            for (under, of, more) in &frame.owing {
                if under == key && of == leaf_key {
                    *share = share.add(more)?;
                }
            }
        }
        Ok(())
    }

    /// Notes what each leaf is owed more or less than before.
    fn note_owed(&mut self, key: &Key) -> Result<(), Fault> {
        for place in 0..self.frame.leaves.len() {
            let Some(leaf) = self.frame.leaves.get(place).copied() else { break };
            let Some(node) = self.frame.nodes.get(at(leaf)) else { continue };
            let more = node.share.sub(&Exact::from_int(node.units))?;
            if !more.is_zero()
                && let Some(leaf_key) = self.leaf_key(leaf)
            {
                self.frame.owing.push((key.clone(), leaf_key, more));
            }
        }
        Ok(())
    }

    fn leaf_key(&self, leaf: u32) -> Option<LeafKey> {
        let node = self.frame.nodes.get(at(leaf))?;
        match &node.content {
            Content::Account(account) => Some((node.leg, *account, Vec::new())),
            Content::Undetermined => Some((node.leg, u32::MAX, Vec::new())),
            Content::Pool { pool, row, .. } => {
                let row = row.map(|row| self.key_of_row(&Value::Row(row)));
                Some((node.leg, u32::MAX - 1 - pool, row.unwrap_or_default()))
            }
            Content::Group => None,
        }
    }

    /// Puts down which leaf counts against which bound.
    fn fill_bounds(&mut self, mirrored: bool) -> Result<(), Fault> {
        let frame = &mut self.frame;
        frame.bounds.limits.clear();
        frame.bounds.members.clear();
        if frame.rooms.is_empty() {
            return Ok(());
        }
        let counted = self.counted_outside(mirrored)?;
        let frame = &mut self.frame;
        for (room, counted) in frame.rooms.iter().zip(counted) {
            let limit = match &room.total {
                None => room.limit.sub(&counted)?.floor(),
                // Of money coming back a running total takes all there is.
                Some(_) if mirrored => Exact::from_int(i128::MAX),
                Some(total) => room.limit.sub(&total.before)?.sub(&counted)?.floor(),
            };
            frame.bounds.limits.push(limit.to_int().unwrap_or(i128::MAX));
        }
        for (place, leaf) in frame.leaves.iter().enumerate() {
            let mut next = frame.nodes.get(at(*leaf)).and_then(|node| node.room);
            while let Some(room) = next {
                let member = Member { leaf: place, bound: at(room), refuses: true };
                frame.bounds.members.push(member);
                next = frame.rooms.get(at(room)).and_then(|room| room.parent);
            }
        }
        self.count_earlier_feeds();
        Ok(())
    }

    /// For each bound, what counts against it and takes no part in this settlement: what was put into
    /// pools, and what was whole before. Mirrored where money comes back.
    fn counted_outside(&self, mirrored: bool) -> Result<Vec<Exact>, Fault> {
        let frame = &self.frame;
        let mut counted = vec![Exact::ZERO; frame.rooms.len()];
        for (place, node) in (0_u32..).zip(&frame.nodes) {
            if matches!(node.content, Content::Group) || frame.leaves.contains(&place) {
                continue;
            }
            let share = if mirrored { node.share.neg() } else { node.share.clone() };
            let mut next = node.room;
            while let Some(room) = next {
                if let Some(counted) = counted.get_mut(at(room)) {
                    *counted = counted.add(&share)?;
                }
                next = frame.rooms.get(at(room)).and_then(|room| room.parent);
            }
            for (room, counted) in frame.rooms.iter().zip(&mut counted) {
                for _ in self.earlier_feeds(room).filter(|fed| self.is_below(place, *fed)) {
                    *counted = counted.add(&share)?;
                }
            }
        }
        Ok(counted)
    }

    /// The legs before a bounded one that add to the total its bound looks at.
    fn earlier_feeds(&self, room: &Room) -> impl Iterator<Item = u32> + '_ {
        let (node, total) = (room.node, room.total.clone());
        let same = move |fed: &&Fed| {
            total.as_ref().is_some_and(|total| {
                fed.tally == total.tally && self.key_at(fed.key) == self.key_at(total.key)
            })
        };
        let earlier = self.frame.feeds.iter().filter(move |fed| fed.node < node);
        earlier.filter(same).map(|fed| fed.node)
    }

    fn is_below(&self, place: u32, node: u32) -> bool {
        if place == node {
            return true;
        }
        let mut child = self.frame.nodes.get(at(node)).and_then(|node| node.inside.first);
        while let Some(inside) = child {
            if self.is_below(place, inside) {
                return true;
            }
            child = self.frame.nodes.get(at(inside)).and_then(|node| node.next);
        }
        false
    }

    /// What earlier legs add to a total counts against the bound of a later one.
    fn count_earlier_feeds(&mut self) {
        let mut counted = Vec::new();
        for (bound, room) in self.frame.rooms.iter().enumerate() {
            let Some(total) = &room.total else { continue };
            for fed in self.frame.feeds.iter().filter(|fed| fed.tally == total.tally) {
                if fed.node < room.node && self.key_at(fed.key) == self.key_at(total.key) {
                    counted.extend(self.leaves_below(fed.node).map(|leaf| (leaf, bound)));
                }
            }
        }
        for (leaf, bound) in counted {
            let members = &mut self.frame.bounds.members;
            if !members.iter().any(|member| member.leaf == leaf && member.bound == bound) {
                members.push(Member { leaf, bound, refuses: false });
            }
        }
    }

    /// Places in the list of leaves of those below a leg.
    fn leaves_below(&self, node: u32) -> impl Iterator<Item = usize> + '_ {
        let mut below = vec![node];
        let mut next = 0;
        while let Some(place) = below.get(next).copied() {
            next += 1;
            let mut child = self.frame.nodes.get(at(place)).and_then(|node| node.inside.first);
            while let Some(place) = child {
                below.push(place);
                child = self.frame.nodes.get(at(place)).and_then(|node| node.next);
            }
        }
        let leaves = self.frame.leaves.iter().enumerate();
        leaves.filter(move |(_, leaf)| below.contains(leaf)).map(|(place, _)| place)
    }
}

impl Frame<'_> {
    /// Settles the shares listed, within the bounds.
    fn settle(&mut self, units: i128, way: Way<'_>) -> Result<Given, ExactError> {
        self.units.clear();
        settle(units, &self.shares, way, &self.bounds, &mut self.work, &mut self.units)
    }
}

/// Whether leaves are looked for beyond the pools a split fills.
#[derive(Debug, Clone, Copy)]
enum Across {
    Pools,
    Nothing,
}
