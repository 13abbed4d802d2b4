//! How deep a text may nest.
//!
//! The parser and all that walks the tree after it are recursive, so a text must not decide how deep
//! they go. Brackets, and `if`s inside each other, are counted before the parser sees the text; a
//! declaration that goes too deep is reported and hidden from it.

use std::borrow::Cow;
use std::ops::Range;

use crate::base::{FileId, Span};
use crate::diagnostics::{Diagnostic, Words};

use super::codes;
use super::keywords::{Keyword, keyword};
use super::scan::{Piece, closes, opens, piece};

/// How many brackets and `if`s may stand inside each other.
///
/// Thirty-two is far beyond what a circular says in one breath, and lets every walk over the tree fit
/// the two megabytes of a thread, in a build without optimisation too.
const DEPTH_MAX: usize = 32;

/// Hides what nests too deep behind blanks, so that every place stays where it was.
pub(super) fn limit<'t>(
    file: FileId,
    offset: usize,
    text: &'t str,
    starts: &dyn Fn(&str) -> bool,
) -> (Cow<'t, str>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut hidden: Vec<Range<usize>> = Vec::new();
    let mut scan = Scan::new(text, starts);
    while let Some(at) = scan.next_too_deep() {
        let place = |at: usize| u32::try_from(offset + at).unwrap_or(u32::MAX);
        let width = text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        diagnostics.push(too_deep(Span::new(file, place(at), place(at + width))));
        hidden.push(scan.skip_declaration());
    }
    if hidden.is_empty() {
        return (Cow::Borrowed(text), diagnostics);
    }
    let mut shown = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if c != '\n' && c != '\r' && hidden.iter().any(|range| range.contains(&at)) {
            shown.extend(std::iter::repeat_n(' ', c.len_utf8()));
        } else {
            shown.push(c);
        }
    }
    (Cow::Owned(shown), diagnostics)
}

/// Walks over a text, past comments and quoted texts.
struct Scan<'t> {
    text: &'t str,
    /// Whether a line opens a declaration.
    starts: &'t dyn Fn(&str) -> bool,
    at: usize,
    /// For each open bracket, and for the text outside all, the `if`s inside each other.
    levels: Vec<usize>,
    /// The word before, if it can stand before an `if` that is inside another.
    joins: bool,
    /// Where the declaration begins, and how deep the text was there.
    declaration: (usize, Vec<usize>),
    branch: Vec<&'static str>,
    condition: Vec<&'static str>,
}

impl<'t> Scan<'t> {
    fn new(text: &'t str, starts: &'t dyn Fn(&str) -> bool) -> Scan<'t> {
        let condition = spellings("if");
        let branch = [spellings("if"), spellings("then"), spellings("else")].concat();
        let declaration = (0, vec![0]);
        Scan { text, starts, at: 0, levels: vec![0], joins: false, declaration, branch, condition }
    }

    /// The next bracket or `if` that goes too deep.
    fn next_too_deep(&mut self) -> Option<usize> {
        while let Some(rest) = self.text.get(self.at..) {
            let (kind, length) = piece(rest)?;
            let here = self.at;
            // Most lines begin with a blank or a bracket: those open no declaration.
            let worded = rest.starts_with(char::is_alphabetic);
            if worded && self.opens_line() && (self.starts)(first_line(rest)) {
                self.declaration = (here, self.levels.clone());
            }
            self.at += length;
            let deeper = match kind {
                Piece::Word => self.word(rest.get(..length).unwrap_or_default()),
                Piece::Sign(sign) => self.sign(sign),
                Piece::Text => {
                    self.joins = false;
                    false
                }
                Piece::Comment | Piece::Blank => false,
            };
            if deeper && self.levels.len() - 1 + self.levels.iter().sum::<usize>() > DEPTH_MAX {
                return Some(here);
            }
        }
        None
    }

    fn opens_line(&self) -> bool {
        self.text.get(..self.at).is_some_and(|head| head.is_empty() || head.ends_with(['\n', '\r']))
    }

    /// Goes to the next declaration; gives the range of this one.
    fn skip_declaration(&mut self) -> Range<usize> {
        let (start, levels) = self.declaration.clone();
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut end = self.at;
        for line in rest.split_inclusive('\n') {
            end += line.len();
            if self.text.get(end..).map(first_line).is_some_and(self.starts) {
                break;
            }
        }
        self.at = end;
        self.levels = levels;
        self.joins = false;
        start..end
    }

    /// Takes a word; says whether it goes deeper.
    fn word(&mut self, word: &str) -> bool {
        let deeper = self.condition.contains(&word);
        if deeper && let Some(inside) = self.levels.last_mut() {
            *inside = if self.joins { *inside + 1 } else { 1 };
        }
        self.joins = self.branch.contains(&word);
        deeper
    }

    /// The same of a sign.
    fn sign(&mut self, sign: char) -> bool {
        let deeper = opens(sign);
        if deeper {
            self.levels.push(0);
        } else if closes(sign) && self.levels.len() > 1 {
            self.levels.pop();
        }
        self.joins = false;
        deeper
    }
}

/// A line alone: what looks at it must not look through the rest of the text.
fn first_line(rest: &str) -> &str {
    rest.split(['\n', '\r']).next().unwrap_or_default()
}

fn spellings(name: &str) -> Vec<&'static str> {
    keyword(name).map_or_else(Vec::new, |Keyword { en, zh, .. }| [en.clone(), zh.clone()].concat())
}

fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::NESTED_TOO_DEEP,
        span,
        Words::new(
            format!("brackets and conditions stand more than {DEPTH_MAX} deep inside each other"),
            format!("括号与条件嵌套超过 {DEPTH_MAX} 层"),
        ),
    )
    .with_help(Words::new(
        "name a part with `let`, or give a block a pool and a rule of its own",
        "请用「令」为其中一部分命名，或为内层另设待分与规则",
    ))
}

/// Signs in a row make a tree as deep as the row is long.
pub(super) fn row_too_long(span: Span, max: usize) -> Diagnostic {
    Diagnostic::error(
        codes::NESTED_TOO_DEEP,
        span,
        Words::new(
            format!("more than {max} signs of one kind stand in a row"),
            format!("同类符号连用超过 {max} 个"),
        ),
    )
    .with_help(Words::new(
        "name a part with `let`, or use `sum` over a list",
        "请用「令」为其中一部分命名，或对列表求「合计」",
    ))
}
