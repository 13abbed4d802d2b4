//! Numbers: sums, products, quotients, comparisons, rounding.

use fenshui::rows::Reason;
use serde_json::Value;

use super::figures::{Condition, all_hold, is_refused, is_set_aside};
use super::{Case, cases, rounding, unit};

#[test]
fn decimals_of_ibm() {
    let conditions: Vec<Condition> =
        cases("arithmetic/decimal-ibm.json").iter().map(decimal).collect();
    all_hold(&conditions);
}

#[test]
fn numbers_of_catala() {
    let mut conditions = Vec::new();
    for case in cases("arithmetic/catala-numbers.json") {
        match case.expected("error") {
            None => conditions.push(number(&case)),
            Some("division_by_zero") => {
                let value = said(&case.input["expr"]);
                let condition = Condition::new(&case.id, format!("{value} = 1"));
                is_set_aside(condition, &Reason::DivisionByZero);
            }
            Some("type_error_money_times_money") => {
                let value = said(&case.input["expr"]);
                is_refused(Condition::new(&case.id, format!("{value} = 1")), "F0208");
            }
            Some(other) => panic!("{}: no test for the error {other}", case.id),
        }
    }
    all_hold(&conditions);
}

#[test]
fn quotients_and_scales_of_money_libraries() {
    let kinds = ["allocate", "split_equal", "parse_portion"];
    let others = cases("allocate/allocation.json").into_iter();
    let others: Vec<Case> = others.filter(|case| !kinds.contains(&case.kind.as_str())).collect();
    let conditions: Vec<Condition> = others.iter().map(decimal).collect();
    assert_eq!(conditions.len(), 164);
    all_hold(&conditions);
}

/// A number that only the evaluator adds up: one written alone is worked out when names are.
fn evaluated(number: &str) -> String {
    format!("sum([{number}])")
}

fn decimal(case: &Case) -> Condition {
    let value = || case.expected("value").unwrap();
    let pair = || (case.text("left"), case.text("right"));
    let text = match case.kind.as_str() {
        "round_to_scale" => {
            let (way, unit) = (rounding(case.text("mode")), unit(case.number("scale")));
            format!("({} rounded {way} to {unit}) = {}", case.text("value"), value())
        }
        "divide_round" => {
            let way = rounding(case.text("mode"));
            let (up, down) = (case.text("numerator"), case.text("denominator"));
            format!("({} / {down} rounded {way} to 1) = {}", evaluated(up), value())
        }
        "exact_add" => both_ways(pair(), '+', value()),
        "exact_subtract" => both_ways(pair(), '-', value()),
        "exact_multiply" => both_ways(pair(), '*', value()),
        "exact_divide" => both_ways(pair(), '/', value()),
        "compare" => {
            let sign = match value() {
                "-1" => "<",
                "0" => "=",
                "1" => ">",
                other => panic!("{}: {other}", case.id),
            };
            format!("{} {sign} {}", pair().0, pair().1)
        }
        "min" => format!("min({}, {}) = {}", pair().0, pair().1, value()),
        "max" => format!("max({}, {}) = {}", pair().0, pair().1, value()),
        "remainder_truncated" => format!("remainder({}, {}) = {}", pair().0, pair().1, value()),
        other => panic!("{}: no test for the kind {other}", case.id),
    };
    Condition::new(&case.id, text)
}

/// Once worked out by the evaluators, once by the resolver.
fn both_ways((left, right): (&str, &str), sign: char, value: &str) -> String {
    let run = format!("{} {sign} {}", evaluated(left), evaluated(right));
    format!("all of {{ {run} = {value}; {left} {sign} {right} = {value} }}")
}

fn number(case: &Case) -> Condition {
    let is_money = case.input.get("type").and_then(Value::as_str) == Some("money");
    let of_type =
        |number: &str| if is_money { format!("one * {number}") } else { evaluated(number) };
    let same = |found: String, wanted: &str| format!("({found}) = {}", of_type(wanted));
    let way = || rounding(case.text("mode"));
    let value = || of_type(case.text("value"));
    let reference = || of_type(case.text("reference"));
    let wanted = |field: &str| case.expected(field).unwrap();
    let text = match case.kind.as_str() {
        "decimal_to_money" => {
            format!("(one * {} rounded {}) = one * {}", case.text("value"), way(), wanted("money"))
        }
        "decimal_times_money" => {
            let product = format!("one * {} * {}", case.text("money"), case.text("factor"));
            format!("({product} rounded {}) = one * {}", way(), wanted("money"))
        }
        "round_to_unit" | "round_to_scale" => {
            let unit = unit(case.number("scale"));
            same(format!("{} rounded {} to {unit}", value(), way()), wanted("value"))
        }
        "to_integer" => same(format!("{} rounded {} to 1", value(), way()), wanted("integer")),
        "cap_at" => same(format!("min({}, {})", value(), reference()), wanted("value")),
        "at_least" => same(format!("max({}, {})", value(), reference()), wanted("value")),
        "excess_over" => same(format!("max({} - {}, 0)", value(), reference()), wanted("value")),
        "shortfall_under" => {
            same(format!("max({} - {}, 0)", reference(), value()), wanted("value"))
        }
        "expression" => expression(case),
        "prorata" => prorata(case),
        other => panic!("{}: no test for the kind {other}", case.id),
    };
    Condition::new(&case.id, text)
}

/// A tree of operations as Fen writes it.
fn said(tree: &Value) -> String {
    let [operation, operands @ ..] = tree.as_array().unwrap().as_slice() else { panic!("{tree}") };
    let literal = || operands[0].as_str().unwrap();
    match (operation.as_str().unwrap(), operands) {
        ("money", _) => format!("one * {}", literal()),
        ("dec" | "int", _) => evaluated(literal()),
        ("percent", _) => format!("{}%", literal()),
        ("neg", [inner]) => format!("(-{})", said(inner)),
        ("add", [left, right]) => format!("({} + {})", said(left), said(right)),
        ("sub", [left, right]) => format!("({} - {})", said(left), said(right)),
        ("mul", [left, right]) => format!("({} * {})", said(left), said(right)),
        ("div", [left, right]) => format!("({} / ({}))", said(left), said(right)),
        (other, _) => panic!("no test for the operation {other}"),
    }
}

fn expression(case: &Case) -> String {
    let found = said(&case.input["expr"]);
    if let Some(money) = case.expected("money") {
        // There every product is rounded to cents, and half is away from zero.
        return format!("({found} rounded half up) = one * {money}");
    }
    let mut all = Vec::new();
    if let Some(decimal) = case.expected("decimal") {
        all.push(format!("{found} = {decimal}"));
    }
    if let Some(rational) = case.expected("rational") {
        all.push(format!("{found} = {rational}"));
    }
    if let Some(prefix) = case.expected("decimal_prefix") {
        // The source prints so many digits and cuts the rest off.
        let decimals = prefix.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let unit = unit(i64::try_from(decimals).unwrap());
        all.push(format!("({found} rounded down to {unit}) = {prefix}"));
    }
    match all.as_slice() {
        [one] => one.clone(),
        all => format!("all of {{ {} }}", all.join("; ")),
    }
}

/// Each part rounded, the residue to the last.
fn prorata(case: &Case) -> String {
    assert_eq!(case.text("policy"), "round each half away from zero, residue to the last");
    let (total, weights) = (case.text("total"), case.list(&case.input, "weights"));
    let all = weights.join(" + ");
    let part = |weight: &str| format!("(one * {total} * {weight} / ({all}) rounded half up)");
    let parts = case.list(&case.expect, "parts");
    let mut conditions = Vec::new();
    let mut left = format!("one * {total}");
    for (at, (weight, wanted)) in weights.iter().zip(parts).enumerate() {
        if at + 1 == weights.len() {
            conditions.push(format!("{left} = one * {wanted}"));
        } else {
            conditions.push(format!("{} = one * {wanted}", part(weight)));
            left += &format!(" - {}", part(weight));
        }
    }
    format!("all of {{ {} }}", conditions.join("; "))
}
