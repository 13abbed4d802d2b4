//! What was sent of an event, read from its bytes without the rest of it.

use std::sync::Arc;

use crate::base::Date;
use crate::book::canonical::{Canonical, Fault, Reader};
use crate::rows::{Cell, Origin};

use super::Part;

/// A field as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SentCell<'b> {
    /// A text, where it stands.
    Text(&'b str),
    /// Anything else.
    Other(Cell),
}

impl SentCell<'_> {
    /// The same as a cell of its own.
    pub(crate) fn to_cell(&self) -> Cell {
        match self {
            SentCell::Text(text) => Cell::Text(Arc::from(*text)),
            SentCell::Other(cell) => cell.clone(),
        }
    }
}

/// What an event says of itself, beside its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    /// The batch that it names.
    pub(crate) batch: u64,
    /// Its kind.
    pub(crate) kind: u32,
    /// Where it was read.
    pub(crate) origin: Origin,
    /// It was allocated, and not set aside.
    pub(crate) allocated: bool,
}

/// Reads an event up to its outcome; nothing where the bytes are none of an event.
pub(crate) fn read_sent<'b>(body: &'b [u8], fields: &mut Vec<SentCell<'b>>) -> Option<Sent> {
    read(body, fields).ok()
}

fn read<'b>(body: &'b [u8], fields: &mut Vec<SentCell<'b>>) -> Result<Sent, Fault> {
    let mut reader = Reader::new(body);
    let batch = u64::read(&mut reader)?;
    let kind = u32::read(&mut reader)?;
    fields.clear();
    for _ in 0..reader.length()? {
        let text = body.get(reader.at()) == Some(&TEXT);
        fields.push(match text {
            true => {
                reader.byte()?;
                let bytes = reader.bytes()?;
                let text = std::str::from_utf8(bytes);
                SentCell::Text(text.map_err(|_| reader.fault("text in UTF-8"))?)
            }
            false => SentCell::Other(Cell::read(&mut reader)?),
        });
    }
    let origin = Origin::read(&mut reader)?;
    Date::read(&mut reader)?;
    Option::<Date>::read(&mut reader)?;
    // Key, lane and rank.
    for _ in 0..3 {
        for _ in 0..reader.length()? {
            Part::read(&mut reader)?;
        }
    }
    bool::read(&mut reader)?;
    let allocated = reader.byte()? == ALLOCATED;
    Ok(Sent { batch, kind, origin, allocated })
}

/// The byte that stands before a text.
const TEXT: u8 = 9;

/// The byte that stands before the outcome of an event that is allocated.
const ALLOCATED: u8 = 0;

/// The batch that an event names.
pub(crate) fn read_batch(body: &[u8]) -> Option<u64> {
    u64::read(&mut Reader::new(body)).ok()
}
