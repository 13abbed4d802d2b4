//! The network of a rule set as people see it: events, pools and accounts, and the rules between.
//!
//! `ways` are what the rules lead along, `totals` is what each leg gave in a run, `weights` how wide each
//! way is.

mod totals;
mod ways;
mod weights;

use std::collections::BTreeSet;

use crate::diagnostics::Language;
use crate::model::{EventId, EventSource, LegId, Name, PoolId, RuleSet};
use crate::report::flow::{Link, Network, Node, NodeKind};
use crate::report::values::account_label;

use super::names::names;
use ways::{ways, without_circles};
use weights::{even, weigh};

pub use totals::{LegTotals, leg_totals};

/// Where money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum At {
    Event(EventId),
    Levy(u32),
    /// An account as it gives, where as one box it would stand in a circle.
    Giver(u32, Option<usize>),
    Pool(PoolId),
    /// An account or family, or that member of it.
    Account(u32, Option<usize>),
    Undetermined,
}

/// One leg's way, for one event kind.
#[derive(Clone)]
struct Way {
    event: EventId,
    from: At,
    to: At,
    leg: LegId,
    label: String,
    told: Told,
}

/// Which of a way's ends tells what went along it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// What was taken out there.
    From,
    /// What came in there; into a pool nobody says.
    To,
}

/// The network of a rule set. Without totals every source weighs alike and divides evenly over its
/// ways; with them a way is as wide as its net amount, and a way into a pool that several ways of one
/// event kind fill has an even part of what left the pool, without a figure, since the legs alone do
/// not tell it.
pub fn flow(rules: &RuleSet, totals: Option<&LegTotals>, language: Language) -> Network {
    let mut ways = ways(rules, language);
    if let Some(totals) = totals {
        ways = ways.into_iter().flat_map(|way| totals.to_members(way)).collect();
        ways.extend(totals.by_settlement(match language {
            Language::English => "settlement",
            Language::Chinese => "尾差结算",
        }));
    }
    let ways = without_circles(ways);
    let names = names(rules, language);
    let member = |at: &At| match (at, totals) {
        (At::Account(account, Some(place)) | At::Giver(account, Some(place)), Some(totals)) => {
            let (_, key) = totals.accounts.get(*place)?;
            let declared = names.accounts.get(usize::try_from(*account).ok()?)?;
            let label = account_label(declared, key, &names, language);
            Some(Node { label, kind: NodeKind::Account })
        }
        _ => None,
    };
    let mut ats: BTreeSet<At> = BTreeSet::new();
    for way in &ways {
        ats.insert(way.from);
        ats.insert(way.to);
    }
    let ats: Vec<At> = ats.into_iter().collect();
    let position = |at: At| ats.iter().position(|other| *other == at).unwrap_or(0);
    let nodes =
        ats.iter().map(|at| member(at).unwrap_or_else(|| node(rules, *at, language))).collect();
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
        None => even(ats.len(), &mut links),
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

fn node(rules: &RuleSet, at: At, language: Language) -> Node {
    let label = |name: Option<&Name>| name.map_or(String::new(), |name| shown(name, language));
    match at {
        At::Event(id) => {
            let event = rules.events.get(id.index());
            // A stage divides what waited for it.
            let kind = match event.map(|event| &event.source) {
                Some(EventSource::Stage { .. }) => NodeKind::Pool,
                _ => NodeKind::Source,
            };
            Node { label: label(event.map(|event| &event.name)), kind }
        }
        At::Levy(id) => {
            let levy = rules.levies.iter().find(|levy| levy.id.0 == id);
            Node { label: label(levy.map(|levy| &levy.name)), kind: NodeKind::Source }
        }
        At::Pool(id) => {
            let pool = rules.pools.get(id.index());
            Node { label: label(pool.map(|pool| &pool.name)), kind: NodeKind::Pool }
        }
        At::Account(id, _) | At::Giver(id, _) => {
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
