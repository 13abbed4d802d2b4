//! The built program, run by rules in a folder.

use std::path::Path;
use std::process::{Command, Output};

/// Runs `rules.fen` in a folder, with nothing in the environment.
pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fenshui"));
    command.args(["run", "rules.fen"]).args(arguments).current_dir(folder).env_clear();
    command.output().unwrap()
}

/// What the program said of it.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
