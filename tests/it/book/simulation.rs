//! A store that fails as disks and networks do, driven by a seed: the same seed gives the same run.
//!
//! An honest store may refuse anything at any time, and may keep a batch without saying so; then
//! nothing acknowledged is ever missing and nothing is there in half. A store that lies (that
//! acknowledges what it then loses, or keeps in part or out of order) breaks its promise, and that is
//! found: within the book, or by a checkpoint from before.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use fenshui::base::Digest;
use fenshui::book::{
    Book, BookError, Chunk, Entry, Event, Kept, MemoryStore, Node, Page, Posted, Root, Run,
    Segment, Store, StoreError,
};
use fenshui::rows::Cell;

use super::sample::{LEARNT, ORIGIN, event, post};

/// Numbers that look random and are not (Marsaglia's xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// What outlives a crash: the chunks of each batch, in the order kept.
struct Disk {
    kept: Vec<Vec<Chunk>>,
    store: MemoryStore,
    dice: Dice,
    /// One call in so many fails.
    fails: u64,
}

struct Faulty {
    disk: Rc<RefCell<Disk>>,
    begun: Vec<Chunk>,
}

impl Faulty {
    fn fault(&self) -> Result<(), StoreError> {
        let mut disk = self.disk.borrow_mut();
        let fails = disk.fails;
        if fails == 0 || disk.dice.roll(fails) > 0 {
            return Ok(());
        }
        Err(match disk.dice.roll(3) {
            0 => StoreError::Lost,
            1 => StoreError::Full,
            _ => StoreError::Locked,
        })
    }
}

impl Store for Faulty {
    fn size(&mut self) -> Result<u64, StoreError> {
        self.fault()?;
        self.disk.borrow_mut().store.size()
    }

    fn segments(&mut self, holding: u64, count: usize) -> Result<Vec<Segment>, StoreError> {
        self.fault()?;
        self.disk.borrow_mut().store.segments(holding, count)
    }

    fn leaves(&mut self, from: u64, count: u64) -> Result<Vec<(u64, Digest)>, StoreError> {
        self.fault()?;
        self.disk.borrow_mut().store.leaves(from, count)
    }

    fn runs(&mut self, after: (u64, u8), count: usize) -> Result<Vec<Run>, StoreError> {
        self.fault()?;
        self.disk.borrow_mut().store.runs(after, count)
    }

    fn pages(&mut self, from: u64, count: u64) -> Result<Vec<Page>, StoreError> {
        self.fault()?;
        self.disk.borrow_mut().store.pages(from, count)
    }

    fn kept(&mut self) -> Result<Kept, StoreError> {
        self.fault()?;
        self.disk.borrow_mut().store.kept()
    }

    fn nodes(&mut self, level: u8, from: u64, count: u64) -> Result<Vec<Node>, StoreError> {
        self.fault()?;
        self.disk.borrow_mut().store.nodes(level, from, count)
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.fault()?;
        self.begun.clear();
        self.disk.borrow_mut().store.begin()
    }

    fn append(&mut self, chunk: &Chunk) -> Result<(), StoreError> {
        self.fault()?;
        self.begun.push(chunk.clone());
        self.disk.borrow_mut().store.append(chunk)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let before = self.fault();
        let mut disk = self.disk.borrow_mut();
        if before.is_err() {
            disk.store.rollback();
            return before;
        }
        disk.store.commit()?;
        let begun = std::mem::take(&mut self.begun);
        disk.kept.push(begun);
        drop(disk);
        // The answer may be lost on its way.
        self.fault().map_err(|_| StoreError::Unknown)
    }

    fn rollback(&mut self) {
        self.disk.borrow_mut().store.rollback();
        self.begun.clear();
    }

    fn check(&mut self) -> Result<Vec<fenshui::book::Flaw>, StoreError> {
        Ok(Vec::new())
    }
}

fn disk(seed: u64) -> Rc<RefCell<Disk>> {
    let dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    Rc::new(RefCell::new(Disk { kept: Vec::new(), store: MemoryStore::new(), dice, fails: 0 }))
}

fn store(disk: &Rc<RefCell<Disk>>) -> Box<dyn Store> {
    Box::new(Faulty { disk: Rc::clone(disk), begun: Vec::new() })
}

fn seeds() -> std::ops::Range<u64> {
    let cases = std::env::var("FENSHUI_CASES").ok().and_then(|cases| cases.parse().ok());
    0..cases.unwrap_or(60)
}

/// Runs a case for every seed, and tells the seed of one that fails.
fn for_every_seed(case: fn(u64)) {
    for seed in seeds() {
        let run = std::panic::catch_unwind(|| case(seed));
        if let Err(panic) = run {
            println!("seed {seed} fails");
            std::panic::resume_unwind(panic);
        }
    }
}

fn batch(number: u64, dice: &mut Dice) -> Vec<Event> {
    let size = 1 + dice.roll(6);
    let event = |at| Event {
        lane: Vec::new(),
        rank: Vec::new(),
        ..event(&format!("S{number}-{at}"), "2016-01-01", "E", 100 + i128::from(at as u32))
    };
    (0..size).map(event).collect()
}

/// Ids of the events of a book, with their entries.
fn ids(book: &mut Book) -> BTreeMap<String, u64> {
    let entries = book.entries(0, 100_000).unwrap().into_iter();
    let events = entries.filter_map(|(number, entry)| match entry {
        Entry::Event(event) => Some((event, number)),
        _ => None,
    });
    let id = |(event, number): (Event, u64)| match &event.fields[0] {
        Cell::Text(id) => (id.to_string(), number),
        _ => panic!("an event without a name"),
    };
    events.map(id).collect()
}

#[test]
fn an_honest_store_loses_nothing_and_keeps_nothing_in_half() {
    for_every_seed(|seed| {
        let disk = disk(seed);
        let mut steps = Dice(seed * 2 + 1);
        drop(Book::create(store(&disk), ORIGIN, LEARNT).unwrap());
        let mut acknowledged: Vec<(Vec<Event>, Root)> = Vec::new();
        let mut doubtful: Vec<Vec<Event>> = Vec::new();
        for step in 0..30 {
            disk.borrow_mut().fails = 4 + steps.roll(40);
            let events = match steps.roll(4) {
                // Somebody sends again what was sent before, told or not.
                0 if !doubtful.is_empty() => {
                    doubtful[steps.roll(doubtful.len() as u64) as usize].clone()
                }
                1 if !acknowledged.is_empty() => {
                    acknowledged[steps.roll(acknowledged.len() as u64) as usize].0.clone()
                }
                _ => batch(step, &mut steps),
            };
            let posted = Book::open(store(&disk)).and_then(|mut book| post(&mut book, &events));
            disk.borrow_mut().fails = 0;
            let mut book = Book::open(store(&disk)).unwrap();
            match posted {
                Ok((receipt, posted)) => {
                    let is_new = |it: &Posted| matches!(it, Posted::New(_));
                    assert!(posted.iter().all(is_new) || !posted.iter().any(is_new), "in half");
                    let root = Root { size: receipt.size, digest: receipt.root };
                    acknowledged.push((events, root));
                }
                Err(BookError::Store(_)) => doubtful.push(events),
                Err(other) => panic!("step {step}: {other:?}"),
            }
            let roots: Vec<Root> = acknowledged.iter().map(|(_, root)| *root).collect();
            assert_eq!(book.verify(&roots).unwrap().damages, [], "step {step}");
            let there = ids(&mut book);
            for (events, _) in &acknowledged {
                assert!(events.iter().all(|event| there.contains_key(&id_of(event))), "lost");
            }
            for events in &doubtful {
                let kept = events.iter().filter(|event| there.contains_key(&id_of(event))).count();
                assert!(kept == 0 || kept == events.len(), "step {step}: in half");
            }
        }
    });
}

fn id_of(event: &Event) -> String {
    match &event.fields[0] {
        Cell::Text(id) => id.to_string(),
        _ => panic!("an event without a name"),
    }
}

/// What is on a disk that acknowledged more than it kept.
fn torn(disk: &Disk, dice: &mut Dice) -> MemoryStore {
    let mut kept = MemoryStore::new();
    let mut chunks: Vec<Chunk> = disk.kept.iter().flatten().cloned().collect();
    let last = chunks.len() - 1 - dice.roll(3).min(chunks.len() as u64 - 2) as usize;
    match dice.roll(4) {
        // The end is lost.
        0 => chunks.truncate(last),
        // A piece was kept up to some row.
        1 => {
            chunks.truncate(last + 1);
            let count = chunks[last].segments.iter().map(|it| it.end() - it.first).sum::<u64>();
            let left = dice.roll(count + 1) as usize;
            let whole = std::mem::take(&mut chunks[last].segments);
            for row in whole.iter().flat_map(Segment::rows).take(left) {
                let mut segment = Segment::new(row.number);
                segment.push(row.kind, &row.leaf, row.body);
                chunks[last].segments.push(segment);
            }
        }
        // A later piece is there and an earlier one is not.
        2 => drop(chunks.remove(last)),
        // Rows are there without their keys.
        _ => (chunks[last].runs, chunks[last].pages) = (Vec::new(), Vec::new()),
    }
    kept.begin().unwrap();
    chunks.iter().for_each(|chunk| kept.append(chunk).unwrap());
    kept.commit().unwrap();
    kept
}

#[test]
fn a_store_that_lies_is_found_out() {
    for_every_seed(|seed| {
        let disk = disk(seed);
        let mut steps = Dice(seed * 2 + 1);
        drop(Book::create(store(&disk), ORIGIN, LEARNT).unwrap());
        let mut root = None;
        for number in 0..2 + steps.roll(6) {
            let mut book = Book::open(store(&disk)).unwrap();
            let (receipt, _) = post(&mut book, &batch(number, &mut steps)).unwrap();
            root = Some(Root { size: receipt.size, digest: receipt.root });
        }
        let root = root.unwrap();
        let mut whole = Book::open(store(&disk)).unwrap();
        let entries = whole.entries(0, 100_000).unwrap();
        let kept = torn(&disk.borrow(), &mut steps);
        let mut book = match Book::open(Box::new(kept)) {
            Ok(book) => book,
            Err(BookError::NoOpening) => return,
            Err(other) => panic!("{other:?}"),
        };
        let damages = book.verify(&[root]).unwrap().damages;
        let same = book.entries(0, 100_000).is_ok_and(|kept| kept == entries);
        // What was torn off may have been nothing, such as keys of a chunk that has none.
        assert!(!damages.is_empty() || same, "{} of {} entries", book.size().unwrap(), root.size);
    });
}
