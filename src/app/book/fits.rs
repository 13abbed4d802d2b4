//! Whether rules have a place for the events that stand in a book.
//!
//! An event is known by its kind and its key. What rules call otherwise, or know by another key, is
//! another event to them: it would be allocated once more, and what it left would be forgotten.

use std::collections::BTreeSet;

use crate::base::Digest;
use crate::book::{Book, Entry, Event, Part, Schema, read_sent};
use crate::diagnostics::Words;
use crate::report::names::{Names, nearest};

use super::BookTrouble;
use super::history::event_of;
use super::replay::Span;
use super::translate::get;

/// Holds that rules have all kinds of events that batches posted, with the keys that they had.
///
/// # Errors
/// They do not; the book cannot be read.
pub(super) fn fits(
    book: &mut Book,
    spans: &[Span],
    (edition, names): (Digest, &Names),
) -> Result<(), BookTrouble> {
    let mut seen = BTreeSet::new();
    for span in spans.iter().filter(|span| span.begun.batch.edition != edition) {
        let Some(last) = span.end.checked_sub(1) else { continue };
        let Entry::Close(close) = book.entry(last)? else { continue };
        let posted = close.sums.iter().filter(|sums| sums.allocated > 0);
        for kind in posted.filter_map(|sums| sums.kind) {
            if seen.insert((span.begun.batch.edition_entry, kind))
                && let Some(first) = first_of(book, span, kind)?
            {
                kind_fits(&span.begun.edition.schema, first, names)?;
            }
        }
    }
    Ok(())
}

/// Whether rules of another edition stand in a book, so that it has to be asked whether new ones fit.
pub(super) fn has_others(book: &mut Book, edition: Digest) -> Result<bool, BookTrouble> {
    let editions = book.entries_of(&["edition"])?;
    let other = |entry: &Entry| matches!(entry, Entry::Edition(it) if it.digest() != edition);
    Ok(editions.iter().any(|(_, entry)| other(entry)))
}

/// Holds that rules know the kind of an event, by the fields of its key.
fn kind_fits(
    schema: &Schema,
    (entry, event): (u64, Event),
    names: &Names,
) -> Result<(), BookTrouble> {
    let Some(table) = get(&schema.events, event.kind) else { return Ok(()) };
    let Some(there) = names.events.iter().find(|it| it.name.text == table.name) else {
        // Those that the book has are no other name of it.
        let own = |name: &str| schema.events.iter().any(|it| it.name == name);
        let known = names.events.iter().map(|it| it.name.text.as_str()).filter(|name| !own(name));
        return Err(unknown(&table.name, entry, nearest(&table.name, known)));
    };
    let key = |at: &usize| there.fields.get(*at).map(|field| field.name.text.as_str());
    let now: Vec<&str> = there.key.iter().filter_map(key).collect();
    let part = |part: &Part| match part {
        Part::Field { field } => get(&table.fields, *field).map(|it| it.name.as_str()),
        Part::Value { .. } => None,
    };
    let then: Option<Vec<&str>> = event.key.iter().map(part).collect();
    // What nobody sends is known by its day, and a row.
    match then.filter(|then| there.sent && *then != now) {
        Some(then) => Err(known_otherwise(&table.name, entry, (&then, &now))),
        None => Ok(()),
    }
}

/// The first event of a kind that a batch posted.
fn first_of(book: &mut Book, span: &Span, kind: u32) -> Result<Option<(u64, Event)>, BookTrouble> {
    let mut next = span.begun.number;
    while next < span.end {
        let segments = book.segments(next, 1)?;
        let Some(segment) = segments.first() else { break };
        let mut fields = Vec::new();
        for row in segment.rows().filter(|row| (next..span.end).contains(&row.number)) {
            let is_event = row.kind == Entry::EVENT;
            let sent = is_event.then(|| read_sent(row.body, &mut fields)).flatten();
            if sent.is_some_and(|sent| sent.kind == kind) {
                return Ok(Some((row.number, event_of(&row)?)));
            }
        }
        next = segment.end();
    }
    Ok(None)
}

fn unknown(kind: &str, entry: u64, near: Option<&str>) -> BookTrouble {
    let (near_en, near_zh) = match near {
        Some(near) => (
            format!("call `{near}` `{kind}` again, or "),
            format!("请将「{near}」改回「{kind}」，或"),
        ),
        None => (String::new(), String::new()),
    };
    BookTrouble::refused(
        Words::new(
            format!(
                "the book has events `{kind}` (entry {entry}), and these rules have none of that name"
            ),
            format!("账簿中有「{kind}」类事项（如第 {entry} 条），而此规则没有该事项"),
        ),
        Some(Words::new(
            format!(
                "what is called otherwise would be allocated once more: {near_en}keep its declaration; \
                 rules that serve it, a stage or a calendar may end with `until`"
            ),
            format!(
                "改名的事项会被重复分配：{near_zh}保留其声明；为其服务的规则、清算与历日可用 until（至）终止"
            ),
        )),
    )
}

fn known_otherwise(kind: &str, entry: u64, (then, now): (&[&str], &[&str])) -> BookTrouble {
    let (then, now) = (then.join(", "), now.join(", "));
    BookTrouble::refused(
        Words::new(
            format!(
                "the book knows events `{kind}` by ({then}), such as entry {entry}, and these rules by ({now})"
            ),
            format!("账簿中「{kind}」以（{then}）为键（如第 {entry} 条），而此规则以（{now}）为键"),
        ),
        Some(Words::new(
            "under another key the same event would be allocated once more: keep the `unique` fields",
            "键不同，同一事项会被重复分配：请保留原有 unique 字段",
        )),
    )
}
