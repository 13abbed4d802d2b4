//! Examples: worked cases that are part of the rules.

use crate::base::{Date, Span};

use super::{
    AccountId, Citation, Constant, EventId, FieldIx, FigureId, Formula, ModuleId, ReadingId,
    RegisterId,
};

/// A worked case inside the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Its title.
    pub title: String,
    /// The module it is written in.
    pub module: ModuleId,
    /// Its source.
    pub cite: Option<Citation>,
    /// The day of checks outside an event.
    pub on: Option<Date>,
    /// Options chosen.
    pub readings: Vec<(ReadingId, u32)>,
    /// The scenario it is worked in.
    pub scenario: Option<String>,
    /// What is given and expected, in order.
    pub entries: Vec<ExampleEntry>,
    /// Where it stands.
    pub span: Span,
}

/// An entry of an example.
#[derive(Debug, Clone, PartialEq)]
pub enum ExampleEntry {
    /// An event sent.
    Event {
        /// Its kind.
        event: EventId,
        /// Stored fields and their values; those not named are missing.
        values: Vec<(FieldIx, Datum)>,
        /// Where it stands.
        span: Span,
    },
    /// A register row.
    Row {
        /// The register.
        register: RegisterId,
        /// Fields that hold for good.
        values: Vec<(FieldIx, Datum)>,
        /// Dated fields by their period.
        dated: Vec<DatedValues>,
        /// Where it stands.
        span: Span,
    },
    /// What an event gives.
    Expected {
        /// Which event: the kind and its key. Absent: the one sent last.
        of: Option<(EventId, Vec<Datum>)>,
        /// What is expected. Accounts not named are expected to get nothing.
        outcomes: Vec<Outcome>,
        /// Where it stands.
        span: Span,
    },
    /// A condition that holds.
    Check {
        /// The condition, outside any event.
        condition: Formula,
        /// Where it stands.
        span: Span,
    },
}

/// Values of dated fields in one period.
#[derive(Debug, Clone, PartialEq)]
pub struct DatedValues {
    /// First day.
    pub from: Option<Date>,
    /// First day after.
    pub until: Option<Date>,
    /// The values.
    pub values: Vec<(FieldIx, Datum)>,
}

/// A value in an example.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    /// A plain value.
    Constant(Constant),
    /// A list of plain values or records.
    List(Vec<Datum>),
    /// A record.
    Record(Vec<(FieldIx, Datum)>),
}

/// What an example expects of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// No account gets anything.
    Nothing,
    /// The event is set aside, with a reason that contains this text.
    SetAside(Option<String>),
    /// So much is undetermined.
    Undetermined(Constant),
    /// A transfer is left open, in words that contain this text.
    Open {
        /// The text.
        what: String,
        /// Where it stands.
        span: Span,
    },
    /// It is booked on this day.
    Booked {
        /// The day.
        day: Date,
        /// Where it stands.
        span: Span,
    },
    /// An account gets so much, over all its leaves.
    Account {
        /// Which account.
        account: AccountId,
        /// Its key.
        keys: Vec<Constant>,
        /// How much.
        amount: Constant,
        /// Where it stands.
        span: Span,
    },
    /// A figure has this value.
    Figure {
        /// Which figure.
        figure: FigureId,
        /// The row it is worked out for.
        keys: Vec<Datum>,
        /// The value.
        value: Constant,
        /// Where it stands.
        span: Span,
    },
}

impl Outcome {
    /// Whether it says what accounts get: an example that looks at figures alone, at what is open or
    /// at the day, says nothing of accounts.
    pub fn speaks_of_accounts(&self) -> bool {
        match self {
            Outcome::Nothing
            | Outcome::SetAside(_)
            | Outcome::Undetermined(_)
            | Outcome::Account { .. } => true,
            Outcome::Open { .. } | Outcome::Booked { .. } | Outcome::Figure { .. } => false,
        }
    }
}
