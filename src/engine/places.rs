//! Where things stand by what identifies them.
//!
//! Most are identified by whole numbers, or by texts that end in digits, and follow one another: those
//! stand by these numbers, so that neighbours stand side by side in memory. All others stand by a hash.

use std::collections::HashMap;

use foldhash::fast::FixedState;

/// What identifies a thing: its kind, what stands before its number, and the number.
pub(super) type Numbered = (u32, u128, i64);

/// Places by what identifies what stands there.
///
/// Two things may come to the same place by a hash: whoever asks looks whether it is the one.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// By kind, by what stands before numbers and by their upper bits: which piece they have.
    pieces: HashMap<Numbered, usize, FixedState>,
    /// The piece asked for last.
    last: Option<(Numbered, usize)>,
    /// Places and one.
    list: Vec<Box<[u32; PIECE]>>,
    /// How many came by their numbers.
    count: usize,
    others: HashMap<u32, u32, FixedState>,
}

/// So many numbers are in a piece.
const PIECE: usize = 1 << PIECE_BITS;
const PIECE_BITS: u32 = 10;
/// Where numbers lie far apart, no more pieces than these are begun, …
const PIECES_MAX: usize = 64;
/// … unless so many numbers have come for each.
const PIECE_MIN: usize = 64;

impl Places {
    /// The place of what came last, as far as is known without looking there.
    pub fn get(&mut self, numbered: Option<Numbered>, hash: impl FnOnce() -> u32) -> Option<u32> {
        let known = numbered.and_then(|of| self.own(of, false)?.checked_sub(1));
        if known.is_some() || self.others.is_empty() {
            return known;
        }
        self.others.get(&hash()).copied()
    }

    /// Notes a place; the one before it that is known under the same.
    pub fn insert(
        &mut self,
        numbered: Option<Numbered>,
        hash: impl FnOnce() -> u32,
        place: u32,
    ) -> Option<u32> {
        let Some(own) = numbered.and_then(|of| self.own(of, true)) else {
            return self.others.insert(hash(), place);
        };
        let before = std::mem::replace(own, place.saturating_add(1)).checked_sub(1);
        self.count += 1;
        match before {
            None if !self.others.is_empty() => self.others.get(&hash()).copied(),
            before => before,
        }
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
        /// Whatever has a number and whatever has none, near each other and far apart: what came last
        /// is what is found, and what came before is told.
        #[test]
        fn places_are_those_of_a_map(
            things in prop::collection::vec((0_u32..2, 0_i64..9, any::<bool>()), 0..200),
            far in prop::sample::select(vec![1_i64, 700, 1 << 20, 1 << 60]),
        ) {
            let (mut places, mut plain) = (Places::default(), HashMap::new());
            for (place, (kind, value, is_numbered)) in (0_u32..).zip(things) {
                let number = (value - 4).wrapping_mul(far);
                let numbered = is_numbered.then_some((kind, 7, number));
                let hash = 2 * u32::try_from(value).unwrap() + kind + 1000 * u32::from(is_numbered);
                let before = plain.insert((numbered, hash), place);
                prop_assert_eq!(places.get(numbered, || hash), before);
                prop_assert_eq!(places.insert(numbered, || hash, place), before);
                prop_assert_eq!(places.get(numbered, || hash), Some(place));
            }
        }
    }

    #[test]
    fn numbers_far_apart_take_no_piece_each() {
        let mut places = Places::default();
        for number in 0..1000 {
            let hash = || u32::try_from(number).unwrap();
            assert_eq!(places.insert(Some((0, 0, number << 20)), hash, hash()), None);
        }
        assert!(places.list.len() < 100);
        for number in 0..1000 {
            let hash = || u32::try_from(number).unwrap();
            assert_eq!(places.get(Some((0, 0, number << 20)), hash), Some(hash()));
        }
    }
}
