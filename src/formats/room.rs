//! Bytes that are written one piece after the other, into memory that is there already.
//!
//! Most pieces of a result are short. One of a known size is copied by an instruction or two, where
//! one of any size takes a call: so a short piece is copied whole, and what stands behind its end is
//! written over by the next.

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

const SHORT: usize = 32;

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

    /// The room for so many bytes behind what has been written.
    fn ahead(&mut self, count: usize) -> &mut [u8] {
        if self.bytes.len() < self.at + count {
            self.grow(count);
        }
        self.bytes.get_mut(self.at..self.at + count).unwrap_or_default()
    }

    /// Writes bytes of which only the first so many count.
    #[inline]
    fn put<const N: usize>(&mut self, bytes: [u8; N], count: usize) {
        loop {
            let ahead = self.bytes.get_mut(self.at..);
            if let Some(room) = ahead.and_then(<[u8]>::first_chunk_mut::<N>) {
                *room = bytes;
                self.at += count;
                return;
            }
            self.grow(N);
        }
    }

    #[cold]
    fn grow(&mut self, count: usize) {
        let length = (self.at + count).max(self.bytes.len() * 2).max(ROOM_AT_LEAST);
        self.bytes.resize(length, 0);
    }

    /// Writes one byte.
    #[inline]
    pub(super) fn byte(&mut self, byte: u8) {
        self.put([byte], 1);
    }

    /// Writes bytes of any number.
    #[inline]
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.ahead(bytes.len()).copy_from_slice(bytes);
        self.at += bytes.len();
    }

    /// Writes a piece.
    #[inline]
    pub(super) fn piece(&mut self, piece: &Piece) {
        match &piece.long {
            None => self.put(piece.short, piece.length),
            Some(long) => self.bytes(long),
        }
    }

    /// Writes again what was written from one place to another.
    #[inline]
    pub(super) fn again(&mut self, from: usize, until: usize) {
        let length = until.saturating_sub(from);
        let short = self.bytes.get(from..).and_then(<[u8]>::first_chunk::<SHORT>).copied();
        match short.filter(|_| length <= SHORT) {
            Some(short) => self.put(short, length),
            None => {
                self.ahead(length);
                self.bytes.copy_within(from..until, self.at);
                self.at += length;
            }
        }
    }

    /// Writes a whole number.
    #[inline]
    pub(super) fn integer(&mut self, number: i128) {
        match i64::try_from(number) {
            Ok(number) => {
                if number < 0 {
                    self.byte(b'-');
                }
                self.digits(number.unsigned_abs());
            }
            Err(_) => self.bytes(itoa::Buffer::new().format(number).as_bytes()),
        }
    }

    /// Writes an amount with so many decimals.
    #[inline]
    pub(super) fn amount(&mut self, amount: Money, scale: u8) {
        let (Ok(units), Some(unit)) =
            (i64::try_from(amount.minor()), POWERS.get(usize::from(scale)))
        else {
            let mut wide = Vec::new();
            amount.write_to(&mut wide, scale);
            return self.bytes(&wide);
        };
        if units < 0 {
            self.byte(b'-');
        }
        let size = units.unsigned_abs();
        // Nearly all currencies have two decimals, and to divide by a known number is quicker.
        let (whole, decimals) = match scale {
            2 => (size / 100, size % 100),
            _ => (size / unit, size % unit),
        };
        self.digits(whole);
        if scale > 0 {
            self.byte(b'.');
            let digits = eight_digits(decimals) >> (8 * (8 - u32::from(scale)));
            self.put(digits.to_le_bytes(), usize::from(scale));
        }
    }

    #[inline]
    fn digits(&mut self, number: u64) {
        if number < EIGHT {
            return self.without_zeros(eight_digits(number));
        }
        let (upper, lower) = (number / EIGHT, number % EIGHT);
        self.digits(upper);
        self.put(eight_digits(lower).to_le_bytes(), 8);
    }

    /// Writes eight digits without the zeros in front, but for the last.
    #[inline]
    fn without_zeros(&mut self, digits: u64) {
        let zeros = ((digits ^ ZEROS).trailing_zeros() / 8).min(7);
        let count = 8 - usize::try_from(zeros).unwrap_or(0);
        self.put((digits >> (8 * zeros)).to_le_bytes(), count);
    }
}

/// A number below 10^8 as eight digits, the first of them lowest: split into halves, all halves at
/// once, until each is a digit.
#[inline]
fn eight_digits(number: u64) -> u64 {
    let four = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((four * 10_486) >> 20) & 0x0000_007F_0000_007F;
    let two = hundreds | ((four - 100 * hundreds) << 16);
    let tens = ((two * 103) >> 10) & 0x000F_000F_000F_000F;
    (tens | ((two - 10 * tens) << 8)) + ZEROS
}

const EIGHT: u64 = 100_000_000;
const ZEROS: u64 = 0x3030_3030_3030_3030;
const ROOM_AT_LEAST: usize = 1 << 12;

/// More decimals than eight are written the longer way.
const POWERS: [u64; 9] = {
    let mut powers = [1; 9];
    let mut at = 1;
    while at < powers.len() {
        #[expect(clippy::indexing_slicing, reason = "worked out by the compiler")]
        {
            powers[at] = powers[at - 1] * 10;
        }
        at += 1;
    }
    powers
};

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
                        room.amount(Money::from_minor(units), scale);
                        plain.extend(Money::from_minor(units).format(scale).into_bytes());
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
