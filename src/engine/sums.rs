//! Sums of tallies, by the numbers of their keys.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::base::{Date, Exact, ExactError};
use crate::plan::at;

/// The sums of one projection.
#[derive(Debug)]
pub(crate) struct Totals {
    /// The space of its keys.
    pub space: u32,
    sums: Sums,
}

#[derive(Debug)]
enum Sums {
    /// As of now.
    Now(Running),
    /// Day by day.
    ByDay(Vec<Days>),
}

/// Day by day, ascending: the sum of everything dated up to and including the day.
#[derive(Debug, Clone)]
enum Days {
    /// While all sums are whole numbers of 64 bits, which nearly all are.
    Narrow(Vec<(Date, i64)>),
    Any(Vec<(Date, Exact)>),
}

/// Sums as of now. Nearly all are whole numbers of 64 bits, which take eight bytes each.
#[derive(Debug, Default)]
struct Running {
    narrow: Vec<i64>,
    others: HashMap<u32, Exact, FixedState>,
}

/// Stands for a sum that is among the others.
const OTHER: i64 = i64::MIN;

impl Totals {
    /// No sums yet, in a space of keys; by day if they are asked for as of a day.
    pub fn new(space: u32, by_day: bool) -> Totals {
        let sums = if by_day { Sums::ByDay(Vec::new()) } else { Sums::Now(Running::default()) };
        Totals { space, sums }
    }

    /// The sum of a key: of all there is, or of what is dated before a day.
    pub fn sum(&self, number: u32, as_of: Option<Date>) -> Exact {
        match &self.sums {
            Sums::Now(running) => match running.narrow.get(at(number)) {
                Some(&OTHER) => running.others.get(&number).cloned().unwrap_or_default(),
                Some(narrow) => Exact::from_int((*narrow).into()),
                None => Exact::ZERO,
            },
            Sums::ByDay(by_key) => match by_key.get(at(number)) {
                None => Exact::ZERO,
                Some(Days::Narrow(days)) => {
                    Exact::from_int(before(days, as_of).copied().unwrap_or(0).into())
                }
                Some(Days::Any(days)) => before(days, as_of).cloned().unwrap_or_default(),
            },
        }
    }

    /// The same, where that is a whole number of 128 bits.
    #[inline]
    pub fn whole(&self, number: u32, as_of: Option<Date>) -> Option<i128> {
        match &self.sums {
            Sums::Now(running) => match running.narrow.get(at(number)) {
                Some(&OTHER) => {}
                Some(narrow) => return Some(i128::from(*narrow)),
                None => return Some(0),
            },
            Sums::ByDay(by_key) => match by_key.get(at(number)) {
                Some(Days::Any(_)) => {}
                Some(Days::Narrow(days)) => {
                    return Some(before(days, as_of).copied().unwrap_or(0).into());
                }
                None => return Some(0),
            },
        }
        self.sum(number, as_of).to_int()
    }

    /// Adds to a sum on a day. Stages add to days that are past.
    ///
    /// # Errors
    /// The sum leaves the range of numbers.
    pub fn add(&mut self, number: u32, amount: &Exact, day: Date) -> Result<(), ExactError> {
        match &mut self.sums {
            Sums::Now(running) => running.add(number, amount),
            Sums::ByDay(by_key) => add_by_day(by_key, number, amount, day),
        }
    }

    /// The same of a whole number.
    ///
    /// # Errors
    /// The sum leaves the range of numbers.
    #[inline]
    pub fn add_whole(&mut self, number: u32, amount: i128, day: Date) -> Result<(), ExactError> {
        match i64::try_from(amount) {
            Ok(narrow) if self.add_narrow(number, narrow) => Ok(()),
            _ => self.add(number, &Exact::from_int(amount), day),
        }
    }

    /// The same where that and all that is asked is of now, and fits 64 bits; if not, nothing is added.
    #[inline]
    pub fn add_narrow(&mut self, number: u32, amount: i64) -> bool {
        let Sums::Now(running) = &mut self.sums else { return false };
        let (next, sums) = (running.narrow.len(), &mut running.narrow);
        match sums.get_mut(at(number)) {
            Some(sum) if *sum != OTHER => {
                let more = sum.checked_add(amount).filter(|more| *more != OTHER);
                *sum = more.unwrap_or(*sum);
                more.is_some()
            }
            // Keys have numbers in the order in which they come.
            None if next == at(number) && amount != OTHER => {
                sums.push(amount);
                true
            }
            _ => false,
        }
    }
}

impl Running {
    fn add(&mut self, number: u32, amount: &Exact) -> Result<(), ExactError> {
        if self.narrow.len() <= at(number) {
            self.narrow.resize(at(number) + 1, 0);
        }
        let Some(place) = self.narrow.get_mut(at(number)) else { return Ok(()) };
        let sum = match *place {
            OTHER => self.others.remove(&number).unwrap_or_default(),
            narrow => Exact::from_int(narrow.into()),
        };
        let sum = sum.add(amount)?;
        let narrow = sum.to_int().and_then(|sum| i64::try_from(sum).ok());
        *place = narrow.unwrap_or(OTHER);
        if *place == OTHER {
            self.others.insert(number, sum);
        }
        Ok(())
    }
}

fn add_by_day(
    by_key: &mut Vec<Days>,
    number: u32,
    amount: &Exact,
    day: Date,
) -> Result<(), ExactError> {
    if by_key.len() <= at(number) {
        by_key.resize(at(number) + 1, Days::Narrow(Vec::new()));
    }
    let Some(own) = by_key.get_mut(at(number)) else { return Ok(()) };
    if let Days::Narrow(days) = own {
        let amount = amount.to_int().and_then(|amount| i64::try_from(amount).ok());
        if amount.and_then(|amount| add_to_days(days, amount, day)).is_some() {
            return Ok(());
        }
        let wide = |(date, sum): &(Date, i64)| (*date, Exact::from_int((*sum).into()));
        *own = Days::Any(days.iter().map(wide).collect());
    }
    let Days::Any(days) = own else { return Ok(()) };
    let place = on(days, day, Exact::ZERO);
    for (_, sum) in days.iter_mut().skip(place) {
        *sum = sum.add(amount)?;
    }
    Ok(())
}

/// Adds to sums that stay narrow; if one would not, none has changed.
fn add_to_days(days: &mut Vec<(Date, i64)>, amount: i64, day: Date) -> Option<()> {
    let sums = || days.iter().rev().take_while(|(date, _)| *date >= day);
    let first = days.iter().rev().find(|(date, _)| *date <= day).map_or(0, |(_, sum)| *sum);
    let fits = sums().all(|(_, sum)| sum.checked_add(amount).is_some());
    first.checked_add(amount).filter(|_| fits)?;
    let place = on(days, day, 0);
    days.iter_mut().skip(place).for_each(|(_, sum)| *sum += amount);
    Some(())
}

/// The sum of all that is dated before a day, or of all.
fn before<T>(days: &[(Date, T)], as_of: Option<Date>) -> Option<&T> {
    let count = match (as_of, days.last()) {
        (Some(day), Some((last, _))) if *last >= day => {
            days.partition_point(|(date, _)| *date < day)
        }
        _ => days.len(),
    };
    days.get(count.checked_sub(1)?).map(|(_, sum)| sum)
}

/// Where the sum of a day stands; it is made if there is none yet. Mostly that is at the end.
fn on<T: Clone>(days: &mut Vec<(Date, T)>, day: Date, none: T) -> usize {
    let place = match days.last() {
        Some((last, _)) if *last < day => days.len(),
        _ => days.partition_point(|(date, _)| *date < day),
    };
    if days.get(place).is_none_or(|(date, _)| *date != day) {
        let before = place.checked_sub(1).and_then(|it| days.get(it));
        let before = before.map_or(none, |(_, sum)| sum.clone());
        days.insert(place, (day, before));
    }
    place
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amounts() -> impl Strategy<Value = Exact> {
        prop_oneof![
            any::<i64>().prop_map(|it| Exact::from_int(it.into())),
            any::<i128>().prop_map(Exact::from_int),
            (-9_i128..9, 1_i128..4).prop_map(|(num, den)| Exact::from_ratio(num, den).unwrap()),
        ]
    }

    proptest! {
        #[test]
        fn sums_are_those_of_exact_numbers(
            added in prop::collection::vec((0_u32..3, amounts()), 0..40),
        ) {
            let mut totals = [Totals::new(0, false), Totals::new(0, true)];
            let mut plain = vec![Exact::ZERO; 4];
            for (key, amount) in &added {
                let sum = &mut plain[at(*key)];
                *sum = sum.add(amount).unwrap();
                for totals in &mut totals {
                    match amount.to_int() {
                        Some(whole) => totals.add_whole(*key, whole, Date::MIN).unwrap(),
                        None => totals.add(*key, amount, Date::MIN).unwrap(),
                    }
                    prop_assert_eq!(&totals.sum(*key, None), &*sum);
                    prop_assert_eq!(totals.whole(*key, None), sum.to_int());
                }
            }
            prop_assert_eq!(totals[0].whole(3, None), Some(0));
        }

        #[test]
        fn sums_before_a_day_are_those_of_what_is_dated_before_it(
            added in prop::collection::vec((0_i32..9, amounts()), 0..40),
        ) {
            let day = |number: i32| Date::from_days(700_000 + number).unwrap();
            let mut totals = Totals::new(0, true);
            for (place, (on, amount)) in added.iter().enumerate() {
                totals.add(0, amount, day(*on)).unwrap();
                for asked in 0..10 {
                    let own = added.iter().take(place + 1).filter(|(on, _)| *on < asked);
                    let sum = own.fold(Exact::ZERO, |sum, (_, it)| sum.add(it).unwrap());
                    prop_assert_eq!(totals.sum(0, Some(day(asked))), sum.clone());
                    prop_assert_eq!(totals.whole(0, Some(day(asked))), sum.to_int());
                }
            }
        }
    }
}
