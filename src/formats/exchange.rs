//! Files laid out as somebody else asks for: a mapping says under which name there each of our values
//! stands, in XML or CSV. Whoever holds a standard writes the mapping; nothing of it is in the code.
//!
//! ```toml
//! [[file]]
//! name = "entries.xml"
//! rows = "amounts"                     # which of our tables
//! layout = "xml"                       # or "csv"
//! root = "ledger/journal"              # the elements around all rows, and that of a row
//! row = "entry"
//! fields = [                           # in order: their name or path, ours or `=` and a text
//!   ["number", "row"],
//!   ["account/code", "account"],
//!   ["account/currency", "=CNY"],
//! ]
//! ```

use std::fmt::Write;

use serde::Deserialize;

use crate::diagnostics::Words;
use crate::report::names::nearest;

use super::error::FormatsError;
use super::mapping::{did_you_mean, toml_words};
use super::output::Output;
use super::records::{Records, ResultColumn, ResultLayout};

/// The files that a mapping asks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// One after the other.
    #[serde(rename = "file")]
    pub files: Vec<ExchangeFile>,
}

/// One file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeFile {
    /// What it is called in the folder.
    pub name: String,
    /// Which of our tables it holds.
    pub rows: String,
    layout: Layout,
    root: Option<String>,
    row: Option<String>,
    fields: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Layout {
    Xml,
    Csv,
}

impl Exchange {
    /// Reads a mapping and holds it against our tables, each with its fields.
    ///
    /// # Errors
    /// It is no such mapping, names a table or field that we do not have, or an element that XML
    /// cannot have.
    pub fn parse(
        text: &str,
        file: &str,
        tables: &[(&str, &[&str])],
    ) -> Result<Exchange, FormatsError> {
        let wrong =
            |what: Words, hint: Words| FormatsError::Mapping { file: file.to_owned(), what, hint };
        let exchange: Exchange = toml::from_str(text).map_err(|error| {
            let form = Words::new(
                "each `[[file]]` has `name`, `rows`, `layout` (`xml` or `csv`) and `fields`; \
                 XML also `root` and `row`",
                "每个 [[file]] 须有 name、rows、layout（xml 或 csv）与 fields；XML 另须 root 与 row",
            );
            let (what, hint) = toml_words(text, &error);
            wrong(what, hint.unwrap_or(form))
        })?;
        for (at, one) in exchange.files.iter().enumerate() {
            let before = exchange.files.iter().take(at);
            one.check(tables, before).map_err(|Wrong { value, what, hint }| {
                let quoted = format!("\"{value}\"");
                let line = text.lines().position(|line| line.contains(&quoted));
                let line = line.map_or(0, |line| line + 1);
                let en = format!("line {line}: {}", what.en);
                wrong(Words::new(en, format!("第 {line} 行：{}", what.zh)), hint)
            })?;
        }
        Ok(exchange)
    }
}

/// A value of a mapping that cannot stand, why, and what to do.
struct Wrong {
    value: String,
    what: Words,
    hint: Words,
}

impl ExchangeFile {
    fn check<'e>(
        &self,
        tables: &[(&str, &[&str])],
        mut before: impl Iterator<Item = &'e ExchangeFile>,
    ) -> Result<(), Wrong> {
        let name = &self.name;
        if before.any(|other| other.name == *name) {
            return Err(Wrong {
                value: name.clone(),
                what: Words::new(
                    format!("two files are called `{name}`"),
                    format!("有两个文件名为「{name}」"),
                ),
                hint: Words::new("give one another name", "请改其中一个的名称"),
            });
        }
        if name.is_empty() || name.contains(['/', '\\']) || name.starts_with('.') {
            return Err(Wrong {
                value: name.clone(),
                what: Words::new(
                    format!("`{name}` is no name of a file in the folder"),
                    format!("「{name}」不能作文件夹中的文件名"),
                ),
                hint: Words::new(
                    "write a name such as `entries.xml`",
                    "请写成如 entries.xml 的文件名",
                ),
            });
        }
        let rows = &self.rows;
        let Some((_, known)) = tables.iter().find(|(table, _)| table == rows) else {
            return Err(Wrong {
                value: rows.clone(),
                what: Words::new(
                    format!("`{rows}` is none of our tables"),
                    format!("没有表「{rows}」"),
                ),
                hint: near(rows, tables.iter().map(|(table, _)| *table).collect()),
            });
        };
        let mut ours = self.fields.iter().map(|(_, ours)| ours);
        let unknown = |ours: &&String| !ours.starts_with('=') && !known.contains(&ours.as_str());
        if let Some(ours) = ours.find(unknown) {
            return Err(Wrong {
                value: ours.clone(),
                what: Words::new(
                    format!("table `{rows}` has no field `{ours}`"),
                    format!("表「{rows}」没有字段「{ours}」"),
                ),
                hint: near(ours, known.to_vec()),
            });
        }
        self.check_elements()
    }

    /// Holds that every name can be that of an element.
    fn check_elements(&self) -> Result<(), Wrong> {
        if self.layout == Layout::Csv {
            return Ok(());
        }
        for (name, path) in [("root", &self.root), ("row", &self.row)] {
            if path.is_none() {
                return Err(Wrong {
                    value: self.name.clone(),
                    what: Words::new(
                        format!("`{}` is XML and lacks `{name}`", self.name),
                        format!("「{}」为 XML，缺少 {name}", self.name),
                    ),
                    hint: Words::new(
                        "`root` names the elements around all rows, `row` that of one",
                        "root 为包住全部行的元素，row 为一行的元素",
                    ),
                });
            }
        }
        let fields = self.fields.iter().map(|(name, _)| name);
        for path in self.root.iter().chain(&self.row).chain(fields) {
            if let Some(name) = path.split('/').find(|name| !is_element(name)) {
                return Err(Wrong {
                    value: path.clone(),
                    what: Words::new(
                        format!("`{name}` cannot be the name of an element"),
                        format!("「{name}」不能作元素名"),
                    ),
                    hint: Words::new(
                        "it begins with a letter or `_`, and has letters, digits, `-`, `.` and `_`",
                        "元素名以文字或 _ 开头，只含文字、数字、-、. 与 _",
                    ),
                });
            }
        }
        Ok(())
    }
}

/// The name that was meant, or all there are.
fn near(name: &str, known: Vec<&str>) -> Words {
    match nearest(name, known.iter().copied()) {
        Some(near) => did_you_mean(Some(near)),
        None => Words::new(
            format!("there are: {}", known.join(", ")),
            format!("现有：{}", known.join("、")),
        ),
    }
}

fn is_element(name: &str) -> bool {
    let first = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    first && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_'))
}

/// Writes one of the files, row by row.
#[derive(Debug)]
pub struct ExchangeWriter<'e> {
    file: &'e ExchangeFile,
    to: To,
}

#[derive(Debug)]
enum To {
    Csv(Box<Records>),
    Xml(Box<Output>),
}

impl<'e> ExchangeWriter<'e> {
    /// Begins it.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn new(file: &'e ExchangeFile, mut output: Output) -> Result<Self, FormatsError> {
        let to = match file.layout {
            Layout::Csv => {
                let column = |(name, _): &(String, String)| ResultColumn::new(name, name, false);
                let columns = file.fields.iter().map(column).collect();
                To::Csv(Box::new(Records::new(output, ResultLayout::Csv, columns, "")?))
            }
            Layout::Xml => {
                let mut head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
                let root = file.root.iter().flat_map(|path| path.split('/'));
                root.for_each(|name| line(&mut head, 0, &format!("<{name}>")));
                output.write(head.as_bytes())?;
                To::Xml(Box::new(output))
            }
        };
        Ok(ExchangeWriter { file, to })
    }

    /// Adds a row, whose values are told by our names.
    ///
    /// # Errors
    /// The output cannot be written; a value holds what the layout cannot carry.
    pub fn row(&mut self, value: &dyn Fn(&str) -> String) -> Result<(), FormatsError> {
        let of = |ours: &str| match ours.strip_prefix('=') {
            Some(text) => text.to_owned(),
            None => value(ours),
        };
        match &mut self.to {
            To::Csv(records) => {
                self.file.fields.iter().for_each(|(_, ours)| records.text(&of(ours)));
                records.end_row()
            }
            To::Xml(output) => {
                let row =
                    element(self.file, &of).map_err(|value| not_in_xml(output.name(), &value))?;
                output.write(row.as_bytes())
            }
        }
    }

    /// Ends it and puts it in its place.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(self) -> Result<(), FormatsError> {
        match self.to {
            To::Csv(records) => records.finish(),
            To::Xml(mut output) => {
                let mut tail = String::new();
                let root: Vec<&str> = self.file.root.iter().flat_map(|it| it.split('/')).collect();
                root.iter().rev().for_each(|name| line(&mut tail, 0, &format!("</{name}>")));
                output.write(tail.as_bytes())?;
                output.finish()
            }
        }
    }
}

/// The element of a row: neighbours whose paths begin alike stand in one. The value at fault, if XML
/// cannot carry one.
fn element(file: &ExchangeFile, of: &dyn Fn(&str) -> String) -> Result<String, String> {
    let (mut out, row) = (String::new(), file.row.as_deref().unwrap_or_default());
    line(&mut out, 0, &format!("<{row}>"));
    let mut open: Vec<&str> = Vec::new();
    for (path, ours) in &file.fields {
        let mut parts: Vec<&str> = path.split('/').collect();
        let name = parts.pop().unwrap_or_default();
        let alike = open.iter().zip(&parts).take_while(|(one, other)| one == other).count();
        while open.len() > alike {
            let closed = open.pop().unwrap_or_default();
            line(&mut out, open.len() + 1, &format!("</{closed}>"));
        }
        for part in parts.into_iter().skip(alike) {
            line(&mut out, open.len() + 1, &format!("<{part}>"));
            open.push(part);
        }
        let value = of(ours);
        let text = escaped(&value).ok_or(value)?;
        line(&mut out, open.len() + 1, &format!("<{name}>{text}</{name}>"));
    }
    while let Some(closed) = open.pop() {
        line(&mut out, open.len() + 1, &format!("</{closed}>"));
    }
    line(&mut out, 0, &format!("</{row}>"));
    Ok(out)
}

fn line(out: &mut String, depth: usize, text: &str) {
    let _ = writeln!(out, "{:width$}{text}", "", width = depth * 2);
}

/// A text as XML has it; nothing, if it holds a sign that XML cannot carry.
fn escaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A reader would take it for a line feed.
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => return None,
            _ => out.push(c),
        }
    }
    Some(out)
}

fn not_in_xml(file: &str, value: &str) -> FormatsError {
    FormatsError::Columns {
        file: file.to_owned(),
        what: Words::new(
            format!("XML cannot carry the control sign in {value:?}"),
            format!("XML 无法写入含控制字符的 {value:?}"),
        ),
        hint: Words::new("write this table as CSV", "请将此表写成 CSV"),
    }
}
