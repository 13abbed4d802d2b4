//! `fenshui explain`: why one event came out as it did.

use clap::Args;

use crate::app::{self, Explained, Unexplained};
use crate::report::explanation::{Telling, explanation_json, explanation_text, same_key_text};

use super::args::{JobArgs, MessageFormat};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::job::prepare_to_look;

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
    let prepared = prepare_to_look(console, &args.job)?;
    let job = prepared.job(console);
    let Explained { story, others } =
        app::explain(&job, &args.event).map_err(|error| match error {
            Unexplained::Formats(error) => (*error).into(),
            Unexplained::Which(what, hint) => Stop::error(what, Some(hint)),
        })?;
    let grounds = app::grounds_of(&job, &prepared.register_files, &prepared.loaded.sources);
    let telling = Telling { names: &prepared.names, grounds: &grounds, language: console.language };
    let text = match args.format {
        MessageFormat::Table => {
            let mut text = explanation_text(&story, telling);
            text.push_str(&same_key_text(&others, telling));
            text
        }
        MessageFormat::Json => {
            let mut json = explanation_json(&story, telling);
            if let (Some(object), false) = (json.as_object_mut(), others.is_empty()) {
                let others = others.iter().map(|other| explanation_json(other, telling));
                object.insert("same_key".to_owned(), others.collect());
            }
            format!("{json:#}\n")
        }
    };
    console.print(&text)?;
    Ok(Exit::Done)
}
