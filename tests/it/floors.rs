//! The house: which floor may import which, and which floor may name which outside crate.
//!
//! Every `crate::…` path and every `use` under `src/` is read with `syn` and held against the two
//! tables below. There is no list of exceptions.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::Visit;

/// Floor, and the floors it may import.
const FLOORS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("rows", &["base"]),
    ("diagnostics", &["base"]),
    ("syntax", &["base", "diagnostics"]),
    ("model", &["base", "diagnostics", "syntax"]),
    ("check", &["base", "diagnostics", "model"]),
    ("plan", &["base", "rows", "model", "check"]),
    ("engine", &["base", "rows", "plan"]),
    // The second opinion: the model walked by another arithmetic.
    ("reference", &["base", "rows", "model", "check"]),
    ("book", &["base", "rows"]),
    ("desk", &["base", "rows", "diagnostics", "model", "check", "plan", "engine"]),
    ("report", &["base", "rows", "diagnostics", "book", "desk"]),
    ("formats", &["base", "rows", "diagnostics", "report"]),
    (
        "app",
        &[
            "base",
            "rows",
            "diagnostics",
            "syntax",
            "model",
            "check",
            "plan",
            "engine",
            "reference",
            "book",
            "desk",
            "report",
            "formats",
        ],
    ),
    (
        "cli",
        &[
            "base",
            "rows",
            "diagnostics",
            "syntax",
            "model",
            "check",
            "plan",
            "engine",
            "reference",
            "book",
            "desk",
            "report",
            "formats",
            "app",
        ],
    ),
];

/// Outside crate, and the floors that may name it. `std` and `thiserror` are free.
const CRATES: &[(&str, &[&str])] = &[
    ("annotate_snippets", &["report"]),
    ("anyhow", &["cli"]),
    // Not the umbrella `arrow`, which compiles five times as long.
    ("arrow_array", &["formats"]),
    ("arrow_ipc", &["formats"]),
    ("arrow_schema", &["formats"]),
    ("base64ct", &["book"]),
    ("calamine", &["formats"]),
    ("clap", &["cli"]),
    ("comfy_table", &["report"]),
    ("ct_merkle", &["book"]),
    ("dashu_int", &["base"]),
    ("dashu_ratio", &["base"]),
    ("ed25519_dalek", &["book"]),
    ("encoding_rs", &["formats"]),
    // Whole numbers of 256 bits.
    ("ethnum", &["engine"]),
    ("flate2", &["formats"]),
    ("foldhash", &["book", "engine", "formats"]),
    // Random bytes of the system, for keys.
    ("getrandom", &["cli"]),
    ("glob", &["formats"]),
    // Tables whose entries are found by a part of them.
    ("hashbrown", &["engine"]),
    ("indicatif", &["cli"]),
    ("itoa", &["base", "formats"]),
    ("jiff", &["base"]),
    ("memchr", &["formats"]),
    ("mimalloc", &[]),
    ("native_tls", &["book"]),
    ("num_bigint", &["reference"]),
    ("num_rational", &["reference"]),
    ("num_traits", &["reference"]),
    ("parquet", &["formats"]),
    ("percent_encoding", &["book"]),
    ("pest", &["syntax"]),
    ("pest_derive", &["syntax"]),
    ("pkcs8", &["book"]),
    ("postgres", &["book"]),
    ("postgres_native_tls", &["book"]),
    // Asks for a passphrase without showing it.
    ("rpassword", &["cli"]),
    ("rusqlite", &["book"]),
    // Prose of literate rules to HTML, as CommonMark has it; without its command line.
    ("pulldown_cmark", &["report"]),
    ("rust_decimal", &["base", "formats", "app"]),
    ("rust_xlsxwriter", &["formats"]),
    ("ruzstd", &["formats"]),
    ("serde", &["formats", "report", "app", "cli"]),
    ("serde_json", &["formats", "report", "app", "cli"]),
    ("sha2", &["base", "book"]),
    ("signal_hook", &["cli"]),
    // Whether bytes are UTF-8, many at once.
    ("simdutf8", &["formats"]),
    // Short bytes that need no memory of their own.
    ("smallvec", &["book"]),
    ("strsim", &["syntax", "model", "report"]),
    ("tempfile", &["formats", "app"]),
    ("toml", &["formats", "app", "cli"]),
    ("unicode_width", &["report", "syntax"]),
    // The checksums of a workbook's parts, which who reads a sheet does not ask for.
    ("zip", &["formats"]),
];

const FREE: &[&str] = &["std", "core", "alloc", "crate", "self", "super", "thiserror"];

#[test]
fn every_floor_imports_only_from_below() {
    let mut wrong = Vec::new();
    for (floor, file) in sources() {
        let Some((_, allowed)) = FLOORS.iter().find(|(name, _)| *name == floor) else {
            wrong.push(format!("{}: `{floor}` is no floor of the table", file.display()));
            continue;
        };
        for named in paths(&file).crate_floors {
            if named != floor && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{}: `{floor}` imports `{named}`", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_outside_crate_is_named_only_where_it_may_be() {
    let known: BTreeMap<&str, &[&str]> = CRATES.iter().copied().collect();
    let mut wrong = Vec::new();
    // What only tests name is no part of the program.
    let shipped = sources().into_iter().filter(|(_, file)| !file.ends_with("tests.rs"));
    for (floor, file) in shipped {
        for named in paths(&file).outside {
            match known.get(named.as_str()) {
                Some(floors) if floors.contains(&floor.as_str()) => {}
                Some(_) => wrong.push(format!("{}: `{floor}` names `{named}`", file.display())),
                None => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_dependency_has_a_row() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Value = toml::from_str(&manifest).unwrap();
    let dependencies = manifest.get("dependencies").and_then(|table| table.as_table()).unwrap();
    let missing: Vec<&String> = dependencies
        .keys()
        .filter(|name| {
            let name = name.replace('-', "_");
            !FREE.contains(&name.as_str()) && !CRATES.iter().any(|(known, _)| **known == name)
        })
        .collect();
    assert!(missing.is_empty(), "no row in the table of crates for: {missing:?}");
}

/// What a file names.
#[derive(Default)]
struct Named {
    crate_floors: BTreeSet<String>,
    outside: BTreeSet<String>,
}

impl Named {
    fn path(&mut self, segments: &[String]) {
        match segments {
            [first, second, ..] if first == "crate" => {
                self.crate_floors.insert(second.clone());
            }
            [first, ..] if CRATES.iter().any(|(name, _)| name == first) => {
                self.outside.insert(first.clone());
            }
            _ => {}
        }
    }

    fn tree(&mut self, before: &mut Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(before, &path.tree);
                before.pop();
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(before, tree);
                }
            }
            syn::UseTree::Name(name) => self.leaf(before, name.ident.to_string()),
            syn::UseTree::Rename(rename) => self.leaf(before, rename.ident.to_string()),
            syn::UseTree::Glob(_) => self.leaf(before, "*".to_owned()),
        }
    }

    fn leaf(&mut self, before: &mut Vec<String>, name: String) {
        before.push(name);
        self.path(before);
        before.pop();
    }
}

impl<'ast> Visit<'ast> for Named {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&mut Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.path(&segments);
        syn::visit::visit_path(self, path);
    }
}

fn paths(file: &Path) -> Named {
    let text = std::fs::read_to_string(file).unwrap();
    let tree = syn::parse_file(&text)
        .unwrap_or_else(|error| panic!("{} does not parse: {error}", file.display()));
    let mut named = Named::default();
    named.visit_file(&tree);
    named
}

/// Every source file with its floor; `lib.rs` and `main.rs` stand on none.
fn sources() -> Vec<(String, PathBuf)> {
    let source = root().join("src");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&source).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let floor = path.file_name().unwrap().to_string_lossy().into_owned();
            let mut found = Vec::new();
            rust_files(&path, &mut found);
            files.extend(found.into_iter().map(|file| (floor.clone(), file)));
        }
    }
    files.sort();
    assert!(files.len() > 20, "the walk found only {} files", files.len());
    files
}

pub fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
