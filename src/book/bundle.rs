//! A proof bundle: entries of a book, their places in its tree, and a signed checkpoint of it.
//!
//! It is text, to be checked without the book and without this program:
//! `docs/reference/proof-bundle.md` tells the form, and `fenshui-verify` is one checker.

use std::fmt;

use base64ct::{Base64, Encoding};

use crate::base::Digest;

use super::note::Checkpoint;
use super::{Book, BookError, Note};

/// Entries with what proves them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    entries: Vec<Proven>,
    checkpoint: Note,
}

/// An entry and the digests from its leaf to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Proven {
    number: u64,
    kind: u8,
    previous: Digest,
    body: Vec<u8>,
    proof: Vec<Digest>,
}

impl Book {
    /// Makes the bundle that proves some entries under a signed checkpoint. An event is understood
    /// with the entries of its batch, its edition and the registers that it read, so those should be
    /// among them.
    ///
    /// # Errors
    /// There are no such entries, or the checkpoint is not one of this book.
    pub fn bundle(&mut self, numbers: &[u64], checkpoint: &Note) -> Result<Bundle, BookError> {
        let foreign = BookError::OutOfPlace { what: "a checkpoint of another book", inside: false };
        let of = match Checkpoint::of(checkpoint) {
            Ok(of) if of.origin == self.opening().origin => of,
            _ => return Err(foreign),
        };
        if self.root(of.root.size)? != of.root.digest {
            return Err(foreign);
        }
        let mut numbers = numbers.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        let entries = numbers.into_iter().map(|number| {
            let proof = self.inclusion(number, of.root.size)?;
            let (row, previous) = (self.row(number)?, self.leaf_before(number)?);
            Ok(Proven { number, kind: row.kind, previous, body: row.body, proof })
        });
        let entries = entries.collect::<Result<Vec<Proven>, BookError>>()?;
        Ok(Bundle { entries, checkpoint: checkpoint.clone() })
    }
}

impl fmt::Display for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "fenshui.proof/1")?;
        for entry in &self.entries {
            writeln!(f, "entry {} {}", entry.number, entry.kind)?;
            writeln!(f, "previous {}", Base64::encode_string(entry.previous.as_bytes()))?;
            writeln!(f, "body {}", Base64::encode_string(&entry.body))?;
            for digest in &entry.proof {
                writeln!(f, "proof {}", Base64::encode_string(digest.as_bytes()))?;
            }
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
