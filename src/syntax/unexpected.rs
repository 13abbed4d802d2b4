//! Text that is not what the grammar expects: one error, in the words of those who write rules.

use pest::Parser;
use pest::error::{Error, ErrorVariant, InputLocation};

use crate::base::{FileId, Span};
use crate::diagnostics::{Diagnostic, Language, Words};

use super::advice::advice;
use super::codes;
use super::grammar::{Grammar, Rule};
use super::hints::{self, Hint, Place};
use super::names::{expected, spoken};
use super::scan::{end_of_code, open_brackets, text_length};

/// How many alternatives a message lists.
const ALTERNATIVES_MAX: usize = 4;

/// Says what is wrong with a declaration that could not be read; `start` is its place in the file.
pub(super) fn explain(file: FileId, start: usize, text: &str, error: &Error<Rule>) -> Diagnostic {
    let place = Place::new(text, position(error));
    let span = |from: usize, to: usize| {
        let at = |offset: usize| u32::try_from(start + offset).unwrap_or(u32::MAX);
        Span::new(file, at(from), at(to))
    };
    if let Some(diagnostic) = broken_text(&place, &span).or_else(|| open_bracket(&place, &span)) {
        return diagnostic;
    }
    let positives = positives(error);
    let hint = hints::candidates(&place, positives).into_iter().find(|hint| helps(&place, hint));
    let wanted = wanted(positives, tongue(text));
    let diagnostic = match (&hint, unfinished_leg(&place, positives)) {
        (Some(Hint { named: Some((code, message)), range, .. }), _) => {
            Diagnostic::error(*code, span(range.start, range.end), message.clone())
        }
        (None, Some(end)) => {
            Diagnostic::error(codes::UNEXPECTED, span(end, end), sentence(&wanted, &line_end()))
        }
        _ => {
            let seen = seen(&place);
            Diagnostic::error(
                codes::UNEXPECTED,
                span(place.at, place.end()),
                sentence(&wanted, &seen),
            )
        }
    };
    let diagnostic = note_bracket(diagnostic, &place, positives, &span);
    match hint {
        Some(hint) => diagnostic
            .with_help(hint.help)
            .with_fix(span(hint.range.start, hint.range.end), hint.replacement),
        None => match advice(&place, positives) {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        },
    }
}

/// Where the parser could not go on.
fn position(error: &Error<Rule>) -> usize {
    match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    }
}

fn positives(error: &Error<Rule>) -> &[Rule] {
    match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives,
        ErrorVariant::CustomError { .. } => &[],
    }
}

/// Whether the text reads further once the hint is followed: past what was put in and what stood
/// there, and past the line for hints that fit nearly anywhere.
fn helps(place: &Place<'_>, hint: &Hint) -> bool {
    let text = place.text;
    let (Some(before), Some(after)) = (text.get(..hint.range.start), text.get(hint.range.end..))
    else {
        return false;
    };
    let mended = format!("{before}{}{after}", hint.replacement);
    let Err(error) = Grammar::parse(Rule::single, &mended) else {
        return true;
    };
    let reached = position(&error);
    let rest = mended.len() - after.len();
    let line = after.find(['\n', '\r']).unwrap_or(after.len());
    if hint.whole_line {
        let more = after.get(line..).is_some_and(|more| !more.trim().is_empty());
        more && reached > rest + line
    } else {
        reached > rest.max(place.at)
    }
}

/// The tongue of a declaration: that of its first word.
fn tongue(text: &str) -> Language {
    match text.chars().next() {
        Some(c) if !c.is_ascii() => Language::Chinese,
        _ => Language::English,
    }
}

/// What could have stood there, the likeliest first, without doubles.
fn wanted(positives: &[Rule], tongue: Language) -> Vec<Words> {
    let after_value = positives.iter().any(|kind| matches!(kind, Rule::star | Rule::slash));
    let mut ranked: Vec<(u8, Words)> = positives
        .iter()
        // After a value `=` is one of many signs.
        .filter(|kind| !(after_value && **kind == Rule::equals))
        .filter_map(|kind| Some((expected(*kind).rank(), spoken(*kind, tongue)?)))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let best = ranked.first().map_or(0, |(rank, _)| *rank);
    let mut wanted: Vec<Words> = Vec::new();
    for (rank, words) in ranked {
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

fn seen(place: &Place<'_>) -> Words {
    match place.word {
        "" if place.rest().trim().is_empty() => {
            Words::new("the end of the declaration", "声明的结尾")
        }
        "" => line_end(),
        word => Words::new(format!("`{word}`"), format!("「{word}」")),
    }
}

fn line_end() -> Words {
    Words::new("the end of the line", "行末")
}

/// A leg without a target is noticed on the next line; its place is the end of its own.
fn unfinished_leg(place: &Place<'_>, positives: &[Rule]) -> Option<usize> {
    let before = place.text.get(..place.at)?;
    let line_start = before.rfind(['\n', '\r'])? + 1;
    let first_of_line = before.get(line_start..)?.trim().is_empty();
    (first_of_line && positives.contains(&Rule::target)).then(|| end_of_code(before))
}

/// A quotation mark that has no partner on its line, or an escape that does not exist.
fn broken_text(place: &Place<'_>, span: &dyn Fn(usize, usize) -> Span) -> Option<Diagnostic> {
    let rest = place.rest();
    let open = rest.chars().next().filter(|c| matches!(c, '"' | '＂' | '“' | '”' | '「' | '『'))?;
    let (length, closed) = text_length(rest, open);
    let written = rest.get(..length)?;
    if closed {
        let escape = unknown_escape(written)?;
        return Some(
            Diagnostic::error(
                codes::UNEXPECTED,
                span(place.at, place.at + length),
                Words::new(
                    format!("`\\{escape}` means nothing in a text"),
                    format!("文字中的「\\{escape}」没有意义"),
                ),
            )
            .with_help(Words::new(
                "write `\\\\` for a backslash and `\\\"` for a quotation mark",
                "反斜线写作「\\\\」，引号写作「\\\"」",
            )),
        );
    }
    let diagnostic = Diagnostic::error(
        codes::TEXT_NEVER_CLOSED,
        span(place.at, place.at + written.trim_end().len()),
        Words::new("this text is never closed", "此文字没有闭合"),
    );
    Some(diagnostic.with_help(Words::new(
        "end it on the same line with the mark that belongs to the first: `\"…\"`, `“…”` or `「…」`",
        "请在同一行用配对的引号结束：英文双引号、“…”或『…』",
    )))
}

/// The first character after a `\` that gives it no meaning.
fn unknown_escape(written: &str) -> Option<char> {
    let mut characters = written.starts_with('"').then(|| written.chars())?;
    while let Some(c) = characters.next() {
        if c == '\\' {
            let escaped = characters.next()?;
            if !matches!(escaped, '"' | '\\' | 'n' | 't') {
                return Some(escaped);
            }
        }
    }
    None
}

/// A declaration that ends inside a bracket.
fn open_bracket(place: &Place<'_>, span: &dyn Fn(usize, usize) -> Span) -> Option<Diagnostic> {
    if !place.rest().trim().is_empty() {
        return None;
    }
    let (at, bracket) = open_brackets(place.text).pop()?;
    let end = end_of_code(place.text);
    Some(
        Diagnostic::error(
            codes::BRACKET_NEVER_CLOSED,
            span(at, at + bracket.len_utf8()),
            Words::new(
                format!("this `{bracket}` is never closed"),
                format!("此「{bracket}」没有闭合"),
            ),
        )
        .with_note(span(end, end), Words::new("the declaration ends here", "声明到此结束")),
    )
}

/// Shows the bracket whose partner was expected.
fn note_bracket(
    diagnostic: Diagnostic,
    place: &Place<'_>,
    positives: &[Rule],
    span: &dyn Fn(usize, usize) -> Span,
) -> Diagnostic {
    let closes = positives.iter().any(|kind| matches!(kind, Rule::rparen | Rule::rbracket));
    let open = place.text.get(..place.at).and_then(|before| open_brackets(before).pop());
    match open {
        Some((at, bracket)) if closes && bracket != '{' && bracket != '｛' => diagnostic
            .with_note(span(at, at + bracket.len_utf8()), Words::new("opened here", "由此打开")),
        _ => diagnostic,
    }
}
