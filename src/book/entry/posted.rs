//! A batch: what was put in, and what became of it.

use std::sync::Arc;

use crate::base::{Date, Digest, Money};
use crate::book::Moment;
use crate::book::canonical::{Canonical, Fault, Reader, Writer, choice, record};
use crate::rows::{Cell, Origin, Reason, RegisterRow};

/// Rows of a register, in the order read. A long register is several entries one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterPart {
    /// The edition whose positions the rows speak in.
    pub edition: Digest,
    /// Which register.
    pub register: u32,
    /// Which part of it, from 0.
    pub part: u32,
    /// The rows.
    pub rows: Vec<RegisterRow>,
}

/// The beginning of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// When the book learnt of it.
    pub learnt: Moment,
    /// Who posts it, if that is said.
    pub by: Option<String>,
    /// The evaluator and its version.
    pub evaluator: String,
    /// The edition of rules.
    pub edition: Digest,
    /// The entry that holds it.
    pub edition_entry: u64,
    /// The registers as the rules read them.
    pub registers: Vec<RegisterUse>,
    /// Readings chosen.
    pub readings: Vec<ReadingChoice>,
    /// The last day for which calendar events were made, if that was said.
    pub through: Option<Date>,
    /// The files the events came from, which [`Origin`]s count.
    pub sources: Vec<Source>,
}

/// A register of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterUse {
    /// Which register.
    pub register: u32,
    /// The digest over all its rows.
    pub digest: Digest,
    /// The entry that holds its first part.
    pub first: u64,
    /// How many entries it has; none for a register without rows.
    pub parts: u32,
}

/// The option of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadingChoice {
    /// Which reading.
    pub reading: u32,
    /// Which option.
    pub option: u32,
}

/// A file that events or rows came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// As the user named it.
    pub name: String,
    /// The digest of its bytes, where it was read as a file.
    pub digest: Option<Digest>,
}

/// An event and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The entry that began its batch.
    pub batch: u64,
    /// Its kind.
    pub kind: u32,
    /// A cell for each of its fields; computed ones are missing.
    pub fields: Vec<Cell>,
    /// Where it was read; [`Origin::MADE`] for one that nobody sent.
    pub origin: Origin,
    /// Its effective date.
    pub date: Date,
    /// The date by which summaries assign the year, where it differs.
    pub booked: Option<Date>,
    /// What identifies it among the events of its kind. Only values that mean the same in every
    /// edition: no positions.
    pub key: Vec<Part>,
    /// With which other events it shares running totals: those of the same lane come in the order
    /// of their rank. Empty where no rule reads a total. No positions either.
    pub lane: Vec<Part>,
    /// Its place in the lane.
    pub rank: Vec<Part>,
    /// It was posted although it stands before others of its lane.
    pub late: bool,
    /// What became of it.
    pub outcome: Outcome,
    /// Figures worked out for it.
    pub figures: Vec<FigureValue>,
    /// Open items without amount, by the leg that recorded them.
    pub open_items: Vec<u32>,
}

/// A part of a key or rank: a field of the event, or a value of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The value of a field.
    Field {
        /// Which.
        field: u32,
    },
    /// A value.
    Value {
        /// Which.
        value: Cell,
    },
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Allocated whole. The leaves sum to the inflow.
    Allocated {
        /// What the event brought.
        inflow: Money,
        /// Units given or withheld by settlement, in absolute sum.
        residue_units: u64,
        /// The amounts, in the order written; zeros left out.
        leaves: Vec<Leaf>,
    },
    /// Not allocated.
    SetAside {
        /// What it would have brought, where that much is known.
        inflow: Option<Money>,
        /// Why.
        reason: Reason,
    },
}

/// An amount for one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Who gets it; nobody yet, if undetermined.
    pub account: Option<Account>,
    /// The leg that gave it.
    pub leg: u32,
    /// How much, in whole minor units, signed.
    pub amount: Money,
}

/// An account: of a family, one for each key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    /// The account as declared.
    pub family: u32,
    /// Its key.
    pub key: Vec<Cell>,
}

/// A figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureValue {
    /// Which.
    pub figure: u32,
    /// The row it is for.
    pub key: Vec<Cell>,
    /// Its value.
    pub value: Cell,
}

/// A row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The entry that began its batch.
    pub batch: u64,
    /// The event kind, where that much is known.
    pub kind: Option<u32>,
    /// Where it stands.
    pub origin: Origin,
    /// The row, whole.
    pub row: Bytes,
    /// What it would have brought, where that much is known.
    pub inflow: Option<Money>,
    /// Why.
    pub reason: Reason,
}

/// Bytes as they were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bytes(pub Arc<[u8]>);

/// An entry is reversed in full, and something else stands in its place: what the accounts get by
/// it is the new leaves less those of the entry it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The entry that began its batch.
    pub batch: u64,
    /// The entry reversed: an event's, or that of an earlier correction of it.
    pub of: u64,
    /// Why.
    pub because: Because,
    /// The date by which summaries assign the year.
    pub booked: Date,
    /// What became of the event, anew; nothing, if the event is withdrawn.
    pub outcome: Option<Outcome>,
    /// What it says besides amounts, anew; nothing, if it says nothing and said nothing before.
    pub said: Option<Said>,
}

impl Event {
    /// What it says besides amounts.
    pub fn said(&self) -> Said {
        Said { figures: self.figures.clone(), open_items: self.open_items.clone() }
    }
}

/// What an event says besides amounts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// Its figures.
    pub figures: Vec<FigureValue>,
    /// The legs of transfers whose amount nobody knows yet.
    pub open_items: Vec<u32>,
}

/// Why a correction was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// An event was posted that stands before it.
    Late {
        /// That event's entry.
        entry: u64,
    },
    /// A dispute was upheld.
    Dispute {
        /// The dispute's entry.
        entry: u64,
    },
    /// As stated.
    Stated {
        /// The reason.
        reason: String,
    },
}

/// The end of a batch: a batch without it is not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// The entry that began it.
    pub batch: u64,
    /// How many entries stand between the two.
    pub entries: u64,
    /// The digest over the inputs of its events, in order: kind and fields of each.
    pub inputs: Digest,
    /// Control totals of its events, for each kind that occurs.
    pub sums: Vec<KindSums>,
    /// How many corrections.
    pub corrections: u64,
}

/// Control totals of one event kind in a batch, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindSums {
    /// Which kind; none for rows of which not even that could be read.
    pub kind: Option<u32>,
    /// Events allocated.
    pub allocated: u64,
    /// Events and rows set aside.
    pub set_aside: u64,
    /// What those allocated brought.
    pub inflow: i128,
    /// Of that, what is undetermined.
    pub undetermined: i128,
    /// What those set aside would have brought, where known.
    pub inflow_set_aside: i128,
}

impl Canonical for Bytes {
    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        from.bytes().map(|bytes| Bytes(Arc::from(bytes)))
    }
}

record!(RegisterPart { edition, register, part, rows });
record!(Batch {
    learnt,
    by,
    evaluator,
    edition,
    edition_entry,
    registers,
    readings,
    through,
    sources,
});
record!(RegisterUse { register, digest, first, parts });
record!(ReadingChoice { reading, option });
record!(Source { name, digest });
record!(Event {
    batch,
    kind,
    fields,
    origin,
    date,
    booked,
    key,
    lane,
    rank,
    late,
    outcome,
    figures,
    open_items,
});
choice!(Part { 0 => Field { field }, 1 => Value { value } });
choice!(Outcome {
    0 => Allocated { inflow, residue_units, leaves },
    1 => SetAside { inflow, reason },
});
record!(Leaf { account, leg, amount });
record!(Account { family, key });
record!(FigureValue { figure, key, value });
record!(Unread { batch, kind, origin, row, inflow, reason });
record!(Said { figures, open_items });

impl Canonical for Correction {
    fn write(&self, out: &mut Writer) {
        self.batch.write(out);
        self.of.write(out);
        self.because.write(out);
        self.booked.write(out);
        Anew(self.outcome.clone(), self.said.clone()).write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let (batch, of) = (from.field("batch")?, from.field("of")?);
        let (because, booked) = (from.field("because")?, from.field("booked")?);
        let Anew(outcome, said) = from.field("outcome")?;
        Ok(Correction { batch, of, because, booked, outcome, said })
    }
}

/// What a correction puts in the place of what was: a byte that tells how much follows, then that.
struct Anew(Option<Outcome>, Option<Said>);

impl Canonical for Anew {
    fn write(&self, out: &mut Writer) {
        match self {
            Anew(None, _) => out.byte(0),
            Anew(Some(outcome), None) => {
                out.byte(1);
                outcome.write(out);
            }
            Anew(Some(outcome), Some(said)) => {
                out.byte(2);
                outcome.write(out);
                said.write(out);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        Ok(match from.byte()? {
            0 => Anew(None, None),
            1 => Anew(Some(Outcome::read(from)?), None),
            2 => Anew(Some(Outcome::read(from)?), Some(Said::read(from)?)),
            _ => return Err(from.fault("a known kind")),
        })
    }
}
choice!(Because {
    0 => Late { entry },
    1 => Dispute { entry },
    2 => Stated { reason },
});
record!(Close { batch, entries, inputs, sums, corrections });
record!(KindSums { kind, allocated, set_aside, inflow, undetermined, inflow_set_aside });
