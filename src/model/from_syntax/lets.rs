//! `let` fields of registers, records and events: each is worked out when all it needs is.

use crate::diagnostics::{Diagnostic, Words};
use crate::model::{EventId, Expr, Field, Formula, ModuleId, ShapeId, Type};
use crate::syntax::ast::{self, FieldRole, ItemKind, TypeKind};

use super::data::index;
use super::names::Kind;
use super::scope::Scope;
use super::{ModuleItems, Resolver, words};

/// Whose field it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LetOwner {
    Row(ShapeId),
    Event(EventId),
}

/// A computed field that waits for its turn.
struct Waiting<'a> {
    module: ModuleId,
    owner: LetOwner,
    position: usize,
    field: &'a ast::Field,
    value: &'a ast::Expr,
}

impl<'a> Resolver<'a> {
    /// All computed fields. Inside one declaration a later one may use an earlier one; between
    /// declarations the order does not matter.
    pub(super) fn fill_computed_fields(&mut self, modules: &[ModuleItems<'a>]) {
        let mut waiting = Vec::new();
        for module in modules {
            for item in &module.items {
                match &item.kind {
                    ItemKind::Register(register) => {
                        let id = self.find(Kind::Register, module.id, &register.name.text);
                        let entry = id.and_then(|id| self.set.registers.get(index(id)));
                        if let Some(shape) = entry.map(|entry| entry.shape) {
                            let owner = LetOwner::Row(shape);
                            self.await_lets(module.id, owner, &register.fields, &mut waiting);
                        }
                    }
                    ItemKind::Event(event) => {
                        if let Some(id) = self.find(Kind::Event, module.id, &event.name.text) {
                            let owner = LetOwner::Event(EventId(id));
                            self.await_lets(module.id, owner, &event.fields, &mut waiting);
                        }
                    }
                    _ => {}
                }
            }
        }
        while !waiting.is_empty() {
            let before = waiting.len();
            waiting.retain(|field| !self.work_out(field));
            if waiting.len() == before {
                self.circle(&waiting);
                break;
            }
        }
        self.open_lets.clear();
    }

    fn await_lets(
        &mut self,
        module: ModuleId,
        owner: LetOwner,
        written: &'a [ast::Field],
        waiting: &mut Vec<Waiting<'a>>,
    ) {
        for (position, field) in written.iter().enumerate() {
            let ty = self.fields_of(owner).and_then(|fields| fields.get(position));
            if let (Some(inner), Some(fields)) =
                (ty.and_then(|field| row_shape(&field.ty)), record_fields(field))
            {
                self.await_lets(module, LetOwner::Row(inner), fields, waiting);
            }
            if let Some(value) = &field.value {
                self.open_lets.insert((owner, position));
                waiting.push(Waiting { module, owner, position, field, value });
            }
        }
    }

    /// Works a field out, unless it asks for one that is still waiting.
    fn work_out(&mut self, field: &Waiting<'a>) -> bool {
        let Waiting { module, owner, position, .. } = *field;
        let mut scope = match owner {
            LetOwner::Row(shape) => Scope::row(module, shape, position),
            LetOwner::Event(event) => Scope::event(module, event),
        };
        if matches!(owner, LetOwner::Event(_)) {
            scope.fields_known = Some(position);
        }
        let before = self.found.len();
        self.asked_open = None;
        let expr = self.expr(&mut scope, field.value, None);
        if self.asked_open.is_some() {
            self.found.truncate(before);
            return false;
        }
        self.open_lets.remove(&(owner, position));
        if let Ok(expr) = expr {
            if matches!(owner, LetOwner::Event(_)) {
                self.effective_let(field.field, &expr.ty);
            }
            self.set_computed(owner, position, scope, expr);
        }
        true
    }

    fn circle(&mut self, waiting: &[Waiting<'a>]) {
        let Some((first, others)) = waiting.split_first() else { return };
        let mut finding = Diagnostic::error(
            words::LET_CYCLE,
            first.field.name.span,
            Words::new(
                format!("field `{}` needs itself, through others", first.field.name.text),
                format!("字段「{}」经由其他字段依赖自身", first.field.name.text),
            ),
        );
        for other in others {
            let words = Words::new("waits for the same circle", "等待同一循环");
            finding = finding.with_note(other.field.name.span, words);
        }
        self.report(finding);
    }

    /// Whether a field waits for its turn; whoever asks for it then waits too.
    pub(super) fn is_open(&mut self, owner: LetOwner, position: usize) -> bool {
        let open = self.open_lets.contains(&(owner, position));
        if open {
            self.asked_open.get_or_insert((owner, position));
        }
        open
    }

    fn fields_of(&self, owner: LetOwner) -> Option<&Vec<Field>> {
        match owner {
            LetOwner::Row(shape) => self.set.shapes.get(shape.index()).map(|it| &it.fields),
            LetOwner::Event(event) => self.set.events.get(event.index()).map(|it| &it.fields),
        }
    }

    fn set_computed(&mut self, owner: LetOwner, position: usize, scope: Scope, expr: Expr) {
        let fields = match owner {
            LetOwner::Row(shape) => self.set.shapes.get_mut(shape.index()).map(|it| &mut it.fields),
            LetOwner::Event(event) => {
                self.set.events.get_mut(event.index()).map(|it| &mut it.fields)
            }
        };
        if let Some(field) = fields.and_then(|fields| fields.get_mut(position)) {
            field.ty = expr.ty.clone();
            field.computed = Some(Formula { locals: scope.locals, expr });
        }
    }

    fn effective_let(&mut self, field: &ast::Field, ty: &Type) {
        let effective = field.roles.iter().any(|role| matches!(role, FieldRole::Effective));
        if effective && *ty != Type::Date {
            let what = words::a_type(ty);
            self.error(
                words::BAD_EVENT,
                field.span,
                Words::new(
                    format!("the effective date must be a date, and this is {}", what.en),
                    format!("生效日必须是日期，而这里是{}", what.zh),
                ),
            );
        }
    }
}

fn row_shape(ty: &Type) -> Option<ShapeId> {
    match ty.required() {
        Type::List(inner) => row_shape(inner),
        Type::Row(shape) => Some(*shape),
        _ => None,
    }
}

fn record_fields(field: &ast::Field) -> Option<&[ast::Field]> {
    fn inside(ty: &ast::TypeRef) -> Option<&[ast::Field]> {
        match &ty.kind {
            TypeKind::List(inner) => inside(inner),
            TypeKind::Record(fields) => Some(fields),
            _ => None,
        }
    }
    field.ty.as_ref().and_then(inside)
}
