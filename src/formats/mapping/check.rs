//! A mapping held against the names it speaks of. What is wrong is said with its place.

use std::collections::BTreeMap;

use crate::diagnostics::Words;
use crate::report::names::{Field, Kind, Names, Table, folded, nearest};
use crate::report::{unreadable_hint, unreadable_words};

use super::super::error::FormatsError;
use super::super::parse::{self, field_named};
use super::super::spellings::Spelling;
use super::place::placed;
use super::{Mapping, constant, did_you_mean, is_period, spellings};

/// A mapping, and what it is held against.
pub(super) struct Check<'a> {
    pub(super) mapping: &'a Mapping,
    pub(super) text: &'a str,
    pub(super) file: &'a str,
    pub(super) names: &'a Names,
}

type Checked = Result<(), FormatsError>;

impl Check<'_> {
    /// # Errors
    /// It names what the rules do not have, or says what cannot be.
    pub(super) fn all(&self) -> Checked {
        self.anywhere()?;
        self.sections()?;
        for table in self.tables() {
            self.columns(table)?;
            self.values(table)?;
            self.constants(table)?;
        }
        self.formats()
    }

    fn wrong(&self, path: &[&str], what: &Words, hint: Words) -> FormatsError {
        let what = placed(self.text, path, what);
        FormatsError::Mapping { file: self.file.to_owned(), what, hint }
    }

    fn tables(&self) -> impl Iterator<Item = &Table> {
        self.names.events.iter().chain(&self.names.registers)
    }

    fn table(&self, name: &str) -> Option<&Table> {
        self.tables().find(|table| table.name.text == name)
    }

    /// What is said of fields wherever they are.
    fn anywhere(&self) -> Checked {
        for (spelling, column) in &self.mapping.anywhere {
            if !column.is_str() {
                let near = nearest(spelling, ["columns", "values", "constants", "formats"]);
                let what = Words::new(
                    format!("`{spelling}` must be the name of a column, in quotes"),
                    format!("「{spelling}」应为带引号的列名"),
                );
                return Err(self.wrong(&[spelling], &what, did_you_mean(near)));
            }
            if !self.tables().any(|table| field_named(&table.fields, spelling).is_some()) {
                let fields = self.tables().flat_map(|table| &table.fields);
                let near = nearest(spelling, fields.map(|field| field.name.text.as_str()));
                return Err(self.wrong(&[spelling], &no_field(spelling, None), did_you_mean(near)));
            }
        }
        Ok(())
    }

    /// The tables and fields that sections name.
    fn sections(&self) -> Checked {
        let of = &self.mapping;
        let columns = of.columns.iter().map(|(table, it)| ("columns", table, keys(it)));
        let values = of.values.iter().map(|(table, it)| ("values", table, keys(it)));
        let constants = of.constants.iter().map(|(table, it)| ("constants", table, keys(it)));
        let formats = of.formats.iter().filter_map(|(table, it)| Some((table, it.as_table()?)));
        let formats = formats.map(|(table, it)| {
            let fields: Vec<&String> = it.keys().collect();
            ("formats", table, fields)
        });
        for (section, name, fields) in columns.chain(formats).chain(values).chain(constants) {
            let Some(table) = self.table(name) else {
                let near = nearest(name, self.tables().map(|table| table.name.text.as_str()));
                let what = Words::new(
                    format!("there is no event or register `{name}`"),
                    format!("没有名为「{name}」的事项或登记簿"),
                );
                return Err(self.wrong(&[section, name], &what, did_you_mean(near)));
            };
            for spelling in fields {
                let is_end = section == "columns" && is_period(table, spelling);
                if is_end || field_named(&table.fields, spelling).is_some() {
                    continue;
                }
                let stored = table.fields.iter().filter(|field| !field.computed);
                let near = nearest(spelling, stored.map(|field| field.name.text.as_str()));
                let what = no_field(spelling, Some(name));
                return Err(self.wrong(&[section, name, spelling], &what, did_you_mean(near)));
            }
        }
        Ok(())
    }

    /// A column holds one field, and a field is in one column.
    fn columns(&self, table: &Table) -> Checked {
        let name = table.name.text.as_str();
        let own = self.mapping.columns.get(name).into_iter().flatten();
        let of = |spelling: &str| field_named(&table.fields, spelling);
        let mut seen: Vec<(usize, &str, &str)> = Vec::new();
        for (spelling, column) in own {
            let Some(at) = of(spelling) else { continue };
            if let Some((_, other, first)) = seen.iter().find(|(other, ..)| *other == at) {
                let what = Words::new(
                    format!(
                        "`{spelling}` and `{other}` are one field, put on columns `{column}` and `{first}`"
                    ),
                    format!(
                        "「{spelling}」与「{other}」是同一字段，却分别对应「{column}」列和「{first}」列"
                    ),
                );
                let hint = Words::new("keep one of the two lines", "请只保留其中一行");
                return Err(self.wrong(&["columns", name, spelling], &what, hint));
            }
            seen.push((at, spelling, column));
        }
        let mapped = self.mapping.of(table).columns;
        for (at, column) in &mapped {
            let before = mapped.range(..at).find(|(_, other)| folded(other) == folded(column));
            let Some((other, _)) = before else { continue };
            let field = |at: usize| table.fields.get(at).map_or("", |it| it.name.text.as_str());
            let (one, other) = (field(*other), field(*at));
            let spelt = seen.iter().find(|(seen, ..)| seen == at).map(|(_, spelling, _)| *spelling);
            let path = spelt.map_or_else(|| vec![other], |own| vec!["columns", name, own]);
            let what = Words::new(
                format!(
                    "fields `{one}` and `{other}` of `{name}` are both put on column `{column}`"
                ),
                format!("「{name}」的字段「{one}」和「{other}」都对应「{column}」列"),
            );
            let hint = Words::new(
                "a column holds one field: name another column, or copy the column in the file",
                "一列只对应一个字段：请写另一列，或在文件中复制该列",
            );
            return Err(self.wrong(&path, &what, hint));
        }
        Ok(())
    }

    /// What is meant by a value must be one of its field.
    fn values(&self, table: &Table) -> Checked {
        let name = table.name.text.as_str();
        for (spelling, values) in self.mapping.values.get(name).into_iter().flatten() {
            let Some(field) = field_of(table, spelling) else { continue };
            for (written, meant) in values {
                self.value(&["values", name, spelling, written], field, meant)?;
            }
        }
        Ok(())
    }

    fn value(&self, path: &[&str], field: &Field, meant: &str) -> Checked {
        let Err(why) = parse::text(meant, &field.kind, self.names) else { return Ok(()) };
        let what = unreadable_words(why, None, meant);
        let name = &field.name.text;
        let what = Words::new(
            format!("field `{name}`: {}", what.en),
            format!("字段「{name}」：{}", what.zh),
        );
        Err(self.wrong(path, &what, unreadable_hint(why, meant, Some(&field.kind))))
    }

    fn constants(&self, table: &Table) -> Checked {
        let name = table.name.text.as_str();
        let mapped = self.mapping.of(table);
        for (spelling, value) in self.mapping.constants.get(name).into_iter().flatten() {
            let path = ["constants", name, spelling];
            let at = field_named(&table.fields, spelling);
            let Some((at, field)) = at.and_then(|at| Some((at, table.fields.get(at)?))) else {
                continue;
            };
            let Some(text) = constant(value) else {
                let what = Words::new(
                    format!("`{spelling} = {value}` is no text"),
                    format!("{spelling} = {value} 不是文本"),
                );
                let hint = Words::new(
                    format!("write the value in quotes: `{spelling} = \"{value}\"`"),
                    format!("请加引号：{spelling} = \"{value}\""),
                );
                return Err(self.wrong(&path, &what, hint));
            };
            self.value(&path, field, &mapped.meant(at, &text))?;
        }
        Ok(())
    }

    /// Every format must be one of its kind; their names have been looked at.
    fn formats(&self) -> Checked {
        for (name, formats) in &self.mapping.formats {
            match (formats.as_table(), self.table(name), name.as_str()) {
                (Some(own), Some(table), _) => {
                    for (field, formats) in own {
                        let kind = field_of(table, field).map(|field| &field.kind);
                        self.format(&["formats", name, field], kind, formats)?;
                    }
                }
                (_, _, "date") => self.format(&["formats", name], Some(&Kind::Date), formats)?,
                (_, _, "amount") => {
                    self.format(&["formats", name], Some(&Kind::Money(2)), formats)?;
                    self.reaches_all(&["formats", name], formats)?;
                }
                _ => self.format(&["formats", name], None, formats)?,
            }
        }
        Ok(())
    }

    /// A unit of all amounts must not leave out those in lists and records, which no format reaches.
    fn reaches_all(&self, path: &[&str], formats: &toml::Value) -> Checked {
        let all = spellings(&Kind::Money(2), formats);
        if !all.is_some_and(|all| all.iter().any(Spelling::has_unit)) {
            return Ok(());
        }
        let tables = self.names.events.iter().filter(|table| table.sent);
        for table in tables.chain(&self.names.registers) {
            let left_out = |field: &&Field| !field.computed && self.holds_money(&field.kind);
            let Some(field) = table.fields.iter().find(left_out) else { continue };
            let (table, field) = (&table.name.text, &field.name.text);
            let what = Words::new(
                format!(
                    "amounts inside `{field}` of `{table}` are in the currency: no unit reaches them"
                ),
                format!("「{table}」的「{field}」内的金额以币种为单位，不受此单位影响"),
            );
            let hint = Words::new(
                "say the unit of single fields, under `[formats.EVENT]` or `[formats.REGISTER]`",
                "请在 [formats.事项] 或 [formats.登记簿] 下分别写明各字段的单位",
            );
            return Err(self.wrong(path, &what, hint));
        }
        Ok(())
    }

    /// Whether values of a kind hold amounts inside.
    fn holds_money(&self, kind: &Kind) -> bool {
        match kind {
            Kind::List(inner) => matches!(**inner, Kind::Money(_)) || self.holds_money(inner),
            Kind::Record(shape) => {
                let shape = self.names.shapes.get(*shape);
                shape.is_some_and(|shape| {
                    let mut fields = shape.fields.iter();
                    fields.any(|it| matches!(it.kind, Kind::Money(_)) || self.holds_money(&it.kind))
                })
            }
            _ => false,
        }
    }

    fn format(&self, path: &[&str], kind: Option<&Kind>, formats: &toml::Value) -> Checked {
        if kind.is_some_and(|kind| spellings(kind, formats).is_some()) {
            return Ok(());
        }
        let name = path.last().copied().unwrap_or_default();
        let what = Words::new(
            format!("`{name} = {formats}` in `[formats]` is no way to write a date or an amount"),
            format!("[formats] 中的 {name} = {formats} 不是日期或金额的写法"),
        );
        let hint = Words::new(
            "a date is such as \"yyyy/m/d\", \"yyyy年m月d日\" or \"yyyy-mm-dd hh:mm:ss\", an amount \
             \"#,##0.00\" or \"￥#,##0.00\"; \"0.00万元\" (千元, 百万元, 亿元) has all of them in that unit, and \
             stands alone",
            "日期如 \"yyyy/m/d\"、\"yyyy年m月d日\"、\"yyyy-mm-dd hh:mm:ss\"，\
             金额如 \"#,##0.00\"、\"￥#,##0.00\"；\"0.00万元\"（千元、百万元、亿元）表示全部以此为单位，\
             须单独使用",
        );
        Err(self.wrong(path, &what, hint))
    }
}

fn keys<T>(fields: &BTreeMap<String, T>) -> Vec<&String> {
    fields.keys().collect()
}

fn field_of<'t>(table: &'t Table, spelling: &str) -> Option<&'t Field> {
    table.fields.get(field_named(&table.fields, spelling)?)
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
