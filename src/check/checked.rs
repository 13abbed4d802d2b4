//! The one gate between rules as resolved and rules that may run.

use crate::diagnostics::{Diagnostic, has_errors};
use crate::model::RuleSet;

use super::{
    alike, authority, brackets, coverage, currencies, dated, division, early, examples, flow,
    heads, order, precedence, selections, settlements, shares, tallies, unused, whole,
};

/// A rule set without errors. Nothing but [`check`] makes one, so whoever holds it need not ask again.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    rule_set: RuleSet,
}

impl Checked {
    /// Gives the rule set that was found right.
    pub fn rule_set(&self) -> &RuleSet {
        &self.rule_set
    }
}

/// Checks a rule set, given what resolving it had found.
///
/// Gives the findings of this floor alone, in the order of the text. If resolving had errors nothing
/// is checked, since half a rule set would raise false alarms; with an error of either kind there is
/// no [`Checked`].
pub fn check(rule_set: RuleSet, earlier: &[Diagnostic]) -> (Option<Checked>, Vec<Diagnostic>) {
    if has_errors(earlier) {
        return (None, Vec::new());
    }
    let findings = findings(&rule_set);
    if has_errors(&findings) { (None, findings) } else { (Some(Checked { rule_set }), findings) }
}

/// What is wrong or worth knowing in a rule set that resolved without errors.
pub fn findings(rules: &RuleSet) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let checks = [
        shares::check,
        division::check,
        coverage::check,
        heads::check,
        precedence::check,
        flow::check,
        dated::check,
        brackets::check,
        tallies::check,
        selections::check,
        whole::check,
        currencies::check,
        settlements::check,
        authority::check,
        alike::check,
        unused::check,
        examples::check,
    ];
    for check in checks {
        check(rules, &mut found);
    }
    let reads = order::every_read(rules);
    order::check(rules, &reads, &mut found);
    early::check(rules, &reads, &mut found);
    // A rule that serves several event kinds is looked at once for each of them.
    found.sort_by_key(|finding| (finding.span, finding.code));
    found.dedup_by(|one, two| {
        (one.span, one.code, &one.message) == (two.span, two.code, &two.message)
    });
    found
}
