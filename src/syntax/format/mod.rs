//! A text laid out anew, and its keywords translated between the two tongues.
//!
//! The author's line breaks and comments stay. Blanks, indentation and signs become the one way we
//! write them:
//!
//! - two blanks a level: the clauses under a rule's head one level in, its legs two, the content of
//!   brackets one more than the line that opens them, and the continued part of an entry one more
//!   than its first line;
//! - `to` of legs on successive lines stands in one column, and nothing else is aligned;
//! - at most one empty line in a row, none at the edges of a block; a comment after code stands two
//!   blanks off;
//! - full-width signs and digits become their half-width twins, `“…”` and `「…」` become `"…"`.
//!
//! Translation touches keywords alone: names, labels and comments are the author's. Start reading at
//! [`format`], then `tokens`, then `lines`.

mod lines;
mod spelling;
mod tokens;

use crate::base::FileId;
use crate::diagnostics::{Diagnostic, Language, has_errors};

use super::{fences, parse};

/// Lays a text out anew; with `to`, its keywords are written in that tongue.
///
/// In literate Fen only the content of the fenced blocks changes. The result reads as the same tree,
/// places aside, and formatting it again changes nothing.
///
/// # Errors
/// What [`parse`](super::parse) finds wrong with the text: what cannot be read cannot be laid out.
///
/// # Example: into the other tongue
/// ```
/// use fenshui::diagnostics::Language;
/// use fenshui::syntax::format;
///
/// let text = "rule kept\n split local\n  all to treasury[destination]   # 地方\n";
/// let chinese = format(text, false, Some(Language::Chinese)).unwrap();
/// assert_eq!(chinese, "规则 kept\n  分配 local\n    全部 归 treasury[destination]  # 地方\n");
/// ```
pub fn format(text: &str, literate: bool, to: Option<Language>) -> Result<String, Vec<Diagnostic>> {
    let (_, diagnostics) = parse(FileId(0), text, literate);
    if has_errors(&diagnostics) {
        return Err(diagnostics);
    }
    if !literate {
        return laid_out(text, 0, to).map(|printed| with_line_ends_of(text, printed));
    }
    let (blocks, _) = fences::blocks(FileId(0), text);
    let mut whole = String::new();
    let mut end = 0;
    for block in blocks {
        whole.push_str(text.get(end..block.start).unwrap_or_default());
        let program = text.get(block.clone()).unwrap_or_default();
        whole.push_str(&with_line_ends_of(text, laid_out(program, block.start, to)?));
        end = block.end;
    }
    whole.push_str(text.get(end..).unwrap_or_default());
    Ok(whole)
}

/// Lines end as they do in the text: an editor that asks for one line must not see all changed.
fn with_line_ends_of(text: &str, printed: String) -> String {
    if text.contains("\r\n") { printed.replace('\n', "\r\n") } else { printed }
}

fn laid_out(program: &str, offset: usize, to: Option<Language>) -> Result<String, Vec<Diagnostic>> {
    let stream = tokens::stream(program, offset, to).map_err(|diagnostic| vec![*diagnostic])?;
    Ok(lines::print(&stream))
}
