//! The trees of a lane at work. Nothing is the answer to everything a lane cannot say.

use crate::base::{Date, Rounding};
use crate::engine::carried::Held;
use crate::plan::{
    Day, Entity, KeyPart, Number, ParameterTable, RowRead, ScheduleTable, Sum, Term, Truth, at,
};
use crate::rows::{Cell, Column};

use super::super::said::Said;
use super::ahead::only_row;
use super::rows::{Item, is_there};
use super::whole::Whole;
use super::{Event, Found, Wanted};
use crate::engine::function::months_between;
use crate::engine::value::Part;
use crate::plan::holds;

impl<'a, W: Whole> Event<'a, W> {
    /// What is asked most stands here, so that it stays small.
    pub(super) fn number(&mut self, number: &Number) -> Option<W> {
        match number {
            Number::Constant(value) => W::of(*value),
            Number::Field(field) => self.whole(*field),
            Number::Slot(slot) => Some(self.slot(*slot)),
            Number::Sum(constant, terms) => {
                let mut sum = W::of(*constant)?;
                for (term, by) in terms {
                    let value = match term {
                        Term::Field(field) => self.whole(*field)?,
                        Term::Slot(slot) => self.slot(*slot),
                    };
                    sum = match *by {
                        1 => sum.plus(value)?,
                        -1 => sum.minus(value)?,
                        by => sum.plus(value.times(W::of(by)?)?)?,
                    };
                }
                Some(sum)
            }
            Number::Scaled(inner, by) => self.operand(inner)?.times(W::of(*by)?),
            Number::Add(one, two) => self.operand(one)?.plus(self.operand(two)?),
            Number::Subtract(one, two) => self.operand(one)?.minus(self.operand(two)?),
            Number::Least(one, two) => Some(self.operand(one)?.min(self.operand(two)?)),
            Number::Greatest(one, two) => Some(self.operand(one)?.max(self.operand(two)?)),
            other => self.rarer_number(other),
        }
    }

    /// A part of a number: what stands at hand is taken at once.
    #[inline(always)]
    fn operand(&mut self, number: &Number) -> Option<W> {
        match number {
            Number::Constant(value) => W::of(*value),
            Number::Slot(slot) => Some(self.slot(*slot)),
            other => self.number(other),
        }
    }

    #[inline(never)]
    fn rarer_number(&mut self, number: &Number) -> Option<W> {
        match number {
            Number::Unknown | Number::Nothing => None,
            Number::Multiply(one, two) => self.number(one)?.times(self.number(two)?),
            Number::Negate(inner) => self.number(inner)?.negated(),
            Number::Absolute(inner) => self.number(inner)?.size(),
            Number::Rounded(inner, by, how) => rounded(self.operand(inner)?, W::of(*by)?, *how),
            Number::Floor(inner, by) => Some(self.number(inner)?.divided(W::of(*by)?)?.0),
            Number::Choose(condition, yes, no) => {
                let chosen = if self.truth(condition)? { yes } else { no };
                self.number(chosen)
            }
            Number::Parameter(table, keys, day) => self.parameter(table, keys, day),
            Number::Schedule(table, of, day) => {
                let (of, day) = (self.number(of)?, self.day(day)?);
                read_off(table, of, day)
            }
            Number::Total { tally, projection, key, own, as_of } => {
                let sum = Sum { tally: *tally, projection: *projection, key: *key };
                let as_of = match as_of {
                    Some(day) => Some(self.date_of(day)?),
                    None => None,
                };
                let mut total = self.sum_as_of(sum, as_of)?;
                let counts = as_of.is_none_or(|day| self.date < day);
                for add in own.iter().filter(|_| counts) {
                    total = total.plus(self.own_add(at(*add))?)?;
                }
                Some(total)
            }
            Number::RowField(row, field) => {
                if let Some(number) = self.row_number(*row, *field)? {
                    return Some(W::narrow(number));
                }
                match self.row_cell(*row, *field)? {
                    Cell::Integer(value) => W::of(value),
                    Cell::Money(value) => W::of(value.minor()),
                    _ => None,
                }
            }
            Number::RowSteady(row, field, den) => match self.row_cell(*row, *field)? {
                Cell::Number(value) => {
                    let (numerator, own) = value.to_ratio()?;
                    let more = den.checked_div(own).filter(|more| more * own == *den)?;
                    W::of(numerator.checked_mul(more)?)
                }
                _ => None,
            },
            Number::Rate(row, field, den) => self.rate(*row, *field, *den),
            Number::Positive(inner) => Some(self.number(inner)?).filter(|it| *it > W::ZERO),
            Number::Divided(inner, by, how) => {
                let by = Some(self.number(by)?).filter(|it| *it > W::ZERO)?;
                rounded(self.number(inner)?, by, *how)
            }
            Number::Kept(place) => self.kept(at(*place)),
            Number::SumOver(rows, shares, inner) => self.sum_over(*rows, *shares, inner),
            Number::Count(rows, shares) => self.count(*rows, *shares),
            Number::Share(shares) => self.share(at(*shares)),
            Number::ShareOf(shares) => self.share_of(at(*shares)),
            Number::DaysBetween(from, to) => {
                W::of(i128::from(self.day(to)?) - i128::from(self.day(from)?))
            }
            Number::YearOf(day) => W::of(self.date_of(day)?.year().into()),
            Number::MonthOf(day) => W::of(self.date_of(day)?.month().into()),
            Number::DayOf(day) => W::of(self.date_of(day)?.day().into()),
            Number::MonthsBetween(from, to) => {
                W::of(months_between(self.date_of(from)?, self.date_of(to)?).into())
            }
            Number::PeriodsBetween(from, to) => {
                let (from, to) = (self.period(from)?, self.period(to)?);
                W::of((to.index() - from.index()).into())
            }
            Number::Carried(carried, den) => self.carried_parts(*carried, *den),
            asked_most => self.number(asked_most),
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
            Truth::RowField(row, field) => {
                if let Some(number) = self.row_number(*row, *field)? {
                    return Some(number == 1);
                }
                match self.row_cell(*row, *field)? {
                    Cell::Bool(value) => Some(value),
                    _ => None,
                }
            }
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
            Truth::DayIn(day, span) => {
                let day = self.date_of(day)?;
                Some(self.period(span)?.contains(day))
            }
            Truth::Texts(how, one, two) => self.compare_texts(*how, one, two),
            Truth::Carried(carried) => match self.carried(*carried)?? {
                Held::Bool(value) => Some(value),
                _ => None,
            },
            Truth::Held(carried) => Some(self.carried(*carried)?.is_some()),
            Truth::Answers(tree) => self.answers(tree),
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
                let cell = self.stored_cell(*row, *field)?;
                Some(cell.is_some_and(|cell| !cell.is_missing()))
            }
        }
    }

    pub(super) fn day(&mut self, day: &Day) -> Option<i32> {
        match day {
            Day::Constant(day) => Some(*day),
            Day::Unknown => None,
            Day::Effective => Some(self.date.days()),
            Day::Field(field) => match self.column(*field)? {
                Column::Date(values) => values.get(self.row).map(Date::days),
                _ => None,
            },
            Day::RowField(row, field) => {
                if let Some(number) = self.row_number(*row, *field)? {
                    return i32::try_from(number).ok();
                }
                match self.row_cell(*row, *field)? {
                    Cell::Date(day) => Some(day.days()),
                    _ => None,
                }
            }
            Day::Plus(day, by) => self.date_of(day)?.checked_add(*by).map(Date::days),
            Day::Minus(day, by) => self.date_of(day)?.checked_sub(*by).map(Date::days),
            Day::Least(one, two) => Some(self.day(one)?.min(self.day(two)?)),
            Day::Greatest(one, two) => Some(self.day(one)?.max(self.day(two)?)),
            Day::Made(year, month, day) => {
                let year = i32::try_from(self.number(year)?.wide()?).ok()?;
                let month = i32::try_from(self.number(month)?.wide()?).ok()?;
                let day = i32::try_from(self.number(day)?.wide()?).ok()?;
                Date::new(year, month, day).map(Date::days)
            }
            Day::Start(span) => Some(self.period(span)?.start().days()),
            Day::End(span) => Some(self.period(span)?.end().days()),
            Day::Choose(condition, yes, no) => {
                let chosen = if self.truth(condition)? { yes } else { no };
                self.day(chosen)
            }
            Day::At(number) => i32::try_from(self.number(number)?.wide()?).ok(),
            Day::Carried(carried) => match self.carried(*carried)?? {
                Held::Date(day) => Some(day.days()),
                _ => None,
            },
        }
    }

    pub(super) fn date_of(&mut self, day: &Day) -> Option<Date> {
        Date::from_days(self.day(day)?)
    }

    pub(super) fn entity(&mut self, entity: &Entity) -> Option<u32> {
        match entity {
            Entity::Constant(member) => Some(*member),
            Entity::Unknown => None,
            Entity::At(number) => u32::try_from(self.number(number)?.wide()?).ok(),
            Entity::Field(field) => match self.column(*field)? {
                Column::Member(values) => values.get(self.row),
                _ => None,
            },
            Entity::RowField(row, field) => {
                if let Some(number) = self.row_number(*row, *field)? {
                    return u32::try_from(number).ok();
                }
                match self.row_cell(*row, *field)? {
                    Cell::Member(member) => Some(member),
                    _ => None,
                }
            }
            Entity::Choose(condition, yes, no) => {
                let chosen = if self.truth(condition)? { yes } else { no };
                self.entity(chosen)
            }
            Entity::Carried(carried) => match self.carried(*carried)?? {
                Held::Member(member) => Some(member),
                _ => None,
            },
        }
    }

    pub(super) fn column(&self, field: u32) -> Option<&'a Column> {
        self.batch.columns.get(at(field))
    }

    /// A stored whole number or amount in minor units.
    pub(super) fn whole(&self, field: u32) -> Option<W> {
        match self.column(field)? {
            Column::Integer(values) | Column::Money(values) => match values.are_narrow() {
                true => values.narrow(self.row).map(W::narrow),
                false => W::of(values.get(self.row)?),
            },
            _ => None,
        }
    }

    /// A row of a register, if there is one and it is the only one.
    pub(super) fn row(&mut self, row: u32) -> Option<Option<u32>> {
        let (turn, found) = *self.work.rows.get(at(row))?;
        if turn == self.work.turn {
            return Some(found);
        }
        let RowRead::Keyed { register, key } = self.lane.rows.get(at(row))? else { return None };
        let found = match self.ahead.row(row, self.row) {
            Some(found) => found,
            None => {
                self.parts(key, false)?;
                only_row(self.registers, *register, &self.work.parts)
            }
        };
        let found = match found {
            Found::Nothing => None,
            Found::Row(entry) => Some(entry),
            Found::Unclear => return None,
        };
        *self.work.rows.get_mut(at(row))? = (self.work.turn, found);
        Some(found)
    }

    /// A field of a row as a number, where it is kept as such.
    #[inline]
    fn row_number(&mut self, row: u32, field: u32) -> Option<Option<i64>> {
        let RowRead::Keyed { register, .. } = self.lane.rows.get(at(row))? else {
            return Some(None);
        };
        let entry = self.row(row)??;
        Some(self.registers.number(*register, entry, field))
    }

    /// A field of a row, if it is there.
    pub(super) fn row_cell(&mut self, row: u32, field: u32) -> Option<Cell> {
        self.row_said(row, field).map(Said::cell)
    }

    /// The same as the row says it.
    pub(super) fn row_said(&mut self, row: u32, field: u32) -> Option<Said<'a>> {
        let (register, entry) = match self.lane.rows.get(at(row))? {
            RowRead::Keyed { register, .. } => (*register, self.row(row)??),
            RowRead::Item(source) => match self.item(*source)? {
                Item::Record(cells) => {
                    return cells.get(at(field)).filter(is_there).map(Said::Made);
                }
                Item::Entry(register, entry) => (register, entry),
            },
        };
        let said = self.registers.value(register, entry, field);
        if said.is_none() {
            self.work.wanted = Some(Wanted { register, entry, field });
        }
        said
    }

    /// The number of a key of totals.
    pub(super) fn key(&mut self, key: u32) -> Option<u32> {
        let (turn, number) = *self.work.keys.get(at(key))?;
        if turn == self.work.turn {
            return Some(number);
        }
        let declared = self.lane.keys.get(at(key))?;
        self.parts(&declared.parts, true)?;
        let number = self.state.keys.get_mut(at(declared.space))?.number(&self.work.parts);
        *self.work.keys.get_mut(at(key))? = (self.work.turn, number);
        Some(number)
    }

    /// A total as of now, where it is a whole number.
    pub(super) fn sum(&mut self, sum: Sum) -> Option<W> {
        self.sum_as_of(sum, None)
    }

    fn sum_as_of(&mut self, sum: Sum, day: Option<Date>) -> Option<W> {
        let number = self.key(sum.key)?;
        let totals = self.state.totals.get(at(sum.tally))?.get(at(sum.projection))?;
        W::of(totals.whole(number, day)?)
    }

    /// What the event itself adds to a tally, worked out once.
    pub(super) fn own_add(&mut self, place: usize) -> Option<W> {
        let (turn, amount) = *self.work.adds.get(place)?;
        if turn == self.work.turn {
            return Some(amount);
        }
        let add = self.program.adds.get(place)?;
        let amount = if self.truth(&add.when)? { self.number(&add.amount)? } else { W::ZERO };
        *self.work.adds.get_mut(place)? = (self.work.turn, amount);
        Some(amount)
    }

    fn parameter(&mut self, table: &ParameterTable, keys: &[Entity], day: &Day) -> Option<W> {
        let mut place = 0;
        for (key, size) in keys.iter().zip(&table.sizes) {
            place = place * at(*size) + at(self.entity(key)?);
        }
        let day = self.day(day)?;
        let timeline = table.timelines.get(place)?;
        let begun = timeline.partition_point(|(from, _)| *from <= day);
        W::of(timeline.get(begun.checked_sub(1)?)?.1?)
    }

    /// Puts the parts of a key together; texts are kept where the key is to be written. A part may
    /// itself be found under a key.
    pub(super) fn parts(&mut self, key: &[KeyPart], written: bool) -> Option<()> {
        let mut parts = std::mem::take(&mut self.work.parts);
        parts.clear();
        let put = key.iter().try_for_each(|part| {
            parts.push(self.part(part, written)?);
            Some(())
        });
        self.work.parts = parts;
        put
    }

    fn part(&mut self, part: &KeyPart, written: bool) -> Option<Part> {
        Some(match part {
            KeyPart::Whole(number) => Part::Integer(i64::of(self.number(number)?.wide()?)?),
            KeyPart::Text(field) => {
                if let Some(part) = self.ahead.text(*field, self.row) {
                    return Some(part);
                }
                if let Some((of, part)) = self.work.text
                    && of == *field
                    && (part != Part::Unseen || !written)
                {
                    return Some(part);
                }
                let Column::Text(texts) = self.batch.columns.get(at(*field))? else { return None };
                let part = self.state.names.text_part(texts.get(self.row)?, written);
                self.work.text = Some((*field, part));
                part
            }
            KeyPart::RowText(row, field) => {
                let text = self.stored_cell(*row, *field)??.text()?;
                self.state.names.text_part(text, written)
            }
            KeyPart::Words(text) => self.text_part(text, written)?,
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
            Part::Text(place) => Cell::Text(self.state.names.text(place)?),
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

pub(super) fn read_off<W: Whole>(table: &ScheduleTable, value: W, day: i32) -> Option<W> {
    let begun = table.versions.partition_point(|version| version.from <= day);
    let version = table.versions.get(begun.checked_sub(1)?)?;
    if day >= version.until && version.until != i32::MAX {
        return None;
    }
    let size = value.size()?;
    let scaled = size.times(W::of(table.scale)?)?.wide()?;
    let within = |(up_to, ..): &&(Option<i128>, i128, i128)| up_to.is_none_or(|it| scaled <= it);
    let (_, times, less) = version.brackets.iter().find(within)?;
    let read = size.times(W::of(*times)?)?.minus(W::of(*less)?)?;
    if value < W::ZERO && table.mirrored { read.negated() } else { Some(read) }
}

/// A whole number divided and rounded, as [`crate::base::Exact::rounded`] does.
pub(super) fn rounded<W: Whole>(value: W, by: W, how: Rounding) -> Option<W> {
    let (down, rest) = value.divided(by)?;
    if rest == W::ZERO {
        return Some(down);
    }
    let half = rest.plus(rest)?.cmp(&by);
    let upper = how.takes_upper(half, value < W::ZERO, down.is_odd());
    if upper { down.plus(W::ONE) } else { Some(down) }
}
