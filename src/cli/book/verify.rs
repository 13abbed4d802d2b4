//! `fenshui book verify`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::app::book::{self, Access, BookPlace, Held, KeptKey, Verified};
use crate::book::{KeyChange, NoteError, Signer, VerifierKey};
use crate::diagnostics::{Language, Words};
use crate::report::book::{damage_words, note_words};

use super::super::console::Console;
use super::super::exit::Exit;
use super::{AnswerFormat, Failed, notes};

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// A checkpoint that was kept outside of the book; may be given again
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// A verifier key that is trusted, or a file with one a line [default: those the book names]
    #[arg(long, value_name = "KEY")]
    trust: Vec<String>,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

pub(super) fn run(console: &Console, place: &BookPlace, args: &VerifyArgs) -> Result<Exit, Failed> {
    let trusted = super::key::verifiers(&args.trust)?;
    let note = |file: &PathBuf| Ok(notes::checkpoint_in(file)?.to_string());
    let given = args.checkpoint.iter().map(note).collect::<Result<Vec<String>, Failed>>()?;
    let mut open = place.open(Access::Read)?;
    let verified = book::verify(&mut open, &given, &trusted)?;
    match args.format {
        AnswerFormat::Table => console.print(&text(console, &verified, &args.checkpoint))?,
        AnswerFormat::Json => console
            .print(&format!("{:#}\n", record(&verified, &args.checkpoint, console.language)))?,
    }
    Ok(if verified.holds() { Exit::Done } else { Exit::Failed })
}

fn text(console: &Console, verified: &Verified, given: &[PathBuf]) -> String {
    let said = &verified.verification;
    let mut out = format!(
        "{} {}\n{} {}\n",
        console.pick("entries", "条数"),
        said.root.size,
        console.pick("root", "树根"),
        said.root.digest
    );
    for (held, file) in with_files(verified, given) {
        out.push_str(&checkpoint_line(console, held, file));
        if let Some(words) = behind(held, said.root.size) {
            out.push_str(words.in_language(console.language));
        }
    }
    out.push_str(&keys_text(console, verified));
    if !said.moments_back.is_empty() {
        let words = match said.moments_back.len() {
            1 => console.pick(
                "entry whose moment stands before that of an earlier one (clocks differ)",
                "条的时刻早于其前的条（时钟不一）",
            ),
            _ => console.pick(
                "entries whose moments stand before those of earlier ones (clocks differ)",
                "条的时刻早于其前的条（时钟不一）",
            ),
        };
        out.push_str(&format!("{} {words}\n", said.moments_back.len()));
    }
    let damage = console.pick("damage", "损坏");
    for found in &said.damages {
        let found = damage_words(found);
        out.push_str(&format!("{damage}: {}\n", found.in_language(console.language)));
    }
    if said.untold > 0 {
        out.push_str(&format!("{damage}: {} {}\n", said.untold, console.pick("more", "处未列出")));
    }
    out.push_str(match verified.holds() {
        true => console.pick("all holds\n", "全部相符\n"),
        false => console.pick("something does not hold\n", "有不符之处\n"),
    });
    out
}

/// The checkpoints, those given with their files: they stand in the order in which they were given.
fn with_files<'v>(
    verified: &'v Verified,
    given: &'v [PathBuf],
) -> impl Iterator<Item = (&'v Held, Option<&'v Path>)> {
    let mut files = given.iter();
    verified.held.iter().map(move |held| match held.entry {
        Some(_) => (held, None),
        None => (held, files.next().map(PathBuf::as_path)),
    })
}

fn checkpoint_line(console: &Console, held: &Held, file: Option<&Path>) -> String {
    let place = match (held.entry, file.map(Path::display)) {
        (Some(entry), _) => {
            Words::new(format!("checkpoint in entry {entry}"), format!("第 {entry} 条的检查点"))
        }
        (None, Some(file)) => {
            Words::new(format!("checkpoint `{file}`"), format!("检查点「{file}」"))
        }
        (None, None) => Words::new("checkpoint given", "所给检查点"),
    };
    let size = held.checkpoint.as_ref().map(|it| it.root.size);
    let size = match size {
        Some(size) => Words::new(format!(" of {size}"), format!("（共 {size} 条）")),
        None => Words::new("", ""),
    };
    let by: Vec<String> = held.signed.iter().map(ToString::to_string).collect();
    let said = match &held.wrong {
        None => {
            let by = by.join(", ");
            Words::new(format!("signed by {by}"), format!("签名 {by}"))
        }
        Some(wrong) => note_words(wrong),
    };
    let words = Words::new(
        format!("{}{}: {}\n", place.en, size.en, said.en),
        format!("{}{}：{}\n", place.zh, size.zh, said.zh),
    );
    words.in_language(console.language).to_owned()
}

/// That a checkpoint which no key of the book has signed is of more than the book has: those keys may
/// be among what is not there any more.
fn behind(held: &Held, size: u64) -> Option<Words> {
    let of = held.checkpoint.as_ref()?.root.size;
    let cut = matches!(held.wrong, Some(NoteError::NotSigned)) && of > size;
    cut.then(|| {
        Words::new(
            format!(
                "  it is of {of} entries, and the book has {size}: its end may be cut off, and with it the \
                 keys that signed; `--trust KEY` goes by keys that you have\n"
            ),
            format!(
                "  其所依账簿有 {of} 条，而现有 {size} 条：末尾可能已被截去，签名密钥亦在其中；\
                 用 --trust 密钥 可按自备的密钥核对\n"
            ),
        )
    })
}

/// Whose word the signatures go by, and which keys stand in the book beside them.
fn keys_text(console: &Console, verified: &Verified) -> String {
    let mut out = String::new();
    let mut say = |words: Words| out.push_str(words.in_language(console.language));
    for (entry, signer) in &verified.unsigned {
        say(unsigned_words(*entry, signer));
    }
    for key in verified.strangers() {
        let (called, added) = (key.key.called(), key.added);
        say(Words::new(
            format!("the book names `{called}` in entry {added}, which you do not trust\n"),
            format!("第 {added} 条所载密钥「{called}」不在所信密钥之列\n"),
        ));
    }
    let (upto, size) = (verified.signed_upto(), verified.verification.root.size);
    match (verified.trusted.is_empty(), upto) {
        (true, 0) => {}
        (true, _) => say(Words::new(
            "the keys are the book's own word: `--trust KEY` goes by keys that you have\n",
            "密钥以账簿自载为准：用 --trust 密钥 可按自备的密钥核对\n",
        )),
        (false, 0) => say(Words::new(
            "nothing here is signed by a key that you trust\n",
            "没有任何内容由所信密钥签名\n",
        )),
        (false, _) if upto > size => say(Words::new(
            format!("signed by keys that you trust: {upto} entries, and the book has {size}\n"),
            format!("由所信密钥签名：{upto} 条，而账簿现有 {size} 条\n"),
        )),
        (false, _) => say(Words::new(
            format!("signed by keys that you trust: {upto} of {size} entries\n"),
            format!("由所信密钥签名：{size} 条中的前 {upto} 条\n"),
        )),
    }
    out
}

/// A change of keys whose signature the book does not hold.
pub(super) fn unsigned_words(entry: u64, signer: &Signer) -> Words {
    let key = VerifierKey::parse(&signer.key);
    let called = key.map_or_else(|_| signer.key.clone(), |key| key.called());
    let (en, zh) = match signer.change {
        KeyChange::Added => ("is to sign", "登记密钥"),
        KeyChange::Retired => ("is to sign no more", "停用密钥"),
    };
    Words::new(
        format!(
            "entry {entry}: `{called}` {en}, which no key that signs for the book has signed: of no \
             effect\n"
        ),
        format!("第 {entry} 条：{zh}「{called}」，未经本账簿的签名密钥签名，不生效\n"),
    )
}

/// The same for programs.
pub(super) fn unsigned_record(unsigned: &[(u64, Signer)]) -> serde_json::Value {
    let change = |change: KeyChange| match change {
        KeyChange::Added => "added",
        KeyChange::Retired => "retired",
    };
    let told = unsigned
        .iter()
        .map(|(entry, it)| json!({ "entry": entry, "key": it.key, "change": change(it.change) }));
    told.collect()
}

fn record(verified: &Verified, given: &[PathBuf], language: Language) -> serde_json::Value {
    let said_so = |words: &Words| words.in_language(language).to_owned();
    let said = &verified.verification;
    let held = with_files(verified, given).map(|(it, file)| {
        json!({
            "entry": it.entry,
            "file": file.map(|file| file.display().to_string()),
            "size": it.checkpoint.as_ref().map(|it| it.root.size),
            "signed_by": it.signed.iter().map(ToString::to_string).collect::<Vec<String>>(),
            "wrong": it.wrong.as_ref().map(|it| said_so(&note_words(it))),
        })
    });
    let signer = |it: &KeptKey| {
        let trusted = verified.trusted.contains(&it.key);
        json!({
            "key": it.key.to_string(), "added": it.added, "retired": it.retired,
            "trusted": (!verified.trusted.is_empty()).then_some(trusted),
        })
    };
    json!({
        "entries": said.root.size,
        "root": said.root.digest.to_string(),
        "checkpoints": held.collect::<serde_json::Value>(),
        "keys": if verified.trusted.is_empty() { "named by the book" } else { "trusted" },
        "signed_upto": verified.signed_upto(),
        "signers": verified.keys.iter().map(signer).collect::<serde_json::Value>(),
        "unsigned_key_changes": unsigned_record(&verified.unsigned),
        "damages": said.damages.iter().map(|it| said_so(&damage_words(it))).collect::<Vec<String>>(),
        "damages_not_listed": said.untold,
        "holds": verified.holds(),
    })
}
