//! What an event changes when it is finished: all together, or not at all.

use crate::base::{Exact, Period};
use crate::plan::{Change, Figure, at};
use crate::rows::{Cell, FigureValue, Reason};

use super::eval::MISTYPED;
use super::evaluator::{Evaluator, Once, Scope};
use super::fault::Fault;
use super::standing::Stood;
use super::trace::Trace;
use super::tree::Content;
use super::value::Part;

/// What an event adds to a tally of itself.
#[derive(Debug, Clone)]
pub(crate) struct Added {
    pub tally: u32,
    pub key: (usize, usize),
    pub amount: Exact,
}

/// A change of a tally, by a leg or by the event itself.
#[derive(Debug, Clone)]
pub(crate) struct Delta {
    pub tally: u32,
    pub key: (usize, usize),
    pub amount: Exact,
    /// The feed of the leg that makes it.
    pub fed: Option<usize>,
}

/// A new value of a carry.
#[derive(Debug, Clone)]
pub(crate) struct Becoming {
    pub carry: u32,
    pub key: (usize, usize),
    pub value: Cell,
}

impl<'a, T: Trace> Evaluator<'a, '_, T> {
    /// Collects what the event changes, so that figures can see it.
    pub fn collect_changes(&mut self, stood: Option<&Stood>) -> Result<(), Fault> {
        let mut comes_out = true;
        if let Some(stood) = stood {
            let fed = self.fed_as_it_stands(stood)?;
            comes_out = self.comes_out(stood, fed);
            self.collect_noted(stood)?;
        }
        self.collect_moves(stood);
        for place in 0..self.frame.feeds.len() {
            let Some(fed) = self.frame.feeds.get(place) else { break };
            let (tally, key, node) = (fed.tally, fed.key, fed.node);
            if !comes_out || stood.is_some_and(|stood| stood.knows(tally)) {
                continue;
            }
            let amount = self.settled_below(node)?;
            self.frame.deltas.push(Delta { tally, key, amount, fed: Some(place) });
        }
        self.collect_own_adds()?;
        for change in &self.event()?.becomes {
            let base = self.open(change.locals);
            let becoming = self.becoming(change, Scope { base, own: None })?;
            self.close(base);
            self.frame.becoming.extend(becoming);
        }
        self.check_range()
    }

    /// Only what the event itself adds to tallies: all a reversal does besides undoing.
    pub fn collect_own_adds(&mut self) -> Result<(), Fault> {
        for (place, change) in self.event()?.adds.iter().enumerate() {
            self.own_add(place, change)?;
            if let Some(Once::Done(Some(added))) = self.frame.adds.get(place) {
                let Added { tally, key, amount } = added.clone();
                self.frame.deltas.push(Delta { tally, key, amount, fed: None });
            }
        }
        Ok(())
    }

    fn becoming(
        &mut self,
        change: &'a Change,
        scope: Scope<'a>,
    ) -> Result<Option<Becoming>, Fault> {
        if let Some(when) = &change.when
            && !self.holds(when, scope)?
        {
            return Ok(None);
        }
        let value = match self.eval(&change.value, scope) {
            Ok(value) => value.to_cell(),
            Err(fault) => {
                if T::ON
                    && let Ok(key) = self.lasting_key(&change.keys, scope)
                {
                    let value = crate::rows::Cell::Missing;
                    self.frame.becoming.push(Becoming { carry: change.of, key, value });
                }
                return Err(fault);
            }
        };
        let key = self.lasting_key(&change.keys, scope)?;
        Ok(Some(Becoming { carry: change.of, key, value }))
    }

    /// Movements of accounts whose balance somebody asks for; the others are only summed up by those
    /// who read the results.
    pub fn collect_moves(&mut self, stood: Option<&Stood>) {
        let (state, moves) = (&self.state, &mut self.frame.moves);
        let matters = |account: u32, units: i128| units != 0 && state.is_watched(account);
        if let Some(stood) = stood {
            let leaves = stood.leaves.iter().filter_map(|it| Some((it.account?, it.units)));
            moves.extend(leaves.filter(|(account, units)| matters(*account, *units)));
            return;
        }
        for node in &self.frame.nodes {
            if let Content::Account(account) = node.content
                && matters(account, node.units)
            {
                moves.push((account, node.units));
            }
        }
    }

    /// What a leg gets: the sum over its leaves, where a pool counts as what was put into it.
    pub fn settled_below(&self, node: u32) -> Result<Exact, Fault> {
        let Some(node) = self.frame.nodes.get(at(node)) else { return Ok(Exact::ZERO) };
        match &node.content {
            Content::Account(_) | Content::Undetermined => Ok(Exact::from_int(node.units)),
            Content::Pool { .. } => Ok(node.share.clone()),
            Content::Group => {
                let mut sum = Exact::ZERO;
                let mut next = node.inside.first;
                while let Some(place) = next {
                    sum = sum.add(&self.settled_below(place)?)?;
                    next = self.frame.nodes.get(at(place)).and_then(|node| node.next);
                }
                Ok(sum)
            }
        }
    }

    /// Makes sure that no change leaves the range of numbers or an account that holds below zero.
    pub fn check_range(&mut self) -> Result<(), Fault> {
        for delta in self.frame.deltas.iter().filter(|delta| !delta.amount.is_integer()) {
            // Whole numbers cannot lead out of it: no run is long enough.
            let plan = self.plan.tallies.get(at(delta.tally));
            let projections = plan.map_or(&[][..], |tally| &tally.projections);
            for (place, projection) in (0..).zip(projections) {
                let key = self.projected(delta.key, &projection.parts);
                self.state.would_hold((delta.tally, place), &key, &delta.amount)?;
            }
        }
        let mut sums: Vec<(u32, i128)> = Vec::new();
        for (account, units) in &self.frame.moves {
            match sums.iter_mut().find(|(of, _)| of == account) {
                Some((_, sum)) => *sum = sum.checked_add(*units).ok_or(Reason::TooWide)?,
                None => sums.push((*account, *units)),
            }
        }
        for (position, sum) in sums {
            let balance = self.balance_at(position).checked_add(sum).ok_or(Reason::TooWide)?;
            let declared = self.state.accounts.declared(position);
            let account = declared.and_then(|declared| self.plan.accounts.get(at(declared)));
            if balance < 0 && account.is_some_and(|account| account.holds) {
                return Err(self.below_zero(position));
            }
        }
        Ok(())
    }

    fn below_zero(&self, position: u32) -> Fault {
        use crate::rows::Accounts;
        match self.state.accounts.account(position) {
            Some((account, key)) => Reason::BalanceBelowZero { account, key: key.to_vec() }.into(),
            None => MISTYPED,
        }
    }

    fn projected(&self, key: (usize, usize), parts: &[usize]) -> Vec<Part> {
        let key = self.key_at(key);
        parts.iter().filter_map(|part| key.get(*part).copied()).collect()
    }

    /// Works out the figures of the event, as if its changes were made.
    pub fn figures(&mut self, out: &mut Vec<FigureValue>) -> Result<(), Fault> {
        self.after = true;
        for figure in &self.event()?.figures {
            let base = self.open(figure.locals);
            self.figure(figure, Scope { base, own: None }, out)?;
            self.close(base);
        }
        self.after = false;
        Ok(())
    }

    fn figure(
        &mut self,
        figure: &'a Figure,
        scope: Scope<'a>,
        out: &mut Vec<FigureValue>,
    ) -> Result<(), Fault> {
        let Some(selection) = &figure.for_each else {
            return self.one_figure(figure, Vec::new(), scope, out);
        };
        let (rows, shares) = self.weighed(selection, scope)?;
        let mut shares = shares.map(Vec::into_iter);
        for row in rows {
            let key = self.key_of_row(&row);
            let share = shares.as_mut().and_then(Iterator::next);
            self.bind_row(selection, row, share, scope);
            self.one_figure(figure, key, scope, out)?;
        }
        Ok(())
    }

    fn one_figure(
        &mut self,
        figure: &'a Figure,
        key: Vec<Cell>,
        scope: Scope<'a>,
        out: &mut Vec<FigureValue>,
    ) -> Result<(), Fault> {
        if let Some(when) = &figure.when
            && !self.holds(when, scope)?
        {
            return Ok(());
        }
        let value = self.eval(&figure.value, scope);
        // One that cannot be worked out is told too: it is why the event is set aside.
        self.tell_figure(figure.figure, &key, &figure.value, scope);
        let value = value?.to_cell_of(&figure.kind);
        out.push(FigureValue { figure: figure.figure, key, value });
        Ok(())
    }

    /// Makes the changes. Nothing here can fail that was not tried before.
    pub fn commit(&mut self) -> Result<(), Fault> {
        self.commit_totals()?;
        self.shut_latches();
        for place in 0..self.frame.becoming.len() {
            let Some(becoming) = self.frame.becoming.get(place) else { break };
            let (start, length) = becoming.key;
            let key = self.frame.keys.get(start..start.saturating_add(length)).unwrap_or_default();
            self.state.carry(becoming.carry, key, becoming.value.clone());
        }
        for (key, leaf, more) in &self.frame.owing {
            let owed = self.state.owed.entry(key.clone()).or_default();
            let sum = owed.entry(leaf.clone()).or_default();
            *sum = sum.add(more)?;
        }
        if let Some((kind, identity, original)) = self.frame.reversing.take() {
            self.state.originals.keep(kind, identity, original);
        }
        self.commit_drift()
    }

    /// Makes those of totals and balances alone.
    pub fn commit_totals(&mut self) -> Result<(), Fault> {
        for place in 0..self.frame.deltas.len() {
            self.commit_delta(place)?;
        }
        self.commit_moves()
    }

    fn commit_delta(&mut self, place: usize) -> Result<(), Fault> {
        let Some(delta) = self.frame.deltas.get(place) else { return Ok(()) };
        let plan = self.plan.tallies.get(at(delta.tally));
        let projections = plan.map_or(&[][..], |tally| &tally.projections);
        let (start, length) = delta.key;
        let key = self.frame.keys.get(start..start.saturating_add(length)).unwrap_or_default();
        for (place, projection) in (0..).zip(projections) {
            let way = (delta.tally, place);
            if projection.parts.len() == length {
                self.state.add(way, key, &delta.amount, self.date)?;
                continue;
            }
            let parts = projection.parts.iter().filter_map(|part| key.get(*part).copied());
            let parts: Vec<Part> = parts.collect();
            self.state.add(way, &parts, &delta.amount, self.date)?;
        }
        Ok(())
    }

    fn shut_latches(&mut self) {
        for place in 0..self.frame.watched.len() {
            let Some(watched) = self.frame.watched.get(place) else { break };
            let key = self.key_at(watched.key);
            let total = self.state.total(watched.tally, watched.projection, key, None);
            if total >= watched.limit {
                self.frame.shutting.push(watched.clone());
            }
        }
        for place in 0..self.frame.shutting.len() {
            let Some(latch) = self.frame.shutting.get(place) else { break };
            let (start, length) = latch.key;
            let key = self.frame.keys.get(start..start.saturating_add(length));
            self.state.shut(latch.leg, latch.tally, latch.projection, key.unwrap_or_default());
        }
    }

    fn commit_moves(&mut self) -> Result<(), Fault> {
        for (account, units) in &self.frame.moves {
            let balances = &mut self.state.balances;
            if balances.len() <= at(*account) {
                balances.resize(at(*account) + 1, 0);
            }
            if let Some(balance) = balances.get_mut(at(*account)) {
                *balance = balance.checked_add(*units).ok_or(Reason::TooWide)?;
            }
            for gains in &mut self.state.gained {
                if self.state.accounts.declared(*account) == Some(gains.closes) {
                    let period = Period::of(gains.kind, self.date);
                    let of_period = gains.by_period.entry(period).or_default();
                    let sum = of_period.entry(*account).or_default();
                    *sum = sum.checked_add(*units).ok_or(Reason::TooWide)?;
                }
            }
        }
        Ok(())
    }

    fn commit_drift(&mut self) -> Result<(), Fault> {
        let currency = self.event()?.currency;
        for node in &self.frame.nodes {
            let Content::Account(account) = node.content else { continue };
            if node.entitled.to_int() != Some(node.units) {
                let more = Exact::from_int(node.units).sub(&node.entitled)?;
                let of = (currency, self.booked.year());
                self.state.drift.add(account, of, &more)?;
            }
        }
        Ok(())
    }
}
