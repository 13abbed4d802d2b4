//! Accounts, pools, registers and sent events: what the data look like.

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::ast::{self, FieldRole, ItemKind, TypeKind};

use super::declare::count;
use super::names::Kind;
use super::{ModuleItems, Reported, Resolved, Resolver, named, words};
use crate::base::PeriodKind;
use crate::model::{
    Citation, CurrencyId, EnumerationId, Event, EventId, EventSource, Field, FieldIx, LawId,
    ModuleId, RegisterId, Shape, ShapeId, Type,
};

/// The words for types that are no enumerations.
const TYPES: [(&str, &str); 11] = [
    ("money", "金额"),
    ("rate", "比率"),
    ("number", "数"),
    ("integer", "整数"),
    ("date", "日期"),
    ("month", "月"),
    ("quarter", "季"),
    ("year", "年"),
    ("duration", "时长"),
    ("bool", "是否"),
    ("text", "文本"),
];

impl<'a> Resolver<'a> {
    /// A citation, with its law looked up.
    pub(super) fn cite(&mut self, module: ModuleId, cite: &ast::Cite) -> Option<Citation> {
        let law = match &cite.law {
            Some(name) => Some(LawId(self.need(Kind::Law, module, name).ok()?)),
            None => None,
        };
        Some(Citation {
            law,
            places: cite.places.clone(),
            unverified: cite.unverified,
            span: cite.span,
        })
    }

    pub(super) fn cite_of(
        &mut self,
        module: ModuleId,
        cite: Option<&ast::Cite>,
    ) -> Option<Citation> {
        cite.and_then(|cite| self.cite(module, cite))
    }

    /// A type as written. Records get a shape named by `owner`.
    pub(super) fn type_of(
        &mut self,
        module: ModuleId,
        written: &'a ast::TypeRef,
        owner: &str,
    ) -> Resolved<Type> {
        let ty = match &written.kind {
            TypeKind::Money(None) => Type::Money(CurrencyId(0)),
            TypeKind::Money(Some(name)) => Type::Money(self.currency(name)?),
            TypeKind::Rate => Type::Rate,
            TypeKind::Number => Type::Number,
            TypeKind::Integer => Type::Integer,
            TypeKind::Date => Type::Date,
            TypeKind::Month => Type::Period(PeriodKind::Month),
            TypeKind::Quarter => Type::Period(PeriodKind::Quarter),
            TypeKind::Year => Type::Period(PeriodKind::Year),
            TypeKind::Duration => Type::Duration,
            TypeKind::Bool => Type::Bool,
            TypeKind::Text => Type::Text,
            TypeKind::Named(name) => {
                let Some(id) = self.find(Kind::Enumeration, module, &name.text) else {
                    return Err(self.unknown_type(module, name));
                };
                Type::Member(EnumerationId(id))
            }
            TypeKind::List(inner) => Type::List(Box::new(self.type_of(module, inner, owner)?)),
            TypeKind::Record(fields) => {
                let shape = self.new_shape(owner);
                let fields = self.stored_fields(module, fields, owner);
                self.set_shape(shape, fields);
                Type::Row(shape)
            }
        };
        Ok(if written.optional { Type::Optional(Box::new(ty)) } else { ty })
    }

    fn unknown_type(&mut self, module: ModuleId, name: &ast::Name) -> Reported {
        let mut known = self.known(&[Kind::Enumeration], module);
        let is_chinese = !name.text.is_ascii();
        let words = TYPES.iter().map(|(en, zh)| if is_chinese { *zh } else { *en });
        known.extend(words.map(str::to_owned));
        self.unknown(&Words::new("type", "类型"), name, &known)
    }

    fn currency(&mut self, name: &ast::Name) -> Resolved<CurrencyId> {
        match self.set.currencies.iter().position(|currency| currency.name == name.text) {
            Some(position) => Ok(CurrencyId::next(position)),
            None => {
                let known: Vec<String> =
                    self.set.currencies.iter().map(|currency| currency.name.clone()).collect();
                let text = &name.text;
                let help = Words::new(
                    format!(
                        "declare it in the module, with its decimals: `currency {text} scale 2`"
                    ),
                    format!("请在模块中声明，并写明小数位：「币种 {text} 小数位 2」"),
                );
                let what = Words::new("currency", "币种");
                Err(self.unknown_else(&what, name, &known, Some(help)))
            }
        }
    }

    fn set_shape(&mut self, shape: ShapeId, fields: Vec<Field>) {
        if let Some(entry) = self.set.shapes.get_mut(shape.index()) {
            entry.fields = fields;
        }
    }

    /// Fields with their types; computed ones get theirs when their expression is resolved.
    fn stored_fields(
        &mut self,
        module: ModuleId,
        written: &'a [ast::Field],
        owner: &str,
    ) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        for field in written {
            if let Some(first) = fields.iter().find(|other| other.name.text == field.name.text) {
                let first = first.name.span;
                self.report(
                    Diagnostic::error(
                        words::DECLARED_TWICE,
                        field.name.span,
                        Words::new(
                            format!("field `{}` is declared twice", field.name.text),
                            format!("字段「{}」声明了两次", field.name.text),
                        ),
                    )
                    .with_note(first, Words::new("first declared here", "首次声明在这里")),
                );
            }
            let ty = field.ty.as_ref().map_or(Ok(Type::Bool), |ty| {
                self.type_of(module, ty, &format!("{owner}.{}", field.name.text))
            });
            if ty.is_err() {
                self.misread.insert(field.name.text.clone());
            }
            fields.push(Field {
                name: named(&field.name, field.label.as_ref()),
                ty: ty.unwrap_or(Type::Bool),
                computed: None,
                dated: field.dated,
            });
        }
        fields
    }

    pub(super) fn fill_accounts(&mut self, module: &ModuleItems<'a>) {
        for item in &module.items {
            if let ItemKind::Account(account) = &item.kind
                && let Some(id) = self.find(Kind::Account, module.id, &account.name.text)
            {
                let keys = self.key_types(module.id, &account.keys);
                if keys.len() < account.keys.len() {
                    self.misread.insert(account.name.text.clone());
                }
                if let Some(entry) = self.set.accounts.get_mut(index(id)) {
                    entry.keys = keys;
                }
            }
        }
    }

    pub(super) fn key_types(&mut self, module: ModuleId, keys: &'a [ast::TypeRef]) -> Vec<Type> {
        keys.iter().filter_map(|key| self.type_of(module, key, "").ok()).collect()
    }

    /// Registers and sent events, all but their computed fields; then pools, which may be one per row.
    pub(super) fn fill_shapes(&mut self, module: &ModuleItems<'a>) {
        for item in &module.items {
            match &item.kind {
                ItemKind::Register(register) => self.fill_register(module.id, register),
                ItemKind::Event(event) => self.fill_event(module.id, event),
                ItemKind::Reading(reading) => {
                    let cite = self.cite_of(module.id, reading.cite.as_ref());
                    if let Some(id) = self.find(Kind::Reading, module.id, &reading.name.text)
                        && let Some(entry) = self.set.readings.get_mut(index(id))
                    {
                        entry.cite = cite;
                    }
                }
                ItemKind::Module(_) => {}
                _ => {}
            }
        }
        for item in &module.items {
            if let ItemKind::Pool(pool) = &item.kind
                && let Some(group) = &pool.per
            {
                let shape = self.group_shape(module.id, group);
                if let Some(id) = self.find(Kind::Pool, module.id, &pool.name.text)
                    && let Some(entry) = self.set.pools.get_mut(index(id))
                {
                    entry.per = shape;
                }
            }
        }
    }

    /// The shape of the rows a pool is kept for: of a register, or of a list field of an event.
    fn group_shape(&mut self, module: ModuleId, group: &ast::Name) -> Option<ShapeId> {
        if let Some(id) = self.find(Kind::Register, module, &group.text) {
            return self.set.registers.get(index(id)).map(|register| register.shape);
        }
        let shape = self.set.events.iter().flat_map(|event| &event.fields).find_map(|field| {
            match field.ty.required() {
                Type::List(inner) if field.name.text == group.text => match **inner {
                    Type::Row(shape) => Some(shape),
                    _ => None,
                },
                _ => None,
            }
        });
        if shape.is_none() {
            let known = self.known(&[Kind::Register], module);
            self.unknown(&Words::new("register or list field", "登记簿或列表字段"), group, &known);
        }
        shape
    }

    fn fill_register(&mut self, module: ModuleId, register: &'a ast::Register) {
        let Some(id) = self.find(Kind::Register, module, &register.name.text) else { return };
        let Some(shape) = self.set.registers.get(index(id)).map(|entry| entry.shape) else {
            return;
        };
        let fields = self.stored_fields(module, &register.fields, &register.name.text);
        let mut keys = Vec::new();
        for key in &register.by {
            match fields.iter().position(|field| field.name.text == key.text) {
                Some(position) => keys.push(FieldIx::next(position)),
                None => {
                    let known: Vec<String> =
                        fields.iter().map(|field| field.name.text.clone()).collect();
                    self.unknown(&Words::new("field of this register", "登记簿字段"), key, &known);
                }
            }
        }
        self.set_shape(shape, fields);
        let cite = self.cite_of(module, register.cite.as_ref());
        if let Some(entry) = self.set.registers.get_mut(index(id)) {
            entry.keys = keys;
            entry.cite = cite;
        }
    }

    pub(super) fn declare_event(&mut self, module: ModuleId, item: &'a ast::Item) {
        let (name, label) = match &item.kind {
            ItemKind::Event(event) => (&event.name, event.label.as_ref()),
            ItemKind::Calendar(calendar) => (&calendar.name, calendar.label.as_ref()),
            ItemKind::Stage(stage) => (&stage.name, stage.label.as_ref()),
            _ => return,
        };
        self.enter(Kind::Event, module, name, count(&self.set.events));
        self.set.events.push(Event {
            name: named(name, label),
            module,
            cite: None,
            source: EventSource::Sent,
            fields: Vec::new(),
            unique: Vec::new(),
            effective: FieldIx(0),
            inflow: None,
            reverses: None,
            from: None,
            until: None,
            order_by: Vec::new(),
        });
    }

    fn fill_event(&mut self, module: ModuleId, event: &'a ast::Event) {
        let Some(id) = self.find(Kind::Event, module, &event.name.text) else { return };
        let fields = self.stored_fields(module, &event.fields, &event.name.text);
        let with_role = |role: fn(&FieldRole) -> bool| -> Vec<FieldIx> {
            event
                .fields
                .iter()
                .enumerate()
                .filter(|(_, field)| field.roles.iter().any(role))
                .map(|(position, _)| FieldIx::next(position))
                .collect()
        };
        let unique = with_role(|role| matches!(role, FieldRole::Unique));
        let effective = with_role(|role| matches!(role, FieldRole::Effective));
        let inflow = with_role(|role| matches!(role, FieldRole::Inflow));
        if unique.is_empty() {
            self.lacks(&event.name, "unique", "唯一", "a field that is `unique`", "「唯一」字段");
        }
        if effective.len() != 1 {
            let (en, zh) = ("exactly one date that is `effective`", "恰好一个「生效日」字段");
            self.lacks(&event.name, "effective", "生效日", en, zh);
        }
        if inflow.len() > 1 {
            let (en, zh) = ("at most one amount that is `inflow`", "至多一个「流入」字段");
            self.lacks(&event.name, "inflow", "流入", en, zh);
        }
        let mut order_by = Vec::new();
        for name in &event.order_by {
            match fields.iter().position(|field| field.name.text == name.text) {
                Some(position) => order_by.push(FieldIx::next(position)),
                None => {
                    let known: Vec<String> =
                        fields.iter().map(|field| field.name.text.clone()).collect();
                    self.unknown(&Words::new("field of this event", "事项字段"), name, &known);
                }
            }
        }
        let reverses = self.reverses(module, id, event);
        let cite = self.cite_of(module, event.cite.as_ref());
        if let Some(entry) = self.set.events.get_mut(index(id)) {
            entry.fields = fields;
            entry.unique = unique;
            entry.effective = effective.first().copied().unwrap_or(FieldIx(0));
            entry.inflow = inflow.first().copied();
            entry.order_by = order_by;
            entry.reverses = reverses;
            entry.cite = cite;
        }
        self.role_types(event, id);
    }

    fn role_types(&mut self, event: &'a ast::Event, id: u32) {
        let Some(entry) = self.set.events.get(index(id)).cloned() else { return };
        for (field, written) in entry.fields.iter().zip(&event.fields) {
            if written.ty.is_none() || self.misread.contains(&field.name.text) {
                continue;
            }
            for role in &written.roles {
                let fits = match role {
                    FieldRole::Effective => field.ty == Type::Date,
                    FieldRole::Inflow => matches!(field.ty, Type::Money(_)),
                    FieldRole::Unique => !matches!(
                        field.ty,
                        Type::Optional(_) | Type::List(_) | Type::Row(_) | Type::Bool
                    ),
                    FieldRole::Reverses(_) => true,
                };
                if !fits {
                    let what = words::a_type(&field.ty);
                    self.error(
                        words::BAD_EVENT,
                        written.span,
                        Words::new(
                            format!(
                                "field `{}` is {} and cannot have this role",
                                field.name.text, what.en
                            ),
                            format!("字段「{}」是{}，不能承担此角色", field.name.text, what.zh),
                        ),
                    );
                }
            }
        }
    }

    fn lacks(&mut self, name: &ast::Name, word_en: &str, word_zh: &str, en: &str, zh: &str) {
        self.report(
            Diagnostic::error(
                words::BAD_EVENT,
                name.span,
                Words::new(
                    format!("event `{}` needs {en}", name.text),
                    format!("事项「{}」需要{zh}", name.text),
                ),
            )
            .with_help(Words::new(
                format!("write `{word_en}` after the field's type"),
                format!("在字段类型之后写「{word_zh}」"),
            )),
        );
    }

    fn reverses(
        &mut self,
        module: ModuleId,
        own: u32,
        event: &'a ast::Event,
    ) -> Option<(FieldIx, EventId)> {
        let (position, role) = event.fields.iter().enumerate().find_map(|(position, field)| {
            field.roles.iter().find_map(|role| match role {
                FieldRole::Reverses(name) => Some((position, name)),
                _ => None,
            })
        })?;
        let target = match role {
            Some(name) => self.need(Kind::Event, module, name).ok()?,
            None => own,
        };
        Some((FieldIx::next(position), EventId(target)))
    }

    /// The fields of a row shape.
    pub(super) fn shape(&self, shape: ShapeId) -> Option<&Shape> {
        self.set.shapes.get(shape.index())
    }

    /// The register whose rows have a shape, if any.
    pub(super) fn register_of(&self, shape: ShapeId) -> Option<RegisterId> {
        self.set.registers.iter().position(|register| register.shape == shape).map(RegisterId::next)
    }
}

/// An id as a position.
pub(super) fn index(id: u32) -> usize {
    crate::model::LocalIx(id).index()
}

/// Whether a field goes by a name. Those that no text declares have one in each tongue.
pub(super) fn is_called(field: &Field, text: &str) -> bool {
    let undeclared = field.name.span == NOWHERE;
    field.name.text == text || undeclared && field.name.zh.as_deref() == Some(text)
}

/// Where something stands when nothing better is known.
pub(super) const NOWHERE: Span = Span { file: crate::base::FileId(0), start: 0, end: 0 };
