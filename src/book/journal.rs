//! A book that is open: reading it, and proving what it holds.

use crate::base::Digest;

use super::entry::{Entry, Opening, Outcome};
use super::identity::Identity;
use super::leaf::{FORMAT, NOTHING_BEFORE, leaf_bytes, leaf_digest};
use super::store::{Index, Row, Store, StoreError};
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
}

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
        check_name(origin)?;
        let (origin, hash) = (origin.to_owned(), HASH.to_owned());
        let opening = Opening { format: FORMAT, origin, hash, learnt };
        let mut book = Book { store, opening: opening.clone() };
        let mut posting = Posting::on_empty(&mut book)?;
        posting.enter(&Entry::Opening(opening))?;
        posting.commit()?;
        Ok(book)
    }

    /// Opens a book.
    ///
    /// # Errors
    /// The store fails, has no opening entry, or one of a newer format.
    pub fn open(mut store: Box<dyn Store>) -> Result<Book, BookError> {
        let first = store.rows(0, 1)?.into_iter().next();
        let first = first.filter(|row| row.number == 0).ok_or(BookError::NoOpening)?;
        match entry(&first)? {
            Entry::Opening(opening) if opening.format > FORMAT => {
                let (found, known) = (opening.format, FORMAT);
                Err(StoreError::Newer { found, known }.into())
            }
            Entry::Opening(opening) => Ok(Book { store, opening }),
            _ => Err(BookError::NoOpening),
        }
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
    ///
    /// # Errors
    /// The store fails, or an entry cannot be read.
    pub fn entries(&mut self, from: u64, count: usize) -> Result<Vec<(u64, Entry)>, BookError> {
        let rows = self.store.rows(from, count)?;
        rows.iter().map(|row| Ok((row.number, entry(row)?))).collect()
    }

    /// An entry.
    ///
    /// # Errors
    /// There is none of that number, or it cannot be read.
    pub fn entry(&mut self, number: u64) -> Result<Entry, BookError> {
        entry(&self.row(number)?)
    }

    /// For each identity the entry by which the event stands allocated: its own, or that of its
    /// latest correction. None if it never was, was withdrawn, or came to be set aside.
    ///
    /// # Errors
    /// The store fails, or an entry cannot be read.
    pub fn standing(&mut self, of: &[Identity]) -> Result<Vec<Option<u64>>, BookError> {
        let keys: Vec<Vec<u8>> = of.iter().map(Identity::allocated).collect();
        let found = self.store.find(Index::Event, &keys)?;
        found
            .into_iter()
            .map(|entry| match entry {
                Some(entry) => self.in_force(entry),
                None => Ok(None),
            })
            .collect()
    }

    /// The entry that corrects an entry, or settles a dispute.
    ///
    /// # Errors
    /// The store fails.
    pub fn settled_by(&mut self, number: u64) -> Result<Option<u64>, BookError> {
        let found = self.store.find(Index::Settled, &[settled_key(number)])?;
        Ok(found.first().copied().flatten())
    }

    /// The entry that holds an edition.
    ///
    /// # Errors
    /// The store fails.
    pub fn edition(&mut self, digest: &Digest) -> Result<Option<u64>, BookError> {
        let found = self.store.find(Index::Content, &[digest.as_bytes().to_vec()])?;
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
        tree::range(self, 0, size)
    }

    /// The bytes of an entry as the tree holds them: chained, and outlined if long.
    ///
    /// # Errors
    /// There is none of that number, or the store fails.
    pub fn leaf_bytes(&mut self, number: u64) -> Result<Vec<u8>, BookError> {
        let previous = self.leaf_before(number)?;
        let row = self.row(number)?;
        Ok(leaf_bytes(row.kind, &previous, &row.body))
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

    /// Opens the book for posting; nobody else can post until that ends.
    ///
    /// # Errors
    /// Somebody else posts and does not end in time; the end of the book is damaged.
    pub fn begin(&mut self) -> Result<Posting<'_>, BookError> {
        Posting::new(self)
    }

    pub(super) fn store(&mut self) -> &mut dyn Store {
        self.store.as_mut()
    }

    pub(super) fn row(&mut self, number: u64) -> Result<Row, BookError> {
        let row = self.store.rows(number, 1)?.into_iter().find(|row| row.number == number);
        match row {
            Some(row) => Ok(row),
            None => Err(BookError::NoEntry { number, size: self.size()? }),
        }
    }

    /// The leaf that an entry is chained to.
    pub(super) fn leaf_before(&mut self, number: u64) -> Result<Digest, BookError> {
        match number.checked_sub(1) {
            Some(before) => Ok(self.row(before)?.leaf),
            None => Ok(NOTHING_BEFORE),
        }
    }

    /// Follows the corrections of an entry to the one in force.
    pub(super) fn in_force(&mut self, entry: u64) -> Result<Option<u64>, BookError> {
        let (mut standing, mut allocated) = (entry, true);
        while let Some(by) = self.settled_by(standing)? {
            match self.entry(by)? {
                Entry::Correction(correction) if correction.outcome.is_none() => return Ok(None),
                // A correction stands after what it corrects; another order is damage.
                _ if by <= standing => return Err(BookError::Damaged { entry: by }),
                Entry::Correction(it) => {
                    allocated = matches!(it.outcome, Some(Outcome::Allocated { .. }));
                    standing = by;
                }
                _ => standing = by,
            }
        }
        Ok(allocated.then_some(standing))
    }

    /// The tree as it stands, checked against the last entry.
    pub(super) fn frontier(&mut self) -> Result<(Frontier, Digest), BookError> {
        let size = self.size()?;
        let Some(last) = size.checked_sub(1) else {
            return Ok((Frontier::default(), NOTHING_BEFORE));
        };
        let (row, before) = (self.row(last)?, self.leaf_before(last)?);
        if leaf_digest(row.kind, &before, &row.body) != row.leaf {
            return Err(BookError::Damaged { entry: last });
        }
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
        Ok((Frontier::of(size, self)?, row.leaf))
    }

    fn holds(&mut self, size: u64) -> Result<(), BookError> {
        let have = self.size()?;
        if size > have { Err(BookError::NoEntry { number: size, size: have }) } else { Ok(()) }
    }
}

impl Digests for Book {
    fn digests(&mut self, level: u8, from: u64, count: u64) -> Result<Vec<Digest>, BookError> {
        let wanted = usize::try_from(count).unwrap_or(usize::MAX);
        let found: Vec<(u64, Digest)> = if level == 0 {
            let rows = self.store.rows(from, wanted)?;
            rows.into_iter().map(|row| (row.number, row.leaf)).collect()
        } else {
            let nodes = self.store.nodes(level, from, count)?;
            nodes.into_iter().map(|Node { index, digest, .. }| (index, digest)).collect()
        };
        let whole = found.len() == wanted && found.iter().zip(from..).all(|(it, at)| it.0 == at);
        if !whole {
            // A node that is not there stands for its first leaf.
            return Err(BookError::Damaged { entry: from << level });
        }
        Ok(found.into_iter().map(|(_, digest)| digest).collect())
    }
}

/// The entry that a row holds.
pub(super) fn entry(row: &Row) -> Result<Entry, BookError> {
    Entry::from_body(row.kind, &row.body)
        .map_err(|source| BookError::Malformed { entry: row.number, source })
}

/// The key under which what settles an entry is found.
pub(super) fn settled_key(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

/// Holds that a name can stand in a checkpoint and a signature.
pub(super) fn check_name(name: &str) -> Result<(), BookError> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.contains(bad) {
        return Err(BookError::BadName { name: name.to_owned() });
    }
    Ok(())
}
