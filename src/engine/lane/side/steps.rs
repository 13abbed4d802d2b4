//! The steps of a way for many events at once; compare [`super::super::settle`].

use crate::plan::{
    CaseBits, Choice, Divide, LaneStep, Limit, Rests, Settle, Slot, Sum, at, standing_case,
};

use super::super::settle::{divided_units, settled_units};
use super::Group;
use super::numbers::{Numbers, Truths};
use super::some::Over;

/// A leg within a bound, whose latch may shut.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    pub leg: u32,
    pub sum: Sum,
    /// Where it is shut: before the event, or by it once the total comes to the bound.
    pub shuts: Truths,
    /// Where that is to be seen when the event is done.
    pub open: Truths,
    pub bound: Numbers,
}

/// Of so many rules at most that may empty a pool it is worked out once which one does.
const KNOWN_MAX: usize = 4;

/// Of more rests than these none is remembered.
const RESTS_MAX: i64 = 1 << 10;

/// What each rest of a division by known parts gives, if they are few: it depends on nothing else.
fn rests_of(divide: &Divide) -> Option<&Rests> {
    let made = divide.rests.0.get_or_init(|| made_rests(divide).unwrap_or_default());
    (!made.given.is_empty()).then_some(made)
}

fn made_rests(divide: &Divide) -> Option<Rests> {
    let parts = divide.parts.len();
    let (mut made, mut rests) = (vec![0; parts], Vec::with_capacity(parts));
    let mut all = Rests { units: vec![Vec::new(); parts], given: Vec::new() };
    if divide.sum > RESTS_MAX {
        return None;
    }
    for rest in 0..divide.sum {
        all.given.push(divided_units(rest, divide, &mut rests, &mut made)?);
        all.units.iter_mut().zip(&made).for_each(|(all, units)| all.push(*units));
    }
    Some(all)
}

impl Group<'_, '_> {
    pub(super) fn slot(&mut self, slot: Slot) -> Numbers {
        match self.slots.get_mut(at(slot.0)) {
            Some(numbers) => {
                // What is asked for once is mostly asked for again.
                numbers.fetch();
                numbers.clone()
            }
            None => self.constant(None),
        }
    }

    pub(super) fn put(&mut self, slot: Slot, numbers: Numbers) {
        if let Some(place) = self.slots.get_mut(at(slot.0)) {
            *place = numbers;
        }
    }

    pub(super) fn step(&mut self, step: &LaneStep) {
        match step {
            LaneStep::Put(slot, number) => {
                let numbers = self.number(number);
                self.put(*slot, numbers);
            }
            LaneStep::Check(condition) => {
                let holds = self.truth(condition);
                self.lose_unless(&holds);
            }
            LaneStep::Bound(limit) => self.bound(limit),
            LaneStep::Settle(settle) => self.settle(settle),
            LaneStep::Divide(divide) => self.divide(divide),
            LaneStep::Spread(_) | LaneStep::Rows(_) | LaneStep::SettleRows(_) => {
                self.lost.fill(true);
            }
        }
    }

    /// Leaves to others what is so.
    pub(super) fn lose(&mut self, is_so: impl Fn(usize) -> bool) {
        self.lost.iter_mut().enumerate().for_each(|(place, lost)| *lost |= is_so(place));
    }

    /// Leaves to others what does not hold.
    pub(super) fn lose_unless(&mut self, holds: &Truths) {
        self.lose(|place| !holds.at(place));
    }

    fn bound(&mut self, limit: &Limit) {
        let share = self.number(&limit.share);
        let filled = self.slot(limit.content).test(|content| content != 0);
        let (bound, total, room) = self.within(&filled, |group| {
            let (bound, total) = (group.number(&limit.bound), group.sum(limit.sum));
            let den = i64::try_from(limit.den).ok();
            let room = |bound: i64, total| bound.checked_sub(total)?.max(0).checked_mul(den?);
            let room = bound.clone().with(total.clone(), &mut group.lost, room);
            (bound, total, room)
        });
        let within = |share: i64, room| Some(if share > 0 { share.min(room) } else { share });
        let mut granted = share.clone().with(room, &mut self.lost, within);
        if let Some(leg) = limit.latch {
            let reached = total.test_with(&bound, |total, bound| total >= bound);
            let shuts = self.shut(leg, limit.sum).not().and(reached.not()).not();
            granted = shuts.choose(Numbers::All(0), &granted);
            let open = filled.clone().and(shuts.clone().not());
            let shuts = filled.clone().and(shuts);
            self.watched.push(Watched { leg, sum: limit.sum, shuts, open, bound });
        }
        let to = filled.choose(granted, &share);
        self.put(limit.to, to);
    }

    fn shut(&self, leg: u32, sum: Sum) -> Truths {
        let keys = self.keys.get(at(sum.key)).cloned().flatten();
        keys.map_or(Truths::All(false), |keys| {
            keys.test(|key| {
                u32::try_from(key).is_ok_and(|key| self.outlives().is_shut_at(leg, key))
            })
        })
    }

    fn settle(&mut self, settle: &Settle) {
        let zero = Numbers::All(0);
        let (plus, minus) = (settle.plus.iter().copied(), settle.minus.iter().copied());
        let (plus, minus) = (self.sum_of(zero.clone(), plus), self.sum_of(zero, minus));
        let wholes = plus.minus(minus, &mut self.lost);
        let mut shares = Vec::with_capacity(settle.shares.len());
        for (share, by, _) in &settle.shares {
            let by = self.constant(i64::try_from(*by).ok());
            shares.push(self.slot(*share).times(by, &mut self.lost));
        }
        let Some(den) = self.narrow_or_lost(settle.den) else { return };
        if den == 1 {
            return self.settled(settle, &wholes, shares);
        }
        let mut units: Vec<Vec<i64>> = vec![vec![0; self.rows.len()]; shares.len()];
        let (mut own, mut made) = (vec![0; shares.len()], vec![0; shares.len()]);
        let mut fractions = Vec::new();
        for place in 0..self.rows.len() {
            own.iter_mut().zip(&shares).for_each(|(own, share)| *own = share.at(place));
            let whole = wholes.at(place);
            let given = settled_units(whole, &own, den, settle.by, &mut fractions, &mut made);
            self.note(place, given);
            scatter(&mut units, place, &made);
        }
        for ((_, _, to), units) in settle.shares.iter().zip(units) {
            self.put(*to, Numbers::each(units));
        }
    }

    /// Shares that are whole units are what is given.
    fn settled(&mut self, settle: &Settle, wholes: &Numbers, shares: Vec<Numbers>) {
        let sum = shares
            .iter()
            .fold(Numbers::All(0), |sum, share| sum.plus(share.clone(), &mut self.lost));
        let same = sum.test_with(wholes, |sum, whole| sum == whole);
        self.lose_unless(&same);
        for ((_, _, to), share) in settle.shares.iter().zip(shares) {
            self.put(*to, share);
        }
    }

    fn divide(&mut self, divide: &Divide) {
        let wholes = self.slot(divide.whole);
        if let Some(table) = rests_of(divide) {
            return self.divide_by(divide, &wholes, table);
        }
        let parts = divide.parts.len();
        let (mut made, mut rests) = (vec![0; parts], Vec::with_capacity(parts));
        let mut units: Vec<Vec<i64>> = vec![vec![0; self.rows.len()]; parts];
        for place in 0..self.rows.len() {
            let given = divided_units(wholes.at(place), divide, &mut rests, &mut made);
            self.note(place, given);
            scatter(&mut units, place, &made);
        }
        for ((_, to), units) in divide.parts.iter().zip(units) {
            self.put(*to, Numbers::each(units));
        }
    }

    fn divide_by(&mut self, divide: &Divide, wholes: &Numbers, table: &Rests) {
        let count = self.rows.len();
        let mut divided = Vec::with_capacity(count);
        let wholes = wholes.spread(count);
        let places = wholes.iter().zip(&mut self.lost).zip(&mut self.residues);
        for ((whole, lost), residue) in places {
            let size = whole.checked_abs();
            let quotient = size.and_then(|size| size.checked_div(divide.sum)).unwrap_or(0);
            let rest = size.unwrap_or(0).wrapping_sub(quotient.wrapping_mul(divide.sum));
            *lost |= size.is_none();
            // A rest is not negative and less than the sum.
            let rest = usize::try_from(rest).unwrap_or(0);
            *residue += table.given.get(rest).copied().unwrap_or(0);
            divided.push((quotient, rest, *whole < 0));
        }
        for ((part, to), units) in divide.parts.iter().zip(&table.units) {
            // No part is more than the whole.
            let units = divided.iter().map(|(quotient, rest, mirrored)| {
                let more = units.get(*rest).copied().unwrap_or(0);
                let units = quotient.wrapping_mul(*part).wrapping_add(more);
                if *mirrored { units.wrapping_neg() } else { units }
            });
            self.put(*to, Numbers::each(units.collect()));
        }
    }

    fn narrow_or_lost(&mut self, value: i128) -> Option<i64> {
        let narrow = i64::try_from(value).ok();
        if narrow.is_none() {
            self.lost.fill(true);
        }
        narrow
    }

    /// Notes how many units were given beyond rounding down, or that they could not be.
    fn note(&mut self, place: usize, given: Option<u64>) {
        let places = self.lost.get_mut(place).zip(self.residues.get_mut(place));
        if let Some((lost, residue)) = places {
            *lost |= given.is_none();
            *residue += given.unwrap_or(0);
        }
    }

    /// Splits the group by the rule that empties a pool for each of its events. Where that is one rule
    /// for all, the group stays whole.
    pub(super) fn cases(&mut self, choice: &Choice) -> Vec<(usize, Vec<usize>)> {
        let filled = self.slot(choice.content).test(|content| content != 0);
        let applying = self.within(&filled, |group| {
            Applying(choice.cases.iter().map(|case| group.truth(&case.when)).collect())
        });
        // Nothing to divide: any way comes to nothing.
        let any = choice.cases.iter().position(|case| case.way.is_some());
        let mut by_case = vec![Vec::new(); choice.cases.len()];
        // Of a few cases it is worked out once which one stands.
        let count = choice.cases.len();
        let few = if count <= KNOWN_MAX { 0..1 << count } else { 0..0 };
        let known: Vec<Option<usize>> =
            few.map(|bits| standing_case(&choice.cases, bits)).collect();
        for place in 0..self.rows.len() {
            let case = match (filled.at(place), known.is_empty()) {
                (false, _) => any,
                (true, false) => known.get(applying.few(place)).copied().flatten(),
                (true, true) => standing_case(&choice.cases, applying.bits(place)),
            };
            let case = case.and_then(|case| by_case.get_mut(case));
            match (case, self.lost.get_mut(place)) {
                (Some(own), Some(false)) => {
                    // Mostly all that are left are of one case.
                    if own.is_empty() {
                        own.reserve(self.rows.len() - place);
                    }
                    own.push(place);
                }
                (_, Some(lost)) => *lost = true,
                (_, None) => {}
            }
        }
        by_case.into_iter().enumerate().filter(|(_, places)| !places.is_empty()).collect()
    }
}

/// Which cases apply, for each of some events.
struct Applying(Vec<Truths>);

impl Applying {
    fn bits(&self, place: usize) -> CaseBits {
        let all = self.0.iter().enumerate();
        all.fold(0, |bits, (bit, holds)| bits | CaseBits::from(holds.at(place)) << bit)
    }

    /// The same of a few cases.
    #[inline]
    fn few(&self, place: usize) -> usize {
        let all = self.0.iter().enumerate();
        all.fold(0, |bits, (bit, holds)| bits | usize::from(holds.at(place)) << bit)
    }
}

impl Over for Applying {
    fn over(self, places: &[usize], events: usize) -> Applying {
        Applying(self.0.into_iter().map(|holds| holds.over(places, events)).collect())
    }
}

fn scatter(columns: &mut [Vec<i64>], place: usize, values: &[i64]) {
    for (column, value) in columns.iter_mut().zip(values) {
        if let Some(cell) = column.get_mut(place) {
            *cell = *value;
        }
    }
}
