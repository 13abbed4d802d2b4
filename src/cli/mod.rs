//! The command line: a request in, bytes out. A file a verb.
//!
//! This door reads arguments and environment, calls [`crate::app`], and prints: results to the
//! standard output, everything else to the standard error. It decides nothing about money.
//!
//! Start reading at [`main`], then at the file of a verb.

mod args;
mod audit;
mod book;
mod check;
mod chinese;
mod compare;
mod console;
mod dump;
mod exit;
mod explain;
mod flow;
mod fmt;
mod job;
mod language;
mod law;
mod new;
mod places;
mod progress;
mod rules;
mod run;
mod schedule;
mod set_aside;
mod test;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::diagnostics::Language;
use args::{Cli, Verb};
use console::Console;

use exit::{Exit, Stop, error_text};

/// Runs the command the arguments ask for.
pub fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let language = language::language(&arguments);
    let mut command = Cli::command();
    if language == Language::Chinese {
        command = chinese::in_chinese(command);
    }
    let parsed = command.try_get_matches().and_then(|found| Cli::from_arg_matches(&found));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return usage(&error, language),
    };
    console::mind_limits();
    console::mind_panics();
    let mut console = Console::new(&cli.global, language);
    let heeded = console.heed_environment(&cli.global);
    let done = heeded.and_then(|()| verb(&console, &cli.verb));
    match done {
        Ok(exit) | Err(Stop::Said(exit)) => exit.into(),
        Err(Stop::Closed) => Exit::Done.into(),
        Err(Stop::Interrupted(words)) => {
            console.message(&error_text(&words, None, language));
            Exit::INTERRUPTED.into()
        }
        Err(Stop::Error { words, hint }) => {
            console.message(&error_text(&words, hint.as_ref(), language));
            Exit::Unusable.into()
        }
    }
}

fn verb(console: &Console, verb: &Verb) -> Result<Exit, Stop> {
    match verb {
        Verb::Check(args) => check::run(console, args),
        Verb::Test(args) => test::run(console, args),
        Verb::Run(args) => run::run(console, args),
        Verb::Fmt(args) => fmt::run(console, args),
        Verb::Schedule(args) => schedule::run(console, args),
        Verb::New(args) => new::run(console, args),
        Verb::Dump(args) => dump::run(console, args),
        Verb::Explain(args) => explain::run(console, args),
        Verb::Compare(args) => compare::run(console, args),
        Verb::Audit(args) => audit::run(console, args),
        Verb::Book(args) => book::run(console, args),
        Verb::Flow(args) => flow::run(console, args),
        Verb::Law(args) => law::run(console, args),
    }
}

/// Help and version go to the standard output and are no error.
fn usage(error: &clap::Error, language: Language) -> ExitCode {
    let words = chinese::usage_words(error).filter(|_| language == Language::Chinese);
    match words {
        Some((what, hint)) => {
            let text = error_text(&what, hint.as_ref(), language);
            // Nobody listening there is no reason to stop.
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
        }
        None => {
            let _ = error.print();
        }
    }
    if error.use_stderr() { Exit::Unusable.into() } else { Exit::Done.into() }
}
