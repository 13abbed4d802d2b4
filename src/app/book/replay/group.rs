//! Batches that are worked out in one run: neighbours by the same rules, registers and readings.

use std::ops::Range;

use crate::base::Date;
use crate::book::{Book, BookError, Close, Entry, Outcome, Segment};

use super::super::BookTrouble;
use super::super::standing::{Batches, Begun, walk};

/// A batch, from its first entry to past its last.
#[derive(Debug, Clone)]
pub(in crate::app::book) struct Span {
    pub(in crate::app::book) begun: Begun,
    pub(in crate::app::book) end: u64,
    /// It corrects what stood before.
    pub(in crate::app::book) corrects: bool,
    /// It posted events, and did not only correct some.
    pub(super) posts: bool,
    /// It set events aside or withdrew them, which a later batch may bring again.
    sets_aside: bool,
}

/// The batches of a book, in order. They are found from the last on, by what ends each.
pub(in crate::app::book) fn spans(book: &mut Book) -> Result<Vec<Span>, BookTrouble> {
    let mut end = book.size()?;
    let mut batches = Batches::default();
    let mut spans = Vec::new();
    while let Some(last) = end.checked_sub(1) {
        let Entry::Close(close) = book.entry(last)? else {
            end = last;
            continue;
        };
        if close.batch >= last {
            return Err(BookError::Damaged { entry: last }.into());
        }
        let set_aside: u64 = close.sums.iter().map(|sums| sums.set_aside).sum();
        let unread = if set_aside > 0 { unread(book, close.batch..last)? } else { 0 };
        spans.push(Span {
            begun: batches.get(book, close.batch)?,
            end,
            corrects: close.corrections > 0,
            posts: close.entries > close.corrections + unread,
            sets_aside: set_aside > unread || withdraws(book, &close, last)?,
        });
        end = close.batch;
    }
    spans.reverse();
    Ok(spans)
}

/// How many rows could not be read, of which a batch tells no more than that they are set aside.
fn unread(book: &mut Book, mut entries: Range<u64>) -> Result<u64, BookTrouble> {
    let mut unread = 0;
    while !entries.is_empty() {
        let segments = book.segments(entries.start, SEGMENTS_AT_ONCE)?;
        let Some(last) = segments.last() else { break };
        let rows = segments.iter().flat_map(Segment::rows);
        let rows = rows.filter(|row| entries.contains(&row.number) && row.kind == Entry::UNREAD);
        unread += u64::try_from(rows.count()).unwrap_or(u64::MAX);
        entries.start = last.end();
    }
    Ok(unread)
}

/// Segments read together.
const SEGMENTS_AT_ONCE: usize = 4;

/// Whether a batch corrects events so that they are allocated no more.
fn withdraws(book: &mut Book, close: &Close, end: u64) -> Result<bool, BookTrouble> {
    let mut withdraws = false;
    if close.corrections > 0 {
        walk(book, close.batch..end, |_, entry| {
            if let Entry::Correction(correction) = entry {
                let stands = matches!(correction.outcome, Some(Outcome::Allocated { .. }));
                withdraws |= !stands;
            }
            Ok(())
        })?;
    }
    Ok(withdraws)
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
