//! A table that somebody else made: every cell as it stands, whatever it means.

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::report::names::folded;
use crate::rows::Unreadable;

use super::error::FormatsError;
use super::held::Held;
use super::input::Input;
use super::json::{self, JsonValue};
use super::raw::{RawRow, RawRows};
use super::seen::Seen;
use super::totals::is_total;

/// The cells of a file under the names of its columns.
#[derive(Debug, Clone, Default)]
pub struct ForeignTable {
    /// The columns, in order.
    pub header: Vec<String>,
    /// What stands above each column, where names stand in several rows; empty if that is nothing.
    pub above: Vec<String>,
    /// The rows, in order.
    pub rows: Vec<ForeignRow>,
}

/// A row of a table that somebody else made.
#[derive(Debug, Clone, Default)]
pub struct ForeignRow {
    /// Its line, or its number in an array.
    pub line: u64,
    /// A cell for each column of the header; empty where the row has none.
    pub cells: Vec<String>,
    /// Columns of cells of which digits are lost: what is left is no code.
    pub cut: Vec<usize>,
    /// Columns of cells that show a number otherwise than by its digits.
    seen: Vec<(usize, Seen)>,
    /// What it calls itself, if that is what rows of totals are called.
    pub total: Option<String>,
    /// Why it is no row, if it is none; `cells` then holds its text.
    pub broken: Option<Unreadable>,
}

impl ForeignRow {
    /// Whether a cell shows another code than its digits.
    pub fn shows_another_code(&self, column: usize) -> bool {
        self.seen.iter().any(|(at, _)| *at == column)
    }

    /// Whether a cell shows another amount than its digits, which may be in a unit if that is said.
    pub fn shows_another_amount(&self, column: usize, in_unit: bool) -> bool {
        self.seen.iter().any(|(at, seen)| match seen {
            Seen::Percent | Seen::Altered => *at == column,
            Seen::Scaled => *at == column && !in_unit,
            Seen::Digits | Seen::Otherwise => false,
        })
    }
}

impl ForeignTable {
    /// Reads a whole file.
    ///
    /// # Errors
    /// It cannot be read, or has no line of column names.
    pub fn read(input: &Input) -> Result<ForeignTable, FormatsError> {
        let mut rows = RawRows::open(input)?;
        rows.unguard_allocations(input);
        let (header, above) = (rows.header.clone(), rows.above.clone());
        let mut table = ForeignTable { header, above, rows: Vec::new() };
        let mut places: HashMap<String, usize> = HashMap::new();
        while let Some(row) = rows.next()? {
            if row.is_blank() {
                continue;
            }
            let line = row.line();
            let (mut cut, mut seen) = (Vec::new(), Vec::new());
            let (cells, broken): (Vec<String>, _) = match row {
                RawRow::Cells(cells) => (cells.iter().map(str::to_owned).collect(), None),
                RawRow::Values { cells, .. } => {
                    let cells_cut = cells.iter().enumerate().filter(|(_, cell)| cell.is_cut());
                    cut.extend(cells_cut.map(|(at, _)| at));
                    let otherwise =
                        |(at, cell): (usize, &Held<'_>)| Some((at, cell.seen_otherwise()?));
                    seen.extend(cells.iter().enumerate().filter_map(otherwise));
                    (cells.iter().map(|cell| cell.text().into_owned()).collect(), None)
                }
                RawRow::Record { record, .. } => {
                    let mut cells = vec![String::new(); table.header.len()];
                    for (name, value) in record.0 {
                        let header = &mut table.header;
                        let place = *places.entry(folded(&name)).or_insert_with(|| {
                            header.push(name.clone().into_owned());
                            header.len() - 1
                        });
                        cells.resize(cells.len().max(place + 1), String::new());
                        if let Some(cell) = cells.get_mut(place) {
                            *cell = text_of(value);
                        }
                    }
                    (cells, None)
                }
                RawRow::Broken { text, why, .. } => (vec![text], Some(why)),
            };
            let total = cells.iter().find(|cell| broken.is_none() && is_total(cell));
            let total = total.map(|cell| cell.trim().to_owned());
            table.rows.push(ForeignRow { line, cells, cut, seen, total, broken });
        }
        let columns = table.header.len();
        for row in table.rows.iter_mut().filter(|row| row.broken.is_none()) {
            row.cells.resize(columns, String::new());
        }
        Ok(table)
    }
}

/// A value of a record as a cell would have it.
fn text_of(raw: &RawValue) -> String {
    match json::value(raw) {
        JsonValue::Text(text) => text.into_owned(),
        JsonValue::Null => String::new(),
        JsonValue::Bool(_) | JsonValue::Number(_) | JsonValue::List(_) | JsonValue::Record(_) => {
            raw.get().to_owned()
        }
    }
}
