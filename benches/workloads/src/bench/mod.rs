//! Programs on the workloads, in turn, and one table of what they needed.
//!
//! Each program runs once unmeasured, so that files are in the page cache, and what it wrote is held
//! against the oracle. Then the programs run in turn, A B C A B C …, so that whatever else the
//! machine does meets all of them; what a measured run wrote must be what was checked, byte for byte,
//! or is checked again.

mod cases;
mod figures;
mod peers;
mod programs;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::check;
use crate::machine::{self, Machine};
use crate::measure::{self, Usage};

use cases::{Answers, Case};
pub use cases::{Scale, Workload};
use figures::{Figures, Row, Verdict};
use programs::Program;

/// What is to be measured.
pub struct Plan {
    /// Which workloads.
    pub workloads: Vec<Workload>,
    /// How many rows.
    pub scales: Vec<Scale>,
    /// Whether the events come shuffled too.
    pub shuffled: bool,
    /// Rows of each kind of event for the library's rules.
    pub library_rows: Scale,
    /// Measured runs of each program; where none is said, five, or three at ten million rows.
    pub repetitions: Option<usize>,
    /// Names and paths of programs that are run as `fenshui`; where none is said, it is built.
    pub fenshui: Vec<(String, PathBuf)>,
    /// Numbers of threads to run `fenshui` with; where none is said, it decides.
    pub threads: Vec<u32>,
    /// Whether the yardstick runs a second time, its results forced to their disk.
    pub forced: bool,
    /// Whether the peers run too.
    pub peers: bool,
    /// Where data, outputs and the peers' environment are kept.
    pub cache: PathBuf,
    /// Where the figures go, without the ending.
    pub out: PathBuf,
}

/// Measures, prints the table, and stores it as Markdown and JSON.
///
/// # Errors
///
/// A file cannot be read or written, or a program cannot be built or fails.
pub fn bench(plan: &Plan) -> Result<()> {
    let programs = programs::all(plan)?;
    let mut figures = Figures { machine: Machine::here(), rows: Vec::new() };
    for case in cases::all(plan) {
        figures.rows.extend(measured(plan, &case, &programs)?);
        // What is there already is kept, should a later case fail.
        store(&figures, &plan.out)?;
    }
    println!("{}", figures.to_markdown());
    Ok(())
}

fn store(figures: &Figures, out: &Path) -> Result<()> {
    let write = |ending: &str, text: String| {
        let path = out.with_extension(ending);
        std::fs::write(&path, text).with_context(|| path.display().to_string())
    };
    write("md", figures.to_markdown())?;
    write("json", format!("{:#}\n", figures.to_json()))
}

/// One program on one case.
struct Entrant<'a> {
    program: &'a Program,
    command: Vec<std::ffi::OsString>,
    outputs: [PathBuf; 2],
    digests: [String; 2],
    row: Row,
}

fn measured(plan: &Plan, case: &Case, programs: &[Program]) -> Result<Vec<Row>> {
    case.make(&plan.cache)?;
    let answers = case.answers(&plan.cache)?;
    let folder = plan.cache.join("out");
    std::fs::create_dir_all(&folder)?;
    let mut entrants = Vec::new();
    for program in programs {
        let outputs = ["rows", "totals"].map(|kind| {
            let name = format!("{}-{}-{kind}.csv", case.workload.name(), program.name);
            folder.join(name.replace(' ', "-"))
        });
        let Some(command) = program.command(case, &plan.cache, &outputs) else { continue };
        eprintln!("{}: {}, checked", case.title(), program.name);
        let mut row = Row::new(case, program);
        row.found(second_opinion(case, program, &plan.cache, &outputs)?);
        one_run(&command, &outputs)?;
        row.found(verdict(&answers, &outputs)?);
        let digests = digests(&outputs)?;
        entrants.push(Entrant { program, command, outputs, digests, row });
    }
    for repetition in 1..=plan.repetitions.unwrap_or(case.scale.repetitions()) {
        for entrant in &mut entrants {
            eprintln!("{}: {}, run {repetition}", case.title(), entrant.program.name);
            entrant.row.runs.push(one_run(&entrant.command, &entrant.outputs)?);
            let digests = digests(&entrant.outputs)?;
            if digests != entrant.digests {
                entrant.row.found(verdict(&answers, &entrant.outputs)?);
                entrant.digests = digests;
            }
        }
    }
    for entrant in &mut entrants {
        entrant.row.legs = legs(case, entrant, plan)?;
        for output in &entrant.outputs {
            std::fs::remove_file(output)?;
        }
    }
    Ok(entrants.into_iter().map(|entrant| entrant.row).collect())
}

fn verdict(answers: &Answers, [rows, totals]: &[PathBuf; 2]) -> Result<Verdict> {
    Ok(match answers {
        Answers::Receipts(expected) => Verdict::Oracle(check::receipts(expected, rows, totals)?),
        Answers::Salaries(expected) => Verdict::Oracle(check::salaries(expected, rows, totals)?),
        Answers::Unknown => Verdict::Unchecked,
    })
}

/// For rules that the oracle does not know: the program fails where its two evaluators differ.
fn second_opinion(
    case: &Case,
    program: &Program,
    cache: &Path,
    outputs: &[PathBuf; 2],
) -> Result<Verdict> {
    if case.workload.is_reference() {
        return Ok(Verdict::Unchecked);
    }
    let case = case.small();
    let Some(command) = program.with("--cross-check", &case, cache, outputs) else {
        return Ok(Verdict::Unchecked);
    };
    case.make(cache)?;
    one_run(&command, outputs)?;
    Ok(Verdict::SecondEvaluator(case.events()))
}

/// Outputs of an earlier run go first: to empty a large file is not the program's work.
fn one_run(command: &[std::ffi::OsString], outputs: &[PathBuf; 2]) -> Result<Usage> {
    for output in outputs {
        if output.exists() {
            std::fs::remove_file(output)?;
        }
    }
    measure::run(command)
}

/// How many legs the program's rules had in this case: rows of the output by leg.
fn legs(case: &Case, entrant: &Entrant, plan: &Plan) -> Result<Option<u64>> {
    if case.scale.rows > 1_000_000 {
        return Ok(None);
    }
    let Some(command) =
        entrant.program.with("--explain-columns", case, &plan.cache, &entrant.outputs)
    else {
        return Ok(None);
    };
    one_run(&command, &entrant.outputs)?;
    let path = &entrant.outputs[0];
    let text = std::fs::read(path).with_context(|| path.display().to_string())?;
    let lines = memchr::memchr_iter(b'\n', &text).count();
    Ok(Some(u64::try_from(lines)?.saturating_sub(1)))
}

fn digests(outputs: &[PathBuf; 2]) -> Result<[String; 2]> {
    let digest = |path: &PathBuf| -> Result<String> {
        let mut file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            match std::io::Read::read(&mut file, &mut buffer)? {
                0 => break,
                count => digest.update(&buffer[..count]),
            }
        }
        Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    };
    Ok([digest(&outputs[0])?, digest(&outputs[1])?])
}

/// Runs cargo in the repository.
fn cargo(arguments: &[&str]) -> Result<()> {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let status =
        std::process::Command::new(cargo).args(arguments).current_dir(machine::root()).status()?;
    ensure!(status.success(), "cargo {}: {status}", arguments.join(" "));
    Ok(())
}
