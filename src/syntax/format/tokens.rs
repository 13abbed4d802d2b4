//! The text as a row of words and signs, each with the entry of a block it belongs to.

use pest::Parser;

use crate::base::{FileId, Span};
use crate::diagnostics::{Diagnostic, Language};
use crate::syntax::grammar::{Grammar, Pair, Rule};
use crate::syntax::parse::internal;

use super::spelling::spelling;

/// A word or a sign, spelt as it will be written.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: Rule,
    /// The rule it is directly part of.
    pub(super) parent: Rule,
    pub(super) text: String,
    /// How many line ends stand before it.
    pub(super) breaks: usize,
    /// The innermost entry it belongs to; the file for what is between declarations.
    pub(super) entry: Option<usize>,
}

/// What may begin a line of its own: a declaration, a clause, a leg, a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) kind: Rule,
    pub(super) parent: Option<usize>,
    /// Its first token.
    pub(super) first: usize,
}

/// The words of a text, and the entries they form.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) tokens: Vec<Token>,
    pub(super) entries: Vec<Entry>,
}

/// Takes a text apart.
///
/// # Errors
/// Where the grammar left out a sign, which would be lost: an internal error.
pub(super) fn stream(
    program: &str,
    offset: usize,
    to: Option<Language>,
) -> Result<Stream, Box<Diagnostic>> {
    let mut collect = Collect { program, offset, to, end: 0, stream: Stream::default() };
    let Ok(pairs) = Grammar::parse(Rule::program, program) else {
        return Err(collect.lost(0));
    };
    for pair in pairs {
        collect.walk(pair, Rule::program, None)?;
    }
    Ok(collect.stream)
}

struct Collect<'t> {
    program: &'t str,
    offset: usize,
    to: Option<Language>,
    /// Where the last token ended.
    end: usize,
    stream: Stream,
}

impl Collect<'_> {
    fn walk(
        &mut self,
        pair: Pair<'_>,
        parent: Rule,
        entry: Option<usize>,
    ) -> Result<(), Box<Diagnostic>> {
        let kind = pair.as_rule();
        if kind == Rule::junk {
            return Err(self.lost(pair.as_span().start()));
        }
        let mut inner = pair.clone().into_inner().peekable();
        if inner.peek().is_none() {
            return self.token(&pair, parent, entry);
        }
        let entry = if is_entry(kind, parent) {
            self.stream.entries.push(Entry {
                kind,
                parent: entry,
                first: self.stream.tokens.len(),
            });
            Some(self.stream.entries.len() - 1)
        } else {
            entry
        };
        for part in inner {
            self.walk(part, kind, entry)?;
        }
        Ok(())
    }

    fn token(
        &mut self,
        pair: &Pair<'_>,
        parent: Rule,
        entry: Option<usize>,
    ) -> Result<(), Box<Diagnostic>> {
        let place = pair.as_span();
        let written = pair.as_str();
        if written.is_empty() {
            return Ok(());
        }
        let gap = self.program.get(self.end..place.start()).unwrap_or_default();
        if !gap.chars().all(|c| c.is_whitespace() || c == '\u{FEFF}') {
            return Err(self.lost(self.end));
        }
        let breaks = gap.replace("\r\n", "\n").matches(['\n', '\r']).count();
        self.end = place.end();
        let kind = pair.as_rule();
        let before = self.stream.tokens.last();
        let text = spelling(kind, written, self.to, before);
        // A member of a set, or a value of a list, may be one token and an entry at once.
        let entry = if is_entry(kind, parent) {
            let first = self.stream.tokens.len();
            self.stream.entries.push(Entry { kind, parent: entry, first });
            Some(self.stream.entries.len() - 1)
        } else {
            entry
        };
        self.stream.tokens.push(Token { kind, parent, text, breaks, entry });
        Ok(())
    }

    fn lost(&self, at: usize) -> Box<Diagnostic> {
        let at = u32::try_from(self.offset + at).unwrap_or(u32::MAX);
        Box::new(internal(Span::new(FileId(0), at, at), "format"))
    }
}

/// Whether siblings of this kind begin their lines in one column.
fn is_entry(kind: Rule, parent: Rule) -> bool {
    match kind {
        Rule::declaration
        | Rule::rule_clause
        | Rule::split
        | Rule::transfer
        | Rule::leg
        | Rule::if_none
        | Rule::slice
        | Rule::member
        | Rule::event_entry
        | Rule::register_entry
        | Rule::field
        | Rule::let_field
        | Rule::version
        | Rule::version_value
        | Rule::schedule_version
        | Rule::bracket
        | Rule::option
        | Rule::example_entry
        | Rule::record_field
        | Rule::given_value
        | Rule::amendment
        | Rule::amend_leg => true,
        Rule::expr => {
            matches!(parent, Rule::all_of | Rule::any_of | Rule::set | Rule::list | Rule::arguments)
        }
        _ => false,
    }
}
