//! Where events stand, by kind and identity.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::engine::blocks::Blocks;
use crate::engine::identity::Identity;
use crate::plan::at;

use super::number;
use super::places::{Numbered, Places};

/// The place of every event, by what identifies it: where several have the same, that of the last.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// How many events there are.
    count: u32,
    /// The last of them, not taken in yet. Many together cost less than one after the other, since
    /// each is a walk through memory.
    waiting: Vec<(u32, Identity)>,
    numbered: Places,
    others: Others,
}

/// So many wait at most.
const WAITING_MAX: usize = 1024;

impl Index {
    /// Takes an event in; its place.
    #[inline]
    pub fn add(&mut self, kind: u32, identity: Identity) -> u32 {
        if self.waiting.len() == WAITING_MAX {
            self.take_in();
        }
        self.waiting.push((kind, identity));
        self.count = self.count.saturating_add(1);
        self.count - 1
    }

    pub fn get(&mut self, kind: u32, identity: Identity) -> Option<u32> {
        self.take_in();
        let place = numbered(kind, identity).and_then(|numbered| self.numbered.get(numbered));
        place.or_else(|| self.others.get(kind, identity))
    }

    fn take_in(&mut self) {
        let first = self.count - number(self.waiting.len());
        for (place, (kind, identity)) in (first..).zip(self.waiting.drain(..)) {
            let room = |numbered| self.numbered.insert(numbered, place);
            if !numbered(kind, identity).is_some_and(room) {
                self.others.add(kind, identity, place);
            }
        }
    }
}

/// The number that identifies an event of a kind, if one does.
#[inline]
fn numbered(kind: u32, identity: Identity) -> Option<Numbered> {
    identity.numbered().map(|(before, number)| (kind, before, number))
}

/// Those whose identity is no number, or one far from all others.
#[derive(Debug, Default)]
struct Others {
    all: Blocks<Other>,
    /// By a hash, the last of so many in the list. Mostly nobody asks at all.
    places: HashMap<u32, u32, FixedState>,
    indexed: u32,
}

#[derive(Debug, Clone, Copy)]
struct Other {
    identity: Identity,
    kind: u32,
    place: u32,
    /// The one before it with the same hash; itself if there is none.
    before: u32,
}

impl Others {
    fn add(&mut self, kind: u32, identity: Identity, place: u32) {
        let before = number(self.all.len());
        self.all.push(Other { identity, kind, place, before });
    }

    fn get(&mut self, kind: u32, identity: Identity) -> Option<u32> {
        self.index();
        let mut next = *self.places.get(&identity.hash(kind))?;
        loop {
            let other = self.all.get(at(next))?;
            if other.kind == kind && other.identity == identity {
                return Some(other.place);
            }
            if other.before == next {
                return None;
            }
            next = other.before;
        }
    }

    fn index(&mut self) {
        let end = number(self.all.len());
        for own in self.indexed..end {
            let Some(other) = self.all.get_mut(at(own)) else { break };
            let before = self.places.insert(other.identity.hash(other.kind), own);
            other.before = before.unwrap_or(own);
        }
        self.indexed = end;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::value::Part;

    proptest! {
        /// Numbers and others, near each other and far apart, of several kinds.
        #[test]
        fn places_are_those_of_a_map(
            things in prop::collection::vec((0_u32..2, 0_i64..900, any::<bool>()), 0..3000),
            far in prop::sample::select(vec![1_i64, 700, 1 << 20, 1 << 50]),
        ) {
            let (mut index, mut plain) = (Index::default(), HashMap::new());
            for (place, (kind, value, is_numbered)) in (0_u32..).zip(things) {
                let identity = Identity::of_part(match is_numbered {
                    true => Part::Integer((value - 4) * far),
                    false => Part::Text(u32::try_from(value).unwrap()),
                });
                if value % 9 == 0 {
                    prop_assert_eq!(index.get(kind, identity), plain.get(&(kind, identity)).copied());
                }
                prop_assert_eq!(index.add(kind, identity), place);
                plain.insert((kind, identity), place);
            }
            let known = |((kind, identity), place): (&(u32, Identity), &u32)| {
                index.get(*kind, *identity) == Some(*place)
            };
            prop_assert!(plain.iter().all(known));
        }
    }
}
