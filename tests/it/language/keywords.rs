//! The table of keywords in both tongues, made from the table that the grammar is made from.

use fenshui::diagnostics::Language;
use fenshui::syntax::keywords::keywords;

use super::{PAGES, folder};

fn page() -> String {
    let mut page = String::from(
        "# Keywords 关键词\n\n\
        Each keyword in both tongues. They mean the same, and one file may use both. Where there are\n\
        several spellings, `fenshui fmt` writes the first.\n\n\
        每个关键词有中英两种写法，含义相同，可在同一文件中混用；有多种写法时，`fenshui fmt` 写第一种。\n\n\
        Made from `grammar/keywords.tsv`; do not edit.\n\n\
        | English | 中文 |\n|---|---|\n",
    );
    for keyword in keywords() {
        let spellings = |language| -> String {
            let quoted: Vec<String> =
                keyword.spellings(language).iter().map(|word| format!("`{word}`")).collect();
            quoted.join(", ")
        };
        let (en, zh) = (spellings(Language::English), spellings(Language::Chinese));
        page.push_str(&format!("| {en} | {zh} |\n"));
    }
    page
}

#[test]
fn the_table_of_keywords_is_up_to_date() {
    let path = folder().join("keywords.md");
    let made = page();
    if std::env::var_os("FENSHUI_ACCEPT").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == made,
        "docs/reference/language/keywords.md is stale: run this test with FENSHUI_ACCEPT=1"
    );
}

/// Every keyword is shown: the English ones somewhere, the Chinese ones on the page in Chinese.
#[test]
fn every_keyword_is_shown() {
    let (chinese, english): (Vec<&str>, Vec<&str>) =
        PAGES.iter().partition(|page| page.ends_with("chinese.fen.md"));
    let mut missing = Vec::new();
    for (pages, language) in [(english, Language::English), (chinese, Language::Chinese)] {
        let programs: String = pages.into_iter().map(program).collect();
        let shown = |word: &str| {
            let ends = |(at, _): (usize, _)| {
                let after = programs[at + word.len()..].chars().next();
                after.is_none_or(|next| !(next.is_alphanumeric() || next == '_'))
            };
            programs.match_indices(word).any(ends)
        };
        let words = keywords().iter().map(|keyword| keyword.spelling(language));
        missing.extend(words.filter(|word| !shown(word)));
    }
    assert!(missing.is_empty(), "shown on no page: {missing:?}");
}

/// The blocks of a page that are its program, with single blanks.
fn program(page: &str) -> String {
    let text = std::fs::read_to_string(folder().join(page)).unwrap();
    let blocks = text.split("```fen\n").skip(1).map(|part| part.split("```").next().unwrap());
    let words: Vec<&str> = blocks.flat_map(str::split_whitespace).collect();
    words.join(" ")
}
