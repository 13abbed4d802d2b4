//! What keeps a book from its work.

use thiserror::Error;

use crate::base::{Digest, Money};

use super::canonical::Malformed;
use super::entry::Event;
use super::store::StoreError;

/// A reason why the book does not do as asked. Nothing has been added when it is given.
#[derive(Debug, Error)]
pub enum BookError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bytes of an entry are damaged.
    #[error("entry {entry} of the book cannot be read")]
    Malformed {
        /// Which.
        entry: u64,
        /// How.
        #[source]
        source: Malformed,
    },
    /// An entry is not as it was written.
    #[error("entry {entry} of the book is not what was written: verify the book")]
    Damaged {
        /// Which.
        entry: u64,
    },
    /// By a run of keys not what was written, an entry might not be found.
    #[error(
        "the keys of entries {since} to {upto} are not kept as they were written: verify the book"
    )]
    DamagedKeys {
        /// The first of the entries.
        since: u64,
        /// The one after the last.
        upto: u64,
    },
    /// A node of the tree is not as it was written.
    #[error("node {index} of level {level} of the tree is not what was written: verify the book")]
    DamagedNode {
        /// Its level.
        level: u8,
        /// Its number.
        index: u64,
    },
    /// The tree of the book is not the one that a checkpoint was signed for.
    #[error("the checkpoint of {size} entries of `{origin}` is none of this book")]
    NotOfBook {
        /// The book that the checkpoint names.
        origin: String,
        /// How many entries it is of.
        size: u64,
    },
    /// The book does not begin with an opening.
    #[error("the book has no opening entry")]
    NoOpening,
    /// Whoever asked wants it no more.
    #[error("interrupted; nothing was made")]
    Interrupted,
    /// There is no such entry.
    #[error("there is no entry {number}: the book has {size}")]
    NoEntry {
        /// The number asked for.
        number: u64,
        /// How many entries there are.
        size: u64,
    },
    /// The last batch is not whole: the store broke its promise.
    #[error("the batch that begins at entry {batch} is not whole: verify the book")]
    HalfBatch {
        /// Its entry.
        batch: u64,
    },
    /// An event of the same key and other content was allocated before.
    #[error("event `{key}` is in the book with other content, entry {entry}")]
    Conflict {
        /// Its key, as people write it.
        key: String,
        /// The entry.
        entry: u64,
        /// What the book has.
        stored: Box<Event>,
        /// What was to be posted.
        given: Box<Event>,
    },
    /// An event stands before one of its lane that was posted.
    #[error("event `{key}` comes late: entry {behind} of the same running totals stands after it")]
    Late {
        /// Its key, as people write it.
        key: String,
        /// The entry it falls behind.
        behind: u64,
    },
    /// The leaves of an event do not sum to what it brought.
    #[error("event `{key}`: its amounts sum to {sum} units, and it brought {inflow}")]
    NotConserved {
        /// Its key, as people write it.
        key: String,
        /// What it brought.
        inflow: i128,
        /// The sum.
        sum: i128,
    },
    /// A sum leaves the range of amounts.
    #[error("the amounts of the batch sum to more than 128 bits hold")]
    TotalTooLarge,
    /// A part of a key means something else in another edition, or is not there.
    #[error("a part of the key of an event is no text, number, date or period")]
    NotPortable,
    /// A batch names an edition that the book does not have.
    #[error("the book has no edition {digest}")]
    NoEdition {
        /// Its digest.
        digest: Digest,
    },
    /// Something of a batch was posted outside of one, or a batch inside another.
    #[error("{what} belongs {}", if *.inside { "into a batch" } else { "outside of a batch" })]
    OutOfPlace {
        /// What.
        what: &'static str,
        /// Where it belongs.
        inside: bool,
    },
    /// A correction names something that cannot be corrected.
    #[error("entry {of} is no event and no correction of one")]
    NotCorrectable {
        /// The entry.
        of: u64,
    },
    /// A resolution names something that is no dispute.
    #[error("entry {of} is no dispute")]
    NoDispute {
        /// The entry.
        of: u64,
    },
    /// An entry was corrected, or a dispute settled, before.
    #[error("entry {of} was settled by entry {by}")]
    Settled {
        /// The entry.
        of: u64,
        /// What settled it.
        by: u64,
    },
    /// A name that a checkpoint cannot carry.
    #[error("`{name}` is no name of a log: no blanks, no `+`, nothing unseen, and not empty")]
    BadName {
        /// The name.
        name: String,
    },
    /// A bug.
    #[error("internal error, please report it: {0}")]
    Internal(&'static str),
}

/// The error of leaves that do not sum to the inflow.
pub(super) fn not_conserved(key: String, inflow: Money, sum: i128) -> BookError {
    BookError::NotConserved { key, inflow: inflow.minor(), sum }
}
