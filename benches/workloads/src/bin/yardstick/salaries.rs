//! W3: what is withheld from salaries, month by month.

use std::io;

use crate::lines;
use crate::text::{Cells, Output, fen, number, yuan};
use crate::whole::divide;

const HEADER: &str = "person,month,withheld,central,local\n";
const ALLOWANCE: i64 = 5_000_00;
/// Fen up to which a rate holds, the rate in per cent, the quick deduction in hundredths of fen.
const SCHEDULE: [(i64, i64, i64); 7] = [
    (36_000_00, 3, 0),
    (144_000_00, 10, 2_520_00_00),
    (300_000_00, 20, 16_920_00_00),
    (420_000_00, 25, 31_920_00_00),
    (660_000_00, 30, 52_920_00_00),
    (960_000_00, 35, 85_920_00_00),
    (i64::MAX, 45, 181_920_00_00),
];

/// A month of a person, with what it adds to the taxable income.
struct Month {
    person: u32,
    month: u8,
    more: i64,
}

/// W3. Rows are taken as they come as long as no person's months go back; else they are put in
/// order first.
pub fn withhold(salaries: &str, withheld: &str, agg: &str) -> io::Result<()> {
    let mut books = Books::new(withheld)?;
    let mut outcome = Ok(true);
    let read = lines::each(salaries, |line| {
        outcome = books.record(&Month::of(line)?);
        matches!(outcome, Ok(true)).then_some(())
    });
    if outcome? {
        read?;
        return books.close(agg);
    }
    let mut months = Vec::new();
    lines::each(salaries, |line| {
        months.push(Month::of(line)?);
        Some(())
    })?;
    months.sort_unstable_by_key(|month| (month.month, month.person));
    let mut books = Books::new(withheld)?;
    for month in months {
        books.record(&month)?;
    }
    books.close(agg)
}

impl Month {
    fn of(line: &[u8]) -> Option<Month> {
        let mut cells = Cells(line);
        let person = u32::try_from(number(cells.cell()?)?).ok()?;
        let month = u8::try_from(number(cells.cell()?)?).ok().filter(|month| *month <= 12)?;
        let salary = fen(cells.cell()?)?;
        let insurance = fen(cells.cell()?)?;
        let more = salary - ALLOWANCE - insurance - fen(cells.last())?;
        Some(Month { person, month, more })
    }
}

/// The year of a person so far.
#[derive(Clone, Default)]
struct Person {
    month: u8,
    taxable: i64,
    withheld: i64,
}

impl Person {
    fn withhold(&mut self, more: i64) -> i64 {
        self.taxable += more;
        if self.taxable <= 0 {
            return 0;
        }
        let place = SCHEDULE.iter().take_while(|(end, _, _)| self.taxable > *end).count();
        let (_, rate, quick) = SCHEDULE[place];
        let hundredths = self.taxable * rate - quick - self.withheld * 100;
        let due = if hundredths > 0 { (hundredths + 50) / 100 } else { 0 };
        self.withheld += due;
        due
    }
}

/// Rows on their way out, the persons, and totals by month.
struct Books {
    out: Output,
    /// By their numbers, which have few gaps.
    persons: Vec<Person>,
    totals: [Option<[i128; 3]>; 13],
}

impl Books {
    fn new(withheld: &str) -> io::Result<Books> {
        let out = Output::create(withheld, HEADER)?;
        Ok(Books { out, persons: Vec::new(), totals: [None; 13] })
    }

    /// Whether the month was not before one already seen of this person.
    fn record(&mut self, month: &Month) -> io::Result<bool> {
        let place = month.person as usize;
        if place >= self.persons.len() {
            self.persons.resize(place + 1, Person::default());
        }
        let person = &mut self.persons[place];
        if month.month <= person.month {
            return Ok(false);
        }
        person.month = month.month;
        let due = person.withhold(month.more);
        let [central, local] = divide::<5, 2>(due, [3, 2]);
        let totals = self.totals[usize::from(month.month)].get_or_insert([0; 3]);
        self.out.number(u64::from(month.person));
        self.out.letter(b',');
        self.out.number(u64::from(month.month));
        for (total, amount) in totals.iter_mut().zip([due, central, local]) {
            *total += i128::from(amount);
            self.out.letter(b',');
            self.out.amount(amount);
        }
        self.out.letter(b'\n');
        self.out.settle()?;
        Ok(true)
    }

    fn close(mut self, agg: &str) -> io::Result<()> {
        self.out.flush()?;
        let mut text = String::from("month,withheld,central,local\n");
        for (month, totals) in self.totals.iter().enumerate() {
            if let Some(totals) = totals {
                let [withheld, central, local] = totals.map(yuan);
                text += &format!("{month},{withheld},{central},{local}\n");
            }
        }
        std::fs::write(agg, text)
    }
}
