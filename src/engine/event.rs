//! One event from its fields to its outcome.

use crate::base::{Date, Exact, Money};
use crate::plan::at;
use crate::rows::{Allocation, Column, FigureValue, Payee, Reason};

use super::eval::MISTYPED;
use super::evaluator::{Evaluator, Scope};
use super::fault::Fault;
use super::identity::Identity;
use super::trace::Trace;
use super::tree::Content;
use super::value::Value;

impl<'a, T: Trace> Evaluator<'a, '_, T> {
    /// The effective date of the event at hand.
    pub fn effective_date(&mut self) -> Result<Date, Fault> {
        let field = self.event()?.effective;
        match self.field(field)? {
            Value::Date(date) => Ok(date),
            Value::Missing => Err(Reason::FieldMissing { field }.into()),
            _ => Err(MISTYPED),
        }
    }

    /// Works the event out and makes its changes; gives what it brought, in minor units. On a fault
    /// nothing has changed.
    ///
    /// Of an event that stands whatever the rules give, the changes are those of what stands.
    pub fn work_out(&mut self, figures: &mut Vec<FigureValue>) -> Result<i128, Fault> {
        figures.clear();
        let stood = self.stood();
        let stood = stood.as_ref();
        self.check_required()?;
        let field = self.inflow()?;
        if let Some((kind, key)) = self.reversed_event()? {
            self.reverse(kind, key, field, stood)?;
            self.make_changes()?;
            return Ok(field);
        }
        self.take_out()?;
        let dues = self.raise_levies()?;
        self.make_transfers()?;
        self.empty_pools(&Exact::from_int(field))?;
        // A stage brings nothing: what it divides it has taken out before.
        let brought = if self.is_stage() { 0 } else { field };
        let inflow = brought.checked_add(dues).ok_or(Reason::TooWide)?;
        self.settle_event(inflow)?;
        self.collect_changes(stood)?;
        self.figures(figures)?;
        if self.event()?.reversible
            && let Some(identity) = self.identity()?
        {
            self.keep_original(identity, inflow, stood)?;
        }
        self.make_changes()?;
        Ok(inflow)
    }

    fn make_changes(&mut self) -> Result<(), Fault> {
        self.note_adds()?;
        // Whatever could fail has been tried: half a change would be worse than none.
        self.commit().map_err(|_| Fault::Internal("an event's changes failed half way"))
    }

    fn check_required(&mut self) -> Result<(), Fault> {
        let Some(at_hand) = &self.at_hand else { return Err(MISTYPED) };
        let sent = (0..).zip(&at_hand.event.fields);
        for (field, declared) in sent {
            let stored = declared.computed.is_none() && !declared.optional;
            if stored && at_hand.made_for.is_none() && at_hand.column(field).is_missing(at_hand.row)
            {
                return Err(Reason::FieldMissing { field }.into());
            }
        }
        Ok(())
    }

    /// What the inflow field holds, in minor units; nothing where there is no such field.
    pub fn inflow(&mut self) -> Result<i128, Fault> {
        let event = self.event()?;
        let Some(field) = event.inflow else { return Ok(0) };
        if let Some(at_hand) = &self.at_hand
            && let Column::Money(values) = at_hand.column(field)
            && let Some(units) = values.get(at_hand.row)
        {
            return with_mirror(units);
        }
        let units = match self.field(field)? {
            Value::Number(amount) => amount.mul(&event.unit)?,
            Value::Missing => return Ok(0),
            _ => return Err(MISTYPED),
        };
        if !units.is_integer() {
            return Err(Reason::InflowNotWhole.into());
        }
        units.to_int().ok_or(Reason::TooWide.into()).and_then(with_mirror)
    }

    /// The event this one names to be undone, if it names one.
    pub fn reversed_event(&mut self) -> Result<Option<(u32, Identity)>, Fault> {
        let Some((field, kind)) = self.event()?.reverses else { return Ok(None) };
        match self.field(field)? {
            Value::Missing => Ok(None),
            value => Ok(Some((kind, Identity::known(&value, &self.state.names)))),
        }
    }

    /// The one field that identifies the event.
    fn identity(&mut self) -> Result<Option<Identity>, Fault> {
        let [field] = self.event()?.unique.as_slice() else { return Ok(None) };
        let value = self.field(*field)?;
        Ok(Some(Identity::of(&value, &mut self.state.names)))
    }

    /// In a stage: takes the balances out of their accounts.
    fn take_out(&mut self) -> Result<(), Fault> {
        let closed = self.at_hand.as_ref().map_or(&[][..], |at_hand| at_hand.closed);
        for (account, balance) in closed.iter().filter(|(_, balance)| *balance != 0) {
            let units = balance.checked_neg().ok_or(Reason::TooWide)?;
            self.make_whole(Allocation::BY_CLOSING, Content::Account(*account), units)?;
        }
        Ok(())
    }

    /// The day by which summaries assign the year.
    pub fn booked_date(&mut self) -> Result<Date, Fault> {
        let crate::plan::EventSource::Stage { booked: Some(booked), .. } = &self.event()?.source
        else {
            return Ok(self.date);
        };
        let base = self.open(booked.locals);
        let date = self.date_of(&booked.expr, Scope { base, own: None });
        self.close(base);
        date
    }

    /// Adds the amounts of the event to `out`, leaf by leaf in written order.
    pub fn allocations(&self, leaves: &mut Vec<u32>, out: &mut Vec<Allocation>) {
        leaves.clear();
        self.walk(self.frame.roots.first, leaves);
        for leaf in leaves.iter().filter_map(|leaf| self.frame.nodes.get(at(*leaf))) {
            let payee = match leaf.content {
                Content::Account(account) => Payee::Account(account),
                _ => Payee::Undetermined,
            };
            if leaf.units != 0 {
                let amount = Money::from_minor(leaf.units);
                out.push(Allocation { payee, amount, leg: leaf.leg });
            }
        }
    }
}

/// Amounts that could not be given back are beyond their range.
fn with_mirror(units: i128) -> Result<i128, Fault> {
    units.checked_neg().map(|_| units).ok_or(Reason::TooWide.into())
}
