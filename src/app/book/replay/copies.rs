//! Rows that a batch set aside since an event that was in the book before has their key.
//!
//! Whether the event itself was sent beside such a row stands in no entry: it was in the book already. So
//! nothing is run for the row; what its entry says is what such a row comes to.

use std::collections::BTreeMap;

use crate::book::{Book, Event, Outcome, Schema};
use crate::report::names::Names;
use crate::rows::{Origin, Reason};

use super::super::BookTrouble;
use super::super::maker::Maker;
use super::super::places::is_copy;
use super::super::standing::{identity, to_batches};
use super::Span;
use super::group::set_aside;

/// The copies of some batches, by their entries.
pub(super) fn copies(book: &mut Book, group: &[Span]) -> Result<BTreeMap<u64, Event>, BookTrouble> {
    let mut copies = BTreeMap::new();
    for span in group.iter().filter(|span| span.sets_aside) {
        for (number, event) in set_aside(book, span)? {
            let sent = event.origin != Origin::MADE;
            if sent && is_copy_of_another(book, &event, &span.begun.edition.schema)? {
                copies.insert(number, event);
            }
        }
    }
    Ok(copies)
}

/// Whether an event was set aside since one that was in the book before its batch has its key.
pub(in crate::app::book) fn is_copy_of_another(
    book: &mut Book,
    event: &Event,
    schema: &Schema,
) -> Result<bool, BookTrouble> {
    // One whose key is not whole is known by nothing.
    match identity(event, schema).ok().filter(|_| is_copy(&event.outcome)) {
        Some(identity) => Ok(book.was_posted_before(&identity, event.batch)?),
        None => Ok(false),
    }
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
