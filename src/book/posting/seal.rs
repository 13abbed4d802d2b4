//! Entries on their way to the store: chained to one another, and grown into the tree.
//!
//! That is hashing and nothing else. Where entries are many it is done on a thread of its own, beside the
//! store and whoever says what is new.

use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use crate::base::Digest;
use crate::book::BookError;
use crate::book::leaf::leaf_digest;
use crate::book::store::Segment;
use crate::book::tree::{Frontier, Node};

/// A segment with its leaves, and the nodes of the tree that are whole by it.
pub(super) type Sealed = (Segment, Vec<Node>);

/// Where chain and tree end.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) previous: Digest,
    pub(super) frontier: Frontier,
}

impl Chain {
    /// Works out the leaves of the next segment.
    fn seal(&mut self, mut segment: Segment) -> Sealed {
        let (mut leaves, mut nodes) = (Vec::with_capacity(segment.kinds.len() * 32), Vec::new());
        for row in segment.rows() {
            let leaf = leaf_digest(row.kind, &self.previous, row.body);
            leaves.extend_from_slice(leaf.as_bytes());
            self.frontier.push(leaf, |node| nodes.push(node));
            self.previous = leaf;
        }
        segment.leaves = leaves;
        (segment, nodes)
    }
}

/// Seals segments, in order.
#[derive(Debug)]
pub(super) enum Sealer {
    /// As they are given.
    Here(Chain),
    /// On a thread of its own.
    Beside(Beside),
    /// Nothing more can be sealed.
    Gone,
}

#[derive(Debug)]
pub(super) struct Beside {
    give: SyncSender<Segment>,
    given_back: Receiver<Sealed>,
    under_way: usize,
    thread: JoinHandle<Chain>,
}

/// Segments that wait to be sealed.
const SEGMENTS_AHEAD: usize = 4;

impl Sealer {
    /// Seals a segment; gives those that are sealed, of which it may be none.
    pub(super) fn seal(&mut self, segment: Segment) -> Result<Vec<Sealed>, BookError> {
        match self {
            Sealer::Here(chain) => Ok(vec![chain.seal(segment)]),
            Sealer::Beside(beside) => {
                beside.give.send(segment).map_err(|_| GONE)?;
                beside.under_way += 1;
                let sealed: Vec<Sealed> = beside.given_back.try_iter().collect();
                beside.under_way -= sealed.len();
                Ok(sealed)
            }
            Sealer::Gone => Err(GONE),
        }
    }

    /// Goes on beside, since many segments are to come.
    pub(super) fn go_beside(&mut self) {
        match std::mem::replace(self, Sealer::Gone) {
            Sealer::Here(mut chain) => {
                let (give, given) = sync_channel::<Segment>(SEGMENTS_AHEAD);
                let (hand_back, given_back) = channel();
                let thread = thread::spawn(move || {
                    for segment in given {
                        // Whoever gave it has gone away.
                        if hand_back.send(chain.seal(segment)).is_err() {
                            break;
                        }
                    }
                    chain
                });
                *self = Sealer::Beside(Beside { give, given_back, under_way: 0, thread });
            }
            other => *self = other,
        }
    }

    /// Waits for the segments that are still being sealed.
    pub(super) fn rest(&mut self) -> Result<Vec<Sealed>, BookError> {
        let Sealer::Beside(beside) = self else { return Ok(Vec::new()) };
        let mut sealed = Vec::with_capacity(beside.under_way);
        while beside.under_way > 0 {
            sealed.push(beside.given_back.recv().map_err(|_| GONE)?);
            beside.under_way -= 1;
        }
        Ok(sealed)
    }

    /// Where chain and tree end, when nothing more is to be sealed.
    pub(super) fn end(&mut self) -> Result<Chain, BookError> {
        match std::mem::replace(self, Sealer::Gone) {
            Sealer::Here(chain) => Ok(chain),
            Sealer::Beside(Beside { give, thread, .. }) => {
                drop(give);
                thread.join().map_err(|_| GONE)
            }
            Sealer::Gone => Err(GONE),
        }
    }
}

const GONE: BookError = BookError::Internal("nobody seals entries");
