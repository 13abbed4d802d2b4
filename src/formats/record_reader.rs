//! Records read in one pass, from their text straight to what their fields hold.
//!
//! Nearly all records of a file name what one before them named, and have what their fields declare.
//! Such a record is gone through once, and its lists of records become cells as they are met. Whatever
//! is otherwise gives nothing here: then the record is cut into names and values first
//! ([`super::json`]), and whoever reads those says what is wrong.

use serde_json::value::RawValue;

use crate::report::names::{Field, Kind, Names, Shape};
use crate::rows::Cell;

use super::json;
use super::nested::has_records;
use super::parse::{self, field_of_shape};

/// What a record has for a field.
pub(super) enum Given<'a> {
    /// A text.
    Text(&'a str),
    /// Another value as it is written.
    Raw(&'a RawValue),
    /// A record, or a list of them.
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
    let has_controls = text.bytes().fold(false, |any, it| any | (it < b' '));
    let mut rest = Rest { text, at: 0, has_controls, names };
    let mut values = Vec::new();
    values.resize_with(fields.len(), || None);
    let mut place = 0;
    rest.record(|rest, name| {
        let known = field_of(place, name)?;
        place += 1;
        let Some(at) = known else { return rest.value().map(|_| ()) };
        let value = values.get_mut(at).filter(|value| value.is_none())?;
        *value = Some(match &fields.get(at)?.kind {
            kind if has_records(kind) => Given::Made(rest.nested(kind)?),
            _ => rest.value()?,
        });
        Some(())
    })?;
    rest.sign().is_none().then_some(values)
}

/// A text that is gone through once: all before a place has been read.
struct Rest<'a, 'n> {
    text: &'a str,
    at: usize,
    /// Whether there is a sign of control anywhere, which may stand between values only.
    has_controls: bool,
    names: &'n Names,
}

impl<'a> Rest<'a, '_> {
    /// Goes beyond white space, and says what stands there.
    #[inline]
    fn next(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\t' | b'\r' => self.at += 1,
                other => return Some(*other),
            }
        }
    }

    /// The same, and goes beyond that too.
    #[inline]
    fn sign(&mut self) -> Option<u8> {
        let sign = self.next()?;
        self.at += 1;
        Some(sign)
    }

    fn takes(&mut self, sign: u8) -> Option<()> {
        (self.sign()? == sign).then_some(())
    }

    /// The text behind a quotation mark, up to the next.
    #[inline]
    fn quoted(&mut self) -> Option<&'a str> {
        self.takes(b'"')?;
        let behind = self.text.get(self.at..)?;
        let length = memchr::memchr(b'"', behind.as_bytes())?;
        self.at += length + 1;
        let quoted = behind.get(..length)?;
        let is_text = !self.has_controls || quoted.bytes().all(|it| it >= b' ');
        is_text.then_some(quoted)
    }

    /// Any value.
    fn value(&mut self) -> Option<Given<'a>> {
        let raw = match self.next()? {
            b'"' => return self.quoted().map(Given::Text),
            b'[' | b'{' => {
                let rest = serde_json::Deserializer::from_str(self.text.get(self.at..)?);
                rest.into_iter().next()?.ok()?
            }
            _ => {
                let rest = self.text.get(self.at..)?;
                let end = |it: char| matches!(it, ',' | ']' | '}') || it.is_ascii_whitespace();
                json::raw(rest.get(..rest.find(end)?)?)?
            }
        };
        self.at += raw.get().len();
        Some(Given::Raw(raw))
    }

    /// A record; each of its names is told to whoever takes the value.
    fn record(&mut self, mut take: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.takes(b'{')?;
        if self.next()? == b'}' {
            return self.takes(b'}');
        }
        loop {
            let name = self.quoted()?;
            self.takes(b':')?;
            take(self, name)?;
            match self.sign()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// A record or a list of records, or that there is none; lists of lists are read elsewhere.
    fn nested(&mut self, kind: &Kind) -> Option<Cell> {
        if self.next()? == b'n' {
            return self.value()?.is_null().then_some(Cell::Missing);
        }
        match kind {
            Kind::Record(shape) => self.one(self.names.shapes.get(*shape)?),
            Kind::List(inner) => match **inner {
                Kind::Record(shape) => self.list(self.names.shapes.get(shape)?),
                _ => None,
            },
            _ => None,
        }
    }

    fn list(&mut self, shape: &Shape) -> Option<Cell> {
        let mut cells = Vec::new();
        self.takes(b'[')?;
        if self.next()? == b']' {
            self.takes(b']')?;
            return Some(Cell::List(cells));
        }
        loop {
            cells.push(self.one(shape)?);
            match self.sign()? {
                b',' => {}
                b']' => return Some(Cell::List(cells)),
                _ => return None,
            }
        }
    }

    fn one(&mut self, shape: &Shape) -> Option<Cell> {
        let fields = &shape.fields;
        let mut cells = Vec::new();
        cells.resize_with(fields.len(), || Cell::Missing);
        let (mut seen, mut next) = (0_u64, 0);
        self.record(|rest, name| {
            // A name that means nothing is told.
            let at = field_of_shape(fields, next, name)?;
            next = at + 1;
            let bit = 1_u64.checked_shl(u32::try_from(at).ok()?).filter(|bit| seen & bit == 0)?;
            seen |= bit;
            *cells.get_mut(at)? = rest.cell(&fields.get(at)?.kind)?;
            Some(())
        })?;
        let lacks =
            |(field, cell): (&Field, &Cell)| field.required && !field.computed && cell.is_missing();
        (!fields.iter().zip(&cells).any(lacks)).then_some(Cell::Record(cells))
    }

    fn cell(&mut self, kind: &Kind) -> Option<Cell> {
        if has_records(kind) {
            return self.nested(kind);
        }
        match self.value()? {
            Given::Text(text) => parse::text(text, kind, self.names).ok(),
            Given::Raw(raw) => parse::json(raw, kind, self.names).ok(),
            Given::Made(cell) => Some(cell),
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
        let apart =
            lists.iter().map(|list| format!("{{\n\t\"branches\": {list},\r\n\"id\" : 2 }}"));
        let usual = usual.chain(apart);
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
            format!("[{{{branch}, \"note\": \"a\tb\"}}]"),
            format!("[{{{branch}, }}]"),
            format!("[{{{branch}}},]"),
            r#"[{"code": "A"}]"#.to_owned(),
            r#"[{"code": "A", "amount": "1.505"}]"#.to_owned(),
            "[1]".to_owned(),
            "{}".to_owned(),
        ];
        let others = [
            r#"{"id": 2, "id": 2}"#,
            r#"{"id": 2} 3"#,
            r#"{"id": 2"#,
            "[]",
            r#"{"id": }"#,
            r#"{"id": 02}"#,
        ];
        let wrong = lists.iter().map(|list| format!(r#"{{"id": 2, "branches": {list}}}"#));
        for text in wrong.chain(others.map(str::to_owned)) {
            let mut columns = reader.empty_columns(1);
            assert_eq!(reader.push_usual(&text, &mut columns, &known), None, "{text}");
        }
    }
}
