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
    /// Rows under whose key two claim the same day.
    clashes: Vec<bool>,
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
    first: RegisterRow,
    later: Vec<RegisterRow>,
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

    /// Whether two rows claim the same key on the same day.
    pub fn clashes(&self, register: u32, row: u32) -> bool {
        let table = self.tables.get(at(register));
        table.and_then(|table| table.clashes.get(at(row))).copied().unwrap_or(false)
    }

    /// A row by position.
    pub fn entry(&self, register: u32, row: u32) -> Option<&Entry> {
        self.tables.get(at(register))?.rows.get(at(row))
    }
}

impl Entry {
    fn versions(&self) -> impl Iterator<Item = &RegisterRow> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// A field that holds for good: the first version that has it.
    pub fn cell(&self, field: u32) -> Option<&Cell> {
        let mut cells = self.versions().filter_map(|row| row.cells.get(at(field)));
        cells.find(|cell| **cell != Cell::Missing).or(self.first.cells.get(at(field)))
    }

    /// A dated field on a day; nothing where no version holds.
    pub fn cell_on(&self, field: u32, day: Date) -> Option<&Cell> {
        let begun = self.versions().take_while(|row| row.from.is_none_or(|from| from <= day));
        let version = begun.last()?;
        let holds = version.until.is_none_or(|until| day < until);
        if holds { version.cells.get(at(field)) } else { None }
    }

    /// The row as first read, for whoever reports it.
    pub fn first(&self) -> &RegisterRow {
        &self.first
    }

    /// Puts its versions in their order, and sees whether two of them hold at once.
    fn put_in_order(&mut self, dated: bool) -> bool {
        if self.later.is_empty() {
            return false;
        }
        self.later.sort_by_key(|row| row.from);
        // As it was read before all others it stays before those of the same day.
        let before = self.later.partition_point(|row| row.from < self.first.from);
        if before > 0 {
            self.later.get_mut(..before).unwrap_or_default().rotate_left(1);
            if let Some(last) = before.checked_sub(1).and_then(|last| self.later.get_mut(last)) {
                std::mem::swap(&mut self.first, last);
            }
        }
        let mut pairs = self.versions().zip(&self.later);
        pairs.any(|(earlier, later)| !dated || overlap(earlier, later))
    }
}

fn table(register: &Register, shape: &Shape, rows: Vec<RegisterRow>, names: &mut Names) -> Table {
    let dated = shape.fields.iter().any(|field| field.dated);
    let mut entries: Vec<Entry> = Vec::with_capacity(rows.len());
    // Keys end to end, each as long as the others.
    let mut keys: Vec<Part> = Vec::with_capacity(rows.len() * register.keys.len());
    for row in sorted(register, rows) {
        let own = keys.len();
        keys.extend(register.keys.iter().map(|field| key_part(*field, shape, &row, names)));
        let before = own.checked_sub(register.keys.len()).and_then(|start| keys.get(start..own));
        match entries.last_mut() {
            Some(entry) if !register.many && before == keys.get(own..) => {
                entry.later.push(row);
                keys.truncate(own);
            }
            _ => entries.push(Entry { first: row, later: Vec::new() }),
        }
    }
    let clashes = entries.iter_mut().map(|entry| entry.put_in_order(dated)).collect();
    let key = |row: usize, length: usize| {
        let start = row * register.keys.len();
        keys.get(start..start + length.min(register.keys.len())).unwrap_or_default()
    };
    let ranges = |length: usize| ranges((0..entries.len()).map(|row| key(row, length)));
    let prefixes = register.prefixes.iter().map(|length| (*length, ranges(*length))).collect();
    let width = shape.fields.len();
    let fields = (0..u32::try_from(width).unwrap_or(u32::MAX)).collect::<Vec<u32>>();
    let mut plain: Vec<Cell> = Vec::with_capacity(entries.len() * width);
    for entry in &entries {
        let cell = |field: &u32| entry.cell(*field).cloned().unwrap_or(Cell::Missing);
        plain.extend(fields.iter().map(cell));
    }
    let any_steady = shape.fields.iter().any(|field| field.steady);
    let steady = plain.iter().filter(|_| any_steady).map(|_| OnceLock::new()).collect();
    Table { prefixes, rows: entries, plain, width, steady, clashes }
}

/// Rows in the order of their keys; rows under one key stay in the order of the file.
fn sorted(register: &Register, rows: Vec<RegisterRow>) -> impl Iterator<Item = RegisterRow> {
    let digest = |row: &RegisterRow| {
        let first = register.keys.first().and_then(|field| row.cells.get(at(*field)));
        first.map_or(0, digest)
    };
    let mut places: Vec<(u64, usize)> = rows.iter().map(digest).zip(0..).collect();
    places.sort_unstable_by(|(digest, a), (other, b)| {
        digest.cmp(other).then_with(|| {
            let (Some(one), Some(two)) = (rows.get(*a), rows.get(*b)) else { return a.cmp(b) };
            let keys = register.keys.iter().map(|field| order(one, two, *field));
            keys.fold(Ordering::Equal, Ordering::then).then(a.cmp(b))
        })
    });
    let mut rows: Vec<Option<RegisterRow>> = rows.into_iter().map(Some).collect();
    places.into_iter().filter_map(move |(_, place)| rows.get_mut(place)?.take())
}

/// What decides nearly every comparison of two cells: ordered as they are, or equal.
fn digest(cell: &Cell) -> u64 {
    let mut bytes = [rank(cell), 0, 0, 0, 0, 0, 0, 0];
    if let (Cell::Text(text), [_, rest @ ..]) = (cell, &mut bytes) {
        rest.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
    }
    u64::from_be_bytes(bytes)
}

fn overlap(earlier: &RegisterRow, later: &RegisterRow) -> bool {
    match (earlier.until, later.from) {
        (Some(until), Some(from)) => from < until,
        (None, _) | (_, None) => true,
    }
}

fn key_part(field: u32, shape: &Shape, row: &RegisterRow, names: &mut Names) -> Part {
    let kind = shape.fields.get(at(field)).map(|field| &field.kind);
    match (row.cells.get(at(field)), kind) {
        (Some(Cell::Text(text)), Some(_)) => names.kept_text_part(text),
        (Some(cell), Some(kind)) => names.part(&Value::of_cell(cell, kind)),
        _ => Part::Missing,
    }
}

fn ranges<'k>(keys: impl Iterator<Item = &'k [Part]>) -> Ranges {
    let mut ranges = Ranges::default();
    for (row, key) in (0_u32..).zip(keys) {
        let number = ranges.keys.number(key);
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
