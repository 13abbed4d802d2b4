//! Events in columns.

use crate::base::{Date, Exact, Money, Period};

use super::Cell;

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

/// The values of one field, a missing one as `None`.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// A computed field, or an optional one that the data do not have at all.
    Absent,
    /// Yes or no.
    Bool(Vec<Option<bool>>),
    /// Whole numbers.
    Integer(Vec<Option<i128>>),
    /// Rates and numbers.
    Number(Vec<Option<Exact>>),
    /// Amounts in whole minor units.
    Money(Vec<Option<Money>>),
    /// Days.
    Date(Vec<Option<Date>>),
    /// Periods.
    Period(Vec<Option<Period>>),
    /// Texts.
    Text(TextColumn),
    /// Members of an enumeration, by position.
    Member(Vec<Option<u32>>),
    /// Lists and durations: each a cell.
    Cells(Vec<Cell>),
}

/// Texts end to end, so that a batch of them is one piece of memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextColumn {
    bytes: String,
    /// Where each text ends in `bytes`, and whether it is there at all.
    ends: Vec<(usize, bool)>,
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
}

impl Column {
    /// The value in a row; `Missing` beyond the end.
    pub fn cell(&self, row: usize) -> Cell {
        fn at<T: Clone>(values: &[Option<T>], row: usize, make: impl Fn(T) -> Cell) -> Cell {
            values.get(row).cloned().flatten().map_or(Cell::Missing, make)
        }
        match self {
            Column::Absent => Cell::Missing,
            Column::Bool(values) => at(values, row, Cell::Bool),
            Column::Integer(values) => at(values, row, Cell::Integer),
            Column::Number(values) => at(values, row, Cell::Number),
            Column::Money(values) => at(values, row, Cell::Money),
            Column::Date(values) => at(values, row, Cell::Date),
            Column::Period(values) => at(values, row, Cell::Period),
            Column::Text(texts) => {
                texts.get(row).map_or(Cell::Missing, |text| Cell::Text(text.into()))
            }
            Column::Member(values) => at(values, row, Cell::Member),
            Column::Cells(cells) => cells.get(row).cloned().unwrap_or(Cell::Missing),
        }
    }
}

impl TextColumn {
    /// Adds a text, or the lack of one.
    pub fn push(&mut self, text: Option<&str>) {
        self.bytes.push_str(text.unwrap_or_default());
        self.ends.push((self.bytes.len(), text.is_some()));
    }

    /// The text in a row, if there is one.
    pub fn get(&self, row: usize) -> Option<&str> {
        let (end, there) = *self.ends.get(row)?;
        let start = match row.checked_sub(1) {
            Some(before) => self.ends.get(before)?.0,
            None => 0,
        };
        if there { self.bytes.get(start..end) } else { None }
    }

    /// Forgets all texts but the first `rows`.
    pub fn truncate(&mut self, rows: usize) {
        self.ends.truncate(rows);
        self.bytes.truncate(self.ends.last().map_or(0, |(end, _)| *end));
    }

    /// How many texts, present or not.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}
