//! The book: an append-only journal that an auditor can replay, prove and trust.
//!
//! A [`Book`] is a sequence of [`Entry`]s kept in a [`Store`]. Each entry has canonical bytes, is
//! chained to the one before, and is a leaf of a Merkle tree as RFC 6962 and RFC 9162 hash it, whose
//! root is signed as a C2SP checkpoint. A [`Posting`] adds a batch: an opening entry that says by
//! which edition, registers and readings, an entry for each event with what became of it, and a
//! closing entry with the control totals. All of it is kept or nothing. What is in the book is never
//! changed: a correction is an entry that reverses another.
//!
//! What it is not: it knows no rules and no engine, and recomputes no allocation. `verify` holds
//! what is stored against chain, tree and checkpoints; replaying is joined in `app`. It reads no
//! clock, no randomness and no environment: moments and seeds are given. Only the stores and the
//! key files touch files.
//!
//! `docs/reference/book-format.md` tells the format to the byte. Start reading at `entry`, then
//! `journal` and `posting`.

mod bundle;
mod canonical;
mod entry;
mod error;
mod identity;
mod journal;
mod keys;
mod leaf;
mod moment;
mod name;
mod note;
mod posting;
mod standing;
mod store;
mod tiles;
mod tree;
mod verify;

pub use bundle::{Bundle, Continuation};
pub use canonical::Malformed;
pub use entry::*;
pub(crate) use entry::{SentCell, read_batch, read_sent};
pub use error::BookError;
pub use identity::Identity;
pub use journal::Book;
pub use leaf::{FORMAT, digest_of_leaf};
pub use moment::Moment;
pub use note::{
    Checkpoint, KeyError, Note, NoteError, Protection, Signature, Signed, SigningKey, VerifierKey,
};
pub(crate) use posting::{About, Became, Draft, Drafts, Placed};
pub use posting::{Posted, Posting, Receipt};
pub(crate) use standing::Aside;
pub use store::*;
pub use tree::{Node, digest_of_tile};
pub use verify::{Among, Contradiction, Damage, Root, SentKinds, Verification};
