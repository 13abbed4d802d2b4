//! The names that entries of a book need, taken from a rule set.

use crate::book::{
    CurrencyName, Family, Field, FigureName, Kind, LegName, Members, Schema, Shape, Table,
};
use crate::diagnostics::Language;
use crate::model::{self, CurrencyId, EventId, RuleSet, Type};

/// The schema of a rule set. It is the same whatever language the user speaks.
pub(in crate::app) fn schema(rules: &RuleSet) -> Schema {
    let names = crate::app::names(rules, Language::English);
    let fields = |fields: &[model::Field]| fields.iter().map(field).collect::<Vec<Field>>();
    Schema {
        currencies: rules
            .currencies
            .iter()
            .map(|it| CurrencyName { code: it.name.clone(), scale: u32::from(it.scale) })
            .collect(),
        enumerations: rules
            .enumerations
            .iter()
            .map(|it| Members {
                name: it.name.text.clone(),
                members: it.members.iter().map(|member| member.name.text.clone()).collect(),
            })
            .collect(),
        shapes: rules
            .shapes
            .iter()
            .map(|it| Shape { name: it.name.clone(), fields: fields(&it.fields) })
            .collect(),
        events: rules
            .events
            .iter()
            .zip(&names.events)
            .enumerate()
            .map(|(at, (it, called))| Table {
                name: called.name.text.clone(),
                fields: fields(&it.fields),
                currency: rules.currency_of(EventId::next(at)).0,
            })
            .collect(),
        registers: rules
            .registers
            .iter()
            .zip(&names.registers)
            .map(|(it, called)| Table {
                name: called.name.text.clone(),
                fields: rules
                    .shapes
                    .get(it.shape.index())
                    .map_or_else(Vec::new, |shape| shape.fields.iter().map(field).collect()),
                currency: CurrencyId(0).0,
            })
            .collect(),
        accounts: rules
            .accounts
            .iter()
            .zip(&names.accounts)
            .map(|(it, called)| Family {
                name: called.name.text.clone(),
                keys: it.keys.iter().map(kind).collect(),
            })
            .collect(),
        legs: names
            .legs
            .into_iter()
            .map(|leg| LegName { rule: leg.owner.text, place: leg.place, clause: leg.clause })
            .collect(),
        figures: rules
            .figures
            .iter()
            .zip(&names.figures)
            .map(|(it, called)| FigureName {
                name: called.name.text.clone(),
                kind: kind(&it.value.ty),
            })
            .collect(),
        readings: rules
            .readings
            .iter()
            .map(|it| Members {
                name: it.name.text.clone(),
                members: it.options.iter().map(|option| option.text.clone()).collect(),
            })
            .collect(),
    }
}

fn field(field: &model::Field) -> Field {
    Field { name: field.name.text.clone(), kind: kind(&field.ty) }
}

fn kind(ty: &Type) -> Kind {
    match ty {
        Type::Bool => Kind::Bool,
        Type::Integer => Kind::Integer,
        Type::Rate => Kind::Rate,
        Type::Number => Kind::Number,
        Type::Money(currency) => Kind::Money { currency: currency.0 },
        Type::Date => Kind::Date,
        Type::Period(period) => Kind::Period { period: *period },
        Type::Duration => Kind::Duration,
        // An option of a reading is no data, and is told by its name.
        Type::Text | Type::Option(_) => Kind::Text,
        Type::Member(of) => Kind::Member { of: of.0 },
        Type::List(of) => Kind::List { of: Box::new(kind(of)) },
        Type::Row(of) => Kind::Record { of: of.0 },
        Type::Optional(inner) => kind(inner),
    }
}
