//! Expressions, resolved to positions and slots.

use crate::base::{Date, Duration, Exact, Period, Rounding};

pub use crate::model::{Aggregate, Arithmetic, Comparison, Function, ScheduleValue};

/// A value known before any data.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// Yes or no.
    Bool(bool),
    /// Money (in major units), a rate or a number.
    Number(Exact),
    /// A day.
    Date(Date),
    /// A period.
    Period(Period),
    /// A length of time.
    Duration(Duration),
    /// A text.
    Text(Box<str>),
    /// A member of an enumeration, by position.
    Member(u32),
    /// An option of a reading, by position.
    Option(u32),
}

/// What is computed. Locals are slots of the frame of the case, levy, figure or formula at hand.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A constant.
    Constant(Constant),
    /// A list of values.
    List(Vec<Expr>),
    /// A field of the event at hand.
    Field(u32),
    /// A field of the row whose computed field is being worked out.
    Own {
        /// Which field.
        field: u32,
        /// For a dated field the day asked for; absent: the event's.
        at: Option<Box<Expr>>,
    },
    /// The effective date of the event at hand.
    EffectiveDate,
    /// A slot of the frame.
    Local(u32),
    /// The slot of the share of a bound row; without weights that have a sum there is none.
    Share(u32),
    /// A field of a row.
    RowField {
        /// The row.
        row: Box<Expr>,
        /// Its shape.
        shape: u32,
        /// Which field.
        field: u32,
        /// For a dated field the day asked for; absent: the event's.
        at: Option<Box<Expr>>,
    },
    /// The chosen option of a reading.
    Reading {
        /// Which reading.
        reading: u32,
        /// The option chosen for this plan.
        option: u32,
    },
    /// A parameter's value on a day.
    Parameter {
        /// Which parameter.
        parameter: u32,
        /// A member for each key.
        keys: Vec<Expr>,
        /// The day.
        at: Box<Expr>,
    },
    /// A schedule applied to an amount on a day.
    Schedule {
        /// Which schedule.
        schedule: u32,
        /// What is read off.
        what: ScheduleValue,
        /// The amount.
        of: Box<Expr>,
        /// The day.
        at: Box<Expr>,
    },
    /// A register's row by its whole key, or nothing.
    Lookup {
        /// Which register.
        register: u32,
        /// A value for each key part.
        keys: Vec<Expr>,
    },
    /// A running total, read through one of the tally's projections.
    Total {
        /// Which tally.
        tally: u32,
        /// Which of its projections.
        projection: u32,
        /// After what this event adds.
        with_this: bool,
        /// Values of the key parts the projection keeps, in their order.
        keys: Vec<Expr>,
        /// Only what is dated before this day.
        as_of: Option<Box<Expr>>,
    },
    /// A carried value.
    Carried {
        /// Which carry.
        carry: u32,
        /// A value for each key part.
        keys: Vec<Expr>,
    },
    /// In a stage: the balance it took out.
    Closed {
        /// Which account.
        account: u32,
        /// Its key.
        keys: Vec<Expr>,
    },
    /// The balance of an account.
    Balance {
        /// Which account.
        account: u32,
        /// Its key.
        keys: Vec<Expr>,
    },
    /// `-x`.
    Negate(Box<Expr>),
    /// `not x`.
    Not(Box<Expr>),
    /// All hold, up to the first that does not.
    And(Vec<Expr>),
    /// Any holds, up to the first that does.
    Or(Vec<Expr>),
    /// One of the four operations.
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    /// A number of days as a length of time.
    AsDuration(Box<Expr>),
    /// A comparison.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// Whether a value is one of several.
    InSet(Box<Expr>, Vec<Expr>),
    /// Whether a member is one of several known ones: `true` at their positions.
    MemberIn(Box<Expr>, Vec<bool>),
    /// Whether a region is another one or lies in it.
    InTree {
        /// The enumeration both are of.
        enumeration: u32,
        /// The one.
        inner: Box<Expr>,
        /// The other.
        outer: Box<Expr>,
    },
    /// Whether a value lies between two.
    InRange {
        /// The value.
        value: Box<Expr>,
        /// First inside.
        from: Box<Expr>,
        /// Bound above.
        to: Box<Expr>,
        /// Whether the bound is inside.
        closed: bool,
    },
    /// Whether a date lies in a period.
    InPeriod(Box<Expr>, Box<Expr>),
    /// Whether an optional value is there; if so it goes to a slot.
    Bind(Box<Expr>, u32),
    /// One or the other.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// The optional value, or the other.
    Otherwise(Box<Expr>, Box<Expr>),
    /// Rounded to a multiple of a unit.
    Rounded(Box<Expr>, Rounding, Exact),
    /// A function over a selection.
    Aggregate {
        /// Which function.
        function: Aggregate,
        /// What of each row; absent for a count.
        value: Option<Box<Expr>>,
        /// Over which rows.
        selection: Box<Selection>,
    },
    /// What has one value for the run, whatever event asks: which of the plan's, and what it is.
    Steady(u32, Box<Expr>),
    /// A function over a list of plain values.
    AggregateList(Aggregate, Box<Expr>),
    /// A built-in function.
    Call(Function, Vec<Expr>),
}

impl Expr {
    /// The expressions it is made of.
    pub fn parts(&self) -> Vec<&Expr> {
        match self {
            Expr::Constant(_)
            | Expr::Field(_)
            | Expr::EffectiveDate
            | Expr::Local(_)
            | Expr::Share(_)
            | Expr::Reading { .. } => Vec::new(),
            Expr::List(parts) | Expr::And(parts) | Expr::Or(parts) | Expr::Call(_, parts) => {
                parts.iter().collect()
            }
            Expr::Own { at, .. } => at.as_deref().into_iter().collect(),
            Expr::RowField { row, at, .. } => {
                [Some(row.as_ref()), at.as_deref()].into_iter().flatten().collect()
            }
            Expr::Parameter { keys, at, .. } => keys.iter().chain([at.as_ref()]).collect(),
            Expr::Schedule { of, at, .. } => vec![of, at],
            Expr::Lookup { keys, .. }
            | Expr::Carried { keys, .. }
            | Expr::Closed { keys, .. }
            | Expr::Balance { keys, .. } => keys.iter().collect(),
            Expr::Total { keys, as_of, .. } => keys.iter().chain(as_of.as_deref()).collect(),
            Expr::Negate(inner)
            | Expr::Not(inner)
            | Expr::AsDuration(inner)
            | Expr::Bind(inner, _)
            | Expr::MemberIn(inner, _)
            | Expr::Rounded(inner, ..)
            | Expr::Steady(_, inner)
            | Expr::AggregateList(_, inner) => vec![inner],
            Expr::Arithmetic(_, one, two)
            | Expr::Compare(_, one, two)
            | Expr::InPeriod(one, two)
            | Expr::Otherwise(one, two) => vec![one, two],
            Expr::InSet(value, set) => [value.as_ref()].into_iter().chain(set).collect(),
            Expr::InTree { inner, outer, .. } => vec![inner, outer],
            Expr::InRange { value, from, to, .. } => vec![value, from, to],
            Expr::If(condition, yes, no) => vec![condition, yes, no],
            Expr::Aggregate { value, selection, .. } => {
                let value = value.as_deref().into_iter();
                value.chain(selection.parts()).collect()
            }
        }
    }
}

impl Selection {
    /// The expressions it is made of.
    pub fn parts(&self) -> Vec<&Expr> {
        let source: Vec<&Expr> = match &self.source {
            RowSource::Register { keys, .. } => keys.iter().collect(),
            RowSource::List(list) => vec![list],
            RowSource::Members(_) => Vec::new(),
        };
        let factors = self.factors.iter().map(|factor| &factor.value);
        source.into_iter().chain(&self.condition).chain(factors).collect()
    }
}

/// An expression with the size of its own frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    /// How many slots.
    pub locals: u32,
    /// The expression.
    pub expr: Expr,
}

/// Rows in their order, with or without weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Where the rows come from.
    pub source: RowSource,
    /// The slot of the row at hand.
    pub binding: u32,
    /// Which rows count.
    pub condition: Option<Expr>,
    /// Weights of the rows, if any.
    pub factors: Vec<Factor>,
    /// The slot of the share of the row at hand, if it is asked for.
    pub share: Option<u32>,
}

/// Where rows come from.
#[derive(Debug, Clone, PartialEq)]
pub enum RowSource {
    /// Rows of a register whose key starts with these values.
    Register {
        /// Which register.
        register: u32,
        /// Values of the first key parts.
        keys: Vec<Expr>,
    },
    /// The values or records of a list.
    List(Expr),
    /// So many members of an enumeration.
    Members(u32),
}

/// One factor of the weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// Its part of the whole.
    pub weight: Exact,
    /// What is weighed, of the row at hand.
    pub value: Expr,
}
