//! The second opinion: what a rule set makes of its events, worked out the plain way.
//!
//! This evaluator walks the model with big rationals. It is written from
//! `docs/reference/semantics.md` alone and shares nothing with the plan, the engine or our own exact
//! arithmetic: two programs that agree on every fen had to be wrong in the same way twice. Clear
//! comes before fast: all events are held in memory, every event asks every rule, and a value is
//! worked out again each time it is asked for.
//!
//! What it borrows: the calendar of `base` (which day is the last of a month), the rows that travel,
//! and the model itself. What it gives back is told in cells and whole minor units, so that it can
//! be laid beside an engine's answer. It explains nothing and reports no residue.
//!
//! Start reading at [`run`]; one event is told in `event`, in the order of section 2 of the page.

mod calendar;
mod condition;
mod dependence;
mod error;
mod event;
mod expression;
mod function;
mod leg;
mod number;
mod order;
mod outcome;
mod pool;
mod refund;
mod registers;
mod run;
mod scene;
mod selection;
mod settlement;
mod sheet;
mod state;
mod transfer;
mod value;

pub use condition::holds;
pub use error::ReferenceError;
pub use outcome::{Fate, Figure, Leaf, Outcome, Payee, Sender};
pub use run::run;
