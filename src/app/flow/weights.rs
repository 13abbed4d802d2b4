//! How wide each way is.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Money;
use crate::model::{CurrencyId, EventId, RuleSet};
use crate::report::flow::Link;

use super::{At, LegTotals, Told, Way};

/// How much one source weighs where nothing was run.
const EQUAL: u128 = 1_000_000;

/// Every source weighs the same, and every node divides evenly over its ways.
pub(super) fn even(nodes: usize, links: &mut [Link]) {
    let held = |node| if is_source(node, links) { EQUAL } else { 0 };
    let mut holds: Vec<u128> = (0..nodes).map(held).collect();
    let mut done = vec![false; nodes];
    // The ways form no circle, so each round finishes at least one node.
    for _ in 0..nodes {
        let ready = (0..nodes).find(|node| {
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

/// Whether nothing leads to a node: an event, a levy, or an account that only gives.
fn is_source(node: usize, links: &[Link]) -> bool {
    !links.iter().any(|link| link.to == node)
}

/// Ways into accounts weigh what their legs gave; a way into a pool what left the pool. Amounts of two
/// currencies are never added: each is written apart, and in the picture all that came in of one is as
/// wide as all that came in of another.
pub(super) fn weigh(
    rules: &RuleSet,
    ats: &[At],
    links: &mut [Link],
    members: &[Vec<&Way>],
    totals: &LegTotals,
) {
    let kinds: BTreeSet<EventId> = members.iter().flatten().map(|way| way.event).collect();
    let mut sums: Vec<BTreeMap<CurrencyId, i128>> = vec![BTreeMap::new(); links.len()];
    let mut known = vec![true; links.len()];
    for kind in kinds {
        let currency = rules.currency_of(kind);
        let nets = nets(kind, ats, links, members, totals);
        for ((net, sums), known) in nets.iter().zip(&mut sums).zip(&mut known) {
            let Some((net, certain)) = net else { continue };
            *known &= certain;
            let sum = sums.entry(currency).or_default();
            *sum = sum.saturating_add(*net);
        }
    }
    let sources: Vec<Link> = links.to_vec();
    let mut inflows: BTreeMap<CurrencyId, u128> = BTreeMap::new();
    for (link, sums) in links.iter().zip(&sums) {
        if is_source(link.from, &sources) {
            for (currency, net) in sums {
                let inflow = inflows.entry(*currency).or_default();
                *inflow = inflow.saturating_add(net.unsigned_abs());
            }
        }
    }
    let several = rules.currencies.len() > 1 && inflows.len() > 1;
    for ((link, sums), known) in links.iter_mut().zip(&sums).zip(&known) {
        let width = |(currency, net): (&CurrencyId, &i128)| match inflows.get(currency) {
            Some(inflow) if several => net.unsigned_abs().saturating_mul(EQUAL) / (*inflow).max(1),
            _ => net.unsigned_abs(),
        };
        link.weight = sums.iter().map(width).fold(0, u128::saturating_add);
        if *known {
            let amount = |(of, net): (&CurrencyId, &i128)| {
                let currency = rules.currencies.get(of.index());
                let scale = currency.map_or(2, |currency| currency.scale);
                let amount = Money::from_minor(*net).format(scale);
                match currency.filter(|_| several) {
                    Some(currency) => format!("{amount} {}", currency.name),
                    None => amount,
                }
            };
            let amounts: Vec<String> = sums.iter().map(amount).collect();
            link.amount = amounts.join(", ");
        }
    }
}

/// What went along each way for one event kind, and whether that is certain: it is not where several
/// ways fill a pool of which nobody says how much, which then have an even part each of what left it.
fn nets(
    kind: EventId,
    ats: &[At],
    links: &[Link],
    members: &[Vec<&Way>],
    totals: &LegTotals,
) -> Vec<Option<(i128, bool)>> {
    let is_pool = |node: usize| matches!(ats.get(node), Some(At::Pool(_)));
    let of_kind = |ways: &Vec<&Way>| -> Vec<Way> {
        ways.iter().filter(|way| way.event == kind).map(|way| (*way).clone()).collect()
    };
    let own: Vec<Vec<Way>> = members.iter().map(of_kind).collect();
    let is_told = |ways: &Vec<Way>| {
        ways.iter().all(|way| way.told == Told::From || !matches!(way.to, At::Pool(_)))
    };
    let told: Vec<bool> = own.iter().map(is_told).collect();
    let given = |ways: &Vec<Way>| {
        let amounts = ways.iter().filter_map(|way| totals.of(way));
        let sum = amounts.fold(0_i128, |sum, amount| sum.saturating_add(amount.minor()));
        (!ways.is_empty()).then_some((sum, true))
    };
    let mut nets: Vec<Option<(i128, bool)>> = own.iter().map(given).collect();
    // From the last pools back: what a pool holds is what left it. As many rounds as nodes reach all.
    for _ in 0..ats.len() {
        for node in (0..ats.len()).filter(|node| is_pool(*node)) {
            let (mut left, mut certain, mut untold) = (0_i128, true, 0_i128);
            for ((link, net), told) in links.iter().zip(&nets).zip(&told) {
                let Some((net, sure)) = net else { continue };
                if link.from == node {
                    left = left.saturating_add(*net);
                    certain &= sure;
                } else if link.to == node && *told {
                    left = left.saturating_sub(*net);
                } else if link.to == node {
                    untold += 1;
                }
            }
            for ((link, net), told) in links.iter().zip(&mut nets).zip(&told) {
                if let Some(net) = net.as_mut().filter(|_| link.to == node && !told) {
                    *net = (left / untold.max(1), certain && untold == 1);
                }
            }
        }
    }
    nets
}
