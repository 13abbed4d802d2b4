//! The command: makes the reference data, checks outputs, and measures programs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use workloads::bench::{self, Plan, Scale, Workload};
use workloads::check::{self, Findings};
use workloads::generate::{self, Size};
use workloads::{machine, measure, oracle};

/// The reference workloads: their data, their answers, and what programs need for them.
#[derive(Parser)]
#[command(about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run programs in turn, check what they write, and print and store one table
    Bench(Bench),
    /// Write receipts.csv, enterprises.csv and salaries.csv, and shuffled copies
    Generate {
        /// Receipts
        #[arg(long, default_value_t = 1_000_000)]
        rows: u64,
        /// Persons, each with twelve salaries
        #[arg(long, default_value_t = 100_000)]
        persons: u32,
        #[arg(long, default_value_t = generate::SEED)]
        seed: u32,
        /// Also write receipts-shuffled.csv and salaries-shuffled.csv
        #[arg(long)]
        shuffled: bool,
        /// The folder to write to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Write events for the rules of the library: relocation, head offices, payslips
    Library {
        /// Events of each kind
        #[arg(long, default_value_t = 200_000)]
        rows: u64,
        #[arg(long, default_value_t = generate::SEED)]
        seed: u32,
        /// The folder to write to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Compare the two outputs of a program with the oracle; the exit is 1 where they differ
    Check {
        #[command(subcommand)]
        workload: Outputs,
    },
    /// Run one program and print wall, user and system microseconds and kibibytes
    #[command(hide = true)]
    Measure {
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

#[derive(Args)]
struct Bench {
    /// Which workloads
    #[arg(long, value_delimiter = ',', default_value = "w1,w2,w3")]
    workloads: Vec<Workload>,
    /// How many receipts; a tenth as many persons have salaries
    #[arg(long, value_delimiter = ',', value_name = "ROWS", default_value = "1m")]
    scales: Vec<Scale>,
    /// Events in another order than they happened, too
    #[arg(long)]
    shuffled: bool,
    /// The library's rules, too: relocation, head offices, payslips
    #[arg(long)]
    library: bool,
    /// How many events of each kind for the library's rules
    #[arg(long, value_name = "ROWS", default_value = "200k")]
    library_rows: Scale,
    /// Measured runs of each program [default: 5, or 3 from 10m on]
    #[arg(long, value_name = "N")]
    repetitions: Option<usize>,
    /// Run this program as `fenshui`; may be repeated [default: build it]
    #[arg(long, value_name = "NAME=PATH", value_parser = named_path)]
    fenshui: Vec<(String, PathBuf)>,
    /// Run `fenshui` once with each number of threads [default: leave it to the program]
    #[arg(long, value_delimiter = ',', value_name = "N")]
    threads: Vec<u32>,
    /// The yardstick with its results forced to their disk, too, as those of `fenshui` are
    #[arg(long)]
    forced: bool,
    /// DuckDB, Polars, pandas, zen-engine and OpenFisca, too; needs Python 3
    #[arg(long)]
    peers: bool,
    /// Where data and outputs are kept [default: target/workloads]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Where the table goes, as FILE.md and FILE.json [default: figures in the cache]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Bench {
    fn plan(self) -> Plan {
        let cache = self.cache.unwrap_or_else(|| machine::root().join("target/workloads"));
        let mut workloads = self.workloads;
        if self.library {
            workloads.extend([Workload::Relocation, Workload::HeadOffice, Workload::Payslips]);
        }
        Plan {
            workloads,
            scales: self.scales,
            shuffled: self.shuffled,
            library_rows: self.library_rows,
            repetitions: self.repetitions,
            fenshui: self.fenshui,
            threads: self.threads,
            forced: self.forced,
            peers: self.peers,
            out: self.out.unwrap_or_else(|| cache.join("figures")),
            cache,
        }
    }
}

fn named_path(text: &str) -> Result<(String, PathBuf), String> {
    let named = text.split_once('=').map(|(name, path)| (name.to_owned(), PathBuf::from(path)));
    named.ok_or_else(|| format!("found `{text}`, expected NAME=PATH"))
}

#[derive(Subcommand)]
enum Outputs {
    /// Receipts split between four accounts
    W1 { receipts: PathBuf, alloc: PathBuf, agg: PathBuf },
    /// As W1, with a cap and an end per enterprise
    W2 { receipts: PathBuf, enterprises: PathBuf, alloc: PathBuf, agg: PathBuf },
    /// What is withheld from salaries
    W3 { salaries: PathBuf, withheld: PathBuf, agg: PathBuf },
}

fn main() -> ExitCode {
    match run(Cli::parse().verb) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Bench(options) => {
            bench::bench(&options.plan())?;
            Ok(ExitCode::SUCCESS)
        }
        Verb::Measure { command } => match &command[..] {
            [program, arguments @ ..] => measure::only_child(program.as_ref(), arguments),
            [] => Ok(ExitCode::SUCCESS),
        },
        Verb::Generate { rows, persons, seed, shuffled, out } => {
            generate::reference(Size { rows, persons }, seed, &out)?;
            if shuffled {
                shuffle(&out, seed)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Verb::Library { rows, seed, out } => {
            generate::library(rows, u64::from(seed), &out)?;
            Ok(ExitCode::SUCCESS)
        }
        Verb::Check { workload } => {
            let findings = match workload {
                Outputs::W1 { receipts, alloc, agg } => {
                    check::receipts(&oracle::receipts(&receipts, None)?, &alloc, &agg)?
                }
                Outputs::W2 { receipts, enterprises, alloc, agg } => {
                    let expected = oracle::receipts(&receipts, Some(&enterprises))?;
                    check::receipts(&expected, &alloc, &agg)?
                }
                Outputs::W3 { salaries, withheld, agg } => {
                    check::salaries(&oracle::salaries(&salaries)?, &withheld, &agg)?
                }
            };
            Ok(verdict(&findings))
        }
    }
}

fn shuffle(folder: &Path, seed: u32) -> Result<()> {
    for name in ["receipts", "salaries"] {
        let from = folder.join(format!("{name}.csv"));
        generate::shuffled(&from, u64::from(seed), &folder.join(format!("{name}-shuffled.csv")))?;
    }
    Ok(())
}

fn verdict(findings: &Findings) -> ExitCode {
    match &findings.first {
        None => {
            println!("exact");
            ExitCode::SUCCESS
        }
        Some(first) => {
            println!("{first}");
            println!("rows wrong: {}, totals wrong: {}", findings.rows, findings.totals);
            ExitCode::from(1)
        }
    }
}
