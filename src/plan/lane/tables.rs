//! Parameters and schedules as tables of whole numbers.

use crate::base::{Date, Exact};
use crate::model::{Comparison, ScheduleValue};

use super::super::{Constant, Expr, Version, at};
use super::expr::{Maker, Scene};
use super::rational::{Rational, common};
use super::tree::{ParameterTable, ScheduleTable, ScheduleVersion};
use super::typed::Typed;
use super::{Day, Entity, Number, Truth};

impl<'p> Maker<'p> {
    pub fn parameter(
        &mut self,
        parameter: u32,
        keys: &'p [Expr],
        day: &'p Expr,
        scene: &mut Scene<'_>,
    ) -> Option<Typed> {
        let plan = self.plan;
        let declared = plan.parameters.get(at(parameter))?;
        let day = self.day(day, scene)?;
        let entities: Option<Vec<Entity>> =
            keys.iter().map(|key| self.entity(key, scene)).collect();
        let value = |constant: &Constant| match constant {
            Constant::Number(value) => value.to_ratio(),
            // Members by position, and yes as one.
            Constant::Member(member) => Some((i128::from(*member), 1)),
            Constant::Bool(value) => Some((i128::from(*value), 1)),
            Constant::Date(day) => Some((i128::from(day.days()), 1)),
            _ => None,
        };
        let first = declared.timelines.iter().flatten().next()?.value.clone();
        let mut den = 1;
        for version in declared.timelines.iter().flatten() {
            den = common(den, value(&version.value)?.1)?;
        }
        let timeline = |versions: &Vec<Version<Constant>>| -> Option<Vec<(i32, Option<i128>)>> {
            let mut timeline = Vec::new();
            for version in versions {
                let (num, own) = value(&version.value)?;
                let from = version.from.map_or(i32::MIN, Date::days);
                timeline.push((from, Some(num.checked_mul(den / own)?)));
                timeline.extend(version.until.map(|until| (until.days(), None)));
            }
            // Where one ends as the next begins, the later note is the one that holds.
            timeline.sort_by_key(|(from, _)| *from);
            timeline.reverse();
            timeline.dedup_by(|gap, other| gap.0 == other.0 && gap.1.is_none());
            timeline.reverse();
            Some(timeline)
        };
        let timelines: Option<Vec<_>> = declared.timelines.iter().map(timeline).collect();
        let timelines = timelines?;
        let number = match timelines.as_slice() {
            // A figure that is the same always and for all.
            [only] if matches!(only.as_slice(), [(i32::MIN, Some(_))]) => {
                Number::Constant(only.first()?.1?)
            }
            _ => {
                let table = ParameterTable { sizes: declared.sizes.clone(), timelines };
                Number::Parameter(Box::new(table), entities?, Box::new(day))
            }
        };
        Some(match first {
            Constant::Date(_) => Typed::Day(match number {
                Number::Constant(day) => Day::Constant(i32::try_from(day).ok()?),
                number => Day::At(Box::new(number)),
            }),
            Constant::Number(_) => Typed::Number(Rational::new(number, den)?),
            Constant::Member(_) => Typed::Entity(Entity::At(Box::new(number))),
            _ => {
                let yes = Box::new(Number::Constant(1));
                Typed::Truth(Truth::Numbers(Comparison::Equal, Box::new(number), yes))
            }
        })
    }

    pub fn schedule(
        &mut self,
        schedule: u32,
        what: ScheduleValue,
        of: Rational,
        day: Day,
    ) -> Option<Rational> {
        // What brackets end at would have to be multiplied with a number of the event.
        if !of.under.is_empty() {
            return None;
        }
        let plan = self.plan;
        let declared = plan.schedules.get(at(schedule))?;
        let (mut ends, mut rates, mut quicks) = (1, 1, 1);
        for bracket in declared.versions.iter().flat_map(|version| &version.value) {
            ends =
                common(ends, bracket.up_to.as_ref().map_or(Some(1), |it| Some(it.to_ratio()?.1))?)?;
            rates = common(rates, bracket.rate.to_ratio()?.1)?;
            quicks = common(quicks, bracket.quick.to_ratio()?.1)?;
        }
        let over = |value: &Exact, den: i128| {
            let (num, own) = value.to_ratio()?;
            num.checked_mul(den.checked_div(own)?)
        };
        // The amount is numerator × rate / (own den × rates) − quick / quicks.
        let den = match what {
            ScheduleValue::Amount => common(of.den.checked_mul(rates)?, quicks)?,
            ScheduleValue::Rate => rates,
            ScheduleValue::Quick => quicks,
        };
        let mut versions = Vec::with_capacity(declared.versions.len());
        for version in &declared.versions {
            let mut brackets = Vec::with_capacity(version.value.len());
            for bracket in &version.value {
                let up_to = match &bracket.up_to {
                    Some(up_to) => Some(over(up_to, ends)?.checked_mul(of.den)?),
                    None => None,
                };
                let (times, less) = match what {
                    ScheduleValue::Amount => (
                        over(&bracket.rate, rates)?.checked_mul(den / (of.den * rates))?,
                        over(&bracket.quick, den)?,
                    ),
                    ScheduleValue::Rate => (0, over(&bracket.rate, den)?.checked_neg()?),
                    ScheduleValue::Quick => (0, over(&bracket.quick, den)?.checked_neg()?),
                };
                brackets.push((up_to, times, less));
            }
            versions.push(ScheduleVersion {
                from: version.from.map_or(i32::MIN, Date::days),
                until: version.until.map_or(i32::MAX, Date::days),
                brackets,
            });
        }
        let mirrored = what != ScheduleValue::Rate;
        let table = ScheduleTable { scale: ends, mirrored, versions };
        Rational::new(Number::Schedule(Box::new(table), Box::new(of.number), Box::new(day)), den)
    }
}
