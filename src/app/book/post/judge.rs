//! What new events do to those that stand: which come late, and what would no longer stand.

use std::collections::{BTreeMap, HashMap};

use crate::book::{Account, Event, Outcome, Schema};
use crate::rows::{Cell, Origin};

use super::super::BookTrouble;
use super::super::maker::part_cells;
use super::super::standing::{Standing, Stood, identity};
use super::BOOK_FILE;

/// What a run of the book's events and the new ones together says.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// The new events, in the order taken; those that come late say so.
    pub(super) new: Vec<Event>,
    /// Of the new ones, those that come late, each with what stands after it.
    pub(super) late: Vec<(usize, usize)>,
    /// What would no longer stand.
    pub(super) changes: Vec<Change>,
    /// What stands as a dispute was settled, and what the rules give.
    pub(super) settled: Vec<Change>,
}

/// An event of the book that would come out otherwise.
#[derive(Debug)]
pub(super) struct Change {
    /// Which.
    pub(super) stood: usize,
    /// How it comes out now; nothing, if it would not be made at all.
    pub(super) now: Option<Outcome>,
    /// The new event that is behind it, if one is.
    pub(super) cause: Option<usize>,
}

impl Judgement {
    /// Whether everything in the book stands as it is.
    pub(super) fn stands(&self) -> bool {
        self.late.is_empty() && self.changes.is_empty()
    }

    /// Whether a new event is behind each change, so that it can be told in the book.
    pub(super) fn has_cause(&self) -> bool {
        self.changes.iter().all(|change| change.cause.is_some())
    }
}

/// Judges what was heard, in the order taken.
pub(super) fn judge(
    standing: &Standing,
    heard: Vec<Event>,
    schema: &Schema,
) -> Result<Judgement, BookTrouble> {
    let mut judgement = Judgement::default();
    let mut seen = vec![false; standing.events.len()];
    // By lane, and over all, the first of the new events.
    let mut first_of_lane: HashMap<Vec<Cell>, usize> = HashMap::new();
    let mut waiting: BTreeMap<usize, Vec<Cell>> = BTreeMap::new();
    for event in heard {
        let stood = match event.origin {
            Origin { file: BOOK_FILE, line } => standing.of_entry(line),
            Origin::MADE => standing.find(&identity(&event, schema)?),
            _ => None,
        };
        let lane = part_cells(&event.lane, &event);
        let Some((at, known)) = stood.and_then(|at| Some((at, standing.events.get(at)?))) else {
            if is_allocated(&event) {
                let place = judgement.new.len();
                first_of_lane.entry(lane.clone()).or_insert(place);
                if !lane.is_empty() {
                    waiting.insert(place, lane);
                }
            }
            judgement.new.push(event);
            continue;
        };
        if let Some(seen) = seen.get_mut(at) {
            *seen = true;
        }
        let late: Vec<usize> =
            waiting.iter().filter(|(_, it)| **it == lane).map(|(at, _)| *at).collect();
        for new in late {
            waiting.remove(&new);
            judgement.late.push((new, at));
        }
        if known.settled {
            if amounts(&known.event.outcome) != amounts(&event.outcome) {
                let now = Some(event.outcome);
                judgement.settled.push(Change { stood: at, now, cause: None });
            }
        } else if differs(known, &event.outcome) {
            let cause = first_of_lane.get(&lane).copied();
            let cause = cause.or_else(|| first_of_lane.values().min().copied());
            judgement.changes.push(Change { stood: at, now: Some(event.outcome), cause });
        }
    }
    let settled = |at: &usize| standing.events.get(*at).is_some_and(|it| it.settled);
    let gone = seen.iter().enumerate().filter(|(_, seen)| !**seen).map(|(at, _)| at);
    let gone = gone.filter(|at| !settled(at));
    let cause = first_of_lane.values().min().copied();
    judgement.changes.extend(gone.map(|stood| Change { stood, now: None, cause }));
    for (new, _) in &judgement.late {
        if let Some(event) = judgement.new.get_mut(*new) {
            event.late = true;
        }
    }
    Ok(judgement)
}

fn is_allocated(event: &Event) -> bool {
    matches!(event.outcome, Outcome::Allocated { .. })
}

/// Whether an event comes out otherwise. Other rules may give the same by other legs.
pub(in crate::app::book) fn differs(stood: &Stood, now: &Outcome) -> bool {
    if stood.own_rules {
        return stood.event.outcome != *now;
    }
    match (&stood.event.outcome, now) {
        (Outcome::Allocated { inflow: one, .. }, Outcome::Allocated { inflow: two, .. }) => {
            one != two || amounts(&stood.event.outcome) != amounts(now)
        }
        (one, two) => one != two,
    }
}

/// What each account gets, zeros left out, in the order of the first leaf.
pub(in crate::app::book) fn amounts(outcome: &Outcome) -> Vec<(Option<Account>, i128)> {
    let Outcome::Allocated { leaves, .. } = outcome else { return Vec::new() };
    let mut sums: Vec<(Option<Account>, i128)> = Vec::new();
    for leaf in leaves {
        match sums.iter_mut().find(|(account, _)| *account == leaf.account) {
            Some((_, sum)) => *sum += leaf.amount.minor(),
            None => sums.push((leaf.account.clone(), leaf.amount.minor())),
        }
    }
    sums.retain(|(_, sum)| *sum != 0);
    sums.sort_by(|one, other| {
        let key = |it: &Option<Account>| it.as_ref().map(|it| (it.family, format!("{:?}", it.key)));
        key(&one.0).cmp(&key(&other.0))
    });
    sums
}
