//! What was sent of entries, as batches for a run.
//!
//! Whoever runs reads segments from the store; columns are made of them on a thread of its own, a few
//! pieces ahead.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::book::{Book, BookError, Entry, Row, Segment, SentCell, read_batch, read_sent};
use crate::formats::FormatsError;
use crate::report::names::Names;
use crate::rows::{Batch, Cell, Column, Origin};

use super::super::BookTrouble;
use super::super::standing::{add_event, batch_for};
use super::super::translate::get;
use super::{Held, History, event_of};

/// About how many bytes of memory events take that wait to be put in order; the others wait in a file.
pub(in crate::app::book) const WAITING_BYTES: usize = 1 << 26;

/// Segments read together, and how often they may be read ahead.
const SEGMENTS_AT_ONCE: usize = 4;
const PIECES_AHEAD: usize = 4;

/// Entries to be run.
#[derive(Debug, Clone)]
pub(in crate::app::book) struct Piece {
    pub(in crate::app::book) entries: Range<u64>,
    /// Its rows say that they come from this file; their line is their entry.
    pub(in crate::app::book) file: u32,
    pub(in crate::app::book) of: Of,
    /// Entries of which nothing is run.
    pub(in crate::app::book) but: Arc<BTreeSet<u64>>,
}

impl Piece {
    /// What stands of some entries.
    pub(in crate::app::book) fn standing(entries: Range<u64>, file: u32) -> Piece {
        Piece { entries, file, of: Of::Standing, but: Arc::default() }
    }
}

/// Which events of some entries are to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app::book) enum Of {
    /// Those that stand, in the positions of the rules at hand.
    Standing,
    /// All of them, which are in these positions.
    Posted,
}

/// Whether events that stand are to be run, by entry, kind and fields; all, if nothing is said.
pub(in crate::app::book) type Wanted<'w> = Option<&'w (dyn Fn(u64, u32, &[Cell]) -> bool + Sync)>;

/// Reads entries for a run, and hands them to it.
pub(in crate::app::book) fn reading<K: AsMut<Book>, T>(
    keeper: &RefCell<K>,
    pieces: Vec<Piece>,
    (history, names, wanted): (&History<'_>, &Names, Wanted<'_>),
    run: impl FnOnce(Entries<'_, K>, &RefCell<Held>) -> T,
) -> T {
    let held = RefCell::new(Held::default());
    std::thread::scope(|scope| {
        let (give, given) = sync_channel::<(Piece, Vec<Segment>)>(PIECES_AHEAD);
        let (hand, handed) = sync_channel(PIECES_AHEAD);
        let columns = Columns { history, names, wanted };
        scope.spawn(move || {
            for (piece, segments) in given {
                if hand.send(columns.of(&piece, segments)).is_err() {
                    break;
                }
            }
        });
        let (pieces, ready) = (pieces.into(), VecDeque::new());
        run(Entries { keeper, held: &held, pieces, give, handed, under_way: 0, ready }, &held)
    })
}

/// What was sent, as it is read.
pub(in crate::app::book) struct Entries<'r, K> {
    keeper: &'r RefCell<K>,
    held: &'r RefCell<Held>,
    pieces: VecDeque<Piece>,
    give: SyncSender<(Piece, Vec<Segment>)>,
    handed: Receiver<Result<Sent, BookTrouble>>,
    under_way: usize,
    ready: VecDeque<Batch>,
}

/// Entries with what was sent of them.
struct Sent {
    segments: Vec<Segment>,
    batches: Vec<Batch>,
    /// Those that nobody sent.
    made: Vec<u64>,
}

impl<K: AsMut<Book>> Entries<'_, K> {
    /// Reads on; `false` at the end.
    fn read(&mut self) -> Result<bool, BookTrouble> {
        let gone = || FormatsError::Internal("the thread that makes columns is gone".to_owned());
        while self.under_way < PIECES_AHEAD
            && let Some(piece) = self.pieces.front_mut()
        {
            let entries = piece.entries.clone();
            let mut book = self.keeper.borrow_mut();
            let mut segments = match entries.is_empty() {
                true => Vec::new(),
                false => book.as_mut().segments(entries.start, SEGMENTS_AT_ONCE)?,
            };
            let read = segments.last().map_or(entries.end, Segment::end).min(entries.end);
            segments.retain(|segment| segment.first < entries.end);
            let part = Piece { entries: entries.start..read, ..piece.clone() };
            piece.entries.start = read;
            if piece.entries.is_empty() {
                self.pieces.pop_front();
            }
            if !segments.is_empty() {
                self.give.send((part, segments)).map_err(|_| gone())?;
                self.under_way += 1;
            }
        }
        let mut held = self.held.borrow_mut();
        held.left.over = self.under_way == 0;
        if held.left.over {
            return Ok(false);
        }
        let sent = self.handed.recv().map_err(|_| gone())??;
        self.under_way -= 1;
        let numbers = sent.batches.iter().flat_map(|batch| &batch.origins).map(|it| it.line);
        numbers.for_each(|number| held.left.add(number));
        held.left.made.extend(sent.made);
        held.rows.keep(sent.segments);
        self.ready.extend(sent.batches);
        Ok(true)
    }
}

impl<K: AsMut<Book>> Iterator for Entries<'_, K> {
    type Item = Result<Batch, BookTrouble>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Some(Ok(batch));
            }
            match self.read() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.pieces.clear();
                    return Some(Err(error));
                }
            }
        }
    }
}

/// Makes columns of what was sent.
struct Columns<'c> {
    history: &'c History<'c>,
    names: &'c Names,
    wanted: Wanted<'c>,
}

impl Columns<'_> {
    fn of(&self, piece: &Piece, segments: Vec<Segment>) -> Result<Sent, BookTrouble> {
        let (mut batches, mut made) = (Vec::new(), Vec::new());
        for segment in &segments {
            let mut fields = Vec::new();
            let own = |row: &Row<'_>| {
                piece.entries.contains(&row.number) && !piece.but.contains(&row.number)
            };
            for row in segment.rows().filter(own) {
                let origin = Origin { file: piece.file, line: row.number };
                let event = row.kind == Entry::EVENT;
                let made_by_a_run = event
                    && match piece.of {
                        Of::Posted => {
                            self.written(piece.of, &row, origin, &mut fields, &mut batches)?
                        }
                        Of::Standing => self.standing(&row, origin, &mut fields, &mut batches)?,
                    };
                if made_by_a_run {
                    made.push(row.number);
                }
            }
        }
        Ok(Sent { segments, batches, made })
    }

    /// Adds an event if it stands and is wanted; tells whether it does and nobody sent it.
    fn standing<'s>(
        &self,
        row: &Row<'s>,
        origin: Origin,
        fields: &mut Vec<SentCell<'s>>,
        batches: &mut Vec<Batch>,
    ) -> Result<bool, BookTrouble> {
        if self.history.is_withdrawn(row.number) {
            return Ok(false);
        }
        let damaged = BookError::Damaged { entry: row.number };
        let batch = read_batch(row.body).ok_or(damaged)?;
        if self.history.translator(row.number, batch)?.is_same() {
            return self.written(Of::Standing, row, origin, fields, batches);
        }
        let Some(stood) = self.history.stood(row.number, &event_of(row)?)? else {
            return Ok(false);
        };
        let event = stood.event;
        if self.wanted.is_some_and(|wanted| !wanted(row.number, event.kind, &event.fields)) {
            return Ok(false);
        }
        if self.is_made((row.number, event.kind), event.origin)? {
            return Ok(true);
        }
        add_event(batches, &event, origin, self.names);
        Ok(false)
    }

    /// Whether nobody sent an event of a kind. If one says that it was read from a file, data must send
    /// its like.
    fn is_made(&self, (entry, kind): (u64, u32), origin: Origin) -> Result<bool, BookError> {
        if origin == Origin::MADE {
            return Ok(true);
        }
        match get(&self.names.events, kind).is_none_or(|table| table.sent) {
            true => Ok(false),
            false => Err(BookError::Damaged { entry }),
        }
    }

    /// Adds an event that is written in the positions at hand.
    fn written<'s>(
        &self,
        of: Of,
        row: &Row<'s>,
        origin: Origin,
        fields: &mut Vec<SentCell<'s>>,
        batches: &mut Vec<Batch>,
    ) -> Result<bool, BookTrouble> {
        let damaged = BookError::Damaged { entry: row.number };
        let sent = read_sent(row.body, fields).ok_or(damaged)?;
        if of == Of::Standing {
            let cells = || fields.iter().map(SentCell::to_cell).collect::<Vec<Cell>>();
            let wanted = self.wanted.is_none_or(|it| it(row.number, sent.kind, &cells()));
            if !sent.allocated || !wanted {
                return Ok(false);
            }
        }
        if self.is_made((row.number, sent.kind), sent.origin)? {
            return Ok(true);
        }
        let Some(batch) = batch_for(batches, sent.kind, self.names) else { return Ok(false) };
        batch.origins.push(origin);
        let mut fields = fields.drain(..);
        for column in &mut batch.columns {
            match (column, fields.next()) {
                (Column::Text(texts), Some(SentCell::Text(text))) => texts.push(Some(text)),
                (column, Some(SentCell::Other(cell))) => column.push(cell),
                (column, Some(SentCell::Text(text))) => column.push(Cell::Text(text.into())),
                (column, None) => column.push(Cell::Missing),
            }
        }
        Ok(false)
    }
}
