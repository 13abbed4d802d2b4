//! What holds of a register's row for the run, totals as of a day, fractions in a bound, refunds by
//! name and a calendar between events: in plain integers, against the evaluator that knows no shortcuts.

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::compiled::compiled;
use crate::lane::{check, config, money};
use crate::reference::data::{Row, Sent, batches_of, registers};
use crate::worked;

const MOVED: &str = r#"
module moved
authority national
settlement largest remainder

regions { north; south }
account centre
account treasury[Region]

event receipt {
  id : text unique; date : date effective; firm : text; region : Region; amount : money inflow
  refund_of : text? reverses receipt
  order by date, id
}
parameter least : money = 100.00
register paid many by firm, region {
  firm : text; region : Region; date : date; amount : money
  let counted = amount * (if region = north then 3/8 else 1/3)
}
register moved by firm, region {
  firm : text; region : Region; since : date; opened : date?; led : bool
  let clock = max(since, opened otherwise 9000-01-01)
  let before = sum(p.counted for paid[firm, region] as p where p.date in since - 1 year .. since)
  let in_all = count(paid[firm, region] as p)
  let cap = before / 7
  let wanted = least / (if in_all > 3 then 0 else 1)
  let fits = led and before / 3 >= wanted
}
pool shared
tally given per firm, region : money
tally seen per firm : money on receipt adds amount

rule plain of receipt
  split inflow
    if sum(p.counted for paid as p where p.region = north) > 300.00 then 1/4 else 1/5 to centre
    rest  to treasury[region]

rule moves of receipt overrides plain
  when all of {
    moved[firm, region] as m
    m.fits
    count(moved as other where other.led) < 6
    date in m.clock .. m.clock + 2 years
    any of {
      date < m.clock + 1 year
      total(given) as of m.clock + 1 year < m.cap
    }
  }
  split inflow
    1/4   to centre
    rest  to shared

rule half of receipt
  with m = moved[firm, region]
  split shared
    50% up to m.cap in total to treasury[north] as given
    rest to treasury[south]

rule more of receipt overrides half
  when total(seen) with this as of 2017-01-01 > 900.00 and total(seen) with this as of date + 1 day > 950.00
  split shared
    all to treasury[south] as given

calendar over on m.clock + 1 year for each moved as m
rule closing of over
  transfer 1.00 from centre to treasury[m.region]
figure missing of over when m.fits = m.cap - total(given) for m.firm, m.region

calendar quarters at end of quarter
rule counted of quarters
  transfer 0.01 from treasury[south] to centre
"#;

fn receipts(events: usize) -> impl Strategy<Value = Vec<Sent>> {
    let day = (2015..2018_u32, 1..13_u32, 1..29_u32);
    let fen = prop_oneof![4 => 0..90_000_i128, 2 => -9_000..0_i128, 1 => 0..(1_i128 << 66)];
    let undoes = prop::option::weighted(0.1, 1..120_u32);
    let one = (0..900_u32, day, 0..6_u32, any::<bool>(), fen, undoes);
    prop::collection::vec(one, 0..events).prop_map(|all| {
        let receipt = |(at, (id, day, firm, north, fen, undoes)): (usize, _)| {
            let (year, month, day): (u32, u32, u32) = day;
            let (undoes, fen): (Option<u32>, i128) = (undoes, fen);
            let fen = if undoes.is_some() { -2 } else { fen };
            // A key of more than fifteen bytes is held otherwise; nearly every one is new.
            let name = |id: u32| {
                format!("{id:0>width$}", width = if id.is_multiple_of(5) { 20 } else { 3 })
            };
            let id = name(if id == 0 { 1 } else { u32::try_from(at).unwrap() + 1 });
            let refund_of = undoes.map_or("-".to_owned(), name);
            let region = if north { "north" } else { "south" };
            Sent::new(
                "receipt",
                &format!(
                    "id N{id}; date {year}-{month:02}-{day:02}; firm F{firm}; region {region}; \
                     amount {}; refund_of {}",
                    money(fen),
                    if refund_of == "-" { refund_of } else { format!("N{refund_of}") },
                ),
            )
        };
        let mut all: Vec<Sent> = all.into_iter().enumerate().map(receipt).collect();
        all.sort_by_key(|event| (event.value("date").to_owned(), event.value("id").to_owned()));
        all
    })
}

/// Firms of which some fit, one is not led, one has no day yet, and one cannot be worked out.
fn rows() -> Vec<Row> {
    let moved = |firm: u32, led: bool, opened: &str| {
        Row::new(
            "moved",
            &format!("firm F{firm}; region north; since 2015-03-31; opened {opened}; led {led}"),
        )
    };
    let paid = |firm: u32, month: u32, fen: i128| {
        Row::new(
            "paid",
            &format!("firm F{firm}; region north; date 2014-{month:02}-30; amount {}", money(fen)),
        )
    };
    vec![
        moved(0, true, "2015-06-30"),
        moved(1, true, "2016-02-29"),
        moved(2, false, "2015-06-30"),
        moved(3, true, "-"),
        moved(4, true, "2015-06-30"),
        paid(0, 4, 99_999),
        paid(0, 5, 100_001),
        paid(0, 1, 900_000),
        paid(1, 9, 12_345_679),
        paid(2, 9, 12_345_679),
        paid(3, 9, 12_345_679),
        paid(4, 6, 500_000),
        paid(4, 7, 500_000),
        paid(4, 8, 500_000),
        paid(4, 9, 500_000),
    ]
}

proptest! {
    #![proptest_config(config(16))]

    #[test]
    fn what_holds_of_rows_for_the_run(events in receipts(120)) {
        let rules = compiled(MOVED);
        check(&rules, &events, &rows()).map_err(TestCaseError::fail)?;
    }
}

/// What has trees keeps to its lane: of those that undo no other, nearly all. Events that come in
/// their order are taken as they come, whatever the calendar makes between them.
#[test]
fn most_keep_to_their_lane_and_to_their_turn() {
    let rules = compiled(MOVED);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut all, mut in_lane, mut in_turn) = (0, 0, 0);
    for _ in 0..10 {
        let events = receipts(120).new_tree(&mut runner).unwrap().current();
        in_lane += check(&rules, &events, &rows()).unwrap();
        all += u64::try_from(events.len()).unwrap();
        let batches = batches_of(&rules, &events, 7);
        let taken = worked::run_in_turn(&rules, &registers(&rules, &rows()), &batches);
        in_turn += u32::from(taken.is_some());
    }
    assert!(in_lane * 5 > all * 3, "{in_lane} of {all}");
    assert!(in_turn > 5, "{in_turn} of 10");
}
