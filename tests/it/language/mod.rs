//! The language reference is a test: every page of `docs/reference/language` is a small program that
//! must be right, and every block of it that says `fen-error` a program that must be refused (or, with
//! `fen-warning`, warned about).

mod keywords;

use std::path::{Path, PathBuf};

use fenshui::app::{self, Library};
use fenshui::base::{Date, FileId, LineIndex};
use fenshui::check;
use fenshui::diagnostics::{Diagnostic, Language, Severity};
use fenshui::model::{self, Choice, Example, ExampleEntry, RuleSet};
use fenshui::{reference, syntax};

use crate::allocate::second_opinion;
use crate::floors::root;
use crate::worked;

pub fn folder() -> PathBuf {
    root().join("docs/reference/language")
}

/// A page's program, with the scenario asked for, or what is wrong with it.
fn rules(text: &str, scenario: Option<&str>) -> (RuleSet, Vec<Diagnostic>) {
    let (tree, mut found) = syntax::parse(FileId(0), text, true);
    let choice = Choice { scenario: scenario.map(str::to_owned) };
    let (rules, more) = model::from_syntax(&[tree], &choice);
    found.extend(more);
    let (checked, more) = check::check(rules.clone(), &found);
    found.extend(more);
    (checked.map_or(rules, |checked| checked.rule_set().clone()), found)
}

fn errors(found: &[Diagnostic]) -> impl Iterator<Item = &Diagnostic> {
    found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error)
}

fn said(page: &str, text: &str, diagnostic: &Diagnostic) -> String {
    let line = LineIndex::new(text).line_column(diagnostic.span.start).line;
    let words = diagnostic.message.in_language(Language::English);
    format!("{page}:{line}: {} {words}", diagnostic.code.0)
}

/// `fenshui check` and `fenshui test` find nothing wrong with the page, the second opinion is the
/// same, and the wrong programs are refused.
#[track_caller]
pub fn check(folder: &Path, page: &str) {
    let loaded = app::load(&folder.join(page), &Library::default(), 2).unwrap();
    let text = std::fs::read_to_string(folder.join(page)).unwrap();
    let found = app::check(&loaded);
    let serious = found.iter().filter(|found| found.severity != Severity::Note);
    let mut wrong: Vec<String> = serious.map(|found| said(page, &text, found)).collect();
    if wrong.is_empty() {
        for example in app::test(&loaded, None, Language::English).examples {
            let line = LineIndex::new(&text).line_column(example.span.start).line;
            wrong.extend(example.differences.iter().map(|difference| {
                let expected = difference.expected.in_language(Language::English);
                let found = difference.found.in_language(Language::English);
                format!("{page}:{line}: {}: {expected}, but {found}", difference.subject)
            }));
        }
        wrong.extend(other_opinions(page, &text));
    }
    wrong.extend(not_refused(page, &text));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the second opinion says otherwise.
fn other_opinions(page: &str, text: &str) -> Vec<String> {
    let plain = rules(text, None).0;
    let mut others = Vec::new();
    for example in &plain.examples {
        let amended = example.scenario.as_deref().map(|scenario| rules(text, Some(scenario)).0);
        let rules = amended.as_ref().unwrap_or(&plain);
        let same = |other: &&Example| other.span == example.span;
        let example = rules.examples.iter().find(same).unwrap();
        let found = second_opinion(rules, example).into_iter().chain(not_held(rules, example));
        others.extend(found.map(|words| format!("{page}: “{}”: {words}", example.title)));
    }
    others
}

/// Checks that do not hold by the second opinion.
fn not_held(rules: &RuleSet, example: &Example) -> Vec<String> {
    let given = worked::given(rules, example, example.entries.len());
    let day = example.on.unwrap_or(Date::new(2000, 1, 1).unwrap());
    let checks = example.entries.iter().filter_map(|entry| match entry {
        ExampleEntry::Check { condition, .. } => Some(condition),
        _ => None,
    });
    let held = checks.map(|condition| {
        reference::holds(rules, &given.readings, &given.registers, condition, day).unwrap()
    });
    let wrong = held.enumerate().filter(|(_, held)| *held != Ok(true));
    wrong.map(|(at, held)| format!("check {}: {held:?}", at + 1)).collect()
}

/// Each `fen-error` or `fen-warning` block names the code of what is wrong with it on its first line.
/// It is read as if it stood in the page's program, and nothing else may be found wrong.
fn not_refused(page: &str, text: &str) -> Vec<String> {
    const FENCES: [(&str, Severity); 2] =
        [("```fen-error\n", Severity::Error), ("```fen-warning\n", Severity::Warning)];
    let mut wrong = Vec::new();
    for (fence, severity) in FENCES {
        for (at, _) in text.match_indices(fence) {
            let (before, block) = text.split_at(at);
            let block = &block[fence.len()..];
            let code = block.strip_prefix("# ").map_or("", |line| &line[..5]);
            // As long as the fence it replaces, so that places stay the same.
            let opening = format!("{:1$}", "```fen", fence.len() - 1);
            let text = format!("{before}{opening}\n{block}");
            let (_, found) = rules(&text, None);
            let meant = |found: &&Diagnostic| found.code.0 == code && found.severity == severity;
            if !found.iter().any(|found| meant(&found)) {
                let line = LineIndex::new(&text).line_column(u32::try_from(at).unwrap()).line;
                wrong.push(format!("{page}:{line}: {code} is not found"));
            }
            let others = errors(&found).filter(|found| !meant(found));
            wrong.extend(others.map(|found| said(page, &text, found)));
        }
    }
    wrong
}

macro_rules! pages {
    ($($name:ident $page:literal)*) => {
        $(#[test]
        fn $name() {
            check(&folder(), $page);
        })*

        const PAGES: &[&str] = &[$($page),*];
    };
}

pages! {
    first "01-first.fen.md"
    modules "02-modules.fen.md"
    names "03-names.fen.md"
    events "04-events.fen.md"
    registers "05-registers.fen.md"
    parameters "06-parameters.fen.md"
    schedules "07-schedules.fen.md"
    readings "08-readings.fen.md"
    values "09-values.fen.md"
    conditions "10-conditions.fen.md"
    dates "11-dates.fen.md"
    rule "12-rules.fen.md"
    legs "13-legs.fen.md"
    among "14-among.fen.md"
    settlement "15-settlement.fen.md"
    tallies "16-tallies.fen.md"
    carries "17-carries.fen.md"
    levies "18-levies.fen.md"
    transfers "19-transfers.fen.md"
    calendar "20-calendar.fen.md"
    refunds "21-refunds.fen.md"
    examples "22-examples.fen.md"
    scenarios "23-scenarios.fen.md"
    chinese "24-chinese.fen.md"
}

#[test]
fn every_page_is_tested_and_on_the_map() {
    let map = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let mut pages: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".fen.md"))
        .collect();
    pages.sort();
    assert_eq!(pages, PAGES);
    let missing: Vec<_> =
        pages.iter().filter(|page| !map.contains(&format!("]({page})"))).collect();
    assert!(missing.is_empty(), "not on the map: {missing:?}");
}

/// The pages are laid out as `fenshui fmt` does, but for those that show other spellings.
#[test]
fn pages_are_laid_out() {
    let mut wrong = Vec::new();
    for page in PAGES.iter().filter(|page| !page.starts_with("01-")) {
        let path = folder().join(page);
        let text = std::fs::read_to_string(&path).unwrap();
        let formatted = syntax::format(&text, true, None).unwrap();
        if std::env::var_os("FENSHUI_ACCEPT").is_some() {
            std::fs::write(&path, &formatted).unwrap();
        } else if formatted != text {
            wrong.push(page);
        }
    }
    assert!(wrong.is_empty(), "run this test with FENSHUI_ACCEPT=1: {wrong:?}");
}
