//! A mapping to start from.

use std::fmt::Write;

use crate::report::names::{Kind, Names, Table, nearest};

use super::{PERIOD, PERIOD_SPELLINGS, is_period};

/// A mapping to edit: every field of every table that data fill, with the column that a file has for it.
/// `columns` are those of the files of a table, none where no file is known. What is printed holds as
/// it stands: a field whose column is not to be told is behind a `#`, a guess with a `?`.
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

/// A line of the template; the column that it says is no longer free. One that is merely called much
/// alike is for a person to say.
fn add_line(out: &mut String, field: &str, own: &[&str], free: &mut Vec<&String>, words: &str) {
    let same = free.iter().position(|column| own.contains(&column.trim()));
    let same = same.map(|at| free.remove(at));
    let near = || nearest(field, free.iter().map(|column| column.as_str()));
    let (hidden, column, guess) = match (same, same.is_none().then(near).flatten()) {
        (Some(column), _) => ("", column.as_str(), ""),
        (None, Some(near)) => ("# ", near, "? "),
        (None, None) => ("# ", "", ""),
    };
    let column = toml::Value::String(column.to_owned());
    let _ = writeln!(out, "{hidden}{} = {column}  # {guess}{words}", key(field));
}

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
        Kind::List(_) => "list".into(),
        Kind::Record(_) => "record".into(),
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
