//! The trees of a lane for many events at once; compare [`super::super::tree`], which takes one.

use crate::base::Date;
use crate::engine::carried::Held;
use crate::plan::{Day, Entity, KeyPart, Number, RowRead, Sum, Term, Truth, at};
use crate::rows::{Cell, Column};

use super::super::Found;
use super::super::ahead::only_row;
use super::super::tree::{read_off, rounded};
use super::super::values::{parts, parts_of};
use super::super::whole::Whole;
use super::numbers::{Numbers, Truths};
use super::spans::period;
use super::{Group, date};
use crate::engine::function::months_between;
use crate::engine::value::Part;

/// Stand for rows that are not there, and for those of which the evaluator has to say something.
const NO_ROW: i64 = -1;
const UNCLEAR: i64 = -2;

fn narrow(value: i128) -> Option<i64> {
    i64::try_from(value).ok()
}

impl Group<'_, '_> {
    /// A number for each event; those that have none are noted as lost.
    pub(super) fn number(&mut self, number: &Number) -> Numbers {
        match number {
            Number::Constant(value) => self.constant(narrow(*value)),
            Number::Field(field) => self.whole(*field),
            Number::Slot(slot) => self.slot(*slot),
            Number::Sum(constant, terms) => self.linear(*constant, terms),
            Number::Scaled(inner, by) => {
                let by = self.constant(narrow(*by));
                self.number(inner).times(by, &mut self.lost)
            }
            Number::Add(one, two) => self.both(one, two, i64::checked_add),
            Number::Subtract(one, two) => self.both(one, two, i64::checked_sub),
            Number::Multiply(one, two) => self.both(one, two, i64::checked_mul),
            Number::Least(one, two) => self.both(one, two, |one, two| Some(one.min(two))),
            Number::Greatest(one, two) => self.both(one, two, |one, two| Some(one.max(two))),
            Number::Negate(inner) => self.number(inner).map(&mut self.lost, i64::checked_neg),
            Number::Absolute(inner) => self.number(inner).map(&mut self.lost, i64::checked_abs),
            Number::Rounded(inner, by, how) => {
                let by = narrow(*by);
                self.number(inner).map(&mut self.lost, |it| rounded(it, by?, *how))
            }
            Number::Floor(inner, by) => {
                let by = narrow(*by);
                self.number(inner).map(&mut self.lost, |it| Some(it.divided(by?)?.0))
            }
            Number::Positive(inner) => {
                self.number(inner).map(&mut self.lost, |it| (it > 0).then_some(it))
            }
            Number::Divided(inner, by, how) => {
                let positive = |by: i64| (by > 0).then_some(by);
                self.both(inner, by, |it, by| rounded(it, positive(by)?, *how))
            }
            Number::Choose(condition, yes, no) => {
                let chosen = self.truth(condition);
                self.choose(&chosen, |group| group.number(yes), |group| group.number(no))
            }
            Number::Parameter(table, keys, day) => {
                let mut place = Numbers::All(0);
                for (key, size) in keys.iter().zip(&table.sizes) {
                    let (member, size) = (self.entity(key), i64::from(*size));
                    let next = |place: i64, member| place.checked_mul(size)?.checked_add(member);
                    place = place.with(member, &mut self.lost, next);
                }
                let day = self.day(day);
                place.with(day, &mut self.lost, |place, day| {
                    let timeline = table.timelines.get(usize::try_from(place).ok()?)?;
                    let begun = timeline.partition_point(|(from, _)| i64::from(*from) <= day);
                    narrow(timeline.get(begun.checked_sub(1)?)?.1?)
                })
            }
            Number::Schedule(table, of, day) => {
                let (of, day) = (self.number(of), self.day(day));
                let read = |of, day| read_off(table, of, i32::try_from(day).ok()?);
                of.with(day, &mut self.lost, read)
            }
            Number::Total { tally, projection, key, own, as_of } => {
                let sum = Sum { tally: *tally, projection: *projection, key: *key };
                self.total(sum, own, as_of.as_deref())
            }
            Number::RowField(row, field) => self.row_field(*row, *field, |cell| match cell {
                Cell::Integer(value) => narrow(*value),
                Cell::Money(value) => narrow(value.minor()),
                _ => None,
            }),
            Number::RowSteady(row, field, den) | Number::Rate(Some(row), field, den) => self
                .row_field(*row, *field, |cell| match cell {
                    Cell::Number(value) => narrow(parts_of(value, *den)?),
                    _ => None,
                }),
            Number::Rate(None, field, den) => self.gather(*field, |column, row| match column {
                Column::Number(values) => narrow(parts_of(values.get_ref(row)?, *den)?),
                _ => None,
            }),
            Number::Carried(carried, den) => self.of_carried(*carried, |values, key| {
                let (num, own) = values.ratio(key)?;
                narrow(parts(num, own, *den)?)
            }),
            Number::Kept(place) => self.kept(*place),
            Number::SumOver(rows, None, inner) => self.sum_over(*rows, inner),
            Number::Count(rows, None) => self.count(*rows),
            Number::DaysBetween(from, to) => {
                let (from, to) = (self.day(from), self.day(to));
                to.minus(from, &mut self.lost)
            }
            Number::YearOf(day) => self.part_of(day, Date::year),
            Number::MonthOf(day) => self.part_of(day, Date::month),
            Number::DayOf(day) => self.part_of(day, Date::day),
            Number::MonthsBetween(from, to) => {
                let (from, to) = (self.day(from), self.day(to));
                from.with(to, &mut self.lost, |from, to| {
                    Some(months_between(date(from)?, date(to)?).into())
                })
            }
            Number::PeriodsBetween(from, to) => {
                let (from, to) = (self.span(from), self.span(to));
                to.with(from, &mut self.lost, |to, from| Some((to >> 2) - (from >> 2)))
            }
            _ => self.constant(None),
        }
    }

    fn both(
        &mut self,
        one: &Number,
        two: &Number,
        of: impl Fn(i64, i64) -> Option<i64>,
    ) -> Numbers {
        let (one, two) = (self.number(one), self.number(two));
        one.with(two, &mut self.lost, of)
    }

    fn part_of(&mut self, day: &Day, part: impl Fn(Date) -> i32) -> Numbers {
        let days = self.day(day);
        self.of_days(days, |day| Some(part(date(day)?).into()))
    }

    fn linear(&mut self, constant: i128, terms: &[(Term, i128)]) -> Numbers {
        let mut sum = self.constant(narrow(constant));
        for (term, by) in terms {
            let value = match term {
                Term::Field(field) => self.whole(*field),
                Term::Slot(slot) => self.slot(*slot),
            };
            let by = narrow(*by);
            sum = match by {
                Some(1) => sum.plus(value, &mut self.lost),
                Some(-1) => sum.minus(value, &mut self.lost),
                _ => sum.with(value, &mut self.lost, |sum, value| {
                    sum.checked_add(value.checked_mul(by?)?)
                }),
            };
        }
        sum
    }

    /// The same for all, or no answer for any.
    pub(super) fn constant(&mut self, value: Option<i64>) -> Numbers {
        if value.is_none() {
            self.lost.fill(true);
        }
        Numbers::All(value.unwrap_or(0))
    }

    pub(super) fn truth(&mut self, truth: &Truth) -> Truths {
        match truth {
            Truth::Constant(value) => Truths::All(*value),
            Truth::Field(field) => self.flag(*field),
            Truth::RowField(row, field) => {
                let flags = self.row_field(*row, *field, |cell| match cell {
                    Cell::Bool(value) => Some((*value).into()),
                    _ => None,
                });
                flags.test(|flag| flag == 1)
            }
            Truth::Not(inner) => self.truth(inner).not(),
            Truth::All(parts) => {
                let mut hold = Truths::All(true);
                for part in parts {
                    hold = match hold {
                        Truths::All(true) => self.truth(part),
                        Truths::All(false) => break,
                        Truths::Each(_) => {
                            let more = self.within(&hold, |group| group.truth(part));
                            hold.and(more)
                        }
                    };
                }
                hold
            }
            Truth::Any(parts) => {
                let mut none = Truths::All(true);
                for part in parts {
                    none = match none {
                        Truths::All(true) => self.truth(part).not(),
                        Truths::All(false) => break,
                        Truths::Each(_) => {
                            let more = self.within(&none, |group| group.truth(part).not());
                            none.and(more)
                        }
                    };
                }
                none.not()
            }
            Truth::Numbers(how, one, two) => {
                let (one, two) = (self.number(one), self.number(two));
                one.compare(*how, &two)
            }
            Truth::Days(how, one, two) => {
                let (one, two) = (self.day(one), self.day(two));
                one.compare(*how, &two)
            }
            Truth::Spans(how, one, two) => {
                let (one, two) = (self.span(one), self.span(two));
                one.compare(*how, &two)
            }
            Truth::DayIn(day, span) => {
                let (days, spans) = (self.day(day), self.span(span));
                days.test_with(&spans, |day, it| {
                    period(it).zip(date(day)).is_some_and(|(it, day)| it.contains(day))
                })
            }
            Truth::Same(equal, one, two) => {
                let (one, two) = (self.entity(one), self.entity(two));
                one.test_with(&two, |one, two| (one == two) == *equal)
            }
            Truth::In(entity, set) => self.entity(entity).test(|member| {
                usize::try_from(member).ok().and_then(|it| set.get(it)).copied().unwrap_or(false)
            }),
            Truth::Found(row) => {
                let found = self.row(*row);
                self.clear(found).test(|row| row != NO_ROW)
            }
            Truth::Needed(row) => {
                let found = self.row(*row);
                found.map(&mut self.lost, |row| (row >= 0).then_some(row));
                Truths::All(true)
            }
            Truth::Present(field) => {
                let column = self.of.batch.columns.get(at(*field));
                let rows = self.rows.iter();
                let there = rows.map(|row| column.is_some_and(|it| !it.is_missing(at(*row))));
                Truths::Each(there.collect())
            }
            Truth::RowPresent(row, field) => {
                let Some((register, entries)) = self.entries(*row) else { return self.nobody() };
                let registers = self.of.registers;
                let there = entries.map(&mut self.lost, |entry| {
                    let cell = registers.cell(register, u32::try_from(entry).ok()?, *field);
                    Some(cell.is_some_and(|cell| !cell.is_missing()).into())
                });
                there.test(|there| there == 1)
            }
            Truth::Texts(how, one, two) => self.compare_texts(*how, one, two),
            Truth::Carried(carried) => {
                let flags = self.carried(*carried, |held| match held {
                    Held::Bool(value) => Some(value.into()),
                    _ => None,
                });
                flags.test(|flag| flag == 1)
            }
            Truth::Held(carried) => self.held(*carried),
            Truth::Answers(tree) => self.answers(tree),
            Truth::Within(inner, outer, tree) => {
                let (inner, outer) = (self.entity(inner), self.entity(outer));
                let within = inner.with(outer, &mut self.lost, |inner, outer| {
                    let row = tree.get(usize::try_from(inner).ok()?)?;
                    row.get(usize::try_from(outer).ok()?).map(|it| i64::from(*it))
                });
                within.test(|within| within == 1)
            }
            Truth::Unknown => self.nobody(),
        }
    }

    /// No answer for any.
    fn nobody(&mut self) -> Truths {
        self.lost.fill(true);
        Truths::All(false)
    }

    pub(super) fn made_day(&mut self, day: &Day) -> Numbers {
        match day {
            Day::Constant(day) => Numbers::All((*day).into()),
            Day::Effective => self.days.clone(),
            Day::Field(field) => self.gather(*field, |column, row| match column {
                Column::Date(days) => days.get(row).map(|day| day.days().into()),
                _ => None,
            }),
            Day::RowField(row, field) => self.row_field(*row, *field, |cell| match cell {
                Cell::Date(day) => Some(day.days().into()),
                _ => None,
            }),
            Day::Plus(day, by) => self
                .day(day)
                .map(&mut self.lost, |day| Some(date(day)?.checked_add(*by)?.days().into())),
            Day::Minus(day, by) => self
                .day(day)
                .map(&mut self.lost, |day| Some(date(day)?.checked_sub(*by)?.days().into())),
            Day::Least(one, two) => {
                let (one, two) = (self.day(one), self.day(two));
                one.with(two, &mut self.lost, |one, two| Some(one.min(two)))
            }
            Day::Greatest(one, two) => {
                let (one, two) = (self.day(one), self.day(two));
                one.with(two, &mut self.lost, |one, two| Some(one.max(two)))
            }
            Day::Made(year, month, day) => {
                let (year, month) = (self.number(year), self.number(month));
                let day = self.number(day);
                self.made_days(&year, &month, &day)
            }
            Day::Start(span) => {
                let spans = self.span(span);
                self.of_days(spans, |it| Some(period(it)?.start().days().into()))
            }
            Day::End(span) => {
                let spans = self.span(span);
                self.of_days(spans, |it| Some(period(it)?.end().days().into()))
            }
            Day::Choose(condition, yes, no) => {
                let chosen = self.truth(condition);
                self.choose(&chosen, |group| group.day(yes), |group| group.day(no))
            }
            Day::At(number) => self.number(number),
            Day::Carried(carried) => self.carried(*carried, |held| match held {
                Held::Date(day) => Some(day.days().into()),
                _ => None,
            }),
            Day::Unknown => self.constant(None),
        }
    }

    /// Days of years, months and days. Events that follow one another are mostly of one day.
    fn made_days(&mut self, year: &Numbers, month: &Numbers, day: &Numbers) -> Numbers {
        let part = |value: i64| i32::try_from(value).ok();
        let made = |(year, month, day): (i64, i64, i64)| {
            let date = Date::new(part(year)?, part(month)?, part(day)?)?;
            Some(i64::from(date.days()))
        };
        let mut last = ((0, 0, 0), None);
        let count = self.rows.len();
        let (year, month, day) = (year.spread(count), month.spread(count), day.spread(count));
        let parts = year.iter().zip(month.iter()).zip(day.iter());
        let days = parts.zip(&mut self.lost).map(|(((year, month), day), lost)| {
            let parts = (*year, *month, *day);
            if last.0 != parts {
                last = (parts, made(parts));
            }
            *lost |= last.1.is_none();
            last.1.unwrap_or(0)
        });
        Numbers::each(days.collect())
    }

    pub(super) fn entity(&mut self, entity: &Entity) -> Numbers {
        match entity {
            Entity::Constant(member) => Numbers::All((*member).into()),
            Entity::Unknown => self.constant(None),
            Entity::At(number) => {
                let member = |it| u32::try_from(it).ok().map(i64::from);
                self.number(number).map(&mut self.lost, member)
            }
            Entity::Field(field) => self.gather(*field, |column, row| match column {
                Column::Member(members) => members.get(row).map(i64::from),
                _ => None,
            }),
            Entity::RowField(row, field) => self.row_field(*row, *field, |cell| match cell {
                Cell::Member(member) => Some((*member).into()),
                _ => None,
            }),
            Entity::Choose(condition, yes, no) => {
                let chosen = self.truth(condition);
                self.choose(&chosen, |group| group.entity(yes), |group| group.entity(no))
            }
            Entity::Carried(carried) => self.carried(*carried, |held| match held {
                Held::Member(member) => Some(member.into()),
                _ => None,
            }),
        }
    }

    /// What each event has in a field.
    pub(super) fn gather(
        &mut self,
        field: u32,
        of: impl Fn(&Column, usize) -> Option<i64>,
    ) -> Numbers {
        let Some(column) = self.of.batch.columns.get(at(field)) else { return self.constant(None) };
        let rows = self.rows.iter().zip(&mut self.lost);
        let values = rows.map(|(row, lost)| {
            let value = of(column, at(*row));
            *lost |= value.is_none();
            value.unwrap_or(0)
        });
        Numbers::each(values.collect())
    }

    /// Stored whole numbers or amounts.
    pub(super) fn whole(&mut self, field: u32) -> Numbers {
        match self.of.batch.columns.get(at(field)) {
            Some(Column::Integer(values) | Column::Money(values)) => match values.all() {
                Some(all) => {
                    let rows = self.rows.iter();
                    let chosen = rows.map(|row| all.get(at(*row)).copied().unwrap_or(0));
                    Numbers::each(chosen.collect())
                }
                None => self.gather(field, |column, row| match column {
                    Column::Integer(values) | Column::Money(values) => narrow(values.get(row)?),
                    _ => None,
                }),
            },
            _ => self.constant(None),
        }
    }

    fn flag(&mut self, field: u32) -> Truths {
        let flags = self.gather(field, |column, row| match column {
            Column::Bool(flags) => flags.get(row).map(i64::from),
            _ => None,
        });
        flags.test(|flag| flag == 1)
    }

    /// A field of a row of a register; the row must be there.
    pub(super) fn row_field(
        &mut self,
        row: u32,
        field: u32,
        of: impl Fn(&Cell) -> Option<i64>,
    ) -> Numbers {
        let Some((register, entries)) = self.entries(row) else { return self.constant(None) };
        let registers = self.of.registers;
        if let Some(steady) = registers.steady_of(register, field) {
            let known = |entry| of(steady.get(usize::try_from(entry).ok()?)?.get()?);
            return entries.map(&mut self.lost, known);
        }
        let numbers = registers.numbers(register, field);
        entries.map(&mut self.lost, |entry| {
            let entry = u32::try_from(entry).ok()?;
            numbers.of(entry).or_else(|| of(&registers.value(register, entry, field)?.cell()))
        })
    }

    /// Rows whose place is unclear are the evaluator's.
    fn clear(&mut self, rows: Numbers) -> Numbers {
        rows.map(&mut self.lost, |row| (row != UNCLEAR).then_some(row))
    }

    /// The rows of a register that the events ask for, each looked for once.
    pub(super) fn row(&mut self, row: u32) -> Numbers {
        if let Some(Some(found)) = self.found.get(at(row)) {
            return found.clone();
        }
        let found = match self.of.lane.rows.get(at(row)) {
            Some(RowRead::Keyed { register, key }) => self.look_up(row, *register, key),
            _ => Numbers::All(UNCLEAR),
        };
        if let Some(place) = self.found.get_mut(at(row)) {
            *place = Some(found.clone());
        }
        found
    }

    fn look_up(&mut self, read: u32, register: u32, key: &[KeyPart]) -> Numbers {
        let of = self.of;
        let number = |found| match found {
            Found::Nothing => NO_ROW,
            Found::Row(entry) => entry.into(),
            Found::Unclear => UNCLEAR,
        };
        let mut parts = Vec::with_capacity(key.len());
        let found = self.rows.iter().map(|row| {
            if let Some(found) = of.ahead.row(read, at(*row)) {
                return number(found);
            }
            parts.clear();
            parts.extend(key.iter().map_while(|part| self.stored_part(part, at(*row))));
            match parts.len() == key.len() {
                true => number(only_row(of.registers, register, &parts)),
                false => UNCLEAR,
            }
        });
        Numbers::each(found.collect())
    }

    /// A part of a key that stands in a field.
    pub(super) fn stored_part(&self, part: &KeyPart, row: usize) -> Option<Part> {
        let column = |field: &u32| self.of.batch.columns.get(at(*field));
        match part {
            KeyPart::Text(field) => match (self.of.ahead.text(*field, row), column(field)?) {
                (Some(known), _) => Some(known),
                (None, Column::Text(texts)) => Some(self.state.names.known_text(texts.get(row)?)),
                _ => None,
            },
            KeyPart::Member(Entity::Field(field)) => match column(field)? {
                Column::Member(members) => members.get(row).map(Part::Member),
                _ => None,
            },
            KeyPart::Whole(Number::Field(field)) => match column(field)? {
                Column::Integer(values) | Column::Money(values) => {
                    narrow(values.get(row)?).map(Part::Integer)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Totals, with what the events themselves add to them where that counts.
    fn total(&mut self, sum: Sum, own: &[u32], as_of: Option<&Day>) -> Numbers {
        let Some(as_of) = as_of else {
            let total = self.sum(sum);
            return self.with_own(total, own);
        };
        let days = self.day(as_of);
        let counts = self.days.test_with(&days, |own, as_of| own < as_of);
        let before = self.sum_before(sum, days);
        if own.is_empty() {
            return before;
        }
        let with_own = self.within(&counts, |group| group.with_own(before.clone(), own));
        counts.choose(with_own, &before)
    }

    fn with_own(&mut self, total: Numbers, own: &[u32]) -> Numbers {
        own.iter().fold(total, |total, add| {
            let own = self.own_add(at(*add));
            total.plus(own, &mut self.lost)
        })
    }

    /// Totals of what is dated before some days.
    fn sum_before(&mut self, sum: Sum, days: Numbers) -> Numbers {
        let totals =
            self.outlives().totals.get(at(sum.tally)).and_then(|it| it.get(at(sum.projection)));
        let keys = self.keys.get(at(sum.key)).cloned().flatten();
        let Some((totals, keys)) = totals.zip(keys) else { return self.constant(None) };
        keys.with(days, &mut self.lost, |key, day| {
            narrow(totals.whole(u32::try_from(key).ok()?, Some(date(day)?))?)
        })
    }

    /// Totals as of now, where they are whole numbers.
    pub(super) fn sum(&mut self, sum: Sum) -> Numbers {
        let totals =
            self.outlives().totals.get(at(sum.tally)).and_then(|it| it.get(at(sum.projection)));
        let keys = self.keys.get(at(sum.key)).cloned().flatten();
        let Some((totals, keys)) = totals.zip(keys) else { return self.constant(None) };
        keys.map(&mut self.lost, |key| narrow(totals.whole(u32::try_from(key).ok()?, None)?))
    }

    /// What the events themselves add to a tally: worked out for all before anything else, since each
    /// of them needs it.
    pub(super) fn own_add(&mut self, place: usize) -> Numbers {
        if let Some(known) = self.adds.get(place) {
            return known.clone();
        }
        let program = self.of.program;
        let Some(add) = program.adds.get(place) else { return self.constant(None) };
        let when = self.truth(&add.when);
        let none = |_: &mut Self| Numbers::All(0);
        self.choose(&when, |group| group.number(&add.amount), none)
    }
}
