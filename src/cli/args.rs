//! The flags of every verb.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::language::Color;

/// A rules engine for tax sharing and benefit sharing: rules in, allocations out, exact to the fen.
#[derive(Debug, Parser)]
#[command(name = "fenshui", version, propagate_version = true, after_help = EXIT_CODES)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

pub(super) const EXIT_CODES: &str = "\
Exit codes: 0 all allocated; 1 done, with rows set aside or a check or test that failed; \
2 usage or unreadable input; 3 the rules do not compile; 130 interrupted";

/// Flags that every verb has.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// Language of messages and reports: zh or en [default: the locale's]
    #[arg(long, global = true, value_name = "LANG", value_parser = ["zh", "en"])]
    pub(super) lang: Option<String>,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub(super) color: Color,
    /// Folder in which modules are looked for [also: FENSHUI_LIBRARY]
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) library: Vec<PathBuf>,
    /// Say nothing but results and errors
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Find what is wrong with rules before any money moves
    Check(CheckArgs),
    /// Show the value of a stage on the way from text to plan
    Dump(DumpArgs),
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// A file or folder of rules
    pub(super) rules: PathBuf,
    /// List what the rules say without having seen it in a source
    #[arg(long)]
    pub(super) unverified: bool,
    /// How findings are written
    #[arg(long, value_enum, default_value = "table")]
    pub(super) format: MessageFormat,
}

#[derive(Debug, Args)]
pub(super) struct DumpArgs {
    /// A file or folder of rules
    pub(super) rules: PathBuf,
    /// Which stage
    #[arg(long, value_enum, default_value = "model")]
    pub(super) stage: Stage,
    /// With the amendments of this scenario
    #[arg(long, value_name = "NAME")]
    pub(super) scenario: Option<String>,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MessageFormat {
    /// For people
    Table,
    /// One JSON object a line
    Json,
}

/// A stage of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Stage {
    /// Trees as written
    Ast,
    /// Names resolved
    Model,
}
