//! Money that rules take or raise without dividing an event or pool of a higher level: a transfer draws
//! on an account, a stage empties one, a levy fills what another's rules divide.

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{
    Account, AccountId, Body, Delegated, EventSource, Level, Levy, LevyCase, RuleCase, RuleSet,
    Target, Type,
};

use super::authority::{DIVIDES_HIGHER, Power, delegations, is_above, law};
use super::guards;

/// A rule's case against the accounts of higher levels that it takes money from.
pub(super) fn check_case(power: &Power<'_>, case: &RuleCase, found: &mut Vec<Diagnostic>) {
    let (rules, level, own) = (power.rules, power.level, &power.rule.name);
    if let Body::Transfers(transfers) = &case.body {
        // An open item without an amount says who owes; nothing is drawn.
        for transfer in transfers.iter().filter(|transfer| transfer.amount.is_some()) {
            for from in &transfer.from {
                let Some(account) = of_higher(rules, level, from.account) else { continue };
                let (own, name) = (&own.text, &account.name.text);
                let words = Words::new(
                    format!("rule `{own}` draws on `{name}`, an account of a higher level"),
                    format!("规则「{own}」动用上级账户「{name}」"),
                );
                found.push(drawn(rules, transfer.span, words, account));
            }
        }
    }
    let event = rules.events.get(case.event.index());
    if let Some(EventSource::Stage { closes, .. }) = event.map(|event| &event.source)
        && let Some(account) = of_higher(rules, level, *closes)
    {
        let (text, name) = (&own.text, &account.name.text);
        let words = Words::new(
            format!(
                "rule `{text}` divides what a stage takes out of `{name}`, an account of a higher \
                 level"
            ),
            format!("规则「{text}」分配结转自上级账户「{name}」的款项"),
        );
        found.push(drawn(rules, own.span, words, account));
    }
}

/// A levy against the pools of higher levels.
pub(super) fn check_levy(
    rules: &RuleSet,
    level: &Level,
    levy: &Levy,
    case: &LevyCase,
    found: &mut Vec<Diagnostic>,
) {
    let Target::Pool { pool: id, .. } = &case.into else { return };
    let Some(pool) = rules.pools.get(id.index()) else { return };
    let handed_down = || !delegations(rules, level, Delegated::Pool(*id), pool.module).is_empty();
    if !is_above(rules, pool.module, level) || handed_down() {
        return;
    }
    let (own, name) = (&levy.name, &pool.name.text);
    let words = Words::new(
        format!("levy `{}` fills `{name}`, a pool of a higher level", own.text),
        format!("征收「{}」注入上级待分「{name}」", own.text),
    );
    let divides = rules
        .rules
        .iter()
        .find(|rule| rule.cases.iter().any(|case| guards::fills(&case.body).contains(id)));
    let cite = divides.and_then(|rule| rule.cite.clone());
    let help = Words::new(
        format!(
            "raise it into an account, or let `{name}` be handed down: `delegates {name} to …`"
        ),
        format!("改为征入账户；或由其所在模块下放：「下放 {name} 归 …」"),
    );
    found.push(
        Diagnostic::error(DIVIDES_HIGHER, own.span, words)
            .with_note(pool.name.span, law(rules, &cite))
            .with_help(help),
    );
}

/// The account, if it is a higher level's. One whose key names a region is that region's: whether it
/// is the rule's own region is asked elsewhere.
fn of_higher<'a>(rules: &'a RuleSet, level: &Level, account: AccountId) -> Option<&'a Account> {
    let account = rules.accounts.get(account.index())?;
    let of_region = account.keys.iter().any(|key| is_tree(rules, key));
    let what = Delegated::Account(account.id);
    let handed_down = || !delegations(rules, level, what, account.module).is_empty();
    (!of_region && is_above(rules, account.module, level) && !handed_down()).then_some(account)
}

/// Whether a key names a region.
fn is_tree(rules: &RuleSet, key: &Type) -> bool {
    let Type::Member(tree) = key.required() else { return false };
    let levels = rules.modules.iter().flat_map(|module| super::regions::own(&module.authority));
    levels.into_iter().any(|(one, _)| one == *tree)
}

fn drawn(rules: &RuleSet, at: Span, words: Words, account: &Account) -> Diagnostic {
    let id = account.id;
    let paid_by = rules.rules.iter().find(|rule| {
        let mut pays = false;
        for case in &rule.cases {
            guards::each_target(&case.body, &mut |target| {
                pays |= matches!(target, Target::Account(place) if place.account == id);
            });
        }
        pays && rule.cite.is_some()
    });
    let cite = paid_by.and_then(|rule| rule.cite.clone());
    let name = &account.name.text;
    let help = Words::new(
        format!(
            "draw on accounts of its own, override a rule that was handed down and does this, or let \
             the account be handed down: `delegates {name} to …`"
        ),
        format!(
            "动用本级账户；或优先于一条已下放的、有此内容的规则；或由其所在模块下放该账户：\
             「下放 {name} 归 …」"
        ),
    );
    Diagnostic::error(DIVIDES_HIGHER, at, words)
        .with_note(account.name.span, law(rules, &cite))
        .with_help(help)
}
