//! Precedence that decides nothing.

use std::collections::BTreeSet;

use crate::diagnostics::{Diagnostic, Words};
use crate::model::{Body, EventId, Rule, RuleId, RuleSet, Source};

use super::guards::overrides;

codes! {
    /// **What it finds.** An `overrides` between rules that never meet: they divide different pools, or
    /// serve different events, and so do all that stand before and behind them.
    ///
    /// **Why it matters.** Precedence is asked for where several rules apply to one pool. Between two
    /// pools it decides nothing, and both rules go on as if it were not there.
    ///
    /// **Not so:**
    /// ```fen
    /// rule shared
    ///   split inflow
    ///     50%   to central
    ///     rest  to local
    ///
    /// rule kept
    ///   split local
    ///     all   to treasury[destination]
    ///
    /// rule paid overrides shared
    ///   when tax = cit
    ///   split local
    ///     all   to treasury[origin]
    /// ```
    /// **But so:**
    /// ```fen
    /// rule shared
    ///   split inflow
    ///     50%   to central
    ///     rest  to local
    ///
    /// rule kept
    ///   split local
    ///     all   to treasury[destination]
    ///
    /// rule paid overrides kept
    ///   when tax = cit
    ///   split local
    ///     all   to treasury[origin]
    /// ```
    NO_EFFECT "F0318" "precedence without effect" "优先无从生效";
}

/// Every `overrides`.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    for rule in &rules.rules {
        for other in rule.overrides.iter().filter_map(|id| rules.rules.get(id.index())) {
            if meet(rules, rule, other) {
                continue;
            }
            let (name, behind) = (&rule.name.text, &other.name.text);
            let words = Words::new(
                format!("`{name}` overrides `{behind}`, but they never divide the same pool"),
                format!("「{name}」优先于「{behind}」，但两者从不分配同一笔款项"),
            );
            let help = Words::new(
                "precedence counts among the rules on one pool of one event: name the one it should \
                 stand before there",
                "优先只在同一事项、同一待分的规则之间有意义：请写明在该处应居其后的规则",
            );
            let note = Words::new("the other rule", "另一条规则");
            let finding = Diagnostic::warning(NO_EFFECT, rule.name.span, words);
            found.push(finding.with_note(other.name.span, note).with_help(help));
        }
    }
}

/// Whether the two, or those that stand before the one and behind the other, ever stand at one place:
/// precedence goes through a rule that is elsewhere.
fn meet(rules: &RuleSet, before: &Rule, behind: &Rule) -> bool {
    let befores = rules.rules.iter().filter(|it| reaches(rules, it.id, before.id));
    let served: BTreeSet<(EventId, Option<Source>)> = befores.flat_map(places).collect();
    let behinds = rules.rules.iter().filter(|it| reaches(rules, behind.id, it.id));
    behinds.flat_map(places).any(|place| served.contains(&place))
}

fn reaches(rules: &RuleSet, above: RuleId, below: RuleId) -> bool {
    above == below || overrides(rules, above, below)
}

/// What a rule divides, for each event; nothing is one place where transfers are made.
fn places(rule: &Rule) -> impl Iterator<Item = (EventId, Option<Source>)> + '_ {
    rule.cases.iter().map(|case| match &case.body {
        Body::Split(split) => (case.event, Some(split.source)),
        Body::Transfers(_) => (case.event, None),
    })
}
