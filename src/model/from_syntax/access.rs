//! Names, fields, keys: what a word in an expression stands for.
//!
//! Looked up in this order: bound names; fields of the row at hand; fields of the row whose `let` is
//! being worked out; fields of the event; the member or option its place wants; parameters, readings
//! and carried values; a member of any enumeration that alone has one of that name.

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::ast::{self, ExprKind as Written};

use super::data::{index, is_called};
use super::expr::constant;
use super::lets::LetOwner;
use super::names::Kind;
use super::scope::Scope;
use super::{Reported, Resolved, Resolver, words};
use crate::model::{
    CarryId, Constant, EnumerationId, Expr, ExprKind, FieldIx, LocalIx, MemberIx, ParameterId,
    ReadingId, RegisterId, ShapeId, Type,
};

impl<'a> Resolver<'a> {
    /// A name, a field or a keyed value; `day` is what `at` asked for.
    pub(super) fn dated(
        &mut self,
        scope: &mut Scope,
        written: &'a ast::Expr,
        day: Option<Expr>,
        want: Option<&Type>,
    ) -> Resolved<Expr> {
        let span = written.span;
        match &written.kind {
            Written::Name(name) => {
                let name = ast::Name { text: name.clone(), span };
                self.name(scope, &name, day, want)
            }
            Written::Access(base, field) => self.access(scope, span, base, field, day),
            Written::Index(base, keys) => self.keyed(scope, span, base, keys, day),
            Written::Call(callee, arguments) => {
                self.call(scope, span, callee, arguments, day, want)
            }
            _ => match day {
                None => self.expr(scope, written, want),
                Some(_) => Err(self.not_dated_here(span)),
            },
        }
    }

    fn not_dated_here(&mut self, span: Span) -> Reported {
        self.error(
            words::NOT_HERE,
            span,
            Words::new(
                "only a parameter, a schedule or a dated field is asked for another day",
                "只有参数、税率表或分期字段才能取自另一日",
            ),
        )
    }

    fn name(
        &mut self,
        scope: &mut Scope,
        name: &ast::Name,
        day: Option<Expr>,
        want: Option<&Type>,
    ) -> Resolved<Expr> {
        if let Some(found) = self.value_name(scope, name, day.as_ref()) {
            let found = found?;
            let heeded = matches!(
                &found.kind,
                ExprKind::Own { at: Some(_), .. } | ExprKind::RowField { .. }
            );
            return if day.is_some() && !heeded {
                Err(self.not_dated_here(name.span))
            } else {
                Ok(found)
            };
        }
        if let Some(found) = self.wanted(name, want) {
            return Ok(found);
        }
        let module = scope.module;
        if let Some(id) = self.find(Kind::Parameter, module, &name.text) {
            return self.parameter(scope, name.span, ParameterId(id), &[], day);
        }
        if let Some(id) = self.find(Kind::Reading, module, &name.text) {
            let id = ReadingId(id);
            return Ok(Expr { kind: ExprKind::Reading(id), ty: Type::Option(id), span: name.span });
        }
        if let Some(id) = self.find(Kind::Carry, module, &name.text) {
            return self.carried(scope, name.span, CarryId(id), None);
        }
        self.any_member(scope, name)
    }

    /// What a name stands for in the event, the row, or the names bound so far.
    fn value_name(
        &mut self,
        scope: &mut Scope,
        name: &ast::Name,
        day: Option<&Expr>,
    ) -> Option<Resolved<Expr>> {
        let span = name.span;
        if let Some((local, bound)) = scope.local(&name.text) {
            let ty = bound.ty.clone();
            return Some(Ok(Expr { kind: ExprKind::Local(local), ty, span }));
        }
        let rows = scope.rows.clone();
        for row in rows.iter().rev() {
            if let Some(found) = self.bare_field(scope, *row, name, day.cloned()) {
                return Some(found);
            }
        }
        if let Some((shape, before)) = scope.own {
            let field = self.field_before(shape, &name.text, before);
            if let Some((field, ty, dated)) = field {
                if self.is_open(LetOwner::Row(shape), field.index())
                    || self.misread.contains(&name.text)
                {
                    return Some(Err(super::Reported));
                }
                let at = dated.then(|| Box::new(day.cloned().unwrap_or_else(|| today(span))));
                return Some(Ok(Expr { kind: ExprKind::Own { field, at }, ty, span }));
            }
        }
        if scope.knows_day && matches!(name.text.as_str(), "date" | "日期") {
            return Some(Ok(today(span)));
        }
        let event = scope.event.and_then(|event| self.set.events.get(event.index()))?;
        let known = scope.fields_known.unwrap_or(event.fields.len());
        let found = event
            .fields
            .iter()
            .enumerate()
            .find(|(position, field)| {
                is_called(field, &name.text) && (*position < known || field.computed.is_some())
            })
            .map(|(position, field)| (FieldIx::next(position), field.ty.clone()));
        let inflow = event.inflow.filter(|_| matches!(name.text.as_str(), "inflow" | "流入"));
        let found = found.or_else(|| {
            let field = inflow?;
            Some((field, event.fields.get(field.index())?.ty.clone()))
        });
        let (field, ty) = found?;
        let is_open =
            scope.event.is_some_and(|id| self.is_open(LetOwner::Event(id), field.index()));
        if is_open || self.misread.contains(&name.text) {
            return Some(Err(super::Reported));
        }
        Some(Ok(Expr { kind: ExprKind::Field(field), ty, span }))
    }

    fn bare_field(
        &mut self,
        scope: &Scope,
        row: LocalIx,
        name: &ast::Name,
        day: Option<Expr>,
    ) -> Option<Resolved<Expr>> {
        let ty = scope.locals.get(row.index())?.ty.clone();
        let Type::Row(shape) = ty else { return None };
        self.shape(shape)?.fields.iter().position(|field| is_called(field, &name.text))?;
        let row = Expr { kind: ExprKind::Local(row), ty: Type::Row(shape), span: name.span };
        Some(self.row_field(name.span, row, shape, name, day))
    }

    fn field_before(
        &self,
        shape: ShapeId,
        name: &str,
        before: usize,
    ) -> Option<(FieldIx, Type, bool)> {
        self.shape(shape)?
            .fields
            .iter()
            .enumerate()
            .take(before)
            .find(|(_, field)| field.name.text == name)
            .map(|(position, field)| (FieldIx::next(position), field.ty.clone(), field.dated))
    }

    /// The member or option of the type a place wants.
    pub(super) fn wanted(&self, name: &ast::Name, want: Option<&Type>) -> Option<Expr> {
        match want?.required() {
            Type::Member(id) => self.member(*id, &name.text, name.span),
            Type::Option(id) => {
                let reading = self.set.readings.get(id.index())?;
                let option = reading.options.iter().position(|option| option.text == name.text)?;
                let value = Constant::Option(*id, u32::try_from(option).ok()?);
                Some(constant(value, Type::Option(*id), name.span))
            }
            _ => None,
        }
    }

    pub(super) fn member(&self, id: EnumerationId, name: &str, span: Span) -> Option<Expr> {
        let members = &self.set.enumerations.get(id.index())?.members;
        let position = members.iter().position(|member| member.name.text == name)?;
        let value = Constant::Member(id, MemberIx::next(position));
        Some(constant(value, Type::Member(id), span))
    }

    fn any_member(&mut self, scope: &Scope, name: &ast::Name) -> Resolved<Expr> {
        let visible = self.names.visible.get(scope.module.index());
        let seen = |module| visible.is_some_and(|visible| visible.contains(&module));
        let mut found: Vec<Expr> = Vec::new();
        for (position, enumeration) in self.set.enumerations.iter().enumerate() {
            if seen(enumeration.module) {
                found.extend(self.member(EnumerationId::next(position), &name.text, name.span));
            }
        }
        match found.len() {
            0 => {
                let known = self.value_names(scope);
                Err(self.unknown(&Words::new("value", "值"), name, &known))
            }
            1 => found.pop().ok_or(super::Reported),
            _ => Err(self.report(
                Diagnostic::error(
                    words::AMBIGUOUS,
                    name.span,
                    Words::new(
                        format!("`{}` is a member of more than one enumeration", name.text),
                        format!("「{}」是不止一个枚举的成员", name.text),
                    ),
                )
                .with_help(Words::new(
                    format!("write the enumeration before it, such as `Tax.{}`", name.text),
                    format!("请在前面写明枚举，例如「Tax.{}」", name.text),
                )),
            )),
        }
    }

    /// Every name that could stand for a value here, for the nearest one.
    fn value_names(&self, scope: &Scope) -> Vec<String> {
        let mut known = scope.local_names();
        let event = scope.event.and_then(|event| self.set.events.get(event.index()));
        known.extend(
            event.iter().flat_map(|event| &event.fields).map(|field| field.name.text.clone()),
        );
        let shapes = scope.own.map(|(shape, _)| shape).into_iter().chain(
            scope.rows.iter().filter_map(|row| match scope.locals.get(row.index())?.ty {
                Type::Row(shape) => Some(shape),
                _ => None,
            }),
        );
        for shape in shapes {
            let fields = self.shape(shape).map(|shape| shape.fields.as_slice()).unwrap_or_default();
            known.extend(fields.iter().map(|field| field.name.text.clone()));
        }
        known.extend(self.known(&[Kind::Parameter, Kind::Reading, Kind::Carry], scope.module));
        for enumeration in &self.set.enumerations {
            known.extend(enumeration.members.iter().map(|member| member.name.text.clone()));
        }
        known
    }

    /// Whether a word means nothing here but a member or option its place would want.
    pub(super) fn is_bare_member(&mut self, scope: &mut Scope, written: &'a ast::Expr) -> bool {
        let Written::Name(text) = &written.kind else { return false };
        let name = ast::Name { text: text.clone(), span: written.span };
        let kinds = [Kind::Parameter, Kind::Reading, Kind::Carry];
        let member =
            self.set.enumerations.iter().any(|enumeration| {
                enumeration.members.iter().any(|member| member.name.text == *text)
            });
        let option = self
            .set
            .readings
            .iter()
            .any(|reading| reading.options.iter().any(|option| option.text == *text));
        (member || option)
            && self.value_name(scope, &name, None).is_none()
            && !kinds.iter().any(|kind| self.find(*kind, scope.module, text).is_some())
    }

    /// `base.field`: a field of a row, or a member of an enumeration named before it.
    fn access(
        &mut self,
        scope: &mut Scope,
        span: Span,
        base: &'a ast::Expr,
        field: &ast::Name,
        day: Option<Expr>,
    ) -> Resolved<Expr> {
        if let Written::Name(text) = &base.kind {
            let name = ast::Name { text: text.clone(), span: base.span };
            if self.value_name(scope, &name, None).is_none()
                && let Some(id) = self.find(Kind::Enumeration, scope.module, text)
            {
                let id = EnumerationId(id);
                return match self.member(id, &field.text, span) {
                    Some(member) => Ok(member),
                    None => {
                        let known = self.member_names(id);
                        Err(self.unknown(&Words::new("member", "枚举项"), field, &known))
                    }
                };
            }
        }
        let row = self.expr(scope, base, None)?;
        self.present(&row)?;
        match row.ty {
            Type::Row(shape) => self.row_field(span, row, shape, field, day),
            _ => {
                let what = words::a_type(&row.ty);
                Err(self.error(
                    words::WRONG_TYPE,
                    field.span,
                    Words::new(
                        format!("this is {}, which has no fields", what.en),
                        format!("这是{}，没有字段", what.zh),
                    ),
                ))
            }
        }
    }

    pub(super) fn member_names(&self, id: EnumerationId) -> Vec<String> {
        let members = self.set.enumerations.get(id.index()).map(|entry| entry.members.as_slice());
        members.unwrap_or_default().iter().map(|member| member.name.text.clone()).collect()
    }

    pub(super) fn row_field(
        &mut self,
        span: Span,
        row: Expr,
        shape: ShapeId,
        field: &ast::Name,
        day: Option<Expr>,
    ) -> Resolved<Expr> {
        let fields = self.shape(shape).map(|shape| shape.fields.as_slice()).unwrap_or_default();
        let found = fields.iter().enumerate().find(|(_, known)| is_called(known, &field.text));
        let Some((position, known)) = found else {
            let known: Vec<String> = fields.iter().map(|field| field.name.text.clone()).collect();
            return Err(self.unknown(
                &Words::new("field of this row", "该行的字段"),
                field,
                &known,
            ));
        };
        let (ty, dated) = (known.ty.clone(), known.dated);
        if self.is_open(LetOwner::Row(shape), position) || self.misread.contains(&field.text) {
            return Err(super::Reported);
        }
        if day.is_some() && !dated {
            return Err(self.error(
                words::NOT_HERE,
                span,
                Words::new(
                    format!("field `{}` is not `dated`: it has one value for good", field.text),
                    format!("字段「{}」并非「分期」，只有一个值", field.text),
                ),
            ));
        }
        let at = dated.then(|| Box::new(day.unwrap_or_else(|| today(span))));
        let kind = ExprKind::RowField { row: Box::new(row), field: FieldIx::next(position), at };
        Ok(Expr { kind, ty, span })
    }

    /// `name[keys]`: a parameter's value, a register's row, a carried value.
    fn keyed(
        &mut self,
        scope: &mut Scope,
        span: Span,
        base: &'a ast::Expr,
        keys: &'a [ast::Expr],
        day: Option<Expr>,
    ) -> Resolved<Expr> {
        let Written::Name(text) = &base.kind else {
            return Err(self.error(
                words::NOT_HERE,
                base.span,
                Words::new("only a name takes keys in brackets", "只有名称后面可带方括号键"),
            ));
        };
        let name = ast::Name { text: text.clone(), span: base.span };
        let module = scope.module;
        if let Some(id) = self.find(Kind::Parameter, module, text) {
            return self.parameter(scope, span, ParameterId(id), keys, day);
        }
        if let Some(id) = self.find(Kind::Register, module, text) {
            let id = RegisterId(id);
            let types = self.register_key_types(id);
            let keys = self.keys(scope, &name, keys, &types)?;
            let shape = self.set.registers.get(id.index()).map(|register| register.shape);
            let ty = Type::Optional(Box::new(Type::Row(shape.unwrap_or(ShapeId(0)))));
            self.one_row(id, span)?;
            return Ok(Expr { kind: ExprKind::Lookup { register: id, keys }, ty, span });
        }
        if let Some(id) = self.find(Kind::Carry, module, text) {
            return self.carried(scope, span, CarryId(id), Some(keys));
        }
        let known = self.known(&[Kind::Parameter, Kind::Register, Kind::Carry], module);
        let what = Words::new("parameter or register", "参数或登记簿");
        Err(self.unknown(&what, &name, &known))
    }

    fn one_row(&mut self, id: RegisterId, span: Span) -> Resolved<()> {
        if !self.set.registers.get(id.index()).is_some_and(|register| register.many) {
            return Ok(());
        }
        Err(self.report(
            Diagnostic::error(
                words::NOT_HERE,
                span,
                Words::new(
                    "this register may have many rows under a key",
                    "此登记簿同一键下可有多行",
                ),
            )
            .with_help(Words::new(
                "sum over them, or share `among` them: `sum(r.x for … as r)`",
                "请对各行合计或分摊：「合计(r.x 对 … 记入 r)」",
            )),
        ))
    }

    pub(super) fn register_key_types(&self, id: RegisterId) -> Vec<Type> {
        let Some(register) = self.set.registers.get(id.index()) else { return Vec::new() };
        let Some(shape) = self.shape(register.shape) else { return Vec::new() };
        register
            .keys
            .iter()
            .filter_map(|key| shape.fields.get(key.index()))
            .map(|field| field.ty.clone())
            .collect()
    }

    /// As many keys as there are types, each of its type.
    pub(super) fn keys(
        &mut self,
        scope: &mut Scope,
        name: &ast::Name,
        keys: &'a [ast::Expr],
        types: &[Type],
    ) -> Resolved<Vec<Expr>> {
        if self.misread.contains(&name.text) {
            return Err(super::Reported);
        }
        if keys.len() != types.len() {
            let (given, wanted) = (keys.len(), types.len());
            return Err(self.error(
                words::WRONG_COUNT,
                name.span,
                Words::new(
                    format!("`{}` has {wanted} key parts, and {given} are given", name.text),
                    format!("「{}」的键有 {wanted} 部分，这里给了 {given} 个", name.text),
                ),
            ));
        }
        let keys: Vec<_> =
            keys.iter().zip(types).map(|(key, ty)| self.expect(scope, key, ty)).collect();
        keys.into_iter().collect()
    }

    fn parameter(
        &mut self,
        scope: &mut Scope,
        span: Span,
        id: ParameterId,
        keys: &'a [ast::Expr],
        day: Option<Expr>,
    ) -> Resolved<Expr> {
        let Some(parameter) = self.set.parameters.get(index(id.0)) else {
            return Err(super::Reported);
        };
        let types: Vec<Type> = parameter.keys.iter().map(|key| Type::Member(*key)).collect();
        let (ty, text) = (parameter.ty.clone(), parameter.name.text.clone());
        let keys = self.keys(scope, &ast::Name { text, span }, keys, &types)?;
        let at = Box::new(day.unwrap_or_else(|| today(span)));
        Ok(Expr { kind: ExprKind::Parameter { parameter: id, keys, at }, ty, span })
    }
}

/// The effective date of the event at hand.
pub(super) fn today(span: Span) -> Expr {
    Expr { kind: ExprKind::EffectiveDate, ty: Type::Date, span }
}
