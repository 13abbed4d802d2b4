//! Events of a book: what stands of them, what they are known by, and batches of them to be run again.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::book::{Batch, Book, Edition, Entry, Event, Identity, Row, Said, Schema, Segment};
use crate::diagnostics::Words;
use crate::report::names::{Kind, Names};
use crate::rows::{self, Cell, Column, Origin, TextColumn, Values, Wholes};

use super::BookTrouble;
use super::maker::part_cells;
use super::translate::{Shared, get, position};

/// Entries read at a time.
const ENTRIES_A_CHUNK: usize = 4096;
/// Segments read together.
const SEGMENTS_AT_ONCE: usize = 4;

/// Hands each entry of a range to a function, in order.
///
/// # Errors
/// The book cannot be read, or the function says so.
pub fn walk(
    book: &mut Book,
    range: std::ops::Range<u64>,
    mut each: impl FnMut(u64, Entry) -> Result<(), BookTrouble>,
) -> Result<(), BookTrouble> {
    let mut next = range.start;
    while next < range.end {
        let left = usize::try_from(range.end - next).unwrap_or(usize::MAX);
        let entries = book.entries(next, left.min(ENTRIES_A_CHUNK))?;
        let Some((last, _)) = entries.last() else { break };
        next = last + 1;
        for (number, entry) in entries {
            each(number, entry)?;
        }
    }
    Ok(())
}

/// Hands the entries of one kind of a range to a function as they are stored, some at a time, in order.
///
/// # Errors
/// The book cannot be read, or the function says so.
pub(super) fn walk_rows(
    book: &mut Book,
    range: std::ops::Range<u64>,
    kind: u8,
    mut some: impl FnMut(&mut dyn Iterator<Item = Row<'_>>) -> Result<(), BookTrouble>,
) -> Result<(), BookTrouble> {
    let mut next = range.start;
    while next < range.end {
        let segments = book.segments(next, SEGMENTS_AT_ONCE)?;
        let Some(last) = segments.last() else { break };
        let own = |row: &Row<'_>| (next..range.end).contains(&row.number) && row.kind == kind;
        some(&mut segments.iter().flat_map(Segment::rows).filter(own))?;
        next = last.end();
    }
    Ok(())
}

/// A batch and its edition.
#[derive(Debug, Clone)]
pub(super) struct Begun {
    pub(super) number: u64,
    pub(super) batch: Rc<Batch>,
    pub(super) edition: Rc<Edition>,
}

/// Reads batches with their editions, each edition once.
#[derive(Debug, Default)]
pub(super) struct Batches {
    editions: BTreeMap<u64, Rc<Edition>>,
    begun: BTreeMap<u64, Begun>,
}

impl Batches {
    /// The batch that begins at an entry.
    pub(super) fn get(&mut self, book: &mut Book, number: u64) -> Result<Begun, BookTrouble> {
        if let Some(begun) = self.begun.get(&number) {
            return Ok(begun.clone());
        }
        let damaged = crate::book::BookError::Damaged { entry: number };
        let Entry::Batch(batch) = book.entry(number)? else { return Err(damaged.into()) };
        let edition = match self.editions.get(&batch.edition_entry) {
            Some(edition) => Rc::clone(edition),
            None => {
                let Entry::Edition(edition) = book.entry(batch.edition_entry)? else {
                    return Err(damaged.into());
                };
                Rc::clone(self.editions.entry(batch.edition_entry).or_insert(Rc::new(edition)))
            }
        };
        let begun = Begun { number, batch: Rc::new(batch), edition };
        self.begun.insert(number, begun.clone());
        Ok(begun)
    }
}

/// An allocated event that stands.
#[derive(Debug, Clone)]
pub(super) struct Stood {
    /// Its entry.
    pub(super) entry: u64,
    /// The entry by which it stands: its own, or that of its latest correction.
    pub(super) by: u64,
    /// The event, with the outcome that stands.
    pub(super) event: Event,
    /// It was posted by these very rules.
    pub(super) own_rules: bool,
    /// It was posted by these rules, or by others whose rules for it have the same legs.
    pub(super) own_legs: bool,
    /// Of what it says besides amounts, what these rules say too; nothing where these very rules said it.
    pub(super) shared: Option<Arc<Shared>>,
    /// It stands as a dispute was settled, whatever the rules say.
    pub(super) settled: bool,
}

impl Stood {
    /// Whether by these rules it says something else besides amounts, as far as they say the same things
    /// as those by which it was said.
    pub(super) fn says_otherwise(&self, now: &Said) -> bool {
        match &self.shared {
            Some(shared) => shared.of(&self.event.said()) != shared.of(now),
            None => {
                (&self.event.figures, &self.event.open_items) != (&now.figures, &now.open_items)
            }
        }
    }

    /// The event as it stands and with what it says besides amounts now, as far as the one can be held
    /// against the other.
    pub(super) fn with_said(&self, now: &Said) -> (Event, Event) {
        let stood = self.event.said();
        let (stood, now) = match &self.shared {
            Some(shared) => (shared.of(&stood), shared.of(now)),
            None => (stood, now.clone()),
        };
        let event = |said: Said| {
            let Said { figures, open_items } = said;
            Event { figures, open_items, ..self.event.clone() }
        };
        (event(stood), event(now))
    }

    /// What a correction has to say besides amounts: nothing, where nothing is said and nothing was.
    pub(super) fn said_anew(&self, now: &Said) -> Option<Said> {
        (self.event.said() != Said::default() || *now != Said::default()).then(|| now.clone())
    }
}

/// The identity of an event.
pub(super) fn identity(event: &Event, schema: &Schema) -> Result<Identity, BookTrouble> {
    let kind = get(&schema.events, event.kind).map_or("", |table| table.name.as_str());
    Ok(Identity::new(kind, &part_cells(&event.key, event))?)
}

pub(super) fn unfit(entry: u64, event: &Event, field: &str, schema: &Schema) -> BookTrouble {
    let kind = get(&schema.events, event.kind).map_or("", |table| table.name.as_str());
    BookTrouble::said(
        Words::new(
            format!("entry {entry} of the book: these rules have no place for its `{field}`"),
            format!("账簿第 {entry} 条：此规则容不下其字段「{field}」"),
        ),
        Some(Words::new(
            format!("events `{kind}` must keep the names of their fields and members"),
            format!("事项「{kind}」的字段名与成员名须保持不变"),
        )),
    )
}

/// Events as batches of columns; neighbours of one kind stand in one.
pub(super) fn to_batches<'e>(
    events: impl Iterator<Item = (&'e Event, Origin)>,
    names: &Names,
) -> Vec<rows::Batch> {
    let mut batches: Vec<rows::Batch> = Vec::new();
    events.for_each(|(event, origin)| add_event(&mut batches, event, origin, names));
    batches
}

/// Adds an event to batches; nothing where there is no such kind.
pub(super) fn add_event(
    batches: &mut Vec<rows::Batch>,
    event: &Event,
    origin: Origin,
    names: &Names,
) {
    let Some(batch) = batch_for(batches, event.kind, names) else { return };
    batch.origins.push(origin);
    for (at, column) in batch.columns.iter_mut().enumerate() {
        column.push(get(&event.fields, position(at)).cloned().unwrap_or(Cell::Missing));
    }
}

/// The batch that takes the next event of a kind; none where there is no such kind.
pub(super) fn batch_for<'b>(
    batches: &'b mut Vec<rows::Batch>,
    kind: u32,
    names: &Names,
) -> Option<&'b mut rows::Batch> {
    let table = get(&names.events, kind)?;
    if batches.last().is_none_or(|it| it.event != kind || it.len() >= ROWS_MAX) {
        let columns = table.fields.iter().map(|field| match field.computed {
            true => Column::Absent,
            false => column(&field.kind),
        });
        let columns = columns.collect();
        batches.push(rows::Batch { event: kind, columns, origins: Vec::new() });
    }
    batches.last_mut()
}

const ROWS_MAX: usize = 4096;

fn column(kind: &Kind) -> Column {
    match kind {
        Kind::Bool => Column::Bool(Values::default()),
        Kind::Integer => Column::Integer(Wholes::default()),
        Kind::Rate | Kind::Number => Column::Number(Values::default()),
        Kind::Money(_) => Column::Money(Wholes::default()),
        Kind::Date => Column::Date(Values::default()),
        Kind::Period(_) => Column::Period(Values::default()),
        Kind::Text => Column::Text(TextColumn::default()),
        Kind::Member(_) => Column::Member(Values::default()),
        Kind::Duration | Kind::List(_) | Kind::Record(_) => Column::Cells(Vec::new()),
    }
}
