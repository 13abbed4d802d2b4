//! Events that share keys, worked out together all the same: where the one thing that an event finds of
//! those before it is the running total that bounds a leg, and perhaps the latch of that leg.
//!
//! All columns up to the bound are made for all events at once; then the events are gone through in their
//! order, with no more done for each than the bound asks for; then come all columns behind it. What an
//! event adds to the total is taken to be what the bound grants it. Whether it is so is seen at the end,
//! before anything has been changed; where it is not, the events are taken turn by turn
//! ([`turn`](super::turn)) as if nothing had been tried.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::rc::Rc;

use crate::base::Date;
use crate::plan::{Limit, Sum, Way, at};

use super::keys::KeysOf;
use super::numbers::{Numbers, Truths};
use super::steps::Watched;
use super::{Finished, Group};
use crate::engine::state::State;

/// A group that has come to a bound.
pub(super) struct Paused<'a, 's> {
    group: Group<'a, 's>,
    /// The way that it is on, and the step behind the bound.
    way: &'a Way,
    next: usize,
    limit: &'a Limit,
    share: Rc<Vec<i64>>,
    bound: Rc<Vec<i64>>,
    filled: Truths,
}

/// What a bound came to for the events of a group.
struct Decided {
    /// Numerators, and the units that they are.
    granted: Vec<i64>,
    units: Vec<i64>,
    /// Where the latch is shut: before the event, or by it.
    shuts: Vec<bool>,
}

/// What is known of keys while events are gone through, by their numbers.
#[derive(Debug, Default)]
pub(in crate::engine::lane) struct Running {
    known: Vec<Known>,
    now: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    total: i64,
    /// When it was asked for last.
    at: u32,
    shut: bool,
    /// An event under the key is taken alone, and so are all behind it.
    alone: bool,
}

/// Where an event stands: the number of its group, the paused ones behind the others, from one on; and its
/// place there. There are many, so each is small.
type Standing = Option<(NonZeroU32, u32)>;

/// So many keys are asked for at a time.
const AT_ONCE: usize = 64;

impl Running {
    /// Begins with events that have keys of these numbers.
    fn begin(&mut self, numbers: &[i64]) {
        let greatest = numbers.iter().max().and_then(|it| usize::try_from(*it).ok());
        let keys = greatest.map_or(0, |greatest| greatest + 1);
        self.known.resize(self.known.len().max(keys), Known::default());
        self.now = self.now.saturating_add(1);
    }
}

impl<'a, 's> Group<'a, 's> {
    /// Stops before a bound.
    pub(super) fn pause(
        mut self,
        limit: &'a Limit,
        (way, next): (&'a Way, usize),
    ) -> Paused<'a, 's> {
        let count = self.rows.len();
        let share = self.number(&limit.share).spread(count);
        let filled = self.slot(limit.content).test(|content| content != 0);
        let bound = self.within(&filled, |group| group.number(&limit.bound)).spread(count);
        Paused { group: self, way, next, limit, share, bound, filled }
    }
}

/// Works out events of a batch that follow one another, whose groups these are; gives what they come to,
/// with those lost that are to be taken alone. Nothing, if they have to be taken in turns.
pub(super) fn run_through<'a>(
    groups: Vec<Group<'a, '_>>,
    (events, keys): (&[(u32, Date)], &KeysOf),
    state: &State,
    running: &mut Running,
) -> Option<Vec<Finished<'a>>> {
    // Under another key an event might find what nobody looks at here.
    let [(_, numbers)] = keys.all_are_own()? else { return None };
    let asked = Rc::new(Cell::new(false));
    let (mut finished, mut paused) = (Vec::new(), Vec::new());
    for mut group in groups {
        group.asked = Rc::clone(&asked);
        group.begin();
        let way = &group.of.program.way;
        group.go_on((way, 0), &mut finished, Some(&mut paused));
    }
    let (sum, latch) = paused.first().map(|it| (it.limit.sum, it.limit.latch))?;
    let alike = |it: &Paused<'_, '_>| (it.limit.sum, it.limit.latch) == (sum, latch);
    if asked.get() || !paused.iter().all(alike) {
        return None;
    }
    let standing = standing(events, &finished, &paused);
    let added = finished.iter().map(|it: &Finished<'_>| it.added(sum)).collect::<Option<_>>()?;
    let decided = paused.iter().map(Paused::undecided).collect();
    let (of_finished, of_paused) = (finished.as_mut_slice(), paused.as_mut_slice());
    let deciding = Deciding {
        sum,
        latch,
        state,
        running,
        finished: of_finished,
        added,
        paused: of_paused,
        decided,
    };
    let decided = deciding.decide(&standing, numbers)?;
    let expected: usize = paused.iter().map(|it| count_kept(&it.group.lost)).sum();
    let (mut behind, mut units) = (Vec::new(), vec![0; rows_up_to(events)]);
    for (paused, decided) in paused.into_iter().zip(decided) {
        for (row, own) in paused.group.rows.iter().zip(&decided.units) {
            *units.get_mut(at(*row))? = *own;
        }
        paused.go_on(decided, &mut behind);
    }
    // What was taken for granted.
    let kept: usize = behind.iter().map(|it| count_kept(&it.lost)).sum();
    if asked.get() || kept != expected || !behind.iter().all(|it| add_units(it, sum, &units)) {
        return None;
    }
    finished.extend(behind);
    Some(finished)
}

/// Whether events add so many units to a sum, by row.
fn add_units(group: &Finished<'_>, sum: Sum, units: &[i64]) -> bool {
    let Some(added) = group.added(sum) else { return false };
    let added = |place| added.as_ref().map_or(0, |added| at_place(added, place));
    let mut events = group.rows.iter().zip(&group.lost).enumerate();
    events.all(|(place, (row, lost))| *lost || units.get(at(*row)) == Some(&added(place)))
}

fn rows_up_to(events: &[(u32, Date)]) -> usize {
    events.last().map_or(0, |(row, _)| at(*row) + 1)
}

fn count_kept(lost: &[bool]) -> usize {
    lost.iter().filter(|lost| !**lost).count()
}

/// Where each of the events stands; nowhere, if no rule could be found for it.
fn standing(
    events: &[(u32, Date)],
    finished: &[Finished<'_>],
    paused: &[Paused<'_, '_>],
) -> Vec<Standing> {
    let mut by_row: Vec<Standing> = vec![None; rows_up_to(events)];
    let rows = finished.iter().map(|it| &it.rows);
    let rows = rows.chain(paused.iter().map(|it| &it.group.rows));
    for (group, rows) in (1..).zip(rows) {
        for (place, row) in (0..).zip(rows) {
            if let Some(own) = by_row.get_mut(at(*row)) {
                *own = NonZeroU32::new(group).map(|group| (group, place));
            }
        }
    }
    // Where they are all rows there are, they stand as asked for.
    if by_row.len() == events.len() {
        return by_row;
    }
    events.iter().map(|(row, _)| by_row.get(at(*row)).copied().flatten()).collect()
}

/// Events that are gone through.
struct Deciding<'d, 'a, 's> {
    sum: Sum,
    latch: Option<u32>,
    state: &'d State,
    running: &'d mut Running,
    /// Groups that came to no bound, and what they add to the total.
    finished: &'d mut [Finished<'a>],
    added: Vec<Option<Rc<Vec<i64>>>>,
    paused: &'d mut [Paused<'a, 's>],
    decided: Vec<Decided>,
}

impl Deciding<'_, '_, '_> {
    /// Goes through the events in their order. Nothing, if it cannot be said what one adds to the total.
    fn decide(mut self, standing: &[Standing], numbers: &[i64]) -> Option<Vec<Decided>> {
        self.running.begin(numbers);
        for (standing, numbers) in standing.chunks(AT_ONCE).zip(numbers.chunks(AT_ONCE)) {
            self.meet(numbers)?;
            for (standing, number) in standing.iter().zip(numbers) {
                let key = u32::try_from(*number).ok()?;
                match standing {
                    Some((group, place)) => self.event((at(group.get()) - 1, at(*place)), key)?,
                    None => self.running.known.get_mut(at(key))?.alone = true,
                }
            }
        }
        Some(self.decided)
    }

    /// Finds out what is known of some keys before the first event under each. Which are new is asked for
    /// all of them first, so that many ways to memory are under way at a time.
    fn meet(&mut self, numbers: &[i64]) -> Option<()> {
        let mut new = [false; AT_ONCE];
        for (new, number) in new.iter_mut().zip(numbers) {
            let known = self.running.known.get(usize::try_from(*number).ok()?)?;
            *new = known.at != self.running.now;
        }
        for (_, number) in new.iter().zip(numbers).filter(|(new, _)| **new) {
            let key = u32::try_from(*number).ok()?;
            *self.running.known.get_mut(at(key))? = self.first(key);
        }
        Some(())
    }

    /// What is known of a key before the first event under it.
    fn first(&self, key: u32) -> Known {
        let totals = self.state.totals.get(at(self.sum.tally));
        let totals = totals.and_then(|it| it.get(at(self.sum.projection)));
        let total = totals.and_then(|it| i64::try_from(it.whole(key, None)?).ok());
        let shut = self.latch.is_some_and(|leg| self.state.is_shut_at(leg, key));
        let (at, alone) = (self.running.now, total.is_none());
        Known { total: total.unwrap_or(0), at, shut, alone }
    }

    fn event(&mut self, (group, place): (usize, usize), key: u32) -> Option<()> {
        let known = self.running.known.get_mut(at(key))?;
        let Some(behind) = group.checked_sub(self.finished.len()) else {
            if !known.is_alone(self.finished.get_mut(group)?.lost.get_mut(place)?) {
                let added = self.added.get(group)?.as_ref();
                let added = added.map_or(0, |added| at_place(added, place));
                known.total = known.total.checked_add(added)?;
            }
            return Some(());
        };
        let (paused, decided) = (self.paused.get_mut(behind)?, self.decided.get_mut(behind)?);
        let granted = paused.grant(place, known, self.latch.is_some());
        let lost = paused.group.lost.get_mut(place)?;
        *lost |= matches!(granted, Granted::Lost);
        if known.is_alone(lost) {
            return Some(());
        }
        let Granted::Units(units, numerator) = granted else { return None };
        known.total = known.total.checked_add(units)?;
        if self.latch.is_some() && paused.filled.at(place) {
            known.shut |= known.total >= at_place(&paused.bound, place);
        }
        *decided.granted.get_mut(place)? = numerator;
        *decided.units.get_mut(place)? = units;
        *decided.shuts.get_mut(place)? = known.shut;
        Some(())
    }
}

impl Known {
    /// Whether an event under the key is taken alone: since it is lost, or one before it was.
    fn is_alone(&mut self, lost: &mut bool) -> bool {
        self.alone |= *lost;
        *lost = self.alone;
        self.alone
    }
}

/// What a bound grants.
enum Granted {
    /// So many units, and the numerator of the share.
    Units(i64, i64),
    /// A number that does not fit.
    Lost,
    /// Units that only a settlement makes whole.
    Unknown,
}

impl Paused<'_, '_> {
    fn undecided(&self) -> Decided {
        let count = self.group.rows.len();
        Decided { granted: vec![0; count], units: vec![0; count], shuts: vec![false; count] }
    }

    /// What an event is granted: as [`Group::bound`](super::steps) has it, for one.
    fn grant(&self, place: usize, known: &Known, has_latch: bool) -> Granted {
        let share = at_place(&self.share, place);
        let Ok(den) = i64::try_from(self.limit.den) else { return Granted::Lost };
        let mut granted = share;
        if self.filled.at(place) {
            let bound = at_place(&self.bound, place);
            let room = bound.checked_sub(known.total).and_then(|room| room.max(0).checked_mul(den));
            let Some(room) = room else { return Granted::Lost };
            granted = match has_latch && (known.shut || known.total >= bound) {
                true => 0,
                false if share > 0 => share.min(room),
                false => share,
            };
        }
        if den == 1 {
            return Granted::Units(granted, granted);
        }
        match (granted.checked_div(den), granted.checked_rem(den)) {
            (Some(units), Some(0)) => Granted::Units(units, granted),
            _ => Granted::Unknown,
        }
    }
}

impl<'a> Paused<'a, '_> {
    /// Goes on behind the bound.
    fn go_on(self, decided: Decided, finished: &mut Vec<Finished<'a>>) {
        let Paused { mut group, way, next, limit, bound, filled, .. } = self;
        group.put(limit.to, Numbers::each(decided.granted));
        if let Some(leg) = limit.latch {
            let shuts = filled.and(Truths::Each(decided.shuts));
            let (open, bound) = (Truths::All(false), Numbers::Each(bound));
            group.watched.push(Watched { leg, sum: limit.sum, shuts, open, bound });
        }
        group.go_on((way, next), finished, None);
    }
}

fn at_place(values: &[i64], place: usize) -> i64 {
    values.get(place).copied().unwrap_or(0)
}
