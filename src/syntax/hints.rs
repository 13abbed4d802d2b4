//! Guesses at what was meant where a text could not be read.
//!
//! A guess is only offered when the text reads further with it: `unexpected` tries them in this order.

use std::ops::Range;

use crate::diagnostics::{Code, Words};

use super::codes;
use super::keywords::keywords;

/// A mend that might help, and how it is put to the reader.
#[derive(Debug, Clone)]
pub(super) struct Hint {
    pub(super) range: Range<usize>,
    pub(super) replacement: String,
    pub(super) help: Words,
    /// A code of its own where the mistake has a name, with its message.
    pub(super) code: Option<Code>,
    pub(super) message: Option<Words>,
}

/// The guesses for a place, the surest first; `word` is what stands there.
pub(super) fn candidates(text: &str, at: usize, word: &str) -> Vec<Hint> {
    let mut hints = Vec::new();
    hints.extend(thousands(text, at));
    hints.extend(foreign_sign(text, at));
    hints.extend(misspelt(text, at, word));
    hints.extend(glued(at, word));
    hints.extend(blank_before_bracket(text, at));
    hints.extend(swapped_sign(at, word));
    hints.extend(missing_semicolon(text, at, word));
    hints
}

fn hint(range: Range<usize>, replacement: impl Into<String>, help: Words) -> Hint {
    Hint { range, replacement: replacement.into(), help, code: None, message: None }
}

fn did_you_mean(word: &str) -> Words {
    Words::new(format!("did you mean `{word}`?"), format!("是否应为「{word}」？"))
}

/// `1,000.00`: a comma between digits.
fn thousands(text: &str, at: usize) -> Option<Hint> {
    let rest = text.get(at..)?;
    let sign = rest.chars().next().filter(|c| matches!(c, ',' | '，' | '\''))?;
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
    let group = rest.get(sign.len_utf8()..)?;
    let before = text.get(..at)?.chars().next_back()?;
    if digits(group) != 3 || !before.is_ascii_digit() {
        return None;
    }
    // Every group of the number goes at once.
    let mut end = at;
    let mut plain = String::new();
    while let Some(group) = text.get(end..).and_then(|rest| rest.strip_prefix(sign)) {
        if digits(group) != 3 {
            break;
        }
        plain.push_str(group.get(..3)?);
        end += sign.len_utf8() + 3;
    }
    let help = Words::new(
        "leave the separators out, or write `_` for them: `1_000`",
        "请去掉分隔号，或写作「_」：「1_000」",
    );
    let message =
        Words::new("a number is written without thousands separators", "数字不写千位分隔号");
    Some(Hint {
        code: Some(codes::THOUSANDS_SEPARATOR),
        message: Some(message),
        ..hint(at..end, plain, help)
    })
}

/// Signs that other languages have for our words.
const FOREIGN: &[(&str, &str)] = &[
    ("&&", "and"),
    ("||", "or"),
    ("&", "and"),
    ("|", "or"),
    ("=>", ">="),
    ("=<", "<="),
    ("===", "="),
    ("!==", "!="),
    ("!", "not "),
    ("->", "to"),
    ("→", "to"),
    ("**", "*"),
    ("//", "#"),
    ("--", "#"),
    ("/*", "#"),
    ("...", ".."),
    ("~", ".."),
    ("～", ".."),
    ("，", ";"),
    ("。", ""),
    ("’", "\""),
    ("'", "\""),
];

fn foreign_sign(text: &str, at: usize) -> Option<Hint> {
    let rest = text.get(at..)?;
    let (sign, ours) = FOREIGN.iter().find(|(sign, _)| rest.starts_with(sign))?;
    let range = at..at + sign.len();
    let said = ours.trim();
    if said.is_empty() {
        return Some(hint(range, *ours, Words::new("leave it out", "请去掉")));
    }
    let help = Words::new(format!("write `{said}`"), format!("请写「{said}」"));
    if matches!(*sign, "，" | "。" | "'" | "’") {
        return Some(hint(range, *ours, help));
    }
    let message =
        Words::new(format!("`{sign}` is not a sign of Fen"), format!("Fen 没有符号「{sign}」"));
    Some(Hint {
        code: Some(codes::FOREIGN_SIGN),
        message: Some(message),
        ..hint(range, *ours, help)
    })
}

/// The words of the language that are spelt nearly so, the nearest first.
fn misspelt(text: &str, at: usize, word: &str) -> Vec<Hint> {
    let Some(first) = word.chars().next() else {
        return Vec::new();
    };
    if !first.is_alphabetic() {
        return Vec::new();
    }
    let mut near: Vec<(usize, &str, Range<usize>)> = Vec::new();
    for spelling in keywords().iter().flat_map(|keyword| keyword.en.iter().chain(&keyword.zh)) {
        let end = end_of_words(text, at, spelling.split(' ').count());
        let Some(written) = text.get(at..end) else { continue };
        let distance = strsim::damerau_levenshtein(&written.to_lowercase(), spelling);
        let length = spelling.chars().count().max(written.chars().count());
        let allowed = match length {
            0..=1 => 0,
            2 => usize::from(!spelling.is_ascii()),
            3..=5 => 1,
            _ => 2,
        };
        if written != *spelling && distance <= allowed {
            near.push((distance, spelling, at..end));
        }
    }
    near.sort_by_key(|(distance, _, _)| *distance);
    near.truncate(4);
    near.into_iter()
        .map(|(_, spelling, range)| hint(range, spelling, did_you_mean(spelling)))
        .collect()
}

/// Where so many words end, counted from a place.
fn end_of_words(text: &str, at: usize, count: usize) -> usize {
    let mut end = at;
    for nth in 0..count {
        let rest = text.get(end..).unwrap_or_default();
        let blanks = if nth == 0 { 0 } else { rest.len() - rest.trim_start_matches(' ').len() };
        let word: usize = rest
            .get(blanks..)
            .unwrap_or_default()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .map(char::len_utf8)
            .sum();
        if word == 0 {
            break;
        }
        end += blanks + word;
    }
    end
}

/// `归中央`: a Chinese word of the language and a name without a blank between.
fn glued(at: usize, word: &str) -> Option<Hint> {
    let spelling = keywords()
        .iter()
        .flat_map(|keyword| keyword.zh.iter())
        .filter(|spelling| word.len() > spelling.len() && word.starts_with(**spelling))
        .max_by_key(|spelling| spelling.len())?;
    let end = at + spelling.len();
    let help = Words::new(
        format!("put a blank after `{spelling}`: words of the language stand apart from names"),
        format!("请在「{spelling}」后加空格：关键词与名称之间要有空格"),
    );
    Some(hint(end..end, " ", help))
}

/// `treasury [beijing]`.
fn blank_before_bracket(text: &str, at: usize) -> Option<Hint> {
    let bracket = text.get(at..)?.chars().next().filter(|c| "[［【(（".contains(*c))?;
    let before = text.get(..at)?;
    let end = before.trim_end_matches([' ', '\t', '\u{3000}']).len();
    let help = Words::new(
        format!("leave out the blank before `{bracket}`: a name and its bracket stand together"),
        format!("请去掉「{bracket}」前的空格：名称与其括号要相连"),
    );
    (end < at).then(|| hint(end..at, "", help))
}

/// `:` for `=`, `,` for `;`, and the other way round.
fn swapped_sign(at: usize, word: &str) -> Option<Hint> {
    let ours = match word {
        "=" | "＝" => ":",
        ":" | "：" => "=",
        "," | "，" | "、" => ";",
        ";" | "；" => ",",
        _ => return None,
    };
    let help = Words::new(format!("write `{ours}`"), format!("请写「{ours}」"));
    Some(hint(at..at + word.len(), ours, help))
}

/// Entries side by side on a line.
fn missing_semicolon(text: &str, at: usize, word: &str) -> Option<Hint> {
    let before = text.get(..at)?;
    let line = before.rsplit(['\n', '\r']).next()?;
    if word.is_empty() || line.trim().is_empty() {
        return None;
    }
    let end = before.trim_end().len();
    let help =
        Words::new("divide entries that stand on one line with `;`", "同一行的各项之间用「;」分隔");
    Some(hint(end..end, ";", help))
}
