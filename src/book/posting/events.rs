//! Events of a batch: which of them are new, which are in the book, which contradict it.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::book::BookError;
use crate::book::entry::{Entry, Event, Outcome, Schema};
use crate::book::identity::{Identity, key_text, lane_key, rank, stands_before};
use crate::book::journal::{entry, settled_key};
use crate::book::store::Index;

use super::content::content;
use super::{INSIDE, Posted, Posting, conserve};

/// Events looked up and appended together.
const EVENTS_A_SLICE: usize = 8192;

/// Events that the book has, by their entries, each with the names its positions speak of.
#[derive(Default)]
struct Kept {
    /// What was found, and what this slice has added since.
    by_key: HashMap<Vec<u8>, u64>,
    events: HashMap<u64, (Event, Rc<Schema>)>,
    schemas: HashMap<u64, Rc<Schema>>,
}

/// The slice at hand.
struct Here<'e> {
    /// Numbers of the entries added, ascending, and the events they are of.
    added: Vec<(u64, usize)>,
    events: &'e [Event],
    schema: Rc<Schema>,
}

impl Posting<'_> {
    /// Adds events of the batch and what became of them, in order. An event that stands in the book
    /// with the same content is not added again.
    ///
    /// # Errors
    /// An event stands in the book with other content; it comes late and does not say so; its leaves
    /// do not sum to its inflow; its key is not portable; no batch was begun; the store fails.
    pub fn events(&mut self, events: &[Event]) -> Result<Vec<Posted>, BookError> {
        let mut posted = Vec::with_capacity(events.len());
        for slice in events.chunks(EVENTS_A_SLICE) {
            let done = self.slice(slice, &mut posted);
            self.refuse_on_error(done)?;
        }
        Ok(posted)
    }

    fn slice(&mut self, events: &[Event], posted: &mut Vec<Posted>) -> Result<(), BookError> {
        self.flush()?;
        let running = self.running.as_ref().ok_or(INSIDE)?;
        let identities: Vec<Identity> = events
            .iter()
            .map(|event| Identity::of(event, running.kind_name(event.kind)?))
            .collect::<Result<_, BookError>>()?;
        let own = Rc::new(running.schema.clone());
        let mut kept = self.look_up(events, &identities)?;
        self.look_up_lanes(events)?;
        let mut here = Here { added: Vec::new(), events, schema: own };
        for (at, (event, identity)) in events.iter().zip(identities).enumerate() {
            if let Some(number) = known(event, &identity, &kept, &here)? {
                self.already += 1;
                posted.push(Posted::Already(number));
                continue;
            }
            let number = self.add(event)?;
            let key = identity.key(&event.outcome);
            kept.by_key.insert(key.clone(), number);
            here.added.push((number, at));
            self.mark(Index::Event, key, number);
            posted.push(Posted::New(number));
        }
        self.flush()
    }

    /// Finds what the book has under these identities: allocations that stand, and for events set
    /// aside what was set aside.
    fn look_up(&mut self, events: &[Event], of: &[Identity]) -> Result<Kept, BookError> {
        let mut keys: Vec<Vec<u8>> = of.iter().map(Identity::allocated).collect();
        let aside = events.iter().zip(of).filter(|(event, _)| !is_allocated(event));
        keys.extend(aside.map(|(_, identity)| identity.set_aside()));
        let found = self.book.store().find(Index::Event, &keys)?;
        let mut kept = Kept::default();
        let found = keys.into_iter().zip(found);
        let found: Vec<(Vec<u8>, u64)> =
            found.filter_map(|(key, entry)| Some((key, entry?))).collect();
        if found.is_empty() {
            return Ok(kept);
        }
        let numbers: Vec<u64> = found.iter().map(|(_, number)| *number).collect();
        let settled: Vec<Vec<u8>> = numbers.iter().map(|number| settled_key(*number)).collect();
        let settled = self.book.store().find(Index::Settled, &settled)?;
        for ((key, number), settled) in found.into_iter().zip(settled) {
            // What was withdrawn or came to be set aside may be posted again, with any content.
            if settled.is_none() || self.book.in_force(number)?.is_some() {
                kept.by_key.insert(key, number);
            }
        }
        for row in self.book.store().rows_at(&numbers)? {
            let Entry::Event(event) = entry(&row)? else {
                return Err(BookError::Damaged { entry: row.number });
            };
            let schema = self.schema(event.batch, &mut kept)?;
            kept.events.insert(row.number, (event, schema));
        }
        Ok(kept)
    }

    /// The names that the events of a batch speak of.
    fn schema(&mut self, batch: u64, kept: &mut Kept) -> Result<Rc<Schema>, BookError> {
        if let Some(schema) = kept.schemas.get(&batch) {
            return Ok(Rc::clone(schema));
        }
        let damaged = BookError::Damaged { entry: batch };
        let Entry::Batch(begun) = self.book.entry(batch)? else { return Err(damaged) };
        let Entry::Edition(edition) = self.book.entry(begun.edition_entry)? else {
            return Err(damaged);
        };
        let schema = Rc::new(edition.schema);
        kept.schemas.insert(batch, Rc::clone(&schema));
        Ok(schema)
    }

    fn add(&mut self, event: &Event) -> Result<u64, BookError> {
        let number = self.frontier.size();
        let running = self.running.as_mut().ok_or(INSIDE)?;
        if event.batch != running.number {
            return Err(BookError::OutOfPlace { what: "an event of another batch", inside: false });
        }
        conserve(&event.outcome, || key_text(event))?;
        if moves_lane(event) {
            let (lane, rank) = (lane_key(event)?, rank(event)?);
            if let Some(last) = running.last(&lane)
                && stands_before(&rank, &last.rank)
            {
                let (key, behind) = (key_text(event), last.entry);
                return Err(BookError::Late { key, behind });
            }
            running.ranked(lane, rank, number);
        }
        running.count(event)?;
        self.said += 1;
        self.append_event(event)
    }

    /// Finds where the lanes of these events stand, as far as this posting does not know.
    fn look_up_lanes(&mut self, events: &[Event]) -> Result<(), BookError> {
        let running = self.running.as_ref().ok_or(INSIDE)?;
        let mut keys: Vec<Vec<u8>> = Vec::new();
        for event in events.iter().filter(|event| moves_lane(event)) {
            let key = lane_key(event)?;
            if running.last(&key).is_none() {
                keys.push(key);
            }
        }
        keys.sort_unstable();
        keys.dedup();
        let found = self.book.store().find(Index::Lane, &keys)?;
        let found = keys.into_iter().zip(found);
        let lanes: BTreeMap<u64, Vec<u8>> =
            found.filter_map(|(key, entry)| Some((entry?, key))).collect();
        let numbers: Vec<u64> = lanes.keys().copied().collect();
        let mut rows = self.book.store().rows_at(&numbers)?.into_iter();
        for (number, lane) in lanes {
            let row = rows.next().filter(|row| row.number == number);
            let Some(Entry::Event(event)) = row.as_ref().map(entry).transpose()? else {
                return Err(BookError::Damaged { entry: number });
            };
            if let Some(running) = &mut self.running {
                running.stood(lane, rank(&event)?, number);
            }
        }
        Ok(())
    }
}

/// The entry that makes an event one that the book has already.
fn known(
    event: &Event,
    identity: &Identity,
    kept: &Kept,
    here: &Here<'_>,
) -> Result<Option<u64>, BookError> {
    let same = |stored: &(u64, &Event, &Schema)| {
        content(event, &here.schema) == content(stored.1, stored.2)
    };
    match earlier(&identity.allocated(), kept, here) {
        Some(stored) if same(&stored) => {
            // A second copy in one batch is set aside as one, and counted.
            if is_allocated(event) || stored.1.batch != event.batch {
                return Ok(Some(stored.0));
            }
        }
        Some((entry, stored, _)) if is_allocated(event) => {
            let (stored, given) = (Box::new(stored.clone()), Box::new(event.clone()));
            return Err(BookError::Conflict { key: key_text(event), entry, stored, given });
        }
        Some(_) | None => {}
    }
    if is_allocated(event) {
        return Ok(None);
    }
    let stored = earlier(&identity.set_aside(), kept, here);
    let stored = stored.filter(|stored| {
        stored.1.batch != event.batch && stored.1.outcome == event.outcome && same(stored)
    });
    Ok(stored.map(|(number, _, _)| number))
}

/// The event under a key, with its entry and the names it speaks of.
fn earlier<'k>(
    key: &[u8],
    kept: &'k Kept,
    here: &'k Here<'_>,
) -> Option<(u64, &'k Event, &'k Schema)> {
    let number = *kept.by_key.get(key)?;
    if let Some((event, schema)) = kept.events.get(&number) {
        return Some((number, event, schema));
    }
    let at = here.added.binary_search_by_key(&number, |(number, _)| *number).ok()?;
    let event = here.events.get(here.added.get(at)?.1)?;
    Some((number, event, &here.schema))
}

fn is_allocated(event: &Event) -> bool {
    matches!(event.outcome, Outcome::Allocated { .. })
}

/// Whether the lane of an event stands at it afterwards. What is set aside changes no total, and a
/// late event stands before others.
pub(in crate::book) fn moves_lane(event: &Event) -> bool {
    is_allocated(event) && !event.late && !event.lane.is_empty()
}
