//! `fenshui explain`: why one event came out as it did.

use clap::Args;

use crate::app::{self, Unexplained};
use crate::report::explanation::{Telling, explanation_json, explanation_text};

use super::args::{JobArgs, MessageFormat};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::job::prepare;

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    job: JobArgs,
    /// Which event: its key, parts separated by `/`, and EVENT: in front where kinds share keys
    #[arg(long, short, value_name = "KEY")]
    event: String,
    /// How the explanation is written
    #[arg(long, value_enum, default_value = "table")]
    format: MessageFormat,
}

pub(super) fn run(console: &Console, args: &ExplainArgs) -> Result<Exit, Stop> {
    let prepared = prepare(console, &args.job)?;
    let job = prepared.job(console);
    let story = app::explain(&job, &args.event).map_err(|error| match error {
        Unexplained::Formats(error) => (*error).into(),
        Unexplained::Which(what, hint) => Stop::error(what, Some(hint)),
    })?;
    let grounds = app::grounds_of(&job, &prepared.register_files, &prepared.loaded.sources);
    let telling = Telling { names: &prepared.names, grounds: &grounds, language: console.language };
    let text = match args.format {
        MessageFormat::Table => explanation_text(&story, telling),
        MessageFormat::Json => format!("{:#}\n", explanation_json(&story, telling)),
    };
    console.print(&text)?;
    Ok(Exit::Done)
}
