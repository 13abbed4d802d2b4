//! What verification finds.

use std::fmt;

use crate::base::Digest;

use super::super::Flaw;

/// Something in a book that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// A value of an entry was changed: it does not fit the leaf.
    Value {
        /// The entry.
        entry: u64,
        /// The field, as far as one byte is at fault; else several are.
        field: Option<String>,
        /// Which byte of the entry's body, if it is one of them.
        offset: Option<usize>,
        /// What the byte was.
        was: Option<u8>,
    },
    /// The digest of an entry's leaf was changed; the entry itself is whole.
    Leaf {
        /// The entry.
        entry: u64,
    },
    /// Where an entry ends in its row was changed; the entry itself is whole.
    End {
        /// The entry.
        entry: u64,
    },
    /// An entry is not there.
    Missing {
        /// Its number.
        entry: u64,
    },
    /// An entry fits its leaf but is none that the program could have written.
    Unreadable {
        /// The entry.
        entry: u64,
        /// The field.
        field: String,
        /// What should be there.
        expected: &'static str,
    },
    /// An entry does not fit with others.
    Contradiction {
        /// The entry.
        entry: u64,
        /// How.
        what: Contradiction,
    },
    /// A batch has no end.
    HalfBatch {
        /// The entry that begins it.
        batch: u64,
    },
    /// A key by which an entry is found is not there, or was changed.
    Key {
        /// The entry.
        entry: u64,
        /// Which of its keys.
        index: Among,
    },
    /// There are keys that no entry has.
    SurplusKeys {
        /// How many.
        count: u64,
    },
    /// A node of the tree was changed or is not there.
    Node {
        /// Its level.
        level: u8,
        /// Its number.
        index: u64,
    },
    /// The book is shorter than a checkpoint says: its end was cut off.
    CutOff {
        /// How many entries it has.
        size: u64,
        /// How many it had.
        checkpoint: u64,
    },
    /// The book has other entries than when a checkpoint was signed.
    Rewritten {
        /// The size that the checkpoint is of.
        checkpoint: u64,
        /// The root it tells.
        signed: Digest,
        /// The root of what is there.
        found: Digest,
    },
    /// The store itself.
    Store(Flaw),
}

/// How an entry does not fit with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contradiction {
    /// It stands where no such entry can stand.
    Misplaced,
    /// It is an opening and not the first entry, or the other way round.
    Opening,
    /// A text of an edition does not have the digest it tells.
    Text,
    /// Its amounts are out of range.
    Range,
    /// It corrects what stands after it.
    CorrectsLater,
    /// It corrects what is no event that stands.
    CorrectsNothing,
    /// What it corrects was corrected before.
    CorrectedBefore,
    /// What it says brought it about is not there, or cannot have.
    Because,
    /// It was made for a dispute that is not settled by it.
    Unsettled,
    /// Its amounts do not sum to what the event brought.
    Unequal,
    /// Its sums are not those of its batch.
    Sums,
    /// It is against what stands after it.
    AgainstLater,
    /// It is against nothing, or what is no event.
    AgainstNothing,
    /// It settles what is no dispute.
    SettlesNothing,
    /// The dispute was settled before.
    SettledBefore,
    /// What it is to be settled by are no corrections of that dispute.
    SettledByOthers,
    /// It counts what the dispute is not against.
    CountsOthers,
    /// It declares what its texts do not, read by the version that used it.
    Declares,
    /// The entry it names does not hold its edition.
    Edition,
    /// An entry it names does not hold its register.
    Register,
    /// It names another batch than it stands in.
    Batch,
    /// It is a part of a register without a first.
    NoFirstPart,
    /// It is a part of a register out of order.
    PartOrder,
    /// Its edition has no such kind.
    Kind,
    /// Its edition does not have all that it speaks of, or not of this kind.
    Positions,
    /// Its batch has no such file.
    Source,
    /// It is from a file, and nobody sends such events, or the other way round.
    Sender,
    /// Its key is not portable.
    Key,
    /// Its lane is not portable.
    Lane,
    /// Its rank is not there.
    Rank,
    /// The event is there before, and stands.
    Again,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Contradiction::Misplaced => "it stands where no such entry can stand",
            Contradiction::Opening => "a book has one opening, at its beginning",
            Contradiction::Text => "a text of the edition does not have the digest it tells",
            Contradiction::Range => "its amounts are out of range",
            Contradiction::CorrectsLater => "it corrects what stands after it",
            Contradiction::CorrectsNothing => "it corrects what is no event that stands",
            Contradiction::CorrectedBefore => "what it corrects was corrected before",
            Contradiction::Because => "what it says brought it about cannot have",
            Contradiction::Unsettled => "the dispute it was made for is not settled by it",
            Contradiction::Unequal => "its amounts do not sum to what the event brought",
            Contradiction::Sums => "its sums are not those of its batch",
            Contradiction::AgainstLater => "it is against what stands after it",
            Contradiction::AgainstNothing => "it is against nothing, or what is no event",
            Contradiction::SettlesNothing => "it settles what is no dispute",
            Contradiction::SettledBefore => "the dispute was settled before",
            Contradiction::SettledByOthers => {
                "what it is settled by corrects nothing for that dispute"
            }
            Contradiction::CountsOthers => "it counts what its dispute is not against",
            Contradiction::Declares => "what it declares is not what its texts do",
            Contradiction::Edition => "the entry it names does not hold its edition",
            Contradiction::Register => "an entry it names does not hold its register",
            Contradiction::Batch => "it names another batch than it stands in",
            Contradiction::NoFirstPart => "a part of a register without a first",
            Contradiction::PartOrder => "a part of a register out of order",
            Contradiction::Kind => "its edition has no such kind",
            Contradiction::Positions => {
                "its edition does not have all that it speaks of (members, accounts, legs, figures, readings)"
            }
            Contradiction::Source => "its batch names no such file as it is to come from",
            Contradiction::Sender => {
                "it is said to come from a file, and by its rules nobody sends such events, or the other way round"
            }
            Contradiction::Key => "its key is not portable",
            Contradiction::Lane => "its lane is not portable",
            Contradiction::Rank => "its rank is not there",
            Contradiction::Again => "an earlier entry is of the same event, and stands",
        })
    }
}

/// What an entry is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    /// Events and rows, by what they say they are.
    Events,
    /// Editions and registers, by their digests.
    Contents,
    /// Corrections and resolutions, by what they settle.
    Settlements,
    /// The last events of lanes.
    Lanes,
}

impl fmt::Display for Among {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Among::Events => "events",
            Among::Contents => "editions and registers",
            Among::Settlements => "corrections and resolutions",
            Among::Lanes => "lanes",
        })
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damage::Value { entry, field: Some(field), offset, was } => {
                write!(f, "entry {entry}: `{field}` was changed")?;
                match (offset, was) {
                    (Some(offset), Some(was)) => {
                        write!(f, " (byte {offset} of the entry was 0x{was:02x})")
                    }
                    _ => Ok(()),
                }
            }
            Damage::Value { entry, .. } => {
                write!(f, "entry {entry}: its values were changed, in more than one byte")
            }
            Damage::Leaf { entry } => {
                write!(f, "entry {entry}: the digest of its leaf was changed; its values are whole")
            }
            Damage::End { entry } => {
                write!(f, "entry {entry}: where it ends was changed; its values are whole")
            }
            Damage::Missing { entry } => write!(f, "entry {entry} is not there"),
            Damage::Unreadable { entry, field, expected } => {
                write!(f, "entry {entry}: `{field}` should be {expected}")
            }
            Damage::Contradiction { entry, what } => write!(f, "entry {entry}: {what}"),
            Damage::HalfBatch { batch } => {
                write!(f, "the batch that begins at entry {batch} is not whole")
            }
            Damage::Key { entry, index } => {
                write!(f, "entry {entry}: its key among {index} was changed or is not there")
            }
            Damage::SurplusKeys { count } => write!(f, "{count} keys belong to no entry"),
            Damage::Node { level, index } => {
                write!(f, "node {index} of level {level} of the tree was changed or is not there")
            }
            Damage::CutOff { size, checkpoint } => write!(
                f,
                "the book has {size} entries, and had {checkpoint} when a checkpoint was signed: \
                 its end was cut off"
            ),
            Damage::Rewritten { checkpoint, signed, found } => write!(
                f,
                "the first {checkpoint} entries are not those a checkpoint was signed for: \
                 their root is {found}, and was {signed}"
            ),
            Damage::Store(flaw) => write!(f, "the store: {flaw}"),
        }
    }
}
