//! Decimals in and out: text, and `rust_decimal` at the border.

use std::fmt;

use dashu_int::ops::UnsignedAbs;
use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;
use rust_decimal::Decimal;

use super::{EXACT_BITS_MAX, Exact, Repr, power_of_ten};

impl Exact {
    /// Reads a decimal: an optional sign, digits, and optionally a point and
    /// more digits.
    ///
    /// Any number of digits is read without loss. `None` is given for every other
    /// spelling (`5.`, `.5`, `1e3`, `1_000`, spaces, digits that are not ASCII),
    /// and for a value that exceeds [`EXACT_BITS_MAX`].
    ///
    /// # Example: longer than any machine word
    /// ```
    /// use fenshui::base::Exact;
    ///
    /// let text = "-123456789012345678901234567890123456789012345678.5";
    /// assert_eq!(Exact::parse_decimal(text).unwrap().to_string(), text);
    /// assert_eq!(Exact::parse_decimal("5."), None);
    /// ```
    pub fn parse_decimal(text: &str) -> Option<Exact> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return None,
            Some((whole, fraction)) => (whole, fraction),
            None => (unsigned, ""),
        };
        if whole.is_empty() || !digits_only(whole) || !digits_only(fraction) {
            return None;
        }
        let exact = match mantissa(whole, fraction).zip(u8::try_from(fraction.len()).ok()) {
            Some((mantissa, scale)) => Exact::from_scaled(mantissa, scale),
            None => parse_wide(whole, fraction)?,
        };
        Some(if negative { exact.neg() } else { exact })
    }

    /// Takes a `rust_decimal` as it stands; always exact.
    pub fn from_decimal(decimal: &Decimal) -> Exact {
        // A decimal's scale is at most 28.
        let scale = u8::try_from(decimal.scale()).unwrap_or(u8::MAX);
        Exact::from_scaled(decimal.mantissa(), scale)
    }

    /// Gives the `rust_decimal` that is exactly this, with the fewest decimals.
    ///
    /// `None` if there is no finite decimal (`1/3`), or if it needs more than 28
    /// decimals or a mantissa of more than 96 bits.
    ///
    /// # Example: exact or nothing
    /// ```
    /// use fenshui::base::Exact;
    ///
    /// assert_eq!(Exact::from_ratio(-1, 8)?.to_decimal().unwrap().to_string(), "-0.125");
    /// assert_eq!(Exact::from_ratio(1, 3)?.to_decimal(), None);
    /// # Ok::<(), fenshui::base::ExactError>(())
    /// ```
    pub fn to_decimal(&self) -> Option<Decimal> {
        // What fits a decimal has both halves below 2^96, so it is never wide.
        let (num, den) = self.to_ratio()?;
        let scale = u8::try_from(decimals_of_small(den)?).ok()?;
        let mantissa = num.checked_mul(power_of_ten(scale)? / den)?;
        Decimal::try_from_i128_with_scale(mantissa, u32::from(scale)).ok()
    }

    /// Writes the value out in full, with at least `scale_min` decimals.
    ///
    /// `None` if no finite decimal is equal to it.
    ///
    /// # Example: padded, never cut
    /// ```
    /// use fenshui::base::Exact;
    ///
    /// let refund = Exact::parse_decimal("-7.5").unwrap();
    /// assert_eq!(refund.to_decimal_string(2).unwrap(), "-7.50");
    /// assert_eq!(refund.to_decimal_string(0).unwrap(), "-7.5");
    /// assert_eq!(Exact::from_ratio(1, 3)?.to_decimal_string(2), None);
    /// # Ok::<(), fenshui::base::ExactError>(())
    /// ```
    pub fn to_decimal_string(&self, scale_min: u8) -> Option<String> {
        let scale_min = usize::from(scale_min);
        let (digits, scale) = match &self.0 {
            Repr::Small { num, den } => {
                let scale = decimals_of_small(*den)?.max(scale_min);
                (scaled_digits(*num, *den, scale), scale)
            }
            Repr::Wide(wide) => {
                let scale = decimals_of_wide(wide.denominator())?.max(scale_min);
                let power = UBig::from(10_u8).pow(scale);
                let num = wide.numerator().clone().unsigned_abs();
                ((num * (power / wide.denominator())).to_string(), scale)
            }
        };
        let sign = if self.is_negative() { "-" } else { "" };
        // A digit must stand before the point.
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at_checked(padded.len() - scale)?;
        let point = if fraction.is_empty() { "" } else { "." };
        Some([sign, whole, point, fraction].concat())
    }
}

/// Prints the finite decimal, or `n/d` if there is none.
impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.to_decimal_string(0), &self.0) {
            (Some(decimal), _) => f.pad(&decimal),
            (None, Repr::Small { num, den }) => f.pad(&format!("{num}/{den}")),
            (None, Repr::Wide(wide)) => f.pad(&wide.to_string()),
        }
    }
}

impl fmt::Debug for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exact({self})")
    }
}

fn digits_only(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The digits as one integer; `None` if `i128` does not hold it.
fn mantissa(whole: &str, fraction: &str) -> Option<i128> {
    whole.bytes().chain(fraction.bytes()).try_fold(0_i128, |so_far, byte| {
        so_far.checked_mul(10)?.checked_add(i128::from(byte.wrapping_sub(b'0')))
    })
}

fn parse_wide(whole: &str, fraction: &str) -> Option<Exact> {
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    // Without its closing zeros a fraction of n digits keeps 2^n or 5^n in its
    // lowest terms, and a whole part of n digits has more than 3 (n - 1) bits. So
    // this turns away only what is too wide, before a hostile text costs anything.
    if whole.len() > EXACT_BITS_MAX || fraction.len() > EXACT_BITS_MAX {
        return None;
    }
    let digits = format!("0{whole}{fraction}");
    let num = IBig::from_str_radix(&digits, 10).ok()?;
    let den = UBig::from(10_u8).pow(fraction.len());
    Exact::from_wide(RBig::from_parts(num, den)).ok()
}

/// How many decimals `1/den` has; `None` if they do not end.
fn decimals_of_small(den: i128) -> Option<usize> {
    let twos = den.trailing_zeros();
    let mut rest = den >> twos;
    let mut fives = 0;
    while rest % 5 == 0 {
        rest /= 5;
        fives += 1;
    }
    if rest == 1 { usize::try_from(twos.max(fives)).ok() } else { None }
}

fn decimals_of_wide(den: &UBig) -> Option<usize> {
    let twos = den.trailing_zeros().unwrap_or(0);
    let mut rest = den >> twos;
    let fives = rest.remove(&UBig::from(5_u8)).unwrap_or(0);
    if rest.is_one() { Some(twos.max(fives)) } else { None }
}

/// The digits of `|num| * 10^scale / den`, where `den` divides `10^scale`.
fn scaled_digits(num: i128, den: i128, scale: usize) -> String {
    let in_place = u8::try_from(scale)
        .ok()
        .and_then(power_of_ten)
        .and_then(|power| num.unsigned_abs().checked_mul((power / den).unsigned_abs()));
    match in_place {
        Some(digits) => digits.to_string(),
        None => {
            let factor = UBig::from(10_u8).pow(scale) / UBig::from(den.unsigned_abs());
            (UBig::from(num.unsigned_abs()) * factor).to_string()
        }
    }
}
