//! The desk: what if the rules were different? Two runs over the same events, side by side.
//!
//! A [`Ledger`] listens to a run and keeps what an account got in a year, and what each event gave;
//! [`compare`] holds two of them against each other, currency by currency. Positions only: names,
//! amounts as text and tables are made above. It reads no files and changes no rules: a scenario is a
//! rule set of its own by the time it gets here.

mod audit;
mod compare;
mod ledger;

pub use audit::{
    AccountTotal, Amounts, Audit, AuditRow, Best, Digits, Illegible, Meant, Missing, Tried,
    Untried, Verdict,
};
pub use compare::{Change, Comparison, Line, Mover, compare};
pub use ledger::{EventKind, Ledger, Payee};
