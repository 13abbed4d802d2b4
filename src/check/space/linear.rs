//! Numbers: sums of terms with factors, compared with what changes in steps.

use crate::base::{Duration, Exact, Period, PeriodKind, Span};
use crate::model::{Aggregate, Arithmetic, Comparison, Constant, Expr, ExprKind, Function, Type};

use super::condition::{Formula, Space, local};
use super::days::mirrored;
use super::term::{Domain, Limits, TermIx, TermKey};
use super::value::constant;

/// Terms with factors, and what is left over.
struct Sum {
    terms: Vec<(TermIx, Exact)>,
    step: Option<Expr>,
}

impl Space<'_> {
    /// A comparison of two numbers.
    pub(super) fn compare_numbers(
        &mut self,
        comparison: Comparison,
        left: &Expr,
        right: &Expr,
        span: Span,
    ) -> Formula {
        if let Some(formula) = self.compare_years(comparison, left, right, span) {
            return formula;
        }
        if let Some(formula) = self.compare_distance(comparison, left, right, span) {
            return formula;
        }
        self.linear(comparison, left, right, span)
            .unwrap_or_else(|| self.opaque(comparison, left, right, span))
    }

    /// The number of a year compared with a constant is the year compared with that year.
    fn compare_years(
        &mut self,
        comparison: Comparison,
        left: &Expr,
        right: &Expr,
        span: Span,
    ) -> Option<Formula> {
        for (side, other, comparison) in
            [(left, right, comparison), (right, left, mirrored(comparison))]
        {
            let ExprKind::Call(Function::YearNumber, arguments) = &side.kind else { continue };
            let Constant::Number(number) = constant(self.rules, other)? else { return None };
            let year = Period::new(PeriodKind::Year, i32::try_from(number.to_int()?).ok()?, 1)?;
            let ty = Type::Period(PeriodKind::Year);
            let kind = ExprKind::Call(Function::Year, arguments.clone());
            let of_side = Expr { kind, ty: ty.clone(), span };
            let kind = ExprKind::Constant(Constant::Period(year));
            return Some(self.compare(comparison, &of_side, &Expr { kind, ty, span }, span));
        }
        None
    }

    /// So many days between two dates is the later one compared with the earlier, moved by so many.
    fn compare_distance(
        &mut self,
        comparison: Comparison,
        left: &Expr,
        right: &Expr,
        span: Span,
    ) -> Option<Formula> {
        for (side, other, comparison) in
            [(left, right, comparison), (right, left, mirrored(comparison))]
        {
            let (later, earlier) = match &side.kind {
                ExprKind::Arithmetic(Arithmetic::Subtract, later, earlier) => {
                    (later.as_ref(), earlier.as_ref())
                }
                ExprKind::Call(Function::Days, between) => match between.as_slice() {
                    [from, to] => (to, from),
                    _ => continue,
                },
                _ => continue,
            };
            if *later.ty.required() != Type::Date || *earlier.ty.required() != Type::Date {
                continue;
            }
            let Some(Constant::Number(number)) = constant(self.rules, other) else { continue };
            let floor = number.floor();
            let is_whole = floor == number;
            let comparison = match comparison {
                Comparison::Equal if !is_whole => return Some(Formula::Decided(false)),
                Comparison::NotEqual if !is_whole => return Some(Formula::Decided(true)),
                Comparison::Less if !is_whole => Comparison::LessEqual,
                Comparison::GreaterEqual if !is_whole => Comparison::Greater,
                as_written => as_written,
            };
            let days = i32::try_from(floor.to_int()?).ok()?;
            let kind = ExprKind::Constant(Constant::Duration(Duration::days(days)));
            let length = Expr { kind, ty: Type::Duration, span };
            let kind =
                ExprKind::Arithmetic(Arithmetic::Add, Box::new(earlier.clone()), Box::new(length));
            let moved = Expr { kind, ty: Type::Date, span };
            return Some(self.compare(comparison, later, &moved, span));
        }
        None
    }

    fn linear(
        &mut self,
        comparison: Comparison,
        left: &Expr,
        right: &Expr,
        span: Span,
    ) -> Option<Formula> {
        let mut sum = Sum { terms: Vec::new(), step: None };
        self.add(&mut sum, left, &Exact::ONE)?;
        self.add(&mut sum, right, &Exact::from_int(-1))?;
        sum.terms.retain(|(_, factor)| !factor.is_zero());
        // A fixed order makes `a > b` and `b < a` one question.
        sum.terms.sort_by_key(|(term, _)| *term);
        let zero = number(Exact::ZERO, span);
        let step = sum.step.unwrap_or_else(|| zero.clone());
        let Some((_, first)) = sum.terms.first().cloned() else {
            self.thresholds(&step)?;
            return Some(self.test(compared(comparison, step, zero, span)));
        };
        let comparison = if first.is_negative() { mirrored(comparison) } else { comparison };
        for (_, factor) in &mut sum.terms {
            *factor = factor.div(&first).ok()?;
        }
        let threshold = scaled(&step, &Exact::from_int(-1).div(&first).ok()?);
        let threshold = match constant(self.rules, &threshold) {
            Some(value) => Expr { kind: ExprKind::Constant(value), ..threshold },
            None => threshold,
        };
        let term = self.sum_term(sum.terms, span);
        for value in self.thresholds(&threshold)? {
            if let Constant::Number(value) = value {
                self.domain(term, |domain| domain.cut_number(&value));
            }
        }
        let term = local(term, left.ty.clone(), span);
        Some(self.test(compared(comparison, term, threshold, span)))
    }

    fn sum_term(&mut self, terms: Vec<(TermIx, Exact)>, span: Span) -> TermIx {
        if let [(term, _)] = terms.as_slice() {
            return *term;
        }
        let soft = terms.iter().any(|(term, _)| self.is_soft(*term));
        let key = TermKey::Linear(terms);
        self.term_of(key, Domain::numbers(None, None), soft, span)
    }

    /// Adds an expression, times a factor.
    fn add(&mut self, sum: &mut Sum, expr: &Expr, factor: &Exact) -> Option<()> {
        if let Some(step) = self.step(expr) {
            let step = scaled(&step, factor);
            sum.step = Some(match sum.step.take() {
                None => step,
                Some(so_far) => {
                    let kind =
                        ExprKind::Arithmetic(Arithmetic::Add, Box::new(so_far), Box::new(step));
                    Expr { kind, ty: Type::Number, span: expr.span }
                }
            });
            return Some(());
        }
        match &expr.kind {
            ExprKind::Arithmetic(Arithmetic::Add, left, right) => {
                self.add(sum, left, factor)?;
                self.add(sum, right, factor)
            }
            ExprKind::Arithmetic(Arithmetic::Subtract, left, right)
                if !matches!(left.ty.required(), Type::Date | Type::Period(_)) =>
            {
                self.add(sum, left, factor)?;
                self.add(sum, right, &factor.neg())
            }
            ExprKind::Negate(inner) => self.add(sum, inner, &factor.neg()),
            ExprKind::Arithmetic(Arithmetic::Multiply, left, right) => {
                match (constant(self.rules, left), constant(self.rules, right)) {
                    (Some(Constant::Number(times)), _) => {
                        self.add(sum, right, &factor.mul(&times).ok()?)
                    }
                    (_, Some(Constant::Number(times))) => {
                        self.add(sum, left, &factor.mul(&times).ok()?)
                    }
                    _ => self.add_term(sum, expr, factor),
                }
            }
            ExprKind::Arithmetic(Arithmetic::Divide, left, right) => {
                match constant(self.rules, right) {
                    Some(Constant::Number(by)) => self.add(sum, left, &factor.div(&by).ok()?),
                    _ => self.add_term(sum, expr, factor),
                }
            }
            _ => self.add_term(sum, expr, factor),
        }
    }

    fn add_term(&mut self, sum: &mut Sum, expr: &Expr, factor: &Exact) -> Option<()> {
        let domain = self.numeric_domain(expr);
        let term = self.term(expr, domain);
        if let Some((_, known)) = sum.terms.iter_mut().find(|(one, _)| *one == term) {
            *known = known.add(factor).ok()?;
        } else {
            sum.terms.push((term, factor.clone()));
        }
        Some(())
    }

    pub(super) fn numeric_domain(&self, expr: &Expr) -> Domain {
        match &expr.kind {
            ExprKind::Call(
                function @ (Function::MonthOfYear | Function::DayOfMonth | Function::Weekday),
                _,
            ) => {
                let mut domain = Domain::numbers(Some(Exact::ONE), Some(Exact::ONE));
                let last = match function {
                    Function::MonthOfYear => 12,
                    Function::DayOfMonth => 31,
                    _ => 7,
                };
                // Every value is a cell of its own: whether a day of the calendar has it is looked
                // up afterwards.
                (1..=last).for_each(|value| domain.cut_number(&Exact::from_int(value)));
                domain
            }
            ExprKind::Call(Function::Remainder, arguments)
                if arguments.iter().all(|it| *it.ty.required() == Type::Integer) =>
            {
                let by = arguments.get(1).and_then(|by| constant(self.rules, by));
                let most = match by {
                    Some(Constant::Number(by)) => by.abs().sub(&Exact::ONE).ok(),
                    _ => None,
                };
                let least = most.as_ref().map(Exact::neg);
                Domain::within(Some(Exact::ONE), Limits { least, most })
            }
            ExprKind::Aggregate { function: Aggregate::Count, .. }
            | ExprKind::AggregateList(Aggregate::Count, _) => {
                Domain::numbers(Some(Exact::ONE), Some(Exact::ZERO))
            }
            _ => match expr.ty.required() {
                Type::Integer => Domain::numbers(Some(Exact::ONE), None),
                Type::Money(currency) if is_stored(expr) => {
                    let scale =
                        self.rules.currencies.get(currency.index()).map_or(2, |it| it.scale);
                    Domain::numbers(Some(Exact::from_scaled(1, scale)), None)
                }
                _ => Domain::numbers(None, None),
            },
        }
    }
}

/// A field of the data, rather than something worked out.
fn is_stored(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Field(_) | ExprKind::RowField { .. })
}

fn number(value: Exact, span: Span) -> Expr {
    Expr { kind: ExprKind::Constant(Constant::Number(value)), ty: Type::Number, span }
}

fn scaled(expr: &Expr, factor: &Exact) -> Expr {
    if *factor == Exact::ONE {
        return expr.clone();
    }
    let factor = number(factor.clone(), expr.span);
    let kind = ExprKind::Arithmetic(Arithmetic::Multiply, Box::new(expr.clone()), Box::new(factor));
    Expr { kind, ty: Type::Number, span: expr.span }
}

fn compared(comparison: Comparison, left: Expr, right: Expr, span: Span) -> Expr {
    let kind = ExprKind::Compare(comparison, Box::new(left), Box::new(right));
    Expr { kind, ty: Type::Bool, span }
}
