//! Conditions as figures of one event, weighed by both evaluators.

use fenshui::reference::Fate;
use fenshui::rows::{Cell, Reason};

use crate::compiled::{compile, compiled, said};
use crate::reference::both::{Run, agreed};
use crate::reference::data::{self, Sent};

/// A condition that must hold, and whose it is.
pub struct Condition {
    pub id: String,
    pub text: String,
}

impl Condition {
    pub fn new(id: &str, text: impl Into<String>) -> Condition {
        Condition { id: id.to_owned(), text: text.into() }
    }
}

/// How many conditions stand in one text.
const CONDITIONS_MAX: usize = 250;

fn module(conditions: &[Condition]) -> String {
    let figures = conditions.iter().enumerate();
    let figures = figures.map(|(at, condition)| {
        format!("figure f{at} of asked = {}  # {}\n", condition.text, condition.id)
    });
    let figures: String = figures.collect();
    // `one` turns a number into money: `one * 0.15`.
    format!(
        "module asked\nauthority national\n\
         event asked {{ id : integer unique; date : date effective; one : money }}\n\n{figures}"
    )
}

/// Every condition must be true to both.
pub fn all_hold(conditions: &[Condition]) {
    let mut wrong = Vec::new();
    for conditions in conditions.chunks(CONDITIONS_MAX) {
        let rules = compiled(&module(conditions));
        let batches = data::batches(&rules, &[sent()]);
        let run = run(&rules, &batches);
        let seen = agreed(&run).unwrap();
        let figures = match &seen[0].fate {
            Fate::Allocated { figures, .. } => figures,
            Fate::SetAside(reason) => panic!("set aside: {reason:?} in\n{}", module(conditions)),
        };
        assert_eq!(figures.len(), conditions.len());
        for (figure, condition) in figures.iter().zip(conditions) {
            if figure.value != Cell::Bool(true) {
                wrong.push(format!("{}: {} is {:?}", condition.id, condition.text, figure.value));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), conditions.len(), wrong.join("\n"));
}

/// The condition must set its event aside for this reason.
#[track_caller]
pub fn is_set_aside(condition: Condition, reason: &Reason) {
    let rules = compiled(&module(std::slice::from_ref(&condition)));
    let batches = data::batches(&rules, &[sent()]);
    let seen = agreed(&run(&rules, &batches)).unwrap();
    assert_eq!(seen[0].fate, Fate::SetAside(reason.clone()), "{}", condition.id);
}

/// The condition must not compile, with this finding.
#[track_caller]
pub fn is_refused(condition: Condition, code: &str) {
    let found = compile(&module(std::slice::from_ref(&condition))).expect_err(&condition.id);
    assert!(
        found.iter().any(|finding| finding.code.0 == code),
        "{}: {}",
        condition.id,
        said(&found)
    );
}

fn sent() -> Sent {
    Sent::new("asked", "id 1; date 2024-01-01; one 1.00")
}

fn run<'a>(rules: &'a fenshui::model::RuleSet, batches: &'a [fenshui::rows::Batch]) -> Run<'a> {
    Run { rules, readings: &[], registers: &[], batches, through: None }
}
