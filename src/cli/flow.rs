//! `fenshui flow`: the network of a rule set as text, Mermaid or a picture.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::app;
use crate::report;

use super::console::Console;
use super::exit::{Exit, Stop};
use super::rules;

#[derive(Debug, Args)]
pub(super) struct FlowArgs {
    /// A file or folder of rules
    rules: PathBuf,
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
    let loaded = rules::load(console, &args.rules)?;
    let checked = rules::compile(console, &loaded, args.scenario.as_deref())?;
    let network = app::flow(checked.rule_set(), None, console.language);
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
