//! Tables for auditors' tools: CSV with a Frictionless data package beside it, or Parquet.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value as Json, json};

use crate::base::{Digest, Money};
use crate::book::{Book, Entry, Leaf, Moment, Outcome};
use crate::diagnostics::Language;
use crate::formats::{Holds, Records, ResultColumn, ResultLayout, read_bytes};
use crate::report::book::{leg_name, log_line};

use super::super::maker::key_text;
use super::super::{BookTrouble, Reader, walk};
use super::standing::Links;
use super::{Moved, create, moves, write};

/// A column: its name, and what it holds. Decimals of amounts are the book's.
type Column = (&'static str, Holds);

const AMOUNT: Holds = Holds::Amount(0);

const AMOUNTS: [Column; 13] = [
    ("row", Holds::Whole),
    ("entry", Holds::Whole),
    ("corrects", Holds::Whole),
    ("batch", Holds::Whole),
    ("event", Holds::Text),
    ("key", Holds::Text),
    ("date", Holds::Date),
    ("booked", Holds::Date),
    ("account", Holds::Text),
    ("amount", AMOUNT),
    ("currency", Holds::Text),
    ("rule", Holds::Text),
    ("leg", Holds::Text),
];

const EVENTS: [Column; 12] = [
    ("entry", Holds::Whole),
    ("kind", Holds::Text),
    ("corrects", Holds::Whole),
    ("corrected_by", Holds::Whole),
    ("stands", Holds::Bool),
    ("batch", Holds::Whole),
    ("event", Holds::Text),
    ("key", Holds::Text),
    ("date", Holds::Date),
    ("outcome", Holds::Text),
    ("inflow", AMOUNT),
    ("what", Holds::Text),
];

/// Writes two tables into a folder: `amounts` (a row an amount; corrections as rows that take back and
/// give anew, so that sums are what stands) and `events` (a row an event or row of data, set aside or
/// not, with what took its place). In CSV `datapackage.json` stands beside them; Parquet has the same
/// facts within.
///
/// # Errors
/// The book cannot be read, a file cannot be written, or there is no such layout in this program.
pub fn tables(
    book: &mut Book,
    made: Moment,
    folder: &Path,
    layout: ResultLayout,
) -> Result<(), BookTrouble> {
    let (scale, facts) = facts(book, made)?;
    let ending = if layout == ResultLayout::Parquet { "parquet" } else { "csv" };
    let within: Vec<(String, String)> =
        facts.iter().map(|(name, text)| (format!("fenshui.{name}"), text.clone())).collect();
    let begin = |name: &str, columns: &[Column]| -> Result<Records, BookTrouble> {
        let column = |(name, holds): &Column| {
            let holds = if *holds == AMOUNT { Holds::Amount(scale) } else { *holds };
            ResultColumn::new(name, name, false).holding(holds)
        };
        let columns = columns.iter().map(column).collect();
        let output = create(&folder.join(format!("{name}.{ending}")))?;
        Ok(Records::with_facts(output, layout, columns, &within, "")?)
    };
    amounts(book, begin("amounts", &AMOUNTS)?)?;
    events(book, begin("events", &EVENTS)?)?;
    if layout == ResultLayout::Parquet {
        return Ok(());
    }
    let package = json!({
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "fenshui-book",
        "title": super::head(book, made)?,
        "created": made.to_string(),
        "fenshui": facts.iter().cloned().collect::<BTreeMap<String, String>>(),
        "resources": [
            resource(folder, "amounts", &AMOUNTS, "row", &["entry"])?,
            resource(folder, "events", &EVENTS, "entry", &["corrects", "corrected_by"])?,
        ],
    });
    write(&folder.join("datapackage.json"), format!("{package:#}\n").as_bytes())
}

/// The most decimals that an amount has, and what is worth knowing of the tables: whose they are, by
/// which rules, and what an amount is counted in.
fn facts(book: &mut Book, made: Moment) -> Result<(u8, Vec<(String, String)>), BookTrouble> {
    let size = book.size()?;
    let (mut editions, mut units, mut scale) = (Vec::new(), Vec::new(), 0);
    walk(book, 0..size, |number, entry| {
        if let Entry::Edition(edition) = entry {
            editions.push(format!("{number} sha256:{}", edition.digest()));
            for currency in &edition.schema.currencies {
                let unit = format!("{} with {} decimals", currency.code, currency.scale);
                if !units.contains(&unit) {
                    units.push(unit);
                }
                scale = scale.max(u8::try_from(currency.scale).unwrap_or(u8::MAX));
            }
        }
        Ok(())
    })?;
    let fact = |name: &str, text: String| (name.to_owned(), text);
    let facts = vec![
        fact("book", book.opening().origin.clone()),
        fact("tree_size", size.to_string()),
        fact("tree_root", format!("sha256:{}", book.root(size)?)),
        fact("exported", made.to_string()),
        fact("editions", editions.join(", ")),
        fact("units", units.join(", ")),
    ];
    Ok((scale, facts))
}

/// What the data package says of a table; `links` are columns that name entries of `events`.
fn resource(
    folder: &Path,
    name: &str,
    columns: &[Column],
    key: &str,
    links: &[&str],
) -> Result<Json, BookTrouble> {
    let fields = columns.iter().map(|(name, holds)| match holds {
        Holds::Amount(_) => {
            json!({ "name": name, "type": "number", "decimalChar": ".", "bareNumber": true })
        }
        Holds::Whole => json!({ "name": name, "type": "integer" }),
        Holds::Date => json!({ "name": name, "type": "date" }),
        Holds::Bool => json!({ "name": name, "type": "boolean" }),
        Holds::Text => json!({ "name": name, "type": "string" }),
    });
    // A table refers to itself by an empty name.
    let of = if name == "events" { "" } else { "events" };
    let link = |field: &&str| json!({ "fields": [field], "reference": { "resource": of, "fields": ["entry"] } });
    let bytes = read_bytes(&folder.join(format!("{name}.csv")))?;
    Ok(json!({
        "name": name,
        "type": "table",
        "path": format!("{name}.csv"),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": bytes.len(),
        "hash": format!("sha256:{}", Digest::of(&bytes)),
        "schema": {
            "fields": fields.collect::<Json>(),
            "primaryKey": [key],
            "foreignKeys": links.iter().map(link).collect::<Json>(),
        },
    }))
}

fn amounts(book: &mut Book, mut to: Records) -> Result<(), BookTrouble> {
    let mut row = 0_u64;
    moves(book, |moved| {
        let reversed = moved.reversed.iter().map(|leaf| (leaf, -leaf.amount.minor()));
        let given = moved.given.iter().map(|leaf| (leaf, leaf.amount.minor()));
        for (leaf, minor) in reversed.chain(given) {
            row += 1;
            amount_row(&mut to, row, moved, leaf, minor)?;
        }
        Ok(())
    })?;
    Ok(to.finish()?)
}

fn amount_row(
    to: &mut Records,
    row: u64,
    moved: &Moved<'_>,
    leaf: &Leaf,
    minor: i128,
) -> Result<(), BookTrouble> {
    let event = moved.event;
    let booked = moved.correction.map(|it| it.booked).or(event.booked).unwrap_or(event.date);
    let (rule, place, _) = leg_name(leaf.leg, moved.names);
    let batch = moved.correction.map_or(event.batch, |it| it.batch);
    to.bare(&row.to_string());
    to.bare(&moved.number.to_string());
    number(to, moved.correction.map(|it| it.of));
    to.bare(&batch.to_string());
    to.text(moved.kind());
    to.text(&key_text(event));
    to.text(&event.date.to_string());
    to.text(&booked.to_string());
    to.text(&moved.account(leaf.account.as_ref()));
    to.text(&Money::from_minor(minor).format(moved.scale()));
    to.text(moved.currency());
    to.text(rule);
    to.text(place);
    Ok(to.end_row()?)
}

fn number(to: &mut Records, number: Option<u64>) {
    match number {
        Some(number) => to.bare(&number.to_string()),
        None => to.missing(),
    }
}

fn events(book: &mut Book, mut to: Records) -> Result<(), BookTrouble> {
    let links = Links::read(book)?;
    let mut reader = Reader::new(Language::English);
    for entry_number in &links.entries {
        let entry = book.entry(*entry_number)?;
        let named = reader.named(book, &entry)?;
        let of = named.names();
        let said = log_line(*entry_number, &entry, of, Language::English);
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
        let corrected_by = links.corrected_by(*entry_number);
        to.bare(&entry_number.to_string());
        to.text(said.kind);
        number(&mut to, links.corrects(*entry_number));
        number(&mut to, corrected_by);
        to.bare(if corrected_by.is_none() { "true" } else { "false" });
        number(&mut to, said.batch);
        to.text(table.map_or("", |table| table.name.text.as_str()));
        to.text(&said.key);
        to.text(&said.when);
        to.text(outcome);
        to.text(&said.amount);
        to.text(&said.what);
        to.end_row()?;
    }
    Ok(to.finish()?)
}
