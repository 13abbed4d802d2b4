//! What every verb does first: read the rules, and say what is wrong with them.

use std::path::{Path, PathBuf};

use crate::app::{self, Library, Loaded};
use crate::check::{Checked, UNUSED};
use crate::diagnostics::{Diagnostic, Severity, Words, has_errors};
use crate::formats::Project;
use crate::model::Choice;
use crate::report::names::{Label, folded, nearest};
use crate::report::{self, Drawing};

use super::console::Console;
use super::exit::{Exit, Stop};

/// Where modules are looked for: `--library`, then FENSHUI_LIBRARY.
pub(super) fn library(flag: &[PathBuf]) -> Library {
    let mut folders = flag.to_vec();
    let variable = super::language::variable("FENSHUI_LIBRARY");
    folders.extend(variable.iter().flat_map(std::env::split_paths));
    Library { folders }
}

/// Reads rules.
pub(super) fn load(console: &Console, rules: &Path) -> Result<Loaded, Stop> {
    load_project(console, rules, &Project::of(rules)?)
}

/// Reads rules, with the library folders of their project.
pub(super) fn load_project(
    console: &Console,
    rules: &Path,
    project: &Project,
) -> Result<Loaded, Stop> {
    let mut library = console.library.clone();
    library.folders.extend(project.library_folders());
    let loaded = app::load(rules, &library, console.threads)?;
    if loaded.files.is_empty() {
        let folder = rules.display();
        return Err(Stop::error(
            Words::new(format!("`{folder}` holds no rules"), format!("「{folder}」中没有规则")),
            Some(Words::new(
                "files of rules end in `.fen` or `.fen.md`",
                "规则文件以 .fen 或 .fen.md 结尾",
            )),
        ));
    }
    Ok(loaded)
}

/// Compiles rules to be looked at, and stops if they do not. Warnings are left to `check`.
pub(super) fn compile(
    console: &Console,
    loaded: &Loaded,
    scenario: Option<&str>,
) -> Result<Checked, Stop> {
    compile_to_run(console, loaded, scenario).map(|(checked, _)| checked)
}

/// Compiles rules that money will go through: gives the warnings too, to be said with [`warn`].
pub(super) fn compile_to_run(
    console: &Console,
    loaded: &Loaded,
    scenario: Option<&str>,
) -> Result<(Checked, Vec<Diagnostic>), Stop> {
    let scenario = scenario.map(|spelling| self::scenario(loaded, spelling)).transpose()?;
    let choice = Choice { scenario: scenario.map(|label| label.text) };
    let compiled = app::compile(loaded, &choice);
    match compiled.checked {
        Some(checked) => {
            let mut warnings = compiled.findings;
            // What nothing uses moves no money, and another scenario may use it.
            warnings.retain(|it| it.severity == Severity::Warning && it.code != UNUSED);
            Ok((checked, warnings))
        }
        None => {
            let errors = compiled.findings.iter().filter(|found| found.severity == Severity::Error);
            let errors: Vec<Diagnostic> = errors.cloned().collect();
            say(console, loaded, &errors);
            Err(Stop::Said(Exit::RulesBroken))
        }
    }
}

/// Says what `check` would warn of, unless asked to be quiet.
pub(super) fn warn(console: &Console, loaded: &Loaded, warnings: &[Diagnostic]) {
    if !console.quiet {
        say(console, loaded, warnings);
    }
}

/// The scenario of a name or label.
pub(super) fn scenario(loaded: &Loaded, spelling: &str) -> Result<Label, Stop> {
    let known: Vec<Label> = app::scenarios(loaded).into_iter().map(|(_, label)| label).collect();
    let by_name = known.iter().find(|label| label.text == spelling);
    let called = |label: &&Label| label.spellings().any(|own| own == folded(spelling));
    let mut by_label = known.iter().filter(called);
    match (by_name, by_label.next(), by_label.next()) {
        (Some(label), _, _) | (None, Some(label), None) => Ok(label.clone()),
        (None, Some(one), Some(other)) => Err(Stop::error(
            Words::new(
                format!("several scenarios are called `{spelling}`"),
                format!("有多个方案名为「{spelling}」"),
            ),
            Some(Words::new(
                format!("write `{}` or `{}`", one.text, other.text),
                format!("请写 {} 或 {}", one.text, other.text),
            )),
        )),
        (None, None, _) => {
            // A label is as good as the name, but in a list one of them is enough.
            let mut listed: Vec<&str> = known.iter().flat_map(|label| label.spellings()).collect();
            if nearest(spelling, listed.iter().copied()).is_none() {
                listed = known.iter().map(|label| label.text.as_str()).collect();
            }
            let listed = listed.iter().copied();
            Err(Stop::error(app::unknown(("scenario", "方案"), spelling, listed), None))
        }
    }
}

/// Draws findings on the standard error, and how many there are.
pub(super) fn say(console: &Console, loaded: &Loaded, findings: &[Diagnostic]) {
    let color = console.color.on_stderr();
    let drawing = Drawing { language: console.language, color, width: super::language::width() };
    for found in findings {
        console.message(&report::draw(found, &loaded.sources, drawing));
    }
    if has_errors(findings) || !findings.is_empty() {
        console.message(&report::tally(findings, console.language));
    }
}
