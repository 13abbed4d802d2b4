//! What expressions read off state: totals, carried values, balances.

use crate::base::{Date, Exact};
use crate::plan::{Change, Expr, at};

use super::commit::Added;
use super::eval::MISTYPED;
use super::evaluator::{Evaluator, Once, Scope};
use super::fault::Fault;
use super::trace::Trace;
use super::value::{Part, Text, Value};

impl<'a, T: Trace> Evaluator<'a, '_, T> {
    /// A running total, in major units.
    pub fn total(
        &mut self,
        tally: u32,
        projection: u32,
        with_this: bool,
        keys: &'a [Expr],
        as_of: Option<Date>,
        scope: Scope<'a>,
    ) -> Result<Value<'a>, Fault> {
        // Changes are worked out first: they use the same stack of parts.
        let counts = as_of.is_none_or(|day| self.date < day);
        if with_this && !self.after && counts {
            self.own_adds(tally)?;
        }
        let plan = self.plan;
        let declared = plan.tallies.get(at(tally)).ok_or(MISTYPED)?;
        let parts = declared.projections.get(at(projection)).ok_or(MISTYPED)?;
        let start = self.key(keys, scope)?;
        let mut sum = self.state.total(tally, projection, self.parts(start), as_of);
        if counts && self.after {
            sum = sum.add(&self.changed(tally, &parts.parts, start)?)?;
        } else if counts && with_this {
            sum = sum.add(&self.added(tally, &parts.parts, start)?)?;
        }
        self.frame.parts.truncate(start);
        Ok(Value::Number(sum.div(&declared.unit)?))
    }

    /// Works out what the event adds to a tally of itself.
    fn own_adds(&mut self, tally: u32) -> Result<(), Fault> {
        let event = self.event()?;
        for (place, change) in event.adds.iter().enumerate().filter(|(_, it)| it.of == tally) {
            self.own_add(place, change)?;
        }
        Ok(())
    }

    /// Works one such change out, once.
    pub fn own_add(&mut self, place: usize, change: &'a Change) -> Result<(), Fault> {
        match self.frame.adds.get_mut(place) {
            Some(once @ Once::NotYet) => *once = Once::Now,
            Some(Once::Now) => {
                return Err(Fault::Internal("a tally is fed by its own total with this event"));
            }
            Some(Once::Done(_)) => return Ok(()),
            None => return Err(MISTYPED),
        }
        let base = self.open(change.locals);
        let added = self.worked_out(change, Scope { base, own: None });
        self.close(base);
        let added = added?;
        if let Some(once) = self.frame.adds.get_mut(place) {
            *once = Once::Done(added);
        }
        Ok(())
    }

    fn worked_out(&mut self, change: &'a Change, scope: Scope<'a>) -> Result<Option<Added>, Fault> {
        if let Some(when) = &change.when
            && !self.holds(when, scope)?
        {
            return Ok(None);
        }
        let amount = self.number(&change.value, scope)?.mul(&change.unit)?;
        let key = self.lasting_key(&change.keys, scope)?;
        Ok(Some(Added { tally: change.of, key, amount }))
    }

    /// Writes a key that lasts as long as the event: where it begins, and how long it is.
    pub fn lasting_key(
        &mut self,
        keys: &'a [Expr],
        scope: Scope<'a>,
    ) -> Result<(usize, usize), Fault> {
        let stack = self.frame.parts.len();
        for key in keys {
            let value = self.eval(key, scope)?;
            let part = self.state.names.part(&value);
            self.frame.parts.push(part);
        }
        let start = self.frame.keys.len();
        self.frame.keys.extend(self.frame.parts.drain(stack..));
        Ok((start, keys.len()))
    }

    /// A key that lasts as long as the event.
    pub fn key_at(&self, key: (usize, usize)) -> &[Part] {
        let end = key.0.saturating_add(key.1);
        self.frame.keys.get(key.0..end).unwrap_or_default()
    }

    /// What the event itself adds under the parts of a key that are on the stack.
    fn added(&self, tally: u32, parts: &[usize], start: usize) -> Result<Exact, Fault> {
        let mut sum = Exact::ZERO;
        for once in &self.frame.adds {
            if let Once::Done(Some(added)) = once
                && added.tally == tally
                && self.matches(parts, start, added.key)
            {
                sum = sum.add(&added.amount)?;
            }
        }
        Ok(sum)
    }

    /// The same of everything the event changes.
    fn changed(&self, tally: u32, parts: &[usize], start: usize) -> Result<Exact, Fault> {
        let mut sum = Exact::ZERO;
        for delta in &self.frame.deltas {
            if delta.tally == tally && self.matches(parts, start, delta.key) {
                sum = sum.add(&delta.amount)?;
            }
        }
        Ok(sum)
    }

    fn matches(&self, parts: &[usize], start: usize, key: (usize, usize)) -> bool {
        let key = self.key_at(key);
        parts.iter().zip(self.parts(start)).all(|(part, wanted)| key.get(*part) == Some(wanted))
    }

    /// A carried value, or what it starts with.
    pub fn carried(
        &mut self,
        carry: u32,
        keys: &'a [Expr],
        scope: Scope<'a>,
    ) -> Result<Value<'a>, Fault> {
        let start = self.key(keys, scope)?;
        let key = self.parts(start);
        let kept = self.state.carried(carry, key);
        let becoming = self.frame.becoming.iter().filter(|_| self.after);
        let mut becoming = becoming.filter(|it| it.carry == carry && self.key_at(it.key) == key);
        let value = becoming.next_back().map(|it| it.value.clone()).or(kept);
        self.frame.parts.truncate(start);
        match value {
            Some(cell) => Ok(kept_value(&cell)),
            None => {
                let plan = self.plan;
                let declared = plan.carries.get(at(carry)).ok_or(MISTYPED)?;
                self.eval(&declared.starts, scope)
            }
        }
    }

    /// In a stage: what was taken out of an account.
    pub fn closed(
        &mut self,
        account: u32,
        keys: &'a [Expr],
        scope: Scope<'a>,
    ) -> Result<Value<'a>, Fault> {
        let start = self.key(keys, scope)?;
        let position = self.state.accounts.known(account, self.parts(start));
        self.frame.parts.truncate(start);
        let closed = self.at_hand.as_ref().map_or(&[][..], |at_hand| at_hand.closed);
        let taken = closed.iter().find(|(of, _)| Some(*of) == position).map_or(0, |(_, it)| *it);
        Ok(Value::Number(Exact::from_int(taken).div(&self.unit())?))
    }

    /// The balance of an account.
    pub fn balance(
        &mut self,
        account: u32,
        keys: &'a [Expr],
        scope: Scope<'a>,
    ) -> Result<Value<'a>, Fault> {
        let start = self.key(keys, scope)?;
        let position = self.state.accounts.known(account, self.parts(start));
        self.frame.parts.truncate(start);
        let mut balance = Exact::ZERO;
        if let Some(position) = position {
            balance = Exact::from_int(self.balance_at(position));
            let moves = self.frame.moves.iter().filter(|(of, _)| self.after && *of == position);
            for (_, moved) in moves {
                balance = balance.add(&Exact::from_int(*moved))?;
            }
        }
        Ok(Value::Number(balance.div(&self.unit())?))
    }

    /// The balance of an account before this event, in minor units.
    pub fn balance_at(&self, position: u32) -> i128 {
        self.state.balances.get(at(position)).copied().unwrap_or(0)
    }
}

/// A value that was kept as a cell.
pub(super) fn kept_value<'a>(cell: &crate::rows::Cell) -> Value<'a> {
    use crate::rows::Cell;
    match cell {
        Cell::Bool(value) => Value::Bool(*value),
        Cell::Integer(value) => Value::Number(Exact::from_int(*value)),
        Cell::Number(value) => Value::Number(value.clone()),
        Cell::Money(value) => Value::Number(Exact::from_int(value.minor())),
        Cell::Date(value) => Value::Date(*value),
        Cell::Period(value) => Value::Period(*value),
        Cell::Duration(value) => Value::Duration(*value),
        Cell::Text(value) => Value::Text(Text::Kept(value.clone())),
        Cell::Member(value) => Value::Member(*value),
        Cell::Missing | Cell::List(_) | Cell::Record(_) => Value::Missing,
    }
}
