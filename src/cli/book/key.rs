//! `fenshui book key`: keys in files, and those that sign for a book.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

use crate::app::book::{self, Access, BookPlace, KeptKey, KeyChanges};
use crate::book::{KeyChange, NoteError, SigningKey, VerifierKey};
use crate::diagnostics::Words;
use crate::formats::read_text;
use crate::report::book::note_words;

use super::super::console::Console;
use super::super::exit::{Exit, Stop};
use super::secret::{self, PassphraseArgs};
use super::{AnswerFormat, Failed};

#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    #[command(subcommand)]
    verb: KeyVerb,
}

#[derive(Debug, Subcommand)]
enum KeyVerb {
    /// Make a key in a new file that its owner alone can read; prints its public part
    New(NewArgs),
    /// Let keys sign for the book; but for its first key, one that signs already signs the change
    Add(AddArgs),
    /// Let keys sign no more; one that signs, these too, signs the change
    Retire(RetireArgs),
    /// Let a new key sign in the place of another, which signs the change
    Rotate(RotateArgs),
    /// List the keys that sign or signed for the book
    List(ListArgs),
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
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

#[derive(Debug, Args)]
struct AddArgs {
    /// Key files, verifier keys as `key new` prints them, or files of those
    #[arg(required = true)]
    keys: Vec<String>,
    #[command(flatten)]
    sign: SignArgs,
}

#[derive(Debug, Args)]
struct RetireArgs {
    /// Key files, verifier keys as `key new` prints them, or files of those
    #[arg(required = true)]
    keys: Vec<String>,
    /// Also if no key is left that signs for the book: none can be added any more
    #[arg(long)]
    last: bool,
    #[command(flatten)]
    sign: SignArgs,
}

/// Who signs a change of keys.
#[derive(Debug, Args)]
struct SignArgs {
    /// The file of a key that signs for the book and signs this [default: the key files named]
    #[arg(long, value_name = "FILE")]
    sign: Vec<PathBuf>,
    #[command(flatten)]
    secret: PassphraseArgs,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

#[derive(Debug, Args)]
struct RotateArgs {
    /// The key that retires: a key file, a verifier key, or a file of it
    old: String,
    /// The key that signs from now on: a key file, a verifier key, or a file of it
    new: String,
    #[command(flatten)]
    sign: SignArgs,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
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
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

pub(super) fn run(
    console: &Console,
    place: &dyn Fn() -> Result<BookPlace, Stop>,
    args: &KeyArgs,
) -> Result<Exit, Failed> {
    let change = |changes: &[(KeyChange, &str)], sign: &SignArgs, last| -> Result<Exit, Failed> {
        let changes = changed(console, changes, sign, last)?;
        let mut open = place()?.open(Access::Write)?;
        book::change_keys(&mut open, &changes, secret::now)?;
        if sign.format == AnswerFormat::Json {
            let mut kept = book::keys_of(&mut open)?;
            kept.retain(|it| changes.changes.iter().any(|(_, key)| *key == it.key));
            console
                .print(&kept.iter().map(|it| format!("{}\n", record(it))).collect::<String>())?;
        }
        Ok(Exit::Done)
    };
    match &args.verb {
        KeyVerb::New(own) => {
            let key = SigningKey::from_seed(&own.name, &secret::random()?)?;
            own.secret.save(console, &key, &own.file, own.passphrase)?;
            printed(console, own.format, &key.verifier(), &own.file)
        }
        KeyVerb::Add(own) => change(&each(&own.keys, KeyChange::Added), &own.sign, false),
        KeyVerb::Retire(own) => change(&each(&own.keys, KeyChange::Retired), &own.sign, own.last),
        KeyVerb::Rotate(own) => {
            let changes = [(KeyChange::Added, &*own.new), (KeyChange::Retired, &*own.old)];
            change(&changes, &own.sign, false)
        }
        KeyVerb::List(own) => {
            for key in book::keys_of(&mut place()?.open(Access::Read)?)? {
                let retired = key.retired.map_or_else(String::new, |it| format!("..{it}"));
                let text = format!("{}{retired} {}\n", key.added, key.key);
                console.print(&own.format.choose(text, &record(&key)))?;
            }
            Ok(Exit::Done)
        }
        KeyVerb::Public(own) => {
            let key = own.secret.load(console, &own.file)?;
            let public = if own.witness { key.witness() } else { key.verifier() };
            printed(console, own.format, &public, &own.file)
        }
    }
}

/// Prints the public part of a key in a file.
fn printed(
    console: &Console,
    format: AnswerFormat,
    key: &VerifierKey,
    file: &Path,
) -> Result<Exit, Failed> {
    let key = key.to_string();
    let record = json!({ "key": key, "file": file.display().to_string() });
    console.print(&format.choose(format!("{key}\n"), &record))?;
    Ok(Exit::Done)
}

fn record(key: &KeptKey) -> Json {
    json!({ "key": key.key.to_string(), "added": key.added, "retired": key.retired })
}

/// The same change of several keys.
fn each(keys: &[String], change: KeyChange) -> Vec<(KeyChange, &str)> {
    keys.iter().map(|key| (change, key.as_str())).collect()
}

/// The changes, and the keys at hand that may sign them: those of the files named.
fn changed(
    console: &Console,
    named: &[(KeyChange, &str)],
    sign: &SignArgs,
    last: bool,
) -> Result<KeyChanges, Failed> {
    let (mut changes, mut by) = (Vec::new(), Vec::new());
    for (change, key) in named {
        let verifiers = match (VerifierKey::parse(key), public_in(key)) {
            (Ok(key), _) => vec![key],
            (Err(_), Some(keys)) => keys,
            (Err(_), None) if Path::new(key).exists() => {
                let key = sign.secret.load(console, Path::new(key))?;
                let verifier = key.verifier();
                by.push(key);
                vec![verifier]
            }
            (Err(_), None) => return Err(no_key(key).into()),
        };
        changes.extend(verifiers.into_iter().map(|key| (*change, key)));
    }
    for file in &sign.sign {
        let key = sign.secret.load(console, file)?;
        if by.iter().all(|other| other.verifier() != key.verifier()) {
            by.push(key);
        }
    }
    Ok(KeyChanges { changes, by, last })
}

/// The verifier keys in a file, if it holds nothing else; one with a secret holds none.
fn public_in(file: &str) -> Option<Vec<VerifierKey>> {
    let text = read_text(Path::new(file)).ok()?;
    let lines = secret::without_mark(&text).lines().map(str::trim);
    let keys = lines.filter(|line| !line.is_empty()).map(VerifierKey::parse);
    keys.collect::<Result<Vec<VerifierKey>, NoteError>>().ok().filter(|keys| !keys.is_empty())
}

/// Verifier keys as arguments name them: the keys themselves, or files with one a line.
pub(super) fn verifiers(arguments: &[String]) -> Result<Vec<VerifierKey>, Failed> {
    let mut keys = Vec::new();
    for argument in arguments {
        match VerifierKey::parse(argument) {
            Ok(key) => keys.push(key),
            Err(_) if !Path::new(argument).exists() => return Err(no_key(argument).into()),
            Err(_) => {
                let (text, before) = (read_text(Path::new(argument))?, keys.len());
                for (at, line) in (1..).zip(secret::without_mark(&text).lines().map(str::trim)) {
                    if !line.is_empty() {
                        let key = VerifierKey::parse(line);
                        keys.push(key.map_err(|why| not_in_line(argument, at, &why))?);
                    }
                }
                // Nobody is to be trusted less than whoever named the file thinks.
                if keys.len() == before {
                    return Err(holds_none(argument).into());
                }
            }
        }
    }
    Ok(keys)
}

/// A file in which keys were expected.
fn holds_none(file: &str) -> Stop {
    Stop::error(
        Words::new(format!("`{file}` holds no key"), format!("「{file}」中没有密钥")),
        Some(one_a_line()),
    )
}

/// A line that should have been a key.
fn not_in_line(file: &str, line: u32, why: &NoteError) -> Stop {
    let why = note_words(why);
    Stop::error(
        Words::new(format!("{file}:{line}: {}", why.en), format!("{file}:{line}: {}", why.zh)),
        Some(one_a_line()),
    )
}

fn one_a_line() -> Words {
    Words::new(
        "write one a line into it, as `fenshui book key public FILE` prints them",
        "请按 fenshui book key public 文件 所打印的，每行写入一个密钥",
    )
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
             prints it; `fenshui book key new` makes one",
            "请指定每行一个密钥的文件，或按 fenshui book key public 文件 所打印的写出密钥；\
             用 fenshui book key new 生成密钥",
        )),
    )
}
