//! A sentence in the two languages of the house.

use std::borrow::Cow;

/// The language a person is spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Chinese, simplified characters.
    Chinese,
}

/// A text from outside as it may be shown: with a picture of each control character, which a terminal
/// would obey.
pub fn pictured(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(picture).collect())
}

/// The same of a text of several lines: their ends stand, and tabs in them.
pub fn pictured_lines(text: &str) -> Cow<'_, str> {
    let stands = |letter: char| matches!(letter, '\n' | '\t') || !is_hidden(letter);
    if text.chars().all(stands) {
        return Cow::Borrowed(text);
    }
    let shown = |letter: char| if stands(letter) { letter } else { picture(letter) };
    Cow::Owned(text.chars().map(shown).collect())
}

fn picture(letter: char) -> char {
    match u32::from(letter) {
        code @ 0..=0x1F => char::from_u32(0x2400 + code).unwrap_or('\u{FFFD}'),
        0x7F => '␡',
        _ if is_hidden(letter) => '\u{FFFD}',
        _ => letter,
    }
}

/// Whether a letter shows nothing of itself: a control, what breaks a line or turns round the direction in
/// which the letters after it are shown, and what makes two texts different that look alike.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{AD}'
                | '\u{61C}'
                | '\u{180E}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E007F}'
        )
}

/// One sentence, said in both languages: lower case, no full stop, the user's own words in backticks
/// (English) or 「」 (Chinese).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Words {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

impl Words {
    /// The sentence in both languages.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Words {
        Words { en: en.into(), zh: zh.into() }
    }

    /// The sentence in one of them.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Chinese => &self.zh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_as_a_picture() {
        for (text, shown) in
            [("企业 A", "企业 A"), ("\u{1b}[2J", "␛[2J"), ("a\nb\u{7f}\u{9b}c", "a␊b␡\u{FFFD}c")]
        {
            assert_eq!(pictured(text), shown);
        }
    }
}
