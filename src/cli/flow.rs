//! `fenshui flow`: the network of a rule set as text, Mermaid or a picture.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::app;
use crate::report;

use super::args::JobArgs;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::job::prepare;
use super::rules;

#[derive(Debug, Args)]
pub(super) struct FlowArgs {
    /// A file or folder of rules
    rules: PathBuf,
    /// Files of events, whose amounts are the widths; without, every way is as wide as its sisters
    #[arg(long, value_name = "FILE", num_args = 1..)]
    events: Vec<String>,
    /// Rows of a register
    #[arg(long, value_name = "NAME=FILE")]
    register: Vec<String>,
    /// How the network is written
    #[arg(long, value_enum, default_value = "text")]
    format: FlowFormat,
    /// Where to; `-` for the standard output. The ending chooses the format: .svg, .mmd
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// With the amendments of this scenario
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
}

/// How the network is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FlowFormat {
    /// An indented text
    Text,
    /// A Mermaid flow chart
    Mermaid,
    /// A self-contained SVG Sankey diagram
    Svg,
}

pub(super) fn run(console: &Console, args: &FlowArgs) -> Result<Exit, Stop> {
    let network = if args.events.is_empty() {
        let loaded = rules::load(console, &args.rules)?;
        let checked = rules::compile(console, &loaded, args.scenario.as_deref())?;
        app::flow(checked.rule_set(), None, console.language)
    } else {
        weighed(console, args)?
    };
    let out = args.out.as_deref().filter(|out| out.as_os_str() != "-");
    let ending = out.and_then(|out| out.extension()).and_then(|ending| ending.to_str());
    let format = match ending {
        Some("svg") => FlowFormat::Svg,
        Some("mmd" | "mermaid") => FlowFormat::Mermaid,
        _ => args.format,
    };
    let title = args.rules.display().to_string();
    let drawn = match format {
        FlowFormat::Text => report::flow::text(&network),
        FlowFormat::Mermaid => report::flow::mermaid(&network),
        FlowFormat::Svg => report::sankey(&network, &title),
    };
    match out {
        None => console.print(&drawn)?,
        Some(out) => crate::formats::write_text(out, &drawn)?,
    }
    Ok(Exit::Done)
}

/// The network with what a run gave.
fn weighed(console: &Console, args: &FlowArgs) -> Result<report::flow::Network, Stop> {
    let job = JobArgs {
        rules: args.rules.clone(),
        events: args.events.clone(),
        register: args.register.clone(),
        scenario: args.scenario.iter().cloned().collect(),
        reading: Vec::new(),
        through: None,
        map: None,
        encoding: None,
        delimiter: None,
        input_format: None,
    };
    let prepared = prepare(console, &job)?;
    let totals = app::leg_totals(&prepared.job(console))?;
    Ok(app::flow(prepared.checked.rule_set(), Some(&totals), console.language))
}
