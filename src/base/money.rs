//! Amounts of money that have settled.
//!
//! Inside the engine an amount of money is counted in minor units and the scale
//! of its currency is known from the plan; both are joined again where amounts
//! are read and written. Nothing here rounds: what is no whole count of minor
//! units is no [`Money`].

#[cfg(test)]
mod tests;

use std::fmt;

use rust_decimal::Decimal;

use super::exact::power_of_ten;
use super::{Exact, MoneyError};

/// A whole, signed count of the minor units of some currency (fen, cents).
///
/// The currency, and with it the *scale* (how many decimals an amount has: 2 for
/// CNY, 0 for JPY), is not part of the value; functions that need it ask for it.
/// A refund is a negative amount. There is no minus zero.
///
/// # Example: 100 yuan in three parts leave an odd fen
/// ```
/// use fenshui::base::Money;
///
/// let receipt = Money::parse("100.00", 2)?;
/// let part = Money::from_minor(receipt.minor() / 3);
/// assert_eq!(part.format(2), "33.33");
/// let odd = Money::from_minor(receipt.minor() - 3 * part.minor());
/// assert_eq!(odd.format(2), "0.01");
/// # Ok::<(), fenshui::base::MoneyError>(())
/// ```
///
/// # Example: a refund of five fen
/// ```
/// use fenshui::base::Money;
///
/// let refund = Money::parse("-0.05", 2)?;
/// assert_eq!(refund, Money::from_minor(-5));
/// assert_eq!(refund.format(2), "-0.05");
/// # Ok::<(), fenshui::base::MoneyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i128);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// Makes an amount of so many minor units.
    #[inline]
    pub const fn from_minor(units: i128) -> Money {
        Money(units)
    }

    /// Gives the count of minor units.
    #[inline]
    pub const fn minor(self) -> i128 {
        self.0
    }

    /// Tells whether this is nothing.
    #[inline]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Tells whether this is less than nothing, as a refund is.
    #[inline]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Adds; `None` if the sum is out of range.
    #[inline]
    pub fn checked_add(self, other: Money) -> Option<Money> {
        self.0.checked_add(other.0).map(Money)
    }

    /// Subtracts; `None` if the difference is out of range.
    #[inline]
    pub fn checked_sub(self, other: Money) -> Option<Money> {
        self.0.checked_sub(other.0).map(Money)
    }

    /// Gives the amount with the opposite sign; `None` if that is out of range.
    #[inline]
    pub fn checked_neg(self) -> Option<Money> {
        self.0.checked_neg().map(Money)
    }

    /// Takes an exact value in major units (yuan).
    ///
    /// `None` if it is no whole number of minor units, or out of range; a scale
    /// above 38 is.
    ///
    /// # Example: half a fen is no money
    /// ```
    /// use fenshui::base::{Exact, Money};
    ///
    /// let yuan = |text| Exact::parse_decimal(text).unwrap();
    /// assert_eq!(Money::from_exact(&yuan("-0.5"), 2), Some(Money::from_minor(-50)));
    /// assert_eq!(Money::from_exact(&yuan("0.005"), 2), None);
    /// ```
    pub fn from_exact(major: &Exact, scale: u8) -> Option<Money> {
        let (num, den) = major.to_ratio()?;
        let units = power_of_ten(scale)?;
        if den != 1 && units % den != 0 {
            return None;
        }
        num.checked_mul(units / den).map(Money)
    }

    /// Gives the exact value in major units (yuan).
    #[inline]
    pub fn to_exact(self, scale: u8) -> Exact {
        Exact::from_scaled(self.0, scale)
    }

    /// Takes a `rust_decimal` in major units, whatever its own scale.
    ///
    /// `None` if it is no whole number of minor units, or out of range.
    ///
    /// # Example: closing zeros are not decimals too many, a tenth of a fen is
    /// ```
    /// use fenshui::base::Money;
    /// use rust_decimal::Decimal;
    ///
    /// assert_eq!(Money::from_decimal(Decimal::new(1500, 3), 2), Some(Money::from_minor(150)));
    /// assert_eq!(Money::from_decimal(Decimal::new(1501, 3), 2), None);
    /// ```
    pub fn from_decimal(major: Decimal, scale: u8) -> Option<Money> {
        if major.scale() == u32::from(scale) {
            return Some(Money(major.mantissa()));
        }
        Money::from_exact(&Exact::from_decimal(&major), scale)
    }

    /// Gives the `rust_decimal` in major units, with `scale` decimals where it can
    /// have them; `None` if it cannot hold the amount exactly.
    pub fn to_decimal(self, scale: u8) -> Option<Decimal> {
        match Decimal::try_from_i128_with_scale(self.0, u32::from(scale)) {
            Ok(decimal) => Some(decimal),
            // Fewer decimals may do: 10^30 fen are 10^28 yuan.
            Err(_) => self.to_exact(scale).to_decimal(),
        }
    }

    /// Reads an amount in major units: an optional minus sign, digits, and
    /// optionally a point and at most `scale` decimals.
    ///
    /// Leading zeros are read as they stand. White space is not skipped.
    ///
    /// # Errors
    /// A [`MoneyError`] that names what is wrong with the spelling, or says that
    /// the amount is out of range.
    ///
    /// # Example: one spelling only
    /// ```
    /// use fenshui::base::{Money, MoneyError};
    ///
    /// assert_eq!(Money::parse("-1234.5", 2), Ok(Money::from_minor(-123450)));
    /// assert_eq!(Money::parse("1,234.50", 2), Err(MoneyError::ThousandsSeparator));
    /// let found = MoneyError::TooManyDecimals { scale: 2, found: 3 };
    /// assert_eq!(Money::parse("1.234", 2), Err(found));
    /// ```
    pub fn parse(text: &str, scale: u8) -> Result<Money, MoneyError> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest.as_bytes()),
            None => (false, text.as_bytes()),
        };
        if let Some(units) = short(unsigned, scale) {
            return Ok(Money((if negative { -units } else { units }).into()));
        }
        let mut units = Some(0_i128);
        let mut whole = 0_usize;
        let mut decimals = None;
        for byte in unsigned {
            match (byte, &mut decimals) {
                (b'0'..=b'9', place) => {
                    units = units.and_then(|units| push_digit(units, *byte));
                    *place.as_mut().unwrap_or(&mut whole) += 1;
                }
                (b'.', None) => decimals = Some(0_usize),
                _ => return Err(misspelling(text)),
            }
        }
        if whole == 0 || decimals == Some(0) {
            return Err(misspelling(text));
        }
        let found = decimals.unwrap_or(0);
        let missing = u8::try_from(found).ok().and_then(|found| scale.checked_sub(found));
        let missing = missing.ok_or(MoneyError::TooManyDecimals { scale, found })?;
        units
            .and_then(|units| if units == 0 { Some(0) } else { scaled(units, missing) })
            // Digits were counted downward, so that the least amount can be read.
            .and_then(|units| if negative { Some(units) } else { units.checked_neg() })
            .map(Money)
            .ok_or(MoneyError::OutOfRange)
    }

    /// Writes the amount in major units, with exactly `scale` decimals.
    pub fn format(self, scale: u8) -> String {
        let mut bytes = Vec::with_capacity(24);
        self.write_to(&mut bytes, scale);
        // Only ASCII was written.
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// Appends what [`format`](Money::format) gives, without an allocation of its
    /// own.
    ///
    /// # Example: a line of a file
    /// ```
    /// use fenshui::base::Money;
    ///
    /// let mut line = b"R1,".to_vec();
    /// Money::from_minor(-123450).write_to(&mut line, 2);
    /// assert_eq!(line, b"R1,-1234.50");
    /// ```
    pub fn write_to(self, out: &mut Vec<u8>, scale: u8) {
        let mut buffer = itoa::Buffer::new();
        // Nearly every amount fits, and the division of 64 bits is far quicker.
        let digits = match u64::try_from(self.0.unsigned_abs()) {
            Ok(narrow) => buffer.format(narrow),
            Err(_) => buffer.format(self.0.unsigned_abs()),
        };
        if self.0 < 0 {
            out.push(b'-');
        }
        let scale = usize::from(scale);
        match digits.len().checked_sub(scale).and_then(|whole| digits.split_at_checked(whole)) {
            Some((whole, "")) => out.extend_from_slice(whole.as_bytes()),
            Some((whole, fraction)) if !whole.is_empty() => {
                out.extend_from_slice(whole.as_bytes());
                out.push(b'.');
                out.extend_from_slice(fraction.as_bytes());
            }
            _ => {
                out.extend_from_slice(b"0.");
                out.resize(out.len() + scale - digits.len(), b'0');
                out.extend_from_slice(digits.as_bytes());
            }
        }
    }
}

/// Shows the count of minor units, since the scale is not known here.
impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Money({})", self.0)
    }
}

/// An amount without sign in minor units, if it is spelt as nearly all are: at most 15 digits, and
/// all decimals or none.
#[inline]
fn short(text: &[u8], scale: u8) -> Option<i64> {
    let scale = usize::from(scale);
    if text.is_empty() || text.len() > 15 || scale > 2 {
        return None;
    }
    let (whole, decimals) = match text.len().checked_sub(scale + 1) {
        Some(point) if scale > 0 && text.get(point) == Some(&b'.') => {
            (text.get(..point)?, text.get(point + 1..)?)
        }
        _ => (text, &[][..]),
    };
    let digits = |start: i64, digits: &[u8]| {
        digits.iter().try_fold(start, |units, digit| {
            digit.is_ascii_digit().then(|| units * 10 + i64::from(digit - b'0'))
        })
    };
    let units = digits(digits(0, whole).filter(|_| !whole.is_empty())?, decimals)?;
    let missing = scale - decimals.len();
    Some(units * [1, 10, 100].get(missing)?)
}

/// `units * 10 - digit`.
#[inline]
fn push_digit(units: i128, digit: u8) -> Option<i128> {
    units.checked_mul(10)?.checked_sub(i128::from(digit.wrapping_sub(b'0')))
}

#[inline]
fn scaled(units: i128, zeros: u8) -> Option<i128> {
    if zeros == 0 { Some(units) } else { units.checked_mul(power_of_ten(zeros)?) }
}

/// The reason why a text is no amount; only asked when it is none.
fn misspelling(text: &str) -> MoneyError {
    if text.is_empty() {
        return MoneyError::Empty;
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let has = |wanted: fn(char) -> bool| unsigned.chars().any(wanted);
    let of_amount = |c: char| c.is_ascii_digit() || c == '.' || is_separator(c);
    if !has(|c| c.is_ascii_digit()) {
        MoneyError::NotAnAmount
    } else if unsigned.chars().all(of_amount) && is_grouped(unsigned) {
        MoneyError::ThousandsSeparator
    } else if is_power(unsigned) {
        MoneyError::Exponent
    } else if !unsigned.chars().all(|c| c.is_ascii_digit() || c == '.')
        || unsigned.matches('.').count() > 1
    {
        MoneyError::NotAnAmount
    } else if text.starts_with('+') {
        MoneyError::PlusSign
    } else {
        MoneyError::MissingDigit
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, ',' | '_' | ' ' | '\'' | '，' | '\u{a0}' | '\u{202f}')
}

/// A separator, and a digit at either end: ` 5` and `5,` are something else.
fn is_grouped(unsigned: &str) -> bool {
    unsigned.contains(is_separator)
        && unsigned.starts_with(|c: char| c.is_ascii_digit())
        && unsigned.ends_with(|c: char| c.is_ascii_digit())
}

fn is_power(unsigned: &str) -> bool {
    unsigned.split_once(['e', 'E']).is_some_and(|(left, right)| {
        let right = right.strip_prefix(['-', '+']).unwrap_or(right);
        !right.is_empty()
            && right.chars().all(|c| c.is_ascii_digit())
            && left.starts_with(|c: char| c.is_ascii_digit())
            && left.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}
