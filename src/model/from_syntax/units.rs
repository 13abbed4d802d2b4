//! Which types go together: what literals come to, and what operations give.

use crate::base::Exact;
use crate::syntax::ast::{self, ExprKind as Written, Operator};

use crate::model::{Arithmetic, Comparison, Type};

/// Whether a number is made of literals alone.
pub(super) fn is_literal(written: &ast::Expr) -> bool {
    match &written.kind {
        Written::Number { .. } => true,
        Written::Negate(inner) => is_literal(inner),
        Written::Binary(operator, left, right) => {
            arithmetic(*operator).is_some() && is_literal(left) && is_literal(right)
        }
        _ => false,
    }
}

pub(super) fn has_rate(written: &ast::Expr) -> bool {
    match &written.kind {
        Written::Number { as_rate, .. } => *as_rate,
        Written::Negate(inner) => has_rate(inner),
        Written::Binary(_, left, right) => has_rate(left) || has_rate(right),
        _ => false,
    }
}

/// `1/3` is a rate where nothing else is wanted.
pub(super) fn is_quotient(written: &ast::Expr) -> bool {
    match &written.kind {
        Written::Negate(inner) => is_quotient(inner),
        Written::Binary(operator, ..) => *operator == Operator::Divide,
        _ => false,
    }
}

pub(super) fn fold(written: &ast::Expr) -> Option<Exact> {
    match &written.kind {
        Written::Number { value, .. } => Some(value.clone()),
        Written::Negate(inner) => Some(fold(inner)?.neg()),
        Written::Binary(operator, left, right) => {
            let (left, right) = (fold(left)?, fold(right)?);
            match arithmetic(*operator)? {
                Arithmetic::Add => left.add(&right).ok(),
                Arithmetic::Subtract => left.sub(&right).ok(),
                Arithmetic::Multiply => left.mul(&right).ok(),
                Arithmetic::Divide => left.div(&right).ok(),
            }
        }
        _ => None,
    }
}

pub(super) fn arithmetic(operator: Operator) -> Option<Arithmetic> {
    match operator {
        Operator::Add => Some(Arithmetic::Add),
        Operator::Subtract => Some(Arithmetic::Subtract),
        Operator::Multiply => Some(Arithmetic::Multiply),
        Operator::Divide => Some(Arithmetic::Divide),
        Operator::Equal
        | Operator::NotEqual
        | Operator::Less
        | Operator::LessEqual
        | Operator::Greater
        | Operator::GreaterEqual => None,
    }
}

pub(super) fn comparison(operator: Operator) -> Comparison {
    match operator {
        Operator::NotEqual => Comparison::NotEqual,
        Operator::Less => Comparison::Less,
        Operator::LessEqual => Comparison::LessEqual,
        Operator::Greater => Comparison::Greater,
        Operator::GreaterEqual => Comparison::GreaterEqual,
        Operator::Equal
        | Operator::Add
        | Operator::Subtract
        | Operator::Multiply
        | Operator::Divide => Comparison::Equal,
    }
}

/// Rates, numbers and whole numbers: without unit.
pub(super) fn is_number(ty: &Type) -> bool {
    matches!(ty, Type::Rate | Type::Number | Type::Integer)
}

/// What can be added up: money, or a number.
pub(super) fn is_quantity(ty: &Type) -> bool {
    is_number(ty) || matches!(ty, Type::Money(_))
}

/// Whether a value of one type may stand where another is meant.
pub(super) fn assignable(from: &Type, to: &Type) -> bool {
    match (from, to) {
        _ if from == to => true,
        (Type::Integer | Type::Rate, Type::Number) => true,
        (Type::Optional(from), Type::Optional(to)) => assignable(from, to),
        (from, Type::Optional(to)) => assignable(from, to),
        (Type::List(from), Type::List(to)) => assignable(from, to),
        _ => false,
    }
}

/// The type that holds both.
pub(super) fn unified(one: &Type, other: &Type) -> Option<Type> {
    if assignable(one, other) {
        Some(other.clone())
    } else if assignable(other, one) {
        Some(one.clone())
    } else if is_number(one) && is_number(other) {
        Some(Type::Number)
    } else {
        None
    }
}

pub(super) fn comparable(one: &Type, other: &Type) -> bool {
    one == other || (is_number(one) && is_number(other))
}

pub(super) fn moved(operator: Arithmetic, left: &Type, right: &Type) -> Option<Type> {
    match (left, right) {
        (Type::Money(one), Type::Money(other)) if one == other => Some(left.clone()),
        _ if is_number(left) && is_number(right) => unified(left, right),
        (Type::Date, Type::Duration) => Some(Type::Date),
        (Type::Duration, Type::Duration) => Some(Type::Duration),
        (Type::Period(_), Type::Integer) => Some(left.clone()),
        (Type::Date, Type::Date) if operator == Arithmetic::Subtract => Some(Type::Integer),
        (Type::Period(one), Type::Period(other))
            if operator == Arithmetic::Subtract && one == other =>
        {
            Some(Type::Integer)
        }
        _ => None,
    }
}

pub(super) fn product(left: &Type, right: &Type) -> Option<Type> {
    match (left, right) {
        (Type::Money(_), other) if is_number(other) => Some(left.clone()),
        (other, Type::Money(_)) if is_number(other) => Some(right.clone()),
        (Type::Rate, Type::Integer) | (Type::Integer, Type::Rate) => Some(Type::Rate),
        _ if is_number(left) && is_number(right) => unified(left, right),
        (Type::Duration, Type::Integer) | (Type::Integer, Type::Duration) => Some(Type::Duration),
        _ => None,
    }
}

pub(super) fn quotient(left: &Type, right: &Type, literal_divisor: bool) -> Option<Type> {
    match (left, right) {
        (Type::Money(one), Type::Money(other)) if one == other => Some(Type::Rate),
        (Type::Money(_), other) if is_number(other) => Some(left.clone()),
        (Type::Rate, other) if is_number(other) => Some(Type::Rate),
        _ if is_number(left) && is_number(right) => {
            Some(if literal_divisor { Type::Number } else { Type::Rate })
        }
        _ => None,
    }
}
