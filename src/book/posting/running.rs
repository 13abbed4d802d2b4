//! The batch at hand: its counts and sums, and where its lanes stand.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use foldhash::fast::FixedState;
use smallvec::SmallVec;

use crate::base::{Digester, Money};
use crate::book::BookError;
use crate::book::entry::{Batch, Close, KindSums, Schema, Unread};
use crate::book::keys::{Index, Key, Mark};
use crate::rows::Origin;

use super::Became;

/// A batch that has begun. Posting writes what this counts, and verification counts again.
#[derive(Debug)]
pub(in crate::book) struct Running {
    pub(in crate::book) number: u64,
    pub(in crate::book) schema: Rc<Schema>,
    sources: Vec<String>,
    entries: u64,
    inputs: Digester,
    /// Inputs that wait to be digested together.
    waiting: Vec<u8>,
    sums: BTreeMap<Option<u32>, KindSums>,
    corrections: u64,
    /// The lanes met so far, by number, and their numbers by their bytes.
    lanes: Vec<Last>,
    by_bytes: HashMap<Few, u32, FixedState>,
}

/// Bytes of inputs.
const DIGESTED_AT_ONCE: usize = 1 << 12;

/// Bytes of a lane, or a rank in one: mostly as few as have room in place.
type Few = SmallVec<[u8; 24]>;

/// A lane, and the event that ranks highest in it.
#[derive(Debug)]
pub(in crate::book) struct Last {
    bytes: Few,
    pub(super) rank: Few,
    pub(super) entry: Option<u64>,
    /// It is of this batch.
    here: bool,
}

impl Last {
    fn key(&self) -> Key {
        Key::of(Index::Lane, &self.bytes)
    }

    /// The lane stands where an earlier batch left it.
    pub(super) fn stood(&mut self, rank: &[u8], entry: u64) {
        self.rank = Few::from_slice(rank);
        self.entry = Some(entry);
    }

    /// The lane goes on to an event of this batch.
    pub(in crate::book) fn goes_on(&mut self, rank: &[u8], entry: u64) {
        self.stood(rank, entry);
        self.here = true;
    }
}

impl Running {
    pub(in crate::book) fn new(number: u64, batch: &Batch, schema: Rc<Schema>) -> Running {
        Running {
            number,
            schema,
            sources: batch.sources.iter().map(|source| source.name.clone()).collect(),
            entries: 0,
            inputs: Digester::new(),
            waiting: Vec::new(),
            sums: BTreeMap::new(),
            corrections: 0,
            lanes: Vec::new(),
            by_bytes: HashMap::default(),
        }
    }

    /// Whether a row came from a file that the batch names, or from nobody.
    pub(in crate::book) fn has_source(&self, origin: Origin) -> bool {
        let at = usize::try_from(origin.file).ok();
        origin == Origin::MADE || at.is_some_and(|at| at < self.sources.len())
    }

    /// The name of the file a row came from; empty where there is none.
    pub(in crate::book) fn source(&self, origin: Origin) -> &str {
        let at = usize::try_from(origin.file).ok();
        at.and_then(|at| self.sources.get(at)).map_or("", String::as_str)
    }

    /// The number of a lane, by its bytes.
    pub(in crate::book) fn lane(&mut self, bytes: &[u8]) -> u32 {
        if let Some(lane) = self.by_bytes.get(bytes) {
            return *lane;
        }
        // No machine holds more lanes.
        let lane = u32::try_from(self.lanes.len()).unwrap_or(u32::MAX);
        let bytes = Few::from_slice(bytes);
        self.by_bytes.insert(bytes.clone(), lane);
        self.lanes.push(Last { bytes, rank: Few::new(), entry: None, here: false });
        lane
    }

    /// How many lanes have a number.
    pub(super) fn lanes(&self) -> u32 {
        u32::try_from(self.lanes.len()).unwrap_or(u32::MAX)
    }

    /// The key of a lane.
    pub(super) fn key(&self, lane: u32) -> Key {
        let lane = usize::try_from(lane).ok().and_then(|lane| self.lanes.get(lane));
        lane.map_or(Key::NONE, Last::key)
    }

    /// Where a lane stands.
    pub(in crate::book) fn last(&mut self, lane: u32) -> Option<&mut Last> {
        self.lanes.get_mut(usize::try_from(lane).ok()?)
    }

    /// Counts an event: its kind, its sums, and the bytes of its kind and fields.
    pub(in crate::book) fn count(
        &mut self,
        kind: u32,
        became: Became,
        input: &[u8],
    ) -> Result<(), BookError> {
        self.entries += 1;
        self.waiting.extend_from_slice(input);
        if self.waiting.len() >= DIGESTED_AT_ONCE {
            self.inputs.update(&self.waiting);
            self.waiting.clear();
        }
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

    /// Whether an event or an unread row was counted.
    pub(in crate::book) fn has_events(&self) -> bool {
        self.corrections < self.entries
    }

    pub(in crate::book) fn count_correction(&mut self) {
        self.entries += 1;
        self.corrections += 1;
    }

    /// The entry that closes the batch, and where its lanes stand now, in no order.
    pub(in crate::book) fn close(mut self) -> (Close, Vec<Mark>) {
        self.inputs.update(&self.waiting);
        let close = Close {
            batch: self.number,
            entries: self.entries,
            inputs: self.inputs.finish(),
            sums: self.sums.into_values().collect(),
            corrections: self.corrections,
        };
        let moved = self.lanes.iter().filter(|last| last.here);
        let marks = moved.filter_map(|last| Some(Mark { key: last.key(), entry: last.entry? }));
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
    // Asked of every event: an error is made where there is one.
    let Some(more) = sum.checked_add(amount.minor()) else {
        return Err(BookError::TotalTooLarge);
    };
    *sum = more;
    Ok(())
}
