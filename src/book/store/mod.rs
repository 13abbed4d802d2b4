//! Where a book is kept.
//!
//! A store keeps rows and gives them back; what a row means is not its concern. It promises three
//! things: what is appended between `begin` and `commit` is there whole or not at all; what `commit`
//! has acknowledged survives a crash of the machine; and between `begin` and `commit` nobody else
//! appends. Everything else (chain, tree, idempotency) is built on top and is the same for all.

mod flaw;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::io;

use thiserror::Error;

use crate::base::Digest;

use super::tree::Node;

pub use flaw::Flaw;
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::{PostgresOptions, PostgresStore};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteOptions, SqliteStore};

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The number of the entry, from 0 without a gap.
    pub number: u64,
    /// The kind of entry.
    pub kind: u8,
    /// Its canonical bytes.
    pub body: Vec<u8>,
    /// The digest of its leaf.
    pub leaf: Digest,
}

/// What entries are looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Index {
    /// By the identity of an event, or of a row that could not be read.
    Event,
    /// By the digest of an edition or register.
    Content,
    /// By the number of an entry that a correction reverses, or a resolution settles.
    Settled,
    /// By lane: the event of a batch that ranks highest in it.
    Lane,
}

impl Index {
    /// All of them.
    pub const ALL: [Index; 4] = [Index::Event, Index::Content, Index::Settled, Index::Lane];
}

/// A key under which an entry is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// In which index.
    pub index: Index,
    /// The key.
    pub key: Vec<u8>,
    /// The entry.
    pub entry: u64,
}

/// What is appended in one go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chunk {
    /// Entries, in order.
    pub rows: Vec<Row>,
    /// Keys of entries.
    pub marks: Vec<Mark>,
    /// Nodes of the tree.
    pub nodes: Vec<Node>,
}

/// Keeps the rows of one book.
pub trait Store {
    /// How many entries there are: one more than the highest number.
    ///
    /// # Errors
    /// The store fails.
    fn size(&mut self) -> Result<u64, StoreError>;

    /// Entries in order, from a number on, at most so many. Fewer only at the end, or where one is
    /// missing: the numbers tell.
    ///
    /// # Errors
    /// The store fails.
    fn rows(&mut self, from: u64, count: usize) -> Result<Vec<Row>, StoreError>;

    /// Entries by their numbers, in ascending order; those that are not there are left out.
    ///
    /// # Errors
    /// The store fails.
    fn rows_at(&mut self, numbers: &[u64]) -> Result<Vec<Row>, StoreError> {
        let mut numbers = numbers.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        let mut rows = Vec::with_capacity(numbers.len());
        for number in numbers {
            let row = self.rows(number, 1)?;
            rows.extend(row.into_iter().filter(|row| row.number == number));
        }
        Ok(rows)
    }

    /// For each key the latest entry it is a key of.
    ///
    /// # Errors
    /// The store fails.
    fn find(&mut self, index: Index, keys: &[Vec<u8>]) -> Result<Vec<Option<u64>>, StoreError>;

    /// Those of the marks, all of one index, that are not kept.
    ///
    /// # Errors
    /// The store fails.
    fn missing(&mut self, index: Index, marks: &[Mark]) -> Result<Vec<Mark>, StoreError>;

    /// How many marks an index has.
    ///
    /// # Errors
    /// The store fails.
    fn marks(&mut self, index: Index) -> Result<u64, StoreError>;

    /// Nodes of a level, by number from one on, at most so many.
    ///
    /// # Errors
    /// The store fails.
    fn nodes(&mut self, level: u8, from: u64, count: u64) -> Result<Vec<Node>, StoreError>;

    /// Begins to append; nobody else can until it is committed or given up.
    ///
    /// # Errors
    /// The store fails; somebody else appends and does not end in time.
    fn begin(&mut self) -> Result<(), StoreError>;

    /// Appends.
    ///
    /// # Errors
    /// The store fails. What was begun has then to be given up.
    fn append(&mut self, chunk: &Chunk) -> Result<(), StoreError>;

    /// Makes what was appended part of the book, for good.
    ///
    /// # Errors
    /// The store fails. With [`StoreError::Unknown`] it cannot tell whether it kept the rows.
    fn commit(&mut self) -> Result<(), StoreError>;

    /// Gives up what was appended.
    fn rollback(&mut self);

    /// Looks for damage in the store's own structure, and for guards that were taken away.
    ///
    /// # Errors
    /// The store fails.
    fn check(&mut self) -> Result<Vec<Flaw>, StoreError>;
}

/// What keeps a store from its work.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is no book at that place.
    #[error("there is no book at `{place}`")]
    NotFound {
        /// Where it was looked for.
        place: String,
    },
    /// There is something already.
    #[error("`{place}` exists already")]
    Exists {
        /// Where a book was to be made.
        place: String,
    },
    /// Something else than a book.
    #[error("`{place}` is no book of Fenshui")]
    Foreign {
        /// What was opened.
        place: String,
    },
    /// A book of a later version of the program.
    #[error("the book has format {found}, and this program knows formats up to {known}")]
    Newer {
        /// The book's format.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// The file is shorter than its own head says.
    #[error("`{place}` has {found} bytes where {expected} are expected: its end is missing")]
    Truncated {
        /// The file.
        place: String,
        /// Its bytes.
        found: u64,
        /// Those its head tells.
        expected: u64,
    },
    /// The store's own structure is damaged.
    #[error("the store of the book is damaged: {what}")]
    Damaged {
        /// What the store says.
        what: String,
    },
    /// Somebody else is writing, and did not end in time.
    #[error("somebody else is writing into the book")]
    Locked,
    /// No room is left.
    #[error("no room is left where the book is kept; nothing was added")]
    Full,
    /// The place, or the user's role, allows reading alone.
    #[error("the book cannot be written to: {what}")]
    ReadOnly {
        /// What the store says.
        what: String,
    },
    /// The server does not promise that what it acknowledges is on disk.
    #[error("the server runs with `{setting}`: what it acknowledges may be lost in a crash")]
    NotDurable {
        /// The setting.
        setting: String,
    },
    /// The connection broke before anything was kept.
    #[error("the connection to the book was lost; nothing was added")]
    Lost,
    /// The connection broke while the batch was being kept.
    #[error(
        "the connection to the book was lost while a batch was being kept: \
             post it again, and the book will say whether it has it"
    )]
    Unknown,
    /// The system refused.
    #[error("`{place}` cannot be used")]
    Io {
        /// The file.
        place: String,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// Anything else that the store says.
    #[error("the store of the book failed: {what}")]
    Other {
        /// Its words.
        what: String,
    },
}
