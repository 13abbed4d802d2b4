//! Entries as stores keep them: neighbours together in one row.

use std::iter;
use std::ops::Range;

use crate::base::Digest;

/// Entries a segment has at most. It never goes past a multiple of this, so that the leaves under a
/// node of the tree that is kept are those of whole segments.
const ENTRIES_MAX: u64 = 1024;
/// Bytes of bodies after which a segment is closed.
const BYTES_MAX: usize = 1 << 17;

/// Neighbouring entries: what is of one sort stands end to end.
///
/// A segment is written once. It is read as it is found, whatever it says: [`is_whole`](Self::is_whole)
/// tells whether its parts fit one another, and their leaves whether the entries are what they were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Segment {
    /// The number of its first entry.
    pub first: u64,
    /// The kind of each entry.
    pub kinds: Vec<u8>,
    /// Where each body ends, four bytes each, highest first.
    pub ends: Vec<u8>,
    /// The digest of each leaf.
    pub leaves: Vec<u8>,
    /// The bodies.
    pub bodies: Vec<u8>,
}

/// An entry of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'s> {
    /// The number of the entry, from 0 without a gap.
    pub number: u64,
    /// The kind of entry.
    pub kind: u8,
    /// The digest of its leaf.
    pub leaf: Digest,
    /// Its canonical bytes.
    pub body: &'s [u8],
}

/// The leaves of a segment that begins with an entry, as far as they are of some.
pub(super) fn leaves_of(
    first: u64,
    leaves: &[u8],
    entries: Range<u64>,
) -> impl Iterator<Item = (u64, Digest)> {
    let (leaves, _) = leaves.as_chunks::<32>();
    let numbered = (first..).zip(leaves).map(|(number, leaf)| (number, Digest::from_bytes(*leaf)));
    numbered.filter(move |(number, _)| entries.contains(number))
}

impl Segment {
    /// One without entries.
    pub fn new(first: u64) -> Segment {
        Segment { first, ..Segment::default() }
    }

    /// The one after it, which is taken to become about as large.
    pub(in crate::book) fn following(&self) -> Segment {
        let bodies = self.bodies.len() + self.bodies.len() / 16;
        Segment {
            first: self.end(),
            kinds: Vec::with_capacity(self.kinds.len()),
            ends: Vec::with_capacity(self.ends.len()),
            leaves: Vec::new(),
            bodies: Vec::with_capacity(bodies),
        }
    }

    /// Whether it has no entry.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The number after that of its last entry.
    pub fn end(&self) -> u64 {
        self.first.saturating_add(u64::try_from(self.kinds.len()).unwrap_or(u64::MAX))
    }

    /// Whether the next entry begins another.
    pub fn is_full(&self) -> bool {
        !self.is_empty()
            && (self.end().is_multiple_of(ENTRIES_MAX) || self.bodies.len() >= BYTES_MAX)
    }

    /// Adds an entry.
    pub fn push(&mut self, kind: u8, leaf: &Digest, body: &[u8]) {
        self.leaves.extend_from_slice(leaf.as_bytes());
        self.add(kind, body);
    }

    /// Adds an entry, of which the leaf is not known yet.
    pub(in crate::book) fn add(&mut self, kind: u8, body: &[u8]) {
        self.kinds.push(kind);
        self.bodies.extend_from_slice(body);
        // No store keeps a value of four gigabytes.
        let end = u32::try_from(self.bodies.len()).unwrap_or(u32::MAX);
        self.ends.extend_from_slice(&end.to_be_bytes());
    }

    /// Its entries in order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let (ends, _) = self.ends.as_chunks::<4>();
        let (leaves, _) = self.leaves.as_chunks::<32>();
        let ends = ends.iter().map(|end| u32::from_be_bytes(*end)).chain(iter::repeat(0));
        let leaves = leaves.iter().copied().chain(iter::repeat([0; 32]));
        let mut start = 0;
        (self.first..).zip(&self.kinds).zip(ends).zip(leaves).map(
            move |(((number, kind), end), leaf)| {
                let end = usize::try_from(end).unwrap_or(usize::MAX);
                let body = self.bodies.get(start..end).unwrap_or_default();
                start = end;
                Row { number, kind: *kind, leaf: Digest::from_bytes(leaf), body }
            },
        )
    }

    /// An entry by its number.
    pub fn row(&self, number: u64) -> Option<Row<'_>> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let (ends, _) = self.ends.as_chunks::<4>();
        let (leaves, _) = self.leaves.as_chunks::<32>();
        let end = |at: usize| usize::try_from(u32::from_be_bytes(*ends.get(at)?)).ok();
        let start = at.checked_sub(1).map_or(Some(0), end);
        let body = start.zip(end(at)).and_then(|(start, end)| self.bodies.get(start..end));
        let leaf = Digest::from_bytes(leaves.get(at).copied().unwrap_or([0; 32]));
        Some(Row { number, kind: *self.kinds.get(at)?, leaf, body: body.unwrap_or_default() })
    }

    /// Whether every part is of as many entries, and the bodies end where the last one does.
    pub fn is_whole(&self) -> bool {
        let (ends, over) = self.ends.as_chunks::<4>();
        let count = self.kinds.len();
        let last = ends.last().map_or(0, |end| u32::from_be_bytes(*end));
        over.is_empty()
            && ends.len() == count
            && self.leaves.len() == count.saturating_mul(32)
            && usize::try_from(last).is_ok_and(|last| last == self.bodies.len())
            && ends.is_sorted()
    }
}
