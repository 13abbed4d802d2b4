//! Good texts with a few tokens moved, lost or doubled: whatever comes of it is answered.

use fenshui::base::LineIndex;
use proptest::prelude::*;

use super::good::survives_printing;
use super::{is_literate, names, read, read_tree, shape};

/// A change of a text, at token positions taken modulo their number.
#[derive(Debug, Clone)]
enum Change {
    Remove(usize),
    Double(usize),
    Swap(usize, usize),
    /// Puts a copy of a token elsewhere.
    Copy {
        from: usize,
        to: usize,
    },
    Insert {
        what: &'static str,
        at: usize,
    },
}

const INSERTED: [&str; 24] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ";",
    ",",
    "\n",
    "\n\n",
    "#",
    "\"",
    "“",
    "、",
    "if ",
    "not ",
    "to ",
    "1",
    "2015-02-30",
    "_",
    "\u{3000}",
    "归 ",
    "```\n",
    "..",
];

fn change() -> impl Strategy<Value = Change> {
    let at = any::<usize>();
    prop_oneof![
        at.prop_map(Change::Remove),
        at.prop_map(Change::Double),
        (at, at).prop_map(|(one, other)| Change::Swap(one, other)),
        (at, at).prop_map(|(from, to)| Change::Copy { from, to }),
        (prop::sample::select(&INSERTED[..]), at)
            .prop_map(|(what, at)| Change::Insert { what, at }),
    ]
}

/// Words, numbers, blanks, and every other sign alone.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let kind = |c: char| match c {
        _ if c.is_alphanumeric() || c == '_' => 1,
        ' ' => 2,
        _ => 0,
    };
    let mut last = 0;
    for c in text.chars() {
        match tokens.last_mut() {
            Some(token) if kind(c) == last && last != 0 => token.push(c),
            _ => tokens.push(c.to_string()),
        }
        last = kind(c);
    }
    tokens
}

fn changed(text: &str, changes: &[Change]) -> String {
    let mut tokens = tokens(text);
    for change in changes {
        let count = tokens.len().max(1);
        match change {
            Change::Remove(at) if tokens.len() > 1 => {
                tokens.remove(at % count);
            }
            Change::Double(at) => {
                let token = tokens[at % count].clone();
                tokens.insert(at % count, token);
            }
            Change::Swap(one, other) => tokens.swap(one % count, other % count),
            Change::Copy { from, to } => {
                let token = tokens[from % count].clone();
                tokens.insert(to % count, token);
            }
            Change::Insert { what, at } => tokens.insert(at % count, (*what).to_owned()),
            Change::Remove(_) => {}
        }
    }
    tokens.concat()
}

/// Every place lies in the text, and every declaration costs at most one unexpected text.
fn is_answered(text: &str, literate: bool) {
    let (tree, diagnostics) = read_tree(text, literate);
    let index = LineIndex::new(text);
    for diagnostic in &diagnostics {
        let mut spans = vec![diagnostic.span];
        spans.extend(diagnostic.notes.iter().map(|note| note.span));
        spans.extend(diagnostic.fix.iter().map(|fix| fix.span));
        for span in spans {
            assert!(text.get(span.range()).is_some(), "{span:?} of {diagnostic:?}");
            assert!(index.line_column(span.start).line > 0);
        }
        assert_ne!(diagnostic.code.0, "F0199", "{diagnostic:?}");
        assert!(!diagnostic.message.en.is_empty() && !diagnostic.message.zh.is_empty());
    }
    if diagnostics.is_empty() {
        survives_printing(text, literate, &shape(&tree));
    }
}

/// `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if config.cases == 256 { ProptestConfig { cases: 48, ..config } } else { config }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn are_answered(file in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 1..6)) {
        let names = names("good");
        let name = file.get(&names);
        let text = changed(&read("good", name), &changes);
        is_answered(&text, is_literate(name));
    }

    #[test]
    fn of_any_characters(text in "\\PC{0,80}") {
        is_answered(&text, false);
        is_answered(&text, true);
    }
}

/// Texts meant to exhaust whoever reads them.
#[test]
fn hostile_texts_are_refused_in_time() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("f(", ")"),
        ("a[", "]"),
        ("not ", ""),
        ("- ", ""),
        ("a.", ""),
        ("1 + ", ""),
        ("if ", ""),
        ("if a then ", ""),
        ("if a then b else ", ""),
        ("sum(", ")"),
        ("max(1, ", ")"),
        ("x in (", ")"),
        ("closed(a[", "])"),
        ("total(", ")"),
        ("all of {", "}"),
        ("x in {", "}"),
        ("count(", " as b)"),
        ("如果 ", ""),
        ("（", "）"),
    ] {
        let value = format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
        is_answered(&format!("rule x\n  when {value}\n  split a all to b\n"), false);
        let value = format!("{}1{}", open.repeat(20), close.repeat(19));
        is_answered(&format!("rule x\n  when {value}\n  split a all to b\n"), false);
        // As deep as may be, whole and broken: no operand may be read twice a level.
        for closed in [30, 29, 0] {
            let value = format!("{}1{}", open.repeat(30), close.repeat(closed));
            is_answered(&format!("rule x\n  when {value}\n  split a all to b\n"), false);
        }
    }
    is_answered(&format!("event x {{ a : {}text }}", "list of ".repeat(20_000)), false);
    is_answered(&format!("rule x split a {}", "rest { ".repeat(20_000)), false);
    is_answered(&format!("rule x split a {}", "rest graded { up to 1 ".repeat(20)), false);
    is_answered(&"rule x split a (\n".repeat(2_000), false);
    is_answered(&"given [".repeat(2_000), false);
    is_answered(&format!("example \"\" {{ given x {}", "[".repeat(30)), false);
}
