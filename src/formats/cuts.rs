//! Rows of a block cut into cells, some hundred at a time.
//!
//! Delimiters and line ends are looked for in eight bytes at once, whatever the cells hold. So a
//! cell has its length before anybody reads it, and cells of one column can be read one after the
//! other.

use super::cells;

/// Where the cells of some rows start and end.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    /// For each row: what stands before its first cell, then where each cell ends; behind the last
    /// what stands before the next row.
    places: Vec<usize>,
    width: usize,
    rows: usize,
}

/// So many rows are cut at a time: what they need stays in the nearest memory.
const ROWS: usize = 256;

/// Rows being cut.
struct Cutting<'a> {
    bytes: &'a [u8],
    width: usize,
    places: &'a mut [usize],
    /// How many places have been noted.
    count: usize,
    /// Cells of the row at hand that have ended.
    cells: usize,
    rows: usize,
    /// Where the row at hand starts.
    start: usize,
}

impl Cutting<'_> {
    #[inline(always)]
    fn note(&mut self, place: usize) {
        if let Some(free) = self.places.get_mut(self.count) {
            *free = place;
        }
        self.count += 1;
    }

    /// A cell ends; `false` if its row is not as it should be, or the last that is wanted.
    #[inline(always)]
    fn end(&mut self, place: usize, of_line: bool) -> bool {
        if of_line != (self.cells + 1 == self.width) {
            return false;
        }
        if !of_line {
            self.cells += 1;
            self.note(place);
            return true;
        }
        let two_signs = place > self.start && self.bytes.get(place - 1) == Some(&b'\r');
        let last = place - usize::from(two_signs);
        if last == self.start {
            return false;
        }
        self.note(last);
        self.note(place);
        (self.start, self.cells) = (place + 1, 0);
        self.rows += 1;
        self.rows < ROWS
    }

    /// Goes from one delimiter or line end to the next, while rows are as they should be.
    fn cut(&mut self, delimiter: u8) {
        let mut at = self.start;
        let words = self.bytes.get(at..).unwrap_or_default().as_chunks::<8>();
        for word in words.0 {
            let (mut ends, lines) = cells::all_ends(u64::from_le_bytes(*word), delimiter);
            while ends != 0 {
                let others = ends & (ends - 1);
                let of_line = ends & !others & lines != 0;
                if !self.end(at + cells::first_byte(ends), of_line) {
                    return;
                }
                ends = others;
            }
            at += 8;
        }
        for (place, byte) in (at..).zip(words.1) {
            let of_line = *byte == b'\n';
            if (of_line || *byte == delimiter) && !self.end(place, of_line) {
                return;
            }
        }
    }
}

impl Cuts {
    /// Cuts rows of so many cells from a place on, as far as all have just as many and none is blank.
    pub(super) fn cut(&mut self, bytes: &[u8], from: usize, delimiter: u8, width: usize) {
        let room = (ROWS + 1) * (width + 1);
        if self.places.len() < room {
            self.places.resize(room, 0);
        }
        let places = self.places.as_mut_slice();
        let (count, cells, rows) = (0, 0, 0);
        let mut cutting = Cutting { bytes, width, places, count, cells, rows, start: from };
        cutting.note(from.wrapping_sub(1));
        cutting.cut(delimiter);
        (self.rows, self.width) = (cutting.rows, width);
    }

    /// How many rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Where a row ends, its line end included.
    pub(super) fn end(&self, row: usize) -> Option<usize> {
        let next = (row + 1).checked_mul(self.width + 1).filter(|_| row < self.rows)?;
        self.places.get(next).map(|before| before.wrapping_add(1))
    }

    /// Where the cells of a column start and end, row by row from a row on.
    #[inline]
    pub(super) fn column(
        &self,
        column: usize,
        from: usize,
    ) -> impl Iterator<Item = (usize, usize)> + '_ {
        let cell = move |row: &[usize]| match row.get(column..column + 2) {
            Some(&[before, end]) => (before.wrapping_add(1), end),
            _ => (0, 0),
        };
        let rows = self.places.get(from * (self.width + 1)..).unwrap_or_default();
        rows.chunks_exact(self.width + 1).take(self.rows.saturating_sub(from)).map(cell)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
            cuts.cut(bytes, from, b',', 3);
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
                    let (start, end) = cuts.column(column, row).next().unwrap();
                    prop_assert_eq!(&bytes[start..end], *cell);
                }
            }
        }
    }

    #[test]
    fn blank_lines_and_other_widths_are_left_alone() {
        let rows = |text: &str, width| {
            let mut cuts = Cuts::default();
            cuts.cut(text.as_bytes(), 0, b',', width);
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
