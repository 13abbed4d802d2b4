//! Whole numbers of the width an event needs.
//!
//! An event is first worked out in 64 bits, which nearly all fit and which cost a fraction, in 128
//! where one number does not, and where rows have shares, whose denominators are sums of the event's
//! own numbers and products of such, in 256. Every operation is checked: too narrow is never wrong.

use ethnum::I256;

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
fn widest_times(one: I256, two: I256) -> Option<I256> {
    if let (Ok(one), Ok(two)) = (i128::try_from(one), i128::try_from(two)) {
        if let (Ok(one), Ok(two)) = (i64::try_from(one), i64::try_from(two)) {
            return i128::from(one).checked_mul(i128::from(two)).map(I256::from);
        }
        if let Some(product) = one.checked_mul(two) {
            return Some(I256::from(product));
        }
    }
    one.checked_mul(two)
}

fn narrow_divided(value: i64, by: i64) -> Option<(i64, i64)> {
    let down = value.checked_div_euclid(by)?;
    Some((down, value.wrapping_sub(down.wrapping_mul(by))))
}

/// Half the width is a good deal quicker where it is enough.
fn wide_divided(value: i128, by: i128) -> Option<(i128, i128)> {
    if let (Ok(value), Ok(by)) = (i64::try_from(value), i64::try_from(by)) {
        return narrow_divided(value, by).map(|(down, rest)| (down.into(), rest.into()));
    }
    let down = value.checked_div_euclid(by)?;
    Some((down, value.wrapping_sub(down.wrapping_mul(by))))
}

fn widest_divided(value: I256, by: I256) -> Option<(I256, I256)> {
    if let (Ok(value), Ok(by)) = (i128::try_from(value), i128::try_from(by)) {
        return wide_divided(value, by).map(|(down, rest)| (down.into(), rest.into()));
    }
    let down = value.checked_div_euclid(by)?;
    Some((down, value.wrapping_sub(down.wrapping_mul(by))))
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
                i64::try_from(self).ok()
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
    |value| i128::try_from(value).ok(),
    widest_times,
    widest_divided
);
