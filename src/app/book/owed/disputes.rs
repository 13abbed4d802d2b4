//! Which entries stand as a dispute was settled.

use std::collections::BTreeMap;

use crate::book::{Because, Book, Entry, Verdict};

use crate::plan::Plan;

use super::super::BookTrouble;
use super::super::post::bears_on;
use super::super::standing::{Standing, Stood, walk};

/// Disputes that were settled, by the entries that stand so.
#[derive(Debug, Default)]
pub(super) struct Disputes {
    of: BTreeMap<u64, u64>,
}

impl Disputes {
    /// Reads the disputes that were settled before an entry.
    pub(super) fn read(book: &mut Book, before: u64) -> Result<Disputes, BookTrouble> {
        let (mut of, mut against) = (BTreeMap::new(), BTreeMap::new());
        walk(book, 0..before, |number, entry| {
            match entry {
                Entry::Dispute(dispute) => drop(against.insert(number, dispute.against)),
                Entry::Correction(it) => {
                    if let Because::Dispute { entry } = it.because {
                        of.insert(number, entry);
                    }
                }
                Entry::Resolution(it) if it.verdict == Verdict::Upheld => {
                    let entries = against.get(&it.dispute).into_iter().flatten();
                    of.extend(entries.map(|entry: &u64| (*entry, it.dispute)));
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(Disputes { of })
    }

    /// Adds the refunds that were posted of what a dispute had settled: they stand as it does.
    pub(super) fn follow(&mut self, standing: &Standing, plan: &Plan) {
        let settled = |it: &&Stood| self.of.contains_key(&it.by);
        let originals: Vec<&Stood> = standing.events.iter().filter(settled).collect();
        let followers = standing.events.iter().filter(|it| it.settled && !settled(it));
        let found = followers.filter_map(|stood| {
            let undoes = |it: &&&Stood| bears_on(plan, &stood.event, &it.event);
            let original = originals.iter().find(undoes)?;
            Some((stood.by, self.settled(original.by)?))
        });
        let found: Vec<(u64, u64)> = found.collect();
        self.of.extend(found);
    }

    /// The dispute by which what stands by an entry does so.
    pub(super) fn settled(&self, by: u64) -> Option<u64> {
        self.of.get(&by).copied()
    }
}
