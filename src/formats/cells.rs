//! The usual spellings of cells, read from bytes at eight a step.
//!
//! Each function is given the bytes from the start of a cell on, and how many of them are the cell.
//! `None` says no more than that the cell is not of the usual kind; [`super::parse`] then says whether
//! it is one at all.

use crate::base::Date;

/// A whole number, perhaps negative, in so many bytes: at most 16 but for the sign.
#[inline]
pub(super) fn integer(bytes: &[u8], length: usize) -> Option<i64> {
    let (negative, unsigned, length) = sign(bytes, length)?;
    let eight = unsigned.first_chunk::<8>().filter(|_| matches!(length, 1..=8));
    let number = match eight {
        // Nearly all are so short.
        Some(eight) => {
            let free = 8 * (8 - u32::try_from(length).ok()?);
            let zeros = u64::from_le_bytes(*b"00000000");
            eight_digits((u64::from_le_bytes(*eight) ^ zeros).checked_shl(free)?)?
        }
        None => digits(at_the_end(unsigned, length)?, length)?,
    };
    signed(number, negative)
}

/// An amount in minor units, in so many bytes: a whole number, and all decimals or none. They are at
/// most 16 but for the sign.
#[inline]
pub(super) fn amount(bytes: &[u8], length: usize, scale: usize) -> Option<i64> {
    let (negative, unsigned, length) = sign(bytes, length)?;
    let unit = *POWERS.get(scale)?;
    let cell = at_the_end(unsigned, length)?;
    let point = |whole: &usize| scale > 0 && unsigned.get(*whole) == Some(&b'.');
    let whole = length.checked_sub(scale + 1).filter(point);
    let units = match whole {
        Some(0) => return None,
        Some(_) => {
            // What stands before the point moves up to the decimals.
            let decimals =
                u128::MAX.checked_shl(8 * (16 - u32::try_from(scale).ok()?)).unwrap_or(0);
            digits(cell & decimals | cell << 8 & !decimals, length - 1)?
        }
        None => digits(cell, length)?.checked_mul(unit)?,
    };
    signed(units, negative)
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

/// A cell of at most 16 bytes as two words, filled up with zeros.
#[inline]
pub(super) fn short(bytes: &[u8], length: usize) -> Option<[u64; 2]> {
    let words = bytes.first_chunk::<16>().filter(|_| length <= 16)?;
    let words = u128::from_le_bytes(*words);
    let first = u64::try_from(words & u128::from(u64::MAX)).unwrap_or(0);
    let second = u64::try_from(words >> 64).unwrap_or(0);
    Some([first & low_bytes(length), second & low_bytes(length.saturating_sub(8))])
}

/// High bits of all bytes that end a cell, and of those that are line ends.
#[inline]
pub(super) fn all_ends(word: u64, delimiter: u8) -> (u64, u64) {
    let others = |word: u64| (word & !HIGH_BITS).wrapping_add(!HIGH_BITS) | word;
    let delimiters = others(word ^ EACH.wrapping_mul(u64::from(delimiter)));
    let line_ends = others(word ^ EACH.wrapping_mul(0x0A));
    (!(delimiters & line_ends) & HIGH_BITS, !line_ends & HIGH_BITS)
}

#[inline]
fn sign(bytes: &[u8], length: usize) -> Option<(bool, &[u8], usize)> {
    match bytes {
        [b'-', rest @ ..] => Some((true, rest, length.checked_sub(1)?)),
        _ => Some((false, bytes, length)),
    }
}

#[inline]
fn signed(number: u64, negative: bool) -> Option<i64> {
    let number = i64::try_from(number).ok()?;
    Some(if negative { -number } else { number })
}

/// So many bytes, at least one and at most 16, as the last of 16.
#[inline(always)]
fn at_the_end(bytes: &[u8], count: usize) -> Option<u128> {
    let free = 16_u32.checked_sub(u32::try_from(count).ok()?)?;
    // Of none, nothing would be left to move.
    u128::from_le_bytes(*bytes.first_chunk::<16>()?).checked_shl(8 * free)
}

/// The last so many of 16 bytes as digits.
#[inline(always)]
fn digits(bytes: u128, count: usize) -> Option<u64> {
    let free = 16_u32.checked_sub(u32::try_from(count).ok()?)?;
    let digits = bytes ^ (u128::MAX / 255 * 0x30).checked_shl(8 * free)?;
    let last = u64::try_from(digits >> 64).unwrap_or(0);
    if free >= 8 {
        return eight_digits(last);
    }
    let first = u64::try_from(digits & u128::from(u64::MAX)).unwrap_or(0);
    Some(eight_digits(first)? * 100_000_000 + eight_digits(last)?)
}

/// Eight bytes that are digits, from the first on.
#[inline(always)]
fn eight_digits(eight: u64) -> Option<u64> {
    // A byte above nine gets its high bit, or has it.
    if (eight.wrapping_add(EACH * 0x76) | eight) & HIGH_BITS != 0 {
        return None;
    }
    let pairs = eight.wrapping_mul(10).wrapping_add(eight >> 8);
    let even = (pairs & PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let odd = ((pairs >> 16) & PAIRS).wrapping_mul(1 + (10_000 << 32));
    Some(even.wrapping_add(odd) >> 32)
}

/// Which byte has the first high bit; eight if none.
#[inline]
pub(super) fn first_byte(high_bits: u64) -> usize {
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
        /// What is read here is what the plain reader reads.
        #[test]
        fn amounts_are_as_the_plain_reader_has_them(
            text in "-?[0-9]{0,18}(\\.[0-9]{0,4})?[ x]?",
            scale in 0_u8..5,
        ) {
            let plain = Money::parse(&text, scale).ok().map(Money::minor);
            let read = amount(&cell(&text, ","), text.len(), usize::from(scale));
            if let Some(units) = read {
                prop_assert_eq!(Some(i128::from(units)), plain);
            }
            let usual = plain.is_some_and(|units| units.unsigned_abs() < 1_000_000_000_000_000);
            let all_or_none = text.split_once('.').is_none_or(|(_, it)| it.len() == usize::from(scale));
            let usual = usual && all_or_none && text.len() <= 16;
            prop_assert!(read.is_some() || !usual);
        }

        #[test]
        fn integers_are_as_the_plain_reader_has_them(text in "-?[0-9]{0,20}x?") {
            let read = integer(&cell(&text, "\n"), text.len());
            let plain = text.parse::<i128>().ok();
            if text.len() <= 16 || read.is_some() {
                prop_assert_eq!(read.map(i128::from), plain);
            }
        }

        #[test]
        fn short_cells_are_words(text in "[a-zà-ü税0-9-]{0,9}") {
            let words = short(&cell(&text, ","), text.len());
            prop_assert_eq!(words.is_some(), text.len() <= 16);
            let mut padded = text.into_bytes();
            padded.resize(16.max(padded.len()), 0);
            let written = words.map(|it| it.iter().flat_map(|word| word.to_le_bytes()).collect());
            prop_assert_eq!(written.unwrap_or(padded.clone()), padded);
        }

        #[test]
        fn all_ends_are_found(text in prop::array::uniform8(prop::sample::select(
            vec![b',', b';', b'\n', b'\r', b'-', b'+', b'\x0B', b'a', 0x80, 0x8A, 0xAC, 0xFF, 0],
        ))) {
            let (mut found, lines) = all_ends(u64::from_le_bytes(text), b',');
            let line_ends = text.iter().filter(|byte| **byte == b'\n').count();
            prop_assert_eq!(lines.count_ones(), u32::try_from(line_ends).unwrap());
            prop_assert_eq!(lines & !found, 0);
            let mut places = Vec::new();
            while found != 0 {
                places.push(first_byte(found));
                found &= found - 1;
            }
            let wanted = (0..8).filter(|place| matches!(text[*place], b',' | b'\n'));
            prop_assert_eq!(places, wanted.collect::<Vec<usize>>());
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
        assert_eq!(integer(b"12", 2), None);
        assert_eq!(date(b"2016-05-0"), None);
        assert_eq!(date(b"2016-05-01"), Date::new(2016, 5, 1).map(|date| (date, 10)));
        assert_eq!(short(b"abc,", 3), None);
    }
}
