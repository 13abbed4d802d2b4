//! What happens to an event in its lane.

use std::sync::OnceLock;

use super::rows::{Each, FigureOf, LaneFactors, RowLoop, RowSettle, Selected, Source, Spread};
use super::{Carried, Day, KeyPart, Number, Questions, Slot, Tree, Truth};

/// The program of an event kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// The currency of the event's money.
    pub currency: u32,
    /// Stored fields without which an event is the evaluator's.
    pub required: Vec<u32>,
    /// A field that must be missing: it names an event to undo, of this kind.
    pub undoes: Option<(u32, u32)>,
    /// The field that identifies the event, if what it gives is kept for a refund that may undo it.
    pub kept_under: Option<u32>,
    /// The effective date.
    pub date: Day,
    /// Rows of registers, each looked up when first asked for.
    pub rows: Vec<RowRead>,
    /// Where rows come from that are taken one by one.
    pub sources: Vec<Source>,
    /// Keys of totals and carries, each looked up when first asked for.
    pub keys: Vec<TotalKey>,
    /// The field that holds the inflow, and where it is put down.
    pub inflow: Option<(u32, Slot)>,
    /// How many slots there are.
    pub slots: u32,
    /// What tells the situations of events apart.
    pub questions: Questions,
    /// What happens, whatever the situation.
    pub program: Program,
}

impl Lane {
    /// Whether an event may read or change what outlives it, whatever its situation.
    pub fn always_waits(&self) -> bool {
        self.undoes.is_some() || self.kept_under.is_some() || !self.has_plain_keys()
    }

    /// Whether it is seen at a glance that no total stands behind a key by which rows are looked up.
    pub fn has_plain_keys(&self) -> bool {
        let first = self.sources.iter().filter_map(Source::key);
        let keys = self.rows.iter().filter_map(RowRead::key).chain(first).flatten();
        keys.into_iter().all(KeyPart::is_plain)
    }
}

/// What happens to an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    /// What the event adds to tallies of itself.
    pub adds: Vec<Add>,
    /// What it makes of carries.
    pub becomes: Vec<Becomes>,
    /// Levies, in order of declaration.
    pub levies: Vec<Levy>,
    /// Rows that meet a condition.
    pub selections: Vec<Selected>,
    /// Their shares.
    pub shares: Vec<LaneFactors>,
    /// Numbers worked out when first asked for.
    pub kept: Vec<Number>,
    /// Results that are not money moved.
    pub figures: Vec<FigureOf>,
    /// Pools, one after the other.
    pub way: Way,
    /// How many leaves have an account that is always the same.
    pub fixed: u32,
    /// Whether it may read or change what outlives an event: if not, an event that goes through it
    /// waits for no other, and none waits for it.
    pub waits: bool,
    /// Whether all is in its trees: then what an event comes to, whoever works it out, is a matter of
    /// itself and of what is kept under the lane's keys.
    pub whole: bool,
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowRead {
    /// Of a register, by its whole key.
    Keyed {
        /// Which register.
        register: u32,
        /// Its whole key.
        key: Vec<KeyPart>,
    },
    /// The one at hand of a source.
    Item(u32),
}

impl RowRead {
    /// The key by which it is looked up.
    pub fn key(&self) -> Option<&Vec<KeyPart>> {
        match self {
            RowRead::Keyed { key, .. } => Some(key),
            RowRead::Item(_) => None,
        }
    }
}

/// A key of totals.
#[derive(Debug, Clone, PartialEq)]
pub struct TotalKey {
    /// The space.
    pub space: u32,
    /// Its parts.
    pub parts: Vec<KeyPart>,
}

/// What the event adds to a tally of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Add {
    /// Only if this holds.
    pub when: Truth,
    /// In what the tally keeps: a numerator over one.
    pub amount: Number,
    /// The sums it is added to.
    pub sums: Vec<Sum>,
    /// The whole key, where it may have no answer: then it is asked for, even if nothing is added.
    pub asked: Option<Vec<KeyPart>>,
}

/// What the event makes of a carry.
#[derive(Debug, Clone, PartialEq)]
pub struct Becomes {
    /// Only if this holds.
    pub when: Truth,
    /// Which carry, and under which key.
    pub to: Carried,
    /// Its new value.
    pub value: Tree,
}

/// A sum of a tally under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// Which tally.
    pub tally: u32,
    /// Which of its projections.
    pub projection: u32,
    /// Which of the lane's keys.
    pub key: u32,
}

/// A levy.
#[derive(Debug, Clone, PartialEq)]
pub struct Levy {
    /// When it is raised.
    pub when: Truth,
    /// How much, in minor units: a numerator over one.
    pub due: Number,
    /// Whether it may be negative.
    pub may_refund: bool,
    /// Where the due is put down; zero where it is not raised.
    pub to: Slot,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// A pool is emptied by one of several rules.
    Choice(Box<Choice>),
    /// All pools are empty.
    Done(Box<Done>),
}

/// Which rule empties a pool.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// What is in the pool: its numerator. Of an empty one nobody asks who empties it.
    pub content: Slot,
    /// The rules that may.
    pub cases: Vec<CaseOf>,
}

/// Some of the cases of a pool, a bit each. A pool that more rules may empty than there are bits is the
/// evaluator's.
pub type CaseBits = u128;

/// A rule that may empty a pool.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseOf {
    /// When it applies.
    pub when: Truth,
    /// The cases that override it.
    pub overridden_by: CaseBits,
    /// What it does; absent: the evaluator's.
    pub way: Option<Way>,
}

/// The place of the one case that stands, of those that apply to an event; nothing if none does, or more
/// than one.
pub fn standing_case(cases: &[CaseOf], applying: CaseBits) -> Option<usize> {
    let stands = |(place, case): &(usize, &CaseOf)| {
        applying >> place & 1 == 1 && applying & case.overridden_by == 0
    };
    let mut standing = cases.iter().enumerate().filter(stands);
    match (standing.next(), standing.next()) {
        (Some((place, _)), None) => Some(place),
        _ => None,
    }
}

/// What a rule does, and what comes after.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// Shares, bounds and settlements, in order.
    pub steps: Vec<Step>,
    /// Then.
    pub next: Next,
}

/// A step of a way.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Puts a numerator down.
    Put(Slot, Number),
    /// Puts a share down within a bound of its running total.
    Bound(Box<Limit>),
    /// Must hold, or the event is the evaluator's.
    Check(Truth),
    /// Makes shares whole.
    Settle(Box<Settle>),
    /// The same of parts that are known and come to the whole.
    Divide(Box<Divide>),
    /// Spreads a share over rows.
    Spread(Box<Spread>),
    /// Once for each row.
    Rows(Box<RowLoop>),
    /// Makes shares whole, those of rows among them.
    SettleRows(Box<RowSettle>),
}

/// A share within a bound of its running total.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The numerator of the share before.
    pub share: Number,
    /// Its denominator.
    pub den: i128,
    /// Where what is left of it is put down.
    pub to: Slot,
    /// The bound, in whole minor units.
    pub bound: Number,
    /// The running total.
    pub sum: Sum,
    /// The leg whose latch shuts, if it has one.
    pub latch: Option<u32>,
    /// What is divided; while it is zero nobody looks at the latch.
    pub content: Slot,
}

/// Shares made whole together.
#[derive(Debug, Clone, PartialEq)]
pub struct Settle {
    /// The whole in minor units: these, less those.
    pub plus: Vec<Slot>,
    /// What is whole already.
    pub minus: Vec<Slot>,
    /// Numerator, what brings it to the common denominator, and where the units are put down.
    pub shares: Vec<(Slot, i128, Slot)>,
    /// The common denominator.
    pub den: i128,
    /// Who gets the missing units.
    pub by: WayOfSettling,
}

/// A number of units divided by known parts, which come to the whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Divide {
    /// What is divided.
    pub whole: Slot,
    /// Parts, none of them negative, and where the units are put down.
    pub parts: Vec<(i64, Slot)>,
    /// The sum of the parts; below 2^31, so that nothing leaves 64 bits.
    pub sum: i64,
    /// Who gets the missing units.
    pub by: WayOfSettling,
    /// What each rest of a division by the sum gives, once that has been worked out.
    pub rests: Remembered<Rests>,
}

/// What follows from what stands beside it, once it has been worked out: no two are different.
#[derive(Debug, Clone)]
pub struct Remembered<T>(pub OnceLock<T>);

impl<T> Default for Remembered<T> {
    fn default() -> Remembered<T> {
        Remembered(OnceLock::new())
    }
}

impl<T> PartialEq for Remembered<T> {
    fn eq(&self, _: &Remembered<T>) -> bool {
        true
    }
}

/// What each rest of a division by the sum of known parts gives; nothing known of any, where there are
/// too many.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rests {
    /// By part and by rest.
    pub units: Vec<Vec<i64>>,
    /// By rest, the units given beyond rounding down.
    pub given: Vec<u64>,
}

/// Who gets the missing units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayOfSettling {
    /// The largest fractions.
    LargestRemainder,
    /// In written order.
    InOrder,
}

/// The end of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// The leaves, in written order.
    pub leaves: Vec<Leaf>,
    /// What legs add to tallies.
    pub feeds: Vec<Feed>,
    /// By which the event settles.
    pub by: WayOfSettling,
}

/// A leaf.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    /// The leg.
    pub leg: u32,
    /// The account and its key; absent: undetermined.
    pub payee: Option<(u32, Vec<KeyPart>)>,
    /// If the account is the same for all events of the program: its number among those.
    pub fixed: Option<u32>,
    /// What it gets, in minor units.
    pub units: Slot,
    /// What it is owed: so many times a numerator, and the denominator …
    pub share: (Slot, i128, i128),
    /// … which is multiplied with what is put down here.
    pub under: Option<Slot>,
    /// If there is one for each row: those of one division stand row by row.
    pub each: Option<Each>,
}

/// What a leg adds to a tally.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// The tally.
    pub tally: u32,
    /// The whole key.
    pub key: Vec<KeyPart>,
    /// The sums it is added to.
    pub sums: Vec<Sum>,
    /// What is added: the sum of what these leaves get, by their places …
    pub leaves: Vec<usize>,
    /// … and of what is put into pools, in minor units.
    pub pooled: Vec<Slot>,
}
