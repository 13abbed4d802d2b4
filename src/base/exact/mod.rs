//! Exact rationals, the numbers of every calculation.
//!
//! A value is a fraction in lowest terms with a positive denominator. While both
//! halves fit `i128` it lives in place and costs a few nanoseconds an operation
//! (`arithmetic`); when one does not, the value moves to a [`RBig`] on the heap
//! and comes back as soon as it fits again. Which of the two it is can never be
//! told from outside: every value has one form, so equality and hashing look at
//! the form alone.
//!
//! `arithmetic` calculates and compares, `text` reads and writes decimals;
//! rounding is asked for by name and lives in [`crate::base::Rounding`]'s file.

mod arithmetic;
mod text;

#[cfg(test)]
mod tests;

use dashu_int::ops::BitTest;
use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

use super::ExactError;

/// How many bits the numerator and the denominator of an [`Exact`] may have each.
///
/// Amounts and rates need a few dozen. The limit keeps a rule that multiplies
/// fractions without end from taking the machine with it.
pub const EXACT_BITS_MAX: usize = 4096;

/// An exact rational number: amounts, rates and everything computed from them.
///
/// No operation rounds. One that has no answer, or an answer wider than
/// [`EXACT_BITS_MAX`], gives an [`ExactError`] instead. Equal values are equal,
/// hash alike and print alike, however they were made.
///
/// # Example: a third of a refund
/// ```
/// use fenshui::base::{Exact, Rounding};
///
/// let refund = Exact::parse_decimal("-100.00").unwrap();
/// let third = refund.mul(&Exact::from_ratio(1, 3)?)?;
/// assert_eq!(third.to_string(), "-100/3");
/// assert_eq!(third.mul(&Exact::from_int(3))?, refund);
///
/// let fen = Exact::parse_decimal("0.01").unwrap();
/// assert_eq!(third.rounded(Rounding::HalfUp, &fen)?.to_string(), "-33.33");
/// # Ok::<(), fenshui::base::ExactError>(())
/// ```
///
/// # Example: wider than 128 bits and back
/// ```
/// use fenshui::base::Exact;
///
/// let wide = Exact::from_int(i128::MAX).add(&Exact::ONE)?;
/// assert_eq!(wide.to_int(), None);
/// assert_eq!(wide.sub(&Exact::ONE)?.to_int(), Some(i128::MAX));
/// # Ok::<(), fenshui::base::ExactError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Exact(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    /// INVARIANT: `den > 0`, and `num` and `den` have no common factor.
    Small { num: i128, den: i128 },
    /// INVARIANT: in lowest terms, and one of its halves does not fit `i128`.
    Wide(Box<RBig>),
}

impl Exact {
    /// Zero.
    pub const ZERO: Exact = Exact::from_int(0);
    /// One.
    pub const ONE: Exact = Exact::from_int(1);

    /// Makes an integer.
    #[inline]
    pub const fn from_int(value: i128) -> Exact {
        Exact(Repr::Small { num: value, den: 1 })
    }

    /// Makes the fraction `num / den`, in lowest terms.
    ///
    /// # Errors
    /// [`ExactError::DivisionByZero`] if `den` is zero.
    pub fn from_ratio(num: i128, den: i128) -> Result<Exact, ExactError> {
        Exact::from_int(num).div(&Exact::from_int(den))
    }

    /// Makes `mantissa / 10^scale`, in lowest terms.
    ///
    /// # Example: 12 yuan 50, counted in fen
    /// ```
    /// use fenshui::base::Exact;
    ///
    /// assert_eq!(Exact::from_scaled(1250, 2).to_string(), "12.5");
    /// ```
    pub fn from_scaled(mantissa: i128, scale: u8) -> Exact {
        if scale == 0 {
            return Exact::from_int(mantissa);
        }
        match power_of_ten(scale).and_then(|den| arithmetic::reduced(mantissa, den)) {
            Some(exact) => exact,
            // 10^255 has 848 bits: far below the limit, so this needs no `Result`.
            None => Exact::narrow(RBig::from_parts(
                IBig::from(mantissa),
                UBig::from(10_u8).pow(usize::from(scale)),
            )),
        }
    }

    /// Tells whether this is zero.
    #[inline]
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Small { num: 0, .. })
    }

    /// Tells whether this is less than zero.
    #[inline]
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Small { num, .. } => *num < 0,
            Repr::Wide(wide) => *wide.numerator() < IBig::ZERO,
        }
    }

    /// Tells whether this is more than zero.
    #[inline]
    pub fn is_positive(&self) -> bool {
        match &self.0 {
            Repr::Small { num, .. } => *num > 0,
            Repr::Wide(wide) => *wide.numerator() > IBig::ZERO,
        }
    }

    /// Tells whether this is a whole number.
    #[inline]
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Small { den, .. } => *den == 1,
            Repr::Wide(wide) => wide.is_int(),
        }
    }

    /// Gives the integer this is, if it is one and fits `i128`.
    #[inline]
    pub fn to_int(&self) -> Option<i128> {
        match self.0 {
            Repr::Small { num, den: 1 } => Some(num),
            Repr::Small { .. } | Repr::Wide(_) => None,
        }
    }

    /// Gives numerator and denominator in lowest terms, if both fit `i128`; the
    /// denominator is positive.
    #[inline]
    pub fn to_ratio(&self) -> Option<(i128, i128)> {
        match self.0 {
            Repr::Small { num, den } => Some((num, den)),
            Repr::Wide(_) => None,
        }
    }

    /// Gives how many parts of 1/2^`bits` it has, cut off toward zero.
    ///
    /// # Errors
    /// There are more than 128 bits hold.
    pub fn cut_off(&self, bits: u8) -> Result<i128, ExactError> {
        if let Repr::Small { num, den } = &self.0
            && let (whole, part) = (num / den, num % den)
            && part.unsigned_abs().leading_zeros() > u32::from(bits)
            && let Some(unit) = 1_i128.checked_shl(bits.into())
            && let Some(whole) = whole.checked_mul(unit)
        {
            return whole.checked_add((part << bits) / den).ok_or(ExactError::TooWide);
        }
        let wide = self.to_wide();
        let parts =
            (wide.numerator() << usize::from(bits)) / IBig::from(wide.denominator().clone());
        i128::try_from(parts).map_err(|_| ExactError::TooWide)
    }

    /// The caller vouches for the invariant of [`Repr::Small`].
    #[inline]
    const fn small(num: i128, den: i128) -> Exact {
        Exact(Repr::Small { num, den })
    }

    /// The same value in the wide form, whichever form it has.
    fn to_wide(&self) -> RBig {
        match &self.0 {
            Repr::Small { num, den } => {
                RBig::from_parts(IBig::from(*num), UBig::from(den.unsigned_abs()))
            }
            Repr::Wide(wide) => RBig::clone(wide),
        }
    }

    /// The one form of a value that is known to be within the limit.
    fn narrow(wide: RBig) -> Exact {
        match (i128::try_from(wide.numerator()), i128::try_from(wide.denominator())) {
            (Ok(num), Ok(den)) => Exact::small(num, den),
            _ => Exact(Repr::Wide(Box::new(wide))),
        }
    }

    /// The one form of a value that may be too wide.
    fn from_wide(wide: RBig) -> Result<Exact, ExactError> {
        let bits = wide.numerator().bit_len().max(wide.denominator().bit_len());
        if bits > EXACT_BITS_MAX {
            return Err(ExactError::TooWide);
        }
        Ok(Exact::narrow(wide))
    }
}

impl Default for Exact {
    fn default() -> Self {
        Exact::ZERO
    }
}

impl From<i128> for Exact {
    fn from(value: i128) -> Self {
        Exact::from_int(value)
    }
}

impl From<i64> for Exact {
    fn from(value: i64) -> Self {
        Exact::from_int(i128::from(value))
    }
}

/// `10^scale`, where `i128` holds it: up to 38.
#[inline]
pub(super) fn power_of_ten(scale: u8) -> Option<i128> {
    POWERS_OF_TEN.get(usize::from(scale)).copied()
}

/// `POWERS_OF_TEN[n]` is `10^n`, as far as `i128` goes.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it, and would refuse")]
const POWERS_OF_TEN: [i128; 39] = {
    let mut powers = [1; 39];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};
