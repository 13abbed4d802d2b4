//! Bytes that are written one piece after the other, into memory that is there already.
//!
//! Most pieces of a result are short. One of a known size is copied by an instruction or two, where
//! one of any size takes a call: so a short piece is copied whole, and what stands behind its end is
//! written over by the next. Pieces that follow one another and are all short share one question
//! whether there is room for them.

use crate::base::Money;

/// Bytes so far, with room behind them.
#[derive(Debug, Clone, Default)]
pub struct Room {
    bytes: Vec<u8>,
    at: usize,
}

/// A piece that is copied often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// All of a short one.
    short: [u8; SHORT],
    length: usize,
    /// All of a long one.
    long: Option<Box<[u8]>>,
}

/// A whole number of at most eight digits, in letters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    digits: u64,
    length: usize,
}

impl Word {
    /// Nothing if it has a sign, or more digits.
    #[inline(always)]
    pub(super) fn of(number: i64) -> Option<Word> {
        u64::try_from(number).ok().filter(|number| *number < EIGHT).map(Word::of_digits)
    }

    /// Without zeros in front, but for the last.
    #[inline(always)]
    fn of_digits(number: u64) -> Word {
        let digits = eight_digits(number);
        let zeros = ((digits ^ ZEROS).trailing_zeros() / 8).min(7);
        let length = 8 - usize::try_from(zeros).unwrap_or(0);
        Word { digits: digits >> (8 * zeros), length }
    }
}

/// Room for some short pieces. What does not fit gives `None`, and then nothing is written.
pub(super) struct Short<'r> {
    room: &'r mut [u8; SHORT_ROOM],
    at: usize,
}

const SHORT: usize = 32;
const SHORT_ROOM: usize = 224;

impl From<&[u8]> for Piece {
    fn from(bytes: &[u8]) -> Piece {
        let mut short = [0; SHORT];
        short.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        let length = bytes.len();
        Piece { short, length, long: (length > SHORT).then(|| bytes.into()) }
    }
}

impl Room {
    /// What has been written.
    pub fn written(&self) -> &[u8] {
        self.bytes.get(..self.at).unwrap_or(&[])
    }

    /// How many bytes have been written.
    pub fn len(&self) -> usize {
        self.at
    }

    /// Whether nothing has been written.
    pub fn is_empty(&self) -> bool {
        self.at == 0
    }

    /// Forgets what has been written.
    pub fn clear(&mut self) {
        self.at = 0;
    }

    #[cold]
    fn grow(&mut self, count: usize) {
        let length = (self.at + count).max(self.bytes.len() * 2).max(ROOM_AT_LEAST);
        self.bytes.resize(length, 0);
    }

    /// Writes short pieces: all of them or, if one is too long, none.
    #[inline(always)]
    pub(super) fn short(&mut self, write: impl FnOnce(&mut Short<'_>) -> Option<()>) -> Option<()> {
        if self.bytes.len() - self.at < SHORT_ROOM {
            self.grow(SHORT_ROOM);
        }
        let room = self.bytes.get_mut(self.at..)?.first_chunk_mut()?;
        let mut short = Short { room, at: 0 };
        write(&mut short)?;
        self.at += short.at;
        Some(())
    }

    /// Writes one byte.
    pub(super) fn byte(&mut self, byte: u8) {
        // There is always room for one.
        let _ = self.short(|short| short.put([byte], 1));
    }

    /// Writes bytes of any number.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        if self.bytes.len() < self.at + bytes.len() {
            self.grow(bytes.len());
        }
        let ahead = self.bytes.get_mut(self.at..self.at + bytes.len());
        ahead.unwrap_or_default().copy_from_slice(bytes);
        self.at += bytes.len();
    }

    /// Writes a piece.
    pub(super) fn piece(&mut self, piece: &Piece) {
        if self.short(|short| short.piece(piece)).is_none() {
            self.bytes(piece.long.as_deref().unwrap_or_default());
        }
    }

    /// Writes a number.
    pub(super) fn word(&mut self, word: Word) {
        let bytes = word.digits.to_le_bytes();
        self.bytes(bytes.get(..word.length).unwrap_or_default());
    }

    /// Writes again what was written from one place to another.
    #[inline]
    pub(super) fn again(&mut self, from: usize, until: usize) {
        let length = until.saturating_sub(from);
        let short = self.bytes.get(from..).and_then(<[u8]>::first_chunk::<SHORT>).copied();
        let short = short.filter(|_| length <= SHORT);
        if short.and_then(|bytes| self.short(|short| short.put(bytes, length))).is_none() {
            self.long_again(from, length);
        }
    }

    #[cold]
    fn long_again(&mut self, from: usize, length: usize) {
        if self.bytes.len() < self.at + length {
            self.grow(length);
        }
        self.bytes.copy_within(from..from + length, self.at);
        self.at += length;
    }

    /// Writes a whole number.
    #[inline]
    pub(super) fn integer(&mut self, number: i128) {
        if self.short(|short| short.integer(i64::try_from(number).ok()?)).is_none() {
            self.bytes(itoa::Buffer::new().format(number).as_bytes());
        }
    }

    /// Writes an amount with so many decimals, and one byte after it.
    pub(super) fn amount(&mut self, amount: Money, scale: u8, after: u8) {
        if self.short(|short| short.amount(amount, scale, after)).is_none() {
            let mut wide = Vec::new();
            amount.write_to(&mut wide, scale);
            wide.push(after);
            self.bytes(&wide);
        }
    }
}

impl Short<'_> {
    /// Writes bytes of which only the first so many count.
    #[inline(always)]
    pub(super) fn put<const N: usize>(&mut self, bytes: [u8; N], count: usize) -> Option<()> {
        *self.room.get_mut(self.at..)?.first_chunk_mut::<N>()? = bytes;
        self.at = self.at.wrapping_add(count);
        Some(())
    }

    /// Writes a piece.
    #[inline(always)]
    pub(super) fn piece(&mut self, piece: &Piece) -> Option<()> {
        if piece.length > SHORT {
            return None;
        }
        self.put(piece.short, piece.length)
    }

    /// Writes a number.
    #[inline(always)]
    pub(super) fn word(&mut self, word: Word) -> Option<()> {
        self.put(word.digits.to_le_bytes(), word.length)
    }

    /// Writes a whole number of at most sixteen digits.
    #[inline(always)]
    pub(super) fn integer(&mut self, number: i64) -> Option<()> {
        if number < 0 {
            self.put([b'-'], 1)?;
        }
        self.digits(number.unsigned_abs())
    }

    /// Writes an amount with so many decimals, and one byte after it.
    #[inline(always)]
    pub(super) fn amount(&mut self, amount: Money, scale: u8, after: u8) -> Option<()> {
        let (units, after) = (i64::try_from(amount.minor()).ok()?, u64::from(after));
        // Of many, every other one may have a sign.
        self.put([b'-'], usize::from(units < 0))?;
        let size = units.unsigned_abs();
        if scale == 2 {
            // Nearly all currencies have two decimals, and to divide by a known number is quicker.
            let (whole, decimals) = (size / 100, size % 100);
            let tens = (decimals * 103) >> 10;
            let digits = tens | (decimals - 10 * tens) << 8 | ZEROS & 0xFFFF;
            let behind = u64::from(b'.') | digits << 8 | after << 24;
            self.digits(whole)?;
            return self.put(behind.to_le_bytes(), 4);
        }
        let places = usize::from(scale);
        let unit = POWERS.get(places)?;
        self.digits(size / unit)?;
        if scale > 0 {
            let digits = eight_digits(size % unit) >> (8 * (8 - places));
            self.put((u64::from(b'.') | digits << 8).to_le_bytes(), 1 + places)?;
        }
        self.put(after.to_le_bytes(), 1)
    }

    /// Writes a number of at most sixteen digits without zeros in front, but for the last.
    #[inline(always)]
    fn digits(&mut self, number: u64) -> Option<()> {
        if number < EIGHT {
            return self.eight_at_most(number);
        }
        let (upper, lower) = (number / EIGHT, number % EIGHT);
        if upper >= EIGHT {
            return None;
        }
        self.eight_at_most(upper)?;
        self.put(eight_digits(lower).to_le_bytes(), 8)
    }

    #[inline(always)]
    fn eight_at_most(&mut self, number: u64) -> Option<()> {
        self.word(Word::of_digits(number))
    }
}

/// A number below 10^8 as eight digits, the first of them lowest: split into halves, all halves at
/// once, until each is a digit.
#[inline(always)]
fn eight_digits(number: u64) -> u64 {
    // No sum or product here leaves its part of the word.
    let upper = number / 10_000;
    let four = upper | number.wrapping_sub(upper.wrapping_mul(10_000)) << 32;
    let hundreds = (four.wrapping_mul(10_486) >> 20) & 0x0000_007F_0000_007F;
    let two = hundreds | four.wrapping_sub(hundreds.wrapping_mul(100)) << 16;
    let tens = (two.wrapping_mul(103) >> 10) & 0x000F_000F_000F_000F;
    (tens | two.wrapping_sub(tens.wrapping_mul(10)) << 8).wrapping_add(ZEROS)
}

const EIGHT: u64 = 100_000_000;
const ZEROS: u64 = 0x3030_3030_3030_3030;
const ROOM_AT_LEAST: usize = 1 << 12;

/// More decimals than six are written the longer way.
const POWERS: [u64; 7] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Written {
        Bytes(Vec<u8>),
        Piece(Vec<u8>),
        Integer(i128),
        Amount(i128, u8),
        Again(usize, usize),
    }

    fn written() -> impl Strategy<Value = Written> {
        let number =
            || prop_oneof![any::<i128>(), any::<i64>().prop_map(i128::from), (-1000_i128..1000),];
        let bytes = || prop::collection::vec(any::<u8>(), 0..70);
        prop_oneof![
            bytes().prop_map(Written::Bytes),
            bytes().prop_map(Written::Piece),
            number().prop_map(Written::Integer),
            (number(), 0_u8..25).prop_map(|(units, scale)| Written::Amount(units, scale)),
            (0_usize..200, 0_usize..70).prop_map(|(from, length)| Written::Again(from, length)),
        ]
    }

    proptest! {
        #[test]
        fn it_reads_as_it_was_written(all in prop::collection::vec(written(), 0..60)) {
            let (mut room, mut plain) = (Room::default(), Vec::new());
            for one in all {
                match one {
                    Written::Bytes(bytes) => {
                        room.bytes(&bytes);
                        plain.extend(bytes);
                    }
                    Written::Piece(bytes) => {
                        room.piece(&Piece::from(bytes.as_slice()));
                        plain.extend(bytes);
                    }
                    Written::Integer(number) => {
                        room.integer(number);
                        plain.extend(number.to_string().into_bytes());
                    }
                    Written::Amount(units, scale) => {
                        room.amount(Money::from_minor(units), scale, b'\n');
                        plain.extend(Money::from_minor(units).format(scale).into_bytes());
                        plain.push(b'\n');
                    }
                    Written::Again(from, length) => {
                        let from = from.min(plain.len());
                        let until = plain.len().min(from + length);
                        room.again(from, until);
                        plain.extend(plain[from..until].to_vec());
                    }
                }
                prop_assert_eq!(room.written(), plain.as_slice());
                prop_assert_eq!(room.len(), plain.len());
            }
        }
    }
}
