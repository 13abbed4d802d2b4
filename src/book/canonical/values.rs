//! The bytes of plain values and of the facts that travel.

use std::sync::Arc;

use crate::base::{Date, Digest, Duration, Exact, Money, Period, PeriodKind};
use crate::rows::{Cell, Column, Origin, RegisterRow};

use super::{Canonical, Fault, Reader, Writer, record};

/// Numbers: their width is a matter of the reader alone.
macro_rules! number {
    ($($type:ty, $write:ident, $read:ident, $expected:literal;)*) => { $(
        impl Canonical for $type {
            fn write(&self, out: &mut Writer) {
                out.$write((*self).into());
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
                <$type>::try_from(from.$read()?).map_err(|_| from.fault($expected))
            }
        }
    )* };
}

number! {
    u32, count, count, "a number of at most 32 bits";
    u64, count, count, "a number of at most 64 bits";
    i32, signed, signed, "a signed number of at most 32 bits";
    i64, signed, signed, "a signed number of at most 64 bits";
    i128, signed, signed, "a signed number of at most 128 bits";
}

impl Canonical for bool {
    fn write(&self, out: &mut Writer) {
        out.byte(u8::from(*self));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        match from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(from.fault("0 or 1")),
        }
    }
}

impl Canonical for Arc<str> {
    fn write(&self, out: &mut Writer) {
        out.bytes(self.as_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let bytes = from.bytes()?;
        std::str::from_utf8(bytes).map(Arc::from).map_err(|_| from.fault("text in UTF-8"))
    }
}

impl Canonical for String {
    fn write(&self, out: &mut Writer) {
        out.bytes(self.as_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let bytes = from.bytes()?.to_vec();
        String::from_utf8(bytes).map_err(|_| from.fault("text in UTF-8"))
    }
}

impl Canonical for Digest {
    fn write(&self, out: &mut Writer) {
        out.raw(self.as_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let bytes = <[u8; 32]>::try_from(from.raw(32)?);
        bytes.map(Digest::from_bytes).map_err(|_| from.fault("32 bytes"))
    }
}

/// The bytes of a list.
pub(in crate::book) fn write_list<T: Canonical>(items: &[T], out: &mut Writer) {
    out.length(items.len());
    items.iter().for_each(|item| item.write(out));
}

impl<T: Canonical> Canonical for Vec<T> {
    fn write(&self, out: &mut Writer) {
        write_list(self, out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let length = from.length()?;
        // A false length must not ask for more memory than its own bytes have.
        let mut items = Vec::with_capacity(length.min(1024));
        for number in 0..length {
            items.push(from.item(number)?);
        }
        Ok(items)
    }
}

impl<T: Canonical> Canonical for Option<T> {
    fn write(&self, out: &mut Writer) {
        self.is_some().write(out);
        self.iter().for_each(|value| value.write(out));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        Ok(if bool::read(from)? { Some(T::read(from)?) } else { None })
    }
}

impl<T: Canonical> Canonical for Box<T> {
    fn write(&self, out: &mut Writer) {
        T::write(self, out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        from.nested(T::read).map(Box::new)
    }
}

impl Canonical for Money {
    fn write(&self, out: &mut Writer) {
        out.signed(self.minor());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        from.signed().map(Money::from_minor)
    }
}

impl Canonical for Date {
    fn write(&self, out: &mut Writer) {
        self.days().write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let days = i32::read(from)?;
        Date::from_days(days).ok_or_else(|| from.fault("a day of the years 1 to 9999"))
    }
}

impl Canonical for PeriodKind {
    fn write(&self, out: &mut Writer) {
        out.byte(match self {
            PeriodKind::Month => 0,
            PeriodKind::Quarter => 1,
            PeriodKind::Year => 2,
        });
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        match from.byte()? {
            0 => Ok(PeriodKind::Month),
            1 => Ok(PeriodKind::Quarter),
            2 => Ok(PeriodKind::Year),
            _ => Err(from.fault("month, quarter or year")),
        }
    }
}

impl Canonical for Period {
    fn write(&self, out: &mut Writer) {
        self.kind().write(out);
        self.index().write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let kind = PeriodKind::read(from)?;
        let index = i32::read(from)?;
        let per_year = 12 / kind.months();
        Period::new(kind, index.div_euclid(per_year), index.rem_euclid(per_year) + 1)
            .ok_or_else(|| from.fault("a period of the years 1 to 9999"))
    }
}

record!(Duration { months, days });

/// Both halves while they fit 128 bits, else the two written out in decimal digits.
impl Canonical for Exact {
    fn write(&self, out: &mut Writer) {
        match self.to_ratio() {
            Some((numerator, denominator)) => {
                out.byte(0);
                out.signed(numerator);
                out.count(denominator.unsigned_abs());
            }
            None => {
                out.byte(1);
                out.bytes(self.to_string().as_bytes());
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let value = match from.byte()? {
            0 => {
                let (numerator, denominator) = (from.signed()?, from.count()?);
                i128::try_from(denominator).ok().and_then(|denominator| {
                    let value = Exact::from_ratio(numerator, denominator).ok()?;
                    (value.to_ratio() == Some((numerator, denominator))).then_some(value)
                })
            }
            1 => std::str::from_utf8(from.bytes()?).ok().and_then(wide),
            _ => None,
        };
        value.ok_or_else(|| from.fault("a fraction in lowest terms"))
    }
}

/// A fraction with a half beyond 128 bits, from its text.
fn wide(text: &str) -> Option<Exact> {
    let value = match text.split_once('/') {
        Some((numerator, denominator)) => {
            let denominator = Exact::parse_decimal(denominator)?;
            Exact::parse_decimal(numerator)?.div(&denominator).ok()?
        }
        None => Exact::parse_decimal(text)?,
    };
    (value.to_ratio().is_none() && value.to_string() == text).then_some(value)
}

impl Canonical for Cell {
    fn write(&self, out: &mut Writer) {
        match self {
            Cell::Missing => out.byte(0),
            Cell::Bool(false) => out.byte(1),
            Cell::Bool(true) => out.byte(2),
            Cell::Integer(value) => tagged(out, 3, value),
            Cell::Number(value) => tagged(out, 4, value),
            Cell::Money(value) => tagged(out, 5, value),
            Cell::Date(value) => tagged(out, 6, value),
            Cell::Period(value) => tagged(out, 7, value),
            Cell::Duration(value) => tagged(out, 8, value),
            Cell::Text(value) => write_text(value, out),
            Cell::Member(value) => tagged(out, 10, value),
            Cell::List(value) => tagged(out, 11, value),
            Cell::Record(value) => tagged(out, 12, value),
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        Ok(match from.byte()? {
            0 => Cell::Missing,
            1 => Cell::Bool(false),
            2 => Cell::Bool(true),
            3 => Cell::Integer(i128::read(from)?),
            4 => Cell::Number(Exact::read(from)?),
            5 => Cell::Money(Money::read(from)?),
            6 => Cell::Date(Date::read(from)?),
            7 => Cell::Period(Period::read(from)?),
            8 => Cell::Duration(Duration::read(from)?),
            9 => Cell::Text(Arc::read(from)?),
            10 => Cell::Member(u32::read(from)?),
            11 => Cell::List(from.nested(Vec::read)?),
            12 => Cell::Record(from.nested(Vec::read)?),
            _ => return Err(from.fault("a known kind of value")),
        })
    }
}

/// The bytes of the cell that stands in a row of a column, without making it.
pub(in crate::book) fn write_value(column: &Column, row: usize, out: &mut Writer) {
    let written = match column {
        Column::Text(texts) => texts.get(row).map(|text| write_text(text, out)),
        Column::Integer(values) => values.get(row).map(|value| tagged(out, 3, &value)),
        Column::Money(values) => values.money(row).map(|value| tagged(out, 5, &value)),
        Column::Date(values) => values.get(row).map(|value| tagged(out, 6, &value)),
        Column::Member(values) => values.get(row).map(|value| tagged(out, 10, &value)),
        Column::Absent => None,
        Column::Bool(_) | Column::Number(_) | Column::Period(_) | Column::Cells(_) => {
            return column.cell(row).write(out);
        }
    };
    if written.is_none() {
        Cell::Missing.write(out);
    }
}

fn write_text(text: &str, out: &mut Writer) {
    out.byte(9);
    out.bytes(text.as_bytes());
}

fn tagged<T: Canonical>(out: &mut Writer, tag: u8, value: &T) {
    out.byte(tag);
    value.write(out);
}

record!(Origin { file, line });
record!(RegisterRow { cells, from, until, origin });
