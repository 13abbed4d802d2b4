//! `fenshui book prove`.

use std::path::PathBuf;

use clap::Args;

use crate::app::book::{self, Access};
use crate::book::Note;
use crate::formats::{read_text, write_text};

use super::super::console::Console;
use super::super::exit::Exit;
use super::super::places::Source;
use super::Failed;
use super::entries::EntriesArgs;
use super::place::{Named, check_outputs};

#[derive(Debug, Args)]
pub(super) struct ProveArgs {
    #[command(flatten)]
    entries: EntriesArgs,
    /// Prove instead that the book still begins with what this older signed checkpoint is of
    #[arg(long, value_name = "FILE", conflicts_with_all = ["entries", "event"])]
    consistency: Option<PathBuf>,
    /// The signed checkpoint that is to hold them [default: the latest that the book notes]
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Write it to a file [default: the standard output]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over a file that is there already
    #[arg(long, requires = "out")]
    replace: bool,
}

pub(super) fn run(console: &Console, named: &Named, args: &ProveArgs) -> Result<Exit, Failed> {
    let place = &named.place;
    let notes = args.checkpoint.iter().chain(&args.consistency);
    let read = notes.map(|file| Source::new(file, "the checkpoint", "检查点文件"));
    check_outputs(named, args.out.as_slice(), args.replace, read.collect())?;
    let note = |file: &PathBuf| -> Result<Note, Failed> { Ok(Note::parse(&read_text(file)?)?) };
    let checkpoint = args.checkpoint.as_ref().map(note).transpose()?;
    let older = args.consistency.as_ref().map(note).transpose()?;
    let mut open = place.open(Access::Read)?;
    let text = match older {
        Some(older) => book::prove_continuation(&mut open, &older, checkpoint)?.to_string(),
        None => {
            let numbers = args.entries.numbers(console, &mut open)?;
            book::prove(&mut open, &numbers, checkpoint)?.to_string()
        }
    };
    match &args.out {
        Some(file) => write_text(file, &text)?,
        None => console.print(&text)?,
    }
    Ok(Exit::Done)
}
