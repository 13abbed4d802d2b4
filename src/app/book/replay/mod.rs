//! Replay: every allocation worked out again from the book's own rules and inputs, and held against
//! what is stored, byte for byte.
//!
//! Neighbouring batches by the same rules are one run over what stood before them and their events
//! (`group`); `context` is by what a batch was worked out; `compare` holds one event against its entry.
//! Where nothing that stood before matters, events are run and held against their entries as they are
//! read (`stream`), so that memory does not grow with the book.

mod compare;
mod context;
mod group;
mod stream;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::Date;
use crate::book::{Book, Correction, Entry, Event};
use crate::diagnostics::Language;
use crate::engine::{self, Wanted};
use crate::formats::FormatsError;
use crate::rows::{Batch, Explanation, Origin};

use super::BookTrouble;
use super::maker::Maker;
use super::owed::Asked;
use super::post::{BOOK_FILE, Heard, differs, stopped};
use super::standing::{Standing, identity, to_batches, walk};

pub use compare::Difference;
pub(super) use context::{Context, Contexts, choices_of, registers as registers_of};
use group::groups;
pub(super) use group::{Span, known_on, spans};

/// What is to be replayed.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Which events.
    pub of: Asked,
    /// Only what the book had learnt of by the end of this day.
    pub known_on: Option<Date>,
    /// The language of reasons.
    pub language: Language,
}

/// What a replay says.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Events and corrections held against what was worked out again.
    pub compared: u64,
    /// Batches they are of.
    pub batches: u64,
    /// What differs; the first with the story of the event as it comes out now.
    pub differences: Vec<Difference>,
}

/// The file by which events of the batches replayed are known; their line is their entry.
const GROUP_FILE: u32 = u32::MAX - 2;

/// Files by which events of the book are known.
pub(super) const BOOK_FILES: [u32; 2] = [BOOK_FILE, GROUP_FILE];

/// Replays a book.
///
/// # Errors
/// The book cannot be read, or holds rules that do not compile with this version. Differences are no
/// error but the answer.
pub fn replay(book: &mut Book, asked: &Replay) -> Result<Replayed, BookTrouble> {
    let mut all = spans(book)?;
    if let Some(day) = asked.known_on {
        known_on(&mut all, day);
    }
    let mut contexts = Contexts::new(asked.language);
    let mut replayed = Replayed::default();
    for (at, group) in groups(all).into_iter().enumerate() {
        let touched =
            |span: &Span| span.begun.number < asked.of.range.end && asked.of.range.start < span.end;
        if group.iter().any(touched) {
            replay_group(book, (&group, at == 0), &mut contexts, asked, &mut replayed)?;
        }
    }
    Ok(replayed)
}

/// What a group of batches holds.
struct Posted {
    events: BTreeMap<u64, Event>,
    corrections: Vec<(u64, Correction)>,
}

fn read(book: &mut Book, group: &[Span]) -> Result<Posted, BookTrouble> {
    let mut posted = Posted { events: BTreeMap::new(), corrections: Vec::new() };
    for span in group {
        walk(book, span.begun.number..span.end, |number, entry| {
            match entry {
                Entry::Event(event) => drop(posted.events.insert(number, event)),
                Entry::Correction(it) => posted.corrections.push((number, it)),
                _ => {}
            }
            Ok(())
        })?;
    }
    Ok(posted)
}

/// What goes into the run of a group: what stood before, and its own events as they were sent.
pub(super) struct Input {
    pub(super) standing: Standing,
    pub(super) batches: Vec<Batch>,
}

/// The input of a run over the events of some batches.
pub(super) fn input<'e>(
    book: &mut Book,
    context: &Context,
    before: u64,
    events: impl Iterator<Item = (u64, &'e Event)>,
) -> Result<Input, BookTrouble> {
    let schema = super::schema::schema(context.rules.checked.rule_set());
    let history = super::post::needs_history(&context.plan);
    let mut standing = Standing::read(book, if history { before } else { 0 }, &schema, |_| true)?;
    super::post::follow(&mut standing, &context.plan);
    let names = &context.rules.names;
    let mut batches = standing.batches(names, BOOK_FILE);
    let sent = events.filter(|(_, event)| event.origin != Origin::MADE);
    let sent = sent.map(|(line, event)| (event, Origin { file: GROUP_FILE, line }));
    batches.extend(to_batches(sent, names));
    Ok(Input { standing, batches })
}

/// Runs an input again, all of it.
fn run(context: &Context, batches: Vec<Batch>) -> Result<Vec<Event>, BookTrouble> {
    let maker = Maker::new(&context.rules.names, &context.plan)?;
    let mut heard = Heard::new(&maker, None);
    let input = batches.into_iter().map(Ok::<Batch, FormatsError>);
    engine::run(&context.plan, &context.registers, input, &context.options(), &mut heard)
        .map_err(stopped)?;
    Ok(heard.events)
}

fn replay_group(
    book: &mut Book,
    (group, is_first): (&[Span], bool),
    contexts: &mut Contexts,
    asked: &Replay,
    replayed: &mut Replayed,
) -> Result<(), BookTrouble> {
    let Some(first) = group.first() else { return Ok(()) };
    let context = contexts.of(book, &first.begun)?;
    let streamed = match stream::needs_nothing(&context, group, is_first) {
        true => stream::replay(book, group, &context, asked)?,
        false => None,
    };
    let mut found = match streamed {
        Some(found) => found,
        None => replay_held(book, group, &context, asked)?,
    };
    // What differs in one batch differs again where later ones stand on it; it is told once.
    let told: BTreeSet<Option<u64>> = replayed.differences.iter().map(|it| it.entry).collect();
    found.differences.retain(|it| it.entry.is_none() || !told.contains(&it.entry));
    replayed.compared += found.compared;
    replayed.batches += u64::try_from(group.len()).unwrap_or(0);
    if replayed.differences.is_empty()
        && let Some(difference) = found.differences.first_mut()
        && let Some(wanted) = &difference.wanted
    {
        let posted = read(book, group)?;
        let sent = posted.events.iter().map(|(number, event)| (*number, event));
        let again = input(book, &context, first.begun.number, sent)?.batches;
        let told = story(&context, again, wanted)?;
        difference.story = told.map(|it| (Box::new(it), Arc::clone(&context.rules)));
    }
    replayed.differences.append(&mut found.differences);
    Ok(())
}

/// Replays a group by running what stood before it and all of its events, in memory.
fn replay_held(
    book: &mut Book,
    group: &[Span],
    context: &Context,
    asked: &Replay,
) -> Result<Replayed, BookTrouble> {
    let posted = read(book, group)?;
    let before = group.first().map_or(0, |first| first.begun.number);
    let sent = posted.events.iter().map(|(number, event)| (*number, event));
    let input = input(book, context, before, sent)?;
    let heard = run(context, input.batches)?;
    let comparing = compare::Comparing { names: &context.rules.names, asked };
    held(context, &posted, &input.standing, heard, &comparing)
}

/// Holds what was heard against what is stored.
fn held(
    context: &Context,
    posted: &Posted,
    standing: &Standing,
    heard: Vec<Event>,
    comparing: &compare::Comparing<'_>,
) -> Result<Replayed, BookTrouble> {
    let schema = super::schema::schema(context.rules.checked.rule_set());
    let mut found = Replayed::default();
    let mut made = BTreeMap::new();
    for (number, event) in posted.events.iter().filter(|(_, it)| it.origin == Origin::MADE) {
        made.insert(identity(event, &schema)?, *number);
    }
    let mut corrected: BTreeMap<u64, &(u64, Correction)> =
        posted.corrections.iter().map(|it| (it.1.of, it)).collect();
    let posts = !posted.events.is_empty();
    let mut waiting: BTreeMap<u64, &Event> =
        posted.events.iter().map(|(at, it)| (*at, it)).collect();
    for anew in heard {
        let (entry, stood) = match anew.origin {
            Origin { file: GROUP_FILE, line } => (Some(line), None),
            Origin { file: BOOK_FILE, line } => (None, standing.of_entry(line)),
            _ => {
                let identity = identity(&anew, &schema)?;
                (made.get(&identity).copied(), standing.find(&identity))
            }
        };
        let stood = stood.and_then(|at| standing.events.get(at));
        match (entry.and_then(|entry| Some((entry, waiting.remove(&entry)?))), stood) {
            (Some((entry, event)), _) => comparing.event(entry, event, &anew, &mut found),
            (None, Some(stood)) => match corrected.remove(&stood.by) {
                Some((entry, correction)) => {
                    comparing.correction(*entry, correction, stood, &anew, &mut found);
                }
                // Whoever only corrects may do so by rules that others do not stand by.
                None if posts && differs(stood, &anew.outcome) && !stood.settled => {
                    comparing.stood(stood, Some(&anew), &mut found);
                }
                None => {}
            },
            (None, None) => comparing.surplus(&anew, &mut found),
        }
    }
    for (entry, event) in waiting {
        comparing.missing(entry, event, &mut found);
    }
    let withdrawn = |correction: &Correction| correction.outcome.is_none();
    for (entry, correction) in corrected.into_values().filter(|(_, it)| !withdrawn(it)) {
        comparing.unfounded(*entry, correction, &mut found);
    }
    Ok(found)
}

/// Why an event comes out as it does in a run.
pub(super) fn story(
    context: &Context,
    batches: Vec<Batch>,
    wanted: &Wanted,
) -> Result<Option<Explanation>, BookTrouble> {
    let input = batches.into_iter().map(Ok::<Batch, FormatsError>);
    let options = context.options();
    let told = engine::explain(&context.plan, &context.registers, input, &options, wanted);
    let mut told = told.map_err(|error| match error {
        engine::RunError::Input(error) => BookTrouble::from(error),
        engine::RunError::Sink(never) => match never {},
        engine::RunError::Internal(what) => FormatsError::Internal(what.to_owned()).into(),
    })?;
    let allocated = told.iter().position(|story| story.aside.is_none());
    Ok((!told.is_empty()).then(|| told.swap_remove(allocated.unwrap_or(0))))
}
