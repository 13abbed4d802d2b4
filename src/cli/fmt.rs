//! `fenshui fmt`: lays rules out anew, or says which are not laid out.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::diagnostics::{Diagnostic, Language, Words};
use crate::formats::{FormatsError, read_text, rule_files, write_text};
use crate::report::{self, Drawing, Sources};
use crate::syntax;

use super::console::Console;
use super::exit::{Exit, Stop};

#[derive(Debug, Args)]
pub(super) struct FmtArgs {
    /// Files or folders of rules; `-` lays out the standard input onto the standard output
    #[arg(required = true)]
    pub(super) rules: Vec<PathBuf>,
    /// Change nothing; list files that are not laid out, and fail if there are any
    #[arg(long)]
    pub(super) check: bool,
    /// Write keywords in this tongue
    #[arg(long, value_enum, value_name = "LANG")]
    pub(super) to: Option<Tongue>,
}

/// A tongue of Fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Tongue {
    /// Chinese
    Zh,
    /// English
    En,
}

pub(super) fn run(console: &Console, args: &FmtArgs) -> Result<Exit, Stop> {
    let to = args.to.map(|tongue| match tongue {
        Tongue::Zh => Language::Chinese,
        Tongue::En => Language::English,
    });
    let mut outcome = Outcome::default();
    for path in &args.rules {
        if path.as_os_str() == "-" {
            standard_input(console, to, &mut outcome)?;
            continue;
        }
        let files = if path.is_dir() { rule_files(path)? } else { vec![path.clone()] };
        for file in files {
            one(console, args, &file, to, &mut outcome)?;
        }
    }
    if !args.check && outcome.changed > 0 {
        let changed = outcome.changed;
        let files = if changed == 1 { "file" } else { "files" };
        console.note(&Words::new(
            format!("{changed} {files} laid out anew"),
            format!("已重新排版 {changed} 个文件"),
        ));
    }
    Ok(match outcome {
        Outcome { broken: true, .. } => Exit::RulesBroken,
        Outcome { changed, .. } if args.check && changed > 0 => Exit::Failed,
        Outcome { .. } => Exit::Done,
    })
}

#[derive(Default)]
struct Outcome {
    changed: usize,
    broken: bool,
}

fn one(
    console: &Console,
    args: &FmtArgs,
    file: &Path,
    to: Option<Language>,
    outcome: &mut Outcome,
) -> Result<(), Stop> {
    let text = read_text(file)?;
    let literate = file.extension().is_some_and(|ending| ending == "md");
    match syntax::format(&text, literate, to) {
        Ok(laid_out) if laid_out == text => {}
        Ok(laid_out) => {
            outcome.changed += 1;
            if args.check {
                console.print(&format!("{}\n", file.display()))?;
            } else {
                write_text(file, &laid_out)?;
            }
        }
        Err(found) => {
            outcome.broken = true;
            say(console, &file.display().to_string(), &text, &found);
        }
    }
    Ok(())
}

fn standard_input(
    console: &Console,
    to: Option<Language>,
    outcome: &mut Outcome,
) -> Result<(), Stop> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map_err(|error| FormatsError::reading("standard input", error))?;
    // What starts a fenced block is Markdown; Fen has no backticks.
    match syntax::format(&text, text.contains("```fen"), to) {
        Ok(laid_out) => console.print(&laid_out),
        Err(found) => {
            outcome.broken = true;
            say(console, console.pick("standard input", "标准输入"), &text, &found);
            Ok(())
        }
    }
}

fn say(console: &Console, name: &str, text: &str, found: &[Diagnostic]) {
    let mut sources = Sources::default();
    sources.add(name, text);
    let color = console.color.on_stderr();
    let drawing = Drawing { language: console.language, color, width: super::language::width() };
    for diagnostic in found {
        console.message(&report::draw(diagnostic, &sources, drawing));
    }
}
