//! What entries are found by.
//!
//! A key is known by sixteen bytes of its digest. Keys of the entries of a posting are `fresh` at first,
//! then kept sorted, as a run: nothing is ever put between what is there. Where there are many short
//! runs, one more is made that stands for them, so that a key is looked for in few (`compact`); which runs
//! that leaves is told by `course`. `runs` finds keys, by a `sieve` where they are many; `pages` is how a
//! run is laid out.

mod compact;
mod course;
mod fresh;
mod pages;
mod runs;
mod sieve;

use crate::base::Digest;

pub(super) use compact::{Merge, compacted};
pub(super) use course::{due, level_of};
pub(super) use fresh::Fresh;
pub(super) use pages::{Paged, marks_of, paged};
pub(super) use runs::Runs;
pub(super) use sieve::Sieve;

/// What entries are looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Index {
    /// By the identity of an event, or of a row that could not be read.
    Event,
    /// By the digest of an edition or register.
    Content,
    /// By the number of an entry that a correction reverses, or a resolution settles.
    Settled,
    /// By lane: the event of a batch that ranks highest in it.
    Lane,
}

impl Index {
    fn tag(self) -> u8 {
        match self {
            Index::Event => 0,
            Index::Content => 1,
            Index::Settled => 2,
            Index::Lane => 3,
        }
    }
}

/// A key, by the first sixteen bytes of the digest of which index it is of and what it says. Nobody
/// finds two that are alike.
///
/// They are held as two numbers, which are ordered as their bytes are, highest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(u64, u64);

impl Key {
    /// What is in no index.
    pub(super) const NONE: Key = Key(0, 0);

    /// That of some bytes in an index.
    pub(super) fn of(index: Index, bytes: &[u8]) -> Key {
        Key::parts(index, [bytes, &[]])
    }

    /// That of bytes that come in two pieces.
    pub(super) fn parts(index: Index, [one, other]: [&[u8]; 2]) -> Key {
        let digest = Digest::of_pieces(&[&[index.tag()], one, other]);
        Key::from_bytes(digest.as_bytes().first_chunk().copied().unwrap_or_default())
    }

    fn from_bytes(bytes: [u8; 16]) -> Key {
        let (high, low) = bytes.split_at(8);
        let number = |half: &[u8]| half.first_chunk().map_or(0, |half| u64::from_be_bytes(*half));
        Key(number(high), number(low))
    }

    fn to_bytes(self) -> [u8; 16] {
        self.as_number().to_be_bytes()
    }

    fn as_number(self) -> u128 {
        u128::from(self.0) << 64 | u128::from(self.1)
    }

    /// The first of its bytes.
    fn first(self) -> u8 {
        let [first, ..] = self.0.to_be_bytes();
        first
    }

    /// The first half of it, to be found fast by.
    pub(super) fn short(self) -> u64 {
        self.0
    }
}

/// Puts keys in order: as numbers, which are compared at once.
fn sort(marks: &mut [Mark]) {
    marks.sort_unstable_by_key(|mark| (mark.key.as_number(), mark.entry));
}

/// A key of an entry. Of one key, later entries come later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) key: Key,
    pub(super) entry: u64,
}
