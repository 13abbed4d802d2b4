//! Where events wait that memory has no room for.

use std::path::PathBuf;

use crate::formats::FileShelf;
use crate::rows::{Batch, Shelf};

use super::super::BookTrouble;

/// A file of no name in a folder, made when it is needed.
pub(in crate::app::book) struct PutAway(FileShelf);

impl PutAway {
    pub(in crate::app::book) fn new(folder: PathBuf) -> PutAway {
        PutAway(FileShelf::new(folder))
    }
}

impl Shelf for PutAway {
    type Error = BookTrouble;

    fn put(&mut self, batches: &[Batch]) -> Result<u64, BookTrouble> {
        Ok(self.0.put(batches)?)
    }

    fn take(&mut self, number: u64) -> Result<Vec<Batch>, BookTrouble> {
        Ok(self.0.take(number)?)
    }
}
