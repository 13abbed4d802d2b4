//! Text of rules to a tree, and back: the language Fen as it is written.
//!
//! [`parse`] takes the text of a file and always gives a tree, with everything that is wrong with its
//! spelling. A broken declaration is left out of the tree and costs one error; the others are there.
//! [`format()`] lays a text out anew, and translates its keywords between the two tongues.
//!
//! The grammar is in `grammar/` at the package's root: `lexical.pest` has the letters and signs,
//! `keywords.tsv` the words of both tongues, `fen.pest` the sentences. This floor alone knows that
//! pest reads them. It decides nothing about meaning: names are not resolved, types not checked, laws
//! not known, sugar not taken away; that is the model's work. What it refuses beyond the grammar is
//! what cannot be written meaningfully at all, such as a date that does not exist.
//!
//! Start reading at [`ast`], then `parse`, then `build`.

pub mod ast;
pub mod codes;
pub mod functions;
pub mod keywords;

mod advice;
mod build;
mod fences;
mod format;
mod grammar;
mod hints;
mod names;
mod nesting;
mod parse;
mod scan;
mod unexpected;

pub use codes::CODES;
pub use format::format;
pub use functions::function_name;
pub use parse::parse;
