//! State: how it is kept, who changes it, and whether order matters.

use crate::base::Exact;
use crate::model::{self, EventId};

use super::super::{Carry, Change, Tally};
use super::expr::Slots;
use super::{Compiler, Context, Item, Touch};

/// Key spaces, each known by the names of the parts of its keys.
#[derive(Default)]
struct Spaces<'n>(Vec<Vec<&'n str>>);

impl<'n> Spaces<'n> {
    fn of(&mut self, names: Vec<&'n str>) -> u32 {
        let known = self.0.iter().position(|space| *space == names);
        let place = known.unwrap_or(self.0.len());
        if known.is_none() {
            self.0.push(names);
        }
        u32::try_from(place).unwrap_or(u32::MAX)
    }
}

impl Compiler<'_> {
    pub(super) fn carry(&mut self, carry: &model::Carry) -> Carry {
        let context = Context { who: &carry.name.text, ..Context::default() };
        let starts = self.expr(&carry.starts, context, &mut Slots::default());
        Carry {
            name: carry.name.text.clone(),
            keys: carry.key_names.clone(),
            kind: self.kind(&carry.ty),
            starts,
            space: 0,
        }
    }

    /// The tallies. Their keys are given spaces, and so are those of the carries.
    pub(super) fn tallies(&self, carries: &mut [Carry]) -> (Vec<Tally>, u32) {
        let mut spaces = Spaces::default();
        let mut tallies = Vec::with_capacity(self.rules.tallies.len());
        for (tally, projections) in self.rules.tallies.iter().zip(&self.projections) {
            let mut projections = projections.clone();
            for projection in &mut projections {
                let name = |part: &usize| tally.key_names.get(*part).map_or("", String::as_str);
                projection.space = spaces.of(projection.parts.iter().map(name).collect());
            }
            tallies.push(Tally {
                name: tally.name.text.clone(),
                keys: tally.key_names.clone(),
                unit: self.unit_of(&tally.ty),
                projections,
            });
        }
        for (carry, declared) in carries.iter_mut().zip(&self.rules.carries) {
            carry.space = spaces.of(declared.key_names.iter().map(String::as_str).collect());
        }
        (tallies, u32::try_from(spaces.0.len()).unwrap_or(u32::MAX))
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
