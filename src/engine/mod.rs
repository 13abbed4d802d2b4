//! A plan at work: events in, allocations or set-asides out.
//!
//! The meaning is that of `docs/reference/semantics.md`. An event is worked out in exact numbers on a
//! frame of its own, settled to whole units, and only then are its changes made to the state that
//! outlives it; an event that cannot be worked out is set aside whole, with its reason, and has
//! changed nothing. Given the same plan, registers and events, every run gives the same bytes: there
//! is no clock, no chance and no order of memory in it.
//!
//! - [`run`] takes batches and hands each outcome to a [`crate::rows::Sink`]: one after the other where
//!   nothing depends on order, else after all have been read and put in order; then calendar events and
//!   stages.
//! - `event` is one event from its fields to its outcome, `rules` which rule applies, `flow` how it
//!   divides into the `tree` of its legs, `settle` and `settlement` how shares become whole, `commit`
//!   what changes, `reversal` how a refund undoes an event; `eval`, `lookup`, `remember` and
//!   `function` are expressions.
//! - `standing` are events that stand whatever the rules give: they feed state by what stands.
//! - Money is an exact number of *major* units in expressions, as rules write it, and of *minor* units
//!   in flows and state, where it becomes whole.
//!
//! It knows nothing of texts, files, laws or words, only of positions in the plan.

mod blocks;
mod calendar;
mod carried;
mod commit;
mod dealt;
mod drift;
mod duplicates;
mod eval;
mod evaluator;
mod event;
mod explain;
mod fault;
mod fetching;
mod flow;
mod function;
mod hands;
mod identity;
mod keys;
mod lane;
mod lookup;
mod names;
mod order;
mod originals;
mod outcome;
mod reckon;
mod registers;
mod remember;
mod reversal;
mod rules;
mod run;
mod said;
mod settle;
mod settlement;
mod shelved;
mod sorted;
mod stage;
mod standing;
mod state;
mod summary;
mod sums;
mod tell;
mod together;
mod trace;
mod tree;
mod turns;
mod value;
mod windows;

pub use explain::Wanted;
pub use fault::RunError;
pub use run::{
    Input, Options, Reach, Turn, explain, explain_all, has_calendar, note, run, run_in_turn,
    run_over,
};
pub use shelved::Memory;
pub use standing::{
    MadeEvent, Noted, NotedEvents, StandingEvents, StandingFeed, StandingLeaf, Stands, Unsure,
    fed_tallies,
};
pub use summary::{CurrencyTotals, Drift, Summary};
