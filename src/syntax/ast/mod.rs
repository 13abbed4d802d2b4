//! The tree of a file as its author wrote it: sugar kept, nothing resolved, every node with its place.
//!
//! Parents first. Names are [`Name`]s: what they stand for is decided in `model`. A file per theme;
//! each node is named here.

mod declarations;
mod events;
mod examples;
mod expressions;
mod rules;

use crate::base::{Date, Span};

pub use declarations::{
    Account, Calendar, CalendarWhen, Carry, Change, Delegates, Enumeration, EnumerationKind,
    Figure, Law, Level, Member, Module, PeriodKind, Pool, Reading, SettlementKind, Stage, Tally,
};
pub use events::{
    Bracket, Effective, Event, Field, FieldRole, MemberKey, Parameter, Register, Schedule,
    ScheduleVersion, TypeKind, TypeRef, Version, VersionValue,
};
pub use examples::{
    Amendment, Example, ExampleEntry, Expected, Given, GivenValue, Outcome, RecordField, Scenario,
};
pub use expressions::{AggregateFunction, Expr, ExprKind, Factor, Operator, Selection, TotalKey};
pub use rules::{
    Among, AsTally, Block, Bound, Graded, Head, IfNone, Leg, Levy, Place, Portion, Rule, RuleBody,
    Slice, Split, Step, Target, Transfer,
};

/// One source file.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// The declarations that could be read, in written order.
    pub items: Vec<Item>,
    /// The words of declarations that could not be read: names that are declared, but not how.
    pub broken: Vec<String>,
}

/// A declaration and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: ItemKind,
}

/// What a declaration declares.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemKind {
    /// `module …`.
    Module(Module),
    /// `authority …`.
    Authority(Level),
    /// `use …`.
    Use(Vec<Name>),
    /// `covers from D until E`: the days the module speaks of.
    Covers {
        /// The first day.
        from: Date,
        /// The day after the last.
        until: Option<Date>,
    },
    /// `currency CNY scale 2`.
    Currency {
        /// Its name.
        name: Name,
        /// Digits after the point of its smallest unit.
        scale: u8,
    },
    /// `settlement …`.
    Settlement {
        /// What it is.
        kind: SettlementKind,
        /// The law it follows.
        cite: Option<Cite>,
    },
    /// `law …`.
    Law(Law),
    /// `regions`, `taxes` and `enumeration NAME`.
    Enumeration(Enumeration),
    /// `account …`.
    Account(Account),
    /// `pool …`.
    Pool(Pool),
    /// `event …`.
    Event(Event),
    /// `register …`.
    Register(Register),
    /// `parameter …`.
    Parameter(Parameter),
    /// `schedule …`.
    Schedule(Schedule),
    /// `reading …`.
    Reading(Reading),
    /// `tally …`.
    Tally(Tally),
    /// `carry …`.
    Carry(Carry),
    /// `rule …`.
    Rule(Rule),
    /// `levy …`.
    Levy(Levy),
    /// `calendar …`.
    Calendar(Calendar),
    /// `stage …`.
    Stage(Stage),
    /// `figure …`.
    Figure(Figure),
    /// `delegates …`.
    Delegates(Delegates),
    /// `example …`.
    Example(Example),
    /// `scenario …`.
    Scenario(Scenario),
}

/// A name as written (dotted for modules), with its place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// The words, joined by points where there are several.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A display label, per language where wanted. A bare text is the label in both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Label {
    /// In English.
    pub en: Option<String>,
    /// In Chinese.
    pub zh: Option<String>,
}

/// `per cy92 section 1(3) unverified`. `law` is absent for a bare `unverified`.
#[derive(Debug, Clone, PartialEq)]
pub struct Cite {
    /// The law, by its name in the rules.
    pub law: Option<Name>,
    /// In order, e.g. `[(Section, "1(3)"), (Item, "2")]`.
    pub places: Vec<(CiteUnit, String)>,
    /// Whether it says that nobody has checked it against the law.
    pub unverified: bool,
    /// Where it stands.
    pub span: Span,
}

/// The part of a law a citation names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CiteUnit {
    /// `article`, 条.
    Article,
    /// `section`, 款.
    Section,
    /// `item`, 项.
    Item,
    /// `part`, 部分.
    Part,
    /// `table`, 表.
    Table,
    /// `annex`, 附件.
    Annex,
}
