//! The days a rule set means to cover.

use std::collections::BTreeSet;

use crate::base::Date;
use crate::model::{ModuleId, RuleSet};

/// Days from one up to, but not including, another; absent ends are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Covered {
    /// First day.
    pub(super) from: Option<Date>,
    /// First day after.
    pub(super) until: Option<Date>,
}

impl Covered {
    /// The days in both.
    pub(super) fn and(self, other: Covered) -> Covered {
        Covered {
            from: self.from.max(other.from),
            until: match (self.until, other.until) {
                (Some(one), Some(two)) => Some(one.min(two)),
                (one, two) => one.or(two),
            },
        }
    }
}

/// The days on which a module's rules are meant to hold: what it `covers`; without, from the first
/// day that anything in it or in what it uses is dated.
pub(super) fn of_module(rules: &RuleSet, module: ModuleId) -> Covered {
    let said = rules.modules.get(module.index());
    let said = said.map_or_else(Covered::default, |module| Covered {
        from: module.covers_from,
        until: module.covers_until,
    });
    Covered { from: said.from.or_else(|| first_day(rules, &reach(rules, module))), ..said }
}

/// The days of any of several modules.
pub(super) fn of_modules(rules: &RuleSet, modules: &[ModuleId]) -> Covered {
    let each: Vec<Covered> = modules.iter().map(|module| of_module(rules, *module)).collect();
    Covered {
        from: each.iter().map(|covered| covered.from).min().flatten(),
        until: if each.iter().any(|covered| covered.until.is_none()) {
            None
        } else {
            each.iter().filter_map(|covered| covered.until).max()
        },
    }
}

/// A module and all it uses, directly or not.
pub(super) fn reach(rules: &RuleSet, module: ModuleId) -> BTreeSet<ModuleId> {
    let mut found = BTreeSet::new();
    let mut open = vec![module];
    while let Some(next) = open.pop() {
        if found.insert(next)
            && let Some(module) = rules.modules.get(next.index())
        {
            open.extend(&module.uses);
        }
    }
    found
}

fn first_day(rules: &RuleSet, modules: &BTreeSet<ModuleId>) -> Option<Date> {
    let parameters = rules
        .parameters
        .iter()
        .filter(|parameter| modules.contains(&parameter.module))
        .flat_map(|parameter| parameter.timelines.values().flatten())
        .filter_map(|version| version.from);
    let schedules = rules
        .schedules
        .iter()
        .filter(|schedule| modules.contains(&schedule.module))
        .flat_map(|schedule| &schedule.versions)
        .filter_map(|version| version.from);
    let heads = rules
        .rules
        .iter()
        .map(|rule| (rule.module, rule.from, rule.until))
        .chain(rules.levies.iter().map(|levy| (levy.module, levy.from, levy.until)));
    let heads = heads.filter(|(module, _, _)| modules.contains(module));
    // What only says when it ends holds at least on the day before.
    let heads = heads.filter_map(|(_, from, until)| {
        from.or_else(|| Date::from_days(until?.days().checked_sub(1)?))
    });
    let said = rules
        .modules
        .iter()
        .enumerate()
        .filter(|(at, _)| modules.contains(&ModuleId::next(*at)))
        .filter_map(|(_, module)| module.covers_from);
    parameters.chain(schedules).chain(heads).chain(said).min()
}
