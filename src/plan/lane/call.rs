//! Built-in functions as trees.

use crate::base::PeriodKind;
use crate::model::Function;

use super::super::Expr;
use super::expr::{Maker, Scene};
use super::rational::Rational;
use super::typed::{Typed, span};
use super::{Day, Number, Span};

impl<'p> Maker<'p> {
    pub fn call(
        &mut self,
        function: Function,
        arguments: &'p [Expr],
        scene: &mut Scene<'_>,
    ) -> Option<Typed> {
        if function == Function::Present {
            return self.present(arguments.first()?, scene).map(Typed::Truth);
        }
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.typed(argument, scene)?);
        }
        let mut values = values.into_iter();
        let first = values.next()?;
        match (function, first, values.next()) {
            (Function::Min | Function::Max, first, second) => {
                let least = function == Function::Min;
                second
                    .into_iter()
                    .chain(values)
                    .try_fold(first, |best, it| best_of(least, best, it))
            }
            (Function::Abs, Typed::Number(value), None) => value.absolute().map(Typed::Number),
            (Function::MakeDate, year, Some(Typed::Number(month))) => {
                let year = match year {
                    Typed::Number(year) => year.over(1)?,
                    Typed::Span(Span::Of(PeriodKind::Year, day)) => Number::YearOf(Box::new(day)),
                    Typed::Span(year) => Number::YearOf(Box::new(Day::Start(Box::new(year)))),
                    _ => return None,
                };
                let Some(Typed::Number(day)) = values.next() else { return None };
                let (month, day) = (month.over(1)?, day.over(1)?);
                Some(Typed::Day(Day::Made(Box::new(year), Box::new(month), Box::new(day))))
            }
            (Function::Start, Typed::Span(inner), None) => {
                Some(Typed::Day(Day::Start(Box::new(inner))))
            }
            (Function::End, Typed::Span(inner), None) => {
                Some(Typed::Day(Day::End(Box::new(inner))))
            }
            (function, first, second) => calendar(function, first, second),
        }
    }
}

/// The lesser or the greater of two.
fn best_of(least: bool, one: Typed, two: Typed) -> Option<Typed> {
    Some(match (one, two) {
        (Typed::Number(a), Typed::Number(b)) => {
            Typed::Number(if least { a.least(b)? } else { a.greatest(b)? })
        }
        (Typed::Day(a), Typed::Day(b)) => {
            let best = if least { Day::Least } else { Day::Greatest };
            Typed::Day(best(Box::new(a), Box::new(b)))
        }
        (Typed::Span(a), Typed::Span(b)) => {
            let best = if least { Span::Least } else { Span::Greatest };
            Typed::Span(best(Box::new(a), Box::new(b)))
        }
        _ => return None,
    })
}

/// What is asked of days and periods.
fn calendar(function: Function, first: Typed, second: Option<Typed>) -> Option<Typed> {
    let kind = match function {
        Function::Month => Some(PeriodKind::Month),
        Function::Quarter => Some(PeriodKind::Quarter),
        Function::Year => Some(PeriodKind::Year),
        _ => None,
    };
    let number = match (function, first, second) {
        (_, Typed::Day(day), None) if kind.is_some() => return kind.map(|kind| span(kind, day)),
        (_, Typed::Span(inner), None) if kind.is_some() => {
            return kind.map(|kind| span(kind, Day::Start(Box::new(inner))));
        }
        (Function::Days, Typed::Span(inner), None) => {
            let (start, end) = (Day::Start(Box::new(inner.clone())), Day::End(Box::new(inner)));
            let days = Number::DaysBetween(Box::new(start), Box::new(end));
            Number::Add(Box::new(days), Box::new(Number::Constant(1)))
        }
        (Function::Days, Typed::Day(from), Some(Typed::Day(to))) => {
            Number::DaysBetween(Box::new(from), Box::new(to))
        }
        (Function::MonthsBetween, Typed::Day(from), Some(Typed::Day(to))) => {
            Number::MonthsBetween(Box::new(from), Box::new(to))
        }
        (function, Typed::Day(day), None) => part_of(function, day)?,
        (Function::YearNumber | Function::MonthOfYear, Typed::Span(inner), None) => {
            part_of(function, Day::Start(Box::new(inner)))?
        }
        _ => return None,
    };
    Rational::new(number, 1).map(Typed::Number)
}

fn part_of(function: Function, day: Day) -> Option<Number> {
    let part = match function {
        Function::YearNumber => Number::YearOf,
        Function::MonthOfYear => Number::MonthOf,
        Function::DayOfMonth => Number::DayOf,
        _ => return None,
    };
    Some(part(Box::new(day)))
}
