//! The tables of schedules: brackets in order, and one for every amount.

use crate::base::Exact;
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{Bracket, RuleSet, Schedule, Type};

use super::show::rate;

codes! {
    /// **What it finds.** Brackets whose upper ends do not ascend from above zero, or brackets after one
    /// without an upper end.
    ///
    /// **Why it matters.** A bracket that ends before it begins taxes nothing, and its neighbours tax
    /// what it was meant for.
    ///
    /// **Not so:**
    /// ```fen
    /// schedule annual : money {
    ///   from 2019-01-01 { up to 144_000 : 3%; up to 36_000 : 10%; above : 20% }
    /// }
    /// ```
    /// **But so:**
    /// ```fen
    /// schedule annual : money {
    ///   from 2019-01-01 { up to 36_000 : 3%; up to 144_000 : 10%; above : 20% }
    /// }
    /// ```
    BRACKETS_OUT_OF_ORDER "F0334" "brackets out of order" "级距次序有误";

    /// **What it finds.** A rate lower than that of the bracket below.
    ///
    /// **Why it matters.** Some laws do fall; far more often two rates were exchanged or a digit is
    /// missing.
    ///
    /// **Not so:**
    /// ```fen
    /// schedule annual : money {
    ///   from 2019-01-01 { up to 36_000 : 30%; up to 144_000 : 10%; above : 20% }
    /// }
    /// ```
    /// **But so:**
    /// ```fen
    /// schedule annual : money {
    ///   from 2019-01-01 { up to 36_000 : 3%; up to 144_000 : 10%; above : 20% }
    /// }
    /// ```
    FALLING_RATE "F0335" "a falling rate" "税率递减";

    /// **What it finds.** A table without a bracket for what lies above all others.
    ///
    /// **Why it matters.** Nothing would say how a larger amount is taxed.
    ///
    /// **Not so:**
    /// ```fen
    /// schedule annual : money {
    ///   from 2019-01-01 { up to 36_000 : 3%; up to 144_000 : 10% }
    /// }
    /// ```
    /// **But so:**
    /// ```fen
    /// schedule annual : money {
    ///   from 2019-01-01 { up to 36_000 : 3%; above : 10% }
    /// }
    /// ```
    NO_TOP_BRACKET "F0336" "a table without a top bracket" "税率表缺最高级距";

    /// **What it finds.** A bracket of money whose rate is above 100%.
    ///
    /// **Why it matters.** More would be due of what lies in it than there is: mostly a digit is too many.
    ///
    /// **Not so:**
    /// ```fen
    /// schedule annual : money {
    ///   from 2019-01-01 { up to 36_000 : 3%; up to 144_000 : 10%; above : 200% }
    /// }
    /// ```
    /// **But so:**
    /// ```fen
    /// schedule annual : money {
    ///   from 2019-01-01 { up to 36_000 : 3%; up to 144_000 : 10%; above : 20% }
    /// }
    /// ```
    ABOVE_WHOLE "F0337" "a rate above the whole" "税率超过整体";
}

/// Every table of every schedule.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    // Of what is no money anything may be given: points, days.
    let is_of_money = |schedule: &&Schedule| matches!(schedule.ty, Type::Money(_));
    for schedule in rules.schedules.iter().filter(is_of_money) {
        schedule.versions.iter().for_each(|version| check_whole(&version.value, found));
    }
    for version in rules.schedules.iter().flat_map(|schedule| &schedule.versions) {
        check_order(&version.value, found);
        check_rates(&version.value, found);
        if version.value.last().is_none_or(|last| last.up_to.is_some()) {
            let span = version.value.last().map_or(version.span, |last| last.span);
            let words = Words::new("the table has no bracket `above`", "税率表缺「以上」一级");
            let help = Words::new("end with `above : …`", "以「以上：…」结尾");
            found.push(Diagnostic::error(NO_TOP_BRACKET, span, words).with_help(help));
        }
    }
}

fn check_order(brackets: &[Bracket], found: &mut Vec<Diagnostic>) {
    let mut so_far = Some(Exact::ZERO);
    for bracket in brackets {
        let help = Words::new("write the brackets in ascending order", "各级应由低到高");
        let words = match (&so_far, &bracket.up_to) {
            (None, _) => {
                Words::new("a bracket after `above` holds nothing", "「以上」之后的级距并无内容")
            }
            (Some(before), Some(end)) if end <= before => Words::new(
                format!("a bracket up to {end} begins at {before} and holds nothing"),
                format!("至 {end} 的级距始于 {before}，并无内容"),
            ),
            (Some(_), _) => {
                so_far.clone_from(&bracket.up_to);
                continue;
            }
        };
        let finding = Diagnostic::error(BRACKETS_OUT_OF_ORDER, bracket.span, words);
        found.push(finding.with_help(help));
        return;
    }
}

fn check_rates(brackets: &[Bracket], found: &mut Vec<Diagnostic>) {
    for (before, bracket) in brackets.iter().zip(brackets.iter().skip(1)) {
        if bracket.rate < before.rate {
            let (low, high) = (rate(&bracket.rate), rate(&before.rate));
            let words = Words::new(
                format!("the rate falls from {high} to {low}"),
                format!("税率由 {high} 降为 {low}"),
            );
            let note = Words::new("the bracket below", "较低一级");
            let finding = Diagnostic::warning(FALLING_RATE, bracket.span, words);
            found.push(finding.with_note(before.span, note));
        }
    }
}

fn check_whole(brackets: &[Bracket], found: &mut Vec<Diagnostic>) {
    for bracket in brackets.iter().filter(|bracket| bracket.rate > Exact::ONE) {
        let above = rate(&bracket.rate);
        let words = Words::new(
            format!("a rate of {above}: more than there is"),
            format!("税率为 {above}，超过全额"),
        );
        let help = Words::new("look at its digits and its point", "请核对数字与小数点");
        found.push(Diagnostic::warning(ABOVE_WHOLE, bracket.span, words).with_help(help));
    }
}
