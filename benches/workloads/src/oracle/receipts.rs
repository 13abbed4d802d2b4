//! W1 and W2: receipts between the centre and three regions.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};

use super::read::{fen, number, rows};
use super::whole::{Exact, divide};
use super::{Expected, Fen};

const ACCOUNTS: [&str; 4] = ["central", "beijing", "tianjin", "hebei"];
const CENTRAL: usize = 0;
const RECEIPTS: &str = "id,date,tax,enterprise,origin,destination,amount";
const ENTERPRISES: &str = "id,cap,relocation_date";

/// `YYYY-MM-DD` as it is written: its letters are in the order of days.
type Date = [u8; 10];

/// A receipt that has been split, and perhaps waits for its turn.
struct Split {
    date: Date,
    id: i64,
    origin: usize,
    destination: usize,
    /// For the centre, the origin and the destination.
    shares: [Fen; 3],
}

/// What the register says of an enterprise, and what its origin has been given.
struct Allowance {
    cap: Fen,
    last_day: Date,
    given: Fen,
    closed: bool,
}

/// Works out W1, or W2 where the enterprises' caps are given.
///
/// # Errors
///
/// A file cannot be read, or a row is not as the workloads' page says.
pub fn receipts(receipts: &Path, enterprises: Option<&Path>) -> Result<Expected<4>> {
    let mut expected = Expected::new(ACCOUNTS);
    let mut register = enterprises.map(allowances).transpose()?;
    let mut waiting: Vec<(Split, usize)> = Vec::new();
    rows(receipts, RECEIPTS, |[id, date, tax, enterprise, origin, destination, amount]| {
        let across = matches!(tax, "vat" | "cit") && origin != destination;
        let split = Split {
            id: number(id)?,
            date: as_written(date)?,
            origin: region(origin)?,
            destination: region(destination)?,
            shares: divide(fen(amount)?, parts(tax, date, across)?),
        };
        match &register {
            Some(register) if across => waiting.push((split, register.place(enterprise)?)),
            _ => record(&mut expected, &split)?,
        }
        Ok(())
    })?;
    waiting.sort_unstable_by_key(|(split, _)| (split.date, split.id));
    for (mut split, place) in waiting {
        let allowance = register.as_mut().and_then(|register| register.allowances.get_mut(place));
        let allowance = allowance.context("a receipt waits without an enterprise")?;
        let [_, origin, destination] = &mut split.shares;
        let grant = allowance.grant(split.date, *origin);
        *destination += *origin - grant;
        *origin = grant;
        record(&mut expected, &split)?;
    }
    expected.in_order()
}

/// The parts of the centre, the origin and the destination.
fn parts(tax: &str, date: &str, across: bool) -> Result<[Exact; 3]> {
    let per_cent = match tax {
        "vat" if date < "2016-05-01" => 75,
        "vat" => 50,
        "cit" | "iit" => 60,
        "consumption" => 100,
        "stamp" | "resource" | "umct" | "deed" => 0,
        _ => anyhow::bail!("found tax {tax:?}, expected one of the eight"),
    };
    let central = Exact::new(per_cent, 100);
    let local = Exact::from(1) - central;
    let origin = if across { local / 2 } else { Exact::from(0) };
    Ok([central, origin, local - origin])
}

fn record(expected: &mut Expected<4>, split: &Split) -> Result<()> {
    let mut amounts = [0; 4];
    let [central, origin, destination] = split.shares;
    amounts[CENTRAL] += central;
    amounts[split.origin] += origin;
    amounts[split.destination] += destination;
    let [y1, y2, y3, y4, ..] = split.date;
    let year = number(std::str::from_utf8(&[y1, y2, y3, y4])?)?;
    expected.record((split.id, 0), year, amounts);
    Ok(())
}

fn region(name: &str) -> Result<usize> {
    let place = ACCOUNTS.iter().skip(1).position(|account| *account == name);
    Ok(1 + place.with_context(|| format!("found region {name:?}, expected one of the three"))?)
}

fn as_written(date: &str) -> Result<Date> {
    let letters = Date::try_from(date.as_bytes());
    letters.ok().with_context(|| format!("found date {date:?}, expected YYYY-MM-DD"))
}

/// The register of enterprises.
struct Register {
    places: HashMap<String, usize>,
    allowances: Vec<Allowance>,
}

impl Register {
    fn place(&self, enterprise: &str) -> Result<usize> {
        let place = self.places.get(enterprise).copied();
        place.with_context(|| format!("there is no enterprise {enterprise:?} in the register"))
    }
}

fn allowances(enterprises: &Path) -> Result<Register> {
    let mut register = Register { places: HashMap::new(), allowances: Vec::new() };
    rows(enterprises, ENTERPRISES, |[id, cap, relocated]| {
        register.places.insert(id.to_owned(), register.allowances.len());
        let last_day = as_written(&five_years_after(relocated)?)?;
        register.allowances.push(Allowance { cap: fen(cap)?, last_day, given: 0, closed: false });
        Ok(())
    })?;
    Ok(register)
}

/// The same day five years on. No year of a multiple of four is five after another one, so that
/// the 29th of February always becomes the 28th.
fn five_years_after(date: &str) -> Result<String> {
    let (year, day) = date.split_once('-').with_context(|| format!("found date {date:?}"))?;
    let day = if day == "02-29" { "02-28" } else { day };
    Ok(format!("{:04}-{day}", number(year)? + 5))
}

impl Allowance {
    /// What the origin gets of its share, in the order of the workloads' page.
    fn grant(&mut self, date: Date, share: Fen) -> Fen {
        if self.cap <= 0 || self.given >= self.cap {
            self.closed = true;
        }
        if self.closed || date > self.last_day {
            return 0;
        }
        let grant = if self.given + share >= self.cap { self.cap - self.given } else { share };
        self.given += grant;
        grant
    }
}
