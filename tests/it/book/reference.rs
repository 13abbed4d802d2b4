//! A book that an earlier version posted, replayed by this one: a change in what a rule means, or in
//! how entries are made, does not go unseen. Its README says how it was made.

use std::path::Path;

use fenshui::app::book::{Access, Asked, BookPlace, Replay, replay};
use fenshui::base::Money;
use fenshui::book::{Entry, Outcome, Segment, SqliteStore, Store};
use fenshui::diagnostics::Language;

use crate::cli::{copy_folder, outcome};
use crate::floors::root;

use super::stores::OPTIONS;

const BOOK: &str = "reference.book";

fn copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("tests/cases/book/reference"), folder.path());
    folder
}

#[test]
fn the_reference_book_comes_out_as_it_is_stored() {
    let folder = copy();
    let said = outcome("fenshui book verify", folder.path(), BOOK);
    assert!(said.ends_with("all holds\n"), "{said}");
    let said = outcome("fenshui book replay", folder.path(), BOOK);
    assert!(said.ends_with("batches come out as they are stored\n"), "{said}");
    let compared: usize = said.split(' ').next().unwrap().parse().unwrap();
    assert!(compared > 600, "{said}");
}

#[test]
fn a_changed_outcome_is_found_by_replay_and_explained() {
    let folder = copy();
    let path = folder.path().join(BOOK);
    let place = BookPlace::File(path.clone());
    let mut book = place.open(Access::Read).unwrap();
    let size = book.size().unwrap();
    let divided = |number: &u64| match book.entry(*number).unwrap() {
        Entry::Event(event) => match event.outcome {
            Outcome::Allocated { leaves, .. } => leaves.len() >= 2,
            Outcome::SetAside { .. } => false,
        },
        _ => false,
    };
    let number = (0..size).find(divided).unwrap();
    let Entry::Event(mut event) = book.entry(number).unwrap() else { panic!() };
    let Outcome::Allocated { leaves, .. } = &mut event.outcome else { panic!() };
    // A fen goes from one account to the other: the sums still hold.
    let moved = |money: Money, by| Money::from_minor(money.minor() + by);
    leaves[0].amount = moved(leaves[0].amount, 1);
    leaves[1].amount = moved(leaves[1].amount, -1);
    drop(book);
    tamper(&path, number, &Entry::Event(event).body());
    let mut book = place.open(Access::Read).unwrap();
    let asked = Replay {
        of: Asked::ALL,
        known_on: None,
        language: Language::English,
        folder: std::env::temp_dir(),
    };
    let replayed = replay(&mut book, &asked).unwrap();
    assert_eq!(replayed.differences.len(), 1);
    let difference = &replayed.differences[0];
    assert_eq!(difference.entry, Some(number));
    let amounts = difference.apart.iter().filter(|it| it.thing == "amount");
    assert_eq!(amounts.count(), 2, "{difference:?}");
    assert!(difference.story(Language::English).unwrap().contains("gets"));
    let said = outcome("fenshui book replay", folder.path(), BOOK);
    assert!(said.contains(&format!("entry {number}: ")), "{said}");
    assert!(said.ends_with("1 differs\n[exit 1]\n"), "{said}");
    let said = outcome("fenshui book verify", folder.path(), BOOK);
    assert!(said.contains(&format!("damage: entry {number}")), "{said}");
}

/// Changes an entry past the guards of the store.
pub(super) fn tamper(path: &Path, number: u64, body: &[u8]) {
    let mut store = SqliteStore::open(path, OPTIONS).unwrap();
    let segment = store.segments(number, 1).unwrap().remove(0);
    drop(store);
    let mut changed = Segment::new(segment.first);
    for row in segment.rows() {
        let body = if row.number == number { body } else { row.body };
        changed.push(row.kind, &row.leaf, body);
    }
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch("DROP TRIGGER entry_no_UPDATE").unwrap();
    let done = connection.execute(
        "UPDATE entry SET bodies = ?1, ends = ?2 WHERE first = ?3",
        rusqlite::params![changed.bodies, changed.ends, i64::try_from(segment.first).unwrap()],
    );
    assert_eq!(done.unwrap(), 1);
}
