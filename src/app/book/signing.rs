//! Signing for a book: checkpoints, and who may sign them.
//!
//! Whoever signs says that the book is what it was. So the whole of it is held first, values against
//! leaves, leaves against the tree, and all earlier checkpoints; what is signed is the root of what was
//! held, and never one that the store only tells.

use crate::book::{
    Book, Checkpoint, CheckpointNote, KeyChange, Moment, Note, NoteError, Posting, Root, Signer,
    SigningKey, VerifierKey,
};
use crate::diagnostics::Words;

use super::BookTrouble;
use super::signers::{KeptKey, ON_KEYS, Signers, change_line, in_force};
use super::verify::{Verified, verify};

/// Tells the moment at which something is posted: asked when nobody else can post any more, so that
/// moments of one machine stand in the order of entries.
pub type Clock = fn() -> Moment;

/// The checkpoint of a book as it stands.
///
/// # Errors
/// The book cannot be read.
pub fn checkpoint(book: &mut Book) -> Result<Checkpoint, BookTrouble> {
    let size = book.size()?;
    let root = Root { size, digest: book.root(size)? };
    Ok(of(book, root))
}

fn of(book: &Book, root: Root) -> Checkpoint {
    Checkpoint { origin: book.opening().origin.clone(), root, extension: Vec::new() }
}

/// Signs the checkpoint of a book as it stands, if all of it holds; the book notes it, if asked.
///
/// # Errors
/// A key is none of the book's; something does not hold; the book cannot be read or written.
pub fn sign(
    book: &mut Book,
    keys: &[SigningKey],
    clock: Clock,
    record: bool,
) -> Result<Note, BookTrouble> {
    let verified = verify(book, &[], &[])?;
    let in_force = in_force(&verified.keys);
    if let Some(key) = keys.iter().find(|key| !in_force.contains(&key.verifier())) {
        return Err(refused(
            Words::new(
                format!("`{}` does not sign for this book", key.verifier().called()),
                format!("「{}」不是本账簿的签名密钥", key.verifier().called()),
            ),
            Words::new(
                "`fenshui book key add` lets a key sign",
                "用 fenshui book key add 登记密钥",
            ),
        ));
    }
    must_hold(&verified)?;
    let mut note = of(book, verified.verification.root).note();
    keys.iter().for_each(|key| key.sign(&mut note));
    if record {
        let mut posting = book.begin()?;
        posting.checkpoint(&CheckpointNote { learnt: clock(), note: note.to_string() })?;
        posting.commit()?;
    }
    Ok(note)
}

/// Adds a witness's signature to a checkpoint, after holding it and the book at hand against one
/// another.
///
/// # Errors
/// It is no checkpoint, none of this book's, or not signed for it; a signature in the witness's own name
/// is false; something does not hold.
pub fn cosign(
    book: &mut Book,
    note: &str,
    key: &SigningKey,
    at: Moment,
) -> Result<Note, BookTrouble> {
    let mut signed = Note::parse(note)?;
    Checkpoint::of(&signed)?;
    let own = signed.signed_by(&[key.witness()]);
    if matches!(own, Err(NoteError::FalseSignature(_))) {
        return Err(false_already(&key.witness()));
    }
    must_hold(&verify(book, &[note.to_owned()], &[])?)?;
    key.cosign(&mut signed, u64::try_from(at.millis().div_euclid(1000)).unwrap_or(0));
    Ok(signed)
}

/// Somebody has put the witness's name under what he did not see.
fn false_already(witness: &VerifierKey) -> BookTrouble {
    let called = witness.called();
    refused(
        Words::new(
            format!(
                "nothing was signed: a signature of `{called}` stands under it already, and is false"
            ),
            format!("未签名：其下已有「{called}」的签名，且是假的"),
        ),
        Words::new(
            "take the checkpoint from the keeper again, and ask who put that signature there",
            "请向记账人重新索取检查点，并查明该签名从何而来",
        ),
    )
}

/// Refuses to sign what does not hold.
fn must_hold(verified: &Verified) -> Result<(), BookTrouble> {
    let Some(wrong) = verified.wrong() else { return Ok(()) };
    Err(refused(
        Words::new(format!("nothing was signed: {}", wrong.en), format!("未签名：{}", wrong.zh)),
        Words::new(
            "`fenshui book verify` tells all that does not hold, of a given checkpoint with \
             `--checkpoint FILE`",
            "用 fenshui book verify 查明全部不符之处；对所给检查点加 --checkpoint 文件",
        ),
    ))
}

fn refused(words: Words, hint: Words) -> BookTrouble {
    BookTrouble::refused(words, Some(hint))
}

/// The keys that sign or signed for a book.
///
/// # Errors
/// The book cannot be read.
pub fn keys_of(book: &mut Book) -> Result<Vec<KeptKey>, BookTrouble> {
    Ok(Signers::by_the_first(u64::MAX, &book.entries_of(&ON_KEYS)?).end().0)
}

/// A change of the keys that sign for a book.
#[derive(Debug)]
pub struct KeyChanges {
    /// The changes, in order.
    pub changes: Vec<(KeyChange, VerifierKey)>,
    /// Keys at hand: those of them that sign for the book sign the change.
    pub by: Vec<SigningKey>,
    /// No key is to sign for the book any more.
    pub last: bool,
}

/// Notes in the book that keys begin or cease to sign, all at once, with the signature of a key that
/// signs already. The first key of a book needs none.
///
/// # Errors
/// A key signs already, or does not; no key at hand signs for the book; none would be left; something
/// does not hold; the book cannot be written.
pub fn change_keys(book: &mut Book, asked: &KeyChanges, clock: Clock) -> Result<(), BookTrouble> {
    let mut posting = book.begin()?;
    let kept = keys_of(posting.book()?)?;
    let mut present = in_force(&kept);
    can_change(asked, &present)?;
    let mut changes = asked.changes.iter();
    let learnt = clock();
    let enter = |posting: &mut Posting<'_>, (change, key): &(KeyChange, VerifierKey)| {
        posting.signer(&Signer { learnt, change: *change, key: key.to_string() })
    };
    if kept.is_empty()
        && let Some(first) = changes.next()
    {
        enter(&mut posting, first)?;
        present = vec![first.1.clone()];
    }
    let signed: Vec<&(KeyChange, VerifierKey)> = changes.collect();
    if !signed.is_empty() {
        let by = asked.by.iter().filter(|key| present.contains(&key.verifier()));
        let by: Vec<&SigningKey> = by.collect();
        if by.is_empty() {
            return Err(wants_a_signature(&present));
        }
        for change in &signed {
            enter(&mut posting, change)?;
        }
        let verified = verify(posting.book()?, &[], &[])?;
        must_hold(&verified)?;
        let mut checkpoint = of(posting.book()?, verified.verification.root);
        let lines = signed.iter().map(|(change, key)| change_line(*change, &key.to_string()));
        checkpoint.extension = lines.collect();
        let mut note = checkpoint.note();
        by.iter().for_each(|key| key.sign(&mut note));
        posting.checkpoint(&CheckpointNote { learnt, note: note.to_string() })?;
    }
    posting.commit()?;
    Ok(())
}

/// Whether the changes are some, and leave a key that signs.
fn can_change(asked: &KeyChanges, present: &[VerifierKey]) -> Result<(), BookTrouble> {
    let mut after = present.to_vec();
    for (change, key) in &asked.changes {
        let (en, zh) = match (change, after.contains(key)) {
            (KeyChange::Added, _) if key.is_witness() => {
                ("is the key of a witness, who signs for no book", "是见证人的密钥，不能为账簿签名")
            }
            (KeyChange::Added, true) => ("signs for this book already", "已在为本账簿签名"),
            (KeyChange::Retired, false) => ("does not sign for this book", "不是本账簿的签名密钥"),
            (KeyChange::Added, false) => {
                after.push(key.clone());
                continue;
            }
            (KeyChange::Retired, true) => {
                after.retain(|it| it != key);
                continue;
            }
        };
        let called = key.called();
        return Err(BookTrouble::refused(
            Words::new(format!("`{called}` {en}"), format!("「{called}」{zh}")),
            None,
        ));
    }
    if !after.is_empty() || asked.last {
        return Ok(());
    }
    Err(refused(
        Words::new(
            "no key would be left that signs for this book, and none could ever be added",
            "本账簿将不再有签名密钥，此后也无法再登记",
        ),
        Words::new(
            "`fenshui book key rotate OLD NEW` puts another in its place; `--last` retires it all \
             the same",
            "用 fenshui book key rotate 旧密钥 新密钥 换用另一密钥；确要停用请加 --last",
        ),
    ))
}

fn wants_a_signature(present: &[VerifierKey]) -> BookTrouble {
    let called: Vec<String> = present.iter().map(VerifierKey::called).collect();
    if called.is_empty() {
        return BookTrouble::refused(
            Words::new(
                "the last key of this book was retired: none can be added any more",
                "本账簿的最后一个密钥已停用，不能再登记密钥",
            ),
            None,
        );
    }
    refused(
        Words::new(
            format!("a change of keys is signed by a key that signs: {}", called.join(", ")),
            format!("密钥变更须由现有签名密钥签名：{}", called.join("、")),
        ),
        Words::new("name the file of one by `--sign FILE`", "请用 --sign 文件 指定其中之一"),
    )
}
