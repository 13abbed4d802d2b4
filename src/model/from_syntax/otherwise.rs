//! `VALUE otherwise FALLBACK`: what stands where an optional value is missing.

use crate::base::Span;
use crate::diagnostics::Words;
use crate::syntax::ast::{self, ExprKind as Written};

use super::scope::Scope;
use super::{Resolved, Resolver, words};
use crate::model::{Expr, ExprKind, Type};

impl<'a> Resolver<'a> {
    pub(super) fn otherwise(
        &mut self,
        scope: &mut Scope,
        span: Span,
        value: &'a ast::Expr,
        fallback: &'a ast::Expr,
    ) -> Resolved<Expr> {
        if let Some(of_row) = self.of_perhaps_a_row(scope, span, value, fallback) {
            return of_row;
        }
        let value = self.expr(scope, value, None)?;
        let Type::Optional(inner) = value.ty.clone() else {
            return Err(self.error(
                words::NOT_HERE,
                value.span,
                Words::new("this value is never missing", "这个值不会缺失"),
            ));
        };
        let fallback = self.expect(scope, fallback, &inner)?;
        let kind = ExprKind::Otherwise(Box::new(value), Box::new(fallback));
        Ok(Expr { kind, ty: *inner, span })
    }

    /// `REGISTER[key].field otherwise X`: the fallback stands for a missing row as for a missing field.
    fn of_perhaps_a_row(
        &mut self,
        scope: &mut Scope,
        span: Span,
        written: &'a ast::Expr,
        fallback: &'a ast::Expr,
    ) -> Option<Resolved<Expr>> {
        let (written, day) = match &written.kind {
            Written::At(inner, day) => (inner.as_ref(), Some(day.as_ref())),
            _ => (written, None),
        };
        let Written::Access(base, field) = &written.kind else { return None };
        if !matches!(base.kind, Written::Index(..)) {
            return None;
        }
        let mark = scope.mark();
        let found = self.field_of_perhaps(scope, span, base, (field, day), fallback);
        scope.reset(mark);
        found.transpose()
    }

    fn field_of_perhaps(
        &mut self,
        scope: &mut Scope,
        span: Span,
        base: &'a ast::Expr,
        (field, day): (&'a ast::Name, Option<&'a ast::Expr>),
        fallback: &'a ast::Expr,
    ) -> Resolved<Option<Expr>> {
        let row = self.expr(scope, base, None)?;
        let Type::Optional(inner) = row.ty.clone() else { return Ok(None) };
        let Type::Row(shape) = *inner else { return Ok(None) };
        let day = match day {
            Some(day) => Some(self.expect(scope, day, &Type::Date)?),
            None => None,
        };
        let local = scope.bind("", Type::Row(shape));
        let named = Expr { kind: ExprKind::Local(local), ty: Type::Row(shape), span: base.span };
        let value = self.row_field(span, named, shape, field, day)?;
        let ty = value.ty.required().clone();
        let fallback = self.expect(scope, fallback, &ty)?;
        let value = if matches!(value.ty, Type::Optional(_)) {
            let kind = ExprKind::Otherwise(Box::new(value), Box::new(fallback.clone()));
            Expr { kind, ty: ty.clone(), span }
        } else {
            value
        };
        let asked = ExprKind::Bind(Box::new(row), local);
        let asked = Expr { kind: asked, ty: Type::Bool, span: base.span };
        let kind = ExprKind::If(Box::new(asked), Box::new(value), Box::new(fallback));
        Ok(Some(Expr { kind, ty, span }))
    }
}
