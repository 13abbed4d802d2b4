//! Events of which each has a greater first ordering field than the one before: dealt out by their days
//! they are in order, and none stands where another does.

use crate::base::Date;
use crate::plan::at;

use super::order::Seat;
use super::sorted::by_digit;

/// The events of a batch that wait, as they came.
#[derive(Debug)]
pub(super) struct Came {
    pub batch: u32,
    /// Which rows, if not all.
    pub rows: Option<Vec<u32>>,
    pub dates: Vec<Date>,
}

/// Events by day, those of one day as they came.
pub(super) struct Dealt {
    /// As which they came: four bytes an event.
    numbers: Vec<u32>,
    /// Up to which place each day goes.
    days: Vec<(Date, usize)>,
    came: Vec<Came>,
    /// The number of the first of each batch.
    firsts: Vec<u32>,
}

/// More days are not counted one by one.
const DAYS_MAX: u32 = 1 << 13;

impl Dealt {
    /// Whether events between these days can be dealt out.
    pub fn can_be((first, last): (Date, Date), count: usize) -> bool {
        first.days().abs_diff(last.days()) < DAYS_MAX && u32::try_from(count).is_ok()
    }

    /// Deals out so many events between these days.
    pub fn new(came: Vec<Came>, (first, last): (Date, Date), count: usize) -> Dealt {
        let size = at(first.days().abs_diff(last.days())) + 1;
        let day = |date: Date| at(first.days().abs_diff(date.days()));
        let days = || came.iter().flat_map(|came| &came.dates).map(|date| day(*date));
        let mut numbers = vec![0; count];
        let ends = by_digit(size, &mut numbers, || days().zip(0_u32..));
        let lengths = came.iter().map(|it| u32::try_from(it.dates.len()).unwrap_or(u32::MAX));
        let firsts = lengths
            .scan(0_u32, |next, own| Some(std::mem::replace(next, next.saturating_add(own))));
        let firsts = firsts.collect();
        let days = (first.days()..).map_while(Date::from_days).zip(ends).collect();
        Dealt { numbers, days, came, firsts }
    }

    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Those from one place up to another.
    pub fn window(&self, start: usize, end: usize) -> Vec<Seat> {
        let mut seats = Vec::with_capacity(end.saturating_sub(start));
        let day = self.days.partition_point(|(_, end)| *end <= start);
        let mut start = start;
        for (date, last) in self.days.get(day..).unwrap_or_default() {
            if start >= end {
                break;
            }
            let own = self.numbers.get(start..end.min(*last)).unwrap_or_default();
            let Some(first) = own.first() else { continue };
            // They ascend.
            let mut of = self.firsts.partition_point(|it| it <= first).saturating_sub(1);
            for number in own {
                while self.firsts.get(of + 1).is_some_and(|next| next <= number) {
                    of += 1;
                }
                seats.extend(self.seat(of, *number, *date));
            }
            start = *last;
        }
        seats
    }

    /// An event of a batch, by its number.
    #[inline]
    fn seat(&self, of: usize, number: u32, date: Date) -> Option<Seat> {
        let (Came { batch, rows, .. }, first) = (self.came.get(of)?, self.firsts.get(of)?);
        let own = number - first;
        let row = rows.as_ref().map_or(Some(own), |rows| rows.get(at(own)).copied())?;
        Some(Seat { date, batch: *batch, row })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wherever a window begins and ends it holds what a list put in order by day holds there.
    #[test]
    fn they_stand_by_day_and_as_they_came() {
        let first = Date::from_days(20_000).unwrap();
        let mut noise = 1_u64;
        let mut random = |most: i32| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            i32::try_from(noise >> 33).unwrap() % most
        };
        let (mut came, mut all) = (Vec::new(), Vec::new());
        for batch in [0, 1, 2, 5, 6] {
            let rows: Vec<u32> = match batch {
                1 => Vec::new(),
                5 => (0..300).filter(|row| row % 3 == 1).collect(),
                _ => (0..100).collect(),
            };
            let day = |_: &u32| Date::from_days(20_000 + random(40) * 3).unwrap();
            let dates: Vec<Date> = rows.iter().map(day).collect();
            all.extend(rows.iter().zip(&dates).map(|(row, date)| (*date, batch, *row)));
            came.push(Came { batch, rows: (batch == 5).then_some(rows), dates });
        }
        all.sort_by_key(|(date, ..)| *date);
        let days = (first, Date::from_days(20_130).unwrap());
        assert!(Dealt::can_be(days, all.len()));
        let dealt = Dealt::new(came, days, all.len());
        assert_eq!(dealt.len(), all.len());
        for (start, end) in (0..all.len()).flat_map(|it| [(it, it), (it, it + 1), (it, all.len())])
        {
            let seats = dealt.window(start, end).into_iter();
            let seats: Vec<_> = seats.map(|it| (it.date, it.batch, it.row)).collect();
            assert_eq!(seats, all[start..end], "{start} to {end}");
        }
    }

    #[test]
    fn days_too_far_apart_are_not_counted() {
        let day = |days| Date::from_days(days).unwrap();
        assert!(!Dealt::can_be((day(0), day(8192)), 2));
        assert!(Dealt::can_be((day(0), day(8191)), 2));
    }
}
