//! Texts end to end.

use std::ops::Range;

use super::values::forget;

/// Texts end to end, so that a batch of them is one piece of memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextColumn {
    bytes: String,
    /// Where each text ends in `bytes`; a missing one is empty.
    ends: Vec<usize>,
    /// Which are there; empty while all are.
    there: Vec<bool>,
}

impl TextColumn {
    /// None yet, with room for so many that are short.
    pub fn with_capacity(rows: usize) -> TextColumn {
        let bytes = String::with_capacity(rows.saturating_mul(SHORT_TEXT_BYTES));
        TextColumn { bytes, ends: Vec::with_capacity(rows), there: Vec::new() }
    }

    /// About how many bytes of memory they take.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<usize>() + self.there.len()
    }

    /// Adds the texts of some rows of another column.
    pub fn extend_from(&mut self, other: &TextColumn, rows: Range<usize>) {
        if self.is_full()
            && other.is_full()
            && let Some(ends) = other.ends.get(rows.clone())
        {
            // They stand end to end there as well.
            let start = rows.start.checked_sub(1).and_then(|row| other.ends.get(row));
            let (start, before) = (start.copied().unwrap_or(0), self.bytes.len());
            let end = ends.last().copied().unwrap_or(start);
            self.bytes.push_str(other.bytes.get(start..end).unwrap_or_default());
            self.ends.extend(ends.iter().map(|end| before + (end - start)));
            return;
        }
        rows.for_each(|row| self.push(other.get(row)));
    }

    /// From where to where the text of a row stands.
    fn place(&self, row: usize) -> (usize, usize) {
        let start = self.end_before(row);
        (start, self.ends.get(row).copied().unwrap_or(start))
    }

    /// Those of some rows.
    pub fn only(&self, rows: &[usize]) -> TextColumn {
        let mut own = TextColumn::with_capacity(rows.len());
        if !self.is_full() || rows.iter().any(|row| *row >= self.len()) {
            rows.iter().for_each(|row| own.push(self.get(*row)));
            return own;
        }
        let mut pieces = rows.iter().map(|row| self.place(*row));
        while own.extend_from_text(&self.bytes, &mut pieces).is_some() {
            own.push(Some(""));
        }
        own
    }

    /// A column that holds nothing yet, with as much room.
    pub fn emptied(&self) -> TextColumn {
        TextColumn {
            bytes: String::with_capacity(self.bytes.len()),
            ends: Vec::with_capacity(self.ends.len()),
            there: Vec::new(),
        }
    }

    /// Adds a text, or the lack of one.
    #[inline]
    pub fn push(&mut self, text: Option<&str>) {
        if text.is_none() {
            self.there.resize(self.ends.len(), true);
            self.there.push(false);
        } else if !self.there.is_empty() {
            self.there.push(true);
        }
        self.bytes.push_str(text.unwrap_or_default());
        self.ends.push(self.bytes.len());
    }

    /// Adds so many rows without a text.
    pub fn push_missing_rows(&mut self, rows: usize) {
        self.there.resize(self.ends.len(), true);
        self.ends.resize(self.ends.len() + rows, self.bytes.len());
        self.there.resize(self.ends.len(), false);
    }

    /// Adds pieces of a text, given where they start and end, up to the first that is empty or no
    /// piece of it: that one is given back.
    pub fn extend_from_text<C: Iterator<Item = (usize, usize)>>(
        &mut self,
        text: &str,
        pieces: &mut C,
    ) -> Option<(usize, usize)> {
        if !self.there.is_empty() {
            // Where some are missing more are, and room for all would be made again and again.
            return pieces.find(|(start, end)| {
                let piece = text.get(*start..*end).filter(|piece| !piece.is_empty());
                piece.map(|piece| self.push(Some(piece))).is_none()
            });
        }
        let mut added = Vec::with_capacity(SHORT_TEXT_BYTES * pieces.size_hint().0);
        let mut length = self.bytes.len();
        let other = pieces.find(|(start, end)| {
            let Some(piece) = text.get(*start..*end).filter(|piece| !piece.is_empty()) else {
                return true;
            };
            length += piece.len();
            self.ends.push(length);
            // A copy of a known size takes no call; what is too much of it is forgotten.
            match text.as_bytes().get(*start..).and_then(<[u8]>::first_chunk::<16>) {
                Some(chunk) if piece.len() <= 16 => {
                    let length = added.len() + piece.len();
                    added.extend_from_slice(chunk);
                    added.truncate(length);
                }
                _ => {
                    append(&mut self.bytes, &mut added);
                    self.bytes.push_str(piece);
                }
            }
            false
        });
        append(&mut self.bytes, &mut added);
        other
    }

    /// Adds texts given as bytes that were texts, or the lack of them.
    pub fn extend_from_bytes<'b>(&mut self, texts: impl Iterator<Item = Option<&'b [u8]>>) {
        let before = self.bytes.len();
        let mut added: Vec<u8> = Vec::with_capacity(SHORT_TEXT_BYTES * texts.size_hint().0);
        for text in texts {
            if text.is_none() {
                self.there.resize(self.ends.len(), true);
                self.there.push(false);
            } else if !self.there.is_empty() {
                self.there.push(true);
            }
            added.extend_from_slice(text.unwrap_or_default());
            self.ends.push(before + added.len());
        }
        // Texts end to end are text.
        self.bytes.push_str(std::str::from_utf8(&added).unwrap_or_default());
    }

    /// The texts that are there.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|row| self.get(row))
    }

    /// How long the shortest and the longest are that are there.
    pub fn lengths(&self) -> Option<(usize, usize)> {
        let mut before = 0;
        let length = |end: &usize| *end - std::mem::replace(&mut before, *end);
        let there = self.there.iter().copied().chain(std::iter::repeat(true));
        let lengths = self.ends.iter().map(length).zip(there).filter(|(_, there)| *there);
        let ends = |ends: (usize, usize), (length, _)| (ends.0.min(length), ends.1.max(length));
        let ends = lengths.fold((usize::MAX, 0), ends);
        (ends.0 <= ends.1).then_some(ends)
    }

    /// The text in a row, if there is one.
    #[inline]
    pub fn get(&self, row: usize) -> Option<&str> {
        let end = *self.ends.get(row)?;
        if self.there.get(row) == Some(&false) {
            return None;
        }
        self.bytes.get(self.end_before(row)..end)
    }

    /// The text in a row with what stands behind it, and how long it is: if it is no longer than so many
    /// bytes, and as many are there.
    #[inline]
    pub fn short<const N: usize>(&self, row: usize) -> Option<(&[u8; N], usize)> {
        let (start, end) = (self.end_before(row), *self.ends.get(row)?);
        let length = end.checked_sub(start).filter(|length| *length <= N)?;
        let there = self.there.get(row) != Some(&false);
        Some((self.bytes.as_bytes().get(start..)?.first_chunk()?, length)).filter(|_| there)
    }

    #[inline]
    fn end_before(&self, row: usize) -> usize {
        row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0)
    }

    /// Whether none is missing.
    pub fn is_full(&self) -> bool {
        self.there.is_empty()
    }

    /// Forgets all texts but the first `rows`.
    pub fn truncate(&mut self, rows: usize) {
        self.ends.truncate(rows);
        forget(&mut self.there, rows);
        self.bytes.truncate(self.ends.last().copied().unwrap_or(0));
    }

    /// How many texts, present or not.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// Moves bytes that are whole pieces of a text behind it.
fn append(text: &mut String, bytes: &mut Vec<u8>) {
    text.push_str(std::str::from_utf8(bytes).unwrap_or_default());
    bytes.clear();
}

const SHORT_TEXT_BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_come_back(
            texts in prop::collection::vec(prop::option::of(".{0,5}"), 0..40),
            cut in 0_usize..40,
        ) {
            let mut column = TextColumn::default();
            texts.iter().for_each(|text| column.push(text.as_deref()));
            column.truncate(cut);
            texts.iter().skip(cut).for_each(|text| column.push(text.as_deref()));
            for (row, text) in texts.iter().enumerate() {
                prop_assert_eq!(column.get(row), text.as_deref());
                if let Some((bytes, length)) = column.short::<8>(row) {
                    prop_assert_eq!(Some(&bytes[..length]), text.as_ref().map(String::as_bytes));
                }
            }
        }

        /// Some rows of another column, whether a text is missing in either or not.
        #[test]
        fn rows_of_another_column_come_behind(
            own in prop::collection::vec(prop::option::weighted(0.9, "[a税]{0,3}"), 0..9),
            others in prop::collection::vec(prop::option::weighted(0.9, "[a税]{0,3}"), 0..20),
            (one, two) in any::<(prop::sample::Index, prop::sample::Index)>(),
        ) {
            let column = |texts: &[Option<String>]| {
                let mut column = TextColumn::default();
                texts.iter().for_each(|text| column.push(text.as_deref()));
                column
            };
            let (one, two) = (one.index(others.len() + 1), two.index(others.len() + 1));
            let rows = one.min(two)..one.max(two);
            let mut both = column(&own);
            both.extend_from(&column(&others), rows.clone());
            let all: Vec<Option<String>> = own.into_iter().chain(others[rows].to_vec()).collect();
            prop_assert_eq!(both, column(&all));
        }

        /// Pieces of a text are added as they would be one by one, up to one that is none.
        #[test]
        fn pieces_come_back(
            words in prop::collection::vec("[a-z税]{0,9}|[a-z税]{9,20}", 0..20),
            before in prop::option::of(prop::option::of("[a-z]{0,3}")),
        ) {
            let text = words.join(",");
            let mut at = 0;
            let places: Vec<(usize, usize)> = words
                .iter()
                .map(|word| {
                    at += word.len() + 1;
                    (at - word.len() - 1, at - 1)
                })
                .collect();
            let (mut column, mut wanted) = (TextColumn::default(), TextColumn::default());
            if let Some(before) = &before {
                column.push(before.as_deref());
                wanted.push(before.as_deref());
            }
            let mut pieces = places.iter().copied();
            let other = column.extend_from_text(&text, &mut pieces);
            let empty = words.iter().position(String::is_empty);
            prop_assert_eq!(other, empty.and_then(|at| places.get(at).copied()));
            prop_assert_eq!(pieces.len(), empty.map_or(0, |at| words.len() - at - 1));
            let added = words.iter().take(empty.unwrap_or(words.len()));
            added.for_each(|word| wanted.push(Some(word)));
            prop_assert_eq!(column, wanted);
        }
    }
}
