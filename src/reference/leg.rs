//! Legs: how a split divides what is in its pool.

use num_traits::{Signed, Zero};

use crate::model::{Among, Bound, Expr, Feed, Graded, Leg, LegId, Place, Portion, TallyId, Target};
use crate::rows::Reason;

use super::error::{Stop, entry, mistyped};
use super::number::{self, Number};
use super::outcome::Payee;
use super::scene::{Scene, Scope};
use super::sheet::{Destination, Latch, LegUse, Limit, Sheet, asked};
use super::state::Key;

/// A split at work. Its functions give the parts they made, in the order written.
pub(super) struct Division<'a, 'b> {
    pub scene: Scene<'a>,
    pub sheet: &'b mut Sheet,
}

/// The leg that leads to a target, and all legs that lead there.
#[derive(Debug, Clone, Default)]
pub(super) struct Way {
    pub leg: Option<LegId>,
    pub uses: Vec<usize>,
}

/// A share within its leg's bounds, and what of them settlement has to respect.
struct Bounded {
    share: Number,
    limits: Vec<Limit>,
}

impl Division<'_, '_> {
    pub fn target(
        &mut self,
        target: &Target,
        amount: &Number,
        way: &Way,
        scope: &mut Scope,
    ) -> Result<Vec<usize>, Stop> {
        if amount.is_zero() {
            return Ok(Vec::new());
        }
        match target {
            Target::Block(block) => self.block(&block.legs, amount, way, scope),
            Target::InOrder(legs) if amount.is_positive() => {
                self.in_order(legs, amount, way, scope)
            }
            Target::InOrder(legs) => self.taken_back(legs, amount, way, scope),
            Target::Graded(graded) => self.graded(graded, amount, way, scope),
            Target::Among(among) => self.among(among, amount, way, scope),
            Target::Account(_) | Target::Pool { .. } | Target::Undetermined { .. } => {
                let to = destination(&self.scene, target, scope)?;
                Ok(vec![self.sheet.add_part(to, way.leg, amount.clone(), &way.uses)])
            }
        }
    }

    /// Legs side by side: each of the whole amount, `rest` what the others leave.
    fn block(
        &mut self,
        legs: &[Leg],
        whole: &Number,
        way: &Way,
        scope: &mut Scope,
    ) -> Result<Vec<usize>, Stop> {
        let mut parts_of_legs: Vec<Vec<usize>> = vec![Vec::new(); legs.len()];
        let is_rest = |leg: &Leg| leg.portion == Portion::Rest;
        let mut left = whole.clone();
        for (leg, parts) in legs.iter().zip(&mut parts_of_legs).filter(|(leg, _)| !is_rest(leg)) {
            let share = match &leg.portion {
                Portion::Rest => left.clone(),
                Portion::All => whole.clone(),
                Portion::Rate(rate) => number::product(&self.number(rate, scope)?, whole)?,
                Portion::Amount(amount) => up_to(&left, whole, &self.number(amount, scope)?),
            };
            let bounded = self.bounded(leg, share, whole, &left, scope)?;
            left = number::difference(&left, &bounded.share)?;
            *parts = self.leg(leg, bounded, way, scope)?;
        }
        for (leg, parts) in legs.iter().zip(&mut parts_of_legs).filter(|(leg, _)| is_rest(leg)) {
            let bounded = self.bounded(leg, left.clone(), whole, &left, scope)?;
            *parts = self.leg(leg, bounded, way, scope)?;
        }
        Ok(parts_of_legs.concat())
    }

    /// A waterfall: each leg in turn takes its portion of what is left.
    fn in_order(
        &mut self,
        legs: &[Leg],
        whole: &Number,
        way: &Way,
        scope: &mut Scope,
    ) -> Result<Vec<usize>, Stop> {
        let mut parts = Vec::new();
        let mut left = whole.clone();
        for leg in legs {
            let share = match &leg.portion {
                Portion::Rest | Portion::All => left.clone(),
                Portion::Rate(rate) => number::product(&self.number(rate, scope)?, &left)?,
                Portion::Amount(amount) => up_to(&left, whole, &self.number(amount, scope)?),
            };
            let bounded = self.bounded(leg, share, whole, &left, scope)?;
            left = number::difference(&left, &bounded.share)?;
            parts.extend(self.leg(leg, bounded, way, scope)?);
        }
        Ok(parts)
    }

    /// A waterfall flowing back: the legs in reverse, each down to a total of zero, the first bears
    /// what is left.
    fn taken_back(
        &mut self,
        legs: &[Leg],
        whole: &Number,
        way: &Way,
        scope: &mut Scope,
    ) -> Result<Vec<usize>, Stop> {
        let mut parts_of_legs: Vec<Vec<usize>> = vec![Vec::new(); legs.len()];
        let mut left = whole.clone();
        for (at, (leg, parts)) in legs.iter().zip(&mut parts_of_legs).enumerate().rev() {
            let mut limits = Vec::new();
            let share = match &leg.feed {
                _ if at == 0 => left.clone(),
                None => Number::zero(),
                Some(feed) => {
                    let (tally, key) = self.feed(feed, scope)?;
                    let total = self.total_so_far(tally, &key)?;
                    let closes = leg.bounds.iter().any(is_latch);
                    if closes && self.is_closed(leg.id, &key) {
                        Number::zero()
                    } else {
                        let given = total.max(Number::zero());
                        // Neither does settlement take more than it has.
                        limits.push(Limit::Each(given.clone()));
                        -given.min(-&left)
                    }
                }
            };
            left = number::difference(&left, &share)?;
            *parts = self.leg(leg, Bounded { share, limits }, way, scope)?;
        }
        Ok(parts_of_legs.concat())
    }

    /// An amount cut into slices on a scale.
    fn graded(
        &mut self,
        graded: &Graded,
        whole: &Number,
        way: &Way,
        scope: &mut Scope,
    ) -> Result<Vec<usize>, Stop> {
        let start = match &graded.from {
            Some(from) => self.number(from, scope)?,
            None => Number::zero(),
        };
        // Without a start a negative amount is cut like its mirror.
        let reach = if graded.from.is_none() { whole.abs() } else { whole.clone() };
        let end = number::sum(&start, &reach)?;
        let (low, high) = if start < end { (start, end) } else { (end, start) };
        let mut parts = Vec::new();
        let mut below = low.clone();
        for slice in &graded.slices {
            let above = match &slice.up_to {
                Some(bound) => self.number(bound, scope)?.min(high.clone()).max(below.clone()),
                None => high.clone(),
            };
            let size = number::difference(&above, &below)?;
            below = above;
            let share = if whole.is_negative() { -size } else { size };
            let bounded = Bounded { share, limits: Vec::new() };
            parts.extend(self.leg(&slice.leg, bounded, way, scope)?);
        }
        Ok(parts)
    }

    /// An amount spread over rows by weights.
    fn among(
        &mut self,
        among: &Among,
        whole: &Number,
        way: &Way,
        scope: &mut Scope,
    ) -> Result<Vec<usize>, Stop> {
        let rows = self.scene.selected(&among.selection, scope)?;
        let shares = self.scene.shares(&among.selection, &rows)?;
        let Some(shares) = shares else {
            let Some(leg) = &among.if_none else { return Err(Reason::NoShares.into()) };
            let bounded = Bounded { share: whole.clone(), limits: Vec::new() };
            return self.leg(leg, bounded, way, scope);
        };
        let mut parts = Vec::new();
        for (mut row, share) in rows.into_iter().zip(shares) {
            let share = number::product(whole, &share)?;
            let bounded = Bounded { share, limits: Vec::new() };
            parts.extend(self.leg(&among.leg, bounded, way, &mut row)?);
        }
        Ok(parts)
    }

    /// Takes a leg's share to its target.
    fn leg(
        &mut self,
        leg: &Leg,
        bounded: Bounded,
        way: &Way,
        scope: &mut Scope,
    ) -> Result<Vec<usize>, Stop> {
        let Bounded { share, limits } = bounded;
        if share.is_zero() {
            return Ok(Vec::new());
        }
        let feed = match &leg.feed {
            Some(feed) => Some(self.feed(feed, scope)?),
            None => None,
        };
        let amount = share.clone();
        self.sheet.uses.push(LegUse { feed, limits, amount, settled: false });
        let mut way = Way { leg: Some(leg.id), uses: way.uses.clone() };
        way.uses.push(self.sheet.uses.len() - 1);
        self.target(&leg.target, &share, &way, scope)
    }

    /// Applies a leg's bounds in written order.
    fn bounded(
        &mut self,
        leg: &Leg,
        mut share: Number,
        whole: &Number,
        left: &Number,
        scope: &mut Scope,
    ) -> Result<Bounded, Stop> {
        let mut limits = Vec::new();
        for bound in &leg.bounds {
            match bound {
                Bound::AtLeast { amount } => {
                    let least = up_to(left, whole, &self.bound(amount, scope)?);
                    if share.abs() < least.abs() {
                        share = least;
                    }
                }
                Bound::UpTo { amount, in_total: false, closed_once_reached: false } => {
                    let most = self.bound(amount, scope)?;
                    share = share.min(most.clone()).max(-&most);
                    limits.push(Limit::Each(most));
                }
                Bound::UpTo { amount, closed_once_reached, .. } => {
                    let most = self.bound(amount, scope)?;
                    let feed = leg.feed.as_ref().ok_or(mistyped("leg with a tally"))?;
                    let (tally, key) = self.feed(feed, scope)?;
                    let total = self.total_so_far(tally, &key)?;
                    if *closed_once_reached && self.closes(leg.id, tally, &key, &most, &total) {
                        share = Number::zero();
                    }
                    if share.is_positive() {
                        let room = number::difference(&most, &total)?.max(Number::zero());
                        share = share.min(room);
                    }
                    let before = self.scene.total(tally, &asked(&key), false, None)?;
                    limits.push(Limit::InTotal(most, before));
                }
            }
        }
        Ok(Bounded { share, limits })
    }

    /// Whether a latch is closed, or closes now; else it is looked at again after the event.
    fn closes(
        &mut self,
        leg: LegId,
        tally: TallyId,
        key: &Key,
        bound: &Number,
        total: &Number,
    ) -> bool {
        if self.is_closed(leg, key) {
            return true;
        }
        if total >= bound {
            self.sheet.closed.push((leg, key.clone()));
            return true;
        }
        self.sheet.latches.push(Latch { leg, tally, key: key.clone(), bound: bound.clone() });
        false
    }

    fn is_closed(&self, leg: LegId, key: &Key) -> bool {
        let here = self.sheet.closed.iter().any(|(closed, at)| *closed == leg && at == key);
        here || self.scene.books.state.is_closed(leg, key)
    }

    /// The total before the event, and what legs of the event added to it so far.
    fn total_so_far(&self, tally: TallyId, key: &Key) -> Result<Number, Stop> {
        let before = self.scene.total(tally, &asked(key), false, None)?;
        number::sum(&before, &self.sheet.added(tally, key))
    }

    fn feed(&self, feed: &Feed, scope: &mut Scope) -> Result<(TallyId, Key), Stop> {
        feed_key(&self.scene, feed, scope)
    }

    fn number(&self, expr: &Expr, scope: &mut Scope) -> Result<Number, Stop> {
        self.scene.value(expr, scope)?.number()
    }

    /// A bound: rounded down to a whole unit, and not below zero.
    fn bound(&self, expr: &Expr, scope: &mut Scope) -> Result<Number, Stop> {
        let bound = self.number(expr, scope)?;
        let floor = (bound / &self.sheet.unit).floor() * &self.sheet.unit;
        Ok(floor.max(Number::zero()))
    }
}

/// An amount with the sign of the whole, no further from zero than what is left; a negative amount
/// counts as zero.
fn up_to(left: &Number, whole: &Number, amount: &Number) -> Number {
    let amount = amount.clone().max(Number::zero());
    if whole.is_negative() {
        -amount.min((-left).max(Number::zero()))
    } else {
        amount.min(left.clone().max(Number::zero()))
    }
}

fn is_latch(bound: &Bound) -> bool {
    matches!(bound, Bound::UpTo { closed_once_reached: true, .. })
}

pub(super) fn feed_key(
    scene: &Scene<'_>,
    feed: &Feed,
    scope: &mut Scope,
) -> Result<(TallyId, Key), Stop> {
    let types = &entry(&scene.rules.tallies, feed.tally.index(), "tally")?.keys;
    Ok((feed.tally, scene.key(&feed.keys, types, scope)?))
}

/// Where a target that divides nothing leads.
pub(super) fn destination(
    scene: &Scene<'_>,
    target: &Target,
    scope: &mut Scope,
) -> Result<Destination, Stop> {
    match target {
        Target::Account(place) => payee(scene, place, scope).map(Destination::Payee),
        Target::Pool { pool, row } => {
            let row = match row {
                Some(row) => Some(scene.value(row, scope)?),
                None => None,
            };
            Ok(Destination::Pool(*pool, row))
        }
        Target::Undetermined { .. } => Ok(Destination::Payee(Payee::Undetermined)),
        Target::Block(_) | Target::InOrder(_) | Target::Graded(_) | Target::Among(_) => {
            Err(mistyped("account or pool"))
        }
    }
}

/// An account with its key.
pub(super) fn payee(scene: &Scene<'_>, place: &Place, scope: &mut Scope) -> Result<Payee, Stop> {
    let types = &entry(&scene.rules.accounts, place.account.index(), "account")?.keys;
    Ok(Payee::Account(place.account.0, scene.key(&place.keys, types, scope)?))
}
