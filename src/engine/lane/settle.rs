//! Shares made whole over a common denominator that was known when the rules were compiled.

use crate::plan::{Divide, Settle, Slot, WayOfSettling, at};

use super::whole::Whole;
use super::{Event, Shorter, Work};

impl<W: Whole> Event<'_, W> {
    pub(super) fn settle(&mut self, settle: &Settle) -> Option<()> {
        let whole = self.total_of(&settle.plus)?.minus(self.total_of(&settle.minus)?)?;
        let den = W::of(settle.den)?;
        self.work.shares.clear();
        for (share, by, _) in &settle.shares {
            let numerator = self.slot(*share).times(W::of(*by)?)?;
            self.work.shares.push(numerator);
        }
        self.residue += self.work.settled(whole, den, settle.by)?;
        for (place, (_, _, to)) in settle.shares.iter().enumerate() {
            let units = *self.work.units.get(place)?;
            self.put(*to, units);
        }
        Some(())
    }

    pub(super) fn total_of(&self, slots: &[Slot]) -> Option<W> {
        slots.iter().try_fold(W::ZERO, |sum, slot| sum.plus(self.slot(*slot)))
    }

    pub(super) fn divide(&mut self, divide: &Divide) -> Option<()> {
        let whole = self.slot(divide.whole);
        // No part is more than the whole: where that is narrow all are, however wide the event is.
        if let Some(whole) = whole.small() {
            let Work { narrow, rests, slots, .. } = &mut *self.work;
            narrow.clear();
            narrow.resize(divide.parts.len(), 0);
            self.residue += divided_units(whole, divide, rests, narrow)?;
            for ((_, to), units) in divide.parts.iter().zip(narrow) {
                *slots.get_mut(at(to.0))? = W::narrow(*units);
            }
            return Some(());
        }
        self.work.units.clear();
        self.work.units.resize(divide.parts.len(), W::ZERO);
        let work = &mut *self.work;
        self.residue += divided_units(whole, divide, &mut work.rests, &mut work.units)?;
        for (place, (_, to)) in divide.parts.iter().enumerate() {
            let units = *self.work.units.get(place)?;
            self.put(*to, units);
        }
        Some(())
    }
}

impl<W: Whole> Work<W> {
    /// Makes the shares that were put together whole, and says how many units were missing. Where they
    /// come to 128 bits they are not divided in more, however wide the event is.
    pub(super) fn settled(&mut self, whole: W, den: W, by: WayOfSettling) -> Option<u64> {
        self.units.clear();
        self.units.resize(self.shares.len(), W::ZERO);
        if size_of::<W>() > size_of::<i128>()
            && let Some(given) = self.settled_in_128(whole, den, by)
        {
            return Some(given);
        }
        let Work { shares, fractions, units, .. } = self;
        settled_units(whole, shares, den, by, fractions, units)
    }

    fn settled_in_128(&mut self, whole: W, den: W, by: WayOfSettling) -> Option<u64> {
        let (whole, den) = (whole.wide()?, den.wide()?);
        let Shorter { shares, fractions, units } = &mut self.shorter;
        shares.clear();
        for share in &self.shares {
            shares.push(share.wide()?);
        }
        units.clear();
        units.resize(shares.len(), 0);
        let given = settled_units(whole, shares, den, by, fractions, units)?;
        for (units, shorter) in self.units.iter_mut().zip(units) {
            *units = W::of(*shorter)?;
        }
        Some(given)
    }
}

/// Settles, as [`crate::engine`] does everywhere: each share, a numerator over `den`, rounded down
/// (mirrored where the whole is negative), the units missing one each by the way of giving. Says how
/// many those were.
pub(super) fn settled_units<W: Whole>(
    whole: W,
    shares: &[W],
    den: W,
    by: WayOfSettling,
    fractions: &mut Vec<(W, usize)>,
    units: &mut [W],
) -> Option<u64> {
    if den == W::ONE {
        // Shares that are whole units are what is given.
        let sum = shares.iter().try_fold(W::ZERO, |sum, share| sum.plus(*share))?;
        units.iter_mut().zip(shares).for_each(|(units, share)| *units = *share);
        return (sum == whole).then_some(0);
    }
    let mirrored = whole < W::ZERO;
    let (mut sum, mut missing) = (W::ZERO, whole.size()?);
    fractions.clear();
    for (leaf, (numerator, units)) in shares.iter().zip(&mut *units).enumerate() {
        sum = sum.plus(*numerator)?;
        let numerator = if mirrored { numerator.negated()? } else { *numerator };
        let (down, rest) = numerator.divided(den)?;
        missing = missing.minus(down)?;
        *units = down;
        if numerator != W::ZERO {
            fractions.push((rest, leaf));
        }
    }
    // The legs of a division give what there was, always; what does not is the evaluator's to say.
    if sum != whole.times(den)? {
        return None;
    }
    let mut given = 0;
    if missing != W::ZERO {
        let missing = usize::try_from(missing.wide()?).ok()?;
        if missing > fractions.len() {
            return None;
        }
        given = u64::try_from(missing).ok()?;
        if let (WayOfSettling::LargestRemainder, Some(last)) = (by, missing.checked_sub(1)) {
            // Of equal fractions the first. Which of those that get a unit is before which is nobody's
            // matter.
            fractions.select_nth_unstable_by(last, |(one, first), (two, second)| {
                two.cmp(one).then(first.cmp(second))
            });
        }
        for (_, leaf) in fractions.iter().take(missing) {
            let units = units.get_mut(*leaf)?;
            *units = units.plus(W::ONE)?;
        }
    }
    if mirrored {
        for units in units {
            *units = units.negated()?;
        }
    }
    Some(given)
}

/// Divides a number of units by known parts. The quotient and the rest by their sum are divided
/// apart, so that nothing leaves the width of the whole. Says how many units were given beyond
/// rounding down.
pub(super) fn divided_units<W: Whole>(
    whole: W,
    divide: &Divide,
    rests: &mut Vec<u64>,
    units: &mut [W],
) -> Option<u64> {
    let (quotient, rest) = whole.size()?.divided(W::of(divide.sum.into())?)?;
    let (rest, sum) = (u64::try_from(rest.wide()?).ok()?, divide.sum.unsigned_abs());
    let mut missing = rest;
    rests.clear();
    for ((part, _), units) in divide.parts.iter().zip(&mut *units) {
        let (more, fraction) = divided(rest.checked_mul(part.unsigned_abs())?, sum)?;
        missing = missing.checked_sub(more)?;
        rests.push(fraction);
        *units = quotient.times(W::of((*part).into())?)?.plus(W::of(more.into())?)?;
    }
    for _ in 0..missing {
        // Of equal fractions the first; each gets one unit at most, since there are as many.
        let left = rests.iter().enumerate().filter(|(_, rest)| **rest != TAKEN);
        let (place, _) = match divide.by {
            WayOfSettling::InOrder => left.min_by_key(|(place, _)| *place)?,
            WayOfSettling::LargestRemainder => left.rev().max_by_key(|(_, rest)| **rest)?,
        };
        *rests.get_mut(place)? = TAKEN;
        let units = units.get_mut(place)?;
        *units = units.plus(W::ONE)?;
    }
    if whole < W::ZERO {
        for units in units {
            *units = units.negated()?;
        }
    }
    Some(missing)
}

/// What stands in the place of a fraction that got its unit.
const TAKEN: u64 = u64::MAX;

/// Quotient and remainder. Nearly all numbers are so small that half the width will do, which is a
/// good deal quicker.
#[inline]
fn divided(value: u64, by: u64) -> Option<(u64, u64)> {
    match (u32::try_from(value), u32::try_from(by)) {
        (Ok(value), Ok(by)) => Some((value.checked_div(by)?.into(), value.checked_rem(by)?.into())),
        _ => Some((value.checked_div(by)?, value.checked_rem(by)?)),
    }
}

#[cfg(test)]
mod tests {
    use ethnum::I256;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Shares come to the same units in 256 bits and, where they fit, in 128; also near the end of
        /// these.
        #[test]
        fn the_width_does_not_matter(
            shares in prop::collection::vec(any::<i128>(), 1..40),
            less in 0..127_u32,
            den in 1..i64::MAX,
            in_order: bool,
        ) {
            let by = if in_order { WayOfSettling::InOrder } else { WayOfSettling::LargestRemainder };
            let shares = shares.iter().map(|it| I256::from(it.unsigned_abs() >> less));
            let mut shares: Vec<I256> = shares.collect();
            let den = I256::from(den);
            // What is missing to whole units goes to the first.
            let sum: I256 = shares.iter().sum();
            shares[0] += sum.wrapping_neg().rem_euclid(den);
            let whole = shares.iter().sum::<I256>() / den;
            let mut plain = vec![I256::ZERO; shares.len()];
            let given = settled_units(whole, &shares, den, by, &mut Vec::new(), &mut plain);
            let mut work = Work::<I256>::new();
            work.shares = shares;
            prop_assert_eq!(work.settled(whole, den, by), given);
            prop_assert_eq!(work.units.iter().sum::<I256>(), whole);
            prop_assert_eq!(&work.units, &plain);
        }
    }
}
