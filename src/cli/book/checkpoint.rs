//! `fenshui book checkpoint`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::app::book::{self, Access, KeptKey};
use crate::book::SigningKey;
use crate::diagnostics::Words;

use super::super::console::Console;
use super::super::exit::Exit;
use super::super::places::Source;
use super::place::{Named, check_outputs};
use super::secret::{self, PassphraseArgs};
use super::{AnswerFormat, Failed, notes, written};

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
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

pub(super) fn run(console: &Console, named: &Named, args: &CheckpointArgs) -> Result<Exit, Failed> {
    let place = &named.place;
    let keys = args.sign.iter().chain(&args.witness);
    let keys = keys.map(|file| Source::new(file, "a key", "密钥文件"));
    let note = args.cosign.iter().map(|file| Source::new(file, "the checkpoint", "检查点文件"));
    let read = keys.chain(note).chain(args.passphrase.source());
    check_outputs(named, args.out.as_slice(), args.replace, read.collect())?;
    let note = if let (Some(note), Some(witness)) = (&args.cosign, &args.witness) {
        let note = notes::checkpoint_in(note)?;
        let key = args.passphrase.load(console, witness)?;
        let mut open = place.open(Access::Read)?;
        let note = book::cosign(&mut open, &note.to_string(), &key, secret::now())?;
        say_own(console, &book::keys_of(&mut open)?, &key);
        note
    } else if args.sign.is_empty() {
        book::checkpoint(&mut place.open(Access::Read)?)?.note()
    } else {
        let keys = args.sign.iter().map(|file| args.passphrase.load(console, file));
        let keys = keys.collect::<Result<Vec<SigningKey>, Failed>>()?;
        let access = if args.no_record { Access::Read } else { Access::Write };
        let mut open = place.open(access)?;
        book::sign(&mut open, &keys, secret::now, !args.no_record)?
    };
    let mut record = notes::record(&note)?;
    // What nobody signed is the text that would be signed.
    let text = if note.signatures.is_empty() { note.text } else { note.to_string() };
    record.insert("note".to_owned(), json!(text));
    written(console, args.out.as_deref(), args.format, text, record)?;
    Ok(Exit::Done)
}

/// Says that a witness signs for the book himself.
fn say_own(console: &Console, kept: &[KeptKey], witness: &SigningKey) {
    let signs = |it: &&KeptKey| it.retired.is_none() && witness.is_secret_of(&it.key);
    let Some(key) = kept.iter().find(signs).map(|it| it.key.called()) else { return };
    console.note(&Words::new(
        format!("`{key}` signs for this book itself: as a witness it adds no second pair of eyes"),
        format!("「{key}」就是本账簿的签名密钥：由它见证，并无第二人核对"),
    ));
}
