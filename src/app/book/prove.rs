//! A bundle that proves entries to somebody who has neither the book nor this program.

use std::collections::BTreeSet;

use crate::book::{Book, Bundle, Checkpoint, Entry, Note};
use crate::diagnostics::Words;

use super::{BookTrouble, walk};

/// The bundle of entries, with everything they are understood by: the batch, its edition and
/// registers, and what was corrected or corrects.
///
/// # Errors
/// There are no such entries; no signed checkpoint holds them; the book cannot be read.
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
    let checkpoint = match checkpoint {
        Some(checkpoint) => checkpoint,
        None => latest_checkpoint(book)?.ok_or_else(|| unsigned(last))?,
    };
    if Checkpoint::of(&checkpoint)?.root.size <= last {
        return Err(unsigned(last));
    }
    let numbers: Vec<u64> = numbers.into_iter().collect();
    Ok(book.bundle(&numbers, &checkpoint)?)
}

fn unsigned(entry: u64) -> BookTrouble {
    BookTrouble::Refused(Box::new((
        Words::new(
            format!("no signed checkpoint holds entry {entry}"),
            format!("没有包含第 {entry} 条的已签检查点"),
        ),
        Some(Words::new(
            "`fenshui book checkpoint --sign KEY` makes one",
            "用 fenshui book checkpoint --sign 密钥 生成",
        )),
    )))
}

/// The latest signed checkpoint that the book holds.
///
/// # Errors
/// The book cannot be read.
pub fn latest_checkpoint(book: &mut Book) -> Result<Option<Note>, BookTrouble> {
    let (size, mut latest) = (book.size()?, None);
    walk(book, 0..size, |_, entry| {
        if let Entry::Checkpoint(checkpoint) = entry {
            latest = Some(checkpoint.note);
        }
        Ok(())
    })?;
    Ok(latest.map(|note| Note::parse(&note)).transpose()?)
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
