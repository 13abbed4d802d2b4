//! Texts with mistakes, each answered at its line, in both languages.

use std::fmt::Write as _;

use fenshui::base::LineIndex;
use fenshui::diagnostics::Diagnostic;

use super::{accepted, cases, folder, is_literate, read, read_tree};

cases!("bad", check, {
    and_or => "and_or.fen",
    brackets => "brackets.fen",
    chinese => "中文.fen",
    dates => "dates.fen",
    declarations => "declarations.fen",
    fences => "fences.fen.md",
    legs => "legs.fen",
    misspelt => "misspelt.fen",
    nesting => "nesting.fen",
    numbers => "numbers.fen",
    recovery => "recovery.fen",
    signs => "signs.fen",
    texts => "texts.fen",
});

#[track_caller]
fn check(name: &str) {
    let written = read("bad", name);
    let text = without_answers(&written);
    let (_, diagnostics) = read_tree(&text, is_literate(name));
    let answered = with_answers(&text, &diagnostics);
    if written != answered && !accepted(&folder("bad").join(name), &answered) {
        panic!("{name} is answered otherwise; FENSHUI_ACCEPT=1 takes this:\n{answered}");
    }
    assert!(!diagnostics.is_empty(), "{name} has no mistakes");
}

/// The marks of a comment that is an answer.
const ANSWERS: [&str; 4] = ["# error F", "# 错误：", "#   help:", "#   note "];

fn without_answers(text: &str) -> String {
    let is_answer = |line: &&str| ANSWERS.iter().any(|mark| line.trim_start().starts_with(mark));
    text.split_inclusive('\n').filter(|line| !is_answer(line)).collect()
}

/// The text with its diagnostics over the lines they are about.
fn with_answers(text: &str, diagnostics: &[Diagnostic]) -> String {
    let index = LineIndex::new(text);
    let mut answered = String::new();
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        for diagnostic in diagnostics {
            if index.line_column(diagnostic.span.start).line == number {
                answered.push_str(&answer(text, &index, diagnostic));
            }
        }
        answered.push_str(line);
    }
    answered
}

fn answer(text: &str, index: &LineIndex, diagnostic: &Diagnostic) -> String {
    let Diagnostic { code, message, span, .. } = diagnostic;
    let place = text.get(span.range()).expect("the place is in the text");
    let shown: String = place.chars().take(60).collect::<String>().replace('\n', "⏎");
    let mut answer =
        format!("# error {} `{shown}`: {}\n# 错误：{}\n", code.0, message.en, message.zh);
    for note in &diagnostic.notes {
        let at = index.line_column(note.span.start);
        writeln!(answer, "#   note {}: {} / {}", at.column, note.words.en, note.words.zh).unwrap();
    }
    if let Some(help) = &diagnostic.help {
        write!(answer, "#   help: {} / {}", help.en, help.zh).unwrap();
        if let Some(fix) = &diagnostic.fix {
            let from = text.get(fix.span.range()).expect("the fix is in the text");
            write!(answer, " [{from} => {}]", fix.replacement).unwrap();
        }
        answer.push('\n');
    }
    answer
}

/// A code without a case is a message nobody has read. The internal error has none: it cannot happen.
#[test]
fn every_code_has_a_case() {
    let cases: String = super::names("bad").iter().map(|name| read("bad", name)).collect();
    for (code, en, zh) in fenshui::syntax::CODES {
        assert!(!en.is_empty() && !zh.is_empty());
        assert_eq!(cases.contains(&format!("error {}", code.0)), code.0 != "F0199", "{code:?}");
    }
}
