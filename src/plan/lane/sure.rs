//! Whether a tree has an answer for every event that may be in the lane.
//!
//! What is sure need not be asked where nobody needs it: the evaluator would find no fault in it
//! either. To call sure what is not would let an event through that the evaluator sets aside; the
//! other way round only costs time.

use super::super::at;
use super::expr::Maker;
use super::{Day, Entity, KeyPart, Number, Span, Text, Truth};

impl Maker<'_> {
    /// A stored field that is never missing.
    fn given(&self, field: u32) -> bool {
        self.event.fields.get(at(field)).is_some_and(|declared| !declared.optional)
    }

    pub fn is_sure_number(&self, number: &Number) -> bool {
        let sure = |number: &Number| self.is_sure_number(number);
        match number {
            Number::Constant(_) | Number::Slot(_) => true,
            Number::Field(field) => self.given(*field),
            Number::Scaled(inner, _)
            | Number::Negate(inner)
            | Number::Absolute(inner)
            | Number::Rounded(inner, ..)
            | Number::Floor(inner, _) => sure(inner),
            Number::Add(one, two)
            | Number::Subtract(one, two)
            | Number::Multiply(one, two)
            | Number::Least(one, two)
            | Number::Greatest(one, two) => sure(one) && sure(two),
            Number::Choose(condition, yes, no) => self.is_sure(condition) && sure(yes) && sure(no),
            Number::Total { key, own, as_of, .. } => {
                let key = self.keys.get(at(*key));
                own.is_empty()
                    && key.is_some_and(|key| self.is_sure_key(&key.parts))
                    && as_of.as_ref().is_none_or(|day| self.is_sure_day(day))
            }
            Number::DaysBetween(one, two) | Number::MonthsBetween(one, two) => {
                self.is_sure_day(one) && self.is_sure_day(two)
            }
            Number::YearOf(day) | Number::MonthOf(day) | Number::DayOf(day) => {
                self.is_sure_day(day)
            }
            Number::PeriodsBetween(one, two) => self.is_sure_span(one) && self.is_sure_span(two),
            _ => false,
        }
    }

    pub fn is_sure(&self, truth: &Truth) -> bool {
        match truth {
            Truth::Constant(_) | Truth::Present(_) => true,
            Truth::Field(field) => self.given(*field),
            Truth::Not(inner) => self.is_sure(inner),
            Truth::All(parts) | Truth::Any(parts) => parts.iter().all(|it| self.is_sure(it)),
            Truth::Numbers(_, one, two) => self.is_sure_number(one) && self.is_sure_number(two),
            Truth::Days(_, one, two) => self.is_sure_day(one) && self.is_sure_day(two),
            Truth::Spans(_, one, two) => self.is_sure_span(one) && self.is_sure_span(two),
            Truth::DayIn(day, span) => self.is_sure_day(day) && self.is_sure_span(span),
            Truth::Texts(_, one, two) => self.is_sure_text(one) && self.is_sure_text(two),
            Truth::Same(_, one, two) | Truth::Within(one, two, _) => {
                self.is_sure_entity(one) && self.is_sure_entity(two)
            }
            Truth::In(one, _) => self.is_sure_entity(one),
            _ => false,
        }
    }

    pub fn is_sure_day(&self, day: &Day) -> bool {
        match day {
            Day::Constant(_) | Day::Effective => true,
            Day::Field(field) => self.given(*field),
            Day::Least(one, two) | Day::Greatest(one, two) => {
                self.is_sure_day(one) && self.is_sure_day(two)
            }
            Day::Start(span) | Day::End(span) => self.is_sure_span(span),
            Day::Choose(condition, yes, no) => {
                self.is_sure(condition) && self.is_sure_day(yes) && self.is_sure_day(no)
            }
            _ => false,
        }
    }

    pub fn is_sure_span(&self, span: &Span) -> bool {
        match span {
            Span::Constant(_) => true,
            Span::Of(_, day) => self.is_sure_day(day),
            Span::Field(field) => self.given(*field),
            Span::Least(one, two) | Span::Greatest(one, two) => {
                self.is_sure_span(one) && self.is_sure_span(two)
            }
            Span::Choose(condition, yes, no) => {
                self.is_sure(condition) && self.is_sure_span(yes) && self.is_sure_span(no)
            }
            _ => false,
        }
    }

    pub fn is_sure_entity(&self, entity: &Entity) -> bool {
        match entity {
            Entity::Constant(_) => true,
            Entity::Field(field) => self.given(*field),
            _ => false,
        }
    }

    pub fn is_sure_text(&self, text: &Text) -> bool {
        match text {
            Text::Constant(_) => true,
            Text::Field(field) => self.given(*field),
            _ => false,
        }
    }

    /// Whether all parts of a key are.
    pub fn is_sure_key(&self, parts: &[KeyPart]) -> bool {
        parts.iter().all(|part| match part {
            KeyPart::Whole(number) => self.is_sure_number(number),
            KeyPart::Text(field) => self.given(*field),
            KeyPart::RowText(..) => false,
            KeyPart::Words(text) => self.is_sure_text(text),
            KeyPart::Member(entity) => self.is_sure_entity(entity),
            KeyPart::Day(day) => self.is_sure_day(day),
            KeyPart::Period(span) => self.is_sure_span(span),
            KeyPart::Bool(truth) => self.is_sure(truth),
        })
    }
}
