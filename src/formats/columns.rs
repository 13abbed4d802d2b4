//! Which column of a file holds which field, and which event kind a file holds.

use std::collections::HashMap;

use crate::diagnostics::Words;
use crate::report::names::{Field, Names, Table, folded, nearest};

use super::error::FormatsError;
use super::mapping::{Mapping, TableMapping};
use super::parse::field_named;

/// Where the values of a field come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FieldFrom {
    /// The file does not have it.
    Nowhere,
    /// A column, by position.
    Column(usize),
    /// Several columns, of which a row fills one: rows of files with other names, set aside together.
    OneOf(Vec<usize>),
    /// The mapping gives one value for all rows.
    Constant(String),
}

impl FieldFrom {
    /// The column that holds a field in a row of cells, by which of them hold something.
    ///
    /// # Errors
    /// Two do; it is the second.
    pub(super) fn place(&self, is_filled: impl Fn(usize) -> bool) -> Result<Option<usize>, usize> {
        match self {
            FieldFrom::Nowhere | FieldFrom::Constant(_) => Ok(None),
            FieldFrom::Column(place) => Ok(Some(*place)),
            FieldFrom::OneOf(places) => {
                let mut filled = places.iter().copied().filter(|place| is_filled(*place));
                match (filled.next(), filled.next()) {
                    (_, Some(second)) => Err(second),
                    (first, None) => Ok(first.or_else(|| places.first().copied())),
                }
            }
        }
    }
}

/// The columns of a file held against a table.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    /// For each field.
    pub(super) from: Vec<FieldFrom>,
    /// Columns nobody asked for.
    pub(super) unused: Vec<usize>,
    /// Required fields without a column.
    missing: Vec<usize>,
    /// Fields with several columns.
    doubled: Vec<(usize, Vec<usize>)>,
    /// Fields whose column by the mapping is not in the file.
    mapped_away: Vec<(usize, String)>,
}

impl Bound {
    /// Holds column names against the fields of a table.
    pub(super) fn new(columns: &[String], table: &Table, mapping: &TableMapping) -> Bound {
        let mut held: Vec<Vec<usize>> = vec![Vec::new(); table.fields.len()];
        let mut unused = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            let field = field_of_column(column, &table.fields, mapping);
            match field.and_then(|field| held.get_mut(field)) {
                Some(columns) => columns.push(at),
                None => unused.push(at),
            }
        }
        let mut bound = Bound {
            from: Vec::new(),
            unused,
            missing: vec![],
            doubled: vec![],
            mapped_away: vec![],
        };
        for (at, (field, columns)) in table.fields.iter().zip(held).enumerate() {
            let from = match (columns.as_slice(), mapping.constants.get(&at)) {
                (_, Some(constant)) => FieldFrom::Constant(constant.clone()),
                ([], None) => FieldFrom::Nowhere,
                ([only], None) => FieldFrom::Column(*only),
                ([first, ..], None) => {
                    let first = *first;
                    bound.doubled.push((at, columns));
                    FieldFrom::Column(first)
                }
            };
            if from == FieldFrom::Nowhere && !field.computed {
                match mapping.columns.get(&at) {
                    Some(column) => bound.mapped_away.push((at, column.clone())),
                    None if field.required => bound.missing.push(at),
                    None => {}
                }
            }
            bound.from.push(from);
        }
        bound
    }

    /// The same of a file whose rows came from several, each with its own names for the columns.
    pub(super) fn with_alternatives(mut self) -> Bound {
        for (at, columns) in std::mem::take(&mut self.doubled) {
            if let Some(from) = self.from.get_mut(at) {
                *from = FieldFrom::OneOf(columns);
            }
        }
        self
    }

    /// Whether every required field has its one column.
    pub(super) fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.doubled.is_empty() && self.mapped_away.is_empty()
    }

    /// # Errors
    /// A required field has no column, or a field has two.
    pub(super) fn checked(
        self,
        columns: &[String],
        table: &Table,
        file: &str,
    ) -> Result<Bound, FormatsError> {
        let name = |at: usize| table.fields.get(at).map_or("", |field| field.name.text.as_str());
        let refused = |what, hint| Err(FormatsError::Columns { file: file.to_owned(), what, hint });
        if let Some((at, column)) = self.mapped_away.first() {
            let near = nearest(column, columns.iter().map(String::as_str));
            return refused(
                Words::new(
                    format!(
                        "the mapping puts field `{}` in column `{column}`, which the file does not have",
                        name(*at)
                    ),
                    format!("映射把字段「{}」放在「{column}」列，文件中没有这一列", name(*at)),
                ),
                apart_words(columns)
                    .unwrap_or_else(|| near.map_or_else(|| columns_words(columns), near_words)),
            );
        }
        let bound = self.without_doubles(columns, table, file)?;
        if bound.missing.is_empty() {
            return Ok(bound);
        }
        let fields: Vec<&Field> =
            bound.missing.iter().filter_map(|at| table.fields.get(*at)).collect();
        let names = listed(fields.iter().map(|field| field.name.text.as_str()));
        let table_name = &table.name.text;
        refused(
            Words::new(
                format!("`{table_name}` needs columns that the file does not have: {}", names.0),
                format!("「{table_name}」所需的列文件中没有：{}", names.1),
            ),
            missing_hint(columns, &fields),
        )
    }

    /// # Errors
    /// A field has two columns.
    pub(super) fn without_doubles(
        self,
        columns: &[String],
        table: &Table,
        file: &str,
    ) -> Result<Bound, FormatsError> {
        let Some((at, twice)) = self.doubled.first() else { return Ok(self) };
        let name = table.fields.get(*at).map_or("", |field| field.name.text.as_str());
        let kind = &table.name.text;
        let twice = listed(twice.iter().filter_map(|at| columns.get(*at)).map(String::as_str));
        Err(FormatsError::Columns {
            file: file.to_owned(),
            what: Words::new(
                format!("columns {} both are field `{name}` of `{kind}`", twice.0),
                format!("{}列都对应「{kind}」的字段「{name}」", twice.1),
            ),
            hint: Words::new(
                "remove one of them, or name the one that counts in a mapping (`--print-map`)",
                "请删去其一，或在映射中指明用哪一列（--print-map）",
            ),
        })
    }
}

/// Which event kind the rows of a file are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Assigned {
    /// All of one kind.
    Kind(usize),
    /// Each says it in this column.
    ByColumn(String),
}

/// Tells which event kind a file with these columns holds.
///
/// # Errors
/// None or several fit, and nobody said which.
pub(super) fn assigned(
    columns: &[String],
    names: &Names,
    mapping: &Mapping,
    file: &str,
) -> Result<Assigned, FormatsError> {
    let sent: Vec<usize> = (0..names.events.len())
        .filter(|at| names.events.get(*at).is_some_and(|e| e.sent))
        .collect();
    let refused = |what, hint| Err(FormatsError::WhichEvent { file: file.to_owned(), what, hint });
    if let [only] = sent.as_slice() {
        return Ok(Assigned::Kind(*only));
    }
    if sent.is_empty() {
        return refused(
            Words::new(
                "the rules have no event that data could send",
                "规则中没有可由数据发送的事项",
            ),
            Words::new("declare an `event`", "请声明一种事项"),
        );
    }
    let is_field = |at: &usize, column: &str| {
        let table = names.events.get(*at).filter(|_| !mapping.is_apart(column));
        table.is_some_and(|table| field_named(&table.fields, column).is_some())
    };
    let by_column = columns.iter().find(|column| {
        ["event", "事项"].contains(&folded(column).as_str())
            && !sent.iter().any(|at| is_field(at, column))
    });
    if let Some(column) = by_column {
        return Ok(Assigned::ByColumn(column.clone()));
    }
    let bound = |at: &usize| {
        let table = names.events.get(*at)?;
        Some((table, Bound::new(columns, table, &mapping.of(table))))
    };
    let fitting: Vec<usize> = sent
        .iter()
        .copied()
        .filter(|at| bound(at).is_some_and(|(_, bound)| bound.is_whole()))
        .collect();
    match fitting.as_slice() {
        [only] => Ok(Assigned::Kind(*only)),
        [] => {
            let lacking = listed(sent.iter().filter_map(bound).map(|(table, bound)| {
                let fields = bound.missing.iter().filter_map(|at| table.fields.get(*at));
                let fields: Vec<&str> = fields.map(|field| field.name.text.as_str()).collect();
                format!("{} ({})", table.name.text, fields.join(", "))
            }));
            refused(
                Words::new(
                    format!("no event kind has all its columns here; lacking: {}", lacking.0),
                    format!("没有一种事项的列齐全；缺少：{}", lacking.1),
                ),
                which_hint(file),
            )
        }
        several => {
            let kinds = listed(
                several
                    .iter()
                    .filter_map(|at| names.events.get(*at))
                    .map(|table| table.name.text.clone()),
            );
            refused(
                Words::new(
                    format!("the file may hold several event kinds: {}", kinds.0),
                    format!("文件可能是几种事项之一：{}", kinds.1),
                ),
                which_hint(file),
            )
        }
    }
}

/// Event kinds by every spelling of their names, for a column that tells the kind.
pub(super) fn kinds_by_spelling(names: &Names) -> HashMap<String, usize> {
    let mut kinds = HashMap::new();
    for (at, table) in names.events.iter().enumerate().filter(|(_, table)| table.sent) {
        for spelling in table.name.spellings() {
            kinds.entry(spelling.to_owned()).or_insert(at);
        }
    }
    kinds
}

/// The field a column holds: by the mapping, else by name or label, unless the mapping looks for
/// that field elsewhere or the column is none of the row's own.
pub(super) fn field_of_column(
    column: &str,
    fields: &[Field],
    mapping: &TableMapping,
) -> Option<usize> {
    let wanted = folded(column);
    let mapped = mapping.columns.iter().find(|(_, mapped)| folded(mapped) == wanted);
    if let Some((at, _)) = mapped {
        return Some(*at);
    }
    let apart = mapping.apart.contains(column);
    field_named(fields, column).filter(|at| !apart && !mapping.columns.contains_key(at))
}

/// Words in backticks and in corner brackets, one after the other.
pub(super) fn listed<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> (String, String) {
    let words: Vec<T> = words.into_iter().collect();
    let join = |shown: &dyn Fn(&str) -> String, between: &str| {
        words.iter().map(|word| shown(word.as_ref())).collect::<Vec<_>>().join(between)
    };
    (join(&|word| format!("`{word}`"), ", "), join(&|word| format!("「{word}」"), "、"))
}

fn which_hint(file: &str) -> Words {
    Words::new(
        format!("say it with `EVENT={file}`, or in a column `event`"),
        format!("请写成 事项名={file}，或加一列 event"),
    )
}

fn near_words(near: &str) -> Words {
    Words::new(format!("did you mean column `{near}`?"), format!("是否应为「{near}」列？"))
}

fn columns_words(columns: &[String]) -> Words {
    const SHOWN_MAX: usize = 30;
    let (en, zh) = listed(columns.iter().take(SHOWN_MAX));
    let more = if columns.len() > SHOWN_MAX { ", …" } else { "" };
    Words::new(format!("its columns are {en}{more}"), format!("文件中的列：{zh}{more}"))
}

/// That the cells of a file with only one column seem to be apart by another sign.
fn apart_words(columns: &[String]) -> Option<Words> {
    let [only] = columns else { return None };
    apart_by(only)
}

/// That cells seem to be apart by a sign in a text.
pub(super) fn apart_by(text: &str) -> Option<Words> {
    let signs = [(';', "`;`"), ('\t', "tabs"), ('，', "`，`"), ('|', "`|`"), (',', "`,`")];
    let (_, what) = signs.into_iter().find(|(delimiter, _)| text.contains(*delimiter))?;
    Some(Words::new(
        format!(
            "its cells seem to be apart by {what}: say so with `--delimiter`, which holds for all files, or save \
             it like the others"
        ),
        format!(
            "单元格似乎以 {what} 分隔：请用 --delimiter 指明（对所有文件有效），或另存为与其他文件相同的格式"
        ),
    ))
}

fn missing_hint(columns: &[String], missing: &[&Field]) -> Words {
    if let Some(words) = apart_words(columns) {
        return words;
    }
    let near = missing.iter().find_map(|field| {
        let near = field
            .name
            .spellings()
            .find_map(|own| nearest(own, columns.iter().map(String::as_str)))?;
        Some((near, field.name.text.as_str()))
    });
    match near {
        Some((near, field)) => Words::new(
            format!("is column `{near}` field `{field}`? say so in a mapping (`--print-map`)"),
            format!("「{near}」列是否就是字段「{field}」？请在映射中写明（--print-map）"),
        ),
        None => {
            let words = columns_words(columns);
            Words::new(
                format!("{}; a mapping says which is which (`--print-map`)", words.en),
                format!("{}；可用映射指明对应关系（--print-map）", words.zh),
            )
        }
    }
}
