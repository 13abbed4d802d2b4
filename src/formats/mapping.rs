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
//! ```

#![expect(clippy::disallowed_types, reason = "serde's derive of a flattened map names f32 and f64")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use crate::diagnostics::Words;
use crate::report::names::{Kind, Names, Table, nearest};

use super::error::FormatsError;
use super::held::Held;
use super::parse::field_named;
use super::spellings::Spelling;

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
}

impl TableMapping {
    /// What the text of a field's cell means, in our own spelling as far as the mapping says so.
    pub(super) fn meant<'a>(&'a self, field: usize, text: &'a str) -> Cow<'a, str> {
        if self.values.is_empty() && self.spellings.is_empty() {
            return Cow::Borrowed(text);
        }
        let values = self.values.get(&field);
        if let Some(meant) = values.and_then(|values| values.get(text.trim())) {
            return Cow::Borrowed(meant);
        }
        spelt(self.spellings.get(&field).map_or(&[], Vec::as_slice), text)
    }

    /// The same of a value of a workbook, if it is a text or its text is mapped; else gives it back.
    /// What is left of a number or of a formula is no text that a mapping could speak of.
    pub(super) fn meant_held<'a>(
        &'a self,
        field: usize,
        held: &'a Held<'a>,
    ) -> Result<Cow<'a, str>, &'a Held<'a>> {
        if let Held::Text(text) = held {
            return Ok(self.meant(field, text));
        }
        let values = self.values.get(&field).filter(|_| held.is_its_text()).ok_or(held)?;
        values.get(&*held.text()).map(|meant| Cow::Borrowed(meant.as_str())).ok_or(held)
    }

    /// The same of a cell that says from or until when a row's dated fields hold.
    pub(super) fn day_meant<'a>(&self, text: &'a str) -> Cow<'a, str> {
        spelt(&self.period, text)
    }
}

fn spelt<'a>(spellings: &[Spelling], text: &'a str) -> Cow<'a, str> {
    let read = spellings.iter().find_map(|spelling| spelling.read(text));
    read.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The spellings of a mapping's entry: a format, or several. Nothing of a kind that has none.
fn spellings(kind: &Kind, formats: &toml::Value) -> Option<Vec<Spelling>> {
    let read = |format: &toml::Value| match kind {
        Kind::Date => Spelling::date(format.as_str()?),
        Kind::Money(_) => Spelling::amount(format.as_str()?),
        _ => None,
    };
    match formats {
        toml::Value::Array(formats) => formats.iter().map(read).collect(),
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
        let mapping: Mapping = toml::from_str(text).map_err(|error| FormatsError::Mapping {
            file: file.to_owned(),
            what: toml_words(text, &error),
            hint: Words::new(
                "`--print-map` writes a mapping to start from",
                "可用 --print-map 写出一份作为起点",
            ),
        })?;
        mapping.check(file, names)?;
        Ok(mapping)
    }

    pub(super) fn of(&self, table: &Table) -> TableMapping {
        let name = table.name.text.as_str();
        let mut found = TableMapping::default();
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
            if let Some(known) = formats.and_then(|formats| spellings(&stored.kind, formats)) {
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

    fn check(&self, file: &str, names: &Names) -> Result<(), FormatsError> {
        let wrong = |what: Words, near: Option<&str>| FormatsError::Mapping {
            file: file.to_owned(),
            what,
            hint: did_you_mean(near),
        };
        let tables = || names.events.iter().chain(&names.registers);
        for (spelling, column) in &self.anywhere {
            let fields = || tables().flat_map(|table| &table.fields);
            if !column.is_str() {
                return Err(wrong(
                    Words::new(
                        format!("`{spelling}` must be the name of a column, in quotes"),
                        format!("「{spelling}」应为带引号的列名"),
                    ),
                    nearest(spelling, ["columns", "values", "constants", "formats"]),
                ));
            }
            if !tables().any(|table| field_named(&table.fields, spelling).is_some()) {
                let near = nearest(spelling, fields().map(|field| field.name.text.as_str()));
                return Err(wrong(no_field(spelling, None), near));
            }
        }
        let sections = self.columns.iter().map(|(name, fields)| {
            let table = tables().find(|table| table.name.text == *name);
            let period = |field: &&String| table.is_some_and(|table| is_period(table, field));
            (name, fields.keys().filter(|field| !period(field)).collect())
        });
        let of_tables = self.formats.iter().filter_map(|(table, it)| Some((table, it.as_table()?)));
        let sections: Vec<(&String, Vec<&String>)> = sections
            .chain(of_tables.map(|(table, fields)| (table, fields.keys().collect())))
            .chain(self.values.iter().map(|(table, fields)| (table, fields.keys().collect())))
            .chain(self.constants.iter().map(|(table, fields)| (table, fields.keys().collect())))
            .collect();
        for (name, fields) in sections {
            let Some(table) = tables().find(|table| table.name.text == *name) else {
                let near = nearest(name, tables().map(|table| table.name.text.as_str()));
                let what = Words::new(
                    format!("there is no event or register `{name}`"),
                    format!("没有名为「{name}」的事项或登记簿"),
                );
                return Err(wrong(what, near));
            };
            for spelling in fields {
                if field_named(&table.fields, spelling).is_none() {
                    let stored = table.fields.iter().filter(|field| !field.computed);
                    let near = nearest(spelling, stored.map(|field| field.name.text.as_str()));
                    return Err(wrong(no_field(spelling, Some(name)), near));
                }
            }
        }
        self.check_formats(file, names)
    }

    /// Every format must be one of its kind; their names have been looked at.
    fn check_formats(&self, file: &str, names: &Names) -> Result<(), FormatsError> {
        let tables = || names.events.iter().chain(&names.registers);
        let mut entries: Vec<(&str, Option<Kind>, &toml::Value)> = Vec::new();
        for (name, formats) in &self.formats {
            let table = tables().find(|table| table.name.text == *name);
            match (formats.as_table(), table, name.as_str()) {
                (Some(own), Some(table), _) => {
                    entries.extend(own.iter().map(|(field, formats)| {
                        let at = field_named(&table.fields, field);
                        let kind = at.and_then(|at| table.fields.get(at)).map(|it| it.kind.clone());
                        (field.as_str(), kind, formats)
                    }))
                }
                (_, _, "date") => entries.push((name, Some(Kind::Date), formats)),
                (_, _, "amount") => entries.push((name, Some(Kind::Money(2)), formats)),
                _ => entries.push((name, None, formats)),
            }
        }
        let fits = |(_, kind, formats): &&(&str, Option<Kind>, &toml::Value)| {
            kind.as_ref().is_none_or(|kind| spellings(kind, formats).is_none())
        };
        let Some((name, _, formats)) = entries.iter().find(fits) else { return Ok(()) };
        Err(FormatsError::Mapping {
            file: file.to_owned(),
            what: Words::new(
                format!(
                    "`{name} = {formats}` in `[formats]` is no way to write a date or an amount"
                ),
                format!("[formats] 中的 {name} = {formats} 不是日期或金额的写法"),
            ),
            hint: Words::new(
                "a date is such as \"yyyy/m/d\", \"yyyy年m月d日\" or \"yyyy-mm-dd hh:mm:ss\", an amount \
                 \"#,##0.00\" or \"￥#,##0.00\"",
                "日期如 \"yyyy/m/d\"、\"yyyy年m月d日\"、\"yyyy-mm-dd hh:mm:ss\"，\
                 金额如 \"#,##0.00\"、\"￥#,##0.00\"",
            ),
        })
    }
}

/// A mapping to edit: every field of every table that data fill, with the column that a file has for it.
/// `columns` are those of the files of a table, none where no file is known. What is printed holds as
/// it stands: a field whose column is not to be told is behind a `#`.
pub fn template(names: &Names, columns: impl Fn(&Table) -> Vec<String>) -> String {
    let mut out = String::from(
        "# field = \"column\": write the file's own column names on the right.\n\
         # 字段 = \"列名\"：请把右边改为文件中的列名。\n",
    );
    let tables = names.events.iter().filter(|table| table.sent).chain(&names.registers);
    for table in tables {
        let _ = write!(out, "\n[columns.{}]\n", key(&table.name.text));
        let columns = columns(table);
        let mut free: Vec<&String> = columns.iter().collect();
        for field in table.fields.iter().filter(|field| !field.computed) {
            let own: Vec<&str> = field.name.spellings().collect();
            let need = if field.required { "" } else { ", optional" };
            let label = own.get(1).map(|label| format!(", {label}")).unwrap_or_default();
            let words = format!("{}{need}{label}", kind_word(&field.kind));
            add_line(&mut out, &field.name.text, &own, &mut free, &words);
        }
        for (end, spellings) in PERIOD.into_iter().zip(PERIOD_SPELLINGS) {
            if is_period(table, end) {
                let words = "date, an end of the period of dated fields, optional";
                add_line(&mut out, end, &spellings, &mut free, words);
            }
        }
        if !free.is_empty() {
            let free: Vec<&str> = free.into_iter().map(String::as_str).collect();
            let _ = writeln!(out, "# columns not used / 未用的列: {}", free.join(", "));
        }
    }
    out.push_str(
        "\n# [values.TABLE.FIELD]      what the file writes = the member meant\n\
         # [constants.TABLE]         field = a value for every row\n\
         # [formats]                 date = \"yyyy/m/d\", amount = \"￥#,##0.00\": as files write them\n",
    );
    out
}

/// A line of the template; the column it names is no longer free.
fn add_line(out: &mut String, field: &str, own: &[&str], free: &mut Vec<&String>, words: &str) {
    let same = free.iter().position(|column| own.contains(&column.trim()));
    let near = || {
        let near = nearest(field, free.iter().map(|column| column.as_str()))?;
        free.iter().position(|column| *column == near)
    };
    let found = same.or_else(near).map(|at| free.remove(at));
    let (hidden, column) = match found {
        Some(column) => ("", column.as_str()),
        None => ("# ", ""),
    };
    let column = toml::Value::String(column.to_owned());
    let _ = writeln!(out, "{hidden}{} = {column}  # {words}", key(field));
}

/// How files name the ends of a period without a mapping.
pub(super) const PERIOD_SPELLINGS: [[&str; 4]; 2] =
    [["from", "valid_from", "自", "起"], ["until", "valid_until", "至", "止"]];

fn kind_word(kind: &Kind) -> String {
    match kind {
        Kind::Bool => "true or false".into(),
        Kind::Integer => "whole number".into(),
        Kind::Rate | Kind::Number => "number".into(),
        Kind::Money(scale) => format!("amount, {scale} decimals"),
        Kind::Date => "date, 2024-03-01".into(),
        Kind::Period(_) => "period".into(),
        Kind::Duration => "length of time".into(),
        Kind::Text => "text".into(),
        Kind::Member(members) => {
            let few: Vec<&str> =
                members.members.iter().take(6).map(|(label, _)| label.text.as_str()).collect();
            let more = if members.members.len() > 6 { ", …" } else { "" };
            format!("{}{more}", few.join(", "))
        }
        Kind::List(_) | Kind::Record(_) => "list".into(),
    }
}

/// A bare key where TOML allows it, else a quoted one.
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.chars().all(bare) {
        name.to_owned()
    } else {
        toml::Value::String(name.to_owned()).to_string()
    }
}

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

fn no_field(spelling: &str, table: Option<&str>) -> Words {
    match table {
        Some(table) => Words::new(
            format!("`{table}` has no field `{spelling}` that data could fill"),
            format!("「{table}」没有可由数据填写的字段「{spelling}」"),
        ),
        None => Words::new(
            format!("no event or register has a field `{spelling}` that data could fill"),
            format!("没有事项或登记簿含有可由数据填写的字段「{spelling}」"),
        ),
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

pub(super) fn toml_words(text: &str, error: &toml::de::Error) -> Words {
    let line = error
        .span()
        .map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
    let message = error.message().lines().collect::<Vec<_>>().join("; ");
    match line {
        Some(line) => {
            Words::new(format!("line {line}: {message}"), format!("第 {line} 行：{message}"))
        }
        None => Words::new(message.clone(), message),
    }
}
