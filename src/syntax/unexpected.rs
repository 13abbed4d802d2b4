//! Text that is not what the grammar expects: one error, in the words of those who write rules.

use pest::Parser;
use pest::error::{Error, ErrorVariant, InputLocation};

use crate::base::{FileId, Span};
use crate::diagnostics::{Diagnostic, Language, Words};

use super::grammar::{Grammar, Rule};
use super::hints::{self, Hint};
use super::names::{expected, spoken};
use super::{codes, nesting};

/// How many alternatives a message lists.
const ALTERNATIVES_MAX: usize = 4;

/// Says what is wrong with a declaration that could not be read; `start` is its place in the file.
pub(super) fn explain(file: FileId, start: usize, text: &str, error: &Error<Rule>) -> Diagnostic {
    let found = Found::new(text, position(error));
    let span = |from: usize, to: usize| {
        let at = |offset: usize| u32::try_from(start + offset).unwrap_or(u32::MAX);
        Span::new(file, at(from), at(to))
    };
    if let Some(diagnostic) = open_text(&found, &span) {
        return diagnostic;
    }
    let wanted = wanted(error, tongue(text));
    let hint = hints::candidates(text, found.at, found.word)
        .into_iter()
        .find(|hint| helps(text, found.at, hint));
    let at = hint.as_ref().map_or(found.at, |_| found.at);
    let mut diagnostic = match &hint {
        Some(Hint { code: Some(code), message: Some(message), .. }) => {
            Diagnostic::error(*code, span(at, found.end()), message.clone())
        }
        _ => {
            let place = if hint.is_none() { found.unfinished_leg(error) } else { None };
            let (from, to) = place.unwrap_or((found.at, found.end()));
            let seen = if place.is_some() { line_end() } else { found.said() };
            Diagnostic::error(codes::UNEXPECTED, span(from, to), sentence(&wanted, &seen))
        }
    };
    if let Some(hint) = hint {
        diagnostic = diagnostic
            .with_help(hint.help)
            .with_fix(span(hint.range.start, hint.range.end), hint.replacement);
    } else if let Some(open) = found.open_bracket() {
        diagnostic = diagnostic.with_note(
            span(open, open + found.width(open)),
            Words::new("this bracket is never closed", "此括号没有闭合"),
        );
        diagnostic.code = codes::BRACKET_NEVER_CLOSED;
    }
    diagnostic
}

/// Where the parser could not go on.
pub(super) fn position(error: &Error<Rule>) -> usize {
    match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    }
}

/// Whether the text reads further once the hint is followed.
fn helps(text: &str, at: usize, hint: &Hint) -> bool {
    let (Some(before), Some(after)) = (text.get(..hint.range.start), text.get(hint.range.end..))
    else {
        return false;
    };
    let mended = format!("{before}{}{after}", hint.replacement);
    match Grammar::parse(Rule::single, &mended) {
        Ok(_) => true,
        Err(error) => {
            let reached = position(&error);
            let same = hint.range.start.max(at) + hint.replacement.len();
            reached > same.saturating_sub(hint.range.len().min(same))
                && reached > hint.range.start + hint.replacement.len()
        }
    }
}

/// The tongue of a declaration: that of its first word.
fn tongue(text: &str) -> Language {
    match text.chars().next() {
        Some(c) if c.is_ascii() => Language::English,
        _ => Language::Chinese,
    }
}

/// What could have stood there, the likeliest first, without doubles.
fn wanted(error: &Error<Rule>, tongue: Language) -> Vec<Words> {
    let ErrorVariant::ParsingError { positives, .. } = &error.variant else {
        return Vec::new();
    };
    let mut ranked: Vec<(u8, Words)> = positives
        .iter()
        .filter_map(|kind| Some((expected(*kind).rank(), spoken(*kind, tongue)?)))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let best = ranked.first().map_or(0, |(rank, _)| *rank);
    let mut wanted: Vec<Words> = Vec::new();
    for (rank, words) in ranked {
        // Words and things go together; details and operators only where nothing else could stand.
        if rank <= best.max(1) && !wanted.contains(&words) {
            wanted.push(words);
        }
    }
    wanted.truncate(ALTERNATIVES_MAX);
    wanted
}

fn sentence(wanted: &[Words], seen: &Words) -> Words {
    let en: Vec<&str> = wanted.iter().map(|words| words.en.as_str()).collect();
    let zh: Vec<&str> = wanted.iter().map(|words| words.zh.as_str()).collect();
    if en.is_empty() {
        return Words::new(format!("unexpected {}", seen.en), format!("意外的{}", seen.zh));
    }
    Words::new(
        format!("expected {}, found {}", listed(&en, ", ", " or "), seen.en),
        format!("此处应为{}，却是{}", listed(&zh, "、", "或"), seen.zh),
    )
}

/// `a, b or c`.
fn listed(parts: &[&str], comma: &str, or: &str) -> String {
    match parts.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, head)) => format!("{}{or}{last}", head.join(comma)),
        None => String::new(),
    }
}

fn line_end() -> Words {
    Words::new("the end of the line", "行末")
}

/// A quotation mark that has no partner on its line.
fn open_text(found: &Found<'_>, span: &dyn Fn(usize, usize) -> Span) -> Option<Diagnostic> {
    let rest = found.text.get(found.at..)?;
    let open = rest.chars().next().filter(|c| matches!(c, '"' | '“' | '”' | '「' | '『'))?;
    let length = nesting::text_length(rest, open);
    let closed = length > open.len_utf8()
        && rest.get(..length).is_some_and(|text| text.ends_with(['"', '”', '」', '』']));
    if closed {
        return None;
    }
    let length = rest.get(..length).map_or(length, |text| text.trim_end().len());
    let diagnostic = Diagnostic::error(
        codes::TEXT_NEVER_CLOSED,
        span(found.at, found.at + length),
        Words::new("this text is never closed", "此文字没有闭合"),
    );
    Some(diagnostic.with_help(Words::new(
        "end it on the same line with the mark that belongs to the first: `\"…\"`, `“…”` or `「…」`",
        "请在同一行用配对的引号结束：「\"…\"」「“…”」或「『…』」",
    )))
}

/// What stands where the parser could not go on.
struct Found<'t> {
    text: &'t str,
    at: usize,
    /// A word, a number, or one sign; empty at the end of a line or of the declaration.
    word: &'t str,
}

impl<'t> Found<'t> {
    fn new(text: &'t str, at: usize) -> Found<'t> {
        let rest = text.get(at..).unwrap_or_default();
        let in_word = |c: char| c.is_alphanumeric() || c == '_';
        let word = match rest.chars().next() {
            Some('\n' | '\r') | None => "",
            Some(c) if in_word(c) => rest.split(|c| !in_word(c)).next().unwrap_or_default(),
            Some(c) => rest.get(..c.len_utf8()).unwrap_or_default(),
        };
        Found { text, at, word }
    }

    fn end(&self) -> usize {
        self.at + self.word.len()
    }

    fn said(&self) -> Words {
        match self.word {
            "" if self.text.get(self.at..).is_none_or(|rest| rest.trim().is_empty()) => {
                Words::new("the end of the declaration", "声明的结尾")
            }
            "" => line_end(),
            word => Words::new(format!("`{word}`"), format!("「{word}」")),
        }
    }

    /// A leg without a target is noticed on the next line; the place is the end of its own.
    fn unfinished_leg(&self, error: &Error<Rule>) -> Option<(usize, usize)> {
        let ErrorVariant::ParsingError { positives, .. } = &error.variant else {
            return None;
        };
        let before = self.text.get(..self.at)?;
        let line_start = before.rfind(['\n', '\r']).map(|at| at + 1)?;
        let first_of_line = before.get(line_start..)?.trim().is_empty();
        if !first_of_line || !positives.contains(&Rule::target) {
            return None;
        }
        let mut ended = before.trim_end();
        // A comment may stand between.
        while let Some(line) = ended.lines().next_back() {
            let Some(comment) = line.find(['#', '＃']) else { break };
            ended = ended.get(..ended.len() - line.len() + comment)?.trim_end();
        }
        let last = ended.chars().next_back()?;
        Some((ended.len() - last.len_utf8(), ended.len()))
    }

    /// The innermost bracket still open at the end of the declaration, if that is where it broke.
    fn open_bracket(&self) -> Option<usize> {
        if !self.text.get(self.at..)?.trim().is_empty() {
            return None;
        }
        let mut open = Vec::new();
        let mut at = 0;
        while let Some(rest) = self.text.get(at..self.at) {
            let Some(c) = rest.chars().next() else { break };
            match c {
                '(' | '（' | '[' | '［' | '【' | '{' | '｛' => open.push(at),
                ')' | '）' | ']' | '］' | '】' | '}' | '｝' => {
                    open.pop();
                }
                _ => {}
            }
            at += match c {
                '"' | '“' | '「' | '『' => nesting::text_length(rest, c),
                '#' | '＃' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
                _ => c.len_utf8(),
            };
        }
        open.pop()
    }

    fn width(&self, at: usize) -> usize {
        self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
    }
}
