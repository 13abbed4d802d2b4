use std::sync::Arc;

use proptest::prelude::*;

use crate::base::{Date, Digest, Duration, Exact, Money, Period, PeriodKind};
use crate::book::Moment;
use crate::book::entry::{
    Account, Addition, Because, Correction, Counted, CountedIn, Entry, Event, Leaf, Outcome, Part,
    Resolution, Said, Verdict,
};
use crate::rows::{Cell, Origin, Reason, Unreadable};

use super::{bytes_of, field_at, value_of};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The page of the format tells these to the byte.
#[test]
fn known_bytes() {
    let cases: [(Cell, &str); 13] = [
        (Cell::Missing, "00"),
        (Cell::Bool(true), "02"),
        (Cell::Integer(0), "0300"),
        (Cell::Integer(-1), "0301"),
        (Cell::Integer(64), "038001"),
        (Cell::Integer(i128::MIN), "03ffffffffffffffffffffffffffffffffffff03"),
        (Cell::Number(Exact::from_ratio(-1, 3).unwrap()), "04000103"),
        (Cell::Money(Money::from_minor(-5)), "0509"),
        (Cell::Date(Date::parse("1970-01-02").unwrap()), "0602"),
        (Cell::Period(Period::parse("2024Q2").unwrap()), "0701c27e"),
        (Cell::Duration(Duration { months: 14, days: -3 }), "081c05"),
        (Cell::Text(Arc::from("分")), "0903e58886"),
        (Cell::List(vec![Cell::Member(300), Cell::Record(vec![])]), "0b020aac020c00"),
    ];
    for (cell, expected) in cases {
        assert_eq!(hex(&bytes_of(&cell)), expected, "{cell:?}");
    }
}

/// Seven bits a byte, and no more bytes than need be, wherever a number has its highest bit.
#[test]
fn numbers_are_as_long_as_they_must_be() {
    for bits in 0..126_u32 {
        for number in [(1_i128 << bits) - 1, 1 << bits, -(1 << bits), !(1 << bits)] {
            let bytes = bytes_of(&Cell::Integer(number));
            let folded = if number < 0 { !number * 2 + 1 } else { number * 2 }.cast_unsigned();
            let length = (128 - folded.leading_zeros()).div_ceil(7).max(1);
            assert_eq!(bytes.len(), 1 + usize::try_from(length).unwrap(), "{number}");
            assert_eq!(value_of::<Cell>(&bytes).unwrap(), Cell::Integer(number));
        }
    }
}

#[test]
fn only_what_would_be_written_is_read() {
    for wrong in [
        "",                                           // nothing
        "0380",                                       // a number that does not end
        "038000",                                     // not the shortest
        "03ffffffffffffffffffffffffffffffffffffff03", // more than 128 bits
        "04000408",                                   // a quarter as 2/8: not in lowest terms
        "04000200",                                   // a denominator of zero
        "0401023130",                                 // ten, which has a shorter form
        "0902c328",                                   // not UTF-8
        "0905",                                       // a text that is not there
        "0bffffff7f",                                 // a list longer than its bytes
        "0d",                                         // no such kind
        "0000",                                       // something after the end
        "06feffffffff1f",                             // a day beyond the calendar
        "070300",                                     // no such period
    ] {
        let pairs = wrong.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let bytes: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        assert!(value_of::<Cell>(&bytes).is_err(), "{wrong}: {:?}", value_of::<Cell>(&bytes));
    }
    let mut deep = [11, 1].repeat(1000);
    deep.push(0);
    assert!(value_of::<Cell>(&deep).is_err(), "lists without end in each other");
}

#[test]
fn numbers_beyond_128_bits_come_back() {
    for text in ["1", "-1"] {
        let wide = Exact::parse_decimal(&format!("{text}{}", "7".repeat(60))).unwrap();
        let third = wide.div(&Exact::from_int(1_000_003)).unwrap();
        for value in [wide, third] {
            let cell = Cell::Number(value);
            assert_eq!(value_of::<Cell>(&bytes_of(&cell)).as_ref(), Ok(&cell));
        }
    }
}

#[test]
fn a_byte_is_told_by_its_field() {
    let event = event(vec![Cell::Text(Arc::from("R1"))], vec![leaf(50), leaf(70)]);
    let bytes = bytes_of(&event);
    let last_amount = bytes.len() - 4;
    assert_eq!(field_at::<Event>(&bytes, 0), "batch");
    assert_eq!(field_at::<Event>(&bytes, 5), "fields[0]");
    assert_eq!(field_at::<Event>(&bytes, last_amount), "outcome.leaves[1].amount");
}

fn leaf(fen: i128) -> Leaf {
    let account = Some(Account { family: 1, key: vec![Cell::Member(2)] });
    Leaf { account, leg: 3, amount: Money::from_minor(fen) }
}

fn event(fields: Vec<Cell>, leaves: Vec<Leaf>) -> Event {
    Event {
        batch: 3,
        kind: 0,
        fields,
        origin: Origin { file: 0, line: 2 },
        date: Date::parse("2016-05-01").unwrap(),
        booked: None,
        key: vec![Part::Field { field: 0 }],
        lane: vec![],
        rank: vec![],
        late: false,
        outcome: Outcome::Allocated { inflow: Money::from_minor(120), residue_units: 1, leaves },
        figures: vec![],
        open_items: vec![],
    }
}

fn any_cell() -> impl Strategy<Value = Cell> {
    let plain = prop_oneof![
        Just(Cell::Missing),
        any::<bool>().prop_map(Cell::Bool),
        any::<i128>().prop_map(Cell::Integer),
        (any::<i128>(), 1..i128::MAX).prop_map(|(numerator, denominator)| {
            Cell::Number(Exact::from_ratio(numerator, denominator).unwrap())
        }),
        any::<i128>().prop_map(|units| Cell::Money(Money::from_minor(units))),
        (-719_162..2_932_896).prop_map(|days| Cell::Date(Date::from_days(days).unwrap())),
        (1..9999_i32, 1..=4).prop_map(|(year, number)| {
            Cell::Period(Period::new(PeriodKind::Quarter, year, number).unwrap())
        }),
        ".{0,12}".prop_map(|text| Cell::Text(Arc::from(text.as_str()))),
        any::<u32>().prop_map(Cell::Member),
    ];
    plain.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Cell::List),
            prop::collection::vec(inner, 0..4).prop_map(Cell::Record),
        ]
    })
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let cells = || prop::collection::vec(any_cell(), 0..6);
    let amounts = prop::collection::vec(any::<i128>(), 0..4);
    prop_oneof![
        (cells(), amounts).prop_map(|(fields, amounts)| {
            Entry::Event(event(fields, amounts.into_iter().map(leaf).collect()))
        }),
        (cells(), any::<u64>()).prop_map(|(key, of)| {
            let reason = Reason::NoRow { register: 1, key };
            let outcome = Some(Outcome::SetAside { inflow: None, reason });
            let because = Because::Late { entry: of };
            let booked = Date::parse("2016-05-01").unwrap();
            let said = (of % 2 == 0).then(|| Said { figures: vec![], open_items: vec![1, 2] });
            Entry::Correction(Correction { batch: 1, of, because, booked, outcome, said })
        }),
        (any::<u64>(), prop::collection::vec(any_cell(), 0..3), any::<u32>()).prop_map(
            |(entry, key, place)| {
                let [by, reason, name] = ["judge", "why", "total"].map(str::to_owned);
                let (besides, leaves) = (Exact::ZERO, vec![place]);
                let counted = (!key.is_empty()).then(|| Counted {
                    entry,
                    totals: vec![CountedIn {
                        name,
                        keys: vec![],
                        scale: 2,
                        adds: vec![Addition { key, leaves, besides }],
                    }],
                });
                Entry::Resolution(Resolution {
                    learnt: Moment::from_millis(0),
                    by,
                    dispute: entry,
                    verdict: Verdict::Upheld,
                    reason,
                    counted: counted.into_iter().collect(),
                })
            },
        ),
        ".{0,9}".prop_map(|value| {
            let (value, why) = (Arc::from(value.as_str()), Unreadable::FullWidth);
            let reason = Reason::Unreadable { column: None, value, why };
            let outcome = Outcome::SetAside { inflow: Some(Money::ZERO), reason };
            Entry::Event(Event { outcome, ..event(vec![], vec![]) })
        }),
    ]
}

proptest! {
    #[test]
    fn an_entry_comes_back_from_its_bytes(entry in any_entry()) {
        let body = entry.body();
        prop_assert_eq!(Entry::from_body(entry.kind(), &body), Ok(entry));
    }

    /// Two values never share bytes, and no value has two forms.
    #[test]
    fn other_bytes_are_another_entry(entry in any_entry(), at: prop::sample::Index, bit in 0..8_u32) {
        let mut body = entry.body();
        let at = at.index(body.len());
        body[at] ^= 1_u8 << bit;
        if let Ok(other) = Entry::from_body(entry.kind(), &body) {
            prop_assert_eq!(Digest::of(&other.body()), Digest::of(&body));
            prop_assert_ne!(other, entry);
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(kind in 0..13_u8, body: Vec<u8>) {
        if let Ok(entry) = Entry::from_body(kind, &body) {
            prop_assert_eq!(entry.body(), body);
        }
    }
}
