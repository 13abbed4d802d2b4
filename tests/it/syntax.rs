//! What the language looks like: good texts read and print as they should, bad ones are answered.
//!
//! The cases are in `tests/cases/syntax/`. A good file has no diagnostics, and its tree survives the
//! formatter and both translations. A bad file carries its own diagnostics, as comments over the line
//! they are about:
//!
//! ```text
//! # error F0101 `too`: expected `to` and an account, or a block of legs, found `too`
//! # 错误：此处应为「to」与账户，或一组分项，却是「too」
//! #   help: did you mean `to`? => `to`
//! ```
//!
//! With `FENSHUI_ACCEPT=1` the comments are written anew, and so is `grammar/keywords.pest`.

mod bad;
mod good;
mod keywords;
mod mutations;

use std::path::{Path, PathBuf};

use fenshui::base::FileId;
use fenshui::diagnostics::Diagnostic;
use fenshui::syntax::ast::File;
use fenshui::syntax::parse;

/// The folder of the cases of one kind.
fn folder(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/syntax").join(kind)
}

/// The names of the cases of one kind, sorted.
fn names(kind: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder(kind))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[expect(clippy::disallowed_methods, reason = "cases are files")]
fn read(kind: &str, name: &str) -> String {
    let path = folder(kind).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Writes a text anew where the one who runs the tests asks for it.
#[expect(clippy::disallowed_methods, reason = "accepting an output is asked for by environment")]
fn accepted(path: &Path, text: &str) -> bool {
    let accepted = std::env::var("FENSHUI_ACCEPT").is_ok_and(|value| value == "1");
    if accepted {
        std::fs::write(path, text).unwrap();
    }
    accepted
}

fn is_literate(name: &str) -> bool {
    name.ends_with(".fen.md")
}

fn read_tree(text: &str, literate: bool) -> (File, Vec<Diagnostic>) {
    parse(FileId(0), text, literate)
}

/// The tree without its places, as text.
fn shape(file: &File) -> String {
    let debug = format!("{file:?}");
    let mut shape = String::new();
    let mut rest = debug.as_str();
    while let Some((before, after)) = rest.split_once("Span {") {
        shape.push_str(before);
        shape.push('@');
        rest = after.split_once('}').unwrap().1;
    }
    shape.push_str(rest);
    shape
}

/// Defines a test for each case, and one that no case was forgotten.
macro_rules! cases {
    ($kind:literal, $check:path, { $($test:ident => $name:literal,)* }) => {
        $(
            #[test]
            fn $test() {
                $check($name);
            }
        )*

        #[test]
        fn every_case_is_listed() {
            let mut listed = vec![$($name),*];
            listed.sort_unstable();
            assert_eq!(super::names($kind), listed);
        }
    };
}
use cases;
