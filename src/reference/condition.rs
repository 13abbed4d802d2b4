//! A condition outside any event, as an example checks it.

use crate::base::Date;
use crate::model::{Formula, ReadingId, RuleSet};
use crate::rows::{Reason, RegisterTable};

use super::error::{ReferenceError, Stop};
use super::registers::Registers;
use super::run::options;
use super::scene::{Scene, Scope};
use super::state::{Books, State};

/// Tells whether a condition holds on a day before anything has happened, or why that cannot be told.
///
/// # Errors
/// [`ReferenceError`], for a rule set that `check` did not pass.
pub fn holds(
    rules: &RuleSet,
    readings: &[(ReadingId, u32)],
    registers: &[(u32, RegisterTable)],
    condition: &Formula,
    day: Date,
) -> Result<Result<bool, Reason>, ReferenceError> {
    let readings = &options(rules, readings);
    let held = Registers::read(rules, registers).and_then(|registers| {
        let books = Books { state: &State::default(), changes: None };
        let scene = Scene { rules, readings, registers: &registers, books, event: None, day };
        scene.value(&condition.expr, &mut Scope::of(&condition.locals))?.bool()
    });
    match held {
        Ok(held) => Ok(Ok(held)),
        Err(Stop::Aside(reason)) => Ok(Err(reason)),
        Err(Stop::Broken(error)) => Err(error),
    }
}
