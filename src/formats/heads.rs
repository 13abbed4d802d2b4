//! Where the names of the columns stand, and what else may be the cause where none are found.
//!
//! People write a title above a table. Nothing is taken for column names unless it is the first row
//! or the user said so; but where the first row cannot be them, those below are looked at, so that the
//! error can say which row to name.

use crate::diagnostics::Words;
use crate::report::names::{Table, folded};

use super::columns::{Bound, FieldFrom, listed};
use super::error::FormatsError;
use super::input::{Input, Layout};
use super::mapping::Mapping;
use super::named::Heads;
use super::raw::{RawRow, RawRows};

/// A line of column names was said of a file that has none.
///
/// # Errors
/// It is so.
pub(super) fn check_heads(file: &str, layout: Layout, heads: Heads) -> Result<(), FormatsError> {
    let heads = heads.first;
    if heads == 0 || matches!(layout, Layout::Csv { .. } | Layout::Sheet) {
        return Ok(());
    }
    Err(FormatsError::Header {
        file: file.to_owned(),
        what: Words::new(
            format!("line {heads} cannot name its columns: each of its records names its own"),
            format!("第 {heads} 行不能作为列名：文件自带字段名"),
        ),
        hint: Words::new(format!("name it as `{file}`"), format!("请写成 {file}")),
    })
}

/// What columns are called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ColumnNames {
    /// Each; nothing if it has no name.
    pub(super) own: Vec<String>,
    /// What stands above each, where names stand in several rows; nothing if that is nothing.
    pub(super) above: Vec<String>,
}

impl ColumnNames {
    /// Names that stand in some rows, from the top. What spans several columns stands in the first of them
    /// alone, as spreadsheets write it. A column is called by its lowest name; where another is called so
    /// too, by what stands above as well: `above[name]`.
    pub(super) fn of(mut rows: Vec<Vec<String>>) -> ColumnNames {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        rows.iter_mut().for_each(|row| row.resize(columns, String::new()));
        for at in 0..rows.len() {
            let (upper, lower) = rows.split_at_mut(at + 1);
            let Some(row) = upper.last_mut() else { continue };
            let is_named = |column: usize| {
                lower.iter().any(|row| row.get(column).is_some_and(|name| !name.is_empty()))
            };
            let mut spans = String::new();
            for (column, name) in row.iter_mut().enumerate() {
                if !is_named(column) {
                    spans.clear();
                } else if name.is_empty() {
                    name.clone_from(&spans);
                } else {
                    spans.clone_from(name);
                }
            }
        }
        let name = |column: usize, nth: usize| {
            let names = rows.iter().rev().filter_map(|row| row.get(column));
            names.filter(|name| !name.is_empty()).nth(nth).cloned().unwrap_or_default()
        };
        let above: Vec<String> = (0..columns).map(|column| name(column, 1)).collect();
        let lowest: Vec<String> = (0..columns).map(|column| name(column, 0)).collect();
        let own = lowest.iter().zip(&above).map(|(own, above)| {
            let alike = lowest.iter().filter(|other| *other == own).count();
            if alike > 1 && !above.is_empty() { format!("{above}[{own}]") } else { own.clone() }
        });
        ColumnNames { own: own.collect(), above }
    }
}

/// The file has no line in which column names were said to stand.
pub(super) fn no_such_line(file: &str, heads: Heads) -> FormatsError {
    let heads = heads.last;
    if heads == 0 {
        return FormatsError::Empty { file: file.to_owned() };
    }
    FormatsError::Header {
        file: file.to_owned(),
        what: Words::new(
            format!("it ends before line {heads}, where the column names were said to stand"),
            format!("文件没有第 {heads} 行，而列名据称在该行"),
        ),
        hint: Words::new(
            format!("`{file}:3` says that they stand in line 3; without it they are the first row"),
            format!("{file}:3 表示列名在第 3 行；不写则为首行"),
        ),
    }
}

/// The same error with the likely cause: an encoding that the user said, or a title above the names.
pub(super) fn with_cause(
    error: FormatsError,
    input: &Input,
    tables: &[&Table],
    mapping: &Mapping,
) -> FormatsError {
    let of_names = matches!(
        error,
        FormatsError::Columns { .. }
            | FormatsError::WhichEvent { .. }
            | FormatsError::Header { .. }
    );
    if let Ok(Some(found)) = input.misread() {
        let cause = encoding_words(found);
        return match error {
            FormatsError::Register { file, rows, mut first } => {
                first.push(cause);
                FormatsError::Register { file, rows, first }
            }
            error if of_names => error.with_hint(cause),
            error => error,
        };
    }
    // What stands below a row that has no end is not known.
    let below = matches!(error, FormatsError::Columns { .. } | FormatsError::WhichEvent { .. });
    match below.then(|| likely(input, tables, mapping)) {
        Some(Ok(Some(hint))) => error.with_hint(hint),
        _ => error,
    }
}

/// That a flag names another encoding than the one the bytes seem to be in.
pub fn encoding_words((said, seems): (super::Encoding, super::Encoding)) -> Words {
    let (said, seems) = (said.name(), seems.name());
    let flag = said.to_ascii_lowercase();
    Words::new(
        format!(
            "`--encoding {flag}` was given, and the file seems to be {seems}: leave the flag out"
        ),
        format!("用了 --encoding {flag}，而文件似乎是 {seems} 编码：请去掉该参数"),
    )
}

/// The row below that looks like the names of the columns, or that the first one looks like a title.
fn likely(
    input: &Input,
    tables: &[&Table],
    mapping: &Mapping,
) -> Result<Option<Words>, FormatsError> {
    if !matches!(input.layout, Layout::Csv { .. } | Layout::Sheet) {
        return Ok(None);
    }
    let mut rows = RawRows::open(input)?;
    let header = rows.header.clone();
    let bound = |names: &[String]| {
        let counts = tables.iter().map(|table| {
            let bound = Bound::new(names, table, &mapping.of(table));
            bound.from.iter().filter(|from| matches!(from, FieldFrom::Column(_))).count()
        });
        counts.max().unwrap_or(0)
    };
    let mut best: Option<(usize, u64, Vec<String>)> = None;
    let least = bound(&header).max(1);
    // Names that stand apart by another sign are no title.
    let title = header.iter().filter(|name| is_name(name)).count() <= 1
        && !header.iter().any(|name| name.contains([';', '\t', '|']));
    let mut wider = None;
    for _ in 0..ROWS_LOOKED_AT {
        let Some(row) = rows.next()? else { break };
        let names: Vec<String> = match &row {
            RawRow::Cells(cells) => cells.iter().map(folded).collect(),
            RawRow::Values { cells, .. } => cells.iter().map(|it| folded(&it.text())).collect(),
            RawRow::Record { .. } | RawRow::Broken { .. } => continue,
        };
        let count = bound(&names);
        if title && wider.is_none() && names.iter().filter(|name| is_name(name)).count() > 1 {
            wider = Some(row.line());
        }
        if count > best.as_ref().map_or(least, |(count, ..)| *count) {
            best = Some((count, row.line(), names));
        }
    }
    let first = header.iter().find(|name| is_name(name)).map_or("", String::as_str);
    Ok(match (best, wider) {
        (Some((_, line, names)), _) => Some(names_words(input.name(), first, line, &names)),
        (None, Some(line)) => Some(title_words(input.name(), first, line)),
        (None, None) => None,
    })
}

/// Whether it is no name that was given to a column without one.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('[')
}

fn names_words(file: &str, first: &str, line: u64, names: &[String]) -> Words {
    let given: Vec<&String> = names.iter().filter(|name| !name.is_empty()).collect();
    let (en, zh) = listed(given.iter().take(NAMES_SHOWN));
    let (more, and_more) = if given.len() > NAMES_SHOWN { (", …", "等") } else { ("", "") };
    Words::new(
        format!(
            "it begins with `{first}`, and line {line} looks like the column names ({en}{more}): if it is, \
             name the file as `{file}:{line}`"
        ),
        format!(
            "文件以「{first}」开头，第 {line} 行像是列名（{zh}{and_more}）：如是，请把文件写成 {file}:{line}"
        ),
    )
}

fn title_words(file: &str, first: &str, line: u64) -> Words {
    Words::new(
        format!(
            "its first row is `{first}` alone: if that is a title, name the file with the line of the \
             column names behind it, such as `{file}:{line}`"
        ),
        format!("首行只有「{first}」：若为标题，请在文件名后写明列名所在的行，如 {file}:{line}"),
    )
}

const ROWS_LOOKED_AT: usize = 20;
const NAMES_SHOWN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_several_rows() {
        let of = |rows: &[&str]| {
            let row = |row: &&str| row.split(',').map(str::to_owned).collect();
            ColumnNames::of(rows.iter().map(row).collect()).own.join(",")
        };
        assert_eq!(of(&["a,b,,c"]), "a,b,,c");
        assert_eq!(of(&["no,paid,,due,", ",x,y,x,y"]), "no,paid[x],paid[y],due[x],due[y]");
        assert_eq!(of(&["no,paid,,rest", ",x,y,"]), "no,x,y,rest");
        // What has no name of its own below spans nothing.
        assert_eq!(of(&["no,,paid,", ",x,,y"]), "no,x,paid,y");
        assert_eq!(
            of(&["no,all,,,", ",paid,,due,", ",x,y,x,y"]),
            "no,paid[x],paid[y],due[x],due[y]"
        );
        assert_eq!(of(&["no,paid", ",x,y"]), "no,x,y");
    }
}
