//! Shares made whole over a common denominator that was known when the rules were compiled.

use crate::plan::{Settle, Slot, WayOfSettling};

use super::Event;

/// Numerators up to here can be added, turned and divided without a thought of overflow.
const NUMERATOR_MAX: i128 = 1 << 120;

impl Event<'_> {
    /// Settles, as [`crate::engine`] does everywhere: each share rounded down (mirrored where the
    /// whole is negative), the units missing one each by the way of giving.
    pub(super) fn settle(&mut self, settle: &Settle) -> Option<()> {
        let mut whole = self.total_of(&settle.plus)?;
        whole = whole.checked_sub(self.total_of(&settle.minus)?)?;
        let mirrored = whole < 0;
        let (mut sum, mut missing) = (0_i128, whole.checked_abs()?);
        self.work.fractions.clear();
        for (leaf, (share, by, to)) in settle.shares.iter().enumerate() {
            let numerator = self.slot(*share).checked_mul(*by)?;
            if !(-NUMERATOR_MAX..=NUMERATOR_MAX).contains(&numerator) {
                return None;
            }
            sum = sum.checked_add(numerator)?;
            let numerator = if mirrored { -numerator } else { numerator };
            let (units, rest) = divided(numerator, settle.den);
            missing = missing.checked_sub(units)?;
            self.put(*to, units);
            if numerator != 0 {
                self.work.fractions.push((rest, leaf));
            }
        }
        // The legs of a division give what there was, always; what does not is for the evaluator to say.
        if sum != whole.checked_mul(settle.den)? {
            return None;
        }
        self.give(settle, missing)?;
        for (_, _, to) in settle.shares.iter().filter(|_| mirrored) {
            let units = self.slot(*to);
            self.put(*to, -units);
        }
        Some(())
    }

    fn total_of(&self, slots: &[Slot]) -> Option<i128> {
        slots.iter().try_fold(0_i128, |sum, slot| sum.checked_add(self.slot(*slot)))
    }

    fn give(&mut self, settle: &Settle, missing: i128) -> Option<()> {
        let missing = usize::try_from(missing).ok()?;
        let count = self.work.fractions.len();
        if missing > count {
            return None;
        }
        self.work.residue += u64::try_from(missing).ok()?;
        match settle.by {
            WayOfSettling::InOrder => {
                for place in 0..missing {
                    self.one_more(settle, place)?;
                }
            }
            WayOfSettling::LargestRemainder => {
                for _ in 0..missing {
                    // Of equal fractions the first: there are never many.
                    let fractions = self.work.fractions.iter().enumerate();
                    let best = fractions.rev().max_by_key(|(_, (rest, _))| *rest);
                    let place = best.map(|(place, _)| place)?;
                    self.one_more(settle, place)?;
                    self.work.fractions.get_mut(place)?.0 = -1;
                }
            }
        }
        Some(())
    }

    fn one_more(&mut self, settle: &Settle, place: usize) -> Option<()> {
        let leaf = self.work.fractions.get(place)?.1;
        let (_, _, to) = settle.shares.get(leaf)?;
        let units = self.slot(*to);
        self.put(*to, units + 1);
        Some(())
    }
}

/// Quotient and remainder, toward less; the denominator is above zero.
#[inline]
fn divided(numerator: i128, den: i128) -> (i128, i128) {
    match (i64::try_from(numerator), i64::try_from(den)) {
        // Several times as fast where it fits, as fen nearly always do.
        (Ok(numerator), Ok(den)) => {
            (i128::from(numerator.div_euclid(den)), i128::from(numerator.rem_euclid(den)))
        }
        _ => (numerator.div_euclid(den), numerator.rem_euclid(den)),
    }
}
