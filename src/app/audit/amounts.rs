//! The amounts of a table: how people write them, in what unit, and how closely they can be held.

use crate::base::Money;
use crate::desk::Digits;
use crate::formats::{ForeignTable, Unit};
use crate::report::names::folded;
use crate::rows::Unreadable;

use super::columns::{Columns, Shape};

/// How a table writes amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    /// In what unit, and to how many decimals of it; to the currency's unit, if nothing is said.
    digits: Option<(Unit, u8)>,
}

impl Written {
    /// As a table writes them whose unit is said: to as many decimals as its amounts have at most.
    pub fn of(table: &ForeignTable, columns: &Columns, unit: Option<Unit>) -> Written {
        let places: Vec<usize> = match &columns.shape {
            Shape::Wide(accounts) => accounts.iter().map(|(at, _)| *at).collect(),
            Shape::Long { amount, .. } => vec![*amount],
        };
        let cells = table.rows.iter().flat_map(|row| places.iter().map(|at| row.cells.get(*at)));
        let decimals = |unit: Unit| {
            let written = cells.flatten().filter_map(|text| decimals_of(text, unit));
            (unit, written.max().unwrap_or(0))
        };
        Written { digits: unit.map(decimals) }
    }

    /// Whether a unit is said.
    pub fn in_unit(&self) -> bool {
        self.digits.is_some()
    }

    /// For people and programs.
    pub fn told(&self) -> Option<Digits> {
        self.digits.map(|(unit, decimals)| Digits { unit: unit.name(), decimals })
    }

    /// The amount in a cell, in units of the currency.
    pub fn amount(&self, text: &str, scale: u8) -> Option<Money> {
        amount(text, scale + self.tens())
    }

    /// Why a cell is none.
    pub fn no_amount(&self, text: &str, scale: u8) -> Unreadable {
        no_amount(text, scale + self.tens())
    }

    /// Whether an amount that was added up of some cells is what is due: to the unit, or as far as the
    /// digits of the table go, which leave out less than half of the last one in each cell.
    pub fn agree(&self, (given, cells): (Money, u32), due: Money, scale: u8) -> bool {
        let Some(off) = given.checked_sub(due) else { return false };
        let room = self.last_digit(scale).saturating_mul(u128::from(cells));
        off.is_zero() || off.minor().unsigned_abs().checked_mul(2).is_some_and(|off| off <= room)
    }

    /// Whether it is off by no more than one of the last digit.
    pub fn by_a_unit(&self, given: Money, due: Money, scale: u8) -> bool {
        let off = given.checked_sub(due).map(|off| off.minor().unsigned_abs());
        off.is_some_and(|off| off <= self.last_digit(scale).max(1))
    }

    fn tens(&self) -> u8 {
        self.digits.map_or(0, |(unit, _)| unit.tens())
    }

    /// How many units of the currency the last digit stands for, if it is more than one; else nothing.
    fn last_digit(&self, scale: u8) -> u128 {
        let left_out = self.digits.and_then(|(unit, decimals)| {
            (unit.tens() + scale).checked_sub(decimals).filter(|left_out| *left_out > 0)
        });
        left_out.and_then(|left_out| 10_u128.checked_pow(u32::from(left_out))).unwrap_or(0)
    }
}

/// How many decimals a cell has, if it is an amount.
fn decimals_of(text: &str, unit: Unit) -> Option<u8> {
    amount(text, DECIMALS_MAX.saturating_sub(unit.tens()))?;
    let text = folded(text);
    let decimals = text.rsplit_once('.').map_or("", |(_, decimals)| decimals);
    u8::try_from(decimals.chars().filter(char::is_ascii_digit).count()).ok()
}

/// As many decimals as an amount may have to be looked at.
const DECIMALS_MAX: u8 = 18;

/// Why a cell is no amount.
fn no_amount(text: &str, scale: u8) -> Unreadable {
    if is_formula(text) {
        Unreadable::CellError
    } else if scale < DECIMALS_MAX && amount(text, DECIMALS_MAX).is_some() {
        Unreadable::TooManyDecimals
    } else {
        Unreadable::NotAnAmount
    }
}

/// Why a cell has lost what stood there.
pub(super) fn cut_short(text: &str) -> Unreadable {
    if is_formula(text) { Unreadable::CellError } else { Unreadable::SheetDigits }
}

/// Whether a cell shows a formula, one that was not worked out, or what one that failed came to.
fn is_formula(text: &str) -> bool {
    text.trim_start().starts_with(['=', '#'])
}

/// Reads an amount as people write it in tables: thousands set apart, brackets or a sign for what goes
/// back, nothing or a dash for nothing. No digit is dropped: more decimals than the unit has must be
/// zeros.
fn amount(text: &str, scale: u8) -> Option<Money> {
    let text = folded(text);
    let text = text.trim_start_matches(['¥', '￥']).trim();
    if matches!(text, "" | "-" | "—") {
        return Some(Money::ZERO);
    }
    if let Some(inside) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        return amount(inside, scale).filter(|it| !it.is_negative())?.checked_neg();
    }
    let (whole, rest) = text.find('.').map_or((text, ""), |at| text.split_at(at));
    let digits = whole.trim_start_matches('-');
    let mut groups = digits.split(',');
    let first = groups.next().is_some_and(|first| (1..=3).contains(&first.len()));
    if digits.contains(',') && !(first && groups.all(|group| group.len() == 3)) {
        return None;
    }
    let rest = match rest.char_indices().nth(usize::from(scale) + 1) {
        Some((at, _)) => {
            let (kept, beyond) = rest.split_at(at);
            if beyond.chars().any(|digit| digit != '0') {
                return None;
            }
            kept
        }
        None => rest,
    };
    Money::parse(&format!("{}{rest}", whole.replace(',', "")), scale).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let fen = |text: &str| amount(text, 2).map(Money::minor);
        for (text, expected) in [
            ("", Some(0)),
            ("-", Some(0)),
            ("1234.56", Some(123_456)),
            ("1,234.56", Some(123_456)),
            ("￥１，２３４", Some(123_400)),
            ("(0.01)", Some(-1)),
            ("-1,000,000.5", Some(-100_000_050)),
            ("5.000", Some(500)),
            ("5.001", None),
            ("12,34.00", None),
            ("1,2345", None),
            ("(-1)", None),
            ("none", None),
        ] {
            assert_eq!(fen(text), expected, "{text}");
        }
    }

    #[test]
    fn amounts_in_a_unit_agree_as_far_as_their_digits_go() {
        let written = Written { digits: Some((Unit::named("万元").unwrap(), 2)) };
        let given = written.amount("123.46", 2).unwrap();
        assert_eq!(given.minor(), 123_460_000);
        // Its last digit is a hundred yuan, and half of that fifty.
        for (due, agrees, by_a_digit) in [
            (123_460_000, true, true),
            (123_455_000, true, true),
            (123_465_000, true, true),
            (123_454_999, false, true),
            (123_450_000, false, true),
            (123_449_999, false, false),
        ] {
            let due = Money::from_minor(due);
            assert_eq!(written.agree((given, 1), due, 2), agrees, "{due:?}");
            assert_eq!(written.by_a_unit(given, due, 2), by_a_digit, "{due:?}");
        }
        assert!(written.agree((given, 2), Money::from_minor(123_450_000), 2), "of two cells");
        let exact = Written { digits: None };
        assert!(!exact.agree((given, 1), Money::from_minor(123_460_001), 2));
        assert!(exact.by_a_unit(given, Money::from_minor(123_460_001), 2));
    }
}
