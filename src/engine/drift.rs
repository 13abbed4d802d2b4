//! What accounts have got beyond what they are entitled to.

use crate::base::{Exact, ExactError};
use crate::plan::at;

/// Settled − entitled of every account, by currency and year.
///
/// Fractions are summed up by their denominator, of which there are few, and joined at the end: the
/// sum of a million twentieths needs no common divisor on its way. Where shares come from the data
/// nearly every event has a denominator of its own, and what all have in common has no bound. So a
/// fraction that does not go into [`COMMON`] counts in parts of 2⁻⁶⁴. Whether it does depends on the
/// fraction alone: the sum is the same in whatever order, and by whoever, it is added up.
#[derive(Debug, Default)]
pub(crate) struct Drifts {
    /// By account position; ascending.
    accounts: Vec<Vec<(Of, Drift)>>,
    /// The denominator that was asked about last, and what [`COMMON`] leaves when divided by it: leaves of
    /// one division mostly have the same.
    last: (i128, Option<i128>),
}

/// A currency and a year.
pub(crate) type Of = (u32, i32);

#[derive(Debug, Default)]
struct Drift {
    /// Denominator and numerator.
    small: Vec<(i128, i128)>,
    /// Those for which there was no room.
    wide: Exact,
    /// What does not go into [`COMMON`], in parts of 2⁻⁶⁴, each cut off toward zero: what 128 bits hold …
    cut_off: i128,
    /// … and what went beyond.
    cut_off_wide: Exact,
}

/// More denominators than these are joined at once.
const DENOMINATORS_MAX: usize = 32;

/// Fractions of it are summed exactly: twelve decimals, parts of up to forty, months, the days of a
/// year (5 · 73 and 2 · 3 · 61), and amounts that include a tax of 3, 6, 9 or 13 % (103, 2 · 53, 109,
/// 113).
const COMMON: i128 = 1_000_000_000_000
    * (27 * 7 * 11 * 13 * 17 * 19 * 23 * 29 * 31 * 37)
    * (61 * 73)
    * (53 * 103 * 109 * 113);

/// How fine the others are.
const BITS: u8 = 64;

/// Whether all fractions over a denominator are summed exactly.
pub(crate) fn is_common(den: i128) -> bool {
    COMMON.checked_rem(den) == Some(0)
}

impl Drifts {
    /// Adds to the drift of an account in a currency and year.
    pub fn add(&mut self, position: u32, of: Of, more: &Exact) -> Result<(), ExactError> {
        self.of(position, of).map_or(Ok(()), |drift| match more.to_ratio() {
            Some((num, den)) => drift.add(num, den),
            None => drift.add_cut_off(more.cut_off(BITS)?),
        })
    }

    /// The same, of a numerator over a denominator.
    pub fn add_over(
        &mut self,
        position: u32,
        of: Of,
        num: i128,
        den: i128,
    ) -> Result<(), ExactError> {
        if self.last.0 != den {
            self.last = (den, COMMON.checked_rem(den));
        }
        let left = self.last.1;
        self.of(position, of).map_or(Ok(()), |drift| drift.add_over(num, den, left))
    }

    fn of(&mut self, position: u32, of: Of) -> Option<&mut Drift> {
        if self.accounts.len() <= at(position) {
            self.accounts.resize_with(at(position) + 1, Vec::new);
        }
        let years = self.accounts.get_mut(at(position))?;
        // Mostly there is one currency and no year is left out.
        let since = years.first().and_then(|((_, first), _)| of.1.checked_sub(*first));
        let guess = since.and_then(|since| usize::try_from(since).ok());
        let guess = guess.filter(|guess| years.get(*guess).is_some_and(|(known, _)| *known == of));
        let place = match guess {
            Some(place) => place,
            None => match years.binary_search_by_key(&of, |(known, _)| *known) {
                Ok(place) => place,
                Err(place) => {
                    years.insert(place, (of, Drift::default()));
                    place
                }
            },
        };
        years.get_mut(place).map(|(_, drift)| drift)
    }

    /// All that are not zero, by account position, currency and year.
    pub fn all(&self) -> Result<Vec<(u32, Of, Exact)>, ExactError> {
        let mut all = Vec::new();
        for (position, years) in (0_u32..).zip(&self.accounts) {
            for (of, drift) in years {
                let sum = drift.sum()?;
                if !sum.is_zero() {
                    all.push((position, *of, sum));
                }
            }
        }
        Ok(all)
    }
}

impl Drift {
    fn add(&mut self, num: i128, den: i128) -> Result<(), ExactError> {
        self.add_over(num, den, COMMON.checked_rem(den))
    }

    /// The same where it is known what `COMMON` leaves when divided by the denominator.
    fn add_over(&mut self, num: i128, den: i128, left: Option<i128>) -> Result<(), ExactError> {
        if left != Some(0) {
            return self.add_uncommon(num, den, left);
        }
        let known = self.small.iter_mut().find(|(of, _)| *of == den);
        if let Some((_, sum)) = known
            && let Some(next) = sum.checked_add(num)
        {
            *sum = next;
            return Ok(());
        }
        self.add_new(num, den)
    }

    /// Adds where the denominator is new, or its numerators have no room.
    fn add_new(&mut self, num: i128, den: i128) -> Result<(), ExactError> {
        if self.small.len() < DENOMINATORS_MAX && self.small.iter().all(|(of, _)| *of != den) {
            self.small.push((den, num));
            return Ok(());
        }
        self.wide = self.wide.add(&Exact::from_ratio(num, den)?)?;
        Ok(())
    }

    /// Adds a fraction that may still be a common one in lowest terms: its denominator goes into `COMMON`
    /// then if this one goes into `COMMON` times the numerator.
    fn add_uncommon(&mut self, num: i128, den: i128, left: Option<i128>) -> Result<(), ExactError> {
        // Nearly always it is less than a whole, and of 64 bits.
        let narrow = |value: u128| u64::try_from(value).ok();
        if let (Some(left), Ok(of)) = (left, u64::try_from(den))
            && let Some(part) = narrow(num.unsigned_abs()).filter(|part| *part < of)
            && u128::from(part) * left.unsigned_abs() % u128::from(of) != 0
            && let Ok(parts) = i128::try_from((u128::from(part) << BITS) / u128::from(of))
        {
            return self.add_cut_off(if num < 0 { -parts } else { parts });
        }
        let lowest = Exact::from_ratio(num, den)?;
        match lowest.to_ratio() {
            Some((num, lowest)) if is_common(lowest) => self.add(num, lowest),
            _ => self.add_cut_off(lowest.cut_off(BITS)?),
        }
    }

    fn add_cut_off(&mut self, more: i128) -> Result<(), ExactError> {
        match self.cut_off.checked_add(more) {
            Some(sum) => self.cut_off = sum,
            None => self.cut_off_wide = self.cut_off_wide.add(&Exact::from_int(more))?,
        }
        Ok(())
    }

    fn sum(&self) -> Result<Exact, ExactError> {
        let fine = Exact::from_ratio(1, 1 << BITS)?;
        let cut_off = self.cut_off_wide.add(&Exact::from_int(self.cut_off))?;
        let others = self.wide.add(&cut_off.mul(&fine)?)?;
        let mut small = self.small.iter();
        small.try_fold(others, |sum, (den, num)| sum.add(&Exact::from_ratio(*num, *den)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(of: impl IntoIterator<Item = (i128, i128)>) -> Exact {
        let mut drift = Drift::default();
        of.into_iter().for_each(|(num, den)| drift.add(num, den).unwrap());
        drift.sum().unwrap()
    }

    #[test]
    fn what_laws_write_is_summed_exactly() {
        for den in [3, 7, 12, 40, 100, 113, 365, 366, 1_000_000_000_000, 36 * 365 * 100] {
            assert_eq!(sum([(1, den), (-3, den)]), Exact::from_ratio(-2, den).unwrap(), "{den}");
        }
        // In lowest terms a fifth, over what is not common.
        assert_eq!(sum([(41, 205); 10]), Exact::from_int(2));
    }

    #[test]
    fn thousands_of_denominators_are_no_fault() {
        let all: Vec<(i128, i128)> = (1..20_000).map(|den| (1, den * 2 + 1)).collect();
        let near = sum(all.iter().copied());
        let back = sum(all.into_iter().rev());
        assert_eq!(near, back);
        // Less is cut off than there are fractions.
        let finer = Exact::from_ratio(1, 1 << 100).unwrap();
        let parts: i128 = (1..20_000_i128).map(|den| (1 << 100) / (den * 2 + 1)).sum();
        let cut_off = Exact::from_int(parts).mul(&finer).unwrap().sub(&near).unwrap();
        let most = Exact::from_ratio(20_000, 1 << BITS).unwrap();
        assert!(cut_off.abs() < most, "{cut_off}");
    }

    proptest! {
        /// Neither order, nor lowest terms, nor the way in which it comes matter.
        #[test]
        fn order_and_form_do_not_matter(
            parts in proptest::collection::vec((-1000_i128..1000, 1_i128..5000, 1_i128..9), 0..60),
        ) {
            let plain = sum(parts.iter().map(|(num, den, _)| (*num, *den)));
            let wider = sum(parts.iter().rev().map(|(num, den, by)| (num * by, den * by)));
            prop_assert_eq!(&plain, &wider);
            let mut drifts = Drifts::default();
            for (num, den, _) in &parts {
                drifts.add(0, (0, 2024), &Exact::from_ratio(*num, *den).unwrap()).unwrap();
            }
            let all = drifts.all().unwrap();
            prop_assert_eq!(all.first().map_or(Exact::ZERO, |(.., sum)| sum.clone()), plain);
        }
    }
}
