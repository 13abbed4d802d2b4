//! The heads of a module and the names it gives.

use crate::base::{Date, Span};

use super::{Cite, Effective, Expr, Label, Name, Place, Selection, TypeRef};

/// `module a.b`.
#[derive(Debug, Clone, PartialEq)]
pub struct Module {
    /// Its name.
    pub name: Name,
    /// Its display label.
    pub label: Option<Label>,
    /// The law it follows.
    pub cite: Option<Cite>,
}

/// The level of government that has made a module.
#[derive(Debug, Clone, PartialEq)]
pub enum Level {
    /// The centre.
    National,
    /// With the region it is of; without, in `delegates … to province`.
    Province(Option<Name>),
    /// With the region it is of; without, in `delegates … to city`.
    City(Option<Name>),
    /// Its members; empty in `delegates … to agreement`.
    Agreement(Vec<Name>),
}

/// Who gets the odd fen.
#[derive(Debug, Clone, PartialEq)]
pub enum SettlementKind {
    /// To the largest remainders, ties in written order.
    LargestRemainder,
    /// In written order.
    InOrder,
    /// All of it to one account.
    RemainderTo(Place),
    /// All of it to an account that keeps it apart.
    KeptApartIn(Place),
    /// Carried to the next event of the key.
    CarriedPer(Vec<Expr>),
}

/// `law NAME "number" "title" issued D`.
#[derive(Debug, Clone, PartialEq)]
pub struct Law {
    /// Its name.
    pub name: Name,
    /// Number and title, as many texts as were given.
    pub titles: Vec<String>,
    /// The day the law was issued.
    pub issued: Option<Date>,
    /// Whether it says that nobody has checked it against the law.
    pub unverified: bool,
}

/// A list of members, each of which may have members of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Enumeration {
    /// What it is.
    pub kind: EnumerationKind,
    /// Its display label.
    pub label: Option<Label>,
    /// The members, in written order.
    pub members: Vec<Member>,
}

/// Which list it is.
#[derive(Debug, Clone, PartialEq)]
pub enum EnumerationKind {
    /// `regions`.
    Regions,
    /// `taxes`.
    Taxes,
    /// By a name.
    Named(Name),
}

/// A member of an enumeration.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its name.
    pub name: Name,
    /// Its display label.
    pub label: Option<Label>,
    /// How files may write the member, e.g. an administrative code.
    pub code: Option<String>,
    /// The members, in written order.
    pub members: Vec<Member>,
}

/// `account NAME[KEY]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Its name.
    pub name: Name,
    /// The types of its key, in order.
    pub keys: Vec<TypeRef>,
    /// Its display label.
    pub label: Option<Label>,
    /// How files write the account; `{}` stands for the key.
    pub code: Option<String>,
    /// Whether it keeps a readable balance that never goes below zero.
    pub holds: bool,
}

/// `pool NAME`.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// Its name.
    pub name: Name,
    /// `per GROUP`: one pool for each row of that list field or register.
    pub per: Option<Name>,
    /// Its display label.
    pub label: Option<Label>,
}

/// `reading NAME { … } default OPTION because "…"`.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Its name.
    pub name: Name,
    /// Its display label.
    pub label: Option<Label>,
    /// The law it follows.
    pub cite: Option<Cite>,
    /// The options, with their labels.
    pub options: Vec<(Name, Option<Label>)>,
    /// The option that holds where none is chosen.
    pub default: Name,
    /// The reason given.
    pub because: Option<String>,
}

/// `tally NAME per KEYS : TYPE`.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// Its name.
    pub name: Name,
    /// Its display label.
    pub label: Option<Label>,
    /// The parts of its key.
    pub keys: Vec<Expr>,
    /// The type of its values.
    pub ty: TypeRef,
    /// The events that feed it; a leg may feed it as well.
    pub feeders: Vec<Change>,
}

/// `carry NAME per KEYS : TYPE starts EXPR`.
#[derive(Debug, Clone, PartialEq)]
pub struct Carry {
    /// Its name.
    pub name: Name,
    /// Its display label.
    pub label: Option<Label>,
    /// The parts of its key.
    pub keys: Vec<Expr>,
    /// The type of its values.
    pub ty: TypeRef,
    /// The value at first.
    pub starts: Expr,
    /// The events that change it.
    pub becomes: Vec<Change>,
}

/// `on EVENT [when C] adds|becomes EXPR`.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The event.
    pub event: Name,
    /// The condition under which it holds.
    pub when: Option<Expr>,
    /// What is added, or the new value.
    pub value: Expr,
    /// Where it stands.
    pub span: Span,
}

/// `calendar NAME`: an event nobody sends.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// Its name.
    pub name: Name,
    /// Its display label.
    pub label: Option<Label>,
    /// When it happens.
    pub when: CalendarWhen,
    /// The days on which it is made.
    pub effective: Option<Effective>,
    /// The rows or members it is made for, one each.
    pub for_each: Option<Selection>,
    /// Where it stands.
    pub span: Span,
}

/// When a calendar event happens.
#[derive(Debug, Clone, PartialEq)]
pub enum CalendarWhen {
    /// At the end of every period.
    AtEndOf(PeriodKind),
    /// On a day.
    On(Expr),
}

/// A length of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PeriodKind {
    /// `month`.
    Month,
    /// `quarter`.
    Quarter,
    /// `year`.
    Year,
}

/// `stage NAME closes ACCOUNT[KEY] at end of month`.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Its name.
    pub name: Name,
    /// Its display label.
    pub label: Option<Label>,
    /// The account family it empties.
    pub closes: Name,
    /// The types of its key, in order.
    pub keys: Vec<TypeRef>,
    /// The period at whose end it is made.
    pub at_end_of: PeriodKind,
    /// The days on which it is made.
    pub effective: Option<Effective>,
    /// The condition on the rows.
    pub condition: Option<Expr>,
    /// The day by which summaries assign it.
    pub booked: Option<Expr>,
    /// Where it stands.
    pub span: Span,
}

/// `figure NAME of EVENT = EXPR`.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its name.
    pub name: Name,
    /// Its display label.
    pub label: Option<Label>,
    /// The event it is worked out at.
    pub event: Name,
    /// The rows or members it is made for, one each.
    pub for_each: Option<Selection>,
    /// The condition under which it holds.
    pub when: Option<Expr>,
    /// The value.
    pub value: Expr,
    /// The law it follows.
    pub cite: Option<Cite>,
    /// Where it stands.
    pub span: Span,
}

/// `delegates RULE to LEVEL`.
#[derive(Debug, Clone, PartialEq)]
pub struct Delegates {
    /// A rule or a pool.
    pub what: Name,
    /// The level it is handed to.
    pub to: Level,
    /// The condition under which it holds.
    pub when: Option<Expr>,
    /// The law it follows.
    pub cite: Option<Cite>,
    /// Where it stands.
    pub span: Span,
}
