//! A mapping file: which column holds which field, where names and labels do not say it.
//!
//! ```toml
//! date = "入库日期"                 # short: wherever a table has a field `date`
//!
//! [columns.receipt]                # of one event kind or register
//! id = "凭证号"
//!
//! [columns.caps]                   # the period of a register's dated fields
//! from = "起"
//!
//! [values.receipt.tax]             # what the file writes, and the member meant
//! "国内增值税" = "vat"
//!
//! [constants.receipt]              # the same for every row
//! destination = "hebei"
//!
//! [formats]                        # how dates and amounts are spelt besides our own way
//! date = "yyyy/m/d"
//!
//! [formats.receipt]                # of one field
//! amount = ["￥#,##0.00", "0.00元"]
//!
//! [formats.caps]                   # 单位：万元
//! cap = "0.00万元"
//! ```

#![expect(clippy::disallowed_types, reason = "serde's derive of a flattened map names f32 and f64")]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::Words;
use crate::report::names::{Kind, Names, Table};

use super::error::FormatsError;
use super::held::Held;
use super::parse::field_named;
use super::spellings::Spelling;
use super::units::Unit;

mod check;
mod place;
mod template;

pub(super) use place::toml_words;
pub use template::template;

/// A mapping file as read. Empty where the user gave none.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Mapping {
    #[serde(default)]
    columns: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
    #[serde(default)]
    constants: BTreeMap<String, BTreeMap<String, toml::Value>>,
    #[serde(default)]
    formats: BTreeMap<String, toml::Value>,
    #[serde(flatten)]
    anywhere: BTreeMap<String, toml::Value>,
    /// Columns that are no field by their names.
    #[serde(skip)]
    apart: BTreeSet<String>,
    /// What all amounts are counted in, whatever is said of them.
    #[serde(skip)]
    unit: Option<Unit>,
}

/// What a mapping says about one table, by position of the field.
#[derive(Debug, Clone, Default)]
pub(super) struct TableMapping {
    pub(super) columns: BTreeMap<usize, String>,
    pub(super) values: BTreeMap<usize, BTreeMap<String, String>>,
    pub(super) constants: BTreeMap<usize, String>,
    /// How dates and amounts may be spelt.
    spellings: BTreeMap<usize, Vec<Spelling>>,
    /// The same of the period.
    period: Vec<Spelling>,
    /// The columns that say from and until when a row's dated fields hold.
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
    /// Columns that are no field by their names.
    pub(super) apart: BTreeSet<String>,
}

impl TableMapping {
    /// Whether no text means anything else than it says.
    pub(super) fn takes_texts_as_they_are(&self) -> bool {
        self.values.is_empty() && self.spellings.is_empty()
    }

    /// What the text of a field's cell means, in our own spelling as far as the mapping says so.
    pub(super) fn meant<'a>(&'a self, field: usize, text: &'a str) -> Cow<'a, str> {
        if self.takes_texts_as_they_are() {
            return Cow::Borrowed(text);
        }
        let values = self.values.get(&field);
        if let Some(meant) = values.and_then(|values| values.get(text.trim())) {
            return Cow::Borrowed(meant);
        }
        spelt(self.spellings.get(&field).map_or(&[], Vec::as_slice), text)
    }

    /// The same of a value of a workbook, if it is a text or its text is mapped; else gives it back.
    /// What is left of a number or of a formula is no text that a mapping could speak of. A number in a
    /// unit is its digits in that unit.
    pub(super) fn meant_held<'a>(
        &'a self,
        field: usize,
        held: &'a Held<'a>,
    ) -> Result<Cow<'a, str>, &'a Held<'a>> {
        if let Held::Text(text) = held {
            return Ok(self.meant(field, text));
        }
        if self.has_unit(field) && held.is_number() {
            let cut = if held.is_cut() { "…" } else { "" };
            let meant = self.meant(field, &format!("{}{cut}", held.text())).into_owned();
            return Ok(Cow::Owned(meant));
        }
        let values = self.values.get(&field).filter(|_| held.is_its_text()).ok_or(held)?;
        values.get(&*held.text()).map(|meant| Cow::Borrowed(meant.as_str())).ok_or(held)
    }

    /// Whether the amounts of a field are in another unit than the currency's.
    pub(super) fn has_unit(&self, field: usize) -> bool {
        self.spellings.get(&field).is_some_and(|all| all.iter().any(Spelling::has_unit))
    }

    /// How a text is told that is no value: as what it means, but an amount in a unit as it stands.
    pub(super) fn told<'a>(
        &self,
        field: usize,
        text: &'a str,
        meant: Cow<'a, str>,
    ) -> Cow<'a, str> {
        if self.has_unit(field) { Cow::Borrowed(text) } else { meant }
    }

    /// The same for a table with two fields more, from and until when its dated fields hold: they are
    /// in these columns, unless the mapping says in which.
    pub(super) fn with_period(mut self, at: usize, columns: [Option<String>; 2]) -> TableMapping {
        let said = [self.from.take(), self.until.take()];
        for (at, (said, column)) in (at..).zip(said.into_iter().zip(columns)) {
            if let Some(column) = said.or(column) {
                self.columns.insert(at, column);
            }
            if !self.period.is_empty() {
                self.spellings.insert(at, self.period.clone());
            }
        }
        self
    }
}

/// What a text means by the spellings that fit; where by these it is two things it is left as it is.
fn spelt<'a>(spellings: &[Spelling], text: &'a str) -> Cow<'a, str> {
    let mut read = spellings.iter().filter_map(|spelling| spelling.read(text));
    match read.next() {
        Some(first) if read.all(|other| other == first) => Cow::Owned(first),
        _ => Cow::Borrowed(text),
    }
}

/// The spellings of a mapping's entry: a format, or several. Nothing of a kind that has none.
fn spellings(kind: &Kind, formats: &toml::Value) -> Option<Vec<Spelling>> {
    let read = |format: &toml::Value| match kind {
        Kind::Date => Spelling::date(format.as_str()?),
        Kind::Money(_) => Spelling::amount(format.as_str()?),
        _ => None,
    };
    match formats {
        toml::Value::Array(formats) => {
            let all: Option<Vec<Spelling>> = formats.iter().map(read).collect();
            // A number without its unit would mean two things.
            all.filter(|all| all.len() == 1 || !all.iter().any(Spelling::has_unit))
        }
        format => read(format).map(|spelling| vec![spelling]),
    }
}

/// Whether a table has no field of a name, and yet a column of it: the period of its dated fields.
fn is_period(table: &Table, spelling: &str) -> bool {
    let dated = table.fields.iter().any(|field| field.dated);
    dated && PERIOD.contains(&spelling) && field_named(&table.fields, spelling).is_none()
}

/// What the ends of a period are called in a mapping.
const PERIOD: [&str; 2] = ["from", "until"];

impl Mapping {
    /// Reads a mapping and holds it against the names it speaks of.
    ///
    /// # Errors
    /// It is no TOML, or names a table or field that the rules do not have.
    pub fn parse(text: &str, file: &str, names: &Names) -> Result<Mapping, FormatsError> {
        let mapping: Mapping = toml::from_str(text).map_err(|error| {
            let (what, hint) = toml_words(text, &error);
            let start = Words::new(
                "`--print-map` writes a mapping to start from",
                "可用 --print-map 写出一份作为起点",
            );
            FormatsError::Mapping { file: file.to_owned(), what, hint: hint.unwrap_or(start) }
        })?;
        check::Check { mapping: &mapping, text, file, names }.all()?;
        Ok(mapping)
    }

    /// The same for files whose amounts are in a unit.
    pub fn in_unit(self, unit: Option<Unit>) -> Mapping {
        Mapping { unit, ..self }
    }

    /// The same for a file in which some columns are no field by their names.
    pub(super) fn apart_from(&self, columns: &BTreeSet<String>) -> Mapping {
        Mapping { apart: columns.clone(), ..self.clone() }
    }

    /// Whether a column is no field by its name.
    pub(super) fn is_apart(&self, column: &str) -> bool {
        self.apart.contains(column)
    }

    pub(super) fn of(&self, table: &Table) -> TableMapping {
        let name = table.name.text.as_str();
        let mut found = TableMapping { apart: self.apart.clone(), ..TableMapping::default() };
        let field = |spelling: &str| field_named(&table.fields, spelling);
        for (spelling, column) in &self.anywhere {
            if let (Some(at), Some(column)) = (field(spelling), column.as_str()) {
                found.columns.insert(at, column.to_owned());
            }
        }
        for (spelling, column) in self.columns.get(name).into_iter().flatten() {
            if let Some(at) = field(spelling) {
                found.columns.insert(at, column.clone());
            } else if is_period(table, spelling) {
                let end = if spelling == "from" { &mut found.from } else { &mut found.until };
                *end = Some(column.clone());
            }
        }
        for (spelling, values) in self.values.get(name).into_iter().flatten() {
            if let Some(at) = field(spelling) {
                found.values.insert(at, values.clone());
            }
        }
        let of_kind = |kind: &str| self.formats.get(kind).filter(|formats| !formats.is_table());
        let own = self.formats.get(name).and_then(toml::Value::as_table);
        for (at, stored) in table.fields.iter().enumerate() {
            let named = |spelling: &String| field(spelling) == Some(at);
            let own = own.and_then(|own| own.iter().find(|(spelling, _)| named(spelling)));
            let formats = own.map(|(_, formats)| formats).or_else(|| match stored.kind {
                Kind::Date => of_kind("date"),
                Kind::Money(_) => of_kind("amount"),
                _ => None,
            });
            let known = match (self.unit, &stored.kind) {
                (Some(unit), Kind::Money(_)) => Some(vec![Spelling::in_unit(unit)]),
                _ => formats.and_then(|formats| spellings(&stored.kind, formats)),
            };
            if let Some(known) = known {
                found.spellings.insert(at, known);
            }
        }
        found.period =
            of_kind("date").and_then(|it| spellings(&Kind::Date, it)).unwrap_or_default();
        for (spelling, value) in self.constants.get(name).into_iter().flatten() {
            if let (Some(at), Some(value)) = (field(spelling), constant(value)) {
                found.constants.insert(at, value);
            }
        }
        found
    }
}

/// How files name the ends of a period without a mapping.
pub(super) const PERIOD_SPELLINGS: [[&str; 4]; 2] =
    [["from", "valid_from", "自", "起"], ["until", "valid_until", "至", "止"]];

fn constant(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(value) => Some(value.to_string()),
        toml::Value::Boolean(value) => Some(value.to_string()),
        toml::Value::Datetime(value) => Some(value.to_string()),
        // A decimal would have passed through a float; it must be quoted.
        toml::Value::Float(_) | toml::Value::Array(_) | toml::Value::Table(_) => None,
    }
}

pub(super) fn did_you_mean(near: Option<&str>) -> Words {
    match near {
        Some(near) => {
            Words::new(format!("did you mean `{near}`?"), format!("是否应为「{near}」？"))
        }
        None => Words::new(
            "`--print-map` lists every table and field",
            "--print-map 会列出所有表和字段",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_two_days_is_none() {
        let formats = ["yyyy/m/d", "yyyy/d/m"].map(|format| Spelling::date(format).unwrap());
        assert_eq!(spelt(&formats, "2024/3/5"), "2024/3/5");
        assert_eq!(spelt(&formats, "2024/13/5"), "2024-05-13");
        assert_eq!(spelt(&formats, "2024/3/3"), "2024-03-03");
        assert_eq!(spelt(&formats[..1], "2024/3/5"), "2024-03-05");
    }
}
