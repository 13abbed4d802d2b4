//! State: how it is kept, who changes it, and whether order matters.

use crate::base::Exact;
use crate::model::{self, EventId};

use super::super::{Carry, Change, Tally};
use super::expr::Slots;
use super::{Compiler, Context, Item, Touch};

impl Compiler<'_> {
    pub(super) fn carry(&mut self, carry: &model::Carry) -> Carry {
        let context = Context { who: &carry.name.text, ..Context::default() };
        let starts = self.expr(&carry.starts, context, &mut Slots::default());
        Carry { name: carry.name.text.clone(), keys: carry.key_names.clone(), starts }
    }

    /// The tallies, and how many key spaces they have.
    pub(super) fn tallies(&self) -> (Vec<Tally>, u32) {
        let mut spaces: Vec<Vec<&str>> = Vec::new();
        let mut tallies = Vec::with_capacity(self.rules.tallies.len());
        for (tally, projections) in self.rules.tallies.iter().zip(&self.projections) {
            let mut projections = projections.clone();
            for projection in &mut projections {
                let name = |part: &usize| tally.key_names.get(*part).map_or("", String::as_str);
                let names: Vec<&str> = projection.parts.iter().map(name).collect();
                let known = spaces.iter().position(|space| *space == names);
                let space = known.unwrap_or(spaces.len());
                if known.is_none() {
                    spaces.push(names);
                }
                projection.space = u32::try_from(space).unwrap_or(u32::MAX);
            }
            tallies.push(Tally {
                name: tally.name.text.clone(),
                keys: tally.key_names.clone(),
                unit: self.unit_of(&tally.ty),
                projections,
            });
        }
        (tallies, u32::try_from(spaces.len()).unwrap_or(u32::MAX))
    }

    /// What an event adds to tallies of itself.
    pub(super) fn adds(&mut self, id: EventId) -> Vec<Change> {
        let rules = self.rules;
        let mut changes = Vec::new();
        for (place, tally) in rules.tallies.iter().enumerate() {
            let of = model::TallyId::next(place).0;
            let unit = self.unit_of(&tally.ty);
            for change in tally.feeders.iter().filter(|change| change.event == id) {
                let context = Context { event: Some(id), who: &tally.name.text };
                changes.push(self.change(change, context, Item::Tally(of), unit.clone()));
            }
        }
        changes
    }

    /// What an event makes of carries.
    pub(super) fn becomes(&mut self, id: EventId) -> Vec<Change> {
        let rules = self.rules;
        let mut changes = Vec::new();
        for (place, carry) in rules.carries.iter().enumerate() {
            let of = model::CarryId::next(place).0;
            for change in carry.changes.iter().filter(|change| change.event == id) {
                let context = Context { event: Some(id), who: &carry.name.text };
                changes.push(self.change(change, context, Item::Carry(of), Exact::ONE));
            }
        }
        changes
    }

    fn change(
        &mut self,
        change: &model::Change,
        context: Context<'_>,
        item: Item,
        unit: Exact,
    ) -> Change {
        let of = match item {
            Item::Tally(of) | Item::Carry(of) => of,
            Item::Balance(_) | Item::Owed | Item::Original(_) => u32::MAX,
        };
        let mut slots = Slots::of(&change.locals);
        let when = change.when.as_ref().map(|when| self.expr(when, context, &mut slots));
        let keys = self.exprs(&change.keys, context, &mut slots);
        let value = self.expr(&change.value, context, &mut slots);
        self.touch_whole(context, item, &keys, false);
        Change { of, locals: slots.count, when, keys, value, unit }
    }

    /// Whether a result of the first pass depends on earlier events. Stages come after all of them,
    /// in the order of their periods, whatever the order before.
    pub(super) fn ordered(&self) -> bool {
        self.touches.iter().any(|touch| touch.reads && !self.is_stage(touch.event))
    }

    /// Whether a result depends on the order of two events of a kind. Sums do not.
    pub(super) fn order_matters(&self, event: EventId) -> bool {
        let sums = |touch: &Touch| !touch.reads && matches!(touch.item, Item::Tally(_));
        self.touches.iter().any(|touch| touch.event == Some(event) && !sums(touch))
    }

    /// Whether there is anything that outlives an event.
    pub(super) fn has_state(&self) -> bool {
        !self.touches.is_empty()
    }

    pub(super) fn is_stage(&self, event: Option<EventId>) -> bool {
        let event = event.and_then(|event| self.rules.events.get(event.index()));
        event.is_some_and(|event| matches!(event.source, model::EventSource::Stage { .. }))
    }
}
