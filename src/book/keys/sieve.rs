//! What a run surely does not hold, told without reading it.

use super::Key;

/// Bits that are set for the keys of a run: of a key that is there all of its bits are set, of one that is
/// not they hardly ever are (Bloom's filter, in words of 64 bits).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::book) struct Sieve(Vec<u64>);

/// Bits of the word for a key.
const KEYS_A_WORD: usize = 2;

impl Sieve {
    /// For so many keys.
    pub(in crate::book) fn of(keys: usize, each: impl IntoIterator<Item = Key>) -> Sieve {
        let mut sieve = Sieve(vec![0; keys / KEYS_A_WORD + 1]);
        each.into_iter().for_each(|key| sieve.add(&key));
        sieve
    }

    /// Adds a key.
    pub(in crate::book) fn add(&mut self, key: &Key) {
        let (at, mask) = self.place(key);
        if let Some(word) = self.0.get_mut(at) {
            *word |= mask;
        }
    }

    /// Whether a key may be there.
    pub(in crate::book) fn may_hold(&self, key: &Key) -> bool {
        let (at, mask) = self.place(key);
        self.0.get(at).is_none_or(|word| word & mask == mask)
    }

    /// The word of a key, in the order of keys, and four of its bits.
    fn place(&self, key: &Key) -> (usize, u64) {
        let [.., a, b, c, d] = key.1.to_be_bytes();
        let mask = [a, b, c, d].iter().fold(0, |mask, byte| mask | 1 << (byte & 63));
        let words = u128::try_from(self.0.len()).unwrap_or(1);
        let at = (u128::from(key.short()) * words) >> 64;
        (usize::try_from(at).unwrap_or(0), mask)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Index, Key};
    use super::Sieve;

    #[test]
    fn what_is_there_may_be_there_and_little_else() {
        let key = |at: u32| Key::of(Index::Event, &at.to_be_bytes());
        let sieve = Sieve::of(1000, (0..1000).map(key));
        assert!((0..1000).all(|at| sieve.may_hold(&key(at))));
        let wrong = (1000..11_000).filter(|at| sieve.may_hold(&key(*at))).count();
        assert!(wrong < 20, "{wrong} of 10,000");
    }
}
