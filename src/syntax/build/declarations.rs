//! The heads of a module and the names it gives: laws, regions, accounts, pools, readings, state.

use super::literals::text_of;
use super::{Builder, Built, Odd, Parts};
use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::ast::{
    Account, Calendar, CalendarWhen, Carry, Change, Delegates, Enumeration, EnumerationKind, Expr,
    ExprKind, Figure, ItemKind, Law, Member, Module, Operator, PeriodKind, Pool, Reading, Stage,
    Tally,
};
use crate::syntax::codes;
use crate::syntax::grammar::{Pair, Rule};

impl Builder {
    /// Goes to the function of the declaration's rule.
    pub(super) fn declaration(&mut self, pair: Pair<'_>) -> Built<ItemKind> {
        Ok(match pair.as_rule() {
            Rule::module => ItemKind::Module(self.module(pair)?),
            Rule::authority => {
                let mut parts = self.parts(pair);
                parts.need(Rule::k_authority)?;
                ItemKind::Authority(self.level(parts.need(Rule::level)?)?)
            }
            Rule::use_modules => {
                let paths = self.parts(pair).filter(|part| part.as_rule() == Rule::path);
                ItemKind::Use(paths.map(|path| self.path(&path)).collect())
            }
            Rule::covers => self.covers(pair)?,
            Rule::currency => self.currency(pair)?,
            Rule::settlement => {
                let mut parts = self.parts(pair);
                parts.need(Rule::k_settlement)?;
                let kind = self.settlement_kind(parts.need(Rule::settlement_kind)?)?;
                ItemKind::Settlement { kind, cite: self.cite_in(&mut parts)? }
            }
            Rule::law => ItemKind::Law(self.law(pair)?),
            Rule::regions | Rule::taxes | Rule::enumeration => {
                ItemKind::Enumeration(self.enumeration(pair)?)
            }
            Rule::account => ItemKind::Account(self.account(pair)?),
            Rule::pool => ItemKind::Pool(self.pool(pair)?),
            Rule::event => ItemKind::Event(self.event(pair)?),
            Rule::register => ItemKind::Register(self.register(pair)?),
            Rule::parameter => ItemKind::Parameter(self.parameter(pair)?),
            Rule::schedule => ItemKind::Schedule(self.schedule(pair)?),
            Rule::reading => ItemKind::Reading(self.reading(pair)?),
            Rule::tally => ItemKind::Tally(self.tally(pair)?),
            Rule::carry => ItemKind::Carry(self.carry(pair)?),
            Rule::rule => ItemKind::Rule(self.rule(pair)?),
            Rule::levy => ItemKind::Levy(self.levy(pair)?),
            Rule::calendar => ItemKind::Calendar(self.calendar(pair)?),
            Rule::stage => ItemKind::Stage(self.stage(pair)?),
            Rule::figure => ItemKind::Figure(self.figure(pair)?),
            Rule::delegates => ItemKind::Delegates(self.delegates(pair)?),
            Rule::example => ItemKind::Example(self.example(pair)?),
            Rule::scenario => ItemKind::Scenario(self.scenario(pair)?),
            _ => return Err(self.odd(&pair)),
        })
    }

    fn module(&mut self, pair: Pair<'_>) -> Built<Module> {
        let mut parts = self.parts(pair);
        parts.need(Rule::k_module)?;
        let name = self.path(&parts.need(Rule::path)?);
        let label = self.label_in(&mut parts);
        let cite = self.cite_in(&mut parts)?;
        Ok(Module { name, label, cite })
    }

    fn covers(&mut self, pair: Pair<'_>) -> Built<ItemKind> {
        let mut parts = self.parts(pair);
        parts.need(Rule::k_covers)?;
        parts.need(Rule::k_from)?;
        let from = parts.need(Rule::date_literal)?;
        let from = self.date(&from);
        let until = self.date_after(&mut parts, Rule::k_until)?;
        Ok(ItemKind::Covers { from, until })
    }

    fn currency(&mut self, pair: Pair<'_>) -> Built<ItemKind> {
        let mut parts = self.parts(pair);
        parts.need(Rule::k_currency)?;
        let name = self.need_name(&mut parts)?;
        parts.need(Rule::k_scale)?;
        let scale = self.whole(&parts.need(Rule::number)?)?;
        Ok(ItemKind::Currency { name, scale })
    }

    fn law(&mut self, pair: Pair<'_>) -> Built<Law> {
        let mut parts = self.parts(pair);
        parts.need(Rule::k_law)?;
        let name = self.need_name(&mut parts)?;
        let titles =
            std::iter::from_fn(|| parts.accept(Rule::text)).map(|text| text_of(&text)).collect();
        let issued = self.date_after(&mut parts, Rule::k_issued)?;
        Ok(Law { name, titles, issued, unverified: parts.has(Rule::unverified) })
    }

    fn enumeration(&mut self, pair: Pair<'_>) -> Built<Enumeration> {
        let mut parts = self.parts(pair);
        let word = parts.any()?;
        let kind = match word.as_rule() {
            Rule::k_regions => EnumerationKind::Regions,
            Rule::k_taxes => EnumerationKind::Taxes,
            _ => EnumerationKind::Named(self.need_name(&mut parts)?),
        };
        let label = self.label_in(&mut parts);
        let members = self.members(parts.need(Rule::members)?)?;
        Ok(Enumeration { kind, label, members })
    }

    fn members(&mut self, pair: Pair<'_>) -> Built<Vec<Member>> {
        self.parts(pair).map(|member| self.member(member)).collect()
    }

    fn member(&mut self, pair: Pair<'_>) -> Built<Member> {
        let mut parts = self.parts(pair);
        let name = self.need_name(&mut parts)?;
        let label = self.label_in(&mut parts);
        let code = self.code_in(&mut parts)?;
        let members = match parts.accept(Rule::members) {
            Some(members) => self.members(members)?,
            None => Vec::new(),
        };
        Ok(Member { name, label, code, members })
    }

    fn code_in(&self, parts: &mut Parts<'_>) -> Built<Option<String>> {
        let Some(code) = parts.accept(Rule::code_of) else {
            return Ok(None);
        };
        let mut parts = self.parts(code);
        parts.need(Rule::k_code)?;
        Ok(Some(text_of(&parts.need(Rule::text)?)))
    }

    fn account(&mut self, pair: Pair<'_>) -> Built<Account> {
        let mut parts = self.parts(pair);
        parts.need(Rule::k_account)?;
        let name = self.need_name(&mut parts)?;
        let keys = self.family_in(&mut parts)?;
        let label = self.label_in(&mut parts);
        let code = self.code_in(&mut parts)?;
        Ok(Account { name, keys, label, code, holds: parts.has(Rule::holds) })
    }

    fn pool(&mut self, pair: Pair<'_>) -> Built<Pool> {
        let mut parts = self.parts(pair);
        parts.need(Rule::k_pool)?;
        let name = self.need_name(&mut parts)?;
        parts.has(Rule::k_per);
        let per = parts.accept(Rule::word).map(|word| self.name(&word));
        let label = self.label_in(&mut parts);
        Ok(Pool { name, per, label })
    }

    fn reading(&mut self, pair: Pair<'_>) -> Built<Reading> {
        let mut parts = self.parts(pair);
        parts.need(Rule::k_reading)?;
        let name = self.need_name(&mut parts)?;
        let label = self.label_in(&mut parts);
        let cite = self.cite_in(&mut parts)?;
        let mut options = Vec::new();
        while let Some(option) = parts.accept(Rule::option) {
            let mut parts = self.parts(option);
            options.push((self.need_name(&mut parts)?, self.label_in(&mut parts)));
        }
        parts.need(Rule::k_default)?;
        let default = self.need_name(&mut parts)?;
        parts.has(Rule::k_because);
        let because = parts.accept(Rule::text).map(|text| text_of(&text));
        Ok(Reading { name, label, cite, options, default, because })
    }

    fn tally(&mut self, pair: Pair<'_>) -> Built<Tally> {
        let mut parts = self.parts(pair);
        parts.need(Rule::k_tally)?;
        let name = self.need_name(&mut parts)?;
        let label = self.label_in(&mut parts);
        parts.need(Rule::k_per)?;
        let keys = self.keys(parts.need(Rule::keys)?)?;
        let ty = self.type_ref(parts.need(Rule::type_ref)?)?;
        let feeders = parts.map(|adds| self.change(adds)).collect::<Built<Vec<Change>>>()?;
        Ok(Tally { name, label, keys, ty, feeders })
    }

    fn carry(&mut self, pair: Pair<'_>) -> Built<Carry> {
        let mut parts = self.parts(pair);
        parts.need(Rule::k_carry)?;
        let name = self.need_name(&mut parts)?;
        let label = self.label_in(&mut parts);
        parts.need(Rule::k_per)?;
        let keys = self.keys(parts.need(Rule::keys)?)?;
        let ty = self.type_ref(parts.need(Rule::type_ref)?)?;
        parts.need(Rule::k_starts)?;
        let starts = self.expr(parts.need(Rule::expr)?)?;
        let becomes = parts.map(|becomes| self.change(becomes)).collect::<Built<Vec<Change>>>()?;
        Ok(Carry { name, label, keys, ty, starts, becomes })
    }

    /// `on EVENT [when C] adds EXPR`, and the same with `becomes`.
    fn change(&mut self, pair: Pair<'_>) -> Built<Change> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_on)?;
        let event = self.need_name(&mut parts)?;
        let when = self.condition_in(&mut parts)?;
        parts.any()?;
        let value = self.expr(parts.need(Rule::expr)?)?;
        Ok(Change { event, when, value, span })
    }

    fn calendar(&mut self, pair: Pair<'_>) -> Built<Calendar> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_calendar)?;
        let name = self.need_name(&mut parts)?;
        let label = self.label_in(&mut parts);
        let when = if parts.has(Rule::k_at_end_of) {
            CalendarWhen::AtEndOf(self.period_kind(parts.need(Rule::period_kind)?)?)
        } else {
            parts.need(Rule::k_on)?;
            CalendarWhen::On(self.expr(parts.need(Rule::expr)?)?)
        };
        let effective = self.effective_in(&mut parts)?;
        let for_each = self.for_each_in(&mut parts)?;
        Ok(Calendar { name, label, when, effective, for_each, span })
    }

    fn period_kind(&self, pair: Pair<'_>) -> Built<PeriodKind> {
        let kind = self.only(pair)?;
        match kind.as_rule() {
            Rule::k_month => Ok(PeriodKind::Month),
            Rule::k_quarter => Ok(PeriodKind::Quarter),
            Rule::k_year => Ok(PeriodKind::Year),
            _ => Err(self.odd(&kind)),
        }
    }

    fn stage(&mut self, pair: Pair<'_>) -> Built<Stage> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_stage)?;
        let name = self.need_name(&mut parts)?;
        let label = self.label_in(&mut parts);
        parts.need(Rule::k_closes)?;
        let closes = self.need_name(&mut parts)?;
        let keys = self.family_in(&mut parts)?;
        parts.need(Rule::k_at_end_of)?;
        let at_end_of = self.period_kind(parts.need(Rule::period_kind)?)?;
        let effective = self.effective_in(&mut parts)?;
        let condition = self.expr_after(&mut parts, Rule::k_where)?;
        let booked = self.expr_after(&mut parts, Rule::k_booked)?;
        Ok(Stage { name, label, closes, keys, at_end_of, effective, condition, booked, span })
    }

    fn figure(&mut self, pair: Pair<'_>) -> Built<Figure> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_figure)?;
        let name = self.need_name(&mut parts)?;
        let label = self.label_in(&mut parts);
        parts.need(Rule::k_of)?;
        let event = self.need_name(&mut parts)?;
        let for_each = self.for_each_in(&mut parts)?;
        let cite = self.cite_in(&mut parts)?;
        let condition = self.condition_in(&mut parts)?;
        let (when, value) = match (parts.accept(Rule::expr), condition) {
            (Some(value), when) => (when, self.expr(value)?),
            (None, Some(condition)) => match before_last_equals(condition) {
                Ok((when, value)) => (Some(when), value),
                Err(condition) => {
                    self.diagnostics.push(no_value(condition.span));
                    (None, condition)
                }
            },
            (None, None) => return Err(Odd { kind: Rule::figure, span }),
        };
        Ok(Figure { name, label, event, for_each, when, value, cite, span })
    }

    fn delegates(&mut self, pair: Pair<'_>) -> Built<Delegates> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_delegates)?;
        let what = self.path(&parts.need(Rule::path)?);
        parts.need(Rule::k_to)?;
        let to = self.level(parts.need(Rule::level)?)?;
        let when = self.condition_in(&mut parts)?;
        let cite = self.cite_in(&mut parts)?;
        Ok(Delegates { what, to, when, cite, span })
    }
}

/// A figure with a condition and no value.
fn no_value(span: Span) -> Diagnostic {
    let end = Span::new(span.file, span.end, span.end);
    Diagnostic::error(
        codes::UNEXPECTED,
        end,
        Words::new("expected `=` and the value of the figure", "此处应为「=」与指标的值"),
    )
}

/// A condition that ends in `= VALUE`, taken apart there; itself where it does not.
fn before_last_equals(condition: Expr) -> Result<(Expr, Expr), Expr> {
    let Expr { kind, span } = condition;
    match kind {
        ExprKind::Binary(Operator::Equal, left, right) => Ok((*left, *right)),
        ExprKind::Not(inner) => match before_last_equals(*inner) {
            Ok((when, value)) => Ok((Expr { kind: ExprKind::Not(Box::new(when)), span }, value)),
            Err(inner) => Err(Expr { kind: ExprKind::Not(Box::new(inner)), span }),
        },
        ExprKind::Rounded { value, mode, unit } => match before_last_equals(*value) {
            Ok((when, value)) => {
                let kind = ExprKind::Rounded { value: Box::new(value), mode, unit };
                Ok((when, Expr { kind, span }))
            }
            Err(value) => {
                Err(Expr { kind: ExprKind::Rounded { value: Box::new(value), mode, unit }, span })
            }
        },
        ExprKind::And(items) => in_row(items, span, ExprKind::And),
        ExprKind::Or(items) => in_row(items, span, ExprKind::Or),
        kind => Err(Expr { kind, span }),
    }
}

/// The same for the last of several conditions.
fn in_row(
    mut items: Vec<Expr>,
    span: Span,
    row: fn(Vec<Expr>) -> ExprKind,
) -> Result<(Expr, Expr), Expr> {
    let whole = |items| Expr { kind: row(items), span };
    let Some(last) = items.pop() else { return Err(whole(items)) };
    match before_last_equals(last) {
        Ok((when, value)) => {
            items.push(when);
            Ok((whole(items), value))
        }
        Err(last) => {
            items.push(last);
            Err(whole(items))
        }
    }
}
