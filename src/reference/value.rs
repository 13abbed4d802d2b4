//! Values, and cells in and out.

use std::cmp::Ordering;
use std::rc::Rc;
use std::sync::Arc;

use crate::base::{Date, Duration, Money, Period};
use crate::model::{Constant, CurrencyId, FieldIx, RegisterId, RuleSet, ShapeId, Type};
use crate::rows::{Cell, Reason};

use super::error::{Stop, dangling, entry, mistyped};
use super::number::{self, Number};

/// A value of an expression. Money is an amount of major units.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Missing,
    Bool(bool),
    Number(Number),
    Date(Date),
    Period(Period),
    Duration(Duration),
    Text(Arc<str>),
    /// A member of an enumeration, by position.
    Member(u32),
    /// An option of a reading, by position.
    Choice(u32),
    Row(Rc<Row>),
    List(Vec<Value>),
}

/// A row of a register or a record of a list.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub shape: ShapeId,
    pub place: RowPlace,
    /// The values over time; a record, and a row without dated fields, has one for good.
    pub pieces: Vec<RowPiece>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum RowPlace {
    /// In a register, counted in its order.
    Register(RegisterId, usize),
    /// In a list.
    Record(usize),
}

/// A value for each field of the shape (`Missing` for computed ones), and the days they hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RowPiece {
    pub from: Option<Date>,
    pub until: Option<Date>,
    pub values: Vec<Value>,
}

impl PartialEq for Row {
    /// Register rows are told by their place; records, which are made anew, also by what they say.
    fn eq(&self, other: &Row) -> bool {
        self.shape == other.shape
            && self.place == other.place
            && match self.place {
                RowPlace::Register(..) => true,
                RowPlace::Record(_) => self.pieces == other.pieces,
            }
    }
}

/// Whether a day lies between two, the second outside.
pub(super) fn in_force(from: Option<Date>, until: Option<Date>, day: Date) -> bool {
    from.is_none_or(|from| from <= day) && until.is_none_or(|until| day < until)
}

impl Value {
    pub fn number(self) -> Result<Number, Stop> {
        if let Value::Number(number) = self { Ok(number) } else { Err(mistyped("number")) }
    }

    pub fn bool(self) -> Result<bool, Stop> {
        if let Value::Bool(bool) = self { Ok(bool) } else { Err(mistyped("truth")) }
    }

    pub fn date(self) -> Result<Date, Stop> {
        if let Value::Date(date) = self { Ok(date) } else { Err(mistyped("date")) }
    }

    pub fn period(self) -> Result<Period, Stop> {
        if let Value::Period(period) = self { Ok(period) } else { Err(mistyped("period")) }
    }

    pub fn member(self) -> Result<u32, Stop> {
        if let Value::Member(member) = self { Ok(member) } else { Err(mistyped("member")) }
    }

    pub fn row(self) -> Result<Rc<Row>, Stop> {
        if let Value::Row(row) = self { Ok(row) } else { Err(mistyped("row")) }
    }

    pub fn list(self) -> Result<Vec<Value>, Stop> {
        if let Value::List(values) = self { Ok(values) } else { Err(mistyped("list")) }
    }

    pub fn is_missing(&self) -> bool {
        *self == Value::Missing
    }
}

/// The order of two values of one type: numbers and dates by value, texts by code point, members as
/// declared; what is missing comes first.
pub(super) fn compare(left: &Value, right: &Value) -> Result<Ordering, Stop> {
    Ok(match (left, right) {
        (Value::Missing, Value::Missing) => Ordering::Equal,
        (Value::Missing, _) => Ordering::Less,
        (_, Value::Missing) => Ordering::Greater,
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (Value::Period(left), Value::Period(right)) => left.cmp(right),
        (Value::Duration(left), Value::Duration(right)) => left.cmp(right),
        // UTF-8 keeps the order of code points.
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Member(left), Value::Member(right)) => left.cmp(right),
        (Value::Choice(left), Value::Choice(right)) => left.cmp(right),
        _ => return Err(mistyped("value of the same type")),
    })
}

pub(super) fn constant(constant: &Constant) -> Result<Value, Stop> {
    Ok(match constant {
        Constant::Bool(bool) => Value::Bool(*bool),
        Constant::Number(exact) => Value::Number(number::from_exact(exact)?),
        Constant::Date(date) => Value::Date(*date),
        Constant::Period(period) => Value::Period(*period),
        Constant::Duration(duration) => Value::Duration(*duration),
        Constant::Text(text) => Value::Text(Arc::from(text.as_str())),
        Constant::Member(_, member) => Value::Member(member.0),
        Constant::Option(_, option) => Value::Choice(*option),
    })
}

pub(super) fn scale(rules: &RuleSet, currency: CurrencyId) -> Result<u8, Stop> {
    Ok(entry(&rules.currencies, currency.index(), "currency")?.scale)
}

/// Reads a cell as a value of a type.
pub(super) fn from_cell(rules: &RuleSet, ty: &Type, cell: &Cell) -> Result<Value, Stop> {
    Ok(match (cell, ty.required()) {
        (Cell::Missing, _) => Value::Missing,
        (Cell::Bool(bool), _) => Value::Bool(*bool),
        (Cell::Integer(integer), _) => Value::Number(number::whole(*integer)),
        (Cell::Number(exact), _) => Value::Number(number::from_exact(exact)?),
        (Cell::Money(money), Type::Money(currency)) => {
            Value::Number(number::major(money.minor(), scale(rules, *currency)?))
        }
        (Cell::Money(_), _) => return Err(mistyped("money")),
        (Cell::Date(date), _) => Value::Date(*date),
        (Cell::Period(period), _) => Value::Period(*period),
        (Cell::Duration(duration), _) => Value::Duration(*duration),
        (Cell::Text(text), _) => Value::Text(Arc::clone(text)),
        (Cell::Member(member), _) => Value::Member(*member),
        (Cell::List(cells), Type::List(inner)) => {
            let values =
                cells.iter().enumerate().map(|(at, cell)| match (cell, inner.required()) {
                    (Cell::Record(cells), Type::Row(shape)) => record(rules, *shape, at, cells),
                    (cell, inner) => from_cell(rules, inner, cell),
                });
            Value::List(values.collect::<Result<_, _>>()?)
        }
        (Cell::Record(cells), Type::Row(shape)) => record(rules, *shape, 0, cells)?,
        (Cell::List(_) | Cell::Record(_), _) => return Err(mistyped("list of records")),
    })
}

fn record(rules: &RuleSet, shape: ShapeId, at: usize, cells: &[Cell]) -> Result<Value, Stop> {
    let values = record_values(rules, shape, cells)?;
    let pieces = vec![RowPiece { from: None, until: None, values }];
    Ok(Value::Row(Rc::new(Row { shape, place: RowPlace::Record(at), pieces })))
}

/// The cells of a row as values of its shape's fields.
pub(super) fn record_values(
    rules: &RuleSet,
    shape: ShapeId,
    cells: &[Cell],
) -> Result<Vec<Value>, Stop> {
    let fields = &entry(&rules.shapes, shape.index(), "row shape")?.fields;
    let cell_of = |at: usize| cells.get(at).unwrap_or(&Cell::Missing);
    fields.iter().enumerate().map(|(at, field)| from_cell(rules, &field.ty, cell_of(at))).collect()
}

/// Writes a value of a type as a cell. Money that is no whole number of units stays a number.
pub(super) fn to_cell(rules: &RuleSet, ty: &Type, value: &Value) -> Result<Cell, Stop> {
    Ok(match (value, ty.required()) {
        (Value::Missing, _) => Cell::Missing,
        (Value::Bool(bool), _) => Cell::Bool(*bool),
        (Value::Number(amount), Type::Money(currency)) => {
            match number::minor(amount, scale(rules, *currency)?) {
                Some(units) => Cell::Money(Money::from_minor(units)),
                None => Cell::Number(number::to_exact(amount)?),
            }
        }
        (Value::Number(integer), Type::Integer) => match number::to_i128(integer) {
            Some(integer) => Cell::Integer(integer),
            None => return Err(Reason::TooWide.into()),
        },
        (Value::Number(number), _) => Cell::Number(number::to_exact(number)?),
        (Value::Date(date), _) => Cell::Date(*date),
        (Value::Period(period), _) => Cell::Period(*period),
        (Value::Duration(duration), _) => Cell::Duration(*duration),
        (Value::Text(text), _) => Cell::Text(Arc::clone(text)),
        (Value::Member(member) | Value::Choice(member), _) => Cell::Member(*member),
        (Value::Row(row), _) => row_cell(rules, row)?,
        (Value::List(values), Type::List(inner)) => {
            let cells = values.iter().map(|value| to_cell(rules, inner, value));
            Cell::List(cells.collect::<Result<_, _>>()?)
        }
        (Value::List(_), _) => return Err(mistyped("list")),
    })
}

/// A row as the record of what it is known by: a register's key, the first field of a record.
fn row_cell(rules: &RuleSet, row: &Row) -> Result<Cell, Stop> {
    let fields = match &row.place {
        RowPlace::Record(_) => vec![FieldIx(0)],
        RowPlace::Register(register, _) => {
            entry(&rules.registers, register.index(), "register")?.keys.clone()
        }
    };
    row_fields(rules, row, &fields).map(Cell::Record)
}

/// Some fields of a row that are not dated, as cells.
pub(super) fn row_fields(
    rules: &RuleSet,
    row: &Row,
    fields: &[FieldIx],
) -> Result<Vec<Cell>, Stop> {
    let shape = entry(&rules.shapes, row.shape.index(), "row shape")?;
    let values = row.pieces.first().map_or(&[][..], |piece| &piece.values);
    let part = |field: &FieldIx| {
        let declared = entry(&shape.fields, field.index(), "field")?;
        let value = values.get(field.index()).ok_or(dangling("field"))?;
        to_cell(rules, &declared.ty, value)
    };
    fields.iter().map(part).collect()
}
