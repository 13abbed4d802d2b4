//! The trees of a lane at work. Nothing is the answer to everything a lane cannot say.

use crate::base::{Date, Period, Rounding};
use crate::plan::{
    Comparison, Day, Entity, KeyPart, Number, ParameterTable, ScheduleTable, Span, Sum, Truth, at,
};
use crate::rows::{Cell, Column};

use super::Event;
use crate::engine::state::Sums;
use crate::engine::value::Part;

/// A look-up made when first asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Memo<T> {
    NotYet,
    Nothing,
    Found(T),
}

impl Event<'_> {
    pub(super) fn number(&mut self, number: &Number) -> Option<i128> {
        match number {
            Number::Constant(value) => Some(*value),
            Number::Field(field) => self.whole(*field),
            Number::Slot(slot) => Some(self.slot(*slot)),
            Number::Scaled(inner, by) => self.number(inner)?.checked_mul(*by),
            Number::Add(one, two) => self.number(one)?.checked_add(self.number(two)?),
            Number::Subtract(one, two) => self.number(one)?.checked_sub(self.number(two)?),
            Number::Multiply(one, two) => self.number(one)?.checked_mul(self.number(two)?),
            Number::Negate(inner) => self.number(inner)?.checked_neg(),
            Number::Absolute(inner) => self.number(inner)?.checked_abs(),
            Number::Least(one, two) => Some(self.number(one)?.min(self.number(two)?)),
            Number::Greatest(one, two) => Some(self.number(one)?.max(self.number(two)?)),
            Number::Rounded(inner, by, how) => rounded(self.number(inner)?, *by, *how),
            Number::Floor(inner, by) => Some(self.number(inner)?.div_euclid(*by)),
            Number::Choose(condition, yes, no) => {
                let chosen = if self.truth(condition)? { yes } else { no };
                self.number(chosen)
            }
            Number::Parameter(table, keys, day) => self.parameter(table, keys, day),
            Number::Schedule(table, of, day) => {
                let (of, day) = (self.number(of)?, self.day(day)?);
                read_off(table, of, day)
            }
            Number::Total { tally, projection, key, own } => {
                let sum = Sum { tally: *tally, projection: *projection, key: *key };
                let mut total = self.sum(sum)?;
                for add in own {
                    total = total.checked_add(self.own_add(at(*add))?)?;
                }
                Some(total)
            }
            Number::RowField(row, field) => match self.row_cell(*row, *field)? {
                Cell::Integer(value) => Some(*value),
                Cell::Money(value) => Some(value.minor()),
                _ => None,
            },
            Number::DaysBetween(from, to) => {
                Some(i128::from(self.day(to)?) - i128::from(self.day(from)?))
            }
            Number::YearOf(day) => Some(self.date_of(day)?.year().into()),
            Number::MonthOf(day) => Some(self.date_of(day)?.month().into()),
        }
    }

    pub(super) fn truth(&mut self, truth: &Truth) -> Option<bool> {
        match truth {
            Truth::Constant(value) => Some(*value),
            Truth::Unknown => None,
            Truth::Field(field) => match self.column(*field)? {
                Column::Bool(values) => values.get(self.row),
                _ => None,
            },
            Truth::RowField(row, field) => match self.row_cell(*row, *field)? {
                Cell::Bool(value) => Some(*value),
                _ => None,
            },
            Truth::Not(inner) => Some(!self.truth(inner)?),
            Truth::All(parts) => {
                for part in parts {
                    if !self.truth(part)? {
                        return Some(false);
                    }
                }
                Some(true)
            }
            Truth::Any(parts) => {
                for part in parts {
                    if self.truth(part)? {
                        return Some(true);
                    }
                }
                Some(false)
            }
            Truth::Numbers(how, one, two) => {
                let (one, two) = (self.number(one)?, self.number(two)?);
                Some(holds(*how, &one, &two))
            }
            Truth::Days(how, one, two) => {
                let (one, two) = (self.day(one)?, self.day(two)?);
                Some(holds(*how, &one, &two))
            }
            Truth::Spans(how, one, two) => {
                let (one, two) = (self.period(one)?, self.period(two)?);
                Some(holds(*how, &one, &two))
            }
            Truth::Same(equal, one, two) => {
                Some((self.entity(one)? == self.entity(two)?) == *equal)
            }
            Truth::In(entity, set) => {
                let member = self.entity(entity)?;
                Some(set.get(at(member)).copied().unwrap_or(false))
            }
            Truth::Within(inner, outer, tree) => {
                let (inner, outer) = (self.entity(inner)?, self.entity(outer)?);
                tree.get(at(inner))?.get(at(outer)).copied()
            }
            Truth::Found(row) => Some(self.row(*row)?.is_some()),
            Truth::Needed(row) => self.row(*row)?.map(|_| true),
            Truth::Present(field) => Some(!self.column(*field)?.is_missing(self.row)),
            Truth::RowPresent(row, field) => {
                let entry = self.row(*row)??;
                let register = self.lane.rows.get(at(*row))?.register;
                let cell = self.registers.cell(register, entry, *field);
                Some(cell.is_some_and(|cell| *cell != Cell::Missing))
            }
        }
    }

    pub(super) fn day(&mut self, day: &Day) -> Option<i32> {
        match day {
            Day::Constant(day) => Some(*day),
            Day::Effective => Some(self.date.days()),
            Day::Field(field) => match self.column(*field)? {
                Column::Date(values) => values.get(self.row).map(Date::days),
                _ => None,
            },
            Day::RowField(row, field) => match self.row_cell(*row, *field)? {
                Cell::Date(day) => Some(day.days()),
                _ => None,
            },
            Day::Plus(day, by) => self.date_of(day)?.checked_add(*by).map(Date::days),
            Day::Minus(day, by) => self.date_of(day)?.checked_sub(*by).map(Date::days),
            Day::Least(one, two) => Some(self.day(one)?.min(self.day(two)?)),
            Day::Greatest(one, two) => Some(self.day(one)?.max(self.day(two)?)),
            Day::Made(year, month, day) => {
                let year = i32::try_from(self.number(year)?).ok()?;
                let month = i32::try_from(self.number(month)?).ok()?;
                let day = i32::try_from(self.number(day)?).ok()?;
                Date::new(year, month, day).map(Date::days)
            }
            Day::Start(span) => Some(self.period(span)?.start().days()),
            Day::End(span) => Some(self.period(span)?.end().days()),
            Day::Choose(condition, yes, no) => {
                let chosen = if self.truth(condition)? { yes } else { no };
                self.day(chosen)
            }
        }
    }

    fn date_of(&mut self, day: &Day) -> Option<Date> {
        Date::from_days(self.day(day)?)
    }

    fn period(&mut self, span: &Span) -> Option<Period> {
        Period::of(span.kind, self.date_of(&span.day)?).checked_add(span.plus)
    }

    fn entity(&mut self, entity: &Entity) -> Option<u32> {
        match entity {
            Entity::Constant(member) => Some(*member),
            Entity::Field(field) => match self.column(*field)? {
                Column::Member(values) => values.get(self.row),
                _ => None,
            },
            Entity::RowField(row, field) => match self.row_cell(*row, *field)? {
                Cell::Member(member) => Some(*member),
                _ => None,
            },
            Entity::Choose(condition, yes, no) => {
                let chosen = if self.truth(condition)? { yes } else { no };
                self.entity(chosen)
            }
        }
    }

    fn column(&self, field: u32) -> Option<&Column> {
        self.batch.columns.get(at(field))
    }

    /// A stored whole number or amount in minor units.
    pub(super) fn whole(&self, field: u32) -> Option<i128> {
        match self.column(field)? {
            Column::Integer(values) | Column::Money(values) => values.get(self.row),
            _ => None,
        }
    }

    /// A row of a register, if there is one and it is the only one.
    fn row(&mut self, row: u32) -> Option<Option<u32>> {
        match self.work.rows.get(at(row))? {
            Memo::Found(entry) => return Some(Some(*entry)),
            Memo::Nothing => return Some(None),
            Memo::NotYet => {}
        }
        let read = self.lane.rows.get(at(row))?;
        self.parts(&read.key, false)?;
        let (first, end) = self.registers.range(read.register, &self.work.parts);
        let found = (first < end).then_some(first);
        if let Some(entry) = found
            && self.registers.entry(read.register, entry)?.clash
        {
            return None;
        }
        *self.work.rows.get_mut(at(row))? = found.map_or(Memo::Nothing, Memo::Found);
        Some(found)
    }

    fn row_cell(&mut self, row: u32, field: u32) -> Option<&Cell> {
        let entry = self.row(row)??;
        let register = self.lane.rows.get(at(row))?.register;
        self.registers.cell(register, entry, field)
    }

    /// The number of a key of totals.
    pub(super) fn key(&mut self, key: u32) -> Option<u32> {
        if let Some(number) = self.work.keys.get(at(key))? {
            return Some(*number);
        }
        let declared = self.lane.keys.get(at(key))?;
        self.parts(&declared.parts, true)?;
        let number = self.state.keys.get_mut(at(declared.space))?.number(&self.work.parts);
        *self.work.keys.get_mut(at(key))? = Some(number);
        Some(number)
    }

    /// A total as of now, where it is a whole number.
    pub(super) fn sum(&mut self, sum: Sum) -> Option<i128> {
        let number = self.key(sum.key)?;
        let totals = self.state.totals.get(at(sum.tally))?.get(at(sum.projection))?;
        match &totals.sums {
            Sums::Now(sums) => sums.get(at(number)).map_or(Some(0), |sum| sum.to_int()),
            Sums::ByDay(days) => match days.get(at(number)).and_then(|days| days.last()) {
                Some((_, sum)) => sum.to_int(),
                None => Some(0),
            },
        }
    }

    /// What the event itself adds to a tally, worked out once.
    pub(super) fn own_add(&mut self, place: usize) -> Option<i128> {
        if let Some(amount) = self.work.adds.get(place)? {
            return Some(*amount);
        }
        let add = self.lane.adds.get(place)?;
        let amount = if self.truth(&add.when)? { self.number(&add.amount)? } else { 0 };
        *self.work.adds.get_mut(place)? = Some(amount);
        Some(amount)
    }

    fn parameter(&mut self, table: &ParameterTable, keys: &[Entity], day: &Day) -> Option<i128> {
        let mut place = 0;
        for (key, size) in keys.iter().zip(&table.sizes) {
            place = place * at(*size) + at(self.entity(key)?);
        }
        let day = self.day(day)?;
        let timeline = table.timelines.get(place)?;
        let begun = timeline.partition_point(|(from, _)| *from <= day);
        timeline.get(begun.checked_sub(1)?)?.1
    }

    /// Puts the parts of a key together; texts are kept where the key is to be written.
    pub(super) fn parts(&mut self, key: &[KeyPart], written: bool) -> Option<()> {
        self.work.parts.clear();
        for part in key {
            let part = self.part(part, written)?;
            self.work.parts.push(part);
        }
        Some(())
    }

    fn part(&mut self, part: &KeyPart, written: bool) -> Option<Part> {
        Some(match part {
            KeyPart::Whole(number) => Part::Integer(i64::try_from(self.number(number)?).ok()?),
            KeyPart::Text(field) => {
                let Column::Text(texts) = self.batch.columns.get(at(*field))? else { return None };
                self.state.names.text_part(texts.get(self.row)?, written)
            }
            KeyPart::RowText(row, field) => {
                let entry = self.row(*row)??;
                let register = self.lane.rows.get(at(*row))?.register;
                match self.registers.cell(register, entry, *field)? {
                    Cell::Text(text) => self.state.names.text_part(text, written),
                    _ => return None,
                }
            }
            KeyPart::Member(entity) => Part::Member(self.entity(entity)?),
            KeyPart::Day(day) => Part::Date(self.date_of(day)?),
            KeyPart::Period(span) => Part::Period(self.period(span)?),
            KeyPart::Bool(truth) => Part::Bool(self.truth(truth)?),
        })
    }

    /// A part of a key for those who hear of an account.
    pub(super) fn cell(&mut self, part: &KeyPart) -> Option<Cell> {
        Some(match self.part(part, true)? {
            Part::Integer(value) => Cell::Integer(value.into()),
            Part::Text(place) => Cell::Text(self.state.names.text(place)?.clone()),
            Part::Member(member) => Cell::Member(member),
            Part::Date(day) => Cell::Date(day),
            Part::Period(period) => Cell::Period(period),
            Part::Bool(value) => Cell::Bool(value),
            Part::Missing | Part::Number(_) | Part::Duration(_) | Part::Row(..) | Part::Unseen => {
                return None;
            }
        })
    }
}

fn holds<T: Ord>(how: Comparison, one: &T, two: &T) -> bool {
    match how {
        Comparison::Equal => one == two,
        Comparison::NotEqual => one != two,
        Comparison::Less => one < two,
        Comparison::LessEqual => one <= two,
        Comparison::Greater => one > two,
        Comparison::GreaterEqual => one >= two,
    }
}

fn read_off(table: &ScheduleTable, value: i128, day: i32) -> Option<i128> {
    let begun = table.versions.partition_point(|version| version.from <= day);
    let version = table.versions.get(begun.checked_sub(1)?)?;
    if day >= version.until && version.until != i32::MAX {
        return None;
    }
    let size = value.checked_abs()?;
    let scaled = size.checked_mul(table.scale)?;
    let within = |(up_to, ..): &&(Option<i128>, i128, i128)| up_to.is_none_or(|it| scaled <= it);
    let (_, times, less) = version.brackets.iter().find(within)?;
    let read = size.checked_mul(*times)?.checked_sub(*less)?;
    if value < 0 && table.mirrored { read.checked_neg() } else { Some(read) }
}

/// A whole number divided and rounded, as [`crate::base::Exact::rounded`] does.
fn rounded(value: i128, by: i128, how: Rounding) -> Option<i128> {
    let (down, rest) = match (i64::try_from(value), i64::try_from(by)) {
        (Ok(value), Ok(by)) => (i128::from(value.div_euclid(by)), i128::from(value.rem_euclid(by))),
        _ => (value.checked_div_euclid(by)?, value.checked_rem_euclid(by)?),
    };
    if rest == 0 {
        return Some(down);
    }
    let half = rest.checked_mul(2)?.cmp(&by);
    let upper = how.takes_upper(half, value < 0, down % 2 != 0);
    down.checked_add(i128::from(upper))
}
