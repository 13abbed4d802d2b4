//! What an entry says by itself, before it is held against others: looked at on a thread of its own.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::base::{Digest, Money};
use crate::book::canonical::{Canonical, Malformed, Writer};
use crate::book::entry::{Entry, Event, Outcome, Schema};
use crate::book::identity::{Identity, lane_bytes, rank_bytes};
use crate::book::keys::Key;
use crate::book::leaf::{NOTHING_BEFORE, leaf_digest};
use crate::book::posting::{Became, conserve, moves_lane};
use crate::book::store::{Row, Segment};
use crate::rows::Origin;

use super::damage::Contradiction;
use super::positions;

/// An entry that was looked at.
pub(super) struct Looked {
    /// It fits its leaf, chained to the leaf before as that is kept.
    pub(super) fits: bool,
    pub(super) said: Said,
}

pub(super) enum Said {
    Event(Told),
    Other(Box<Entry>),
    Malformed(Box<Malformed>),
}

/// What must be there beside an event.
pub(super) struct Told {
    pub(super) batch: u64,
    pub(super) kind: u32,
    pub(super) became: Became,
    /// Where in the body its kind and fields stand.
    pub(super) input: Range<usize>,
    pub(super) key: Result<Key, Contradiction>,
    /// The bytes of the lane that it moves.
    pub(super) lane: Result<Option<Vec<u8>>, Contradiction>,
    pub(super) conserved: bool,
    /// The edition has all that it speaks of.
    pub(super) in_edition: bool,
    pub(super) origin: Origin,
    /// Whether data send such events, where that is known.
    pub(super) sent: Option<bool>,
}

impl Told {
    /// What an event tells, its kinds being those of a schema.
    pub(super) fn of(event: &Event, schema: Option<&Schema>, scratch: &mut Writer) -> Told {
        scratch.clear();
        event.batch.write(scratch);
        let start = scratch.written().len();
        event.kind.write(scratch);
        event.fields.write(scratch);
        Told {
            batch: event.batch,
            kind: event.kind,
            became: became(&event.outcome),
            input: start..scratch.written().len(),
            key: key(event, schema),
            lane: lane(event),
            conserved: conserve(&event.outcome, String::new).is_ok(),
            in_edition: schema.is_none_or(|schema| positions::event(event, schema)),
            origin: event.origin,
            sent: None,
        }
    }
}

fn became(outcome: &Outcome) -> Became {
    match outcome {
        Outcome::Allocated { inflow, residue_units, leaves } => {
            let nobodys = leaves.iter().filter(|leaf| leaf.account.is_none());
            // Where this is past the range, the leaves sum to no inflow.
            let sum = nobodys.fold(0_i128, |sum, leaf| sum.saturating_add(leaf.amount.minor()));
            let (inflow, residue_units) = (*inflow, *residue_units);
            Became::Allocated { inflow, undetermined: Money::from_minor(sum), residue_units }
        }
        Outcome::SetAside { inflow, .. } => Became::SetAside { inflow: *inflow },
    }
}

fn key(event: &Event, schema: Option<&Schema>) -> Result<Key, Contradiction> {
    let at = usize::try_from(event.kind).ok();
    let table = schema.zip(at).and_then(|(schema, at)| schema.events.get(at));
    let kind = table.ok_or(Contradiction::Kind)?;
    let identity = Identity::of(event, &kind.name).map_err(|_| Contradiction::Key)?;
    Ok(identity.key(&event.outcome))
}

fn lane(event: &Event) -> Result<Option<Vec<u8>>, Contradiction> {
    if !moves_lane(event) {
        return Ok(None);
    }
    rank_bytes(event).map_err(|_| Contradiction::Rank)?;
    Ok(Some(lane_bytes(event).map_err(|_| Contradiction::Lane)?))
}

/// Of editions, by their digests, which kinds of events data send.
pub type SentKinds = BTreeMap<Digest, Vec<bool>>;

/// Looks at entries, from the first on.
pub(super) struct Looker<'s> {
    previous: Digest,
    editions: BTreeMap<Digest, Arc<Schema>>,
    sent: &'s SentKinds,
    /// The edition of the batch at hand.
    schema: Option<Arc<Schema>>,
    sent_of: Option<&'s [bool]>,
    scratch: Writer,
}

impl<'s> Looker<'s> {
    pub(super) fn new(sent: &'s SentKinds) -> Looker<'s> {
        let (editions, scratch) = (BTreeMap::new(), Writer::default());
        Looker { previous: NOTHING_BEFORE, editions, sent, schema: None, sent_of: None, scratch }
    }

    /// Looks at the entries of some segments.
    pub(super) fn look(&mut self, segments: &[Segment]) -> Vec<Looked> {
        segments.iter().flat_map(Segment::rows).map(|row| self.row(&row)).collect()
    }

    fn row(&mut self, row: &Row<'_>) -> Looked {
        let fits = leaf_digest(row.kind, &self.previous, row.body) == row.leaf;
        self.previous = row.leaf;
        let said = match Entry::from_body(row.kind, row.body) {
            Ok(Entry::Event(event)) => {
                let told = Told::of(&event, self.schema.as_deref(), &mut self.scratch);
                let kind = usize::try_from(event.kind).ok();
                let sent = self.sent_of.zip(kind).and_then(|(sent, kind)| sent.get(kind).copied());
                Said::Event(Told { sent, ..told })
            }
            Ok(entry) => {
                match &entry {
                    Entry::Edition(edition) => {
                        let schema = Arc::new(edition.schema.clone());
                        self.editions.insert(edition.digest(), schema);
                    }
                    Entry::Batch(batch) => {
                        self.schema = self.editions.get(&batch.edition).map(Arc::clone);
                        self.sent_of = self.sent.get(&batch.edition).map(Vec::as_slice);
                    }
                    _ => {}
                }
                Said::Other(Box::new(entry))
            }
            Err(malformed) => Said::Malformed(Box::new(malformed)),
        };
        Looked { fits, said }
    }
}
