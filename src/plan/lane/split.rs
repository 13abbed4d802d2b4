//! A rule's division: legs, their bounds and where they end.

use crate::base::Exact;
use crate::model::Comparison;

use super::super::{Block, Bound, Expr, Graded, Leg, Portion, Target, at};
use super::expr::Scene;
use super::flow::{Ending, Flow, Part, Path, To};
use super::rational::Rational;
use super::{Each, Limit, Number, Step, Sum, Truth};

/// A division in the making.
pub(super) struct Split<'f, 'p, 's> {
    pub flow: &'f mut Flow<'p>,
    pub scene: Scene<'s>,
    pub path: &'f mut Path,
    pub steps: Vec<Step>,
    /// Endings by name, in written order.
    pub endings: Vec<(u32, Ending)>,
    /// If what a row has is divided.
    pub each: Option<Each>,
}

/// A leg worked out before its place is known: what it takes, and its endings by name.
type Draft = (Part, Vec<u32>, Vec<(u32, Ending)>);

impl<'p> Split<'_, 'p, '_> {
    fn put(&mut self, share: Rational) -> Part {
        self.flow.put(share, &mut self.steps)
    }

    /// A leg that ends in an account, a pool or nowhere yet.
    pub fn ends(&mut self, leg: u32, target: &'p Target, share: Part) -> Option<u32> {
        let to = match target {
            Target::Account(place) => {
                let parts = self.flow.maker.parts(&place.keys, &mut self.scene)?;
                To::Payee(Some(self.flow.payee(place.account, parts)?))
            }
            Target::Undetermined => To::Payee(None),
            Target::Pool { pool, row: None } if self.each.is_none() => To::Pool(*pool),
            _ => return None,
        };
        self.end(Ending { leg, to, owed: share, share, whole: false, each: self.each })
    }

    pub fn end(&mut self, ending: Ending) -> Option<u32> {
        let name = self.path.name();
        self.endings.push((name, ending));
        Some(name)
    }

    /// Divides a share, and names the endings it comes to.
    pub fn divide(&mut self, target: &'p Target, content: Part) -> Option<Vec<u32>> {
        match target {
            Target::Block(block) => self.block(block, content),
            Target::InOrder(legs) => self.in_order(legs, content),
            Target::Among(among) => self.among(among, content),
            Target::Graded(graded) => self.graded(graded, content),
            Target::Account(_) | Target::Undetermined | Target::Pool { .. } => None,
        }
    }

    fn block(&mut self, block: &'p Block, content: Part) -> Option<Vec<u32>> {
        let whole = content.rational()?;
        let mut left = whole.clone();
        // In written order, though the rest is worked out last.
        let mut drafts: Vec<Option<Draft>> = Vec::new();
        for (place, leg) in block.legs.iter().enumerate() {
            if Some(place) == block.rest {
                drafts.push(None);
                continue;
            }
            let share = match &leg.portion {
                Portion::Rest | Portion::All => whole.clone(),
                Portion::Rate(rate) => {
                    let rate = self.flow.maker.number(rate, &mut self.scene)?;
                    whole.clone().multiply(rate)?
                }
                Portion::Amount(amount) => {
                    let amount = self.flow.maker.number(amount, &mut self.scene)?;
                    self.capped(amount, &whole, &left)?
                }
            };
            let before = (whole.clone(), left.clone());
            let draft = self.apart(|split| split.leg(leg, share, before, content))?;
            left = left.subtract(draft.0.rational()?)?;
            drafts.push(Some(draft));
        }
        if let Some(leg) = block.rest.and_then(|rest| block.legs.get(rest)) {
            let before = (whole, left.clone());
            let draft = self.apart(|split| split.leg(leg, left, before, content))?;
            *drafts.get_mut(block.rest?)? = Some(draft);
        }
        let mut names = Vec::new();
        for (_, own, endings) in drafts.into_iter().flatten() {
            names.extend(own);
            self.endings.extend(endings);
        }
        Some(names)
    }

    fn in_order(&mut self, legs: &'p [Leg], content: Part) -> Option<Vec<u32>> {
        // Money that comes back is taken back leg by leg: the evaluator's.
        let zero = Box::new(Number::Constant(0));
        let slot = Box::new(Number::Slot(content.slot));
        let forward = Truth::Numbers(Comparison::GreaterEqual, slot, zero);
        self.steps.push(Step::Check(forward));
        let whole = content.rational()?;
        let mut left = whole.clone();
        let mut names = Vec::new();
        for leg in legs {
            let share = match &leg.portion {
                Portion::Rest | Portion::All => left.clone(),
                Portion::Rate(rate) => {
                    let rate = self.flow.maker.number(rate, &mut self.scene)?;
                    left.clone().multiply(rate)?
                }
                Portion::Amount(amount) => {
                    let amount = self.flow.maker.number(amount, &mut self.scene)?;
                    self.capped(amount, &whole, &left)?
                }
            };
            let before = (whole.clone(), left.clone());
            let (taken, own) = self.leg(leg, share, before, content)?;
            let rest = left.subtract(taken.rational()?)?;
            left = self.put(rest).rational()?;
            names.extend(own);
        }
        Some(names)
    }

    /// Runs a part of the division whose endings stand elsewhere than behind the others.
    fn apart(&mut self, run: impl FnOnce(&mut Self) -> Option<(Part, Vec<u32>)>) -> Option<Draft> {
        let before = std::mem::take(&mut self.endings);
        let made = run(self);
        let own = std::mem::replace(&mut self.endings, before);
        made.map(|(part, names)| (part, names, own))
    }

    /// An amount with the sign of the whole, at most what is left in that direction.
    fn capped(&self, amount: Rational, whole: &Rational, left: &Rational) -> Option<Rational> {
        let zero = || Rational::of(&Exact::ZERO);
        let amount = self.flow.minor(amount)?.greatest(zero()?)?;
        let negative = whole.clone().compare(Comparison::Less, zero()?)?;
        let forward = amount.clone().least(left.clone().greatest(zero()?)?)?;
        let back = amount.least(left.clone().negate()?.greatest(zero()?)?)?.negate()?;
        Rational::choose(negative, back, forward)
    }

    /// A leg within its bounds, of a whole of which so much is left; gives what it takes, and the
    /// endings it comes to.
    fn leg(
        &mut self,
        leg: &'p Leg,
        mut share: Rational,
        before: (Rational, Rational),
        content: Part,
    ) -> Option<(Part, Vec<u32>)> {
        for bound in &leg.bounds {
            share = match bound {
                Bound::AtLeast(least) => self.raised(least, share, &before)?,
                bound => self.bounded(leg, bound, share, content)?,
            };
        }
        self.ended(leg, share)
    }

    /// A leg that takes a share as it is.
    pub(super) fn ended(&mut self, leg: &'p Leg, share: Rational) -> Option<(Part, Vec<u32>)> {
        let part = self.put(share);
        let ends =
            matches!(leg.target, Target::Account(_) | Target::Pool { .. } | Target::Undetermined);
        let names = match ends {
            true => vec![self.ends(leg.leg, &leg.target, part)?],
            // Several leaves under a bound may be refused a unit.
            false if !leg.bounds.is_empty() => return None,
            false => self.divide(&leg.target, part)?,
        };
        if let Some(feed) = &leg.feed {
            self.flow.feed(feed, &names, self.path, &mut self.scene)?;
        }
        Some((part, names))
    }

    /// A share raised to a bound, but not beyond what is left, with the sign of the whole.
    fn raised(
        &mut self,
        least: &'p Expr,
        share: Rational,
        (whole, left): &(Rational, Rational),
    ) -> Option<Rational> {
        let zero = || Rational::of(&Exact::ZERO);
        let least = self.flow.maker.number(least, &mut self.scene)?;
        let least = self.flow.minor(least)?.greatest(zero()?)?.floor()?;
        let negative = whole.clone().compare(Comparison::Less, zero()?)?;
        let back = left.clone().negate()?;
        let left = Rational::choose(negative.clone(), back, left.clone())?;
        let left = left.greatest(zero()?)?;
        let raised = share.absolute()?.greatest(left.least(least)?)?;
        Rational::choose(negative, raised.clone().negate()?, raised)
    }

    /// An amount cut at the bounds of a scale.
    fn graded(&mut self, graded: &'p Graded, content: Part) -> Option<Vec<u32>> {
        let zero = || Rational::of(&Exact::ZERO);
        let whole = content.rational()?;
        let negative = whole.clone().compare(Comparison::Less, zero()?)?;
        let (low, high) = match &graded.from {
            None => (zero()?, whole.absolute()?),
            Some(from) => {
                let from = self.flow.maker.number(from, &mut self.scene)?;
                let from = self.flow.minor(from)?;
                let to = from.clone().add(whole)?;
                let low = Rational::choose(negative.clone(), to.clone(), from.clone())?;
                (low, Rational::choose(negative.clone(), from, to)?)
            }
        };
        let mut reached = self.put(low).rational()?;
        let high = self.put(high).rational()?;
        let mut names = Vec::new();
        for slice in &graded.slices {
            let upper = match &slice.up_to {
                None => high.clone(),
                Some(up_to) => {
                    let up_to = self.flow.maker.number(up_to, &mut self.scene)?;
                    self.flow.minor(up_to)?.least(high.clone())?
                }
            };
            let next = self.put(upper.greatest(reached.clone())?).rational()?;
            let part = next.clone().subtract(reached)?;
            reached = next;
            let part = Rational::choose(negative.clone(), part.clone().negate()?, part)?;
            names.extend(self.ended(&slice.leg, part)?.1);
        }
        Some(names)
    }

    fn bounded(
        &mut self,
        leg: &'p Leg,
        bound: &'p Bound,
        share: Rational,
        content: Part,
    ) -> Option<Rational> {
        self.path.bounded = true;
        let amount = match bound {
            Bound::UpTo(amount) => amount,
            Bound::UpToInTotal { amount, .. } => amount,
            Bound::AtLeast(_) => return None,
        };
        let amount = self.flow.maker.number(amount, &mut self.scene)?;
        let limit = self.flow.minor(amount)?.greatest(Rational::of(&Exact::ZERO)?)?.floor()?;
        let Bound::UpToInTotal { closed_once_reached, projection, .. } = bound else {
            let limit = self.put(limit).rational()?;
            return share.least(limit.clone())?.greatest(limit.negate()?);
        };
        let feed = leg.feed.as_ref()?;
        // What an earlier leg of this event added to the total would count.
        if self.path.feeds.iter().any(|fed| fed.tally == feed.tally) {
            return None;
        }
        let parts = self.flow.maker.parts(&feed.keys, &mut self.scene)?;
        let declared = self.flow.maker.plan.tallies.get(at(feed.tally))?;
        let space = declared.projections.get(at(*projection))?.space;
        let key = self.flow.maker.key(space, parts);
        let to = self.flow.slot();
        if !share.under.is_empty() {
            return None;
        }
        let den = share.den;
        self.steps.push(Step::Bound(Box::new(Limit {
            share: share.number,
            den,
            to,
            bound: limit.number,
            sum: Sum { tally: feed.tally, projection: *projection, key },
            latch: closed_once_reached.then_some(leg.leg),
            content: content.slot,
        })));
        Rational::new(Number::Slot(to), den)
    }
}
