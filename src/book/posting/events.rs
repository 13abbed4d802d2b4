//! Events of a batch: which of them are new, which are in the book, which contradict it.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::book::BookError;
use crate::book::entry::{Entry, Event, Outcome, Schema};
use crate::book::identity::{key_text, rank_bytes, stands_before};
use crate::book::journal::settled_key;
use crate::book::keys::{Key, Mark};

use super::content::content;
use super::draft::{Draft, Drafts};
use super::kept::{Kept, Often, set_aside};
use super::{INSIDE, Posted, Posting};

/// Events looked up together.
pub(super) const EVENTS_A_SLICE: usize = 8192;

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
        Ok(Drafts::of(&running.schema))
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
        let (batch, schema) = (running.number, Rc::clone(&running.schema));
        let doubles = self.note_keys(drafts)?;
        let kept = self.look_up(drafts)?;
        let mut lanes = self.look_up_lanes(drafts)?.into_iter();
        let mut here = Here { drafts, schema, added: HashMap::new(), doubles };
        let mut posted = Vec::with_capacity(drafts.len());
        for (at, draft) in drafts.iter().enumerate() {
            let lane = if draft.lane.is_some() { lanes.next() } else { None };
            if here.doubles || !kept.is_empty() {
                let known = known(at, draft, (&kept, &self.often), &here);
                let stands = kept.allocated(&draft.allocated).is_some_and(|it| it.0 < batch);
                self.beside |= stands && (is_aside(draft) || known.is_err());
                if let Some(number) = known? {
                    self.already += 1;
                    posted.push(Posted::Already(number));
                    continue;
                }
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
        let mut in_doubt = Vec::new();
        for (at, draft) in drafts.iter().enumerate() {
            let aside = is_aside(draft) && self.fresh.may_hold(&draft.allocated);
            if self.fresh.note(&draft.key) || aside {
                in_doubt.push((at, draft));
            }
        }
        let fresh = &self.fresh;
        let holds = |it: &Draft| fresh.holds(&it.key) || is_aside(it) && fresh.holds(&it.allocated);
        if in_doubt.iter().any(|(_, draft)| holds(draft)) {
            self.emit()?;
            self.fresh.expect(drafts.len());
            for draft in drafts.iter() {
                self.fresh.note(&draft.key);
            }
        }
        // An event that is set aside is no other where it is allocated beside.
        let is = |one: &Draft, it: &Draft| one.key == it.key || one.key == it.allocated;
        Ok(in_doubt.iter().any(|(at, it)| drafts.iter().take(*at).any(|one| is(one, it))))
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
            if let Some(behind) = last.entry.filter(|_| !self.judged)
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
        let found = unknown.into_iter().zip(keys).zip(found);
        let found: Vec<(u32, Key, u64)> =
            found.filter_map(|((lane, key), entry)| Some((lane, key, entry?))).collect();
        let settled: Vec<Key> = found.iter().map(|(_, _, entry)| settled_key(*entry)).collect();
        let settled = self.book.find(&settled)?;
        let mut stand: BTreeMap<u64, u32> = BTreeMap::new();
        for ((lane, key, entry), settled) in found.into_iter().zip(settled) {
            let entry = match settled {
                Some(_) => self.last_standing(key)?,
                None => Some(entry),
            };
            stand.extend(entry.map(|entry| (entry, lane)));
        }
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

    /// Of the events by which batches left a lane, the last that stands: what came to be set aside holds
    /// nothing up.
    fn last_standing(&mut self, lane: Key) -> Result<Option<u64>, BookError> {
        let mut entries: Vec<u64> =
            self.book.find_each(&[lane])?.into_iter().map(|(_, entry)| entry).collect();
        entries.sort_unstable();
        for entry in entries.into_iter().rev() {
            if self.book.in_force(entry)?.is_some() {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }
}

/// The entry that makes an event one that the book has already.
fn known(
    at: usize,
    draft: &Draft,
    kept: (&Kept, &Often),
    here: &Here<'_>,
) -> Result<Option<u64>, BookError> {
    let allocated = !is_aside(draft);
    let of_allocated = earlier(&draft.allocated, kept.0, here)?;
    let of_aside = if allocated { None } else { set_aside(&draft.key, kept) };
    if of_allocated.is_none() && of_aside.is_none() {
        return Ok(None);
    }
    let event = here.drafts.event(at)?;
    let said = content(&event, &here.schema);
    if let Some(number) = of_aside.and_then(|stood| stood.of(&said, &event.outcome)) {
        return Ok(Some(number));
    }
    match of_allocated {
        Some(stored) if said == content(&stored.event, &stored.schema) => {
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

/// Whether an event is under a key of its own, since it is set aside.
pub(super) fn is_aside(draft: &Draft) -> bool {
    draft.key != draft.allocated
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
    let stored = kept.allocated(key);
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
