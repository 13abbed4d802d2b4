//! The keys by which entries are found: what is changed of them is named, and nothing is posted behind it.

use fenshui::app::book::BookTrouble;
use fenshui::book::{
    Among, Book, BookError, Contradiction, Damage, Dispute, Event, Flaw, Posted, Run,
};

use super::sample::{LEARNT, ORIGIN, events, post, small_book};
use super::stores::{Place, on_every_store};
use super::suite::{damages, open, whole};

on_every_store! {
    a_changed_key_is_named
    keys_of_many_batches_are_found
    a_run_that_hides_keys_stops_a_posting
    an_event_that_stands_twice_is_named
    a_run_without_keys_is_missed
}

/// An event without running totals.
fn free(at: usize) -> Vec<Event> {
    events(at, 1).into_iter().map(|it| Event { lane: Vec::new(), ..it }).collect()
}

/// The run that ends before an entry; of several the one that stands for the others.
pub(super) fn run_to(place: &dyn Place, upto: u64) -> Run {
    let runs = place.open().unwrap().runs((0, 0), 999).unwrap();
    runs.into_iter().rfind(|run| run.upto == upto).unwrap()
}

fn a_changed_key_is_named(place: &dyn Place) {
    drop(small_book(place.create().unwrap()));
    // The key of the last event.
    let run = run_to(place, 17);
    let page = place.open().unwrap().pages(run.page, 1).unwrap().remove(0);
    let at = page.keys.as_chunks::<20>().0.iter().position(|key| key[16..] == [0, 0, 0, 1]);
    let row = format!("number = {}", run.page);
    let set = place.set_byte("run_page", "keys", &row, at.unwrap() * 20 + 19, 2);
    let found = damages(place, &set, &[]);
    let lost = Damage::Key { entry: 15, index: Among::Events };
    assert_eq!(found, [lost, Damage::SurplusKeys { count: 1 }]);
    let found = damages(place, &format!("DELETE FROM @run_page WHERE {row}"), &[]);
    assert!(found.contains(&Damage::Key { entry: 13, index: Among::Lanes }), "{found:?}");
}

/// Enough batches for runs of keys to be made of runs, twice over.
fn keys_of_many_batches_are_found(place: &dyn Place) {
    let mut book = Book::create(place.create().unwrap(), ORIGIN, LEARNT).unwrap();
    const BATCHES: usize = 300;
    let mut entries = Vec::new();
    for at in 0..BATCHES {
        let (_, posted) = post(&mut book, &free(at)).unwrap();
        let [Posted::New(number)] = posted[..] else { panic!("{posted:?}") };
        entries.push(number);
    }
    let root = whole(&mut book);
    for (at, number) in entries.iter().enumerate().step_by(7) {
        let (receipt, posted) = post(&mut book, &free(at)).unwrap();
        assert_eq!((receipt.root, &posted[..]), (root.digest, &[Posted::Already(*number)][..]));
    }
    drop(book);
    let mut runs: Vec<Run> = Vec::new();
    let mut end = root.size;
    while end > 0 {
        runs.push(run_to(place, end));
        end = runs.last().unwrap().since;
    }
    let long = runs.iter().max_by_key(|run| run.level).unwrap();
    assert!(long.level == 2 && runs.len() < 33, "{runs:?}");
    // A key that is changed in a run made of others.
    let row = format!("number = {}", long.page);
    let set = place.set_byte("run_page", "keys", &row, 3, 0x5a);
    let found = damages(place, &set, &[]);
    let run = |it: &Damage| matches!(it, Damage::Store(Flaw::ChangedRun { since: 0, .. }));
    assert!(found.len() == 1 && found.iter().all(run), "{found:#?}");
}

/// Rows that whoever may add can add: they stand for keys that they do not have.
fn a_run_that_hides_keys_stops_a_posting(place: &dyn Place) {
    let mut book = Book::create(place.create().unwrap(), ORIGIN, LEARNT).unwrap();
    for at in 0..40 {
        post(&mut book, &free(at)).unwrap();
    }
    let size = whole(&mut book).size;
    drop(book);
    let last = run_to(place, size);
    let runs = place.open().unwrap().runs((0, 0), 99).unwrap();
    let merged = runs.iter().find(|run| run.level == 1).unwrap();
    let [none, key] = [place.bytes(&[]), place.bytes(&[0xff; 16])];
    let rows = [
        // In the place of all, of the last, of all before it, and of a run that was made of others.
        (size, 9, 0, last.pages_end(), &none),
        (size, 1, 0, last.pages_end(), &none),
        (size, 1, last.since, last.pages_end(), &none),
        (last.since, 1, 0, last.page, &none),
        (merged.upto, 2, 0, merged.pages_end(), &none),
        // Of no entries, and with a key that says nothing.
        (size + 1, 0, size + 1, last.pages_end(), &none),
        (size, 1, 0, last.page, &key),
    ];
    for (upto, level, since, page, firsts) in rows {
        let row = format!("({upto}, {level}, {since}, {page}, {firsts})");
        let found = damages(place, &format!("INSERT INTO @run VALUES {row}"), &[]);
        let told = |it: &Damage| {
            matches!(it, Damage::Store(Flaw::ChangedRun { .. } | Flaw::MisplacedRun { .. }))
        };
        assert!(found.iter().any(told), "{row}: {found:?}");
        let posted = post(&mut open(place), &free(3));
        if upto <= size {
            let Err(BookError::DamagedKeys { .. }) = posted else { panic!("{row}: {posted:?}") };
            assert!(BookTrouble::from(posted.unwrap_err()).is_damage());
        }
        place.tamper(&format!("DELETE FROM @run WHERE upto = {upto} AND level = {level}"));
        let (_, posted) = post(&mut open(place), &free(3)).unwrap();
        assert!(matches!(posted[..], [Posted::Already(_)]), "{row}: {posted:?}");
    }
}

/// A posting without keys leaves a run of none: taken away, nothing else is behind it that would lack it.
fn a_run_without_keys_is_missed(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let before = whole(&mut book).size;
    for by in ["one", "other"] {
        let mut posting = book.begin().unwrap();
        let against = vec![15];
        let (by, reason) = (by.to_owned(), "share".to_owned());
        let raised = Dispute { learnt: LEARNT, by, against, reason, holds: None };
        posting.dispute(&raised).unwrap();
        posting.commit().unwrap();
    }
    let size = whole(&mut book).size;
    drop(book);
    let lacks = |since, upto| [Damage::Store(Flaw::ChangedRun { since, upto })];
    let found = damages(place, &format!("DELETE FROM @run WHERE upto = {size}"), &[]);
    assert_eq!(found, lacks(before + 1, size));
    let found = damages(place, &format!("DELETE FROM @run WHERE upto > {before}"), &[]);
    assert_eq!(found, lacks(before, size));
}

/// As a poster with a program of his own can post it, who does not look whether the book has it.
fn an_event_that_stands_twice_is_named(place: &dyn Place) {
    let mut book = Book::create(place.create().unwrap(), ORIGIN, LEARNT).unwrap();
    let (_, posted) = post(&mut book, &free(3)).unwrap();
    let [Posted::New(first)] = posted[..] else { panic!("{posted:?}") };
    let size = whole(&mut book).size;
    drop(book);
    let run = run_to(place, size);
    let page = place.open().unwrap().pages(run.page, 1).unwrap().remove(0);
    let back = u32::try_from(size - 1 - first).unwrap().to_be_bytes();
    let keys = page.keys.as_chunks::<20>().0;
    let at = keys.iter().position(|key| key[16..] == back).unwrap();
    let set = |to: u8| {
        place.set_byte("run_page", "keys", &format!("number = {}", run.page), at * 20 + 15, to)
    };
    place.tamper(&set(keys[at][15] ^ 1));
    let (_, posted) = post(&mut open(place), &free(3)).unwrap();
    let [Posted::New(again)] = posted[..] else { panic!("{posted:?}") };
    let found = damages(place, &set(keys[at][15]), &[]);
    let what = Contradiction::Again;
    assert_eq!(found, [Damage::Contradiction { entry: again, what }]);
}
