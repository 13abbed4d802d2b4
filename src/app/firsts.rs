//! Where the first of several events with one key stands.
//!
//! The engine remembers that it has met a key, not where: that would cost every run memory for every
//! event. The files are read once more, and only if a key came twice.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use crate::base::{Digest, Digester};
use crate::formats::FormatsError;
use crate::report::names::Names;
use crate::rows::{EventAt, Origin, Reason};

use super::keys::key_parts;
use super::reading::Batches;
use super::run::Job;

/// Events that were set aside because another had their key.
#[derive(Debug, Default)]
pub(super) struct Repeated {
    /// The place of each, and its key.
    rows: Vec<(Origin, Digest)>,
    /// Places of events that had no claim to their key.
    tied: BTreeSet<Origin>,
}

impl Repeated {
    /// Notes an event that is set aside, if this reason has to do with keys.
    pub(super) fn note(&mut self, event: EventAt<'_>, reason: &Reason, names: &Names) {
        let Some(origin) = event.batch.origins.get(event.row).filter(|it| **it != Origin::MADE)
        else {
            return;
        };
        match reason {
            Reason::DuplicateKey => self.rows.push((*origin, key(event, names))),
            Reason::SameOrder => drop(self.tied.insert(*origin)),
            _ => {}
        }
    }

    /// For each of these events the place of the first with its key.
    ///
    /// # Errors
    /// A file can no longer be read, or the user wants no more.
    pub(super) fn firsts(&self, job: &Job<'_>) -> Result<BTreeMap<Origin, Origin>, FormatsError> {
        let mut firsts = BTreeMap::new();
        if self.rows.is_empty() {
            return Ok(firsts);
        }
        let mut wanted: BTreeMap<Digest, Option<Origin>> =
            self.rows.iter().map(|(_, key)| (*key, None)).collect();
        let repeated: BTreeSet<Origin> = self.rows.iter().map(|(origin, _)| *origin).collect();
        let (mut unread, remarks) = (|_| Ok(()), RefCell::new(Vec::new()));
        for batch in Batches::new(job.to_read(), &mut unread, &remarks) {
            let batch = batch?;
            if job.interrupted.load(Ordering::Relaxed) {
                return Err(FormatsError::Interrupted);
            }
            for (row, origin) in batch.origins.iter().enumerate() {
                if repeated.contains(origin) || self.tied.contains(origin) {
                    continue;
                }
                let key = key(EventAt::unplaced(&batch, row), job.names);
                if let Some(first) = wanted.get_mut(&key) {
                    first.get_or_insert(*origin);
                }
            }
        }
        let found = |(origin, key): &(Origin, Digest)| Some((*origin, (*wanted.get(key)?)?));
        firsts.extend(self.rows.iter().filter_map(found));
        Ok(firsts)
    }
}

/// The event kind and the key.
fn key(event: EventAt<'_>, names: &Names) -> Digest {
    let mut digester = Digester::new();
    digester.update(&event.batch.event.to_le_bytes());
    for part in key_parts(event, names) {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        digester.update(&length.to_le_bytes());
        digester.update(part.as_bytes());
    }
    digester.finish()
}
