//! Text to tree: what an author wrote, with every place kept.
pub mod ast;
