//! The events of a file, in batches.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use crate::report::names::{Names, Table, nearest};
use crate::rows::{Batch, Column};

use super::columns::{Assigned, Bound, assigned, kinds_by_spelling};
use super::error::FormatsError;
use super::event_reader::{EventReader, Filling, Kinds, Parsed, Unread};
use super::heads::with_cause;
use super::input::{Input, Layout};
use super::lookalikes::Lookalikes;
use super::mapping::{Mapping, did_you_mean};
use super::raw::{RawBlock, RawRows, column_names};
use super::set_asides::added_columns;
use super::table_reader::{RecordNames, TableReader};

/// Reads the events of one file.
///
/// Whoever reads alone asks for batch after batch. Whoever has help takes blocks, has each read by
/// the file's [`reader`](Events::reader), and gives back what they hold in the same order.
#[derive(Debug)]
pub struct Events<'n> {
    reader: Arc<EventReader<'n>>,
    rows: RawRows,
    known: RecordNames,
    /// For each event kind, what is not a batch yet.
    begun: Vec<Option<Batch>>,
    /// Batches to be handed out.
    ready: VecDeque<Batch>,
    ignored: BTreeSet<String>,
    /// How many rows there were, readable or not.
    rows_read: u64,
    /// Whether any could not be read.
    any_unread: bool,
    /// Whether it is a file of rows set aside.
    were_set_aside: bool,
    lookalikes: Lookalikes,
    /// How many rows a batch of several kinds has.
    batch_rows: usize,
}

/// No more records than these are read at once: what they list should still be near when it is asked for.
const RECORDS_MAX: usize = 2048;

/// Rows of a file that have been taken from it, to be read by its reader.
#[derive(Debug)]
pub struct EventBlock(Taken);

#[derive(Debug)]
enum Taken {
    Block(RawBlock),
    /// Records are read as they are taken.
    Parsed(Parsed),
}

impl EventReader<'_> {
    /// Reads what a block holds.
    pub fn read(&self, block: EventBlock) -> Parsed {
        match block.0 {
            Taken::Block(RawBlock::Text(block)) => {
                let parsed = self.parse(&block);
                Parsed { spare: Some(block.bytes), ..parsed }
            }
            Taken::Block(RawBlock::Columns(block)) => self.parse_columns(&block),
            Taken::Parsed(parsed) => parsed,
        }
    }
}

impl<'n> Events<'n> {
    /// Starts to read a file, the position of which is put into each row's origin. The event kind
    /// may be given by name.
    ///
    /// # Errors
    /// The file cannot be read, its kind cannot be told, or its columns do not fit.
    pub fn open(
        names: &'n Names,
        input: &Input,
        file: u32,
        kind: Option<&str>,
        mapping: &Mapping,
    ) -> Result<Events<'n>, FormatsError> {
        let given = kind.and_then(|kind| event_named(names, kind));
        Events::open_as(names, input, file, given, mapping).map_err(|error| {
            let may_be = |at: &usize| given.is_none_or(|given| given == *at);
            let tables = names.events.iter().enumerate().filter(|(at, it)| it.sent && may_be(at));
            let tables: Vec<&Table> = tables.map(|(_, table)| table).collect();
            with_cause(error, input, &tables, mapping)
        })
    }

    fn open_as(
        names: &'n Names,
        input: &Input,
        file: u32,
        given: Option<usize>,
        mapping: &Mapping,
    ) -> Result<Events<'n>, FormatsError> {
        let rows = RawRows::open(input)?;
        let header = rows.header.clone();
        let is_csv = !header.is_empty();
        let columns = if is_csv { header.clone() } else { column_names(input)? };
        // What such a file adds to its rows says nothing of them.
        let added = added_columns(&columns);
        let mapping = &mapping.apart_from(&added);
        let assigned = match given {
            Some(kind) => Assigned::Kind(kind),
            // A file of records without a single one: nothing to assign.
            None if columns.is_empty() => Assigned::ByColumn(String::new()),
            None => assigned(&columns, names, mapping, input.name())?,
        };
        // Rows that were set aside together may have come from files with other names for their columns.
        let told_apart = |bound: Bound| match added.is_empty() {
            true => bound,
            false => bound.with_alternatives(),
        };
        let mut readers: Vec<Option<TableReader<'n>>> = names.events.iter().map(|_| None).collect();
        let mut ignored = BTreeSet::new();
        let mut read = |kind: usize, bound: &Bound| {
            if let (Some(table), Some(place)) = (names.events.get(kind), readers.get_mut(kind)) {
                let columns = header.len();
                let (from, mapping) = (bound.from.clone(), mapping.of(table));
                *place = Some(TableReader::new(names, kind, table, from, mapping, columns));
            }
        };
        let kinds = match assigned {
            Assigned::Kind(kind) => {
                if let Some(table) = names.events.get(kind) {
                    let bound = told_apart(Bound::new(&columns, table, &mapping.of(table)));
                    // Records may each lack what another has: they are judged one by one.
                    let bound =
                        if is_csv { bound.checked(&columns, table, input.name())? } else { bound };
                    rows.check(table, &bound.from, input.name())?;
                    let unused = bound.unused.iter().filter_map(|at| columns.get(*at));
                    ignored.extend(unused.filter(|column| !added.contains(*column)).cloned());
                    read(kind, &bound);
                }
                Kinds::One(kind)
            }
            Assigned::ByColumn(column) => {
                let at = columns.iter().position(|name| *name == column);
                let mut unused: BTreeSet<usize> = (0..columns.len()).collect();
                for (kind, table) in names.events.iter().enumerate().filter(|(_, it)| it.sent) {
                    let bound = told_apart(Bound::new(&columns, table, &mapping.of(table)));
                    // A file need not have every kind; which column counts must be clear all the same.
                    let bound = if is_csv {
                        bound.without_doubles(&columns, table, input.name())?
                    } else {
                        bound
                    };
                    rows.check(table, &bound.from, input.name())?;
                    unused.retain(|at| bound.unused.contains(at));
                    read(kind, &bound);
                }
                let unused = unused.into_iter().filter(|place| is_csv && Some(*place) != at);
                let unused = unused.filter_map(|at| columns.get(at));
                ignored.extend(unused.filter(|column| !added.contains(*column)).cloned());
                Kinds::ByColumn { column, at, kinds: kinds_by_spelling(names) }
            }
        };
        let events = Events::new((kinds, readers), rows, ignored, input, file);
        Ok(Events { were_set_aside: !added.is_empty(), ..events })
    }

    /// Reads the rows of a table that is no event kind, as if it were the only one.
    pub(super) fn of_table(
        reader: TableReader<'n>,
        rows: RawRows,
        input: &Input,
        file: u32,
    ) -> Events<'n> {
        Events::new((Kinds::One(0), vec![Some(reader)]), rows, BTreeSet::new(), input, file)
    }

    fn new(
        (kinds, readers): (Kinds, Vec<Option<TableReader<'n>>>),
        rows: RawRows,
        ignored: BTreeSet<String>,
        input: &Input,
        file: u32,
    ) -> Events<'n> {
        let delimiter = match input.layout {
            Layout::Csv { delimiter } => delimiter,
            Layout::Json | Layout::Ndjson | Layout::Sheet | Layout::Parquet | Layout::Arrow => 0,
        };
        let begun = readers.iter().map(|_| None).collect();
        let header = rows.header.clone();
        let guarded = rows.guarded;
        let reader = EventReader { file, header, delimiter, guarded, kinds, readers };
        Events {
            reader: Arc::new(reader),
            rows,
            known: RecordNames::default(),
            begun,
            ready: VecDeque::new(),
            ignored,
            rows_read: 0,
            any_unread: false,
            were_set_aside: false,
            lookalikes: Lookalikes::default(),
            batch_rows: input.pieces.batch_rows,
        }
    }

    /// The next rows of one kind; rows that cannot be read are added to `unread`. `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read on.
    pub fn next_batch(&mut self, unread: &mut Vec<Unread>) -> Result<Option<Batch>, FormatsError> {
        loop {
            if let Some(batch) = self.ready() {
                return Ok(Some(batch));
            }
            let Some(block) = self.next_block()? else {
                self.end();
                return Ok(self.ready());
            };
            let parsed = self.reader.read(block);
            let any_unread = !parsed.unread.is_empty();
            self.take_in(parsed, unread);
            if self.ready.is_empty() && any_unread {
                // They should be taken away before more are found.
                return Ok(Some(self.empty_batch()));
            }
        }
    }

    /// The event kind of all rows of the file, where no column says it.
    pub fn kind(&self) -> Option<usize> {
        match self.reader.kinds {
            Kinds::One(kind) => Some(kind),
            Kinds::ByColumn { .. } => None,
        }
    }

    /// What reads blocks of this file.
    pub fn reader(&self) -> Arc<EventReader<'n>> {
        self.reader.clone()
    }

    /// The next block of the file; `None` at its end.
    ///
    /// # Errors
    /// The file cannot be read on.
    pub fn next_block(&mut self) -> Result<Option<EventBlock>, FormatsError> {
        if self.rows.has_blocks() {
            return Ok(self.rows.next_block()?.map(|block| EventBlock(Taken::Block(block))));
        }
        let mut filling = Filling::new(&self.reader, 0);
        filling.known = std::mem::take(&mut self.known);
        let mut count = 0;
        while count < self.batch_rows.min(RECORDS_MAX) && filling.push_next(&mut self.rows)? {
            count += 1;
        }
        self.known = std::mem::take(&mut filling.known);
        Ok((count > 0).then(|| EventBlock(Taken::Parsed(filling.parsed()))))
    }

    /// Takes in what a block held: its batches become [`ready`](Events::ready), its rows that could
    /// not be read are added to `unread`.
    pub fn take_in(&mut self, parsed: Parsed, unread: &mut Vec<Unread>) {
        self.rows_read += parsed.rows;
        self.any_unread |= !parsed.unread.is_empty();
        self.lookalikes.take_in(parsed.lookalikes);
        self.ignored.extend(parsed.ignored);
        parsed.spare.into_iter().for_each(|spare| self.rows.give_back(spare));
        unread.extend(parsed.unread);
        if matches!(self.reader.kinds, Kinds::One(_)) {
            self.ready.extend(parsed.batches);
            return;
        }
        let mut whole = Vec::new();
        for batch in parsed.batches {
            self.gather(&batch, &mut whole);
        }
        // As if the rows had been read one by one.
        whole.sort_by_key(|batch| batch.origins.last().map(|origin| origin.line));
        self.ready.extend(whole);
    }

    /// Ends the file: what is left becomes ready.
    pub fn end(&mut self) {
        self.ready.extend(self.begun.iter_mut().filter_map(Option::take));
    }

    /// A batch that has been read.
    pub fn ready(&mut self) -> Option<Batch> {
        self.ready.pop_front()
    }

    /// Adds rows to what has begun of their kind; what becomes a batch is added to `whole`.
    fn gather(&mut self, batch: &Batch, whole: &mut Vec<Batch>) {
        let kind = usize::try_from(batch.event).ok();
        let Some(place) = kind.and_then(|kind| self.begun.get_mut(kind)) else { return };
        let mut from = 0;
        while from < batch.len() {
            let begun = place.get_or_insert_with(|| Batch {
                event: batch.event,
                columns: batch.columns.iter().map(Column::emptied).collect(),
                origins: Vec::new(),
            });
            let until = batch.len().min(from + self.batch_rows - begun.len());
            for (column, other) in begun.columns.iter_mut().zip(&batch.columns) {
                column.extend_from(other, from..until);
            }
            begun.origins.extend(batch.origins.get(from..until).into_iter().flatten());
            if begun.len() >= self.batch_rows {
                whole.extend(place.take());
            }
            from = until;
        }
    }

    fn empty_batch(&self) -> Batch {
        let event = self.reader.readers.iter().flatten().next().map_or(0, |reader| reader.event);
        Batch { event, columns: Vec::new(), origins: Vec::new() }
    }

    /// Columns and names that no field asked for, as far as the file has been read.
    pub fn ignored(&self) -> Vec<String> {
        self.ignored.union(&self.known.ignored).cloned().collect()
    }

    /// Texts that look like others, as far as the file has been read.
    pub fn lookalikes(&self) -> &Lookalikes {
        &self.lookalikes
    }

    /// The last line of a file with rows, once it has been read, if nothing ends it: it may be cut off.
    pub fn unended(&self) -> Option<u64> {
        self.rows.unended().filter(|_| self.rows_read > 0)
    }

    /// Whether a row could not be read.
    pub fn any_unread(&self) -> bool {
        self.any_unread
    }

    /// Whether its rows were set aside before.
    pub fn were_set_aside(&self) -> bool {
        self.were_set_aside
    }

    /// How many rows have been read, readable or not.
    pub fn rows_read(&self) -> u64 {
        self.rows_read
    }
}

/// The position of an event kind that data send, by name or label.
pub fn event_named(names: &Names, spelling: &str) -> Option<usize> {
    kinds_by_spelling(names).get(spelling).copied()
}

/// The event kind nearest to a misspelt name, as a hint.
pub fn event_hint(names: &Names, spelling: &str) -> crate::diagnostics::Words {
    let sent = names.events.iter().filter(|table| table.sent);
    let known: Vec<&str> = sent.map(|table| table.name.text.as_str()).collect();
    match nearest(spelling, known.iter().copied()) {
        Some(near) => did_you_mean(Some(near)),
        None => crate::diagnostics::Words::new(
            format!("there are: {}", known.join(", ")),
            format!("现有：{}", known.join("、")),
        ),
    }
}

#[cfg(test)]
mod tests;
