//! The events of all files, read here or, while the run goes on, on threads of their own.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::Scope;

use crate::formats::{EventBlock, EventReader, Events, FormatsError, Mapping, Parsed, Unread};
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
}

/// What is found in files, in their order.
#[derive(Debug)]
enum Read {
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
        let others = threads.saturating_sub(2);
        if threads < 2 {
            return Batches::new(to_read, unread, remarks);
        }
        let work = if others == 0 { Work::Here } else { Work::shared(others, scope) };
        let (sender, receiver) = sync_channel(AHEAD);
        scope.spawn(move || {
            // Whoever asks no more has gone away.
            let _ = Files::new(to_read, work).try_for_each(|read| sender.send(read).map_err(drop));
        });
        Batches { source: Source::There(receiver), unread, remarks, failed: false }
    }

    fn read(&mut self) -> Result<Option<Batch>, FormatsError> {
        loop {
            let read = match &mut self.source {
                Source::Here(files) => files.next(),
                Source::There(receiver) => receiver.recv().ok(),
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
struct Files<'a> {
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
        if ended {
            let file = self.to_read.files.get(self.next.saturating_sub(1));
            let name = file.map_or_else(String::new, |file| file.input.name().to_owned());
            let ignored = events.ignored();
            let no_rows = events.rows_read() == 0;
            self.found.extend(no_rows.then(|| Read::Remark(Remark::NoRows(name.clone()))));
            let ignored = (!ignored.is_empty()).then_some(Remark::Ignored(name, ignored));
            self.found.extend(ignored.map(Read::Remark));
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

/// How far the reading may be ahead of the run.
const AHEAD: usize = 4;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use crate::formats::InputOptions;
    use crate::report::names::{Currency, Field, Kind, Label, Table};

    use super::super::inputs::open_events;
    use super::*;

    fn names() -> Names {
        let field = |name: &str, kind| {
            let name = Label::plain(name);
            Field { name, kind, required: true, computed: false, dated: false }
        };
        let table = Table {
            name: Label::plain("receipt"),
            fields: vec![field("id", Kind::Integer), field("amount", Kind::Money(2))],
            key: vec![0],
            effective: None,
            inflow: Some(1),
            sent: true,
            currency: Currency { code: "CNY".into(), scale: 2 },
            settlement: String::new(),
        };
        Names { events: vec![table], ..Names::default() }
    }

    /// Two files of many blocks, with rows that cannot be read.
    fn files(folder: &std::path::Path, names: &Names) -> Vec<EventFile> {
        let paths: Vec<String> = ["a.csv", "b.csv"]
            .into_iter()
            .map(|name| {
                let path = folder.join(name);
                let mut file = std::fs::File::create_new(&path).unwrap();
                let mut text = String::from("id,amount,note\n");
                for id in 0..120_000 {
                    let amount = if id % 1000 == 7 { "5,x" } else { "5.00" };
                    text.push_str(&format!("{id},{amount},\n"));
                }
                file.write_all(text.as_bytes()).unwrap();
                path.to_str().unwrap().to_owned()
            })
            .collect();
        open_events(names, &paths, InputOptions::default()).unwrap()
    }

    #[derive(Debug, PartialEq, Default)]
    struct All {
        rows: Vec<(u32, u64)>,
        unread: Vec<Unread>,
        remarks: usize,
    }

    fn read(to_read: ToRead<'_>, threads: usize, batches: usize) -> All {
        let mut all = All::default();
        let remarks = RefCell::new(Vec::new());
        let mut unread = |rows: Vec<Unread>| {
            all.unread.extend(rows);
            Ok(())
        };
        std::thread::scope(|scope| {
            let read = Batches::ahead(to_read, threads, scope, &mut unread, &remarks);
            for batch in read.take(batches) {
                let batch = batch.unwrap();
                all.rows.extend(batch.origins.iter().map(|origin| (origin.file, origin.line)));
            }
        });
        all.remarks = remarks.into_inner().len();
        all
    }

    #[test]
    fn what_is_read_does_not_depend_on_threads() {
        let (names, mapping) = (names(), Mapping::default());
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path(), &names);
        let to_read = ToRead { names: &names, files: &files, mapping: &mapping };
        let alone = read(to_read, 1, usize::MAX);
        assert_eq!(alone.rows.len() + alone.unread.len(), 240_000);
        assert_eq!((alone.unread.len(), alone.remarks), (240, 2));
        for threads in [2, 3, 5] {
            assert_eq!(read(to_read, threads, usize::MAX), alone, "{threads} threads");
        }
    }

    /// The threads end when nobody asks any more.
    #[test]
    fn a_run_may_stop_early() {
        let (names, mapping) = (names(), Mapping::default());
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path(), &names);
        let to_read = ToRead { names: &names, files: &files, mapping: &mapping };
        for threads in [2, 5] {
            assert!(read(to_read, threads, 1).rows.len() < 240_000, "{threads} threads");
        }
    }

    /// A fault is told after all that stands before it, and ends the reading.
    #[test]
    fn a_fault_comes_in_its_order() {
        let (names, mapping) = (names(), Mapping::default());
        let folder = tempfile::tempdir().unwrap();
        let mut files = files(folder.path(), &names);
        let path = folder.path().join("long.csv");
        let mut file = std::fs::File::create_new(&path).unwrap();
        file.write_all("id,amount\n".as_bytes()).unwrap();
        file.write_all("1,5.00\n".repeat(100_000).as_bytes()).unwrap();
        file.write_all("9".repeat(17 << 20).as_bytes()).unwrap();
        let argument = path.to_str().unwrap().to_owned();
        files.insert(
            0,
            open_events(&names, &[argument], InputOptions::default()).unwrap().remove(0),
        );
        let to_read = ToRead { names: &names, files: &files, mapping: &mapping };
        for threads in [1, 2, 4] {
            let remarks = RefCell::new(Vec::new());
            let mut unread = |_: Vec<Unread>| Ok(());
            let read: Vec<Result<usize, String>> = std::thread::scope(|scope| {
                Batches::ahead(to_read, threads, scope, &mut unread, &remarks)
                    .map(|batch| batch.map(|it| it.len()).map_err(|error| error.words().en))
                    .collect()
            });
            let (last, before) = read.split_last().unwrap();
            assert!(last.as_ref().unwrap_err().contains("line 100002"), "{last:?}");
            assert_eq!(before.iter().map(|rows| rows.as_ref().unwrap()).sum::<usize>(), 100_000);
        }
    }
}
