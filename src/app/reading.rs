//! The events of all files, read here or, while the run goes on, on threads of their own.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::Scope;

use crate::formats::{
    Encoding, EventBlock, EventReader, Events, FormatsError, Input, Mapping, Parsed, Unread,
    repeated,
};
use crate::report::names::Names;
use crate::rows::Batch;

use super::inputs::{EventFile, Remark};

/// The events of all files, batch by batch. What cannot be read is handed to `unread`.
pub struct Batches<'a> {
    source: Source<'a>,
    /// Takes rows that cannot be read.
    unread: &'a mut dyn FnMut(Vec<Unread>) -> Result<(), FormatsError>,
    remarks: &'a RefCell<Vec<Remark>>,
    failed: bool,
}

enum Source<'a> {
    Here(Box<Files<'a>>),
    There(Receiver<Result<Read, FormatsError>>),
    Asked(Ahead<'a>),
}

/// Gives what is read next, whoever reads it.
pub(super) type Ahead<'a> = &'a dyn Fn() -> Option<Result<Read, FormatsError>>;

/// What is found in files, in their order.
#[derive(Debug)]
pub(super) enum Read {
    Batch(Batch),
    Unread(Vec<Unread>),
    Remark(Remark),
}

/// Files of events, to be read.
#[derive(Debug, Clone, Copy)]
pub struct ToRead<'a> {
    /// What their columns may be called.
    pub names: &'a Names,
    /// The files.
    pub files: &'a [EventFile],
    /// Which column is which field.
    pub mapping: &'a Mapping,
}

impl<'a> Batches<'a> {
    /// Starts before the first file.
    pub fn new(
        to_read: ToRead<'a>,
        unread: &'a mut dyn FnMut(Vec<Unread>) -> Result<(), FormatsError>,
        remarks: &'a RefCell<Vec<Remark>>,
    ) -> Batches<'a> {
        let source = Source::Here(Box::new(Files::new(to_read, Work::Here)));
        Batches { source, unread, remarks, failed: false }
    }

    /// Starts before the first file and reads ahead, with all threads but the one that asks. What is
    /// read does not depend on how many there are.
    pub fn ahead<'s, 'e: 's + 'a>(
        to_read: ToRead<'e>,
        threads: usize,
        scope: &'s Scope<'s, 'e>,
        unread: &'a mut dyn FnMut(Vec<Unread>) -> Result<(), FormatsError>,
        remarks: &'a RefCell<Vec<Remark>>,
    ) -> Batches<'a> {
        if threads < 2 {
            return Batches::new(to_read, unread, remarks);
        }
        let mut files = Files::read_by(to_read, threads - 2, scope);
        let (sender, receiver) = sync_channel(AHEAD);
        scope.spawn(move || {
            // Whoever asks no more has gone away.
            let _ = files.try_for_each(|read| sender.send(read).map_err(drop));
        });
        Batches { source: Source::There(receiver), unread, remarks, failed: false }
    }

    /// Takes what somebody reads ahead.
    pub(super) fn asked(
        ahead: Ahead<'a>,
        unread: &'a mut dyn FnMut(Vec<Unread>) -> Result<(), FormatsError>,
        remarks: &'a RefCell<Vec<Remark>>,
    ) -> Batches<'a> {
        Batches { source: Source::Asked(ahead), unread, remarks, failed: false }
    }

    fn read(&mut self) -> Result<Option<Batch>, FormatsError> {
        loop {
            let read = match &mut self.source {
                Source::Here(files) => files.next(),
                Source::There(receiver) => receiver.recv().ok(),
                Source::Asked(ahead) => ahead(),
            };
            match read.transpose()? {
                None => return Ok(None),
                Some(Read::Batch(batch)) => return Ok(Some(batch)),
                Some(Read::Unread(rows)) => (self.unread)(rows)?,
                Some(Read::Remark(remark)) => self.remarks.borrow_mut().push(remark),
            }
        }
    }
}

impl Iterator for Batches<'_> {
    type Item = Result<Batch, FormatsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let read = self.read();
        self.failed = read.is_err();
        read.transpose()
    }
}

/// Reads files, one after the other.
pub(super) struct Files<'a> {
    to_read: ToRead<'a>,
    next: usize,
    open: Option<Events<'a>>,
    work: Work<'a>,
    /// Blocks that have been taken from the open file, in order.
    taken: VecDeque<Taken>,
    /// Why no more can be taken from it.
    failed: Option<FormatsError>,
    /// What has been found and not been handed out.
    found: VecDeque<Read>,
}

/// Who reads blocks.
enum Work<'a> {
    Here,
    /// So many others, who take them from here.
    Shared(usize, SyncSender<Task<'a>>),
}

/// A block, who can read it, and where the result goes.
type Task<'a> = (EventBlock, Arc<EventReader<'a>>, SyncSender<Parsed>);

enum Taken {
    Read(Parsed),
    Awaited(Receiver<Parsed>),
}

impl<'a> Work<'a> {
    fn shared<'s>(others: usize, scope: &'s Scope<'s, 'a>) -> Work<'a> {
        let (sender, receiver) = sync_channel::<Task<'a>>(others);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..others {
            let receiver = receiver.clone();
            scope.spawn(move || {
                while let Some((block, reader, result)) =
                    receiver.lock().ok().and_then(|tasks| tasks.recv().ok())
                {
                    // Nobody waits for it if the run has stopped.
                    let _ = result.send(reader.read(block));
                }
            });
        }
        Work::Shared(others, sender)
    }

    /// How many blocks are under way at a time.
    fn width(&self) -> usize {
        match self {
            Work::Here => 1,
            Work::Shared(others, _) => others + AHEAD,
        }
    }

    fn take(&self, block: EventBlock, reader: Arc<EventReader<'a>>) -> Taken {
        match self {
            Work::Here => Taken::Read(reader.read(block)),
            Work::Shared(_, tasks) => {
                let (result, awaited) = sync_channel(1);
                // INVARIANT: those who read go away only after this does.
                let _ = tasks.send((block, reader, result));
                Taken::Awaited(awaited)
            }
        }
    }
}

impl<'a> Files<'a> {
    /// Starts before the first file; so many other threads read blocks.
    pub(super) fn read_by<'s>(
        to_read: ToRead<'a>,
        others: usize,
        scope: &'s Scope<'s, 'a>,
    ) -> Files<'a>
    where
        'a: 's,
    {
        let work = if others == 0 { Work::Here } else { Work::shared(others, scope) };
        Files::new(to_read, work)
    }

    fn new(to_read: ToRead<'a>, work: Work<'a>) -> Files<'a> {
        let (taken, found) = (VecDeque::new(), VecDeque::new());
        Files { to_read, next: 0, open: None, work, taken, failed: None, found }
    }

    /// Reads on until something is found; `false` after the last file.
    fn find(&mut self) -> Result<bool, FormatsError> {
        let Some(events) = &mut self.open else {
            let ToRead { names, files, mapping } = self.to_read;
            let Some(file) = files.get(self.next) else { return Ok(false) };
            let number = u32::try_from(self.next).unwrap_or(u32::MAX);
            self.next += 1;
            self.open =
                Some(Events::open(names, &file.input, number, file.kind.as_deref(), mapping)?);
            return Ok(true);
        };
        while self.failed.is_none() && self.taken.len() < self.work.width() {
            match events.next_block() {
                Ok(Some(block)) => self.taken.push_back(self.work.take(block, events.reader())),
                Ok(None) => break,
                // What stands before the fault comes first.
                Err(error) => self.failed = Some(error),
            }
        }
        let parsed = match self.taken.pop_front() {
            Some(Taken::Read(parsed)) => Some(parsed),
            Some(Taken::Awaited(result)) => {
                let lost = || FormatsError::Internal("a block that nobody read".into());
                Some(result.recv().map_err(|_| lost())?)
            }
            None => None,
        };
        let ended = parsed.is_none();
        match parsed {
            Some(parsed) => {
                let mut unread = Vec::new();
                events.take_in(parsed, &mut unread);
                self.found.extend((!unread.is_empty()).then_some(Read::Unread(unread)));
            }
            None => match self.failed.take() {
                Some(error) => return Err(error),
                None => events.end(),
            },
        }
        self.found.extend(std::iter::from_fn(|| events.ready()).map(Read::Batch));
        if ended && let Some(file) = self.to_read.files.get(self.next.saturating_sub(1)) {
            self.found.extend(remarks(&file.input, events)?.into_iter().map(Read::Remark));
            self.open = None;
        }
        Ok(true)
    }
}

impl Iterator for Files<'_> {
    type Item = Result<Read, FormatsError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(found) = self.found.pop_front() {
                return Some(Ok(found));
            }
            match self.find() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    // Nothing is read after a fault.
                    self.next = usize::MAX;
                    self.open = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

/// What is worth saying of a file that has been read.
fn remarks(input: &Input, events: &Events<'_>) -> Result<Vec<Remark>, FormatsError> {
    let name = || input.name().to_owned();
    let mut remarks = Vec::new();
    remarks.extend((events.rows_read() == 0).then(|| Remark::NoRows(name())));
    // UTF-8 that is read as something else gives texts that nobody wrote; the rest is no text.
    let misread = input.misread()?.filter(|(_, it)| events.any_unread() || *it == Encoding::Utf8);
    remarks.extend(misread.map(|found| Remark::Misread(name(), found)));
    remarks.extend(Remark::unended(input, events.unended()));
    remarks.extend(Remark::lookalikes(input, events.lookalikes()));
    if events.were_set_aside()
        && let Some((count, first)) = repeated(input)?
    {
        remarks.push(Remark::Repeated(name(), count, input.place(first, None)));
    }
    let ignored = events.ignored();
    remarks.extend((!ignored.is_empty()).then(|| Remark::Ignored(name(), ignored)));
    Ok(remarks)
}

/// How far the reading may be ahead of the run.
const AHEAD: usize = 4;

#[cfg(test)]
pub(super) mod tests;
