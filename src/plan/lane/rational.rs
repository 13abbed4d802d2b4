//! Numbers with a denominator that is known beforehand, but for divisors that only the event knows.

use crate::base::{Exact, Rounding};
use crate::model::Comparison;

use super::{Number, Truth};

/// A numerator to be worked out, over a denominator.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rational {
    pub number: Number,
    /// INVARIANT: above zero, and at most [`DEN_MAX`].
    pub den: i128,
    /// Numbers of the event that it is divided by besides, each above zero or without an answer.
    pub under: Vec<Number>,
}

/// Beyond this a numerator of an amount would hardly fit 128 bits.
const DEN_MAX: i128 = 1_000_000_000_000_000_000;
/// Divided by more numbers of the event than these, a value is the evaluator's.
const UNDER_MAX: usize = 8;

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

/// A numerator times numbers of the event.
pub(super) fn multiplied(number: Number, by: &[Number]) -> Number {
    by.iter().fold(number, |number, by| match number {
        Number::Constant(0) => Number::Constant(0),
        Number::Constant(1) => by.clone(),
        number => Number::Multiply(Box::new(number), Box::new(by.clone())),
    })
}

/// What must be added to some of these numbers to have all the others too.
fn lacking(of: &[Number], all: &[Number]) -> Vec<Number> {
    let mut own = of.to_vec();
    let mut lacking = Vec::new();
    for one in all {
        match own.iter().position(|known| known == one) {
            Some(place) => {
                own.swap_remove(place);
            }
            None => lacking.push(one.clone()),
        }
    }
    lacking
}

impl Rational {
    pub fn new(number: Number, den: i128) -> Option<Rational> {
        Rational::divided(number, den, Vec::new())
    }

    /// A numerator over a denominator and numbers of the event.
    pub fn divided(number: Number, den: i128, under: Vec<Number>) -> Option<Rational> {
        let small = 0 < den && den <= DEN_MAX && under.len() <= UNDER_MAX;
        small.then_some(Rational { number, den, under })
    }

    pub fn of(value: &Exact) -> Option<Rational> {
        let (num, den) = value.to_ratio()?;
        Rational::new(Number::Constant(num), den)
    }

    /// The value, if it is known beforehand.
    pub fn constant(&self) -> Option<Exact> {
        match self.number {
            Number::Constant(num) if self.under.is_empty() => Exact::from_ratio(num, self.den).ok(),
            _ => None,
        }
    }

    /// The numerator over a denominator that this one's divides.
    pub fn over(&self, den: i128) -> Option<Number> {
        if den % self.den != 0 || !self.under.is_empty() {
            return None;
        }
        scaled(self.number.clone(), den / self.den)
    }

    /// Both numerators over one denominator, and that.
    fn together(self, other: Rational) -> Option<(Number, Number, i128, Vec<Number>)> {
        let den = common(self.den, other.den)?;
        let more = lacking(&self.under, &other.under);
        let less = lacking(&other.under, &self.under);
        let one = multiplied(scaled(self.number, den / self.den)?, &more);
        let two = multiplied(scaled(other.number, den / other.den)?, &less);
        let under = self.under.into_iter().chain(more).collect();
        Some((one, two, den, under))
    }

    fn joined(
        self,
        other: Rational,
        join: impl Fn(Box<Number>, Box<Number>) -> Number,
        fold: impl Fn(i128, i128) -> Option<i128>,
    ) -> Option<Rational> {
        let (one, two, den, under) = self.together(other)?;
        let number = match (one, two) {
            (Number::Constant(one), Number::Constant(two)) => Number::Constant(fold(one, two)?),
            (one, two) => join(Box::new(one), Box::new(two)),
        };
        Rational::divided(number, den, under)
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
                let number = Number::Multiply(Box::new(self.number), Box::new(other.number));
                let under = self.under.into_iter().chain(other.under).collect();
                Rational::divided(number, den, under)
            }
        }
    }

    /// Times a constant, in lowest terms.
    pub fn times(self, by: &Exact) -> Option<Rational> {
        let (num, den) = by.to_ratio()?;
        let shared = gcd(num.checked_abs()?, self.den).max(1);
        let (num, own) = (num / shared, self.den / shared);
        Rational::divided(scaled(self.number, num)?, own.checked_mul(den)?, self.under)
    }

    /// Divided by a constant, or by a number that the event itself knows.
    pub fn divide(self, other: Rational) -> Option<Rational> {
        if let Some(by) = other.constant() {
            return self.times(&Exact::ONE.div(&by).ok()?);
        }
        if let (Number::Choose(condition, yes, no), []) = (&other.number, other.under.as_slice())
            && let (Number::Constant(yes), Number::Constant(no)) = (&**yes, &**no)
        {
            let by = |num: i128| self.clone().by_known(other.den, num);
            return Rational::choose((**condition).clone(), by(*yes)?, by(*no)?);
        }
        let shared = gcd(other.den, self.den).max(1);
        let number = multiplied(scaled(self.number, other.den / shared)?, &other.under);
        let mut under = self.under;
        under.push(Number::Positive(Box::new(other.number)));
        Rational::divided(number, self.den / shared, under)
    }

    /// Times a known ratio, whose denominator may be nought: then there is no answer.
    fn by_known(self, num: i128, den: i128) -> Option<Rational> {
        match den {
            0 => Rational::new(Number::Nothing, 1),
            den => self.times(&Exact::from_ratio(num, den).ok()?),
        }
    }

    pub fn negate(self) -> Option<Rational> {
        let number = match self.number {
            Number::Constant(value) => Number::Constant(value.checked_neg()?),
            number => Number::Negate(Box::new(number)),
        };
        Rational::divided(number, self.den, self.under)
    }

    pub fn absolute(self) -> Option<Rational> {
        Rational::divided(Number::Absolute(Box::new(self.number)), self.den, self.under)
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
        let multiple = match (by, self.under.as_slice()) {
            (1, []) => inner,
            (by, []) => Number::Rounded(Box::new(inner), by, how),
            (by, under) => {
                let by = multiplied(Number::Constant(by), under);
                Number::Divided(Box::new(inner), Box::new(by), how)
            }
        };
        Rational::new(scaled(multiple, num)?, den)
    }

    /// Rounded toward less to a whole number.
    pub fn floor(self) -> Option<Rational> {
        let number = match (self.den, self.under.as_slice()) {
            (1, []) => self.number,
            (den, []) => Number::Floor(Box::new(self.number), den),
            _ => return None,
        };
        Rational::new(number, 1)
    }

    /// One or the other.
    pub fn choose(condition: Truth, yes: Rational, no: Rational) -> Option<Rational> {
        match condition {
            Truth::Constant(true) => Some(yes),
            Truth::Constant(false) => Some(no),
            condition => {
                let (yes, no, den, under) = yes.together(no)?;
                let condition = Box::new(condition);
                let number = Number::Choose(condition, Box::new(yes), Box::new(no));
                Rational::divided(number, den, under)
            }
        }
    }

    pub fn compare(self, how: Comparison, other: Rational) -> Option<Truth> {
        let (one, two, _, under) = self.together(other)?;
        let zero = || Box::new(Number::Constant(0));
        // Both are divided by numbers above zero: those that are not have no answer.
        let asked = |by| Truth::Numbers(Comparison::Greater, Box::new(by), zero());
        let mut all: Vec<Truth> = under.into_iter().map(asked).collect();
        all.push(Truth::Numbers(how, Box::new(one), Box::new(two)));
        match (all.len(), all.pop()) {
            (1, one) => one,
            (_, Some(last)) => {
                all.push(last);
                Some(Truth::All(all))
            }
            (_, None) => None,
        }
    }
}
