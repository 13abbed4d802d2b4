//! What a value can be, and constants.

use crate::base::{Date, Duration, Exact, Period, PeriodKind};

use super::{CurrencyId, EnumerationId, MemberIx, ReadingId, ShapeId};

/// The type of an expression, a field or a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// An amount in major units of a currency.
    Money(CurrencyId),
    /// An exact ratio.
    Rate,
    /// An exact number without unit.
    Number,
    /// A whole number.
    Integer,
    /// A calendar day.
    Date,
    /// A month, a quarter or a year.
    Period(PeriodKind),
    /// A length of time.
    Duration,
    /// Yes or no.
    Bool,
    /// A text.
    Text,
    /// A member of an enumeration.
    Member(EnumerationId),
    /// An option of a reading.
    Option(ReadingId),
    /// A row of a register or a record of a list.
    Row(ShapeId),
    /// A list of values, or of rows.
    List(Box<Type>),
    /// A value that may be missing.
    Optional(Box<Type>),
}

impl Type {
    /// The type without its question mark.
    pub fn required(&self) -> &Type {
        match self {
            Type::Optional(inner) => inner,
            other => other,
        }
    }
}

/// A value known from the text of the rules alone. Money is in major units.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Constant {
    /// Yes or no.
    Bool(bool),
    /// Of type money, rate, number or integer.
    Number(Exact),
    /// A day.
    Date(Date),
    /// A month, quarter or year.
    Period(Period),
    /// A length of time.
    Duration(Duration),
    /// A text.
    Text(String),
    /// A member of the enumeration its type names.
    Member(EnumerationId, MemberIx),
    /// An option of a reading, by position.
    Option(ReadingId, u32),
}
