//! Carried values and texts of many events at once, and values of any type.

use std::rc::Rc;
use std::sync::Arc;

use crate::base::Date;

use crate::plan::{Becomes, Carried, Comparison, Text, Tree, at, holds};
use crate::rows::Column;

use super::numbers::{Numbers, Truths};
use super::some::Over;
use super::spans::period;
use super::{Group, date};
use crate::engine::carried::{CarriedValues, Held};

/// A new value of a carry for each event.
pub(super) struct Becoming {
    pub to: Carried,
    /// For which events.
    pub when: Truths,
    values: Values,
}

/// A value for each event.
enum Values {
    /// Numerators, the denominator, and what that is multiplied with.
    Number(Numbers, i128, Numbers),
    Bool(Truths),
    Date(Numbers),
    Period(Numbers),
    Member(Numbers),
    Text(Vec<Option<Arc<str>>>),
}

impl Over for Values {
    fn over(self, places: &[usize], events: usize) -> Values {
        match self {
            Values::Number(numbers, den, under) => {
                Values::Number(numbers.over(places, events), den, under.over(places, events))
            }
            Values::Bool(truths) => Values::Bool(truths.over(places, events)),
            Values::Date(days) => Values::Date(days.over(places, events)),
            Values::Period(periods) => Values::Period(periods.over(places, events)),
            Values::Member(members) => Values::Member(members.over(places, events)),
            Values::Text(texts) => Values::Text(texts.over(places, events)),
        }
    }
}

impl Becoming {
    /// The same for some of the events.
    pub fn only(self, places: &Rc<Vec<usize>>) -> Becoming {
        let values = match self.values {
            Values::Number(numbers, den, under) => {
                Values::Number(numbers.only(places), den, under.only(places))
            }
            Values::Bool(truths) => Values::Bool(truths.only(places)),
            Values::Date(days) => Values::Date(days.only(places)),
            Values::Period(periods) => Values::Period(periods.only(places)),
            Values::Member(members) => Values::Member(members.only(places)),
            Values::Text(texts) => {
                let text = |place: &usize| texts.get(*place).cloned().flatten();
                Values::Text(places.iter().map(text).collect())
            }
        };
        Becoming { to: self.to, when: self.when.only(places), values }
    }

    /// Puts that of an event under a key.
    pub fn put(&self, place: usize, carried: &mut CarriedValues, key: u32) -> Option<()> {
        let held = match &self.values {
            Values::Number(numbers, den, under) => {
                let den = den.checked_mul(under.at(place).into())?;
                return carried.put_ratio(key, numbers.at(place).into(), den).ok();
            }
            Values::Text(texts) => {
                carried.put_text(key, texts.get(place)?.clone()?);
                return Some(());
            }
            Values::Bool(truths) => Held::Bool(truths.at(place)),
            Values::Date(days) => Held::Date(date(days.at(place))?),
            Values::Period(periods) => Held::Period(period(periods.at(place))?),
            Values::Member(members) => Held::Member(u32::try_from(members.at(place)).ok()?),
        };
        carried.hold(key, held);
        Some(())
    }
}

impl<'a, 's> Group<'a, 's> {
    /// What the events make of a carry.
    pub(super) fn becoming(&mut self, becomes: &Becomes) -> Becoming {
        if self.keys.get(at(becomes.to.key)).is_none_or(Option::is_none) {
            self.lost.fill(true);
        }
        let when = self.truth(&becomes.when);
        let values = self.within(&when, |group| group.values(&becomes.value));
        Becoming { to: becomes.to, when, values }
    }

    fn values(&mut self, tree: &Tree) -> Values {
        match tree {
            Tree::Number(number, den, under) => {
                let numbers = self.number(number);
                let under = self.number(under);
                let positive = under.map(&mut self.lost, |under| (under > 0).then_some(under));
                Values::Number(numbers, *den, positive)
            }
            Tree::Truth(truth) => Values::Bool(self.truth(truth)),
            Tree::Day(day) => {
                let days = self.day(day);
                let valid = |day| date(day).map(Date::days).map(i64::from);
                Values::Date(days.map(&mut self.lost, valid))
            }
            Tree::Span(span) => Values::Period(self.span(span)),
            Tree::Entity(entity) => Values::Member(self.entity(entity)),
            Tree::Text(text) => {
                let texts = self.texts(text);
                let texts: Vec<Option<Arc<str>>> =
                    texts.into_iter().map(|text| text.map(Arc::from)).collect();
                self.lose(|place| texts.get(place).is_none_or(Option::is_none));
                Values::Text(texts)
            }
        }
    }

    /// Those for whom a tree has no answer are lost.
    pub(super) fn answers(&mut self, tree: &Tree) -> Truths {
        self.values(tree);
        Truths::All(true)
    }

    /// What a carry holds for each event.
    pub(super) fn carried(
        &mut self,
        carried: Carried,
        of: impl Fn(Held) -> Option<i64>,
    ) -> Numbers {
        self.of_carried(carried, |values, key| of(values.get(key)?))
    }

    /// The same of a carry and the number of a key.
    pub(super) fn of_carried(
        &mut self,
        carried: Carried,
        of: impl Fn(&CarriedValues, u32) -> Option<i64>,
    ) -> Numbers {
        let held = self.outlives().carried.get(at(carried.carry));
        let keys = self.keys.get(at(carried.key)).cloned().flatten();
        let Some((held, keys)) = held.zip(keys) else { return self.constant(None) };
        keys.map(&mut self.lost, |key| of(held, u32::try_from(key).ok()?))
    }

    /// Whether it holds anything.
    pub(super) fn held(&mut self, carried: Carried) -> Truths {
        let held = self.outlives().carried.get(at(carried.carry));
        let keys = self.keys.get(at(carried.key)).cloned().flatten();
        let Some((held, keys)) = held.zip(keys) else {
            self.lost.fill(true);
            return Truths::All(false);
        };
        keys.test(|key| u32::try_from(key).ok().and_then(|key| held.get(key)).is_some())
    }

    /// A number that is worked out once. Who has none is lost where it is asked for, and nowhere else.
    pub(super) fn kept(&mut self, place: u32) -> Numbers {
        let program = self.of.program;
        let known = self.kept.get(at(place)).cloned().flatten();
        let (numbers, lost) = match (known, program.kept.get(at(place))) {
            (Some(known), _) => known,
            (None, None) => return self.constant(None),
            (None, Some(number)) => {
                let before = std::mem::take(&mut self.lost);
                self.lost = vec![false; before.len()];
                let numbers = self.number(number);
                let lost = std::mem::replace(&mut self.lost, before);
                let lost = lost.contains(&true).then_some(lost);
                if let Some(kept) = self.kept.get_mut(at(place)) {
                    *kept = Some((numbers.clone(), lost.clone()));
                }
                (numbers, lost)
            }
        };
        if let Some(lost) = lost {
            self.lose(|place| lost.get(place).copied().unwrap_or(true));
        }
        numbers
    }

    pub(super) fn compare_texts(&mut self, how: Comparison, one: &Text, two: &Text) -> Truths {
        let (one, two) = (self.texts(one), self.texts(two));
        let both = one.into_iter().zip(two).zip(&mut self.lost);
        let compared = both.map(|((one, two), lost)| {
            let compared = one.zip(two).map(|(one, two)| holds(how, &one, &two));
            *lost |= compared.is_none();
            compared.unwrap_or(false)
        });
        Truths::Each(compared.collect())
    }

    /// A text for each event, where there is one.
    fn texts<'t>(&mut self, text: &'t Text) -> Vec<Option<&'t str>>
    where
        'a: 't,
        's: 't,
    {
        let (batch, registers) = (self.of.batch, self.of.registers);
        let count = self.rows.len();
        match text {
            Text::Constant(text) => vec![Some(text); count],
            Text::Unknown => vec![None; count],
            Text::Field(field) => match batch.columns.get(at(*field)) {
                Some(Column::Text(texts)) => {
                    self.rows.iter().map(|row| texts.get(at(*row))).collect()
                }
                _ => vec![None; count],
            },
            Text::RowField(row, field) => {
                let Some((register, entries)) = self.entries(*row) else {
                    return vec![None; count];
                };
                let text = |entry: i64| {
                    registers.value(register, u32::try_from(entry).ok()?, *field)?.text()
                };
                entries.spread(count).iter().map(|entry| text(*entry)).collect()
            }
            Text::Choose(condition, yes, no) => {
                let chosen = self.truth(condition);
                let not_chosen = chosen.clone().not();
                let yes = self.within(&chosen, |group| group.texts(yes));
                let no = self.within(&not_chosen, |group| group.texts(no));
                let both = yes.into_iter().zip(no).enumerate();
                both.map(|(place, (yes, no))| if chosen.at(place) { yes } else { no }).collect()
            }
            Text::Carried(carried) => {
                let held = self.outlives().carried.get(at(carried.carry));
                let keys = self.keys.get(at(carried.key)).and_then(Option::as_ref);
                let Some((held, keys)) = held.zip(keys) else { return vec![None; count] };
                let text = |key: i64| held.text(u32::try_from(key).ok()?);
                keys.spread(count).iter().map(|key| text(*key)).collect()
            }
        }
    }
}
