//! Periods of many events at once: each as one number, its index above its kind, so that those of one
//! kind are in order.

use std::rc::Rc;

use crate::base::{Period, PeriodKind};
use crate::engine::carried::Held;
use crate::plan::{Day, Span};
use crate::rows::{Cell, Column};

use super::numbers::Numbers;
use super::{Group, date};

/// A period as a number.
pub(super) fn packed(period: Period) -> i64 {
    i64::from(period.index()) << 2
        | match period.kind() {
            PeriodKind::Month => 0,
            PeriodKind::Quarter => 1,
            PeriodKind::Year => 2,
        }
}

/// The period of a number.
pub(super) fn period(packed: i64) -> Option<Period> {
    let kind = match packed & 3 {
        0 => PeriodKind::Month,
        1 => PeriodKind::Quarter,
        _ => PeriodKind::Year,
    };
    let year = Period::new(kind, 1, 1)?;
    let index = i32::try_from(packed >> 2).ok()?;
    year.checked_add(index.checked_sub(year.index())?)
}

/// Days or periods that were worked out, and what each event has.
pub(super) type Made<T> = Vec<(Rc<T>, Numbers)>;

impl Group<'_, '_> {
    /// A period for each event. One that its fields tell is worked out once: rules ask for the month
    /// of an event again and again.
    pub(super) fn span(&mut self, span: &Span) -> Numbers {
        if !span.is_made_of_fields() {
            return self.made_span(span);
        }
        if let Some((_, found)) = self.spans.iter().find(|(of, _)| **of == *span) {
            return found.clone();
        }
        let (made, all) = self.all_have(|group| group.made_span(span));
        if all {
            self.spans.push((Rc::new(span.clone()), made.clone()));
        }
        made
    }

    /// A day for each event, in the same way; so is one that stands in a field.
    pub(super) fn day(&mut self, day: &Day) -> Numbers {
        if !day.is_made_of_fields() && !matches!(day, Day::Field(_)) {
            return self.made_day(day);
        }
        if let Some((_, found)) = self.dates.iter().find(|(of, _)| **of == *day) {
            return found.clone();
        }
        let (made, all) = self.all_have(|group| group.made_day(day));
        if all {
            self.dates.push((Rc::new(day.clone()), made.clone()));
        }
        made
    }

    fn made_span(&mut self, span: &Span) -> Numbers {
        match span {
            Span::Constant(period) => Numbers::All(packed(*period)),
            Span::Unknown => self.constant(None),
            Span::Of(kind, day) => {
                let days = self.day(day);
                self.of_days(days, |day| Some(packed(Period::of(*kind, date(day)?))))
            }
            Span::Field(field) => self.gather(*field, |column, row| match column {
                Column::Period(periods) => periods.get(row).map(packed),
                _ => None,
            }),
            Span::RowField(row, field) => self.row_field(*row, *field, |cell| match cell {
                Cell::Period(period) => Some(packed(*period)),
                _ => None,
            }),
            Span::Plus(span, by) => self.moved(span, |it| it.checked_add(*by)),
            Span::Months(span, by) => self.moved(span, |it| {
                let each = it.kind().months();
                (by % each == 0).then(|| it.checked_add(by / each))?
            }),
            Span::Later(span, by) => {
                let (spans, by) = (self.span(span), self.number(by));
                spans.with(by, &mut self.lost, |it, by| {
                    period(it)?.checked_add(i32::try_from(by).ok()?).map(packed)
                })
            }
            Span::Least(one, two) => {
                let (one, two) = (self.span(one), self.span(two));
                one.with(two, &mut self.lost, |one, two| Some(one.min(two)))
            }
            Span::Greatest(one, two) => {
                let (one, two) = (self.span(one), self.span(two));
                one.with(two, &mut self.lost, |one, two| Some(one.max(two)))
            }
            Span::Choose(condition, yes, no) => {
                let chosen = self.truth(condition);
                self.choose(&chosen, |group| group.span(yes), |group| group.span(no))
            }
            Span::Carried(carried) => self.carried(*carried, |held| match held {
                Held::Period(period) => Some(packed(period)),
                _ => None,
            }),
        }
    }

    fn moved(&mut self, span: &Span, by: impl Fn(Period) -> Option<Period>) -> Numbers {
        let spans = self.span(span);
        self.of_days(spans, |it| by(period(it)?).map(packed))
    }

    /// Something of days or periods, for each. Events that follow one another are mostly of one.
    pub(super) fn of_days(&mut self, days: Numbers, of: impl Fn(i64) -> Option<i64>) -> Numbers {
        let last = std::cell::Cell::new((0, of(0)));
        days.map(&mut self.lost, |day| {
            if last.get().0 != day {
                last.set((day, of(day)));
            }
            last.get().1
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_period_is_its_number(kind in 0..3_usize, year in 1..=9999_i32, number in 1..=12_i32) {
            let kind = [PeriodKind::Month, PeriodKind::Quarter, PeriodKind::Year][kind];
            if let Some(it) = Period::new(kind, year, number) {
                prop_assert_eq!(period(packed(it)), Some(it));
                let next = it.next().map(packed);
                prop_assert!(next.is_none_or(|next| next > packed(it)));
            }
        }
    }
}
