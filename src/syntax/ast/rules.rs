//! Rules and levies.

use crate::base::Span;

use super::{Cite, Effective, Expr, Label, Name, Selection, SettlementKind};

/// `rule NAME`, its clauses and what it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name.
    pub name: Name,
    /// Its display label.
    pub label: Option<Label>,
    /// Its clauses.
    pub head: Head,
    /// What it does.
    pub body: RuleBody,
    /// Where it stands.
    pub span: Span,
}

/// The clauses before a rule's or a levy's body.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Head {
    /// The law it follows.
    pub cite: Option<Cite>,
    /// The rules it goes before.
    pub overrides: Vec<Name>,
    /// `of EVENT, …`; empty: every event that has the fields used.
    pub of: Vec<Name>,
    /// The days on which it holds.
    pub effective: Option<Effective>,
    /// `with`, `let`, `when`, in written order.
    pub steps: Vec<Step>,
}

/// A clause that later clauses build on.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// `with NAME = EXPR`: a row that must be there.
    With {
        /// Its name.
        name: Name,
        /// The value.
        value: Expr,
    },
    /// `let NAME = EXPR`.
    Let {
        /// Its name.
        name: Name,
        /// Its label.
        label: Option<Label>,
        /// The value.
        value: Expr,
    },
    /// `when C`.
    When(Expr),
}

/// What a rule does.
#[expect(clippy::large_enum_variant, reason = "one a rule, and nearly always the large one")]
#[derive(Debug, Clone, PartialEq)]
pub enum RuleBody {
    /// `split …`.
    Split(Split),
    /// `transfer …`, several.
    Transfers(Vec<Transfer>),
}

/// `transfer AMOUNT from ACCOUNT to ACCOUNT`.
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    /// Absent: `transfer undetermined "…"`.
    pub amount: Option<Expr>,
    /// What the law leaves open.
    pub undetermined: Option<String>,
    /// Drawn in this order.
    pub from: Vec<Place>,
    /// Where it goes.
    pub to: Place,
    /// The rows or members it is made for, one each.
    pub for_each: Option<Selection>,
    /// The tally it adds to.
    pub tally: Option<AsTally>,
    /// The law it follows.
    pub cite: Option<Cite>,
    /// Where it stands.
    pub span: Span,
}

/// `split POOL` and its legs.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Absent: `inflow`.
    pub pool: Option<Place>,
    /// `split POOL as b`: the row of a pool per row.
    pub row: Option<Name>,
    /// `settled`, with a kind of its own where one is named.
    pub settled: Option<Option<SettlementKind>>,
    /// What it does.
    pub body: Target,
    /// Where it stands.
    pub span: Span,
}

/// Where a leg's amount goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// `to PLACE`.
    To(Place),
    /// `undetermined "…"`.
    Undetermined {
        /// What is left open.
        what: Option<String>,
        /// Where it stands.
        span: Span,
    },
    /// Legs of its own.
    Block(Block),
    /// `in order { … }`.
    InOrder(Block),
    /// `graded { … }`.
    Graded(Graded),
    /// `among SELECTION by shares … TARGET`, with `if none`. The inner target's tally and citation
    /// stand on `body`.
    Among(Box<Among>),
}

/// Legs that share one amount.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The legs, in written order.
    pub legs: Vec<Leg>,
    /// `if none …` at the block's end: for the spread legs of this block.
    pub if_none: Option<Box<IfNone>>,
    /// Where it stands.
    pub span: Span,
}

/// `if none …`: where the amount goes when there is no row, or no weight.
#[derive(Debug, Clone, PartialEq)]
pub struct IfNone {
    /// Where it goes.
    pub target: Target,
    /// The law it follows.
    pub cite: Option<Cite>,
    /// Where it stands.
    pub span: Span,
}

/// `50% up to B to ACCOUNT as TALLY`.
#[derive(Debug, Clone, PartialEq)]
pub struct Leg {
    /// How much.
    pub portion: Portion,
    /// Its bounds, in written order.
    pub bounds: Vec<Bound>,
    /// Where it goes.
    pub target: Target,
    /// The tally it adds to.
    pub tally: Option<AsTally>,
    /// The law it follows.
    pub cite: Option<Cite>,
    /// Where it stands.
    pub span: Span,
}

/// How much a leg takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Portion {
    /// `rest`.
    Rest,
    /// `all`.
    All,
    /// A rate or an amount.
    Share(Expr),
}

/// A bound on what a leg takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// `up to B`.
    UpTo {
        /// The amount.
        amount: Expr,
        /// Whether it bounds the running total.
        in_total: bool,
        /// Whether it closes for good once reached.
        closed_once_reached: bool,
        /// Where it stands.
        span: Span,
    },
    /// `at least B`.
    AtLeast {
        /// The amount.
        amount: Expr,
        /// Where it stands.
        span: Span,
    },
}

/// `among SELECTION by shares … TARGET`.
#[derive(Debug, Clone, PartialEq)]
pub struct Among {
    /// The rows.
    pub selection: Selection,
    /// Where the part of each row goes.
    pub target: Target,
    /// Of the row's own part, when the target is a plain place.
    pub tally: Option<AsTally>,
    /// Directly under a split; a leg keeps its own citation.
    pub cite: Option<Cite>,
    /// `if none` directly under a split's only spread.
    pub if_none: Option<IfNone>,
    /// Where it stands.
    pub span: Span,
}

/// `graded { up to X …; above … }`: each slice of the amount goes its own way.
#[derive(Debug, Clone, PartialEq)]
pub struct Graded {
    /// Where on the scale the amount starts; absent: at zero.
    pub from: Option<Expr>,
    /// The slices, in written order.
    pub slices: Vec<Slice>,
    /// Where it stands.
    pub span: Span,
}

/// A slice of a graded leg.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// Inclusive; absent for `above`.
    pub up_to: Option<Expr>,
    /// Where it goes.
    pub target: Target,
    /// The tally it adds to.
    pub tally: Option<AsTally>,
    /// The law it follows.
    pub cite: Option<Cite>,
    /// Where it stands.
    pub span: Span,
}

/// `as NAME per KEYS`; without keys the tally is declared elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct AsTally {
    /// Its name.
    pub name: Name,
    /// The parts of its key.
    pub keys: Option<Vec<Expr>>,
    /// Where it stands.
    pub span: Span,
}

/// An account or a pool, with keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Its name.
    pub name: Name,
    /// The parts of its key.
    pub keys: Vec<Expr>,
    /// Where it stands.
    pub span: Span,
}

/// `levy NAME … due EXPR into POOL`.
#[derive(Debug, Clone, PartialEq)]
pub struct Levy {
    /// Its name.
    pub name: Name,
    /// Its display label.
    pub label: Option<Label>,
    /// Its clauses.
    pub head: Head,
    /// How much is due.
    pub due: Expr,
    /// Whether the amount due may be negative.
    pub may_refund: bool,
    /// The tally it adds to.
    pub tally: Option<AsTally>,
    /// The pool it fills.
    pub into: Place,
    /// Where it stands.
    pub span: Span,
}
