//! What a book holds: its entries.
//!
//! Entries are plain data. They speak in positions of the edition they were made with (event kind 2,
//! leg 17), and the edition's own entry holds the names, so that a book can be read without rules or
//! engine. Each is written once and never changed.

mod edition;
mod matters;
mod posted;
mod sent;

use super::canonical::{Malformed, bytes_of, field_at, value_of};

pub use edition::{
    CurrencyName, Edition, Family, Field, FigureName, Kind, LegName, Members, Opening, Schema,
    Shape, SourceText, Table,
};
pub use matters::{
    Addition, CheckpointNote, Counted, CountedIn, Dispute, KeyChange, Resolution, Signer, Verdict,
};
pub use posted::{
    Account, Batch, Because, Bytes, Close, Correction, Event, FigureValue, KindSums, Leaf, Outcome,
    Part, ReadingChoice, RegisterPart, RegisterUse, Said, Source, Unread,
};

pub(crate) use sent::{SentCell, read_batch, read_sent};

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The first of every book.
    Opening(Opening),
    /// An edition of rules, whole.
    Edition(Edition),
    /// Rows of a register.
    Register(RegisterPart),
    /// A batch begins: by which rules, from which sources.
    Batch(Batch),
    /// An event of the batch, allocated or set aside.
    Event(Event),
    /// A row of the batch that could not be read.
    Unread(Unread),
    /// What became of an earlier event, anew.
    Correction(Correction),
    /// The batch is whole.
    Close(Close),
    /// A party objects to entries.
    Dispute(Dispute),
    /// A dispute is settled.
    Resolution(Resolution),
    /// A checkpoint was signed.
    Checkpoint(CheckpointNote),
    /// A key begins or ceases to sign for the book.
    Signer(Signer),
}

/// Calls a macro with the tag, the variant and the name of each kind of entry.
macro_rules! kinds {
    ($($tag:literal $variant:ident $type:ident $name:literal;)*) => {
        impl Entry {
            /// The number of its kind.
            pub fn kind(&self) -> u8 {
                match self { $( Entry::$variant(_) => $tag, )* }
            }

            /// The name of a kind; `None` for a number that is none.
            pub fn kind_name(kind: u8) -> Option<&'static str> {
                match kind { $( $tag => Some($name), )* _ => None }
            }

            /// Its canonical bytes, without chain and kind.
            pub fn body(&self) -> Vec<u8> {
                match self { $( Entry::$variant(value) => bytes_of(value), )* }
            }

            /// Reads what [`body`](Entry::body) wrote.
            ///
            /// # Errors
            /// The bytes are no entry of that kind.
            pub fn from_body(kind: u8, body: &[u8]) -> Result<Entry, Malformed> {
                match kind {
                    $( $tag => value_of(body).map(Entry::$variant), )*
                    _ => Err(Malformed {
                        offset: 0,
                        field: "kind".to_owned(),
                        expected: "a known kind of entry",
                    }),
                }
            }

            /// The field that a byte of the body belongs to.
            pub(super) fn field_at(kind: u8, body: &[u8], offset: usize) -> String {
                match kind { $( $tag => field_at::<$type>(body, offset), )* _ => "kind".to_owned() }
            }
        }
    };
}

kinds! {
    0 Opening Opening "opening";
    1 Edition Edition "edition";
    2 Register RegisterPart "register";
    3 Batch Batch "batch";
    4 Event Event "event";
    5 Unread Unread "unread";
    6 Correction Correction "correction";
    7 Close Close "close";
    8 Dispute Dispute "dispute";
    9 Resolution Resolution "resolution";
    10 Checkpoint CheckpointNote "checkpoint";
    11 Signer Signer "signer";
}

impl Entry {
    /// The number of the kind that most entries are of.
    pub(crate) const EVENT: u8 = 4;
    /// That of rows that could not be read.
    pub(crate) const UNREAD: u8 = 5;
    /// That of corrections.
    pub(crate) const CORRECTION: u8 = 6;
    /// That of disputes.
    pub(crate) const DISPUTE: u8 = 8;
}
