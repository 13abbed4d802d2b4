//! The names that a book itself holds, for those who have it without its rules.

use std::sync::Arc;

use crate::book::{Field, Kind, Members, Schema};
use crate::report::names::{self, Currency, Figure, Keyed, Label, Leg, Names, Shape, Table};

/// The names of a schema. Labels, codes and what stands in no entry are not among them.
pub fn names_of(schema: &Schema) -> Names {
    let maker = Maker::new(schema);
    let table = |own: &crate::book::Table| Table {
        name: Label::plain(&own.name),
        fields: own.fields.iter().map(|it| maker.field(it)).collect(),
        key: Vec::new(),
        effective: None,
        inflow: None,
        sent: true,
        currency: maker.currency(own.currency),
        settlement: String::new(),
    };
    Names {
        events: schema.events.iter().map(table).collect(),
        registers: schema.registers.iter().map(table).collect(),
        shapes: schema
            .shapes
            .iter()
            .map(|own| Shape {
                name: Label::plain(&own.name),
                fields: own.fields.iter().map(|it| maker.field(it)).collect(),
                key: Vec::new(),
            })
            .collect(),
        accounts: schema
            .accounts
            .iter()
            .map(|own| Keyed {
                name: Label::plain(&own.name),
                keys: own.keys.iter().map(|it| maker.kind(it)).collect(),
                value: names::Kind::Money(2),
                code: None,
            })
            .collect(),
        figures: schema
            .figures
            .iter()
            .map(|own| Figure {
                name: Label::plain(&own.name),
                kind: maker.kind(&own.kind),
                row: None,
            })
            .collect(),
        legs: schema
            .legs
            .iter()
            .map(|own| Leg {
                owner: Label::plain(&own.rule),
                place: own.place.clone(),
                clause: own.clause.clone(),
            })
            .collect(),
        readings: schema
            .readings
            .iter()
            .map(|own| (Label::plain(&own.name), members(own)))
            .collect(),
        ..Names::default()
    }
}

struct Maker<'s> {
    schema: &'s Schema,
    enumerations: Vec<Arc<names::Members>>,
}

impl<'s> Maker<'s> {
    fn new(schema: &'s Schema) -> Maker<'s> {
        Maker { schema, enumerations: schema.enumerations.iter().map(members).collect() }
    }

    fn field(&self, field: &Field) -> names::Field {
        names::Field {
            name: Label::plain(&field.name),
            kind: self.kind(&field.kind),
            required: false,
            computed: false,
            dated: false,
        }
    }

    fn kind(&self, kind: &Kind) -> names::Kind {
        let at = |position: &u32| usize::try_from(*position).unwrap_or(usize::MAX);
        match kind {
            Kind::Bool => names::Kind::Bool,
            Kind::Integer => names::Kind::Integer,
            Kind::Rate => names::Kind::Rate,
            Kind::Number => names::Kind::Number,
            Kind::Money { currency } => names::Kind::Money(self.currency(*currency).scale),
            Kind::Date => names::Kind::Date,
            Kind::Period { period } => names::Kind::Period(*period),
            Kind::Duration => names::Kind::Duration,
            Kind::Text => names::Kind::Text,
            Kind::Member { of } => match self.enumerations.get(at(of)) {
                Some(members) => names::Kind::Member(Arc::clone(members)),
                None => names::Kind::Text,
            },
            Kind::List { of } => names::Kind::List(Box::new(self.kind(of))),
            Kind::Record { of } => names::Kind::Record(at(of)),
        }
    }

    fn currency(&self, position: u32) -> Currency {
        let at = usize::try_from(position).ok();
        let declared = at.and_then(|at| self.schema.currencies.get(at));
        Currency {
            code: declared.map_or_else(String::new, |it| it.code.clone()),
            scale: declared.and_then(|it| u8::try_from(it.scale).ok()).unwrap_or(2),
        }
    }
}

fn members(own: &Members) -> Arc<names::Members> {
    let each = own.members.iter().map(|member| (Label::plain(member), None));
    Arc::new(names::Members::new(Label::plain(&own.name), each.collect()))
}
