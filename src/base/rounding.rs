//! The ten ways to round, and the one function that does.

use std::cmp::Ordering;

use super::{Exact, ExactError};

/// A way to choose between the two multiples of a unit beside a value.
///
/// A value that is a multiple already is never changed. Of the other values, the
/// `Half…` ways take the nearer multiple and differ only for those exactly in the
/// middle. Ways named by *up* and *down* are symmetrical about zero, so a refund
/// rounds as the mirror of its receipt; those named by *ceiling* and *floor* look
/// along the number line, and it does not.
///
/// | | 2.5 | −2.5 | 3.5 | 1.2 | −1.2 |
/// |---|---|---|---|---|---|
/// | `HalfUp` | 3 | −3 | 4 | 1 | −1 |
/// | `HalfDown` | 2 | −2 | 3 | 1 | −1 |
/// | `HalfEven` | 2 | −2 | 4 | 1 | −1 |
/// | `HalfOdd` | 3 | −3 | 3 | 1 | −1 |
/// | `HalfCeiling` | 3 | −2 | 4 | 1 | −1 |
/// | `HalfFloor` | 2 | −3 | 3 | 1 | −1 |
/// | `Up` | 3 | −3 | 4 | 2 | −2 |
/// | `Down` | 2 | −2 | 3 | 1 | −1 |
/// | `Ceiling` | 3 | −2 | 4 | 2 | −1 |
/// | `Floor` | 2 | −3 | 3 | 1 | −2 |
///
/// # Example: the odd fen of half a receipt, and of half its refund
/// ```
/// use fenshui::base::{Exact, Rounding};
///
/// let fen = Exact::parse_decimal("0.01").unwrap();
/// let half = Exact::parse_decimal("0.125").unwrap();
/// assert_eq!(half.rounded(Rounding::HalfUp, &fen)?.to_string(), "0.13");
/// assert_eq!(half.rounded(Rounding::HalfEven, &fen)?.to_string(), "0.12");
/// assert_eq!(half.neg().rounded(Rounding::HalfUp, &fen)?.to_string(), "-0.13");
/// assert_eq!(half.neg().rounded(Rounding::HalfCeiling, &fen)?.to_string(), "-0.12");
/// # Ok::<(), fenshui::base::ExactError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rounding {
    /// To the nearer; the middle away from zero (四舍五入).
    HalfUp,
    /// To the nearer; the middle toward zero.
    HalfDown,
    /// To the nearer; the middle to the even multiple.
    HalfEven,
    /// To the nearer; the middle to the odd multiple.
    HalfOdd,
    /// To the nearer; the middle to the greater.
    HalfCeiling,
    /// To the nearer; the middle to the lesser.
    HalfFloor,
    /// Away from zero.
    Up,
    /// Toward zero.
    Down,
    /// To the greater.
    Ceiling,
    /// To the lesser.
    Floor,
}

impl Rounding {
    /// Every way, in the order declared.
    pub const ALL: [Rounding; 10] = [
        Rounding::HalfUp,
        Rounding::HalfDown,
        Rounding::HalfEven,
        Rounding::HalfOdd,
        Rounding::HalfCeiling,
        Rounding::HalfFloor,
        Rounding::Up,
        Rounding::Down,
        Rounding::Ceiling,
        Rounding::Floor,
    ];

    /// Tells whether a value strictly between two integers goes to the upper.
    ///
    /// `half` places its fraction against one half, counted up from the lower
    /// integer; `odd` is about that lower integer.
    pub(crate) fn takes_upper(self, half: Ordering, negative: bool, odd: bool) -> bool {
        match self {
            Rounding::HalfUp => middle(half, !negative),
            Rounding::HalfDown => middle(half, negative),
            Rounding::HalfEven => middle(half, odd),
            Rounding::HalfOdd => middle(half, !odd),
            Rounding::HalfCeiling => middle(half, true),
            Rounding::HalfFloor => middle(half, false),
            Rounding::Up => !negative,
            Rounding::Down => negative,
            Rounding::Ceiling => true,
            Rounding::Floor => false,
        }
    }
}

/// To the nearer, and from the middle as told.
fn middle(half: Ordering, upper: bool) -> bool {
    match half {
        Ordering::Less => false,
        Ordering::Equal => upper,
        Ordering::Greater => true,
    }
}

impl Exact {
    /// Gives a multiple of `unit` beside this value, or the value if it is one.
    ///
    /// The sign of `unit` plays no part.
    ///
    /// # Errors
    /// [`ExactError::DivisionByZero`] if `unit` is zero; [`ExactError::TooWide`]
    /// if the count of units, or the result, exceeds the limit of bits.
    ///
    /// # Example: to the nearest five fen, as Swiss tills do
    /// ```
    /// use fenshui::base::{Exact, Rounding};
    ///
    /// let amount = Exact::parse_decimal("7.13").unwrap();
    /// let unit = Exact::parse_decimal("0.05").unwrap();
    /// assert_eq!(amount.rounded(Rounding::HalfUp, &unit)?.to_string(), "7.15");
    /// # Ok::<(), fenshui::base::ExactError>(())
    /// ```
    pub fn rounded(&self, rounding: Rounding, unit: &Exact) -> Result<Exact, ExactError> {
        let unit = unit.abs();
        self.div(&unit)?.rounded_to_integer(rounding).mul(&unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table in the documentation of [`Rounding`], column by column.
    const TABLE: [(&str, [i128; 10]); 5] = [
        ("2.5", [3, 2, 2, 3, 3, 2, 3, 2, 3, 2]),
        ("-2.5", [-3, -2, -2, -3, -2, -3, -3, -2, -2, -3]),
        ("3.5", [4, 3, 4, 3, 4, 3, 4, 3, 4, 3]),
        ("1.2", [1, 1, 1, 1, 1, 1, 2, 1, 2, 1]),
        ("-1.2", [-1, -1, -1, -1, -1, -1, -2, -1, -1, -2]),
    ];

    #[test]
    fn the_documented_table() {
        for (text, column) in TABLE {
            let value = Exact::parse_decimal(text).unwrap();
            for (rounding, wanted) in Rounding::ALL.into_iter().zip(column) {
                let found = value.rounded(rounding, &Exact::ONE);
                assert_eq!(found, Ok(Exact::from_int(wanted)), "{rounding:?} of {text}");
            }
        }
    }

    #[test]
    fn a_multiple_is_never_changed() {
        let fen = Exact::parse_decimal("0.01").unwrap();
        for text in ["0", "12.34", "-12.34"] {
            let value = Exact::parse_decimal(text).unwrap();
            for rounding in Rounding::ALL {
                assert_eq!(value.rounded(rounding, &fen), Ok(value.clone()));
                assert_eq!(value.rounded(rounding, &fen.neg()), Ok(value.clone()));
            }
        }
    }
}
