//! One run of a program: how long, how much of the processors, how much memory.
//!
//! The system counts these for a process once it has ended, and sums them over all that a process
//! has started. So each run is started by a small process of its own, whose only child it is.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// What one run needed.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// From start to exit, in microseconds.
    pub wall: u64,
    /// The program's own time on all processors, in microseconds.
    pub user: u64,
    /// The system's time on behalf of the program, in microseconds.
    pub system: u64,
    /// The most memory resident at once, in kibibytes; never less than the two or three thousand
    /// of the process that starts the program.
    pub resident: u64,
}

impl Usage {
    /// User and system time together.
    pub fn cpu(&self) -> u64 {
        self.user + self.system
    }
}

/// Runs a program through `workloads measure`.
///
/// # Errors
///
/// The program cannot be started, or fails; the error holds what it said.
pub fn run(command: &[OsString]) -> Result<Usage> {
    let this = std::env::current_exe()?;
    let shown = || command.join(" ".as_ref()).to_string_lossy().into_owned();
    let output = Command::new(this).arg("measure").arg("--").args(command).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {}\n{said}", shown(), output.status);
    let numbers = String::from_utf8(output.stdout)?;
    let numbers: Vec<u64> =
        numbers.split_whitespace().map_while(|text| text.parse().ok()).collect();
    match numbers[..] {
        [wall, user, system, resident] => Ok(Usage { wall, user, system, resident }),
        _ => anyhow::bail!("{}: no figures", shown()),
    }
}

/// Runs a program as the only child of this process, and tells what it needed as four numbers.
/// Gives the exit code of the program where that is not success.
///
/// # Errors
///
/// The program cannot be started.
pub fn only_child(program: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    let start = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .with_context(|| program.display().to_string())?;
    let wall = start.elapsed().as_micros();
    if !status.success() {
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        return Ok(ExitCode::from(code.unwrap_or(u8::MAX)));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let (user, system) = (micros(usage.user_time()), micros(usage.system_time()));
    // Darwin counts bytes, all others kibibytes.
    let unit = if cfg!(target_os = "macos") { 1024 } else { 1 };
    println!("{wall} {user} {system} {}", usage.max_rss() / unit);
    Ok(ExitCode::SUCCESS)
}

#[allow(clippy::useless_conversion, reason = "the width of these numbers is the system's choice")]
fn micros(time: TimeVal) -> i64 {
    i64::from(time.tv_sec()) * 1_000_000 + i64::from(time.tv_usec())
}
