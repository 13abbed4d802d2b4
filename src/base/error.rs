//! What the values of this floor refuse, and why.

use thiserror::Error;

/// A reason why exact arithmetic has no answer.
///
/// # Example: a share of nothing
/// ```
/// use fenshui::base::{Exact, ExactError};
///
/// let share = Exact::ONE.div(&Exact::ZERO);
/// assert_eq!(share, Err(ExactError::DivisionByZero));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum ExactError {
    /// The numerator or the denominator of the result needs more than
    /// [`EXACT_BITS_MAX`](crate::base::EXACT_BITS_MAX) bits.
    #[error("the exact value needs more than 4096 bits")]
    TooWide,
    /// A divisor, a denominator or a rounding unit was zero.
    #[error("division by zero")]
    DivisionByZero,
}

/// A reason why a text is not an amount of money.
///
/// The usual mishaps of exported files have names of their own, so that the
/// person who has to mend the file is told which one it is.
///
/// # Example: a fen has no tenths
/// ```
/// use fenshui::base::Money;
///
/// let reason = Money::parse("-0.005", 2).unwrap_err();
/// assert_eq!(
///     reason.to_string(),
///     "an amount of this currency has at most 2 decimals, not 3"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum MoneyError {
    /// The text is empty.
    #[error("empty, where an amount was expected")]
    Empty,
    /// Digits are grouped: `1,000`, `1_000`, `1 000`, `1，000`.
    #[error("an amount is written without thousands separators")]
    ThousandsSeparator,
    /// A power of ten follows: `1e3`.
    #[error("an amount is written out, without an exponent")]
    Exponent,
    /// A plus sign stands in front: `+1`.
    #[error("an amount is written without a plus sign")]
    PlusSign,
    /// A digit is missing on one side of the point: `5.`, `.5`.
    #[error("an amount has a digit on both sides of its decimal point")]
    MissingDigit,
    /// There are more decimals than the currency has, even if they are zeros.
    #[error("an amount of this currency has at most {scale} decimals, not {found}")]
    TooManyDecimals {
        /// How many decimals the currency has.
        scale: u8,
        /// How many were written.
        found: usize,
    },
    /// The amount does not fit 128 bits of minor units.
    #[error("the amount is out of range")]
    OutOfRange,
    /// Anything else.
    #[error("not an amount")]
    NotAnAmount,
}
