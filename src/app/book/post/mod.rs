//! Posting: events in, entries of a book out, as one batch or not at all.
//!
//! What a batch gives is what one run over all events of the book and the new ones would give. Where
//! no rule reads what earlier events left, the new ones are worked out alone and posted as they come.
//! Else the events that stand in the book and share running totals with the new ones, or are undone by
//! them, are run again before, between and after them (`among`): `again` tells which of the new ones
//! stand already, and `judge` which come late, and what of the book would no longer stand.

mod again;
mod among;
mod judge;
mod recorder;
mod refusal;
mod unmoved;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;

use crate::base::Date;
use crate::book::{
    Batch, Book, Correction, Drafts, Edition, Entry, Event, Moment, Posted, Posting, ReadingChoice,
    Receipt, Source, Unread,
};
use crate::engine::{self, Input, Memory, RunError, Turn};
use crate::formats::{self, FileShelf, FormatsError};
use crate::model::ReadingId;
use crate::plan::{self, EventSource, Partition, Plan};
use crate::report::ControlTotals;
use crate::rows::{RegisterTable, Sink};

use super::super::asides::{Aside, Asides};
use super::super::cross_check;
use super::super::inputs::Remark;
use super::super::load::Loaded;
use super::super::reading::Batches;
use super::super::run::Job;
use super::BookTrouble;
use super::edition::edition;
use super::fits::{fits, has_others};
use super::history::WAITING_BYTES;
use super::maker::Maker;
use super::replay::spans;
use super::signing::Clock;

use recorder::{Counts, Drafter};

pub(super) use judge::{amounts, comes_out_otherwise, differs};
pub use refusal::{AccountChanged, Changed, Late, Refusal};

/// What is to be posted, and how.
#[derive(Debug)]
pub struct Post<'a> {
    /// The run that makes it.
    pub job: Job<'a>,
    /// The texts of the rules.
    pub loaded: &'a Loaded,
    /// Who posts.
    pub by: Option<String>,
    /// The poster's clock.
    pub clock: Clock,
    /// Late events are posted, with entries that correct those after them.
    pub recompute_late: bool,
    /// Nothing is kept.
    pub dry_run: bool,
    /// A second evaluator must agree first.
    pub cross_check: bool,
    /// The folder of the file in which events wait that memory has no room for.
    pub folder: PathBuf,
    /// So much is posted that whoever reads the book meanwhile may have to wait.
    pub large: bool,
}

/// What a posting says of itself.
#[derive(Debug)]
pub struct PostReport {
    /// What the book says; the entries of a trial are as they would be.
    pub receipt: Receipt,
    /// Counts and sums of what is new.
    pub totals: ControlTotals,
    /// Of what was in the book already, the first ones with their entries.
    pub already: Vec<Already>,
    /// How many of what was in the book already are set aside.
    pub already_aside: u64,
    /// How many events came late and were posted.
    pub late: u64,
    /// What was corrected.
    pub corrected: Vec<Changed>,
    /// What stands beside late events as disputes were settled, and as it would come out.
    pub settled: Vec<Changed>,
    /// The first events set aside.
    pub first_aside: Vec<Aside>,
    /// What is worth saying of the files.
    pub remarks: Vec<Remark>,
    /// On how many events both evaluators agree, if they were asked.
    pub agreed: Option<u64>,
    /// The batch before this one, if it was posted by another edition of the rules.
    pub other_edition: Option<u64>,
}

/// An event that was in the book already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Already {
    /// Its key.
    pub key: String,
    /// Its entry.
    pub entry: u64,
    /// The code of its reason, if it is set aside.
    pub aside: Option<&'static str>,
}

/// The evaluator as batches name it.
pub const EVALUATOR: &str = concat!("fenshui ", env!("CARGO_PKG_VERSION"));

/// Posts events into a book.
///
/// # Errors
/// The book refuses: an event is there with other content, comes late, or changes what stands; the
/// two evaluators differ; a file or the store fails. Nothing was added then.
pub fn post(book: &mut Book, post: &Post<'_>) -> Result<PostReport, Refusal> {
    let plan = plan::from_checked(post.job.checked, post.job.choices);
    let edition = edition(post.loaded, post.job.checked.rule_set());
    let mut depends = needs_history(&plan);
    if depends && last_batch(book)?.is_some() {
        match among::with_history(book, post, (&plan, false), &edition)? {
            Some(report) => return Ok(report),
            None => depends = false,
        }
    }
    let agreed = post.cross_check.then(|| alone(post)).transpose()?;
    // The book keeps the events of a lane in their order, those that depend on no other too.
    let mut turn = Turn::EachInPlace;
    loop {
        match streamed(book, post, (&plan, depends), &edition, turn)? {
            Streamed::Posted(report) => return Ok(PostReport { agreed, ..*report }),
            Streamed::OutOfOrder if turn == Turn::EachInPlace => turn = Turn::Sorted,
            Streamed::OutOfOrder => {
                return Err(BookTrouble::from(FormatsError::Internal("no run".into())).into());
            }
            // Somebody posted between the look and the lock.
            Streamed::Outrun => match among::with_history(book, post, (&plan, false), &edition)? {
                Some(report) => return Ok(report),
                None => depends = false,
            },
            Streamed::Beside => {
                let report = among::with_history(book, post, (&plan, true), &edition)?;
                let none = || BookTrouble::from(FormatsError::Internal("no run".into()));
                return Ok(report.ok_or_else(none)?);
            }
        }
    }
}

/// How a posting of events as they come out of the engine ends.
enum Streamed {
    Posted(Box<PostReport>),
    /// They were to come in order and do not.
    OutOfOrder,
    /// The book, empty before, has batches now, and the rules may read what they left.
    Outrun,
    /// Some have the key of what stands in the book and are another row: which is which has to be told
    /// before.
    Beside,
}

/// Whether what an event gives may depend on events before it.
pub(super) fn needs_history(plan: &Plan) -> bool {
    plan.partition != Partition::Free || makes_events(plan)
}

/// Whether there are events that nobody sends: they depend on all that were sent.
pub(super) fn makes_events(plan: &Plan) -> bool {
    plan.events.iter().any(|event| event.source != EventSource::Sent)
}

/// The number of the last batch.
fn last_batch(book: &mut Book) -> Result<Option<u64>, BookTrouble> {
    let mut end = book.size()?;
    while let Some(at) = end.checked_sub(1) {
        match book.entry(at)? {
            Entry::Batch(_) => return Ok(Some(at)),
            Entry::Event(Event { batch, .. })
            | Entry::Unread(Unread { batch, .. })
            | Entry::Correction(Correction { batch, .. }) => return Ok(Some(batch)),
            _ => end = at,
        }
    }
    Ok(None)
}

/// The last batch, if it was posted by another edition of the rules.
fn of_other_edition(book: &mut Book, edition: &Edition) -> Result<Option<u64>, BookTrouble> {
    let Some(number) = last_batch(book)? else { return Ok(None) };
    let Entry::Batch(batch) = book.entry(number)? else { return Ok(None) };
    Ok((batch.edition != edition.digest()).then_some(number))
}

/// Cross-checks the new events where nothing that stands bears on them.
fn alone(post: &Post<'_>) -> Result<u64, Refusal> {
    cross_check(&post.job).map_err(BookTrouble::from)?.map_err(Refusal::Differ)
}

/// Opens a book for a posting.
fn opened<'b>(book: &'b mut Book, post: &Post<'_>) -> Result<Posting<'b>, BookTrouble> {
    Ok(if post.large { book.begin_large()? } else { book.begin()? })
}

/// Begins the batch: edition, registers, head.
fn begin(
    posting: &mut Posting<'_>,
    post: &Post<'_>,
    edition: &Edition,
    through: Option<Date>,
) -> Result<u64, BookTrouble> {
    let filed = filed(posting, edition, post.job.registers)?;
    Ok(posting.batch(&Batch { through, ..head(post, filed)? })?)
}

/// The head of a batch of which all but this is said. Its files are read for their digests.
fn head(post: &Post<'_>, filed: Batch) -> Result<Batch, FormatsError> {
    let sources = post.job.events.iter().map(|file| {
        let digest = file.input.path().map(|_| file.input.digest()).transpose()?;
        Ok(Source { name: file.input.name().to_owned(), digest })
    });
    Ok(Batch {
        learnt: (post.clock)(),
        by: post.by.clone(),
        readings: readings(&post.job.choices.readings),
        through: post.job.through,
        sources: sources.collect::<Result<Vec<Source>, FormatsError>>()?,
        ..filed
    })
}

/// The head of a batch by an edition and registers, which are entered; the caller says the rest.
pub(super) fn filed(
    posting: &mut Posting<'_>,
    edition: &Edition,
    registers: &[(u32, RegisterTable)],
) -> Result<Batch, BookTrouble> {
    let (Posted::New(edition_entry) | Posted::Already(edition_entry)) = posting.edition(edition)?;
    let digest = edition.digest();
    let used = registers.iter().map(|(at, rows)| posting.register(digest, *at, rows));
    let registers = used.collect::<Result<Vec<_>, _>>()?;
    Ok(Batch {
        learnt: Moment::from_millis(0),
        by: None,
        evaluator: EVALUATOR.to_owned(),
        edition: digest,
        edition_entry,
        registers,
        readings: Vec::new(),
        through: None,
        sources: Vec::new(),
    })
}

/// Readings chosen, as batches name them.
pub(super) fn readings(chosen: &BTreeMap<ReadingId, u32>) -> Vec<ReadingChoice> {
    let choice = |(reading, option): (&ReadingId, &u32)| ReadingChoice {
        reading: reading.0,
        option: *option,
    };
    chosen.iter().map(choice).collect()
}

/// Posts events as they come out of the engine.
fn streamed(
    book: &mut Book,
    post: &Post<'_>,
    (plan, depends): (&Plan, bool),
    edition: &Edition,
    turn: Turn,
) -> Result<Streamed, Refusal> {
    let job = &post.job;
    let mut maker = Maker::new(job.names, plan)?;
    let mut posting = opened(book, post)?;
    if depends && last_batch(posting.book().map_err(BookTrouble::from)?)?.is_some() {
        return Ok(Streamed::Outrun);
    }
    let stood = posting.book().map_err(BookTrouble::from)?;
    if has_others(stood, edition.digest())? {
        let spans = spans(stood)?;
        fits(stood, &spans, (edition.digest(), job.names))?;
    }
    let other = of_other_edition(stood, edition)?;
    let filed = filed(&mut posting, edition, post.job.registers)?;
    maker.batch = posting.next();
    let mut counts = Counts::new(maker.batch);
    let ahead = Ahead { plan, turn, maker, drafts: Drafts::of(&edition.schema) };
    let heard = run_beside(post, ahead, filed, &mut posting, &mut counts);
    if posting.has_some_beside() {
        return Ok(Streamed::Beside);
    }
    let (Some(beside), asides) = heard? else { return Ok(Streamed::OutOfOrder) };
    let report = finish(post, posting, counts, beside, asides)?;
    Ok(Streamed::Posted(Box::new(PostReport { other_edition: other, ..report })))
}

/// What runs new events ahead of their posting.
struct Ahead<'p> {
    plan: &'p Plan,
    turn: Turn,
    maker: Maker<'p>,
    drafts: Drafts,
}

/// Runs the new events on a thread of their own, and posts what comes out; nothing, if they were to come
/// in order and do not. The head of their batch is entered when their files are digested, beside the run.
fn run_beside<'j>(
    post: &'j Post<'_>,
    ahead: Ahead<'_>,
    filed: Batch,
    posting: &mut Posting<'_>,
    counts: &mut Counts,
) -> Result<(Option<Beside>, Asides<'j>), BookTrouble> {
    let (job, Ahead { plan, turn, maker, drafts }) = (&post.job, ahead);
    std::thread::scope(|scope| {
        let (hand, handed) = sync_channel(DRAFTS_AHEAD);
        let (give_back, back) = sync_channel(DRAFTS_BACK);
        let running = scope.spawn(move || {
            let asides = RefCell::new(Asides::new(job, None));
            let mut drafter = Drafter::new(maker, &asides, drafts, (hand, back));
            let heard = run(post, plan, turn, &asides, &mut drafter)?;
            drafter.hand_on()?;
            drop(drafter);
            Ok((heard, asides.into_inner()))
        });
        posting.batch(&head(post, filed)?)?;
        let mut posted = Ok(());
        for drafts in handed {
            posted = recorder::post_drafts(posting, job, counts, &drafts).map(drop);
            // Whoever writes may have written all, or have enough.
            let _ = give_back.try_send(drafts);
            if posted.is_err() {
                break;
            }
        }
        let said = running.join();
        posted?;
        said.map_err(|_| FormatsError::Internal("the run is gone".to_owned()))?
    })
}

/// Events that are written ahead of what is posted, in so many pieces: about as many as are written while
/// their files are digested, or keys are put in order.
const DRAFTS_AHEAD: usize = 32;
/// Pieces whose room is used again: as few as stay near to the processor.
const DRAFTS_BACK: usize = 4;

/// What a run leaves beside its outcomes: rows that could not be read, and what is worth saying.
type Beside = (Vec<formats::Unread>, Vec<Remark>);

/// Runs the new events; nothing, if they were to come in order and do not.
fn run<S: Sink<Error = BookTrouble>>(
    post: &Post<'_>,
    plan: &Plan,
    turn: Turn,
    asides: &RefCell<Asides<'_>>,
    sink: &mut S,
) -> Result<Option<Beside>, BookTrouble> {
    let job = &post.job;
    let remarks = RefCell::new(Vec::new());
    let kept = RefCell::new(Vec::new());
    let mut unread = |rows: Vec<formats::Unread>| {
        kept.borrow_mut().extend(rows.iter().cloned());
        asides.borrow_mut().unread(rows)
    };
    let options = engine::Options { through: job.through, ..engine::Options::default() };
    let registers = job.registers;
    let mut shelf = FileShelf::new(post.folder.clone());
    let done = std::thread::scope(|scope| -> Result<bool, Box<RunError<_, _>>> {
        let batches = Batches::ahead(job.to_read(), job.threads, scope, &mut unread, &remarks);
        let batches = batches.map(|batch| heed_interrupts(job).and(batch));
        let memory = Some(Memory { bytes: WAITING_BYTES, shelf: &mut shelf });
        let input = Input { memory, threads: job.threads, ..Input::of(registers, batches) };
        let taken = engine::run_over(plan, input, &options, turn, sink);
        taken.map(|summary| summary.is_some()).map_err(Box::new)
    });
    let done = done.map_err(|error| stopped(*error))?;
    Ok(done.then(|| (kept.into_inner(), remarks.into_inner())))
}

/// Stops a posting that the user wants no more: what it appended is given up as it ends.
fn heed_interrupts(job: &Job<'_>) -> Result<(), FormatsError> {
    match job.interrupted.load(Ordering::Relaxed) {
        true => Err(FormatsError::Interrupted),
        false => Ok(()),
    }
}

/// The trouble behind a run that stopped.
pub(super) fn stopped<I>(error: RunError<I, BookTrouble>) -> BookTrouble
where
    I: std::error::Error + 'static,
    BookTrouble: From<I>,
{
    match error {
        RunError::Input(error) => error.into(),
        RunError::Sink(error) => error,
        RunError::Internal(what) => FormatsError::Internal(what.to_owned()).into(),
    }
}

/// Adds rows that could not be read, and keeps everything, or nothing in a trial.
fn finish(
    post: &Post<'_>,
    mut posting: Posting<'_>,
    mut counts: Counts,
    (unread, remarks): Beside,
    mut asides: Asides<'_>,
) -> Result<PostReport, Refusal> {
    recorder::unread(&mut posting, &post.job, &mut counts, unread)?;
    asides.tell_firsts(asides.repeated.firsts(&post.job).map_err(BookTrouble::from)?);
    heed_interrupts(&post.job).map_err(BookTrouble::from)?;
    let totals = counts.totals(&post.job);
    let receipt = if post.dry_run {
        let root = crate::base::Digest::of(b"");
        let size = posting.book().map_err(BookTrouble::from)?.size().map_err(BookTrouble::from)?;
        let batch = (counts.new > 0).then_some(counts.batch);
        Receipt { batch, entries: counts.new, already: counts.already, size, root }
    } else {
        posting.commit().map_err(BookTrouble::from)?
    };
    Ok(PostReport {
        receipt,
        totals,
        already: counts.first_already,
        already_aside: counts.already_aside,
        late: 0,
        corrected: Vec::new(),
        settled: Vec::new(),
        first_aside: asides.first,
        remarks,
        agreed: None,
        other_edition: None,
    })
}

/// The file by which events of the book are known in a run beside new ones.
pub(super) const BOOK_FILE: u32 = u32::MAX - 1;
