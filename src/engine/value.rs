//! Values while an event is worked out, and the parts of keys.

use std::cmp::Ordering;
use std::rc::Rc;
use std::sync::Arc;

use crate::base::{Date, Duration, Exact, Money, Period};
use crate::plan::{Constant, Kind};
use crate::rows::Cell;

/// A value of an expression. It lends from the batch, the registers and the plan, and copies no text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    /// Nothing.
    Missing,
    /// Yes or no.
    Bool(bool),
    /// Money in major units, a rate or a number.
    Number(Exact),
    /// A day.
    Date(Date),
    /// A period.
    Period(Period),
    /// A length of time.
    Duration(Duration),
    /// A text.
    Text(Text<'a>),
    /// A member of an enumeration.
    Member(u32),
    /// An option of a reading.
    Option(u32),
    /// A row.
    Row(Row<'a>),
    /// A list.
    List(List<'a>),
}

/// A text, lent where possible.
#[derive(Debug, Clone)]
pub(crate) enum Text<'a> {
    /// From data or the plan.
    Lent(&'a str),
    /// From state.
    Kept(Arc<str>),
}

impl Text<'_> {
    pub fn as_str(&self) -> &str {
        match self {
            Text::Lent(text) => text,
            Text::Kept(text) => text,
        }
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// A row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Row<'a> {
    /// Of a register, by position in key order.
    Register(u32, u32),
    /// Of a list of the event.
    Record(&'a [Cell]),
}

impl PartialEq for Row<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Row::Register(a, b), Row::Register(c, d)) => (a, b) == (c, d),
            // Two records that read the same are still two rows.
            (Row::Record(a), Row::Record(b)) => std::ptr::eq(*a, *b),
            _ => false,
        }
    }
}

/// A list.
#[derive(Debug, Clone)]
pub(crate) enum List<'a> {
    /// As it stands in data.
    Cells(&'a [Cell], &'a Kind),
    /// Worked out.
    Values(Rc<[Value<'a>]>),
}

impl PartialEq for List<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && (0..self.len()).all(|place| self.get(place) == other.get(place))
    }
}

impl<'a> List<'a> {
    pub fn len(&self) -> usize {
        match self {
            List::Cells(cells, _) => cells.len(),
            List::Values(values) => values.len(),
        }
    }

    pub fn get(&self, place: usize) -> Option<Value<'a>> {
        match self {
            List::Cells(cells, kind) => cells.get(place).map(|cell| Value::of_cell(cell, kind)),
            List::Values(values) => values.get(place).cloned(),
        }
    }
}

impl<'a> Value<'a> {
    /// A stored value. Money comes in minor units and is worked with in major ones.
    pub fn of_cell(cell: &'a Cell, kind: &'a Kind) -> Value<'a> {
        match cell {
            Cell::Missing => Value::Missing,
            Cell::Bool(value) => Value::Bool(*value),
            Cell::Integer(value) => Value::Number(Exact::from_int(*value)),
            Cell::Number(value) => Value::Number(value.clone()),
            Cell::Money(value) => Value::Number(major(*value, kind)),
            Cell::Date(value) => Value::Date(*value),
            Cell::Period(value) => Value::Period(*value),
            Cell::Duration(value) => Value::Duration(*value),
            Cell::Text(value) => Value::Text(Text::Lent(value)),
            Cell::Member(value) => match kind {
                Kind::Option(_) => Value::Option(*value),
                _ => Value::Member(*value),
            },
            Cell::List(cells) => match kind {
                Kind::List(inner) => Value::List(List::Cells(cells, inner)),
                other => Value::List(List::Cells(cells, other)),
            },
            Cell::Record(cells) => Value::Row(Row::Record(cells)),
        }
    }

    /// A whole number, day or member, which need no type to be read; nothing for others.
    pub fn of_plain(cell: &Cell) -> Option<Value<'a>> {
        match cell {
            Cell::Integer(value) => Some(Value::Number(Exact::from_int(*value))),
            Cell::Date(value) => Some(Value::Date(*value)),
            Cell::Member(value) => Some(Value::Member(*value)),
            _ => None,
        }
    }

    pub fn of_constant(constant: &'a Constant) -> Value<'a> {
        match constant {
            Constant::Bool(value) => Value::Bool(*value),
            Constant::Number(value) => Value::Number(value.clone()),
            Constant::Date(value) => Value::Date(*value),
            Constant::Period(value) => Value::Period(*value),
            Constant::Duration(value) => Value::Duration(*value),
            Constant::Text(value) => Value::Text(Text::Lent(value)),
            Constant::Member(value) => Value::Member(*value),
            Constant::Option(value) => Value::Option(*value),
        }
    }

    /// The same the other way round, of what is gathered from rows.
    pub fn to_constant(&self) -> Option<Constant> {
        match self {
            Value::Bool(value) => Some(Constant::Bool(*value)),
            Value::Number(value) => Some(Constant::Number(value.clone())),
            Value::Date(value) => Some(Constant::Date(*value)),
            Value::Member(value) => Some(Constant::Member(*value)),
            _ => None,
        }
    }

    pub fn is_missing(&self) -> bool {
        matches!(self, Value::Missing)
    }

    /// The order of two values of one type; `None` for what has no order.
    pub fn order(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
            (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
            (Value::Period(a), Value::Period(b)) => Some(a.cmp(b)),
            (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
            (Value::Text(a), Value::Text(b)) => Some(a.as_str().cmp(b.as_str())),
            (Value::Member(a), Value::Member(b)) | (Value::Option(a), Value::Option(b)) => {
                Some(a.cmp(b))
            }
            _ => None,
        }
    }

    /// A value for the border of the engine; money stays in major units.
    pub fn to_cell(&self) -> Cell {
        match self {
            Value::Missing | Value::Row(Row::Register(..)) => Cell::Missing,
            Value::Bool(value) => Cell::Bool(*value),
            Value::Number(value) => Cell::Number(value.clone()),
            Value::Date(value) => Cell::Date(*value),
            Value::Period(value) => Cell::Period(*value),
            Value::Duration(value) => Cell::Duration(*value),
            Value::Text(text) => Cell::Text(match text {
                Text::Lent(text) => Arc::from(*text),
                Text::Kept(text) => Arc::clone(text),
            }),
            Value::Member(value) | Value::Option(value) => Cell::Member(*value),
            Value::Row(Row::Record(cells)) => Cell::Record(cells.to_vec()),
            Value::List(list) => {
                let values = (0..list.len()).filter_map(|place| list.get(place));
                Cell::List(values.map(|value| value.to_cell()).collect())
            }
        }
    }

    /// The value as a cell that gives it back; rows and lists have none.
    pub fn to_lasting_cell(&self) -> Option<Cell> {
        match self {
            Value::Row(_) | Value::List(_) => None,
            value => Some(value.to_cell()),
        }
    }

    /// A value for the border, of the type it is declared with.
    pub fn to_cell_of(&self, kind: &Kind) -> Cell {
        match (self, kind) {
            (Value::Number(value), Kind::Integer) => {
                value.to_int().map_or_else(|| Cell::Number(value.clone()), Cell::Integer)
            }
            (Value::Number(value), Kind::Money { scale, .. }) => Money::from_exact(value, *scale)
                .map_or_else(|| Cell::Number(value.clone()), Cell::Money),
            _ => self.to_cell(),
        }
    }
}

fn major(money: Money, kind: &Kind) -> Exact {
    match kind {
        Kind::Money { scale, .. } => money.to_exact(*scale),
        _ => Exact::from_int(money.minor()),
    }
}

/// A part of a key: small, and equal exactly where the values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Nothing.
    Missing,
    /// Yes or no.
    Bool(bool),
    /// A whole number of 64 bits.
    Integer(i64),
    /// Any other number, by its place among the names.
    Number(u32),
    /// A day.
    Date(Date),
    /// A period.
    Period(Period),
    /// A length of time.
    Duration(Duration),
    /// A text, by its place among the names.
    Text(u32),
    /// A member or an option.
    Member(u32),
    /// A row of a register.
    Row(u32, u32),
    /// What no key that was ever written has.
    Unseen,
}
