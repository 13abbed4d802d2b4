//! A run: events in, allocations, summary, figures and rows set aside out.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::base::{Date, Exact};
use crate::check::Checked;
use crate::diagnostics::Language;
use crate::engine::{self, RunError};
use crate::formats::{
    Allocations, Figures, FormatsError, Input, Layout, Mapping, SetAside, SetAsides, Summary,
    Unread,
};
use crate::plan::{self, Choices, Plan};
use crate::report::names::{Currency, Names};
use crate::report::{ControlTotals, CurrencyTotals, DriftTotals, reason_words};
use crate::rows::{Accounts, Cell, EventAt, Origin, Outcome, Reason, RegisterRow, Sink};

use super::inputs::{Batches, EventFile, Remark};

/// What a run reads.
#[derive(Debug)]
pub struct Job<'a> {
    /// The rules.
    pub checked: &'a Checked,
    /// Their names.
    pub names: &'a Names,
    /// Readings chosen.
    pub choices: &'a Choices,
    /// Files of events.
    pub events: &'a [EventFile],
    /// Rows of registers.
    pub registers: Vec<(u32, Vec<RegisterRow>)>,
    /// Which column is which field.
    pub mapping: &'a Mapping,
    /// The last day for which calendar events are made.
    pub through: Option<Date>,
    /// The language of reasons.
    pub language: Language,
}

/// What a run writes. Each part is optional; what is set aside is always counted.
#[derive(Debug, Default)]
pub struct Outputs<'n> {
    /// Allocations.
    pub allocations: Option<Allocations<'n>>,
    /// Totals.
    pub summary: Option<Summary>,
    /// Figures.
    pub figures: Option<Figures<'n>>,
    /// Rows set aside.
    pub set_asides: Option<SetAsides>,
}

/// What a run says of itself.
#[derive(Debug)]
pub struct RunReport {
    /// Counts and sums.
    pub totals: ControlTotals,
    /// The first events set aside.
    pub first_aside: Vec<Aside>,
    /// What is worth saying of the files.
    pub remarks: Vec<Remark>,
}

/// An event set aside.
#[derive(Debug, Clone)]
pub struct Aside {
    /// Where it stands: the file and the line, or nothing for an event that the run made.
    pub place: Option<(String, u64)>,
    /// The number is that of a record in an array, not of a line.
    pub is_record: bool,
    /// What it is.
    pub aside: SetAside,
}

/// More than these are only counted and written to the file.
const ASIDE_SHOWN_MAX: usize = 10;

/// Runs a rule set over files. The outputs are complete but not yet put in place: their `finish`
/// does that.
///
/// `open` makes the outputs. Where order matters the files are expected to be in it, and if
/// `may_begin_again` their events are taken as they come, so that memory does not grow with them;
/// if one is not, the outputs are thrown away and made anew, and the events are put in order first.
/// `progress` is told how many events have been read so far.
///
/// # Errors
/// A file cannot be read or written, or the engine found itself at fault.
pub fn run<'n, E: From<FormatsError>>(
    job: &Job<'_>,
    open: &dyn Fn() -> Result<Outputs<'n>, E>,
    may_begin_again: bool,
    progress: &dyn Fn(u64),
) -> Result<(RunReport, Outputs<'n>), E> {
    let plan = plan::from_checked(job.checked, job.choices);
    if may_begin_again && plan.ordered {
        let mut outputs = open()?;
        if let Some(report) = run_once(job, &plan, Turn::AsTheyCome, &mut outputs, progress)? {
            return Ok((report, outputs));
        }
    }
    let mut outputs = open()?;
    let report = run_once(job, &plan, Turn::Sorted, &mut outputs, progress)?;
    let report = report.ok_or_else(|| FormatsError::Internal("a run that was not made".into()))?;
    Ok((report, outputs))
}

/// In which order events are taken where order matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    AsTheyCome,
    Sorted,
}

/// One run; nothing if events were to be taken as they come and came out of their order.
fn run_once(
    job: &Job<'_>,
    plan: &Plan,
    turn: Turn,
    outputs: &mut Outputs<'_>,
    progress: &dyn Fn(u64),
) -> Result<Option<RunReport>, FormatsError> {
    let set_asides = outputs.set_asides.take();
    let asides = RefCell::new(Asides::new(job, set_asides));
    let remarks = RefCell::new(Vec::new());
    let mut unread = |rows: Vec<Unread>| asides.borrow_mut().unread(rows);
    let batches = Batches::new(job.names, job.events, job.mapping, &mut unread, &remarks);
    let read = std::cell::Cell::new(0_u64);
    let batches = batches.inspect(|batch| {
        if let Ok(batch) = batch {
            read.set(read.get() + u64::try_from(batch.len()).unwrap_or(0));
            progress(read.get());
        }
    });
    let mut desk = Desk { names: job.names, outputs, asides: &asides };
    let options = engine::Options { through: job.through };
    let registers = job.registers.clone();
    let summary = match turn {
        Turn::AsTheyCome => engine::run_in_turn(plan, registers, batches, &options, &mut desk),
        Turn::Sorted => engine::run(plan, registers, batches, &options, &mut desk).map(Some),
    };
    let Some(summary) = summary.map_err(stopped)? else { return Ok(None) };
    let mut asides = asides.into_inner();
    outputs.set_asides = asides.kept.take();
    let totals = control_totals(job, &summary, &asides)?;
    Ok(Some(RunReport { totals, first_aside: asides.first, remarks: remarks.into_inner() }))
}

/// The error of the world behind a run that stopped.
pub(super) fn stopped(error: RunError<FormatsError, FormatsError>) -> FormatsError {
    match error {
        RunError::Input(error) | RunError::Sink(error) => error,
        RunError::Internal(what) => FormatsError::Internal(what.to_owned()),
    }
}

/// Hands each outcome to whoever writes it.
struct Desk<'d, 'n, 'j> {
    names: &'j Names,
    outputs: &'d mut Outputs<'n>,
    asides: &'d RefCell<Asides<'j>>,
}

impl Sink for Desk<'_, '_, '_> {
    type Error = FormatsError;

    fn event(
        &mut self,
        event: EventAt<'_>,
        outcome: Outcome<'_>,
        accounts: &dyn Accounts,
    ) -> Result<(), FormatsError> {
        match outcome {
            Outcome::Allocated { allocations, .. } => {
                if let Some(out) = &mut self.outputs.allocations {
                    out.event(event, allocations, accounts)?;
                }
                if let Some(summary) = &mut self.outputs.summary {
                    summary.event(event, allocations, accounts, self.names)?;
                }
                Ok(())
            }
            Outcome::SetAside { reason, .. } => self.asides.borrow_mut().event(event, reason),
        }
    }

    fn figure(
        &mut self,
        event: EventAt<'_>,
        figure: u32,
        key: &[Cell],
        value: &Cell,
    ) -> Result<(), FormatsError> {
        match &mut self.outputs.figures {
            Some(figures) => figures.figure(event, figure, key, value),
            None => Ok(()),
        }
    }

    fn open_item(&mut self, _event: EventAt<'_>, _leg: u32) -> Result<(), FormatsError> {
        Ok(())
    }
}

/// What is set aside, by the reader and by the engine.
struct Asides<'j> {
    names: &'j Names,
    files: &'j [EventFile],
    language: Language,
    kept: Option<SetAsides>,
    first: Vec<Aside>,
    unread: u64,
    unread_unknown: u64,
    /// What rows that cannot be read would have brought, by event kind.
    unread_money: BTreeMap<u32, Exact>,
}

impl<'j> Asides<'j> {
    fn new(job: &Job<'j>, kept: Option<SetAsides>) -> Asides<'j> {
        Asides {
            names: job.names,
            files: job.events,
            language: job.language,
            kept,
            first: Vec::new(),
            unread: 0,
            unread_unknown: 0,
            unread_money: BTreeMap::new(),
        }
    }

    fn unread(&mut self, rows: Vec<Unread>) -> Result<(), FormatsError> {
        for row in rows {
            self.unread += 1;
            match (row.event, row.inflow) {
                (Some(event), Some(inflow)) => {
                    let sum = self.unread_money.entry(event).or_insert(Exact::ZERO);
                    let sum_now = sum.add(&Exact::from(inflow.minor()));
                    *sum = sum_now.map_err(|_| FormatsError::TotalTooLarge)?;
                }
                _ => self.unread_unknown += 1,
            }
            self.add(row.origin, row.event, String::new(), &row.reason)?;
        }
        Ok(())
    }

    fn event(&mut self, event: EventAt<'_>, reason: &Reason) -> Result<(), FormatsError> {
        let origin = event.batch.origins.get(event.row).copied().unwrap_or(Origin::MADE);
        let key = if origin == Origin::MADE {
            super::keys::key_text(event, self.names)
        } else {
            String::new()
        };
        self.add(origin, Some(event.batch.event), key, reason)
    }

    fn add(
        &mut self,
        origin: Origin,
        event: Option<u32>,
        key: String,
        reason: &Reason,
    ) -> Result<(), FormatsError> {
        let shown = self.first.len() < ASIDE_SHOWN_MAX;
        if !shown && self.kept.is_none() {
            return Ok(());
        }
        let table = event
            .and_then(|event| usize::try_from(event).ok())
            .and_then(|at| self.names.events.get(at));
        let aside = SetAside {
            event: table.map_or_else(String::new, |table| table.name.text.clone()),
            key,
            reason: reason_words(reason, event, self.names),
        };
        if let Some(kept) = &mut self.kept {
            kept.add(origin, &aside, self.language)?;
        }
        if shown {
            let file = usize::try_from(origin.file).ok().and_then(|at| self.files.get(at));
            let place = file.map(|file| (file.input.name().to_owned(), origin.line));
            let is_record = file.is_some_and(|file| file.input.layout == Layout::Json);
            self.first.push(Aside { place, is_record, aside });
        }
        Ok(())
    }
}

/// The files of a run, in the order in which origins count them.
pub fn inputs(events: Vec<EventFile>) -> Vec<Input> {
    events.into_iter().map(|file| file.input).collect()
}

fn control_totals(
    job: &Job<'_>,
    summary: &engine::Summary,
    asides: &Asides<'_>,
) -> Result<ControlTotals, FormatsError> {
    let rules = job.checked.rule_set();
    let mut currencies: Vec<(u32, CurrencyTotals)> = Vec::new();
    let mut of = |position: u32| -> usize {
        let found = currencies.iter().position(|(known, _)| *known == position);
        found.unwrap_or_else(|| {
            let at = usize::try_from(position).unwrap_or(usize::MAX);
            let declared = rules.currencies.get(at);
            let currency = Currency {
                code: declared.map_or_else(String::new, |currency| currency.name.clone()),
                scale: declared.map_or(2, |currency| currency.scale),
            };
            currencies.push((position, CurrencyTotals::new(currency)));
            currencies.len() - 1
        })
    };
    let places: Vec<usize> = summary.currencies.iter().map(|known| of(known.currency)).collect();
    let unread: Vec<(usize, &Exact)> = asides
        .unread_money
        .iter()
        .map(|(event, sum)| (of(currency_of_event(rules, *event)), sum))
        .collect();
    for (place, known) in places.iter().zip(&summary.currencies) {
        if let Some((_, totals)) = currencies.get_mut(*place) {
            totals.inflow = known.inflow.clone();
            totals.allocated = known.allocated.clone();
            totals.undetermined = known.undetermined.clone();
            totals.set_aside = known.set_aside.clone();
        }
    }
    for (place, sum) in unread {
        if let Some((_, totals)) = currencies.get_mut(place) {
            let add = |to: &Exact| to.add(sum).map_err(|_| FormatsError::TotalTooLarge);
            totals.inflow = add(&totals.inflow)?;
            totals.set_aside = add(&totals.set_aside)?;
        }
    }
    let drift = DriftTotals {
        places: u64::try_from(summary.drift.len()).unwrap_or(u64::MAX),
        greatest: greatest_drift(job, summary),
    };
    Ok(ControlTotals {
        read: summary.events - summary.made + asides.unread,
        made: summary.made,
        allocated: summary.allocated,
        set_aside: summary.set_aside + asides.unread,
        set_aside_unknown: summary.set_aside_unknown + asides.unread_unknown,
        currencies: currencies.into_iter().map(|(_, totals)| totals).collect(),
        residue_units: summary.residue_units,
        open_items: summary.open_items,
        drift,
    })
}

fn currency_of_event(rules: &crate::model::RuleSet, event: u32) -> u32 {
    let at = usize::try_from(event).unwrap_or(usize::MAX);
    let event = rules.events.get(at);
    let field = event.and_then(|event| event.fields.get(event.inflow?.index()));
    match field.map(|field| field.ty.required()) {
        Some(crate::model::Type::Money(currency)) => currency.0,
        _ => 0,
    }
}

/// The account and year that is furthest from what it was owed, in minor units.
fn greatest_drift(job: &Job<'_>, summary: &engine::Summary) -> Option<(String, i32, Exact)> {
    let greatest =
        summary.drift.iter().max_by(|one, other| one.amount.abs().cmp(&other.amount.abs()))?;
    let at = usize::try_from(greatest.account).unwrap_or(usize::MAX);
    let account = job.names.accounts.get(at)?;
    let label =
        crate::report::values::account_label(account, &greatest.key, job.names, job.language);
    Some((label, greatest.year, greatest.amount.clone()))
}
