//! What holds of a book wherever it is kept: each case runs on every store.

use std::sync::Arc;

use fenshui::app::book::BookTrouble;
use fenshui::base::{Digest, Money};
use fenshui::book::{
    Because, Book, BookError, Bytes, Contradiction, Correction, Damage, Dispute, Entry, Event,
    Identity, LAYOUT, Outcome, Part, Posted, Resolution, Root, StoreError, Unread, Verdict,
};
use fenshui::rows::{Cell, Origin, Reason, Unreadable};

use super::keys::run_to;
use super::sample::{LEARNT, ORIGIN, aside, edition, event, events, post, post_by, small_book};
use super::stores::{Place, on_every_store, place_of, without};

on_every_store! {
    what_is_posted_is_there_after_reopening
    posting_again_adds_nothing
    other_content_is_refused_with_both
    a_refused_batch_leaves_nothing
    a_dropped_posting_leaves_nothing
    what_was_set_aside_may_come_again
    an_edition_may_renumber_its_members
    copies_in_a_batch_are_counted_and_known_again
    a_late_event_is_refused_unless_it_says_so
    lanes_do_not_hinder_each_other
    a_correction_reverses_once
    what_is_withdrawn_may_be_posted_anew
    a_dispute_is_settled_once
    a_correction_for_a_dispute_settles_it
    leaves_must_sum_to_the_inflow
    rows_that_cannot_be_read_are_kept_whole
    posters_take_turns
    nothing_is_changed_or_removed
    a_changed_value_is_named
    a_changed_end_is_named
    a_changed_node_is_named
    a_removed_entry_is_named
    a_cut_off_tail_is_found_by_an_older_checkpoint
    a_rewritten_book_is_found_by_an_older_checkpoint
    proofs_hold_at_every_size
    a_second_book_in_one_place_is_refused
    another_version_is_refused
    a_place_without_a_book_says_so
}

pub(super) fn whole(book: &mut Book) -> Root {
    let said = book.verify(&[]).unwrap();
    assert_eq!(said.damages, [], "a book that nobody touched");
    said.root
}

pub(super) fn open(place: &dyn Place) -> Book {
    Book::open(place.open().unwrap()).unwrap()
}

/// Changes a book that nobody has open, and verifies it.
#[track_caller]
pub(super) fn damages(place: &dyn Place, statement: &str, checkpoints: &[Root]) -> Vec<Damage> {
    place.tamper(statement);
    open(place).verify(checkpoints).unwrap().damages
}

fn what_is_posted_is_there_after_reopening(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let root = whole(&mut book);
    let entries = book.entries(0, 100).unwrap();
    drop(book);
    let mut book = open(place);
    assert_eq!(book.opening().origin, ORIGIN);
    assert_eq!(whole(&mut book), root);
    assert_eq!(book.root(root.size).unwrap(), root.digest);
    assert_eq!(book.entries(0, 100).unwrap(), entries);
    for ((_, entry), event) in entries[4..9].iter().zip(events(0, 5)) {
        assert_eq!(*entry, Entry::Event(Event { batch: 3, ..event }), "in other words");
    }
    let kinds: Vec<u8> = entries.iter().map(|(_, entry)| entry.kind()).collect();
    assert_eq!(kinds, [0, 1, 2, 3, 4, 4, 4, 4, 4, 7, 3, 4, 4, 4, 4, 4, 7]);
    let Some((_, Entry::Close(close))) = entries.last() else { panic!("no end of a batch") };
    assert_eq!((close.entries, close.sums[0].allocated, close.sums[0].set_aside), (5, 4, 1));
    assert_eq!(close.sums[0].inflow, (5..9).map(|at| 1_000_000 + 37 * at).sum::<i128>());
    assert_eq!(close.sums[0].inflow_set_aside, 1);
}

fn posting_again_adds_nothing(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let root = whole(&mut book);
    let (receipt, posted) = post(&mut book, &events(0, 7)).unwrap();
    assert_eq!((receipt.batch, receipt.entries, receipt.already), (None, 0, 7));
    assert_eq!((receipt.size, receipt.root), (root.size, root.digest));
    assert_eq!(posted[0], Posted::Already(4), "its entry is told");
    assert_eq!(posted[6], Posted::Already(12));
    assert_eq!(whole(&mut book), root);
    // Where something is new, the rest is still not doubled.
    let (receipt, posted) = post(&mut book, &events(8, 2)).unwrap();
    assert_eq!(posted, [Posted::Already(14), Posted::New(root.size + 1)]);
    assert_eq!(receipt.entries, 3, "a beginning, an event, an end");
}

fn other_content_is_refused_with_both(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let root = whole(&mut book);
    let other = event("R0000000", "2016-01-01", "911300000000000000", 5);
    let refused = post(&mut book, &[event("R8", "2016-09-09", "E8", 2), other]).unwrap_err();
    let BookError::Conflict { key, entry, stored, given } = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((key.as_str(), entry), ("R0000000", 4));
    assert_eq!(stored.fields[4], Cell::Money(Money::from_minor(1_000_000)));
    assert_eq!(given.fields[4], Cell::Money(Money::from_minor(5)));
    assert_eq!(whole(&mut book), root);
    // So are two of one batch.
    let twice = [event("R8", "2016-09-09", "E8", 2), event("R8", "2016-09-09", "E8", 3)];
    assert!(matches!(post(&mut book, &twice), Err(BookError::Conflict { .. })));
}

fn a_refused_batch_leaves_nothing(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let root = whole(&mut book);
    let mut posting = book.begin().unwrap();
    posting.edition(&edition("other")).unwrap();
    let refused = posting.events(&events(20, 1)).unwrap_err();
    assert!(matches!(refused, BookError::OutOfPlace { inside: true, .. }), "{refused:?}");
    assert!(posting.commit().is_err(), "of a refused posting nothing is kept");
    assert_eq!(whole(&mut book), root);
}

fn a_dropped_posting_leaves_nothing(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let root = whole(&mut book);
    let mut posting = book.begin().unwrap();
    posting.edition(&edition("other")).unwrap();
    drop(posting);
    assert_eq!(whole(&mut book), root);
    assert_eq!(book.edition(&edition("other").digest()).unwrap(), None);
    assert_eq!(book.edition(&edition("half").digest()).unwrap(), Some(1));
}

fn what_was_set_aside_may_come_again(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let again = aside(event("R9", "2016-03-01", "E9", 1));
    let (receipt, posted) = post(&mut book, std::slice::from_ref(&again)).unwrap();
    assert_eq!((receipt.entries, posted), (0, vec![Posted::Already(15)]));
    // For another reason it is news; so is its allocation, with whatever content.
    let outcome = Outcome::SetAside { inflow: None, reason: Reason::TooWide };
    let (_, posted) = post(&mut book, &[Event { outcome, ..again.clone() }]).unwrap();
    assert_eq!(posted, [Posted::New(18)]);
    let (_, posted) = post(&mut book, &[event("R9", "2016-03-02", "E9", 7)]).unwrap();
    assert_eq!(posted, [Posted::New(21)]);
    let (_, posted) = post(&mut book, &[aside(event("R9", "2016-03-02", "E9", 7))]).unwrap();
    assert_eq!(posted, [Posted::Already(21)], "it is allocated by now");
    whole(&mut book);
}

fn an_edition_may_renumber_its_members(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let mut renumbered = edition("renumbered");
    renumbered.schema.enumerations[0].members.insert(0, "xiongan".to_owned());
    let mut same = events(0, 1);
    same[0].fields[3] = Cell::Member(3);
    let (_, posted) = post_by(&mut book, &renumbered, &same).unwrap();
    assert_eq!(posted, [Posted::Already(4)], "hebei is hebei");
    let refused = post_by(&mut book, &renumbered, &events(0, 1)).unwrap_err();
    assert!(matches!(refused, BookError::Conflict { .. }), "tianjin is not: {refused:?}");
}

fn copies_in_a_batch_are_counted_and_known_again(place: &dyn Place) {
    let mut book = Book::create(place.create().unwrap(), ORIGIN, LEARNT).unwrap();
    let one = event("R1", "2016-03-01", "E1", 100);
    let outcome = Outcome::SetAside { inflow: None, reason: Reason::DuplicateKey };
    let copy = Event { outcome: outcome.clone(), ..one.clone() };
    // Others of its key say something else.
    let others = (2..40).map(|fen| event("R1", "2016-03-01", "E1", fen));
    let others = others.map(|it| Event { outcome: outcome.clone(), ..it });
    let all: Vec<Event> = [one, copy].into_iter().chain(others).collect();
    let (receipt, posted) = post(&mut book, &all).unwrap();
    assert_eq!(posted, (4..44).map(Posted::New).collect::<Vec<Posted>>());
    assert_eq!(receipt.already, 0);
    let Entry::Close(close) = book.entry(44).unwrap() else { panic!("no end of a batch") };
    assert_eq!((close.sums[0].allocated, close.sums[0].set_aside), (1, 39));
    for some in [&all[..], &all[30..], &all[..4]] {
        let (_, posted) = post(&mut book, some).unwrap();
        assert!(posted.iter().all(|it| matches!(it, Posted::Already(_))), "{posted:?}");
    }
    whole(&mut book);
}

fn a_late_event_is_refused_unless_it_says_so(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let last = |book: &mut Book| post(book, &[event("R0", "2015-12-31", "911300000000000000", 1)]);
    let refused = last(&mut book).unwrap_err();
    let BookError::Late { key, behind } = &refused else { panic!("{refused:?}") };
    assert_eq!((key.as_str(), *behind), ("R0", 13), "the last of its enterprise");
    let late = Event { late: true, ..event("R0", "2015-12-31", "911300000000000000", 1) };
    let (_, posted) = post(&mut book, &[late]).unwrap();
    assert_eq!(posted, [Posted::New(18)]);
    // It does not hold up those in order.
    assert!(post(&mut book, &[event("RW", "2015-12-30", "911300000000000000", 1)]).is_err());
    post(&mut book, &[event("RX", "2016-12-01", "911300000000000000", 1)]).unwrap();
    let within = [
        event("RZ", "2017-01-02", "911300000000000000", 1),
        event("RY", "2017-01-01", "911300000000000000", 1),
    ];
    assert!(matches!(post(&mut book, &within), Err(BookError::Late { .. })));
    whole(&mut book);
}

fn lanes_do_not_hinder_each_other(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    post(&mut book, &[event("N1", "1999-01-01", "another", 1)]).unwrap();
    let none = Event { lane: vec![], rank: vec![], ..event("N2", "1999-01-01", "", 1) };
    post(&mut book, &[none]).unwrap();
    let position =
        Event { key: vec![Part::Field { field: 3 }], ..event("N3", "1999-01-01", "", 1) };
    let refused = post(&mut book, &[position]).unwrap_err();
    assert!(matches!(refused, BookError::NotPortable), "{refused:?}");
    whole(&mut book);
}

/// Posts one correction in a batch of its own.
fn correct(book: &mut Book, of: u64, outcome: Option<Outcome>) -> Result<u64, BookError> {
    let because = Because::Stated { reason: "the register was wrong".to_owned() };
    correct_because(book, of, outcome, because)
}

fn correct_because(
    book: &mut Book,
    of: u64,
    outcome: Option<Outcome>,
    because: Because,
) -> Result<u64, BookError> {
    let mut posting = book.begin()?;
    let digest = edition("half").digest();
    let batch = posting.batch(&fenshui::book::Batch {
        learnt: LEARNT,
        by: None,
        evaluator: "another 1.0".to_owned(),
        edition: digest,
        edition_entry: 1,
        registers: Vec::new(),
        readings: Vec::new(),
        through: None,
        sources: Vec::new(),
    })?;
    let booked = fenshui::base::Date::parse("2016-12-31").unwrap();
    let said = None;
    let number = posting.correction(&Correction { batch, of, because, booked, outcome, said })?;
    posting.commit()?;
    Ok(number)
}

fn identity(id: &str) -> Identity {
    Identity::new("receipt", &[Cell::Text(Arc::from(id))]).unwrap()
}

fn a_correction_reverses_once(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let other = event("R0000000", "2016-01-01", "E0", 1_000_000).outcome;
    let first = correct(&mut book, 4, Some(other.clone())).unwrap();
    assert_eq!(book.standing(&[identity("R0000000")]).unwrap(), [Some(first)]);
    let refused = correct(&mut book, 4, Some(other.clone())).unwrap_err();
    let BookError::Settled { of: 4, by } = refused else { panic!("{refused:?}") };
    assert_eq!(by, first);
    let second = correct(&mut book, first, Some(other)).unwrap();
    assert_eq!(book.standing(&[identity("R0000000")]).unwrap(), [Some(second)]);
    for of in [0, 1, 3] {
        let refused = correct(&mut book, of, None).unwrap_err();
        assert!(matches!(refused, BookError::NotCorrectable { .. }), "{of}: {refused:?}");
    }
    let beyond = correct(&mut book, 10_000, None).unwrap_err();
    assert!(matches!(beyond, BookError::NoEntry { .. }), "{beyond:?}");
    whole(&mut book);
}

fn what_is_withdrawn_may_be_posted_anew(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    correct(&mut book, 13, None).unwrap();
    assert_eq!(book.standing(&[identity("R0000007")]).unwrap(), [None]);
    let anew = Event { late: true, ..event("R0000007", "2016-01-01", "E0", 3) };
    let (_, posted) = post(&mut book, &[anew]).unwrap();
    let Posted::New(number) = posted[0] else { panic!("{posted:?}") };
    assert_eq!(book.standing(&[identity("R0000007")]).unwrap(), [Some(number)]);
    assert_eq!(book.standing(&[identity("nobody")]).unwrap(), [None]);
    whole(&mut book);
}

fn a_dispute_is_settled_once(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let dispute = |against| Dispute {
        learnt: LEARNT,
        by: "河北省财政厅".to_owned(),
        against,
        reason: "三年按会计年度计".to_owned(),
        holds: Some("three_years = by_fiscal_years".to_owned()),
    };
    let mut posting = book.begin().unwrap();
    assert!(posting.dispute(&dispute(vec![17])).is_err(), "there is no entry 17");
    let number = posting.dispute(&dispute(vec![4, 5])).unwrap();
    posting.commit().unwrap();
    let settle = |book: &mut Book, dispute| {
        let mut posting = book.begin().unwrap();
        let (by, reason) = ("裁定".to_owned(), "…".to_owned());
        let verdict = Verdict::Upheld;
        let learnt = LEARNT;
        let number = posting.resolution(&Resolution {
            learnt,
            by,
            dispute,
            verdict,
            reason,
            counted: Vec::new(),
        })?;
        posting.commit().map(|_| number)
    };
    assert!(matches!(settle(&mut book, 4), Err(BookError::NoDispute { of: 4 })));
    let by = settle(&mut book, number).unwrap();
    assert_eq!(book.settled_by(number).unwrap(), Some(by));
    assert!(matches!(settle(&mut book, number), Err(BookError::Settled { .. })));
    whole(&mut book);
}

fn a_correction_for_a_dispute_settles_it(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let [by, reason] = ["河北省财政厅", "三年按会计年度计"].map(str::to_owned);
    let mut posting = book.begin().unwrap();
    let dispute = Dispute { learnt: LEARNT, by, against: vec![4], reason, holds: None };
    let dispute = posting.dispute(&dispute).unwrap();
    posting.commit().unwrap();
    let entry = correct_because(&mut book, 4, None, Because::Dispute { entry: dispute }).unwrap();
    let said = book.verify(&[]).unwrap();
    let what = Contradiction::Unsettled;
    assert_eq!(said.damages, [Damage::Contradiction { entry, what }]);
    let mut posting = book.begin().unwrap();
    let (by, reason) = ("裁定".to_owned(), "…".to_owned());
    let verdict = Verdict::Corrected { by: vec![entry] };
    posting
        .resolution(&Resolution {
            learnt: LEARNT,
            by,
            dispute,
            verdict,
            reason,
            counted: Vec::new(),
        })
        .unwrap();
    posting.commit().unwrap();
    whole(&mut book);
}

fn leaves_must_sum_to_the_inflow(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let mut wrong = event("R8", "2016-09-09", "E8", 100);
    let Outcome::Allocated { leaves, .. } = &mut wrong.outcome else { panic!("it is allocated") };
    leaves[0].amount = Money::from_minor(51);
    let refused = post(&mut book, &[wrong]).unwrap_err();
    let BookError::NotConserved { key, inflow: 100, sum: 101 } = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(key, "R8");
}

fn rows_that_cannot_be_read_are_kept_whole(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let post = |book: &mut Book, line| {
        let mut posting = book.begin()?;
        let batch = posting.batch(&fenshui::book::Batch {
            learnt: LEARNT,
            by: None,
            evaluator: "another 1.0".to_owned(),
            edition: edition("half").digest(),
            edition_entry: 1,
            registers: Vec::new(),
            readings: Vec::new(),
            through: None,
            sources: vec![fenshui::book::Source { name: "a.csv".to_owned(), digest: None }],
        })?;
        let row = Unread {
            batch,
            kind: Some(0),
            origin: Origin { file: 0, line },
            row: Bytes(Arc::from(&b"R1,\xff\xfe,2016"[..])),
            inflow: None,
            reason: Reason::Unreadable {
                column: Some(Arc::from("amount")),
                value: Arc::from("\u{fffd}"),
                why: Unreadable::NotText,
            },
        };
        let posted = posting.unread(&row)?;
        posting.commit().map(|_| posted)
    };
    let posted = post(&mut book, 7).unwrap();
    assert_eq!(posted, Posted::New(18));
    let Entry::Unread(row) = book.entry(18).unwrap() else { panic!("no such row") };
    assert_eq!(&row.row.0[..], b"R1,\xff\xfe,2016");
    assert_eq!(post(&mut book, 7).unwrap(), Posted::Already(18));
    assert_eq!(post(&mut book, 8).unwrap(), Posted::New(21), "another line");
    whole(&mut book);
}

fn posters_take_turns(place: &dyn Place) {
    drop(Book::create(place.create().unwrap(), ORIGIN, LEARNT).unwrap());
    const POSTERS: usize = 4;
    const BATCHES: usize = 6;
    std::thread::scope(|scope| {
        for poster in 0..POSTERS {
            scope.spawn(move || {
                let mut book = Book::open(place.open().unwrap()).unwrap();
                for batch in 0..BATCHES {
                    // Half of them are everybody's, half are one's own.
                    let lane = format!("L{poster}");
                    let own = format!("{poster}-{batch}");
                    let mut mine = vec![event(&own, "2016-01-01", &lane, 5)];
                    mine[0].rank = Vec::new();
                    mine.extend(events(batch, 1).into_iter().map(|event| Event {
                        lane: Vec::new(),
                        rank: Vec::new(),
                        ..event
                    }));
                    post(&mut book, &mine).unwrap();
                }
            });
        }
    });
    let mut book = open(place);
    let root = whole(&mut book);
    let entries = book.entries(0, 1000).unwrap();
    let posted = entries.iter().filter(|(_, entry)| matches!(entry, Entry::Event(_))).count();
    assert_eq!(posted, POSTERS * BATCHES + BATCHES, "nothing lost, nothing doubled");
    assert_eq!(root.size as usize, 3 + POSTERS * BATCHES * 2 + posted);
}

fn nothing_is_changed_or_removed(place: &dyn Place) {
    drop(small_book(place.create().unwrap()));
    super::stores::guarded(place);
}

fn a_changed_value_is_named(place: &dyn Place) {
    drop(small_book(place.create().unwrap()));
    let (row, at, start) = place_of(place, 6);
    let set = place.set_byte("entry", "bodies", &row, start + 34, 7);
    let found = damages(place, &set, &[]);
    let [Damage::Value { entry: 6, field: Some(field), offset: Some(34), .. }] = &found[..] else {
        panic!("{found:#?}");
    };
    assert_eq!(field, "fields[2]", "the enterprise");
    let set = place.set_byte("entry", "kinds", &row, at + 2, 6);
    let found = damages(place, &set, &[]);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found.iter().any(|it| it.to_string() == "entry 8: `kind` was changed"), "{found:#?}");
}

fn a_changed_end_is_named(place: &dyn Place) {
    drop(small_book(place.create().unwrap()));
    let segment = place.open().unwrap().segments(6, 1).unwrap().remove(0);
    let row = format!("first = {}", segment.first);
    assert!(segment.kinds.len() > 3);
    for (at, byte) in segment.ends.iter().enumerate() {
        let set = |to: u8| place.set_byte("entry", "ends", &row, at, to);
        let entry = segment.first + u64::try_from(at / 4).unwrap();
        assert_eq!(damages(place, &set(byte ^ 0x11), &[]), [Damage::End { entry }], "byte {at}");
        place.tamper(&set(*byte));
    }
    whole(&mut open(place));
}

fn a_changed_node_is_named(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    post(&mut book, &events(50, 600)).unwrap();
    drop(book);
    let found = damages(place, "DELETE FROM @node WHERE number = 1", &[]);
    assert_eq!(found, [Damage::Node { level: 8, index: 1 }]);
    // Nothing can be posted on a tree that is not whole, rather than on a wrong one.
    let refused = post(&mut open(place), &events(900, 1)).unwrap_err();
    let (level, index) = (8, 1);
    assert!(
        matches!(refused, BookError::DamagedNode { level: it, index: at } if (it, at) == (level, index)),
        "{refused:?}"
    );
}

fn a_removed_entry_is_named(place: &dyn Place) {
    drop(small_book(place.create().unwrap()));
    let found = damages(place, &without(place, 7), &[]);
    assert!(found.contains(&Damage::Missing { entry: 7 }), "{found:?}");
    assert!(!found.iter().any(|it| matches!(it, Damage::Value { .. })), "{found:?}");
}

fn a_cut_off_tail_is_found_by_an_older_checkpoint(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let root = whole(&mut book);
    post(&mut book, &events(30, 3)).unwrap();
    let later = whole(&mut book);
    assert_eq!(book.verify(&[later, root]).unwrap().damages, []);
    drop(book);
    // The last batch is taken out without a trace within the book.
    let pages = run_to(place, root.size).pages_end();
    let cut = format!(
        "DELETE FROM @entry WHERE first >= {0}; DELETE FROM @run WHERE upto > {0}; \
         DELETE FROM @run_page WHERE number >= {pages}",
        root.size
    );
    assert_eq!(damages(place, &cut, &[]), []);
    let found = open(place).verify(&[root, later]).unwrap().damages;
    assert_eq!(found, [Damage::CutOff { size: root.size, checkpoint: later.size }]);
}

fn a_rewritten_book_is_found_by_an_older_checkpoint(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let root = whole(&mut book);
    let other = Root { size: root.size - 1, digest: Digest::of(b"another book") };
    let found = book.verify(&[root, other]).unwrap().damages;
    let found_digest = book.root(other.size).unwrap();
    let (checkpoint, signed) = (other.size, other.digest);
    assert_eq!(found, [Damage::Rewritten { checkpoint, signed, found: found_digest }]);
}

fn proofs_hold_at_every_size(place: &dyn Place) {
    let mut book = small_book(place.create().unwrap());
    let size = book.size().unwrap();
    for size in 1..=size {
        for number in 0..size {
            let proof = book.inclusion(number, size).unwrap();
            let leaf = book.leaf_bytes(number).unwrap();
            let root = Root { size, digest: book.root(size).unwrap() };
            assert!(root.includes(number, &leaf, &proof), "{number} of {size}");
            assert!(!root.includes((number + 1) % size, &leaf, &proof) || size == 1);
            let old = Root { size: number, digest: book.root(number).unwrap() };
            let proof = book.consistency(number, size).unwrap();
            assert!(root.continues(&old, &proof), "{number} to {size}");
        }
    }
    assert!(matches!(book.inclusion(size, size), Err(BookError::NoEntry { .. })));
    assert!(matches!(book.inclusion(0, size + 1), Err(BookError::NoEntry { .. })));
}

fn a_second_book_in_one_place_is_refused(place: &dyn Place) {
    drop(small_book(place.create().unwrap()));
    assert!(matches!(place.create(), Err(StoreError::Exists { .. })));
    let store = place.open().unwrap();
    assert!(Book::create(store, ORIGIN, LEARNT).is_err(), "nor is an opening written twice");
    whole(&mut open(place));
}

fn another_version_is_refused(place: &dyn Place) {
    drop(small_book(place.create().unwrap()));
    let refused = |version| {
        place.tamper(&place.laid_out(version));
        let Err(refused) = place.open() else { panic!("it was opened") };
        refused
    };
    let newer = refused(LAYOUT + 1);
    assert!(matches!(newer, StoreError::Newer { found, known: LAYOUT } if found == LAYOUT + 1));
    let older = refused(LAYOUT - 1);
    assert!(matches!(older, StoreError::Older { found, known: LAYOUT } if found == LAYOUT - 1));
    let (words, hint) = BookTrouble::from(older).words();
    assert!(words.zh.contains("布局") && hint.is_some_and(|it| it.zh.contains("book import")));
    place.tamper(&place.laid_out(0));
    let none = place.open();
    assert!(matches!(none, Err(StoreError::Foreign { .. } | StoreError::DamagedSchema { .. })));
}

fn a_place_without_a_book_says_so(place: &dyn Place) {
    let Err(refused) = place.open() else { panic!("it was opened") };
    assert!(matches!(refused, StoreError::NotFound { .. }), "{refused:?}");
    for name in ["", "two words", "a+b", "a\u{202e}b", "a\u{200b}"] {
        let store = Box::new(fenshui::book::MemoryStore::new());
        assert!(matches!(Book::create(store, name, LEARNT), Err(BookError::BadName { .. })));
    }
}
