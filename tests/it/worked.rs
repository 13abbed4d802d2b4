//! Rule sets at work, for tests: examples of rules run by the engine and by the second opinion, and
//! both answers in one shape.

use std::convert::Infallible;

use fenshui::base::{Date, Exact, Money};
use fenshui::engine::{self, Options, Summary};
use fenshui::model::{
    Body, Constant, Datum, EventId, Example, ExampleEntry, Field, Outcome as Wanted, ReadingId,
    RuleSet, Type,
};
use fenshui::plan::{self, Choices};
use fenshui::reference::{Fate, Figure, Leaf, Outcome, Payee, Sender};
use fenshui::rows::{
    self, Accounts, Allocation, Batch, Cell, Column, EventAt, FigureValue, Origin, Outcomes,
    RegisterRow, RegisterTable, Sink, TextColumn, Told,
};

/// Hears a run and writes it down in the shape of the second opinion's answer.
pub struct Heard<'r> {
    rules: &'r RuleSet,
    batches: &'r [Batch],
    pub outcomes: Vec<Outcome>,
}

/// Runs the engine.
#[track_caller]
pub fn run(
    rules: &RuleSet,
    readings: &[(ReadingId, u32)],
    registers: &[(u32, RegisterTable)],
    batches: &[Batch],
    through: Option<Date>,
) -> (Vec<Outcome>, Summary) {
    let choices = Choices { readings: readings.iter().copied().collect() };
    let plan = plan::compile(rules, &choices);
    let mut heard = Heard { rules, batches, outcomes: Vec::new() };
    let events = batches.iter().cloned().map(Ok::<Batch, Infallible>);
    let options = Options { through, ..Options::default() };
    let summary = engine::run(&plan, registers, events, &options, &mut heard);
    (heard.outcomes, summary.unwrap())
}

/// Runs the engine over events as they come; nothing where they come out of their order.
pub fn run_in_turn(
    rules: &RuleSet,
    registers: &[(u32, RegisterTable)],
    batches: &[Batch],
) -> Option<(Vec<Outcome>, Summary)> {
    let plan = plan::compile(rules, &Choices::default());
    let mut heard = Heard { rules, batches, outcomes: Vec::new() };
    let events = batches.iter().cloned().map(Ok::<Batch, Infallible>);
    let options = Options::default();
    let summary = engine::run_in_turn(&plan, registers, events, &options, &mut heard);
    summary.unwrap().map(|summary| (heard.outcomes, summary))
}

impl Heard<'_> {
    fn sender(&self, event: EventAt<'_>) -> Sender {
        let declared = &self.rules.events[usize::try_from(event.batch.event).unwrap()];
        match declared.source {
            fenshui::model::EventSource::Sent => {
                // The engine may have gathered rows of several batches: their origins stay.
                let origin = event.batch.origins[event.row];
                let place = |batch: &Batch| batch.origins.iter().position(|it| *it == origin);
                let mut places = self.batches.iter().enumerate();
                let found = places.find_map(|(at, batch)| place(batch).map(|row| (at, row)));
                let (batch, row) = found.unwrap();
                Sender::Data { batch, row }
            }
            fenshui::model::EventSource::Stage { .. } => Sender::Stage,
            _ => Sender::Calendar,
        }
    }

    /// The fields that identify it; of an event nobody sent: all fields but its lists.
    fn key(&self, event: EventAt<'_>) -> Vec<Cell> {
        let declared = &self.rules.events[usize::try_from(event.batch.event).unwrap()];
        let cell = |at: usize| event.batch.columns[at].cell(event.row);
        declared.unique.iter().map(|field| cell(field.index())).collect()
    }
}

impl Sink for Heard<'_> {
    type Error = Infallible;

    fn hear(&mut self, outcomes: &mut Outcomes, accounts: &dyn Accounts) -> Result<(), Infallible> {
        let mut telling = outcomes.telling();
        while let Some(told) = telling.next_event() {
            let outcome = self.outcome(told, accounts);
            self.outcomes.push(outcome);
        }
        Ok(())
    }
}

impl Heard<'_> {
    fn outcome(&self, told: Told<'_>, accounts: &dyn Accounts) -> Outcome {
        let payee = |payee| match payee {
            rows::Payee::Undetermined => Payee::Undetermined,
            rows::Payee::Account(position) => {
                let (account, key) = accounts.account(position).unwrap();
                Payee::Account(account, key.to_vec())
            }
        };
        let leaf = |given: &Allocation| Leaf {
            payee: payee(given.payee),
            amount: given.amount,
            leg: (given.leg < Allocation::BY_CLOSING).then_some(given.leg),
        };
        let (inflow, fate) = match told.outcome() {
            rows::Outcome::Allocated { allocations, inflow, .. } => {
                let leaves = allocations.iter().map(leaf).collect();
                let figure = |it: &FigureValue| Figure {
                    figure: it.figure,
                    key: it.key.clone(),
                    value: it.value.clone(),
                };
                let figures = told.figures().iter().map(figure).collect();
                let open_items = told.open_items().to_vec();
                (Some(inflow), Fate::Allocated { leaves, figures, open_items })
            }
            rows::Outcome::SetAside { inflow, reason } => {
                assert!(told.figures().is_empty() && told.open_items().is_empty());
                (inflow, Fate::SetAside(reason.clone()))
            }
        };
        let event = told.event();
        Outcome {
            event: event.batch.event,
            sender: self.sender(event),
            key: self.key(event),
            // The first of days stands for one that could not be told.
            date: (event.date != Date::MIN).then_some(event.date),
            booked: (event.booked != Date::MIN).then_some(event.booked),
            inflow,
            fate,
        }
    }
}

/// What an example gives: register rows, events, and how far the calendar runs.
pub struct Given {
    pub readings: Vec<(ReadingId, u32)>,
    pub registers: Vec<(u32, RegisterTable)>,
    pub batches: Vec<Batch>,
    pub through: Option<Date>,
}

/// What an example gives, up to one of its entries.
pub fn given(rules: &RuleSet, example: &Example, until: usize) -> Given {
    let mut given = Given {
        readings: example.readings.clone(),
        registers: Vec::new(),
        batches: Vec::new(),
        through: None,
    };
    for (entry, line) in example.entries.iter().take(until).zip(1..) {
        let origin = Origin { file: 0, line };
        match entry {
            ExampleEntry::Event { event, values, .. } => {
                let fields = &rules.events[event.index()].fields;
                let columns = filled(rules, fields, values);
                let columns =
                    fields.iter().zip(columns).map(|(field, cell)| column(field, cell)).collect();
                given.batches.push(Batch { event: event.0, columns, origins: vec![origin] });
            }
            ExampleEntry::Row { register, values, dated, .. } => {
                let shape = rules.registers[register.index()].shape;
                let fields = &rules.shapes[shape.index()].fields;
                let mut rows = Vec::new();
                for period in dated {
                    let all: Vec<_> = values.iter().chain(&period.values).cloned().collect();
                    let cells = filled(rules, fields, &all);
                    let (from, until) = (period.from, period.until);
                    rows.push(RegisterRow { cells, from, until, origin });
                }
                if dated.is_empty() {
                    let cells = filled(rules, fields, values);
                    rows.push(RegisterRow { cells, from: None, until: None, origin });
                }
                given.registers.push((register.0, rows.into()));
            }
            ExampleEntry::Expected { of, .. } => {
                let key = of.iter().flat_map(|(_, key)| key);
                given.through = key.filter_map(date).chain(given.through).max();
            }
            ExampleEntry::Check { .. } => {}
        }
    }
    let sent = given.batches.iter().flat_map(|batch| {
        let field = rules.events[usize::try_from(batch.event).unwrap()].effective;
        match batch.columns[field.index()].cell(0) {
            Cell::Date(date) => Some(date),
            _ => None,
        }
    });
    if given.through.is_some() {
        given.through = sent.chain(given.through).chain(example.on).max();
    }
    given
}

fn date(datum: &Datum) -> Option<Date> {
    match datum {
        Datum::Constant(Constant::Date(date)) => Some(*date),
        _ => None,
    }
}

fn filled(
    rules: &RuleSet,
    fields: &[Field],
    values: &[(fenshui::model::FieldIx, Datum)],
) -> Vec<Cell> {
    let mut cells = vec![Cell::Missing; fields.len()];
    for (field, datum) in values {
        cells[field.index()] = cell(rules, &fields[field.index()].ty, datum);
    }
    cells
}

/// A value of an example, as data would hold it.
pub fn cell(rules: &RuleSet, ty: &Type, datum: &Datum) -> Cell {
    match (ty.required(), datum) {
        (Type::List(inner), Datum::List(values)) => {
            Cell::List(values.iter().map(|value| cell(rules, inner, value)).collect())
        }
        (Type::Row(shape), Datum::Record(values)) => {
            Cell::Record(filled(rules, &rules.shapes[shape.index()].fields, values))
        }
        (ty, Datum::Constant(constant)) => constant_cell(rules, ty, constant),
        (_, Datum::List(values)) => Cell::List(values.iter().map(key_cell).collect()),
        other => panic!("no data hold {other:?}"),
    }
}

fn key_cell(datum: &Datum) -> Cell {
    match datum {
        Datum::Constant(Constant::Text(text)) => Cell::Text(text.as_str().into()),
        Datum::Constant(Constant::Member(_, member)) => Cell::Member(member.0),
        Datum::Constant(Constant::Number(number)) => Cell::Number(number.clone()),
        other => panic!("no key holds {other:?}"),
    }
}

fn constant_cell(rules: &RuleSet, ty: &Type, constant: &Constant) -> Cell {
    match (ty, constant) {
        (Type::Money(currency), Constant::Number(number)) => {
            // A figure may be worked out finer than the currency's smallest unit.
            let scale = rules.currencies[currency.index()].scale;
            Money::from_exact(number, scale).map_or(Cell::Number(number.clone()), Cell::Money)
        }
        (Type::Integer, Constant::Number(number)) => Cell::Integer(number.to_int().unwrap()),
        (_, Constant::Number(number)) => Cell::Number(number.clone()),
        (_, Constant::Bool(value)) => Cell::Bool(*value),
        (_, Constant::Date(value)) => Cell::Date(*value),
        (_, Constant::Period(value)) => Cell::Period(*value),
        (_, Constant::Duration(value)) => Cell::Duration(*value),
        (_, Constant::Text(value)) => Cell::Text(value.as_str().into()),
        (_, Constant::Member(_, member)) => Cell::Member(member.0),
        (_, Constant::Option(_, option)) => Cell::Member(*option),
    }
}

fn column(field: &Field, cell: Cell) -> Column {
    if field.computed.is_some() {
        return Column::Absent;
    }
    match cell {
        Cell::Missing => Column::Absent,
        Cell::Bool(value) => Column::Bool([Some(value)].into_iter().collect()),
        Cell::Integer(value) => Column::Integer([Some(value)].into_iter().collect()),
        Cell::Number(value) => Column::Number([Some(value)].into_iter().collect()),
        Cell::Money(value) => Column::Money([Some(value.minor())].into_iter().collect()),
        Cell::Date(value) => Column::Date([Some(value)].into_iter().collect()),
        Cell::Period(value) => Column::Period([Some(value)].into_iter().collect()),
        Cell::Member(value) => Column::Member([Some(value)].into_iter().collect()),
        Cell::Text(value) => {
            let mut texts = TextColumn::default();
            texts.push(Some(&value));
            Column::Text(texts)
        }
        other => Column::Cells(vec![other]),
    }
}

/// What an example expected and did not get, in words.
pub fn missed(rules: &RuleSet, example: &Example) -> Vec<String> {
    let mut missed = Vec::new();
    let all = given(rules, example, example.entries.len());
    let (outcomes, _) = run(rules, &all.readings, &all.registers, &all.batches, all.through);
    let mut last = None;
    let mut sent = 0;
    for (place, entry) in example.entries.iter().enumerate() {
        match entry {
            ExampleEntry::Row { .. } => {}
            ExampleEntry::Event { .. } => {
                let sender = Sender::Data { batch: sent, row: 0 };
                last = outcomes.iter().find(|outcome| outcome.sender == sender);
                sent += 1;
            }
            ExampleEntry::Expected { of, outcomes: wanted, .. } => {
                let meant = match of {
                    None => last,
                    Some((event, key)) => outcomes.iter().find(|outcome| {
                        outcome.event == event.0 && names(rules, event.index(), key, outcome)
                    }),
                };
                match meant {
                    None => missed.push(format!("entry {place}: no such event")),
                    Some(outcome) => missed.extend(
                        differs(rules, wanted, outcome)
                            .map(|what| format!("entry {place}: {what}; got {:?}", outcome.fate)),
                    ),
                }
            }
            ExampleEntry::Check { condition, .. } => {
                let so_far = given(rules, example, place);
                let day = example.on.or(so_far.through);
                let day = day.or_else(|| outcomes.last().and_then(|outcome| outcome.date));
                let held = held(rules, &so_far, condition, day.unwrap_or(Date::MIN));
                if held != Ok(true) {
                    missed.push(format!("entry {place}: the check gives {held:?}"));
                }
            }
        }
    }
    missed
}

fn held(
    rules: &RuleSet,
    given: &Given,
    condition: &fenshui::model::Formula,
    day: Date,
) -> Result<bool, rows::Reason> {
    let choices = Choices { readings: given.readings.iter().copied().collect() };
    let plan = plan::compile_with_checks(rules, &choices, &[(condition, day)]);
    let mut heard = Heard { rules, batches: &given.batches, outcomes: Vec::new() };
    let events = given.batches.iter().cloned().map(Ok::<Batch, Infallible>);
    let options = Options { through: given.through, ..Options::default() };
    let summary = engine::run(&plan, &given.registers, events, &options, &mut heard).unwrap();
    summary.checks[0].clone()
}

fn names(rules: &RuleSet, event: usize, key: &[Datum], outcome: &Outcome) -> bool {
    let declared = &rules.events[event];
    declared.unique.iter().zip(key).zip(&outcome.key).all(|((field, datum), found)| {
        let field = &declared.fields[field.index()];
        match (&field.ty, found) {
            (Type::Row(shape), Cell::Record(cells)) => {
                let register = rules.registers.iter().find(|it| it.shape == *shape).unwrap();
                let parts = register.keys.iter().map(|key| &cells[key.index()]);
                match datum {
                    Datum::List(wanted) => wanted
                        .iter()
                        .zip(parts)
                        .all(|(wanted, part)| alike(&key_cell(wanted), part)),
                    other => parts.clone().next().is_some_and(|it| alike(&key_cell(other), it)),
                }
            }
            _ => cell(rules, &field.ty, datum) == *found,
        }
    })
}

fn alike(one: &Cell, two: &Cell) -> bool {
    match (one, two) {
        (Cell::Number(one), Cell::Integer(two)) => one.to_int() == Some(*two),
        _ => one == two,
    }
}

fn differs<'d>(
    rules: &'d RuleSet,
    wanted: &'d [Wanted],
    outcome: &'d Outcome,
) -> impl Iterator<Item = String> + 'd {
    let mut found: Vec<String> = Vec::new();
    let named: Vec<Payee> = wanted.iter().filter_map(|wanted| payee(rules, wanted)).collect();
    for wanted in wanted {
        match (wanted, &outcome.fate) {
            (Wanted::SetAside(_), Fate::SetAside(_)) => {}
            (Wanted::Nothing, Fate::Allocated { leaves, .. }) if leaves.is_empty() => {}
            (Wanted::Undetermined(amount), Fate::Allocated { leaves, .. }) => {
                let Constant::Number(amount) = amount else { panic!() };
                if sum(leaves, &Payee::Undetermined) != money(rules, outcome, amount) {
                    found.push(format!("undetermined is not {amount}"));
                }
            }
            (Wanted::Open { what, .. }, Fate::Allocated { open_items, .. })
                if open_items.iter().any(|leg| left_open(rules, *leg).contains(what)) => {}
            (Wanted::Booked { day, .. }, _) if outcome.booked == Some(*day) => {}
            (Wanted::Account { amount, .. }, Fate::Allocated { leaves, .. }) => {
                let Constant::Number(amount) = amount else { panic!() };
                let payee = payee(rules, wanted).unwrap();
                if sum(leaves, &payee) != money(rules, outcome, amount) {
                    found.push(format!("{payee:?} does not get {amount}"));
                }
                // What only goes through an account leaves nothing there to be expected.
                let others = leaves.iter().filter(|leaf| {
                    !named.contains(&leaf.payee) && !sum(leaves, &leaf.payee).is_zero()
                });
                for leaf in others.filter(|leaf| leaf.payee != Payee::Undetermined) {
                    found.push(format!("{leaf:?} is not expected"));
                }
            }
            (Wanted::Figure { figure, keys, value, .. }, Fate::Allocated { figures, .. }) => {
                let ty = &rules.figures[figure.index()].value.ty;
                let value = constant_cell(rules, ty, value);
                let keys: Vec<Cell> = keys.iter().map(key_cell).collect();
                let same = |found: &&Figure| {
                    found.figure == figure.0
                        && found.key.len() >= keys.len()
                        && found.key.iter().zip(&keys).all(|(one, two)| alike(two, one))
                };
                match figures.iter().find(same) {
                    Some(found) if found.value == value => {}
                    other => found.push(format!("the figure is {other:?}, not {value:?}")),
                }
            }
            (wanted, fate) => found.push(format!("{fate:?} is not {wanted:?}")),
        }
    }
    found.into_iter()
}

/// The words in which a transfer is left open.
fn left_open(rules: &RuleSet, leg: u32) -> &str {
    let cases = rules.rules.iter().flat_map(|rule| &rule.cases);
    let mut transfers = cases.flat_map(|case| match &case.body {
        Body::Transfers(transfers) => transfers.as_slice(),
        Body::Split { .. } => &[],
    });
    let found = transfers.find(|transfer| transfer.leg.0 == leg).unwrap();
    found.undetermined.as_deref().unwrap()
}

/// An amount in the units of the event's currency.
fn money(rules: &RuleSet, outcome: &Outcome, amount: &Exact) -> Money {
    let currency = rules.currency_of(EventId(outcome.event));
    let scale = rules.currencies[currency.index()].scale;
    Money::from_exact(amount, scale).unwrap_or_else(|| panic!("{amount} is no whole units"))
}

fn payee(rules: &RuleSet, wanted: &Wanted) -> Option<Payee> {
    let Wanted::Account { account, keys, .. } = wanted else { return None };
    let types = &rules.accounts[account.index()].keys;
    let key = types.iter().zip(keys).map(|(ty, key)| constant_cell(rules, ty, key));
    Some(Payee::Account(account.0, key.collect()))
}

fn sum(leaves: &[Leaf], payee: &Payee) -> Money {
    let of = leaves.iter().filter(|leaf| leaf.payee == *payee);
    Money::from_minor(of.map(|leaf| leaf.amount.minor()).sum())
}
