//! The events of a file, in batches.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::base::Money;
use crate::report::names::{Field, Kind, Names, Table, nearest};
use crate::rows::{Batch, Cell, Column, Origin, Reason, TextColumn, Unreadable, Values, Wholes};

use super::columns::{Assigned, Bound, FieldFrom, assigned, field_of_column, kinds_by_spelling};
use super::csv::CsvCells;
use super::error::FormatsError;
use super::input::Input;
use super::json::{self, JsonValue, Record};
use super::mapping::{Mapping, TableMapping, did_you_mean};
use super::parse::{self, Fault};
use super::raw::{RawRow, RawRows, column_names};

/// A row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The event kind it would have been, where that much is known.
    pub event: Option<u32>,
    /// Where it stands.
    pub origin: Origin,
    /// What it would have brought, where that cell can be read.
    pub inflow: Option<Money>,
    /// What is wrong; always `Unreadable`.
    pub reason: Reason,
}

/// Reads the events of one file.
#[derive(Debug)]
pub struct Events<'n> {
    names: &'n Names,
    file: u32,
    header: Vec<String>,
    rows: RawRows,
    kinds: Kinds,
    readers: Vec<Option<KindReader<'n>>>,
    /// Batches that are full, to be handed out before reading on.
    full: Vec<Batch>,
    ignored: BTreeSet<String>,
    /// How many rows there were, readable or not.
    rows_read: u64,
}

#[derive(Debug)]
enum Kinds {
    One(usize),
    ByColumn { column: String, at: Option<usize>, kinds: HashMap<String, usize> },
}

/// Makes batches of one event kind.
#[derive(Debug)]
struct KindReader<'n> {
    names: &'n Names,
    event: u32,
    table: &'n Table,
    mapping: TableMapping,
    /// For each field, where a row of cells has it.
    from: Vec<FieldFrom>,
    /// For each name a record has used, the field it means.
    by_name: HashMap<String, Option<usize>>,
    batch: Batch,
}

/// How many rows a batch has at most.
const BATCH_ROWS_MAX: usize = 32_768;

impl<'n> Events<'n> {
    /// Starts to read a file, the position of which is put into each row's origin. The event kind
    /// may be given by name.
    ///
    /// # Errors
    /// The file cannot be read, its kind cannot be told, or its columns do not fit.
    pub fn open(
        names: &'n Names,
        input: &Input,
        file: u32,
        kind: Option<&str>,
        mapping: &Mapping,
    ) -> Result<Events<'n>, FormatsError> {
        let columns = column_names(input)?;
        let given = kind.and_then(|kind| event_named(names, kind));
        let assigned = match given {
            Some(kind) => Assigned::Kind(kind),
            // A file of records without a single one: nothing to assign.
            None if columns.is_empty() => Assigned::ByColumn(String::new()),
            None => assigned(&columns, names, mapping, input.name())?,
        };
        let rows = RawRows::open(input)?;
        let mut events = Events {
            names,
            file,
            kinds: Kinds::One(0),
            readers: names.events.iter().map(|_| None).collect(),
            full: Vec::new(),
            ignored: BTreeSet::new(),
            rows_read: 0,
            header: rows.header.clone(),
            rows,
        };
        let is_csv = !events.header.is_empty();
        match assigned {
            Assigned::Kind(kind) => {
                let table = names.events.get(kind);
                let bound = table.map(|table| Bound::new(&columns, table, &mapping.of(table)));
                if let (Some(table), Some(bound)) = (table, bound) {
                    // Records may each lack what another has: they are judged one by one.
                    let bound =
                        if is_csv { bound.checked(&columns, table, input.name())? } else { bound };
                    let unused = bound.unused.iter().filter_map(|at| columns.get(*at));
                    events.ignored.extend(unused.cloned());
                    events.add_reader(kind, &bound, mapping);
                }
                events.kinds = Kinds::One(kind);
            }
            Assigned::ByColumn(column) => {
                for kind in 0..names.events.len() {
                    let Some(table) = names.events.get(kind).filter(|table| table.sent) else {
                        continue;
                    };
                    let bound = Bound::new(&columns, table, &mapping.of(table));
                    events.add_reader(kind, &bound, mapping);
                }
                let at = columns.iter().position(|name| *name == column);
                events.kinds = Kinds::ByColumn { column, at, kinds: kinds_by_spelling(names) };
            }
        }
        Ok(events)
    }

    /// The next rows of one kind; rows that cannot be read are added to `unread`. `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read on.
    pub fn next_batch(&mut self, unread: &mut Vec<Unread>) -> Result<Option<Batch>, FormatsError> {
        loop {
            if let Some(batch) = self.full.pop() {
                return Ok(Some(batch));
            }
            let unread_before = unread.len();
            while unread.len() - unread_before < BATCH_ROWS_MAX {
                if !self.read_row(unread)? {
                    let readers = self.readers.iter_mut().flatten();
                    let rest = readers.map(KindReader::take).filter(|batch| !batch.is_empty());
                    self.full.extend(rest);
                    self.full.reverse();
                    return Ok(self.full.pop());
                }
                if !self.full.is_empty() {
                    break;
                }
            }
            if unread.len() > unread_before && self.full.is_empty() {
                // So many rows in a row were unreadable that they should be taken away first.
                return Ok(Some(self.empty_batch()));
            }
        }
    }

    /// Columns and names that no field asked for, as far as the file has been read.
    pub fn ignored(&self) -> Vec<String> {
        self.ignored.iter().cloned().collect()
    }

    /// How many rows have been read, readable or not.
    pub fn rows_read(&self) -> u64 {
        self.rows_read
    }

    fn add_reader(&mut self, kind: usize, bound: &Bound, mapping: &Mapping) {
        let Some(table) = self.names.events.get(kind) else { return };
        let event = u32::try_from(kind).unwrap_or(u32::MAX);
        let mut reader = KindReader {
            names: self.names,
            event,
            table,
            mapping: mapping.of(table),
            from: bound.from.clone(),
            by_name: HashMap::new(),
            batch: Batch { event, columns: Vec::new(), origins: Vec::new() },
        };
        let is_csv = !self.header.is_empty();
        reader.batch.columns = reader.empty_columns(is_csv);
        if let Some(place) = self.readers.get_mut(kind) {
            *place = Some(reader);
        }
    }

    fn empty_batch(&self) -> Batch {
        let event = self.readers.iter().flatten().next().map_or(0, |reader| reader.event);
        Batch { event, columns: Vec::new(), origins: Vec::new() }
    }

    /// Reads a row into the batch of its kind; `false` at the end.
    fn read_row(&mut self, unread: &mut Vec<Unread>) -> Result<bool, FormatsError> {
        let columns = u32::try_from(self.header.len()).unwrap_or(u32::MAX);
        let Some(row) = self.rows.next()? else { return Ok(false) };
        self.rows_read += 1;
        let origin = Origin { file: self.file, line: row.line() };
        let mut fail = |event: Option<u32>, inflow, column: Option<String>, fault: Fault| {
            let reason = Reason::Unreadable {
                column: column.map(Arc::from),
                value: Arc::from(fault.value),
                why: fault.why,
            };
            unread.push(Unread { event, origin, inflow, reason });
        };
        let only = match &self.kinds {
            Kinds::One(kind) => u32::try_from(*kind).ok(),
            Kinds::ByColumn { .. } => None,
        };
        if let RawRow::Broken { column, text, why, .. } = row {
            fail(only, None, column, Fault { value: parse::shortened(&text), why });
            return Ok(true);
        }
        if let RawRow::Cells(cells) = &row {
            let found = u32::try_from(cells.len()).unwrap_or(u32::MAX);
            if found != columns {
                let why = Unreadable::Ragged { expected: columns, found };
                fail(only, None, None, Fault { value: parse::shortened(cells.text()), why });
                return Ok(true);
            }
        }
        let kind = match kind_of(&self.kinds, &row) {
            Ok(kind) => kind,
            Err((column, fault)) => {
                fail(None, None, Some(column), fault);
                return Ok(true);
            }
        };
        let Some(reader) = self.readers.get_mut(kind).and_then(Option::as_mut) else {
            return Ok(true);
        };
        match reader.push(&row, &mut self.ignored) {
            Ok(()) => {
                reader.batch.origins.push(origin);
                if reader.batch.len() >= BATCH_ROWS_MAX {
                    self.full.push(reader.take());
                }
            }
            Err((column, fault)) => {
                let inflow = reader.inflow_of(&row);
                reader.undo();
                let column = column.map(|at| match row {
                    RawRow::Cells(_) => self.header.get(at).cloned().unwrap_or_default(),
                    RawRow::Record { .. } | RawRow::Broken { .. } => {
                        let field = reader.table.fields.get(at);
                        field.map_or_else(String::new, |field| field.name.text.clone())
                    }
                });
                fail(Some(reader.event), inflow, column, fault);
            }
        }
        Ok(true)
    }
}

/// The position of an event kind that data send, by name or label.
pub fn event_named(names: &Names, spelling: &str) -> Option<usize> {
    kinds_by_spelling(names).get(spelling).copied()
}

fn kind_of(kinds: &Kinds, row: &RawRow<'_>) -> Result<usize, (String, Fault)> {
    let (column, at, kinds) = match kinds {
        Kinds::One(kind) => return Ok(*kind),
        Kinds::ByColumn { column, at, kinds } => (column, at, kinds),
    };
    let spelling = match row {
        RawRow::Cells(cells) => at.and_then(|at| cells.get(at)).unwrap_or_default().to_owned(),
        RawRow::Record { record, .. } => {
            let raw = record.0.iter().find(|(name, _)| name == column);
            match raw.map(|(_, raw)| json::value(raw)) {
                Some(JsonValue::Text(text)) => text,
                _ => String::new(),
            }
        }
        RawRow::Broken { .. } => String::new(),
    };
    kinds.get(spelling.trim()).copied().ok_or_else(|| {
        let why = if spelling.is_empty() { Unreadable::Missing } else { Unreadable::UnknownMember };
        (column.clone(), Fault { value: spelling, why })
    })
}

/// A fault and the column at fault: by position in a header, or of the field for a record.
type RowFault = (Option<usize>, Fault);

impl KindReader<'_> {
    fn take(&mut self) -> Batch {
        let mut next = Batch { event: self.event, columns: Vec::new(), origins: Vec::new() };
        next.columns = self.batch.columns.iter().map(Column::emptied).collect();
        std::mem::replace(&mut self.batch, next)
    }

    /// Columns that hold nothing yet. What a header lacks is absent; a record may have anything.
    fn empty_columns(&self, is_csv: bool) -> Vec<Column> {
        let pairs = self.table.fields.iter().zip(&self.from);
        pairs
            .map(|(field, from)| match from {
                FieldFrom::Nowhere if is_csv || field.computed => Column::Absent,
                _ => empty_column(&field.kind),
            })
            .collect()
    }

    fn push(&mut self, row: &RawRow<'_>, ignored: &mut BTreeSet<String>) -> Result<(), RowFault> {
        match row {
            RawRow::Cells(cells) => self.push_cells(cells),
            RawRow::Record { record, .. } => self.push_record(record, ignored),
            RawRow::Broken { .. } => Ok(()),
        }
    }

    fn push_cells(&mut self, cells: &CsvCells<'_>) -> Result<(), RowFault> {
        let fields = self.table.fields.iter().zip(&self.from).enumerate();
        for ((at, (field, from)), column) in fields.zip(&mut self.batch.columns) {
            let (text, place) = match from {
                FieldFrom::Nowhere => {
                    if field.required && !field.computed {
                        let value = field.name.text.clone();
                        return Err((None, Fault { value, why: Unreadable::Missing }));
                    }
                    continue;
                }
                FieldFrom::Column(place) => (cells.get(*place).unwrap_or_default(), Some(*place)),
                FieldFrom::Constant(text) => (text.as_str(), None),
            };
            let text = replaced(&self.mapping, at, text);
            push_text(column, text, field, self.names)
                .map_err(|why| (place, Fault { value: parse::shortened(text), why }))?;
        }
        Ok(())
    }

    fn push_record(
        &mut self,
        record: &Record<'_>,
        ignored: &mut BTreeSet<String>,
    ) -> Result<(), RowFault> {
        let mut values: Vec<Option<&RawValue>> = vec![None; self.table.fields.len()];
        for (name, raw) in &record.0 {
            let field = match self.by_name.get(name) {
                Some(field) => *field,
                None => {
                    let field = field_of_column(name, &self.table.fields, &self.mapping);
                    // A file may invent a new name in every row; nobody reads a list of thousands.
                    if self.by_name.len() < NAMES_MAX {
                        self.by_name.insert(name.clone(), field);
                        if field.is_none() {
                            ignored.insert(name.clone());
                        }
                    }
                    field
                }
            };
            let Some((at, place)) = field.and_then(|at| Some((at, values.get_mut(at)?))) else {
                continue;
            };
            if place.replace(raw).is_some() {
                let fault = Fault { value: name.clone(), why: Unreadable::RepeatedField };
                return Err((Some(at), fault));
            }
        }
        let fields = self.table.fields.iter().zip(values).enumerate();
        for ((at, (field, raw)), column) in fields.zip(&mut self.batch.columns) {
            if field.computed {
                continue;
            }
            let cell = record_value(&self.mapping, at, field, raw, self.names)
                .map_err(|fault| (Some(at), fault))?;
            if cell == Cell::Missing && field.required {
                let fault = Fault { value: String::new(), why: Unreadable::Missing };
                return Err((Some(at), fault));
            }
            column.push(cell);
        }
        Ok(())
    }

    /// Takes back what a row that failed half way has left.
    fn undo(&mut self) {
        let rows = self.batch.origins.len();
        for column in &mut self.batch.columns {
            column.truncate(rows);
        }
    }

    /// What a row that failed would have brought.
    fn inflow_of(&self, row: &RawRow<'_>) -> Option<Money> {
        let at = self.table.inflow?;
        let field = self.table.fields.get(at)?;
        let cell = match row {
            RawRow::Cells(cells) => {
                let text = match self.from.get(at)? {
                    FieldFrom::Nowhere => return None,
                    FieldFrom::Column(place) => cells.get(*place)?,
                    FieldFrom::Constant(text) => text,
                };
                parse::text(replaced(&self.mapping, at, text), &field.kind, self.names).ok()?
            }
            RawRow::Record { record, .. } => {
                let raw = record.0.iter().find(|(name, _)| {
                    field_of_column(name, &self.table.fields, &self.mapping) == Some(at)
                });
                let raw = raw.map(|(_, raw)| *raw);
                record_value(&self.mapping, at, field, raw, self.names).ok()?
            }
            RawRow::Broken { .. } => return None,
        };
        match cell {
            Cell::Money(amount) => Some(amount),
            _ => None,
        }
    }
}

/// What stands for a text by the mapping's values.
fn replaced<'a>(mapping: &'a TableMapping, field: usize, text: &'a str) -> &'a str {
    let values = mapping.values.get(&field);
    values.and_then(|values| values.get(text.trim())).map_or(text, String::as_str)
}

fn record_value(
    mapping: &TableMapping,
    at: usize,
    field: &Field,
    raw: Option<&RawValue>,
    names: &Names,
) -> Result<Cell, Fault> {
    let from_text = |text: &str| {
        parse::text(text, &field.kind, names)
            .map_err(|why| Fault { value: parse::shortened(text), why })
    };
    if let Some(constant) = mapping.constants.get(&at) {
        return from_text(constant);
    }
    let Some(raw) = raw else { return Ok(Cell::Missing) };
    if mapping.values.contains_key(&at)
        && let JsonValue::Text(text) = json::value(raw)
    {
        return from_text(replaced(mapping, at, &text));
    }
    parse::json(raw, &field.kind, names)
}

fn empty_column(kind: &Kind) -> Column {
    match kind {
        Kind::Bool => Column::Bool(Values::default()),
        Kind::Integer => Column::Integer(Wholes::default()),
        Kind::Rate | Kind::Number => Column::Number(Values::default()),
        Kind::Money(_) => Column::Money(Wholes::default()),
        Kind::Date => Column::Date(Values::default()),
        Kind::Period(_) => Column::Period(Values::default()),
        Kind::Text => Column::Text(TextColumn::default()),
        Kind::Member(_) => Column::Member(Values::default()),
        Kind::Duration | Kind::List(_) | Kind::Record(_) => Column::Cells(Vec::new()),
    }
}

/// A column of cells of one kind; a cell of another kind counts as missing.
pub fn column_of(kind: &Kind, cells: impl IntoIterator<Item = Cell>) -> Column {
    let mut column = empty_column(kind);
    cells.into_iter().for_each(|cell| column.push(cell));
    column
}

/// Reads a text straight into its column.
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

/// The event kind nearest to a misspelt name, as a hint.
pub fn event_hint(names: &Names, spelling: &str) -> crate::diagnostics::Words {
    let sent = names.events.iter().filter(|table| table.sent);
    let known: Vec<&str> = sent.map(|table| table.name.text.as_str()).collect();
    match nearest(spelling, known.iter().copied()) {
        Some(near) => did_you_mean(Some(near)),
        None => crate::diagnostics::Words::new(
            format!("there are: {}", known.join(", ")),
            format!("现有：{}", known.join("、")),
        ),
    }
}

const NAMES_MAX: usize = 1000;
