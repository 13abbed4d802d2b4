//! W3: what is withheld from salaries, month by month, on the income of the year so far.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::read::{fen, number, rows};
use super::whole::{Exact, divide, half_up};
use super::{Expected, Fen};

const SALARIES: &str = "person,month,salary,insurance,deduction";
/// Yuan up to which a rate holds, the rate in per cent, and the quick deduction in yuan.
const SCHEDULE: [(Option<i128>, i128, i128); 7] = [
    (Some(36_000), 3, 0),
    (Some(144_000), 10, 2_520),
    (Some(300_000), 20, 16_920),
    (Some(420_000), 25, 31_920),
    (Some(660_000), 30, 52_920),
    (Some(960_000), 35, 85_920),
    (None, 45, 181_920),
];
const ALLOWANCE: Fen = 5_000_00;

/// Works out W3.
///
/// # Errors
///
/// A file cannot be read, or a row is not as the workloads' page says.
pub fn salaries(salaries: &Path) -> Result<Expected<2>> {
    let mut persons: BTreeMap<i64, Vec<(i64, Fen)>> = BTreeMap::new();
    rows(salaries, SALARIES, |[person, month, salary, insurance, deduction]| {
        let taxable = fen(salary)? - ALLOWANCE - fen(insurance)? - fen(deduction)?;
        persons.entry(number(person)?).or_default().push((number(month)?, taxable));
        Ok(())
    })?;
    let mut expected = Expected::new(["central", "local"]);
    for (person, mut months) in persons {
        months.sort_unstable();
        let (mut taxable, mut withheld) = (0, 0);
        for (month, more) in months {
            taxable += more;
            let due = half_up(tax(taxable) - Exact::from(withheld)).max(0);
            withheld += due;
            let parts = [Exact::new(60, 100), Exact::new(40, 100)];
            expected.record((month, person), month, divide(due, parts));
        }
    }
    expected.in_order()
}

/// The year's tax on an income, both in fen.
fn tax(income: Fen) -> Exact {
    if income <= 0 {
        return Exact::from(0);
    }
    let holds = |end: &Option<i128>| end.is_none_or(|end| income <= end * 100);
    let bracket = SCHEDULE.iter().find(|(end, _, _)| holds(end));
    bracket.map_or(Exact::from(0), |(_, rate, quick)| {
        Exact::from(income) * Exact::new(*rate, 100) - Exact::from(quick * 100)
    })
}
