//! Rows of a CSV file, as RFC 4180 has them, one broken row costing one row.
//!
//! A quote that never closes would swallow the rest of the file. Here it does not: when the end of
//! the file (or of what a row may reasonably be) is reached inside quotes, or text follows a closing
//! quote, the *line* on which the row began is handed over as broken and reading goes on with the
//! next one. This is why the rows are not read with a ready-made reader.

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

use super::apostrophes;
use super::blocks::{Block, Blocks, Place, quoted_cell};
use super::error::FormatsError;

/// Reads row after row.
#[derive(Debug)]
pub(super) struct CsvRows<R> {
    blocks: Blocks<R>,
    block: Block,
    /// The next row of the block.
    place: Place,
    cutter: Cutter,
}

/// Cuts rows into cells.
#[derive(Debug)]
pub(super) struct Cutter {
    delimiter: u8,
    /// Whether cells have apostrophes that are none of their own.
    guarded: bool,
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

impl CsvRow<'_> {
    /// The line on which it starts.
    pub(super) fn line(&self) -> u64 {
        match self {
            CsvRow::Cells(cells) => cells.line,
            CsvRow::Broken { line, .. } => *line,
        }
    }
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
    guarded: bool,
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
        let cell = match self.cells.get(at)? {
            CellAt::Plain(range) => self.text.get(range.clone())?,
            CellAt::Unquoted(range) => self.unquoted.get(range.clone())?,
        };
        Some(if self.guarded { apostrophes::unguarded(cell).unwrap_or(cell) } else { cell })
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
    pub(super) fn new(blocks: Blocks<R>, cutter: Cutter) -> CsvRows<R> {
        CsvRows { blocks, block: Block::default(), place: Place::default(), cutter }
    }

    /// The next row that is not blank.
    ///
    /// # Errors
    /// The file cannot be read on, or is no table.
    pub(super) fn next(&mut self) -> Result<Option<CsvRow<'_>>, FormatsError> {
        loop {
            self.place = self.block.after_blank(self.place);
            if !self.block.rest(self.place).is_empty() {
                return Ok(self.cutter.row(&self.block, &mut self.place));
            }
            match self.blocks.next()? {
                Some(block) => (self.place, self.block) = (block.start, block),
                None => return Ok(None),
            }
        }
    }

    /// What is left of the block at hand, or else the next one.
    ///
    /// # Errors
    /// As [`next`](CsvRows::next).
    pub(super) fn next_block(&mut self) -> Result<Option<Block>, FormatsError> {
        let block = std::mem::take(&mut self.block);
        if block.rest(self.place).is_empty() {
            return self.blocks.next();
        }
        Ok(Some(Block { start: self.place, ..block }))
    }

    /// From here on cells may have apostrophes that are none of their own.
    pub(super) fn guarded(&mut self) {
        self.cutter.guarded = true;
    }

    /// The last line of the file, once it has been read, if nothing ends it.
    pub(super) fn unended(&self) -> Option<u64> {
        self.blocks.unended()
    }

    /// Memory of a block that has been read, to serve again.
    pub(super) fn give_back(&mut self, spare: Vec<u8>) {
        self.blocks.give_back(spare);
    }
}

impl Cutter {
    pub(super) fn new(delimiter: u8) -> Cutter {
        let (decoded, unquoted, cells) = (String::new(), String::new(), Vec::new());
        Cutter { delimiter, guarded: false, decoded, unquoted, cells }
    }

    /// The same for a file the cells of which may have apostrophes that are none of their own.
    pub(super) fn of_guarded(self, guarded: bool) -> Cutter {
        Cutter { guarded, ..self }
    }

    /// The row of a block at a place, which moves on past it; `None` at the end.
    pub(super) fn row<'a>(&'a mut self, block: &'a Block, place: &mut Place) -> Option<CsvRow<'a>> {
        let Place { at, line } = *place;
        let end = block.row_end(at, self.delimiter)?;
        *place = Place { at: at + end.step, line: line + end.lines };
        let bytes = block.bytes.get(at..at + end.length).unwrap_or(&[]);
        let text = block.encoding.decoded(bytes).filter(|_| memchr::memchr(0, bytes).is_none());
        // A row that is no text is kept in another spelling, whatever else is wrong with it.
        let broken = text.is_none().then_some(Broken::NotText).or(end.broken.map(Broken::Quote));
        if let Some(why) = broken {
            return Some(CsvRow::Broken { line, text: block.encoding.shown(bytes), why });
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
        if block.quotes && memchr::memchr(b'"', bytes).is_some() {
            cut_quoted(text, self.delimiter, &mut self.cells, &mut self.unquoted);
        } else {
            cut_plain(text, self.delimiter, &mut self.cells);
        }
        let (unquoted, cells) = (self.unquoted.as_str(), self.cells.as_slice());
        let guarded = self.guarded;
        Some(CsvRow::Cells(CsvCells { line, text, unquoted, cells, guarded }))
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
            let length = quoted_cell(rest.as_bytes(), usize::MAX).unwrap_or(rest.len());
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

#[cfg(test)]
mod tests {
    use super::super::blocks::Text;
    use super::super::encoding::Encoding;
    use super::*;

    fn rows(text: &str) -> CsvRows<&[u8]> {
        let blocks = Blocks::new(text.as_bytes(), b',', "x.csv", Text::In(Encoding::Utf8));
        CsvRows::new(blocks, Cutter::new(b','))
    }

    /// Rows as `line: cell|cell`, broken ones as `line! text`.
    #[track_caller]
    fn check(text: &str, wanted: &[&str]) {
        let mut rows = rows(text);
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
        let mut rows = rows(&swallowing);
        let mut count = 0;
        while rows.next().unwrap().is_some() {
            count += 1;
        }
        assert_eq!(count, 400_001);
    }
}
