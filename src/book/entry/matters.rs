//! What parties and keepers write into a book beside batches.

use crate::book::Moment;
use crate::book::canonical::{choice, record};

/// A party objects to entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// When the book learnt of it.
    pub learnt: Moment,
    /// The party.
    pub by: String,
    /// The entries it objects to, ascending.
    pub against: Vec<u64>,
    /// Why, in its own words.
    pub reason: String,
    /// What it holds instead: a reading, a scenario, an edition, as it names it.
    pub holds: Option<String>,
}

/// A dispute is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// When the book learnt of it.
    pub learnt: Moment,
    /// Who settled it.
    pub by: String,
    /// The dispute's entry.
    pub dispute: u64,
    /// How.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

/// How a dispute ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The entries stand.
    Upheld,
    /// They were corrected.
    Corrected {
        /// By these entries, ascending.
        by: Vec<u64>,
    },
    /// The party takes it back.
    Withdrawn,
}

/// A checkpoint that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointNote {
    /// When.
    pub learnt: Moment,
    /// The signed note, whole.
    pub note: String,
}

/// A key begins or ceases to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// When the book learnt of it.
    pub learnt: Moment,
    /// What happens to the key.
    pub change: KeyChange,
    /// The verifier key, as [`VerifierKey`](crate::book::VerifierKey) prints it.
    pub key: String,
}

/// What happens to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyChange {
    /// It signs from here on.
    Added,
    /// It signs no more.
    Retired,
}

record!(Dispute { learnt, by, against, reason, holds });
record!(Resolution { learnt, by, dispute, verdict, reason });
choice!(Verdict { 0 => Upheld, 1 => Corrected { by }, 2 => Withdrawn });
record!(CheckpointNote { learnt, note });
record!(Signer { learnt, change, key });
choice!(KeyChange { 0 => Added, 1 => Retired });
