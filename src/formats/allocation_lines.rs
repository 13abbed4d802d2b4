//! Rows of allocations as lines of CSV or TSV, written into memory.
//!
//! This is where most bytes of a run are made, so nothing is worked out twice: accounts, members and
//! legs are turned into cells once, and the key of an event once for all its rows.

use crate::base::{Date, Money};
use crate::report::names::{Field, Kind, Names};
use crate::report::values::{account_text, file_text};
use crate::rows::{Accounts, Allocation, Column, EventAt, Payee, TextColumn};

use super::allocations::KeyColumns;
use super::by_payee::ByPayee;
use super::error::FormatsError;
use super::records::{need_quotes, quoted};
use super::room::{Piece, Room, Word};

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
    /// Accounts that have occurred, between the delimiters that they need.
    accounts: Vec<Option<Piece>>,
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
        let tables = names.events.iter().zip(0_u32..).map(|(table, event)| TableCells {
            name: cell(&table.name.text),
            scale: table.currency.scale,
            currency: between(&table.currency.code, delimiter, false),
            key: keys
                .fields(event)
                .map(|at| {
                    let (at, field) = at.and_then(|at| Some((at, table.fields.get(at)?)))?;
                    let members = match &field.kind {
                        Kind::Member(members) => members.members.as_slice(),
                        _ => &[],
                    };
                    let members = members.iter().map(|(label, _)| cell(&label.text)).collect();
                    Some(KeyField { at, field, members })
                })
                .collect(),
        });
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

    /// Adds the rows of one event to `out`.
    ///
    /// # Errors
    /// What an account gets leaves the supported range.
    pub fn event(
        &mut self,
        event: EventAt<'_>,
        allocations: &[Allocation],
        accounts: &dyn Accounts,
        out: &mut Room,
    ) -> Result<(), FormatsError> {
        for allocation in allocations {
            if let Payee::Account(position) = allocation.payee
                && self.known(position).is_none()
            {
                self.meet(position, accounts);
            }
        }
        let table = usize::try_from(event.batch.event).ok().and_then(|at| self.tables.get(at));
        let mut own = Own {
            event: &event,
            table,
            scale: table.map_or(2, |table| table.scale),
            currency: table.filter(|_| self.currency).map(|table| &table.currency),
            after: if self.explain { self.delimiter } else { b'\n' },
            key: table.and_then(|table| self.word(table, &event)).map_or(Key::Unwritten, Key::Word),
        };
        if self.explain {
            self.by_leg(own, allocations, out);
            return Ok(());
        }
        if are_few_apart(allocations) {
            for given in allocations.iter().filter(|given| !given.amount.is_zero()) {
                self.put_row(&mut own, given.payee, given.amount, out);
            }
            return Ok(());
        }
        self.by_payee.sum_up(allocations)?;
        for (payee, sum) in self.by_payee.sums().filter(|(_, sum)| !sum.is_zero()) {
            self.put_row(&mut own, *payee, *sum, out);
        }
        Ok(())
    }

    fn by_leg(&self, mut own: Own<'_>, allocations: &[Allocation], out: &mut Room) {
        for allocation in allocations {
            self.put_row(&mut own, allocation.payee, allocation.amount, out);
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

    /// The cell of an account that has occurred.
    #[inline]
    fn known(&self, position: u32) -> Option<&Piece> {
        self.accounts.get(usize::try_from(position).ok()?)?.as_ref()
    }

    /// Makes the cell of an account that has not occurred before.
    #[cold]
    fn meet(&mut self, position: u32, accounts: &dyn Accounts) {
        let at = usize::try_from(position).unwrap_or(usize::MAX);
        if self.accounts.len() <= at && at < usize::MAX {
            self.accounts.resize(at + 1, None);
        }
        let found = accounts.account(position).and_then(|(declared, key)| {
            let declared = usize::try_from(declared).ok()?;
            Some(account_text(self.names.accounts.get(declared)?, key, self.names))
        });
        let text = found.unwrap_or_else(|| format!("account {position}"));
        if let Some(place) = self.accounts.get_mut(at) {
            *place = Some(between(&text, self.delimiter, self.has_key));
        }
    }

    /// The key of an event, where that is a short number, as it mostly is.
    #[inline]
    fn word(&self, table: &TableCells<'_>, event: &EventAt<'_>) -> Option<Word> {
        let [Some(field)] = table.key.as_slice() else { return None };
        match event.batch.columns.get(field.at) {
            Some(Column::Integer(numbers)) if !self.with_event && numbers.are_narrow() => {
                Word::of(numbers.narrow(event.row)?)
            }
            _ => None,
        }
    }

    /// Writes the key of an event: its cells, with delimiters between them.
    #[inline(never)]
    fn put_key(&self, own: &Own<'_>, out: &mut Room) {
        let Some(table) = own.table else { return };
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
                // By far the most are such numbers.
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

/// Whether they are so few that it is seen at once that each has a payee of its own: then there is
/// nothing to sum up.
#[inline]
fn are_few_apart(allocations: &[Allocation]) -> bool {
    match allocations {
        [] | [_] => true,
        [one, two] => one.payee != two.payee,
        [one, two, three] => {
            one.payee != two.payee && one.payee != three.payee && two.payee != three.payee
        }
        _ => false,
    }
}

/// What the rows of one event have in common.
struct Own<'e> {
    event: &'e EventAt<'e>,
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
            if put_short(out, texts, row, delimiter).is_none() {
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

/// Writes a text as most are: short, with nothing in it or behind it that needs quotes.
fn put_short(out: &mut Room, texts: &TextColumn, row: usize, delimiter: u8) -> Option<()> {
    let (bytes, length) = texts.short::<16>(row).filter(|(it, _)| !need_quotes(*it, delimiter))?;
    out.short(|short| short.put(*bytes, length))
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
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use crate::diagnostics::Language;
    use crate::report::names::{Currency, Keyed, Label, Leg, Members, Table};
    use crate::rows::{Batch, Cell};

    use super::super::table_reader::column_of;
    use super::*;

    fn names(two: bool) -> Names {
        let members = |name: &str| (Label::plain(name), None);
        let regions = vec![members("beijing"), members("a,\"b\"\tc")];
        let region = Kind::Member(Arc::new(Members::new(Label::plain("Region"), regions)));
        let kinds = [Kind::Integer, Kind::Text, Kind::Date, region.clone(), Kind::Money(2)];
        let fields = kinds.into_iter().zip(["id", "payer", "date", "region", "amount"]);
        let fields: Vec<Field> = fields
            .map(|(kind, name)| {
                let name = Label::plain(name);
                Field { name, kind, required: false, computed: false, dated: false }
            })
            .collect();
        let table = |name: &str, key: Vec<usize>, scale: u8| Table {
            name: Label::plain(name),
            fields: fields.clone(),
            key,
            effective: None,
            inflow: None,
            sent: true,
            currency: Currency { code: format!("C{scale}"), scale },
            settlement: String::new(),
        };
        let mut events = vec![table("receipt", vec![0, 1, 2, 3, 4], 2)];
        if two {
            events.push(table("pay,ment", vec![1], 0));
        }
        let account = |name: &str, keys: Vec<Kind>| Keyed {
            name: Label::plain(name),
            keys,
            value: Kind::Money(2),
            code: None,
        };
        let accounts = vec![account("central", vec![]), account("treasury", vec![region])];
        let leg = Leg { owner: Label::plain("r"), place: "1".into(), clause: "art. 2, 3".into() };
        Names { events, accounts, legs: vec![leg], ..Names::default() }
    }

    struct Three;

    impl Accounts for Three {
        fn account(&self, position: u32) -> Option<(u32, &[Cell])> {
            static KEYS: [Cell; 2] = [Cell::Member(0), Cell::Member(1)];
            match position {
                0 => Some((0, &[])),
                position => {
                    let at = usize::try_from(position).unwrap();
                    Some((1, KEYS.get(at - 1..at)?))
                }
            }
        }
    }

    type Row = (Option<i128>, Option<String>, Option<i32>, Option<u32>, Option<i64>);

    /// A cell as files have it, and quotes if it needs them.
    fn plain_cell(text: &str, delimiter: char) -> String {
        match text.contains([delimiter, '"', '\n', '\r']) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text.to_owned(),
        }
    }

    proptest! {
        /// The lines are those of cells put into text one by one.
        #[test]
        fn lines_are_cells_put_together(
            rows in prop::collection::vec(
                (
                    prop::option::of(any::<i128>().prop_map(|it| it >> 30)),
                    prop::option::of("[a-z税,\"\t\n]{1,4}"),
                    prop::option::of(-700_000_i32..2_900_000),
                    prop::option::of(0_u32..2),
                    prop::option::of(any::<i64>()),
                ),
                0..6,
            ),
            given in prop::collection::vec((0_u32..4, -300_i128..300, 0_u32..2), 0..20),
            (two, explain, tab) in any::<(bool, bool, bool)>(),
        ) {
            let names = names(two);
            let event = u32::from(two);
            let batch = batch(&names, event, &rows);
            let given: Vec<Allocation> = given
                .into_iter()
                .map(|(to, amount, leg)| Allocation {
                    payee: if to == 3 { Payee::Undetermined } else { Payee::Account(to) },
                    amount: Money::from_minor(amount),
                    leg,
                })
                .collect();
            // Some events get nothing.
            let share = given.len() / rows.len().max(1);
            let delimiter = if tab { '\t' } else { ',' };
            let keys = KeyColumns::of(&names, Language::English);
            let sign = u8::try_from(delimiter).unwrap();
            let mut lines = AllocationLines::new(&names, &keys, sign, explain);
            let mut out = Room::default();
            for row in 0..rows.len() {
                let event = EventAt { batch: &batch, row, date: Date::MIN, booked: Date::MIN };
                let own = &given[row * share..(row + 1) * share];
                lines.event(event, own, &Three, &mut out).unwrap();
            }
            let wanted: String = (0..rows.len())
                .flat_map(|row| {
                    let own = &given[row * share..(row + 1) * share];
                    plain_rows(&names, &batch, row, own, explain)
                })
                .map(|cells| {
                    let cells: Vec<String> =
                        cells.iter().map(|cell| plain_cell(cell, delimiter)).collect();
                    cells.join(&delimiter.to_string()) + "\n"
                })
                .collect();
            prop_assert_eq!(String::from_utf8(out.written().to_vec()).unwrap(), wanted);
        }
    }

    fn batch(names: &Names, event: u32, rows: &[Row]) -> Batch {
        let kinds: Vec<&Kind> = names.events[0].fields.iter().map(|field| &field.kind).collect();
        let cell = |cell: Option<Cell>| cell.unwrap_or(Cell::Missing);
        let columns = vec![
            column_of(kinds[0], rows.iter().map(|row| cell(row.0.map(Cell::Integer)))),
            column_of(
                kinds[1],
                rows.iter().map(|row| cell(row.1.as_deref().map(|it| Cell::Text(it.into())))),
            ),
            column_of(
                kinds[2],
                rows.iter().map(|row| cell(row.2.and_then(Date::from_days).map(Cell::Date))),
            ),
            column_of(kinds[3], rows.iter().map(|row| cell(row.3.map(Cell::Member)))),
            column_of(
                kinds[4],
                rows.iter()
                    .map(|row| cell(row.4.map(|it| Cell::Money(Money::from_minor(it.into()))))),
            ),
        ];
        Batch { event, columns, origins: Vec::new() }
    }

    fn plain_rows(
        names: &Names,
        batch: &Batch,
        row: usize,
        given: &[Allocation],
        explain: bool,
    ) -> Vec<Vec<String>> {
        let two = names.events.len() > 1;
        let mut key = Vec::new();
        if two {
            key.push(names.events[usize::try_from(batch.event).unwrap()].name.text.clone());
        }
        for (column, field) in batch.columns.iter().zip(&names.events[0].fields) {
            let is_key = batch.event == 0 || field.name.text == "payer";
            let text = file_text(&column.cell(row), &field.kind, names);
            key.push(if is_key { text } else { String::new() });
        }
        let mut sums: Vec<(Payee, Money, u32)> = Vec::new();
        for it in given {
            match sums.iter_mut().find(|(payee, ..)| *payee == it.payee && !explain) {
                Some((_, sum, _)) => *sum = sum.checked_add(it.amount).unwrap(),
                None => sums.push((it.payee, it.amount, it.leg)),
            }
        }
        let sums = sums.into_iter().filter(|(_, sum, _)| explain || !sum.is_zero());
        sums.map(|(payee, sum, leg)| {
            let account = match payee {
                Payee::Undetermined => "undetermined".to_owned(),
                Payee::Account(0) => "central".to_owned(),
                Payee::Account(1) => "treasury[beijing]".to_owned(),
                Payee::Account(_) => "treasury[a,\"b\"\tc]".to_owned(),
            };
            let mut cells = [key.clone(), vec![account]].concat();
            if two {
                cells.push(if batch.event == 0 { "C2" } else { "C0" }.to_owned());
            }
            cells.push(sum.format(if batch.event == 0 { 2 } else { 0 }));
            if explain {
                let known = ["r", "1", "art. 2, 3"].map(str::to_owned);
                cells.extend(if leg == 0 { known } else { Default::default() });
            }
            cells
        })
        .collect()
    }
}
