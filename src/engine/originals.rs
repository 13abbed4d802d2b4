//! What events gave, kept because a later refund may undo it.
//!
//! Nearly all are never undone. So they are packed, end to end: a kept event takes no memory of its
//! own, and nothing has to be freed piece by piece when the run is over.

mod index;
mod packed_leaf;
mod places;

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::FixedState;

use crate::base::{Date, Exact};
use crate::plan::at;
use crate::rows::Origin;

use self::index::Index;
use self::packed_leaf::To;
use super::blocks::Blocks;
use super::identity::Identity;
use super::state::{Key, Settling};
use super::value::Part;

/// What an event gave.
#[derive(Debug, Clone)]
pub(crate) struct Original {
    /// Where it stands.
    pub origin: Origin,
    /// Its effective date.
    pub date: Date,
    /// What it brought, in minor units.
    pub inflow: i128,
    /// How much of that has been undone, with the sign of the inflow.
    pub reversed: i128,
    /// Its leaves.
    pub leaves: Vec<OriginalLeaf>,
    /// By which its reversals settle.
    pub settling: Settling,
    /// The tallies its legs fed.
    pub feeds: Vec<OriginalFeed>,
    /// A refund of it that stands as a dispute was settled, of which nobody can say from which of the leaves
    /// it took.
    pub unclear: Option<Origin>,
}

/// A leaf of an event that may be undone.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct OriginalLeaf {
    /// Its account; absent: undetermined.
    pub account: Option<u32>,
    /// Its leg.
    pub leg: u32,
    /// What it got, in minor units.
    pub units: i128,
    /// What earlier reversals gave back of it.
    pub given_back: i128,
}

/// A feed of an event that may be undone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OriginalFeed {
    pub tally: u32,
    pub key: Key,
    /// The leaves whose sum it added.
    pub leaves: Vec<u32>,
    /// What it added besides, by legs into pools.
    pub pooled: Exact,
}

/// All that may still be undone.
#[derive(Debug, Default)]
pub(crate) struct Originals {
    /// Where events stand.
    index: Index,
    /// What events from a place on have in common.
    common: Vec<(u32, Common)>,
    packed: Blocks<Packed>,
    leaves: Blocks<[u32; 2]>,
    /// What the last event brought that no leaf of it got.
    left: i64,
    feeds: Blocks<PackedFeed>,
    parts: Blocks<Part>,
    fed: Blocks<u32>,
    /// By place, those of which something has been undone, and those that do not fit what is packed.
    others: HashMap<u32, Box<Original>, FixedState>,
}

/// An event. What belongs to it ends where that of the next begins.
#[derive(Debug, Clone, Copy)]
struct Packed {
    /// The lower half of its line.
    line: u32,
    date: Date,
    leaves: u32,
}

/// What events mostly share with the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Common {
    file: u32,
    /// The upper half of their lines.
    line: u32,
    in_order: bool,
}

/// An original of ordinary size, but for its leaves and feeds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plain {
    pub origin: Origin,
    pub date: Date,
    pub inflow: i64,
    pub in_order: bool,
}

/// A feed of an event; its key and its leaves end where those of the next begin.
#[derive(Debug, Clone, Copy)]
struct PackedFeed {
    of: u32,
    tally: u32,
    parts: u32,
    fed: u32,
    pooled: i64,
}

impl Original {
    /// An original of nothing, to be filled.
    pub fn empty() -> Original {
        Original {
            origin: Origin::MADE,
            date: Date::MIN,
            inflow: 0,
            reversed: 0,
            leaves: Vec::new(),
            settling: Settling::LargestRemainder,
            feeds: Vec::new(),
            unclear: None,
        }
    }

    /// What is packed of it, if it fits.
    fn plain(&self) -> Option<Plain> {
        let in_order = match self.settling {
            Settling::LargestRemainder => false,
            Settling::InOrder => true,
            _ => return None,
        };
        let narrow =
            |leaf: &OriginalLeaf| leaf.given_back == 0 && i64::try_from(leaf.units).is_ok();
        let whole = |feed: &OriginalFeed| units_of(&feed.pooled).is_some();
        let fits = self.leaves.iter().all(narrow) && self.feeds.iter().all(whole);
        let inflow = i64::try_from(self.inflow).ok().filter(|_| fits && self.reversed == 0)?;
        Some(Plain { origin: self.origin, date: self.date, inflow, in_order })
    }
}

fn units_of(pooled: &Exact) -> Option<i64> {
    i64::try_from(pooled.to_int()?).ok()
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

impl Originals {
    /// What is kept of an event, by its kind and identity.
    pub fn get(&mut self, kind: u32, identity: Identity) -> Option<Original> {
        let place = self.index.get(kind, identity)?;
        match self.others.get(&place) {
            Some(other) => Some(Original::clone(other)),
            None => self.unpacked(place),
        }
    }

    /// The tallies that an event fed, and under which keys.
    pub fn fed(&mut self, kind: u32, identity: Identity) -> Option<Vec<(u32, Key)>> {
        let place = self.index.get(kind, identity)?;
        if let Some(other) = self.others.get(&place) {
            return Some(other.feeds.iter().map(|feed| (feed.tally, feed.key.clone())).collect());
        }
        let fed = |feed| Some((self.feeds.get(feed)?.tally, self.key(feed)?));
        self.feeds_of(place).map(fed).collect()
    }

    /// Keeps what an event gave, in the place of what is kept of it.
    pub fn keep(&mut self, kind: u32, identity: Identity, original: Original) {
        let Some(plain) = original.plain() else {
            let Original { origin, date, .. } = original;
            // What does not fit takes its place all the same.
            let place = self.index.get(kind, identity).unwrap_or_else(|| {
                self.begin(kind, identity, Plain { origin, date, inflow: 0, in_order: false })
            });
            self.others.insert(place, Box::new(original));
            return;
        };
        self.begin(kind, identity, plain);
        for leaf in &original.leaves {
            self.add_leaf(leaf.account, leaf.leg, i64::try_from(leaf.units).unwrap_or(0));
        }
        for feed in &original.feeds {
            let pooled = units_of(&feed.pooled).unwrap_or(0);
            self.add_feed(feed.tally, &feed.key, feed.leaves.iter().copied(), pooled);
        }
    }

    /// Keeps an event, so far without leaves and feeds; its place.
    #[inline]
    pub fn begin(&mut self, kind: u32, identity: Identity, of: Plain) -> u32 {
        self.end();
        let place = self.index.add(kind, identity);
        let Plain { origin: Origin { file, line }, date, inflow, in_order } = of;
        let common = Common { file, line: halves(line)[1], in_order };
        if self.common.last().is_none_or(|(_, last)| *last != common) {
            self.common.push((place, common));
        }
        let (line, leaves) = (halves(line)[0], number(self.leaves.len()));
        self.packed.push(Packed { line, date, leaves });
        self.left = inflow;
        place
    }

    /// Adds a leaf to the event kept last.
    #[inline]
    pub fn add_leaf(&mut self, account: Option<u32>, leg: u32, units: i64) {
        self.left = self.left.wrapping_sub(units);
        packed_leaf::write(&mut self.leaves, To::Leaf { account, leg }, units);
    }

    /// Notes what the event kept last brought that no leaf of it got.
    #[inline]
    fn end(&mut self) {
        if self.left != 0 {
            packed_leaf::write(&mut self.leaves, To::Nobody, self.left);
            self.left = 0;
        }
    }

    /// Adds a feed to the event kept last: the places of its leaves are in the order of those.
    pub fn add_feed(
        &mut self,
        tally: u32,
        key: &[Part],
        leaves: impl Iterator<Item = u32>,
        pooled: i64,
    ) {
        let of = number(self.packed.len()).saturating_sub(1);
        let (parts, fed) = (number(self.parts.len()), number(self.fed.len()));
        self.feeds.push(PackedFeed { of, tally, parts, fed, pooled });
        key.iter().for_each(|part| self.parts.push(*part));
        leaves.for_each(|leaf| self.fed.push(leaf));
    }

    fn unpacked(&mut self, place: u32) -> Option<Original> {
        self.end();
        let Packed { line, date, leaves } = *self.packed.get(at(place))?;
        let common = self.common.partition_point(|(from, _)| *from <= place).checked_sub(1)?;
        let (_, Common { file, line: upper, in_order }) = *self.common.get(common)?;
        let origin = Origin { file, line: whole([line, upper]) };
        let next = self.packed.get(at(place) + 1);
        let end = next.map_or(self.leaves.len(), |next| at(next.leaves));
        let (mut inflow, mut list) = (0_i64, Vec::new());
        let mut rest = at(leaves)..end;
        while !rest.is_empty() {
            let (to, units) = packed_leaf::read(&self.leaves, &mut rest)?;
            inflow = inflow.wrapping_add(units);
            if let To::Leaf { account, leg } = to {
                list.push(OriginalLeaf { account, leg, units: units.into(), given_back: 0 });
            }
        }
        let feeds = self.feeds_of(place).map(|feed| self.feed(feed)).collect::<Option<_>>()?;
        let settling = if in_order { Settling::InOrder } else { Settling::LargestRemainder };
        let (inflow, leaves) = (inflow.into(), list);
        let unclear = None;
        Some(Original { origin, date, inflow, reversed: 0, leaves, settling, feeds, unclear })
    }

    /// The feeds of the event at a place.
    fn feeds_of(&self, place: u32) -> Range<usize> {
        let first = self.feeds.partition_point(|feed| feed.of < place);
        let own = |feed: &usize| self.feeds.get(*feed).is_some_and(|feed| feed.of == place);
        first..first + (first..).take_while(own).count()
    }

    fn feed(&self, feed: usize) -> Option<OriginalFeed> {
        let PackedFeed { tally, fed, pooled, .. } = *self.feeds.get(feed)?;
        let end = self.feeds.get(feed + 1).map_or(self.fed.len(), |next| at(next.fed));
        let leaves = self.fed.list(at(fed), end)?;
        Some(OriginalFeed {
            tally,
            key: self.key(feed)?,
            leaves,
            pooled: Exact::from_int(pooled.into()),
        })
    }

    fn key(&self, feed: usize) -> Option<Key> {
        let parts = self.feeds.get(feed)?.parts;
        let end = self.feeds.get(feed + 1).map_or(self.parts.len(), |next| at(next.parts));
        Some(self.parts.list(at(parts), end)?.into())
    }
}

/// The lower and the upper half.
fn halves(value: u64) -> [u32; 2] {
    [value, value >> 32].map(|half| u32::try_from(half & u64::from(u32::MAX)).unwrap_or(0))
}

fn whole([lower, upper]: [u32; 2]) -> u64 {
    u64::from(upper) << 32 | u64::from(lower)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amounts() -> impl Strategy<Value = i128> {
        prop_oneof![4 => -900_i128..900, 1 => any::<i128>()]
    }

    fn originals() -> impl Strategy<Value = Original> {
        let leaf = (prop::option::of(0_u32..9), 0_u32..9, amounts(), 0..9_u8);
        let leaf = leaf.prop_map(|(account, leg, units, back)| {
            let given_back = i128::from(back == 0);
            OriginalLeaf { account, leg, units, given_back }
        });
        let key = prop::collection::vec((0_u32..9).prop_map(Part::Text), 0..3);
        let halves = amounts().prop_map(|it| Exact::from_ratio(it, 2).unwrap());
        let pooled = prop_oneof![amounts().prop_map(Exact::from_int), halves];
        let leaves = prop::collection::vec(0_u32..9, 0..3);
        let feed = (0_u32..9, key, leaves, pooled).prop_map(|(tally, key, leaves, pooled)| {
            OriginalFeed { tally, key: key.into(), leaves, pooled }
        });
        let settling = prop::sample::select(vec![
            Settling::LargestRemainder,
            Settling::InOrder,
            Settling::RemainderTo(3),
        ]);
        let lists = (prop::collection::vec(leaf, 0..4), prop::collection::vec(feed, 0..3));
        (amounts(), 0..9_u8, lists, settling).prop_map(|(inflow, reversed, lists, settling)| {
            let (leaves, feeds) = lists;
            let reversed = i128::from(reversed == 0);
            Original { inflow, reversed, leaves, settling, feeds, ..Original::empty() }
        })
    }

    proptest! {
        /// What is kept last under a key is what comes back, whether it was packed or not.
        #[test]
        fn what_is_kept_comes_back(
            all in prop::collection::vec((0_u32..2, 0_i64..9, originals()), 0..30),
        ) {
            let mut kept = Originals::default();
            let mut plain: HashMap<(u32, i64), Original> = HashMap::new();
            for (kind, key, original) in all {
                kept.keep(kind, Identity::of_part(Part::Integer(key)), original.clone());
                plain.insert((kind, key), original);
                for kind in 0..2 {
                    for key in 0..9 {
                        let seen = kept.get(kind, Identity::of_part(Part::Integer(key)));
                        let known = plain.get(&(kind, key));
                        prop_assert_eq!(seen.is_some(), known.is_some());
                        if let Some((one, two)) = seen.as_ref().zip(known) {
                            prop_assert_eq!(one.inflow, two.inflow);
                            prop_assert_eq!(one.reversed, two.reversed);
                            prop_assert_eq!(&one.leaves, &two.leaves);
                            prop_assert_eq!(&one.feeds, &two.feeds);
                            prop_assert_eq!(&one.settling, &two.settling);
                        }
                    }
                }
            }
        }
    }
}
