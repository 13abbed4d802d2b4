//! New events that stand in the book already: they are not run a second time.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use crate::base::Date;
use crate::book::{BookError, Drafts, Entry, Event, Posting};
use crate::engine;
use crate::formats::FormatsError;
use crate::plan::Plan;
use crate::rows::{Accounts, Batch, Cell, EventAt, Origin, Reason, Sink, Told};

use super::super::super::reading::Batches;
use super::super::BookTrouble;
use super::super::history::History;
use super::super::maker::Maker;
use super::super::standing::Stood;
use super::super::translate::get;
use super::{Job, stopped};

/// What has to be known of all new events before any is run.
#[derive(Debug, Default)]
pub(super) struct Beforehand {
    /// The lanes they are in; none where all that stands is run with them.
    pub(super) lanes: HashSet<Vec<Cell>>,
    /// The days of events whose key is a day that is worked out.
    days: HashMap<Origin, Date>,
}

impl Beforehand {
    /// Goes over the files once for lanes, if they are asked for, and once for days, if some have to
    /// be worked out: a run of its own finds those.
    pub(super) fn of(
        job: &Job<'_>,
        plan: &Plan,
        maker: &Maker<'_>,
        by_lanes: bool,
    ) -> Result<Beforehand, BookTrouble> {
        let mut known = Beforehand::default();
        let remarks = RefCell::new(Vec::new());
        if by_lanes {
            let mut unread = |_| Ok(());
            for batch in Batches::new(job.to_read(), &mut unread, &remarks) {
                let batch = batch?;
                for row in 0..batch.len() {
                    let (date, booked) = (Date::MIN, Date::MIN);
                    let lane =
                        maker.lane_at(crate::rows::EventAt { batch: &batch, row, date, booked });
                    if !known.lanes.contains(&lane) {
                        known.lanes.insert(lane);
                    }
                }
            }
            // Events in no lane share nothing.
            known.lanes.remove(&Vec::new());
        }
        let worked_out = |kind: u32| {
            get(&job.names.events, kind).is_some_and(|table| {
                let effective = table.effective.filter(|at| table.key.contains(at));
                let field = effective.and_then(|at| table.fields.get(at));
                field.is_some_and(|field| field.computed)
            })
        };
        let kinds = 0..u32::try_from(job.names.events.len()).unwrap_or(u32::MAX);
        if kinds.into_iter().any(worked_out) {
            let mut unread = |_| Ok(());
            let batches = Batches::new(job.to_read(), &mut unread, &remarks);
            let wanted = batches.filter(|batch: &Result<Batch, FormatsError>| {
                batch.as_ref().map_or(true, |batch| worked_out(batch.event))
            });
            let options = engine::Options { through: job.through, ..engine::Options::default() };
            let mut days = Days(HashMap::new());
            engine::run(plan, job.registers, wanted, &options, &mut days).map_err(stopped)?;
            known.days = days.0;
        }
        Ok(known)
    }
}

struct Days(HashMap<Origin, Date>);

impl Sink for Days {
    type Error = BookTrouble;

    fn told(&mut self, told: Told<'_>, _: &dyn Accounts) -> Result<(), BookTrouble> {
        let at = told.event();
        if let Some(origin) = at.batch.origins.get(at.row) {
            self.0.insert(*origin, at.date);
        }
        Ok(())
    }
}

/// Tells new events from those that stand.
pub(super) struct Telling<'t> {
    maker: &'t Maker<'t>,
    history: &'t History<'t>,
    known: &'t Beforehand,
    drafts: Drafts,
    /// Entries that were sent again as they are.
    met: HashSet<u64>,
    /// Rows with the key of an entry that are not that event: others of its key, if it is sent too.
    beside: Vec<Beside>,
}

/// A row with the key of an event that stands.
struct Beside {
    row: Batch,
    entry: u64,
    stood: Event,
}

/// Hears what is set aside.
pub(super) type Listener<'a> = dyn FnMut(EventAt<'_>, &Reason) -> Result<(), FormatsError> + 'a;

/// So many are held back, until it is known whether the event itself was sent.
const BESIDE_MAX: usize = 1 << 14;

impl<'t> Telling<'t> {
    pub(super) fn new(
        maker: &'t Maker<'t>,
        history: &'t History<'t>,
        known: &'t Beforehand,
        drafts: Drafts,
    ) -> Telling<'t> {
        Telling { maker, history, known, drafts, met: HashSet::new(), beside: Vec::new() }
    }

    /// Parts a batch: those that are new, if any are, and those that stand, each of which takes the
    /// outcome that stands: the book will say whether it is the same event.
    pub(super) fn part(
        &mut self,
        posting: &mut Posting<'_>,
        batch: Batch,
        aside: &mut Listener<'_>,
    ) -> Result<(Option<Batch>, Vec<Event>), BookTrouble> {
        self.drafts.clear();
        let day = |origin| self.known.days.get(&origin).copied();
        self.maker.write_sent(&batch, day, &mut self.drafts);
        let book = posting.as_mut();
        let found = book.standing_drafts(&self.drafts)?;
        let (mut kept, mut again) = (Vec::new(), Vec::new());
        for (row, by) in found.into_iter().enumerate() {
            let stood = match by.filter(|by| *by < self.history.end()) {
                Some(by) => {
                    let entry = self.history.event(by);
                    let Entry::Event(event) = book.entry(entry)? else {
                        return Err(BookError::Damaged { entry }.into());
                    };
                    self.history.stood(entry, &event)?
                }
                None => None,
            };
            let Some(Stood { entry, event: stood, .. }) = stood else {
                kept.push(row);
                continue;
            };
            let sent = self.sent(&batch, row);
            if sent.fields == stood.fields && self.met.insert(entry) {
                again.push(as_it_stands(sent, stood));
            } else {
                self.beside.push(Beside { row: batch.only(&[row]), entry, stood });
            }
        }
        if self.beside.len() >= BESIDE_MAX {
            again.extend(self.rest(aside)?);
        }
        let fresh = match kept.len() {
            0 => None,
            all if all == batch.len() => Some(batch),
            _ => Some(batch.only(&kept)),
        };
        Ok((fresh, again))
    }

    /// The rows that were held back. Where the event that stands was sent as it is, others of its key
    /// are set aside, as a run sets them aside; else the book will say that it is another.
    pub(super) fn rest(&mut self, aside: &mut Listener<'_>) -> Result<Vec<Event>, BookTrouble> {
        let mut events = Vec::with_capacity(self.beside.len());
        for Beside { row, entry, stood } in std::mem::take(&mut self.beside) {
            let duplicate = self.maker.duplicate(&row, 0).filter(|_| self.met.contains(&entry));
            let Some(event) = duplicate else {
                events.push(as_it_stands(self.sent(&row, 0), stood));
                continue;
            };
            let (date, booked) = (event.date, event.date);
            aside(EventAt { batch: &row, row: 0, date, booked }, &Reason::DuplicateKey)?;
            events.push(event);
        }
        Ok(events)
    }

    fn sent(&self, batch: &Batch, row: usize) -> Event {
        let fields: Vec<Cell> = batch.columns.iter().map(|it| it.cell(row)).collect();
        let origin = batch.origins.get(row).copied().unwrap_or(Origin::MADE);
        let day = self.known.days.get(&origin).copied();
        self.maker.sent(batch.event, fields, origin, day)
    }
}

/// What was sent, with what became of the event that stands.
fn as_it_stands(sent: Event, stood: Event) -> Event {
    let Event { batch, fields, key, origin, .. } = sent;
    let (figures, open_items) = (Vec::new(), Vec::new());
    Event { batch, fields, key, origin, figures, open_items, ..stood }
}
