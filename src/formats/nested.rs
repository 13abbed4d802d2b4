//! Records inside a row: which of the names in them mean nothing.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use crate::report::names::{Kind, Names};

use super::json::{self, JsonValue};
use super::parse::field_named;

/// Whether values of a kind are records, or hold some.
pub(super) fn has_records(kind: &Kind) -> bool {
    match kind {
        Kind::Record(_) => true,
        Kind::List(inner) => has_records(inner),
        _ => false,
    }
}

/// The names in the records of a value that no field of theirs asks for, each as it would be read:
/// `branches[].colour`.
pub(super) fn strays(
    raw: &RawValue,
    kind: &Kind,
    names: &Names,
    place: &str,
    found: &mut BTreeSet<String>,
) {
    match (json::value(raw), kind) {
        (JsonValue::List(raws), Kind::List(inner)) if has_records(inner) => {
            let place = format!("{place}[]");
            raws.iter().for_each(|raw| strays(raw, inner, names, &place, found));
        }
        (JsonValue::Record(record), Kind::Record(shape)) => {
            let Some(shape) = names.shapes.get(*shape) else { return };
            for (name, raw) in &record.0 {
                let field = field_named(&shape.fields, name).and_then(|at| shape.fields.get(at));
                match field {
                    Some(field) if has_records(&field.kind) => {
                        let place = format!("{place}.{}", field.name.text);
                        strays(raw, &field.kind, names, &place, found);
                    }
                    Some(_) => {}
                    None => {
                        found.insert(format!("{place}.{name}"));
                    }
                }
            }
        }
        (JsonValue::Text(text), kind) if has_records(kind) => {
            strays_of_text(&text, kind, names, place, found);
        }
        _ => {}
    }
}

/// The same of a value that stands in a text.
pub(super) fn strays_of_text(
    text: &str,
    kind: &Kind,
    names: &Names,
    place: &str,
    found: &mut BTreeSet<String>,
) {
    if let Some(raw) = json::raw(text.trim()) {
        strays(raw, kind, names, place, found);
    }
}
