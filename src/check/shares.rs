//! Shares side by side: do the legs of a block make up the whole?

use crate::base::{Exact, Span};
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{
    Arithmetic, Block, Body, Bound, Comparison, Constant, Expr, ExprKind, Leg, Portion, Rule,
    RuleCase, RuleSet, Target, Type,
};

use super::covered;
use super::guards::{Guards, number};
use super::show::rate;
use super::space::{Formula, Found, Names, Witness};
use super::walk;

codes! {
    /// **What it finds.** Legs without a `rest` whose shares do not make up the whole: constant rates
    /// are added exactly; rates from parameters are added for every day and member on which the rule
    /// may apply, and one on which they fail is named; of other rates (a register's, a total's) it must
    /// follow from how they are written, as `r.part` and `1 - r.part`. Amounts never make up a whole.
    ///
    /// **Why it matters.** A rule empties its pool. What no leg takes would be nobody's money; what two
    /// legs take twice would be money from nowhere.
    ///
    /// **Not so:**
    /// ```fen
    /// rule shared
    ///   split inflow
    ///     60%  to central
    ///     38%  to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// rule shared
    ///   split inflow
    ///     60%  to central
    ///     40%  to treasury[destination]
    /// ```
    NOT_WHOLE "F0301" "shares that do not make up the whole" "各份之和不等于整体";

    /// **What it finds.** Shares that exceed the whole although there is a `rest`, or a share below
    /// zero: always, or by the parameters of some day.
    ///
    /// **Why it matters.** The `rest` would be negative: somebody would pay for what another is given.
    ///
    /// **Not so:**
    /// ```fen
    /// parameter part[Tax] : rate { from 2016-05-01 : vat 110%; others 60% }
    ///
    /// rule shared
    ///   split inflow
    ///     part[tax]  to central
    ///     rest       to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// parameter part[Tax] : rate { from 2016-05-01 : vat 50%; others 60% }
    ///
    /// rule shared
    ///   split inflow
    ///     part[tax]  to central
    ///     rest       to treasury[destination]
    /// ```
    BEYOND_WHOLE "F0302" "shares beyond the whole" "各份之和超过整体";

    /// **What it finds.** `all` beside other legs, without a bound that could leave something.
    ///
    /// **Why it matters.** The others never get anything, which whoever wrote them did not mean.
    ///
    /// **Not so:**
    /// ```fen
    /// rule shared
    ///   split inflow
    ///     all   to central
    ///     rest  to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// rule shared
    ///   split inflow
    ///     all   up to 1_000   to central
    ///     rest                to treasury[destination]
    /// ```
    ALL_BESIDE_OTHERS "F0303" "`all` beside other legs" "「全部」与其他分项并列";

    /// **What it finds.** Two `rest` legs in one block.
    ///
    /// **Why it matters.** Nothing says how they part what is left.
    ///
    /// **Not so:**
    /// ```fen
    /// rule shared
    ///   split inflow
    ///     50%   to central
    ///     rest  to treasury[origin]
    ///     rest  to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// rule shared
    ///   split inflow
    ///     50%   to central
    ///     rest {
    ///       50%   to treasury[origin]
    ///       rest  to treasury[destination]
    ///     }
    /// ```
    TWO_RESTS "F0304" "two rests" "两个「其余」";

    /// **What it finds.** A leg with `up to` or `at least` in a block without a `rest`, or such a bound
    /// on the `rest` itself.
    ///
    /// **Why it matters.** What the bound keeps from the leg, or gives it beyond its share, has to come
    /// from or go to somebody.
    ///
    /// **Not so:**
    /// ```fen
    /// rule capped
    ///   split inflow
    ///     50%  up to 1_000  to central
    ///     50%               to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// rule capped
    ///   split inflow
    ///     50%  up to 1_000  to central
    ///     rest              to treasury[destination]
    /// ```
    BOUND_WITHOUT_REST "F0305" "a bound without a rest" "有限额而无「其余」";
}

/// The blocks of every rule.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    for rule in &rules.rules {
        for case in &rule.cases {
            let Body::Split(split) = &case.body else { continue };
            walk::each_target(&split.target, &mut |target| {
                if let Target::Block(block) = target {
                    check_block(rules, rule, case, block, split.span, found);
                }
            });
        }
    }
}

fn check_block(
    rules: &RuleSet,
    rule: &Rule,
    case: &RuleCase,
    block: &Block,
    split: Span,
    found: &mut Vec<Diagnostic>,
) {
    let legs = &block.legs;
    let mut rests = legs.iter().filter(|leg| matches!(leg.portion, Portion::Rest));
    let rest = rests.next();
    if let Some(second) = rests.next() {
        let words = Words::new("a second `rest` in one block", "同一分组出现第二个「其余」");
        let first = rest.map_or(second.span, |leg| leg.span);
        let help =
            Words::new("split the rest again: `rest { … }`", "将其余部分再行分配：「其余 { … }」");
        let finding = Diagnostic::error(TWO_RESTS, second.span, words)
            .with_note(first, Words::new("the first one", "第一个"))
            .with_help(help);
        found.push(finding);
    }
    if let Some(bounded) = legs.iter().find(|leg| is_rest(leg) && !leg.bounds.is_empty()) {
        let words = Words::new(
            "`rest` has a bound: what it may not take would be nobody's",
            "「其余」带有限额：超出部分将无人可得",
        );
        let help = Words::new(
            "bound another leg, or split the rest again: `rest { 100% up to … to …; rest to … }`",
            "请限定其他分项，或将其余部分再行分配：「其余 { 100% 不超过 … 归 …; 其余 归 … }」",
        );
        found.push(Diagnostic::error(BOUND_WITHOUT_REST, bounded.span, words).with_help(help));
        return;
    }
    let alone = legs.len() == 1;
    let all = legs.iter().find(|leg| matches!(leg.portion, Portion::All) && leg.bounds.is_empty());
    if let Some(all) = all.filter(|_| !alone) {
        let words = Words::new(
            "`all` leaves nothing to the legs beside it",
            "「全部」使并列的分项一无所得",
        );
        let help = Words::new(
            "give it a rate, bound it with `up to`, or let it stand alone",
            "改为比率，或以「不超过」限定，或单独成项",
        );
        found.push(Diagnostic::error(ALL_BESIDE_OTHERS, all.span, words).with_help(help));
        return;
    }
    if rest.is_none() && bounded_without_rest(legs, found) {
        return;
    }
    Sum { rules, rule, case, legs, rest: rest.is_some(), split }.check(found);
}

fn is_rest(leg: &Leg) -> bool {
    matches!(leg.portion, Portion::Rest)
}

fn bounded_without_rest(legs: &[Leg], found: &mut Vec<Diagnostic>) -> bool {
    let bounded = legs.iter().find(|leg| !leg.bounds.is_empty());
    if let Some(leg) = bounded {
        let (en, zh) = match leg.bounds.first() {
            Some(Bound::AtLeast { .. }) => ("at least", "不低于"),
            Some(Bound::UpTo { .. }) | None => ("up to", "不超过"),
        };
        let words = Words::new(
            format!("`{en}` in a block without `rest`"),
            format!("分组有「{zh}」而无「其余」"),
        );
        let help = Words::new(
            "say with `rest` who gets, or gives, the difference",
            "以「其余」写明差额归谁",
        );
        found.push(Diagnostic::error(BOUND_WITHOUT_REST, leg.span, words).with_help(help));
    }
    bounded.is_some()
}

/// The rates of one block, added up.
struct Sum<'a> {
    rules: &'a RuleSet,
    rule: &'a Rule,
    case: &'a RuleCase,
    legs: &'a [Leg],
    rest: bool,
    split: Span,
}

impl Sum<'_> {
    fn check(&self, found: &mut Vec<Diagnostic>) {
        if let Some(leg) =
            self.legs.iter().find(|leg| !self.rest && matches!(leg.portion, Portion::Amount(_)))
        {
            let words = Words::new(
                "amounts do not make up the whole: a `rest` is missing",
                "金额不能凑成整体：缺少「其余」",
            );
            let help =
                Words::new("say with `rest` who gets what is left", "以「其余」写明余额归谁");
            found.push(Diagnostic::error(NOT_WHOLE, leg.span, words).with_help(help));
            return;
        }
        let mut guards = Guards::new(self.rules, self.case.event);
        let (applies, names) = guards.rule(self.rule, self.case);
        let days = guards.on_days(covered::of_module(self.rules, self.rule.module));
        let when = Formula::all([days, applies]);
        if self.below_zero(&mut guards, &names, &when, found) {
            return;
        }
        let sum = self.sum(&names);
        let comparison = if self.rest { Comparison::Greater } else { Comparison::NotEqual };
        let one = number(Exact::ONE, sum.span);
        let stepwise = guards.space.is_stepwise(&sum);
        if self.rest && !stepwise {
            // A register's rate: beyond the whole or not, only the register can say.
            return;
        }
        let wrong = guards.space.compare(comparison, &sum, &one, sum.span);
        let worth = guards.space.worth(&sum);
        let ever = Formula::all([when, wrong]);
        match guards.space.find(&ever) {
            Found::Never => {}
            Found::Certainly(witness) | Found::Perhaps(witness) if stepwise => {
                let witness = self.dividing(&mut guards, ever).unwrap_or(witness);
                let worth = worth.and_then(|worth| guards.space.value_in(&worth, &witness));
                let witness = guards.space.pairs(Some(self.case.event), &witness);
                found.push(self.wrong_sum(worth.as_ref(), witness));
            }
            Found::Certainly(_) | Found::Perhaps(_) | Found::TooMany => {
                found.push(self.unproven());
            }
        }
    }

    /// A case of a formula in which this rule divides, and no other that overrides it.
    fn dividing(&self, guards: &mut Guards<'_>, ever: Formula) -> Option<Witness> {
        let Body::Split(split) = &self.case.body else { return None };
        let mut candidates = guards.candidates(split.source).into_iter();
        let prevails = candidates.find(|it| it.rule.id == self.rule.id)?.prevails;
        match guards.space.find(&Formula::all([ever, prevails])) {
            Found::Certainly(witness) | Found::Perhaps(witness) => Some(witness),
            Found::Never | Found::TooMany => None,
        }
    }

    fn below_zero<'r>(
        &self,
        guards: &mut Guards<'r>,
        names: &Names<'r>,
        when: &Formula,
        found: &mut Vec<Diagnostic>,
    ) -> bool {
        for leg in self.legs {
            let Portion::Rate(share) = &leg.portion else { continue };
            let share = names.clone().unfold(share);
            if !guards.space.is_stepwise(&share) {
                continue;
            }
            let zero = number(Exact::ZERO, share.span);
            let below = guards.space.compare(Comparison::Less, &share, &zero, share.span);
            let ever = Formula::all([when.clone(), below]);
            if let Found::Certainly(witness) | Found::Perhaps(witness) = guards.space.find(&ever) {
                let witness = self.dividing(guards, ever).unwrap_or(witness);
                let words = Words::new("a share below zero", "份额小于零");
                let witness = guards.space.pairs(Some(self.case.event), &witness);
                let finding = Diagnostic::error(BEYOND_WHOLE, leg.span, words);
                found.push(finding.with_witness(witness));
                return true;
            }
        }
        false
    }

    fn sum(&self, names: &Names<'_>) -> Expr {
        let mut sum = number(Exact::ZERO, self.split);
        for leg in self.legs {
            let part = match &leg.portion {
                Portion::Rate(share) => names.clone().unfold(share),
                Portion::All => number(Exact::ONE, leg.span),
                // An amount takes at most what the legs before it leave.
                Portion::Rest | Portion::Amount(_) => continue,
            };
            let span = leg.span;
            let kind = ExprKind::Arithmetic(Arithmetic::Add, Box::new(sum), Box::new(part));
            sum = Expr { kind, ty: Type::Rate, span };
        }
        sum
    }

    /// The legs of the block, as a place; if a scenario put one in, that one, wherever it stands.
    fn span(&self) -> Span {
        let inside = |leg: &&Leg| {
            leg.span.file == self.split.file
                && self.split.start <= leg.span.start
                && leg.span.end <= self.split.end
        };
        if let Some(amended) = self.legs.iter().find(|leg| !inside(leg)) {
            return amended.span;
        }
        self.legs.iter().map(|leg| leg.span).reduce(Span::join).unwrap_or(self.split)
    }

    fn wrong_sum(&self, worth: Option<&Constant>, witness: Vec<(String, String)>) -> Diagnostic {
        let sum = match worth {
            Some(Constant::Number(sum)) => rate(sum),
            Some(_) | None => "?".to_owned(),
        };
        let (code, words, help) = if self.rest {
            (
                BEYOND_WHOLE,
                Words::new(
                    format!("the shares beside `rest` sum to {sum}"),
                    format!("「其余」之外各份之和为 {sum}"),
                ),
                Words::new("they may take 100% at most", "至多为 100%"),
            )
        } else {
            (
                NOT_WHOLE,
                Words::new(
                    format!("the shares sum to {sum} instead of 100%"),
                    format!("各份之和为 {sum}，应为 100%"),
                ),
                Words::new(
                    "mend the shares, or let one leg be `rest`",
                    "改正比率，或将其中一项改为「其余」",
                ),
            )
        };
        Diagnostic::error(code, self.span(), words).with_witness(witness).with_help(help)
    }

    fn unproven(&self) -> Diagnostic {
        let words =
            Words::new("it cannot be shown that the shares sum to 100%", "无法证明各份之和为 100%");
        let help = Words::new(
            "let the leg that bears the difference be `rest`",
            "将承担差额的分项改为「其余」",
        );
        Diagnostic::error(NOT_WHOLE, self.span(), words).with_help(help)
    }
}
