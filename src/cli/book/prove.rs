//! `fenshui book prove`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, json};

use crate::app::book::{self, Access};

use super::super::console::Console;
use super::super::exit::Exit;
use super::super::places::Source;
use super::entries::EntriesArgs;
use super::place::{Named, check_outputs};
use super::{AnswerFormat, Failed, notes, written};

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
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

pub(super) fn run(console: &Console, named: &Named, args: &ProveArgs) -> Result<Exit, Failed> {
    let place = &named.place;
    let notes = args.checkpoint.iter().chain(&args.consistency);
    let read = notes.map(|file| Source::new(file, "the checkpoint", "检查点文件"));
    check_outputs(named, args.out.as_slice(), args.replace, read.collect())?;
    let note = |file: &PathBuf| notes::checkpoint_in(file);
    let checkpoint = args.checkpoint.as_ref().map(note).transpose()?;
    let older = args.consistency.as_ref().map(note).transpose()?;
    let mut open = place.open(Access::Read)?;
    let (text, of) = match older {
        Some(older) => {
            let proof = book::prove_continuation(&mut open, &older, checkpoint)?;
            let [older, newer] = proof.checkpoints().map(notes::record);
            (proof.to_string(), [("older", json!(older?)), ("checkpoint", json!(newer?))])
        }
        None => {
            let numbers = args.entries.numbers(console, &mut open)?;
            let bundle = book::prove(&mut open, &numbers, checkpoint)?;
            let proven = bundle.entries().collect::<Vec<u64>>();
            let checkpoint = notes::record(bundle.checkpoint())?;
            (bundle.to_string(), [("entries", json!(proven)), ("checkpoint", json!(checkpoint))])
        }
    };
    let mut record = Map::from_iter(of.map(|(name, value)| (name.to_owned(), value)));
    record.insert("bundle".to_owned(), json!(text));
    written(console, args.out.as_deref(), args.format, text, record)?;
    Ok(Exit::Done)
}
