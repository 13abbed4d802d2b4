//! Keys, each with a number.
//!
//! Nearly all keys have one part, a whole number or a text, or two or three small ones: those are found
//! without following a pointer. A key is the same whatever way it is held, so numbers never depend on
//! it.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::base::PeriodKind;
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
    /// Keys of two or three small parts, packed.
    packed: HashMap<u128, u32, FixedState>,
    others: HashMap<Key, u32, FixedState>,
}

/// A small part as a number of 36 bits, of which four tell its type and are never nought, so that no
/// two parts are packed alike.
#[inline]
pub(crate) fn small(part: &Part) -> Option<u64> {
    let (tag, value) = match part {
        Part::Missing => (1, 0),
        Part::Bool(value) => (2, u32::from(*value)),
        Part::Integer(value) => (3, u32::try_from(*value).ok()?),
        Part::Number(place) => (4, *place),
        Part::Date(day) => (5, day.days().cast_unsigned()),
        Part::Period(period) => (kind(period.kind()), period.index().cast_unsigned()),
        Part::Text(place) => (9, *place),
        Part::Member(member) => (10, *member),
        Part::Unseen => (11, 0),
        Part::Duration(_) | Part::Row(..) => return None,
    };
    Some(tag << 32 | u64::from(value))
}

/// A key of two or three small parts as a number.
#[inline]
fn packed(key: &[Part]) -> Option<u128> {
    if !matches!(key.len(), 2 | 3) {
        return None;
    }
    key.iter().try_fold(0, |so_far, part| Some(joined(so_far, small(part)?)))
}

/// A part behind those before it.
#[inline]
fn joined(so_far: u128, part: u64) -> u128 {
    so_far << 36 | u128::from(part)
}

fn kind(kind: PeriodKind) -> u64 {
    match kind {
        PeriodKind::Month => 6,
        PeriodKind::Quarter => 7,
        PeriodKind::Year => 8,
    }
}

impl Keys {
    /// The number of a key that was written before.
    pub fn known(&self, key: &[Part]) -> Option<u32> {
        match key {
            [Part::Integer(value)] => self.known_integer(*value),
            [Part::Text(place)] => self.texts.get(at(*place)).and_then(|it| it.checked_sub(1)),
            key => match packed(key) {
                Some(packed) => self.packed.get(&packed).copied(),
                None => self.others.get(key).copied(),
            },
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

    /// The same as [`Keys::number`] of a key of two or three parts that are small.
    #[inline]
    pub fn number_of_small(&mut self, parts: impl Iterator<Item = u64>) -> u32 {
        let next = self.count;
        let number = *self.packed.entry(parts.fold(0, joined)).or_insert(next);
        self.count = next.saturating_add(u32::from(number == next));
        number
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
            key => match packed(key) {
                Some(packed) => *self.packed.entry(packed).or_insert(next),
                None => match self.others.get(key) {
                    Some(number) => *number,
                    None => {
                        self.others.insert(key.into(), next);
                        next
                    }
                },
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
    use crate::base::{Date, Period};

    #[test]
    fn a_key_keeps_its_number() {
        let month = Period::new(PeriodKind::Month, 2024, 1).unwrap();
        let year = Period::new(PeriodKind::Year, 2024, 1).unwrap();
        let keys: [&[Part]; 16] = [
            &[Part::Integer(7)],
            &[Part::Text(3)],
            &[Part::Text(0)],
            &[Part::Member(3)],
            &[],
            &[Part::Integer(7), Part::Text(3)],
            &[Part::Text(7), Part::Text(3)],
            &[Part::Text(3), Part::Integer(7)],
            &[Part::Missing, Part::Text(3)],
            &[Part::Missing, Part::Text(3), Part::Missing],
            &[Part::Integer(-7), Part::Text(3)],
            &[Part::Text(3), Part::Period(month)],
            &[Part::Text(3), Part::Period(year)],
            &[Part::Text(3), Part::Date(Date::MIN), Part::Bool(false)],
            &[Part::Text(3), Part::Date(Date::MAX), Part::Bool(true)],
            &[Part::Text(3), Part::Text(3), Part::Text(3), Part::Text(3)],
        ];
        let mut all = Keys::default();
        assert!(keys.iter().all(|key| all.known(key).is_none()));
        for _ in 0..2 {
            for (number, key) in (0..).zip(keys) {
                assert_eq!(all.number(key), number);
                assert_eq!(all.known(key), Some(number));
                let parts: Option<Vec<u64>> = key.iter().map(small).collect();
                if let Some(parts) = parts.filter(|parts| matches!(parts.len(), 2 | 3)) {
                    assert_eq!(all.number_of_small(parts.into_iter()), number);
                }
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
