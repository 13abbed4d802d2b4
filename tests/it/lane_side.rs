//! Events worked out side by side, against the evaluator that takes one after the other.
//!
//! Many events go through one program here, most of them of different payers, so that they make
//! groups; some come again to a payer in the same batch, some do not fit 64 bits, some come twice, and
//! some lack their row of a register: those leave their group, and those behind them must not notice.

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::compiled::compiled;
use crate::lane::{check, config, money};
use crate::reference::data::{Row, Sent, batches_of};
use crate::worked;

/// Nothing depends on another event: divisions by few and by many parts, in order and by the largest
/// fractions, a condition on a register's row, members, flags, days and a schedule.
const APART: &str = r#"
module apart
authority national
settlement largest remainder

regions { north; south; east }
account centre
account treasury[Region]
pool shared

event receipt {
  id : integer unique; date : date effective; due : date; region : Region; other : Region
  payer : integer; special : bool; amount : money inflow
}
register limits by payer { payer : integer; cap : money; since : date; home : Region; exempt : bool }
parameter part[Region] : rate {
  from 2000-01-01 : north 1/3; south 2/7; east 0%
  from 2020-07-01 : north 37.5%
}
schedule steps : money {
  from 2000-01-01 { up to 100 : 3%; up to 1_000 : 10%; above : 45% }
}

rule plain
  split inflow
    part[region]   to shared
    rest {
      101/997   to treasury[other]
      rest      to centre }

rule late overrides plain
  when due + 3 months < date and date - due < 700
  split inflow in order {
    1/3    to shared
    1/3    to centre
    rest   to treasury[region] }

rule known overrides plain, late
  when limits[payer] as l and date >= l.since and not l.exempt and special
  split inflow settled
    max(min(steps(max(amount, 0)), l.cap), 0.00) rounded half up  to centre
    rest {
      50%   to treasury[l.home]
      rest  to shared }

rule shared_out
  split shared
    2/3   to treasury[region]
    rest  to treasury[other]
"#;

/// Totals by payer and by payer and year, a bound, a latch, a levy that goes by the year to date.
const IN_TURN: &str = r#"
module in_turn
authority national
settlement largest remainder

account centre
account local
account fund
pool tax
pool over

event slip {
  payer : integer unique; day : date unique effective; pay : money; extra : money; open : bool
  order by day, payer
}
schedule rates : money {
  from 2000-01-01 { up to 1_000 : 3%; up to 5_000 : 10%; above : 20% }
}
tally earned per payer, year(day) : money on slip adds pay + extra - 100
tally bonus per payer : money on slip when open adds extra

levy due
  due max(rates(max(total(earned) with this, 0)) - total(withheld), 0) rounded half up
  as withheld per payer, year(day)
  into tax

rule shared
  split tax
    60% up to 300.00 in total, closed once reached  to fund  as given per payer
    rest                                            to over

rule rich
  when total(bonus) with this >= 500.00
  split over
    1/7   to centre
    rest  to local

rule poor
  when total(bonus) with this < 500.00
  split over
    all to local
"#;

/// Receipts that later ones undo by name, of their own firm and of others: what an undone one gave, a
/// leg of no units and an undetermined rest among it, and the totals it fed under several keys.
const UNDONE: &str = r#"
module undone
authority national
settlement largest remainder

regions { north; south }
account centre
account treasury[Region]
account firm[text]
pool shared

event receipt {
  id : text unique; date : date effective; firm : text; region : Region; amount : money inflow
  refund_of : text? reverses receipt
  order by date, id
}
tally given per firm, region, year(date) : money
tally seen per firm : money on receipt adds amount

rule plain
  split inflow settled
    1/7                              to centre
    50% up to 400.00 in total        to treasury[region]   as given
    rest                             to shared

rule few
  when total(seen) < 2_000.00
  split shared
    1/3000  to treasury[north]
    rest    to treasury[region]

rule many
  when total(seen) >= 2_000.00 and total(given) for firm, north, year(date) as of date < 900.00
  split shared
    1/3   to treasury[south]
    rest  undetermined "whoever is found"

rule most
  when total(seen) >= 2_000.00 and total(given) for firm, north, year(date) as of date >= 900.00
  split shared
    all to centre
"#;

/// The same where many rules may apply and only some receipts ask for a total: the others go side by side
/// whatever these come to.
const PARTLY: &str = r#"
module partly
authority national
settlement largest remainder

# More than a program is made for each of.
regions { north; south; east; west; upper; lower; inner; outer; middle }
account centre
account treasury[Region]
pool shared

event receipt {
  id : text unique; date : date effective; firm : text; region : Region; amount : money inflow
  refund_of : text? reverses receipt
  order by date, id
}
tally given per firm : money

rule d1 when day_of_month(date) = 1
  split inflow settled
    1/3 to centre
    rest to shared

rule d2 when day_of_month(date) = 2
  split inflow settled
    1/4 to centre
    rest to shared

rule d3 when day_of_month(date) = 3
  split inflow settled
    1/5 to centre
    rest to shared

rule d4 when day_of_month(date) = 4
  split inflow settled
    1/6 to centre
    rest to shared

rule d5 when day_of_month(date) = 5
  split inflow settled
    1/7 to centre
    rest to shared

rule d6 when day_of_month(date) = 6
  split inflow settled
    1/8 to centre
    rest to shared

rule d7 when day_of_month(date) = 7
  split inflow settled
    1/9 to centre
    rest to shared

rule d8 when day_of_month(date) = 8
  split inflow settled
    1/10 to centre
    rest to shared

rule others when day_of_month(date) > 8
  split inflow
    1/3 to treasury[region]
    rest to shared

rule plain
  split shared
    all to centre

rule limited overrides plain
  when region = north and amount > 100.00 and total(given) as of date < 9_000.00
  split shared
    50% up to 10_000.00 in total to treasury[north] as given
    rest to treasury[south]
"#;

/// A rule that serves few of many: what it asks behind its row is asked of those alone.
const FEW: &str = r#"
module few
authority national
settlement largest remainder

enumeration Kind { inner; outer }
account centre
account local
account firm[text]

event receipt {
  id : integer unique; date : date effective; payer : integer; name : text; amount : money inflow
  kind : Kind?
  order by date, id
}
register limits by payer { payer : integer; cap : money; since : date; name : text; share : rate }
tally given per payer : money
carry last per payer : text starts ""
  on receipt when amount > 5_000.00 becomes name

rule plain
  split inflow
    1/3  to firm[name]
    rest to centre

rule known overrides plain
  when all of {
    limits[payer] as l
    date >= l.since
    (if amount > 100.00 then amount / 7 else l.cap) > 50.00
    any of {
      l.name = name
      last = name
      total(given) < l.cap and month(date) < month(l.since) + 9
    }
    start(month(date)) + 3 days <= date or l.name = "A"
  }
  split inflow settled
    l.share up to l.cap in total  to local as given
    rest                          to centre

rule named overrides plain, known
  when payer >= 880
  with k = kind
  when k = outer
  split inflow
    all to local
"#;

fn amount() -> impl Strategy<Value = i128> {
    prop_oneof![
        40 => -200_000..900_000_i128,
        10 => -100..100_i128,
        1 => -(1 << 62)..(1_i128 << 62),
        1 => -(1 << 75)..(1_i128 << 75),
    ]
}

fn day() -> impl Strategy<Value = (u32, u32, u32)> {
    (2019..2022_u32, 1..13_u32, 1..29_u32)
}

fn date((year, month, day): (u32, u32, u32)) -> String {
    format!("{year}-{month:02}-{day:02}")
}

fn receipts(events: usize) -> impl Strategy<Value = Vec<Sent>> {
    let regions = ["north", "south", "east"];
    let one = (0..600_u32, day(), day(), 0..9_usize, 0..12_u32, any::<bool>(), amount());
    prop::collection::vec(one, 0..events).prop_map(move |all| {
        let event = |(at, (id, day, due, pair, payer, special, amount)): (usize, _)| {
            let pair: usize = pair;
            let id = if id == 0 { 1 } else { at + 1 };
            Sent::new(
                "receipt",
                &format!(
                    "id {id}; date {}; due {}; region {}; other {}; payer {payer}; \
                     special {special}; amount {}",
                    date(day),
                    date(due),
                    regions[pair % 3],
                    regions[pair / 3],
                    money(amount),
                ),
            )
        };
        all.into_iter().enumerate().map(event).collect()
    })
}

fn limits() -> Vec<Row> {
    let row = |payer: u32| {
        let home = ["north", "south", "east"][usize::try_from(payer % 3).unwrap()];
        let (cap, exempt) = (payer * 70, payer == 4);
        let text = format!(
            "payer {payer}; cap {cap}.00; since 2020-0{}-15; home {home}; exempt {exempt}",
            payer % 9 + 1
        );
        Row::new("limits", &text)
    };
    (0..10).map(row).collect()
}

/// Slips of some payers, mostly of all of them on a day before any of the next.
fn slips(events: usize) -> impl Strategy<Value = Vec<Sent>> {
    let one = (amount(), amount(), 0..40_u32, any::<bool>());
    let payers = prop_oneof![2..9_u32, 40..90_u32];
    (payers, prop::collection::vec(one, 0..events)).prop_map(|(payers, all)| {
        let event = |(at, (pay, extra, odd, open)): (u32, (i128, i128, u32, bool))| {
            let (round, payer) = (at / payers, at % payers);
            // Some come a day too late, some twice.
            let (payer, day) = match odd {
                0 => (payer, 2),
                1 => (0, 1),
                _ => (payer, 1),
            };
            let (year, month) = (2019 + round / 12, round % 12 + 1);
            Sent::new(
                "slip",
                &format!(
                    "payer {payer}; day {}; pay {}; extra {}; open {open}",
                    date((year, month, day)),
                    money(pay),
                    money(extra),
                ),
            )
        };
        (0..).zip(all).map(event).collect()
    })
}

/// Receipts of which some undo one nearby, before it or behind it, or one that never was.
fn refunded(events: usize) -> impl Strategy<Value = Vec<Sent>> {
    let one = (amount(), 0..12_u32, any::<bool>(), -20..60_i64, 0..60_u32);
    let firms = prop_oneof![2..9_u32, 40..120_u32];
    (firms, prop::collection::vec(one, 0..events)).prop_map(|(firms, all)| {
        let event = |(at, (fen, undoes, north, back, odd)): (u32, (i128, u32, bool, i64, u32))| {
            // Some names are too long to be packed.
            let name = |at: i64| {
                format!("{at:0>width$}", width = if at % 5 == 0 { 20 } else { 4 })
            };
            let own = i64::from(at);
            let (fen, refund_of) = match undoes {
                0 => (-2, name(own - back)),
                1 => (-3, name(own - 64)),
                _ => (fen, "-".to_owned()),
            };
            let (own, firm) = (if odd == 0 { 1 } else { own }, (at * 7 + at / 50) % firms);
            let (year, month, day) = (2019 + at / 200, at / 18 % 12 + 1, at % 18 + 1);
            let region = if north { "north" } else { "south" };
            Sent::new(
                "receipt",
                &format!(
                    "id {}; date {}; firm F{firm}; region {region}; amount {}; refund_of {refund_of}",
                    name(own),
                    date((year, month, day)),
                    money(fen),
                ),
            )
        };
        (0..).zip(all).map(event).collect()
    })
}

/// Receipts in the order of their places.
fn by_place(mut events: Vec<Sent>) -> Vec<Sent> {
    events.sort_by_key(|event| (event.value("date").to_owned(), event.value("id").to_owned()));
    events
}

/// Receipts of many payers of whom few are known, in their order.
fn mostly_unknown(events: usize) -> impl Strategy<Value = Vec<Sent>> {
    let one = (amount(), 0..900_u32, 0..4_usize, 0..3_usize);
    prop::collection::vec(one, 0..events).prop_map(|all| {
        let event = |(at, (fen, payer, name, kind)): (u32, (i128, u32, usize, usize))| {
            let kind = ["-", "inner", "outer"][kind];
            let day = date((2020, at / 1_680 % 12 + 1, at / 60 % 28 + 1));
            let (name, amount) = (["A", "B", "C", "D"][name], money(fen));
            let text = format!(
                "id {at}; date {day}; payer {payer}; name {name}; amount {amount}; kind {kind}"
            );
            Sent::new("receipt", &text)
        };
        (0..).zip(all).map(event).collect()
    })
}

fn few_limits() -> Vec<Row> {
    let row = |payer: u32| {
        let name = ["A", "B", "C"][usize::try_from(payer % 3).unwrap()];
        let (cap, since) = (payer * 70, date((2020, payer % 2 + 1, payer % 28 + 1)));
        let text =
            format!("payer {payer}; cap {cap}.00; since {since}; name {name}; share {payer}/100");
        Row::new("limits", &text)
    };
    (0..90).map(row).collect()
}

fn sorted(mut events: Vec<Sent>) -> Vec<Sent> {
    events.sort_by_key(|event| {
        let payer: u32 = event.value("payer").parse().unwrap();
        (event.value("day").to_owned(), payer)
    });
    events
}

proptest! {
    #![proptest_config(config(16))]

    #[test]
    fn of_events_that_stand_alone(events in receipts(400)) {
        check(&compiled(APART), &events, &limits()).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn of_events_in_their_turn(events in slips(400), in_order in any::<bool>()) {
        let events = if in_order { sorted(events) } else { events };
        check(&compiled(IN_TURN), &events, &[]).map_err(TestCaseError::fail)?;
    }
}

proptest! {
    #![proptest_config(config(16))]

    #[test]
    fn of_events_that_are_undone(events in refunded(400), in_order in any::<bool>()) {
        let events = if in_order { by_place(events) } else { events };
        check(&compiled(UNDONE), &events, &[]).map_err(TestCaseError::fail)?;
    }
}

proptest! {
    #![proptest_config(config(16))]

    #[test]
    fn of_events_of_which_some_depend_on_none(
        events in refunded(400),
        in_order in any::<bool>(),
    ) {
        let events = if in_order { by_place(events) } else { events };
        check(&compiled(PARTLY), &events, &[]).map_err(TestCaseError::fail)?;
    }
}

proptest! {
    #![proptest_config(config(6))]

    #[test]
    fn of_events_of_which_few_are_asked_more(events in mostly_unknown(3_000)) {
        check(&compiled(FEW), &events, &few_limits()).map_err(TestCaseError::fail)?;
    }
}

/// Those that undo no other go through their lane, and are undone as they were given.
#[test]
fn what_may_be_undone_keeps_to_its_lane() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut all, mut in_lane) = (0, 0);
    for _ in 0..8 {
        let events = by_place(refunded(400).new_tree(&mut runner).unwrap().current());
        in_lane += check(&compiled(UNDONE), &events, &[]).unwrap();
        all += u64::try_from(events.len()).unwrap();
    }
    assert!(in_lane * 3 > all * 2, "{in_lane} of {all}");
}

/// An event behind an empty batch is held against the one before that.
#[test]
fn an_empty_batch_stands_between_nobody() {
    let rules = compiled(IN_TURN);
    let slip = |day: &str| {
        Sent::new("slip", &format!("payer 1; day {day}; pay 900.00; extra 0.00; open true"))
    };
    let mut batches = batches_of(&rules, &[slip("2020-03-01"), slip("2020-02-01")], 1);
    batches.insert(1, batches[0].only(&[]));
    assert!(worked::run_in_turn(&rules, &[], &batches).is_none());
}
