//! What a total of a summary is the total of, and in which order totals stand.

use std::cmp::Ordering;

use crate::base::Period;
use crate::diagnostics::Language;
use crate::report::names::{Kind, Names};
use crate::report::values::{account_label, account_text, file_text, person_text};
use crate::rows::Cell;

/// A value of a summary's column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    /// An account: what is declared, and its key.
    Account(u32, Vec<Cell>),
    /// Nobody yet.
    Undetermined,
    /// A field's value: the event kind, the field, the value.
    Value(u32, Option<usize>, Cell),
    /// A period.
    Period(Period),
    /// A currency, by the first event kind that has it.
    Currency(u32),
}

impl Part {
    /// Without what does not tell it from others: members of two enumerations may stand at the same
    /// place, but any other value is the same whichever event kind has it.
    pub(super) fn bare(&self) -> Part {
        match self {
            Part::Value(event, _, cell @ Cell::Member(_)) => {
                Part::Value(*event, None, cell.clone())
            }
            Part::Value(_, _, cell) => Part::Value(0, None, cell.clone()),
            other => other.clone(),
        }
    }
}

/// A part as files have it, or for a person.
pub fn part_text(part: &Part, names: &Names, person: Option<Language>) -> String {
    let table = |event: &u32| usize::try_from(*event).ok().and_then(|at| names.events.get(at));
    match part {
        Part::Account(declared, key) => {
            let at = usize::try_from(*declared).ok();
            let Some(account) = at.and_then(|at| names.accounts.get(at)) else {
                return String::new();
            };
            match person {
                Some(language) => account_label(account, key, names, language),
                None => account_text(account, key, names),
            }
        }
        Part::Undetermined => match person {
            Some(Language::Chinese) => "待定".into(),
            _ => "undetermined".into(),
        },
        Part::Value(event, field, cell) => {
            let field = table(event).and_then(|table| table.fields.get((*field)?));
            let kind = field.map_or(&Kind::Text, |field| &field.kind);
            match (person, cell) {
                (Some(language), cell) if !matches!(cell, Cell::Integer(_)) => {
                    person_text(cell, kind, names, language)
                }
                _ => file_text(cell, kind, names),
            }
        }
        Part::Period(period) => period.to_string(),
        Part::Currency(event) => {
            table(event).map_or_else(String::new, |table| table.currency.code.clone())
        }
    }
}

/// Column by column.
pub(super) fn compare_parts(one: &[Part], other: &[Part]) -> Ordering {
    let pairs = one.iter().zip(other);
    pairs
        .map(|(one, other)| compare_part(one, other))
        .find(|o| o.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn compare_part(one: &Part, other: &Part) -> Ordering {
    let rank = |part: &Part| match part {
        Part::Account(..) => 0,
        Part::Value(..) => 1,
        Part::Period(_) => 2,
        Part::Currency(_) => 3,
        Part::Undetermined => 4,
    };
    match (one, other) {
        (Part::Account(one, key), Part::Account(other, other_key)) => {
            one.cmp(other).then_with(|| Cell::order_all(key, other_key))
        }
        (Part::Value(kind, _, one), Part::Value(other_kind, _, other)) => {
            let member = matches!(one, Cell::Member(_));
            let kinds = if member { kind.cmp(other_kind) } else { Ordering::Equal };
            one.order(other).then(kinds)
        }
        (Part::Period(one), Part::Period(other)) => one.cmp(other),
        (Part::Currency(one), Part::Currency(other)) => one.cmp(other),
        _ => rank(one).cmp(&rank(other)),
    }
}
