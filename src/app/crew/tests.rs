//! What is read and written, and in which order, does not depend on who does it.

use std::cell::RefCell;
use std::time::Duration;

use crate::base::{Date, Money};
use crate::formats::Unread;
use crate::rows::Taken;

use super::super::reading::Batches;
use super::super::reading::tests::{files, names};
use super::*;

/// Notes what it hears; slow, or at an end after some.
struct Ear<'t> {
    heard: &'t Mutex<Vec<(u32, u64)>>,
    pause: Duration,
    most: usize,
}

impl Sink for Ear<'_> {
    type Error = FormatsError;

    fn hear(&mut self, outcomes: &mut Outcomes, _: &dyn Accounts) -> Result<(), FormatsError> {
        std::thread::sleep(self.pause);
        let mut heard = self.heard.lock().unwrap();
        let mut telling = outcomes.telling();
        while let Some(told) = telling.next_event() {
            let origin = told.event().batch.origins[told.event().row];
            heard.push((origin.file, origin.line));
        }
        if heard.len() > self.most { Err(FormatsError::Internal("enough".into())) } else { Ok(()) }
    }
}

struct Nobody;

impl Accounts for Nobody {
    fn account(&self, _: u32) -> Option<(u32, &[crate::rows::Cell])> {
        None
    }
}

/// Hands on each row that is read, until it is told of a fault or that these are enough; the second thread
/// may be relieved.
fn hand_on(
    ear: Ear<'_>,
    (threads, relieved): (usize, bool),
    pause: Duration,
    enough: usize,
) -> Result<usize, FormatsError> {
    let (names, mapping) = (names(), crate::formats::Mapping::default());
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path(), &names);
    let to_read = ToRead { names: &names, files: &files, mapping: &mapping };
    let remarks = RefCell::new(Vec::new());
    let mut unread = |_: Vec<Unread>| Ok(());
    std::thread::scope(|scope| {
        let crew = Crew::begun((to_read, threads), Writes::by(Box::new(ear)), scope);
        let mut foreman = Foreman::new(crew.clone(), false);
        let (ahead, lends_a_hand) = (|| crew.next(), || crew.lend_a_hand());
        let beside = crew.beside(&lends_a_hand);
        let mut handed = 0;
        for batch in Batches::asked(&ahead, &mut unread, &remarks) {
            let batch = Arc::new(batch?);
            std::thread::sleep(pause);
            let mut outcomes = Outcomes::default();
            for row in 0..batch.len() {
                let taken = Taken { batch: &batch, row, date: Date::MIN, booked: Date::MIN };
                outcomes.allocated(taken, Money::ZERO, 0);
            }
            handed += batch.len();
            foreman.hear(&mut outcomes, &Nobody)?;
            if relieved {
                (beside.piece)();
            }
            if handed >= enough {
                break;
            }
        }
        foreman.finish().map(|()| handed)
    })
}

#[test]
fn all_is_written_in_the_order_in_which_it_was_read() {
    let mut first: Option<Vec<(u32, u64)>> = None;
    let (none, some) = (Duration::ZERO, Duration::from_micros(300));
    for (who, reads, writes) in [
        ((2, false), none, none),
        ((2, false), some, none),
        ((2, false), none, some),
        ((2, true), none, none),
        ((2, true), none, some),
        ((4, false), none, none),
    ] {
        let heard = Mutex::new(Vec::new());
        let ear = Ear { heard: &heard, pause: writes, most: usize::MAX };
        let handed = hand_on(ear, who, reads, usize::MAX).unwrap();
        let heard = heard.into_inner().unwrap();
        assert_eq!((heard.len(), handed), (239_760, 239_760));
        assert!(first.get_or_insert(heard.clone()) == &heard, "{who:?}");
    }
}

/// What was handed over is written though nobody asks for the rest, and both threads end.
#[test]
fn a_run_that_stops_early_leaves_nothing_unwritten() {
    let heard = Mutex::new(Vec::new());
    let ear = Ear { heard: &heard, pause: Duration::ZERO, most: usize::MAX };
    let handed = hand_on(ear, (2, false), Duration::ZERO, 50_000).unwrap();
    assert!((50_000..239_760).contains(&handed));
    assert_eq!(heard.into_inner().unwrap().len(), handed);
}

/// The fault is told, once, and nothing is written behind it.
#[test]
fn a_fault_in_writing_ends_the_run() {
    for (pause, relieved) in [(0, false), (300, false), (0, true)] {
        let heard = Mutex::new(Vec::new());
        let ear = Ear { heard: &heard, pause: Duration::from_micros(pause), most: 30_000 };
        let error = hand_on(ear, (2, relieved), Duration::ZERO, usize::MAX).unwrap_err();
        assert!(error.words().en.contains("enough"));
        assert!(heard.into_inner().unwrap().len() < 60_000);
    }
}
