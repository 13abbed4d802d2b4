//! The table of words: the grammar is made from it, and the good cases use all of it.

use std::path::Path;

use fenshui::diagnostics::Language;
use fenshui::syntax::format;
use fenshui::syntax::keywords::{grammar_of_keywords, keywords};

use super::{accepted, is_literate, names, read};

/// `FENSHUI_ACCEPT=1 cargo test keywords` renews `grammar/keywords.pest` after a change of the table.
#[test]
#[expect(clippy::disallowed_methods, reason = "the grammar is a file")]
fn grammar_is_made_from_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar/keywords.pest");
    let made = grammar_of_keywords();
    if std::fs::read_to_string(&path).unwrap() != made && !accepted(&path, &made) {
        panic!("grammar/keywords.pest is not made from keywords.tsv: run with FENSHUI_ACCEPT=1");
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = keywords().iter().map(|keyword| keyword.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), keywords().len());
}

#[test]
fn good_cases_use_every_word_in_both_tongues() {
    for language in [Language::English, Language::Chinese] {
        let mut text = String::from(" ");
        for name in names("good").iter().filter(|name| !is_literate(name)) {
            text.push_str(&format(&read("good", name), false, Some(language)).unwrap());
        }
        let words: Vec<&str> = text
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|w| !w.is_empty())
            .collect();
        let unused: Vec<&str> = keywords()
            .iter()
            .map(|keyword| keyword.spelling(language))
            .filter(|spelling| {
                let parts: Vec<&str> = spelling.split(' ').collect();
                !words.windows(parts.len()).any(|window| window == parts)
            })
            .collect();
        assert_eq!(unused, [""; 0]);
    }
}
