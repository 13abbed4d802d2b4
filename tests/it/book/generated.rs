//! What the fuzz targets ask, asked of bytes that nearly are entries, notes and bundles.

use fenshui::book::{Checkpoint, Entry, MemoryStore, Note};

use super::proof::{bundle, key as keeper, signed};
use super::sample::{ORIGIN, small_book};

pub fn cases() -> u64 {
    std::env::var("FENSHUI_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(4000)
}

/// Numbers in a row that depends on the seed alone.
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap()
    }

    /// The bytes with something wrong in up to three places.
    pub fn spoilt(&mut self, bytes: &[u8], others: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.next(3) {
            let at = self.next(bytes.len());
            let end = (at + 1 + self.next(9)).min(bytes.len());
            match self.next(6) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << self.next(8),
                1 if !bytes.is_empty() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][self.next(5)],
                2 => drop(bytes.drain(at..end)),
                3 => bytes.truncate(at),
                4 => {
                    let again = bytes.get(at..end).unwrap_or_default().to_vec();
                    drop(bytes.splice(at..at, again));
                }
                _ => {
                    let other = &others[self.next(others.len())];
                    let from = self.next(other.len());
                    let until = (from + self.next(40)).min(other.len());
                    drop(bytes.splice(at..end, other[from..until].iter().copied()));
                }
            }
        }
        bytes
    }
}

#[test]
fn bytes_are_no_entry_or_the_canonical_ones() {
    let mut book = small_book(Box::new(MemoryStore::new()));
    let entries = book.entries(0, 1000).unwrap();
    let bodies: Vec<Vec<u8>> = entries.iter().map(|(_, entry)| entry.body()).collect();
    let mut read = 0;
    for seed in 1..=cases() {
        let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let of = chance.next(bodies.len());
        let body = chance.spoilt(&bodies[of], &bodies);
        let own = entries[of].1.kind();
        for kind in [own, u8::try_from(chance.next(16)).unwrap()] {
            if let Ok(entry) = Entry::from_body(kind, &body) {
                assert_eq!(entry.kind(), kind, "seed {seed}");
                assert_eq!(entry.body(), body, "seed {seed}: two spellings of {entry:?}");
                read += 1;
            }
        }
    }
    assert!(read > 10, "{read} of {} were read: a test of nothing", cases());
}

#[test]
fn the_verifier_stumbles_over_nothing_and_believes_no_stranger() {
    let mut book = small_book(Box::new(MemoryStore::new()));
    let (text, key) = bundle(&mut book, &[3, 6]);
    // Of the same name, and has signed none of these.
    let stranger = keeper(ORIGIN, 2).verifier().to_string();
    assert_ne!(stranger, key);
    let note = signed(&mut book, 5).to_string();
    let texts = [text.clone().into_bytes(), note.into_bytes(), key.clone().into_bytes()];
    let mut read = 0;
    for seed in 1..=cases() {
        let mut chance = Chance(seed.wrapping_mul(0xD6E8_FEB8_6659_FD93) | 1);
        let spoilt = chance.spoilt(&texts[0], &texts);
        let spoilt = String::from_utf8_lossy(&spoilt);
        let strangers = fenshui_verify::check(&spoilt, std::slice::from_ref(&stranger));
        assert!(strangers.is_err() || strangers.is_ok_and(|it| !it.holds()), "seed {seed}");
        let _ = fenshui_verify::check(&spoilt, std::slice::from_ref(&key));
        let _ = fenshui_verify::check(&text, &[spoilt.clone().into_owned()]);
        let spoilt = chance.spoilt(&texts[1], &texts);
        if let Ok(note) = Note::parse(&String::from_utf8_lossy(&spoilt)) {
            let _ = Checkpoint::of(&note);
            assert_eq!(Note::parse(&note.to_string()).as_ref(), Ok(&note), "seed {seed}");
            read += 1;
        }
    }
    assert!(read > 10, "{read} notes of {} were read: a test of nothing", cases());
}
