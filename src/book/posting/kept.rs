//! What a book has of the events at hand: those of their keys that stand, and what was set aside.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use crate::base::Digest;
use crate::book::BookError;
use crate::book::canonical::{Canonical, bytes_of};
use crate::book::entry::{Entry, Event, Outcome, Schema};
use crate::book::journal::settled_key;
use crate::book::keys::Key;
use crate::book::standing::Aside;
use crate::rows::Cell;

use super::Posting;
use super::content::content;
use super::draft::Drafts;
use super::events::{EVENTS_A_SLICE, is_aside};

/// Events that the book has.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The entries of those that stand allocated.
    by_key: HashMap<Key, u64>,
    /// Each with the names its positions speak of.
    events: HashMap<u64, (Event, Rc<Schema>)>,
    asides: Often,
    any: bool,
}

/// What was set aside, by key. Of a key that was set aside often it is kept for a whole posting.
pub(super) type Often = HashMap<Key, Asides>;

/// More than so many is often.
const OFTEN: usize = 16;

/// Events of one key that were set aside, by what they say: the entry by which the last that says it was,
/// and why.
#[derive(Debug, Default)]
pub(super) struct Asides(HashMap<Digest, (u64, Digest)>);

impl Asides {
    /// The entry that sets aside an event which says this, and was last set aside for the same reason.
    pub(super) fn of(&self, said: &Cell, outcome: &Outcome) -> Option<u64> {
        let (number, why) = self.0.get(&digest_of(said))?;
        (*why == digest_of(outcome)).then_some(*number)
    }
}

/// What was set aside under a key.
pub(super) fn set_aside<'k>(key: &Key, (kept, often): (&'k Kept, &'k Often)) -> Option<&'k Asides> {
    kept.asides.get(key).or_else(|| often.get(key))
}

fn digest_of<T: Canonical>(value: &T) -> Digest {
    Digest::of(&bytes_of(value))
}

impl Kept {
    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        !self.any
    }

    /// The event that stands allocated under a key, and its entry.
    pub(super) fn allocated(&self, key: &Key) -> Option<(u64, &(Event, Rc<Schema>))> {
        let number = self.by_key.get(key)?;
        Some((*number, self.events.get(number)?))
    }
}

/// The names that events of batches speak of, by the entry of the batch.
type Schemas = HashMap<u64, Rc<Schema>>;

/// An event that stands under a key.
struct Stands {
    key: Key,
    number: u64,
    event: Event,
    schema: Rc<Schema>,
}

impl Posting<'_> {
    /// Finds what the book has under these keys: allocations that stand, and for events set aside what
    /// was set aside.
    pub(super) fn look_up(&mut self, drafts: &Drafts) -> Result<Kept, BookError> {
        let (mut kept, mut schemas) = (Kept::default(), Schemas::new());
        let allocated = drafts.iter().map(|draft| draft.allocated);
        let aside = drafts.iter().filter(|draft| is_aside(draft)).map(|draft| draft.key);
        let keys: Vec<Key> = allocated.chain(aside.clone()).collect();
        let found = self.book.find(&keys)?;
        kept.any = found.iter().any(Option::is_some);
        if !kept.any {
            return Ok(kept);
        }
        let found = keys.into_iter().zip(found).filter_map(|(key, entry)| Some((key, entry?)));
        // The two sorts of keys are never alike.
        let aside: HashSet<Key> = aside.collect();
        let (again, found): (Vec<_>, Vec<_>) = found.partition(|(key, _)| aside.contains(key));
        let known: HashSet<Key> = again.iter().chain(&found).map(|(key, _)| *key).collect();
        for Stands { key, number, event, schema } in self.standing(&found, &mut schemas)? {
            kept.by_key.insert(key, number);
            kept.events.insert(number, (event, schema));
        }
        let wanted = drafts.iter().filter(|draft| is_aside(draft) && !self.copied);
        let wanted = wanted.map(|draft| (draft.key, draft.allocated)).filter(|(key, allocated)| {
            !self.often.contains_key(key) && (known.contains(key) || known.contains(allocated))
        });
        let wanted: Vec<(Key, Key)> = wanted.collect();
        let mut each = self.book.asides(&wanted)?;
        // Those of this batch were set aside beside the event at hand.
        let batch = self.running.as_ref().map_or(self.size, |running| running.number);
        each.retain(|(_, aside)| aside.by < batch);
        for slice in each.chunks(EVENTS_A_SLICE) {
            let entries: BTreeSet<u64> = slice.iter().map(|(_, aside)| aside.entry).collect();
            let said = self.said(&entries, &mut schemas)?;
            for (key, Aside { entry, by, outcome }) in slice {
                let Some((event, schema)) = said.get(entry) else { continue };
                let why = digest_of(outcome.as_ref().unwrap_or(&event.outcome));
                let asides = kept.asides.entry(*key).or_default();
                asides.0.insert(digest_of(&content(event, schema)), (*by, why));
            }
        }
        self.often.extend(kept.asides.extract_if(|_, asides| asides.0.len() > OFTEN));
        Ok(kept)
    }

    /// Of some events those that stand, each with the names its positions speak of. What was withdrawn or
    /// came to be set aside may be posted again, with any content.
    fn standing(
        &mut self,
        found: &[(Key, u64)],
        schemas: &mut Schemas,
    ) -> Result<Vec<Stands>, BookError> {
        let settled: Vec<Key> = found.iter().map(|(_, number)| settled_key(*number)).collect();
        let settled = self.book.find(&settled)?;
        let mut keys: BTreeMap<u64, Key> = BTreeMap::new();
        for ((key, number), settled) in found.iter().zip(settled) {
            if settled.is_none() || self.book.in_force(*number)?.is_some() {
                keys.insert(*number, *key);
            }
        }
        let said = self.said(&keys.keys().copied().collect(), schemas)?;
        let stands = said.into_iter().filter_map(|(number, (event, schema))| {
            Some(Stands { key: *keys.get(&number)?, number, event, schema })
        });
        Ok(stands.collect())
    }

    /// What the events of some entries say, each with the names its positions speak of.
    fn said(
        &mut self,
        entries: &BTreeSet<u64>,
        schemas: &mut Schemas,
    ) -> Result<BTreeMap<u64, (Event, Rc<Schema>)>, BookError> {
        let numbers: Vec<u64> = entries.iter().copied().collect();
        let mut said = BTreeMap::new();
        for (number, entry) in self.book.entries_at(&numbers)? {
            let Entry::Event(event) = entry else {
                return Err(BookError::Damaged { entry: number });
            };
            let schema = self.schema(event.batch, schemas)?;
            said.insert(number, (event, schema));
        }
        Ok(said)
    }

    /// The names that the events of a batch speak of.
    fn schema(&mut self, batch: u64, schemas: &mut Schemas) -> Result<Rc<Schema>, BookError> {
        if let Some(schema) = schemas.get(&batch) {
            return Ok(Rc::clone(schema));
        }
        let damaged = BookError::Damaged { entry: batch };
        let Entry::Batch(begun) = self.read(batch)? else { return Err(damaged) };
        let Entry::Edition(edition) = self.read(begun.edition_entry)? else {
            return Err(damaged);
        };
        let schema = Rc::new(edition.schema);
        schemas.insert(batch, Rc::clone(&schema));
        Ok(schema)
    }
}
