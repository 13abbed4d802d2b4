//! What people read: names, values and reasons in words; tables, trees and pictures, drawn.
//!
//! Everything here is a pure function from data to text. It knows positions and names, amounts and
//! spans; of rules it knows nothing, so that a page, an editor or a terminal may use it alike. It
//! writes no file and looks at no terminal: width and colour are told to it.
//!
//! Start reading at [`names`], the names of a rule set's things.

mod audit;
pub mod book;
pub mod comparison;
pub mod explanation;
mod findings;
pub mod flow;
pub mod law;
pub mod names;
mod reasons;
mod sankey;
pub mod table;
mod totals;
mod unreadable;
pub mod values;

pub use audit::{
    audit_json, audit_text, missing_label, missing_words, verdict_help, verdict_label,
    verdict_words,
};
pub use findings::{Drawing, Sources, draw, json, tally};
pub use reasons::{DUPLICATE_KEY, ReasonWords, reason_words};
pub use sankey::sankey;
pub use totals::{ControlTotals, CurrencyTotals, Drift};
pub use unreadable::{unreadable_hint, unreadable_words};
