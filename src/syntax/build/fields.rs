//! Types and fields, wherever they stand.

use super::{Builder, Built, Parts};
use crate::syntax::ast::{Field, FieldRole, TypeKind, TypeRef};
use crate::syntax::grammar::{Pair, Rule};

impl Builder {
    /// The types of a family's keys; none where there is no bracket.
    pub(super) fn family_in(&mut self, parts: &mut Parts<'_>) -> Built<Vec<TypeRef>> {
        match parts.accept(Rule::family) {
            Some(family) => self.parts(family).map(|ty| self.type_ref(ty)).collect(),
            None => Ok(Vec::new()),
        }
    }

    pub(super) fn type_ref(&mut self, pair: Pair<'_>) -> Built<TypeRef> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let mut core = self.parts(parts.need(Rule::type_core)?);
        let mut lists = 0;
        while core.has(Rule::k_list_of) {
            lists += 1;
        }
        let mut ty =
            TypeRef { kind: self.type_item(core.need(Rule::type_item)?)?, optional: false, span };
        if self.fits_row(lists, span) {
            for _ in 0..lists {
                ty = TypeRef { kind: TypeKind::List(Box::new(ty)), optional: false, span };
            }
        }
        ty.optional = parts.has(Rule::question);
        Ok(ty)
    }

    fn type_item(&mut self, pair: Pair<'_>) -> Built<TypeKind> {
        let mut parts = self.parts(pair);
        let first = parts.any()?;
        Ok(match first.as_rule() {
            Rule::k_money => {
                let currency = parts.accept(Rule::currency_name);
                TypeKind::Money(currency.map(|currency| self.name(&currency)))
            }
            Rule::k_rate => TypeKind::Rate,
            Rule::k_number => TypeKind::Number,
            Rule::k_integer => TypeKind::Integer,
            Rule::k_date => TypeKind::Date,
            Rule::k_month => TypeKind::Month,
            Rule::k_quarter => TypeKind::Quarter,
            Rule::k_year => TypeKind::Year,
            Rule::k_duration => TypeKind::Duration,
            Rule::k_bool => TypeKind::Bool,
            Rule::k_text => TypeKind::Text,
            Rule::type_name => TypeKind::Named(self.name(&first)),
            Rule::record_type => TypeKind::Record(self.fields(first, false)?),
            _ => return Err(self.odd(&first)),
        })
    }

    /// The `field`s a pair is made of.
    pub(super) fn fields(&mut self, pair: Pair<'_>, dated: bool) -> Built<Vec<Field>> {
        let parts = self.parts(pair);
        parts
            .filter_map(|part| match part.as_rule() {
                Rule::field => Some(self.field(part, dated)),
                Rule::let_field => Some(self.let_field(part)),
                _ => None,
            })
            .collect()
    }

    pub(super) fn field(&mut self, pair: Pair<'_>, dated: bool) -> Built<Field> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let name = self.need_name(&mut parts)?;
        let label = self.label_in(&mut parts);
        let ty = Some(self.type_ref(parts.need(Rule::type_ref)?)?);
        let roles = self.field_roles(parts)?;
        Ok(Field { name, label, ty, value: None, roles, dated, span })
    }

    pub(super) fn let_field(&mut self, pair: Pair<'_>) -> Built<Field> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_let)?;
        let name = self.need_name(&mut parts)?;
        let label = self.label_in(&mut parts);
        let value = Some(self.expr(parts.need(Rule::expr)?)?);
        let roles = self.field_roles(parts)?;
        Ok(Field { name, label, ty: None, value, roles, dated: false, span })
    }

    fn field_roles(&self, parts: Parts<'_>) -> Built<Vec<FieldRole>> {
        parts
            .map(|role| {
                let mut parts = self.parts(role);
                let word = parts.any()?;
                match word.as_rule() {
                    Rule::k_unique => Ok(FieldRole::Unique),
                    Rule::k_effective => Ok(FieldRole::Effective),
                    Rule::k_inflow => Ok(FieldRole::Inflow),
                    Rule::k_reverses => Ok(FieldRole::Reverses(
                        parts.accept(Rule::word).map(|event| self.name(&event)),
                    )),
                    _ => Err(self.odd(&word)),
                }
            })
            .collect()
    }
}
