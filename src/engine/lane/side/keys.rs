//! The keys of totals that events of a batch have, and which events undo which.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use foldhash::fast::FixedState;

use crate::base::Date;
use crate::plan::{KeyPart, Lane, at};
use crate::rows::{Batch, Column};

use super::numbers::Numbers;
use super::spans::period;
use super::{Group, Of, date, only};
use crate::engine::identity::Identity;
use crate::engine::keys::{Keys, Last, small};
use crate::engine::names::Names;
use crate::engine::state::State;
use crate::engine::value::Part;

/// A part of keys, for each of some events.
pub(super) enum PartOf {
    Whole(Numbers),
    Member(Numbers),
    Day(Numbers),
    Bool(Numbers),
    Period(Numbers),
    Text(u32),
}

/// The parts of all keys of totals, and for which events they are not to be had.
pub(super) struct PartsOf {
    /// Each once, however many keys have it.
    parts: Vec<PartOf>,
    /// By key, which they are.
    keys: Vec<Vec<usize>>,
    lost: Vec<bool>,
}

/// Works out the parts of keys of some events.
pub(super) fn parts_of(of: Of<'_>, state: &State, events: &[(u32, Date)]) -> PartsOf {
    let days = events.iter().map(|(_, day)| day.days().into()).collect();
    let rows = events.iter().map(|(row, _)| *row).collect();
    let mut group = Group::new(of, state, (rows, days), Vec::new());
    // What is put down for an event is not there yet: no key is made of it.
    group.slots.clear();
    let mut declared: Vec<&KeyPart> = Vec::new();
    let mut place = |part| {
        declared.iter().position(|known| *known == part).unwrap_or_else(|| {
            declared.push(part);
            declared.len() - 1
        })
    };
    let keys = of.lane.keys.iter();
    let keys = keys.map(|key| key.parts.iter().map(&mut place).collect()).collect();
    let parts = declared.into_iter().map(|part| group.part(part)).collect();
    PartsOf { parts, keys, lost: group.lost }
}

impl Group<'_, '_> {
    pub(super) fn part(&mut self, part: &KeyPart) -> PartOf {
        match part {
            KeyPart::Whole(number) => PartOf::Whole(self.number(number)),
            KeyPart::Member(entity) => PartOf::Member(self.entity(entity)),
            KeyPart::Day(day) => PartOf::Day(self.day(day)),
            KeyPart::Bool(truth) => {
                let truths = self.truth(truth);
                PartOf::Bool(truths.choose(Numbers::All(1), &Numbers::All(0)))
            }
            KeyPart::Period(span) => PartOf::Period(self.span(span)),
            KeyPart::Text(field) => PartOf::Text(*field),
            KeyPart::Words(_) | KeyPart::RowText(..) => {
                self.lost.fill(true);
                PartOf::Text(0)
            }
        }
    }

    /// The same of a key that is kept: those without a text are lost.
    pub(super) fn kept_part(&mut self, part: &KeyPart) -> PartOf {
        let made = self.part(part);
        if let PartOf::Text(field) = made {
            let texts = match self.of.batch.columns.get(at(field)) {
                Some(Column::Text(texts)) => Some(texts),
                _ => None,
            };
            let text = |row: &u32| texts.and_then(|texts| texts.get(at(*row)));
            let missing: Vec<bool> = self.rows.iter().map(|row| text(row).is_none()).collect();
            self.lose(|place| missing.get(place).copied().unwrap_or(true));
        }
        made
    }
}

/// What the texts of some events are as parts of keys, each looked for once.
#[derive(Default)]
pub(super) struct Texts {
    by_field: Vec<(u32, Vec<Option<Part>>)>,
}

impl Texts {
    /// Notes those that a part asks for.
    pub fn note(&mut self, part: &PartOf, of: Of<'_>, rows: &[u32], names: &mut Names) {
        let PartOf::Text(field) = part else { return };
        if self.by_field.iter().any(|(known, _)| known == field) {
            return;
        }
        let column = match of.batch.columns.get(at(*field)) {
            Some(Column::Text(texts)) => Some(texts),
            _ => None,
        };
        let mut last = u32::MAX;
        let part = |row: &u32| match of.ahead.text(*field, at(*row)) {
            Some(part) => Some(part),
            None => Some(names.next_text_part(column?.get(at(*row))?, &mut last)),
        };
        self.by_field.push((*field, rows.iter().map(part).collect()));
    }

    fn of(&self, field: u32) -> &[Option<Part>] {
        let known = self.by_field.iter().find(|(known, _)| *known == field);
        known.map_or(&[], |(_, parts)| parts)
    }
}

impl PartOf {
    /// That of one event.
    #[inline]
    pub fn at(&self, place: usize, texts: &Texts) -> Option<Part> {
        Some(match self {
            PartOf::Whole(numbers) => Part::Integer(numbers.at(place)),
            PartOf::Member(members) => Part::Member(u32::try_from(members.at(place)).ok()?),
            PartOf::Day(days) => Part::Date(date(days.at(place))?),
            PartOf::Bool(truths) => Part::Bool(truths.at(place) == 1),
            PartOf::Period(periods) => Part::Period(period(periods.at(place))?),
            PartOf::Text(field) => texts.of(*field).get(place).copied()??,
        })
    }

    /// Those of all events, as small numbers; nought where there is none that is small.
    fn small(&self, events: usize, texts: &Texts) -> Vec<u64> {
        let one = |part: Option<Part>| part.as_ref().and_then(small).unwrap_or(0);
        match self {
            PartOf::Text(field) => {
                texts.of(*field).iter().take(events).map(|part| one(*part)).collect()
            }
            PartOf::Period(Numbers::Each(periods)) => {
                // Events that follow one another are mostly of one period.
                let mut last = (0, one(period(0).map(Part::Period)));
                let own = periods.iter().take(events).map(|it| {
                    if last.0 != *it {
                        last = (*it, one(period(*it).map(Part::Period)));
                    }
                    last.1
                });
                own.collect()
            }
            _ => (0..events).map(|place| one(self.at(place, texts))).collect(),
        }
    }

    /// Those of some of the events.
    pub fn only(&self, places: &Rc<Vec<usize>>) -> PartOf {
        match self {
            PartOf::Whole(numbers) => PartOf::Whole(numbers.only(places)),
            PartOf::Member(members) => PartOf::Member(members.only(places)),
            PartOf::Day(days) => PartOf::Day(days.only(places)),
            PartOf::Bool(truths) => PartOf::Bool(truths.only(places)),
            PartOf::Period(periods) => PartOf::Period(periods.only(places)),
            PartOf::Text(field) => PartOf::Text(*field),
        }
    }
}

/// A space of keys, and the number that each event has in it.
pub(super) type InSpace = (usize, Rc<Vec<i64>>);

/// By what identifies an event that is undone, the number that it has among those.
type Undone = HashMap<Identity, i64, FixedState>;

/// The numbers of the keys of events, up to the first event that has one without a number.
pub(super) struct KeysOf {
    pub events: usize,
    /// By key of the lane.
    keys: Vec<InSpace>,
    /// What is undone in the batch stands under a key of its own, in a space of its own: the event
    /// and those that undo it have the same number there, all others none.
    undone: Option<InSpace>,
    /// What an event that undoes another changes besides: spaces and numbers of keys.
    besides: HashMap<usize, Vec<(usize, usize)>, FixedState>,
}

/// The numbers of keys of several parts: at once where each has two or three, all of them small.
fn numbers_of(
    parts: &[&PartOf],
    small: Option<&[Rc<Vec<u64>>]>,
    (count, texts): (usize, &Texts),
    space: &mut Keys,
) -> Vec<i64> {
    let of_all = |parts: &Rc<Vec<u64>>| parts.get(..count).is_some_and(|own| !own.contains(&0));
    let small = small.filter(|all| all.iter().all(of_all)).unwrap_or_default();
    let mut last = Last::default();
    let mut number = |key| i64::from(space.number_of_small(key, &mut last));
    match small {
        [first, second] => {
            let all = first.iter().zip(second.iter()).take(count);
            all.map(|(first, second)| number((*first, *second, None))).collect()
        }
        [first, second, third] => {
            let all = first.iter().zip(second.iter()).zip(third.iter()).take(count);
            all.map(|((first, second), third)| number((*first, *second, Some(*third)))).collect()
        }
        _ => {
            let mut key = Vec::with_capacity(parts.len());
            numbers_while(count, |place| {
                key.clear();
                key.extend(parts.iter().map_while(|part| part.at(place, texts)));
                (key.len() == parts.len()).then(|| space.number(&key))
            })
        }
    }
}

/// The numbers of so many keys, up to the first that has none.
fn numbers_while(count: usize, number: impl FnMut(usize) -> Option<u32>) -> Vec<i64> {
    let mut numbers = Vec::with_capacity(count);
    numbers.extend((0..count).map_while(number).map(i64::from));
    numbers
}

/// Events of a batch: their rows and days.
pub(super) type Events<'e> = &'e [(u32, Date)];

/// Those of some events of a batch that none of all that are taken with them undoes; nothing if that is all
/// of them.
pub(super) fn not_undone(
    lane: &Lane,
    batch: &Batch,
    (all, events): (Events<'_>, Events<'_>),
    state: &mut State,
) -> Option<Vec<(u32, Date)>> {
    let (field, kind) = lane.undoes?;
    let own = lane.kept_under.filter(|_| kind == batch.event)?;
    let (named, own) = (batch.columns.get(at(field))?, batch.columns.get(at(own))?);
    let mut undone: HashSet<Identity, FixedState> = HashSet::default();
    // Most events are told from all of those by a glance.
    let mut glance = [false; 1 << 10];
    let rows = all.iter().map(|(row, _)| at(*row));
    for row in rows.filter(|row| !named.is_missing(*row)) {
        if let Some(identity) = Identity::in_column(named, row, &mut state.names) {
            undone.insert(identity);
            glance.get_mut(identity.mixed::<10>()).into_iter().for_each(|seen| *seen = true);
        }
    }
    if undone.is_empty() {
        return None;
    }
    let may_be = |it: Identity| glance.get(it.mixed::<10>()).copied().unwrap_or(true);
    let is_other = |(row, _): &&(u32, Date)| {
        let identity = Identity::in_column(own, at(*row), &mut state.names);
        identity.is_some_and(|it| !(may_be(it) && undone.contains(&it)))
    };
    Some(events.iter().filter(is_other).copied().collect())
}

/// Stands for no number.
const NONE: i64 = -1;

impl KeysOf {
    pub fn new(of: Of<'_>, parts: &PartsOf, events: &[(u32, Date)], state: &mut State) -> KeysOf {
        let lane = of.lane;
        let mut count = parts.lost.iter().take_while(|lost| !**lost).count();
        let mut texts = Texts::default();
        let rows: Vec<u32> = events.iter().take(count).map(|(row, _)| *row).collect();
        for part in &parts.parts {
            texts.note(part, of, &rows, &mut state.names);
        }
        let mut columns: Vec<Option<Rc<Vec<u64>>>> = vec![None; parts.parts.len()];
        let mut keys = Vec::with_capacity(lane.keys.len());
        for (declared, places) in lane.keys.iter().zip(&parts.keys) {
            let Some(space) = state.keys.get_mut(at(declared.space)) else {
                return KeysOf::none();
            };
            let own: Vec<&PartOf> = places.iter().filter_map(|it| parts.parts.get(*it)).collect();
            let numbers: Vec<i64> = match own.as_slice() {
                [PartOf::Whole(values)] => {
                    let values = values.spread(events.len());
                    let values = values.iter().take(count);
                    values.map(|value| space.number(&[Part::Integer(*value)]).into()).collect()
                }
                [PartOf::Text(field)] => {
                    let own = texts.of(*field);
                    numbers_while(count, |place| Some(space.number(&[own.get(place).copied()??])))
                }
                [part] => {
                    numbers_while(count, |place| Some(space.number(&[part.at(place, &texts)?])))
                }
                own => {
                    let small = |place: &usize| {
                        let made = columns.get_mut(*place)?;
                        let part = parts.parts.get(*place)?;
                        let made = made.get_or_insert_with(|| Rc::new(part.small(count, &texts)));
                        Some(Rc::clone(made))
                    };
                    let columns: Option<Vec<_>> = match own.len() {
                        2 | 3 => places.iter().map(small).collect(),
                        _ => None,
                    };
                    numbers_of(own, columns.as_deref(), (count, &texts), space)
                }
            };
            count = numbers.len();
            keys.push((at(declared.space), numbers));
        }
        let up_to = |(space, mut numbers): (usize, Vec<i64>)| {
            numbers.truncate(count);
            (space, Rc::new(numbers))
        };
        let keys = keys.into_iter().map(up_to).collect();
        KeysOf { events: count, keys, ..KeysOf::none() }
    }

    fn none() -> KeysOf {
        KeysOf { events: 0, keys: Vec::new(), undone: None, besides: HashMap::default() }
    }

    /// Notes which events undo which. One that undoes another changes what stands under the keys of
    /// that, and whether it can depends on whether that has been.
    pub fn note_undone(&mut self, of: Of<'_>, events: &[(u32, Date)], state: &mut State) {
        let Some((field, kind)) = of.lane.undoes else { return };
        let Some(named) = of.batch.columns.get(at(field)) else { return };
        let mut numbers = vec![NONE; self.events];
        let mut known = Undone::default();
        for (place, (row, _)) in events.iter().enumerate().take(self.events) {
            if named.is_missing(at(*row)) {
                continue;
            }
            let identity = Identity::in_column(named, at(*row), &mut state.names);
            let Some(identity) = identity else { continue };
            let next = i64::try_from(known.len()).unwrap_or(NONE);
            if let Some(number) = numbers.get_mut(place) {
                *number = *known.entry(identity).or_insert(next);
            }
            let fed = state.originals.fed(kind, identity).into_iter().flatten();
            let keys = fed.flat_map(|(tally, key)| state.numbers(tally, &key));
            self.besides.insert(place, keys.collect());
        }
        if known.is_empty() {
            return;
        }
        if let Some(field) = of.lane.kept_under.filter(|_| kind == of.batch.event)
            && let Some(own) = of.batch.columns.get(at(field))
        {
            self.note_own(own, (events, &known), &mut numbers, state);
        }
        // Behind all spaces of keys.
        self.undone = Some((state.keys.len(), Rc::new(numbers)));
    }

    /// Gives the events that are undone the numbers of those that undo them, and those their keys.
    fn note_own(
        &mut self,
        own: &Column,
        (events, known): (&[(u32, Date)], &Undone),
        numbers: &mut [i64],
        state: &mut State,
    ) {
        let mut places: HashMap<i64, usize, FixedState> = HashMap::default();
        for (place, (row, _)) in events.iter().enumerate().take(self.events) {
            let Some(number) = numbers.get_mut(place) else { return };
            if *number != NONE {
                if let Some(undone) = places.get(number) {
                    let keys: Vec<(usize, usize)> = self.own_at(*undone).collect();
                    self.besides.entry(place).or_default().extend(keys);
                }
                continue;
            }
            let identity = Identity::in_column(own, at(*row), &mut state.names);
            if let Some(named) = identity.and_then(|identity| known.get(&identity)) {
                *number = *named;
                places.insert(*named, place);
            }
        }
    }

    fn own_at(&self, place: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let keys = self.keys.iter().chain(&self.undone);
        keys.filter_map(move |(space, numbers)| {
            Some((*space, usize::try_from(*numbers.get(place)?).ok()?))
        })
    }

    /// The spaces and numbers of an event's keys.
    pub fn at(&self, place: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let besides = match self.besides.is_empty() {
            true => None,
            false => self.besides.get(&place),
        };
        self.own_at(place).chain(besides.into_iter().flatten().copied())
    }

    /// Spaces, and a number in each that none in it is greater than.
    pub fn greatest(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let own = self.keys.iter().chain(&self.undone).filter_map(|(space, numbers)| {
            Some((*space, usize::try_from(*numbers.iter().max()?).ok()?))
        });
        // There are few that undo others.
        own.chain(self.besides.values().flatten().copied())
    }

    /// The spaces and numbers of all keys, if no event has others than its lane knows.
    pub fn all_are_own(&self) -> Option<&[InSpace]> {
        self.undone.is_none().then_some(&self.keys)
    }

    /// Those of all events.
    pub fn all(&self) -> Vec<Option<Numbers>> {
        self.keys.iter().map(|(_, numbers)| Some(Numbers::Each(Rc::clone(numbers)))).collect()
    }

    /// Those of some events.
    pub fn of(&self, places: &[usize]) -> Vec<Option<Numbers>> {
        let own = |numbers: &[i64]| Numbers::each(only(numbers, places));
        self.keys.iter().map(|(_, numbers)| Some(own(numbers))).collect()
    }
}
