//! The yardstick: what a program needs that knows these three workloads and nothing else.
//!
//! One thread, whole fen in 64 bits, totals in 128, its own parser and its own digits. It is kept
//! short: it shows what the work costs without a language, and is no example of how to write one.
//!
//! ```text
//! yardstick w1 receipts.csv alloc.csv agg.csv
//! yardstick w2 receipts.csv enterprises.csv alloc.csv agg.csv
//! yardstick w3 salaries.csv withheld.csv agg.csv
//! ```
//!
//! With `forced` before them results are forced to their disk, as those of `fenshui` are.

mod lines;
mod receipts;
mod salaries;
mod text;
mod whole;

use std::fs::File;
use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    match run(&given) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(given: &[&str]) -> io::Result<()> {
    match *given {
        ["forced", ref given @ ..] => {
            run(given)?;
            let results = given.iter().rev().take(2);
            results.map(File::open).try_for_each(|file| file?.sync_data())
        }
        ["w1", receipts, alloc, agg] => receipts::plain(receipts, alloc, agg),
        ["w2", receipts, enterprises, alloc, agg] => {
            receipts::capped(receipts, enterprises, alloc, agg)
        }
        ["w3", salaries, withheld, agg] => salaries::withhold(salaries, withheld, agg),
        _ => Err(io::Error::other("expected w1, w2 or w3 and its files; see the source's head")),
    }
}
