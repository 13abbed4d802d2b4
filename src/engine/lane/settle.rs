//! Shares made whole over a common denominator that was known when the rules were compiled.

use crate::plan::{Settle, Slot, WayOfSettling};

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

    fn total_of(&self, slots: &[Slot]) -> Option<W> {
        slots.iter().try_fold(W::ZERO, |sum, slot| sum.plus(self.slot(*slot)))
    }

    fn give(&mut self, settle: &Settle, missing: W) -> Option<()> {
        let missing = usize::try_from(missing.wide()).ok()?;
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
}
