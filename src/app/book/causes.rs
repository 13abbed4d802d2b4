//! Which of the new events of a batch is behind a change to what stood before it: a posting says so, and a
//! replay works it out again.

use std::collections::HashMap;

use crate::rows::Cell;

/// The first new events that are allocated, by numbers that whoever notes them gives.
#[derive(Debug, Default)]
pub(super) struct Causes {
    /// Of all.
    first: Option<u64>,
    /// Of those that share running totals.
    first_of_lane: HashMap<Vec<Cell>, u64>,
}

impl Causes {
    /// Notes an event; says whether it is the first.
    pub(super) fn note(&mut self, number: u64) -> bool {
        let first = self.first.is_none();
        self.first.get_or_insert(number);
        first
    }

    /// Notes the lane of an event; says whether it is the first of that.
    pub(super) fn note_lane(&mut self, lane: &[Cell], number: u64) -> bool {
        let first = !self.first_of_lane.contains_key(lane);
        if first {
            self.first_of_lane.insert(lane.to_vec(), number);
        }
        first
    }

    /// Whether the lane of any is noted.
    pub(super) fn has_lanes(&self) -> bool {
        !self.first_of_lane.is_empty()
    }

    /// The one behind a change of what comes out in a lane.
    pub(super) fn behind(&self, lane: &[Cell]) -> Option<u64> {
        self.first_of_lane.get(lane).copied().or(self.first)
    }

    /// The one behind what does not come out any more.
    pub(super) fn first(&self) -> Option<u64> {
        self.first
    }
}
