//! An entry whole, in JSON: names in the place of positions, amounts as strings.

use serde_json::{Map, Value as Json, json};

use crate::base::{Exact, Money};
use crate::book::{
    Account, Batch, Because, Close, Counted, Entry, Event, FigureValue, Leaf, Outcome, Part,
    RegisterPart, Unread, Verdict,
};
use crate::report::names::{Field, Kind, Names, Table};
use crate::report::reason_words;
use crate::report::values::{self, account_text, file_text};
use crate::rows::{Allocation, Cell, Origin, Reason};

use super::log::EntryNames;

/// The entry of a number, as a record.
pub fn entry_json(number: u64, entry: &Entry, of: EntryNames<'_>) -> Json {
    let kind = Entry::kind_name(entry.kind()).unwrap_or_default();
    let mut object = Map::new();
    object.insert("entry".to_owned(), json!(number));
    object.insert("kind".to_owned(), json!(kind));
    if let Json::Object(body) = body(entry, of) {
        object.extend(body);
    }
    Json::Object(object)
}

fn body(entry: &Entry, of: EntryNames<'_>) -> Json {
    match entry {
        Entry::Opening(it) => json!({
            "format": it.format, "origin": it.origin, "hash": it.hash,
            "learnt": it.learnt.to_string(),
        }),
        Entry::Edition(it) => json!({
            "name": it.name,
            "digest": it.digest().to_string(),
            "texts": it.texts.iter().map(|text| json!({
                "path": text.path, "digest": text.digest.to_string(), "text": text.text,
            })).collect::<Json>(),
        }),
        Entry::Register(it) => register(it, of.names),
        Entry::Batch(it) => batch(it, of.names),
        Entry::Event(it) => event(it, of),
        Entry::Unread(it) => unread(it, of),
        Entry::Correction(it) => {
            let (scale, corrected) = (of.correction_scale(), of.corrected);
            let mut body = json!({
                "batch": it.batch, "of": it.of,
                "event": corrected.map(|it| &it.kind),
                "key": corrected.map(|it| parts(&it.event.key, &it.event)),
                "because": because(&it.because), "booked": it.booked.to_string(),
                "currency": corrected.map(|it| &it.currency.code),
            });
            let outcome = it.outcome.as_ref().map(|it| outcome(it, None, scale, of.names));
            let outcome = outcome.unwrap_or_else(|| json!({ "outcome": "withdrawn" }));
            if let (Json::Object(body), Json::Object(outcome)) = (&mut body, outcome) {
                body.extend(outcome);
                if let Some(said) = &it.said {
                    say(body, (&said.figures, &said.open_items), of.names);
                }
            }
            body
        }
        Entry::Close(it) => close(it, of.names),
        Entry::Dispute(it) => json!({
            "learnt": it.learnt.to_string(), "by": it.by, "against": it.against,
            "reason": it.reason, "holds": it.holds,
        }),
        Entry::Resolution(it) => json!({
            "learnt": it.learnt.to_string(), "by": it.by, "dispute": it.dispute,
            "verdict": verdict(&it.verdict), "corrected_by": corrected_by(&it.verdict),
            "reason": it.reason, "counted": it.counted.iter().map(counted).collect::<Json>(),
        }),
        Entry::Checkpoint(it) => json!({ "learnt": it.learnt.to_string(), "note": it.note }),
        Entry::Signer(it) => json!({
            "learnt": it.learnt.to_string(), "change": super::log::change_name(it.change),
            "key": it.key,
        }),
    }
}

/// How a dispute ended, in a word.
fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Upheld => "upheld",
        Verdict::Corrected { .. } => "corrected",
        Verdict::Withdrawn => "withdrawn",
    }
}

fn corrected_by(verdict: &Verdict) -> Json {
    match verdict {
        Verdict::Corrected { by } => json!(by),
        Verdict::Upheld | Verdict::Withdrawn => Json::Null,
    }
}

/// Smallest units as an amount: of so many decimals, or exact.
pub(super) fn units_text(units: &Exact, scale: u32) -> String {
    let decimals = u8::try_from(scale).unwrap_or(0);
    let amount = units.mul(&Exact::from_scaled(1, decimals)).unwrap_or_default();
    amount.to_decimal_string(decimals).unwrap_or_else(|| amount.to_string())
}

/// What an event adds to running totals that a dispute settled.
fn counted(counted: &Counted) -> Json {
    let totals = counted.totals.iter().map(|total| {
        let adds = total.adds.iter().map(|add| {
            json!({
                "key": add.key.iter().map(plain).collect::<Json>(),
                "leaves": add.leaves, "besides": units_text(&add.besides, total.scale),
            })
        });
        json!({ "total": total.name, "per": total.keys, "adds": adds.collect::<Json>() })
    });
    json!({ "entry": counted.entry, "totals": totals.collect::<Json>() })
}

fn because(because: &Because) -> Json {
    match because {
        Because::Late { entry } => json!({ "late": entry }),
        Because::Dispute { entry } => json!({ "dispute": entry }),
        Because::Stated { reason } => json!({ "stated": reason }),
    }
}

fn register(part: &RegisterPart, names: &Names) -> Json {
    let table = get(&names.registers, part.register);
    let rows = part.rows.iter().map(|row| {
        let fields = table.map_or(&[][..], |table| &table.fields);
        let mut record = record(&row.cells, fields, names);
        for (name, day) in [("from", row.from), ("until", row.until)] {
            if let (Some(day), Json::Object(record)) = (day, &mut record) {
                record.insert(name.to_owned(), json!(day.to_string()));
            }
        }
        record
    });
    json!({
        "edition": part.edition.to_string(),
        "register": table.map_or("", |table| &table.name.text),
        "part": part.part,
        "rows": rows.collect::<Json>(),
    })
}

fn batch(batch: &Batch, names: &Names) -> Json {
    let registers = batch.registers.iter().map(|it| {
        json!({
            "register": get(&names.registers, it.register).map_or("", |it| &it.name.text),
            "digest": it.digest.to_string(), "first": it.first, "parts": it.parts,
        })
    });
    let readings = batch.readings.iter().filter_map(|it| {
        let (label, options) = get(&names.readings, it.reading)?;
        Some((label.text.clone(), json!(options.get(it.option)?.text)))
    });
    let sources = batch
        .sources
        .iter()
        .map(|it| json!({ "name": it.name, "digest": it.digest.map(|it| it.to_string()) }));
    json!({
        "learnt": batch.learnt.to_string(), "by": batch.by, "evaluator": batch.evaluator,
        "edition": batch.edition.to_string(), "edition_entry": batch.edition_entry,
        "registers": registers.collect::<Json>(),
        "readings": Json::Object(readings.collect()),
        "through": batch.through.map(|it| it.to_string()),
        "sources": sources.collect::<Json>(),
    })
}

fn event(event: &Event, of: EntryNames<'_>) -> Json {
    let names = of.names;
    let table = get(&names.events, event.kind);
    let scale = table.map_or(2, |table| table.currency.scale);
    let fields = table.map_or(&[][..], |table| &table.fields);
    let (source, line) = of.source(event.origin);
    let mut body = json!({
        "batch": event.batch,
        "event": table.map_or("", |table| &table.name.text),
        "key": parts(&event.key, event),
        "fields": record(&event.fields, fields, names),
        "source": source, "line": line,
        "date": event.date.to_string(),
        "booked": event.booked.map(|it| it.to_string()),
        "lane": parts(&event.lane, event),
        "late": event.late,
        "currency": currency(table),
    });
    let outcome = outcome(&event.outcome, Some(event.kind), scale, names);
    if let (Json::Object(body), Json::Object(outcome)) = (&mut body, outcome) {
        body.extend(outcome);
        say(body, (&event.figures, &event.open_items), names);
    }
    body
}

/// What is said besides amounts.
fn say(
    body: &mut Map<String, Json>,
    (figures, open_items): (&[FigureValue], &[u32]),
    names: &Names,
) {
    let figures = figures.iter().map(|it| {
        let figure = get(&names.figures, it.figure);
        let kind = figure.map_or(&Kind::Number, |figure| &figure.kind);
        json!({
            "figure": figure.map_or("", |figure| &figure.name.text),
            "key": it.key.iter().map(plain).collect::<Json>(),
            "value": values::json(&it.value, kind, names),
        })
    });
    body.insert("figures".to_owned(), figures.collect());
    let open = open_items.iter().map(|it| leg(*it, names));
    body.insert("open_items".to_owned(), open.collect());
}

fn unread(row: &Unread, of: EntryNames<'_>) -> Json {
    let table = row.kind.and_then(|kind| get(&of.names.events, kind));
    let scale = table.map_or(2, |table| table.currency.scale);
    let (source, line) = of.source(row.origin);
    let mut body = json!({
        "batch": row.batch,
        "event": table.map(|table| &table.name.text),
        "source": source, "line": line,
        "row": String::from_utf8_lossy(&row.row.0),
        "currency": currency(table),
    });
    if let (Json::Object(body), Json::Object(why)) =
        (&mut body, aside(row.inflow, &row.reason, row.kind, scale, of.names))
    {
        body.extend(why);
    }
    body
}

fn outcome(outcome: &Outcome, kind: Option<u32>, scale: u8, names: &Names) -> Json {
    match outcome {
        Outcome::Allocated { inflow, residue_units, leaves } => json!({
            "outcome": "allocated",
            "inflow": inflow.format(scale),
            "residue_units": residue_units,
            "leaves": leaves.iter().map(|it| leaf(it, scale, names)).collect::<Json>(),
        }),
        Outcome::SetAside { inflow, reason } => aside(*inflow, reason, kind, scale, names),
    }
}

fn aside(
    inflow: Option<Money>,
    reason: &Reason,
    kind: Option<u32>,
    scale: u8,
    names: &Names,
) -> Json {
    let words = reason_words(reason, kind, names);
    json!({
        "outcome": "set aside",
        "inflow": inflow.map(|it| it.format(scale)),
        "code": words.code,
        "reason": words.what.en,
    })
}

fn leaf(own: &Leaf, scale: u8, names: &Names) -> Json {
    let mut body = json!({
        "account": account_name(own.account.as_ref(), names),
        "amount": own.amount.format(scale),
    });
    if let (Json::Object(body), Json::Object(leg)) = (&mut body, leg(own.leg, names)) {
        body.extend(leg);
    }
    body
}

/// How files write an account.
pub(super) fn account_name(account: Option<&Account>, names: &Names) -> String {
    match account {
        None => "undetermined".to_owned(),
        Some(account) => get(&names.accounts, account.family)
            .map_or_else(String::new, |family| account_text(family, &account.key, names)),
    }
}

fn leg(at: u32, names: &Names) -> Json {
    let (rule, place, clause) = leg_name(at, names);
    json!({ "rule": rule, "leg": place, "clause": clause })
}

/// The rule of a leg, its place there, and its clause.
pub fn leg_name(at: u32, names: &Names) -> (&str, &str, &str) {
    match at {
        Allocation::BY_SETTLEMENT => ("settlement", "", ""),
        Allocation::BY_CLOSING => ("closing", "", ""),
        Allocation::BY_RULING => ("ruling", "", ""),
        at => get(&names.legs, at)
            .map_or(("", "", ""), |leg| (&leg.owner.text, &leg.place, &leg.clause)),
    }
}

fn close(close: &Close, names: &Names) -> Json {
    let sums = close.sums.iter().map(|it| {
        let table = it.kind.and_then(|kind| get(&names.events, kind));
        let scale = table.map_or(2, |table| table.currency.scale);
        let money = |minor: i128| Money::from_minor(minor).format(scale);
        json!({
            "event": table.map(|table: &Table| &table.name.text), "currency": currency(table),
            "allocated": it.allocated, "set_aside": it.set_aside,
            "inflow": money(it.inflow), "undetermined": money(it.undetermined),
            "inflow_set_aside": money(it.inflow_set_aside),
        })
    });
    json!({
        "batch": close.batch, "entries": close.entries, "inputs": close.inputs.to_string(),
        "sums": sums.collect::<Json>(), "corrections": close.corrections,
    })
}

/// The currency of events of a kind, if the kind is known.
fn currency(table: Option<&Table>) -> Option<&str> {
    table.map(|table| table.currency.code.as_str())
}

fn record(cells: &[Cell], fields: &[Field], names: &Names) -> Json {
    let there = cells.iter().zip(fields).filter(|(cell, _)| **cell != Cell::Missing);
    let pairs = there
        .map(|(cell, field)| (field.name.text.clone(), values::json(cell, &field.kind, names)));
    Json::Object(pairs.collect())
}

/// The key of an event as people write it.
pub(super) fn key(event: &Event) -> String {
    key_parts(&event.key, event)
}

/// The parts of a key, a lane or a rank as people write them.
pub(super) fn key_parts(of: &[Part], event: &Event) -> String {
    let parts = parts(of, event);
    let parts = parts.as_array().into_iter().flatten().map(|part| match part {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    });
    parts.collect::<Vec<String>>().join("/")
}

fn parts(parts: &[Part], event: &Event) -> Json {
    let cell = |part: &Part| match part {
        Part::Field { field } => get(&event.fields, *field).map_or(Json::Null, plain),
        Part::Value { value } => plain(value),
    };
    parts.iter().map(cell).collect()
}

/// A cell that means the same whatever the rules.
fn plain(cell: &Cell) -> Json {
    match cell {
        Cell::Money(money) => json!(money.minor().to_string()),
        Cell::Bool(value) => json!(value),
        Cell::Missing => Json::Null,
        other => json!(file_text(other, &Kind::Text, &Names::default())),
    }
}

/// The same as people write it.
pub(super) fn plain_text(cell: &Cell) -> String {
    match plain(cell) {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

pub(super) fn get<T>(list: &[T], at: u32) -> Option<&T> {
    list.get(usize::try_from(at).ok()?)
}

/// Where a row came from, for a record.
pub(super) fn is_made(origin: Origin) -> bool {
    origin == Origin::MADE
}
