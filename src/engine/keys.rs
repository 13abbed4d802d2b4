//! Keys, each with a number.
//!
//! Nearly all keys have one part, a whole number or a text: those are found without following a
//! pointer. A key is the same whatever way it is held, so numbers never depend on it.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::plan::at;

use super::value::Part;

/// A key.
pub(crate) type Key = Box<[Part]>;

/// Keys of one kind.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    count: u32,
    /// Keys of one whole number.
    integers: HashMap<i64, u32, FixedState>,
    /// Keys of one text, by its place among the names: the number and one.
    texts: Vec<u32>,
    others: HashMap<Key, u32, FixedState>,
}

impl Keys {
    /// The number of a key that was written before.
    pub fn known(&self, key: &[Part]) -> Option<u32> {
        match key {
            [Part::Integer(value)] => self.integers.get(value).copied(),
            [Part::Text(place)] => self.texts.get(at(*place)).and_then(|it| it.checked_sub(1)),
            _ => self.others.get(key).copied(),
        }
    }

    /// The number of a key that is to be written.
    pub fn number(&mut self, key: &[Part]) -> u32 {
        let next = self.count;
        let number = match key {
            [Part::Integer(value)] => *self.integers.entry(*value).or_insert(next),
            [Part::Text(place)] => {
                if self.texts.len() <= at(*place) {
                    self.texts.resize(at(*place) + 1, 0);
                }
                match self.texts.get_mut(at(*place)) {
                    Some(number) if *number == 0 => {
                        *number = next.saturating_add(1);
                        next
                    }
                    Some(number) => *number - 1,
                    None => next,
                }
            }
            _ => match self.others.get(key) {
                Some(number) => *number,
                None => {
                    self.others.insert(key.into(), next);
                    next
                }
            },
        };
        if number == next {
            self.count = self.count.saturating_add(1);
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_number() {
        let keys: [&[Part]; 6] = [
            &[Part::Integer(7)],
            &[Part::Text(3)],
            &[Part::Text(0)],
            &[Part::Member(3)],
            &[],
            &[Part::Integer(7), Part::Text(3)],
        ];
        let mut all = Keys::default();
        assert!(keys.iter().all(|key| all.known(key).is_none()));
        for _ in 0..2 {
            for (number, key) in (0..).zip(keys) {
                assert_eq!(all.number(key), number);
                assert_eq!(all.known(key), Some(number));
            }
        }
    }
}
