//! W1 and W2: receipts between the centre and three regions.

use std::io;

use crate::lines;
use crate::text::{Cells, Label, Output, date, fen, number, yuan};
use crate::whole::divide;

/// The accounts after the centre's are the regions.
const ACCOUNTS: [&str; 4] = ["central", "beijing", "tianjin", "hebei"];
const LABELS: [Label; 4] = [
    Label::new(b",central,"),
    Label::new(b",beijing,"),
    Label::new(b",tianjin,"),
    Label::new(b",hebei,"),
];

#[derive(Clone, Copy)]
struct Split {
    id: u64,
    date: u32,
    origin: u8,
    destination: u8,
    /// For the centre, the origin and the destination.
    shares: [i64; 3],
}

/// W1.
pub fn plain(receipts: &str, alloc: &str, agg: &str) -> io::Result<()> {
    let mut books = Books::new(alloc)?;
    let mut written = Ok(());
    lines::each(receipts, |line| {
        let (split, _) = Split::of(line)?;
        written = books.record(&split);
        written.is_ok().then_some(())
    })?;
    written?;
    books.close(agg)
}

/// W2.
pub fn capped(receipts: &str, enterprises: &str, alloc: &str, agg: &str) -> io::Result<()> {
    let mut allowances = allowances(enterprises)?;
    let mut books = Books::new(alloc)?;
    let mut written = Ok(());
    let mut waiting: Vec<(Split, u32)> = Vec::new();
    lines::each(receipts, |line| {
        let (split, enterprise) = Split::of(line)?;
        match enterprise {
            Some(enterprise) => waiting.push((split, place(enterprise)?)),
            None => written = books.record(&split),
        }
        written.is_ok().then_some(())
    })?;
    written?;
    waiting.sort_unstable_by_key(|(split, _)| (split.date, split.id));
    for (mut split, place) in waiting {
        let allowance = allowances.get_mut(place as usize).and_then(Option::as_mut);
        let allowance = allowance.ok_or_else(|| io::Error::other("an unknown enterprise"))?;
        let grant = allowance.grant(split.date, split.shares[1]);
        split.shares[2] += split.shares[1] - grant;
        split.shares[1] = grant;
        books.record(&split)?;
    }
    books.close(agg)
}

/// `E` and five digits.
fn place(enterprise: &[u8]) -> Option<u32> {
    let (b"E", digits) = enterprise.split_at_checked(1)? else { return None };
    u32::try_from(number(digits).filter(|_| digits.len() == 5)?).ok()
}

impl Split {
    /// The split of a receipt, and its enterprise where the tax is shared across regions.
    fn of(line: &[u8]) -> Option<(Split, Option<&[u8]>)> {
        let mut cells = Cells(line);
        let id = number(cells.cell()?)?;
        let date = date(cells.cell()?)?;
        let tax = cells.cell()?;
        let enterprise = cells.cell()?;
        let origin = region(cells.cell()?)?;
        let destination = region(cells.cell()?)?;
        let amount = fen(cells.last())?;
        let central = match tax {
            b"vat" if date < 2016_05_01 => 150,
            b"vat" => 100,
            b"cit" | b"iit" => 120,
            b"consumption" => 200,
            b"stamp" | b"resource" | b"umct" | b"deed" => 0,
            _ => return None,
        };
        let local = 200 - central;
        let across = origin != destination && matches!(tax, b"vat" | b"cit");
        let parts = if across { [central, local / 2, local / 2] } else { [central, 0, local] };
        let shares = divide::<200, 3>(amount, parts);
        Some((Split { id, date, origin, destination, shares }, across.then_some(enterprise)))
    }
}

fn region(name: &[u8]) -> Option<u8> {
    match name {
        b"beijing" => Some(1),
        b"tianjin" => Some(2),
        b"hebei" => Some(3),
        _ => None,
    }
}

/// What an enterprise's origin may still be given.
struct Allowance {
    cap: i64,
    last_day: u32,
    given: i64,
    closed: bool,
}

impl Allowance {
    fn grant(&mut self, date: u32, share: i64) -> i64 {
        if self.closed || date > self.last_day {
            return 0;
        }
        if self.given + share < self.cap {
            self.given += share;
            return share;
        }
        self.closed = true;
        self.cap - self.given
    }
}

/// By the numbers of the enterprises.
fn allowances(enterprises: &str) -> io::Result<Vec<Option<Allowance>>> {
    let mut allowances = Vec::new();
    lines::each(enterprises, |line| {
        let mut cells = Cells(line);
        let place = place(cells.cell()?)? as usize;
        let cap = fen(cells.cell()?)?;
        let last_day = five_years_after(date(cells.last())?);
        if place >= allowances.len() {
            allowances.resize_with(place + 1, || None);
        }
        allowances[place] = Some(Allowance { cap, last_day, given: 0, closed: cap <= 0 });
        Some(())
    })?;
    Ok(allowances)
}

/// Five years after a leap year there is no 29th of February.
fn five_years_after(date: u32) -> u32 {
    if date % 1_00_00 == 2_29 { date + 5_00_00 - 1 } else { date + 5_00_00 }
}

/// Allocations on their way out, and totals by year.
struct Books {
    alloc: Output,
    totals: Vec<[i128; 4]>,
}

impl Books {
    fn new(alloc: &str) -> io::Result<Books> {
        let alloc = Output::create(alloc, "id,account,amount\n")?;
        Ok(Books { alloc, totals: vec![[0; 4]; 10_000] })
    }

    fn record(&mut self, split: &Split) -> io::Result<()> {
        let mut amounts = [0; 4];
        amounts[0] = split.shares[0];
        amounts[usize::from(split.origin)] += split.shares[1];
        amounts[usize::from(split.destination)] += split.shares[2];
        let totals = &mut self.totals[split.date as usize / 1_00_00];
        for place in 0..4 {
            if amounts[place] != 0 {
                totals[place] += i128::from(amounts[place]);
                self.alloc.number(split.id);
                self.alloc.label(&LABELS[place]);
                self.alloc.amount(amounts[place]);
                self.alloc.letter(b'\n');
            }
        }
        self.alloc.settle()
    }

    fn close(mut self, agg: &str) -> io::Result<()> {
        self.alloc.flush()?;
        let mut text = String::from("account,year,amount\n");
        for (place, account) in ACCOUNTS.iter().enumerate() {
            for (year, totals) in self.totals.iter().enumerate() {
                if totals[place] != 0 {
                    text += &format!("{account},{year},{}\n", yuan(totals[place]));
                }
            }
        }
        std::fs::write(agg, text)
    }
}
