//! The plan itself, and the tables everything else points into.

use crate::base::{Date, Exact, PeriodKind};

use super::{
    Change, Constant, Expr, Figure, Formula, LevyCase, PoolStep, ScheduleValue, Selection,
    TransferCase,
};

/// A compiled rule set.
///
/// Positions are those of the rule set it was made from, so that outcomes can be given names again by
/// whoever holds both.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Currencies.
    pub currencies: Vec<Currency>,
    /// Enumerations.
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
    /// Readings as chosen.
    pub readings: Vec<Reading>,
    /// Tallies and the ways they are read.
    pub tallies: Vec<Tally>,
    /// How many key spaces their projections and the carries have.
    pub spaces: u32,
    /// Carries.
    pub carries: Vec<Carry>,
    /// Rules.
    pub rules: Vec<Rule>,
    /// Names of the levies.
    pub levies: Vec<String>,
    /// Names of the figures.
    pub figures: Vec<String>,
    /// Which rule overrides which.
    pub overrides: Overrides,
    /// How many legs the rule set has.
    pub legs: u32,
    /// Whether events must be taken in order because a result depends on earlier ones.
    pub ordered: bool,
    /// By what events may be parted without changing a result.
    pub partition: Partition,
    /// What is gathered from rows and has one value for the run: worked out once, when registers are
    /// known.
    pub steady: Vec<Formula>,
    /// Conditions to be weighed when the run is over, outside any event, each with its day.
    pub checks: Vec<(Formula, Date)>,
}

/// A currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Currency {
    /// Its code.
    pub name: String,
    /// Decimals of its smallest unit.
    pub scale: u8,
}

/// An enumeration.
#[derive(Debug, Clone, PartialEq)]
pub struct Enumeration {
    /// Its name.
    pub name: String,
    /// The names of its members.
    pub members: Vec<String>,
    /// The member each lies in.
    pub parents: Vec<Option<u32>>,
}

impl Enumeration {
    /// Whether a member is another one or lies in it.
    pub fn lies_in(&self, inner: u32, outer: u32) -> bool {
        let mut here = Some(inner);
        // A parent stands before its children, so the way up ends.
        while let Some(member) = here {
            if member == outer {
                return true;
            }
            let above = self.parents.get(super::at(member)).copied().flatten();
            here = above.filter(|above| *above < member);
        }
        false
    }

    /// The members a stage has rows for even if nothing happened: those without children.
    pub fn leaves(&self) -> impl Iterator<Item = u32> + '_ {
        let count = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        (0..count).filter(|member| !self.parents.contains(&Some(*member)))
    }
}

/// The type of a stored value, as far as running needs it.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Yes or no.
    Bool,
    /// An amount.
    Money {
        /// Its currency.
        currency: u32,
        /// Decimals of the currency.
        scale: u8,
    },
    /// A rate or number.
    Number,
    /// A whole number.
    Integer,
    /// A day.
    Date,
    /// A period.
    Period,
    /// A length of time.
    Duration,
    /// A text.
    Text,
    /// A member of an enumeration.
    Member(u32),
    /// An option of a reading.
    Option(u32),
    /// A row.
    Row(u32),
    /// A list.
    List(Box<Kind>),
}

/// The fields of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Its name.
    pub name: String,
    /// The fields.
    pub fields: Vec<Field>,
}

/// A field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// The type of its value.
    pub kind: Kind,
    /// Whether it may be missing.
    pub optional: bool,
    /// How it is worked out; absent: it is in the data.
    pub computed: Option<Formula>,
    /// Holds one value per period.
    pub dated: bool,
    /// Of a row's computed field: nothing but the row, other rows and the rules decide its value, so
    /// that it is worked out once a run and not once an event.
    pub steady: bool,
}

/// An account or family.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// The types of the key's parts.
    pub keys: Vec<Kind>,
    /// Never falls below zero.
    pub holds: bool,
    /// Whether the balance is asked for, so that it has to be kept.
    pub counted: bool,
}

/// A pool.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// One for each row of this shape.
    pub per: Option<u32>,
}

/// What happens to events of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// Who makes such events.
    pub source: EventSource,
    /// The first day on which such events are made, where nobody sends them.
    pub from: Option<Date>,
    /// The day after the last.
    pub until: Option<Date>,
    /// The fields.
    pub fields: Vec<Field>,
    /// Whether any of them is computed.
    pub computes: bool,
    /// The fields that identify an event.
    pub unique: Vec<u32>,
    /// The field that holds the effective date.
    pub effective: u32,
    /// The field that holds the inflow.
    pub inflow: Option<u32>,
    /// The field that names the event this one undoes, and that event's kind.
    pub reverses: Option<(u32, u32)>,
    /// Whether some kind undoes events of this one, so that its allocations have to be kept.
    pub reversible: bool,
    /// In which order events are taken.
    pub order_by: Vec<u32>,
    /// Whether a result depends on the order of two such events: they read state, or change it other
    /// than by adding to tallies.
    pub order_matters: bool,
    /// The currency of its money.
    pub currency: u32,
    /// Minor units in a major unit of it.
    pub unit: Exact,
    /// Levies, in order of declaration.
    pub levies: Vec<LevyCase>,
    /// Transfers, in order of declaration.
    pub transfers: Vec<TransferCase>,
    /// The inflow and the pools, in flow order.
    pub pools: Vec<PoolStep>,
    /// What it adds to tallies of itself.
    pub adds: Vec<Change>,
    /// What it makes of carries.
    pub becomes: Vec<Change>,
    /// Figures worked out when it is finished.
    pub figures: Vec<Figure>,
}

impl Event {
    /// Whether such an event is made on a day.
    pub fn is_made_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }

    /// The ordering fields that are worked out, but for the day.
    pub fn computed_order(&self) -> impl Iterator<Item = u32> + '_ {
        let computed = |field: &u32| {
            let declared = self.fields.get(super::at(*field));
            *field != self.effective && declared.is_some_and(|it| it.computed.is_some())
        };
        self.order_by.iter().copied().filter(computed)
    }
}

/// Who makes events of a kind.
#[derive(Debug, Clone, PartialEq)]
pub enum EventSource {
    /// The data.
    Sent,
    /// The end of every period, once for each row if there is a selection.
    Periodic {
        /// Which period.
        kind: PeriodKind,
        /// The rows.
        for_each: Option<Selection>,
        /// Size of the selection's frame.
        locals: u32,
    },
    /// A day for each row.
    OnDate {
        /// The day.
        date: Expr,
        /// The rows.
        for_each: Selection,
        /// Size of the frame of both.
        locals: u32,
    },
    /// Takes balances out of an account family.
    Stage {
        /// The family.
        closes: u32,
        /// At the end of every such period.
        kind: PeriodKind,
        /// Which keys; the row is in slot 0.
        condition: Option<Formula>,
        /// The day by which summaries assign the year.
        booked: Option<Formula>,
    },
}

/// A register.
#[derive(Debug, Clone, PartialEq)]
pub struct Register {
    /// Its name.
    pub name: String,
    /// The shape of its rows.
    pub shape: u32,
    /// The key fields.
    pub keys: Vec<u32>,
    /// Several rows may share a key.
    pub many: bool,
    /// How many key parts are given where it is asked, ascending.
    pub prefixes: Vec<usize>,
}

/// A parameter: a timeline for each combination of its keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// How many members each key has: with them a combination is a place in `timelines`.
    pub sizes: Vec<u32>,
    /// By combination, the last key fastest; each ascending and without overlaps.
    pub timelines: Vec<Vec<Version<Constant>>>,
}

/// What holds from a day until another.
#[derive(Debug, Clone, PartialEq)]
pub struct Version<T> {
    /// First day; absent: always before.
    pub from: Option<Date>,
    /// First day after; absent: for good.
    pub until: Option<Date>,
    /// The value.
    pub value: T,
}

impl<T> Version<T> {
    /// The version of a timeline that holds on a day.
    pub fn on(timeline: &[Version<T>], day: Date) -> Option<&Version<T>> {
        let begun = timeline.partition_point(|version| version.from.is_none_or(|from| from <= day));
        let version = timeline.get(begun.checked_sub(1)?)?;
        version.until.is_none_or(|until| day < until).then_some(version)
    }
}

/// A schedule of marginal brackets.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// Its tables over time.
    pub versions: Vec<Version<Vec<Bracket>>>,
}

/// A bracket, with what makes its amount one multiplication: x × rate − quick.
#[derive(Debug, Clone, PartialEq)]
pub struct Bracket {
    /// Upper end, inclusive.
    pub up_to: Option<Exact>,
    /// Marginal rate.
    pub rate: Exact,
    /// Quick deduction.
    pub quick: Exact,
}

impl Bracket {
    /// The bracket that holds a value without sign.
    pub fn holding<'a>(brackets: &'a [Bracket], value: &Exact) -> Option<&'a Bracket> {
        let below = brackets
            .partition_point(|bracket| bracket.up_to.as_ref().is_some_and(|up_to| up_to < value));
        brackets.get(below)
    }

    /// What is read off a bracket for a value without sign, in one place with its sign law.
    pub fn reads(
        &self,
        what: ScheduleValue,
        value: &Exact,
    ) -> Result<Exact, crate::base::ExactError> {
        match what {
            ScheduleValue::Amount => value.mul(&self.rate)?.sub(&self.quick),
            ScheduleValue::Rate => Ok(self.rate.clone()),
            ScheduleValue::Quick => Ok(self.quick.clone()),
        }
    }
}

/// A reading as chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Its name.
    pub name: String,
    /// The options' names.
    pub options: Vec<String>,
    /// The chosen one.
    pub chosen: u32,
}

/// A tally: a sum under a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// Its name.
    pub name: String,
    /// Names of the key's parts.
    pub keys: Vec<String>,
    /// Minor units in a major unit; one for a number.
    pub unit: Exact,
    /// The ways it is read. A tally that nobody reads has none, and costs nothing.
    pub projections: Vec<Projection>,
}

/// A way of reading a tally: a sum kept for every value of some of its key parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    /// The parts that are given, ascending; the others are summed over.
    pub parts: Vec<usize>,
    /// Whether it is read as of a day, so that the sum is kept day by day.
    pub by_day: bool,
    /// The key space: projections with the same names of parts share one, since they will mostly
    /// see the same keys, and a key of theirs is looked up once for all.
    pub space: u32,
}

/// A carry.
#[derive(Debug, Clone, PartialEq)]
pub struct Carry {
    /// Its name.
    pub name: String,
    /// Names of the key's parts.
    pub keys: Vec<String>,
    /// The type of the value.
    pub kind: Kind,
    /// The value before anything happened.
    pub starts: Expr,
    /// The key space, which totals of the same names of parts share.
    pub space: u32,
}

/// A rule, as far as it is the same for every event kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name, with its module.
    pub name: String,
}

/// Which rule overrides which, directly or through others, as a matrix of bits.
#[derive(Debug, Clone, PartialEq)]
pub struct Overrides {
    /// Words in a row.
    width: usize,
    bits: Vec<u64>,
}

impl Overrides {
    /// None yet, among so many rules.
    pub(super) fn none(rules: usize) -> Overrides {
        let width = rules.div_ceil(64);
        Overrides { width, bits: vec![0; width * rules] }
    }

    /// Whether one rule overrides another.
    #[inline]
    pub fn has(&self, upper: u32, lower: u32) -> bool {
        let word = super::at(upper) * self.width + super::at(lower) / 64;
        self.bits.get(word).is_some_and(|bits| bits >> (lower % 64) & 1 == 1)
    }

    /// Notes that one rule overrides another.
    pub(super) fn add(&mut self, upper: u32, lower: u32) {
        let word = super::at(upper) * self.width + super::at(lower) / 64;
        if let Some(bits) = self.bits.get_mut(word) {
            *bits |= 1 << (lower % 64);
        }
    }
}

/// How the events of a run may be parted so that each part can be worked out alone.
#[derive(Debug, Clone, PartialEq)]
pub enum Partition {
    /// In any way: no result depends on another event.
    Free,
    /// By the event that is undone: nothing depends on another event but what names one that it
    /// undoes, on that one and on what undid some of it before.
    ByUndone,
    /// By the value of a field of each kind that touches state; kinds that do not may go anywhere.
    By(Vec<PartitionColumn>),
    /// Not at all, because of this reader.
    Sequential {
        /// What reads or writes state in a way that no key holds together.
        because: String,
    },
}

/// A key by which events may be parted: one field for each kind that touches state.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionColumn {
    /// Event kind and field.
    pub fields: Vec<(u32, u32)>,
}
