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
mod segment;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::io;

use thiserror::Error;

use super::tree::Node;
use crate::base::Digest;

pub use flaw::Flaw;
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::{PostgresOptions, PostgresStore};
pub use segment::{Row, Segment};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteOptions, SqliteStore};

/// The version of how stores lay a book out: of their tables, and of what stands in a row. It says nothing of
/// entries and their tree, which have a [format](crate::book::FORMAT) of their own.
pub const LAYOUT: u32 = 3;

/// Keys of entries, sorted: those of the entries of a range. A run that was made of earlier ones stands
/// in their place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    /// The number after that of the last entry it is of.
    pub upto: u64,
    /// Of runs that end there, which: the highest stands for the others.
    pub level: u8,
    /// The number of the first entry it is of.
    pub since: u64,
    /// The number of the first of its pages, which follow one another.
    pub page: u64,
    /// The first key of each of its pages, end to end.
    pub firsts: Vec<u8>,
}

impl Run {
    /// How many pages it has.
    pub fn pages(&self) -> u64 {
        u64::try_from(self.firsts.len() / 16).unwrap_or(u64::MAX)
    }

    /// The number after that of its last page.
    pub fn pages_end(&self) -> u64 {
        self.page.saturating_add(self.pages())
    }
}

/// A page of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Its number among the pages of all runs, in the order they were written, from 0.
    pub number: u64,
    /// Keys, each with the entry it is of, end to end.
    pub keys: Vec<u8>,
}

/// What is appended in one go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chunk {
    /// Entries, in order.
    pub segments: Vec<Segment>,
    /// Runs of keys, whose pages come before or with them.
    pub runs: Vec<Run>,
    /// Pages of runs.
    pub pages: Vec<Page>,
    /// Nodes of the tree.
    pub nodes: Vec<Node>,
}

impl Chunk {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        *self == Chunk::default()
    }

    /// About how many bytes it has.
    #[cfg(feature = "sqlite")]
    fn bytes(&self) -> usize {
        let segments = self.segments.iter().map(|it| it.bodies.len() + it.leaves.len());
        segments.chain(self.pages.iter().map(|page| page.keys.len())).sum()
    }
}

/// How many rows a store has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// Of entries, some in each.
    pub segments: u64,
    /// Of runs.
    pub runs: u64,
    /// Of pages of runs.
    pub pages: u64,
    /// Of nodes.
    pub nodes: u64,
}

/// Keeps the rows of one book.
pub trait Store {
    /// How many entries there are: one more than the highest number.
    ///
    /// # Errors
    /// The store fails.
    fn size(&mut self) -> Result<u64, StoreError>;

    /// Segments in order, from the one on that holds an entry, or else from the next before it; at most
    /// so many.
    ///
    /// # Errors
    /// The store fails.
    fn segments(&mut self, holding: u64, count: usize) -> Result<Vec<Segment>, StoreError>;

    /// Leaves of entries as their rows have them, by number from one on, at most so many. No bodies are read.
    ///
    /// # Errors
    /// The store fails.
    fn leaves(&mut self, from: u64, count: u64) -> Result<Vec<(u64, Digest)>, StoreError>;

    /// Runs by where they end and then by level, after one that ends at a place and is of a level; at
    /// most so many.
    ///
    /// # Errors
    /// The store fails.
    fn runs(&mut self, after: (u64, u8), count: usize) -> Result<Vec<Run>, StoreError>;

    /// Pages, by number from one on, at most so many.
    ///
    /// # Errors
    /// The store fails.
    fn pages(&mut self, from: u64, count: u64) -> Result<Vec<Page>, StoreError>;

    /// Nodes of a level, by number from one on, at most so many.
    ///
    /// # Errors
    /// The store fails.
    fn nodes(&mut self, level: u8, from: u64, count: u64) -> Result<Vec<Node>, StoreError>;

    /// How many rows there are of each sort, whatever their numbers.
    ///
    /// # Errors
    /// The store fails.
    fn kept(&mut self) -> Result<Kept, StoreError>;

    /// Has all that is read from here on be of one moment, whoever appends meanwhile, until it is let go.
    ///
    /// # Errors
    /// The store fails.
    fn hold_still(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Ends what [`hold_still`](Store::hold_still) began.
    fn let_go(&mut self) {}

    /// Begins to append; nobody else can until it is committed or given up.
    ///
    /// # Errors
    /// The store fails; somebody else appends and does not end in time.
    fn begin(&mut self) -> Result<(), StoreError>;

    /// The same, where much is to be appended: whoever reads meanwhile may have to wait.
    ///
    /// # Errors
    /// As [`begin`](Store::begin).
    fn begin_large(&mut self) -> Result<(), StoreError> {
        self.begin()
    }

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

/// Holds that a book is laid out as this program lays books out; nothing is said of what is none.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
fn laid_out(found: Option<u32>, place: &str) -> Result<(), StoreError> {
    match found {
        Some(LAYOUT) => Ok(()),
        Some(found @ 1..LAYOUT) => Err(StoreError::Older { found, known: LAYOUT }),
        Some(found) if found > LAYOUT => Err(StoreError::Newer { found, known: LAYOUT }),
        _ => Err(StoreError::Foreign { place: place.to_owned() }),
    }
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
    /// There is no folder for a book.
    #[error("the folder of `{place}` does not exist")]
    NoFolder {
        /// Where a book was to be made.
        place: String,
    },
    /// There is something already.
    #[error("`{place}` exists already")]
    Exists {
        /// Where a book was to be made.
        place: String,
    },
    /// What belongs to a book that was there stands where one is to be made.
    #[error("`{beside}` is there, and belongs to a book that was called `{place}`")]
    LeftOver {
        /// Where a book was to be made.
        place: String,
        /// What stands beside it.
        beside: String,
    },
    /// The file has several names, and what stands beside it goes by one of them alone.
    #[error("`{place}` is one of {names} names (hard links) of one file")]
    ManyNames {
        /// The file.
        place: String,
        /// How many names it has.
        names: u64,
    },
    /// The file that is open is not at its place any more.
    #[error("`{place}` was moved, removed or put in another's place while it was open")]
    Moved {
        /// Where the book was.
        place: String,
    },
    /// Something else than a book.
    #[error("`{place}` is no book of Fenshui")]
    Foreign {
        /// What was opened.
        place: String,
    },
    /// A book of a later version of the program.
    #[error("the book is of version {found}, and this program knows versions up to {known}")]
    Newer {
        /// The book's format or layout.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// A book as an earlier version of the program laid it out.
    #[error(
        "the book is laid out as version {found} has it, and this program reads version {known}"
    )]
    Older {
        /// The book's layout.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// The file is shorter than its own head says.
    #[error("`{place}` should have {expected} bytes, and has {found}: its end is missing")]
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
    /// The schema of the book is not as it was made, or the server cannot read it.
    #[error("the book on the server is damaged: {what}")]
    DamagedSchema {
        /// What the server says, or what is missing.
        what: String,
    },
    /// Where new rows belong something stands already.
    #[error("rows stand in `{table}` where the next ones belong: verify the book")]
    Occupied {
        /// The table.
        table: String,
    },
    /// Somebody else is writing, and did not end in time.
    #[error("somebody else is writing into the book")]
    Locked,
    /// The same, and the server knows who.
    #[error("somebody else is writing into the book: `{login}`, process {process} of the server")]
    LockedBy {
        /// The role that is logged in.
        login: String,
        /// The process of the server that serves him.
        process: i32,
    },
    /// No room is left.
    #[error("no room is left where the book is kept; nothing was added")]
    Full,
    /// The device failed, or has no room for what stands beside a book that is open, read too.
    #[error("`{place}` cannot be read or written: its disk is full, or it fails")]
    Device {
        /// Where the book is kept.
        place: String,
    },
    /// The system does not let the user read the file.
    #[error("the book cannot be read: {what}")]
    NotReadable {
        /// What the system says.
        what: String,
    },
    /// The file or its folder allows reading alone.
    #[error("the book cannot be written to: {what}")]
    NoRight {
        /// What the system says.
        what: String,
    },
    /// A file that somebody else has left beside the book cannot be written to.
    #[error("the book cannot be written to: somebody else has left `{beside}`")]
    BesideNotOurs {
        /// The file.
        beside: String,
    },
    /// The server, or the user's role, allows reading alone.
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
    /// The user's role does not allow it.
    #[error("the user may not read the book: {what}")]
    NotAllowed {
        /// What the store says.
        what: String,
    },
    /// The user's role may not make a book.
    #[error("the user may not make a book: {what}")]
    NoFounder {
        /// What the server says.
        what: String,
    },
    /// The address of a server is none.
    #[error("the address of the server cannot be read: {what}")]
    BadAddress {
        /// What is wrong with it.
        what: String,
    },
    /// What is said to the server cannot be kept from others, or the server is not whom it says it is.
    #[error("the connection to the server of the book cannot be encrypted: {what}")]
    NotEncrypted {
        /// What the library or the server says.
        what: String,
    },
    /// The server does not let the user in.
    #[error("the server of the book refuses the login: {what}")]
    NoLogin {
        /// What the server says.
        what: String,
    },
    /// The server has no connection left, or none for this user.
    #[error("the server of the book takes no more connections now: {what}")]
    Crowded {
        /// What the server says.
        what: String,
    },
    /// The server has no such database.
    #[error("the server has no such database: {what}")]
    NoDatabase {
        /// What the server says.
        what: String,
    },
    /// The server ended what took longer than it allows.
    #[error("the server ended what it was asked for: {what}")]
    Cancelled {
        /// What the server says.
        what: String,
    },
    /// There is no connection to the server.
    #[error("the server of the book cannot be reached: {what}")]
    Unreachable {
        /// What the system says.
        what: String,
    },
    /// Whatever there is at the place of the server does not answer.
    #[error("the server of the book does not answer: it was waited for {seconds} s")]
    Silent {
        /// How long it was waited for.
        seconds: u64,
    },
    /// The connection broke before anything was kept.
    #[error("the connection to the book was lost; nothing was added")]
    Lost,
    /// The connection broke while a batch, or the book itself, was being kept.
    #[error(
        "the connection to the book was lost while something was being kept: \
             do it again, and the book will say whether it has it"
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

impl StoreError {
    /// What is damaged, if the store cannot read itself.
    pub fn damage(&self) -> Option<&str> {
        match self {
            StoreError::Damaged { what } | StoreError::DamagedSchema { what } => Some(what),
            _ => None,
        }
    }

    /// What the system says of a file.
    pub fn of_file(source: io::Error, place: &str) -> StoreError {
        let place = place.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => StoreError::NotFound { place },
            io::ErrorKind::AlreadyExists => StoreError::Exists { place },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                StoreError::NoRight { what: format!("{place}: {source}") }
            }
            _ if source.raw_os_error() == Some(DEVICE_FAILED) => StoreError::Device { place },
            _ => StoreError::Io { place, source },
        }
    }
}

/// How systems call it that a device fails: `EIO`.
const DEVICE_FAILED: i32 = 5;
