//! The fenced blocks of Markdown, of which those that say `fen` are the program.

use std::ops::Range;

use crate::base::{FileId, Span};
use crate::diagnostics::{Diagnostic, Words};

use super::codes;

/// A fence that is open: its sign, its length, where its line begins and what it holds.
struct Open {
    sign: char,
    length: usize,
    line: Range<usize>,
    fen: bool,
}

/// The bytes inside the `fen` blocks, in order, and the fences that never close.
///
/// A fence is a line of three or more backticks or tildes, indented by at most three blanks; one that
/// closes has no words after it and is at least as long. A block that opens `fen` while one is open
/// shows that the one before was never closed, which costs no more than that block.
pub(super) fn blocks(file: FileId, text: &str) -> (Vec<Range<usize>>, Vec<Diagnostic>) {
    let mut blocks = Vec::new();
    let mut diagnostics = Vec::new();
    let mut open: Option<Open> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let place = start..start + line.len();
        start = place.end;
        let Some((sign, length, words)) = fence(line) else {
            continue;
        };
        let fen = words.split_whitespace().next() == Some("fen");
        match &open {
            Some(opened) if opened.sign == sign && opened.length <= length && words.is_empty() => {
                if opened.fen {
                    blocks.push(opened.line.end..place.start);
                }
                open = None;
            }
            Some(opened) if opened.fen && fen => {
                blocks.push(opened.line.end..place.start);
                diagnostics.push(never_closed(file, text, &opened.line));
                open = Some(Open { sign, length, line: place, fen });
            }
            Some(_) => {}
            None => open = Some(Open { sign, length, line: place, fen }),
        }
    }
    if let Some(opened) = open {
        if opened.fen {
            blocks.push(opened.line.end..text.len());
        }
        diagnostics.push(never_closed(file, text, &opened.line));
    }
    (blocks, diagnostics)
}

/// The sign, the length and the words of a line that is a fence.
fn fence(line: &str) -> Option<(char, usize, &str)> {
    let inner = line.trim_start_matches(' ');
    let sign = inner.chars().next().filter(|sign| matches!(sign, '`' | '~'))?;
    let words = inner.trim_start_matches(sign);
    let length = inner.len() - words.len();
    let indent = line.len() - inner.len();
    // Backticks after the words make it text in a line, such as ```` ```fen```` ````.
    let inline = sign == '`' && words.contains('`');
    (indent <= 3 && length >= 3 && !inline).then_some((sign, length, words.trim()))
}

fn never_closed(file: FileId, text: &str, line: &Range<usize>) -> Diagnostic {
    let written = text.get(line.clone()).unwrap_or_default();
    let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    let span = Span::new(file, at(line.start), at(line.start + written.trim_end().len()));
    Diagnostic::error(
        codes::FENCE_NEVER_CLOSED,
        span,
        Words::new("this fenced block is never closed", "此代码块没有结束"),
    )
    .with_help(Words::new(
        "end it with a line of as many backticks and nothing else",
        "请以同样数目的反引号单独一行结束",
    ))
}
