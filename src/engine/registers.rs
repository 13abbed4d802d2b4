//! Reference data, sorted and indexed once at the start of a run.

use std::cmp::Ordering;
use std::sync::OnceLock;

use crate::base::Date;
use crate::plan::{Plan, Register, Shape, at};
use crate::rows::{Cell, RegisterRow};

use super::keys::Keys;
use super::value::{Names, Part, Value};

/// All registers of a run.
#[derive(Debug)]
pub(crate) struct Registers {
    tables: Vec<Table>,
}

/// One register: rows in key order, and ranges of them by the first parts of the key.
#[derive(Debug, Default)]
struct Table {
    rows: Vec<Entry>,
    /// What holds for good of each row, field by field, row by row: one place in memory a row.
    plain: Vec<Cell>,
    /// Fields in a row of `plain`.
    width: usize,
    /// In the same places what was worked out once and holds for the run.
    steady: Vec<OnceLock<Cell>>,
    prefixes: Vec<(usize, Ranges)>,
}

/// By the first parts of a key, the rows from the first to before the last.
#[derive(Debug, Default)]
struct Ranges {
    keys: Keys,
    /// By the number of the key.
    rows: Vec<(u32, u32)>,
}

/// What stands under one key; of a register with many rows a key, one of them.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Ascending by their first day; one, unless fields are dated.
    versions: Vec<RegisterRow>,
    /// Two rows claim the same key on the same day.
    pub clash: bool,
}

impl Registers {
    /// Sorts and indexes rows. Rows of a register the plan does not know are left out.
    pub fn new(plan: &Plan, given: Vec<(u32, Vec<RegisterRow>)>, names: &mut Names) -> Registers {
        let mut rows: Vec<Vec<RegisterRow>> = plan.registers.iter().map(|_| Vec::new()).collect();
        for (register, more) in given {
            if let Some(rows) = rows.get_mut(at(register)) {
                rows.extend(more);
            }
        }
        let tables = plan.registers.iter().zip(rows).map(|(register, rows)| {
            let shape = plan.shapes.get(at(register.shape));
            shape.map_or_else(Table::default, |shape| table(register, shape, rows, names))
        });
        Registers { tables: tables.collect() }
    }

    /// The rows whose key starts with these parts, as positions from the first to before the last.
    pub fn range(&self, register: u32, parts: &[Part]) -> (u32, u32) {
        let table = self.tables.get(at(register));
        let prefixes = table.map_or(&[][..], |table| &table.prefixes);
        let prefix = prefixes.iter().find(|(length, _)| *length == parts.len());
        let rows = prefix.and_then(|(_, ranges)| {
            let number = ranges.keys.known(parts)?;
            ranges.rows.get(at(number)).copied()
        });
        rows.unwrap_or((0, 0))
    }

    /// A field of a row that holds for good: the first version that has it.
    pub fn cell(&self, register: u32, row: u32, field: u32) -> Option<&Cell> {
        let table = self.tables.get(at(register))?;
        if at(field) >= table.width {
            return None;
        }
        table.plain.get(at(row) * table.width + at(field))
    }

    /// A computed field that has one value for the run, once it has been worked out.
    pub fn steady(&self, register: u32, row: u32, field: u32) -> Option<&Cell> {
        self.place(register, row, field)?.get()
    }

    /// Keeps such a value.
    pub fn keep_steady(&self, register: u32, row: u32, field: u32, value: Cell) {
        if let Some(place) = self.place(register, row, field) {
            // Whoever was first found the same.
            let _ = place.set(value);
        }
    }

    fn place(&self, register: u32, row: u32, field: u32) -> Option<&OnceLock<Cell>> {
        let table = self.tables.get(at(register))?;
        table.steady.get(at(row) * table.width + at(field))
    }

    /// A row by position.
    pub fn entry(&self, register: u32, row: u32) -> Option<&Entry> {
        self.tables.get(at(register))?.rows.get(at(row))
    }
}

impl Entry {
    /// A field that holds for good: the first version that has it.
    pub fn cell(&self, field: u32) -> Option<&Cell> {
        let mut cells = self.versions.iter().filter_map(|row| row.cells.get(at(field)));
        let first = self.versions.first().and_then(|row| row.cells.get(at(field)));
        cells.find(|cell| **cell != Cell::Missing).or(first)
    }

    /// A dated field on a day; nothing where no version holds.
    pub fn cell_on(&self, field: u32, day: Date) -> Option<&Cell> {
        let begun = self.versions.partition_point(|row| row.from.is_none_or(|from| from <= day));
        let version = self.versions.get(begun.checked_sub(1)?)?;
        let holds = version.until.is_none_or(|until| day < until);
        if holds { version.cells.get(at(field)) } else { None }
    }

    /// The row as first read, for whoever reports it.
    pub fn first(&self) -> Option<&RegisterRow> {
        self.versions.first()
    }
}

fn table(register: &Register, shape: &Shape, rows: Vec<RegisterRow>, names: &mut Names) -> Table {
    let mut rows = rows;
    // Stable: rows under one key stay in the order of the file.
    rows.sort_by(|a, b| {
        let keys = register.keys.iter().map(|field| order(a, b, *field));
        keys.fold(Ordering::Equal, Ordering::then)
    });
    let keyed: Vec<(Box<[Part]>, RegisterRow)> =
        rows.into_iter().map(|row| (key(register, shape, &row, names), row)).collect();
    let dated = shape.fields.iter().any(|field| field.dated);
    let mut entries: Vec<Entry> = Vec::with_capacity(keyed.len());
    let mut keys: Vec<Box<[Part]>> = Vec::with_capacity(keyed.len());
    for (key, row) in keyed {
        match entries.last_mut() {
            Some(entry) if !register.many && keys.last() == Some(&key) => entry.versions.push(row),
            _ => {
                entries.push(Entry { versions: vec![row], clash: false });
                keys.push(key);
            }
        }
    }
    for entry in &mut entries {
        entry.versions.sort_by_key(|row| row.from);
        let pairs = || entry.versions.iter().zip(entry.versions.iter().skip(1));
        entry.clash = pairs().any(|(earlier, later)| !dated || overlap(earlier, later));
    }
    let prefixes = register.prefixes.iter().map(|length| (*length, ranges(&keys, *length)));
    let width = shape.fields.len();
    let fields = (0..u32::try_from(width).unwrap_or(u32::MAX)).collect::<Vec<u32>>();
    let plain = entries.iter().flat_map(|entry| {
        fields.iter().map(|field| entry.cell(*field).cloned().unwrap_or(Cell::Missing))
    });
    let plain: Vec<Cell> = plain.collect();
    let any_steady = shape.fields.iter().any(|field| field.steady);
    let steady = plain.iter().filter(|_| any_steady).map(|_| OnceLock::new()).collect();
    Table { prefixes: prefixes.collect(), rows: entries, plain, width, steady }
}

fn overlap(earlier: &RegisterRow, later: &RegisterRow) -> bool {
    match (earlier.until, later.from) {
        (Some(until), Some(from)) => from < until,
        (None, _) | (_, None) => true,
    }
}

fn key(register: &Register, shape: &Shape, row: &RegisterRow, names: &mut Names) -> Box<[Part]> {
    let part = |field: &u32| {
        let kind = shape.fields.get(at(*field)).map(|field| &field.kind);
        match (row.cells.get(at(*field)), kind) {
            (Some(cell), Some(kind)) => names.part(&Value::of_cell(cell, kind)),
            _ => Part::Missing,
        }
    };
    register.keys.iter().map(part).collect()
}

fn ranges(keys: &[Box<[Part]>], length: usize) -> Ranges {
    let mut ranges = Ranges::default();
    for (row, key) in (0_u32..).zip(keys) {
        let number = ranges.keys.number(key.get(..length).unwrap_or(key));
        match ranges.rows.get_mut(at(number)) {
            Some(range) => range.1 = row + 1,
            None => ranges.rows.push((row, row + 1)),
        }
    }
    ranges
}

fn order(a: &RegisterRow, b: &RegisterRow, field: u32) -> Ordering {
    match (a.cells.get(at(field)), b.cells.get(at(field))) {
        (Some(a), Some(b)) => order_of_cells(a, b),
        _ => Ordering::Equal,
    }
}

/// Numbers and dates by value, texts by code point, members as declared; what is missing first, and
/// of different types in that order.
pub(crate) fn order_of_cells(a: &Cell, b: &Cell) -> Ordering {
    match (a, b) {
        (Cell::Bool(a), Cell::Bool(b)) => a.cmp(b),
        (Cell::Integer(a), Cell::Integer(b)) => a.cmp(b),
        (Cell::Number(a), Cell::Number(b)) => a.cmp(b),
        (Cell::Money(a), Cell::Money(b)) => a.cmp(b),
        (Cell::Date(a), Cell::Date(b)) => a.cmp(b),
        (Cell::Period(a), Cell::Period(b)) => a.cmp(b),
        (Cell::Duration(a), Cell::Duration(b)) => a.cmp(b),
        (Cell::Text(a), Cell::Text(b)) => a.as_ref().cmp(b.as_ref()),
        (Cell::Member(a), Cell::Member(b)) => a.cmp(b),
        (Cell::List(a), Cell::List(b)) | (Cell::Record(a), Cell::Record(b)) => {
            let parts = a.iter().zip(b).map(|(a, b)| order_of_cells(a, b));
            parts.fold(Ordering::Equal, Ordering::then).then(a.len().cmp(&b.len()))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

fn rank(cell: &Cell) -> u8 {
    match cell {
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
