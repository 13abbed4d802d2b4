//! Quotes looked at 64 bytes at a time, as far as they stand as programs write them: around a whole
//! cell of one line, with none inside. What stands otherwise is only noticed, and left to those who
//! go through it sign by sign.
//!
//! Which bytes are between quotes is told by the quotes before them, of which there is an odd number;
//! that is a sum of bits (G. Langdale, D. Lemire: *Parsing Gigabytes of JSON per Second*, VLDB Journal
//! 28, 2019).

use super::cuts::{WIDE, bits, filled};

/// What is known of the bytes before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quotes {
    delimiter: u8,
    /// Whether they end between quotes: all bits, or none.
    inside: u64,
    /// Whether a cell starts here.
    starts: u64,
    /// Whether a quote closed just before.
    closed: u64,
    /// Whether the sign before is a CR behind a quote.
    returned: u64,
}

/// What is in some bytes: a bit for each, the first one lowest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// Delimiters and line ends that end a cell.
    pub(super) marks: u64,
    /// Of these the line ends.
    pub(super) lines: u64,
    /// Whether it is seen that a quote stands otherwise: these are the marks before that, and nothing is
    /// known of what follows.
    pub(super) unusual: bool,
}

impl Quotes {
    /// Before the first sign of a row.
    pub(super) fn new(delimiter: u8) -> Quotes {
        Quotes { delimiter, inside: 0, starts: 1, closed: 0, returned: 0 }
    }

    /// Looks at the next bytes.
    #[inline]
    pub(super) fn look(&mut self, bytes: &[u8; WIDE]) -> Found {
        let quotes = bits(bytes, |byte| byte == b'"');
        let all_lines = bits(bytes, |byte| byte == b'\n');
        let ends = all_lines | bits(bytes, |byte| byte == self.delimiter);
        let inside = sums(quotes) ^ self.inside;
        let (marks, lines) = (ends & !inside, all_lines & !inside);
        let (opening, closing) = (quotes & inside, quotes & !inside);
        let starts = marks << 1 | self.starts;
        let behind = closing << 1 | self.closed;
        let returns = behind & !marks & bits(bytes, |byte| byte == b'\r');
        let last = WIDE - 1;
        let unusual = (opening & !starts)
            | (all_lines & inside)
            | (behind & !marks & !returns)
            | ((returns << 1 | self.returned) & !lines);
        self.inside = 0_u64.wrapping_sub(inside >> last);
        (self.starts, self.closed) = (marks >> last, closing >> last);
        self.returned = returns >> last;
        // Up to the first sign that is unusual.
        let usual = (unusual & unusual.wrapping_neg()).wrapping_sub(1);
        Found { marks: marks & usual, lines: lines & usual, unusual: unusual != 0 }
    }
}

/// Of each bit, whether there is an odd number of ones up to it.
fn sums(mut bits: u64) -> u64 {
    for by in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << by;
    }
    bits
}

/// How many bytes at the front are whole rows that are as they usually are. What follows begins a row,
/// and is unusual or has no end.
pub(super) fn usual_rows(bytes: &[u8], delimiter: u8) -> usize {
    let mut quotes = Quotes::new(delimiter);
    let (wide, rest) = bytes.as_chunks::<WIDE>();
    let (mut at, mut end) = (0, 0);
    for bytes in wide.iter().chain([&filled(rest)]) {
        let Found { lines, unusual, .. } = quotes.look(bytes);
        if let Some(line) = lines.checked_ilog2() {
            end = at + usize::try_from(line).unwrap_or(0) + 1;
        }
        if unusual {
            break;
        }
        at += WIDE;
    }
    end
}
