//! Which rule applies, and what levies and transfers an event makes.

use crate::base::{Date, Exact};
use crate::plan::{
    Case, Feed, LevyCase, Place, PoolStep, Settlement, Source, Step, Transfer, TransferCase,
};
use crate::rows::Reason;

use super::evaluator::{Evaluator, Scope};
use super::fault::Fault;
use super::state::Settling;
use super::trace::Trace;
use super::tree::{Chain, Content, Fed};
use super::value::{Row, Value};

impl<'a, T: Trace> Evaluator<'a, '_, T> {
    /// The one rule that applies to a pool, and where its slots begin.
    pub fn choose(
        &mut self,
        step: &'a PoolStep,
        row: Option<Row<'a>>,
        content: &Exact,
    ) -> Result<(&'a Case, usize), Fault> {
        self.frame.applying.clear();
        for (place, case) in step.cases.iter().enumerate() {
            if !self.in_force(case.from, case.until) {
                self.tell_tried(case.rule, None);
                continue;
            }
            let base = self.open(case.locals);
            let scope = Scope { base, own: None };
            if let (Some(slot), Some(row)) = (case.row, row) {
                self.bind(scope, slot, Value::Row(row));
            }
            let failed = self.failing(&case.steps, scope);
            // A head that cannot be worked out is told too: it is why the event is set aside.
            let told = failed.as_ref().map_or(None, |failed| *failed);
            self.tell_tried(case.rule, Some((&case.steps, told, scope)));
            match failed? {
                None => self.frame.applying.push((place, base)),
                Some(_) => self.close(base),
            }
        }
        self.the_one(step, content)
    }

    /// The rule that no other one overrides.
    fn the_one(&self, step: &'a PoolStep, content: &Exact) -> Result<(&'a Case, usize), Fault> {
        let overrides = &self.plan.overrides;
        let holding = || {
            let case =
                |(place, base): &(usize, usize)| step.cases.get(*place).map(|case| (case, *base));
            self.frame.applying.iter().filter_map(case)
        };
        let standing = |(case, _): &(&'a Case, usize)| {
            !holding().any(|(other, _)| overrides.has(other.rule, case.rule))
        };
        let mut standing = holding().filter(standing);
        let pool = match step.source {
            Source::Inflow => None,
            Source::Pool(pool) => Some(pool),
        };
        match (standing.next(), standing.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => {
                let amount = content.div(&self.unit())?;
                Err(Reason::NoRule { pool, amount }.into())
            }
            (Some((first, _)), Some((second, _))) => {
                let (first, second) = (first.rule, second.rule);
                Err(Reason::RulesClash { pool, first, second }.into())
            }
        }
    }

    pub fn in_force(&self, from: Option<Date>, until: Option<Date>) -> bool {
        from.is_none_or(|from| from <= self.date) && until.is_none_or(|until| self.date < until)
    }

    /// The first step of a head that does not hold, if there is one.
    fn failing(&mut self, steps: &'a [Step], scope: Scope<'a>) -> Result<Option<usize>, Fault> {
        for (place, step) in steps.iter().enumerate() {
            match step {
                Step::When(condition) => {
                    if !self.holds(condition, scope)? {
                        return Ok(Some(place));
                    }
                }
                Step::Let(slot, value) => {
                    let value = self.eval(value, scope)?;
                    self.bind(scope, *slot, value);
                }
                Step::With(slot, expr) => match self.eval(expr, scope)? {
                    Value::Missing => return Err(self.missing(expr, scope)),
                    value => self.bind(scope, *slot, value),
                },
            }
        }
        Ok(None)
    }

    /// A settlement with its account or key worked out where the rule stands.
    pub fn settling(
        &mut self,
        settlement: &'a Settlement,
        scope: Scope<'a>,
    ) -> Result<Settling, Fault> {
        Ok(match settlement {
            Settlement::LargestRemainder => Settling::LargestRemainder,
            Settlement::InOrder => Settling::InOrder,
            Settlement::RemainderTo(place) => Settling::RemainderTo(self.account(place, scope)?),
            Settlement::KeptApartIn(place) => Settling::KeptApartIn(self.account(place, scope)?),
            Settlement::CarriedPer(keys) => {
                let key = self.lasting_key(keys, scope)?;
                Settling::Carried(self.key_at(key).into())
            }
        })
    }

    /// Raises the levies of the event and gives the sum of their dues, in minor units.
    pub fn raise_levies(&mut self) -> Result<i128, Fault> {
        let mut sum: i128 = 0;
        for levy in &self.event()?.levies {
            if !self.in_force(levy.from, levy.until) {
                self.tell_levy(levy, None, None);
                continue;
            }
            let base = self.open(levy.locals);
            let scope = Scope { base, own: None };
            let failed = self.failing(&levy.steps, scope);
            if failed.is_err() {
                self.tell_levy(levy, Some((None, scope)), None);
            }
            let failed = failed?;
            if failed.is_some() {
                self.tell_levy(levy, Some((failed, scope)), None);
            } else {
                let due = self.raise(levy, scope)?;
                sum = sum.checked_add(due).ok_or(Reason::TooWide)?;
            }
            self.close(base);
        }
        Ok(sum)
    }

    fn raise(&mut self, levy: &'a LevyCase, scope: Scope<'a>) -> Result<i128, Fault> {
        let due = self.number(&levy.due, scope);
        if due.is_err() {
            self.tell_levy(levy, Some((None, scope)), None);
        }
        let due = due?;
        if due.is_negative() && !levy.may_refund {
            self.tell_levy(levy, Some((None, scope)), None);
            return Err(Reason::NegativeLevy { levy: levy.levy, due }.into());
        }
        let units = self.whole_units(&due, levy.leg)?;
        if units == 0 {
            self.tell_levy(levy, Some((None, scope)), None);
            return Ok(0);
        }
        let content = self.leads_to(&levy.into, scope)?;
        let node = self.make_whole(levy.leg, content, units)?;
        self.tell_levy(levy, Some((None, scope)), Some(node));
        self.feed(levy.feed.as_ref(), node, units, scope)?;
        self.pour(Chain { first: Some(node), last: Some(node) })?;
        Ok(units)
    }

    fn whole_units(&self, amount: &Exact, leg: u32) -> Result<i128, Fault> {
        let units = amount.mul(&self.unit())?;
        if !units.is_integer() {
            return Err(Reason::TransferNotWhole { leg }.into());
        }
        units.to_int().ok_or_else(|| Reason::TooWide.into())
    }

    fn feed(
        &mut self,
        feed: Option<&'a Feed>,
        node: u32,
        units: i128,
        scope: Scope<'a>,
    ) -> Result<(), Fault> {
        if let Some(feed) = feed {
            let key = self.lasting_key(&feed.keys, scope)?;
            let amount = Exact::from_int(units);
            self.frame.feeds.push(Fed { tally: feed.tally, key, node, amount });
        }
        Ok(())
    }

    /// Makes the transfers of every rule that applies and that no other one overrides.
    pub fn make_transfers(&mut self) -> Result<(), Fault> {
        let event = self.event()?;
        let below = self.frame.locals.len();
        self.frame.applying.clear();
        for (place, case) in event.transfers.iter().enumerate() {
            if !self.in_force(case.from, case.until) {
                self.tell_transfers(case.rule, None);
                continue;
            }
            let base = self.open(case.locals);
            let scope = Scope { base, own: None };
            let failed = self.failing(&case.steps, scope);
            let told = failed.as_ref().map_or(None, |failed| *failed);
            self.tell_transfers(case.rule, Some((&case.steps, told, scope)));
            match failed? {
                Some(_) => self.close(base),
                None => self.frame.applying.push((place, base)),
            }
        }
        let rule_of = |place: usize| event.transfers.get(place).map(|case| case.rule);
        for next in 0..self.frame.applying.len() {
            let Some((place, base)) = self.frame.applying.get(next).copied() else { break };
            let overrides = |(other, _): &(usize, usize)| {
                let pair = rule_of(*other).zip(rule_of(place));
                pair.is_some_and(|(upper, lower)| self.plan.overrides.has(upper, lower))
            };
            let overridden = self.frame.applying.iter().any(overrides);
            if let Some(case) = event.transfers.get(place).filter(|_| !overridden) {
                self.make_all(case, Scope { base, own: None })?;
            }
        }
        self.close(below);
        Ok(())
    }

    fn make_all(&mut self, case: &'a TransferCase, scope: Scope<'a>) -> Result<(), Fault> {
        for transfer in &case.transfers {
            let Some(selection) = &transfer.for_each else {
                self.told_transfer(case.rule, transfer, scope)?;
                continue;
            };
            let (rows, shares) = self.weighed(selection, scope)?;
            let mut shares = shares.map(Vec::into_iter);
            for row in rows {
                let share = shares.as_mut().and_then(Iterator::next);
                self.tell_leg_row(&row);
                self.bind_row(selection, row, share, scope);
                self.told_transfer(case.rule, transfer, scope)?;
            }
        }
        Ok(())
    }

    fn told_transfer(
        &mut self,
        rule: u32,
        transfer: &'a Transfer,
        scope: Scope<'a>,
    ) -> Result<(), Fault> {
        let first = self.frame.nodes.len();
        let made = self.transfer(transfer, scope);
        let nodes = (first, self.frame.nodes.len());
        self.tell_transfer(rule, transfer.leg, transfer.amount.as_ref(), nodes, scope);
        made
    }

    fn transfer(&mut self, transfer: &'a Transfer, scope: Scope<'a>) -> Result<(), Fault> {
        let Some(amount) = &transfer.amount else {
            self.frame.open_items.push(transfer.leg);
            return Ok(());
        };
        let amount = self.number(amount, scope)?;
        let units = self.whole_units(&amount, transfer.leg)?;
        if units == 0 {
            return Ok(());
        }
        let mut left = units;
        let Some((last, drawn_down)) = transfer.from.split_last() else {
            return Err(Fault::Internal("a transfer from nowhere"));
        };
        // What flows the other way goes into the last one alone.
        for place in drawn_down.iter().filter(|_| units > 0) {
            left = self.draw_down(transfer.leg, place, left, scope)?;
        }
        self.draw(transfer.leg, last, left, scope)?;
        let content = self.leads_to(&transfer.to, scope)?;
        let node = self.make_whole(transfer.leg, content, units)?;
        self.feed(transfer.feed.as_ref(), node, units, scope)?;
        self.pour(Chain { first: Some(node), last: Some(node) })
    }

    /// Draws on an account down to a balance of zero, and says what is still to be drawn.
    fn draw_down(
        &mut self,
        leg: u32,
        place: &'a Place,
        wanted: i128,
        scope: Scope<'a>,
    ) -> Result<i128, Fault> {
        let position = self.account(place, scope)?;
        let balance = self.balance_so_far(position)?;
        self.tell_balance(position, balance);
        let drawn = balance.clamp(0, wanted);
        if drawn != 0 {
            self.make_whole(leg, Content::Account(position), -drawn)?;
        }
        Ok(wanted - drawn)
    }

    /// What is in an account, with what this event moved before.
    fn balance_so_far(&self, position: u32) -> Result<i128, Fault> {
        let mut balance = self.balance_at(position);
        for node in self.frame.nodes.iter().filter(|node| node.whole) {
            if matches!(node.content, Content::Account(of) if of == position) {
                balance = balance.checked_add(node.units).ok_or(Reason::TooWide)?;
            }
        }
        Ok(balance)
    }

    fn draw(
        &mut self,
        leg: u32,
        place: &'a Place,
        units: i128,
        scope: Scope<'a>,
    ) -> Result<(), Fault> {
        let position = self.account(place, scope)?;
        if T::ON {
            self.tell_balance(position, self.balance_so_far(position)?);
        }
        if units != 0 {
            let drawn = units.checked_neg().ok_or(Reason::TooWide)?;
            self.make_whole(leg, Content::Account(position), drawn)?;
        }
        Ok(())
    }
}
