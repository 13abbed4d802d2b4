//! Makes events of a book from what the engine says of an event: its cells, its key, its lane and
//! rank, and what became of it.

use crate::base::{Date, Money};
use crate::book::{
    About, Account, BookError, Drafts, Event, FigureValue, Leaf, Outcome, Part, Placed, Said,
    read_batch,
};
use crate::diagnostics::Words;
use crate::plan::{EventSource, Partition, Plan};
use crate::report::names::{Field, Kind, Names, Table};
use crate::rows::{self, Accounts, Cell, Column, EventAt, Origin, Payee, Reason, Told};

use super::BookTrouble;
use super::translate::{get, position};

/// Makes events for one batch.
#[derive(Debug)]
pub(super) struct Maker<'r> {
    pub(super) names: &'r Names,
    plan: &'r Plan,
    /// The number of the batch's entry.
    pub(super) batch: u64,
}

impl<'r> Maker<'r> {
    /// Ready to make events of a plan.
    ///
    /// # Errors
    /// A kind of event is known by a field that is worked out, so that an event could not be found
    /// again by what was sent.
    pub(super) fn new(names: &'r Names, plan: &'r Plan) -> Result<Maker<'r>, BookTrouble> {
        for table in names.events.iter().filter(|table| table.sent) {
            let worked_out = |at: &&usize| {
                table.effective != Some(**at)
                    && table.fields.get(**at).is_some_and(|it| it.computed)
            };
            if let Some(field) =
                table.key.iter().find(worked_out).and_then(|at| table.fields.get(*at))
            {
                let (table, field) = (&table.name.text, &field.name.text);
                return Err(BookTrouble::said(
                    Words::new(
                        format!("events `{table}` are known by `{field}`, which is worked out"),
                        format!("事项「{table}」以算出的字段「{field}」为键"),
                    ),
                    Some(Words::new(
                        "a book finds an event again by what was sent: make a sent field `unique`",
                        "账簿按送来的字段查找事项：请以送来的字段作 unique",
                    )),
                ));
            }
        }
        Ok(Maker { names, plan, batch: 0 })
    }

    fn table(&self, kind: u32) -> Option<&'r Table> {
        get(&self.names.events, kind)
    }

    /// What the engine says of an event besides amounts.
    pub(super) fn said(told: Told<'_>) -> Said {
        Said {
            figures: told.figures().iter().map(figure).collect(),
            open_items: told.open_items().to_vec(),
        }
    }

    /// The lane of an event, as cells.
    pub(super) fn lane_of(&self, kind: u32, cells: &[Cell]) -> Vec<Cell> {
        let Some(table) = self.table(kind) else { return Vec::new() };
        let fields = Fields::Cells(cells);
        let mut lane = Vec::new();
        self.lane(table, kind, &fields, &mut lane);
        fields.cells(lane)
    }

    /// The lane that an event has a part in, as cells: its own, or that of what undoes it.
    pub(super) fn lane_touched(&self, kind: u32, cells: &[Cell]) -> Vec<Cell> {
        let Some(table) = self.table(kind) else { return Vec::new() };
        let fields = Fields::Cells(cells);
        let mut lane = Vec::new();
        self.lane(table, kind, &fields, &mut lane);
        let reversible = get(&self.plan.events, kind).is_some_and(|event| event.reversible);
        if lane.is_empty() && reversible && self.plan.partition == Partition::ByUndone {
            self.undone(kind, table, &fields, &table.key, &mut lane);
        }
        fields.cells(lane)
    }

    /// An event as it was sent, of which nobody has said what becomes of it.
    pub(super) fn sent(
        &self,
        kind: u32,
        fields: Vec<Cell>,
        origin: Origin,
        day: Option<Date>,
    ) -> Event {
        let table = self.table(kind);
        let cells = Fields::Cells(&fields);
        let mut key = Vec::new();
        if let Some(it) = table {
            self.parts(it, &cells, &it.key, day, &mut key);
        }
        let outcome = Outcome::SetAside { inflow: None, reason: Reason::ValueMissing };
        Event {
            batch: self.batch,
            kind,
            fields,
            origin,
            date: day.unwrap_or(Date::MIN),
            booked: None,
            key,
            lane: Vec::new(),
            rank: Vec::new(),
            late: false,
            outcome,
            figures: Vec::new(),
            open_items: Vec::new(),
        }
    }

    /// An event that is set aside because another has its key; nothing where its day is worked out, which
    /// takes a run.
    pub(super) fn duplicate(&self, batch: &rows::Batch, row: usize) -> Option<Event> {
        let table = self.table(batch.event)?;
        let fields: Vec<Cell> = batch.columns.iter().map(|it| it.cell(row)).collect();
        let Cell::Date(date) = *fields.get(table.effective?)? else { return None };
        let mut placed = Placed::default();
        let at = EventAt { batch, row, date, booked: date };
        self.place(&Fields::Cells(&fields), at, &mut placed);
        let inflow = self.would_bring(batch.event, &fields);
        let outcome = Outcome::SetAside { inflow, reason: Reason::DuplicateKey };
        let origin = batch.origins.get(row).copied().unwrap_or(Origin::MADE);
        let Placed { key, lane, rank } = placed;
        let sent = self.sent(batch.event, fields, origin, None);
        Some(Event { date, key, lane, rank, outcome, ..sent })
    }

    /// What an event that was sent would bring, if that is known without running it.
    fn would_bring(&self, kind: u32, fields: &[Cell]) -> Option<Money> {
        let event = get(&self.plan.events, kind).filter(|event| event.levies.is_empty())?;
        let Some(field) = event.inflow else { return Some(Money::ZERO) };
        match get(fields, field)? {
            Cell::Money(amount) => Some(*amount),
            Cell::Missing if get(&event.fields, field)?.computed.is_none() => Some(Money::ZERO),
            _ => None,
        }
    }

    /// What the engine says of an event, as an entry of the book.
    pub(super) fn event(&self, told: Told<'_>, accounts: &dyn Accounts) -> Event {
        let at = told.event();
        let kind = at.batch.event;
        let fields: Vec<Cell> = at.batch.columns.iter().map(|it| it.cell(at.row)).collect();
        let mut placed = Placed::default();
        self.place(&Fields::Cells(&fields), at, &mut placed);
        let Placed { key, lane, rank } = placed;
        let Said { figures, open_items } = Maker::said(told);
        Event {
            batch: self.batch,
            kind,
            origin: at.batch.origins.get(at.row).copied().unwrap_or(Origin::MADE),
            date: at.date,
            booked: (at.booked != at.date).then_some(at.booked),
            key,
            lane,
            rank,
            late: false,
            outcome: became(told.outcome(), accounts),
            figures,
            open_items,
            fields,
        }
    }

    /// The lane of an event as cells.
    pub(super) fn lane_at(&self, at: EventAt<'_>) -> Vec<Cell> {
        let Some(table) = self.table(at.batch.event) else { return Vec::new() };
        let fields = Fields::Row(&at);
        let mut lane = Vec::new();
        self.lane(table, at.batch.event, &fields, &mut lane);
        fields.cells(lane)
    }

    /// Writes the events of a batch as far as is known before it is run: what they are known by.
    pub(super) fn write_sent(
        &self,
        batch: &rows::Batch,
        day: impl Fn(Origin) -> Option<Date>,
        drafts: &mut Drafts,
    ) {
        let mut key = Vec::new();
        for row in 0..batch.len() {
            drafts.open(self.batch, batch.event, batch.columns.len());
            write_fields(batch, row, drafts);
            let origin = batch.origins.get(row).copied().unwrap_or(Origin::MADE);
            let (day, table) = (day(origin), self.table(batch.event));
            let (date, booked) = (day.unwrap_or(Date::MIN), Date::MIN);
            let fields = Fields::Row(&EventAt { batch, row, date, booked });
            key.clear();
            if let Some(it) = table {
                self.parts(it, &fields, &it.key, day, &mut key);
            }
            let (lane, rank) = (&[], &[]);
            let booked = None;
            // One whose key is none is known by nothing.
            let _ =
                drafts.about(&About { origin, date, booked, key: &key, lane, rank, late: false });
        }
    }

    /// What the engine says of an event, written as an entry of the book.
    pub(super) fn write(
        &self,
        told: Told<'_>,
        accounts: &dyn Accounts,
        form: As<'_>,
        drafts: &mut Drafts,
    ) -> Result<(), BookError> {
        let at = told.event();
        let batch = match form {
            As::New { .. } => self.batch,
            As::Stored(stored) => read_batch(stored).unwrap_or(self.batch),
        };
        drafts.open(batch, at.batch.event, at.batch.columns.len());
        write_fields(at.batch, at.row, drafts);
        let mut placed = drafts.placed();
        self.place(&Fields::Row(&at), at, &mut placed);
        let (origin, late) = match form {
            As::Stored(stored) => (drafts.origin_in(stored), false),
            As::New { late } => (at.batch.origins.get(at.row).copied(), late),
        };
        drafts.about(&About {
            origin: origin.unwrap_or(Origin::MADE),
            date: at.date,
            booked: (at.booked != at.date).then_some(at.booked),
            key: &placed.key,
            lane: &placed.lane,
            rank: &placed.rank,
            late,
        })?;
        match told.outcome() {
            rows::Outcome::Allocated { allocations, inflow, residue_units } => {
                drafts.allocated(inflow, residue_units, allocations.len());
                for it in allocations {
                    let account = match it.payee {
                        Payee::Account(at) => accounts.account(at),
                        Payee::Undetermined => None,
                    };
                    drafts.leaf(account, it.leg, it.amount);
                }
            }
            rows::Outcome::SetAside { inflow, reason } => {
                drafts.set_aside(inflow, reason, &placed.key)?
            }
        }
        drafts.give_back(placed);
        let figures: Vec<FigureValue> = told.figures().iter().map(figure).collect();
        drafts.close(&figures, told.open_items())
    }

    /// Key, lane and rank of an event.
    fn place(&self, fields: &Fields<'_>, at: EventAt<'_>, placed: &mut Placed) {
        let kind = at.batch.event;
        if let Some(table) = self.table(kind) {
            self.parts(table, fields, &table.key, Some(at.date), &mut placed.key);
            self.lane(table, kind, fields, &mut placed.lane);
            self.rank(table, kind, fields, at, &mut placed.rank);
        }
    }

    /// The parts of a key. What means another thing in other rules is told by its name.
    fn parts(
        &self,
        table: &Table,
        cells: &Fields<'_>,
        key: &[usize],
        date: Option<Date>,
        parts: &mut Vec<Part>,
    ) {
        for at in key {
            let (Some(sort), Some(field)) = (cells.sort(*at), table.fields.get(*at)) else {
                continue;
            };
            match (sort, date) {
                (Sort::Missing, Some(date)) if table.effective == Some(*at) => {
                    parts.push(Part::Value { value: Cell::Date(date) });
                }
                (Sort::Position, _) => parts.extend(self.by_name(&cells.cell(*at), field)),
                _ => parts.push(Part::Field { field: position(*at) }),
            }
        }
    }

    /// A member by its name, a row by its own key.
    fn by_name(&self, cell: &Cell, field: &Field) -> Vec<Part> {
        let text = |cell: &Cell, kind: &Kind| {
            let text = crate::report::values::file_text(cell, kind, self.names);
            Part::Value { value: Cell::Text(text.as_str().into()) }
        };
        match (cell, &field.kind) {
            (Cell::Record(cells), Kind::Record(shape)) => {
                let Some(shape) = self.names.shapes.get(*shape) else { return Vec::new() };
                let part = |at: &usize| Some(text(cells.get(*at)?, &shape.fields.get(*at)?.kind));
                shape.key.iter().filter_map(part).collect()
            }
            _ => vec![text(cell, &field.kind)],
        }
    }

    /// The events of a lane share running totals; nothing, where no rule reads one.
    fn lane(&self, table: &Table, kind: u32, cells: &Fields<'_>, parts: &mut Vec<Part>) {
        let source = get(&self.plan.events, kind).map(|event| &event.source);
        // A stage is a pass of its own after all others, whatever its day.
        if !self.plan.ordered || matches!(source, Some(EventSource::Stage { .. })) {
            return;
        }
        match &self.plan.partition {
            Partition::Free => {}
            Partition::ByUndone => {
                let reverses = get(&self.plan.events, kind).and_then(|event| event.reverses);
                let named = reverses.and_then(|(field, original)| {
                    let at = usize::try_from(field).ok()?;
                    cells.sort(at).filter(|it| !matches!(it, Sort::Missing))?;
                    Some((at, original))
                });
                if let Some((at, original)) = named {
                    self.undone(original, table, cells, &[at], parts);
                }
            }
            Partition::Sequential { .. } => parts.push(Part::Value { value: Cell::Bool(true) }),
            Partition::By(columns) => {
                let own = columns.first().and_then(|column| {
                    column.fields.iter().find(|(event, _)| *event == kind).map(|(_, field)| *field)
                });
                if let Some(at) = own.and_then(|field| usize::try_from(field).ok()) {
                    self.parts(table, cells, &[at], None, parts);
                }
            }
        }
    }

    /// The lane of all that undoes an event of a kind, whose key a field of this one holds.
    fn undone(
        &self,
        original: u32,
        table: &Table,
        cells: &Fields<'_>,
        key: &[usize],
        parts: &mut Vec<Part>,
    ) {
        let name = self.table(original).map_or("", |it| it.name.text.as_str());
        parts.push(Part::Value { value: Cell::Text(name.into()) });
        self.parts(table, cells, key, None, parts);
    }

    /// The day, then what orders events of one day, up to what other rules may order otherwise.
    fn rank(
        &self,
        table: &Table,
        kind: u32,
        cells: &Fields<'_>,
        at: EventAt<'_>,
        rank: &mut Vec<Part>,
    ) {
        let sort = |field: u32| usize::try_from(field).ok().and_then(|field| cells.sort(field));
        let effective = table.effective.map(position);
        let stored = |field: &u32| !matches!(sort(*field), None | Some(Sort::Missing));
        let order_by = get(&self.plan.events, kind).map_or(&[][..], |event| &event.order_by);
        rank.push(match effective.filter(stored) {
            Some(field) => Part::Field { field },
            None => Part::Value { value: Cell::Date(at.date) },
        });
        for field in order_by.iter().filter(|field| Some(**field) != effective) {
            match sort(*field) {
                Some(Sort::Plain) => rank.push(Part::Field { field: *field }),
                _ => break,
            }
        }
    }
}

/// How an event is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum As<'b> {
    /// As a new one, which comes late or does not.
    New { late: bool },
    /// To be held against one that is stored, in its bytes: batch and origin are those of that.
    Stored(&'b [u8]),
}

fn write_fields(batch: &rows::Batch, row: usize, drafts: &mut Drafts) {
    batch.columns.iter().for_each(|column| drafts.column(column, row));
}

/// The fields of an event: cells, or a row of columns.
enum Fields<'a> {
    Cells(&'a [Cell]),
    Row(&'a EventAt<'a>),
}

/// What a value is to a key.
#[derive(Clone, Copy)]
enum Sort {
    Missing,
    /// It means the same in other rules, and has an order.
    Plain,
    /// It means the same in other rules.
    Span,
    /// It says where something stands in these rules.
    Position,
}

impl Fields<'_> {
    /// What stands in a field; nothing where there is no such field.
    fn sort(&self, at: usize) -> Option<Sort> {
        match self {
            Fields::Cells(cells) => cells.get(at).map(sort),
            Fields::Row(of) => {
                let column = of.batch.columns.get(at)?;
                Some(match column {
                    _ if column.is_missing(of.row) => Sort::Missing,
                    Column::Member(_) => Sort::Position,
                    Column::Cells(cells) => cells.get(of.row).map_or(Sort::Missing, sort),
                    _ => Sort::Plain,
                })
            }
        }
    }

    /// The cells that parts stand for.
    fn cells(&self, parts: Vec<Part>) -> Vec<Cell> {
        let cell = |part: Part| match part {
            Part::Field { field } => self.cell(usize::try_from(field).unwrap_or(usize::MAX)),
            Part::Value { value } => value,
        };
        parts.into_iter().map(cell).collect()
    }

    fn cell(&self, at: usize) -> Cell {
        match self {
            Fields::Cells(cells) => cells.get(at).cloned(),
            Fields::Row(of) => of.batch.columns.get(at).map(|column| column.cell(of.row)),
        }
        .unwrap_or(Cell::Missing)
    }
}

fn sort(cell: &Cell) -> Sort {
    match cell {
        Cell::Missing => Sort::Missing,
        Cell::Duration(_) => Sort::Span,
        Cell::Member(_) | Cell::List(_) | Cell::Record(_) => Sort::Position,
        Cell::Bool(_)
        | Cell::Integer(_)
        | Cell::Number(_)
        | Cell::Money(_)
        | Cell::Date(_)
        | Cell::Period(_)
        | Cell::Text(_) => Sort::Plain,
    }
}

fn figure(told: &rows::FigureValue) -> FigureValue {
    let rows::FigureValue { figure, key, value } = told.clone();
    FigureValue { figure, key, value }
}

pub(super) fn became(outcome: rows::Outcome<'_>, accounts: &dyn Accounts) -> Outcome {
    match outcome {
        rows::Outcome::Allocated { allocations, inflow, residue_units } => Outcome::Allocated {
            inflow,
            residue_units,
            leaves: allocations
                .iter()
                .map(|it| Leaf {
                    account: match it.payee {
                        Payee::Account(at) => accounts
                            .account(at)
                            .map(|(family, key)| Account { family, key: key.to_vec() }),
                        Payee::Undetermined => None,
                    },
                    leg: it.leg,
                    amount: it.amount,
                })
                .collect(),
        },
        rows::Outcome::SetAside { inflow, reason } => {
            Outcome::SetAside { inflow, reason: reason.clone() }
        }
    }
}

/// The cell that a part of a key stands for.
pub(super) fn part_cell<'e>(part: &'e Part, event: &'e Event) -> &'e Cell {
    match part {
        Part::Field { field } => get(&event.fields, *field).unwrap_or(&Cell::Missing),
        Part::Value { value } => value,
    }
}

/// The cells of a key.
pub(super) fn part_cells(parts: &[Part], event: &Event) -> Vec<Cell> {
    parts.iter().map(|part| part_cell(part, event).clone()).collect()
}

/// The key of an event as people write it.
pub(super) fn key_text(event: &Event) -> String {
    let text = |part: &Part| match part_cell(part, event) {
        Cell::Text(text) => text.to_string(),
        Cell::Integer(number) => number.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Date(date) => date.to_string(),
        Cell::Period(period) => period.to_string(),
        Cell::Bool(value) => value.to_string(),
        _ => String::new(),
    };
    event.key.iter().map(text).collect::<Vec<String>>().join("/")
}
