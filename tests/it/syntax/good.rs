//! Texts that read without a word, print to the same tree, and cross into the other tongue and back.

use fenshui::diagnostics::Language;
use fenshui::syntax::format;

use super::{cases, is_literate, read, read_tree, shape};

cases!("good", check, {
    calendar => "calendar.fen",
    dated => "dated.fen",
    events => "events.fen",
    examples => "examples.fen",
    expressions => "expressions.fen",
    heads => "heads.fen",
    legs => "legs.fen",
    literate => "literate.fen.md",
    names => "names.fen",
    rules => "rules.fen",
    scenarios => "scenarios.fen",
    state => "state.fen",
    chinese => "全部.fen",
});

#[track_caller]
fn check(name: &str) {
    let text = read("good", name);
    let literate = is_literate(name);
    let (tree, diagnostics) = read_tree(&text, literate);
    assert_eq!(diagnostics, [], "{name} has diagnostics");
    survives_printing(&text, literate, &shape(&tree));
}

/// What holds of every text that reads.
#[track_caller]
pub(super) fn survives_printing(text: &str, literate: bool, tree: &str) {
    let printed = format(text, literate, None).unwrap();
    let (again, diagnostics) = read_tree(&printed, literate);
    assert_eq!(diagnostics, [], "printing broke the text:\n{printed}");
    assert_eq!(shape(&again), tree, "printing changed the tree:\n{printed}");
    same_lines(&format(&printed, literate, None).unwrap(), &printed, "printing twice differs");
    for (one, other) in
        [(Language::English, Language::Chinese), (Language::Chinese, Language::English)]
    {
        let here = format(text, literate, Some(one)).unwrap();
        let there = format(&here, literate, Some(other)).unwrap();
        let (again, diagnostics) = read_tree(&there, literate);
        assert_eq!(diagnostics, [], "translation broke the text:\n{there}");
        assert_eq!(shape(&again), tree, "translation changed the tree:\n{there}");
        same_lines(&format(&there, literate, Some(one)).unwrap(), &here, "there and back differ");
    }
}

/// Compares line by line, since the whole is too long to read.
#[track_caller]
fn same_lines(one: &str, other: &str, what: &str) {
    for (one, other) in one.lines().zip(other.lines()) {
        assert_eq!(one, other, "{what}");
    }
    assert_eq!(one.lines().count(), other.lines().count(), "{what}: in the number of lines");
}

/// Everything between, before and after the fenced blocks is the author's.
#[test]
fn prose_stays() {
    let text = read("good", "literate.fen.md");
    let printed = format(&text, true, Some(Language::Chinese)).unwrap();
    insta::assert_snapshot!(printed);
}

/// How a text is laid out, once for all to see.
#[test]
fn layout() {
    let text = read("good", "rules.fen") + &read("good", "legs.fen");
    insta::assert_snapshot!(format(&text, false, None).unwrap());
}

/// A file written under Windows stays one.
#[test]
fn line_ends_stay() {
    let text = "account  central\r\n\r\n\r\n  # 注\r\npool local\r\n";
    let printed = format(text, false, None).unwrap();
    assert_eq!(printed, "account central\r\n\r\n# 注\r\npool local\r\n");
    assert_eq!(format(&printed, false, None).unwrap(), printed);
}
