//! The language people are spoken to in, and whether colours may be used.

use std::io::IsTerminal;

use crate::diagnostics::Language;

/// The language of `--lang`, else of the locale; found before the arguments are read, since their own
/// errors are said in it.
pub(super) fn language(arguments: &[String]) -> Language {
    let flag = arguments.iter().enumerate().find_map(|(at, argument)| {
        match argument.strip_prefix("--lang") {
            Some("") => arguments.get(at + 1).map(String::as_str),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        }
    });
    // What is no language is told in that of the locale.
    let flag = flag.filter(|flag| flag.starts_with("zh") || flag.starts_with("en"));
    let locale = flag.map(str::to_owned).or_else(|| {
        ["FENSHUI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| variable(name))
    });
    match locale {
        Some(locale) if locale.starts_with("zh") => Language::Chinese,
        _ => Language::English,
    }
}

/// A variable of the environment that is set to something.
#[expect(clippy::disallowed_methods, reason = "the environment is read in `cli` alone")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether messages on the standard error may have colours.
    pub(super) fn on_stderr(self) -> bool {
        self.decided(std::io::stderr().is_terminal())
    }

    /// Whether results on the standard output may have colours.
    pub(super) fn on_stdout(self) -> bool {
        self.decided(std::io::stdout().is_terminal())
    }

    fn decided(self, terminal: bool) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if variable("NO_COLOR").is_some() => false,
            Color::Auto if variable("CLICOLOR_FORCE").is_some_and(|force| force != "0") => true,
            Color::Auto => terminal && variable("TERM").is_none_or(|term| term != "dumb"),
        }
    }
}

/// Columns of the terminal, or as many as fit a page.
pub(super) fn width() -> usize {
    variable("COLUMNS").and_then(|columns| columns.parse().ok()).unwrap_or(100)
}
