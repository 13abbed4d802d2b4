//! A function for each thing a user asks. Here the floors below are joined: texts become rule sets,
//! files become batches, positions get their names back.
//!
//! Options in, plain data out. Nothing here prints, and nothing reads the clock, the environment or
//! the locale: the doors above do.
//!
//! Start reading at [`compile()`], which is the chain from text to rules that may run.

mod check;
mod clauses;
mod compile;
mod load;
mod names;

pub use check::{check, roots, scenarios, unverified};
pub use clauses::clause;
pub use compile::{Compiled, compile, compile_one, resolve};
pub use load::{Library, Loaded, LoadedFile, load};
pub use names::names;
