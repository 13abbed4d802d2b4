//! Texts that a person reads as others: with blanks at their ends, or letters and digits in full width;
//! or with an apostrophe in front that was put there for a spreadsheet.
//!
//! A text is taken as it stands, so that `E1` and `E1 ` are two keys, each with a cap of its own. Nobody
//! sees that, so it is told.

use super::apostrophes::unguarded;
use super::parse::shortened;

/// How many such texts a file has, and the first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lookalikes {
    /// How many.
    pub count: u64,
    /// Line, column and text of the first.
    pub first: Option<(u64, String, String)>,
}

impl Lookalikes {
    /// Looks at a text.
    pub(super) fn look(&mut self, text: &str, place: impl FnOnce() -> (u64, String)) {
        if is_lookalike(text) {
            self.count += 1;
            if self.first.is_none() {
                let (line, column) = place();
                self.first = Some((line, column, shortened(text)));
            }
        }
    }

    /// Adds those of the rows that follow, or of rows among them.
    pub(super) fn take_in(&mut self, other: Lookalikes) {
        self.count += other.count;
        let both = self.first.take().into_iter().chain(other.first);
        self.first = both.min_by_key(|(line, ..)| *line);
    }
}

/// Whether a text has blanks at its ends, or letters or digits in full width, or an apostrophe that
/// keeps a spreadsheet from running it.
fn is_lookalike(text: &str) -> bool {
    if unguarded(text).is_some() {
        return true;
    }
    let bytes = text.as_bytes();
    if bytes.is_ascii() {
        let blank = |byte: Option<&u8>| byte.is_some_and(|byte| *byte <= b' ');
        return blank(bytes.first()) || blank(bytes.last());
    }
    let blank = |letter: char| {
        letter.is_whitespace() || matches!(letter, '\u{200B}'..='\u{200D}' | '\u{FEFF}')
    };
    let wide = |letter: char| matches!(letter, '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ');
    // All of these begin with one byte, which is soon found.
    let may_be_wide = memchr::memchr(0xEF, bytes).is_some();
    text.starts_with(blank) || text.ends_with(blank) || may_be_wide && text.contains(wide)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_another_text_is_known() {
        for text in
            ["E1 ", " E1", "E1\t", " ", "Ｅ1", "E１", "中\u{3000}", "\u{A0}E1", "E1\u{200B}", "'-"]
        {
            assert!(is_lookalike(text), "{text:?}");
        }
        for text in ["E1", "", "'E1", "-", "E 1", "北京（集团）", "北京 公司", "à"] {
            assert!(!is_lookalike(text), "{text:?}");
        }
    }

    #[test]
    fn the_first_is_that_of_the_first_line() {
        let mut all = Lookalikes::default();
        for line in [7, 3] {
            let mut own = Lookalikes::default();
            own.look("x ", || (line, "id".to_owned()));
            own.look("y ", || (line + 1, "id".to_owned()));
            all.take_in(own);
        }
        assert_eq!(all.count, 4);
        assert_eq!(all.first, Some((3, "id".to_owned(), "x ".to_owned())));
    }
}
