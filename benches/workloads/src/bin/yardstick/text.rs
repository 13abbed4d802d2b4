//! Numbers and dates in cells, and back.

use std::fs::File;
use std::io::{self, Write};

/// The cells of a line, from the left.
pub struct Cells<'a>(pub &'a [u8]);

impl<'a> Cells<'a> {
    /// The cell before the next comma. The cells of these files are short, so that looking at one
    /// letter after the other is the fastest.
    pub fn cell(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|byte| *byte == b',')?;
        let (cell, rest) = self.0.split_at(end);
        self.0 = rest.get(1..)?;
        Some(cell)
    }

    /// The last cell.
    pub fn last(self) -> &'a [u8] {
        self.0
    }
}

/// Digits as a number.
pub fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut number = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    Some(number)
}

/// Yuan with two decimals, as fen.
pub fn fen(cell: &[u8]) -> Option<i64> {
    let (negative, cell) = match cell {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, cell),
    };
    let (yuan, &[b'.', ten, one]) = cell.split_last_chunk()? else { return None };
    let fen = number(yuan)?.checked_mul(100)? + number(&[ten, one])?;
    let fen = i64::try_from(fen).ok()?;
    Some(if negative { -fen } else { fen })
}

/// `YYYY-MM-DD` as the number `YYYYMMDD`.
pub fn date(cell: &[u8]) -> Option<u32> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = cell else { return None };
    u32::try_from(number(&[y1, y2, y3, y4, m1, m2, d1, d2])?).ok()
}

/// A file that is written through one buffer.
pub struct Output {
    file: File,
    buffer: Vec<u8>,
    at: usize,
}

const BUFFER_BYTES: usize = 1 << 18;
/// No event of these workloads writes more between two calls of `settle`.
const EVENT_BYTES: usize = 1 << 10;

/// Up to sixteen letters, copied as sixteen: a copy of a known size is one instruction.
#[derive(Clone, Copy)]
pub struct Label {
    letters: [u8; 16],
    length: usize,
}

impl Label {
    /// A label of at most sixteen letters.
    pub const fn new(text: &[u8]) -> Label {
        let mut letters = [0; 16];
        letters.split_at_mut(text.len()).0.copy_from_slice(text);
        Label { letters, length: text.len() }
    }
}

impl Output {
    /// A new file.
    pub fn create(path: &str, header: &str) -> io::Result<Output> {
        let named = |error| io::Error::other(format!("{path}: {error}"));
        let mut file = File::create(path).map_err(named)?;
        file.write_all(header.as_bytes()).map_err(named)?;
        Ok(Output { file, buffer: vec![0; BUFFER_BYTES + EVENT_BYTES], at: 0 })
    }

    /// Writes the buffer out once it is full; call it after each event.
    pub fn settle(&mut self) -> io::Result<()> {
        if self.at < BUFFER_BYTES { Ok(()) } else { self.flush() }
    }

    /// Writes the buffer out.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer[..self.at])?;
        self.at = 0;
        Ok(())
    }

    /// Adds a label.
    pub fn label(&mut self, label: &Label) {
        self.buffer[self.at..self.at + 16].copy_from_slice(&label.letters);
        self.at += label.length;
    }

    /// Adds one letter.
    pub fn letter(&mut self, letter: u8) {
        self.buffer[self.at] = letter;
        self.at += 1;
    }

    /// Adds a number.
    pub fn number(&mut self, number: u64) {
        let end = self.at + number.checked_ilog10().map_or(1, |tens| tens as usize + 1);
        let letters = &mut self.buffer[self.at..end];
        self.at = end;
        put_digits(number, letters);
    }

    /// Adds an amount in yuan.
    pub fn amount(&mut self, fen: i64) {
        if fen < 0 {
            self.letter(b'-');
        }
        let magnitude = fen.unsigned_abs();
        self.number(magnitude / 100);
        let [ten, one] = PAIRS[(magnitude % 100) as usize];
        self.buffer[self.at..self.at + 3].copy_from_slice(&[b'.', ten, one]);
        self.at += 3;
    }
}

/// Fills letters with a number of just as many digits, two at a time from the end.
fn put_digits(mut number: u64, letters: &mut [u8]) {
    let (first, pairs) = letters.split_at_mut(letters.len() % 2);
    for pair in pairs.as_chunks_mut::<2>().0.iter_mut().rev() {
        *pair = PAIRS[(number % 100) as usize];
        number /= 100;
    }
    if let [first] = first {
        *first = b'0' + number as u8;
    }
}

const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// A total in yuan; there are few of them.
pub fn yuan(fen: i128) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}
