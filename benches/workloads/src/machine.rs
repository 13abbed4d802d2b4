//! What the figures were measured on.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// The machine, the system and the sources, as far as they can be found out.
pub struct Machine {
    /// When the measuring began.
    pub date: String,
    /// The name of the processor.
    pub processor: String,
    /// Processors that may be used.
    pub cores: usize,
    /// Memory in mebibytes.
    pub memory: u64,
    /// The name and release of the system.
    pub system: String,
    /// The compiler's version.
    pub compiler: String,
    /// The commit of the sources, and whether they were changed since.
    pub commit: String,
    /// Programs that ran or waited before the measuring began, over one minute.
    pub load: String,
}

impl Machine {
    /// Looks around.
    pub fn here() -> Machine {
        let changed = says("git", &["status", "--porcelain", "--untracked-files=no"]);
        let commit = says("git", &["rev-parse", "--short=12", "HEAD"]);
        Machine {
            date: says("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
            processor: field("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory: field("/proc/meminfo", "MemTotal")
                .split_whitespace()
                .next()
                .and_then(|kibibytes| kibibytes.parse::<u64>().ok())
                .map_or(0, |kibibytes| kibibytes / 1024),
            system: says("uname", &["-sr"]),
            compiler: says("rustc", &["--version"]),
            commit: if changed.is_empty() { commit } else { format!("{commit}, with changes") },
            load: first_word("/proc/loadavg"),
        }
    }

    /// As a member of the stored figures.
    pub fn to_json(&self) -> Value {
        json!({
            "date": self.date, "processor": self.processor, "cores": self.cores,
            "memory_mib": self.memory, "system": self.system, "compiler": self.compiler,
            "commit": self.commit, "load_before": self.load,
        })
    }
}

/// The root of the repository: two folders above this member.
pub fn root() -> PathBuf {
    let member = Path::new(env!("CARGO_MANIFEST_DIR"));
    member.ancestors().nth(2).unwrap_or(member).to_owned()
}

/// What a program prints, in one line; nothing where it cannot be run.
pub fn says(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output();
    output
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().replace('\n', "; "))
        .unwrap_or_default()
}

fn field(path: &str, name: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(':')).map_or("", |(_, value)| value.trim()).to_owned()
}

fn first_word(path: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().next().unwrap_or("").to_owned()
}
