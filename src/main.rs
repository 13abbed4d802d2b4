//! `fenshui`: the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    fenshui::cli::main()
}
