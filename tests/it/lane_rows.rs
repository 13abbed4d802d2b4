//! Shares among rows in plain integers, against the evaluator that knows no shortcuts: weights of an
//! event's own rows and of a register's, several factors, denominators that only the event knows, pools
//! of rows, rates and years of rows, figures; and slices, floors and rates worked out beside them.

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::compiled::compiled;
use crate::lane::{check, config, money};
use crate::reference::data::{Row, Sent};

const SHARES: &str = r#"
module shares
authority national
settlement largest remainder

regions { north; south; east }
enumeration Standing { main; auxiliary }
account centre
account treasury[Region]
account firm[text]

event filing {
  id : integer unique; date : date effective; head : Region; head_rate : rate; income : money
  branches : list of {
    code : text; region : Region; standing : Standing; since : date; closed : date?; year : year
    own_rate : rate; revenue : money; staff : money
    let first = since + 1 month
    let last = closed otherwise 9000-01-01 }
  let wanted = year(date) - (if month_of_year(date) <= 6 then back else 1)
  let revenue_sum = sum(b.revenue for branches as b
    where b.year = wanted and b.standing = main and date in b.first .. b.last)
  let staff_sum = sum(b.staff for branches as b
    where b.year = wanted and b.standing = main and date in b.first .. b.last)
  let revenue_base = if revenue_sum = 0 then 1 else revenue_sum
  let staff_base = if staff_sum = 0 then 1 else staff_sum
  let to_date = income * head_rate + sum(
    income * 1/2 * share(b) * (b.own_rate - head_rate) for branches as b
    where b.year = wanted and b.standing = main and date in b.first .. b.last
    by shares 100% (b.revenue / revenue_base * 60% + b.staff / staff_base * 40%))
  order by date, id
}
parameter back : integer { from 2000-01-01 : 2; from 2021-01-01 : 1 }
tally paid per head : money
register weights by place { place : Region; one : money; two : money }

pool tax
pool of_branch per branches
pool of_head
pool of_centre

levy assessed of filing
  due to_date - total(paid) / 2 rounded half up
  may refund
  as paid
  into tax

rule apportioned of filing
  split tax settled
    1/2 among branches as b
      where b.year = wanted and b.standing = main and date in b.first .. b.last
      by shares 100% (b.revenue / revenue_base * 60% + b.staff / staff_base * 40%)
      to of_branch[b]
    1/4 to of_head
    rest to of_centre
    if none to of_head

rule nobody overrides apportioned
  when count(branches as b where b.standing = main) = 0
  split tax
    all to of_head

rule at_branch of filing
  split of_branch as b settled
    60%  to centre
    rest to treasury[b.region]

rule at_head of filing
  split of_head
    2/3  to centre
    rest among branches as b where b.standing = auxiliary by shares 30% b.revenue, 70% b.staff
      to firm[b.code]
    if none to treasury[head]

rule at_centre of filing
  split of_centre settled
    60% to centre
    rest among weights as w by shares 50% w.one, 50% w.two to treasury[w.place]
    if none undetermined "not published"

figure ratio of filing for each branches as b
  where b.year = wanted and b.standing = main and date in b.first .. b.last
  by shares 100% (b.revenue / revenue_base * 60% + b.staff / staff_base * 40%)
  = share(b) * 1/3
figure rate_in_all of filing when income > 0 = to_date / income
"#;

const SLICES: &str = r#"
module slices
authority national
settlement in order

regions { north; south }
account centre
account treasury[Region]
enumeration Sort { plain; special }

event payment {
  id : integer unique; date : date effective; region : Region; sort : Sort
  amount : money inflow; part : money; of : money; rate : rate
  order by date, id
}
parameter known_by[Sort] : bool { from 2000-01-01 : plain true; special false }
parameter home[Sort] : Region { from 2000-01-01 : plain north; special south }
pool rest_of

rule by_parts of payment
  split inflow
    part / of   to centre
    rate / 4    to treasury[home[sort]]
    rest        to rest_of

rule sliced of payment when known_by[sort]
  split rest_of
    1/7 at least 3.33 to treasury[region]
    rest graded {
      up to 10.00 to treasury[north]
      up to part {
        50%  to treasury[north]
        rest to treasury[south]
      }
      above to centre
    }

rule on_a_scale of payment when not known_by[sort]
  split rest_of
    rest graded from part {
      up to 100.00 to treasury[north]
      above to treasury[south]
    }
    1/5 at least 1.00 to centre
"#;

/// Amounts: nearly all plain, some nothing, some wide.
fn amount() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (1..90_000_000_i128).prop_map(money),
        2 => (0..3_i128).prop_map(money),
        1 => (0..(1_i128 << 60)).prop_map(money),
    ]
}

fn rate() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["1/4", "15/100", "1/10", "1/8", "1/3", "0"])
}

fn branch() -> impl Strategy<Value = String> {
    let what = (0..9_u32, 0..3_usize, 0..4_u32, 2015..2023_u32, any::<bool>());
    (what, 2018..2022_u32, rate(), amount(), amount()).prop_map(
        |((code, region, standing, since, closed), year, rate, revenue, staff)| {
            let region = ["north", "south", "east"][region];
            let standing = if standing == 0 { "auxiliary" } else { "main" };
            let closed = if closed { "2021-05-31" } else { "-" };
            format!(
                "(B{code}, {region}, {standing}, {since}-03-31, {closed}, {year}, {rate}, \
                 {revenue}, {staff})"
            )
        },
    )
}

fn filings(events: usize) -> impl Strategy<Value = Vec<Sent>> {
    let day = (2020..2023_u32, 1..13_u32, 1..29_u32);
    let branches = prop::collection::vec(branch(), 0..7);
    let one = (day, 0..3_usize, rate(), amount(), any::<bool>(), branches);
    prop::collection::vec(one, 0..events).prop_map(|all| {
        let filing = |(at, (day, head, rate, income, back, branches)): (usize, _)| {
            let (year, month, day): (u32, u32, u32) = day;
            let (head, back): (&str, bool) = (["north", "south", "east"][head], back);
            let branches: Vec<String> = branches;
            let sign = if back { "-" } else { "" };
            Sent::new(
                "filing",
                &format!(
                    "id {at}; date {year}-{month:02}-{day:02}; head {head}; head_rate {rate}; \
                     income {sign}{income}; branches [{}]",
                    branches.join(", "),
                ),
            )
        };
        all.into_iter().enumerate().map(filing).collect()
    })
}

fn payments(events: usize) -> impl Strategy<Value = Vec<Sent>> {
    let one = (1..13_u32, any::<(bool, bool, bool)>(), amount(), amount(), amount(), rate());
    prop::collection::vec(one, 0..events).prop_map(|all| {
        let payment = |(at, (month, (north, plain, back), amount, part, of, rate)): (usize, _)| {
            let region = if north { "north" } else { "south" };
            let sort = if plain { "plain" } else { "special" };
            let (amount, sign): (String, &str) = (amount, if back { "-" } else { "" });
            Sent::new(
                "payment",
                &format!(
                    "id {at}; date 2020-{month:02}-01; region {region}; sort {sort}; \
                     amount {sign}{amount}; part {part}; of {of}; rate {rate}"
                ),
            )
        };
        all.into_iter().enumerate().map(payment).collect()
    })
}

fn weights(given: bool) -> Vec<Row> {
    let row = |text: &str| Row::new("weights", text);
    let rows = vec![
        row("place north; one 12345678.90; two 1.00"),
        row("place south; one 0.01; two 3.00"),
        row("place east; one 99.99; two 0.00"),
    ];
    if given { rows } else { Vec::new() }
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn shares_among_rows(events in filings(60), given in any::<bool>()) {
        let rules = compiled(SHARES);
        check(&rules, &events, &weights(given)).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn slices_floors_and_parts(events in payments(120)) {
        let rules = compiled(SLICES);
        check(&rules, &events, &[]).map_err(TestCaseError::fail)?;
    }
}

/// What has trees keeps to its lane: most filings, whose figures are heard here and must fit 128 bits,
/// and nearly all payments.
#[test]
fn rows_and_slices_keep_to_their_lane() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (filings, payments) = (filings(60), payments(120));
    let (shares, slices) = (compiled(SHARES), compiled(SLICES));
    let mut counts = [0_u64; 4];
    for _ in 0..10 {
        let events = filings.new_tree(&mut runner).unwrap().current();
        counts[0] += u64::try_from(events.len()).unwrap();
        counts[1] += check(&shares, &events, &weights(true)).unwrap();
        let events = payments.new_tree(&mut runner).unwrap().current();
        counts[2] += u64::try_from(events.len()).unwrap();
        counts[3] += check(&slices, &events, &[]).unwrap();
    }
    let [filings, in_lane, payments, sliced] = counts;
    assert!(in_lane * 3 > filings, "{in_lane} of {filings} filings");
    assert!(sliced * 2 > payments, "{sliced} of {payments} payments");
}
