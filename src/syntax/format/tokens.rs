//! The text as a row of words and signs, each with the entry of a block it belongs to.

use pest::Parser;
use pest::iterators::Pairs;

use crate::base::{FileId, Span};
use crate::diagnostics::{Diagnostic, Language};
use crate::syntax::function_name;
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
    collect.walk(pairs)?;
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
    /// Goes through the leaves of the tree in order; on a stack of its own, since a pair for each sign
    /// that binds makes the tree far deeper than its brackets.
    fn walk(&mut self, program: Pairs<'_, Rule>) -> Result<(), Box<Diagnostic>> {
        let mut stack = vec![(program, Rule::program, None)];
        while let Some((pairs, parent, entry)) = stack.last_mut() {
            let (parent, entry) = (*parent, *entry);
            let Some(pair) = pairs.next() else {
                stack.pop();
                continue;
            };
            let kind = pair.as_rule();
            if kind == Rule::junk {
                return Err(self.lost(pair.as_span().start()));
            }
            let inner = pair.clone().into_inner();
            if inner.peek().is_none() {
                self.token(&pair, parent, entry)?;
            } else {
                let entry = self.begin(kind, parent, entry);
                stack.push((inner, kind, entry));
            }
        }
        Ok(())
    }

    /// The entry that a pair begins, or the one it is in.
    fn begin(&mut self, kind: Rule, parent: Rule, entry: Option<usize>) -> Option<usize> {
        if !is_entry(kind, parent) {
            return entry;
        }
        let first = self.stream.tokens.len();
        self.stream.entries.push(Entry { kind, parent: entry, first });
        Some(self.stream.entries.len() - 1)
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
        if parent == Rule::arguments && kind == Rule::lparen {
            self.name_function();
        }
        let before = self.stream.tokens.last();
        let text = spelling(kind, written, self.to, before);
        // A member of a set, or a value of a list, may be one token and an entry at once.
        let entry = self.begin(kind, parent, entry);
        self.stream.tokens.push(Token { kind, parent, text, breaks, entry });
        Ok(())
    }

    /// A word before a bracket is a function: its name is translated as keywords are.
    fn name_function(&mut self) {
        let (Some(to), Some(callee)) = (self.to, self.stream.tokens.last_mut()) else { return };
        if let Some((en, zh)) = function_name(&callee.text)
            && callee.parent != Rule::access
        {
            let name = match to {
                Language::English => en,
                Language::Chinese => zh,
            };
            name.clone_into(&mut callee.text);
        }
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
        | Rule::adds
        | Rule::becomes
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
