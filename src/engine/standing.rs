//! Events that stand otherwise than the rules give them: they are told as the rules give them, and change
//! what outlives them by what stands.
//!
//! An amount that stands is known by its leg and its account. It is put into the place that the rules have
//! for it, so that running totals, balances and what a refund may undo are those of what stands. Where the
//! rules have no such place, or cannot work the event out at all, nobody can say what it adds to totals: it
//! changes what the rules say, and is told to be unsure.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::base::{Date, Exact, Money};
use crate::plan::{Event, EventSource, Feed, Leg, Plan, RowSource, Source, Target, at};
use crate::rows::{Allocation, Cell, Origin, Payee};

use super::evaluator::Evaluator;
use super::fault::Fault;
use super::originals::{Original, OriginalLeaf};
use super::remember::kept_value;
use super::trace::Trace;
use super::tree::{Content, Node};

/// What stands of an event, whatever the rules give.
#[derive(Debug, Clone, PartialEq)]
pub struct Stands {
    /// What tells it from its like, if nobody sends it.
    pub made: Option<MadeEvent>,
    /// What it brought.
    pub inflow: Money,
    /// Its amounts.
    pub leaves: Vec<StandingLeaf>,
}

/// An amount that stands.
#[derive(Debug, Clone, PartialEq)]
pub struct StandingLeaf {
    /// The declared account and its key; none for what is undetermined.
    pub account: Option<(u32, Vec<Cell>)>,
    /// The leg that gave it.
    pub leg: u32,
    /// How much.
    pub amount: Money,
}

/// What an event that nobody sends is known by.
#[derive(Debug, Clone, PartialEq)]
pub struct MadeEvent {
    /// Its kind.
    pub kind: u32,
    /// Its day.
    pub date: Date,
    /// The row that it was made for, as it is stored; `Missing`, if it was made for none.
    pub row: Cell,
}

impl MadeEvent {
    /// The field of a calendar event that holds the row it was made for.
    pub const ROW: u32 = 1;
}

/// What stands, by where events were read; of those that nobody sends by any place that no other has.
pub type StandingEvents = BTreeMap<Origin, Stands>;

/// The same within a run.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    of: StandingEvents,
    /// Those that nobody sends: by kind, day and key of the row.
    made: HashMap<(u32, Date, Vec<Cell>), Origin>,
    /// Of those the ones that were not made so far.
    to_come: BTreeSet<Origin>,
    unsure: HashSet<Origin>,
}

/// Where an amount goes: by which leg, to which account.
type Place = (u32, Option<u32>);

/// Amounts by their places, those of one place in the order written.
type Places = BTreeMap<Place, Vec<i128>>;

impl Standing {
    pub fn new(of: StandingEvents, plan: &Plan) -> Standing {
        let mut made = HashMap::new();
        for (origin, stands) in &of {
            if let Some(MadeEvent { kind, date, row }) = &stands.made {
                made.insert((*kind, *date, key_of(*kind, row, plan)), *origin);
            }
        }
        let to_come = made.values().copied().collect();
        Standing { of, made, to_come, unsure: HashSet::new() }
    }

    /// Those of which nobody can say what they add to running totals, in order: also those that were not
    /// made, if totals count their like.
    pub fn unsure(self, plan: &Plan) -> Vec<Origin> {
        let counts = |origin: &Origin| {
            let made = self.of.get(origin).and_then(|stands| stands.made.as_ref());
            let event = made.and_then(|made| plan.events.get(at(made.kind)));
            event.is_some_and(|event| is_counted(event, plan))
        };
        let mut unsure: Vec<Origin> = self.to_come.iter().copied().filter(counts).collect();
        unsure.extend(self.unsure);
        unsure.sort_unstable();
        unsure.dedup();
        unsure
    }
}

/// What tells the row of an event that nobody sends from other rows.
fn key_of(kind: u32, row: &Cell, plan: &Plan) -> Vec<Cell> {
    let selection = match plan.events.get(at(kind)).map(|event| &event.source) {
        Some(EventSource::Periodic { for_each: Some(selection), .. })
        | Some(EventSource::OnDate { for_each: selection, .. }) => selection,
        _ => return Vec::new(),
    };
    match (row, &selection.source) {
        (Cell::Record(cells), RowSource::Register { register, .. }) => {
            let keys = plan.registers.get(at(*register)).map_or(&[][..], |it| &it.keys);
            let cell = |field: &u32| cells.get(at(*field)).cloned().unwrap_or(Cell::Missing);
            keys.iter().map(cell).collect()
        }
        (Cell::Record(cells), _) => cells.first().cloned().into_iter().collect(),
        (other, _) => vec![other.clone()],
    }
}

impl<'a, T: Trace> Evaluator<'a, '_, T> {
    /// What stands of the event at hand, if it stands whatever the rules give. It has come, then.
    pub fn stands(&mut self) -> Option<Stands> {
        if self.state.standing.of.is_empty() {
            return None;
        }
        let origin = self.origin()?;
        self.state.standing.to_come.remove(&origin);
        self.state.standing.of.get(&origin).cloned()
    }

    /// By which place what may stand of the event at hand is known.
    fn origin(&self) -> Option<Origin> {
        let at_hand = self.at_hand.as_ref()?;
        let origin = at_hand.batch.origins.get(at_hand.row).copied()?;
        if origin != Origin::MADE {
            return Some(origin);
        }
        let row = at_hand.column(MadeEvent::ROW).cell(at_hand.row);
        let key = key_of(at_hand.kind, &row, self.plan);
        self.state.standing.made.get(&(at_hand.kind, self.date, key)).copied()
    }

    /// Nobody can say what the event at hand adds to totals, as it stands.
    pub fn is_unsure(&mut self) {
        let origin = self.origin();
        self.state.standing.unsure.extend(origin);
    }

    /// Puts what stands into the place of what the rules give, once that has settled.
    pub fn stand(&mut self, stands: &Stands) -> Result<(), Fault> {
        let (mut written, mut told) = (Vec::new(), Vec::new());
        self.allocations(&mut written, &mut told);
        let Some(standing) = self.standing_places(stands) else {
            self.is_unsure();
            return Ok(());
        };
        let legs = legs_of(self.event()?, self.plan);
        if comes_out(&standing, &told, &legs) {
            return Ok(());
        }
        let stood = cases_of(&legs, &standing);
        self.lay_out(&legs, &stood)?;
        self.allocations(&mut written, &mut Vec::new());
        let mut given: BTreeMap<Place, Vec<u32>> = BTreeMap::new();
        for place in written {
            if let Some(node) = self.frame.nodes.get(at(place)) {
                given.entry((node.leg, account_of(&node.content))).or_default().push(place);
            }
        }
        let mut places: Vec<Place> = given.keys().chain(standing.keys()).copied().collect();
        places.sort_unstable();
        places.dedup();
        for place in places {
            let nodes = given.get(&place).map_or(&[][..], Vec::as_slice);
            let amounts = standing.get(&place).map_or(&[][..], Vec::as_slice);
            let counts = may_feed(place.0, &legs);
            self.put(place, (nodes, amounts), counts)?;
        }
        self.fill_pools((&standing, &told), &legs, &stood)?;
        self.frame.told = Some(told);
        Ok(())
    }

    /// Gives legs their places that gave something which stands, where the event goes by another rule now.
    fn lay_out(&mut self, legs: &Legs, stood: &Cases) -> Result<(), Fault> {
        let told = self.trace.recorder().and_then(|it| it.divisions.last().map(|it| it.legs.len()));
        let event = self.event()?;
        for (step, number) in stood.iter().copied() {
            let case = event.pools.get(step).and_then(|step| step.cases.get(number));
            let own = |leg: u32| legs.get(&leg).is_some_and(|it| it.case == Some((step, number)));
            let placed = || self.frame.nodes.iter().any(|node| own(node.leg));
            // The row for which a pool is divided is known while it is divided alone.
            if let Some(case) = case.filter(|case| case.row.is_none() && !placed())
                && let Some(chain) = self.laid_out(case)?
            {
                let roots = self.frame.roots;
                self.frame.roots = self.joined(roots, chain);
            }
        }
        // They are not what the rules give.
        if let Some(division) = self.trace.recorder().and_then(|it| it.divisions.last_mut()) {
            division.legs.truncate(told.unwrap_or_default());
        }
        Ok(())
    }

    /// Puts amounts that stand by one leg at one account into the nodes of that leg, which a total may
    /// count.
    fn put(
        &mut self,
        place: Place,
        (nodes, amounts): (&[u32], &[i128]),
        counts: bool,
    ) -> Result<(), Fault> {
        let units = |node: &u32| self.frame.nodes.get(at(*node)).map_or(0, |it| it.units);
        let sum: i128 = amounts.iter().sum();
        if sum == nodes.iter().map(units).sum::<i128>() {
            return Ok(());
        }
        // As many as the rules give stand in the order in which they were written.
        let alike = nodes.len() == amounts.len();
        if !alike && nodes.len() != 1 && counts {
            self.is_unsure();
        }
        if nodes.is_empty() {
            let (leg, account) = place;
            let content = account.map_or(Content::Undetermined, Content::Account);
            self.make_whole(leg, content, sum)?;
        }
        for (number, node) in nodes.iter().enumerate() {
            let all = if number == 0 { sum } else { 0 };
            let units = if alike { amounts.get(number).copied() } else { None };
            if let Some(node) = self.frame.nodes.get_mut(at(*node)) {
                node.units = units.unwrap_or(all);
            }
        }
        Ok(())
    }

    /// What fills a pool counts as what it puts there: what came out of it, as it stands. Of rules that may
    /// fill it those do by which the event stands.
    fn fill_pools(
        &mut self,
        (standing, told): (&Places, &[Allocation]),
        legs: &Legs,
        stood: &Cases,
    ) -> Result<(), Fault> {
        // What came out by each leg: as it stands, and by the rules.
        let mut out: BTreeMap<u32, (i128, i128)> = BTreeMap::new();
        for ((leg, _), amounts) in standing {
            out.entry(*leg).or_default().0 += amounts.iter().sum::<i128>();
        }
        for given in told {
            out.entry(given.leg).or_default().1 += given.amount.minor();
        }
        let sources = self.event()?.pools.iter().rev().filter_map(|step| match step.source {
            Source::Pool(pool) if counts(pool, legs) => Some(pool),
            _ => None,
        });
        for pool in sources {
            let emptying = legs.iter().filter(|(_, it)| it.source == Some(pool));
            let sums = emptying.filter_map(|(leg, _)| out.get(leg));
            let (stands, given) = sums.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            let (mut own, mut others) = (Vec::new(), Vec::new());
            for node in self.frame.nodes.iter_mut().filter(|node| fills(pool, node)) {
                let case = legs.get(&node.leg).and_then(|it| it.case);
                match case.is_none_or(|case| stood.contains(&case)) {
                    true => own.push(node),
                    false if !node.share.is_zero() => others.push(node),
                    false => {}
                }
            }
            match own.as_mut_slice() {
                [] if stands == 0 => {}
                [one] if others.is_empty() => {
                    one.share = one.share.add(&Exact::from_int(stands - given))?;
                    out.insert(one.leg, (stands, given));
                }
                [one] if one.share.is_zero() => {
                    one.share = Exact::from_int(stands);
                    out.insert(one.leg, (stands, 0));
                }
                [_, _, ..] if stands == given && others.is_empty() => {}
                _ => {
                    self.is_unsure();
                    return Ok(());
                }
            }
            if let [first, rest @ ..] = others.as_mut_slice() {
                out.insert(first.leg, (0, given));
                first.share = Exact::ZERO;
                rest.iter_mut().for_each(|node| node.share = Exact::ZERO);
            }
        }
        Ok(())
    }

    /// What of each leaf a refund undoes that stands otherwise than the rules give it.
    pub fn stand_back(
        &mut self,
        stands: &Stands,
        original: &mut Original,
        targets: &mut Vec<i128>,
    ) -> Result<(), Fault> {
        let Some(standing) = self.standing_places(stands) else {
            self.is_unsure();
            return Ok(());
        };
        let mut told = Vec::new();
        let mut given: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
        for (number, (leaf, target)) in original.leaves.iter().zip(&*targets).enumerate() {
            given.entry((leaf.leg, leaf.account)).or_default().push(number);
            let payee = leaf.account.map_or(Payee::Undetermined, Payee::Account);
            let amount = Money::from_minor(leaf.given_back - target);
            told.extend((!amount.is_zero()).then_some(Allocation { payee, amount, leg: leaf.leg }));
        }
        if comes_out(&standing, &told, &legs_of(self.event()?, self.plan)) {
            return Ok(());
        }
        self.frame.told = Some(told);
        let mut unsure = false;
        for (place, leaves) in &given {
            let amounts = standing.get(place).map_or(&[][..], Vec::as_slice);
            let alike = leaves.len() == amounts.len();
            unsure |= !alike && leaves.len() > 1;
            for (at_place, number) in leaves.iter().enumerate() {
                let all = if at_place == 0 { amounts.iter().sum() } else { 0 };
                let units = if alike { amounts.get(at_place).copied() } else { None };
                let leaf = original.leaves.get(*number);
                if let Some((leaf, target)) = leaf.zip(targets.get_mut(*number)) {
                    *target = leaf.given_back - units.unwrap_or(all);
                }
            }
        }
        for ((leg, account), amounts) in &standing {
            if !given.contains_key(&(*leg, *account)) {
                let (leg, account) = (*leg, *account);
                original.leaves.push(OriginalLeaf { account, leg, units: 0, given_back: 0 });
                targets.push(-amounts.iter().sum::<i128>());
                unsure = true;
            }
        }
        if unsure && !original.feeds.is_empty() {
            self.is_unsure();
        }
        Ok(())
    }

    /// The amounts that stand, by their places in these rules; nothing where an account has none.
    fn standing_places(&mut self, stands: &Stands) -> Option<Places> {
        let mut standing = Places::new();
        for leaf in &stands.leaves {
            let account = match &leaf.account {
                None => None,
                Some((family, key)) => Some(self.position_of(*family, key)?),
            };
            standing.entry((leaf.leg, account)).or_default().push(leaf.amount.minor());
        }
        Some(standing)
    }

    /// The position of an account by its key; nothing where these rules have none such.
    fn position_of(&mut self, family: u32, key: &[Cell]) -> Option<u32> {
        self.plan.accounts.get(at(family))?;
        let mut parts = Vec::with_capacity(key.len());
        for cell in key {
            let value = kept_value(cell);
            parts.push((!value.is_missing()).then(|| self.state.names.part(&value))?);
        }
        Some(self.state.accounts.position(family, &parts, || key.to_vec()))
    }
}

/// Whether what stands is what the rules give, leg by leg. Where they do not have its legs, it is by the
/// accounts alone.
fn comes_out(standing: &Places, told: &[Allocation], legs: &Legs) -> bool {
    let has = |(leg, _): &Place| *leg >= Allocation::BY_CLOSING || legs.contains_key(leg);
    if !standing.keys().all(has) {
        return by_account(standing) == of_accounts(told);
    }
    let mut places: BTreeMap<Place, i128> = BTreeMap::new();
    for (place, amounts) in standing {
        *places.entry(*place).or_default() += amounts.iter().sum::<i128>();
    }
    for given in told {
        let place = (given.leg, account_paid(given.payee));
        *places.entry(place).or_default() -= given.amount.minor();
    }
    places.values().all(|left| *left == 0)
}

fn by_account(places: &Places) -> BTreeMap<Option<u32>, i128> {
    let mut sums = BTreeMap::new();
    for ((_, account), amounts) in places {
        *sums.entry(*account).or_default() += amounts.iter().sum::<i128>();
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

/// Whether a tally that is read may count what a leg gives; of a leg that the rules do not have, whether
/// any may.
fn may_feed(leg: u32, legs: &Legs) -> bool {
    let any = || legs.values().any(|it| it.fed);
    leg < Allocation::BY_CLOSING && legs.get(&leg).map_or_else(any, |it| it.fed)
}

fn account_of(content: &Content<'_>) -> Option<u32> {
    match content {
        Content::Account(account) => Some(*account),
        Content::Undetermined | Content::Pool { .. } | Content::Group => None,
    }
}

fn account_paid(payee: Payee) -> Option<u32> {
    match payee {
        Payee::Account(account) => Some(account),
        Payee::Undetermined => None,
    }
}

/// What each account gets.
fn of_accounts(told: &[Allocation]) -> BTreeMap<Option<u32>, i128> {
    let mut sums = BTreeMap::new();
    for given in told {
        *sums.entry(account_paid(given.payee)).or_default() += given.amount.minor();
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

/// What a leg of an event's rules has to do with totals.
#[derive(Debug, Clone, Copy)]
struct Leading {
    /// The rule that has it: which step's, and which one of that. None of a levy or transfer.
    case: Option<(usize, usize)>,
    /// A tally that is read counts what it gives.
    fed: bool,
    /// The pool that it empties.
    source: Option<u32>,
    /// The pool that it fills.
    fills: Option<u32>,
}

/// Rules: which step's, and which one of that.
type Cases = BTreeSet<(usize, usize)>;

/// All legs by which an event may give.
type Legs = BTreeMap<u32, Leading>;

fn legs_of(event: &Event, plan: &Plan) -> Legs {
    let mut legs = BTreeMap::new();
    for (at_step, step) in event.pools.iter().enumerate() {
        let source = match step.source {
            Source::Inflow => None,
            Source::Pool(pool) => Some(pool),
        };
        for (number, case) in step.cases.iter().enumerate() {
            let case_of = Some((at_step, number));
            let above = Leading { case: case_of, fed: false, source, fills: None };
            add_legs(&case.target, above, plan, &mut legs);
        }
    }
    for levy in &event.levies {
        let fed = feeds(levy.feed.as_ref(), plan);
        let fills = pool_of(&levy.into);
        legs.insert(levy.leg, Leading { case: None, fed, source: None, fills });
    }
    for transfer in event.transfers.iter().flat_map(|case| &case.transfers) {
        let fed = feeds(transfer.feed.as_ref(), plan);
        let fills = pool_of(&transfer.to);
        legs.insert(transfer.leg, Leading { case: None, fed, source: None, fills });
    }
    legs
}

/// The rules by which an event stands: those of which legs gave something, and those that filled the
/// pools from which it came, as far as there is one alone that may have.
fn cases_of(legs: &Legs, standing: &Places) -> Cases {
    let of_leg = |(leg, _): &Place| legs.get(leg).and_then(|it| it.case);
    let mut stood: Cases = standing.keys().filter_map(of_leg).collect();
    loop {
        let emptied = legs.values().filter(|it| it.case.is_some_and(|case| stood.contains(&case)));
        let emptied: BTreeSet<u32> = emptied.filter_map(|it| it.source).collect();
        let mut found = None;
        for pool in emptied {
            let filling = legs.values().filter(|it| it.fills == Some(pool));
            let filling: BTreeSet<Option<(usize, usize)>> = filling.map(|it| it.case).collect();
            let known = |(step, _): (usize, usize)| stood.iter().any(|stood| stood.0 == step);
            let mut open = filling.iter().flatten().filter(|case| !known(**case));
            let filled = filling.iter().any(|case| case.is_none_or(|case| stood.contains(&case)));
            if let (Some(case), None, false) = (open.next(), open.next(), filled) {
                found = Some(*case);
            }
        }
        match found {
            Some(case) => stood.insert(case),
            None => return stood,
        };
    }
}

/// Whether a tally that is read counts what is put into a pool.
fn counts(pool: u32, legs: &Legs) -> bool {
    let mut filling = legs.values().filter(|it| it.fills == Some(pool));
    filling.any(|it| it.fed || it.source.is_some_and(|pool| counts(pool, legs)))
}

fn fills(of: u32, node: &Node<'_>) -> bool {
    matches!(node.content, Content::Pool { pool, .. } if pool == of)
}

/// Whether a total that is read counts anything of an event.
fn is_counted(event: &Event, plan: &Plan) -> bool {
    event.adds.iter().any(|change| is_read(change.of, plan))
        || legs_of(event, plan).values().any(|it| it.fed)
}

fn pool_of(target: &Target) -> Option<u32> {
    match target {
        Target::Pool { pool, .. } => Some(*pool),
        _ => None,
    }
}

/// Whether a feed is of a tally that is read.
fn feeds(feed: Option<&Feed>, plan: &Plan) -> bool {
    feed.is_some_and(|feed| is_read(feed.tally, plan))
}

fn is_read(tally: u32, plan: &Plan) -> bool {
    plan.tallies.get(at(tally)).is_some_and(|tally| !tally.projections.is_empty())
}

fn add_legs(target: &Target, above: Leading, plan: &Plan, legs: &mut Legs) {
    let mut add = |leg: &Leg| {
        let fed = above.fed || feeds(leg.feed.as_ref(), plan);
        let leading = Leading { fed, fills: pool_of(&leg.target), ..above };
        legs.insert(leg.leg, leading);
        add_legs(&leg.target, leading, plan, legs);
    };
    match target {
        Target::Account(_) | Target::Undetermined | Target::Pool { .. } => {}
        Target::Block(block) => block.legs.iter().for_each(add),
        Target::InOrder(inside) => inside.iter().for_each(add),
        Target::Graded(graded) => graded.slices.iter().map(|slice| &slice.leg).for_each(add),
        Target::Among(among) => {
            add(&among.leg);
            among.if_none.iter().for_each(add);
        }
    }
}
