//! Rows of a CSV file, as RFC 4180 has them, one broken row costing one row.
//!
//! A quote that never closes would swallow the rest of the file. Here it does not: when the end of
//! the file (or of what a row may reasonably be) is reached inside quotes, or text follows a closing
//! quote, the *line* on which the row began is handed over as broken and reading goes on with the
//! next one. This is why the rows are not read with a ready-made reader.

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

use super::encoding::Encoding;
use super::error::FormatsError;
use super::lines::{FirstLine, Lines};

/// Reads row after row.
#[derive(Debug)]
pub(super) struct CsvRows<R> {
    lines: Lines<R>,
    delimiter: u8,
    encoding: Encoding,
    file: String,
    /// The row's text, if its bytes had to be decoded.
    decoded: String,
    /// Cells without their quotes, end to end.
    unquoted: String,
    cells: Vec<CellAt>,
}

/// A row, or a line that is none.
#[derive(Debug)]
pub(super) enum CsvRow<'a> {
    /// Its cells.
    Cells(CsvCells<'a>),
    /// A line that cannot be cut into cells.
    Broken {
        /// Where it stands.
        line: u64,
        /// The line, as far as it is text.
        text: String,
        /// What is wrong.
        why: Broken,
    },
}

/// Why a line cannot be cut into cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// A quote never closes, or text follows one, in the cell of this position.
    Quote(usize),
    /// Bytes that are no text, or a NUL.
    NotText,
}

/// The cells of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct CsvCells<'a> {
    /// Line on which the row starts.
    pub(super) line: u64,
    text: &'a str,
    unquoted: &'a str,
    cells: &'a [CellAt],
}

#[derive(Debug, Clone)]
enum CellAt {
    /// As it stands in the row's text.
    Plain(Range<usize>),
    /// Between quotes.
    Unquoted(Range<usize>),
}

impl<'a> CsvCells<'a> {
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&'a str> {
        match self.cells.get(at)? {
            CellAt::Plain(range) => self.text.get(range.clone()),
            CellAt::Unquoted(range) => self.unquoted.get(range.clone()),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'a str> + '_ {
        (0..self.len()).map(|at| self.get(at).unwrap_or_default())
    }

    /// The row as it stands in the file.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }
}

impl<R: Read> CsvRows<R> {
    pub(super) fn new(reader: R, delimiter: u8, encoding: Encoding, file: &str) -> CsvRows<R> {
        CsvRows {
            lines: Lines::new(reader),
            delimiter,
            encoding,
            file: file.to_owned(),
            decoded: String::new(),
            unquoted: String::new(),
            cells: Vec::new(),
        }
    }

    /// The next row that is not blank.
    ///
    /// # Errors
    /// The file cannot be read on, or is no table.
    pub(super) fn next(&mut self) -> Result<Option<CsvRow<'_>>, FormatsError> {
        let (line, length, ending) = loop {
            let found = self.lines.first_line();
            match found.map_err(|error| FormatsError::reading(&self.file, error))? {
                FirstLine::End => return Ok(None),
                FirstLine::TooLong => {
                    let line = self.lines.line;
                    return Err(FormatsError::LineTooLong { file: self.file.clone(), line });
                }
                FirstLine::Line(0, ending) => self.lines.advance(ending, 1),
                FirstLine::Line(length, ending) => break (self.lines.line, length, ending),
            }
        };
        let first = self.lines.ahead().get(..length).unwrap_or(&[]);
        let quoted = memchr::memchr(b'"', first).is_some();
        let end = if quoted { self.row_end()? } else { RowEnd::At(length, length + ending, 1) };
        let (length, step, lines, broken) = match end {
            RowEnd::At(length, step, lines) => (length, step, lines, None),
            RowEnd::Broken(cell) => (length, length + ending, 1, Some(Broken::Quote(cell))),
        };
        // The window only forgets what lies before the row when it reads on, which is at the
        // earliest in the next call: the bytes behind it are still there.
        self.lines.advance(step, lines);
        let bytes = self.lines.behind(step).get(..length).unwrap_or(&[]);
        let text = self.encoding.decoded(bytes).filter(|_| memchr::memchr(0, bytes).is_none());
        // A row that is no text is kept in another spelling, whatever else is wrong with it.
        let broken = text.is_none().then_some(Broken::NotText).or(broken);
        if let Some(why) = broken {
            return Ok(Some(CsvRow::Broken { line, text: self.encoding.shown(bytes), why }));
        }
        let text = match text {
            Some(Cow::Borrowed(text)) => text,
            Some(Cow::Owned(text)) => {
                self.decoded = text;
                &self.decoded
            }
            None => "",
        };
        self.cells.clear();
        self.unquoted.clear();
        if quoted {
            cut_quoted(text, self.delimiter, &mut self.cells, &mut self.unquoted);
        } else {
            cut_plain(text, self.delimiter, &mut self.cells);
        }
        let (unquoted, cells) = (self.unquoted.as_str(), self.cells.as_slice());
        Ok(Some(CsvRow::Cells(CsvCells { line, text, unquoted, cells })))
    }

    /// Finds where a row with quotes ends.
    fn row_end(&mut self) -> Result<RowEnd, FormatsError> {
        loop {
            let ahead = self.lines.ahead();
            let complete = self.lines.at_end() || ahead.len() > ROW_BYTES_MAX;
            match quoted_row_end(ahead, self.delimiter, complete) {
                Some(end) => return Ok(end),
                None => self
                    .lines
                    .read_on()
                    .map_err(|error| FormatsError::reading(&self.file, error))?,
            }
        }
    }
}

enum RowEnd {
    /// So many bytes, so many with its line end, so many lines.
    At(usize, usize, u64),
    /// A quote of this cell is at fault.
    Broken(usize),
}

/// `None` if more bytes are needed to tell.
fn quoted_row_end(bytes: &[u8], delimiter: u8, complete: bool) -> Option<RowEnd> {
    let (mut at, mut cell) = (0, 0);
    loop {
        let rest = bytes.get(at..)?;
        if rest.first() == Some(&b'"') {
            let Some(length) = quoted_cell(rest) else {
                return complete.then_some(RowEnd::Broken(cell));
            };
            at += length;
            let after = bytes.get(at..)?;
            match after {
                [] if !complete => return None,
                [b'\r'] if !complete => return None,
                [next, ..] if *next == delimiter => {}
                [] | [b'\n', ..] | [b'\r', b'\n', ..] => {}
                _ => return Some(RowEnd::Broken(cell)),
            }
        } else {
            match memchr::memchr2(delimiter, b'\n', rest) {
                Some(length) => at += length,
                None if complete => at = bytes.len(),
                None => return None,
            }
        }
        // Here stands a delimiter, a line end, or nothing.
        match bytes.get(at) {
            Some(next) if *next == delimiter => {
                at += 1;
                cell += 1;
            }
            next => {
                let row = bytes.get(..at)?;
                let extra = match next {
                    None => 0,
                    Some(b'\r') => 2,
                    Some(_) => 1,
                };
                let back = usize::from(row.ends_with(b"\r"));
                let inside = memchr::memchr_iter(b'\n', row).count();
                let lines = u64::try_from(inside + 1).unwrap_or(1);
                return Some(RowEnd::At(at - back, at + extra, lines));
            }
        }
    }
}

/// How many bytes a quoted cell has, both quotes included.
fn quoted_cell(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr(b'"', bytes.get(at..)?)? + 1;
        if bytes.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

fn cut_plain(text: &str, delimiter: u8, cells: &mut Vec<CellAt>) {
    let mut start = 0;
    for end in memchr::memchr_iter(delimiter, text.as_bytes()) {
        cells.push(CellAt::Plain(start..end));
        start = end + 1;
    }
    cells.push(CellAt::Plain(start..text.len()));
}

fn cut_quoted(text: &str, delimiter: u8, cells: &mut Vec<CellAt>, unquoted: &mut String) {
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let length = if rest.starts_with('"') {
            let length = quoted_cell(rest.as_bytes()).unwrap_or(rest.len());
            let inside = rest.get(1..length.saturating_sub(1)).unwrap_or_default();
            let start = unquoted.len();
            unquoted.push_str(&inside.replace("\"\"", "\""));
            cells.push(CellAt::Unquoted(start..unquoted.len()));
            length
        } else {
            let length = memchr::memchr(delimiter, rest.as_bytes()).unwrap_or(rest.len());
            cells.push(CellAt::Plain(at..at + length));
            length
        };
        at += length;
        if text.as_bytes().get(at) != Some(&delimiter) {
            return;
        }
        at += 1;
    }
}

const ROW_BYTES_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows as `line: cell|cell`, broken ones as `line! text`.
    #[track_caller]
    fn check(text: &str, wanted: &[&str]) {
        let mut rows = CsvRows::new(text.as_bytes(), b',', Encoding::Utf8, "x.csv");
        let mut found = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            found.push(match row {
                CsvRow::Cells(cells) => {
                    format!("{}: {}", cells.line, cells.iter().collect::<Vec<_>>().join("|"))
                }
                CsvRow::Broken { line, text, why } => format!("{line}! {text} {why:?}"),
            });
        }
        assert_eq!(found, wanted, "{text:?}");
    }

    #[test]
    fn plain_rows() {
        check("a,b\n1,2\r\n\n3,\n", &["1: a|b", "2: 1|2", "4: 3|"]);
        check("a", &["1: a"]);
        check("", &[]);
    }

    #[test]
    fn quoted_cells() {
        check("\"a,b\",c\n", &["1: a,b|c"]);
        check("\"a\"\"b\",\"\"\r\nx,\"y\"", &["1: a\"b|", "2: x|y"]);
        check("\"two\nlines\",1\n2,\"\"\n", &["1: two\nlines|1", "3: 2|"]);
        check("5\" pipe,1\n", &["1: 5\" pipe|1"]);
    }

    #[test]
    fn a_quote_that_never_closes_costs_one_line() {
        check("1,\"a\n2,b\n3,c\n", &["1! 1,\"a Quote(1)", "2: 2|b", "3: 3|c"]);
        check("\"a\n2,\"b\"\n", &["1! \"a Quote(0)", "2: 2|b"]);
        check("1,\"a\"x\n2,b\n", &["1! 1,\"a\"x Quote(1)", "2: 2|b"]);
    }

    #[test]
    fn a_nul_costs_one_row() {
        check("a,b\n1,\0\n2,3\n", &["1: a|b", "2! 1,\\x00 NotText", "3: 2|3"]);
    }

    #[test]
    fn rows_beyond_the_window() {
        let long = "x".repeat(700_000);
        let text = format!("\"{long}\",1\n{long},\"2\"\n3,4\n");
        let wanted = [format!("1: {long}|1"), format!("2: {long}|2"), "3: 3|4".to_owned()];
        check(&text, &wanted.iter().map(String::as_str).collect::<Vec<_>>());
        let swallowing = format!("1,\"a\n{}", "2,b\n".repeat(400_000));
        let mut rows = CsvRows::new(swallowing.as_bytes(), b',', Encoding::Utf8, "x.csv");
        let mut count = 0;
        while rows.next().unwrap().is_some() {
            count += 1;
        }
        assert_eq!(count, 400_001);
    }
}
