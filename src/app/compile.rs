//! From files to a rule set that may run: the chain of `ARCHITECTURE.md` up to `Checked`.

use crate::base::{FileId, Span};
use crate::check::{self, Checked};
use crate::diagnostics::{Diagnostic, Note, Words};
use crate::model::{self, Choice, RuleSet};
use crate::syntax::ast;

use super::load::Loaded;

/// A rule set, and what was found on the way to it.
#[derive(Debug)]
pub struct Compiled {
    /// The rule set, if nothing is wrong with it.
    pub checked: Option<Checked>,
    /// What was found, in the order of the files and of their text.
    pub findings: Vec<Diagnostic>,
}

/// Compiles all files together.
pub fn compile(loaded: &Loaded, choice: &Choice) -> Compiled {
    let all: Vec<usize> = (0..loaded.files.len()).collect();
    let mut compiled = compile_files(loaded, &all, choice);
    if choice.scenario.is_some() && compiled.checked.is_none() {
        let without = compile_files(loaded, &all, &Choice::default());
        name_scenario(loaded, choice, &mut compiled.findings, &without.findings);
    }
    compiled
}

/// What is found only under a scenario names it, for the place may be in a sound rule.
pub(super) fn name_scenario(
    loaded: &Loaded,
    choice: &Choice,
    found: &mut [Diagnostic],
    without: &[Diagnostic],
) {
    let items = loaded.files.iter().flat_map(|file| &file.tree.items);
    let mut scenarios = items.filter_map(|item| match &item.kind {
        ast::ItemKind::Scenario(scenario) => Some((&scenario.name, scenario.span)),
        _ => None,
    });
    let chosen = scenarios.find(|(name, _)| Some(&name.text) == choice.scenario.as_ref());
    let Some((name, span)) = chosen else { return };
    let holds =
        |place: Span| place.file == span.file && span.start <= place.start && place.end <= span.end;
    for finding in found.iter_mut().filter(|finding| !holds(finding.span)) {
        let same = |other: &Diagnostic| {
            (other.code, other.span, &other.message)
                == (finding.code, finding.span, &finding.message)
        };
        if !without.iter().any(same) {
            let text = &name.text;
            let words = Words::new(
                format!("only under scenario `{text}`"),
                format!("仅在方案「{text}」下如此"),
            );
            finding.notes.push(Note { span: name.span, words });
        }
    }
}

/// Compiles one file with what it uses.
pub fn compile_one(loaded: &Loaded, file: FileId, choice: &Choice) -> Compiled {
    compile_files(loaded, &loaded.closure(file), choice)
}

fn compile_files(loaded: &Loaded, files: &[usize], choice: &Choice) -> Compiled {
    let in_files = |found: &&Diagnostic| {
        usize::try_from(found.span.file.0).is_ok_and(|file| files.contains(&file))
    };
    let mut findings: Vec<Diagnostic> = loaded.findings.iter().filter(in_files).cloned().collect();
    let (rules, resolving) = resolve(loaded, files, choice);
    findings.extend(resolving);
    let (checked, checking) = check::check(rules, &findings);
    findings.extend(checking);
    findings.sort_by_key(|found| (found.span.file, found.span.start, found.code.0));
    Compiled { checked, findings }
}

/// The rule set of some files, whole or not.
pub fn resolve(loaded: &Loaded, files: &[usize], choice: &Choice) -> (RuleSet, Vec<Diagnostic>) {
    let trees: Vec<ast::File> =
        files.iter().filter_map(|at| loaded.files.get(*at)).map(|file| file.tree.clone()).collect();
    model::from_syntax(&trees, choice)
}
