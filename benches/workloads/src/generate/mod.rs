//! The reference data, written by integer draws alone: the same bytes on every machine.
//!
//! Receipts, the enterprises' caps and salaries are fixed by their seed; what each draw means is
//! told where it is made. A file of fewer receipts is the beginning of a longer one. A shuffled
//! copy holds the same rows in another, equally fixed, order.

mod calendar;
mod library;
mod random;
mod receipts;
mod salaries;
mod shuffled;
mod twister;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};

pub use library::library;
pub use shuffled::shuffled;

/// The seed of the published data.
pub const SEED: u32 = 20_150_101;

/// How many rows a set of reference data has.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Receipts.
    pub rows: u64,
    /// Persons, each with twelve salaries.
    pub persons: u32,
}

/// Writes `enterprises.csv`, `receipts.csv` and `salaries.csv` into a folder.
///
/// # Errors
///
/// A file cannot be written.
pub fn reference(size: Size, seed: u32, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let mut moves = Vec::new();
    write(&folder.join("enterprises.csv"), |out| {
        moves = receipts::enterprises(seed, out)?;
        Ok(())
    })?;
    write(&folder.join("receipts.csv"), |out| receipts::receipts(seed, size.rows, &moves, out))?;
    write(&folder.join("salaries.csv"), |out| salaries::salaries(seed, size.persons, out))
}

/// Writes a file under another name first, so that a broken run leaves no half of it behind.
fn write(path: &Path, body: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    let part = path.with_extension("part");
    let made = || -> std::io::Result<()> {
        let mut out = BufWriter::with_capacity(1 << 18, File::create(&part)?);
        body(&mut out)?;
        out.into_inner()?.sync_data()?;
        std::fs::rename(&part, path)
    };
    made().with_context(|| path.display().to_string())
}

/// Fen as yuan with two decimals.
struct Yuan(i64);

impl std::fmt::Display for Yuan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let fen = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", fen / 100, fen % 100)
    }
}
