//! A run: all events in their order, then the stages. Section 1 of the page.

use std::cmp::Ordering;
use std::collections::{HashSet, VecDeque};
use std::rc::Rc;

use crate::base::{Date, Money};
use crate::model::{EventId, EventSource, FieldIx, Reading, ReadingId, RuleSet};
use crate::rows::{Batch, Cell, Reason, RegisterTable};

use super::calendar::{self, Due, Made, stage_events};
use super::dependence::{is_ordered, order_matters};
use super::error::{ReferenceError, Stop, entry};
use super::event::{self, Finished, effective_date, inflow_field, money, scale_of};
use super::order::{Place, compare_places, fields};
use super::outcome::{Fate, Outcome, Sender};
use super::refund::{Records, key_of, may_be_named};
use super::registers::Registers;
use super::scene::{EventAtHand, Scene, Scope};
use super::state::{Books, Key, State};
use super::value::{Value, from_cell};

/// Allocates events by a rule set.
///
/// `readings` are the options chosen (the default is taken where none is), `registers` rows by
/// register, `events` the input in the order of its files, `through` the last day of the calendar
/// (absent: the last event's). The outcomes come in the order in which the events are taken; events
/// that have no place in the order, since their date or a field they are ordered by is missing, come
/// first.
///
/// Batches have no effect on the outcome but in [`Sender`].
///
/// # Errors
/// [`ReferenceError`], for a rule set that `check` did not pass.
pub fn run(
    rules: &RuleSet,
    readings: &[(ReadingId, u32)],
    registers: &[(u32, RegisterTable)],
    events: &[Batch],
    through: Option<Date>,
) -> Result<Vec<Outcome>, ReferenceError> {
    let options = options(rules, readings);
    let outcomes = Registers::read(rules, registers).and_then(|registers| {
        let world = World { rules, options: &options, registers: &registers };
        let mut run = Run {
            world,
            state: State::default(),
            records: Records::default(),
            keys: HashSet::default(),
            outcomes: Vec::new(),
        };
        run.first_pass(events, through)?;
        run.stages()?;
        Ok(run.outcomes)
    });
    outcomes.map_err(|stop| match stop {
        Stop::Broken(error) => error,
        Stop::Aside(_) => ReferenceError::Mistyped { what: "register row" },
    })
}

/// The option of every reading: the one chosen, else its default.
pub(super) fn options(rules: &RuleSet, readings: &[(ReadingId, u32)]) -> Vec<u32> {
    let chosen = |(at, reading): (usize, &Reading)| {
        let choice = readings.iter().find(|(id, _)| *id == ReadingId::next(at));
        choice.map_or(reading.default, |(_, option)| *option)
    };
    rules.readings.iter().enumerate().map(chosen).collect()
}

#[derive(Clone, Copy)]
struct World<'a> {
    rules: &'a RuleSet,
    options: &'a [u32],
    registers: &'a Registers,
}

struct Run<'a> {
    world: World<'a>,
    state: State,
    records: Records,
    /// The keys of events taken so far.
    keys: HashSet<(EventId, Key)>,
    outcomes: Vec<Outcome>,
}

/// An event that waits for its turn.
struct Waiting {
    kind: EventId,
    sender: Sender,
    event: EventAtHand,
    place: Place,
    /// Another event of its kind has the same place.
    same_order: bool,
}

impl<'a> World<'a> {
    fn scene<'s>(&self, state: &'s State, event: Option<&'s EventAtHand>, day: Date) -> Scene<'s>
    where
        'a: 's,
    {
        let books = Books { state, changes: None };
        let (rules, registers) = (self.rules, self.registers);
        Scene { rules, readings: self.options, registers, books, event, day }
    }
}

impl Run<'_> {
    fn first_pass(&mut self, batches: &[Batch], through: Option<Date>) -> Result<(), Stop> {
        let is_ordered = is_ordered(self.world.rules);
        let mut waiting = Vec::new();
        for (at, batch) in batches.iter().enumerate() {
            for row in 0..batch.len() {
                let sender = Sender::Data { batch: at, row };
                let event = self.read(batch, row)?;
                waiting.extend(self.placed(sender, event, is_ordered)?);
            }
        }
        let mut due = VecDeque::new();
        let days = || waiting.iter().map(|waiting| waiting.place.day);
        if let (Some(first), Some(last)) = (days().min(), days().max()) {
            let state = State::default();
            let scene = self.world.scene(&state, None, first);
            let (dated, undated) = calendar::due(&scene, through.unwrap_or(last))?;
            due.extend(dated);
            for Made { kind, day, event } in undated {
                self.made(kind, Sender::Calendar, day, event)?;
            }
        }
        if is_ordered {
            sort(&mut waiting)?;
            self.mark_ties(&mut waiting)?;
        }
        for waiting in waiting {
            let Waiting { kind, sender, event, place, same_order } = waiting;
            // On one day sent events come first; without an order, before all of the calendar.
            while let Some(next) = due.pop_front_if(|next| is_ordered && next.day < place.day) {
                self.take_due(&next)?;
            }
            if same_order {
                self.set_aside(kind, sender, &event, Some(place.day), Reason::SameOrder)?;
            } else {
                self.take(kind, sender, event, place.day)?;
            }
        }
        due.iter().try_for_each(|next| self.take_due(next))
    }

    fn take_due(&mut self, due: &Due) -> Result<(), Stop> {
        let scene = self.world.scene(&self.state, None, due.day);
        for Made { kind, day, event } in calendar::calendar_events(&scene, due)? {
            self.made(kind, Sender::Calendar, day, event)?;
        }
        Ok(())
    }

    fn stages(&mut self) -> Result<(), Stop> {
        for (at, event) in self.world.rules.events.iter().enumerate() {
            if !matches!(event.source, EventSource::Stage { .. }) {
                continue;
            }
            let kind = EventId::next(at);
            let made = stage_events(&self.world.scene(&self.state, None, Date::MIN), kind)?;
            for Made { day, event, .. } in made {
                self.made(kind, Sender::Stage, day, event)?;
            }
        }
        Ok(())
    }

    fn read(&self, batch: &Batch, row: usize) -> Result<EventAtHand, Stop> {
        let kind = EventId(batch.event);
        let declared = entry(&self.world.rules.events, kind.index(), "event kind")?;
        let mut stored = Vec::new();
        for (at, field) in declared.fields.iter().enumerate() {
            let cell = batch.columns.get(at).map_or(Cell::Missing, |column| column.cell(row));
            stored.push(from_cell(self.world.rules, &field.ty, &cell)?);
        }
        Ok(EventAtHand::new(kind, stored))
    }

    /// An event with its place in the order; one that has none is set aside at once.
    fn placed(
        &mut self,
        sender: Sender,
        event: EventAtHand,
        is_ordered: bool,
    ) -> Result<Option<Waiting>, Stop> {
        let kind = event.kind;
        match self.place(&event, is_ordered) {
            Ok(place) => Ok(Some(Waiting { kind, sender, event, place, same_order: false })),
            Err(Stop::Aside(reason)) => {
                self.set_aside(kind, sender, &event, None, reason)?;
                Ok(None)
            }
            Err(broken) => Err(broken),
        }
    }

    fn place(&self, event: &EventAtHand, is_ordered: bool) -> Result<Place, Stop> {
        // Until the day is known, none is asked for: the effective date depends on fields alone.
        let undated = self.world.scene(&self.state, Some(event), Date::MIN);
        let day = effective_date(&undated)?;
        event.computed.borrow_mut().fill(None);
        let scene = Scene { day, ..undated };
        let value = |field: &FieldIx| match scene.field(*field)? {
            Value::Missing => Err(Stop::Aside(Reason::FieldMissing { field: field.0 })),
            value => Ok(value),
        };
        let fields = if is_ordered { fields(scene.kind()?) } else { &[] };
        let fields = fields.iter().map(value).collect::<Result<_, _>>()?;
        Ok(Place { day, fields, kind: event.kind })
    }

    /// Marks events of one kind that stand at the same place, where that matters and they are not
    /// one event sent again.
    fn mark_ties(&self, waiting: &mut [Waiting]) -> Result<(), Stop> {
        let mut rest = waiting;
        while let Some((first, others)) = rest.split_first() {
            let mut length = 1;
            for other in others {
                if compare_places(&first.place, &other.place)? != Ordering::Equal {
                    break;
                }
                length += 1;
            }
            let (group, after) = rest.split_at_mut(length);
            if group.len() > 1 && self.exclude_each_other(group)? {
                group.iter_mut().for_each(|waiting| waiting.same_order = true);
            }
            rest = after;
        }
        Ok(())
    }

    /// Whether nobody can say which of the events at one place comes first.
    fn exclude_each_other(&self, group: &[Waiting]) -> Result<bool, Stop> {
        let Some((first, others)) = group.split_first() else { return Ok(false) };
        let declared = entry(&self.world.rules.events, first.kind.index(), "event kind")?;
        let sent_again = !declared.unique.is_empty()
            && others.iter().all(|other| other.event.stored == first.event.stored);
        Ok(!sent_again && order_matters(self.world.rules, first.kind))
    }

    /// Takes an event that nobody sent, or sets it aside where it could not be made.
    fn made(
        &mut self,
        kind: EventId,
        sender: Sender,
        day: Option<Date>,
        event: Result<EventAtHand, Stop>,
    ) -> Result<(), Stop> {
        match (event, day) {
            (Ok(event), Some(day)) => self.take(kind, sender, event, day),
            (Ok(_), None) => Ok(()),
            (Err(stop), day) => self.not_made(kind, sender, day, stop),
        }
    }

    fn not_made(
        &mut self,
        kind: EventId,
        sender: Sender,
        day: Option<Date>,
        stop: Stop,
    ) -> Result<(), Stop> {
        let Stop::Aside(reason) = stop else { return Err(stop) };
        self.outcomes.push(Outcome {
            event: kind.0,
            sender,
            key: Vec::new(),
            date: day,
            booked: day,
            inflow: None,
            fate: Fate::SetAside(reason),
        });
        Ok(())
    }

    /// Takes an event: works it out and remembers it, or sets it aside.
    fn take(
        &mut self,
        kind: EventId,
        sender: Sender,
        event: EventAtHand,
        day: Date,
    ) -> Result<(), Stop> {
        let event = Rc::new(event);
        match self.worked_out(kind, sender, &event, day) {
            Err(Stop::Aside(reason)) => self.set_aside(kind, sender, &event, Some(day), reason),
            Err(broken) => Err(broken),
            Ok((key, booked, finished)) => {
                let Finished { leaves, figures, open_items, inflow, changes, record } = finished;
                let scene = self.world.scene(&self.state, Some(&event), day);
                if let Some(record) = record
                    && may_be_named(&scene, kind)
                {
                    self.records.insert((kind, key.clone()), record);
                }
                self.outcomes.push(Outcome {
                    event: kind.0,
                    sender,
                    key,
                    date: Some(day),
                    booked: Some(booked),
                    inflow: Some(inflow),
                    fate: Fate::Allocated { leaves, figures, open_items },
                });
                self.state.apply(changes, day);
                Ok(())
            }
        }
    }

    fn worked_out(
        &mut self,
        kind: EventId,
        sender: Sender,
        event: &Rc<EventAtHand>,
        day: Date,
    ) -> Result<(Key, Date, Finished), Stop> {
        let scene = self.world.scene(&self.state, Some(event), day);
        let key = key_of(&scene)?;
        let is_sent = matches!(sender, Sender::Data { .. });
        if is_sent && !key.is_empty() && !self.keys.insert((kind, key.clone())) {
            return Err(Reason::DuplicateKey.into());
        }
        let booked = match &scene.kind()?.source {
            EventSource::Stage { booked: Some(formula), .. } => {
                scene.value(&formula.expr, &mut Scope::of(&formula.locals))?.date()?
            }
            _ => day,
        };
        let finished = event::evaluate(&scene, event, &mut self.records)?;
        Ok((key, booked, finished))
    }

    fn set_aside(
        &mut self,
        kind: EventId,
        sender: Sender,
        event: &EventAtHand,
        day: Option<Date>,
        reason: Reason,
    ) -> Result<(), Stop> {
        let scene = self.world.scene(&self.state, Some(event), day.unwrap_or(Date::MIN));
        let outcome = Outcome {
            event: kind.0,
            sender,
            key: key_of(&scene).unwrap_or_default(),
            date: day,
            booked: day,
            inflow: would_have_brought(&scene),
            fate: Fate::SetAside(reason),
        };
        self.outcomes.push(outcome);
        Ok(())
    }
}

/// What an event that is set aside would have brought, where that much is known: a levy's due is not.
fn would_have_brought(scene: &Scene<'_>) -> Option<Money> {
    let declared = scene.kind().ok()?;
    let kind = scene.event().ok()?.kind;
    if matches!(declared.source, EventSource::Stage { .. }) {
        return Some(Money::ZERO);
    }
    let mut levied = scene.rules.levies.iter().flat_map(|levy| &levy.cases);
    if levied.any(|case| case.event == kind) {
        return None;
    }
    let scale = scale_of(scene).ok()?;
    let inflow = inflow_field(scene).ok()?;
    money(&inflow, scale).ok()
}

/// Sorts events into their order.
fn sort(waiting: &mut [Waiting]) -> Result<(), Stop> {
    let mut failure = Ok(());
    waiting.sort_by(|left, right| {
        compare_places(&left.place, &right.place).unwrap_or_else(|stop| {
            failure = Err(stop);
            Ordering::Equal
        })
    });
    failure
}
