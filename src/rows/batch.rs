//! Events in columns.
//!
//! A column is plain values end to end: a million amounts that fit 64 bits take eight megabytes, and
//! reading one is one load. What is missing, and what needs more than 64 bits, is noted beside.

use std::cmp::Ordering;
use std::mem::discriminant;
use std::ops::Range;

use crate::base::{Date, Exact, Period};

use super::Cell;
use super::texts::TextColumn;
use super::values::{Values, Wholes};

/// Where a row was read: a file of the run, by position, and its 1-based line (or record) in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// Which file, in the order they were named.
    pub file: u32,
    /// Line on which the row starts.
    pub line: u64,
}

impl Origin {
    /// Of an event that nobody sent: of the calendar, or a stage.
    pub const MADE: Origin = Origin { file: u32::MAX, line: 0 };
}

/// Some events of one kind, column by column.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The event kind.
    pub event: u32,
    /// One for each field of the event, in order; computed fields are `Absent`.
    pub columns: Vec<Column>,
    /// One for each row.
    pub origins: Vec<Origin>,
}

/// The values of one field.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Column {
    /// A computed field, or an optional one that the data do not have at all.
    #[default]
    Absent,
    /// Yes or no.
    Bool(Values<bool>),
    /// Whole numbers.
    Integer(Wholes),
    /// Rates and numbers.
    Number(Values<Exact>),
    /// Amounts in whole minor units.
    Money(Wholes),
    /// Days.
    Date(Values<Date>),
    /// Periods.
    Period(Values<Period>),
    /// Texts.
    Text(TextColumn),
    /// Members of an enumeration, by position.
    Member(Values<u32>),
    /// Lists and durations: each a cell.
    Cells(Vec<Cell>),
}

impl Batch {
    /// How many events.
    pub fn len(&self) -> usize {
        self.origins.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// One of its rows as a batch of its own.
    pub fn alone(&self, row: usize) -> Batch {
        self.only(&[row])
    }

    /// Some of its rows as a batch of their own.
    pub fn only(&self, rows: &[usize]) -> Batch {
        let columns = self.columns.iter().map(|column| column.only(rows)).collect();
        let mut origins = Vec::with_capacity(rows.len());
        origins.extend(rows.iter().filter_map(|row| self.origins.get(*row).copied()));
        Batch { event: self.event, columns, origins }
    }
}

impl Column {
    /// The value in a row; `Missing` beyond the end.
    pub fn cell(&self, row: usize) -> Cell {
        let cell = match self {
            Column::Absent => None,
            Column::Bool(values) => values.get(row).map(Cell::Bool),
            Column::Integer(values) => values.get(row).map(Cell::Integer),
            Column::Number(values) => values.get_ref(row).cloned().map(Cell::Number),
            Column::Money(values) => values.money(row).map(Cell::Money),
            Column::Date(values) => values.get(row).map(Cell::Date),
            Column::Period(values) => values.get(row).map(Cell::Period),
            Column::Text(texts) => texts.get(row).map(|text| Cell::Text(text.into())),
            Column::Member(values) => values.get(row).map(Cell::Member),
            Column::Cells(cells) => cells.get(row).cloned(),
        };
        cell.unwrap_or(Cell::Missing)
    }

    /// Whether there is nothing in a row.
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Column::Absent => true,
            Column::Bool(values) => !values.has(row),
            Column::Integer(values) | Column::Money(values) => !values.has(row),
            Column::Number(values) => !values.has(row),
            Column::Date(values) => !values.has(row),
            Column::Period(values) => !values.has(row),
            Column::Text(texts) => texts.get(row).is_none(),
            Column::Member(values) => !values.has(row),
            Column::Cells(cells) => matches!(cells.get(row), None | Some(Cell::Missing)),
        }
    }

    /// Whether a value stands in every row; a column of cells is not looked through.
    pub fn is_full(&self) -> bool {
        match self {
            Column::Absent | Column::Cells(_) => false,
            Column::Bool(values) => values.all().is_some(),
            Column::Integer(values) | Column::Money(values) => values.is_full(),
            Column::Number(values) => values.all().is_some(),
            Column::Date(values) => values.all().is_some(),
            Column::Period(values) => values.all().is_some(),
            Column::Text(texts) => texts.is_full(),
            Column::Member(values) => values.all().is_some(),
        }
    }

    /// Forgets all rows but the first so many.
    pub fn truncate(&mut self, rows: usize) {
        match self {
            Column::Absent => {}
            Column::Bool(values) => values.truncate(rows),
            Column::Integer(values) | Column::Money(values) => values.truncate(rows),
            Column::Number(values) => values.truncate(rows),
            Column::Date(values) => values.truncate(rows),
            Column::Period(values) => values.truncate(rows),
            Column::Text(texts) => texts.truncate(rows),
            Column::Member(values) => values.truncate(rows),
            Column::Cells(values) => values.truncate(rows),
        }
    }

    /// Adds some rows of another column of the same type.
    pub fn extend_from(&mut self, other: &Column, rows: Range<usize>) {
        match (self, other) {
            (Column::Bool(own), Column::Bool(other)) => own.extend_from(other, rows),
            (Column::Integer(own), Column::Integer(other))
            | (Column::Money(own), Column::Money(other)) => own.extend_from(other, rows),
            (Column::Number(own), Column::Number(other)) => own.extend_from(other, rows),
            (Column::Date(own), Column::Date(other)) => own.extend_from(other, rows),
            (Column::Period(own), Column::Period(other)) => own.extend_from(other, rows),
            (Column::Text(own), Column::Text(other)) => own.extend_from(other, rows),
            (Column::Member(own), Column::Member(other)) => own.extend_from(other, rows),
            (column, other) => rows.for_each(|row| column.push(other.cell(row))),
        }
    }

    /// Adds so many rows of another column behind so many of this one. Where they are of different types,
    /// all become cells.
    pub fn append(&mut self, (rows, other, more): (usize, &Column, usize)) {
        match (&*self, other) {
            (Column::Absent, Column::Absent) => {}
            (Column::Absent, other) => {
                let mut own = other.empty_with_room(rows + more);
                own.push_missing(rows);
                own.extend_from(other, 0..more);
                *self = own;
            }
            (_, Column::Absent) => self.push_missing(more),
            (own, other) if discriminant(own) == discriminant(other) => {
                self.extend_from(other, 0..more);
            }
            (own, other) => {
                let cells = (0..rows).map(|row| own.cell(row));
                *self = Column::Cells(cells.chain((0..more).map(|row| other.cell(row))).collect());
            }
        }
    }

    /// The order of two of its rows: that of their cells.
    pub fn order(&self, one: usize, other: usize) -> Ordering {
        match self {
            Column::Integer(values) => values.get(one).cmp(&values.get(other)),
            Column::Date(days) => days.get(one).cmp(&days.get(other)),
            Column::Text(texts) => texts.get(one).cmp(&texts.get(other)),
            Column::Member(members) => members.get(one).cmp(&members.get(other)),
            Column::Cells(cells) => match (cells.get(one), cells.get(other)) {
                (Some(one), Some(other)) => one.order(other),
                (one, other) => one.is_some().cmp(&other.is_some()),
            },
            column => column.cell(one).order(&column.cell(other)),
        }
    }

    /// Some of its rows as a column of their own.
    pub fn only(&self, rows: &[usize]) -> Column {
        match self {
            Column::Absent => Column::Absent,
            Column::Bool(values) => Column::Bool(values.only(rows)),
            Column::Integer(values) => Column::Integer(values.only(rows)),
            Column::Number(values) => Column::Number(values.only(rows)),
            Column::Money(values) => Column::Money(values.only(rows)),
            Column::Date(values) => Column::Date(values.only(rows)),
            Column::Period(values) => Column::Period(values.only(rows)),
            Column::Text(texts) => Column::Text(texts.only(rows)),
            Column::Member(values) => Column::Member(values.only(rows)),
            Column::Cells(_) => Column::Cells(rows.iter().map(|row| self.cell(*row)).collect()),
        }
    }

    /// A column of the same type that holds nothing yet, with as much room.
    pub fn emptied(&self) -> Column {
        match self {
            Column::Text(texts) => Column::Text(texts.emptied()),
            other => other.empty_with_room(other.rows()),
        }
    }

    /// A column of the same type that holds nothing yet, with room for so many rows.
    pub fn empty_with_room(&self, rows: usize) -> Column {
        match self {
            Column::Absent => Column::Absent,
            Column::Bool(_) => Column::Bool(Values::with_capacity(rows)),
            Column::Integer(_) => Column::Integer(Wholes::with_capacity(rows)),
            Column::Number(_) => Column::Number(Values::with_capacity(rows)),
            Column::Money(_) => Column::Money(Wholes::with_capacity(rows)),
            Column::Date(_) => Column::Date(Values::with_capacity(rows)),
            Column::Period(_) => Column::Period(Values::with_capacity(rows)),
            Column::Text(_) => Column::Text(TextColumn::with_capacity(rows)),
            Column::Member(_) => Column::Member(Values::with_capacity(rows)),
            Column::Cells(_) => Column::Cells(Vec::with_capacity(rows)),
        }
    }

    /// About how many bytes of memory its values take.
    pub fn size(&self) -> usize {
        let each = match self {
            Column::Absent => 0,
            Column::Bool(_) => size_of::<bool>(),
            Column::Integer(_) | Column::Money(_) => size_of::<i64>(),
            Column::Number(_) => size_of::<Exact>(),
            Column::Date(_) => size_of::<Date>(),
            Column::Period(_) => size_of::<Period>(),
            Column::Member(_) => size_of::<u32>(),
            Column::Text(texts) => return texts.size(),
            Column::Cells(cells) => return cells.iter().map(Cell::size).sum(),
        };
        self.rows() * each
    }

    fn rows(&self) -> usize {
        match self {
            Column::Absent => 0,
            Column::Bool(values) => values.len(),
            Column::Integer(values) | Column::Money(values) => values.len(),
            Column::Number(values) => values.len(),
            Column::Date(values) => values.len(),
            Column::Period(values) => values.len(),
            Column::Text(texts) => texts.len(),
            Column::Member(values) => values.len(),
            Column::Cells(cells) => cells.len(),
        }
    }

    /// Adds a value of the column's type; anything else, and `Missing`, as missing.
    pub fn push(&mut self, cell: Cell) {
        match (self, cell) {
            (Column::Absent, _) => {}
            (Column::Bool(values), Cell::Bool(value)) => values.push(value),
            (Column::Bool(values), _) => values.push_missing(),
            (Column::Integer(values), Cell::Integer(value)) => values.push(value),
            (Column::Integer(values), _) => values.push_missing(),
            (Column::Number(values), Cell::Number(value)) => values.push(value),
            (Column::Number(values), _) => values.push_missing(),
            (Column::Money(values), Cell::Money(value)) => values.push(value.minor()),
            (Column::Money(values), _) => values.push_missing(),
            (Column::Date(values), Cell::Date(value)) => values.push(value),
            (Column::Date(values), _) => values.push_missing(),
            (Column::Period(values), Cell::Period(value)) => values.push(value),
            (Column::Period(values), _) => values.push_missing(),
            (Column::Text(texts), Cell::Text(value)) => texts.push(Some(&value)),
            (Column::Text(texts), _) => texts.push(None),
            (Column::Member(values), Cell::Member(value)) => values.push(value),
            (Column::Member(values), _) => values.push_missing(),
            (Column::Cells(values), cell) => values.push(cell),
        }
    }

    /// Adds so many rows without a value.
    pub fn push_missing(&mut self, rows: usize) {
        match self {
            Column::Absent => {}
            Column::Bool(values) => values.push_missing_rows(rows),
            Column::Integer(values) | Column::Money(values) => values.push_missing_rows(rows),
            Column::Number(values) => values.push_missing_rows(rows),
            Column::Date(values) => values.push_missing_rows(rows),
            Column::Period(values) => values.push_missing_rows(rows),
            Column::Text(texts) => texts.push_missing_rows(rows),
            Column::Member(values) => values.push_missing_rows(rows),
            Column::Cells(values) => values.resize(values.len() + rows, Cell::Missing),
        }
    }
}
