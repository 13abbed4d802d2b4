//! Rows, their weights, and what is gathered from them.

use crate::base::{Exact, Period};
use crate::model::Aggregate;

use super::super::{Expr, Figure, Kind, RowSource, Selection, at};
use super::expr::{Maker, Scene};
use super::rational::{Rational, common, multiplied};
use super::typed::Typed;
use super::{FigureOf, KeyPart, LaneFactors, Number, RowRead, Selected, Source, Span, Truth};

impl<'p> Maker<'p> {
    /// A number that is worked out once.
    pub fn keep(&mut self, value: Rational) -> Option<Rational> {
        let Rational { number, den, under } = value;
        let number = self.kept(number)?;
        let mut divisors = Vec::with_capacity(under.len());
        for by in under {
            divisors.push(self.kept(by)?);
        }
        Rational::divided(number, den, divisors)
    }

    /// A period that is worked out once: as how many periods it comes after a known one.
    pub fn keep_span(&mut self, span: Span) -> Option<Span> {
        let at_hand = matches!(span, Span::Constant(_) | Span::Field(_));
        let base = match span.kind() {
            Some(kind) if !at_hand => Span::Constant(Period::new(kind, 2000, 1)?),
            _ => return Some(span),
        };
        let after = Number::PeriodsBetween(Box::new(base.clone()), Box::new(span));
        Some(Span::Later(Box::new(base), Box::new(self.kept(after)?)))
    }

    fn kept(&mut self, number: Number) -> Option<Number> {
        if let Number::Constant(_) | Number::Kept(_) = number {
            return Some(number);
        }
        let known = self.kept.iter().position(|known| *known == number);
        let place = known.unwrap_or_else(|| {
            self.kept.push(number);
            self.kept.len() - 1
        });
        u32::try_from(place).ok().map(Number::Kept)
    }

    /// The parts of a key that is looked up once an event, whatever row is at hand.
    pub fn lasting(&mut self, keys: &'p [Expr], scene: &mut Scene<'_>) -> Option<Vec<KeyPart>> {
        let parts = self.parts(keys, scene)?;
        let plain = |part: &KeyPart| match part {
            KeyPart::Text(_) => true,
            KeyPart::Member(entity) => {
                matches!(entity, super::Entity::Constant(_) | super::Entity::Field(_))
            }
            _ => false,
        };
        (!self.at_row || parts.iter().all(plain)).then_some(parts)
    }

    /// Rows that meet a condition, as the number of the selection. The row at hand stands in the
    /// selection's slot.
    pub fn selected(&mut self, selection: &'p Selection, scene: &mut Scene<'_>) -> Option<u32> {
        // Rows of rows would have to be found for each of them.
        if self.at_row {
            return None;
        }
        let source = match &selection.source {
            RowSource::List(Expr::Field(field)) => {
                let declared = self.event.fields.get(at(*field))?;
                let records =
                    matches!(&declared.kind, Kind::List(of) if matches!(**of, Kind::Row(_)));
                let given = declared.computed.is_none() && !declared.optional;
                (records && given).then_some(Source::List(*field))?
            }
            RowSource::Register { register, keys } => {
                let key = self.parts(keys, scene)?;
                let fields = self.plan.registers.get(at(*register))?.keys.clone();
                Source::Register { register: *register, key, fields }
            }
            RowSource::List(_) | RowSource::Members(_) => return None,
        };
        let source = place(&mut self.sources, source)?;
        let row = self.row(RowRead::Item(source));
        *scene.locals.get_mut(at(selection.binding))? = Some(Typed::Row(row));
        let condition = match &selection.condition {
            Some(condition) => self.with_row(|maker| maker.truth(condition, scene))?,
            None => Truth::Constant(true),
        };
        self.gathered += 1;
        place(&mut self.selections, Selected { source, condition })
    }

    /// Runs with a row at hand.
    pub fn with_row<R>(&mut self, run: impl FnOnce(&mut Self) -> R) -> R {
        let before = std::mem::replace(&mut self.at_row, true);
        let made = run(self);
        self.at_row = before;
        made
    }

    /// Selected rows, and their shares if they have weights.
    pub fn weighed(
        &mut self,
        selection: &'p Selection,
        scene: &mut Scene<'_>,
    ) -> Option<(u32, Option<u32>)> {
        let rows = self.selected(selection, scene)?;
        if selection.factors.is_empty() {
            return Some((rows, None));
        }
        let mut den = 1;
        for factor in &selection.factors {
            den = common(den, factor.weight.to_ratio()?.1)?;
        }
        let mut factors = Vec::with_capacity(selection.factors.len());
        let mut divisors = Vec::new();
        for factor in &selection.factors {
            let value = self.with_row(|maker| maker.number(&factor.value, scene))?;
            if !value.under.iter().all(is_of_event) {
                return None;
            }
            let weight = factor.weight.mul(&Exact::from_int(den)).ok()?.to_int()?;
            factors.push((weight, value.number));
            divisors.extend(value.under);
        }
        divisors.dedup();
        let shares = place(&mut self.shares, LaneFactors { rows, factors, den, divisors })?;
        if let Some(slot) = selection.share {
            let under = vec![Number::ShareOf(shares)];
            let share = Rational::divided(Number::Share(shares), 1, under)?;
            *scene.locals.get_mut(at(slot))? = Some(Typed::Number(share));
        }
        Some((rows, Some(shares)))
    }

    /// A function over rows.
    pub fn aggregate(
        &mut self,
        function: Aggregate,
        value: Option<&'p Expr>,
        selection: &'p Selection,
        scene: &mut Scene<'_>,
    ) -> Option<Rational> {
        let (rows, shares) = self.weighed(selection, scene)?;
        match (function, value) {
            (Aggregate::Count, None) => Rational::new(Number::Count(rows, shares), 1),
            (Aggregate::Sum, Some(value)) => {
                let value = match self.with_row(|maker| maker.typed(value, scene)) {
                    Some(Typed::Number(value)) => value,
                    Some(_) => return None,
                    // Of no rows the sum is known.
                    None => Rational::new(Number::Unknown, 1)?,
                };
                let Rational { number, den, under } = value;
                if !under.iter().all(is_of_event) {
                    return None;
                }
                Rational::divided(Number::SumOver(rows, shares, Box::new(number)), den, under)
            }
            _ => None,
        }
    }

    /// A figure of the event.
    pub fn figure(&mut self, figure: &'p Figure) -> Option<FigureOf> {
        if !matches!(figure.kind, Kind::Number | Kind::Integer | Kind::Money { .. }) {
            return None;
        }
        let mut locals = vec![None; at(figure.locals)];
        let scene = &mut Scene { locals: &mut locals, own: None };
        let rows = match &figure.for_each {
            Some(selection) => Some(self.weighed(selection, scene)?),
            None => None,
        };
        self.at_row = rows.is_some();
        let when = match &figure.when {
            Some(when) => self.truth(when, scene),
            None => Some(Truth::Constant(true)),
        };
        let value = self.number(&figure.value, scene);
        self.at_row = false;
        let (when, Rational { number, den, under }) = (when?, value?);
        let under = multiplied(Number::Constant(1), &under);
        Some(FigureOf {
            figure: figure.figure,
            rows,
            when,
            number,
            den,
            under,
            kind: figure.kind.clone(),
        })
    }
}

/// The place of a thing in a list, where it is put if it is not there.
fn place<T: PartialEq>(list: &mut Vec<T>, thing: T) -> Option<u32> {
    let known = list.iter().position(|known| *known == thing);
    let place = known.unwrap_or_else(|| {
        list.push(thing);
        list.len() - 1
    });
    u32::try_from(place).ok()
}

/// Whether a number is the same whatever row is at hand.
fn is_of_event(number: &Number) -> bool {
    match number {
        Number::Constant(_)
        | Number::Field(_)
        | Number::Kept(_)
        | Number::ShareOf(_)
        | Number::Rate(None, ..) => true,
        Number::Positive(inner) | Number::Scaled(inner, _) => is_of_event(inner),
        Number::Multiply(one, two) => is_of_event(one) && is_of_event(two),
        _ => false,
    }
}
