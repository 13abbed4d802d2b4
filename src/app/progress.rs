//! How far a run has come, for whoever waits for it.

use std::cell::Cell;

use super::inputs::EventFile;

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Files are read.
    Reading {
        /// So many events so far.
        events: u64,
        /// So many bytes, and how many there are; nothing where that cannot be told.
        bytes: Option<(u64, u64)>,
    },
    /// All have been read; those that had to wait are put in order and worked out.
    WorkingOut {
        /// Of so many events it is known what comes of them.
        done: u64,
        /// How many there are.
        of: u64,
    },
}

/// Tells how far a run has come.
pub(super) struct Teller<'a> {
    tell: &'a dyn Fn(Progress),
    files: &'a [EventFile],
    /// How many bytes all files have.
    size: Option<u64>,
    events: Cell<u64>,
    done: Cell<u64>,
    all_read: Cell<bool>,
}

impl<'a> Teller<'a> {
    pub fn new(files: &'a [EventFile], tell: &'a dyn Fn(Progress)) -> Teller<'a> {
        let size = files.iter().map(|file| file.input.size()).sum();
        let (events, done, all_read) = (Cell::new(0), Cell::new(0), Cell::new(false));
        Teller { tell, files, size, events, done, all_read }
    }

    /// So many events have been read.
    pub fn read(&self, count: usize) {
        let events = self.events.get() + u64::try_from(count).unwrap_or(0);
        self.events.set(events);
        let reached = || self.files.iter().map(|file| file.input.reached()).sum();
        (self.tell)(Progress::Reading { events, bytes: self.size.map(|size| (reached(), size)) });
    }

    /// No more come.
    pub fn all_read(&self) {
        self.all_read.set(true);
        self.worked_out(0);
    }

    /// Of so many events it is known what comes of them.
    pub fn worked_out(&self, count: usize) {
        self.done.set(self.done.get() + u64::try_from(count).unwrap_or(0));
        if self.all_read.get() {
            // The run makes some itself.
            let of = self.events.get();
            (self.tell)(Progress::WorkingOut { done: self.done.get().min(of), of });
        }
    }
}
