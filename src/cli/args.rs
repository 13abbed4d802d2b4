//! The flags of every verb.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::diagnostics::Words;

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
    /// How many threads may work [also: FENSHUI_THREADS; default: one for each core]
    #[arg(long, global = true, value_name = "COUNT", value_parser = threads)]
    pub(super) threads: Option<u16>,
    /// Say nothing but results and errors
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Find what is wrong with rules before any money moves
    Check(CheckArgs),
    /// Run the examples inside rules
    Test(TestArgs),
    /// Allocate events: who gets what of each
    Run(Box<RunArgs>),
    /// Tell why one event came out as it did, rule by rule, with clauses and the day's values
    Explain(Box<super::explain::ExplainArgs>),
    /// Hold two scenarios, or all readings, against each other over the same events
    Compare(Box<super::compare::CompareArgs>),
    /// Hold a settlement table that somebody else made against the rules, row by row
    Audit(Box<super::audit::AuditArgs>),
    /// Keep allocations in a book that an auditor can replay and prove
    Book(Box<super::book::BookArgs>),
    /// Draw the network of rules: where money comes in, who gets it
    Flow(super::flow::FlowArgs),
    /// Lay rules out anew, or translate their keywords
    Fmt(super::fmt::FmtArgs),
    /// Print a schedule with the quick deductions derived from it
    Schedule(super::schedule::ScheduleArgs),
    /// List the law that rules rest on, what cites it, what it leaves open; or print rules beside it
    Law(super::law::LawArgs),
    /// Make a small working project
    New(super::new::NewArgs),
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
pub(super) struct TestArgs {
    /// Files or folders of rules
    #[arg(required = true)]
    pub(super) rules: Vec<PathBuf>,
    /// Only examples whose title holds this text
    #[arg(long, value_name = "TEXT")]
    pub(super) filter: Option<String>,
    /// List the rules, legs, versions, brackets and options that no example reaches
    #[arg(long)]
    pub(super) coverage: bool,
    /// How results are written
    #[arg(long, value_enum, default_value = "table")]
    pub(super) format: MessageFormat,
}

/// The rules and data of a run.
#[derive(Debug, Args)]
pub(super) struct JobArgs {
    /// A file or folder of rules
    pub(super) rules: PathBuf,
    /// Files of events: FILE or EVENT=FILE, `*` for several, `-` for the standard input
    pub(super) events: Vec<String>,
    /// Rows of a register
    #[arg(long, value_name = "NAME=FILE")]
    pub(super) register: Vec<String>,
    /// With the amendments of a scenario (`compare` takes two)
    #[arg(long, value_name = "NAME")]
    pub(super) scenario: Vec<String>,
    /// Choose an option of a reading
    #[arg(long, value_name = "NAME=OPTION")]
    pub(super) reading: Vec<String>,
    /// The last day for which calendar events are made [default: the last event's]
    #[arg(long, value_name = "DATE")]
    pub(super) through: Option<String>,
    /// Which column holds which field, where names and labels do not say it
    #[arg(long, value_name = "FILE")]
    pub(super) map: Option<PathBuf>,
    /// Encoding of the data [default: found from the bytes]
    #[arg(long, value_name = "NAME", value_parser = ["utf-8", "gb18030"])]
    pub(super) encoding: Option<String>,
    /// What stands between the cells of a CSV file: one letter, or `tab`
    #[arg(long, value_name = "LETTER")]
    pub(super) delimiter: Option<String>,
    /// Layout of the data [default: by the ending of the name]
    #[arg(long, value_enum, value_name = "LAYOUT")]
    pub(super) input_format: Option<InputFormat>,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) job: JobArgs,
    /// Write allocations to a file; its ending chooses the layout [default: the standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: Option<String>,
    /// Write totals to a file
    #[arg(long, value_name = "FILE")]
    pub(super) summary: Option<String>,
    /// Columns of the summary: account, a field of the events, year, quarter, month
    #[arg(long, value_name = "COLUMN,…", default_value = "account,year", requires = "summary")]
    pub(super) by: String,
    /// Write rows set aside to a file, whole, with reason and hint
    #[arg(long, value_name = "FILE")]
    pub(super) set_aside: Option<String>,
    /// Write figures to a file
    #[arg(long, value_name = "FILE")]
    pub(super) figures: Option<String>,
    /// A row a leg, with its rule and clause
    #[arg(long)]
    pub(super) explain_columns: bool,
    /// Layout of what goes to the standard output, or to files without a known ending
    #[arg(long, value_enum, value_name = "LAYOUT")]
    pub(super) format: Option<OutputFormat>,
    /// With a column that says what people call each account
    #[arg(long)]
    pub(super) labels: bool,
    /// Write CSV so that Excel opens it as it is
    #[arg(long)]
    pub(super) for_excel: bool,
    /// How much memory events may take that wait to be put in order: 512M, 4G …; the others wait in a
    /// file of no name beside the results
    #[arg(long, value_name = "SIZE", default_value = "2G", value_parser = size)]
    pub(super) memory: usize,
    /// Run a second, plain evaluator first, and stop at the first difference
    #[arg(long)]
    pub(super) cross_check: bool,
    /// Print a mapping to edit, and run nothing
    #[arg(long)]
    pub(super) print_map: bool,
}

/// What is wrong with the value of a flag, in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadValue(pub(super) Words);

impl std::fmt::Display for BadValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.en)
    }
}

impl std::error::Error for BadValue {}

/// With less, what waits is put away in so many pieces that merging them takes more.
const MEMORY_LEAST: usize = 1 << 20;

/// How many threads.
fn threads(text: &str) -> Result<u16, BadValue> {
    text.parse()
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(|| BadValue(Words::new("write a whole number from 1 on", "请写 1 以上的整数")))
}

/// A size in bytes, or with K, M, G, T for two to the tenth, twentieth …
fn size(text: &str) -> Result<usize, BadValue> {
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let unit = text.get(digits.len()..).unwrap_or_default().to_ascii_uppercase();
    let unit = unit.trim_end_matches('B').trim_end_matches('I');
    let shift = ["", "K", "M", "G", "T"].iter().position(|known| *known == unit);
    let shift = shift.and_then(|place| u32::try_from(place * 10).ok());
    let size = shift.and_then(|shift| digits.parse::<usize>().ok()?.checked_mul(1 << shift));
    let size = size.ok_or_else(|| {
        BadValue(Words::new("write a size such as 512M or 4G", "请写成 512M 或 4G 这样的大小"))
    })?;
    if size < MEMORY_LEAST {
        return Err(BadValue(Words::new("1M is the least that works", "至少须为 1M")));
    }
    Ok(size)
}

/// Layout of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum InputFormat {
    /// A line of column names, then a row a line
    Csv,
    /// An array of records
    Json,
    /// A record a line
    Ndjson,
}

/// Layout of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// Aligned columns for people
    Table,
    /// A line of column names, then a row a line
    Csv,
    /// As CSV, with tabs
    Tsv,
    /// An array of records
    Json,
    /// A record a line
    Ndjson,
    /// A workbook for Excel and WPS
    Xlsx,
    /// Columns of exact values, for analysis
    Parquet,
    /// The same in Arrow's file format
    Arrow,
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
    /// Compiled, everything by position
    Plan,
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn a_size_has_a_unit_or_is_bytes() {
        let sizes = [("1048576", 1 << 20), ("3000k", 3000 << 10), ("512M", 512 << 20)];
        let sizes = sizes.into_iter().chain([("2GiB", 2 << 30), ("1m", 1 << 20)]);
        for (text, bytes) in sizes {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "G", "1.5G", "-1", "2X", "99999999999T", "1 G", "0", "1k", "1023k"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
