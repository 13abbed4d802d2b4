//! A proof bundle: entries of a book, their places in its tree, and a signed checkpoint of it; and the
//! proof that one checkpoint continues another.
//!
//! Both are text, to be checked without the book and without this program:
//! `docs/reference/proof-bundle.md` tells the form, and `fenshui-verify` is one checker.

use std::fmt;

use base64ct::{Base64, Encoding};

use crate::base::Digest;

use super::note::Checkpoint;
use super::{Book, BookError, Note, Root};

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

impl Bundle {
    /// The entries that it proves, by their numbers.
    pub fn entries(&self) -> impl Iterator<Item = u64> {
        self.entries.iter().map(|it| it.number)
    }

    /// The checkpoint that holds them.
    pub fn checkpoint(&self) -> &Note {
        &self.checkpoint
    }
}

impl Book {
    /// Makes the bundle that proves some entries under a signed checkpoint. An event is understood
    /// with the entries of its batch, its edition and the registers that it read, so those should be
    /// among them.
    ///
    /// # Errors
    /// There are no such entries, one is not what was written, or the checkpoint is not one of
    /// this book.
    pub fn bundle(&mut self, numbers: &[u64], checkpoint: &Note) -> Result<Bundle, BookError> {
        let of = self.own(checkpoint)?;
        let mut numbers = numbers.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        let entries = numbers.into_iter().map(|number| {
            let proof = self.inclusion(number, of.size)?;
            let (previous, row) = self.held_row(number)?;
            Ok(Proven { number, kind: row.kind, previous, body: row.body.to_vec(), proof })
        });
        let entries = entries.collect::<Result<Vec<Proven>, BookError>>()?;
        Ok(Bundle { entries, checkpoint: checkpoint.clone() })
    }
}

/// Two checkpoints of a book, and what proves that the newer continues the older.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continuation {
    older: Note,
    newer: Note,
    proof: Vec<Digest>,
}

impl Continuation {
    /// The older checkpoint, and the newer one.
    pub fn checkpoints(&self) -> [&Note; 2] {
        [&self.older, &self.newer]
    }
}

impl Book {
    /// Makes the proof that the book, as a newer checkpoint signs it, begins with what an older one
    /// signed.
    ///
    /// # Errors
    /// One of them is no checkpoint of this book, or the older has more entries.
    pub fn continuation(&mut self, older: &Note, newer: &Note) -> Result<Continuation, BookError> {
        let (first, last) = (self.own(older)?, self.own(newer)?);
        let proof = self.consistency(first.size, last.size)?;
        Ok(Continuation { older: older.clone(), newer: newer.clone(), proof })
    }

    /// Size and root that a checkpoint of this book tells, held against its tree.
    pub(super) fn own(&mut self, checkpoint: &Note) -> Result<Root, BookError> {
        let named = || checkpoint.text.lines().next().unwrap_or_default().to_owned();
        let none = |_| BookError::NotOfBook { origin: named(), size: 0 };
        let of = Checkpoint::of(checkpoint).map_err(none)?;
        let own = of.origin == self.opening().origin && of.root.size <= self.size()?;
        match own && self.root(of.root.size)? == of.root.digest {
            true => Ok(of.root),
            false => Err(BookError::NotOfBook { origin: of.origin, size: of.root.size }),
        }
    }
}

impl fmt::Display for Continuation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "fenshui.consistency/1")?;
        for digest in &self.proof {
            writeln!(f, "proof {}", Base64::encode_string(digest.as_bytes()))?;
        }
        write!(f, "\n{}\n{}", self.older, self.newer)
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
