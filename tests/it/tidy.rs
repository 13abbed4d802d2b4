//! Rules of style that a reviewer should not have to say twice.

use std::path::PathBuf;

use crate::floors::{root, rust_files};

/// A file longer than this is probably two things; tests beside a file may be longer.
const FILE_LINES_MAX: usize = 600;
/// Longer than a screen.
const FUNCTION_LINES_MAX: usize = 80;
const LINE_COLUMNS_MAX: usize = 110;

/// Rooms without a noun.
const BANNED_FILES: &[&str] = &["utils.rs", "util.rs", "common.rs", "helpers.rs", "misc.rs"];

#[test]
fn files_are_of_a_size_one_can_hold() {
    let long: Vec<String> = sources()
        .into_iter()
        .filter(|file| !is_test(file))
        .filter_map(|file| {
            let lines = text(&file).lines().count();
            (lines > FILE_LINES_MAX).then(|| format!("{}: {lines} lines", file.display()))
        })
        .collect();
    assert!(long.is_empty(), "which two things is it?\n{}", long.join("\n"));
}

#[test]
fn lines_fit_the_page() {
    let mut long = Vec::new();
    for file in sources() {
        for (number, line) in text(&file).lines().enumerate() {
            if line.chars().count() > LINE_COLUMNS_MAX && !line.contains('"') {
                long.push(format!("{}:{}", file.display(), number + 1));
            }
        }
    }
    assert!(long.is_empty(), "lines over {LINE_COLUMNS_MAX} columns:\n{}", long.join("\n"));
}

#[test]
fn functions_fit_the_screen() {
    let mut long = Vec::new();
    for file in sources().into_iter().filter(|file| !is_test(file)) {
        for (name, start, lines) in functions(&text(&file)) {
            if lines > FUNCTION_LINES_MAX {
                long.push(format!("{}:{start}: `{name}` has {lines} lines", file.display()));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn no_room_without_a_noun() {
    let banned: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|file| {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            BANNED_FILES.contains(&name.as_str())
        })
        .collect();
    assert!(banned.is_empty(), "{banned:?}");
}

#[test]
fn nothing_is_left_for_later_without_saying_so() {
    let words = ["TODO", "FIXME", "XXX", "HACK", "#[ignore]"];
    let mut found = Vec::new();
    for file in sources() {
        for (number, line) in text(&file).lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{}", file.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Name, first line and length of each function, by the brace that closes at its own indentation.
fn functions(text: &str) -> Vec<(String, usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        let Some(at) = trimmed.find("fn ") else { continue };
        let before = &trimmed[..at];
        let opens = before.is_empty()
            || before.split_whitespace().all(|word| {
                ["const", "async", "unsafe"].contains(&word)
                    || word.starts_with("pub")
                    || word.starts_with("super")
                    || word.starts_with("in")
            });
        if !opens || trimmed.starts_with("//") {
            continue;
        }
        let close = format!("{}}}", " ".repeat(indent));
        let end = lines[start..].iter().position(|line| *line == close);
        let name: String = trimmed[at + 3..]
            .chars()
            .take_while(|character| character.is_alphanumeric() || *character == '_')
            .collect();
        if let Some(length) = end {
            let body = &lines[start..start + length];
            // A table written as a match is read by its rows, not from top to bottom.
            let rows = body.iter().filter(|line| line.contains("=>")).count();
            if rows * 10 < length {
                found.push((name, start + 1, length + 1));
            }
        }
    }
    found
}

fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    files.sort();
    files
}

fn text(file: &std::path::Path) -> String {
    std::fs::read_to_string(file).unwrap()
}

fn is_test(file: &std::path::Path) -> bool {
    file.file_name().unwrap().to_string_lossy() == "tests.rs"
        || file.components().any(|part| part.as_os_str() == "tests")
}
