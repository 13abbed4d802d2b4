//! Tables for auditors' tools: CSV with a Frictionless data package beside it, or Parquet.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value as Json, json};

use crate::base::{Digest, Money};
use crate::book::{Book, Entry, Moment, Outcome};
use crate::diagnostics::Language;
use crate::formats::{
    Exchange, ExchangeWriter, Holds, Records, ResultColumn, ResultLayout, read_bytes, read_text,
};
use crate::report::book::{Called, log_line};

use super::super::maker::key_text;
use super::super::{BookTrouble, Reader, walk};
use super::standing::Links;
use super::{Amount, Moved, create, moves, write};

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
    fill(book, begin("amounts", &AMOUNTS)?, amounts)?;
    fill(book, begin("events", &EVENTS)?, events)?;
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

/// Hands each row of a table to a function.
type Each<'e> = &'e mut dyn FnMut(&[String]) -> Result<(), BookTrouble>;

/// Writes the rows that one of the tables has.
fn fill(
    book: &mut Book,
    mut to: Records,
    table: fn(&mut Book, Each<'_>) -> Result<(), BookTrouble>,
) -> Result<(), BookTrouble> {
    table(book, &mut |cells| {
        cells.iter().for_each(|cell| to.text(cell));
        Ok(to.end_row()?)
    })?;
    Ok(to.finish()?)
}

fn amounts(book: &mut Book, each: Each<'_>) -> Result<(), BookTrouble> {
    let mut row = 0_u64;
    moves(book, |moved| {
        for amount in moved.amounts() {
            row += 1;
            each(&amount_row(row, moved, &amount))?;
        }
        Ok(())
    })
}

fn amount_row(row: u64, moved: &Moved<'_>, amount: &Amount<'_>) -> [String; AMOUNTS.len()] {
    let event = moved.event;
    let booked = moved.correction.map(|it| it.booked).or(event.booked).unwrap_or(event.date);
    let (rule, place, _) = amount.leg();
    let batch = moved.correction.map_or(event.batch, |it| it.batch);
    [
        row.to_string(),
        moved.number.to_string(),
        optional(moved.correction.map(|it| it.of)),
        batch.to_string(),
        moved.kind().to_owned(),
        key_text(event),
        event.date.to_string(),
        booked.to_string(),
        amount.account(),
        Money::from_minor(amount.units()).format(moved.scale()),
        moved.currency().to_owned(),
        rule.to_owned(),
        place.to_owned(),
    ]
}

fn optional(number: Option<u64>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

fn events(book: &mut Book, each: Each<'_>) -> Result<(), BookTrouble> {
    let links = Links::read(book)?;
    let mut reader = Reader::new(Language::English);
    for number in &links.entries {
        let entry = book.entry(*number)?;
        let named = reader.named(book, &entry)?;
        let of = named.names();
        let said = log_line(*number, &entry, of, (Language::English, Called::InFiles));
        // A correction is told in the words of the event that it is of.
        let behind = match &entry {
            Entry::Correction(it) => Some(Entry::Event(super::event_of(book, it.of)?)),
            _ => None,
        };
        let sent = behind.as_ref().unwrap_or(&entry);
        let sent_by = behind.as_ref().map(|it| reader.named(book, it)).transpose()?;
        let sent_by = sent_by.as_ref().map_or(of, |named| named.names());
        let table = match sent {
            Entry::Event(event) => super::get(&sent_by.names.events, event.kind),
            Entry::Unread(row) => row.kind.and_then(|kind| super::get(&sent_by.names.events, kind)),
            _ => None,
        };
        let (outcome, amount) = match &entry {
            Entry::Event(event) => (Some(&event.outcome), said.amount),
            Entry::Correction(it) => {
                let scale = table.map_or(2, |table| table.currency.scale);
                let inflow = it.outcome.as_ref().and_then(inflow);
                let inflow = inflow.map_or_else(String::new, |inflow| inflow.format(scale));
                (it.outcome.as_ref(), inflow)
            }
            _ => (None, said.amount),
        };
        let outcome = match (outcome, &entry) {
            (Some(Outcome::Allocated { .. }), _) => "allocated",
            (None, Entry::Correction(_)) => "withdrawn",
            (Some(Outcome::SetAside { .. }) | None, _) => "set aside",
        };
        let corrected_by = links.corrected_by(*number);
        let row: [String; EVENTS.len()] = [
            number.to_string(),
            said.kind.to_owned(),
            optional(links.corrects(*number)),
            optional(corrected_by),
            corrected_by.is_none().to_string(),
            optional(said.batch),
            table.map_or_else(String::new, |table| table.name.text.clone()),
            said.key,
            said.when,
            outcome.to_owned(),
            amount,
            said.what,
        ];
        each(&row)?;
    }
    Ok(())
}

/// What an event brought, as far as it is known.
fn inflow(outcome: &Outcome) -> Option<Money> {
    match outcome {
        Outcome::Allocated { inflow, .. } => Some(*inflow),
        Outcome::SetAside { inflow, .. } => *inflow,
    }
}

/// The files that a mapping asks for, by their names.
///
/// # Errors
/// It cannot be read, or names what the tables do not have.
pub fn mapped_files(mapping: &Path) -> Result<Vec<String>, BookTrouble> {
    Ok(exchange(mapping)?.files.into_iter().map(|file| file.name).collect())
}

fn exchange(mapping: &Path) -> Result<Exchange, BookTrouble> {
    let (of_amounts, of_events) = columns();
    let tables = [("amounts", of_amounts.as_slice()), ("events", of_events.as_slice())];
    Ok(Exchange::parse(&read_text(mapping)?, &mapping.display().to_string(), &tables)?)
}

/// The columns that a mapping may name, of `amounts` and of `events`.
fn columns() -> (Vec<&'static str>, Vec<&'static str>) {
    let names = |columns: &[Column]| -> Vec<&'static str> {
        columns.iter().map(|(name, _)| *name).collect()
    };
    // What a ledger has in two columns, one amount stands in one of.
    let mut of_amounts = names(&AMOUNTS);
    of_amounts.extend(["increase", "decrease"]);
    (of_amounts, names(&EVENTS))
}

/// Writes the tables as a mapping asks for, into a folder: for a standard whose text somebody else has.
///
/// # Errors
/// The mapping names what the tables do not have; the book cannot be read, or a file be written.
pub fn mapped(book: &mut Book, mapping: &Path, folder: &Path) -> Result<(), BookTrouble> {
    let (of_amounts, of_events) = columns();
    for file in &exchange(mapping)?.files {
        let mut writer = ExchangeWriter::new(file, create(&folder.join(&file.name))?)?;
        let is_amounts = file.rows == "amounts";
        let columns = if is_amounts { &of_amounts } else { &of_events };
        let table = if is_amounts { amounts } else { events };
        table(book, &mut |cells| {
            let cell = |name: &str| -> String {
                let at = columns.iter().position(|own| *own == name);
                at.and_then(|at| cells.get(at)).cloned().unwrap_or_default()
            };
            let amount = cell("amount");
            let value = |name: &str| match (name, amount.strip_prefix('-')) {
                ("increase", None) => amount.clone(),
                ("decrease", Some(amount)) => amount.to_owned(),
                (name, _) => cell(name),
            };
            Ok(writer.row(&value)?)
        })?;
        writer.finish()?;
    }
    Ok(())
}
