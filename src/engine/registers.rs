//! Reference data, sorted and indexed once at the start of a run.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::OnceLock;
use std::sync::atomic::{self, AtomicBool};

use crate::base::Date;
use crate::plan::{Constant, Plan, Register, Shape, at};
use crate::rows::{Cell, Origin, RegisterRow};

use super::keys::Keys;
use super::value::{Names, Part, Value};

/// All registers of a run.
#[derive(Debug)]
pub(crate) struct Registers<'r> {
    tables: Vec<Table<'r>>,
    /// The plan's steady values, those that have one.
    known: Vec<Option<Constant>>,
    /// The names in the keys of their rows, for other threads.
    names: Option<Names>,
}

/// One register: rows in key order, and ranges of them by the first parts of the key.
#[derive(Debug, Default)]
struct Table<'r> {
    /// What holds for good of each row, field by field: what the first version says that says anything.
    plain: Vec<Cow<'r, [Cell]>>,
    /// Where each row was read first.
    origins: Vec<Origin>,
    /// If fields are dated: the versions of each row, ascending by their first day.
    versions: Vec<Vec<&'r RegisterRow>>,
    /// Of each row whether two rows under its key claim the same day, and its fields as plain
    /// numbers, as far as they are such: what most rules ask for stands in one place.
    numbers: Vec<i64>,
    /// Fields in a row.
    width: usize,
    /// What was worked out once and holds for the run: of each row the fields that do.
    steady: Vec<OnceLock<Cell>>,
    /// The fields that do, ascending.
    steady_fields: Vec<u32>,
    prefixes: Vec<(usize, Ranges)>,
    /// Whether a row was looked for where there is none at all.
    asked_in_vain: AtomicBool,
}

/// By the first parts of a key, the rows from the first to before the last.
#[derive(Debug, Default)]
struct Ranges {
    keys: Keys,
    /// By the number of the key.
    rows: Vec<(u32, u32)>,
}

impl<'r> Registers<'r> {
    /// Sorts and indexes rows. Rows of a register the plan does not know are left out.
    pub fn new(
        plan: &Plan,
        given: &'r [(u32, Vec<RegisterRow>)],
        names: &mut Names,
    ) -> Registers<'r> {
        let tables = (0..).zip(&plan.registers).map(|(register, declared)| {
            let own = given.iter().filter(|(of, _)| *of == register);
            let rows = sorted(declared, own.flat_map(|(_, rows)| rows));
            let shape = plan.shapes.get(at(declared.shape));
            shape.map_or_else(Table::default, |shape| table(declared, shape, &rows, names))
        });
        Registers { tables: tables.collect(), known: Vec::new(), names: None }
    }

    /// Keeps the names in the keys of rows, with the numbers that they have for the whole run, for
    /// whoever looks for rows while others add names.
    pub fn keep_names(&mut self, names: &Names) {
        self.names = Some(names.clone());
    }

    pub fn names(&self) -> Option<&Names> {
        self.names.as_ref()
    }

    /// Takes in the plan's steady values.
    pub fn know(&mut self, known: Vec<Option<Constant>>) {
        self.known = known;
    }

    /// A steady value of the plan, if it has one.
    pub fn known(&self, place: u32) -> Option<&Constant> {
        self.known.get(at(place))?.as_ref()
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
        if rows.is_none() && self.is_empty(register) {
            self.asks_in_vain(register);
        }
        rows.unwrap_or((0, 0))
    }

    /// Whether a register has no row.
    pub fn is_empty(&self, register: u32) -> bool {
        self.tables.get(at(register)).is_none_or(|table| table.origins.is_empty())
    }

    /// Notes that a row was looked for in a register without any.
    pub fn asks_in_vain(&self, register: u32) {
        if let Some(table) = self.tables.get(at(register)) {
            table.asked_in_vain.store(true, atomic::Ordering::Relaxed);
        }
    }

    /// The registers without any row in which one was looked for.
    pub fn asked_in_vain(&self) -> Vec<u32> {
        let asked = |table: &Table| table.asked_in_vain.load(atomic::Ordering::Relaxed);
        let all = (0..).zip(&self.tables);
        all.filter(|(_, table)| asked(table)).map(|(register, _)| register).collect()
    }

    /// A field of a row that holds for good: the first version that has it.
    pub fn cell(&self, register: u32, row: u32, field: u32) -> Option<&Cell> {
        self.tables.get(at(register))?.plain.get(at(row))?.get(at(field))
    }

    /// A field of a row that holds for good as a number of 64 bits: a whole number, an amount in
    /// minor units, a day, a member, or one for yes. Nothing where it is none of these.
    #[inline]
    pub fn number(&self, register: u32, row: u32, field: u32) -> Option<i64> {
        let table = self.tables.get(at(register))?;
        let place = at(row) * (table.width + 1) + at(field) + 1;
        table.numbers.get(place).copied().filter(|number| *number != NO_NUMBER)
    }

    /// A computed field that has one value for the run, once it has been worked out.
    pub fn steady(&self, register: u32, row: u32, field: u32) -> Option<&Cell> {
        self.place(register, row, field)?.get()
    }

    /// A field of a row that holds for good, or has one value for the run.
    pub fn value(&self, register: u32, row: u32, field: u32) -> Option<&Cell> {
        match self.cell(register, row, field)? {
            Cell::Missing => self.steady(register, row, field),
            cell => Some(cell),
        }
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
        let place = table.steady_fields.iter().position(|steady| *steady == field)?;
        table.steady.get(at(row) * table.steady_fields.len() + place)
    }

    /// Whether two rows claim the same key on the same day.
    pub fn clashes(&self, register: u32, row: u32) -> bool {
        let table = self.tables.get(at(register));
        table.is_some_and(|table| table.numbers.get(at(row) * (table.width + 1)) == Some(&1))
    }

    /// A dated field on a day; nothing where no version holds.
    pub fn cell_on(&self, register: u32, row: u32, field: u32, day: Date) -> Option<&Cell> {
        let versions = self.tables.get(at(register))?.versions.get(at(row))?;
        let begun = versions.partition_point(|row| row.from.is_none_or(|from| from <= day));
        let version = versions.get(begun.checked_sub(1)?)?;
        let holds = version.until.is_none_or(|until| day < until);
        if holds { version.cells.get(at(field)) } else { None }
    }

    /// The fields of a row as first given, for whoever hears of it.
    pub fn record(&self, register: u32, row: u32) -> Option<&[Cell]> {
        let table = self.tables.get(at(register))?;
        match table.versions.get(at(row)) {
            Some(versions) => versions.first().map(|row| row.cells.as_slice()),
            None => table.plain.get(at(row)).map(|row| &**row),
        }
    }

    /// Where a row was read first, for whoever reports it.
    pub fn origin(&self, register: u32, row: u32) -> Option<Origin> {
        self.tables.get(at(register))?.origins.get(at(row)).copied()
    }
}

fn table<'r>(
    register: &Register,
    shape: &Shape,
    rows: &[Sorted<'r>],
    names: &mut Names,
) -> Table<'r> {
    let dated = shape.fields.iter().any(|field| field.dated);
    let width = shape.fields.len();
    let mut table = Table { width, ..Table::default() };
    // Keys end to end, each as long as the others.
    let mut keys: Vec<Part> = Vec::with_capacity(rows.len() * register.keys.len());
    table.plain.reserve(rows.len());
    table.numbers.reserve(rows.len() * (width + 1));
    names.reserve(rows.len());
    let same = |one: &Sorted<'_>, other: &Sorted<'_>| {
        let all = |field: &u32| order(one.row, other.row, *field).is_eq();
        !register.many && one.digest == other.digest && register.keys.iter().all(all)
    };
    let mut versions: Vec<&RegisterRow> = Vec::new();
    for under_one_key in rows.chunk_by(same) {
        versions.clear();
        versions.extend(under_one_key.iter().map(|it| it.row));
        versions.sort_by_key(|row| row.from);
        if let Some(Sorted { row, .. }) = under_one_key.first() {
            for field in &register.keys {
                keys.push(key_part(*field, shape, row, names));
            }
        }
        table.add(&versions, dated);
    }
    let key = |row: usize, length: usize| {
        let start = row * register.keys.len();
        keys.get(start..start + length.min(register.keys.len())).unwrap_or_default()
    };
    let count = table.origins.len();
    let ranges = |length: usize| ranges((0..count).map(|row| key(row, length)));
    table.prefixes = register.prefixes.iter().map(|length| (*length, ranges(*length))).collect();
    let fields = (0..).zip(&shape.fields);
    table.steady_fields = fields.filter(|(_, it)| it.steady).map(|(field, _)| field).collect();
    table.steady.resize_with(count * table.steady_fields.len(), OnceLock::new);
    table
}

impl<'r> Table<'r> {
    /// Adds what stands under one key: versions in the order in which they begin.
    fn add(&mut self, versions: &[&'r RegisterRow], dated: bool) {
        let mut pairs = versions.iter().zip(versions.iter().skip(1));
        let clash = pairs.any(|(earlier, later)| !dated || overlap(earlier, later));
        self.numbers.push(clash.into());
        let plain = match versions {
            [row] if row.cells.len() == self.width => Cow::Borrowed(row.cells.as_slice()),
            _ => (0..self.width).map(|field| said(versions, field)).collect(),
        };
        self.numbers.extend(plain.iter().map(|cell| number(cell).unwrap_or(NO_NUMBER)));
        self.plain.push(plain);
        let origin = versions.first().map_or(Origin::MADE, |row| row.origin);
        self.origins.push(origin);
        if dated {
            self.versions.push(versions.to_vec());
        }
    }
}

/// Stands where there is no number.
const NO_NUMBER: i64 = i64::MIN;

fn number(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Integer(value) => i64::try_from(*value).ok(),
        Cell::Money(value) => i64::try_from(value.minor()).ok(),
        Cell::Date(day) => Some(day.days().into()),
        Cell::Member(member) => Some((*member).into()),
        Cell::Bool(value) => Some((*value).into()),
        _ => None,
    }
}

/// What the first version says of a field that says anything.
fn said(versions: &[&RegisterRow], field: usize) -> Cell {
    let mut cells = versions.iter().filter_map(|row| row.cells.get(field));
    let said = cells.find(|cell| !matches!(cell, Cell::Missing));
    said.cloned().unwrap_or(Cell::Missing)
}

/// A row, with what nearly always tells its key from another.
struct Sorted<'r> {
    digest: u128,
    row: &'r RegisterRow,
}

/// Rows in the order of their keys; rows under one key stay in the order of the file.
fn sorted<'r>(register: &Register, rows: impl Iterator<Item = &'r RegisterRow>) -> Vec<Sorted<'r>> {
    let digest = |row: &RegisterRow| {
        let first = register.keys.first().and_then(|field| row.cells.get(at(*field)));
        first.map_or(0, digest)
    };
    let mut rows: Vec<Sorted<'r>> = rows.map(|row| Sorted { digest: digest(row), row }).collect();
    rows.sort_by(|one, two| {
        one.digest.cmp(&two.digest).then_with(|| {
            let keys = register.keys.iter().map(|field| order(one.row, two.row, *field));
            keys.fold(Ordering::Equal, Ordering::then)
        })
    });
    rows
}

/// What decides nearly every comparison of two cells: ordered as they are, or equal.
fn digest(cell: &Cell) -> u128 {
    let mut bytes = [0; 16];
    let [rank, rest @ ..] = &mut bytes;
    *rank = cell.rank();
    if let Cell::Text(text) = cell {
        rest.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
    }
    u128::from_be_bytes(bytes)
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
        (Some(a), Some(b)) => a.order(b),
        _ => Ordering::Equal,
    }
}
