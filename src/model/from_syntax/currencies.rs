//! The currencies that nobody declares: of accounts, and of events without an inflow.

use std::collections::BTreeMap;

use super::legs::leg_tallies;
use super::names::Kind;
use super::scope::Scope;
use super::{ModuleItems, Reported, Resolved, Resolver, words};
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{AccountId, CurrencyId, EventId, Expr, ModuleId, RuleSet, TallyId, Type};
use crate::syntax::ast::{self, ItemKind};

/// What a round of resolving saw, for the next one to go by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Assumed {
    accounts: BTreeMap<AccountId, CurrencyId>,
    events: Vec<CurrencyId>,
}

impl Assumed {
    /// What a round saw, over what was known before it: a case that fails in one round does not take
    /// back what it said in another. So each round only ever comes closer, and there is a last one.
    pub fn seen(set: &RuleSet, before: &Assumed) -> Assumed {
        let event = |at| {
            let known = before.events.get(at).copied().unwrap_or(CurrencyId(0));
            closer(known, set.currency_of(EventId::next(at)))
        };
        let events: Vec<CurrencyId> = (0..set.events.len()).map(event).collect();
        let mut accounts = before.accounts.clone();
        for (account, event, _) in set.reached() {
            let currency = events.get(event.index()).copied().unwrap_or(CurrencyId(0));
            let known = accounts.entry(account).or_insert(currency);
            *known = closer(*known, currency);
        }
        Assumed { accounts, events }
    }

    /// The currency of an account, as far as it is known.
    pub fn of_account(&self, account: AccountId) -> CurrencyId {
        self.accounts.get(&account).copied().unwrap_or(CurrencyId(0))
    }
}

/// Yuan are what is taken for granted where nothing is known; of two others, the one declared first.
fn closer(one: CurrencyId, other: CurrencyId) -> CurrencyId {
    match (one, other) {
        (CurrencyId(0), other) => other,
        (one, CurrencyId(0)) => one,
        (one, other) => one.min(other),
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

    /// The currency of each tally that a leg declares: that of the events it comes from.
    pub(super) fn fill_leg_tallies(&mut self, module: &ModuleItems<'a>) {
        for item in &module.items {
            let head = match &item.kind {
                ItemKind::Rule(rule) => &rule.head,
                ItemKind::Levy(levy) => &levy.head,
                _ => continue,
            };
            let Some(money) = self.money_of(module.id, head) else { continue };
            for written in leg_tallies(item) {
                let tally = self.find(Kind::Tally, module.id, &written.name.text).map(TallyId);
                if let Some(tally) = tally.filter(|it| self.open_tallies.remove(it))
                    && let Some(entry) = self.set.tallies.get_mut(tally.index())
                {
                    entry.ty = money.clone();
                }
            }
        }
    }

    /// The currency of the events that a head is about, if it is one.
    fn money_of(&self, module: ModuleId, head: &ast::Head) -> Option<Type> {
        let named = |name: &ast::Name| self.find(Kind::Event, module, &name.text).map(EventId);
        let events: Vec<EventId> = match head.of.as_slice() {
            [] => (0..self.set.events.len()).map(EventId::next).collect(),
            of => of.iter().filter_map(named).collect(),
        };
        let mut all = events.into_iter().map(|event| self.money_here(&Scope::event(module, event)));
        let first = all.next()?;
        all.all(|other| other == first).then_some(first)
    }

    /// Holds that money given to a tally is of the tally's currency, once every event was seen.
    pub(super) fn fed_by(
        &mut self,
        (given, tally): (&Type, TallyId),
        written: &ast::Name,
    ) -> Resolved<()> {
        let kept = self.tally(tally).map(|tally| (tally.ty.clone(), tally.name.span));
        let Some((Type::Money(kept), declared)) = kept else { return Ok(()) };
        let Type::Money(given) = given.required().clone() else { return Ok(()) };
        if kept == given || self.assumed.events.is_empty() {
            return Ok(());
        }
        let code = |of: CurrencyId| {
            self.set.currencies.get(of.index()).map_or("CNY", |it| it.name.as_str()).to_owned()
        };
        let (name, kept, given) = (&written.text, code(kept), code(given));
        let diagnostic = Diagnostic::error(
            words::MIXED_CURRENCIES,
            written.span,
            Words::new(
                format!("total `{name}` is kept in {kept}, and this event brings {given}"),
                format!("台账「{name}」以 {kept} 记，而此事项的款项为 {given}"),
            ),
        );
        Err(self.report(
            diagnostic.with_note(declared, Words::new("kept here", "台账在这里")).with_help(
                Words::new(
                    format!("keep one for each currency: `tally … : money {given}`"),
                    format!("请按币种分设台账：「台账 … : 金额 {given}」"),
                ),
            ),
        ))
    }

    /// Whether nothing yet says in which currency the event moves money: it is taken to be yuan.
    fn moves_unknown(&self, scope: &Scope) -> bool {
        let event = scope.event.and_then(|event| self.set.events.get(event.index()));
        let without_inflow = event.is_none_or(|it| it.inflow.is_none());
        without_inflow && self.money_here(scope) == Type::Money(CurrencyId(0))
    }

    /// A due, or the amount of a transfer. Where nothing yet says in which currency the event moves
    /// money, it may be any: the next round holds them all against each other.
    pub(super) fn moved_amount(
        &mut self,
        scope: &mut Scope,
        written: &'a ast::Expr,
    ) -> Resolved<Expr> {
        if self.moves_unknown(scope) {
            return self.in_some_currency(scope, written);
        }
        let money = self.money_here(scope);
        let amount = self.expr(scope, written, Some(&money))?;
        self.moved_in(amount, &money)
    }

    /// An amount in the first currency in which it makes sense. Where it makes sense in none, what is
    /// said is about the one that came closest.
    fn in_some_currency(&mut self, scope: &mut Scope, written: &'a ast::Expr) -> Resolved<Expr> {
        let mut closest: Option<Vec<Diagnostic>> = None;
        for at in 0..self.set.currencies.len() {
            let money = Type::Money(CurrencyId::next(at));
            let mark = scope.mark();
            let kept =
                (self.set.tallies.clone(), self.set.carries.clone(), self.tally_types.clone());
            let before = self.found.len();
            let amount = self.expr(scope, written, Some(&money));
            if let Ok(amount) = amount.and_then(|amount| self.moved_in(amount, &money)) {
                return Ok(amount);
            }
            scope.reset(mark);
            (self.set.tallies, self.set.carries, self.tally_types) = kept;
            let said = self.found.split_off(before);
            if closest.as_ref().is_none_or(|other| said.len() < other.len()) {
                closest = Some(said);
            }
        }
        self.found.extend(closest.unwrap_or_default());
        Err(Reported)
    }

    /// Holds that an amount is of the money that its event moves.
    fn moved_in(&mut self, amount: Expr, money: &Type) -> Resolved<Expr> {
        match &amount.ty {
            Type::Money(_) if amount.ty == *money => Ok(amount),
            Type::Money(_) => Err(self.error(
                words::MIXED_CURRENCIES,
                amount.span,
                Words::new(
                    "an event moves money of one currency, and two currencies never mix",
                    "一个事项只动用一种币种的资金，两种币种不能混算",
                ),
            )),
            _ => Err(self.mismatch(&amount, money)),
        }
    }
}
