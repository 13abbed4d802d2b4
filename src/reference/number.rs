//! Big rationals, and the edge where ours come and go.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use crate::base::{Exact, Rounding};
use crate::rows::Reason;

use super::error::{Stop, mistyped};

pub(super) type Number = BigRational;

/// How many bits a side of a value may have.
const BITS_MAX: u64 = 4096;

/// The value, if it is not too wide.
pub(super) fn held(value: Number) -> Result<Number, Stop> {
    if value.numer().bits() > BITS_MAX || value.denom().bits() > BITS_MAX {
        return Err(Reason::TooWide.into());
    }
    Ok(value)
}

pub(super) fn sum(left: &Number, right: &Number) -> Result<Number, Stop> {
    held(left + right)
}

pub(super) fn difference(left: &Number, right: &Number) -> Result<Number, Stop> {
    held(left - right)
}

pub(super) fn product(left: &Number, right: &Number) -> Result<Number, Stop> {
    held(left * right)
}

pub(super) fn quotient(left: &Number, right: &Number) -> Result<Number, Stop> {
    if right.is_zero() {
        return Err(Reason::DivisionByZero.into());
    }
    held(left / right)
}

/// What is left of a division truncated toward zero.
pub(super) fn remainder(left: &Number, right: &Number) -> Result<Number, Stop> {
    let times = quotient(left, right)?.trunc();
    held(left - times * right)
}

pub(super) fn whole(value: i128) -> Number {
    Number::from_integer(BigInt::from(value))
}

/// So many minor units as an amount of major ones.
pub(super) fn major(units: i128, scale: u8) -> Number {
    whole(units) * unit(scale)
}

/// The smallest amount of a currency: one hundredth for a scale of 2.
pub(super) fn unit(scale: u8) -> Number {
    Number::new(BigInt::one(), BigInt::from(10).pow(u32::from(scale)))
}

/// The whole number of units an amount is, if it is one and is no wider than an amount may be: the
/// least of 128 bits has no mirror and is none.
pub(super) fn minor(value: &Number, scale: u8) -> Option<i128> {
    to_i128(&(value / unit(scale))).filter(|units| *units != i128::MIN)
}

pub(super) fn to_i128(value: &Number) -> Option<i128> {
    if value.is_integer() { value.numer().to_i128() } else { None }
}

pub(super) fn to_i32(value: &Number) -> Result<i32, Stop> {
    let out_of_range = Stop::Aside(Reason::DateOutOfRange);
    to_i128(value).and_then(|value| i32::try_from(value).ok()).ok_or(out_of_range)
}

pub(super) fn from_exact(exact: &Exact) -> Result<Number, Stop> {
    if let Some((numerator, denominator)) = exact.to_ratio() {
        return Ok(Number::new(BigInt::from(numerator), BigInt::from(denominator)));
    }
    from_text(&exact.to_string()).ok_or(mistyped("number"))
}

/// Reads `-12.5` or `-25/2`.
fn from_text(text: &str) -> Option<Number> {
    if let Some((numerator, denominator)) = text.split_once('/') {
        let denominator: BigInt = denominator.parse().ok()?;
        return Some(Number::new(numerator.parse().ok()?, denominator));
    }
    let (before, after) = text.split_once('.').unwrap_or((text, ""));
    let digits: BigInt = [before, after].concat().parse().ok()?;
    let scale = u32::try_from(after.len()).ok()?;
    Some(Number::new(digits, BigInt::from(10).pow(scale)))
}

pub(super) fn to_exact(value: &Number) -> Result<Exact, Stop> {
    let side = |side: &BigInt| Exact::parse_decimal(&side.to_string());
    side(value.numer())
        .zip(side(value.denom()))
        .and_then(|(numerator, denominator)| numerator.div(&denominator).ok())
        .ok_or(Stop::Aside(Reason::TooWide))
}

/// The multiple of `step` beside a value that a way of rounding chooses.
pub(super) fn rounded(value: &Number, way: Rounding, step: &Number) -> Result<Number, Stop> {
    let step = step.abs();
    let steps = quotient(value, &step)?;
    let below = steps.floor();
    if steps == below {
        return Ok(value.clone());
    }
    let above = &below + Number::one();
    let upper = match way {
        Rounding::Ceiling => true,
        Rounding::Floor => false,
        Rounding::Up => steps.is_positive(),
        Rounding::Down => steps.is_negative(),
        Rounding::HalfUp
        | Rounding::HalfDown
        | Rounding::HalfEven
        | Rounding::HalfOdd
        | Rounding::HalfCeiling
        | Rounding::HalfFloor => match (&steps - &below).cmp(&(&above - &steps)) {
            Ordering::Less => false,
            Ordering::Greater => true,
            Ordering::Equal => middle_goes_up(way, &steps, &below),
        },
    };
    product(if upper { &above } else { &below }, &step)
}

/// Whether a value exactly between two whole numbers goes to the greater one.
fn middle_goes_up(way: Rounding, steps: &Number, below: &Number) -> bool {
    let below_is_even = (below / whole(2)).is_integer();
    match way {
        Rounding::HalfUp | Rounding::Up => steps.is_positive(),
        Rounding::HalfDown | Rounding::Down => steps.is_negative(),
        Rounding::HalfEven => !below_is_even,
        Rounding::HalfOdd => below_is_even,
        Rounding::HalfCeiling | Rounding::Ceiling => true,
        Rounding::HalfFloor | Rounding::Floor => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        from_text(text).unwrap()
    }

    #[test]
    fn the_edge_keeps_every_digit() {
        for text in ["0", "-12.5", "1/3", "-7/9", "1234567890123456789012345678901234567890.5"] {
            let exact = match text.split_once('/') {
                Some((up, down)) => {
                    let part = |text: &str| Exact::parse_decimal(text).unwrap();
                    part(up).div(&part(down)).unwrap()
                }
                None => Exact::parse_decimal(text).unwrap(),
            };
            assert_eq!(from_exact(&exact), Ok(number(text)), "{text}");
            assert_eq!(to_exact(&number(text)), Ok(exact), "{text}");
        }
        let wide = "1".repeat(60);
        let third = Exact::parse_decimal(&wide).unwrap().div(&Exact::from_int(7)).unwrap();
        assert_eq!(to_exact(&from_exact(&third).unwrap()), Ok(third));
    }

    #[test]
    fn ways_of_rounding() {
        let rows: [(&str, [i128; 10]); 5] = [
            ("2.5", [3, 2, 2, 3, 3, 2, 3, 2, 3, 2]),
            ("-2.5", [-3, -2, -2, -3, -2, -3, -3, -2, -2, -3]),
            ("3.5", [4, 3, 4, 3, 4, 3, 4, 3, 4, 3]),
            ("1.2", [1, 1, 1, 1, 1, 1, 2, 1, 2, 1]),
            ("-1.2", [-1, -1, -1, -1, -1, -1, -2, -1, -1, -2]),
        ];
        for (text, wanted) in rows {
            for (way, wanted) in Rounding::ALL.into_iter().zip(wanted) {
                let found = rounded(&number(text), way, &whole(1));
                assert_eq!(found, Ok(whole(wanted)), "{way:?} of {text}");
            }
        }
    }

    #[test]
    fn too_wide_is_said() {
        let wide = Number::from_integer(BigInt::from(2).pow(4095));
        assert_eq!(held(wide.clone()), Ok(wide.clone()));
        assert_eq!(sum(&wide, &wide), Err(Stop::Aside(Reason::TooWide)));
    }
}
