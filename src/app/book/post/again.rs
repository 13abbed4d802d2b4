//! New events that stand in the book already: they are not run a second time.

use std::collections::HashMap;

use crate::base::Date;
use crate::book::{Event, Schema};
use crate::engine;
use crate::formats::FormatsError;
use crate::plan::Plan;
use crate::rows::{Accounts, Batch, Cell, Origin, Outcomes, Sink};

use super::super::BookTrouble;
use super::super::maker::Maker;
use super::super::standing::{Standing, identity};
use super::super::translate::get;
use super::{Job, stopped};

/// The days of events whose key is a day that is worked out; a run of their own finds them.
pub(super) fn dates(
    job: &Job<'_>,
    plan: &Plan,
    batches: &[Batch],
) -> Result<HashMap<Origin, Date>, BookTrouble> {
    let worked_out = |batch: &&Batch| {
        get(&job.names.events, batch.event).is_some_and(|table| {
            let effective = table.effective.filter(|at| table.key.contains(at));
            let field = effective.and_then(|at| table.fields.get(at));
            field.is_some_and(|field| field.computed)
        })
    };
    let wanted: Vec<Batch> = batches.iter().filter(worked_out).cloned().collect();
    let mut days = Days(HashMap::new());
    if !wanted.is_empty() {
        let options = engine::Options { through: job.through };
        let input = wanted.into_iter().map(Ok::<Batch, FormatsError>);
        engine::run(plan, job.registers, input, &options, &mut days).map_err(stopped)?;
    }
    Ok(days.0)
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

/// Parts new events from those that stand, each of which takes the outcome that stands: the book
/// will say whether it is the same event.
pub(super) fn part(
    maker: &Maker<'_>,
    standing: &Standing,
    schema: &Schema,
    batches: Vec<Batch>,
    dates: &HashMap<Origin, Date>,
) -> Result<(Vec<Batch>, Vec<Event>), BookTrouble> {
    let (mut fresh, mut again) = (Vec::new(), Vec::new());
    for batch in batches {
        let mut kept: Vec<usize> = Vec::new();
        for row in 0..batch.len() {
            let fields: Vec<Cell> = batch.columns.iter().map(|it| it.cell(row)).collect();
            let origin = batch.origins.get(row).copied().unwrap_or(Origin::MADE);
            let day = dates.get(&origin).copied();
            let event = maker.sent(batch.event, fields, origin, day);
            // A key with a part missing stands nowhere.
            let found = identity(&event, schema).ok().and_then(|it| standing.find(&it));
            match found.and_then(|at| standing.events.get(at)) {
                Some(stood) => again.push(Event {
                    fields: event.fields,
                    key: event.key,
                    origin,
                    figures: Vec::new(),
                    open_items: Vec::new(),
                    ..stood.event.clone()
                }),
                None => kept.push(row),
            }
        }
        if kept.len() == batch.len() {
            fresh.push(batch);
        } else if !kept.is_empty() {
            fresh.push(batch.only(&kept));
        }
    }
    Ok((fresh, again))
}
