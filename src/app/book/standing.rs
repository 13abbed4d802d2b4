//! What of a book stands: allocated events by their latest correction, in the positions of the rules
//! at hand, ready to be run again.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::book::{
    Batch, Because, Book, Correction, Edition, Entry, Event, Identity, Outcome, Schema,
};
use crate::diagnostics::Words;
use crate::report::names::{Kind, Names};
use crate::rows::{self, Cell, Column, Origin, TextColumn, Values, Wholes};

use super::BookTrouble;
use super::maker::part_cells;
use super::translate::{Translated, Translator, get, position};

/// Entries read at a time.
const ENTRIES_A_CHUNK: usize = 4096;

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
    /// It stands as a dispute was settled, whatever the rules say.
    pub(super) settled: bool,
}

/// Events that stand, in the order of their entries.
#[derive(Debug, Default)]
pub(super) struct Standing {
    pub(super) events: Vec<Stood>,
    by_identity: HashMap<Identity, usize>,
    by_entry: HashMap<u64, usize>,
}

impl Standing {
    /// Where an event of this kind and key stands.
    pub(super) fn find(&self, identity: &Identity) -> Option<usize> {
        self.by_identity.get(identity).copied()
    }

    /// Reads what stands before an entry, as far as `wanted` says.
    ///
    /// # Errors
    /// The book cannot be read; an event says something that has no place in the rules at hand.
    pub(super) fn read(
        book: &mut Book,
        before: u64,
        schema: &Schema,
        wanted: impl Fn(&Event) -> bool,
    ) -> Result<Standing, BookTrouble> {
        let mut entries = Vec::new();
        walk(book, 0..before, |number, entry| {
            if matches!(entry, Entry::Event(_) | Entry::Correction(_)) {
                entries.push((number, entry));
            }
            Ok(())
        })?;
        // Editions are few, and stay while their events are translated.
        let mut batches = Batches::default();
        for (_, entry) in &entries {
            if let Entry::Event(Event { batch, .. }) | Entry::Correction(Correction { batch, .. }) =
                entry
            {
                batches.get(book, *batch)?;
            }
        }
        let translators: BTreeMap<u64, Translator<'_>> = batches
            .editions
            .iter()
            .map(|(number, edition)| (*number, Translator::new(&edition.schema, schema)))
            .collect();
        let mut standing = Standing::default();
        for (number, entry) in entries {
            let batch = match &entry {
                Entry::Event(event) => event.batch,
                Entry::Correction(correction) => correction.batch,
                _ => continue,
            };
            let edition = batches.begun.get(&batch).map(|it| it.batch.edition_entry);
            let Some(translator) = edition.and_then(|it| translators.get(&it)) else { continue };
            match entry {
                Entry::Event(event) => standing.add(number, &event, translator, schema, &wanted)?,
                Entry::Correction(it) => standing.correct(number, &it, translator),
                _ => {}
            }
        }
        standing.events.retain(|it| it.by != WITHDRAWN);
        standing.index(schema)?;
        Ok(standing)
    }

    fn add(
        &mut self,
        entry: u64,
        event: &Event,
        translator: &Translator<'_>,
        schema: &Schema,
        wanted: &impl Fn(&Event) -> bool,
    ) -> Result<(), BookTrouble> {
        if !matches!(event.outcome, Outcome::Allocated { .. }) {
            return Ok(());
        }
        let event = match translator.event(event) {
            Translated::Whole(event) => event,
            // Rules that know no such events cannot depend on them.
            Translated::Unknown => return Ok(()),
            Translated::Unfit(field) => return Err(unfit(entry, event, &field, schema)),
        };
        if wanted(&event) {
            self.by_entry.insert(entry, self.events.len());
            let own_rules = translator.is_same();
            let stood = Stood { entry, by: entry, event, own_rules, settled: false };
            self.events.push(stood);
        }
        Ok(())
    }

    fn correct(&mut self, entry: u64, correction: &Correction, translator: &Translator<'_>) {
        let Some(at) = self.by_entry.get(&correction.of).copied() else { return };
        let Some(stood) = self.events.get_mut(at) else { return };
        self.by_entry.insert(entry, at);
        match &correction.outcome {
            Some(outcome @ Outcome::Allocated { .. }) => {
                stood.event.outcome = translator.outcome(outcome);
                stood.own_rules = translator.is_same();
                stood.by = entry;
                stood.settled = matches!(correction.because, Because::Dispute { .. });
            }
            Some(Outcome::SetAside { .. }) | None => stood.by = WITHDRAWN,
        }
    }

    /// The event of an entry, if it stands.
    pub(super) fn of_entry(&self, entry: u64) -> Option<usize> {
        self.by_entry.get(&entry).copied()
    }

    fn index(&mut self, schema: &Schema) -> Result<(), BookTrouble> {
        // What was withdrawn has left its place.
        self.by_entry = self.events.iter().enumerate().map(|(at, it)| (it.entry, at)).collect();
        for (at, stood) in self.events.iter().enumerate() {
            self.by_identity.insert(identity(&stood.event, schema)?, at);
        }
        Ok(())
    }

    /// The events that were sent, as batches to run; the line of each is its entry, and its file is
    /// `file`.
    pub(super) fn batches(&self, names: &Names, file: u32) -> Vec<rows::Batch> {
        let sent = self.events.iter().filter(|it| it.event.origin != Origin::MADE);
        let sent = sent.map(|stood| (&stood.event, Origin { file, line: stood.entry }));
        to_batches(sent, names)
    }
}

/// Stands for no entry.
const WITHDRAWN: u64 = u64::MAX;

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
