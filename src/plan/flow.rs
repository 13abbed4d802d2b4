//! What happens to an event: levies, transfers, rules on pools, changes of state.

use crate::base::{Date, Exact};

use super::{Expr, Kind, Selection};

/// What may empty a pool (or the inflow) of one event kind.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolStep {
    /// What is emptied.
    pub source: Source,
    /// The rules that may do it, in order of declaration.
    pub cases: Vec<Case>,
}

/// What is emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The inflow.
    Inflow,
    /// A pool.
    Pool(u32),
}

/// A rule as it reads for one event kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Which rule.
    pub rule: u32,
    /// First day.
    pub from: Option<Date>,
    /// First day after.
    pub until: Option<Date>,
    /// Size of its frame.
    pub locals: u32,
    /// The slot of the row, for a pool that is one per row.
    pub row: Option<u32>,
    /// The head, in written order.
    pub steps: Vec<Step>,
    /// By which an event settles whose inflow this case divides.
    pub settlement: Settlement,
    /// By which the split itself settles when it is made.
    pub settled: Option<Settlement>,
    /// How the pool is divided.
    pub target: Target,
}

/// A clause of a head.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Needs the optional value and puts it into the slot.
    With(u32, Expr),
    /// Puts a value into the slot.
    Let(u32, Expr),
    /// Must hold.
    When(Expr),
}

/// Who gets the missing units.
#[derive(Debug, Clone, PartialEq)]
pub enum Settlement {
    /// The largest fractions.
    LargestRemainder,
    /// In written order.
    InOrder,
    /// The first leaf of an account, or a leaf of its own.
    RemainderTo(Place),
    /// A leaf of its own.
    KeptApartIn(Place),
    /// The largest fractions of the running entitlement under a key.
    CarriedPer(Vec<Expr>),
}

/// An account with its key.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Which account.
    pub account: u32,
    /// A value for each key part.
    pub keys: Vec<Expr>,
}

/// Where an amount goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// Into an account.
    Account(Place),
    /// Into a pool.
    Pool {
        /// Which pool.
        pool: u32,
        /// The row, where it is one per row.
        row: Option<Expr>,
    },
    /// To nobody yet.
    Undetermined,
    /// Divided by legs side by side.
    Block(Block),
    /// Divided by legs one after the other.
    InOrder(Vec<Leg>),
    /// Cut into slices.
    Graded(Box<Graded>),
    /// Spread over rows.
    Among(Box<Among>),
}

/// Legs side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// In written order.
    pub legs: Vec<Leg>,
    /// Which of them takes the rest.
    pub rest: Option<usize>,
}

/// One leg.
#[derive(Debug, Clone, PartialEq)]
pub struct Leg {
    /// Its position among all legs of the rule set.
    pub leg: u32,
    /// How much, before bounds.
    pub portion: Portion,
    /// Bounds, in written order.
    pub bounds: Vec<Bound>,
    /// Where to.
    pub target: Target,
    /// The tally it adds to.
    pub feed: Option<Feed>,
}

/// How much a leg takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Portion {
    /// What the others leave.
    Rest,
    /// All.
    All,
    /// A ratio.
    Rate(Expr),
    /// An amount.
    Amount(Expr),
}

/// A bound of a leg.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// At most so much in this event.
    UpTo(Expr),
    /// At most so much in the running total of the leg's tally.
    UpToInTotal {
        /// The bound.
        amount: Expr,
        /// Shut for good once reached.
        closed_once_reached: bool,
        /// The projection through which the total under the whole key is read.
        projection: u32,
    },
    /// At least so much in this event.
    AtLeast(Expr),
}

/// Adds to a tally.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// Which tally.
    pub tally: u32,
    /// The projection that keeps the whole key, if anybody reads it.
    pub projection: Option<u32>,
    /// A value for each key part.
    pub keys: Vec<Expr>,
}

/// An amount cut into slices.
#[derive(Debug, Clone, PartialEq)]
pub struct Graded {
    /// Where on the scale it starts.
    pub from: Option<Expr>,
    /// Ascending.
    pub slices: Vec<Slice>,
}

/// One slice.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// Upper end; absent for the last.
    pub up_to: Option<Expr>,
    /// The leg that takes it.
    pub leg: Leg,
}

/// An amount spread over rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Among {
    /// The rows and their weights.
    pub selection: Selection,
    /// The leg each row's part takes.
    pub leg: Leg,
    /// Who takes all where there is nobody to share.
    pub if_none: Option<Leg>,
}

/// A levy as it reads for one event kind.
#[derive(Debug, Clone, PartialEq)]
pub struct LevyCase {
    /// Which levy.
    pub levy: u32,
    /// First day.
    pub from: Option<Date>,
    /// First day after.
    pub until: Option<Date>,
    /// Size of its frame.
    pub locals: u32,
    /// The head.
    pub steps: Vec<Step>,
    /// How much.
    pub due: Expr,
    /// Whether it may be negative.
    pub may_refund: bool,
    /// The leg it counts as.
    pub leg: u32,
    /// The tally it adds to.
    pub feed: Option<Feed>,
    /// Where to.
    pub into: Target,
}

/// The transfers of a rule for one event kind.
#[derive(Debug, Clone, PartialEq)]
pub struct TransferCase {
    /// Which rule.
    pub rule: u32,
    /// First day.
    pub from: Option<Date>,
    /// First day after.
    pub until: Option<Date>,
    /// Size of its frame.
    pub locals: u32,
    /// The head.
    pub steps: Vec<Step>,
    /// The transfers, in written order.
    pub transfers: Vec<Transfer>,
}

/// Money moved between accounts.
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    /// The leg it counts as.
    pub leg: u32,
    /// How much; absent: an open item.
    pub amount: Option<Expr>,
    /// Drawn in this order.
    pub from: Vec<Place>,
    /// Where to.
    pub to: Target,
    /// Once for each row.
    pub for_each: Option<Selection>,
    /// The tally it adds to.
    pub feed: Option<Feed>,
}

/// What an event does to a tally or a carry.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Which tally or carry.
    pub of: u32,
    /// Size of its frame.
    pub locals: u32,
    /// Only if this holds.
    pub when: Option<Expr>,
    /// A value for each key part.
    pub keys: Vec<Expr>,
    /// What is added, or the new value.
    pub value: Expr,
    /// What turns the value into what is kept: minor units for money, one for a number.
    pub unit: Exact,
}

/// A result that is not money moved.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Which figure.
    pub figure: u32,
    /// Size of its frame.
    pub locals: u32,
    /// Once for each row.
    pub for_each: Option<Selection>,
    /// Only if this holds.
    pub when: Option<Expr>,
    /// The value.
    pub value: Expr,
    /// The type of its value.
    pub kind: Kind,
}
