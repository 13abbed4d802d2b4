//! The rows of a register, read whole.
//!
//! A register row that cannot be read is an error, not a set-aside: without it an event would be
//! allocated as if there were no such row, and nobody would notice.

use crate::base::Date;
use crate::diagnostics::Words;
use crate::report::names::{Field, Kind, Names, Table, folded};
use crate::report::{unreadable_hint, unreadable_words};
use crate::rows::{Cell, Origin, RegisterRow, Unreadable};

use super::columns::{Bound, FieldFrom, field_of_column};
use super::csv::CsvCells;
use super::error::FormatsError;
use super::event_reader::or_total;
use super::heads::with_cause;
use super::held::Held;
use super::input::{Input, Layout};
use super::lookalikes::Lookalikes;
use super::mapping::{Mapping, PERIOD_SPELLINGS, TableMapping};
use super::parse::{self, Fault};
use super::raw::{RawRow, RawRows, column_names};
use super::spellings::remedy;
use super::table_reader::{record_value, value_cell};

/// Reads a register's file, the position of which is put into each row's origin.
///
/// # Errors
/// The file cannot be read, its columns do not fit, or any of its rows cannot be read.
pub fn read_register(
    names: &Names,
    table: &Table,
    input: &Input,
    file: u32,
    mapping: &Mapping,
) -> Result<RegisterRows, FormatsError> {
    read_rows(names, table, input, file, mapping)
        .map_err(|error| with_cause(error, input, &[table], mapping))
}

fn read_rows(
    names: &Names,
    table: &Table,
    input: &Input,
    file: u32,
    mapping: &Mapping,
) -> Result<RegisterRows, FormatsError> {
    let columns = column_names(input)?;
    let mapping = mapping.of(table);
    let mut bound = Bound::new(&columns, table, &mapping);
    let mut period = PeriodColumns::find(&columns, table, &mapping);
    let mut rows = RawRows::open(input)?;
    let is_csv = !rows.header.is_empty();
    if is_csv {
        bound = bound.checked(&columns, table, input.name())?;
        period = period.checked(&mapping, input.name())?;
        rows.check(table, &bound.from, input.name())?;
    }
    // What a file does not have needs no days on which it holds.
    let has = |at: usize| bound.from.get(at).is_some_and(|from| *from != FieldFrom::Nowhere);
    let dated = table.fields.iter().enumerate().any(|(at, field)| field.dated && has(at));
    let undated = dated && period.from.is_none() && period.until.is_none();
    let period_columns = [period.from.as_deref(), period.until.as_deref()];
    let ignored = bound.unused.iter().filter_map(|at| columns.get(*at));
    let ignored = ignored.filter(|column| !period_columns.contains(&Some(column.as_str())));
    let mut found = RegisterRows {
        rows: Vec::new(),
        ignored: ignored.cloned().collect(),
        undated,
        lookalikes: Lookalikes::default(),
    };
    let (mut faults, mut first) = (0_u64, Vec::new());
    let (mut alike, mut kind_of_fault, mut remedied) = (true, None, None);
    let reader = Reader { names, table, bound: &bound, mapping: &mapping, period: &period };
    let header = rows.header.clone();
    let texts = text_fields(table, &bound, &header);
    while let Some(row) = rows.next()? {
        let origin = Origin { file, line: row.line() };
        match reader.row(&row, &header, origin) {
            Ok(row) => {
                look(&mut found.lookalikes, &row, &texts);
                found.rows.push(row);
            }
            Err(fault) => {
                let (column, fault) = or_total(&row, &header, fault);
                faults += 1;
                let own = (column.clone(), fault.why);
                alike &= kind_of_fault.get_or_insert(own.clone()) == &own;
                remedied = remedied.or_else(|| remedy(fault.why, &fault.value));
                if first.len() < SHOWN_MAX {
                    let column = column.as_deref();
                    let kind = column.and_then(|column| {
                        let at = field_of_column(column, &table.fields, &mapping)?;
                        table.fields.get(at).map(|field| &field.kind)
                    });
                    first.push(fault_words(input, origin.line, column, &fault, kind));
                }
            }
        }
    }
    if faults > 1 && alike {
        // What is wrong with all of them is said once.
        first.truncate(1);
        first.extend(remedied);
    }
    if faults > 0 {
        return Err(FormatsError::Register { file: input.name().to_owned(), rows: faults, first });
    }
    Ok(found)
}

/// The rows of a register's file.
#[derive(Debug)]
pub struct RegisterRows {
    /// In the order of the file.
    pub rows: Vec<RegisterRow>,
    /// Columns that no field asked for.
    pub ignored: Vec<String>,
    /// It has dated fields, and no column that says when they hold.
    pub undated: bool,
    /// Texts that look like others.
    pub lookalikes: Lookalikes,
}

/// The fields that are texts, and what their columns are called.
fn text_fields<'a>(
    table: &'a Table,
    bound: &Bound,
    header: &'a [String],
) -> Vec<(usize, &'a String)> {
    let is_text = |field: &Field| matches!(field.kind, Kind::Text);
    let fields = table.fields.iter().enumerate().filter(|(_, field)| is_text(field));
    let named = fields.map(|(at, field)| match bound.from.get(at) {
        Some(FieldFrom::Column(place)) => (at, header.get(*place).unwrap_or(&field.name.text)),
        _ => (at, &field.name.text),
    });
    named.collect()
}

/// Looks at the texts of a row.
fn look(found: &mut Lookalikes, row: &RegisterRow, texts: &[(usize, &String)]) {
    for (at, column) in texts {
        if let Some(Cell::Text(text)) = row.cells.get(*at) {
            found.look(text, || (row.origin.line, (*column).clone()));
        }
    }
}

/// The columns that say from and until when a row's dated fields hold.
struct PeriodColumns {
    from: Option<String>,
    until: Option<String>,
}

impl PeriodColumns {
    fn find(columns: &[String], table: &Table, mapping: &TableMapping) -> PeriodColumns {
        if !table.fields.iter().any(|field| field.dated) {
            return PeriodColumns { from: None, until: None };
        }
        let find = |named: &Option<String>, spellings: &[&str]| {
            let is_it = |column: &&String| match named {
                Some(named) => folded(column) == folded(named),
                None => {
                    let field = field_of_column(column, &table.fields, &TableMapping::default());
                    field.is_none() && spellings.contains(&folded(column).as_str())
                }
            };
            columns.iter().find(is_it).cloned()
        };
        let [from, until] = &PERIOD_SPELLINGS;
        PeriodColumns { from: find(&mapping.from, from), until: find(&mapping.until, until) }
    }

    /// Refuses a mapping that names a column the file does not have.
    fn checked(self, mapping: &TableMapping, file: &str) -> Result<PeriodColumns, FormatsError> {
        for (named, found) in [(&mapping.from, &self.from), (&mapping.until, &self.until)] {
            if let (Some(named), None) = (named, found) {
                return Err(FormatsError::Columns {
                    file: file.to_owned(),
                    what: Words::new(
                        format!("the mapping names a column `{named}` that the file does not have"),
                        format!("列对照指定的列「{named}」在文件中不存在"),
                    ),
                    hint: Words::new(
                        "`--print-map` shows the columns the file has",
                        "--print-map 会列出文件中的列",
                    ),
                });
            }
        }
        Ok(self)
    }
}

struct Reader<'a> {
    names: &'a Names,
    table: &'a Table,
    bound: &'a Bound,
    mapping: &'a TableMapping,
    period: &'a PeriodColumns,
}

type RowFault = (Option<String>, Fault);

impl Reader<'_> {
    fn row(
        &self,
        row: &RawRow<'_>,
        header: &[String],
        origin: Origin,
    ) -> Result<RegisterRow, RowFault> {
        let value = |name: &str| -> Option<Result<Cell, RowFault>> {
            let found = match row {
                RawRow::Cells(cells) => {
                    let at = header.iter().position(|column| column == name)?;
                    let text = cells.get(at)?;
                    parse::text(&self.mapping.day_meant(text), &Kind::Date, self.names)
                        .map_err(|why| Fault { value: text.to_owned(), why })
                }
                RawRow::Record { record, .. } => {
                    let (_, raw) = record.0.iter().find(|(own, _)| own == name)?;
                    parse::json(raw, &Kind::Date, self.names)
                }
                RawRow::Values { cells, .. } => {
                    let at = header.iter().position(|column| column == name)?;
                    let meant = match cells.get(at)? {
                        Held::Text(text) => Held::Text(self.mapping.day_meant(text)),
                        held => held.clone(),
                    };
                    let held = &meant;
                    held.cell(&Kind::Date, self.names)
                        .map_err(|why| Fault { value: held.text().into_owned(), why })
                }
                RawRow::Broken { .. } => return None,
            };
            Some(found.map_err(|fault| (Some(name.to_owned()), fault)))
        };
        let day = |name: &Option<String>| -> Result<Option<Date>, RowFault> {
            match name.as_deref().and_then(value).transpose()? {
                Some(Cell::Date(date)) => Ok(Some(date)),
                _ => Ok(None),
            }
        };
        let cells = match row {
            RawRow::Cells(cells) => {
                if cells.len() != header.len() {
                    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
                    let (expected, found) = (count(header.len()), count(cells.len()));
                    let why = Unreadable::Ragged { expected, found };
                    return Err((None, Fault { value: parse::shortened(cells.text()), why }));
                }
                self.cells(cells, header)?
            }
            RawRow::Values { cells, .. } => self.values(cells, header)?,
            RawRow::Record { record, .. } => self.record(record)?,
            RawRow::Broken { column, text, why, .. } => {
                let fault = Fault { value: parse::shortened(text), why: *why };
                return Err((column.clone(), fault));
            }
        };
        Ok(RegisterRow {
            cells,
            from: day(&self.period.from)?,
            until: day(&self.period.until)?,
            origin,
        })
    }

    fn cells(&self, row: &CsvCells<'_>, header: &[String]) -> Result<Vec<Cell>, RowFault> {
        let mut cells = Vec::with_capacity(self.table.fields.len());
        for (at, (field, from)) in self.table.fields.iter().zip(&self.bound.from).enumerate() {
            let (text, column) = match from {
                FieldFrom::Nowhere => (None, None),
                FieldFrom::Column(at) => (row.get(*at), header.get(*at)),
                FieldFrom::Constant(text) => (Some(text.as_str()), None),
            };
            let Some(text) = text.filter(|_| !field.computed) else {
                cells.push(Cell::Missing);
                continue;
            };
            let text = self.mapping.meant(at, text);
            let cell = parse::text(&text, &field.kind, self.names)
                .map_err(|why| (column.cloned(), Fault { value: parse::shortened(&text), why }))?;
            self.push_required(&mut cells, at, cell, column)?;
        }
        Ok(cells)
    }

    fn values(&self, row: &[Held<'_>], header: &[String]) -> Result<Vec<Cell>, RowFault> {
        let mut cells = Vec::with_capacity(self.table.fields.len());
        for (at, (field, from)) in self.table.fields.iter().zip(&self.bound.from).enumerate() {
            let constant;
            let (held, column) = match from {
                _ if field.computed => (&Held::Nothing, None),
                FieldFrom::Nowhere => (&Held::Nothing, None),
                FieldFrom::Column(at) => (row.get(*at).unwrap_or(&Held::Nothing), header.get(*at)),
                FieldFrom::Constant(text) => {
                    constant = Held::Text(text.as_str().into());
                    (&constant, None)
                }
            };
            let cell = value_cell(self.mapping, at, field, held, self.names).map_err(|why| {
                (column.cloned(), Fault { value: parse::shortened(&held.text()), why })
            })?;
            self.push_required(&mut cells, at, cell, column)?;
        }
        Ok(cells)
    }

    fn record(&self, record: &super::json::Record<'_>) -> Result<Vec<Cell>, RowFault> {
        let mut cells = vec![Cell::Missing; self.table.fields.len()];
        let mut seen = vec![false; self.table.fields.len()];
        for (name, raw) in &record.0 {
            let Some(at) = field_of_column(name, &self.table.fields, self.mapping) else {
                continue;
            };
            let field = self.table.fields.get(at);
            let (Some(field), Some(cell), Some(seen)) =
                (field, cells.get_mut(at), seen.get_mut(at))
            else {
                continue;
            };
            if std::mem::replace(seen, true) {
                let fault = Fault { value: name.to_string(), why: Unreadable::RepeatedField };
                return Err((Some(name.to_string()), fault));
            }
            *cell = record_value(self.mapping, at, field, Some(raw), self.names)
                .map_err(|fault| (Some(name.to_string()), fault))?;
        }
        let mut checked = Vec::with_capacity(cells.len());
        for (at, cell) in cells.into_iter().enumerate() {
            let cell = match self.mapping.constants.get(&at) {
                Some(text) => self
                    .table
                    .fields
                    .get(at)
                    .map_or(Ok(Cell::Missing), |field| parse::text(text, &field.kind, self.names))
                    .map_err(|why| (None, Fault { value: text.clone(), why }))?,
                None => cell,
            };
            self.push_required(&mut checked, at, cell, None)?;
        }
        Ok(checked)
    }

    /// A key must be there; another required field may be missing in a row of a dated register that
    /// only says what changes, and is asked for when it is used.
    fn push_required(
        &self,
        cells: &mut Vec<Cell>,
        at: usize,
        cell: Cell,
        column: Option<&String>,
    ) -> Result<(), RowFault> {
        let field = self.table.fields.get(at);
        let required = |field: &Field| field.required && !field.computed && !field.dated;
        if matches!(cell, Cell::Missing) && field.is_some_and(required) {
            let name = field.map(|field| field.name.text.clone());
            let fault = Fault { value: String::new(), why: Unreadable::Missing };
            return Err((column.cloned().or(name), fault));
        }
        cells.push(cell);
        Ok(())
    }
}

fn fault_words(
    input: &Input,
    line: u64,
    column: Option<&str>,
    fault: &Fault,
    kind: Option<&Kind>,
) -> Words {
    let why = unreadable_words(fault.why, column, &fault.value);
    let hint = unreadable_hint(fault.why, &fault.value, kind);
    let (en, zh) = match (input.layout, column) {
        (Layout::Json, _) => (format!("record {line}"), format!("第 {line} 条记录")),
        (Layout::Sheet, Some(_)) => {
            let place = input.place(line, column);
            let cell = |text: &str| text.rsplit('!').next().unwrap_or_default().to_owned();
            (cell(&place.en), cell(&place.zh))
        }
        _ => (format!("line {line}"), format!("第 {line} 行")),
    };
    Words::new(format!("{en}: {}; {}", why.en, hint.en), format!("{zh}：{}；{}", why.zh, hint.zh))
}

const SHOWN_MAX: usize = 10;
