//! The command: makes the reference data, checks outputs, and measures programs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use workloads::check::{self, Findings};
use workloads::generate::{self, Size};
use workloads::oracle;

/// The reference workloads: their data, their answers, and what programs need for them.
#[derive(Parser)]
#[command(about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
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
    /// Compare the two outputs of a program with the oracle; the exit is 1 where they differ
    Check {
        #[command(subcommand)]
        workload: Outputs,
    },
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
        Verb::Generate { rows, persons, seed, shuffled, out } => {
            generate::reference(Size { rows, persons }, seed, &out)?;
            if shuffled {
                shuffle(&out, seed)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Verb::Check { workload } => {
            let findings = match workload {
                Outputs::W1 { receipts, alloc, agg } => {
                    check::receipts(oracle::receipts(&receipts, None)?, &alloc, &agg)?
                }
                Outputs::W2 { receipts, enterprises, alloc, agg } => {
                    let expected = oracle::receipts(&receipts, Some(&enterprises))?;
                    check::receipts(expected, &alloc, &agg)?
                }
                Outputs::W3 { salaries, withheld, agg } => {
                    check::salaries(oracle::salaries(&salaries)?, &withheld, &agg)?
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
