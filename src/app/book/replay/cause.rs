//! Which late event is behind a correction, worked out again.

use std::collections::HashMap;
use std::ops::Range;

use crate::rows::{Cell, EventAt, Outcome, Told};

use super::super::maker::Maker;

/// The events of a batch that corrects because some of them came late.
#[derive(Debug, Default)]
pub(super) struct Causes {
    entries: Range<u64>,
    /// The first that is allocated, of all and of those that share running totals.
    first: Option<u64>,
    first_of_lane: HashMap<Vec<Cell>, u64>,
}

impl Causes {
    /// None so far, of the batch with these entries.
    pub(super) fn of(entries: Range<u64>) -> Causes {
        Causes { entries, ..Causes::default() }
    }

    /// Notes an event, if it is one of the batch.
    pub(super) fn note(&mut self, entry: u64, told: Told<'_>, maker: &Maker<'_>) {
        let allocated = matches!(told.outcome(), Outcome::Allocated { .. });
        if allocated && self.entries.contains(&entry) {
            self.first.get_or_insert(entry);
            self.first_of_lane.entry(maker.lane_at(told.event())).or_insert(entry);
        }
    }

    /// The one behind a correction of an event.
    pub(super) fn behind(&self, event: EventAt<'_>, maker: &Maker<'_>) -> Option<u64> {
        self.first_of_lane.get(&maker.lane_at(event)).copied().or(self.first)
    }

    /// The one behind a correction of what does not come out any more.
    pub(super) fn first(&self) -> Option<u64> {
        self.first
    }
}
