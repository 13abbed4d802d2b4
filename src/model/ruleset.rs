//! A rule set: every declaration resolved, in lists that ids point into.

use std::collections::BTreeMap;

use crate::base::{Date, Exact, PeriodKind, Span};

use super::{
    AccountId, Constant, CurrencyId, EnumerationId, EventId, Example, Expr, FieldIx, FigureId,
    Formula, LawId, Levy, Local, MemberIx, ModuleId, PoolId, Rule, RuleId, Selection, ShapeId,
    Type,
};

/// A whole rule set: what the modules of one compilation say together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleSet {
    /// Modules, those used before those using.
    pub modules: Vec<Module>,
    /// Laws.
    pub laws: Vec<Law>,
    /// Currencies; the first is the yuan unless a module says otherwise.
    pub currencies: Vec<Currency>,
    /// Enumerations, regions among them.
    pub enumerations: Vec<Enumeration>,
    /// Row shapes.
    pub shapes: Vec<Shape>,
    /// Accounts.
    pub accounts: Vec<Account>,
    /// Pools.
    pub pools: Vec<Pool>,
    /// Event kinds.
    pub events: Vec<Event>,
    /// Registers.
    pub registers: Vec<Register>,
    /// Parameters.
    pub parameters: Vec<Parameter>,
    /// Schedules.
    pub schedules: Vec<Schedule>,
    /// Readings.
    pub readings: Vec<Reading>,
    /// Tallies.
    pub tallies: Vec<Tally>,
    /// Carries.
    pub carries: Vec<Carry>,
    /// Rules.
    pub rules: Vec<Rule>,
    /// Levies.
    pub levies: Vec<Levy>,
    /// Figures.
    pub figures: Vec<Figure>,
    /// Delegations.
    pub delegations: Vec<Delegation>,
    /// Where each leg comes from.
    pub legs: Vec<LegOrigin>,
    /// Examples.
    pub examples: Vec<Example>,
    /// The scenario this rule set was made with.
    pub scenario: Option<String>,
}

/// A declared name, its label in both languages, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// As the rules write it.
    pub text: String,
    /// English label.
    pub en: Option<String>,
    /// Chinese label.
    pub zh: Option<String>,
    /// Where it was declared.
    pub span: Span,
}

/// A module.
#[derive(Debug, Clone, PartialEq)]
pub struct Module {
    /// Its dotted name.
    pub name: Name,
    /// What it encodes.
    pub cite: Option<Citation>,
    /// Whose law it is.
    pub authority: Level,
    /// Directly used modules.
    pub uses: Vec<ModuleId>,
    /// First day it means to cover.
    pub covers_from: Option<Date>,
    /// First day it no longer means to cover.
    pub covers_until: Option<Date>,
    /// The clause its settlement rests on.
    pub settlement_cite: Option<Citation>,
}

/// Whose law a module is. National stands above province above city; an agreement has the level of
/// its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Level {
    /// The nation.
    National,
    /// A province; without a name in a delegation to whichever province.
    Province(Option<(EnumerationId, MemberIx)>),
    /// A city.
    City(Option<(EnumerationId, MemberIx)>),
    /// Several together.
    Agreement(Vec<(EnumerationId, MemberIx)>),
}

/// A law or circular.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Law {
    /// Its short name.
    pub name: Name,
    /// The module that declares it.
    pub module: ModuleId,
    /// Number and title.
    pub titles: Vec<String>,
    /// Day of issue.
    pub issued: Option<Date>,
    /// Not seen in a source.
    pub unverified: bool,
}

/// A place in a law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// Which law; absent where only `unverified` stands.
    pub law: Option<LawId>,
    /// Unit and number, outermost first.
    pub places: Vec<(CiteUnit, String)>,
    /// Not seen in a source.
    pub unverified: bool,
    /// Where it is cited.
    pub span: Span,
}

pub use crate::syntax::ast::CiteUnit;

/// A currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency {
    /// Its code, e.g. CNY.
    pub name: String,
    /// Decimals of its smallest unit.
    pub scale: u8,
}

/// An enumeration. For regions the members form a tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Enumeration {
    /// Name and label; `Region`, `Tax`, or its own.
    pub name: Name,
    /// The module that declares it.
    pub module: ModuleId,
    /// Members; a parent stands before its children.
    pub members: Vec<Member>,
}

/// A member of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Name and label.
    pub name: Name,
    /// How files may write it.
    pub code: Option<String>,
    /// The region it lies in.
    pub parent: Option<MemberIx>,
}

/// The fields of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// The register's name, or event and list field.
    pub name: String,
    /// The fields.
    pub fields: Vec<Field>,
}

/// A field of an event or a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Name and label.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// How it is worked out; absent: it is in the data. In a row, siblings are `Own`.
    pub computed: Option<Formula>,
    /// Holds one value per period.
    pub dated: bool,
}

/// An account, or a family with one account per key.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Name and label.
    pub name: Name,
    /// The module that declares it.
    pub module: ModuleId,
    /// The key's parts.
    pub keys: Vec<Type>,
    /// How files write it; `{}` stands for the key parts in turn.
    pub code: Option<String>,
    /// Has a readable balance that never falls below zero.
    pub holds: bool,
    /// The currency of the events that reach it; of several, the one declared first.
    pub currency: CurrencyId,
}

/// A pool.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// Name and label.
    pub name: Name,
    /// The module that declares it.
    pub module: ModuleId,
    /// One for each row of this shape.
    pub per: Option<ShapeId>,
}

/// An event kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Name and label.
    pub name: Name,
    /// The module that declares it.
    pub module: ModuleId,
    /// What it stands for in the law.
    pub cite: Option<Citation>,
    /// Who makes such events.
    pub source: EventSource,
    /// The first day on which such events are made, where nobody sends them; absent: since ever.
    pub from: Option<Date>,
    /// The day after the last; absent: for good.
    pub until: Option<Date>,
    /// The fields.
    pub fields: Vec<Field>,
    /// The fields that identify an event.
    pub unique: Vec<FieldIx>,
    /// The day that chooses parameters and rules.
    pub effective: FieldIx,
    /// The money it brings; absent where levies say it.
    pub inflow: Option<FieldIx>,
    /// The field that names the event this one undoes, and that event's kind.
    pub reverses: Option<(FieldIx, EventId)>,
    /// In which order events are taken; empty where nothing depends on it.
    pub order_by: Vec<FieldIx>,
}

/// Who makes events of a kind.
#[derive(Debug, Clone, PartialEq)]
pub enum EventSource {
    /// The data.
    Sent,
    /// The end of every period, once for each row if a selection is given. The row, if any, is the
    /// event's second field (after the date).
    Periodic {
        /// Which period's end.
        kind: PeriodKind,
        /// The rows; its binding is the local 0 of `locals`.
        for_each: Option<Selection>,
        /// Names bound in the selection.
        locals: Vec<Local>,
    },
    /// A day of its own for each row. Fields: date, row.
    OnDate {
        /// The day, of the row at hand.
        date: Expr,
        /// The rows.
        for_each: Selection,
        /// Names bound in the selection.
        locals: Vec<Local>,
    },
    /// Takes balances out of an account family. Fields: date, inflow, list `rows` of the key parts
    /// (`key`, or `key1`, `key2`, …) and `balance`.
    Stage {
        /// The family.
        closes: AccountId,
        /// At the end of every such period.
        kind: PeriodKind,
        /// Which keys; the row at hand is the formula's local 0.
        condition: Option<Formula>,
        /// The day by which summaries assign the year; the stage's own fields are in reach.
        booked: Option<Formula>,
    },
}

/// Reference data looked up by key.
#[derive(Debug, Clone, PartialEq)]
pub struct Register {
    /// Name and label.
    pub name: Name,
    /// The module that declares it.
    pub module: ModuleId,
    /// Where the data come from.
    pub cite: Option<Citation>,
    /// The shape of its rows.
    pub shape: ShapeId,
    /// The key fields.
    pub keys: Vec<FieldIx>,
    /// Several rows may share a key.
    pub many: bool,
}

/// A value that holds from a day until another.
#[derive(Debug, Clone, PartialEq)]
pub struct Dated<T> {
    /// First day; absent: always before.
    pub from: Option<Date>,
    /// First day after; absent: for good.
    pub until: Option<Date>,
    /// The value.
    pub value: T,
    /// The clause it rests on.
    pub cite: Option<Citation>,
    /// Not seen in a source.
    pub unverified: bool,
    /// Where it stands.
    pub span: Span,
}

/// A parameter: for each key a timeline without overlaps, in ascending order.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Name and label.
    pub name: Name,
    /// The module that declares it.
    pub module: ModuleId,
    /// The enumerations of its key.
    pub keys: Vec<EnumerationId>,
    /// The type of its values.
    pub ty: Type,
    /// By members of the key. A key without an entry has no value at all.
    pub timelines: BTreeMap<Vec<MemberIx>, Vec<Dated<Constant>>>,
    /// Where it stands.
    pub span: Span,
}

/// A schedule of marginal brackets.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Name and label.
    pub name: Name,
    /// The module that declares it.
    pub module: ModuleId,
    /// The enumerations of its key (versions are the same for every key where empty).
    pub keys: Vec<EnumerationId>,
    /// What it is applied to, and what comes out.
    pub ty: Type,
    /// Its tables over time.
    pub versions: Vec<Dated<Vec<Bracket>>>,
    /// Where it stands.
    pub span: Span,
}

/// A bracket: what lies above the bracket before and up to its bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Bracket {
    /// Upper end, inclusive; absent for the last.
    pub up_to: Option<Exact>,
    /// Its marginal rate.
    pub rate: Exact,
    /// Not seen in a source.
    pub unverified: bool,
    /// Where it stands.
    pub span: Span,
}

/// A choice the text of the law leaves open.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Name and label.
    pub name: Name,
    /// The module that declares it.
    pub module: ModuleId,
    /// The clause that is open.
    pub cite: Option<Citation>,
    /// The options.
    pub options: Vec<Name>,
    /// The one taken unless said otherwise.
    pub default: u32,
    /// Why.
    pub because: Option<String>,
}

/// A sum under a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// Name and label.
    pub name: Name,
    /// The module that declares it.
    pub module: ModuleId,
    /// Names of the key's parts, as written.
    pub key_names: Vec<String>,
    /// Their types.
    pub keys: Vec<Type>,
    /// Money or a number.
    pub ty: Type,
    /// What events add to it; legs add by their feeds.
    pub feeders: Vec<Change>,
    /// Where it stands.
    pub span: Span,
}

/// A value carried from event to event under a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Carry {
    /// Name and label.
    pub name: Name,
    /// The module that declares it.
    pub module: ModuleId,
    /// Names of the key's parts, as written.
    pub key_names: Vec<String>,
    /// Their types.
    pub keys: Vec<Type>,
    /// The type of the value.
    pub ty: Type,
    /// The value before anything happened.
    pub starts: Expr,
    /// What events make of it.
    pub changes: Vec<Change>,
    /// Where it stands.
    pub span: Span,
}

/// What an event does to a tally or a carry when it is finished.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The event kind.
    pub event: EventId,
    /// Names bound in it.
    pub locals: Vec<Local>,
    /// Only if this holds.
    pub when: Option<Expr>,
    /// A value for each key part.
    pub keys: Vec<Expr>,
    /// What is added, or the new value.
    pub value: Expr,
    /// Where it stands.
    pub span: Span,
}

/// A result that is not money moved.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its id.
    pub id: FigureId,
    /// Name and label.
    pub name: Name,
    /// The module that declares it.
    pub module: ModuleId,
    /// Worked out for each such event, when it is finished.
    pub event: EventId,
    /// Names bound in it.
    pub locals: Vec<Local>,
    /// Once for each row.
    pub for_each: Option<Selection>,
    /// Only if this holds.
    pub when: Option<Expr>,
    /// The value.
    pub value: Expr,
    /// The clause it encodes.
    pub cite: Option<Citation>,
    /// Where it stands.
    pub span: Span,
}

/// A rule, pool or account handed down to a lower level.
#[derive(Debug, Clone, PartialEq)]
pub struct Delegation {
    /// The module that hands down.
    pub module: ModuleId,
    /// What.
    pub what: Delegated,
    /// To whom.
    pub to: Level,
    /// In which cases.
    pub when: Option<Formula>,
    /// By which clause.
    pub cite: Option<Citation>,
    /// Where it stands.
    pub span: Span,
}

/// What is handed down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delegated {
    /// A rule, to be overridden.
    Rule(RuleId),
    /// A pool, to be divided.
    Pool(PoolId),
    /// An account, to be drawn on.
    Account(AccountId),
}

/// Where a leg comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct LegOrigin {
    /// The rule or levy.
    pub owner: LegOwner,
    /// Position in the rule: `[2, 1]` is the first leg of the second leg's block.
    pub path: Vec<u32>,
    /// Its own clause.
    pub cite: Option<Citation>,
    /// Where it stands.
    pub span: Span,
}

/// Who has a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LegOwner {
    /// A rule's split or transfer.
    Rule(RuleId),
    /// A levy.
    Levy(super::LevyId),
}
