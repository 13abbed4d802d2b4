//! The text of a bundle taken apart.

use base64ct::{Base64, Encoding};

use crate::note::{Checkpoint, number as written};
use crate::reader::{Fault, Reader};
use crate::tree::Digest;
use crate::{Unreadable, unreadable};

pub(crate) struct Bundle<'t> {
    pub(crate) entries: Vec<Entry>,
    pub(crate) checkpoint: Checkpoint<'t>,
}

pub(crate) struct Entry {
    pub(crate) number: u64,
    pub(crate) kind: u8,
    pub(crate) previous: Digest,
    pub(crate) body: Vec<u8>,
    pub(crate) proof: Vec<Digest>,
}

const HEAD: &str = "fenshui.proof/1\n";

impl<'t> Bundle<'t> {
    pub(crate) fn parse(text: &'t str) -> Result<Bundle<'t>, Unreadable> {
        let Some(rest) = text.strip_prefix(HEAD) else {
            return unreadable("it is no proof bundle of version 1", "不是第 1 版的证明包");
        };
        let Some((lines, note)) = rest.split_once("\n\n") else {
            return unreadable("it has no checkpoint", "没有检查点");
        };
        let mut lines = lines.split('\n').peekable();
        let mut entries: Vec<Entry> = Vec::new();
        while let Some(line) = lines.next() {
            let head = line.strip_prefix("entry ").and_then(|head| head.split_once(' '));
            let numbers = head.and_then(|(number, kind)| {
                Some((written(number)?, u8::try_from(written(kind)?).ok()?))
            });
            let Some((number, kind)) = numbers else {
                return unreadable(
                    format!("expected `entry NUMBER KIND`, found `{line}`"),
                    format!("此处应为「entry 条号 类别」，而是「{line}」"),
                );
            };
            ascends(entries.last(), number)?;
            let previous = digest(&bytes(lines.next(), "previous ")?)?;
            let body = bytes(lines.next(), "body ")?;
            let mut proof = Vec::new();
            while let Some(line) = lines.next_if(|line| line.starts_with("proof ")) {
                proof.push(digest(&bytes(Some(line), "proof ")?)?);
            }
            entries.push(Entry { number, kind, previous, body, proof });
        }
        if entries.is_empty() {
            return unreadable("it has no entries", "没有条目");
        }
        Ok(Bundle { entries, checkpoint: Checkpoint::parse(note)? })
    }

    /// An entry that the bundle has.
    pub(crate) fn entry(&self, number: u64) -> Option<&Entry> {
        let at = self.entries.binary_search_by_key(&number, |entry| entry.number).ok();
        at.and_then(|at| self.entries.get(at))
    }

    /// The entries before a number that the bundle has.
    pub(crate) fn before(&self, number: u64) -> &[Entry] {
        let end = self.entries.partition_point(|entry| entry.number < number);
        self.entries.get(..end).unwrap_or_default()
    }
}

impl Entry {
    /// What it says.
    pub(crate) fn read<'e, T>(
        &'e self,
        read: impl FnOnce(&mut Reader<'e>) -> Result<T, Fault>,
    ) -> Result<T, Unreadable> {
        read(&mut Reader(&self.body)).map_err(|fault| fault.of(self.number))
    }
}

/// Two checkpoints, and the digests that lead from one to the other.
pub(crate) struct Continuation<'t> {
    pub(crate) proof: Vec<Digest>,
    pub(crate) older: Checkpoint<'t>,
    pub(crate) newer: Checkpoint<'t>,
}

const CONTINUATION: &str = "fenshui.consistency/1\n";

impl<'t> Continuation<'t> {
    /// Whether a text begins as one.
    pub(crate) fn is(text: &str) -> bool {
        text.starts_with(CONTINUATION)
    }

    pub(crate) fn parse(text: &'t str) -> Result<Continuation<'t>, Unreadable> {
        let Some(rest) = text.strip_prefix(CONTINUATION) else {
            return unreadable(
                "it is no proof of consistency of version 1",
                "不是第 1 版的延续证明",
            );
        };
        // The first blank line may follow the head at once: two trees of one size need no proof.
        let (lines, notes) = match rest.strip_prefix('\n') {
            Some(notes) => ("", notes),
            None => rest.split_once("\n\n").unwrap_or((rest, "")),
        };
        let proof = lines.split('\n').filter(|_| !lines.is_empty());
        let proof = proof.map(|line| digest(&bytes(Some(line), "proof ")?));
        let proof = proof.collect::<Result<Vec<Digest>, Unreadable>>()?;
        // A checkpoint has no blank line but the one before its signatures.
        let mut blanks = notes.match_indices("\n\n").map(|(at, _)| at);
        let between = blanks.nth(1);
        let parted = between.and_then(|at| notes.split_at_checked(at + 1));
        let Some((older, newer)) = parted.filter(|_| blanks.count() == 1) else {
            return unreadable("it has not two checkpoints", "没有两个检查点");
        };
        let newer = newer.strip_prefix('\n').unwrap_or(newer);
        let (older, newer) = (Checkpoint::parse(older)?, Checkpoint::parse(newer)?);
        Ok(Continuation { proof, older, newer })
    }
}

/// Holds that an entry comes after the one before it in the bundle.
fn ascends(last: Option<&Entry>, number: u64) -> Result<(), Unreadable> {
    match last.map(|last| last.number).filter(|last| number <= *last) {
        None => Ok(()),
        Some(last) => unreadable(
            format!("entries ascend by number, each once: entry {number} follows entry {last}"),
            format!("条目应按条号递增，每条一次：第 {last} 条之后是第 {number} 条"),
        ),
    }
}

fn bytes(line: Option<&str>, word: &str) -> Result<Vec<u8>, Unreadable> {
    let decoded = line.and_then(|line| line.strip_prefix(word));
    let decoded = decoded.and_then(|text| Base64::decode_vec(text).ok());
    let word = word.trim();
    decoded.map_or_else(
        || {
            let en = format!("expected `{word}` and base64");
            unreadable(en, format!("此处应为「{word}」和 base64"))
        },
        Ok,
    )
}

fn digest(bytes: &[u8]) -> Result<Digest, Unreadable> {
    Digest::try_from(bytes).or_else(|_| unreadable("a digest has 32 bytes", "摘要应为 32 字节"))
}
