//! Rows of a block cut into cells, some hundred at a time.
//!
//! Delimiters and line ends are looked for in eight bytes at once, whatever the cells hold. So a
//! cell has its length before anybody reads it, and cells of one column can be read one after the
//! other.

use super::cells;

/// Where the cells of some rows start and end.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    /// For each row: what stands before its first cell, then where each cell ends.
    places: Vec<usize>,
    width: usize,
    /// How many bytes each row has with its line end, from the first row on.
    ends: Vec<usize>,
    /// Cells of the row at hand that have ended.
    cells: usize,
}

/// So many rows are cut at a time: what they need stays in the nearest memory.
const ROWS: usize = 256;

impl Cuts {
    /// Cuts rows of so many cells from a place on, as far as all have just as many and none is blank.
    pub(super) fn cut(&mut self, bytes: &[u8], from: usize, delimiter: u8, width: usize) {
        self.places.clear();
        self.places.reserve(ROWS * (width + 1) + 1);
        self.ends.clear();
        self.ends.reserve(ROWS);
        self.width = width;
        self.cells = 0;
        self.places.push(from.wrapping_sub(1));
        self.find(bytes, from, delimiter);
        self.places.truncate(self.ends.len() * (width + 1));
    }

    /// Goes from one delimiter or line end to the next, while rows are as they should be.
    fn find(&mut self, bytes: &[u8], from: usize, delimiter: u8) -> Option<()> {
        let words = bytes.get(from..).unwrap_or_default().as_chunks::<8>();
        let mut at = from;
        for word in words.0 {
            let (mut ends, lines) = cells::all_ends(u64::from_le_bytes(*word), delimiter);
            while ends != 0 {
                let others = ends & (ends - 1);
                let place = at + cells::first_byte(ends);
                match ends & !others & lines == 0 {
                    true => self.cell(place)?,
                    false => self.line(bytes, place)?,
                }
                ends = others;
            }
            at += 8;
        }
        for (place, byte) in (at..).zip(words.1) {
            match *byte {
                b'\n' => self.line(bytes, place)?,
                byte if byte == delimiter => self.cell(place)?,
                _ => {}
            }
        }
        Some(())
    }

    /// A cell ends, and another follows.
    #[inline]
    fn cell(&mut self, place: usize) -> Option<()> {
        self.cells += 1;
        self.places.push(place);
        (self.cells < self.width).then_some(())
    }

    /// A row ends; nothing if it is not as it should be, or the last that is wanted.
    #[inline]
    fn line(&mut self, bytes: &[u8], end: usize) -> Option<()> {
        let start = self.places.len().checked_sub(self.cells + 1);
        let start = self.places.get(start?)?.wrapping_add(1);
        let two_signs = end > start && bytes.get(end - 1) == Some(&b'\r');
        let last = end - usize::from(two_signs);
        if self.cells + 1 != self.width || last == start {
            return None;
        }
        self.places.push(last);
        self.places.push(end);
        self.ends.push(end + 1);
        self.cells = 0;
        (self.ends.len() < ROWS).then_some(())
    }

    /// How many rows.
    pub(super) fn rows(&self) -> usize {
        self.ends.len()
    }

    /// Where a row ends, its line end included.
    pub(super) fn end(&self, row: usize) -> Option<usize> {
        self.ends.get(row).copied()
    }

    /// Where the cells of a column start and end, row by row.
    #[inline]
    pub(super) fn column(&self, column: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let cell = move |row: &[usize]| match row.get(column..column + 2) {
            Some(&[before, end]) => (before.wrapping_add(1), end),
            _ => (0, 0),
        };
        self.places.chunks_exact(self.width + 1).map(cell)
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
                    let (start, end) = cuts.column(column).nth(row).unwrap();
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
