//! Events that stand otherwise than the rules give them: they are told as the rules give them, and what
//! outlives them is what stands.
//!
//! What an event adds to running totals is noted when a dispute about it is settled, with the amounts that
//! stand: nothing that later rules, or other events, make of its legs changes it. Where a total was not
//! known then, and the rules do not give what stands, nobody can say what the event adds to it. It is told
//! to be unsure.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::base::{Date, Exact, Money};
use crate::plan::{Case, Event, EventSource, Feed, Leg, Plan, RowSource, Source, Target, at};
use crate::rows::{Allocation, Cell, Origin};

use super::commit::Delta;
use super::evaluator::Evaluator;
use super::fault::Fault;
use super::originals::{Original, OriginalFeed, OriginalLeaf};
use super::remember::kept_value;
use super::trace::Trace;
use super::value::Part;

/// What stands of an event, whatever the rules give.
#[derive(Debug, Clone, PartialEq)]
pub struct Stands {
    /// What tells it from its like, if nobody sends it.
    pub made: Option<MadeEvent>,
    /// What it brought.
    pub inflow: Money,
    /// Its amounts, in the order written.
    pub leaves: Vec<StandingLeaf>,
    /// The tallies of which it was noted what it adds to them.
    pub tallies: BTreeSet<u32>,
    /// What it adds to them.
    pub feeds: Vec<StandingFeed>,
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

/// What an event adds to a tally.
#[derive(Debug, Clone, PartialEq)]
pub struct StandingFeed {
    /// Which tally.
    pub tally: u32,
    /// Under which key.
    pub key: Vec<Cell>,
    /// The amounts whose sum it adds, by their places.
    pub leaves: Vec<u32>,
    /// What it adds besides, by legs into pools, in minor units.
    pub besides: Exact,
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

/// Events of which it is to be noted what they add to tallies, known as those that stand are.
pub type NotedEvents = BTreeMap<Origin, Option<MadeEvent>>;

/// What was noted of an event: its amounts by the rules, and what it adds to tallies.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Noted {
    /// Its amounts, in the order written.
    pub leaves: Vec<StandingLeaf>,
    /// What it adds.
    pub feeds: Vec<StandingFeed>,
}

/// Why nobody can say what an event adds to tallies as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsure {
    /// The rules do not make it.
    NotMade,
    /// They set it aside, and what it adds besides what its legs gave is for them to say.
    SetAside,
    /// They have no such account or key.
    Lacks,
    /// They may add what its legs gave to this tally, of which nothing was noted.
    Adds(u32),
    /// It undoes an event, and later refunds of that cannot tell of which of its amounts it took.
    Undoes,
}

/// The same within a run.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    of: StandingEvents,
    wanted: NotedEvents,
    /// Those that nobody sends: by kind, day and key of the row.
    made: HashMap<(u32, Date, Vec<Cell>), Origin>,
    /// Of those that stand the ones that nobody sends and that were not made so far.
    to_come: BTreeSet<Origin>,
    pub unsure: BTreeMap<Origin, Unsure>,
    /// To which declared accounts each leg gives; none for what is undetermined.
    gives: HashSet<(u32, Option<u32>)>,
    /// What was noted.
    pub noted: BTreeMap<Origin, Noted>,
}

/// What stands of the event at hand, in the positions of the run.
#[derive(Debug)]
pub(crate) struct Stood {
    pub inflow: i128,
    pub leaves: Vec<OriginalLeaf>,
    tallies: BTreeSet<u32>,
    pub feeds: Vec<OriginalFeed>,
}

impl Stood {
    /// Whether it was noted what the event adds to a tally.
    pub fn knows(&self, tally: u32) -> bool {
        self.tallies.contains(&tally)
    }

    /// How much that is under a key.
    pub fn adds(&self, feed: &OriginalFeed) -> Result<Exact, Fault> {
        let mut amount = feed.pooled.clone();
        for leaf in feed.leaves.iter().filter_map(|leaf| self.leaves.get(at(*leaf))) {
            amount = amount.add(&Exact::from_int(leaf.units))?;
        }
        Ok(amount)
    }
}

impl Standing {
    pub fn new(of: StandingEvents, wanted: NotedEvents, plan: &Plan) -> Standing {
        let own = of.iter().map(|(origin, stands)| (origin, &stands.made));
        let mut made = HashMap::new();
        for (origin, of_made) in own.chain(&wanted) {
            if let Some(MadeEvent { kind, date, row }) = of_made {
                made.insert((*kind, *date, key_of(*kind, row, plan)), *origin);
            }
        }
        let to_come = of.iter().filter(|(_, stands)| stands.made.is_some());
        let to_come = to_come.map(|(origin, _)| *origin).collect();
        let mut gives = HashSet::new();
        for way in
            plan.events.iter().filter(|_| !of.is_empty()).flat_map(|it| ways_of(it, |_| true))
        {
            gives.extend(way.gives);
        }
        Standing { of, wanted, made, to_come, gives, ..Standing::default() }
    }

    /// Those of which nobody can say what they add to running totals, in order: also those that were not
    /// made, if totals count their like.
    pub fn unsure(&self, plan: &Plan) -> BTreeMap<Origin, Unsure> {
        let counts = |origin: &&Origin| {
            let made = self.of.get(origin).and_then(|stands| stands.made.as_ref());
            let event = made.and_then(|made| plan.events.get(at(made.kind)));
            event.is_some_and(|event| is_counted(event, plan))
        };
        let to_come = self.to_come.iter().filter(counts).map(|origin| (*origin, Unsure::NotMade));
        self.unsure.iter().map(|(origin, why)| (*origin, *why)).chain(to_come).collect()
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
    /// Whether the event at hand stands whatever the rules give. It has come, then.
    pub fn stands(&mut self) -> bool {
        if self.state.standing.of.is_empty() {
            return false;
        }
        let Some(origin) = self.origin() else { return false };
        self.state.standing.to_come.remove(&origin);
        self.state.standing.of.contains_key(&origin)
    }

    /// Whether it is to be noted what the event at hand adds to tallies.
    fn is_noted(&self) -> Option<Origin> {
        let wanted = &self.state.standing.wanted;
        if wanted.is_empty() { None } else { self.origin().filter(|it| wanted.contains_key(it)) }
    }

    /// By which place what is known beforehand of the event at hand is known.
    pub fn origin(&self) -> Option<Origin> {
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
    pub fn is_unsure(&mut self, why: Unsure) {
        let origin = self.origin();
        self.state.standing.unsure.extend(origin.map(|origin| (origin, why)));
    }

    /// What stands of the event at hand; nothing where the rules have no account for it.
    pub fn stood(&mut self) -> Option<Stood> {
        if !self.stands() {
            return None;
        }
        let stands = self.origin().and_then(|it| self.state.standing.of.get(&it).cloned())?;
        let (mut leaves, mut feeds) = (Vec::new(), Vec::new());
        for leaf in &stands.leaves {
            let account = match &leaf.account {
                None => Some(None),
                Some((family, key)) => self.position_of(*family, key).map(Some),
            };
            let Some(account) = account else {
                self.is_unsure(Unsure::Lacks);
                return None;
            };
            let units = leaf.amount.minor();
            let leg = if self.may_give(leaf) { leaf.leg } else { Allocation::BY_RULING };
            leaves.push(OriginalLeaf { account, leg, units, given_back: 0 });
        }
        for StandingFeed { tally, key, leaves, besides } in stands.feeds {
            let Some(key) = self.parts_of(&key) else {
                self.is_unsure(Unsure::Lacks);
                continue;
            };
            feeds.push(OriginalFeed { tally, key: key.into(), leaves, pooled: besides });
        }
        Some(Stood { inflow: stands.inflow.minor(), leaves, tallies: stands.tallies, feeds })
    }

    /// Whether the rules give what stands, by whatever legs where they lack its own: then what the event adds
    /// to these tallies is known by them, where nothing was noted of it. Else it adds nothing to such, if it
    /// may add to none of them.
    pub fn comes_out(&mut self, stood: &Stood, fed: impl IntoIterator<Item = u32>) -> bool {
        let given = self.leaves_given();
        let same = |(given, stands): (&OriginalLeaf, &OriginalLeaf)| {
            (given.account, given.units) == (stands.account, stands.units)
                && (given.leg == stands.leg || stands.leg == Allocation::BY_RULING)
        };
        let alike = given.len() == stood.leaves.len() && given.iter().zip(&stood.leaves).all(same);
        if !alike && let Some(unknown) = self.unknown(stood, fed) {
            self.is_unsure(Unsure::Adds(unknown));
        }
        alike
    }

    /// The first of some tallies that somebody reads and of which nothing was noted.
    fn unknown(&self, stood: &Stood, fed: impl IntoIterator<Item = u32>) -> Option<u32> {
        fed.into_iter().find(|tally| !stood.knows(*tally) && self.is_read(*tally))
    }

    /// Makes the changes of what stands of the event at hand, if it does, though the rules set it aside.
    pub fn stand_aside(&mut self) -> Result<(), Fault> {
        let Some(stood) = self.stood() else { return Ok(()) };
        let event = self.event()?;
        self.frame.deltas.clear();
        self.frame.moves.clear();
        self.collect_noted(&stood)?;
        self.collect_moves(Some(&stood));
        let own = event.adds.iter().any(|change| self.is_read(change.of));
        let undoes = !matches!(self.reversed_event(), Ok(None));
        if own || undoes || !event.becomes.is_empty() || self.check_range().is_err() {
            self.is_unsure(Unsure::SetAside);
        } else if let Some(unknown) = self.unknown(&stood, fed_by(event)) {
            self.is_unsure(Unsure::Adds(unknown));
        } else {
            self.commit_totals()?;
        }
        Ok(())
    }

    /// The tallies to which the event at hand may add as it stands: those of the rules in force whose legs
    /// gave what stands, or may stand for a leg that these rules lack, and of those that may have filled the
    /// pools from which it came.
    pub fn fed_as_it_stands(&self, stood: &Stood) -> Result<BTreeSet<u32>, Fault> {
        let event = self.event()?;
        let mut ways = ways_of(event, |case| self.in_force(case.from, case.until));
        let lacking = stood.leaves.iter().filter(|leaf| leaf.leg == Allocation::BY_RULING);
        let lacking: BTreeSet<Option<u32>> = lacking.map(|leaf| self.declared(leaf)).collect();
        let gave = |way: &Way<'_>| {
            stood.leaves.iter().any(|leaf| way.legs.contains(&leaf.leg))
                || way.gives.iter().any(|(_, account)| lacking.contains(account))
        };
        let (mut fed, mut emptied) = (BTreeSet::new(), BTreeSet::new());
        loop {
            let takes_part =
                |way: &Way<'_>| gave(way) || way.fills.iter().any(|pool| emptied.contains(pool));
            let (taking, left): (Vec<Way<'_>>, Vec<Way<'_>>) =
                ways.into_iter().partition(takes_part);
            if taking.is_empty() {
                return Ok(fed);
            }
            for way in taking {
                fed.extend(way.feeds.into_iter().map(|feed| feed.tally));
                emptied.extend(way.source);
            }
            ways = left;
        }
    }

    /// What of each leaf a refund undoes that stands otherwise than the rules give it: of the leaves of its
    /// legs, else of those of its accounts. Whether that leaves nothing open, for later refunds too.
    pub fn stand_back(
        &self,
        stood: &Stood,
        original: &mut Original,
        targets: &mut Vec<i128>,
    ) -> bool {
        let mut taken: Vec<i128> = vec![0; original.leaves.len()];
        let mut unclear = false;
        let mut left: Vec<(Option<u32>, i128)> = Vec::new();
        for (number, leaf) in stood.leaves.iter().enumerate() {
            let same = |it: &OriginalLeaf| (it.leg, it.account) == (leaf.leg, leaf.account);
            let own = original.leaves.iter().enumerate().filter(|(_, it)| same(it));
            let own: Vec<usize> = own.map(|(place, _)| place).collect();
            // As many as there are stand in the order in which they were written.
            let alike = own.len() == stood.leaves.iter().filter(|it| same(it)).count();
            let before = stood.leaves.iter().take(number).filter(|it| same(it)).count();
            unclear |= !alike && own.len() > 1;
            match own.get(if alike { before } else { 0 }) {
                Some(place) => taken.get_mut(*place).into_iter().for_each(|it| *it += leaf.units),
                None => left.push((leaf.account, leaf.units)),
            }
        }
        for (account, units) in left {
            let mut own =
                original.leaves.iter().enumerate().filter(|(_, it)| it.account == account);
            let place = own.next().map(|(place, _)| place);
            unclear |= own.next().is_some();
            match place.and_then(|place| taken.get_mut(place)) {
                Some(taken) => *taken += units,
                None => {
                    let leg = Allocation::BY_RULING;
                    original.leaves.push(OriginalLeaf { account, leg, units: 0, given_back: 0 });
                    targets.push(0);
                    taken.push(units);
                }
            }
        }
        for ((leaf, target), taken) in original.leaves.iter().zip(targets).zip(taken) {
            *target = leaf.given_back - taken;
        }
        !unclear
    }

    /// Changes of tallies by what stands, as it was noted.
    pub fn collect_noted(&mut self, stood: &Stood) -> Result<(), Fault> {
        for feed in &stood.feeds {
            let amount = stood.adds(feed)?;
            let start = self.frame.keys.len();
            self.frame.keys.extend_from_slice(&feed.key);
            let key = (start, feed.key.len());
            self.frame.deltas.push(Delta { tally: feed.tally, key, amount, fed: None });
        }
        Ok(())
    }

    /// Notes what the event at hand adds to tallies, if that is wanted, once its changes by legs are
    /// collected.
    pub fn note_adds(&mut self) -> Result<(), Fault> {
        let Some(origin) = self.is_noted() else { return Ok(()) };
        let given = self.feeds_given()?;
        let of_legs = given.into_iter().map(|it| (it.tally, it.key.to_vec(), it.leaves, it.pooled));
        // A refund takes back first.
        let undone = self.frame.reversing.as_ref().map_or(0, |(.., original)| original.feeds.len());
        let undone = self.frame.deltas.iter().take(undone);
        let undone = undone
            .map(|it| (it.tally, self.key_at(it.key).to_vec(), Vec::new(), it.amount.clone()));
        let all: Vec<(u32, Vec<Part>, Vec<u32>, Exact)> = of_legs.chain(undone).collect();
        let adds = all
            .into_iter()
            .filter(|(_, _, leaves, pooled)| !leaves.is_empty() || !pooled.is_zero());
        let feed = |(tally, key, leaves, besides): (u32, Vec<Part>, Vec<u32>, Exact)| {
            StandingFeed { tally, key: self.cells_of(&key), leaves, besides }
        };
        let feeds = adds.map(feed).collect();
        let leaves = self.leaves_given().into_iter().map(|leaf| StandingLeaf {
            account: leaf.account.and_then(|account| self.account_at(account)),
            leg: leaf.leg,
            amount: Money::from_minor(leaf.units),
        });
        let noted = Noted { leaves: leaves.collect(), feeds };
        self.state.standing.noted.insert(origin, noted);
        Ok(())
    }

    /// Whether the rules have a leg by which an amount stands, and it gives to such accounts: else it is one
    /// of other rules, which is called the same.
    fn may_give(&self, leaf: &StandingLeaf) -> bool {
        let family = leaf.account.as_ref().map(|(family, _)| *family);
        let own = (leaf.leg, family);
        leaf.leg >= Allocation::BY_CLOSING || self.state.standing.gives.contains(&own)
    }

    /// The declared account of an amount; none of what is undetermined.
    fn declared(&self, leaf: &OriginalLeaf) -> Option<u32> {
        self.state.accounts.declared(leaf.account?)
    }

    /// Whether anybody reads a tally.
    pub fn is_read(&self, tally: u32) -> bool {
        is_read(tally, self.plan)
    }

    fn account_at(&self, position: u32) -> Option<(u32, Vec<Cell>)> {
        use crate::rows::Accounts;
        self.state.accounts.account(position).map(|(family, key)| (family, key.to_vec()))
    }

    /// The position of an account by its key; nothing where these rules have none such.
    fn position_of(&mut self, family: u32, key: &[Cell]) -> Option<u32> {
        self.plan.accounts.get(at(family))?;
        let parts = self.parts_of(key)?;
        Some(self.state.accounts.position(family, &parts, || key.to_vec()))
    }

    fn parts_of(&mut self, key: &[Cell]) -> Option<Vec<Part>> {
        let mut parts = Vec::with_capacity(key.len());
        for cell in key {
            let value = kept_value(cell);
            parts.push((!value.is_missing()).then(|| self.state.names.part(&value))?);
        }
        Some(parts)
    }
}

/// The tallies to which some leg of a plan may add.
pub fn fed_tallies(plan: &Plan) -> BTreeSet<u32> {
    plan.events.iter().flat_map(fed_by).collect()
}

/// Whether a total that is read counts anything of an event.
fn is_counted(event: &Event, plan: &Plan) -> bool {
    let own = event.adds.iter().map(|change| change.of);
    own.chain(fed_by(event)).any(|tally| is_read(tally, plan))
}

fn fed_by(event: &Event) -> BTreeSet<u32> {
    let feeds = ways_of(event, |_| true).into_iter().flat_map(|way| way.feeds);
    feeds.map(|feed| feed.tally).collect()
}

fn is_read(tally: u32, plan: &Plan) -> bool {
    plan.tallies.get(at(tally)).is_some_and(|tally| !tally.projections.is_empty())
}

/// A rule, levy or transfer by which an event may give.
#[derive(Default)]
struct Way<'p> {
    /// The pool that it empties.
    source: Option<u32>,
    legs: BTreeSet<u32>,
    fills: BTreeSet<u32>,
    feeds: Vec<&'p Feed>,
    /// Which leg gives to which declared account; none for what is undetermined.
    gives: Vec<(u32, Option<u32>)>,
}

impl<'p> Way<'p> {
    fn add(&mut self, leg: u32, feed: Option<&'p Feed>, target: &'p Target) {
        self.legs.insert(leg);
        self.feeds.extend(feed);
        match target {
            Target::Account(place) => self.gives.push((leg, Some(place.account))),
            Target::Undetermined => self.gives.push((leg, None)),
            _ => {}
        }
        self.add_inside(target);
    }

    fn add_inside(&mut self, target: &'p Target) {
        let mut add = |leg: &'p Leg| self.add(leg.leg, leg.feed.as_ref(), &leg.target);
        match target {
            Target::Account(_) | Target::Undetermined => {}
            Target::Pool { pool, .. } => drop(self.fills.insert(*pool)),
            Target::Block(block) => block.legs.iter().for_each(add),
            Target::InOrder(inside) => inside.iter().for_each(add),
            Target::Graded(graded) => graded.slices.iter().map(|slice| &slice.leg).for_each(add),
            Target::Among(among) => {
                add(&among.leg);
                among.if_none.iter().for_each(add);
            }
        }
    }
}

/// The levies and transfers of an event, and those of its rules that are wanted.
fn ways_of(event: &Event, wanted: impl Fn(&Case) -> bool) -> Vec<Way<'_>> {
    let mut ways = Vec::new();
    for step in &event.pools {
        let source = match step.source {
            Source::Inflow => None,
            Source::Pool(pool) => Some(pool),
        };
        for case in step.cases.iter().filter(|case| wanted(case)) {
            let mut way = Way { source, ..Way::default() };
            way.add_inside(&case.target);
            ways.push(way);
        }
    }
    let levies = event.levies.iter().map(|it| (it.leg, it.feed.as_ref(), &it.into));
    let transfers = event.transfers.iter().flat_map(|case| &case.transfers);
    let transfers = transfers.map(|it| (it.leg, it.feed.as_ref(), &it.to));
    for (leg, feed, target) in levies.chain(transfers) {
        let mut way = Way::default();
        way.add(leg, feed, target);
        ways.push(way);
    }
    ways
}
