//! The batch at hand: its counts and sums, and where its lanes stand.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use foldhash::fast::FixedState;

use crate::base::{Digester, Money};
use crate::book::BookError;
use crate::book::entry::{Batch, Close, KindSums, Schema, Unread};
use crate::book::keys::{Key, Mark};
use crate::rows::{Cell, Origin};

use super::Became;

/// A batch that has begun. Posting writes what this counts, and verification counts again.
#[derive(Debug)]
pub(in crate::book) struct Running {
    pub(in crate::book) number: u64,
    pub(in crate::book) schema: Rc<Schema>,
    sources: Vec<String>,
    entries: u64,
    inputs: Digester,
    sums: BTreeMap<Option<u32>, KindSums>,
    corrections: u64,
    lanes: HashMap<Key, Last, FixedState>,
}

/// The event that ranks highest in a lane.
#[derive(Debug)]
pub(super) struct Last {
    pub(super) rank: Vec<Cell>,
    pub(super) entry: u64,
    /// It is of this batch.
    here: bool,
}

impl Running {
    pub(in crate::book) fn new(number: u64, batch: &Batch, schema: Rc<Schema>) -> Running {
        Running {
            number,
            schema,
            sources: batch.sources.iter().map(|source| source.name.clone()).collect(),
            entries: 0,
            inputs: Digester::new(),
            sums: BTreeMap::new(),
            corrections: 0,
            lanes: HashMap::default(),
        }
    }

    /// The name of the file a row came from; empty where there is none.
    pub(in crate::book) fn source(&self, origin: Origin) -> &str {
        let at = usize::try_from(origin.file).ok();
        at.and_then(|at| self.sources.get(at)).map_or("", String::as_str)
    }

    pub(super) fn last(&self, lane: &Key) -> Option<&Last> {
        self.lanes.get(lane)
    }

    /// A lane stands where an earlier batch left it.
    pub(super) fn stood(&mut self, lane: Key, rank: Vec<Cell>, entry: u64) {
        self.lanes.insert(lane, Last { rank, entry, here: false });
    }

    /// A lane goes on to an event of this batch.
    pub(in crate::book) fn ranked(&mut self, lane: Key, rank: Vec<Cell>, entry: u64) {
        self.lanes.insert(lane, Last { rank, entry, here: true });
    }

    /// Counts an event: its kind, its sums, and the bytes of its kind and fields.
    pub(in crate::book) fn count(
        &mut self,
        kind: u32,
        became: Became,
        input: &[u8],
    ) -> Result<(), BookError> {
        self.entries += 1;
        self.inputs.update(input);
        let sums = self.sums_of(Some(kind));
        match became {
            Became::Allocated { inflow, undetermined, .. } => {
                sums.allocated += 1;
                add(&mut sums.inflow, inflow)?;
                add(&mut sums.undetermined, undetermined)?;
            }
            Became::SetAside { inflow } => {
                sums.set_aside += 1;
                add(&mut sums.inflow_set_aside, inflow.unwrap_or_default())?;
            }
        }
        Ok(())
    }

    pub(in crate::book) fn count_unread(&mut self, row: &Unread) -> Result<(), BookError> {
        self.entries += 1;
        let sums = self.sums_of(row.kind);
        sums.set_aside += 1;
        add(&mut sums.inflow_set_aside, row.inflow.unwrap_or_default())
    }

    pub(in crate::book) fn count_correction(&mut self) {
        self.entries += 1;
        self.corrections += 1;
    }

    /// The entry that closes the batch, and where its lanes stand now, in no order.
    pub(in crate::book) fn close(self) -> (Close, Vec<Mark>) {
        let close = Close {
            batch: self.number,
            entries: self.entries,
            inputs: self.inputs.finish(),
            sums: self.sums.into_values().collect(),
            corrections: self.corrections,
        };
        let moved = self.lanes.into_iter().filter(|(_, last)| last.here);
        let marks = moved.map(|(key, last)| Mark { key, entry: last.entry });
        (close, marks.collect())
    }

    fn sums_of(&mut self, kind: Option<u32>) -> &mut KindSums {
        self.sums.entry(kind).or_insert(KindSums {
            kind,
            allocated: 0,
            set_aside: 0,
            inflow: 0,
            undetermined: 0,
            inflow_set_aside: 0,
        })
    }
}

fn add(sum: &mut i128, amount: Money) -> Result<(), BookError> {
    *sum = sum.checked_add(amount.minor()).ok_or(BookError::TotalTooLarge)?;
    Ok(())
}
