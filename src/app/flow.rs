//! The network of a rule set as people see it: events, pools and accounts, and the rules between.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use crate::base::Money;
use crate::diagnostics::Language;
use crate::formats::FormatsError;
use crate::model::{Body, EventId, Leg, LegId, Name, PoolId, RuleSet, Source, Target};
use crate::report::flow::{Link, Network, Node, NodeKind};
use crate::rows::{Accounts, Cell, EventAt, Outcome, Sink};

use super::compare::listen;
use super::run::Job;

/// Net amounts by event kind and leg, as a run gave them.
pub type LegTotals = BTreeMap<(u32, u32), Money>;

/// What each leg gave in a run, by event kind.
///
/// # Errors
/// A file cannot be read, or the engine found itself at fault.
pub fn leg_totals(job: &Job<'_>) -> Result<LegTotals, FormatsError> {
    let mut sums = LegSums(LegTotals::new());
    listen(job, &mut sums)?;
    Ok(sums.0)
}

struct LegSums(LegTotals);

impl Sink for LegSums {
    type Error = Infallible;

    fn event(
        &mut self,
        event: EventAt<'_>,
        outcome: Outcome<'_>,
        _accounts: &dyn Accounts,
    ) -> Result<(), Infallible> {
        if let Outcome::Allocated { allocations, .. } = outcome {
            for allocation in allocations {
                let key = (event.batch.event, allocation.leg);
                let sum = self.0.entry(key).or_insert(Money::ZERO);
                // A picture may leave out what is beyond 10^36 yuan.
                *sum = sum.checked_add(allocation.amount).unwrap_or(*sum);
            }
        }
        Ok(())
    }

    fn figure(
        &mut self,
        _event: EventAt<'_>,
        _figure: u32,
        _key: &[Cell],
        _value: &Cell,
    ) -> Result<(), Infallible> {
        Ok(())
    }

    fn open_item(&mut self, _event: EventAt<'_>, _leg: u32) -> Result<(), Infallible> {
        Ok(())
    }
}

/// How much one source weighs where nothing was run.
const EQUAL: u128 = 1_000_000;

/// Where money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum At {
    Event(EventId),
    Levy(u32),
    Pool(PoolId),
    Account(u32),
    Undetermined,
}

/// One leg's way, for one event kind.
struct Way {
    event: EventId,
    from: At,
    to: At,
    leg: LegId,
    label: String,
}

/// The network of a rule set. Without totals every source weighs alike and divides evenly over its
/// ways; with them a way is as wide as its net amount, and a way into a pool that several legs fill
/// has an even part of what left the pool, without a figure, since the legs alone do not tell it.
pub fn flow(rules: &RuleSet, totals: Option<&LegTotals>, language: Language) -> Network {
    let ways = ways(rules, language);
    let mut ats: BTreeSet<At> = BTreeSet::new();
    for way in &ways {
        ats.insert(way.from);
        ats.insert(way.to);
    }
    let ats: Vec<At> = ats.into_iter().collect();
    let position = |at: At| ats.iter().position(|other| *other == at).unwrap_or(0);
    let nodes = ats.iter().map(|at| node(rules, *at, language)).collect();
    let mut links: Vec<Link> = Vec::new();
    let mut members: Vec<Vec<&Way>> = Vec::new();
    for way in &ways {
        let (from, to) = (position(way.from), position(way.to));
        let known = links.iter().position(|link| link.from == from && link.to == to);
        let at = known.unwrap_or_else(|| {
            links.push(Link { from, to, label: String::new(), weight: 0, amount: String::new() });
            members.push(Vec::new());
            links.len() - 1
        });
        if let (Some(link), Some(of)) = (links.get_mut(at), members.get_mut(at)) {
            add_label(&mut link.label, &way.label);
            of.push(way);
        }
    }
    match totals {
        None => even(&ats, &mut links),
        Some(totals) => weigh(rules, &ats, &mut links, &members, totals),
    }
    let unit = match (totals, language) {
        (None, _) => String::new(),
        (Some(_), Language::English) => "net amounts of the run".to_owned(),
        (Some(_), Language::Chinese) => "本次运行的净额".to_owned(),
    };
    Network { nodes, links, unit }
}

fn add_label(label: &mut String, more: &str) {
    if more.is_empty() || label.split("; ").any(|known| known == more) {
        return;
    }
    if !label.is_empty() {
        label.push_str("; ");
    }
    label.push_str(more);
}

fn ways(rules: &RuleSet, language: Language) -> Vec<Way> {
    let mut ways = Vec::new();
    for levy in &rules.levies {
        for case in &levy.cases {
            ways.push(Way {
                event: case.event,
                from: At::Levy(levy.id.0),
                to: reached(&case.into).unwrap_or(At::Undetermined),
                leg: levy.leg,
                label: shown(&levy.name, language),
            });
        }
    }
    for rule in &rules.rules {
        for case in &rule.cases {
            let Body::Split(split) = &case.body else { continue };
            let from = match split.source {
                Source::Inflow => At::Event(case.event),
                Source::Pool(pool) => At::Pool(pool),
            };
            let label = shown(&rule.name, language);
            let mut leaves = Vec::new();
            leaves_of(&split.target, None, &mut leaves);
            for (leg, to) in leaves {
                ways.push(Way { event: case.event, from, to, leg, label: label.clone() });
            }
        }
    }
    reachable(rules, ways)
}

/// Leaves out what no money can reach: a rule on a pool serves events that never fill it.
fn reachable(rules: &RuleSet, ways: Vec<Way>) -> Vec<Way> {
    let mut filled: BTreeSet<(EventId, At)> = BTreeSet::new();
    for _ in 0..=rules.pools.len() {
        for way in &ways {
            let starts = matches!(way.from, At::Event(_) | At::Levy(_));
            if starts || filled.contains(&(way.event, way.from)) {
                filled.insert((way.event, way.to));
            }
        }
    }
    ways.into_iter()
        .filter(|way| {
            matches!(way.from, At::Event(_) | At::Levy(_))
                || filled.contains(&(way.event, way.from))
        })
        .collect()
}

fn reached(target: &Target) -> Option<At> {
    match target {
        Target::Account(place) => Some(At::Account(place.account.0)),
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

fn node(rules: &RuleSet, at: At, language: Language) -> Node {
    let label = |name: Option<&Name>| name.map_or(String::new(), |name| shown(name, language));
    match at {
        At::Event(id) => {
            let event = rules.events.get(id.index());
            Node { label: label(event.map(|event| &event.name)), kind: NodeKind::Source }
        }
        At::Levy(id) => {
            let levy = rules.levies.iter().find(|levy| levy.id.0 == id);
            Node { label: label(levy.map(|levy| &levy.name)), kind: NodeKind::Source }
        }
        At::Pool(id) => {
            let pool = rules.pools.get(id.index());
            Node { label: label(pool.map(|pool| &pool.name)), kind: NodeKind::Pool }
        }
        At::Account(id) => {
            let account = rules.accounts.iter().find(|account| account.id.0 == id);
            Node { label: label(account.map(|account| &account.name)), kind: NodeKind::Account }
        }
        At::Undetermined => {
            let label = match language {
                Language::English => "undetermined",
                Language::Chinese => "待定",
            };
            Node { label: label.to_owned(), kind: NodeKind::Undetermined }
        }
    }
}

fn shown(name: &Name, language: Language) -> String {
    let label = match language {
        Language::English => name.en.as_ref(),
        Language::Chinese => name.zh.as_ref(),
    };
    // A label without a language stands in both; in English the name reads better than a label that
    // is Chinese.
    let fits = label.filter(|label| language == Language::Chinese || label.is_ascii());
    fits.unwrap_or(&name.text).clone()
}

/// Every source weighs the same, and every node divides evenly over its ways.
fn even(ats: &[At], links: &mut [Link]) {
    let mut holds: Vec<u128> = ats
        .iter()
        .map(|at| if matches!(at, At::Event(_) | At::Levy(_)) { EQUAL } else { 0 })
        .collect();
    let mut done = vec![false; ats.len()];
    // Pools form no circle, so each round finishes at least one node.
    for _ in 0..ats.len() {
        let ready = (0..ats.len()).find(|node| {
            let waits = |link: &Link| link.to == *node && done.get(link.from) == Some(&false);
            done.get(*node) == Some(&false) && !links.iter().any(waits)
        });
        let Some(node) = ready else { return };
        if let Some(done) = done.get_mut(node) {
            *done = true;
        }
        let held = holds.get(node).copied().unwrap_or(0);
        let count = links.iter().filter(|link| link.from == node).count();
        let part = held / u128::try_from(count.max(1)).unwrap_or(1);
        for link in links.iter_mut().filter(|link| link.from == node) {
            link.weight = part;
            if let Some(to) = holds.get_mut(link.to) {
                *to += part;
            }
        }
    }
}

/// Ways into accounts weigh what their legs gave; a way into a pool what left the pool.
fn weigh(
    rules: &RuleSet,
    ats: &[At],
    links: &mut [Link],
    members: &[Vec<&Way>],
    totals: &LegTotals,
) {
    let scale = rules.currencies.first().map_or(2, |currency| currency.scale);
    let mut nets: Vec<i128> = members
        .iter()
        .map(|ways| {
            ways.iter()
                .filter_map(|way| totals.get(&(way.event.0, way.leg.0)))
                .fold(0_i128, |sum, amount| sum.saturating_add(amount.minor()))
        })
        .collect();
    let is_pool = |node: usize| matches!(ats.get(node), Some(At::Pool(_)));
    let mut known: Vec<bool> = links.iter().map(|link| !is_pool(link.to)).collect();
    // From the last pools back: what a pool holds is what left it. As many rounds as nodes reach all.
    for _ in 0..ats.len() {
        for node in (0..ats.len()).filter(|node| is_pool(*node)) {
            let out = links
                .iter()
                .zip(&nets)
                .filter(|(link, _)| link.from == node)
                .fold(0_i128, |sum, (_, net)| sum.saturating_add(*net));
            let feeders = links.iter().filter(|link| link.to == node).count();
            let count = i128::try_from(feeders.max(1)).unwrap_or(1);
            for ((link, net), known) in links.iter().zip(&mut nets).zip(&mut known) {
                if link.to == node {
                    *net = out / count;
                    *known = feeders == 1;
                }
            }
        }
    }
    for ((link, net), known) in links.iter_mut().zip(&nets).zip(&known) {
        link.weight = net.unsigned_abs();
        if *known {
            link.amount = Money::from_minor(*net).format(scale);
        }
    }
}
