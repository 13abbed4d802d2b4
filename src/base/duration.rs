//! Lengths of calendar time.

use std::fmt;

/// A number of months and a number of days, either of which may be negative.
///
/// The two are kept apart, for no number of days is a month. Years are twelve
/// months each. What a duration does to a date is told at
/// [`Date::checked_add`](crate::base::Date::checked_add).
///
/// The order is that of months, then of days. It serves to sort and to look up;
/// it is not one of length, which a month and 30 days do not have.
///
/// # Example: three years of sharing, and ten days to report them
/// ```
/// use fenshui::base::{Date, Duration};
///
/// let term = Duration::years(3).unwrap().checked_add(Duration::days(10)).unwrap();
/// let moved = Date::new(2021, 2, 28).unwrap();
/// assert_eq!(moved.checked_add(term), Date::new(2024, 3, 9));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration {
    /// Whole months.
    pub months: i32,
    /// Whole days, counted after the months.
    pub days: i32,
}

impl Duration {
    /// No time at all.
    pub const ZERO: Duration = Duration { months: 0, days: 0 };

    /// Makes a duration of years; `None` if their months are out of range.
    pub fn years(years: i32) -> Option<Duration> {
        years.checked_mul(12).map(Duration::months)
    }

    /// Makes a duration of months.
    pub const fn months(months: i32) -> Duration {
        Duration { months, days: 0 }
    }

    /// Makes a duration of days.
    pub const fn days(days: i32) -> Duration {
        Duration { months: 0, days }
    }

    /// Gives the duration that leads the other way; `None` if out of range.
    pub fn checked_neg(self) -> Option<Duration> {
        Some(Duration { months: self.months.checked_neg()?, days: self.days.checked_neg()? })
    }

    /// Adds months to months and days to days; `None` if out of range.
    pub fn checked_add(self, other: Duration) -> Option<Duration> {
        Some(Duration {
            months: self.months.checked_add(other.months)?,
            days: self.days.checked_add(other.days)?,
        })
    }
}

/// Prints `14 months 3 days`, leaving out what is zero, as rules write it.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.months, self.days) {
            (months, 0) if months != 0 => write!(f, "{months} months"),
            (0, days) => write!(f, "{days} days"),
            (months, days) => write!(f, "{months} months {days} days"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_twelve_months() {
        assert_eq!(Duration::years(-2), Some(Duration::months(-24)));
        assert_eq!(Duration::years(i32::MAX), None);
    }

    #[test]
    fn arithmetic_is_checked() {
        let mixed = Duration { months: 1, days: -3 };
        assert_eq!(mixed.checked_neg(), Some(Duration { months: -1, days: 3 }));
        assert_eq!(mixed.checked_add(mixed), Some(Duration { months: 2, days: -6 }));
        assert_eq!(Duration::days(i32::MIN).checked_neg(), None);
        assert_eq!(Duration::months(i32::MAX).checked_add(Duration::months(1)), None);
    }

    #[test]
    fn prints_what_is_there() {
        assert_eq!(Duration::ZERO.to_string(), "0 days");
        assert_eq!(Duration::months(14).to_string(), "14 months");
        assert_eq!(Duration { months: 14, days: -3 }.to_string(), "14 months -3 days");
    }
}
