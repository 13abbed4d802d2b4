//! One value at the border of the engine.

use std::sync::Arc;

use crate::base::{Date, Duration, Exact, Money, Period};

use super::Origin;

/// A value read from data, of the type its field declares.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cell {
    /// Nothing was given.
    Missing,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// A rate or a number.
    Number(Exact),
    /// An amount in whole minor units of the field's currency.
    Money(Money),
    /// A day.
    Date(Date),
    /// A month, quarter or year.
    Period(Period),
    /// A length of time.
    Duration(Duration),
    /// A text.
    Text(Arc<str>),
    /// A member of the field's enumeration, by position.
    Member(u32),
    /// A list of plain values or of records.
    List(Vec<Cell>),
    /// A record, a cell for each field of its shape (computed fields are `Missing`).
    Record(Vec<Cell>),
}

/// A row of a register as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterRow {
    /// A cell for each field of the register's shape (computed fields are `Missing`).
    pub cells: Vec<Cell>,
    /// First day its dated fields hold; absent: always before.
    pub from: Option<Date>,
    /// First day they no longer hold; absent: for good.
    pub until: Option<Date>,
    /// Where it was read.
    pub origin: Origin,
}
