//! The findings of `check`, on small cases and on the rules of the library.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fenshui::base::{FileId, LineIndex};
use fenshui::check;
use fenshui::diagnostics::{Diagnostic, Language, Severity};
use fenshui::model::{self, Choice};
use fenshui::syntax::{self, ast};

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

/// A finding as one line: place, code, words, witness.
fn line(sources: &[Source], finding: &Diagnostic) -> String {
    let of = &sources[usize::try_from(finding.span.file.0).unwrap()];
    let place = LineIndex::new(&of.text).line_column(finding.span.start);
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let words = finding.message.in_language(Language::English);
    let witness: Vec<String> =
        finding.witness.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let witness =
        if witness.is_empty() { String::new() } else { format!(" [{}]", witness.join("; ")) };
    format!("{}:{place}: {severity}: {} {words}{witness}", of.name, finding.code.0)
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

/// Each file of rules with the modules it uses raises nothing that keeps it from compiling.
#[test]
fn the_rules_raise_no_false_alarm() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join("rules"), &mut paths);
    files(&root.join("examples"), &mut paths);
    paths.retain(|path| path.to_str().unwrap().contains(".fen"));
    let sources: Vec<Source> = paths
        .iter()
        .enumerate()
        .map(|(at, path)| {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            source(at, name, fs::read_to_string(path).unwrap())
        })
        .collect();
    let mut lines = BTreeSet::new();
    for at in 0..sources.len() {
        let wanted = with_uses(&sources, at);
        let trees: Vec<ast::File> = wanted.iter().map(|at| sources[*at].tree.clone()).collect();
        let (set, found) = model::from_syntax(&trees, &Choice::default());
        for finding in sources[at].found.iter().chain(&found) {
            lines.insert(line(&sources, finding));
        }
        let (_, found) = check::check(set, &found);
        for finding in &found {
            lines.insert(line(&sources, finding));
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
        if found.insert(next) {
            for item in &sources[next].tree.items {
                if let ast::ItemKind::Use(names) = &item.kind {
                    for name in names {
                        open.extend(
                            (0..sources.len()).filter(|at| declares(&sources[*at], &name.text)),
                        );
                    }
                }
            }
        }
    }
    found
}

fn declares(source: &Source, module: &str) -> bool {
    source
        .tree
        .items
        .iter()
        .any(|item| matches!(&item.kind, ast::ItemKind::Module(it) if it.name.text == module))
}
