//! Places in a text.
//!
//! A place is a file and a range of bytes, small enough to be copied into every
//! node and every message. Lines and columns are for people, and are looked up
//! when a message is shown.

use std::ops::Range;

/// The number of a file among those of one run, given in the order of reading.
///
/// # Example: files in order
/// ```
/// use fenshui::base::FileId;
///
/// assert!(FileId(0) < FileId(1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub u32);

/// A range of bytes in a file, from `start` up to but not including `end`.
///
/// Offsets lie on character boundaries of the file's text, and texts are held to
/// 4 GiB.
///
/// # Example: from the first word to the last
/// ```
/// use fenshui::base::{FileId, Span};
///
/// let (first, last) = (Span::new(FileId(0), 4, 9), Span::new(FileId(0), 20, 22));
/// assert_eq!(first.join(last), Span::new(FileId(0), 4, 22));
/// assert_eq!(first.len(), 5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl Span {
    /// Makes a span; one that would end before its start is empty there.
    pub const fn new(file: FileId, start: u32, end: u32) -> Span {
        Span { file, start, end: if end < start { start } else { end } }
    }

    /// Gives the least span that covers both. Of two spans in different files it
    /// is the first.
    #[must_use]
    pub fn join(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Gives the number of bytes.
    pub const fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// Tells whether it covers no byte, as the place of something missing does.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Gives the offsets as a range, to take the text with `text.get(range)`.
    pub fn range(self) -> Range<usize> {
        index(self.start)..index(self.end)
    }
}

/// A place as a person counts: both from 1.
///
/// # Example: prints as editors do
/// ```
/// use fenshui::base::LineColumn;
///
/// assert_eq!(LineColumn { line: 3, column: 14 }.to_string(), "3:14");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineColumn {
    /// The line; `\n` ends one, and so does `\r\n`.
    pub line: u32,
    /// The column in characters (Unicode scalar values), not bytes and not widths.
    pub column: u32,
}

impl std::fmt::Display for LineColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Finds the line and the column of a byte, without keeping the text.
///
/// A look-up takes two binary searches; the index holds eight bytes for each
/// character outside ASCII and four for each line.
///
/// # Example: characters, not bytes
/// ```
/// use fenshui::base::{LineColumn, LineIndex};
///
/// let text = "pool local\n\"退税\" refund";
/// let lines = LineIndex::new(text);
/// let offset = u32::try_from(text.find("refund").unwrap())?;
/// assert_eq!(lines.line_column(offset), LineColumn { line: 2, column: 6 });
/// # Ok::<(), std::num::TryFromIntError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineIndex {
    /// Where each line starts. INVARIANT: ascending; the first is 0.
    starts: Vec<u32>,
    /// The characters of more than one byte. INVARIANT: ascending.
    wide: Vec<WideCharacter>,
    /// The length of the text.
    end: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct WideCharacter {
    start: u32,
    /// Bytes beyond one a character, of the text up to the end of this one.
    surplus: u32,
}

impl LineIndex {
    /// Reads a text through once.
    pub fn new(text: &str) -> LineIndex {
        let mut starts = vec![0];
        let mut wide = Vec::new();
        let mut surplus = 0_u32;
        for (at, character) in text.char_indices() {
            if character == '\n' {
                starts.push(offset(at + 1));
            } else if !character.is_ascii() {
                surplus = offset(character.len_utf8() - 1).saturating_add(surplus);
                wide.push(WideCharacter { start: offset(at), surplus });
            }
        }
        LineIndex { starts, wide, end: offset(text.len()) }
    }

    /// Gives the place of a byte. An offset inside a character is taken for that
    /// character, and one beyond the text for its end.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let offset = offset.min(self.end);
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|at| self.starts.get(at)).copied().unwrap_or(0);
        let column = self.characters_before(offset).saturating_sub(self.characters_before(start));
        LineColumn {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: column.saturating_add(1),
        }
    }

    /// Gives the number of lines; one more than there are line ends.
    pub fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// How many characters lie wholly before an offset.
    fn characters_before(&self, offset: u32) -> u32 {
        let count = self.wide.partition_point(|character| character.start < offset);
        let nth = |back: usize| count.checked_sub(back).and_then(|at| self.wide.get(at));
        let (Some(last), before) = (nth(1), nth(2).map_or(0, |earlier| earlier.surplus)) else {
            return offset;
        };
        let after =
            last.start.saturating_add(1).saturating_add(last.surplus.saturating_sub(before));
        if offset < after {
            last.start.saturating_sub(before)
        } else {
            offset.saturating_sub(last.surplus)
        }
    }
}

/// Texts are held to 4 GiB before they come here; past that, places blur but
/// nothing fails.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The obvious way, for a text and an offset on a character boundary.
    fn counted(text: &str, offset: usize) -> LineColumn {
        let before = text.get(..offset).unwrap();
        let (_, on_line) = before.rsplit_once('\n').unwrap_or(("", before));
        LineColumn {
            line: u32::try_from(before.matches('\n').count() + 1).unwrap(),
            column: u32::try_from(on_line.chars().count() + 1).unwrap(),
        }
    }

    #[test]
    fn agrees_with_counting() {
        for text in ["", "\n", "a", "分", "分\n税", "a分b税\r\n\n😀é\u{301}x\n", "\n\n分分分"]
        {
            let lines = LineIndex::new(text);
            for offset in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                let found = lines.line_column(u32::try_from(offset).unwrap());
                assert_eq!(found, counted(text, offset), "{text:?} at {offset}");
            }
            assert_eq!(lines.line_count(), text.matches('\n').count() + 1);
        }
    }

    #[test]
    fn inside_a_character_is_that_character() {
        let lines = LineIndex::new("a分😀b");
        let columns: Vec<u32> = (0..=9).map(|at| lines.line_column(at).column).collect();
        assert_eq!(columns, [1, 2, 2, 2, 3, 3, 3, 3, 4, 5]);
    }

    #[test]
    fn beyond_the_text_is_its_end() {
        let lines = LineIndex::new("ab\n分");
        assert_eq!(lines.line_column(99), LineColumn { line: 2, column: 2 });
    }

    #[test]
    fn spans_join_within_a_file() {
        let (one, two) = (Span::new(FileId(1), 5, 8), Span::new(FileId(1), 1, 2));
        assert_eq!(one.join(two), Span::new(FileId(1), 1, 8));
        assert_eq!(one.join(Span::new(FileId(2), 0, 9)), one);
        assert_eq!(Span::new(FileId(0), 7, 3), Span::new(FileId(0), 7, 7));
        assert!(Span::new(FileId(0), 7, 7).is_empty());
        assert_eq!("分税".get(Span::new(FileId(0), 3, 6).range()), Some("税"));
    }
}
