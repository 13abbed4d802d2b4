//! The ways that the rules lead along.

use std::collections::BTreeSet;

use crate::diagnostics::Language;
use crate::model::{
    Body, Event, EventId, EventSource, Leg, LegId, RuleCase, RuleSet, Source, Split, Target,
    Transfer,
};
use crate::rows::Allocation;

use super::{At, Told, Way, shown};

/// Every way of every levy, rule and stage.
pub(super) fn ways(rules: &RuleSet, language: Language) -> Vec<Way> {
    let mut ways = Vec::new();
    for levy in &rules.levies {
        for case in &levy.cases {
            ways.push(Way {
                event: case.event,
                from: At::Levy(levy.id.0),
                to: reached(&case.into).unwrap_or(At::Undetermined),
                leg: levy.leg,
                label: shown(&levy.name, language),
                told: Told::To,
            });
        }
    }
    let events = rules.events.iter().enumerate();
    ways.extend(events.filter_map(|(at, event)| closing(EventId::next(at), event)));
    for rule in &rules.rules {
        let label = shown(&rule.name, language);
        for case in &rule.cases {
            match &case.body {
                Body::Split(split) => of_split(case, split, &label, &mut ways),
                Body::Transfers(transfers) => {
                    for transfer in transfers {
                        of_transfer(rules, case, transfer, &label, &mut ways);
                    }
                }
            }
        }
    }
    reachable(rules, ways)
}

/// From the account that a stage closes into the stage.
fn closing(id: EventId, event: &Event) -> Option<Way> {
    let EventSource::Stage { closes, .. } = &event.source else { return None };
    Some(Way {
        event: id,
        from: At::Account(closes.0, None),
        to: At::Event(id),
        leg: LegId(Allocation::BY_CLOSING),
        label: String::new(),
        told: Told::From,
    })
}

fn of_split(case: &RuleCase, split: &Split, label: &str, ways: &mut Vec<Way>) {
    let from = match split.source {
        Source::Inflow => At::Event(case.event),
        Source::Pool(pool) => At::Pool(pool),
    };
    let mut leaves = Vec::new();
    leaves_of(&split.target, None, &mut leaves);
    let event = case.event;
    let way = |(leg, to)| Way { event, from, to, leg, label: label.to_owned(), told: Told::To };
    ways.extend(leaves.into_iter().map(way));
}

fn of_transfer(
    rules: &RuleSet,
    case: &RuleCase,
    transfer: &Transfer,
    label: &str,
    ways: &mut Vec<Way>,
) {
    let Some(to) = reached(&transfer.to).filter(|_| transfer.amount.is_some()) else { return };
    // Where all of it comes from one account, the accounts it goes to can each be told.
    let told = match (transfer.from.as_slice(), to) {
        ([from], At::Account(..)) => {
            let declared = rules.accounts.get(from.account.index());
            let is_one = declared.is_some_and(|account| account.keys.is_empty());
            if is_one { Told::To } else { Told::From }
        }
        _ => Told::From,
    };
    for from in &transfer.from {
        ways.push(Way {
            event: case.event,
            from: At::Account(from.account.0, None),
            to,
            leg: transfer.leg,
            label: label.to_owned(),
            told,
        });
    }
}

/// Leaves out what no money can reach: a rule on a pool serves events that never fill it.
fn reachable(rules: &RuleSet, ways: Vec<Way>) -> Vec<Way> {
    let mut filled: BTreeSet<(EventId, At)> = BTreeSet::new();
    let starts = |way: &Way| !matches!(way.from, At::Pool(_));
    for _ in 0..=rules.pools.len() {
        for way in &ways {
            if starts(way) || filled.contains(&(way.event, way.from)) {
                filled.insert((way.event, way.to));
            }
        }
    }
    let is_reached = |way: &Way| starts(way) || filled.contains(&(way.event, way.from));
    ways.into_iter().filter(is_reached).collect()
}

/// Money comes back to accounts that gave it: such a one stands a second time, at the left.
pub(super) fn without_circles(mut ways: Vec<Way>) -> Vec<Way> {
    let gives = |way: &Way| matches!(way.from, At::Account(..));
    let sure = ways.iter().filter(|way| !gives(way));
    let mut edges: Vec<(At, At)> = sure.map(|way| (way.from, way.to)).collect();
    for way in &mut ways {
        let At::Account(account, place) = way.from else { continue };
        if leads(&edges, way.to, way.from) {
            way.from = At::Giver(account, place);
        }
        edges.push((way.from, way.to));
    }
    ways
}

fn leads(edges: &[(At, At)], from: At, to: At) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        let next = edges.iter().filter(|(before, _)| *before == at).map(|(_, after)| *after);
        open.extend(next.filter(|after| seen.insert(*after)));
    }
    seen.contains(&to)
}

fn reached(target: &Target) -> Option<At> {
    match target {
        Target::Account(place) => Some(At::Account(place.account.0, None)),
        Target::Pool { pool, .. } => Some(At::Pool(*pool)),
        Target::Undetermined { .. } => Some(At::Undetermined),
        Target::Block(_) | Target::InOrder(_) | Target::Graded(_) | Target::Among(_) => None,
    }
}

/// The legs that end in a place.
fn leaves_of(target: &Target, leg: Option<LegId>, leaves: &mut Vec<(LegId, At)>) {
    let mut below = |leg: &Leg| leaves_of(&leg.target, Some(leg.id), leaves);
    match target {
        Target::Block(block) => block.legs.iter().for_each(below),
        Target::InOrder(legs) => legs.iter().for_each(below),
        Target::Graded(graded) => graded.slices.iter().for_each(|slice| below(&slice.leg)),
        Target::Among(among) => {
            below(&among.leg);
            among.if_none.iter().for_each(below);
        }
        Target::Account(_) | Target::Pool { .. } | Target::Undetermined { .. } => {
            if let (Some(leg), Some(at)) = (leg, reached(target)) {
                leaves.push((leg, at));
            }
        }
    }
}
