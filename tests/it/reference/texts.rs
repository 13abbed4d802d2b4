//! Random rules as texts, and random events for them.
//!
//! Everything is drawn as text from a fixed vocabulary, so that what shrinks stays readable: a shorter
//! list, a plainer expression, an earlier choice. Declarations nobody mentions are left out. Some signs
//! and words stand for what the drawing cannot know: `⟨`, `¦` and `⟩` are a block's braces and line
//! ends (sets keep theirs), `ROW.` is the enterprise's row in a register, which a rule that mentions it
//! asks for, `POOL` is the next pool down the stream, and `SETTLED` that pool where the split settles.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::data::{Row, Sent};

/// A drawn case.
#[derive(Clone)]
pub struct Case {
    pub text: String,
    pub events: Vec<Sent>,
    pub rows: Vec<Row>,
    pub through: Option<String>,
    /// How many events a batch holds, for the run that is compared.
    pub batch: usize,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\n{}\n", self.text)?;
        for row in &self.rows {
            writeln!(f, "given {row:?}")?;
        }
        for event in &self.events {
            writeln!(f, "given {event:?}")?;
        }
        writeln!(f, "through {:?}, batches of {}", self.through, self.batch)
    }
}

type Text = BoxedStrategy<String>;

fn one_of(choices: &'static [&'static str]) -> Text {
    select(choices).prop_map(str::to_owned).boxed()
}

/// Which kind of event an expression speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Receipt,
    Payslip,
    MonthEnd,
    Netting,
}

/// Amounts that are no literal.
fn named_money(about: About) -> Text {
    one_of(match about {
        About::Receipt => &[
            "base",
            "amount",
            "threshold",
            "limit[grade]",
            "limit[high]",
            "(threshold at ROW.opened)",
            "(note otherwise 2.00)",
            "half_base",
            "ROW.cap",
            "ROW.room",
            "ROW.quota",
            "total(given)",
            "(total(given) with this)",
            "(total(by_origin) for origin, all)",
            "(total(by_origin) for destination, year(date) - 1)",
            "(total(by_origin) for all, all)",
            "(total(seen) with this)",
            "(total(given) as of ROW.opened)",
            "carried_over",
            "balance(reserve)",
            "annual(base)",
            "annual.quick(base)",
            "sum(b.revenue for branches as b)",
            "sum(b.wages for branches as b where b.region in south)",
            "max(b.revenue for branches as b)",
            "sum(w.sum for weights as w where w.region != origin)",
            "sum(d.duty for duties[origin] as d)",
            "sum(limit[g] for Grade as g)",
            "sum(ROW.before)",
        ],
        About::Payslip => &[
            "salary",
            "insurance",
            "threshold",
            "total(withheld)",
            "(total(earned) with this)",
            "annual(max((total(earned) with this), 0))",
            "limit[low]",
        ],
        About::MonthEnd => &["threshold", "limit[low]", "balance(reserve)", "limit[high]"],
        About::Netting => &[
            "inflow",
            "threshold",
            "sum(r.balance for rows as r)",
            "closed(treasury[north])",
            "(total(by_origin) for all, all)",
            "(total(by_origin) for north, year(date))",
        ],
    })
}

fn money(about: About, depth: u32) -> Text {
    let literal = one_of(&["1.00", "0.01", "3.33", "20.00", "-5.00", "100.00", "0"]);
    let leaf = prop_oneof![2 => literal, 3 => named_money(about)];
    if depth == 0 {
        return leaf.boxed();
    }
    let inner = || money(about, depth - 1);
    // Literals alone have no unit until their place gives them one.
    let pair = || (named_money(about), inner());
    prop_oneof![
        4 => leaf,
        1 => pair().prop_map(|(a, b)| format!("({a} + {b})")),
        1 => pair().prop_map(|(a, b)| format!("({b} - {a})")),
        1 => (named_money(about), rate(about)).prop_map(|(a, r)| format!("({a} * {r})")),
        1 => (named_money(about), number(about)).prop_map(|(a, n)| format!("({a} / {n})")),
        1 => pair().prop_map(|(a, b)| format!("min({a}, {b})")),
        1 => pair().prop_map(|(a, b)| format!("max({a}, {b})")),
        1 => named_money(about).prop_map(|a| format!("abs({a})")),
        1 => (named_money(about), rounding()).prop_map(|(a, r)| format!("({a} {r})")),
        1 => (named_money(about), one_of(&["3.00", "0.07"]))
            .prop_map(|(a, b)| format!("remainder({a}, {b})")),
        1 => (condition(about, 0), pair())
            .prop_map(|(c, (a, b))| format!("(if {c} then {a} else {b})")),
    ]
    .boxed()
}

fn rounding() -> Text {
    one_of(&[
        "rounded half up",
        "rounded down",
        "rounded up",
        "rounded half even",
        "rounded half odd",
        "rounded half down",
        "rounded half ceiling",
        "rounded half floor",
        "rounded ceiling",
        "rounded floor to 0.05",
        "rounded half up to 1",
    ])
}

fn rate(about: About) -> Text {
    match about {
        About::Receipt => one_of(&[
            "50%",
            "1/3",
            "7.5‰",
            "ratio",
            "central_part[tax]",
            "annual.rate(base)",
            "(if flag then 10% else 20%)",
        ]),
        About::Payslip | About::MonthEnd | About::Netting => {
            one_of(&["50%", "1/3", "central_part[vat]", "12.5%"])
        }
    }
}

fn number(about: About) -> Text {
    match about {
        About::Receipt => one_of(&[
            "3",
            "count",
            "(count - 2)",
            "day_of_month(date)",
            "days(month(date))",
            "months_between(ROW.opened, date)",
            "count(branches as b)",
            "weekday(date)",
            "month_of_year(date)",
            "days(ROW.opened, date)",
            "(year_number(date) - 2019)",
        ]),
        About::Payslip | About::MonthEnd | About::Netting => {
            one_of(&["3", "day_of_month(date)", "7", "month_of_year(date)"])
        }
    }
}

fn plain_condition(about: About) -> Text {
    one_of(match about {
        About::Receipt => &[
            "flag",
            "tax = vat",
            "tax in {vat, cit}",
            "tax != stamp",
            "origin != destination",
            "destination in south",
            "origin in {north, west}",
            "grade = high",
            "not flag",
            "enterprise = \"E1\"",
            "date >= 2020-07-01",
            "date in 2020-02-01 .. 2020-09-01",
            "date in month(ROW.opened)",
            "date in ROW.opened ..= ROW.opened + 6 months",
            "date + 1 month > ROW.opened + 40 days",
            "quarter(date) = 2020Q2",
            "count(branches as b where b.weight > 1) >= 1",
            "present(note)",
            "method = strict",
            "ROW.rank > 1",
            "ROW.home = origin",
        ],
        About::Payslip => {
            &["salary > 5.00", "date >= 2020-07-01", "method = strict", "month_of_year(date) = 3"]
        }
        About::MonthEnd => {
            &["method = strict", "month_of_year(date) in {3, 6}", "date >= 2020-07-01"]
        }
        About::Netting => &["method = strict", "inflow > 0", "date >= 2020-07-01"],
    })
}

fn condition(about: About, depth: u32) -> Text {
    let compared =
        (named_money(about), one_of(&["<", "<=", ">", ">=", "=", "!="]), money(about, 0))
            .prop_map(|(a, sign, b)| format!("{a} {sign} {b}"));
    let leaf = prop_oneof![3 => plain_condition(about), 1 => compared];
    if depth == 0 {
        return leaf.boxed();
    }
    let inner = || condition(about, depth - 1);
    prop_oneof![
        4 => leaf,
        1 => (inner(), inner()).prop_map(|(a, b)| format!("({a} and {b})")),
        1 => (inner(), inner()).prop_map(|(a, b)| format!("({a} or {b})")),
        1 => inner().prop_map(|a| format!("(not ({a}))")),
        1 => vec(inner(), 2..4).prop_map(|all| format!("all of {{ {} }}", all.join("; "))),
        1 => vec(inner(), 2..4).prop_map(|any| format!("any of {{ {} }}", any.join("; "))),
    ]
    .boxed()
}

/// An account that knows nothing of rows.
fn account(about: About) -> Text {
    one_of(match about {
        About::Receipt => &[
            "central",
            "treasury[destination]",
            "treasury[origin]",
            "fund[grade]",
            "payer[enterprise]",
            "reserve",
            "treasury[north]",
        ],
        About::Payslip => &["central", "treasury[south]", "payer[person]", "reserve"],
        About::MonthEnd => &["central", "fund[low]", "reserve"],
        About::Netting => &["central", "fund[mid]", "fund[low]", "payer[\"late\"]"],
    })
}

/// Where an amount goes; ` to …` or a division.
fn target(about: About, depth: u32) -> Text {
    let plain = prop_oneof![
        5 => account(about).prop_map(|account| format!("to {account}")),
        1 => Just("to POOL".to_owned()),
        1 => Just("undetermined \"someone\"".to_owned()),
    ];
    if depth == 0 {
        return plain.boxed();
    }
    prop_oneof![
        5 => plain,
        2 => block(about, depth - 1).prop_map(|legs| format!("⟨ {legs} ⟩")),
        1 => in_order(about, depth - 1),
        1 => graded(about, depth - 1),
        1 => among(about, depth - 1),
    ]
    .boxed()
}

fn feed(about: About) -> Text {
    match about {
        About::Receipt => one_of(&["", " as given", " as by_origin", " as seen"]),
        About::Netting | About::Payslip | About::MonthEnd => one_of(&[""]),
    }
}

fn bounds(about: About) -> Text {
    let amount = || money(about, 1);
    let in_total = match about {
        About::Receipt => amount().prop_map(|a| format!(" up to {a} in total")).boxed(),
        About::Netting | About::Payslip | About::MonthEnd => Just(String::new()).boxed(),
    };
    prop_oneof![
        4 => Just(String::new()),
        2 => amount().prop_map(|a| format!(" up to {a}")),
        1 => amount().prop_map(|a| format!(" at least {a}")),
        1 => (amount(), amount()).prop_map(|(a, b)| format!(" at least {a} up to {b}")),
        2 => in_total.clone(),
        1 => in_total.prop_map(|bound| if bound.is_empty() {
            bound
        } else {
            format!("{bound}, closed once reached")
        }),
    ]
    .boxed()
}

/// A leg; a bound in total needs a tally.
fn leg(portion: &str, bounds: &str, target: &str, feed: &str, depth: u32) -> String {
    let plain = target.starts_with("to ") && target != "to POOL";
    // A division feeds a tally that nothing inside it feeds, or amounts would be added twice.
    let wide = format!(" as wide_{depth}");
    let feed = match (bounds.contains("in total"), plain) {
        (true, false) => &wide,
        (true, true) if feed.is_empty() => " as given",
        (_, true) => feed,
        (false, false) => "",
    };
    // What is counted may go into a pool only where the split has settled.
    let target = if feed.is_empty() {
        target.to_owned()
    } else {
        target.replace("to POOL", "to SETTLED").replace("to branch_part[b]", "to SETTLED_BRANCH")
    };
    format!("{portion}{bounds} {target}{feed}")
}

fn a_leg(about: About, portion: Text, depth: u32) -> Text {
    (portion, bounds(about), target(about, depth), feed(about))
        .prop_map(move |(portion, bounds, target, feed)| {
            leg(&portion, &bounds, &target, &feed, depth)
        })
        .boxed()
}

/// Legs that make the whole, with `rest` at any place.
fn block(about: About, depth: u32) -> Text {
    let share = || one_of(&["10%", "1/3", "25%", "1/7", "12.5%", "0%", "30%"]);
    let rates = (vec(a_leg(about, share(), depth), 0..3), vec(amount_leg(about, depth), 0..2))
        .prop_map(|(mut rates, amounts)| {
            rates.extend(amounts);
            rates
        });
    let one_rate = a_leg(about, rate(about), depth).prop_map(|leg| vec![leg]);
    let whole = (money(about, 1), target(about, depth)).prop_map(move |(most, target)| {
        vec![leg("all", &format!(" up to {most} in total"), &target, "", depth)]
    });
    let legs = match about {
        About::Receipt => prop_oneof![4 => rates, 1 => one_rate, 1 => whole].boxed(),
        About::Payslip | About::MonthEnd | About::Netting => {
            prop_oneof![4 => rates, 1 => one_rate].boxed()
        }
    };
    let rest = (target(about, depth), feed(about))
        .prop_map(move |(target, feed)| leg("rest", "", &target, &feed, depth));
    (legs, rest, any::<prop::sample::Index>())
        .prop_map(|(mut legs, rest, at)| {
            let place = legs.len() - at.index(legs.len() + 1);
            legs.insert(place, rest);
            legs.join(" ¦ ")
        })
        .boxed()
}

fn amount_leg(about: About, depth: u32) -> Text {
    a_leg(about, portion(about, 1), depth)
}

/// An amount as a portion; one below zero is written as an expression, or not at all.
fn portion(about: About, depth: u32) -> Text {
    money(about, depth).prop_map(|amount| amount.trim_start_matches('-').to_owned()).boxed()
}

fn in_order(about: About, depth: u32) -> Text {
    let portion = || prop_oneof![one_of(&["all", "50%", "1/3", "2.00", "0.50"]), portion(about, 0)];
    let leg = move || a_leg(about, portion().boxed(), depth);
    (vec(leg(), 1..3), target(about, 0), feed(about))
        .prop_map(move |(mut legs, rest, last_feed)| {
            legs.push(super::texts::leg("rest", "", &rest, &last_feed, depth));
            format!("in order ⟨ {} ⟩", legs.join(" ¦ "))
        })
        .boxed()
}

fn graded(about: About, depth: u32) -> Text {
    let from = prop_oneof![2 => Just(String::new()), 1 => money(about, 0).prop_map(|a| format!("from {a} "))];
    let slice = (target(about, depth), feed(about));
    (from, vec(slice, 1..4))
        .prop_map(|(from, slices)| {
            let marks = ["up to 1.00", "up to 5.00", "up to 20.00"];
            let last = slices.len() - 1;
            let slice = |(at, (target, feed)): (usize, (String, String))| {
                let mark = if at == last { "above" } else { marks[at] };
                let feed = if target.starts_with("to ") && target != "to POOL" {
                    feed
                } else {
                    String::new()
                };
                format!("{mark} {target}{feed}")
            };
            let slices: Vec<String> = slices.into_iter().enumerate().map(slice).collect();
            format!("graded {from}⟨ {} ⟩", slices.join(" ¦ "))
        })
        .boxed()
}

/// A whole amount spread over rows, and what happens where there is none.
fn among(about: About, depth: u32) -> Text {
    let rows = match about {
        About::Receipt => one_of(&[
            "branches as b by shares 100% revenue → treasury[b.region]",
            "branches as b by shares 60% revenue, 40% wages → payer[b.code]",
            "branches as b where b.weight > 1 by shares 100% weight → treasury[b.region]",
            "branches as b by shares 100% weight → BRANCH",
            "weights as w by shares 100% w.weight → treasury[w.region]",
            "weights as w where w.region in south by shares 50% w.weight, 50% w.rank → treasury[w.region]",
            "duties[origin] as d by shares 100% d.duty → fund[d.grade]",
            "Grade as g by shares 100% limit[g] → fund[g]",
        ]),
        About::Netting => one_of(&[
            "rows as r by shares 100% max(r.balance, 0) → given_back[r.key]",
            "Grade as g by shares 100% limit[g] → fund[g]",
            "weights as w by shares 100% w.weight → given_back[w.region]",
        ]),
        About::Payslip | About::MonthEnd => {
            one_of(&["Grade as g by shares 100% limit[g] → fund[g]"])
        }
    };
    let split = option::weighted(0.3, rate(about));
    (rows, split, target(about, depth), target(about, depth))
        .prop_map(|(rows, split, other, none)| {
            let (rows, account) = rows.split_once(" → ").unwrap();
            let of_row = match split {
                _ if account == "BRANCH" => "to branch_part[b]".to_owned(),
                Some(rate) => format!("⟨ {rate} {other} ¦ rest to {account} ⟩"),
                None => format!("to {account}"),
            };
            format!("⟨ all among {rows} {of_row} ¦ if none {none} ⟩")
        })
        .boxed()
}

/// The rules of one pool: one for all, and exceptions, each of which overrides all before it.
#[derive(Debug, Clone)]
struct Rules {
    whole: Body,
    exceptions: Vec<(Option<String>, Option<String>, Body)>,
}

#[derive(Debug, Clone)]
struct Body {
    settled: String,
    named: Option<String>,
    legs: String,
}

fn body(about: About) -> BoxedStrategy<Body> {
    let settled = prop_oneof![
        5 => Just(String::new()),
        1 => Just(" settled".to_owned()),
        1 => Just(" settled kept apart in residue".to_owned()),
        1 => Just(" settled largest remainder".to_owned()),
        1 => Just(" settled carried per month(date)".to_owned()),
    ];
    let named = option::weighted(0.2, money(about, 1));
    let direct = prop_oneof![in_order(about, 1), graded(about, 1)];
    let legs = prop_oneof![6 => block(about, 2), 1 => direct];
    (settled, named, legs).prop_map(|(settled, named, legs)| Body { settled, named, legs }).boxed()
}

fn rules(about: About) -> BoxedStrategy<Rules> {
    // An exception without a condition or a day would leave nothing to the rule it overrides.
    let day = || one_of(&["from 2020-03-01", "until 2020-09-01"]);
    let when = || condition(about, 2);
    let head = prop_oneof![
        6 => when().prop_map(|when| (Some(when), None)),
        2 => (when(), day()).prop_map(|(when, day)| (Some(when), Some(day))),
        1 => day().prop_map(|day| (None, Some(day))),
    ];
    let exception = (head, body(about)).prop_map(|((when, day), body)| (when, day, body));
    (body(about), vec(exception, 0..3))
        .prop_map(|(whole, exceptions)| Rules { whole, exceptions })
        .boxed()
}

impl Rules {
    fn write(&self, name: &str, events: &str, pool: &str, next: &str, text: &mut String) {
        let row = if pool == "branch_part" { " as b" } else { "" };
        let head = |body: &Body| {
            let mut head = String::new();
            if let Some(named) = &body.named {
                head += &format!("  let share = {named}\n");
            }
            head
        };
        let split = |body: &Body| {
            let (down, branch) = match body.settled.as_str() {
                "" => ("to central", "to treasury[b.region]"),
                _ => ("to POOL", "to branch_part[b]"),
            };
            let legs = body.legs.replace("to SETTLED_BRANCH", branch).replace("to SETTLED", down);
            let legs = lay_out(&legs, 2);
            format!("  split {pool}{row}{}\n{legs}", body.settled)
        };
        let mut rules =
            vec![format!("rule {name}{events}\n{}{}", head(&self.whole), split(&self.whole))];
        for (at, (when, day, body)) in self.exceptions.iter().enumerate() {
            let before = if at == 0 { name.to_owned() } else { format!("{name}_{at}") };
            let when = when.as_ref().map_or(String::new(), |when| format!("  when {when}\n"));
            let day = day.as_ref().map_or(String::new(), |day| format!("  {day}\n"));
            rules.push(format!(
                "rule {name}_{}{events}\n  overrides {before}\n{day}{when}{}{}",
                at + 1,
                head(body),
                split(body)
            ));
        }
        for rule in rules {
            // A pool cannot be filled while it is emptied.
            let rule = match pool {
                "branch_part" => rule.replace("to branch_part[b]", "to treasury[b.region]"),
                _ => rule,
            };
            *text += &rule_with_row(&rule.replace("POOL", next));
        }
    }
}

/// A rule that speaks of the enterprise's row asks for it.
fn rule_with_row(rule: &str) -> String {
    if !rule.contains("ROW.") {
        return format!("{rule}\n");
    }
    let (first, others) = rule.split_once('\n').unwrap();
    let others = others.replace("ROW.", "row.");
    format!("{first}\n  with row = relocation[enterprise]\n{others}\n")
}

/// Breaks `⟨`, `¦` and `⟩` into lines.
fn lay_out(legs: &str, depth: usize) -> String {
    let mut text = String::new();
    let mut depth = depth;
    let mut line = String::new();
    for word in legs.split(' ') {
        let indent = |depth: usize| "  ".repeat(depth);
        match word {
            "⟨" => {
                text += &format!("{}{line}{{\n", indent(depth));
                line.clear();
                depth += 1;
            }
            "⟩" => {
                if !line.is_empty() {
                    text += &format!("{}{}\n", indent(depth), line.trim_end());
                    line.clear();
                }
                depth -= 1;
                text += &format!("{}}}\n", indent(depth));
            }
            "¦" => {
                if !line.is_empty() {
                    text += &format!("{}{}\n", indent(depth), line.trim_end());
                    line.clear();
                }
            }
            word => {
                line += word;
                line.push(' ');
            }
        }
    }
    if !line.is_empty() {
        text += &format!("{}{}\n", "  ".repeat(depth), line.trim_end());
    }
    text
}

/// The parts a text of rules is put together from.
#[derive(Debug, Clone)]
struct Parts {
    settlement: String,
    inflow: Rules,
    pools: Vec<Rules>,
    branch_part: Body,
    levies: Vec<String>,
    payroll: Rules,
    transfers: Vec<String>,
    stage: Option<(String, Rules)>,
    figures: Vec<String>,
    feeders: Vec<String>,
    carry: String,
    month_ends: String,
}

/// The days on which what nobody sends is made.
fn made_days() -> Text {
    one_of(&["", "", " from 2020-03-31", " until 2020-09-30", " from 2020-02-01 until 2020-07-01"])
}

fn levy() -> Text {
    let due = (money(About::Payslip, 2), rounding());
    let into = one_of(&["shared", "payroll", "central"]);
    let when = option::weighted(0.4, condition(About::Payslip, 1));
    (due, into, when, any::<bool>(), any::<bool>())
        .prop_map(|((due, rounding), into, when, refunds, counted)| {
            let when = when.map_or(String::new(), |when| format!("  when {when}\n"));
            let refunds = if refunds { "\n  may refund" } else { "" };
            let counted = if counted { "\n  as withheld" } else { "" };
            // A due is a whole number of units.
            let rounding = rounding.split(" to ").next().unwrap();
            format!("of payslip\n{when}  due {due} {rounding}{refunds}{counted}\n  into {into}\n")
        })
        .boxed()
}

fn transfer() -> Text {
    let amount = |about| money(about, 1).prop_map(|amount| format!("{amount} rounded down"));
    let from = one_of(&["central", "reserve", "reserve, then central", "central, then reserve"]);
    let of_receipt = (
        condition(About::Receipt, 1),
        amount(About::Receipt),
        from.clone(),
        account(About::Receipt),
    )
        .prop_map(|(when, amount, from, to)| {
            format!("of receipt\n  when {when}\n  transfer {amount} from {from} to {to}\n")
        });
    let counted = one_of(&["", " as moved per date"]);
    let each = one_of(&["", " for each Grade as g", " for each weights as w where w.rank > 1"]);
    let of_month = (amount(About::MonthEnd), from, account(About::MonthEnd), each, counted)
        .prop_map(|(amount, from, to, each, counted)| {
            let to = match each.as_str() {
                " for each Grade as g" => "fund[g]",
                " for each weights as w where w.rank > 1" => "treasury[w.region]",
                _ => &to,
            };
            format!("of month_end\n  transfer {amount} from {from} to {to}{each}{counted}\n")
        });
    let open = Just(
        "of month_end\n  transfer undetermined \"a grant\" from central to reserve\n".to_owned(),
    );
    prop_oneof![3 => of_receipt, 3 => of_month, 1 => open].boxed()
}

fn figure() -> Text {
    prop_oneof![
        3 => money(About::Receipt, 2).prop_map(|value| format!("of receipt = {value}")),
        1 => condition(About::Receipt, 1).prop_map(|value| format!("of receipt = {value}")),
        1 => (condition(About::Receipt, 1), number(About::Receipt))
            .prop_map(|(when, value)| format!("of receipt\n  when {when}\n  = {value}")),
        1 => Just("of receipt for each Region as g = (total(by_origin) for g, all)".to_owned()),
        1 => Just("of receipt for each branches as b by shares 60% revenue, 40% weight = share(b)".to_owned()),
        1 => Just("of receipt for each weights as w where w.rank > 1 = w.weight".to_owned()),
        1 => money(About::Netting, 1).prop_map(|value| format!("of netting = {value}")),
    ]
    .boxed()
}

fn parts() -> BoxedStrategy<Parts> {
    let settlement = one_of(&[
        "largest remainder",
        "in order",
        "remainder to central",
        "remainder to residue",
        "kept apart in residue",
        "carried per year(date)",
    ]);
    let where_ = one_of(&["", " where key in south", " where balance > 1.00"]);
    let booked = one_of(&[
        "",
        " booked date + 1 day",
        " booked if month_of_year(date) = 3 then date + 1 day else date",
    ]);
    let stage_text = (one_of(&["month", "quarter", "year"]), made_days(), where_, booked).prop_map(
        |(length, days, where_, booked)| format!("at end of {length}{days}{where_}{booked}"),
    );
    let stage = option::weighted(0.3, (stage_text, rules(About::Netting)));
    let feeders = one_of(&[
        "on receipt adds amount",
        "on receipt when flag adds max(amount, 0) / 3",
        "on receipt adds base - 1.00",
    ]);
    let carry = (money(About::Receipt, 1), one_of(&["", " when flag"])).prop_map(|(by, when)| {
        format!("on receipt{when} becomes carried_over / 2 + {by} rounded half up")
    });
    (
        (settlement, rules(About::Receipt), vec(rules(About::Receipt), 3), body(About::Receipt)),
        (vec(levy(), 0..3), rules(About::Payslip), vec(transfer(), 0..3)),
        (stage, vec(figure(), 0..3), vec(feeders, 0..3), carry, made_days()),
    )
        .prop_map(|(division, levied, state)| {
            let (settlement, inflow, pools, branch_part) = division;
            let (levies, payroll, transfers) = levied;
            let (stage, figures, feeders, carry, month_ends) = state;
            Parts {
                settlement,
                inflow,
                pools,
                branch_part,
                levies,
                payroll,
                transfers,
                stage,
                figures,
                feeders,
                carry,
                month_ends,
            }
        })
        .boxed()
}

/// Pools downstream of one another.
const POOLS: [&str; 3] = ["local", "shared", "extra"];

impl Parts {
    fn text(&self) -> String {
        let mut rules = String::new();
        self.inflow.write("divided", " of receipt", "inflow", POOLS[0], &mut rules);
        let mut levied = String::new();
        for (at, levy) in self.levies.iter().enumerate() {
            levied += &format!("levy levy_{at} {levy}\n");
        }
        for (at, pool) in POOLS.into_iter().enumerate() {
            let next = POOLS.get(at + 1).copied().unwrap_or("central");
            if mentions(&rules, pool) {
                self.pools[at].write(&format!("of_{pool}"), " of receipt", pool, next, &mut rules);
            }
        }
        if mentions(&levied, "shared") {
            self.payroll.write("of_dues_shared", " of payslip", "shared", "central", &mut rules);
        }
        if mentions(&levied, "payroll") {
            self.payroll.write("of_payroll", " of payslip", "payroll", "central", &mut rules);
        }
        if let Some((stage, of_stage)) = &self.stage {
            levied += &format!("stage netting closes treasury[Region] {stage}\n\n");
            of_stage.write("netted", " of netting", "inflow", "central", &mut rules);
        }
        if mentions(&rules, "branch_part") {
            let of_rows = Rules { whole: self.branch_part.clone(), exceptions: Vec::new() };
            of_rows.write("of_branch", " of receipt", "branch_part", "central", &mut rules);
        }
        for (at, transfer) in self.transfers.iter().enumerate() {
            rules += &rule_with_row(&format!("rule moved_{at} {transfer}"));
        }
        let mut figures = String::new();
        for (at, figure) in self.figures.iter().enumerate() {
            let of_stage = figure.starts_with("of netting");
            // A figure cannot ask for a row it may not find.
            if (self.stage.is_some() || !of_stage) && !figure.contains("ROW.") {
                figures += &format!("figure figure_{at} {figure}\n");
            }
        }
        let body = format!("{levied}{rules}{figures}");
        format!("{}{body}", self.declarations(&body))
    }

    /// What the body mentions, and what that mentions in turn.
    fn declarations(&self, body: &str) -> String {
        let feeders: Vec<String> =
            self.feeders.iter().map(|feeder| format!("\n  {feeder}")).collect();
        let seen = format!("tally seen per tax : money{}\n", feeders.concat());
        let carry = self.carry.replace("ROW.", "row.");
        let carry =
            if carry.contains("row.") { "on receipt becomes carried_over + base" } else { &carry };
        let carry = format!("carry carried_over per enterprise : money starts 1.00\n  {carry}\n");
        let candidates: Vec<(&str, String)> = vec![
            ("seen", seen),
            ("carried_over", carry),
            ("given", "tally given per enterprise : money\n".into()),
            ("wide_0", "tally wide_0 per enterprise : money\n".into()),
            ("wide_1", "tally wide_1 per enterprise : money\n".into()),
            ("wide_2", "tally wide_2 per enterprise : money\n".into()),
            ("by_origin", "tally by_origin per origin, year(date) : money\n".into()),
            ("withheld", "tally withheld per person, year(date) : money\n".into()),
            ("earned", "tally earned per person, year(date) : money\n  on payslip adds salary - insurance\n".into()),
            ("moved", String::new()),
            ("relocation", RELOCATION.into()),
            ("weights", WEIGHTS.into()),
            ("duties", DUTIES.into()),
            ("threshold", THRESHOLD.into()),
            ("limit", LIMIT.into()),
            ("central_part", CENTRAL_PART.into()),
            ("annual", ANNUAL.into()),
            ("method", METHOD.into()),
            ("central", "account central\n".into()),
            ("treasury", "account treasury[Region]\n".into()),
            ("given_back", "account given_back[Region]\n".into()),
            ("fund", "account fund[Grade]\n".into()),
            ("payer", "account payer[text]\n".into()),
            ("reserve", "account reserve holds\n".into()),
            ("residue", "account residue\n".into()),
            ("local", "pool local\n".into()),
            ("shared", "pool shared\n".into()),
            ("extra", "pool extra\n".into()),
            ("payroll", "pool payroll\n".into()),
            ("branch_part", "pool branch_part per branches\n".into()),
            ("month_end", format!("calendar month_end at end of month{}\n", self.month_ends)),
        ];
        let settlement = format!("settlement {}\n", self.settlement);
        let mut wanted = vec![false; candidates.len()];
        let mut known = format!("{settlement}{body}");
        loop {
            let before = known.len();
            for ((name, declaration), wanted) in candidates.iter().zip(&mut wanted) {
                if !*wanted && mentions(&known, name) {
                    *wanted = true;
                    known += declaration;
                }
            }
            if known.len() == before {
                break;
            }
        }
        let receipt = event(&known, "receipt", RECEIPT);
        let payslip = if mentions(&known, "payslip") {
            event(&known, "payslip", PAYSLIP)
        } else {
            String::new()
        };
        known += &receipt;
        let mut text =
            format!("module drawn\nauthority national\ncovers from 2019-01-01\n{settlement}\n");
        for (name, declaration) in [("Region", REGIONS), ("Tax", TAXES), ("Grade", GRADES)] {
            let members: &[&str] = match name {
                "Region" => &["Region", "north", "south", "west"],
                "Tax" => &["Tax", "vat", "cit", "stamp"],
                _ => &["Grade", "low", "mid", "high"],
            };
            if members.iter().any(|word| mentions(&known, word)) {
                text += declaration;
            }
        }
        let (registers, others): (Vec<_>, Vec<_>) = candidates
            .iter()
            .zip(wanted)
            .filter(|(_, wanted)| *wanted)
            .map(|((_, declaration), _)| declaration.as_str())
            .partition(|declaration| declaration.starts_with("register"));
        text += &receipt;
        text += &payslip;
        text += &registers.concat();
        text += &others.concat();
        text.push('\n');
        text
    }
}

fn mentions(text: &str, name: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part)
    })
}

/// An event with the fields the rules mention.
fn event(known: &str, name: &str, fields: &[(&str, &str)]) -> String {
    let always = ["id", "date", "amount"];
    let mut text = format!("event {name} {{\n");
    for (field, declaration) in fields {
        let used = mentions(known, field)
            || (*field == "base" && mentions(known, "half_base"))
            || (*field == "enterprise"
                && ["given", "wide_0", "wide_1", "wide_2", "carried_over"]
                    .iter()
                    .any(|tally| mentions(known, tally)))
            || (*field == "person"
                && ["withheld", "earned"].iter().any(|tally| mentions(known, tally)));
        if always.contains(field) || used {
            text += &format!("  {declaration}\n");
        }
    }
    text + "  order by date, id\n}\n"
}

const REGIONS: &str = "regions { north; south { port; hill }; west }\n";
const TAXES: &str = "taxes { vat; cit; stamp }\n";
const GRADES: &str = "enumeration Grade { low; mid; high }\n";
const RECEIPT: &[(&str, &str)] = &[
    ("id", "id : integer unique"),
    ("date", "date : date effective"),
    ("tax", "tax : Tax"),
    ("grade", "grade : Grade"),
    ("enterprise", "enterprise : text"),
    ("origin", "origin : Region"),
    ("destination", "destination : Region"),
    ("amount", "amount : money inflow"),
    ("refund_of", "refund_of : integer? reverses"),
    ("base", "base : money"),
    ("count", "count : integer"),
    ("ratio", "ratio : rate"),
    ("flag", "flag : bool"),
    ("note", "note : money?"),
    (
        "branches",
        "branches : list of { code : text; region : Region; revenue : money; wages : money; weight : integer }",
    ),
    ("half_base", "let half_base = base / 2"),
];
const PAYSLIP: &[(&str, &str)] = &[
    ("id", "id : integer unique"),
    ("date", "date : date effective"),
    ("person", "person : text"),
    ("salary", "salary : money"),
    ("insurance", "insurance : money"),
];
const RELOCATION: &str = "register relocation by enterprise {
  enterprise : text; home : Region; cap : money; opened : date; rank : integer; before : list of money
  dated { quota : money }
  let room = if rank > 1 then cap + 1.00 else cap / 3
}
";
const WEIGHTS: &str = "register weights by region {
  region : Region; rank : integer; sum : money
  dated { weight : number }
}
";
const DUTIES: &str = "register duties many by region, tax { region : Region; tax : Tax; grade : Grade; duty : money }\n";
const THRESHOLD: &str = "parameter threshold : money {
  from 2019-01-01 : 10.00
  from 2020-06-01 : 2.50
}
";
const LIMIT: &str = "parameter limit[Grade] : money {
  from 2019-01-01 : low 1.00; mid 2.00; high 4.00
  from 2020-03-01 : high 5.01
}
";
const CENTRAL_PART: &str = "parameter central_part[Tax] : rate {
  from 2019-01-01 : vat 75%; others 1/3
  from 2020-05-01 : vat 50%
}
";
const ANNUAL: &str = "schedule annual : money {
  from 2019-01-01 { up to 3.00 : 3%; up to 12.00 : 10%; above : 20% }
  from 2020-07-01 { up to 5.00 : 1%; above : 1/7 }
}
";
const METHOD: &str = "reading method { plain; strict } default plain because \"shorter\"\n";

/// A day from the end of 2019 to the spring of 2021, ends of months among them.
fn day() -> Text {
    prop_oneof![
        one_of(&[
            "2020-01-31",
            "2020-02-29",
            "2020-03-31",
            "2020-05-01",
            "2020-06-30",
            "2020-07-01",
            "2020-12-31"
        ]),
        (2020..=2020_i32, 1..=12_i32, 1..=28_i32)
            .prop_map(|(year, month, day)| format!("{year}-{month:02}-{day:02}")),
        (1..=28_i32).prop_map(|day| format!("2021-02-{day:02}")),
    ]
    .boxed()
}

fn cents(least: i64, most: i64) -> Text {
    (least..=most).prop_map(money_text).boxed()
}

fn money_text(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

fn amount() -> Text {
    prop_oneof![2 => cents(1, 9), 3 => cents(10, 5000), 1 => cents(-9, 0), 2 => cents(-3000, -1)]
        .boxed()
}

fn region() -> Text {
    one_of(&["north", "south", "port", "hill", "west"])
}

fn enterprise() -> Text {
    one_of(&["E1", "E2", "E3"])
}

fn branch() -> Text {
    (enterprise(), region(), cents(0, 500), cents(0, 30), 0..4_i32)
        .prop_map(|(code, region, revenue, wages, weight)| {
            format!("({code}, {region}, {revenue}, {wages}, {weight})")
        })
        .boxed()
}

fn receipt() -> BoxedStrategy<Sent> {
    let who = (
        one_of(&["vat", "cit", "stamp"]),
        one_of(&["low", "mid", "high"]),
        enterprise(),
        region(),
        region(),
    );
    let facts = (
        amount(),
        0..4_i32,
        one_of(&["0", "1/2", "1/3", "1"]),
        any::<bool>(),
        option::of(amount()),
    );
    let lists = (vec(branch(), 0..4), option::weighted(0.15, 1..8_i32), any::<bool>());
    (day(), amount(), who, facts, lists)
        .prop_map(|(date, amount, who, facts, (branches, refund_of, whole))| {
            let (tax, grade, enterprise, origin, destination) = who;
            let (base, count, ratio, flag, note) = facts;
            let note = note.unwrap_or("-".to_owned());
            let refund_of = refund_of.map_or("-".to_owned(), |id| id.to_string());
            let values = format!(
                "date {date}; amount {amount}; tax {tax}; grade {grade}; enterprise {enterprise}; \
                 origin {origin}; destination {destination}; base {base}; count {count}; \
                 ratio {ratio}; flag {flag}; note {note}; refund_of {refund_of}; \
                 branches [{}]; whole {whole}",
                branches.join(", ")
            );
            Sent::new("receipt", &values)
        })
        .boxed()
}

fn payslip() -> BoxedStrategy<Sent> {
    (day(), one_of(&["P1", "P2"]), cents(0, 4000), cents(0, 1500))
        .prop_map(|(date, person, salary, insurance)| {
            let values =
                format!("date {date}; person {person}; salary {salary}; insurance {insurance}");
            Sent::new("payslip", &values)
        })
        .boxed()
}

/// Rows of the registers; a key may lack its row, and a day its value.
fn rows() -> BoxedStrategy<Vec<Row>> {
    let relocation = (vec((region(), cents(0, 3000), day(), 0..4_i32, cents(0, 900)), 3), any::<[bool; 4]>())
        .prop_map(|(values, [lacks, ends, _, _])| {
            let mut rows = Vec::new();
            for (at, (home, cap, opened, rank, quota)) in values.into_iter().enumerate() {
                if lacks && at == 2 {
                    continue;
                }
                let enterprise = at + 1;
                let values = |quota: &str| format!(
                    "enterprise E{enterprise}; home {home}; cap {cap}; opened {opened}; rank {rank}; \
                     before [1.00, {cap}]; quota {quota}"
                );
                let mut early = Row::new("relocation", &values(&quota));
                early.until = Some("2020-06-01".to_owned());
                rows.push(early);
                if !(ends && at == 1) {
                    let mut late = Row::new("relocation", &values("7.77"));
                    late.from = Some("2020-06-01".to_owned());
                    rows.push(late);
                }
            }
            rows
        });
    let weights = vec((0..3_i32, cents(0, 400), 0..5_i32), 3).prop_map(|values| {
        let regions = ["west", "north", "port"];
        let row = |(region, (rank, sum, weight)): (&str, (i32, String, i32))| {
            Row::new(
                "weights",
                &format!("region {region}; rank {rank}; sum {sum}; weight {weight}"),
            )
        };
        regions.into_iter().zip(values).map(row).collect::<Vec<_>>()
    });
    let duty = (region(), one_of(&["vat", "cit"]), one_of(&["low", "mid"]), cents(0, 200))
        .prop_map(|(region, tax, grade, duty)| {
            Row::new("duties", &format!("region {region}; tax {tax}; grade {grade}; duty {duty}"))
        });
    (relocation, weights, vec(duty, 0..4))
        .prop_map(|(relocation, weights, duties)| [relocation, weights, duties].concat())
        .boxed()
}

/// Gives the events their numbers; a few say what they reverse, and how much of it.
fn numbered(mut events: Vec<Sent>) -> Vec<Sent> {
    let mut amounts: Vec<i64> = Vec::new();
    let cents = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
    for (at, event) in events.iter_mut().enumerate() {
        event.values.insert(0, ("id".to_owned(), (at + 1).to_string()));
        if event.kind != "receipt" {
            amounts.push(0);
            continue;
        }
        let named: Option<usize> = event.value("refund_of").parse().ok();
        let original = named.and_then(|id| amounts.get(id - 1)).copied();
        let whole = event.value("whole") == "true";
        let amount = cents(event.value("amount"));
        let amount = match original {
            Some(original) if whole => -original,
            Some(original) if original != 0 => -original.signum() * (amount.abs() % original.abs()),
            _ => amount,
        };
        amounts.push(amount);
        event.values.retain(|(name, _)| name != "whole" && name != "amount");
        event.values.insert(1, ("amount".to_owned(), money_text(amount)));
    }
    events
}

/// A rule set, and what is sent to it.
pub fn case() -> BoxedStrategy<Case> {
    let event = prop_oneof![4 => receipt(), 1 => payslip()];
    let through = option::weighted(0.2, one_of(&["2020-06-30", "2021-03-31"]));
    (parts(), vec(event, 1..12), rows(), through, 1..5_usize, any::<bool>())
        .prop_map(|(parts, events, rows, through, batch, reversing)| {
            let mut text = parts.text();
            if reversing {
                text = text.replace(
                    "  amount : money inflow\n",
                    "  amount : money inflow\n  refund_of : integer? reverses\n",
                );
            }
            let has = |kind: &str| text.contains(&format!("event {kind} "));
            let events: Vec<Sent> =
                numbered(events).into_iter().filter(|event| has(&event.kind)).collect();
            let rows: Vec<Row> = rows
                .into_iter()
                .filter(|row| mentions(&text, &format!("register {}", row.register)))
                .collect();
            Case { text, events, rows, through, batch }
        })
        .boxed()
}
