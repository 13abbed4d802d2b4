//! New events that stand in the book already: they are not run a second time.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use crate::base::Date;
use crate::book::{BookError, Drafts, Entry, Event, Posting};
use crate::engine;
use crate::formats::FormatsError;
use crate::plan::Plan;
use crate::rows::{Accounts, Batch, Cell, Origin, Outcomes, Sink};

use super::super::super::reading::Batches;
use super::super::BookTrouble;
use super::super::history::History;
use super::super::maker::Maker;
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
            let options = engine::Options { through: job.through };
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

    fn hear(&mut self, outcomes: &mut Outcomes, _: &dyn Accounts) -> Result<(), BookTrouble> {
        for at in outcomes.iter().map(|told| told.event()) {
            if let Some(origin) = at.batch.origins.get(at.row) {
                self.0.insert(*origin, at.date);
            }
        }
        Ok(())
    }
}

/// Tells new events from those that stand.
pub(super) struct Telling<'t> {
    pub(super) maker: &'t Maker<'t>,
    pub(super) history: &'t History<'t>,
    pub(super) known: &'t Beforehand,
    pub(super) drafts: Drafts,
}

impl Telling<'_> {
    /// Parts a batch: those that are new, if any are, and those that stand, each of which takes the
    /// outcome that stands: the book will say whether it is the same event.
    pub(super) fn part(
        &mut self,
        posting: &mut Posting<'_>,
        batch: Batch,
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
            match stood {
                Some(stood) => again.push(self.again(&batch, row, stood.event)),
                None => kept.push(row),
            }
        }
        let fresh = match kept.len() {
            0 => None,
            all if all == batch.len() => Some(batch),
            _ => Some(batch.only(&kept)),
        };
        Ok((fresh, again))
    }

    fn again(&self, batch: &Batch, row: usize, stood: Event) -> Event {
        let fields: Vec<Cell> = batch.columns.iter().map(|it| it.cell(row)).collect();
        let origin = batch.origins.get(row).copied().unwrap_or(Origin::MADE);
        let day = self.known.days.get(&origin).copied();
        let Event { batch, fields, key, .. } = self.maker.sent(batch.event, fields, origin, day);
        let (figures, open_items) = (Vec::new(), Vec::new());
        Event { batch, fields, key, origin, figures, open_items, ..stood }
    }
}
