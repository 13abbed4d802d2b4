//! What is wrong or worth knowing in rules.

use std::collections::BTreeSet;

use crate::base::{FileId, Span};
use crate::check::UNUSED;
use crate::diagnostics::Diagnostic;
use crate::model::Choice;
use crate::syntax::ast;

use crate::report::names::Label;

use super::compile::{Compiled, compile_one, name_scenario, resolve};
use super::load::Loaded;

/// Checks every file the user named, each as a rule set of its own with what it uses, and under
/// every scenario it declares. A file that another one uses is checked with that one.
pub fn check(loaded: &Loaded) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for file in roots(loaded) {
        add_new(&mut found, compile_one(loaded, file, &Choice::default()));
    }
    let named = |file: FileId| {
        usize::try_from(file.0)
            .ok()
            .and_then(|at| loaded.files.get(at))
            .is_some_and(|file| file.named)
    };
    for (file, Label { text: scenario, .. }) in
        scenarios(loaded).into_iter().filter(|(file, _)| named(*file))
    {
        let choice = Choice { scenario: Some(scenario) };
        let mut compiled = compile_one(loaded, file, &choice);
        name_scenario(loaded, &choice, &mut compiled.findings, &found);
        used_by_either(&mut found, &mut compiled.findings, file);
        add_new(&mut found, compiled);
    }
    found.sort_by_key(|found| (found.span.file, found.span.start, found.code.0));
    found
}

/// What only a scenario uses is used, and so is what it alone does without: of the file's unused
/// declarations those stay that are unused either way.
fn used_by_either(plain: &mut Vec<Diagnostic>, amended: &mut Vec<Diagnostic>, file: FileId) {
    let unused = |found: &Diagnostic| found.code == UNUSED && found.span.file == file;
    let other: Vec<Span> = amended.iter().filter(|found| unused(found)).map(|it| it.span).collect();
    plain.retain(|found| !unused(found) || other.contains(&found.span));
    amended.retain(|found| !unused(found));
}

/// The scenarios declared, by name and label, each with its file.
pub fn scenarios(loaded: &Loaded) -> Vec<(FileId, Label)> {
    let mut found = Vec::new();
    for (at, file) in loaded.files.iter().enumerate() {
        for item in &file.tree.items {
            if let ast::ItemKind::Scenario(scenario) = &item.kind {
                let label = scenario.label.clone().unwrap_or_default();
                // A Chinese label reads worse in English than the name.
                let en = label.en.filter(|label| label.is_ascii());
                let text = scenario.name.text.clone();
                found.push((file_id(at), Label { text, en, zh: label.zh }));
            }
        }
    }
    found
}

/// The named files that no other named file uses.
pub fn roots(loaded: &Loaded) -> Vec<FileId> {
    let named = || loaded.files.iter().enumerate().filter(|(_, file)| file.named);
    let used: BTreeSet<&String> = named().flat_map(|(_, file)| &file.uses).collect();
    let roots: Vec<FileId> = named()
        .filter(|(_, file)| !file.modules.iter().any(|module| used.contains(module)))
        .map(|(at, _)| file_id(at))
        .collect();
    // Modules that use each other in a circle leave no root; the resolver reports them.
    if roots.is_empty() { named().map(|(at, _)| file_id(at)).collect() } else { roots }
}

/// What the rules say without having seen it in a source, in the order of the text.
pub fn unverified(loaded: &Loaded) -> Vec<(Span, String)> {
    let all: Vec<usize> = (0..loaded.files.len()).collect();
    let (rules, _) = resolve(loaded, &all, &Choice::default());
    let named = |span: Span| {
        let at = usize::try_from(span.file.0).ok();
        at.and_then(|at| loaded.files.get(at)).is_some_and(|file| file.named)
    };
    let all = crate::check::unverified(&rules).into_iter().filter(|it| named(it.span));
    all.map(|it| (it.span, it.name)).collect()
}

fn add_new(found: &mut Vec<Diagnostic>, compiled: Compiled) {
    for diagnostic in compiled.findings {
        let same = |other: &Diagnostic| {
            other.code == diagnostic.code
                && other.span == diagnostic.span
                && other.message == diagnostic.message
        };
        if !found.iter().any(same) {
            found.push(diagnostic);
        }
    }
}

fn file_id(at: usize) -> FileId {
    FileId(u32::try_from(at).unwrap_or(u32::MAX))
}
