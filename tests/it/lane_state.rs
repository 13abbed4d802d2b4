//! Carried values, texts compared and periods reckoned with in plain integers, against the evaluator
//! that knows no shortcuts; and values that heads give a name, which must have an answer whether or not
//! anybody needs it.

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::compiled::compiled;
use crate::lane::{check, config, money};
use crate::reference::data::{Row, Sent};

const LEDGER: &str = r#"
module ledger
authority national
settlement largest remainder

regions { north; south; east }
account centre
account treasury[Region]
account firm[text]
account booth[text, month]
pool tax
pool rest_of

event wage {
  id : integer unique; date : date effective; person : text; payer : text; home : Region
  amount : money inflow; said : bool?; since : date; until : date?; meant : month?; note : text?
  let begins = if present(meant) then month(start(year(date))) else max(month(since), month(start(year(date))))
  let ends = min(month(until otherwise date), month(date))
  let months = max(ends - begins + 1, 0)
  let wanted = (meant otherwise month(date)) - 1
  let whose = note otherwise payer
  order by date, id
}
register claims many by person {
  person : text; first : month; last : month?; payer : text?; amount : money; part : rate?
  let latest = last otherwise 9999-12
  let ends = if (payer otherwise "A") = "A" then first else min(latest, first + term - 1)
}
register homes by person { person : text; alias : text; due : quarter }
parameter term : integer { from 2000-01-01 : 3; from 2020-07-01 : 14 }
parameter opened : date { from 2000-01-01 : 2019-03-01; from 2020-07-01 : 2020-02-29 }
parameter unit : money = 0.70
parameter asked : date = 0001-01-01
parameter late_rate : rate { from 2019-04-01 : 1/5 }
schedule steps : money {
  from 2000-01-01 { up to 100 : 3%; up to 1_000 : 10%; above : 45% }
}

carry last_month per person, payer : month starts 0001-01 on wage becomes month(date)
carry first_payer per person, year(date) : text starts "" on wage when first_payer = "" becomes payer
carry alias per person : text starts "none" on wage when present(note) becomes note otherwise "?"
carry was_said per person, payer : bool starts false on wage when said otherwise false becomes true
carry told per person, payer : date starts 0001-01-01 on wage when told = 0001-01-01 becomes since
carry most per person : money starts 0 on wage when amount > most becomes amount
carry pace per person : number starts 1/4 on wage becomes months / 10
carry place per person : Region starts north on wage becomes home
carry turns per person : integer starts 0 on wage when payer != "B" becomes turns + 1

tally months_paid per person, payer, year(date) : integer on wage when month(date) != last_month adds 1
tally paid per person, last_month : money on wage adds amount

levy by_steps of wage
  let first = said otherwise was_said
  let agrees = if all of {
    since <= (until otherwise 9999-12-31)
    present(meant) or told in {0001-01-01, since}
    not first or first_payer in {"", payer}
    first or not was_said
  } then 1 else 0
  let known = if asked = 0001-01-01 then opened else asked
  let deducted = (if first then unit * 5 else unit * months) / agrees
  let claimed = sum(c.amount * (c.part otherwise 100%) * max(min(c.ends, ends) - max(c.first, begins) + 1, 0)
    for claims[person] as c where (c.payer otherwise "") = payer)
  let base = max(most + turns * pace * unit + total(paid) / 9 - deducted - claimed, 0)
  due steps(base) + (if total(months_paid) > 2 then 1.00 else 0.00) + (if known <= date then 1.00 else 0.00) rounded half up
  into tax

rule taxed of wage
  let late = late_rate / 2
  split tax
    (if place = south then late else 15%) to treasury[place]
    rest to firm[whose]

rule untaxed of wage overrides taxed
  when date < 2020-03-01 or place = east
  split tax all to firm[if was_said then alias else first_payer]

rule plain of wage
  when payer >= first_payer
  split inflow
    1/3 to booth[payer, wanted]
    rest to rest_of

rule before of wage
  when payer < first_payer
  split inflow
    unit * days(month(date)) to booth[first_payer, max(last_month, begins)]
    rest to rest_of

rule with_home of wage
  with h = homes[person]
  when date in quarter(start(h.due)) or h.alias = alias
  split rest_of
    all to firm[h.alias]

rule without of wage overrides with_home
  when not present(homes[person]) or year(wanted) = year(date) - 1
  split rest_of
    unit * months_between(since, date) to centre
    rest to booth[alias, month(date) + months]

rule later of wage
  with h = homes[person]
  when not (date in quarter(start(h.due)) or h.alias = alias) and year(wanted) != year(date) - 1
  split rest_of
    1/7 to treasury[home]
    unit * day_of_month(date) to firm[payer]
    rest undetermined "who"
"#;

fn wages(events: usize) -> impl Strategy<Value = Vec<Sent>> {
    let day = (2019..2022_u32, 1..13_u32, 1..29_u32);
    let since = prop::option::weighted(0.1, (2017..2022_u32, 1..13_u32, 1..29_u32));
    let who = (0..4_usize, 0..3_usize, 0..3_usize);
    let told = (
        prop::option::weighted(0.2, any::<bool>()),
        prop::option::weighted(0.1, 2019..2022_u32),
        prop::option::weighted(0.1, 1..13_u32),
        prop::option::weighted(0.2, 0..3_usize),
    );
    let fen = prop_oneof![
        6 => 1..900_000_i128,
        1 => Just(0_i128),
        1 => -90_000..0_i128,
        1 => 1..1_i128 << 65,
    ];
    prop::collection::vec((day, since, who, told, fen), 0..events).prop_map(|all| {
        let wage = |(at, (day, since, who, told, fen)): (usize, _)| {
            let (person, payer, home): (usize, usize, usize) = who;
            let day: (u32, u32, u32) = day;
            let since: Option<(u32, u32, u32)> = since;
            // Nearly always the same.
            let since = since.unwrap_or(([2018, 2019, 2020][payer], [3, 6, 9, 12][person], 1));
            let (said, until, meant, note): (
                Option<bool>,
                Option<u32>,
                Option<u32>,
                Option<usize>,
            ) = told;
            let optional = |name: &str, value: Option<String>| {
                value.map_or(String::new(), |value| format!("; {name} {value}"))
            };
            let told = [
                optional("said", said.map(|said| said.to_string())),
                optional("until", until.map(|year| format!("{year}-06-30"))),
                optional("meant", meant.map(|month| format!("2020-{month:02}"))),
                optional(
                    "note",
                    note.map(|note| ["A", "none", "a text of many letters"][note].into()),
                ),
            ];
            Sent::new(
                "wage",
                &format!(
                    "id {at}; date {}-{:02}-{:02}; since {}-{:02}-{:02}; person P{person}; \
                     payer {}; home {}; amount {}{}",
                    day.0,
                    day.1,
                    day.2,
                    since.0,
                    since.1,
                    since.2,
                    ["A", "B", "C"][payer],
                    ["north", "south", "east"][home],
                    money(fen),
                    told.concat(),
                ),
            )
        };
        all.into_iter().enumerate().map(wage).collect()
    })
}

fn registers() -> Vec<Row> {
    let claim = |text: &str| Row::new("claims", text);
    let home = |text: &str| Row::new("homes", text);
    vec![
        claim("person P0; first 2018-05; payer A; amount 100.00"),
        claim("person P0; first 2020-03; last 2020-09; payer A; amount 0.10; part 1/4"),
        claim("person P1; first 2019-11; amount 7.00; part 0.3"),
        claim("person P1; first 2019-11; last 2021-02; payer C; amount 9.99; part 1/3"),
        home("person P0; alias A; due 2020Q2"),
        home("person P2; alias none; due 2021Q4"),
        home("person P3; alias elsewhere; due 2019Q1"),
    ]
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn carries_texts_and_periods(mut events in wages(120), sorted in any::<bool>()) {
        let rules = compiled(LEDGER);
        if sorted {
            events.sort_by_key(|event| event.value("date").to_owned());
        }
        check(&rules, &events, &registers()).map_err(TestCaseError::fail)?;
    }
}

/// What has trees keeps to its lane.
#[test]
fn most_of_them_keep_to_their_lane() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (rules, wages) = (compiled(LEDGER), wages(120));
    let (mut all, mut in_lane) = (0, 0);
    for _ in 0..10 {
        let events = wages.new_tree(&mut runner).unwrap().current();
        all += u64::try_from(events.len()).unwrap();
        in_lane += check(&rules, &events, &registers()).unwrap();
    }
    assert!(in_lane * 3 > all, "{in_lane} of {all}");
}

const NAMED: &str = r#"
module named
authority national
settlement largest remainder

account centre
account other
event payment {
  id : integer unique; date : date effective; amount : money inflow; plain : bool; of : integer
  firm : text
  order by date, id
}
register firms by firm { firm : text; part : rate? }
parameter rate_of : rate { from 2020-06-01 : 1/4 }

rule by_rate of payment when of > 0
  let now = rate_of
  split inflow
    (if plain then 1/2 else now) to centre
    rest to other

rule by_row of payment when of <= 0
  with firm = firms[firm]
  let part = firm.part otherwise 1/3
  let quotient = 1 / of
  split inflow
    (if plain then part else quotient * -1/7) to centre
    rest to other
"#;

/// A value that is given a name is worked out then: without an answer the event is set aside, even
/// where nobody needs it.
#[test]
fn a_named_value_is_worked_out_where_it_is_named() {
    let rules = compiled(NAMED);
    let mut events = Vec::new();
    for at in 0..144_u32 {
        let plain = at % 2 == 0;
        let (month, of, firm) = (at / 2 % 12 + 1, i64::from(at / 24) - 2, at % 3);
        events.push(Sent::new("payment", &format!(
            "id {at}; date 2020-{month:02}-01; amount 10.01; plain {plain}; of {of}; firm F{firm}",
        )));
    }
    let row = |text: &str| Row::new("firms", text);
    let firms = [row("firm F0; part 0.5"), row("firm F1"), row("firm F2; part 1/7")];
    let in_lane = check(&rules, &events, &firms).unwrap();
    // Half of the days have no rate, and one `of` in five is nought.
    assert!((40..110).contains(&in_lane), "{in_lane}");
}
