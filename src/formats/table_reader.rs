//! Rows of one event kind, or of a register, into its columns.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde_json::value::RawValue;

use crate::base::Money;
use crate::report::names::{Field, Kind, Names, Table};
use crate::rows::{Cell, Column, TextColumn, Unreadable, Values, Wholes};

use super::columns::{FieldFrom, field_of_column};
use super::csv::CsvCells;
use super::held::Held;
use super::json::{self, Record};
use super::mapping::TableMapping;
use super::nested::{self, has_records};
use super::parse::{self, Fault};
use super::raw::RawRow;
use super::record_reader::{self, Given};
use super::steps::Steps;

/// Reads the rows of one event kind.
#[derive(Debug)]
pub(super) struct TableReader<'n> {
    names: &'n Names,
    pub(super) event: u32,
    pub(super) table: &'n Table,
    mapping: TableMapping,
    /// For each field, where a row of cells has it.
    from: Vec<FieldFrom>,
    /// The fields that are records, or hold some.
    nested: Vec<usize>,
    is_csv: bool,
    /// How usual rows of cells are read.
    pub(super) steps: Option<Steps>,
}

/// What the names mean that records use, as far as they have been met.
#[derive(Debug, Default)]
pub(super) struct RecordNames {
    /// For each event kind.
    kinds: Vec<KindNames>,
    /// Names that mean nothing.
    pub(super) ignored: BTreeSet<String>,
}

/// The same of one event kind.
#[derive(Debug, Default)]
struct KindNames {
    /// What the record before named, in its order.
    last: Vec<(String, Option<usize>)>,
    fields: HashMap<String, Option<usize>>,
}

impl KindNames {
    /// The field that a name means, or that it means none, if the record before had it at this place:
    /// records mostly name the same fields in the same order.
    fn again(&self, place: usize, name: &str) -> Option<Option<usize>> {
        self.last.get(place).filter(|(last, _)| last == name).map(|(_, field)| *field)
    }

    /// The same, if it has been met at all.
    fn field(&self, place: usize, name: &str) -> Option<Option<usize>> {
        self.again(place, name).or_else(|| self.fields.get(name).copied())
    }
}

/// A fault and the column at fault: by position in a header, or of the field for a record.
pub(super) type RowFault = (Option<usize>, Fault);

impl<'n> TableReader<'n> {
    /// A reader for a file with so many columns; of records if none.
    pub(super) fn new(
        names: &'n Names,
        kind: usize,
        table: &'n Table,
        from: Vec<FieldFrom>,
        mapping: TableMapping,
        columns: usize,
    ) -> TableReader<'n> {
        let event = u32::try_from(kind).unwrap_or(u32::MAX);
        let is_csv = columns > 0;
        let fields = table.fields.iter().enumerate();
        let nested = fields.filter(|(_, field)| has_records(&field.kind) && !field.computed);
        let nested = nested.map(|(at, _)| at).collect();
        let mut reader =
            TableReader { names, event, table, mapping, from, nested, is_csv, steps: None };
        reader.steps = Steps::of(table, &reader.from, &reader.mapping, columns);
        reader
    }

    /// What a field's column is called in the file; `None` where the file does not have it.
    pub(super) fn column_name<'a>(&'a self, at: usize, header: &'a [String]) -> Option<&'a str> {
        match self.from.get(at)? {
            FieldFrom::Column(place) => header.get(*place).map(String::as_str),
            FieldFrom::OneOf(places) => header.get(*places.first()?).map(String::as_str),
            FieldFrom::Constant(_) => None,
            // Records name their fields themselves.
            FieldFrom::Nowhere if self.is_csv => None,
            FieldFrom::Nowhere => Some(&self.table.fields.get(at)?.name.text),
        }
    }

    /// Columns that hold nothing yet. What a header lacks is absent; a record may have anything.
    pub(super) fn empty_columns(&self, rows: usize) -> Vec<Column> {
        let pairs = self.table.fields.iter().zip(&self.from);
        pairs
            .map(|(field, from)| match from {
                FieldFrom::Nowhere if self.is_csv || field.computed => Column::Absent,
                _ => empty_column(&field.kind, rows),
            })
            .collect()
    }

    /// Adds a row to columns; where it fails half way, some have grown.
    pub(super) fn push(
        &self,
        row: &RawRow<'_>,
        columns: &mut [Column],
        known: &mut RecordNames,
    ) -> Result<(), RowFault> {
        self.note_strays(row, known);
        let pushed = match row {
            RawRow::Cells(cells) => return self.push_cells(cells, columns),
            RawRow::Values { cells, .. } => self.push_values(cells, columns),
            RawRow::Record { record, .. } => self.push_record(record, columns, known),
            RawRow::Broken { .. } => Ok(()),
        };
        // Whoever mends what is said first must not send the rest again as it looks.
        pushed.map_err(|fault| if fault.1.why.is_lost() { fault } else { self.lost(row, fault) })
    }

    /// Notes which names in the records of a row mean nothing.
    fn note_strays(&self, row: &RawRow<'_>, known: &mut RecordNames) {
        if known.ignored.len() >= NAMES_MAX {
            return;
        }
        for at in &self.nested {
            let Some((field, from)) = self.table.fields.get(*at).zip(self.from.get(*at)) else {
                continue;
            };
            let (kind, name, found) = (&field.kind, &field.name.text, &mut known.ignored);
            match row {
                RawRow::Cells(cells) => {
                    let place = from.place(|at| is_written(cells, at)).ok().flatten();
                    let text = place.and_then(|at| cells.get(at)).unwrap_or_default();
                    nested::strays_of_text(text, kind, self.names, name, found);
                }
                RawRow::Values { cells, .. } => {
                    let place = from.place(|at| is_filled(cells, at)).ok().flatten();
                    let held = place.and_then(|at| cells.get(at)).unwrap_or(&Held::Nothing);
                    nested::strays_of_text(&held.text(), kind, self.names, name, found);
                }
                RawRow::Record { record, .. } => {
                    if let Some(raw) = self.raw_of(*at, record) {
                        nested::strays(raw, kind, self.names, name, found);
                    }
                }
                RawRow::Broken { .. } => {}
            }
        }
    }

    /// The first fault of a row that its texts would not have; else the one given.
    fn lost(&self, row: &RawRow<'_>, fault: RowFault) -> RowFault {
        let of = |at: usize| Some((at, self.read(at, row)?.err()?));
        let faults = (0..self.table.fields.len()).filter_map(of);
        let lost = faults.into_iter().find(|(_, fault)| fault.why.is_lost());
        let column = |at: usize| match row {
            RawRow::Values { cells, .. } => {
                self.from.get(at).and_then(|from| from.place(|at| is_filled(cells, at)).ok()?)
            }
            _ => Some(at),
        };
        lost.map_or(fault, |(at, fault)| (column(at), fault))
    }

    fn push_cells(&self, cells: &CsvCells<'_>, columns: &mut [Column]) -> Result<(), RowFault> {
        let fields = self.table.fields.iter().zip(&self.from).enumerate();
        for ((at, (field, from)), column) in fields.zip(columns) {
            let (text, place) = match from {
                FieldFrom::Nowhere => {
                    if field.required && !field.computed {
                        return Err((None, Fault::new(&field.name.text, Unreadable::Missing)));
                    }
                    continue;
                }
                FieldFrom::Column(_) | FieldFrom::OneOf(_) => {
                    let place = from.place(|at| is_written(cells, at)).map_err(|at| {
                        let value = cells.get(at).unwrap_or_default();
                        (Some(at), Fault::new(value, Unreadable::RepeatedField))
                    })?;
                    (place.and_then(|at| cells.get(at)).unwrap_or_default(), place)
                }
                FieldFrom::Constant(text) => (text.as_str(), None),
            };
            self.push_text(column, at, field, text)
                .map_err(|(value, why)| (place, self.fault_of(field, &value, why)))?;
        }
        Ok(())
    }

    fn push_values(&self, cells: &[Held<'_>], columns: &mut [Column]) -> Result<(), RowFault> {
        let fields = self.table.fields.iter().zip(&self.from).enumerate();
        for ((at, (field, from)), column) in fields.zip(columns) {
            let (held, place) = match from {
                FieldFrom::Nowhere => {
                    if field.required && !field.computed {
                        return Err((None, Fault::new(&field.name.text, Unreadable::Missing)));
                    }
                    continue;
                }
                FieldFrom::Column(_) | FieldFrom::OneOf(_) => {
                    let place = from.place(|at| is_filled(cells, at)).map_err(|at| {
                        let held = cells.get(at).unwrap_or(&Held::Nothing);
                        let why = Unreadable::RepeatedField;
                        (Some(at), Fault::new(&held.told(why), why))
                    })?;
                    let Some(place) = place else { continue };
                    (cells.get(place).unwrap_or(&Held::Nothing), place)
                }
                FieldFrom::Constant(text) => {
                    self.push_text(column, at, field, text)
                        .map_err(|(value, why)| (None, self.fault_of(field, &value, why)))?;
                    continue;
                }
            };
            let pushed = match self.mapping.meant_held(at, held) {
                Ok(text) => push_text(column, &text, field, self.names).map_err(|why| (text, why)),
                Err(held) => {
                    push_held(column, held, field, self.names).map_err(|why| (held.told(why), why))
                }
            };
            pushed.map_err(|(value, why)| (Some(place), self.fault_of(field, &value, why)))?;
        }
        Ok(())
    }

    /// What is wrong with a text of a field, or with what the text shows of another value.
    fn fault_of(&self, field: &Field, value: &str, why: Unreadable) -> Fault {
        Fault::of_text(value, why, &field.kind, self.names)
    }

    /// Adds what a text of a cell means; `None` if it is no value of the field.
    pub(super) fn push_cell(&self, at: usize, column: &mut Column, text: &str) -> Option<()> {
        self.push_text(column, at, self.table.fields.get(at)?, text).ok()
    }

    /// Adds the value that the mapping gives for all rows; `None` if it is no value of the field.
    pub(super) fn push_constant(&self, at: usize, column: &mut Column) -> Option<()> {
        let FieldFrom::Constant(text) = self.from.get(at)? else { return None };
        self.push_cell(at, column, text)
    }

    /// Reads a text straight into its column; gives back the text that is no value of it.
    fn push_text<'a>(
        &'a self,
        column: &mut Column,
        at: usize,
        field: &Field,
        text: &'a str,
    ) -> Result<(), (Cow<'a, str>, Unreadable)> {
        let meant = self.mapping.meant(at, text);
        push_text(column, &meant, field, self.names)
            .map_err(|why| (self.mapping.told(at, text, meant), why))
    }

    fn push_record(
        &self,
        record: &Record<'_>,
        columns: &mut [Column],
        known: &mut RecordNames,
    ) -> Result<(), RowFault> {
        let mut values: Vec<Option<Given<'_>>> = Vec::new();
        values.resize_with(self.table.fields.len(), || None);
        for (place, (name, raw)) in record.0.iter().enumerate() {
            let field = self.field_of_name(place, name, known);
            let Some((at, place)) = field.and_then(|at| Some((at, values.get_mut(at)?))) else {
                continue;
            };
            // What is nothing is no second value: a row of a file with another name for it may say so.
            if raw.get() == "null" && place.is_some() {
                continue;
            }
            if place.replace(Given::Raw(raw)).is_some_and(|former| !former.is_null()) {
                return Err((Some(at), Fault::new(name, Unreadable::RepeatedField)));
            }
        }
        self.push_given(values, columns)
    }

    /// Adds a record with names that are known, if all about it is usual; where it is not some columns
    /// may have grown.
    pub(super) fn push_usual(
        &self,
        text: &str,
        columns: &mut [Column],
        known: &RecordNames,
    ) -> Option<()> {
        let known = known.kinds.get(usize::try_from(self.event).ok()?)?;
        let field_of = |place: usize, name: &str| known.field(place, name);
        let values = record_reader::values(text, (&self.table.fields, self.names), &field_of)?;
        self.push_given(values, columns).ok()
    }

    fn push_given(
        &self,
        values: Vec<Option<Given<'_>>>,
        columns: &mut [Column],
    ) -> Result<(), RowFault> {
        let fields = self.table.fields.iter().zip(values).enumerate();
        for ((at, (field, given)), column) in fields.zip(columns) {
            if field.computed {
                continue;
            }
            let constant = self.mapping.constants.contains_key(&at);
            let given = given.filter(|_| !constant);
            let raw = match &given {
                Some(Given::Raw(raw)) => Some(*raw),
                Some(Given::Text(_) | Given::Made(_)) | None => None,
            };
            let text = match given {
                Some(Given::Made(cell)) if !cell.is_missing() => {
                    column.push(cell);
                    continue;
                }
                Some(Given::Text(text)) => Some(Cow::Borrowed(text)),
                _ => raw.and_then(json::text_of),
            };
            if let Some(text) = text {
                let pushed = self.push_text(column, at, field, &text);
                pushed.map_err(|(value, why)| (Some(at), self.fault_of(field, &value, why)))?;
                continue;
            }
            let cell = record_value(&self.mapping, at, field, raw, self.names)
                .map_err(|fault| (Some(at), fault))?;
            if cell.is_missing() && field.required {
                return Err((Some(at), Fault::new("", Unreadable::Missing)));
            }
            column.push(cell);
        }
        Ok(())
    }

    fn field_of_name(&self, place: usize, name: &str, known: &mut RecordNames) -> Option<usize> {
        let kind = usize::try_from(self.event).unwrap_or(0);
        if known.kinds.len() <= kind {
            known.kinds.resize_with(kind + 1, KindNames::default);
        }
        let own = known.kinds.get_mut(kind)?;
        if let Some(field) = own.again(place, name) {
            return field;
        }
        let KindNames { last, fields } = own;
        let field = match fields.get(name) {
            Some(field) => *field,
            None => field_of_column(name, &self.table.fields, &self.mapping),
        };
        // A file may invent a new name in every row; nobody reads a list of thousands.
        if fields.len() < NAMES_MAX && !fields.contains_key(name) {
            if field.is_none() && !self.mapping.apart.contains(name) {
                known.ignored.insert(name.to_owned());
            }
            fields.insert(name.to_owned(), field);
        }
        if place < NAMES_MAX {
            last.resize_with(last.len().max(place + 1), Default::default);
            last.get_mut(place).into_iter().for_each(|it| *it = (name.to_owned(), field));
        }
        field
    }

    /// What a row that failed would have brought.
    pub(super) fn inflow_of(&self, row: &RawRow<'_>) -> Option<Money> {
        match self.cell_of(self.table.inflow?, row)? {
            Cell::Money(amount) => Some(amount),
            _ => None,
        }
    }

    /// What of a row that failed can be read, if its key can.
    pub(super) fn cells_of(&self, row: &RawRow<'_>) -> Option<Vec<Cell>> {
        let fields = 0..self.table.fields.len();
        let cells: Vec<Cell> =
            fields.map(|at| self.cell_of(at, row).unwrap_or(Cell::Missing)).collect();
        let is_there = |at: &usize| cells.get(*at).is_some_and(|cell| !cell.is_missing());
        self.table.key.iter().all(is_there).then_some(cells)
    }

    /// A field of a row that failed.
    fn cell_of(&self, at: usize, row: &RawRow<'_>) -> Option<Cell> {
        self.read(at, row)?.ok()
    }

    /// What a record has for a field.
    fn raw_of<'a>(&self, at: usize, record: &Record<'a>) -> Option<&'a RawValue> {
        let is_it =
            |name: &str| field_of_column(name, &self.table.fields, &self.mapping) == Some(at);
        record.0.iter().find(|(name, _)| is_it(name)).map(|(_, raw)| *raw)
    }

    /// What a field of a row is, or why it is nothing; `None` where the row does not have it.
    fn read(&self, at: usize, row: &RawRow<'_>) -> Option<Result<Cell, Fault>> {
        let field = self.table.fields.get(at)?;
        let from_text = |text: &str| {
            parse::text(text, &field.kind, self.names).map_err(|why| Fault::new(text, why))
        };
        match (row, self.from.get(at)?) {
            (RawRow::Record { record, .. }, _) => {
                let raw = self.raw_of(at, record);
                Some(record_value(&self.mapping, at, field, raw, self.names))
            }
            (RawRow::Broken { .. }, _) | (_, FieldFrom::Nowhere) => None,
            (_, FieldFrom::Constant(text)) => Some(from_text(&self.mapping.meant(at, text))),
            (RawRow::Cells(cells), from) => {
                let place = from.place(|at| is_written(cells, at)).ok()??;
                Some(from_text(&self.mapping.meant(at, cells.get(place)?)))
            }
            (RawRow::Values { cells, .. }, from) => {
                let held = cells.get(from.place(|at| is_filled(cells, at)).ok()??)?;
                let fault = |why| Fault::new(&held.told(why), why);
                Some(value_cell(&self.mapping, at, field, held, self.names).map_err(fault))
            }
        }
    }
}

/// Whether something stands in a cell of a row of text.
fn is_written(cells: &CsvCells<'_>, at: usize) -> bool {
    cells.get(at).is_some_and(|cell| !cell.is_empty())
}

/// Whether a cell of a row holds something.
fn is_filled(cells: &[Held<'_>], at: usize) -> bool {
    cells.get(at).is_some_and(|held| *held != Held::Nothing)
}

/// What a value of a workbook or of a file of columns is to a field.
pub(super) fn value_cell(
    mapping: &TableMapping,
    at: usize,
    field: &Field,
    held: &Held<'_>,
    names: &Names,
) -> Result<Cell, Unreadable> {
    match mapping.meant_held(at, held) {
        Ok(text) => parse::text(&text, &field.kind, names),
        Err(held) => held.cell(&field.kind, names),
    }
}

pub(super) fn record_value(
    mapping: &TableMapping,
    at: usize,
    field: &Field,
    raw: Option<&RawValue>,
    names: &Names,
) -> Result<Cell, Fault> {
    let from_text = |text: &str| {
        let meant = mapping.meant(at, text);
        parse::text(&meant, &field.kind, names)
            .map_err(|why| Fault::of_text(&mapping.told(at, text, meant), why, &field.kind, names))
    };
    if let Some(constant) = mapping.constants.get(&at) {
        return from_text(constant);
    }
    let Some(raw) = raw else { return Ok(Cell::Missing) };
    if let Some(text) = json::text_of(raw) {
        return from_text(&text);
    }
    let is_mapped = mapping.values.get(&at).is_some_and(|it| it.contains_key(raw.get()));
    let is_number = raw.get().starts_with(|it: char| it == '-' || it.is_ascii_digit());
    if is_number && (is_mapped || mapping.has_unit(at)) {
        return from_text(raw.get());
    }
    parse::json(raw, &field.kind, names)
}

fn empty_column(kind: &Kind, rows: usize) -> Column {
    match kind {
        Kind::Bool => Column::Bool(Values::with_capacity(rows)),
        Kind::Integer => Column::Integer(Wholes::with_capacity(rows)),
        Kind::Rate | Kind::Number => Column::Number(Values::with_capacity(rows)),
        Kind::Money(_) => Column::Money(Wholes::with_capacity(rows)),
        Kind::Date => Column::Date(Values::with_capacity(rows)),
        Kind::Period(_) => Column::Period(Values::with_capacity(rows)),
        Kind::Text => Column::Text(TextColumn::with_capacity(rows)),
        Kind::Member(_) => Column::Member(Values::with_capacity(rows)),
        Kind::Duration | Kind::List(_) | Kind::Record(_) => Column::Cells(Vec::with_capacity(rows)),
    }
}

/// A column of cells of one kind; a cell of another kind counts as missing.
pub fn column_of(kind: &Kind, cells: impl IntoIterator<Item = Cell>) -> Column {
    let mut column = empty_column(kind, 0);
    cells.into_iter().for_each(|cell| column.push(cell));
    column
}

fn push_text(
    column: &mut Column,
    text: &str,
    field: &Field,
    names: &Names,
) -> Result<(), Unreadable> {
    let trimmed = text.trim();
    if trimmed.is_empty() && (text.is_empty() || !matches!(field.kind, Kind::Text)) {
        if field.required {
            return Err(Unreadable::Missing);
        }
        column.push(Cell::Missing);
        return Ok(());
    }
    match (&mut *column, &field.kind) {
        (Column::Text(texts), _) => texts.push(Some(text)),
        (Column::Money(values), Kind::Money(scale)) => {
            values.push(parse::money(trimmed, *scale)?.minor());
        }
        (Column::Integer(values), _) => values.push(parse::integer(trimmed)?),
        (column, kind) => {
            let cell = parse::text(text, kind, names)?;
            column.push(cell);
        }
    }
    Ok(())
}

fn push_held(
    column: &mut Column,
    held: &Held<'_>,
    field: &Field,
    names: &Names,
) -> Result<(), Unreadable> {
    let cell = held.cell(&field.kind, names)?;
    if cell.is_missing() && field.required {
        return Err(Unreadable::Missing);
    }
    column.push(cell);
    Ok(())
}

const NAMES_MAX: usize = 1000;
