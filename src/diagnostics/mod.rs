//! The shape of what is said about a text of rules: a [`Diagnostic`], in two languages.
//!
//! A diagnostic is data. It names its code, its place, what was expected and how to mend it; who
//! draws it (a terminal, an editor, a JSON line) is decided far above. The *words* live with the
//! check that says them: this floor knows the shape and not one sentence.
//!
//! A diagnostic is about the text of rules or of a mapping, and is collected, many at once. A row of
//! data that cannot be allocated is not a diagnostic but a set-aside; a full disk is an error.
//!
//! Start reading at [`Diagnostic`].

mod diagnostic;
mod words;

pub use diagnostic::{Code, Diagnostic, Fix, Note, Severity, has_errors};
pub use words::{Language, Words, pictured, pictured_lines};
