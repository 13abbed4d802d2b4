//! `fenshui`: the command line.

use std::process::ExitCode;

// Events pass through many small lists, which it gives and takes back in a third of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    fenshui::cli::main()
}
