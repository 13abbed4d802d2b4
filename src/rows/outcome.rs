//! What becomes of an event.

use std::sync::Arc;

use crate::base::{Date, Exact, Money};

use super::{Batch, Cell, Outcomes, Told};

/// One event of a batch.
#[derive(Debug, Clone, Copy)]
pub struct EventAt<'a> {
    /// The batch.
    pub batch: &'a Batch,
    /// Its row.
    pub row: usize,
    /// Its effective date; the first day of the calendar where it has none, being set aside for that.
    pub date: Date,
    /// The date by which summaries assign the year; differs only for a stage's `booked`.
    pub booked: Date,
}

impl EventAt<'_> {
    /// A row of which only the fields are asked for.
    pub fn unplaced(batch: &Batch, row: usize) -> EventAt<'_> {
        EventAt { batch, row, date: Date::MIN, booked: Date::MIN }
    }
}

/// Amounts of one event, leaf by leaf in the order written, depth first. Zero leaves are left out.
/// They sum to what the event brought: nothing, for an event of transfers and for a stage, which
/// takes out what it divides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocation {
    /// Who gets it.
    pub payee: Payee,
    /// How much, in whole minor units, signed.
    pub amount: Money,
    /// The leg that gave it.
    pub leg: u32,
}

impl Allocation {
    /// The leg of what a settlement gave beside all legs: units kept apart, or a remainder whose
    /// account has no leg in the event.
    pub const BY_SETTLEMENT: u32 = u32::MAX;
    /// The leg of what a stage takes out of the account it closes.
    pub const BY_CLOSING: u32 = u32::MAX - 1;
    /// The leg of what undoes an amount that stands by a ruling, and by a leg that the rules do not have.
    pub const BY_RULING: u32 = u32::MAX - 2;
}

/// An account of the run's [`Accounts`], or nobody yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Payee {
    /// An account, by position in [`Accounts`].
    Account(u32),
    /// Undetermined.
    Undetermined,
}

/// The single accounts that occurred in a run: of a family, one for each key.
pub trait Accounts {
    /// The declared account, and the key.
    fn account(&self, position: u32) -> Option<(u32, &[Cell])>;
}

/// What becomes of one event.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// Allocated whole.
    Allocated {
        /// The amounts.
        allocations: &'a [Allocation],
        /// What the event brought: the field and the dues of its levies; nothing for a stage.
        inflow: Money,
        /// Absolute sum of the units given or withheld by settlement.
        residue_units: u64,
    },
    /// Not allocated, with the reason.
    SetAside {
        /// What the event would have brought, where that much is known.
        inflow: Option<Money>,
        /// Why.
        reason: &'a Reason,
    },
}

/// Listens to a run.
pub trait Sink {
    /// What stops a run from outside, such as a full disk.
    type Error;

    /// Some events are finished: those that come after the ones told before, in the order taken. They
    /// are forgotten when they have been heard, so a listener that goes on with them elsewhere may
    /// take them out and leave other, emptied memory in their place.
    ///
    /// # Errors
    /// Whatever the listener cannot go on after.
    fn hear(
        &mut self,
        outcomes: &mut Outcomes,
        accounts: &dyn Accounts,
    ) -> Result<(), Self::Error> {
        let mut telling = outcomes.telling();
        while let Some(told) = telling.next_event() {
            self.told(told, accounts)?;
        }
        Ok(())
    }

    /// One of them, for a listener that goes through them one by one.
    ///
    /// # Errors
    /// As [`Sink::hear`].
    fn told(&mut self, _: Told<'_>, _: &dyn Accounts) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Whether anybody hears of figures; if not, they may be left out.
    fn hears_figures(&self) -> bool {
        true
    }
}

/// Why an event is set aside. Positions are those of the rule set; the words are joined above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A required field is missing.
    FieldMissing {
        /// Which field of the event.
        field: u32,
    },
    /// Another event of the run has the same key.
    DuplicateKey,
    /// Two events stand at the same place in the declared order.
    SameOrder,
    /// A register has no row under the key.
    NoRow {
        /// Which register.
        register: u32,
        /// The key asked for.
        key: Vec<Cell>,
    },
    /// A register that has one row a key has several.
    ManyRows {
        /// Which register.
        register: u32,
        /// The key.
        key: Vec<Cell>,
    },
    /// A field of a row is missing (or a dated one has no value on the day).
    RowFieldMissing {
        /// Name of the row's shape.
        shape: u32,
        /// Which field.
        field: u32,
    },
    /// A parameter has no value on the day.
    NoParameter {
        /// Which parameter.
        parameter: u32,
        /// Its key.
        key: Vec<u32>,
        /// The day.
        day: Date,
    },
    /// A schedule has no table on the day.
    NoSchedule {
        /// Which schedule.
        schedule: u32,
        /// The day.
        day: Date,
    },
    /// No rule applies to money in a pool.
    NoRule {
        /// The pool; absent: the inflow.
        pool: Option<u32>,
        /// How much waits there, in major units.
        amount: Exact,
    },
    /// Two rules apply and neither overrides the other.
    RulesClash {
        /// The pool; absent: the inflow.
        pool: Option<u32>,
        /// The one.
        first: u32,
        /// The other.
        second: u32,
    },
    /// Rows to share among are none, or their weights sum to zero, and the rule does not say what then.
    NoShares,
    /// A weight is negative.
    NegativeWeight,
    /// A value that is needed is not there, and is no plain field or row.
    ValueMissing,
    /// An inflow that is worked out is no whole number of units.
    InflowNotWhole,
    /// A least or greatest of nothing.
    EmptySelection,
    /// A levy is negative and may not refund.
    NegativeLevy {
        /// Which levy.
        levy: u32,
        /// The due.
        due: Exact,
    },
    /// An account that holds would fall below zero.
    BalanceBelowZero {
        /// Which account.
        account: u32,
        /// Its key.
        key: Vec<Cell>,
    },
    /// A transfer is no whole number of units.
    TransferNotWhole {
        /// The leg.
        leg: u32,
    },
    /// A refund names an event that did not come before it or was set aside.
    NothingToReverse,
    /// A refund exceeds what is left of the event it names, or has the same sign.
    ReversesTooMuch,
    /// A division by zero.
    DivisionByZero,
    /// A value beyond the supported range.
    TooWide,
    /// A date beyond the calendar, or that does not exist.
    DateOutOfRange,
    /// Said by the reader of the data: a value that is not what its column holds.
    Unreadable {
        /// The column as the file names it, if one is at fault.
        column: Option<Arc<str>>,
        /// The value.
        value: Arc<str>,
        /// What is wrong with it.
        why: Unreadable,
    },
}

/// What is wrong with a value in the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unreadable {
    /// The row has more or fewer cells than the header.
    Ragged {
        /// Columns of the header.
        expected: u32,
        /// Cells of the row.
        found: u32,
    },
    /// Not an amount.
    NotAnAmount,
    /// An amount with thousands separators.
    ThousandsSeparator,
    /// An amount with more decimals than its currency.
    TooManyDecimals,
    /// A number as a power of ten, such as `1e5`.
    Exponent,
    /// A plus sign in front of a number.
    PlusSign,
    /// A decimal point without a digit on either side.
    MissingDigit,
    /// Digits or signs of a Chinese input method.
    FullWidth,
    /// Not a number.
    NotANumber,
    /// A rate above one without a sign that says of what.
    BareRate,
    /// Not a whole number.
    NotAnInteger,
    /// Not a day written 2024-03-01, or one that does not exist.
    NotADate,
    /// Not a month, quarter or year.
    NotAPeriod,
    /// Neither true nor false.
    NotABool,
    /// Not a member of the enumeration.
    UnknownMember,
    /// Beyond the supported range.
    OutOfRange,
    /// Nothing where something is required.
    Missing,
    /// Not the list the field wants.
    NotAList,
    /// Bytes that are no text in the file's encoding.
    NotText,
    /// A quote that never closes, or text after one.
    Quote,
    /// Not JSON.
    NotJson,
    /// JSON, but no record.
    NotARecord,
    /// A record that names a field twice.
    RepeatedField,
    /// A number of a workbook that needs more digits than a spreadsheet keeps.
    SheetDigits,
    /// A time of day where a day is wanted.
    TimeOfDay,
    /// What a formula came to that failed, or that has not been worked out.
    CellError,
    /// A date or a truth value where a text is wanted.
    OtherCell,
    /// A number of a workbook whose cell shows other signs than its digits.
    ShownOtherwise,
    /// A row that cannot be read and has a cell such as `合计`: the totals of those above.
    TotalRow,
}

impl Unreadable {
    /// Whether the texts of the row's cells may be read as something that did not stand there: digits
    /// are lost, or a cell is in no column or not the only one there. Such a row must not be read
    /// again from its texts.
    pub fn is_lost(self) -> bool {
        matches!(
            self,
            Unreadable::SheetDigits
                | Unreadable::OtherCell
                | Unreadable::ShownOtherwise
                | Unreadable::CellError
                | Unreadable::NotText
                | Unreadable::Ragged { .. }
                | Unreadable::RepeatedField
                | Unreadable::TotalRow
        )
    }
}
