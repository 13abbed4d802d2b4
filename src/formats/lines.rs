//! A window on a file's bytes that moves on line by line.

use std::io::{self, Read};

/// Bytes read ahead, from the start of the line at hand.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: R,
    bytes: Vec<u8>,
    /// Where the line at hand starts in `bytes`.
    start: usize,
    at_end: bool,
    /// Number of the line at hand, from 1.
    pub(super) line: u64,
}

/// The line at hand, or why there is none.
pub(super) enum FirstLine {
    /// It has so many bytes before its line end, which has so many more.
    Line(usize, usize),
    /// The file is at its end.
    End,
    /// It is longer than any row.
    TooLong,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Lines<R> {
        Lines { reader, bytes: Vec::new(), start: 0, at_end: false, line: 1 }
    }

    /// What has been read from the start of the line at hand on.
    pub(super) fn ahead(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or(&[])
    }

    /// Reads on; at least as much as is there, so that asking again and again costs little.
    fn read_on(&mut self) -> io::Result<()> {
        self.bytes.drain(..self.start.min(self.bytes.len()));
        self.start = 0;
        let wanted = u64::try_from(self.bytes.len().max(CHUNK_BYTES)).unwrap_or(u64::MAX);
        let read = Read::by_ref(&mut self.reader).take(wanted).read_to_end(&mut self.bytes)?;
        self.at_end = read == 0;
        Ok(())
    }

    /// Finds the end of the line at hand.
    pub(super) fn first_line(&mut self) -> io::Result<FirstLine> {
        let mut searched = 0;
        loop {
            let ahead = self.ahead();
            if let Some(at) = memchr::memchr(b'\n', ahead.get(searched..).unwrap_or(&[])) {
                let end = searched + at;
                let return_before = end > 0 && ahead.get(end - 1) == Some(&b'\r');
                let before = if return_before { end - 1 } else { end };
                return Ok(FirstLine::Line(before, end + 1 - before));
            }
            searched = ahead.len();
            if self.at_end {
                let length = ahead.len();
                return Ok(if length == 0 { FirstLine::End } else { FirstLine::Line(length, 0) });
            }
            if searched > LINE_BYTES_MAX {
                return Ok(FirstLine::TooLong);
            }
            self.read_on()?;
        }
    }

    /// The last so many bytes before the line at hand; only what was there since last reading on.
    pub(super) fn behind(&self, bytes: usize) -> &[u8] {
        self.bytes.get(self.start.saturating_sub(bytes)..self.start).unwrap_or(&[])
    }

    /// Moves on past so many bytes, which hold so many line ends.
    pub(super) fn advance(&mut self, bytes: usize, lines: u64) {
        self.start = self.start.saturating_add(bytes).min(self.bytes.len());
        self.line += lines;
    }
}

const CHUNK_BYTES: usize = 1 << 18;
const LINE_BYTES_MAX: usize = 1 << 24;
