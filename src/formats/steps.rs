//! The usual row of a CSV file, cell by cell straight from its bytes into columns.
//!
//! What is usual is decided here from the kinds of the fields before the first row is read. A cell
//! that is spelt otherwise is left to the general reader; a row with a cell that is none, or with
//! more or fewer cells than there are columns, is put back and left to it whole. So this reader
//! never has to say what is wrong.

use std::sync::Arc;

use crate::report::names::{Kind, Members, Table};
use crate::rows::Column;

use super::blocks::Place;
use super::cells;
use super::columns::FieldFrom;
use super::mapping::TableMapping;
use super::table_reader::TableReader;

/// How a row is read.
#[derive(Debug)]
pub(super) struct Steps {
    /// One for each column of the file, in its order.
    columns: Vec<Step>,
    /// Fields for which the mapping gives one value.
    constants: Vec<usize>,
}

#[derive(Debug)]
struct Step {
    /// The field that the column holds; none if nobody asks for it.
    field: Option<usize>,
    spelling: Spelling,
}

/// How the cells of a column are usually spelt.
#[derive(Debug)]
enum Spelling {
    Integer,
    Amount(u8),
    Date,
    Member(Arc<Members>),
    Text,
    /// In no way that has a reader here.
    Other,
}

/// The bytes of a block that has no quotes and is text throughout.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plain<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) text: &'a str,
    pub(super) delimiter: u8,
}

impl Plain<'_> {
    /// The next place that is not a blank line.
    #[inline]
    pub(super) fn after_blank(self, mut place: Place) -> Place {
        loop {
            place.at += match self.bytes.get(place.at..).unwrap_or(&[]) {
                [b'\n', ..] => 1,
                [b'\r', b'\n', ..] => 2,
                _ => return place,
            };
            place.line += 1;
        }
    }
}

impl Steps {
    /// For a table whose fields are in these columns of so many; `None` for records.
    pub(super) fn of(
        table: &Table,
        from: &[FieldFrom],
        mapping: &TableMapping,
        columns: usize,
    ) -> Option<Steps> {
        let skip = || Step { field: None, spelling: Spelling::Other };
        let mut steps: Vec<Step> = (0..columns).map(|_| skip()).collect();
        let mut constants = Vec::new();
        for (at, (field, from)) in table.fields.iter().zip(from).enumerate() {
            let place = match from {
                // Every row lacks it.
                FieldFrom::Nowhere if field.required && !field.computed => return None,
                FieldFrom::Nowhere => continue,
                FieldFrom::Constant(_) => {
                    constants.push(at);
                    continue;
                }
                FieldFrom::Column(place) => *place,
            };
            let spelling = match &field.kind {
                _ if mapping.values.contains_key(&at) => Spelling::Other,
                Kind::Integer => Spelling::Integer,
                Kind::Money(scale) => Spelling::Amount(*scale),
                Kind::Date => Spelling::Date,
                Kind::Member(members) => Spelling::Member(members.clone()),
                Kind::Text => Spelling::Text,
                _ => Spelling::Other,
            };
            // A column holds one field, by the way columns are bound.
            let free = steps.get_mut(place).filter(|step| step.field.is_none())?;
            *free = Step { field: Some(at), spelling };
        }
        (columns > 0).then_some(Steps { columns: steps, constants })
    }

    /// Whether cells apart by this sign can be told apart before they are read: it stands in no
    /// number or date.
    pub(super) fn allow(delimiter: u8) -> bool {
        matches!(delimiter, b',' | b';' | b'\t' | b'|')
    }

    /// Reads the row that starts at `at` and gives where the next starts. `None` if the general
    /// reader is to read it; columns may then have grown.
    #[inline]
    pub(super) fn read(
        &self,
        reader: &TableReader<'_>,
        plain: Plain<'_>,
        mut at: usize,
        columns: &mut [Column],
    ) -> Option<usize> {
        let (last, others) = self.columns.split_last()?;
        for step in others {
            at = step.read(reader, plain, at, columns)?;
            if plain.bytes.get(at) != Some(&plain.delimiter) {
                return None;
            }
            at += 1;
        }
        at = last.read(reader, plain, at, columns)?;
        match plain.bytes.get(at..)? {
            [b'\n', ..] => at += 1,
            [b'\r', b'\n', ..] => at += 2,
            _ => return None,
        }
        for field in &self.constants {
            reader.push_constant(*field, columns.get_mut(*field)?)?;
        }
        Some(at)
    }
}

impl Step {
    /// Reads a cell and gives where it ends: before a delimiter or a line end.
    #[inline]
    fn read(
        &self,
        reader: &TableReader<'_>,
        plain: Plain<'_>,
        at: usize,
        columns: &mut [Column],
    ) -> Option<usize> {
        let bytes = plain.bytes.get(at..)?;
        let Some(field) = self.field else {
            return Some(at + cells::length(bytes, plain.delimiter)?);
        };
        let column = columns.get_mut(field)?;
        match self.usual(plain, bytes, at, column) {
            Some(length) => Some(at + length),
            None => self.unusual(reader, plain, at, (field, column)),
        }
    }

    /// Reads a cell of the usual spelling and gives its length.
    #[inline]
    fn usual(
        &self,
        plain: Plain<'_>,
        bytes: &[u8],
        at: usize,
        column: &mut Column,
    ) -> Option<usize> {
        let delimiter = plain.delimiter;
        let is_end = |length: usize| match bytes.get(length) {
            Some(b'\n') => true,
            Some(b'\r') => bytes.get(length + 1) == Some(&b'\n'),
            Some(other) => *other == delimiter,
            None => false,
        };
        match (&self.spelling, column) {
            (Spelling::Integer, Column::Integer(values)) => {
                let (number, length) = cells::integer(bytes)?;
                is_end(length).then(|| values.push_narrow(number)).map(|()| length)
            }
            (Spelling::Amount(scale), Column::Money(values)) => {
                let (units, length) = cells::amount(bytes, *scale)?;
                is_end(length).then(|| values.push_narrow(units)).map(|()| length)
            }
            (Spelling::Date, Column::Date(values)) => {
                let (date, length) = cells::date(bytes)?;
                is_end(length).then(|| values.push(date)).map(|()| length)
            }
            (Spelling::Member(members), Column::Member(values)) => {
                let (spelling, length) = cells::short(bytes, delimiter)?;
                values.push(members.find_short(spelling)?);
                Some(length)
            }
            (Spelling::Text, Column::Text(texts)) => {
                let length = cells::length(bytes, delimiter)?;
                // Two signs may end the line.
                let usual = length > 0 && bytes.get(length) == Some(&delimiter);
                let text = plain.text.get(at..at + length).filter(|_| usual)?;
                texts.push(Some(text));
                Some(length)
            }
            _ => None,
        }
    }

    /// Reads a cell of any spelling, if it is one.
    fn unusual(
        &self,
        reader: &TableReader<'_>,
        plain: Plain<'_>,
        at: usize,
        (field, column): (usize, &mut Column),
    ) -> Option<usize> {
        let end = at + cells::length(plain.bytes.get(at..)?, plain.delimiter)?;
        let text = plain.text.get(at..end)?;
        let of_line = plain.bytes.get(end) == Some(&b'\n');
        let text = if of_line { text.strip_suffix('\r').unwrap_or(text) } else { text };
        match (&self.spelling, &mut *column) {
            (Spelling::Text, Column::Text(texts)) if !text.is_empty() => texts.push(Some(text)),
            _ => reader.push_cell(field, column, text)?,
        }
        Some(at + text.len())
    }
}
