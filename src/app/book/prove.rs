//! What proves to somebody who has neither the book nor this program that entries stand in it, and that
//! it only grew.

use std::collections::BTreeSet;

use crate::book::{Book, Bundle, Checkpoint, CheckpointNote, Continuation, Entry, Note};
use crate::diagnostics::Words;
use crate::report::book::note_words;

use super::BookTrouble;
use super::signers::{Known, ON_KEYS, named, signed_then, size_of};

/// The bundle of entries, with everything they are understood by: the batch, its edition and
/// registers, and what was corrected or corrects.
///
/// # Errors
/// There are no such entries; no signed checkpoint holds them; the one given is not signed for the book;
/// the book cannot be read.
pub fn prove(
    book: &mut Book,
    entries: &[u64],
    checkpoint: Option<Note>,
) -> Result<Bundle, BookTrouble> {
    let mut numbers = BTreeSet::new();
    for number in entries {
        gather(book, *number, &mut numbers)?;
    }
    let last = numbers.last().copied().unwrap_or(0);
    let checkpoint = holding(book, checkpoint, last)?;
    let numbers: Vec<u64> = numbers.into_iter().collect();
    let bundle = book.bundle(&numbers, &checkpoint)?;
    // That it is of another book has been said first.
    must_be_signed(book, &[&checkpoint])?;
    Ok(bundle)
}

/// The proof that the book still begins with what a checkpoint signed which somebody kept; under a newer
/// one, by default the latest that the book notes.
///
/// # Errors
/// The book does not begin so; there is no newer checkpoint; one of them is not signed for the book; the
/// book cannot be read.
pub fn prove_continuation(
    book: &mut Book,
    older: &Note,
    newer: Option<Note>,
) -> Result<Continuation, BookTrouble> {
    let kept = Checkpoint::of(older)?;
    let (size, last) = (book.size()?, kept.root.size.saturating_sub(1));
    let begins = kept.origin == book.opening().origin
        && kept.root.size <= size
        && book.root(kept.root.size)? == kept.root.digest;
    if !begins {
        // What nobody signed says nothing of how the book should begin.
        if kept.origin == book.opening().origin {
            must_be_signed(book, &[older])?;
        }
        return Err(other_beginning(&kept));
    }
    let given = newer.as_ref().map(Checkpoint::of).transpose()?.map(|it| it.root.size);
    if let Some(given) = given.filter(|given| *given < kept.root.size) {
        return Err(swapped(kept.root.size, given));
    }
    let newer = holding(book, newer, last)?;
    let proof = book.continuation(older, &newer)?;
    must_be_signed(book, &[older, &newer])?;
    Ok(proof)
}

/// Refuses a checkpoint that is not signed by a key which signs for the book by the entries it is of:
/// nobody would take the proof.
fn must_be_signed(book: &mut Book, checkpoints: &[&Note]) -> Result<(), BookTrouble> {
    let entries = book.entries_of(&ON_KEYS)?;
    let named = named(&entries);
    for note in checkpoints.iter().map(ToString::to_string) {
        signed_then(&note, &entries, &Known::Named(&named)).map_err(|why| {
            let (size, why) = (size_of(&note), note_words(&why));
            BookTrouble::refused(
                Words::new(
                    format!("the checkpoint of {size} entries proves nothing: {}", why.en),
                    format!("{size} 条的检查点不能作证明：{}", why.zh),
                ),
                Some(Words::new(
                    "`fenshui book key list` tells from which entry to which a key signs",
                    "用 fenshui book key list 查看各密钥自第几条起、至第几条止签名",
                )),
            )
        })?;
    }
    Ok(())
}

fn swapped(kept: u64, given: u64) -> BookTrouble {
    BookTrouble::refused(
        Words::new(
            format!(
                "the two checkpoints are swapped: `--consistency` has the newer one, of {kept} \
                 entries, and `--checkpoint` the older, of {given}"
            ),
            format!(
                "两个检查点颠倒了：--consistency 所给的较新（{kept} 条），--checkpoint 所给的较旧（{given} 条）"
            ),
        ),
        Some(Words::new(
            "`--consistency` takes the one that somebody kept, `--checkpoint` the newer one",
            "--consistency 用他人早先留存的检查点，--checkpoint 用较新的",
        )),
    )
}

fn other_beginning(kept: &Checkpoint) -> BookTrouble {
    let (origin, size) = (&kept.origin, kept.root.size);
    BookTrouble::refused(
        Words::new(
            format!(
                "the book does not begin with the {size} entries of `{origin}` that this checkpoint \
                 was signed for"
            ),
            format!("账簿的开头不是此检查点所签的「{origin}」的 {size} 条"),
        ),
        Some(Words::new(
            "`fenshui book verify --checkpoint FILE` tells more",
            "用 fenshui book verify --checkpoint 文件 查明",
        )),
    )
}

/// The checkpoint under which an entry is proven: the one given, else the latest that the book notes.
fn holding(book: &mut Book, given: Option<Note>, entry: u64) -> Result<Note, BookTrouble> {
    let size = |note: &Note| -> Result<u64, BookTrouble> { Ok(Checkpoint::of(note)?.root.size) };
    if let Some(given) = given {
        return match size(&given)? {
            size if size > entry => Ok(given),
            size => Err(too_old(size, entry)),
        };
    }
    match latest_checkpoint(book)? {
        Some(latest) if size(&latest)? > entry => Ok(latest),
        _ => Err(unsigned(entry)),
    }
}

fn too_old(size: u64, entry: u64) -> BookTrouble {
    BookTrouble::refused(
        Words::new(
            format!("the checkpoint given is of the first {size} entries, without entry {entry}"),
            format!("所给检查点只含前 {size} 条，不含第 {entry} 条"),
        ),
        Some(Words::new(
            "give a later one; without `--checkpoint` it is the latest that the book notes",
            "请给出较新的检查点；不加 --checkpoint 时用账簿所记的最新一个",
        )),
    )
}

fn unsigned(entry: u64) -> BookTrouble {
    BookTrouble::refused(
        Words::new(
            format!("no signed checkpoint holds entry {entry}"),
            format!("没有包含第 {entry} 条的已签检查点"),
        ),
        Some(Words::new(
            "`fenshui book checkpoint --sign KEY` makes one",
            "用 fenshui book checkpoint --sign 密钥 生成",
        )),
    )
}

/// Of the checkpoints that the book notes and that are signed for it, the one of most entries: an old one
/// may have been noted again. Of several the last.
///
/// # Errors
/// The book cannot be read.
pub fn latest_checkpoint(book: &mut Book) -> Result<Option<Note>, BookTrouble> {
    let entries = book.entries_of(&ON_KEYS)?;
    let named = named(&entries);
    let mut noted: Vec<&str> = Vec::new();
    for (_, entry) in &entries {
        if let Entry::Checkpoint(CheckpointNote { note, .. }) = entry {
            noted.push(note);
        }
    }
    noted.sort_by_cached_key(|note| size_of(note));
    // Most often the last is the one.
    let latest = noted.into_iter().rev().find(|note| {
        let signed = signed_then(note, &entries, &Known::Named(&named));
        signed.is_ok_and(|(checkpoint, _)| checkpoint.origin == book.opening().origin)
    });
    Ok(latest.map(Note::parse).transpose()?)
}

/// An entry and those it is understood by.
fn gather(book: &mut Book, number: u64, into: &mut BTreeSet<u64>) -> Result<(), BookTrouble> {
    if !into.insert(number) {
        return Ok(());
    }
    match book.entry(number)? {
        Entry::Event(event) => gather(book, event.batch, into)?,
        Entry::Unread(row) => gather(book, row.batch, into)?,
        Entry::Close(close) => gather(book, close.batch, into)?,
        Entry::Correction(correction) => {
            gather(book, correction.batch, into)?;
            gather(book, correction.of, into)?;
        }
        Entry::Batch(batch) => {
            into.insert(batch.edition_entry);
            for used in &batch.registers {
                into.extend(used.first..used.first + u64::from(used.parts));
            }
        }
        Entry::Dispute(dispute) => {
            for against in &dispute.against {
                gather(book, *against, into)?;
            }
        }
        Entry::Resolution(resolution) => gather(book, resolution.dispute, into)?,
        Entry::Opening(_)
        | Entry::Edition(_)
        | Entry::Register(_)
        | Entry::Checkpoint(_)
        | Entry::Signer(_) => {}
    }
    if let Some(by) = book.settled_by(number)? {
        gather(book, by, into)?;
    }
    Ok(())
}
