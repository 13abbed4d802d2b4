//! The worked cases inside rules, run and held against what they say.

mod compare;
mod coverage;
mod given;

use std::collections::BTreeMap;

use crate::base::{Date, Span};
use crate::check::Checked;
use crate::diagnostics::{Diagnostic, Language, Words};
use crate::engine::{self, RunError};
use crate::model::{Choice, Example, ExampleEntry, RuleSet};
use crate::plan::{self, Choices};
use crate::report::reason_words;

use super::collect::Collected;
use super::compile::compile_one;
use super::load::Loaded;
use super::names::names;
use coverage::Coverage;
use given::Given;

pub use coverage::PartKind;

/// How the examples of some rules came out.
#[derive(Debug, Default)]
pub struct TestReport {
    /// Each example of the files named, in the order of the text.
    pub examples: Vec<ExampleResult>,
    /// What keeps rules from compiling.
    pub errors: Vec<Diagnostic>,
    /// What the examples that were run reach of the rules.
    pub coverage: Coverage,
}

/// How one example came out.
#[derive(Debug)]
pub struct ExampleResult {
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub span: Span,
    /// What differs from what it says.
    pub differences: Vec<Difference>,
}

/// Something that came out otherwise than an example says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The line of the example that says it.
    pub span: Span,
    /// What it is about: an account, a figure, an event.
    pub subject: String,
    /// What the example says.
    pub expected: Words,
    /// What came out.
    pub found: Words,
    /// Found minus expected, of amounts.
    pub by: Option<String>,
}

impl TestReport {
    /// Whether everything compiles and every example came out.
    pub fn is_right(&self) -> bool {
        self.errors.is_empty() && self.examples.iter().all(|example| example.differences.is_empty())
    }
}

/// Runs the examples of the files the user named whose title holds a text, each file as a rule set of
/// its own with what it uses.
pub fn test(loaded: &Loaded, title_has: Option<&str>, language: Language) -> TestReport {
    let mut report = TestReport::default();
    let named = loaded.files.iter().zip(0_u32..).filter(|(file, _)| file.named);
    for (_, number) in named {
        let file = crate::base::FileId(number);
        let compiled = compile_one(loaded, file, &Choice::default());
        let Some(checked) = compiled.checked else {
            add_errors(&mut report.errors, compiled.findings);
            continue;
        };
        let is_named = |span: Span| span.file == file;
        report.coverage.declare(checked.rule_set(), is_named);
        let mut scenarios: BTreeMap<String, Option<Checked>> = BTreeMap::new();
        let examples = checked.rule_set().examples.iter();
        for example in examples.filter(|example| example.span.file == file) {
            if title_has.is_some_and(|text| !example.title.contains(text)) {
                continue;
            }
            let rules = match &example.scenario {
                None => Some(&checked),
                Some(name) => scenarios
                    .entry(name.clone())
                    .or_insert_with(|| {
                        let choice = Choice { scenario: Some(name.clone()) };
                        let compiled = compile_one(loaded, file, &choice);
                        add_errors(&mut report.errors, compiled.findings);
                        compiled.checked
                    })
                    .as_ref(),
            };
            let Some(rules) = rules.map(Checked::rule_set) else { continue };
            // Under a scenario the same example stands in another rule set.
            let example = rules.examples.iter().find(|other| other.span == example.span);
            if let Some(example) = example {
                let differences = differences(rules, example, language);
                reach(&mut report.coverage, rules, example);
                let title = example.title.clone();
                report.examples.push(ExampleResult { title, span: example.span, differences });
            }
        }
    }
    report
}

fn add_errors(errors: &mut Vec<Diagnostic>, findings: Vec<Diagnostic>) {
    for found in findings {
        let is_error = found.severity == crate::diagnostics::Severity::Error;
        if is_error && !errors.contains(&found) {
            errors.push(found);
        }
    }
}

/// Adds what the events of an example reach. They are run once more for it, since whoever is told how
/// an event came about is told by the plain way through the engine, and examples are to test the usual
/// one.
fn reach(coverage: &mut Coverage, rules: &RuleSet, example: &Example) {
    let Ok(given) = Given::read(rules, example) else { return };
    let choices = Choices { readings: example.readings.iter().copied().collect() };
    let plan = plan::compile_with_checks(rules, &choices, &[]);
    let batches = given.batches.iter().cloned().map(Ok::<_, std::convert::Infallible>);
    let options = engine::Options::default();
    // A run that failed has been reported as a difference.
    if let Ok(told) = engine::explain_all(&plan, &given.registers, batches, &options) {
        told.iter().for_each(|story| coverage.reach(rules, story));
    }
}

/// Runs one example and says what differs.
pub fn differences(rules: &RuleSet, example: &Example, language: Language) -> Vec<Difference> {
    let given = match Given::read(rules, example) {
        Ok(given) => given,
        Err(difference) => return vec![difference],
    };
    let day = example.on.or(Date::new(2000, 1, 1)).unwrap_or(Date::MIN);
    let checks: Vec<_> = example
        .entries
        .iter()
        .filter_map(|entry| match entry {
            ExampleEntry::Check { condition, span } => Some((condition, *span)),
            _ => None,
        })
        .collect();
    let conditions: Vec<_> = checks.iter().map(|(condition, _)| (*condition, day)).collect();
    let choices = Choices { readings: example.readings.iter().copied().collect() };
    let plan = plan::compile_with_checks(rules, &choices, &conditions);
    let mut collected = Collected::default();
    let batches = given.batches.iter().cloned().map(Ok::<_, std::convert::Infallible>);
    let options = engine::Options::default();
    let run = engine::run(&plan, &given.registers, batches, &options, &mut collected);
    let names = names(rules, language);
    let summary = match run {
        Ok(summary) => summary,
        Err(RunError::Internal(what)) => {
            let expected = Words::new("a run", "运行");
            let found = Words::new(
                format!("an internal error, please report it: {what}"),
                format!("内部错误，请报告：{what}"),
            );
            let subject = example.title.clone();
            return vec![Difference { span: example.span, subject, expected, found, by: None }];
        }
        Err(RunError::Input(never) | RunError::Sink(never)) => match never {},
    };
    let mut differences = compare::differences(rules, &names, &given, &collected, language);
    for ((_, span), held) in checks.iter().zip(&summary.checks) {
        let found = match held {
            Ok(true) => continue,
            Ok(false) => Words::new("does not hold", "不成立"),
            Err(reason) => reason_words(reason, None, &names).what,
        };
        let (subject, expected) = ("check".to_owned(), Words::new("holds", "成立"));
        differences.push(Difference { span: *span, subject, expected, found, by: None });
    }
    differences
}
