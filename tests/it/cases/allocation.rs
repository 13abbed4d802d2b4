//! Splitting: the residue rules of others, each written as rules.

use fenshui::model::RuleSet;
use fenshui::reference::{Fate, Payee};
use fenshui::rows::{Batch, Reason};

use super::{Case, cases};
use crate::compiled::{compile, compiled, said};
use crate::reference::both::{Run, agreed};
use crate::reference::data::{self, Sent};

#[test]
fn splits_of_money_libraries() {
    let mut seen = 0;
    for case in cases("allocate/allocation.json") {
        match (case.kind.as_str(), case.expected("error")) {
            ("allocate" | "split_equal", None) => divides(&case),
            ("allocate" | "split_equal", Some(error)) => refuses(&case, error),
            // Conditions and portions have tests of their own.
            ("round_to_scale" | "divide_round" | "parse_portion", _) => continue,
            (other, _) => panic!("{}: no test for the kind {other}", case.id),
        }
        seen += 1;
    }
    assert_eq!(seen, 79);
}

/// A weight, as a numerator over a common denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Weight(i128);

fn weights(case: &Case) -> Vec<Weight> {
    if let Some(parts) = case.input.get("parts").and_then(serde_json::Value::as_i64) {
        return vec![Weight(1); usize::try_from(parts).unwrap()];
    }
    let texts = case.list(&case.input, "weights");
    let decimals = |text: &&str| text.split_once('.').map_or(0, |(_, after)| after.len());
    let scale = texts.iter().map(decimals).max().unwrap_or(0);
    let weight = |text: &&str| {
        let (whole, after) = text.split_once('.').unwrap_or((text, ""));
        Weight(format!("{whole}{after:0<scale$}").parse().unwrap())
    };
    texts.iter().map(weight).collect()
}

/// The residue rule of a case, and how Fen says it.
fn divides(case: &Case) {
    let amount: i128 = case.text("amount").parse().unwrap();
    let text = match case.text("policy") {
        "largest_fraction_first" | "first_first" => by_settlement(case, amount < 0),
        "largest_weight_first" => by_weight(case),
        "floor_then_declaration_order" => by_portions(case),
        "exact_no_rounding" => by_settlement(case, false),
        "cumulative_from_last_truncated" => from_the_last(case),
        other => panic!("{}: no test for the residue rule {other}", case.id),
    };
    let wanted: Vec<String> =
        case.list(&case.expect, "parts").into_iter().map(str::to_owned).collect();
    let found = parts(&text, &amount_of(case), wanted.len());
    let scale = decimals(case);
    let written = |units: &i128| in_units(*units, scale);
    let found: Vec<String> = found.iter().map(written).collect();
    let wanted: Vec<String> = wanted.iter().map(|part| padded(part, scale)).collect();
    assert_eq!(found, wanted, "{}\n{text}", case.id);
}

/// How many decimals the smallest unit of a case has, beside the units it speaks of.
fn decimals(case: &Case) -> usize {
    if case.text("policy") == "exact_no_rounding" { 2 } else { 0 }
}

fn in_units(units: i128, scale: usize) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale + 1);
    let (whole, decimals) = digits.split_at(digits.len() - scale);
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") }
}

fn padded(part: &str, scale: usize) -> String {
    if scale == 0 {
        return part.to_owned();
    }
    let (whole, decimals) = part.split_once('.').unwrap_or((part, ""));
    format!("{whole}.{decimals:0<scale$}")
}

/// The amount in the units of the result.
fn amount_of(case: &Case) -> String {
    let scale = |field: &str| case.input.get(field).map_or(0, |scale| scale.as_u64().unwrap());
    let finer = usize::try_from(scale("result_scale") - scale("amount_scale")).unwrap();
    format!("{}{}", case.text("amount"), "0".repeat(finer))
}

/// A rule set with an account for each part, and a currency with so many decimals.
fn module(settlement: &str, scale: usize, parts: usize, lets: &str, legs: &[String]) -> String {
    let accounts: String = (0..parts).map(|part| format!("account part_{part}\n")).collect();
    let legs: String = legs.iter().map(|leg| format!("    {leg}\n")).collect();
    format!(
        "module allocation\nauthority national\nsettlement {settlement}\ncurrency PCS scale {scale}\n\
         {accounts}event receipt {{\n  id : integer unique\n  date : date effective\n  \
         amount : money PCS inflow\n}}\n\nrule divided\n{lets}  split inflow\n{legs}"
    )
}

/// Each weight over their sum. Rounding toward minus infinity instead of in the mirror is the mirror
/// with the legs turned round, since what is rounded off there is what is missing here.
fn by_settlement(case: &Case, turned: bool) -> String {
    let weights = weights(case);
    let sum: i128 = weights.iter().map(|weight| weight.0).sum();
    let leg = |(part, weight): (usize, &Weight)| format!("{}/{sum} to part_{part}", weight.0);
    let mut legs: Vec<String> = weights.iter().enumerate().map(leg).collect();
    if turned {
        legs.reverse();
    }
    module("largest remainder", decimals(case), weights.len(), "", &legs)
}

/// The missing units go to the largest weights first, so these are written first.
fn by_weight(case: &Case) -> String {
    let weights = weights(case);
    let sum: i128 = weights.iter().map(|weight| weight.0).sum();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|part| std::cmp::Reverse(weights[*part]));
    let leg = |part: usize| format!("{}/{sum} to part_{part}", weights[part].0);
    let legs: Vec<String> = order.into_iter().map(leg).collect();
    module("in order", 0, weights.len(), "", &legs)
}

fn by_portions(case: &Case) -> String {
    let legs = portions(case);
    module("in order", 0, legs.len(), "", &legs)
}

fn portions(case: &Case) -> Vec<String> {
    let portions = case.list(&case.input, "portions");
    let leg = |(part, portion): (usize, &&str)| match *portion {
        "remaining" => format!("rest to part_{part}"),
        portion => format!("{portion} to part_{part}"),
    };
    portions.iter().enumerate().map(leg).collect()
}

/// From the last to the first, each gets its weight over the weights not served yet, of what is left,
/// cut to whole units.
fn from_the_last(case: &Case) -> String {
    let weights = weights(case);
    let mut lets = "  let left_of_all = abs(amount)\n".to_owned();
    let mut legs = Vec::new();
    let mut left = "left_of_all".to_owned();
    for (part, weight) in weights.iter().enumerate().skip(1).rev() {
        let unserved: i128 = weights.iter().take(part + 1).map(|weight| weight.0).sum();
        let share = format!("{}/{unserved}", weight.0);
        lets += &format!("  let share_{part} = {left} * ({share}) rounded down\n");
        lets += &format!("  let left_of_{part} = {left} - share_{part}\n");
        left = format!("left_of_{part}");
        legs.push(format!("share_{part} to part_{part}"));
    }
    legs.push("rest to part_0".to_owned());
    module("largest remainder", 0, weights.len(), &lets, &legs)
}

/// What each part gets, in smallest units.
#[track_caller]
fn parts(text: &str, amount: &str, count: usize) -> Vec<i128> {
    let rules = compiled(text);
    let event = Sent::new("receipt", &format!("id 1; date 2024-01-01; amount {amount}"));
    let batches = data::batches(&rules, &[event]);
    let seen = agreed(&run(&rules, &batches)).unwrap();
    let Fate::Allocated { leaves, .. } = &seen[0].fate else { panic!("{seen:?}\n{text}") };
    let account = |part: usize| {
        let name = format!("part_{part}");
        rules.accounts.iter().find(|account| account.name.text == name).unwrap().id.0
    };
    let of_part = |part: usize| {
        let payee = Payee::Account(account(part), Vec::new());
        let of_part = leaves.iter().filter(|leaf| leaf.payee == payee);
        of_part.map(|leaf| leaf.amount.minor()).sum()
    };
    (0..count).map(of_part).collect()
}

fn run<'a>(rules: &'a RuleSet, batches: &'a [Batch]) -> Run<'a> {
    Run { rules, readings: &[], registers: &[], batches, through: None }
}

/// What the others refuse is refused here: by the check where the text alone shows it, else as a
/// set-aside, since here weights are data.
fn refuses(case: &Case, error: &str) {
    match error {
        "two_remaining" | "portions_exceed_one" => {
            let legs = portions(case);
            let text = module("in order", 0, legs.len(), "", &legs);
            let found = compile(&text).expect_err(&case.id);
            let refused = found.iter().any(|finding| finding.code.0.starts_with("F03"));
            assert!(refused, "{}: {}", case.id, said(&found));
        }
        "negative_weight" => assert_eq!(set_aside(case), Reason::NegativeWeight, "{}", case.id),
        // Rules that do not say what happens then are refused before there is any event.
        "weights_sum_to_zero" | "no_weights" | "bad_count" => {
            let found = compile(SPREAD).expect_err(&case.id);
            assert!(found.iter().any(|finding| finding.code.0 == "F0350"), "{}", said(&found));
        }
        other => panic!("{}: no test for the error {other}", case.id),
    }
}

/// Weights as rows of the event, without a word for an event that has none.
const SPREAD: &str = "module allocation\nauthority national\nsettlement largest remainder\n\
     account part[integer]\n\
     event receipt {\n  id : integer unique\n  date : date effective\n  amount : money inflow\n  \
     parts : list of { number : integer; weight : number }\n}\n\n\
     rule divided\n  split inflow among parts as p by shares 100% weight to part[p.number]\n";

fn set_aside(case: &Case) -> Reason {
    let weights = case.list(&case.input, "weights");
    let rules = match compile(&format!("{SPREAD}    if none undetermined\n")) {
        Ok(rules) => rules,
        Err(found) => panic!("{}", said(&found)),
    };
    let rows: Vec<String> =
        weights.iter().enumerate().map(|(at, weight)| format!("({at}, {weight})")).collect();
    let values = format!(
        "id 1; date 2024-01-01; amount {}; parts [{}]",
        case.text("amount"),
        rows.join(", ")
    );
    let batches = data::batches(&rules, &[Sent::new("receipt", &values)]);
    let seen = agreed(&run(&rules, &batches)).unwrap();
    let Fate::SetAside(reason) = &seen[0].fate else { panic!("{seen:?}") };
    reason.clone()
}
