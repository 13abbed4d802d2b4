//! Replay: every allocation worked out again from the book's own rules and inputs, and held against
//! what is stored, byte for byte.
//!
//! Neighbouring batches by the same rules are one run over what stood before them and their events
//! (`group`); `context` is by what a batch was worked out; `beside` tells what of what stood before bears on
//! them; `rerun` reads what is to be run, as the run asks for it; `hold` holds what comes out against what is
//! stored, `ruling` what settled disputes say, and `compare` one event against its entry.
//! Memory grows with running totals, not with the book.

mod beside;
mod compare;
mod context;
mod copies;
mod group;
mod hold;
mod rerun;
mod ruling;

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::Date;
use crate::book::Book;
use crate::diagnostics::Language;
use crate::engine::{Turn, Wanted};
use crate::formats::FormatsError;

use super::BookTrouble;
use super::owed::Asked;
use super::post::BOOK_FILE;

pub use compare::Difference;
pub(super) use context::{Context, Contexts, choices_of, registers as registers_of};
pub(super) use copies::is_copy_of_another;
use group::{Reach, groups};
pub(super) use group::{Span, furthest, known_on, spans};
pub(super) use rerun::Rerun;

/// What is to be replayed.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Which events.
    pub of: Asked,
    /// Only what the book had learnt of by the end of this day.
    pub known_on: Option<Date>,
    /// The language of reasons.
    pub language: Language,
    /// The folder of the file in which events wait that memory has no room for.
    pub folder: PathBuf,
}

/// What a replay says.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Events and corrections held against what was worked out again.
    pub compared: u64,
    /// The batches they are of, by their first entries.
    pub batches: BTreeSet<u64>,
    /// Of the keys asked about, those of events that are there.
    pub met: BTreeSet<String>,
    /// What differs; the first ones with the story of the event as it comes out now.
    pub differences: Vec<Difference>,
}

/// Differences that are told with their story: whoever has more of them has one cause, or another tool.
const STORIES_MAX: usize = 20;

/// The file by which events of the batches replayed are known; their line is their entry.
pub(super) const GROUP_FILE: u32 = u32::MAX - 2;

/// Files by which events of the book are known.
pub(super) const BOOK_FILES: [u32; 2] = [BOOK_FILE, GROUP_FILE];

/// Replays a book.
///
/// # Errors
/// The book cannot be read, or holds rules that do not compile with this version. Differences are no
/// error but the answer.
pub fn replay(book: &mut Book, asked: &Replay) -> Result<Replayed, BookTrouble> {
    book.hold_end()?;
    let mut all = spans(book)?;
    let end = match asked.known_on {
        Some(day) => known_on(book, &mut all, day)?,
        None => book.size()?,
    };
    let mut contexts = Contexts::new(asked.language);
    let mut replayed = Replayed::default();
    for group in groups(book, all.clone(), Reach::Far)? {
        let found = replay_group(book, (&all, &group), &mut contexts, asked)?;
        let aside =
            group.split_last().is_some_and(|(_, group)| group.iter().any(|it| it.sets_aside));
        if found.differences.is_empty() || !aside {
            replayed.add(book, found, (&all, &group), &mut contexts)?;
            continue;
        }
        // What was set aside may come out otherwise only because later batches were run beside.
        for group in groups(book, group, Reach::UpToAsides)? {
            let found = replay_group(book, (&all, &group), &mut contexts, asked)?;
            replayed.add(book, found, (&all, &group), &mut contexts)?;
        }
    }
    ruling::hold(book, (&all, end), &mut contexts, asked, &mut replayed)?;
    Ok(replayed)
}

/// Replays batches that are worked out in one run, if any of them is asked about.
fn replay_group(
    book: &mut Book,
    (all, group): (&[Span], &[Span]),
    contexts: &mut Contexts,
    asked: &Replay,
) -> Result<Replayed, BookTrouble> {
    let range = &asked.of.range;
    let touched = |span: &Span| span.begun.number < range.end && range.start < span.end;
    let Some(first) = group.first().filter(|_| group.iter().any(touched)) else {
        return Ok(Replayed::default());
    };
    let context = contexts.of(book, &first.begun)?;
    let entries = entries_of(group);
    let rerun = Rerun { context: &context, before: all, entries: &entries };
    match hold::hold(book, &rerun, group, asked, Turn::AsTheyCome)? {
        Some(found) => Ok(found),
        // They were not posted in the order of the rules.
        None => Ok(hold::hold(book, &rerun, group, asked, Turn::Sorted)?
            .ok_or_else(|| FormatsError::Internal("a run that was not made".to_owned()))?),
    }
}

fn entries_of(group: &[Span]) -> Vec<Range<u64>> {
    group.iter().map(|span| span.begun.number..span.end).collect()
}

impl Replayed {
    /// Something of a batch is held against what comes out.
    fn count(&mut self, batch: u64) {
        self.compared += 1;
        self.batches.insert(batch);
    }

    /// Adds what was found of a group; the first differences of all with their stories.
    fn add(
        &mut self,
        book: &mut Book,
        mut found: Replayed,
        (all, group): (&[Span], &[Span]),
        contexts: &mut Contexts,
    ) -> Result<(), BookTrouble> {
        // What differs in one batch differs again where later ones stand on it; it is told once.
        let told: BTreeSet<Option<u64>> = self.differences.iter().map(|it| it.entry).collect();
        found.differences.retain(|it| it.entry.is_none() || !told.contains(&it.entry));
        self.compared += found.compared;
        self.batches.append(&mut found.batches);
        self.met.append(&mut found.met);
        let left = STORIES_MAX.saturating_sub(self.differences.len());
        let told = found.differences.iter_mut().take(left).filter(|it| it.wanted.is_some());
        let told: Vec<&mut Difference> = told.collect();
        if let Some(first) = group.first().filter(|_| !told.is_empty()) {
            let context = contexts.of(book, &first.begun)?;
            let entries = entries_of(group);
            let rerun = Rerun { context: &context, before: all, entries: &entries };
            let wanted = told.iter().filter_map(|it| Some((it.wanted.clone()?, it.of)));
            let wanted: Vec<(Wanted, Option<u64>)> = wanted.collect();
            for (difference, story) in told.into_iter().zip(rerun.stories(book, &wanted)?) {
                difference.story = story.map(|it| (Box::new(it), Arc::clone(&context.rules)));
            }
        }
        self.differences.append(&mut found.differences);
        Ok(())
    }
}
