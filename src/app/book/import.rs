//! A book made again from its exported tiles: the same entries, the same root.

use std::path::Path;

use crate::base::Digest;
use crate::book::{Book, BookError, Checkpoint, Entry, Event, MemoryStore, Note, Posting};
use crate::diagnostics::Words;
use crate::formats::read_bytes;

use super::{BookPlace, BookTrouble};

/// Entries in a whole bundle.
const BUNDLE: u64 = 256;

/// Makes a book from a folder of tiles. It is first made in memory, and nothing is kept unless it has
/// the root that the checkpoint tells.
///
/// # Errors
/// A file is missing or is none; the root is another; there is a book already.
pub fn import(folder: &Path, place: &BookPlace) -> Result<Checkpoint, BookTrouble> {
    let checkpoint = read_checkpoint(folder)?;
    let entries = read_entries(folder, checkpoint.root.size)?;
    let Some(Entry::Opening(opening)) = entries.first() else {
        return Err(broken("tile/entries", "it does not begin with the opening of a book"));
    };
    let (origin, learnt) = (opening.origin.clone(), opening.learnt);
    let mut trial = Book::create(Box::new(MemoryStore::new()), &origin, learnt)?;
    fill(&mut trial, &entries)?;
    let size = trial.size()?;
    if size != checkpoint.root.size || trial.root(size)? != checkpoint.root.digest {
        return Err(broken("checkpoint", "the entries have another root than it tells"));
    }
    fill(&mut place.create(&origin, learnt)?, &entries)?;
    Ok(checkpoint)
}

fn broken(file: &str, why: &str) -> BookTrouble {
    BookTrouble::Refused(Box::new((
        Words::new(format!("`{file}`: {why}"), format!("「{file}」不符：{why}")),
        Some(Words::new("nothing was made; export the book again", "未建立任何内容；请重新导出")),
    )))
}

/// The checkpoint of a tiled log, signed or not.
fn read_checkpoint(folder: &Path) -> Result<Checkpoint, BookTrouble> {
    let bytes = read_bytes(&folder.join("checkpoint"))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (text, _) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    Ok(Checkpoint::of(&Note::new(format!("{text}\n")))?)
}

fn read_entries(folder: &Path, size: u64) -> Result<Vec<Entry>, BookTrouble> {
    let mut entries = Vec::new();
    for bundle in 0..size.div_ceil(BUNDLE) {
        let width = BUNDLE.min(size - bundle * BUNDLE);
        let name = format!("tile/entries/{}", tile_path(bundle, width));
        let bytes = read_bytes(&folder.join(&name))?;
        let mut rest = bytes.as_slice();
        for _ in 0..width {
            let leaf = take_leaf(&mut rest).ok_or_else(|| broken(&name, "it ends early"))?;
            entries.push(entry(folder, leaf, &name)?);
        }
        if !rest.is_empty() {
            return Err(broken(&name, "there is more in it than its entries"));
        }
    }
    Ok(entries)
}

/// A leaf behind its length, in two bytes.
fn take_leaf<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, after) = rest.split_first_chunk::<2>()?;
    let (leaf, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    *rest = after;
    Some(leaf)
}

/// The entry of a leaf: version, kind, the leaf before, then the body or its length and digest.
fn entry(folder: &Path, leaf: &[u8], name: &str) -> Result<Entry, BookTrouble> {
    let parts = leaf.split_first_chunk::<35>();
    let ([1, kind, .., form], rest) = parts.ok_or_else(|| broken(name, "a leaf is too short"))?
    else {
        return Err(broken(name, "a leaf is of an unknown version"));
    };
    let body = match form {
        0 => rest.to_vec(),
        _ => {
            let digest = rest.get(8..).and_then(|it| <[u8; 32]>::try_from(it).ok());
            let digest = digest.map(Digest::from_bytes);
            let digest = digest.ok_or_else(|| broken(name, "an outline is too short"))?;
            read_bytes(&folder.join(format!("body/{digest}")))?
        }
    };
    Entry::from_body(*kind, &body).map_err(|error| broken(name, &error.to_string()))
}

/// The path of a tile: its number in groups of three digits, and its width if it is not full.
fn tile_path(index: u64, width: u64) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if width < BUNDLE { format!("{path}.p/{width}") } else { path }
}

/// Posts the entries after the opening, batch by batch as they were posted.
fn fill(book: &mut Book, entries: &[Entry]) -> Result<(), BookTrouble> {
    let mut rest = entries.get(1..).unwrap_or_default();
    while !rest.is_empty() {
        let mut posting = book.begin()?;
        let taken = fill_one(&mut posting, rest)?;
        posting.commit()?;
        rest = rest.get(taken.max(1)..).unwrap_or_default();
    }
    Ok(())
}

/// Posts one batch with what was filed for it, or entries that stand alone; gives how many were taken.
fn fill_one(posting: &mut Posting<'_>, entries: &[Entry]) -> Result<usize, BookTrouble> {
    let mut at = 0;
    let mut events: Vec<Event> = Vec::new();
    while let Some(entry) = entries.get(at) {
        at += 1;
        if let Entry::Event(event) = entry {
            events.push(event.clone());
            continue;
        }
        if !events.is_empty() {
            posting.events(&std::mem::take(&mut events))?;
        }
        match entry {
            Entry::Edition(edition) => drop(posting.edition(edition)?),
            Entry::Register(part) => {
                let parts = entries.get(at..).unwrap_or_default().iter();
                let more = parts.map_while(|it| match it {
                    Entry::Register(next) if next.part > 0 => Some(next),
                    _ => None,
                });
                let all: Vec<_> = std::iter::once(part).chain(more).collect();
                at += all.len() - 1;
                let rows: Vec<_> = all.into_iter().flat_map(|it| it.rows.clone()).collect();
                posting.register(part.edition, part.register, &rows)?;
            }
            Entry::Batch(batch) => drop(posting.batch(batch)?),
            Entry::Unread(row) => drop(posting.unread(row)?),
            Entry::Correction(correction) => drop(posting.correction(correction)?),
            Entry::Close(_) => break,
            Entry::Dispute(dispute) => drop(posting.dispute(dispute)?),
            Entry::Resolution(resolution) => drop(posting.resolution(resolution)?),
            Entry::Checkpoint(checkpoint) => drop(posting.checkpoint(checkpoint)?),
            Entry::Signer(signer) => drop(posting.signer(signer)?),
            Entry::Opening(_) => {
                let what = "a second opening";
                return Err(BookError::OutOfPlace { what, inside: false }.into());
            }
            Entry::Event(_) => {}
        }
        let alone = matches!(
            entry,
            Entry::Dispute(_) | Entry::Resolution(_) | Entry::Checkpoint(_) | Entry::Signer(_)
        );
        if alone {
            break;
        }
    }
    Ok(at)
}
