//! Few long runs in the place of many short ones.

use std::collections::VecDeque;

use crate::book::BookError;
use crate::book::store::{Chunk, Page, Run, Store};

use super::course::due;
use super::pages::{Paged, marks_of};
use super::{Mark, Runs};

/// Pages read, and written, together.
const PAGES_AT_ONCE: u64 = 32;

/// Makes one run of the last ones wherever they are many of a level or below.
pub(in crate::book) fn compacted(store: &mut dyn Store, runs: &mut Runs) -> Result<(), BookError> {
    while let Some((from, level)) = due(&runs.runs) {
        let page = runs.next_page;
        let run = merge(store, runs.split_off(from), level, page)?;
        runs.push(run, None);
    }
    Ok(())
}

fn merge(store: &mut dyn Store, runs: Vec<Run>, level: u8, page: u64) -> Result<Run, BookError> {
    let none = BookError::Internal("no runs to make one of");
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return Err(none) };
    let mut paged = Paged::new(first.since..last.upto, level, page);
    let mut merge = Merge::new(runs);
    let mut chunk = Chunk::default();
    while let Some(mark) = merge.next(store)? {
        chunk.pages.extend(paged.push(mark));
        if chunk.pages.len() >= usize::try_from(PAGES_AT_ONCE).unwrap_or(1) {
            store.append(&chunk)?;
            chunk.pages.clear();
        }
    }
    let (run, page) = paged.finish();
    chunk.pages.extend(page);
    chunk.runs.push(run.clone());
    store.append(&chunk)?;
    Ok(run)
}

/// The keys of neighbouring runs in one order.
#[derive(Debug)]
pub(in crate::book) struct Merge {
    sides: Vec<Side>,
}

#[derive(Debug)]
struct Side {
    run: Run,
    /// Pages that have been read.
    pages: VecDeque<Page>,
    /// The next page to be read.
    next: u64,
    marks: std::vec::IntoIter<Mark>,
    head: Option<Mark>,
    begun: bool,
}

impl Merge {
    /// Of runs in their order.
    pub(in crate::book) fn new(runs: Vec<Run>) -> Merge {
        let side = |run: Run| Side {
            next: run.page,
            run,
            pages: VecDeque::new(),
            marks: Vec::new().into_iter(),
            head: None,
            begun: false,
        };
        Merge { sides: runs.into_iter().map(side).collect() }
    }

    /// The next key.
    pub(in crate::book) fn next(
        &mut self,
        store: &mut dyn Store,
    ) -> Result<Option<Mark>, BookError> {
        for side in self.sides.iter_mut().filter(|side| !side.begun) {
            side.begun = true;
            side.advance(store)?;
        }
        let heads = self.sides.iter_mut().filter(|side| side.head.is_some());
        let Some(least) = heads.min_by_key(|side| side.head) else { return Ok(None) };
        let mark = least.head;
        least.advance(store)?;
        Ok(mark)
    }
}

impl Side {
    fn advance(&mut self, store: &mut dyn Store) -> Result<(), BookError> {
        self.head = self.marks.next();
        let left = self.run.pages_end().saturating_sub(self.next);
        if self.head.is_some() || left == 0 {
            return Ok(());
        }
        if self.pages.is_empty() {
            self.pages.extend(store.pages(self.next, PAGES_AT_ONCE.min(left))?);
        }
        let page = self.pages.pop_front().filter(|page| page.number == self.next);
        let page = page.ok_or(BookError::Damaged { entry: self.run.since })?;
        self.next += 1;
        self.marks = marks_of(&page, &self.run).collect::<Vec<Mark>>().into_iter();
        self.head = self.marks.next();
        Ok(())
    }
}
