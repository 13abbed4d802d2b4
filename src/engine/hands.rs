//! Who takes an event: its lane, else the evaluator.

use std::sync::Arc;

use crate::base::Date;
use crate::plan::{Event, Plan, at};
use crate::rows::{Batch, Reason, Sink, Taken};

use super::duplicates::Seen;
use super::evaluator::{AtHand, Evaluator};
use super::lane::{Answers, Lanes};
use super::outcome::{Desk, Stop};
use super::run::duplicate;
use super::trace::Trace;

/// Whether the keys of a kind are all different, found out in the order of the files: then nobody
/// has to ask again in the order of the events, where every question is a walk through memory.
pub(super) struct Firsts<'p> {
    plan: &'p Plan,
    seen: Vec<Seen>,
    repeated: Vec<bool>,
}

impl<'p> Firsts<'p> {
    pub fn new(plan: &'p Plan) -> Firsts<'p> {
        let computed = |event: &Event| {
            let declared = |field: &u32| event.fields.get(at(*field));
            event.unique.iter().filter_map(declared).any(|field| field.computed.is_some())
        };
        Firsts {
            plan,
            seen: plan.events.iter().map(|_| Seen::default()).collect(),
            repeated: plan.events.iter().map(computed).collect(),
        }
    }

    /// Takes the keys of a batch.
    pub fn take(&mut self, batch: &Batch) {
        let kind = at(batch.event);
        let Some(event) = self.plan.events.get(kind) else { return };
        let places = self.seen.get_mut(kind).zip(self.repeated.get_mut(kind));
        let Some((seen, repeated)) = places.filter(|(_, repeated)| !**repeated) else { return };
        *repeated = seen.insert_all(batch, &event.unique) < batch.len();
    }

    /// Whether no key of any kind has been there twice so far.
    pub fn none_repeated(&self) -> bool {
        !self.repeated.contains(&true)
    }

    pub fn all_new(&self, kind: u32) -> bool {
        self.repeated.get(at(kind)).is_some_and(|repeated| !repeated)
    }
}

/// What is known of an event before it is taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub date: Date,
    /// Another event stands at the same place: it is set aside.
    pub tied: bool,
    pub key: Key,
}

/// What is known of an event's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// Nothing yet.
    Unasked,
    /// No event before has it.
    New,
    /// An event before has it.
    Repeated,
}

/// An event of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub event: &'a Event,
    pub batch: &'a Arc<Batch>,
    /// What is known of all events of the batch.
    pub answers: &'a Answers,
    pub row: usize,
}

impl<'a> Place<'a> {
    /// The same for the evaluator.
    pub fn at_hand(self) -> AtHand<'a> {
        let Place { event, batch, row, .. } = self;
        AtHand { kind: batch.event, event, batch, row, made_for: None, closed: &[] }
    }
}

/// Whoever takes an event: its lane, else the evaluator.
pub(super) struct Hands<'h, 'r, S> {
    pub lanes: &'h mut Lanes,
    pub desk: &'h mut Desk<'r, S>,
}

impl<S: Sink> Hands<'_, '_, S> {
    pub fn take<'a, T: Trace>(
        &mut self,
        evaluator: &mut Evaluator<'a, '_, T>,
        place: Place<'a>,
        known: Known,
    ) -> Result<(), Stop<S::Error>> {
        let (Place { event, batch, row, answers }, date) = (place, known.date);
        let in_lane = !known.tied && self.lanes.may_take(answers.ready, batch, row);
        let mut new = true;
        if in_lane {
            new = match known.key {
                Key::New => true,
                Key::Repeated => false,
                Key::Unasked => {
                    let seen = evaluator.state.seen.get_mut(at(batch.event));
                    seen.is_none_or(|seen| seen.insert(batch, row, &event.unique))
                }
            };
            // What holds of a row for the run is worked out when its lane first asks for it.
            let mut wanted = new;
            while wanted {
                let taken = (Taken { batch, row, date, booked: date }, answers);
                let (registers, state) = (evaluator.registers, &mut *evaluator.state);
                if self.desk.take_in_lane(self.lanes, taken, registers, state)? {
                    return Ok(());
                }
                wanted = self.lanes.wanted().is_some_and(|it| {
                    evaluator.take_up(place.at_hand());
                    evaluator.date = date;
                    evaluator.works_out(it.register, it.entry, it.field)
                });
            }
        }
        evaluator.take_up(place.at_hand());
        evaluator.date = date;
        evaluator.booked = date;
        let aside = match (known.tied, in_lane) {
            (true, _) => Some(Reason::SameOrder.into()),
            (false, true) => (!new).then(|| Reason::DuplicateKey.into()),
            (false, false) => duplicate(evaluator),
        };
        self.desk.take(evaluator, aside)
    }
}
