//! A schedule as the published tables print it: brackets, rates, and the quick deductions derived
//! from them.

use crate::base::{Date, Exact, ExactError};
use crate::diagnostics::{Language, Words};
use crate::model::{Bracket, Dated, RuleSet, Schedule};

use super::clauses::clause;
use super::readings::unknown;

/// One table of a schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleTable {
    /// First day; absent: always before.
    pub from: Option<Date>,
    /// First day after; absent: for good.
    pub until: Option<Date>,
    /// The clause it rests on.
    pub clause: String,
    /// Its brackets.
    pub rows: Vec<ScheduleRow>,
}

/// A bracket.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleRow {
    /// What lies above this.
    pub above: Exact,
    /// Up to this, inclusive; absent for the last.
    pub up_to: Option<Exact>,
    /// Its marginal rate.
    pub rate: Exact,
    /// The quick deduction: amount × rate − this is the tax.
    pub quick: Exact,
    /// The tax on its upper end.
    pub tax_at_end: Option<Exact>,
}

/// The tables of a schedule, all or the one of a day.
///
/// # Errors
/// There is no such schedule.
pub fn schedule_tables(
    rules: &RuleSet,
    name: &str,
    on: Option<Date>,
    language: Language,
) -> Result<Vec<ScheduleTable>, Words> {
    let named = |schedule: &&Schedule| {
        super::names::label(&schedule.name).spellings().any(|spelling| spelling == name)
    };
    let schedule = rules.schedules.iter().find(named).ok_or_else(|| {
        let known = rules.schedules.iter().map(|schedule| schedule.name.text.as_str());
        unknown(("schedule", "税率表"), name, known)
    })?;
    let holds = |version: &&Dated<Vec<Bracket>>| {
        on.is_none_or(|day| {
            version.from.is_none_or(|from| from <= day)
                && version.until.is_none_or(|until| day < until)
        })
    };
    let table = |version: &Dated<Vec<Bracket>>| {
        Ok(ScheduleTable {
            from: version.from,
            until: version.until,
            clause: version
                .cite
                .as_ref()
                .map_or_else(String::new, |cite| clause(cite, rules, language)),
            rows: rows(&version.value)?,
        })
    };
    let tables: Result<_, ExactError> = schedule.versions.iter().filter(holds).map(table).collect();
    tables.map_err(|_| Words::new("a bracket is beyond the supported range", "级距超出支持的范围"))
}

/// The quick deduction of a bracket is that of the bracket before, plus the bound between them times
/// the step of the rate: so that both rules give the same tax at the bound.
fn rows(brackets: &[Bracket]) -> Result<Vec<ScheduleRow>, ExactError> {
    let (mut above, mut quick, mut rate_before) = (Exact::ZERO, Exact::ZERO, Exact::ZERO);
    let mut rows = Vec::new();
    for bracket in brackets {
        if !rows.is_empty() {
            quick = quick.add(&above.mul(&bracket.rate.sub(&rate_before)?)?)?;
        }
        let tax_at_end = match &bracket.up_to {
            Some(end) => Some(end.mul(&bracket.rate)?.sub(&quick)?),
            None => None,
        };
        rows.push(ScheduleRow {
            above: above.clone(),
            up_to: bracket.up_to.clone(),
            rate: bracket.rate.clone(),
            quick: quick.clone(),
            tax_at_end,
        });
        rate_before = bracket.rate.clone();
        above = bracket.up_to.clone().unwrap_or(above);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use crate::base::{FileId, Span};

    use super::*;

    #[test]
    fn the_published_quick_deductions_come_out() {
        let bracket = |up_to: Option<i64>, percent: i128| Bracket {
            up_to: up_to.map(Exact::from),
            rate: Exact::from_ratio(percent, 100).unwrap(),
            unverified: false,
            span: Span::new(FileId(0), 0, 0),
        };
        let brackets = [
            bracket(Some(36_000), 3),
            bracket(Some(144_000), 10),
            bracket(Some(300_000), 20),
            bracket(Some(420_000), 25),
            bracket(Some(660_000), 30),
            bracket(Some(960_000), 35),
            bracket(None, 45),
        ];
        let rows = rows(&brackets).unwrap();
        let quick: Vec<String> = rows.iter().map(|row| row.quick.to_string()).collect();
        assert_eq!(quick, ["0", "2520", "16920", "31920", "52920", "85920", "181920"]);
        assert_eq!(rows[0].tax_at_end, Some(Exact::from(1080_i64)));
    }
}
