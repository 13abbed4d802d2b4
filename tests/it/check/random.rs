//! Random rules over a world small enough to try every event: `check` finds a gap or a clash exactly
//! where there is one.

use std::collections::BTreeSet;
use std::fmt::Write;

use proptest::prelude::*;

use super::findings;

const REGIONS: [&str; 4] = ["beijing", "hebei", "baoding", "xiongan"];
const TAXES: [&str; 3] = ["vat", "cit", "deed"];
/// Days of January 2016, which the module covers.
const DAYS: std::ops::Range<u32> = 1..32;

/// An event of the small world.
#[derive(Debug, Clone, Copy)]
struct World {
    tax: usize,
    origin: usize,
    destination: usize,
    flag: bool,
    count: i32,
    day: u32,
}

fn worlds() -> impl Iterator<Item = World> {
    // Constants in guards are 0 to 3, and the days named are these.
    let days = DAYS.filter(|day| [1, 9, 10, 11, 19, 20, 21, 31].contains(day));
    days.flat_map(|day| (-1..=4).map(move |count| (day, count)))
        .flat_map(|(day, count)| [true, false].map(|flag| (day, count, flag)))
        .flat_map(|of| (0..TAXES.len()).map(move |tax| (of, tax)))
        .flat_map(|of| (0..REGIONS.len()).map(move |origin| (of, origin)))
        .flat_map(|of| (0..REGIONS.len()).map(move |destination| (of, destination)))
        .map(|((((day, count, flag), tax), origin), destination)| World {
            tax,
            origin,
            destination,
            flag,
            count,
            day,
        })
}

#[derive(Debug, Clone)]
enum Guard {
    TaxIn(Vec<usize>),
    SameRegion,
    InHebei,
    Flag,
    Count(&'static str, i32),
    Day(&'static str, u32),
    Between(u32, u32),
    Not(Box<Guard>),
    All(Vec<Guard>),
    Any(Vec<Guard>),
    If(Box<Guard>, Box<Guard>, Box<Guard>),
}

impl Guard {
    fn holds(&self, world: World) -> bool {
        match self {
            Guard::TaxIn(taxes) => taxes.contains(&world.tax),
            Guard::SameRegion => world.origin == world.destination,
            Guard::InHebei => world.destination > 0,
            Guard::Flag => world.flag,
            Guard::Count(sign, with) => compare(world.count, sign, *with),
            Guard::Day(sign, with) => compare(world.day, sign, *with),
            Guard::Between(from, to) => *from <= world.day && world.day < *to,
            Guard::Not(inner) => !inner.holds(world),
            Guard::All(parts) => parts.iter().all(|part| part.holds(world)),
            Guard::Any(parts) => parts.iter().any(|part| part.holds(world)),
            Guard::If(condition, then, otherwise) => {
                if condition.holds(world) {
                    then.holds(world)
                } else {
                    otherwise.holds(world)
                }
            }
        }
    }

    fn text(&self) -> String {
        let many = |parts: &[Guard]| parts.iter().map(Guard::text).collect::<Vec<_>>().join("\n");
        match self {
            Guard::TaxIn(taxes) => {
                let names: Vec<&str> = taxes.iter().map(|tax| TAXES[*tax]).collect();
                format!("tax in {{{}}}", names.join(", "))
            }
            Guard::SameRegion => "origin = destination".to_owned(),
            Guard::InHebei => "destination in hebei".to_owned(),
            Guard::Flag => "flag".to_owned(),
            Guard::Count(sign, with) => format!("2 * count + 1 {sign} 2 * {with} + 1"),
            Guard::Day(sign, with) => format!("date {sign} 2016-01-{with:02}"),
            Guard::Between(from, to) => format!("date in 2016-01-{from:02} .. 2016-01-{to:02}"),
            Guard::Not(inner) => format!("not ({})", inner.text()),
            Guard::All(parts) => format!("all of {{ {} }}", many(parts)),
            Guard::Any(parts) => format!("any of {{ {} }}", many(parts)),
            Guard::If(condition, then, otherwise) => {
                let (condition, then) = (condition.text(), then.text());
                format!("(if {condition} then {then} else {})", otherwise.text())
            }
        }
    }
}

fn compare<T: Ord>(left: T, sign: &str, right: T) -> bool {
    match sign {
        "<" => left < right,
        "<=" => left <= right,
        "=" => left == right,
        "!=" => left != right,
        ">" => left > right,
        _ => left >= right,
    }
}

fn guard() -> impl Strategy<Value = Guard> {
    let sign = || prop::sample::select(vec!["<", "<=", "=", "!=", ">", ">="]);
    let day = || prop::sample::select(vec![10_u32, 20]);
    let atom = prop_oneof![
        prop::collection::vec(0..TAXES.len(), 1..3).prop_map(Guard::TaxIn),
        Just(Guard::SameRegion),
        Just(Guard::InHebei),
        Just(Guard::Flag),
        (sign(), 0..4).prop_map(|(sign, with)| Guard::Count(sign, with)),
        (sign(), day()).prop_map(|(sign, with)| Guard::Day(sign, with)),
        (day(), day()).prop_map(|(from, to)| Guard::Between(from, to)),
    ];
    atom.prop_recursive(3, 12, 3, |inner| {
        let one = || inner.clone().prop_map(Box::new);
        prop_oneof![
            one().prop_map(Guard::Not),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Guard::All),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Guard::Any),
            (one(), one(), one()).prop_map(|(a, b, c)| Guard::If(a, b, c)),
        ]
    })
}

#[derive(Debug, Clone)]
struct Rule {
    guard: Option<Guard>,
    /// Rules before this one that it overrides.
    overrides: Vec<usize>,
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let rule = (prop::option::weighted(0.9, guard()), prop::collection::vec(any::<bool>(), 4));
    prop::collection::vec(rule, 1..5).prop_map(|drawn| {
        let make = |(at, (guard, over)): (usize, (Option<Guard>, Vec<bool>))| {
            let overrides = (0..at).filter(|below| over[*below]).collect();
            Rule { guard, overrides }
        };
        drawn.into_iter().enumerate().map(make).collect()
    })
}

fn text(rules: &[Rule]) -> String {
    let mut text = String::from(
        "module small\nauthority national\ncovers from 2016-01-01 until 2016-02-01\n\
         settlement largest remainder\n\
         regions { beijing; hebei { baoding; xiongan } }\ntaxes { vat; cit; deed }\n\
         account central\n\
         event receipt {\n  id : text unique; date : date effective; tax : Tax\n  \
         origin : Region; destination : Region; flag : bool; count : integer\n  \
         amount : money inflow }\n",
    );
    for (at, rule) in rules.iter().enumerate() {
        let over: Vec<String> = rule.overrides.iter().map(|at| format!("rule_{at}")).collect();
        let over =
            if over.is_empty() { String::new() } else { format!(" overrides {}", over.join(", ")) };
        let guard = rule.guard.as_ref().map(|guard| format!("  when {}\n", guard.text()));
        let guard = guard.unwrap_or_default();
        write!(text, "rule rule_{at}{over}\n{guard}  split inflow\n    all to central\n").unwrap();
    }
    text
}

/// Whether a rule overrides another, directly or through others.
fn above(rules: &[Rule], high: usize, low: usize) -> bool {
    rules[high].overrides.iter().any(|next| *next == low || above(rules, *next, low))
}

/// What really happens: whether some event has no rule, and which pairs both stand somewhere.
fn tried(rules: &[Rule]) -> (bool, BTreeSet<(usize, usize)>) {
    let (mut gap, mut clashes) = (false, BTreeSet::new());
    for world in worlds() {
        let holds = |rule: &Rule| rule.guard.as_ref().is_none_or(|guard| guard.holds(world));
        let applying: Vec<usize> = (0..rules.len()).filter(|at| holds(&rules[*at])).collect();
        let stands = |at: &usize| !applying.iter().any(|high| above(rules, *high, *at));
        let standing: Vec<usize> = applying.iter().copied().filter(stands).collect();
        gap |= standing.is_empty();
        for (at, one) in standing.iter().enumerate() {
            clashes.extend(standing[at + 1..].iter().map(|two| (*one, *two)));
        }
    }
    (gap, clashes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn gaps_and_clashes_are_where_they_are(rules in rules()) {
        let text = text(&rules);
        let found = findings(&text);
        let strange: Vec<&str> = found
            .iter()
            .filter(|it| !["F0310", "F0311", "F0315"].contains(&it.code) && it.severity != "warning")
            .map(|it| it.words.as_str())
            .collect();
        prop_assert!(strange.is_empty(), "{strange:?}\n{text}");
        let (gap, clashes) = tried(&rules);
        prop_assert_eq!(gap, found.iter().any(|it| it.code == "F0310"), "gap\n{}", text);
        let said = |one: usize, two: usize| {
            let pair = format!("`rule_{one}` and `rule_{two}`");
            found.iter().any(|it| it.code == "F0311" && it.words.contains(&pair))
        };
        for one in 0..rules.len() {
            for two in one + 1..rules.len() {
                let real = clashes.contains(&(one, two));
                prop_assert_eq!(real, said(one, two), "{} and {}\n{}", one, two, text);
            }
        }
    }
}
