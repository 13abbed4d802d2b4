//! Keys, each with a number.
//!
//! Nearly all keys have one part, a whole number or a text, or two or three small ones: those are found
//! without following a pointer. A key is the same whatever way it is held, so numbers never depend on
//! it.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::base::PeriodKind;
use crate::plan::at;

use super::blocks::Blocks;
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
    packed: Packed,
    others: HashMap<Key, u32, FixedState>,
}

/// Keys of two or three small parts, packed.
///
/// Those with a text stand by its place: texts are numbered in the order in which they come first,
/// which is often that in which they come again. Then nobody walks through memory for them.
#[derive(Debug, Default)]
struct Packed {
    /// By the place of a text, the last key that has it, and one; or that there are many.
    last: Vec<u32>,
    chained: Blocks<Chained>,
    /// Keys without a text, and with one that has many.
    others: HashMap<u128, u32, FixedState>,
}

#[derive(Debug, Clone, Copy)]
struct Chained {
    key: u128,
    number: u32,
    /// The one before it with the same text, and one.
    before: u32,
}

/// Stands for more keys of one text than are looked through.
const MANY: u32 = u32::MAX;
/// So many are looked through.
const FEW_MAX: usize = 8;

/// Where the key that was asked for last was noted, and one: the next one is often behind it.
#[derive(Debug, Default)]
pub(crate) struct Last(u32);

impl Packed {
    fn known(&self, key: u128) -> Option<u32> {
        self.known_behind(key, &mut Last::default())
    }

    #[inline]
    fn known_behind(&self, key: u128, last: &mut Last) -> Option<u32> {
        let Some(text) = text_of(key) else { return self.others.get(&key).copied() };
        let own = *self.last.get(text)?;
        if own == MANY {
            return self.others.get(&key).copied();
        }
        let (place, found) = self.chain(own).find(|(_, it)| it.key == key)?;
        *last = Last(place);
        Some(found.number)
    }

    /// Those with one text, of which this is the last; each with its place and one.
    fn chain(&self, last: u32) -> impl Iterator<Item = (u32, Chained)> + '_ {
        let chained = |it: u32| Some((it, *self.chained.get(at(it.checked_sub(1)?))?));
        std::iter::successors(chained(last), move |(_, it)| chained(it.before))
    }

    /// The number of a key, which is the next if it is new.
    #[inline]
    fn number(&mut self, key: u128, next: u32, last: &mut Last) -> u32 {
        if let Some(behind) = self.chained.get(at(last.0))
            && behind.key == key
        {
            last.0 += 1;
            return behind.number;
        }
        self.number_anywhere(key, next, last)
    }

    fn number_anywhere(&mut self, key: u128, next: u32, behind: &mut Last) -> u32 {
        let Some(text) = text_of(key) else { return *self.others.entry(key).or_insert(next) };
        if let Some(known) = self.known_behind(key, behind) {
            return known;
        }
        if self.last.len() <= text {
            self.last.resize(text + 1, 0);
        }
        let before = self.last.get(text).copied().unwrap_or(MANY);
        let many = before == MANY || self.chain(before).count() == FEW_MAX;
        let mut last = MANY;
        if many {
            let moved: Vec<(u32, Chained)> = self.chain(before).collect();
            self.others.extend(moved.iter().map(|(_, it)| (it.key, it.number)));
            self.others.insert(key, next);
        } else {
            self.chained.push(Chained { key, number: next, before });
            last = u32::try_from(self.chained.len()).unwrap_or(MANY);
            *behind = Last(last);
        }
        if let Some(own) = self.last.get_mut(text) {
            *own = last;
        }
        next
    }
}

/// The place of the first text among the parts of a packed key.
#[inline]
fn text_of(key: u128) -> Option<usize> {
    let part = |behind: u32| u64::try_from(key >> (36 * behind) & ((1 << 36) - 1)).unwrap_or(0);
    let text = [part(2), part(1), part(0)].into_iter().find(|part| part >> 32 == TEXT)?;
    usize::try_from(text & u64::from(u32::MAX)).ok()
}

/// The type of a text.
const TEXT: u64 = 9;

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
        Part::Text(place) => (TEXT, *place),
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
    #[inline]
    pub fn known(&self, key: &[Part]) -> Option<u32> {
        match key {
            [Part::Integer(value)] => self.known_integer(*value),
            [Part::Text(place)] => self.texts.get(at(*place)).and_then(|it| it.checked_sub(1)),
            key => self.known_other(key),
        }
    }

    fn known_other(&self, key: &[Part]) -> Option<u32> {
        match packed(key) {
            Some(packed) => self.packed.known(packed),
            None => self.others.get(key).copied(),
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
    pub fn number_of_small(&mut self, key: (u64, u64, Option<u64>), last: &mut Last) -> u32 {
        let (first, second, third) = key;
        let two = joined(first.into(), second);
        let key = third.map_or(two, |third| joined(two, third));
        let next = self.count;
        let number = self.packed.number(key, next, last);
        self.count = next.saturating_add(u32::from(number == next));
        number
    }

    /// The number of a key that is to be written.
    #[inline]
    pub fn number(&mut self, key: &[Part]) -> u32 {
        match key {
            [Part::Text(_)] => self.known(key).unwrap_or_else(|| self.number_anew(key)),
            key => self.number_anew(key),
        }
    }

    fn number_anew(&mut self, key: &[Part]) -> u32 {
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
                Some(packed) => self.packed.number(packed, next, &mut Last::default()),
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
        let mut last = Last::default();
        for _ in 0..2 {
            for (number, key) in (0..).zip(keys) {
                assert_eq!(all.number(key), number);
                assert_eq!(all.known(key), Some(number));
                let parts: Option<Vec<u64>> = key.iter().map(small).collect();
                let parts = match parts.as_deref() {
                    Some([first, second]) => Some((*first, *second, None)),
                    Some([first, second, third]) => Some((*first, *second, Some(*third))),
                    _ => None,
                };
                if let Some(parts) = parts {
                    assert_eq!(all.number_of_small(parts, &mut last), number);
                }
            }
        }
    }

    /// A text that has few keys and one that has many, beside keys without a text.
    #[test]
    fn keys_of_a_text_keep_their_numbers_however_many_they_are() {
        let mut all = Keys::default();
        let mut keys = Vec::new();
        for value in 0..40_u32 {
            let member = Part::Member(value);
            keys.push(vec![Part::Text(7), member]);
            keys.push(vec![member, Part::Text(value / 7)]);
            keys.push(vec![Part::Bool(true), member, Part::Bool(false)]);
            keys.push(vec![Part::Text(value / 9), Part::Text(7), member]);
        }
        for _ in 0..2 {
            for (number, key) in (0..).zip(&keys) {
                assert_eq!(all.number(key), number);
                assert!(
                    (0..).zip(&keys).take(at(number) + 1).all(|(n, k)| all.known(k) == Some(n))
                );
            }
        }
        assert_eq!(all.known(&[Part::Text(7), Part::Member(40)]), None);
        assert_eq!(all.known(&[Part::Text(900), Part::Member(1)]), None);
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
