//! Events, registers, parameters and schedules: what a rule reads.

use crate::base::{Date, Span};

use super::{Cite, Expr, Label, Name};

/// `event NAME { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its name.
    pub name: Name,
    /// Its display label.
    pub label: Option<Label>,
    /// The law it follows.
    pub cite: Option<Cite>,
    /// The fields, in written order.
    pub fields: Vec<Field>,
    /// `order by`; empty when not written.
    pub order_by: Vec<Name>,
}

/// A field of an event, a register or a record: stored (`ty`), or computed (`value`).
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its display label.
    pub label: Option<Label>,
    /// Its type, where it is stored.
    pub ty: Option<TypeRef>,
    /// Its value, where it is computed.
    pub value: Option<Expr>,
    /// What the field is for.
    pub roles: Vec<FieldRole>,
    /// Inside `dated { … }`.
    pub dated: bool,
    /// Where it stands.
    pub span: Span,
}

/// What a field of an event is for.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldRole {
    /// Part of the event's key.
    Unique,
    /// The day that chooses parameters and rules.
    Effective,
    /// The amount to allocate.
    Inflow,
    /// `reverses` or `reverses EVENT`.
    Reverses(Option<Name>),
}

/// A type as written.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeRef {
    /// What it is.
    pub kind: TypeKind,
    /// Whether a value may be missing (`?`).
    pub optional: bool,
    /// Where it stands.
    pub span: Span,
}

/// The type without its `?`.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeKind {
    /// `money`, with a currency where one is named.
    Money(Option<Name>),
    /// `rate`.
    Rate,
    /// `number`.
    Number,
    /// `integer`.
    Integer,
    /// `date`.
    Date,
    /// `month`.
    Month,
    /// `quarter`.
    Quarter,
    /// `year`.
    Year,
    /// `duration`.
    Duration,
    /// `bool`.
    Bool,
    /// `text`.
    Text,
    /// An enumeration, `Region` or `Tax` (`地区`, `税种`).
    Named(Name),
    /// `list of …`.
    List(Box<TypeRef>),
    /// `{ … }`.
    Record(Vec<Field>),
}

/// `register NAME by KEY { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Register {
    /// Its name.
    pub name: Name,
    /// Its display label.
    pub label: Option<Label>,
    /// Whether a key may have several rows.
    pub many: bool,
    /// Names of the key fields, in order.
    pub by: Vec<Name>,
    /// The law it follows.
    pub cite: Option<Cite>,
    /// The fields, in written order.
    pub fields: Vec<Field>,
}

/// `from D`, `until D`: from includes, until excludes.
#[derive(Debug, Clone, PartialEq)]
pub struct Effective {
    /// The first day; absent: since ever.
    pub from: Option<Date>,
    /// The day after the last; absent: for good.
    pub until: Option<Date>,
    /// Where it stands.
    pub span: Span,
}

/// `parameter NAME[KEY] : TYPE { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// The types of its key, in order.
    pub keys: Vec<TypeRef>,
    /// Its display label.
    pub label: Option<Label>,
    /// The type of its values.
    pub ty: TypeRef,
    /// An undated `= EXPR` is one version with neither end.
    pub versions: Vec<Version>,
}

/// The values of a parameter from a day on.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// The days on which it holds.
    pub effective: Effective,
    /// The values, in written order.
    pub values: Vec<VersionValue>,
    /// The law it follows.
    pub cite: Option<Cite>,
    /// Where it stands.
    pub span: Span,
}

/// One value, for the members before it.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionValue {
    /// Empty for a parameter without keys.
    pub keys: Vec<MemberKey>,
    /// The value.
    pub value: Expr,
    /// Whether it says that nobody has checked it against the law.
    pub unverified: bool,
    /// Where it stands.
    pub span: Span,
}

/// A member a value is for.
#[derive(Debug, Clone, PartialEq)]
pub enum MemberKey {
    /// `others`: every member not listed.
    Others(Span),
    /// One member.
    Named(Name),
}

/// `schedule NAME : TYPE { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Its name.
    pub name: Name,
    /// The types of its key, in order.
    pub keys: Vec<TypeRef>,
    /// Its display label.
    pub label: Option<Label>,
    /// What the schedule is applied to: `money` or `number`.
    pub ty: TypeRef,
    /// The versions, in written order.
    pub versions: Vec<ScheduleVersion>,
}

/// The brackets of a schedule from a day on.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleVersion {
    /// The days on which it holds.
    pub effective: Effective,
    /// The law it follows.
    pub cite: Option<Cite>,
    /// The brackets, in written order.
    pub brackets: Vec<Bracket>,
    /// Where it stands.
    pub span: Span,
}

/// `up to X : RATE`.
#[derive(Debug, Clone, PartialEq)]
pub struct Bracket {
    /// Inclusive; absent for `above`.
    pub up_to: Option<Expr>,
    /// The rate within it.
    pub rate: Expr,
    /// Whether it says that nobody has checked it against the law.
    pub unverified: bool,
    /// Where it stands.
    pub span: Span,
}
