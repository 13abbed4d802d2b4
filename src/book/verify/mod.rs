//! Verification: what is stored held against chain, tree and checkpoints, without recomputing any
//! allocation.
//!
//! The leaves are worked out from the stored *values*, so that a change of a value with the tree
//! left as it is does not pass. Everything derived (keys, nodes, sums of batches) is worked out again
//! too. `locate` finds the byte behind a leaf that does not fit, `replica` works out what an entry
//! must have beside it.

mod damage;
mod locate;
mod replica;

use crate::base::Digest;

use super::entry::Entry;
use super::leaf::{NOTHING_BEFORE, leaf_digest};
use super::store::{Index, Mark, Row, StoreError};
use super::tree::{self, Frontier, Node};
use super::{Book, BookError, Flaw};

use locate::Flip;
use replica::Replica;

pub use damage::Damage;

/// Size and root of a book at some time, from a checkpoint whose signature was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Root {
    /// How many entries.
    pub size: u64,
    /// The root of their tree.
    pub digest: Digest,
}

impl Root {
    /// Whether the entry of a number has these [bytes](Book::leaf_bytes), by a
    /// [proof](Book::inclusion).
    pub fn includes(&self, number: u64, leaf: &[u8], proof: &[Digest]) -> bool {
        tree::includes(&self.digest, self.size, number, leaf, proof)
    }

    /// Whether the book goes on from where it stood, by a [proof](Book::consistency).
    pub fn continues(&self, old: &Root, proof: &[Digest]) -> bool {
        tree::continues((&old.digest, old.size), (&self.digest, self.size), proof)
    }
}

/// What verification says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Size and root of what is there.
    pub root: Root,
    /// What is wrong; nothing, if the book is whole.
    pub damages: Vec<Damage>,
    /// How much more is wrong than is told.
    pub untold: u64,
    /// Entries whose moment stands before that of an earlier one. That is no damage: clocks of two
    /// posters may differ.
    pub moments_back: Vec<u64>,
}

/// Entries read at a time.
const ROWS_A_CHUNK: usize = 4096;
/// More damages are only counted.
const DAMAGES_TOLD_MAX: usize = 100;
/// More entries cannot be missing in one place: it is the number that is wrong.
const GAP_MAX: u64 = 100_000;
/// In more entries the byte at fault is not searched for.
const SEARCHES_MAX: u32 = 16;

impl Book {
    /// Verifies the whole book, and that it continues what the checkpoints were signed for.
    ///
    /// # Errors
    /// The store fails. Damage is no error but the answer.
    pub fn verify(&mut self, checkpoints: &[Root]) -> Result<Verification, BookError> {
        let mut walk = Walk::new(checkpoints);
        match self.walk(&mut walk) {
            Ok(()) => {}
            // A store that cannot read itself has told what is wrong.
            Err(BookError::Store(StoreError::Damaged { what })) => {
                walk.tell(Damage::Store(Flaw::Structure { what }));
            }
            Err(error) => return Err(error),
        }
        Ok(walk.said())
    }

    fn walk(&mut self, walk: &mut Walk) -> Result<(), BookError> {
        for flaw in self.store().check()? {
            walk.tell(Damage::Store(flaw));
        }
        loop {
            let rows = self.store().rows(walk.frontier.size(), ROWS_A_CHUNK)?;
            if rows.is_empty() {
                break;
            }
            for (at, row) in rows.iter().enumerate() {
                walk.row(row, rows.get(at + 1));
            }
            self.derived(walk)?;
            if walk.over {
                break;
            }
        }
        walk.end();
        for index in Index::ALL {
            let (expected, found) = (walk.replica.marks_made(index), self.store().marks(index)?);
            if let Some(count) = found.checked_sub(expected).filter(|count| *count > 0) {
                walk.tell(Damage::SurplusKeys { index: index_name(index), count });
            }
        }
        Ok(())
    }

    /// Holds keys and nodes that the entries walked over must have against those kept.
    fn derived(&mut self, walk: &mut Walk) -> Result<(), BookError> {
        let marks = walk.replica.take_marks();
        for index in Index::ALL {
            let of_index: Vec<Mark> =
                marks.iter().filter(|mark| mark.index == index).cloned().collect();
            for mark in self.store().missing(index, &of_index)? {
                walk.tell(Damage::Key { entry: mark.entry, index: index_name(index) });
            }
        }
        for node in std::mem::take(&mut walk.nodes) {
            let kept = self.store().nodes(node.level, node.index, 1)?;
            if kept.first() != Some(&node) {
                walk.tell(Damage::Node { level: node.level, index: node.index });
            }
        }
        Ok(())
    }
}

/// How far verification has come.
struct Walk {
    frontier: Frontier,
    previous: Digest,
    /// The leaf before is known.
    chained: bool,
    /// Nothing more can be told.
    over: bool,
    nodes: Vec<Node>,
    replica: Replica,
    checkpoints: Vec<Root>,
    damages: Vec<Damage>,
    untold: u64,
    searches: u32,
}

impl Walk {
    fn new(checkpoints: &[Root]) -> Walk {
        let mut checkpoints = checkpoints.to_vec();
        checkpoints.sort_by_key(|root| root.size);
        Walk {
            frontier: Frontier::default(),
            previous: NOTHING_BEFORE,
            chained: true,
            over: false,
            nodes: Vec::new(),
            replica: Replica::default(),
            checkpoints,
            damages: Vec::new(),
            untold: 0,
            searches: 0,
        }
    }

    fn tell(&mut self, damage: Damage) {
        if self.damages.len() < DAMAGES_TOLD_MAX {
            self.damages.push(damage);
        } else {
            self.untold += 1;
        }
    }

    fn row(&mut self, row: &Row, next: Option<&Row>) {
        if self.over || (self.frontier.size() < row.number && !self.gap(row.number)) {
            return;
        }
        let mended = self.fits(row, next);
        let row = mended.as_ref().unwrap_or(row);
        match Entry::from_body(row.kind, &row.body) {
            Ok(entry) => {
                if let Err(what) = self.replica.take(row.number, &entry) {
                    self.tell(Damage::Contradiction { entry: row.number, what });
                }
            }
            Err(error) if mended.is_none() => {
                let (field, expected) = (error.field, error.expected);
                let told = self.damages.iter().any(
                    |damage| matches!(damage, Damage::Value { entry, .. } if *entry == row.number),
                );
                if !told {
                    self.tell(Damage::Unreadable { entry: row.number, field, expected });
                }
                self.replica.lost();
            }
            Err(_) => self.replica.lost(),
        }
    }

    /// Entries up to a number are not there. Nothing can be said of what stood there, and the chain
    /// goes on behind it, unless the number itself is past belief.
    fn gap(&mut self, number: u64) -> bool {
        self.replica.lost();
        let believable = number - self.frontier.size() <= GAP_MAX;
        while self.frontier.size() < number {
            self.tell(Damage::Missing { entry: self.frontier.size() });
            if !believable {
                self.over = true;
                return false;
            }
            self.grow(NOTHING_BEFORE);
        }
        self.chained = false;
        true
    }

    /// Holds a row against its leaf; gives the row as it was, where one byte of it was changed.
    fn fits(&mut self, row: &Row, next: Option<&Row>) -> Option<Row> {
        let leaf = leaf_digest(row.kind, &self.previous, &row.body);
        let chained = std::mem::replace(&mut self.chained, true);
        if leaf == row.leaf || !chained {
            self.grow(row.leaf);
            return None;
        }
        let goes_on = |leaf: &Digest| {
            next.is_some_and(|next| leaf_digest(next.kind, leaf, &next.body) == next.leaf)
        };
        if locate::nearly(&leaf, &row.leaf) || goes_on(&leaf) {
            self.tell(Damage::Leaf { entry: row.number });
            self.grow(leaf);
            return None;
        }
        let entry = row.number;
        let found = if self.searches < SEARCHES_MAX {
            self.searches += 1;
            locate::flip(row.kind, &self.previous, &row.body, &row.leaf)
        } else {
            None
        };
        self.grow(row.leaf);
        let mut mended = row.clone();
        match found {
            Some(Flip::Kind { was }) => {
                let field = Some("kind".to_owned());
                self.tell(Damage::Value { entry, field, offset: None, was: Some(was) });
                mended.kind = was;
                Some(mended)
            }
            Some(Flip::Body { offset, was }) => {
                if let Some(byte) = mended.body.get_mut(offset) {
                    *byte = was;
                }
                let field = Some(Entry::field_at(mended.kind, &mended.body, offset));
                self.tell(Damage::Value { entry, field, offset: Some(offset), was: Some(was) });
                Some(mended)
            }
            None => {
                let field = replica::changed_text(row);
                self.tell(Damage::Value { entry, field, offset: None, was: None });
                None
            }
        }
    }

    fn grow(&mut self, leaf: Digest) {
        let nodes = &mut self.nodes;
        self.frontier.push(leaf, |node| nodes.push(node));
        self.previous = leaf;
        let size = self.frontier.size();
        while let Some(root) = self.checkpoints.first().copied().filter(|root| root.size <= size) {
            self.checkpoints.remove(0);
            let found = self.frontier.root();
            if root.size == size && found != root.digest {
                let (checkpoint, signed) = (size, root.digest);
                self.tell(Damage::Rewritten { checkpoint, signed, found });
            }
        }
    }

    fn end(&mut self) {
        if let Some(batch) = self.replica.unfinished() {
            self.tell(Damage::HalfBatch { batch });
        }
        let size = self.frontier.size();
        for root in std::mem::take(&mut self.checkpoints) {
            self.tell(Damage::CutOff { size, checkpoint: root.size });
        }
    }

    fn said(self) -> Verification {
        Verification {
            root: Root { size: self.frontier.size(), digest: self.frontier.root() },
            damages: self.damages,
            untold: self.untold,
            moments_back: self.replica.moments_back,
        }
    }
}

fn index_name(index: Index) -> &'static str {
    match index {
        Index::Event => "events",
        Index::Content => "editions and registers",
        Index::Settled => "corrections and resolutions",
        Index::Lane => "lanes",
    }
}
