//! What an example gives: events and register rows as data.

#![expect(clippy::result_large_err, reason = "a difference is made once an example and then read")]

use crate::base::{Exact, Money, Span};
use crate::diagnostics::Words;
use crate::formats::column_of;
use crate::model::{
    Constant, CurrencyId, DatedValues, Datum, EventId, Example, ExampleEntry, Field, FieldIx,
    Outcome, RuleSet, ShapeId, Type,
};
use crate::report::names::Kind;
use crate::rows::{Batch, Cell, Column, Origin, RegisterRow, RegisterTable};

use super::Difference;

/// An example's data, and what it expects of which event.
#[derive(Debug)]
pub struct Given<'e> {
    /// One event each.
    pub batches: Vec<Batch>,
    /// Rows by register.
    pub registers: Vec<(u32, RegisterTable)>,
    /// In written order.
    pub expected: Vec<(Subject, &'e [Outcome], Span)>,
}

/// The event that something is expected of.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// The one sent in this place.
    Sent(u64),
    /// One by its kind and the first parts of its key.
    Named(EventId, Vec<Cell>),
}

impl<'e> Given<'e> {
    /// Turns the entries of an example into data.
    ///
    /// # Errors
    /// The difference to report, where an entry cannot be data.
    pub fn read(rules: &RuleSet, example: &'e Example) -> Result<Given<'e>, Difference> {
        let mut given = Given { batches: Vec::new(), registers: Vec::new(), expected: Vec::new() };
        let mut sent = 0_u64;
        for entry in &example.entries {
            match entry {
                ExampleEntry::Event { event, values, span } => {
                    sent += 1;
                    let batch = batch(rules, *event, values, sent);
                    given.batches.push(batch.ok_or_else(|| unusable(*span))?);
                }
                ExampleEntry::Row { register, values, dated, span } => {
                    let rows = rows(rules, *register, values, dated, *span)?;
                    match given.registers.iter_mut().find(|(known, _)| *known == register.0) {
                        Some((_, known)) => known.append(rows),
                        None => given.registers.push((register.0, rows)),
                    }
                }
                ExampleEntry::Expected { of: None, outcomes, span } => {
                    given.expected.push((Subject::Sent(sent), outcomes, *span));
                }
                ExampleEntry::Expected { of: Some((event, key)), outcomes, span } => {
                    let key = named_key(rules, *event, key).ok_or_else(|| unusable(*span))?;
                    given.expected.push((Subject::Named(*event, key), outcomes, *span));
                }
                ExampleEntry::Check { .. } => {}
            }
        }
        Ok(given)
    }
}

fn unusable(span: Span) -> Difference {
    Difference {
        span,
        subject: String::new(),
        expected: Words::new("data", "数据"),
        found: Words::new("a value that data cannot hold", "数据无法表示的值"),
        by: None,
    }
}

fn batch(rules: &RuleSet, id: EventId, values: &[(FieldIx, Datum)], sent: u64) -> Option<Batch> {
    let event = rules.events.get(id.index())?;
    let mut columns = Vec::with_capacity(event.fields.len());
    for (at, field) in event.fields.iter().enumerate() {
        columns.push(match field.computed {
            Some(_) => Column::Absent,
            None => {
                let given = values.iter().find(|(field, _)| field.index() == at);
                let cell = given.map(|(_, datum)| cell(rules, &field.ty, datum));
                column_of(&kind(rules, field), [cell.unwrap_or(Some(Cell::Missing))?])
            }
        });
    }
    Some(Batch { event: id.0, columns, origins: vec![Origin { file: 0, line: sent }] })
}

/// The kind of a field's column; members need no names here.
fn kind(rules: &RuleSet, field: &Field) -> Kind {
    match field.ty.required() {
        Type::Money(currency) => Kind::Money(scale(rules, *currency)),
        Type::Rate => Kind::Rate,
        Type::Number => Kind::Number,
        Type::Integer => Kind::Integer,
        Type::Date => Kind::Date,
        Type::Period(period) => Kind::Period(*period),
        Type::Bool => Kind::Bool,
        Type::Text => Kind::Text,
        Type::Member(_) | Type::Option(_) => Kind::Member(std::sync::Arc::new(
            crate::report::names::Members::new(crate::report::names::Label::default(), Vec::new()),
        )),
        Type::Duration | Type::Row(_) | Type::List(_) | Type::Optional(_) => Kind::Duration,
    }
}

fn rows(
    rules: &RuleSet,
    register: crate::model::RegisterId,
    values: &[(FieldIx, Datum)],
    dated: &[DatedValues],
    span: Span,
) -> Result<RegisterTable, Difference> {
    let shape = rules.registers.get(register.index()).map(|register| register.shape);
    let shape = shape.ok_or_else(|| unusable(span))?;
    let pieces = dated.is_empty().then_some(None).into_iter().chain(dated.iter().map(Some));
    pieces
        .map(|piece: Option<&DatedValues>| {
            let mut all = values.to_vec();
            all.extend(piece.iter().flat_map(|piece| piece.values.iter().cloned()));
            Ok(RegisterRow {
                cells: record(rules, shape, &all).ok_or_else(|| unusable(span))?,
                from: piece.and_then(|piece| piece.from),
                until: piece.and_then(|piece| piece.until),
                origin: Origin { file: 1, line: u64::from(span.start) },
            })
        })
        .collect()
}

fn record(rules: &RuleSet, shape: ShapeId, values: &[(FieldIx, Datum)]) -> Option<Vec<Cell>> {
    let fields = rules.shapes.get(shape.index())?.fields.iter().enumerate();
    fields
        .map(|(at, field)| {
            let given = values.iter().find(|(field, _)| field.index() == at);
            given.map_or(Some(Cell::Missing), |(_, datum)| cell(rules, &field.ty, datum))
        })
        .collect()
}

/// The first parts of the key of an event: its unique fields; of one nobody sent, all its fields.
fn named_key(rules: &RuleSet, id: EventId, key: &[Datum]) -> Option<Vec<Cell>> {
    let event = rules.events.get(id.index())?;
    let types: Vec<&Type> = match event.unique.as_slice() {
        [] => event.fields.iter().map(|field| &field.ty).collect(),
        unique => {
            unique.iter().filter_map(|at| event.fields.get(at.index())).map(|f| &f.ty).collect()
        }
    };
    key.iter().zip(types).map(|(datum, ty)| cell(rules, ty, datum)).collect()
}

/// A datum as the data would hold it.
pub fn cell(rules: &RuleSet, ty: &Type, datum: &Datum) -> Option<Cell> {
    match (datum, ty.required()) {
        (Datum::Constant(value), ty) => constant(rules, ty, value),
        (Datum::List(data), Type::List(inner)) => data
            .iter()
            .map(|datum| cell(rules, inner, datum))
            .collect::<Option<_>>()
            .map(Cell::List),
        (Datum::List(data), Type::Row(_)) => {
            data.iter().map(plain).collect::<Option<_>>().map(Cell::Record)
        }
        (Datum::Record(values), Type::Row(shape)) => {
            record(rules, *shape, values).map(Cell::Record)
        }
        (Datum::List(_) | Datum::Record(_), _) => None,
    }
}

/// A key in an example, whose type its value tells.
pub fn plain(datum: &Datum) -> Option<Cell> {
    match datum {
        Datum::Constant(Constant::Number(number)) => number.to_int().map(Cell::Integer),
        Datum::Constant(value) => other(value),
        Datum::List(data) => data.iter().map(plain).collect::<Option<_>>().map(Cell::List),
        Datum::Record(_) => None,
    }
}

/// A constant as the data would hold it.
pub fn constant(rules: &RuleSet, ty: &Type, value: &Constant) -> Option<Cell> {
    match (value, ty.required()) {
        (Constant::Number(number), Type::Money(currency)) => {
            Money::from_exact(number, scale(rules, *currency)).map(Cell::Money)
        }
        (Constant::Number(number), Type::Integer) => number.to_int().map(Cell::Integer),
        (Constant::Number(number), _) => Some(Cell::Number(number.clone())),
        (value, _) => other(value),
    }
}

fn other(value: &Constant) -> Option<Cell> {
    Some(match value {
        Constant::Number(number) => Cell::Number(number.clone()),
        Constant::Bool(value) => Cell::Bool(*value),
        Constant::Date(value) => Cell::Date(*value),
        Constant::Period(value) => Cell::Period(*value),
        Constant::Duration(value) => Cell::Duration(*value),
        Constant::Text(value) => Cell::Text(value.as_str().into()),
        Constant::Member(_, member) => Cell::Member(member.0),
        Constant::Option(_, option) => Cell::Member(*option),
    })
}

/// The exact number in a cell.
pub fn exact(cell: &Cell, scale: u8) -> Option<Exact> {
    match cell {
        Cell::Integer(value) => Some(Exact::from(*value)),
        Cell::Number(value) => Some(value.clone()),
        Cell::Money(value) => Some(value.to_exact(scale)),
        _ => None,
    }
}

/// Decimals of a currency.
pub fn scale(rules: &RuleSet, currency: CurrencyId) -> u8 {
    rules.currencies.get(currency.index()).map_or(2, |currency| currency.scale)
}
