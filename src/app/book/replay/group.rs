//! Batches that are worked out in one run: neighbours by the same rules, registers and readings.

use crate::base::Date;
use crate::book::{Book, Entry, Outcome};

use super::super::BookTrouble;
use super::super::standing::{Batches, Begun, walk};

/// A batch, from its first entry to past its last.
#[derive(Debug, Clone)]
pub(in crate::app::book) struct Span {
    pub(in crate::app::book) begun: Begun,
    pub(in crate::app::book) end: u64,
    /// It corrects what stood before.
    corrects: bool,
    /// It posted events, and did not only correct some.
    posts: bool,
    /// It set events aside or withdrew them, which a later batch may bring again.
    sets_aside: bool,
}

/// The batches before an entry, in order.
pub(in crate::app::book) fn spans(book: &mut Book, before: u64) -> Result<Vec<Span>, BookTrouble> {
    #[derive(Default)]
    struct Found {
        number: u64,
        end: u64,
        corrects: bool,
        posts: bool,
        sets_aside: bool,
    }
    let mut found: Vec<Found> = Vec::new();
    walk(book, 0..before, |number, entry| {
        let end = number + 1;
        match (entry, found.last_mut()) {
            (Entry::Batch(_), _) => found.push(Found { number, end, ..Found::default() }),
            (Entry::Correction(correction), Some(last)) => {
                (last.end, last.corrects) = (end, true);
                let stands = matches!(correction.outcome, Some(Outcome::Allocated { .. }));
                last.sets_aside |= !stands;
            }
            (Entry::Event(event), Some(last)) => {
                (last.end, last.posts) = (end, true);
                last.sets_aside |= matches!(event.outcome, Outcome::SetAside { .. });
            }
            (Entry::Unread(_) | Entry::Close(_), Some(last)) => last.end = end,
            _ => {}
        }
        Ok(())
    })?;
    let mut batches = Batches::default();
    let spans = found.into_iter().map(|Found { number, end, corrects, posts, sets_aside }| {
        Ok(Span { begun: batches.get(book, number)?, end, corrects, posts, sets_aside })
    });
    spans.collect()
}

/// The batches that the book had learnt of by the end of a day: those before the first that it learnt
/// of later.
pub(in crate::app::book) fn known_on(spans: &mut Vec<Span>, day: Date) {
    let later = |span: &Span| span.begun.batch.learnt.date().is_none_or(|learnt| day < learnt);
    let count = spans.iter().position(later).unwrap_or(spans.len());
    spans.truncate(count);
}

/// Parts batches into groups. A batch that corrects begins one, since what it corrects stood otherwise
/// before; one that set events aside, or only corrected, ends one.
pub(in crate::app::book) fn groups(spans: Vec<Span>) -> Vec<Vec<Span>> {
    let mut groups: Vec<Vec<Span>> = Vec::new();
    for span in spans {
        let open = groups.last_mut().filter(|group| {
            let last = group.last();
            last.is_some_and(|last| {
                last.posts && !last.sets_aside && !span.corrects && alike(last, &span)
            })
        });
        match open {
            Some(group) => group.push(span),
            None => groups.push(vec![span]),
        }
    }
    groups
}

fn alike(one: &Span, other: &Span) -> bool {
    let (one, other) = (&one.begun.batch, &other.begun.batch);
    one.edition_entry == other.edition_entry
        && one.registers == other.registers
        && one.readings == other.readings
        && one.through == other.through
}
