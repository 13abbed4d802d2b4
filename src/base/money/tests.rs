//! Spellings of amounts, good and bad, and the ways there and back.

use proptest::prelude::*;

use super::*;

fn many(found: usize) -> MoneyError {
    MoneyError::TooManyDecimals { scale: 2, found }
}

#[test]
fn spellings_that_are_read() {
    let cases = [
        ("0", 0),
        ("-0", 0),
        ("-0.00", 0),
        ("7", 700),
        ("7.5", 750),
        ("7.05", 705),
        ("-0.05", -5),
        ("00012.50", 1250),
        ("1701411834604692317316873037158841057.27", i128::MAX),
        ("-1701411834604692317316873037158841057.28", i128::MIN),
    ];
    for (text, units) in cases {
        assert_eq!(Money::parse(text, 2), Ok(Money(units)), "{text}");
    }
}

#[test]
fn spellings_that_are_refused_and_why() {
    use MoneyError::*;
    let cases = [
        ("", Empty),
        ("1,000", ThousandsSeparator),
        ("-1,000.00", ThousandsSeparator),
        ("1_000", ThousandsSeparator),
        ("1 000,5", ThousandsSeparator),
        ("1，000", ThousandsSeparator),
        ("1e3", Exponent),
        ("-1.5E-3", Exponent),
        ("+1", PlusSign),
        ("5.", MissingDigit),
        (".5", MissingDigit),
        ("-.5", MissingDigit),
        ("1.005", many(3)),
        ("1.500", many(3)),
        ("0.0000000000000000000000000000000000000000001", many(43)),
        ("1701411834604692317316873037158841057.28", OutOfRange),
        ("-1701411834604692317316873037158841057.29", OutOfRange),
        ("99999999999999999999999999999999999999999", OutOfRange),
        ("-", NotAnAmount),
        (".", NotAnAmount),
        ("--1", NotAnAmount),
        ("1-", NotAnAmount),
        (" 1", NotAnAmount),
        ("1 ", NotAnAmount),
        ("1.2.3", NotAnAmount),
        ("¥1", NotAnAmount),
        ("１", NotAnAmount),
        ("e3", NotAnAmount),
        ("NaN", NotAnAmount),
    ];
    for (text, reason) in cases {
        assert_eq!(Money::parse(text, 2), Err(reason), "{text:?}");
    }
}

#[test]
fn a_currency_without_decimals() {
    assert_eq!(Money::parse("-120", 0), Ok(Money(-120)));
    let found = MoneyError::TooManyDecimals { scale: 0, found: 1 };
    assert_eq!(Money::parse("120.0", 0), Err(found));
    assert_eq!(Money(-120).format(0), "-120");
}

#[test]
fn reasons_are_worded() {
    let text = many(3).to_string();
    assert_eq!(text, "an amount of this currency has at most 2 decimals, not 3");
}

#[test]
fn formats_with_exactly_the_scale() {
    assert_eq!(Money::ZERO.format(2), "0.00");
    assert_eq!(Money(-5).format(2), "-0.05");
    assert_eq!(Money(-123450).format(2), "-1234.50");
    assert_eq!(Money(5).format(4), "0.0005");
    assert_eq!(Money(i128::MIN).format(2), "-1701411834604692317316873037158841057.28");
    assert_eq!(Money(i128::from(u64::MAX) + 1).format(0), "18446744073709551616");
    assert_eq!(Money(10_i128.pow(20)).format(2), "1000000000000000000.00");
}

#[test]
fn arithmetic_is_checked() {
    let most = Money(i128::MAX);
    assert_eq!(most.checked_add(Money(1)), None);
    assert_eq!(Money(i128::MIN).checked_sub(Money(1)), None);
    assert_eq!(Money(i128::MIN).checked_neg(), None);
    assert_eq!(Money(-5).checked_neg(), Some(Money(5)));
    assert_eq!(
        Money(-5).checked_sub(Money(3)).and_then(|m| m.checked_add(Money(8))),
        Some(Money::ZERO)
    );
}

#[test]
fn decimals_at_the_border() {
    let refund = Decimal::from_str_exact("-12.50").unwrap();
    assert_eq!(Money::from_decimal(refund, 2), Some(Money(-1250)));
    assert_eq!(Money(-1250).to_decimal(2).unwrap().to_string(), "-12.50");
    assert_eq!(Money::from_decimal(refund, 0), None);
    assert_eq!(Money::from_decimal(-Decimal::ZERO, 2), Some(Money::ZERO));
    assert_eq!(Money::from_decimal(Decimal::MAX, 12), None);
    // Too long as a mantissa of fen, but not of yuan.
    let wide = Money(10_i128.pow(30));
    assert_eq!(wide.to_decimal(2).unwrap().to_string(), "1".to_owned() + &"0".repeat(28));
    assert_eq!(Money(i128::MAX).to_decimal(2), None);
}

#[test]
fn exact_values_at_the_border() {
    let third = Exact::from_ratio(1, 3).unwrap();
    assert_eq!(Money::from_exact(&third, 2), None);
    assert_eq!(Money::from_exact(&Exact::from_int(i128::MAX), 2), None);
    assert_eq!(Money::from_exact(&Exact::ONE, 38), Some(Money(10_i128.pow(38))));
    assert_eq!(Money::from_exact(&Exact::ONE, 39), None);
}

proptest! {
    #[test]
    fn every_way_there_and_back(units: i128, scale in 0_u8..=38) {
        let money = Money(units);
        let text = money.format(scale);
        prop_assert_eq!(Money::parse(&text, scale), Ok(money));
        prop_assert_eq!(Exact::parse_decimal(&text), Some(money.to_exact(scale)));
        prop_assert_eq!(Money::from_exact(&money.to_exact(scale), scale), Some(money));
        let written = money.to_exact(scale).to_decimal_string(scale);
        prop_assert_eq!(written, Some(text));
        if let Some(border) = money.to_decimal(scale) {
            prop_assert_eq!(Money::from_decimal(border, scale), Some(money));
        }
    }

    #[test]
    fn any_text_gets_an_answer(text in "[-+0-9.,eE _ ]{0,12}|.{0,6}", scale in 0_u8..=4) {
        // What is read is what the strict reader of decimals reads.
        if let Ok(money) = Money::parse(&text, scale) {
            prop_assert_eq!(Some(money.to_exact(scale)), Exact::parse_decimal(&text));
        }
    }
}
