//! Heads of rules and levies.

use crate::base::Date;
use crate::model::Comparison;

use super::super::{Expr, Step as Head, at};
use super::expr::Scene;
use super::flow::Flow;
use super::typed::{Typed, all};
use super::{Day, Truth};

impl<'p> Flow<'p> {
    /// The head of a rule or levy, as one condition.
    pub(super) fn head(
        &mut self,
        (from, until): (Option<Date>, Option<Date>),
        steps: &'p [Head],
        scene: &mut Scene<'_>,
    ) -> Truth {
        let mut parts = Vec::with_capacity(steps.len() + 2);
        let day = |how, day: Date| {
            Truth::Days(how, Box::new(Day::Effective), Box::new(Day::Constant(day.days())))
        };
        parts.extend(from.map(|from| day(Comparison::GreaterEqual, from)));
        parts.extend(until.map(|until| day(Comparison::Less, until)));
        for step in steps {
            let (slot, value) = match step {
                Head::When(condition) => {
                    parts.push(self.maker.truth_or_unknown(condition, scene));
                    continue;
                }
                Head::Let(slot, value) | Head::With(slot, value) => (*slot, value),
            };
            let mut value = self.maker.typed(value, scene);
            match step {
                Head::With(_, expr) => parts.push(match (&value, expr) {
                    (Some(Typed::Row(row)), _) => Truth::Needed(*row),
                    (Some(_), Expr::Field(field)) if self.maker.is_stored(*field) => {
                        Truth::Any(vec![Truth::Present(*field), Truth::nothing()])
                    }
                    _ => Truth::Unknown,
                }),
                Head::Let(..) => {
                    let (named, asked) = self.maker.named(value);
                    value = named;
                    parts.push(asked);
                }
                Head::When(_) => {}
            }
            if let Some(place) = scene.locals.get_mut(at(slot)) {
                *place = value;
            }
        }
        all(parts)
    }
}
