//! Events that share keys and are bound by a running total, against the evaluator that takes one after the
//! other: what a bound grants is decided event by event, all else for all events at once.
//!
//! There are few keys, so that most events come behind others of theirs. Some have no row of a register or
//! no amount that fits 64 bits: those leave their group, and all behind them with their key; some add to the
//! total without being bound; and some grant what only a settlement makes whole, so that nobody knows what
//! they add before.

use proptest::prelude::*;

use crate::compiled::compiled;
use crate::lane::{check, config, money};
use crate::reference::data::{Row, Sent};

/// What all these rules declare.
const DECLARED: &str = r#"
module bounds
authority national
settlement largest remainder

enumeration Kind { plain; other; late }
account centre
account local
account firm
account apart
pool half

event receipt {
  id : integer unique; date : date effective; kind : Kind; payer : text; amount : money inflow
  order by date, id
}
register limits by payer { payer : text; cap : money; until : date }
parameter most[Kind] : money { from 2000-01-01 : plain 90.00; other 0.00; late 300.00 }
"#;

/// Shares that are whole before they are bound; some events are behind a day and have no part in it.
const WHOLE: &str = r#"
rule base of receipt
  split inflow settled
    2/7 to centre
    rest {
      50%  to half
      rest to local
    }

rule capped
  with l = limits[payer]
  split half
    all up to l.cap in total, closed once reached to firm as given per payer
    rest to local

rule ended overrides capped
  with l = limits[payer]
  when date > l.until
  split half
    all to local
"#;

/// Others add to the total that are not bound by it, and one rule has no latch.
const BESIDE: &str = r#"
rule base of receipt
  split inflow settled
    2/7 to centre
    rest to half

rule capped
  when kind = plain
  split half
    all up to most[kind] in total to firm as given per payer
    rest to local

rule beside
  when kind != plain
  split half settled
    1/3 to apart as given per payer
    rest to local
"#;

/// Two bounds, one behind the other: nobody goes through to the second.
const TWICE: &str = r#"
rule base of receipt
  split inflow
    50% up to 40.00 in total to centre as first per payer
    rest to half

rule capped
  split half
    all up to most[kind] in total, closed once reached to firm as given per payer
    rest to local
"#;

/// What is granted is made whole when the event settles.
const SHARED: &str = r#"
rule base of receipt
  split inflow
    1/3 up to 250.00 in total, closed once reached to firm as given per payer
    2/7 to centre
    rest to local
"#;

/// The bound is what is left of the total itself.
const OF_ITSELF: &str = r#"
tally brought per payer : money on receipt adds amount
rule base of receipt
  split inflow
    all up to max(100.00 + total(brought), 0.00) in total to firm as given per payer
    rest to local
"#;

fn receipts(events: usize) -> impl Strategy<Value = Vec<Sent>> {
    let fen = prop_oneof![
        30 => -3_000..9_000_i128,
        3 => Just(0_i128),
        3 => -90_000..90_000_i128,
        1 => 1_i128 << 62..1_i128 << 65,
    ];
    let payer = prop_oneof![400 => 0..6_u32, 1 => Just(9_u32)];
    let one = ((2019..2022_u32, 1..13_u32, 1..29_u32), 0..3_usize, payer, fen);
    prop::collection::vec(one, 0..events).prop_map(|all| {
        let event = |(at, ((year, month, day), kind, payer, fen)): (usize, _)| {
            let kind = ["plain", "other", "late"][kind];
            let text = format!(
                "id {at}; date {year}-{month:02}-{day:02}; kind {kind}; payer P{payer}; amount {}",
                money(fen)
            );
            Sent::new("receipt", &text)
        };
        all.into_iter().enumerate().map(event).collect()
    })
}

fn limits() -> Vec<Row> {
    let cap = |payer: u32| ["0.00", "12.34", "700.00", "99.99", "5000.00", "0.01"][payer as usize];
    let row = |payer| {
        let until = 2019 + payer / 2;
        Row::new("limits", &format!("payer P{payer}; cap {}; until {until}-08-31", cap(payer)))
    };
    (0..6).map(row).collect()
}

proptest! {
    #![proptest_config(config(12))]

    #[test]
    fn of_events_that_share_keys(
        mut events in receipts(700),
        rules in prop::sample::select(vec![WHOLE, BESIDE, TWICE, SHARED, OF_ITSELF]),
        in_order in any::<bool>(),
    ) {
        let rules = compiled(&format!("{DECLARED}{rules}"));
        if in_order {
            events.sort_by_key(|event| event.value("date").to_owned());
        }
        check(&rules, &events, &limits()).map_err(TestCaseError::fail)?;
    }
}
