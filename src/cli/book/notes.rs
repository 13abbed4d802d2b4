//! Checkpoints in files, and what programs are told of one.

use std::path::Path;

use serde_json::{Map, Value as Json, json};

use crate::app::book::BookTrouble;
use crate::book::{Checkpoint, Note, Signature};
use crate::diagnostics::Words;
use crate::formats::read_text;
use crate::report::book::note_words;

use super::super::exit::Stop;
use super::Failed;
use super::secret::without_mark;

/// The checkpoint in a file.
pub(super) fn checkpoint_in(file: &Path) -> Result<Note, Failed> {
    let text = read_text(file)?;
    no_bundle(file, &text)?;
    let note =
        Note::parse(without_mark(&text)).and_then(|note| Checkpoint::of(&note).map(|_| note));
    Ok(note.map_err(|error| {
        let (file, why) = (file.display(), note_words(&error));
        Stop::error(
            Words::new(format!("`{file}`: {}", why.en), format!("「{file}」：{}", why.zh)),
            Some(Words::new(
                "`fenshui book checkpoint --sign KEY --out FILE` writes one",
                "用 fenshui book checkpoint --sign 密钥 --out 文件 生成",
            )),
        )
    })?)
}

/// A bundle carries signatures too, of which none is of its whole text.
fn no_bundle(file: &Path, text: &str) -> Result<(), BookTrouble> {
    if !["fenshui.proof/", "fenshui.consistency/"].iter().any(|it| text.starts_with(it)) {
        return Ok(());
    }
    let file = file.display();
    Err(BookTrouble::said(
        Words::new(
            format!("`{file}` is no checkpoint but a proof bundle"),
            format!("「{file}」不是检查点，而是证明包"),
        ),
        Some(Words::new(
            "`fenshui-verify` checks a bundle; what `fenshui book checkpoint --sign KEY --out FILE` \
             wrote belongs here",
            "证明包用 fenshui-verify 核对；此处应为 \
             fenshui book checkpoint --sign 密钥 --out 文件 所写的检查点",
        )),
    ))
}

/// A checkpoint as it stands: what it is of, and in whose names it is signed.
pub(super) fn record(note: &Note) -> Result<Map<String, Json>, Failed> {
    let checkpoint = Checkpoint::of(note)?;
    let signatures = note.signatures.iter().map(Signature::called);
    let record = [
        ("origin", json!(checkpoint.origin)),
        ("size", json!(checkpoint.root.size)),
        ("root", json!(checkpoint.root.digest.to_string())),
        ("signatures", signatures.collect()),
    ];
    Ok(Map::from_iter(record.map(|(name, value)| (name.to_owned(), value))))
}
