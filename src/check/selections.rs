//! Amounts spread over rows: what if there is none?

use std::collections::BTreeSet;

use crate::diagnostics::{Diagnostic, Words};
use crate::model::{
    Among, Body, Constant, Expr, ExprKind, LegId, RowSource, RuleSet, Selection, Target,
};

use super::walk;

codes! {
    /// **What it finds.** `among` without `if none` over a selection that may have no row, or whose
    /// weights may sum to zero. Only the members of an enumeration and written lists surely have rows,
    /// and only positive constants surely weigh something.
    ///
    /// **Why it matters.** Without rows nobody is there to get the amount, and the event is set aside;
    /// somebody has to say what then happens, even if it is `undetermined`.
    ///
    /// **Not so:**
    /// ```fen
    /// register branches many by enterprise { enterprise : text; region : Region; wages : money }
    /// rule spread
    ///   split inflow
    ///     all among branches[enterprise] as b by shares 100% b.wages
    ///       to treasury[b.region]
    /// ```
    /// **But so:**
    /// ```fen
    /// register branches many by enterprise { enterprise : text; region : Region; wages : money }
    /// rule spread
    ///   split inflow
    ///     all among branches[enterprise] as b by shares 100% b.wages
    ///       to treasury[b.region]
    ///     if none  undetermined "未申报分支机构"
    /// ```
    MAY_BE_NONE "F0350" "a spread over perhaps no rows" "分摊对象可能为空";
}

/// Every spread of every rule.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    for case in rules.rules.iter().flat_map(|rule| &rule.cases) {
        let Body::Split(split) = &case.body else { continue };
        walk::each_target(&split.target, &mut |target| {
            if let Target::Among(among) = target {
                check_spread(rules, among, found);
            }
        });
    }
}

fn check_spread(rules: &RuleSet, among: &Among, found: &mut Vec<Diagnostic>) {
    let span = &among.selection.span;
    if among.if_none.is_some() {
        return;
    }
    let rows = has_rows(rules, &among.selection);
    if never_fails(rules, &among.selection) {
        return;
    }
    let words = if rows {
        Words::new("the weights of this selection may sum to zero", "此选取的权重之和可能为零")
    } else {
        Words::new("this selection may have no row", "此选取可能没有任何行")
    };
    let help = Words::new(
        "say what then happens: `if none …`, perhaps `undetermined`",
        "写明此时如何处理：「若无 …」，或为「待定」",
    );
    found.push(Diagnostic::error(MAY_BE_NONE, *span, words).with_help(help));
}

/// The legs of `if none` that no event can take: their selection has rows and weights for certain.
pub fn never_taken(rules: &RuleSet) -> BTreeSet<LegId> {
    let mut found = BTreeSet::new();
    for case in rules.rules.iter().flat_map(|rule| &rule.cases) {
        let Body::Split(split) = &case.body else { continue };
        walk::each_target(&split.target, &mut |target| {
            if let Target::Among(among) = target
                && let Some(leg) = &among.if_none
                && never_fails(rules, &among.selection)
            {
                found.insert(leg.id);
            }
        });
    }
    found
}

/// Whether a selection surely has a row, and something to weigh it by.
fn never_fails(rules: &RuleSet, selection: &Selection) -> bool {
    has_rows(rules, selection) && selection.shares.iter().all(|factor| is_positive(&factor.value))
}

fn has_rows(rules: &RuleSet, selection: &Selection) -> bool {
    selection.condition.is_none()
        && match &selection.source {
            RowSource::Register { .. } => false,
            RowSource::List { list, .. } => {
                matches!(&list.kind, ExprKind::List(items) if !items.is_empty())
            }
            RowSource::Members(enumeration) => rules
                .enumerations
                .get(enumeration.index())
                .is_some_and(|enumeration| !enumeration.members.is_empty()),
        }
}

fn is_positive(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Constant(Constant::Number(number)) if number.is_positive())
}
