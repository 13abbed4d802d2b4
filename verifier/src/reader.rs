//! Values off the front of an entry's bytes.

use crate::Unreadable;
use crate::words::Words;

/// Reads off the front.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

/// What is wrong with an entry's bytes, and in which field, such as `sums[0].kind`.
pub(crate) struct Fault {
    field: String,
    why: Words,
}

impl Fault {
    /// The field is one of a record, or the item one of a list: `[2]`.
    fn within(self, outer: &str) -> Fault {
        let dot = if self.field.is_empty() || self.field.starts_with('[') { "" } else { "." };
        Fault { field: format!("{outer}{dot}{}", self.field), why: self.why }
    }

    /// The same, of an entry.
    pub(crate) fn of(self, entry: u64) -> Unreadable {
        let Fault { field, why } = self;
        Unreadable(Words::new(
            format!("entry {entry}, in `{field}`: {}", why.en()),
            format!("第 {entry} 条的「{field}」：{}", why.zh()),
        ))
    }
}

pub(crate) fn fault<T>(en: &str, zh: &str) -> Result<T, Fault> {
    Err(Fault { field: String::new(), why: Words::new(en, zh) })
}

/// A value of a field, as far as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Missing,
    Text(Words),
    /// In minor units.
    Money(i128),
    Member(u64),
    List(Vec<Value>),
}

/// Lists inside each other, at most.
pub(crate) const DEPTH_MAX: u32 = 64;

/// The days of the years 1 to 9999, from 1970-01-01.
const DAYS: std::ops::RangeInclusive<i128> = -719_162..=2_932_896;

const MILLIS_A_DAY: i128 = 86_400_000;

impl<'a> Reader<'a> {
    pub(crate) fn byte(&mut self) -> Result<u8, Fault> {
        let Some((byte, rest)) = self.0.split_first() else {
            return fault("an entry ends too early", "条目过早结束");
        };
        self.0 = rest;
        Ok(*byte)
    }

    pub(crate) fn take(&mut self, count: u64) -> Result<&'a [u8], Fault> {
        let count = usize::try_from(count).ok();
        match count.and_then(|count| self.0.split_at_checked(count)) {
            Some((taken, rest)) => {
                self.0 = rest;
                Ok(taken)
            }
            None => fault("an entry ends too early", "条目过早结束"),
        }
    }

    pub(crate) fn digest(&mut self) -> Result<[u8; 32], Fault> {
        let taken = self.take(32)?;
        <[u8; 32]>::try_from(taken).or_else(|_| fault("an entry ends too early", "条目过早结束"))
    }

    /// Seven bits a byte, lowest first.
    pub(crate) fn wide(&mut self) -> Result<u128, Fault> {
        let (mut number, mut shift) = (0_u128, 0_u32);
        loop {
            let byte = self.byte()?;
            let bits = u128::from(byte & 0x7f);
            if shift > 126 || (shift == 126 && bits > 3) {
                return fault("a number is too long", "数字过长");
            }
            number |= bits << shift;
            if byte == 0 && shift > 0 {
                return fault("a number is not in its shortest form", "数字不是最短写法");
            }
            if byte < 0x80 {
                return Ok(number);
            }
            shift += 7;
        }
    }

    pub(crate) fn count(&mut self) -> Result<u64, Fault> {
        u64::try_from(self.wide()?).or_else(|_| fault("a number is too long", "数字过长"))
    }

    /// Even numbers are not negative, odd ones are.
    pub(crate) fn signed(&mut self) -> Result<i128, Fault> {
        let folded = self.wide()?;
        let half = (folded / 2).cast_signed();
        Ok(if folded % 2 == 0 { half } else { -half - 1 })
    }

    pub(crate) fn text(&mut self) -> Result<String, Fault> {
        let length = self.count()?;
        let bytes = self.take(length)?.to_vec();
        String::from_utf8(bytes).or_else(|_| fault("a text is not UTF-8", "文字不是 UTF-8"))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Fault> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => fault("a flag is neither 0 nor 1", "标志既非 0 也非 1"),
        }
    }

    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let count = self.count()?;
        // Every item has a byte of its own.
        if !usize::try_from(count).is_ok_and(|count| count <= self.0.len()) {
            return fault("an entry ends too early", "条目过早结束");
        }
        let mut read = |number| item(self).map_err(|it: Fault| it.within(&format!("[{number}]")));
        (0..count).map(&mut read).collect()
    }

    pub(crate) fn optional<T>(
        &mut self,
        item: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        if self.flag()? { item(self).map(Some) } else { Ok(None) }
    }

    /// What a field of a record says.
    pub(crate) fn field<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        read(self).map_err(|fault| fault.within(name))
    }

    /// Holds that nothing is left.
    pub(crate) fn end(&self) -> Result<(), Fault> {
        match self.0 {
            [] => Ok(()),
            _ => fault("an entry goes on after its end", "条目末尾有多余内容"),
        }
    }

    /// A count of at most 32 bits.
    pub(crate) fn small(&mut self) -> Result<u64, Fault> {
        let count = self.count()?;
        if count > u64::from(u32::MAX) {
            return fault("a number is too long", "数字过长");
        }
        Ok(count)
    }

    /// A moment, as it is written.
    pub(crate) fn moment(&mut self) -> Result<String, Fault> {
        let millis = self.signed()?;
        if i64::try_from(millis).is_err() {
            return fault("a number is too long", "数字过长");
        }
        let (days, rest) = (millis.div_euclid(MILLIS_A_DAY), millis.rem_euclid(MILLIS_A_DAY));
        if !DAYS.contains(&days) {
            return Ok(format!("{millis} ms"));
        }
        let (seconds, millis) = (rest / 1000, rest % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        Ok(format!("{}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z", civil(days)))
    }

    /// A day, as it is written.
    pub(crate) fn date(&mut self) -> Result<String, Fault> {
        let days = self.signed()?;
        if !DAYS.contains(&days) {
            return fault("a day is outside the years 1 to 9999", "日期不在 1 至 9999 年之内");
        }
        Ok(civil(days))
    }

    pub(crate) fn value(&mut self, depth: u32) -> Result<Value, Fault> {
        Ok(match self.byte()? {
            0 => Value::Missing,
            1 => Value::Text(Words::new("false", "否")),
            2 => Value::Text(Words::new("true", "是")),
            3 => Value::Text(Words::same(self.signed()?.to_string())),
            4 => Value::Text(Words::same(self.fraction()?)),
            5 => Value::Money(self.signed()?),
            6 => Value::Text(Words::same(self.date()?)),
            7 => Value::Text(Words::same(self.period()?)),
            8 => {
                let (months, days) = (self.signed()?, self.signed()?);
                let en = format!("{months} months {days} days");
                Value::Text(Words::new(en, format!("{months} 个月 {days} 天")))
            }
            9 => Value::Text(Words::same(self.text()?)),
            10 => Value::Member(self.count()?),
            11 | 12 if depth >= DEPTH_MAX => {
                return fault("lists are too deep in each other", "列表嵌套过深");
            }
            11 | 12 => Value::List(self.list(|reader| reader.value(depth + 1))?),
            _ => return fault("an unknown kind of value", "未知的值类型"),
        })
    }

    pub(crate) fn fraction(&mut self) -> Result<String, Fault> {
        match self.byte()? {
            0 => {
                let (numerator, denominator) = (self.signed()?, self.wide()?);
                if divisor(numerator.unsigned_abs(), denominator) != 1
                    || i128::try_from(denominator).is_err()
                {
                    return fault("a fraction is not in lowest terms", "分数未化至最简");
                }
                Ok(if denominator == 1 {
                    numerator.to_string()
                } else {
                    format!("{numerator}/{denominator}")
                })
            }
            1 => {
                let text = self.text()?;
                let halves = || text.strip_prefix('-').unwrap_or(&text).split(['/', '.']);
                let digits = halves().all(|half| half.bytes().all(|it| it.is_ascii_digit()));
                match digits && halves().count() <= 2 && text.len() >= WIDE_DIGITS {
                    true => Ok(text),
                    false => fault("a fraction is not in lowest terms", "分数未化至最简"),
                }
            }
            _ => fault("an unknown kind of number", "未知的数字类型"),
        }
    }

    fn period(&mut self) -> Result<String, Fault> {
        let (kind, index) = (self.byte()?, self.signed()?);
        match kind {
            0 => Ok(format!("{:04}-{:02}", index / 12, index % 12 + 1)),
            1 => Ok(format!("{:04}Q{}", index / 4, index % 4 + 1)),
            2 => Ok(format!("{index:04}")),
            _ => fault("an unknown kind of period", "未知的期间类型"),
        }
    }
}

/// The digits that do not fit 128 bits, at least.
const WIDE_DIGITS: usize = 39;

/// The greatest common divisor.
fn divisor(mut one: u128, mut other: u128) -> u128 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
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
