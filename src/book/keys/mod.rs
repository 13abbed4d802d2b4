//! What entries are found by.
//!
//! A key is known by sixteen bytes of its digest. Keys of the entries of a posting are `fresh` at first,
//! then kept sorted, as a run: nothing is ever put between what is there. Where there are many short
//! runs, one more is made that stands for them, so that a key is looked for in few (`compact`). `runs`
//! finds keys, by a `sieve` where they are many; `pages` is how a run is laid out.

mod compact;
mod fresh;
mod pages;
mod runs;
mod sieve;

use sha2::{Digest as _, Sha256};

pub(super) use compact::{Merge, compacted, level_of};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key([u8; 16]);

impl Key {
    /// What is in no index.
    pub(super) const NONE: Key = Key([0; 16]);

    /// That of some bytes in an index.
    pub(super) fn of(index: Index, bytes: &[u8]) -> Key {
        Key::parts(index, &[bytes])
    }

    /// That of bytes that come in pieces.
    pub(super) fn parts(index: Index, parts: &[&[u8]]) -> Key {
        let mut hasher = Sha256::new_with_prefix([index.tag()]);
        parts.iter().for_each(|part| hasher.update(part));
        let digest: [u8; 32] = hasher.finalize().into();
        Key(digest.first_chunk().copied().unwrap_or_default())
    }

    fn first(&self) -> u8 {
        let [first, ..] = self.0;
        first
    }

    /// Eight of its bytes as a number, to be found fast by.
    pub(super) fn short(&self) -> u64 {
        u64::from_be_bytes(self.0.first_chunk().copied().unwrap_or_default())
    }
}

/// Puts keys in order: as numbers, which are compared at once.
fn sort(marks: &mut [Mark]) {
    marks.sort_unstable_by_key(|mark| (u128::from_be_bytes(mark.key.0), mark.entry));
}

/// A key of an entry. Of one key, later entries come later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) key: Key,
    pub(super) entry: u64,
}
