//! Rules, levies and everything by which money moves.

use crate::base::{Date, Span};

use super::{
    AccountId, Citation, EventId, Expr, LegId, LevyId, Local, LocalIx, ModuleId, Name, PoolId,
    RuleId, Selection, TallyId,
};

/// Who gets what of a pool; or which transfers an event makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// The module it is written in.
    pub module: ModuleId,
    /// Name and label.
    pub name: Name,
    /// The clause it encodes.
    pub cite: Option<Citation>,
    /// The rules named by `overrides`. An overriding rule also overrides what those override.
    pub overrides: Vec<RuleId>,
    /// First day.
    pub from: Option<Date>,
    /// First day after.
    pub until: Option<Date>,
    /// The rule as it reads for each event kind it serves, in the events' order; never empty.
    pub cases: Vec<RuleCase>,
    /// Where it stands.
    pub span: Span,
}

/// A rule for one event kind: names resolved among that event's fields.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleCase {
    /// The event kind.
    pub event: EventId,
    /// Names bound in the head and the body.
    pub locals: Vec<Local>,
    /// The head, in written order.
    pub steps: Vec<Step>,
    /// What it does.
    pub body: Body,
    /// The module's settlement, for an event whose inflow this rule divides.
    pub settlement: Option<Settlement>,
}

/// A clause of a head. The first that fails ends the question whether the rule applies.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Needs the optional value: without it the event is set aside.
    With(LocalIx, Expr),
    /// Names a value.
    Let(LocalIx, Expr),
    /// Must hold. May bind names.
    When(Expr),
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Empties a pool.
    Split(Split),
    /// Moves money between accounts.
    Transfers(Vec<Transfer>),
}

/// The division of a whole pool.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// What is divided.
    pub source: Source,
    /// The row's name, where the pool is one per row.
    pub row: Option<LocalIx>,
    /// Settled when made: over all leaves of this split together, pools among them.
    pub settled: Option<Settlement>,
    /// How.
    pub target: Target,
    /// Where it stands.
    pub span: Span,
}

/// What a split divides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The inflow of the event.
    Inflow,
    /// A pool.
    Pool(PoolId),
}

/// Who gets the missing units.
#[derive(Debug, Clone, PartialEq)]
pub enum Settlement {
    /// The largest fractions; ties in written order.
    LargestRemainder,
    /// In written order; a leaf of zero share never receives one.
    InOrder,
    /// The first leaf of that account, or a leaf of its own at the end.
    RemainderTo(Place),
    /// Always a leaf of its own at the end.
    KeptApartIn(Place),
    /// By largest remainder of the running entitlement under a key.
    CarriedPer(Vec<Expr>),
}

/// An account with its keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Which account.
    pub account: AccountId,
    /// A value for each key.
    pub keys: Vec<Expr>,
}

/// Where an amount goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// Into an account: a leaf.
    Account(Place),
    /// Into a pool: of a row, where it is one per row.
    Pool {
        /// Which pool.
        pool: PoolId,
        /// The row.
        row: Option<Expr>,
    },
    /// To whomever the law's discretion chooses: a leaf that is counted apart.
    Undetermined {
        /// What is undetermined.
        what: String,
    },
    /// Divided again by legs.
    Block(Block),
    /// Given in written order, each leg of what is left; a negative amount is taken back in reverse,
    /// each leg down to a total of zero, the first bearing what is left.
    InOrder(Vec<Leg>),
    /// Cut into slices on a scale, each divided on its own.
    Graded(Graded),
    /// Spread over rows by weights.
    Among(Box<Among>),
}

/// Legs side by side: each of the whole amount, `rest` the remainder.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// In written order.
    pub legs: Vec<Leg>,
}

/// One leg.
#[derive(Debug, Clone, PartialEq)]
pub struct Leg {
    /// Its id, the same in every case of the rule.
    pub id: LegId,
    /// How much.
    pub portion: Portion,
    /// Its bounds, applied in written order.
    pub bounds: Vec<Bound>,
    /// Where to.
    pub target: Target,
    /// The tally its settled amount is added to.
    pub feed: Option<Feed>,
    /// Where it stands.
    pub span: Span,
}

/// How much a leg takes before its bounds.
#[derive(Debug, Clone, PartialEq)]
pub enum Portion {
    /// What the other legs of the block leave.
    Rest,
    /// The whole amount (in a waterfall: what is left).
    All,
    /// A ratio of the whole amount (in a waterfall: of what is left).
    Rate(Expr),
    /// An amount, mirrored for a negative inflow; at most what the legs before it leave.
    Amount(Expr),
}

/// A bound of a leg.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// At most so much: of this event (mirrored), or of the leg's running total (from above only).
    UpTo {
        /// The bound; below zero it counts as zero, and it is rounded down to a whole unit.
        amount: Expr,
        /// Of the running total of the leg's tally.
        in_total: bool,
        /// A latch: once the total has reached the bound the leg takes nothing, for good.
        closed_once_reached: bool,
    },
    /// At least so much, mirrored; never more than what the legs before it leave.
    AtLeast {
        /// The bound; below zero it counts as zero.
        amount: Expr,
    },
}

/// Adds to a tally under a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// Which tally.
    pub tally: TallyId,
    /// A value for each key part.
    pub keys: Vec<Expr>,
}

/// An amount cut into slices.
#[derive(Debug, Clone, PartialEq)]
pub struct Graded {
    /// Where on the scale the amount starts. Absent: at zero, and a negative amount is mirrored.
    pub from: Option<Expr>,
    /// In ascending order; the last has no upper end.
    pub slices: Vec<Slice>,
}

/// One slice: what lies above the slice before and up to its bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// Upper end, inclusive; absent for the last.
    pub up_to: Option<Expr>,
    /// The leg that takes it (its portion is `all`, without bounds).
    pub leg: Leg,
}

/// An amount spread over rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Among {
    /// The rows and their weights, never without.
    pub selection: Selection,
    /// The leg each row's part takes (its portion is `all`, without bounds).
    pub leg: Leg,
    /// What happens to the whole amount where there is no row or a factor sums to zero.
    pub if_none: Option<Leg>,
}

/// Money moved between accounts that already hold it.
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    /// The leg it counts as.
    pub leg: LegId,
    /// How much; absent: an open item without amount.
    pub amount: Option<Expr>,
    /// What is undetermined, for an open item.
    pub undetermined: Option<String>,
    /// Drawn in this order: the first ones down to zero, the last the remainder.
    pub from: Vec<Place>,
    /// Where to: an account, or a pool.
    pub to: Target,
    /// Once for each row.
    pub for_each: Option<Selection>,
    /// The tally the amount is added to.
    pub feed: Option<Feed>,
    /// Where it stands.
    pub span: Span,
}

/// How much is due.
#[derive(Debug, Clone, PartialEq)]
pub struct Levy {
    /// Its id.
    pub id: LevyId,
    /// The module it is written in.
    pub module: ModuleId,
    /// Name and label.
    pub name: Name,
    /// The clause it encodes.
    pub cite: Option<Citation>,
    /// First day.
    pub from: Option<Date>,
    /// First day after.
    pub until: Option<Date>,
    /// The leg its amount counts as.
    pub leg: LegId,
    /// A due may be negative.
    pub may_refund: bool,
    /// For each event kind it is raised on; never empty.
    pub cases: Vec<LevyCase>,
    /// Where it stands.
    pub span: Span,
}

/// A levy for one event kind.
#[derive(Debug, Clone, PartialEq)]
pub struct LevyCase {
    /// The event kind.
    pub event: EventId,
    /// Names bound in it.
    pub locals: Vec<Local>,
    /// The head, in written order.
    pub steps: Vec<Step>,
    /// How much: whole units, since it is rounded.
    pub due: Expr,
    /// The tally the due is added to.
    pub feed: Option<Feed>,
    /// Where to: a pool or an account.
    pub into: Target,
}
