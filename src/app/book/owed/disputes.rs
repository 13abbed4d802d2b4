//! Which entries stand as a dispute was settled.

use std::collections::BTreeMap;

use crate::book::{Because, Book, Entry, Verdict};

use super::super::BookTrouble;
use super::super::history::History;
use super::super::standing::{Stood, walk};

/// Disputes that were settled, by the entries that stand so.
pub(super) struct Disputes<'h> {
    of: BTreeMap<u64, u64>,
    history: &'h History<'h>,
}

impl<'h> Disputes<'h> {
    /// Reads the disputes of a book that were settled.
    pub(super) fn read(
        book: &mut Book,
        history: &'h History<'h>,
    ) -> Result<Disputes<'h>, BookTrouble> {
        let before = book.size()?;
        let (mut of, mut against) = (BTreeMap::new(), BTreeMap::new());
        walk(book, 0..before, |number, entry| {
            match entry {
                Entry::Dispute(dispute) => drop(against.insert(number, dispute.against)),
                Entry::Correction(it) => {
                    if let Because::Dispute { entry } = it.because {
                        of.insert(number, entry);
                    }
                }
                Entry::Resolution(it) if it.verdict == Verdict::Upheld => {
                    let entries = against.get(&it.dispute).into_iter().flatten();
                    of.extend(entries.map(|entry: &u64| (*entry, it.dispute)));
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(Disputes { of, history })
    }

    /// The dispute by which an event stands as it does; a refund of what a dispute had settled stands as
    /// that does.
    pub(super) fn of(&self, stood: &Stood) -> Option<u64> {
        if let Some(dispute) = self.settled(stood.by) {
            return Some(dispute);
        }
        let original = self.history.followed(stood).find_map(|it| self.settled(it.by));
        stood.settled.then_some(original).flatten()
    }

    /// The dispute by which what stands by an entry does so.
    pub(super) fn settled(&self, by: u64) -> Option<u64> {
        self.of.get(&by).copied()
    }
}
