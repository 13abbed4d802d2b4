//! Which entry takes the place of which: what was set aside may be posted again.

use crate::book::{Event, Outcome};
use crate::rows::{Cell, Reason};

/// How an event stands by an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    Withdrawn,
    SetAside,
    Allocated,
}

/// An entry that stands: its own event's, or that of the latest correction.
#[derive(Debug)]
struct Place {
    event: u64,
    by: u64,
    batch: u64,
    fields: Vec<Cell>,
    how: How,
}

/// The entries of one key, gone through in their order.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<Place>);

/// Whether an event was set aside since another has its key: it is a copy, which takes the place of no other
/// row.
pub(super) fn is_copy(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::SetAside { reason: Reason::DuplicateKey, .. })
}

fn how(outcome: Option<&Outcome>) -> How {
    match outcome {
        None => How::Withdrawn,
        Some(Outcome::SetAside { .. }) => How::SetAside,
        Some(Outcome::Allocated { .. }) => How::Allocated,
    }
}

impl Places {
    /// An event was posted; gives the entry whose place it takes: one of an earlier batch that set it aside
    /// or withdrew it, of several that which says the same, else the first.
    pub(super) fn posted(&mut self, entry: u64, event: &Event) -> Option<u64> {
        let earlier = |it: &Place| it.how != How::Allocated && it.batch != event.batch;
        let same = self.0.iter().position(|it| earlier(it) && it.fields == event.fields);
        let taken = match is_copy(&event.outcome) {
            // It is the same row where that is no more than a copy of what stands either.
            true if same.is_some() && self.0.iter().any(|it| it.how == How::Allocated) => same,
            true => return None,
            false => same.or_else(|| self.0.iter().position(earlier)),
        };
        let taken = taken.map(|at| self.0.remove(at).by);
        let (batch, fields) = (event.batch, event.fields.clone());
        let how = how(Some(&event.outcome));
        self.0.push(Place { event: entry, by: entry, batch, fields, how });
        taken
    }

    /// An event was corrected, so that it stands by this entry; nothing is left of it where it was withdrawn.
    pub(super) fn corrected(&mut self, event: u64, by: u64, outcome: Option<&Outcome>) {
        for place in self.0.iter_mut().filter(|it| it.event == event) {
            (place.by, place.how) = (by, how(outcome));
        }
    }

    /// The entries by which the event stands: as allocated, if it is, else as set aside, else withdrawn. Of
    /// rows at one place of the order that are all set aside there are several.
    pub(super) fn standing(&self) -> Vec<u64> {
        let best = self.0.iter().map(|it| it.how).max();
        self.0.iter().filter(|it| Some(it.how) == best).map(|it| it.by).collect()
    }
}
