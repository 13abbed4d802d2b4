//! The words of Fen in both tongues, from the one table that the grammar is made from as well.

use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::diagnostics::Language;

/// A word of the language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyword {
    /// Its name in the grammar, such as `in_total`.
    pub name: &'static str,
    /// Its English spellings; the first is the one the formatter writes.
    pub en: Vec<&'static str>,
    /// Its Chinese spellings; the first is the one the formatter writes.
    pub zh: Vec<&'static str>,
}

impl Keyword {
    /// The spelling the formatter writes.
    pub fn spelling(&self, language: Language) -> &'static str {
        self.spellings(language).first().copied().unwrap_or(self.name)
    }

    /// Every spelling in one tongue.
    pub fn spellings(&self, language: Language) -> &[&'static str] {
        match language {
            Language::English => &self.en,
            Language::Chinese => &self.zh,
        }
    }
}

static TABLE: LazyLock<Vec<Keyword>> =
    LazyLock::new(|| rows(include_str!("../../grammar/keywords.tsv")));

/// Every word, in the order of the table.
pub fn keywords() -> &'static [Keyword] {
    &TABLE
}

/// The word of a name in the grammar.
pub fn keyword(name: &str) -> Option<&'static Keyword> {
    keywords().iter().find(|keyword| keyword.name == name)
}

fn rows(table: &'static str) -> Vec<Keyword> {
    let cells = |cell: &'static str| cell.split('|').collect();
    let row = |line: &'static str| {
        let mut parts = line.split('\t');
        let (name, en, zh) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Keyword { name, en: cells(en), zh: cells(zh) })
    };
    table.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect()
}

/// The text of `grammar/keywords.pest`, which a test compares and renews.
pub fn grammar_of_keywords() -> String {
    let mut text = String::from(
        "// Generated from keywords.tsv; the test `keywords` says how to renew it. Do not edit.\n\n",
    );
    for keyword in keywords() {
        let spellings: Vec<String> =
            keyword.en.iter().chain(&keyword.zh).map(|spelling| words(spelling)).collect();
        // Writing to a string does not fail.
        let _ =
            writeln!(text, "k_{} = @{{ ({}) ~ !name_char }}", keyword.name, spellings.join(" | "));
    }
    text.push_str("blank = _{ \" \" | \"\\t\" | \"\\u{3000}\" }\n");
    text
}

/// `"in" ~ blank+ ~ "total"`.
fn words(spelling: &str) -> String {
    let quoted: Vec<String> = spelling.split(' ').map(|word| format!("\"{word}\"")).collect();
    quoted.join(" ~ blank+ ~ ")
}
