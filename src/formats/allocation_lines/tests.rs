//! Lines against rows of cells put together one by one.

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
        let gave = |row: usize| {
            let event = EventAt { batch: &batch, row, date: Date::MIN, booked: Date::MIN };
            (event, given[row * share..(row + 1) * share].iter().copied())
        };
        // Many at once or one by one is the same.
        let half = rows.len() / 2;
        lines.events(&batch, (0..half).map(gave), &Three, &mut out).unwrap();
        for row in half..rows.len() {
            lines.events(&batch, [gave(row)], &Three, &mut out).unwrap();
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
            rows.iter().map(|row| cell(row.4.map(|it| Cell::Money(Money::from_minor(it.into()))))),
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
