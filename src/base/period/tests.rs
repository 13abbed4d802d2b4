//! Periods against the dates that lie in them.

use proptest::prelude::*;

use super::*;
use crate::base::Duration;

const KINDS: [PeriodKind; 3] = [PeriodKind::Month, PeriodKind::Quarter, PeriodKind::Year];

fn dates() -> impl Strategy<Value = Date> {
    (Date::MIN.days()..=Date::MAX.days()).prop_map(|days| Date::from_days(days).unwrap())
}

#[test]
fn the_ends_of_the_calendar() {
    for kind in KINDS {
        let (first, last) = (Period::of(kind, Date::MIN), Period::of(kind, Date::MAX));
        assert_eq!((first.start(), last.end()), (Date::MIN, Date::MAX));
        assert_eq!((first.checked_add(-1), last.next()), (None, None));
        assert_eq!(first.checked_add(i32::MIN), None);
        assert_eq!(last.checked_add(i32::MAX), None);
    }
}

#[test]
fn spellings_that_are_none() {
    let none = [
        "",
        "24",
        "02024",
        "0000",
        "2024-",
        "2024-0",
        "2024-00",
        "2024-13",
        "2024-003",
        "2024Q",
        "2024Q0",
        "2024Q5",
        "2024q1",
        "2024-Q1",
        "2024年",
        "2024 ",
        "２０２４",
    ];
    for text in none {
        assert_eq!(Period::parse(text), None, "{text:?}");
    }
}

#[test]
fn order_is_that_of_time() {
    let read = |text| Period::parse(text).unwrap();
    assert!(read("2023-12") < read("2024-01"));
    assert!(read("2023Q4") < read("2024Q1"));
    assert!(read("2023") < read("2024"));
}

#[test]
fn a_range_that_is_empty_or_one_day() {
    let day = Date::new(2024, 3, 31).unwrap();
    let before = Date::new(2024, 3, 30).unwrap();
    assert_eq!(Period::split_by(day, before, PeriodKind::Month).count(), 0);
    let pieces: Vec<PeriodPiece> = Period::split_by(day, day, PeriodKind::Quarter).collect();
    let period = Period::parse("2024Q1").unwrap();
    assert_eq!(pieces, [PeriodPiece { period, first: day, last: day }]);
}

#[test]
fn a_range_to_the_last_day_there_is() {
    let first = Date::new(9999, 11, 30).unwrap();
    assert_eq!(Period::split_by(first, Date::MAX, PeriodKind::Month).count(), 2);
}

proptest! {
    #[test]
    fn a_period_is_its_days(day in dates()) {
        for kind in KINDS {
            let period = Period::of(kind, day);
            prop_assert!(period.start() <= day && day <= period.end());
            prop_assert_eq!(Period::of(kind, period.start()), period);
            prop_assert_eq!(Period::of(kind, period.end()), period);
            prop_assert_eq!(Period::parse(&period.to_string()), Some(period));
            prop_assert_eq!(Period::new(kind, period.year(), period.number()), Some(period));
            let after = period.end().checked_add(Duration::days(1));
            prop_assert_eq!(period.next().map(Period::start), after);
            let longer = period.start().checked_add(Duration::months(kind.months()));
            prop_assert_eq!(longer, after);
        }
    }

    #[test]
    fn pieces_cover_the_range(first in dates(), length in 0_i32..2_000) {
        let last = first.checked_add(Duration::days(length)).unwrap_or(Date::MAX);
        for kind in KINDS {
            let mut expected = Some(first);
            for piece in Period::split_by(first, last, kind) {
                prop_assert_eq!(Some(piece.first), expected);
                prop_assert!(piece.first <= piece.last);
                prop_assert!(piece.period.contains(piece.first));
                prop_assert!(piece.period.contains(piece.last));
                expected = piece.last.checked_add(Duration::days(1));
            }
            prop_assert_eq!(expected, last.checked_add(Duration::days(1)));
        }
    }
}
