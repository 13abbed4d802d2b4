//! Examples worked out, and compared with what they say.

use fenshui::base::{Date, Exact, Money};
use fenshui::model::{
    Constant, DatedValues, Datum, EventId, Example, ExampleEntry, FieldIx, FigureId, Formula,
    Outcome, ReadingId, RuleSet, ShapeId, Type,
};
use fenshui::reference::{Figure, Payee};
use fenshui::rows::{Batch, Cell, Column, Origin, Reason, RegisterRow};

use super::evaluators;
use crate::reference::data::column;

/// The pages are right by the engine and, independently, by the second opinion.
pub fn differences(rules: &RuleSet, example: &Example) -> Vec<String> {
    let given = Given::of(rules, example);
    let mut wrong = Vec::new();
    for evaluator in [evaluators::engine, evaluators::reference] {
        let worked = evaluator(rules, &given);
        wrong.extend(differing(rules, &given, &worked));
    }
    wrong
}

/// What an example gives and expects.
pub struct Given<'a> {
    pub readings: &'a [(ReadingId, u32)],
    pub registers: Vec<(u32, Vec<RegisterRow>)>,
    /// One event each; its line is its position, from 1.
    pub batches: Vec<Batch>,
    pub checks: Vec<&'a Formula>,
    pub day: Date,
    expected: Vec<(Subject, &'a [Outcome])>,
}

/// Which event is spoken of: one of the batches, or one nobody sent, by its kind and key.
enum Subject {
    Sent(usize),
    Unsent(EventId, Vec<Cell>),
}

/// What an evaluator makes of an example.
pub struct Worked {
    pub who: &'static str,
    pub found: Vec<Found>,
    /// For each check, whether it holds.
    pub checks: Vec<Result<bool, Reason>>,
}

/// What became of one event.
pub struct Found {
    pub event: u32,
    /// Which batch, of an event that was sent.
    pub sent: Option<usize>,
    pub key: Vec<Cell>,
    pub leaves: Vec<(Payee, Money)>,
    pub figures: Vec<Figure>,
    pub set_aside: Option<Reason>,
}

impl<'a> Given<'a> {
    fn of(rules: &RuleSet, example: &'a Example) -> Given<'a> {
        let mut given = Given {
            readings: &example.readings,
            registers: Vec::new(),
            batches: Vec::new(),
            checks: Vec::new(),
            day: example.on.unwrap_or(Date::new(2000, 1, 1).unwrap()),
            expected: Vec::new(),
        };
        for entry in &example.entries {
            match entry {
                ExampleEntry::Event { event, values, .. } => {
                    let line = given.batches.len() + 1;
                    given.batches.push(batch(rules, *event, values, line));
                }
                ExampleEntry::Row { register, values, dated, .. } => {
                    let shape = rules.registers[register.index()].shape;
                    let rows = pieces(dated).map(|piece| register_row(rules, shape, values, piece));
                    match given.registers.iter_mut().find(|(known, _)| *known == register.0) {
                        Some((_, known)) => known.extend(rows),
                        None => given.registers.push((register.0, rows.collect())),
                    }
                }
                ExampleEntry::Expected { of: None, outcomes, .. } => {
                    given.expected.push((Subject::Sent(given.batches.len() - 1), outcomes));
                }
                ExampleEntry::Expected { of: Some((event, key)), outcomes, .. } => {
                    let fields = &rules.events[event.index()].fields;
                    let cells =
                        key.iter().zip(fields).map(|(datum, field)| cell(rules, &field.ty, datum));
                    given.expected.push((Subject::Unsent(*event, cells.collect()), outcomes));
                }
                ExampleEntry::Check { condition, .. } => given.checks.push(condition),
            }
        }
        given
    }
}

fn differing(rules: &RuleSet, given: &Given, worked: &Worked) -> Vec<String> {
    let mut wrong = Vec::new();
    let who = worked.who;
    for (number, (subject, wanted)) in (1..).zip(&given.expected) {
        let found = worked.found.iter().find(|found| match subject {
            Subject::Sent(batch) => found.sent == Some(*batch),
            Subject::Unsent(event, key) => found.event == event.0 && found.key.starts_with(key),
        });
        let differing = match found {
            Some(found) => of_event(rules, found, wanted),
            None => vec!["there is no such event".to_owned()],
        };
        wrong.extend(differing.iter().map(|words| format!("then {number} by the {who}: {words}")));
    }
    for (number, held) in (1..).zip(&worked.checks) {
        if *held != Ok(true) {
            wrong.push(format!("check {number} by the {who}: {held:?}"));
        }
    }
    wrong
}

fn of_event(rules: &RuleSet, found: &Found, wanted: &[Outcome]) -> Vec<String> {
    let set_aside = wanted.iter().any(|outcome| matches!(outcome, Outcome::SetAside(_)));
    match (&found.set_aside, set_aside) {
        (Some(_), true) => return Vec::new(),
        (Some(reason), false) => return vec![format!("set aside: {reason:?}")],
        (None, true) => return vec!["allocated, not set aside".to_owned()],
        (None, false) => {}
    }
    let scale = currency_scale(rules, found.event);
    let mut wanted_sums: Vec<(Payee, Money)> = Vec::new();
    let mut wrong = Vec::new();
    for outcome in wanted {
        let (payee, amount) = match outcome {
            Outcome::Nothing | Outcome::SetAside(_) => continue,
            Outcome::Undetermined(amount) => (Payee::Undetermined, amount),
            Outcome::Account { account, keys, amount, .. } => {
                let types = &rules.accounts[account.0 as usize].keys;
                let keys = keys.iter().zip(types).map(|(key, ty)| constant(rules, ty, key));
                (Payee::Account(account.0, keys.collect()), amount)
            }
            Outcome::Figure { figure, keys, value, .. } => {
                wrong.extend(of_figure(rules, found, *figure, keys, value));
                continue;
            }
        };
        let Constant::Number(amount) = amount else { panic!("{amount:?}") };
        wanted_sums.push((payee, Money::from_exact(amount, scale).unwrap()));
    }
    let have = sums(&found.leaves);
    let of = |sums: &[(Payee, Money)], payee: &Payee| {
        let sum = sums.iter().find(|(known, _)| known == payee);
        sum.map_or(Money::from_minor(0), |(_, sum)| *sum)
    };
    for (payee, sum) in &wanted_sums {
        let is = of(&have, payee);
        if is != *sum {
            let (sum, is) = (sum.format(scale), is.format(scale));
            wrong.push(format!("{}: {sum} wanted, is {is}", name(rules, payee)));
        }
    }
    for (payee, sum) in &have {
        if *sum != Money::from_minor(0) && !wanted_sums.iter().any(|(known, _)| known == payee) {
            wrong.push(format!("{} gets {}", name(rules, payee), sum.format(scale)));
        }
    }
    wrong
}

fn sums(leaves: &[(Payee, Money)]) -> Vec<(Payee, Money)> {
    let mut sums: Vec<(Payee, Money)> = Vec::new();
    for (payee, amount) in leaves {
        match sums.iter_mut().find(|(known, _)| known == payee) {
            Some((_, sum)) => *sum = sum.checked_add(*amount).unwrap(),
            None => sums.push((payee.clone(), *amount)),
        }
    }
    sums
}

fn of_figure(
    rules: &RuleSet,
    found: &Found,
    figure: FigureId,
    keys: &[Datum],
    value: &Constant,
) -> Option<String> {
    let keys: Vec<Cell> = keys.iter().map(|key| plain(rules, key)).collect();
    let ty = &rules.figures[figure.index()].value.ty;
    let value = constant(rules, ty, value);
    let of_figure = found.figures.iter().filter(|known| known.figure == figure.0);
    let mut of_key = of_figure.clone().filter(|known| same_key(&known.key, &keys));
    if of_key.any(|known| same_number(&known.value, &value)) {
        return None;
    }
    let have: Vec<_> = of_figure.map(|known| (&known.key, &known.value)).collect();
    let name = &rules.figures[figure.index()].name.text;
    Some(format!("figure {name}: {value:?} wanted, have {have:?}"))
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

fn batch(rules: &RuleSet, event: EventId, values: &[(FieldIx, Datum)], line: usize) -> Batch {
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
    Batch { event: event.0, columns, origins: vec![Origin { file: 0, line: line as u64 }] }
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
