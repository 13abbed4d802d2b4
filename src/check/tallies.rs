//! Running totals: fed, read, and fed with what has settled.

use std::collections::BTreeSet;

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{
    Arithmetic, Body, Bound, CarryId, Expr, ExprKind, Feed, Leg, RuleSet, Split, TallyId, Target,
};

use super::walk;

codes! {
    /// **What it finds.** `up to … in total` on a leg that feeds no tally, or `closed once reached`
    /// without `in total`.
    ///
    /// **Why it matters.** A bound of a running total needs the total: `as NAME per …` says what is
    /// added up, and under which key.
    ///
    /// **Not so:**
    /// ```fen
    /// rule capped
    ///   split inflow
    ///     50%   up to 1_000 in total   to central
    ///     rest                         to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// rule capped
    ///   split inflow
    ///     50%   up to 1_000 in total   to central   as given per enterprise
    ///     rest                         to treasury[destination]
    /// ```
    TOTAL_WITHOUT_TALLY "F0340" "a bound in total without a tally" "累计限额未记台账";

    /// **What it finds.** A leg that feeds a tally, or has a bound in total, and goes into a pool, in a
    /// split that is not `settled`.
    ///
    /// **Why it matters.** A total counts settled amounts. What goes into a pool settles only later,
    /// together with what others put there, so nobody could say how much of it was this leg's. A split
    /// marked `settled` settles when it is made.
    ///
    /// **Not so:**
    /// ```fen
    /// rule in_part
    ///   split inflow
    ///     50%   to local   as given per enterprise
    ///     rest  to central
    /// rule onwards
    ///   split local
    ///     all   to treasury[destination]
    /// rule closed overrides onwards
    ///   when total(given) > 100
    ///   split local
    ///     all   to central
    /// ```
    /// **But so:**
    /// ```fen
    /// rule in_part
    ///   split inflow settled
    ///     50%   to local   as given per enterprise
    ///     rest  to central
    /// rule onwards
    ///   split local
    ///     all   to treasury[destination]
    /// rule closed overrides onwards
    ///   when total(given) > 100
    ///   split local
    ///     all   to central
    /// ```
    UNSETTLED_FEED "F0341" "a tally fed before it settles" "未取整即记台账";

    /// **What it finds.** A tally that rules read and nothing feeds.
    ///
    /// **Why it matters.** Its total is zero for ever, and every condition on it is decided.
    ///
    /// **Not so:**
    /// ```fen
    /// tally given per enterprise : money
    /// rule shared
    ///   when total(given) < 1_000
    ///   split inflow
    ///     all   to central
    /// rule kept
    ///   when total(given) >= 1_000
    ///   split inflow
    ///     all   to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// tally given per enterprise : money
    /// rule shared
    ///   when total(given) < 1_000
    ///   split inflow
    ///     all   to central   as given
    /// rule kept
    ///   when total(given) >= 1_000
    ///   split inflow
    ///     all   to treasury[destination]
    /// ```
    NEVER_FED "F0342" "a tally nothing feeds" "台账从未记入";

    /// **What it finds.** A tally that is fed and never read.
    ///
    /// **Why it matters.** It costs memory for every key, and a rule was perhaps meant to ask for it.
    ///
    /// **Not so:**
    /// ```fen
    /// rule shared
    ///   split inflow
    ///     50%   to central   as given per enterprise
    ///     rest  to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// rule shared
    ///   split inflow
    ///     50%   up to 1_000 in total   to central   as given per enterprise
    ///     rest                         to treasury[destination]
    /// ```
    NEVER_READ "F0343" "a tally nothing reads" "台账从未读取";

    /// **What it finds.** A carry whose new value is its old one times or over something, unrounded.
    ///
    /// **Why it matters.** Values are exact: with every event the fraction grows longer, until after some
    /// hundred events it is wider than is held and the event is set aside.
    ///
    /// **Not so:**
    /// ```fen
    /// carry pot per enterprise : money starts 0
    ///   on receipt becomes pot * 103.3% + amount
    /// rule shared
    ///   when pot < 1_000
    ///   split inflow
    ///     all  to central
    /// rule kept
    ///   when pot >= 1_000
    ///   split inflow
    ///     all  to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// carry pot per enterprise : money starts 0
    ///   on receipt becomes pot * 103.3% + amount rounded half up
    /// rule shared
    ///   when pot < 1_000
    ///   split inflow
    ///     all  to central
    /// rule kept
    ///   when pot >= 1_000
    ///   split inflow
    ///     all  to treasury[destination]
    /// ```
    GROWING_CARRY "F0344" "a carry that multiplies itself" "结转逐笔自乘而不取整";

    /// **What it finds.** A leg that feeds a tally and stands inside another leg which feeds the same
    /// tally under the same key.
    ///
    /// **Why it matters.** A leg adds all that the legs inside it get: what the inner one gets is
    /// added twice.
    ///
    /// **Not so:**
    /// ```fen
    /// rule capped
    ///   split inflow
    ///     50% {
    ///       30%   up to 1_000 in total   to central   as given per enterprise
    ///       rest                         to treasury[destination]
    ///     } as given
    ///     rest  to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// rule capped
    ///   split inflow
    ///     50% {
    ///       30%   up to 1_000 in total   to central   as given per enterprise
    ///       rest                         to treasury[destination]
    ///     }
    ///     rest  to treasury[destination]
    /// ```
    COUNTED_TWICE "F0349" "an amount counted twice" "同一款项两次记入台账";
}

/// Feeds, bounds in total, tallies and carries.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    let mut state = State::default();
    for case in rules.rules.iter().flat_map(|rule| &rule.cases) {
        match &case.body {
            Body::Split(split) => state.target(&split.target, (split, &[]), found),
            Body::Transfers(transfers) => {
                let feeds = transfers.iter().filter_map(|transfer| transfer.feed.as_ref());
                state.fed.extend(feeds.map(|feed| feed.tally));
            }
        }
    }
    let levied = rules.levies.iter().flat_map(|levy| &levy.cases);
    state.fed.extend(levied.filter_map(|case| case.feed.as_ref()).map(|feed| feed.tally));
    for expr in walk::in_rules(rules) {
        walk::each(expr, &mut |part| {
            if let ExprKind::Total { tally, .. } = &part.kind {
                state.read.insert(*tally);
            }
        });
    }
    for (at, tally) in rules.tallies.iter().enumerate() {
        let (id, name) = (TallyId::next(at), &tally.name.text);
        let fed = state.fed.contains(&id) || !tally.feeders.is_empty();
        match (fed, state.read.contains(&id)) {
            (true, true) => {}
            (false, true) => {
                let words = Words::new(
                    format!("nothing feeds tally `{name}`"),
                    format!("没有任何款项记入台账「{name}」"),
                );
                let help = Words::new(
                    "feed it by `as` on a leg, or by `on EVENT adds …`",
                    "以分项的「记入」或「于 事项 加 …」记入",
                );
                found.push(Diagnostic::warning(NEVER_FED, tally.span, words).with_help(help));
            }
            (_, false) => {
                let words = Words::new(
                    format!("tally `{name}` is never read"),
                    format!("台账「{name}」从未读取"),
                );
                found.push(Diagnostic::warning(NEVER_READ, tally.span, words));
            }
        }
    }
    carries(rules, found);
}

/// Which tallies are fed and read by legs.
#[derive(Default)]
struct State {
    fed: BTreeSet<TallyId>,
    read: BTreeSet<TallyId>,
}

impl State {
    /// The legs of a target within a split and within legs that feed.
    fn target(
        &mut self,
        target: &Target,
        (split, above): (&Split, &[&Feed]),
        found: &mut Vec<Diagnostic>,
    ) {
        let waterfall = matches!(target, Target::InOrder(_));
        for leg in walk::legs_of(target) {
            if let Some(feed) = &leg.feed {
                self.fed.insert(feed.tally);
                // A waterfall takes back down to a total of zero; a bound in total asks for it too.
                if waterfall || is_bounded_in_total(leg) {
                    self.read.insert(feed.tally);
                }
            }
            check_leg(leg, split, found);
            let mut feeding = above.to_vec();
            if let Some(feed) = &leg.feed {
                if above.iter().any(|other| alike(feed, other)) {
                    found.push(counted_twice(leg.span));
                }
                feeding.push(feed);
            }
            self.target(&leg.target, (split, &feeding), found);
        }
    }
}

/// Whether two legs feed one tally under one key.
fn alike(one: &Feed, other: &Feed) -> bool {
    one.tally == other.tally && one.keys == other.keys
}

fn counted_twice(leg: Span) -> Diagnostic {
    let words = Words::new(
        "what this leg gets is counted twice: a leg around it feeds the same tally",
        "此分项所得两次记入台账：其外层分项亦记入同一台账",
    );
    let help = Words::new(
        "feed the tally by one of the two, or another tally by one of them",
        "仅由其一记入，或其一改记另一台账",
    );
    Diagnostic::warning(COUNTED_TWICE, leg, words).with_help(help)
}

fn is_bounded_in_total(leg: &Leg) -> bool {
    leg.bounds.iter().any(|bound| matches!(bound, Bound::UpTo { in_total: true, .. }))
}

fn check_leg(leg: &Leg, split: &Split, found: &mut Vec<Diagnostic>) {
    for bound in &leg.bounds {
        let Bound::UpTo { amount, in_total, closed_once_reached } = bound else { continue };
        let (words, help) = if *in_total && leg.feed.is_none() {
            (
                Words::new(
                    "a bound in total on a leg that feeds no tally",
                    "分项设累计限额而未记台账",
                ),
                Words::new(
                    "say what is added up, and under which key: `as NAME per …`",
                    "写明累计什么、按何键：「记入 名称 按 …」",
                ),
            )
        } else if *closed_once_reached && !*in_total {
            (
                Words::new(
                    "`closed once reached` on a bound that is not in total",
                    "「达到即止」所附限额并非累计",
                ),
                Words::new(
                    "write `up to … in total, closed once reached`",
                    "写作「不超过 … 累计，达到即止」",
                ),
            )
        } else {
            continue;
        };
        found.push(Diagnostic::error(TOTAL_WITHOUT_TALLY, amount.span, words).with_help(help));
    }
    let counted = leg.feed.is_some() || is_bounded_in_total(leg);
    if let Some(pool) = pool_below(leg).filter(|_| counted && split.settled.is_none()) {
        let words = Words::new(
            "a leg that is counted goes into a pool before it has settled",
            "记入台账的分项在取整之前进入待分",
        );
        let help = Words::new(
            "mark the split: `split … settled`",
            "将此分配标为「即时取整」：「分配 … 即时取整」",
        );
        found.push(Diagnostic::error(UNSETTLED_FEED, pool, words).with_help(help));
    }
}

/// A leg that ends in a pool, at or below a leg.
fn pool_below(leg: &Leg) -> Option<Span> {
    if matches!(leg.target, Target::Pool { .. }) {
        return Some(leg.span);
    }
    walk::legs_of(&leg.target).into_iter().find_map(pool_below)
}

fn carries(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    for (at, carry) in rules.carries.iter().enumerate() {
        let id = CarryId::next(at);
        for change in carry.changes.iter().filter(|change| grows(&change.value, id)) {
            let name = &carry.name.text;
            let words = Words::new(
                format!("`{name}` multiplies itself and is not rounded"),
                format!("「{name}」逐笔自乘而不取整"),
            );
            let help = Words::new(
                "round it: `becomes … rounded half up`",
                "应取整：「变为 … 取整 四舍五入」",
            );
            let finding = Diagnostic::warning(GROWING_CARRY, change.value.span, words);
            found.push(finding.with_help(help));
        }
    }
}

/// Whether a carry stands in a product or quotient outside any rounding.
fn grows(expr: &Expr, carry: CarryId) -> bool {
    match &expr.kind {
        ExprKind::Rounded(..) => false,
        ExprKind::Arithmetic(Arithmetic::Multiply | Arithmetic::Divide, left, right) => {
            let itself = |part: &Expr| {
                walk::any(
                    part,
                    &|part| matches!(part.kind, ExprKind::Carried { carry: it, .. } if it == carry),
                )
            };
            itself(left) || itself(right)
        }
        _ => walk::children(expr).into_iter().any(|child| grows(child, carry)),
    }
}
