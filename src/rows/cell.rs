//! One value at the border of the engine.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::base::{Date, Duration, Exact, Money, Period};

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

impl Cell {
    /// Whether nothing was given.
    #[inline]
    pub fn is_missing(&self) -> bool {
        matches!(self, Cell::Missing)
    }

    /// Numbers and dates by value, texts by code point, members as declared; lists and records by
    /// position, then by length; what is missing first, and of different types in this order.
    pub fn order(&self, other: &Cell) -> Ordering {
        match (self, other) {
            (Cell::Bool(one), Cell::Bool(other)) => one.cmp(other),
            (Cell::Integer(one), Cell::Integer(other)) => one.cmp(other),
            (Cell::Number(one), Cell::Number(other)) => one.cmp(other),
            (Cell::Money(one), Cell::Money(other)) => one.cmp(other),
            (Cell::Date(one), Cell::Date(other)) => one.cmp(other),
            (Cell::Period(one), Cell::Period(other)) => one.cmp(other),
            (Cell::Duration(one), Cell::Duration(other)) => one.cmp(other),
            (Cell::Text(one), Cell::Text(other)) => one.cmp(other),
            (Cell::Member(one), Cell::Member(other)) => one.cmp(other),
            (Cell::List(one), Cell::List(other)) | (Cell::Record(one), Cell::Record(other)) => {
                Cell::order_all(one, other)
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }

    /// The same for several: by position, then by length.
    pub fn order_all(one: &[Cell], other: &[Cell]) -> Ordering {
        let pairs = one.iter().zip(other);
        let differing = pairs.map(|(one, other)| one.order(other)).find(|order| order.is_ne());
        differing.unwrap_or_else(|| one.len().cmp(&other.len()))
    }

    /// About how many bytes of memory it takes.
    pub fn size(&self) -> usize {
        let beside = match self {
            Cell::Text(text) => text.len(),
            Cell::List(cells) | Cell::Record(cells) => cells.iter().map(Cell::size).sum(),
            _ => 0,
        };
        size_of::<Cell>() + beside
    }

    /// Where its type stands among the types.
    pub fn rank(&self) -> u8 {
        match self {
            Cell::Missing => 0,
            Cell::Bool(_) => 1,
            Cell::Integer(_) => 2,
            Cell::Number(_) => 3,
            Cell::Money(_) => 4,
            Cell::Date(_) => 5,
            Cell::Period(_) => 6,
            Cell::Duration(_) => 7,
            Cell::Text(_) => 8,
            Cell::Member(_) => 9,
            Cell::List(_) => 10,
            Cell::Record(_) => 11,
        }
    }
}
