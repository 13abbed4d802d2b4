//! The findings of `check`, on small cases and on the rules of the library.
//!
//! Cases are data, in `tests/cases/check/{good,bad}/*.md`: a heading names a case, its ```fen blocks
//! are the rules, read behind `preamble.fen` unless they open a module of their own. What is expected
//! stands at the line that causes it, as `# error: F0310 words`; the words may be part of the message
//! or of the witness. Nothing else may be found, except that the preamble is not used up.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fenshui::base::{FileId, LineIndex};
use fenshui::check;
use fenshui::diagnostics::{Diagnostic, Language, Severity};
use fenshui::model::{self, Choice};
use fenshui::syntax::{self, ast};

mod manual;
mod random;

/// A text with its tree.
struct Source {
    name: String,
    text: String,
    tree: ast::File,
    found: Vec<Diagnostic>,
}

fn source(at: usize, name: &str, text: String) -> Source {
    let file = FileId(u32::try_from(at).unwrap());
    let (tree, found) = syntax::parse(file, &text, name.ends_with(".md"));
    Source { name: name.to_owned(), text, tree, found }
}

/// A finding as a test reads it.
struct Finding {
    line: usize,
    severity: &'static str,
    code: &'static str,
    words: String,
}

fn finding(text: &str, found: &Diagnostic) -> Finding {
    let place = LineIndex::new(text).line_column(found.span.start);
    let severity = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let witness: Vec<String> =
        found.witness.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let words = found.message.in_language(Language::English);
    let words = format!("{words} [{}]", witness.join("; "));
    Finding { line: usize::try_from(place.line).unwrap(), severity, code: found.code.0, words }
}

/// Everything found in one text by resolving and checking it.
fn findings(text: &str) -> Vec<Finding> {
    let source = source(0, "case.fen", text.to_owned());
    let (set, resolving) = model::from_syntax(&[source.tree], &Choice::default());
    let earlier: Vec<Diagnostic> = source.found.into_iter().chain(resolving).collect();
    let (checked, found) = check::check(set, &earlier);
    let errors = earlier.iter().chain(&found).any(|found| found.severity == Severity::Error);
    assert_eq!(checked.is_none(), errors, "what is checked has no error, and the other way round");
    for found in &found {
        assert!(!found.message.zh.is_empty() && !found.message.en.is_empty());
    }
    earlier.iter().chain(&found).map(|found| finding(text, found)).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The preamble's text, unless the rules open a module of their own.
fn preamble(rules: &str) -> String {
    if rules.lines().any(|line| line.starts_with("module ")) {
        return String::new();
    }
    fs::read_to_string(root().join("tests/cases/check/preamble.fen")).unwrap() + "\n"
}

/// A named case of a case file.
struct Case {
    name: String,
    rules: String,
}

fn cases(path: &Path) -> Vec<Case> {
    let text = fs::read_to_string(path).unwrap();
    let file = path.strip_prefix(root()).unwrap().display().to_string();
    let mut found: Vec<Case> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            found.push(Case { name: format!("{file}: {name}"), rules: String::new() });
        } else if line.starts_with("```") {
            inside = line == "```fen";
        } else if inside {
            let case = found.last_mut().expect("a block stands under a heading");
            case.rules.push_str(line);
            case.rules.push('\n');
        }
    }
    assert!(!found.is_empty(), "{file} has no case");
    found
}

/// `# error: F0310 words`, at a line of its own for the next line of rules, or behind it.
fn expected(text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut waiting = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let (rules, comments) = line.split_at(line.find('#').unwrap_or(line.len()));
        for comment in comments.split('#') {
            for severity in ["error", "warning", "note"] {
                if let Some(rest) = comment.trim().strip_prefix(&format!("{severity}: ")) {
                    let (code, words) = rest.split_once(' ').unwrap_or((rest, ""));
                    let code = known_code(code);
                    let words = words.to_owned();
                    waiting.push(Finding { line: 0, severity, code, words });
                }
            }
        }
        if !rules.trim().is_empty() {
            found.extend(waiting.drain(..).map(|it| Finding { line: at + 1, ..it }));
        }
    }
    assert!(waiting.is_empty(), "a finding is expected behind the last line");
    found
}

fn known_code(code: &str) -> &'static str {
    let known = check::CODES.iter().flat_map(|codes| codes.iter()).map(|(code, _, _)| code.0);
    let known: Vec<&'static str> = known.collect();
    known.into_iter().find(|known| *known == code).unwrap_or_else(|| panic!("no code {code}"))
}

/// Checks a case and adds what is wrong; gives the codes it expected.
fn check_case(case: &Case, wrong: &mut Vec<String>) -> BTreeSet<&'static str> {
    let preamble = preamble(&case.rules);
    let text = preamble.clone() + &case.rules;
    let offset = preamble.lines().count();
    let mut wanted = expected(&text);
    let codes = wanted.iter().map(|wanted| wanted.code).collect();
    let mut surplus = Vec::new();
    for found in findings(&text) {
        let matches = |wanted: &Finding| {
            (wanted.line, wanted.severity, wanted.code) == (found.line, found.severity, found.code)
                && found.words.contains(wanted.words.trim())
        };
        match wanted.iter().position(matches) {
            Some(at) => drop(wanted.remove(at)),
            // Not every case uses all of the preamble.
            None if found.line <= offset && found.severity == "warning" => {}
            None if found.line <= offset && found.code == "F0322" => {}
            None => surplus.push(found),
        }
    }
    let show = |all: &[Finding]| {
        let line = |it: &Finding| {
            let line = i64::try_from(it.line).unwrap() - i64::try_from(offset).unwrap();
            format!("  {line}: {}: {} {}", it.severity, it.code, it.words)
        };
        all.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    if !wanted.is_empty() || !surplus.is_empty() {
        let (wanted, surplus) = (show(&wanted), show(&surplus));
        wrong.push(format!("{}\nmissing:\n{wanted}\nsurplus:\n{surplus}\n", case.name));
    }
    codes
}

fn case_files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(&root().join("tests/cases/check").join(folder), &mut found);
    found
}

/// Checks all cases of a folder, of which each expects codes that are allowed there.
#[track_caller]
fn check_folder(folder: &str, allowed: &dyn Fn(&BTreeSet<&str>) -> bool) {
    let mut wrong = Vec::new();
    for case in case_files(folder).iter().flat_map(|path| cases(path)) {
        let codes = check_case(&case, &mut wrong);
        if !allowed(&codes) {
            wrong.push(format!("{} expects {codes:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn good_cases_raise_nothing() {
    const NOTES: &[&str] = &["F0312", "F0313", "F0314", "F0346", "F0347", "F0361", "F0374"];
    check_folder("good", &|codes| codes.iter().all(|code| NOTES.contains(code)));
}

#[test]
fn bad_cases_raise_what_they_say() {
    check_folder("bad", &|codes| !codes.is_empty());
}

#[test]
fn every_code_has_a_bad_case() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for case in case_files("bad").iter().flat_map(|path| cases(path)) {
        for found in expected(&case.rules) {
            *seen.entry(found.code).or_default() += 1;
        }
    }
    let all = check::CODES.iter().flat_map(|codes| codes.iter());
    let missing: Vec<&str> =
        all.map(|(code, _, _)| code.0).filter(|code| !seen.contains_key(code)).collect();
    assert!(missing.is_empty(), "no bad case expects {missing:?}");
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Each file of rules, with the modules it uses, raises nothing that keeps it from compiling.
#[test]
fn the_rules_raise_no_false_alarm() {
    let mut paths = Vec::new();
    files(&root().join("rules"), &mut paths);
    files(&root().join("examples"), &mut paths);
    paths.retain(|path| path.to_str().unwrap().contains(".fen"));
    let sources: Vec<Source> = paths
        .iter()
        .enumerate()
        .map(|(at, path)| {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
            source(at, name, fs::read_to_string(path).unwrap())
        })
        .collect();
    let mut lines = BTreeSet::new();
    for at in 0..sources.len() {
        let wanted = with_uses(&sources, at);
        let trees: Vec<ast::File> = wanted.iter().map(|at| sources[*at].tree.clone()).collect();
        let (set, resolving) = model::from_syntax(&trees, &Choice::default());
        let (_, found) = check::check(set, &resolving);
        for found in sources[at].found.iter().chain(&resolving).chain(&found) {
            let of = &sources[usize::try_from(found.span.file.0).unwrap()];
            let Finding { line, severity, code, words } = finding(&of.text, found);
            lines.insert(format!("{}:{line}: {severity}: {code} {words}", of.name));
        }
    }
    for line in &lines {
        println!("{line}");
    }
    assert!(!lines.iter().any(|line| line.contains(": error: ")));
}

/// The numbers of a file and of all it uses.
fn with_uses(sources: &[Source], at: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![at];
    while let Some(next) = open.pop() {
        if !found.insert(next) {
            continue;
        }
        for item in &sources[next].tree.items {
            let ast::ItemKind::Use(names) = &item.kind else { continue };
            for name in names {
                open.extend((0..sources.len()).filter(|at| declares(&sources[*at], &name.text)));
            }
        }
    }
    found
}

fn declares(source: &Source, module: &str) -> bool {
    let is_it = |item: &ast::Item| matches!(&item.kind, ast::ItemKind::Module(it) if it.name.text == module);
    source.tree.items.iter().any(is_it)
}
