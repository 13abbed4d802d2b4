//! From pest's pairs to the tree: a function per rule of the grammar, in files by theme.
//!
//! What the grammar lets through and the language does not (a date that does not exist, `and` beside
//! `or`) becomes a diagnostic here, and the tree goes on with the nearest sensible value. A pair that
//! the grammar cannot give is [`Odd`]: the declaration is lost, and the reader is asked to report it.

mod clauses;
mod declarations;
mod events;
mod examples;
mod expressions;
mod fields;
mod literals;
mod operands;
mod rules;

use pest::iterators::Pairs;

pub(super) use literals::half_width;

use super::ast::{Item, Name};
use super::grammar::{Pair, Rule};
use crate::base::{FileId, Span};
use crate::diagnostics::Diagnostic;

/// Makes the tree of one declaration after the other and collects what is wrong with them.
pub(super) struct Builder {
    file: FileId,
    /// Where the parsed text starts in the file.
    offset: usize,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// A pair that the grammar cannot give.
#[derive(Debug, Clone, Copy)]
pub(super) struct Odd {
    pub(super) kind: Rule,
    pub(super) span: Span,
}

type Built<T> = Result<T, Odd>;

/// How many signs of one kind (`+`, `.`, `not`) may stand in a row: trees are walked by recursion.
const ROW_MAX: usize = 256;

impl Builder {
    /// A builder for text that starts at a byte of the file.
    pub(super) fn new(file: FileId, offset: usize) -> Builder {
        Builder { file, offset, diagnostics: Vec::new() }
    }

    /// The tree of a `declaration`.
    pub(super) fn item(&mut self, declaration: Pair<'_>) -> Built<Item> {
        let span = self.span(&declaration);
        let kind = self.declaration(self.only(declaration)?)?;
        Ok(Item { span, kind })
    }

    /// The place of a pair in the file, without the blanks and comments that were read after it.
    fn span(&self, pair: &Pair<'_>) -> Span {
        let at = |offset: usize| u32::try_from(self.offset + offset).unwrap_or(u32::MAX);
        Span::new(self.file, at(pair.as_span().start()), at(end(pair)))
    }

    /// The text of a pair, as far as its place goes.
    fn written<'i>(&self, pair: &Pair<'i>) -> &'i str {
        let length = end(pair).saturating_sub(pair.as_span().start());
        pair.as_str().get(..length).unwrap_or_default()
    }

    /// What a pair is made of, without comments and signs.
    fn parts<'i>(&self, pair: Pair<'i>) -> Parts<'i> {
        let odd = self.odd(&pair);
        Parts { pairs: pair.into_inner(), odd }
    }

    /// The one thing a pair is made of.
    fn only<'i>(&self, pair: Pair<'i>) -> Built<Pair<'i>> {
        self.parts(pair).any()
    }

    fn odd(&self, pair: &Pair<'_>) -> Odd {
        Odd { kind: pair.as_rule(), span: self.span(pair) }
    }

    fn name(&self, word: &Pair<'_>) -> Name {
        Name { text: word.as_str().to_owned(), span: self.span(word) }
    }

    /// Whether so many signs may stand in a row; says so where not.
    fn fits_row(&mut self, count: usize, span: Span) -> bool {
        if count > ROW_MAX {
            self.diagnostics.push(super::nesting::row_too_long(span, ROW_MAX));
        }
        count <= ROW_MAX
    }
}

/// The pairs inside a pair, taken in order.
struct Parts<'i> {
    pairs: Pairs<'i, Rule>,
    /// What is odd when one is missing.
    odd: Odd,
}

impl<'i> Parts<'i> {
    fn peek(&mut self) -> Option<Rule> {
        while self.pairs.peek().is_some_and(|pair| is_sign(pair.as_rule())) {
            self.pairs.next();
        }
        self.pairs.peek().map(|pair| pair.as_rule())
    }

    /// The next pair if it is of this rule.
    fn accept(&mut self, kind: Rule) -> Option<Pair<'i>> {
        if self.peek()? == kind { self.pairs.next() } else { None }
    }

    /// Whether the next pair is of this rule; it is taken if so.
    fn has(&mut self, kind: Rule) -> bool {
        self.accept(kind).is_some()
    }

    /// The next pair, which is of this rule.
    fn need(&mut self, kind: Rule) -> Built<Pair<'i>> {
        self.accept(kind).ok_or(self.odd)
    }

    /// The next pair, whatever it is.
    fn any(&mut self) -> Built<Pair<'i>> {
        self.next().ok_or(self.odd)
    }
}

impl<'i> Iterator for Parts<'i> {
    type Item = Pair<'i>;

    fn next(&mut self) -> Option<Pair<'i>> {
        self.peek()?;
        self.pairs.next()
    }
}

/// Where the last word or sign of a pair ends.
fn end(pair: &Pair<'_>) -> usize {
    let text = pair.as_str();
    // To look at bytes costs a fraction: these are the first of either sign.
    let bytes = text.as_bytes();
    let may_comment = bytes.contains(&b'#') || bytes.contains(&0xEF);
    let commented = may_comment && text.contains(['#', '＃']);
    if !commented && pair.as_rule() != Rule::semi {
        // Without comments only blanks and signs between pairs can stand behind it.
        let spare = |sign: char| matches!(sign, ';' | '；' | '\u{FEFF}') || sign.is_whitespace();
        return pair.as_span().start() + text.trim_end_matches(spare).len();
    }
    let mut last = pair.clone();
    loop {
        let spare = |part: &Pair<'_>| matches!(part.as_rule(), Rule::COMMENT | Rule::semi);
        match last.clone().into_inner().rev().find(|part| !spare(part)) {
            Some(part) => last = part,
            None => return last.as_span().end(),
        }
    }
}

/// Comments, and the signs whose meaning lies in the rule around them.
fn is_sign(kind: Rule) -> bool {
    matches!(
        kind,
        Rule::COMMENT
            | Rule::semi
            | Rule::comma
            | Rule::colon
            | Rule::lbrace
            | Rule::rbrace
            | Rule::lparen
            | Rule::rparen
            | Rule::lbracket
            | Rule::rbracket
            | Rule::dot
            | Rule::equals
    )
}
