//! A settlement table that somebody else made, held against the rules: which rows follow them, which
//! are off and by how much, and what would explain those.
//!
//! `columns` finds out what the columns mean, `spoken` which account a text names, `dues` works out what
//! each event should have given, `held` sets the two side by side, `variants` lists what else could have
//! been meant: other readings, scenarios, settlements and editions of a book. Nothing is guessed: a variant
//! explains a row only if every amount of the row is what the variant gives, to the unit, or as far as the
//! digits of a table go whose unit is said (`amounts`).

mod amounts;
mod columns;
mod dues;
mod held;
mod spoken;
mod variants;

use crate::desk::{Audit, Meant, Tried, Untried, Verdict};
use crate::formats::{ForeignTable, FormatsError, Unit};

use super::run::{Job, RunReport};

use amounts::Written;
use spoken::KnownAccounts;

pub use columns::{Columns, NotATable, columns};
pub use variants::{Variant, editions, variants};

/// Holds a table against the rules of a job, and what it finds off against variants of them; gives
/// also what the run by the rules says of itself.
///
/// # Errors
/// A file cannot be read, or the engine found itself at fault.
pub fn audit(
    job: &Job<'_>,
    variants: &[Variant],
    table: &ForeignTable,
    (columns, unit): (&Columns, Option<Unit>),
) -> Result<(Audit, RunReport), FormatsError> {
    let (mut dues, report) = dues::dues(job, None)?;
    // What no rules can read, no other rules can either: it is looked at once.
    if report.totals.set_aside > 0 && matches!(columns.naming, columns::Naming::ByLine { .. }) {
        dues.unread = dues::unread(job)?;
    }
    let known = KnownAccounts::of(job.names, dues.accounts());
    let columns = &columns.naming(table, &known);
    let written = Written::of(table, columns, unit);
    let mut held = held::held(table, (columns, written), &dues, (job.names, &known));
    let (mut tried, mut untried) = (Vec::with_capacity(variants.len()), Vec::new());
    for variant in variants {
        let theirs = match variant.dues(job) {
            Ok(theirs) => theirs,
            // Other rules may ask for what these data do not have.
            Err(error) if matches!(variant.meant, Meant::Edition { .. }) => {
                let (meant, variant) = (variant.meant.clone(), variant.title.clone());
                untried.push(Untried { meant, variant, why: error.words() });
                continue;
            }
            Err(error) => return Err(error),
        };
        let at = tried.len();
        let (mut agrees, mut explains) = (0, 0);
        for held in held.rows.iter_mut().filter(|held| held.follows((columns, written), &theirs)) {
            agrees += 1;
            if matches!(held.row.verdict, Verdict::Off { .. }) {
                explains += 1;
                held.row.explained_by.push(at);
            }
        }
        let (meant, variant) = (variant.meant.clone(), variant.title.clone());
        tried.push(Tried { meant, variant, agrees, explains });
    }
    let rows = held.rows.into_iter().map(|held| held.row).collect();
    let (accounts, without_row) = (held.accounts, held.without_row);
    let best = Vec::new();
    let digits = written.told();
    let mut audit =
        Audit { rows, accounts, tried, untried, best, unexplained: 0, without_row, digits };
    audit.weigh();
    Ok((audit, report))
}
