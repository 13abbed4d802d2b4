//! `fenshui book explain`.

use clap::Args;

use crate::app::book::{self, Access, BookPlace, Form};

use super::super::console::Console;
use super::super::exit::Exit;
use super::{AnswerFormat, Failed};

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The number of an event's entry, or of a correction
    entry: u64,
    /// How the explanation is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

pub(super) fn run(
    console: &Console,
    place: &BookPlace,
    args: &ExplainArgs,
) -> Result<Exit, Failed> {
    let form = match args.format {
        AnswerFormat::Table => Form::Text,
        AnswerFormat::Json => Form::Json,
    };
    let mut open = place.open(Access::Read)?;
    console.print(&book::explain(&mut open, args.entry, console.language, form)?)?;
    Ok(Exit::Done)
}
