//! A rule set made ready to run: everything by position, nothing left to look up by name.
//!
//! A [`Plan`] is compiled once from a [`crate::check::Checked`] rule set and run any number of times.
//! Compared with the model it
//! - has readings chosen, numbers folded and expressions resolved to slots of a frame;
//! - holds for each event kind what happens to such an event, in the order it happens: levies,
//!   transfers, pools in flow order with the rules that may empty them, changes of state, figures;
//! - holds overrides as a closed relation, parameters as timelines by member, schedules with the tax
//!   below each bracket;
//! - knows how every total is read, so that a running sum is kept for each way of reading
//!   ([`Projection`]) and nothing is ever scanned;
//! - knows whether events must be taken in order, and by which key they may be parted
//!   ([`Partition`]).
//!
//! It knows nothing of texts, laws and citations: what remains of the words are names, for its own
//! printed form ([`print()`]). It holds no state and touches no data.
//!
//! Start reading at [`Plan`].

mod compile;
mod expr;
mod flow;
mod lane;
mod print;
mod tables;

pub use compile::{Choices, compile, compile_with_checks, from_checked};
pub use expr::{
    Aggregate, Arithmetic, Comparison, Constant, Expr, Factor, Formula, Function, RowSource,
    ScheduleValue, Selection,
};
pub use flow::{
    Among, Block, Bound, Case, Change, Feed, Figure, Graded, Leg, LevyCase, Place, PoolStep,
    Portion, Settlement, Slice, Source, Step, Target, Transfer, TransferCase,
};
pub use lane::{
    Add, Becomes, Carried, CaseBits, CaseOf, Choice, Day, Divide, Done, Each, Entity,
    Feed as LaneFeed, FigureOf, KeyPart, Lane, LaneFactors, Leaf, Levy, Limit, Next, Number,
    ParameterTable, Program, Question, Questions, Remembered, Rests, RowLoop, RowRead, RowSettle,
    RowShare, ScheduleTable, ScheduleVersion, Selected, Settle, Slot, Source as RowsOf, Span,
    Spread, Step as LaneStep, Sum, Term, Text, TotalKey, Tree, Truth, Way, WayOfSettling, holds,
    lane, standing_case,
};
pub use print::print;
pub use tables::{
    Account, Bracket, Carry, Currency, Enumeration, Event, EventSource, Field, Kind, Overrides,
    Parameter, Partition, PartitionColumn, Plan, Pool, Projection, Reading, Register, Rule,
    Schedule, Shape, Tally, Version,
};

/// A position in a list, as an index.
#[inline]
pub fn at(position: u32) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}
