//! Runs of keys, held against the keys that entries must have.

use std::collections::VecDeque;

use crate::book::keys::{Index, Mark, Merge, Paged, due, level_of, marks_of, paged};
use crate::book::store::{Kept, Page, Run, Store};
use crate::book::{BookError, Flaw};

use super::damage::{Among, Damage};

/// A key that must be there, and among which.
pub(super) type Expected = (Mark, Index);

/// Follows the runs from the first entries on.
#[derive(Debug, Default)]
pub(super) struct Walk {
    ahead: VecDeque<Run>,
    /// The last run that was read, and how many were.
    read: (u64, u8),
    count: u64,
    /// Of how many entries the runs so far are.
    upto: u64,
    /// Those that no other stands for.
    runs: Vec<Run>,
    /// How many pages they must have.
    pages: u64,
    /// Keys or runs are told to be wrong: those behind may stand elsewhere.
    apart: bool,
}

const RUNS_AT_ONCE: usize = 64;
const PAGES_AT_ONCE: u64 = 32;

impl Walk {
    /// Whether a run ends before an entry.
    pub(super) fn ends_at(&mut self, store: &mut dyn Store, size: u64) -> Result<bool, BookError> {
        if self.ahead.is_empty() {
            self.ahead.extend(store.runs(self.read, RUNS_AT_ONCE)?);
            self.count += u64::try_from(self.ahead.len()).unwrap_or(0);
            match self.ahead.back() {
                Some(last) => self.read = (last.upto, last.level),
                None => return Ok(false),
            }
        }
        Ok(self.ahead.front().is_some_and(|run| run.upto <= size))
    }

    /// Holds the runs that end before an entry against the keys of the entries since the last.
    pub(super) fn hold(
        &mut self,
        store: &mut dyn Store,
        size: u64,
        mut expected: Vec<Expected>,
        tell: &mut dyn FnMut(Damage),
    ) -> Result<(), BookError> {
        expected.sort_unstable();
        while self.ends_at(store, size)? {
            let Some(run) = self.ahead.pop_front() else { break };
            if run.upto == self.upto {
                self.merged(store, &run, tell)?;
            } else if run.since == self.upto && run.upto == size {
                self.own(store, &run, &std::mem::take(&mut expected), tell)?;
                self.upto = size;
            } else {
                let (since, upto) = (run.since, run.upto);
                tell(Damage::Store(Flaw::MisplacedRun { since, upto }));
                self.apart = true;
                continue;
            }
            let own = self.runs.iter().position(|it| run.since <= it.since);
            self.runs.truncate(own.unwrap_or(self.runs.len()));
            self.runs.push(run);
        }
        self.apart |= !expected.is_empty();
        tell_missing(&expected, tell);
        Ok(())
    }

    /// A run that a posting made.
    fn own(
        &mut self,
        store: &mut dyn Store,
        run: &Run,
        expected: &[Expected],
        tell: &mut dyn FnMut(Damage),
    ) -> Result<(), BookError> {
        let marks = expected.iter().map(|(mark, _)| *mark);
        let level = level_of(marks.len());
        let (made, pages) = paged(Paged::new(run.since..run.upto, level, self.pages), marks);
        self.pages = made.pages_end();
        let kept = store.pages(made.page, made.pages())?;
        if made == *run && pages == kept {
            return Ok(());
        }
        let mut kept = kept.iter().flat_map(|page| marks_of(page, run)).peekable();
        let (mut told, mut surplus) = (false, 0);
        for (mark, index) in expected {
            while kept.next_if(|it| it < mark).is_some() {
                surplus += 1;
            }
            if kept.next_if(|it| it == mark).is_none() {
                told = true;
                tell_missing(&[(*mark, *index)], tell);
            }
        }
        surplus += u64::try_from(kept.count()).unwrap_or(u64::MAX);
        if surplus > 0 {
            tell(Damage::SurplusKeys { count: surplus });
        } else if !told {
            tell(changed(run));
        }
        Ok(())
    }

    /// A run that was made of others.
    fn merged(
        &mut self,
        store: &mut dyn Store,
        run: &Run,
        tell: &mut dyn FnMut(Damage),
    ) -> Result<(), BookError> {
        let from = self.runs.iter().position(|it| it.since == run.since);
        let of = from.and_then(|from| self.runs.get(from..)).unwrap_or_default();
        let mut merge = Merge::new(of.to_vec());
        let mut made = Paged::new(run.since..run.upto, run.level, self.pages);
        let mut kept: VecDeque<Page> = VecDeque::new();
        let mut next = self.pages;
        let due = due(&self.runs);
        let mut same = due.is_some_and(|(first, level)| (Some(first), level) == (from, run.level));
        let mut hold = |store: &mut dyn Store, page: Option<Page>| -> Result<(), BookError> {
            if kept.is_empty() {
                kept.extend(store.pages(next, PAGES_AT_ONCE)?);
                next = kept.back().map_or(next, |page| page.number.saturating_add(1));
            }
            same &= kept.pop_front() == page;
            Ok(())
        };
        while let Some(mark) = merge.next(store)? {
            if let Some(page) = made.push(mark) {
                hold(store, Some(page))?;
            }
        }
        let (made, page) = made.finish();
        if page.is_some() {
            hold(store, page)?;
        }
        self.pages = made.pages_end();
        if !same || made != *run {
            tell(changed(run));
        }
        Ok(())
    }

    /// Nothing but what was held is there, and runs are of all entries: also of those without keys.
    pub(super) fn end(
        &mut self,
        store: &mut dyn Store,
        (size, kept): (u64, Kept),
        tell: &mut dyn FnMut(Damage),
    ) -> Result<(), BookError> {
        while self.ends_at(store, u64::MAX)? {
            if let Some(run) = self.ahead.pop_front() {
                tell(changed(&run));
            }
        }
        if self.upto < size && !self.apart {
            tell(Damage::Store(Flaw::ChangedRun { since: self.upto, upto: size }));
        }
        // Where rows are missing, that was told of what they belong to.
        stray("run", kept.runs, self.count, tell);
        stray("run_page", kept.pages, self.pages, tell);
        Ok(())
    }
}

/// Tells of rows that were counted and never met.
pub(super) fn stray(table: &'static str, kept: u64, met: u64, tell: &mut dyn FnMut(Damage)) {
    if let Some(count @ 1..) = kept.checked_sub(met) {
        tell(Damage::Store(Flaw::StrayRows { table, count }));
    }
}

fn changed(run: &Run) -> Damage {
    Damage::Store(Flaw::ChangedRun { since: run.since, upto: run.upto })
}

fn tell_missing(expected: &[Expected], tell: &mut dyn FnMut(Damage)) {
    for (mark, index) in expected {
        tell(Damage::Key { entry: mark.entry, index: among(*index) });
    }
}

fn among(index: Index) -> Among {
    match index {
        Index::Event => Among::Events,
        Index::Content => Among::Contents,
        Index::Settled => Among::Settlements,
        Index::Lane => Among::Lanes,
    }
}
