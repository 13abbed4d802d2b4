//! Values off the front of an entry's bytes.

use crate::{Unreadable, unreadable};

/// Reads off the front.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

/// A value of a field, as far as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Missing,
    Text(String),
    /// In minor units.
    Money(i128),
    Member(u64),
    List(Vec<Value>),
}

/// Lists inside each other, at most.
const DEPTH_MAX: u32 = 64;

impl<'a> Reader<'a> {
    pub(crate) fn byte(&mut self) -> Result<u8, Unreadable> {
        let Some((byte, rest)) = self.0.split_first() else {
            return unreadable("an entry ends too early");
        };
        self.0 = rest;
        Ok(*byte)
    }

    pub(crate) fn take(&mut self, count: u64) -> Result<&'a [u8], Unreadable> {
        let count = usize::try_from(count).ok();
        match count.and_then(|count| self.0.split_at_checked(count)) {
            Some((taken, rest)) => {
                self.0 = rest;
                Ok(taken)
            }
            None => unreadable("an entry ends too early"),
        }
    }

    pub(crate) fn digest(&mut self) -> Result<[u8; 32], Unreadable> {
        let taken = self.take(32)?;
        <[u8; 32]>::try_from(taken).or_else(|_| unreadable("an entry ends too early"))
    }

    /// Seven bits a byte, lowest first.
    pub(crate) fn wide(&mut self) -> Result<u128, Unreadable> {
        let (mut number, mut shift) = (0_u128, 0_u32);
        loop {
            let byte = self.byte()?;
            let bits = u128::from(byte & 0x7f);
            if shift > 126 || (shift == 126 && bits > 3) {
                return unreadable("a number is too long");
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
            shift += 7;
        }
    }

    pub(crate) fn count(&mut self) -> Result<u64, Unreadable> {
        u64::try_from(self.wide()?).or_else(|_| unreadable("a number is too long"))
    }

    /// Even numbers are not negative, odd ones are.
    pub(crate) fn signed(&mut self) -> Result<i128, Unreadable> {
        let folded = self.wide()?;
        let half = (folded / 2).cast_signed();
        Ok(if folded % 2 == 0 { half } else { -half - 1 })
    }

    pub(crate) fn text(&mut self) -> Result<String, Unreadable> {
        let length = self.count()?;
        let bytes = self.take(length)?.to_vec();
        String::from_utf8(bytes).or_else(|_| unreadable("a text is not UTF-8"))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Unreadable> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => unreadable("a flag is neither 0 nor 1"),
        }
    }

    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<Vec<T>, Unreadable> {
        let count = self.count()?;
        (0..count).map(|_| item(self)).collect()
    }

    pub(crate) fn optional<T>(
        &mut self,
        item: impl FnOnce(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<Option<T>, Unreadable> {
        if self.flag()? { item(self).map(Some) } else { Ok(None) }
    }

    /// A day, as it is written.
    pub(crate) fn date(&mut self) -> Result<String, Unreadable> {
        let days = self.signed()?;
        if !(-719_162..=2_932_896).contains(&days) {
            return unreadable("a day is outside the years 1 to 9999");
        }
        Ok(civil(days))
    }

    pub(crate) fn value(&mut self, depth: u32) -> Result<Value, Unreadable> {
        if depth > DEPTH_MAX {
            return unreadable("lists are too deep in each other");
        }
        Ok(match self.byte()? {
            0 => Value::Missing,
            1 => Value::Text("false".to_owned()),
            2 => Value::Text("true".to_owned()),
            3 => Value::Text(self.signed()?.to_string()),
            4 => Value::Text(self.fraction()?),
            5 => Value::Money(self.signed()?),
            6 => Value::Text(self.date()?),
            7 => Value::Text(self.period()?),
            8 => Value::Text(format!("{} months {} days", self.signed()?, self.signed()?)),
            9 => Value::Text(self.text()?),
            10 => Value::Member(self.count()?),
            11 | 12 => Value::List(self.list(|reader| reader.value(depth + 1))?),
            _ => return unreadable("an unknown kind of value"),
        })
    }

    fn fraction(&mut self) -> Result<String, Unreadable> {
        match self.byte()? {
            0 => {
                let (numerator, denominator) = (self.signed()?, self.wide()?);
                Ok(if denominator == 1 {
                    numerator.to_string()
                } else {
                    format!("{numerator}/{denominator}")
                })
            }
            1 => self.text(),
            _ => unreadable("an unknown kind of number"),
        }
    }

    fn period(&mut self) -> Result<String, Unreadable> {
        let (kind, index) = (self.byte()?, self.signed()?);
        match kind {
            0 => Ok(format!("{:04}-{:02}", index / 12, index % 12 + 1)),
            1 => Ok(format!("{:04}Q{}", index / 4, index % 4 + 1)),
            2 => Ok(format!("{index:04}")),
            _ => unreadable("an unknown kind of period"),
        }
    }
}

/// A count of days since 1970-01-01 as a date, by going through the years and months: slow and plain.
pub(crate) fn civil(days: i128) -> String {
    // Whole spans of 400 years are alike.
    let (mut year, mut rest) = (1970 + days.div_euclid(146_097) * 400, days.rem_euclid(146_097));
    let leap = |year: i128| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    while rest >= 365 + i128::from(leap(year)) {
        rest -= 365 + i128::from(leap(year));
        year += 1;
    }
    let february = 28 + i128::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if rest < length {
            break;
        }
        rest -= length;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", rest + 1)
}
