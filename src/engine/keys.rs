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
    /// Keys of one small whole number, by that number: their own and one.
    small: Vec<u32>,
    /// Keys of one whole number that was not small.
    integers: HashMap<i64, u32, FixedState>,
    /// Keys of one text, by its place among the names: the number and one.
    texts: Vec<u32>,
    others: HashMap<Key, u32, FixedState>,
}

impl Keys {
    /// The number of a key that was written before.
    pub fn known(&self, key: &[Part]) -> Option<u32> {
        match key {
            [Part::Integer(value)] => self.known_integer(*value),
            [Part::Text(place)] => self.texts.get(at(*place)).and_then(|it| it.checked_sub(1)),
            _ => self.others.get(key).copied(),
        }
    }

    #[inline]
    fn known_integer(&self, value: i64) -> Option<u32> {
        let small = usize::try_from(value).ok().and_then(|place| self.small.get(place));
        match small.and_then(|number| number.checked_sub(1)) {
            None if self.integers.is_empty() => None,
            None => self.integers.get(&value).copied(),
            number => number,
        }
    }

    /// A number is small while the list is not mostly gaps.
    fn add_integer(&mut self, value: i64, number: u32) {
        let room = at(self.count).saturating_mul(4).max(SMALL_AT_LEAST);
        match usize::try_from(value).ok().filter(|place| *place < room) {
            Some(place) => {
                if self.small.len() <= place {
                    self.small.resize(place + 1, 0);
                }
                if let Some(own) = self.small.get_mut(place) {
                    *own = number.saturating_add(1);
                }
            }
            None => {
                self.integers.insert(value, number);
            }
        }
    }

    /// The number of a key that is to be written.
    pub fn number(&mut self, key: &[Part]) -> u32 {
        let next = self.count;
        let number = match key {
            [Part::Integer(value)] => match self.known_integer(*value) {
                Some(number) => number,
                None => {
                    self.add_integer(*value, next);
                    next
                }
            },
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

const SMALL_AT_LEAST: usize = 1024;

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

    #[test]
    fn large_numbers_stay_what_they_are_when_others_come_near() {
        let mut all = Keys::default();
        let values: Vec<i64> = [5000, -3, i64::MAX].into_iter().chain(0..6000).collect();
        let mut numbers = Vec::new();
        for value in &values {
            numbers.push(all.number(&[Part::Integer(*value)]));
        }
        assert_eq!(all.number(&[Part::Integer(5000)]), 0);
        assert_eq!(numbers.iter().max(), Some(&6001));
        for (value, number) in values.iter().zip(&numbers) {
            assert_eq!(all.known(&[Part::Integer(*value)]), Some(*number), "{value}");
        }
    }
}
