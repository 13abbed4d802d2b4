//! Where in an entry a bit was flipped.
//!
//! A leaf's digest tells that something changed, not what. But a book that was copied or stored badly
//! differs in one bit or one byte, and of those there are few: put each back in turn, and see which
//! gives the digest again.

use sha2::{Digest as _, Sha256};

use crate::base::Digest;
use crate::book::leaf::{BODY_INLINE_MAX, hasher, leaf_digest};
use crate::book::store::Segment;

/// What has to be put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flip {
    /// The kind of the entry.
    Kind {
        /// What it was.
        was: u8,
    },
    /// A byte of its body.
    Body {
        /// Which.
        offset: usize,
        /// What it was.
        was: u8,
    },
}

/// Longer bodies are not searched: it would take minutes.
const SEARCHED_MAX: usize = BODY_INLINE_MAX;
/// In bodies up to this length every other value of a byte is tried, else those a bit away.
const EVERY_VALUE_MAX: usize = 2048;

/// The one byte that, put back, makes an entry fit its leaf.
pub(super) fn flip(kind: u8, previous: &Digest, body: &[u8], leaf: &Digest) -> Option<Flip> {
    let bits = (0..8).map(|bit| 1_u8 << bit);
    let of_kind = bits.clone().map(|bit| kind ^ bit);
    if let Some(was) = of_kind.into_iter().find(|was| leaf_digest(*was, previous, body) == *leaf) {
        return Some(Flip::Kind { was });
    }
    if body.len() > SEARCHED_MAX {
        return None;
    }
    // A bit is likelier than a byte, and there are few of them.
    let (one, more): (Vec<u8>, Vec<u8>) = (1..=255_u8).partition(|mask| mask.is_power_of_two());
    let more = if body.len() <= EVERY_VALUE_MAX { more } else { Vec::new() };
    [one, more].iter().find_map(|masks| {
        let mut before = hasher(kind, previous, false);
        body.iter().enumerate().find_map(|(offset, byte)| {
            let after = body.get(offset + 1..).unwrap_or_default();
            let fits = |was: &u8| digest_with(&before, *was, after) == *leaf;
            let was = masks.iter().map(|mask| byte ^ mask).find(fits);
            before.update([*byte]);
            was.map(|was| Flip::Body { offset, was })
        })
    })
}

/// The first entry of a segment that does not fit its leaf, if it would were it to end elsewhere, as one
/// byte in the place of another says; and the segment with that byte put back.
pub(super) fn end(segment: &Segment, before: Digest) -> Option<(u64, Segment)> {
    let mut previous = before;
    let mut rows = segment.rows().enumerate();
    let (at, row) = rows.find(|(_, row)| {
        let before = std::mem::replace(&mut previous, row.leaf);
        leaf_digest(row.kind, &before, row.body) != row.leaf
    })?;
    let end = |at: usize| {
        let end = segment.ends.get(at * 4..at * 4 + 4)?.first_chunk::<4>()?;
        usize::try_from(u32::from_be_bytes(*end)).ok()
    };
    let start = at.checked_sub(1).map_or(Some(0), end)?;
    let most = end(at + 1).unwrap_or(segment.bodies.len()).max(start);
    let previous = at.checked_sub(1).map_or(Some(before), |last| leaf(segment, last))?;
    let stored = u32::from_be_bytes(*segment.ends.get(at * 4..at * 4 + 4)?.first_chunk()?);
    let others = (0..4).flat_map(|byte| (1..=255_u32).map(move |mask| stored ^ mask << (byte * 8)));
    for other in others {
        let within = usize::try_from(other).ok().filter(|end| (start..=most).contains(end));
        let body = within.and_then(|end| segment.bodies.get(start..end));
        if body.is_some_and(|body| leaf_digest(row.kind, &previous, body) == row.leaf) {
            let mut whole = segment.clone();
            whole.ends.get_mut(at * 4..at * 4 + 4)?.copy_from_slice(&other.to_be_bytes());
            return Some((row.number, whole));
        }
    }
    None
}

fn leaf(segment: &Segment, at: usize) -> Option<Digest> {
    segment.rows().nth(at).map(|row| row.leaf)
}

fn digest_with(before: &Sha256, byte: u8, after: &[u8]) -> Digest {
    let digest = before.clone().chain_update([byte]).chain_update(after).finalize();
    Digest::from_bytes(digest.into())
}

/// Whether two digests differ in one byte alone: then one of them was damaged, for no two leaves
/// come so near.
pub(super) fn nearly(one: &Digest, other: &Digest) -> bool {
    let pairs = one.as_bytes().iter().zip(other.as_bytes());
    pairs.filter(|(one, other)| one != other).count() == 1
}
