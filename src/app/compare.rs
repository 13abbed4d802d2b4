//! Two variants of a rule set over the same events.

use crate::desk::{EventKind, Ledger};
use crate::formats::FormatsError;

use super::run::{Job, RunReport, listen};

/// Runs one variant and keeps what it gave to whom.
///
/// # Errors
/// A file cannot be read, or the engine found itself at fault.
pub fn ledger(job: &Job<'_>) -> Result<(Ledger, RunReport), FormatsError> {
    let kinds = (0..).zip(&job.names.events);
    let kinds = kinds.map(|(event, table)| EventKind {
        key: table.key.clone(),
        currency: job.names.currency_of(event),
    });
    let mut ledger = Ledger::new(kinds.collect());
    let report = listen(job, &mut ledger)?;
    ledger.set_aside = report.totals.set_aside;
    Ok((ledger, report))
}
