//! Events in plain integers, against the evaluator that knows no shortcuts.
//!
//! The random rules of `reference` use every construct and few events; here are few rules that keep to
//! their lane, and many events: zero amounts, refunds, amounts beyond 64 bits, a key that comes twice,
//! a register row that is not there. Batches, order and the way of taking them may not matter.

use fenshui::base::{Date, Exact};
use fenshui::model::RuleSet;
use fenshui::reference::{Fate, Outcome};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::compiled::compiled;
use crate::reference::both::{Run, agreed, shown};
use crate::reference::data::{Row, Sent, batches_of, registers};
use crate::worked;

/// The rules of a workload.
pub fn workload(name: &str) -> String {
    let file = crate::floors::root().join(format!("examples/workloads/{name}.fen.md"));
    let text = std::fs::read_to_string(file).unwrap();
    text.split("```fen").skip(1).map(|part| part.split("```").next().unwrap()).collect()
}

/// Every kind of leg that has a lane: amounts, bounds, a waterfall, a pool that two legs fill, a split
/// settled in order, an undetermined rest, a total of two key parts with what the event adds.
pub const LEGS: &str = r#"
module legs
authority national
settlement largest remainder

regions { north; south }
account centre
account treasury[Region]
account firm[text]
pool shared
pool late

event receipt {
  id : integer unique; date : date effective; region : Region; payer : text; special : bool
  amount : money inflow; refund_of : integer? reverses receipt
  order by date, id
}
register limits by payer { payer : text; cap : money; since : date; exempt : bool }
parameter part[Region] : rate {
  from 2000-01-01 : north 1/3; south 2/7
  from 2020-07-01 : north 37.5%
}
tally seen per payer, year(date) : money on receipt when not special adds amount

rule plain
  split inflow
    part[region]               to shared
    10% up to 5.00             to shared
    12.34                      to centre
    rest {
      1/3   to treasury[region]
      rest  to late }

rule known overrides plain
  when limits[payer] as l and date >= l.since + 1 month and not l.exempt
  split inflow settled
    part[region]                                    to centre
    50% up to l.cap in total, closed once reached   to firm[payer]   as given per payer
    rest                                            to late

rule shared_out
  split shared in order {
    100.00  to centre
    50%     to treasury[region]
    rest    to firm[payer] }

rule first of receipt
  when total(seen) with this < 1_000.00
  split late
    all to treasury[south]

rule more overrides first
  when total(seen) with this >= 1_000.00 and total(seen) for payer, year(date) < 5_000.00
  split late
    1/7   to treasury[north]
    rest  undetermined "whoever is found"

rule most overrides first
  when total(seen) with this >= 1_000.00 and total(seen) for payer, year(date) >= 5_000.00
  split late
    2/3   to treasury[north]
    rest  to centre
"#;

fn amount() -> impl Strategy<Value = String> {
    let fen = |range: std::ops::Range<i128>| range.prop_map(money);
    prop_oneof![
        4 => fen(-200_000..200_000),
        2 => fen(-100..100),
        1 => fen(-(1 << 62)..(1 << 62)),
        1 => fen(-(1 << 75)..(1 << 75)),
    ]
}

pub fn money(fen: i128) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.abs() / 100, fen.abs() % 100)
}

pub fn receipts(events: usize) -> impl Strategy<Value = Vec<Sent>> {
    let undoes = prop::option::weighted(0.1, 1..160_u32);
    let day = (0..4_u32, 1..13_u32, 1..29_u32);
    let one = (0..2000_u32, day, any::<bool>(), 0..8_u32, amount(), undoes);
    prop::collection::vec(one, 0..events).prop_map(|all| {
        let event = |(at, (id, day, special, payer, amount, undoes)): (usize, _)| {
            let (year, month, day): (u32, u32, u32) = day;
            let undoes: Option<u32> = undoes;
            // Little enough that what is undone has it, if it has the other sign.
            let amount = match (undoes, special) {
                (None, _) => amount,
                (Some(_), true) => "-0.03".to_owned(),
                (Some(_), false) => "0.02".to_owned(),
            };
            let refund_of = undoes.map_or("-".to_owned(), |id| id.to_string());
            // Nearly every key is new.
            let id = if id == 0 { 1 } else { u32::try_from(at).unwrap() + 1 };
            let (year, region) = (2019 + year, if payer % 3 == 0 { "north" } else { "south" });
            Sent::new(
                "receipt",
                &format!(
                    "id {id}; date {year}-{month:02}-{day:02}; region {region}; payer P{payer}; \
                     special {special}; amount {amount}; refund_of {refund_of}"
                ),
            )
        };
        all.into_iter().enumerate().map(event).collect()
    })
}

pub fn limits() -> Vec<Row> {
    let row = |text: &str| Row::new("limits", text);
    vec![
        row("payer P1; cap 0.00; since 2019-01-31; exempt false"),
        row("payer P2; cap 120.00; since 2020-01-31; exempt false"),
        row("payer P3; cap 90000.00; since 2018-01-01; exempt false"),
        row("payer P4; cap 5.00; since 2018-01-01; exempt true"),
    ]
}

/// More legs than any event here has.
const LEGS_MAX: i64 = 16;

/// Both evaluators over the same events, in batches of several sizes and both ways of taking them.
/// Gives how many events went in their lane.
pub fn check(rules: &RuleSet, events: &[Sent], rows: &[Row]) -> Result<u64, String> {
    let registers = registers(rules, rows);
    let mut first: Option<Vec<Outcome>> = None;
    let mut in_lane = 0;
    for size in [usize::MAX, 7] {
        let batches = batches_of(rules, events, size);
        let run =
            Run { rules, readings: &[], registers: &registers, batches: &batches, through: None };
        let seen = agreed(&run)?;
        let (_, summary) = worked::run(rules, &[], &registers, &batches, None);
        in_lane = summary.in_lane;
        // No leg is settled further than a unit from what it is owed.
        let most = Exact::from(LEGS_MAX * i64::try_from(events.len()).unwrap());
        if let Some(drift) = summary.drift.iter().find(|drift| drift.amount.abs() > most) {
            return Err(format!("more drift than there are legs: {drift:?}"));
        }
        if let Some((taken, in_turn)) = worked::run_in_turn(rules, &registers, &batches) {
            if taken.len() != seen.len() {
                return Err("taken as they came they are not as many".to_owned());
            }
            // Events that depend on no other may come first; each event is there once.
            let by_place = |mut all: Vec<Outcome>| {
                all.sort_by_key(|outcome| outcome.sender);
                all
            };
            for (one, other) in by_place(seen.clone()).iter().zip(&by_place(taken)) {
                if one.fate != other.fate {
                    let (one, other) = (shown(rules, one), shown(rules, other));
                    return Err(format!("in turn: {other}\nsorted: {one}"));
                }
            }
            if in_turn != summary {
                return Err(format!("in turn: {in_turn:?}\nsorted: {summary:?}"));
            }
        }
        let fates = |seen: &[Outcome]| seen.iter().map(|it| it.fate.clone()).collect::<Vec<Fate>>();
        match &first {
            Some(first) if fates(first) != fates(&seen) => {
                return Err("other batches come to something else".to_owned());
            }
            Some(_) => {}
            None => first = Some(seen),
        }
    }
    Ok(in_lane)
}

pub fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("FENSHUI_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(cases);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(12))]

    #[test]
    fn legs_of_every_kind(mut events in receipts(160), sorted in any::<bool>()) {
        let rules = compiled(LEGS);
        if sorted {
            events.sort_by_key(|event| event.value("date").to_owned());
        }
        check(&rules, &events, &limits()).map_err(TestCaseError::fail)?;
    }

    /// Of receipts two thirds depend on no other and are taken as they come, unless a key comes twice.
    #[test]
    fn some_wait_and_others_do_not(
        all in prop::collection::vec(
            (0..400_u32, 0..4000_i64, 0..8_usize, 0..5_u32, 0..9_usize, -90_000_i128..900_000),
            0..120,
        ),
    ) {
        let rules = compiled(&workload("w2"));
        let taxes = ["vat", "cit", "iit", "stamp", "umct", "consumption", "deed", "resource"];
        let regions = ["beijing", "tianjin", "hebei"];
        let firm = |at: u32| Row::new("enterprises", &format!(
            "id E{at}; cap {at}00.00; relocation_date 2016-02-29"
        ));
        let events: Vec<Sent> = all.iter().enumerate().map(|(at, (id, day, tax, firm, pair, fen))| {
            let id = if *id == 0 { 0 } else { at + 1 };
            let date = Date::from_days(16_000 + i32::try_from(*day).unwrap()).unwrap();
            let (origin, destination) = (regions[pair % 3], regions[pair / 3]);
            Sent::new("receipt", &format!(
                "id {id}; date {date}; tax {}; enterprise E{firm}; origin {origin}; \
                 destination {destination}; amount {}",
                taxes[*tax], money(*fen),
            ))
        }).collect();
        check(&rules, &events, &(0..4).map(firm).collect::<Vec<Row>>())
            .map_err(TestCaseError::fail)?;
    }

    #[test]
    fn wages_on_the_year_to_date(
        months in prop::collection::vec((0..5_u32, 0..9_000_000_i128, 0..900_000_i128), 0..120),
    ) {
        let rules = compiled(&workload("w3"));
        let mut next = [0_u32; 5];
        let mut events = Vec::new();
        for (person, salary, insurance) in months {
            let month = &mut next[usize::try_from(person).unwrap()];
            *month += 1;
            if *month <= 12 {
                events.push(Sent::new("payslip", &format!(
                    "person {person}; month {month}; salary {}; insurance {}; deduction 0.00",
                    money(salary), money(insurance),
                )));
            }
        }
        let in_lane = check(&rules, &events, &[]).map_err(TestCaseError::fail)?;
        prop_assert_eq!(in_lane, u64::try_from(events.len()).unwrap());
    }
}

/// What keeps to its lane does so: a change that sends it to the evaluator costs ten times the time.
#[test]
fn most_events_keep_to_their_lane() {
    let rules = compiled(LEGS);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let events = receipts(160);
    let (mut all, mut in_lane) = (0, 0);
    for _ in 0..20 {
        let events = events.new_tree(&mut runner).unwrap().current();
        in_lane += check(&rules, &events, &limits()).unwrap();
        all += u64::try_from(events.len()).unwrap();
    }
    assert!(in_lane * 2 > all, "{in_lane} of {all}");
}

/// A hundred agreements, each a rule of its own beside the one that serves everybody else.
#[test]
fn many_rules_of_one_pool_keep_to_their_lane() {
    use std::fmt::Write as _;
    let mut rules = String::from(
        "module many\nauthority national\nsettlement largest remainder\naccount centre\naccount fund\n\
         event receipt {\n  id : integer unique; date : date effective; park : integer\n  \
         amount : money inflow\n}\n\
         rule main\n  split inflow\n    1/2 to centre\n    rest to fund\n",
    );
    for park in 0..100 {
        let share = park + 3;
        write!(
            rules,
            "rule of_{park} overrides main\n  when park = {park}\n  split inflow\n    \
             1/{share} to centre\n    rest to fund\n"
        )
        .unwrap();
    }
    let receipt = |at: i64| {
        Sent::new(
            "receipt",
            &format!("id {at}; date 2024-01-01; park {}; amount {}.07", at % 110, at * 31),
        )
    };
    let events: Vec<Sent> = (1..400).map(receipt).collect();
    let in_lane = check(&compiled(&rules), &events, &[]).unwrap();
    assert_eq!(in_lane, 399);
}
