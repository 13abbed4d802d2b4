//! Posting: what is added to a book in one go, or not at all.
//!
//! `draft` writes events, `events` decides what of a batch is new by what the book has `kept` of
//! it, `content` whether two events say the same, `running` keeps count, `seal` chains.

mod content;
mod draft;
mod events;
mod kept;
mod running;
mod seal;

use std::rc::Rc;

use crate::base::{Digest, Digester};
use crate::rows::RegisterTable;

use super::canonical::bytes_of;
use super::entry::{
    Batch, CheckpointNote, Correction, Dispute, Edition, Entry, Outcome, RegisterPart, RegisterUse,
    Resolution, Signer, Unread,
};
use super::error::not_conserved;
use super::identity::unread_key;
use super::journal::{content_key, settled_key};
use super::keys::{Fresh, Key, Mark, Paged, level_of, paged};
use super::store::{Chunk, Segment};
use super::{Book, BookError};

pub(crate) use draft::{About, Became, Draft, Drafts, Placed};
pub(super) use events::moves_lane;
use kept::Often;
pub(super) use running::Running;
use seal::{Chain, Sealed, Sealer};

/// Rows a register's entry holds at most, so that damage in it can be searched for.
const REGISTER_ROWS_MAX: usize = 256;
/// Segments kept back at most before they are handed to the store.
const SEGMENTS_MAX: usize = 8;
/// Keys kept back at most before they are made a run.
const KEYS_MAX: usize = 1 << 19;

/// How much a posting is about to add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Usual,
    /// So much that whoever reads meanwhile may be asked to wait.
    Large,
}

/// What is being added to a book. Dropped without [`commit`](Posting::commit), nothing was.
#[derive(Debug)]
pub struct Posting<'b> {
    book: &'b mut Book,
    /// How many entries there were, and are.
    start: u64,
    size: u64,
    /// The last entries, which are on their way to the store: not sealed, and sealed.
    open: Segment,
    sealer: Sealer,
    chunk: Chunk,
    /// Of how many entries the store knows.
    kept: u64,
    /// Keys that are not with the store, of entries from `since` on.
    fresh: Fresh,
    since: u64,
    running: Option<Running>,
    /// What the book had set aside often, as far as it was asked for.
    often: Often,
    /// Entries that tell something new.
    said: u64,
    /// Editions and registers, which alone are no news for a batch.
    filed: u64,
    already: u64,
    /// Whether an event comes late is judged by whoever posts.
    judged: bool,
    /// What is posted was in a book, and is to be in this one as often.
    copied: bool,
    /// An event was met that has the key of one which stands, and is another or is set aside.
    beside: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// Something was refused: nothing of it may be kept.
    Refused,
    Over,
}

/// What became of something posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// It is a new entry.
    New(u64),
    /// It was in the book already.
    Already(u64),
}

/// What a book says of a posting that it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The entry that began the batch; none if there was nothing new in it.
    pub batch: Option<u64>,
    /// How many entries are new.
    pub entries: u64,
    /// Of what was posted, how much was in the book already.
    pub already: u64,
    /// How many entries the book has now.
    pub size: u64,
    /// The root of its tree.
    pub root: Digest,
}

impl<'b> Posting<'b> {
    pub(super) fn new(book: &'b mut Book, extent: Extent) -> Result<Posting<'b>, BookError> {
        match extent {
            Extent::Usual => book.store().begin()?,
            Extent::Large => book.store().begin_large()?,
        }
        let begun = book.frontier().and_then(|begun| {
            book.cover(begun.0.size(), None)?;
            Ok(begun)
        });
        match begun {
            Ok((frontier, previous)) => Ok(Posting::at(book, Chain { previous, frontier })),
            Err(error) => {
                book.uncover(false);
                Err(error)
            }
        }
    }

    /// In a store that has to be empty.
    pub(super) fn on_empty(book: &'b mut Book, extent: Extent) -> Result<Posting<'b>, BookError> {
        let posting = Posting::new(book, extent)?;
        if posting.size > 0 {
            return Err(BookError::OutOfPlace { what: "an opening", inside: false });
        }
        Ok(posting)
    }

    fn at(book: &'b mut Book, chain: Chain) -> Posting<'b> {
        let start = chain.frontier.size();
        Posting {
            book,
            start,
            size: start,
            open: Segment::new(start),
            sealer: Sealer::Here(chain),
            chunk: Chunk::default(),
            kept: start,
            fresh: Fresh::default(),
            since: start,
            running: None,
            often: Often::new(),
            said: 0,
            filed: 0,
            already: 0,
            judged: false,
            copied: false,
            beside: false,
            state: State::Good,
        }
    }

    /// The book as it stands, to be read while nobody else can post. What this posting has added is
    /// part of it.
    ///
    /// # Errors
    /// The store fails.
    pub fn book(&mut self) -> Result<&mut Book, BookError> {
        self.emit()?;
        Ok(self.book)
    }

    /// Whoever posts runs what stands beside the new events, and has judged which of them come late: what
    /// ranks highest in a lane may stand no more.
    pub(crate) fn order_is_judged(&mut self) {
        self.judged = true;
    }

    /// What is posted was in a book: its order was judged there, and what was set aside again has an entry
    /// again.
    pub(crate) fn is_copied(&mut self) {
        (self.judged, self.copied) = (true, true);
    }

    /// Whether some events have the key of one that stands in the book and are not that event, or are not
    /// told from others by their key: which of them is the one is seen before they are run.
    pub(crate) fn has_some_beside(&self) -> bool {
        self.beside
    }

    /// An entry, of the book or of this posting.
    fn read(&mut self, number: u64) -> Result<Entry, BookError> {
        if number >= self.kept {
            self.flush()?;
        }
        self.book.entry(number)
    }

    /// The latest entry that has a key, of the book or of this posting.
    fn find(&mut self, key: Key) -> Result<Option<u64>, BookError> {
        if self.fresh.holds(&key) {
            self.emit()?;
        }
        Ok(self.book.find(&[key])?.first().copied().flatten())
    }

    /// Adds an edition of rules, if the book does not have it.
    ///
    /// # Errors
    /// A batch was begun; the store fails.
    pub fn edition(&mut self, edition: &Edition) -> Result<Posted, BookError> {
        self.outside("an edition")?;
        let digest = edition.digest();
        if let Some(number) = self.find(content_key(&digest))? {
            return Ok(Posted::Already(number));
        }
        self.filed += 1;
        let number = self.append(&Entry::Edition(edition.clone()))?;
        self.mark(content_key(&digest), number);
        Ok(Posted::New(number))
    }

    /// Adds the rows of a register, if the book does not have them, and says how a batch names them.
    ///
    /// # Errors
    /// A batch was begun; the store fails.
    pub fn register(
        &mut self,
        edition: Digest,
        register: u32,
        rows: &RegisterTable,
    ) -> Result<RegisterUse, BookError> {
        self.outside("a register")?;
        let digest = register_digest(&edition, register, rows);
        let parts = rows.len().div_ceil(REGISTER_ROWS_MAX);
        let parts = u32::try_from(parts).map_err(|_| BookError::TotalTooLarge)?;
        let first = match self.find(content_key(&digest))? {
            Some(first) => first,
            None => {
                let first = self.size;
                let mut rows = rows.rows();
                for part in 0..parts {
                    let rows = rows.by_ref().take(REGISTER_ROWS_MAX).collect();
                    self.filed += 1;
                    self.append(&Entry::Register(RegisterPart { edition, register, part, rows }))?;
                }
                if parts > 0 {
                    self.mark(content_key(&digest), first);
                }
                first
            }
        };
        Ok(RegisterUse { register, digest, first, parts })
    }

    /// Begins the batch of this posting; gives the number by which its events name it.
    ///
    /// # Errors
    /// There is one already; the book does not have its edition.
    pub fn batch(&mut self, batch: &Batch) -> Result<u64, BookError> {
        self.outside("a batch")?;
        let edition = match self.read(batch.edition_entry)? {
            Entry::Edition(edition) if edition.digest() == batch.edition => edition,
            _ => return Err(BookError::NoEdition { digest: batch.edition }),
        };
        let number = self.append(&Entry::Batch(batch.clone()))?;
        self.running = Some(Running::new(number, batch, Rc::new(edition.schema)));
        Ok(number)
    }

    /// The number of the entry that comes next.
    pub(crate) fn next(&self) -> u64 {
        self.size
    }

    /// Adds a row of the batch that could not be read.
    ///
    /// # Errors
    /// No batch was begun; the store fails.
    pub fn unread(&mut self, row: &Unread) -> Result<Posted, BookError> {
        let added = self.add_unread(row);
        self.refuse_on_error(added)
    }

    fn add_unread(&mut self, row: &Unread) -> Result<Posted, BookError> {
        let running = self.running.as_ref().ok_or(INSIDE)?;
        let key = unread_key(row, running.source(row.origin));
        if let Some(number) = self.find(key)? {
            self.already += 1;
            return Ok(Posted::Already(number));
        }
        self.running.as_mut().ok_or(INSIDE)?.count_unread(row)?;
        self.said += 1;
        let number = self.append(&Entry::Unread(row.clone()))?;
        self.mark(key, number);
        Ok(Posted::New(number))
    }

    /// Reverses an entry and puts something else in its place.
    ///
    /// # Errors
    /// There is nothing to correct, or it was corrected before; no batch was begun; the leaves do
    /// not sum to the inflow; the store fails.
    pub fn correction(&mut self, correction: &Correction) -> Result<u64, BookError> {
        let added = self.add_correction(correction);
        self.refuse_on_error(added)
    }

    fn add_correction(&mut self, correction: &Correction) -> Result<u64, BookError> {
        let of = correction.of;
        match self.read(of)? {
            Entry::Event(_) => {}
            Entry::Correction(earlier) if earlier.outcome.is_some() => {}
            _ => return Err(BookError::NotCorrectable { of }),
        }
        if let Some(by) = self.find(settled_key(of))? {
            return Err(BookError::Settled { of, by });
        }
        if let Some(outcome) = &correction.outcome {
            conserve(outcome, || format!("correction of {of}"))?;
        }
        let running = self.running.as_mut().ok_or(INSIDE)?;
        if correction.batch != running.number {
            let what = "a correction of another batch";
            return Err(BookError::OutOfPlace { what, inside: false });
        }
        running.count_correction();
        self.said += 1;
        let number = self.append(&Entry::Correction(correction.clone()))?;
        self.mark(settled_key(of), number);
        Ok(number)
    }

    /// Adds a party's objection.
    ///
    /// # Errors
    /// It is against an entry that is not there, or is no event nor what corrects one; a batch was begun; the
    /// store fails.
    pub fn dispute(&mut self, dispute: &Dispute) -> Result<u64, BookError> {
        let size = self.size;
        for number in &dispute.against {
            if *number >= size {
                return Err(BookError::NoEntry { number: *number, size });
            }
            if !matches!(self.read(*number)?, Entry::Event(_) | Entry::Correction(_)) {
                return Err(BookError::NotCorrectable { of: *number });
            }
        }
        self.enter(&Entry::Dispute(dispute.clone()))
    }

    /// Settles a dispute.
    ///
    /// # Errors
    /// There is no such dispute, or it was settled before; a batch was begun; the store fails.
    pub fn resolution(&mut self, resolution: &Resolution) -> Result<u64, BookError> {
        let of = resolution.dispute;
        if !matches!(self.read(of)?, Entry::Dispute(_)) {
            return Err(BookError::NoDispute { of });
        }
        if let Some(by) = self.find(settled_key(of))? {
            return Err(BookError::Settled { of, by });
        }
        let number = self.enter(&Entry::Resolution(resolution.clone()))?;
        self.mark(settled_key(of), number);
        Ok(number)
    }

    /// Notes that a checkpoint was signed.
    ///
    /// # Errors
    /// A batch was begun; the store fails.
    pub fn checkpoint(&mut self, note: &CheckpointNote) -> Result<u64, BookError> {
        self.enter(&Entry::Checkpoint(note.clone()))
    }

    /// Notes that a key begins or ceases to sign.
    ///
    /// # Errors
    /// A batch was begun; the store fails.
    pub fn signer(&mut self, signer: &Signer) -> Result<u64, BookError> {
        self.enter(&Entry::Signer(signer.clone()))
    }

    /// Closes the batch, if one was begun, and makes everything part of the book. Where nothing was
    /// new, the book stays as it is.
    ///
    /// # Errors
    /// Something was refused before; the store fails. Then nothing was added, unless the store says
    /// that it cannot tell.
    pub fn commit(self) -> Result<Receipt, BookError> {
        let kept = self.commit_if(|_, _| true)?;
        kept.ok_or(BookError::Internal("a posting was given up without a reason"))
    }

    /// The same, if the book is then to have so many entries and such a root; else nothing was added.
    ///
    /// # Errors
    /// As [`commit`](Posting::commit).
    pub fn commit_if(
        mut self,
        wanted: impl FnOnce(u64, &Digest) -> bool,
    ) -> Result<Option<Receipt>, BookError> {
        if self.state != State::Good {
            return Err(BookError::Internal("a posting was committed of which a part was refused"));
        }
        if self.said == 0 && (self.running.is_some() || self.filed == 0) {
            self.book.uncover(false);
            self.state = State::Over;
            let (size, root) = (self.start, self.book.root(self.start)?);
            let (batch, entries, already) = (None, 0, self.already);
            return Ok(Some(Receipt { batch, entries, already, size, root }));
        }
        let batch = self.running.as_ref().map(|running| running.number);
        self.part()?;
        let root = self.sealer.end()?.frontier.root();
        if !wanted(self.size, &root) {
            return Ok(None);
        }
        self.book.store().commit()?;
        self.book.uncover(true);
        self.state = State::Over;
        let (size, root) = (self.size, root);
        let entries = size - self.start;
        Ok(Some(Receipt { batch, entries, already: self.already, size, root }))
    }

    /// Closes the batch, if one was begun, and lays its keys out as a posting of its own leaves them: another
    /// batch may follow.
    ///
    /// # Errors
    /// The store fails.
    pub(crate) fn part(&mut self) -> Result<(), BookError> {
        if let Some(running) = self.running.take() {
            let (close, marks) = running.close();
            self.append(&Entry::Close(close))?;
            marks.into_iter().for_each(|mark| self.mark(mark.key, mark.entry));
        }
        self.emit()?;
        self.book.compact()
    }

    /// Adds an entry that stands outside of batches.
    pub(super) fn enter(&mut self, entry: &Entry) -> Result<u64, BookError> {
        self.outside("such an entry")?;
        self.said += 1;
        self.append(entry)
    }

    fn outside(&self, what: &'static str) -> Result<(), BookError> {
        match self.running {
            Some(_) => Err(BookError::OutOfPlace { what, inside: false }),
            None => Ok(()),
        }
    }

    fn append(&mut self, entry: &Entry) -> Result<u64, BookError> {
        self.append_body(entry.kind(), &entry.body())
    }

    /// Adds an entry.
    fn append_body(&mut self, kind: u8, body: &[u8]) -> Result<u64, BookError> {
        let number = self.size;
        self.size += 1;
        self.open.add(kind, body);
        if self.open.is_full() {
            self.sealer.go_beside();
            self.turn()?;
            if self.chunk.segments.len() >= SEGMENTS_MAX {
                self.hand_over()?;
            }
        }
        Ok(number)
    }

    fn mark(&mut self, key: Key, entry: u64) {
        self.fresh.expect(1);
        self.fresh.note(&key);
        self.fresh.add(Mark { key, entry });
    }

    /// Ends the segment at hand.
    fn turn(&mut self) -> Result<(), BookError> {
        let next = self.open.following();
        let sealed = self.sealer.seal(std::mem::replace(&mut self.open, next))?;
        self.sealed(sealed);
        Ok(())
    }

    fn sealed(&mut self, sealed: Vec<Sealed>) {
        for (segment, nodes) in sealed {
            self.chunk.segments.push(segment);
            self.chunk.nodes.extend(nodes);
        }
    }

    /// Ends what was kept back of entries.
    fn turn_all(&mut self) -> Result<(), BookError> {
        if !self.open.is_empty() {
            self.turn()?;
        }
        let rest = self.sealer.rest()?;
        self.sealed(rest);
        Ok(())
    }

    /// Hands to the store what was kept back of entries.
    fn flush(&mut self) -> Result<(), BookError> {
        self.turn_all()?;
        self.hand_over()
    }

    fn hand_over(&mut self) -> Result<(), BookError> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let appended = self.book.store().append(&self.chunk);
        self.kept = self.chunk.segments.last().map_or(self.kept, Segment::end);
        self.chunk = Chunk::default();
        self.refuse_on_error(appended.map_err(BookError::from))
    }

    /// Hands to the store what was kept back, keys too.
    fn emit(&mut self) -> Result<(), BookError> {
        let upto = self.size;
        if upto > self.since {
            let mut fresh = std::mem::take(&mut self.fresh);
            let (level, page) = (level_of(fresh.len()), self.book.next_page());
            let empty = Paged::new(self.since..upto, level, page);
            let (run, pages) = paged(empty, fresh.sorted());
            self.turn_all()?;
            self.chunk.pages = pages;
            self.chunk.runs.push(run.clone());
            self.hand_over()?;
            self.book.cover(upto, Some((run, fresh.into_sieve())))?;
            self.since = upto;
        }
        Ok(())
    }

    /// Makes a run of the keys there are, where there is no room for so many more.
    fn emit_for(&mut self, more: usize) -> Result<(), BookError> {
        if self.fresh.len().saturating_add(more) > KEYS_MAX { self.emit() } else { Ok(()) }
    }

    fn refuse_on_error<T>(&mut self, done: Result<T, BookError>) -> Result<T, BookError> {
        if done.is_err() {
            self.state = State::Refused;
        }
        done
    }
}

/// The book to be read as it was before this posting: of what that has added, all, some or nothing may
/// be found.
impl AsMut<Book> for Posting<'_> {
    fn as_mut(&mut self) -> &mut Book {
        self.book
    }
}

impl Drop for Posting<'_> {
    fn drop(&mut self) {
        if self.state != State::Over {
            self.book.uncover(false);
        }
    }
}

const INSIDE: BookError = BookError::OutOfPlace { what: "an event or a correction", inside: true };

/// The digest by which a register is found again: over its rows, however they are parted.
pub(super) fn register_digest(edition: &Digest, register: u32, rows: &RegisterTable) -> Digest {
    let mut digester = register_digester(edition, register);
    rows.rows().for_each(|row| digester.update(&bytes_of(&row)));
    digester.finish()
}

/// A digester that has seen which register it is.
pub(super) fn register_digester(edition: &Digest, register: u32) -> Digester {
    let mut digester = Digester::new();
    digester.update(edition.as_bytes());
    digester.update(&bytes_of(&register));
    digester
}

/// Holds that leaves sum to the inflow, before anything is written and after it was read.
pub(super) fn conserve(outcome: &Outcome, key: impl Fn() -> String) -> Result<(), BookError> {
    let Outcome::Allocated { inflow, leaves, .. } = outcome else { return Ok(()) };
    let sum = leaves.iter().try_fold(0_i128, |sum, leaf| sum.checked_add(leaf.amount.minor()));
    match sum.ok_or(BookError::TotalTooLarge)? {
        sum if sum == inflow.minor() => Ok(()),
        sum => Err(not_conserved(key(), *inflow, sum)),
    }
}
