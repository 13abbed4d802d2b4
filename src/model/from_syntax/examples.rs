//! Examples: what is given and what is expected, as typed values.

use crate::base::{Exact, Period, PeriodKind, Span};
use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::ast::{self, ExampleEntry as Written, ExprKind, GivenValue, ItemKind};

use super::data::index;
use super::names::Kind;
use super::scope::Scope;
use super::{ModuleItems, Reported, Resolved, Resolver, words};
use crate::model::{
    AccountId, Constant, CurrencyId, DatedValues, Datum, EventId, Example, ExampleEntry, Field,
    FieldIx, FigureId, Formula, ModuleId, Outcome, ReadingId, RegisterId, Type,
};

impl<'a> Resolver<'a> {
    pub(super) fn fill_examples(&mut self, module: &ModuleItems<'a>) {
        for item in &module.items {
            if let ItemKind::Example(example) = &item.kind {
                self.fill_example(module.id, example);
            }
        }
    }

    fn fill_example(&mut self, module: ModuleId, written: &'a ast::Example) {
        let cite = self.cite_of(module, written.cite.as_ref());
        let mut readings = Vec::new();
        for (name, option) in &written.readings {
            if let Ok(chosen) = self.chosen(module, name, option) {
                readings.push(chosen);
            }
        }
        let mut entries = Vec::new();
        for entry in &written.entries {
            let entry = match entry {
                Written::Given(given) => self.given(module, given),
                Written::Expected(expected) => self.expected(module, expected),
                Written::Check { condition, span } => {
                    let mut scope = Scope::bare(module);
                    self.condition(&mut scope, condition).map(|expr| ExampleEntry::Check {
                        condition: Formula { locals: scope.locals, expr },
                        span: *span,
                    })
                }
            };
            entries.extend(entry);
        }
        self.set.examples.push(Example {
            title: written.title.clone(),
            module,
            cite,
            on: written.on,
            readings,
            scenario: written.scenario.as_ref().map(|name| name.text.clone()),
            entries,
            span: written.span,
        });
    }

    fn chosen(
        &mut self,
        module: ModuleId,
        name: &ast::Name,
        option: &ast::Name,
    ) -> Resolved<(ReadingId, u32)> {
        let id = ReadingId(self.need(Kind::Reading, module, name)?);
        let options: Vec<String> = self
            .set
            .readings
            .get(id.index())
            .map(|reading| reading.options.iter().map(|option| option.text.clone()).collect())
            .unwrap_or_default();
        match options.iter().position(|known| *known == option.text) {
            Some(position) => Ok((id, u32::try_from(position).unwrap_or(0))),
            None => Err(self.unknown(&Words::new("option", "选项"), option, &options)),
        }
    }

    fn given(&mut self, module: ModuleId, written: &'a ast::Given) -> Resolved<ExampleEntry> {
        if let Some(id) = self.find(Kind::Register, module, &written.name.text) {
            return self.given_row(module, RegisterId(id), written);
        }
        if let Some(id) = self.find(Kind::Event, module, &written.name.text) {
            return self.given_event(module, EventId(id), written);
        }
        let known = self.known(&[Kind::Register, Kind::Event], module);
        let what = Words::new("event or register", "事项或登记簿");
        Err(self.unknown(&what, &written.name, &known))
    }

    fn given_event(
        &mut self,
        module: ModuleId,
        id: EventId,
        written: &'a ast::Given,
    ) -> Resolved<ExampleEntry> {
        let event = self.set.events.get(id.index()).ok_or(Reported)?;
        let (fields, unique) = (event.fields.clone(), event.unique.clone());
        let stored: Vec<FieldIx> = unique
            .into_iter()
            .filter(|key| fields.get(key.index()).is_some_and(|field| field.computed.is_none()))
            .collect();
        let mut values = self.key_values(module, &fields, &stored, written)?;
        let (plain, dated) = self.record(module, &fields, &written.fields, &values)?;
        if let Some(first) = dated.first() {
            let span = first.1;
            return Err(self.not_dated(span));
        }
        values.extend(plain);
        Ok(ExampleEntry::Event { event: id, values, span: written.span })
    }

    fn not_dated(&mut self, span: Span) -> Reported {
        self.error(
            words::BAD_EXAMPLE,
            span,
            Words::new("only a register row has dated fields", "只有登记簿的行才有分期字段"),
        )
    }

    fn given_row(
        &mut self,
        module: ModuleId,
        id: RegisterId,
        written: &'a ast::Given,
    ) -> Resolved<ExampleEntry> {
        let register = self.set.registers.get(id.index()).ok_or(Reported)?;
        let (keys, shape) = (register.keys.clone(), register.shape);
        let fields = self.shape(shape).map(|shape| shape.fields.clone()).unwrap_or_default();
        let mut values = self.key_values(module, &fields, &keys, written)?;
        let (plain, dated) = self.record(module, &fields, &written.fields, &values)?;
        values.extend(plain);
        let dated = dated.into_iter().map(|(values, _)| values).collect();
        Ok(ExampleEntry::Row { register: id, values, dated, span: written.span })
    }

    /// The values before the braces fill the key, in its order.
    fn key_values(
        &mut self,
        module: ModuleId,
        fields: &[Field],
        keys: &[FieldIx],
        written: &'a ast::Given,
    ) -> Resolved<Vec<(FieldIx, Datum)>> {
        if written.key.len() > keys.len() {
            let (wanted, given) = (keys.len(), written.key.len());
            return Err(self.error(
                words::WRONG_COUNT,
                written.span,
                Words::new(
                    format!(
                        "`{}` has {wanted} key parts, and {given} are given",
                        written.name.text
                    ),
                    format!("「{}」的键有 {wanted} 部分，这里给了 {given} 个", written.name.text),
                ),
            ));
        }
        let mut values = Vec::new();
        for (key, value) in keys.iter().zip(&written.key) {
            let Some(field) = fields.get(key.index()) else { continue };
            values.push((*key, self.datum(module, value, &field.ty)?));
        }
        Ok(values)
    }

    /// The values of fields, some of which may be given already.
    #[expect(clippy::type_complexity, reason = "plain values, and dated ones with their place")]
    fn record(
        &mut self,
        module: ModuleId,
        fields: &[Field],
        written: &'a [ast::RecordField],
        given: &[(FieldIx, Datum)],
    ) -> Resolved<(Vec<(FieldIx, Datum)>, Vec<(DatedValues, Span)>)> {
        let mut plain: Vec<(FieldIx, Datum)> = Vec::new();
        let mut dated = Vec::new();
        for entry in written {
            match entry {
                ast::RecordField::Field { name, value } => {
                    let found = fields
                        .iter()
                        .position(|field| field.name.text == name.text)
                        .filter(|at| fields.get(*at).is_some_and(|f| f.computed.is_none()));
                    let Some(position) = found else {
                        let known: Vec<String> = fields
                            .iter()
                            .filter(|field| field.computed.is_none())
                            .map(|field| field.name.text.clone())
                            .collect();
                        return Err(self.unknown(&Words::new("field", "字段"), name, &known));
                    };
                    if self.misread.contains(&name.text) {
                        continue;
                    }
                    let is_own = |(field, _): &(FieldIx, Datum)| field.index() == position;
                    if plain.iter().chain(given).any(is_own) {
                        return Err(self.given_twice(name));
                    }
                    let ty = fields.get(position).map_or(Type::Bool, |field| field.ty.clone());
                    let datum = match value {
                        Some(value) => self.datum(module, value, &ty)?,
                        None if *ty.required() == Type::Bool => {
                            Datum::Constant(Constant::Bool(true))
                        }
                        None => {
                            return Err(self.error(
                                words::BAD_EXAMPLE,
                                name.span,
                                Words::new(
                                    format!("field `{}` has no value", name.text),
                                    format!("字段「{}」没有值", name.text),
                                ),
                            ));
                        }
                    };
                    plain.push((FieldIx::next(position), datum));
                }
                ast::RecordField::Dated { effective, fields: inner } => {
                    let (values, _) = self.record(module, fields, inner, &[])?;
                    let (from, until) = (effective.from, effective.until);
                    self.days_in_order(from, until, effective.span);
                    dated.push((DatedValues { from, until, values }, effective.span));
                }
            }
        }
        Ok((plain, dated))
    }

    fn given_twice(&mut self, name: &ast::Name) -> Reported {
        self.report(
            Diagnostic::error(
                words::BAD_EXAMPLE,
                name.span,
                Words::new(
                    format!("field `{}` has a value already", name.text),
                    format!("字段「{}」已有值", name.text),
                ),
            )
            .with_help(Words::new(
                "give each field once; what stands before the braces is the key",
                "每个字段只给一次；大括号前的值是键",
            )),
        );
        Reported
    }

    /// A value of a type; a bare word is a text where a text is wanted.
    fn datum(&mut self, module: ModuleId, written: &'a GivenValue, ty: &Type) -> Resolved<Datum> {
        match (written, ty.required()) {
            (GivenValue::List { values, .. }, Type::List(element)) => {
                let values: Vec<_> =
                    values.iter().map(|value| self.datum(module, value, element)).collect();
                Ok(Datum::List(values.into_iter().collect::<Resolved<_>>()?))
            }
            (GivenValue::Value(ast::Expr { kind: ExprKind::List(values), .. }), Type::List(ty)) => {
                let mut list = Vec::new();
                for value in values {
                    list.push(Datum::Constant(self.plain(module, value, ty)?));
                }
                Ok(Datum::List(list))
            }
            (GivenValue::Record { fields, .. }, Type::Row(shape)) => {
                let known = self.shape(*shape).map(|shape| shape.fields.clone());
                let known = known.unwrap_or_default();
                let (values, dated) = self.record(module, &known, fields, &[])?;
                match dated.first() {
                    Some((_, span)) => {
                        let span = *span;
                        Err(self.not_dated(span))
                    }
                    None => Ok(Datum::Record(values)),
                }
            }
            (GivenValue::Value(value), wanted) => {
                Ok(Datum::Constant(self.plain(module, value, wanted)?))
            }
            (GivenValue::Record { span, .. } | GivenValue::List { span, .. }, wanted) => {
                let what = words::a_type(wanted);
                Err(self.error(
                    words::BAD_EXAMPLE,
                    *span,
                    Words::new(
                        format!("{} is meant here", what.en),
                        format!("此处应为{}", what.zh),
                    ),
                ))
            }
        }
    }

    fn plain(&mut self, module: ModuleId, written: &'a ast::Expr, ty: &Type) -> Resolved<Constant> {
        match (&written.kind, ty) {
            (ExprKind::Name(name), Type::Text) => Ok(Constant::Text(name.clone())),
            (ExprKind::Number { value, .. }, Type::Text) => Ok(Constant::Text(value.to_string())),
            (ExprKind::Number { value, .. }, Type::Period(PeriodKind::Year)) => match year(value) {
                Some(year) => Ok(Constant::Period(year)),
                None => Err(self.error(
                    words::BAD_EXAMPLE,
                    written.span,
                    Words::new("this is no year", "这不是年份"),
                )),
            },
            _ => self.constant_of(module, written, ty),
        }
    }

    fn expected(&mut self, module: ModuleId, written: &'a ast::Expected) -> Resolved<ExampleEntry> {
        let of = match &written.of {
            Some((name, key)) => {
                let id = EventId(self.need(Kind::Event, module, name)?);
                let event = self.set.events.get(id.index()).ok_or(Reported)?;
                let types: Vec<Type> = event
                    .unique
                    .iter()
                    .filter_map(|field| event.fields.get(field.index()))
                    .map(|field| field.ty.clone())
                    .collect();
                let mut values = Vec::new();
                for (value, ty) in key.iter().zip(&types) {
                    values.push(self.event_key(module, value, ty)?);
                }
                Some((id, values))
            }
            None => None,
        };
        let mut outcomes = Vec::new();
        for outcome in &written.outcomes {
            outcomes.push(self.outcome(module, outcome)?);
        }
        Ok(ExampleEntry::Expected { of, outcomes, span: written.span })
    }

    /// A part of an event's key. The row of a calendar event is named by the row's own key, the date
    /// of a stage or a periodic event by its last day or by the period.
    fn event_key(
        &mut self,
        module: ModuleId,
        written: &'a GivenValue,
        ty: &Type,
    ) -> Resolved<Datum> {
        match (written, ty) {
            (GivenValue::Value(ast::Expr { kind: ExprKind::Period(period), .. }), Type::Date) => {
                Ok(Datum::Constant(Constant::Date(period.end())))
            }
            (_, Type::Row(shape)) => {
                let Some(register) = self.register_of(*shape) else { return Err(Reported) };
                let types = self.register_key_types(register);
                let first = types.first().cloned().unwrap_or(Type::Text);
                match written {
                    GivenValue::List { values, .. } => {
                        let mut parts = Vec::new();
                        for (value, ty) in values.iter().zip(&types) {
                            parts.push(self.datum(module, value, ty)?);
                        }
                        Ok(Datum::List(parts))
                    }
                    GivenValue::Value(_) | GivenValue::Record { .. } => {
                        Ok(Datum::List(vec![self.datum(module, written, &first)?]))
                    }
                }
            }
            _ => self.datum(module, written, ty),
        }
    }

    fn outcome(&mut self, module: ModuleId, written: &'a ast::Outcome) -> Resolved<Outcome> {
        let money = Type::Money(CurrencyId(0));
        Ok(match written {
            ast::Outcome::Nothing(_) => Outcome::Nothing,
            ast::Outcome::SetAside { because, .. } => Outcome::SetAside(because.clone()),
            ast::Outcome::Undetermined { amount, .. } => {
                Outcome::Undetermined(self.constant_of(module, amount, &money)?)
            }
            ast::Outcome::Open { what, span } => Outcome::Open { what: what.clone(), span: *span },
            ast::Outcome::Booked { day, span } => Outcome::Booked { day: *day, span: *span },
            ast::Outcome::Account { place, amount } => {
                let id = self.need(Kind::Account, module, &place.name)?;
                if self.misread.contains(&place.name.text) {
                    return Err(Reported);
                }
                let types = self.set.accounts.get(index(id)).map(|a| a.keys.clone());
                let types = types.unwrap_or_default();
                if types.len() != place.keys.len() {
                    let (wanted, given) = (types.len(), place.keys.len());
                    return Err(self.error(
                        words::WRONG_COUNT,
                        place.span,
                        Words::new(
                            format!(
                                "`{}` has {wanted} key parts, and {given} are given",
                                place.name.text
                            ),
                            format!(
                                "「{}」的键有 {wanted} 部分，这里给了 {given} 个",
                                place.name.text
                            ),
                        ),
                    ));
                }
                let mut keys = Vec::new();
                for (key, ty) in place.keys.iter().zip(&types) {
                    keys.push(self.plain(module, key, ty)?);
                }
                Outcome::Account {
                    account: AccountId(id),
                    keys,
                    amount: self.constant_of(module, amount, &money)?,
                    span: place.span,
                }
            }
            ast::Outcome::Figure { place, value } => self.figure_outcome(module, place, value)?,
        })
    }

    fn figure_outcome(
        &mut self,
        module: ModuleId,
        place: &'a ast::Place,
        value: &'a ast::Expr,
    ) -> Resolved<Outcome> {
        let id = FigureId(self.need(Kind::Figure, module, &place.name)?);
        let figure = self.set.figures.get(id.index()).ok_or(Reported)?;
        let ty = figure.value.ty.clone();
        let row = figure
            .for_each
            .as_ref()
            .and_then(|selection| figure.locals.get(selection.binding.index()))
            .map(|local| local.ty.clone());
        let types: Vec<Type> = match row {
            Some(Type::Row(shape)) => {
                let keys = self.register_of(shape).map(|it| self.register_key_types(it));
                let own = self.shape(shape).and_then(|shape| shape.fields.first());
                keys.filter(|keys| !keys.is_empty())
                    .unwrap_or_else(|| own.map(|field| field.ty.clone()).into_iter().collect())
            }
            Some(other) => vec![other],
            None => Vec::new(),
        };
        let mut keys = Vec::new();
        for (at, key) in place.keys.iter().enumerate() {
            let ty = types.get(at).unwrap_or(&Type::Text);
            keys.push(Datum::Constant(self.plain(module, key, ty)?));
        }
        let value = self.constant_of(module, value, &ty)?;
        Ok(Outcome::Figure { figure: id, keys, value, span: place.span })
    }
}

fn year(value: &Exact) -> Option<Period> {
    let year = i32::try_from(value.to_int()?).ok()?;
    Period::new(PeriodKind::Year, year, 1)
}
