//! Whole numbers of the width an event needs.
//!
//! An event is first worked out in 64 bits, which nearly all fit and which cost a fraction, in 128
//! where one number does not, and where rows have shares, whose denominators are sums of the event's
//! own numbers and products of such, in 256. Every operation is checked: too narrow is never wrong.

use ethnum::{I256, U256};

/// A whole number of some width.
pub(super) trait Whole: Copy + Ord {
    /// Nothing.
    const ZERO: Self;
    /// A unit.
    const ONE: Self;

    /// A number of 64 bits.
    fn narrow(value: i64) -> Self;
    /// The number, if it fits.
    fn of(value: i128) -> Option<Self>;
    /// The number in 128 bits, if it fits.
    fn wide(self) -> Option<i128>;
    /// The number in 64 bits, if it fits.
    fn small(self) -> Option<i64>;
    /// Whether it is odd.
    fn is_odd(self) -> bool;
    /// Sum, if it fits.
    fn plus(self, other: Self) -> Option<Self>;
    /// Difference, if it fits.
    fn minus(self, other: Self) -> Option<Self>;
    /// Product, if it fits.
    fn times(self, other: Self) -> Option<Self>;
    /// The other sign, if it fits.
    fn negated(self) -> Option<Self>;
    /// Without sign, if it fits.
    fn size(self) -> Option<Self>;
    /// Quotient and remainder, toward less; nothing for a divisor of zero.
    fn divided(self, by: Self) -> Option<(Self, Self)>;
}

/// Most numbers of an event that needs 256 bits somewhere need half of them, or a quarter.
#[inline]
fn widest_times(one: I256, two: I256) -> Option<I256> {
    let ((high, low), (other_high, other_low)) = (one.into_words(), two.into_words());
    // Whether all above the lower 64 bits is the sign.
    let short = |high: i128, low: i128| high == low >> 127 && high == low >> 63;
    if short(high, low) && short(other_high, other_low) {
        let product = low.wrapping_mul(other_low);
        return Some(I256::from_words(product >> 127, product));
    }
    long_times(one, two)
}

fn long_times(one: I256, two: I256) -> Option<I256> {
    let ((high, low), (other_high, other_low)) =
        (one.unsigned_abs().into_words(), two.unsigned_abs().into_words());
    let crossed = match (high, other_high) {
        (0, 0) => 0,
        (high, 0) => high.checked_mul(other_low)?,
        (0, high) => high.checked_mul(low)?,
        // Either has more than half of the bits.
        _ => return None,
    };
    let (more, low) = in_full(low, other_low);
    // The greatest bit is the sign's.
    let high = crossed.checked_add(more).filter(|high| high >> 127 == 0)?;
    let size = U256::from_words(high, low).as_i256();
    Some(if one.is_negative() == two.is_negative() { size } else { size.wrapping_neg() })
}

/// The product of two numbers of 128 bits: its upper and its lower half.
fn in_full(one: u128, two: u128) -> (u128, u128) {
    const MASK: u128 = (1 << 64) - 1;
    let ((a, b), (c, d)) = ((one >> 64, one & MASK), (two >> 64, two & MASK));
    // Numbers of 64 bits each: no product has more than 128, nor has what is carried.
    let (outer, inner, low) = (a.wrapping_mul(d), b.wrapping_mul(c), b.wrapping_mul(d));
    let carried = (low >> 64).wrapping_add(outer & MASK).wrapping_add(inner & MASK);
    let high = a.wrapping_mul(c).wrapping_add(outer >> 64).wrapping_add(inner >> 64);
    (high.wrapping_add(carried >> 64), carried << 64 | (low & MASK))
}

fn narrow_divided(value: i64, by: i64) -> Option<(i64, i64)> {
    let down = value.checked_div_euclid(by)?;
    Some((down, value.wrapping_sub(down.wrapping_mul(by))))
}

/// What units are beyond a share, a numerator over a denominator: a numerator as well. Nearly always
/// half the width of an event is enough for that.
#[inline]
pub(super) fn beyond<W: Whole>(units: W, den: W, share: W) -> Option<i128> {
    if let (Some(units), Some(den), Some(share)) = (units.small(), den.small(), share.wide()) {
        return i128::from(units).wrapping_mul(den.into()).checked_sub(share);
    }
    units.times(den)?.minus(share)?.wide()
}

/// Half the width is a good deal quicker where it is enough.
fn wide_divided(value: i128, by: i128) -> Option<(i128, i128)> {
    if let (Ok(value), Ok(by)) = (i64::try_from(value), i64::try_from(by)) {
        return narrow_divided(value, by).map(|(down, rest)| (down.into(), rest.into()));
    }
    // One division: that of a remainder costs as much.
    let down = value.checked_div(by)?;
    let rest = value.wrapping_sub(down.wrapping_mul(by));
    match (rest < 0, by < 0) {
        (false, _) => Some((down, rest)),
        (true, false) => Some((down.wrapping_sub(1), rest.wrapping_add(by))),
        (true, true) => Some((down.wrapping_add(1), rest.wrapping_sub(by))),
    }
}

fn widest_divided(value: I256, by: I256) -> Option<(I256, I256)> {
    if let (Some(value), Some(by)) = (widest_wide(value), widest_wide(by)) {
        return wide_divided(value, by).map(|(down, rest)| (down.into(), rest.into()));
    }
    if !value.is_negative()
        && by.is_positive()
        && let Some((down, rest)) = shortly_divided(value.as_u256(), by.as_u256())
    {
        return Some((down.into(), rest.as_i256()));
    }
    let down = value.checked_div_euclid(by)?;
    Some((down, value.wrapping_sub(down.wrapping_mul(by))))
}

/// Quotient and remainder where the quotient has less than 63 bits, as that of an amount has: tried
/// with the first 64 bits of the divisor, and set right (D. E. Knuth, *The Art of Computer
/// Programming*, vol. 2, 4.3.1, theorem B).
fn shortly_divided(value: U256, by: U256) -> Option<(i64, U256)> {
    let bits = |value: U256| 256 - value.leading_zeros();
    let (width, shift) = (bits(by), bits(by).checked_sub(64)?);
    // The least divisor of this width goes into the greatest value less than 2^63 times, and what is
    // tried times the divisor has room.
    if bits(value) > width + 61 || width > 190 {
        return None;
    }
    let (front, first) = ((value >> shift).as_u128(), (by >> shift).as_u128());
    let mut quotient = front.checked_div(first)?;
    let mut product = by.wrapping_mul(U256::from(quotient));
    while product > value {
        (quotient, product) = (quotient.wrapping_sub(1), product.wrapping_sub(by));
    }
    Some((i64::try_from(quotient).ok()?, value.wrapping_sub(product)))
}

/// A number in half the width, if all above is the sign.
#[inline]
fn widest_wide(value: I256) -> Option<i128> {
    let (high, low) = value.into_words();
    (high == low >> 127).then_some(low)
}

macro_rules! whole {
    ($type:ty, $zero:expr, $one:expr, $of:expr, $wide:expr, $times:expr, $divided:expr) => {
        impl Whole for $type {
            const ZERO: Self = $zero;
            const ONE: Self = $one;

            #[inline]
            fn narrow(value: i64) -> Self {
                value.into()
            }

            #[inline]
            fn of(value: i128) -> Option<Self> {
                $of(value)
            }

            #[inline]
            fn wide(self) -> Option<i128> {
                $wide(self)
            }

            #[inline]
            fn small(self) -> Option<i64> {
                i64::try_from(self.wide()?).ok()
            }

            #[inline]
            fn is_odd(self) -> bool {
                self & Self::ONE == Self::ONE
            }

            #[inline]
            fn plus(self, other: Self) -> Option<Self> {
                self.checked_add(other)
            }

            #[inline]
            fn minus(self, other: Self) -> Option<Self> {
                self.checked_sub(other)
            }

            #[inline]
            fn times(self, other: Self) -> Option<Self> {
                $times(self, other)
            }

            #[inline]
            fn negated(self) -> Option<Self> {
                self.checked_neg()
            }

            #[inline]
            fn size(self) -> Option<Self> {
                self.checked_abs()
            }

            #[inline]
            fn divided(self, by: Self) -> Option<(Self, Self)> {
                $divided(self, by)
            }
        }
    };
}

whole!(
    i64,
    0,
    1,
    |value| i64::try_from(value).ok(),
    |value| Some(i128::from(value)),
    i64::checked_mul,
    narrow_divided
);
whole!(i128, 0, 1, Some, Some, i128::checked_mul, wide_divided);
whole!(
    I256,
    I256::ZERO,
    I256::ONE,
    |value| Some(I256::from(value)),
    widest_wide,
    widest_times,
    widest_divided
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers of any width: few of those drawn evenly would be short.
    fn any() -> impl Strategy<Value = I256> {
        (prop::num::i128::ANY, prop::num::i128::ANY, 0..=255_u32)
            .prop_map(|(high, low, by)| I256::from_words(high, low) >> by)
    }

    proptest! {
        #[test]
        fn products_are_exact(one in any(), two in any()) {
            let made = widest_times(one, two);
            // The least number of all is left out: it is too wide for nobody.
            let exact = one.checked_mul(two).filter(|it| *it != I256::MIN);
            prop_assert_eq!(made, exact);
        }

        #[test]
        fn quotients_are_exact(value in any(), by in any()) {
            let exact = value.checked_div_euclid(by).zip(value.checked_rem_euclid(by));
            let toward_less = exact.filter(|_| by > I256::ZERO);
            let made = widest_divided(value, by).filter(|_| by > I256::ZERO);
            prop_assert_eq!(made, toward_less);
        }

        #[test]
        fn quotients_in_half_the_width_are_exact(value in any(), by in any(), less in 0..200_u32) {
            let (value, by) = ((value >> 128_u32).as_i128(), (by >> 128_u32).as_i128() >> less.min(127));
            let exact = value.checked_div_euclid(by).zip(value.checked_rem_euclid(by));
            prop_assert_eq!(wide_divided(value, by), exact);
        }

        #[test]
        fn what_is_beyond_a_share_is_exact(units in any(), den in any(), share in any()) {
            let exact = units.checked_mul(den).and_then(|it| it.checked_sub(share));
            let exact = exact.and_then(|it| i128::try_from(it).ok());
            // Numbers whose product has more than 256 bits are left out.
            if units.checked_mul(den).is_some_and(|it| it != I256::MIN) {
                prop_assert_eq!(beyond(units, den, share), exact);
            }
        }

        #[test]
        fn quotients_of_amounts_are_exact(down in 0..i64::MAX >> 1, by in any(), less in any()) {
            let by = by.wrapping_abs().max(I256::ONE);
            let rest = less.wrapping_abs().checked_rem(by).unwrap_or(I256::ZERO);
            if let Some(value) = I256::from(down).checked_mul(by).and_then(|it| it.checked_add(rest)) {
                prop_assert_eq!(widest_divided(value, by), Some((I256::from(down), rest)));
            }
        }
    }
}
