//! Posting events that share running totals with what stands in the book or undo some of it, or from which
//! events are made that nobody sends.
//!
//! What stands is run again before, between and after the new events. It is read from the book as the run
//! asks for it, and so are the new ones from their files: memory grows with running totals, not with the
//! book.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::base::Date;
use crate::book::{Because, Book, BookError, Correction, Edition, Entry, Event, Posting};
use crate::engine::{self, Input, Memory, Turn};
use crate::formats;
use crate::plan::{Partition, Plan};
use crate::rows::{Batch, Cell, EventAt, Origin};

use super::super::super::cross_check::cross_check_over;
use super::super::super::reading::Batches;
use super::super::BookTrouble;
use super::super::fits::fits;
use super::super::history::{
    Entries, Held, History, Piece, PutAway, WAITING_BYTES, Wanted, reading,
};
use super::super::maker::Maker;
use super::super::owed::{Unsure, bears_on};
use super::super::replay::{furthest, spans};
use super::again::{Beforehand, Telling};
use super::judge::{Bench, Change, Entered, Judge, Judgement};
use super::recorder::{self, Counts};
use super::unmoved::Unmoved;
use super::{
    Asides, BOOK_FILE, Beside, Job, Post, PostReport, Refusal, begin, finish, heed_interrupts,
    makes_events, of_other_edition, opened, refusal, stopped,
};

/// Posts events that share running totals with what stands in the book, or undo some of it; nothing, if none
/// of them does and it is not to be done always.
pub(super) fn with_history(
    book: &mut Book,
    post: &Post<'_>,
    (plan, always): (&Plan, bool),
    edition: &Edition,
) -> Result<Option<PostReport>, Refusal> {
    let maker = Maker::new(post.job.names, plan)?;
    let known = Beforehand::of(&post.job, plan, &maker, !makes_events(plan))?;
    let by_undone = plan.partition == Partition::ByUndone && !makes_events(plan);
    if by_undone && known.lanes.is_empty() && !always {
        return Ok(None);
    }
    let among = Among { post, plan, edition, known };
    // Two runs mostly do: what is late, if anything, is known after the first.
    let (mut turn, mut late) = (Turn::EachInPlace, BTreeMap::new());
    loop {
        match among.posted(book, turn, &late)? {
            Posted::Whole(report) => return Ok(Some(*report)),
            Posted::OutOfOrder => turn = Turn::Sorted,
            Posted::Late(found) => late = found,
        }
    }
}

/// Of so many entries that come out otherwise it is seen whether they are what was written.
const READ_AGAIN: usize = 64;

/// How a run among what stands ends.
enum Posted {
    Whole(Box<PostReport>),
    /// What stands and the new events were to come in order, and do not.
    OutOfOrder,
    /// Events come late that were posted as if they did not, or the other way round.
    Late(BTreeMap<u64, u64>),
}

struct Among<'a> {
    post: &'a Post<'a>,
    plan: &'a Plan,
    edition: &'a Edition,
    known: Beforehand,
}

impl Among<'_> {
    fn posted(
        &self,
        book: &mut Book,
        turn: Turn,
        late: &BTreeMap<u64, u64>,
    ) -> Result<Posted, Refusal> {
        let Among { post, plan, edition, .. } = self;
        let mut maker = Maker::new(post.job.names, plan)?;
        let mut posting = opened(book, post)?;
        let spans = spans(posting.as_mut())?;
        fits(posting.as_mut(), &spans, (edition.digest(), post.job.names))?;
        let other = of_other_edition(posting.as_mut(), edition)?;
        let end = posting.as_mut().size().map_err(BookTrouble::from)?;
        let rules = (&edition.schema, post.job.checked.rule_set());
        let history = History::read(posting.as_mut(), &spans, end, rules)?;
        let through = post.job.through.map(|day| furthest(&spans).map_or(day, |it| it.max(day)));
        let number = begin(&mut posting, post, edition, through)?;
        posting.order_is_judged();
        maker.batch = number;
        let posting = RefCell::new(posting);
        let asides = RefCell::new(Asides::new(&post.job, None));
        let besides = history.days_besides(posting.borrow_mut().as_mut(), &spans, plan)?;
        let (maker, history) = (&maker, &history);
        let run = Run { maker, history, posting: &posting, asides: &asides, besides, through };
        let agreed = post.cross_check.then(|| self.agreed(run)).transpose()?;
        let Some(judged) = self.judged(run, turn, late)? else {
            return Ok(Posted::OutOfOrder);
        };
        let Judged { judgement, mut counts, entries, beside } = judged;
        if !judgement.late.keys().eq(late.keys()) {
            return Ok(Posted::Late(judgement.late));
        }
        // What is already posted stands: nothing has to be worked out of it.
        let asked = counts.new > 0 || !judgement.stands();
        if let Some(of) = judgement.unsure.first().filter(|_| asked) {
            let names = post.job.names;
            let unsure = Unsure::of(posting.borrow_mut().as_mut(), history, *of, names)?;
            return Err(unsure.trouble().into());
        }
        let by_rules = self.left_over(run, &judgement.changes)?;
        if !by_rules.is_empty() {
            return Err(self.refused_by_rules(run, &by_rules)?);
        }
        let may_correct = post.recompute_late && judgement.has_cause();
        if !judgement.stands() && !may_correct {
            let disputes = self.disputes(run, &judgement.changes.iter().collect::<Vec<_>>())?;
            let aside = asides.into_inner().first;
            return Err(refusal::refused(&post.job, &judgement, aside, disputes));
        }
        let settled: Vec<&Change> = match judgement.late.is_empty() {
            true => self.left_over(run, &judgement.settled)?,
            false => judgement.settled.iter().collect(),
        };
        let mut posting = posting.into_inner();
        let mut corrected = Vec::new();
        for change in &judgement.changes {
            let cause = change.cause.and_then(|at| entries.get(&at).copied().flatten());
            let Some(entry) = cause else {
                let aside = asides.into_inner().first;
                return Err(refusal::refused(&post.job, &judgement, aside, Vec::new()));
            };
            posting.correction(&correction(change, number, entry)).map_err(BookTrouble::from)?;
            counts.new += 1;
            corrected.push(refusal::changed(&post.job, change));
        }
        let late = u64::try_from(judgement.late.len()).unwrap_or(u64::MAX);
        let settled = settled.into_iter().map(|it| refusal::changed(&post.job, it)).collect();
        let report = finish(post, posting, counts, beside, asides.into_inner())?;
        let report =
            PostReport { late, corrected, settled, agreed, other_edition: other, ..report };
        Ok(Posted::Whole(Box::new(report)))
    }
}

/// What a run says, with the new events posted.
struct Judged {
    judgement: Judgement,
    counts: Counts,
    entries: Entered,
    beside: Beside,
}

/// One run among what stands.
#[derive(Clone, Copy)]
struct Run<'r, 'b, 'j> {
    maker: &'r Maker<'r>,
    history: &'r History<'r>,
    posting: &'r RefCell<Posting<'b>>,
    asides: &'r RefCell<Asides<'j>>,
    /// The days of events that were sent and do not stand.
    besides: engine::Reach,
    /// The last day for which calendar events are made.
    through: Option<Date>,
}

impl<'a> Among<'a> {
    /// Runs what stands and the new events, and posts those; nothing, if they come out of order.
    fn judged(
        &self,
        run: Run<'_, '_, 'a>,
        turn: Turn,
        late: &BTreeMap<u64, u64>,
    ) -> Result<Option<Judged>, BookTrouble> {
        let Among { post, plan, edition, .. } = self;
        let Run { maker, history, posting, asides, .. } = run;
        let job = &post.job;
        let remarks = RefCell::new(Vec::new());
        let kept = RefCell::new(Vec::new());
        let mut unread = |rows: Vec<formats::Unread>| {
            kept.borrow_mut().extend(rows.iter().cloned());
            asides.borrow_mut().unread(rows)
        };
        let mut telling = self.telling(run)?;
        let counts = RefCell::new(Counts::new(maker.batch));
        let done = self.reading(run, |standing, held| {
            let (schema, counts) = (&edition.schema, &counts);
            let bench = Bench { job, schema, maker, history, posting, held, asides, counts, late };
            let mut judge = Judge::new(bench)?;
            let taken = std::thread::scope(|scope| {
                let new = Batches::ahead(job.to_read(), job.threads, scope, &mut unread, &remarks);
                let fresh = new.map(|batch| {
                    heed_interrupts(job)?;
                    let mut posting = posting.borrow_mut();
                    let mut aside = |at: EventAt<'_>, why: &_| asides.borrow_mut().event(at, why);
                    let (fresh, again) = telling.part(&mut posting, batch?, &mut aside)?;
                    let mut counts = counts.borrow_mut();
                    recorder::post_events(&mut posting, job, &mut counts, &again)?;
                    Ok(fresh)
                });
                let batches = standing.chain(fresh.filter_map(Result::transpose));
                let mut shelf = PutAway::new(post.folder.clone());
                let memory = Some(Memory { bytes: WAITING_BYTES, shelf: &mut shelf });
                let (registers, threads) = (job.registers, job.threads);
                let stands = history.stands(|_| false);
                let input = Input { memory, threads, stands, ..Input::of(registers, batches) };
                let options = engine::Options { through: run.through, besides: run.besides };
                engine::run_over(plan, input, &options, turn, &mut judge).map_err(Box::new)
            });
            let taken = taken.map_err(|error| stopped(*error))?;
            let rest = telling.rest(&mut |at, why| asides.borrow_mut().event(at, why))?;
            if taken.is_some() {
                let (mut posting, mut counts) = (posting.borrow_mut(), counts.borrow_mut());
                recorder::post_events(&mut posting, job, &mut counts, &rest)?;
            }
            let line = |(at, why): (Origin, engine::Unsure)| (at.line, why);
            let unsure = |it: engine::Summary| it.unsure.into_iter().map(line).collect();
            taken.map(|summary| judge.finish(unsure(summary))).transpose()
        })?;
        let beside = (kept.into_inner(), remarks.into_inner());
        let counts = counts.into_inner();
        Ok(done.map(|(judgement, entries)| Judged { judgement, counts, entries, beside }))
    }

    /// Of what would no longer stand, that which no new event is behind: by these rules and registers it
    /// comes out otherwise without them too. Of what disputes settled, that which a new event is behind.
    fn left_over<'j>(
        &self,
        run: Run<'_, '_, '_>,
        changes: &'j [Change],
    ) -> Result<Vec<&'j Change>, BookTrouble> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let Among { post, plan, edition, .. } = self;
        self.reading(run, |batches, held| {
            let of = (run.maker, run.history, &edition.schema);
            let mut unmoved = Unmoved::new(changes, of, run.posting, held);
            let mut shelf = PutAway::new(post.folder.clone());
            let memory = Some(Memory { bytes: WAITING_BYTES, shelf: &mut shelf });
            let (registers, threads) = (post.job.registers, post.job.threads);
            let stands = run.history.stands(|_| false);
            let input = Input { memory, threads, stands, ..Input::of(registers, batches) };
            // What comes into being by a later day is new. By a day that is earlier less comes into being.
            let besides = engine::Reach { at_most: run.through, ..run.besides };
            let options = engine::Options { through: None, besides };
            engine::run_over(plan, input, &options, Turn::Sorted, &mut unmoved).map_err(stopped)?;
            Ok(unmoved.finish())
        })
    }

    /// Why nothing is posted where by these rules something comes out otherwise without the new events too:
    /// what was changed in the store does so as well, and is told as that.
    fn refused_by_rules(
        &self,
        run: Run<'_, '_, '_>,
        changes: &[&Change],
    ) -> Result<Refusal, BookTrouble> {
        for change in changes.iter().take(READ_AGAIN) {
            run.posting.borrow_mut().as_mut().entry(change.stood.entry)?;
        }
        let disputes = self.disputes(run, changes)?;
        Ok(refusal::by_rules(&self.post.job, changes, disputes))
    }

    /// The disputes by which something stands that shares running totals with what would come out
    /// otherwise, or is undone by it.
    fn disputes(&self, run: Run<'_, '_, '_>, changes: &[&Change]) -> Result<Vec<u64>, BookTrouble> {
        let mut disputes = BTreeSet::new();
        let lane = |event: &Event| run.maker.lane_of(event.kind, &event.fields);
        for (entry, dispute) in run.history.disputes() {
            let Entry::Event(event) = run.posting.borrow_mut().as_mut().entry(entry)? else {
                return Err(BookError::Damaged { entry }.into());
            };
            let Some(stood) = run.history.stood(entry, &event)? else { continue };
            let own = lane(&stood.event);
            let mut events = changes.iter().map(|change| &change.stood.event);
            if events.any(|it| {
                !own.is_empty() && lane(it) == own || bears_on(self.plan, it, &stood.event)
            }) {
                disputes.insert(dispute);
            }
        }
        Ok(disputes.into_iter().collect())
    }

    /// Cross-checks what stands and the new events together.
    fn agreed(&self, run: Run<'_, '_, '_>) -> Result<u64, Refusal> {
        let job = &Job { through: run.through, ..self.post.job };
        let mut telling = self.telling(run)?;
        let batches = self.reading(run, |standing, _| -> Result<Vec<Batch>, BookTrouble> {
            let mut batches = standing.collect::<Result<Vec<Batch>, BookTrouble>>()?;
            let (mut unread, remarks) = (|_| Ok(()), RefCell::new(Vec::new()));
            for batch in Batches::new(job.to_read(), &mut unread, &remarks) {
                let (mut posting, mut aside) =
                    (run.posting.borrow_mut(), |_: EventAt<'_>, _: &_| Ok(()));
                let (fresh, _) = telling.part(&mut posting, batch?, &mut aside)?;
                batches.extend(fresh);
            }
            Ok(batches)
        })?;
        let agreed = cross_check_over(job, &batches).map_err(BookTrouble::from)?;
        agreed.map_err(Refusal::Differ)
    }

    fn telling<'t>(&'t self, run: Run<'t, '_, '_>) -> Result<Telling<'t>, BookTrouble> {
        let drafts = run.posting.borrow().drafts()?;
        Ok(Telling::new(run.maker, run.history, &self.known, drafts))
    }

    /// Reads what stands and shares running totals with the new events, or is undone by some.
    fn reading<'b, T>(
        &self,
        run: Run<'_, 'b, '_>,
        each: impl FnOnce(Entries<'_, Posting<'b>>, &RefCell<Held>) -> T,
    ) -> T {
        let in_lanes = |_: u64, kind: u32, cells: &[Cell]| {
            self.known.lanes.contains(&run.maker.lane_touched(kind, cells))
        };
        let wanted: Wanted<'_> = if makes_events(self.plan) { None } else { Some(&in_lanes) };
        let standing = Piece::standing(0..run.history.end(), BOOK_FILE);
        let about = (run.history, self.post.job.names, wanted);
        reading(run.posting, vec![standing], about, each)
    }
}

/// The entry that says how an event came to stand otherwise.
fn correction(change: &Change, batch: u64, entry: u64) -> Correction {
    let Change { stood, now, said, .. } = change;
    Correction {
        batch,
        of: stood.by,
        because: Because::Late { entry },
        booked: stood.event.booked.unwrap_or(stood.event.date),
        outcome: now.clone(),
        said: said.clone(),
    }
}
