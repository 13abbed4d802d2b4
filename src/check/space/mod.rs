//! The space of cases: what events can be, cut into cells in each of which no guard changes its mind.
//!
//! A guard is a formula over *tests*; a test compares *terms* (a field, a member, a flag, the day, a
//! register's row being there) with constants and parameter values. The constants cut each term's
//! values into cells; one value stands for its cell, so a formula is decided by trying combinations of
//! such values. Enumerations, regions, flags, dates and numbers against constants are decided exactly.
//!
//! Terms that hang on a register or on state are *soft*: the rules do not say what they can be.
//! What is found without leaning on them is certain; what needs one of them only may be. What is worked
//! out of fields (a product, a sum of several, the order of two dates) has cells of its own, so that
//! nothing is missed; a case found with it counts only once fields are found that make it so.
//!
//! It knows nothing of pools, rules or findings. Use: [`Space::new`], formulas by
//! [`Space::condition`], then [`Space::find`].

mod condition;
mod days;
mod lift;
mod linear;
mod making;
mod names;
mod search;
mod settled;
mod step;
mod term;
mod value;
mod witness;

pub(super) use condition::{Formula, Space};
pub(super) use names::{Names, ROW, map_fields};
pub(super) use search::Found;
pub(super) use value::constant;
pub(super) use witness::Witness;
