//! What events gave, kept because a later refund may undo it.
//!
//! Nearly all are never undone. So they are packed, end to end: a kept event takes no memory of its
//! own, and nothing has to be freed piece by piece when the run is over.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use crate::base::{Date, Exact, Period, PeriodKind};
use crate::plan::at;
use crate::rows::{Column, Origin};

use super::blocks::Blocks;
use super::duplicates::numbered;
use super::names::{Names, packed};
use super::places::{Numbered, Places};
use super::state::{Key, Settling};
use super::value::{Part, Value};

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

/// What identifies an event of a kind, as a number: equal exactly where the values are.
///
/// A short text is its own bytes, so that nobody has to be asked for its place among the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identity(u128);

impl Identity {
    /// That of a value that is to be kept.
    pub fn of(value: &Value<'_>, names: &mut Names) -> Identity {
        Identity::of_short(value).unwrap_or_else(|| Identity::of_part(names.part(value)))
    }

    /// That of a value that is only looked for.
    pub fn known(value: &Value<'_>, names: &Names) -> Identity {
        Identity::of_short(value).unwrap_or_else(|| Identity::of_part(names.known(value)))
    }

    /// That of what stands in a column, if it is of a plain type; to be kept, or compared with others.
    #[inline]
    pub fn in_column(column: &Column, row: usize, names: &mut Names) -> Option<Identity> {
        let Column::Text(texts) = column else {
            return Some(Identity::of_part(names.part(&Value::of_plain(&column.cell(row))?)));
        };
        let text = texts.get(row)?;
        let long = || Identity::of_part(names.text_part(text, true));
        Some(packed(text).map(Identity).unwrap_or_else(long))
    }

    /// Some bits in which all of it is mixed.
    #[inline]
    pub fn mixed<const BITS: u32>(self) -> usize {
        let Identity(own) = self;
        let halves = [own, own >> 64].map(|half| u64::try_from(half & u128::from(u64::MAX)));
        let [lower, upper] =
            halves.map(|half| half.unwrap_or(0).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        usize::try_from((lower ^ upper.rotate_left(32)) >> (64 - BITS)).unwrap_or(0)
    }

    fn of_short(value: &Value<'_>) -> Option<Identity> {
        match value {
            Value::Text(text) => packed(text.as_str()).map(Identity),
            _ => None,
        }
    }

    /// As a number of a kind, behind what stands before it, if it is or ends in one.
    fn numbered(self, kind: u32) -> Option<Numbered> {
        let Identity(own) = self;
        if own >> 127 == 0 {
            return numbered(own).map(|(before, number)| (kind, before, number));
        }
        let lower = own & u128::from(u64::MAX);
        Some((kind, own ^ lower, u64::try_from(lower).ok()?.cast_signed()))
    }

    fn of_part(part: Part) -> Identity {
        let (kind, value) = match part {
            Part::Missing => (0_u8, 0),
            Part::Bool(value) => (1, u64::from(value)),
            Part::Integer(value) => (2, value.cast_unsigned()),
            Part::Number(place) => (3, place.into()),
            Part::Date(day) => (4, day.days().cast_unsigned().into()),
            Part::Period(period) => (5 + kind_of(period), period.index().cast_unsigned().into()),
            Part::Duration(length) => (8, of_two(length.months, length.days)),
            Part::Text(place) => (9, place.into()),
            Part::Member(member) => (10, member.into()),
            Part::Row(register, row) => (11, u64::from(register) << 32 | u64::from(row)),
            Part::Unseen => (12, 0),
        };
        // Texts have their length there, which is below sixteen.
        Identity(u128::from(0x80 | kind) << 120 | u128::from(value))
    }
}

/// All that may still be undone.
#[derive(Debug, Default)]
pub(crate) struct Originals {
    /// By kind and identity, the last event that has them: of so many.
    places: Places,
    indexed: u32,
    identities: Blocks<Identity>,
    packed: Blocks<Packed>,
    leaves: Blocks<PackedLeaf>,
    feeds: Blocks<PackedFeed>,
    parts: Blocks<Part>,
    fed: Blocks<u32>,
    /// By place, those of which something has been undone, and those that do not fit what is packed.
    others: HashMap<u32, Original, FixedState>,
}

/// An original. What belongs to it ends where that of the next begins.
#[derive(Debug, Clone, Copy)]
struct Packed {
    of: Plain,
    kind: u32,
    /// The event before it with the same hash; itself if there is none.
    before: u32,
    leaves: u32,
    feeds: u32,
}

/// An original of ordinary size, but for its leaves and feeds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plain {
    pub origin: Origin,
    pub date: Date,
    pub inflow: i64,
    pub in_order: bool,
}

#[derive(Debug, Clone, Copy)]
struct PackedLeaf {
    units: i64,
    account: u32,
    leg: u32,
}

/// Stands for no account.
const UNDETERMINED: u32 = u32::MAX;

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

fn kind_of(period: Period) -> u8 {
    match period.kind() {
        PeriodKind::Month => 0,
        PeriodKind::Quarter => 1,
        PeriodKind::Year => 2,
    }
}

fn of_two(upper: i32, lower: i32) -> u64 {
    u64::from(upper.cast_unsigned()) << 32 | u64::from(lower.cast_unsigned())
}

fn hash(kind: u32, identity: Identity) -> u32 {
    let hash = FixedState::default().hash_one((kind, identity)) >> 32;
    u32::try_from(hash).unwrap_or(0)
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

impl Originals {
    /// What is kept of an event, by its kind and identity.
    pub fn get(&mut self, kind: u32, identity: Identity) -> Option<Original> {
        let place = self.place(kind, identity)?;
        match self.others.get(&place) {
            Some(other) => Some(other.clone()),
            None => self.unpacked(at(place)),
        }
    }

    /// Its place: the last one, where it was kept more than once.
    fn place(&mut self, kind: u32, identity: Identity) -> Option<u32> {
        self.index();
        let mut place = self.places.get(identity.numbered(kind), || hash(kind, identity))?;
        loop {
            let packed = self.packed.get(at(place))?;
            if packed.kind == kind && self.identities.get(at(place)) == Some(&identity) {
                return Some(place);
            }
            if packed.before == place {
                return None;
            }
            place = packed.before;
        }
    }

    /// Takes in the places of what was kept since somebody asked last. Many together cost less than
    /// one after the other, since each is a walk through memory; and mostly nobody asks at all.
    fn index(&mut self) {
        let end = number(self.packed.len());
        for place in self.indexed..end {
            let Some((packed, identity)) =
                self.packed.get_mut(at(place)).zip(self.identities.get(at(place)))
            else {
                break;
            };
            let (kind, identity) = (packed.kind, *identity);
            let before =
                self.places.insert(identity.numbered(kind), || hash(kind, identity), place);
            packed.before = before.unwrap_or(place);
        }
        self.indexed = end;
    }

    /// Keeps what an event gave, in the place of what is kept of it.
    pub fn keep(&mut self, kind: u32, identity: Identity, original: &Original) {
        let Some(plain) = original.plain() else {
            let place = self.place(kind, identity).unwrap_or_else(|| {
                // What does not fit takes its place all the same.
                let Original { origin, date, .. } = *original;
                self.begin(kind, identity, Plain { origin, date, inflow: 0, in_order: false });
                number(self.packed.len() - 1)
            });
            self.others.insert(place, original.clone());
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

    /// Keeps an event, so far without leaves and feeds.
    pub fn begin(&mut self, kind: u32, identity: Identity, of: Plain) {
        let before = number(self.packed.len());
        let (leaves, feeds) = (number(self.leaves.len()), number(self.feeds.len()));
        self.packed.push(Packed { of, kind, before, leaves, feeds });
        self.identities.push(identity);
    }

    /// Adds a leaf to the event kept last.
    #[inline]
    pub fn add_leaf(&mut self, account: Option<u32>, leg: u32, units: i64) {
        self.leaves.push(PackedLeaf { units, account: account.unwrap_or(UNDETERMINED), leg });
    }

    /// Adds a feed to the event kept last: the places of its leaves are in the order of those.
    pub fn add_feed(
        &mut self,
        tally: u32,
        key: &[Part],
        leaves: impl Iterator<Item = u32>,
        pooled: i64,
    ) {
        let (parts, fed) = (number(self.parts.len()), number(self.fed.len()));
        self.feeds.push(PackedFeed { tally, parts, fed, pooled });
        key.iter().for_each(|part| self.parts.push(*part));
        leaves.for_each(|leaf| self.fed.push(leaf));
    }

    fn unpacked(&self, place: usize) -> Option<Original> {
        let Packed { of, leaves, feeds, .. } = *self.packed.get(place)?;
        let next = self.packed.get(place + 1);
        let leaves_end = next.map_or(self.leaves.len(), |next| at(next.leaves));
        let feeds_end = next.map_or(self.feeds.len(), |next| at(next.feeds));
        let leaf = |leaf: PackedLeaf| OriginalLeaf {
            account: Some(leaf.account).filter(|account| *account != UNDETERMINED),
            leg: leaf.leg,
            units: leaf.units.into(),
            given_back: 0,
        };
        let leaves = self.leaves.list(at(leaves), leaves_end)?.into_iter().map(leaf).collect();
        let feeds = (at(feeds)..feeds_end).map(|place| self.feed(place)).collect::<Option<_>>()?;
        let settling = if of.in_order { Settling::InOrder } else { Settling::LargestRemainder };
        let (origin, date, inflow) = (of.origin, of.date, of.inflow.into());
        let unclear = None;
        Some(Original { origin, date, inflow, reversed: 0, leaves, settling, feeds, unclear })
    }

    fn feed(&self, place: usize) -> Option<OriginalFeed> {
        let PackedFeed { tally, parts, fed, pooled } = *self.feeds.get(place)?;
        let next = self.feeds.get(place + 1);
        let parts_end = next.map_or(self.parts.len(), |next| at(next.parts));
        let fed_end = next.map_or(self.fed.len(), |next| at(next.fed));
        Some(OriginalFeed {
            tally,
            key: self.parts.list(at(parts), parts_end)?.into(),
            leaves: self.fed.list(at(fed), fed_end)?,
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
                kept.keep(kind, Identity::of_part(Part::Integer(key)), &original);
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
