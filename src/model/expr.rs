//! Expressions: typed, every name resolved. The plan compiles them; the reference evaluator walks them.

use crate::base::{Exact, Rounding, Span};

use super::{
    AccountId, CarryId, Constant, FieldIx, LocalIx, ParameterId, ReadingId, RegisterId, ScheduleId,
    ShapeId, TallyId, Type,
};

/// An expression, its type and its place in the text.
///
/// Two are equal that say the same, wherever they stand and whether or not it is known that there is a value.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What is computed.
    pub kind: ExprKind,
    /// What comes out.
    pub ty: Type,
    /// Where it stands.
    pub span: Span,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Expr) -> bool {
        self.kind == other.kind && self.ty.required() == other.ty.required()
    }
}

/// A name bound in a rule: by `with`, `let`, `as`, `among … as`, `for … as`.
#[derive(Debug, Clone, PartialEq)]
pub struct Local {
    /// As written.
    pub name: String,
    /// English label.
    pub en: Option<String>,
    /// Chinese label.
    pub zh: Option<String>,
    /// Its type: a row for a selection over a register or list, a member for one over an enumeration.
    pub ty: Type,
}

/// An expression with the names it binds itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    /// The names.
    pub locals: Vec<Local>,
    /// The expression.
    pub expr: Expr,
}

/// What an expression computes. Money is an exact number of major units throughout.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A constant.
    Constant(Constant),
    /// The empty list, or a list of values.
    List(Vec<Expr>),
    /// A field of the event at hand, stored or computed.
    Field(FieldIx),
    /// A field of the row whose computed field is being worked out (register and record `let`s).
    Own {
        /// Which field.
        field: FieldIx,
        /// For a dated field: the day asked for.
        at: Option<Box<Expr>>,
    },
    /// The effective date of the event at hand (in an example's check, its `on` day).
    EffectiveDate,
    /// A bound name.
    Local(LocalIx),
    /// A field of a row. Of an optional dated field without a value on the day: missing.
    RowField {
        /// The row.
        row: Box<Expr>,
        /// Which field.
        field: FieldIx,
        /// For a dated field: the day asked for.
        at: Option<Box<Expr>>,
    },
    /// The chosen option of a reading.
    Reading(ReadingId),
    /// A parameter's value on a day; without one the event is set aside.
    Parameter {
        /// Which parameter.
        parameter: ParameterId,
        /// A member for each key.
        keys: Vec<Expr>,
        /// The day asked for.
        at: Box<Expr>,
    },
    /// A schedule applied to an amount on a day. A negative amount gives the mirror.
    Schedule {
        /// Which schedule.
        schedule: ScheduleId,
        /// A member for each key.
        keys: Vec<Expr>,
        /// What is read off.
        what: ScheduleValue,
        /// The amount.
        of: Box<Expr>,
        /// The day asked for.
        at: Box<Expr>,
    },
    /// A register's row by its whole key: an optional row.
    Lookup {
        /// Which register.
        register: RegisterId,
        /// A value for each key part.
        keys: Vec<Expr>,
    },
    /// A tally under a key.
    Total {
        /// Which tally.
        tally: TallyId,
        /// After this event instead of before it.
        with_this: bool,
        /// A value for each key part, or all of them; reader's own values where none were written.
        keys: Vec<TotalKey>,
        /// Only what is dated before this day.
        as_of: Option<Box<Expr>>,
    },
    /// A carried value under a key.
    Carried {
        /// Which carry.
        carry: CarryId,
        /// A value for each key part.
        keys: Vec<Expr>,
    },
    /// In a stage: the balance it took out of an account.
    Closed {
        /// Which account.
        account: AccountId,
        /// A value for each key part.
        keys: Vec<Expr>,
    },
    /// The balance of an account that holds.
    Balance {
        /// Which account.
        account: AccountId,
        /// A value for each key part.
        keys: Vec<Expr>,
    },
    /// `-x`, of a number, money or duration.
    Negate(Box<Expr>),
    /// `not x`.
    Not(Box<Expr>),
    /// All hold; later ones are not evaluated once one fails.
    And(Vec<Expr>),
    /// Any holds; later ones are not evaluated once one holds.
    Or(Vec<Expr>),
    /// A sum, difference, product, quotient, or a date or period moved by a length or a count.
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    /// A comparison of two values of one type. Texts compare by code point, members only by `=`.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// Whether a value is one of several.
    InSet(Box<Expr>, Vec<Expr>),
    /// Whether a region is another one or lies in it.
    InTree(Box<Expr>, Box<Expr>),
    /// Whether a value lies between two: the second included only if `closed`.
    InRange {
        /// The value.
        value: Box<Expr>,
        /// First value inside.
        from: Box<Expr>,
        /// Bound above.
        to: Box<Expr>,
        /// Whether the bound is inside.
        closed: bool,
    },
    /// Whether a date lies in a period.
    InPeriod(Box<Expr>, Box<Expr>),
    /// Whether an optional value is there; if so it is bound.
    Bind(Box<Expr>, LocalIx),
    /// One or the other.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// The optional value, or the other where it is missing.
    Otherwise(Box<Expr>, Box<Expr>),
    /// Rounded to a multiple of a unit.
    Rounded(Box<Expr>, Rounding, Exact),
    /// A function over a selection; `value` is absent for a count. Of an empty selection a sum and a
    /// count are zero, a least and a greatest set the event aside.
    Aggregate {
        /// Which function.
        function: Aggregate,
        /// What of each row.
        value: Option<Box<Expr>>,
        /// Over which rows.
        selection: Box<Selection>,
    },
    /// A function over a list of plain values.
    AggregateList(Aggregate, Box<Expr>),
    /// The share of a bound row in the weights of the selection that binds it.
    Share(LocalIx),
    /// A built-in function.
    Call(Function, Vec<Expr>),
}

/// What is read off a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScheduleValue {
    /// The sum over the brackets: the tax.
    Amount,
    /// The marginal rate at the amount.
    Rate,
    /// The quick deduction of the bracket: amount × rate − tax.
    Quick,
}

/// A part of the key of a total.
#[derive(Debug, Clone, PartialEq)]
pub enum TotalKey {
    /// Summed over.
    All,
    /// A value.
    Key(Expr),
}

/// The four operations. With a date or period on the left, `Add` and `Subtract` move it; the
/// difference of two dates is their days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// The six comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

/// Functions over many values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// Their sum.
    Sum,
    /// How many there are.
    Count,
    /// The least.
    Min,
    /// The greatest.
    Max,
}

/// Built-in functions of single values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    /// The least of its arguments.
    Min,
    /// The greatest of its arguments.
    Max,
    /// Without sign.
    Abs,
    /// `date(year, month, day)`; a day that does not exist sets the event aside.
    MakeDate,
    /// The month of a date.
    Month,
    /// The quarter of a date.
    Quarter,
    /// The year of a date.
    Year,
    /// 1 to 12, of a date or month.
    MonthOfYear,
    /// 1 to 31, of a date.
    DayOfMonth,
    /// The year as a whole number, of a date or period.
    YearNumber,
    /// 1 (Monday) to 7 (Sunday), of a date.
    Weekday,
    /// First day of a period.
    Start,
    /// Last day of a period.
    End,
    /// Whole days of a period, or between two dates.
    Days,
    /// How many months can be added to the earlier of two dates without passing the later; negative
    /// where the second is the earlier.
    MonthsBetween,
    /// The remainder of a division truncated toward zero.
    Remainder,
    /// Whether an optional value is there.
    Present,
}

/// Rows, in their order: register rows in key order, list rows as sent, members as declared. Two are equal
/// that take the same rows, wherever they stand.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Where the rows come from.
    pub source: RowSource,
    /// The name of the row at hand.
    pub binding: LocalIx,
    /// Which rows count.
    pub condition: Option<Expr>,
    /// Weights of the rows, if any: rates that sum to one, each with what is weighed.
    pub shares: Vec<Factor>,
    /// Where it stands.
    pub span: Span,
}

impl PartialEq for Selection {
    fn eq(&self, other: &Selection) -> bool {
        let Selection { source, binding, condition, shares, span: _ } = self;
        *source == other.source
            && *binding == other.binding
            && *condition == other.condition
            && *shares == other.shares
    }
}

/// Where the rows of a selection come from.
#[derive(Debug, Clone, PartialEq)]
pub enum RowSource {
    /// Rows of a register whose key starts with these values (none: all rows).
    Register {
        /// Which register.
        register: RegisterId,
        /// Values of the first key parts.
        keys: Vec<Expr>,
    },
    /// The rows of a list.
    List {
        /// The list.
        list: Expr,
        /// Their shape; absent for a list of plain values.
        shape: Option<ShapeId>,
    },
    /// The members of an enumeration.
    Members(super::EnumerationId),
}

/// One factor of the weights: a row's share of it is its value over the sum of all rows' values.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// The factor's part of the whole.
    pub weight: Exact,
    /// What is weighed, of the row at hand.
    pub value: Expr,
}
