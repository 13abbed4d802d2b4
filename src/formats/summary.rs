//! The summary file: exact totals by account, by fields of the event, by year, quarter or month.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::base::{Money, Period, PeriodKind};
use crate::diagnostics::{Language, Words};
use crate::report::names::{Field, Kind, Names, Table, folded, nearest};
use crate::report::values::{account_label, account_text, file_text, money_label, person_text};
use crate::rows::{Accounts, Allocation, Cell, Column, EventAt, Payee};

use super::allocations::column_name;
use super::error::FormatsError;
use super::output::Output;
use super::records::{Records, ResultColumn, ResultLayout};

/// A column of a summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The account.
    Account,
    /// A field of the events: its name, and its position in each event kind that has it.
    Field(String, Vec<Option<usize>>),
    /// The period of the date by which an event is booked.
    Period(PeriodKind),
}

/// Adds up allocations. Memory grows with the number of totals, not of events.
#[derive(Debug)]
pub struct Summary {
    by: Vec<By>,
    /// Position of each key's total.
    places: HashMap<Box<[u64]>, usize>,
    totals: Vec<(Vec<Part>, Money)>,
    /// Values of the columns that are no small numbers, by column.
    interned: Vec<Interned>,
    key: Vec<u64>,
    labels: bool,
}

/// A value of a summary's column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// An account: what is declared, and its key.
    Account(u32, Vec<Cell>),
    /// Nobody yet.
    Undetermined,
    /// A field's value: the event kind, the field, the value.
    Value(u32, Option<usize>, Cell),
    /// A period.
    Period(Period),
    /// A currency, by the first event kind that has it.
    Currency(u32),
}

#[derive(Debug, Default)]
struct Interned {
    by_text: HashMap<Box<str>, u64>,
    by_cell: HashMap<(u32, Cell), u64>,
    next: u64,
}

impl Interned {
    fn text(&mut self, text: &str) -> u64 {
        if let Some(code) = self.by_text.get(text) {
            return *code;
        }
        self.next += 1;
        self.by_text.insert(text.into(), self.next);
        self.next
    }

    fn cell(&mut self, group: u32, cell: Cell) -> u64 {
        let next = self.next + 1;
        let code = *self.by_cell.entry((group, cell)).or_insert(next);
        self.next = self.next.max(code);
        code
    }
}

impl By {
    /// Reads a list of columns such as `account,year`.
    ///
    /// # Errors
    /// A column is neither the account, nor a field of an event, nor a period.
    pub fn parse(list: &str, names: &Names) -> Result<Vec<By>, Words> {
        list.split([',', '，', '、']).map(|column| By::column(&folded(column), names)).collect()
    }

    fn column(column: &str, names: &Names) -> Result<By, Words> {
        if column == "account" || column == "账户" {
            return Ok(By::Account);
        }
        let position = |table: &Table| {
            let called = |field: &Field| {
                let whole = column_name(&table.name.text, &field.name.text);
                whole == column || field.name.spellings().any(|own| own == column)
            };
            table.fields.iter().position(called)
        };
        let positions: Vec<Option<usize>> = names.events.iter().map(position).collect();
        let mut fields = names.events.iter().zip(&positions);
        let first =
            fields.find_map(|(table, at)| Some((table, at.and_then(|at| table.fields.get(at))?)));
        if let Some((table, field)) = first {
            let name = column_name(&table.name.text, &field.name.text);
            return Ok(By::Field(name, positions));
        }
        match column {
            "year" | "年" => Ok(By::Period(PeriodKind::Year)),
            "quarter" | "季" => Ok(By::Period(PeriodKind::Quarter)),
            "month" | "月" => Ok(By::Period(PeriodKind::Month)),
            _ => {
                let fields = names.events.iter().flat_map(|table| &table.fields);
                let known = fields.map(|field| field.name.text.as_str());
                let known = known.chain(["account", "year", "quarter", "month"]);
                let (en, zh) = match nearest(column, known) {
                    Some(near) => {
                        (format!("; did you mean `{near}`?"), format!("；是否应为「{near}」？"))
                    }
                    None => (
                        "; it may be account, a field of the events, year, quarter or month".into(),
                        "；可用 account、事项的字段、year、quarter 或 month".into(),
                    ),
                };
                Err(Words::new(
                    format!("there is no column `{column}` to sum by{en}"),
                    format!("没有可供汇总的列「{column}」{zh}"),
                ))
            }
        }
    }

    fn name(&self) -> &str {
        match self {
            By::Account => "account",
            By::Field(name, _) => name,
            By::Period(PeriodKind::Year) => "year",
            By::Period(PeriodKind::Quarter) => "quarter",
            By::Period(PeriodKind::Month) => "month",
        }
    }

    fn heading(&self, names: &Names, language: Language) -> String {
        if let By::Field(_, positions) = self {
            let field = names
                .events
                .iter()
                .zip(positions)
                .find_map(|(table, at)| at.and_then(|at| table.fields.get(at)));
            return field
                .map_or_else(String::new, |field| field.name.in_language(language).to_owned());
        }
        let zh = match self {
            By::Account | By::Field(..) => "账户",
            By::Period(PeriodKind::Year) => "年",
            By::Period(PeriodKind::Quarter) => "季",
            By::Period(PeriodKind::Month) => "月",
        };
        match language {
            Language::English => self.name().to_owned(),
            Language::Chinese => zh.to_owned(),
        }
    }
}

impl Summary {
    /// A summary by these columns.
    pub fn new(by: Vec<By>) -> Summary {
        let interned = by.iter().map(|_| Interned::default()).collect();
        let (places, totals, key) = (HashMap::new(), Vec::new(), Vec::new());
        Summary { by, places, totals, interned, key, labels: false }
    }

    /// The same with what people call each account, beside how files write it.
    pub fn with_labels(self) -> Summary {
        Summary { labels: true, ..self }
    }

    /// Adds what one event gave.
    ///
    /// # Errors
    /// A total leaves the supported range.
    pub fn event(
        &mut self,
        event: EventAt<'_>,
        allocations: &[Allocation],
        accounts: &dyn Accounts,
        names: &Names,
    ) -> Result<(), FormatsError> {
        let currency = names.currency_of(event.batch.event);
        for allocation in allocations {
            self.key.clear();
            self.key.push(u64::from(currency));
            for (by, interned) in self.by.iter().zip(&mut self.interned) {
                self.key.push(code(by, event, allocation.payee, interned));
            }
            let place = match self.places.get(self.key.as_slice()) {
                Some(place) => *place,
                None => {
                    let mut parts: Vec<Part> = self
                        .by
                        .iter()
                        .map(|by| part(by, event, allocation.payee, accounts))
                        .collect();
                    parts.push(Part::Currency(currency));
                    self.totals.push((parts, Money::ZERO));
                    let place = self.totals.len() - 1;
                    self.places.insert(self.key.as_slice().into(), place);
                    place
                }
            };
            if let Some((_, total)) = self.totals.get_mut(place) {
                *total = total.checked_add(allocation.amount).ok_or(FormatsError::TotalTooLarge)?;
            }
        }
        Ok(())
    }

    /// The totals in order: accounts as declared, numbers and dates by value, members as declared,
    /// texts by code point. Each has a part for every column, then the currency.
    pub fn totals(self) -> Vec<(Vec<Part>, Money)> {
        let mut totals = self.totals;
        totals.sort_by(|(one, _), (other, _)| compare_parts(one, other));
        totals
    }

    /// Writes the totals in order.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn write(
        self,
        names: &Names,
        output: Output,
        layout: ResultLayout,
        language: Language,
    ) -> Result<(), FormatsError> {
        let currency = names.has_currencies();
        let numeric = |by: &By| match by {
            By::Account => false,
            By::Period(_) => true,
            By::Field(_, positions) => names.events.iter().zip(positions).any(|(table, at)| {
                let field = at.and_then(|at| table.fields.get(at));
                field.is_some_and(|field| matches!(field.kind, Kind::Integer | Kind::Money(_)))
            }),
        };
        let labels = self.labels && layout != ResultLayout::Table;
        let mut columns: Vec<ResultColumn> = Vec::new();
        for by in &self.by {
            let (heading, numeric) = (by.heading(names, language), numeric(by));
            columns.push(ResultColumn { name: by.name().to_owned(), heading, numeric });
            if labels && *by == By::Account {
                let name = "account_label".to_owned();
                columns.push(ResultColumn { heading: name.clone(), name, numeric: false });
            }
        }
        let mut add = |name: &str, zh: &str, numeric| {
            let heading = if language == Language::Chinese { zh } else { name };
            columns.push(ResultColumn { name: name.into(), heading: heading.into(), numeric });
        };
        if currency {
            add("currency", "币种", false);
        }
        add("amount", "金额", true);
        let person = (layout == ResultLayout::Table).then_some(language);
        let mut records = Records::new(output, layout, columns, "… {}")?;
        for (parts, total) in self.totals() {
            let mut scale = 2;
            for part in &parts {
                if let Part::Currency(event) = part {
                    let at = usize::try_from(*event).ok();
                    let table = at.and_then(|at| names.events.get(at));
                    scale = table.map_or(2, |table| table.currency.scale);
                    if currency {
                        records.text(table.map_or("", |table| table.currency.code.as_str()));
                    }
                    continue;
                }
                match part {
                    Part::Value(_, _, Cell::Missing) => records.missing(),
                    Part::Value(_, _, Cell::Integer(_)) | Part::Period(_) if person.is_none() => {
                        let text = part_text(part, names, None);
                        if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
                            && text.parse::<i32>().is_ok()
                        {
                            records.bare(&text);
                        } else {
                            records.text(&text);
                        }
                    }
                    part => records.text(&part_text(part, names, person)),
                }
                if labels && matches!(part, Part::Account(..) | Part::Undetermined) {
                    records.text(&part_text(part, names, Some(language)));
                }
            }
            match person {
                Some(_) => records.text(&money_label(total, scale)),
                None => records.text(&total.format(scale)),
            }
            records.end_row()?;
        }
        records.finish()
    }
}

/// A part as files have it, or for a person.
pub fn part_text(part: &Part, names: &Names, person: Option<Language>) -> String {
    let table = |event: &u32| usize::try_from(*event).ok().and_then(|at| names.events.get(at));
    match part {
        Part::Account(declared, key) => {
            let at = usize::try_from(*declared).ok();
            let Some(account) = at.and_then(|at| names.accounts.get(at)) else {
                return String::new();
            };
            match person {
                Some(language) => account_label(account, key, names, language),
                None => account_text(account, key, names),
            }
        }
        Part::Undetermined => match person {
            Some(Language::Chinese) => "待定".into(),
            _ => "undetermined".into(),
        },
        Part::Value(event, field, cell) => {
            let field = table(event).and_then(|table| table.fields.get((*field)?));
            let kind = field.map_or(&Kind::Text, |field| &field.kind);
            match (person, cell) {
                (Some(language), cell) if !matches!(cell, Cell::Integer(_)) => {
                    person_text(cell, kind, names, language)
                }
                _ => file_text(cell, kind, names),
            }
        }
        Part::Period(period) => period.to_string(),
        Part::Currency(event) => {
            table(event).map_or_else(String::new, |table| table.currency.code.clone())
        }
    }
}

/// A number that stands for the value of a column; equal values have equal numbers.
fn code(by: &By, event: EventAt<'_>, payee: Payee, interned: &mut Interned) -> u64 {
    match by {
        By::Account => match payee {
            Payee::Account(position) => u64::from(position) + 1,
            Payee::Undetermined => 0,
        },
        By::Period(kind) => {
            u64::try_from(Period::of(*kind, event.booked).index()).unwrap_or_default()
        }
        By::Field(_, positions) => {
            let column = field_at(positions, event).and_then(|at| event.batch.columns.get(at));
            match column {
                Some(Column::Text(texts)) => {
                    texts.get(event.row).map_or(0, |text| interned.text(text))
                }
                Some(column) => match column.cell(event.row) {
                    Cell::Missing => 0,
                    // Members of two enumerations may stand at the same place.
                    cell @ Cell::Member(_) => interned.cell(event.batch.event, cell),
                    cell => interned.cell(0, cell),
                },
                None => 0,
            }
        }
    }
}

fn part(by: &By, event: EventAt<'_>, payee: Payee, accounts: &dyn Accounts) -> Part {
    match by {
        By::Account => match payee {
            Payee::Account(position) => {
                accounts.account(position).map_or(Part::Undetermined, |(declared, key)| {
                    Part::Account(declared, key.to_vec())
                })
            }
            Payee::Undetermined => Part::Undetermined,
        },
        By::Period(kind) => Part::Period(Period::of(*kind, event.booked)),
        By::Field(_, positions) => {
            let field = field_at(positions, event);
            let column = field.and_then(|at| event.batch.columns.get(at));
            let cell = column.map_or(Cell::Missing, |column| column.cell(event.row));
            Part::Value(event.batch.event, field, cell)
        }
    }
}

fn field_at(positions: &[Option<usize>], event: EventAt<'_>) -> Option<usize> {
    let at = usize::try_from(event.batch.event).ok()?;
    positions.get(at).copied().flatten()
}

fn compare_parts(one: &[Part], other: &[Part]) -> Ordering {
    let pairs = one.iter().zip(other);
    pairs
        .map(|(one, other)| compare_part(one, other))
        .find(|o| o.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn compare_part(one: &Part, other: &Part) -> Ordering {
    let rank = |part: &Part| match part {
        Part::Account(..) => 0,
        Part::Value(..) => 1,
        Part::Period(_) => 2,
        Part::Currency(_) => 3,
        Part::Undetermined => 4,
    };
    match (one, other) {
        (Part::Account(one, key), Part::Account(other, other_key)) => {
            one.cmp(other).then_with(|| compare_cells(key, other_key))
        }
        (Part::Value(kind, _, one), Part::Value(other_kind, _, other)) => {
            compare_cell(one, other).then_with(|| kind.cmp(other_kind))
        }
        (Part::Period(one), Part::Period(other)) => one.cmp(other),
        (Part::Currency(one), Part::Currency(other)) => one.cmp(other),
        _ => rank(one).cmp(&rank(other)),
    }
}

/// By position, then by length.
pub fn compare_cells(one: &[Cell], other: &[Cell]) -> Ordering {
    let pairs = one.iter().zip(other);
    let differing = pairs.map(|(one, other)| compare_cell(one, other)).find(|o| o.is_ne());
    differing.unwrap_or_else(|| one.len().cmp(&other.len()))
}

/// Values of one kind by value; a missing one comes first.
fn compare_cell(one: &Cell, other: &Cell) -> Ordering {
    let rank = |cell: &Cell| match cell {
        Cell::Missing => 0,
        Cell::Bool(_) => 1,
        Cell::Integer(_) => 2,
        Cell::Number(_) => 3,
        Cell::Money(_) => 4,
        Cell::Date(_) => 5,
        Cell::Period(_) => 6,
        Cell::Duration(_) => 7,
        Cell::Text(_) => 8,
        Cell::Member(_) => 9,
        Cell::List(_) => 10,
        Cell::Record(_) => 11,
    };
    match (one, other) {
        (Cell::Bool(one), Cell::Bool(other)) => one.cmp(other),
        (Cell::Integer(one), Cell::Integer(other)) => one.cmp(other),
        (Cell::Number(one), Cell::Number(other)) => one.cmp(other),
        (Cell::Money(one), Cell::Money(other)) => one.cmp(other),
        (Cell::Date(one), Cell::Date(other)) => one.cmp(other),
        (Cell::Period(one), Cell::Period(other)) => one.cmp(other),
        (Cell::Duration(one), Cell::Duration(other)) => one.cmp(other),
        (Cell::Text(one), Cell::Text(other)) => one.cmp(other),
        (Cell::Member(one), Cell::Member(other)) => one.cmp(other),
        (Cell::List(one), Cell::List(other)) | (Cell::Record(one), Cell::Record(other)) => {
            compare_cells(one, other)
        }
        _ => rank(one).cmp(&rank(other)),
    }
}
