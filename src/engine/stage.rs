//! Stages: passes of their own over what the passes before left in a family of accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::{Date, Money, Period};
use crate::plan::{Event, EventSource, Kind, at};
use crate::rows::{Accounts, Batch, Cell, Column, Origin, Sink};

use super::evaluator::{AtHand, Evaluator, Scope};
use super::fault::Fault;
use super::outcome::Stop;
use super::run::Run;
use super::state::AccountTable;
use super::trace::Off;
use super::value::{Row, Value};

/// A row of a stage's event: the account, its key and what it gained.
struct Taken {
    position: Option<u32>,
    key: Vec<Cell>,
    balance: i128,
}

impl<S: Sink> Run<'_, S> {
    /// Runs all stages, one after the other, each over its periods in time.
    pub fn stages(&mut self) -> Result<(), Stop<S::Error>> {
        let plan = self.plan;
        for (kind, event) in (0_u32..).zip(&plan.events) {
            let EventSource::Stage { closes, .. } = &event.source else { continue };
            let gains = self.state.gained.iter_mut().find(|gains| gains.stage == kind);
            // What this stage itself gives to the family is for the stages after it.
            let periods = gains.map(|it| std::mem::take(&mut it.by_period)).unwrap_or_default();
            let due = periods.into_iter().filter(|(period, _)| event.is_made_on(period.end()));
            for (period, gained) in due {
                let rows = self.rows(*closes, &gained);
                self.close(kind, event, period, rows)?;
            }
        }
        self.desk.hand_on(&self.state.accounts)
    }

    /// One row per key, in the order of keys: where all parts are members, every combination of those
    /// without parts of their own, and any other with a balance; else the keys that occur.
    fn rows(&self, closes: u32, gained: &BTreeMap<u32, i128>) -> Vec<Taken> {
        let accounts: &AccountTable = &self.state.accounts;
        let mut rows: Vec<Taken> = Vec::new();
        for (position, balance) in gained {
            let key = accounts.account(*position).map(|(_, key)| key.to_vec());
            let key = key.unwrap_or_default();
            rows.push(Taken { position: Some(*position), key, balance: *balance });
        }
        if let Some(keys) = self.undivided(closes) {
            // A region that is divided further stands here only with a balance.
            rows.retain(|row| row.balance != 0);
            let there: BTreeSet<Vec<u32>> = rows.iter().map(|row| members(&row.key)).collect();
            for key in keys.into_iter().filter(|key| !there.contains(key)) {
                let key = key.into_iter().map(Cell::Member).collect();
                rows.push(Taken { position: None, key, balance: 0 });
            }
        }
        rows.sort_by(|a, b| Cell::order_all(&a.key, &b.key));
        rows
    }

    /// Every key of a family whose key parts are all members: those that no other lies in.
    fn undivided(&self, closes: u32) -> Option<Vec<Vec<u32>>> {
        let account = self.plan.accounts.get(at(closes))?;
        let mut keys: Vec<Vec<u32>> = vec![Vec::new()];
        for kind in &account.keys {
            let Kind::Member(enumeration) = kind else { return None };
            let enumeration = self.plan.enumerations.get(at(*enumeration))?;
            let longer = |key: &Vec<u32>| -> Vec<Vec<u32>> {
                let with = |member| key.iter().copied().chain([member]).collect();
                enumeration.leaves().map(with).collect()
            };
            keys = keys.iter().flat_map(longer).collect();
        }
        Some(keys)
    }

    fn close(
        &mut self,
        kind: u32,
        event: &Event,
        period: Period,
        rows: Vec<Taken>,
    ) -> Result<(), Stop<S::Error>> {
        let plan = self.plan;
        let date = period.end();
        let all = Arc::new(batch(kind, event, date, &rows, 0));
        let mut off = Off;
        let (mut chosen, mut aside) = (Vec::with_capacity(rows.len()), None);
        {
            let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
            evaluator.take_up(made(kind, event, &all, &[]));
            evaluator.date = date;
            let cells = records(&all);
            for (row, cell) in rows.into_iter().zip(cells) {
                match meets(&mut evaluator, event, cell) {
                    Ok(true) => chosen.push(row),
                    Ok(false) => {}
                    Err(fault) => aside = aside.or(Some(fault)),
                }
            }
        }
        let inflow = chosen.iter().try_fold(0_i128, |sum, row| sum.checked_add(row.balance));
        let inflow = inflow.ok_or(Stop::Internal("the balances of a stage out of range"))?;
        let batch = Arc::new(batch(kind, event, date, &chosen, inflow));
        let closed: Vec<(u32, i128)> =
            chosen.iter().filter_map(|row| Some((row.position?, row.balance))).collect();
        let mut evaluator = Evaluator::new(plan, self.registers, self.state, &mut off);
        evaluator.take_up(made(kind, event, &batch, &closed));
        evaluator.date = date;
        let booked = evaluator.booked_date();
        evaluator.booked = *booked.as_ref().unwrap_or(&date);
        self.desk.totals.summary.made += 1;
        self.desk.take(&mut evaluator, aside.or(booked.err()))?;
        self.desk.hand_on_much(&self.state.accounts)
    }
}

fn members(key: &[Cell]) -> Vec<u32> {
    let member = |cell: &Cell| match cell {
        Cell::Member(member) => Some(*member),
        _ => None,
    };
    key.iter().filter_map(member).collect()
}

/// Whether a stage takes a row out.
fn meets<'a>(
    evaluator: &mut Evaluator<'a, '_, Off>,
    event: &'a Event,
    row: &'a Cell,
) -> Result<bool, Fault> {
    let EventSource::Stage { condition: Some(condition), .. } = &event.source else {
        return Ok(true);
    };
    let base = evaluator.open(condition.locals);
    let scope = Scope { base, own: None };
    if let Cell::Record(cells) = row {
        evaluator.bind(scope, 0, Value::Row(Row::Record(cells)));
    }
    let counts = evaluator.holds(&condition.expr, scope);
    evaluator.close(base);
    counts
}

fn records(batch: &Batch) -> &[Cell] {
    match batch.columns.get(2) {
        Some(Column::Cells(cells)) => match cells.first() {
            Some(Cell::List(records)) => records,
            _ => &[],
        },
        _ => &[],
    }
}

/// The date, the sum, and the list of rows.
fn batch(kind: u32, event: &Event, date: Date, rows: &[Taken], inflow: i128) -> Batch {
    let record = |row: &Taken| {
        let balance = Cell::Money(Money::from_minor(row.balance));
        Cell::Record(row.key.iter().cloned().chain([balance]).collect())
    };
    let list = Cell::List(rows.iter().map(record).collect());
    let mut columns = vec![
        Column::Date([Some(date)].into_iter().collect()),
        Column::Money([Some(inflow)].into_iter().collect()),
        Column::Cells(vec![list]),
    ];
    columns.resize(event.fields.len().max(columns.len()), Column::Absent);
    Batch { event: kind, columns, origins: vec![Origin::MADE] }
}

fn made<'a>(
    kind: u32,
    event: &'a Event,
    batch: &'a Arc<Batch>,
    closed: &'a [(u32, i128)],
) -> AtHand<'a> {
    AtHand { kind, event, batch, row: 0, made_for: None, closed }
}
