//! Pieces of work made ahead by two threads, and taken in their order by one of them.
//!
//! Each piece is begun in its turn and then made by whoever began it. Who takes them does not wait where
//! none is ready, but makes one more: so neither thread is idle while there is a piece to be made.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Pieces that are begun by `N` and made by `M`.
pub(super) struct Fetching<P, N, M> {
    desk: Mutex<Desk<P, N>>,
    moved: Condvar,
    make: M,
    /// So many may be there that nobody has taken.
    most: usize,
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

impl<B, P, N, M> Fetching<P, N, M>
where
    N: FnMut() -> Option<B>,
    M: Fn(B) -> P,
{
    pub fn new(begin: N, make: M, most: usize) -> Fetching<P, N, M> {
        let (begun, taken, all_begun, closed) = (VecDeque::new(), 0, false, false);
        let desk = Mutex::new(Desk { begin, begun, taken, all_begun, closed });
        Fetching { desk, moved: Condvar::new(), make, most }
    }

    /// Makes pieces ahead until there are no more.
    pub fn make_ahead(&self) {
        let _closing = Closing(self);
        loop {
            let mut desk = self.desk();
            while desk.begun.len() >= self.most && !desk.closed {
                desk = self.moved.wait(desk).unwrap_or_else(PoisonError::into_inner);
            }
            let over = desk.closed;
            drop(desk);
            if over || !self.make_one() {
                return;
            }
        }
    }

    /// All pieces in their order.
    pub fn take(&self) -> Taking<'_, P, N, M> {
        Taking { of: self, _closing: Closing(self) }
    }

    fn next(&self) -> Option<P> {
        loop {
            let mut desk = self.desk();
            match desk.begun.front_mut().map(Option::take) {
                Some(Some(piece)) => {
                    desk.begun.pop_front();
                    desk.taken += 1;
                    self.moved.notify_all();
                    return Some(piece);
                }
                Some(None) if desk.closed => return None,
                None if desk.all_begun => return None,
                Some(None) if desk.all_begun || desk.begun.len() > self.most => {
                    drop(self.moved.wait(desk).unwrap_or_else(PoisonError::into_inner));
                }
                Some(None) | None => {
                    drop(desk);
                    self.make_one();
                }
            }
        }
    }

    /// Begins and makes a piece, if there is one left.
    fn make_one(&self) -> bool {
        let (number, begun) = {
            let mut desk = self.desk();
            let Some(begun) = (desk.begin)() else {
                desk.all_begun = true;
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
        self.moved.notify_all();
        true
    }
}

impl<P, N, M> Fetching<P, N, M> {
    fn desk(&self) -> MutexGuard<'_, Desk<P, N>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes all pieces.
pub(super) struct Taking<'f, P, N, M> {
    of: &'f Fetching<P, N, M>,
    _closing: Closing<'f, P, N, M>,
}

impl<B, P, N, M> Iterator for Taking<'_, P, N, M>
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
struct Closing<'f, P, N, M>(&'f Fetching<P, N, M>);

impl<P, N, M> Drop for Closing<'_, P, N, M> {
    fn drop(&mut self) {
        self.0.desk().closed = true;
        self.0.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In their order, each once, whoever made them.
    #[test]
    fn pieces_come_in_their_order() {
        for most in [1, 2, 7] {
            let mut numbers = 0..500_u64;
            let make = |number: u64| (0..number % 7 * 300).fold(number, |sum, it| sum ^ it ^ it);
            let fetching = Fetching::new(|| numbers.next(), make, most);
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
        let mut numbers = 0..9_u64;
        let fetching = Fetching::new(|| numbers.next(), |number| number, 2);
        let ready = |fetching: &Fetching<u64, _, _>| fetching.desk().begun.iter().flatten().count();
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

    /// Who takes no more keeps nobody.
    #[test]
    fn the_second_thread_ends_with_the_first() {
        let fetching = Fetching::new(|| Some(1), |number: u8| number, 2);
        let first = std::thread::scope(|scope| {
            scope.spawn(|| fetching.make_ahead());
            fetching.take().next()
        });
        assert_eq!(first, Some(1));
    }
}
