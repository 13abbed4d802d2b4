//! Expressions and selections.

use crate::base::{Date, Exact, Period, Rounding, Span};

use super::{Name, Place};

/// An expression and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A number and how it was written: `5_000` is `Plain`, `50%` is a `Rate` of one half.
    Number {
        /// The number itself: `50%` is one half.
        value: Exact,
        /// Whether it was written with `%` or `‰`.
        as_rate: bool,
    },
    /// `2015-06-03`.
    Date(Date),
    /// `2024-03`, `2024Q1`.
    Period(Period),
    /// `3 years`; years and quarters are months.
    Length {
        /// Months.
        months: i32,
        /// Days.
        days: i32,
    },
    /// A text in quotation marks.
    Text(String),
    /// `true`, `false`.
    Bool(bool),
    /// A name.
    Name(String),
    /// `row.field`, `annual.quick`.
    Access(Box<Expr>, Name),
    /// `central_part[tax]`, `relocation[enterprise]`.
    Index(Box<Expr>, Vec<Expr>),
    /// `max(a, b)`, `annual(x)`, `annual.quick(x)`: the callee is a name or an access.
    Call(Box<Expr>, Vec<Expr>),
    /// `x at D`.
    At(Box<Expr>, Box<Expr>),
    /// `x otherwise y`.
    Otherwise(Box<Expr>, Box<Expr>),
    /// `-x`.
    Negate(Box<Expr>),
    /// `not x`.
    Not(Box<Expr>),
    /// `x + y`, `x < y`.
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// Two or more of one kind.
    And(Vec<Expr>),
    /// Two or more of one kind.
    Or(Vec<Expr>),
    /// `x in …`, `x not in …`: the right side is a `Set`, a `Range` or a region.
    In {
        /// What is looked for.
        value: Box<Expr>,
        /// The set, the range or the region.
        within: Box<Expr>,
        /// Whether `not` stands before `in`.
        negated: bool,
    },
    /// `{a, b}`.
    Set(Vec<Expr>),
    /// `[a, b]`.
    List(Vec<Expr>),
    /// `a .. b`.
    Range {
        /// Where it begins.
        from: Box<Expr>,
        /// Where it ends.
        to: Box<Expr>,
        /// Whether the end belongs to it (`..=`).
        closed: bool,
    },
    /// `x as r` in a condition.
    Bind(Box<Expr>, Name),
    /// `if c then a else b`.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `x rounded half up to U`.
    Rounded {
        /// What is rounded.
        value: Box<Expr>,
        /// How to round.
        mode: Rounding,
        /// The unit to round to; absent: the smallest of the currency.
        unit: Option<Exact>,
    },
    /// `total(t) with this for KEYS as of D`.
    Total {
        /// The tally.
        tally: Name,
        /// Whether this event counts.
        with_this: bool,
        /// The parts of the key, where others than the event's are meant.
        keys: Option<Vec<TotalKey>>,
        /// The day before which events count.
        as_of: Option<Box<Expr>>,
    },
    /// `sum(EXPR for SELECTION)`; `value` is absent in `count(SELECTION)`. A plain `sum(list)` is a `Call`.
    Aggregate {
        /// Which sum.
        function: AggregateFunction,
        /// What is summed; absent in a count.
        value: Option<Box<Expr>>,
        /// The rows.
        selection: Box<Selection>,
    },
    /// `share(b)`.
    Share(Name),
    /// `closed(ACCOUNT[KEY])`.
    Closed(Place),
    /// `balance(ACCOUNT[KEY])`.
    Balance(Place),
}

/// A sign between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `=`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterEqual,
}

/// What is made of many values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AggregateFunction {
    /// `sum`.
    Sum,
    /// `count`.
    Count,
    /// `min`.
    Min,
    /// `max`.
    Max,
}

/// A part of a total's key.
#[derive(Debug, Clone, PartialEq)]
pub enum TotalKey {
    /// `all`: the sum over this part.
    All(Span),
    /// A value of the key part.
    Key(Expr),
}

/// `GROUP [as b] [where C] [by shares …]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// The register, list or enumeration.
    pub group: Expr,
    /// The name of the row.
    pub binding: Option<Name>,
    /// The condition on the rows.
    pub condition: Option<Expr>,
    /// Weights; empty where none are named.
    pub shares: Vec<Factor>,
    /// Where it stands.
    pub span: Span,
}

/// `35% revenue`.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// The weight, an exact fraction.
    pub weight: Exact,
    /// The value.
    pub value: Expr,
    /// Where it stands.
    pub span: Span,
}
