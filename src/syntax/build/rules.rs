//! Rules and levies: heads, splits, legs, transfers.

use super::literals::text_of;
use super::{Builder, Built, Parts};
use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::ast::{
    Among, Block, Bound, Effective, Expr, Graded, Head, IfNone, Leg, Levy, Place, Portion,
    RuleBody, Slice, Split, Step, Target, Transfer,
};
use crate::syntax::codes;
use crate::syntax::grammar::{Pair, Rule};

impl Builder {
    pub(super) fn rule(&mut self, pair: Pair<'_>) -> Built<crate::syntax::ast::Rule> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_rule)?;
        let name = self.need_name(&mut parts)?;
        let label = self.label_in(&mut parts);
        let head = self.head(&mut parts)?;
        let body = self.only(parts.need(Rule::rule_body)?)?;
        let body = match body.as_rule() {
            Rule::split => RuleBody::Split(self.split(body)?),
            Rule::transfers => {
                let transfers = self.parts(body).map(|transfer| self.transfer(transfer));
                RuleBody::Transfers(transfers.collect::<Built<_>>()?)
            }
            _ => return Err(self.odd(&body)),
        };
        Ok(crate::syntax::ast::Rule { name, label, head, body, span })
    }

    pub(super) fn levy(&mut self, pair: Pair<'_>) -> Built<Levy> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_levy)?;
        let name = self.need_name(&mut parts)?;
        let label = self.label_in(&mut parts);
        let head = self.head(&mut parts)?;
        parts.need(Rule::k_due)?;
        let due = self.expr(parts.need(Rule::expr)?)?;
        let may_refund = parts.has(Rule::k_may_refund);
        let tally = self.as_tally_in(&mut parts)?;
        parts.need(Rule::k_into)?;
        let into = self.place(parts.need(Rule::place)?)?;
        Ok(Levy { name, label, head, due, may_refund, tally, into, span })
    }

    /// The clauses before a body.
    fn head(&mut self, parts: &mut Parts<'_>) -> Built<Head> {
        let mut head = Head::default();
        while let Some(clause) = parts.accept(Rule::rule_clause) {
            let clause = self.only(clause)?;
            match clause.as_rule() {
                Rule::overrides => {
                    let paths = self.parts(clause).filter(|part| part.as_rule() == Rule::path);
                    head.overrides.extend(paths.map(|path| self.path(&path)));
                }
                Rule::of_events => {
                    let words = self.parts(clause).filter(|part| part.as_rule() == Rule::word);
                    head.of.extend(words.map(|word| self.name(&word)));
                }
                Rule::period => {
                    let effective = self.effective(clause)?;
                    self.merge_effective(&mut head.effective, effective);
                }
                Rule::with_clause | Rule::let_clause => {
                    let with = clause.as_rule() == Rule::with_clause;
                    let mut parts = self.parts(clause);
                    parts.any()?;
                    let name = self.need_name(&mut parts)?;
                    let label = self.label_in(&mut parts);
                    let value = self.expr(parts.need(Rule::expr)?)?;
                    head.steps.push(if with {
                        Step::With { name, value }
                    } else {
                        Step::Let { name, label, value }
                    });
                }
                Rule::condition_clause => head.steps.push(Step::When(self.condition(clause)?)),
                Rule::cite => {
                    let cite = self.cite(clause)?;
                    if let Some(first) = &head.cite {
                        self.diagnostics.push(said_twice(cite.span, first.span));
                    }
                    head.cite = head.cite.or(Some(cite));
                }
                _ => return Err(self.odd(&clause)),
            }
        }
        Ok(head)
    }

    /// `from D` and `until E` may stand on lines of their own, each once.
    fn merge_effective(&mut self, into: &mut Option<Effective>, next: Effective) {
        let Some(first) = into else {
            *into = Some(next);
            return;
        };
        if (first.from.is_some() && next.from.is_some())
            || (first.until.is_some() && next.until.is_some())
        {
            self.diagnostics.push(said_twice(next.span, first.span));
            return;
        }
        first.from = first.from.or(next.from);
        first.until = first.until.or(next.until);
        first.span = first.span.join(next.span);
    }

    fn split(&mut self, pair: Pair<'_>) -> Built<Split> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_split)?;
        let pool = match parts.accept(Rule::k_inflow) {
            Some(_) => None,
            None => Some(self.place(parts.need(Rule::place)?)?),
        };
        let row = match parts.accept(Rule::k_as) {
            Some(_) => Some(self.need_name(&mut parts)?),
            None => None,
        };
        let settled = match parts.accept(Rule::settled) {
            Some(settled) => {
                let mut parts = self.parts(settled);
                parts.need(Rule::k_settled)?;
                let kind = parts.accept(Rule::settlement_kind);
                Some(kind.map(|kind| self.settlement_kind(kind)).transpose()?)
            }
            None => None,
        };
        let body = self.split_body(parts.need(Rule::split_body)?)?;
        Ok(Split { pool, row, settled, body, span })
    }

    fn split_body(&mut self, pair: Pair<'_>) -> Built<Target> {
        let body = self.only(pair)?;
        if body.as_rule() == Rule::legs {
            return self.legs(body).map(Target::Block);
        }
        let span = self.span(&body);
        let mut parts = self.parts(body);
        let Some(spread) = parts.accept(Rule::spread) else {
            return self.target_kind(parts.any()?);
        };
        let selection = self.spread(spread)?;
        let target = self.target(parts.need(Rule::target)?)?;
        let tally = self.as_tally_in(&mut parts)?;
        let cite = self.cite_in(&mut parts)?;
        let if_none = parts.accept(Rule::if_none).map(|none| self.if_none(none)).transpose()?;
        Ok(Target::Among(Box::new(Among { selection, target, tally, cite, if_none, span })))
    }

    /// `among SELECTION`, which cannot do without weights.
    fn spread(&mut self, pair: Pair<'_>) -> Built<crate::syntax::ast::Selection> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_among)?;
        let selection = self.selection(parts.need(Rule::selection)?)?;
        if selection.shares.is_empty() {
            self.diagnostics.push(no_weights(span));
        }
        Ok(selection)
    }

    /// The legs of a block or of a split, with `if none` at their end.
    fn legs(&mut self, pair: Pair<'_>) -> Built<Block> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let mut legs = Vec::new();
        while let Some(leg) = parts.accept(Rule::leg) {
            legs.push(self.leg(leg)?);
        }
        let if_none = parts.accept(Rule::if_none).map(|none| self.if_none(none)).transpose()?;
        Ok(Block { legs, if_none: if_none.map(Box::new), span })
    }

    fn leg(&mut self, pair: Pair<'_>) -> Built<Leg> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let portion = self.portion(parts.need(Rule::portion)?)?;
        let mut bounds = Vec::new();
        while let Some(bound) = parts.accept(Rule::bound) {
            bounds.push(self.bound(bound)?);
        }
        let spread = parts.accept(Rule::spread);
        let spread_span = spread.as_ref().map(|spread| self.span(spread));
        let selection = spread.map(|spread| self.spread(spread)).transpose()?;
        let target = self.target(parts.need(Rule::target)?)?;
        let mut tally = self.as_tally_in(&mut parts)?;
        let cite = self.cite_in(&mut parts)?;
        let target = match (selection, spread_span) {
            (Some(selection), Some(start)) => {
                let span = start.join(span);
                let span = Span { start: start.start, ..span };
                let tally = tally.take();
                let (cite, if_none) = (None, None);
                Target::Among(Box::new(Among { selection, target, tally, cite, if_none, span }))
            }
            _ => target,
        };
        Ok(Leg { portion, bounds, target, tally, cite, span })
    }

    /// `up to` without a share before it is everything, up to there.
    fn portion(&mut self, pair: Pair<'_>) -> Built<Portion> {
        let Some(portion) = self.parts(pair).next() else {
            return Ok(Portion::All);
        };
        match portion.as_rule() {
            Rule::k_rest => Ok(Portion::Rest),
            Rule::k_all => Ok(Portion::All),
            _ => self.expr(portion).map(Portion::Share),
        }
    }

    fn bound(&mut self, pair: Pair<'_>) -> Built<Bound> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let word = parts.any()?;
        let amount = self.additive(parts.need(Rule::additive)?)?;
        if word.as_rule() == Rule::k_at_least {
            return Ok(Bound::AtLeast { amount, span });
        }
        let in_total = parts.has(Rule::k_in_total);
        let closed_once_reached = parts.has(Rule::k_closed_once_reached);
        Ok(Bound::UpTo { amount, in_total, closed_once_reached, span })
    }

    fn target(&mut self, pair: Pair<'_>) -> Built<Target> {
        let mut parts = self.parts(pair);
        if parts.has(Rule::k_to) {
            return self.place(parts.need(Rule::place)?).map(Target::To);
        }
        self.target_kind(parts.any()?)
    }

    fn target_kind(&mut self, pair: Pair<'_>) -> Built<Target> {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::undetermined => Ok(Target::Undetermined { what: self.undetermined(pair), span }),
            Rule::block => self.block(pair).map(Target::Block),
            Rule::in_order => {
                let mut parts = self.parts(pair);
                parts.need(Rule::k_in_order)?;
                self.block(parts.need(Rule::block)?).map(Target::InOrder)
            }
            Rule::graded => self.graded(pair).map(Target::Graded),
            _ => Err(self.odd(&pair)),
        }
    }

    fn undetermined(&self, pair: Pair<'_>) -> Option<String> {
        self.parts(pair).find(|part| part.as_rule() == Rule::text).map(|text| text_of(&text))
    }

    fn block(&mut self, pair: Pair<'_>) -> Built<Block> {
        let span = self.span(&pair);
        let legs = self.legs(self.only(pair)?)?;
        Ok(Block { span, ..legs })
    }

    fn graded(&mut self, pair: Pair<'_>) -> Built<Graded> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_graded)?;
        let from = self.expr_after(&mut parts, Rule::k_from)?;
        let slices = parts.map(|slice| self.slice(slice)).collect::<Built<_>>()?;
        Ok(Graded { from, slices, span })
    }

    fn slice(&mut self, pair: Pair<'_>) -> Built<Slice> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let up_to = match parts.accept(Rule::k_up_to) {
            Some(_) => Some(self.additive(parts.need(Rule::additive)?)?),
            None => {
                parts.need(Rule::k_above)?;
                None
            }
        };
        let target = self.target(parts.need(Rule::target)?)?;
        let tally = self.as_tally_in(&mut parts)?;
        let cite = self.cite_in(&mut parts)?;
        Ok(Slice { up_to, target, tally, cite, span })
    }

    fn if_none(&mut self, pair: Pair<'_>) -> Built<IfNone> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_if_none)?;
        let target = self.target(parts.need(Rule::target)?)?;
        let cite = self.cite_in(&mut parts)?;
        Ok(IfNone { target, cite, span })
    }

    fn transfer(&mut self, pair: Pair<'_>) -> Built<Transfer> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_transfer)?;
        let (amount, undetermined): (Option<Expr>, Option<String>) =
            match parts.accept(Rule::undetermined) {
                Some(what) => (None, self.undetermined(what)),
                None => (Some(self.expr(parts.need(Rule::expr)?)?), None),
            };
        parts.need(Rule::k_from)?;
        let mut from: Vec<Place> = vec![self.place(parts.need(Rule::place)?)?];
        while parts.has(Rule::k_then) {
            from.push(self.place(parts.need(Rule::place)?)?);
        }
        parts.need(Rule::k_to)?;
        let to = self.place(parts.need(Rule::place)?)?;
        let for_each = self.for_each_in(&mut parts)?;
        let tally = self.as_tally_in(&mut parts)?;
        let cite = self.cite_in(&mut parts)?;
        Ok(Transfer { amount, undetermined, from, to, for_each, tally, cite, span })
    }
}

/// A clause that a head has once.
fn said_twice(span: Span, first: Span) -> Diagnostic {
    Diagnostic::error(codes::SAID_TWICE, span, Words::new("this clause stands twice", "此子句重复"))
        .with_note(first, Words::new("first here", "首见于此"))
        .with_help(Words::new("leave one of them", "请只留一处"))
}

/// A spread that does not say by what.
fn no_weights(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::SPREAD_WITHOUT_SHARES,
        span,
        Words::new("`among` does not say by which shares", "「分摊」没有说明按什么比例"),
    )
    .with_help(Words::new(
        "add the weights, such as `by shares 35% revenue, 35% wages, 30% assets`",
        "请补上权重，例如「按比例 35% 营业收入, 35% 职工薪酬, 30% 资产总额」",
    ))
}
