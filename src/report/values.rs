//! One value as text: for files, for JSON, and for people.

use serde_json::Value as Json;

use crate::base::{Exact, Money, Spelling, keyed};
use crate::diagnostics::{Language, pictured};
use crate::rows::Cell;

use super::names::{Field, Keyed, Kind, Label, Names};

/// What stands for a row of a kind, in parts: the fields of its key, or itself.
pub fn row_texts(
    row: &[Cell],
    kind: Option<&Kind>,
    names: &Names,
    text: impl Fn(&Cell, &Kind) -> String,
) -> Vec<String> {
    let kinds: Vec<&Kind> = match kind {
        Some(Kind::Record(shape)) => {
            let shape = names.shapes.get(*shape);
            let all = shape.map_or(&[][..], |shape| shape.fields.as_slice());
            let key = shape.map_or(&[][..], |shape| shape.key.as_slice());
            match key {
                [] => all.iter().map(|field| &field.kind).collect(),
                key => key.iter().filter_map(|at| all.get(*at)).map(|it| &it.kind).collect(),
            }
        }
        Some(kind) => vec![kind],
        None => Vec::new(),
    };
    let kinds = kinds.into_iter().chain(std::iter::repeat(&Kind::Text));
    row.iter().zip(kinds).map(|(cell, kind)| text(cell, kind)).collect()
}

/// The value as a file holds it: names, plain digits, ISO dates. A missing value is empty.
pub fn file_text(cell: &Cell, kind: &Kind, names: &Names) -> String {
    match (cell, kind) {
        (Cell::Missing, _) => String::new(),
        (Cell::Bool(value), _) => value.to_string(),
        (Cell::Integer(value), _) => value.to_string(),
        (Cell::Number(value), Kind::Money(scale)) => {
            value.to_decimal_string(*scale).unwrap_or_else(|| value.to_string())
        }
        (Cell::Number(value), _) => value.to_string(),
        (Cell::Money(value), kind) => value.format(scale_of(kind)),
        (Cell::Date(value), _) => value.to_string(),
        (Cell::Period(value), _) => value.to_string(),
        (Cell::Duration(value), _) => value.to_string(),
        (Cell::Text(value), _) => value.to_string(),
        (Cell::Member(position), kind) => {
            member(*position, kind).map_or_else(|| position.to_string(), |label| label.text.clone())
        }
        (Cell::Record(cells), Kind::Record(shape)) => match key_text(cells, *shape, names) {
            Some(key) => key,
            None => json(cell, kind, names).to_string(),
        },
        (Cell::List(_) | Cell::Record(_), kind) => json(cell, kind, names).to_string(),
    }
}

/// The value in JSON: amounts and numbers as strings, since a JSON number is read as a float by
/// most; whole numbers as numbers while every reader keeps them.
pub fn json(cell: &Cell, kind: &Kind, names: &Names) -> Json {
    match cell {
        Cell::Missing => Json::Null,
        Cell::Bool(value) => Json::Bool(*value),
        Cell::Integer(value) => match i64::try_from(*value) {
            // 2^53: beyond it readers that hold numbers as floats lose the last digit.
            Ok(small) if small.unsigned_abs() <= 9_007_199_254_740_992 => Json::from(small),
            _ => Json::String(value.to_string()),
        },
        Cell::List(cells) => {
            let inner = match kind {
                Kind::List(inner) => inner,
                other => other,
            };
            cells.iter().map(|cell| json(cell, inner, names)).collect()
        }
        Cell::Record(cells) => {
            let fields = match kind {
                Kind::Record(shape) => {
                    names.shapes.get(*shape).map_or(&[][..], |shape| &shape.fields)
                }
                _ => &[],
            };
            record(cells, fields, names)
        }
        other => Json::String(file_text(other, kind, names)),
    }
}

/// The value for a person: labels in the language, amounts with thousands set apart.
pub fn person_text(cell: &Cell, kind: &Kind, names: &Names, language: Language) -> String {
    match (cell, kind) {
        (Cell::Missing, _) => match language {
            Language::English => "none".into(),
            Language::Chinese => "无".into(),
        },
        (Cell::Bool(value), _) => yes_no(*value, language).into(),
        (Cell::Money(value), kind) => grouped(&value.format(scale_of(kind))),
        (Cell::Number(value), Kind::Rate) => percent(value),
        (Cell::Number(value), Kind::Money(scale)) => grouped_exact(value, *scale),
        (Cell::Number(value), _) => grouped_exact(value, 0),
        (Cell::Member(position), kind) => member(*position, kind)
            .map_or_else(|| position.to_string(), |label| label.in_language(language).to_owned()),
        (Cell::List(cells), kind) => {
            let inner = match kind {
                Kind::List(inner) => inner,
                other => other,
            };
            let texts: Vec<String> =
                cells.iter().map(|cell| person_text(cell, inner, names, language)).collect();
            format!("[{}]", texts.join(", "))
        }
        (Cell::Text(value), _) => pictured(value).into_owned(),
        (cell, kind) => file_text(cell, kind, names),
    }
}

/// How files write an account: its code with the key's parts put in, or `treasury[beijing]`.
pub fn account_text(account: &Keyed, key: &[Cell], names: &Names) -> String {
    let parts: Vec<String> =
        key.iter().zip(&account.keys).map(|(cell, kind)| file_text(cell, kind, names)).collect();
    let code = account.code.as_deref().unwrap_or(&account.name.text);
    Spelling::of(code, account.keys.len()).write(&parts)
}

/// Some accounts as files write them, to show how: of a family its first member, where members are known.
pub fn some_accounts(names: &Names, between: &str) -> String {
    const SHOWN_MAX: usize = 8;
    let part = |kind: &Kind| match kind {
        Kind::Member(members) => members.members.first().map(|(label, _)| label.text.clone()),
        _ => None,
    };
    let shown = names.accounts.iter().take(SHOWN_MAX).map(|account| {
        let parts: Vec<String> =
            account.keys.iter().map(|kind| part(kind).unwrap_or_else(|| "…".to_owned())).collect();
        keyed(&account.name.text, &parts, ",")
    });
    shown.collect::<Vec<String>>().join(between)
}

/// How a person reads an account: `地方国库[北京市]`.
pub fn account_label(account: &Keyed, key: &[Cell], names: &Names, language: Language) -> String {
    keyed_label(&account.name, &account.keys, key, names, language)
}

/// A label with its key: `中央分享比例[增值税]`.
pub fn keyed_label(
    name: &Label,
    kinds: &[Kind],
    key: &[Cell],
    names: &Names,
    language: Language,
) -> String {
    let parts: Vec<String> = key
        .iter()
        .zip(kinds)
        .map(|(cell, kind)| person_text(cell, kind, names, language))
        .collect();
    keyed(name.in_language(language), &parts, ", ")
}

/// An amount of major units with thousands set apart.
pub fn money_label(amount: Money, scale: u8) -> String {
    grouped(&amount.format(scale))
}

/// A rate as people write it: `50%`, `37.5%`, `1/3`.
pub fn percent(rate: &Exact) -> String {
    match rate.mul(&Exact::from(100_i64)).ok().and_then(|value| value.to_decimal_string(0)) {
        Some(text) => format!("{text}%"),
        None => rate.to_string(),
    }
}

/// An exact number with thousands set apart: its decimals if they end, else the nearest that do and
/// the ratio behind them.
pub fn grouped_exact(value: &Exact, scale: u8) -> String {
    match value.to_decimal_string(scale) {
        Some(text) => grouped(&text),
        None => {
            let unit = Exact::from_scaled(1, scale.saturating_add(4));
            let near = value.rounded(crate::base::Rounding::HalfEven, &unit).ok();
            let near = near.and_then(|near| near.to_decimal_string(scale));
            let ratio = value.to_string();
            // A ratio longer than this tells a person nothing.
            let ratio = if ratio.len() <= 40 { format!(" ({ratio})") } else { String::new() };
            near.map_or_else(|| value.to_string(), |near| format!("≈{}{ratio}", grouped(&near)))
        }
    }
}

/// A decimal with a comma between every three whole digits.
pub fn grouped(decimal: &str) -> String {
    let (sign, unsigned) = match decimal.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", decimal),
    };
    let (whole, fraction) =
        unsigned.split_once('.').map_or((unsigned, None), |(w, f)| (w, Some(f)));
    let digits = whole.chars().count();
    let mut out = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (digits - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// `yes` or `no`.
pub fn yes_no(value: bool, language: Language) -> &'static str {
    match (value, language) {
        (true, Language::English) => "yes",
        (false, Language::English) => "no",
        (true, Language::Chinese) => "是",
        (false, Language::Chinese) => "否",
    }
}

/// The label of an enumeration's member.
pub fn member(position: u32, kind: &Kind) -> Option<&Label> {
    match kind {
        Kind::Member(members) => members.get(position),
        _ => None,
    }
}

fn scale_of(kind: &Kind) -> u8 {
    match kind {
        Kind::Money(scale) => *scale,
        _ => 2,
    }
}

/// The key of a register's row: what a person knows it by.
fn key_text(cells: &[Cell], shape: usize, names: &Names) -> Option<String> {
    let shape = names.shapes.get(shape)?;
    if shape.key.is_empty() {
        return None;
    }
    let part = |at: &usize| {
        let (cell, field) = (cells.get(*at)?, shape.fields.get(*at)?);
        Some(file_text(cell, &field.kind, names))
    };
    let parts: Option<Vec<String>> = shape.key.iter().map(part).collect();
    parts.map(|parts| parts.join("/"))
}

fn record(cells: &[Cell], fields: &[Field], names: &Names) -> Json {
    let mut object = serde_json::Map::new();
    for (cell, field) in cells.iter().zip(fields) {
        if !field.computed && *cell != Cell::Missing {
            object.insert(field.name.text.clone(), json(cell, &field.kind, names));
        }
    }
    Json::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (plain, wanted) in [
            ("0.05", "0.05"),
            ("-1234.50", "-1,234.50"),
            ("999", "999"),
            ("1000000", "1,000,000"),
            ("-100.00", "-100.00"),
        ] {
            assert_eq!(grouped(plain), wanted);
        }
    }

    #[test]
    fn rates_are_percents_where_they_end() {
        let rate = |num, den| percent(&Exact::from_ratio(num, den).unwrap());
        assert_eq!(rate(3, 8), "37.5%");
        assert_eq!(rate(1, 3), "1/3");
    }

    #[test]
    fn accounts_are_written_by_their_code() {
        let names = Names::default();
        let text = |code: Option<&str>, keys: &[&str]| {
            let account = Keyed {
                name: Label::plain("treasury"),
                keys: keys.iter().map(|_| Kind::Text).collect(),
                value: Kind::Money(2),
                code: code.map(str::to_owned),
            };
            let key: Vec<Cell> = keys.iter().map(|key| Cell::Text((*key).into())).collect();
            account_text(&account, &key, &names)
        };
        assert_eq!(text(None, &[]), "treasury");
        assert_eq!(text(None, &["beijing"]), "treasury[beijing]");
        assert_eq!(text(Some("{}"), &["beijing"]), "beijing");
        assert_eq!(text(Some("T-{}-{}"), &["a", "b"]), "T-a-b");
        assert_eq!(text(Some("T{}"), &["a", "b"]), "Ta[b]");
    }

    #[test]
    fn an_endless_decimal_says_so() {
        assert_eq!(
            grouped_exact(&Exact::from_ratio(10_000, 3).unwrap(), 2),
            "≈3,333.333333 (10000/3)"
        );
    }
}
