//! What a row of a register says of a field.

use crate::base::Exact;
use crate::plan::Kind;
use crate::rows::{Cell, Column};

use super::lookup::value_of;
use super::value::Value;

/// As it stands in a column of its type, or as a cell.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Said<'r> {
    In(&'r Column, usize),
    Made(&'r Cell),
}

impl<'r> Said<'r> {
    /// What stands in a row of a column.
    pub fn at(column: &'r Column, row: usize) -> Said<'r> {
        match column {
            Column::Cells(cells) => Said::Made(cells.get(row).unwrap_or(&Cell::Missing)),
            column => Said::In(column, row),
        }
    }

    pub fn is_missing(self) -> bool {
        match self {
            Said::In(column, row) => column.is_missing(row),
            Said::Made(cell) => cell.is_missing(),
        }
    }

    pub fn cell(self) -> Cell {
        match self {
            Said::In(column, row) => column.cell(row),
            Said::Made(cell) => cell.clone(),
        }
    }

    pub fn value(self, kind: &'r Kind) -> Value<'r> {
        match self {
            Said::In(column, row) => value_of(column, row, kind),
            Said::Made(cell) => Value::of_cell(cell, kind),
        }
    }

    /// A text, if it is one.
    pub fn text(self) -> Option<&'r str> {
        match self {
            Said::In(Column::Text(texts), row) => texts.get(row),
            Said::Made(Cell::Text(text)) => Some(text),
            Said::In(..) | Said::Made(_) => None,
        }
    }

    /// A rate or number, if it is one.
    pub fn exact(self) -> Option<&'r Exact> {
        match self {
            Said::In(Column::Number(values), row) => values.get_ref(row),
            Said::Made(Cell::Number(value)) => Some(value),
            Said::In(..) | Said::Made(_) => None,
        }
    }

    /// Numbers as numbers of 64 bits, a day, a member, or one for yes. Nothing for what is none of these.
    pub fn number(self) -> Option<i64> {
        match self {
            Said::In(Column::Integer(values) | Column::Money(values), row) => {
                values.get(row).and_then(|value| i64::try_from(value).ok())
            }
            Said::In(Column::Date(days), row) => days.get(row).map(|day| day.days().into()),
            Said::In(Column::Member(members), row) => members.get(row).map(i64::from),
            Said::In(Column::Bool(flags), row) => flags.get(row).map(i64::from),
            Said::Made(Cell::Integer(value)) => i64::try_from(*value).ok(),
            Said::Made(Cell::Money(value)) => i64::try_from(value.minor()).ok(),
            Said::Made(Cell::Date(day)) => Some(day.days().into()),
            Said::Made(Cell::Member(member)) => Some((*member).into()),
            Said::Made(Cell::Bool(value)) => Some((*value).into()),
            Said::In(..) | Said::Made(_) => None,
        }
    }
}
