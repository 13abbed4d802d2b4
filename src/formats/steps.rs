//! Usual rows of a CSV file, column by column straight from their bytes.
//!
//! What is usual is decided here from the kinds of the fields before the first row is read. A cell
//! that is spelt otherwise is left to the general reader; a row with a cell that is none, or with
//! more or fewer cells than there are columns, is put back and left to it whole. So this reader
//! never has to say what is wrong.

use std::sync::Arc;

use crate::base::{Period, PeriodKind};
use crate::report::names::{Kind, Members, Table};
use crate::rows::Column;

use super::blocks::Place;
use super::cells::{self, Amounts};
use super::columns::FieldFrom;
use super::cuts::{ColumnCuts, Cuts};
use super::mapping::TableMapping;
use super::nested::has_records;
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
    /// Whether a cell without anything in it is the lack of a value.
    may_lack: bool,
}

/// How the cells of a column are usually spelt.
#[derive(Debug)]
enum Spelling {
    Integer,
    Amount(Amounts),
    Date,
    Member(Arc<Members>),
    Period(PeriodKind),
    Text,
    /// In no way that has a reader here.
    Other,
}

/// The bytes of a block that is text throughout.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plain<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) text: &'a str,
    pub(super) delimiter: u8,
    /// Whether there are quotes.
    pub(super) quotes: bool,
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
        let skip = || Step { field: None, spelling: Spelling::Other, may_lack: false };
        let plain = mapping.takes_texts_as_they_are();
        let mut steps: Vec<Step> = (0..columns).map(|_| skip()).collect();
        let mut constants = Vec::new();
        for (at, (field, from)) in table.fields.iter().zip(from).enumerate() {
            let place = match from {
                // Every row lacks it.
                FieldFrom::Nowhere if field.required && !field.computed => return None,
                FieldFrom::Nowhere => continue,
                FieldFrom::OneOf(_) => return None,
                // What is in them is looked at by the row.
                _ if has_records(&field.kind) => return None,
                FieldFrom::Constant(_) => {
                    constants.push(at);
                    continue;
                }
                FieldFrom::Column(place) => *place,
            };
            let spelling = match &field.kind {
                _ if mapping.values.contains_key(&at) || mapping.has_unit(at) => Spelling::Other,
                Kind::Integer => Spelling::Integer,
                Kind::Money(scale) => {
                    Amounts::new(*scale).map_or(Spelling::Other, Spelling::Amount)
                }
                Kind::Date => Spelling::Date,
                Kind::Member(members) => Spelling::Member(members.clone()),
                Kind::Period(kind) if plain => Spelling::Period(*kind),
                Kind::Text => Spelling::Text,
                _ => Spelling::Other,
            };
            // A column holds one field, by the way columns are bound.
            let free = steps.get_mut(place).filter(|step| step.field.is_none())?;
            let may_lack = plain && !field.required && !field.computed;
            *free = Step { field: Some(at), spelling, may_lack };
        }
        (columns > 0).then_some(Steps { columns: steps, constants })
    }

    /// Whether cells apart by this sign can be told apart before they are read: it stands in no
    /// number or date.
    pub(super) fn allow(delimiter: u8) -> bool {
        matches!(delimiter, b',' | b';' | b'\t' | b'|')
    }

    /// How many cells a row has.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Reads rows that have been cut, and says how many could be read. Before the next one stands a
    /// row that the general reader is to read, if they are not all; columns may have grown further.
    pub(super) fn read(
        &self,
        reader: &TableReader<'_>,
        plain: Plain<'_>,
        cuts: &Cuts,
        columns: &mut [Column],
    ) -> usize {
        let mut rows = cuts.rows();
        for (place, step) in self.columns.iter().enumerate() {
            let Some(field) = step.field else { continue };
            let Some(column) = columns.get_mut(field) else { return 0 };
            let of = (reader, field);
            rows -= match plain.quotes {
                false => step.all(of, plain, cuts.column(place, rows), column),
                true => step.all(of, plain, cuts.unquoted(place, rows), column),
            };
        }
        for field in &self.constants {
            let Some(column) = columns.get_mut(*field) else { return 0 };
            let all = (0..rows).map_while(|_| reader.push_constant(*field, column));
            rows = all.count();
        }
        rows
    }
}

impl Step {
    /// Reads the cells of a field, and says how many are left from the first on that is none.
    #[inline(always)]
    fn all(
        &self,
        (reader, field): (&TableReader<'_>, usize),
        plain: Plain<'_>,
        mut cells: ColumnCuts<'_>,
        column: &mut Column,
    ) -> usize {
        let short = matches!(self.spelling, Spelling::Amount(_)) && are_short(&cells);
        while cells.len() > 0 {
            let usual = self.usual((plain, short), &mut cells, column);
            let Some((start, end)) = usual else { continue };
            if self.may_lack && start == end {
                let others = cells.clone().take_while(|(start, end)| start == end).count();
                cells.by_ref().take(others).for_each(drop);
                column.push_missing(1 + others);
                continue;
            }
            // One of another spelling, perhaps, and then on as usual.
            let text = plain.text.get(start..end);
            if text.and_then(|text| reader.push_cell(field, column, text)).is_none() {
                return cells.len() + 1;
            }
        }
        0
    }

    /// Reads cells as long as they are of the usual spelling, and gives the first that is not.
    #[inline(always)]
    fn usual(
        &self,
        (plain, short): (Plain<'_>, bool),
        cells: &mut ColumnCuts<'_>,
        column: &mut Column,
    ) -> Option<(usize, usize)> {
        let bytes = plain.bytes;
        match (&self.spelling, column) {
            (Spelling::Integer, Column::Integer(values)) => {
                values.extend_while(cells, |(start, end)| cells::integer(bytes, start, end))
            }
            (Spelling::Amount(amounts), Column::Money(values)) if short => {
                values.extend_while(cells, |(start, end)| amounts.read_short(bytes, start, end))
            }
            (Spelling::Amount(amounts), Column::Money(values)) => {
                values.extend_while(cells, |(start, end)| amounts.read(bytes, start, end))
            }
            (Spelling::Date, Column::Date(values)) => {
                values.extend_while(cells, |(start, end)| cells::date(bytes, start, end))
            }
            (Spelling::Member(members), Column::Member(values)) => {
                values.extend_while(cells, |(start, end)| {
                    match cells::two_words(bytes, start, end) {
                        Some(words) => members.find_short(words),
                        None => members.find_longer(cells::four_words(bytes, start, end)?),
                    }
                })
            }
            (Spelling::Period(kind), Column::Period(values)) => {
                values.extend_while(cells, |(start, end)| {
                    Period::parse(plain.text.get(start..end)?).filter(|it| it.kind() == *kind)
                })
            }
            (Spelling::Text, Column::Text(texts)) => texts.extend_from_text(plain.text, cells),
            _ => cells.next(),
        }
    }
}

/// Whether nearly all cells are of at most eight signs, as far as the first of them tell.
fn are_short(cells: &ColumnCuts<'_>) -> bool {
    let first = cells.clone().take(LOOKED_AT);
    first.filter(|(start, end)| end.wrapping_sub(*start) > 8).count() <= LOOKED_AT / 16
}

const LOOKED_AT: usize = 32;
