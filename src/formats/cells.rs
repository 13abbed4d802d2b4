//! The usual spellings of cells, read from bytes at eight a step.
//!
//! Each function reads from the start of a cell as far as the spelling goes and tells how far that
//! was. It knows nothing of delimiters: whoever asks looks at what follows. `None` says no more than
//! that the cell is not of the usual kind; [`super::parse`] then says whether it is one at all.

use crate::base::Date;

/// A whole number of at most 16 digits, perhaps negative.
#[inline]
pub(super) fn integer(bytes: &[u8]) -> Option<(i64, usize)> {
    let (negative, unsigned) = sign(bytes)?;
    let (number, digits) = whole(unsigned)?;
    signed(number, negative).map(|number| (number, digits + usize::from(negative)))
}

/// An amount in minor units: a whole number, and perhaps a point and decimals.
#[inline]
pub(super) fn amount(bytes: &[u8], scale: u8) -> Option<(i64, usize)> {
    let (negative, unsigned) = sign(bytes)?;
    let (number, digits) = whole(unsigned)?;
    let scale = usize::from(scale);
    let unit = *POWERS.get(scale)?;
    let (units, length) = if unsigned.get(digits) == Some(&b'.') {
        let (fraction, decimals) = up_to_eight(unsigned.get(digits + 1..)?)?;
        let rest = *POWERS.get(scale.checked_sub(decimals)?)?;
        (number.checked_mul(unit)?.checked_add(fraction * rest)?, digits + 1 + decimals)
    } else {
        (number.checked_mul(unit)?, digits)
    };
    signed(units, negative).map(|units| (units, length + usize::from(negative)))
}

/// `2016-05-01`.
#[inline]
pub(super) fn date(bytes: &[u8]) -> Option<(Date, usize)> {
    let [month_and_before @ .., tens, ones] = bytes.first_chunk::<10>()?;
    let signs = u64::from_le_bytes(*month_and_before) ^ u64::from_le_bytes(*b"0000-00-");
    // A digit above nine gets its high bit, and so does a dash that is none.
    let none = signs.wrapping_add(u64::from_le_bytes(*b"vvvv\x7Fvv\x7F")) | signs;
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if none & HIGH_BITS != 0 || tens > 9 || ones > 9 {
        return None;
    }
    // Each two digits are a number in the byte of the first.
    let pairs = signs.wrapping_mul(10).wrapping_add(signs >> 8).to_le_bytes();
    let [centuries, _, years, _, _, month, ..] = pairs;
    let year = i32::from(centuries) * 100 + i32::from(years);
    let day = i32::from(tens) * 10 + i32::from(ones);
    Date::new(year, i32::from(month), day).map(|date| (date, 10))
}

/// How many bytes a cell has: up to the delimiter, or the end of the line.
#[inline]
pub(super) fn length(bytes: &[u8], delimiter: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) else {
            let rest = bytes.get(at..)?;
            return rest
                .iter()
                .position(|byte| *byte == delimiter || *byte == b'\n')
                .map(|n| at + n);
        };
        let found = ends(u64::from_le_bytes(*word), delimiter);
        if found != 0 {
            return Some(at + first_byte(found));
        }
        at += 8;
    }
}

/// A cell of at most 16 bytes as two words, filled up with zeros, and how many bytes it has. The
/// line end that closes it may be of two signs.
#[inline]
pub(super) fn short(bytes: &[u8], delimiter: u8) -> Option<([u64; 2], usize)> {
    let first = u64::from_le_bytes(*bytes.first_chunk::<8>()?);
    let found = ends(first, delimiter);
    let (second, length) = if found != 0 {
        (0, first_byte(found))
    } else {
        let second = u64::from_le_bytes(*bytes.get(8..)?.first_chunk::<8>()?);
        let found = ends(second, delimiter);
        if found == 0 {
            return None;
        }
        (second, 8 + first_byte(found))
    };
    let of_line = bytes.get(length) == Some(&b'\n') && length > 0;
    let length = length - usize::from(of_line && bytes.get(length - 1) == Some(&b'\r'));
    Some(([first & low_bytes(length), second & low_bytes(length.saturating_sub(8))], length))
}

#[inline]
fn sign(bytes: &[u8]) -> Option<(bool, &[u8])> {
    match bytes {
        [b'-', rest @ ..] => Some((true, rest)),
        [] => None,
        _ => Some((false, bytes)),
    }
}

#[inline]
fn signed(number: u64, negative: bool) -> Option<i64> {
    let number = i64::try_from(number).ok()?;
    Some(if negative { -number } else { number })
}

/// At most 16 digits; at least one.
#[inline(always)]
fn whole(bytes: &[u8]) -> Option<(u64, usize)> {
    let (high, digits) = up_to_eight(bytes)?;
    if digits < 8 || !bytes.get(8).is_some_and(u8::is_ascii_digit) {
        return Some((high, digits));
    }
    let (low, more) = up_to_eight(bytes.get(8..)?)?;
    Some((high * *POWERS.get(more)? + low, digits + more))
}

/// As many as eight digits; at least one.
#[inline(always)]
fn up_to_eight(bytes: &[u8]) -> Option<(u64, usize)> {
    let digits = u64::from_le_bytes(*bytes.first_chunk::<8>()?) ^ (EACH * 0x30);
    // A byte above nine gets its high bit; what that carries touches only bytes behind it.
    let others = (digits.wrapping_add(EACH * 0x76) | digits) & HIGH_BITS;
    let count = first_byte(others);
    if count == 0 {
        return None;
    }
    // The digits move to the end, so that they read as eight with zeros in front.
    let eight = digits << (64 - 8 * u32::try_from(count).unwrap_or(8));
    let pairs = eight.wrapping_mul(10).wrapping_add(eight >> 8);
    let even = (pairs & PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let odd = ((pairs >> 16) & PAIRS).wrapping_mul(1 + (10_000 << 32));
    Some((even.wrapping_add(odd) >> 32, count))
}

/// High bits of the bytes that end a cell; sure as far as the first.
#[inline]
fn ends(word: u64, delimiter: u8) -> u64 {
    let zeros = |word: u64| word.wrapping_sub(EACH) & !word & HIGH_BITS;
    zeros(word ^ (EACH * u64::from(delimiter))) | zeros(word ^ (EACH * 0x0A))
}

/// Which byte has the first high bit; eight if none.
#[inline]
fn first_byte(high_bits: u64) -> usize {
    usize::try_from(high_bits.trailing_zeros() / 8).unwrap_or(8)
}

#[inline]
fn low_bytes(count: usize) -> u64 {
    // Beyond eight it is all of them.
    let bits = u32::try_from(count * 8).unwrap_or(0);
    1_u64.checked_shl(bits).map_or(u64::MAX, |above| above - 1)
}

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
const PAIRS: u64 = 0x0000_00FF_0000_00FF;
const POWERS: [u64; 17] = {
    let mut powers = [1; 17];
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

    use crate::base::Money;

    use super::*;

    /// Room behind, as in a block.
    fn cell(text: &str, end: &str) -> Vec<u8> {
        format!("{text}{end}next row, and more").into_bytes()
    }

    proptest! {
        /// What is read here is what the plain reader reads, and ends where it should.
        #[test]
        fn amounts_are_as_the_plain_reader_has_them(
            text in "-?[0-9]{0,18}(\\.[0-9]{0,4})?[ x]?",
            scale in 0_u8..5,
        ) {
            let bytes = cell(&text, ",");
            let plain = Money::parse(&text, scale).ok().map(Money::minor);
            let read = amount(&bytes, scale).filter(|(_, length)| *length == text.len());
            if let Some((units, _)) = read {
                prop_assert_eq!(Some(i128::from(units)), plain);
            }
            let usual = plain.is_some_and(|units| units.unsigned_abs() < 1_000_000_000_000_000);
            let usual = usual && text.split('.').all(|part| part.len() <= 15);
            prop_assert!(read.is_some() || !usual);
        }

        #[test]
        fn integers_are_as_the_plain_reader_has_them(text in "-?[0-9]{0,20}x?") {
            let bytes = cell(&text, "\n");
            let read = integer(&bytes).filter(|(_, length)| *length == text.len());
            let plain = text.parse::<i128>().ok();
            if text.len() <= 16 || read.is_some() {
                prop_assert_eq!(read.map(|(number, _)| i128::from(number)), plain);
            }
        }

        #[test]
        fn cells_end_at_the_delimiter_or_the_line(text in "[a-zà-ü税0-9-]{0,30}", semicolon: bool) {
            let (delimiter, end) = if semicolon { (b';', ";") } else { (b',', "\r\n") };
            let bytes = cell(&text, end);
            let whole = text.len() + end.len() - 1;
            prop_assert_eq!(length(&bytes, delimiter), Some(whole));
            if let Some((words, length)) = short(&bytes, delimiter) {
                prop_assert_eq!(length, text.len());
                let mut padded = text.into_bytes();
                padded.resize(16, 0);
                let written: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
                prop_assert_eq!(written, padded);
            } else {
                prop_assert!(whole >= 16);
            }
        }
    }

    proptest! {
        #[test]
        fn dates_are_as_the_plain_reader_has_them(
            text in "[0-9]{4}-[01][0-9]-[0-3][0-9]",
            at in 0_usize..30,
            other: u8,
        ) {
            let mut bytes = text.into_bytes();
            if let Some(byte) = bytes.get_mut(at) {
                *byte = other;
            }
            let plain = std::str::from_utf8(&bytes).ok().and_then(Date::parse);
            prop_assert_eq!(date(&bytes), plain.map(|date| (date, 10)));
        }
    }

    #[test]
    fn at_the_end_of_the_bytes_nothing_is_usual() {
        assert_eq!(integer(b"12"), None);
        assert_eq!(date(b"2016-05-0"), None);
        assert_eq!(date(b"2016-05-01"), Date::new(2016, 5, 1).map(|date| (date, 10)));
        assert_eq!(length(b"abc,", b','), Some(3));
        assert_eq!(length(b"abc", b','), None);
    }
}
