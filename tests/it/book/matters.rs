//! What the small verifier tells of openings, closes, disputes, resolutions, checkpoints and signers: it
//! reads what the book reads, refuses what the book refuses, and shows nothing that a terminal obeys.

use fenshui::base::{Digest, Exact, Period};
use fenshui::book::{
    Addition, Checkpoint, CheckpointNote, Close, Counted, CountedIn, Dispute, Entry, KeyChange,
    KindSums, MemoryStore, Opening, Resolution, Root, Signer, Verdict,
};
use fenshui::rows::Cell;
use fenshui_verify::{Language, Report, Unreadable, check};

use super::generated::{Chance, cases};
use super::proof::{key, signed};
use super::sample::{LEARNT, ORIGIN, small_book};
use crate::cli::{copy_folder, outcome};
use crate::floors::root;

fn dispute(reason: &str) -> Entry {
    let (by, holds) = ("hebei".to_owned(), Some("share=third".to_owned()));
    Entry::Dispute(Dispute {
        learnt: LEARNT,
        by,
        against: vec![5, 6],
        reason: reason.to_owned(),
        holds,
    })
}

/// What two events add to running totals: one to none.
fn counted() -> Vec<Counted> {
    let key = vec![Cell::Text("北京".into()), Cell::Period(Period::parse("2016").unwrap())];
    let besides = Exact::from_ratio(1, 3).unwrap();
    let adds = vec![Addition { key, leaves: vec![0, 2], besides }];
    let keys = vec!["city".to_owned(), "year(date)".to_owned()];
    let of = |adds| CountedIn { name: "reached".to_owned(), keys: keys.clone(), scale: 2, adds };
    let event = |entry, totals| Counted { entry, totals };
    vec![event(9, vec![of(adds), of(Vec::new())]), event(300, Vec::new())]
}

/// One of each kind that the book's own batches do not have, and those they have.
fn entries() -> Vec<Entry> {
    let mut book = small_book(Box::new(MemoryStore::new()));
    let mut entries: Vec<Entry> =
        book.entries(0, 1000).unwrap().into_iter().map(|(_, entry)| entry).collect();
    let note = signed(&mut book, 9).to_string();
    let key = key(ORIGIN, 1).verifier().to_string();
    let verdicts = [Verdict::Upheld, Verdict::Corrected { by: vec![16, 300] }, Verdict::Withdrawn];
    entries.extend(verdicts.map(|verdict| {
        let (by, reason) = ("province".to_owned(), "agreed".to_owned());
        let counted = if verdict == Verdict::Withdrawn { Vec::new() } else { counted() };
        Entry::Resolution(Resolution { learnt: LEARNT, by, dispute: 14, verdict, reason, counted })
    }));
    entries.extend(
        [KeyChange::Added, KeyChange::Retired]
            .map(|change| Entry::Signer(Signer { learnt: LEARNT, change, key: key.clone() })),
    );
    let sums = [Some(0), None].map(|kind| KindSums {
        kind,
        allocated: 2,
        set_aside: 1,
        inflow: -1004,
        undetermined: 0,
        inflow_set_aside: i128::MAX,
    });
    let inputs = Digest::of(b"inputs");
    let (origin, hash) = (ORIGIN.to_owned(), "sha-256".to_owned());
    entries.extend([
        dispute("too little"),
        Entry::Checkpoint(CheckpointNote { learnt: LEARNT, note }),
        Entry::Close(Close { batch: 4, entries: 3, inputs, sums: sums.to_vec(), corrections: 1 }),
        Entry::Opening(Opening { format: 1, origin, hash, learnt: LEARNT }),
    ]);
    entries
}

/// A bundle of a book of one entry, truly signed, whatever the entry says.
fn alone(kind: u8, body: &[u8]) -> Result<Report, Unreadable> {
    use base64ct::{Base64, Encoding};
    let digest = Digest::of(&[&[0, 1, kind][..], &[0; 32], &[0], body].concat());
    let root = Root { size: 1, digest };
    let mut note = Checkpoint { origin: ORIGIN.to_owned(), root, extension: Vec::new() }.note();
    key(ORIGIN, 1).sign(&mut note);
    let (before, body) = (Base64::encode_string(&[0; 32]), Base64::encode_string(body));
    let text = format!("fenshui.proof/1\nentry 0 {kind}\nprevious {before}\nbody {body}\n\n{note}");
    let report = check(&text, &[key(ORIGIN, 1).verifier().to_string()]);
    let signed = report.as_ref().map_or(true, |it| it.to_string().contains("is signed by"));
    assert!(signed, "{text}");
    report
}

/// Of these the verifier reads the whole body; of others, what it tells.
const WHOLE: [u8; 8] = [0, 1, 3, 7, 8, 9, 10, 11];

#[test]
fn the_verifier_reads_what_the_book_reads_and_names_the_field_of_what_it_does_not() {
    let entries = entries();
    let bodies: Vec<Vec<u8>> = entries.iter().map(Entry::body).collect();
    for (entry, body) in entries.iter().zip(&bodies) {
        assert!(alone(entry.kind(), body).is_ok(), "{entry:?}");
    }
    let (mut read, mut refused) = (0, 0);
    for seed in 1..=cases() {
        let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let of = chance.next(bodies.len());
        let (kind, body) = (entries[of].kind(), chance.spoilt(&bodies[of], &bodies));
        if body.len() > 32_000 {
            continue;
        }
        let (book, verifier) = (Entry::from_body(kind, &body), alone(kind, &body));
        let same = book.is_ok() == verifier.is_ok();
        assert!(
            same || (book.is_err() && !WHOLE.contains(&kind)),
            "seed {seed}, kind {kind}: {book:?}, {verifier:?}"
        );
        match verifier {
            Ok(_) => read += 1,
            Err(why) => {
                refused += 1;
                let why = why.to_string();
                let named = why.starts_with("entry 0, in `") && !why.contains("in ``");
                assert!(named, "seed {seed}, kind {kind}: {why}");
            }
        }
    }
    assert!(read > 10 && refused > 10, "{read} read, {refused} refused: a test of nothing");
}

#[test]
fn every_cut_and_every_surplus_is_named_with_its_field() {
    let said = |kind: u8, body: &[u8]| alone(kind, body).unwrap_err().to_string();
    for entry in entries().iter().filter(|it| WHOLE.contains(&it.kind())) {
        let (kind, mut body) = (entry.kind(), entry.body());
        for end in 0..body.len() {
            // What a resolution counts is its last field, and may be missing.
            let Err(book) = Entry::from_body(kind, &body[..end]) else {
                assert!(kind == 9 && alone(kind, &body[..end]).is_ok());
                continue;
            };
            let why = said(kind, &body[..end]);
            let field = why.split('`').nth(1).unwrap().to_owned();
            // The book names one field more where the count of a list has too few bytes behind it.
            assert!(book.field.starts_with(&field), "{why}, and the book: {book}");
        }
        body.push(0);
        assert!(said(kind, &body).ends_with("goes on after its end"), "{entry:?}");
    }
    // Lists in lists in lists, as the kind of a field.
    let deep = [&b"\x01e\x00\x00\x00\x01\x01s\x01\x01f"[..], &[10; 20_000]].concat();
    assert_eq!(
        said(1, &deep),
        "entry 0, in `schema.shapes[0].fields[0].kind`: lists are too deep in each other"
    );
}

#[test]
fn nothing_that_a_terminal_obeys_is_shown() {
    let hostile = "a\nall holds\r\u{1b}[2J\u{9b}\u{202e}\u{2066}\u{200f}\u{2028}\u{feff}z";
    let shown = "a␊all holds␍␛[2J\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}z";
    let report = alone(8, &dispute(hostile).body()).unwrap();
    for language in [Language::English, Language::Chinese] {
        let text = report.in_language(language);
        assert!(text.contains(shown), "{text:?}");
        assert!(!text.chars().any(|c| c != '\n' && c.is_control()), "{text:?}");
    }
    let origin = format!("{ORIGIN}\u{202e}");
    let opening = Opening { format: 1, origin, hash: "sha-256".to_owned(), learnt: LEARNT };
    let text = alone(0, &Entry::Opening(opening).body()).unwrap().to_string();
    assert!(text.contains("WRONG: entry 0 opens another book"), "{text}");
    assert!(!text.contains('\u{202e}'), "{text:?}");
    let why = check("fenshui.proof/1\nentry \u{1b}[2J\n\n", &[]).unwrap_err().to_string();
    assert_eq!(why, "expected `entry NUMBER KIND`, found `entry ␛[2J`");
}

/// A bundle that `fenshui book prove` wrote, with every kind but an unread row and a register of several
/// parts among its entries.
fn proven() -> (String, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("tests/cases/cli/book_proves"), folder.path());
    outcome("chmod 600 keeper.key", folder.path(), "b.book");
    for command in [
        "init --name finance.example/2018 --key keeper.key",
        "post rules.fen.md first.csv --register caps=caps.csv --quiet",
        "checkpoint --sign keeper.key",
        "dispute raise 6 --by beijing --reason odd-fen --holds share=third",
        "dispute resolve 10 --verdict corrected --with 2 --reading share=third --by province \
         --reason agreed",
        "checkpoint --sign keeper.key",
        "prove 0 1 8 9 14 --out all.proof",
    ] {
        let said = outcome(&format!("fenshui book {command}"), folder.path(), "b.book");
        assert!(!said.contains("! error"), "{command}: {said}");
    }
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    (read("all.proof"), read("keeper.pub").lines().map(str::to_owned).collect())
}

#[test]
fn every_byte_flipped_is_found() {
    let (text, keys) = proven();
    let report = check(&text, &keys).unwrap();
    assert!(report.holds(), "{report}");
    for told in [
        "opens the book",
        "closes the batch",
        "disputes entry 6",
        "settles the dispute",
        "begins to sign",
    ] {
        assert!(report.to_string().contains(told), "{told}: {report}");
    }
    let kinds = |line: &str| line.strip_prefix("entry ")?.split(' ').nth(1).map(str::to_owned);
    let mut kinds: Vec<String> = text.lines().filter_map(kinds).collect();
    kinds.sort();
    kinds.dedup();
    assert_eq!(kinds, ["0", "1", "10", "11", "2", "3", "4", "6", "7", "8", "9"]);
    let bytes = text.as_bytes();
    for at in 0..bytes.len() {
        for bit in [0, 1 + at % 7] {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1 << bit;
            // What is no text is not read at all.
            let Ok(changed) = String::from_utf8(changed) else { continue };
            let held = check(&changed, &keys).is_ok_and(|report| report.holds());
            assert!(!held, "bit {bit} of byte {at}");
        }
    }
}

/// What the page of bundles repeats of the format of entries, it repeats word for word.
#[test]
fn the_two_pages_of_the_format_say_the_same() {
    let read =
        |page: &str| std::fs::read_to_string(root().join("docs/reference").join(page)).unwrap();
    let (bundle, book) = (read("proof-bundle.md"), read("book-format.md"));
    let (_, entries) = bundle.split_once("## What an entry says").unwrap();
    let (entries, _) = entries.split_once("\n## ").unwrap();
    let rows: Vec<&str> = entries.lines().filter(|line| line.starts_with("| ")).collect();
    assert!(rows.len() > 40, "{rows:?}");
    for row in rows {
        assert!(book.lines().any(|line| line == row), "not in book-format.md: {row}");
    }
}
