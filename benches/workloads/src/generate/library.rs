//! Events for the rules of the library: relocated enterprises, head offices, payslips.
//!
//! All are invented, and written as the events and registers of these rules are declared. They come
//! in the order of their dates, as books are kept.

mod filings;
mod payslips;
mod relocation;

use std::path::Path;

use anyhow::{Context, Result};

/// Writes the events of all three bodies of law, about `rows` of each, into a folder.
///
/// # Errors
///
/// A file cannot be written.
pub fn library(rows: u64, seed: u64, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    relocation::write(rows, seed, folder)?;
    filings::write(rows, seed, folder)?;
    payslips::write(rows, seed, folder)
}
