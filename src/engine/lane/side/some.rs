//! What is worked out for some of the events of a group: those that a condition leaves.

use std::rc::Rc;

use super::Group;
use super::numbers::{Numbers, Truths};

/// What was worked out for some events of a group, at their places among all of them; what stands
/// elsewhere nobody asks for.
pub(super) trait Over {
    fn over(self, places: &[usize], events: usize) -> Self;
}

impl Over for Numbers {
    fn over(self, places: &[usize], events: usize) -> Numbers {
        match self {
            Numbers::All(value) => Numbers::All(value),
            others => {
                let own = others.into_spread(places.len());
                Numbers::each(scattered(own.iter().copied(), places, events))
            }
        }
    }
}

impl Over for Truths {
    fn over(self, places: &[usize], events: usize) -> Truths {
        match self {
            Truths::All(value) => Truths::All(value),
            Truths::Each(values) => Truths::Each(scattered(values.into_iter(), places, events)),
        }
    }
}

impl<T: Clone + Default> Over for Vec<T> {
    fn over(self, places: &[usize], events: usize) -> Vec<T> {
        scattered(self.into_iter(), places, events)
    }
}

impl<A: Over, B: Over, C: Over> Over for (A, B, C) {
    fn over(self, places: &[usize], events: usize) -> (A, B, C) {
        let (a, b, c) = self;
        (a.over(places, events), b.over(places, events), c.over(places, events))
    }
}

fn scattered<T: Clone + Default>(
    own: impl Iterator<Item = T>,
    places: &[usize],
    events: usize,
) -> Vec<T> {
    let mut all = vec![T::default(); events];
    for (place, own) in places.iter().zip(own) {
        if let Some(to) = all.get_mut(*place) {
            *to = own;
        }
    }
    all
}

impl Group<'_, '_> {
    /// One or the other, each worked out for those alone that it is for.
    pub(super) fn choose(
        &mut self,
        chosen: &Truths,
        yes: impl FnOnce(&mut Self) -> Numbers,
        no: impl FnOnce(&mut Self) -> Numbers,
    ) -> Numbers {
        match chosen {
            Truths::All(true) => yes(self),
            Truths::All(false) => no(self),
            Truths::Each(_) => {
                let (yes, no) = (self.within(chosen, yes), self.without(chosen, no));
                chosen.choose(yes, &no)
            }
        }
    }

    /// Works out what matters where something holds: what is lost elsewhere is not. Where that is few
    /// events it is worked out for them alone.
    pub(super) fn within<T: Over>(
        &mut self,
        chosen: &Truths,
        of: impl FnOnce(&mut Self) -> T,
    ) -> T {
        if let Some(places) = chosen.few() {
            let places = Rc::new(places);
            let mut few = self.only(&places);
            let made = of(&mut few);
            self.lose_of(&few, &places);
            return made.over(&places, self.rows.len());
        }
        let outside = std::mem::take(&mut self.lost);
        self.lost = vec![false; outside.len()];
        let made = of(self);
        let inside = std::mem::replace(&mut self.lost, outside);
        let both = self.lost.iter_mut().zip(inside);
        match chosen {
            Truths::All(true) => both.for_each(|(lost, inside)| *lost |= inside),
            Truths::All(false) => {}
            Truths::Each(chosen) => {
                both.zip(chosen).for_each(|((lost, inside), chosen)| *lost |= inside & *chosen);
            }
        }
        made
    }

    /// An event is lost where it is in a group made of some; it may stand there more than once.
    pub(super) fn lose_of(&mut self, some: &Group<'_, '_>, places: &[usize]) {
        for (place, lost) in places.iter().zip(&some.lost) {
            if let Some(own) = self.lost.get_mut(*place) {
                *own |= lost;
            }
        }
    }

    fn without<T: Over>(&mut self, chosen: &Truths, of: impl FnOnce(&mut Self) -> T) -> T {
        self.within(&chosen.clone().not(), of)
    }

    /// Works something out, and says whether no event was lost by it.
    pub(super) fn all_have(&mut self, of: impl FnOnce(&mut Self) -> Numbers) -> (Numbers, bool) {
        let before = std::mem::take(&mut self.lost);
        self.lost = vec![false; before.len()];
        let made = of(self);
        let own = std::mem::replace(&mut self.lost, before);
        let all = !own.contains(&true);
        if !all {
            self.lost.iter_mut().zip(own).for_each(|(lost, own)| *lost |= own);
        }
        (made, all)
    }
}
