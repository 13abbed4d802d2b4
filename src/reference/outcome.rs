//! What becomes of the events, in plain data.

use crate::base::{Date, Money};
use crate::rows::{Cell, Reason};

/// What became of one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The event kind.
    pub event: u32,
    /// Who sent it.
    pub sender: Sender,
    /// The fields that identify it; of an event nobody sent: all fields but its lists.
    pub key: Vec<Cell>,
    /// Its effective date; absent where it could not be told.
    pub date: Option<Date>,
    /// The date by which summaries assign the year.
    pub booked: Option<Date>,
    /// What it brought, or would have brought: the inflow field and the dues of its levies; nothing
    /// for a stage. Of a set-aside event absent where it is not known.
    pub inflow: Option<Money>,
    /// Allocated or set aside.
    pub fate: Fate,
}

/// Where an event comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sender {
    /// The data: which batch, and which row of it.
    Data {
        /// Position of the batch.
        batch: usize,
        /// Row in the batch.
        row: usize,
    },
    /// The calendar.
    Calendar,
    /// A stage.
    Stage,
}

/// Allocated whole, or set aside with the reason.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// Allocated.
    Allocated {
        /// Who gets what, in the order written, depth first; nobody gets zero.
        leaves: Vec<Leaf>,
        /// Figures, in the order of declaration and of their rows.
        figures: Vec<Figure>,
        /// Transfers without an amount, by their legs.
        open_items: Vec<u32>,
    },
    /// Set aside.
    SetAside(Reason),
}

/// An amount and who gets it.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    /// Who.
    pub payee: Payee,
    /// How much.
    pub amount: Money,
    /// The leg that gave it; absent for what a stage takes out of an account and for a remainder that
    /// settlement keeps on a leaf of its own.
    pub leg: Option<u32>,
}

/// An account with its key, or nobody yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Payee {
    /// An account.
    Account(u32, Vec<Cell>),
    /// Undetermined.
    Undetermined,
}

/// A result that is not money moved.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Which figure.
    pub figure: u32,
    /// The row it was worked out for: the key of a register's row, the key parts of a stage's, the
    /// first field of a record, a member.
    pub key: Vec<Cell>,
    /// The value; money that is no whole number of units is a number of major ones.
    pub value: Cell,
}
