//! Accounts whose balance means something, and the currencies that reach them.

use std::collections::BTreeMap;

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{AccountId, Body, CurrencyId, EventSource, RuleSet};

codes! {
    /// **What it finds.** An account that money of two currencies reaches, and whose balance matters:
    /// it `holds`, a stage closes it, or a transfer draws it down to zero before another.
    ///
    /// **Why it matters.** A balance is one number. Yen and yuan added up are no amount of anything,
    /// and a stage would take out what nobody put in.
    ///
    /// **Not so:**
    /// ```fen
    /// currency EUR scale 2
    /// account reserve holds
    /// event grant { id : text unique; date : date effective; sum_granted : money EUR inflow }
    /// rule kept of receipt
    ///   split inflow
    ///     all to reserve
    /// rule granted of grant
    ///   split inflow
    ///     all to reserve
    /// ```
    /// **But so:**
    /// ```fen
    /// currency EUR scale 2
    /// account reserve holds
    /// account reserve_in_euro holds
    /// event grant { id : text unique; date : date effective; sum_granted : money EUR inflow }
    /// rule kept of receipt
    ///   split inflow
    ///     all to reserve
    /// rule granted of grant
    ///   split inflow
    ///     all to reserve_in_euro
    /// ```
    TWO_CURRENCIES "F0356" "an account of two currencies" "一个账户两种币种";
}

/// Every account that holds, is closed, or is drawn down.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    let mut reached: BTreeMap<AccountId, BTreeMap<CurrencyId, Span>> = BTreeMap::new();
    for (account, event, span) in rules.reached() {
        let currencies = reached.entry(account).or_default();
        currencies.entry(rules.currency_of(event)).or_insert(span);
    }
    for account in &rules.accounts {
        let currencies = reached.get(&account.id);
        let mut currencies = currencies.into_iter().flatten();
        let (Some(one), Some((other, second))) = (currencies.next(), currencies.next()) else {
            continue;
        };
        if !account.holds && !is_closed(rules, account.id) && !is_drawn_down(rules, account.id) {
            continue;
        }
        let code = |currency: CurrencyId| {
            let declared = rules.currencies.get(currency.index());
            declared.map_or("CNY", |currency| currency.name.as_str())
        };
        let (name, one_code, other_code) = (&account.name.text, code(*one.0), code(*other));
        let message = Words::new(
            format!(
                "both {one_code} and {other_code} reach account `{name}`, which has one balance"
            ),
            format!("账户「{name}」只有一个余额，却有{one_code}与{other_code}两种币种进出"),
        );
        let moved = |code: &str| Words::new(format!("{code} here"), format!("此处为{code}"));
        let finding = Diagnostic::error(TWO_CURRENCIES, account.name.span, message)
            .with_note(*one.1, moved(one_code))
            .with_note(*second, moved(other_code))
            .with_help(Words::new(
                "declare an account for each currency",
                "请为每种币种各设一个账户",
            ));
        found.push(finding);
    }
}

fn is_closed(rules: &RuleSet, account: AccountId) -> bool {
    rules.events.iter().any(
        |event| matches!(&event.source, EventSource::Stage { closes, .. } if *closes == account),
    )
}

/// Whether a transfer draws on it before another account.
fn is_drawn_down(rules: &RuleSet, account: AccountId) -> bool {
    let cases = rules.rules.iter().flat_map(|rule| &rule.cases);
    let transfers = cases.filter_map(|case| match &case.body {
        Body::Transfers(transfers) => Some(transfers),
        Body::Split(_) => None,
    });
    transfers.flatten().any(|transfer| {
        let before_the_last = transfer.from.len().saturating_sub(1);
        transfer.from.iter().take(before_the_last).any(|place| place.account == account)
    })
}
