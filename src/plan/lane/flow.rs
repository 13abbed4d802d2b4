//! From what happens to an event in the plan to its lane.
//!
//! A way is followed rule by rule, pool by pool: each rule that may empty a pool begins a way of its
//! own, on which everything after it is known but the amounts. So the tree of legs, which the
//! evaluator builds anew for every event, is built here once for each way.

use super::super::{
    Case, Constant, Event, EventSource, Feed as PlanFeed, Field, Kind, LevyCase, Plan, Settlement,
    Source, Target, at,
};
use super::among::Settling;
use super::expr::{Locals, Maker, Scene};
use super::rational::{Rational, multiplied};
use super::split::Split;
use super::{
    Add, CaseBits, CaseOf, Choice, Day, Done, Each, Feed, KeyPart, Lane, Leaf, Levy, Next, Number,
    Program, Questions, Slot, Step, Sum, Truth, Way, WayOfSettling,
};

/// More ways than these are the evaluator's.
const WAYS_MAX: u32 = 4096;

/// The lane of an event kind, if it has one. `known` gives the values of what is steady in the plan, as
/// far as they are known.
pub fn lane(plan: &Plan, event: &Event, known: &dyn Fn(u32) -> Option<Constant>) -> Option<Lane> {
    let sent = event.source == EventSource::Sent;
    let computed =
        |field: &u32| event.fields.get(at(*field)).is_none_or(|it| it.computed.is_some());
    // What may be undone is kept under the one field that identifies it, of a plain type.
    let plainly = |field: &Field| {
        let kind = matches!(field.kind, Kind::Text | Kind::Integer | Kind::Date | Kind::Member(_));
        kind && !field.optional
    };
    let named = match event.unique.as_slice() {
        [field] => event.fields.get(at(*field)).is_some_and(plainly),
        _ => false,
    };
    let nameless = event.reversible && !named;
    let moves = !event.transfers.is_empty();
    if !sent || moves || nameless || event.unique.iter().any(computed) {
        return None;
    }
    Flow { maker: Maker::new(plan, event, known), slots: 0, ways: 0, divisions: 0 }.lane()
}

pub(super) struct Flow<'p> {
    pub maker: Maker<'p>,
    pub slots: u32,
    pub ways: u32,
    /// Divisions of what rows have.
    pub divisions: u32,
}

/// A share on its way: where its numerator is put down, and its denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub slot: Slot,
    pub den: i128,
    /// Where that is put down which the denominator is multiplied with.
    pub under: Option<Slot>,
}

impl Part {
    /// A whole number of units.
    pub(super) fn whole(slot: Slot) -> Part {
        Part { slot, den: 1, under: None }
    }

    /// Whether it is a whole number of units for certain.
    pub(super) fn is_whole(self) -> bool {
        self.den == 1 && self.under.is_none()
    }

    pub(super) fn rational(self) -> Option<Rational> {
        let under = self.under.into_iter().map(Number::Slot).collect();
        Rational::divided(Number::Slot(self.slot), self.den, under)
    }
}

/// A leg that ends somewhere.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    pub leg: u32,
    pub to: To,
    /// What it is owed.
    pub owed: Part,
    /// What it is still to get: as owed, until a split settles on its own.
    pub share: Part,
    pub whole: bool,
    /// If there is one for each row.
    pub each: Option<Each>,
}

#[derive(Debug, Clone)]
pub(super) enum To {
    Payee(Option<(u32, Vec<KeyPart>)>),
    Pool(u32),
    /// A pool of the row at hand.
    RowPool(u32),
}

/// What a leg adds to a tally: under which key, to which sums, and the endings it is the sum of.
#[derive(Debug, Clone)]
pub(super) struct Fed {
    pub tally: u32,
    pub key: Vec<KeyPart>,
    pub sums: Vec<Sum>,
    pub endings: Vec<u32>,
}

/// How far a way has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Path {
    /// Legs that end, in written order; those into a pool with the pool's own division behind the
    /// first of them.
    pub endings: Vec<Ending>,
    pub feeds: Vec<Fed>,
    /// Names of endings, stable while others are put between them.
    pub names: Vec<u32>,
    pub next_name: u32,
    pub by: Option<WayOfSettling>,
    pub bounded: bool,
}

impl<'p> Flow<'p> {
    fn lane(mut self) -> Option<Lane> {
        let event = self.maker.event;
        let required = (0..)
            .zip(&event.fields)
            .filter(|(_, field)| field.computed.is_none() && !field.optional)
            .map(|(place, _)| place)
            .collect();
        let date = self.date()?;
        let adds = self.adds()?;
        let inflow = match event.inflow {
            // A computed inflow is rare, and has a fault of its own.
            Some(field) if event.fields.get(at(field))?.computed.is_some() => return None,
            Some(field) => Some((field, self.slot())),
            None => None,
        };
        let mut path = Path::default();
        let levies = self.levies(&mut path)?;
        let way = self.way_from(0, &path, inflow.map(|(_, slot)| slot), &levies, Vec::new())?;
        let becomes: Option<Vec<_>> =
            event.becomes.iter().map(|change| self.maker.becomes(change)).collect();
        self.maker.after = true;
        let figures: Option<Vec<_>> =
            event.figures.iter().map(|figure| self.maker.figure(figure)).collect();
        let program = Program {
            adds,
            becomes: becomes?,
            levies,
            selections: std::mem::take(&mut self.maker.selections),
            shares: std::mem::take(&mut self.maker.shares),
            kept: std::mem::take(&mut self.maker.kept),
            figures: figures?,
            way,
            fixed: 0,
            waits: true,
            whole: false,
        };
        let (questions, program) =
            Questions::of(&program, date_field(&date), self.maker.plan, event);
        Some(Lane {
            currency: event.currency,
            required,
            undoes: event.reverses,
            kept_under: event.unique.first().copied().filter(|_| event.reversible),
            date,
            rows: self.maker.rows,
            sources: self.maker.sources,
            keys: self.maker.keys,
            inflow,
            slots: self.slots,
            questions,
            program,
        })
    }

    pub(super) fn slot(&mut self) -> Slot {
        let slot = Slot(self.slots);
        self.slots += 1;
        slot
    }

    fn date(&mut self) -> Option<Day> {
        let field = self.maker.event.effective;
        let declared = self.maker.event.fields.get(at(field))?;
        let Some(formula) = &declared.computed else { return Some(Day::Field(field)) };
        let mut locals = vec![None; at(formula.locals)];
        self.maker.day(&formula.expr, &mut Scene { locals: &mut locals, own: None })
    }

    fn adds(&mut self) -> Option<Vec<Add>> {
        let event = self.maker.event;
        let mut adds = Vec::with_capacity(event.adds.len());
        for change in &event.adds {
            let mut locals: Locals = vec![None; at(change.locals)];
            let scene = &mut Scene { locals: &mut locals, own: None };
            let when = match &change.when {
                Some(when) => self.maker.truth(when, scene)?,
                None => Truth::Constant(true),
            };
            let amount = self.maker.number(&change.value, scene)?.times(&change.unit)?;
            let parts = self.maker.parts(&change.keys, scene)?;
            let amount = amount.over(1)?;
            let sums = self.maker.sums(change.of, &parts)?;
            let asked = (!self.maker.is_sure_key(&parts)).then(|| parts.clone());
            self.maker.adds.push((change.of, parts));
            adds.push(Add { when, amount, sums, asked });
        }
        Some(adds)
    }

    fn levies(&mut self, path: &mut Path) -> Option<Vec<Levy>> {
        let event = self.maker.event;
        event.levies.iter().map(|levy| self.levy(levy, path)).collect()
    }

    fn levy(&mut self, levy: &'p LevyCase, path: &mut Path) -> Option<Levy> {
        let mut locals: Locals = vec![None; at(levy.locals)];
        let scene = &mut Scene { locals: &mut locals, own: None };
        let when = self.head((levy.from, levy.until), &levy.steps, scene);
        let due = self.maker.number(&levy.due, scene)?;
        let due = self.minor(due)?.over(1)?;
        let to = self.slot();
        let target = match &levy.into {
            Target::Account(place) => {
                let parts = self.maker.parts(&place.keys, scene)?;
                To::Payee(Some(self.payee(place.account, parts)?))
            }
            Target::Pool { pool, row: None } => To::Pool(*pool),
            _ => return None,
        };
        let (owed, share) = (Part::whole(to), Part::whole(to));
        let ending = Ending { leg: levy.leg, to: target, owed, share, whole: true, each: None };
        let name = path.end(ending);
        if let Some(feed) = &levy.feed {
            self.feed(feed, &[name], path, scene)?;
        }
        Some(Levy { when, due, may_refund: levy.may_refund, to })
    }

    pub(super) fn feed(
        &mut self,
        feed: &'p PlanFeed,
        endings: &[u32],
        path: &mut Path,
        scene: &mut Scene<'_>,
    ) -> Option<()> {
        let parts = self.maker.parts(&feed.keys, scene)?;
        let sums = self.maker.sums(feed.tally, &parts)?;
        let fed = Fed { tally: feed.tally, key: parts, sums, endings: endings.to_vec() };
        path.feeds.push(fed);
        Some(())
    }

    /// An account whose movements matter to nobody beyond the event.
    pub(super) fn payee(&self, account: u32, parts: Vec<KeyPart>) -> Option<(u32, Vec<KeyPart>)> {
        let plan = self.maker.plan;
        let closes = |event: &Event| match event.source {
            EventSource::Stage { closes, .. } => closes == account,
            _ => false,
        };
        let declared = plan.accounts.get(at(account))?;
        let plain = |kind: &Kind| !matches!(kind, Kind::Number | Kind::Money { .. });
        if !declared.keys.iter().all(plain) {
            return None;
        }
        let watched = declared.counted || declared.holds || plan.events.iter().any(closes);
        (!watched).then_some((account, parts))
    }

    /// Money in minor units of the event's currency.
    pub(super) fn minor(&self, amount: Rational) -> Option<Rational> {
        amount.times(&self.maker.event.unit)
    }

    /// What comes from a step of the flow on, behind what comes before it.
    fn way_from(
        &mut self,
        step: usize,
        path: &Path,
        inflow: Option<Slot>,
        levies: &[Levy],
        mut steps: Vec<Step>,
    ) -> Option<Way> {
        let event = self.maker.event;
        let Some(pool) = event.pools.get(step) else {
            let (settle, done) = self.done(path, inflow, levies)?;
            steps.push(settle);
            return Some(Way { steps, next: Next::Done(Box::new(done)) });
        };
        let gathered = match pool.source {
            Source::Inflow => inflow.map(|slot| (Part::whole(slot), Vec::new())),
            Source::Pool(of) if self.maker.plan.pools.get(at(of))?.per.is_some() => {
                if let Some(divided) = self.of_rows(pool, of, path)? {
                    let (loop_of_rows, path) = divided;
                    steps.push(Step::Rows(Box::new(loop_of_rows)));
                    return self.way_from(step + 1, &path, inflow, levies, steps);
                }
                None
            }
            Source::Pool(pool) => self.gathered(pool, path)?,
        };
        let Some((content, before)) = gathered else {
            return self.way_from(step + 1, path, inflow, levies, steps);
        };
        steps.extend(before);
        let plan = self.maker.plan;
        if pool.cases.len() > (0..CaseBits::BITS).len() {
            return None;
        }
        let mut cases = Vec::with_capacity(pool.cases.len());
        for case in &pool.cases {
            let mut locals: Locals = vec![None; at(case.locals)];
            let scene = &mut Scene { locals: &mut locals, own: None };
            let when = self.head((case.from, case.until), &case.steps, scene);
            let upper = |(_, other): &(u32, &Case)| plan.overrides.has(other.rule, case.rule);
            let overriding = (0_u32..).zip(&pool.cases).filter(upper);
            let overridden_by = overriding.fold(0, |bits: CaseBits, (place, _)| bits | 1 << place);
            let way = match when {
                Truth::Constant(false) => None,
                _ => self.way(case, locals, (step, pool.source), content, path, inflow, levies),
            };
            cases.push(CaseOf { when, overridden_by, way });
        }
        let choice = Choice { content: content.slot, cases };
        Some(Way { steps, next: Next::Choice(Box::new(choice)) })
    }

    /// What is in a pool, if anything can be.
    fn gathered(&mut self, pool: u32, path: &Path) -> Option<Option<(Part, Vec<Step>)>> {
        let fills = |ending: &&Ending| matches!(ending.to, To::Pool(to) if to == pool);
        if path.endings.iter().filter(fills).any(|ending| ending.each.is_some()) {
            return None;
        }
        let parts: Vec<Part> = path.endings.iter().filter(fills).map(|it| it.share).collect();
        match parts.as_slice() {
            [] => Some(None),
            [one] => Some(Some((*one, Vec::new()))),
            [first, others @ ..] => {
                // Its division stands where the first leg does that brought anything: the same
                // place only while nothing stands between them.
                let first_at = path.endings.iter().position(|ending| fills(&ending))?;
                let run = path.endings.iter().skip(first_at).take_while(|it| fills(it)).count();
                if run != parts.len() {
                    return None;
                }
                let mut sum = first.rational()?;
                for other in others {
                    sum = sum.add(other.rational()?)?;
                }
                let mut steps = Vec::new();
                let part = self.put(sum, &mut steps);
                Some(Some((part, steps)))
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a way depends on, and nothing else")]
    fn way(
        &mut self,
        case: &'p Case,
        mut locals: Locals,
        (step, source): (usize, Source),
        content: Part,
        path: &Path,
        inflow: Option<Slot>,
        levies: &[Levy],
    ) -> Option<Way> {
        self.ways += 1;
        if self.ways > WAYS_MAX || case.row.is_some() {
            return None;
        }
        let mut path = path.clone();
        let by = way_of(&case.settlement)?;
        if path.by.is_some_and(|known| known != by) {
            return None;
        }
        path.by = Some(by);
        let mut split = Split {
            flow: self,
            scene: Scene { locals: &mut locals, own: None },
            path: &mut path,
            steps: Vec::new(),
            endings: Vec::new(),
            each: None,
        };
        match &case.target {
            target @ (Target::Account(_) | Target::Pool { .. } | Target::Undetermined) => {
                split.ends(u32::MAX, target, content)?;
            }
            target => {
                split.divide(target, content)?;
            }
        }
        let (mut steps, mut endings) = (split.steps, split.endings);
        if let Some(settlement) = &case.settled {
            steps.push(self.settled(way_of(settlement)?, content, &mut endings, &path)?);
        }
        path.insert(source, endings);
        self.way_from(step + 1, &path, inflow, levies, steps)
    }

    /// Puts a share down.
    pub(super) fn put(&mut self, share: Rational, steps: &mut Vec<Step>) -> Part {
        let Rational { number, den, under } = share;
        let slot = self.slot();
        steps.push(Step::Put(slot, number));
        let under = match under.as_slice() {
            [] => None,
            [Number::Slot(slot)] => Some(*slot),
            under => {
                let slot = self.slot();
                steps.push(Step::Put(slot, multiplied(Number::Constant(1), under)));
                Some(slot)
            }
        };
        Part { slot, den, under }
    }

    /// A split that settles when it is made.
    pub(super) fn settled(
        &mut self,
        by: WayOfSettling,
        content: Part,
        endings: &mut [(u32, Ending)],
        path: &Path,
    ) -> Option<Step> {
        if !content.is_whole() || (path.bounded && by != WayOfSettling::LargestRemainder) {
            return None;
        }
        let endings: Vec<&mut Ending> = endings.iter_mut().map(|(_, ending)| ending).collect();
        let mut settling = Settling { plus: vec![content.slot], ..Settling::default() };
        for ending in endings {
            let (to, share) = (self.slot(), ending.share);
            settling.shares.push((share, to, ending.each.is_some()));
            ending.share = Part::whole(to);
            ending.whole = true;
        }
        settling.step(by)
    }

    /// The last settlement, over what is not whole yet, and the end.
    fn done(&mut self, path: &Path, inflow: Option<Slot>, levies: &[Levy]) -> Option<(Step, Done)> {
        let by = path.by.unwrap_or(WayOfSettling::LargestRemainder);
        if path.bounded && by != WayOfSettling::LargestRemainder {
            return None;
        }
        let emptied = |pool: u32| {
            let steps = &self.maker.event.pools;
            steps.iter().any(|step| step.source == Source::Pool(pool))
        };
        let mut settling = Settling::default();
        let mut leaves = Vec::new();
        // By their names, leaves and what was put into pools.
        let mut named: Vec<(u32, usize)> = Vec::new();
        let mut pooled: Vec<(u32, Slot)> = Vec::new();
        for (name, ending) in path.names.iter().zip(&path.endings) {
            let each = ending.each.is_some();
            let payee = match &ending.to {
                To::Payee(payee) => payee,
                To::Pool(pool) | To::RowPool(pool) if !emptied(*pool) => return None,
                To::Pool(_) | To::RowPool(_) => {
                    // What a leg put into a pool counts as put in, where that is whole.
                    if ending.share.is_whole() && !each {
                        pooled.push((*name, ending.share.slot));
                    }
                    continue;
                }
            };
            let share = ending.share;
            let units = if ending.whole { share.slot } else { self.slot() };
            match (ending.whole, each) {
                (true, false) => settling.minus.push(share.slot),
                (true, true) => settling.minus_rows.push(share.slot),
                (false, each) => settling.shares.push((share, units, each)),
            }
            if !each {
                named.push((*name, leaves.len()));
            }
            leaves.push(Leaf {
                leg: ending.leg,
                payee: payee.clone(),
                fixed: None,
                units,
                share: (ending.owed.slot, 1, ending.owed.den),
                under: ending.owed.under,
                each: ending.each,
            });
        }
        let by_row = leaves.iter().any(|leaf| leaf.each.is_some());
        if by_row && self.maker.event.reversible {
            return None;
        }
        let mut feeds = Vec::with_capacity(path.feeds.len());
        for fed in path.feeds.iter().filter(|fed| !fed.sums.is_empty()) {
            let Fed { tally, key, sums, endings } = fed.clone();
            let mut feed = Feed { tally, key, sums, leaves: Vec::new(), pooled: Vec::new() };
            for name in endings {
                let leaf = named.iter().find(|(of, _)| *of == name);
                let pool = pooled.iter().find(|(of, _)| *of == name);
                match (leaf, pool) {
                    (Some((_, leaf)), _) => feed.leaves.push(*leaf),
                    (None, Some((_, slot))) => feed.pooled.push(*slot),
                    (None, None) => return None,
                }
            }
            feeds.push(feed);
        }
        settling.plus = inflow.into_iter().chain(levies.iter().map(|levy| levy.to)).collect();
        Some((settling.step(by)?, Done { leaves, feeds, by }))
    }
}

impl Path {
    /// Puts an ending behind the others.
    fn end(&mut self, ending: Ending) -> u32 {
        let name = self.name();
        self.names.push(name);
        self.endings.push(ending);
        name
    }

    pub(super) fn name(&mut self) -> u32 {
        self.next_name += 1;
        self.next_name
    }

    /// Puts the endings of a division where it stands: of the inflow behind all before, of a pool
    /// behind the first leg that leads there.
    pub(super) fn insert(&mut self, source: Source, endings: Vec<(u32, Ending)>) {
        let fills = |ending: &Ending| match source {
            Source::Inflow => false,
            Source::Pool(pool) => {
                matches!(ending.to, To::Pool(to) | To::RowPool(to) if to == pool)
            }
        };
        let place = self.endings.iter().position(fills).map_or(self.endings.len(), |at| at + 1);
        let (names, endings): (Vec<u32>, Vec<Ending>) = endings.into_iter().unzip();
        self.names.splice(place..place, names);
        self.endings.splice(place..place, endings);
    }
}

/// The stored field that is the effective date.
fn date_field(date: &Day) -> Option<u32> {
    match date {
        Day::Field(field) => Some(*field),
        _ => None,
    }
}

pub(super) fn way_of(settlement: &Settlement) -> Option<WayOfSettling> {
    match settlement {
        Settlement::LargestRemainder => Some(WayOfSettling::LargestRemainder),
        Settlement::InOrder => Some(WayOfSettling::InOrder),
        Settlement::RemainderTo(_) | Settlement::KeptApartIn(_) | Settlement::CarriedPer(_) => None,
    }
}
