//! A function for each thing a user asks. Here the floors below are joined: texts become rule sets,
//! files become batches, positions get their names back.
//!
//! Options in, plain data out. Nothing here prints, and nothing reads the clock, the environment or
//! the locale: the doors above do.
//!
//! Start reading at [`compile()`], which is the chain from text to rules that may run.

mod asides;
mod audit;
pub mod book;
mod check;
mod clauses;
mod collect;
mod compare;
mod compile;
mod crew;
mod cross_check;
mod examples;
mod explain;
mod firsts;
mod flow;
mod grounds;
mod inputs;
mod keys;
mod law;
mod load;
mod names;
mod progress;
mod project;
mod reading;
mod readings;
mod run;
mod schedules;
mod writing;

pub use asides::Aside;
pub use audit::{Columns, NotATable, Variant, audit, columns, editions, variants};
pub use check::{check, roots, scenarios, unverified};
pub use clauses::clause;
pub use compare::ledger;
pub use compile::{Compiled, compile, compile_one, resolve};
pub use cross_check::cross_check;
pub use examples::{Difference, ExampleResult, PartKind, TestReport, test};
pub use explain::{Explained, Unexplained, explain, grounds_of};
pub use flow::{LegTotals, flow, leg_totals};
pub use inputs::{
    EventFile, Registers, Remark, named_files, only_named, open_events, read_registers,
};
pub use keys::{key_parts, key_text};
pub use law::{law, pages};
pub use load::{Library, Loaded, LoadedFile, load};
pub use names::names;
pub use progress::Progress;
pub use project::project;
pub use readings::{choices, unknown};
pub use run::{Job, Manner, MemoryLimit, Outputs, RunReport, inputs, run};
pub use schedules::{ScheduleRow, ScheduleTable, schedule_tables};
