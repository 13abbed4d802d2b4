//! A settlement table that somebody else made, held against the rules: which rows follow them, which
//! are off and by how much, and what would explain those.
//!
//! `columns` finds out what the columns mean, `dues` works out what each event should have given,
//! `held` sets the two side by side, `variants` lists what else could have been meant: other readings,
//! scenarios and settlements. Nothing is guessed: a variant explains a row only if every amount of the
//! row is what the variant gives, to the unit.

mod columns;
mod dues;
mod held;
mod variants;

use crate::desk::{Audit, Tried, Verdict};
use crate::formats::{ForeignTable, FormatsError};

use super::run::{Job, RunReport};

pub use columns::{Columns, NotATable, columns};
pub use variants::{Variant, VariantKind, variants};

/// Holds a table against the rules of a job, and what it finds off against variants of them; gives
/// also what the run by the rules says of itself.
///
/// # Errors
/// A file cannot be read, or the engine found itself at fault.
pub fn audit(
    job: &Job<'_>,
    variants: &[Variant],
    table: &ForeignTable,
    columns: &Columns,
) -> Result<(Audit, RunReport), FormatsError> {
    let (dues, report) = dues::dues(job)?;
    let mut held = held::held(table, columns, &dues, job.names);
    let mut tried = Vec::with_capacity(variants.len());
    for (at, variant) in variants.iter().enumerate() {
        let (theirs, _) = dues::dues(&variant.job(job))?;
        let (mut agrees, mut explains) = (0, 0);
        for held in held.rows.iter_mut().filter(|held| held.follows(columns, &theirs)) {
            agrees += 1;
            if matches!(held.row.verdict, Verdict::Off { .. }) {
                explains += 1;
                held.row.explained_by.push(at);
            }
        }
        tried.push(Tried { variant: variant.title.clone(), agrees, explains });
    }
    let rows = held.rows.into_iter().map(|held| held.row).collect();
    let (accounts, without_row) = (held.accounts, held.without_row);
    let mut audit = Audit { rows, accounts, tried, best: Vec::new(), unexplained: 0, without_row };
    audit.weigh();
    Ok((audit, report))
}
