//! The rows of a file as it holds them, whatever its layout.

use std::fs::File;
use std::io::BufReader;

use crate::diagnostics::Words;
use crate::report::names::folded;
use crate::rows::Unreadable;

use super::blocks::{Block, Blocks};
use super::csv::{self, CsvCells, CsvRow, CsvRows, Cutter};
use super::error::FormatsError;
use super::input::{Input, Layout};
use super::json::{self, JsonRow, JsonRows, NdjsonRows, Record};

/// Reads a file row by row.
#[derive(Debug)]
pub(super) struct RawRows {
    /// Names of the columns; empty for records, each of which names its own.
    pub(super) header: Vec<String>,
    layout: Rows,
}

#[derive(Debug)]
enum Rows {
    Csv(CsvRows<BufReader<File>>),
    Json(JsonRows),
    Ndjson(NdjsonRows<BufReader<File>>),
}

/// A row.
#[derive(Debug)]
pub(super) enum RawRow<'a> {
    /// Cells under the header.
    Cells(CsvCells<'a>),
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
            RawRow::Record { line, .. } | RawRow::Broken { line, .. } => *line,
        }
    }
}

/// The rows at some places of a file, ascending, each as it is written; those that are no longer
/// there are empty.
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
            texts.push(match &row {
                RawRow::Cells(cells) => cells.text().to_owned(),
                RawRow::Record { text, .. } => (*text).to_owned(),
                RawRow::Broken { text, .. } => text.clone(),
            });
        }
    }
    texts.extend(lines.map(|_| String::new()));
    Ok(texts)
}

impl RawRows {
    /// Starts at the beginning, and reads the header if there is one.
    ///
    /// # Errors
    /// The file cannot be read, or its head is none.
    pub(super) fn open(input: &Input) -> Result<RawRows, FormatsError> {
        let (reader, encoding) = (input.reader()?, input.encoding);
        match input.layout {
            Layout::Csv { delimiter } => {
                let blocks = Blocks::new(reader, delimiter, input.name());
                let mut rows = CsvRows::new(blocks, Cutter::new(delimiter, encoding));
                let header = header(&mut rows, input.name())?;
                Ok(RawRows { header, layout: Rows::Csv(rows) })
            }
            Layout::Json => {
                let mut reader = reader;
                let rows = JsonRows::read(&mut reader, encoding, input.name())?;
                Ok(RawRows { header: Vec::new(), layout: Rows::Json(rows) })
            }
            Layout::Ndjson => {
                let rows = NdjsonRows::new(reader, encoding, input.name());
                Ok(RawRows { header: Vec::new(), layout: Rows::Ndjson(rows) })
            }
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
        };
        Ok(row.map(from_json))
    }

    /// The rows from here on up to some point, if they stand in a CSV file.
    ///
    /// # Errors
    /// The file cannot be read on.
    pub(super) fn next_block(&mut self) -> Result<Option<Block>, FormatsError> {
        match &mut self.layout {
            Rows::Csv(rows) => rows.next_block(),
            Rows::Json(_) | Rows::Ndjson(_) => Ok(None),
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
            return Ok(record.0.into_iter().map(|(name, _)| name).collect());
        }
    }
    Ok(Vec::new())
}

fn header(rows: &mut CsvRows<BufReader<File>>, file: &str) -> Result<Vec<String>, FormatsError> {
    let refused = |what, hint| Err(FormatsError::Header { file: file.to_owned(), what, hint });
    match rows.next()? {
        None => Err(FormatsError::Empty { file: file.to_owned() }),
        Some(CsvRow::Broken { text, .. }) if text.contains('\r') => cr_alone(file),
        Some(CsvRow::Broken { line, why, .. }) => {
            let why = broken_words(why);
            refused(
                Words::new(
                    format!("the line of column names (line {line}) {}", why.en),
                    format!("列名行（第 {line} 行）{}", why.zh),
                ),
                Words::new(
                    "the first line must be the names of the columns",
                    "第一行应为各列的名称",
                ),
            )
        }
        Some(CsvRow::Cells(cells)) if cells.text().contains('\r') => cr_alone(file),
        Some(CsvRow::Cells(cells)) => Ok(cells.iter().map(folded).collect()),
    }
}

/// The whole file is one line: with a quote in it the line is broken, without one it is the header.
fn cr_alone(file: &str) -> Result<Vec<String>, FormatsError> {
    Err(FormatsError::Header {
        file: file.to_owned(),
        what: Words::new("its lines end in CR alone", "文件以单独的 CR 换行"),
        hint: Words::new("save it with LF or CRLF line ends", "请用 LF 或 CRLF 换行保存"),
    })
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

fn from_json(row: JsonRow<'_>) -> RawRow<'_> {
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
