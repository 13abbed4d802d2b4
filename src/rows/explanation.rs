//! Why one event came out as it did.
//!
//! Everything is told by positions of the rule set; names, clauses and sentences are joined far above.
//! What is whole by then is [`Money`]; every other amount is an exact number of *major* units, and so
//! are totals and the values of expressions.

use crate::base::{Date, Exact, Money};

use super::{Cell, Origin, Reason};

/// The whole story of one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The event kind.
    pub event: u32,
    /// Its fields, one each; computed ones as far as anybody asked for them.
    pub fields: Vec<Cell>,
    /// Where it was read.
    pub origin: Origin,
    /// Its effective date.
    pub date: Date,
    /// The date by which summaries assign the year.
    pub booked: Date,
    /// The currency of its money.
    pub currency: u32,
    /// What it brought, unless it is set aside.
    pub inflow: Option<Money>,
    /// Why it is set aside, if it is; the story then ends where that was found.
    pub aside: Option<Reason>,
    /// Levies, in order of declaration.
    pub levies: Vec<LevyStory>,
    /// Rules that make transfers, in order of declaration, and what they moved.
    pub transfers: Vec<TransferStory>,
    /// The inflow and the pools, in the order emptied.
    pub divisions: Vec<Division>,
    /// Of a refund that names an event: that event, and what of it is taken back.
    pub reversal: Option<ReversalStory>,
    /// Each settlement, the event's own last.
    pub settlements: Vec<SettlementStory>,
    /// What each got or gave in all, in the order of their first leaf; zeros left out.
    pub result: Vec<(Destination, Money)>,
    /// What it adds to tallies.
    pub totals: Vec<TotalChange>,
    /// New values of carries.
    pub carries: Vec<CarryChange>,
    /// Latches that shut.
    pub latches: Vec<LatchShut>,
    /// Figures.
    pub figures: Vec<FigureStory>,
    /// Readings consulted, and the option taken.
    pub readings: Vec<(u32, u32)>,
    /// Parameter values used.
    pub parameters: Vec<ParameterUsed>,
    /// Brackets of schedules used.
    pub schedules: Vec<ScheduleUsed>,
    /// Rows of registers used.
    pub rows: Vec<RowUsed>,
}

impl Explanation {
    /// What there is to tell of a row of which nothing is worked out, such as one that cannot be read: the
    /// fields that can, and the reason. Its day may be one of the others, which then is [`Date::MIN`].
    pub fn of_aside(
        event: u32,
        fields: Vec<Cell>,
        origin: Origin,
        date: Date,
        why: Reason,
    ) -> Self {
        Explanation {
            event,
            fields,
            origin,
            date,
            booked: date,
            currency: 0,
            inflow: None,
            aside: Some(why),
            levies: Vec::new(),
            transfers: Vec::new(),
            divisions: Vec::new(),
            reversal: None,
            settlements: Vec::new(),
            result: Vec::new(),
            totals: Vec::new(),
            carries: Vec::new(),
            latches: Vec::new(),
            figures: Vec::new(),
            readings: Vec::new(),
            parameters: Vec::new(),
            schedules: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Whether its day is known.
    pub fn is_dated(&self) -> bool {
        self.date != Date::MIN || !matches!(self.aside, Some(Reason::Unreadable { .. }))
    }
}

/// An event that is undone, in part or whole.
#[derive(Debug, Clone, PartialEq)]
pub struct ReversalStory {
    /// Where that event stands.
    pub origin: Origin,
    /// Its effective date.
    pub date: Date,
    /// What it brought.
    pub inflow: Money,
    /// How much of that earlier reversals took back, with the same sign.
    pub before: Money,
    /// What is taken back, leaf by leaf; none where it is more than is left.
    pub legs: Vec<LegStory>,
}

/// A rule that was tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// Which rule.
    pub rule: u32,
    /// What became of it.
    pub verdict: Verdict,
    /// Its head, as far as it was asked.
    pub head: Vec<HeadStep>,
}

/// What became of a rule that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not in force on the day.
    OutOfPeriod,
    /// The last step told does not hold.
    Failed,
    /// It holds, and a rule that holds overrides it.
    Overridden {
        /// Which rule.
        by: u32,
    },
    /// It applies.
    Applies,
    /// The last step told cannot be worked out.
    Unknown,
}

/// A step of a head.
#[derive(Debug, Clone, PartialEq)]
pub enum HeadStep {
    /// A row or value it needs, and the name it gets.
    With(u32, Reckoning),
    /// A value, and the name it gets.
    Let(u32, Reckoning),
    /// A condition.
    When(Reckoning),
}

/// A value and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Reckoning {
    /// What it is.
    pub term: Term,
    /// Its value; missing where it has none. A row of a register is its record.
    pub value: Cell,
    /// Why it could not be worked out, if so.
    pub fault: Option<Reason>,
    /// What it was worked out from, in written order.
    pub parts: Vec<Reckoning>,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// Written in the rules.
    Constant,
    /// A field of the event.
    Field(u32),
    /// A field of the row at hand.
    Own(u32),
    /// The effective date.
    EffectiveDate,
    /// A name bound before, by position in the rule, levy, figure or formula.
    Local(u32),
    /// The share of a row.
    Share,
    /// A field of a row.
    RowField {
        /// The row's shape.
        shape: u32,
        /// The field.
        field: u32,
    },
    /// The option of a reading.
    Reading(u32),
    /// A parameter's value on a day.
    Parameter {
        /// Which parameter.
        parameter: u32,
        /// The day asked for.
        day: Date,
    },
    /// A schedule's amount, rate or quick deduction on a day.
    Schedule {
        /// Which schedule.
        schedule: u32,
        /// The day asked for.
        day: Date,
    },
    /// A row of a register.
    Lookup {
        /// Which register.
        register: u32,
        /// The key asked for.
        key: Vec<Cell>,
    },
    /// A running total.
    Total {
        /// Which tally.
        tally: u32,
        /// The key parts given; the others are summed over.
        key: Vec<Cell>,
        /// After this event.
        with_this: bool,
        /// Only what is dated before this day.
        as_of: Option<Date>,
    },
    /// A carried value.
    Carried {
        /// Which carry.
        carry: u32,
        /// Its key.
        key: Vec<Cell>,
    },
    /// What a stage took out of an account, or the balance of one.
    Balance {
        /// Which account.
        account: u32,
        /// Its key.
        key: Vec<Cell>,
    },
    /// An operation on its parts.
    Operation(Operation),
    /// A sum, count, least or greatest over rows; the parts are the values, row by row.
    OverRows(Operation),
}

/// What is done with parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the sign or word of the language it is called by")]
pub enum Operation {
    List,
    Negate,
    Not,
    And,
    Or,
    Add,
    Subtract,
    Multiply,
    Divide,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    InRange,
    InRangeClosed,
    Bind,
    If,
    Otherwise,
    Rounded,
    Sum,
    Count,
    Min,
    Max,
    Abs,
    MakeDate,
    Month,
    Quarter,
    Year,
    MonthOfYear,
    DayOfMonth,
    YearNumber,
    Weekday,
    Start,
    End,
    Days,
    MonthsBetween,
    Remainder,
    Present,
}

/// A levy.
#[derive(Debug, Clone, PartialEq)]
pub struct LevyStory {
    /// Which levy.
    pub levy: u32,
    /// Whether it is raised (never overridden).
    pub verdict: Verdict,
    /// Its head, as far as it was asked.
    pub head: Vec<HeadStep>,
    /// What is due, if it is raised.
    pub due: Option<Reckoning>,
    /// Where the due goes, if it is not zero.
    pub leg: Option<LegStory>,
}

/// A rule that makes transfers.
#[derive(Debug, Clone, PartialEq)]
pub struct TransferStory {
    /// The rule.
    pub tried: Tried,
    /// Its transfers, if it applies, in the order made.
    pub made: Vec<TransferMade>,
}

/// A transfer.
#[derive(Debug, Clone, PartialEq)]
pub struct TransferMade {
    /// The leg it counts as.
    pub leg: u32,
    /// The row it is made for.
    pub row: Vec<Cell>,
    /// How much; absent for an open item.
    pub amount: Option<Reckoning>,
    /// What the accounts held that it draws on, as far as balances are kept, in the order asked.
    pub balances: Vec<(Destination, Exact)>,
    /// What leaves accounts and where it goes, in the order made.
    pub legs: Vec<LegStory>,
}

/// How the inflow or a pool was divided.
#[derive(Debug, Clone, PartialEq)]
pub struct Division {
    /// The pool; absent: the inflow.
    pub pool: Option<u32>,
    /// The row's key, where the pool is one per row.
    pub row: Vec<Cell>,
    /// What was divided.
    pub content: Exact,
    /// What filled the pool, in order.
    pub arrivals: Vec<Arrival>,
    /// All rules on the pool, in order of declaration.
    pub tried: Vec<Tried>,
    /// The legs of the one that applied, in written order.
    pub legs: Vec<LegStory>,
}

/// Money that came into a pool.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// By which leg.
    pub leg: u32,
    /// How much.
    pub amount: Exact,
}

/// A leg.
#[derive(Debug, Clone, PartialEq)]
pub struct LegStory {
    /// Which leg ([`super::Allocation::BY_SETTLEMENT`] and the like are none).
    pub leg: u32,
    /// The row whose part it is, by its key.
    pub row: Vec<Cell>,
    /// Its rate or amount, if it has one.
    pub portion: Option<Reckoning>,
    /// Its share before bounds.
    pub share: Exact,
    /// Its bounds, in written order.
    pub bounds: Vec<BoundStory>,
    /// What it takes, exact.
    pub amount: Exact,
    /// What it gets when all is settled: the sum over its leaves.
    pub settled: Exact,
    /// Where it leads.
    pub to: Destination,
    /// The tally it adds to, and the key.
    pub feed: Option<(u32, Vec<Cell>)>,
    /// The legs inside it, in written order.
    pub legs: Vec<LegStory>,
}

/// Where a leg leads.
#[derive(Debug, Clone, PartialEq)]
pub enum Destination {
    /// Nowhere: there was nothing to take, or it could not be worked out.
    Nothing,
    /// To an account, with its key.
    Account(u32, Vec<Cell>),
    /// To nobody yet.
    Undetermined,
    /// Into a pool, with the row's key.
    Pool(u32, Vec<Cell>),
    /// It is divided again.
    Legs,
}

/// A bound at work.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundStory {
    /// Which kind.
    pub kind: BoundKind,
    /// The bound as written.
    pub bound: Reckoning,
    /// The bound in whole units, not below zero.
    pub limit: Exact,
    /// The running total it looks at.
    pub total: Option<RunningTotal>,
    /// The leg has closed for good.
    pub shut: bool,
    /// The share before it.
    pub before: Exact,
    /// The share after it.
    pub after: Exact,
}

/// Kinds of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundKind {
    /// At most so much of this event.
    UpTo,
    /// At most so much in total.
    UpToInTotal,
    /// At least so much of this event.
    AtLeast,
    /// In a waterfall that takes back: at most what the leg was given.
    GivesBack,
}

/// A running total that a bound looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct RunningTotal {
    /// Which tally.
    pub tally: u32,
    /// Its key.
    pub key: Vec<Cell>,
    /// Before this event.
    pub before: Exact,
    /// With what earlier legs of this event add.
    pub now: Exact,
}

/// A settlement: whole units over exact shares.
#[derive(Debug, Clone, PartialEq)]
pub struct SettlementStory {
    /// The division that settled on its own, by position; absent: the whole event.
    pub division: Option<usize>,
    /// How units were given.
    pub way: SettlementWay,
    /// Its leaves, in written order.
    pub leaves: Vec<SettledLeaf>,
}

/// How a settlement gives units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettlementWay {
    /// To the largest fractions.
    LargestRemainder,
    /// In written order.
    InOrder,
    /// To one account.
    RemainderTo,
    /// Kept apart.
    KeptApart,
    /// To the largest fractions of the running entitlement.
    Carried,
}

/// A leaf of a settlement.
#[derive(Debug, Clone, PartialEq)]
pub struct SettledLeaf {
    /// Its leg.
    pub leg: u32,
    /// Where it leads.
    pub to: Destination,
    /// Its exact share, with what it was owed from before where that is carried.
    pub share: Exact,
    /// What it got.
    pub settled: Money,
}

/// What was added to a tally.
#[derive(Debug, Clone, PartialEq)]
pub struct TotalChange {
    /// Which tally.
    pub tally: u32,
    /// The key.
    pub key: Vec<Cell>,
    /// By which leg; absent: by the event itself.
    pub leg: Option<u32>,
    /// How much.
    pub amount: Exact,
    /// The total before and after this is added, where anybody reads it under the whole key.
    pub totals: Option<(Exact, Exact)>,
}

/// A carry that took a new value.
#[derive(Debug, Clone, PartialEq)]
pub struct CarryChange {
    /// Which carry.
    pub carry: u32,
    /// Its key.
    pub key: Vec<Cell>,
    /// The new value.
    pub value: Cell,
}

/// A latch that shut.
#[derive(Debug, Clone, PartialEq)]
pub struct LatchShut {
    /// Of which leg.
    pub leg: u32,
    /// Under which key of its tally.
    pub key: Vec<Cell>,
}

/// A figure.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureStory {
    /// Which figure.
    pub figure: u32,
    /// The row's key.
    pub key: Vec<Cell>,
    /// Its value.
    pub value: Reckoning,
}

/// A parameter's value that was used.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterUsed {
    /// Which parameter.
    pub parameter: u32,
    /// The members of its key.
    pub key: Vec<u32>,
    /// The day asked for.
    pub day: Date,
    /// Since when it holds.
    pub from: Option<Date>,
    /// The value.
    pub value: Cell,
}

/// A bracket that was used.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleUsed {
    /// Which schedule.
    pub schedule: u32,
    /// The day asked for.
    pub day: Date,
    /// Since when its table holds.
    pub from: Option<Date>,
    /// The amount it was applied to.
    pub amount: Exact,
    /// The bracket's rate.
    pub rate: Exact,
    /// The bracket's quick deduction.
    pub quick: Exact,
}

/// A row of a register that was used.
#[derive(Debug, Clone, PartialEq)]
pub struct RowUsed {
    /// Which register.
    pub register: u32,
    /// Its key.
    pub key: Vec<Cell>,
    /// Where it was read.
    pub origin: Origin,
}
