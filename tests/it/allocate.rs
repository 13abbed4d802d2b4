//! What rule sets make of events: every example in the library, in the workloads and in the cases is
//! run by the engine and laid beside what it expects and beside the second opinion.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fenshui::base::{Date, Exact, FileId, Money};
use fenshui::check;
use fenshui::diagnostics::has_errors;
use fenshui::engine::{self, Wanted};
use fenshui::model::{self, Choice, Example, RuleSet};
use fenshui::plan::{self, Choices};
use fenshui::reference::{self, Fate, Figure, Outcome};
use fenshui::rows::{Cell, Explanation, HeadStep, Verdict};
use fenshui::syntax::{self, ast};

use crate::compiled::said;
use crate::floors::root;
use crate::worked;

/// Every file of rules in a folder and in the folders within it.
fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { files(path.to_str().unwrap()) } else { vec![path] })
        .filter(|path| path.to_string_lossy().ends_with(".fen.md"))
        .collect();
    found.sort();
    found
}

/// A file's tree.
#[track_caller]
fn tree(place: usize, path: &Path) -> ast::File {
    let text = std::fs::read_to_string(path).unwrap();
    let file = FileId(u32::try_from(place).unwrap());
    let (tree, found) = syntax::parse(file, &text, true);
    assert!(!has_errors(&found), "{}: {}", path.display(), said(&found));
    tree
}

/// The rule set of some trees together.
#[track_caller]
fn together(trees: &[ast::File], scenario: Option<&str>) -> RuleSet {
    let choice = Choice { scenario: scenario.map(str::to_owned) };
    let (rules, found) = model::from_syntax(trees, &choice);
    assert!(!has_errors(&found), "{}", said(&found));
    let (checked, more) = check::check(rules, &found);
    checked.unwrap_or_else(|| panic!("{}", said(&more))).rule_set().clone()
}

/// Runs the examples of one file, in a rule set of the trees given, and tells what is wrong; gives how
/// many there are.
#[track_caller]
fn examples_of(file: FileId, trees: &[ast::File], wrong: &mut Vec<String>) -> usize {
    let plain = together(trees, None);
    let mut amended: BTreeMap<&str, RuleSet> = BTreeMap::new();
    let own: Vec<&Example> =
        plain.examples.iter().filter(|example| example.span.file == file).collect();
    for example in &own {
        let rules = match example.scenario.as_deref() {
            None => &plain,
            Some(name) => amended.entry(name).or_insert_with(|| together(trees, Some(name))),
        };
        // Under a scenario the same example stands in another rule set.
        let example = rules.examples.iter().find(|other| other.span == example.span).unwrap();
        let title = &example.title;
        wrong.extend(worked::missed(rules, example).into_iter().map(|it| format!("{title}: {it}")));
        wrong.extend(second_opinion(rules, example).map(|it| format!("{title}: {it}")));
    }
    own.len()
}

/// Runs every example of a file that uses no other, and gives how many.
#[track_caller]
fn check_examples(path: &Path) -> usize {
    let mut wrong = Vec::new();
    let count = examples_of(FileId(0), &[tree(0, path)], &mut wrong);
    assert!(wrong.is_empty(), "{}: {}", path.display(), wrong.join("\n"));
    count
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
        assert!(check_examples(&file) > 0, "{} has no example", file.display());
    }
}

#[test]
fn cases() {
    for file in files("tests/cases/allocate") {
        assert!(check_examples(&file) > 0, "{} has no example", file.display());
    }
}

/// Every file of the library, each with what it uses.
fn library(folder: &str) {
    let paths = files("rules");
    let trees: Vec<ast::File> =
        paths.iter().enumerate().map(|(place, path)| tree(place, path)).collect();
    let mut wrong = Vec::new();
    for (place, path) in paths.iter().enumerate() {
        if !path.starts_with(root().join(folder)) {
            continue;
        }
        let needed: Vec<ast::File> =
            needed(&trees, place).into_iter().map(|at| trees[at].clone()).collect();
        let file = FileId(u32::try_from(place).unwrap());
        let examples = examples_of(file, &needed, &mut wrong);
        // A page that only joins others has nothing of its own to show.
        let own =
            |item: &ast::Item| matches!(item.kind, ast::ItemKind::Rule(_) | ast::ItemKind::Levy(_));
        let bare = !trees[place].items.iter().any(own);
        assert!(examples > 0 || bare, "{} has no example", path.display());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A file, and those whose modules it uses, directly or not.
fn needed(trees: &[ast::File], place: usize) -> BTreeSet<usize> {
    let declares = |tree: &ast::File, name: &str| {
        tree.items.iter().any(
            |item| matches!(&item.kind, ast::ItemKind::Module(module) if module.name.text == name),
        )
    };
    let mut found = BTreeSet::new();
    let mut open = vec![place];
    while let Some(next) = open.pop() {
        if !found.insert(next) {
            continue;
        }
        for item in &trees[next].items {
            let ast::ItemKind::Use(names) = &item.kind else { continue };
            for name in names {
                open.extend((0..trees.len()).filter(|at| declares(&trees[*at], &name.text)));
            }
        }
    }
    found
}

#[test]
fn the_national_rules() {
    library("rules/cn");
}

#[test]
fn the_agreements() {
    library("rules/jjj");
}

#[test]
fn the_local_rules() {
    library("rules/local");
}

#[test]
fn the_rules_elsewhere() {
    library("rules/elsewhere");
}

#[test]
fn plans_are_stable_text() {
    for workload in ["w1", "w2", "w3"] {
        let path = root().join(format!("examples/workloads/{workload}.fen.md"));
        let rules = together(&[tree(0, &path)], None);
        let plan = plan::compile(&rules, &Choices::default());
        insta::assert_snapshot!(format!("plan_of_{workload}"), plan::print(&plan));
    }
}

/// The story of the event that an example sends as its `place`th.
fn explained(file: &str, title: &str, place: usize) -> Explanation {
    let rules = together(&[tree(0, &root().join(file))], None);
    let example = rules.examples.iter().find(|example| example.title == title).unwrap();
    let given = worked::given(&rules, example, example.entries.len());
    let plan = plan::compile(&rules, &Choices::default());
    let batch = &given.batches[place];
    let event = &plan.events[usize::try_from(batch.event).unwrap()];
    let key = event.unique.iter().map(|field| batch.columns[plan::at(*field)].cell(0));
    let wanted = Wanted { event: batch.event, key: key.collect() };
    let batches = given.batches.iter().cloned().map(Ok::<_, std::convert::Infallible>);
    let options = engine::Options { through: given.through, ..engine::Options::default() };
    let told =
        engine::explain(&plan, engine::Input::of(&given.registers, batches), &options, &[wanted]);
    told.unwrap().remove(0)
}

#[test]
fn why_the_origin_got_no_more() {
    let title = "the cap is reached, and a refund does not open it again";
    let story = explained("examples/workloads/w2.fen.md", title, 2);
    assert_eq!(story.inflow, Some(Money::from_minor(200)));
    let [inflow, half] = story.divisions.as_slice() else { panic!("{:#?}", story.divisions) };
    // `within` holds too, and `across` overrides it.
    let verdicts: Vec<Verdict> = inflow.tried.iter().map(|tried| tried.verdict).collect();
    assert_eq!(verdicts, [Verdict::Overridden { by: 1 }, Verdict::Applies]);
    let verdicts: Vec<Verdict> = half.tried.iter().map(|tried| tried.verdict).collect();
    assert_eq!(verdicts, [Verdict::Applies, Verdict::Failed]);
    let [capped, rest] = half.legs.as_slice() else { panic!("{:#?}", half.legs) };
    let yuan = |text: &str| Exact::parse_decimal(text).unwrap();
    let [bound] = capped.bounds.as_slice() else { panic!("{:#?}", capped.bounds) };
    let total = bound.total.clone().unwrap();
    assert_eq!((total.before, bound.limit.clone()), (yuan("0.15"), yuan("0.3")));
    assert_eq!((bound.before.clone(), bound.after.clone()), (yuan("0.5"), yuan("0.15")));
    assert_eq!((capped.settled.clone(), rest.settled.clone()), (yuan("0.15"), yuan("0.35")));
    assert_eq!(story.latches.len(), 1);
    let change = &story.totals[0];
    assert_eq!(change.totals, Some((yuan("0.15"), yuan("0.3"))));
    assert_eq!(story.rows.len(), 1);
    assert_eq!(story.parameters[0].value, Cell::Number(yuan("0.5")));
    // The three shares were settled together first, then the event.
    let own: Vec<Option<usize>> = story.settlements.iter().map(|it| it.division).collect();
    assert_eq!(own, [Some(0), None]);
    // The condition that fails, with the values of its parts.
    let Some(HeadStep::When(condition)) = half.tried[1].head.last() else { panic!() };
    assert_eq!(condition.value, Cell::Bool(false));
    let parts: Vec<Cell> = condition.parts.iter().map(|part| part.value.clone()).collect();
    let day = |text| Cell::Date(Date::parse(text).unwrap());
    assert_eq!(parts, [day("2016-05-03"), day("2021-02-28")]);
}

#[test]
fn why_so_much_is_withheld() {
    let story = explained("examples/workloads/w3.fen.md", "two months", 1);
    let [levy] = story.levies.as_slice() else { panic!("{:#?}", story.levies) };
    let yuan = |text: &str| Exact::parse_decimal(text).unwrap();
    assert_eq!(levy.due.clone().unwrap().value, Cell::Number(yuan("1520")));
    assert_eq!(story.schedules[0].rate, yuan("0.1"));
    assert_eq!(story.divisions[0].arrivals[0].amount, yuan("1520"));
    assert_eq!(story.inflow, Some(Money::from_minor(152_000)));
}
