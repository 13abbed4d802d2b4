//! What was sent of an event, read from its bytes without the rest of it.

use crate::book::canonical::{Canonical, Fault, Reader};
use crate::rows::{Cell, Origin};

/// A field as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SentCell<'b> {
    /// A text, where it stands.
    Text(&'b str),
    /// Anything else.
    Other(Cell),
}

/// Reads kind, fields and origin of an event; nothing where the bytes are none of an event.
pub(crate) fn read_sent<'b>(
    body: &'b [u8],
    fields: &mut Vec<SentCell<'b>>,
) -> Option<(u32, Origin)> {
    read(body, fields).ok()
}

fn read<'b>(body: &'b [u8], fields: &mut Vec<SentCell<'b>>) -> Result<(u32, Origin), Fault> {
    let mut reader = Reader::new(body);
    u64::read(&mut reader)?;
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
    Ok((kind, Origin::read(&mut reader)?))
}

/// The byte that stands before a text.
const TEXT: u8 = 9;

/// The batch that an event names.
pub(crate) fn read_batch(body: &[u8]) -> Option<u64> {
    u64::read(&mut Reader::new(body)).ok()
}
