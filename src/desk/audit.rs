//! A table that somebody else made, as it stands against the rules.

use crate::base::Money;
use crate::diagnostics::Words;
use crate::rows::{Reason, Unreadable};

/// What came of holding a table against the rules.
#[derive(Debug)]
pub struct Audit {
    /// Where the table speaks of an event, in its order.
    pub rows: Vec<AuditRow>,
    /// The accounts that the table speaks of, with what it gives them and what the rules do.
    pub accounts: Vec<AccountTotal>,
    /// What was tried, the order given.
    pub tried: Vec<Tried>,
    /// What could not be tried, and why.
    pub untried: Vec<Untried>,
    /// Those that explain rows: each explains more of what those before it left than any other.
    pub best: Vec<Best>,
    /// Rows off that nothing explains.
    pub unexplained: usize,
    /// Events that the rules allocate and the table does not have.
    pub without_row: Vec<Missing>,
    /// As far as the digits of the table go, by which amounts agree; to the unit, if nothing is said.
    pub digits: Option<Digits>,
}

/// The digits of a table whose unit is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits {
    /// The unit.
    pub unit: &'static str,
    /// The most decimals that an amount of it has.
    pub decimals: u8,
}

/// An event that the table does not have.
#[derive(Debug)]
pub struct Missing {
    /// Its kind, by position.
    pub kind: u32,
    /// Its key, as files write it.
    pub key: String,
    /// Decimals of its money.
    pub scale: u8,
    /// What is due to the accounts that the table speaks of, and nothing given.
    pub amounts: Vec<Amounts>,
}

/// What a table says of one event.
#[derive(Debug)]
pub struct AuditRow {
    /// The lines of the table.
    pub lines: Vec<u64>,
    /// The event as the table names it, if it does.
    pub event: Option<String>,
    /// Its kind, by position; the first where there is no such event.
    pub kind: u32,
    /// Decimals of its money.
    pub scale: u8,
    /// What came of it.
    pub verdict: Verdict,
    /// What each account got by the table and should have got, in the order of [`Audit::accounts`];
    /// accounts that neither gives anything are left out.
    pub amounts: Vec<Amounts>,
    /// The variants, by position in [`Audit::tried`], that give what the table does.
    pub explained_by: Vec<usize>,
}

/// An account's part of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    /// The account, by position in [`Audit::accounts`].
    pub account: usize,
    /// By the table.
    pub given: Money,
    /// By the rules.
    pub due: Money,
    /// Whether the two agree.
    pub agree: bool,
}

/// What came of one event.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Every amount is what the rules give.
    Agrees,
    /// Some amount is not.
    Off {
        /// No amount by more than one unit, or one of the last digit: somebody rounded otherwise.
        by_a_unit: bool,
    },
    /// Nobody sent such an event.
    NoEvent,
    /// The rules set it aside.
    SetAside(Reason),
    /// A line before speaks of this event, and what is due is held against that one.
    Again {
        /// That line.
        line: u64,
    },
    /// The event's kind and key stand for several: by the table's columns they cannot be told apart.
    Several,
    /// The totals of other rows: what it gives has been given already.
    Total {
        /// What the row calls itself.
        word: String,
    },
    /// A cell is no amount, or names no account.
    Unreadable {
        /// The column.
        column: String,
        /// What stands there.
        value: String,
        /// What is wrong with it.
        why: Illegible,
    },
}

/// Why a cell says nothing to an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Illegible {
    /// It cannot be read.
    Cell(Unreadable),
    /// It names no account of the rules.
    NoAccount,
    /// It names another currency than the event is in.
    OtherMoney,
}

/// An account with what it gets in all.
#[derive(Debug, Clone)]
pub struct AccountTotal {
    /// As the table calls it.
    pub name: String,
    /// As files write it.
    pub account: String,
    /// The currency it is counted in, by the event kind that stands for it.
    pub currency: u32,
    /// By the table, over rows that could be held against the rules; `None` beyond the range.
    pub given: Option<Money>,
    /// By the rules: over the same rows, and over events that the table does not have.
    pub due: Option<Money>,
}

/// What somebody may have meant, by the names of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// Another option of a reading.
    Reading {
        /// The reading.
        name: String,
        /// The option.
        option: String,
    },
    /// A scenario.
    Scenario {
        /// Its name.
        name: String,
    },
    /// Another settlement.
    Settlement {
        /// Which.
        name: &'static str,
    },
    /// An edition that a book holds.
    Edition {
        /// Its entry.
        entry: u64,
        /// Its digest.
        digest: String,
        /// The readings that a batch chose, each with its option.
        readings: Vec<(String, String)>,
    },
}

/// Something else that might have been meant.
#[derive(Debug, Clone)]
pub struct Tried {
    /// What.
    pub meant: Meant,
    /// The same in words.
    pub variant: Words,
    /// How many rows of the whole table it gives.
    pub agrees: usize,
    /// How many of the rows off it explains.
    pub explains: usize,
}

/// Something else that might have been meant and could not be tried.
#[derive(Debug, Clone)]
pub struct Untried {
    /// What.
    pub meant: Meant,
    /// The same in words.
    pub variant: Words,
    /// Why.
    pub why: Words,
}

/// One of the variants that together explain most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Best {
    /// Which, by position in [`Audit::tried`].
    pub variant: usize,
    /// How many rows it explains that those before it do not.
    pub more: usize,
}

impl Audit {
    /// Whether every row agrees, and no event is without one.
    pub fn agrees(&self) -> bool {
        self.without_row.is_empty() && self.rows.iter().all(|row| row.verdict == Verdict::Agrees)
    }

    /// Finds which variants explain most, and how many rows nothing explains.
    pub fn weigh(&mut self) {
        let off = |row: &&AuditRow| matches!(row.verdict, Verdict::Off { .. });
        let off: Vec<&AuditRow> = self.rows.iter().filter(off).collect();
        self.unexplained = off.iter().filter(|row| row.explained_by.is_empty()).count();
        self.best = best(&off, self.tried.len());
    }
}

/// The fewest variants found by always taking the one that explains most of what is left.
fn best(off: &[&AuditRow], tried: usize) -> Vec<Best> {
    let mut left: Vec<&AuditRow> =
        off.iter().copied().filter(|row| !row.explained_by.is_empty()).collect();
    let mut best = Vec::new();
    while !left.is_empty() {
        let count = |variant| left.iter().filter(|row| row.explained_by.contains(&variant)).count();
        let counts = (0..tried).map(|variant| (count(variant), variant));
        // Of those that explain as much the first one tried.
        let most = counts.max_by_key(|(more, variant)| (*more, std::cmp::Reverse(*variant)));
        let Some((more, variant)) = most.filter(|(more, _)| *more > 0) else { break };
        left.retain(|row| !row.explained_by.contains(&variant));
        best.push(Best { variant, more });
    }
    best
}
