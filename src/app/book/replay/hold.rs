//! What comes out of a run, held against what is stored as it comes.
//!
//! An event that is written as an entry has to have the bytes of the one that is stored: only where it
//! has not are the two read and compared.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::book::{Book, Correction, Drafts, Entry, Event, Identity, Row, read_batch};
use crate::engine::{self, Input, Memory, Turn};
use crate::rows::{Accounts, Origin, Outcome, Sink, Told};

use super::super::BookTrouble;
use super::super::causes::Causes;
use super::super::explain::event_behind;
use super::super::history::{PutAway, WAITING_BYTES, event_of};
use super::super::maker::{As, Maker};
use super::super::post::{comes_out_otherwise, stopped};
use super::super::standing::{identity, walk};
use super::compare::Comparing;
use super::copies::{comes_to, copies};
use super::rerun::Reading;
use super::{BOOK_FILE, GROUP_FILE, Replay, Replayed, Rerun, Span};

/// Corrections by what they correct, with their entries.
type Corrected = BTreeMap<u64, (u64, Correction)>;

/// Runs batches again, and holds what comes out against them; nothing, if they were to come in the order of
/// the rules and do not.
pub(super) fn hold(
    book: &mut Book,
    rerun: &Rerun<'_>,
    group: &[Span],
    asked: &Replay,
    turn: Turn,
) -> Result<Option<Replayed>, BookTrouble> {
    let context = rerun.context;
    let names = &context.rules.names;
    let mut corrected = Corrected::new();
    // A batch that corrects begins a group.
    let late = group.first().filter(|span| span.corrects && span.posts).map_or(0, |span| span.end);
    for span in group.iter().filter(|span| span.corrects) {
        walk(book, span.begun.number..span.end, |number, entry| {
            if let Entry::Correction(correction) = entry {
                corrected.insert(correction.of, (number, correction));
            }
            Ok(())
        })?;
    }
    let maker = Maker::new(names, &context.plan)?;
    let copies = copies(book, group)?;
    rerun.read(book, copies.keys().copied().collect(), |batches, reading| {
        let stands = reading.stands.clone();
        let options = engine::Options { besides: reading.besides, ..context.options() };
        let mut holder = Holder {
            maker,
            reading,
            start: rerun.start(),
            comparing: Comparing { names, asked },
            drafts: Drafts::to_compare(),
            choosy: !asked.of.events.is_empty() || asked.of.account.is_some(),
            late: rerun.start()..late,
            causes: Causes::default(),
            corrected,
            posts: group.iter().any(|span| span.posts),
            made: BTreeMap::new(),
            made_before: 0,
            unknown_made: false,
            found: Replayed::default(),
        };
        let mut shelf = PutAway::new(asked.folder.clone());
        let memory = Some(Memory { bytes: WAITING_BYTES, shelf: &mut shelf });
        let input = Input { memory, stands, ..Input::of(&context.registers, batches) };
        let taken = engine::run_over(&context.plan, input, &options, turn, &mut holder);
        let taken = taken.map_err(stopped)?;
        // An event that was made late stands behind those that come after it.
        let in_order = turn == Turn::Sorted || !holder.unknown_made;
        for (number, stored) in &copies {
            let now = comes_to(stored, &holder.maker, names);
            holder.comparing.event(*number, stored, &now, &mut holder.found);
        }
        taken.filter(|_| in_order).map(|_| holder.finish()).transpose()
    })
}

/// Holds what comes out against what is stored.
struct Holder<'c, 'b> {
    maker: Maker<'c>,
    reading: Reading<'c, 'b>,
    /// The first of the entries that are held against.
    start: u64,
    comparing: Comparing<'c>,
    /// The event at hand.
    drafts: Drafts,
    /// Each event has to be asked whether it is wanted.
    choosy: bool,
    /// The entries of a batch that corrects because some of its events came late, and what is behind its
    /// corrections.
    late: Range<u64>,
    causes: Causes,
    /// What the batches correct of what stood before.
    corrected: Corrected,
    /// They post events, and do not only correct some.
    posts: bool,
    /// Events that nobody sent and that have not come out, of entries before this one.
    made: BTreeMap<Identity, u64>,
    made_before: u64,
    /// An event came out that nobody sent and that is none of those read so far.
    unknown_made: bool,
    found: Replayed,
}

impl Holder<'_, '_> {
    /// An event of the batches.
    fn posted(
        &mut self,
        number: u64,
        told: Told<'_>,
        accounts: &dyn Accounts,
    ) -> Result<(), BookTrouble> {
        let allocated = matches!(told.outcome(), Outcome::Allocated { .. });
        if allocated && self.late.contains(&number) {
            self.causes.note(number);
            self.causes.note_lane(&self.maker.lane_at(told.event()), number);
        }
        let (mut held, mut book) = (self.reading.held.borrow_mut(), self.reading.book.borrow_mut());
        let row = held.rows.row(&mut book, number)?;
        self.drafts.clear();
        self.maker.write(told, accounts, As::Stored(row.body), &mut self.drafts)?;
        let asked = &self.comparing.asked.of.range;
        if !self.choosy && row.body == self.drafts.last() {
            let batch = read_batch(row.body).filter(|_| asked.contains(&number));
            batch.into_iter().for_each(|batch| self.found.count(batch));
        } else {
            let (stored, now) = (event_of(&row)?, self.drafts.event(0)?);
            self.comparing.event(number, &stored, &now, &mut self.found);
        }
        Ok(())
    }

    /// An event that stood before.
    fn stood(
        &mut self,
        entry: u64,
        told: Told<'_>,
        accounts: &dyn Accounts,
    ) -> Result<(), BookTrouble> {
        let correction = self.corrected.remove(&self.reading.history.by(entry));
        // Whoever only corrects may do so by rules that others do not stand by.
        if correction.is_none() && !self.posts {
            return Ok(());
        }
        let (mut held, mut book) = (self.reading.held.borrow_mut(), self.reading.book.borrow_mut());
        let row = held.rows.row(&mut book, entry)?;
        self.drafts.clear();
        self.maker.write(told, accounts, As::Stored(row.body), &mut self.drafts)?;
        if correction.is_none() && self.is_as_stored(&row) {
            return Ok(());
        }
        let Some(stood) = self.reading.history.stood_in(&row)? else { return Ok(()) };
        let now = self.drafts.event(0)?;
        match correction {
            Some((number, correction)) => {
                let cause = self.causes.behind(&self.maker.lane_at(told.event()));
                let of = (number, &correction);
                self.comparing.correction(of, cause, &stood, &now, &mut self.found);
            }
            None if stood.settled => {}
            None if comes_out_otherwise(&stood, &now.outcome, &now.said()) => {
                self.comparing.stood(&stood, Some(&now), &mut self.found);
            }
            None => {}
        }
        Ok(())
    }

    /// Whether an event was posted by the same rules, stands so, and comes out in its bytes.
    fn is_as_stored(&self, row: &Row<'_>) -> bool {
        let history = self.reading.history;
        row.body == self.drafts.last()
            && read_batch(row.body).is_some_and(|it| history.stands_as_posted(row.number, it))
    }

    /// An event that nobody sent.
    fn made(&mut self, told: Told<'_>, accounts: &dyn Accounts) -> Result<(), BookTrouble> {
        let schema = self.reading.history.schema();
        let event = self.maker.event(told, accounts);
        let identity = identity(&event, schema)?;
        let Reading { book, history, held, .. } = &self.reading;
        if !self.made.contains_key(&identity) {
            // Where events come in their order, more of them have been read since.
            let (mut held, from) = (held.borrow_mut(), self.made_before);
            self.made.extend(held.by_identity(&mut book.borrow_mut(), history, from)?);
            self.made_before = held.left.made.last().map_or(from, |last| from.max(last + 1));
        }
        let Some(number) = self.made.remove(&identity) else {
            if !history.has_set_aside(&mut book.borrow_mut(), (&identity, &event))? {
                self.unknown_made = true;
                // Where a ruling makes some come into being, the next posting makes them.
                if self.posts {
                    self.surplus(&event);
                }
            }
            return Ok(());
        };
        held.borrow_mut().left.made.remove(&number);
        match number < self.start {
            true => self.stood(number, told, accounts),
            false => self.posted(number, told, accounts),
        }
    }

    /// An event that the book does not have.
    fn surplus(&mut self, event: &Event) {
        self.comparing.surplus(event, &mut self.found);
    }

    fn finish(mut self) -> Result<Replayed, BookTrouble> {
        let mut held = self.reading.held.borrow_mut();
        for number in held.left.all() {
            let mut book = self.reading.book.borrow_mut();
            let before = number < self.start && held.left.made.contains(&number);
            let row = held.rows.row(&mut book, number)?;
            if !before {
                self.comparing.missing(number, &event_of(&row)?, &mut self.found);
                continue;
            }
            // What stood before and nobody sent: whoever posts does so by rules that make it.
            let corrected = self.corrected.contains_key(&self.reading.history.by(number));
            let stood = self.reading.history.stood_in(&row)?;
            let stood = stood.filter(|it| self.posts && !corrected && !it.settled);
            stood.iter().for_each(|it| self.comparing.stood(it, None, &mut self.found));
        }
        for (entry, correction) in self.corrected.values() {
            let (_, of, event) = event_behind(&mut self.reading.book.borrow_mut(), *entry)?;
            let stood = self.reading.history.stood(of, &event)?;
            let event =
                stood.as_ref().map_or((&event, None), |it| (&it.event, Some(it.event.kind)));
            let (of, cause) = ((*entry, correction), self.causes.first());
            self.comparing.unfounded(of, cause, event, &mut self.found);
        }
        drop(held);
        Ok(self.found)
    }
}

impl Sink for Holder<'_, '_> {
    type Error = BookTrouble;

    fn told(&mut self, told: Told<'_>, accounts: &dyn Accounts) -> Result<(), BookTrouble> {
        let at = told.event();
        match at.batch.origins.get(at.row).copied().unwrap_or(Origin::MADE) {
            Origin { file: GROUP_FILE, line } => {
                let left = self.reading.held.borrow_mut().left.heard(line);
                if left {
                    return self.posted(line, told, accounts);
                }
                self.surplus(&self.maker.event(told, accounts));
                Ok(())
            }
            Origin { file: BOOK_FILE, line } => {
                self.reading.held.borrow_mut().left.heard(line);
                self.stood(line, told, accounts)
            }
            Origin { .. } => self.made(told, accounts),
        }
    }
}
