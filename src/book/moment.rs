//! When the book learnt of something.

use std::fmt;

use crate::base::Date;

use super::canonical::{Canonical, Fault, Reader, Writer};

/// A moment, in milliseconds since 1970-01-01T00:00:00Z. It is always given from outside: nothing on
/// this floor reads a clock.
///
/// # Example: as a log prints it
/// ```
/// use fenshui::book::Moment;
///
/// let moment = Moment::from_millis(1_467_331_200_250);
/// assert_eq!(moment.to_string(), "2016-07-01T00:00:00.250Z");
/// assert_eq!(moment.date().map(|date| date.to_string()).as_deref(), Some("2016-07-01"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

const MILLIS_A_DAY: i64 = 86_400_000;

impl Moment {
    /// So many milliseconds after (or before) 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: i64) -> Moment {
        Moment(millis)
    }

    /// The milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Its day, by UTC; `None` outside the years 1 to 9999.
    pub fn date(self) -> Option<Date> {
        Date::from_days(i32::try_from(self.0.div_euclid(MILLIS_A_DAY)).ok()?)
    }
}

/// Prints as RFC 3339 does, in UTC.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(date) = self.date() else { return write!(f, "{} ms", self.0) };
        let millis = self.0.rem_euclid(MILLIS_A_DAY);
        let (seconds, millis) = (millis / 1000, millis % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{date}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

impl Canonical for Moment {
    fn write(&self, out: &mut Writer) {
        self.0.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
        i64::read(from).map(Moment)
    }
}
