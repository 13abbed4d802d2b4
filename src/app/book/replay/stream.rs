//! Batches whose events need nothing of what stood before: run, and held against their entries, as they
//! are read.
//!
//! One thread reads entries and makes columns of what was sent; another runs them and writes what comes
//! out as an entry, which has to have the bytes of the one that is stored.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::book::{Book, BookError, Drafts, Entry, Event, Row, Segment, SentCell, read_sent};
use crate::engine;
use crate::formats::FormatsError;
use crate::plan::{Partition, Plan};
use crate::report::names::Names;
use crate::rows::{self, Accounts, Batch, Cell, Column, Origin, Outcomes, Sink, Told};

use super::super::BookTrouble;
use super::super::maker::Maker;
use super::super::post::{makes_events, stopped};
use super::super::standing::batch_for;
use super::compare::Comparing;
use super::{Context, GROUP_FILE, Replay, Replayed, Span};

/// Segments read together, and how often they may be read ahead.
const SEGMENTS_AT_ONCE: usize = 4;
const PIECES_AHEAD: usize = 4;

/// Whether what a group of batches gives hangs on its own events alone, in the order of their entries.
pub(super) fn needs_nothing(context: &Context, group: &[Span], is_first: bool) -> bool {
    let plan = &context.plan;
    (is_first || plan.partition == Partition::Free)
        && !makes_events(plan)
        && group.iter().all(|span| span.posts && !span.corrects)
}

/// Entries as they are stored, with what was sent of them.
struct Piece {
    segments: Vec<Segment>,
    sent: Vec<Batch>,
}

/// Replays a group; nothing, if its events were not posted in the order of the rules.
pub(super) fn replay(
    book: &mut Book,
    group: &[Span],
    context: &Context,
    asked: &Replay,
) -> Result<Option<Replayed>, BookTrouble> {
    let comparing = Comparing { names: &context.rules.names, asked };
    let maker = Maker::new(&context.rules.names, &context.plan)?;
    let (plan, registers, options) = (&context.plan, &context.registers, context.options());
    std::thread::scope(|scope| {
        let (hand, handed) = sync_channel(PIECES_AHEAD);
        let running = scope.spawn(move || {
            let waiting = RefCell::new(Waiting::default());
            let mut holder = Holder::new(maker, &waiting, comparing);
            let input = Input { handed, ready: VecDeque::new(), waiting: &waiting };
            let taken = run(plan, registers, input, &options, &mut holder)?;
            Ok(if taken { Some(holder.finish()?) } else { None })
        });
        let read = read(book, group, &context.rules.names, &hand);
        drop(hand);
        let found = running.join();
        read?;
        found.map_err(|_| FormatsError::Internal("the run is gone".to_owned()))?
    })
}

/// Runs events as they are read; tells whether they came in the order of the rules.
fn run(
    plan: &Plan,
    registers: &[(u32, Vec<rows::RegisterRow>)],
    input: Input<'_>,
    options: &engine::Options,
    holder: &mut Holder<'_>,
) -> Result<bool, BookTrouble> {
    match plan.ordered {
        true => engine::run_in_turn(plan, registers, input, options, holder)
            .map(|summary| summary.is_some()),
        false => engine::run(plan, registers, input, options, holder).map(|_| true),
    }
    .map_err(stopped)
}

/// Reads the entries of a group, piece by piece.
fn read(
    book: &mut Book,
    group: &[Span],
    names: &Names,
    hand: &SyncSender<Piece>,
) -> Result<(), BookTrouble> {
    for span in group {
        let (mut next, end) = (span.begun.number, span.end);
        while next < end {
            let mut segments = book.segments(next, SEGMENTS_AT_ONCE)?;
            let Some(last) = segments.last() else { break };
            let read = last.end();
            segments.retain(|segment| segment.first < end);
            let mut sent = Vec::new();
            for segment in &segments {
                let rows = segment.rows().filter(|row| (next..end).contains(&row.number));
                columns(rows, names, &mut sent)?;
            }
            if hand.send(Piece { segments, sent }).is_err() {
                // Whoever runs them has stopped, and says why.
                return Ok(());
            }
            next = read;
        }
    }
    Ok(())
}

/// Makes columns of what was sent; each row is known by its entry.
fn columns<'s>(
    rows: impl Iterator<Item = Row<'s>>,
    names: &Names,
    sent: &mut Vec<Batch>,
) -> Result<(), BookError> {
    let mut fields = Vec::new();
    for row in rows.filter(|row| row.kind == Entry::EVENT) {
        let damaged = BookError::Damaged { entry: row.number };
        let (kind, _) = read_sent(row.body, &mut fields).ok_or(damaged)?;
        let Some(batch) = batch_for(sent, kind, names) else { continue };
        batch.origins.push(Origin { file: GROUP_FILE, line: row.number });
        let mut fields = fields.drain(..);
        for column in &mut batch.columns {
            match (column, fields.next()) {
                (Column::Text(texts), Some(SentCell::Text(text))) => texts.push(Some(text)),
                (column, Some(SentCell::Other(cell))) => column.push(cell),
                (column, Some(SentCell::Text(text))) => column.push(Cell::Text(text.into())),
                (column, None) => column.push(Cell::Missing),
            }
        }
    }
    Ok(())
}

/// What was sent, as it is read; the entries wait until it is known what became of them.
struct Input<'w> {
    handed: Receiver<Piece>,
    ready: VecDeque<Batch>,
    waiting: &'w RefCell<Waiting>,
}

impl Iterator for Input<'_> {
    type Item = Result<Batch, FormatsError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            let piece = self.handed.recv().ok()?;
            self.waiting.borrow_mut().add(piece.segments, &piece.sent);
            self.ready.extend(piece.sent);
        }
        self.ready.pop_front().map(Ok)
    }
}

/// Entries of which it is not known yet what becomes of them.
#[derive(Default)]
struct Waiting(VecDeque<Held>);

struct Held {
    segment: Segment,
    /// Entries that were sent and not heard of since.
    left: Vec<bool>,
    count: usize,
}

impl Waiting {
    fn add(&mut self, segments: Vec<Segment>, sent: &[Batch]) {
        let mut numbers = sent.iter().flat_map(|batch| &batch.origins).map(|it| it.line).peekable();
        for segment in segments {
            let left: Vec<bool> = (segment.first..segment.end())
                .map(|number| numbers.next_if_eq(&number).is_some())
                .collect();
            let count = left.iter().filter(|left| **left).count();
            // A segment may hold the end of one batch and the beginning of the next.
            match self.0.back_mut().filter(|held| held.segment.first == segment.first) {
                Some(held) => {
                    held.left.iter_mut().zip(&left).for_each(|(it, left)| *it |= left);
                    held.count += count;
                }
                None => self.0.push_back(Held { segment, left, count }),
            }
        }
    }

    fn place(&self, number: u64) -> Option<(usize, usize)> {
        let after = self.0.partition_point(|held| held.segment.first <= number);
        let place = after.checked_sub(1)?;
        let at = number.checked_sub(self.0.get(place)?.segment.first)?;
        Some((place, usize::try_from(at).ok()?))
    }

    /// The bytes of an entry that waits.
    fn body(&self, number: u64) -> Option<&[u8]> {
        let (place, at) = self.place(number)?;
        let held = self.0.get(place)?;
        held.left.get(at).filter(|left| **left)?;
        Some(held.segment.row(number)?.body)
    }

    /// An entry was heard of.
    fn heard(&mut self, number: u64) {
        let Some((place, at)) = self.place(number) else { return };
        if let Some(held) = self.0.get_mut(place)
            && let Some(left) = held.left.get_mut(at)
            && std::mem::replace(left, false)
        {
            held.count -= 1;
        }
        // The last may have more to come.
        while self.0.len() > 1 && self.0.front().is_some_and(|held| held.count == 0) {
            self.0.pop_front();
        }
    }

    /// The entries that nothing was heard of.
    fn left(&self) -> impl Iterator<Item = Row<'_>> {
        self.0.iter().flat_map(|held| {
            let rows = held.segment.rows().zip(&held.left);
            rows.filter(|(_, left)| **left).map(|(row, _)| row)
        })
    }
}

/// Holds what comes out against what is stored.
struct Holder<'c> {
    maker: Maker<'c>,
    waiting: &'c RefCell<Waiting>,
    comparing: Comparing<'c>,
    /// The event at hand.
    drafts: Drafts,
    /// Each event has to be asked whether it is wanted.
    choosy: bool,
    found: Replayed,
}

impl<'c> Holder<'c> {
    fn new(maker: Maker<'c>, waiting: &'c RefCell<Waiting>, comparing: Comparing<'c>) -> Self {
        let asked = comparing.asked;
        Holder {
            maker,
            waiting,
            drafts: Drafts::to_compare(),
            choosy: !asked.of.events.is_empty() || asked.of.account.is_some(),
            found: Replayed::default(),
            comparing,
        }
    }

    fn hold(&mut self, told: Told<'_>, accounts: &dyn Accounts) -> Result<(), BookTrouble> {
        let at = told.event();
        let origin = at.batch.origins.get(at.row).filter(|origin| origin.file == GROUP_FILE);
        let mut waiting = self.waiting.borrow_mut();
        self.drafts.clear();
        match origin.and_then(|origin| Some((origin.line, waiting.body(origin.line)?))) {
            Some((number, stored)) => {
                self.maker.write(told, accounts, Some(stored), &mut self.drafts)?;
                if !self.choosy && stored == self.drafts.last() {
                    self.found.compared += u64::from(self.comparing.asked.of.range.contains(&number));
                } else {
                    let (stored, now) = (event(number, stored)?, self.drafts.event(0)?);
                    self.comparing.event(number, &stored, &now, &mut self.found);
                }
                waiting.heard(number);
            }
            None => {
                self.maker.write(told, accounts, None, &mut self.drafts)?;
                self.comparing.surplus(&self.drafts.event(0)?, &mut self.found);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Replayed, BookTrouble> {
        for row in self.waiting.borrow().left() {
            let stored = event(row.number, row.body)?;
            self.comparing.missing(row.number, &stored, &mut self.found);
        }
        Ok(self.found)
    }
}

fn event(entry: u64, body: &[u8]) -> Result<Event, BookError> {
    match Entry::from_body(Entry::EVENT, body) {
        Ok(Entry::Event(event)) => Ok(event),
        Ok(_) => Err(BookError::Damaged { entry }),
        Err(source) => Err(BookError::Malformed { entry, source }),
    }
}

impl Sink for Holder<'_> {
    type Error = BookTrouble;

    fn hear(
        &mut self,
        outcomes: &mut Outcomes,
        accounts: &dyn Accounts,
    ) -> Result<(), BookTrouble> {
        outcomes.iter().try_for_each(|told| self.hold(told, accounts))
    }
}
