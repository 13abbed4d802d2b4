//! A book made again from its exported tiles: the same entries, the same root.

use std::path::Path;

use crate::base::Digest;
use crate::book::{BookError, Checkpoint, Entry, Event, Note, Posting, Root, digest_of_leaf};
use crate::diagnostics::Words;
use crate::formats::read_bytes;

use super::{BookPlace, BookTrouble};

/// Entries in a whole bundle.
const BUNDLE: u64 = 256;

/// Makes a book from a folder of tiles, which is read as it is posted. Nothing is kept unless the book has
/// the root that the checkpoint tells.
///
/// # Errors
/// A file is missing or is none; the root is another; there is a book already.
pub fn import(folder: &Path, place: &BookPlace) -> Result<Checkpoint, BookTrouble> {
    let checkpoint = read_checkpoint(folder)?;
    let mut entries = Entries::new(folder, checkpoint.root.size);
    let Some(Entry::Opening(opening)) = entries.next().transpose()? else {
        return Err(broken("tile/entries", "it does not begin with the opening of a book"));
    };
    let Root { size, digest } = checkpoint.root;
    place.create_with((&opening.origin, opening.learnt), |mut posting| {
        fill(&mut posting, entries)?;
        let kept = posting.commit_if(|entries, root| (entries, *root) == (size, digest))?;
        match kept {
            Some(_) => Ok(()),
            None => Err(broken("checkpoint", "the entries have another root than it tells")),
        }
    })?;
    Ok(checkpoint)
}

fn broken(file: &str, why: &str) -> BookTrouble {
    BookTrouble::refused(
        Words::new(format!("`{file}`: {why}"), format!("「{file}」不符：{why}")),
        Some(Words::new("nothing was made; export the book again", "未建立任何内容；请重新导出")),
    )
}

/// The checkpoint of a tiled log, signed or not.
fn read_checkpoint(folder: &Path) -> Result<Checkpoint, BookTrouble> {
    let bytes = read_bytes(&folder.join("checkpoint"))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (text, _) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    Ok(Checkpoint::of(&Note::new(format!("{text}\n")))?)
}

/// The entries of a tiled log, bundle by bundle.
struct Entries<'f> {
    folder: &'f Path,
    size: u64,
    /// The next bundle.
    bundle: u64,
    /// Those of the last one.
    read: std::vec::IntoIter<Entry>,
}

impl<'f> Entries<'f> {
    fn new(folder: &'f Path, size: u64) -> Entries<'f> {
        Entries { folder, size, bundle: 0, read: Vec::new().into_iter() }
    }

    fn bundle(&self) -> Result<Vec<Entry>, BookTrouble> {
        let width = BUNDLE.min(self.size - self.bundle * BUNDLE);
        let name = format!("tile/entries/{}", tile_path(self.bundle, width));
        let bytes = read_bytes(&self.folder.join(&name))?;
        let (mut rest, mut entries) = (bytes.as_slice(), Vec::new());
        let mut digests = Vec::new();
        for _ in 0..width {
            let leaf = take_leaf(&mut rest).ok_or_else(|| broken(&name, "it ends early"))?;
            entries.push(entry(self.folder, leaf, &name)?);
            digests.extend_from_slice(digest_of_leaf(leaf).as_bytes());
        }
        if !rest.is_empty() {
            return Err(broken(&name, "there is more in it than its entries"));
        }
        // The root is of the entries: what stands beside them is held against them too.
        let beside = format!("tile/0/{}", tile_path(self.bundle, width));
        if read_bytes(&self.folder.join(&beside))? != digests {
            return Err(broken(&beside, &format!("it does not hold the digests of `{name}`")));
        }
        Ok(entries)
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, BookTrouble>;

    fn next(&mut self) -> Option<Result<Entry, BookTrouble>> {
        if let Some(entry) = self.read.next() {
            return Some(Ok(entry));
        }
        if self.bundle >= self.size.div_ceil(BUNDLE) {
            return None;
        }
        let bundle = self.bundle();
        self.bundle += 1;
        match bundle {
            Ok(entries) => {
                self.read = entries.into_iter();
                self.read.next().map(Ok)
            }
            Err(error) => {
                self.bundle = u64::MAX;
                Some(Err(error))
            }
        }
    }
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

/// Events posted together.
const EVENTS_AT_ONCE: usize = 4096;

/// Posts entries, each batch as a posting of its own left it.
fn fill(posting: &mut Posting<'_>, entries: Entries<'_>) -> Result<(), BookTrouble> {
    let mut entries = entries.peekable();
    let mut events: Vec<Event> = Vec::new();
    // The opening was posted by itself.
    posting.part()?;
    while let Some(entry) = entries.next().transpose()? {
        if let Entry::Event(event) = entry {
            events.push(event);
            if events.len() >= EVENTS_AT_ONCE {
                posting.events(&events)?;
                events.clear();
            }
            continue;
        }
        if !events.is_empty() {
            posting.events(&events)?;
            events.clear();
        }
        match entry {
            Entry::Edition(edition) => drop(posting.edition(&edition)?),
            Entry::Register(part) => {
                let (edition, register, mut rows) = (part.edition, part.register, part.rows);
                let more = |it: &Result<Entry, BookTrouble>| match it {
                    Ok(Entry::Register(next)) => next.part > 0,
                    _ => false,
                };
                while let Some(Entry::Register(next)) = entries.next_if(more).transpose()? {
                    rows.extend(next.rows);
                }
                posting.register(edition, register, &rows)?;
            }
            Entry::Batch(batch) => drop(posting.batch(&batch)?),
            Entry::Unread(row) => drop(posting.unread(&row)?),
            Entry::Correction(correction) => drop(posting.correction(&correction)?),
            Entry::Close(_) => posting.part()?,
            alone => {
                enter(posting, &alone)?;
                posting.part()?;
            }
        }
    }
    Ok(())
}

/// Posts an entry that stands alone.
fn enter(posting: &mut Posting<'_>, entry: &Entry) -> Result<(), BookTrouble> {
    match entry {
        Entry::Dispute(dispute) => posting.dispute(dispute)?,
        Entry::Resolution(resolution) => posting.resolution(resolution)?,
        Entry::Checkpoint(checkpoint) => posting.checkpoint(checkpoint)?,
        Entry::Signer(signer) => posting.signer(signer)?,
        _ => {
            let what = "a second opening";
            return Err(BookError::OutOfPlace { what, inside: false }.into());
        }
    };
    Ok(())
}
