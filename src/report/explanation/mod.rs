//! Why one event came out as it did, in words and for programs.
//!
//! An [`Explanation`](crate::rows::Explanation) speaks in positions, and of the text of the rules it
//! knows nothing. [`Grounds`] hold what the rules say at each position: their words, the clause they
//! rest on, the place where they stand. Here the two are laid side by side.
//!
//! `told` and `legs` tell the story as a tree of sentences that `branch` draws, `leaves` are the values
//! a sentence rests on, `json` the same facts for a program.

mod branch;
mod json;
mod leaves;
mod legs;
mod told;

use std::collections::BTreeMap;

use crate::base::Date;
use crate::diagnostics::Language;

use super::names::{Kind, Label, Names};
use super::values::{file_text, person_text, row_texts};

pub use json::explanation_json;
pub use told::{explanation_text, same_key_text};

/// What a part of the rules rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ground {
    /// Where it stands: `rules/w2.fen.md:57`.
    pub place: String,
    /// The clause; empty where none is named.
    pub clause: String,
    /// Its words, as far as they fit a line.
    pub text: String,
    /// Nobody has seen it in a source.
    pub unverified: bool,
}

/// What has a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// A rule.
    Rule(u32),
    /// A levy.
    Levy(u32),
    /// A figure.
    Figure(u32),
}

/// The head of a rule, levy or figure as it reads for one event kind.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// The words of each step.
    pub steps: Vec<Phrase>,
    /// The names bound, each with the kind of its values.
    pub locals: Vec<(Label, Kind)>,
}

/// The words of a condition, and of those it is made of where it needs all or any of several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phrase {
    /// The words.
    pub text: String,
    /// The parts, in written order.
    pub parts: Vec<Phrase>,
}

/// A value that holds from a day on.
#[derive(Debug, Clone)]
pub struct Since {
    /// The members of its key.
    pub key: Vec<u32>,
    /// First day; absent: always before.
    pub from: Option<Date>,
    /// What it rests on.
    pub ground: Ground,
}

/// A choice the law leaves open.
#[derive(Debug, Clone, Default)]
pub struct OpenPoint {
    /// The clause that is open.
    pub clause: String,
    /// The option taken unless said otherwise.
    pub default: u32,
    /// Why.
    pub because: String,
}

/// What the rules say at each position.
#[derive(Debug, Clone, Default)]
pub struct Grounds {
    /// Of rules.
    pub rules: Vec<Ground>,
    /// Of levies.
    pub levies: Vec<Ground>,
    /// Of figures.
    pub figures: Vec<Ground>,
    /// Of legs.
    pub legs: Vec<Ground>,
    /// Who has each leg.
    pub owners: Vec<Owner>,
    /// Of what kind the row is that a leg is for, where it is one of several.
    pub rows: BTreeMap<u32, Kind>,
    /// Of what kind the row is that a pool is for, where it is one per row.
    pub pool_rows: BTreeMap<u32, Kind>,
    /// The heads, for each event kind.
    pub heads: BTreeMap<(Owner, u32), Head>,
    /// Of the values of each parameter.
    pub parameters: Vec<Vec<Since>>,
    /// Of the tables of each schedule; their keys are empty.
    pub schedules: Vec<Vec<Since>>,
    /// Of readings.
    pub readings: Vec<OpenPoint>,
    /// The files of the data by the numbers origins give them: name, and whether records are counted
    /// and not lines.
    pub files: BTreeMap<u32, (String, bool)>,
}

/// Whatever is needed to find words.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'t> {
    /// What things are called.
    pub names: &'t Names,
    /// What the rules say.
    pub grounds: &'t Grounds,
    /// The language of the sentences.
    pub language: Language,
}

impl<'t> Telling<'t> {
    fn say(&self, en: &'t str, zh: &'t str) -> &'t str {
        match self.language {
            Language::English => en,
            Language::Chinese => zh,
        }
    }

    /// The key of a row in words: `B2`, `E1, 2024-01`.
    fn row_parts(
        &self,
        kind: Option<&Kind>,
        row: &[crate::rows::Cell],
        for_file: bool,
    ) -> Vec<String> {
        row_texts(row, kind, self.names, |cell, kind| match for_file {
            true => file_text(cell, kind, self.names),
            false => person_text(cell, kind, self.names, self.language),
        })
    }

    /// `receipts.csv:4`, or the number of a record; nothing for what the run made.
    fn origin(&self, origin: crate::rows::Origin) -> Option<String> {
        let (name, is_record) = self.grounds.files.get(&origin.file)?;
        Some(match (is_record, self.language) {
            (false, _) => format!("{name}:{}", origin.line),
            (true, Language::English) => format!("{name} record {}", origin.line),
            (true, Language::Chinese) => format!("{name} 第 {} 条", origin.line),
        })
    }
}

/// What stands at a position.
fn get<T>(list: &[T], at: u32) -> Option<&T> {
    usize::try_from(at).ok().and_then(|at| list.get(at))
}

/// The value in force: the last that began by then.
fn since<'g>(values: &'g [Since], key: &[u32], from: Option<Date>) -> Option<&'g Ground> {
    values.iter().find(|value| value.key == key && value.from == from).map(|value| &value.ground)
}
