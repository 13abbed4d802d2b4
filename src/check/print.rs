//! A checked rule set as stable text: who divides what, on which event, in which order.

use std::fmt::Write;

use crate::model::{EventId, PoolId, RuleSet, Source};

use super::Checked;
use super::guards::{fills, overrides, splitting};

/// Writes, for every event kind, the levies and transfers it makes and the rules of each pool, the
/// inflow first, with the pools each rule fills and the rules it stands before.
///
/// What a rule *says* is the text of the floor below; this is what checking is about.
pub fn print(checked: &Checked) -> String {
    let rules = checked.rule_set();
    let mut out = String::new();
    for (at, event) in rules.events.iter().enumerate() {
        let _ = writeln!(out, "event {}", event.name.text);
        let id = EventId::next(at);
        for levy in rules.levies.iter().filter(|it| it.cases.iter().any(|it| it.event == id)) {
            let _ = writeln!(out, "  levy {}", levy.name.text);
        }
        if event.inflow.is_some() {
            source(rules, id, Source::Inflow, "inflow", &mut out);
        }
        for (at, pool) in rules.pools.iter().enumerate() {
            source(rules, id, Source::Pool(PoolId::next(at)), &pool.name.text, &mut out);
        }
    }
    out
}

fn source(rules: &RuleSet, event: EventId, source: Source, name: &str, out: &mut String) {
    let mut cases = splitting(rules, event, source).peekable();
    if cases.peek().is_some() {
        let _ = writeln!(out, "  {name}");
    }
    for (rule, case) in cases {
        let _ = write!(out, "    {}", rule.name.text);
        let below = splitting(rules, event, source)
            .filter(|(other, _)| overrides(rules, rule.id, other.id))
            .map(|(other, _)| other.name.text.as_str());
        let below: Vec<&str> = below.collect();
        if !below.is_empty() {
            let _ = write!(out, " before {}", below.join(", "));
        }
        let pools = fills(&case.body);
        let pools: Vec<&str> = pools
            .iter()
            .filter_map(|pool| rules.pools.get(pool.index()))
            .map(|pool| pool.name.text.as_str())
            .collect();
        if !pools.is_empty() {
            let _ = write!(out, " fills {}", pools.join(", "));
        }
        let _ = writeln!(out);
    }
}
