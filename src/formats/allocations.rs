//! The allocations file: the event's key, the account, the amount.

use crate::base::Money;
use crate::diagnostics::Language;
use crate::report::names::{Kind, Names, Table};
use crate::report::values::{account_label, account_text, file_text, money_label, person_text};
use crate::rows::{Accounts, Allocation, Cell, Column, EndedTogether, EventAt, Payee};

use super::allocation_lines::AllocationLines;
use super::error::FormatsError;
use super::output::Output;
use super::records::{Holds, Records, ResultColumn, ResultLayout};
use super::room::Room;

/// How a user wants allocations written.
#[derive(Debug, Clone, Copy)]
pub struct AllocationOptions {
    /// The layout.
    pub layout: ResultLayout,
    /// With rule, leg and clause: a row a leg instead of a row an account.
    pub explain: bool,
    /// With what people call each account, beside how files write it; a table says that anyway.
    pub labels: bool,
    /// The language of a table's headings and labels.
    pub language: Language,
}

/// Writes allocations, event by event.
#[derive(Debug)]
pub struct Allocations<'n> {
    names: &'n Names,
    options: AllocationOptions,
    records: Records,
    /// Makes the rows of CSV and TSV.
    lines: Option<AllocationLines<'n>>,
    /// Rows that wait to be written.
    bytes: Room,
    keys: KeyColumns,
    currency: bool,
    /// How each account that has occurred is written, and what people call it.
    accounts: Vec<Option<(String, String)>>,
    merged: Vec<(Payee, Money)>,
    scratch: Vec<u8>,
}

/// Which columns identify an event in the results.
#[derive(Debug, Clone)]
pub struct KeyColumns {
    /// Whether a first column says the event kind.
    pub with_event: bool,
    /// Their names and headings.
    pub columns: Vec<ResultColumn>,
    /// For each event kind, the field that fills each column.
    fields: Vec<Vec<Option<usize>>>,
}

impl KeyColumns {
    /// The key columns of the event kinds for which something may be written.
    pub fn of(names: &Names, language: Language) -> KeyColumns {
        let mut columns: Vec<ResultColumn> = Vec::new();
        let mut fields: Vec<Vec<Option<usize>>> = Vec::new();
        for table in &names.events {
            let mut own: Vec<Option<usize>> = vec![None; columns.len()];
            for at in &table.key {
                let Some(field) = table.fields.get(*at) else { continue };
                let name = column_name(&table.name.text, &field.name.text);
                let place = columns.iter().position(|column| column.name == name);
                match place.and_then(|place| own.get_mut(place)) {
                    Some(place) => *place = Some(*at),
                    None => {
                        let heading = field.name.in_language(language);
                        let numeric = matches!(field.kind, Kind::Integer);
                        let column = ResultColumn::new(&name, heading, numeric);
                        columns.push(column.holding(holds(&field.kind)));
                        own.push(Some(*at));
                    }
                }
            }
            fields.push(own);
        }
        KeyColumns { with_event: names.events.len() > 1, columns, fields }
    }

    /// For an event kind, the field of each column.
    pub fn fields(&self, event: u32) -> impl Iterator<Item = Option<usize>> + '_ {
        let own = usize::try_from(event).ok().and_then(|at| self.fields.get(at));
        (0..self.columns.len()).map(move |at| own.and_then(|own| own.get(at).copied().flatten()))
    }
}

/// What a column of a field holds, where that is more than texts.
pub(super) fn holds(kind: &Kind) -> Holds {
    match kind {
        Kind::Integer => Holds::Whole,
        Kind::Date => Holds::Date,
        Kind::Money(scale) => Holds::Amount(*scale),
        _ => Holds::Text,
    }
}

/// The columns that results have of their own.
const OWN: [&str; 11] = [
    "event",
    "account",
    "account_label",
    "currency",
    "amount",
    "rule",
    "leg",
    "clause",
    "figure",
    "row",
    "value",
];

/// What the column of a field is called in results: as the field; where a column of the results has
/// that name, `receipt.account`, which no field can be called.
pub(super) fn column_name(event: &str, field: &str) -> String {
    match OWN.contains(&field) {
        true => format!("{event}.{field}"),
        false => field.to_owned(),
    }
}

impl<'n> Allocations<'n> {
    /// Starts a file of allocations.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn new(
        names: &'n Names,
        output: Output,
        options: AllocationOptions,
    ) -> Result<Allocations<'n>, FormatsError> {
        let language = options.language;
        let keys = KeyColumns::of(names, language);
        let column = |name: &str, en: &str, zh: &str, numeric| {
            let heading = match language {
                Language::English => en,
                Language::Chinese => zh,
            };
            ResultColumn::new(name, heading, numeric)
        };
        let mut columns = Vec::new();
        if keys.with_event {
            columns.push(column("event", "event", "事项", false));
        }
        columns.extend(keys.columns.iter().cloned());
        columns.push(column("account", "account", "账户", false));
        let labels = options.labels && options.layout != ResultLayout::Table;
        let options = AllocationOptions { labels, ..options };
        if labels {
            columns.push(column("account_label", "account", "账户", false));
        }
        let currency = names.has_currencies();
        if currency {
            columns.push(column("currency", "currency", "币种", false));
        }
        let amount = Holds::Amount(names.greatest_scale());
        columns.push(column("amount", "amount", "金额", true).holding(amount));
        if options.explain {
            columns.push(column("rule", "rule", "规则", false));
            columns.push(column("leg", "leg", "分项", false));
            columns.push(column("clause", "clause", "依据", false));
        }
        let more = match language {
            Language::English => "… {} rows more: `--format csv` or `--out FILE` gives all",
            Language::Chinese => "… 另有 {} 行：用 --format csv 或 --out 文件 可得全部",
        };
        let records = Records::new(output, options.layout, columns, more)?;
        // What people call an account, and what spreadsheets need, is written the longer way.
        let delimiter = match options.layout {
            ResultLayout::Csv if !labels => Some(b','),
            ResultLayout::Tsv if !labels => Some(b'\t'),
            ResultLayout::Csv
            | ResultLayout::Tsv
            | ResultLayout::ForExcel
            | ResultLayout::Table
            | ResultLayout::Json
            | ResultLayout::Xlsx
            | ResultLayout::Parquet
            | ResultLayout::Arrow
            | ResultLayout::Ndjson => None,
        };
        let explain = options.explain;
        Ok(Allocations {
            names,
            options,
            records,
            lines: delimiter.map(|sign| AllocationLines::new(names, &keys, sign, explain)),
            bytes: Room::default(),
            keys,
            currency,
            accounts: Vec::new(),
            merged: Vec::new(),
            scratch: Vec::new(),
        })
    }

    /// Writes what one event gave.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn event(
        &mut self,
        event: EventAt<'_>,
        allocations: &[Allocation],
        accounts: &dyn Accounts,
    ) -> Result<(), FormatsError> {
        if let Some(lines) = &mut self.lines {
            let given = allocations.iter().copied();
            lines.events(event.batch, [(event, given)], accounts, &mut self.bytes)?;
            return self.write_out(WRITTEN_BYTES);
        }
        if self.options.explain {
            for allocation in allocations {
                let (payee, amount) = (allocation.payee, allocation.amount);
                self.row(event, payee, amount, Some(allocation.leg), accounts)?;
            }
            return Ok(());
        }
        let mut merged = std::mem::take(&mut self.merged);
        merged.clear();
        for allocation in allocations {
            match merged.iter_mut().find(|(payee, _)| *payee == allocation.payee) {
                Some((_, sum)) => {
                    *sum = sum.checked_add(allocation.amount).ok_or(FormatsError::TotalTooLarge)?;
                }
                None => merged.push((allocation.payee, allocation.amount)),
            }
        }
        for (payee, amount) in &merged {
            if !amount.is_zero() {
                self.row(event, *payee, *amount, None, accounts)?;
            }
        }
        self.merged = merged;
        Ok(())
    }

    /// Writes what events gave that were worked out together.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn together(
        &mut self,
        events: EndedTogether<'_>,
        accounts: &dyn Accounts,
    ) -> Result<(), FormatsError> {
        if let Some(lines) = &mut self.lines {
            let all = events.events().map(|one| (one.event, one.allocations()));
            lines.events(events.batch(), all, accounts, &mut self.bytes)?;
            return self.write_out(WRITTEN_BYTES);
        }
        let mut given = Vec::new();
        for one in events.events() {
            given.clear();
            given.extend(one.allocations());
            self.event(one.event, &given, accounts)?;
        }
        Ok(())
    }

    /// Ends the file and puts it in its place.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(mut self) -> Result<(), FormatsError> {
        self.write_out(0)?;
        self.records.finish()
    }

    /// Writes the rows that wait, if they are so many bytes.
    fn write_out(&mut self, least: usize) -> Result<(), FormatsError> {
        if self.bytes.len() >= least && !self.bytes.is_empty() {
            self.records.lines(self.bytes.written())?;
            self.bytes.clear();
        }
        Ok(())
    }

    fn row(
        &mut self,
        event: EventAt<'_>,
        payee: Payee,
        amount: Money,
        leg: Option<u32>,
        accounts: &dyn Accounts,
    ) -> Result<(), FormatsError> {
        self.key(event);
        self.payee(payee, accounts);
        let at = usize::try_from(event.batch.event).ok();
        let table = at.and_then(|at| self.names.events.get(at));
        let scale = table.map_or(2, |table| table.currency.scale);
        if self.currency {
            self.records.text(table.map_or("", |table| table.currency.code.as_str()));
        }
        if self.options.layout == ResultLayout::Table {
            self.records.text(&money_label(amount, scale));
        } else {
            self.scratch.clear();
            amount.write_to(&mut self.scratch, scale);
            // An amount is ASCII.
            self.records.text(std::str::from_utf8(&self.scratch).unwrap_or_default());
        }
        if let Some(leg) = leg {
            self.ground(leg, table);
        }
        self.records.end_row()
    }

    /// The rule, leg and clause of a row; units beside all legs rest on the settlement.
    fn ground(&mut self, leg: u32, table: Option<&Table>) {
        let language = self.options.language;
        let person = self.options.layout == ResultLayout::Table;
        let beside = match (leg, person, language) {
            (Allocation::BY_SETTLEMENT, true, Language::Chinese) => Some("尾差结算"),
            (Allocation::BY_SETTLEMENT, ..) => Some("settlement"),
            (Allocation::BY_CLOSING, true, Language::Chinese) => Some("清缴"),
            (Allocation::BY_CLOSING, ..) => Some("closing"),
            _ => None,
        };
        if let Some(beside) = beside {
            let settles = leg == Allocation::BY_SETTLEMENT;
            let clause = table.filter(|_| settles).map_or("", |table| table.settlement.as_str());
            [beside, "", clause].into_iter().for_each(|text| self.records.text(text));
            return;
        }
        let leg = usize::try_from(leg).ok().and_then(|at| self.names.legs.get(at));
        let owner = leg.map_or("", |leg| match person {
            true => leg.owner.in_language(language),
            false => leg.owner.text.as_str(),
        });
        self.records.text(owner);
        self.records.text(leg.map_or("", |leg| leg.place.as_str()));
        self.records.text(leg.map_or("", |leg| leg.clause.as_str()));
    }

    fn key(&mut self, event: EventAt<'_>) {
        let at = usize::try_from(event.batch.event).ok();
        let Some(table) = at.and_then(|at| self.names.events.get(at)) else { return };
        let person = self.options.layout == ResultLayout::Table;
        if self.keys.with_event {
            self.records.text(match person {
                true => table.name.in_language(self.options.language),
                false => &table.name.text,
            });
        }
        for field in self.keys.fields(event.batch.event) {
            let pair =
                field.and_then(|at| Some((table.fields.get(at)?, event.batch.columns.get(at)?)));
            let Some((field, column)) = pair else {
                self.records.missing();
                continue;
            };
            let language = person.then_some(self.options.language);
            write_cell(&mut self.records, column, event.row, &field.kind, self.names, language);
        }
    }

    fn payee(&mut self, payee: Payee, accounts: &dyn Accounts) {
        let (names, AllocationOptions { layout, language, labels, .. }) =
            (self.names, self.options);
        let Payee::Account(position) = payee else {
            let label = undetermined(language);
            let person = layout == ResultLayout::Table;
            self.records.text(if person { label } else { "undetermined" });
            if labels {
                self.records.text(label);
            }
            return;
        };
        let at = usize::try_from(position).unwrap_or(usize::MAX);
        if self.accounts.len() <= at && at < usize::MAX {
            self.accounts.resize(at + 1, None);
        }
        let Some(place) = self.accounts.get_mut(at) else { return };
        let (text, label) = place.get_or_insert_with(|| {
            let found = accounts.account(position);
            let declared = found.and_then(|(declared, key)| {
                let declared = usize::try_from(declared).ok()?;
                Some((names.accounts.get(declared)?, key))
            });
            let Some((account, key)) = declared else {
                let text = format!("account {position}");
                return (text.clone(), text);
            };
            let label = account_label(account, key, names, language);
            match layout {
                ResultLayout::Table => (label.clone(), label),
                _ => (account_text(account, key, names), label),
            }
        });
        self.records.text(text);
        if labels {
            self.records.text(label);
        }
    }
}

/// What people call what nobody got yet.
fn undetermined(language: Language) -> &'static str {
    match language {
        Language::English => "undetermined",
        Language::Chinese => "待定",
    }
}

/// Rows wait to be written until they are about so many bytes.
const WRITTEN_BYTES: usize = 1 << 17;

/// Writes one value of a column; for a person in a language, else as files have it.
pub(super) fn write_cell(
    records: &mut Records,
    column: &Column,
    row: usize,
    kind: &Kind,
    names: &Names,
    person: Option<Language>,
) {
    match (column, person) {
        // Texts are by far the most; they need not be copied.
        (Column::Text(texts), _) => match texts.get(row) {
            Some(text) => records.text(text),
            None => records.missing(),
        },
        (column, Some(language)) => match column.cell(row) {
            Cell::Missing => records.missing(),
            // A number that identifies is not a quantity: no thousands are set apart.
            cell @ Cell::Integer(_) => records.text(&file_text(&cell, kind, names)),
            cell => records.text(&person_text(&cell, kind, names, language)),
        },
        (column, None) => {
            let cell = column.cell(row);
            let text = || file_text(&cell, kind, names);
            match &cell {
                Cell::Missing => records.missing(),
                Cell::Bool(_) => records.bare(&text()),
                // Beyond 2^53 many readers of JSON lose the last digit.
                Cell::Integer(value) if value.unsigned_abs() <= 9_007_199_254_740_992 => {
                    records.bare(&text());
                }
                _ => records.text(&text()),
            }
        }
    }
}
