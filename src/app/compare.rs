//! Two variants of a rule set over the same events.

use std::cell::RefCell;
use std::convert::Infallible;

use crate::desk::Ledger;
use crate::engine::{self, RunError};
use crate::formats::{FormatsError, Unread};
use crate::plan;
use crate::rows::Sink;

use super::inputs::Batches;
use super::run::Job;

/// Runs one variant and keeps what it gave to whom.
///
/// # Errors
/// A file cannot be read, or the engine found itself at fault.
pub fn ledger(job: &Job<'_>) -> Result<Ledger, FormatsError> {
    let keys = job.names.events.iter().map(|event| event.key.clone()).collect();
    let mut ledger = Ledger::new(keys);
    ledger.set_aside += listen(job, &mut ledger)?;
    Ok(ledger)
}

/// Runs a rule set for a listener that cannot fail; says how many rows could not be read.
pub(super) fn listen<S: Sink<Error = Infallible>>(
    job: &Job<'_>,
    sink: &mut S,
) -> Result<u64, FormatsError> {
    let plan = plan::from_checked(job.checked, job.choices);
    let remarks = RefCell::new(Vec::new());
    let mut unreadable = 0_u64;
    let mut unread = |rows: Vec<Unread>| {
        unreadable += u64::try_from(rows.len()).unwrap_or(u64::MAX);
        Ok(())
    };
    let batches = Batches::new(job.names, job.events, job.mapping, &mut unread, &remarks);
    let options = engine::Options { through: job.through };
    let registers = job.registers.clone();
    engine::run(&plan, registers, batches, &options, sink).map_err(|error| match error {
        RunError::Input(error) => error,
        RunError::Sink(never) => match never {},
        RunError::Internal(what) => FormatsError::Internal(what.to_owned()),
    })?;
    Ok(unreadable)
}
