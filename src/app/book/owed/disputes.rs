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
        let mut corrected: BTreeMap<u64, u64> = BTreeMap::new();
        walk(book, 0..before, |number, entry| {
            match entry {
                Entry::Dispute(dispute) => drop(against.insert(number, dispute.against)),
                Entry::Correction(it) => {
                    if it.of < number {
                        corrected.insert(it.of, number);
                    }
                    if let Because::Dispute { entry } = it.because {
                        of.insert(number, entry);
                    }
                }
                Entry::Resolution(it) => match it.verdict {
                    // What was upheld is what stood then: it may have been corrected since it was
                    // disputed.
                    Verdict::Upheld => {
                        for entry in against.get(&it.dispute).into_iter().flatten() {
                            let mut stood: u64 = *entry;
                            while let Some(by) = corrected.get(&stood) {
                                stood = *by;
                            }
                            of.insert(stood, it.dispute);
                        }
                    }
                    Verdict::Corrected { by } => of.extend(by.iter().map(|by| (*by, it.dispute))),
                    Verdict::Withdrawn => {}
                },
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
