//! Batches that are worked out in one run: neighbours by the same rules, registers and readings.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::base::Date;
use crate::book::{Book, BookError, Close, Entry, Event, Identity, Moment, Outcome, read_sent};

use super::super::BookTrouble;
use super::super::history::{event_of, resolutions};
use super::super::standing::{Batches, Begun, identity, walk, walk_rows};

/// A batch, from its first entry to past its last.
#[derive(Debug, Clone)]
pub(in crate::app::book) struct Span {
    pub(in crate::app::book) begun: Begun,
    pub(in crate::app::book) end: u64,
    /// It corrects what stood before.
    pub(in crate::app::book) corrects: bool,
    /// It posted events, and did not only correct some.
    pub(in crate::app::book) posts: bool,
    /// It set events aside, which a later batch may bring again.
    pub(in crate::app::book) sets_aside: bool,
    /// It withdrew events, which a later batch may bring again.
    withdraws: bool,
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
            // One of nothing at all may have asked for calendar events.
            posts: close.corrections == 0 || close.entries > close.corrections + unread,
            sets_aside: set_aside > unread,
            withdraws: withdraws(book, &close, last)?,
        });
        end = close.batch;
    }
    spans.reverse();
    Ok(spans)
}

/// The last day up to which any batch asked for calendar events: what they made goes on being made.
pub(in crate::app::book) fn furthest<'s>(
    spans: impl IntoIterator<Item = &'s Span>,
) -> Option<Date> {
    spans.into_iter().filter_map(|span| span.begun.batch.through).max()
}

/// How many rows could not be read, of which a batch tells no more than that they are set aside.
fn unread(book: &mut Book, entries: Range<u64>) -> Result<u64, BookTrouble> {
    let mut unread = 0;
    walk_rows(book, entries, Entry::UNREAD, |rows| {
        unread += u64::try_from(rows.count()).unwrap_or(u64::MAX);
        Ok(())
    })?;
    Ok(unread)
}

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

/// Leaves the batches that the book had learnt of by the end of a day, and says how many entries: up to the
/// last batch or settlement of then. What stands before it was known by then too, whatever the clock of who
/// posted it said.
pub(in crate::app::book) fn known_on(
    book: &mut Book,
    spans: &mut Vec<Span>,
    day: Date,
) -> Result<u64, BookTrouble> {
    let by_then = |learnt: Moment| learnt.date().is_some_and(|learnt| learnt <= day);
    let batch = spans.iter().rfind(|span| by_then(span.begun.batch.learnt));
    let batch = batch.map_or(0, |span| span.end);
    let size = book.size()?;
    let settled = resolutions(book, spans, size)?;
    let settled = settled.iter().rfind(|(_, settled)| by_then(settled.learnt));
    let end = settled.map_or(0, |(number, _)| number + 1).max(batch);
    spans.retain(|span| span.end <= end);
    Ok(end)
}

/// How many batches may be worked out in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// As many as can be, where nothing that was set aside comes again.
    Far,
    /// None after one that set something aside: what is set aside may come out otherwise among events that
    /// were posted later.
    UpToAsides,
}

/// Parts batches into groups. A batch that corrects begins one, since what it corrects stood otherwise
/// before; one that withdrew events, or only corrected, ends one, and so does a dispute that is settled.
/// An event that was set aside and comes again would be one that comes twice.
pub(super) fn groups(
    book: &mut Book,
    spans: Vec<Span>,
    reach: Reach,
) -> Result<Vec<Vec<Span>>, BookTrouble> {
    let behind = match reach {
        Reach::Far => come_again(book, &spans)?,
        Reach::UpToAsides => BTreeMap::new(),
    };
    let mut groups: Vec<Vec<Span>> = Vec::new();
    for span in spans {
        let aside = behind.get(&span.begun.number);
        let last = groups.last().and_then(|group| group.last());
        let settled = match last {
            Some(last) => settles(book, last.end..span.begun.number)?,
            None => false,
        };
        let joins = |group: &Vec<Span>| {
            let (Some(first), Some(last)) = (group.first(), group.last()) else { return false };
            let parted = match reach {
                Reach::Far => aside.is_some_and(|aside| first.begun.number < *aside),
                Reach::UpToAsides => last.sets_aside,
            };
            let settled = settled || last.withdraws || span.corrects;
            last.posts && !settled && alike(last, &span) && !parted
        };
        match groups.last_mut().filter(|group| joins(group)) {
            Some(group) => group.push(span),
            None => groups.push(vec![span]),
        }
    }
    Ok(groups)
}

/// Whether a dispute was settled between two batches: what it upheld stands from there on.
fn settles(book: &mut Book, between: Range<u64>) -> Result<bool, BookTrouble> {
    let mut settles = false;
    walk(book, between, |_, entry| {
        settles |= matches!(entry, Entry::Resolution(_));
        Ok(())
    })?;
    Ok(settles)
}

/// For batches that bring again what was set aside, the last entry of such: mostly none.
fn come_again(book: &mut Book, spans: &[Span]) -> Result<BTreeMap<u64, u64>, BookTrouble> {
    let mut behind = BTreeMap::new();
    for span in spans.iter().filter(|span| span.sets_aside) {
        let asides = asides(book, span)?;
        let identities: Vec<Identity> = asides.values().cloned().collect();
        for (aside, latest) in asides.keys().zip(book.latest(&identities)?) {
            let at = spans.partition_point(|it| latest.is_some_and(|latest| it.end <= latest));
            if let Some(again) = spans.get(at).filter(|it| span.begun.number < it.begun.number) {
                let last: &mut u64 = behind.entry(again.begun.number).or_default();
                *last = (*last).max(*aside);
            }
        }
    }
    Ok(behind)
}

/// What the events that a batch set aside are known by, by their entries.
fn asides(book: &mut Book, span: &Span) -> Result<BTreeMap<u64, Identity>, BookTrouble> {
    // One whose key is not whole is known by nothing.
    let known = |(number, event): (u64, Event)| {
        Some((number, identity(&event, &span.begun.edition.schema).ok()?))
    };
    Ok(set_aside(book, span)?.into_iter().filter_map(known).collect())
}

/// The events that a batch set aside, with their entries.
pub(super) fn set_aside(book: &mut Book, span: &Span) -> Result<Vec<(u64, Event)>, BookTrouble> {
    let mut asides = Vec::new();
    walk_rows(book, span.begun.number..span.end, Entry::EVENT, |rows| {
        let mut fields = Vec::new();
        for row in rows {
            if read_sent(row.body, &mut fields).is_some_and(|sent| !sent.allocated) {
                asides.push((row.number, event_of(&row)?));
            }
        }
        Ok(())
    })?;
    Ok(asides)
}

fn alike(one: &Span, other: &Span) -> bool {
    let (one, other) = (&one.begun.batch, &other.begun.batch);
    one.edition_entry == other.edition_entry
        && one.registers == other.registers
        && one.readings == other.readings
        && one.through == other.through
}
