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
//! the plan, `flow` and `split` the other. Most of what a program asks of an event has few answers:
//! its members, its flags, between which days it lies. Events with the same answers are in one
//! *situation* ([`Questions`]), and for a situation that occurs often the program is made anew with
//! all that is known worked out (`known`): rates are numbers then, and one rule is left.

mod among;
mod call;
mod carry;
mod expr;
mod flow;
mod head;
mod known;
mod rational;
mod rows;
mod select;
mod situation;
mod split;
mod sure;
mod tables;
mod tree;
mod typed;
mod way;

pub use flow::lane;
pub use known::holds;
pub use rows::{
    Each, FigureOf, LaneFactors, RowLoop, RowSettle, RowShare, Selected, Source, Spread,
};
pub use situation::{Question, Questions};
pub use tree::{
    Carried, Day, Entity, KeyPart, Number, ParameterTable, ScheduleTable, ScheduleVersion, Slot,
    Span, Term, Text, Tree, Truth,
};
pub use way::{
    Add, Becomes, CaseBits, CaseOf, Choice, Divide, Done, Feed, Lane, Leaf, Levy, Limit, Next,
    Program, Remembered, Rests, RowRead, Settle, Step, Sum, TotalKey, Way, WayOfSettling,
    standing_case,
};
