//! Verification: what is stored held against chain, tree and checkpoints, without recomputing any
//! allocation.
//!
//! The leaves are worked out from the stored *values*, so that a change of a value with the tree
//! left as it is does not pass. Everything derived (keys, nodes, sums of batches) is worked out again
//! too. `look` takes entries one by one, on a thread of its own; `replica` works out what must be there
//! beside them, `named` whether what they name can be named, `positions` whether their edition has
//! what they speak of, `runs` holds their keys against those kept; `locate` finds the byte behind a leaf that
//! does not fit.

mod again;
mod damage;
mod locate;
mod look;
mod named;
mod positions;
mod replica;
mod runs;

use std::sync::mpsc::sync_channel;

use crate::base::Digest;

use super::canonical::Writer;
use super::entry::Entry;
use super::leaf::{NOTHING_BEFORE, leaf_digest};
use super::store::{Kept, Row, Segment};
use super::tree::{self, Frontier, Node};
use super::{Book, BookError, Flaw};

use locate::Flip;
use look::{Looked, Looker, Said, Told};
use replica::Replica;

pub use damage::{Among, Contradiction, Damage};
pub use look::SentKinds;

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

/// Segments read together, and how often they may be read ahead.
const SEGMENTS_AT_ONCE: usize = 4;
const AHEAD: u32 = 3;
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
        self.verify_sent(checkpoints, &SentKinds::new())
    }

    /// The same, where it is known of some editions which kinds of events data send.
    ///
    /// # Errors
    /// The store fails.
    pub fn verify_sent(
        &mut self,
        checkpoints: &[Root],
        sent: &SentKinds,
    ) -> Result<Verification, BookError> {
        let mut walk = Walk::new(checkpoints);
        // Whoever posts reads what he has added himself, and nobody else can add.
        let posting = self.is_posted_to();
        if !posting {
            self.store().hold_still()?;
        }
        let walked = self.walk(&mut walk, sent);
        if !posting {
            self.store().let_go();
        }
        match walked {
            Ok(()) => {}
            Err(BookError::Store(error)) => match error.damage() {
                // A store that cannot read itself has told what is wrong.
                Some(what) => {
                    walk.tell(Damage::Store(Flaw::Structure { what: what.to_owned() }));
                }
                None => return Err(error.into()),
            },
            Err(error) => return Err(error),
        }
        Ok(walk.said())
    }

    fn walk(&mut self, walk: &mut Walk, sent: &SentKinds) -> Result<(), BookError> {
        for flaw in self.store().check()? {
            walk.tell(Damage::Store(flaw));
        }
        self.walk_entries(walk, sent)?;
        walk.end();
        let met = walk.replica.take_met();
        let marks = walk.replica.take_marks();
        let mut runs = std::mem::take(&mut walk.runs);
        runs.hold(self.store(), walk.frontier.size(), marks, &mut |damage| walk.tell(damage))?;
        let kept = self.store().kept()?;
        let size = walk.frontier.size();
        runs.end(self.store(), (size, kept), &mut |damage| walk.tell(damage))?;
        met.tell(self, &mut |damage| walk.tell(damage))?;
        if !walk.over {
            runs::stray("entry", kept.segments, walk.met.segments, &mut |it| walk.tell(it));
        }
        runs::stray("node", kept.nodes, walk.met.nodes, &mut |damage| walk.tell(damage));
        Ok(())
    }

    /// Reads segments ahead, has them looked at beside, and takes them in order.
    fn walk_entries(&mut self, walk: &mut Walk, sent: &SentKinds) -> Result<(), BookError> {
        std::thread::scope(|scope| {
            let ahead = usize::try_from(AHEAD).unwrap_or(1);
            let (give, given) = sync_channel::<Vec<Segment>>(ahead);
            let (hand, handed) = sync_channel::<(Vec<Segment>, Vec<Looked>)>(ahead);
            scope.spawn(move || {
                let mut looker = Looker::new(sent);
                for segments in given {
                    let looked = looker.look(&segments);
                    if hand.send((segments, looked)).is_err() {
                        break;
                    }
                }
            });
            let gone = |_| BookError::Internal("the thread that looks at entries is gone");
            let (mut next, mut under_way) = (Some(0), 0);
            loop {
                while under_way < AHEAD
                    && let Some(from) = next
                {
                    let segments = self.segments(from, SEGMENTS_AT_ONCE)?;
                    next = segments.last().map(Segment::end);
                    if next.is_some() {
                        give.send(segments).map_err(|_| gone(()))?;
                        under_way += 1;
                    }
                }
                if under_way == 0 || walk.over {
                    return Ok(());
                }
                let (segments, looked) = handed.recv().map_err(|_| gone(()))?;
                under_way -= 1;
                self.take(walk, &segments, looked)?;
            }
        })
    }

    /// Takes entries, and holds keys and nodes that they must have against those kept.
    fn take(
        &mut self,
        walk: &mut Walk,
        segments: &[Segment],
        looked: Vec<Looked>,
    ) -> Result<(), BookError> {
        let mended = match looked.iter().all(|it| it.fits) {
            true => None,
            false => Some(walk.mend(segments)),
        };
        let segments = mended.as_deref().unwrap_or(segments);
        // One of no entries is none of the book's.
        let own = segments.iter().filter(|segment| !segment.kinds.is_empty()).count();
        walk.met.segments += u64::try_from(own).unwrap_or(0);
        for segment in segments.iter().filter(|segment| !segment.is_whole()) {
            walk.tell(Damage::Store(Flaw::NotWhole { from: segment.first }));
        }
        let rows: Vec<Row<'_>> = segments.iter().flat_map(Segment::rows).collect();
        for ((at, row), looked) in rows.iter().enumerate().zip(looked) {
            walk.row(row, rows.get(at + 1), looked);
            let size = walk.frontier.size();
            if walk.runs.ends_at(self.store(), size)? {
                let marks = walk.replica.take_marks();
                let mut runs = std::mem::take(&mut walk.runs);
                runs.hold(self.store(), size, marks, &mut |damage| walk.tell(damage))?;
                walk.runs = runs;
            }
        }
        for node in std::mem::take(&mut walk.nodes) {
            let kept = self.store().nodes(node.level, node.index, 1)?;
            walk.met.nodes += u64::try_from(kept.len()).unwrap_or(0);
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
    /// Rows of entries and nodes that were there when asked for.
    met: Kept,
    replica: Replica,
    runs: runs::Walk,
    scratch: Writer,
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
            met: Kept::default(),
            replica: Replica::default(),
            runs: runs::Walk::default(),
            scratch: Writer::default(),
            checkpoints,
            damages: Vec::new(),
            untold: 0,
            searches: 0,
        }
    }

    /// Segments with the end of an entry put back where it was changed.
    fn mend(&mut self, segments: &[Segment]) -> Vec<Segment> {
        let mut before = self.previous;
        let mut mended = Vec::with_capacity(segments.len());
        for segment in segments {
            let found = match self.chained && self.searches < SEARCHES_MAX {
                true => locate::end(segment, before),
                false => None,
            };
            before = segment.rows().last().map_or(before, |row| row.leaf);
            mended.push(match found {
                Some((entry, whole)) => {
                    self.tell(Damage::End { entry });
                    whole
                }
                None => segment.clone(),
            });
        }
        mended
    }

    fn tell(&mut self, damage: Damage) {
        if self.damages.len() < DAMAGES_TOLD_MAX {
            self.damages.push(damage);
        } else {
            self.untold += 1;
        }
    }

    fn row(&mut self, row: &Row<'_>, next: Option<&Row<'_>>, looked: Looked) {
        if row.number < self.frontier.size() {
            return self.tell(Damage::Store(Flaw::Twice { entry: row.number }));
        }
        if self.over || (self.frontier.size() < row.number && !self.gap(row.number)) {
            return;
        }
        // Where nothing is amiss, what was looked at beside is as it seemed.
        if self.damages.is_empty() && looked.fits {
            self.chained = true;
            self.grow(row.leaf);
            return self.said_of(row, looked.said);
        }
        let mended = self.fits(row, next);
        let (kind, body) = match &mended {
            Some((kind, body)) => (*kind, body.as_slice()),
            None => (row.kind, row.body),
        };
        let seen = Row { kind, body, ..*row };
        match Entry::from_body(kind, body) {
            Ok(Entry::Event(event)) => {
                let schema = self.replica.schema();
                let told = Told::of(&event, schema.as_deref(), &mut self.scratch);
                self.said_of(&seen, Said::Event(told));
            }
            Ok(entry) => self.said_of(&seen, Said::Other(Box::new(entry))),
            Err(error) if mended.is_none() => {
                self.said_of(&seen, Said::Malformed(Box::new(error)));
            }
            Err(_) => self.replica.lost(),
        }
    }

    /// Holds what an entry says against those before it.
    fn said_of(&mut self, row: &Row<'_>, said: Said) {
        let entry = row.number;
        let taken = match said {
            Said::Event(told) => self.replica.event(entry, told, row.body),
            Said::Other(other) => self.replica.take(entry, &other),
            Said::Malformed(error) => {
                let told = self.damages.iter().any(
                    |damage| matches!(damage, Damage::Value { entry: it, .. } if *it == entry),
                );
                if !told {
                    let (field, expected) = (error.field, error.expected);
                    self.tell(Damage::Unreadable { entry, field, expected });
                }
                self.replica.lost();
                Ok(())
            }
        };
        if let Err(what) = taken {
            self.tell(Damage::Contradiction { entry, what });
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

    /// Holds a row against its leaf; gives kind and body as they were, where one byte was changed.
    fn fits(&mut self, row: &Row<'_>, next: Option<&Row<'_>>) -> Option<(u8, Vec<u8>)> {
        let leaf = leaf_digest(row.kind, &self.previous, row.body);
        let chained = std::mem::replace(&mut self.chained, true);
        if leaf == row.leaf || !chained {
            self.grow(row.leaf);
            return None;
        }
        let goes_on = |leaf: &Digest| {
            next.is_some_and(|next| leaf_digest(next.kind, leaf, next.body) == next.leaf)
        };
        if locate::nearly(&leaf, &row.leaf) || goes_on(&leaf) {
            self.tell(Damage::Leaf { entry: row.number });
            self.grow(leaf);
            return None;
        }
        let entry = row.number;
        let found = if self.searches < SEARCHES_MAX {
            self.searches += 1;
            locate::flip(row.kind, &self.previous, row.body, &row.leaf)
        } else {
            None
        };
        self.grow(row.leaf);
        match found {
            Some(Flip::Kind { was }) => {
                let field = Some("kind".to_owned());
                self.tell(Damage::Value { entry, field, offset: None, was: Some(was) });
                Some((was, row.body.to_vec()))
            }
            Some(Flip::Body { offset, was }) => {
                let mut body = row.body.to_vec();
                if let Some(byte) = body.get_mut(offset) {
                    *byte = was;
                }
                let field = Some(Entry::field_at(row.kind, &body, offset));
                self.tell(Damage::Value { entry, field, offset: Some(offset), was: Some(was) });
                Some((row.kind, body))
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
        for entry in self.replica.unsettled(size) {
            self.tell(Damage::Contradiction { entry, what: Contradiction::Unsettled });
        }
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
