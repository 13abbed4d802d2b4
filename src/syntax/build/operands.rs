//! What stands alone in an expression: literals, names, totals, sums and selections.

use super::literals::text_of;
use super::{Builder, Built};
use crate::base::Exact;
use crate::syntax::ast::{AggregateFunction, Expr, ExprKind, Factor, Name, Selection, TotalKey};
use crate::syntax::grammar::{Pair, Rule};

impl Builder {
    pub(super) fn primary(&mut self, pair: Pair<'_>) -> Built<Expr> {
        self.operand(self.only(pair)?)
    }

    /// What a `primary` is made of; it may stand alone.
    pub(super) fn operand(&mut self, inner: Pair<'_>) -> Built<Expr> {
        let span = self.span(&inner);
        let kind = match inner.as_rule() {
            Rule::date_literal => ExprKind::Date(self.date(&inner)),
            Rule::month_literal | Rule::quarter_literal => ExprKind::Period(self.period(&inner)),
            Rule::length => self.length(inner)?,
            Rule::literal => self.literal(inner)?,
            Rule::text => ExprKind::Text(text_of(&inner)),
            Rule::k_true => ExprKind::Bool(true),
            Rule::k_false => ExprKind::Bool(false),
            Rule::all_of => ExprKind::And(self.exprs(inner)?),
            Rule::any_of => ExprKind::Or(self.exprs(inner)?),
            Rule::total => self.total(inner)?,
            Rule::aggregate => self.aggregate(inner)?,
            Rule::closed => ExprKind::Closed(self.place_in_brackets(inner)?),
            Rule::balance => ExprKind::Balance(self.place_in_brackets(inner)?),
            Rule::share => {
                let mut parts = self.parts(inner);
                parts.need(Rule::k_share)?;
                ExprKind::Share(self.need_name(&mut parts)?)
            }
            Rule::list => ExprKind::List(self.exprs(inner)?),
            Rule::parens => return self.expr(self.only(inner)?),
            Rule::name => ExprKind::Name(inner.as_str().to_owned()),
            _ => return Err(self.odd(&inner)),
        };
        Ok(Expr { kind, span })
    }

    fn place_in_brackets(&mut self, pair: Pair<'_>) -> Built<crate::syntax::ast::Place> {
        let mut parts = self.parts(pair);
        parts.any()?;
        self.place(parts.need(Rule::place)?)
    }

    fn literal(&mut self, pair: Pair<'_>) -> Built<ExprKind> {
        let mut parts = self.parts(pair);
        let number = self.number(&parts.need(Rule::number)?)?;
        let part_of = match parts.next().map(|sign| sign.as_rule()) {
            Some(Rule::percent) => Some(100),
            Some(Rule::permille) => Some(1000),
            _ => None,
        };
        Ok(match part_of {
            Some(whole) => ExprKind::Number { value: part(&number, whole), as_rate: true },
            None => ExprKind::Number { value: number, as_rate: false },
        })
    }

    fn length(&mut self, pair: Pair<'_>) -> Built<ExprKind> {
        let mut parts = self.parts(pair);
        let number = parts.need(Rule::number)?;
        let count: i32 = self.whole(&number)?;
        let unit = self.only(parts.need(Rule::unit)?)?;
        let months = |each: i32| count.saturating_mul(each);
        Ok(match unit.as_rule() {
            Rule::k_years => ExprKind::Length { months: months(12), days: 0 },
            Rule::k_quarters => ExprKind::Length { months: months(3), days: 0 },
            Rule::k_months => ExprKind::Length { months: count, days: 0 },
            Rule::k_days => ExprKind::Length { months: 0, days: count },
            _ => return Err(self.odd(&unit)),
        })
    }

    fn total(&mut self, pair: Pair<'_>) -> Built<ExprKind> {
        let mut parts = self.parts(pair);
        parts.need(Rule::k_total)?;
        let tally = self.need_name(&mut parts)?;
        let with_this = parts.has(Rule::k_with_this);
        let mut keys = None;
        if parts.has(Rule::k_for) {
            let list = keys.insert(Vec::new());
            while let Some(key) = parts.accept(Rule::total_key) {
                list.push(self.total_key(key)?);
            }
        }
        let as_of = if parts.has(Rule::k_as_of) {
            Some(Box::new(self.additive(parts.need(Rule::additive)?)?))
        } else {
            None
        };
        Ok(ExprKind::Total { tally, with_this, keys, as_of })
    }

    fn total_key(&mut self, pair: Pair<'_>) -> Built<TotalKey> {
        let key = self.only(pair)?;
        match key.as_rule() {
            Rule::k_all => Ok(TotalKey::All(self.span(&key))),
            _ => self.additive(key).map(TotalKey::Key),
        }
    }

    /// A sum over a selection, or the plain call of a function with such a name.
    fn aggregate(&mut self, pair: Pair<'_>) -> Built<ExprKind> {
        let whole = self.span(&pair);
        let mut parts = self.parts(pair);
        let word = parts.need(Rule::aggregate_name)?;
        let word_span = self.span(&word);
        let (function, name) = match self.only(word)?.as_rule() {
            Rule::k_sum => (AggregateFunction::Sum, "sum"),
            Rule::k_count => (AggregateFunction::Count, "count"),
            Rule::k_min => (AggregateFunction::Min, "min"),
            _ => (AggregateFunction::Max, "max"),
        };
        let mut values = Vec::new();
        while let Some(value) = parts.accept(Rule::expr) {
            values.push(self.expr(value)?);
        }
        if parts.has(Rule::k_for) {
            let selection = Box::new(self.selection(parts.need(Rule::selection)?)?);
            let value = values.pop().map(Box::new);
            return Ok(ExprKind::Aggregate { function, value, selection });
        }
        let condition = match parts.accept(Rule::k_where) {
            Some(_) => Some(self.expr(parts.need(Rule::expr)?)?),
            None => None,
        };
        // `count(branches as b where …)`: the group stands where the value would.
        match (values.len(), values.pop()) {
            (1, Some(Expr { kind: ExprKind::Bind(group, binding), .. })) => {
                let span = whole;
                let binding = Some(binding);
                let selection = Box::new(Selection {
                    group: *group,
                    binding,
                    condition,
                    shares: Vec::new(),
                    span,
                });
                Ok(ExprKind::Aggregate { function, value: None, selection })
            }
            (1, Some(group)) if condition.is_some() => {
                let span = whole;
                let shares = Vec::new();
                let selection =
                    Box::new(Selection { group, binding: None, condition, shares, span });
                Ok(ExprKind::Aggregate { function, value: None, selection })
            }
            (_, last) => {
                values.extend(last);
                let callee = ExprKind::Name(name.to_owned());
                Ok(ExprKind::Call(Box::new(Expr { kind: callee, span: word_span }), values))
            }
        }
    }

    pub(super) fn selection(&mut self, pair: Pair<'_>) -> Built<Selection> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let group = self.dated_value(parts.need(Rule::dated_value)?)?;
        let binding: Option<Name> = match parts.accept(Rule::k_as) {
            Some(_) => Some(self.need_name(&mut parts)?),
            None => None,
        };
        let condition = match parts.accept(Rule::k_where) {
            Some(_) => Some(self.expr(parts.need(Rule::expr)?)?),
            None => None,
        };
        let mut shares = Vec::new();
        if let Some(by_shares) = parts.accept(Rule::by_shares) {
            let mut parts = self.parts(by_shares);
            parts.need(Rule::k_by_shares)?;
            for factor in parts {
                shares.push(self.factor(factor)?);
            }
        }
        Ok(Selection { group, binding, condition, shares, span })
    }

    fn factor(&mut self, pair: Pair<'_>) -> Built<Factor> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let number = self.number(&parts.need(Rule::number)?)?;
        let weight = if parts.has(Rule::percent) {
            part(&number, 100)
        } else if parts.has(Rule::permille) {
            part(&number, 1000)
        } else if parts.has(Rule::slash) {
            let below = parts.need(Rule::number)?;
            let divisor = self.number(&below)?;
            match number.div(&divisor) {
                Ok(weight) => weight,
                Err(_) => {
                    let at = self.span(&below);
                    self.diagnostics.push(super::literals::not_a_divisor(at));
                    number
                }
            }
        } else {
            number
        };
        let value = self.additive(parts.need(Rule::additive)?)?;
        Ok(Factor { weight, value, span })
    }
}

/// So many hundredths or thousandths. What is too wide to divide was too wide to be written.
fn part(number: &Exact, whole: i128) -> Exact {
    number.div(&Exact::from_int(whole)).unwrap_or(Exact::ZERO)
}
