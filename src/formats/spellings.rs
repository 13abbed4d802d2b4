//! Dates and amounts as a spreadsheet writes them, read only where the mapping says that they are
//! written so. `7/8/2024` is a day in July to some and in August to others: nobody guesses here.
//!
//! A spelling is written as Excel writes its formats: `yyyy/m/d`, `yyyy年m月d日`, `￥#,##0.00`. What is
//! spelt our own way is read as well. `0.00万元` says that all amounts are in that unit, with the sign of
//! it or without.

use crate::base::{Date, Money};
use crate::diagnostics::Words;
use crate::rows::Unreadable;

use super::units::Unit;

/// How the cells of a field may be spelt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spelling {
    Date(Vec<Piece>),
    Amount {
        /// What may stand in front, and behind.
        before: String,
        after: String,
        /// Whether thousands may be set apart.
        grouped: bool,
        /// What they are counted in, if not in the currency.
        unit: Option<Unit>,
    },
}

/// A piece of a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Year,
    /// Of exactly two digits, or of one or two.
    Month(bool),
    Day(bool),
    /// Hours, minutes or seconds: all of them zero.
    Midnight,
    Sign(char),
}

impl Spelling {
    /// Reads the format of a date.
    pub(super) fn date(format: &str) -> Option<Spelling> {
        let letters: Vec<char> = format.trim().chars().collect();
        let mut pieces = Vec::new();
        let mut timed = false;
        for run in letters.chunk_by(|one, other| one == other) {
            let first = run.first()?.to_ascii_lowercase();
            let piece = match (first, run.len()) {
                ('y', 4) => Piece::Year,
                ('h' | 's', 1 | 2) => Piece::Midnight,
                ('m', 1 | 2) if timed => Piece::Midnight,
                ('m', digits @ (1 | 2)) => Piece::Month(digits == 2),
                ('d', digits @ (1 | 2)) => Piece::Day(digits == 2),
                (letter, _) if letter.is_ascii_alphanumeric() => return None,
                _ => {
                    pieces.extend(run.iter().map(|sign| Piece::Sign(*sign)));
                    continue;
                }
            };
            timed |= first == 'h';
            pieces.push(piece);
        }
        let count =
            |wanted: fn(&Piece) -> bool| pieces.iter().filter(|piece| wanted(piece)).count();
        let whole = [
            count(|piece| *piece == Piece::Year),
            count(|piece| matches!(piece, Piece::Month(_))),
            count(|piece| matches!(piece, Piece::Day(_))),
        ];
        // Where a number of one or two digits ends, a sign must say.
        let told_apart = pieces.windows(2).all(|pair| match pair {
            [Piece::Month(false) | Piece::Day(false) | Piece::Midnight, next] => {
                matches!(next, Piece::Sign(_))
            }
            _ => true,
        });
        // What everybody writes as one day must not become another.
        let another =
            read_date(&pieces, "2001-02-03").is_some_and(|day| Some(day) != Date::new(2001, 2, 3));
        (whole == [1, 1, 1] && told_apart && !another).then_some(Spelling::Date(pieces))
    }

    /// Reads the format of an amount.
    pub(super) fn amount(format: &str) -> Option<Spelling> {
        let is_digit = |sign: char| matches!(sign, '#' | '0' | ',' | '.');
        let format = format.trim();
        let (start, end) = (format.find(is_digit)?, format.rfind(is_digit)?);
        let digits = format.get(start..=end)?;
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let grouped = match whole {
            "#,##0" => true,
            "0" | "#0" => false,
            _ => return None,
        };
        let fits = !fraction.is_empty() && fraction.chars().all(|digit| matches!(digit, '0' | '#'));
        let (before, after) = (format.get(..start)?.trim(), format.get(end + 1..)?.trim());
        let mute =
            |text: &str| !text.contains(['-', '+', '(', ')', '%', '‰', ';', '万', '亿', '"']);
        let (before, after) = (before.replace('¥', "￥"), after.to_owned());
        let unit = Unit::named(&after).filter(|unit| unit.tens() > 0);
        (fits && mute(&before) && (unit.is_some() || mute(&after))).then_some(Spelling::Amount {
            before,
            after,
            grouped,
            unit,
        })
    }

    /// Amounts in a unit, as people write them.
    pub(super) fn in_unit(unit: Unit) -> Spelling {
        let (before, after) = ("￥".to_owned(), unit.name().to_owned());
        Spelling::Amount { before, after, grouped: true, unit: Some(unit) }
    }

    /// Whether amounts are in another unit than the currency's, so that also a number is one of those.
    pub(super) fn has_unit(&self) -> bool {
        matches!(self, Spelling::Amount { unit: Some(_), .. })
    }

    /// What a cell means in our own spelling, if it is spelt so.
    pub(super) fn read(&self, text: &str) -> Option<String> {
        match self {
            Spelling::Date(pieces) => read_date(pieces, text.trim()).map(|date| date.to_string()),
            Spelling::Amount { before, after, grouped, unit } => {
                let text = text.trim().replace('¥', "￥");
                let sign = |text: &str| text.strip_prefix('-').map(|rest| rest.trim().to_owned());
                let bare = |text: &str| {
                    let text = text.strip_prefix(before.as_str()).unwrap_or(text).trim_start();
                    text.strip_suffix(after.as_str()).unwrap_or(text).trim_end().to_owned()
                };
                // The sign stands before or after that of the currency.
                let (negative, rest) = match sign(&text) {
                    Some(rest) => (true, bare(&rest)),
                    None => match bare(&text) {
                        rest if rest != text => sign(&rest).map_or((false, rest), |it| (true, it)),
                        rest => (false, rest),
                    },
                };
                let digits = if *grouped { ungrouped(&rest)? } else { rest };
                let plain = digits.starts_with(|digit: char| digit.is_ascii_digit());
                let digits = match unit {
                    // What is no amount of the unit is none of the currency either.
                    Some(unit) => unit.plain(&digits).unwrap_or(digits),
                    None => digits,
                };
                plain.then(|| format!("{}{digits}", if negative { "-" } else { "" }))
            }
        }
    }
}

fn read_date(pieces: &[Piece], text: &str) -> Option<Date> {
    let (mut year, mut month, mut day) = (0, 0, 0);
    let mut rest = text;
    for piece in pieces {
        let digits = rest.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(rest.len());
        let mut number = |least: usize, most: usize| -> Option<i32> {
            let (number, after) = rest.split_at_checked(digits.min(most))?;
            rest = after;
            (number.len() >= least).then(|| number.parse().ok()).flatten()
        };
        match piece {
            Piece::Year => year = number(4, 4)?,
            Piece::Month(two) => month = number(if *two { 2 } else { 1 }, 2)?,
            Piece::Day(two) => day = number(if *two { 2 } else { 1 }, 2)?,
            Piece::Midnight => {
                number(1, 2).filter(|number| *number == 0)?;
            }
            Piece::Sign(sign) => rest = rest.strip_prefix(*sign)?,
        }
    }
    if rest.is_empty() { Date::new(year, month, day) } else { None }
}

/// Digits without the commas that set thousands apart; `None` if one stands elsewhere.
fn ungrouped(text: &str) -> Option<String> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, format!(".{fraction}")),
        None => (text, String::new()),
    };
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let mut rest = groups.clone();
    let fits =
        whole == first || ((1..=3).contains(&first.len()) && rest.all(|group| group.len() == 3));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let whole: String = std::iter::once(first).chain(groups).collect();
    (fits && digits(&whole)).then(|| whole + &fraction)
}

/// The lines of a mapping by which such values would be read, where there are any.
pub fn remedy(why: Unreadable, value: &str) -> Option<Words> {
    let formats: &[(&str, &str)] = match why {
        Unreadable::NotADate => &[
            ("date", "yyyy/m/d"),
            ("date", "yyyy年m月d日"),
            ("date", "yyyy.m.d"),
            ("date", "yyyy-m-d"),
            ("date", "yyyymmdd"),
            ("date", "yyyy-mm-dd hh:mm:ss"),
            ("date", "yyyy/m/d h:mm:ss"),
            ("date", "yyyy/m/d h:mm"),
        ],
        Unreadable::ThousandsSeparator | Unreadable::NotAnAmount => {
            &[("amount", "#,##0.00"), ("amount", "￥#,##0.00"), ("amount", "#,##0.00元")]
        }
        _ => return None,
    };
    let fits = |(kind, format): &&(&str, &str)| {
        let spelling = match *kind {
            "date" => Spelling::date(format),
            _ => Spelling::amount(format),
        };
        let read = spelling.and_then(|spelling| spelling.read(value));
        read.is_some_and(|text| Date::parse(&text).is_some() || Money::parse(&text, 9).is_ok())
    };
    let (kind, format) = formats.iter().find(fits)?;
    Some(Words::new(
        format!(
            "to read them as they are, put `[formats]` and `{kind} = \"{format}\"` into a mapping \
             (`--map FILE`)"
        ),
        format!(
            "如需按原样读取，请在列对照文件（--map 文件）中写 [formats] 和 {kind} = \"{format}\""
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn dates(format: &str, cells: &[(&str, Option<&str>)]) {
        let spelling = Spelling::date(format).unwrap();
        for (cell, wanted) in cells {
            assert_eq!(spelling.read(cell).as_deref(), *wanted, "{format}: {cell}");
        }
    }

    #[test]
    fn dates_of_a_spreadsheet() {
        let day = Some("2024-07-06");
        dates(
            "yyyy/m/d",
            &[
                ("2024/7/6", day),
                (" 2024/07/06", day),
                ("2024/7/36", None),
                ("24/7/6", None),
                ("2024-7-6", None),
                ("2024/7/6 8:00", None),
                ("2023/2/29", None),
            ],
        );
        dates("yyyy年m月d日", &[("2024年7月6日", day), ("2024年7月6", None)]);
        dates("yyyymmdd", &[("20240706", day), ("2024706", None)]);
        dates("d.m.yyyy", &[("6.7.2024", day), ("06.07.2024", day)]);
        dates(
            "yyyy-mm-dd hh:mm:ss",
            &[
                ("2024-07-06 00:00:00", day),
                ("2024-07-06 00:00:01", None),
                ("2024-7-06 0:0:0", None),
            ],
        );
        // By the last two `2024-03-05` would be a day in May.
        let others = ["yyyy-d-m", "yyyy-dd-mm"];
        for format in
            ["yy/m/d", "yyyy/m", "yyyymd", "yyyy/m/d/m", "yyyy/mmm/d", ""].into_iter().chain(others)
        {
            assert_eq!(Spelling::date(format), None, "{format}");
        }
    }

    #[track_caller]
    fn amounts(format: &str, cells: &[(&str, Option<&str>)]) {
        let spelling = Spelling::amount(format).unwrap();
        for (cell, wanted) in cells {
            assert_eq!(spelling.read(cell).as_deref(), *wanted, "{format}: {cell}");
        }
    }

    #[test]
    fn amounts_of_a_spreadsheet() {
        amounts(
            "#,##0.00",
            &[
                ("15,437.64", Some("15437.64")),
                ("-1,015,437", Some("-1015437")),
                ("15437.64", Some("15437.64")),
                ("15,43.64", None),
                ("1,5437.64", None),
                (",437.64", None),
                ("15,437.6,4", Some("15437.6,4")),
                ("￥15.00", None),
                ("", None),
            ],
        );
        amounts(
            "￥#,##0.00",
            &[
                ("￥15.00", Some("15.00")),
                ("¥ 1,015.00", Some("1015.00")),
                ("-￥15.00", Some("-15.00")),
                ("￥-15.00", Some("-15.00")),
                ("--15.00", None),
                ("-￥-15.00", None),
                ("$15.00", None),
            ],
        );
        amounts("0.00元", &[("15.00元", Some("15.00")), ("1,015.00元", Some("1,015.00"))]);
        amounts(
            "#,##0.00万元",
            &[
                ("15.00", Some("150000")),
                ("1,234.567890万元", Some("12345678.90")),
                ("-0.5 万元", Some("-5000")),
                ("15.00元", Some("15.00元")),
                ("1e3", None),
                ("", None),
            ],
        );
        for format in ["0.00万", "万元0.00", "#,###", "(0.00)", "元", "0,000", "0.", "0.00;-0.00"]
        {
            assert_eq!(Spelling::amount(format), None, "{format}");
        }
    }

    #[test]
    fn what_would_read_them_is_told() {
        for (why, value, wanted) in [
            (Unreadable::NotADate, "2024/7/16", Some("yyyy/m/d")),
            (Unreadable::NotADate, "2024年7月16日", Some("yyyy年m月d日")),
            (Unreadable::NotADate, "2024-01-01 00:00:00", Some("yyyy-mm-dd hh:mm:ss")),
            (Unreadable::NotADate, "7/16/2024", None),
            (Unreadable::ThousandsSeparator, "15,437.64", Some("\"#,##0.00\"")),
            (Unreadable::NotAnAmount, "￥15.00", Some("￥#,##0.00")),
            (Unreadable::NotAnAmount, "15万", None),
            (Unreadable::Missing, "", None),
        ] {
            let told = remedy(why, value).map(|words| words.en);
            assert_eq!(told.is_some(), wanted.is_some(), "{value}: {told:?}");
            assert!(told.unwrap_or_default().contains(wanted.unwrap_or_default()), "{value}");
        }
    }
}
