//! The tour of the library, held against the files: in both tongues every module has one row, with
//! the day from which it covers, and every reading is listed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::floors::root;

const PAGES: [&str; 2] = ["README.md", "README.zh.md"];

/// What a file of rules says of itself.
#[derive(Debug, PartialEq)]
struct Declared {
    module: String,
    covers: String,
    readings: Vec<String>,
}

#[test]
fn every_module_has_one_row_in_both_tongues() {
    let library = library();
    for page in PAGES {
        let rows = rows(page);
        let listed: Vec<&String> = rows.iter().map(|row| &row[0]).collect();
        for (file, declared) in &library {
            let link = format!("[{file}]({file})");
            let row: Vec<_> = rows.iter().filter(|row| row[0] == link).collect();
            assert_eq!(row.len(), 1, "{page}: rows for {file}");
            assert_eq!(row[0][1], format!("`{}`", declared.module), "{page}: {file}");
            assert_eq!(row[0][2], declared.covers, "{page}: {file}");
        }
        let maps = listed.iter().filter(|cell| cell.starts_with('[')).count();
        assert_eq!(maps, library.len(), "{page}: rows for files that are not there");
    }
}

#[test]
fn every_reading_is_listed_with_its_module() {
    let mut wanted = BTreeMap::new();
    for declared in library().into_values().filter(|declared| !declared.readings.is_empty()) {
        wanted.insert(format!("`{}`", declared.module), declared.readings);
    }
    for page in PAGES {
        let rows = rows(page).into_iter().filter(|row| row.len() == 2);
        let listed: BTreeMap<String, Vec<String>> = rows
            .map(|row| {
                let names = row[1].split_whitespace().map(|name| name.trim_matches('`').to_owned());
                (row[0].clone(), names.collect())
            })
            .filter(|(module, _): &(String, Vec<String>)| module.starts_with('`'))
            .collect();
        assert_eq!(listed, wanted, "{page}");
    }
}

#[test]
fn both_tongues_tell_the_same_years() {
    let [english, chinese] = PAGES.map(|page| {
        let rows = rows(page).into_iter().filter(|row| row.len() == 4 && dated(&row[0]));
        rows.map(|row| (row[0].clone(), row[3].clone())).collect::<Vec<_>>()
    });
    assert!(english.len() > 20, "{english:?}");
    assert_eq!(english, chinese);
    let days: Vec<&String> = english.iter().map(|(day, _)| day).collect();
    assert!(days.is_sorted(), "{days:?}");
    let modules: Vec<String> =
        library().into_values().map(|declared| format!("`{}`", declared.module)).collect();
    for (day, named) in &english {
        for module in named.split(", ") {
            assert!(modules.iter().any(|known| known == module), "{day}: {module}");
        }
    }
}

fn dated(cell: &str) -> bool {
    cell.len() == 10 && cell.chars().all(|letter| letter.is_ascii_digit() || letter == '-')
}

/// The cells of every row of the page's tables.
fn rows(page: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join("rules").join(page)).unwrap();
    let lines = text.lines().filter(|line| line.starts_with('|'));
    lines
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

/// Files of the library, by their path from `rules/`.
fn library() -> BTreeMap<String, Declared> {
    let folder = root().join("rules");
    let mut files = Vec::new();
    walk(&folder, &mut files);
    let library: BTreeMap<String, Declared> = files
        .iter()
        .map(|file| {
            let name = file.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
            (name, declared(&std::fs::read_to_string(file).unwrap()))
        })
        .collect();
    assert!(library.len() > 40, "the walk found only {} files", library.len());
    library
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.to_string_lossy().ends_with(".fen.md") {
            files.push(path);
        }
    }
}

fn declared(text: &str) -> Declared {
    let mut lines = Vec::new();
    let mut program = false;
    for line in text.lines() {
        if line.starts_with("```") {
            program = line == "```fen";
        } else if program {
            lines.push(line);
        }
    }
    let second = |opening: &str| {
        let words = lines.iter().filter_map(|line| line.strip_prefix(opening));
        let first = |words: &str| words.split_whitespace().next().unwrap().to_owned();
        words.map(first).collect::<Vec<String>>()
    };
    Declared {
        module: second("module ").remove(0),
        covers: second("covers from ").remove(0),
        readings: second("reading "),
    }
}
