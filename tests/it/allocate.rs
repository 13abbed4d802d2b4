//! What rule sets make of events: every example in the library, in the workloads and in the cases is
//! run by the engine and laid beside what it expects and beside the second opinion.

use std::path::{Path, PathBuf};

use fenshui::base::FileId;
use fenshui::check;
use fenshui::diagnostics::has_errors;
use fenshui::model::{self, Choice, Example, RuleSet};
use fenshui::reference::{self, Fate, Figure, Outcome};
use fenshui::syntax;

use crate::compiled::said;
use crate::floors::root;
use crate::worked;

fn files(folder: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".fen.md"))
        .collect();
    found.sort();
    found
}

/// The rule set of some files together.
#[track_caller]
fn together(files: &[PathBuf], scenario: Option<&str>) -> RuleSet {
    let parse = |(place, path): (usize, &PathBuf)| {
        let text = std::fs::read_to_string(path).unwrap();
        let (tree, found) =
            syntax::parse(FileId(u16::try_from(place).unwrap().into()), &text, true);
        assert!(!has_errors(&found), "{}: {}", path.display(), said(&found));
        tree
    };
    let trees: Vec<_> = files.iter().enumerate().map(parse).collect();
    let choice = Choice { scenario: scenario.map(str::to_owned) };
    let (rules, found) = model::from_syntax(&trees, &choice);
    assert!(!has_errors(&found), "{files:?}: {}", said(&found));
    let (checked, more) = check::check(rules, &found);
    checked.unwrap_or_else(|| panic!("{files:?}: {}", said(&more))).rule_set().clone()
}

/// Runs every example of some files together, and gives how many.
#[track_caller]
fn check_examples(files: &[PathBuf]) -> usize {
    let plain = together(files, None);
    let mut wrong = Vec::new();
    for example in &plain.examples {
        let amended = example.scenario.as_deref().map(|name| together(files, Some(name)));
        let rules = amended.as_ref().unwrap_or(&plain);
        let title = &example.title;
        wrong.extend(worked::missed(rules, example).into_iter().map(|it| format!("{title}: {it}")));
        wrong.extend(second_opinion(rules, example).map(|it| format!("{title}: {it}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    plain.examples.len()
}

/// Where the engine and the reference do not say the same.
pub fn second_opinion(rules: &RuleSet, example: &Example) -> Option<String> {
    let given = worked::given(rules, example, example.entries.len());
    let (mut ours, _) =
        worked::run(rules, &given.readings, &given.registers, &given.batches, given.through);
    let theirs =
        reference::run(rules, &given.readings, &given.registers, &given.batches, given.through);
    let mut theirs = theirs.unwrap();
    // An event without a day has no place among the others.
    theirs.sort_by_key(|outcome| outcome.date.is_some());
    ours.sort_by_key(|outcome| outcome.date.is_some());
    let place = ours.iter().zip(&theirs).position(|(one, two)| !alike(one, two));
    match place {
        Some(place) => Some(format!("{:#?}\nis not\n{:#?}", ours[place], theirs[place])),
        None if ours.len() != theirs.len() => {
            Some(format!("{} outcomes, not {}", ours.len(), theirs.len()))
        }
        None => None,
    }
}

/// The same outcome. The key of a figure's row is laid beside what examples expect, not here: the two
/// know a row by different cells.
fn alike(ours: &Outcome, theirs: &Outcome) -> bool {
    let same_figure =
        |one: &Figure, two: &Figure| (one.figure, &one.value) == (two.figure, &two.value);
    let same_fate = match (&ours.fate, &theirs.fate) {
        (
            Fate::Allocated { leaves, figures, open_items },
            Fate::Allocated { leaves: leaves_two, figures: figures_two, open_items: items_two },
        ) => {
            let figures_alike = figures.len() == figures_two.len()
                && figures.iter().zip(figures_two).all(|(one, two)| same_figure(one, two));
            leaves == leaves_two && open_items == items_two && figures_alike
        }
        (one, two) => one == two,
    };
    same_fate && (ours.event, ours.date, ours.booked) == (theirs.event, theirs.date, theirs.booked)
}

#[test]
fn workloads() {
    for file in files("examples/workloads") {
        assert!(
            check_examples(std::slice::from_ref(&file)) > 0,
            "{} has no example",
            file.display()
        );
    }
}

#[test]
fn cases() {
    for file in files("tests/cases/allocate") {
        assert!(
            check_examples(std::slice::from_ref(&file)) > 0,
            "{} has no example",
            file.display()
        );
    }
}

#[test]
fn the_library() {
    let library: Vec<PathBuf> = ["rules/cn", "rules/jjj"].into_iter().flat_map(files).collect();
    assert!(check_examples(&library) > 0);
}

#[test]
fn plans_are_stable_text() {
    let file = Path::new("examples/workloads/w1.fen.md");
    let rules = together(&[root().join(file)], None);
    let plan = fenshui::plan::compile(&rules, &fenshui::plan::Choices::default());
    let printed = fenshui::plan::print(&plan);
    let again = fenshui::plan::compile(&rules, &fenshui::plan::Choices::default());
    assert_eq!(printed, fenshui::plan::print(&again));
}
