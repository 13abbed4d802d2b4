//! What may be wrong with a store itself.

use std::fmt;

/// What is wrong with a store itself, whatever is kept in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// Its structure is damaged.
    Structure {
        /// In the store's own words.
        what: String,
    },
    /// The parts of a row of entries do not fit one another.
    NotWhole {
        /// The first of its entries.
        from: u64,
    },
    /// An entry is there more than once.
    Twice {
        /// Its number.
        entry: u64,
    },
    /// A run of keys stands where none can.
    MisplacedRun {
        /// The first entry it is of.
        since: u64,
        /// The one after the last.
        upto: u64,
    },
    /// A run of keys is not what was written.
    ChangedRun {
        /// The first entry it is of.
        since: u64,
        /// The one after the last.
        upto: u64,
    },
    /// Rows of a table belong to nothing that the book holds.
    StrayRows {
        /// The table.
        table: &'static str,
        /// How many.
        count: u64,
    },
    /// Something that a book declares is not there: a table, or a trigger that keeps one from being
    /// changed.
    Missing {
        /// `table`, `trigger`, ….
        kind: String,
        /// What it is called.
        name: String,
    },
    /// Something is there, and is not what a book declares, or is switched off.
    Changed {
        /// `table`, `trigger`, ….
        kind: String,
        /// What it is called.
        name: String,
    },
    /// Something is there that no book declares.
    Foreign {
        /// `table`, `trigger`, ….
        kind: String,
        /// What it is called.
        name: String,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::Structure { what } => f.write_str(what),
            Flaw::NotWhole { from } => {
                write!(f, "the entries from {from} on are not kept as a whole")
            }
            Flaw::Twice { entry } => write!(f, "entry {entry} is there more than once"),
            Flaw::MisplacedRun { since, upto } => {
                write!(f, "a run of the keys of entries {since} to {upto} stands where none can")
            }
            Flaw::ChangedRun { since, upto } => {
                write!(
                    f,
                    "the run of the keys of entries {since} to {upto} is not what was written"
                )
            }
            Flaw::StrayRows { table, count } => {
                write!(f, "rows of `{table}` that belong to nothing in the book: {count}")
            }
            Flaw::Missing { kind, name } => {
                write!(f, "the {kind} `{name}` is not there")?;
                let guards = kind == "trigger";
                if guards { f.write_str(": what it guards can be changed") } else { Ok(()) }
            }
            Flaw::Changed { kind, name } => {
                write!(f, "the {kind} `{name}` is not as a book declares it")
            }
            Flaw::Foreign { kind, name } => write!(f, "no book declares the {kind} `{name}`"),
        }
    }
}
