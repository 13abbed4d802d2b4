//! Rows of a file into batches, block by block.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::base::Money;
use crate::rows::{Batch, Cell, Column, Origin, Reason, Unreadable};

use super::blocks::{Block, Place};
use super::column_file::ColumnBlock;
use super::csv::Cutter;
use super::cuts::{self, Cuts};
use super::encoding::Encoding;
use super::error::FormatsError;
use super::json::JsonText;
use super::lookalikes::Lookalikes;
use super::parse::Fault;
use super::raw::{RawRow, RawRows, from_csv, from_json};
use super::steps::{Plain, Steps};
use super::table_reader::{RecordNames, TableReader};
use super::totals::total_cell;

/// A row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The event kind it would have been, where that much is known.
    pub event: Option<u32>,
    /// Where it stands.
    pub origin: Origin,
    /// What it would have brought, where that cell can be read.
    pub inflow: Option<Money>,
    /// The values of its fields as far as they can be read, where those of its key can.
    pub cells: Option<Vec<Cell>>,
    /// What is wrong; always `Unreadable`.
    pub reason: Reason,
}

/// Reads the rows of one file. It does not change while it reads, so that blocks may be read at the
/// same time.
#[derive(Debug)]
pub struct EventReader<'n> {
    pub(super) file: u32,
    pub(super) header: Vec<String>,
    pub(super) delimiter: u8,
    /// Whether cells have apostrophes that are none of their own.
    pub(super) guarded: bool,
    pub(super) kinds: Kinds,
    pub(super) readers: Vec<Option<TableReader<'n>>>,
}

/// Which event kind a row is.
#[derive(Debug)]
pub(super) enum Kinds {
    One(usize),
    ByColumn { column: String, at: Option<usize>, kinds: HashMap<String, usize> },
}

/// What some rows are.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The events of each kind, in the order of the file.
    pub batches: Vec<Batch>,
    /// Rows that could not be read, in the order of the file.
    pub unread: Vec<Unread>,
    /// How many rows there were, readable or not.
    pub rows: u64,
    /// Texts that look like others.
    pub(super) lookalikes: Lookalikes,
    /// Names in records that mean nothing.
    pub(super) ignored: BTreeSet<String>,
    /// Memory in which they stood, to be used again.
    pub(super) spare: Option<Vec<u8>>,
}

impl<'n> EventReader<'n> {
    /// Reads a block of the file.
    pub(super) fn parse(&self, block: &Block) -> Parsed {
        let mut filling = Filling { look: block.uneven, ..Filling::new(self, block.lines + 1) };
        let mut cutter = Cutter::new(self.delimiter).of_guarded(self.guarded);
        let plain = self.plain(block);
        let mut place = block.start;
        loop {
            place = block.after_blank(place);
            if let Some(plain) = plain {
                place = filling.push_plain(plain, place);
            }
            let Some(row) = cutter.row(block, &mut place) else { return filling.parsed() };
            filling.push(&from_csv(row, &self.header));
        }
    }

    /// Reads rows that hold values.
    pub(super) fn parse_columns(&self, block: &ColumnBlock) -> Parsed {
        let mut filling = Filling::new(self, block.rows());
        block.each(&mut |line, cells| {
            filling.push(&RawRow::Values { line, cells: cells.into() });
        });
        filling.parsed()
    }

    /// The text of a block whose rows can be read in steps. What is no text costs the row in which
    /// it stands, so a block that has such a row is not read so.
    fn plain<'a>(&self, block: &'a Block) -> Option<Plain<'a>> {
        let may = block.encoding == Encoding::Utf8
            && !self.guarded
            && matches!(self.kinds, Kinds::One(_))
            && Steps::allow(self.delimiter)
            && memchr::memchr(0, &block.bytes).is_none();
        let text = simdutf8::basic::from_utf8(may.then_some(&block.bytes)?).ok()?;
        let (delimiter, quotes) = (self.delimiter, block.quotes);
        Some(Plain { bytes: &block.bytes, text, delimiter, quotes })
    }

    fn kind_of(&self, row: &RawRow<'_>) -> Result<usize, (String, Fault)> {
        let (column, at, kinds) = match &self.kinds {
            Kinds::One(kind) => return Ok(*kind),
            Kinds::ByColumn { column, at, kinds } => (column, at, kinds),
        };
        let spelling = row.text_of(*at, column);
        kinds.get(spelling.trim()).copied().ok_or_else(|| {
            let why =
                if spelling.is_empty() { Unreadable::Missing } else { Unreadable::UnknownMember };
            (column.clone(), Fault::new(&spelling, why))
        })
    }

    /// What of the texts of some rows looks like others.
    fn lookalikes(&self, batch: &Batch) -> Lookalikes {
        let mut found = Lookalikes::default();
        let kind = usize::try_from(batch.event).ok();
        let Some(table) = kind.and_then(|kind| self.readers.get(kind)?.as_ref()) else {
            return found;
        };
        for (at, column) in batch.columns.iter().enumerate() {
            let Column::Text(texts) = column else { continue };
            let Some(name) = table.column_name(at, &self.header) else { continue };
            let mut own = Lookalikes::default();
            for (row, origin) in batch.origins.iter().enumerate() {
                if let Some(text) = texts.get(row) {
                    own.look(text, || (origin.line, name.to_owned()));
                }
            }
            found.take_in(own);
        }
        found
    }

    /// The kind of all rows, if they have one.
    fn only_kind(&self) -> Option<u32> {
        match &self.kinds {
            Kinds::One(kind) => u32::try_from(*kind).ok(),
            Kinds::ByColumn { .. } => None,
        }
    }
}

/// Batches that are being filled.
#[derive(Debug)]
pub(super) struct Filling<'r, 'n> {
    reader: &'r EventReader<'n>,
    /// Room for so many rows is made.
    room: usize,
    /// By event kind.
    batches: Vec<Option<Batch>>,
    pub(super) known: RecordNames,
    unread: Vec<Unread>,
    rows: u64,
    /// Whether there may be texts that look like others.
    look: bool,
    cuts: Cuts,
    /// So many rows are cut together.
    at_once: usize,
}

/// After a row that is not usual so few are cut together, then twice as many each time.
const FEW: usize = 4;

impl<'r, 'n> Filling<'r, 'n> {
    pub(super) fn new(reader: &'r EventReader<'n>, room: usize) -> Filling<'r, 'n> {
        let batches = reader.readers.iter().map(|_| None).collect();
        let known = RecordNames::default();
        let (cuts, at_once) = (Cuts::default(), cuts::ROWS);
        let (unread, rows, look) = (Vec::new(), 0, true);
        Filling { reader, room, batches, known, unread, rows, look, cuts, at_once }
    }

    /// What has been read.
    pub(super) fn parsed(self) -> Parsed {
        let batches = self.batches.into_iter().flatten().filter(|batch| !batch.is_empty());
        let batches: Vec<Batch> = batches.collect();
        let mut lookalikes = Lookalikes::default();
        for batch in batches.iter().filter(|_| self.look) {
            lookalikes.take_in(self.reader.lookalikes(batch));
        }
        let Filling { unread, rows, known, .. } = self;
        Parsed { batches, unread, rows, lookalikes, ignored: known.ignored, spare: None }
    }

    /// Reads rows of the one kind from a place on as far as they are usual, and gives the place of
    /// the first that is not.
    fn push_plain(&mut self, plain: Plain<'_>, mut place: Place) -> Place {
        let file = self.reader.file;
        let Kinds::One(kind) = self.reader.kinds else { return place };
        let Some((table, batch)) = table(self.reader, &mut self.batches, kind, self.room) else {
            return place;
        };
        let Some(steps) = &table.steps else { return place };
        loop {
            place = plain.after_blank(place);
            let size = (self.at_once, steps.width());
            if plain.quotes {
                self.cuts.cut_quoted(plain.bytes, place.at, plain.delimiter, size);
            } else {
                self.cuts.cut(plain.bytes, place.at, plain.delimiter, size);
            }
            let read = steps.read(table, plain, &self.cuts, &mut batch.columns);
            let lines = (place.line..).take(read);
            batch.origins.extend(lines.map(|line| Origin { file, line }));
            place.line += u64::try_from(read).unwrap_or(u64::MAX);
            // Where rows are not usual, little is read in vain.
            self.at_once = if read < self.at_once { FEW } else { cuts::ROWS.min(2 * self.at_once) };
            place.at = read.checked_sub(1).and_then(|last| self.cuts.end(last)).unwrap_or(place.at);
            self.rows += u64::try_from(read).unwrap_or(u64::MAX);
            if read < self.cuts.rows() {
                undo(batch);
                return place;
            }
            if read == 0 {
                return place;
            }
        }
    }

    /// Reads the next row, if there is one.
    ///
    /// # Errors
    /// The file cannot be read on.
    pub(super) fn push_next(&mut self, rows: &mut RawRows) -> Result<bool, FormatsError> {
        if !rows.has_records() {
            let Some(row) = rows.next()? else { return Ok(false) };
            self.push(&row);
            return Ok(true);
        }
        let Some(record) = rows.next_record()? else { return Ok(false) };
        if !self.push_usual(&record) {
            self.push(&from_json(record.row()));
        }
        Ok(true)
    }

    /// Reads a record of the one kind if it is usual, and says whether it was.
    fn push_usual(&mut self, record: &JsonText<'_>) -> bool {
        let (Kinds::One(kind), Ok(text)) = (&self.reader.kinds, &record.text) else { return false };
        let found = table(self.reader, &mut self.batches, *kind, self.room);
        let Some((table, batch)) = found else { return false };
        let pushed = table.push_usual(text, &mut batch.columns, &self.known).is_some();
        if pushed {
            self.rows += 1;
            batch.origins.push(Origin { file: self.reader.file, line: record.line });
        } else {
            undo(batch);
        }
        pushed
    }

    /// Reads any row.
    pub(super) fn push(&mut self, row: &RawRow<'_>) {
        let reader = self.reader;
        self.rows += 1;
        let origin = Origin { file: reader.file, line: row.line() };
        let columns = u32::try_from(reader.header.len()).unwrap_or(u32::MAX);
        if let RawRow::Broken { column, text, why, .. } = row {
            let fault = Fault::new(text, *why);
            return self.fail(row, reader.only_kind(), (None, None), (column.clone(), fault));
        }
        if let RawRow::Cells(cells) = row {
            let found = u32::try_from(cells.len()).unwrap_or(u32::MAX);
            if found != columns {
                let why = Unreadable::Ragged { expected: columns, found };
                let fault = Fault::new(cells.text(), why);
                return self.fail(row, reader.only_kind(), (None, None), (None, fault));
            }
        }
        let kind = match reader.kind_of(row) {
            Ok(kind) => kind,
            Err((column, fault)) => {
                return self.fail(row, None, (None, None), (Some(column), fault));
            }
        };
        let mut known = std::mem::take(&mut self.known);
        let found = table(self.reader, &mut self.batches, kind, self.room);
        let Some((table, batch)) = found else { return };
        let pushed = table.push(row, &mut batch.columns, &mut known);
        match &pushed {
            Ok(()) => batch.origins.push(origin),
            Err(_) => undo(batch),
        }
        self.known = known;
        if let Err((column, fault)) = pushed {
            let column = column.map(|at| match row {
                RawRow::Cells(_) | RawRow::Values { .. } => {
                    reader.header.get(at).cloned().unwrap_or_default()
                }
                RawRow::Record { .. } | RawRow::Broken { .. } => {
                    let field = table.table.fields.get(at);
                    field.map_or_else(String::new, |field| field.name.text.clone())
                }
            });
            let column = column.map(|column| column + &fault.within);
            let known = (table.inflow_of(row), table.cells_of(row));
            self.fail(row, Some(table.event), known, (column, fault));
        }
    }

    fn fail(
        &mut self,
        row: &RawRow<'_>,
        event: Option<u32>,
        (inflow, cells): (Option<Money>, Option<Vec<Cell>>),
        fault: (Option<String>, Fault),
    ) {
        if row.is_blank() {
            return;
        }
        let origin = Origin { file: self.reader.file, line: row.line() };
        let (column, fault) = or_total(row, &self.reader.header, fault);
        // A total brings what the rows above it have brought.
        let inflow = if fault.why == Unreadable::TotalRow { Some(Money::ZERO) } else { inflow };
        let (column, value) = (column.map(Arc::from), Arc::from(fault.value));
        let reason = Reason::Unreadable { column, value, why: fault.why };
        self.unread.push(Unread { event, origin, inflow, cells, reason });
    }
}

/// What is wrong with a row: that it is a total, if it looks like one.
pub(super) fn or_total(
    row: &RawRow<'_>,
    header: &[String],
    fault: (Option<String>, Fault),
) -> (Option<String>, Fault) {
    match total_cell(row) {
        Some((at, value)) => (header.get(at).cloned(), Fault::new(&value, Unreadable::TotalRow)),
        None => fault,
    }
}

/// The reader of a kind and its batch.
fn table<'r, 'n, 'b>(
    reader: &'r EventReader<'n>,
    batches: &'b mut [Option<Batch>],
    kind: usize,
    room: usize,
) -> Option<(&'r TableReader<'n>, &'b mut Batch)> {
    let table = reader.readers.get(kind)?.as_ref()?;
    let batch = batches.get_mut(kind)?.get_or_insert_with(|| Batch {
        event: table.event,
        columns: table.empty_columns(room),
        origins: Vec::with_capacity(room),
    });
    Some((table, batch))
}

/// Takes back what a row that failed half way has left.
fn undo(batch: &mut Batch) {
    let rows = batch.origins.len();
    for column in &mut batch.columns {
        column.truncate(rows);
    }
}
