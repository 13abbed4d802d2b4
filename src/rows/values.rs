//! Values end to end, a few of them missing or wide.

use std::ops::Range;

use crate::base::{Date, Exact, Money, Period, PeriodKind};

/// Plain values, of which some may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values<T> {
    values: Vec<T>,
    /// Which are there; empty while all are.
    there: Vec<bool>,
}

/// What stands in the place of a missing value: anything, since nobody reads it.
pub trait Filler {
    /// Such a value.
    fn filler() -> Self;
}

impl Filler for bool {
    fn filler() -> bool {
        false
    }
}

impl Filler for u32 {
    fn filler() -> u32 {
        0
    }
}

impl Filler for i64 {
    fn filler() -> i64 {
        0
    }
}

impl Filler for Date {
    fn filler() -> Date {
        Date::MIN
    }
}

impl Filler for Period {
    fn filler() -> Period {
        Period::of(PeriodKind::Year, Date::MIN)
    }
}

impl Filler for Exact {
    fn filler() -> Exact {
        Exact::ZERO
    }
}

impl<T> Default for Values<T> {
    fn default() -> Self {
        Values { values: Vec::new(), there: Vec::new() }
    }
}

impl<T> Values<T> {
    /// None yet, with room for so many.
    pub fn with_capacity(rows: usize) -> Values<T> {
        Values { values: Vec::with_capacity(rows), there: Vec::new() }
    }

    /// These, none of which is missing.
    pub fn full(values: Vec<T>) -> Values<T> {
        Values { values, there: Vec::new() }
    }

    /// How many, present or not.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether there is a value in a row.
    #[inline]
    pub fn has(&self, row: usize) -> bool {
        match self.there.get(row) {
            Some(there) => *there,
            None => row < self.values.len(),
        }
    }

    /// The value in a row, if there is one.
    #[inline]
    pub fn get_ref(&self, row: usize) -> Option<&T> {
        let value = self.values.get(row)?;
        match self.there.get(row) {
            Some(false) => None,
            Some(true) | None => Some(value),
        }
    }

    /// The value in a row, if there is one.
    #[inline]
    pub fn get(&self, row: usize) -> Option<T>
    where
        T: Copy,
    {
        self.get_ref(row).copied()
    }

    /// All values, if none is missing.
    pub fn all(&self) -> Option<&[T]> {
        self.there.is_empty().then_some(&self.values)
    }

    /// The values that are there.
    pub fn present(&self) -> impl Iterator<Item = &T> {
        let there = self.there.iter().copied().chain(std::iter::repeat(true));
        self.values.iter().zip(there).filter_map(|(value, there)| there.then_some(value))
    }

    /// Adds a value.
    #[inline]
    pub fn push(&mut self, value: T) {
        self.values.push(value);
        if !self.there.is_empty() {
            self.there.push(true);
        }
    }

    /// Adds what is read from each of some things, up to the first from which nothing can be: that one
    /// is given back. Where values are missing only a few things are taken: some may be left.
    #[inline]
    pub fn extend_while<I>(
        &mut self,
        things: &mut I,
        mut read: impl FnMut(I::Item) -> Option<T>,
    ) -> Option<I::Item>
    where
        T: Copy + Filler,
        I: ExactSizeIterator + Clone,
        I::Item: Copy,
    {
        let mut count = self.values.len();
        // The places come first, so that there need be no thought of room at each value; and the things
        // are copied, so that how far they have come need not be noted at each.
        let room = if self.there.is_empty() { things.len() } else { things.len().min(FEW) };
        self.values.resize(count + room, T::filler());
        let mut own = things.clone();
        let mut other = None;
        for place in self.values.get_mut(count..).unwrap_or_default() {
            let Some(thing) = own.next() else { break };
            let Some(value) = read(thing) else {
                other = Some(thing);
                break;
            };
            *place = value;
            count += 1;
        }
        *things = own;
        self.values.truncate(count);
        if !self.there.is_empty() {
            self.there.resize(count, true);
        }
        other
    }

    /// Adds the lack of one.
    pub fn push_missing(&mut self)
    where
        T: Filler,
    {
        self.there.resize(self.values.len(), true);
        self.values.push(T::filler());
        self.there.push(false);
    }

    /// Adds so many rows without a value.
    pub fn push_missing_rows(&mut self, rows: usize)
    where
        T: Clone + Filler,
    {
        self.there.resize(self.values.len(), true);
        self.values.resize(self.values.len() + rows, T::filler());
        self.there.resize(self.values.len(), false);
    }

    /// Adds the values of some rows of another column.
    pub fn extend_from(&mut self, other: &Values<T>, rows: Range<usize>)
    where
        T: Clone + Filler,
    {
        if let (Some(_), Some(all)) = (self.all(), other.all())
            && let Some(values) = all.get(rows.clone())
        {
            return self.values.extend_from_slice(values);
        }
        for row in rows {
            match other.get_ref(row) {
                Some(value) => self.push(value.clone()),
                None => self.push_missing(),
            }
        }
    }

    /// Those of some rows.
    pub fn only(&self, rows: &[usize]) -> Values<T>
    where
        T: Clone + Filler,
    {
        if self.there.is_empty() {
            let chosen = |row: &usize| self.values.get(*row).cloned().unwrap_or_else(T::filler);
            return Values { values: rows.iter().map(chosen).collect(), there: Vec::new() };
        }
        rows.iter().map(|row| self.get_ref(*row).cloned()).collect()
    }

    /// Forgets all but the first so many.
    pub fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
        forget(&mut self.there, rows);
    }
}

/// Where some values are missing others are, too: room for all would be made again and again.
const FEW: usize = 32;

/// Forgets all notes but the first so many. What is equal has one form: no notes where nothing is
/// missing.
pub(super) fn forget(there: &mut Vec<bool>, rows: usize) {
    let missing = there.get(rows..).is_some_and(|forgotten| forgotten.contains(&false));
    there.truncate(rows);
    if missing && !there.contains(&false) {
        there.clear();
    }
}

impl<T: Filler> FromIterator<Option<T>> for Values<T> {
    fn from_iter<I: IntoIterator<Item = Option<T>>>(values: I) -> Self {
        let values = values.into_iter();
        let mut column = Values::with_capacity(values.size_hint().0);
        for value in values {
            match value {
                Some(value) => column.push(value),
                None => column.push_missing(),
            }
        }
        column
    }
}

/// Whole numbers, nearly all of which fit 64 bits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wholes {
    narrow: Values<i64>,
    /// Rows whose number does not fit, ascending.
    wide: Vec<(usize, i128)>,
}

impl Wholes {
    /// Numbers that fit 64 bits.
    pub fn of_narrow(narrow: Values<i64>) -> Wholes {
        Wholes { narrow, wide: Vec::new() }
    }

    /// None yet, with room for so many.
    pub fn with_capacity(rows: usize) -> Wholes {
        Wholes { narrow: Values::with_capacity(rows), wide: Vec::new() }
    }

    /// How many, present or not.
    pub fn len(&self) -> usize {
        self.narrow.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.narrow.is_empty()
    }

    /// Whether there is a number in a row.
    #[inline]
    pub fn has(&self, row: usize) -> bool {
        self.narrow.has(row)
    }

    /// The number in a row, if there is one.
    #[inline]
    pub fn get(&self, row: usize) -> Option<i128> {
        let narrow = self.narrow.get(row)?;
        if self.wide.is_empty() {
            return Some(i128::from(narrow));
        }
        match self.wide.binary_search_by_key(&row, |(at, _)| *at) {
            Ok(place) => self.wide.get(place).map(|(_, number)| *number),
            Err(_) => Some(i128::from(narrow)),
        }
    }

    /// Whether all fit 64 bits.
    pub fn are_narrow(&self) -> bool {
        self.wide.is_empty()
    }

    /// The number in a row of 64 bits, if there is one.
    #[inline]
    pub fn narrow(&self, row: usize) -> Option<i64> {
        self.narrow.get(row)
    }

    /// The amount in a row, if there is one.
    #[inline]
    pub fn money(&self, row: usize) -> Option<Money> {
        self.get(row).map(Money::from_minor)
    }

    /// Whether none is missing.
    pub fn is_full(&self) -> bool {
        self.narrow.all().is_some()
    }

    /// The numbers that are there, as far as they fit 64 bits.
    pub fn present(&self) -> impl Iterator<Item = i64> + '_ {
        self.narrow.present().copied()
    }

    /// All numbers, if none is missing and all fit 64 bits.
    pub fn all(&self) -> Option<&[i64]> {
        if self.wide.is_empty() { self.narrow.all() } else { None }
    }

    /// Adds a number.
    pub fn push(&mut self, number: i128) {
        match i64::try_from(number) {
            Ok(narrow) => self.narrow.push(narrow),
            Err(_) => {
                self.wide.push((self.narrow.len(), number));
                self.narrow.push(0);
            }
        }
    }

    /// Adds so many rows without a number.
    pub fn push_missing_rows(&mut self, rows: usize) {
        self.narrow.push_missing_rows(rows);
    }

    /// Adds a number that fits.
    #[inline]
    pub fn push_narrow(&mut self, number: i64) {
        self.narrow.push(number);
    }

    /// Adds numbers of 64 bits, as [`Values::extend_while`] does.
    #[inline]
    pub fn extend_while<I>(
        &mut self,
        things: &mut I,
        read: impl FnMut(I::Item) -> Option<i64>,
    ) -> Option<I::Item>
    where
        I: ExactSizeIterator + Clone,
        I::Item: Copy,
    {
        self.narrow.extend_while(things, read)
    }

    /// Adds the lack of one.
    pub fn push_missing(&mut self) {
        self.narrow.push_missing();
    }

    /// Adds the numbers of some rows of another column.
    pub fn extend_from(&mut self, other: &Wholes, rows: Range<usize>) {
        if self.are_narrow() && other.are_narrow() {
            return self.narrow.extend_from(&other.narrow, rows);
        }
        for row in rows {
            match other.get(row) {
                Some(number) => self.push(number),
                None => self.push_missing(),
            }
        }
    }

    /// Those of some rows.
    pub fn only(&self, rows: &[usize]) -> Wholes {
        if self.wide.is_empty() {
            return Wholes { narrow: self.narrow.only(rows), wide: Vec::new() };
        }
        rows.iter().map(|row| self.get(*row)).collect()
    }

    /// Forgets all but the first so many.
    pub fn truncate(&mut self, rows: usize) {
        self.narrow.truncate(rows);
        self.wide.retain(|(row, _)| *row < rows);
    }
}

impl FromIterator<Option<i128>> for Wholes {
    fn from_iter<I: IntoIterator<Item = Option<i128>>>(numbers: I) -> Self {
        let mut column = Wholes::default();
        for number in numbers {
            match number {
                Some(number) => column.push(number),
                None => column.push_missing(),
            }
        }
        column
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rows::{Cell, Column};

    fn number() -> impl Strategy<Value = Option<i128>> {
        let wide = prop::option::weighted(0.5, any::<i128>());
        prop_oneof![8 => any::<i64>().prop_map(|it| Some(it.into())), 1 => wide]
    }

    proptest! {
        /// A column gives back what was put into it, also after it was cut short and filled again.
        #[test]
        fn numbers_come_back(
            numbers in prop::collection::vec(
                prop::option::of(prop_oneof![any::<i64>().prop_map(i128::from), any::<i128>()]),
                0..40,
            ),
            cut in 0_usize..40,
        ) {
            let mut column: Wholes = numbers.iter().copied().collect();
            let kept = cut.min(numbers.len());
            column.truncate(cut);
            let short: Wholes = numbers.iter().take(kept).copied().collect();
            prop_assert_eq!(&column, &short);
            for number in numbers.iter().skip(kept) {
                match number {
                    Some(number) => column.push(*number),
                    None => column.push_missing(),
                }
            }
            prop_assert_eq!(column.len(), numbers.len());
            for (row, number) in numbers.iter().enumerate() {
                prop_assert_eq!(column.get(row), *number);
            }
            let narrow: Option<Vec<i64>> =
                numbers.iter().map(|it| it.and_then(|it| i64::try_from(it).ok())).collect();
            prop_assert_eq!(column.all().map(<[i64]>::to_vec), narrow);
        }

        /// Some rows of another column, whether a number is missing or wide in either or not.
        #[test]
        fn rows_of_another_column_come_behind(
            own in prop::collection::vec(number(), 0..9),
            others in prop::collection::vec(number(), 0..20),
            (one, two) in any::<(prop::sample::Index, prop::sample::Index)>(),
        ) {
            let (one, two) = (one.index(others.len() + 1), two.index(others.len() + 1));
            let rows = one.min(two)..one.max(two);
            let mut both: Wholes = own.iter().copied().collect();
            both.extend_from(&others.iter().copied().collect(), rows.clone());
            let all: Wholes = own.iter().chain(&others[rows]).copied().collect();
            prop_assert_eq!(both, all);
        }

        #[test]
        fn values_are_added_while_there_are_any(
            numbers in prop::collection::vec(prop::option::weighted(0.98, any::<u32>()), 0..120),
            missing: bool,
        ) {
            let (mut column, mut wanted) = (Values::default(), Values::default());
            if missing {
                column.push_missing();
                wanted.push_missing();
            }
            let mut things = numbers.iter();
            let mut other = None;
            while things.len() > 0 && other.is_none() {
                other = column.extend_while(&mut things, |number| *number);
            }
            let all = numbers.iter().take_while(|number| number.is_some());
            let count = all.clone().count();
            prop_assert_eq!(other.is_some(), count < numbers.len());
            prop_assert_eq!(things.len(), numbers.len().saturating_sub(count + 1));
            all.flatten().for_each(|number| wanted.push(*number));
            prop_assert_eq!(column, wanted);
        }
    }

    #[test]
    fn a_cell_of_another_type_is_missing() {
        let mut column = Column::Member(Values::default());
        column.push(Cell::Member(3));
        column.push(Cell::Bool(true));
        assert_eq!(column.cell(0), Cell::Member(3));
        assert!(column.is_missing(1) && column.is_missing(2));
    }
}
