//! A run: events in, allocations, summary, figures and rows set aside out.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::{Date, Exact};
use crate::check::Checked;
use crate::diagnostics::{Language, Words};
use crate::engine::{self, Memory, RunError, Turn};
use crate::formats::{
    self, Allocations, Figures, FileShelf, FormatsError, Input, Mapping, SetAsides, Summary, Unread,
};
use crate::model::EventId;
use crate::plan::{self, Choices, Plan};
use crate::report::names::{Currency, Names};
use crate::report::{ControlTotals, CurrencyTotals, Drift};
use crate::rows::{Accounts, Beside, Outcomes, RegisterTable, Sink};

use super::asides::{Aside, Asides};
use super::crew::{Crew, Foreman};
use super::inputs::{EventFile, Remark};
use super::progress::{Progress, Teller};
use super::reading::{Ahead, Batches, ToRead};
use super::writing::{Writer, Writes};

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
    pub registers: &'a [(u32, RegisterTable)],
    /// Which column is which field.
    pub mapping: &'a Mapping,
    /// The last day for which calendar events are made.
    pub through: Option<Date>,
    /// The language of reasons.
    pub language: Language,
    /// How many threads may work; nothing that is written depends on it. With one all is done in
    /// turn; from two on reading and writing go on beside the run.
    pub threads: usize,
    /// Set from outside when the user wants no more.
    pub interrupted: &'a AtomicBool,
}

impl<'a> Job<'a> {
    /// The files of events.
    pub(super) fn to_read(&self) -> ToRead<'a> {
        ToRead { names: self.names, files: self.events, mapping: self.mapping }
    }
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
    /// Where no event was allocated, all for one reason: how such values would be read.
    pub remedy: Option<Words>,
    /// What is worth saying of the files.
    pub remarks: Vec<Remark>,
}

/// How a run is made, which changes nothing that is written.
pub struct Manner<'a> {
    /// Whether the outputs can be thrown away and made anew.
    pub may_begin_again: bool,
    /// Within how much memory; nothing: as much as it needs.
    pub limit: Option<MemoryLimit>,
    /// Told how far it has come.
    pub progress: &'a dyn Fn(Progress),
}

/// How much memory events may take that wait to be put in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryLimit {
    /// About so many bytes.
    pub bytes: usize,
    /// The folder of the file in which the others wait.
    pub folder: PathBuf,
}

/// Runs a rule set over files. The outputs are complete but not yet put in place: their `finish`
/// does that.
///
/// `registers` reads the rows of registers, which the job has none of, and gives them again when asked again:
/// where more than one thread may work events are read meanwhile. `open` makes the outputs. Where order
/// matters the files are expected to be in it, and if the run may begin again their events are taken as they
/// come, so that memory does not grow with them; if one is not, the outputs are thrown away and made anew,
/// and the events are put in order first.
///
/// # Errors
/// A file cannot be read or written, or the engine found itself at fault.
pub fn run<'n, E: From<FormatsError>>(
    job: &Job<'n>,
    registers: &dyn Fn() -> Result<&'n [(u32, RegisterTable)], E>,
    open: &dyn Fn() -> Result<Outputs<'n>, E>,
    manner: &Manner<'_>,
) -> Result<(RunReport, Outputs<'n>), E> {
    let plan = plan::from_checked(job.checked, job.choices);
    let once = |turn| -> Result<Option<(RunReport, Outputs<'n>)>, E> {
        let (limit, progress) = (manner.limit.as_ref(), manner.progress);
        let how = How { plan: &plan, turn, limit, progress, ahead: None, beside: None };
        // Nobody is to wait for whoever sends events, nor to be sent anything, before hearing what is wrong
        // with a register.
        let sent = job.events.iter().any(|file| file.input.path().is_none());
        let alone = job.threads < 2;
        if alone || sent || !manner.may_begin_again {
            registers()?;
        }
        let mut outputs = open()?;
        let mut kept = outputs.set_asides.take();
        let mut writer = Writer { names: job.names, outputs: &mut outputs };
        let job_with = |registers| Job { registers, ..*job };
        let report = if alone {
            heard(&job_with(registers()?), &how, &mut writer, &mut kept)?
        } else {
            std::thread::scope(|scope| -> Result<_, E> {
                let hears_figures = writer.hears_figures();
                let to_read = (job.to_read(), job.threads);
                let crew = Crew::begun(to_read, Writes::by(Box::new(writer)), scope);
                let mut foreman = Foreman::new(crew.clone(), hears_figures);
                let ahead = || crew.next();
                let lends_a_hand = || crew.lend_a_hand();
                // Of more threads others have time for that.
                let beside = (job.threads == 2).then(|| crew.beside(&lends_a_hand));
                let how = How { ahead: Some(&ahead), beside, ..how };
                let job = job_with(registers()?);
                let report = heard(&job, &how, &mut foreman, &mut kept);
                // What stopped the run is said before what came of it.
                let written = foreman.finish();
                Ok(report.and_then(|report| written.map(|()| report))?)
            })?
        };
        outputs.set_asides = kept;
        Ok(report.map(|report| (report, outputs)))
    };
    if manner.may_begin_again
        && plan.ordered
        && let Some(done) = once(Turn::AsTheyCome)?
    {
        return Ok(done);
    }
    let done = once(Turn::Sorted)?;
    done.ok_or_else(|| FormatsError::Internal("a run that was not made".into()).into())
}

/// Runs a rule set for a listener that only listens.
pub(super) fn listen<S>(job: &Job<'_>, listener: &mut S) -> Result<RunReport, FormatsError>
where
    S: Sink,
    FormatsError: From<S::Error>,
{
    let plan = plan::from_checked(job.checked, job.choices);
    let how = How {
        plan: &plan,
        turn: Turn::Sorted,
        limit: None,
        progress: &|_| (),
        ahead: None,
        beside: None,
    };
    let report = heard(job, &how, listener, &mut None)?;
    report.ok_or_else(|| FormatsError::Internal("a run that was not made".into()))
}

/// What is run, and how.
struct How<'a> {
    plan: &'a Plan,
    turn: Turn,
    limit: Option<&'a MemoryLimit>,
    progress: &'a dyn Fn(Progress),
    /// Who reads ahead, if somebody does already.
    ahead: Option<Ahead<'a>>,
    /// What a second thread of the engine may do.
    beside: Option<Beside<'a>>,
}

/// Runs a rule set; the listener hears every outcome, and what is set aside is counted beside it, so
/// that no verb can lose a row. Gives nothing if events were to be taken as they come and came out of
/// their order.
fn heard<S>(
    job: &Job<'_>,
    how: &How<'_>,
    listener: &mut S,
    kept: &mut Option<SetAsides>,
) -> Result<Option<RunReport>, FormatsError>
where
    S: Sink,
    FormatsError: From<S::Error>,
{
    let asides = RefCell::new(Asides::new(job, kept.take()));
    let remarks = RefCell::new(Vec::new());
    let mut unread = |rows: Vec<Unread>| asides.borrow_mut().unread(rows);
    let teller = Teller::new(job.events, how.progress);
    let mut desk =
        Desk { listener, asides: &asides, teller: &teller, interrupted: job.interrupted };
    let options = engine::Options { through: job.through, ..engine::Options::default() };
    // An error stops the run, so that its size is moved once.
    let summary = std::thread::scope(|scope| -> Result<_, Box<_>> {
        let threads = job.threads;
        let mut batches = match how.ahead {
            Some(ahead) => Batches::asked(ahead, &mut unread, &remarks),
            None => Batches::ahead(job.to_read(), threads, scope, &mut unread, &remarks),
        };
        let batches = std::iter::from_fn(|| {
            let batch = batches.next();
            match &batch {
                Some(_) if job.interrupted.load(Ordering::Relaxed) => {
                    return Some(Err(FormatsError::Interrupted));
                }
                Some(Ok(batch)) => teller.read(batch.len()),
                Some(Err(_)) => {}
                None => teller.all_read(),
            }
            batch
        });
        let mut shelf = how.limit.map(|limit| FileShelf::new(limit.folder.clone()));
        let memory = how.limit.zip(shelf.as_mut());
        let memory = memory.map(|(limit, shelf)| Memory { bytes: limit.bytes, shelf });
        let input = engine::Input::of(job.registers, batches);
        let input = engine::Input { memory, threads: job.threads, beside: how.beside, ..input };
        engine::run_over(how.plan, input, &options, how.turn, &mut desk).map_err(Box::new)
    });
    let Some(summary) = summary.map_err(|error| stopped(*error))? else { return Ok(None) };
    let mut asides = asides.into_inner();
    let firsts = asides.repeated.firsts(job)?;
    asides.tell_firsts(firsts);
    *kept = asides.kept.take();
    let totals = control_totals(job, &summary, &asides)?;
    let mut remarks = remarks.into_inner();
    for register in &summary.asked_in_vain {
        let table = usize::try_from(*register).ok().and_then(|at| job.names.registers.get(at));
        remarks.extend(table.map(|table| Remark::NoFile(table.name.text.clone())));
    }
    let remedy = asides.alike.filter(|_| totals.read > 1 && asides.count == totals.read);
    let remedy = remedy.map(|(_, why, value)| {
        formats::remedy(why, &value).unwrap_or_else(|| Words::new(String::new(), String::new()))
    });
    Ok(Some(RunReport { totals, first_aside: asides.first, remedy, remarks }))
}

/// The error of the world behind a run that stopped.
pub(super) fn stopped(error: RunError<FormatsError, FormatsError>) -> FormatsError {
    match error {
        RunError::Input(error) | RunError::Sink(error) => error,
        RunError::Internal(what) => FormatsError::Internal(what.to_owned()),
    }
}

/// Counts what is set aside, and hands all outcomes on.
struct Desk<'d, 'j, S> {
    listener: &'d mut S,
    asides: &'d RefCell<Asides<'j>>,
    teller: &'d Teller<'d>,
    interrupted: &'d AtomicBool,
}

impl<S> Sink for Desk<'_, '_, S>
where
    S: Sink,
    FormatsError: From<S::Error>,
{
    type Error = FormatsError;

    fn hear(
        &mut self,
        outcomes: &mut Outcomes,
        accounts: &dyn Accounts,
    ) -> Result<(), FormatsError> {
        // A file that is packed at its end is not asked before.
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(FormatsError::Interrupted);
        }
        for (event, reason) in outcomes.set_asides() {
            self.asides.borrow_mut().event(event, reason)?;
        }
        let count = outcomes.len();
        self.listener.hear(outcomes, accounts)?;
        self.teller.worked_out(count);
        Ok(())
    }

    fn hears_figures(&self) -> bool {
        self.listener.hears_figures()
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
        .map(|(event, sum)| (of(rules.currency_of(EventId(*event)).0), sum))
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
    for (position, totals) in &mut currencies {
        totals.drift = greatest_drift(job, summary, *position);
    }
    Ok(ControlTotals {
        read: summary.events - summary.made + asides.unread,
        made: summary.made,
        allocated: summary.allocated,
        set_aside: summary.set_aside + asides.unread,
        set_aside_unknown: summary.set_aside_unknown + asides.unread_unknown,
        currencies: currencies.into_iter().map(|(_, totals)| totals).collect(),
        residue_units: summary.residue_units,
        open_items: summary.open_items,
    })
}

/// The account and year that is furthest from what it was owed in a currency.
fn greatest_drift(job: &Job<'_>, summary: &engine::Summary, currency: u32) -> Option<Drift> {
    let own = summary.drift.iter().filter(|drift| drift.currency == currency);
    let greatest = own.max_by(|one, other| one.amount.abs().cmp(&other.amount.abs()))?;
    let at = usize::try_from(greatest.account).unwrap_or(usize::MAX);
    let account = job.names.accounts.get(at)?;
    let account =
        crate::report::values::account_label(account, &greatest.key, job.names, job.language);
    Some(Drift { account, year: greatest.year, amount: greatest.amount.clone() })
}
