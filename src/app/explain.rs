//! Why one event came out as it did.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::base::Date;
use crate::diagnostics::Words;
use crate::engine::{self, Wanted};
use crate::formats::{FormatsError, Layout, Unread, cell_of_text};
use crate::plan;
use crate::report::Sources;
use crate::report::explanation::Grounds;
use crate::report::names::{Kind, Names, Table, nearest};
use crate::rows::{Cell, EventAt, Explanation};

use super::grounds::grounds;
use super::inputs::FIRST_REGISTER_FILE;
use super::keys::key_text;
use super::reading::Batches;
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

/// The story of an event, and of those that were set aside for having its key.
#[derive(Debug)]
pub struct Explained {
    /// The one allocated, if one was, else the first.
    pub story: Explanation,
    /// The others, in the order taken.
    pub others: Vec<Explanation>,
}

/// Explains one event of a run: `R6`, `E1/2024-01` for a key of two parts, `receipt:R6` where several
/// kinds of events have that key.
///
/// # Errors
/// A file cannot be read, or the text names no event or several.
pub fn explain(job: &Job<'_>, wanted: &str) -> Result<Explained, Unexplained> {
    let plan = plan::from_checked(job.checked, job.choices);
    let mut found: Vec<Explained> = Vec::new();
    for candidate in candidates(job.names, wanted) {
        let remarks = RefCell::new(Vec::new());
        let mut unreadable = Vec::new();
        let mut unread = |rows: Vec<Unread>| {
            let stories = rows.into_iter().filter_map(|row| unread_story(job.names, row));
            unreadable.extend(stories.filter(|story| is_wanted(job.names, story, &candidate)));
            Ok(())
        };
        let batches = Batches::new(job.to_read(), &mut unread, &remarks);
        let options = engine::Options { through: job.through, ..engine::Options::default() };
        let input = engine::Input::of(job.registers, batches);
        let wanted = std::slice::from_ref(&candidate);
        let told = engine::explain(&plan, input, &options, wanted);
        let mut told = told.map_err(|error| match error {
            engine::RunError::Input(error) => error,
            engine::RunError::Sink(never) => match never {},
            engine::RunError::Internal(what) => FormatsError::Internal(what.to_owned()),
        })?;
        told.extend(unreadable);
        found.extend(explained(told));
    }
    match found.len() {
        0 => Err(none_such(job, wanted)?),
        1 => found.pop().ok_or_else(|| which(&[], wanted)),
        _ => {
            let kinds = found.iter().filter_map(|it| table(job.names, it.story.event));
            let mut kinds: Vec<&str> = kinds.map(|table| table.name.text.as_str()).collect();
            kinds.dedup();
            Err(which(&kinds, wanted))
        }
    }
}

/// The story to tell first: of the event that was allocated.
fn explained(mut told: Vec<Explanation>) -> Option<Explained> {
    if told.is_empty() {
        return None;
    }
    let allocated = told.iter().position(|story| story.aside.is_none());
    let story = told.remove(allocated.unwrap_or(0));
    Some(Explained { story, others: told })
}

/// What there is to tell of a row that cannot be read: what it says of itself, and why it is set aside.
fn unread_story(names: &Names, row: Unread) -> Option<Explanation> {
    let (event, fields) = row.event.zip(row.cells)?;
    let effective = table(names, event)?.effective.and_then(|at| fields.get(at));
    let date = match effective {
        Some(Cell::Date(date)) => *date,
        _ => Date::MIN,
    };
    Some(Explanation::of_aside(event, fields, row.origin, date, row.reason))
}

fn is_wanted(names: &Names, story: &Explanation, wanted: &Wanted) -> bool {
    let Some(table) = table(names, story.event).filter(|_| story.event == wanted.event) else {
        return false;
    };
    let key = table.key.iter().map(|at| story.fields.get(*at));
    key.eq(wanted.key.iter().map(Some))
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
        found.extend(keys_of(names, table, key).into_iter().map(|key| Wanted { event, key }));
    }
    found
}

fn is_called(table: &Table, spelling: &str) -> bool {
    table.name.spellings().any(|own| own == spelling)
}

/// The keys of the table that the text can be. Its parts are separated by `/`; since a part may hold
/// that sign itself, every way to cut the text into as many parts as the key has is tried.
fn keys_of(names: &Names, table: &Table, text: &str) -> Vec<Vec<Cell>> {
    let fields: Vec<Vec<&Kind>> =
        table.key.iter().filter_map(|at| parts_of(names, &table.fields.get(*at)?.kind)).collect();
    let count: usize = fields.iter().map(Vec::len).sum();
    let pieces: Vec<&str> = text.split('/').collect();
    let key = |parts: Vec<String>| {
        let mut parts = parts.into_iter();
        let mut key = Vec::new();
        for (kinds, at) in fields.iter().zip(&table.key) {
            let cells: Option<Vec<Cell>> =
                kinds.iter().map(|kind| cell_of_text(&parts.next()?, kind, names)).collect();
            let is_row = matches!(table.fields.get(*at)?.kind, Kind::Record(_));
            // A row is known by the parts of its own key.
            match (is_row, cells?) {
                (true, cells) => key.push(Cell::List(cells)),
                (false, cells) => key.extend(cells),
            }
        }
        Some(key)
    };
    if fields.len() < table.key.len() {
        return Vec::new();
    }
    let mut cuts = Vec::new();
    cut(&pieces, count, &mut Vec::new(), &mut cuts);
    cuts.into_iter().filter_map(key).collect()
}

/// More ways to cut a text than these are not tried.
const CUTS_MAX: usize = 64;

/// Every way to join neighbouring pieces to so many parts.
fn cut(pieces: &[&str], count: usize, before: &mut Vec<String>, cuts: &mut Vec<Vec<String>>) {
    if count == 0 {
        if pieces.is_empty() && cuts.len() < CUTS_MAX {
            cuts.push(before.clone());
        }
        return;
    }
    for length in 1..=pieces.len().saturating_sub(count - 1) {
        let Some((part, rest)) = pieces.split_at_checked(length) else { return };
        before.push(part.join("/"));
        cut(rest, count - 1, before, cuts);
        before.pop();
    }
}

/// The kinds of the parts by which a value is written in a key.
fn parts_of<'n>(names: &'n Names, kind: &'n Kind) -> Option<Vec<&'n Kind>> {
    let Kind::Record(shape) = kind else { return Some(vec![kind]) };
    let shape = names.shapes.get(*shape)?;
    shape.key.iter().map(|at| Some(&shape.fields.get(*at)?.kind)).collect()
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
    for batch in Batches::new(job.to_read(), &mut unread, &remarks) {
        let batch = batch?;
        for row in 0..batch.len() {
            let day = Date::MIN;
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
