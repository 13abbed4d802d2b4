//! Who gets the odd fen: said once in every module that divides.

use std::collections::BTreeSet;

use crate::diagnostics::{Diagnostic, Words};
use crate::model::{
    Body, EventId, ModuleId, Place, Rule, RuleCase, RuleSet, Settlement, Source, Split,
};

codes! {
    /// **What it finds.** A module with a rule that splits, and without a `settlement`.
    ///
    /// **Why it matters.** Shares rarely come to whole fen. Respected programs give four different
    /// answers for one fen among three; which is right is law, so there is no default.
    ///
    /// **Not so:**
    /// ```fen
    /// module without
    /// authority national
    /// taxes { vat }
    /// account central
    /// account local
    /// event receipt { id : text unique; date : date effective; amount : money inflow }
    /// rule halves
    ///   split inflow
    ///     50%  to central
    ///     50%  to local
    /// ```
    /// **But so:**
    /// ```fen
    /// module with_settlement
    /// authority national
    /// settlement largest remainder
    /// taxes { vat }
    /// account central
    /// account local
    /// event receipt { id : text unique; date : date effective; amount : money inflow }
    /// rule halves
    ///   split inflow
    ///     50%  to central
    ///     50%  to local
    /// ```
    NO_SETTLEMENT "F0360" "a module without settlement" "模块未写尾差";

    /// **What it finds.** A rule that divides a pool in a module whose settlement is another than that of
    /// the module whose rule divides the inflow.
    ///
    /// **Why it matters.** An event settles once, by the settlement of the module that divides what came
    /// in. The rule's own module has no say, unless the split is marked `settled`.
    ///
    /// **Not so:**
    /// ```fen
    /// module upper
    /// authority national
    /// settlement largest remainder
    /// account central
    /// pool local
    /// event receipt { id : text unique; date : date effective; amount : money inflow }
    /// rule halves
    ///   split inflow
    ///     50%  to central
    ///     50%  to local
    ///
    /// module lower
    /// authority national
    /// use upper
    /// settlement in order
    /// account town
    /// account county
    /// rule passed_on
    ///   split local
    ///     50%  to town
    ///     50%  to county
    /// ```
    /// **But so:**
    /// ```fen
    /// module upper
    /// authority national
    /// settlement largest remainder
    /// account central
    /// pool local
    /// event receipt { id : text unique; date : date effective; amount : money inflow }
    /// rule halves
    ///   split inflow settled
    ///     50%  to central
    ///     50%  to local
    ///
    /// module lower
    /// authority national
    /// use upper
    /// settlement in order
    /// account town
    /// account county
    /// rule passed_on
    ///   split local settled
    ///     50%  to town
    ///     50%  to county
    /// ```
    OTHER_SETTLEMENT "F0361" "a settlement that does not come to bear" "尾差方式不起作用";
}

/// Settlements missing, and settlements that another module's stands before.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    let mut without = BTreeSet::new();
    for (rule, case, _) in splits(rules) {
        if case.settlement.is_some() || !without.insert(rule.module) {
            continue;
        }
        let module = rules.modules.get(rule.module.index());
        let name = module.map_or("", |module| module.name.text.as_str());
        let words = Words::new(
            format!("module `{name}` divides money and does not say who gets the odd fen"),
            format!("模块「{name}」分配款项，却未写明尾差归谁"),
        );
        let help = Words::new(
            "write for instance `settlement largest remainder` under `authority`",
            "例如在「权限」之下写「尾差 最大余数」",
        );
        let span = module.map_or(rule.name.span, |module| module.name.span);
        let finding = Diagnostic::error(NO_SETTLEMENT, span, words);
        let note = Words::new("this rule divides", "此规则进行分配");
        found.push(finding.with_note(rule.name.span, note).with_help(help));
    }
    let mut said: BTreeSet<(ModuleId, ModuleId)> = BTreeSet::new();
    for (rule, case, split) in splits(rules) {
        let (Source::Pool(_), None, Some(own)) = (split.source, &split.settled, &case.settlement)
        else {
            continue;
        };
        for (first, settlement) in dividing(rules, case.event) {
            let other = first.module != rule.module && !same(own, settlement);
            if other && said.insert((first.module, rule.module)) {
                let words = Words::new(
                    format!(
                        "rule `{}` settles with the inflow, as the module of `{}` says",
                        rule.name.text, first.name.text
                    ),
                    format!(
                        "规则「{}」随流入一并取整，依规则「{}」所在模块的尾差方式",
                        rule.name.text, first.name.text
                    ),
                );
                let help = Words::new(
                    "mark the split `settled` if it is to settle on its own",
                    "若应自行取整，将此分配标为「即时取整」",
                );
                let note = Words::new("divides the inflow", "分配流入");
                let finding = Diagnostic::remark(OTHER_SETTLEMENT, rule.name.span, words);
                found.push(finding.with_note(first.name.span, note).with_help(help));
            }
        }
    }
}

fn splits(rules: &RuleSet) -> impl Iterator<Item = (&Rule, &RuleCase, &Split)> {
    rules.rules.iter().flat_map(|rule| {
        rule.cases.iter().filter_map(move |case| match &case.body {
            Body::Split(split) => Some((rule, case, split)),
            Body::Transfers(_) => None,
        })
    })
}

/// The rules that divide the inflow of an event kind and leave it to settle at the end.
fn dividing(rules: &RuleSet, event: EventId) -> impl Iterator<Item = (&Rule, &Settlement)> {
    splits(rules).filter_map(move |(rule, case, split)| {
        let inflow = case.event == event && split.source == Source::Inflow;
        let settlement = case.settlement.as_ref()?;
        (inflow && split.settled.is_none()).then_some((rule, settlement))
    })
}

fn same(one: &Settlement, two: &Settlement) -> bool {
    let same_place = |one: &Place, two: &Place| one.account == two.account && one.keys == two.keys;
    match (one, two) {
        (Settlement::LargestRemainder, Settlement::LargestRemainder)
        | (Settlement::InOrder, Settlement::InOrder) => true,
        (Settlement::RemainderTo(one), Settlement::RemainderTo(two))
        | (Settlement::KeptApartIn(one), Settlement::KeptApartIn(two)) => same_place(one, two),
        (Settlement::CarriedPer(one), Settlement::CarriedPer(two)) => one == two,
        (
            Settlement::LargestRemainder
            | Settlement::InOrder
            | Settlement::RemainderTo(_)
            | Settlement::KeptApartIn(_)
            | Settlement::CarriedPer(_),
            _,
        ) => false,
    }
}
