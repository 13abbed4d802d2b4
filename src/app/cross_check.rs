//! The compiled engine and the plain evaluator over the same events, held against each other.

use std::cell::RefCell;
use std::collections::HashMap;
use std::convert::Infallible;

use crate::diagnostics::Words;
use crate::engine::{self, RunError};
use crate::formats::{FormatsError, Unread};
use crate::model::ReadingId;
use crate::plan;
use crate::reference::{self, Fate, Payee, Sender};
use crate::report::reason_words;
use crate::rows::{Allocation, Batch, Cell, Origin};

use super::collect::{Account, Collected, EventResult};
use super::reading::Batches;
use super::run::Job;

/// Runs both evaluators over the whole input, in memory, and says where they first differ, or how many
/// events they agree on.
///
/// # Errors
/// A file cannot be read, or one of the evaluators found itself at fault.
pub fn cross_check(job: &Job<'_>) -> Result<Result<u64, Words>, FormatsError> {
    cross_check_over(job, &read_all(job)?)
}

/// The same over events that have been read.
///
/// # Errors
/// One of the evaluators found itself at fault.
pub(super) fn cross_check_over(
    job: &Job<'_>,
    batches: &[Batch],
) -> Result<Result<u64, Words>, FormatsError> {
    let plan = plan::from_checked(job.checked, job.choices);
    let options = engine::Options { through: job.through, ..engine::Options::default() };
    let mut compiled = Collected::default();
    let again = batches.iter().cloned().map(Ok::<Batch, Infallible>);
    let run = engine::run(&plan, job.registers, again, &options, &mut compiled);
    if let Err(error) = run {
        return Err(match error {
            RunError::Internal(what) => FormatsError::Internal(what.to_owned()),
            RunError::Input(never) | RunError::Sink(never) => match never {},
        });
    }
    let readings: Vec<(ReadingId, u32)> =
        job.choices.readings.iter().map(|(reading, option)| (*reading, *option)).collect();
    let rules = job.checked.rule_set();
    let plain = reference::run(rules, &readings, job.registers, batches, job.through)
        .map_err(|error| FormatsError::Internal(error.to_string()))?;
    Ok(first_difference(job, batches, &compiled, &plain))
}

fn read_all(job: &Job<'_>) -> Result<Vec<Batch>, FormatsError> {
    let remarks = RefCell::new(Vec::new());
    // What cannot be read never comes to either evaluator.
    let mut unread = |_: Vec<Unread>| Ok(());
    Batches::new(job.to_read(), &mut unread, &remarks).collect()
}

/// What tells an event apart: its place in the data, or for one that was made, its kind and how many
/// of the kind came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Which {
    Sent(Origin),
    Made(u32, u64),
}

fn first_difference(
    job: &Job<'_>,
    batches: &[Batch],
    compiled: &Collected,
    plain: &[reference::Outcome],
) -> Result<u64, Words> {
    let mut made: HashMap<u32, u64> = HashMap::new();
    let mut nth = |event: u32| {
        let count = made.entry(event).or_insert(0);
        *count += 1;
        Which::Made(event, *count)
    };
    let mut by_event: HashMap<Which, &reference::Outcome> = HashMap::new();
    for outcome in plain {
        let which = match outcome.sender {
            Sender::Data { batch, row } => {
                let origin = batches.get(batch).and_then(|batch| batch.origins.get(row));
                Which::Sent(origin.copied().unwrap_or(Origin::MADE))
            }
            Sender::Calendar | Sender::Stage => nth(outcome.event),
        };
        by_event.insert(which, outcome);
    }
    let mut made: HashMap<u32, u64> = HashMap::new();
    let mut agreed = 0_u64;
    for event in &compiled.events {
        let which = match event.origin {
            Origin::MADE => {
                let count = made.entry(event.event).or_insert(0);
                *count += 1;
                Which::Made(event.event, *count)
            }
            origin => Which::Sent(origin),
        };
        let Some(other) = by_event.remove(&which) else {
            return Err(differ(job, event, "an outcome", "none"));
        };
        if let Some((one, two)) = differing(job, event, other) {
            return Err(differ(job, event, &one, &two));
        }
        agreed += 1;
    }
    match by_event.len() {
        0 => Ok(agreed),
        left => Err(Words::new(
            format!("the plain evaluator has {left} events more than the compiled one"),
            format!("直译求值器比编译求值器多 {left} 条事项"),
        )),
    }
}

/// What each of the two says, where they do not say the same.
fn differing(
    job: &Job<'_>,
    event: &EventResult,
    other: &reference::Outcome,
) -> Option<(String, String)> {
    let aside = |reason| {
        format!("set aside: {}", reason_words(reason, Some(event.event), job.names).what.en)
    };
    match (&event.outcome, &other.fate) {
        (Err(one), Fate::SetAside(two)) => (one != two).then(|| (aside(one), aside(two))),
        (Err(one), Fate::Allocated { .. }) => Some((aside(one), "allocated".into())),
        (Ok(_), Fate::SetAside(two)) => Some(("allocated".into(), aside(two))),
        (Ok(one), Fate::Allocated { leaves, figures, open_items }) => {
            let two: Vec<(Account, _, u32)> = leaves
                .iter()
                .map(|leaf| {
                    let account: Account = match &leaf.payee {
                        Payee::Account(account, key) => Some((*account, key.clone())),
                        Payee::Undetermined => None,
                    };
                    (account, leaf.amount, leaf.leg.unwrap_or(Allocation::BY_SETTLEMENT))
                })
                .collect();
            let one: Vec<(Account, _, u32)> = one
                .leaves
                .iter()
                .map(|(account, amount, leg)| {
                    let beside = *leg >= Allocation::BY_CLOSING;
                    let leg = if beside { Allocation::BY_SETTLEMENT } else { *leg };
                    (account.clone(), *amount, leg)
                })
                .collect();
            if one != two {
                return Some((amounts(job, event, &one), amounts(job, event, &two)));
            }
            let known: Vec<(u32, Vec<Cell>, Cell)> = figures
                .iter()
                .map(|figure| (figure.figure, figure.key.clone(), figure.value.clone()))
                .collect();
            if event.figures != known {
                return Some((
                    format!("figures {:?}", event.figures),
                    format!("figures {known:?}"),
                ));
            }
            (event.open_items != *open_items).then(|| {
                (format!("open items {:?}", event.open_items), format!("open items {open_items:?}"))
            })
        }
    }
}

fn amounts(
    job: &Job<'_>,
    event: &EventResult,
    leaves: &[(Account, crate::base::Money, u32)],
) -> String {
    let at = usize::try_from(event.event).unwrap_or(usize::MAX);
    let scale = job.names.events.get(at).map_or(2, |table| table.currency.scale);
    let texts: Vec<String> = leaves
        .iter()
        .map(|(account, amount, _)| {
            let name = match account {
                None => "undetermined".to_owned(),
                Some((account, key)) => usize::try_from(*account)
                    .ok()
                    .and_then(|at| job.names.accounts.get(at))
                    .map_or_else(String::new, |account| {
                        crate::report::values::account_text(account, key, job.names)
                    }),
            };
            format!("{name} {}", amount.format(scale))
        })
        .collect();
    if texts.is_empty() { "nothing".into() } else { texts.join("; ") }
}

fn differ(job: &Job<'_>, event: &EventResult, compiled: &str, plain: &str) -> Words {
    let file = usize::try_from(event.origin.file).ok().and_then(|at| job.events.get(at));
    let at = usize::try_from(event.event).unwrap_or(usize::MAX);
    let kind = job.names.events.get(at).map_or("", |table| table.name.text.as_str());
    let place = match file {
        Some(file) => format!("{kind} ({}:{})", file.input.name(), event.origin.line),
        None => kind.to_owned(),
    };
    Words::new(
        format!("the two evaluators differ at {place}: compiled: {compiled}; plain: {plain}"),
        format!("两个求值器在 {place} 结果不同：编译：{compiled}；直译：{plain}"),
    )
}
