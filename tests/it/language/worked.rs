//! Examples worked by the reference evaluator: the pages are right by the second opinion as well.

use fenshui::base::{Date, Exact, Money};
use fenshui::model::{
    Constant, DatedValues, Datum, EventId, Example, ExampleEntry, FieldIx, Outcome, RuleSet,
    ShapeId, Type,
};
use fenshui::reference::{self, Fate, Payee, Sender};
use fenshui::rows::{Batch, Cell, Column, Origin, RegisterRow};

use crate::reference::data::column;

/// An expectation: the event (of the batch, or by kind and key), and what it must give.
type Expected<'a> = (Subject, &'a [Outcome]);

enum Subject {
    Sent(usize),
    Unsent(EventId, Vec<Cell>),
}

/// What differs from what the example says.
pub fn differences(rules: &RuleSet, example: &Example) -> Vec<String> {
    let mut batches = Vec::new();
    let mut registers: Vec<(u32, Vec<RegisterRow>)> = Vec::new();
    let mut expected: Vec<Expected> = Vec::new();
    let mut checks = Vec::new();
    for entry in &example.entries {
        match entry {
            ExampleEntry::Event { event, values, .. } => batches.push(batch(rules, *event, values)),
            ExampleEntry::Row { register, values, dated, .. } => {
                let shape = rules.registers[register.index()].shape;
                let rows = pieces(dated).map(|piece| register_row(rules, shape, values, piece));
                registers.push((register.0, rows.collect()));
            }
            ExampleEntry::Expected { of: None, outcomes, .. } => {
                expected.push((Subject::Sent(batches.len() - 1), outcomes));
            }
            ExampleEntry::Expected { of: Some((event, key)), outcomes, .. } => {
                let fields = &rules.events[event.index()].fields;
                let cells =
                    key.iter().zip(fields).map(|(datum, field)| cell(rules, &field.ty, datum));
                expected.push((Subject::Unsent(*event, cells.collect()), outcomes));
            }
            ExampleEntry::Check { condition, .. } => checks.push(condition),
        }
    }
    let registers = merged(registers);
    let outcomes = reference::run(rules, &example.readings, &registers, &batches, None).unwrap();
    let mut wrong = Vec::new();
    for (number, (subject, outcomes_wanted)) in expected.iter().enumerate() {
        let found = outcomes.iter().find(|outcome| match subject {
            Subject::Sent(batch) => outcome.sender == Sender::Data { batch: *batch, row: 0 },
            Subject::Unsent(event, key) => outcome.event == event.0 && outcome.key.starts_with(key),
        });
        let Some(found) = found else {
            wrong.push(format!("then {}: there is no such event", number + 1));
            continue;
        };
        let differing = differing(rules, found, outcomes_wanted);
        wrong.extend(differing.iter().map(|words| format!("then {}: {words}", number + 1)));
    }
    let day = example.on.unwrap_or(Date::new(2000, 1, 1).unwrap());
    for (number, check) in checks.iter().enumerate() {
        let held = reference::holds(rules, &example.readings, &registers, check, day).unwrap();
        if held != Ok(true) {
            wrong.push(format!("check {}: {held:?}", number + 1));
        }
    }
    wrong
}

fn differing(rules: &RuleSet, found: &reference::Outcome, wanted: &[Outcome]) -> Vec<String> {
    let mut wrong = Vec::new();
    let (leaves, figures) = match &found.fate {
        Fate::Allocated { leaves, figures, .. } => (leaves.as_slice(), figures.as_slice()),
        Fate::SetAside(reason) => {
            if !wanted.iter().any(|outcome| matches!(outcome, Outcome::SetAside(_))) {
                wrong.push(format!("set aside: {reason:?}"));
            }
            return wrong;
        }
    };
    let mut sums: Vec<(Payee, Money)> = Vec::new();
    for leaf in leaves {
        match sums.iter_mut().find(|(payee, _)| *payee == leaf.payee) {
            Some((_, sum)) => *sum = sum.checked_add(leaf.amount).unwrap(),
            None => sums.push((leaf.payee.clone(), leaf.amount)),
        }
    }
    let mut told: Vec<Payee> = Vec::new();
    for outcome in wanted {
        let (payee, amount) = match outcome {
            Outcome::Nothing => continue,
            Outcome::SetAside(_) => {
                wrong.push("allocated, not set aside".to_owned());
                continue;
            }
            Outcome::Undetermined(amount) => (Payee::Undetermined, amount),
            Outcome::Account { account, keys, amount, .. } => {
                let types = &rules.accounts[account.0 as usize].keys;
                let keys = keys.iter().zip(types).map(|(key, ty)| constant(rules, ty, key));
                (Payee::Account(account.0, keys.collect()), amount)
            }
            Outcome::Figure { figure, keys, value, .. } => {
                let keys: Vec<Cell> = keys.iter().map(|key| plain(rules, key)).collect();
                let ty = &rules.figures[figure.index()].value.ty;
                let value = constant(rules, ty, value);
                let of_figure = figures.iter().filter(|known| known.figure == figure.0);
                let mut of_key = of_figure.clone().filter(|known| same_key(&known.key, &keys));
                if !of_key.any(|known| same_number(&known.value, &value)) {
                    let have: Vec<_> = of_figure.map(|known| (&known.key, &known.value)).collect();
                    let name = &rules.figures[figure.index()].name.text;
                    wrong.push(format!("figure {name}: {value:?} wanted, have {have:?}"));
                }
                continue;
            }
        };
        let Constant::Number(amount) = amount else { panic!("{amount:?}") };
        let scale = currency_scale(rules, found.event);
        let amount = Money::from_exact(amount, scale).unwrap();
        let sum = sums.iter().find(|(known, _)| *known == payee);
        let sum = sum.map_or(Money::from_minor(0), |(_, sum)| *sum);
        if sum != amount {
            wrong.push(format!(
                "{}: {} wanted, is {}",
                name(rules, &payee),
                amount.format(scale),
                sum.format(scale)
            ));
        }
        told.push(payee);
    }
    for (payee, sum) in sums {
        if sum != Money::from_minor(0) && !told.contains(&payee) {
            let scale = currency_scale(rules, found.event);
            wrong.push(format!("{} gets {}", name(rules, &payee), sum.format(scale)));
        }
    }
    wrong
}

fn currency_scale(rules: &RuleSet, event: u32) -> u8 {
    let event = &rules.events[event as usize];
    let field = event.inflow.and_then(|field| event.fields.get(field.index()));
    match field.map(|field| &field.ty) {
        Some(Type::Money(currency)) => rules.currencies[currency.index()].scale,
        _ => rules.currencies[0].scale,
    }
}

fn name(rules: &RuleSet, payee: &Payee) -> String {
    match payee {
        Payee::Account(account, key) => {
            format!("{} {key:?}", rules.accounts[*account as usize].name.text)
        }
        Payee::Undetermined => "undetermined".to_owned(),
    }
}

/// A row of a list is told by its place, and named in an example by its first field.
fn same_key(have: &[Cell], wanted: &[Cell]) -> bool {
    let flat: Vec<&Cell> = have
        .iter()
        .flat_map(|cell| match cell {
            Cell::Record(cells) => cells.iter().collect(),
            other => vec![other],
        })
        .collect();
    matches!(flat.as_slice(), [Cell::Integer(_)]) || flat.into_iter().eq(wanted)
}

fn same_number(one: &Cell, other: &Cell) -> bool {
    fn exact(cell: &Cell) -> Option<Exact> {
        match cell {
            Cell::Integer(integer) => Some(Exact::from_int(*integer)),
            Cell::Number(number) => Some(number.clone()),
            Cell::Money(money) => Some(money.to_exact(2)),
            _ => None,
        }
    }
    match (exact(one), exact(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

fn batch(rules: &RuleSet, event: EventId, values: &[(FieldIx, Datum)]) -> Batch {
    let fields = &rules.events[event.index()].fields;
    let columns = fields.iter().enumerate().map(|(at, field)| {
        if field.computed.is_some() {
            return Column::Absent;
        }
        let given = values.iter().find(|(field, _)| field.index() == at);
        let cell = given.map_or(Cell::Missing, |(_, datum)| cell(rules, &field.ty, datum));
        column(field, vec![cell])
    });
    let columns = columns.collect();
    Batch { event: event.0, columns, origins: vec![Origin { file: 0, line: 1 }] }
}

/// Rows of one register under one entry.
fn merged(rows: Vec<(u32, Vec<RegisterRow>)>) -> Vec<(u32, Vec<RegisterRow>)> {
    let mut merged: Vec<(u32, Vec<RegisterRow>)> = Vec::new();
    for (register, rows) in rows {
        match merged.iter_mut().find(|(known, _)| *known == register) {
            Some((_, known)) => known.extend(rows),
            None => merged.push((register, rows)),
        }
    }
    merged
}

/// The periods of a row with dated values; of one without, all of time.
fn pieces(dated: &[DatedValues]) -> impl Iterator<Item = Option<&DatedValues>> {
    let none = dated.is_empty().then_some(None);
    none.into_iter().chain(dated.iter().map(Some))
}

fn register_row(
    rules: &RuleSet,
    shape: ShapeId,
    values: &[(FieldIx, Datum)],
    piece: Option<&DatedValues>,
) -> RegisterRow {
    let mut all: Vec<(FieldIx, Datum)> = values.to_vec();
    all.extend(piece.iter().flat_map(|piece| piece.values.clone()));
    RegisterRow {
        cells: record(rules, shape, &all),
        from: piece.and_then(|piece| piece.from),
        until: piece.and_then(|piece| piece.until),
        origin: Origin { file: 0, line: 1 },
    }
}

fn record(rules: &RuleSet, shape: ShapeId, values: &[(FieldIx, Datum)]) -> Vec<Cell> {
    let fields = rules.shapes[shape.index()].fields.iter().enumerate();
    fields
        .map(|(at, field)| {
            let given = values.iter().find(|(field, _)| field.index() == at);
            given.map_or(Cell::Missing, |(_, datum)| cell(rules, &field.ty, datum))
        })
        .collect()
}

fn cell(rules: &RuleSet, ty: &Type, datum: &Datum) -> Cell {
    match (datum, ty.required()) {
        (Datum::Constant(value), ty) => constant(rules, ty, value),
        (Datum::List(data), Type::List(inner)) => {
            Cell::List(data.iter().map(|datum| cell(rules, inner, datum)).collect())
        }
        (Datum::List(data), Type::Row(_)) => {
            Cell::Record(data.iter().map(|datum| plain(rules, datum)).collect())
        }
        (Datum::Record(values), Type::Row(shape)) => Cell::Record(record(rules, *shape, values)),
        other => panic!("no cell of {other:?}"),
    }
}

/// A key in an example, whose type its value tells.
fn plain(rules: &RuleSet, datum: &Datum) -> Cell {
    match datum {
        Datum::Constant(Constant::Number(number)) => Cell::Integer(number.to_int().unwrap()),
        Datum::Constant(value) => constant(rules, &Type::Bool, value),
        Datum::List(data) => Cell::List(data.iter().map(|datum| plain(rules, datum)).collect()),
        Datum::Record(_) => panic!("no key is a record"),
    }
}

fn constant(rules: &RuleSet, ty: &Type, value: &Constant) -> Cell {
    match (value, ty.required()) {
        (Constant::Number(number), Type::Money(currency)) => {
            let scale = rules.currencies[currency.index()].scale;
            Money::from_exact(number, scale).map_or(Cell::Number(number.clone()), Cell::Money)
        }
        (Constant::Number(number), Type::Integer) => Cell::Integer(number.to_int().unwrap()),
        (Constant::Number(number), _) => Cell::Number(number.clone()),
        (Constant::Bool(bool), _) => Cell::Bool(*bool),
        (Constant::Date(date), _) => Cell::Date(*date),
        (Constant::Period(period), _) => Cell::Period(*period),
        (Constant::Duration(duration), _) => Cell::Duration(*duration),
        (Constant::Text(text), _) => Cell::Text(text.as_str().into()),
        (Constant::Member(_, member), _) => Cell::Member(member.0),
        (Constant::Option(_, option), _) => Cell::Member(*option),
    }
}
