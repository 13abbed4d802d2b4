//! Choices inside a comparison, lifted out of it: each branch is compared by itself, so that what a
//! reading, an `if`, the lesser of two or a parameter decides is tried with its real value.

use crate::base::Span;
use crate::model::{Arithmetic, Comparison, Constant, Expr, ExprKind, Function, Type};

use super::condition::{Formula, Space};
use super::names::map_children;

/// Up to this many choices inside a comparison are tried one by one.
const CHOICES_MAX: usize = 5;

/// Up to this many values of a parameter that multiplies or divides.
const FACTORS_MAX: usize = 12;

/// What an expression comes to, each under a condition; one of them holds.
type Branches = Vec<(Expr, Expr)>;

impl Space<'_> {
    /// A comparison whose side is, or holds, a choice becomes a choice of comparisons.
    pub(super) fn lifted(
        &mut self,
        comparison: Comparison,
        left: &Expr,
        right: &Expr,
        span: Span,
    ) -> Option<Formula> {
        let few = choices(left).saturating_add(choices(right)) <= CHOICES_MAX;
        for (side, other, mirrored) in [(left, right, false), (right, left, true)] {
            let against = |space: &mut Self, comparison: Comparison, value: &Expr| {
                if mirrored {
                    space.compare(comparison, other, value, span)
                } else {
                    space.compare(comparison, value, other, span)
                }
            };
            if let Some((largest, parts)) = extreme(side) {
                return Some(match comparison {
                    Comparison::Equal | Comparison::NotEqual => {
                        let least = against(self, Comparison::GreaterEqual, side);
                        let most = against(self, Comparison::LessEqual, side);
                        let equal = Formula::all([least, most]);
                        if comparison == Comparison::Equal { equal } else { equal.not() }
                    }
                    Comparison::Less
                    | Comparison::LessEqual
                    | Comparison::Greater
                    | Comparison::GreaterEqual => {
                        let upward =
                            matches!(comparison, Comparison::Greater | Comparison::GreaterEqual);
                        let parts = parts.iter().map(|part| against(self, comparison, part));
                        let parts: Vec<Formula> = parts.collect();
                        let any = (upward != mirrored) == largest;
                        if any { Formula::Any(parts) } else { Formula::All(parts) }
                    }
                });
            }
            let branches = match &side.kind {
                ExprKind::If(..) | ExprKind::Otherwise(..) => own_choice(side),
                _ if few => self.inner_choice(side),
                _ => None,
            };
            if let Some(branches) = branches {
                let parts = branches.iter().map(|(condition, value)| {
                    let condition = self.condition(condition);
                    Formula::all([condition, against(self, comparison, value)])
                });
                return Some(Formula::Any(parts.collect()));
            }
        }
        None
    }

    /// The first choice inside an expression, with the whole for each branch.
    fn inner_choice(&mut self, expr: &Expr) -> Option<Branches> {
        if self.is_stepwise(expr) {
            return None;
        }
        if let Some(own) = own_choice(expr).or_else(|| numeric_choice(expr)) {
            return Some(own);
        }
        if let Some(factor) = self.factor(expr) {
            return Some(factor);
        }
        if !is_worked_out(expr) {
            return None;
        }
        let mut found: Option<(usize, Branches)> = None;
        let mut at = 0_usize;
        map_children(expr, &mut |child| {
            if found.is_none()
                && let Some(branches) = self.inner_choice(child)
            {
                found = Some((at, branches));
            }
            at = at.saturating_add(1);
            child.clone()
        });
        let (chosen, branches) = found?;
        let whole = |value: &Expr| {
            let mut at = 0_usize;
            map_children(expr, &mut |child| {
                let own = at == chosen;
                at = at.saturating_add(1);
                if own { value.clone() } else { child.clone() }
            })
        };
        Some(branches.into_iter().map(|(when, value)| (when, whole(&value))).collect())
    }

    /// A quantity times, or by, a parameter of few values: one branch for each value.
    fn factor(&mut self, expr: &Expr) -> Option<Branches> {
        let ExprKind::Arithmetic(operation, left, right) = &expr.kind else { return None };
        if !matches!(operation, Arithmetic::Multiply | Arithmetic::Divide) {
            return None;
        }
        let parameter = |side: &Expr| matches!(side.kind, ExprKind::Parameter { .. });
        let (by, is_left) = match (parameter(left), parameter(right)) {
            (false, true) => (right, false),
            (true, false) if *operation == Arithmetic::Multiply => (left, true),
            _ => return None,
        };
        let step = self.step(by)?;
        let values = self.thresholds(&step)?;
        if values.len() > FACTORS_MAX || values.iter().any(is_zero) {
            return None;
        }
        let branches = values.into_iter().map(|value| {
            let kind = ExprKind::Constant(value);
            let value = Expr { kind, ..by.as_ref().clone() };
            let is = with(by, Type::Bool, |by| {
                ExprKind::Compare(Comparison::Equal, by, Box::new(value.clone()))
            });
            let (left, right) = if is_left {
                (Box::new(value), right.clone())
            } else {
                (left.clone(), Box::new(value))
            };
            (is, Expr { kind: ExprKind::Arithmetic(*operation, left, right), ..expr.clone() })
        });
        Some(branches.collect())
    }
}

fn is_zero(value: &Constant) -> bool {
    matches!(value, Constant::Number(number) if number.is_zero())
}

fn with(expr: &Expr, ty: Type, kind: impl FnOnce(Box<Expr>) -> ExprKind) -> Expr {
    Expr { kind: kind(Box::new(expr.clone())), ty, span: expr.span }
}

/// The parts of a largest (`true`) or least; a size without sign is the larger of two.
fn extreme(expr: &Expr) -> Option<(bool, Vec<Expr>)> {
    let ExprKind::Call(function, arguments) = &expr.kind else { return None };
    match (function, arguments.as_slice()) {
        (Function::Min | Function::Max, _) => Some((*function == Function::Max, arguments.clone())),
        (Function::Abs, [one]) => {
            Some((true, vec![one.clone(), with(one, one.ty.clone(), ExprKind::Negate)]))
        }
        _ => None,
    }
}

/// The branches of an `if`, or of a value with its default.
fn own_choice(expr: &Expr) -> Option<Branches> {
    let not = |condition: &Expr| with(condition, Type::Bool, ExprKind::Not);
    match &expr.kind {
        ExprKind::If(condition, then, otherwise) => Some(vec![
            (condition.as_ref().clone(), then.as_ref().clone()),
            (not(condition), otherwise.as_ref().clone()),
        ]),
        ExprKind::Otherwise(value, default) => {
            let there =
                with(value, Type::Bool, |value| ExprKind::Call(Function::Present, vec![*value]));
            let absent = not(&there);
            let value = Expr { ty: value.ty.required().clone(), ..value.as_ref().clone() };
            Some(vec![(there, value), (absent, default.as_ref().clone())])
        }
        _ => None,
    }
}

/// The branches of a least, a largest or a size of numbers inside a sum.
fn numeric_choice(expr: &Expr) -> Option<Branches> {
    if matches!(expr.ty.required(), Type::Date | Type::Period(_)) {
        return None;
    }
    let (largest, parts) = extreme(expr)?;
    let (first, others) = parts.split_first()?;
    let (second, others) = others.split_first()?;
    let comparison = if largest { Comparison::GreaterEqual } else { Comparison::LessEqual };
    let first_stands = with(first, Type::Bool, |first| {
        ExprKind::Compare(comparison, first, Box::new(second.clone()))
    });
    let function = if largest { Function::Max } else { Function::Min };
    let rest = |one: &Expr| {
        if others.is_empty() {
            return one.clone();
        }
        let all = std::iter::once(one).chain(others).cloned().collect();
        Expr { kind: ExprKind::Call(function, all), ..expr.clone() }
    };
    let second_stands = with(&first_stands, Type::Bool, ExprKind::Not);
    Some(vec![(first_stands, rest(first)), (second_stands, rest(second))])
}

/// Whether an expression is worked out of its parts, whatever they are.
fn is_worked_out(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Arithmetic(..)
        | ExprKind::Negate(_)
        | ExprKind::Rounded(..)
        | ExprKind::Parameter { .. } => true,
        ExprKind::Call(function, _) => *function != Function::Present,
        _ => false,
    }
}

/// How many choices stand inside an expression.
fn choices(expr: &Expr) -> usize {
    let own = match &expr.kind {
        ExprKind::If(_, then, otherwise) => {
            return 1_usize.saturating_add(choices(then)).saturating_add(choices(otherwise));
        }
        ExprKind::Otherwise(value, default) => {
            return 1_usize.saturating_add(choices(value)).saturating_add(choices(default));
        }
        _ => usize::from(numeric_choice(expr).is_some()),
    };
    let mut count = own;
    if is_worked_out(expr) {
        map_children(expr, &mut |child| {
            count = count.saturating_add(choices(child));
            child.clone()
        });
    }
    count
}
