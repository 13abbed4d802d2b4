//! The rows of a file as it holds them, whatever its layout.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostics::Words;
use crate::report::names::{Table, folded};
use crate::rows::Unreadable;

use super::apostrophes::unguarded;
use super::blocks::{Block, Blocks, Text};
use super::column_file::{ColumnBlock, ColumnRows};
use super::columns::{FieldFrom, apart_by};
use super::csv::{self, CsvCells, CsvRow, CsvRows, Cutter};
use super::error::FormatsError;
use super::heads::{ColumnNames, no_such_line};
use super::held::Held;
use super::input::{Input, InputReader, Layout};
use super::json::{self, JsonRow, JsonRows, JsonText, JsonValue, NdjsonRows, Record};
use super::set_asides::added_columns;
use super::sheet::Sheet;

/// Reads a file row by row.
#[derive(Debug)]
pub(super) struct RawRows {
    /// Names of the columns; empty for records, each of which names its own.
    pub(super) header: Vec<String>,
    /// What stands above each, where names stand in several rows.
    pub(super) above: Vec<String>,
    /// Whether it was written for a spreadsheet: cells have apostrophes that are none of their own.
    pub(super) guarded: bool,
    layout: Rows,
}

#[derive(Debug)]
enum Rows {
    Csv(CsvRows<InputReader>),
    Json(JsonRows),
    Ndjson(NdjsonRows<InputReader>),
    /// And the position of the next row.
    Sheet(Arc<Sheet>, usize),
    Columns(ColumnRows),
}

/// Some rows, to be read at any time.
#[derive(Debug)]
pub(super) enum RawBlock {
    Text(Block),
    Columns(ColumnBlock),
}

/// A row.
#[derive(Debug)]
pub(super) enum RawRow<'a> {
    /// Cells under the header.
    Cells(CsvCells<'a>),
    /// Values under the header.
    Values {
        /// The number of the row.
        line: u64,
        /// One for each column.
        cells: Cow<'a, [Held<'a>]>,
    },
    /// A record.
    Record {
        /// Its line, or its number in an array.
        line: u64,
        /// Names and values.
        record: Record<'a>,
        /// As it is written.
        text: &'a str,
    },
    /// No row.
    Broken {
        /// Its line, or its number in an array.
        line: u64,
        /// The column at fault.
        column: Option<String>,
        /// As it is written.
        text: String,
        /// What is wrong.
        why: Unreadable,
    },
}

impl RawRow<'_> {
    /// Its line, or its number in an array.
    pub(super) fn line(&self) -> u64 {
        match self {
            RawRow::Cells(cells) => cells.line,
            RawRow::Values { line, .. }
            | RawRow::Record { line, .. }
            | RawRow::Broken { line, .. } => *line,
        }
    }

    /// Whether it is a line of CSV that holds nothing but what stands between cells.
    pub(super) fn is_blank(&self) -> bool {
        matches!(self, RawRow::Cells(cells) if cells.iter().all(|cell| cell.trim().is_empty()))
    }

    /// The text of a column, by its place in the header or, in a record, by its name; empty where there
    /// is none.
    pub(super) fn text_of(&self, at: Option<usize>, name: &str) -> String {
        match self {
            RawRow::Cells(cells) => at.and_then(|at| cells.get(at)).unwrap_or_default().to_owned(),
            RawRow::Record { record, .. } => {
                let raw = record.0.iter().find(|(own, _)| own == name);
                match raw.map(|(_, raw)| json::value(raw)) {
                    Some(JsonValue::Text(text)) => text.into_owned(),
                    _ => String::new(),
                }
            }
            RawRow::Values { cells, .. } => at
                .and_then(|at| cells.get(at))
                .map_or_else(String::new, |it| it.text().into_owned()),
            RawRow::Broken { .. } => String::new(),
        }
    }

    /// The row whole, as it is written; where a file holds no text, the texts of its cells as a JSON
    /// array.
    pub(super) fn text(&self) -> String {
        match self {
            RawRow::Cells(cells) => cells.text().to_owned(),
            RawRow::Values { cells, .. } => {
                let texts: Vec<Cow<'_, str>> = cells.iter().map(Held::text).collect();
                serde_json::json!(texts).to_string()
            }
            RawRow::Record { text, .. } => (*text).to_owned(),
            RawRow::Broken { text, .. } => text.clone(),
        }
    }
}

/// The rows at some places of a file, ascending, each as it is written, or the texts of its cells as
/// a JSON array where a file holds no text; those that are no longer there are empty.
///
/// # Errors
/// The file cannot be read.
pub fn raw_rows(input: &Input, lines: &[u64]) -> Result<Vec<String>, FormatsError> {
    let mut rows = RawRows::open(input)?;
    let mut texts = Vec::with_capacity(lines.len());
    let mut lines = lines.iter().peekable();
    while lines.peek().is_some() {
        let Some(row) = rows.next()? else { break };
        let line = row.line();
        while lines.next_if(|wanted| **wanted <= line).is_some() {
            texts.push(row.text());
        }
    }
    texts.extend(lines.map(|_| String::new()));
    Ok(texts)
}

impl RawRows {
    fn of(header: Vec<String>, layout: Rows) -> RawRows {
        RawRows { header, above: Vec::new(), guarded: false, layout }
    }

    /// Starts at the beginning, and reads the header if there is one.
    ///
    /// # Errors
    /// The file cannot be read, or its head is none.
    pub(super) fn open(input: &Input) -> Result<RawRows, FormatsError> {
        if let Some(sheet) = &input.sheet {
            let header = sheet.header.clone();
            let rows = RawRows::of(header, Rows::Sheet(sheet.clone(), 0));
            return Ok(RawRows { above: sheet.above.clone(), ..rows });
        }
        match input.layout {
            Layout::Csv { delimiter } => {
                let (reader, size) = (input.reader()?, input.pieces.block_bytes);
                let blocks = Blocks::sized(reader, delimiter, input.name(), size);
                let blocks = blocks.holding(Text::Of(input.text()));
                let mut rows = CsvRows::new(blocks, Cutter::new(delimiter));
                let ColumnNames { own: mut header, above } = header(&mut rows, input)?;
                // Rows set aside are the one result of ours that is sent again.
                let guarded = input.has_mark() && !added_columns(&header).is_empty();
                if guarded {
                    rows.guarded();
                    let own = |name: String| unguarded(&name).map_or(name.clone(), str::to_owned);
                    header = header.into_iter().map(own).collect();
                }
                Ok(RawRows { header, above, guarded, layout: Rows::Csv(rows) })
            }
            Layout::Json => {
                let mut reader = input.reader()?;
                let rows = JsonRows::read(&mut reader, input.encoding()?, input.name())?;
                Ok(RawRows::of(Vec::new(), Rows::Json(rows)))
            }
            Layout::Ndjson => {
                let rows = NdjsonRows::new(input.reader()?, input.encoding()?, input.name());
                Ok(RawRows::of(Vec::new(), Rows::Ndjson(rows)))
            }
            Layout::Parquet | Layout::Arrow => {
                let rows = ColumnRows::open(input)?;
                Ok(RawRows::of(rows.header(), Rows::Columns(rows)))
            }
            Layout::Sheet => Err(FormatsError::Internal("a sheet that was not read".into())),
        }
    }

    /// Takes a table for allocations that were written for a spreadsheet, if its mark and columns say so:
    /// from here on apostrophes in front of what a spreadsheet would run are none of its own.
    pub(super) fn unguard_allocations(&mut self, input: &Input) {
        let has = |name: &str| self.header.iter().any(|own| own == name);
        let written = input.has_mark() && has("account") && has("amount");
        if let (true, Rows::Csv(rows)) = (written, &mut self.layout) {
            rows.guarded();
            self.guarded = true;
        }
    }

    /// The next row.
    ///
    /// # Errors
    /// The file cannot be read on.
    pub(super) fn next(&mut self) -> Result<Option<RawRow<'_>>, FormatsError> {
        let row = match &mut self.layout {
            Rows::Csv(rows) => return Ok(rows.next()?.map(|row| from_csv(row, &self.header))),
            Rows::Json(rows) => rows.next(),
            Rows::Ndjson(rows) => rows.next()?,
            Rows::Columns(rows) => {
                let row = rows.next()?;
                return Ok(row.map(|(line, cells)| RawRow::Values { line, cells: cells.into() }));
            }
            Rows::Sheet(sheet, at) => {
                let row = sheet.row(*at);
                *at += 1;
                return Ok(row.map(|(line, cells)| RawRow::Values { line, cells: cells.into() }));
            }
        };
        Ok(row.map(|row| from_json(row.row())))
    }

    /// The next record, not cut yet, of a file that has records; [`next`](RawRows::next) gives the rows
    /// of others.
    ///
    /// # Errors
    /// The file cannot be read on.
    pub(super) fn next_record(&mut self) -> Result<Option<JsonText<'_>>, FormatsError> {
        match &mut self.layout {
            Rows::Json(rows) => Ok(rows.next()),
            Rows::Ndjson(rows) => rows.next(),
            Rows::Csv(_) | Rows::Sheet(..) | Rows::Columns(_) => Ok(None),
        }
    }

    /// Whether it has records.
    pub(super) fn has_records(&self) -> bool {
        matches!(self.layout, Rows::Json(_) | Rows::Ndjson(_))
    }

    /// Whether rows come in blocks.
    pub(super) fn has_blocks(&self) -> bool {
        matches!(self.layout, Rows::Csv(_) | Rows::Columns(_))
    }

    /// Sees to it that fields are filled only from columns whose values are exact.
    ///
    /// # Errors
    /// One is not.
    pub(super) fn check(
        &self,
        table: &Table,
        from: &[FieldFrom],
        file: &str,
    ) -> Result<(), FormatsError> {
        let Rows::Columns(rows) = &self.layout else { return Ok(()) };
        for (field, from) in table.fields.iter().zip(from) {
            let FieldFrom::Column(at) = from else { continue };
            let Some(held) = rows.unfit(*at) else { continue };
            let (name, column) = (&field.name.text, self.header.get(*at).map_or("", |it| it));
            return Err(FormatsError::Columns {
                file: file.to_owned(),
                what: Words::new(
                    format!("column `{column}`, which is field `{name}`, holds {held}"),
                    format!("「{column}」列（字段「{name}」）的类型为 {held}"),
                ),
                hint: Words::new(
                    "a float is not exact: amounts are `decimal`, whole numbers or text, dates `date32` or \
                     timestamps without a zone",
                    "浮点数不精确：金额应为 decimal、整数或文本，日期应为 date32 或不带时区的时间戳",
                ),
            });
        }
        Ok(())
    }

    /// The rows from here on up to some point, if they stand in a file that is read so.
    ///
    /// # Errors
    /// The file cannot be read on.
    pub(super) fn next_block(&mut self) -> Result<Option<RawBlock>, FormatsError> {
        match &mut self.layout {
            Rows::Csv(rows) => Ok(rows.next_block()?.map(RawBlock::Text)),
            Rows::Columns(rows) => Ok(rows.next_block()?.map(RawBlock::Columns)),
            Rows::Json(_) | Rows::Ndjson(_) | Rows::Sheet(..) => Ok(None),
        }
    }
}

impl RawRows {
    /// The last line of a file of lines, once it has been read, if nothing ends it.
    pub(super) fn unended(&self) -> Option<u64> {
        match &self.layout {
            Rows::Csv(rows) => rows.unended(),
            Rows::Json(_) | Rows::Ndjson(_) | Rows::Sheet(..) | Rows::Columns(_) => None,
        }
    }

    /// Memory of a block that has been read, to serve again.
    pub(super) fn give_back(&mut self, spare: Vec<u8>) {
        if let Rows::Csv(rows) = &mut self.layout {
            rows.give_back(spare);
        }
    }
}

/// The names of a file's columns: its header, or what its first record names.
///
/// # Errors
/// The file cannot be read, or its head is none.
pub(super) fn column_names(input: &Input) -> Result<Vec<String>, FormatsError> {
    let mut rows = RawRows::open(input)?;
    if !rows.header.is_empty() {
        return Ok(rows.header);
    }
    while let Some(row) = rows.next()? {
        if let RawRow::Record { record, .. } = row {
            return Ok(record.0.into_iter().map(|(name, _)| name.into_owned()).collect());
        }
    }
    Ok(Vec::new())
}

/// The names of a file's columns: its header, or all that its records name, in the order in which they
/// occur first.
///
/// # Errors
/// As [`column_names`].
pub(super) fn all_names(input: &Input) -> Result<Vec<String>, FormatsError> {
    let mut rows = RawRows::open(input)?;
    let mut names = std::mem::take(&mut rows.header);
    if !names.is_empty() {
        return Ok(names);
    }
    let mut seen = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let RawRow::Record { record, .. } = row else { continue };
        for (name, _) in record.0 {
            if !seen.contains(&*name) {
                seen.insert(name.to_string());
                names.push(name.into_owned());
            }
        }
    }
    Ok(names)
}

fn header(rows: &mut CsvRows<InputReader>, input: &Input) -> Result<ColumnNames, FormatsError> {
    let (file, heads) = (input.name(), input.heads);
    let mut names: Vec<Vec<String>> = Vec::new();
    loop {
        let line = match rows.next()? {
            None => return Err(no_such_line(file, heads)),
            Some(row) if row.line() < heads.first => continue,
            Some(CsvRow::Broken { text, .. }) if text.contains('\r') => return Err(cr_alone(file)),
            Some(CsvRow::Broken { line, text, why }) => {
                return Err(broken_header(input, line, (&text, why)));
            }
            Some(CsvRow::Cells(cells)) if cells.text().contains('\r') => {
                return Err(cr_alone(file));
            }
            Some(CsvRow::Cells(cells)) => {
                names.push(cells.iter().map(folded).collect());
                cells.line
            }
        };
        if line >= heads.last {
            return Ok(ColumnNames::of(names));
        }
    }
}

fn broken_header(input: &Input, line: u64, (text, why): (&str, csv::Broken)) -> FormatsError {
    let file = input.name();
    let first = || {
        Words::new(
            format!(
                "the first line must be the names of the columns; `{file}:3` says that they stand in line 3"
            ),
            format!("第一行应为各列的名称；若列名在第 3 行，请写成 {file}:3"),
        )
    };
    let apart = apart_behind_quotes(input, text);
    let why = match apart {
        Some(_) => Words::new("has signs behind its quotes", "引号之后有其他符号"),
        None => broken_words(why),
    };
    FormatsError::Header {
        file: file.to_owned(),
        what: Words::new(
            format!("the line of column names (line {line}) {}", why.en),
            format!("列名行（第 {line} 行）{}", why.zh),
        ),
        hint: apart.unwrap_or_else(first),
    }
}

/// That the cells of a line are apart by another sign than they should be, if one stands behind quotes.
fn apart_behind_quotes(input: &Input, line: &str) -> Option<Words> {
    let Layout::Csv { delimiter } = input.layout else { return None };
    let behind = line.match_indices('"').filter_map(|(at, quote)| line.get(at + quote.len()..));
    let sign = behind.filter_map(|rest| rest.get(..rest.chars().next()?.len_utf8()));
    sign.filter(|it| it.as_bytes() != [delimiter]).find_map(apart_by)
}

/// The whole file is one line: with a quote in it the line is broken, without one it is the header.
fn cr_alone(file: &str) -> FormatsError {
    FormatsError::Header {
        file: file.to_owned(),
        what: Words::new("its lines end in CR alone", "文件以单独的 CR 换行"),
        hint: Words::new("save it with LF or CRLF line ends", "请用 LF 或 CRLF 换行保存"),
    }
}

fn broken_words(why: csv::Broken) -> Words {
    match why {
        csv::Broken::Quote(_) => Words::new("has a quote that does not close", "有未闭合的引号"),
        csv::Broken::NotText => Words::new("is no text", "不是文字"),
    }
}

pub(super) fn from_csv<'a>(row: CsvRow<'a>, header: &[String]) -> RawRow<'a> {
    match row {
        CsvRow::Cells(cells) => RawRow::Cells(cells),
        CsvRow::Broken { line, text, why } => {
            let (column, why) = match why {
                csv::Broken::Quote(cell) => (header.get(cell).cloned(), Unreadable::Quote),
                csv::Broken::NotText => (None, Unreadable::NotText),
            };
            RawRow::Broken { line, column, text, why }
        }
    }
}

pub(super) fn from_json(row: JsonRow<'_>) -> RawRow<'_> {
    match row {
        JsonRow::Record { line, record, text } => RawRow::Record { line, record, text },
        JsonRow::Broken { line, text, why } => {
            let why = match why {
                json::Broken::NotJson => Unreadable::NotJson,
                json::Broken::NotARecord => Unreadable::NotARecord,
                json::Broken::NotText => Unreadable::NotText,
            };
            RawRow::Broken { line, column: None, text, why }
        }
    }
}
