//! Reference data, sorted and indexed once at the start of a run.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{self, AtomicBool};

use foldhash::fast::FixedState;

use crate::base::Date;
use crate::plan::{Constant, Kind, Plan, Register, Shape, at};
use crate::rows::{Cell, Column, Origin, RegisterTable};

use super::keys::Keys;
use super::lookup::value_of;
use super::names::Names;
use super::said::Said;
use super::sorted::by_digit;
use super::value::Part;

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
    /// As they were read.
    read: Cow<'r, RegisterTable>,
    /// Of each row where it stands among those that were read: the first, if it was read in several versions.
    places: Vec<u32>,
    /// What holds for good of rows with several versions: what the first says that says anything.
    merged: HashMap<u32, Vec<Cell>, FixedState>,
    /// If fields are dated: where the versions of each row stand, ascending by their first day.
    versions: Vec<Vec<u32>>,
    /// By field, what that is of each row as a plain number, as far as it is one: most rules ask for such.
    numbers: Vec<Vec<i64>>,
    /// Rows under whose key two claim the same day, ascending.
    clashing: Vec<u32>,
    /// Fields in a row.
    width: usize,
    /// Fields that are worked out once and hold for the run: what each row has there.
    steady: Vec<(u32, Vec<OnceLock<Cell>>)>,
    prefixes: Vec<(usize, Ranges)>,
    /// Whether a row was looked for where there is none at all.
    asked_in_vain: AtomicBool,
}

/// What a field of each row is as a plain number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlainNumbers<'r>(&'r [i64]);

impl PlainNumbers<'_> {
    /// That of a row, if it is one.
    #[inline]
    pub fn of(self, row: u32) -> Option<i64> {
        self.0.get(at(row)).copied().filter(|number| *number != NO_NUMBER)
    }
}

/// By the first parts of a key, the rows from the first to before the last.
#[derive(Debug, Default)]
pub(crate) struct Ranges {
    keys: Keys,
    /// By the number of the key; empty while each key has one row, that of its number.
    rows: Vec<(u32, u32)>,
}

impl Ranges {
    /// The rows whose key starts with these parts.
    #[inline]
    pub fn of(&self, parts: &[Part]) -> Option<(u32, u32)> {
        let number = self.keys.known(parts)?;
        match self.rows.is_empty() {
            true => Some((number, number + 1)),
            false => self.rows.get(at(number)).copied(),
        }
    }
}

impl<'r> Registers<'r> {
    /// Sorts and indexes rows. Rows of a register the plan does not know are left out.
    pub fn new(plan: &Plan, given: &'r [(u32, RegisterTable)], names: &mut Names) -> Registers<'r> {
        let tables = (0..).zip(&plan.registers).map(|(register, declared)| {
            let own: Vec<&RegisterTable> =
                given.iter().filter(|(of, _)| *of == register).map(|(_, rows)| rows).collect();
            let rows = match own.as_slice() {
                [rows] => Cow::Borrowed(*rows),
                several => {
                    let mut all = RegisterTable::default();
                    several.iter().for_each(|rows| all.append((*rows).clone()));
                    Cow::Owned(all)
                }
            };
            let shape = plan.shapes.get(at(declared.shape));
            let table = |shape| table(declared, shape, rows, &mut *names);
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
        self.tables.get(at(register)).is_none_or(|table| table.places.is_empty())
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
    pub fn cell(&self, register: u32, row: u32, field: u32) -> Option<Said<'_>> {
        self.tables.get(at(register))?.said(row, at(field))
    }

    /// Some fields of a row that hold for good, such as those of its key.
    pub fn cells(&self, register: u32, row: u32, fields: &[u32]) -> Vec<Cell> {
        let cell = |field: &u32| self.cell(register, row, *field).map(Said::cell);
        fields.iter().map(|field| cell(field).unwrap_or(Cell::Missing)).collect()
    }

    /// A field of a row that holds for good as a number of 64 bits: a whole number, an amount in
    /// minor units, a day, a member, or one for yes. Nothing where it is none of these.
    #[inline]
    pub fn number(&self, register: u32, row: u32, field: u32) -> Option<i64> {
        self.numbers(register, field).of(row)
    }

    /// The same of all rows.
    #[inline]
    pub fn numbers(&self, register: u32, field: u32) -> PlainNumbers<'_> {
        let numbers = self.tables.get(at(register)).and_then(|it| it.numbers.get(at(field)));
        PlainNumbers(numbers.map_or(&[], Vec::as_slice))
    }

    /// A computed field that has one value for the run, once it has been worked out.
    pub fn steady(&self, register: u32, row: u32, field: u32) -> Option<&Cell> {
        self.steady_of(register, field)?.get(at(row))?.get()
    }

    /// The same of all rows, if it is such a field.
    pub fn steady_of(&self, register: u32, field: u32) -> Option<&[OnceLock<Cell>]> {
        let mut steady = self.tables.get(at(register))?.steady.iter();
        steady.find(|(of, _)| *of == field).map(|(_, cells)| cells.as_slice())
    }

    /// A field of a row that holds for good, or has one value for the run.
    pub fn value(&self, register: u32, row: u32, field: u32) -> Option<Said<'_>> {
        match self.cell(register, row, field)? {
            said if said.is_missing() => self.steady(register, row, field).map(Said::Made),
            said => Some(said),
        }
    }

    /// Keeps such a value.
    pub fn keep_steady(&self, register: u32, row: u32, field: u32, value: Cell) {
        if let Some(place) = self.steady_of(register, field).and_then(|it| it.get(at(row))) {
            // Whoever was first found the same.
            let _ = place.set(value);
        }
    }

    /// Whether two rows claim the same key on the same day.
    pub fn clashes(&self, register: u32, row: u32) -> bool {
        let table = self.tables.get(at(register)).filter(|table| !table.clashing.is_empty());
        table.is_some_and(|table| table.clashing.binary_search(&row).is_ok())
    }

    /// A dated field on a day; nothing where no version holds.
    pub fn cell_on(&self, register: u32, row: u32, field: u32, day: Date) -> Option<Said<'_>> {
        let table = self.tables.get(at(register))?;
        let versions = table.versions.get(at(row))?;
        let has_begun =
            |place: &u32| table.read.holds_from(at(*place)).is_none_or(|from| from <= day);
        let version = at(*versions.get(versions.partition_point(has_begun).checked_sub(1)?)?);
        let holds = table.read.holds_until(version).is_none_or(|until| day < until);
        (holds && at(field) < table.width).then(|| Said::at(table.read.column(at(field)), version))
    }

    /// The fields of a row as first given, for whoever hears of it.
    pub fn record(&self, register: u32, row: u32) -> Option<Vec<Cell>> {
        let table = self.tables.get(at(register))?;
        let place = at(*table.places.get(at(row))?);
        let fields = 0..table.width;
        let cell = |field| match table.versions.is_empty() {
            true => table.said(row, field).map(Said::cell),
            false => Some(table.read.column(field).cell(place)),
        };
        fields.map(cell).collect()
    }

    /// Where a row was read first, for whoever reports it.
    pub fn origin(&self, register: u32, row: u32) -> Option<Origin> {
        let table = self.tables.get(at(register))?;
        table.read.origin(at(*table.places.get(at(row))?))
    }
}

/// Puts rows in the order of their keys.
fn table<'r>(
    register: &Register,
    shape: &Shape,
    read: Cow<'r, RegisterTable>,
    names: &mut Names,
) -> Table<'r> {
    let (width, key_length) = (shape.fields.len(), register.keys.len());
    let parts = key_parts(register, shape, &read, names);
    let ordered = sorted(register, &read);
    let mut table = Table { read, width, ..Table::default() };
    // Keys end to end, each as long as the others.
    let mut keys: Vec<Part> = Vec::with_capacity(parts.len());
    table.places.reserve(ordered.len());
    let dated = shape.fields.iter().any(|field| field.dated);
    let mut left = ordered.as_slice();
    while let Some((first, behind)) = left.split_first() {
        let same = |other: &&Placed| !register.many && table.have_one_key(register, first, other);
        let more = behind.iter().take_while(same).count();
        let (under_one_key, others) = left.split_at_checked(more + 1).unwrap_or((left, &[]));
        left = others;
        let start = at(first.place) * key_length;
        keys.extend_from_slice(parts.get(start..start + key_length).unwrap_or_default());
        if dated || under_one_key.len() > 1 {
            table.add(under_one_key, dated);
        } else {
            table.places.push(first.place);
        }
    }
    table.numbers = (0..width).map(|field| table.numbers_of(field)).collect();
    let key = |row: usize, length: usize| {
        let start = row * key_length;
        keys.get(start..start + length.min(key_length)).unwrap_or_default()
    };
    let count = table.places.len();
    let ranges = |length: usize| ranges((0..count).map(|row| key(row, length)));
    table.prefixes = register.prefixes.iter().map(|length| (*length, ranges(*length))).collect();
    let unknown = || std::iter::repeat_with(OnceLock::new).take(count).collect();
    let fields = (0..).zip(&shape.fields).filter(|(_, field)| field.steady);
    table.steady = fields.map(|(field, _)| (field, unknown())).collect();
    table
}

/// The parts of the keys of all rows, end to end, in the order in which they were read.
fn key_parts(
    register: &Register,
    shape: &Shape,
    rows: &RegisterTable,
    names: &mut Names,
) -> Vec<Part> {
    let keys = register.keys.iter();
    let keys: Vec<(&Column, Option<&Kind>)> = keys
        .map(|field| {
            let kind = shape.fields.get(at(*field)).map(|field| &field.kind);
            (rows.column(at(*field)), kind)
        })
        .collect();
    // By most keys' one text.
    if let [(Column::Text(texts), Some(_))] = keys.as_slice() {
        return names.written_texts((0..rows.len()).map(|row| texts.get(row)));
    }
    let mut parts = Vec::with_capacity(rows.len() * keys.len());
    for row in 0..rows.len() {
        parts.extend(keys.iter().map(|(column, kind)| match kind {
            Some(kind) => names.part(&value_of(column, row, kind)),
            None => Part::Missing,
        }));
    }
    parts
}

impl Table<'_> {
    /// What holds for good of a row.
    fn said(&self, row: u32, field: usize) -> Option<Said<'_>> {
        let place = at(*self.places.get(at(row))?);
        match self.merged.get(&row) {
            Some(cells) => cells.get(field).map(Said::Made),
            None => (field < self.width).then(|| Said::at(self.read.column(field), place)),
        }
    }

    fn have_one_key(&self, register: &Register, one: &Placed, other: &Placed) -> bool {
        one.digest == other.digest
            && register.keys.iter().all(|field| {
                self.read.column(at(*field)).order(at(one.place), at(other.place)).is_eq()
            })
    }

    /// Adds a row of which there are several versions, or that may say otherwise on other days.
    fn add(&mut self, placed: &[Placed], dated: bool) {
        let mut versions: Vec<u32> = placed.iter().map(|placed| placed.place).collect();
        versions.sort_by_key(|place| self.read.holds_from(at(*place)));
        let row = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let mut pairs = versions.iter().zip(versions.iter().skip(1));
        if pairs.any(|(earlier, later)| !dated || self.overlap(*earlier, *later)) {
            self.clashing.push(row);
        }
        self.places.extend(versions.first());
        if versions.len() > 1 {
            let cells = (0..self.width).map(|field| {
                let mut said =
                    versions.iter().map(|place| self.read.column(field).cell(at(*place)));
                said.find(|cell| !cell.is_missing()).unwrap_or(Cell::Missing)
            });
            let cells = cells.collect();
            self.merged.insert(row, cells);
        }
        if dated {
            self.versions.push(versions);
        }
    }

    fn overlap(&self, earlier: u32, later: u32) -> bool {
        match (self.read.holds_until(at(earlier)), self.read.holds_from(at(later))) {
            (Some(until), Some(from)) => from < until,
            (None, _) | (_, None) => true,
        }
    }

    /// What a field of each row is as a plain number.
    fn numbers_of(&self, field: usize) -> Vec<i64> {
        let number = |said: Said<'_>| said.number().unwrap_or(NO_NUMBER);
        let column = self.read.column(field);
        if matches!(column, Column::Text(_) | Column::Absent) {
            // No text is one.
            return Vec::new();
        }
        let rows = (0..).zip(&self.places).map(|(row, place)| match self.merged.get(&row) {
            Some(cells) => cells.get(field).map(Said::Made).map_or(NO_NUMBER, number),
            None => number(Said::at(column, at(*place))),
        });
        rows.collect()
    }
}

/// Stands where there is no number.
const NO_NUMBER: i64 = i64::MIN;

/// The place of a row in the file, with what nearly always tells its key from another.
#[derive(Clone, Copy)]
struct Placed {
    digest: u128,
    place: u32,
}

/// Rows in the order of their keys; rows under one key stay in the order in which they were read.
fn sorted(register: &Register, rows: &RegisterTable) -> Vec<Placed> {
    let keys: Vec<&Column> = register.keys.iter().map(|field| rows.column(at(*field))).collect();
    let digest = |row| keys.first().map_or(0, |first| digest(first, row));
    let placed = (0..).zip(0..rows.len()).map(|(place, row)| Placed { digest: digest(row), place });
    let mut placed = by_digest(placed.collect());
    for alike in placed.chunk_by_mut(|one, other| one.digest == other.digest) {
        alike.sort_by(|one, other| {
            let keys = keys.iter().map(|column| column.order(at(one.place), at(other.place)));
            keys.fold(Ordering::Equal, Ordering::then)
        });
    }
    placed
}

/// Rows in the order of their digests; those that share one stay as they are. They are put in order byte by
/// byte, the last first, as far as bytes differ at all, which is quicker than to compare many.
fn by_digest(mut placed: Vec<Placed>) -> Vec<Placed> {
    let in_order = placed.is_sorted_by_key(|it| it.digest);
    let first = placed.first().map_or(0, |it| it.digest);
    let differ = placed.iter().fold(0, |differ, it| differ | (it.digest ^ first)).to_le_bytes();
    let bytes = differ.iter().enumerate().filter(|(_, differ)| **differ != 0);
    let bytes: Vec<usize> = bytes.map(|(byte, _)| byte).collect();
    let compared = placed.len() < MANY || bytes.len() > BYTES_MAX;
    if compared && !in_order {
        placed.sort_by_key(|it| it.digest);
    } else if !in_order {
        let mut other = placed.clone();
        for byte in bytes {
            let digit =
                |it: Placed| it.digest.to_le_bytes().get(byte).copied().map_or(0, usize::from);
            by_digit(256, &mut other, || placed.iter().map(|it| (digit(*it), *it)));
            std::mem::swap(&mut placed, &mut other);
        }
    }
    placed
}

/// Fewer rows are put in order by comparing them, and those that differ in more bytes.
const MANY: usize = 1024;
const BYTES_MAX: usize = 8;

/// What decides nearly every comparison of two rows of a column: ordered as they are, or equal.
fn digest(column: &Column, row: usize) -> u128 {
    let of_text = |own: u8, text: &str| {
        let mut bytes = [0; 16];
        let [rank, rest @ ..] = &mut bytes;
        *rank = own;
        rest.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
        u128::from_be_bytes(bytes)
    };
    match column {
        Column::Text(texts) => texts.get(row).map_or(0, |text| of_text(1, text)),
        Column::Cells(cells) => match cells.get(row) {
            Some(cell @ Cell::Text(text)) => of_text(cell.rank(), text),
            Some(cell) => u128::from(cell.rank()) << 120,
            None => 0,
        },
        _ => 0,
    }
}

fn ranges<'k>(keys: impl Iterator<Item = &'k [Part]>) -> Ranges {
    let mut ranges = Ranges::default();
    for (row, key) in (0_u32..).zip(keys) {
        let number = ranges.keys.number(key);
        if number == row && ranges.rows.is_empty() {
            continue;
        }
        if ranges.rows.is_empty() {
            ranges.rows = (0..row).map(|before| (before, before + 1)).collect();
        }
        match ranges.rows.get_mut(at(number)) {
            Some(range) => range.1 = row + 1,
            None => ranges.rows.push((row, row + 1)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whether they are compared or put in order byte by byte, those alike stay as they are.
        #[test]
        fn rows_are_in_the_order_of_their_digests(
            digests in prop::collection::vec(any::<u128>(), 1..3000),
            kept in prop::sample::select(vec![0xFF, 0xF0F0 << 64 | 0xFF0F, u128::MAX]),
            in_order: bool,
        ) {
            let placed = (0..).zip(&digests);
            let placed = placed.map(|(place, it)| Placed { digest: it & kept, place });
            let mut placed: Vec<Placed> = placed.collect();
            if in_order {
                placed.sort_by_key(|it| it.digest);
            }
            let places = |of: &[Placed]| of.iter().map(|it| it.place).collect::<Vec<u32>>();
            let found = places(&by_digest(placed.clone()));
            placed.sort_by_key(|it| it.digest);
            prop_assert_eq!(found, places(&placed));
        }
    }
}
