//! What is computed: trees with a type each.

use crate::base::{Duration, Period, PeriodKind, Rounding};
use crate::model::Comparison;
use crate::plan::at;

/// The numerator of a number; its denominator stands where the tree is used.
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    /// Known beforehand.
    Constant(i128),
    /// There is no tree for it: where it matters the event is the evaluator's.
    Unknown,
    /// Nobody has an answer: where it matters the event is set aside.
    Nothing,
    /// A stored whole number or amount of the event.
    Field(u32),
    /// A numerator that was put down: the content of a pool, or a leg's share.
    Slot(Slot),
    /// Times a constant.
    Scaled(Box<Number>, i128),
    /// A constant, and terms that are each multiplied with another.
    Sum(i128, Vec<(Term, i128)>),
    /// Sum.
    Add(Box<Number>, Box<Number>),
    /// Difference.
    Subtract(Box<Number>, Box<Number>),
    /// Product.
    Multiply(Box<Number>, Box<Number>),
    /// The other sign.
    Negate(Box<Number>),
    /// Without sign.
    Absolute(Box<Number>),
    /// The lesser.
    Least(Box<Number>, Box<Number>),
    /// The greater.
    Greatest(Box<Number>, Box<Number>),
    /// Divided by a constant and rounded to a whole number.
    Rounded(Box<Number>, i128, Rounding),
    /// Divided by a constant and rounded toward less.
    Floor(Box<Number>, i128),
    /// One or the other.
    Choose(Box<Truth>, Box<Number>, Box<Number>),
    /// A parameter's value.
    Parameter(Box<ParameterTable>, Vec<Entity>, Box<Day>),
    /// Read off a schedule.
    Schedule(Box<ScheduleTable>, Box<Number>, Box<Day>),
    /// A total in what the tally keeps, with what the event itself adds through these changes.
    Total {
        /// Which tally.
        tally: u32,
        /// Which of its projections.
        projection: u32,
        /// Which of the lane's keys.
        key: u32,
        /// Which of the lane's own additions count with it.
        own: Vec<u32>,
        /// Only what is dated before this day, or all there is.
        as_of: Option<Box<Day>>,
    },
    /// A stored field of a register's row, undated.
    RowField(u32, u32),
    /// A computed one that has one value for the run, over this denominator.
    RowSteady(u32, u32, i128),
    /// A stored rate or number, over a denominator: of the event, or of a row.
    Rate(Option<u32>, u32, i128),
    /// The same, where it is above zero; else there is no answer.
    Positive(Box<Number>),
    /// Divided by another that is above zero and rounded to a whole number.
    Divided(Box<Number>, Box<Number>, Rounding),
    /// Worked out once for the event: which of the program's.
    Kept(u32),
    /// The sum over the rows of a selection, whose weights are asked for too if there are any.
    SumOver(u32, Option<u32>, Box<Number>),
    /// How many rows there are.
    Count(u32, Option<u32>),
    /// The share of the row at hand: its numerator, among the program's shares …
    Share(u32),
    /// … and the denominator that all rows have; one where there are no rows.
    ShareOf(u32),
    /// Days from one to the other.
    DaysBetween(Box<Day>, Box<Day>),
    /// A part of a date.
    YearOf(Box<Day>),
    /// 1 to 12.
    MonthOf(Box<Day>),
    /// 1 to 31.
    DayOf(Box<Day>),
    /// Whole months from one to the other.
    MonthsBetween(Box<Day>, Box<Day>),
    /// How many periods from one to the other.
    PeriodsBetween(Box<Span>, Box<Span>),
    /// A carried value, over this denominator.
    Carried(Carried, i128),
}

/// What a carry holds under one of the lane's keys; without an answer until something was put there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// Which carry.
    pub carry: u32,
    /// Which key.
    pub key: u32,
}

/// A number that stands at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// In a stored field of the event: a whole number or amount.
    Field(u32),
    /// In a slot.
    Slot(Slot),
}

/// Where a numerator is put down while an event is worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(pub u32);

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Truth {
    /// Known beforehand.
    Constant(bool),
    /// There is no tree for it: where it matters the event is the evaluator's.
    Unknown,
    /// A stored field of the event.
    Field(u32),
    /// A field of a register's row, stored or with one value for the run.
    RowField(u32, u32),
    /// The other way round.
    Not(Box<Truth>),
    /// All hold, up to the first that does not.
    All(Vec<Truth>),
    /// Any holds, up to the first that does.
    Any(Vec<Truth>),
    /// Two numbers over one denominator.
    Numbers(Comparison, Box<Number>, Box<Number>),
    /// Two days.
    Days(Comparison, Box<Day>, Box<Day>),
    /// Two periods.
    Spans(Comparison, Box<Span>, Box<Span>),
    /// A day lies in a period.
    DayIn(Box<Day>, Box<Span>),
    /// Two texts.
    Texts(Comparison, Box<Text>, Box<Text>),
    /// Two members.
    Same(bool, Box<Entity>, Box<Entity>),
    /// A member is one of those at which there is `true`.
    In(Box<Entity>, Vec<bool>),
    /// A member is another one or lies in it: by both their positions.
    Within(Box<Entity>, Box<Entity>, Box<[Vec<bool>]>),
    /// The row is there.
    Found(u32),
    /// The row is needed: without it the event is the evaluator's.
    Needed(u32),
    /// A stored field of the event is there.
    Present(u32),
    /// A stored field of a register's row is there.
    RowPresent(u32, u32),
    /// A carried value.
    Carried(Carried),
    /// A carry has been given a value.
    Held(Carried),
    /// Whatever it comes to, it has an answer: without one the event is the evaluator's.
    Answers(Box<Tree>),
}

impl Truth {
    /// Nobody has an answer.
    pub fn nothing() -> Truth {
        Truth::Answers(Box::new(Tree::Number(Number::Nothing, 1, Number::Constant(1))))
    }
}

/// A tree of any type.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// A numerator, its denominator, and what that is multiplied with.
    Number(Number, i128, Number),
    /// A condition.
    Truth(Truth),
    /// A day.
    Day(Day),
    /// A period.
    Span(Span),
    /// A member.
    Entity(Entity),
    /// A text.
    Text(Text),
}

/// A day, as its count since 1970-01-01.
#[derive(Debug, Clone, PartialEq)]
pub enum Day {
    /// Known beforehand.
    Constant(i32),
    /// There is no tree for it.
    Unknown,
    /// The event's effective date.
    Effective,
    /// A stored field of the event.
    Field(u32),
    /// A field of a register's row, stored or with one value for the run.
    RowField(u32, u32),
    /// Later, or with a negative length earlier.
    Plus(Box<Day>, Duration),
    /// Earlier.
    Minus(Box<Day>, Duration),
    /// The earlier of two.
    Least(Box<Day>, Box<Day>),
    /// The later of two.
    Greatest(Box<Day>, Box<Day>),
    /// Made of year, month and day, whole numbers.
    Made(Box<Number>, Box<Number>, Box<Number>),
    /// The first day of a period.
    Start(Box<Span>),
    /// The last day of a period.
    End(Box<Span>),
    /// One or the other.
    Choose(Box<Truth>, Box<Day>, Box<Day>),
    /// So many days since 1970-01-01.
    At(Box<Number>),
    /// A carried value.
    Carried(Carried),
}

/// A period.
#[derive(Debug, Clone, PartialEq)]
pub enum Span {
    /// Known beforehand.
    Constant(Period),
    /// There is no tree for it.
    Unknown,
    /// The one of this length in which a day lies.
    Of(PeriodKind, Day),
    /// A stored field of the event.
    Field(u32),
    /// A field of a register's row, stored or with one value for the run.
    RowField(u32, u32),
    /// So many periods later.
    Plus(Box<Span>, i32),
    /// The same, of a number that is worked out.
    Later(Box<Span>, Box<Number>),
    /// So many months later.
    Months(Box<Span>, i32),
    /// The earlier of two.
    Least(Box<Span>, Box<Span>),
    /// The later of two.
    Greatest(Box<Span>, Box<Span>),
    /// One or the other.
    Choose(Box<Truth>, Box<Span>, Box<Span>),
    /// A carried value.
    Carried(Carried),
}

/// A text.
#[derive(Debug, Clone, PartialEq)]
pub enum Text {
    /// Known beforehand.
    Constant(Box<str>),
    /// There is no tree for it.
    Unknown,
    /// A stored field of the event.
    Field(u32),
    /// A field of a register's row, stored or with one value for the run.
    RowField(u32, u32),
    /// One or the other.
    Choose(Box<Truth>, Box<Text>, Box<Text>),
    /// A carried value.
    Carried(Carried),
}

/// A member of an enumeration, by position.
#[derive(Debug, Clone, PartialEq)]
pub enum Entity {
    /// Known beforehand.
    Constant(u32),
    /// There is no tree for it.
    Unknown,
    /// The member at this position.
    At(Box<Number>),
    /// A stored field of the event.
    Field(u32),
    /// A stored field of a register's row.
    RowField(u32, u32),
    /// One or the other.
    Choose(Box<Truth>, Box<Entity>, Box<Entity>),
    /// A carried value.
    Carried(Carried),
}

/// A part of a key.
#[derive(Debug, Clone, PartialEq)]
pub enum KeyPart {
    /// A whole number.
    Whole(Number),
    /// A stored text of the event.
    Text(u32),
    /// A stored text of a register's row.
    RowText(u32, u32),
    /// A text that is found otherwise.
    Words(Text),
    /// A member.
    Member(Entity),
    /// A day.
    Day(Day),
    /// A period.
    Period(Span),
    /// Yes or no.
    Bool(Truth),
}

impl KeyPart {
    /// Whether it is seen at a glance that no total stands behind it.
    pub fn is_plain(&self) -> bool {
        match self {
            KeyPart::Text(_) | KeyPart::RowText(..) => true,
            KeyPart::Words(text) => matches!(text, Text::Constant(_)),
            KeyPart::Whole(number) => matches!(number, Number::Field(_) | Number::Constant(_)),
            KeyPart::Member(entity) => {
                matches!(entity, Entity::Constant(_) | Entity::Field(_) | Entity::RowField(..))
            }
            KeyPart::Day(day) => day.is_plain(),
            KeyPart::Period(span) => span.is_plain(),
            KeyPart::Bool(truth) => matches!(truth, Truth::Field(_)),
        }
    }
}

impl Day {
    /// The stored fields that it is made of, if it is made of nothing else.
    pub fn fields(&self) -> Option<Vec<u32>> {
        match self {
            Day::Constant(_) => Some(Vec::new()),
            Day::Field(field) => Some(vec![*field]),
            Day::Plus(day, _) | Day::Minus(day, _) => day.fields(),
            Day::Start(span) | Day::End(span) => span.fields(),
            Day::Least(one, two) | Day::Greatest(one, two) => {
                Some([one.fields()?, two.fields()?].concat())
            }
            Day::Made(year, month, day) => {
                let field = |number: &Number| match number {
                    Number::Constant(_) => Some(Vec::new()),
                    Number::Field(field) => Some(vec![*field]),
                    _ => None,
                };
                Some([field(year)?, field(month)?, field(day)?].concat())
            }
            Day::Unknown
            | Day::Effective
            | Day::RowField(..)
            | Day::Choose(..)
            | Day::At(_)
            | Day::Carried(_) => None,
        }
    }

    /// Whether the event's own fields tell it, and it is not one of them.
    pub fn is_made_of_fields(&self) -> bool {
        let own = |day: &Day| {
            matches!(day, Day::Constant(_) | Day::Effective | Day::Field(_))
                || day.is_made_of_fields()
        };
        match self {
            Day::Plus(day, _) | Day::Minus(day, _) => own(day),
            Day::Least(one, two) | Day::Greatest(one, two) => own(one) && own(two),
            Day::Start(span) | Day::End(span) => span.is_made_of_fields(),
            _ => false,
        }
    }

    fn is_plain(&self) -> bool {
        match self {
            Day::Constant(_) | Day::Effective | Day::Field(_) | Day::RowField(..) => true,
            Day::Plus(day, _) | Day::Minus(day, _) => day.is_plain(),
            Day::Start(span) | Day::End(span) => span.is_plain(),
            Day::Least(one, two) | Day::Greatest(one, two) => one.is_plain() && two.is_plain(),
            Day::Unknown | Day::Made(..) | Day::Choose(..) | Day::At(_) | Day::Carried(_) => false,
        }
    }
}

impl Span {
    /// How long the period is, where that is seen at a glance.
    pub fn kind(&self) -> Option<PeriodKind> {
        match self {
            Span::Constant(period) => Some(period.kind()),
            Span::Of(kind, _) => Some(*kind),
            Span::Plus(span, _)
            | Span::Later(span, _)
            | Span::Months(span, _)
            | Span::Least(span, _)
            | Span::Greatest(span, _)
            | Span::Choose(_, span, _) => span.kind(),
            Span::Unknown | Span::Field(_) | Span::RowField(..) | Span::Carried(_) => None,
        }
    }

    /// The stored fields that it is made of, if it is made of nothing else.
    fn fields(&self) -> Option<Vec<u32>> {
        match self {
            Span::Constant(_) => Some(Vec::new()),
            Span::Of(_, day) => day.fields(),
            Span::Plus(span, _) | Span::Months(span, _) => span.fields(),
            _ => None,
        }
    }

    /// Whether the event's own fields tell it, and it is not one of them.
    pub fn is_made_of_fields(&self) -> bool {
        let own = |span: &Span| {
            matches!(span, Span::Constant(_) | Span::Field(_)) || span.is_made_of_fields()
        };
        match self {
            Span::Of(_, Day::Constant(_) | Day::Effective | Day::Field(_)) => true,
            Span::Of(_, day) => day.is_made_of_fields(),
            Span::Plus(span, _) | Span::Months(span, _) => own(span),
            Span::Least(one, two) | Span::Greatest(one, two) => own(one) && own(two),
            _ => false,
        }
    }

    fn is_plain(&self) -> bool {
        match self {
            Span::Constant(_) | Span::Field(_) | Span::RowField(..) => true,
            Span::Of(_, day) => day.is_plain(),
            Span::Plus(span, _) | Span::Months(span, _) => span.is_plain(),
            Span::Least(one, two) | Span::Greatest(one, two) => one.is_plain() && two.is_plain(),
            Span::Unknown | Span::Later(..) | Span::Choose(..) | Span::Carried(_) => false,
        }
    }
}

/// A parameter as numerators over one denominator.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterTable {
    /// How many members each key has.
    pub sizes: Vec<u32>,
    /// By combination of keys: from which day which numerator holds, ascending; `None` where none
    /// does.
    pub timelines: Vec<Vec<(i32, Option<i128>)>>,
}

/// A schedule as multiplications of a value with a known denominator.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleTable {
    /// What turns the numerator of a value into what brackets end at.
    pub scale: i128,
    /// Whether the result of a negative value is the mirror of its size's.
    pub mirrored: bool,
    /// Its tables over time, ascending.
    pub versions: Vec<ScheduleVersion>,
}

/// The table of a schedule that holds from a day.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleVersion {
    /// First day; the least of all where it held always.
    pub from: i32,
    /// First day after; the greatest of all where it holds for good.
    pub until: i32,
    /// Upper end (inclusive, scaled; the last has none), what the numerator is multiplied with, and
    /// what is taken off.
    pub brackets: Vec<(Option<i128>, i128, i128)>,
}

impl ParameterTable {
    /// The value for these members on a day.
    pub fn on(&self, members: impl IntoIterator<Item = u32>, day: i32) -> Option<i128> {
        let keys = members.into_iter().zip(&self.sizes);
        let place = keys.fold(0, |place, (member, size)| place * at(*size) + at(member));
        let timeline = self.timelines.get(place)?;
        let begun = timeline.partition_point(|(from, _)| *from <= day);
        timeline.get(begun.checked_sub(1)?)?.1
    }

    /// The days from which on something else may hold.
    pub fn days(&self) -> impl Iterator<Item = i32> + '_ {
        self.timelines.iter().flatten().map(|(from, _)| *from)
    }
}

impl ScheduleVersion {
    /// Whether it holds on a day.
    pub fn holds(&self, day: i32) -> bool {
        self.from <= day && (day < self.until || self.until == i32::MAX)
    }
}
