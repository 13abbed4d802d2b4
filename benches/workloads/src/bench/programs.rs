//! Who runs: the yardstick, `fenshui`, and the peers.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::peers::{self, Peer};
use super::{Case, Plan, cargo};
use crate::machine::{root, says};

/// A program that runs workloads.
pub struct Program {
    /// As it is called in the table.
    pub name: String,
    /// As it calls itself.
    pub version: String,
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    Yardstick,
    /// The same, its results forced to their disk.
    YardstickForced,
    /// With this number of threads, or as many as it likes.
    Fenshui(Option<u32>),
    /// A script for the interpreter at the program's path.
    Peer(&'static Peer),
}

/// Builds or finds all programs of a plan.
pub fn all(plan: &Plan) -> Result<Vec<Program>> {
    cargo(&["build", "--release", "--package", "workloads", "--bin", "yardstick"])?;
    let yardstick = |name: &str, kind| -> Result<Program> {
        let (name, path) = (name.to_owned(), built("yardstick")?);
        Ok(Program { name, version: String::new(), path, kind })
    };
    let mut programs = vec![yardstick("yardstick", Kind::Yardstick)?];
    if plan.forced {
        programs.push(yardstick("yardstick, forced", Kind::YardstickForced)?);
    }
    let mut fenshui = plan.fenshui.clone();
    if fenshui.is_empty() {
        cargo(&["build", "--release", "--package", "fenshui"])?;
        fenshui.push(("fenshui".to_owned(), built("fenshui")?));
    }
    for (name, path) in fenshui {
        let version = says(&path.to_string_lossy(), &["--version"]);
        let program = |name: String, threads| Program {
            name,
            version: version.clone(),
            path: path.clone(),
            kind: Kind::Fenshui(threads),
        };
        if plan.threads.is_empty() {
            programs.push(program(name, None));
            continue;
        }
        for &threads in &plan.threads {
            programs.push(program(format!("{name} ×{threads}"), Some(threads)));
        }
    }
    if plan.peers {
        let python = peers::environment(&plan.cache)?;
        programs.extend(peers::PEERS.iter().map(|peer| Program {
            name: peer.name.to_owned(),
            version: peers::version(&python, peer),
            path: python.clone(),
            kind: Kind::Peer(peer),
        }));
    }
    Ok(programs)
}

/// A program of the workspace; it stands beside this one.
fn built(name: &str) -> Result<PathBuf> {
    let this = std::env::current_exe()?;
    let path = this.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    path.canonicalize().with_context(|| path.display().to_string())
}

impl Program {
    /// The command for a case, where the program knows it.
    pub fn command(
        &self,
        case: &Case,
        cache: &Path,
        outputs: &[PathBuf; 2],
    ) -> Option<Vec<OsString>> {
        let mut command: Vec<OsString> = vec![self.path.clone().into()];
        match &self.kind {
            Kind::Yardstick | Kind::YardstickForced => {
                case.workload.is_reference().then_some(())?;
                let forced = matches!(self.kind, Kind::YardstickForced);
                command.extend(forced.then(|| "forced".into()));
                command.extend(in_order(case, cache, outputs));
            }
            Kind::Peer(peer) => {
                peer.runs(case).then_some(())?;
                command.push(root().join("benches/workloads/peers").join(peer.script).into());
                command.extend(in_order(case, cache, outputs));
            }
            Kind::Fenshui(threads) => {
                command.push("run".into());
                command.extend(case.rules(cache));
                command.extend(["--out".into(), outputs[0].clone().into()]);
                command.extend(["--summary".into(), outputs[1].clone().into(), "--quiet".into()]);
                if let Some(threads) = threads {
                    command.extend(["--threads".into(), threads.to_string().into()]);
                }
            }
        }
        Some(command)
    }

    /// The command with one more option, for programs that are `fenshui`.
    pub fn with(
        &self,
        option: &str,
        case: &Case,
        cache: &Path,
        outputs: &[PathBuf; 2],
    ) -> Option<Vec<OsString>> {
        match self.kind {
            Kind::Fenshui(_) => {
                let mut command = self.command(case, cache, outputs)?;
                command.push(option.into());
                Some(command)
            }
            Kind::Yardstick | Kind::YardstickForced | Kind::Peer(_) => None,
        }
    }

    /// Whether all others are compared with this one.
    pub fn is_yardstick(&self) -> bool {
        matches!(self.kind, Kind::Yardstick)
    }
}

/// The workload, its files, and where the outputs go.
fn in_order(case: &Case, cache: &Path, outputs: &[PathBuf; 2]) -> Vec<OsString> {
    let mut arguments = vec![OsString::from(case.workload.name().to_lowercase())];
    arguments.extend(case.inputs(cache).into_iter().map(OsString::from));
    arguments.extend(outputs.iter().cloned().map(OsString::from));
    arguments
}
