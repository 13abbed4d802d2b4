//! Totals and carried values that are asked for before anything could have changed them.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::{Diagnostic, Words};
use crate::model::{Body, CarryId, EventId, EventSource, Feed, RuleSet, TallyId, Target};

use super::order::{Kept, Read};
use super::walk;

codes! {
    /// **What it finds.** A total or carried value that is read on an event which comes before everything
    /// that changes it: before the stages that feed a tally, say.
    ///
    /// **Why it matters.** Stages run after all other events, in the order of declaration. What is fed
    /// only there is zero for ever where it is read before, and every condition on it is decided.
    ///
    /// **Not so:**
    /// ```fen
    /// account advance[Region]
    /// tally given per destination : money
    ///
    /// rule paid of receipt
    ///   when total(given) < 1_000
    ///   split inflow
    ///     all   to advance[destination]
    /// rule kept of receipt
    ///   when total(given) >= 1_000
    ///   split inflow
    ///     all   to central
    ///
    /// stage netting closes advance[Region] at end of month
    ///
    /// rule netted of netting
    ///   split inflow
    ///     all   to central   as given per beijing
    /// ```
    /// **But so:**
    /// ```fen
    /// account advance[Region]
    /// tally given per destination : money
    ///
    /// rule paid of receipt
    ///   when total(given) < 1_000
    ///   split inflow
    ///     all   to advance[destination]   as given
    /// rule kept of receipt
    ///   when total(given) >= 1_000
    ///   split inflow
    ///     all   to central
    ///
    /// stage netting closes advance[Region] at end of month
    ///
    /// rule netted of netting
    ///   split inflow
    ///     all   to central
    /// ```
    TOO_EARLY "F0348" "a total read before it is fed" "累计先于记入读取";
}

/// Every place where state is read, against where it is changed.
pub(super) fn check(rules: &RuleSet, reads: &[Read], found: &mut Vec<Diagnostic>) {
    let changed = changed(rules);
    for read in reads {
        let Some((what, events)) = read.what.and_then(|what| Some((what, changed.get(&what)?)))
        else {
            continue;
        };
        let own = pass(rules, read.event);
        if events.iter().any(|event| pass(rules, *event) <= own) {
            continue;
        }
        let name = match what {
            Kept::Tally(tally) => rules.tallies.get(tally.index()).map(|tally| &tally.name),
            Kept::Carry(carry) => rules.carries.get(carry.index()).map(|carry| &carry.name),
        };
        let event = |id: EventId| rules.events.get(id.index()).map(|event| &event.name);
        let later = events.iter().min_by_key(|event| pass(rules, **event));
        let (Some(name), Some(reader), Some(later)) =
            (name, event(read.event), later.and_then(|later| event(*later)))
        else {
            continue;
        };
        let (name, reader, later) = (&name.text, &reader.text, &later.text);
        let words = Words::new(
            format!("`{name}` is read on `{reader}`, before stage `{later}` first adds to it"),
            format!("「{name}」在「{reader}」上读取，而最早要到清算「{later}」才有记入"),
        );
        let help = Words::new(
            "stages run after all other events, in the order of declaration: read it in that stage or a \
             later one",
            "清算在其他事项之后按声明先后进行：请在该清算或其后的清算中读取",
        );
        found.push(Diagnostic::warning(TOO_EARLY, read.span, words).with_help(help));
    }
}

/// The events on which each tally and carry changes.
fn changed(rules: &RuleSet) -> BTreeMap<Kept, BTreeSet<EventId>> {
    let mut found: BTreeMap<Kept, BTreeSet<EventId>> = BTreeMap::new();
    let mut fed = |event: EventId, feed: &Option<Feed>| {
        if let Some(feed) = feed {
            found.entry(Kept::Tally(feed.tally)).or_default().insert(event);
        }
    };
    for case in rules.rules.iter().flat_map(|rule| &rule.cases) {
        match &case.body {
            Body::Split(split) => legs(&split.target, &mut |feed| fed(case.event, feed)),
            Body::Transfers(transfers) => {
                transfers.iter().for_each(|transfer| fed(case.event, &transfer.feed));
            }
        }
    }
    for case in rules.levies.iter().flat_map(|levy| &levy.cases) {
        fed(case.event, &case.feed);
    }
    for (at, tally) in rules.tallies.iter().enumerate() {
        for change in &tally.feeders {
            found.entry(Kept::Tally(TallyId::next(at))).or_default().insert(change.event);
        }
    }
    for (at, carry) in rules.carries.iter().enumerate() {
        for change in &carry.changes {
            found.entry(Kept::Carry(CarryId::next(at))).or_default().insert(change.event);
        }
    }
    found
}

fn legs(target: &Target, visit: &mut dyn FnMut(&Option<Feed>)) {
    for leg in walk::legs_of(target) {
        visit(&leg.feed);
        legs(&leg.target, visit);
    }
}

/// When an event comes: all that are no stage first, then each stage by itself.
fn pass(rules: &RuleSet, event: EventId) -> Option<EventId> {
    let declared = rules.events.get(event.index());
    let is_stage = declared.is_some_and(|it| matches!(it.source, EventSource::Stage { .. }));
    is_stage.then_some(event)
}
