//! The opening of a book, and the rules it was kept by.

use crate::base::{Digest, PeriodKind};
use crate::book::Moment;
use crate::book::canonical::{bytes_of, choice, record};

/// The first entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The version of the book's format.
    pub format: u32,
    /// The name by which checkpoints call the book: the origin of a transparency log. No blanks, no
    /// `+`, such as `finance.example/books/2016`.
    pub origin: String,
    /// What every digest in the book is made with.
    pub hash: String,
    /// When the book was opened.
    pub learnt: Moment,
}

/// An edition of rules: the texts, and the names of everything that entries speak of by position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// What it is called, such as the name of its main module.
    pub name: String,
    /// The texts, whole, in the order the rules were read.
    pub texts: Vec<SourceText>,
    /// The names.
    pub schema: Schema,
}

/// A text of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    /// Its file, as the user named it.
    pub path: String,
    /// The digest of the text, so that damage to a long edition is found in its file.
    pub digest: Digest,
    /// The text.
    pub text: String,
}

/// Names by position.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// Currencies.
    pub currencies: Vec<CurrencyName>,
    /// Enumerations and regions.
    pub enumerations: Vec<Members>,
    /// Row shapes, of registers and of records in lists.
    pub shapes: Vec<Shape>,
    /// Event kinds.
    pub events: Vec<Table>,
    /// Registers.
    pub registers: Vec<Table>,
    /// Accounts and account families.
    pub accounts: Vec<Family>,
    /// Legs.
    pub legs: Vec<LegName>,
    /// Figures.
    pub figures: Vec<FigureName>,
    /// Readings and their options.
    pub readings: Vec<Members>,
}

/// A currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrencyName {
    /// Its code, such as CNY.
    pub code: String,
    /// Decimals of its smallest unit.
    pub scale: u32,
}

/// A name and the names of its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    /// The name.
    pub name: String,
    /// The members.
    pub members: Vec<String>,
}

/// The fields of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Its name.
    pub name: String,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// An event kind or a register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// The currency of the money it brings.
    pub currency: u32,
}

/// A field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Of what kind its values are.
    pub kind: Kind,
}

/// Of what kind a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no.
    Bool,
    /// A whole number.
    Integer,
    /// A rate.
    Rate,
    /// A number.
    Number,
    /// An amount of a currency.
    Money {
        /// Which.
        currency: u32,
    },
    /// A day.
    Date,
    /// A month, quarter or year.
    Period {
        /// Which of them.
        period: PeriodKind,
    },
    /// A length of time.
    Duration,
    /// A text.
    Text,
    /// A member of an enumeration.
    Member {
        /// Which enumeration.
        of: u32,
    },
    /// Several values.
    List {
        /// Of this kind.
        of: Box<Kind>,
    },
    /// A row.
    Record {
        /// Of this shape.
        of: u32,
    },
}

/// An account, or a family of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Its name.
    pub name: String,
    /// Of what kind the parts of its key are.
    pub keys: Vec<Kind>,
}

/// A leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegName {
    /// The rule or levy it belongs to.
    pub rule: String,
    /// Its place in the rule, such as `2.1`.
    pub place: String,
    /// The clause it is written by, as cited.
    pub clause: String,
}

/// A figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureName {
    /// Its name.
    pub name: String,
    /// Of what kind it is.
    pub kind: Kind,
}

impl SourceText {
    /// A text with its digest.
    pub fn new(path: String, text: String) -> SourceText {
        SourceText { path, digest: Digest::of(text.as_bytes()), text }
    }
}

impl Edition {
    /// The digest by which batches name the edition: of the canonical bytes of its entry.
    pub fn digest(&self) -> Digest {
        Digest::of(&bytes_of(self))
    }
}

record!(Opening { format, origin, hash, learnt });
record!(Edition { name, texts, schema });
record!(SourceText { path, digest, text });
record!(Schema {
    currencies,
    enumerations,
    shapes,
    events,
    registers,
    accounts,
    legs,
    figures,
    readings,
});
record!(CurrencyName { code, scale });
record!(Members { name, members });
record!(Shape { name, fields });
record!(Table { name, fields, currency });
record!(Field { name, kind });
choice!(Kind {
    0 => Bool,
    1 => Integer,
    2 => Rate,
    3 => Number,
    4 => Money { currency },
    5 => Date,
    6 => Period { period },
    7 => Duration,
    8 => Text,
    9 => Member { of },
    10 => List { of },
    11 => Record { of },
});
record!(Family { name, keys });
record!(LegName { rule, place, clause });
record!(FigureName { name, kind });
