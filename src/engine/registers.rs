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
    /// Whether any two do.
    has_clashes: bool,
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
pub(crate) struct Ranges {
    keys: Keys,
    /// By the number of the key.
    rows: Vec<(u32, u32)>,
}

impl Ranges {
    /// The rows whose key starts with these parts.
    #[inline]
    pub fn of(&self, parts: &[Part]) -> Option<(u32, u32)> {
        self.rows.get(at(self.keys.known(parts)?)).copied()
    }
}

impl<'r> Registers<'r> {
    /// Sorts and indexes rows, on two threads if there are. Rows of a register the plan does not know are
    /// left out.
    pub fn new(
        plan: &Plan,
        given: &'r [(u32, Vec<RegisterRow>)],
        names: &mut Names,
        threads: usize,
    ) -> Registers<'r> {
        let tables = (0..).zip(&plan.registers).map(|(register, declared)| {
            let own = given.iter().filter(|(of, _)| *of == register);
            let rows: Vec<&RegisterRow> = own.flat_map(|(_, rows)| rows).collect();
            let shape = plan.shapes.get(at(declared.shape));
            let table = |shape| table(declared, shape, &rows, (&mut *names, threads));
            shape.map_or_else(Table::default, table)
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
        let rows = self.ranges(register, parts.len()).and_then(|ranges| ranges.of(parts));
        if rows.is_none() && self.is_empty(register) {
            self.asks_in_vain(register);
        }
        rows.unwrap_or((0, 0))
    }

    /// Rows by so many first parts of their keys, if anybody asks for them so.
    pub fn ranges(&self, register: u32, length: usize) -> Option<&Ranges> {
        let prefixes = &self.tables.get(at(register))?.prefixes;
        prefixes.iter().find(|(own, _)| *own == length).map(|(_, ranges)| ranges)
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
        let table = self.tables.get(at(register)).filter(|table| table.has_clashes);
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

/// Puts rows in the order of their keys. What is asked of each is asked in the order of the file, which is
/// that of memory: in any other each row would have to be waited for.
fn table<'r>(
    register: &Register,
    shape: &Shape,
    rows: &[&'r RegisterRow],
    (names, threads): (&mut Names, usize),
) -> Table<'r> {
    let dated = shape.fields.iter().any(|field| field.dated);
    let width = shape.fields.len();
    let (ordered, read) = match threads > 1 && rows.len() >= MANY {
        false => (sorted(register, rows), Read::of(register, shape, rows, names)),
        true => std::thread::scope(|scope| {
            let ordered = scope.spawn(|| sorted(register, rows));
            let read = Read::of(register, shape, rows, names);
            (ordered.join().unwrap_or_else(|_| sorted(register, rows)), read)
        }),
    };
    let mut table = Table { width, ..Table::default() };
    // Keys end to end, each as long as the others.
    let mut keys: Vec<Part> = Vec::with_capacity(read.keys.len());
    table.plain.reserve(rows.len());
    table.origins.reserve(rows.len());
    table.numbers.reserve(rows.len() * (width + 1));
    let row = |placed: &Placed| rows.get(at(placed.place)).copied();
    let same = |one: &Placed, other: &Placed| {
        let equal = |field: &u32| match (row(one), row(other)) {
            (Some(one), Some(other)) => order(one, other, *field).is_eq(),
            _ => true,
        };
        !register.many && one.digest == other.digest && register.keys.iter().all(equal)
    };
    for under_one_key in ordered.chunk_by(same) {
        let Some(first) = under_one_key.first() else { continue };
        keys.extend_from_slice(part_of(&read.keys, first.place, register.keys.len()));
        match (under_one_key, row(first)) {
            ([_], Some(row)) if !dated && row.cells.len() == width => {
                table.add_plain(row, part_of(&read.numbers, first.place, width));
            }
            _ => {
                let mut versions: Vec<&RegisterRow> =
                    under_one_key.iter().filter_map(row).collect();
                versions.sort_by_key(|row| row.from);
                table.add(&versions, dated);
            }
        }
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

/// So many rows are worth a second thread.
const MANY: usize = 4096;

/// What is asked of rows, in the order of the file.
struct Read {
    /// The parts of their keys, end to end.
    keys: Vec<Part>,
    /// Their fields as plain numbers, end to end.
    numbers: Vec<i64>,
}

impl Read {
    fn of(register: &Register, shape: &Shape, rows: &[&RegisterRow], names: &mut Names) -> Read {
        let (mut keys, mut numbers) = (Vec::new(), Vec::new());
        keys.reserve_exact(rows.len() * register.keys.len());
        numbers.reserve_exact(rows.len() * shape.fields.len());
        names.reserve(rows.len());
        for row in rows {
            keys.extend(register.keys.iter().map(|field| key_part(*field, shape, row, names)));
            let number = |field| row.cells.get(field).and_then(number).unwrap_or(NO_NUMBER);
            numbers.extend((0..shape.fields.len()).map(number));
        }
        Read { keys, numbers }
    }
}

/// Those of a row, of a list that has so many for each.
fn part_of<T>(list: &[T], row: u32, each: usize) -> &[T] {
    let start = at(row) * each;
    list.get(start..start + each).unwrap_or_default()
}

impl<'r> Table<'r> {
    /// Adds a row that has its key for itself, and whose fields are these numbers.
    fn add_plain(&mut self, row: &'r RegisterRow, numbers: &[i64]) {
        self.numbers.push(0);
        self.numbers.extend_from_slice(numbers);
        self.plain.push(Cow::Borrowed(&row.cells));
        self.origins.push(row.origin);
    }

    /// Adds what stands under one key: versions in the order in which they begin.
    fn add(&mut self, versions: &[&'r RegisterRow], dated: bool) {
        let mut pairs = versions.iter().zip(versions.iter().skip(1));
        let clash = pairs.any(|(earlier, later)| !dated || overlap(earlier, later));
        self.has_clashes |= clash;
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

/// The place of a row in the file, with what nearly always tells its key from another.
struct Placed {
    digest: u128,
    place: u32,
}

/// Rows in the order of their keys; rows under one key stay in the order of the file.
fn sorted(register: &Register, rows: &[&RegisterRow]) -> Vec<Placed> {
    let digest = |row: &RegisterRow| {
        let first = register.keys.first().and_then(|field| row.cells.get(at(*field)));
        first.map_or(0, digest)
    };
    let placed = (0..).zip(rows).map(|(place, row)| Placed { digest: digest(row), place });
    let mut placed: Vec<Placed> = placed.collect();
    placed.sort_by(|one, two| {
        one.digest.cmp(&two.digest).then_with(|| {
            let rows = rows.get(at(one.place)).zip(rows.get(at(two.place)));
            rows.map_or(Ordering::Equal, |(one, two)| {
                let keys = register.keys.iter().map(|field| order(one, two, *field));
                keys.fold(Ordering::Equal, Ordering::then)
            })
        })
    });
    placed
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
