//! The currencies that nobody declares: of accounts, and of events without an inflow.

use std::collections::BTreeMap;

use super::Resolver;
use super::scope::Scope;
use super::{Resolved, words};
use crate::diagnostics::Words;
use crate::model::{AccountId, CurrencyId, EventId, Expr, RuleSet, Type};
use crate::syntax::ast;

/// What a round of resolving saw, for the next one to go by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Assumed {
    accounts: BTreeMap<AccountId, CurrencyId>,
    events: Vec<CurrencyId>,
}

impl Assumed {
    pub fn seen(set: &RuleSet) -> Assumed {
        let events = (0..set.events.len()).map(|at| set.currency_of(EventId::next(at)));
        let events: Vec<CurrencyId> = events.collect();
        let mut accounts: BTreeMap<AccountId, CurrencyId> = BTreeMap::new();
        for (account, event, _) in set.reached() {
            let currency = events.get(event.index()).copied().unwrap_or(CurrencyId(0));
            let known = accounts.entry(account).or_insert(currency);
            *known = (*known).min(currency);
        }
        Assumed { accounts, events }
    }

    /// The currency of an account, as far as it is known.
    pub fn of_account(&self, account: AccountId) -> CurrencyId {
        self.accounts.get(&account).copied().unwrap_or(CurrencyId(0))
    }
}

impl<'a> Resolver<'a> {
    /// The currency of the event's inflow, or of what its levies and transfers move.
    pub(super) fn money_here(&self, scope: &Scope) -> Type {
        let event = scope.event.and_then(|event| self.set.events.get(event.index()));
        let inflow = event.and_then(|event| event.fields.get(event.inflow?.index()));
        let moved = scope.event.and_then(|event| self.assumed.events.get(event.index()));
        let moved = Type::Money(moved.copied().unwrap_or(CurrencyId(0)));
        inflow.map_or(moved, |field| field.ty.clone())
    }

    /// A due, or the amount of a transfer. Where nothing yet says in which currency the event moves
    /// money, it may be any: the next round holds them all against each other.
    pub(super) fn moved_amount(
        &mut self,
        scope: &mut Scope,
        written: &'a ast::Expr,
    ) -> Resolved<Expr> {
        let money = self.money_here(scope);
        let event = scope.event.and_then(|event| self.set.events.get(event.index()));
        let open = self.assumed.events.is_empty() && event.is_none_or(|it| it.inflow.is_none());
        let amount = self.expr(scope, written, Some(&money))?;
        match &amount.ty {
            Type::Money(_) if open || amount.ty == money => Ok(amount),
            Type::Money(_) => Err(self.error(
                words::MIXED_CURRENCIES,
                amount.span,
                Words::new(
                    "an event moves money of one currency, and two currencies never mix",
                    "一个事项只动用一种币种的资金，两种币种不能混算",
                ),
            )),
            _ => Err(self.mismatch(&amount, &money)),
        }
    }
}
