//! Rows that a batch set aside since an event that was in the book before has their key.
//!
//! Whether the event itself was sent beside such a row stands in no entry: it was in the book already. So
//! nothing is run for the row; what its entry says is what such a row comes to.

use std::collections::BTreeMap;

use crate::book::{Book, Entry, Event, Outcome, read_sent};
use crate::report::names::Names;
use crate::rows::{Origin, Reason};

use super::super::BookTrouble;
use super::super::history::event_of;
use super::super::maker::Maker;
use super::super::places::is_copy;
use super::super::standing::{identity, to_batches, walk_rows};
use super::Span;

/// The copies of some batches, by their entries.
pub(super) fn copies(book: &mut Book, group: &[Span]) -> Result<BTreeMap<u64, Event>, BookTrouble> {
    let mut copies = BTreeMap::new();
    for span in group.iter().filter(|span| span.sets_aside) {
        let (mut rows, start) = (Vec::new(), span.begun.number);
        walk_rows(book, start..span.end, Entry::EVENT, |some| {
            let mut fields = Vec::new();
            for row in some {
                if read_sent(row.body, &mut fields).is_some_and(|sent| !sent.allocated) {
                    rows.push((row.number, event_of(&row)?));
                }
            }
            Ok(())
        })?;
        rows.retain(|(_, event)| is_copy(&event.outcome) && event.origin != Origin::MADE);
        for (number, event) in rows {
            // One whose key is not whole is known by nothing.
            let Ok(identity) = identity(&event, &span.begun.edition.schema) else { continue };
            if book.was_posted_before(&identity, start)? {
                copies.insert(number, event);
            }
        }
    }
    Ok(copies)
}

/// What such a row comes to, as far as that is known without a run.
pub(super) fn comes_to(event: &Event, maker: &Maker<'_>, names: &Names) -> Event {
    let batches = to_batches(std::iter::once((event, event.origin)), names);
    let made = batches.first().and_then(|batch| maker.duplicate(batch, 0));
    let Some(made) = made else { return event.clone() };
    let inflow = match (&made.outcome, &event.outcome) {
        (Outcome::SetAside { inflow: Some(inflow), .. }, _) => Some(*inflow),
        (_, Outcome::SetAside { inflow, .. }) => *inflow,
        _ => None,
    };
    let reason = Reason::DuplicateKey;
    Event { batch: event.batch, outcome: Outcome::SetAside { inflow, reason }, ..made }
}
