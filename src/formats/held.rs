//! Values that a file holds as such, not as text: those of a workbook or of a file of columns.
//!
//! A value is told by what it is, not by how it might be spelt; it becomes a cell of a field's kind
//! where that loses nothing, and else is handed over with the reason. Text inside such a file is read
//! as text is anywhere.

use std::borrow::Cow;

use crate::base::{Date, Exact, Money};
use crate::report::names::{Kind, Names};
use crate::rows::{Cell, Unreadable};

use super::parse;
use super::seen::Seen;

/// A value of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Held<'a> {
    /// An empty cell.
    Nothing,
    Text(Cow<'a, str>),
    Bool(bool),
    /// So many units of a negative power of ten: exact.
    #[cfg_attr(
        not(any(feature = "columns", test)),
        expect(dead_code, reason = "only files of columns have it")
    )]
    Decimal {
        units: i128,
        scale: u8,
    },
    /// A number of a spreadsheet at full length: fifteen digits, of which this is all unless it is
    /// not `whole`.
    Shown {
        units: i128,
        scale: u8,
        whole: bool,
        seen: Seen,
    },
    Date(Date),
    /// A day with a time of day, or a time alone.
    Moment(String),
    /// What a formula came to that failed.
    Fault(String),
}

/// A spreadsheet keeps so many digits of a number; more may have been cut off before we saw it.
const SHEET_UNITS_END: u128 = 1_000_000_000_000_000;

impl Held<'_> {
    /// As it is shown to people, and written where it is set aside.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Held::Nothing => Cow::Borrowed(""),
            Held::Text(text) => Cow::Borrowed(text),
            Held::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Held::Shown { units, scale, .. } => {
                Cow::Owned(Money::from_minor(*units).format(*scale))
            }
            // How many zeros stand behind is its column's, and none of the number's.
            Held::Decimal { units, scale } => {
                let text = Money::from_minor(*units).format(*scale);
                let bare = text.trim_end_matches('0').trim_end_matches('.');
                Cow::Owned(if text.contains('.') { bare.to_owned() } else { text })
            }
            Held::Date(date) => Cow::Owned(date.to_string()),
            Held::Moment(text) | Held::Fault(text) => Cow::Borrowed(text),
        }
    }

    /// The same where it is told what is wrong with it.
    pub(super) fn told(&self, why: Unreadable) -> Cow<'_, str> {
        match (self, why) {
            (Held::Shown { whole: false, .. }, Unreadable::SheetDigits) => {
                Cow::Owned(format!("{}…", self.text()))
            }
            _ => self.text(),
        }
    }

    /// Whether its text is all of it: a mapping speaks of such a text, not of digits that are left.
    pub(super) fn is_its_text(&self) -> bool {
        !self.is_cut() && self.seen_otherwise().is_none()
    }

    /// Whether it is a number whose digits say how much it is.
    pub(super) fn is_number(&self) -> bool {
        match self {
            Held::Decimal { .. } => true,
            Held::Shown { seen, .. } => !matches!(seen, Seen::Percent | Seen::Altered),
            _ => false,
        }
    }

    /// How it is seen, if that is otherwise than by its digits.
    pub(super) fn seen_otherwise(&self) -> Option<Seen> {
        match self {
            Held::Shown { seen, .. } if *seen != Seen::Digits => Some(*seen),
            _ => None,
        }
    }

    /// Whether it has lost digits, or its value.
    pub(super) fn is_cut(&self) -> bool {
        match self {
            Held::Shown { units, whole, .. } => !whole || kept(*units).is_err(),
            Held::Fault(_) => true,
            _ => false,
        }
    }

    /// The value as a cell of a kind.
    pub(super) fn cell(&self, kind: &Kind, names: &Names) -> Result<Cell, Unreadable> {
        match (self, kind) {
            (Held::Nothing, _) => Ok(Cell::Missing),
            (Held::Fault(_), _) => Err(Unreadable::CellError),
            (Held::Moment(text), Kind::Date) if text.contains(':') => Err(Unreadable::TimeOfDay),
            (Held::Date(date), Kind::Date) => Ok(Cell::Date(*date)),
            (Held::Bool(value), Kind::Bool) => Ok(Cell::Bool(*value)),
            (Held::Decimal { units, scale }, Kind::Money(wanted)) => {
                rescaled(*units, *scale, *wanted).map(|units| Cell::Money(Money::from_minor(units)))
            }
            // Of an amount nobody says how many of a hundred it is.
            (Held::Shown { seen: Seen::Percent, .. }, Kind::Money(_) | Kind::Integer) => {
                Err(Unreadable::ShownOtherwise)
            }
            (
                Held::Shown { seen: Seen::Scaled | Seen::Altered, .. },
                Kind::Money(_) | Kind::Integer | Kind::Rate | Kind::Number,
            ) => Err(Unreadable::ShownOtherwise),
            (Held::Shown { units, scale, .. }, Kind::Money(wanted)) => {
                let units = rescaled(*units, *scale, *wanted)?;
                kept(units)?;
                Ok(Cell::Money(Money::from_minor(units)))
            }
            (Held::Shown { whole: false, .. }, _) => Err(Unreadable::SheetDigits),
            (Held::Shown { seen, .. }, kind) if *seen != Seen::Digits && is_code(kind) => {
                Err(Unreadable::ShownOtherwise)
            }
            (Held::Shown { units, .. }, Kind::Text | Kind::Member(_) | Kind::List(_)) => {
                // A code of more digits than these has lost the last ones.
                kept(*units)?;
                parse::text(&self.text(), kind, names)
            }
            (Held::Decimal { units, scale } | Held::Shown { units, scale, .. }, Kind::Integer) => {
                let whole = rescaled(*units, *scale, 0).map_err(|why| match why {
                    Unreadable::TooManyDecimals => Unreadable::NotAnInteger,
                    why => why,
                })?;
                if let Held::Shown { .. } = self {
                    kept(whole)?;
                }
                Ok(Cell::Integer(whole))
            }
            (Held::Decimal { units, scale }, Kind::Number) => {
                Ok(Cell::Number(exact(*units, *scale)))
            }
            // What became a date or a truth value was perhaps a code once; which, nobody can tell.
            (Held::Date(_) | Held::Moment(_) | Held::Bool(_), kind) if is_text(kind) => {
                Err(Unreadable::OtherCell)
            }
            (held, kind) => parse::text(&held.text(), kind, names),
        }
    }
}

/// Whether cells of a kind are codes: texts or names, or lists of them.
fn is_code(kind: &Kind) -> bool {
    match kind {
        Kind::Text | Kind::Member(_) => true,
        Kind::List(inner) => is_code(inner),
        _ => false,
    }
}

/// Whether cells of a kind are texts, or lists of them.
fn is_text(kind: &Kind) -> bool {
    match kind {
        Kind::Text => true,
        Kind::List(inner) => is_text(inner),
        _ => false,
    }
}

/// Refuses more digits than a spreadsheet keeps.
fn kept(units: i128) -> Result<(), Unreadable> {
    if units.unsigned_abs() < SHEET_UNITS_END { Ok(()) } else { Err(Unreadable::SheetDigits) }
}

/// The same number in units of another scale, if it is a whole number of them.
fn rescaled(units: i128, scale: u8, wanted: u8) -> Result<i128, Unreadable> {
    let power = |digits: u8| 10_i128.checked_pow(u32::from(digits));
    if scale <= wanted {
        let more = power(wanted - scale).and_then(|power| units.checked_mul(power));
        return more.ok_or(Unreadable::OutOfRange);
    }
    match power(scale - wanted) {
        Some(power) if units % power == 0 => Ok(units / power),
        None if units == 0 => Ok(0),
        _ => Err(Unreadable::TooManyDecimals),
    }
}

fn exact(units: i128, scale: u8) -> Exact {
    Money::from_minor(units).to_exact(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(held: Held<'_>, kind: Kind) -> Result<Cell, Unreadable> {
        held.cell(&kind, &Names::default())
    }

    fn shown(units: i128, scale: u8) -> Held<'static> {
        Held::Shown { units, scale, whole: true, seen: Seen::Digits }
    }

    #[test]
    fn a_decimal_is_an_amount_where_nothing_is_lost() {
        let money = |units| Ok(Cell::Money(Money::from_minor(units)));
        let decimal = |units, scale| read(Held::Decimal { units, scale }, Kind::Money(2));
        assert_eq!(decimal(150_000, 4), money(1500));
        assert_eq!(decimal(15, 0), money(1500));
        assert_eq!(decimal(150_001, 4), Err(Unreadable::TooManyDecimals));
        assert_eq!(decimal(i128::MAX, 0), Err(Unreadable::OutOfRange));
        assert_eq!(decimal(0, 77), money(0));
        assert_eq!(decimal(i128::MAX, 2), money(i128::MAX));
    }

    #[test]
    fn a_number_of_a_spreadsheet_has_fifteen_digits() {
        let whole = read(shown(12_345_678_901_234, 0), Kind::Money(2));
        assert_eq!(whole, Err(Unreadable::SheetDigits));
        let inside = read(shown(999_999_999_999_999, 2), Kind::Money(2));
        assert_eq!(inside, Ok(Cell::Money(Money::from_minor(999_999_999_999_999))));
        // An amount is what is shown; a rate is what was meant, and that is not known.
        let third =
            Held::Shown { units: 333_333_333_333_333, scale: 15, whole: false, seen: Seen::Digits };
        assert_eq!(read(third.clone(), Kind::Rate), Err(Unreadable::SheetDigits));
        assert_eq!(read(third, Kind::Money(2)), Err(Unreadable::TooManyDecimals));
        let sum = Held::Shown { units: 3, scale: 1, whole: false, seen: Seen::Digits };
        assert_eq!(read(sum, Kind::Money(2)), Ok(Cell::Money(Money::from_minor(30))));
    }

    #[test]
    fn codes_are_texts_and_nothing_else_becomes_one() {
        assert_eq!(read(shown(110_000, 0), Kind::Text), Ok(Cell::Text("110000".into())));
        let code = read(shown(911_100_001_234_567_000, 0), Kind::Text);
        assert_eq!(code, Err(Unreadable::SheetDigits));
        let list = || Kind::List(Box::new(Kind::Text));
        let code = read(shown(911_100_001_234_567_000, 0), list());
        assert_eq!(code, Err(Unreadable::SheetDigits));
        let date = Date::new(2024, 3, 1).unwrap();
        assert_eq!(read(Held::Date(date), Kind::Text), Err(Unreadable::OtherCell));
        assert_eq!(read(Held::Date(date), list()), Err(Unreadable::OtherCell));
        let days = read(Held::Date(date), Kind::List(Box::new(Kind::Date)));
        assert_eq!(days, Ok(Cell::List(vec![Cell::Date(date)])));
        assert_eq!(read(Held::Date(date), Kind::Date), Ok(Cell::Date(date)));
        assert_eq!(read(Held::Date(date), Kind::Money(2)), Err(Unreadable::NotAnAmount));
        assert_eq!(read(shown(45352, 0), Kind::Date), Err(Unreadable::NotADate));
        let moment = Held::Moment("2024-03-01 08:30:00".into());
        assert_eq!(read(moment, Kind::Date), Err(Unreadable::TimeOfDay));
        assert_eq!(read(shown(15, 1), Kind::Integer), Err(Unreadable::NotAnInteger));
        assert_eq!(read(shown(-7, 0), Kind::Integer), Ok(Cell::Integer(-7)));
        assert_eq!(read(Held::Fault("#REF!".into()), Kind::Text), Err(Unreadable::CellError));
        assert_eq!(read(shown(1, 0), Kind::Bool), Ok(Cell::Bool(true)));
        let half = Exact::from(1_i64).div(&Exact::from(2_i64)).unwrap();
        assert_eq!(read(shown(5, 1), Kind::Rate), Ok(Cell::Number(half)));
    }

    #[test]
    fn a_number_that_is_shown_otherwise_is_not_taken_by_its_digits() {
        let held = |seen| Held::Shown { units: 35, scale: 2, whole: true, seen };
        let code = |seen| Held::Shown { units: 123, scale: 0, whole: true, seen };
        let otherwise = Err(Unreadable::ShownOtherwise);
        assert_eq!(read(held(Seen::Percent), Kind::Money(2)), otherwise);
        assert_eq!(read(held(Seen::Percent), Kind::Rate), read(held(Seen::Digits), Kind::Rate));
        let money = read(held(Seen::Digits), Kind::Money(2));
        assert_eq!(read(held(Seen::Otherwise), Kind::Money(2)), money);
        for kind in [Kind::Money(2), Kind::Integer, Kind::Rate, Kind::Number, Kind::Text] {
            assert_eq!(read(code(Seen::Scaled), kind.clone()), otherwise);
            assert_eq!(read(code(Seen::Altered), kind), otherwise);
        }
        assert_eq!(read(code(Seen::Otherwise), Kind::Text), otherwise);
        assert_eq!(read(code(Seen::Otherwise), Kind::List(Box::new(Kind::Text))), otherwise);
        assert_eq!(read(code(Seen::Digits), Kind::Text), Ok(Cell::Text("123".into())));
    }
}
