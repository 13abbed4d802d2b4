//! The lane: an event kind's program in plain integers.
//!
//! Most events need no more than whole numbers of 128 bits: amounts in minor units, rates over a
//! denominator that is known when the rules are compiled, members and days as numbers. A [`Lane`] is
//! the part of an event's program that can be worked out so. It is made of typed trees
//! ([`Number`], [`Truth`], [`Day`], …) and of [`Way`]s: for each rule that may turn out to apply, the
//! leaves an event ends in, in written order, with their shares.
//!
//! A lane only ever answers what the evaluator would answer. Whatever it cannot do, beforehand (a
//! construct it has no tree for: then there is no lane, or no way for that rule) or on an event (a
//! value is missing, a number leaves its range, rules clash), it leaves to the evaluator, which
//! finds the reason in the user's terms. So exactness never depends on it.
//!
//! `tree` is what is computed, `way` what happens to an event. `expr` and `tables` make the one from
//! the plan, `flow` and `split` the other.

mod expr;
mod flow;
mod rational;
mod split;
mod tables;
mod tree;
mod way;

pub use flow::lane;
pub use tree::{
    Day, Entity, KeyPart, Number, ParameterTable, ScheduleTable, ScheduleVersion, Slot, Span, Truth,
};
pub use way::{
    Add, CaseOf, Choice, Done, Feed, Lane, Leaf, Levy, Limit, Next, RowRead, Settle, Step, Sum,
    TotalKey, Way, WayOfSettling,
};
