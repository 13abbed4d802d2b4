//! Periods, texts and carried values in a lane, and values of any type.

use std::sync::Arc;

use crate::base::{Date, Exact, Period};

use crate::engine::carried::Held;
use crate::plan::{Carried, Comparison, Span, Text, Tree, at, holds};
use crate::rows::{Cell, Column};

use super::Event;
use super::whole::Whole;
use crate::engine::value::Part;

/// A text, lent by whoever holds it.
#[derive(Debug, Clone, Copy)]
enum Words<'t> {
    Lent(&'t str),
    /// Held by a carry, under a key of this number.
    Held(u32, u32),
}

impl<'a, W: Whole> Event<'a, W> {
    pub(super) fn period(&mut self, span: &Span) -> Option<Period> {
        match span {
            Span::Constant(period) => Some(*period),
            Span::Unknown => None,
            Span::Of(kind, day) => Some(Period::of(*kind, self.date_of(day)?)),
            Span::Field(field) => match self.column(*field)? {
                Column::Period(values) => values.get(self.row),
                _ => None,
            },
            Span::RowField(row, field) => match self.row_cell(*row, *field)? {
                Cell::Period(period) => Some(period),
                _ => None,
            },
            Span::Plus(span, by) => self.period(span)?.checked_add(*by),
            Span::Later(span, by) => {
                let by = i32::try_from(self.number(by)?.wide()?).ok()?;
                self.period(span)?.checked_add(by)
            }
            Span::Months(span, by) => {
                let period = self.period(span)?;
                let each = period.kind().months();
                (by % each == 0).then(|| period.checked_add(by / each))?
            }
            Span::Least(one, two) => Some(self.period(one)?.min(self.period(two)?)),
            Span::Greatest(one, two) => Some(self.period(one)?.max(self.period(two)?)),
            Span::Choose(condition, yes, no) => {
                let chosen = if self.truth(condition)? { yes } else { no };
                self.period(chosen)
            }
            Span::Carried(carried) => match self.carried(*carried)?? {
                Held::Period(period) => Some(period),
                _ => None,
            },
        }
    }

    /// What a carry holds, in parts of a denominator.
    pub(super) fn carried_parts(&mut self, carried: Carried, den: i128) -> Option<W> {
        let number = self.key(carried.key)?;
        let (num, own) = self.state.carried.get(at(carried.carry))?.ratio(number)?;
        W::of(parts(num, own, den)?)
    }

    /// What a carry holds, if it has been given a value under the key.
    pub(super) fn carried(&mut self, carried: Carried) -> Option<Option<Held>> {
        let number = self.key(carried.key)?;
        Some(self.state.carried.get(at(carried.carry))?.get(number))
    }

    fn text<'t>(&mut self, text: &'t Text) -> Option<Words<'t>>
    where
        'a: 't,
    {
        Some(match text {
            Text::Constant(text) => Words::Lent(text),
            Text::Unknown => return None,
            Text::Field(field) => match self.column(*field)? {
                Column::Text(texts) => Words::Lent(texts.get(self.row)?),
                _ => return None,
            },
            Text::RowField(row, field) => Words::Lent(self.row_said(*row, *field)?.text()?),
            Text::Choose(condition, yes, no) => {
                let chosen = if self.truth(condition)? { yes } else { no };
                self.text(chosen)?
            }
            Text::Carried(carried) => Words::Held(carried.carry, self.key(carried.key)?),
        })
    }

    fn said<'t>(&'t self, words: Words<'t>) -> Option<&'t str> {
        match words {
            Words::Lent(text) => Some(text),
            Words::Held(carry, key) => self.state.carried.get(at(carry))?.text(key),
        }
    }

    pub(super) fn compare_texts(
        &mut self,
        how: Comparison,
        one: &Text,
        two: &Text,
    ) -> Option<bool> {
        let (one, two) = (self.text(one)?, self.text(two)?);
        Some(holds(how, &self.said(one)?, &self.said(two)?))
    }

    /// A text as a part of a key.
    pub(super) fn text_part(&mut self, text: &Text, written: bool) -> Option<Part> {
        let words = self.text(text)?;
        match words {
            Words::Lent(text) => Some(self.state.names.text_part(text, written)),
            Words::Held(..) => {
                let kept: Arc<str> = self.said(words)?.into();
                Some(match written {
                    true => self.state.names.kept_text_part(&kept),
                    false => self.state.names.known_text(&kept),
                })
            }
        }
    }

    /// Whether a tree has an answer, whatever it is.
    pub(super) fn answers(&mut self, tree: &Tree) -> Option<bool> {
        match tree {
            Tree::Number(number, _, under) => {
                self.number(number)?;
                self.number(under)?;
            }
            Tree::Truth(truth) => {
                self.truth(truth)?;
            }
            Tree::Day(day) => {
                self.day(day)?;
            }
            Tree::Span(span) => {
                self.period(span)?;
            }
            Tree::Entity(entity) => {
                self.entity(entity)?;
            }
            Tree::Text(text) => {
                self.text(text)?;
            }
        }
        Some(true)
    }

    /// The value of a tree, as whoever carries it keeps it: money in major units.
    pub(super) fn cell_of(&mut self, tree: &Tree) -> Option<Cell> {
        Some(match tree {
            Tree::Number(number, den, under) => {
                let number = self.number(number)?.wide()?;
                let den = W::of(*den)?.times(self.number(under)?)?.wide()?;
                Cell::Number(Exact::from_ratio(number, den).ok()?)
            }
            Tree::Truth(truth) => Cell::Bool(self.truth(truth)?),
            Tree::Day(day) => Cell::Date(Date::from_days(self.day(day)?)?),
            Tree::Span(span) => Cell::Period(self.period(span)?),
            Tree::Entity(entity) => Cell::Member(self.entity(entity)?),
            Tree::Text(text) => {
                let words = self.text(text)?;
                Cell::Text(self.said(words)?.into())
            }
        })
    }
}

/// A value as a numerator over a denominator, if it is so many parts.
pub(super) fn parts_of(value: &Exact, den: i128) -> Option<i128> {
    let (num, own) = value.to_ratio()?;
    parts(num, own, den)
}

/// The same of a fraction, in lowest terms or not.
pub(super) fn parts(num: i128, own: i128, den: i128) -> Option<i128> {
    // Mostly it is one of these, and to divide takes as long as a visit to memory.
    if own == den {
        return Some(num);
    }
    if own == 1 {
        return num.checked_mul(den);
    }
    if den.checked_rem(own)? == 0 {
        return num.checked_mul(den.checked_div(own)?);
    }
    let parts = num.checked_mul(den)?;
    (parts.checked_rem(own)? == 0).then(|| parts.checked_div(own)).flatten()
}
