//! The rows of a register, read whole.
//!
//! A register row that cannot be read is an error, not a set-aside: without it an event would be
//! allocated as if there were no such row, and nobody would notice.

use crate::base::Date;
use crate::diagnostics::Words;
use crate::report::names::{Field, Kind, Label, Names, Table, folded, whole_and_part};
use crate::report::{unreadable_hint, unreadable_words};
use crate::rows::{Reason, RegisterTable, Unreadable};

use super::columns::{Bound, FieldFrom, field_of_column};
use super::error::FormatsError;
use super::event_reader::Unread;
use super::events::Events;
use super::heads::with_cause;
use super::input::{Input, Layout};
use super::lookalikes::Lookalikes;
use super::mapping::{Mapping, PERIOD_SPELLINGS, TableMapping};
use super::parse::field_named;
use super::raw::{RawRows, all_names};
use super::spellings::remedy;
use super::table_reader::TableReader;

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
    let columns = all_names(input)?;
    let fields = table.fields.len();
    let (mut table, mapping) = with_period(table, mapping.of(table), &columns);
    let mut bound = Bound::new(&columns, &table, &mapping);
    let rows = RawRows::open(input)?;
    if !rows.header.is_empty() {
        bound = bound.checked(&columns, &table, input.name())?;
        rows.check(&table, &bound.from, input.name())?;
    }
    // What a file does not have needs no days on which it holds.
    let has = |at: usize| bound.from.get(at).is_some_and(|from| *from != FieldFrom::Nowhere);
    let dated = table.fields.iter().enumerate().any(|(at, field)| field.dated && has(at));
    let undated = dated && !(fields..table.fields.len()).any(has);
    // In a row that only says what changes even a required one may be missing; it is asked for when it
    // is used.
    table.fields.iter_mut().filter(|field| field.dated).for_each(|field| field.required = false);
    let unused = bound.unused.iter().filter_map(|at| columns.get(*at)).cloned();
    let mut ignored: Vec<String> = unused.collect();
    let reader = TableReader::new(names, 0, &table, bound.from, mapping.clone(), rows.header.len());
    let mut events = Events::of_table(reader, rows, input, file);
    let (mut rows, mut unread) = (RegisterTable::default(), Vec::new());
    while let Some(batch) = events.next_batch(&mut unread)? {
        rows.append(RegisterTable::of(batch, fields));
    }
    if !unread.is_empty() {
        return Err(refused(&unread, (names, &table, &mapping), input));
    }
    hold_some_day(&rows, input)?;
    let inside = events.ignored().into_iter().filter(|name| !columns.contains(name));
    ignored.extend(inside);
    let (unended, lookalikes) = (events.unended(), events.lookalikes().clone());
    Ok(RegisterRows { rows, ignored, undated, unended, lookalikes })
}

/// # Errors
/// The period of a row ends before it begins: it would hold on no day, and nobody would be told.
fn hold_some_day(rows: &RegisterTable, input: &Input) -> Result<(), FormatsError> {
    let never = (0..rows.len()).filter_map(|row| {
        let (from, until) = (rows.holds_from(row)?, rows.holds_until(row)?);
        (until <= from).then_some((rows.origin(row)?.line, from, until))
    });
    let never: Vec<(u64, Date, Date)> = never.collect();
    if never.is_empty() {
        return Ok(());
    }
    let first = never.iter().take(SHOWN_MAX).map(|(line, from, until)| {
        let place = input.place(*line, None);
        Words::new(
            format!(
                "{}: its period begins on {from} and ends before {until}: `until` is the first day on \
                 which it holds no more",
                place.en
            ),
            format!("{}：自 {from} 起、{until} 前止，一日也不适用：「止」是不再适用的第一日", place.zh),
        )
    });
    let rows = u64::try_from(never.len()).unwrap_or(u64::MAX);
    Err(FormatsError::Register { file: input.name().to_owned(), rows, first: first.collect() })
}

/// A table with two fields more, from and until when the dated fields of a row hold; the same table if
/// it has none.
fn with_period(table: &Table, mapping: TableMapping, columns: &[String]) -> (Table, TableMapping) {
    let mut table = table.clone();
    if !table.fields.iter().any(|field| field.dated) {
        return (table, mapping);
    }
    let own = table.fields.len();
    let ends = PERIOD_SPELLINGS.map(|spellings| {
        let is_end = |column: &&String| {
            let is_field = field_named(&table.fields, column).is_some();
            !is_field && spellings.contains(&folded(column).as_str())
        };
        columns.iter().find(is_end).cloned()
    });
    let named = PERIOD_SPELLINGS.iter().filter_map(|spellings| spellings.first());
    let end = |name: &&str| Field {
        name: Label::plain(*name),
        kind: Kind::Date,
        required: false,
        computed: false,
        dated: false,
    };
    table.fields.extend(named.map(end));
    let mapping = mapping.with_period(own, ends);
    (table, mapping)
}

/// The error that rows cannot be read.
fn refused(
    unread: &[Unread],
    (names, table, mapping): (&Names, &Table, &TableMapping),
    input: &Input,
) -> FormatsError {
    let (mut alike, mut kind_of_fault, mut remedied) = (true, None, None);
    let mut first = Vec::new();
    for Unread { origin, reason, .. } in unread {
        let Reason::Unreadable { column, value, why } = reason else { continue };
        let own = (column, why);
        alike &= *kind_of_fault.get_or_insert(own) == own;
        remedied = remedied.or_else(|| remedy(*why, value));
        if first.len() < SHOWN_MAX {
            let column = column.as_deref();
            let of = |name: &str| field_of_column(name, &table.fields, mapping);
            let parts = column.and_then(|it| whole_and_part(it, |name| of(name).is_some()));
            let field = parts.and_then(|(name, _)| table.fields.get(of(name)?));
            let inside = parts.map_or("", |(_, inside)| inside);
            let kind = field.and_then(|field| names.kind_inside(&field.kind, inside));
            first.push(fault_words(input, origin.line, column, (*why, value), kind));
        }
    }
    if unread.len() > 1 && alike {
        // What is wrong with all of them is said once.
        first.truncate(1);
        first.extend(remedied);
    }
    let rows = u64::try_from(unread.len()).unwrap_or(u64::MAX);
    FormatsError::Register { file: input.name().to_owned(), rows, first }
}

/// The rows of a register's file.
#[derive(Debug)]
pub struct RegisterRows {
    /// In the order of the file.
    pub rows: RegisterTable,
    /// Columns that no field asked for.
    pub ignored: Vec<String>,
    /// It has dated fields, and no column that says when they hold.
    pub undated: bool,
    /// The last line, if nothing ends it: it may be cut off.
    pub unended: Option<u64>,
    /// Texts that look like others.
    pub lookalikes: Lookalikes,
}

fn fault_words(
    input: &Input,
    line: u64,
    column: Option<&str>,
    (why, value): (Unreadable, &str),
    kind: Option<&Kind>,
) -> Words {
    let hint = unreadable_hint(why, value, kind);
    let why = unreadable_words(why, column, value);
    let (en, zh) = match (input.layout, column) {
        (Layout::Json, _) => (format!("record {line}"), format!("第 {line} 条记录")),
        (Layout::Sheet, Some(_)) => {
            let place = input.place(line, column);
            let cell = |text: &str| text.rsplit('!').next().unwrap_or_default().to_owned();
            (cell(&place.en), cell(&place.zh))
        }
        (Layout::Parquet | Layout::Arrow, _) => (format!("row {line}"), format!("第 {line} 行")),
        _ => (format!("line {line}"), format!("第 {line} 行")),
    };
    Words::new(format!("{en}: {}; {}", why.en, hint.en), format!("{zh}：{}；{}", why.zh, hint.zh))
}

const SHOWN_MAX: usize = 10;
