//! Carried values, and names that heads give to values.

use super::super::{Change, Comparison, Expr, Kind, at};
use super::expr::{Locals, Maker, Scene};
use super::rational::{Rational, multiplied};
use super::typed::{Typed, choose};
use super::{Becomes, Carried, Day, Entity, Number, Span, Text, Tree, Truth};

impl<'p> Maker<'p> {
    /// What a carry holds under a key, or what it starts with.
    pub fn carried(
        &mut self,
        carry: u32,
        keys: &'p [Expr],
        scene: &mut Scene<'_>,
    ) -> Option<Typed> {
        if self.after {
            return None;
        }
        let plan = self.plan;
        let declared = plan.carries.get(at(carry))?;
        let parts = self.lasting(keys, scene)?;
        let carried = Carried { carry, key: self.key(declared.space, parts) };
        let held = match &declared.kind {
            Kind::Bool => Typed::Truth(Truth::Carried(carried)),
            Kind::Money { scale, .. } => {
                let den = 10_i128.checked_pow(u32::from(*scale))?;
                Typed::Number(Rational::new(Number::Carried(carried, den), den)?)
            }
            Kind::Integer => Typed::Number(Rational::new(Number::Carried(carried, 1), 1)?),
            Kind::Number => Typed::Number(Rational::new(Number::Carried(carried, RATES), RATES)?),
            Kind::Date => Typed::Day(Day::Carried(carried)),
            Kind::Period => Typed::Span(Span::Carried(carried)),
            Kind::Text => Typed::Text(Text::Carried(carried)),
            Kind::Member(_) => Typed::Entity(Entity::Carried(carried)),
            Kind::Option(_) | Kind::Duration | Kind::Row(_) | Kind::List(_) => return None,
        };
        let starts =
            self.typed(&declared.starts, &mut Scene { locals: &mut Vec::new(), own: None });
        choose(Truth::Held(carried), Some(held), starts)
    }

    /// What an event makes of a carry.
    pub fn becomes(&mut self, change: &'p Change) -> Option<Becomes> {
        let plan = self.plan;
        let space = plan.carries.get(at(change.of))?.space;
        let mut locals: Locals = vec![None; at(change.locals)];
        let scene = &mut Scene { locals: &mut locals, own: None };
        let when = match &change.when {
            Some(when) => self.truth(when, scene)?,
            None => Truth::Constant(true),
        };
        let value = tree(self.typed(&change.value, scene)?)?;
        let parts = self.parts(&change.keys, scene)?;
        Some(Becomes { when, to: Carried { carry: change.of, key: self.key(space, parts) }, value })
    }

    /// A value that is given a name. The evaluator works it out when it is named, so that it has to
    /// have an answer, whether or not anybody needs it then; here it is worked out once.
    pub fn named(&mut self, value: Option<Typed>) -> (Option<Typed>, Truth) {
        let sure = Truth::Constant(true);
        let Some(value) = value else { return (None, Truth::Unknown) };
        let is_sure = match &value {
            Typed::Number(Rational { number, under, .. }) => {
                under.is_empty() && self.is_sure_number(number)
            }
            Typed::Truth(truth) => self.is_sure(truth),
            Typed::Day(day) => self.is_sure_day(day),
            Typed::Span(span) => self.is_sure_span(span),
            Typed::Entity(entity) => self.is_sure_entity(entity),
            Typed::Text(text) => self.is_sure_text(text),
            Typed::Length(_) => true,
            Typed::Row(_) => false,
        };
        if is_sure {
            return (Some(value), sure);
        }
        let value = if self.at_row { Some(value) } else { self.kept_once(value) };
        let Some(value) = value else { return (None, Truth::Unknown) };
        let asked = match &value {
            // A row that is not there is one, too.
            Typed::Row(row) => Some(Tree::Truth(Truth::Found(*row))),
            value => tree(value.clone()),
        };
        let asked = asked.map_or(Truth::Unknown, |tree| Truth::Answers(Box::new(tree)));
        (Some(value), asked)
    }
}

impl Maker<'_> {
    /// A value that is worked out once, where it is a number or a condition.
    fn kept_once(&mut self, value: Typed) -> Option<Typed> {
        Some(match value {
            Typed::Truth(truth) => Typed::Truth(self.kept_truth(truth)?),
            Typed::Number(value) => Typed::Number(match value.number {
                // One of two known numbers stays what it is.
                Number::Choose(condition, yes, no) if is_known(&yes) && is_known(&no) => {
                    let condition = Box::new(self.kept_truth(*condition)?);
                    Rational { number: Number::Choose(condition, yes, no), ..value }
                }
                _ => self.keep(value)?,
            }),
            value => value,
        })
    }

    fn kept_truth(&mut self, truth: Truth) -> Option<Truth> {
        let (yes, no) = (Box::new(Number::Constant(1)), Box::new(Number::Constant(0)));
        let number = Number::Choose(Box::new(truth), yes.clone(), no);
        let kept = Box::new(self.keep(Rational::new(number, 1)?)?.number);
        Some(Truth::Numbers(Comparison::Equal, kept, yes))
    }
}

fn is_known(number: &Number) -> bool {
    matches!(number, Number::Constant(_))
}

/// Carried rates and numbers are taken as so many parts, as stored ones are.
const RATES: i128 = 10_000;

/// A tree of any type that values of data have.
fn tree(typed: Typed) -> Option<Tree> {
    Some(match typed {
        Typed::Number(Rational { number, den, under }) => {
            Tree::Number(number, den, multiplied(Number::Constant(1), &under))
        }
        Typed::Truth(truth) => Tree::Truth(truth),
        Typed::Day(day) => Tree::Day(day),
        Typed::Span(span) => Tree::Span(span),
        Typed::Entity(entity) => Tree::Entity(entity),
        Typed::Text(text) => Tree::Text(text),
        Typed::Length(_) | Typed::Row(_) => return None,
    })
}
