//! A run of keys laid out in pages.

use std::ops::Range;

use crate::book::store::{Page, Run};

use super::{Key, Mark};

/// Bytes of a key with its entry, which is told by how far it stands before the last of its run: four
/// bytes, highest first.
const KEY_BYTES: usize = 20;
/// Keys in a full page: as many as leave hardly any room in a page of SQLite's file.
pub(super) const KEYS_A_PAGE: usize = 816;

/// Lays sorted keys out, page after page.
#[derive(Debug)]
pub(in crate::book) struct Paged {
    /// The run, with the first keys of the pages so far.
    pub(in crate::book) run: Run,
    /// The page that is not full.
    open: Page,
}

impl Paged {
    /// Of a run of some entries and a level, from a page on.
    pub(in crate::book) fn new(entries: Range<u64>, level: u8, page: u64) -> Paged {
        let Range { start: since, end: upto } = entries;
        let run = Run { upto, level, since, page, firsts: Vec::new() };
        Paged { run, open: Page { number: page, keys: Vec::new() } }
    }

    /// Adds a key; gives the page that is full by it.
    pub(in crate::book) fn push(&mut self, mark: Mark) -> Option<Page> {
        if self.open.keys.is_empty() {
            self.run.firsts.extend_from_slice(&mark.key.to_bytes());
            self.open.keys.reserve_exact(KEYS_A_PAGE * KEY_BYTES);
        }
        self.open.keys.extend_from_slice(&mark.key.to_bytes());
        // Whoever makes a run holds that this is never exceeded.
        let back = u32::try_from(self.last().saturating_sub(mark.entry)).unwrap_or(u32::MAX);
        self.open.keys.extend_from_slice(&back.to_be_bytes());
        (self.open.keys.len() >= KEYS_A_PAGE * KEY_BYTES).then(|| self.turn())
    }

    fn last(&self) -> u64 {
        self.run.upto.saturating_sub(1)
    }

    fn turn(&mut self) -> Page {
        let number = self.open.number.saturating_add(1);
        let next = Page { number, keys: Vec::new() };
        std::mem::replace(&mut self.open, next)
    }

    /// The run, and its last page unless it is empty.
    pub(in crate::book) fn finish(self) -> (Run, Option<Page>) {
        (self.run, (!self.open.keys.is_empty()).then_some(self.open))
    }
}

/// A run of sorted keys, whole.
pub(in crate::book) fn paged(
    mut empty: Paged,
    marks: impl Iterator<Item = Mark>,
) -> (Run, Vec<Page>) {
    let mut pages: Vec<Page> = marks.filter_map(|mark| empty.push(mark)).collect();
    let (run, last) = empty.finish();
    pages.extend(last);
    (run, pages)
}

/// The keys of a page, as far as they are whole.
pub(in crate::book) fn marks_of(page: &Page, run: &Run) -> impl Iterator<Item = Mark> {
    let upto = run.upto;
    page.keys.as_chunks::<KEY_BYTES>().0.iter().map(move |bytes| mark(bytes, upto))
}

fn mark(bytes: &[u8; KEY_BYTES], upto: u64) -> Mark {
    let (key, back) = bytes.split_at(16);
    let back = u32::from_be_bytes(back.first_chunk().copied().unwrap_or_default());
    Mark {
        key: Key::from_bytes(key.first_chunk().copied().unwrap_or_default()),
        entry: upto.saturating_sub(1).saturating_sub(u64::from(back)),
    }
}

/// The last page of a run that a key can stand in.
pub(super) fn page_for(run: &Run, key: &Key) -> Option<u64> {
    let (firsts, _) = run.firsts.as_chunks::<16>();
    let key = key.to_bytes();
    let at = firsts.partition_point(|first| *first <= key).checked_sub(1)?;
    run.page.checked_add(u64::try_from(at).ok()?)
}

/// The entries that have a key in a page of a run, and whether more may stand in the page before.
pub(super) fn all_of(page: &Page, run: &Run, key: &Key) -> (Vec<u64>, bool) {
    let (marks, _) = page.keys.as_chunks::<KEY_BYTES>();
    let bytes = key.to_bytes();
    let first = marks.partition_point(|it| it.first_chunk().is_some_and(|it| *it < bytes));
    let marks = marks.iter().skip(first).map(|bytes| mark(bytes, run.upto));
    (marks.take_while(|mark| mark.key == *key).map(|mark| mark.entry).collect(), first == 0)
}

/// The last entry that has a key in a page of a run.
pub(super) fn last_of(page: &Page, run: &Run, key: &Key) -> Option<u64> {
    let (marks, _) = page.keys.as_chunks::<KEY_BYTES>();
    let bytes = key.to_bytes();
    let at = marks.partition_point(|it| it.first_chunk().is_some_and(|it| *it <= bytes));
    let found = mark(marks.get(at.checked_sub(1)?)?, run.upto);
    (found.key == *key).then_some(found.entry)
}
