//! Whether an event's key was seen before in the run.
//!
//! Whole numbers, which nearly always run from 1 to n in some order, are held as bits: a run of ten
//! million receipts costs a megabyte, whatever their order. So are texts that end in digits, by what
//! stands before these. Other keys are held exactly in 128 bits where they fit, else by a digest of as
//! many.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;

use crate::base::Digest;
use crate::rows::{Batch, Cell, Column};

use super::names::packed;

/// Keys of one event kind.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    integers: Integers,
    /// Which of two whole numbers tells the pieces of `integers` apart: the one with the smaller
    /// range in the first batch, so that the pieces are full.
    upper: Option<Upper>,
    /// Single texts of up to 15 bytes that end in digits.
    numbered: Numbered,
    /// Others, packed.
    short: HashSet<u128, FixedState>,
    digests: HashSet<u128, FixedState>,
    bytes: Vec<u8>,
}

impl Seen {
    /// Notes the key of a row; `false` if it was noted before.
    pub fn insert(&mut self, batch: &Batch, row: usize, fields: &[u32]) -> bool {
        let integer = |field: &u32| match column(batch, *field) {
            Column::Integer(values) => values.get(row),
            _ => None,
        };
        match fields {
            [] => return true,
            [one] => {
                if let Some(value) = integer(one) {
                    return self.integers.insert(value);
                }
                if let Some(short) = text(column(batch, *one), row).and_then(packed) {
                    let new = self.numbered.insert(short);
                    return new.unwrap_or_else(|| self.short.insert(short));
                }
            }
            [one, two] => {
                let small = |field| integer(field).and_then(|value| i64::try_from(value).ok());
                if let (Some(first), Some(second)) = (small(one), small(two)) {
                    let upper = *self.upper.get_or_insert_with(|| upper(batch, *one, *two));
                    let (upper, lower) = match upper {
                        Upper::First => (first, second),
                        Upper::Second => (second, first),
                    };
                    return self.integers.insert(pair(upper, lower));
                }
            }
            _ => {}
        }
        self.bytes.clear();
        for field in fields {
            match column(batch, *field) {
                Column::Text(texts) => write_text(texts.get(row), &mut self.bytes),
                other => write(&other.cell(row), &mut self.bytes),
            }
        }
        self.digest()
    }

    /// Notes the keys of all rows up to the first that was noted before; says how many those are.
    pub fn insert_all(&mut self, batch: &Batch, fields: &[u32]) -> usize {
        if let [one] = fields
            && let Column::Integer(values) = column(batch, *one)
            && let Some(values) = values.all()
        {
            return self.integers.insert_all(None, values);
        }
        let mut noted = 0;
        while noted < batch.len() {
            let new = match fields {
                [one] => self.numbered.insert_run(column(batch, *one), noted),
                _ => None,
            };
            match new {
                Some((new, all)) => {
                    noted += new;
                    if new < all {
                        return noted;
                    }
                }
                None if self.insert(batch, noted, fields) => noted += 1,
                None => return noted,
            }
        }
        noted
    }

    /// Notes a key that was worked out.
    pub fn insert_cells(&mut self, key: &[Cell]) -> bool {
        self.bytes.clear();
        key.iter().for_each(|cell| write(cell, &mut self.bytes));
        self.digest()
    }

    fn digest(&mut self) -> bool {
        let digest = Digest::of(&self.bytes);
        let half = digest.as_bytes().first_chunk::<16>().copied().unwrap_or_default();
        self.digests.insert(u128::from_be_bytes(half))
    }
}

/// Two whole numbers as one: the bits of the one above those of the other.
fn pair(upper: i64, lower: i64) -> i128 {
    i128::from(upper) << 64 | i128::from(lower.cast_unsigned())
}

/// Which of two numbers.
#[derive(Debug, Clone, Copy)]
enum Upper {
    First,
    Second,
}

fn upper(batch: &Batch, one: u32, two: u32) -> Upper {
    let range = |field| match column(batch, field) {
        Column::Integer(values) => {
            let values = values.all().unwrap_or_default();
            let ends = values.iter().max().zip(values.iter().min());
            ends.map_or(u64::MAX, |(greatest, least)| greatest.abs_diff(*least))
        }
        _ => u64::MAX,
    };
    if range(one) <= range(two) { Upper::First } else { Upper::Second }
}

fn column(batch: &Batch, field: u32) -> &Column {
    batch.columns.get(crate::plan::at(field)).unwrap_or(&Column::Absent)
}

fn text(column: &Column, row: usize) -> Option<&str> {
    match column {
        Column::Text(texts) => texts.get(row),
        Column::Cells(cells) => match cells.get(row)? {
            Cell::Text(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

fn write_text(text: Option<&str>, out: &mut Vec<u8>) {
    out.push(if text.is_some() { b't' } else { b'-' });
    let text = text.unwrap_or_default();
    out.extend_from_slice(&text.len().to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Writes a cell so that different ones never read the same: a letter, the length, the value.
fn write(cell: &Cell, out: &mut Vec<u8>) {
    let (letter, text) = match cell {
        Cell::Missing => (b'-', String::new()),
        Cell::Bool(value) => (b'b', value.to_string()),
        Cell::Integer(value) => (b'i', value.to_string()),
        Cell::Number(value) => (b'n', value.to_string()),
        Cell::Money(value) => (b'm', value.minor().to_string()),
        Cell::Date(value) => (b'd', value.to_string()),
        Cell::Period(value) => (b'p', value.to_string()),
        Cell::Duration(value) => (b'u', value.to_string()),
        Cell::Text(value) => (b't', value.to_string()),
        Cell::Member(value) => (b'e', value.to_string()),
        Cell::List(cells) | Cell::Record(cells) => {
            out.push(b'[');
            out.extend_from_slice(&cells.len().to_be_bytes());
            cells.iter().for_each(|cell| write(cell, out));
            return;
        }
    };
    out.push(letter);
    out.extend_from_slice(&text.len().to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Texts of up to 15 bytes that end in digits.
#[derive(Debug, Default)]
struct Numbered {
    /// What stands before the digits, with their count.
    prefixes: HashMap<u128, u32, FixedState>,
    /// The one asked for last.
    last: Option<(u128, u32)>,
    /// By the prefix, the numbers that the digits are.
    numbers: Integers,
    /// Memory for those of some texts.
    run: Vec<i64>,
}

/// Texts with further prefixes are somebody else's.
const PREFIXES_MAX: usize = 4096;

impl Numbered {
    /// Notes a packed text, if it ends in digits and there is room for what stands before them;
    /// `false` if it was noted before.
    #[inline]
    fn insert(&mut self, short: u128) -> Option<bool> {
        let (prefix, number) = numbered(short)?;
        let prefix = self.prefix(prefix)?;
        Some(self.numbers.insert(pair(prefix.into(), number)))
    }

    /// Notes texts from a row on, as far as the same stands before their digits, up to the first that
    /// was noted before: says how many were new, and how many there are. Nothing where there is none.
    fn insert_run(&mut self, column: &Column, row: usize) -> Option<(usize, usize)> {
        let Column::Text(texts) = column else { return None };
        let mut of_rows = (row..texts.len()).map_while(|row| numbered(packed(texts.get(row)?)?));
        let (before, first) = of_rows.next()?;
        let prefix = self.prefix(before)?;
        self.run.clear();
        self.run.reserve(texts.len() - row);
        self.run.push(first);
        self.run.extend(of_rows.take_while(|(own, _)| *own == before).map(|(_, number)| number));
        Some((self.numbers.insert_all(Some(prefix.into()), &self.run), self.run.len()))
    }

    fn prefix(&mut self, prefix: u128) -> Option<u32> {
        if let Some((_, number)) = self.last.filter(|(last, _)| *last == prefix) {
            return Some(number);
        }
        let room = self.prefixes.len() < PREFIXES_MAX;
        let next = u32::try_from(self.prefixes.len()).ok()?;
        let number = match self.prefixes.get(&prefix) {
            Some(number) => *number,
            None if room => *self.prefixes.entry(prefix).or_insert(next),
            None => return None,
        };
        self.last = Some((prefix, number));
        Some(number)
    }
}

/// What stands before the digits that a packed text ends in, with their count, and the number that they
/// are. Nothing is left out: no two texts have the same.
#[inline]
pub(super) fn numbered(short: u128) -> Option<(u128, i64)> {
    let length = u32::try_from(short >> 120).ok().filter(|length| (1..16).contains(length))?;
    // The last byte above all; below the first there is nought, which is no digit.
    let bytes = short << (8 * (16 - length));
    let each = |byte: u8| u128::from_le_bytes([byte; 16]);
    let values = bytes ^ each(b'0');
    let more_than_nine = (values & each(0x7F)).wrapping_add(each(0x7F - 9)) | values;
    let digits = (more_than_nine & each(0x80)).leading_zeros() / 8;
    let before = u128::MAX.checked_shr(8 * digits).filter(|_| digits > 0)?;
    let values = values & !before;
    let number = eight_digits(values) * 100_000_000 + eight_digits(values >> 64);
    let prefix = bytes & before | u128::from(digits << 4 | length) << 120;
    Some((prefix, number))
}

/// The number that the lower eight bytes are, each a digit, the first of them the highest.
#[inline]
fn eight_digits(digits: u128) -> i64 {
    let digits = u64::try_from(digits & u128::from(u64::MAX)).unwrap_or(0);
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
    let eight = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xFFFF_FFFF;
    i64::try_from(eight).unwrap_or(0)
}

/// A set of whole numbers, in pieces of 65,536.
#[derive(Debug, Default)]
struct Integers {
    /// Where in the list the piece of these upper bits is.
    places: HashMap<i128, usize, FixedState>,
    pieces: Vec<Piece>,
    /// The piece asked for last: numbers often come in ascending order.
    last: Option<(i128, usize)>,
    /// How many numbers there are.
    count: usize,
    /// Those that came when there was no room for their piece.
    scattered: HashSet<i128, FixedState>,
}

/// Where numbers are scattered, more pieces than these are not begun.
const PIECES_MAX: usize = 256;
/// Unless so many numbers have come for each.
const PIECE_MIN: usize = 64;

/// The lower 16 bits of the numbers of a piece: listed while few, a bit each when many.
#[derive(Debug)]
enum Piece {
    Few(Vec<u16>),
    Many(Box<[u64; 1024]>),
}

/// From here on a bit each takes less room.
const FEW_MAX: usize = 4096;

impl Integers {
    /// Those up to the first that was there, each behind another number if there is one. Mostly each is
    /// greater than the one before, and in the same piece.
    fn insert_all(&mut self, behind: Option<i64>, values: &[i64]) -> usize {
        let whole = |value: i64| behind.map_or(value.into(), |behind| pair(behind, value));
        let mut rest = values;
        while let Some((first, others)) = rest.split_first() {
            if !self.insert(whole(*first)) {
                return values.len() - rest.len();
            }
            let upper = first >> 16;
            let same = others.iter().take_while(|value| **value >> 16 == upper).count();
            let (own, behind) = others.split_at_checked(same).unwrap_or((others, &[]));
            let piece = self.last.and_then(|(_, place)| self.pieces.get_mut(place));
            let low = |value: &i64| u16::try_from(value & 0xFFFF).unwrap_or(0);
            let new = match piece {
                Some(Piece::Many(bits)) if self.scattered.is_empty() => {
                    let new = own.iter().take_while(|value| set(bits, low(value))).count();
                    self.count += new;
                    new
                }
                _ => own.iter().take_while(|value| self.insert(whole(**value))).count(),
            };
            if new < own.len() {
                return values.len() - others.len() + new;
            }
            rest = behind;
        }
        values.len()
    }

    fn insert(&mut self, value: i128) -> bool {
        let new = match self.place(value >> 16) {
            Some(_) if !self.scattered.is_empty() && self.scattered.contains(&value) => false,
            Some(place) => self.insert_at(place, value),
            None => self.scattered.insert(value),
        };
        self.count += usize::from(new);
        new
    }

    /// Where the piece of these upper bits is; nothing where there is none and no room for it.
    fn place(&mut self, upper: i128) -> Option<usize> {
        let place = match self.last {
            Some((of, place)) if of == upper => return Some(place),
            _ => self.places.get(&upper).copied(),
        };
        let next = self.pieces.len();
        if place.is_none() && next < PIECES_MAX.max(self.count / PIECE_MIN) {
            self.places.insert(upper, next);
            self.pieces.push(Piece::Few(Vec::new()));
            self.last = Some((upper, next));
            return Some(next);
        }
        self.last = Some((upper, place?));
        place
    }

    fn insert_at(&mut self, place: usize, value: i128) -> bool {
        let Some(piece) = self.pieces.get_mut(place) else { return true };
        // The remainder of 2^16 fits.
        let low = u16::try_from(value & 0xFFFF).unwrap_or(0);
        match piece {
            Piece::Few(list) => {
                // Numbers that come in ascending order are put at the end at once.
                let place = match list.last() {
                    Some(last) if *last >= low => match list.binary_search(&low) {
                        Ok(_) => return false,
                        Err(place) => place,
                    },
                    _ => list.len(),
                };
                list.insert(place, low);
                if list.len() > FEW_MAX {
                    let mut bits = Box::new([0; 1024]);
                    list.iter().for_each(|low| {
                        set(&mut bits, *low);
                    });
                    *piece = Piece::Many(bits);
                }
                true
            }
            Piece::Many(bits) => set(bits, low),
        }
    }
}

fn set(bits: &mut [u64; 1024], low: u16) -> bool {
    let Some(word) = bits.get_mut(usize::from(low / 64)) else {
        return false;
    };
    let mask = 1_u64 << (low % 64);
    let new = *word & mask == 0;
    *word |= mask;
    new
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::rows::{Origin, TextColumn};

    #[test]
    fn a_number_is_new_once() {
        let mut integers = Integers::default();
        for value in (0..200_000).rev().chain([-1, i128::MIN, i128::MAX]) {
            assert!(integers.insert(value), "{value}");
            assert!(!integers.insert(value), "{value}");
        }
    }

    proptest! {
        #[test]
        fn many_are_told_apart_as_one_by_one(
            values in prop::collection::vec(-70_000_i64..140_000, 0..9000),
            ascending in any::<bool>(),
        ) {
            let mut values = values;
            if ascending {
                values.sort_unstable();
                values.dedup();
            }
            let (mut all, mut each) = (Integers::default(), Integers::default());
            for some in values.chunks(3000) {
                let new = some.iter().take_while(|value| each.insert((**value).into())).count();
                prop_assert_eq!(all.insert_all(None, some), new);
                if new < some.len() {
                    break;
                }
            }
        }

        #[test]
        fn numbers_are_told_apart_as_by_a_set(
            values in prop::collection::vec(-70_000_i128..70_000, 0..9000),
        ) {
            let (mut integers, mut naive) = (Integers::default(), BTreeSet::new());
            for value in values {
                prop_assert_eq!(integers.insert(value), naive.insert(value));
            }
        }
    }

    #[test]
    fn texts_that_end_in_digits_are_a_prefix_and_a_number() {
        let numbered = |text: &str| numbered(packed(text).unwrap());
        for (text, number) in [("7", 7), ("A00000120", 120), ("税999999999999", 999_999_999_999)] {
            assert_eq!(numbered(text).unwrap().1, number, "{text}");
        }
        assert_eq!(numbered("123456789012345").unwrap().1, 123_456_789_012_345);
        assert_eq!(numbered("A1").unwrap().0, numbered("A2").unwrap().0);
        let prefixes = ["1", "01", "A1", "A01", "B1", "\u{0}1", "A\u{0}1", "1A1"];
        let prefixes: BTreeSet<u128> = prefixes.iter().map(|it| numbered(it).unwrap().0).collect();
        assert_eq!(prefixes.len(), 8);
        for text in ["", "A", "1A", "1/", "1:", "1\u{0}"] {
            assert_eq!(numbered(text), None, "{text}");
        }
    }

    proptest! {
        /// Texts of every kind that a key of one text may be, with and without digits at the end.
        #[test]
        fn texts_are_told_apart_as_by_a_set(
            texts in prop::collection::vec("[A税\\x00]{0,2}[0-9]{0,4}|[0-9]{13,17}|[a-z]?[0-9]{5}", 0..900),
        ) {
            let (mut seen, mut naive) = (Seen::default(), BTreeSet::new());
            for text in texts {
                prop_assert_eq!(insert_text(&mut seen, &text), naive.insert(text));
            }
        }

        /// Many at a time as one by one, some of them missing.
        #[test]
        fn texts_of_a_column_are_told_apart_as_one_by_one(
            texts in prop::collection::vec(prop::option::of("[AB]?[0-9]{0,5}|[a-z]?"), 0..300),
        ) {
            let (mut all, mut each) = (Seen::default(), Seen::default());
            for some in texts.chunks(100) {
                let mut column = TextColumn::default();
                some.iter().for_each(|text| column.push(text.as_deref()));
                let origins = vec![Origin { file: 0, line: 1 }; some.len()];
                let batch = Batch { event: 0, columns: vec![Column::Text(column)], origins };
                let rows = 0..batch.len();
                let new = rows.take_while(|row| each.insert(&batch, *row, &[0])).count();
                prop_assert_eq!(all.insert_all(&batch, &[0]), new);
                if new < batch.len() {
                    break;
                }
            }
        }

        /// Far more pieces and prefixes than there is room for.
        #[test]
        fn scattered_numbers_and_prefixes_are_told_apart(
            values in prop::collection::vec(0_u64..9_000, 3000..9000),
            (far, dense) in (any::<bool>(), 0_u64..9),
        ) {
            let (mut seen, mut naive) = (Seen::default(), BTreeSet::new());
            for (place, value) in (0_u64..).zip(values) {
                let own = if place % 9 < dense { value } else { value * 99_999_999 };
                let text = if far { format!("N{own}") } else { format!("N{value}-{}", own % 10) };
                prop_assert_eq!(insert_text(&mut seen, &text), naive.insert(text));
            }
        }
    }

    fn insert_text(seen: &mut Seen, text: &str) -> bool {
        let mut texts = TextColumn::default();
        texts.push(Some(text));
        let (columns, origins) = (vec![Column::Text(texts)], vec![Origin { file: 0, line: 1 }]);
        seen.insert(&Batch { event: 0, columns, origins }, 0, &[0])
    }

    #[test]
    fn texts_that_run_together_are_told_apart() {
        let mut seen = Seen::default();
        let mut new = |one: &str, two: &str| {
            let column = |text: &str| {
                let mut texts = TextColumn::default();
                texts.push(Some(text));
                Column::Text(texts)
            };
            let origins = vec![Origin { file: 0, line: 1 }];
            let batch = Batch { event: 0, columns: vec![column(one), column(two)], origins };
            seen.insert(&batch, 0, &[0, 1])
        };
        assert!(new("ab", "c"));
        assert!(new("a", "bc"));
        assert!(!new("a", "bc"));
    }
}
