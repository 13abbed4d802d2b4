//! What the evaluator tells whoever listens. With nobody listening every function here is empty.

use crate::base::{Date, Exact};
use crate::plan::{Bound, Constant, Expr, Leg, LevyCase, Portion, Source, Step};
use crate::rows::{
    Allocation, BoundKind, BoundStory, Cell, FigureStory, HeadStep, LevyStory, ParameterUsed,
    Reckoning, RowUsed, RunningTotal, ScheduleUsed, SettledLeaf, SettlementStory, SettlementWay,
    Term, Tried, Verdict,
};

use super::evaluator::{Evaluator, Scope};
use super::state::Settling;
use super::trace::{DivisionNote, LegNote, Trace, TransferNote, once};
use super::tree::Content;
use super::value::{Row, Value};

/// A bound at work, as it is told.
pub(crate) struct BoundAtWork<'t> {
    pub limit: &'t Exact,
    pub before: &'t Exact,
    pub after: &'t Exact,
    /// The tally, its key, and its total before the event and now.
    pub total: Option<(u32, (usize, usize), &'t Exact, &'t Exact)>,
    pub shut: bool,
}

impl<'a, T: Trace> Evaluator<'a, '_, T> {
    pub fn tell_reading(&mut self, reading: u32, option: u32) {
        if let Some(recorder) = self.trace.recorder() {
            once(&mut recorder.readings, (reading, option));
        }
    }

    pub fn tell_parameter(
        &mut self,
        parameter: u32,
        place: usize,
        day: Date,
        from: Option<Date>,
        value: &'a Constant,
    ) {
        if !T::ON {
            return;
        }
        let sizes = self.plan.parameters.get(crate::plan::at(parameter)).map(|it| &it.sizes);
        let mut left = place;
        let mut key = Vec::new();
        for size in sizes.into_iter().flatten().rev() {
            let size = crate::plan::at(*size).max(1);
            key.insert(0, u32::try_from(left % size).unwrap_or(u32::MAX));
            left /= size;
        }
        let value = Value::of_constant(value).to_cell();
        if let Some(recorder) = self.trace.recorder() {
            once(&mut recorder.parameters, ParameterUsed { parameter, key, day, from, value });
        }
    }

    pub fn tell_schedule(&mut self, used: impl FnOnce() -> ScheduleUsed) {
        if let Some(recorder) = self.trace.recorder() {
            once(&mut recorder.schedules, used());
        }
    }

    pub fn tell_row(&mut self, register: u32, place: u32) {
        if !T::ON {
            return;
        }
        let key = self.key_of_row(&Value::Row(Row::Register(register, place)));
        let Some(origin) = self.registers.origin(register, place) else {
            return;
        };
        if let Some(recorder) = self.trace.recorder() {
            once(&mut recorder.rows, RowUsed { register, key, origin });
        }
    }

    /// A pool is about to be divided.
    pub fn tell_division(
        &mut self,
        source: Source,
        row: Option<Row<'a>>,
        content: &Exact,
        filled: Option<usize>,
    ) {
        if !T::ON {
            return;
        }
        let row = row.map(|row| self.key_of_row(&Value::Row(row))).unwrap_or_default();
        let content = self.major(content);
        let pool = match source {
            Source::Inflow => None,
            Source::Pool(pool) => Some(pool),
        };
        let filled = filled.and_then(|filled| u32::try_from(filled).ok());
        if let Some(recorder) = self.trace.recorder() {
            let (tried, legs) = (Vec::new(), Vec::new());
            recorder.divisions.push(DivisionNote { pool, row, content, filled, tried, legs });
        }
    }

    /// A rule on a pool was tried: not in force, stopped by a step, or holding.
    pub fn tell_tried(&mut self, rule: u32, tried: Option<(&'a [Step], Option<usize>, Scope<'a>)>) {
        if !T::ON {
            return;
        }
        let note = self.tried(rule, tried);
        if let Some(recorder) = self.trace.recorder()
            && let Some(division) = recorder.divisions.last_mut()
        {
            division.tried.push(note);
        }
    }

    /// A rule that makes transfers was tried.
    pub fn tell_transfers(
        &mut self,
        rule: u32,
        tried: Option<(&'a [Step], Option<usize>, Scope<'a>)>,
    ) {
        if !T::ON {
            return;
        }
        let note = self.tried(rule, tried);
        if let Some(recorder) = self.trace.recorder() {
            recorder.transfers.push((note, Vec::new()));
        }
    }

    fn tried(&mut self, rule: u32, tried: Option<(&'a [Step], Option<usize>, Scope<'a>)>) -> Tried {
        match tried {
            None => Tried { rule, verdict: Verdict::OutOfPeriod, head: Vec::new() },
            Some((steps, failed, scope)) => {
                let head = self.head(steps, failed, scope);
                Tried { rule, verdict: verdict(failed, &head), head }
            }
        }
    }

    /// The steps of a head, up to the one that failed or cannot be worked out.
    fn head(
        &mut self,
        steps: &'a [Step],
        failed: Option<usize>,
        scope: Scope<'a>,
    ) -> Vec<HeadStep> {
        let asked = failed.map_or(steps.len(), |failed| failed + 1);
        let mut head = Vec::new();
        for step in steps.iter().take(asked) {
            head.push(match step {
                Step::With(slot, expr) => HeadStep::With(*slot, self.reckon(expr, scope)),
                Step::Let(slot, expr) => HeadStep::Let(*slot, self.reckon(expr, scope)),
                Step::When(expr) => HeadStep::When(self.reckon(expr, scope)),
            });
            if head.last().is_some_and(is_unknown) {
                break;
            }
        }
        head
    }

    /// A transfer was made of these nodes, or an open item recorded.
    pub fn tell_transfer(
        &mut self,
        rule: u32,
        leg: u32,
        amount: Option<&'a Expr>,
        nodes: (usize, usize),
        scope: Scope<'a>,
    ) {
        if !T::ON {
            return;
        }
        let amount = amount.map(|amount| self.reckon(amount, scope));
        if let Some(recorder) = self.trace.recorder() {
            let row = std::mem::take(&mut recorder.row);
            let balances = std::mem::take(&mut recorder.balances);
            let note = TransferNote { leg, row, amount, balances, nodes };
            let of_rule = recorder.transfers.iter_mut().rev().find(|(it, _)| it.rule == rule);
            if let Some((_, made)) = of_rule {
                made.push(note);
            }
        }
    }

    /// A transfer asks what an account holds.
    pub fn tell_balance(&mut self, position: u32, balance: i128) {
        if !T::ON || !self.state.is_watched(position) {
            return;
        }
        let of = self.destination(&Content::Account(position));
        let balance = self.major(&Exact::from_int(balance));
        if let Some(recorder) = self.trace.recorder() {
            recorder.balances.push((of, balance));
        }
    }

    /// A levy was looked at; with its leg if it was raised and is not zero.
    pub fn tell_levy(
        &mut self,
        levy: &'a LevyCase,
        tried: Option<(Option<usize>, Scope<'a>)>,
        node: Option<u32>,
    ) {
        if !T::ON {
            return;
        }
        let mut story = LevyStory {
            levy: levy.levy,
            verdict: Verdict::OutOfPeriod,
            head: Vec::new(),
            due: None,
            leg: None,
        };
        if let Some((failed, scope)) = tried {
            story.head = self.head(&levy.steps, failed, scope);
            story.verdict = verdict(failed, &story.head);
            if story.verdict == Verdict::Applies {
                story.due = Some(self.reckon(&levy.due, scope));
            }
        }
        if let Some(recorder) = self.trace.recorder() {
            recorder.levies.push((story, node));
        }
    }

    /// The next leg is a row's.
    pub fn tell_leg_row(&mut self, row: &Value<'a>) {
        if !T::ON {
            return;
        }
        let key = self.key_of_row(row);
        if let Some(recorder) = self.trace.recorder() {
            recorder.row = key;
        }
    }

    /// A leg is about to be worked out.
    pub fn tell_leg(&mut self, leg: &'a Leg, share: &Exact, scope: Scope<'a>) {
        if !T::ON {
            return;
        }
        let portion = match &leg.portion {
            Portion::Rest | Portion::All => None,
            Portion::Rate(expr) | Portion::Amount(expr) => Some(self.reckon(expr, scope)),
        };
        let share = self.major(share);
        if let Some(recorder) = self.trace.recorder() {
            let row = std::mem::take(&mut recorder.row);
            recorder.open.push(LegNote {
                leg: leg.leg,
                row,
                portion,
                amount: share.clone(),
                share,
                bounds: Vec::new(),
                node: None,
                legs: Vec::new(),
            });
        }
    }

    /// The leg was worked out.
    pub fn tell_leg_done(&mut self, node: Option<u32>, amount: &Exact) {
        if !T::ON {
            return;
        }
        let amount = self.major(amount);
        if let Some(recorder) = self.trace.recorder() {
            if let Some(open) = recorder.open.last_mut() {
                open.node = node;
                open.amount = amount;
            }
            recorder.close_leg();
        }
    }

    /// A bound did its work on the leg at hand.
    pub fn tell_bound(&mut self, bound: &'a Bound, work: &BoundAtWork<'_>, scope: Scope<'a>) {
        if !T::ON {
            return;
        }
        let (kind, amount) = match bound {
            Bound::UpTo(amount) => (BoundKind::UpTo, amount),
            Bound::AtLeast(amount) => (BoundKind::AtLeast, amount),
            Bound::UpToInTotal { amount, .. } => (BoundKind::UpToInTotal, amount),
        };
        let bound = self.reckon(amount, scope);
        let total = work.total.map(|total| self.running_total(total));
        let story = BoundStory {
            kind,
            bound,
            limit: self.major(work.limit),
            total,
            shut: work.shut,
            before: self.major(work.before),
            after: self.major(work.after),
        };
        if let Some(recorder) = self.trace.recorder()
            && let Some(open) = recorder.open.last_mut()
        {
            open.bounds.push(story);
        }
    }

    /// In a waterfall that takes back: how much of what is left the leg at hand was given, and its
    /// tally's total before the event and now.
    pub fn tell_given_back(
        &mut self,
        given: &Exact,
        (left, share): (&Exact, &Exact),
        total: Option<(u32, (usize, usize), &Exact, &Exact)>,
        shut: bool,
    ) {
        if !T::ON || left.is_zero() {
            return;
        }
        let limit = self.major(given);
        let value = Cell::Number(limit.clone());
        let bound = Reckoning { term: Term::Constant, value, fault: None, parts: Vec::new() };
        let total = total.map(|total| self.running_total(total));
        let (before, after) = (self.major(left), self.major(share));
        let kind = BoundKind::GivesBack;
        if let Some(recorder) = self.trace.recorder()
            && let Some(open) = recorder.open.last_mut()
        {
            open.bounds.push(BoundStory { kind, bound, limit, total, shut, before, after });
        }
    }

    fn running_total(
        &self,
        (tally, key, before, now): (u32, (usize, usize), &Exact, &Exact),
    ) -> RunningTotal {
        RunningTotal {
            tally,
            key: self.cells_of(self.key_at(key)),
            before: self.major(before),
            now: self.major(now),
        }
    }

    /// The leaves listed were settled: those of the division at hand, or of the event; and some units
    /// got a leaf of their own.
    pub fn tell_settlement(
        &mut self,
        settling: &Settling,
        own: Option<(u32, i128)>,
        of_division: bool,
    ) {
        if !T::ON {
            return;
        }
        let way = match settling {
            Settling::LargestRemainder => SettlementWay::LargestRemainder,
            Settling::InOrder => SettlementWay::InOrder,
            Settling::RemainderTo(_) => SettlementWay::RemainderTo,
            Settling::KeptApartIn(_) => SettlementWay::KeptApart,
            Settling::Carried(_) => SettlementWay::Carried,
        };
        let mut leaves = Vec::new();
        for (leaf, share) in self.frame.leaves.iter().zip(&self.frame.shares) {
            let Some(node) = self.frame.nodes.get(crate::plan::at(*leaf)) else { continue };
            let to = self.destination(&node.content);
            let settled = crate::base::Money::from_minor(node.units);
            leaves.push(SettledLeaf { leg: node.leg, to, share: self.major(share), settled });
        }
        if let Some((account, units)) = own {
            leaves.push(SettledLeaf {
                leg: Allocation::BY_SETTLEMENT,
                to: self.destination(&Content::Account(account)),
                share: Exact::ZERO,
                settled: crate::base::Money::from_minor(units),
            });
        }
        if let Some(recorder) = self.trace.recorder() {
            let last = recorder.divisions.len().checked_sub(1).filter(|_| of_division);
            recorder.settlements.push(SettlementStory { division: last, way, leaves });
        }
    }

    /// A figure was worked out.
    pub fn tell_figure(&mut self, figure: u32, key: &[Cell], expr: &'a Expr, scope: Scope<'a>) {
        if !T::ON {
            return;
        }
        let value = self.reckon(expr, scope);
        if let Some(recorder) = self.trace.recorder() {
            recorder.figures.push(FigureStory { figure, key: key.to_vec(), value });
        }
    }

    /// An amount in major units.
    pub fn major(&self, amount: &Exact) -> Exact {
        // The unit is never zero, and a quotient by it no wider than what was worked out before.
        amount.div(&self.unit()).unwrap_or_default()
    }

    /// Where a leg leads.
    pub fn destination(&self, content: &Content<'a>) -> crate::rows::Destination {
        use crate::rows::{Accounts, Destination};
        match content {
            Content::Account(position) => match self.state.accounts.account(*position) {
                Some((account, key)) => Destination::Account(account, key.to_vec()),
                None => Destination::Nothing,
            },
            Content::Undetermined => Destination::Undetermined,
            Content::Pool { pool, row, .. } => {
                let row = row.map(|row| self.key_of_row(&Value::Row(row)));
                Destination::Pool(*pool, row.unwrap_or_default())
            }
            Content::Group => Destination::Legs,
        }
    }
}

fn verdict(failed: Option<usize>, head: &[HeadStep]) -> Verdict {
    match failed {
        Some(_) => Verdict::Failed,
        None if head.last().is_some_and(is_unknown) => Verdict::Unknown,
        None => Verdict::Applies,
    }
}

/// Whether a step cannot be worked out, for which the event is set aside.
fn is_unknown(step: &HeadStep) -> bool {
    match step {
        HeadStep::With(_, row) => row.fault.is_some() || row.value == Cell::Missing,
        HeadStep::Let(_, reckoning) | HeadStep::When(reckoning) => reckoning.fault.is_some(),
    }
}
