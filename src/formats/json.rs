//! Records of a JSON or NDJSON file, every value kept as the text it is written in.
//!
//! A JSON number never passes through a float: its digits are handed on as they stand.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::diagnostics::Words;

use super::encoding::Encoding;
use super::error::FormatsError;
use super::lines::{FirstLine, Lines};

/// A record as written: each name and the text of its value, in order, repeated names included.
#[derive(Debug, Clone)]
pub(super) struct Record<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

/// A JSON value told by its first letter.
#[derive(Debug, Clone)]
pub(super) enum JsonValue<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number's text.
    Number(&'a str),
    /// A text.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<&'a RawValue>),
    /// An object.
    Record(Record<'a>),
}

/// A record of a file, or a piece that is none.
#[derive(Debug)]
pub(super) enum JsonRow<'a> {
    /// A record.
    Record {
        /// Its line, or its number in an array.
        line: u64,
        /// What it says.
        record: Record<'a>,
        /// As it is written.
        text: &'a str,
    },
    /// No record.
    Broken {
        /// Its line, or its number in an array.
        line: u64,
        /// As it is written.
        text: String,
        /// What is wrong.
        why: Broken,
    },
}

/// What should be a record, as it is written.
#[derive(Debug)]
pub(super) struct JsonText<'a> {
    /// Its line, or its number in an array.
    pub(super) line: u64,
    /// Its text, or its bytes as they are shown if they are none.
    pub(super) text: Result<&'a str, String>,
}

impl<'a> JsonText<'a> {
    /// Cuts it into names and values.
    pub(super) fn row(self) -> JsonRow<'a> {
        match self.text {
            Ok(text) => row(self.line, text),
            Err(text) => JsonRow::Broken { line: self.line, text, why: Broken::NotText },
        }
    }
}

/// Why a piece is no record.
#[expect(clippy::enum_variant_names, reason = "each says what the piece is not")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// Not JSON.
    NotJson,
    /// JSON, but a number, text or list.
    NotARecord,
    /// Bytes that are no text.
    NotText,
}

/// Reads a value by its first letter.
pub(super) fn value(raw: &RawValue) -> JsonValue<'_> {
    let text = raw.get();
    let whole = match text.as_bytes().first() {
        Some(b'n') => Some(JsonValue::Null),
        Some(b't') => Some(JsonValue::Bool(true)),
        Some(b'f') => Some(JsonValue::Bool(false)),
        Some(b'"') => text_of(raw).map(JsonValue::Text),
        Some(b'[') => serde_json::from_str(text).ok().map(JsonValue::List),
        Some(b'{') => serde_json::from_str(text).ok().map(JsonValue::Record),
        _ => None,
    };
    // A raw value is JSON already, so what is left is a number.
    whole.unwrap_or(JsonValue::Number(text))
}

/// What a text says; `None` of any other value. Where nothing is written otherwise than it stands, it
/// is lent.
pub(super) fn text_of(raw: &RawValue) -> Option<Cow<'_, str>> {
    let text = raw.get();
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    match memchr::memchr(b'\\', inner.as_bytes()) {
        None => Some(Cow::Borrowed(inner)),
        Some(_) => serde_json::from_str(text).ok().map(Cow::Owned),
    }
}

/// The records of a list, if it has nothing else.
pub(super) fn records(raw: &RawValue) -> Option<Vec<Record<'_>>> {
    serde_json::from_str(raw.get()).ok()
}

/// A text that is a value as a whole; `None` if it is none.
pub(super) fn raw(text: &str) -> Option<&RawValue> {
    serde_json::from_str(text).ok()
}

/// The values of a list written in a cell; `None` if it is none.
pub(super) fn list(text: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(text).ok()
}

/// Records of an array, or one after the other. The whole file is held.
#[derive(Debug)]
pub(super) struct JsonRows {
    text: String,
    pieces: Vec<Range<usize>>,
    next: usize,
}

impl JsonRows {
    /// Reads the file and cuts it into records.
    ///
    /// # Errors
    /// It cannot be read, is no text or no JSON, or is neither an array nor records.
    pub(super) fn read(
        reader: &mut dyn Read,
        encoding: Encoding,
        file: &str,
    ) -> Result<JsonRows, FormatsError> {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|error| FormatsError::reading(file, error))?;
        let text = encoding.decoded(&bytes).ok_or_else(|| FormatsError::NotText {
            file: file.to_owned(),
            line: 1,
            column: 1,
        })?;
        let pieces = pieces(&text).map_err(|error| json_error(file, &text, &error))?;
        Ok(JsonRows { pieces, next: 0, text: text.into_owned() })
    }

    /// The next record.
    pub(super) fn next(&mut self) -> Option<JsonText<'_>> {
        let range = self.pieces.get(self.next)?.clone();
        self.next += 1;
        let line = u64::try_from(self.next).unwrap_or(u64::MAX);
        Some(JsonText { line, text: Ok(self.text.get(range).unwrap_or_default()) })
    }
}

/// Where each record of a text stands.
fn pieces(text: &str) -> Result<Vec<Range<usize>>, serde_json::Error> {
    let range = |raw: &RawValue| {
        let start = raw.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
        start..start + raw.get().len()
    };
    if text.trim_start().starts_with('[') {
        let raws: Vec<&RawValue> = serde_json::from_str(text)?;
        return Ok(raws.into_iter().map(range).collect());
    }
    serde_json::Deserializer::from_str(text)
        .into_iter::<&RawValue>()
        .map(|raw| raw.map(range))
        .collect()
}

fn json_error(file: &str, text: &str, error: &serde_json::Error) -> FormatsError {
    let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let before = line.get(..error.column().saturating_sub(1).min(line.len())).unwrap_or(line);
    let what = match error.classify() {
        serde_json::error::Category::Eof => {
            Words::new("the JSON ends in the middle", "JSON 在中途结束")
        }
        _ => Words::new(
            "not JSON from here on; rows are an array of records, `[{…}, {…}]`",
            "从这里起不是 JSON；各行应写成记录的数组 [{…}, {…}]",
        ),
    };
    FormatsError::Json {
        file: file.to_owned(),
        line: u64::try_from(error.line()).unwrap_or(u64::MAX),
        column: u64::try_from(before.chars().count() + 1).unwrap_or(u64::MAX),
        what,
    }
}

/// Records a line.
#[derive(Debug)]
pub(super) struct NdjsonRows<R> {
    lines: Lines<R>,
    encoding: Encoding,
    file: String,
    text: String,
}

impl<R: Read> NdjsonRows<R> {
    pub(super) fn new(reader: R, encoding: Encoding, file: &str) -> NdjsonRows<R> {
        NdjsonRows {
            lines: Lines::new(reader),
            encoding,
            file: file.to_owned(),
            text: String::new(),
        }
    }

    /// The next record; blank lines are passed over.
    ///
    /// # Errors
    /// The file cannot be read on, or has a line too long to be one.
    pub(super) fn next(&mut self) -> Result<Option<JsonText<'_>>, FormatsError> {
        loop {
            let line = self.lines.line;
            let found = self.lines.first_line();
            let length = match found.map_err(|error| FormatsError::reading(&self.file, error))? {
                FirstLine::End => return Ok(None),
                FirstLine::TooLong => {
                    return Err(FormatsError::LineTooLong { file: self.file.clone(), line });
                }
                FirstLine::Line(length, ending) => {
                    self.lines.advance(length + ending, 1);
                    length + ending
                }
            };
            let bytes = self.lines.behind(length).trim_ascii();
            if bytes.is_empty() {
                continue;
            }
            let Some(text) = self.encoding.decoded(bytes) else {
                return Ok(Some(JsonText { line, text: Err(self.encoding.shown(bytes)) }));
            };
            self.text.clear();
            self.text.push_str(&text);
            return Ok(Some(JsonText { line, text: Ok(&self.text) }));
        }
    }
}

fn row(line: u64, text: &str) -> JsonRow<'_> {
    let broken = |why| JsonRow::Broken { line, text: text.to_owned(), why };
    if !letters(text) {
        return broken(Broken::NotText);
    }
    match serde_json::from_str(text) {
        Ok(record) => JsonRow::Record { line, record, text },
        Err(_) => {
            let json = serde_json::from_str::<&RawValue>(text).is_ok();
            broken(if json { Broken::NotARecord } else { Broken::NotJson })
        }
    }
}

/// Whether each `\u…` of a text stands for a letter: half of a surrogate pair is none, and zero is taken in
/// no file. What is no JSON is told elsewhere.
fn letters(text: &str) -> bool {
    fn plain(raw: &RawValue) -> bool {
        match value(raw) {
            JsonValue::Text(text) => !text.contains('\0'),
            JsonValue::List(values) => values.into_iter().all(plain),
            JsonValue::Record(Record(pairs)) => {
                pairs.into_iter().all(|(name, value)| !name.contains('\0') && plain(value))
            }
            // A text that cannot be read, or a record whose name cannot.
            JsonValue::Number(text) => !text.starts_with(['"', '{']),
            JsonValue::Null | JsonValue::Bool(_) => true,
        }
    }
    let bytes = text.as_bytes();
    let escaped = memchr::memchr_iter(b'\\', bytes).any(|at| bytes.get(at + 1) == Some(&b'u'));
    !escaped || serde_json::from_str::<&RawValue>(text).map_or(true, plain)
}

impl<'de: 'a, 'a> Deserialize<'de> for Record<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Record<'a>, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a record")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(8));
                while let Some((Name(name), value)) = map.next_entry()? {
                    pairs.push((name, value));
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_map(Pairs).map(Record)
    }
}

/// A name in a record, lent where it stands as it is written.
pub(super) struct Name<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name<'a>, D::Error> {
        struct Spelt;
        impl<'de> Visitor<'de> for Spelt {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(name))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(name.to_owned()))
            }
        }
        deserializer.deserialize_str(Spelt).map(Name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(row: &JsonRow<'_>) -> String {
        match row {
            JsonRow::Record { line, record, .. } => {
                let pairs = record.0.iter().map(|(name, raw)| format!("{name}={}", raw.get()));
                format!("{line}: {}", pairs.collect::<Vec<_>>().join(" "))
            }
            JsonRow::Broken { line, text, why } => format!("{line}! {text} {why:?}"),
        }
    }

    fn whole(text: &str) -> Result<Vec<String>, String> {
        let mut rows = JsonRows::read(&mut text.as_bytes(), Encoding::Utf8, "x.json")
            .map_err(|error| error.words().en)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next() {
            found.push(shown(&row.row()));
        }
        Ok(found)
    }

    #[test]
    fn numbers_keep_their_digits_and_repeated_names_are_seen() {
        let text = r#"[{"id": 1, "amount": 0.10, "id": 12345678901234567890.010}, 7]"#;
        let wanted = ["1: id=1 amount=0.10 id=12345678901234567890.010", "2! 7 NotARecord"];
        assert_eq!(whole(text).unwrap(), wanted);
        assert_eq!(whole("{\"a\":1}\n{\"a\":2}").unwrap(), ["1: a=1", "2: a=2"]);
    }

    #[test]
    fn errors_have_a_place() {
        assert_eq!(
            whole("[{\"税\": 1},\n {\"税\" 2}]").unwrap_err(),
            "`x.json`: line 2, column 7: not JSON from here on; rows are an array of records, \
             `[{…}, {…}]`"
        );
        assert!(whole("[{\"a\": 1}").unwrap_err().contains("ends in the middle"));
    }

    #[test]
    fn lines_stand_alone() {
        let text = "{\"a\":1}\n\n{\"a\"\r\n{\"b\":[1]}";
        let mut rows = NdjsonRows::new(text.as_bytes(), Encoding::Utf8, "x.ndjson");
        let mut found = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            found.push(shown(&row.row()));
        }
        assert_eq!(found, ["1: a=1", "3! {\"a\" NotJson", "4: b=[1]"]);
    }

    #[test]
    fn what_is_no_letter_is_no_text() {
        let texts = [r#"{"a":"\ud842"}"#, r#"{"\udfb7":1}"#, r#"{"a":[{"b":"\u0000"}]}"#];
        let told = texts.map(|text| shown(&row(1, text)));
        assert_eq!(told, texts.map(|text| format!("1! {text} NotText")));
        let whole = [r#"{"a":"\u7a0e \ud842\udfb7"}"#, r#"{"a":"\\u0000"}"#];
        assert!(whole.iter().all(|text| matches!(row(1, text), JsonRow::Record { .. })));
    }
}
