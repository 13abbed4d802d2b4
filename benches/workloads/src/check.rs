//! Outputs of a program against the oracle, cell by cell.
//!
//! Rows may come in any order. A row too many, a row too few and a different amount are each a
//! wrong row; the first of them in the order of the file, or else the first that is missing, is
//! told in words.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};

use crate::oracle::read::{fen, header, number, rows};
use crate::oracle::{Expected, Fen, Key};

/// What was wrong in the two outputs of a program.
#[derive(Debug, Default)]
pub struct Findings {
    /// Rows of the output by event that are different, missing or too many.
    pub rows: u64,
    /// Totals that are different, missing or too many.
    pub totals: u64,
    /// The first difference in words.
    pub first: Option<String>,
}

impl Findings {
    fn row(&mut self, path: &Path, what: String) {
        self.rows += 1;
        self.first.get_or_insert_with(|| format!("{}: {what}", path.display()));
    }

    fn total(&mut self, path: &Path, what: String) {
        self.totals += 1;
        self.first.get_or_insert_with(|| format!("{}: {what}", path.display()));
    }
}

/// Compares the outputs of W1 or W2: `id,account,amount` and `account,year,amount`.
///
/// # Errors
///
/// A file cannot be read, or is not of this form.
pub fn receipts(expected: &Expected<4>, output: &Path, totals: &Path) -> Result<Findings> {
    let mut findings = Findings::default();
    let mut open = Open::new(expected);
    rows(output, "id,account,amount", |[id, account, amount]| {
        open.take((number(id)?, 0), account, fen(amount)?)
            .unwrap_or_else(|what| findings.row(output, format!("receipt {id}: {what}")));
        Ok(())
    })?;
    open.left(|(id, _), what| findings.row(output, format!("receipt {id}: {what}")));
    totals_by_account(expected, "year", totals, &mut findings)?;
    Ok(findings)
}

/// Compares the outputs of W3: `person,month,withheld,central,local` with a row for every event
/// and `month,withheld,central,local`, or else `person,month,account,amount` with a row for every
/// amount other than nothing and `account,month,amount`.
///
/// # Errors
///
/// A file cannot be read, or is not of this form.
pub fn salaries(expected: &Expected<2>, output: &Path, totals: &Path) -> Result<Findings> {
    let mut findings = Findings::default();
    match header(output)?.as_str() {
        "person,month,withheld,central,local" => abreast(expected, output, &mut findings)?,
        "person,month,account,amount" => {
            let mut open = Open::new(expected);
            rows(output, "person,month,account,amount", |[person, month, account, amount]| {
                let key = (number(month)?, number(person)?);
                open.take(key, account, fen(amount)?)
                    .unwrap_or_else(|what| findings.row(output, of_person(key, &what)));
                Ok(())
            })?;
            open.left(|key, what| findings.row(output, of_person(key, &what)));
        }
        other => bail!("{}: found header {other:?}", output.display()),
    }
    match header(totals)?.as_str() {
        "month,withheld,central,local" => totals_abreast(expected, totals, &mut findings)?,
        _ => totals_by_account(expected, "month", totals, &mut findings)?,
    }
    Ok(findings)
}

/// The amounts that no row has claimed yet; an amount of nothing needs no row.
struct Open<const N: usize> {
    accounts: [&'static str; N],
    rows: Vec<(Key, [Fen; N])>,
    places: Places,
}

impl<const N: usize> Open<N> {
    fn new(expected: &Expected<N>) -> Open<N> {
        Open { accounts: expected.accounts, rows: expected.rows.clone(), places: Places(0) }
    }

    /// Claims an amount, or says what is wrong with the claim.
    fn take(&mut self, key: Key, account: &str, amount: Fen) -> Result<(), String> {
        let Some(place) = self.places.of(&self.rows, key) else {
            return Err("there is no such event".to_owned());
        };
        let Some(column) = self.accounts.iter().position(|name| *name == account) else {
            return Err(format!("there is no account {account:?}"));
        };
        let expected = std::mem::take(&mut self.rows[place].1[column]);
        match expected == amount {
            true if amount == 0 => Err(format!("{account} has a row too many, of nothing")),
            true => Ok(()),
            false => Err(different(account, amount, expected)),
        }
    }

    /// Tells of each amount that was not claimed.
    fn left(self, mut missing: impl FnMut(Key, String)) {
        for (key, amounts) in self.rows {
            for (account, amount) in self.accounts.iter().zip(amounts) {
                if amount != 0 {
                    missing(key, format!("{account} has no row, expected {}", Yuan(amount)));
                }
            }
        }
    }
}

/// Finds keys in sorted rows. Outputs mostly keep the order of the events, so that the next key is
/// near the last one; numbers mostly have no gaps, so that a number tells its place. Neither is
/// relied on.
struct Places(usize);

impl Places {
    fn of<T>(&mut self, rows: &[(Key, T)], key: Key) -> Option<usize> {
        let is_at = |place: &usize| rows.get(*place).is_some_and(|(there, _)| *there == key);
        let near = (self.0..self.0 + 4).find(is_at);
        let ((first, _), _) = rows.first()?;
        let counted = || usize::try_from(key.0.checked_sub(*first)?).ok().filter(is_at);
        let searched = || rows.binary_search_by_key(&key, |(there, _)| *there).ok();
        let place = near.or_else(counted).or_else(searched)?;
        self.0 = place;
        Some(place)
    }
}

fn abreast(expected: &Expected<2>, output: &Path, findings: &mut Findings) -> Result<()> {
    let mut seen = vec![false; expected.rows.len()];
    let mut places = Places(0);
    rows(output, "person,month,withheld,central,local", |cells| {
        let [person, month, withheld, central, local] = cells;
        let key = (number(month)?, number(person)?);
        let given = [fen(withheld)?, fen(central)?, fen(local)?];
        let Some(place) = places.of(&expected.rows, key) else {
            findings.row(output, of_person(key, "there is no such event"));
            return Ok(());
        };
        if std::mem::replace(&mut seen[place], true) {
            findings.row(output, of_person(key, "has a row too many"));
        } else if given != with_sum(expected.rows[place].1) {
            let what = in_a_row(given, with_sum(expected.rows[place].1));
            findings.row(output, of_person(key, &what));
        }
        Ok(())
    })?;
    for ((key, _), seen) in expected.rows.iter().zip(seen) {
        if !seen {
            findings.row(output, of_person(*key, "has no row"));
        }
    }
    Ok(())
}

fn totals_by_account<const N: usize>(
    expected: &Expected<N>,
    period: &str,
    totals: &Path,
    findings: &mut Findings,
) -> Result<()> {
    let mut open: BTreeMap<(String, i64), Fen> = BTreeMap::new();
    for (period, amounts) in &expected.totals {
        for (account, amount) in expected.accounts.iter().zip(amounts) {
            open.insert(((*account).to_owned(), *period), *amount);
        }
    }
    rows(totals, &format!("account,{period},amount"), |[account, period, amount]| {
        let amount = fen(amount)?;
        match open.remove(&(account.to_owned(), number(period)?)) {
            Some(expected) if expected == amount => {}
            Some(expected) => {
                let what = different(account, amount, expected);
                findings.total(totals, format!("{period}: {what}"));
            }
            None => findings.total(totals, format!("{period}: {account} has a row too many")),
        }
        Ok(())
    })?;
    for ((account, period), amount) in open {
        if amount != 0 {
            let what = format!("{period}: {account} has no row, expected {}", Yuan(amount));
            findings.total(totals, what);
        }
    }
    Ok(())
}

fn totals_abreast(expected: &Expected<2>, totals: &Path, findings: &mut Findings) -> Result<()> {
    let mut open = expected.totals.clone();
    rows(totals, "month,withheld,central,local", |[month, withheld, central, local]| {
        let given = [fen(withheld)?, fen(central)?, fen(local)?];
        match open.remove(&number(month)?).map(with_sum) {
            Some(expected) if expected == given => {}
            Some(expected) => {
                findings.total(totals, format!("month {month}: {}", in_a_row(given, expected)));
            }
            None => findings.total(totals, format!("month {month}: has a row too many")),
        }
        Ok(())
    })?;
    for month in open.keys() {
        findings.total(totals, format!("month {month}: has no row"));
    }
    Ok(())
}

fn with_sum([central, local]: [Fen; 2]) -> [Fen; 3] {
    [central + local, central, local]
}

fn of_person((month, person): Key, what: &str) -> String {
    format!("person {person}, month {month}: {what}")
}

fn different(account: &str, found: Fen, expected: Fen) -> String {
    format!("{account} has {}, expected {}", Yuan(found), Yuan(expected))
}

fn in_a_row(found: [Fen; 3], expected: [Fen; 3]) -> String {
    let line = |amounts: [Fen; 3]| amounts.map(|amount| Yuan(amount).to_string()).join(",");
    format!("found {}, expected {}", line(found), line(expected))
}

/// Fen as yuan with two decimals.
struct Yuan(Fen);

impl std::fmt::Display for Yuan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let fen = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", fen / 100, fen % 100)
    }
}
