//! What happens to several rows: of a register, or of a list that an event has.

use crate::plan::{Kind, at};

use super::{KeyPart, Lane, Number, RowRead, Slot, Truth, WayOfSettling};

/// Where rows come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A stored list of the event.
    List(u32),
    /// Rows of a register whose key starts with these parts.
    Register {
        /// Which register.
        register: u32,
        /// The first parts of the key.
        key: Vec<KeyPart>,
        /// The fields that are its key.
        fields: Vec<u32>,
    },
}

impl Source {
    /// The key by which they are looked up.
    pub fn key(&self) -> Option<&Vec<KeyPart>> {
        match self {
            Source::List(_) => None,
            Source::Register { key, .. } => Some(key),
        }
    }
}

/// Rows that meet a condition, in their order; found when first asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Selected {
    /// Which of the lane's sources.
    pub source: u32,
    /// Asked of each row at hand.
    pub condition: Truth,
}

impl Lane {
    /// Whether the rows of a selection are seen at a glance to be the same for all events.
    pub fn has_same_rows(&self, selection: u32) -> bool {
        let Some(selected) = self.program.selections.get(at(selection)) else { return false };
        let source = self.sources.get(at(selected.source)).and_then(Source::key);
        selected.condition == Truth::Constant(true) && source.is_some_and(Vec::is_empty)
    }

    /// Whether so are the shares of its rows.
    pub fn has_same_shares(&self, shares: usize) -> bool {
        let Some(weights) = self.program.shares.get(shares) else { return false };
        let source = self.program.selections.get(at(weights.rows)).map(|it| it.source);
        let of_row = |number: &Number| match number {
            Number::Constant(_) => true,
            Number::RowField(row, _) | Number::RowSteady(row, ..) => {
                let item = self.rows.get(at(*row));
                source.is_some_and(|source| item == Some(&RowRead::Item(source)))
            }
            _ => false,
        };
        self.has_same_rows(weights.rows)
            && weights.divisors.iter().all(of_row)
            && weights.factors.iter().all(|(_, number)| of_row(number))
    }
}

/// Weights of selected rows, worked out when first asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneFactors {
    /// Which of the program's selections.
    pub rows: u32,
    /// Of each factor its part of the whole, as a numerator over `den`, and what is weighed, as a
    /// numerator over whatever is the same for all rows.
    pub factors: Vec<(i128, Number)>,
    /// The denominator of the parts of the whole.
    pub den: i128,
    /// What all values are divided by besides: that changes no share, but may have no answer.
    pub divisors: Vec<Number>,
}

/// Spreads a share over rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// Which of the program's shares. Nobody asks for them where there is nothing to spread.
    pub shares: u32,
    /// The numerator of what is spread.
    pub content: Slot,
    /// Where the numerators are put down, one for each row.
    pub to: Slot,
    /// Where what their denominators are multiplied with is put down.
    pub under: Slot,
    /// Where all of it is put down if there is nobody to share; absent: then it is the evaluator's.
    pub none: Option<Slot>,
}

/// Something done once for each row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowLoop {
    /// Which of the program's selections.
    pub rows: u32,
    /// What the row has. Where that is nothing, nothing is done.
    pub content: Slot,
    /// What is done.
    pub steps: Vec<super::Step>,
    /// What was put down once for the row at hand, and is kept for each.
    pub keep: Vec<Slot>,
}

/// Shares made whole together, those of rows among them.
#[derive(Debug, Clone, PartialEq)]
pub struct RowSettle {
    /// The whole in minor units: these, …
    pub plus: Vec<Slot>,
    /// … less those that are whole already …
    pub minus: Vec<Slot>,
    /// … and what rows have that is.
    pub minus_rows: Vec<Slot>,
    /// The shares, in written order.
    pub shares: Vec<RowShare>,
    /// The common denominator …
    pub den: i128,
    /// … which is multiplied with what is put down here.
    pub unders: Vec<Slot>,
    /// Who gets the missing units.
    pub by: WayOfSettling,
}

/// A share, or one for each row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowShare {
    /// The numerator.
    pub from: Slot,
    /// What brings it to the common denominator, besides all it is not yet divided by.
    pub by: i128,
    /// What it is divided by.
    pub under: Option<Slot>,
    /// Where the units are put down.
    pub to: Slot,
    /// If there is one for each row.
    pub each: bool,
}

/// A leaf for each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Each {
    /// Which of the program's selections.
    pub rows: u32,
    /// Leaves of one division stand together, row by row.
    pub division: u32,
}

/// A result that is not money moved.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureOf {
    /// Which figure.
    pub figure: u32,
    /// Once for each of these rows, with these shares.
    pub rows: Option<(u32, Option<u32>)>,
    /// Only if this holds.
    pub when: Truth,
    /// Its numerator, …
    pub number: Number,
    /// … its denominator, …
    pub den: i128,
    /// … and what that is multiplied with.
    pub under: Number,
    /// The type of its value.
    pub kind: Kind,
}
