//! Hears what the engine says of new events: writes it to be posted beside, or keeps it to be judged.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use crate::base::{Exact, Money};
use crate::book::{
    Became, BookError, Bytes, Draft, Drafts, Event, Outcome, Posted, Posting, Unread,
};
use crate::formats::{self, FormatsError, raw_rows};
use crate::report::names::{Currency, Names};
use crate::report::{ControlTotals, CurrencyTotals, reason_words};
use crate::rows::{self, Accounts, Outcomes, Sink};

use super::super::BookTrouble;
use super::super::maker::{As, Maker, key_text};
use super::super::translate::get;
use super::{Already, Asides, Job, heed_interrupts, refusal};

/// Counts and sums of a posting.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) batch: u64,
    /// Entries that are new.
    pub(super) new: u64,
    pub(super) already: u64,
    /// Of those, what is set aside.
    pub(super) already_aside: u64,
    pub(super) first_already: Vec<Already>,
    allocated: u64,
    set_aside: u64,
    set_aside_unknown: u64,
    made: u64,
    residue_units: u64,
    open_items: u64,
    /// By event kind.
    sums: BTreeMap<u32, Sums>,
}

#[derive(Debug, Default)]
struct Sums {
    inflow: i128,
    undetermined: i128,
    set_aside: i128,
}

/// Of what is in the book already, more are only counted.
const ALREADY_TOLD_MAX: usize = 10;

impl Counts {
    pub(super) fn new(batch: u64) -> Counts {
        Counts { batch, ..Counts::default() }
    }

    /// Counts events as the book took them.
    pub(super) fn count(
        &mut self,
        names: &Names,
        drafts: &Drafts,
        posted: &[Posted],
    ) -> Result<(), BookTrouble> {
        for ((at, draft), posted) in drafts.iter().enumerate().zip(posted) {
            match posted {
                Posted::New(_) => self.add(draft),
                Posted::Already(entry) => {
                    self.already += 1;
                    self.already_aside += u64::from(!is_allocated(draft));
                    if self.first_already.len() < ALREADY_TOLD_MAX {
                        let event = drafts.event(at)?;
                        let aside = match &event.outcome {
                            Outcome::SetAside { reason, .. } => Some(reason),
                            Outcome::Allocated { .. } => None,
                        };
                        let aside = aside.map(|it| reason_words(it, Some(event.kind), names).code);
                        let key = key_text(&event);
                        self.first_already.push(Already { key, entry: *entry, aside });
                    }
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, draft: &Draft) {
        self.new += 1;
        self.made += u64::from(draft.made);
        self.open_items += draft.open_items;
        let sums = self.sums.entry(draft.kind).or_default();
        match draft.became {
            Became::Allocated { inflow, undetermined, residue_units } => {
                self.allocated += 1;
                self.residue_units += residue_units;
                sums.inflow += inflow.minor();
                sums.undetermined += undetermined.minor();
            }
            Became::SetAside { inflow } => {
                self.set_aside += 1;
                self.set_aside_unknown += u64::from(inflow.is_none());
                sums.inflow += inflow.map_or(0, Money::minor);
                sums.set_aside += inflow.map_or(0, Money::minor);
            }
        }
    }

    fn add_unread(&mut self, row: &Unread) {
        self.new += 1;
        self.set_aside += 1;
        match (row.kind, row.inflow) {
            (Some(kind), Some(inflow)) => {
                let sums = self.sums.entry(kind).or_default();
                sums.inflow += inflow.minor();
                sums.set_aside += inflow.minor();
            }
            _ => self.set_aside_unknown += 1,
        }
    }

    /// The control totals of what is new.
    pub(super) fn totals(&self, job: &Job<'_>) -> ControlTotals {
        let mut currencies: Vec<CurrencyTotals> = Vec::new();
        for (kind, sums) in &self.sums {
            let Some(table) = get(&job.names.events, *kind) else { continue };
            let Currency { code, .. } = &table.currency;
            let at = currencies.iter().position(|it| it.currency.code == *code);
            let at = at.unwrap_or_else(|| {
                currencies.push(CurrencyTotals::new(table.currency.clone()));
                currencies.len() - 1
            });
            let Some(totals) = currencies.get_mut(at) else { continue };
            let add = |to: &mut Exact, minor: i128| {
                *to = to.add(&Exact::from_int(minor)).unwrap_or(Exact::ZERO);
            };
            add(&mut totals.inflow, sums.inflow);
            add(&mut totals.allocated, sums.inflow - sums.undetermined - sums.set_aside);
            add(&mut totals.undetermined, sums.undetermined);
            add(&mut totals.set_aside, sums.set_aside);
        }
        ControlTotals {
            read: self.allocated + self.set_aside - self.made + self.already,
            made: self.made,
            allocated: self.allocated,
            set_aside: self.set_aside,
            set_aside_unknown: self.set_aside_unknown,
            currencies,
            residue_units: self.residue_units,
            open_items: self.open_items,
        }
    }
}

fn is_allocated(draft: &Draft) -> bool {
    matches!(draft.became, Became::Allocated { .. })
}

/// Posts events, and counts them.
pub(super) fn post_events(
    posting: &mut Posting<'_>,
    job: &Job<'_>,
    counts: &mut Counts,
    events: &[Event],
) -> Result<Vec<Posted>, BookTrouble> {
    let mut all = Vec::with_capacity(events.len());
    let mut drafts = posting.drafts()?;
    for slice in events.chunks(DRAFTS_MAX) {
        drafts.clear();
        slice.iter().try_for_each(|event| drafts.push(event))?;
        all.extend(post_drafts(posting, job, counts, &drafts)?);
    }
    Ok(all)
}

/// Posts events that were written, and counts them.
pub(super) fn post_drafts(
    posting: &mut Posting<'_>,
    job: &Job<'_>,
    counts: &mut Counts,
    drafts: &Drafts,
) -> Result<Vec<Posted>, BookTrouble> {
    heed_interrupts(job)?;
    let posted = match posting.drafted(drafts) {
        Ok(posted) => posted,
        // An event that is there with other content is shown beside it.
        Err(error @ BookError::Conflict { .. }) => {
            return Err(refusal::conflict(job, posting.book()?, error));
        }
        Err(error) => return Err(error.into()),
    };
    counts.count(job.names, drafts, &posted)?;
    Ok(posted)
}

/// Writes events as they come, and hands them on to be posted beside.
pub(super) struct Drafter<'p, 'j> {
    maker: Maker<'p>,
    asides: &'p RefCell<Asides<'j>>,
    drafts: Drafts,
    hand: SyncSender<Drafts>,
    back: Receiver<Drafts>,
}

/// Events handed on together.
pub(super) const DRAFTS_MAX: usize = 1024;

impl<'p, 'j> Drafter<'p, 'j> {
    pub(super) fn new(
        maker: Maker<'p>,
        asides: &'p RefCell<Asides<'j>>,
        drafts: Drafts,
        (hand, back): (SyncSender<Drafts>, Receiver<Drafts>),
    ) -> Drafter<'p, 'j> {
        Drafter { maker, asides, drafts, hand, back }
    }

    /// Hands on what was heard.
    pub(super) fn hand_on(&mut self) -> Result<(), BookTrouble> {
        let mut next = match self.back.try_recv() {
            Ok(used) => used,
            Err(_) => self.drafts.another(),
        };
        next.clear();
        let heard = std::mem::replace(&mut self.drafts, next);
        // Whoever posts has gone away, and says why.
        let gone = |_| FormatsError::Internal("nobody posts".to_owned());
        Ok(self.hand.send(heard).map_err(gone)?)
    }
}

impl Sink for Drafter<'_, '_> {
    type Error = BookTrouble;

    fn hear(
        &mut self,
        outcomes: &mut Outcomes,
        accounts: &dyn Accounts,
    ) -> Result<(), BookTrouble> {
        let mut telling = outcomes.telling();
        while let Some(told) = telling.next_event() {
            if let rows::Outcome::SetAside { reason, .. } = told.outcome() {
                self.asides.borrow_mut().event(told.event(), reason)?;
            }
            self.maker.write(told, accounts, As::New { late: false }, &mut self.drafts)?;
        }
        if self.drafts.len() >= DRAFTS_MAX { self.hand_on() } else { Ok(()) }
    }
}

/// Posts rows that could not be read, each as its file has it.
pub(super) fn unread(
    posting: &mut Posting<'_>,
    job: &Job<'_>,
    counts: &mut Counts,
    mut rows: Vec<formats::Unread>,
) -> Result<(), BookTrouble> {
    rows.sort_by_key(|row| row.origin);
    let mut rest = rows.as_slice();
    while let Some(first) = rest.first() {
        let file = first.origin.file;
        let count = rest.iter().take_while(|row| row.origin.file == file).count();
        let (here, after) = rest.split_at(count);
        rest = after;
        let lines: Vec<u64> = here.iter().map(|row| row.origin.line).collect();
        let texts = match get(job.events, file) {
            Some(file) => raw_rows(&file.input, &lines)?,
            None => Vec::new(),
        };
        for (row, text) in here.iter().zip(texts) {
            let row = Unread {
                batch: counts.batch,
                kind: row.event,
                origin: row.origin,
                row: Bytes(Arc::from(text.into_bytes())),
                inflow: row.inflow,
                reason: row.reason.clone(),
            };
            match posting.unread(&row)? {
                Posted::New(_) => counts.add_unread(&row),
                Posted::Already(_) => {
                    counts.already += 1;
                    counts.already_aside += 1;
                }
            }
        }
    }
    Ok(())
}
