//! Where money flows: pools must be filled, emptied, and never flow in a circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::{Diagnostic, Words};
use crate::model::{
    AccountId, Body, Event, EventId, EventSource, Pool, PoolId, Rule, RuleCase, RuleSet,
    Settlement, Source, Split, Target, Type,
};

use super::guards::{fills, overrides, splitting};
use super::walk;

codes! {
    /// **What it finds.** Rules that override each other in a circle.
    ///
    /// **Why it matters.** Where both apply each would remove the other, and the money would have no
    /// rule.
    ///
    /// **Not so:**
    /// ```fen
    /// rule one overrides two
    ///   split inflow
    ///     all  to central
    ///
    /// rule two overrides one
    ///   split inflow
    ///     all  to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// rule one
    ///   split inflow
    ///     all  to central
    ///
    /// rule two overrides one
    ///   when tax = vat
    ///   split inflow
    ///     all  to treasury[destination]
    /// ```
    OVERRIDE_CIRCLE "F0316" "rules that override each other" "规则互相优先";

    /// **What it finds.** A pool that a rule divides although nothing flows into it, or a stage that
    /// closes an account into which nothing is paid.
    ///
    /// **Why it matters.** The rule reads as if it shared money, and shares none.
    ///
    /// **Not so:**
    /// ```fen
    /// pool fund
    ///
    /// rule kept
    ///   split inflow
    ///     all  to treasury[destination]
    ///
    /// rule divided
    ///   split fund
    ///     all  to central
    /// ```
    /// **But so:**
    /// ```fen
    /// pool fund
    ///
    /// rule kept
    ///   split inflow
    ///     10%   to fund
    ///     rest  to treasury[destination]
    ///
    /// rule divided
    ///   split fund
    ///     all  to central
    /// ```
    NEVER_FILLED "F0320" "a pool nothing fills" "无来源的待分";

    /// **What it finds.** A pool into which money flows and which no rule empties.
    ///
    /// **Why it matters.** Every event that fills it would be set aside: a pool is on the way, not an
    /// account.
    ///
    /// **Not so:**
    /// ```fen
    /// pool fund
    ///
    /// rule kept
    ///   split inflow
    ///     10%   to fund
    ///     rest  to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// account fund
    ///
    /// rule kept
    ///   split inflow
    ///     10%   to fund
    ///     rest  to treasury[destination]
    /// ```
    NEVER_EMPTIED "F0321" "a pool nothing empties" "无去向的待分";

    /// **What it finds.** An event kind on which a pool is filled but no rule empties it, or whose inflow
    /// no rule divides.
    ///
    /// **Why it matters.** Every such event would be set aside.
    ///
    /// **Not so:**
    /// ```fen
    /// event fee { id : text unique; date : date effective; amount : money inflow }
    ///
    /// rule kept of receipt
    ///   split inflow
    ///     all  to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// event fee { id : text unique; date : date effective; amount : money inflow }
    ///
    /// rule kept of receipt
    ///   split inflow
    ///     all  to treasury[destination]
    ///
    /// rule of_fees of fee
    ///   split inflow
    ///     all  to central
    /// ```
    NOT_EMPTIED_ON "F0322" "an event kind without a rule" "有事项无规则可用";

    /// **What it finds.** Pools that flow into each other in a circle.
    ///
    /// **Why it matters.** A pool is emptied once, when all that can reach it has arrived; in a circle
    /// that moment never comes.
    ///
    /// **Not so:**
    /// ```fen
    /// pool there
    /// pool back
    ///
    /// rule in
    ///   split inflow
    ///     all  to there
    ///
    /// rule out
    ///   split there
    ///     50%   to back
    ///     rest  to central
    ///
    /// rule again
    ///   split back
    ///     all  to there
    /// ```
    /// **But so:**
    /// ```fen
    /// pool there
    /// pool back
    ///
    /// rule in
    ///   split inflow
    ///     all  to there
    ///
    /// rule out
    ///   split there
    ///     50%   to back
    ///     rest  to central
    ///
    /// rule again
    ///   split back
    ///     all  to treasury[destination]
    /// ```
    CIRCLE "F0323" "money that flows in a circle" "资金循环流动";

    /// **What it finds.** A stage that closes an account into which it, or a later stage, pays.
    ///
    /// **Why it matters.** Stages run one after another, each over what the passes before it left. What
    /// comes later would never be closed.
    ///
    /// **Not so:**
    /// ```fen
    /// account advance[Region]
    ///
    /// rule paid of receipt
    ///   split inflow
    ///     all  to advance[destination]
    ///
    /// stage netting closes advance[Region] at end of month
    ///
    /// rule netted of netting
    ///   split inflow
    ///     all  to advance[beijing]
    /// ```
    /// **But so:**
    /// ```fen
    /// account advance[Region]
    ///
    /// rule paid of receipt
    ///   split inflow
    ///     all  to advance[destination]
    ///
    /// stage netting closes advance[Region] at end of month
    ///
    /// rule netted of netting
    ///   split inflow
    ///     all  to treasury[beijing]
    /// ```
    STAGE_CIRCLE "F0324" "a stage that pays into what it closes" "清算循环";
}

/// Pools, inflows, stages and overrides.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    check_overrides(rules, found);
    let filled = filled_on(rules);
    for (at, pool) in rules.pools.iter().enumerate() {
        check_pool(rules, PoolId::next(at), pool, &filled, found);
    }
    for (at, event) in rules.events.iter().enumerate() {
        let id = EventId::next(at);
        check_inflow(rules, id, event, found);
        check_circles(rules, id, event, found);
        check_stage(rules, id, event, &filled, found);
    }
}

fn check_overrides(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    let circular = rules.rules.iter().filter(|rule| overrides(rules, rule.id, rule.id));
    for rule in circular {
        let name = &rule.name.text;
        let words = Words::new(
            format!("rule `{name}` overrides itself, directly or through others"),
            format!("规则「{name}」直接或间接优先于自身"),
        );
        let help = Words::new("let one of them stand behind", "应有一条居后");
        found.push(Diagnostic::error(OVERRIDE_CIRCLE, rule.name.span, words).with_help(help));
    }
}

/// The event kinds on which each pool is filled: by a levy, by a transfer, or by a rule that has
/// something to divide on that kind.
fn filled_on(rules: &RuleSet) -> BTreeMap<PoolId, BTreeSet<EventId>> {
    let mut found: BTreeMap<PoolId, BTreeSet<EventId>> = BTreeMap::new();
    for case in rules.levies.iter().flat_map(|levy| &levy.cases) {
        if let Target::Pool { pool, .. } = case.into {
            found.entry(pool).or_default().insert(case.event);
        }
    }
    let mut size = None;
    // Each round reaches pools one step further; there are no more steps than pools.
    while size != Some(found.values().map(BTreeSet::len).sum::<usize>()) {
        size = Some(found.values().map(BTreeSet::len).sum());
        for case in rules.rules.iter().flat_map(|rule| &rule.cases) {
            let something = match &case.body {
                Body::Transfers(_) => true,
                Body::Split(split) => match split.source {
                    Source::Inflow => has_inflow(rules, case.event),
                    Source::Pool(pool) => {
                        found.get(&pool).is_some_and(|events| events.contains(&case.event))
                    }
                },
            };
            for pool in fills(&case.body).into_iter().filter(|_| something) {
                found.entry(pool).or_default().insert(case.event);
            }
        }
    }
    found
}

fn has_inflow(rules: &RuleSet, event: EventId) -> bool {
    rules.events.get(event.index()).is_some_and(|event| event.inflow.is_some())
}

fn check_pool(
    rules: &RuleSet,
    id: PoolId,
    pool: &Pool,
    filled: &BTreeMap<PoolId, BTreeSet<EventId>>,
    found: &mut Vec<Diagnostic>,
) {
    let name = &pool.name.text;
    let emptied = rules.rules.iter().find(|rule| {
        rule.cases.iter().any(
            |case| matches!(&case.body, Body::Split(split) if split.source == Source::Pool(id)),
        )
    });
    match (filled.get(&id), emptied) {
        (None, Some(rule)) => {
            let words = Words::new(
                format!("nothing flows into pool `{name}`"),
                format!("没有款项进入待分「{name}」"),
            );
            let note = Words::new("this rule divides it", "此规则分配它");
            let finding = Diagnostic::warning(NEVER_FILLED, pool.name.span, words);
            found.push(finding.with_note(rule.name.span, note));
        }
        (Some(_), None) => {
            let words = Words::new(
                format!("no rule empties pool `{name}`"),
                format!("没有规则分配待分「{name}」"),
            );
            let help = Words::new(
                "write a rule that splits it; or make it an account, if money stays there",
                "写一条分配它的规则；若款项留存于此，应为账户",
            );
            let finding = Diagnostic::error(NEVER_EMPTIED, pool.name.span, words);
            found.push(finding.with_help(help));
        }
        (Some(events), Some(_)) => {
            for event in events {
                check_pool_on(rules, id, pool, *event, found);
            }
        }
        // Neither: it is unused.
        (None, None) => {}
    }
}

fn check_pool_on(
    rules: &RuleSet,
    id: PoolId,
    pool: &Pool,
    event: EventId,
    found: &mut Vec<Diagnostic>,
) {
    if splitting(rules, event, Source::Pool(id)).next().is_some() {
        return;
    }
    let (name, kind) = (&pool.name.text, event_name(rules, event));
    let words = Words::new(
        format!("`{kind}` fills pool `{name}`, but no rule empties it on that event"),
        format!("「{kind}」使款项进入待分「{name}」，但没有规则在该事项上分配它"),
    );
    let filler = rules.rules.iter().find(|rule| {
        rule.cases.iter().any(|case| case.event == event && fills(&case.body).contains(&id))
    });
    let span = filler.map_or(pool.name.span, |rule| rule.name.span);
    let help = Words::new(
        "a rule serves the events that have all fields it uses, or those it names with `of`",
        "规则适用于具备其所用全部字段的事项，或以「适用于」写明的事项",
    );
    let note = Words::new("the pool", "该待分");
    let finding = Diagnostic::error(NOT_EMPTIED_ON, span, words);
    found.push(finding.with_note(pool.name.span, note).with_help(help));
}

fn check_inflow(rules: &RuleSet, id: EventId, event: &Event, found: &mut Vec<Diagnostic>) {
    // An event that must name the one it reverses asks no rule.
    let reverses = event.reverses.and_then(|(field, _)| event.fields.get(field.index()));
    let always = reverses.is_some_and(|field| !matches!(field.ty, Type::Optional(_)));
    let divided = splitting(rules, id, Source::Inflow).next().is_some();
    if event.inflow.is_none() || divided || always {
        return;
    }
    let name = &event.name.text;
    let words = Words::new(
        format!("no rule divides the inflow of `{name}`"),
        format!("没有规则分配「{name}」的流入"),
    );
    let help = Words::new(
        "write a rule with `split inflow` for it; a field that is a fact and no receipt is not `inflow`",
        "为其写一条「分配 流入」的规则；若该字段仅为事实而非收入，则不应标为「流入」",
    );
    found.push(Diagnostic::error(NOT_EMPTIED_ON, event.name.span, words).with_help(help));
}

fn check_circles(rules: &RuleSet, id: EventId, event: &Event, found: &mut Vec<Diagnostic>) {
    let mut edges: BTreeMap<PoolId, BTreeSet<PoolId>> = BTreeMap::new();
    let mut by: BTreeMap<PoolId, &Rule> = BTreeMap::new();
    for (rule, case) in cases_on(rules, id) {
        if let Body::Split(split) = &case.body
            && let Source::Pool(pool) = split.source
        {
            edges.entry(pool).or_default().extend(fills(&case.body));
            by.entry(pool).or_insert(rule);
        }
    }
    for (pool, rule) in by {
        if !reaches(&edges, pool, pool) {
            continue;
        }
        let declared = rules.pools.get(pool.index());
        let name = declared.map_or("", |pool| pool.name.text.as_str());
        let kind = &event.name.text;
        let words = Words::new(
            format!("on `{kind}` pool `{name}` flows back into itself"),
            format!("在「{kind}」上，待分「{name}」流回自身"),
        );
        let help = Words::new(
            "a pool is emptied once; let what comes back go into a pool of its own",
            "每个待分只分配一次；回流部分应另设待分",
        );
        found.push(Diagnostic::error(CIRCLE, rule.name.span, words).with_help(help));
        // The other pools of the circle say nothing new.
        break;
    }
}

fn reaches(edges: &BTreeMap<PoolId, BTreeSet<PoolId>>, from: PoolId, to: PoolId) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        for target in edges.get(&next).into_iter().flatten() {
            if *target == to {
                return true;
            }
            if seen.insert(*target) {
                open.push(*target);
            }
        }
    }
    false
}

fn check_stage(
    rules: &RuleSet,
    id: EventId,
    event: &Event,
    filled: &BTreeMap<PoolId, BTreeSet<EventId>>,
    found: &mut Vec<Diagnostic>,
) {
    let EventSource::Stage { closes, .. } = &event.source else { return };
    let (stage, account) = (&event.name.text, rules.accounts.get(closes.index()));
    let account = account.map_or("", |account| account.name.text.as_str());
    let mut paid = false;
    for (at, other) in rules.events.iter().enumerate() {
        let payer = EventId::next(at);
        // A rule on a pool that the event never fills pays nothing.
        let divides = |case: &RuleCase| match &case.body {
            Body::Split(Split { source: Source::Pool(pool), .. }) => {
                filled.get(pool).is_some_and(|events| events.contains(&payer))
            }
            Body::Split(_) | Body::Transfers(_) => true,
        };
        let mut on = cases_on(rules, payer);
        let payers = on.find(|(_, case)| divides(case) && pays_into(case, *closes));
        let levied = rules.levies.iter().flat_map(|levy| &levy.cases).any(|case| {
            case.event == payer
                && matches!(&case.into, Target::Account(to) if to.account == *closes)
        });
        paid |= payers.is_some() || levied;
        let later = matches!(other.source, EventSource::Stage { .. }) && id <= payer;
        if let Some((rule, _)) = payers.filter(|_| later) {
            let kind = &other.name.text;
            let words = Words::new(
                format!("`{kind}` pays into `{account}`, which stage `{stage}` has closed by then"),
                format!("「{kind}」记入「{account}」，而清算「{stage}」此前已将其结清"),
            );
            let help = Words::new(
                "stages run in the order of declaration, each over what those before it left",
                "各清算按声明先后进行，逐一处理此前所余",
            );
            found.push(Diagnostic::error(STAGE_CIRCLE, rule.name.span, words).with_help(help));
        }
    }
    if !paid {
        let words = Words::new(
            format!("nothing is paid into `{account}`, which stage `{stage}` closes"),
            format!("没有款项记入「{account}」，而清算「{stage}」要结清它"),
        );
        found.push(Diagnostic::warning(NEVER_FILLED, event.name.span, words));
    }
}

fn pays_into(case: &RuleCase, account: AccountId) -> bool {
    let mut paid = false;
    let mut visit = |target: &Target| {
        paid |= matches!(target, Target::Account(place) if place.account == account);
    };
    match &case.body {
        Body::Split(split) => walk::each_target(&split.target, &mut visit),
        Body::Transfers(transfers) => {
            for transfer in transfers {
                walk::each_target(&transfer.to, &mut visit);
            }
        }
    }
    let kept = match &case.settlement {
        Some(Settlement::RemainderTo(place) | Settlement::KeptApartIn(place)) => {
            place.account == account
        }
        Some(Settlement::LargestRemainder | Settlement::InOrder | Settlement::CarriedPer(_))
        | None => false,
    };
    paid || kept
}

fn cases_on(rules: &RuleSet, event: EventId) -> impl Iterator<Item = (&Rule, &RuleCase)> {
    rules.rules.iter().flat_map(move |rule| {
        let cases = rule.cases.iter().filter(move |case| case.event == event);
        cases.map(move |case| (rule, case))
    })
}

fn event_name(rules: &RuleSet, event: EventId) -> &str {
    rules.events.get(event.index()).map_or("", |event| event.name.text.as_str())
}
