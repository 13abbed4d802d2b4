//! Pieces of work made ahead by two threads, and taken in their order by one of them.
//!
//! Each piece is begun in its turn and then made by whoever began it. Who takes them does not wait where
//! none is ready, but makes one more: so neither thread is idle while there is a piece to be made. Where
//! enough are there, both do what is to be done beside.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::rows::Beside;

/// Pieces that are begun by `N` and made by `M`.
pub(super) struct Fetching<'b, P, N, M> {
    desk: Mutex<Desk<P, N>>,
    make: M,
    /// So many may be there that nobody has taken.
    most: usize,
    beside: Beside<'b>,
}

struct Desk<P, N> {
    begin: N,
    /// Those that have been begun and not taken; nothing where one is being made.
    begun: VecDeque<Option<P>>,
    taken: usize,
    /// There is none left to begin.
    all_begun: bool,
    /// One of the threads is gone.
    closed: bool,
}

impl<'b, B, P, N, M> Fetching<'b, P, N, M>
where
    N: FnMut() -> Option<B>,
    M: Fn(B) -> P,
{
    pub fn new(begin: N, make: M, most: usize, beside: Beside<'b>) -> Fetching<'b, P, N, M> {
        let (begun, taken, all_begun, closed) = (VecDeque::new(), 0, false, false);
        let desk = Mutex::new(Desk { begin, begun, taken, all_begun, closed });
        Fetching { desk, make, most, beside }
    }

    /// Makes pieces ahead, and does what is to be done beside, until all have been taken.
    pub fn make_ahead(&self) {
        let _closing = Closing(self);
        loop {
            let moves = self.beside.meeting.moves();
            if self.desk().closed {
                return;
            }
            if !((self.beside.piece)() || self.make_up_to(self.most)) {
                self.beside.meeting.wait(moves);
            }
        }
    }

    /// All pieces in their order.
    pub fn take(&self) -> Taking<'_, 'b, P, N, M> {
        Taking { of: self, _closing: Closing(self) }
    }

    fn next(&self) -> Option<P> {
        loop {
            let moves = self.beside.meeting.moves();
            {
                let mut desk = self.desk();
                match desk.begun.front_mut().map(Option::take) {
                    Some(Some(piece)) => {
                        desk.begun.pop_front();
                        desk.taken += 1;
                        drop(desk);
                        self.beside.meeting.note();
                        return Some(piece);
                    }
                    Some(None) if desk.closed => return None,
                    None if desk.all_begun => return None,
                    Some(None) | None => {}
                }
            }
            if !(self.make_up_to(self.most + 1) || (self.beside.piece)()) {
                self.beside.meeting.wait(moves);
            }
        }
    }

    /// Begins and makes a piece, if there is one left and fewer than so many are there.
    fn make_up_to(&self, most: usize) -> bool {
        let (number, begun) = {
            let mut desk = self.desk();
            if desk.all_begun || desk.begun.len() >= most {
                return false;
            }
            let Some(begun) = (desk.begin)() else {
                desk.all_begun = true;
                drop(desk);
                self.beside.meeting.note();
                return false;
            };
            desk.begun.push_back(None);
            (desk.taken + desk.begun.len() - 1, begun)
        };
        let piece = (self.make)(begun);
        let mut desk = self.desk();
        let place = number.checked_sub(desk.taken);
        if let Some(own) = place.and_then(|place| desk.begun.get_mut(place)) {
            *own = Some(piece);
        }
        drop(desk);
        self.beside.meeting.note();
        true
    }
}

impl<P, N, M> Fetching<'_, P, N, M> {
    fn desk(&self) -> MutexGuard<'_, Desk<P, N>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes all pieces.
pub(super) struct Taking<'f, 'b, P, N, M> {
    of: &'f Fetching<'b, P, N, M>,
    _closing: Closing<'f, 'b, P, N, M>,
}

impl<B, P, N, M> Iterator for Taking<'_, '_, P, N, M>
where
    N: FnMut() -> Option<B>,
    M: Fn(B) -> P,
{
    type Item = P;

    fn next(&mut self) -> Option<P> {
        self.of.next()
    }
}

/// Nobody is to wait for a thread that is gone.
struct Closing<'f, 'b, P, N, M>(&'f Fetching<'b, P, N, M>);

impl<P, N, M> Drop for Closing<'_, '_, P, N, M> {
    fn drop(&mut self) {
        self.0.desk().closed = true;
        self.0.beside.meeting.note();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::rows::Meeting;

    /// In their order, each once, whoever made them.
    #[test]
    fn pieces_come_in_their_order() {
        let meeting = Meeting::default();
        for most in [1, 2, 7] {
            let mut numbers = 0..500_u64;
            let make = |number: u64| (0..number % 7 * 300).fold(number, |sum, it| sum ^ it ^ it);
            let beside = Beside::nothing(&meeting);
            let fetching = Fetching::new(|| numbers.next(), make, most, beside);
            let taken: Vec<u64> = std::thread::scope(|scope| {
                scope.spawn(|| fetching.make_ahead());
                fetching.take().collect()
            });
            assert_eq!(taken, (0..500).collect::<Vec<u64>>());
        }
    }

    /// The second thread makes as many as may be there, and goes on while others are taken.
    #[test]
    fn pieces_are_made_ahead() {
        let (meeting, mut numbers) = (Meeting::default(), 0..9_u64);
        let beside = Beside::nothing(&meeting);
        let fetching = Fetching::new(|| numbers.next(), |number| number, 2, beside);
        let ready =
            |fetching: &Fetching<'_, u64, _, _>| fetching.desk().begun.iter().flatten().count();
        std::thread::scope(|scope| {
            let mut taking = fetching.take();
            scope.spawn(|| fetching.make_ahead());
            for number in 0..8 {
                while ready(&fetching) < 2 {
                    std::thread::yield_now();
                }
                assert_eq!(taking.next(), Some(number));
            }
            assert_eq!(taking.collect::<Vec<u64>>(), [8]);
        });
    }

    /// Where enough pieces are there, what is to be done beside is done, also if it comes later.
    #[test]
    fn what_is_to_be_done_beside_is_done() {
        let (meeting, left) = (Meeting::default(), AtomicU64::new(100));
        let piece = || {
            let one_less = |left: u64| left.checked_sub(1);
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
        };
        let beside = Beside { meeting: &meeting, piece: &piece };
        let fetching = Fetching::new(|| Some(1), |number: u64| number, 3, beside);
        std::thread::scope(|scope| {
            let _taking = fetching.take();
            scope.spawn(|| fetching.make_ahead());
            for more in [0, 50, 1] {
                left.fetch_add(more, Ordering::Relaxed);
                meeting.note();
                while left.load(Ordering::Relaxed) > 0 {
                    std::thread::yield_now();
                }
            }
        });
    }

    /// Who takes no more keeps nobody.
    #[test]
    fn the_second_thread_ends_with_the_first() {
        let meeting = Meeting::default();
        let beside = Beside::nothing(&meeting);
        let fetching = Fetching::new(|| Some(1), |number: u8| number, 2, beside);
        let first = std::thread::scope(|scope| {
            scope.spawn(|| fetching.make_ahead());
            fetching.take().next()
        });
        assert_eq!(first, Some(1));
    }
}
