//! Where rows are put that do not fit in memory.

use super::Batch;

/// Keeps batches out of memory for a while.
pub trait Shelf {
    /// What keeps it from doing so, such as a full disk.
    type Error;

    /// Puts some batches there, and says by which number they are had again.
    ///
    /// # Errors
    /// There is no room for them.
    fn put(&mut self, batches: &[Batch]) -> Result<u64, Self::Error>;

    /// Gives batches that were put there: the same values, in columns of the same types.
    ///
    /// # Errors
    /// They cannot be read again.
    fn take(&mut self, number: u64) -> Result<Vec<Batch>, Self::Error>;
}
