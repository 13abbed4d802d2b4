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
}

const FLUSH_BYTES: usize = 1 << 18;

impl Output {
    /// A new file.
    pub fn create(path: &str, header: &str) -> io::Result<Output> {
        let named = |error| io::Error::other(format!("{path}: {error}"));
        let file = File::create(path).map_err(named)?;
        let mut buffer = Vec::with_capacity(FLUSH_BYTES + 4096);
        buffer.extend_from_slice(header.as_bytes());
        Ok(Output { file, buffer })
    }

    /// Writes the buffer out once it is full; call it after each event.
    pub fn settle(&mut self) -> io::Result<()> {
        if self.buffer.len() < FLUSH_BYTES { Ok(()) } else { self.flush() }
    }

    /// Writes the buffer out.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// Adds letters.
    pub fn text(&mut self, text: &[u8]) {
        self.buffer.extend_from_slice(text);
    }

    /// Adds a number.
    pub fn number(&mut self, number: u64) {
        let mut letters = [0; 20];
        let at = digits(number, &mut letters);
        self.buffer.extend_from_slice(&letters[at..]);
    }

    /// Adds a comma and an amount in yuan.
    pub fn amount(&mut self, fen: i64) {
        // The comma, a sign, seventeen digits of yuan, the point and two decimals fit.
        let mut letters = [0; 24];
        let magnitude = fen.unsigned_abs();
        letters[21] = b'.';
        letters[22..].copy_from_slice(&pair(magnitude % 100));
        let mut at = digits(magnitude / 100, &mut letters[..21]);
        if fen < 0 {
            at -= 1;
            letters[at] = b'-';
        }
        at -= 1;
        letters[at] = b',';
        self.buffer.extend_from_slice(&letters[at..]);
    }
}

/// Puts a number at the end of the letters, and gives the place where it begins.
fn digits(mut number: u64, letters: &mut [u8]) -> usize {
    let mut at = letters.len();
    while number >= 100 {
        at -= 2;
        letters[at..at + 2].copy_from_slice(&pair(number % 100));
        number /= 100;
    }
    let [ten, one] = pair(number);
    at -= 1;
    letters[at] = one;
    if number >= 10 {
        at -= 1;
        letters[at] = ten;
    }
    at
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

fn pair(number: u64) -> [u8; 2] {
    PAIRS[(number % 100) as usize]
}

/// A total in yuan; there are few of them.
pub fn yuan(fen: i128) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}
