//! Every operation against `num-rational`, which is slow and has one form only.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};
use proptest::prelude::*;

use super::*;
use crate::base::Rounding;

/// The value in the other library; checks on the way that its form is the one
/// form it may have.
fn model(exact: &Exact) -> BigRational {
    let big = |text: String| text.parse::<BigInt>().unwrap();
    let (num, den) = match &exact.0 {
        Repr::Small { num, den } => (BigInt::from(*num), BigInt::from(*den)),
        Repr::Wide(wide) => {
            let halves = (big(wide.numerator().to_string()), big(wide.denominator().to_string()));
            let fits = |half: &BigInt| i128::try_from(half).is_ok();
            assert!(!(fits(&halves.0) && fits(&halves.1)), "wide without need: {exact}");
            halves
        }
    };
    assert!(den.is_positive());
    let reduced = BigRational::new(num.clone(), den.clone());
    assert_eq!((&num, &den), (reduced.numer(), reduced.denom()), "not in lowest terms");
    reduced
}

fn decimal(text: &str) -> Exact {
    Exact::parse_decimal(text).unwrap()
}

fn hash_of(exact: &Exact) -> u64 {
    let mut hasher = DefaultHasher::new();
    exact.hash(&mut hasher);
    hasher.finish()
}

/// Half of the rationals of daily life, half at the edges of the small form.
fn integers() -> impl Strategy<Value = i128> {
    prop_oneof![
        4 => -1_000_i128..=1_000,
        4 => any::<i64>().prop_map(i128::from),
        2 => any::<i128>(),
        1 => prop::sample::select(vec![
            0, 1, -1, i128::MAX, i128::MIN, i128::MIN + 1, i128::from(u64::MAX),
            i128::from(u64::MAX) + 1, i128::from(i64::MIN),
        ]),
    ]
}

fn denominators() -> impl Strategy<Value = i128> {
    prop_oneof![
        3 => Just(1_i128),
        4 => (0_u8..=38).prop_map(|scale| power_of_ten(scale).unwrap()),
        4 => 1_i128..=1_000,
        2 => integers().prop_filter("no zero", |den| *den != 0),
    ]
}

fn small() -> impl Strategy<Value = Exact> {
    (integers(), denominators()).prop_map(|(num, den)| Exact::from_ratio(num, den).unwrap())
}

fn exacts() -> impl Strategy<Value = Exact> {
    prop_oneof![
        5 => small(),
        1 => (small(), small()).prop_map(|(a, b)| a.mul(&b).unwrap()),
        1 => (small(), small()).prop_map(|(a, b)| a.add(&b).unwrap()),
    ]
}

/// By formulas that share nothing with the code: adding a half and cutting off.
fn model_rounded(value: &BigRational, rounding: Rounding) -> BigRational {
    let half = BigRational::new(BigInt::one(), BigInt::from(2));
    let middle = (value + &half).is_integer();
    let nearest_up = (value + &half).floor();
    let odd = !(nearest_up.numer() % BigInt::from(2)).is_zero();
    let sign = value.signum();
    match rounding {
        Rounding::HalfUp => sign * (value.abs() + half).floor(),
        Rounding::HalfDown => sign * (value.abs() - half).ceil(),
        Rounding::HalfEven if middle && odd => nearest_up - BigRational::one(),
        Rounding::HalfOdd if middle && !odd => nearest_up - BigRational::one(),
        Rounding::HalfEven | Rounding::HalfOdd | Rounding::HalfCeiling => nearest_up,
        Rounding::HalfFloor => (value - half).ceil(),
        Rounding::Up => sign * value.abs().ceil(),
        Rounding::Down => value.trunc(),
        Rounding::Ceiling => value.ceil(),
        Rounding::Floor => value.floor(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn arithmetic_agrees(a in exacts(), b in exacts()) {
        let (left, right) = (model(&a), model(&b));
        prop_assert_eq!(model(&a.add(&b).unwrap()), &left + &right);
        prop_assert_eq!(model(&a.sub(&b).unwrap()), &left - &right);
        prop_assert_eq!(model(&a.mul(&b).unwrap()), &left * &right);
        if b.is_zero() {
            prop_assert_eq!(a.div(&b), Err(ExactError::DivisionByZero));
        } else {
            prop_assert_eq!(model(&a.div(&b).unwrap()), &left / &right);
        }
        prop_assert_eq!(model(&a.neg()), -&left);
        prop_assert_eq!(model(&a.abs()), left.abs());
        prop_assert_eq!(model(&a.floor()), left.floor());
        prop_assert_eq!(a.cmp(&b), left.cmp(&right));
        prop_assert_eq!(a == b, left == right);
        prop_assert_eq!(a.is_negative(), left.is_negative());
        prop_assert_eq!(a.is_positive(), left.is_positive());
        prop_assert_eq!(a.is_zero(), left.is_zero());
        prop_assert_eq!(a.is_integer(), left.is_integer());
    }

    #[test]
    fn the_way_back_is_the_same_value(a in exacts(), b in exacts()) {
        let back = a.add(&b).unwrap().sub(&b).unwrap();
        prop_assert_eq!(hash_of(&back), hash_of(&a));
        prop_assert_eq!(&back, &a);
        if !b.is_zero() {
            prop_assert_eq!(a.mul(&b).unwrap().div(&b).unwrap(), a);
        }
    }

    #[test]
    fn rounding_agrees(a in exacts(), halves in any::<i64>(), unit in exacts()) {
        let halves = Exact::from_ratio(i128::from(halves), 2).unwrap();
        for rounding in Rounding::ALL {
            for value in [&a, &halves] {
                let rounded = value.rounded(rounding, &Exact::ONE).unwrap();
                prop_assert_eq!(model(&rounded), model_rounded(&model(value), rounding));
            }
            if !unit.is_zero() {
                let size = model(&unit).abs();
                let wanted = model_rounded(&(model(&a) / &size), rounding) * size;
                prop_assert_eq!(model(&a.rounded(rounding, &unit).unwrap()), wanted);
            }
        }
    }

    #[test]
    fn decimals_come_back(negative: bool, whole in "[0-9]{1,50}", fraction in "[0-9]{0,50}") {
        let point = if fraction.is_empty() { "" } else { "." };
        let text = format!("{}{whole}{point}{fraction}", if negative { "-" } else { "" });
        let exact = decimal(&text);
        let digits: BigInt = format!("{whole}{fraction}").parse().unwrap();
        let power = BigInt::from(10).pow(u32::try_from(fraction.len()).unwrap());
        let wanted = BigRational::new(if negative { -digits } else { digits }, power);
        prop_assert_eq!(model(&exact), wanted);

        prop_assert_eq!(decimal(&exact.to_string()), exact.clone());
        let padded = exact.to_decimal_string(60).unwrap();
        prop_assert_eq!(padded.split_once('.').unwrap().1.len(), 60);
        prop_assert_eq!(decimal(&padded), exact.clone());
        if let Some(narrow) = exact.to_decimal() {
            prop_assert_eq!(Exact::from_decimal(&narrow), exact.clone());
            prop_assert_eq!(narrow.to_string(), exact.to_string());
        } else {
            prop_assert!(rust_decimal::Decimal::from_str_exact(&exact.to_string()).is_err());
        }
    }

    #[test]
    fn any_rust_decimal_comes_back(mantissa in -(1_i128 << 95)..1 << 95, scale in 0_u32..=28) {
        let border = rust_decimal::Decimal::from_i128_with_scale(mantissa, scale);
        prop_assert_eq!(Exact::from_decimal(&border).to_decimal(), Some(border));
    }

    #[test]
    fn printing_follows_the_value(a in exacts()) {
        let (value, text) = (model(&a), a.to_string());
        match text.split_once('/') {
            Some(_) => prop_assert_eq!(text, value.to_string()),
            None => prop_assert_eq!(decimal(&text), a),
        }
    }
}

#[test]
fn spellings_that_are_no_decimal() {
    let refused = [
        "", "-", "+", ".", "5.", ".5", "-.5", "1e3", "1_000", "1,000", " 1", "1 ", "--1", "+-1",
        "1.2.3", "0x1", "１", "1.٣", "1.-2", "NaN", "∞",
    ];
    for text in refused {
        assert_eq!(Exact::parse_decimal(text), None, "{text:?}");
    }
}

#[test]
fn spellings_of_one_value() {
    for text in ["12.5", "+12.5", "12.50", "00012.500"] {
        assert_eq!(decimal(text), decimal("12.5"), "{text}");
    }
    assert_eq!(decimal("-0.00"), Exact::ZERO);
    assert_eq!(decimal("-0").to_string(), "0");
    let long = format!("{}1.5{}", "0".repeat(10_000), "0".repeat(10_000));
    assert_eq!(decimal(&long), decimal("1.5"));
}

#[test]
fn printing_has_no_needless_digit() {
    for text in ["0", "7", "-7", "0.001", "-0.05", "1234567.89", "100"] {
        assert_eq!(decimal(text).to_string(), text);
    }
    assert_eq!(Exact::from_ratio(2, -6).unwrap().to_string(), "-1/3");
    assert_eq!(Exact::ZERO.to_decimal_string(2).as_deref(), Some("0.00"));
    assert_eq!(format!("{:?}", decimal("-0.5")), "Exact(-0.5)");
    assert_eq!(format!("{:>6}|", decimal("-0.5")), "  -0.5|");
}

#[test]
fn the_limit_of_bits_is_sharp() {
    let mut widest = Exact::ONE;
    for _ in 1..EXACT_BITS_MAX {
        widest = widest.add(&widest).unwrap();
    }
    assert_eq!(widest.add(&widest), Err(ExactError::TooWide));
    assert_eq!(widest.mul(&Exact::from_int(2)), Err(ExactError::TooWide));
    let tiny = Exact::ONE.div(&widest).unwrap();
    assert_eq!(tiny.div(&Exact::from_int(2)), Err(ExactError::TooWide));
    assert_eq!(tiny.mul(&widest), Ok(Exact::ONE));
    // Its 4095 decimals are all there, and come back.
    let text = tiny.to_string();
    assert_eq!(text.len(), "0.".len() + 4095);
    assert_eq!(Exact::parse_decimal(&text), Some(tiny));
    assert_eq!(Exact::parse_decimal(&widest.to_string()), Some(widest));
}

#[test]
fn hostile_lengths_are_refused() {
    let nines = "9".repeat(1_000_000);
    assert_eq!(Exact::parse_decimal(&nines), None);
    assert_eq!(Exact::parse_decimal(&format!("0.{nines}")), None);
}

#[test]
fn division_by_zero_is_said() {
    assert_eq!(Exact::from_ratio(1, 0), Err(ExactError::DivisionByZero));
    let rounded = Exact::ONE.rounded(Rounding::HalfUp, &Exact::ZERO);
    assert_eq!(rounded, Err(ExactError::DivisionByZero));
}

#[test]
fn the_least_integer_has_an_opposite() {
    let least = Exact::from_int(i128::MIN);
    assert_eq!(least.neg().neg(), least);
    assert_eq!(least.abs().to_string(), "170141183460469231731687303715884105728");
    assert_eq!(least.neg().neg().to_int(), Some(i128::MIN));
    assert_eq!(Exact::from_ratio(i128::MIN, i128::MIN), Ok(Exact::ONE));
    assert_eq!(Exact::from_ratio(i128::MIN, -1), Ok(least.neg()));
    assert!(Exact::from_ratio(1, i128::MIN).unwrap().is_negative());
}

#[test]
fn scales_beyond_the_small_form() {
    assert_eq!(Exact::from_scaled(15, 1), decimal("1.5"));
    assert_eq!(Exact::from_scaled(10, 39).to_ratio(), Some((1, 10_i128.pow(38))));
    let tiny = Exact::from_scaled(1, 255);
    assert_eq!(tiny.to_decimal_string(0).unwrap().len(), "0.".len() + 255);
}

#[test]
fn parts_are_cut_off_toward_zero() {
    let of = |num, den| Exact::from_ratio(num, den).unwrap();
    for (value, bits, parts) in [
        (of(1, 3), 2, 1),
        (of(-1, 3), 2, -1),
        (of(-7, 4), 1, -3),
        (of(5, 1), 3, 40),
        (of(1, i128::MAX), 64, 0),
        (of(i128::MAX - 1, i128::MAX), 64, (1 << 64) - 1),
    ] {
        assert_eq!(value.cut_off(bits), Ok(parts), "{value}");
    }
    assert_eq!(Exact::from_int(i128::MAX).cut_off(1), Err(ExactError::TooWide));
    let wide = of(1, i128::MAX).add(&of(i128::MIN + 2, i128::MAX - 2)).unwrap();
    assert_eq!(wide.cut_off(64), Ok(-(1 << 64)));
}
