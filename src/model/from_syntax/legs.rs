//! Legs: portions, bounds, targets, and the tallies they feed.

use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::ast::{self, ItemKind, RuleBody};

use super::names::Kind;
use super::scope::Scope;
use super::units::is_literal;
use super::{Reported, Resolved, Resolver, words};
use crate::base::Span;
use crate::model::{
    Among, Block, Bound, Expr, Feed, Graded, Leg, LegOwner, ModuleId, Place, PoolId, Portion,
    Settlement, Slice, TallyId, Target, Type,
};

impl<'a> Resolver<'a> {
    /// Tallies that a leg declares by `as NAME per KEYS`, unless they are declared by name.
    pub(super) fn declare_leg_tallies(&mut self, module: ModuleId, item: &'a ast::Item) {
        for tally in leg_tallies(item) {
            if let Some(keys) = &tally.keys
                && self.find(Kind::Tally, module, &tally.name.text).is_none()
            {
                self.open_tallies.insert(TallyId::next(self.set.tallies.len()));
                self.new_tally(module, &tally.name, None, keys.iter().collect());
            }
        }
    }

    pub(super) fn settlement(
        &mut self,
        scope: &mut Scope,
        written: &'a ast::SettlementKind,
    ) -> Resolved<Settlement> {
        Ok(match written {
            ast::SettlementKind::LargestRemainder => Settlement::LargestRemainder,
            ast::SettlementKind::InOrder => Settlement::InOrder,
            ast::SettlementKind::RemainderTo(place) => {
                let (account, keys) = self.account(scope, place)?;
                Settlement::RemainderTo(Place { account, keys })
            }
            ast::SettlementKind::KeptApartIn(place) => {
                let (account, keys) = self.account(scope, place)?;
                Settlement::KeptApartIn(Place { account, keys })
            }
            ast::SettlementKind::CarriedPer(keys) => {
                let keys: Vec<_> = keys.iter().map(|key| self.expr(scope, key, None)).collect();
                Settlement::CarriedPer(keys.into_iter().collect::<Resolved<_>>()?)
            }
        })
    }

    /// `as NAME [per KEYS]`; without keys, the leg's own values of the key as the tally writes it.
    pub(super) fn feed(
        &mut self,
        scope: &mut Scope,
        written: Option<&'a ast::AsTally>,
        given: &Type,
    ) -> Resolved<Option<Feed>> {
        let Some(written) = written else { return Ok(None) };
        let tally = TallyId(self.need(Kind::Tally, scope.module, &written.name)?);
        let keys = match &written.keys {
            Some(keys) => keys.iter().collect(),
            None => self.tally_keys.get(tally.index()).cloned().unwrap_or_default(),
        };
        let wanted = self.tally(tally).map_or(0, |tally| tally.key_names.len());
        if keys.len() != wanted {
            return Err(self.error(
                words::TOTAL_KEY,
                written.span,
                Words::new(
                    format!("`{}` is kept under {wanted} key parts", written.name.text),
                    format!("台账「{}」的键有 {wanted} 部分", written.name.text),
                ),
            ));
        }
        self.fed_by((given, tally), &written.name)?;
        let mut resolved = Vec::new();
        for (position, key) in keys.into_iter().enumerate() {
            let key = self.expr(scope, key, None)?;
            self.tally_key(tally, position, &key)?;
            resolved.push(key);
        }
        Ok(Some(Feed { tally, keys: resolved }))
    }

    /// An account or a pool.
    pub(super) fn place(&mut self, scope: &mut Scope, written: &'a ast::Place) -> Resolved<Target> {
        let text = &written.name.text;
        if self.find(Kind::Account, scope.module, text).is_some() {
            let (account, keys) = self.account(scope, written)?;
            return Ok(Target::Account(Place { account, keys }));
        }
        let Some(pool) = self.find(Kind::Pool, scope.module, text).map(PoolId) else {
            let known = self.known(&[Kind::Account, Kind::Pool], scope.module);
            let what = Words::new("account or pool", "账户或待分");
            return Err(self.unknown(&what, &written.name, &known));
        };
        let per = self.set.pools.get(pool.index()).and_then(|pool| pool.per);
        let types: Vec<Type> = per.map(Type::Row).into_iter().collect();
        let row = self.keys(scope, &written.name, &written.keys, &types)?.pop();
        Ok(Target::Pool { pool, row })
    }

    /// A target; `path` leads to it.
    pub(super) fn target(
        &mut self,
        scope: &mut Scope,
        owner: LegOwner,
        path: &mut Vec<u32>,
        written: &'a ast::Target,
    ) -> Resolved<Target> {
        match written {
            ast::Target::To(place) => self.place(scope, place),
            ast::Target::Undetermined { what, .. } => {
                Ok(Target::Undetermined { what: what.clone().unwrap_or_default() })
            }
            ast::Target::Block(block) => {
                Ok(Target::Block(Block { legs: self.legs_of(scope, owner, path, block)? }))
            }
            ast::Target::InOrder(block) => {
                Ok(Target::InOrder(self.legs_of(scope, owner, path, block)?))
            }
            ast::Target::Graded(graded) => self.graded(scope, owner, path, graded),
            ast::Target::Among(among) => self.among(scope, owner, path, among, None),
        }
    }

    fn legs_of(
        &mut self,
        scope: &mut Scope,
        owner: LegOwner,
        path: &mut Vec<u32>,
        block: &'a ast::Block,
    ) -> Resolved<Vec<Leg>> {
        let mut legs = Vec::new();
        let mut whole = Ok(());
        for (number, leg) in (1..).zip(&block.legs) {
            path.push(number);
            match self.one_leg(scope, owner, path, leg, block.if_none.as_deref()) {
                Ok(leg) => legs.push(leg),
                Err(reported) => whole = Err(reported),
            }
            path.pop();
        }
        whole.map(|()| legs)
    }

    fn one_leg(
        &mut self,
        scope: &mut Scope,
        owner: LegOwner,
        path: &mut Vec<u32>,
        written: &'a ast::Leg,
        if_none: Option<&'a ast::IfNone>,
    ) -> Resolved<Leg> {
        let portion = self.portion(scope, &written.portion)?;
        let mut bounds = Vec::new();
        for bound in &written.bounds {
            bounds.push(self.bound(scope, bound)?);
        }
        let target = match &written.target {
            ast::Target::Among(among) => self.among(scope, owner, path, among, if_none)?,
            other => self.target(scope, owner, path, other)?,
        };
        let given = self.money_here(scope);
        let feed = self.feed(scope, written.tally.as_ref(), &given)?;
        let cite = written.cite.as_ref().map(|cite| (scope.module, cite));
        let id = self.leg(owner, path, cite, written.span);
        Ok(Leg { id, portion, bounds, target, feed, span: written.span })
    }

    fn portion(&mut self, scope: &mut Scope, written: &'a ast::Portion) -> Resolved<Portion> {
        let share = match written {
            ast::Portion::Rest => return Ok(Portion::Rest),
            ast::Portion::All => return Ok(Portion::All),
            ast::Portion::Share(share) => share,
        };
        // A bare number is an amount; `50%` and `1/3` are rates.
        let bare = is_bare(share);
        let money = self.money_here(scope);
        let share = self.expr(scope, share, bare.then_some(&money))?;
        self.present(&share)?;
        match &share.ty {
            Type::Rate => Ok(Portion::Rate(share)),
            Type::Money(_) if share.ty == money => Ok(Portion::Amount(share)),
            Type::Money(_) => Err(self.mixed_currencies(share.span)),
            _ => Err(self.bad_portion(&share)),
        }
    }

    fn bad_portion(&mut self, share: &Expr) -> Reported {
        let what = words::a_type(&share.ty);
        self.report(
            Diagnostic::error(
                words::WRONG_TYPE,
                share.span,
                Words::new(
                    format!(
                        "a leg takes a rate or an amount of this event's currency, and this is {}",
                        what.en
                    ),
                    format!("分项须为比率或本事项币种的金额，而这是{}", what.zh),
                ),
            )
            .with_help(Words::new(
                "write a rate such as `50%` or `1/3`, an amount, `rest` or `all`",
                "请写比率（「50%」「1/3」）、金额、「其余」或「全部」",
            )),
        )
    }

    fn bound(&mut self, scope: &mut Scope, written: &'a ast::Bound) -> Resolved<Bound> {
        let money = self.money_here(scope);
        Ok(match written {
            ast::Bound::UpTo { amount, in_total, closed_once_reached, .. } => Bound::UpTo {
                amount: self.expect(scope, amount, &money)?,
                in_total: *in_total,
                closed_once_reached: *closed_once_reached,
            },
            ast::Bound::AtLeast { amount, .. } => {
                Bound::AtLeast { amount: self.expect(scope, amount, &money)? }
            }
        })
    }

    fn among(
        &mut self,
        scope: &mut Scope,
        owner: LegOwner,
        path: &mut Vec<u32>,
        written: &'a ast::Among,
        of_block: Option<&'a ast::IfNone>,
    ) -> Resolved<Target> {
        let mark = scope.mark();
        let selection = self.selection(scope, &written.selection)?;
        path.push(1);
        let leg = self.whole_leg(
            scope,
            owner,
            path,
            &written.target,
            written.tally.as_ref(),
            None,
            written.span,
        );
        path.pop();
        scope.reset(mark);
        let if_none = match written.if_none.as_ref().or(of_block) {
            Some(none) => {
                path.push(0);
                let cite = none.cite.as_ref();
                let leg = self.whole_leg(scope, owner, path, &none.target, None, cite, none.span);
                path.pop();
                Some(leg?)
            }
            None => None,
        };
        Ok(Target::Among(Box::new(Among { selection, leg: leg?, if_none })))
    }

    /// A leg that takes all of what reaches it.
    #[expect(clippy::too_many_arguments, reason = "each is one part of what is written")]
    fn whole_leg(
        &mut self,
        scope: &mut Scope,
        owner: LegOwner,
        path: &mut Vec<u32>,
        target: &'a ast::Target,
        tally: Option<&'a ast::AsTally>,
        cite: Option<&ast::Cite>,
        span: Span,
    ) -> Resolved<Leg> {
        let target = self.target(scope, owner, path, target)?;
        let given = self.money_here(scope);
        let feed = self.feed(scope, tally, &given)?;
        let id = self.leg(owner, path, cite.map(|cite| (scope.module, cite)), span);
        Ok(Leg { id, portion: Portion::All, bounds: Vec::new(), target, feed, span })
    }

    fn graded(
        &mut self,
        scope: &mut Scope,
        owner: LegOwner,
        path: &mut Vec<u32>,
        written: &'a ast::Graded,
    ) -> Resolved<Target> {
        let money = self.money_here(scope);
        let from = match &written.from {
            Some(from) => Some(self.expect(scope, from, &money)?),
            None => None,
        };
        let mut slices = Vec::new();
        for (number, slice) in (1..).zip(&written.slices) {
            let up_to = match &slice.up_to {
                Some(bound) => Some(self.expect(scope, bound, &money)?),
                None => None,
            };
            path.push(number);
            let leg = self.whole_leg(
                scope,
                owner,
                path,
                &slice.target,
                slice.tally.as_ref(),
                slice.cite.as_ref(),
                slice.span,
            );
            path.pop();
            slices.push(Slice { up_to, leg: leg? });
        }
        Ok(Target::Graded(Graded { from, slices }))
    }
}

/// Every `as` of a rule or a levy.
pub(super) fn leg_tallies(item: &ast::Item) -> Vec<&ast::AsTally> {
    let mut tallies = Vec::new();
    match &item.kind {
        ItemKind::Rule(rule) => match &rule.body {
            RuleBody::Split(split) => tallies_of(&split.body, &mut tallies),
            RuleBody::Transfers(transfers) => {
                tallies.extend(transfers.iter().filter_map(|transfer| transfer.tally.as_ref()));
            }
        },
        ItemKind::Levy(levy) => tallies.extend(levy.tally.as_ref()),
        _ => {}
    }
    tallies
}

/// Every `as` below a target.
fn tallies_of<'a>(target: &'a ast::Target, found: &mut Vec<&'a ast::AsTally>) {
    match target {
        ast::Target::To(_) | ast::Target::Undetermined { .. } => {}
        ast::Target::Block(block) | ast::Target::InOrder(block) => {
            for leg in &block.legs {
                found.extend(leg.tally.as_ref());
                tallies_of(&leg.target, found);
            }
            if let Some(none) = &block.if_none {
                tallies_of(&none.target, found);
            }
        }
        ast::Target::Graded(graded) => {
            for slice in &graded.slices {
                found.extend(slice.tally.as_ref());
                tallies_of(&slice.target, found);
            }
        }
        ast::Target::Among(among) => {
            found.extend(among.tally.as_ref());
            tallies_of(&among.target, found);
            if let Some(none) = &among.if_none {
                tallies_of(&none.target, found);
            }
        }
    }
}

/// A bare number, or a choice between bare numbers.
fn is_bare(share: &ast::Expr) -> bool {
    match &share.kind {
        ast::ExprKind::Number { as_rate, .. } => is_literal(share) && !as_rate,
        ast::ExprKind::If(_, then, otherwise) => is_bare(then) && is_bare(otherwise),
        _ => false,
    }
}
