//! The verbs of the book: a function for each thing that a poster, a keeper or an auditor asks of it.
//!
//! Here rules and book meet. `edition` makes an edition of rules that were compiled, and rules of an
//! edition; `standing` reads what of a book stands; `maker` makes entries of what the engine says.
//! `post` adds a batch, `replay` works a book out again from its own rules and inputs.

mod edition;
mod error;
mod look;
mod maker;
mod place;
mod post;
mod schema;
mod signing;
mod standing;
mod translate;

pub use error::BookTrouble;
pub use look::{Named, Reader};
pub use place::{Access, BookPlace};
pub use signing::{
    Held, KeptKey, Verified, change_keys, checkpoint, cosign, keys_of, sign, verify,
};
pub use standing::walk;
pub use post::{Changed, EVALUATOR, Late, Post, PostReport, Refusal, post};
