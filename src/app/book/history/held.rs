//! What was read last, and what a run has not told of yet.

use std::collections::{BTreeMap, BTreeSet};

use crate::book::{Book, BookError, Entry, Event, Identity, Row, Segment};

use super::super::BookTrouble;
use super::super::standing::identity;
use super::History;

/// Entries at hand while a run goes over them.
#[derive(Debug, Default)]
pub(in crate::app::book) struct Held {
    pub(in crate::app::book) rows: Rows,
    pub(in crate::app::book) left: Left,
}

impl Held {
    /// The events that nobody sent and that were not told of, from an entry on, by what they are known by, as
    /// far as they have been read.
    pub(in crate::app::book) fn by_identity(
        &mut self,
        book: &mut Book,
        history: &History<'_>,
        from: u64,
    ) -> Result<BTreeMap<Identity, u64>, BookTrouble> {
        let mut made = BTreeMap::new();
        for number in self.left.made.range(from..) {
            let event = event_of(&self.rows.row(book, *number)?)?;
            // Those that are run again beside what stands are in the positions at hand.
            let event = match *number < history.end() {
                true => history.in_positions(*number, &event)?,
                false => Some(event),
            };
            let event = event.ok_or(BookError::Damaged { entry: *number })?;
            made.insert(identity(&event, history.schema())?, *number);
        }
        Ok(made)
    }
}

/// Segments that were read last: a run tells of events near those it told of before, mostly in the order
/// of their entries, else in that of a few batches side by side.
#[derive(Debug, Default)]
pub(in crate::app::book) struct Rows {
    /// In the order of their entries, each with when it was asked for last.
    segments: Vec<(u64, Segment)>,
    /// The place of the one that was asked for last.
    last: usize,
    bytes: usize,
    clock: u64,
}

/// Bytes of segments that are held.
const BYTES_MAX: usize = 1 << 24;

impl Rows {
    /// Holds segments that were read.
    pub(super) fn keep(&mut self, segments: Vec<Segment>) {
        for segment in segments {
            self.clock += 1;
            self.bytes += size(&segment);
            let at = self.segments.partition_point(|(_, it)| it.first < segment.first);
            match self.segments.get_mut(at).filter(|(_, it)| it.first == segment.first) {
                Some(kept) => {
                    self.bytes -= size(&kept.1);
                    *kept = (self.clock, segment);
                }
                None => self.segments.insert(at, (self.clock, segment)),
            }
        }
        while self.bytes > BYTES_MAX && self.segments.len() > 1 {
            let oldest = self.segments.iter().enumerate().min_by_key(|(_, (asked, _))| *asked);
            let Some((at, _)) = oldest else { break };
            let (_, gone) = self.segments.remove(at);
            self.bytes -= size(&gone);
        }
    }

    /// An entry, held or read again.
    pub(in crate::app::book) fn row(
        &mut self,
        book: &mut Book,
        number: u64,
    ) -> Result<Row<'_>, BookError> {
        if !self.holds(number) {
            let read = book.segments(number, 1)?;
            self.keep(read);
            if !self.holds(number) {
                return Err(BookError::Damaged { entry: number });
            }
        }
        self.clock += 1;
        let row = self.segments.get_mut(self.last).and_then(|(asked, segment)| {
            *asked = self.clock;
            segment.row(number)
        });
        row.ok_or(BookError::Damaged { entry: number })
    }

    /// Whether an entry is held; then its segment is the last that was asked for.
    fn holds(&mut self, number: u64) -> bool {
        let holds = |(_, it): &(u64, Segment)| it.first <= number && number < it.end();
        if self.segments.get(self.last).is_some_and(holds) {
            return true;
        }
        let after = self.segments.partition_point(|(_, it)| it.first <= number);
        self.last = after.saturating_sub(1);
        self.segments.get(self.last).is_some_and(holds)
    }
}

fn size(segment: &Segment) -> usize {
    let Segment { first: _, kinds, ends, leaves, bodies } = segment;
    kinds.len() + ends.len() + leaves.len() + bodies.len()
}

/// Events that were given to a run and not told of since.
#[derive(Debug, Default)]
pub(in crate::app::book) struct Left {
    /// A bit for each, by multiples of 64 entries.
    sent: BTreeMap<u64, u64>,
    /// Those that nobody sent, which a run has to make.
    pub(in crate::app::book) made: BTreeSet<u64>,
    /// All have been given.
    pub(super) over: bool,
}

impl Left {
    pub(super) fn add(&mut self, number: u64) {
        *self.sent.entry(number / 64).or_default() |= 1 << (number % 64);
    }

    /// A run has told of an event that was sent; whether it was left.
    pub(in crate::app::book) fn heard(&mut self, number: u64) -> bool {
        let Some(bits) = self.sent.get_mut(&(number / 64)) else { return false };
        let bit = 1 << (number % 64);
        let was = *bits & bit != 0;
        *bits &= !bit;
        if *bits == 0 {
            self.sent.remove(&(number / 64));
        }
        was
    }

    /// Whether any may still be told of.
    pub(in crate::app::book) fn any(&self) -> bool {
        !self.over || !self.sent.is_empty() || !self.made.is_empty()
    }

    /// All of them in the order of their entries.
    pub(in crate::app::book) fn all(&self) -> Vec<u64> {
        let of = |(at, bits): (&u64, &u64)| {
            let (at, bits) = (*at, *bits);
            (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| at * 64 + bit)
        };
        let mut all: Vec<u64> = self.sent.iter().flat_map(of).collect();
        all.extend(&self.made);
        all.sort_unstable();
        all
    }
}

/// The event that a row holds.
pub(in crate::app::book) fn event_of(row: &Row<'_>) -> Result<Event, BookError> {
    match Entry::from_body(row.kind, row.body) {
        Ok(Entry::Event(event)) => Ok(event),
        Ok(_) => Err(BookError::Damaged { entry: row.number }),
        Err(source) => Err(BookError::Malformed { entry: row.number, source }),
    }
}
