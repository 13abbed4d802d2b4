//! Rows of a block cut into cells, some hundred at a time.
//!
//! Delimiters and line ends are looked for in 64 bytes at once, whatever the cells hold, and only then
//! is it seen whether they stand as they should. So a cell has its length before anybody reads it, and
//! cells of one column can be read one after the other.

use super::quotes::{Found, Quotes};

/// Where the cells of some rows start and end.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    /// What stands before the first cell, then where each cell ends: that of a row's last one is its
    /// line end.
    ends: Vec<usize>,
    /// Where the last cell of each row ends: before its line end, which may be of two signs.
    lasts: Vec<usize>,
    width: usize,
    /// Where quotes are about: what stands before each cell without its quotes, and where that ends.
    unquoted: (Vec<usize>, Vec<usize>),
}

/// So many rows are cut at a time: what they need stays in the nearest memory.
pub(super) const ROWS: usize = 256;

/// So many bytes are looked at together.
pub(super) const WIDE: usize = 64;
/// So many places are noted together.
const FEW: usize = 4;

impl Cuts {
    /// Cuts at most so many rows of so many cells from a place on, as far as all have just as many and
    /// none is blank.
    pub(super) fn cut(&mut self, bytes: &[u8], from: usize, delimiter: u8, size: (usize, usize)) {
        let (rows, width) = size;
        self.width = width;
        self.lasts.clear();
        let (found, lines) = self.find(bytes, from, delimiter, rows * width);
        let ends = self.ends.get(1..found).unwrap_or_default();
        let mut start = from;
        for row in ends.chunks_exact(width.max(1)).take(rows) {
            let Some(end) = row.last().copied() else { break };
            let last = end - usize::from(bytes.get(end.wrapping_sub(1)) == Some(&b'\r'));
            if bytes.get(end) != Some(&b'\n') || last <= start {
                break;
            }
            self.lasts.push(last);
            start = end + 1;
        }
        // If there are no more line ends than rows, none of the other ends is one.
        let beyond = ends.get(self.lasts.len() * width..).unwrap_or_default();
        let beyond = beyond.iter().filter(|end| bytes.get(**end) == Some(&b'\n')).count();
        if lines != self.lasts.len() + beyond {
            self.keep_even(bytes);
        }
    }

    /// The same where there are quotes, as far as they are around whole cells with none inside.
    pub(super) fn cut_quoted(
        &mut self,
        bytes: &[u8],
        from: usize,
        delimiter: u8,
        size: (usize, usize),
    ) {
        let (rows, width) = size;
        self.width = width;
        self.lasts.clear();
        let found = self.find_quoted(bytes, from, delimiter, rows * width);
        let (befores, ends) = &mut self.unquoted;
        befores.clear();
        ends.clear();
        let all = self.ends.get(..found).unwrap_or_default();
        for row in all.windows(width + 1).step_by(width.max(1)).take(rows) {
            let (Some(end), Some(others)) = (row.last().copied(), row.get(1..width)) else { break };
            let is_line = |end: &usize| bytes.get(*end) == Some(&b'\n');
            let last = end - usize::from(bytes.get(end.wrapping_sub(1)) == Some(&b'\r'));
            let blank = row.first().is_none_or(|before| last <= before.wrapping_add(1));
            if blank || !is_line(&end) || others.iter().any(is_line) {
                break;
            }
            self.lasts.push(last);
            for (before, end) in row.iter().zip(others.iter().chain([&last])) {
                let quoted = bytes.get(before.wrapping_add(1)) == Some(&b'"');
                befores.push(before.wrapping_add(usize::from(quoted)));
                ends.push(end - usize::from(quoted));
            }
        }
    }

    /// Notes where cells end, as far as quotes are as they usually are; says how many places have been
    /// noted.
    fn find_quoted(&mut self, bytes: &[u8], from: usize, delimiter: u8, wanted: usize) -> usize {
        self.ends.clear();
        self.ends.push(from.wrapping_sub(1));
        let mut quotes = Quotes::new(delimiter);
        let (wide, rest) = bytes.get(from..).unwrap_or_default().as_chunks::<WIDE>();
        let mut at = from;
        for bytes in wide.iter().chain([&filled(rest)]) {
            let Found { mut marks, unusual, .. } = quotes.look(bytes);
            while marks != 0 {
                self.ends.push(at + usize::try_from(marks.trailing_zeros()).unwrap_or(WIDE));
                marks &= marks.wrapping_sub(1);
            }
            if unusual || self.ends.len() > wanted {
                break;
            }
            at += WIDE;
        }
        self.ends.len()
    }

    /// Notes where delimiters and line ends stand, at least so many if there are; says how many places
    /// have been noted, and how many of them are line ends.
    fn find(&mut self, bytes: &[u8], from: usize, delimiter: u8, wanted: usize) -> (usize, usize) {
        if self.ends.len() < 1 + wanted + WIDE {
            self.ends.resize(1 + wanted + WIDE, 0);
        }
        if let Some(before) = self.ends.first_mut() {
            *before = from.wrapping_sub(1);
        }
        let (wide, rest) = bytes.get(from..).unwrap_or_default().as_chunks::<WIDE>();
        let (mut at, mut count, mut lines) = (from, 1, 0);
        // Those behind are of a time when more were wanted.
        let ends = self.ends.get_mut(..1 + wanted + WIDE).unwrap_or_default();
        for bytes in wide.iter().chain([&filled(rest)]) {
            let Some(free) = ends.get_mut(count..count + WIDE) else { break };
            let mut marks = bits(bytes, |byte| (byte == delimiter) | (byte == b'\n'));
            lines += line_ends(bytes);
            count += usize::try_from(marks.count_ones()).unwrap_or(WIDE);
            for places in free.as_chunks_mut::<FEW>().0 {
                // Some of these may be none, to be written over: to ask each time takes longer.
                for place in places {
                    let mark = (marks | 1 << 63).trailing_zeros();
                    *place = at + usize::try_from(mark).unwrap_or(WIDE);
                    marks &= marks.wrapping_sub(1);
                }
                if marks == 0 {
                    break;
                }
            }
            at += WIDE;
        }
        (count, lines)
    }

    /// Keeps the rows before the first one that has a line end too early.
    fn keep_even(&mut self, bytes: &[u8]) {
        let is_line = |end: &usize| bytes.get(*end) == Some(&b'\n');
        let ends = self.ends.get(1..).unwrap_or_default();
        let rows = ends.chunks_exact(self.width.max(1));
        let even = rows.map(|row| row.split_last().map_or(&[][..], |(_, others)| others));
        let even = even.take_while(|others| !others.iter().any(is_line)).take(self.lasts.len());
        let even = even.count();
        self.lasts.truncate(even);
    }

    /// How many rows.
    pub(super) fn rows(&self) -> usize {
        self.lasts.len()
    }

    /// Where a row ends, its line end included.
    pub(super) fn end(&self, row: usize) -> Option<usize> {
        let end = (row + 1).checked_mul(self.width).filter(|_| row < self.rows())?;
        self.ends.get(end).map(|end| end + 1)
    }

    /// Where the cells of a column start and end, in so many rows.
    pub(super) fn column(&self, column: usize, rows: usize) -> ColumnCuts<'_> {
        let (ends, at_end, apart) = match column + 1 == self.width {
            true => (&self.lasts, 0, 1),
            false => (&self.ends, column + 1, self.width),
        };
        let (before, left) = (&self.ends, rows.min(self.rows()));
        ColumnCuts { before, at_before: column, step: self.width, ends, at_end, apart, left }
    }

    /// The same of rows that were cut where there are quotes: without them.
    pub(super) fn unquoted(&self, column: usize, rows: usize) -> ColumnCuts<'_> {
        let (before, ends) = &self.unquoted;
        let (step, apart, left) = (self.width, self.width, rows.min(self.rows()));
        ColumnCuts { before, at_before: column, step, ends, at_end: column, apart, left }
    }
}

/// Where the cells of a column start and end, row by row.
#[derive(Debug, Clone)]
pub(super) struct ColumnCuts<'a> {
    /// What stands before cells: the place of the next one, and how far it is to the one after it.
    before: &'a [usize],
    at_before: usize,
    step: usize,
    /// Where cells end, in the same way.
    ends: &'a [usize],
    at_end: usize,
    apart: usize,
    left: usize,
}

impl Iterator for ColumnCuts<'_> {
    type Item = (usize, usize);

    #[inline(always)]
    fn next(&mut self) -> Option<(usize, usize)> {
        self.left = self.left.checked_sub(1)?;
        let (before, end) = (*self.before.get(self.at_before)?, *self.ends.get(self.at_end)?);
        self.at_before = self.at_before.wrapping_add(self.step);
        self.at_end = self.at_end.wrapping_add(self.apart);
        Some((before.wrapping_add(1), end))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for ColumnCuts<'_> {}

/// The last bytes, fewer than are looked at together, filled up with zeros.
pub(super) fn filled(rest: &[u8]) -> [u8; WIDE] {
    let mut last = [0; WIDE];
    last.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
    last
}

/// Which of some bytes are such: a bit for each, the first one lowest.
///
/// Each byte becomes its bit or nothing, which a compiler does for many at once; a product then adds
/// eight bytes up.
#[inline(always)]
pub(super) fn bits(bytes: &[u8; WIDE], is: impl Fn(u8) -> bool) -> u64 {
    let mut found = [0_u8; WIDE];
    for ((found, byte), bit) in found.iter_mut().zip(bytes).zip(&BITS) {
        *found = if is(*byte) { *bit } else { 0 };
    }
    let (eights, _) = found.as_chunks::<8>();
    eights.iter().rev().fold(0, |marks, eight| {
        marks << 8 | u64::from_le_bytes(*eight).wrapping_mul(0x0101_0101_0101_0101) >> 56
    })
}

/// How many of some bytes are line ends.
#[inline]
fn line_ends(bytes: &[u8; WIDE]) -> usize {
    let ends = bytes.iter().map(|byte| u8::from(*byte == b'\n'));
    usize::from(ends.fold(0, u8::wrapping_add))
}

const BITS: [u8; WIDE] = {
    let mut bits = [0; WIDE];
    let mut at = 0;
    while at < WIDE {
        #[expect(clippy::indexing_slicing, reason = "worked out by the compiler")]
        {
            bits[at] = 1 << (at % 8);
        }
        at += 1;
    }
    bits
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::blocks::{Blocks, Text};
    use super::super::csv::{CsvRow, CsvRows, Cutter};
    use super::super::encoding::Encoding;
    use super::*;

    proptest! {
        /// Rows are cut as by one who looks at one sign after the other.
        #[test]
        fn rows_are_cut_where_delimiters_stand(
            text in "([a税]{0,9}[,,]){0,3}[a税]{0,9}\r?\n(([a税]{0,9}[,,]){2}[a税]{0,9}\r?\n){0,9}[a,]{0,9}",
            from in 0_usize..3,
        ) {
            let bytes = text.as_bytes();
            let from = from.min(bytes.len());
            let mut cuts = Cuts::default();
            cuts.cut(bytes, from, b',', (ROWS, 3));
            let mut rows = Vec::new();
            let mut at = from;
            while let Some(end) = bytes[at..].iter().position(|byte| *byte == b'\n') {
                let line = &bytes[at..at + end];
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                let cells: Vec<&[u8]> = line.split(|byte| *byte == b',').collect();
                if cells.len() != 3 || line.is_empty() {
                    break;
                }
                at += end + 1;
                rows.push((cells, at));
            }
            prop_assert_eq!(cuts.rows(), rows.len());
            for (row, (cells, end)) in rows.iter().enumerate() {
                prop_assert_eq!(cuts.end(row), Some(*end));
                for (column, cell) in cells.iter().enumerate() {
                    let (start, end) = cuts.column(column, ROWS).nth(row).unwrap();
                    prop_assert_eq!(&bytes[start..end], *cell);
                }
            }
        }
    }

    proptest! {
        /// Rows with quotes are cut as the general reader cuts them, up to one that is unusual.
        #[test]
        fn quoted_rows_are_cut_as_the_general_reader_does(
            rows in proptest::collection::vec(
                ("(\"[a, 税]{0,9}\"|[a税]{0,6}|\"a\"\"b\"|a\"b|\"a\nb\")(,(\"[a, 税]{0,70}\"|[a税]{0,9})){2}", "\r?\n"),
                0..12,
            ),
        ) {
            let text: String = rows.into_iter().map(|(row, end)| row + &end).collect();
            let bytes = text.as_bytes();
            let mut cuts = Cuts::default();
            cuts.cut_quoted(bytes, 0, b',', (ROWS, 3));
            let blocks = Blocks::new(bytes, b',', "x.csv", Text::In(Encoding::Utf8));
            let mut general = CsvRows::new(blocks, Cutter::new(b','));
            for row in 0..cuts.rows() {
                let Some(CsvRow::Cells(cells)) = general.next().unwrap() else {
                    panic!("{text:?}: row {row} is none");
                };
                prop_assert_eq!(cells.len(), 3);
                for column in 0..3 {
                    let (start, end) = cuts.unquoted(column, ROWS).nth(row).unwrap();
                    prop_assert_eq!(text.get(start..end), cells.get(column), "{:?}", &text);
                }
            }
            // What it leaves is unusual.
            let cut = cuts.rows().checked_sub(1).map_or(0, |last| cuts.end(last).unwrap());
            let rest = text.get(cut..).unwrap();
            let next = rest.split_inclusive('\n').next().unwrap_or_default();
            let odd = ["a\"b", "\"\"b\"", "\"a\n"].iter().any(|odd| next.contains(odd));
            prop_assert!(rest.is_empty() || odd, "{:?} of {:?}", rest, &text);
        }
    }

    #[test]
    fn blank_lines_and_other_widths_are_left_alone() {
        let rows = |text: &str, width| {
            let mut cuts = Cuts::default();
            cuts.cut(text.as_bytes(), 0, b',', (ROWS, width));
            cuts.rows()
        };
        assert_eq!(rows("a,b\n\nc,d\n", 2), 1);
        assert_eq!(rows("a\n\r\nb\n", 1), 1);
        assert_eq!(rows("a,b\nc\nd,e\n", 2), 1);
        assert_eq!(rows("a,b\nc,d,e\n", 2), 1);
        assert_eq!(rows("a,b\nc,d", 2), 1);
        assert_eq!(rows(&"a,b\n".repeat(1000), 2), ROWS);
    }
}
