//! What of what stood before is run again beside some batches.

use std::collections::HashSet;

use crate::book::{Book, BookError, Entry, SentCell, read_sent};
use crate::plan::{Partition, PartitionColumn, Plan, at};
use crate::rows::Cell;

use super::super::BookTrouble;
use super::super::history::History;
use super::super::maker::Maker;
use super::super::post::makes_events;
use super::super::standing::{walk, walk_rows};
use super::Span;

/// Which events that stood before bear on some batches, or are corrected by them.
#[derive(Debug)]
pub(super) enum Beside {
    /// Any may.
    All,
    /// Those that have a part in one of these lanes, and these.
    Some { lanes: HashSet<Vec<Cell>>, entries: HashSet<u64> },
}

impl Beside {
    /// # Errors
    /// The book cannot be read.
    pub(super) fn of<'s>(
        book: &mut Book,
        batches: impl Iterator<Item = &'s Span>,
        history: &History<'_>,
        (plan, maker): (&Plan, &Maker<'_>),
    ) -> Result<Beside, BookTrouble> {
        let by_lane = match &plan.partition {
            _ if makes_events(plan) => return Ok(Beside::All),
            Partition::Sequential { .. } => return Ok(Beside::All),
            // A lane that is worked out stands in no row.
            Partition::By(columns) if columns.first().is_none_or(|it| is_worked_out(plan, it)) => {
                return Ok(Beside::All);
            }
            // What shares nothing with them may stand by other rules, registers and readings.
            Partition::By(_) | Partition::ByUndone => true,
            Partition::Free => false,
        };
        let mut beside = Few { lanes: HashSet::new(), entries: HashSet::new(), maker };
        for span in batches {
            if span.corrects {
                beside.add_corrected(book, span, history)?;
            }
            if by_lane && span.posts && !history.is_empty() {
                beside.add_lanes(book, span)?;
            }
        }
        let Few { lanes, entries, .. } = beside;
        Ok(Beside::Some { lanes, entries })
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Beside::All => false,
            Beside::Some { lanes, entries } => lanes.is_empty() && entries.is_empty(),
        }
    }

    pub(super) fn is_all(&self) -> bool {
        matches!(self, Beside::All)
    }

    /// Whether an event is one of them.
    pub(super) fn has(&self, maker: &Maker<'_>, entry: u64, kind: u32, cells: &[Cell]) -> bool {
        match self {
            Beside::All => true,
            Beside::Some { lanes, entries } => {
                entries.contains(&entry)
                    || !lanes.is_empty() && lanes.contains(&maker.lane_touched(kind, cells))
            }
        }
    }
}

/// Whether events of some kind are parted by what is worked out of them.
fn is_worked_out(plan: &Plan, column: &PartitionColumn) -> bool {
    let field = |(kind, field): &(u32, u32)| plan.events.get(at(*kind))?.fields.get(at(*field));
    column.fields.iter().any(|it| field(it).is_none_or(|field| field.computed.is_some()))
}

/// Those found so far.
struct Few<'m> {
    lanes: HashSet<Vec<Cell>>,
    entries: HashSet<u64>,
    maker: &'m Maker<'m>,
}

impl Few<'_> {
    fn add_lane(&mut self, lane: Vec<Cell>) {
        // Events in no lane share nothing.
        if !lane.is_empty() {
            self.lanes.insert(lane);
        }
    }

    /// Adds what a batch corrects.
    fn add_corrected(
        &mut self,
        book: &mut Book,
        span: &Span,
        history: &History<'_>,
    ) -> Result<(), BookTrouble> {
        let mut corrected = Vec::new();
        walk(book, span.begun.number..span.end, |_, entry| {
            if let Entry::Correction(correction) = entry {
                corrected.push(history.event(correction.of));
            }
            Ok(())
        })?;
        for entry in corrected.into_iter().filter(|entry| *entry < history.end()) {
            let Entry::Event(event) = book.entry(entry)? else {
                return Err(BookError::Damaged { entry }.into());
            };
            if let Some(event) = history.in_positions(entry, &event)? {
                self.add_lane(self.maker.lane_touched(event.kind, &event.fields));
            }
            self.entries.insert(entry);
        }
        Ok(())
    }

    /// Adds the lanes of what a batch posted.
    fn add_lanes(&mut self, book: &mut Book, span: &Span) -> Result<(), BookTrouble> {
        walk_rows(book, span.begun.number..span.end, Entry::EVENT, |rows| {
            let mut fields = Vec::new();
            for row in rows {
                if let Some(sent) = read_sent(row.body, &mut fields) {
                    let cells: Vec<Cell> = fields.iter().map(SentCell::to_cell).collect();
                    self.add_lane(self.maker.lane_of(sent.kind, &cells));
                }
            }
            Ok(())
        })
    }
}
