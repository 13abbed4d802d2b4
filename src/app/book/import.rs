//! A book made again from its exported tiles: the same entries, the same root.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::Digest;
use crate::book::{
    BookError, Checkpoint, Entry, Event, Note, NoteError, Posted, Posting, Root, Signature, Signed,
    Signer, VerifierKey, digest_of_leaf, digest_of_tile,
};
use crate::diagnostics::Words;
use crate::formats::read_bytes;
use crate::report::book::note_words;

use super::signers::{KeptKey, Signers, in_force};
use super::{BookPlace, BookTrouble};

/// Entries in a whole bundle.
const BUNDLE: u64 = 256;

/// A book that was made again.
#[derive(Debug)]
pub struct Imported {
    /// The checkpoint of its tiles.
    pub checkpoint: Checkpoint,
    /// Who signed that, of the keys that sign for the book.
    pub signed: Vec<Signed>,
    /// Keys that do not sign for the book, in whose names signatures stand: nobody has checked those.
    pub strangers: Vec<String>,
    /// Changes of keys without effect: no entry holds the signature of them.
    pub unsigned: Vec<(u64, Signer)>,
}

/// Makes a book from a folder of tiles, which is read as it is posted. Nothing is kept unless the book has
/// the root that the checkpoint tells.
///
/// # Errors
/// A file is missing or is none; the root is another; a signature of a key of the book is false; there is
/// a book already.
pub fn import(
    folder: &Path,
    place: &BookPlace,
    interrupted: &AtomicBool,
) -> Result<Imported, BookTrouble> {
    let note = read_checkpoint(folder)?;
    let checkpoint = Checkpoint::of(&note).map_err(|error| no_checkpoint(&error))?;
    let mut entries = Entries::new(folder, checkpoint.root.size, interrupted);
    let Some(Entry::Opening(opening)) = entries.next().transpose()? else {
        return Err(broken("tile/entries", NO_OPENING));
    };
    if checkpoint.origin != opening.origin {
        return Err(of_another(&checkpoint.origin, &opening.origin));
    }
    let Root { size, digest } = checkpoint.root;
    let (mut signed, mut strangers, mut unsigned) = (Vec::new(), Vec::new(), Vec::new());
    place.create_with((&opening.origin, opening.learnt), |mut posting| {
        // What corrections made come into being stands behind what comes after its day.
        posting.is_copied();
        let signers = fill(&mut posting, entries)?;
        let (kept, without) = signers.end();
        unsigned = without;
        (signed, strangers) = signatures(&note, &kept)?;
        let kept = posting.commit_if(|entries, root| (entries, *root) == (size, digest))?;
        match kept {
            Some(_) => Ok(()),
            None => Err(broken(CHECKPOINT, OTHER_ROOT)),
        }
    })?;
    Ok(Imported { checkpoint, signed, strangers, unsigned })
}

/// What may be wrong with a file, in both languages.
type Why = (&'static str, &'static str);

const NO_OPENING: Why = ("it does not begin with the opening of a book", "开头不是开簿记录");
const OTHER_ROOT: Why = (
    "written anew, the entries have another root than it tells: it is of other entries, or a batch has no \
     close that is its own",
    "各条重新写入后，树根与其所载不同：其所指非此各条，或有批次的收尾与其内容不符",
);
const ENDS_OTHERWISE: Why = ("it does not end as it was written", "结尾与所写不同");
const ENDS_EARLY: Why = ("it ends early", "不完整");
const HAS_MORE: Why = ("there is more in it than its entries", "条目之外另有内容");
const SHORT_LEAF: Why = ("a leaf is too short", "有一叶过短");
const UNKNOWN_LEAF: Why = ("a leaf is of an unknown version", "有一叶版本不明");
const SHORT_OUTLINE: Why = ("an outline is too short", "有一条摘要过短");

/// The folder of the entries.
const LEAVES: &str = "tile/entries";
/// The file that says what a folder of tiles is of.
const CHECKPOINT: &str = "checkpoint";

fn broken(file: &str, (en, zh): Why) -> BookTrouble {
    refused(file, Words::new(en, zh))
}

fn refused(file: &str, why: Words) -> BookTrouble {
    let (en, zh) = (why.en, why.zh);
    BookTrouble::refused(
        Words::new(format!("`{file}`: {en}"), format!("「{file}」：{zh}")),
        Some(Words::new("nothing was made; export the book again", "未建立任何内容；请重新导出")),
    )
}

/// A file of entries that is not there.
fn not_of_so_many(name: &str, size: u64) -> BookTrouble {
    let why = Words::new(
        format!(
            "it is not there, and `{CHECKPOINT}` tells of {size} entries: one of the two was changed"
        ),
        format!("没有这个文件，而「{CHECKPOINT}」所载为 {size} 条：两者之一已被改动"),
    );
    refused(name, why)
}

fn no_checkpoint(error: &NoteError) -> BookTrouble {
    refused(CHECKPOINT, note_words(error))
}

fn of_another(told: &str, own: &str) -> BookTrouble {
    refused(
        CHECKPOINT,
        Words::new(
            format!("it is of the book `{told}`, and the entries are of `{own}`"),
            format!("所载账簿为「{told}」，各条则属「{own}」"),
        ),
    )
}

fn no_tiles(folder: &Path) -> BookTrouble {
    let folder = folder.display();
    BookTrouble::said(
        Words::new(
            format!("`{folder}` is no folder of tiles: it has no file `{CHECKPOINT}`"),
            format!("「{folder}」不是 tiles 目录：其中没有文件「{CHECKPOINT}」"),
        ),
        Some(Words::new(
            "name a folder that `fenshui book export tiles FOLDER` filled, or a copy of one",
            "请指定由 fenshui book export tiles 目录 所写的目录或其副本",
        )),
    )
}

/// The checkpoint of a tiled log, signed or not.
fn read_checkpoint(folder: &Path) -> Result<Note, BookTrouble> {
    let path = folder.join(CHECKPOINT);
    if !path.is_file() {
        return Err(no_tiles(folder));
    }
    let bytes = read_bytes(&path)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match text.split_once("\n\n") {
        Some((_, signatures)) if !signatures.is_empty() => {
            Note::parse(&text).map_err(|error| no_checkpoint(&error))
        }
        // One that nobody signed is its text, with the blank line before signatures or without.
        _ => {
            let lines = text.strip_suffix("\n\n").or_else(|| text.strip_suffix('\n'));
            let lines = lines.filter(|lines| !lines.ends_with('\n'));
            let lines = lines.ok_or_else(|| broken(CHECKPOINT, ENDS_OTHERWISE))?;
            Ok(Note::new(format!("{lines}\n")))
        }
    }
}

/// Who signed, of the keys that sign for a book, and in whose name else something stands there.
fn signatures(note: &Note, kept: &[KeptKey]) -> Result<(Vec<Signed>, Vec<String>), BookTrouble> {
    let keys: Vec<VerifierKey> = kept.iter().map(|it| it.key.clone()).collect();
    let sign: Vec<VerifierKey> = in_force(kept);
    let mut signed = match note.signed_by(&keys) {
        Ok(signed) => signed,
        Err(NoteError::NotSigned) => Vec::new(),
        Err(error) => return Err(no_checkpoint(&error)),
    };
    signed.retain(|it| sign.iter().any(|key| it.is_of(key)));
    let its = |it: &Signature| signed.iter().any(|by| (&by.by, by.id) == (&it.name, it.id));
    let strangers = note.signatures.iter().filter(|it| !its(it)).map(Signature::called).collect();
    Ok((signed, strangers))
}

/// The entries of a tiled log, bundle by bundle.
struct Entries<'f> {
    folder: &'f Path,
    /// Set when nobody wants them any more.
    interrupted: &'f AtomicBool,
    size: u64,
    /// The next bundle.
    bundle: u64,
    /// Those of the last one.
    read: std::vec::IntoIter<Entry>,
    above: Above,
}

impl<'f> Entries<'f> {
    fn new(folder: &'f Path, size: u64, interrupted: &'f AtomicBool) -> Entries<'f> {
        let (read, above) = (Vec::new().into_iter(), Above::default());
        Entries { folder, interrupted, size, bundle: 0, read, above }
    }

    fn bundle(&mut self) -> Result<Vec<Entry>, BookTrouble> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(BookError::Interrupted.into());
        }
        let width = BUNDLE.min(self.size - self.bundle * BUNDLE);
        let path = tile_path(self.bundle, width);
        let name = format!("tile/entries/{path}");
        let file = self.folder.join(&name);
        if !file.exists() {
            return Err(not_of_so_many(&name, self.size));
        }
        let bytes = read_bytes(&file)?;
        let (mut rest, mut entries) = (bytes.as_slice(), Vec::new());
        let mut digests = Vec::new();
        for _ in 0..width {
            let leaf = take_leaf(&mut rest).ok_or_else(|| broken(&name, ENDS_EARLY))?;
            entries.push(entry(self.folder, leaf, &name)?);
            digests.push(digest_of_leaf(leaf));
        }
        if !rest.is_empty() {
            return Err(broken(&name, HAS_MORE));
        }
        // The root is of the entries: what stands beside them is held against them too.
        hold_leaves(self.folder, (&name, &path), self.bundle * BUNDLE, &digests)?;
        if width == BUNDLE {
            self.above.add(self.folder, digests)?;
        }
        if self.bundle + 1 == self.size.div_ceil(BUNDLE) {
            self.above.end(self.folder)?;
        }
        Ok(entries)
    }
}

/// Holds the digests of entries, from the first of these on, against the tile beside them: which of the two
/// was changed nobody can say.
fn hold_leaves(
    folder: &Path,
    (entries, path): (&str, &str),
    first: u64,
    digests: &[Digest],
) -> Result<(), BookTrouble> {
    let tile = format!("tile/0/{path}");
    let told = read_bytes(&folder.join(&tile))?;
    let differs =
        digests.iter().zip(told.chunks(32)).position(|(own, told)| own.as_bytes() != told);
    let Some(at) = differs else { return hold(&told, &tile, digests) };
    let number = first + u64::try_from(at).unwrap_or(u64::MAX);
    let why = Words::new(
        format!(
            "entry {number} has not the digest that `{tile}` holds of it: one of the two was changed"
        ),
        format!("第 {number} 条的摘要与「{tile}」所载不符：两者之一已被改动"),
    );
    Err(refused(entries, why))
}

/// Holds the digests of a tile against those that the entries give.
fn hold_tile(folder: &Path, name: &str, digests: &[Digest]) -> Result<(), BookTrouble> {
    hold(&read_bytes(&folder.join(name))?, name, digests)
}

fn hold(told: &[u8], name: &str, digests: &[Digest]) -> Result<(), BookTrouble> {
    if digests.iter().flat_map(|it| it.as_bytes()).eq(told) {
        return Ok(());
    }
    Err(refused(name, Words::new("it does not hold the digests of the entries", "摘要与各条不符")))
}

/// The tiles above those of the leaves, as the entries give them: the last of each level, as far as it is
/// full.
#[derive(Debug, Default)]
struct Above {
    levels: Vec<Level>,
}

#[derive(Debug, Default)]
struct Level {
    /// How many tiles have been held.
    held: u64,
    digests: Vec<Digest>,
}

impl Above {
    /// Takes a whole tile of the leaves.
    fn add(&mut self, folder: &Path, mut tile: Vec<Digest>) -> Result<(), BookTrouble> {
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Level::default());
            }
            let Some(own) = self.levels.get_mut(level) else { break };
            own.digests.extend(digest_of_tile(tile));
            if own.width() < BUNDLE {
                break;
            }
            own.hold(folder, level + 1)?;
            tile = std::mem::take(&mut own.digests);
            own.held += 1;
        }
        Ok(())
    }

    /// Holds those that are not whole.
    fn end(&self, folder: &Path) -> Result<(), BookTrouble> {
        let mut begun = self.levels.iter().zip(1..).filter(|(own, _)| own.width() > 0);
        begun.try_for_each(|(own, level)| own.hold(folder, level))
    }
}

impl Level {
    fn width(&self) -> u64 {
        u64::try_from(self.digests.len()).unwrap_or(u64::MAX)
    }

    fn hold(&self, folder: &Path, level: usize) -> Result<(), BookTrouble> {
        let name = format!("tile/{level}/{}", tile_path(self.held, self.width()));
        hold_tile(folder, &name, &self.digests)
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
    let ([1, kind, .., form], rest) = parts.ok_or_else(|| broken(name, SHORT_LEAF))? else {
        return Err(broken(name, UNKNOWN_LEAF));
    };
    let body = match form {
        0 => rest.to_vec(),
        _ => {
            let digest = rest.get(8..).and_then(|it| <[u8; 32]>::try_from(it).ok());
            let digest = digest.map(Digest::from_bytes);
            let digest = digest.ok_or_else(|| broken(name, SHORT_OUTLINE))?;
            read_bytes(&folder.join(format!("body/{digest}")))?
        }
    };
    Entry::from_body(*kind, &body)
        .map_err(|error| refused(name, Words::new(error.to_string(), "有一条无法读取")))
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

/// Posts events, none of which may be there before.
fn post(posting: &mut Posting<'_>, events: &[Event]) -> Result<(), BookTrouble> {
    for posted in posting.events(events)? {
        if let Posted::Already(number) = posted {
            let why = Words::new(
                format!("an event stands in it twice, first as entry {number}: verify that book"),
                format!("同一事项出现两次，先见于第 {number} 条：请核对原账簿"),
            );
            return Err(refused(LEAVES, why));
        }
    }
    Ok(())
}

/// Posts entries, each batch as a posting of its own left it; gives who signs for the book by them.
fn fill(posting: &mut Posting<'_>, entries: Entries<'_>) -> Result<Signers, BookTrouble> {
    let mut signers = Signers::default();
    let mut entries = entries.peekable();
    let mut events: Vec<Event> = Vec::new();
    // The opening was posted by itself.
    posting.part()?;
    while let Some(entry) = entries.next().transpose()? {
        if let Entry::Event(event) = entry {
            events.push(event);
            if events.len() >= EVENTS_AT_ONCE {
                post(posting, &events)?;
                events.clear();
            }
            continue;
        }
        if !events.is_empty() {
            post(posting, &events)?;
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
                posting.register(edition, register, &rows.into())?;
            }
            Entry::Batch(batch) => drop(posting.batch(&batch)?),
            Entry::Unread(row) => drop(posting.unread(&row)?),
            Entry::Correction(correction) => drop(posting.correction(&correction)?),
            Entry::Close(_) => posting.part()?,
            alone => {
                enter(posting, &alone, &mut signers)?;
                posting.part()?;
            }
        }
    }
    Ok(signers)
}

/// Posts an entry that stands alone.
fn enter(
    posting: &mut Posting<'_>,
    entry: &Entry,
    signers: &mut Signers,
) -> Result<(), BookTrouble> {
    match entry {
        Entry::Dispute(dispute) => drop(posting.dispute(dispute)?),
        Entry::Resolution(resolution) => drop(posting.resolution(resolution)?),
        Entry::Checkpoint(checkpoint) => signers.take(posting.checkpoint(checkpoint)?, entry),
        Entry::Signer(signer) => signers.take(posting.signer(signer)?, entry),
        _ => {
            let what = "a second opening";
            return Err(BookError::OutOfPlace { what, inside: false }.into());
        }
    }
    Ok(())
}
