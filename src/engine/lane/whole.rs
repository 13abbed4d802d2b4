//! Whole numbers of the width an event needs.
//!
//! An event is first worked out in 64 bits, which nearly all fit and which cost a fraction, and in
//! 128 where one number does not. Every operation is checked: too narrow is never wrong.

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
    /// The number in 128 bits.
    fn wide(self) -> i128;
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

macro_rules! whole {
    ($type:ty, $of:expr, $wide:expr) => {
        impl Whole for $type {
            const ZERO: Self = 0;
            const ONE: Self = 1;

            #[inline]
            fn narrow(value: i64) -> Self {
                value.into()
            }

            #[inline]
            fn of(value: i128) -> Option<Self> {
                $of(value)
            }

            #[inline]
            fn wide(self) -> i128 {
                $wide(self)
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
                self.checked_mul(other)
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
                Some((self.checked_div_euclid(by)?, self.checked_rem_euclid(by)?))
            }
        }
    };
}

whole!(i64, |value| i64::try_from(value).ok(), i128::from);
whole!(i128, Some, |value| value);
