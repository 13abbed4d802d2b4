//! Outcomes gathered, counted, checked and told to whoever listens.

use std::sync::Arc;

use crate::base::{Date, Money};
use crate::plan::{EventSource, Plan, at};
use crate::rows::{
    Accounts, Batch, Destination, Ended, Explanation, FigureValue, Outcomes, Payee, Reason, Sink,
    Taken,
};

use super::evaluator::{AtHand, Evaluator};
use super::explain::Asked;
use super::fault::{Fault, RunError};
use super::lane::{Answers, Given, Lanes, Side};
use super::registers::Registers;
use super::state::{AccountTable, State};
use super::summary::{Brought, Totals};
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

/// Where outcomes go, and the memory for it. They are gathered and handed on many at a time.
pub(crate) struct Desk<'r, S> {
    plan: &'r Plan,
    sink: &'r mut S,
    pub totals: Totals,
    gathered: Outcomes,
    figures: Vec<FigureValue>,
    leaves: Vec<u32>,
    wanted: Option<Asked<'r>>,
    /// Of every event asked for, in the order taken.
    pub explanations: Vec<Explanation>,
}

/// So many outcomes are handed on together: few enough that they are still near when they are read.
const TOGETHER: usize = 512;

impl<'r, S: Sink> Desk<'r, S> {
    pub fn new(plan: &'r Plan, sink: &'r mut S, wanted: Option<Asked<'r>>) -> Desk<'r, S> {
        Desk {
            plan,
            sink,
            totals: Totals::default(),
            gathered: Outcomes::default(),
            figures: Vec::new(),
            leaves: Vec::new(),
            wanted,
            explanations: Vec::new(),
        }
    }

    /// Hands on what has been gathered, if it is much.
    pub fn hand_on_much(&mut self, accounts: &AccountTable) -> Result<(), Stop<S::Error>> {
        if self.gathered.len() < TOGETHER { Ok(()) } else { self.hand_on(accounts) }
    }

    /// Hands on all that has been gathered.
    pub fn hand_on(&mut self, accounts: &AccountTable) -> Result<(), Stop<S::Error>> {
        if !self.gathered.is_empty() {
            self.sink.hear(&mut self.gathered, accounts).map_err(Stop::Sink)?;
            self.gathered.clear();
        }
        Ok(())
    }

    /// Works the event at hand out, unless it is set aside already, and gathers its outcome.
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
        for given in self.gathered.last_allocations() {
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
        if matches!(outcome, Err(Fault::Aside(_))) {
            evaluator
                .stand_aside()
                .map_err(|_| Stop::Internal("what stands is not to be counted"))?;
        }
        match outcome {
            Ok(inflow) => {
                let inflow = Money::from_minor(inflow);
                self.allocated(evaluator, inflow)?;
                Ok(Ok(inflow))
            }
            Err(Fault::Aside(reason)) => {
                let inflow = would_have_brought(evaluator);
                let taken = taken(evaluator)?;
                let of = (self.plan, taken.batch.event);
                self.totals.set_aside(of, inflow).map_err(Stop::Internal)?;
                self.gathered.set_aside(taken, inflow, (*reason).clone());
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
        evaluator.allocations(&mut self.leaves, self.gathered.allocations());
        self.gather(taken(evaluator)?, inflow, evaluator.frame.residue)?;
        self.figures.drain(..).for_each(|figure| self.gathered.figure(figure));
        for leg in &evaluator.frame.open_items {
            self.totals.summary.open_items += 1;
            self.gathered.open_item(*leg);
        }
        Ok(())
    }

    /// Gathers and counts an event whose allocations have been.
    fn gather(
        &mut self,
        taken: Taken<'_>,
        inflow: Money,
        residue: u64,
    ) -> Result<(), Stop<S::Error>> {
        let of = (self.plan, taken.batch.event);
        self.gathered.allocated(taken, inflow, residue);
        let given = self.gathered.last_allocations();
        self.totals.allocated(of, (inflow, residue), given).map_err(Stop::Internal)
    }

    /// Counts events of a kind that were worked out together.
    pub fn count(&mut self, kind: u32, brought: &Brought) -> Result<(), Stop<S::Error>> {
        self.totals.summary.in_lane += brought.events;
        self.totals.brought((self.plan, kind), brought).map_err(Stop::Internal)
    }

    /// Gathers the outcomes of events that were worked out with others, and have been counted.
    pub fn ended(
        &mut self,
        batch: &Arc<Batch>,
        events: &[(u32, Date)],
        side: &Side,
        accounts: &AccountTable,
    ) -> Result<(), Stop<S::Error>> {
        let mut rest = events;
        while !rest.is_empty() {
            let room = TOGETHER.saturating_sub(self.gathered.len()).max(1);
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            let before = self.gathered.len();
            let ended =
                |event: &(u32, Date)| side.of(at(event.0)).map(|of| Ended { event: *event, of });
            let all = now.iter().filter_map(ended);
            self.gathered.allocated_together(batch, side.groups(), all);
            if self.gathered.len() - before != now.len() {
                return Err(Stop::Internal("an event that never ended"));
            }
            self.hand_on_much(accounts)?;
            rest = later;
        }
        Ok(())
    }

    /// Takes an event through its lane; says whether that could be done.
    #[inline]
    pub fn take_in_lane(
        &mut self,
        lanes: &mut Lanes,
        (taken, answers): (Taken<'_>, &Answers),
        registers: &Registers<'_>,
        state: &mut State,
    ) -> Result<bool, Stop<S::Error>> {
        let place = (&**taken.batch, taken.row, answers);
        self.figures.clear();
        let figures = self.sink.hears_figures().then_some(&mut self.figures);
        let mut given = Given { allocations: self.gathered.allocations(), figures };
        let worked_out = lanes.work_out(place, taken.date, registers, state, &mut given);
        let Some(worked_out) = worked_out.map_err(Stop::Internal)? else { return Ok(false) };
        self.gather(taken, worked_out.inflow, worked_out.residue)?;
        self.figures.drain(..).for_each(|figure| self.gathered.figure(figure));
        self.totals.summary.in_lane += 1;
        Ok(true)
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

/// The event at hand, on its days.
fn taken<'e, E, T: Trace>(evaluator: &Evaluator<'e, '_, T>) -> Result<Taken<'e>, Stop<E>> {
    let Some(AtHand { batch, row, .. }) = evaluator.at_hand else {
        return Err(Stop::Internal("an outcome of no event"));
    };
    Ok(Taken { batch, row, date: evaluator.date, booked: evaluator.booked })
}
