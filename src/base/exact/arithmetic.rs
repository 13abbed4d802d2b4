//! Adding, multiplying, dividing and comparing.
//!
//! Each operation first tries the 128-bit form with checked arithmetic, and
//! calculates again in the wide form if any step of that overflows. The small
//! forms are those of Knuth: they divide by common factors *before* multiplying,
//! so that intermediate values stay small, and they look for no common factor
//! where there cannot be one. Integers therefore never meet `gcd`.
//!
//! # Source
//! Donald E. Knuth, *The Art of Computer Programming*, vol. 2, 4.5.1 (fractions)
//! and 4.5.2, algorithm B (the binary gcd).

use std::cmp::Ordering;

use dashu_int::IBig;
use dashu_int::ops::DivRemEuclid;
use dashu_ratio::RBig;

use super::{Exact, Repr};
use crate::base::{ExactError, Rounding};

impl Exact {
    /// Adds.
    ///
    /// # Errors
    /// [`ExactError::TooWide`] if the sum exceeds the limit of bits.
    #[inline]
    pub fn add(&self, other: &Exact) -> Result<Exact, ExactError> {
        if let (Repr::Small { num: a, den: b }, Repr::Small { num: c, den: d }) =
            (&self.0, &other.0)
            && let Some(sum) = add_small(*a, *b, *c, *d)
        {
            return Ok(sum);
        }
        widely(self, other, |left, right| left + right)
    }

    /// Subtracts.
    ///
    /// # Errors
    /// [`ExactError::TooWide`] if the difference exceeds the limit of bits.
    #[inline]
    pub fn sub(&self, other: &Exact) -> Result<Exact, ExactError> {
        if let (Repr::Small { num: a, den: b }, Repr::Small { num: c, den: d }) =
            (&self.0, &other.0)
            && let Some(c) = c.checked_neg()
            && let Some(difference) = add_small(*a, *b, c, *d)
        {
            return Ok(difference);
        }
        widely(self, other, |left, right| left - right)
    }

    /// Multiplies.
    ///
    /// # Errors
    /// [`ExactError::TooWide`] if the product exceeds the limit of bits.
    #[inline]
    pub fn mul(&self, other: &Exact) -> Result<Exact, ExactError> {
        if let (Repr::Small { num: a, den: b }, Repr::Small { num: c, den: d }) =
            (&self.0, &other.0)
            && let Some(product) = mul_small(*a, *b, *c, *d)
        {
            return Ok(product);
        }
        widely(self, other, |left, right| left * right)
    }

    /// Divides.
    ///
    /// # Errors
    /// [`ExactError::DivisionByZero`] if `other` is zero, [`ExactError::TooWide`]
    /// if the quotient exceeds the limit of bits.
    #[inline]
    pub fn div(&self, other: &Exact) -> Result<Exact, ExactError> {
        if other.is_zero() {
            return Err(ExactError::DivisionByZero);
        }
        if let (Repr::Small { num: a, den: b }, Repr::Small { num: c, den: d }) =
            (&self.0, &other.0)
            && let Some(quotient) = div_small(*a, *b, *c, *d)
        {
            return Ok(quotient);
        }
        widely(self, other, |left, right| left / right)
    }

    /// Gives the value with the opposite sign.
    pub fn neg(&self) -> Exact {
        if let Repr::Small { num, den } = &self.0
            && let Some(num) = num.checked_neg()
        {
            return Exact::small(num, *den);
        }
        Exact::narrow(-self.to_wide())
    }

    /// Gives the value without its sign.
    pub fn abs(&self) -> Exact {
        if self.is_negative() { self.neg() } else { self.clone() }
    }

    /// Gives the greatest integer that is not more than this.
    ///
    /// # Example: a refund goes down, not toward zero
    /// ```
    /// use fenshui::base::Exact;
    ///
    /// let refund = Exact::parse_decimal("-33.3").unwrap();
    /// assert_eq!(refund.floor(), Exact::from_int(-34));
    /// ```
    pub fn floor(&self) -> Exact {
        self.rounded_to_integer(Rounding::Floor)
    }

    /// Gives one of the two integers beside this, or the integer it is.
    pub(in crate::base) fn rounded_to_integer(&self, rounding: Rounding) -> Exact {
        match &self.0 {
            Repr::Small { den: 1, .. } => self.clone(),
            Repr::Small { num, den } => {
                let (below, rest) = floor_and_rest(*num, *den);
                // `rest < den`, so neither side of this comparison can overflow.
                let half = rest.cmp(&(den - rest));
                let up = rounding.takes_upper(half, *num < 0, below % 2 != 0);
                // `den >= 2` keeps `below` half way from the ends of `i128`.
                Exact::from_int(if up { below + 1 } else { below })
            }
            Repr::Wide(wide) if wide.is_int() => self.clone(),
            Repr::Wide(wide) => {
                let (num, den) = (wide.numerator(), wide.denominator());
                let (below, rest) = num.div_rem_euclid(IBig::from(den.clone()));
                let half = (&rest + &rest).cmp(den);
                let odd = !below.is_zero() && below.trailing_zeros() == Some(0);
                let up = rounding.takes_upper(half, *num < IBig::ZERO, odd);
                let whole = if up { below + IBig::ONE } else { below };
                Exact::narrow(RBig::from(whole))
            }
        }
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Repr::Small { num: a, den: b }, Repr::Small { num: c, den: d }) =
            (&self.0, &other.0)
        {
            if b == d {
                return a.cmp(c);
            }
            if let (Some(left), Some(right)) = (a.checked_mul(*d), c.checked_mul(*b)) {
                return left.cmp(&right);
            }
        }
        let ((a, b), (c, d)) = (self.to_wide().into_parts(), other.to_wide().into_parts());
        (a * d).cmp(&(c * b))
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Calculates in the wide form. Kept out of line, so that the four operations are
/// small enough to be inlined where they are called.
#[cold]
#[inline(never)]
fn widely(
    left: &Exact,
    right: &Exact,
    operation: fn(RBig, RBig) -> RBig,
) -> Result<Exact, ExactError> {
    Exact::from_wide(operation(left.to_wide(), right.to_wide()))
}

/// `a/b + c/d`; `None` if a step overflows.
#[inline]
fn add_small(a: i128, b: i128, c: i128, d: i128) -> Option<Exact> {
    if b == 1 && d == 1 {
        return a.checked_add(c).map(Exact::from_int);
    }
    add_fractions(a, b, c, d)
}

fn add_fractions(a: i128, b: i128, c: i128, d: i128) -> Option<Exact> {
    if b == d {
        let num = a.checked_add(c)?;
        return reduced(num, b);
    }
    // One side is an integer: the other is in lowest terms, so the sum is too.
    if b == 1 {
        return Some(Exact::small(a.checked_mul(d)?.checked_add(c)?, d));
    }
    if d == 1 {
        return Some(Exact::small(c.checked_mul(b)?.checked_add(a)?, b));
    }
    let common = gcd(b, d)?;
    let (b_rest, d_rest) = (quotient(b, common), quotient(d, common));
    let num = a.checked_mul(d_rest)?.checked_add(c.checked_mul(b_rest)?)?;
    // What the sum can still share with `b d / common`, it shares with `common`.
    let again = if common == 1 { 1 } else { gcd(num, common)? };
    Some(Exact::small(quotient(num, again), b_rest.checked_mul(quotient(d, again))?))
}

/// `a/b * c/d`; `None` if a step overflows.
#[inline]
fn mul_small(a: i128, b: i128, c: i128, d: i128) -> Option<Exact> {
    if b == 1 && d == 1 {
        return a.checked_mul(c).map(Exact::from_int);
    }
    mul_fractions(a, b, c, d)
}

fn mul_fractions(a: i128, b: i128, c: i128, d: i128) -> Option<Exact> {
    // Zero has no lowest terms of its own to keep.
    if a == 0 || c == 0 {
        return Some(Exact::ZERO);
    }
    let (a, d) = lowest_terms(a, d)?;
    let (c, b) = lowest_terms(c, b)?;
    Some(Exact::small(a.checked_mul(c)?, b.checked_mul(d)?))
}

/// `a/b / (c/d)` for `c` other than zero; `None` if a step overflows.
#[inline]
fn div_small(a: i128, b: i128, c: i128, d: i128) -> Option<Exact> {
    if c < 0 { mul_small(a, b, d.checked_neg()?, c.checked_neg()?) } else { mul_small(a, b, d, c) }
}

/// `num/den` for `den > 0`, in lowest terms.
#[inline]
pub(super) fn reduced(num: i128, den: i128) -> Option<Exact> {
    let (num, den) = lowest_terms(num, den)?;
    Some(Exact::small(num, den))
}

#[inline]
fn lowest_terms(num: i128, den: i128) -> Option<(i128, i128)> {
    if den == 1 {
        return Some((num, den));
    }
    let common = gcd(num, den)?;
    Some((quotient(num, common), quotient(den, common)))
}

/// The greatest common divisor of `num` and `den > 0`. It divides `den`, so it
/// always fits; `None` only says so to the compiler.
#[inline]
fn gcd(num: i128, den: i128) -> Option<i128> {
    let (mut larger, mut smaller) = (num.unsigned_abs(), den.unsigned_abs());
    // One division makes the numerator as small as the denominator, which is
    // nearly always a modest power of ten; words finish what is left.
    while smaller != 0 {
        (larger, smaller) = (smaller, remainder(larger, smaller));
        if let (Ok(larger), Ok(smaller)) = (u64::try_from(larger), u64::try_from(smaller)) {
            return Some(i128::from(gcd_of_words(larger, smaller)));
        }
    }
    i128::try_from(larger).ok()
}

/// `number / divisor` for `divisor > 0`, in 64 bits where that is enough: several
/// times faster.
#[inline]
fn quotient(number: i128, divisor: i128) -> i128 {
    match (i64::try_from(number), i64::try_from(divisor)) {
        _ if divisor == 1 => number,
        (Ok(number), Ok(divisor)) => i128::from(number / divisor),
        _ => number / divisor,
    }
}

/// The greatest integer not above `num/den`, and what is left, in the same manner.
#[inline]
fn floor_and_rest(num: i128, den: i128) -> (i128, i128) {
    match (i64::try_from(num), i64::try_from(den)) {
        (Ok(num), Ok(den)) => (num.div_euclid(den).into(), num.rem_euclid(den).into()),
        _ => (num.div_euclid(den), num.rem_euclid(den)),
    }
}

/// `larger % smaller`, in the same manner.
#[inline]
fn remainder(larger: u128, smaller: u128) -> u128 {
    match (u64::try_from(larger), u64::try_from(smaller)) {
        (Ok(larger), Ok(smaller)) => u128::from(larger % smaller),
        _ => larger % smaller,
    }
}

#[inline]
fn gcd_of_words(mut a: u64, mut b: u64) -> u64 {
    if a == 0 || b == 0 {
        return a | b;
    }
    let twos = (a | b).trailing_zeros();
    a >>= a.trailing_zeros();
    loop {
        b >>= b.trailing_zeros();
        if a > b {
            (a, b) = (b, a);
        }
        b -= a;
        if b == 0 {
            return a << twos;
        }
    }
}
