//! What a rule set means: names resolved, types known, dates and citations attached, no sugar left.
//!
//! This floor knows what the words of a circular stand for; it does not know whether they are right
//! (that is `check`) nor how to run them (that is `plan` and `engine`). A [`RuleSet`] is made from
//! trees by `from_syntax`, which always gives one, together with what it found: a rule set with
//! errors is good for an editor and for nothing else, and only `check` can pass one on.
//!
//! A rule is held once for each event kind it serves ([`RuleCase`]), since the same word may be a
//! field of two events. Everything else is held once. Lists are in the order of declaration, modules
//! used before modules using, and ids point into them.
//!
//! Start reading at [`RuleSet`].

mod currencies;
mod example;
mod expr;
mod from_syntax;
mod ids;
mod own_names;
mod print;
mod print_expr;
mod rule;
mod ruleset;
mod types;

pub use example::*;
pub use expr::*;
pub use from_syntax::{CODES, Choice, from_syntax};
pub use ids::*;
pub use own_names::shared_names;
pub use print::print;
pub use rule::*;
pub use ruleset::*;
pub use types::*;
