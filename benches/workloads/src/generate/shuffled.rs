//! The rows of a file in another order.

use std::path::Path;

use anyhow::{Context, Result};

use super::random::Random;

/// Writes the rows of a file in an order that a seed fixes, the header first.
///
/// # Errors
///
/// A file cannot be read or written.
pub fn shuffled(from: &Path, seed: u64, to: &Path) -> Result<()> {
    let text = std::fs::read(from).with_context(|| from.display().to_string())?;
    let mut rows: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let mut random = Random(seed);
    // Fisher and Yates, leaving the header where it is.
    for last in (2..rows.len()).rev() {
        rows.swap(last, 1 + random.place(last));
    }
    super::write(to, |out| rows.iter().try_for_each(|row| out.write_all(row)))
}
