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
