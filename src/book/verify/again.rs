//! Events that are in a book twice: no posting adds one that stands.

use std::collections::BTreeMap;

use crate::book::entry::{Entry, Outcome};
use crate::book::keys::{Key, Sieve};
use crate::book::{Book, BookError};

use super::damage::{Contradiction, Damage};

/// Tells of most events that they were not met before: in sieves, each for twice as many as the one before.
#[derive(Debug, Default)]
pub(super) struct Met {
    sieves: Vec<Sieve>,
    /// For how many more there is room in the last.
    room: usize,
    /// Keys that may have been met before.
    again: Vec<Key>,
}

/// The first sieve is for so many.
const AT_FIRST: usize = 1 << 16;

impl Met {
    /// Notes an event that is allocated.
    pub(super) fn note(&mut self, key: Key) {
        if self.sieves.iter().any(|sieve| sieve.may_hold(&key)) {
            self.again.push(key);
        }
        if self.room == 0 {
            self.room = AT_FIRST << self.sieves.len().min(16);
            self.sieves.push(Sieve::of(self.room, []));
        }
        self.room -= 1;
        if let Some(sieve) = self.sieves.last_mut() {
            sieve.add(&key);
        }
    }

    /// Looks whether one that may have been met before was, and stood; nothing is said where keys or entries
    /// are damaged, which is told of them.
    pub(super) fn tell(
        self,
        book: &mut Book,
        tell: &mut dyn FnMut(Damage),
    ) -> Result<(), BookError> {
        let found = match book.find_each(&self.again) {
            Err(BookError::Store(error)) => return Err(error.into()),
            found => found.unwrap_or_default(),
        };
        let mut entries: BTreeMap<Key, Vec<u64>> = BTreeMap::new();
        for (key, entry) in found {
            entries.entry(key).or_default().push(entry);
        }
        for mut entries in entries.into_values().filter(|entries| entries.len() > 1) {
            entries.sort_unstable();
            for pair in entries.windows(2) {
                let [before, entry] = pair else { continue };
                match stands(book, *before) {
                    Err(BookError::Store(error)) => return Err(error.into()),
                    Ok(true) => {
                        let what = Contradiction::Again;
                        tell(Damage::Contradiction { entry: *entry, what });
                    }
                    Ok(false) | Err(_) => {}
                }
            }
        }
        Ok(())
    }
}

/// Whether an event stands allocated, by its entry or by one that corrects it.
fn stands(book: &mut Book, entry: u64) -> Result<bool, BookError> {
    let Entry::Event(event) = book.entry(entry)? else { return Ok(false) };
    let allocated = matches!(event.outcome, Outcome::Allocated { .. });
    Ok(allocated && book.in_force(entry)?.is_some())
}
