//! `fenshui book prove`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::app::book::{self, Access, BookPlace};
use crate::book::Note;
use crate::formats::{read_text, write_text};

use super::super::console::Console;
use super::super::exit::Exit;
use super::Failed;

#[derive(Debug, Args)]
pub(super) struct ProveArgs {
    /// Numbers of entries
    #[arg(required = true, value_name = "ENTRY")]
    entries: Vec<u64>,
    /// The signed checkpoint that is to hold them [default: the latest that the book notes]
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Write it to a file [default: the standard output]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(console: &Console, place: &BookPlace, args: &ProveArgs) -> Result<Exit, Failed> {
    let checkpoint = match &args.checkpoint {
        Some(file) => Some(Note::parse(&read_text(Path::new(file))?)?),
        None => None,
    };
    let mut open = place.open(Access::Read)?;
    let text = book::prove(&mut open, &args.entries, checkpoint)?.to_string();
    match &args.out {
        Some(file) => write_text(file, &text)?,
        None => console.print(&text)?,
    }
    Ok(Exit::Done)
}
