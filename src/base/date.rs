//! Civil dates, counted in days.
//!
//! A date is read, compared and asked for its year and month once per row or
//! more, so those are done here on a plain count of days; `jiff` names the days
//! of the week and is the second opinion in the tests.

#[cfg(test)]
mod tests;

use std::fmt;

use jiff::civil::Weekday;

use super::Duration;

/// A day of the Gregorian calendar, from 0001-01-01 to 9999-12-31.
///
/// It has no time of day and no zone. Dates before the calendar was introduced
/// are counted as if it had been in force.
///
/// # Example: a month after the last of January
/// ```
/// use fenshui::base::{Date, Duration};
///
/// let received = Date::parse("2024-01-31").unwrap();
/// let due = received.checked_add(Duration::months(1)).unwrap();
/// assert_eq!(due.to_string(), "2024-02-29");
/// assert_eq!(received.days_until(due), 29);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

impl Date {
    /// 0001-01-01.
    pub const MIN: Date = Date(-719_162);
    /// 9999-12-31.
    pub const MAX: Date = Date(2_932_896);

    /// Makes a date; `None` if the calendar has no such day.
    ///
    /// # Example: leap days
    /// ```
    /// use fenshui::base::Date;
    ///
    /// assert!(Date::new(2000, 2, 29).is_some());
    /// assert!(Date::new(1900, 2, 29).is_none());
    /// ```
    #[inline]
    pub const fn new(year: i32, month: i32, day: i32) -> Option<Date> {
        if year < 1 || year > 9999 || month < 1 || month > 12 {
            return None;
        }
        // Every month has the first 28.
        if day < 1 || (day > 28 && day > days_in_month(year, month)) {
            return None;
        }
        Some(Date::from_civil(year, month, day))
    }

    /// Counts so many days from 1970-01-01; `None` outside the years 1 to 9999.
    #[inline]
    pub const fn from_days(days: i32) -> Option<Date> {
        if Date::MIN.0 <= days && days <= Date::MAX.0 { Some(Date(days)) } else { None }
    }

    /// Gives the number of days since 1970-01-01.
    #[inline]
    pub const fn days(self) -> i32 {
        self.0
    }

    /// Reads `YYYY-MM-DD`, and nothing else.
    ///
    /// # Example: one spelling
    /// ```
    /// use fenshui::base::Date;
    ///
    /// assert_eq!(Date::parse("2016-05-01"), Date::new(2016, 5, 1));
    /// assert_eq!(Date::parse("2016-5-1"), None);
    /// assert_eq!(Date::parse("2016/05/01"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Date> {
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
            return None;
        };
        Date::new(number([y1, y2, y3, y4])?, number([m1, m2])?, number([d1, d2])?)
    }

    /// Gives the year, 1 to 9999.
    #[inline]
    pub fn year(self) -> i32 {
        self.civil().0
    }

    /// Gives the month, 1 to 12.
    #[inline]
    pub fn month(self) -> i32 {
        self.civil().1
    }

    /// Gives the day of the month, 1 to 31.
    #[inline]
    pub fn day(self) -> i32 {
        self.civil().2
    }

    /// Gives year, month and day at the price of one of them.
    ///
    /// # Source
    /// C. Neri, L. Schneider, *Euclidean affine functions and their application to calendar
    /// algorithms*, Software: Practice and Experience 53 (2023), figure 12.
    #[inline]
    pub fn civil(self) -> (i32, i32, i32) {
        let (year, day_of_year) = self.in_march_years();
        let months = 2141 * day_of_year + 197_913;
        let (month, day) = (months >> 16, (months & 0xffff) / 2141);
        let january = u32::from(day_of_year >= 306);
        let year = (year + january).cast_signed();
        (year, (month - 12 * january).cast_signed(), day.cast_signed() + 1)
    }

    /// The year and the day in it, both from 0 on, of years that begin in March: so the leap day is the
    /// last of its year.
    #[inline]
    fn in_march_years(self) -> (u32, u32) {
        // Divisions by what is no power of two are products and shifts.
        let narrow = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        let days = self.0.wrapping_add(DAYS_TO_EPOCH).cast_unsigned();
        let fourths = 4 * days + 3;
        let (century, fourths) = (fourths / DAYS_IN_ERA, (fourths % DAYS_IN_ERA) | 3);
        let product = 2_939_745 * u64::from(fourths);
        let (year_of_century, left) = (narrow(product >> 32), narrow(product & 0xffff_ffff));
        (100 * century + year_of_century, left / 2_939_745 / 4)
    }

    /// Gives the day of the week.
    ///
    /// # Example: a deadline on a Sunday
    /// ```
    /// use fenshui::base::Date;
    /// use jiff::civil::Weekday;
    ///
    /// let deadline = Date::new(2024, 9, 15).unwrap();
    /// assert_eq!(deadline.weekday(), Weekday::Sunday);
    /// ```
    pub fn weekday(self) -> Weekday {
        // 1970-01-01 was a Thursday.
        Weekday::Thursday.wrapping_add(self.0)
    }

    /// Adds first the months, then the days.
    ///
    /// Months keep the day, or take the month's last where there is none. `None`
    /// if the result, or the date after the months, leaves the years 1 to 9999.
    ///
    /// # Example: adding and taking away need not meet
    /// ```
    /// use fenshui::base::{Date, Duration};
    ///
    /// let last = Date::new(2023, 3, 31).unwrap();
    /// let month = Duration::months(1);
    /// let there = last.checked_add(month).unwrap();
    /// assert_eq!(there.to_string(), "2023-04-30");
    /// assert_eq!(there.checked_sub(month).unwrap().to_string(), "2023-03-30");
    /// ```
    #[inline]
    pub fn checked_add(self, duration: Duration) -> Option<Date> {
        let moved =
            if duration.months == 0 { self } else { self.checked_add_months(duration.months)? };
        Date::from_days(moved.0.checked_add(duration.days)?)
    }

    /// Takes away first the months, then the days, as
    /// [`checked_add`](Date::checked_add) adds them.
    pub fn checked_sub(self, duration: Duration) -> Option<Date> {
        self.checked_add(duration.checked_neg()?)
    }

    /// Gives the number of days from this to `other`; negative if `other` is
    /// before it, zero if it is the same day.
    #[inline]
    pub const fn days_until(self, other: Date) -> i32 {
        other.0 - self.0
    }

    #[inline]
    fn checked_add_months(self, months: i32) -> Option<Date> {
        if months % 12 == 0 {
            return self.checked_add_years(months / 12);
        }
        let (year, month, day) = self.civil();
        let index = (year * 12 + month - 1).checked_add(months)?;
        let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
        // Every month has the first 28.
        let day = if day <= 28 { day } else { day.min(days_in_month(year, month)) };
        (1..=9999).contains(&year).then(|| Date::from_civil(year, month, day))
    }

    /// Only the leap day is not kept in every year, so nobody has to know the month.
    #[inline(always)]
    fn checked_add_years(self, years: i32) -> Option<Date> {
        let (year, day_of_year) = self.in_march_years();
        let year = year.checked_add_signed(years).filter(|year| *year <= 9999)?;
        let begins = first_of_march(year);
        let day_of_year = match day_of_year {
            LEAP_DAY => LEAP_DAY.min(first_of_march(year + 1) - begins - 1),
            kept => kept,
        };
        Date::from_days((begins + day_of_year).cast_signed() - DAYS_TO_EPOCH)
    }

    /// The caller vouches that the calendar has this day.
    ///
    /// # Source
    /// Neri and Schneider, as above, figure 13.
    #[inline(always)]
    pub(super) const fn from_civil(year: i32, month: i32, day: i32) -> Date {
        let (year, month) = if month <= 2 { (year - 1, month + 12) } else { (year, month) };
        let (year, month) = (year.cast_unsigned(), month.cast_unsigned());
        let day_of_year = (979 * month - 2919) / 32;
        Date((first_of_march(year) + day_of_year).cast_signed() + day - 1 - DAYS_TO_EPOCH)
    }
}

/// How many days after the first of March of year 0 that of another is.
#[inline(always)]
const fn first_of_march(year: u32) -> u32 {
    let century = year / 100;
    1461 * year / 4 - century + century / 4
}

/// Prints `YYYY-MM-DD`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Days in 400 years.
const DAYS_IN_ERA: u32 = 146_097;
/// The day of a year that begins in March which only some have, from 0 on.
const LEAP_DAY: u32 = 365;
/// Days from 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: i32 = 719_468;

#[inline]
pub(super) const fn days_in_month(year: i32, month: i32) -> i32 {
    // Without a choice between ways to go on: the month of a row cannot be foreseen.
    let hundredth = year / 100;
    let leap = (year % 4 == 0) & ((hundredth * 100 != year) | (hundredth % 4 == 0));
    // From August on it is the even months that are long.
    let others = 30 + ((month + month / 8) & 1);
    if month == 2 { if leap { 29 } else { 28 } } else { others }
}

/// The number that all these ASCII digits write; also used by periods.
#[inline]
pub(super) fn number<const N: usize>(digits: [u8; N]) -> Option<i32> {
    digits.iter().try_fold(0_i32, |so_far, digit| {
        digit.is_ascii_digit().then(|| so_far * 10 + i32::from(digit - b'0'))
    })
}
