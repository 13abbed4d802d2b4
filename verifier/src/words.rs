//! What is said, in both languages. What comes out of a bundle is somebody else's text: nothing of it
//! gets through that a terminal would obey.

/// The language of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Chinese, simplified characters.
    Chinese,
}

/// A line in both languages, fit to be shown: it is one line, and runs the way it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    en: String,
    zh: String,
}

impl Words {
    /// A line in both. What is not fit to be shown becomes a picture of itself, or U+FFFD.
    pub fn new(en: impl AsRef<str>, zh: impl AsRef<str>) -> Words {
        Words { en: shown(en.as_ref()), zh: shown(zh.as_ref()) }
    }

    /// What is the same in both: a name, an amount.
    pub(crate) fn same(text: impl AsRef<str>) -> Words {
        Words::new(text.as_ref(), text.as_ref())
    }

    /// Several, one after the other.
    pub(crate) fn join(items: impl IntoIterator<Item = Words>, en: &str, zh: &str) -> Words {
        let (ens, zhs): (Vec<String>, Vec<String>) =
            items.into_iter().map(|item| (item.en, item.zh)).unzip();
        Words { en: ens.join(en), zh: zhs.join(zh) }
    }

    /// The line in one of them.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Chinese => &self.zh,
        }
    }

    pub(crate) fn en(&self) -> &str {
        &self.en
    }

    pub(crate) fn zh(&self) -> &str {
        &self.zh
    }
}

/// A text with a picture of each control character, and U+FFFD for what breaks a line, turns the
/// direction of writing or cannot be seen.
fn shown(text: &str) -> String {
    let picture = |letter: char| match letter {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(letter)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => '\u{fffd}',
        _ => letter,
    };
    text.chars().map(picture).collect()
}
