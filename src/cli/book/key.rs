//! `fenshui book key`: keys in files, and those that sign for a book.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::app::book::{self, Access, BookPlace};
use crate::book::{KeyChange, SigningKey, VerifierKey};
use crate::diagnostics::Words;
use crate::formats::read_text;

use super::super::console::Console;
use super::super::exit::{Exit, Stop};
use super::Failed;
use super::secret::{self, PassphraseArgs};

#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    #[command(subcommand)]
    verb: KeyVerb,
}

#[derive(Debug, Subcommand)]
enum KeyVerb {
    /// Make a key in a new file that its owner alone can read; prints its public part
    New(NewArgs),
    /// Let keys sign for the book
    Add(WhichArgs),
    /// Let keys sign no more
    Retire(WhichArgs),
    /// Let a new key sign in the place of another
    Rotate(RotateArgs),
    /// List the keys that sign or signed for the book
    List,
    /// Print the public part of a key in a file
    Public(PublicArgs),
}

#[derive(Debug, Args)]
struct NewArgs {
    /// The file to make
    file: PathBuf,
    /// The name by which signatures call the key, such as finance.example/keeper
    #[arg(long)]
    name: String,
    /// Protect it by a passphrase
    #[arg(long)]
    passphrase: bool,
    #[command(flatten)]
    secret: PassphraseArgs,
}

#[derive(Debug, Args)]
struct WhichArgs {
    /// Key files, or verifier keys as `key new` prints them
    #[arg(required = true)]
    keys: Vec<String>,
    #[command(flatten)]
    secret: PassphraseArgs,
}

#[derive(Debug, Args)]
struct RotateArgs {
    /// The key that retires: a key file or a verifier key
    old: String,
    /// The key that signs from now on: a key file or a verifier key
    new: String,
    #[command(flatten)]
    secret: PassphraseArgs,
}

#[derive(Debug, Args)]
struct PublicArgs {
    /// A key file
    file: PathBuf,
    /// As a witness, whose signatures tell when it saw a checkpoint
    #[arg(long)]
    witness: bool,
    #[command(flatten)]
    secret: PassphraseArgs,
}

pub(super) fn run(
    console: &Console,
    place: &dyn Fn() -> Result<BookPlace, Stop>,
    args: &KeyArgs,
) -> Result<Exit, Failed> {
    let change = |changes: &[(KeyChange, VerifierKey)]| -> Result<Exit, Failed> {
        let mut open = place()?.open(Access::Write)?;
        book::change_keys(&mut open, changes, secret::now())?;
        Ok(Exit::Done)
    };
    match &args.verb {
        KeyVerb::New(own) => {
            let key = SigningKey::from_seed(&own.name, &secret::random()?)?;
            own.secret.save(console, &key, &own.file, own.passphrase)?;
            console.print(&format!("{}\n", key.verifier()))?;
            Ok(Exit::Done)
        }
        KeyVerb::Add(own) => change(&which(console, own, KeyChange::Added)?),
        KeyVerb::Retire(own) => change(&which(console, own, KeyChange::Retired)?),
        KeyVerb::Rotate(own) => {
            let old = verifier(console, &own.old, &own.secret)?;
            let new = verifier(console, &own.new, &own.secret)?;
            change(&[(KeyChange::Added, new), (KeyChange::Retired, old)])
        }
        KeyVerb::List => {
            for key in book::keys_of(&mut place()?.open(Access::Read)?)? {
                let retired = key.retired.map_or_else(String::new, |it| format!("..{it}"));
                console.print(&format!("{}{retired} {}\n", key.added, key.key))?;
            }
            Ok(Exit::Done)
        }
        KeyVerb::Public(own) => {
            let key = own.secret.load(console, &own.file)?;
            let public = if own.witness { key.witness() } else { key.verifier() };
            console.print(&format!("{public}\n"))?;
            Ok(Exit::Done)
        }
    }
}

fn which(
    console: &Console,
    args: &WhichArgs,
    change: KeyChange,
) -> Result<Vec<(KeyChange, VerifierKey)>, Failed> {
    let keys = args.keys.iter().map(|key| Ok((change, verifier(console, key, &args.secret)?)));
    keys.collect()
}

fn verifier(console: &Console, key: &str, secret: &PassphraseArgs) -> Result<VerifierKey, Failed> {
    match VerifierKey::parse(key) {
        Ok(key) => Ok(key),
        Err(_) if Path::new(key).exists() => Ok(secret.load(console, Path::new(key))?.verifier()),
        Err(error) => Err(error.into()),
    }
}

/// Verifier keys as arguments name them: the keys themselves, or files with one a line.
pub(super) fn verifiers(arguments: &[String]) -> Result<Vec<VerifierKey>, Failed> {
    let mut keys = Vec::new();
    for argument in arguments {
        match VerifierKey::parse(argument) {
            Ok(key) => keys.push(key),
            Err(_) if !Path::new(argument).exists() => return Err(no_key(argument).into()),
            Err(_) => {
                let text = read_text(Path::new(argument))?;
                for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                    keys.push(VerifierKey::parse(line)?);
                }
            }
        }
    }
    Ok(keys)
}

/// An argument that is neither a key nor a file with keys.
fn no_key(argument: &str) -> Stop {
    Stop::error(
        Words::new(
            format!("`{argument}` is no verifier key, and there is no such file"),
            format!("「{argument}」不是验证密钥，也没有这个文件"),
        ),
        Some(Words::new(
            "name a file with one key a line, or write a key as `fenshui book key public FILE` \
             prints it",
            "请指定每行一个密钥的文件，或按 fenshui book key public 文件 所打印的写出密钥",
        )),
    )
}
