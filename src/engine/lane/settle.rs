//! Shares made whole over a common denominator that was known when the rules were compiled.

use crate::plan::{Divide, Settle, Slot, WayOfSettling};

use super::Event;
use super::whole::Whole;

impl<W: Whole> Event<'_, W> {
    /// Settles, as [`crate::engine`] does everywhere: each share rounded down (mirrored where the
    /// whole is negative), the units missing one each by the way of giving.
    pub(super) fn settle(&mut self, settle: &Settle) -> Option<()> {
        let whole = self.total_of(&settle.plus)?.minus(self.total_of(&settle.minus)?)?;
        let den = W::of(settle.den)?;
        let mirrored = whole < W::ZERO;
        let (mut sum, mut missing) = (W::ZERO, whole.size()?);
        self.work.fractions.clear();
        for (leaf, (share, by, to)) in settle.shares.iter().enumerate() {
            let numerator = self.slot(*share).times(W::of(*by)?)?;
            sum = sum.plus(numerator)?;
            let numerator = if mirrored { numerator.negated()? } else { numerator };
            let (units, rest) = numerator.divided(den)?;
            missing = missing.minus(units)?;
            self.put(*to, units);
            if numerator != W::ZERO {
                self.work.fractions.push((rest, leaf));
            }
        }
        // The legs of a division give what there was, always; what does not is the evaluator's to say.
        if sum != whole.times(den)? {
            return None;
        }
        if missing != W::ZERO {
            self.give(settle, missing)?;
        }
        for (_, _, to) in settle.shares.iter().filter(|_| mirrored) {
            let units = self.slot(*to).negated()?;
            self.put(*to, units);
        }
        Some(())
    }

    pub(super) fn total_of(&self, slots: &[Slot]) -> Option<W> {
        slots.iter().try_fold(W::ZERO, |sum, slot| sum.plus(self.slot(*slot)))
    }

    fn give(&mut self, settle: &Settle, missing: W) -> Option<()> {
        let missing = usize::try_from(missing.wide()?).ok()?;
        if missing > self.work.fractions.len() {
            return None;
        }
        self.residue += u64::try_from(missing).ok()?;
        for place in 0..missing {
            let place = match settle.by {
                WayOfSettling::InOrder => place,
                WayOfSettling::LargestRemainder => {
                    // Of equal fractions the first: there are never many.
                    let fractions = self.work.fractions.iter().enumerate();
                    let best = fractions.rev().max_by_key(|(_, (rest, _))| *rest);
                    best.map(|(place, _)| place)?
                }
            };
            let (rest, leaf) = self.work.fractions.get_mut(place)?;
            *rest = W::ONE.negated()?;
            let (_, _, to) = settle.shares.get(*leaf)?;
            let units = self.slot(*to).plus(W::ONE)?;
            self.put(*to, units);
        }
        Some(())
    }

    /// Divides a number of units by known parts. The quotient and the rest by their sum are divided
    /// apart, so that nothing leaves the width of the whole.
    pub(super) fn divide(&mut self, divide: &Divide) -> Option<()> {
        let whole = self.slot(divide.whole);
        let (quotient, rest) = whole.size()?.divided(W::of(divide.sum.into())?)?;
        let (rest, sum) = (u64::try_from(rest.wide()?).ok()?, divide.sum.unsigned_abs());
        let mut missing = rest;
        self.work.rests.clear();
        for (part, to) in &divide.parts {
            let (more, fraction) = divided(rest.checked_mul(part.unsigned_abs())?, sum)?;
            missing = missing.checked_sub(more)?;
            self.work.rests.push(fraction);
            let units = quotient.times(W::of((*part).into())?)?.plus(W::of(more.into())?)?;
            self.put(*to, units);
        }
        self.residue += missing;
        for _ in 0..missing {
            // Of equal fractions the first; each gets one unit at most, since there are as many.
            let rests = self.work.rests.iter().enumerate();
            let (place, _) = match divide.by {
                WayOfSettling::InOrder => rests.clone().find(|(_, rest)| **rest != TAKEN)?,
                WayOfSettling::LargestRemainder => rests
                    .filter(|(_, rest)| **rest != TAKEN)
                    .rev()
                    .max_by_key(|(_, rest)| **rest)?,
            };
            *self.work.rests.get_mut(place)? = TAKEN;
            let to = divide.parts.get(place)?.1;
            let units = self.slot(to).plus(W::ONE)?;
            self.put(to, units);
        }
        if whole < W::ZERO {
            for (_, to) in &divide.parts {
                let units = self.slot(*to).negated()?;
                self.put(*to, units);
            }
        }
        Some(())
    }
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
