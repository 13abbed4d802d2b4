//! A small rule set, and events as a run of it would hand them over.

use std::sync::Arc;

use fenshui::base::{Date, Money};
use fenshui::book::{
    Account, Batch, Book, BookError, Edition, Event, Family, Field, Kind, Leaf, LegName, Members,
    Moment, Outcome, Part, Posted, Posting, Receipt, Schema, Source, SourceText, Store, Table,
};
use fenshui::rows::{Cell, Origin, Reason, RegisterRow};

pub const ORIGIN: &str = "finance.example/books/2016";
pub const LEARNT: Moment = Moment::from_millis(1_467_331_200_000);

pub fn edition(name: &str) -> Edition {
    Edition {
        name: name.to_owned(),
        texts: vec![SourceText::new(
            "rules/half.fen".to_owned(),
            format!("module {name}\nrule half of receipt\n  split local\n    50% to central\n"),
        )],
        schema: Schema {
            currencies: vec![fenshui::book::CurrencyName { code: "CNY".to_owned(), scale: 2 }],
            enumerations: vec![Members {
                name: "region".to_owned(),
                members: ["beijing", "tianjin", "hebei"].map(str::to_owned).to_vec(),
            }],
            events: vec![Table {
                name: "receipt".to_owned(),
                fields: [
                    ("id", Kind::Text),
                    ("date", Kind::Date),
                    ("enterprise", Kind::Text),
                    ("destination", Kind::Member { of: 0 }),
                    ("amount", Kind::Money { currency: 0 }),
                ]
                .map(|(name, kind)| Field { name: name.to_owned(), kind })
                .to_vec(),
                currency: 0,
            }],
            registers: vec![Table {
                name: "relocation".to_owned(),
                fields: vec![Field { name: "enterprise".to_owned(), kind: Kind::Text }],
                currency: 0,
            }],
            accounts: vec![
                Family { name: "central".to_owned(), keys: Vec::new() },
                Family { name: "treasury".to_owned(), keys: vec![Kind::Member { of: 0 }] },
            ],
            legs: ["1", "2"]
                .map(|place| LegName {
                    rule: "half".to_owned(),
                    place: place.to_owned(),
                    clause: "cy92 section 1(3)".to_owned(),
                })
                .to_vec(),
            ..Schema::default()
        },
    }
}

pub fn register(rows: usize) -> Vec<RegisterRow> {
    (0..rows)
        .map(|at| RegisterRow {
            cells: vec![Cell::Text(Arc::from(format!("E{at}").as_str()))],
            from: None,
            until: None,
            origin: Origin { file: 1, line: at as u64 + 2 },
        })
        .collect()
}

/// An event that is divided in halves; the centre has the odd fen.
pub fn event(id: &str, day: &str, enterprise: &str, fen: i128) -> Event {
    let local = fen / 2;
    let leaf = |family, key, leg, amount| Leaf {
        account: Some(Account { family, key }),
        leg,
        amount: Money::from_minor(amount),
    };
    Event {
        batch: 0,
        kind: 0,
        fields: vec![
            Cell::Text(Arc::from(id)),
            Cell::Date(Date::parse(day).unwrap()),
            Cell::Text(Arc::from(enterprise)),
            Cell::Member(2),
            Cell::Money(Money::from_minor(fen)),
        ],
        origin: Origin { file: 0, line: 2 },
        date: Date::parse(day).unwrap(),
        booked: None,
        key: vec![Part::Field { field: 0 }],
        lane: vec![Part::Field { field: 2 }],
        rank: vec![Part::Field { field: 1 }, Part::Field { field: 0 }],
        late: false,
        outcome: Outcome::Allocated {
            inflow: Money::from_minor(fen),
            residue_units: 0,
            leaves: vec![leaf(0, vec![], 0, fen - local), leaf(1, vec![Cell::Member(2)], 1, local)],
        },
        figures: Vec::new(),
        open_items: Vec::new(),
    }
}

pub fn aside(event: Event) -> Event {
    let inflow = Some(Money::from_minor(1));
    let outcome = Outcome::SetAside { inflow, reason: Reason::NoShares };
    Event { outcome, ..event }
}

/// `count` events of a few enterprises, in order.
pub fn events(first: usize, count: usize) -> Vec<Event> {
    (first..first + count)
        .map(|at| {
            let day = Date::parse("2016-01-01").unwrap().days() + (at / 8) as i32;
            let day = Date::from_days(day).unwrap().to_string();
            let fen = 1_000_000 + 37 * at as i128;
            event(&format!("R{at:07}"), &day, &format!("9113000000000{:05}", at % 7), fen)
        })
        .collect()
}

/// A posting in the form that most tests want: one edition, one register, one batch.
pub fn post(book: &mut Book, events: &[Event]) -> Result<(Receipt, Vec<Posted>), BookError> {
    post_by(book, &edition("half"), events)
}

pub fn post_by(
    book: &mut Book,
    edition: &Edition,
    events: &[Event],
) -> Result<(Receipt, Vec<Posted>), BookError> {
    post_to(book.begin()?, edition, events)
}

pub fn post_to(
    mut posting: Posting<'_>,
    edition: &Edition,
    events: &[Event],
) -> Result<(Receipt, Vec<Posted>), BookError> {
    let (Posted::New(edition_entry) | Posted::Already(edition_entry)) = posting.edition(edition)?;
    let relocation = posting.register(edition.digest(), 0, &register(3).into())?;
    let number = posting.batch(&Batch {
        learnt: LEARNT,
        by: Some("post".to_owned()),
        evaluator: "another 1.0".to_owned(),
        edition: edition.digest(),
        edition_entry,
        registers: vec![relocation],
        readings: Vec::new(),
        through: None,
        sources: vec![Source { name: "receipts.csv".to_owned(), digest: None }],
    })?;
    let events: Vec<Event> =
        events.iter().map(|event| Event { batch: number, ..event.clone() }).collect();
    let posted = posting.events(&events)?;
    Ok((posting.commit()?, posted))
}

/// A book with two batches, a set-aside among them.
pub fn small_book(store: Box<dyn Store>) -> Book {
    let mut book = Book::create(store, ORIGIN, LEARNT).unwrap();
    post(&mut book, &events(0, 5)).unwrap();
    let mut more = events(5, 4);
    more.push(aside(event("R9", "2016-03-01", "E9", 1)));
    post(&mut book, &more).unwrap();
    book
}
