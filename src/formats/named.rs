//! What an argument names: a file, and behind it a sheet and the line of the column names.

use std::path::Path;

/// The file that an argument names, which may name a sheet of it or a line too.
pub fn file_of(argument: &str) -> &str {
    Named::of(argument).file
}

/// A file as an argument names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named<'a> {
    pub(super) file: &'a str,
    /// The sheet named behind `#`.
    pub(super) sheet: Option<&'a str>,
    /// The line of the column names, behind `:`; nothing is said with 0.
    pub(super) heads: u64,
}

impl<'a> Named<'a> {
    /// What is part of the name of a file that is there names no sheet and no line.
    pub(super) fn of(argument: &'a str) -> Named<'a> {
        let is_there = |file: &str| file != "-" && Path::new(file).exists();
        let line = argument.rsplit_once(':').filter(|_| !is_there(argument));
        let line = line.and_then(|(file, line)| Some((file, whole(line)?)));
        let (argument, heads) = line.unwrap_or((argument, 0));
        match argument.split_once('#') {
            Some((file, sheet)) if !is_there(argument) => Named { file, sheet: Some(sheet), heads },
            _ => Named { file: argument, sheet: None, heads },
        }
    }
}

/// A number of a line: digits alone.
fn whole(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|line| digits && *line > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_names_a_sheet_and_a_line() {
        let named = |file, sheet, heads| Named { file, sheet, heads };
        for (argument, wanted) in [
            ("a.csv", named("a.csv", None, 0)),
            ("a.csv:3", named("a.csv", None, 3)),
            ("-:2", named("-", None, 2)),
            ("a.xlsx#入库", named("a.xlsx", Some("入库"), 0)),
            ("a.xlsx#入库:3", named("a.xlsx", Some("入库"), 3)),
            ("a.csv:x", named("a.csv:x", None, 0)),
            ("a.csv:+3", named("a.csv:+3", None, 0)),
            ("a.csv:0", named("a.csv:0", None, 0)),
            ("a.csv:", named("a.csv:", None, 0)),
        ] {
            assert_eq!(Named::of(argument), wanted, "{argument}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a:3");
        std::fs::File::create_new(&path).unwrap();
        let path = path.to_str().unwrap();
        assert_eq!(Named::of(path), named(path, None, 0));
    }
}
