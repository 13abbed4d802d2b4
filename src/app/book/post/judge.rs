//! What new events do to those that stand: which come late, and what would no longer stand.
//!
//! The new ones are posted as they come out of the run. Where one comes late, or something would no
//! longer stand, all of that is given up, or made anew with what is known then.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::book::{
    Account, BookError, Drafts, Leaf, Outcome, Posted, Posting, Row, Said, Schema, read_batch,
};
use crate::engine;
use crate::rows::{self, Accounts, Cell, Origin, Sink, Told};

use super::super::BookTrouble;
use super::super::causes::Causes;
use super::super::history::{Held, History};
use super::super::maker::{As, Maker, became, key_text};
use super::super::standing::{Stood, identity};
use super::recorder::{self, Counts, DRAFTS_MAX};
use super::{Asides, BOOK_FILE, Job};

/// What a run of the book's events and the new ones together says.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// Of the new events, by their number in the order taken, those that come late, each with the entry
    /// of what stands after it.
    pub(super) late: BTreeMap<u64, u64>,
    /// Of those that were known to be late before, key and place.
    pub(super) late_told: Vec<(String, Origin, u64)>,
    /// What would no longer stand.
    pub(super) changes: Vec<Change>,
    /// What stands as disputes were settled, and what the rules give.
    pub(super) settled: Vec<Change>,
    /// Entries that stand as disputes were settled, of which these rules cannot say what they add to
    /// running totals.
    pub(super) unsure: Vec<(u64, engine::Unsure)>,
}

/// An event of the book that would come out otherwise.
#[derive(Debug)]
pub(super) struct Change {
    /// Which.
    pub(super) stood: Stood,
    /// How it comes out now; nothing, if it would not be made at all.
    pub(super) now: Option<Outcome>,
    /// What it says besides amounts, for the entry that corrects it.
    pub(super) said: Option<Said>,
    /// The new event that is behind it, if one is, by its number in the order taken.
    pub(super) cause: Option<u64>,
}

impl Judgement {
    /// Whether everything in the book stands as it is.
    pub(super) fn stands(&self) -> bool {
        self.late.is_empty() && self.changes.is_empty()
    }

    /// Whether a new event is behind each change, so that it can be told in the book.
    pub(super) fn has_cause(&self) -> bool {
        self.changes.iter().all(|change| change.cause.is_some())
    }
}

/// By what is judged.
pub(super) struct Bench<'p, 'b, 'j> {
    pub(super) job: &'p Job<'j>,
    pub(super) schema: &'p Schema,
    pub(super) maker: &'p Maker<'p>,
    pub(super) history: &'p History<'p>,
    pub(super) posting: &'p RefCell<Posting<'b>>,
    pub(super) held: &'p RefCell<Held>,
    pub(super) asides: &'p RefCell<Asides<'j>>,
    pub(super) counts: &'p RefCell<Counts>,
    /// The events that come late, as far as an earlier run has found.
    pub(super) late: &'p BTreeMap<u64, u64>,
}

/// Hears a run, posts what is new, and judges what stands.
pub(super) struct Judge<'p, 'b, 'j> {
    bench: Bench<'p, 'b, 'j>,
    judgement: Judgement,
    /// How many new events were heard.
    heard: u64,
    /// Those that are not posted yet, and the number of the first.
    drafts: Drafts,
    since: u64,
    /// What is behind changes; lanes are noted while events that stand are still to come.
    causes: Causes,
    /// Those of a lane, while no event that stands has come after them.
    waiting: HashMap<Vec<Cell>, Vec<u64>>,
    /// Entries of new events that may be behind a change.
    entries: Entered,
    /// The event at hand, to be held against one that stands.
    again: Drafts,
    /// Events that nobody sent, stand, and have come out: their entries may stand far behind those of
    /// their day, and be read later.
    made: BTreeSet<u64>,
}

impl<'p, 'b, 'j> Judge<'p, 'b, 'j> {
    pub(super) fn new(bench: Bench<'p, 'b, 'j>) -> Result<Self, BookTrouble> {
        let drafts = bench.posting.borrow().drafts()?;
        Ok(Judge {
            bench,
            judgement: Judgement::default(),
            heard: 0,
            drafts,
            since: 0,
            causes: Causes::default(),
            waiting: HashMap::new(),
            entries: BTreeMap::new(),
            again: Drafts::to_compare(),
            made: BTreeSet::new(),
        })
    }

    fn new_event(&mut self, told: Told<'_>, accounts: &dyn Accounts) -> Result<(), BookTrouble> {
        let (at, event) = (self.heard, told.event());
        self.heard += 1;
        let allocated = match told.outcome() {
            rows::Outcome::SetAside { reason, .. } => {
                self.bench.asides.borrow_mut().event(event, reason)?;
                false
            }
            rows::Outcome::Allocated { .. } => true,
        };
        if allocated {
            self.may_be_behind(at, event);
        }
        let behind = self.bench.late.get(&at).copied();
        if let Some(behind) = behind {
            let event = self.bench.maker.event(told, accounts);
            self.judgement.late_told.push((key_text(&event), event.origin, behind));
        }
        let form = As::New { late: behind.is_some() };
        self.bench.maker.write(told, accounts, form, &mut self.drafts)?;
        if self.drafts.len() >= DRAFTS_MAX { self.post() } else { Ok(()) }
    }

    /// Notes what a new event may be behind of: something that comes after it.
    fn may_be_behind(&mut self, at: u64, event: rows::EventAt<'_>) {
        if self.causes.note(at) {
            self.entries.insert(at, None);
        }
        if self.bench.held.borrow().left.any() {
            let lane = self.bench.maker.lane_at(event);
            if self.causes.note_lane(&lane, at) {
                self.entries.insert(at, None);
            }
            if !lane.is_empty() {
                self.waiting.entry(lane).or_default().push(at);
            }
        }
    }

    /// Posts what was drafted.
    fn post(&mut self) -> Result<(), BookTrouble> {
        let mut posting = self.bench.posting.borrow_mut();
        let mut counts = self.bench.counts.borrow_mut();
        let drafts = &self.drafts;
        let posted = recorder::post_drafts(&mut posting, self.bench.job, &mut counts, drafts)?;
        for (at, entry) in self.entries.range_mut(self.since..) {
            let place = usize::try_from(at - self.since).ok();
            *entry = place.and_then(|place| posted.get(place)).map(|posted| match posted {
                Posted::New(entry) | Posted::Already(entry) => *entry,
            });
        }
        self.since = self.heard;
        self.drafts.clear();
        Ok(())
    }

    /// An event that stands comes out.
    fn stands(
        &mut self,
        entry: u64,
        told: Told<'_>,
        accounts: &dyn Accounts,
    ) -> Result<(), BookTrouble> {
        let mut lane = Vec::new();
        if self.causes.has_lanes() {
            lane = self.bench.maker.lane_at(told.event());
            for late in self.waiting.remove(&lane).into_iter().flatten() {
                self.judgement.late.insert(late, entry);
            }
        }
        let mut held = self.bench.held.borrow_mut();
        let mut posting = self.bench.posting.borrow_mut();
        let row = held.rows.row(posting.as_mut(), entry)?;
        if self.is_as_stored(&row, told, accounts)? {
            return Ok(());
        }
        let stood = self.bench.history.stood_in(&row)?;
        let stood = stood.ok_or(BookError::Damaged { entry })?;
        let (now, said) = (became(told.outcome(), accounts), Maker::said(told));
        // What a dispute settled stands, whatever the rules give.
        if stood.settled {
            if amounts(&stood.event.outcome) != amounts(&now) {
                let (now, said, cause) = (Some(now), None, None);
                self.judgement.settled.push(Change { stood, now, said, cause });
            }
        } else if comes_out_otherwise(&stood, &now, &said) {
            let cause = self.causes.behind(&lane);
            let (now, said) = (Some(now), stood.said_anew(&said));
            self.judgement.changes.push(Change { stood, now, said, cause });
        }
        Ok(())
    }

    /// Whether an event was posted by the same rules, stands so, and comes out in the bytes that are
    /// stored.
    fn is_as_stored(
        &mut self,
        row: &Row<'_>,
        told: Told<'_>,
        accounts: &dyn Accounts,
    ) -> Result<bool, BookTrouble> {
        let batch = read_batch(row.body);
        if !batch.is_some_and(|it| self.bench.history.stands_as_posted(row.number, it)) {
            return Ok(false);
        }
        self.again.clear();
        self.bench.maker.write(told, accounts, As::Stored(row.body), &mut self.again)?;
        Ok(self.again.last() == row.body)
    }

    /// Posts what is left, and judges.
    pub(super) fn finish(
        mut self,
        unsure: Vec<(u64, engine::Unsure)>,
    ) -> Result<(Judgement, Entered), BookTrouble> {
        self.judgement.unsure = unsure;
        self.post()?;
        let mut held = self.bench.held.borrow_mut();
        let left = std::mem::take(&mut held.left.made);
        for entry in left.into_iter().filter(|entry| !self.made.contains(entry)) {
            let mut posting = self.bench.posting.borrow_mut();
            let row = held.rows.row(posting.as_mut(), entry)?;
            let stood = self.bench.history.stood_in(&row)?;
            let stood = stood.ok_or(BookError::Damaged { entry })?;
            if !stood.settled {
                let (now, said, cause) = (None, None, self.causes.first());
                self.judgement.changes.push(Change { stood, now, said, cause });
            }
        }
        Ok((self.judgement, self.entries))
    }
}

/// Entries of new events that may be behind a change, by their numbers in the order taken.
pub(super) type Entered = BTreeMap<u64, Option<u64>>;

impl Sink for Judge<'_, '_, '_> {
    type Error = BookTrouble;

    fn told(&mut self, told: Told<'_>, accounts: &dyn Accounts) -> Result<(), BookTrouble> {
        let at = told.event();
        let origin = at.batch.origins.get(at.row).copied().unwrap_or(Origin::MADE);
        match origin {
            Origin { file: BOOK_FILE, line } => {
                self.bench.held.borrow_mut().left.heard(line);
                self.stands(line, told, accounts)
            }
            Origin::MADE => {
                let event = self.bench.maker.event(told, accounts);
                let identity = identity(&event, self.bench.schema)?;
                let mut posting = self.bench.posting.borrow_mut();
                let entry = self.bench.history.find(posting.as_mut(), identity)?;
                drop(posting);
                match entry.filter(|entry| self.made.insert(*entry)) {
                    Some(entry) => self.stands(entry, told, accounts),
                    None => self.new_event(told, accounts),
                }
            }
            Origin { .. } => self.new_event(told, accounts),
        }
    }
}

/// Whether an event comes out otherwise, be it an amount or what is said besides: what a posting refuses
/// and a replay tells, and what is corrected.
pub(in crate::app::book) fn comes_out_otherwise(stood: &Stood, now: &Outcome, said: &Said) -> bool {
    differs(stood, now) || stood.says_otherwise(said)
}

/// Whether something else becomes of an event. Other rules may give the same by other legs, and by other
/// units of settlement then.
pub(in crate::app::book) fn differs(stood: &Stood, now: &Outcome) -> bool {
    match (&stood.event.outcome, now) {
        (
            Outcome::Allocated { inflow: one, leaves: stand, residue_units: moved },
            Outcome::Allocated { inflow: two, leaves, residue_units },
        ) => {
            let apart = match stood.own_rules {
                true => (stand, moved) != (leaves, residue_units),
                false => {
                    stood.own_legs && (moved != residue_units || !given(stand).eq(given(leaves)))
                }
            };
            one != two || apart || amounts(&stood.event.outcome) != amounts(now)
        }
        (one, two) => one != two,
    }
}

/// The leaves that give something.
fn given(leaves: &[Leaf]) -> impl Iterator<Item = &Leaf> {
    leaves.iter().filter(|leaf| leaf.amount.minor() != 0)
}

/// What each account gets, zeros left out, in the order of the first leaf.
pub(in crate::app::book) fn amounts(outcome: &Outcome) -> Vec<(Option<Account>, i128)> {
    let Outcome::Allocated { leaves, .. } = outcome else { return Vec::new() };
    let mut sums: Vec<(Option<Account>, i128)> = Vec::new();
    for leaf in leaves {
        match sums.iter_mut().find(|(account, _)| *account == leaf.account) {
            Some((_, sum)) => *sum += leaf.amount.minor(),
            None => sums.push((leaf.account.clone(), leaf.amount.minor())),
        }
    }
    sums.retain(|(_, sum)| *sum != 0);
    sums.sort_by(|one, other| {
        let key = |it: &Option<Account>| it.as_ref().map(|it| (it.family, format!("{:?}", it.key)));
        key(&one.0).cmp(&key(&other.0))
    });
    sums
}
