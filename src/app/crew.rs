//! Who does what in a run of two threads or more: one works events out, the other reads ahead and writes
//! behind, whichever is wanted.
//!
//! Where there is nothing to work out, or no room for what came of it, the first does not wait but lends
//! a hand: it reads or writes a piece itself. So two threads do all the work there is, and neither
//! is idle as long as there is any that can be done.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;

use crate::formats::FormatsError;
use crate::rows::{Accounts, Beside, Meeting, Outcomes, Sink};

use super::reading::{Files, Read, ToRead};
use super::writing::{Handed, Writes};

/// The two at work on a run.
pub(super) struct Crew<'e> {
    /// Whoever reads or writes holds it until what was read or written has its place.
    files: Mutex<Files<'e>>,
    writes: Mutex<Writes<'e>>,
    desk: Mutex<Desk>,
    meeting: Meeting,
}

/// What lies between the threads.
#[derive(Default)]
struct Desk {
    /// What has been read, in its order.
    read: VecDeque<Result<Read, FormatsError>>,
    all_read: bool,
    /// What is to be written, in its order.
    handed: VecDeque<Handed>,
    /// Memory that has been emptied, to be used again.
    emptied: Vec<Handed>,
    /// Whether something is being written.
    writing: bool,
    /// Whether writing has failed, and why, until somebody has been told.
    broken: bool,
    failed: Option<FormatsError>,
    /// Nobody asks for more.
    closed: bool,
    /// Somebody else does what the second thread did.
    relieved: bool,
    /// Who read or wrote ended half way.
    gone: bool,
}

/// So much may be read before it is asked for.
const AHEAD: usize = 64;
/// Where fewer have been read, reading comes before writing: whoever works events out could not go on.
const SHORT: usize = 2;
/// So many hand-overs may wait. More of them would have left the processor's caches before they are written.
const WAITING: usize = 4;

/// The end at which events are worked out. Once it is gone no more is read, and the second thread ends when
/// it has written what was handed over.
pub(super) struct Foreman<'e> {
    crew: Arc<Crew<'e>>,
    /// What is to be handed over next.
    now: Handed,
    /// How many accounts have been handed over.
    known: u32,
    hears_figures: bool,
}

impl<'e> Crew<'e> {
    /// Starts the second thread, and others that read blocks if there are to be more.
    pub(super) fn begun<'s>(
        (to_read, threads): (ToRead<'e>, usize),
        writes: Writes<'e>,
        scope: &'s Scope<'s, 'e>,
    ) -> Arc<Crew<'e>>
    where
        'e: 's,
    {
        let crew = Arc::new(Crew {
            files: Mutex::new(Files::read_by(to_read, threads.saturating_sub(2), scope)),
            writes: Mutex::new(writes),
            desk: Mutex::default(),
            meeting: Meeting::default(),
        });
        let second = Arc::clone(&crew);
        scope.spawn(move || second.read_and_write());
        crew
    }

    /// What is read next; nothing after the last.
    pub(super) fn next(&self) -> Option<Result<Read, FormatsError>> {
        loop {
            let moves = self.meeting.moves();
            {
                let mut desk = self.desk();
                if let Some(read) = desk.read.pop_front() {
                    // Whoever reads ahead is not woken for each.
                    let few = desk.read.len() <= AHEAD / 2;
                    drop(desk);
                    if few {
                        self.meeting.note();
                    }
                    return Some(read);
                }
                if desk.all_read {
                    return None;
                }
            }
            if !(self.read_on() || self.write_on())
                && let Err(error) = self.wait(moves)
            {
                return Some(Err(error));
            }
        }
    }

    /// What is done beside the run, by another than the second thread: that one ends, once it is asked for.
    pub(super) fn beside<'b>(&'b self, piece: &'b (dyn Fn() -> bool + Sync)) -> Beside<'b> {
        Beside { meeting: &self.meeting, piece }
    }

    /// Does a piece of what the second thread did so far.
    pub(super) fn lend_a_hand(&self) -> bool {
        self.desk().relieved = true;
        self.goes_on()
    }

    /// Puts down what is to be written; gives memory for what comes next.
    fn hand_over(&self, handed: Handed) -> Result<Handed, FormatsError> {
        loop {
            let moves = self.meeting.moves();
            {
                let mut desk = self.desk();
                if desk.broken {
                    return desk.failed.take().map_or(Ok(Handed::default()), Err);
                }
                if desk.handed.len() < WAITING {
                    desk.handed.push_back(handed);
                    let next = desk.emptied.pop().unwrap_or_default();
                    drop(desk);
                    self.meeting.note();
                    return Ok(next);
                }
            }
            if !(self.write_on() || self.read_on()) {
                self.wait(moves)?;
            }
        }
    }

    /// Waits until all that was handed over is written.
    fn finish(&self) -> Result<(), FormatsError> {
        loop {
            let moves = self.meeting.moves();
            {
                let mut desk = self.desk();
                if let Some(error) = desk.failed.take() {
                    return Err(error);
                }
                if desk.handed.is_empty() && !desk.writing {
                    return Ok(());
                }
            }
            if !self.write_on() {
                self.wait(moves)?;
            }
        }
    }

    /// Lets the second thread go once nothing is left to write.
    fn close(&self) {
        self.desk().closed = true;
        self.meeting.note();
    }

    /// What the second thread does.
    fn read_and_write(&self) {
        loop {
            let moves = self.meeting.moves();
            {
                let desk = self.desk();
                if desk.relieved || desk.closed && desk.handed.is_empty() {
                    return;
                }
            }
            if !self.goes_on() {
                self.meeting.wait(moves);
            }
        }
    }

    /// Reads or writes a piece, whichever is wanted.
    fn goes_on(&self) -> bool {
        // Should it end of itself, nobody is to wait for it.
        let _gone = Gone(self);
        self.read_up_to(SHORT) || self.write_on() || self.read_on()
    }

    /// Reads on, if there is room and nobody else does.
    fn read_on(&self) -> bool {
        self.read_up_to(AHEAD)
    }

    /// The same as long as fewer than so many have been read ahead.
    fn read_up_to(&self, most: usize) -> bool {
        let Ok(mut files) = self.files.try_lock() else { return false };
        {
            let desk = self.desk();
            if desk.all_read || desk.closed || desk.read.len() >= most {
                return false;
            }
        }
        let read = files.next();
        match read {
            Some(read) => self.desk().read.push_back(read),
            None => self.desk().all_read = true,
        }
        drop(files);
        self.meeting.note();
        true
    }

    /// Writes what was handed over first, if nobody else writes.
    fn write_on(&self) -> bool {
        let Ok(mut writes) = self.writes.try_lock() else { return false };
        let mut handed = {
            let mut desk = self.desk();
            let Some(handed) = desk.handed.pop_front() else { return false };
            desk.writing = true;
            handed
        };
        let written = writes.write(&mut handed);
        {
            let mut desk = self.desk();
            desk.writing = false;
            match written {
                Ok(()) => desk.emptied.push(handed),
                // Nothing behind it is written.
                Err(error) => {
                    desk.handed.clear();
                    (desk.broken, desk.failed) = (true, Some(error));
                }
            }
        }
        drop(writes);
        self.meeting.note();
        true
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        // Nothing is left half done there.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something has been moved since.
    fn wait(&self, moves: u64) -> Result<(), FormatsError> {
        if self.desk().gone {
            return Err(FormatsError::Internal("a thread that ended half way".into()));
        }
        self.meeting.wait(moves);
        Ok(())
    }
}

/// Tells that a thread is gone, if it ended half way.
struct Gone<'c, 'e>(&'c Crew<'e>);

impl Drop for Gone<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.desk().gone = true;
            self.0.meeting.note();
        }
    }
}

impl<'e> Foreman<'e> {
    pub(super) fn new(crew: Arc<Crew<'e>>, hears_figures: bool) -> Foreman<'e> {
        Foreman { crew, now: Handed::default(), known: 0, hears_figures }
    }

    /// Waits until all is written.
    ///
    /// # Errors
    /// The disk is full, or whoever reads the other end has gone.
    pub(super) fn finish(mut self) -> Result<(), FormatsError> {
        let now = std::mem::take(&mut self.now);
        if !now.is_empty() {
            self.crew.hand_over(now)?;
        }
        self.crew.finish()
    }
}

impl Drop for Foreman<'_> {
    fn drop(&mut self) {
        self.crew.close();
    }
}

impl Sink for Foreman<'_> {
    type Error = FormatsError;

    fn hear(
        &mut self,
        outcomes: &mut Outcomes,
        accounts: &dyn Accounts,
    ) -> Result<(), FormatsError> {
        self.now.add(outcomes, accounts, &mut self.known);
        if self.now.is_full() {
            self.now = self.crew.hand_over(std::mem::take(&mut self.now))?;
        }
        Ok(())
    }

    fn hears_figures(&self) -> bool {
        self.hears_figures
    }
}

#[cfg(test)]
mod tests;
