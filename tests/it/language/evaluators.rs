//! The two evaluators, each giving the same plain account of an example.

use std::convert::Infallible;

use fenshui::engine;
use fenshui::model::{RuleSet, ShapeId, Type};
use fenshui::plan::{self, Choices};
use fenshui::reference::{self, Fate, Figure, Payee, Sender};
use fenshui::rows::{self, Accounts, Cell, EventAt, Origin, Outcome, Sink};

use super::worked::{Found, Given, Worked};

/// By the compiled plan.
pub fn engine(rules: &RuleSet, given: &Given) -> Worked {
    let choices = Choices { readings: given.readings.iter().copied().collect() };
    let checks: Vec<_> = given.checks.iter().map(|check| (*check, given.day)).collect();
    let plan = plan::compile_with_checks(rules, &choices, &checks);
    let batches = given.batches.iter().cloned().map(Ok::<_, Infallible>);
    let mut told = Told { rules, found: Vec::new() };
    let options = engine::Options::default();
    let summary =
        engine::run(&plan, given.registers.clone(), batches, &options, &mut told).unwrap();
    Worked { who: "engine", found: told.found, checks: summary.checks }
}

/// By the second opinion.
pub fn reference(rules: &RuleSet, given: &Given) -> Worked {
    let (readings, registers) = (given.readings, &given.registers);
    let outcomes = reference::run(rules, readings, registers, &given.batches, None).unwrap();
    let found = outcomes.into_iter().map(|outcome| {
        let sent = match outcome.sender {
            Sender::Data { batch, .. } => Some(batch),
            Sender::Calendar | Sender::Stage => None,
        };
        let (leaves, figures, set_aside) = match outcome.fate {
            Fate::Allocated { leaves, figures, .. } => (leaves, figures, None),
            Fate::SetAside(reason) => (Vec::new(), Vec::new(), Some(reason)),
        };
        let leaves = leaves.into_iter().map(|leaf| (leaf.payee, leaf.amount)).collect();
        Found { event: outcome.event, sent, key: outcome.key, leaves, figures, set_aside }
    });
    let found = found.collect();
    let holds =
        |check: &&_| reference::holds(rules, readings, registers, check, given.day).unwrap();
    Worked { who: "second opinion", found, checks: given.checks.iter().map(holds).collect() }
}

/// What the engine tells.
struct Told<'a> {
    rules: &'a RuleSet,
    found: Vec<Found>,
}

impl Told<'_> {
    /// The event spoken of: figures come after their event or before it.
    fn at(&mut self, at: EventAt<'_>) -> &mut Found {
        let event = at.batch.event;
        let origin = at.batch.origins[at.row];
        let sent = (origin != Origin::MADE).then(|| usize::try_from(origin.line).unwrap() - 1);
        let unsent = sent.is_none();
        let fields = &self.rules.events[event as usize].fields;
        let cells = fields.iter().zip(&at.batch.columns).map(|(field, column)| {
            let cell = column.cell(at.row);
            match (&field.ty, cell) {
                (Type::Row(shape), Cell::Record(cells)) => key_of(self.rules, *shape, &cells),
                (_, cell) => cell,
            }
        });
        let key: Vec<Cell> =
            cells.filter(|cell| unsent && !matches!(cell, Cell::List(_))).collect();
        let same = |found: &Found| found.event == event && found.sent == sent && found.key == key;
        let position = self.found.iter().position(same).unwrap_or_else(|| {
            let (leaves, figures, set_aside) = (Vec::new(), Vec::new(), None);
            self.found.push(Found { event, sent, key, leaves, figures, set_aside });
            self.found.len() - 1
        });
        &mut self.found[position]
    }
}

/// The key of a register's row; a record of the event's own has none.
fn key_of(rules: &RuleSet, shape: ShapeId, cells: &[Cell]) -> Cell {
    let register = rules.registers.iter().find(|register| register.shape == shape);
    let keys = register.map_or(&[][..], |register| &register.keys);
    Cell::Record(keys.iter().map(|field| cells[field.index()].clone()).collect())
}

impl Sink for Told<'_> {
    type Error = Infallible;

    fn event(
        &mut self,
        event: EventAt<'_>,
        outcome: Outcome<'_>,
        accounts: &dyn Accounts,
    ) -> Result<(), Infallible> {
        let found = self.at(event);
        match outcome {
            Outcome::Allocated { allocations, .. } => {
                found.leaves.extend(allocations.iter().map(|allocation| {
                    let payee = match allocation.payee {
                        rows::Payee::Account(position) => {
                            let (account, key) = accounts.account(position).unwrap();
                            Payee::Account(account, key.to_vec())
                        }
                        rows::Payee::Undetermined => Payee::Undetermined,
                    };
                    (payee, allocation.amount)
                }));
            }
            Outcome::SetAside { reason, .. } => found.set_aside = Some(reason.clone()),
        }
        Ok(())
    }

    fn figure(
        &mut self,
        event: EventAt<'_>,
        figure: u32,
        key: &[Cell],
        value: &Cell,
    ) -> Result<(), Infallible> {
        let known = Figure { figure, key: key.to_vec(), value: value.clone() };
        self.at(event).figures.push(known);
        Ok(())
    }

    fn open_item(&mut self, _: EventAt<'_>, _: u32) -> Result<(), Infallible> {
        Ok(())
    }
}
