//! Calendar months, quarters and years.

#[cfg(test)]
mod tests;

use std::fmt;

use super::Date;
use super::date::{days_in_month, number};

/// The three lengths a [`Period`] can have.
///
/// # Example: in months
/// ```
/// use fenshui::base::PeriodKind;
///
/// assert_eq!(PeriodKind::Quarter.months(), 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeriodKind {
    /// A calendar month.
    Month,
    /// Three months, from January, April, July or October.
    Quarter,
    /// A calendar year.
    Year,
}

impl PeriodKind {
    /// Gives how many months a period of this kind has.
    pub const fn months(self) -> i32 {
        match self {
            PeriodKind::Month => 1,
            PeriodKind::Quarter => 3,
            PeriodKind::Year => 12,
        }
    }

    /// How many periods of this kind a year has.
    const fn per_year(self) -> i32 {
        12 / self.months()
    }
}

/// One calendar month, quarter or year between the years 1 and 9999.
///
/// Periods of one kind are ordered in time. Of different kinds, all months come
/// before all quarters and those before all years: an order for tables, which no
/// rule may compare by.
///
/// # Example: the quarter of a refund
/// ```
/// use fenshui::base::{Date, Period, PeriodKind};
///
/// let refund = Date::new(2024, 5, 17).unwrap();
/// let quarter = Period::of(PeriodKind::Quarter, refund);
/// assert_eq!(quarter.to_string(), "2024Q2");
/// assert_eq!(quarter.start().to_string(), "2024-04-01");
/// assert_eq!(quarter.end().to_string(), "2024-06-30");
/// assert_eq!(quarter.checked_add(-2).unwrap().to_string(), "2023Q4");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    kind: PeriodKind,
    /// Periods of this kind since the year 0 began.
    /// INVARIANT: within the years 1 to 9999.
    index: i32,
}

/// The part of a range of dates that lies in one period; both ends belong to it.
///
/// # Example: the days of a piece
/// ```
/// use fenshui::base::{Date, Period, PeriodKind};
///
/// let (first, last) = (Date::new(2024, 1, 30).unwrap(), Date::new(2024, 2, 5).unwrap());
/// let days: Vec<i32> = Period::split_by(first, last, PeriodKind::Month)
///     .map(|piece| piece.first.days_until(piece.last) + 1)
///     .collect();
/// assert_eq!(days, [2, 5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeriodPiece {
    /// The period it lies in.
    pub period: Period,
    /// Its first day: the period's, or the range's if that is later.
    pub first: Date,
    /// Its last day: the period's, or the range's if that is earlier.
    pub last: Date,
}

impl Period {
    /// Gives the period of this kind that a day lies in.
    #[inline]
    pub fn of(kind: PeriodKind, date: Date) -> Period {
        let (year, month, _) = date.civil();
        Period { kind, index: year * kind.per_year() + (month - 1) / kind.months() }
    }

    /// Makes a period from its year and its number in it (from 1); `None` if
    /// there is none such.
    pub const fn new(kind: PeriodKind, year: i32, number: i32) -> Option<Period> {
        if year < 1 || year > 9999 || number < 1 || number > kind.per_year() {
            return None;
        }
        Some(Period { kind, index: year * kind.per_year() + number - 1 })
    }

    /// Gives the kind.
    #[inline]
    pub const fn kind(self) -> PeriodKind {
        self.kind
    }

    /// Gives the number of periods of this kind since the year 0 began, so that
    /// neighbours differ by one.
    #[inline]
    pub const fn index(self) -> i32 {
        self.index
    }

    /// Gives the year it lies in.
    #[inline]
    pub const fn year(self) -> i32 {
        self.index / self.kind.per_year()
    }

    /// Gives its number in its year, from 1.
    #[inline]
    pub const fn number(self) -> i32 {
        self.index % self.kind.per_year() + 1
    }

    /// Gives its first day.
    pub const fn start(self) -> Date {
        let month = (self.number() - 1) * self.kind.months() + 1;
        Date::from_civil(self.year(), month, 1)
    }

    /// Gives its last day.
    pub const fn end(self) -> Date {
        let (year, month) = (self.year(), self.number() * self.kind.months());
        Date::from_civil(year, month, days_in_month(year, month))
    }

    /// Tells whether a day lies in it.
    pub fn contains(self, date: Date) -> bool {
        Period::of(self.kind, date) == self
    }

    /// Gives the period so many later, or earlier if negative; `None` if that
    /// leaves the years 1 to 9999.
    pub fn checked_add(self, periods: i32) -> Option<Period> {
        let index = self.index.checked_add(periods)?;
        let year = index.div_euclid(self.kind.per_year());
        (1..=9999).contains(&year).then_some(Period { kind: self.kind, index })
    }

    /// Gives the period that follows; `None` after the year 9999.
    pub fn next(self) -> Option<Period> {
        self.checked_add(1)
    }

    /// Reads `2024-03`, `2024Q1` or `2024`; the shape tells the kind.
    ///
    /// # Example: each kind
    /// ```
    /// use fenshui::base::{Period, PeriodKind};
    ///
    /// assert_eq!(Period::parse("2024-03"), Period::new(PeriodKind::Month, 2024, 3));
    /// assert_eq!(Period::parse("2024Q1"), Period::new(PeriodKind::Quarter, 2024, 1));
    /// assert_eq!(Period::parse("2024"), Period::new(PeriodKind::Year, 2024, 1));
    /// assert_eq!(Period::parse("2024-3"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Period> {
        let (year, rest) = text.as_bytes().split_first_chunk::<4>()?;
        let year = number(*year)?;
        match *rest {
            [] => Period::new(PeriodKind::Year, year, 1),
            [b'Q', quarter] => Period::new(PeriodKind::Quarter, year, number([quarter])?),
            [b'-', m1, m2] => Period::new(PeriodKind::Month, year, number([m1, m2])?),
            _ => None,
        }
    }

    /// Cuts the days from `first` to `last`, both included, where periods of this
    /// kind meet; none if `last` is before `first`.
    ///
    /// # Example: a stay over new year
    /// ```
    /// use fenshui::base::{Date, Period, PeriodKind};
    ///
    /// let (first, last) = (Date::new(2023, 11, 20).unwrap(), Date::new(2024, 2, 3).unwrap());
    /// let pieces: Vec<_> = Period::split_by(first, last, PeriodKind::Year)
    ///     .map(|piece| format!("{}: {} to {}", piece.period, piece.first, piece.last))
    ///     .collect();
    /// assert_eq!(pieces, ["2023: 2023-11-20 to 2023-12-31", "2024: 2024-01-01 to 2024-02-03"]);
    /// ```
    pub fn split_by(
        first: Date,
        last: Date,
        kind: PeriodKind,
    ) -> impl Iterator<Item = PeriodPiece> {
        let from = (first <= last).then(|| Period::of(kind, first));
        std::iter::successors(from, |period| period.next())
            .take_while(move |period| period.start() <= last)
            .map(move |period| PeriodPiece {
                period,
                first: period.start().max(first),
                last: period.end().min(last),
            })
    }
}

/// Prints `2024-03`, `2024Q1` or `2024`.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, number) = (self.year(), self.number());
        match self.kind {
            PeriodKind::Month => write!(f, "{year:04}-{number:02}"),
            PeriodKind::Quarter => write!(f, "{year:04}Q{number}"),
            PeriodKind::Year => write!(f, "{year:04}"),
        }
    }
}

impl fmt::Debug for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
