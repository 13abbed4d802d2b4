//! What settled disputes say their events add to running totals, worked out again.

use std::collections::BTreeMap;

use crate::book::{Book, Counted, Outcome};

use super::super::BookTrouble;
use super::super::explain::event_behind;
use super::super::history::{History, resolutions};
use super::super::maker::key_text;
use super::super::owed::Counting;
use super::compare::Comparing;
use super::context::Contexts;
use super::{Replay, Replayed, Span};

/// Holds what resolutions before an entry say against what comes out.
pub(super) fn hold(
    book: &mut Book,
    (all, end): (&[Span], u64),
    contexts: &mut Contexts,
    asked: &Replay,
    found: &mut Replayed,
) -> Result<(), BookTrouble> {
    for (number, resolution) in resolutions(book, all, end)? {
        if !asked.of.range.contains(&number) {
            continue;
        }
        let counting = Counting { language: asked.language, folder: &asked.folder };
        let now = counting.counted(book, number, &resolution)?;
        let (stored, now) = (by_entry(&resolution.counted), by_entry(&now));
        let mut entries: Vec<u64> = stored.keys().chain(now.keys()).copied().collect();
        entries.sort_unstable();
        entries.dedup();
        for entry in entries {
            let (stored, now) = (stored.get(&entry).copied(), now.get(&entry).copied());
            if stored != now {
                differs(book, (all, number, entry), (stored, now), (contexts, asked), found)?;
            }
        }
    }
    Ok(())
}

fn by_entry(counted: &[Counted]) -> BTreeMap<u64, &Counted> {
    counted.iter().map(|it| (it.entry, it)).collect()
}

/// An event adds something else to running totals than its resolution says.
fn differs(
    book: &mut Book,
    (all, number, entry): (&[Span], u64, u64),
    (stored, now): (Option<&Counted>, Option<&Counted>),
    (contexts, asked): (&mut Contexts, &Replay),
    found: &mut Replayed,
) -> Result<(), BookTrouble> {
    let (batch, _, event) = event_behind(book, entry)?;
    if !asked.of.is_of(&key_text(&event), &mut found.met) || asked.of.account.is_some() {
        return Ok(());
    }
    let Some(span) = all.iter().find(|span| span.begun.number == batch) else { return Ok(()) };
    let context = contexts.of(book, &span.begun)?;
    let rules = context.rules.checked.rule_set();
    let history = History::read(book, all, number, (&span.begun.edition.schema, rules))?;
    let stood = history.stood(entry, &event)?;
    let leaves = match stood.as_ref().map(|it| &it.event.outcome) {
        Some(Outcome::Allocated { leaves, .. }) => leaves.as_slice(),
        _ => &[],
    };
    let comparing = Comparing { names: &context.rules.names, asked };
    comparing.counted((number, entry), &event, (stored, now), leaves, found);
    Ok(())
}
