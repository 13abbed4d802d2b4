//! What a replay says of entries that come out otherwise. Most books here are whole, so that `verify` finds
//! nothing: what they hold was posted past the evaluator.

use std::path::Path;

use fenshui::base::{Date, Exact, Money};
use fenshui::book::{
    Because, Book, Correction, Counted, Entry, Event, Leaf, Outcome, Part, Posting, SqliteStore,
};
use fenshui::rows::{Cell, Origin, Reason};

use super::stores::OPTIONS;
use crate::cli::{copy_folder, outcome};
use crate::floors::root;

/// A folder with a book of three batches: events are entries 4, 5, 9 and 13, corrections 14 and 15.
fn kept() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("tests/cases/cli/book_replay"), folder.path());
    for command in [
        "book init --name finance.example/2018",
        "book post rules.fen.md first.csv --register caps=caps.csv",
        "book post rules.fen.md second.csv --register caps=caps.csv",
        "book post rules.fen.md late.csv --register caps=caps.csv --recompute-late",
    ] {
        let said = outcome(&format!("fenshui {command}"), folder.path(), "b.book");
        assert!(!said.contains("! error"), "{command}: {said}");
    }
    folder
}

/// Makes another book of the same entries, some of them otherwise, as somebody could who posts by a program
/// of his own.
fn forged(folder: &Path, mut edit: impl FnMut(u64, &mut Entry)) {
    let open = SqliteStore::open(&folder.join("b.book"), OPTIONS).unwrap();
    let mut book = Book::open(Box::new(open)).unwrap();
    let size = usize::try_from(book.size().unwrap()).unwrap();
    let mut entries = book.entries(1, size).unwrap();
    entries.iter_mut().for_each(|(number, entry)| edit(*number, entry));
    let path = folder.join("forged.book");
    let _ = std::fs::remove_file(&path);
    let store = Box::new(SqliteStore::create(&path, OPTIONS).unwrap());
    let opening = book.opening();
    let mut forged = Book::create(store, &opening.origin, opening.learnt).unwrap();
    let last =
        |entry: &Entry| matches!(entry, Entry::Close(_) | Entry::Dispute(_) | Entry::Resolution(_));
    for batch in entries.split_inclusive(|(_, entry)| last(entry)) {
        let mut posting = forged.begin().unwrap();
        batch.iter().for_each(|(_, entry)| add(&mut posting, entry));
        posting.commit().unwrap();
    }
}

fn add(posting: &mut Posting<'_>, entry: &Entry) {
    let added = match entry {
        Entry::Edition(it) => posting.edition(it).map(|_| ()),
        Entry::Register(it) => {
            posting.register(it.edition, it.register, &it.rows.clone().into()).map(|_| ())
        }
        Entry::Batch(it) => posting.batch(it).map(|_| ()),
        Entry::Event(it) => posting.events(std::slice::from_ref(it)).map(|_| ()),
        Entry::Unread(it) => posting.unread(it).map(|_| ()),
        Entry::Correction(it) => posting.correction(it).map(|_| ()),
        Entry::Close(_) => Ok(()),
        Entry::Dispute(it) => posting.dispute(it).map(|_| ()),
        Entry::Resolution(it) => posting.resolution(it).map(|_| ()),
        other => panic!("{other:?}"),
    };
    added.unwrap();
}

fn event(entry: &mut Entry) -> &mut Event {
    match entry {
        Entry::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

fn leaves(outcome: &mut Outcome) -> &mut Vec<Leaf> {
    match outcome {
        Outcome::Allocated { leaves, .. } => leaves,
        other => panic!("{other:?}"),
    }
}

/// A fen goes from one amount to the other.
fn move_a_fen(leaves: &mut [Leaf]) {
    leaves[0].amount = Money::from_minor(leaves[0].amount.minor() + 1);
    leaves[1].amount = Money::from_minor(leaves[1].amount.minor() - 1);
}

/// What replay says of the book where one entry was edited.
fn replayed(number: u64, mut edit: impl FnMut(&mut Entry), flags: &str) -> String {
    let folder = kept();
    forged(folder.path(), |at, entry| {
        if at == number {
            edit(entry);
        }
    });
    let said = |command: &str| outcome(command, folder.path(), "forged.book");
    assert!(said("fenshui book verify").ends_with("all holds\n"), "the book is whole");
    assert!(folder.path().join("b.book").exists());
    said(&format!("fenshui book replay{flags}"))
}

#[test]
fn an_untouched_copy_differs_in_nothing() {
    let said = replayed(u64::MAX, |_| {}, "");
    assert_eq!(said, "6 outcomes of 3 batches come out as they are stored\n");
}

/// What stands for something by its place in an edition stands for nothing there.
#[test]
fn what_no_edition_has_is_damage() {
    type Edit = fn(&mut Entry);
    let edits: [(Edit, &str); 6] = [
        (|entry| event(entry).fields[2] = Cell::Member(9), "edition"),
        (|entry| event(entry).fields[4] = Cell::Bool(true), "edition"),
        (|entry| drop(event(entry).fields.pop()), "edition"),
        (|entry| leaves(&mut event(entry).outcome)[0].leg = 99, "edition"),
        (
            |entry| leaves(&mut event(entry).outcome)[0].account.as_mut().unwrap().family = 9,
            "edition",
        ),
        (|entry| event(entry).origin.file = 7, "file"),
    ];
    for (edit, which) in edits {
        let folder = kept();
        forged(folder.path(), |at, entry| {
            if at == 5 {
                edit(entry);
            }
        });
        let said = outcome("fenshui book verify", folder.path(), "forged.book");
        let wrong = match which {
            "edition" => "damage: entry 5: its edition does not have all that it speaks of",
            _ => "damage: entry 5: its batch names no such file as it is to come from",
        };
        assert!(said.contains(wrong), "{said}");
    }
}

#[test]
fn amounts_are_told_by_account_rule_and_clause() {
    let edit = |entry: &mut Entry| move_a_fen(leaves(&mut event(entry).outcome));
    insta::assert_snapshot!(replayed(5, edit, ""));
}

#[test]
fn amounts_are_told_in_chinese() {
    let edit = |entry: &mut Entry| move_a_fen(leaves(&mut event(entry).outcome));
    insta::assert_snapshot!(replayed(5, edit, " --lang zh"));
}

#[test]
fn amounts_are_told_to_programs() {
    let edit = |entry: &mut Entry| move_a_fen(leaves(&mut event(entry).outcome));
    insta::assert_snapshot!(replayed(5, edit, " --format json"));
}

#[test]
fn what_else_an_entry_says_is_told_by_name() {
    let edit = |entry: &mut Entry| {
        let event = event(entry);
        event.date = Date::parse("2018-03-02").unwrap();
        event.lane = vec![Part::Value { value: Cell::Text("hebei".into()) }];
        let Outcome::Allocated { leaves, residue_units, .. } = &mut event.outcome else { panic!() };
        leaves.reverse();
        *residue_units = 7;
    };
    for language in ["en", "zh"] {
        let said = replayed(5, edit, &format!(" --lang {language}"));
        let (head, _) = said.split_once("\n\n").unwrap();
        insta::assert_snapshot!(format!("what_else_{language}"), head);
    }
}

#[test]
fn what_was_set_aside_and_comes_out_allocated_is_told() {
    let edit = |entry: &mut Entry| {
        let inflow = Some(Money::from_minor(3));
        event(entry).outcome = Outcome::SetAside { inflow, reason: Reason::NoShares };
    };
    let said = replayed(5, edit, "");
    assert!(said.contains("set aside[S"), "{said}");
    assert!(!said.contains("NoShares") && !said.contains("SetAside"), "{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn corrections_are_told_and_each_difference_is_explained() {
    let edit = |entry: &mut Entry| {
        let Entry::Correction(it) = entry else { panic!() };
        move_a_fen(leaves(it.outcome.as_mut().unwrap()));
    };
    let said = replayed(14, edit, "");
    insta::assert_snapshot!(said);
    let folder = kept();
    forged(folder.path(), |_, entry| {
        if let Entry::Event(it) = entry {
            move_a_fen(leaves(&mut it.outcome));
        }
    });
    let said = outcome("fenshui book replay", folder.path(), "forged.book");
    let count = |what: &str| said.matches(what).count();
    assert!(count("\n  why it comes out so:\n") >= 3, "{said}");
    assert_eq!(count("\n  why it comes out so:\n"), count(", batch "), "{said}");
}

/// A folder with a book by some rules, of these files in turn; late events correct what stands.
fn posted(rules: &str, files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("rules.fen", rules);
    let said = |command: &str| outcome(command, folder.path(), "b.book");
    said("fenshui book init --name finance.example/2018");
    for file in files {
        write("events.csv", file);
        let told = said("fenshui book post rules.fen events.csv --recompute-late");
        assert!(!told.contains("! error"), "{told}");
    }
    folder
}

const CAPPED: &str = "module capped\nauthority national\nsettlement largest remainder\n\
    account local\naccount centre\n\
    event receipt { id : text unique; date : date effective; payer : text; amount : money inflow\n  order by date, id }\n\
    rule shared of receipt\n  split inflow\n    50% up to 5.00 in total to local as given per payer\n    rest to centre\n";

/// Events are entries 3 and 4, 7 and 8; the latter came late, and corrections 9 and 10 are due to them.
fn late() -> tempfile::TempDir {
    let first = "id,date,payer,amount\nX2,2018-02-01,X,6.00\nY2,2018-02-01,Y,6.00\n";
    let late = "id,date,payer,amount\nX1,2018-01-01,X,6.00\nY1,2018-01-01,Y,6.00\n";
    posted(CAPPED, &[first, late])
}

fn correction(entry: &mut Entry) -> &mut Correction {
    match entry {
        Entry::Correction(correction) => correction,
        other => panic!("{other:?}"),
    }
}

/// What `verify` and `replay` say of a book where entries were edited.
fn judged(folder: &Path, edit: impl FnMut(u64, &mut Entry)) -> (String, String) {
    forged(folder, edit);
    let said = |command: &str| outcome(command, folder, "forged.book");
    (said("fenshui book verify"), said("fenshui book replay"))
}

#[test]
fn the_day_a_correction_is_booked_by_is_worked_out() {
    for number in [9, 10] {
        let (verified, replayed) = judged(late().path(), |at, entry| {
            if at == number {
                correction(entry).booked = Date::parse("2027-06-02").unwrap();
            }
        });
        assert!(verified.ends_with("all holds\n"), "{verified}");
        let told = "booked\n    in the book: 2027-06-02\n    comes out:   2018-02-01\n";
        assert!(replayed.contains(told), "{replayed}");
        assert!(replayed.ends_with("[exit 1]\n"), "{replayed}");
    }
}

#[test]
fn what_a_correction_says_is_behind_it_is_worked_out() {
    let (verified, replayed) = judged(late().path(), |at, entry| {
        if at == 9 {
            correction(entry).because = Because::Late { entry: 8 };
        }
    });
    assert!(verified.ends_with("all holds\n"), "{verified}");
    let told = "came\n    in the book: entry 8\n    comes out:   entry 7\n";
    assert!(replayed.contains(told), "{replayed}");
    for because in [
        Because::Late { entry: 3 },
        Because::Stated { reason: "the minister asked for it".to_owned() },
    ] {
        let (verified, _) = judged(late().path(), |at, entry| {
            if at == 9 {
                correction(entry).because = because.clone();
            }
        });
        let wrong = "damage: entry 9: what it says brought it about cannot have";
        assert!(verified.contains(wrong), "{verified}");
    }
}

#[test]
fn a_row_that_could_not_be_read_is_of_its_batch() {
    let rows = [
        "id,date,payer,amount\nX1,2018-02-01,X,oops\n",
        "id,date,payer,amount\nX2,2018-02-01,X,1.00\n",
    ];
    let folder = posted(CAPPED, &rows);
    let (verified, _) = judged(folder.path(), |_, entry| {
        if let Entry::Unread(unread) = entry {
            unread.batch = 0;
        }
    });
    assert!(verified.contains("it names another batch than it stands in"), "{verified}");
}

const MONTHLY: &str = "module monthly\nauthority national\nsettlement largest remainder\n\
    account local\naccount centre\n\
    event receipt { id : text unique; date : date effective; amount : money inflow\n  order by date, id }\n\
    rule shared of receipt\n  split inflow\n    all to local\n\
    calendar month_end at end of month\n\
    rule monthly of month_end\n  transfer 0.01 from local to centre\n";

/// Events are entries 3 to 5; the last one nobody sent.
fn monthly() -> tempfile::TempDir {
    posted(MONTHLY, &["id,date,amount\nE1,2018-01-15,9.00\nE2,2018-02-15,9.00\n"])
}

#[test]
fn what_nobody_sends_comes_from_no_file() {
    for (sent, origin) in [(false, Origin { file: 0, line: 3 }), (true, Origin::MADE)] {
        let folder = monthly();
        let (verified, replayed) = judged(folder.path(), |_, entry| {
            if let Entry::Event(event) = entry
                && (event.origin == Origin::MADE) != sent
            {
                event.origin = origin;
            }
        });
        assert!(
            verified.contains("it is said to come from a file, and by its rules"),
            "{verified}"
        );
        assert!(replayed.ends_with("[exit 1]\n"), "{replayed}");
        assert!(!replayed.contains("internal"), "{replayed}");
    }
}

#[test]
fn a_batch_without_events_that_asks_for_calendar_events_lacks_them() {
    let [first, unread] = ["E1,2018-01-15,9.00\nE2,2018-02-15,9.00\n", "E3,2018-02-16,oops\n"];
    let files = [first, unread].map(|rows| format!("id,date,amount\n{rows}"));
    let folder = posted(MONTHLY, &files.each_ref().map(String::as_str));
    let (verified, replayed) = judged(folder.path(), |at, entry| {
        if let Entry::Batch(batch) = entry
            && at > 2
        {
            batch.through = Date::parse("2018-09-30");
        }
    });
    assert!(verified.ends_with("all holds\n"), "{verified}");
    assert!(replayed.contains("2018-09-30") && replayed.ends_with("[exit 1]\n"), "{replayed}");
}

/// A book of one event, entry 3, which stands by the ruling of entry 6.
fn upheld() -> tempfile::TempDir {
    let folder = posted(CAPPED, &["id,date,payer,amount\nX1,2018-02-01,X,6.00\n"]);
    for command in [
        "raise X1 --by city --reason share",
        "resolve 5 --verdict upheld --by court --reason right",
    ] {
        outcome(&format!("fenshui book dispute {command}"), folder.path(), "b.book");
    }
    folder
}

/// Makes a ruling say something else.
type Edit = Box<dyn FnMut(&mut Vec<Counted>)>;

fn counted(entry: &mut Entry) -> &mut Vec<Counted> {
    match entry {
        Entry::Resolution(resolution) => &mut resolution.counted,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_ruling_counts_is_worked_out() {
    let judged_by = |mut edit: Edit| {
        judged(upheld().path(), |at, entry| {
            if at == 6 {
                edit(counted(entry));
            }
        })
    };
    let (_, replayed) = judged_by(Box::new(|_| ()));
    assert!(replayed.ends_with("comes out as it is stored\n"), "{replayed}");
    let add = |it: &mut Vec<Counted>, key: &str, units| {
        let addition = &mut it[0].totals[0].adds[0];
        (addition.key, addition.besides) = (vec![Cell::Text(key.into())], Exact::from_int(units));
    };
    let edits: [(Edit, &str); 4] = [
        (Box::new(move |it| add(it, "X", 1)), "given[X]\n    in the book: 3.01 (0)\n"),
        (Box::new(move |it| add(it, "Y", 0)), "given[Y]\n    in the book: 3.00 (0)\n"),
        (Box::new(|it| it[0].totals[0].adds.clear()), "given[X]\n    in the book: "),
        (Box::new(|it| it.clear()), "given[X]\n    in the book: "),
    ];
    for (edit, told) in edits {
        let (verified, replayed) = judged_by(edit);
        assert!(verified.ends_with("all holds\n"), "{verified}");
        assert!(replayed.contains(told), "{replayed}");
        assert!(replayed.ends_with("[exit 1]\n"), "{replayed}");
    }
    let (verified, _) = judged_by(Box::new(|it| it[0].entry = 5));
    let wrong = "damage: entry 6: it counts what its dispute is not against";
    assert!(verified.contains(wrong), "{verified}");
}
