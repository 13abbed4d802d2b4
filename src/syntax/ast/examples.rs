//! Examples and scenarios.

use crate::base::{Date, Span};

use super::{Cite, Effective, Expr, Label, Levy, Name, Place, Rule, ScheduleVersion, Version};

/// `example "…" { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// What it shows.
    pub title: String,
    /// The law it follows.
    pub cite: Option<Cite>,
    /// `on D`: the day for checks outside an event.
    pub on: Option<Date>,
    /// `with READING = OPTION`.
    pub readings: Vec<(Name, Name)>,
    /// The scenario it runs under.
    pub scenario: Option<Name>,
    /// What is given and what must follow, in written order.
    pub entries: Vec<ExampleEntry>,
    /// Where it stands.
    pub span: Span,
}

/// A line of an example.
#[derive(Debug, Clone, PartialEq)]
pub enum ExampleEntry {
    /// `given …`.
    Given(Given),
    /// `then …`.
    Expected(Expected),
    /// `check C`.
    Check {
        /// The condition on the rows.
        condition: Expr,
        /// Where it stands.
        span: Span,
    },
}

/// An event or a register row.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The event or the register.
    pub name: Name,
    /// Its key.
    pub key: Vec<GivenValue>,
    /// The fields, in written order.
    pub fields: Vec<RecordField>,
    /// Where it stands.
    pub span: Span,
}

/// An entry of what is given.
#[derive(Debug, Clone, PartialEq)]
pub enum RecordField {
    /// A field; without a value it is `true`.
    Field {
        /// Its name.
        name: Name,
        /// Its value, where it is computed.
        value: Option<GivenValue>,
    },
    /// `from D { … }`: the dated fields of a register row.
    Dated {
        /// The days on which it holds.
        effective: Effective,
        /// The fields, in written order.
        fields: Vec<RecordField>,
    },
}

/// A value that is given.
#[derive(Debug, Clone, PartialEq)]
pub enum GivenValue {
    /// A literal, a member, or a bare word that is a text.
    Value(Expr),
    /// `{ … }`.
    Record {
        /// The fields, in written order.
        fields: Vec<RecordField>,
        /// Where it stands.
        span: Span,
    },
    /// `[ … ]`.
    List {
        /// The values, in written order.
        values: Vec<GivenValue>,
        /// Where it stands.
        span: Span,
    },
}

/// `then …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// Absent: the event given last.
    pub of: Option<(Name, Vec<GivenValue>)>,
    /// What must come out.
    pub outcomes: Vec<Outcome>,
    /// Where it stands.
    pub span: Span,
}

/// What must come out of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// `nothing`.
    Nothing(Span),
    /// `set aside "…"`.
    SetAside {
        /// The reason given.
        because: Option<String>,
        /// Where it stands.
        span: Span,
    },
    /// An amount that stays open.
    Undetermined {
        /// The amount.
        amount: Expr,
        /// Where it stands.
        span: Span,
    },
    /// A transfer that the law leaves open.
    Open {
        /// What is open: text that occurs in its words.
        what: String,
        /// Where it stands.
        span: Span,
    },
    /// The day it is booked on.
    Booked {
        /// The day.
        day: Date,
        /// Where it stands.
        span: Span,
    },
    /// An amount in an account.
    Account {
        /// The account or the figure.
        place: Place,
        /// The amount.
        amount: Expr,
    },
    /// The value of a figure.
    Figure {
        /// The account or the figure.
        place: Place,
        /// The value.
        value: Expr,
    },
}

/// `scenario NAME amends MODULE { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub name: Name,
    /// Its display label.
    pub label: Option<Label>,
    /// The modules it differs from.
    pub amends: Vec<Name>,
    /// The differences, in written order.
    pub amendments: Vec<Amendment>,
    /// Where it stands.
    pub span: Span,
}

/// A difference.
#[derive(Debug, Clone, PartialEq)]
pub enum Amendment {
    /// Leg numbers count from 1, `2.1` is the first leg of the second leg's block.
    Legs {
        /// The rule.
        rule: Name,
        /// The legs by number, with their new share and place.
        legs: Vec<(Vec<u32>, Expr, Span)>,
    },
    /// `parameter NAME from D : …`.
    Parameter {
        /// Its name.
        name: Name,
        /// The version put in.
        version: Version,
    },
    /// `schedule NAME from D { … }`.
    Schedule {
        /// Its name.
        name: Name,
        /// The version put in.
        version: ScheduleVersion,
    },
    /// `reading NAME = OPTION`.
    Reading {
        /// Its name.
        name: Name,
        /// The option chosen.
        option: Name,
    },
    /// `remove rule NAME`.
    Remove {
        /// Its name.
        name: Name,
    },
    /// A rule put in.
    AddRule(Rule),
    /// A levy put in.
    AddLevy(Levy),
}
