//! From the text of rules to a rule set, for tests that are about what comes after.

use fenshui::base::FileId;
use fenshui::check;
use fenshui::diagnostics::{Diagnostic, Language, has_errors};
use fenshui::model::{self, Choice, RuleSet};
use fenshui::syntax;

/// A rule set that passed every check, or what was found.
pub fn compile(text: &str) -> Result<RuleSet, Vec<Diagnostic>> {
    let (tree, mut found) = syntax::parse(FileId(0), text, false);
    let (rules, more) = model::from_syntax(&[tree], &Choice::default());
    found.extend(more);
    if has_errors(&found) {
        return Err(found);
    }
    let (checked, more) = check::check(rules, &found);
    checked.map(|checked| checked.rule_set().clone()).ok_or(more)
}

/// A rule set that must compile.
#[track_caller]
pub fn compiled(text: &str) -> RuleSet {
    compile(text).unwrap_or_else(|found| panic!("{}\nin\n{text}", said(&found)))
}

/// Findings, one a line.
pub fn said(found: &[Diagnostic]) -> String {
    let one = |diagnostic: &Diagnostic| {
        let words = diagnostic.message.in_language(Language::English);
        format!("{} at {}: {words}", diagnostic.code.0, diagnostic.span.start)
    };
    found.iter().map(one).collect::<Vec<_>>().join("\n")
}
