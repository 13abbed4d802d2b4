//! Checkpoints, who signs them, and verifying a book against them.

use crate::book::{
    Book, BookError, Checkpoint, CheckpointNote, Entry, KeyChange, Moment, Note, NoteError, Root,
    Signed, Signer, SigningKey, StoreError, Verification, VerifierKey,
};
use crate::diagnostics::Words;

use super::BookTrouble;

/// A key of the book's keepers, by its history in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptKey {
    /// The verifier key.
    pub key: String,
    /// The entry by which it began to sign.
    pub added: u64,
    /// The entry by which it ceased to.
    pub retired: Option<u64>,
}

/// A checkpoint that was held against the book.
#[derive(Debug)]
pub struct Held {
    /// The entry that holds it; none for one that was given.
    pub entry: Option<u64>,
    /// Its size and root, if it is one.
    pub checkpoint: Option<Checkpoint>,
    /// Who signed it, of those that are trusted.
    pub signed: Vec<Signed>,
    /// What is wrong with it as it stands, before the book is looked at.
    pub wrong: Option<NoteError>,
}

/// What verifying says.
#[derive(Debug)]
pub struct Verified {
    /// Of chain, tree, keys and checkpoints.
    pub verification: Verification,
    /// The checkpoints.
    pub held: Vec<Held>,
}

impl Verified {
    /// Whether all holds.
    pub fn holds(&self) -> bool {
        self.verification.damages.is_empty() && self.held.iter().all(|it| it.wrong.is_none())
    }
}

/// The checkpoint of a book as it stands.
///
/// # Errors
/// The book cannot be read.
pub fn checkpoint(book: &mut Book) -> Result<Checkpoint, BookTrouble> {
    let size = book.size()?;
    let root = Root { size, digest: book.root(size)? };
    Ok(Checkpoint { origin: book.opening().origin.clone(), root })
}

/// Signs the checkpoint of a book as it stands; the book notes it, if asked.
///
/// # Errors
/// A key is none of the book's; the book cannot be read or written.
pub fn sign(
    book: &mut Book,
    keys: &[SigningKey],
    learnt: Moment,
    record: bool,
) -> Result<Note, BookTrouble> {
    let kept = keys_of(book)?;
    for key in keys {
        let public = key.verifier().to_string();
        let signs = kept.iter().any(|it| it.key == public && it.retired.is_none());
        if !signs {
            return Err(BookTrouble::Refused(Box::new((
                Words::new(
                    format!("`{}` does not sign for this book", key.name()),
                    format!("「{}」不是本账簿的签名密钥", key.name()),
                ),
                Some(Words::new(
                    "`fenshui book key add` lets a key sign",
                    "用 fenshui book key add 登记密钥",
                )),
            ))));
        }
    }
    let mut note = checkpoint(book)?.note();
    keys.iter().for_each(|key| key.sign(&mut note));
    if record {
        let mut posting = book.begin()?;
        posting.checkpoint(&CheckpointNote { learnt, note: note.to_string() })?;
        posting.commit()?;
    }
    Ok(note)
}

/// Adds a witness's signature to a checkpoint, after holding it against the book at hand.
///
/// # Errors
/// It is no checkpoint, or one of another book, or of other entries than this book has.
pub fn cosign(
    book: &mut Book,
    note: &str,
    key: &SigningKey,
    at: Moment,
) -> Result<Note, BookTrouble> {
    let mut note = Note::parse(note)?;
    let seen = Checkpoint::of(&note)?;
    let mine = seen.origin == book.opening().origin
        && seen.root.size <= book.size()?
        && seen.root.digest == book.root(seen.root.size)?;
    if !mine {
        return Err(BookTrouble::Refused(Box::new((
            Words::new(
                "the checkpoint is not one of this book: it was not signed",
                "该检查点不属于本账簿，未签名",
            ),
            None,
        ))));
    }
    key.cosign(&mut note, u64::try_from(at.millis().div_euclid(1000)).unwrap_or(0));
    Ok(note)
}

/// The keys that sign or signed for a book.
///
/// # Errors
/// The book cannot be read.
pub fn keys_of(book: &mut Book) -> Result<Vec<KeptKey>, BookTrouble> {
    let mut keys: Vec<KeptKey> = Vec::new();
    for (number, entry) in book.entries_of(&["signer"])? {
        if let Entry::Signer(signer) = entry {
            take(&mut keys, number, &signer);
        }
    }
    Ok(keys)
}

fn take(keys: &mut Vec<KeptKey>, entry: u64, signer: &Signer) {
    let key = signer.key.clone();
    match signer.change {
        KeyChange::Added => keys.push(KeptKey { key, added: entry, retired: None }),
        KeyChange::Retired => {
            let open = keys.iter_mut().find(|it| it.key == key && it.retired.is_none());
            open.into_iter().for_each(|it| it.retired = Some(entry));
        }
    }
}

/// Notes in the book that keys begin or cease to sign, all at once.
///
/// # Errors
/// A key signs already, or does not; the book cannot be written.
pub fn change_keys(
    book: &mut Book,
    changes: &[(KeyChange, VerifierKey)],
    learnt: Moment,
) -> Result<(), BookTrouble> {
    let kept = keys_of(book)?;
    for (change, key) in changes {
        let public = key.to_string();
        let signs = kept.iter().any(|it| it.key == public && it.retired.is_none());
        let (en, zh) = match (change, signs) {
            (KeyChange::Added, true) => ("signs for this book already", "已在为本账簿签名"),
            (KeyChange::Retired, false) => ("does not sign for this book", "不是本账簿的签名密钥"),
            (KeyChange::Added, false) | (KeyChange::Retired, true) => continue,
        };
        return Err(BookTrouble::Refused(Box::new((
            Words::new(format!("`{}` {en}", key.name()), format!("「{}」{zh}", key.name())),
            None,
        ))));
    }
    let mut posting = book.begin()?;
    for (change, key) in changes {
        posting.signer(&Signer { learnt, change: *change, key: key.to_string() })?;
    }
    posting.commit()?;
    Ok(())
}

/// Verifies a book: chain, tree, keys; the checkpoints it holds, by the keys that signed for it then;
/// and checkpoints that somebody kept outside, by the keys he trusts.
///
/// # Errors
/// The store fails. Damage is no error but the answer.
pub fn verify(
    book: &mut Book,
    given: &[String],
    trusted: &[VerifierKey],
) -> Result<Verified, BookTrouble> {
    let (mut held, kept) = held_within(book)?;
    let own: Vec<VerifierKey>;
    let keys = if trusted.is_empty() {
        own = kept.iter().filter_map(parsed).collect();
        &own
    } else {
        trusted
    };
    for note in given {
        held.push(hold(None, note, keys));
    }
    let origin = book.opening().origin.clone();
    for it in &mut held {
        let foreign = it.checkpoint.as_ref().is_some_and(|it| it.origin != origin);
        if foreign && it.wrong.is_none() {
            it.wrong = Some(NoteError::NotACheckpoint("it is of another book"));
        }
    }
    let sound = held.iter().filter(|it| it.wrong.is_none());
    let roots: Vec<Root> =
        sound.filter_map(|it| it.checkpoint.as_ref()).map(|it| it.root).collect();
    Ok(Verified { verification: book.verify(&roots)?, held })
}

fn parsed(kept: &KeptKey) -> Option<VerifierKey> {
    VerifierKey::parse(&kept.key).ok()
}

/// The checkpoints that entries hold, and the keys of the book. An entry that cannot be read is for
/// verification to name.
fn held_within(book: &mut Book) -> Result<(Vec<Held>, Vec<KeptKey>), BookTrouble> {
    let (mut held, mut keys) = (Vec::new(), Vec::new());
    let entries = match book.readable_of(&["signer", "checkpoint"]) {
        Ok(entries) => entries,
        Err(BookError::Store(StoreError::Damaged { .. })) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    for (number, entry) in entries {
        match entry {
            Entry::Signer(signer) => take(&mut keys, number, &signer),
            Entry::Checkpoint(checkpoint) => {
                let in_force = keys.iter().filter(|it| it.retired.is_none());
                let in_force: Vec<VerifierKey> = in_force.filter_map(parsed).collect();
                held.push(hold(Some(number), &checkpoint.note, &in_force));
            }
            _ => {}
        }
    }
    Ok((held, keys))
}

fn hold(entry: Option<u64>, note: &str, keys: &[VerifierKey]) -> Held {
    match Checkpoint::open(note, keys) {
        Ok((checkpoint, signed)) => {
            Held { entry, checkpoint: Some(checkpoint), signed, wrong: None }
        }
        Err(wrong) => {
            let checkpoint = Note::parse(note).and_then(|note| Checkpoint::of(&note)).ok();
            Held { entry, checkpoint, signed: Vec::new(), wrong: Some(wrong) }
        }
    }
}
