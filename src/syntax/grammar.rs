//! The parser that pest makes of the three files of the grammar. `Rule` is seen on this floor only.

use pest_derive::Parser;

/// Takes the grammar from the package's root and joins its files.
#[derive(Parser)]
#[grammar = "grammar/lexical.pest"]
#[grammar = "grammar/keywords.pest"]
#[grammar = "grammar/fen.pest"]
pub(super) struct Grammar;

/// A piece of text that a rule of the grammar has matched.
pub(super) type Pair<'i> = pest::iterators::Pair<'i, Rule>;
