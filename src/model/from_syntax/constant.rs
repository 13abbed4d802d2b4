//! What an expression comes to, if the text alone says so.

use crate::base::Date;

use crate::model::{Arithmetic, Constant, Expr, ExprKind};

/// The value of an expression of constants; absent where anything else is needed.
pub(super) fn value(expr: &Expr) -> Option<Constant> {
    match &expr.kind {
        ExprKind::Constant(constant) => Some(constant.clone()),
        ExprKind::Negate(inner) => match value(inner)? {
            Constant::Number(number) => Some(Constant::Number(number.neg())),
            _ => None,
        },
        ExprKind::Arithmetic(operator, left, right) => {
            arithmetic(*operator, value(left)?, value(right)?)
        }
        ExprKind::Rounded(inner, mode, unit) => match value(inner)? {
            Constant::Number(number) => number.rounded(*mode, unit).ok().map(Constant::Number),
            _ => None,
        },
        _ => None,
    }
}

fn arithmetic(operator: Arithmetic, left: Constant, right: Constant) -> Option<Constant> {
    match (left, right) {
        (Constant::Number(left), Constant::Number(right)) => {
            let result = match operator {
                Arithmetic::Add => left.add(&right),
                Arithmetic::Subtract => left.sub(&right),
                Arithmetic::Multiply => left.mul(&right),
                Arithmetic::Divide => left.div(&right),
            };
            result.ok().map(Constant::Number)
        }
        (Constant::Date(date), Constant::Duration(length)) => {
            let moved: Option<Date> = match operator {
                Arithmetic::Add => date.checked_add(length),
                Arithmetic::Subtract => date.checked_sub(length),
                Arithmetic::Multiply | Arithmetic::Divide => None,
            };
            moved.map(Constant::Date)
        }
        _ => None,
    }
}
