//! A book that is open: reading it, and proving what it holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::Digest;

use super::entry::{Entry, Opening};
use super::keys::{self, Index, Key, Runs, Sieve};
use super::leaf::{FORMAT, NOTHING_BEFORE, leaf_bytes, leaf_digest};
use super::name::check_name;
use super::posting::Extent;
use super::store::{Row, Run, Segment, Store, StoreError};
use super::tree::{self, Digests, Frontier, Node};
use super::{BookError, Moment, Posting};

/// The name under which the digests of this format go.
pub(super) const HASH: &str = "sha-256";

/// An open book.
///
/// It reads and proves; [`begin`](Book::begin) opens it for posting.
pub struct Book {
    store: Box<dyn Store>,
    opening: Opening,
    runs: Runs,
    /// While somebody posts: of how many entries the store has the keys.
    covered: Option<u64>,
    /// The segment read last.
    held: Segment,
    /// Set when what is being done is to end.
    interrupted: Arc<AtomicBool>,
}

/// Segments read together.
const SEGMENTS_AT_ONCE: usize = 4;

impl std::fmt::Debug for Book {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Book").field("opening", &self.opening).finish_non_exhaustive()
    }
}

impl Book {
    /// Makes a new book in an empty store. Its first entry is the opening.
    ///
    /// # Errors
    /// The name is none that a checkpoint can carry; the store fails or is not empty.
    pub fn create(store: Box<dyn Store>, origin: &str, learnt: Moment) -> Result<Book, BookError> {
        Book::founded(store, (origin, learnt), Extent::Usual, |posting| posting.commit().map(drop))
    }

    /// Makes a new book in an empty store, of which more than the opening is posted at once. Nothing is left
    /// of the store where that is not kept.
    ///
    /// # Errors
    /// As [`create`](Book::create); whoever posts says so.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn create_with<E: From<BookError>>(
        store: Box<dyn Store>,
        (origin, learnt): (&str, Moment),
        post: impl FnOnce(Posting<'_>) -> Result<(), E>,
    ) -> Result<Book, E> {
        Book::founded(store, (origin, learnt), Extent::Large, post)
    }

    fn founded<E: From<BookError>>(
        store: Box<dyn Store>,
        (origin, learnt): (&str, Moment),
        extent: Extent,
        post: impl FnOnce(Posting<'_>) -> Result<(), E>,
    ) -> Result<Book, E> {
        check_name(origin)?;
        let (origin, hash) = (origin.to_owned(), HASH.to_owned());
        let opening = Opening { format: FORMAT, origin, hash, learnt };
        let mut book = Book::of(store, opening.clone());
        let opened = Posting::on_empty(&mut book, extent).and_then(|mut posting| {
            posting.enter(&Entry::Opening(opening))?;
            Ok(posting)
        });
        // A store that never came to hold an entry goes away by itself.
        opened.map_err(E::from).and_then(post)?;
        Ok(book)
    }

    /// Opens a book.
    ///
    /// # Errors
    /// The store fails, has no opening entry, or one of a newer format.
    pub fn open(mut store: Box<dyn Store>) -> Result<Book, BookError> {
        let first = store.segments(0, 1)?.into_iter().next().unwrap_or_default();
        let first = first.row(0).ok_or(BookError::NoOpening)?;
        match entry(&first)? {
            Entry::Opening(opening) if opening.format > FORMAT => {
                let (found, known) = (opening.format, FORMAT);
                Err(StoreError::Newer { found, known }.into())
            }
            Entry::Opening(opening) => Ok(Book::of(store, opening)),
            _ => Err(BookError::NoOpening),
        }
    }

    fn of(store: Box<dyn Store>, opening: Opening) -> Book {
        let (runs, held, interrupted) = (Runs::default(), Segment::default(), Arc::default());
        Book { store, opening, runs, covered: None, held, interrupted }
    }

    /// From here on what reads the book ends with [`BookError::Interrupted`] once this is set.
    pub fn mind(&mut self, interrupted: Arc<AtomicBool>) {
        self.interrupted = interrupted;
    }

    /// Its opening.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// How many entries it has.
    ///
    /// # Errors
    /// The store fails.
    pub fn size(&mut self) -> Result<u64, BookError> {
        Ok(self.store.size()?)
    }

    /// Entries with their numbers, from one on, at most so many; fewer at the end alone.
    /// Each is held against its leaf.
    ///
    /// # Errors
    /// The store fails, or an entry cannot be read or is not what was written.
    pub fn entries(&mut self, from: u64, count: usize) -> Result<Vec<(u64, Entry)>, BookError> {
        let mut entries = Vec::new();
        let mut before = NOTHING_BEFORE;
        // The row before is asked for its leaf alone.
        let first = from.saturating_sub(1);
        let extra = usize::from(first < from);
        self.rows(first, count.saturating_add(extra), |row| {
            if row.number >= from {
                hold(row, &before)?;
                entries.push((row.number, entry(row)?));
            }
            before = row.leaf;
            Ok(())
        })?;
        Ok(entries)
    }

    /// An entry, held against its leaf.
    ///
    /// # Errors
    /// There is none of that number, or it cannot be read or is not what was written.
    pub fn entry(&mut self, number: u64) -> Result<Entry, BookError> {
        entry(&self.held_row(number)?.1)
    }

    /// An entry as it is kept, held against its leaf, and the leaf before it.
    pub(super) fn held_row(&mut self, number: u64) -> Result<(Digest, Row<'_>), BookError> {
        self.row(number)?;
        let before = self.leaf_before(number)?;
        let row = self.row(number)?;
        hold(&row, &before)?;
        Ok((before, row))
    }

    /// Entries by their numbers, in ascending order; those that are not there are left out.
    pub(super) fn entries_at(&mut self, numbers: &[u64]) -> Result<Vec<(u64, Entry)>, BookError> {
        let mut numbers = numbers.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        let mut entries = Vec::with_capacity(numbers.len());
        for number in numbers {
            if self.segment(number)?.row(number).is_some() {
                entries.push((number, self.entry(number)?));
            }
        }
        Ok(entries)
    }

    /// Entries of some kinds, in order. All are held against their leaves, since one that was changed may
    /// have been of these kinds; only these are read.
    ///
    /// # Errors
    /// The store fails, or an entry is not what was written.
    pub fn entries_of(&mut self, kinds: &[&str]) -> Result<Vec<(u64, Entry)>, BookError> {
        let (mut entries, mut before) = (Vec::new(), NOTHING_BEFORE);
        self.rows(0, usize::MAX, |row| {
            hold(row, &before)?;
            before = row.leaf;
            if is_of(row, kinds) {
                entries.push((row.number, entry(row)?));
            }
            Ok(())
        })?;
        Ok(entries)
    }

    /// Entries of some kinds as far as they can be read, for whoever tells what is damaged.
    ///
    /// # Errors
    /// The store fails.
    pub fn readable_of(&mut self, kinds: &[&str]) -> Result<Vec<(u64, Entry)>, BookError> {
        let mut entries = Vec::new();
        self.rows(0, usize::MAX, |row| {
            if is_of(row, kinds) {
                entries.extend(entry(row).ok().map(|entry| (row.number, entry)));
            }
            Ok(())
        })?;
        Ok(entries)
    }

    /// The entry that holds an edition.
    ///
    /// # Errors
    /// The store fails.
    pub fn edition(&mut self, digest: &Digest) -> Result<Option<u64>, BookError> {
        let found = self.find(&[content_key(digest)])?;
        Ok(found.first().copied().flatten())
    }

    /// The root of the tree over the first entries.
    ///
    /// # Errors
    /// There are not so many, or the store fails.
    pub fn root(&mut self, size: u64) -> Result<Digest, BookError> {
        let have = self.size()?;
        if size > have {
            return Err(BookError::NoEntry { number: size, size: have });
        }
        tree::range(&mut HeldNodes(self), 0, size)
    }

    /// The bytes of an entry as the tree holds them: chained, and outlined if long.
    ///
    /// # Errors
    /// There is none of that number, it is not what was written, or the store fails.
    pub fn leaf_bytes(&mut self, number: u64) -> Result<Vec<u8>, BookError> {
        let (previous, row) = self.held_row(number)?;
        Ok(leaf_bytes(row.kind, &previous, row.body))
    }

    /// The proof that an entry is in the tree over the first entries, from the bottom up.
    ///
    /// # Errors
    /// There are not so many, or the store fails.
    pub fn inclusion(&mut self, number: u64, size: u64) -> Result<Vec<Digest>, BookError> {
        self.holds(size)?;
        tree::inclusion(self, size, number)
    }

    /// The proof that the tree over the first `old` entries is the beginning of that over `size`.
    ///
    /// # Errors
    /// There are not so many, or the store fails.
    pub fn consistency(&mut self, old: u64, size: u64) -> Result<Vec<Digest>, BookError> {
        self.holds(size)?;
        tree::consistency(self, old, size)
    }

    /// Holds the end of the book as whoever posts does: its last entry, and what of the tree goes on from it.
    ///
    /// # Errors
    /// The end of the book is damaged; the store fails.
    pub fn hold_end(&mut self) -> Result<(), BookError> {
        self.frontier().map(drop)
    }

    /// Opens the book for posting; nobody else can post until that ends.
    ///
    /// # Errors
    /// Somebody else posts and does not end in time; the end of the book is damaged.
    pub fn begin(&mut self) -> Result<Posting<'_>, BookError> {
        Posting::new(self, Extent::Usual)
    }

    /// Opens the book for posting much in one batch: whoever reads it meanwhile may have to wait.
    ///
    /// # Errors
    /// As [`begin`](Book::begin).
    pub fn begin_large(&mut self) -> Result<Posting<'_>, BookError> {
        Posting::new(self, Extent::Large)
    }

    pub(super) fn store(&mut self) -> &mut dyn Store {
        self.store.as_mut()
    }

    /// Hands rows from one on to a function, at most so many.
    pub(super) fn rows(
        &mut self,
        from: u64,
        count: usize,
        mut each: impl FnMut(&Row<'_>) -> Result<(), BookError>,
    ) -> Result<(), BookError> {
        let end = from.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        let mut next = from;
        while next < end {
            let segments = self.segments(next, SEGMENTS_AT_ONCE)?;
            let Some(last) = segments.last() else { break };
            for segment in &segments {
                let rows = segment.rows().filter(|row| (next..end).contains(&row.number));
                rows.into_iter().try_for_each(|row| each(&row))?;
            }
            next = last.end();
        }
        Ok(())
    }

    /// Segments from the one on that holds an entry, at most so many; none at the end.
    pub(crate) fn segments(&mut self, from: u64, count: usize) -> Result<Vec<Segment>, BookError> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(BookError::Interrupted);
        }
        let mut segments = self.store.segments(from, count.saturating_add(1))?;
        segments.retain(|segment| segment.end() > from);
        segments.truncate(count);
        Ok(segments)
    }

    fn segment(&mut self, number: u64) -> Result<&Segment, BookError> {
        if self.held.row(number).is_none() {
            self.held = self.store.segments(number, 1)?.into_iter().next().unwrap_or_default();
        }
        Ok(&self.held)
    }

    /// An entry as it is kept.
    pub(super) fn row(&mut self, number: u64) -> Result<Row<'_>, BookError> {
        if self.segment(number)?.row(number).is_none() {
            // What stands before others is missing; past the last there is nothing.
            return Err(match self.size()? {
                size if number < size => BookError::Damaged { entry: number },
                size => BookError::NoEntry { number, size },
            });
        }
        self.held.row(number).ok_or(BookError::Damaged { entry: number })
    }

    /// For each key the latest entry it is a key of.
    pub(super) fn find(&mut self, keys: &[Key]) -> Result<Vec<Option<u64>>, BookError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.read_runs()?;
        self.runs.find(self.store.as_mut(), keys)
    }

    /// For each key every entry it is a key of.
    pub(super) fn find_each(&mut self, keys: &[Key]) -> Result<Vec<(Key, u64)>, BookError> {
        self.read_runs()?;
        self.runs.find_each(self.store.as_mut(), keys)
    }

    fn read_runs(&mut self) -> Result<(), BookError> {
        let upto = match self.covered {
            Some(covered) => covered,
            None => self.store.size()?,
        };
        if self.runs.upto != upto {
            self.runs = Runs::read(self.store.as_mut(), upto)?;
        }
        Ok(())
    }

    /// A posting begins, or has handed the keys of more entries to the store.
    pub(super) fn cover(&mut self, upto: u64, run: Option<(Run, Sieve)>) -> Result<(), BookError> {
        match run {
            Some((run, sieve)) => self.runs.push(run, Some(sieve)),
            None if self.runs.upto == upto => {}
            None => self.runs = Runs::read(self.store.as_mut(), upto)?,
        }
        self.covered = Some(upto);
        Ok(())
    }

    /// The number of the next page of keys, while somebody posts.
    pub(super) fn next_page(&self) -> u64 {
        self.runs.next_page
    }

    /// Makes few runs of many.
    pub(super) fn compact(&mut self) -> Result<(), BookError> {
        keys::compacted(self.store.as_mut(), &mut self.runs)
    }

    /// A posting is over.
    pub(super) fn uncover(&mut self, kept: bool) {
        self.covered = None;
        if !kept {
            self.store.rollback();
            self.runs = Runs::default();
            self.held = Segment::default();
        }
    }

    /// Whether this book is being posted to.
    pub(super) fn is_posted_to(&self) -> bool {
        self.covered.is_some()
    }

    /// The leaf that an entry is chained to.
    pub(super) fn leaf_before(&mut self, number: u64) -> Result<Digest, BookError> {
        match number.checked_sub(1) {
            Some(before) => Ok(self.row(before)?.leaf),
            None => Ok(NOTHING_BEFORE),
        }
    }

    /// The tree as it stands, checked against the last entry. Every kept node that it stands on is held
    /// against those right beneath it; all others are by [`verify`](Book::verify).
    pub(super) fn frontier(&mut self) -> Result<(Frontier, Digest), BookError> {
        let size = self.size()?;
        let Some(last) = size.checked_sub(1) else {
            return Ok((Frontier::default(), NOTHING_BEFORE));
        };
        let (_, row) = self.held_row(last)?;
        let leaf = row.leaf;
        match entry(&row)? {
            Entry::Batch(_) => return Err(BookError::HalfBatch { batch: last }),
            Entry::Event(event) => return Err(BookError::HalfBatch { batch: event.batch }),
            Entry::Unread(row) => return Err(BookError::HalfBatch { batch: row.batch }),
            Entry::Correction(it) => return Err(BookError::HalfBatch { batch: it.batch }),
            Entry::Opening(_)
            | Entry::Edition(_)
            | Entry::Register(_)
            | Entry::Close(_)
            | Entry::Dispute(_)
            | Entry::Resolution(_)
            | Entry::Checkpoint(_)
            | Entry::Signer(_) => {}
        }
        Ok((Frontier::of(size, &mut HeldNodes(self))?, leaf))
    }

    fn holds(&mut self, size: u64) -> Result<(), BookError> {
        let have = self.size()?;
        if size > have { Err(BookError::NoEntry { number: size, size: have }) } else { Ok(()) }
    }
}

impl AsMut<Book> for Book {
    fn as_mut(&mut self) -> &mut Book {
        self
    }
}

impl Digests for Book {
    fn digests(&mut self, level: u8, from: u64, count: u64) -> Result<Vec<Digest>, BookError> {
        let wanted = usize::try_from(count).unwrap_or(usize::MAX);
        let found: Vec<(u64, Digest)> = match level {
            0 => self.store.leaves(from, count)?,
            _ => {
                let nodes = self.store.nodes(level, from, count)?;
                nodes.into_iter().map(|Node { index, digest, .. }| (index, digest)).collect()
            }
        };
        let whole = found.len() == wanted && found.iter().zip(from..).all(|(it, at)| it.0 == at);
        if !whole {
            let at = found.iter().zip(from..).take_while(|(it, at)| it.0 == *at).count();
            let index = from.saturating_add(u64::try_from(at).unwrap_or(0));
            return Err(match level {
                0 => BookError::Damaged { entry: index },
                _ => BookError::DamagedNode { level, index },
            });
        }
        Ok(found.into_iter().map(|(_, digest)| digest).collect())
    }
}

/// The digests of a book, each node held against those right beneath it before it is handed out: whoever
/// is told a root may write it down for good.
struct HeldNodes<'b>(&'b mut Book);

impl Digests for HeldNodes<'_> {
    fn digests(&mut self, level: u8, from: u64, count: u64) -> Result<Vec<Digest>, BookError> {
        let found = self.0.digests(level, from, count)?;
        if level > 0 {
            for (index, digest) in (from..).zip(&found) {
                if tree::beneath(self.0, level, index)? != *digest {
                    return Err(BookError::DamagedNode { level, index });
                }
            }
        }
        Ok(found)
    }
}

/// Holds a row against its leaf, which hangs on the one before.
pub(super) fn hold(row: &Row<'_>, before: &Digest) -> Result<(), BookError> {
    match leaf_digest(row.kind, before, row.body) == row.leaf {
        true => Ok(()),
        false => Err(BookError::Damaged { entry: row.number }),
    }
}

fn is_of(row: &Row<'_>, kinds: &[&str]) -> bool {
    Entry::kind_name(row.kind).is_some_and(|it| kinds.contains(&it))
}

/// The entry that a row holds.
pub(super) fn entry(row: &Row<'_>) -> Result<Entry, BookError> {
    Entry::from_body(row.kind, row.body)
        .map_err(|source| BookError::Malformed { entry: row.number, source })
}

/// The key under which what settles an entry is found.
pub(super) fn settled_key(number: u64) -> Key {
    Key::of(Index::Settled, &number.to_be_bytes())
}

/// The key under which an edition or a register is found.
pub(super) fn content_key(digest: &Digest) -> Key {
    Key::of(Index::Content, digest.as_bytes())
}
