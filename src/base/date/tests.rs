//! The calendar against `jiff`'s.

use jiff::civil;
use proptest::prelude::*;

use super::*;

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn dates() -> impl Strategy<Value = Date> {
    (Date::MIN.0..=Date::MAX.0).prop_map(Date)
}

fn model(date: Date) -> civil::Date {
    date.to_string().parse().unwrap()
}

#[test]
fn every_day_of_the_calendar() {
    let mut expected = civil::date(1, 1, 1);
    for days in Date::MIN.0..=Date::MAX.0 {
        let found = Date::from_days(days).unwrap();
        let (year, month, day) = found.civil();
        let wanted = (expected.year(), expected.month(), expected.day());
        assert_eq!((year, month, day), (wanted.0.into(), wanted.1.into(), wanted.2.into()));
        assert_eq!(Date::new(year, month, day), Some(found));
        assert_eq!(found.weekday(), expected.weekday());
        expected = expected.tomorrow().unwrap_or(expected);
    }
    assert_eq!(Date::new(1970, 1, 1).map(Date::days), Some(0));
}

#[test]
fn the_ends_of_the_calendar() {
    assert_eq!(Date::MIN.to_string(), "0001-01-01");
    assert_eq!(Date::MAX.to_string(), "9999-12-31");
    assert_eq!(Date::from_days(Date::MIN.0 - 1), None);
    assert_eq!(Date::from_days(Date::MAX.0 + 1), None);
    assert_eq!(Date::MAX.checked_add(Duration::days(1)), None);
    assert_eq!(Date::MIN.checked_sub(Duration::months(1)), None);
    assert_eq!(Date::MAX.checked_add(Duration::days(i32::MAX)), None);
    assert_eq!(Date::MAX.checked_add(Duration::months(i32::MAX)), None);
    assert_eq!(Date::MIN.checked_add(Duration::months(i32::MIN)), None);
    assert_eq!(Date::MIN.checked_sub(Duration::days(i32::MIN)), None);
}

#[test]
fn days_that_are_none() {
    let none = [
        (0, 1, 1),
        (10_000, 1, 1),
        (2024, 0, 1),
        (2024, 13, 1),
        (2024, 1, 0),
        (2024, 1, 32),
        (2024, 4, 31),
        (2023, 2, 29),
        (1900, 2, 29),
        (-1, 1, 1),
    ];
    for (year, month, day) in none {
        assert_eq!(Date::new(year, month, day), None, "{year}-{month}-{day}");
    }
}

#[test]
fn spellings_that_are_none() {
    let none = [
        "",
        "2024",
        "2024-01",
        "2024-1-1",
        "24-01-01",
        "2024/01/01",
        "20240101",
        "2024-01-01 ",
        " 2024-01-01",
        "+024-01-01",
        "2024-01-0x",
        "2024-02-30",
        "0000-01-01",
        "2024-01-01T00:00",
        "２０２４-01-01",
    ];
    for text in none {
        assert_eq!(Date::parse(text), None, "{text:?}");
    }
}

#[test]
fn months_before_days() {
    let term = Duration { months: 1, days: 1 };
    // 31 January, a month on is 29 February, a day on is 1 March.
    assert_eq!(date("2024-01-31").checked_add(term), Some(date("2024-03-01")));
    // 1 March, a month back is 1 February, a day back is 31 January.
    assert_eq!(date("2024-03-01").checked_sub(term), Some(date("2024-01-31")));
    assert_eq!(date("2024-02-29").checked_add(Duration::months(-12)), Some(date("2023-02-28")));
}

proptest! {
    #[test]
    fn adding_agrees(day in dates(), months in -1_200_i32..=1_200, days in -40_000_i32..=40_000) {
        let span = |months: i32, days: i32| jiff::Span::new().months(months).days(days);
        let in_years = |found: civil::Date| (1..=9999).contains(&found.year());
        // jiff counts the months first as well; its calendar begins earlier.
        let wanted = model(day)
            .checked_add(span(months, 0)).ok().filter(|found| in_years(*found))
            .and_then(|found| found.checked_add(span(0, days)).ok())
            .filter(|found| in_years(*found));
        let found = day.checked_add(Duration { months, days });
        prop_assert_eq!(found.map(model), wanted);
        let back = day.checked_sub(Duration { months: -months, days: -days });
        prop_assert_eq!(back, found);
    }

    #[test]
    fn adding_years_agrees(day in dates(), years in -10_000_i32..=10_000) {
        let in_years = |found: &civil::Date| (1..=9999).contains(&found.year());
        let wanted = model(day).checked_add(jiff::Span::new().years(years)).ok().filter(in_years);
        prop_assert_eq!(day.checked_add(Duration::years(years).unwrap()).map(model), wanted);
    }

    #[test]
    fn text_comes_back(day in dates(), other in dates()) {
        prop_assert_eq!(Date::parse(&day.to_string()), Some(day));
        let between = model(day).until(model(other)).unwrap().get_days();
        prop_assert_eq!(day.days_until(other), between);
        prop_assert_eq!(day.cmp(&other), model(day).cmp(&model(other)));
    }

    #[test]
    fn any_text_gets_an_answer(text in "[-0-9]{8,12}|.{0,12}") {
        if let Some(day) = Date::parse(&text) {
            prop_assert_eq!(day.to_string(), text);
        }
    }
}
