//! Rows of allocations as lines of CSV or TSV, written into memory.
//!
//! This is where most bytes of a run are made, so nothing is worked out twice: accounts, members and
//! legs are turned into cells once, and the key of an event once for all its rows.

use crate::base::{Date, Money};
use crate::report::names::{Field, Kind, Names, Table};
use crate::report::values::{account_text, file_text};
use crate::rows::{Accounts, Allocation, Batch, Column, EventAt, Payee, TextColumn, Wholes};

use super::allocations::KeyColumns;
use super::by_payee::ByPayee;
use super::error::FormatsError;
use super::records::{need_quotes, quoted};
use super::room::{Piece, Room, Short, Word};

/// Writes allocations of one run's events as lines. What it remembers of accounts goes by their
/// position, so it serves one [`Accounts`].
#[derive(Debug, Clone)]
pub struct AllocationLines<'n> {
    names: &'n Names,
    delimiter: u8,
    /// A row a leg instead of a row an account.
    explain: bool,
    with_event: bool,
    /// Whether a cell comes before the account.
    has_key: bool,
    currency: bool,
    /// For each event kind.
    tables: Vec<TableCells<'n>>,
    /// The accounts that have occurred, between the delimiters that they need.
    accounts: Vec<Piece>,
    undetermined: Piece,
    /// Rule, leg and clause, with delimiters between them, and the end of the line; for each leg.
    legs: Vec<Piece>,
    /// The same for what the settlement of an event kind gave beside all legs.
    settlements: Vec<Piece>,
    /// The same for what a stage takes out.
    closing: Piece,
    none: Piece,
    by_payee: ByPayee,
}

/// What the cells of one event kind have in common.
#[derive(Debug, Clone)]
struct TableCells<'n> {
    name: Piece,
    scale: u8,
    /// Its code and a delimiter.
    currency: Piece,
    /// For each key column, the field that fills it.
    key: Vec<Option<KeyField<'n>>>,
}

#[derive(Debug, Clone)]
struct KeyField<'n> {
    at: usize,
    field: &'n Field,
    /// The members of its enumeration, as cells.
    members: Vec<Piece>,
}

impl<'n> AllocationLines<'n> {
    /// Lines with cells apart by this sign.
    pub(super) fn new(
        names: &'n Names,
        keys: &KeyColumns,
        delimiter: u8,
        explain: bool,
    ) -> AllocationLines<'n> {
        let cell = |text: &str| Piece::from(cell_bytes(text, delimiter).as_slice());
        let table = |(table, event): (&'n Table, u32)| {
            let key = keys.fields(event).map(|at| {
                let (at, field) = at.and_then(|at| Some((at, table.fields.get(at)?)))?;
                let members = match &field.kind {
                    Kind::Member(members) => members.members.as_slice(),
                    _ => &[],
                };
                let members = members.iter().map(|(label, _)| cell(&label.text)).collect();
                Some(KeyField { at, field, members })
            });
            TableCells {
                name: cell(&table.name.text),
                scale: table.currency.scale,
                currency: between(&table.currency.code, delimiter, false),
                key: key.collect(),
            }
        };
        let tables = names.events.iter().zip(0_u32..).map(table);
        let leg = |owner: &str, place: &str, clause: &str| {
            let mut cells = Vec::new();
            for (text, after) in [(owner, delimiter), (place, delimiter), (clause, b'\n')] {
                cells.extend(cell_bytes(text, delimiter));
                cells.push(after);
            }
            Piece::from(cells.as_slice())
        };
        let legs = names.legs.iter().map(|it| leg(&it.owner.text, &it.place, &it.clause));
        let has_key = keys.with_event || !keys.columns.is_empty();
        AllocationLines {
            names,
            delimiter,
            explain,
            has_key,
            with_event: keys.with_event,
            currency: names.has_currencies(),
            tables: tables.collect(),
            accounts: Vec::new(),
            undetermined: between("undetermined", delimiter, has_key),
            legs: legs.collect(),
            settlements: names
                .events
                .iter()
                .map(|table| leg("settlement", "", &table.settlement))
                .collect(),
            closing: leg("closing", "", ""),
            none: leg("", "", ""),
            by_payee: ByPayee::default(),
        }
    }

    /// Adds the rows of some events of a batch to `out`, each event with what it gave.
    ///
    /// # Errors
    /// What an account gets leaves the supported range.
    pub fn events<'e, G>(
        &mut self,
        batch: &'e Batch,
        events: impl IntoIterator<Item = (EventAt<'e>, G)>,
        accounts: &dyn Accounts,
        out: &mut Room,
    ) -> Result<(), FormatsError>
    where
        G: Iterator<Item = Allocation>,
    {
        self.meet_all(accounts);
        let table = usize::try_from(batch.event).ok().and_then(|at| self.tables.get(at));
        let mut own = Own {
            event: EventAt::unplaced(batch, 0),
            table,
            scale: table.map_or(2, |table| table.scale),
            currency: table.filter(|_| self.currency).map(|table| &table.currency),
            after: if self.explain { self.delimiter } else { b'\n' },
            key: Key::Unwritten,
        };
        let numbers = table.and_then(|table| self.numbers(table, batch));
        let mut by_payee = std::mem::take(&mut self.by_payee);
        for (event, given) in events {
            let word = numbers.and_then(|numbers| Word::of(numbers.narrow(event.row)?));
            (own.event, own.key) = (event, word.map_or(Key::Unwritten, Key::Word));
            if self.explain {
                self.by_leg(&mut own, given, out);
                continue;
            }
            by_payee.sum_up(given)?;
            for (payee, sum) in by_payee.sums().filter(|(_, sum)| !sum.is_zero()) {
                self.put_row(&mut own, *payee, *sum, out);
            }
        }
        self.by_payee = by_payee;
        Ok(())
    }

    fn by_leg(&self, own: &mut Own<'_>, given: impl Iterator<Item = Allocation>, out: &mut Room) {
        for allocation in given {
            self.put_row(own, allocation.payee, allocation.amount, out);
            let at = |place: u32| usize::try_from(place).unwrap_or(usize::MAX);
            let cells = match allocation.leg {
                Allocation::BY_SETTLEMENT => self.settlements.get(at(own.event.batch.event)),
                Allocation::BY_CLOSING => Some(&self.closing),
                leg => self.legs.get(at(leg)),
            };
            out.piece(cells.unwrap_or(&self.none));
        }
    }

    /// Key, account, currency and amount, and what comes after it.
    #[inline(always)]
    fn put_row(&self, own: &mut Own<'_>, payee: Payee, amount: Money, out: &mut Room) {
        let key = match own.key {
            Key::Word(word) => Some(word),
            Key::Written(from, until) => {
                out.again(from, until);
                None
            }
            Key::Unwritten => {
                let from = out.len();
                self.put_key(own, out);
                own.key = Key::Written(from, out.len());
                None
            }
        };
        let account = match payee {
            Payee::Undetermined => &self.undetermined,
            Payee::Account(position) => self.known(position).unwrap_or(&self.none),
        };
        let short = out.short(|short| {
            key.map_or(Some(()), |word| short.word(word))?;
            short.piece(account)?;
            own.currency.map_or(Some(()), |code| short.piece(code))?;
            short.amount(amount, own.scale, own.after)
        });
        if short.is_none() {
            own.long_row((key, account), amount, out);
        }
    }

    /// The cell of an account.
    #[inline]
    fn known(&self, position: u32) -> Option<&Piece> {
        self.accounts.get(usize::try_from(position).ok()?)
    }

    /// Makes the cells of accounts that have not occurred before.
    fn meet_all(&mut self, accounts: &dyn Accounts) {
        let next = |known: usize| accounts.account(u32::try_from(known).ok()?);
        while let Some((declared, key)) = next(self.accounts.len()) {
            let at = usize::try_from(declared).ok();
            let declared = at.and_then(|at| self.names.accounts.get(at));
            let text = declared.map(|declared| account_text(declared, key, self.names));
            let text = text.unwrap_or_else(|| format!("account {}", self.accounts.len()));
            self.accounts.push(between(&text, self.delimiter, self.has_key));
        }
    }

    /// The numbers that are the keys of events, where nothing else is.
    fn numbers<'b>(&self, table: &TableCells<'_>, batch: &'b Batch) -> Option<&'b Wholes> {
        let [Some(field)] = table.key.as_slice() else { return None };
        match batch.columns.get(field.at) {
            Some(Column::Integer(numbers)) if !self.with_event && numbers.are_narrow() => {
                Some(numbers)
            }
            _ => None,
        }
    }

    /// Writes the key of an event: its cells, with delimiters between them.
    #[inline]
    fn put_key(&self, own: &Own<'_>, out: &mut Room) {
        let Some(table) = own.table else { return };
        if out.short(|short| self.short_key(table, own, short)).is_none() {
            self.put_long_key(table, own, out);
        }
    }

    /// The same where all cells are short and need no quotes; else nothing.
    #[inline]
    fn short_key(
        &self,
        table: &TableCells<'_>,
        own: &Own<'_>,
        short: &mut Short<'_>,
    ) -> Option<()> {
        let EventAt { batch, row, .. } = own.event;
        if self.with_event {
            short.piece(&table.name)?;
        }
        for (place, field) in table.key.iter().enumerate() {
            if place > 0 || self.with_event {
                short.put([self.delimiter], 1)?;
            }
            let Some(field) = field else { continue };
            match batch.columns.get(field.at)? {
                Column::Integer(numbers) if numbers.are_narrow() => {
                    short.integer(numbers.narrow(row)?)?;
                }
                Column::Text(texts) => {
                    let (bytes, length) = short_text(texts, row, self.delimiter)?;
                    short.put(*bytes, length)?;
                }
                _ => return None,
            }
        }
        Some(())
    }

    #[inline(never)]
    fn put_long_key(&self, table: &TableCells<'_>, own: &Own<'_>, out: &mut Room) {
        let mut first = true;
        if self.with_event {
            out.piece(&table.name);
            first = false;
        }
        for field in &table.key {
            if !std::mem::take(&mut first) {
                out.byte(self.delimiter);
            }
            let Some(field) = field else { continue };
            match own.event.batch.columns.get(field.at) {
                Some(Column::Integer(numbers)) => {
                    numbers.get(own.event.row).into_iter().for_each(|number| out.integer(number));
                }
                Some(column) => {
                    put_value(out, column, own.event.row, field, self.names, self.delimiter);
                }
                None => {}
            }
        }
    }
}

/// What the rows of one event have in common.
struct Own<'e> {
    event: EventAt<'e>,
    table: Option<&'e TableCells<'e>>,
    scale: u8,
    /// The cell of its currency, where there are several.
    currency: Option<&'e Piece>,
    /// What follows an amount.
    after: u8,
    key: Key,
}

/// The key of an event.
#[derive(Clone, Copy)]
enum Key {
    Unwritten,
    /// Where it stands.
    Written(usize, usize),
    /// All of it: it is written with the rest of a row.
    Word(Word),
}

impl Own<'_> {
    /// What follows the key in a row, where some of it is long.
    #[cold]
    fn long_row(&self, (key, account): (Option<Word>, &Piece), amount: Money, out: &mut Room) {
        key.into_iter().for_each(|word| out.word(word));
        out.piece(account);
        self.currency.into_iter().for_each(|code| out.piece(code));
        out.amount(amount, self.scale, self.after);
    }
}

/// Writes a value of a column as a cell.
#[inline(never)]
fn put_value(
    out: &mut Room,
    column: &Column,
    row: usize,
    field: &KeyField<'_>,
    names: &Names,
    delimiter: u8,
) {
    match column {
        Column::Text(texts) => {
            let short = short_text(texts, row, delimiter);
            let short = short.and_then(|(it, length)| out.short(|short| short.put(*it, length)));
            if short.is_none() {
                put_text(out, texts.get(row).unwrap_or_default(), delimiter);
            }
        }
        Column::Member(members) => {
            let position = members.get(row).and_then(|member| usize::try_from(member).ok());
            let cell = position.and_then(|position| field.members.get(position));
            match (cell, position) {
                (Some(cell), _) => out.piece(cell),
                (None, Some(position)) => out.bytes(position.to_string().as_bytes()),
                (None, None) => {}
            }
        }
        Column::Date(dates) => {
            if let Some(date) = dates.get(row) {
                put_date(out, date);
            }
        }
        other => put_text(out, &file_text(&other.cell(row), &field.field.kind, names), delimiter),
    }
}

fn put_date(out: &mut Room, date: Date) {
    let (year, month, day) = date.civil();
    let digit = |number: i32| b'0' + u8::try_from(number % 10).unwrap_or(0);
    out.bytes(&[
        digit(year / 1000),
        digit(year / 100),
        digit(year / 10),
        digit(year),
        b'-',
        digit(month / 10),
        digit(month),
        b'-',
        digit(day / 10),
        digit(day),
    ]);
}

/// A text as most are: short, with nothing in it or behind it that needs quotes; and how long it is.
#[inline]
fn short_text(texts: &TextColumn, row: usize, delimiter: u8) -> Option<(&[u8; 16], usize)> {
    texts.short(row).filter(|(bytes, _)| !need_quotes(*bytes, delimiter))
}

fn put_text(out: &mut Room, text: &str, delimiter: u8) {
    match quoted(text, delimiter) {
        None => out.bytes(text.as_bytes()),
        Some(quoted) => out.bytes(quoted.as_bytes()),
    }
}

fn cell_bytes(text: &str, delimiter: u8) -> Vec<u8> {
    quoted(text, delimiter).map_or_else(|| text.as_bytes().to_vec(), String::into_bytes)
}

/// A cell with a delimiter after it, and before it if it is not the first.
fn between(text: &str, delimiter: u8, after_another: bool) -> Piece {
    let delimiters = [delimiter];
    let before = if after_another { &delimiters[..] } else { &[] };
    Piece::from([before, &cell_bytes(text, delimiter), &delimiters].concat().as_slice())
}

#[cfg(test)]
mod tests;
