//! Where things stand by the numbers that identify them.
//!
//! These mostly follow one another, so that neighbours stand side by side in memory.

use std::collections::HashMap;

use foldhash::fast::FixedState;

/// What identifies a thing: its kind, what stands before its number, and the number.
pub(super) type Numbered = (u32, u128, i64);

/// Places by the numbers of what stands there.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// By kind, by what stands before numbers and by their upper bits: which piece they have.
    pieces: HashMap<Numbered, usize, FixedState>,
    /// The piece asked for last.
    last: Option<(Numbered, usize)>,
    /// Places and one.
    list: Vec<Box<[u32; PIECE]>>,
    /// How many are noted.
    count: usize,
}

/// So many numbers are in a piece.
const PIECE: usize = 1 << PIECE_BITS;
const PIECE_BITS: u32 = 10;
/// Where numbers lie far apart, no more pieces than these are begun, …
const PIECES_MAX: usize = 64;
/// … unless so many numbers have come for each.
const PIECE_MIN: usize = 64;

impl Places {
    /// The place noted last of that number.
    pub fn get(&mut self, numbered: Numbered) -> Option<u32> {
        self.own(numbered, false)?.checked_sub(1)
    }

    /// Notes a place; `false` where there is no room for it.
    pub fn insert(&mut self, numbered: Numbered, place: u32) -> bool {
        let own = self.own(numbered, true);
        let room = own.is_some();
        own.into_iter().for_each(|own| *own = place.saturating_add(1));
        self.count += usize::from(room);
        room
    }

    /// Where the place of a number is noted, if there is a piece for it or room to begin one.
    #[inline]
    fn own(&mut self, (kind, before, number): Numbered, begin: bool) -> Option<&mut u32> {
        let of = (kind, before, number >> PIECE_BITS);
        let piece = match self.last {
            Some((last, piece)) if last == of => piece,
            _ => self.piece(of, begin)?,
        };
        self.last = Some((of, piece));
        let low = usize::try_from(number & ((1 << PIECE_BITS) - 1)).ok()?;
        self.list.get_mut(piece)?.get_mut(low)
    }

    fn piece(&mut self, of: Numbered, begin: bool) -> Option<usize> {
        let known = self.pieces.get(&of).copied();
        let room = self.list.len() < PIECES_MAX + self.count / PIECE_MIN;
        if known.is_some() || !begin || !room {
            return known;
        }
        self.list.push(Box::new([0; PIECE]));
        self.pieces.insert(of, self.list.len() - 1);
        Some(self.list.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Near each other and far apart: what came last is what is found, where there was room.
        #[test]
        fn places_are_those_of_a_map(
            things in prop::collection::vec((0_u32..2, 0_i64..9), 0..200),
            far in prop::sample::select(vec![1_i64, 700, 1 << 20, 1 << 60]),
        ) {
            let (mut places, mut plain) = (Places::default(), HashMap::new());
            for (place, (kind, value)) in (0_u32..).zip(things) {
                let numbered = (kind, 7, (value - 4).wrapping_mul(far));
                prop_assert_eq!(places.get(numbered), plain.insert(numbered, place));
                prop_assert!(places.insert(numbered, place));
                prop_assert_eq!(places.get(numbered), Some(place));
            }
        }
    }

    #[test]
    fn numbers_far_apart_take_no_piece_each() {
        let mut places = Places::default();
        let numbered = |number: u32| (0, 0, i64::from(number) << 20);
        let room: Vec<bool> =
            (0..1000).map(|number| places.insert(numbered(number), number)).collect();
        assert!(places.list.len() < 100);
        for (number, room) in (0..1000).zip(room) {
            assert_eq!(places.get(numbered(number)), room.then_some(number));
        }
    }
}
