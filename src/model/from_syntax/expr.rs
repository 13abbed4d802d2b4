//! Expressions: operators, comparisons, conditions, and the types that go together.
//!
//! A literal takes the type of what it meets (`salary - 5_000` is money), nothing else is converted:
//! only a whole number may stand for a number, and a rate for a number.

use crate::base::{Exact, Span};
use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::ast::{self, ExprKind as Written, Operator};

use super::scope::Scope;
use super::units::{
    arithmetic, assignable, comparable, comparison, fold, has_rate, is_literal, is_quantity,
    is_quotient, moved, product, quotient, unified,
};
use super::{Reported, Resolved, Resolver, words};
use crate::model::{Arithmetic, Comparison, Constant, EnumerationId, Expr, ExprKind, Type};

impl<'a> Resolver<'a> {
    /// An expression that must be of a type.
    pub(super) fn expect(
        &mut self,
        scope: &mut Scope,
        written: &'a ast::Expr,
        want: &Type,
    ) -> Resolved<Expr> {
        let expr = self.expr(scope, written, Some(want))?;
        if assignable(&expr.ty, want) {
            return Ok(expr);
        }
        // A field may be called like a member; where its type cannot stand, the member is meant.
        if let Written::Name(text) = &written.kind
            && let Some(member) =
                self.wanted(&ast::Name { text: text.clone(), span: written.span }, Some(want))
        {
            return Ok(member);
        }
        Err(self.mismatch(&expr, want))
    }

    /// A condition. Names it binds stay visible.
    pub(super) fn condition(
        &mut self,
        scope: &mut Scope,
        written: &'a ast::Expr,
    ) -> Resolved<Expr> {
        self.expect(scope, written, &Type::Bool)
    }

    /// An expression; `want` is what its place would like, which only literals and members heed.
    pub(super) fn expr(
        &mut self,
        scope: &mut Scope,
        written: &'a ast::Expr,
        want: Option<&Type>,
    ) -> Resolved<Expr> {
        let span = written.span;
        if is_literal(written) {
            return self.literal(written, want);
        }
        match &written.kind {
            Written::Number { .. } => self.literal(written, want),
            Written::Date(date) => Ok(constant(Constant::Date(*date), Type::Date, span)),
            Written::Period(period) => {
                Ok(constant(Constant::Period(*period), Type::Period(period.kind()), span))
            }
            Written::Length { months, days } => {
                let length = crate::base::Duration { months: *months, days: *days };
                Ok(constant(Constant::Duration(length), Type::Duration, span))
            }
            Written::Text(text) => Ok(constant(Constant::Text(text.clone()), Type::Text, span)),
            Written::Bool(value) => Ok(constant(Constant::Bool(*value), Type::Bool, span)),
            Written::Name(_) | Written::Access(..) | Written::Index(..) => {
                self.dated(scope, written, None, want)
            }
            Written::At(inner, day) => {
                let day = self.expect(scope, day, &Type::Date)?;
                self.dated(scope, inner, Some(day), want)
            }
            Written::Call(callee, arguments) => {
                self.call(scope, span, callee, arguments, None, want)
            }
            Written::Otherwise(value, fallback) => self.otherwise(scope, span, value, fallback),
            Written::Negate(inner) => {
                let inner = self.expr(scope, inner, want)?;
                if is_quantity(&inner.ty) || inner.ty == Type::Duration {
                    let ty = inner.ty.clone();
                    Ok(Expr { kind: ExprKind::Negate(Box::new(inner)), ty, span })
                } else {
                    Err(self.mismatch(&inner, &Type::Number))
                }
            }
            Written::Binary(operator, left, right) => match arithmetic(*operator) {
                Some(operator) => self.arithmetic(scope, span, operator, left, right, want),
                None => self.compare(scope, span, *operator, left, right),
            },
            Written::Not(_)
            | Written::And(_)
            | Written::Or(_)
            | Written::In { .. }
            | Written::Bind(..) => self.logic(scope, written),
            Written::If(condition, then, otherwise) => {
                self.choice(scope, span, [condition, then, otherwise], want)
            }
            Written::Rounded { value, mode, unit } => {
                self.rounded(scope, span, value, *mode, unit.as_ref(), want)
            }
            Written::List(values) => self.list(scope, span, values, want),
            Written::Total { .. } => self.total(scope, written),
            Written::Aggregate { function, value, selection } => {
                self.aggregate(scope, span, *function, value.as_deref(), selection, want)
            }
            Written::Share(name) => self.share(scope, span, name),
            Written::Closed(place) => self.closed(scope, span, place),
            Written::Balance(place) => self.balance(scope, span, place),
            Written::Set(_) | Written::Range { .. } => Err(self.error(
                words::NOT_HERE,
                span,
                Words::new(
                    "a set or a range stands only after `in`",
                    "集合与区间只能写在「属于」之后",
                ),
            )),
        }
    }

    /// A number made of literals alone: worked out here, of the type its place wants.
    fn literal(&mut self, written: &'a ast::Expr, want: Option<&Type>) -> Resolved<Expr> {
        let value = fold(written).ok_or(());
        let Ok(value) = value else {
            return Err(self.error(
                words::NOT_CONSTANT,
                written.span,
                Words::new("this number cannot be worked out", "无法算出这个数"),
            ));
        };
        let rate = has_rate(written) || is_quotient(written);
        let natural = match (rate, value.is_integer()) {
            (true, _) => Type::Rate,
            (false, true) => Type::Integer,
            (false, false) => Type::Number,
        };
        let ty = match want.map(Type::required) {
            Some(wanted @ (Type::Money(_) | Type::Number)) if !has_rate(written) => wanted.clone(),
            Some(Type::Number) => Type::Number,
            Some(Type::Rate) => Type::Rate,
            _ => natural,
        };
        Ok(constant(Constant::Number(value), ty, written.span))
    }

    /// Two operands, the literal one typed by the other.
    fn operands(
        &mut self,
        scope: &mut Scope,
        left: &'a ast::Expr,
        right: &'a ast::Expr,
        want: Option<&Type>,
    ) -> Resolved<(Expr, Expr)> {
        let right_first = is_literal(left) || self.is_bare_member(scope, left);
        if right_first {
            let right = self.expr(scope, right, want)?;
            Ok((self.expr(scope, left, Some(&right.ty))?, right))
        } else {
            let left = self.expr(scope, left, want)?;
            let right = self.expr(scope, right, Some(&left.ty))?;
            Ok((left, right))
        }
    }

    fn arithmetic(
        &mut self,
        scope: &mut Scope,
        span: Span,
        operator: Arithmetic,
        left: &'a ast::Expr,
        right: &'a ast::Expr,
        want: Option<&Type>,
    ) -> Resolved<Expr> {
        let scaling = matches!(operator, Arithmetic::Multiply | Arithmetic::Divide);
        let literal_divisor = is_literal(right);
        let (left, right) = if scaling {
            let left = self.expr(scope, left, None);
            let right = self.expr(scope, right, None);
            (left?, right?)
        } else {
            self.operands(scope, left, right, want)?
        };
        self.present(&left)?;
        self.present(&right)?;
        let ty = match operator {
            Arithmetic::Add | Arithmetic::Subtract => moved(operator, &left.ty, &right.ty),
            Arithmetic::Multiply => product(&left.ty, &right.ty),
            Arithmetic::Divide => quotient(&left.ty, &right.ty, literal_divisor),
        };
        if operator == Arithmetic::Divide && is_zero(&right) {
            let words = Words::new("this divides by zero", "这里除以零");
            return Err(self.error(words::NOT_CONSTANT, right.span, words));
        }
        match ty {
            Some(ty) => {
                let kind = ExprKind::Arithmetic(operator, Box::new(left), Box::new(right));
                Ok(Expr { kind, ty, span })
            }
            None => Err(self.bad_units(span, operator, &left, &right)),
        }
    }

    fn bad_units(
        &mut self,
        span: Span,
        operator: Arithmetic,
        left: &Expr,
        right: &Expr,
    ) -> Reported {
        let (a, b) = (words::a_type(&left.ty), words::a_type(&right.ty));
        if let (Type::Money(one), Type::Money(other)) = (&left.ty, &right.ty)
            && one != other
        {
            return self.mixed_currencies(span);
        }
        let (sign, verb_en, verb_zh) = match operator {
            Arithmetic::Add => ("+", "added", "相加"),
            Arithmetic::Subtract => ("-", "subtracted", "相减"),
            Arithmetic::Multiply => ("*", "multiplied", "相乘"),
            Arithmetic::Divide => ("/", "divided", "相除"),
        };
        let mut diagnostic = Diagnostic::error(
            words::UNITS,
            span,
            Words::new(
                format!("{} and {} cannot be {verb_en} (`{sign}`)", a.en, b.en),
                format!("{}与{}不能{verb_zh}（「{sign}」）", a.zh, b.zh),
            ),
        )
        .with_note(left.span, Words::new(format!("this is {}", a.en), format!("这是{}", a.zh)))
        .with_note(right.span, Words::new(format!("this is {}", b.en), format!("这是{}", b.zh)));
        if matches!((&left.ty, &right.ty), (Type::Money(_), Type::Money(_))) {
            diagnostic = diagnostic.with_help(Words::new(
                "money times money has no meaning; one of them is probably a rate such as `50%`",
                "金额乘金额没有意义；其中之一大概应是比率，例如「50%」",
            ));
        }
        // `p at date - 1 year` takes the value first.
        if matches!(&left.kind, ExprKind::Parameter { at, .. } | ExprKind::Schedule { at, .. }
            if !matches!(at.kind, ExprKind::EffectiveDate))
            && right.ty == Type::Duration
        {
            diagnostic = diagnostic.with_help(Words::new(
                "put a day that is worked out in brackets: `… at (date - 1 year)`",
                "请给算出的日期加括号：「… 取自 (日期 - 1 年)」",
            ));
        }
        self.report(diagnostic)
    }

    pub(super) fn mixed_currencies(&mut self, span: Span) -> Reported {
        self.error(
            words::MIXED_CURRENCIES,
            span,
            Words::new("two currencies never mix", "两种币种不能混算"),
        )
    }

    fn compare(
        &mut self,
        scope: &mut Scope,
        span: Span,
        operator: Operator,
        left: &'a ast::Expr,
        right: &'a ast::Expr,
    ) -> Resolved<Expr> {
        let (left, right) = self.operands(scope, left, right, None)?;
        self.present(&left)?;
        self.present(&right)?;
        let comparison = comparison(operator);
        let only_equality = matches!(left.ty, Type::Member(_) | Type::Bool | Type::Option(_));
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let unordered = matches!(left.ty, Type::Duration | Type::Row(_) | Type::List(_));
        if let (Type::Money(_), Type::Money(_)) = (&left.ty, &right.ty)
            && left.ty != right.ty
        {
            return Err(self.mixed_currencies(span));
        }
        if !comparable(&left.ty, &right.ty) {
            let (a, b) = self.told_apart(&left.ty, &right.ty);
            return Err(self.report(
                Diagnostic::error(
                    words::UNITS,
                    span,
                    Words::new(
                        format!("{} and {} cannot be compared", a.en, b.en),
                        format!("{}与{}不能比较", a.zh, b.zh),
                    ),
                )
                .with_note(
                    left.span,
                    Words::new(format!("this is {}", a.en), format!("这是{}", a.zh)),
                )
                .with_note(
                    right.span,
                    Words::new(format!("this is {}", b.en), format!("这是{}", b.zh)),
                ),
            ));
        }
        if unordered || (only_equality && !equality) {
            let a = words::a_type(&left.ty);
            return Err(self.error(
                words::UNITS,
                span,
                Words::new(
                    format!("{} has no such order", a.en),
                    format!("{}没有这样的次序", a.zh),
                ),
            ));
        }
        let kind = ExprKind::Compare(comparison, Box::new(left), Box::new(right));
        Ok(Expr { kind, ty: Type::Bool, span })
    }

    fn logic(&mut self, scope: &mut Scope, written: &'a ast::Expr) -> Resolved<Expr> {
        let span = written.span;
        let kind = match &written.kind {
            Written::And(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.condition(scope, part)).collect();
                ExprKind::And(parts.into_iter().collect::<Resolved<_>>()?)
            }
            Written::Or(parts) => {
                // A name bound in one branch is unknown where another branch held.
                let mut branches = Vec::new();
                for part in parts {
                    let mark = scope.mark();
                    branches.push(self.condition(scope, part));
                    scope.reset(mark);
                }
                ExprKind::Or(branches.into_iter().collect::<Resolved<_>>()?)
            }
            Written::Not(inner) => {
                let mark = scope.mark();
                let inner = self.condition(scope, inner);
                scope.reset(mark);
                ExprKind::Not(Box::new(inner?))
            }
            Written::Bind(value, name) => {
                let value = self.expr(scope, value, None)?;
                let Type::Optional(inner) = &value.ty else {
                    return Err(self.error(
                        words::NOT_HERE,
                        value.span,
                        Words::new(
                            "only a value that may be missing is asked for with `as`",
                            "只有可能缺失的值才能用「记入」命名询问",
                        ),
                    ));
                };
                let local = scope.bind(&name.text, (**inner).clone());
                ExprKind::Bind(Box::new(value), local)
            }
            Written::In { value, within, negated } => {
                let inside = self.inside(scope, span, value, within)?;
                if !negated {
                    return Ok(inside);
                }
                ExprKind::Not(Box::new(inside))
            }
            _ => return Err(Reported),
        };
        Ok(Expr { kind, ty: Type::Bool, span })
    }

    fn inside(
        &mut self,
        scope: &mut Scope,
        span: Span,
        value: &'a ast::Expr,
        within: &'a ast::Expr,
    ) -> Resolved<Expr> {
        let value = self.expr(scope, value, None)?;
        self.present(&value)?;
        let ty = value.ty.clone();
        let boxed = Box::new(value);
        let kind = match &within.kind {
            Written::Set(members) => {
                let members: Vec<_> =
                    members.iter().map(|member| self.expect(scope, member, &ty)).collect();
                ExprKind::InSet(boxed, members.into_iter().collect::<Resolved<_>>()?)
            }
            Written::Range { from, to, closed } => {
                let from = self.expect(scope, from, &ty);
                let to = self.expect(scope, to, &ty);
                let (from, to) = (Box::new(from?), Box::new(to?));
                ExprKind::InRange { value: boxed, from, to, closed: *closed }
            }
            _ => {
                let within = self.expr(scope, within, Some(&ty))?;
                match (&ty, &within.ty) {
                    (Type::Member(one), Type::Member(other)) if one == other => {
                        ExprKind::InTree(boxed, Box::new(within))
                    }
                    (Type::Date, Type::Period(_)) => ExprKind::InPeriod(boxed, Box::new(within)),
                    _ => return Err(self.mismatch(&within, &ty)),
                }
            }
        };
        Ok(Expr { kind, ty: Type::Bool, span })
    }

    fn choice(
        &mut self,
        scope: &mut Scope,
        span: Span,
        [condition, then, otherwise]: [&'a ast::Expr; 3],
        want: Option<&Type>,
    ) -> Resolved<Expr> {
        let mark = scope.mark();
        let condition = self.condition(scope, condition);
        let (then, otherwise) = self.operands(scope, then, otherwise, want)?;
        scope.reset(mark);
        let condition = condition?;
        let Some(ty) = unified(&then.ty, &otherwise.ty) else {
            return Err(self.mismatch(&otherwise, &then.ty));
        };
        let kind = ExprKind::If(Box::new(condition), Box::new(then), Box::new(otherwise));
        Ok(Expr { kind, ty, span })
    }

    fn rounded(
        &mut self,
        scope: &mut Scope,
        span: Span,
        value: &'a ast::Expr,
        mode: crate::base::Rounding,
        unit: Option<&Exact>,
        want: Option<&Type>,
    ) -> Resolved<Expr> {
        let value = self.expr(scope, value, want)?;
        self.present(&value)?;
        if !is_quantity(&value.ty) {
            return Err(self.mismatch(&value, &Type::Number));
        }
        let unit = match (unit, &value.ty) {
            (Some(unit), _) => unit.clone(),
            (None, Type::Money(currency)) => {
                let scale =
                    self.set.currencies.get(currency.index()).map_or(2, |currency| currency.scale);
                Exact::from_scaled(1, scale)
            }
            (None, _) => Exact::ONE,
        };
        if !unit.is_positive() {
            return Err(self.error(
                words::NOT_CONSTANT,
                span,
                Words::new("rounding needs a unit above zero", "取整单位必须大于零"),
            ));
        }
        let ty = value.ty.clone();
        Ok(Expr { kind: ExprKind::Rounded(Box::new(value), mode, unit), ty, span })
    }

    fn list(
        &mut self,
        scope: &mut Scope,
        span: Span,
        values: &'a [ast::Expr],
        want: Option<&Type>,
    ) -> Resolved<Expr> {
        let mut element = match want.map(Type::required) {
            Some(Type::List(inner)) => Some((**inner).clone()),
            _ => None,
        };
        let mut resolved = Vec::new();
        for value in values {
            let value = match &element {
                Some(ty) => self.expect(scope, value, &ty.clone())?,
                None => self.expr(scope, value, None)?,
            };
            element.get_or_insert_with(|| value.ty.clone());
            resolved.push(value);
        }
        let ty = Type::List(Box::new(element.unwrap_or(Type::Number)));
        Ok(Expr { kind: ExprKind::List(resolved), ty, span })
    }

    /// Reports a value that may be missing where one is needed.
    pub(super) fn present(&mut self, expr: &Expr) -> Resolved<()> {
        if !matches!(expr.ty, Type::Optional(_)) {
            return Ok(());
        }
        Err(self.report(
            Diagnostic::error(
                words::MAY_BE_MISSING,
                expr.span,
                Words::new("this value may be missing", "这个值可能缺失"),
            )
            .with_help(Words::new(
                "say what then: `… otherwise 0`, or ask for it first: `when … as x`",
                "请写明缺失时怎样：「… 缺省为 0」，或先询问：「当 … 记入 x」",
            )),
        ))
    }

    fn a_member_of(&self, id: EnumerationId) -> Words {
        let name = self.set.enumerations.get(id.index()).map_or("", |it| it.name.text.as_str());
        Words::new(format!("a member of `{name}`"), format!("「{name}」的枚举项"))
    }

    /// What two types are called, members by their enumerations.
    fn told_apart(&self, one: &Type, other: &Type) -> (Words, Words) {
        match (one, other) {
            (Type::Member(one), Type::Member(other)) => {
                (self.a_member_of(*one), self.a_member_of(*other))
            }
            (one, other) => (words::a_type(one), words::a_type(other)),
        }
    }

    /// Reports a value of another type than its place needs.
    pub(super) fn mismatch(&mut self, expr: &Expr, want: &Type) -> Reported {
        if let (Type::Money(one), Type::Money(other)) = (&expr.ty, want)
            && one != other
        {
            return self.mixed_currencies(expr.span);
        }
        if matches!(expr.ty, Type::Optional(_)) && !matches!(want, Type::Optional(_)) {
            return self.present(expr).err().unwrap_or(Reported);
        }
        let (is, wanted) = self.told_apart(expr.ty.required(), want.required());
        self.error(
            words::WRONG_TYPE,
            expr.span,
            Words::new(
                format!("this is {}, and {} is meant here", is.en, wanted.en),
                format!("这是{}，而此处应为{}", is.zh, wanted.zh),
            ),
        )
    }
}

/// A constant.
pub(super) fn constant(value: Constant, ty: Type, span: Span) -> Expr {
    Expr { kind: ExprKind::Constant(value), ty, span }
}

fn is_zero(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Constant(Constant::Number(value)) if value.is_zero())
}
