//! Blocks of any size hold the same rows, and those that a plain reader finds one by one.

use std::io::Write;
use std::sync::Arc;

use proptest::prelude::*;

use crate::report::names::{Currency, Field, Kind, Label, Members, Table};
use crate::rows::{Cell, Unreadable};

use super::super::blocks::{Blocks, Text};
use super::super::csv::{CsvRows, Cutter};
use super::super::encoding::Encoding;
use super::super::input::InputOptions;
use super::super::parse;
use super::*;

/// What is read of a file: each event kind's rows, and the rows that are none, as line and text.
#[derive(Debug, PartialEq, Eq, Default)]
struct Found {
    events: Vec<(u32, u64, Vec<Cell>)>,
    unread: Vec<(u64, String)>,
    rows: u64,
}

fn field(name: &str, kind: Kind, required: bool) -> Field {
    Field { name: Label::plain(name), kind, required, computed: false, dated: false }
}

fn table(name: &str, fields: Vec<Field>, inflow: usize) -> Table {
    let currency = Currency { code: "CNY".into(), scale: 2 };
    let (name, inflow) = (Label::plain(name), Some(inflow));
    Table {
        name,
        fields,
        key: vec![0],
        effective: None,
        inflow,
        sent: true,
        currency,
        settlement: String::new(),
    }
}

/// Rules with one event kind, or with two.
fn names(two: bool) -> Names {
    let member = |text: &str, zh: &str| {
        (Label { text: text.into(), en: None, zh: Some(zh.into()) }, Some(format!("{text}-0001")))
    };
    let taxes = Members::new(
        Label::plain("Tax"),
        vec![member("vat", "增值税"), member("corporate_income_tax", "企业所得税")],
    );
    let receipt = vec![
        field("id", Kind::Integer, true),
        field("date", Kind::Date, false),
        field("tax", Kind::Member(Arc::new(taxes)), true),
        field("payer", Kind::Text, false),
        field("rate", Kind::Rate, false),
        field("amount", Kind::Money(2), true),
    ];
    let payment = vec![
        field("id", Kind::Integer, true),
        field("payer", Kind::Text, true),
        field("amount", Kind::Money(2), true),
    ];
    let mut events = vec![table("receipt", receipt, 5)];
    if two {
        events.push(table("payment", payment, 2));
    }
    Names { events, ..Names::default() }
}

/// Reads a file in blocks of about so many bytes.
fn in_blocks(names: &Names, input: &Input, bytes: &[u8], size: usize) -> Found {
    let mut events = Events::open(names, input, 7, None, &Mapping::default()).unwrap();
    let reader = events.reader();
    let blocks = Blocks::sized(bytes, b',', "x.csv", size).holding(Text::Of(input.text()));
    let mut rows = CsvRows::new(blocks, Cutter::new(b','));
    rows.next().unwrap();
    let (mut found, mut unread) = (Found::default(), Vec::new());
    while let Some(block) = rows.next_block().unwrap() {
        events.take_in(reader.read(EventBlock(Taken::Block(RawBlock::Text(block)))), &mut unread);
    }
    events.end();
    found.rows = events.rows_read();
    while let Some(batch) = events.ready() {
        for (row, origin) in batch.origins.iter().enumerate() {
            let cells = batch.columns.iter().map(|column| column.cell(row)).collect();
            found.events.push((batch.event, origin.line, cells));
        }
    }
    found.unread = unread.iter().map(shown).collect();
    found
}

fn shown(unread: &Unread) -> (u64, String) {
    let Unread { event, origin, inflow, cells: _, reason } = unread;
    (origin.line, format!("{event:?} {inflow:?} {reason:?}"))
}

/// A row as a plain reader finds it: the cells, or the cell with a bad quote.
struct PlainRow {
    line: u64,
    text: Vec<u8>,
    cells: Result<Vec<Vec<u8>>, usize>,
}

/// One sign after the other, with the whole file in sight.
fn plain_rows(bytes: &[u8]) -> Vec<PlainRow> {
    let (mut rows, mut at, mut line) = (Vec::new(), 0, 1);
    while at < bytes.len() {
        let line_end = bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n);
        let ended = line_end < bytes.len();
        let text = &bytes[at..line_end];
        let text = if ended { without_return(text) } else { text };
        let (next_line, start) = ((line_end + 1).min(bytes.len()), at);
        if text.is_empty() && ended {
            (at, line) = (next_line, line + 1);
            continue;
        }
        if !text.contains(&b'"') {
            let cells = text.split(|b| *b == b',').map(<[u8]>::to_vec).collect();
            rows.push(PlainRow { line, text: text.to_vec(), cells: Ok(cells) });
            (at, line) = (next_line, line + 1);
            continue;
        }
        match quoted_row(bytes, start) {
            Ok((cells, end)) => {
                let whole = &bytes[start..end];
                let text = without_return(whole.strip_suffix(b"\n").unwrap_or(whole));
                rows.push(PlainRow { line, text: text.to_vec(), cells: Ok(cells) });
                line += u64::try_from(whole.iter().filter(|b| **b == b'\n').count()).unwrap();
                at = end;
            }
            Err(cell) => {
                rows.push(PlainRow { line, text: text.to_vec(), cells: Err(cell) });
                (at, line) = (next_line, line + 1);
            }
        }
    }
    rows
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Cells and where the next row starts, or the cell with a bad quote.
fn quoted_row(bytes: &[u8], mut at: usize) -> Result<(Vec<Vec<u8>>, usize), usize> {
    let mut cells: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut cell = Vec::new();
        let quoted = bytes.get(at) == Some(&b'"');
        if quoted {
            at += 1;
            loop {
                match (bytes.get(at), bytes.get(at + 1)) {
                    (None, _) => return Err(cells.len()),
                    (Some(b'"'), Some(b'"')) => at += 1,
                    (Some(b'"'), _) => break,
                    _ => {}
                }
                cell.push(bytes[at]);
                at += 1;
            }
            at += 1;
        } else {
            while bytes.get(at).is_some_and(|b| !matches!(b, b',' | b'\n')) {
                cell.push(bytes[at]);
                at += 1;
            }
        }
        let number = cells.len();
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b','), _) => cells.push(cell),
            (None, _) | (Some(b'\n'), _) => {
                cells.push(if quoted { cell } else { without_return(&cell).to_vec() });
                return Ok((cells, (at + 1).min(bytes.len())));
            }
            (Some(b'\r'), Some(b'\n')) => {
                cells.push(cell);
                return Ok((cells, at + 2));
            }
            _ => return Err(number),
        }
        at += 1;
    }
}

/// What a plain reader makes of a file whose columns are the fields of its first event kind, with
/// or without a column `event` before them.
fn plainly(names: &Names, bytes: &[u8], encoding: Encoding) -> Found {
    let mut found = Found::default();
    let mut rows = plain_rows(bytes).into_iter();
    let header: Vec<String> = rows
        .next()
        .and_then(|row| row.cells.ok())
        .unwrap()
        .into_iter()
        .map(|cell| String::from_utf8(cell).unwrap())
        .collect();
    let by_column = header[0] == "event";
    for row in rows {
        found.rows += 1;
        match plain_event(names, &header, by_column, &row, encoding) {
            Ok((event, cells)) => found.events.push((event, row.line, cells)),
            Err(_) if is_blank(&row, encoding) => {}
            Err((event, inflow, column, value, why)) => {
                let (column, value) = (column.map(Arc::from), Arc::from(parse::shortened(&value)));
                let reason = crate::rows::Reason::Unreadable { column, value, why };
                let origin = crate::rows::Origin { file: 7, line: row.line };
                found.unread.push(shown(&Unread { event, origin, inflow, cells: None, reason }));
            }
        }
    }
    // Kind by kind, since no file here fills a batch.
    found.events.sort_by_key(|(event, line, _)| (*event, *line));
    found
}

/// Whether all cells of a row are empty.
fn is_blank(row: &PlainRow, encoding: Encoding) -> bool {
    let text = encoding.decoded(&row.text).filter(|_| !row.text.contains(&0));
    let empty = |cell: &Vec<u8>| encoding.decoded(cell).is_some_and(|it| it.trim().is_empty());
    text.is_some() && row.cells.as_ref().is_ok_and(|cells| cells.iter().all(empty))
}

type PlainFault = (Option<u32>, Option<crate::base::Money>, Option<String>, String, Unreadable);

fn plain_event(
    names: &Names,
    header: &[String],
    by_column: bool,
    row: &PlainRow,
    encoding: Encoding,
) -> Result<(u32, Vec<Cell>), PlainFault> {
    let only = (!by_column).then_some(0);
    let shown = encoding.shown(&row.text);
    let is_text = encoding.decoded(&row.text).is_some() && !row.text.contains(&0);
    if !is_text {
        return Err((only, None, None, shown, Unreadable::NotText));
    }
    let cells = row.cells.as_ref().map_err(|cell| {
        (only, None, header.get(*cell).cloned(), shown.clone(), Unreadable::Quote)
    })?;
    if cells.len() != header.len() {
        let count = |cells: usize| u32::try_from(cells).unwrap();
        let (expected, found) = (count(header.len()), count(cells.len()));
        return Err((only, None, None, shown, Unreadable::Ragged { expected, found }));
    }
    let texts: Vec<String> =
        cells.iter().map(|cell| encoding.decoded(cell).unwrap().into_owned()).collect();
    let kind = match by_column {
        false => 0,
        true => {
            let spelling = texts[0].clone();
            let found = names.events.iter().position(|it| it.name.text == spelling.trim());
            let why = match spelling.is_empty() {
                true => Unreadable::Missing,
                false => Unreadable::UnknownMember,
            };
            // The kind's spelling is given whole.
            found.ok_or((None, None, Some("event".to_owned()), spelling, why))?
        }
    };
    let table = &names.events[kind];
    let text_of = |field: &Field| {
        let at = header.iter().position(|name| *name == field.name.text)?;
        Some((texts[at].as_str(), header[at].clone()))
    };
    let inflow = || {
        let field = &table.fields[table.inflow?];
        match parse::text(text_of(field)?.0, &field.kind, names).ok()? {
            Cell::Money(amount) => Some(amount),
            _ => None,
        }
    };
    let event = u32::try_from(kind).unwrap();
    let mut values = Vec::new();
    for field in &table.fields {
        let Some((text, column)) = text_of(field) else {
            values.push(Cell::Missing);
            continue;
        };
        let value = match parse::text(text, &field.kind, names) {
            Ok(Cell::Missing) if field.required => Err(Unreadable::Missing),
            other => other,
        };
        let fault = |why| (Some(event), inflow(), Some(column), text.to_owned(), why);
        values.push(value.map_err(fault)?);
    }
    Ok((event, values))
}

/// A cell: mostly of the usual spelling of some field, now and then of none.
fn cell() -> impl Strategy<Value = Vec<u8>> {
    let text = |texts: &'static [&'static str]| prop::sample::select(texts);
    let usual = text(&[
        "1",
        "23",
        "20150101",
        "2016-05-01",
        "vat",
        "vat-0001",
        "corporate_income_tax",
        "增值税",
        "100.00",
        "-0.05",
        "7.5",
        "12345678901.25",
        "E00001",
        "华北 公司",
        "3.5%",
        "",
        "0",
    ]);
    let odd = text(&[
        " 5 ",
        "1,234",
        "+5",
        "1e5",
        "2016-5-1",
        "2023-02-29",
        "9999999999999999999",
        "12345678901234567890.12",
        "1.234",
        "-",
        ".",
        "vat ",
        "ｖａｔ",
        "x\r",
        "\0",
        "１２",
        "\"a,b\"",
        "\"two\nlines\"",
        "\"\"",
        "\"say \"\"so\"\"\"",
        "\"open",
        "\"a\"x",
        "5\" pipe",
    ]);
    prop_oneof![
        12 => usual.prop_map(|text| text.as_bytes().to_vec()),
        2 => odd.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ]
}

/// Rows of six cells, mostly; the first three and the last of the usual kind, mostly.
fn row() -> impl Strategy<Value = Vec<u8>> {
    let good = (0..99_999_u32, "20[0-9]{2}-[01][0-9]-[0-2][0-9]", 0..9_999_999_i64).prop_map(
        |(id, date, units)| {
            let amount = crate::base::Money::from_minor(i128::from(units) - 500).format(2);
            format!("{id},{date},vat,E{id:05},0.5,{amount}").into_bytes()
        },
    );
    let any = prop::collection::vec(cell(), 1..9).prop_map(|cells| cells.join(&b','));
    let six = prop::collection::vec(cell(), 6..7).prop_map(|cells| cells.join(&b','));
    prop_oneof![6 => good, 3 => six, 1 => any]
}

fn end() -> impl Strategy<Value = &'static [u8]> {
    prop_oneof![12 => Just(&b"\n"[..]), 3 => Just(&b"\r\n"[..]), 1 => Just(&b"\n\n\r\n"[..])]
}

fn file() -> impl Strategy<Value = Vec<u8>> {
    let rows = prop::collection::vec((row(), end()), 0..40);
    (rows, any::<bool>()).prop_map(|(rows, whole)| {
        let mut bytes: Vec<u8> = Vec::new();
        for (row, end) in rows {
            bytes.extend(row);
            bytes.extend(end);
        }
        if !whole {
            bytes.pop();
        }
        bytes
    })
}

#[track_caller]
fn check(names: &Names, header: &str, body: &[u8], encoding: Encoding, sizes: &[usize]) {
    let bytes = [header.as_bytes(), b"\n", body].concat();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    let mut place = tempfile::NamedTempFile::new_in(folder.path()).unwrap();
    place.write_all(&bytes).unwrap();
    place.persist(&path).unwrap();
    let options = InputOptions { encoding: Some(encoding), ..InputOptions::default() };
    // Some heaps of bytes are refused before anybody reads rows.
    let Ok(input) = Input::open(path.to_str().unwrap(), options) else { return };
    let plain = plainly(names, &bytes, encoding);
    for size in sizes {
        let found = in_blocks(names, &input, &bytes, *size);
        assert_eq!(found, plain, "blocks of {size}: {:?}", String::from_utf8_lossy(&bytes));
    }
}

proptest! {
    #[test]
    fn blocks_of_any_size_hold_what_a_plain_reader_finds(
        body in file(),
        sizes in prop::collection::vec(1_usize..400, 3..4),
        gb: bool,
    ) {
        let encoding = if gb { Encoding::Gb18030 } else { Encoding::Utf8 };
        let sizes = [&sizes[..], &[1 << 20]].concat();
        check(&names(false), "id,date,tax,payer,rate,amount", &body, encoding, &sizes);
    }

    #[test]
    fn kinds_told_by_a_column_come_apart(body in file(), size in 1_usize..400) {
        let mut rows = Vec::new();
        for (at, line) in body.split_inclusive(|byte| *byte == b'\n').enumerate() {
            rows.extend_from_slice([&b"receipt,"[..], b"payment,", b"levy,"][at % 3]);
            rows.extend_from_slice(line);
        }
        let header = "event,id,date,tax,payer,rate,amount";
        check(&names(true), header, &rows, Encoding::Utf8, &[size, 1 << 20]);
    }
}

/// Of a kind that fills batches, and one that does not: the order is that of the rows that fill them.
#[test]
fn batches_of_several_kinds_do_not_depend_on_blocks() {
    let names = names(true);
    let mut bytes = b"event,id,payer,tax,amount\n".to_vec();
    for at in 0..150_000 {
        let kind = if at % 4 == 0 { "payment" } else { "receipt" };
        bytes.extend(format!("{kind},{at},E,vat,1.00\n").into_bytes());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    std::fs::File::create_new(&path).unwrap().write_all(&bytes).unwrap();
    let input = Input::open(path.to_str().unwrap(), InputOptions::default()).unwrap();
    let small = in_blocks(&names, &input, &bytes, 10_000);
    assert_eq!(small.events.len(), 150_000);
    assert_eq!(small, in_blocks(&names, &input, &bytes, 1 << 20));
    let kinds: Vec<u32> = small.events.chunk_by(|a, b| a.0 == b.0).map(|run| run[0].0).collect();
    assert_eq!(kinds, [0, 1, 0, 1]);
}
