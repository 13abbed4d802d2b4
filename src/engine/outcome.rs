//! Outcomes handed on: counted, checked and told to whoever listens.

use crate::base::{Date, Money};
use crate::plan::EventSource;
use crate::rows::{
    Accounts, Allocation, Destination, EventAt, Explanation, Outcome, Payee, Reason, Sink,
};

use super::commit::WorkedOut;
use super::evaluator::{AtHand, Evaluator};
use super::explain::Asked;
use super::fault::{Fault, RunError};
use super::lane::{Answers, Lanes};
use super::registers::Registers;
use super::state::State;
use super::summary::Totals;
use super::trace::{Recorder, Trace};

/// What stops a run that has all its events.
#[derive(Debug)]
pub(crate) enum Stop<E> {
    Sink(E),
    Internal(&'static str),
}

impl<I, S> From<Stop<S>> for RunError<I, S>
where
    I: std::error::Error + 'static,
    S: std::error::Error + 'static,
{
    fn from(stop: Stop<S>) -> RunError<I, S> {
        match stop {
            Stop::Sink(error) => RunError::Sink(error),
            Stop::Internal(what) => RunError::Internal(what),
        }
    }
}

/// Where outcomes go, and the memory for it.
pub(crate) struct Desk<'r, S> {
    pub sink: &'r mut S,
    pub totals: Totals,
    figures: Vec<WorkedOut>,
    leaves: Vec<u32>,
    allocations: Vec<Allocation>,
    wanted: Option<Asked<'r>>,
    /// Of every event asked for, in the order taken.
    pub explanations: Vec<Explanation>,
}

impl<'r, S: Sink> Desk<'r, S> {
    pub fn new(sink: &'r mut S, wanted: Option<Asked<'r>>) -> Desk<'r, S> {
        Desk {
            sink,
            totals: Totals::default(),
            figures: Vec::new(),
            leaves: Vec::new(),
            allocations: Vec::new(),
            wanted,
            explanations: Vec::new(),
        }
    }

    /// Works the event at hand out, unless it is set aside already, and hands its outcome on.
    pub fn take<T: Trace>(
        &mut self,
        evaluator: &mut Evaluator<'_, '_, T>,
        aside: Option<Fault>,
    ) -> Result<(), Stop<S::Error>> {
        if let Some(wanted) = self.wanted
            && wanted.is(evaluator)
        {
            return self.take_and_explain(evaluator, aside);
        }
        self.take_plainly(evaluator, aside).map(|_| ())
    }

    fn take_and_explain<T: Trace>(
        &mut self,
        outer: &mut Evaluator<'_, '_, T>,
        aside: Option<Fault>,
    ) -> Result<(), Stop<S::Error>> {
        let Some(at_hand) = outer.at_hand.clone() else {
            return Err(Stop::Internal("an outcome of no event"));
        };
        let mut recorder = Recorder::default();
        let (plan, registers) = (outer.plan, outer.registers);
        let mut evaluator = Evaluator::new(plan, registers, outer.state, &mut recorder);
        evaluator.take_up(at_hand);
        evaluator.date = outer.date;
        evaluator.booked = outer.booked;
        let taken = self.take_plainly(&mut evaluator, aside)?;
        let (inflow, aside) = match taken {
            Ok(inflow) => (Some(inflow), None),
            Err(reason) => (None, Some(reason)),
        };
        let allocated = inflow.is_some();
        let story = evaluator.story(inflow, aside);
        let result = if allocated { self.result(&evaluator.state.accounts) } else { Vec::new() };
        self.explanations.extend(story.map(|story| Explanation { result, ..story }));
        Ok(())
    }

    /// What the event last taken gave to each.
    fn result(&self, accounts: &dyn Accounts) -> Vec<(Destination, Money)> {
        let mut sums: Vec<(Payee, Money)> = Vec::new();
        for given in &self.allocations {
            match sums.iter_mut().find(|(payee, _)| *payee == given.payee) {
                // The event's inflow is the sum of all, so no part of it is out of range.
                Some((_, sum)) => *sum = sum.checked_add(given.amount).unwrap_or(*sum),
                None => sums.push((given.payee, given.amount)),
            }
        }
        let to = |payee| match payee {
            Payee::Undetermined => Destination::Undetermined,
            Payee::Account(position) => match accounts.account(position) {
                Some((account, key)) => Destination::Account(account, key.to_vec()),
                None => Destination::Nothing,
            },
        };
        let sums = sums.into_iter().filter(|(_, sum)| !sum.is_zero());
        sums.map(|(payee, sum)| (to(payee), sum)).collect()
    }

    fn take_plainly<T: Trace>(
        &mut self,
        evaluator: &mut Evaluator<'_, '_, T>,
        aside: Option<Fault>,
    ) -> Result<Result<Money, Reason>, Stop<S::Error>> {
        let outcome = match aside {
            Some(fault) => Err(fault),
            None => evaluator.work_out(&mut self.figures),
        };
        match outcome {
            Ok(inflow) => {
                let inflow = Money::from_minor(inflow);
                self.allocated(evaluator, inflow)?;
                Ok(Ok(inflow))
            }
            Err(Fault::Aside(reason)) => {
                self.set_aside(evaluator, &reason)?;
                Ok(Err(*reason))
            }
            Err(Fault::Internal(what)) => Err(Stop::Internal(what)),
        }
    }

    fn allocated<T: Trace>(
        &mut self,
        evaluator: &mut Evaluator<'_, '_, T>,
        inflow: Money,
    ) -> Result<(), Stop<S::Error>> {
        let Some(at_hand) = evaluator.at_hand.clone() else {
            return Err(Stop::Internal("an outcome of no event"));
        };
        evaluator.allocations(&mut self.leaves, &mut self.allocations);
        let event = event_at(&at_hand, evaluator.date, evaluator.booked);
        let residue = evaluator.frame.residue;
        let accounts = &evaluator.state.accounts;
        self.counted(event, at_hand.event.currency, inflow, residue, accounts)?;
        for figure in &self.figures {
            let (id, key, value) = (figure.figure, &figure.key, &figure.value);
            self.sink.figure(event, id, key, value).map_err(Stop::Sink)?;
        }
        for leg in &evaluator.frame.open_items {
            self.totals.summary.open_items += 1;
            self.sink.open_item(event, *leg).map_err(Stop::Sink)?;
        }
        Ok(())
    }

    /// Counts and hands on what an event gave.
    fn counted(
        &mut self,
        event: EventAt<'_>,
        currency: u32,
        inflow: Money,
        residue_units: u64,
        accounts: &dyn Accounts,
    ) -> Result<(), Stop<S::Error>> {
        let allocations = self.allocations.as_slice();
        match self.totals.allocated(currency, inflow, allocations, residue_units) {
            Ok(true) => {}
            Ok(false) => return Err(Stop::Internal("allocations do not sum to the inflow")),
            Err(_) => return Err(Stop::Internal("a control total out of range")),
        }
        let outcome = Outcome::Allocated { allocations, inflow, residue_units };
        self.sink.event(event, outcome, accounts).map_err(Stop::Sink)
    }

    /// Takes an event of a day through its lane; says whether that could be done.
    pub fn take_in_lane(
        &mut self,
        lanes: &mut Lanes,
        (event, answers): (EventAt<'_>, &Answers),
        currency: u32,
        registers: &Registers,
        state: &mut State,
    ) -> Result<bool, Stop<S::Error>> {
        let place = (event.batch, event.row, answers);
        let worked_out = lanes.work_out(place, event.date, registers, state, &mut self.allocations);
        match worked_out.map_err(Stop::Internal)? {
            None => Ok(false),
            Some(worked_out) => {
                let (inflow, residue) = (worked_out.inflow, worked_out.residue);
                self.counted(event, currency, inflow, residue, &state.accounts)?;
                self.totals.summary.in_lane += 1;
                Ok(true)
            }
        }
    }

    fn set_aside<T: Trace>(
        &mut self,
        evaluator: &mut Evaluator<'_, '_, T>,
        reason: &Reason,
    ) -> Result<(), Stop<S::Error>> {
        let Some(at_hand) = evaluator.at_hand.clone() else {
            return Err(Stop::Internal("an outcome of no event"));
        };
        let inflow = would_have_brought(evaluator);
        if self.totals.set_aside(at_hand.event.currency, inflow).is_err() {
            return Err(Stop::Internal("a control total out of range"));
        }
        let event = event_at(&at_hand, evaluator.date, evaluator.booked);
        let outcome = Outcome::SetAside { inflow, reason };
        self.sink.event(event, outcome, &evaluator.state.accounts).map_err(Stop::Sink)
    }
}

/// What an event set aside would have brought, as far as a field says it.
fn would_have_brought<T: Trace>(evaluator: &mut Evaluator<'_, '_, T>) -> Option<Money> {
    let event = evaluator.event().ok()?;
    let levied = !event.levies.is_empty();
    match (&event.source, event.inflow) {
        (EventSource::Stage { .. }, _) => Some(Money::ZERO),
        (_, None) if levied => None,
        (_, None) => Some(Money::ZERO),
        (_, Some(_)) if levied => None,
        (_, Some(_)) => evaluator.inflow().ok().map(Money::from_minor),
    }
}

fn event_at<'e>(at_hand: &AtHand<'e>, date: Date, booked: Date) -> EventAt<'e> {
    EventAt { batch: at_hand.batch, row: at_hand.row, date, booked }
}
