//! `fenshui book init`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::app::book::{self, BookPlace, KeyChanges};
use crate::book::{KeyChange, SigningKey};

use super::super::console::Console;
use super::super::exit::Exit;
use super::place::say_left_behind;
use super::secret::{self, PassphraseArgs};
use super::{AnswerFormat, Failed};

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The name by which checkpoints call the book, such as finance.example/books/2016
    #[arg(long)]
    name: String,
    /// A key that signs for the book; made if there is no such file
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

pub(super) fn run(console: &Console, place: &BookPlace, args: &InitArgs) -> Result<Exit, Failed> {
    let now = secret::now();
    let key = match &args.key {
        None => None,
        Some(file) if file.exists() => Some(args.passphrase.load(console, file)?),
        Some(_) => Some(SigningKey::from_seed(&args.name, &secret::random()?)?),
    };
    say_left_behind(console, place);
    let mut made = place.create(&args.name, now)?;
    if let (Some(key), Some(file)) = (&key, &args.key) {
        if !file.exists() {
            args.passphrase.save(console, key, file, false)?;
        }
        let changes = vec![(KeyChange::Added, key.verifier())];
        let changes = KeyChanges { changes, by: Vec::new(), last: false };
        book::change_keys(&mut made, &changes, secret::now)?;
    }
    let key = key.map(|key| key.verifier().to_string());
    let text = key.iter().map(|key| format!("{key}\n")).collect();
    let checkpoint = book::checkpoint(&mut made)?;
    let record = json!({
        "origin": checkpoint.origin, "size": checkpoint.root.size,
        "root": checkpoint.root.digest.to_string(), "key": key,
    });
    console.print_kept(&args.format.choose(text, &record))?;
    Ok(Exit::Done)
}
