//! The Merkle tree over the entries, as RFC 6962 and RFC 9162 build it.
//!
//! Whole subtrees of 256, 65,536, … leaves are kept (a tiled log publishes the same ones); every
//! other node is worked out from them when a proof asks. Where a proof's nodes stand, and whether a
//! proof holds, is `ct-merkle`'s to say.

use ct_merkle::{
    ConsistencyProof, InclusionProof, RootHash, indices_for_consistency_proof,
    indices_for_inclusion_proof,
};
use sha2::Sha256;

use crate::base::Digest;

use super::BookError;

/// Levels between nodes that are kept.
pub(super) const LEVELS_A_TILE: u8 = 8;

/// A node of the tree that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Its level: 8, 16, …; the leaves are level 0 and kept with their entries.
    pub level: u8,
    /// Its number among the nodes of its level.
    pub index: u64,
    /// Its digest.
    pub digest: Digest,
}

/// Where digests of the tree are kept.
pub(super) trait Digests {
    /// Digests of a level (0, 8, 16, …), of whole subtrees, one after the other.
    fn digests(&mut self, level: u8, from: u64, count: u64) -> Result<Vec<Digest>, BookError>;
}

/// The digest of two nodes side by side.
pub(super) fn parent(left: &Digest, right: &Digest) -> Digest {
    Digest::of_pieces(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// The right edge of a growing tree: a whole subtree for each bit of its size, the largest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Frontier {
    size: u64,
    peaks: Vec<Digest>,
}

impl Frontier {
    /// That of a tree of a size whose nodes are kept.
    pub(super) fn of(size: u64, kept: &mut dyn Digests) -> Result<Frontier, BookError> {
        let mut peaks = Vec::new();
        let mut start = 0;
        for level in (0..63_u8).rev().filter(|level| size & (1_u64 << level) != 0) {
            let length = 1_u64 << level;
            peaks.push(range(kept, start, start + length)?);
            start += length;
        }
        Ok(Frontier { size, peaks })
    }

    /// How many leaves.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf; nodes that are to be kept are handed over as they are whole.
    pub(super) fn push(&mut self, leaf: Digest, mut keep: impl FnMut(Node)) {
        let mut digest = leaf;
        let mut level = 0_u8;
        while self.size & (1_u64 << level) != 0 {
            // INVARIANT: a peak for each bit of the size.
            if let Some(left) = self.peaks.pop() {
                digest = parent(&left, &digest);
            }
            level += 1;
            if level.is_multiple_of(LEVELS_A_TILE) {
                keep(Node { level, index: self.size >> level, digest });
            }
        }
        self.peaks.push(digest);
        self.size += 1;
    }

    /// The root; of an empty tree the digest of nothing.
    pub(super) fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return Digest::of(&[]) };
        peaks.fold(*last, |right, left| parent(left, &right))
    }
}

/// The digest over leaves `start..end`, as the tree divides them.
pub(super) fn range(kept: &mut dyn Digests, start: u64, end: u64) -> Result<Digest, BookError> {
    let length = end.saturating_sub(start);
    if length.is_power_of_two() {
        return whole(kept, u8::try_from(length.trailing_zeros()).unwrap_or(0), start);
    }
    // The largest power of two below the length.
    let left = length.checked_ilog2().map_or(0, |bits| 1_u64 << bits);
    if left == 0 {
        return Ok(Digest::of(&[]));
    }
    let right = range(kept, start + left, end)?;
    Ok(parent(&range(kept, start, start + left)?, &right))
}

/// The digest of a whole subtree: from the kept nodes right below it.
fn whole(kept: &mut dyn Digests, level: u8, start: u64) -> Result<Digest, BookError> {
    let above = level % LEVELS_A_TILE;
    let below = level - above;
    let row = kept.digests(below, start >> below, 1_u64 << above)?;
    digest_of_tile(row).ok_or(BookError::Internal("a node of the tree that nobody keeps"))
}

/// The digest of a node that is kept, from those kept right beneath it.
pub(super) fn beneath(kept: &mut dyn Digests, level: u8, index: u64) -> Result<Digest, BookError> {
    let below = level.saturating_sub(LEVELS_A_TILE);
    let row = kept.digests(below, index << LEVELS_A_TILE, 1 << LEVELS_A_TILE)?;
    digest_of_tile(row).ok_or(BookError::DamagedNode { level, index })
}

/// The digest of the whole subtree over a row of nodes; none over no nodes.
pub fn digest_of_tile(mut row: Vec<Digest>) -> Option<Digest> {
    while row.len() > 1 {
        row = row.chunks(2).map(pair).collect();
    }
    row.first().copied()
}

fn pair(digests: &[Digest]) -> Digest {
    match digests {
        [left, right] => parent(left, right),
        // A row of a whole subtree is even.
        [single, ..] => *single,
        [] => Digest::of(&[]),
    }
}

/// The digests that lead from a leaf to the root of a tree of so many leaves, from the bottom up.
pub(super) fn inclusion(
    kept: &mut dyn Digests,
    size: u64,
    number: u64,
) -> Result<Vec<Digest>, BookError> {
    if number >= size {
        return Err(BookError::NoEntry { number, size });
    }
    let places = indices_for_inclusion_proof(size, number);
    places.into_iter().map(|place| node(kept, size, place)).collect()
}

/// The digests that show a tree of `old` leaves to be the beginning of one of `size`.
pub(super) fn consistency(
    kept: &mut dyn Digests,
    old: u64,
    size: u64,
) -> Result<Vec<Digest>, BookError> {
    if old > size {
        return Err(BookError::NoEntry { number: old, size });
    }
    if old == 0 || old == size {
        return Ok(Vec::new());
    }
    let places = indices_for_consistency_proof(old, size - old);
    places.into_iter().map(|place| node(kept, size, place)).collect()
}

/// A node by its place in the array of RFC 9420 (appendix C): its level is the number of ones its
/// number ends in.
fn node(kept: &mut dyn Digests, size: u64, place: u64) -> Result<Digest, BookError> {
    let level = place.trailing_ones();
    let start = (place >> (level + 1)) << level;
    let end = start.saturating_add(1_u64 << level).min(size);
    range(kept, start, end)
}

/// Whether a leaf with these bytes is in the tree.
pub(super) fn includes(
    root: &Digest,
    size: u64,
    number: u64,
    leaf: &[u8],
    proof: &[Digest],
) -> bool {
    let bytes: Vec<u8> = proof.iter().flat_map(|digest| *digest.as_bytes()).collect();
    let Ok(proof) = InclusionProof::<Sha256>::try_from_bytes(bytes) else { return false };
    number < size && root_hash(root, size).verify_inclusion(&leaf, number, &proof).is_ok()
}

/// Whether the old tree is the beginning of the new one.
pub(super) fn continues(old: (&Digest, u64), new: (&Digest, u64), proof: &[Digest]) -> bool {
    if old.1 == 0 || old.1 == new.1 {
        return proof.is_empty() && (old.1 == 0 || old.0 == new.0);
    }
    let bytes: Vec<u8> = proof.iter().flat_map(|digest| *digest.as_bytes()).collect();
    let Ok(proof) = ConsistencyProof::<Sha256>::try_from_bytes(bytes) else { return false };
    let (new, old) = (root_hash(new.0, new.1), root_hash(old.0, old.1));
    new.verify_consistency(&old, &proof).is_ok()
}

fn root_hash(root: &Digest, size: u64) -> RootHash<Sha256> {
    RootHash::new((*root.as_bytes()).into(), size)
}
