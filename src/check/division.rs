//! Divisions other than shares side by side: waterfalls, graded scales and weights.

use crate::base::Exact;
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{
    Among, Body, Constant, ExprKind, Graded, Leg, Portion, RuleSet, Selection, Target, Transfer,
};

use super::show::rate;
use super::space::constant;
use super::walk;

codes! {
    /// **What it finds.** Weights of `by shares` that do not sum to one, or one that is not positive.
    ///
    /// **Why it matters.** The parts of the rows would not make up the amount that is spread.
    ///
    /// **Not so:**
    /// ```fen
    /// register branches many by enterprise {
    ///   enterprise : text; region : Region; revenue : money; wages : money; assets : money
    /// }
    /// rule spread
    ///   split inflow
    ///     all among branches[enterprise] as b by shares 35% b.revenue, 35% b.wages, 20% b.assets
    ///       to treasury[b.region]
    ///     if none to central
    /// ```
    /// **But so:**
    /// ```fen
    /// register branches many by enterprise {
    ///   enterprise : text; region : Region; revenue : money; wages : money; assets : money
    /// }
    /// rule spread
    ///   split inflow
    ///     all among branches[enterprise] as b by shares 35% b.revenue, 35% b.wages, 30% b.assets
    ///       to treasury[b.region]
    ///     if none to central
    /// ```
    WEIGHTS "F0306" "weights that do not sum to one" "权重之和不为一";

    /// **What it finds.** A waterfall (`in order`) whose last leg is not `rest`, or that has a `rest`
    /// before its last.
    ///
    /// **Why it matters.** Legs take of what is left in turn; what the last one does not take would be
    /// nobody's, and after a `rest` nothing is left to take.
    ///
    /// **Not so:**
    /// ```fen
    /// rule first_things_first
    ///   split inflow
    ///     in order {
    ///       all  up to 1_000  to central
    ///       50%               to treasury[destination]
    ///     }
    /// ```
    /// **But so:**
    /// ```fen
    /// rule first_things_first
    ///   split inflow
    ///     in order {
    ///       all  up to 1_000  to central
    ///       rest              to treasury[destination]
    ///     }
    /// ```
    NO_LAST_REST "F0307" "a waterfall that does not end in rest" "依次分配未以「其余」结尾";

    /// **What it finds.** A graded division whose last slice has an upper end, or that goes on after a
    /// slice without one.
    ///
    /// **Why it matters.** An amount above the last slice would be nobody's.
    ///
    /// **Not so:**
    /// ```fen
    /// rule by_size
    ///   split inflow
    ///     graded {
    ///       up to 1_000  to central
    ///       up to 5_000  to treasury[destination]
    ///     }
    /// ```
    /// **But so:**
    /// ```fen
    /// rule by_size
    ///   split inflow
    ///     graded {
    ///       up to 1_000  to central
    ///       above        to treasury[destination]
    ///     }
    /// ```
    NO_TOP_SLICE "F0308" "a graded division without a top" "分级缺最高一级";

    /// **What it finds.** Slices of a graded division whose upper ends, where they are constants, do not
    /// ascend from above zero.
    ///
    /// **Why it matters.** A slice that ends before it begins takes nothing, and the bounds of its
    /// neighbours are not what they seem.
    ///
    /// **Not so:**
    /// ```fen
    /// rule by_size
    ///   split inflow
    ///     graded {
    ///       up to 5_000  to central
    ///       up to 1_000  to treasury[origin]
    ///       above        to treasury[destination]
    ///     }
    /// ```
    /// **But so:**
    /// ```fen
    /// rule by_size
    ///   split inflow
    ///     graded {
    ///       up to 1_000  to central
    ///       up to 5_000  to treasury[origin]
    ///       above        to treasury[destination]
    ///     }
    /// ```
    SLICES_OUT_OF_ORDER "F0309" "slices out of order" "分级次序有误";
}

/// Every waterfall, graded division and set of weights.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    for case in rules.rules.iter().flat_map(|rule| &rule.cases) {
        match &case.body {
            Body::Split(split) => {
                walk::each_target(&split.target, &mut |target| check_target(rules, target, found));
            }
            Body::Transfers(transfers) => {
                for Transfer { for_each, .. } in transfers {
                    for_each.iter().for_each(|selection| check_weights(selection, found));
                }
            }
        }
    }
    for expr in walk::in_rules(rules) {
        walk::each(expr, &mut |part| {
            if let ExprKind::Aggregate { selection, .. } = &part.kind {
                check_weights(selection, found);
            }
        });
    }
}

fn check_target(rules: &RuleSet, target: &Target, found: &mut Vec<Diagnostic>) {
    match target {
        Target::Account(_) | Target::Pool { .. } | Target::Undetermined { .. } => {}
        Target::Block(_) => {}
        Target::InOrder(legs) => check_waterfall(legs, found),
        Target::Graded(graded) => check_graded(rules, graded, found),
        Target::Among(among) => {
            let Among { selection, .. } = among.as_ref();
            check_weights(selection, found);
        }
    }
}

fn check_waterfall(legs: &[Leg], found: &mut Vec<Diagnostic>) {
    let Some((last, before)) = legs.split_last() else { return };
    let early = before.iter().find(|leg| matches!(leg.portion, Portion::Rest));
    let finding = if let Some(early) = early {
        let words = Words::new(
            "`rest` before the last leg leaves nothing to those after it",
            "「其余」之后的分项一无所得",
        );
        Diagnostic::error(NO_LAST_REST, early.span, words)
    } else if !matches!(last.portion, Portion::Rest) {
        let words = Words::new(
            "the last leg of `in order` must be `rest`",
            "「依次」的最后一项应为「其余」",
        );
        Diagnostic::error(NO_LAST_REST, last.span, words)
    } else if !last.bounds.is_empty() {
        let words = Words::new(
            "the last leg of `in order` takes what is left and can have no bound",
            "「依次」的最后一项承接余额，不得设限额",
        );
        Diagnostic::error(NO_LAST_REST, last.span, words)
    } else {
        return;
    };
    let help = Words::new("end with `rest to …`", "以「其余 归 …」结尾");
    found.push(finding.with_help(help));
}

fn check_graded(rules: &RuleSet, graded: &Graded, found: &mut Vec<Diagnostic>) {
    let Some((last, before)) = graded.slices.split_last() else { return };
    if last.up_to.is_some() {
        let words = Words::new("the last slice must be `above`", "最后一级应为「以上」");
        let help = Words::new(
            "say who gets what lies above: `above to …`",
            "写明超出部分归谁：「以上 归 …」",
        );
        found.push(Diagnostic::error(NO_TOP_SLICE, last.leg.span, words).with_help(help));
    }
    if let Some(open) = before.iter().find(|slice| slice.up_to.is_none()) {
        let words = Words::new(
            "`above` leaves nothing to the slices after it",
            "「以上」之后的各级一无所得",
        );
        found.push(Diagnostic::error(NO_TOP_SLICE, open.leg.span, words));
    }
    let mut so_far = (graded.from.is_none()).then_some(Exact::ZERO);
    for slice in &graded.slices {
        let Some(bound) = &slice.up_to else { continue };
        let Some(Constant::Number(end)) = constant(rules, bound) else { continue };
        if let Some(before) = so_far.as_ref().filter(|before| end <= **before) {
            let words = Words::new(
                format!("a slice up to {end} begins at {before} and holds nothing"),
                format!("至 {end} 的一级始于 {before}，并无内容"),
            );
            let help = Words::new("write the bounds in ascending order", "各级上限应由低到高");
            let finding = Diagnostic::error(SLICES_OUT_OF_ORDER, bound.span, words);
            found.push(finding.with_help(help));
        }
        so_far = Some(end);
    }
}

fn check_weights(selection: &Selection, found: &mut Vec<Diagnostic>) {
    if selection.shares.is_empty() {
        return;
    }
    if let Some(factor) = selection.shares.iter().find(|factor| !factor.weight.is_positive()) {
        let words = Words::new("a weight must be more than zero", "权重应大于零");
        found.push(Diagnostic::error(WEIGHTS, factor.value.span, words));
        return;
    }
    let mut weights = selection.shares.iter().map(|factor| &factor.weight);
    let sum = weights.try_fold(Exact::ZERO, |sum, weight| sum.add(weight));
    if sum.as_ref().is_ok_and(|sum| *sum != Exact::ONE) {
        let sum = sum.as_ref().map_or_else(|_| "?".to_owned(), rate);
        let words = Words::new(
            format!("the weights sum to {sum} instead of 100%"),
            format!("权重之和为 {sum}，应为 100%"),
        );
        found.push(Diagnostic::error(WEIGHTS, selection.span, words));
    }
}
