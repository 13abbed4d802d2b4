//! The rows of a file in another order.

use std::path::Path;

use anyhow::{Context, Result};

/// Writes the rows of a file in an order that a seed fixes, the header first.
///
/// # Errors
///
/// A file cannot be read or written.
pub fn shuffled(from: &Path, seed: u64, to: &Path) -> Result<()> {
    let text = std::fs::read(from).with_context(|| from.display().to_string())?;
    let mut rows: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let mut random = SplitMix(seed);
    // Fisher and Yates, leaving the header where it is.
    for last in (2..rows.len()).rev() {
        rows.swap(last, 1 + random.below(last));
    }
    super::write(to, |out| rows.iter().try_for_each(|row| out.write_all(row)))
}

/// The generator splitmix64: short enough to be the same everywhere.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `end`, by the upper half of a product.
    fn below(&mut self, end: usize) -> usize {
        let product = u128::from(self.next()) * end as u128;
        usize::try_from(product >> 64).unwrap_or(0)
    }
}
