//! What parties and keepers write into a book beside batches.

use crate::base::Exact;
use crate::book::Moment;
use crate::book::canonical::{Canonical, Fault, Reader, Writer, choice, record};
use crate::rows::Cell;

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
    /// What the events that stand by it add to running totals, by their entries, ascending; of those of
    /// which that is known.
    pub counted: Vec<Counted>,
}

/// What an event that stands as a dispute was settled adds to running totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The entry of the event.
    pub entry: u64,
    /// All totals that it could have added to, those too that it adds nothing to.
    pub totals: Vec<CountedIn>,
}

/// A running total, and what an event adds to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedIn {
    /// Its name.
    pub name: String,
    /// The parts of its key, as the rules write them.
    pub keys: Vec<String>,
    /// Decimals of its smallest unit.
    pub scale: u32,
    /// What is added.
    pub adds: Vec<Addition>,
}

impl CountedIn {
    /// Whether it is of the same total.
    pub fn is_same(&self, other: &CountedIn) -> bool {
        (&self.name, &self.keys, self.scale) == (&other.name, &other.keys, other.scale)
    }
}

/// What an event adds to a running total under a key: the sum of some of its amounts, and what it put into
/// pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// The key. A member is named; no value is a position.
    pub key: Vec<Cell>,
    /// The amounts, by their places among those that stand.
    pub leaves: Vec<u32>,
    /// What it adds besides, in smallest units.
    pub besides: Exact,
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
record!(Counted { entry, totals });
record!(CountedIn { name, keys, scale, adds });
record!(Addition { key, leaves, besides });

impl Canonical for Resolution {
    fn write(&self, out: &mut Writer) {
        self.learnt.write(out);
        self.by.write(out);
        self.dispute.write(out);
        self.verdict.write(out);
        self.reason.write(out);
        if !self.counted.is_empty() {
            self.counted.write(out);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let (learnt, by, dispute) =
            (from.field("learnt")?, from.field("by")?, from.field("dispute")?);
        let (verdict, reason) = (from.field("verdict")?, from.field("reason")?);
        let counted: Vec<Counted> = match from.end() {
            Ok(()) => Vec::new(),
            Err(_) => {
                let none = from.fault("events, or the end");
                Some(from.field("counted")?).filter(|it: &Vec<_>| !it.is_empty()).ok_or(none)?
            }
        };
        Ok(Resolution { learnt, by, dispute, verdict, reason, counted })
    }
}
choice!(Verdict { 0 => Upheld, 1 => Corrected { by }, 2 => Withdrawn });
record!(CheckpointNote { learnt, note });
record!(Signer { learnt, change, key });
choice!(KeyChange { 0 => Added, 1 => Retired });
