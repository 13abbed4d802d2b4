//! `fenshui book checkpoint`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::app::book::{self, Access};
use crate::book::SigningKey;
use crate::formats::{read_text, write_text};

use super::super::console::Console;
use super::super::exit::Exit;
use super::super::places::Source;
use super::Failed;
use super::place::{Named, check_outputs};
use super::secret::{self, PassphraseArgs};

#[derive(Debug, Args)]
pub(super) struct CheckpointArgs {
    /// Sign it with this key, which must be one of the book's; may be given again
    #[arg(long, value_name = "FILE", conflicts_with = "cosign")]
    sign: Vec<PathBuf>,
    /// Do not note in the book that it was signed
    #[arg(long, requires = "sign")]
    no_record: bool,
    /// As a witness, hold the checkpoint of this file against the book, and sign it too
    #[arg(long, value_name = "FILE", requires = "witness")]
    cosign: Option<PathBuf>,
    /// The key of the witness
    #[arg(long, value_name = "FILE", requires = "cosign")]
    witness: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Write it to a file [default: the standard output]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over a file that is there already
    #[arg(long, requires = "out")]
    replace: bool,
}

pub(super) fn run(console: &Console, named: &Named, args: &CheckpointArgs) -> Result<Exit, Failed> {
    let place = &named.place;
    let keys = args.sign.iter().chain(&args.witness);
    let keys = keys.map(|file| Source::new(file, "a key", "密钥文件"));
    let note = args.cosign.iter().map(|file| Source::new(file, "the checkpoint", "检查点文件"));
    let read = keys.chain(note).chain(args.passphrase.source());
    check_outputs(named, args.out.as_slice(), args.replace, read.collect())?;
    let text = if let (Some(note), Some(witness)) = (&args.cosign, &args.witness) {
        let note = read_text(Path::new(note))?;
        let key = args.passphrase.load(console, witness)?;
        let mut open = place.open(Access::Read)?;
        book::cosign(&mut open, &note, &key, secret::now())?.to_string()
    } else if args.sign.is_empty() {
        book::checkpoint(&mut place.open(Access::Read)?)?.note().text
    } else {
        let keys = args.sign.iter().map(|file| args.passphrase.load(console, file));
        let keys = keys.collect::<Result<Vec<SigningKey>, Failed>>()?;
        let access = if args.no_record { Access::Read } else { Access::Write };
        let mut open = place.open(access)?;
        book::sign(&mut open, &keys, secret::now, !args.no_record)?.to_string()
    };
    match &args.out {
        Some(file) => write_text(file, &text)?,
        None => console.print(&text)?,
    }
    Ok(Exit::Done)
}
