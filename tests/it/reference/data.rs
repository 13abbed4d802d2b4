//! Events and register rows from texts, so that a failing case can be read.

use std::fmt;

use fenshui::base::{Date, Exact, Money, Period};
use fenshui::model::{Field, RuleSet, ShapeId, Type};
use fenshui::rows::{Batch, Cell, Column, Origin, RegisterRow, RegisterTable, TextColumn};

/// An event as somebody sends it: values by field, `-` or nothing for a missing one, records in
/// parentheses (a value for each stored field) and lists in brackets (`[(1, 2.00), (3, 4.00)]`).
/// Fields that the rules do not declare are not looked at.
#[derive(Clone, PartialEq, Eq)]
pub struct Sent {
    pub kind: String,
    pub values: Vec<(String, String)>,
}

/// A row of a register, and the days its dated fields hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    pub register: String,
    pub values: Vec<(String, String)>,
    pub from: Option<String>,
    pub until: Option<String>,
}

/// `field value; field value`, with `;` between.
fn named(text: &str) -> Vec<(String, String)> {
    let pairs = text.split(';').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once(' ').unwrap();
            (name.to_owned(), value.trim().to_owned())
        })
        .collect()
}

impl Sent {
    pub fn new(kind: &str, values: &str) -> Sent {
        Sent { kind: kind.to_owned(), values: named(values) }
    }

    /// The value of a field as sent.
    pub fn value(&self, field: &str) -> &str {
        self.values.iter().find(|(name, _)| name == field).map_or("-", |(_, value)| value)
    }
}

impl Row {
    pub fn new(register: &str, values: &str) -> Row {
        Row { register: register.to_owned(), values: named(values), from: None, until: None }
    }
}

fn shown(values: &[(String, String)]) -> String {
    values.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join("; ")
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {{ {} }}", self.kind, shown(&self.values))
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |word, day: &Option<String>| {
            day.as_ref().map_or(String::new(), |day| format!(" {word} {day}"))
        };
        let period = day("from", &self.from) + &day("until", &self.until);
        write!(f, "{}{period} {{ {} }}", self.register, shown(&self.values))
    }
}

/// Batches of one kind each, in the order sent.
pub fn batches(rules: &RuleSet, events: &[Sent]) -> Vec<Batch> {
    batches_of(rules, events, usize::MAX)
}

/// Batches of so many events at most.
pub fn batches_of(rules: &RuleSet, events: &[Sent], rows_max: usize) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut line = 0;
    let runs = events.chunk_by(|one, other| one.kind == other.kind);
    for chunk in runs.flat_map(|run| run.chunks(rows_max)) {
        let position = rules.events.iter().position(|event| event.name.text == chunk[0].kind);
        let event = &rules.events[position.unwrap()];
        let columns = event.fields.iter().map(|field| {
            if field.computed.is_some() {
                return Column::Absent;
            }
            let value = |sent: &Sent| cell(rules, &field.ty, sent.value(&field.name.text));
            column(field, chunk.iter().map(value).collect())
        });
        let columns = columns.collect();
        let origins = chunk.iter().map(|_| {
            line += 1;
            Origin { file: 0, line }
        });
        let origins = origins.collect();
        batches.push(Batch { event: u32::try_from(position.unwrap()).unwrap(), columns, origins });
    }
    batches
}

/// Register rows, register by register.
pub fn registers(rules: &RuleSet, rows: &[Row]) -> Vec<(u32, RegisterTable)> {
    let mut groups = Vec::new();
    for (position, register) in rules.registers.iter().enumerate() {
        let mut of_register: Vec<RegisterRow> = Vec::new();
        for (row, line) in rows.iter().zip(1..) {
            if row.register == register.name.text {
                let day =
                    |text: &Option<String>| text.as_ref().map(|day| Date::parse(day).unwrap());
                let fields = &rules.shapes[register.shape.index()].fields;
                let stored = fields.iter().filter(|field| field.computed.is_none());
                let value = |field: &Field| {
                    let mut values = row.values.iter();
                    let found = values.find(|(name, _)| *name == field.name.text);
                    found.map_or("-".to_owned(), |(_, value)| value.clone())
                };
                let values: Vec<String> = stored.map(value).collect();
                of_register.push(RegisterRow {
                    cells: record(rules, register.shape, &values),
                    from: day(&row.from),
                    until: day(&row.until),
                    origin: Origin { file: 1, line },
                });
            }
        }
        groups.push((u32::try_from(position).unwrap(), of_register.into()));
    }
    groups
}

fn record(rules: &RuleSet, shape: ShapeId, values: &[String]) -> Vec<Cell> {
    let mut values = values.iter();
    let fields = rules.shapes[shape.index()].fields.iter();
    fields
        .map(|field| match field.computed {
            Some(_) => Cell::Missing,
            None => cell(rules, &field.ty, values.next().unwrap()),
        })
        .collect()
}

/// Reads a value of a type.
pub fn cell(rules: &RuleSet, ty: &Type, text: &str) -> Cell {
    if text == "-" {
        return Cell::Missing;
    }
    match ty.required() {
        Type::Money(currency) => {
            let scale = rules.currencies[currency.index()].scale;
            Cell::Money(Money::parse(text, scale).unwrap())
        }
        Type::Rate | Type::Number => {
            let (up, down) = text.split_once('/').unwrap_or((text, "1"));
            let side = |text| Exact::parse_decimal(text).unwrap();
            Cell::Number(side(up).div(&side(down)).unwrap())
        }
        Type::Integer => Cell::Integer(text.parse().unwrap()),
        Type::Date => Cell::Date(Date::parse(text).unwrap()),
        Type::Period(_) => Cell::Period(Period::parse(text).unwrap()),
        Type::Bool => Cell::Bool(text == "true"),
        Type::Text => Cell::Text(text.into()),
        Type::Member(id) => {
            let members = &rules.enumerations[id.index()].members;
            let position = members.iter().position(|member| member.name.text == text);
            Cell::Member(u32::try_from(position.unwrap()).unwrap())
        }
        Type::List(inner) => {
            let inside = text.strip_prefix('[').unwrap().strip_suffix(']').unwrap();
            Cell::List(split(inside).into_iter().map(|text| cell(rules, inner, text)).collect())
        }
        Type::Row(shape) => {
            let inside = text.strip_prefix('(').unwrap().strip_suffix(')').unwrap();
            let values: Vec<String> = split(inside).into_iter().map(str::to_owned).collect();
            Cell::Record(record(rules, *shape, &values))
        }
        other => panic!("no test sends {other:?}"),
    }
}

/// Parts between the commas that no parenthesis encloses.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, character) in text.char_indices() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    if !text.trim().is_empty() {
        parts.push(text[start..].trim());
    }
    parts
}

fn column(field: &Field, cells: Vec<Cell>) -> Column {
    fn each<T, C: FromIterator<Option<T>>>(
        cells: Vec<Cell>,
        take: impl Fn(Cell) -> Option<T>,
    ) -> C {
        cells.into_iter().map(take).collect()
    }
    match field.ty.required() {
        Type::Money(_) => Column::Money(each(cells, |cell| match cell {
            Cell::Money(money) => Some(money.minor()),
            _ => None,
        })),
        Type::Rate | Type::Number => Column::Number(each(cells, |cell| match cell {
            Cell::Number(number) => Some(number),
            _ => None,
        })),
        Type::Integer => Column::Integer(each(cells, |cell| match cell {
            Cell::Integer(integer) => Some(integer),
            _ => None,
        })),
        Type::Date => Column::Date(each(cells, |cell| match cell {
            Cell::Date(date) => Some(date),
            _ => None,
        })),
        Type::Period(_) => Column::Period(each(cells, |cell| match cell {
            Cell::Period(period) => Some(period),
            _ => None,
        })),
        Type::Bool => Column::Bool(each(cells, |cell| match cell {
            Cell::Bool(bool) => Some(bool),
            _ => None,
        })),
        Type::Member(_) => Column::Member(each(cells, |cell| match cell {
            Cell::Member(member) => Some(member),
            _ => None,
        })),
        Type::Text => {
            let mut texts = TextColumn::default();
            for cell in cells {
                match cell {
                    Cell::Text(text) => texts.push(Some(&text)),
                    _ => texts.push(None),
                }
            }
            Column::Text(texts)
        }
        _ => Column::Cells(cells),
    }
}
