//! The story of one event, from the notes taken and what the event left in the frame.

use crate::base::{Exact, Money};
use crate::plan::at;
use crate::rows::{
    Arrival, CarryChange, Cell, Destination, Division, Explanation, LatchShut, LegStory, LevyStory,
    Origin, Reason, ReversalStory, TotalChange, TransferMade, TransferStory, Tried, Verdict,
};

use super::evaluator::{Evaluator, Once};
use super::trace::{DivisionNote, LegNote, Recorder, Trace, TransferNote};
use super::tree::Content;
use super::value::Value;

/// An event to be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its kind.
    pub event: u32,
    /// The values of its unique fields, in order. A row, by which calendar events are told apart, is a
    /// list of the parts of its key.
    pub key: Vec<Cell>,
}

/// Which events of a run are to be explained.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked<'w> {
    /// Those with one of these keys.
    For(&'w [Wanted]),
    /// Every event.
    All,
}

impl Asked<'_> {
    /// Whether the event at hand is one of them.
    pub(crate) fn is<T: Trace>(&self, evaluator: &mut Evaluator<'_, '_, T>) -> bool {
        match self {
            Asked::For(wanted) => wanted.iter().any(|it| it.is(evaluator)),
            Asked::All => true,
        }
    }
}

impl Wanted {
    /// Whether the event at hand is the one.
    fn is<T: Trace>(&self, evaluator: &mut Evaluator<'_, '_, T>) -> bool {
        let Some(at_hand) = &evaluator.at_hand else { return false };
        let event = at_hand.event;
        if at_hand.kind != self.event || event.unique.len() != self.key.len() {
            return false;
        }
        event.unique.iter().zip(&self.key).all(|(field, wanted)| {
            let kind = event.fields.get(at(*field)).map(|declared| &declared.kind);
            match (evaluator.field(*field), kind) {
                (Ok(row @ Value::Row(_)), _) => Cell::List(evaluator.key_of_row(&row)) == *wanted,
                (Ok(value), Some(kind)) => value.to_cell_of(kind) == *wanted,
                _ => false,
            }
        })
    }
}

impl Evaluator<'_, '_, Recorder> {
    /// Tells the story of the event at hand, after it was worked out or set aside.
    pub fn story(&mut self, inflow: Option<Money>, aside: Option<Reason>) -> Option<Explanation> {
        let at_hand = self.at_hand.clone()?;
        // What was being worked out when a fault ended it belongs where it stood.
        while !self.trace.open.is_empty() {
            self.trace.close_leg();
        }
        let notes = std::mem::take(self.trace);
        let origin = at_hand.batch.origins.get(at_hand.row).copied().unwrap_or(Origin::MADE);
        // All leaves of a stage together give nothing; what it divides is what came in.
        let inflow = match self.is_stage() {
            true => inflow.and_then(|_| self.inflow().ok()).map(Money::from_minor),
            false => inflow,
        };
        Some(Explanation {
            event: at_hand.kind,
            fields: self.fields_shown(),
            origin,
            date: self.date,
            booked: self.booked,
            currency: at_hand.event.currency,
            inflow,
            reversal: self.reversal(&notes),
            result: Vec::new(),
            totals: if aside.is_none() { self.total_changes() } else { Vec::new() },
            carries: self.carry_changes(),
            latches: if aside.is_none() { self.latches_shut() } else { Vec::new() },
            aside,
            levies: self.levies_told(notes.levies),
            transfers: self.transfers_told(notes.transfers),
            divisions: notes.divisions.into_iter().map(|note| self.division(note)).collect(),
            settlements: notes.settlements,
            figures: notes.figures,
            readings: notes.readings,
            parameters: notes.parameters,
            schedules: notes.schedules,
            rows: notes.rows,
        })
    }

    fn fields_shown(&mut self) -> Vec<Cell> {
        let Ok(event) = self.event() else { return Vec::new() };
        let mut cells = Vec::with_capacity(event.fields.len());
        for (field, declared) in (0_u32..).zip(&event.fields) {
            let computed = self.frame.computed.get(at(field));
            cells.push(match (computed, &declared.computed) {
                (Some(Once::Done(value)), Some(_)) => value.to_cell_of(&declared.kind),
                (_, Some(_)) => Cell::Missing,
                (_, None) => match self.field(field) {
                    Ok(value @ Value::Row(_)) => Cell::List(self.key_of_row(&value)),
                    Ok(value) => value.to_cell_of(&declared.kind),
                    Err(_) => Cell::Missing,
                },
            });
        }
        cells
    }

    fn levies_told(&self, notes: Vec<(LevyStory, Option<u32>)>) -> Vec<LevyStory> {
        let told = |(story, node): (LevyStory, Option<u32>)| LevyStory {
            leg: node.and_then(|node| self.leg_of_node(node)),
            ..story
        };
        notes.into_iter().map(told).collect()
    }

    fn transfers_told(&self, notes: Vec<(Tried, Vec<TransferNote>)>) -> Vec<TransferStory> {
        let applying: Vec<u32> = applying(notes.iter().map(|(tried, _)| tried));
        let made = |note: TransferNote| TransferMade {
            leg: note.leg,
            row: note.row,
            amount: note.amount,
            balances: note.balances,
            legs: (note.nodes.0..note.nodes.1)
                .filter_map(|node| self.leg_of_node(u32::try_from(node).ok()?))
                .collect(),
        };
        let told = |(tried, notes): (Tried, Vec<TransferNote>)| TransferStory {
            tried: self.judged(tried, &applying),
            made: notes.into_iter().map(made).collect(),
        };
        notes.into_iter().map(told).collect()
    }

    /// A rule that holds, but not alone.
    fn judged(&self, tried: Tried, applying: &[u32]) -> Tried {
        let overrides = |by: &&u32| self.plan.overrides.has(**by, tried.rule);
        match (tried.verdict, applying.iter().find(overrides)) {
            (Verdict::Applies, Some(by)) => {
                Tried { verdict: Verdict::Overridden { by: *by }, ..tried }
            }
            _ => tried,
        }
    }

    fn division(&self, note: DivisionNote) -> Division {
        let applying = applying(note.tried.iter());
        let tried = note.tried.into_iter().map(|tried| self.judged(tried, &applying)).collect();
        let arrivals = note.filled.map_or_else(Vec::new, |filled| self.arrivals(filled));
        let (pool, row, content) = (note.pool, note.row, note.content);
        Division { pool, row, content, arrivals, tried, legs: self.legs(note.legs) }
    }

    fn arrivals(&self, filled: u32) -> Vec<Arrival> {
        let into = |content: &Content<'_>| match content {
            Content::Pool { filled: Some((place, _)), .. } => *place == filled,
            _ => false,
        };
        let nodes = self.frame.nodes.iter().filter(|node| into(&node.content));
        nodes.map(|node| Arrival { leg: node.leg, amount: self.major(&node.share) }).collect()
    }

    /// Legs in written order, whatever the order of working out.
    fn legs(&self, notes: Vec<LegNote>) -> Vec<LegStory> {
        let mut legs: Vec<LegStory> = notes.into_iter().map(|note| self.leg_told(note)).collect();
        legs.sort_by_key(|leg| leg.leg);
        legs
    }

    fn leg_told(&self, note: LegNote) -> LegStory {
        let of_node = note.node.and_then(|node| self.leg_of_node(node));
        let (settled, to, feed) = match of_node {
            Some(leg) => (leg.settled, leg.to, leg.feed),
            None => (Exact::ZERO, Destination::Nothing, None),
        };
        LegStory {
            leg: note.leg,
            row: note.row,
            portion: note.portion,
            share: note.share,
            bounds: note.bounds,
            amount: note.amount,
            settled,
            to,
            feed,
            legs: self.legs(note.legs),
        }
    }

    /// A leg as the tree of the event has it.
    fn leg_of_node(&self, place: u32) -> Option<LegStory> {
        let node = self.frame.nodes.get(at(place))?;
        let settled = self.settled_below(place).unwrap_or_default();
        let fed = self.frame.feeds.iter().find(|fed| fed.node == place);
        Some(LegStory {
            leg: node.leg,
            row: Vec::new(),
            portion: None,
            share: self.major(&node.entitled),
            bounds: Vec::new(),
            amount: self.major(&node.entitled),
            settled: self.major(&settled),
            to: self.destination(&node.content),
            feed: fed.map(|fed| (fed.tally, self.cells_of(self.key_at(fed.key)))),
            legs: Vec::new(),
        })
    }

    /// What a reversal takes back, leaf by leaf: the event's tree has nothing else.
    fn reversal(&self, notes: &Recorder) -> Option<ReversalStory> {
        let story = notes.reversal.clone()?;
        if !self.frame.reversal || !notes.divisions.is_empty() {
            return Some(story);
        }
        let nodes = (0_u32..).zip(&self.frame.nodes).filter(|(_, node)| node.units != 0);
        let legs = nodes.filter_map(|(place, _)| self.leg_of_node(place)).collect();
        Some(ReversalStory { legs, ..story })
    }

    fn total_changes(&self) -> Vec<TotalChange> {
        let mut changes = Vec::with_capacity(self.frame.deltas.len());
        for (place, delta) in self.frame.deltas.iter().enumerate() {
            let Some(tally) = self.plan.tallies.get(at(delta.tally)) else { continue };
            let parts = self.key_at(delta.key);
            let whole = (0_u32..).zip(&tally.projections);
            let mut whole = whole.filter(|(_, it)| it.parts.len() == parts.len());
            let major = |amount: &Exact| amount.div(&tally.unit).unwrap_or_default();
            let totals = whole.next().map(|(projection, _)| {
                let end = self.state.total(delta.tally, projection, parts, None);
                let later = self.frame.deltas.iter().skip(place + 1);
                let later =
                    later.filter(|it| it.tally == delta.tally && self.key_at(it.key) == parts);
                let after = later.fold(end, |sum, it| sum.sub(&it.amount).unwrap_or_default());
                let before = after.sub(&delta.amount).unwrap_or_default();
                (major(&before), major(&after))
            });
            let fed = delta.fed.and_then(|fed| self.frame.feeds.get(fed));
            let leg = fed.and_then(|fed| self.frame.nodes.get(at(fed.node))).map(|node| node.leg);
            changes.push(TotalChange {
                tally: delta.tally,
                key: self.cells_of(parts),
                leg,
                amount: major(&delta.amount),
                totals,
            });
        }
        changes
    }

    fn carry_changes(&self) -> Vec<CarryChange> {
        let change = |becoming: &super::commit::Becoming| CarryChange {
            carry: becoming.carry,
            key: self.cells_of(self.key_at(becoming.key)),
            value: becoming.value.clone(),
        };
        self.frame.becoming.iter().map(change).collect()
    }

    fn latches_shut(&self) -> Vec<LatchShut> {
        let shut = |latch: &super::tree::Watched| LatchShut {
            leg: latch.leg,
            key: self.cells_of(self.key_at(latch.key)),
        };
        self.frame.shutting.iter().map(shut).collect()
    }
}

fn applying<'t>(tried: impl Iterator<Item = &'t Tried>) -> Vec<u32> {
    tried.filter(|tried| tried.verdict == Verdict::Applies).map(|tried| tried.rule).collect()
}
