//! What an argument names: a file, and behind it a sheet and the lines of the column names.

use std::path::Path;

/// The file that an argument names, which may name a sheet of it or a line too.
pub fn file_of(argument: &str) -> &str {
    Named::of(argument).file
}

/// Where the names of columns stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Heads {
    /// Their first line, or the first after it that is not blank; nothing is said with 0.
    pub(super) first: u64,
    /// Their last, where they stand in several: what spans columns above what they are called.
    pub(super) last: u64,
}

/// A file as an argument names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named<'a> {
    pub(super) file: &'a str,
    /// The sheet named behind `#`.
    pub(super) sheet: Option<&'a str>,
    /// The lines of the column names, behind `:`.
    pub(super) heads: Heads,
}

impl<'a> Named<'a> {
    /// What is part of the name of a file that is there names no sheet and no line.
    pub(super) fn of(argument: &'a str) -> Named<'a> {
        let is_there = |file: &str| file != "-" && Path::new(file).exists();
        let line = argument.rsplit_once(':').filter(|_| !is_there(argument));
        let line = line.and_then(|(file, line)| Some((file, Heads::of(line)?)));
        let (argument, heads) = line.unwrap_or((argument, Heads::default()));
        match argument.split_once('#') {
            Some((file, sheet)) if !is_there(argument) => Named { file, sheet: Some(sheet), heads },
            _ => Named { file: argument, sheet: None, heads },
        }
    }
}

impl Heads {
    /// The line of the names or, as `2-3`, the first of their lines and the last.
    fn of(text: &str) -> Option<Heads> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (whole(first)?, whole(last)?);
        (first <= last).then_some(Heads { first, last })
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
        let named =
            |file, sheet, (first, last)| Named { file, sheet, heads: Heads { first, last } };
        for (argument, wanted) in [
            ("a.csv", named("a.csv", None, (0, 0))),
            ("a.csv:3", named("a.csv", None, (3, 3))),
            ("a.csv:2-3", named("a.csv", None, (2, 3))),
            ("-:2", named("-", None, (2, 2))),
            ("a.xlsx#入库", named("a.xlsx", Some("入库"), (0, 0))),
            ("a.xlsx#入库:3", named("a.xlsx", Some("入库"), (3, 3))),
            ("a.xlsx#入库:1-2", named("a.xlsx", Some("入库"), (1, 2))),
            ("a.csv:x", named("a.csv:x", None, (0, 0))),
            ("a.csv:+3", named("a.csv:+3", None, (0, 0))),
            ("a.csv:0", named("a.csv:0", None, (0, 0))),
            ("a.csv:", named("a.csv:", None, (0, 0))),
            ("a.csv:3-2", named("a.csv:3-2", None, (0, 0))),
            ("a.csv:2-", named("a.csv:2-", None, (0, 0))),
        ] {
            assert_eq!(Named::of(argument), wanted, "{argument}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a:3");
        std::fs::File::create_new(&path).unwrap();
        let path = path.to_str().unwrap();
        assert_eq!(Named::of(path), named(path, None, (0, 0)));
    }
}
