//! How a pool is divided: legs, their bounds, and where they lead.
//!
//! Shares are exact and in minor units. A division leaves a tree of legs in the frame
//! ([`super::tree`]); nothing is whole before [`super::settlement`].

use crate::base::Exact;
use crate::plan::{
    Among, Block, Bound, Case, Expr, Feed, Graded, Leg, Place, PoolStep, Portion, Source, Target,
    at,
};
use crate::rows::Reason;

use super::eval::MISTYPED;
use super::evaluator::{Evaluator, Scope};
use super::fault::Fault;
use super::tell::BoundAtWork;
use super::trace::Trace;
use super::tree::{Chain, Content, Fed, Room, Running, Watched};
use super::value::{Row, Value};

/// What a leg is worked out with.
#[derive(Debug, Clone, Copy)]
struct Under<'a> {
    scope: Scope<'a>,
    room: Option<u32>,
}

impl<'a, T: Trace> Evaluator<'a, '_, T> {
    /// Empties the inflow and all pools, in flow order.
    pub fn empty_pools(&mut self, inflow: &Exact) -> Result<(), Fault> {
        for step in &self.event()?.pools {
            match step.source {
                Source::Inflow if inflow.is_zero() => {}
                Source::Inflow => {
                    let chain = self.empty(step, None, inflow, None)?;
                    let roots = self.frame.roots;
                    self.frame.roots = self.joined(roots, chain);
                }
                Source::Pool(pool) => self.empty_pool(step, pool)?,
            }
        }
        Ok(())
    }

    /// A pool that is one per row is emptied row by row, in the order they first received money.
    fn empty_pool(&mut self, step: &'a PoolStep, pool: u32) -> Result<(), Fault> {
        let mut place = 0;
        while let Some(filled) = self.frame.pools.get(place) {
            if filled.pool == pool && !filled.content.is_zero() {
                let (row, content) = (filled.row, filled.content.clone());
                let inside = self.empty(step, row, &content, Some(place))?;
                if let Some(filled) = self.frame.pools.get_mut(place) {
                    filled.inside = inside;
                }
            }
            place += 1;
        }
        Ok(())
    }

    /// Divides one pool by the one rule that applies.
    fn empty(
        &mut self,
        step: &'a PoolStep,
        row: Option<Row<'a>>,
        content: &Exact,
        filled: Option<usize>,
    ) -> Result<Chain, Fault> {
        let below = self.frame.locals.len();
        self.tell_division(step.source, row, content, filled);
        let (case, base) = self.choose(step, row, content)?;
        let scope = Scope { base, own: None };
        if self.frame.settling.is_none() {
            self.frame.settling = Some(self.settling(&case.settlement, scope)?);
        }
        let fed = self.frame.feeds.len();
        let chain = self.divide(case, content, Under { scope, room: None })?;
        let chain = match &case.settled {
            Some(settlement) => {
                let settling = self.settling(settlement, scope)?;
                self.settle_split(chain, content, &settling, fed)?
            }
            None => chain,
        };
        self.pour(chain)?;
        self.close(below);
        Ok(chain)
    }

    fn divide(
        &mut self,
        case: &'a Case,
        content: &Exact,
        under: Under<'a>,
    ) -> Result<Chain, Fault> {
        let (target, inside) = self.led(&case.target, content, under)?;
        if let Content::Group = target {
            return Ok(inside);
        }
        let node = self.make(u32::MAX, target, content.clone(), under.room)?;
        Ok(Chain { first: Some(node), last: Some(node) })
    }

    /// Where a levy or transfer leads.
    pub fn leads_to(&mut self, target: &'a Target, scope: Scope<'a>) -> Result<Content<'a>, Fault> {
        match self.led(target, &Exact::ZERO, Under { scope, room: None })? {
            (Content::Group, _) => Err(Fault::Internal("a levy or transfer that divides")),
            (content, _) => Ok(content),
        }
    }

    /// Where a target leads, and the legs inside it.
    fn led(
        &mut self,
        target: &'a Target,
        amount: &Exact,
        under: Under<'a>,
    ) -> Result<(Content<'a>, Chain), Fault> {
        let group = |chain| (Content::Group, chain);
        Ok(match target {
            Target::Account(place) => {
                let position = self.account(place, under.scope)?;
                (Content::Account(position), Chain::default())
            }
            Target::Undetermined => (Content::Undetermined, Chain::default()),
            Target::Pool { pool, row } => {
                let row = match row {
                    None => None,
                    Some(row) => match self.eval(row, under.scope)? {
                        Value::Row(row) => Some(row),
                        _ => return Err(MISTYPED),
                    },
                };
                (Content::Pool { pool: *pool, row, filled: None }, Chain::default())
            }
            Target::Block(block) => group(self.block(block, amount, under)?),
            Target::InOrder(legs) if amount.is_negative() => {
                group(self.taken_back(legs, amount, under)?)
            }
            Target::InOrder(legs) => group(self.in_order(legs, amount, under)?),
            Target::Graded(graded) => group(self.graded(graded, amount, under)?),
            Target::Among(among) => group(self.among(among, amount, under)?),
        })
    }

    /// The position of an account.
    pub fn account(&mut self, place: &'a Place, scope: Scope<'a>) -> Result<u32, Fault> {
        let stack = self.frame.parts.len();
        for key in &place.keys {
            let value = self.eval(key, scope)?;
            let part = self.state.names.part(&value);
            self.frame.parts.push(part);
        }
        let key = self.frame.parts.get(stack..).unwrap_or_default();
        let known = self.state.accounts.known(place.account, key);
        let position = match known {
            Some(position) => position,
            None => {
                let cells = self.account_key(place, scope)?;
                let key = self.frame.parts.get(stack..).unwrap_or_default();
                self.state.accounts.position(place.account, key, || cells)
            }
        };
        self.frame.parts.truncate(stack);
        Ok(position)
    }

    fn account_key(
        &mut self,
        place: &'a Place,
        scope: Scope<'a>,
    ) -> Result<Vec<crate::rows::Cell>, Fault> {
        let declared = self.plan.accounts.get(at(place.account)).ok_or(MISTYPED)?;
        let keys = place.keys.iter().zip(&declared.keys);
        keys.map(|(key, kind)| self.eval(key, scope).map(|value| value.to_cell_of(kind))).collect()
    }

    fn block(&mut self, block: &'a Block, whole: &Exact, under: Under<'a>) -> Result<Chain, Fault> {
        let (mut before, mut after) = (Chain::default(), Chain::default());
        let mut left = whole.clone();
        for (place, leg) in block.legs.iter().enumerate() {
            if Some(place) == block.rest {
                continue;
            }
            let share = match &leg.portion {
                Portion::Rest | Portion::All => whole.clone(),
                Portion::Rate(rate) => whole.mul(&self.portion(leg, rate, under.scope)?)?,
                Portion::Amount(amount) => {
                    let amount = self.portion(leg, amount, under.scope)?.mul(&self.unit())?;
                    capped(amount, whole, &left)
                }
            };
            let (taken, node) = self.taken(leg, share, whole, &left, under)?;
            left = left.sub(&taken)?;
            let of_leg = Chain { first: node, last: node };
            if block.rest.is_none_or(|rest| place < rest) {
                before = self.joined(before, of_leg);
            } else {
                after = self.joined(after, of_leg);
            }
        }
        if let Some(leg) = block.rest.and_then(|rest| block.legs.get(rest)) {
            let (_, node) = self.taken(leg, left.clone(), whole, &left, under)?;
            before = self.joined(before, Chain { first: node, last: node });
        }
        Ok(self.joined(before, after))
    }

    /// How much a leg asks for. One that cannot be worked out is told, for it ends the event.
    fn portion(
        &mut self,
        leg: &'a Leg,
        portion: &'a Expr,
        scope: Scope<'a>,
    ) -> Result<Exact, Fault> {
        let asked = self.number(portion, scope);
        if asked.is_err() {
            self.tell_leg(leg, &Exact::ZERO, scope);
        }
        asked
    }

    fn in_order(
        &mut self,
        legs: &'a [Leg],
        whole: &Exact,
        under: Under<'a>,
    ) -> Result<Chain, Fault> {
        let mut chain = Chain::default();
        let mut left = whole.clone();
        for leg in legs {
            let share = match &leg.portion {
                Portion::Rest | Portion::All => left.clone(),
                Portion::Rate(rate) => left.mul(&self.portion(leg, rate, under.scope)?)?,
                Portion::Amount(amount) => {
                    let amount = self.portion(leg, amount, under.scope)?.mul(&self.unit())?;
                    capped(amount, whole, &left)
                }
            };
            let (taken, node) = self.taken(leg, share, whole, &left, under)?;
            left = left.sub(&taken)?;
            chain = self.joined(chain, Chain { first: node, last: node });
        }
        Ok(chain)
    }

    /// A waterfall of a negative amount: from the last leg to the first, each down to a total of
    /// zero, the first whatever is left.
    fn taken_back(
        &mut self,
        legs: &'a [Leg],
        whole: &Exact,
        under: Under<'a>,
    ) -> Result<Chain, Fault> {
        let mut chain = Chain::default();
        let mut left = whole.clone();
        for (place, leg) in legs.iter().enumerate().rev() {
            let key = match &leg.feed {
                Some(feed) => Some(self.lasting_key(&feed.keys, under.scope)?),
                None => None,
            };
            let shut = key.is_some_and(|key| self.has_shut(leg, key));
            let total = match leg.feed.as_ref().zip(key).filter(|_| place != 0) {
                Some((feed, key)) => Some((feed.tally, key, self.running(feed, key)?)),
                None => None,
            };
            let given = match &total {
                Some((.., (_, now))) if !shut && now.is_positive() => now.clone(),
                _ => Exact::ZERO,
            };
            let share = if place == 0 { left.clone() } else { given.neg().max(left.clone()) };
            self.tell_leg(leg, &share, under.scope);
            if place != 0 {
                let total = total.as_ref();
                let total = total.map(|(tally, key, (before, now))| (*tally, *key, before, now));
                self.tell_given_back(&given, (&left, &share), total, shut);
            }
            left = left.sub(&share)?;
            let mut under_leg = under;
            if place != 0 && !share.is_zero() {
                // What it has to give back bounds what settlement takes from it too.
                let node = u32::try_from(self.frame.nodes.len()).unwrap_or(u32::MAX);
                let (parent, limit) = (under.room, given.floor());
                self.frame.rooms.push(Room { node, parent, limit, total: None });
                under_leg.room = self.last_room();
            }
            let node = self.led_leg(leg, share.clone(), key, under_leg)?;
            self.tell_leg_done(node, &share);
            chain = self.joined(Chain { first: node, last: node }, chain);
        }
        Ok(chain)
    }

    /// The running total of a feed: before this event, and with what earlier legs added.
    fn running(&self, feed: &Feed, key: (usize, usize)) -> Result<(Exact, Exact), Fault> {
        let projection = feed.projection.ok_or(Fault::Internal("a total nobody keeps"))?;
        let parts = self.key_at(key);
        let before = self.state.total(feed.tally, projection, parts, None);
        let mut now = before.clone();
        for fed in self.frame.feeds.iter().filter(|fed| fed.tally == feed.tally) {
            if self.key_at(fed.key) == parts {
                now = now.add(&fed.amount)?;
            }
        }
        Ok((before, now))
    }

    fn graded(
        &mut self,
        graded: &'a Graded,
        whole: &Exact,
        under: Under<'a>,
    ) -> Result<Chain, Fault> {
        let unit = self.unit();
        // The interval on the scale that is cut. Without a start it is cut from zero, and mirrored.
        let (low, high) = match &graded.from {
            None => (Exact::ZERO, whole.abs()),
            Some(from) => {
                let from = self.number(from, under.scope)?.mul(&unit)?;
                let to = from.add(whole)?;
                if whole.is_negative() { (to, from) } else { (from, to) }
            }
        };
        let mut chain = Chain::default();
        let mut reached = low;
        for slice in &graded.slices {
            let upper = match &slice.up_to {
                None => high.clone(),
                Some(up_to) => self.number(up_to, under.scope)?.mul(&unit)?.min(high.clone()),
            };
            if upper <= reached {
                let node = self.led_leg(&slice.leg, Exact::ZERO, None, under)?;
                chain = self.joined(chain, Chain { first: node, last: node });
                continue;
            }
            let part = upper.sub(&reached)?;
            reached = upper;
            let part = if whole.is_negative() { part.neg() } else { part };
            let node = self.plain_leg(&slice.leg, part, under)?;
            chain = self.joined(chain, Chain { first: node, last: node });
        }
        Ok(chain)
    }

    fn among(&mut self, among: &'a Among, whole: &Exact, under: Under<'a>) -> Result<Chain, Fault> {
        let (rows, shares) = self.weighed(&among.selection, under.scope)?;
        let Some(shares) = shares else {
            let leg = among.if_none.as_ref().ok_or(Reason::NoShares)?;
            let node = self.plain_leg(leg, whole.clone(), under)?;
            return Ok(Chain { first: node, last: node });
        };
        let mut chain = Chain::default();
        for (row, share) in rows.into_iter().zip(shares) {
            let part = whole.mul(&share)?;
            if part.is_zero() {
                continue;
            }
            self.tell_leg_row(&row);
            self.bind_row(&among.selection, row, Some(share), under.scope);
            let node = self.plain_leg(&among.leg, part, under)?;
            chain = self.joined(chain, Chain { first: node, last: node });
        }
        Ok(chain)
    }

    /// A leg that takes what it is given, without bounds.
    fn plain_leg(
        &mut self,
        leg: &'a Leg,
        share: Exact,
        under: Under<'a>,
    ) -> Result<Option<u32>, Fault> {
        let key = match &leg.feed {
            Some(feed) if !share.is_zero() => Some(self.lasting_key(&feed.keys, under.scope)?),
            _ => None,
        };
        if !T::ON {
            return self.led_leg(leg, share, key, under);
        }
        self.tell_leg(leg, &share, under.scope);
        let node = self.led_leg(leg, share.clone(), key, under)?;
        self.tell_leg_done(node, &share);
        Ok(node)
    }

    /// What a leg takes of a share within its bounds, and the leg.
    fn taken(
        &mut self,
        leg: &'a Leg,
        share: Exact,
        whole: &Exact,
        left: &Exact,
        under: Under<'a>,
    ) -> Result<(Exact, Option<u32>), Fault> {
        if leg.bounds.is_empty() {
            let node = self.plain_leg(leg, share.clone(), under)?;
            return Ok((share, node));
        }
        let key = match &leg.feed {
            Some(feed) => Some(self.lasting_key(&feed.keys, under.scope)?),
            None => None,
        };
        self.tell_leg(leg, &share, under.scope);
        let rooms = self.frame.rooms.len();
        let mut bounded = (share, under.room);
        for bound in &leg.bounds {
            bounded = self.bounded(leg, bound, bounded, (whole, left, key), under)?;
        }
        let (share, room) = bounded;
        if share.is_zero() {
            self.frame.rooms.truncate(rooms);
        }
        let node = self.led_leg(leg, share.clone(), key, Under { room, ..under })?;
        self.tell_leg_done(node, &share);
        Ok((share, node))
    }

    fn bounded(
        &mut self,
        leg: &'a Leg,
        bound: &'a Bound,
        (share, room): (Exact, Option<u32>),
        (whole, left, key): (&Exact, &Exact, Option<(usize, usize)>),
        under: Under<'a>,
    ) -> Result<(Exact, Option<u32>), Fault> {
        let amount = match bound {
            Bound::UpTo(amount) | Bound::AtLeast(amount) => amount,
            Bound::UpToInTotal { amount, .. } => amount,
        };
        let limit = self.number(amount, under.scope)?.mul(&self.unit())?;
        let limit = limit.max(Exact::ZERO).floor();
        let node = u32::try_from(self.frame.nodes.len()).unwrap_or(u32::MAX);
        let (mut seen, mut shut) = (None, false);
        let before = share.clone();
        let after = match bound {
            Bound::AtLeast(_) => {
                let reach = within(left, whole).min(limit.clone());
                let raised = share.abs().max(reach);
                if whole.is_negative() { raised.neg() } else { raised }
            }
            Bound::UpTo(_) => {
                let cut = share.abs().min(limit.clone());
                if share.is_negative() { cut.neg() } else { cut }
            }
            Bound::UpToInTotal { closed_once_reached, projection, .. } => {
                let (Some(feed), Some(key)) = (&leg.feed, key) else {
                    return Err(Fault::Internal("a bound in total of a leg without a tally"));
                };
                let (before, now) = self.running(feed, key)?;
                let (leg, tally, projection) = (leg.leg, feed.tally, *projection);
                let watched = Watched { leg, limit: limit.clone(), tally, projection, key };
                shut = *closed_once_reached && self.is_shut(&watched, &now);
                let room = limit.sub(&now)?.max(Exact::ZERO);
                seen = Some((Running { tally, key, before }, now));
                match share {
                    _ if shut => Exact::ZERO,
                    share if share.is_positive() => share.min(room),
                    share => share,
                }
            }
        };
        if T::ON {
            let total = seen.as_ref();
            let total = total.map(|(it, now)| (it.tally, it.key, &it.before, now));
            let work = BoundAtWork { limit: &limit, before: &before, after: &after, total, shut };
            self.tell_bound(bound, &work, under.scope);
        }
        if let Bound::AtLeast(_) = bound {
            return Ok((after, room));
        }
        let total = seen.map(|(running, _)| running);
        self.frame.rooms.push(Room { node, parent: room, limit, total });
        Ok((after, self.last_room()))
    }

    fn last_room(&self) -> Option<u32> {
        u32::try_from(self.frame.rooms.len()).ok()?.checked_sub(1)
    }

    /// Whether a latch is shut. If the bound is reached now it will be; if it is not, the end of the
    /// event has the last word.
    fn is_shut(&mut self, watched: &Watched, now: &Exact) -> bool {
        let parts = self.key_at(watched.key);
        if self.state.is_shut(watched.leg, watched.tally, watched.projection, parts) {
            return true;
        }
        if *now >= watched.limit {
            self.frame.shutting.push(watched.clone());
            return true;
        }
        self.frame.watched.push(watched.clone());
        false
    }

    /// Whether a leg that closes for good has closed.
    fn has_shut(&self, leg: &Leg, key: (usize, usize)) -> bool {
        let latch = |bound: &Bound| match bound {
            Bound::UpToInTotal { closed_once_reached: true, projection, .. } => Some(*projection),
            _ => None,
        };
        let projection = leg.bounds.iter().find_map(latch);
        projection.zip(leg.feed.as_ref()).is_some_and(|(projection, feed)| {
            self.state.is_shut(leg.leg, feed.tally, projection, self.key_at(key))
        })
    }

    /// Adds a leg with what is inside it and what it feeds.
    fn led_leg(
        &mut self,
        leg: &'a Leg,
        share: Exact,
        key: Option<(usize, usize)>,
        under: Under<'a>,
    ) -> Result<Option<u32>, Fault> {
        if share.is_zero() {
            return Ok(None);
        }
        let node = self.make(leg.leg, Content::Group, share.clone(), under.room)?;
        let (content, inside) = self.led(&leg.target, &share, under)?;
        if let Some(node) = self.frame.nodes.get_mut(at(node)) {
            node.content = content;
            node.inside = inside;
        }
        if let (Some(feed), Some(key)) = (&leg.feed, key) {
            self.frame.feeds.push(Fed { tally: feed.tally, key, node, amount: share });
        }
        Ok(Some(node))
    }
}

/// An amount with the sign of the whole, at most what is left in that direction; below zero nothing.
fn capped(amount: Exact, whole: &Exact, left: &Exact) -> Exact {
    let amount = amount.max(Exact::ZERO).min(within(left, whole));
    if whole.is_negative() { amount.neg() } else { amount }
}

/// How much is left in the direction of the whole.
fn within(left: &Exact, whole: &Exact) -> Exact {
    let left = if whole.is_negative() { left.neg() } else { left.clone() };
    left.max(Exact::ZERO)
}
