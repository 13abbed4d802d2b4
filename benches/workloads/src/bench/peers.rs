//! Programs that others use for such work, each by a small script of ours.
//!
//! They come from the Python package index, in the versions of `peers/requirements.txt`, into an
//! environment of their own beside the data.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{Case, Workload};
use crate::machine::{root, says};

/// A script and what it can do.
pub struct Peer {
    /// As it is called in the table.
    pub name: &'static str,
    /// The file in `peers/`.
    pub script: &'static str,
    package: &'static str,
    workloads: &'static [Workload],
    /// More would take the patience of whoever waits for the table.
    rows_max: u64,
}

const ALL: &[Workload] = &[Workload::W1, Workload::W2, Workload::W3];

/// All peers.
pub const PEERS: [Peer; 5] = [
    Peer {
        name: "DuckDB",
        script: "with_duckdb.py",
        package: "duckdb",
        workloads: ALL,
        rows_max: 10_000_000,
    },
    Peer {
        name: "Polars",
        script: "with_polars.py",
        package: "polars",
        workloads: ALL,
        rows_max: 10_000_000,
    },
    Peer {
        name: "pandas",
        script: "with_pandas.py",
        package: "pandas",
        workloads: ALL,
        rows_max: 1_000_000,
    },
    Peer {
        name: "zen-engine",
        script: "with_zen.py",
        package: "zen-engine",
        workloads: &[Workload::W1],
        rows_max: 100_000,
    },
    Peer {
        name: "OpenFisca",
        script: "with_openfisca.py",
        package: "OpenFisca-Core",
        workloads: &[Workload::W1],
        rows_max: 1_000_000,
    },
];

impl Peer {
    /// Whether the peer takes part in a case.
    pub fn runs(&self, case: &Case) -> bool {
        self.workloads.contains(&case.workload) && case.scale.rows <= self.rows_max
    }
}

/// The interpreter that has all peers, after making its environment where it is missing.
pub fn environment(cache: &Path) -> Result<PathBuf> {
    let folder = cache.join("peers");
    let bin = if cfg!(windows) { "Scripts" } else { "bin" };
    let python = folder.join(bin).join("python");
    let complete = folder.join("complete");
    if !complete.exists() {
        let system = if cfg!(windows) { "python" } else { "python3" };
        run(Command::new(system).args(["-m", "venv"]).arg(&folder))?;
        let requirements = root().join("benches/workloads/peers/requirements.txt");
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "-r"])
            .arg(requirements))?;
        std::fs::write(&complete, "")?;
    }
    Ok(python)
}

/// The installed version of a peer.
pub fn version(python: &Path, peer: &Peer) -> String {
    let code = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))";
    says(&python.to_string_lossy(), &["-c", code, peer.package])
}

fn run(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}");
    let status = command.status().with_context(|| shown.clone())?;
    ensure!(status.success(), "{shown}: {status}");
    Ok(())
}
