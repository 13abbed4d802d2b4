//! What is done beside a run, by a thread that would wait otherwise.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Work that goes on beside a run: whoever of the run has nothing to do may do a piece of it.
#[derive(Clone, Copy)]
pub struct Beside<'b> {
    /// Where those who do it meet those of the run.
    pub meeting: &'b Meeting,
    /// Does a piece; says whether there was any.
    pub piece: &'b (dyn Fn() -> bool + Sync),
}

impl<'b> Beside<'b> {
    /// Nothing to do.
    pub fn nothing(meeting: &'b Meeting) -> Beside<'b> {
        Beside { meeting, piece: &|| false }
    }
}

/// Where threads wait for one another: each notes when it has moved something.
#[derive(Debug, Default)]
pub struct Meeting {
    noted: Mutex<Noted>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Noted {
    /// How often anything has been moved.
    moves: u64,
    /// Whether anybody waits for that.
    awaited: bool,
}

impl Meeting {
    /// How often anything has been moved. Whoever asks before looking around misses nothing by waiting.
    pub fn moves(&self) -> u64 {
        self.noted().moves
    }

    /// Notes that something has been moved.
    pub fn note(&self) {
        let mut noted = self.noted();
        noted.moves = noted.moves.wrapping_add(1);
        if std::mem::take(&mut noted.awaited) {
            self.moved.notify_all();
        }
    }

    /// Waits until something has been moved since.
    pub fn wait(&self, moves: u64) {
        let mut noted = self.noted();
        while noted.moves == moves {
            noted.awaited = true;
            noted = self.moved.wait(noted).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        // Nothing is left half done there.
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was moved after one asked is not waited for, and who waits is told of the next move.
    #[test]
    fn who_waits_misses_no_move() {
        let meeting = Meeting::default();
        let before = meeting.moves();
        meeting.note();
        meeting.wait(before);
        let after = meeting.moves();
        assert_ne!(before, after);
        std::thread::scope(|scope| {
            scope.spawn(|| meeting.wait(after));
            meeting.note();
        });
    }
}
