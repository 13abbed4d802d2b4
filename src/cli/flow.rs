//! `fenshui flow`: the network of a rule set as text, Mermaid or a picture.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::app;
use crate::diagnostics::Words;
use crate::report::{self, flow::Network};

use super::args::JobArgs;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::job::{prepare_to_look, say_remarks};
use super::places::{Source, check_places, contradicted, ending, sources, unknown_ending};
use super::rules;
use super::set_aside::{SetAsideFile, say_asides};

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
    #[arg(long, value_enum)]
    format: Option<FlowFormat>,
    /// Where to; `-` for the standard output. The ending chooses the format: .txt, .mmd, .svg
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
    let out = args.out.as_deref().filter(|out| out.as_os_str() != "-");
    let format = format(args.format, out)?;
    let (network, exit) = if args.events.is_empty() {
        let loaded = rules::load(console, &args.rules)?;
        let read: Vec<Source> = loaded.files.iter().map(|file| Source::rules(&file.path)).collect();
        check_out(out, &read)?;
        let checked = rules::compile(console, &loaded, args.scenario.as_deref())?;
        (app::flow(checked.rule_set(), None, console.language), Exit::Done)
    } else {
        weighed(console, args, out)?
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
    Ok(exit)
}

fn check_out(out: Option<&Path>, read: &[Source]) -> Result<(), Stop> {
    let out = out.map(|out| out.to_string_lossy());
    check_places(&out.as_deref().into_iter().collect::<Vec<_>>(), read)
}

/// The format that the ending says, or the one asked for, which must not be two.
fn format(asked: Option<FlowFormat>, out: Option<&Path>) -> Result<FlowFormat, Stop> {
    let Some((out, ending)) = out.and_then(|out| Some((out, ending(out)?))) else {
        return Ok(asked.unwrap_or(FlowFormat::Text));
    };
    let by_ending = match ending.as_str() {
        "svg" => Some(FlowFormat::Svg),
        "mmd" | "mermaid" => Some(FlowFormat::Mermaid),
        "txt" => Some(FlowFormat::Text),
        _ => None,
    };
    let file = out.to_string_lossy();
    match (by_ending, asked) {
        (Some(by_ending), Some(asked)) if by_ending != asked => Err(contradicted(&file)),
        (Some(format), _) | (None, Some(format)) => Ok(format),
        (None, None) => {
            let known = [".txt", ".mmd", ".mermaid", ".svg"];
            let or = Words::new("; or say it with `--format`", "；或用 --format 指定格式");
            Err(unknown_ending(&file, &ending, &known, or))
        }
    }
}

/// The network with what a run gave.
fn weighed(
    console: &Console,
    args: &FlowArgs,
    out: Option<&Path>,
) -> Result<(Network, Exit), Stop> {
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
    let prepared = prepare_to_look(console, &job)?;
    check_out(out, &sources(&prepared, &args.rules))?;
    let (totals, report) = app::leg_totals(&prepared.job(console))?;
    say_remarks(console, &report.remarks);
    say_asides(console, &report, SetAsideFile::Elsewhere);
    if !console.quiet {
        console.message(&report.totals.draw(console.language));
    }
    let whole = report.totals.set_aside == 0 && report.totals.balance();
    let exit = if whole { Exit::Done } else { Exit::Failed };
    Ok((app::flow(prepared.checked.rule_set(), Some(&totals), console.language), exit))
}
