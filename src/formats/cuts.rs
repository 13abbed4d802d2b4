//! Rows of a block cut into cells, some hundred at a time.
//!
//! Delimiters and line ends are looked for in eight bytes at once, whatever the cells hold. So a
//! cell has its length before anybody reads it, and cells of one column can be read one after the
//! other.

use super::cells;

/// Where the cells of some rows start and end.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    /// Delimiters and line ends.
    found: Vec<usize>,
    /// For each row: what stands before its first cell, then where each cell ends.
    places: Vec<usize>,
    width: usize,
    /// How many bytes each row has with its line end, from the first row on.
    ends: Vec<usize>,
}

/// So many rows are cut at a time: what they need stays in the nearest memory.
const ROWS: usize = 256;

impl Cuts {
    /// Cuts rows of so many cells from a place on, as far as all have just as many and none is blank.
    pub(super) fn cut(&mut self, bytes: &[u8], from: usize, delimiter: u8, width: usize) {
        self.find(bytes, from, delimiter, ROWS.saturating_mul(width));
        self.places.clear();
        self.ends.clear();
        self.width = width;
        let mut start = from;
        for row in self.found.chunks_exact(width.max(1)) {
            let Some((end, others)) = row.split_last() else { break };
            let of_line = |place: &usize| bytes.get(*place) == Some(&b'\n');
            if !of_line(end) || others.iter().any(of_line) {
                break;
            }
            let two_signs = *end > start && bytes.get(end - 1) == Some(&b'\r');
            let last = end - usize::from(two_signs);
            if last == start {
                break;
            }
            self.places.push(start.wrapping_sub(1));
            self.places.extend_from_slice(others);
            self.places.push(last);
            start = end + 1;
            self.ends.push(start);
        }
    }

    /// Finds delimiters and line ends from a place on, at least so many if there are.
    fn find(&mut self, bytes: &[u8], from: usize, delimiter: u8, wanted: usize) {
        self.found.clear();
        let words = bytes.get(from..).unwrap_or_default().as_chunks::<8>();
        let mut at = from;
        for word in words.0 {
            let mut ends = cells::all_ends(u64::from_le_bytes(*word), delimiter);
            while ends != 0 {
                self.found.push(at + cells::first_byte(ends));
                ends &= ends - 1;
            }
            at += 8;
            if self.found.len() >= wanted {
                return;
            }
        }
        let end = |(_, byte): &(usize, &u8)| **byte == delimiter || **byte == b'\n';
        self.found.extend((at..).zip(words.1).filter(end).map(|(place, _)| place));
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
