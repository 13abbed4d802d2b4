//! The runs in which keys are looked for.

use std::collections::HashMap;

use crate::book::BookError;
use crate::book::store::{Page, Run, Store};

use super::course::place_of;
use super::pages::{KEYS_A_PAGE, all_of, last_of, marks_of, page_for};
use super::{Key, Sieve};

/// The runs of a book that no other stands for: together they are of every entry.
#[derive(Debug, Default)]
pub(in crate::book) struct Runs {
    /// How many entries they are of.
    pub(in crate::book) upto: u64,
    /// The oldest first.
    pub(in crate::book) runs: Vec<Run>,
    /// The number of the next page.
    pub(in crate::book) next_page: u64,
    /// What is known of long runs in which much was looked for, by where they end and their level.
    known: HashMap<(u64, u8), Known>,
}

/// What is known of a run without reading it.
#[derive(Debug)]
enum Known {
    /// Nothing, and so many pages were read.
    Read(u64),
    Sieve(Sieve),
}

/// Shorter runs (in pages) are read as often as need be.
const SHORT_RUN: u64 = 16;
/// Runs read together.
const RUNS_AT_ONCE: usize = 256;
/// Pages read together.
const PAGES_AT_ONCE: u64 = 32;

impl Runs {
    /// Those of the first entries, each held against those before it.
    pub(in crate::book) fn read(store: &mut dyn Store, upto: u64) -> Result<Runs, BookError> {
        let (mut runs, mut after) = (Runs::default(), (0, 0));
        loop {
            let read = store.runs(after, RUNS_AT_ONCE)?;
            let Some(last) = read.last() else { break };
            after = (last.upto, last.level);
            // More may have been posted meanwhile.
            for run in read.into_iter().take_while(|run| run.upto <= upto) {
                runs.take(run)?;
            }
            if after.0 > upto {
                break;
            }
        }
        match runs.upto == upto {
            true => Ok(runs),
            false => Err(BookError::DamagedKeys { since: runs.upto, upto }),
        }
    }

    /// Takes the run that follows, and leaves those out that it stands for.
    fn take(&mut self, run: Run) -> Result<(), BookError> {
        let Some(from) = place_of(&run, &self.runs, self.next_page) else {
            return Err(BookError::DamagedKeys { since: run.since, upto: run.upto });
        };
        self.runs.truncate(from);
        self.push(run, None);
        Ok(())
    }

    /// Another run follows, of which a sieve may be at hand.
    pub(in crate::book) fn push(&mut self, run: Run, sieve: Option<Sieve>) {
        (self.upto, self.next_page) = (run.upto, run.pages_end());
        self.known.extend(sieve.map(|sieve| ((run.upto, run.level), Known::Sieve(sieve))));
        self.runs.push(run);
    }

    /// Takes the last ones out.
    pub(in crate::book) fn split_off(&mut self, from: usize) -> Vec<Run> {
        let gone = self.runs.split_off(from);
        gone.iter().for_each(|run| drop(self.known.remove(&(run.upto, run.level))));
        gone
    }

    /// For each key the latest entry it is a key of.
    pub(in crate::book) fn find(
        &mut self,
        store: &mut dyn Store,
        keys: &[Key],
    ) -> Result<Vec<Option<u64>>, BookError> {
        let mut found = vec![None; keys.len()];
        if self.runs.iter().all(|run| run.firsts.is_empty()) {
            return Ok(found);
        }
        let mut sought: Vec<(Key, usize)> = keys.iter().copied().zip(0..).collect();
        for run in self.runs.iter().rev().filter(|run| !run.firsts.is_empty()) {
            let known = self.known.entry((run.upto, run.level)).or_insert(Known::Read(0));
            if find_in(store, run, known, &sought, &mut found)? {
                sought.retain(|(_, place)| found.get(*place).is_some_and(Option::is_none));
            }
        }
        Ok(found)
    }

    /// For each key every entry it is a key of.
    pub(in crate::book) fn find_each(
        &self,
        store: &mut dyn Store,
        keys: &[Key],
    ) -> Result<Vec<(Key, u64)>, BookError> {
        let mut sought = keys.to_vec();
        sought.sort_unstable();
        sought.dedup();
        let mut found = Vec::new();
        for run in self.runs.iter().filter(|run| !run.firsts.is_empty()) {
            let mut held = None;
            for key in &sought {
                let entries = each_in(store, run, key, &mut held)?;
                found.extend(entries.into_iter().map(|entry| (*key, entry)));
            }
        }
        Ok(found)
    }
}

/// Finds every entry that a key is a key of, in a run.
fn each_in(
    store: &mut dyn Store,
    run: &Run,
    key: &Key,
    held: &mut Option<Page>,
) -> Result<Vec<u64>, BookError> {
    let mut found = Vec::new();
    let mut next = page_for(run, key);
    while let Some(number) = next.filter(|number| *number >= run.page) {
        let (here, more) = all_of(page(store, run, number, held)?, run, key);
        found.extend(here);
        next = number.checked_sub(1).filter(|_| more);
    }
    Ok(found)
}

/// Finds keys in a run; tells whether any is there.
fn find_in(
    store: &mut dyn Store,
    run: &Run,
    known: &mut Known,
    sought: &[(Key, usize)],
    found: &mut [Option<u64>],
) -> Result<bool, BookError> {
    // Whoever has read as much as there is had better know what is not there.
    if let Known::Read(read) = known
        && *read > run.pages().max(SHORT_RUN)
    {
        *known = Known::Sieve(sieve(store, run)?);
    }
    let may_hold = |key: &Key| match &*known {
        Known::Sieve(sieve) => sieve.may_hold(key),
        Known::Read(_) => true,
    };
    let mut may_be: Vec<(Key, usize)> =
        sought.iter().filter(|(key, _)| may_hold(key)).copied().collect();
    // Keys of one page follow one another.
    may_be.sort_unstable_by_key(|(key, _)| key.short());
    let (mut held, mut any): (Option<Page>, bool) = (None, false);
    for (key, place) in may_be {
        let entry = match page_for(run, &key) {
            Some(number) => {
                if let Known::Read(read) = known
                    && held.as_ref().is_none_or(|page| page.number != number)
                {
                    *read = read.saturating_add(1);
                }
                last_of(page(store, run, number, &mut held)?, run, &key)
            }
            None => None,
        };
        if let (Some(entry), Some(found)) = (entry, found.get_mut(place)) {
            (*found, any) = (Some(entry), true);
        }
    }
    Ok(any)
}

fn sieve(store: &mut dyn Store, run: &Run) -> Result<Sieve, BookError> {
    let most = usize::try_from(run.pages()).unwrap_or(usize::MAX).saturating_mul(KEYS_A_PAGE);
    let mut sieve = Sieve::of(most, []);
    let (mut from, end) = (run.page, run.pages_end());
    while from < end {
        let read = store.pages(from, PAGES_AT_ONCE.min(end - from))?;
        from = read.last().map_or(end, |page| page.number.saturating_add(1));
        let marks = read.iter().flat_map(|page| marks_of(page, run));
        marks.for_each(|mark| sieve.add(&mark.key));
    }
    Ok(sieve)
}

/// A page of a run; the one that was asked for last is held.
fn page<'p>(
    store: &mut dyn Store,
    run: &Run,
    number: u64,
    held: &'p mut Option<Page>,
) -> Result<&'p Page, BookError> {
    if held.as_ref().is_none_or(|page| page.number != number) {
        *held = store.pages(number, 1)?.into_iter().next();
    }
    let page = held.as_ref().filter(|page| page.number == number);
    page.ok_or(BookError::Damaged { entry: run.since })
}
