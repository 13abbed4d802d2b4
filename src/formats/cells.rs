//! The usual spellings of cells, read from bytes at eight a step.
//!
//! Each function is given the bytes of some rows, and where a cell starts and ends. `None` says no
//! more than that the cell is not of the usual kind; [`super::parse`] then says whether it is one at
//! all. Numbers are read from the sixteen bytes before their end, where each digit has its place
//! whatever stands before it.

use crate::base::Date;

/// A whole number, perhaps negative: of at most 16 digits.
#[inline]
pub(super) fn integer(bytes: &[u8], start: usize, end: usize) -> Option<i64> {
    let (negative, count) = sign(bytes, start, end)?;
    let number = match count {
        // Nearly all are so short.
        1..=8 => {
            let eight = u64::from_le_bytes(*bytes.get(..end)?.last_chunk()?);
            let digits = (eight ^ ZEROS) & LAST.get(count)?[1];
            are_digits(digits).then(|| eight_digits(digits))?
        }
        _ => sixteen_digits(words_before(bytes, end)?, count)?,
    };
    Some(signed(number, negative))
}

/// How amounts of a currency are usually spelt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amounts {
    /// How many decimals there are: at most six.
    scale: usize,
    /// So many minor units are one.
    unit: u64,
    /// Where decimals stand in the last eight bytes.
    decimals: u64,
    /// Where the point stands in them.
    at_point: u64,
}

impl Amounts {
    /// With so many decimals; `None` if they are too many.
    pub(super) fn new(scale: u8) -> Option<Amounts> {
        let scale = usize::from(scale);
        let unit = *[1, 10, 100, 1000, 10_000, 100_000, 1_000_000].get(scale)?;
        let (decimals, with_point) = (LAST.get(scale)?[1], LAST.get(scale + 1)?[1]);
        let at_point = if scale > 0 { with_point & !decimals } else { 0 };
        Some(Amounts { scale, unit, decimals, at_point })
    }

    /// An amount in minor units: a whole number, and all decimals or none. The digits are at most 16
    /// with the point.
    #[inline(always)]
    pub(super) fn read(&self, bytes: &[u8], start: usize, end: usize) -> Option<i64> {
        let (negative, count) = sign(bytes, start, end)?;
        let [first, last] = words_before(bytes, end)?;
        if self.scale > 0 && (last ^ POINTS) & self.at_point == 0 {
            let [kept_first, kept_last] = *LAST.get(count).filter(|_| count >= self.scale + 2)?;
            let (first, last) = ((first ^ ZEROS) & kept_first, (last ^ ZEROS) & kept_last);
            // What stands before the point moves up to the decimals.
            let moved = (last << 8 | first >> 56) & !self.decimals | last & self.decimals;
            return digits_of([first << 8, moved]).map(|units| signed(units, negative));
        }
        let units = sixteen_digits([first, last], count)?.checked_mul(self.unit)?;
        i64::try_from(units).ok().map(|_| signed(units, negative))
    }

    /// The same where nearly all have at most eight signs: those are read from one word. Where every other
    /// one is longer, that would be guessed wrong as often.
    #[inline]
    pub(super) fn read_short(&self, bytes: &[u8], start: usize, end: usize) -> Option<i64> {
        let (negative, count) = sign(bytes, start, end)?;
        let last = u64::from_le_bytes(*bytes.get(..end)?.last_chunk()?);
        let has_point = (last ^ POINTS) & self.at_point == 0;
        if self.scale == 0 || count > 8 || count < self.scale + 2 || !has_point {
            return self.read(bytes, start, end);
        }
        let last = (last ^ ZEROS) & LAST.get(count)?[1];
        let moved = (last << 8) & !self.decimals | last & self.decimals;
        are_digits(moved).then(|| signed(eight_digits(moved), negative))
    }
}

/// `2016-05-01`.
#[inline]
pub(super) fn date(bytes: &[u8], start: usize, end: usize) -> Option<Date> {
    let cell: &[u8; 10] = bytes.get(start..end)?.try_into().ok()?;
    let [month_and_before @ .., tens, ones] = cell;
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
    Date::new(year, i32::from(month), day)
}

/// A cell of at most 16 bytes as two words, filled up with zeros.
#[inline]
pub(super) fn two_words(bytes: &[u8], start: usize, end: usize) -> Option<[u64; 2]> {
    let kept = FIRST.get(end.wrapping_sub(start))?;
    let (first, second) = bytes.get(start..)?.first_chunk::<16>()?.split_first_chunk::<8>()?;
    let second = u64::from_le_bytes(*second.first_chunk()?);
    Some([u64::from_le_bytes(*first) & kept[0], second & kept[1]])
}

/// A cell of at most 32 bytes as four words, filled up with zeros.
#[inline]
pub(super) fn four_words(bytes: &[u8], start: usize, end: usize) -> Option<[u64; 4]> {
    let middle = end.min(start.saturating_add(16));
    let ([first, second], [third, fourth]) =
        (two_words(bytes, start, middle)?, two_words(bytes, middle, end)?);
    Some([first, second, third, fourth])
}

/// Whether there is a sign, and how many bytes of a cell are none.
#[inline(always)]
fn sign(bytes: &[u8], start: usize, end: usize) -> Option<(bool, usize)> {
    let negative = *bytes.get(start)? == b'-';
    // Of an empty cell, before which nothing ends so, that is more than any has.
    Some((negative, end.wrapping_sub(start).wrapping_sub(usize::from(negative))))
}

#[inline(always)]
fn signed(number: u64, negative: bool) -> i64 {
    // At most 2^63 - 1, by those who call this.
    let number = number.cast_signed();
    if negative { number.wrapping_neg() } else { number }
}

/// The sixteen bytes before a place.
#[inline(always)]
fn words_before(bytes: &[u8], end: usize) -> Option<[u64; 2]> {
    let (first, last) = bytes.get(..end)?.last_chunk::<16>()?.split_first_chunk::<8>()?;
    Some([u64::from_le_bytes(*first), u64::from_le_bytes(*last.first_chunk()?)])
}

/// The last so many of 16 bytes as digits.
#[inline(always)]
fn sixteen_digits([first, last]: [u64; 2], count: usize) -> Option<u64> {
    let [kept_first, kept_last] = *LAST.get(count).filter(|_| count > 0)?;
    digits_of([(first ^ ZEROS) & kept_first, (last ^ ZEROS) & kept_last])
}

/// Sixteen bytes that are digits, if they are, as a number.
#[inline(always)]
fn digits_of([first, last]: [u64; 2]) -> Option<u64> {
    if !(are_digits(first) & are_digits(last)) {
        return None;
    }
    Some(eight_digits(first) * 100_000_000 + eight_digits(last))
}

/// Whether each byte is at most nine.
#[inline(always)]
fn are_digits(eight: u64) -> bool {
    // A byte above nine gets its high bit, or has it.
    (eight.wrapping_add(EACH * 0x76) | eight) & HIGH_BITS == 0
}

/// Eight digits, from the first on, as a number.
#[inline(always)]
fn eight_digits(eight: u64) -> u64 {
    let pairs = eight.wrapping_mul(10).wrapping_add(eight >> 8);
    let even = (pairs & PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let odd = ((pairs >> 16) & PAIRS).wrapping_mul(1 + (10_000 << 32));
    even.wrapping_add(odd) >> 32
}

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
const PAIRS: u64 = 0x0000_00FF_0000_00FF;
const ZEROS: u64 = 0x3030_3030_3030_3030;
const POINTS: u64 = 0x2E2E_2E2E_2E2E_2E2E;

/// The first so many of sixteen bytes, as what is kept of two words.
const FIRST: [[u64; 2]; 17] = kept(false);
/// The last so many.
const LAST: [[u64; 2]; 17] = kept(true);

const fn kept(last: bool) -> [[u64; 2]; 17] {
    let mut all = [[0; 2]; 17];
    let mut count = 0_u32;
    let mut rest = all.as_mut_slice();
    while let Some((own, others)) = rest.split_first_mut() {
        // So many bytes of the sixteen, the first of them lowest.
        let bits = match (count, last) {
            (0, _) => 0,
            (count, false) => u128::MAX >> (128 - 8 * count),
            (count, true) => u128::MAX << (128 - 8 * count),
        };
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = bits.to_le_bytes();
        *own = [
            u64::from_le_bytes([a, b, c, d, e, f, g, h]),
            u64::from_le_bytes([i, j, k, l, m, n, o, p]),
        ];
        rest = others;
        count += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::base::Money;

    use super::*;

    /// A cell as in a block, with rows before and behind, and where it stands.
    fn cell(text: &str, end: &str) -> (Vec<u8>, usize, usize) {
        let before = "the row before\n";
        let bytes = format!("{before}{text}{end}next row, and more than that").into_bytes();
        (bytes, before.len(), before.len() + text.len())
    }

    proptest! {
        /// What is read here is what the plain reader reads.
        #[test]
        fn amounts_are_as_the_plain_reader_has_them(
            text in "-?[0-9]{0,18}(\\.[0-9]{0,4})?[ x]?",
            scale in 0_u8..5,
        ) {
            let plain = Money::parse(&text, scale).ok().map(Money::minor);
            let (bytes, start, end) = cell(&text, ",");
            let amounts = Amounts::new(scale).unwrap();
            let read = amounts.read(&bytes, start, end);
            prop_assert_eq!(amounts.read_short(&bytes, start, end), read);
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
            let (bytes, start, end) = cell(&text, "\n");
            let read = integer(&bytes, start, end);
            let plain = text.parse::<i128>().ok();
            if text.len() <= 16 || read.is_some() {
                prop_assert_eq!(read.map(i128::from), plain);
            }
        }

        #[test]
        fn short_cells_are_words(text in "[a-zà-ü税0-9-]{0,18}") {
            let (bytes, start, end) = cell(&text, ",");
            let words = four_words(&bytes, start, end);
            prop_assert_eq!(words.is_some(), text.len() <= 32);
            let two = two_words(&bytes, start, end);
            prop_assert_eq!(two, words.and_then(|it| it.first_chunk().copied()).filter(|_| text.len() <= 16));
            let mut padded = text.into_bytes();
            padded.resize(32.max(padded.len()), 0);
            let written = words.map(|it| it.iter().flat_map(|word| word.to_le_bytes()).collect());
            prop_assert_eq!(written.unwrap_or(padded.clone()), padded);
        }

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
            prop_assert_eq!(date(&bytes, 0, 10), plain);
        }
    }

    #[test]
    fn at_the_ends_of_the_bytes_nothing_is_usual() {
        assert_eq!(integer(b"12", 0, 2), None);
        assert_eq!(Amounts::new(2).unwrap().read(b"1.23", 0, 4), None);
        assert_eq!(Amounts::new(2).unwrap().read_short(b"1.23", 0, 4), None);
        assert_eq!(date(b"2016-05-0", 0, 9), None);
        assert_eq!(date(b"2016-05-01", 0, 11), None);
        assert_eq!(two_words(b"abc,", 0, 3), None);
        assert_eq!(four_words(b"abc,", 0, 3), None);
        assert!(Amounts::new(7).is_none());
    }

    #[test]
    fn amounts_that_are_no_numbers_but_for_their_length_are_not_usual() {
        for text in [".05", "-.05", "", "-", "1234567890123456.78", "--1.00", "1.-5"] {
            let (bytes, start, end) = cell(text, ",");
            let amounts = Amounts::new(2).unwrap();
            assert_eq!(amounts.read(&bytes, start, end), None, "{text}");
            assert_eq!(amounts.read_short(&bytes, start, end), None, "{text}");
        }
    }
}
