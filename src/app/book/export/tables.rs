//! Tables with a Frictionless data package beside them, for auditors' tools.

use std::path::Path;

use serde_json::{Value as Json, json};

use crate::base::{Digest, Money};
use crate::book::{Book, Entry, Leaf, Moment, Outcome};
use crate::diagnostics::Language;
use crate::report::book::{leg_name, log_line};

use super::super::maker::key_text;
use super::super::{BookTrouble, Reader, walk};
use super::{Moved, moves, write};

/// A column: its name, and its type in a table schema.
type Column = (&'static str, &'static str);

const AMOUNTS: [Column; 13] = [
    ("row", "integer"),
    ("entry", "integer"),
    ("corrects", "integer"),
    ("batch", "integer"),
    ("event", "string"),
    ("key", "string"),
    ("date", "date"),
    ("booked", "date"),
    ("account", "string"),
    ("amount", "number"),
    ("currency", "string"),
    ("rule", "string"),
    ("leg", "string"),
];

const EVENTS: [Column; 9] = [
    ("entry", "integer"),
    ("kind", "string"),
    ("batch", "integer"),
    ("event", "string"),
    ("key", "string"),
    ("date", "date"),
    ("outcome", "string"),
    ("inflow", "number"),
    ("what", "string"),
];

/// Writes `amounts.csv` (a row an amount, corrections as rows that take back and give anew, so that
/// sums are what stands), `events.csv` (a row an event or row of data, set aside or not) and
/// `datapackage.json` into a folder.
///
/// # Errors
/// The book cannot be read, or a file cannot be written.
pub fn tables(book: &mut Book, made: Moment, folder: &Path) -> Result<(), BookTrouble> {
    let amounts = amounts(book)?;
    let events = events(book)?;
    let head = super::head(book, made)?;
    let package = json!({
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "fenshui-book",
        "title": head,
        "created": made.to_string(),
        "resources": [
            resource("amounts", &AMOUNTS, &["row"], &amounts),
            resource("events", &EVENTS, &["entry"], &events),
        ],
    });
    write(&folder.join("amounts.csv"), amounts.as_bytes())?;
    write(&folder.join("events.csv"), events.as_bytes())?;
    write(&folder.join("datapackage.json"), format!("{package:#}\n").as_bytes())
}

fn resource(name: &str, columns: &[Column], key: &[&str], text: &str) -> Json {
    let fields = columns.iter().map(|(name, kind)| match *kind {
        "number" => json!({ "name": name, "type": kind, "decimalChar": ".", "bareNumber": true }),
        _ => json!({ "name": name, "type": kind }),
    });
    json!({
        "name": name,
        "type": "table",
        "path": format!("{name}.csv"),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": text.len(),
        "hash": format!("sha256:{}", Digest::of(text.as_bytes())),
        "schema": { "fields": fields.collect::<Json>(), "primaryKey": key },
    })
}

fn amounts(book: &mut Book) -> Result<String, BookTrouble> {
    let mut out = header(&AMOUNTS);
    let mut row = 0_u64;
    moves(book, |moved| {
        for leaf in moved.reversed {
            row += 1;
            amount_row(&mut out, row, moved, leaf, -leaf.amount.minor());
        }
        for leaf in moved.given {
            row += 1;
            amount_row(&mut out, row, moved, leaf, leaf.amount.minor());
        }
        Ok(())
    })?;
    Ok(out)
}

fn amount_row(out: &mut String, row: u64, moved: &Moved<'_>, leaf: &Leaf, minor: i128) {
    let event = moved.event;
    let booked = moved.correction.map(|it| it.booked).or(event.booked).unwrap_or(event.date);
    let (rule, place, _) = leg_name(leaf.leg, moved.names);
    let batch = moved.correction.map_or(event.batch, |it| it.batch);
    line(
        out,
        [
            row.to_string(),
            moved.number.to_string(),
            moved.correction.map_or_else(String::new, |it| it.of.to_string()),
            batch.to_string(),
            moved.kind().to_owned(),
            key_text(event),
            event.date.to_string(),
            booked.to_string(),
            moved.account(leaf.account.as_ref()),
            Money::from_minor(minor).format(moved.scale()),
            moved.currency().to_owned(),
            rule.to_owned(),
            place.to_owned(),
        ],
    );
}

fn events(book: &mut Book) -> Result<String, BookTrouble> {
    let mut out = header(&EVENTS);
    let size = book.size()?;
    let mut numbers = Vec::new();
    walk(book, 0..size, |number, entry| {
        if matches!(entry, Entry::Event(_) | Entry::Unread(_) | Entry::Correction(_)) {
            numbers.push(number);
        }
        Ok(())
    })?;
    let mut reader = Reader::new(Language::English);
    for number in numbers {
        let entry = book.entry(number)?;
        let named = reader.named(book, &entry)?;
        let of = named.names();
        let said = log_line(number, &entry, of, Language::English);
        let (kind, outcome) = match &entry {
            Entry::Event(event) => (Some(event.kind), Some(&event.outcome)),
            Entry::Correction(correction) => (None, correction.outcome.as_ref()),
            _ => (None, None),
        };
        let outcome = match (outcome, &entry) {
            (Some(Outcome::Allocated { .. }), _) => "allocated",
            (None, Entry::Correction(_)) => "withdrawn",
            (Some(Outcome::SetAside { .. }) | None, _) => "set aside",
        };
        let table = kind.and_then(|kind| super::get(&of.names.events, kind));
        line(
            &mut out,
            [
                number.to_string(),
                said.kind.to_owned(),
                said.batch.map_or_else(String::new, |batch| batch.to_string()),
                table.map_or_else(String::new, |table| table.name.text.clone()),
                said.key,
                said.when,
                outcome.to_owned(),
                said.amount,
                said.what,
            ],
        );
    }
    Ok(out)
}

fn header(columns: &[Column]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    format!("{}\n", names.join(","))
}

/// A line of CSV, as RFC 4180 has it.
fn line<const N: usize>(out: &mut String, cells: [String; N]) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        if cell.contains(['"', ',', '\n', '\r']) {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(cell);
        }
    }
    out.push('\n');
}
