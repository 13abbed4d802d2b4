//! Keys of entries that are new, before they are made a run.

use std::thread;

use super::{Key, Mark, Sieve, sort};

/// Keys as they come. They are parted by their first byte, so that each part is small enough to be
/// looked through, and to be sorted where it lies near.
#[derive(Debug)]
pub(in crate::book) struct Fresh {
    parts: Vec<Vec<Mark>>,
    count: usize,
    /// Tells of most keys that they are not here.
    sieve: Sieve,
    /// For how many keys the sieve is.
    most: usize,
}

const PARTS: usize = 256;
/// A sieve is for so many keys at first, and for so many times more when it is full.
const SIEVED_AT_FIRST: usize = 1 << 11;
const GROWTH: usize = 4;
/// So many are sorted before another thread would have begun.
const SORTED_BY_ONE: usize = 1 << 14;

impl Default for Fresh {
    fn default() -> Fresh {
        let most = SIEVED_AT_FIRST;
        Fresh { parts: vec![Vec::new(); PARTS], count: 0, sieve: Sieve::of(most, []), most }
    }
}

impl Fresh {
    /// How many there are.
    pub(in crate::book) fn len(&self) -> usize {
        self.count
    }

    /// Makes room for so many more.
    pub(in crate::book) fn expect(&mut self, more: usize) {
        let most = self.count.saturating_add(more);
        if most > self.most {
            while self.most < most {
                self.most = self.most.saturating_mul(GROWTH);
            }
            let keys = self.parts.iter().flatten().map(|mark| mark.key);
            self.sieve = Sieve::of(self.most, keys);
        }
    }

    /// Notes that a key is about to be added; tells whether it may be here, or be noted, already. Where many
    /// are noted one after the other, they need not wait for one another.
    pub(in crate::book) fn note(&mut self, key: &Key) -> bool {
        let held = self.may_hold(key);
        self.sieve.add(key);
        held
    }

    /// Whether a key may be here, or be noted.
    pub(in crate::book) fn may_hold(&self, key: &Key) -> bool {
        self.sieve.may_hold(key)
    }

    /// Adds a key that was noted.
    pub(in crate::book) fn add(&mut self, mark: Mark) {
        self.count += 1;
        // INVARIANT: a part for each first byte.
        if let Some(part) = self.parts.get_mut(usize::from(mark.key.first())) {
            part.push(mark);
        }
    }

    /// Whether a key is here.
    pub(in crate::book) fn holds(&self, key: &Key) -> bool {
        self.sieve.may_hold(key) && {
            let part = self.parts.get(usize::from(key.first()));
            part.is_some_and(|part| part.iter().any(|mark| mark.key == *key))
        }
    }

    /// All of them in their order; many are put in order by two threads.
    pub(in crate::book) fn sorted(&mut self) -> impl Iterator<Item = Mark> {
        let in_order = |parts: &mut [Vec<Mark>]| parts.iter_mut().for_each(|part| sort(part));
        if self.count < SORTED_BY_ONE {
            in_order(&mut self.parts);
        } else {
            let (low, high) = self.parts.split_at_mut(PARTS / 2);
            thread::scope(|scope| {
                scope.spawn(|| in_order(low));
                in_order(high);
            });
        }
        self.parts.iter().flatten().copied()
    }

    /// A sieve for them.
    pub(in crate::book) fn into_sieve(self) -> Sieve {
        self.sieve
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Index, Key, Mark};
    use super::Fresh;

    #[test]
    fn what_was_added_is_found_and_comes_in_order() {
        let mark = |entry: u64| Mark { key: Key::of(Index::Event, &entry.to_be_bytes()), entry };
        let mut fresh = Fresh::default();
        fresh.expect(5001);
        for mark in (0..5000).map(mark) {
            assert!(!fresh.holds(&mark.key));
            fresh.note(&mark.key);
            fresh.add(mark);
        }
        assert!((0..5000).all(|entry| fresh.holds(&mark(entry).key)));
        assert!(!(5000..9000).any(|entry| fresh.holds(&mark(entry).key)));
        // Of one key, later entries come later.
        assert!(fresh.note(&mark(7).key));
        fresh.add(Mark { key: mark(7).key, entry: 3 });
        let mut expected: Vec<Mark> = (0..5000).map(mark).collect();
        expected.push(Mark { key: mark(7).key, entry: 3 });
        expected.sort_unstable();
        assert_eq!(fresh.len(), expected.len());
        assert_eq!(fresh.sorted().collect::<Vec<Mark>>(), expected);
    }
}
