//! A CSV file cut into blocks that can each be read alone.
//!
//! A block ends where a row ends. That takes no more than a search for the last line end, unless
//! there are quotes: between them a line end is part of a cell, so rows in which they stand otherwise than
//! around whole cells of one line are followed one by one. Where a quote fails to close is found out here,
//! where all that follows can be seen, and noted in the block.

use std::io::Read;
use std::sync::Arc;

use super::encoding::Encoding;
use super::error::FormatsError;
use super::input::TextFile;
use super::quotes::usual_rows;

/// Some whole rows.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// Their bytes, each row with its line end.
    pub(super) bytes: Vec<u8>,
    /// How these are text.
    pub(super) encoding: Encoding,
    /// Where the first row starts.
    pub(super) start: Place,
    /// How many line ends there are.
    pub(super) lines: usize,
    /// Whether there are quotes.
    pub(super) quotes: bool,
    /// Whether there are blanks, apostrophes, or characters outside ASCII.
    pub(super) uneven: bool,
    /// Starts of lines with a quote that fails, and the cell it is in; ascending.
    pub(super) broken: Vec<(usize, usize)>,
}

/// Where a row starts in a block.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    /// How many bytes are before it.
    pub(super) at: usize,
    /// The number of its line in the file.
    pub(super) line: u64,
}

impl Block {
    /// What stands from some row on.
    pub(super) fn rest(&self, place: Place) -> &[u8] {
        self.bytes.get(place.at..).unwrap_or(&[])
    }

    /// The next place that is not a blank line.
    pub(super) fn after_blank(&self, mut place: Place) -> Place {
        loop {
            place.at += match self.rest(place) {
                [b'\n', ..] => 1,
                [b'\r', b'\n', ..] => 2,
                _ => return place,
            };
            place.line += 1;
        }
    }

    /// The end of the row that starts somewhere; `None` if nothing does.
    pub(super) fn row_end(&self, at: usize, delimiter: u8) -> Option<RowEnd> {
        let rest = self.bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let end = row_end(rest, delimiter, true)?;
        // Only who saw what follows the block knows in which cell a row fails.
        match self.broken.binary_search_by_key(&at, |(start, _)| *start) {
            Err(_) => Some(end),
            Ok(place) => {
                let cell = self.broken.get(place).map(|(_, cell)| *cell);
                Some(RowEnd { broken: cell, ..line_end(rest, true)? })
            }
        }
    }
}

/// Reads a file block by block.
#[derive(Debug)]
pub(super) struct Blocks<R> {
    reader: R,
    delimiter: u8,
    file: String,
    /// How many bytes a block has, about.
    size: usize,
    /// Bytes read beyond the last block, from the start of a row: the first so many.
    ahead: (Vec<u8>, usize),
    /// Memory that has served.
    spare: Vec<u8>,
    at_end: bool,
    line: u64,
    /// Whether nothing ends the line at hand, as far as has been read.
    unended: bool,
    text: Text,
}

/// How a file is text.
#[derive(Debug)]
pub(super) enum Text {
    /// In this encoding.
    In(Encoding),
    /// As is told when it matters.
    Of(Arc<TextFile>),
}

impl<R: Read> Blocks<R> {
    #[cfg(test)]
    pub(super) fn new(reader: R, delimiter: u8, file: &str, text: Text) -> Blocks<R> {
        Blocks::sized(reader, delimiter, file, 1 << 18).holding(text)
    }

    /// The same with what is known of its encoding.
    pub(super) fn holding(self, text: Text) -> Blocks<R> {
        Blocks { text, ..self }
    }

    /// In blocks of about so many bytes, of UTF-8.
    pub(super) fn sized(reader: R, delimiter: u8, file: &str, size: usize) -> Blocks<R> {
        let (file, ahead, spare) = (file.to_owned(), (Vec::new(), 0), Vec::new());
        let text = Text::In(Encoding::Utf8);
        let (at_end, line, unended) = (false, 1, false);
        Blocks { reader, delimiter, file, size, ahead, spare, at_end, line, unended, text }
    }

    /// The next block.
    ///
    /// # Errors
    /// The file cannot be read on, or is no table.
    pub(super) fn next(&mut self) -> Result<Option<Block>, FormatsError> {
        let (mut bytes, mut length) = std::mem::take(&mut self.ahead);
        let mut wanted = self.size;
        loop {
            self.fill(&mut bytes, length, wanted)?;
            if bytes.is_empty() {
                return Ok(None);
            }
            let mut broken = Vec::new();
            let end = whole_rows(&bytes, self.delimiter, self.at_end, &mut broken);
            if bytes.len() > ROW_BYTES_MAX && self.first_is_too_long(&bytes, end) {
                return Err(FormatsError::LineTooLong { file: self.file.clone(), line: self.line });
            }
            if end == 0 {
                (length, wanted) = (bytes.len(), bytes.len().saturating_mul(2));
                continue;
            }
            self.keep_ahead(bytes.get(end..).unwrap_or(&[]));
            bytes.truncate(end);
            // In most files there is neither, which one look tells.
            let blanks = memchr::memchr3(b'"', b' ', b'\t', &bytes);
            let quotes = blanks.is_some() && memchr::memchr(b'"', &bytes).is_some();
            let apostrophes = || memchr::memchr(b'\'', &bytes).is_some();
            let uneven = blanks.is_some() || !bytes.is_ascii() || apostrophes();
            let lines = memchr::memchr_iter(b'\n', &bytes).count();
            let start = Place { at: 0, line: self.line };
            let mut encoding = match &self.text {
                Text::In(encoding) => *encoding,
                Text::Of(_) if !uneven => Encoding::Utf8,
                Text::Of(file) => file.encoding_of(&bytes)?,
            };
            // Where rows are lines they may as well be decoded together.
            if encoding == Encoding::Gb18030
                && !quotes
                && let Some(text) = encoding.decoded(&bytes)
            {
                (bytes, encoding) = (text.into_owned().into_bytes(), Encoding::Utf8);
            }
            let block = Block { bytes, encoding, start, lines, quotes, uneven, broken };
            self.line += u64::try_from(lines).unwrap_or(u64::MAX);
            self.unended = !block.bytes.ends_with(b"\n");
            return Ok(Some(block));
        }
    }

    /// The last line, as far as has been read, if nothing ends it.
    pub(super) fn unended(&self) -> Option<u64> {
        self.unended.then_some(self.line)
    }

    /// Memory of a block that has been read, to serve again.
    pub(super) fn give_back(&mut self, spare: Vec<u8>) {
        self.spare = spare;
    }

    /// Keeps the start of the next block.
    fn keep_ahead(&mut self, bytes: &[u8]) {
        let mut ahead = std::mem::take(&mut self.spare);
        // What stands in it need not be put away to be written over.
        if ahead.len() < bytes.len() {
            ahead.resize(self.size.max(bytes.len()), 0);
        }
        ahead.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        self.ahead = (ahead, bytes.len());
    }

    /// Reads behind the first so many bytes until there are so many, or no more.
    fn fill(
        &mut self,
        bytes: &mut Vec<u8>,
        length: usize,
        wanted: usize,
    ) -> Result<(), FormatsError> {
        let mut length = length;
        if self.at_end || length >= wanted {
            bytes.truncate(length);
            return Ok(());
        }
        bytes.resize(wanted, 0);
        while let Some(room) = bytes.get_mut(length..).filter(|room| !room.is_empty()) {
            match self.reader.read(room) {
                Ok(0) => {
                    self.at_end = true;
                    break;
                }
                Ok(read) => length += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FormatsError::reading(&self.file, error)),
            }
        }
        bytes.truncate(length);
        Ok(())
    }

    /// Only the first row can be: what follows it has been read with no room for another.
    fn first_is_too_long(&self, bytes: &[u8], end: usize) -> bool {
        let first = bytes.get(..end).unwrap_or(&[]);
        let first = if end == 0 { None } else { row_end(first, self.delimiter, true) };
        first.map_or(bytes.len(), |row| row.length) > ROW_BYTES_MAX
    }
}

/// Where a row ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowEnd {
    /// How many bytes it has.
    pub(super) length: usize,
    /// The same with its line end.
    pub(super) step: usize,
    /// How many line ends those hold; one more than inside it, also where the file ends.
    pub(super) lines: u64,
    /// The cell in which a quote never closes, or is followed by text. Such a row is one line.
    pub(super) broken: Option<usize>,
}

/// How many bytes of whole rows there are; lines that are none are added to `broken`.
fn whole_rows(
    bytes: &[u8],
    delimiter: u8,
    at_end: bool,
    broken: &mut Vec<(usize, usize)>,
) -> usize {
    if at_end {
        return bytes.len();
    }
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or(&[]);
        let after_line = |bytes: &[u8]| memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1);
        if memchr::memchr(b'"', rest).is_none() {
            return at + after_line(rest);
        }
        at += usual_rows(rest, delimiter);
        let Some(end) = row_end(bytes.get(at..).unwrap_or(&[]), delimiter, false) else {
            return at;
        };
        broken.extend(end.broken.map(|cell| (at, cell)));
        at += end.step;
    }
}

/// The end of the first row; `None` if more bytes are needed to tell.
fn row_end(bytes: &[u8], delimiter: u8, complete: bool) -> Option<RowEnd> {
    let line = line_end(bytes, complete)?;
    if memchr::memchr(b'"', bytes.get(..line.length)?).is_none() {
        return Some(line);
    }
    match quoted_row_end(bytes, delimiter, complete)? {
        Ok(end) => Some(end),
        Err(cell) => Some(RowEnd { broken: Some(cell), ..line }),
    }
}

/// The end of the first line.
fn line_end(bytes: &[u8], complete: bool) -> Option<RowEnd> {
    let (length, step) = match memchr::memchr(b'\n', bytes) {
        Some(end) if end > 0 && bytes.get(end - 1) == Some(&b'\r') => (end - 1, end + 1),
        Some(end) => (end, end + 1),
        None if complete => (bytes.len(), bytes.len()),
        None => return None,
    };
    Some(RowEnd { length, step, lines: 1, broken: None })
}

/// The end of a row with quotes, or the cell in which one fails.
fn quoted_row_end(bytes: &[u8], delimiter: u8, complete: bool) -> Option<Result<RowEnd, usize>> {
    let (mut at, mut cell) = (0, 0);
    loop {
        let rest = bytes.get(at..)?;
        if rest.first() == Some(&b'"') {
            let within = QUOTED_BYTES_MAX.saturating_sub(at);
            let Some(length) = quoted_cell(rest, within) else {
                let known = complete || rest.len() >= within;
                return known.then_some(Err(cell));
            };
            at += length;
            let after = bytes.get(at..)?;
            match after {
                [] if !complete => return None,
                [b'\r'] if !complete => return None,
                [next, ..] if *next == delimiter => {}
                [] | [b'\n', ..] | [b'\r', b'\n', ..] => {}
                _ => return Some(Err(cell)),
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
                let (length, step) = (at - back, at + extra);
                return Some(Ok(RowEnd { length, step, lines, broken: None }));
            }
        }
    }
}

/// How many bytes a quoted cell has, both quotes included; `None` if it does not close so soon.
pub(super) fn quoted_cell(bytes: &[u8], within: usize) -> Option<usize> {
    let searched = bytes.get(..within).unwrap_or(bytes);
    let mut at = 1;
    loop {
        at += memchr::memchr(b'"', searched.get(at..)?)? + 1;
        if bytes.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

/// The last quote of a row stands within so many bytes.
const QUOTED_BYTES_MAX: usize = 1 << 20;
const ROW_BYTES_MAX: usize = 1 << 24;
