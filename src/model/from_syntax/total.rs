//! Reading state: totals, carried values, balances.

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::ast::{self, ExprKind as Written};

use super::data::index;
use super::names::Kind;
use super::scope::Scope;
use super::{Reported, Resolved, Resolver, words};
use crate::model::{AccountId, CarryId, EventSource, Expr, ExprKind, TallyId, TotalKey, Type};

impl<'a> Resolver<'a> {
    /// `total(NAME) [with this] [for …] [as of D]`.
    pub(super) fn total(&mut self, scope: &mut Scope, written: &'a ast::Expr) -> Resolved<Expr> {
        let span = written.span;
        let Written::Total { tally, with_this, keys, as_of } = &written.kind else {
            return Err(Reported);
        };
        let id = TallyId(self.need(Kind::Tally, scope.module, tally)?);
        let keys = match keys {
            Some(keys) => self.total_keys(scope, id, span, keys)?,
            None => {
                let keys = self.readers_keys(scope, id, span)?;
                keys.into_iter().map(TotalKey::Key).collect()
            }
        };
        let as_of = match as_of {
            Some(day) => Some(Box::new(self.expect(scope, day, &Type::Date)?)),
            None => None,
        };
        let ty = self.tally(id).map_or(Type::Number, |tally| tally.ty.clone());
        let kind = ExprKind::Total { tally: id, with_this: *with_this, keys, as_of };
        Ok(Expr { kind, ty, span })
    }

    fn total_keys(
        &mut self,
        scope: &mut Scope,
        id: TallyId,
        span: Span,
        written: &'a [ast::TotalKey],
    ) -> Resolved<Vec<TotalKey>> {
        let wanted = self.tally_keys.get(id.index()).map_or(0, Vec::len);
        if wanted != written.len() {
            let given = written.len();
            return Err(self.error(
                words::TOTAL_KEY,
                span,
                Words::new(
                    format!("the tally is kept under {wanted} key parts, and {given} are given"),
                    format!("台账的键有 {wanted} 部分，这里给了 {given} 个"),
                ),
            ));
        }
        let mut keys = Vec::new();
        for (position, key) in written.iter().enumerate() {
            keys.push(match key {
                ast::TotalKey::All(_) => TotalKey::All,
                ast::TotalKey::Key(key) => {
                    let want = self.tally_key_type(id, position);
                    let key = self.expr(scope, key, want.as_ref())?;
                    self.tally_key(id, position, &key)?;
                    TotalKey::Key(key)
                }
            });
        }
        Ok(keys)
    }

    /// The reader's own values of the key as the tally writes it.
    fn readers_keys(&mut self, scope: &mut Scope, id: TallyId, span: Span) -> Resolved<Vec<Expr>> {
        let written = self.tally_keys.get(id.index()).cloned().unwrap_or_default();
        let mut keys = Vec::new();
        for (position, key) in written.into_iter().enumerate() {
            let before = self.found.len();
            let want = self.tally_key_type(id, position);
            match self.expr(scope, key, want.as_ref()) {
                Ok(key) => {
                    self.tally_key(id, position, &key)?;
                    keys.push(key);
                }
                // What it stands for is not known, which was said where it is declared.
                Err(Reported) if self.found.len() == before => return Err(Reported),
                Err(Reported) => {
                    self.found.truncate(before);
                    return Err(self.no_reader_key(id, position, span));
                }
            }
        }
        Ok(keys)
    }

    fn no_reader_key(&mut self, id: TallyId, position: usize, span: Span) -> Reported {
        let Some(tally) = self.tally(id) else { return Reported };
        let key = tally.key_names.get(position).cloned().unwrap_or_default();
        let all = tally.key_names.join(", ");
        let (name, declared) = (tally.name.text.clone(), tally.name.span);
        self.report(
            Diagnostic::error(
                words::TOTAL_KEY,
                span,
                Words::new(
                    format!("total `{name}` is kept per {all}, and `{key}` means nothing here"),
                    format!("台账「{name}」按 {all} 记，而「{key}」在此处没有含义"),
                ),
            )
            .with_note(declared, Words::new("kept here", "台账在这里"))
            .with_help(Words::new(
                format!("name the key: `total({name}) for …`, with `all` for a part to sum over"),
                format!("请写明键：「累计额({name}) 对 …」，要合计的部分写「全部」"),
            )),
        )
    }

    fn tally_key_type(&self, id: TallyId, position: usize) -> Option<Type> {
        if !self.tally_types.get(id.index()).copied().unwrap_or(false) {
            return None;
        }
        self.tally(id).and_then(|tally| tally.keys.get(position)).cloned()
    }

    /// Holds a key part against the type others use; the first to come says which.
    pub(super) fn tally_key(&mut self, id: TallyId, position: usize, key: &Expr) -> Resolved<()> {
        self.present(key)?;
        let known =
            self.set.tallies.get(id.index()).and_then(|tally| tally.keys.get(position)).cloned();
        match known {
            None => {
                if let Some(tally) = self.set.tallies.get_mut(id.index()) {
                    tally.keys.push(key.ty.clone());
                    let whole = tally.keys.len() == tally.key_names.len();
                    if let Some(known) = self.tally_types.get_mut(id.index()) {
                        *known = whole;
                    }
                }
                Ok(())
            }
            Some(ty) if super::units::assignable(&key.ty, &ty) => Ok(()),
            Some(ty) => Err(self.mismatch(key, &ty)),
        }
    }

    /// A carried value under the reader's key, or one given in brackets.
    pub(super) fn carried(
        &mut self,
        scope: &mut Scope,
        span: Span,
        id: CarryId,
        keys: Option<&'a [ast::Expr]>,
    ) -> Resolved<Expr> {
        let Some(carry) = self.set.carries.get(id.index()).cloned() else { return Err(Reported) };
        let written: Vec<&'a ast::Expr> = match keys {
            Some(keys) => keys.iter().collect(),
            None => self.carry_keys(id),
        };
        let name = ast::Name { text: carry.name.text.clone(), span };
        if written.len() != carry.key_names.len() {
            return Err(self.error(
                words::TOTAL_KEY,
                span,
                Words::new(
                    format!("`{}` is carried per {}", name.text, carry.key_names.join(", ")),
                    format!("「{}」按 {} 结转", name.text, carry.key_names.join("、")),
                ),
            ));
        }
        let mut resolved = Vec::new();
        for (position, key) in written.into_iter().enumerate() {
            let want = carry.keys.get(position);
            let key = self.expr(scope, key, want)?;
            self.carry_key(id, position, &key)?;
            resolved.push(key);
        }
        let ty = carry.ty.clone();
        Ok(Expr { kind: ExprKind::Carried { carry: id, keys: resolved }, ty, span })
    }

    pub(super) fn carry_key(&mut self, id: CarryId, position: usize, key: &Expr) -> Resolved<()> {
        self.present(key)?;
        let Some(carry) = self.set.carries.get_mut(id.index()) else { return Err(Reported) };
        match carry.keys.get(position).cloned() {
            None => {
                carry.keys.push(key.ty.clone());
                Ok(())
            }
            Some(ty) if super::units::assignable(&key.ty, &ty) => Ok(()),
            Some(ty) => Err(self.mismatch(key, &ty)),
        }
    }

    /// `closed(ACCOUNT[key])`, in a stage.
    pub(super) fn closed(
        &mut self,
        scope: &mut Scope,
        span: Span,
        place: &'a ast::Place,
    ) -> Resolved<Expr> {
        let (account, keys) = self.account(scope, place)?;
        let stage =
            scope.event.and_then(|event| self.set.events.get(event.index())).is_some_and(|event| {
                match &event.source {
                    EventSource::Stage { closes, .. } => *closes == account,
                    EventSource::Sent
                    | EventSource::Periodic { .. }
                    | EventSource::OnDate { .. } => false,
                }
            });
        if !stage {
            return Err(self.error(
                words::NOT_HERE,
                span,
                Words::new(
                    "`closed` is known only in a stage that closes this account",
                    "「结清额」只在结清该账户的清算中可用",
                ),
            ));
        }
        let ty = Type::Money(self.assumed.of_account(account));
        Ok(Expr { kind: ExprKind::Closed { account, keys }, ty, span })
    }

    /// `balance(ACCOUNT[key])`, of an account that holds.
    pub(super) fn balance(
        &mut self,
        scope: &mut Scope,
        span: Span,
        place: &'a ast::Place,
    ) -> Resolved<Expr> {
        let (account, keys) = self.account(scope, place)?;
        let holds = self.set.accounts.get(account.index()).is_some_and(|entry| entry.holds);
        if !holds {
            return Err(self.report(
                Diagnostic::error(
                    words::NOT_HERE,
                    span,
                    Words::new(
                        format!(
                            "account `{}` only counts; it has no balance to read",
                            place.name.text
                        ),
                        format!("账户「{}」只作累计，没有可读的余额", place.name.text),
                    ),
                )
                .with_help(Words::new(
                    "write `holds` after its declaration",
                    "在其声明之后写「存余额」",
                )),
            ));
        }
        let ty = Type::Money(self.assumed.of_account(account));
        Ok(Expr { kind: ExprKind::Balance { account, keys }, ty, span })
    }

    /// An account with its keys.
    pub(super) fn account(
        &mut self,
        scope: &mut Scope,
        place: &'a ast::Place,
    ) -> Resolved<(AccountId, Vec<Expr>)> {
        let id = self.need(Kind::Account, scope.module, &place.name)?;
        let types = self
            .set
            .accounts
            .get(index(id))
            .map(|account| account.keys.clone())
            .unwrap_or_default();
        let keys = self.keys(scope, &place.name, &place.keys, &types)?;
        Ok((AccountId(id), keys))
    }
}
