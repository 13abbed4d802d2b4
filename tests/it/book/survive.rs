//! Posters killed in the middle, servers that fall over: what was acknowledged is there, nothing is
//! there in half.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use fenshui::app::book::{BookPlace, checkpoint, import, tiles};
use fenshui::book::{Book, Entry, Event, MemoryStore, StoreError};
use fenshui::rows::Cell;

use super::sample::{LEARNT, ORIGIN, edition, event, events, post, post_to, small_book};
use super::stores::{Place, open_address};

/// The names of the variables by which a test becomes the poster, or the importer, that is killed.
const IMPORT: &str = "FENSHUI_TEST_IMPORT_TO";
const BOOK: &str = "FENSHUI_TEST_POST_TO";
const EVENTS_A_BATCH: usize = 5;

/// Kills in a usual run; more by `FENSHUI_CASES`.
fn kills() -> u64 {
    std::env::var("FENSHUI_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(8)
}

fn id(round: usize, batch: usize, at: usize) -> String {
    format!("K{round}-{batch}-{at}")
}

/// Posts until it is killed, and says of each batch when it was acknowledged. In a usual run of the
/// tests nobody says where to, and it ends at once.
#[test]
fn poster() {
    let Ok(asked) = std::env::var(BOOK) else { return };
    let (round, address) = asked.split_once('|').unwrap();
    let round: usize = round.parse().unwrap();
    let mut book = Book::open(open_address(address)).unwrap();
    for batch in 0.. {
        let events: Vec<Event> = (0..EVENTS_A_BATCH)
            .map(|at| Event {
                lane: Vec::new(),
                rank: Vec::new(),
                ..event(&id(round, batch, at), "2016-01-01", "E", 100)
            })
            .collect();
        // What is written ahead to a log in one round goes into the file itself in the next.
        let large = (round + batch).is_multiple_of(3);
        let posting = if large { book.begin_large() } else { book.begin() };
        post_to(posting.unwrap(), &edition("half"), &events).unwrap();
        // Past the test runner, which keeps back what is printed.
        let mut out = std::io::stdout().lock();
        writeln!(out, "acknowledged {batch}").unwrap();
        out.flush().unwrap();
    }
}

/// Starts a poster, kills it at a moment that depends on the round, and gives how many batches it
/// was told are kept.
fn killed_poster(address: &str, round: usize) -> usize {
    let mut poster = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .arg(format!("{}::poster", module_path!().split_once("::").unwrap().1))
        .env(BOOK, format!("{round}|{address}"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = 0;
    let enough = 1 + (round * 7919) % 23;
    for line in BufReader::new(poster.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        // The test runner begins the first line.
        if line.contains("acknowledged") {
            acknowledged += 1;
            if acknowledged == enough {
                // Somewhere in the batches that follow: what it still says is read to the end.
                (0..(round * 104_729) % 50_000).for_each(|spin| {
                    std::hint::black_box(spin);
                });
                poster.kill().unwrap();
            }
        }
    }
    poster.wait().unwrap();
    acknowledged
}

/// Imports until it is killed; in a usual run of the tests nobody says what.
#[test]
fn importer() {
    let Ok(asked) = std::env::var(IMPORT) else { return };
    let (tiles, address) = asked.split_once('|').unwrap();
    import(Path::new(tiles), &named(address), &AtomicBool::new(false)).unwrap();
}

fn named(address: &str) -> BookPlace {
    match address.contains("dbname=") {
        true => BookPlace::Server(address.to_owned()),
        false => BookPlace::named(address),
    }
}

/// Whoever imports is killed: there is no book then, or a whole one, and nothing is in the way of the next.
fn survives_kills_of_importers(place: impl Fn() -> Box<dyn Place>) {
    let folder = tempfile::tempdir().unwrap();
    let mut book = small_book(Box::new(MemoryStore::new()));
    post(&mut book, &events(50, 3000)).unwrap();
    let note = checkpoint(&mut book).unwrap();
    tiles(&mut book, &note.note(), folder.path()).unwrap();
    for round in 0..kills() {
        let place = place();
        let asked = format!("{}|{}", folder.path().display(), place.address());
        let mut importer = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "--test-threads=1"])
            .arg(format!("{}::importer", module_path!().split_once("::").unwrap().1))
            .env(IMPORT, asked)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(10 + round * 7919 % 200));
        importer.kill().unwrap();
        importer.wait().unwrap();
        match place.open() {
            Err(StoreError::NotFound { .. }) => {
                import(folder.path(), &named(&place.address()), &AtomicBool::new(false)).unwrap();
            }
            Err(other) => panic!("round {round}: {other:?}"),
            Ok(_) => {}
        }
        let mut book = Book::open(place.open().unwrap()).unwrap();
        assert_eq!(book.verify(&[note.root]).unwrap().damages, [], "round {round}");
        assert_eq!(book.size().unwrap(), note.root.size, "round {round}");
    }
}

#[cfg(feature = "sqlite")]
#[test]
fn a_file_is_imported_whole_or_not_at_all() {
    survives_kills_of_importers(|| Box::new(super::stores::File::new()));
}

#[cfg(feature = "postgres")]
#[test]
fn a_server_imports_whole_or_not_at_all() {
    survives_kills_of_importers(|| Box::new(super::postgres::Database::new()));
}

fn survives_kills(place: &dyn Place) {
    drop(Book::create(place.create().unwrap(), ORIGIN, LEARNT).unwrap());
    let mut acknowledged = Vec::new();
    for round in 0..usize::try_from(kills()).unwrap() {
        let told = killed_poster(&place.address(), round);
        assert!(told > 0, "round {round}: the poster never posted");
        acknowledged.push(told);
        whole_batches(&mut Book::open(place.open().unwrap()).unwrap(), &acknowledged);
    }
}

/// Every acknowledged batch is there, and any other is there whole.
fn whole_batches(book: &mut Book, acknowledged: &[usize]) {
    let said = book.verify(&[]).unwrap();
    assert_eq!(said.damages, []);
    let mut posted = BTreeSet::new();
    let mut from = 0;
    loop {
        let entries = book.entries(from, 1000).unwrap();
        let Some((last, _)) = entries.last() else { break };
        from = last + 1;
        for (_, entry) in &entries {
            if let Entry::Event(event) = entry
                && let Cell::Text(id) = &event.fields[0]
            {
                assert!(posted.insert(id.to_string()), "{id} is there twice");
            }
        }
    }
    let mut expected = 0;
    for (round, told) in acknowledged.iter().enumerate() {
        // One batch more may have been kept and never told.
        for batch in 0..=*told {
            let there = (0..EVENTS_A_BATCH).filter(|at| posted.contains(&id(round, batch, *at)));
            let there = there.count();
            assert!(there == 0 || there == EVENTS_A_BATCH, "round {round}, batch {batch} in half");
            assert!(batch == *told || there > 0, "round {round}: batch {batch} is lost");
            expected += there;
        }
    }
    assert_eq!(posted.len(), expected, "there is something nobody posted");
}

#[cfg(feature = "sqlite")]
#[test]
fn a_file_survives_kills() {
    survives_kills(&super::stores::File::new());
}

#[cfg(feature = "postgres")]
#[test]
fn a_server_survives_kills_of_posters() {
    survives_kills(&super::postgres::Database::new());
}

#[cfg(feature = "postgres")]
#[test]
fn a_server_that_falls_over_keeps_what_it_acknowledged() {
    use fenshui::book::{BookError, PostgresStore};
    let server = super::postgres::Server::start();
    let address = server.address("postgres", "owner");
    let store = PostgresStore::create(&address, super::postgres::OPTIONS).unwrap();
    let mut book = Book::create(Box::new(store), ORIGIN, LEARNT).unwrap();
    let mut roots = Vec::new();
    for round in 0..3 {
        let batch = [event(&format!("S{round}"), &format!("2016-01-0{}", round + 1), "E", 100)];
        post(&mut book, &batch).unwrap();
        roots.push(book.verify(&[]).unwrap().root);
        let mut posting = book.begin().unwrap();
        posting.edition(&super::sample::edition("lost")).unwrap();
        server.fall_over();
        let refused = posting.book().map(drop).unwrap_err();
        assert!(matches!(refused, BookError::Store(StoreError::Lost)), "{refused:?}");
        drop(posting);
        book = Book::open(open_address(&address)).unwrap();
        let said = book.verify(&roots).unwrap();
        assert_eq!(said.damages, []);
        assert_eq!(Some(&said.root), roots.last(), "nothing of what was begun");
    }
}
