//! Why one event came out as it did.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::diagnostics::Words;
use crate::engine::{self, Wanted};
use crate::formats::{FormatsError, Layout, Unread, cell_of_text};
use crate::plan;
use crate::report::Sources;
use crate::report::explanation::Grounds;
use crate::report::names::{Kind, Names, Table, nearest};
use crate::rows::{Cell, EventAt, Explanation};

use super::grounds::grounds;
use super::inputs::{Batches, FIRST_REGISTER_FILE};
use super::keys::key_text;
use super::run::Job;

/// What stands in the way of an explanation.
#[derive(Debug)]
pub enum Unexplained {
    /// A file cannot be read.
    Formats(Box<FormatsError>),
    /// There is no such event, or there are several: what is wrong, and what to write.
    Which(Words, Words),
}

impl From<FormatsError> for Unexplained {
    fn from(error: FormatsError) -> Unexplained {
        Unexplained::Formats(Box::new(error))
    }
}

/// Explains one event of a run: `R6`, `E1/2024-01` for a key of two parts, `receipt:R6` where several
/// kinds of events have that key.
///
/// # Errors
/// A file cannot be read, or the text names no event or several.
pub fn explain(job: &Job<'_>, wanted: &str) -> Result<Explanation, Unexplained> {
    let plan = plan::from_checked(job.checked, job.choices);
    let mut found: Vec<Explanation> = Vec::new();
    for candidate in candidates(job.names, wanted) {
        let remarks = RefCell::new(Vec::new());
        let mut unread = |_: Vec<Unread>| Ok(());
        let batches = Batches::new(job.names, job.events, job.mapping, &mut unread, &remarks);
        let options = engine::Options { through: job.through };
        let told = engine::explain(&plan, job.registers.clone(), batches, &options, &candidate);
        let told = told.map_err(|error| match error {
            engine::RunError::Input(error) => error,
            engine::RunError::Sink(never) => match never {},
            engine::RunError::Internal(what) => FormatsError::Internal(what.to_owned()),
        })?;
        found.extend(told);
    }
    match found.len() {
        0 => Err(none_such(job, wanted)?),
        1 => found.pop().ok_or_else(|| which(&[], wanted)),
        _ => {
            let kinds = found.iter().filter_map(|story| table(job.names, story.event));
            let kinds: Vec<&str> = kinds.map(|table| table.name.text.as_str()).collect();
            Err(which(&kinds, wanted))
        }
    }
}

/// The words, clauses and places to tell an explanation with.
pub fn grounds_of(job: &Job<'_>, registers: &[String], sources: &Sources) -> Grounds {
    let mut grounds = grounds(job.checked.rule_set(), sources, job.language);
    let mut files = BTreeMap::new();
    for (number, file) in (0_u32..).zip(job.events) {
        let is_record = file.input.layout == Layout::Json;
        files.insert(number, (shown(file.input.name()), is_record));
    }
    for (number, argument) in (FIRST_REGISTER_FILE..).zip(registers) {
        let name = argument.split_once('=').map_or(argument.as_str(), |(_, file)| file);
        files.insert(number, (shown(name), name.ends_with(".json")));
    }
    grounds.files = files;
    grounds
}

fn shown(file: &str) -> String {
    file.strip_prefix("./").unwrap_or(file).to_owned()
}

/// What the text may mean: an event of each kind whose key it can be.
fn candidates(names: &Names, wanted: &str) -> Vec<Wanted> {
    let (kind, key) = match wanted.split_once([':', '：']) {
        Some((kind, key)) if names.events.iter().any(|it| is_called(it, kind)) => (Some(kind), key),
        _ => (None, wanted),
    };
    let mut found = Vec::new();
    for (event, table) in (0_u32..).zip(&names.events) {
        if kind.is_some_and(|kind| !is_called(table, kind)) {
            continue;
        }
        if let Some(key) = key_of(names, table, key) {
            found.push(Wanted { event, key });
        }
    }
    found
}

fn is_called(table: &Table, spelling: &str) -> bool {
    table.name.spellings().any(|own| own == spelling)
}

/// The text as a key of the table, its parts separated by `/`; a key of one part is the whole text.
fn key_of(names: &Names, table: &Table, text: &str) -> Option<Vec<Cell>> {
    let mut parts: Vec<&str> =
        if table.key.len() == 1 { vec![text] } else { text.split('/').collect() };
    parts.reverse();
    let mut key = Vec::new();
    for at in &table.key {
        let field = table.fields.get(*at)?;
        match &field.kind {
            // A row is known by the parts of its own key.
            Kind::Record(shape) => {
                let shape = names.shapes.get(*shape)?;
                let mut cells = Vec::new();
                for at in &shape.key {
                    let field = shape.fields.get(*at)?;
                    cells.push(cell_of_text(parts.pop()?, &field.kind, names)?);
                }
                key.push(Cell::List(cells));
            }
            kind => key.push(cell_of_text(parts.pop()?, kind, names)?),
        }
    }
    parts.is_empty().then_some(key)
}

fn table(names: &Names, event: u32) -> Option<&Table> {
    usize::try_from(event).ok().and_then(|at| names.events.get(at))
}

fn which(kinds: &[&str], wanted: &str) -> Unexplained {
    let of_kinds: Vec<String> = kinds.iter().map(|kind| format!("{kind}:{wanted}")).collect();
    Unexplained::Which(
        Words::new(
            format!("several events have the key `{wanted}`"),
            format!("有多条事项的键为「{wanted}」"),
        ),
        Words::new(
            format!("write one of {}", of_kinds.join(", ")),
            format!("请写 {} 之一", of_kinds.join("、")),
        ),
    )
}

/// No event has the key: what keys there are, the nearest first.
fn none_such(job: &Job<'_>, wanted: &str) -> Result<Unexplained, FormatsError> {
    let mut keys: Vec<String> = Vec::new();
    let mut unreadable = 0_usize;
    let remarks = RefCell::new(Vec::new());
    let mut unread = |rows: Vec<Unread>| {
        unreadable += rows.len();
        Ok(())
    };
    for batch in Batches::new(job.names, job.events, job.mapping, &mut unread, &remarks) {
        let batch = batch?;
        for row in 0..batch.len() {
            let day = crate::base::Date::MIN;
            let event = EventAt { batch: &batch, row, date: day, booked: day };
            keys.push(key_text(event, job.names));
        }
    }
    let near = nearest(wanted, keys.iter().map(String::as_str));
    let first: Vec<&str> = keys.iter().take(3).map(String::as_str).collect();
    let hint = match (near, first.as_slice()) {
        (Some(near), _) => {
            Words::new(format!("did you mean `{near}`?"), format!("是否应为「{near}」？"))
        }
        (None, []) => {
            Words::new("the files have no events that can be read", "文件中没有可读的事项")
        }
        (None, first) => Words::new(
            format!("keys are {}, …", first.join(", ")),
            format!("键形如 {}……", first.join("、")),
        ),
    };
    let (en, zh) = match unreadable {
        0 => (String::new(), String::new()),
        rows => (
            format!("; {rows} rows cannot be read, see `fenshui run`"),
            format!("；另有 {rows} 行无法读取，见 fenshui run"),
        ),
    };
    let hint = Words::new(hint.en + &en, hint.zh + &zh);
    Ok(Unexplained::Which(
        Words::new(
            format!("no event has the key `{wanted}`"),
            format!("没有键为「{wanted}」的事项"),
        ),
        hint,
    ))
}
