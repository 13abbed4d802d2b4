//! The order of a head's clauses: who is asked for data, and who is not concerned.

use std::collections::BTreeSet;

use crate::diagnostics::{Diagnostic, Words};
use crate::model::{Expr, ExprKind, LocalIx, RuleSet, Step};

use super::walk;

codes! {
    /// **What it finds.** A `with` that stands before a `when` which does not need it.
    ///
    /// **Why it matters.** Clauses are asked in the order written, and a `with` without its row sets
    /// the event aside. A receipt that the `when` would have told to be none of this rule's business is
    /// then set aside for want of a row that nobody needed.
    ///
    /// **Not so:**
    /// ```fen
    /// register branches by enterprise { enterprise : text; part : rate }
    /// rule kept of receipt
    ///   split inflow
    ///     all   to central
    /// rule spread of receipt overrides kept
    ///   with b = branches[enterprise]
    ///   when tax = cit
    ///   split inflow
    ///     b.part   to treasury[destination]
    ///     rest     to central
    /// ```
    /// **But so:**
    /// ```fen
    /// register branches by enterprise { enterprise : text; part : rate }
    /// rule kept of receipt
    ///   split inflow
    ///     all   to central
    /// rule spread of receipt overrides kept
    ///   when tax = cit
    ///   with b = branches[enterprise]
    ///   split inflow
    ///     b.part   to treasury[destination]
    ///     rest     to central
    /// ```
    WITH_TOO_EARLY "F0317" "a row asked for too early" "取行过早";
}

/// Every head of every rule and levy.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    let of_rules = rules.rules.iter().flat_map(|rule| &rule.cases);
    let of_rules = of_rules.map(|case| (&case.steps, &case.locals));
    let of_levies = rules.levies.iter().flat_map(|levy| &levy.cases);
    let of_levies = of_levies.map(|case| (&case.steps, &case.locals));
    for (steps, locals) in of_rules.chain(of_levies) {
        for (at, step) in steps.iter().enumerate() {
            let Step::With(row, asked) = step else { continue };
            let later = steps.get(at + 1..).unwrap_or_default();
            let Some(condition) = first_that_needs_not(*row, later) else { continue };
            let name = locals.get(row.index()).map_or("", |local| &local.name);
            let words = Words::new(
                format!("`{name}` is asked for before a `when` that does not need it"),
                format!("「{name}」先于并不需要它的「当」取得"),
            );
            let help = Words::new(
                "put that `when` first: an event without the row is set aside here, even one the rule \
                 does not concern",
                "请把该「当」移到前面：缺少此行的事项会在此搁置，即使本规则与其无关",
            );
            let note = Words::new("this can be asked first", "此条可先问");
            let finding = Diagnostic::warning(WITH_TOO_EARLY, asked.span, words);
            found.push(finding.with_note(condition.span, note).with_help(help));
        }
    }
}

/// The first condition that speaks neither of a row nor of what was worked out from it.
fn first_that_needs_not(row: LocalIx, later: &[Step]) -> Option<&Expr> {
    let mut needing = BTreeSet::from([row]);
    for step in later {
        let (expr, named) = match step {
            Step::With(named, expr) | Step::Let(named, expr) => (expr, Some(*named)),
            Step::When(expr) => (expr, None),
        };
        let needs = |part: &Expr| matches!(&part.kind, ExprKind::Local(it) if needing.contains(it));
        let needs = walk::any(expr, &needs);
        match (needs, named) {
            (false, None) => return Some(expr),
            (true, Some(named)) => {
                needing.insert(named);
            }
            (true, None) => walk::each(expr, &mut |part| {
                if let ExprKind::Bind(_, bound) = &part.kind {
                    needing.insert(*bound);
                }
            }),
            (false, Some(_)) => {}
        }
    }
    None
}
