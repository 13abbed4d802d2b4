//! `fenshui book explain`.

use clap::Args;

use crate::app::book::{self, Access, BookPlace, Form};

use super::super::console::Console;
use super::super::exit::Exit;
use super::entries::EntriesArgs;
use super::{AnswerFormat, Failed};

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    entries: EntriesArgs,
    /// How the explanation is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

pub(super) fn run(
    console: &Console,
    place: &BookPlace,
    args: &ExplainArgs,
) -> Result<Exit, Failed> {
    let mut open = place.open(Access::Read)?;
    let entries = args.entries.numbers(console, &mut open)?;
    let form = match (args.format, entries.len()) {
        (AnswerFormat::Table, _) => Form::Text,
        (AnswerFormat::Json, 1) => Form::Json,
        (AnswerFormat::Json, _) => Form::JsonLine,
    };
    let mut told = Vec::new();
    for entry in entries {
        told.push(book::explain(&mut open, entry, console.language, form)?);
    }
    let between = if args.format == AnswerFormat::Table { "\n" } else { "" };
    console.print(&told.join(between))?;
    Ok(Exit::Done)
}
