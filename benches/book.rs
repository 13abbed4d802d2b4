//! How fast a book is posted to and verified, and how large it grows.
//!
//! `cargo bench --bench book --features postgres -- [EVENTS] [ADDRESS]`: a million events if not
//! said, into a file in a temporary folder, or with an address into the PostgreSQL database that it
//! names.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench looks at the clock and prints what it saw"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fenshui::base::{Date, Money};
use fenshui::book::{
    Account, Batch, Book, Edition, Event, Family, Leaf, Moment, Outcome, Part, Posted,
    PostgresOptions, PostgresStore, Schema, SqliteOptions, SqliteStore, Store, Table,
};
use fenshui::rows::{Cell, Origin};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let events: u32 = arguments.first().map_or(1_000_000, |events| events.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("book");
    let wait = Duration::from_secs(10);
    let store: Box<dyn Store> = match arguments.get(1) {
        Some(address) => {
            Box::new(PostgresStore::create(address, PostgresOptions { wait }).unwrap())
        }
        None => {
            let options = SqliteOptions { wait, pages_max: None };
            Box::new(SqliteStore::create(&file, options).unwrap())
        }
    };
    let mut book = Book::create(store, "bench.example/book", Moment::from_millis(0)).unwrap();
    let posting = Instant::now();
    let body_bytes = post(&mut book, events);
    told("post", events, posting);
    println!("  {} bytes of entries an event", body_bytes / u64::from(events));
    let verifying = Instant::now();
    assert!(book.verify(&[]).unwrap().damages.is_empty());
    told("verify", events, verifying);
    drop(book);
    if let Ok(file) = std::fs::metadata(&file) {
        println!("  {} bytes of file an event", file.len() / u64::from(events));
    }
    println!("  {} at most in memory", peak());
}

fn told(what: &str, events: u32, since: Instant) {
    let took = since.elapsed().as_millis();
    println!("{what}: {took} ms, {} events a second", u128::from(events) * 1000 / took.max(1));
}

/// Posts all events in one batch; gives the bytes of their bodies.
fn post(book: &mut Book, events: u32) -> u64 {
    let edition = edition();
    let mut posting = book.begin_large().unwrap();
    let (Posted::New(edition_entry) | Posted::Already(edition_entry)) =
        posting.edition(&edition).unwrap();
    let batch = posting
        .batch(&Batch {
            learnt: Moment::from_millis(0),
            by: None,
            evaluator: "bench".to_owned(),
            edition: edition.digest(),
            edition_entry,
            registers: Vec::new(),
            readings: Vec::new(),
            through: None,
            sources: Vec::new(),
        })
        .unwrap();
    let mut bytes = 0;
    for first in (0..events).step_by(8192) {
        let slice: Vec<Event> =
            (first..events.min(first + 8192)).map(|at| event(batch, at)).collect();
        if first == 0 {
            let of = |event: &Event| fenshui::book::Entry::Event(event.clone()).body().len();
            let sum: usize = slice.iter().map(of).sum();
            bytes = u64::try_from(sum / slice.len()).unwrap() * u64::from(events);
        }
        posting.events(&slice).unwrap();
    }
    posting.commit().unwrap();
    bytes
}

fn edition() -> Edition {
    let table = Table { name: "receipt".to_owned(), fields: Vec::new(), currency: 0 };
    let family = |name: &str| Family { name: name.to_owned(), keys: Vec::new() };
    let accounts = ["central", "treasury"].map(family).to_vec();
    let schema = Schema { events: vec![table], accounts, ..Schema::default() };
    Edition { name: "bench".to_owned(), texts: Vec::new(), schema }
}

/// A receipt of one of a hundred thousand enterprises, with three amounts.
fn event(batch: u64, at: u32) -> Event {
    let date = Date::from_days(16_801 + i32::try_from(at / 4096).unwrap()).unwrap();
    let fen = 12_345_600 + i128::from(at);
    let (central, from) = (fen / 2, fen / 4);
    let leaf = |family, key, leg, fen| Leaf {
        account: Some(Account { family, key }),
        leg,
        amount: Money::from_minor(fen),
    };
    Event {
        batch,
        kind: 0,
        fields: vec![
            Cell::Text(Arc::from(format!("R{at:08}"))),
            Cell::Date(date),
            Cell::Member(at % 4),
            Cell::Text(Arc::from(format!("9113000000{:08}", at % 100_000))),
            Cell::Member(2),
            Cell::Money(Money::from_minor(fen)),
        ],
        origin: Origin { file: 0, line: u64::from(at) + 2 },
        date,
        booked: None,
        key: vec![Part::Field { field: 0 }],
        lane: vec![Part::Field { field: 3 }],
        rank: vec![Part::Field { field: 1 }, Part::Field { field: 0 }],
        late: false,
        outcome: Outcome::Allocated {
            inflow: Money::from_minor(fen),
            residue_units: 0,
            leaves: vec![
                leaf(0, Vec::new(), 0, central),
                leaf(1, vec![Cell::Member(0)], 3, from),
                leaf(1, vec![Cell::Member(2)], 4, fen - central - from),
            ],
        },
        figures: Vec::new(),
        open_items: Vec::new(),
    }
}

/// What the system says of this process, where it says it as Linux does.
fn peak() -> String {
    let status = std::fs::read_to_string(Path::new("/proc/self/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.map_or_else(|| "?".to_owned(), |line| line.trim_start_matches("VmHWM:").trim().to_owned())
}
