//! The tree of a file as its author wrote it: sugar kept, nothing resolved, every node with its place.
//!
//! Parents first. Names are [`Name`]s: what they stand for is decided in `model`.

use crate::base::{Date, Exact, Period, Rounding, Span};

/// One source file.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    pub items: Vec<Item>,
}

/// A declaration and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub span: Span,
    pub kind: ItemKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ItemKind {
    Module(Module),
    Authority(Level),
    Use(Vec<Name>),
    Covers {
        from: Date,
        until: Option<Date>,
    },
    Currency {
        name: Name,
        scale: u8,
    },
    Settlement {
        kind: SettlementKind,
        cite: Option<Cite>,
    },
    Law(Law),
    /// `regions`, `taxes` and `enumeration NAME`.
    Enumeration(Enumeration),
    Account(Account),
    Pool(Pool),
    Event(Event),
    Register(Register),
    Parameter(Parameter),
    Schedule(Schedule),
    Reading(Reading),
    Tally(Tally),
    Carry(Carry),
    Rule(Rule),
    Levy(Levy),
    Calendar(Calendar),
    Stage(Stage),
    Figure(Figure),
    Delegates(Delegates),
    Example(Example),
    Scenario(Scenario),
}

/// A name as written (dotted for modules), with its place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    pub text: String,
    pub span: Span,
}

/// A display label, per language where wanted. A bare text is the label in both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Label {
    pub en: Option<String>,
    pub zh: Option<String>,
}

/// `per cy92 section 1(3) unverified`. `law` is absent for a bare `unverified`.
#[derive(Debug, Clone, PartialEq)]
pub struct Cite {
    pub law: Option<Name>,
    /// In order, e.g. `[(Section, "1(3)"), (Item, "2")]`.
    pub places: Vec<(CiteUnit, String)>,
    pub unverified: bool,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CiteUnit {
    Article,
    Section,
    Item,
    Part,
    Table,
    Annex,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Module {
    pub name: Name,
    pub label: Option<Label>,
    pub cite: Option<Cite>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Level {
    National,
    /// With the region it is of; without, in `delegates … to province`.
    Province(Option<Name>),
    City(Option<Name>),
    /// Its members; empty in `delegates … to agreement`.
    Agreement(Vec<Name>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum SettlementKind {
    LargestRemainder,
    InOrder,
    RemainderTo(Place),
    KeptApartIn(Place),
    CarriedPer(Vec<Expr>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Law {
    pub name: Name,
    /// Number and title, as many texts as were given.
    pub titles: Vec<String>,
    pub issued: Option<Date>,
    pub unverified: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Enumeration {
    pub kind: EnumerationKind,
    pub label: Option<Label>,
    pub members: Vec<Member>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum EnumerationKind {
    Regions,
    Taxes,
    Named(Name),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub name: Name,
    pub label: Option<Label>,
    /// How files may write the member, e.g. an administrative code.
    pub code: Option<String>,
    pub members: Vec<Member>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub name: Name,
    pub keys: Vec<TypeRef>,
    pub label: Option<Label>,
    /// How files write the account; `{}` stands for the key.
    pub code: Option<String>,
    pub holds: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    pub name: Name,
    /// `per GROUP`: one pool for each row of that list field or register.
    pub per: Option<Name>,
    pub label: Option<Label>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: Name,
    pub label: Option<Label>,
    pub cite: Option<Cite>,
    pub fields: Vec<Field>,
    /// `order by`; empty when not written.
    pub order_by: Vec<Name>,
}

/// A field of an event, a register or a record: stored (`ty`), or computed (`value`).
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub name: Name,
    pub label: Option<Label>,
    pub ty: Option<TypeRef>,
    pub value: Option<Expr>,
    pub roles: Vec<FieldRole>,
    /// Inside `dated { … }`.
    pub dated: bool,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum FieldRole {
    Unique,
    Effective,
    Inflow,
    /// `reverses` or `reverses EVENT`.
    Reverses(Option<Name>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct TypeRef {
    pub kind: TypeKind,
    pub optional: bool,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TypeKind {
    Money(Option<Name>),
    Rate,
    Number,
    Integer,
    Date,
    Month,
    Quarter,
    Year,
    Duration,
    Bool,
    Text,
    /// An enumeration, `Region` or `Tax` (`地区`, `税种`).
    Named(Name),
    List(Box<TypeRef>),
    Record(Vec<Field>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Register {
    pub name: Name,
    pub label: Option<Label>,
    pub many: bool,
    /// Names of the key fields, in order.
    pub by: Vec<Name>,
    pub cite: Option<Cite>,
    pub fields: Vec<Field>,
}

/// `from D`, `until D`: from includes, until excludes.
#[derive(Debug, Clone, PartialEq)]
pub struct Effective {
    pub from: Option<Date>,
    pub until: Option<Date>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    pub name: Name,
    pub keys: Vec<TypeRef>,
    pub label: Option<Label>,
    pub ty: TypeRef,
    /// An undated `= EXPR` is one version with neither end.
    pub versions: Vec<Version>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    pub effective: Effective,
    pub values: Vec<VersionValue>,
    pub cite: Option<Cite>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct VersionValue {
    /// Empty for a parameter without keys.
    pub keys: Vec<MemberKey>,
    pub value: Expr,
    pub unverified: bool,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum MemberKey {
    Others(Span),
    Named(Name),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    pub name: Name,
    pub keys: Vec<TypeRef>,
    pub label: Option<Label>,
    /// What the schedule is applied to: `money` or `number`.
    pub ty: TypeRef,
    pub versions: Vec<ScheduleVersion>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleVersion {
    pub effective: Effective,
    pub cite: Option<Cite>,
    pub brackets: Vec<Bracket>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Bracket {
    /// Inclusive; absent for `above`.
    pub up_to: Option<Expr>,
    pub rate: Expr,
    pub unverified: bool,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub name: Name,
    pub label: Option<Label>,
    pub cite: Option<Cite>,
    pub options: Vec<(Name, Option<Label>)>,
    pub default: Name,
    pub because: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    pub name: Name,
    pub label: Option<Label>,
    pub keys: Vec<Expr>,
    pub ty: TypeRef,
    pub feeders: Vec<Change>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Carry {
    pub name: Name,
    pub label: Option<Label>,
    pub keys: Vec<Expr>,
    pub ty: TypeRef,
    pub starts: Expr,
    pub becomes: Vec<Change>,
}

/// `on EVENT [when C] adds|becomes EXPR`.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub event: Name,
    pub when: Option<Expr>,
    pub value: Expr,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub name: Name,
    pub label: Option<Label>,
    pub head: Head,
    pub body: RuleBody,
    pub span: Span,
}

/// The clauses before a rule's or a levy's body.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Head {
    pub cite: Option<Cite>,
    pub overrides: Vec<Name>,
    /// `of EVENT, …`; empty: every event that has the fields used.
    pub of: Vec<Name>,
    pub effective: Option<Effective>,
    /// `with`, `let`, `when`, in written order.
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    With { name: Name, value: Expr },
    Let { name: Name, value: Expr },
    When(Expr),
}

#[derive(Debug, Clone, PartialEq)]
pub enum RuleBody {
    Split(Split),
    Transfers(Vec<Transfer>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    /// Absent: `transfer undetermined "…"`.
    pub amount: Option<Expr>,
    pub undetermined: Option<String>,
    /// Drawn in this order.
    pub from: Vec<Place>,
    pub to: Place,
    pub for_each: Option<Selection>,
    pub tally: Option<AsTally>,
    pub cite: Option<Cite>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Absent: `inflow`.
    pub pool: Option<Place>,
    /// `split POOL as b`: the row of a pool per row.
    pub row: Option<Name>,
    /// `settled`, with a kind of its own where one is named.
    pub settled: Option<Option<SettlementKind>>,
    pub body: Target,
    pub span: Span,
}

/// Where a leg's amount goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    To(Place),
    Undetermined {
        what: Option<String>,
        span: Span,
    },
    Block(Block),
    InOrder(Block),
    Graded(Graded),
    /// `among SELECTION by shares … TARGET`, with `if none`. The inner target's tally and citation
    /// stand on `body`.
    Among(Box<Among>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    pub legs: Vec<Leg>,
    /// `if none …` at the block's end: for the spread legs of this block.
    pub if_none: Option<Box<IfNone>>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct IfNone {
    pub target: Target,
    pub cite: Option<Cite>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Leg {
    pub portion: Portion,
    pub bounds: Vec<Bound>,
    pub target: Target,
    pub tally: Option<AsTally>,
    pub cite: Option<Cite>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Portion {
    Rest,
    All,
    Share(Expr),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    UpTo { amount: Expr, in_total: bool, closed_once_reached: bool, span: Span },
    AtLeast { amount: Expr, span: Span },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Among {
    pub selection: Selection,
    pub target: Target,
    /// Of the row's own part, when the target is a plain place.
    pub tally: Option<AsTally>,
    /// Directly under a split; a leg keeps its own citation.
    pub cite: Option<Cite>,
    /// `if none` directly under a split's only spread.
    pub if_none: Option<IfNone>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Graded {
    /// Where on the scale the amount starts; absent: at zero.
    pub from: Option<Expr>,
    pub slices: Vec<Slice>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// Inclusive; absent for `above`.
    pub up_to: Option<Expr>,
    pub target: Target,
    pub tally: Option<AsTally>,
    pub cite: Option<Cite>,
    pub span: Span,
}

/// `as NAME per KEYS`; without keys the tally is declared elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct AsTally {
    pub name: Name,
    pub keys: Option<Vec<Expr>>,
    pub span: Span,
}

/// An account or a pool, with keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub name: Name,
    pub keys: Vec<Expr>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Levy {
    pub name: Name,
    pub label: Option<Label>,
    pub head: Head,
    pub due: Expr,
    pub may_refund: bool,
    pub tally: Option<AsTally>,
    pub into: Place,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    pub name: Name,
    pub label: Option<Label>,
    pub when: CalendarWhen,
    pub for_each: Option<Selection>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum CalendarWhen {
    AtEndOf(PeriodKind),
    On(Expr),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PeriodKind {
    Month,
    Quarter,
    Year,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    pub name: Name,
    pub label: Option<Label>,
    pub closes: Name,
    pub keys: Vec<TypeRef>,
    pub at_end_of: PeriodKind,
    pub condition: Option<Expr>,
    pub booked: Option<Expr>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub name: Name,
    pub label: Option<Label>,
    pub event: Name,
    pub for_each: Option<Selection>,
    pub when: Option<Expr>,
    pub value: Expr,
    pub cite: Option<Cite>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Delegates {
    /// A rule or a pool.
    pub what: Name,
    pub to: Level,
    pub when: Option<Expr>,
    pub cite: Option<Cite>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    pub title: String,
    pub cite: Option<Cite>,
    /// `on D`: the day for checks outside an event.
    pub on: Option<Date>,
    /// `with READING = OPTION`.
    pub readings: Vec<(Name, Name)>,
    pub scenario: Option<Name>,
    pub entries: Vec<ExampleEntry>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExampleEntry {
    Given(Given),
    Expected(Expected),
    Check { condition: Expr, span: Span },
}

/// An event or a register row.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    pub name: Name,
    pub key: Vec<GivenValue>,
    pub fields: Vec<RecordField>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum RecordField {
    /// A field; without a value it is `true`.
    Field { name: Name, value: Option<GivenValue> },
    /// `from D { … }`: the dated fields of a register row.
    Dated { effective: Effective, fields: Vec<RecordField> },
}

#[derive(Debug, Clone, PartialEq)]
pub enum GivenValue {
    /// A literal, a member, or a bare word that is a text.
    Value(Expr),
    Record {
        fields: Vec<RecordField>,
        span: Span,
    },
    List {
        values: Vec<GivenValue>,
        span: Span,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// Absent: the event given last.
    pub of: Option<(Name, Vec<GivenValue>)>,
    pub outcomes: Vec<Outcome>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Nothing(Span),
    SetAside { because: Option<String>, span: Span },
    Undetermined { amount: Expr, span: Span },
    Account { place: Place, amount: Expr },
    Figure { place: Place, value: Expr },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    pub name: Name,
    pub label: Option<Label>,
    pub amends: Vec<Name>,
    pub amendments: Vec<Amendment>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Amendment {
    /// Leg numbers count from 1, `2.1` is the first leg of the second leg's block.
    Legs {
        rule: Name,
        legs: Vec<(Vec<u32>, Expr, Span)>,
    },
    Parameter {
        name: Name,
        version: Version,
    },
    Schedule {
        name: Name,
        version: ScheduleVersion,
    },
    Reading {
        name: Name,
        option: Name,
    },
    Remove {
        name: Name,
    },
    AddRule(Rule),
    AddLevy(Levy),
}

/// An expression and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A number and how it was written: `5_000` is `Plain`, `50%` is a `Rate` of one half.
    Number {
        value: Exact,
        as_rate: bool,
    },
    Date(Date),
    /// `2024-03`, `2024Q1`.
    Period(Period),
    /// `3 years`; years and quarters are months.
    Length {
        months: i32,
        days: i32,
    },
    Text(String),
    Bool(bool),
    Name(String),
    /// `row.field`, `annual.quick`.
    Access(Box<Expr>, Name),
    /// `central_part[tax]`, `relocation[enterprise]`.
    Index(Box<Expr>, Vec<Expr>),
    /// `max(a, b)`, `annual(x)`, `annual.quick(x)`: the callee is a name or an access.
    Call(Box<Expr>, Vec<Expr>),
    At(Box<Expr>, Box<Expr>),
    Otherwise(Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
    Not(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// Two or more of one kind.
    And(Vec<Expr>),
    Or(Vec<Expr>),
    /// `x in …`, `x not in …`: the right side is a `Set`, a `Range` or a region.
    In {
        value: Box<Expr>,
        within: Box<Expr>,
        negated: bool,
    },
    Set(Vec<Expr>),
    List(Vec<Expr>),
    Range {
        from: Box<Expr>,
        to: Box<Expr>,
        closed: bool,
    },
    /// `x as r` in a condition.
    Bind(Box<Expr>, Name),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    Rounded {
        value: Box<Expr>,
        mode: Rounding,
        unit: Option<Exact>,
    },
    Total {
        tally: Name,
        with_this: bool,
        keys: Option<Vec<TotalKey>>,
        as_of: Option<Box<Expr>>,
    },
    /// `sum(EXPR for SELECTION)`; `value` is absent in `count(SELECTION)`. A plain `sum(list)` is a `Call`.
    Aggregate {
        function: AggregateFunction,
        value: Option<Box<Expr>>,
        selection: Box<Selection>,
    },
    Share(Name),
    Closed(Place),
    Balance(Place),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AggregateFunction {
    Sum,
    Count,
    Min,
    Max,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TotalKey {
    All(Span),
    Key(Expr),
}

/// `GROUP [as b] [where C] [by shares …]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    pub group: Expr,
    pub binding: Option<Name>,
    pub condition: Option<Expr>,
    /// Weights; empty where none are named.
    pub shares: Vec<Factor>,
    pub span: Span,
}

/// `35% revenue`.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    pub weight: Exact,
    pub value: Expr,
    pub span: Span,
}
