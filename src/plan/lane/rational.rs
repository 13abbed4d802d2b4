//! Numbers with a denominator that is known beforehand.

use crate::base::{Exact, Rounding};
use crate::model::Comparison;

use super::{Number, Truth};

/// A numerator to be worked out, over a denominator.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rational {
    pub number: Number,
    /// INVARIANT: above zero, and at most [`DEN_MAX`].
    pub den: i128,
}

/// Beyond this a numerator of an amount would hardly fit 128 bits.
const DEN_MAX: i128 = 1_000_000_000_000_000_000;

pub(super) fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The least common denominator of two, unless it is large.
pub(super) fn common(a: i128, b: i128) -> Option<i128> {
    let den = a.checked_mul(b.checked_div(gcd(a, b))?)?;
    (den <= DEN_MAX).then_some(den)
}

/// A numerator times a constant.
pub(super) fn scaled(number: Number, by: i128) -> Option<Number> {
    Some(match number {
        number if by == 1 => number,
        Number::Constant(value) => Number::Constant(value.checked_mul(by)?),
        Number::Scaled(inner, more) => Number::Scaled(inner, more.checked_mul(by)?),
        number => Number::Scaled(Box::new(number), by),
    })
}

impl Rational {
    pub fn new(number: Number, den: i128) -> Option<Rational> {
        (0 < den && den <= DEN_MAX).then_some(Rational { number, den })
    }

    pub fn of(value: &Exact) -> Option<Rational> {
        let (num, den) = value.to_ratio()?;
        Rational::new(Number::Constant(num), den)
    }

    /// The value, if it is known beforehand.
    pub fn constant(&self) -> Option<Exact> {
        match self.number {
            Number::Constant(num) => Exact::from_ratio(num, self.den).ok(),
            _ => None,
        }
    }

    /// The numerator over a denominator that this one's divides.
    pub fn over(&self, den: i128) -> Option<Number> {
        if den % self.den != 0 {
            return None;
        }
        scaled(self.number.clone(), den / self.den)
    }

    /// Both numerators over one denominator.
    fn together(self, other: Rational) -> Option<(Number, Number, i128)> {
        let den = common(self.den, other.den)?;
        Some((self.over(den)?, other.over(den)?, den))
    }

    fn joined(
        self,
        other: Rational,
        join: impl Fn(Box<Number>, Box<Number>) -> Number,
        fold: impl Fn(i128, i128) -> Option<i128>,
    ) -> Option<Rational> {
        let (one, two, den) = self.together(other)?;
        let number = match (one, two) {
            (Number::Constant(one), Number::Constant(two)) => Number::Constant(fold(one, two)?),
            (one, two) => join(Box::new(one), Box::new(two)),
        };
        Rational::new(number, den)
    }

    pub fn add(self, other: Rational) -> Option<Rational> {
        self.joined(other, Number::Add, i128::checked_add)
    }

    pub fn subtract(self, other: Rational) -> Option<Rational> {
        self.joined(other, Number::Subtract, i128::checked_sub)
    }

    pub fn least(self, other: Rational) -> Option<Rational> {
        self.joined(other, Number::Least, |one, two| Some(one.min(two)))
    }

    pub fn greatest(self, other: Rational) -> Option<Rational> {
        self.joined(other, Number::Greatest, |one, two| Some(one.max(two)))
    }

    pub fn multiply(self, other: Rational) -> Option<Rational> {
        let (one, two) = (self.constant(), other.constant());
        match (one, two) {
            (Some(one), Some(two)) => Rational::of(&one.mul(&two).ok()?),
            (Some(by), None) => other.times(&by),
            (None, Some(by)) => self.times(&by),
            (None, None) => {
                let den = self.den.checked_mul(other.den)?;
                Rational::new(Number::Multiply(Box::new(self.number), Box::new(other.number)), den)
            }
        }
    }

    /// Times a constant, in lowest terms.
    pub fn times(self, by: &Exact) -> Option<Rational> {
        let (num, den) = by.to_ratio()?;
        let shared = gcd(num.checked_abs()?, self.den).max(1);
        let (num, own) = (num / shared, self.den / shared);
        Rational::new(scaled(self.number, num)?, own.checked_mul(den)?)
    }

    pub fn divide(self, other: Rational) -> Option<Rational> {
        let by = other.constant()?;
        self.times(&Exact::ONE.div(&by).ok()?)
    }

    pub fn negate(self) -> Option<Rational> {
        let number = match self.number {
            Number::Constant(value) => Number::Constant(value.checked_neg()?),
            number => Number::Negate(Box::new(number)),
        };
        Rational::new(number, self.den)
    }

    pub fn absolute(self) -> Option<Rational> {
        Rational::new(Number::Absolute(Box::new(self.number)), self.den)
    }

    /// Rounded to a multiple of a unit.
    pub fn rounded(self, how: Rounding, unit: &Exact) -> Option<Rational> {
        let (num, den) = unit.to_ratio()?;
        if num <= 0 {
            return None;
        }
        // value / unit = numerator × den / (own den × num): the multiple that is looked for.
        let shared = gcd(den, self.den.checked_mul(num)?).max(1);
        let by = self.den.checked_mul(num)? / shared;
        let inner = scaled(self.number, den / shared)?;
        let multiple = match by {
            1 => inner,
            by => Number::Rounded(Box::new(inner), by, how),
        };
        Rational::new(scaled(multiple, num)?, den)
    }

    /// Rounded toward less to a whole number.
    pub fn floor(self) -> Option<Rational> {
        let number = match self.den {
            1 => self.number,
            den => Number::Floor(Box::new(self.number), den),
        };
        Rational::new(number, 1)
    }

    /// One or the other.
    pub fn choose(condition: Truth, yes: Rational, no: Rational) -> Option<Rational> {
        match condition {
            Truth::Constant(true) => Some(yes),
            Truth::Constant(false) => Some(no),
            condition => {
                let (yes, no, den) = yes.together(no)?;
                let condition = Box::new(condition);
                Rational::new(Number::Choose(condition, Box::new(yes), Box::new(no)), den)
            }
        }
    }

    pub fn compare(self, how: Comparison, other: Rational) -> Option<Truth> {
        let (one, two, _) = self.together(other)?;
        Some(Truth::Numbers(how, Box::new(one), Box::new(two)))
    }
}
