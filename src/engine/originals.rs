//! What events gave, kept because a later refund may undo it.
//!
//! Nearly all are never undone. So they are packed, end to end: a kept event takes no memory of its
//! own, and nothing has to be freed piece by piece when the run is over.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::base::{Date, Exact};
use crate::plan::at;
use crate::rows::Origin;

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
    /// By event kind and key.
    places: HashMap<(u32, Part), u32, FixedState>,
    packed: Vec<Packed>,
    leaves: Vec<PackedLeaf>,
    feeds: Vec<PackedFeed>,
    parts: Vec<Part>,
    fed: Vec<u32>,
    /// By place, those of which something has been undone, and those that do not fit what is packed.
    others: HashMap<u32, Original, FixedState>,
}

/// An original. What belongs to it ends where that of the next begins.
#[derive(Debug, Clone, Copy)]
struct Packed {
    origin: Origin,
    inflow: i64,
    date: Date,
    in_order: bool,
    leaves: u32,
    feeds: u32,
}

#[derive(Debug, Clone, Copy)]
struct PackedLeaf {
    units: i64,
    account: Option<u32>,
    leg: u32,
}

/// A feed; its key and its leaves end where those of the next begin.
#[derive(Debug, Clone, Copy)]
struct PackedFeed {
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
        }
    }
}

impl Originals {
    /// What is kept of an event, by its kind and key.
    pub fn get(&self, kind: u32, key: Part) -> Option<Original> {
        let place = *self.places.get(&(kind, key))?;
        match self.others.get(&place) {
            Some(other) => Some(other.clone()),
            None => self.unpacked(at(place)),
        }
    }

    /// Keeps what an event gave, in the place of what is kept of it.
    pub fn keep(&mut self, kind: u32, key: Part, original: &Original) {
        let next = u32::try_from(self.packed.len()).unwrap_or(u32::MAX);
        let place = *self.places.entry((kind, key)).or_insert(next);
        if place != next || !self.pack(original) {
            self.others.insert(place, original.clone());
        }
    }

    /// Packs an original; says whether it fits. If not, its place is taken all the same.
    fn pack(&mut self, original: &Original) -> bool {
        let (leaves, feeds) = (self.leaves.len(), self.feeds.len());
        let (parts, fed) = (self.parts.len(), self.fed.len());
        let packed = self.packed_all(original);
        let nothing = Packed {
            origin: original.origin,
            inflow: 0,
            date: original.date,
            in_order: false,
            leaves: u32::try_from(leaves).unwrap_or(u32::MAX),
            feeds: u32::try_from(feeds).unwrap_or(u32::MAX),
        };
        self.packed.push(packed.unwrap_or(nothing));
        if packed.is_none() {
            self.leaves.truncate(leaves);
            self.feeds.truncate(feeds);
            self.parts.truncate(parts);
            self.fed.truncate(fed);
        }
        packed.is_some()
    }

    fn packed_all(&mut self, original: &Original) -> Option<Packed> {
        let in_order = match original.settling {
            Settling::LargestRemainder => false,
            Settling::InOrder => true,
            _ => return None,
        };
        let packed = Packed {
            origin: original.origin,
            inflow: i64::try_from(original.inflow).ok().filter(|_| original.reversed == 0)?,
            date: original.date,
            in_order,
            leaves: u32::try_from(self.leaves.len()).ok()?,
            feeds: u32::try_from(self.feeds.len()).ok()?,
        };
        for leaf in &original.leaves {
            let units = i64::try_from(leaf.units).ok().filter(|_| leaf.given_back == 0)?;
            self.leaves.push(PackedLeaf { units, account: leaf.account, leg: leaf.leg });
        }
        for feed in &original.feeds {
            let pooled = i64::try_from(feed.pooled.to_int()?).ok()?;
            let parts = u32::try_from(self.parts.len()).ok()?;
            let fed = u32::try_from(self.fed.len()).ok()?;
            self.feeds.push(PackedFeed { tally: feed.tally, parts, fed, pooled });
            self.parts.extend_from_slice(&feed.key);
            self.fed.extend_from_slice(&feed.leaves);
        }
        Some(packed)
    }

    fn unpacked(&self, place: usize) -> Option<Original> {
        let Packed { origin, inflow, date, in_order, leaves, feeds } = *self.packed.get(place)?;
        let next = self.packed.get(place + 1);
        let leaves_end = next.map_or(self.leaves.len(), |next| at(next.leaves));
        let feeds_end = next.map_or(self.feeds.len(), |next| at(next.feeds));
        let leaf = |leaf: &PackedLeaf| OriginalLeaf {
            account: leaf.account,
            leg: leaf.leg,
            units: leaf.units.into(),
            given_back: 0,
        };
        let leaves = self.leaves.get(at(leaves)..leaves_end)?.iter().map(leaf).collect();
        let feeds = (at(feeds)..feeds_end).map(|place| self.feed(place)).collect::<Option<_>>()?;
        let settling = if in_order { Settling::InOrder } else { Settling::LargestRemainder };
        let inflow = inflow.into();
        Some(Original { origin, date, inflow, reversed: 0, leaves, settling, feeds })
    }

    fn feed(&self, place: usize) -> Option<OriginalFeed> {
        let PackedFeed { tally, parts, fed, pooled } = *self.feeds.get(place)?;
        let next = self.feeds.get(place + 1);
        let parts_end = next.map_or(self.parts.len(), |next| at(next.parts));
        let fed_end = next.map_or(self.fed.len(), |next| at(next.fed));
        Some(OriginalFeed {
            tally,
            key: self.parts.get(at(parts)..parts_end)?.into(),
            leaves: self.fed.get(at(fed)..fed_end)?.to_vec(),
            pooled: Exact::from_int(pooled.into()),
        })
    }
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
                kept.keep(kind, Part::Integer(key), &original);
                plain.insert((kind, key), original);
                for kind in 0..2 {
                    for key in 0..9 {
                        let seen = kept.get(kind, Part::Integer(key));
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
