//! What the evaluator tells whoever listens to one event.
//!
//! In a normal run nobody does: [`Off`] says so at compile time, and every call falls away.

use crate::base::{Date, Exact};
use crate::plan::Constant;

use super::value::Part;

/// Listens to the working out of events.
pub(crate) trait Trace {
    /// Whether anybody listens.
    const ON: bool;

    /// A parameter's value was used: of which combination of keys, since when.
    fn parameter(
        &mut self,
        _parameter: u32,
        _place: usize,
        _from: Option<Date>,
        _value: &Constant,
    ) {
    }

    /// A schedule's bracket was used.
    fn schedule(&mut self, _schedule: u32, _from: Option<Date>, _rate: &Exact, _quick: &Exact) {}

    /// A row of a register was used.
    fn row(&mut self, _register: u32, _row: u32) {}

    /// A total was read.
    fn total(&mut self, _tally: u32, _key: &[Part], _sum: &Exact) {}

    /// A rule was tried.
    fn tried(&mut self, _rule: u32, _verdict: Verdict) {}
}

/// What became of a rule that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not in force on the day.
    OutOfPeriod,
    /// This step of its head does not hold.
    Failed(usize),
    /// It holds.
    Holds,
}

/// Nobody listens.
#[derive(Debug, Default)]
pub(crate) struct Off;

impl Trace for Off {
    const ON: bool = false;
}
