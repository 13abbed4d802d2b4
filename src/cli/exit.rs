//! How a command ends.

use std::process::ExitCode;

use crate::diagnostics::{Language, Words, pictured_lines};
use crate::formats::FormatsError;

/// The exit codes of `docs/reference/cli.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// All allocated; everything is right.
    Done,
    /// Done, with rows set aside or a check or test that failed.
    Failed,
    /// The request or an input cannot be understood.
    Unusable,
    /// The rules do not compile.
    RulesBroken,
}

impl Exit {
    /// What the program ends with where the user wanted no more.
    pub(super) const INTERRUPTED: u8 = 130;
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        match exit {
            Exit::Done => ExitCode::from(0),
            Exit::Failed => ExitCode::from(1),
            Exit::Unusable => ExitCode::from(2),
            Exit::RulesBroken => ExitCode::from(3),
        }
    }
}

/// Why a command stops before its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// Something is wrong with the request or the world.
    Error {
        /// What.
        words: Words,
        /// What to do.
        hint: Option<Words>,
    },
    /// Everything has been said already.
    Said(Exit),
    /// The user wanted no more.
    Interrupted(Words),
    /// Whoever read the output has gone.
    Closed,
}

impl Stop {
    /// An error with a hint.
    pub(super) fn error(words: Words, hint: Option<Words>) -> Stop {
        Stop::Error { words, hint }
    }
}

impl From<FormatsError> for Stop {
    fn from(error: FormatsError) -> Stop {
        match error {
            FormatsError::Closed => Stop::Closed,
            FormatsError::Interrupted => Stop::Interrupted(error.words()),
            other => Stop::Error { words: other.words(), hint: other.hint() },
        }
    }
}

/// An error as it is printed.
pub(super) fn error_text(words: &Words, hint: Option<&Words>, language: Language) -> String {
    let (error, help) = match language {
        Language::English => ("error", "help"),
        Language::Chinese => ("错误", "提示"),
    };
    let mut text = format!("{error}: {}\n", words.in_language(language));
    if let Some(hint) = hint.map(|hint| hint.in_language(language)) {
        let mut lines = hint.lines();
        text.push_str(&format!("{help}: {}\n", lines.next().unwrap_or_default()));
        lines.for_each(|line| text.push_str(&format!("      {line}\n")));
    }
    pictured_lines(&text).into_owned()
}
