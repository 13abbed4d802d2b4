//! Texts of rules and mappings: one file, or all of a folder.

use std::path::{Path, PathBuf};

use super::error::{Doing, FormatsError};
use super::named::file_of;
use crate::diagnostics::Words;

/// Reads a text of rules, a mapping or another text, as UTF-8.
///
/// # Errors
/// It cannot be read, or is no UTF-8.
#[expect(clippy::disallowed_methods, reason = "this is where files are read")]
pub fn read_text(path: &Path) -> Result<String, FormatsError> {
    let name = path.display().to_string();
    if path.is_dir() {
        return Err(FormatsError::Directory { file: name, doing: Doing::Reading });
    }
    let bytes = std::fs::read(path).map_err(|error| FormatsError::reading(&name, error))?;
    if u32::try_from(bytes.len()).is_err() {
        return Err(FormatsError::Binary {
            file: name,
            what: Words::new("the file is larger than 4 GiB", "文件超过 4 GiB"),
            hint: Words::new("is it the right file?", "是否选错了文件？"),
        });
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        FormatsError::Binary {
            file: name,
            what: Words::new(
                format!("line {line} is no text in UTF-8"),
                format!("第 {line} 行不是 UTF-8 文字"),
            ),
            hint: Words::new(
                "save the file as UTF-8: of rules, mappings and projects no other encoding is read",
                "请将文件另存为 UTF-8；规则、列对照和项目文件只能用此编码",
            ),
        }
    })
}

/// Reads a file whole, whatever it holds.
///
/// # Errors
/// It cannot be read.
#[expect(clippy::disallowed_methods, reason = "this is where files are read")]
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, FormatsError> {
    std::fs::read(path).map_err(|error| FormatsError::reading(&path.display().to_string(), error))
}

/// The texts of rules in a folder and its folders, in the order of their paths.
///
/// # Errors
/// A folder cannot be read.
pub fn rule_files(folder: &Path) -> Result<Vec<PathBuf>, FormatsError> {
    let failed = |path: &Path, error| FormatsError::reading(&path.display().to_string(), error);
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| failed(&folder, error))? {
            let path = entry.map_err(|error| failed(&folder, error))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if is_rules(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a file is named as a text of rules.
pub fn is_rules(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".fen") || name.ends_with(".fen.md")
}

/// The files that a pattern with `*`, `?` or `[…]` stands for, in order; `None` if it is no pattern,
/// or the name of a file itself.
///
/// # Errors
/// It stands for none, or a folder cannot be read.
pub fn matching_files(pattern: &str) -> Result<Option<Vec<String>>, FormatsError> {
    if !pattern.contains(['*', '?', '[']) || Path::new(pattern).exists() {
        return Ok(None);
    }
    // The sheet of a workbook, and the line of the column names, are named behind the file.
    let (pattern, behind) = pattern.split_at(file_of(pattern).len());
    if !pattern.contains(['*', '?', '[']) {
        return Ok(None);
    }
    let none = || FormatsError::NoMatch { pattern: pattern.to_owned() };
    let options = glob::MatchOptions {
        require_literal_separator: true,
        // A file that is being written is hidden; it is not there yet.
        require_literal_leading_dot: true,
        ..glob::MatchOptions::default()
    };
    let mut files = Vec::new();
    for path in glob::glob_with(pattern, options).map_err(|_| none())? {
        let path = path.map_err(|error| {
            FormatsError::reading(&error.path().display().to_string(), error.into())
        })?;
        if !path.is_dir() {
            files.push(format!("{}{behind}", path.display()));
        }
    }
    files.sort();
    if files.is_empty() { Err(none()) } else { Ok(Some(files)) }
}

/// Writes a text in place of a file.
///
/// # Errors
/// It cannot be written.
pub fn write_text(path: &Path, text: &str) -> Result<(), FormatsError> {
    let mut output = super::output::Output::create(&path.display().to_string())?;
    output.write(text.as_bytes())?;
    output.finish()
}
