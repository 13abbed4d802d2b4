//! What an event is known by, across editions.

use std::cmp::Ordering;

use crate::base::Digest;
use crate::rows::Cell;

use super::BookError;
use super::canonical::{Canonical, Fault, Reader, Writer, bytes_of};
use super::entry::{Event, Outcome, Part, Unread};
use super::keys::{Index, Key};

/// The identity of an event: its kind by name and its key by value. Positions (a member, a row) mean
/// other things in other editions and are no part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(Vec<u8>);

/// Events that are allocated, those that are set aside, and rows that could not be read are known
/// apart: what is set aside may still come to be allocated.
pub(super) const ALLOCATED: u8 = 0;
pub(super) const SET_ASIDE: u8 = 1;
const UNREAD: u8 = 2;

impl Identity {
    /// The identity of an event of a kind.
    ///
    /// # Errors
    /// A part of the key is no text, number, date, period, yes or no.
    pub fn new(kind: &str, key: &[Cell]) -> Result<Identity, BookError> {
        let mut out = Writer::default();
        out.bytes(kind.as_bytes());
        write_portable(key, &mut out)?;
        Ok(Identity(out.finish()))
    }

    pub(super) fn of(event: &Event, kind: &str) -> Result<Identity, BookError> {
        Identity::new(kind, &cells(&event.key, event)?)
    }

    /// The key under which it is found when it is allocated.
    pub(super) fn allocated(&self) -> Key {
        Key::parts(Index::Event, [&[ALLOCATED], &self.0])
    }

    /// The key under which it is found when it is set aside.
    pub(super) fn set_aside(&self) -> Key {
        Key::parts(Index::Event, [&[SET_ASIDE], &self.0])
    }

    /// The key under which it is found with this outcome.
    pub(super) fn key(&self, outcome: &Outcome) -> Key {
        match outcome {
            Outcome::Allocated { .. } => self.allocated(),
            Outcome::SetAside { .. } => self.set_aside(),
        }
    }
}

/// The key under which a row is found that could not be read: where it stands, and what it says.
pub(super) fn unread_key(row: &Unread, source: &str) -> Key {
    let mut out = Writer::default();
    out.byte(UNREAD);
    out.bytes(source.as_bytes());
    row.origin.line.write(&mut out);
    out.raw(Digest::of(&row.row.0).as_bytes());
    Key::of(Index::Event, out.written())
}

/// The bytes of the lane of an event.
pub(super) fn lane_bytes(event: &Event) -> Result<Vec<u8>, BookError> {
    let mut out = Writer::default();
    write_portable(&cells(&event.lane, event)?, &mut out)?;
    Ok(out.finish())
}

/// The bytes of the place of an event in its lane.
pub(super) fn rank_bytes(event: &Event) -> Result<Vec<u8>, BookError> {
    Ok(bytes_of(&cells(&event.rank, event)?))
}

/// Whether one rank, in its bytes, stands before another: numbers by value, texts by code point.
pub(super) fn stands_before(one: &[u8], other: &[u8]) -> Result<bool, BookError> {
    let first_difference = || -> Result<Ordering, Fault> {
        let (mut one, mut other) = (Reader::new(one), Reader::new(other));
        for _ in 0..one.length()?.min(other.length()?) {
            let order = compare(&Cell::read(&mut one)?, &Cell::read(&mut other)?);
            if order.is_ne() {
                return Ok(order);
            }
        }
        Ok(Ordering::Equal)
    };
    let order = first_difference();
    order.map(Ordering::is_lt).map_err(|_| BookError::Internal("a rank that cannot be read"))
}

fn compare(one: &Cell, other: &Cell) -> Ordering {
    match (one, other) {
        (Cell::Bool(one), Cell::Bool(other)) => one.cmp(other),
        (Cell::Integer(one), Cell::Integer(other)) => one.cmp(other),
        (Cell::Number(one), Cell::Number(other)) => one.cmp(other),
        (Cell::Money(one), Cell::Money(other)) => one.cmp(other),
        (Cell::Date(one), Cell::Date(other)) => one.cmp(other),
        (Cell::Period(one), Cell::Period(other)) => one.cmp(other),
        (Cell::Text(one), Cell::Text(other)) => one.cmp(other),
        // Values of different kinds have an order too, if not one that says anything.
        _ => bytes_of(one).cmp(&bytes_of(other)),
    }
}

/// The key of an event as people write it, for messages.
pub(super) fn key_text(event: &Event) -> String {
    let parts = event.key.iter().map(|part| match cell(part, event) {
        Some(Cell::Text(text)) => text.to_string(),
        Some(Cell::Integer(number)) => number.to_string(),
        Some(Cell::Date(date)) => date.to_string(),
        Some(Cell::Period(period)) => period.to_string(),
        _ => "?".to_owned(),
    });
    parts.collect::<Vec<String>>().join("/")
}

fn cells(parts: &[Part], event: &Event) -> Result<Vec<Cell>, BookError> {
    let cells = parts.iter().map(|part| cell(part, event).cloned());
    cells.collect::<Option<Vec<Cell>>>().ok_or(BookError::NotPortable)
}

fn cell<'e>(part: &'e Part, event: &'e Event) -> Option<&'e Cell> {
    match part {
        Part::Field { field } => event.fields.get(usize::try_from(*field).ok()?),
        Part::Value { value } => Some(value),
    }
}

fn write_portable(cells: &[Cell], out: &mut Writer) -> Result<(), BookError> {
    out.length(cells.len());
    for cell in cells {
        let from = out.written().len();
        cell.write(out);
        portable(out.written().get(from..).unwrap_or_default())?;
    }
    Ok(())
}

/// Holds that a cell, in its bytes, means the same in every edition: it is no position and holds none.
pub(super) fn portable(cell: &[u8]) -> Result<(), BookError> {
    match cell.first() {
        Some(0..=9) => Ok(()),
        _ => Err(BookError::NotPortable),
    }
}
