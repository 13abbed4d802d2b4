//! Events of a batch: which of them are new, which are in the book, which contradict it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use foldhash::fast::FixedState;

use crate::book::BookError;
use crate::book::entry::{Entry, Event, Outcome, Schema};
use crate::book::identity::{key_text, rank_bytes, stands_before};
use crate::book::journal::settled_key;
use crate::book::keys::{Key, Mark};

use super::content::content;
use super::draft::{Became, Draft, Drafts};
use super::{INSIDE, Posted, Posting};

/// Events looked up together.
const EVENTS_A_SLICE: usize = 8192;

/// Events that the book has, by their entries, each with the names its positions speak of.
#[derive(Default)]
struct Kept {
    by_key: HashMap<Key, u64>,
    events: HashMap<u64, (Event, Rc<Schema>)>,
    schemas: HashMap<u64, Rc<Schema>>,
}

/// The events at hand.
struct Here<'d> {
    drafts: &'d Drafts,
    schema: Rc<Schema>,
    /// By key those that are new; empty where no two have one key.
    added: HashMap<Key, (u64, usize)>,
    /// Some have one key, so that each has to be asked for the others.
    doubles: bool,
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
        let drafts = self.drafts();
        let mut drafts = self.refuse_on_error(drafts)?;
        for slice in events.chunks(EVENTS_A_SLICE) {
            drafts.clear();
            let drafted = slice.iter().try_for_each(|event| drafts.push(event));
            self.refuse_on_error(drafted)?;
            posted.extend(self.drafted(&drafts)?);
        }
        Ok(posted)
    }

    /// Where events of the batch at hand are written.
    ///
    /// # Errors
    /// No batch was begun.
    pub(crate) fn drafts(&self) -> Result<Drafts, BookError> {
        let running = self.running.as_ref().ok_or(INSIDE)?;
        Ok(Drafts::new(running.schema.events.iter().map(|table| table.name.as_str())))
    }

    /// Adds events that were written, as [`events`](Posting::events) does.
    ///
    /// # Errors
    /// As those.
    pub(crate) fn drafted(&mut self, drafts: &Drafts) -> Result<Vec<Posted>, BookError> {
        let done = self.slice(drafts);
        self.refuse_on_error(done)
    }

    fn slice(&mut self, drafts: &Drafts) -> Result<Vec<Posted>, BookError> {
        let running = self.running.as_ref().ok_or(INSIDE)?;
        let schema = Rc::clone(&running.schema);
        let doubles = self.note_keys(drafts)?;
        let kept = self.look_up(drafts)?;
        let mut lanes = self.look_up_lanes(drafts)?.into_iter();
        let mut here = Here { drafts, schema, added: HashMap::new(), doubles };
        let mut posted = Vec::with_capacity(drafts.len());
        for (at, draft) in drafts.iter().enumerate() {
            let lane = if draft.lane.is_some() { lanes.next() } else { None };
            if (here.doubles || !kept.by_key.is_empty())
                && let Some(number) = known(at, draft, &kept, &here)?
            {
                self.already += 1;
                posted.push(Posted::Already(number));
                continue;
            }
            let number = self.add((at, draft), lane, drafts)?;
            if here.doubles {
                here.added.insert(draft.key, (number, at));
            }
            self.fresh.add(Mark { key: draft.key, entry: number });
            posted.push(Posted::New(number));
        }
        Ok(posted)
    }

    /// Notes which keys there are. Where one may be that of an entry which this posting added, its keys
    /// are handed to the store, to be found there. Tells whether two of these events may have one key.
    fn note_keys(&mut self, drafts: &Drafts) -> Result<bool, BookError> {
        self.emit_for(drafts.len())?;
        self.fresh.expect(drafts.len());
        let mut known = false;
        for draft in drafts.iter() {
            known |= self.fresh.note(&draft.key);
            known |= draft.key != draft.allocated && self.fresh.holds(&draft.allocated);
        }
        if known {
            self.emit()?;
            self.fresh.expect(drafts.len());
            for draft in drafts.iter() {
                self.fresh.note(&draft.key);
            }
        }
        let mut doubles = false;
        let mut here = HashSet::with_capacity_and_hasher(drafts.len(), FixedState::default());
        for draft in drafts.iter() {
            // An event that is set aside is no other where it is allocated beside.
            let aside = draft.key != draft.allocated;
            doubles |= aside && here.contains(&draft.allocated.short());
            doubles |= !here.insert(draft.key.short());
        }
        Ok(doubles)
    }

    /// Finds what the book has under these keys: allocations that stand, and for events set aside what
    /// was set aside.
    fn look_up(&mut self, drafts: &Drafts) -> Result<Kept, BookError> {
        let mut kept = Kept::default();
        let mut keys: Vec<Key> = drafts.iter().map(|draft| draft.allocated).collect();
        let aside = drafts.iter().filter(|draft| draft.key != draft.allocated);
        keys.extend(aside.map(|draft| draft.key));
        let found = self.book.find(&keys)?;
        let found = keys.into_iter().zip(found);
        let found: Vec<(Key, u64)> = found.filter_map(|(key, entry)| Some((key, entry?))).collect();
        if found.is_empty() {
            return Ok(kept);
        }
        let numbers: Vec<u64> = found.iter().map(|(_, number)| *number).collect();
        let settled: Vec<Key> = numbers.iter().map(|number| settled_key(*number)).collect();
        let settled = self.book.find(&settled)?;
        for ((key, number), settled) in found.into_iter().zip(settled) {
            // What was withdrawn or came to be set aside may be posted again, with any content.
            if settled.is_none() || self.book.in_force(number)?.is_some() {
                kept.by_key.insert(key, number);
            }
        }
        for (number, entry) in self.book.entries_at(&numbers)? {
            let Entry::Event(event) = entry else {
                return Err(BookError::Damaged { entry: number });
            };
            let schema = self.schema(event.batch, &mut kept)?;
            kept.events.insert(number, (event, schema));
        }
        Ok(kept)
    }

    /// The names that the events of a batch speak of.
    fn schema(&mut self, batch: u64, kept: &mut Kept) -> Result<Rc<Schema>, BookError> {
        if let Some(schema) = kept.schemas.get(&batch) {
            return Ok(Rc::clone(schema));
        }
        let damaged = BookError::Damaged { entry: batch };
        let Entry::Batch(begun) = self.read(batch)? else { return Err(damaged) };
        let Entry::Edition(edition) = self.read(begun.edition_entry)? else {
            return Err(damaged);
        };
        let schema = Rc::new(edition.schema);
        kept.schemas.insert(batch, Rc::clone(&schema));
        Ok(schema)
    }

    /// Adds an event, which has a lane or has none.
    fn add(
        &mut self,
        (at, draft): (usize, &Draft),
        lane: Option<u32>,
        drafts: &Drafts,
    ) -> Result<u64, BookError> {
        let number = self.size;
        let Some(running) = &mut self.running else { return Err(INSIDE) };
        if draft.batch != running.number {
            return Err(BookError::OutOfPlace { what: "an event of another batch", inside: false });
        }
        if let Some(last) = lane.and_then(|lane| running.last(lane)) {
            let rank = drafts.rank(draft);
            if let Some(behind) = last.entry
                && stands_before(rank, &last.rank)?
            {
                return Err(BookError::Late { key: key_text(&drafts.event(at)?), behind });
            }
            last.goes_on(rank, number);
        }
        running.count(draft.kind, draft.became, drafts.input(draft))?;
        self.said += 1;
        self.append_body(Entry::EVENT, drafts.body(draft))
    }

    /// The lanes of these events, in their order. Where they stand is found as far as this posting does
    /// not know.
    fn look_up_lanes(&mut self, drafts: &Drafts) -> Result<Vec<u32>, BookError> {
        let running = self.running.as_mut().ok_or(INSIDE)?;
        let known = running.lanes();
        let lanes: Vec<u32> = drafts.lanes().map(|lane| running.lane(lane)).collect();
        let unknown: Vec<u32> = (known..running.lanes()).collect();
        let keys: Vec<Key> = unknown.iter().map(|lane| running.key(*lane)).collect();
        let found = self.book.find(&keys)?;
        let found = unknown.into_iter().zip(found);
        let stand: BTreeMap<u64, u32> =
            found.filter_map(|(lane, entry)| Some((entry?, lane))).collect();
        let numbers: Vec<u64> = stand.keys().copied().collect();
        let mut entries = self.book.entries_at(&numbers)?.into_iter();
        for (number, lane) in stand {
            let entry = entries.next().filter(|(found, _)| *found == number);
            let Some((_, Entry::Event(event))) = entry else {
                return Err(BookError::Damaged { entry: number });
            };
            if let Some(last) = self.running.as_mut().and_then(|running| running.last(lane)) {
                last.stood(&rank_bytes(&event)?, number);
            }
        }
        Ok(lanes)
    }
}

/// The entry that makes an event one that the book has already.
fn known(at: usize, draft: &Draft, kept: &Kept, here: &Here<'_>) -> Result<Option<u64>, BookError> {
    let allocated = matches!(draft.became, Became::Allocated { .. });
    let of_allocated = earlier(&draft.allocated, kept, here)?;
    let of_aside = if allocated { None } else { earlier(&draft.key, kept, here)? };
    if of_allocated.is_none() && of_aside.is_none() {
        return Ok(None);
    }
    let event = here.drafts.event(at)?;
    let said = content(&event, &here.schema);
    let same = |stored: &Earlier| said == content(&stored.event, &stored.schema);
    let of_aside = of_aside.filter(|stored| {
        stored.event.batch != event.batch && stored.event.outcome == event.outcome && same(stored)
    });
    if let Some(stored) = of_aside {
        return Ok(Some(stored.number));
    }
    match of_allocated {
        Some(stored) if same(&stored) => {
            // A second copy in one batch is set aside as one, and counted.
            if allocated || stored.event.batch != event.batch {
                return Ok(Some(stored.number));
            }
        }
        Some(Earlier { number: entry, event: stored, .. }) if allocated => {
            let key = key_text(&event);
            let (stored, given) = (Box::new(stored), Box::new(event));
            return Err(BookError::Conflict { key, entry, stored, given });
        }
        Some(_) | None => {}
    }
    Ok(None)
}

/// An event that was there before.
struct Earlier {
    number: u64,
    event: Event,
    schema: Rc<Schema>,
}

/// The event under a key, of the book or of those at hand.
fn earlier(key: &Key, kept: &Kept, here: &Here<'_>) -> Result<Option<Earlier>, BookError> {
    if let Some((number, at)) = here.added.get(key) {
        let (event, schema) = (here.drafts.event(*at)?, Rc::clone(&here.schema));
        return Ok(Some(Earlier { number: *number, event, schema }));
    }
    let number = kept.by_key.get(key);
    let stored = number.and_then(|number| Some((*number, kept.events.get(number)?)));
    Ok(stored.map(|(number, (event, schema))| Earlier {
        number,
        event: event.clone(),
        schema: Rc::clone(schema),
    }))
}

/// Whether the lane of an event stands at it afterwards. What is set aside changes no total, and a
/// late event stands before others.
pub(in crate::book) fn moves_lane(event: &Event) -> bool {
    let allocated = matches!(event.outcome, Outcome::Allocated { .. });
    allocated && !event.late && !event.lane.is_empty()
}
