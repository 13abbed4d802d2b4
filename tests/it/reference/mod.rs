//! The second opinion against the first.

pub mod both;
pub mod data;
mod texts;

use std::cell::RefCell;
use std::collections::BTreeMap;

use fenshui::base::Date;
use fenshui::diagnostics::Severity;
use fenshui::reference::Fate;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use crate::compiled::{compile, compiled, said};
use both::{Run, agreed};
use data::Sent;
use texts::Case;

#[test]
fn a_fen_that_three_want() {
    let text = std::fs::read_to_string(crate::floors::root().join("examples/workloads/w1.fen.md"))
        .unwrap();
    let text: String =
        text.split("```fen").skip(1).map(|part| part.split("```").next().unwrap()).collect();
    let rules = compiled(&text);
    let events = [Sent::new(
        "receipt",
        "id 1; date 2016-05-01; tax vat; enterprise E1; origin beijing; destination hebei; amount 0.02",
    )];
    let batches = data::batches(&rules, &events);
    let run =
        Run { rules: &rules, readings: &[], registers: &[], batches: &batches, through: None };
    let seen = agreed(&run).unwrap();
    let Fate::Allocated { leaves, .. } = &seen[0].fate else { panic!("{seen:?}") };
    let units: Vec<i128> = leaves.iter().map(|leaf| leaf.amount.minor()).collect();
    assert_eq!(units, [1, 1]);
}

/// How many rule sets are drawn: a few, or as many as are asked for.
fn cases() -> u32 {
    std::env::var("FENSHUI_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60)
}

#[test]
fn random_rules_mean_the_same_to_both() {
    let config = Config {
        cases: cases(),
        failure_persistence: None,
        max_shrink_iters: 3000,
        // The usual run repeats itself; whoever asks for more cases gets new ones.
        rng_seed: match std::env::var("FENSHUI_CASES") {
            Ok(_) => RngSeed::Random,
            Err(_) => RngSeed::Fixed(20_150_101),
        },
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let refused = RefCell::new(BTreeMap::<String, u32>::new());
    let fates = RefCell::new(BTreeMap::<String, u32>::new());
    let result = runner.run(&texts::case(), |case| {
        let rules = match compile(&case.text) {
            Ok(rules) => rules,
            Err(found) => {
                let mut errors = found.into_iter();
                let first = errors.find(|it| it.severity == Severity::Error).unwrap();
                let first = said(&[first]);
                let first = first.split_once(": ").map_or(String::new(), |it| it.1.to_owned());
                *refused.borrow_mut().entry(first).or_default() += 1;
                return Ok(());
            }
        };
        let fates = &mut *fates.borrow_mut();
        check(&case, &rules, fates).map_err(TestCaseError::fail)
    });
    println!("{:#?} {:#?}", refused.borrow(), fates.borrow());
    if let Err(error) = result {
        panic!("{error}");
    }
}

fn check(
    case: &Case,
    rules: &fenshui::model::RuleSet,
    fates: &mut BTreeMap<String, u32>,
) -> Result<(), String> {
    let batches = data::batches_of(rules, &case.events, case.batch);
    let registers = data::registers(rules, &case.rows);
    let through = case.through.as_ref().map(|day| Date::parse(day).unwrap());
    let run = Run { rules, readings: &[], registers: &registers, batches: &batches, through };
    for seen in agreed(&run)? {
        let name = match &seen.fate {
            Fate::Allocated { .. } => "allocated".to_owned(),
            Fate::SetAside(reason) => {
                format!("{reason:?}").split([' ', '{']).next().unwrap().to_owned()
            }
        };
        *fates.entry(name).or_default() += 1;
    }
    Ok(())
}
