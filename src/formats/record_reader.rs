//! Records read in one pass, from their text straight to what their fields hold.
//!
//! Nearly all records of a file name what one before them named, and have what their fields declare.
//! Such a record is gone through once, and its lists of records become cells as they are met. Whatever
//! is otherwise gives nothing here: then the record is cut into names and values first
//! ([`super::json`]), and whoever reads those says what is wrong.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::report::names::{Field, Kind, Names, Shape};
use crate::rows::Cell;

use super::json::Name;
use super::nested::has_records;
use super::parse::{self, field_of_shape};

/// What a record has for a field.
pub(super) enum Given<'a> {
    /// A value as it is written.
    Raw(&'a RawValue),
    /// A list of records.
    Made(Cell),
}

impl Given<'_> {
    /// Whether it says that there is no value.
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Given::Raw(raw) if raw.get() == "null")
    }
}

/// What a record has for each field; nothing if anything about it is unusual. `field_of` says which
/// field a name at a place means, or that it means none, as far as that is known.
pub(super) fn values<'a>(
    text: &'a str,
    (fields, names): (&[Field], &Names),
    field_of: &dyn Fn(usize, &str) -> Option<Option<usize>>,
) -> Option<Vec<Option<Given<'a>>>> {
    // What is written otherwise than it stands is looked at elsewhere.
    if memchr::memchr(b'\\', text.as_bytes()).is_some() {
        return None;
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let values = Values { fields, names, field_of }.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(values)
}

fn unusual<E: Error>() -> E {
    E::custom("unusual")
}

/// Reads a record of an event or of a register.
struct Values<'n> {
    fields: &'n [Field],
    names: &'n Names,
    field_of: &'n dyn Fn(usize, &str) -> Option<Option<usize>>,
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = Vec<Option<Given<'de>>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = Vec<Option<Given<'de>>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        values.resize_with(self.fields.len(), || None);
        let mut place = 0;
        while let Some(Name(name)) = map.next_key()? {
            let known = (self.field_of)(place, &name).ok_or_else(unusual)?;
            place += 1;
            let Some(at) = known else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = values.get_mut(at).filter(|value| value.is_none()).ok_or_else(unusual)?;
            let kind = self.fields.get(at).map(|field| &field.kind);
            *value = Some(match kind.and_then(|kind| shape_of_list(kind, self.names)) {
                Some(shape) => {
                    Given::Made(map.next_value_seed(Records { shape, names: self.names })?)
                }
                None if kind.is_some_and(has_records) => {
                    let made = made(map.next_value()?, kind, self.names);
                    Given::Made(made.ok_or_else(unusual)?)
                }
                None => Given::Raw(map.next_value()?),
            });
        }
        Ok(values)
    }
}

/// The shape of what a list holds, if that is records.
fn shape_of_list<'n>(kind: &Kind, names: &'n Names) -> Option<&'n Shape> {
    let Kind::List(inner) = kind else { return None };
    let Kind::Record(shape) = **inner else { return None };
    names.shapes.get(shape)
}

/// Reads a record, or that there is none; lists of lists are read elsewhere.
fn made(raw: &RawValue, kind: Option<&Kind>, names: &Names) -> Option<Cell> {
    if raw.get() == "null" {
        return Some(Cell::Missing);
    }
    let mut reader = serde_json::Deserializer::from_str(raw.get());
    match kind? {
        Kind::Record(shape) => {
            let shape = names.shapes.get(*shape)?;
            OneRecord { shape, names }.deserialize(&mut reader).ok()
        }
        kind => {
            let shape = shape_of_list(kind, names)?;
            Records { shape, names }.deserialize(&mut reader).ok()
        }
    }
}

/// Reads a list of records, or that there is none.
struct Records<'n> {
    shape: &'n Shape,
    names: &'n Names,
}

impl<'de> DeserializeSeed<'de> for Records<'_> {
    type Value = Cell;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Cell, D::Error> {
        reader.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Records<'_> {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_none<E>(self) -> Result<Cell, E> {
        Ok(Cell::Missing)
    }

    fn visit_some<D: Deserializer<'de>>(self, reader: D) -> Result<Cell, D::Error> {
        reader.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Cell, A::Error> {
        let mut cells = Vec::new();
        let Records { shape, names } = self;
        while let Some(cell) = list.next_element_seed(OneRecord { shape, names })? {
            cells.push(cell);
        }
        Ok(Cell::List(cells))
    }
}

/// Reads one of them.
struct OneRecord<'n> {
    shape: &'n Shape,
    names: &'n Names,
}

impl<'de> DeserializeSeed<'de> for OneRecord<'_> {
    type Value = Cell;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Cell, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneRecord<'_> {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
        let fields = &self.shape.fields;
        let mut cells = Vec::new();
        cells.resize_with(fields.len(), || Cell::Missing);
        let (mut seen, mut next) = (0_u64, 0);
        while let Some(Name(name)) = map.next_key()? {
            // A name that means nothing is told.
            let at = field_of_shape(fields, next, &name).ok_or_else(unusual)?;
            next = at + 1;
            let bit = u32::try_from(at).ok().and_then(|at| 1_u64.checked_shl(at));
            let bit = bit.filter(|bit| seen & bit == 0).ok_or_else(unusual)?;
            seen |= bit;
            let (field, cell) = fields.get(at).zip(cells.get_mut(at)).ok_or_else(unusual)?;
            *cell = self.value(map.next_value()?, field).ok_or_else(unusual)?;
        }
        let lacks =
            |(field, cell): (&Field, &Cell)| field.required && !field.computed && cell.is_missing();
        match fields.iter().zip(&cells).any(lacks) {
            true => Err(unusual()),
            false => Ok(Cell::Record(cells)),
        }
    }
}

impl OneRecord<'_> {
    fn value(&self, raw: &RawValue, field: &Field) -> Option<Cell> {
        if has_records(&field.kind) {
            return made(raw, Some(&field.kind), self.names);
        }
        // Nothing is written otherwise than it stands.
        match raw.get().strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            Some(text) => parse::text(text, &field.kind, self.names).ok(),
            None => parse::json(raw, &field.kind, self.names).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::report::names::{Currency, Label, Table};

    use super::super::columns::FieldFrom;
    use super::super::json::JsonText;
    use super::super::mapping::TableMapping;
    use super::super::raw::{RawRow, from_json};
    use super::super::table_reader::{RecordNames, TableReader};
    use super::*;

    fn field(name: &str, kind: Kind, required: bool) -> Field {
        Field { name: Label::plain(name), kind, required, computed: false, dated: false }
    }

    fn row(text: &str) -> RawRow<'_> {
        from_json(JsonText { line: 1, text: Ok(text) }.row())
    }

    /// What is read in one pass is what is read of names and values; what is wrong is not.
    #[test]
    fn both_ways_find_the_same() {
        let of_list = vec![
            field("code", Kind::Text, true),
            field("amount", Kind::Money(2), true),
            field("note", Kind::Text, false),
        ];
        let shape = Shape { name: Label::plain("branch"), fields: of_list, key: Vec::new() };
        let list = Kind::List(Box::new(Kind::Record(0)));
        let fields = vec![field("id", Kind::Integer, true), field("branches", list, false)];
        let table = Table {
            name: Label::plain("filing"),
            fields,
            key: vec![0],
            effective: None,
            inflow: None,
            sent: true,
            currency: Currency { code: "CNY".into(), scale: 2 },
            settlement: String::new(),
        };
        let names = Names { shapes: vec![shape], ..Names::default() };
        let from = vec![FieldFrom::Nowhere; 2];
        let reader = TableReader::new(&names, 0, &table, from, TableMapping::default(), 0);
        let mut known = RecordNames::default();
        let first = r#"{"id": 1, "branches": [], "other": {"x": [1e400]}}"#;
        let mut columns = reader.empty_columns(1);
        reader.push(&row(first), &mut columns, &mut known).unwrap();
        let branch = r#""code": "A", "amount": "1.50""#;
        let lists = [
            format!("[{{{branch}}}, {{{branch}, \"note\": \"n\"}}]"),
            format!("[{{\"amount\": 12.05, \"code\": 7}}, {{{branch}, \"note\": null}}]"),
            "null".to_owned(),
            "[]".to_owned(),
        ];
        let usual = lists.iter().map(|list| format!(r#"{{"branches": {list}, "id": "2"}}"#));
        for text in usual.chain([r#"{"other": 3, "id": 2}"#.to_owned()]) {
            let (mut one, mut other) = (reader.empty_columns(1), reader.empty_columns(1));
            assert_eq!(reader.push_usual(&text, &mut one, &known), Some(()), "{text}");
            reader.push(&row(&text), &mut other, &mut known).unwrap();
            assert_eq!(one, other, "{text}");
        }
        let lists = [
            format!("[{{{branch}, \"code\": \"B\"}}]"),
            format!("[{{{branch}, \"note\": \"\\u0000\"}}]"),
            format!("[{{{branch}, \"x\": [{{}}]}}]"),
            r#"[{"code": "A"}]"#.to_owned(),
            r#"[{"code": "A", "amount": "1.505"}]"#.to_owned(),
            "[1]".to_owned(),
            "{}".to_owned(),
        ];
        let others =
            [r#"{"id": 2, "id": 2}"#, r#"{"id": 2} 3"#, r#"{"id": 2"#, "[]", r#"{"id": }"#];
        let wrong = lists.iter().map(|list| format!(r#"{{"id": 2, "branches": {list}}}"#));
        for text in wrong.chain(others.map(str::to_owned)) {
            let mut columns = reader.empty_columns(1);
            assert_eq!(reader.push_usual(&text, &mut columns, &known), None, "{text}");
        }
    }
}
