//! Text and JSON → a value of the kind its field declares, strictly, with a precise reason where not.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::base::{Date, Duration, Exact, Money, MoneyError, Period};
use crate::diagnostics::pictured;
use crate::report::names::{Field, Kind, Names, Shape, folded};
use crate::rows::{Cell, Unreadable};

use super::json::{self, JsonValue, Record};

/// A value that is not of its field's kind: the value, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) value: String,
    pub(super) why: Unreadable,
    /// Where in the field it stands, if that holds several: `[2].amount`, counted from 1.
    pub(super) within: String,
}

impl Fault {
    /// A field that is at fault as a whole. Of a long value the beginning is told.
    pub(super) fn new(value: &str, why: Unreadable) -> Fault {
        Fault { value: shortened(value), why, within: String::new() }
    }

    /// The same of a text, with the place in it if it is a list or a record.
    pub(super) fn of_text(text: &str, why: Unreadable, kind: &Kind, names: &Names) -> Fault {
        let inside = match kind {
            Kind::List(inner) => list_text(text.trim(), inner, names).err(),
            Kind::Record(_) => record_text(text.trim(), kind, names).err(),
            _ => None,
        };
        let inside = inside.filter(|fault| !fault.within.is_empty());
        inside.unwrap_or_else(|| Fault::new(text, why))
    }

    fn inside(mut self, place: &str) -> Fault {
        self.within.insert_str(0, place);
        self
    }

    fn at(self, position: usize) -> Fault {
        self.inside(&format!("[{}]", position + 1))
    }
}

/// Reads a text as a value. A text that is empty, or blank where blanks say nothing, is missing.
pub(super) fn text(text: &str, kind: &Kind, names: &Names) -> Result<Cell, Unreadable> {
    if let Kind::Text = kind {
        let given = !text.is_empty();
        return Ok(if given { Cell::Text(Arc::from(text)) } else { Cell::Missing });
    }
    let trimmed = trimmed(text);
    if trimmed.is_empty() {
        return Ok(Cell::Missing);
    }
    match kind {
        Kind::Text => Ok(Cell::Text(Arc::from(text))),
        Kind::Bool => bool(trimmed).map(Cell::Bool).ok_or(Unreadable::NotABool),
        Kind::Integer => integer(trimmed).map(Cell::Integer),
        Kind::Rate => rate(trimmed).map(Cell::Number),
        Kind::Number => number(trimmed).map(Cell::Number),
        Kind::Money(scale) => money(trimmed, *scale).map(Cell::Money),
        Kind::Date => date(trimmed).map(Cell::Date),
        Kind::Period(wanted) => Period::parse(trimmed)
            .filter(|period| period.kind() == *wanted)
            .map(Cell::Period)
            .ok_or(Unreadable::NotAPeriod),
        Kind::Duration => duration(trimmed).map(Cell::Duration).ok_or(Unreadable::NotANumber),
        Kind::Member(members) => {
            members.find(trimmed).map(Cell::Member).ok_or(Unreadable::UnknownMember)
        }
        Kind::List(inner) => list_text(trimmed, inner, names).map_err(|fault| fault.why),
        Kind::Record(_) => record_text(trimmed, kind, names).map_err(|fault| fault.why),
    }
}

/// Without the blanks around it. Nearly all have none, which their ends tell.
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// A text as a value of a kind, if it is one.
pub fn cell_of_text(given: &str, kind: &Kind, names: &Names) -> Option<Cell> {
    text(given, kind, names).ok().filter(|cell| !cell.is_missing())
}

/// Reads a JSON value.
pub(super) fn json(raw: &RawValue, kind: &Kind, names: &Names) -> Result<Cell, Fault> {
    if let Kind::List(inner) = kind
        && let Kind::Record(shape) = &**inner
        && let Some(shape) = names.shapes.get(*shape)
        && let Some(records) = json::records(raw)
    {
        let cell = |(at, record)| record_cell(record, shape, names).map_err(|it| it.at(at));
        let cells: Result<Vec<Cell>, Fault> = records.iter().enumerate().map(cell).collect();
        return cells.map(Cell::List);
    }
    let fault = |why| Fault::new(raw.get(), why);
    match (json::value(raw), kind) {
        (JsonValue::Null, _) => Ok(Cell::Missing),
        (JsonValue::Bool(value), Kind::Bool) => Ok(Cell::Bool(value)),
        (JsonValue::Text(value), kind) => {
            text(&value, kind, names).map_err(|why| Fault::of_text(&value, why, kind, names))
        }
        (JsonValue::Number(literal), kind) => match kind {
            // A code written as a number has lost its leading zeros, but not silently: a text of
            // digits is what was sent.
            // `1` and `0` are truth values in every other sort of file.
            Kind::Bool
            | Kind::Text
            | Kind::Integer
            | Kind::Rate
            | Kind::Number
            | Kind::Money(_)
            | Kind::Member(_)
            | Kind::Period(_) => text(literal, kind, names).map_err(fault),
            Kind::Date | Kind::Duration | Kind::List(_) | Kind::Record(_) => {
                Err(fault(mismatch(kind)))
            }
        },
        (JsonValue::List(raws), Kind::List(inner)) => list(&raws, inner, names),
        (JsonValue::Record(record), Kind::Record(shape)) => {
            let shape = names.shapes.get(*shape).ok_or_else(|| fault(Unreadable::NotARecord))?;
            record_cell(&record, shape, names)
        }
        (_, kind) => Err(fault(mismatch(kind))),
    }
}

/// The first part of a text, which may be a whole filing; a sign that a terminal would act on as its
/// picture (␀).
pub(super) fn shortened(text: &str) -> String {
    const SHOWN_MAX: usize = 200;
    let mut characters = text.chars();
    let head: String = characters.by_ref().take(SHOWN_MAX).collect();
    let head = pictured(&head).into_owned();
    if characters.next().is_some() { head + "…" } else { head }
}

fn mismatch(kind: &Kind) -> Unreadable {
    match kind {
        Kind::Bool => Unreadable::NotABool,
        Kind::Integer => Unreadable::NotAnInteger,
        Kind::Rate | Kind::Number | Kind::Duration => Unreadable::NotANumber,
        Kind::Money(_) => Unreadable::NotAnAmount,
        Kind::Date => Unreadable::NotADate,
        Kind::Period(_) => Unreadable::NotAPeriod,
        Kind::Member(_) => Unreadable::UnknownMember,
        Kind::List(_) => Unreadable::NotAList,
        Kind::Record(_) => Unreadable::NotARecord,
        Kind::Text => Unreadable::NotText,
    }
}

fn list(raws: &[&RawValue], inner: &Kind, names: &Names) -> Result<Cell, Fault> {
    let cell = |(at, raw): (usize, &&RawValue)| match json(raw, inner, names) {
        Ok(Cell::Missing) => Err(Fault::new(raw.get(), Unreadable::Missing).at(at)),
        read => read.map_err(|fault| fault.at(at)),
    };
    raws.iter().enumerate().map(cell).collect::<Result<Vec<Cell>, Fault>>().map(Cell::List)
}

fn record_cell(record: &Record<'_>, shape: &Shape, names: &Names) -> Result<Cell, Fault> {
    let mut cells = vec![Cell::Missing; shape.fields.len()];
    let mut seen = vec![false; shape.fields.len()];
    let mut next = 0;
    for (name, raw) in &record.0 {
        let Some(at) = field_of_shape(&shape.fields, next, name) else { continue };
        next = at + 1;
        let (Some(cell), Some(seen), Some(field)) =
            (cells.get_mut(at), seen.get_mut(at), shape.fields.get(at))
        else {
            continue;
        };
        if *seen {
            return Err(Fault::new(name, Unreadable::RepeatedField));
        }
        *seen = true;
        let inside = |fault: Fault| fault.inside(&format!(".{}", field.name.text));
        *cell = json(raw, &field.kind, names).map_err(inside)?;
    }
    let missing = shape
        .fields
        .iter()
        .zip(&cells)
        .find(|(field, cell)| field.required && !field.computed && cell.is_missing());
    match missing {
        Some((field, _)) => {
            let place = format!(".{}", field.name.text);
            Err(Fault::new("", Unreadable::Missing).inside(&place))
        }
        None => Ok(Cell::Record(cells)),
    }
}

/// The stored field that a name in a record of a list means. Mostly they stand as they are declared:
/// then it is the one that comes next, or soon after.
pub(super) fn field_of_shape(fields: &[Field], next: usize, name: &str) -> Option<usize> {
    let mut behind = fields.iter().skip(next);
    let found = behind.position(|field| !field.computed && field.name.text == name);
    found.map(|found| next + found).or_else(|| field_named(fields, name))
}

/// The stored field that a column or a name in a record means: its name, or else a label.
pub(super) fn field_named(fields: &[Field], spelling: &str) -> Option<usize> {
    let stored = || fields.iter().enumerate().filter(|(_, field)| !field.computed);
    let by =
        |same: &dyn Fn(&Field) -> bool| stored().find(|(_, field)| same(field)).map(|(at, _)| at);
    by(&|field| field.name.text == spelling)
        .or_else(|| by(&|field| field.name.spellings().any(|own| own == spelling)))
        .or_else(|| {
            let wanted = folded(spelling);
            by(&|field| field.name.spellings().any(|own| folded(own) == wanted))
        })
}

/// A list in a cell: JSON, or values apart by semicolons.
fn list_text(text: &str, inner: &Kind, names: &Names) -> Result<Cell, Fault> {
    if text.starts_with('[') {
        let raws = json::list(text).ok_or_else(|| Fault::new(text, Unreadable::NotAList))?;
        return list(&raws, inner, names);
    }
    if let Kind::Record(_) = inner {
        return Err(Fault::new(text, Unreadable::NotAList));
    }
    let cell = |(at, piece): (usize, &str)| match self::text(piece, inner, names) {
        Ok(Cell::Missing) => Err(Fault::new(piece, Unreadable::Missing).at(at)),
        read => read.map_err(|why| Fault::new(piece, why).at(at)),
    };
    let pieces = text.split([';', '；']).enumerate();
    pieces.map(cell).collect::<Result<Vec<Cell>, Fault>>().map(Cell::List)
}

/// A record in a cell, as JSON has it.
fn record_text(text: &str, kind: &Kind, names: &Names) -> Result<Cell, Fault> {
    match json::raw(text).filter(|_| text.starts_with('{')) {
        Some(raw) => json(raw, kind, names),
        None => Err(Fault::new(text, Unreadable::NotARecord)),
    }
}

pub(super) fn bool(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "是" | "1" => Some(true),
        "false" | "no" | "否" | "0" => Some(false),
        _ => None,
    }
}

pub(super) fn integer(text: &str) -> Result<i128, Unreadable> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map_err(|_| Unreadable::OutOfRange);
    }
    Err(match Money::parse(text, 0) {
        Err(MoneyError::TooManyDecimals { .. }) | Ok(_) => Unreadable::NotAnInteger,
        Err(error) => number_fault(text, error, Unreadable::NotAnInteger),
    })
}

pub(super) fn money(text: &str, scale: u8) -> Result<Money, Unreadable> {
    Money::parse(text, scale).map_err(|error| number_fault(text, error, Unreadable::NotAnAmount))
}

/// A rate: a bare number above one may be a percentage without its sign, and is not taken for either.
fn rate(text: &str) -> Result<Exact, Unreadable> {
    let rate = number(text)?;
    let said = text.contains(['%', '％', '‰', '/']);
    if said || rate.abs() <= Exact::ONE { Ok(rate) } else { Err(Unreadable::BareRate) }
}

/// A decimal, a percentage, a per mille, or a ratio.
fn number(text: &str) -> Result<Exact, Unreadable> {
    let decimal = |text: &str| {
        if text.starts_with('+') { None } else { Exact::parse_decimal(text) }
    };
    let scaled = |text: &str, per: i64| decimal(text.trim_end())?.div(&Exact::from(per)).ok();
    let found = if let Some(text) = text.strip_suffix(['%', '％']) {
        scaled(text, 100)
    } else if let Some(text) = text.strip_suffix('‰') {
        scaled(text, 1000)
    } else if let Some((left, right)) = text.split_once('/') {
        match (decimal(left.trim()), decimal(right.trim())) {
            (Some(left), Some(right)) => left.div(&right).ok(),
            _ => None,
        }
    } else {
        decimal(text)
    };
    found.ok_or_else(|| match Money::parse(text, 0) {
        Err(MoneyError::TooManyDecimals { .. }) | Ok(_) => Unreadable::NotANumber,
        Err(error) => number_fault(text, error, Unreadable::NotANumber),
    })
}

/// The precise reason, where the spelling has one of the usual mishaps.
fn number_fault(text: &str, error: MoneyError, otherwise: Unreadable) -> Unreadable {
    match error {
        MoneyError::ThousandsSeparator => Unreadable::ThousandsSeparator,
        MoneyError::Exponent => Unreadable::Exponent,
        MoneyError::PlusSign => Unreadable::PlusSign,
        MoneyError::MissingDigit => Unreadable::MissingDigit,
        MoneyError::TooManyDecimals { .. } => Unreadable::TooManyDecimals,
        MoneyError::OutOfRange => Unreadable::OutOfRange,
        MoneyError::Empty => Unreadable::Missing,
        MoneyError::NotAnAmount if has_full_width(text) => Unreadable::FullWidth,
        MoneyError::NotAnAmount => otherwise,
    }
}

fn has_full_width(text: &str) -> bool {
    let wide = |c: char| matches!(c, '０'..='９' | '．' | '－' | '＋' | '，');
    let narrow = folded(text);
    text.chars().any(wide)
        && narrow.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | ','))
}

fn date(text: &str) -> Result<Date, Unreadable> {
    Date::parse(text).ok_or(Unreadable::NotADate)
}

/// `3 years`, `36 months`, `14 months 3 days`, `3年`, `36个月`, `30天`.
fn duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '-')?;
        let (count, after) = rest.split_at_checked(digits)?;
        let count: i32 = count.parse().ok()?;
        let after = after.trim_start();
        let unit = after.find(|c: char| c.is_ascii_digit() || c == '-').unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(unit)?;
        let piece = match unit.trim() {
            "year" | "years" | "年" => Duration::years(count)?,
            "quarter" | "quarters" | "个季度" => Duration::months(count.checked_mul(3)?),
            "month" | "months" | "个月" | "月" => Duration::months(count),
            "day" | "days" | "天" | "日" => Duration::days(count),
            _ => return None,
        };
        total = total.checked_add(piece)?;
        rest = after;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::base::PeriodKind;
    use crate::report::names::{Label, Members};

    use super::*;

    fn read(spelling: &str, kind: Kind) -> Result<Cell, Unreadable> {
        text(spelling, &kind, &Names::default())
    }

    #[test]
    fn amounts_are_strict_and_say_why() {
        for (spelling, wanted) in [
            ("1,234.50", Unreadable::ThousandsSeparator),
            ("1.234", Unreadable::TooManyDecimals),
            ("1e5", Unreadable::Exponent),
            ("１２．５", Unreadable::FullWidth),
            ("+5", Unreadable::PlusSign),
            (".5", Unreadable::MissingDigit),
            ("¥5", Unreadable::NotAnAmount),
            ("5万", Unreadable::NotAnAmount),
            ("9".repeat(60).as_str(), Unreadable::OutOfRange),
        ] {
            assert_eq!(read(spelling, Kind::Money(2)), Err(wanted), "{spelling}");
        }
        assert_eq!(read(" -0.05 ", Kind::Money(2)), Ok(Cell::Money(Money::from_minor(-5))));
        assert_eq!(read("  ", Kind::Money(2)), Ok(Cell::Missing));
    }

    #[test]
    fn dates_are_iso() {
        assert_eq!(read("2024-02-29", Kind::Date), Ok(Cell::Date(Date::new(2024, 2, 29).unwrap())));
        for spelling in ["2024/3/1", "20240301", "45352", "2023-02-29", "2024年3月1日"] {
            assert_eq!(read(spelling, Kind::Date), Err(Unreadable::NotADate), "{spelling}");
        }
    }

    #[test]
    fn other_kinds() {
        assert_eq!(read("3.5‰", Kind::Rate).unwrap(), read("0.0035", Kind::Rate).unwrap());
        assert_eq!(read("1/3", Kind::Rate).unwrap(), read("2/6", Kind::Number).unwrap());
        assert_eq!(read("1/0", Kind::Rate), Err(Unreadable::NotANumber));
        assert_eq!(read("007", Kind::Integer), Ok(Cell::Integer(7)));
        assert_eq!(read("1.0", Kind::Integer), Err(Unreadable::NotAnInteger));
        assert_eq!(read("1,000", Kind::Integer), Err(Unreadable::ThousandsSeparator));
        assert_eq!(read("是", Kind::Bool), Ok(Cell::Bool(true)));
        assert_eq!(read("2024-03", Kind::Period(PeriodKind::Year)), Err(Unreadable::NotAPeriod));
        assert_eq!(read("3年", Kind::Duration), Ok(Cell::Duration(Duration::months(36))));
        let list = Kind::List(Box::new(Kind::Money(2)));
        assert_eq!(read("1.00; 2.00", list.clone()), read("[\"1.00\", 2]", list.clone()));
        assert_eq!(read("1.00;", list), Err(Unreadable::Missing));
        let regions = Members::new(Label::plain("Region"), vec![(Label::plain("hebei"), None)]);
        assert_eq!(read(" hebei", Kind::Member(Arc::new(regions))), Ok(Cell::Member(0)));
    }

    #[test]
    fn json_numbers_never_pass_through_a_float() {
        let raw: &RawValue = serde_json::from_str("12345678901234567890.05").unwrap();
        let cell = json(raw, &Kind::Money(2), &Names::default()).unwrap();
        assert_eq!(cell, Cell::Money(Money::parse("12345678901234567890.05", 2).unwrap()));
        let raw: &RawValue = serde_json::from_str("1e2").unwrap();
        let fault = json(raw, &Kind::Money(2), &Names::default()).unwrap_err();
        assert_eq!(fault, Fault::new("1e2", Unreadable::Exponent));
    }
}
